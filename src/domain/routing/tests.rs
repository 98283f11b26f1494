//! Promises by example, properties against a model that scans everything, and the cost at full size.

mod chance;
mod days;
mod examples;
mod full;
mod growth;
mod invariants;
mod members;
mod modes;
mod naive;
mod orders;
mod overdue;
mod policies;
mod properties;
mod scale;
mod skills;
mod slices;
mod steer;
mod steps;
mod why;
mod world;

use crate::{
    clock::Timestamp,
    domain::{
        campaign::{Campaign, CampaignPermissions, OutOfHours},
        schedule::Openness,
        service::Service,
        skill::Asking,
        strategy::Strategy,
        waiting::Limits,
    },
    ids::{AgentId, CampaignId, ClientId, ConversationId, OfferId},
};

fn agent(number: u8) -> AgentId {
    AgentId::from_u128(number.into())
}

fn campaign(number: u8) -> CampaignId {
    CampaignId::from_u128(number.into())
}

fn conversation(number: u8) -> ConversationId {
    ConversationId::from_u128(number.into())
}

fn offer_id(number: u128) -> OfferId {
    OfferId::from_u128(number)
}

fn second(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

const CLOSED: Openness = Openness::Closed { since: Some(Timestamp::from_micros(0)), until: None };

pub(in crate::domain) fn plain_campaign(id: CampaignId) -> Campaign {
    Campaign {
        id,
        client: ClientId::from_u128(1),
        project: None,
        archived_at: None,
        name: "Support".to_owned(),
        enabled: true,
        weight: 50,
        revision: 7,
        strategy: Strategy::default(),
        limits: Limits::default(),
        asking: Asking::default(),
        service: Service::default(),
        schedule: None,
        out_of_hours: OutOfHours::Queue,
        out_of_hours_message: None,
        max_per_agent: 100,
        auto_accept: false,
        offer_seconds: 20,
        transfer_seconds: 30,
        wrap_up_seconds: 0,
        closing: Default::default(),
        holding: Default::default(),
        offering: Default::default(),
        mail: Default::default(),
        permissions: CampaignPermissions { close_unanswered: true, ..CampaignPermissions::default() },
        fields: vec![],
        dispositions: vec![],
        transfer_disposition: None,
    }
}
