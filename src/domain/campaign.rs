//! Campaigns: what a queue of conversations is configured to do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{conversation::Rules, schedule::Openness},
    ids::{AgentId, CampaignId, ClientId, DispositionId, ScheduleId},
};

/// What happens to a new conversation out of hours (S1-8 to S1-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum OutOfHours {
    /// Closed at once with the system disposition "out of hours".
    Close,
    /// Waits for the next opening.
    Queue,
}

/// A campaign's configuration in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// The company served (S1-3).
    pub client: ClientId,
    /// 1 to 120 characters (S1-5).
    pub name: String,
    /// Off: nothing is admitted, nothing offered (S4-17).
    pub enabled: bool,
    /// Between campaigns the higher weight is served first, strictly (routing.md); 1 to 100.
    pub weight: u8,
    /// When the campaign is open; none = always (S1-7).
    pub schedule: Option<ScheduleId>,
    /// What a new conversation meets out of hours.
    pub out_of_hours: OutOfHours,
    /// Sent to who writes out of hours; none = "do not send" (S1-11 to S1-13).
    pub out_of_hours_message: Option<String>,
    /// Conversations of this campaign one agent may hold at once, 1 to 10,000 (S4-16).
    pub max_per_agent: u32,
    /// Offers are accepted by themselves.
    pub auto_accept: bool,
    /// How long an offer stays open, 5 to 600 s.
    pub offer_seconds: u32,
    /// How long a transfer to an agent stays open, 5 to 600 s.
    pub transfer_seconds: u32,
    /// Time after closing in which the agent still holds the conversation, 0 to 900 s.
    pub wrap_up_seconds: u32,
    /// S1-21: agents may close without having replied.
    pub close_without_reply: bool,
    /// S1-22: agents may transfer to agents.
    pub agent_transfer: bool,
    /// S1-20: attachments may be sent.
    pub attachments: bool,
    /// S1-18: offered when closing; when there are any, one is needed.
    pub dispositions: Vec<DispositionId>,
    /// S1-16: closes the segment of a transfer.
    pub transfer_disposition: Option<DispositionId>,
}

impl Campaign {
    /// The part of the configuration that a conversation's own rules need.
    pub fn rules(&self) -> Rules {
        Rules {
            transfer_timeout: Duration::from_secs(self.transfer_seconds.into()),
            wrap_up: Duration::from_secs(self.wrap_up_seconds.into()),
            auto_accept: self.auto_accept,
            close_without_reply: self.close_without_reply,
            agent_transfer: self.agent_transfer,
            attachments: self.attachments,
            needs_disposition: !self.dispositions.is_empty(),
            transfer_disposition: self.transfer_disposition,
        }
    }
}

/// An agent in a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub agent: AgentId,
    /// Where.
    pub campaign: CampaignId,
    /// 0 to 100; the lower is preferred.
    pub penalty: u8,
}

/// What a Campaign actor tells the Router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The configuration.
    pub campaign: Campaign,
    /// Whether it is open now, and until when.
    pub openness: Openness,
}
