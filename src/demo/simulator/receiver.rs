//! The connected system: takes the answers that API channels send, believes only what is signed, and passes them to the customer.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, http::header::HeaderMap, rt, web};
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::{House, play::Heard};
use crate::{
    channels::standard_webhooks::{Header, Headers, ID_HEADER, SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER, verify},
    ids::{ChannelId, ConversationId, MessageId},
};

/// An answer to somebody nobody plays any more.
#[derive(Debug)]
pub(super) struct Stray {
    pub(super) channel: ChannelId,
    pub(super) conversation: ConversationId,
    pub(super) message: MessageId,
}

#[derive(Deserialize)]
struct Body {
    message: Answer,
}

#[derive(Deserialize)]
struct Answer {
    id: MessageId,
    conversation: ConversationId,
    to: To,
}

#[derive(Deserialize)]
struct To {
    id: String,
}

/// Ends with its value.
pub(super) struct Receiver {
    address: SocketAddr,
    server: ServerHandle,
}

#[derive(Clone)]
struct Shared {
    house: Arc<House>,
    strays: mpsc::Sender<Stray>,
}

impl Receiver {
    pub(super) fn start(house: Arc<House>, strays: mpsc::Sender<Stray>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Shared { house, strays };
        let routes = move || App::new().app_data(web::Data::new(shared.clone())).route("/{channel}", web::post().to(take));
        let server = HttpServer::new(routes).workers(1).disable_signals().shutdown_timeout(0).listen(listener)?.run();
        let receiver = Self { address, server: server.handle() };
        rt::spawn(server);
        Ok(receiver)
    }

    /// Where answers of this channel go.
    pub(super) fn address(&self, channel: ChannelId) -> String {
        format!("http://{}/{channel}", self.address)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // It is told now; nobody waits for its answer.
        drop(self.server.stop(false));
    }
}

async fn take(shared: web::Data<Shared>, request: HttpRequest, channel: web::Path<ChannelId>, body: Bytes) -> HttpResponse {
    let Shared { house, strays } = shared.get_ref();
    let channel = channel.into_inner();
    let account = house.demo.card.channels.iter().find(|account| account.id == channel);
    let secret = account.and_then(|account| account.secret.as_deref()?.parse::<SigningSecret>().ok());
    let header = |name| header(request.headers(), name);
    let headers = Headers { id: header(ID_HEADER), timestamp: header(TIMESTAMP_HEADER), signature: header(SIGNATURE_HEADER) };
    let believed = secret.is_some_and(|secret| verify(&[secret], headers, &body, house.clock.now()).is_ok());
    if !believed {
        return HttpResponse::Unauthorized().finish();
    }
    let Ok(Body { message: Answer { id: message, conversation, to } }) = serde_json::from_slice(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    match house.stage.find(&to.id) {
        Some(play) => play.tell(Heard::Answer(conversation, message)),
        None => drop(strays.try_send(Stray { channel, conversation, message })),
    }
    HttpResponse::Ok().finish()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Header<'a> {
    headers.get(name).map_or(Header::Missing, |value| Header::One(value.as_bytes()))
}
