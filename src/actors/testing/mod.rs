//! A small contact center for tests: the whole engine over a scratch database, with recorders in the place of sockets.
//!
//! | file | what is there |
//! |---|---|
//! | [`house`] | the engine, running, and what somebody does with it |
//! | [`tab`] | an agent at a screen: the frames that a tab gets, and what a client makes of them |

mod house;
mod tab;

pub(crate) use self::{
    house::{House, Plan},
    tab::{Desk, Recorder, Tab},
};

use std::{future::Future, time::Duration};

use actix::System;

use crate::{
    channels::email::post::net::{Network, Reach},
    clock::Clock,
    ids::{AgentId, BreakId, CampaignId, ChannelId, ClientId, DispositionId, UserId},
    store::testing::Scratch,
};

/// Longer than anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const CLIENT: ClientId = ClientId::from_u128(1);
/// The campaign of the channel; Ana and Luis are its members.
pub(crate) const SALES: CampaignId = CampaignId::from_u128(2);
/// A campaign of the same client; Eva is its member.
pub(crate) const SUPPORT: CampaignId = CampaignId::from_u128(3);
pub(crate) const CHANNEL: ChannelId = ChannelId::from_u128(4);
pub(crate) const ANA: AgentId = AgentId::from_u128(5);
pub(crate) const LUIS: AgentId = AgentId::from_u128(6);
pub(crate) const EVA: AgentId = AgentId::from_u128(7);
pub(crate) const SOL: UserId = UserId::from_u128(8);
pub(crate) const LUNCH: BreakId = BreakId::from_u128(9);
pub(crate) const SOLVED: DispositionId = DispositionId::from_u128(10);

/// Runs a test inside an actix system, on every database there is.
pub(crate) fn on_both<F: Future<Output = ()>>(test: impl Fn(Scratch) -> F) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    System::new().block_on(async { test(Scratch::sqlite()).await });
    if let Ok(server) = std::env::var("CENTRALITA_TEST_POSTGRES") {
        System::new().block_on(async { test(Scratch::postgres(&server).await).await });
    }
}

/// The way to mail servers of this machine.
pub(crate) fn network() -> Network {
    Network::new(Clock::system(), Reach::Anywhere, None).unwrap()
}

/// Asks until there is an answer.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let clock = Clock::system();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(clock.elapsed() < PATIENCE, "waited too long: {what}");
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

thread_local! {
    static LOSES_HINTS: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether the publisher on this thread hears nothing from the journal.
pub(crate) fn loses_hints() -> bool {
    LOSES_HINTS.get()
}

/// A provider id that makes a conversation panic.
pub(crate) const POISON: &str = "poison";

/// Called before a conversation takes a message in.
pub(crate) fn trip_over(provider_id: &str) {
    assert!(!provider_id.starts_with(POISON), "tripped over {provider_id}, as planned");
}
