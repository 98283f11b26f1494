//! Campaigns: what a queue of conversations is configured to do.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::{
        channel::KindSet, closing::Closing, contact, conversation::Rules, field, holding::Holding, mail_settings::MailSettings,
        offering::Offering, routing::Day, schedule::Openness, service::Service, skill::Asking, strategy::Strategy,
        waiting::Limits,
    },
    ids::{AgentId, CampaignId, ClientId, DispositionId, ProjectId, ScheduleId},
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

/// What agents may do and see in a campaign (S1-20 to S1-26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct CampaignPermissions {
    /// Files may be sent (S1-20). On by default.
    #[ts(as = "Option<bool>")]
    pub external_resources: bool,
    /// Agents may close without having replied (S1-21). Off by default.
    #[ts(as = "Option<bool>")]
    pub close_unanswered: bool,
    /// Agents may transfer to agents (S1-22). On by default.
    #[ts(as = "Option<bool>")]
    pub transfer_to_agents: bool,
    /// Agents may transfer to other campaigns and to who has a skill. On by default.
    #[ts(as = "Option<bool>")]
    pub transfer_to_campaigns: bool,
    /// Emoticons may be sent (S1-23). On by default.
    #[ts(as = "Option<bool>")]
    pub emoticons: bool,
    /// Agents see the customer's number (S1-24); else only its last four digits. On by default.
    #[ts(as = "Option<bool>")]
    pub show_contact_number: bool,
    /// Agents may read earlier conversations of the contact (S1-25). On by default.
    #[ts(as = "Option<bool>")]
    pub history: bool,
    /// How far back that history goes (S1-26), 1 to 87,600 hours; none = without end.
    #[ts(as = "Option<u32>")]
    pub history_hours: Option<u32>,
}

impl Default for CampaignPermissions {
    fn default() -> Self {
        Self {
            external_resources: true,
            close_unanswered: false,
            transfer_to_agents: true,
            transfer_to_campaigns: true,
            emoticons: true,
            show_contact_number: true,
            history: true,
            history_hours: None,
        }
    }
}

impl CampaignPermissions {
    /// Since when agents may read earlier conversations of a contact; none = not at all.
    pub fn history_since(&self, now: Timestamp) -> Option<Timestamp> {
        let hours = self.history.then_some(self.history_hours)?;
        let back = |hours: u32| now - Duration::from_secs(u64::from(hours) * 3600);
        Some(hours.map_or(Timestamp::from_micros(0), back))
    }

    /// A contact's address as agents see it.
    pub fn shown(&self, address: &str) -> String {
        if self.show_contact_number { address.to_owned() } else { contact::masked(address) }
    }

    /// A contact's name as agents see it: what holds a number that they must not know is no name to call somebody by.
    pub fn shown_name(&self, name: &str) -> String {
        if self.shown(name) == name { name.to_owned() } else { String::new() }
    }
}

/// A campaign's configuration in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// The company served (S1-3).
    pub client: ClientId,
    /// The client's project it belongs to (S1-4).
    pub project: Option<ProjectId>,
    /// Since when it is put away; it is switched off then (S4-30).
    pub archived_at: Option<Timestamp>,
    /// 1 to 120 characters (S1-5).
    pub name: String,
    /// Off: nothing is admitted, nothing offered (S4-17).
    pub enabled: bool,
    /// Between campaigns the higher weight is served first, strictly (routing.md); 1 to 100.
    pub weight: u8,
    /// Counts the changes of its configuration, from 1.
    pub revision: u32,
    /// How it chooses who gets what.
    pub strategy: Strategy,
    /// How much may wait.
    pub limits: Limits,
    /// What it asks of who serves.
    pub asking: Asking,
    /// How well it is to be served, and by whom.
    pub service: Service,
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
    /// What holds for offers of some kinds only.
    pub offering: Offering,
    /// How long a transfer to an agent stays open, 5 to 600 s; 0 = until somebody ends it.
    pub transfer_seconds: u32,
    /// Time after closing in which the agent still holds the conversation, 0 to 900 s.
    pub wrap_up_seconds: u32,
    /// How conversations come to their end.
    pub closing: Closing,
    /// How agents hold what they have.
    pub holding: Holding,
    /// What its mails say beside what somebody writes.
    pub mail: MailSettings,
    /// What its agents may do and see.
    pub permissions: CampaignPermissions,
    /// Dynamic fields that agents fill in, in this order (S1-27).
    pub fields: Vec<field::Use>,
    /// S1-18: offered when closing, a branch with all below it; when there are any, one is needed.
    pub dispositions: Vec<DispositionId>,
    /// S1-16: closes the segment of a transfer.
    pub transfer_disposition: Option<DispositionId>,
}

impl Campaign {
    /// A contact who writes again so soon goes back to who closed their last conversation, if that is possible; zero = to anybody.
    pub fn comes_back_within(&self) -> Duration {
        let sticky = Duration::from_secs(u64::from(self.strategy.sticky_days) * 86_400);
        sticky.max(Duration::from_secs(self.closing.reopen_seconds.into()))
    }

    /// The part of the configuration that a conversation's own rules need. What only some commands need is looked up for those.
    pub fn rules(&self) -> Rules {
        Rules {
            transfer_timeout: Duration::from_secs(self.transfer_seconds.into()),
            wrap_up: self.closing.wrap_up,
            wrap_up_time: Duration::from_secs(self.wrap_up_seconds.into()),
            silence: self.closing.silence(),
            dormant: self.holding.dormant(),
            sender_wrap_up: self.holding.sender_wrap_up,
            reminds: false,
            first_reply: self.closing.first_reply(),
            inactivity_disposition: self.closing.inactivity_disposition,
            out_of_hours_disposition: None,
            auto_accept: self.auto_accept,
            close_unanswered: self.permissions.close_unanswered,
            transfer_to_agents: self.permissions.transfer_to_agents,
            transfer_to_campaigns: self.permissions.transfer_to_campaigns,
            external_resources: self.permissions.external_resources,
            emoticons: self.permissions.emoticons,
            needs_disposition: false,
            transfer_disposition: self.transfer_disposition,
            mandatory: Vec::new(),
        }
    }
}

/// An agent in a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Who.
    pub agent: AgentId,
    /// Where.
    pub campaign: CampaignId,
    /// 0 to 100; the lower is preferred.
    pub penalty: u8,
    /// Place among the members, for orders that go by it; 0 to 1,000,000.
    pub position: u32,
    /// Since when.
    pub joined_at: Timestamp,
    /// Sees only what has waited for so long, 0 to 3,600 s.
    pub delay_seconds: u32,
    /// Conversations of these kinds.
    pub receive: KindSet,
    /// May write first by channels of these kinds.
    pub initiate: KindSet,
}

impl Member {
    /// With the defaults.
    pub const fn new(agent: AgentId, campaign: CampaignId) -> Self {
        let joined_at = Timestamp::from_micros(0);
        Self {
            agent,
            campaign,
            penalty: 0,
            position: 0,
            joined_at,
            delay_seconds: 0,
            receive: KindSet::ALL,
            initiate: KindSet::ALL,
        }
    }
}

/// What a Campaign actor tells the Router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The configuration.
    pub campaign: Campaign,
    /// Whether it is open now, and until when.
    pub openness: Openness,
    /// Today, where its client is.
    pub day: Day,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_goes_back_as_far_as_it_may() {
        let now = Timestamp::from_micros(100 * 3600 * 1_000_000);
        let with = |history, history_hours| CampaignPermissions { history, history_hours, ..Default::default() };
        assert_eq!(with(false, Some(5)).history_since(now), None);
        assert_eq!(with(true, Some(5)).history_since(now), Some(Timestamp::from_micros(95 * 3600 * 1_000_000)));
        assert_eq!(with(true, None).history_since(now), Some(Timestamp::from_micros(0)));
    }
}
