//! What the servers of an account are asked with. A stored secret goes only where it goes already.

use std::sync::Arc;

use super::{
    check::check,
    fields::{fields, settings, signs_in},
    found,
};
use crate::{
    auth::secret::SecretText,
    channels::email::{
        post::{
            account::{Account, Proof, Security, Server},
            failure::{Code, Failure},
        },
        settings::{Login, MailAccount, Secrets, Sending, Settings},
    },
    clock::Timestamp,
    error::ErrorCode,
    http::{admin::mail::attempt, caller::Caller, check::Check, problem::Problem, state::App},
    ids::{ChannelId, ClientId},
    wire::mail_accounts::{MailAccountFields, MailSendingLogin},
};

/// Everything a server is asked with, where nothing is missing. The token of one that signs in at a provider is put in later: [`ready`].
pub(in crate::http::admin::mail) fn complete(address: String, settings: &Settings, secrets: &Secrets) -> Option<Account> {
    // A mailbox that nobody signs in to has no password; it is never sent.
    let (login, password) =
        if signs_in(settings) { (settings.login, secrets.password.clone()) } else { (Login::Password, Some("-".into())) };
    let account = MailAccount {
        id: ChannelId::NIL,
        client: ClientId::NIL,
        campaign: None,
        address,
        settings: Settings { login, ..settings.clone() },
        enabled: true,
        secrets: Secrets { password, ..secrets.clone() },
        signed_in: None,
        threads: Vec::new(),
        created_at: Timestamp::from_micros(0),
        updated_at: Timestamp::from_micros(0),
        archived_at: None,
    };
    let held = secrets.refresh.as_ref().map(|_| SecretText::from("-"));
    account.account(held.as_ref())
}

/// With the token that its provider gives now, where it signs in with one.
async fn ready(app: &App, current: Option<&MailAccount>, mut account: Account) -> Result<Account, Failure> {
    if let Proof::Token(token) = &mut account.credentials.proof {
        let current = current.ok_or(Code::SignInAgain)?;
        *token = app.engine.mail_tokens.of(current).await?;
    }
    Ok(account)
}

/// Whether a stored secret would go where it does not go now: whoever may change an account may not learn its password that way.
fn goes_elsewhere(now: &[&Server], then: &[&Server]) -> bool {
    then.iter().any(|server| {
        let known = |it: &&Server| {
            let as_safe = server.security != Security::Plain || it.security == Security::Plain;
            it.host.eq_ignore_ascii_case(&server.host) && as_safe
        };
        !now.iter().any(known)
    })
}

/// Where the mailbox's own secret goes.
pub(in crate::http::admin::mail) fn own_servers(settings: &Settings) -> Vec<&Server> {
    let sends = (settings.sending == Sending::Same).then_some(&settings.smtp);
    settings.imap.iter().chain(sends).collect()
}

/// Where the other secret goes.
fn relay(settings: &Settings) -> Vec<&Server> {
    matches!(settings.sending, Sending::Own { .. }).then_some(&settings.smtp).into_iter().collect()
}

/// The secrets that count: those typed now, else the stored ones where they go nowhere new.
pub(super) fn secrets(check: &mut Check, fields: &MailAccountFields, current: Option<&MailAccount>) -> Secrets {
    let then = settings(fields);
    let mut of = |field: &str, typed: &Option<SecretText>, kept: Option<&SecretText>, servers: fn(&Settings) -> Vec<&Server>| {
        let elsewhere = current.is_some_and(|stored| goes_elsewhere(&servers(&stored.settings), &servers(&then)));
        if typed.is_none() && kept.is_some() && elsewhere {
            check.error(field, ErrorCode::MissingField, "it would go to another server: type it again");
        }
        typed.as_ref().or(kept).cloned()
    };
    let kept = current.map(|stored| &stored.secrets);
    let password = kept.filter(|_| then.login == Login::Password).and_then(|secrets| secrets.password.as_ref());
    let password = of("password", &fields.password, password, own_servers);
    let sending = of("sending_password", &fields.sending_password, kept.and_then(|secrets| secrets.sending.as_ref()), relay);
    let refresh = kept.filter(|_| then.login == Login::Oauth).and_then(|secrets| secrets.refresh.clone());
    let elsewhere = current.is_some_and(|stored| goes_elsewhere(&own_servers(&stored.settings), &own_servers(&then)));
    if refresh.is_some() && elsewhere {
        check.error(
            "login",
            ErrorCode::MailSignInNeeded,
            "its access would go to another server: sign it out, change it, sign in again",
        );
    }
    Secrets { password, sending, refresh }
}

/// What a server is asked with; none while there is nothing to sign in with and the account is off.
pub(super) fn asked(fields: &MailAccountFields, current: Option<&MailAccount>, must: bool) -> Result<Option<Account>, Problem> {
    let mut check = Check::default();
    let secrets = secrets(&mut check, fields, current);
    let set = settings(fields);
    if must {
        let missing = |secret: &Option<SecretText>| secret.as_ref().is_none_or(|secret| secret.expose().is_empty());
        let (field, secret, code, detail) = match set.login {
            Login::Password => ("password", &secrets.password, ErrorCode::MissingField, "it is needed to sign in"),
            Login::Oauth => ("login", &secrets.refresh, ErrorCode::MailSignInNeeded, "sign in at the provider first"),
        };
        check.that(!signs_in(&set) || !missing(secret), field, code, detail);
        let relay = matches!(set.sending, Sending::Own { .. });
        check.that(!relay || !missing(&secrets.sending), "sending_password", ErrorCode::MissingField, "it is needed to send");
    }
    check.done()?;
    let account = complete(fields.address.clone(), &set, &secrets);
    // Nobody reads there.
    Ok(account.map(|account| Account { imap: account.imap.filter(|_| fields.receives), ..account }))
}

/// For a test: the account as it would be, and whose it is.
///
/// # Errors
/// 404 for one that one may not see; 422.
pub(in crate::http::admin::mail) fn wanted(
    caller: &Caller,
    id: Option<ChannelId>,
    fields_given: Option<MailAccountFields>,
) -> Result<Wanted, Problem> {
    let current = id.map(|id| found(caller, id)).transpose()?;
    let mut wanted = match (fields_given, current) {
        (Some(given), _) => given,
        (None, Some(current)) => fields(current),
        (None, None) => return Err(Problem::field("settings", ErrorCode::MissingField, "either these or an account")),
    };
    check(caller, &mut wanted, current.map(AsRef::as_ref))?;
    let account = asked(&wanted, current.map(AsRef::as_ref), true)?;
    let account = account.ok_or_else(|| Problem::field("password", ErrorCode::MissingField, "it is needed to sign in"))?;
    Ok(Wanted { account, client: wanted.client, current: current.cloned() })
}

/// What a test tries.
pub(in crate::http::admin::mail) struct Wanted {
    account: Account,
    /// Whose.
    pub(in crate::http::admin::mail) client: ClientId,
    current: Option<Arc<MailAccount>>,
}

impl Wanted {
    /// Where mails go.
    pub(in crate::http::admin::mail) fn account(&self) -> &Account {
        &self.account
    }

    /// With everything that servers ask for.
    ///
    /// # Errors
    /// Why its provider gives nothing now.
    pub(in crate::http::admin::mail) async fn ready(&self, app: &App) -> Result<Account, Failure> {
        ready(app, self.current.as_deref(), self.account.clone()).await
    }

    /// A server said no to the token: the next attempt has another one.
    pub(in crate::http::admin::mail) fn refused(&self, app: &App, account: &Account, code: Code) {
        self.current.iter().for_each(|current| drop(app.engine.mail_tokens.judge(current, account, code.into())));
    }
}

/// Asks the servers before anything is saved. A token that they refuse is asked for anew, once.
pub(super) async fn verify(
    app: &App,
    caller: &Caller,
    fields: &MailAccountFields,
    current: Option<&MailAccount>,
    account: Option<Account>,
) -> Result<(), Problem> {
    let Some(account) = account else { return Ok(()) };
    let _turn = app.mail.turn(&app.throttle, caller.by)?;
    let mut is_second = false;
    loop {
        let account = match ready(app, current, account.clone()).await {
            Ok(account) => account,
            Err(_) if !fields.enabled => return Ok(()),
            Err(failure) => return Err(attempt::no_token(&failure)),
        };
        let Err(fault) = Box::pin(attempt::verify(&app.mail.network, &account)).await else { return Ok(()) };
        if let Some(current) = current.filter(|_| !is_second)
            && app.engine.mail_tokens.judge(current, &account, fault.1.into()).is_none()
        {
            is_second = true;
            continue;
        }
        if fields.enabled || attempt::is_login(fault.1) || fault.1 == Code::HostForbidden {
            let has_token = matches!(account.credentials.proof, Proof::Token(_));
            return Err(attempt::refused(fault, fields.sending.login == MailSendingLogin::Own, has_token));
        }
        return Ok(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_password_goes_only_where_it_goes_already() {
        let server = |host: &str, security| Server::new(host, 1, security);
        let (imap, smtp) = (server("imap.a.example", Security::Tls), server("smtp.a.example", Security::Starttls));
        let elsewhere = |host: &str, security| goes_elsewhere(&[&imap, &smtp], &[&server(host, security)]);
        assert!(!elsewhere("IMAP.a.example", Security::Starttls));
        assert!(!elsewhere("smtp.a.example", Security::Tls));
        assert!(elsewhere("smtp.b.example", Security::Tls));
        assert!(elsewhere("smtp.a.example", Security::Plain), "less safe is elsewhere, too");
        let plain = server("relay", Security::Plain);
        assert!(!goes_elsewhere(&[&plain], &[&plain]) && !goes_elsewhere(&[], &[]));
    }
}
