//! Who asks: found once per request, by cookie or bearer token, and taken by handlers as [`Caller`].

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{Method, header},
};

use crate::{
    auth::{
        session::{COOKIE, Known, LIFETIME},
        token::{self, TokenHash},
    },
    directory::Snapshot,
    domain::{
        log::By,
        permission::{Permission, Place, Scope, Subject, may},
    },
    error::ErrorCode,
    http::{problem::Problem, state::App},
    ids::{CampaignId, SessionId, UserId},
    live::StillValid,
    store::people,
};

/// Who asks, with the configuration as it was when the request came.
#[derive(Clone)]
pub struct Caller {
    /// What they may do where.
    pub subject: Arc<Subject>,
    /// As the log names them.
    pub by: By,
    /// The browser session; none for programs.
    pub session: Option<SessionId>,
    /// The configuration in force, taken once.
    pub directory: Arc<Snapshot>,
}

impl Caller {
    /// The person; for a program nobody.
    pub fn user(&self) -> UserId {
        self.subject.user
    }

    /// A program of its own, not a person nor a token that acts as one.
    pub fn is_program(&self) -> bool {
        self.user() == UserId::NIL
    }

    /// Whether they may do this there.
    pub fn may(&self, permission: Permission, place: Place) -> bool {
        may(&self.subject, permission, place)
    }

    /// What they may not do does not exist for them.
    ///
    /// # Errors
    /// 404.
    pub fn require(&self, permission: Permission, place: Place) -> Result<(), Problem> {
        if self.may(permission, place) { Ok(()) } else { Err(Problem::not_found()) }
    }

    /// Where a campaign lies.
    pub fn place(&self, campaign: CampaignId) -> Place {
        self.directory.place_of_campaign(campaign)
    }

    /// Whether the caller's scopes hold this one, so that the caller may hand it on.
    pub fn covers(&self, scope: Scope) -> bool {
        let place = match scope {
            Scope::All => return self.subject.scopes.contains(&Scope::All),
            Scope::Client(client) => Place::client(client),
            Scope::Campaign(campaign) => self.place(campaign),
        };
        self.subject.scopes.iter().any(|held| match *held {
            Scope::All => true,
            Scope::Client(client) => place.client == Some(client),
            Scope::Campaign(campaign) => place.campaign == Some(campaign),
        })
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Self>().cloned().ok_or_else(|| Problem::new(ErrorCode::SignedOutSession)))
    }
}

/// Finds out who asks. A bearer token counts before a cookie; an invalid one is an error even when the cookie is good.
///
/// # Errors
/// 401 when there is no valid session or token, 503 when the store cannot be asked.
pub async fn authenticate(app: &App, request: &HttpRequest) -> Result<Caller, Problem> {
    let nobody = || Problem::new(ErrorCode::SignedOutSession);
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let text = value.to_str().ok().and_then(|text| text.split_once(' '));
        let bearer = text.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let hash = bearer.filter(|token| token::looks_like_bearer(token)).map(TokenHash::of).ok_or_else(nobody)?;
        let Some(Known::Token(token)) = look_up(app, hash, Kind::Token).await? else { return Err(nobody()) };
        let directory = app.engine.directory.load();
        let (subject, by) = match token.user {
            Some(user) => (directory.subject(user).ok_or_else(nobody)?, By::User(user)),
            // A program is no person: it owns no conversation and no presence.
            None => (Subject { user: UserId::NIL, role: token.role, scopes: token.scopes }, By::Program(token.id)),
        };
        return Ok(Caller { subject: Arc::new(subject), by, session: None, directory });
    }
    let cookie = request.cookie(COOKIE).ok_or_else(nobody)?;
    if !token::looks_like_session(cookie.value()) {
        return Err(nobody());
    }
    let hash = TokenHash::of(cookie.value());
    let Some(Known::Session(session)) = look_up(app, hash, Kind::Session).await? else { return Err(nobody()) };
    let directory = app.engine.directory.load();
    let subject = directory.subject(session.user).ok_or_else(nobody)?;
    if app.sessions.renew(&hash, app.now()) {
        renew(app, hash, session.user);
    }
    Ok(Caller { subject: Arc::new(subject), by: By::User(session.user), session: Some(session.id), directory })
}

#[derive(Clone, Copy)]
enum Kind {
    Session,
    Token,
}

async fn look_up(app: &App, hash: TokenHash, kind: Kind) -> Result<Option<Known>, Problem> {
    let now = app.now();
    if let Some(known) = app.sessions.get(&hash) {
        return Ok(known.is_valid(now).then_some(known));
    }
    let before = app.sessions.generation();
    let db = &app.engine.db;
    let found = match kind {
        Kind::Session => people::session(db, &hash, now).await?.map(Known::Session),
        Kind::Token => people::token(db, &hash).await?.map(Known::Token),
    };
    let Some(known) = found.filter(|known| known.is_valid(now)) else { return Ok(None) };
    app.sessions.remember(before, hash, known.clone());
    Ok(Some(known))
}

/// Whether what `request` came with still holds: for connections that outlive the request.
pub fn still_valid(app: &App, request: &HttpRequest) -> StillValid {
    let (app, credential) = (app.clone(), credential_of(request));
    Box::new(move || {
        let (app, credential) = (app.clone(), credential);
        Box::pin(async move {
            match credential {
                Some((hash, kind)) => match look_up(&app, hash, kind).await {
                    Ok(Some(Known::Session(session))) => {
                        // An open socket is use: a shift is longer than a session.
                        if app.sessions.renew(&hash, app.now()) {
                            renew(&app, hash, session.user);
                        }
                        true
                    }
                    // An answer that cannot be had is no revocation.
                    Ok(Some(Known::Token(_))) | Err(_) => true,
                    Ok(None) => false,
                },
                None => false,
            }
        })
    })
}

fn credential_of(request: &HttpRequest) -> Option<(TokenHash, Kind)> {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let (_, token) = value.to_str().ok()?.split_once(' ')?;
        return Some((TokenHash::of(token.trim()), Kind::Token));
    }
    request.cookie(COOKIE).map(|cookie| (TokenHash::of(cookie.value()), Kind::Session))
}

/// Beside the request: it need not wait for the disk, and a renewal that is lost is made again.
fn renew(app: &App, hash: TokenHash, user: UserId) {
    let app = app.clone();
    actix_web::rt::spawn(async move {
        let statement = people::renew_session(&hash, app.now() + LIFETIME);
        if let Err(error) = app.engine.journal.write(vec![statement], None, By::User(user), None).await {
            tracing::debug!(%error, "a session was not renewed");
        }
    });
}

/// Whether a method may change something.
pub fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// Whether the request comes from a page of this server (security.md, 29 and 43): its `Origin`, or failing that its `Referer`, must be the
/// configured public origin; without one configured, the `Host` the request was sent to.
///
/// # Errors
/// 403.
pub fn check_origin(app: &App, request: &HttpRequest) -> Result<(), Problem> {
    let wrong = || Problem::new(ErrorCode::WrongOrigin);
    let headers = request.headers();
    let one = |name: header::HeaderName| {
        let mut values = headers.get_all(name);
        let first = values.next().and_then(|value| value.to_str().ok());
        if values.next().is_some() { None } else { first }
    };
    let page = if headers.contains_key(header::ORIGIN) { one(header::ORIGIN) } else { one(header::REFERER) };
    let origin = origin_of(page.ok_or_else(wrong)?).ok_or_else(wrong)?;
    let same = match &app.origin {
        Some(expected) => origin.eq_ignore_ascii_case(expected),
        None => {
            let host = one(header::HOST).ok_or_else(wrong)?;
            origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
        }
    };
    if same { Ok(()) } else { Err(wrong()) }
}

/// Scheme and authority of an address.
fn origin_of(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let authority = rest.find(['/', '?', '#', '\\']).map_or(rest.len(), |end| end);
    address.get(..scheme.len() + "://".len() + authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_and_authority() {
        assert_eq!(origin_of("https://help.example.com"), Some("https://help.example.com"));
        assert_eq!(origin_of("https://help.example.com/a?b"), Some("https://help.example.com"));
        assert_eq!(origin_of("https://help.example.com.evil.test/"), Some("https://help.example.com.evil.test"));
        assert_eq!(origin_of("https://help.example.com\\.evil.test/"), Some("https://help.example.com"));
        assert_eq!(origin_of("null"), None);
        assert_eq!(origin_of("javascript://x"), None);
    }
}
