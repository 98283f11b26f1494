//! Mail accounts. Only what can sign in is saved: a login that the server refuses never, a server that cannot be reached only while
//! the account is switched off (S4-10).

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use super::attempt;
use crate::{
    auth::secret::SecretText,
    channels::email::{
        post::{
            account::{Account, FaultCode, Proof, Security, Server},
            failure::{Code, Failure},
        },
        settings::{Login, MailAccount, Secrets, Sending, Settings, SignedIn, Slot},
    },
    clock::Timestamp,
    domain::{
        log::Entity,
        permission::{Permission, Place},
    },
    error::ErrorCode,
    http::{
        admin::canned_texts::place,
        caller::Caller,
        check::{Check, ListQuery, page, patched},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::{ChannelId, ClientId},
    store::{
        mail_accounts::{self, AccountRow},
        mail_areas, mail_providers,
        write::Statement,
    },
    wire::{
        mail_accounts::{MailAccountFields, MailAccountView, MailPasswords, MailSending, MailSendingLogin},
        mail_sign_in::MailSignedIn,
    },
};

fn fields(account: &MailAccount) -> MailAccountFields {
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

fn settings(fields: &MailAccountFields) -> Settings {
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
fn signs_in(settings: &Settings) -> bool {
    settings.receives || settings.sending == Sending::Same
}

fn has_secret(settings: &Settings, secrets: &Secrets) -> bool {
    let secret = match settings.login {
        Login::Password => &secrets.password,
        Login::Oauth => &secrets.refresh,
    };
    !signs_in(settings) || secret.as_ref().is_some_and(|secret| !secret.expose().is_empty())
}

pub(super) fn view(account: &MailAccount) -> MailAccountView {
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

fn signed_in(account: &MailAccount) -> Option<MailSignedIn> {
    account.signed_in.map(|SignedIn { provider, by, at }| MailSignedIn { provider, by, at: at.into() })
}

/// An account within scope. They are read by those who administer them only.
pub(super) fn found(caller: &Caller, id: ChannelId) -> Result<&Arc<MailAccount>, Problem> {
    let account = caller.directory.mail_accounts.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, place(account.client, account.campaign))?;
    Ok(account)
}

fn check(caller: &Caller, fields: &mut MailAccountFields, current: Option<&MailAccount>) -> Result<(), Problem> {
    let mut check = Check::default();
    if current.is_none() {
        check.client(caller, Permission::WriteConfig, fields.client);
    }
    fields.address = fields.address.trim().to_lowercase();
    fields.from_name = fields.from_name.trim().to_owned();
    if let Some(user) = fields.user.take().map(|user| user.trim().to_owned()).filter(|user| !user.is_empty()) {
        fields.user = Some(user);
    } else {
        fields.user = Some(fields.address.clone());
    }
    for server in fields.imap.iter_mut().chain([&mut fields.smtp]) {
        server.host = server.host.trim().trim_end_matches('.').to_lowercase();
    }
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
        let (code, detail) = match fault.code {
            FaultCode::Empty => (ErrorCode::TooShort, "it must hold something"),
            FaultCode::TooLong => (ErrorCode::TooLong, "longer than any server takes"),
            FaultCode::ControlCharacter => (ErrorCode::ControlCharacters, "no control characters"),
            FaultCode::NotAnAddress => (ErrorCode::NotPossible, "an address such as somebody@example.com"),
            FaultCode::NotAHost => (ErrorCode::NotPossible, "a name such as mail.example.com, without a scheme or a port"),
            FaultCode::NotAPort => (ErrorCode::OutOfRange, "1 to 65,535"),
        };
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

pub(super) fn check_secret(check: &mut Check, field: &str, secret: &SecretText) {
    let text = secret.expose();
    check.that(!text.is_empty(), field, ErrorCode::TooShort, "it must hold something");
    check.that(text.len() <= 1_000, field, ErrorCode::TooLong, "at most 1,000 bytes");
    check.that(!text.chars().any(char::is_control), field, ErrorCode::ControlCharacters, "no control characters");
}

/// Secrets that open nothing: for what can be said of settings without any.
fn nobodys() -> Secrets {
    Secrets { password: Some("-".into()), sending: Some("-".into()), refresh: Some("-".into()) }
}

/// Everything a server is asked with, where nothing is missing. The token of one that signs in at a provider is put in later: [`ready`].
pub(super) fn complete(address: String, settings: &Settings, secrets: &Secrets) -> Option<Account> {
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
pub(super) fn own_servers(settings: &Settings) -> Vec<&Server> {
    let sends = (settings.sending == Sending::Same).then_some(&settings.smtp);
    settings.imap.iter().chain(sends).collect()
}

/// Where the other secret goes.
fn relay(settings: &Settings) -> Vec<&Server> {
    matches!(settings.sending, Sending::Own { .. }).then_some(&settings.smtp).into_iter().collect()
}

/// The secrets that count: those typed now, else the stored ones where they go nowhere new.
fn secrets(check: &mut Check, fields: &MailAccountFields, current: Option<&MailAccount>) -> Secrets {
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
fn asked(fields: &MailAccountFields, current: Option<&MailAccount>, must: bool) -> Result<Option<Account>, Problem> {
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
pub(super) fn wanted(caller: &Caller, id: Option<ChannelId>, fields_given: Option<MailAccountFields>) -> Result<Wanted, Problem> {
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
pub(super) struct Wanted {
    account: Account,
    /// Whose.
    pub(super) client: ClientId,
    current: Option<Arc<MailAccount>>,
}

impl Wanted {
    /// Where mails go.
    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// With everything that servers ask for.
    ///
    /// # Errors
    /// Why its provider gives nothing now.
    pub(super) async fn ready(&self, app: &App) -> Result<Account, Failure> {
        ready(app, self.current.as_deref(), self.account.clone()).await
    }

    /// A server said no to the token: the next attempt has another one.
    pub(super) fn refused(&self, app: &App, account: &Account, code: Code) {
        self.current.iter().for_each(|current| drop(app.engine.mail_tokens.judge(current, account, code.into())));
    }
}

/// Asks the servers before anything is saved. A token that they refuse is asked for anew, once.
async fn verify(
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

/// The row of an account as it is.
pub(super) fn row_of(current: &MailAccount) -> AccountRow<'_> {
    AccountRow {
        id: current.id,
        client: current.client,
        campaign: current.campaign,
        address: &current.address,
        settings: &current.settings,
        enabled: current.enabled,
        archived_at: current.archived_at,
    }
}

fn row<'a>(
    id: ChannelId,
    fields: &'a MailAccountFields,
    settings: &'a Settings,
    archived_at: Option<Timestamp>,
) -> AccountRow<'a> {
    AccountRow {
        id,
        client: fields.client,
        campaign: fields.campaign,
        address: &fields.address,
        settings,
        enabled: fields.enabled && archived_at.is_none(),
        archived_at,
    }
}

/// The rows of the secrets that were typed.
fn typed(app: &App, id: ChannelId, fields: &MailAccountFields, now: Timestamp) -> Result<Vec<Statement>, Problem> {
    let put = |slot, secret: &SecretText| mail_accounts::put_secret(id, slot, secret, &app.sealer, now).map_err(Problem::from);
    let mut statements = Vec::new();
    if let Some(password) = &fields.password {
        statements.push(put(Slot::Password, password)?);
    } else if !signs_in(&settings(fields)) {
        // So that the account is complete; it is never sent.
        statements.push(put(Slot::Password, &"".into())?);
    }
    if let Some(password) = &fields.sending_password {
        statements.push(put(Slot::Sending, password)?);
    }
    Ok(statements)
}

/// Two requests at once can both find an address free; the store lets one pass.
fn address_taken(problem: Problem) -> Problem {
    if problem.code() == ErrorCode::Conflict {
        Problem::field("address", ErrorCode::Taken, "this client has an account with this address")
    } else {
        problem
    }
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let accounts = caller.directory.mail_accounts.values();
    let seen = accounts.filter(|account| caller.may(Permission::WriteConfig, place(account.client, account.campaign)));
    once::ok(&page(seen.map(|account| (account.id, view(account))).collect(), &query.0)?)
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(caller: Caller, id: Path<ChannelId>) -> Result<HttpResponse, Problem> {
    once::ok(&view(found(&caller, *id)?))
}

/// `POST`: asks the servers first.
///
/// # Errors
/// 422, with what the server said; 429.
pub async fn create(app: Data<App>, caller: Caller, input: Input<MailAccountFields>) -> Result<HttpResponse, Problem> {
    let Input { value: mut given, once } = input;
    check(&caller, &mut given, None)?;
    let account = asked(&given, None, given.enabled)?;
    verify(&app, &caller, &given, None, account).await?;
    let (id, now) = (app.engine.ids.next::<ChannelId>(), app.now());
    let set = settings(&given);
    let mut statements = mail_accounts::insert(&row(id, &given, &set, None), now)?;
    statements.extend(typed(&app, id, &given, now)?);
    statements.push(mail_accounts::put_thread_key(id, &app.sealer, now)?);
    let created = MailAccountView {
        id,
        has_password: given.password.is_some() || !signs_in(&set),
        signed_in: None,
        has_sending_password: given.sending_password.is_some(),
        fields: given,
        archived_at: None,
        created_at: now.into(),
        updated_at: now.into(),
    };
    let fact = (Entity::Channel, id.to_string());
    once.commit(statements, fact, StatusCode::CREATED, &created).await.map_err(address_taken)
}

/// Whether the servers have to be asked again.
fn matters(before: &MailAccount, after: &MailAccountFields) -> bool {
    let (was, is) = (&before.settings, settings(after));
    let same = was.imap == is.imap
        && was.receives == is.receives
        && was.smtp == is.smtp
        && was.user == is.user
        && was.login == is.login
        && was.sending == is.sending
        && was.folders == is.folders;
    let typed = after.password.is_some() || after.sending_password.is_some();
    !same || typed || (after.enabled && !before.enabled)
}

/// `PATCH /{id}`: asks the servers first when what they are asked with changes.
///
/// # Errors
/// 404; 409 for one that is put away; 422, with what the server said; 429.
pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: Path<ChannelId>,
    input: Input<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = found(&caller, *id)?;
    if current.archived_at.is_some() {
        return Err(Problem::with(ErrorCode::WrongState, "the account is put away: take it back first"));
    }
    let mut before = fields(current);
    // Accepted once for these servers; for others it is asked again.
    before.accept_in_clear = false;
    let changed = patched(&before, patch)?;
    save(&app, &caller, current, changed, once).await
}

async fn save(
    app: &App,
    caller: &Caller,
    current: &MailAccount,
    mut changed: MailAccountFields,
    once: Once,
) -> Result<HttpResponse, Problem> {
    let same_servers = changed.imap == current.settings.imap && changed.smtp == current.settings.smtp;
    changed.accept_in_clear |= same_servers;
    check(caller, &mut changed, Some(current))?;
    let account = asked(&changed, Some(current), changed.enabled)?;
    if matters(current, &changed) {
        verify(app, caller, &changed, Some(current), account).await?;
    }
    let now = app.now();
    let set = settings(&changed);
    let mut statements = mail_accounts::update(&row(current.id, &changed, &set, None), now)?;
    statements.extend(typed(app, current.id, &changed, now)?);
    // What it does not sign in with any more is not kept.
    match (current.settings.login, set.login) {
        (Login::Oauth, Login::Password) => {
            statements.extend([mail_accounts::drop_secret(current.id, Slot::Refresh), mail_providers::drop_sign_in(current.id)]);
        }
        (Login::Password, Login::Oauth) => statements.push(mail_accounts::drop_secret(current.id, Slot::Password)),
        _ => {}
    }
    let answer = MailAccountView {
        id: current.id,
        has_password: changed.password.is_some() || has_secret(&set, &current.secrets),
        signed_in: signed_in(current).filter(|_| set.login == Login::Oauth),
        has_sending_password: changed.sending_password.is_some() || current.secrets.sending.is_some(),
        fields: changed,
        archived_at: None,
        created_at: current.created_at.into(),
        updated_at: now.into(),
    };
    let answered = once.commit(statements, (Entity::Channel, current.id.to_string()), StatusCode::OK, &answer).await?;
    if set.login == Login::Password {
        app.engine.mail_tokens.forget(current.id);
    }
    Ok(answered)
}

/// `PUT /{id}/password`: write-only, in a call of its own (S0-26…S0-28). Asks the servers first.
///
/// # Errors
/// 404; 409 for one that is put away; 422, with what the server said; 429.
pub async fn set_password(
    app: Data<App>,
    caller: Caller,
    id: Path<ChannelId>,
    input: Input<MailPasswords>,
) -> Result<HttpResponse, Problem> {
    let Input { value: MailPasswords { password, sending_password }, once } = input;
    let current = found(&caller, *id)?;
    if current.archived_at.is_some() {
        return Err(Problem::with(ErrorCode::WrongState, "the account is put away: take it back first"));
    }
    if password.is_none() && sending_password.is_none() {
        return Err(Problem::field("password", ErrorCode::MissingField, "it is needed"));
    }
    let login = if password.is_some() { Login::Password } else { current.settings.login };
    let changed = MailAccountFields { login, password, sending_password, ..fields(current) };
    save(&app, &caller, current, changed, once).await
}

/// `DELETE /{id}`: puts it away; what it wrote and received stays.
///
/// # Errors
/// 404; 409 while an area uses it.
pub async fn archive(app: Data<App>, caller: Caller, id: Path<ChannelId>, once: Once) -> Result<HttpResponse, Problem> {
    let current = found(&caller, *id)?;
    if !mail_areas::of_account(&app.engine.db, current.id).await?.is_empty() {
        return Err(Problem::with(ErrorCode::InUse, "an area sends from it: choose another account there first"));
    }
    let now = app.now();
    let answered = put_away(current, once, Some(current.archived_at.unwrap_or(now)), now).await?;
    app.engine.mail_tokens.forget(current.id);
    Ok(answered)
}

/// `POST /{id}/restore`: takes it back, switched off.
///
/// # Errors
/// 404; 422 when another account has the address meanwhile.
pub async fn restore(app: Data<App>, caller: Caller, id: Path<ChannelId>, once: Once) -> Result<HttpResponse, Problem> {
    let current = found(&caller, *id)?;
    put_away(current, once, None, app.now()).await.map_err(address_taken)
}

async fn put_away(
    current: &MailAccount,
    once: Once,
    archived_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<HttpResponse, Problem> {
    // One that was never put away stays as it is.
    let enabled = current.enabled && archived_at.is_none() && current.archived_at.is_none();
    let kept = MailAccountFields { enabled, ..fields(current) };
    let statements = mail_accounts::update(&row(current.id, &kept, &current.settings, archived_at), now)?;
    let answer =
        MailAccountView { fields: kept, archived_at: archived_at.map(Into::into), updated_at: now.into(), ..view(current) };
    once.commit(statements, (Entity::Channel, current.id.to_string()), StatusCode::OK, &answer).await
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
