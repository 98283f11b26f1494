//! An attempt on an API channel: one signed call.

use std::{sync::Arc, time::Duration};

use reqwest::{
    Client, Response, Url,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};

use super::{Attempt, Outcome, judge};
use crate::{
    channels::{
        api::outbound::{self, Noted, SignedCall},
        standard_webhooks::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER},
    },
    directory::Channel,
    ids::ChannelId,
    store::{conversations, outbox::Outgoing},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(15);
/// Shorter than receivers usually keep an idle connection, so that a call seldom meets one that is being closed.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);
/// An answer's body is read so that the connection can be used again, never for what it says.
const BODY_READ: usize = 64 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(1);

/// The client that all outboxes share. The process must have a crypto provider.
///
/// # Errors
/// When the platform's certificates cannot be read.
pub fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .user_agent(concat!("Centralita/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .pool_idle_timeout(IDLE_CONNECTION)
        .redirect(Policy::none())
        .build()
}

/// Where a channel account's messages go.
#[derive(Clone)]
pub(in super::super) struct Target {
    channel: Arc<Channel>,
    url: Url,
}

impl Target {
    /// None while the account is switched off, or cannot send: it has no address, or nothing to sign with.
    pub(in super::super) fn of(channel: &Arc<Channel>) -> Option<Self> {
        let url = channel.endpoint.as_deref().and_then(|text| Url::parse(text).ok())?;
        let usable = channel.enabled && !channel.secrets.is_empty() && matches!(url.scheme(), "http" | "https");
        usable.then(|| Self { channel: Arc::clone(channel), url })
    }

    pub(super) fn channel(&self) -> ChannelId {
        self.channel.id
    }
}

impl Attempt {
    /// None: there is nothing to sign with any more, or something cannot be read now.
    pub(super) async fn call(&self, target: &Target, outgoing: &Outgoing) -> Option<Outcome> {
        let noted = self.noted(target).await?;
        let body = outbound::body(self.conversation, &outgoing.message, &outgoing.address, &noted, &self.shared.origin).ok()?;
        let call = outbound::signed(body, self.item.message, &target.channel.secrets, self.shared.clock.now())?;
        Some(self.post(target, call).await)
    }

    /// What is noted in dynamic fields now. Only of a client that has any the store is asked; none: it does not answer.
    async fn noted(&self, target: &Target) -> Option<Noted> {
        let directory = self.shared.directory.load();
        let client = target.channel.client;
        if !directory.fields.values().any(|field| field.client == client) {
            return Some(Noted::new());
        }
        let noted = conversations::noted(&self.shared.db, self.conversation).await;
        let noted = noted.inspect_err(|error| tracing::error!(%error, "cannot read what goes with a message")).ok()?;
        let by_key = noted.into_iter().filter_map(|(id, value)| Some((directory.fields.get(&id)?.key.clone(), value)));
        Some(by_key.collect())
    }

    async fn post(&self, target: &Target, call: SignedCall) -> Outcome {
        let SignedCall { body, id, timestamp, signature } = call;
        let request = self.shared.client.post(target.url.clone()).header(CONTENT_TYPE, "application/json");
        let request = request.header(ID_HEADER, id).header(TIMESTAMP_HEADER, timestamp).header(SIGNATURE_HEADER, signature);
        match request.body(body).send().await {
            Ok(response) => {
                let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                let outcome = judge::judge(response.status().as_u16(), retry_after, self.shared.clock.now());
                let _ = tokio::time::timeout(BODY_TIMEOUT, drain(response)).await;
                outcome
            }
            Err(error) => self.without_answer(&error.without_url()),
        }
    }

    /// Before there was a connection nothing was written. After that the receiver may have the message.
    fn without_answer(&self, error: &reqwest::Error) -> Outcome {
        let (message, channel, attempt) = (self.item.message, self.way.channel(), self.item.attempts + 1);
        if error.is_connect() || error.is_builder() {
            tracing::info!(%error, %message, %channel, attempt, "a message could not be sent");
            return Outcome::Refused { retry_after: None };
        }
        tracing::warn!(%error, %message, %channel, attempt, "a message was sent and not answered: its outcome is unknown");
        Outcome::Unknown
    }
}

async fn drain(mut response: Response) {
    let mut left = BODY_READ;
    while let Ok(Some(chunk)) = response.chunk().await {
        let Some(rest) = left.checked_sub(chunk.len()) else { return };
        left = rest;
    }
}
