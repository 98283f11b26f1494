//! Visitors come into being: anonymous, or identified by the server of the page they are on.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde::{Deserialize, Serialize};

use super::{account, allow, later, private};
use crate::{
    auth::{
        identity::{self, Identity, MAX_TOKEN_BYTES},
        visitor::Bearer,
    },
    directory::Channel,
    domain::{
        contact::{Address, AddressKind},
        log::{By, Entity},
    },
    error::ErrorCode,
    http::{caller::check_origin, input, problem::Problem, state::App},
    ids::{ChannelId, ContactId, VisitorId},
    store::{StoreError, contacts, write::WriteError},
    wire::Time,
};

const MAX_BODY_BYTES: usize = MAX_TOKEN_BYTES + 256;

/// Who comes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct NewVisitor {
    /// A JSON Web Token that the company's server has signed (docs/web-chat.md). Without it the visitor is anonymous.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub identity: Option<String>,
}

/// A visitor's session.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct VisitorSession {
    /// To be sent as `Authorization: Bearer` and as the first frame of the socket.
    pub token: String,
    /// Who the visitor is from now on. Who is identified is the same on every device.
    pub visitor: VisitorId,
    /// Identified visitors: when the token stops counting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub expires_at: Option<Time>,
}

/// `POST /widget/v1/{channel}/session`: a new visitor, or one who is known by the company.
///
/// # Errors
/// 404 when there is no such web chat; 401 for an identity that does not count; 403 from a page that may not show the chat;
/// 429.
pub async fn session(
    app: web::Data<App>,
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    allow(&app, &request)?;
    let channel: ChannelId = path.parse().map_err(|_| Problem::not_found())?;
    let account = account(&app, channel)?;
    from_a_page_that_may(&app, &request, &account)?;
    app.throttle.new_visitor(app.peer(&request)).map_err(later)?;
    let body = input::read(&request, &mut payload.into_inner(), MAX_BODY_BYTES).await?;
    let asked: NewVisitor = if body.is_empty() { NewVisitor::default() } else { input::parse(&body)? };
    let bearer = match asked.identity {
        None => Bearer { channel, visitor: app.engine.ids.next(), until: None },
        Some(token) => identify(&app, &account, &token).await?,
    };
    private(&VisitorSession {
        token: app.visitors.sign(&bearer),
        visitor: bearer.visitor,
        expires_at: bearer.until.map(Into::into),
    })
}

/// Browsers say where a request comes from: this server's own pages (the frame is one of them), or one of the pages that may
/// show the chat. Programs say nothing.
fn from_a_page_that_may(app: &App, request: &HttpRequest, account: &Channel) -> Result<(), Problem> {
    let Some(origin) = request.headers().get(header::ORIGIN) else { return Ok(()) };
    if origin.to_str().is_ok_and(|origin| account.webchat.allows(origin)) {
        return Ok(());
    }
    check_origin(app, request)
}

async fn identify(app: &App, account: &Channel, token: &str) -> Result<Bearer, Problem> {
    let wrong = |error: identity::IdentityError| Problem::with(ErrorCode::IdentityInvalid, error.to_string());
    let identity = identity::verify(token, &account.secrets, account.id, app.now()).map_err(wrong)?;
    let visitor = app.visitors.identified(account.client, &identity.subject);
    // Two devices at once: who comes second finds what the first has made.
    if let Err(WriteError::Store(StoreError::Conflict(_))) = bind(app, account, &identity, visitor).await? {
        bind(app, account, &identity, visitor).await??;
    }
    Ok(Bearer { channel: account.id, visitor, until: Some(identity.until) })
}

/// The contact with this number of the company's gets this visitor's address; who is new comes into being.
async fn bind(app: &App, account: &Channel, identity: &Identity, visitor: VisitorId) -> Result<Result<(), WriteError>, Problem> {
    let (db, client, now) = (&app.engine.db, account.client, app.now());
    let known_as = Address { kind: AddressKind::Webchat, value: identity.subject.clone() };
    let chats_as = Address { kind: AddressKind::Visitor, value: visitor.to_string() };
    let mut statements = Vec::new();
    let contact: ContactId = match contacts::by_address(db, client, &known_as).await? {
        Some(known) => {
            if contacts::by_address(db, client, &chats_as).await?.is_none() {
                statements.push(contacts::insert_address(client, known.id, &chats_as, now));
            }
            if known.name.is_empty() && !identity.name.is_empty() {
                statements.push(contacts::set_name(known.id, &identity.name));
            }
            known.id
        }
        None => {
            let id = app.engine.ids.next();
            statements.push(contacts::insert(id, client, &identity.name, now));
            statements.push(contacts::insert_address(client, id, &known_as, now));
            statements.push(contacts::insert_address(client, id, &chats_as, now));
            let email = identity.email.as_deref().and_then(|email| Address::new(AddressKind::Email, email));
            // Somebody else may have it already; which of the two is right is for people to decide.
            statements.extend(email.map(|email| contacts::offer_address(id, client, &email, now)));
            id
        }
    };
    if statements.is_empty() {
        return Ok(Ok(()));
    }
    let fact = Some((Entity::Contact, contact.to_string()));
    Ok(app.engine.journal.write(statements, fact, By::Contact, None).await)
}
