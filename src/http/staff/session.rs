//! `/api/v1/session`: signing in and out.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{self, Cookie, SameSite},
    http::header::{self, HeaderName, HeaderValue},
    web::Data,
};

use crate::{
    auth::{
        secret::SecretText,
        session::{COOKIE, LIFETIME, Session},
        token::{self, TokenHash},
    },
    domain::{
        agent::AgentCommand,
        log::{By, Entity},
    },
    error::ErrorCode,
    http::{caller::Caller, check::is_control, input::Plain, once, problem::Problem, staff::me, state::App},
    ids::UserId,
    store::{people, profiles},
    wire::session::SignIn,
};

const MAX_LOGIN_CHARACTERS: usize = 120;
const MAX_PASSWORD_BYTES: usize = 1024;
const MAX_BROWSER_CHARACTERS: usize = 200;

/// `POST`: signs in and sets the cookie. Who does not exist, has another password or is switched off gets one and the same
/// answer after the same work.
///
/// # Errors
/// 401, 429.
pub async fn create(app: Data<App>, request: HttpRequest, body: Plain<SignIn>) -> Result<HttpResponse, Problem> {
    let SignIn { login, password } = body.0;
    let login = login.trim().to_lowercase();
    allow(&app, &login, &request)?;
    let user = verified(&app, &login, password).await?.ok_or_else(|| Problem::new(ErrorCode::WrongCredentials))?;
    app.throttle.succeeded(&login, app.peer(&request));
    begin(&app, &request, user).await
}

/// A new session of somebody who may have one, with its cookie.
///
/// # Errors
/// 503 when the store cannot be asked.
pub async fn begin(app: &App, request: &HttpRequest, user: UserId) -> Result<HttpResponse, Problem> {
    let (secret, now) = (token::for_session(), app.now());
    let hash = TokenHash::of(secret.expose());
    let session = Session { id: app.engine.ids.next(), user, expires_at: now + LIFETIME };
    let statements = vec![people::delete_expired(now), people::insert_session(&hash, &session, &browser(request), now)];
    let fact = (Entity::Session, session.id.to_string());
    app.engine.journal.write(statements, Some(fact), By::User(user), None).await?;

    let directory = app.engine.directory.load();
    let subject = directory.subject(user).ok_or_else(|| Problem::new(ErrorCode::WrongCredentials))?;
    let own = profiles::find(&app.engine.db, user).await?;
    let mut response = once::ok(&me::profile(&subject, &directory, own))?;
    let cookie = cookie(app, secret.expose().clone()).finish();
    response.add_cookie(&cookie).map_err(|_| Problem::new(ErrorCode::Internal))?;
    Ok(response)
}

/// Takes one attempt at an account from its budgets.
///
/// # Errors
/// 429.
pub fn allow(app: &App, login: &str, request: &HttpRequest) -> Result<(), Problem> {
    let later = |wait: std::time::Duration| Problem::later(ErrorCode::TooManyAttempts, wait.as_secs() + 1);
    app.throttle.attempt(login, app.peer(request)).map_err(later)
}

/// How the browser names itself: so that people recognise their sessions.
fn browser(request: &HttpRequest) -> String {
    let name = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    name.chars().filter(|c| !is_control(*c)).take(MAX_BROWSER_CHARACTERS).collect()
}

/// The user behind this login and password, if they may sign in.
///
/// # Errors
/// 429 when too many wait already, 503.
pub async fn verified(app: &App, login: &str, password: SecretText) -> Result<Option<UserId>, Problem> {
    let possible = !login.is_empty()
        && login.chars().count() <= MAX_LOGIN_CHARACTERS
        && !login.chars().any(char::is_control)
        && password.expose().len() <= MAX_PASSWORD_BYTES;
    let found = if possible { people::credentials(&app.engine.db, login).await? } else { None };
    let usable = found.filter(|credentials| !credentials.phc.is_empty());
    let password = if possible { password } else { SecretText::new(String::new()) };
    match usable {
        Some(credentials) => {
            let phc = credentials.phc;
            let fits = app.hash(password, move |passwords, password| passwords.verify(password, &phc)).await?;
            Ok((fits && credentials.enabled).then_some(credentials.user))
        }
        None => {
            app.hash(password, |passwords, password| passwords.verify_dummy(password)).await?;
            Ok(None)
        }
    }
}

fn cookie(app: &App, value: String) -> cookie::CookieBuilder<'static> {
    Cookie::build(COOKIE, value).path("/").http_only(true).same_site(SameSite::Lax).secure(app.config.secure_cookies())
}

/// Nobody is offered work, or keeps a customer waiting, who has gone home: with the last session the shift ends.
pub(super) async fn end_shift(app: &App, caller: &Caller) {
    let is_member = caller.directory.memberships.get(&caller.user()).is_some_and(|list| !list.is_empty());
    let elsewhere = people::sessions_of(&app.engine.db, caller.user()).await.is_ok_and(|others| !others.is_empty());
    if is_member && !elsewhere {
        let sign_out = AgentCommand::SignOut { by: None };
        if let Err(error) = app.engine.agent(caller.user(), sign_out, caller.by, None).await {
            tracing::warn!(%error, agent = %caller.user(), "the shift did not end with the session; the grace will end it");
        }
    }
}

/// `DELETE`: signs out.
///
/// # Errors
/// 404 for a program, which has no session.
pub async fn delete(app: Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let id = caller.session.ok_or_else(Problem::not_found)?;
    let statements = vec![people::delete_session(id, caller.user())];
    app.engine.journal.write(statements, Some((Entity::Session, id.to_string())), caller.by, None).await?;
    app.sessions.forget_session(id);
    end_shift(&app, &caller).await;
    let mut response = HttpResponse::NoContent().finish();
    let gone = cookie(&app, String::new()).max_age(cookie::time::Duration::ZERO).finish();
    // Of the cookies only ours goes: others of this host are not ours to drop.
    let (name, value) = ("clear-site-data", "\"cache\", \"storage\"");
    response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    response.add_cookie(&gone).map_err(|_| Problem::new(ErrorCode::Internal))?;
    Ok(response)
}
