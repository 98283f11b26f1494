//! What visitors write.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use super::{Known, files, known, later, private};
use crate::{
    actors::engine::{Inbound, Received, Threading},
    channels::api::inbound::{MAX_ATTACHMENTS, storable},
    domain::channel::ChannelKind,
    error::ErrorCode,
    http::{input, once, problem::Problem, state::App, webhooks::bind_files},
    ids::{AttachmentId, ConversationId},
    store::inbox::Claim,
};

/// The longest name a visitor may give, in characters.
const MAX_NAME: usize = 120;
/// The largest body, in bytes: the longest text with every character escaped.
const MAX_BODY_BYTES: usize = 6 * ChannelKind::Webchat.max_text_bytes() + 4096;

/// What a visitor writes.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct VisitorMessage {
    /// Plain text; may be empty when there are attachments.
    pub text: String,
    /// How the visitor wants to be called.
    #[serde(default)]
    #[ts(optional)]
    pub name: Option<String>,
    /// Files that this visitor has uploaded, at most 10.
    #[serde(default)]
    #[ts(as = "Option<Vec<AttachmentId>>", optional)]
    pub attachments: Vec<AttachmentId>,
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

/// `POST /widget/v1/messages`: durable when answered; the `Idempotency-Key` makes a repetition harmless.
///
/// # Errors
/// 401 without a valid token, 413, 422, 429, 503.
pub async fn message(app: web::Data<App>, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    let known = known(&app, &request)?;
    app.throttle.message(known.bearer.visitor).map_err(later)?;
    let key = once::key(&request)?.ok_or_else(|| Problem::new(ErrorCode::IdempotencyKeyMissing))?;
    let body = input::read(&request, &mut payload.into_inner(), MAX_BODY_BYTES).await?;
    let room = app.engine.room().await?;
    let VisitorMessage { text, name, attachments } = input::parse(&body)?;
    if attachments.len() > MAX_ATTACHMENTS {
        return Err(Problem::field("attachments", ErrorCode::TooLong, "at most 10"));
    }
    let files = files::own(&app, &known, &attachments).await?;
    let Known { bearer, account } = &known;
    let name: String = name.unwrap_or_default().chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    let inbound = Inbound {
        channel: account.id,
        kind: ChannelKind::Webchat,
        client: account.client,
        campaign: account.campaign,
        claim: Claim::new(account.id, format!("{}:{key}", bearer.visitor), app.now()),
        from: known.address(),
        name: name.trim().to_owned(),
        text: storable(&text),
        attachments: files,
        thread: Threading::Contact,
        mail: None,
    };
    let received = app.engine.receive(room, inbound).await?;
    if !attachments.is_empty() {
        bind_files(&app, account.id, account.client, &known.address(), received, &attachments).await?;
    }
    private(&match received {
        Received::Stored { conversation, seq } => VisitorStored { conversation: Some(conversation), seq: Some(seq) },
        Received::Repeated | Received::Quarantined => VisitorStored { conversation: None, seq: None },
    })
}
