//! `/api/v1/users`: people, their roles and scopes.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use super::skills::check_skills;
use crate::{
    auth::{
        password::check_rules,
        token::{TokenHash, for_session},
    },
    directory,
    domain::{invitation, log::Entity, permission::Scope},
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{Check, ListQuery, NAME, page, patched},
        input::{Input, Query},
        once,
        problem::Problem,
        staff::me::phc,
        state::App,
    },
    ids::UserId,
    store::{
        invitations,
        people::{self, UserRow},
        skills,
    },
    wire::people::{Invitation, InvitationFields, User, UserFields},
};

/// The most scopes of a user or token.
pub const MAX_SCOPES: usize = 100;
/// The most skills of a user.
const MAX_SKILLS: usize = 50;

fn view(user: &directory::User) -> User {
    User {
        id: user.id,
        login: user.login.clone(),
        name: user.name.clone(),
        role: user.role,
        scopes: user.scopes.clone(),
        capacity: user.capacity,
        skills: user.skills.clone(),
        enabled: user.enabled,
        has_password: user.has_password,
        voice: user.voice,
        created_at: user.created_at.into(),
    }
}

fn made(id: UserId, fields: &UserFields, has_password: bool, created_at: crate::clock::Timestamp) -> User {
    User {
        id,
        login: fields.login.clone(),
        name: fields.name.clone(),
        role: fields.role,
        scopes: fields.scopes.clone(),
        capacity: fields.capacity,
        skills: fields.skills.clone(),
        enabled: fields.enabled,
        has_password,
        voice: fields.voice,
        created_at: created_at.into(),
    }
}

fn row(id: UserId, fields: &UserFields) -> UserRow<'_> {
    UserRow {
        id,
        login: &fields.login,
        name: &fields.name,
        role: fields.role,
        scopes: &fields.scopes,
        capacity: fields.capacity,
        enabled: fields.enabled,
        voice: fields.voice,
    }
}

/// Whether the caller may read this user: themselves, or somebody with a scope or a campaign within the caller's.
pub(super) fn may_see(caller: &Caller, user: &directory::User) -> bool {
    if user.id == caller.user() || caller.covers(Scope::All) {
        return true;
    }
    let memberships = caller.directory.memberships.get(&user.id).into_iter().flatten();
    user.scopes.iter().any(|scope| caller.covers(*scope))
        || memberships.map(|member| Scope::Campaign(member.campaign)).any(|scope| caller.covers(scope))
}

/// Whether the caller may change this user: nobody may change who holds more, or is at work elsewhere.
pub(super) fn may_change(caller: &Caller, user: &directory::User) -> bool {
    if caller.covers(Scope::All) {
        return true;
    }
    let mut memberships = caller.directory.memberships.get(&user.id).into_iter().flatten();
    !user.scopes.is_empty()
        && user.scopes.iter().all(|scope| caller.covers(*scope))
        && memberships.all(|member| caller.covers(Scope::Campaign(member.campaign)))
}

/// Scopes that exist and lie within the caller's.
pub(super) fn check_scopes(check: &mut Check, caller: &Caller, scopes: &[Scope]) {
    check.that(scopes.len() <= MAX_SCOPES, "scopes", ErrorCode::TooLong, "at most 100");
    for (index, scope) in scopes.iter().take(MAX_SCOPES).enumerate() {
        let exists = match scope {
            Scope::All => true,
            Scope::Client(id) => caller.directory.clients.contains_key(id),
            Scope::Campaign(id) => caller.directory.campaigns.contains_key(id),
        };
        let known = exists && caller.covers(*scope);
        check.that(known, &format!("scopes.{index}"), ErrorCode::UnknownReference, "no such scope within your own");
    }
}

fn check(caller: &Caller, fields: &mut UserFields, id: Option<UserId>) -> Result<(), Problem> {
    let mut check = Check::default();
    check.line("login", &mut fields.login, NAME);
    fields.login = fields.login.to_lowercase();
    let spaces = fields.login.chars().any(char::is_whitespace);
    check.that(!spaces, "login", ErrorCode::NotPossible, "no spaces");
    let taken = caller.directory.users.values().any(|user| user.login == fields.login && Some(user.id) != id);
    check.that(!taken, "login", ErrorCode::Taken, "somebody has it already");
    check.line("name", &mut fields.name, NAME);
    check.range("capacity", fields.capacity, 1..=1_000_000);
    check_scopes(&mut check, caller, &fields.scopes);
    let known = id.and_then(|id| caller.directory.users.get(&id)).map_or(&[][..], |user| &user.skills);
    if fields.skills != known {
        check_skills(&mut check, caller, "skills", &fields.skills, MAX_SKILLS, None);
    }
    if fields.scopes.is_empty() && !caller.covers(Scope::All) {
        check.error("scopes", ErrorCode::TooShort, "at least one, within your own");
    }
    if let Some(password) = &fields.password
        && let Err(error) = check_rules(password)
    {
        check.error("password", error.into(), error.to_string());
    }
    check.done()
}

/// Two requests at once can both find a login free; the store lets one pass.
fn login_taken(problem: Problem) -> Problem {
    if problem.code() == ErrorCode::Conflict {
        Problem::field("login", ErrorCode::Taken, "somebody has it already")
    } else {
        problem
    }
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let users = caller.directory.users.values().filter(|user| may_see(&caller, user));
    once::ok(&page(users.map(|user| (user.id, view(user))).collect(), &query.0)?)
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(caller: Caller, id: Path<UserId>) -> Result<HttpResponse, Problem> {
    let user = caller.directory.users.get(&id).filter(|user| may_see(&caller, user));
    once::ok(&view(user.ok_or_else(Problem::not_found)?))
}

/// `POST`.
///
/// # Errors
/// 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<UserFields>) -> Result<HttpResponse, Problem> {
    let Input { value: mut fields, once } = input;
    check(&caller, &mut fields, None)?;
    let phc = match fields.password.take() {
        Some(password) => phc(&app, password).await?,
        None => String::new(),
    };
    let (id, now) = (app.engine.ids.next::<UserId>(), app.now());
    let statements = vec![people::insert_user(&row(id, &fields), &phc, now), skills::set_skills(id, &fields.skills)];
    let created = made(id, &fields, !phc.is_empty(), now);
    once.commit(statements, (Entity::User, id.to_string()), StatusCode::CREATED, &created).await.map_err(login_taken)
}

/// `PATCH /{id}`. A new password, and switching off, end all sessions and void invitations.
///
/// # Errors
/// 404, 422.
pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: Path<UserId>,
    input: Input<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = caller.directory.users.get(&id).filter(|user| may_change(&caller, user)).ok_or_else(Problem::not_found)?;
    let now = UserFields {
        login: current.login.clone(),
        name: current.name.clone(),
        role: current.role,
        scopes: current.scopes.clone(),
        capacity: current.capacity,
        skills: current.skills.clone(),
        enabled: current.enabled,
        voice: current.voice,
        password: None,
    };
    let mut fields = patched(&now, patch)?;
    check(&caller, &mut fields, Some(*id))?;
    let password = fields.password.take();
    let mut statements = vec![people::update_user(&row(*id, &fields))];
    if fields.skills != current.skills {
        statements.push(skills::set_skills(*id, &fields.skills));
    }
    let ends_sessions = password.is_some() || !fields.enabled;
    let has_password = current.has_password || password.is_some();
    if let Some(password) = password {
        statements.push(people::set_password(*id, &phc(&app, password).await?));
    }
    if ends_sessions {
        statements.extend([people::delete_sessions_of(*id), invitations::void(*id)]);
    }
    let changed = made(*id, &fields, has_password, current.created_at);
    let fact = (Entity::User, id.to_string());
    let answer = once.commit(statements, fact, StatusCode::OK, &changed).await.map_err(login_taken)?;
    if ends_sessions {
        app.sessions.forget_user(*id);
    }
    Ok(answer)
}

/// `POST /{id}/invitation`: what lets this person choose a password, shown this once. Earlier ones are void. It is a path, never an
/// address: what the request says about its host counts for nothing (security.md, 38).
///
/// # Errors
/// 404.
pub async fn invite(
    app: Data<App>,
    caller: Caller,
    id: Path<UserId>,
    input: Input<InvitationFields>,
) -> Result<HttpResponse, Problem> {
    let Input { value: InvitationFields { kind }, once } = input;
    caller.directory.users.get(&id).filter(|user| may_change(&caller, user)).ok_or_else(Problem::not_found)?;
    let (token, now) = (for_session(), app.now());
    let expires_at = now + invitation::LIFETIME;
    let statements = invitations::replace(&TokenHash::of(token.expose()), *id, kind, now, expires_at).into();
    let kept = Invitation { kind, url_path: None, token: None, expires_at: expires_at.into() };
    let url_path = Some(format!("/invitation#{}", token.expose()));
    let shown = Invitation { url_path, token: Some(token.expose().clone()), ..kept.clone() };
    once.commit_secret(statements, (Entity::Invitation, id.to_string()), StatusCode::CREATED, &shown, &kept).await
}
