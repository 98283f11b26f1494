//! `/api/v1/invitations`: how somebody who has nothing but a token chooses a password (security.md, 38 and 39).
//!
//! A token that is unknown, used, voided or expired, or whose user is switched off, gets one and the same answer after the same
//! work.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use crate::{
    auth::{
        password::check_rules,
        secret::SecretText,
        token::{TokenHash, looks_like_session},
    },
    domain::log::{By, Entity},
    error::ErrorCode,
    http::{input::Plain, once, problem::Problem, staff::me, state::App},
    store::{invitations, people, write::WriteError},
    wire::people::{AcceptInvitation, CheckInvitation, Invited},
};

fn not_valid() -> Problem {
    Problem::new(ErrorCode::InvitationNotValid)
}

async fn find(app: &App, request: &HttpRequest, token: &SecretText) -> Result<(TokenHash, invitations::Invited), Problem> {
    let later = |wait: std::time::Duration| Problem::later(ErrorCode::TooManyAttempts, wait.as_secs() + 1);
    app.throttle.invitation(app.peer(request)).map_err(later)?;
    if !looks_like_session(token.expose()) {
        return Err(not_valid());
    }
    let hash = TokenHash::of(token.expose());
    let invited = invitations::find(&app.engine.db, &hash, app.now()).await?;
    Ok((hash, invited.ok_or_else(not_valid)?))
}

/// `POST /check`: whom it invites, for the page that asks for the password.
///
/// # Errors
/// 404, 429.
pub async fn check(app: Data<App>, request: HttpRequest, body: Plain<CheckInvitation>) -> Result<HttpResponse, Problem> {
    let (_, invitations::Invited { login, name, kind, .. }) = find(&app, &request, &body.0.token).await?;
    once::ok(&Invited { kind, login, name })
}

/// `POST /accept`: uses the token up, sets the password and ends all sessions.
///
/// # Errors
/// 404; 422 for a password that breaks the rules; 429.
pub async fn accept(app: Data<App>, request: HttpRequest, body: Plain<AcceptInvitation>) -> Result<HttpResponse, Problem> {
    let AcceptInvitation { token, password } = body.0;
    check_rules(&password).map_err(|error| Problem::field("password", error.into(), error.to_string()))?;
    let (hash, invited) = find(&app, &request, &token).await?;
    let phc = me::phc(&app, password).await?;
    let user = invited.user;
    let statements =
        vec![invitations::take(&hash, user, app.now()), people::set_password(user, &phc), people::delete_sessions_of(user)];
    let fact = (Entity::User, user.to_string());
    let written = app.engine.journal.write(statements, Some(fact), By::User(user), None).await;
    written.map_err(|error| if matches!(error, WriteError::NotFound) { not_valid() } else { error.into() })?;
    app.sessions.forget_user(user);
    app.engine.reload().await;
    Ok(HttpResponse::NoContent().finish())
}
