//! What of an account can be written and read.

use crate::{
    channels::email::{
        post::account::Security,
        settings::{Login, MailAccount, Secrets, Sending, Settings, SignedIn},
    },
    wire::{
        mail_accounts::{MailAccountFields, MailAccountView, MailSending, MailSendingLogin},
        mail_sign_in::MailSignedIn,
    },
};

pub(super) fn fields(account: &MailAccount) -> MailAccountFields {
    let settings = account.settings.clone();
    let in_clear = settings.imap.iter().chain([&settings.smtp]).any(|server| server.security == Security::Plain);
    MailAccountFields {
        client: account.client,
        campaign: account.campaign,
        address: account.address.clone(),
        from_name: settings.from_name,
        receives: settings.receives,
        imap: settings.imap,
        smtp: settings.smtp,
        user: Some(settings.user),
        login: settings.login,
        sending: match settings.sending {
            Sending::Same => MailSending { login: MailSendingLogin::Same, user: None },
            Sending::Own { user } => MailSending { login: MailSendingLogin::Own, user: Some(user) },
            Sending::Nobody => MailSending { login: MailSendingLogin::Nobody, user: None },
        },
        folders: settings.folders,
        trusted_authserv: settings.trusted_authserv,
        takes_existing: settings.takes_existing,
        quota: settings.quota,
        enabled: account.enabled,
        // It was accepted when it was saved.
        accept_in_clear: in_clear,
        password: None,
        sending_password: None,
    }
}

pub(super) fn settings(fields: &MailAccountFields) -> Settings {
    Settings {
        from_name: fields.from_name.clone(),
        imap: fields.imap.clone(),
        receives: fields.receives,
        smtp: fields.smtp.clone(),
        user: fields.user.clone().unwrap_or_else(|| fields.address.clone()),
        login: fields.login,
        sending: match fields.sending.login {
            MailSendingLogin::Same => Sending::Same,
            MailSendingLogin::Own => Sending::Own { user: fields.sending.user.clone().unwrap_or_default() },
            MailSendingLogin::Nobody => Sending::Nobody,
        },
        folders: fields.folders.clone(),
        quota: fields.quota,
        trusted_authserv: fields.trusted_authserv.clone(),
        takes_existing: fields.takes_existing,
    }
}

/// Whether the mailbox's own secret is ever sent.
pub(super) fn signs_in(settings: &Settings) -> bool {
    settings.receives || settings.sending == Sending::Same
}

pub(super) fn has_secret(settings: &Settings, secrets: &Secrets) -> bool {
    let secret = match settings.login {
        Login::Password => &secrets.password,
        Login::Oauth => &secrets.refresh,
    };
    !signs_in(settings) || secret.as_ref().is_some_and(|secret| !secret.expose().is_empty())
}

pub(in crate::http::admin::mail) fn view(account: &MailAccount) -> MailAccountView {
    MailAccountView {
        id: account.id,
        fields: fields(account),
        has_password: has_secret(&account.settings, &account.secrets),
        signed_in: signed_in(account),
        has_sending_password: account.secrets.sending.is_some(),
        archived_at: account.archived_at.map(Into::into),
        created_at: account.created_at.into(),
        updated_at: account.updated_at.into(),
    }
}

pub(super) fn signed_in(account: &MailAccount) -> Option<MailSignedIn> {
    account.signed_in.map(|SignedIn { provider, by, at }| MailSignedIn { provider, by, at: at.into() })
}
