//! Mail accounts. Only what can sign in is saved: a login that the server refuses never, a server that cannot be reached only while
//! the account is switched off (S4-10).
//!
//! | file | what is there |
//! |---|---|
//! | `fields` | what of an account can be written and read |
//! | `check` | whether what somebody typed can be an account |
//! | `servers` | what its servers are asked with, and where its secrets may go |

mod check;
mod fields;
mod servers;

pub(super) use self::{
    check::check_secret,
    fields::view,
    servers::{Wanted, complete, own_servers, wanted},
};

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use self::{
    check::check,
    fields::{fields, has_secret, settings, signed_in, signs_in},
    servers::{asked, verify},
};
use crate::{
    auth::secret::SecretText,
    channels::email::settings::{Login, MailAccount, Settings, Slot},
    clock::Timestamp,
    domain::{log::Entity, permission::Permission},
    error::ErrorCode,
    http::{
        admin::canned_texts::place,
        caller::Caller,
        check::{ListQuery, page, patched},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::ChannelId,
    store::{
        mail_accounts::{self, AccountRow},
        mail_areas, mail_providers,
        write::Statement,
    },
    wire::mail_accounts::{MailAccountFields, MailAccountView, MailPasswords},
};

/// An account within scope. They are read by those who administer them only.
pub(super) fn found(caller: &Caller, id: ChannelId) -> Result<&Arc<MailAccount>, Problem> {
    let account = caller.directory.mail_accounts.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, place(account.client, account.campaign))?;
    Ok(account)
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
