//! Whether what somebody typed can be an account.

use super::{fields::settings, servers::complete};
use crate::{
    auth::secret::SecretText,
    channels::email::{
        post::account::{Account, FaultCode},
        settings::{Login, MailAccount, Secrets},
    },
    domain::permission::{Permission, Place},
    error::ErrorCode,
    http::{caller::Caller, check::Check, problem::Problem},
    wire::mail_accounts::MailAccountFields,
};

pub(super) fn check(caller: &Caller, fields: &mut MailAccountFields, current: Option<&MailAccount>) -> Result<(), Problem> {
    let mut check = Check::default();
    if current.is_none() {
        check.client(caller, Permission::WriteConfig, fields.client);
    }
    put_in_form(fields);
    if let Some(id) = fields.campaign {
        let known = caller.directory.campaigns.get(&id).is_some_and(|campaign| {
            campaign.client == fields.client
                && campaign.archived_at.is_none()
                && caller.may(Permission::WriteConfig, Place::campaign(campaign.client, id))
        });
        check.that(known, "campaign", ErrorCode::UnknownReference, "no such campaign of this client");
    }
    if fields.receives {
        check.that(fields.imap.is_some(), "imap", ErrorCode::MissingField, "to receive, a server to fetch mail from is needed");
        check.that(fields.campaign.is_some(), "campaign", ErrorCode::MissingField, "to receive, a campaign is needed");
    }
    if let Some(quota) = fields.quota {
        check.range("quota.hours", quota.hours, 1..=720);
        check.range("quota.mails", quota.mails, 1..=1_000_000);
    }
    if let Some(name) = &mut fields.trusted_authserv {
        check.line("trusted_authserv", name, 1..=253);
    }
    let set = settings(fields);
    let typed = complete(fields.address.clone(), &set, &nobodys());
    for fault in typed.iter().flat_map(Account::faults) {
        // Whose field that is was said; what it holds is typed elsewhere.
        let (code, detail) = in_words(fault.code);
        check.error(fault.field, code, detail);
    }
    for (field, secret) in [("password", &fields.password), ("sending_password", &fields.sending_password)] {
        if let Some(secret) = secret {
            check_secret(&mut check, field, secret);
        }
    }
    let both = fields.login == Login::Oauth && fields.password.is_some();
    check.that(!both, "password", ErrorCode::NotPossible, "the account signs in at its provider");
    let in_clear = typed.is_some_and(|account| account.in_clear());
    check.that(
        !in_clear || fields.accept_in_clear,
        "accept_in_clear",
        ErrorCode::MailInClear,
        "the password and every mail could be read on the way: say that you accept it, or choose TLS",
    );
    let others = caller.directory.mail_accounts.values().filter(|other| other.archived_at.is_none());
    let mut same = others.filter(|other| other.client == fields.client && other.address == fields.address);
    let taken = same.any(|other| current.is_none_or(|current| current.id != other.id));
    check.that(!taken, "address", ErrorCode::Taken, "this client has an account with this address");
    if let Some(current) = current {
        check.that(fields.client == current.client, "client", ErrorCode::NotPossible, "an account stays with its client");
        check.that(fields.address == current.address, "address", ErrorCode::NotPossible, "an account keeps its address");
    }
    check.done()
}

/// Without spaces around, in lower case where that says the same; who signs in is the address by default.
fn put_in_form(fields: &mut MailAccountFields) {
    fields.address = fields.address.trim().to_lowercase();
    fields.from_name = fields.from_name.trim().to_owned();
    let user = fields.user.take().map(|user| user.trim().to_owned()).filter(|user| !user.is_empty());
    fields.user = Some(user.unwrap_or_else(|| fields.address.clone()));
    for server in fields.imap.iter_mut().chain([&mut fields.smtp]) {
        server.host = server.host.trim().trim_end_matches('.').to_lowercase();
    }
}

const fn in_words(fault: FaultCode) -> (ErrorCode, &'static str) {
    match fault {
        FaultCode::Empty => (ErrorCode::TooShort, "it must hold something"),
        FaultCode::TooLong => (ErrorCode::TooLong, "longer than any server takes"),
        FaultCode::ControlCharacter => (ErrorCode::ControlCharacters, "no control characters"),
        FaultCode::NotAnAddress => (ErrorCode::NotPossible, "an address such as somebody@example.com"),
        FaultCode::NotAHost => (ErrorCode::NotPossible, "a name such as mail.example.com, without a scheme or a port"),
        FaultCode::NotAPort => (ErrorCode::OutOfRange, "1 to 65,535"),
    }
}

pub(in crate::http::admin::mail) fn check_secret(check: &mut Check, field: &str, secret: &SecretText) {
    let text = secret.expose();
    check.that(!text.is_empty(), field, ErrorCode::TooShort, "it must hold something");
    check.that(text.len() <= 1_000, field, ErrorCode::TooLong, "at most 1,000 bytes");
    check.that(!text.chars().any(char::is_control), field, ErrorCode::ControlCharacters, "no control characters");
}

/// Secrets that open nothing: for what can be said of settings without any.
fn nobodys() -> Secrets {
    Secrets { password: Some("-".into()), sending: Some("-".into()), refresh: Some("-".into()) }
}
