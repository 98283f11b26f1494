//! `POST /hooks/{channel}`: signed calls of connected systems (Standard Webhooks). The hottest route there is: no log line, no copy
//! of the configuration, no extractor that parses twice.

use std::fmt::Write;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CONTENT_TYPE, HeaderName, HeaderValue},
    web,
};
use bytes::Bytes;

use super::counters;
use crate::{
    actors::engine::{CommandError, Inbound, Received, Threading},
    channels::{
        api::inbound::{self, Call, Invalid, MAX_BODY_BYTES, Message, Receipt},
        standard_webhooks::{Header, Headers, ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, verify},
    },
    directory::Channel,
    domain::{channel::ChannelKind, conversation::Command, log::By, message::Attachment},
    error::ErrorCode,
    http::{
        input,
        problem::{self, Problem},
        state::App,
    },
    ids::{AttachmentId, ChannelId, ClientId, ConversationId},
    store::{attachments, contacts, conversations, inbox::Claim},
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ID: HeaderName = HeaderName::from_static(ID_HEADER);
const TIMESTAMP: HeaderName = HeaderName::from_static(TIMESTAMP_HEADER);
const SIGNATURE: HeaderName = HeaderName::from_static(SIGNATURE_HEADER);

/// The handler.
///
/// # Errors
/// 404 unknown or disabled channel, 401 signature, 413 size, 400 and 422 body, 429 and 503 overload.
pub async fn receive(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    let app = request.app_data::<web::Data<App>>().ok_or_else(|| Problem::new(ErrorCode::Internal))?;
    let id: ChannelId = request.match_info().get("channel").and_then(|id| id.parse().ok()).ok_or_else(Problem::not_found)?;
    with_channel(app, id, |_| Ok(()))?;
    let counters = counters::of(app, id);
    let outcome = take(app, &request, id, payload).await;
    match &outcome {
        Ok(Taken::Stored { .. } | Taken::Quarantined | Taken::Accepted) => counters.accepted.increment(1),
        Ok(Taken::Repeated) => counters.duplicate.increment(1),
        Err(problem) if matches!(problem.code(), ErrorCode::Busy | ErrorCode::Unavailable) => counters.overload.increment(1),
        Err(_) => counters.refused.increment(1),
    }
    outcome.map(Taken::answer)
}

enum Taken {
    Stored {
        conversation: ConversationId,
        seq: u64,
    },
    Repeated,
    /// Durable, but set aside: sending it again would not help.
    Quarantined,
    Accepted,
}

impl Taken {
    fn answer(self) -> HttpResponse {
        let body = match self {
            Self::Stored { conversation, seq } => {
                let mut body = String::with_capacity(112);
                let _ = write!(body, r#"{{"status":"stored","conversation":"{conversation}","seq":{seq}}}"#);
                Bytes::from(body)
            }
            Self::Repeated => Bytes::from_static(br#"{"status":"repeated"}"#),
            Self::Quarantined => Bytes::from_static(br#"{"status":"quarantined"}"#),
            Self::Accepted => Bytes::from_static(br#"{"status":"accepted"}"#),
        };
        HttpResponse::Ok().insert_header((CONTENT_TYPE, JSON)).body(body)
    }
}

fn with_channel<T>(app: &App, id: ChannelId, look: impl FnOnce(&Channel) -> Result<T, Problem>) -> Result<T, Problem> {
    let directory = app.engine.directory.peek();
    let channel = directory.channels.get(&id).filter(|channel| channel.enabled && channel.kind == ChannelKind::Api);
    let channel = channel.ok_or_else(Problem::not_found)?;
    let served = directory.clients.get(&channel.client).is_some_and(|client| client.enabled);
    if served { look(channel) } else { Err(Problem::not_found()) }
}

async fn take(app: &App, request: &HttpRequest, id: ChannelId, payload: web::Payload) -> Result<Taken, Problem> {
    let body = input::read(request, &mut payload.into_inner(), MAX_BODY_BYTES).await?;
    let room = app.engine.room().await?;
    let all = |name: HeaderName| Header::from_values(request.headers().get_all(name).map(|value| value.as_bytes()));
    let headers = Headers { id: all(ID), timestamp: all(TIMESTAMP), signature: all(SIGNATURE) };
    let (client, campaign) = with_channel(app, id, |channel| {
        let verified = verify(&channel.secrets, headers, &body, app.now());
        verified.map_err(|error| Problem::with(ErrorCode::from(error), error.to_string()))?;
        Ok((channel.client, channel.campaign))
    })?;
    match inbound::parse(&body).map_err(|invalid| of_invalid(invalid, &body))? {
        Call::Message(message) => {
            let files = message.attachments.clone();
            let attachments = if files.is_empty() { Vec::new() } else { find_files(app, client, &files).await? };
            let Message { id: provider_id, from, name, text, .. } = message;
            let address = if files.is_empty() { None } else { Some(from.clone()) };
            let claim = Claim::new(id, provider_id, app.now());
            let (kind, thread, mail) = (ChannelKind::Api, Threading::Contact, None);
            let inbound = Inbound { channel: id, kind, client, campaign, claim, from, name, text, attachments, thread, mail };
            let received = app.engine.receive(room, inbound).await?;
            if let Some(address) = address {
                bind_files(app, id, client, &address, received, &files).await?;
            }
            Ok(match received {
                Received::Stored { conversation, seq } => Taken::Stored { conversation, seq },
                Received::Repeated => Taken::Repeated,
                Received::Quarantined => Taken::Quarantined,
            })
        }
        Call::Receipt(receipt) => move_delivery(app, id, receipt).await,
    }
}

fn of_invalid(invalid: Invalid, body: &[u8]) -> Problem {
    match invalid {
        Invalid::Json(error) => problem::of_json(&error, body),
        Invalid::Field(field, code, detail) => Problem::field(field, code, detail),
    }
}

/// Files uploaded before for messages of this client.
async fn find_files(app: &App, client: ClientId, ids: &[AttachmentId]) -> Result<Vec<Attachment>, Problem> {
    let mut files = Vec::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        let found = attachments::find(&app.engine.db, *id).await?;
        match found.filter(|stored| stored.client == client) {
            Some(stored) => files.push(stored.file),
            None => {
                let field = format!("message.attachments.{index}.id");
                return Err(Problem::field(&field, ErrorCode::UnknownReference, "no such attachment for this client"));
            }
        }
    }
    Ok(files)
}

/// Gives the files to the conversation before the call is acknowledged. After a crash in between, the repeated call does it.
pub(in crate::http) async fn bind_files(
    app: &App,
    channel: ChannelId,
    client: ClientId,
    from: &crate::domain::contact::Address,
    received: Received,
    files: &[AttachmentId],
) -> Result<(), Problem> {
    let db = &app.engine.db;
    let conversation = match received {
        Received::Stored { conversation, .. } => conversation,
        Received::Quarantined => return Ok(()),
        Received::Repeated => {
            let Some(contact) = contacts::by_address(db, client, from).await? else { return Ok(()) };
            let Some(open) = conversations::open_with(db, channel, contact.id).await? else { return Ok(()) };
            for file in files {
                if !attachments::holds(db, open.id, *file).await? {
                    return Ok(());
                }
            }
            open.id
        }
    };
    let statements = files.iter().map(|file| attachments::bind(*file, conversation)).collect();
    Ok(app.engine.journal.write(statements, None, By::Contact, None).await?)
}

/// Both ids are checked against this channel: a secret moves nothing of another one.
async fn move_delivery(app: &App, channel: ChannelId, receipt: Receipt) -> Result<Taken, Problem> {
    let Receipt { conversation, message, status, reason } = receipt;
    let db = &app.engine.db;
    let state = conversations::state(db, conversation).await?;
    state.filter(|state| state.channel == channel).ok_or_else(Problem::not_found)?;
    let stored = conversations::delivery(db, conversation, message).await?.ok_or_else(Problem::not_found)?;
    let command = Command::MoveDelivery { message, stored: Some(stored), to: status, reason };
    match app.engine.command(conversation, command, By::System, None).await {
        Ok(_) => Ok(Taken::Accepted),
        Err(CommandError::AnsweredBefore) => Ok(Taken::Repeated),
        Err(error) => Err(error.into()),
    }
}
