//! The visitors' side of a web chat.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde::{Deserialize, Serialize};

use crate::{
    actors::engine::{Inbound, Received},
    channels::api::inbound::storable,
    directory::{Channel, Snapshot},
    domain::{
        channel::ChannelKind,
        contact::{Address, AddressKind},
    },
    error::ErrorCode,
    http::{input, once, problem::Problem, state::App},
    ids::{ChannelId, ConversationId, VisitorId},
    store::inbox::Claim,
};

/// The longest name a visitor may give, in characters.
const MAX_NAME: usize = 120;
/// The largest body, in bytes: the longest text with every character escaped.
const MAX_BODY_BYTES: usize = 6 * ChannelKind::Webchat.max_text_bytes() + 4096;

/// A visitor's session.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct VisitorSession {
    /// To be sent as `Authorization: Bearer` and as the first frame of the socket.
    pub token: String,
    /// Who the visitor is from now on.
    pub visitor: VisitorId,
}

/// What a visitor writes.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct VisitorMessage {
    /// Plain text.
    pub text: String,
    /// How the visitor wants to be called.
    #[serde(default)]
    #[ts(optional)]
    pub name: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct VisitorStored {
    /// In which conversation; none when the same message had been stored before.
    pub conversation: Option<ConversationId>,
    /// Its number there.
    #[ts(type = "number | null")]
    pub seq: Option<u64>,
}

/// `POST /widget/v1/{channel}/session`: a new visitor.
///
/// # Errors
/// 404 when there is no such web chat, 429.
pub async fn session(app: web::Data<App>, request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    allow(&app, &request)?;
    let channel: ChannelId = path.parse().map_err(|_| Problem::not_found())?;
    let account = account(&app, channel)?;
    let visitor: VisitorId = app.engine.ids.next();
    let session = VisitorSession { token: app.visitors.sign(account.id, visitor), visitor };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(session))
}

/// `POST /widget/v1/messages`: durable when answered; the `Idempotency-Key` makes a repetition harmless.
///
/// # Errors
/// 401 without a valid token, 413, 422, 429, 503.
pub async fn message(app: web::Data<App>, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    allow(&app, &request)?;
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let (channel, visitor) = app.visitors.read(token).ok_or_else(|| Problem::new(ErrorCode::SignedOutSession))?;
    let account = account(&app, channel)?;
    let key = once::key(&request)?.ok_or_else(|| Problem::new(ErrorCode::IdempotencyKeyMissing))?;
    let body = input::read(&request, &mut payload.into_inner(), MAX_BODY_BYTES).await?;
    let room = app.engine.room()?;
    let VisitorMessage { text, name } = input::parse(&body)?;
    let name: String = name.unwrap_or_default().chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    let inbound = Inbound {
        channel,
        kind: ChannelKind::Webchat,
        client: account.client,
        campaign: account.campaign,
        claim: Claim::new(channel, format!("{visitor}:{key}"), app.now()),
        from: Address { kind: AddressKind::Visitor, value: visitor.to_string() },
        name: name.trim().to_owned(),
        text: storable(&text),
        attachments: Vec::new(),
    };
    let stored = match app.engine.receive(room, inbound).await? {
        Received::Stored { conversation, seq } => VisitorStored { conversation: Some(conversation), seq: Some(seq) },
        Received::Repeated | Received::Quarantined => VisitorStored { conversation: None, seq: None },
    };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(stored))
}

fn allow(app: &App, request: &HttpRequest) -> Result<(), Problem> {
    let refused = |wait: std::time::Duration| Problem::later(ErrorCode::TooManyAttempts, wait.as_secs() + 1);
    app.throttle.visitor(app.peer(request)).map_err(refused)
}

fn account(app: &App, channel: ChannelId) -> Result<Arc<Channel>, Problem> {
    web_chat(&app.engine.directory.load(), channel).cloned().ok_or_else(Problem::not_found)
}

/// A web chat that is on, of a client that is on.
pub(super) fn web_chat(directory: &Snapshot, channel: ChannelId) -> Option<&Arc<Channel>> {
    let account = directory.channels.get(&channel).filter(|account| account.enabled && account.kind == ChannelKind::Webchat);
    account.filter(|account| directory.clients.get(&account.client).is_some_and(|client| client.enabled))
}
