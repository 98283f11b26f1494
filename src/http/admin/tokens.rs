//! `/api/v1/tokens`: bearer tokens for programs. Shown once when made.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};

use super::users::{check_scopes, may_change};
use crate::{
    auth::{
        session,
        token::{self, TokenHash},
    },
    domain::{
        log::Entity,
        permission::{Role, Scope},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{Check, ListQuery, NAME, page},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::TokenId,
    store::people::{self, NamedToken},
    wire::people::{NewToken, Token, TokenFields},
};

fn view(named: &NamedToken) -> Token {
    let session::Token { id, user, role, scopes, expires_at } = &named.token;
    Token {
        id: *id,
        name: named.name.clone(),
        user: *user,
        role: *role,
        scopes: scopes.clone(),
        created_at: named.created_at.into(),
        expires_at: expires_at.map(Into::into),
    }
}

/// Nobody sees or deletes a token that holds more than they do.
fn within(caller: &Caller, named: &NamedToken) -> bool {
    match named.token.user {
        // Its scopes are those of the person.
        Some(user) => caller.directory.users.get(&user).map_or(caller.covers(Scope::All), |user| may_change(caller, user)),
        None => named.token.scopes.iter().all(|scope| caller.covers(*scope)),
    }
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(app: Data<App>, caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let tokens = people::tokens(&app.engine.db).await?;
    let rows = tokens.iter().filter(|named| within(&caller, named)).map(|named| (named.token.id, view(named))).collect();
    once::ok(&page(rows, &query.0)?)
}

/// `POST`: makes one and shows it this once.
///
/// # Errors
/// 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<TokenFields>) -> Result<HttpResponse, Problem> {
    let Input { value: mut fields, once } = input;
    let now = app.now();
    let mut check = Check::default();
    check.line("name", &mut fields.name, NAME);
    match fields.user {
        Some(user) => {
            let known = caller.directory.users.get(&user).filter(|known| may_change(&caller, known));
            check.that(known.is_some(), "user", ErrorCode::UnknownReference, "no such user");
            let same = known.is_none_or(|known| known.role == fields.role);
            check.that(same, "role", ErrorCode::NotPossible, "the role of the person");
            check.that(fields.scopes.is_empty(), "scopes", ErrorCode::NotPossible, "a person's scopes are their own");
        }
        None => {
            check.that(fields.role != Role::Agent, "role", ErrorCode::NotPossible, "agents are people: say which with user");
            check.that(!fields.scopes.is_empty(), "scopes", ErrorCode::TooShort, "at least one");
            check_scopes(&mut check, &caller, &fields.scopes);
        }
    }
    let in_future = fields.expires_at.is_none_or(|at| at.0 > now);
    check.that(in_future, "expires_at", ErrorCode::OutOfRange, "in the future");
    check.done()?;

    let secret = token::for_program();
    let TokenFields { name, user, role, scopes, expires_at } = fields;
    let token = session::Token { id: app.engine.ids.next(), user, role, scopes, expires_at: expires_at.map(|at| at.0) };
    let named = NamedToken { token, name, created_at: now };
    let statements = vec![people::insert_token(&TokenHash::of(secret.expose()), &named)];
    let kept = NewToken { token: view(&named), secret: None };
    let shown = NewToken { secret: Some(secret.expose().clone()), ..kept.clone() };
    let fact = (Entity::Token, named.token.id.to_string());
    once.commit_secret(statements, fact, StatusCode::CREATED, &shown, &kept).await
}

/// `DELETE /{id}`: it is void at once.
///
/// # Errors
/// 404.
pub async fn delete(app: Data<App>, caller: Caller, id: Path<TokenId>, once: Once) -> Result<HttpResponse, Problem> {
    let tokens = people::tokens(&app.engine.db).await?;
    tokens.iter().find(|named| named.token.id == *id && within(&caller, named)).ok_or_else(Problem::not_found)?;
    let answer = once.commit_bare(vec![people::delete_token(*id)], (Entity::Token, id.to_string())).await?;
    app.sessions.forget_token(*id);
    Ok(answer)
}
