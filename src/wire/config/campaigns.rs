//! Campaigns: what can be set, how they stand, and what is missing before they can start.

use serde::{Deserialize, Serialize};

use super::{object, yes};
use crate::{
    domain::{
        campaign::{Campaign, CampaignPermissions, OutOfHours},
        closing::Closing,
        field,
        holding::Holding,
        mail_settings::MailSettings,
        offering::Offering,
        readiness,
        service::Service,
        skill::Asking,
        strategy::Strategy,
        waiting::Limits,
    },
    ids::{CampaignId, ClientId, DispositionId, ProjectId, ScheduleId},
    store::config::CampaignConfig,
    wire::Time,
};

/// A campaign. The defaults work (S4-15).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct CampaignFields {
    /// The company served; cannot change.
    pub client: ClientId,
    /// A project of this client.
    #[serde(default)]
    pub project: Option<ProjectId>,
    /// 1 to 120 characters.
    pub name: String,
    /// Off: nothing is admitted, nothing offered. On by default. Only one without agents and open conversations can be switched off.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>")]
    pub enabled: bool,
    /// The higher is served first, strictly; 1 to 100, 1 by default.
    #[serde(default = "defaults::weight")]
    #[ts(as = "Option<u8>")]
    pub weight: u8,
    /// How it chooses who gets what.
    #[serde(default, deserialize_with = "object")]
    #[ts(as = "Option<Strategy>")]
    pub strategy: Strategy,
    /// How much may wait.
    #[serde(default, deserialize_with = "object")]
    #[ts(as = "Option<Limits>")]
    pub limits: Limits,
    /// What it asks of who serves.
    #[serde(default, deserialize_with = "object")]
    #[ts(as = "Option<Asking>")]
    pub asking: Asking,
    /// How well it is to be served, and by whom.
    #[serde(default, deserialize_with = "object")]
    #[ts(as = "Option<Service>")]
    pub service: Service,
    /// When it is open; none = always.
    #[serde(default)]
    pub schedule: Option<ScheduleId>,
    /// What a new conversation meets out of hours; `queue` by default.
    #[serde(default = "defaults::out_of_hours")]
    #[ts(as = "Option<OutOfHours>")]
    pub out_of_hours: OutOfHours,
    /// Sent to who writes out of hours, 1 to 4,000 characters; none = nothing is sent.
    #[serde(default)]
    pub out_of_hours_message: Option<String>,
    /// Conversations of this campaign one agent may hold, 1 to 10,000; 5 by default.
    #[serde(default = "defaults::max_per_agent")]
    #[ts(as = "Option<u32>")]
    pub max_per_agent: u32,
    /// Offers are accepted by themselves. Off by default.
    #[serde(default)]
    #[ts(as = "Option<bool>")]
    pub auto_accept: bool,
    /// How long an offer stays open, 5 to 600 s; 20 by default.
    #[serde(default = "defaults::offer_seconds")]
    #[ts(as = "Option<u32>")]
    pub offer_seconds: u32,
    /// What holds for offers of some kinds only.
    #[serde(default, deserialize_with = "object")]
    #[ts(as = "Option<Offering>")]
    pub offering: Offering,
    /// How long a transfer to an agent stays open, 5 to 600 s or 0: until somebody ends it; 30 by default.
    #[serde(default = "defaults::transfer_seconds")]
    #[ts(as = "Option<u32>")]
    pub transfer_seconds: u32,
    /// Time after closing in which the agent still holds the conversation, 0 to 900 s; 0 by default.
    #[serde(default)]
    #[ts(as = "Option<u32>")]
    pub wrap_up_seconds: u32,
    /// How conversations come to their end.
    #[serde(default, deserialize_with = "object")]
    #[ts(as = "Option<Closing>")]
    pub closing: Closing,
    /// How agents hold what they have.
    #[serde(default, deserialize_with = "object")]
    #[ts(as = "Option<Holding>")]
    pub holding: Holding,
    /// What its mails say beside what somebody writes.
    #[serde(default, deserialize_with = "object")]
    #[ts(as = "Option<MailSettings>")]
    pub mail: MailSettings,
    /// What its agents may do and see.
    #[serde(default, deserialize_with = "object")]
    #[ts(as = "Option<CampaignPermissions>")]
    pub permissions: CampaignPermissions,
    /// Dynamic fields of this client that agents fill in, in this order; at most 50, each once.
    #[serde(default)]
    #[ts(as = "Option<Vec<field::Use>>")]
    pub fields: Vec<field::Use>,
    /// Offered when closing, at most 500, a branch with all below it; when there are any, one is needed.
    #[serde(default)]
    #[ts(as = "Option<Vec<DispositionId>>")]
    pub dispositions: Vec<DispositionId>,
    /// Closes the segment of a transfer; none = the client's own for it.
    #[serde(default)]
    pub transfer_disposition: Option<DispositionId>,
}

mod defaults {
    use super::{CampaignConfig, OutOfHours};

    pub(super) fn weight() -> u8 {
        CampaignConfig::default().weight
    }
    pub(super) fn out_of_hours() -> OutOfHours {
        CampaignConfig::default().out_of_hours
    }
    pub(super) fn max_per_agent() -> u32 {
        CampaignConfig::default().max_per_agent
    }
    pub(super) fn offer_seconds() -> u32 {
        CampaignConfig::default().offer_seconds
    }
    pub(super) fn transfer_seconds() -> u32 {
        CampaignConfig::default().transfer_seconds
    }
}

impl CampaignFields {
    /// What can be written of a campaign as it is.
    pub fn of(campaign: &Campaign) -> Self {
        let CampaignConfig {
            weight,
            strategy,
            limits,
            asking,
            service,
            schedule,
            out_of_hours,
            out_of_hours_message,
            max_per_agent,
            auto_accept,
            offer_seconds,
            offering,
            transfer_seconds,
            wrap_up_seconds,
            closing,
            holding,
            mail,
            permissions,
            fields,
            dispositions,
            transfer_disposition,
        } = CampaignConfig::of(campaign);
        Self {
            client: campaign.client,
            project: campaign.project,
            name: campaign.name.clone(),
            enabled: campaign.enabled,
            weight,
            strategy,
            limits,
            asking,
            service,
            schedule,
            out_of_hours,
            out_of_hours_message,
            max_per_agent,
            auto_accept,
            offer_seconds,
            offering,
            transfer_seconds,
            wrap_up_seconds,
            closing,
            holding,
            mail,
            permissions,
            fields,
            dispositions,
            transfer_disposition,
        }
    }

    /// As the `config` column holds it.
    pub fn config(&self) -> CampaignConfig {
        CampaignConfig {
            weight: self.weight,
            strategy: self.strategy,
            limits: self.limits.clone(),
            asking: self.asking.clone(),
            service: self.service,
            schedule: self.schedule,
            out_of_hours: self.out_of_hours,
            out_of_hours_message: self.out_of_hours_message.clone(),
            max_per_agent: self.max_per_agent,
            auto_accept: self.auto_accept,
            offer_seconds: self.offer_seconds,
            offering: self.offering,
            transfer_seconds: self.transfer_seconds,
            wrap_up_seconds: self.wrap_up_seconds,
            closing: self.closing.clone(),
            holding: self.holding,
            mail: self.mail.clone(),
            permissions: self.permissions,
            fields: self.fields.clone(),
            dispositions: self.dispositions.clone(),
            transfer_disposition: self.transfer_disposition,
        }
    }
}

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Campaign)]
#[ts(export_to = "wire.ts", rename = "Campaign")]
pub struct CampaignView {
    /// Its id.
    pub id: CampaignId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: CampaignFields,
    /// When it was created.
    pub created_at: Time,
    /// Since when it is put away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub archived_at: Option<Time>,
}

/// How a campaign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum CampaignState {
    /// Takes what comes.
    Open,
    /// Out of hours.
    Closed,
    /// Switched off.
    Disabled,
    /// Put away.
    Archived,
}

/// A campaign in the list of campaigns (S1-40).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct CampaignOverview {
    /// Its id.
    pub id: CampaignId,
    /// As shown.
    pub name: String,
    /// The company served.
    pub client: ClientId,
    /// Its name.
    pub client_name: String,
    /// The project it belongs to.
    pub project: Option<ProjectId>,
    /// Its name.
    pub project_name: Option<String>,
    /// How it stands.
    pub state: CampaignState,
    /// Names of the channel accounts that lead here.
    pub channels: Vec<String>,
    /// How many agents are members.
    pub members: usize,
    /// How many conversations wait.
    #[ts(type = "number")]
    pub waiting: u64,
    /// How many conversations are open, those counted that wait.
    #[ts(type = "number")]
    pub open: u64,
    /// When it was created.
    pub created_at: Time,
}

/// What stands in the way of switching a campaign off or putting it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct InUse {
    /// How many agents are members.
    pub agents: usize,
    /// How many conversations are open.
    #[ts(type = "number")]
    pub conversations: u64,
    /// How many channels that are on lead here; they are in the way of putting it away only.
    pub channels: usize,
}

/// Whether a campaign can start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Readiness {
    /// Nothing is missing.
    pub ready: bool,
    /// Every topic, in the order of the screen.
    pub checks: Vec<ReadinessCheck>,
}

/// How a campaign stands with one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ReadinessCheck {
    /// Which.
    pub topic: readiness::Topic,
    /// How it stands.
    pub state: readiness::State,
    /// How many channels, members who receive something, dispositions there are; how many messages are missing.
    pub count: usize,
    /// When it opens, for a campaign that is closed now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub opens: Option<Time>,
}
