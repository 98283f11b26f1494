//! Configuration. `…Fields` is what can be written: `POST` sends it whole (what has a default may be left out), `PATCH` a part of
//! it as JSON Merge Patch (RFC 7396): what is absent stays, `null` = the default.

use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    Time,
    conversation::Attachment,
    schedules::{ScheduleHolidays, ScheduleStatus},
};
use crate::{
    clock::Timestamp,
    domain::{
        campaign::{self, Campaign, CampaignPermissions, OutOfHours},
        channel::{ChannelKind, KindSet},
        closing::Closing,
        disposition::System,
        field,
        holding::Holding,
        mail_settings::MailSettings,
        offering::Offering,
        readiness, schedule,
        service::Service,
        skill::Asking,
        strategy::Strategy,
        waiting::Limits,
        webchat::{Language, Webchat},
    },
    ids::{
        BreakId, CampaignId, CannedTextId, ChannelId, ClientId, DispositionId, FieldId, ProjectId, ResourceId, ScheduleId, UserId,
    },
    store::config::CampaignConfig,
};

const fn yes() -> bool {
    true
}

/// An object and nothing else: where everything has a default, serde takes an empty list for one.
fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let fields = Map::deserialize(deserializer)?;
    serde_json::from_value(Value::Object(fields)).map_err(serde::de::Error::custom)
}

fn utc() -> String {
    "UTC".to_owned()
}

const fn spanish() -> Language {
    Language::Spanish
}

/// A company served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ClientFields {
    /// 1 to 120 characters.
    pub name: String,
    /// IANA time zone; UTC by default.
    #[serde(default = "utc")]
    #[ts(as = "Option<String>", optional)]
    pub zone: String,
    /// Off: its channels take nothing in. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
    /// In which messages that the product writes by itself name dates; Spanish by default.
    #[serde(default = "spanish")]
    #[ts(as = "Option<Language>", optional)]
    pub language: Language,
}

/// A company served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// 1 to 120 characters.
    pub name: String,
    /// IANA time zone.
    pub zone: String,
    /// Off: its channels take nothing in.
    pub enabled: bool,
    /// In which messages that the product writes by itself name dates.
    pub language: Language,
    /// When it was created.
    pub created_at: Time,
}

/// A project of a client (S1-4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ProjectFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// 1 to 120 characters.
    pub name: String,
    /// Off: takes no more campaigns. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
}

/// A project of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Project)]
#[ts(export_to = "wire.ts", rename = "Project")]
pub struct ProjectView {
    /// Its id.
    pub id: ProjectId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: ProjectFields,
    /// When it was created.
    pub created_at: Time,
}

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

/// A place in a campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct MemberFields {
    /// 0 to 100; the lower is preferred. 0 by default.
    #[serde(default)]
    #[ts(as = "Option<u8>")]
    pub penalty: u8,
    /// Place among the members, for orders that go by it; 0 to 1,000,000, 0 by default.
    #[serde(default)]
    #[ts(as = "Option<u32>")]
    pub position: u32,
    /// Gets only what has waited for so long, so that others go first; 0 to 3,600 s, 0 by default.
    #[serde(default)]
    #[ts(as = "Option<u32>")]
    pub delay_seconds: u32,
    /// Gets conversations of these kinds of channels only; none = of all.
    #[serde(default)]
    pub receive: Option<Vec<ChannelKind>>,
    /// May write first by these kinds of channels only; none = by all.
    #[serde(default)]
    pub initiate: Option<Vec<ChannelKind>>,
}

impl MemberFields {
    /// What can be written of a member as it is.
    pub fn of(member: &campaign::Member) -> Self {
        let campaign::Member { penalty, position, delay_seconds, receive, initiate, .. } = *member;
        let kinds = |set: KindSet| (set != KindSet::ALL).then(|| set.kinds().collect());
        Self { penalty, position, delay_seconds, receive: kinds(receive), initiate: kinds(initiate) }
    }

    /// The member, one who joins now if they have not.
    pub fn member(&self, agent: UserId, campaign: CampaignId, joined_at: Timestamp) -> campaign::Member {
        let Self { penalty, position, delay_seconds, ref receive, ref initiate } = *self;
        let set = |kinds: &Option<Vec<ChannelKind>>| kinds.as_ref().map_or(KindSet::ALL, |kinds| kinds.iter().copied().collect());
        let (receive, initiate) = (set(receive), set(initiate));
        campaign::Member { agent, campaign, penalty, position, joined_at, delay_seconds, receive, initiate }
    }
}

/// An agent in a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Member {
    /// Where.
    pub campaign: CampaignId,
    /// Who.
    pub user: UserId,
    /// As shown.
    pub name: String,
    /// What can be written.
    #[serde(flatten)]
    pub fields: MemberFields,
}

/// One change of who works where.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub enum MemberChange {
    /// Makes somebody a member, or changes how they are one.
    Put {
        /// Where.
        campaign: CampaignId,
        /// Who.
        user: UserId,
        /// How.
        #[serde(default)]
        #[ts(as = "Option<MemberFields>", optional)]
        fields: MemberFields,
    },
    /// Ends a membership, if there is one.
    Remove {
        /// Where.
        campaign: CampaignId,
        /// Who.
        user: UserId,
    },
}

/// Several changes of who works where: all of them, or none and every refusal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MemberChanges {
    /// 1 to 500, each membership once.
    pub changes: Vec<MemberChange>,
}

/// Who works there after several changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MembersChanged {
    /// How many were made or changed.
    pub put: usize,
    /// How many were ended.
    pub removed: usize,
}

/// A channel account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ChannelFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// Its one inbound campaign, of the same client.
    pub campaign: CampaignId,
    /// Of which kind; cannot change.
    pub kind: ChannelKind,
    /// 1 to 120 characters.
    pub name: String,
    /// Off: takes nothing in, sends nothing. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
    /// API channels: where answers are posted, an http or https URL.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub endpoint: Option<String>,
    /// Web chats: what it looks like and asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional = nullable)]
    pub webchat: Option<Webchat>,
}

/// A channel account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Channel)]
#[ts(export_to = "wire.ts", rename = "Channel")]
pub struct ChannelView {
    /// Its id. An API channel takes calls at `/hooks/{id}`.
    pub id: ChannelId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: ChannelFields,
    /// When it was created.
    pub created_at: Time,
}

/// A signing secret of a channel; never shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ChannelSecret {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created_at: Time,
    /// When it stops counting; none = when it is deleted.
    pub expires_at: Option<Time>,
}

/// A new signing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct NewChannelSecret {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created_at: Time,
    /// When it stops counting; none = when it is deleted.
    pub expires_at: Option<Time>,
    /// `whsec_…`: shown this once. Null when the request is repeated under its `Idempotency-Key`.
    pub secret: Option<String>,
}

/// When a signing secret stops counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ChannelSecretFields {
    /// Null = it goes on counting.
    pub expires_at: Option<Time>,
}

/// How a conversation can end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct DispositionFields {
    /// Whose tree; cannot change.
    pub client: ClientId,
    /// The node above, of the same client; none = at the top. At most 5 levels.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub parent: Option<DispositionId>,
    /// 1 to 120 characters.
    pub name: String,
    /// Switched off ones stay in history and are offered no more. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
    /// Its place among those beside it, from 0; as the last one by default.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub position: Option<u32>,
}

/// How a conversation can end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Disposition)]
#[ts(export_to = "wire.ts", rename = "Disposition")]
pub struct DispositionView {
    /// Its id.
    pub id: DispositionId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: DispositionFields,
    /// The product uses it by itself for this: it is renamed, but neither moved, switched off nor deleted.
    pub system: Option<System>,
    /// Somebody gave it another name than the product's, which is shown in the reader's language.
    pub renamed: bool,
    /// A campaign has offered it, so it may be in history: it is switched off rather than deleted.
    pub offered: bool,
}

/// A type of break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct BreakFields {
    /// 1 to 60 characters.
    pub name: String,
    /// Switched off ones cannot be taken. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
    /// How long it may take, 1 to 1,440; none = nobody counts.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub minutes: Option<u16>,
    /// The name of a picture, 1 to 40 of `a` to `z`, digits and hyphens.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub icon: Option<String>,
}

/// A type of break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Break)]
#[ts(export_to = "wire.ts", rename = "Break")]
pub struct BreakView {
    /// Its id.
    pub id: BreakId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: BreakFields,
    /// When it was created.
    pub created_at: Time,
}

/// A dynamic field of a client (S1-27).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct FieldFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// 1 to 60 characters.
    pub name: String,
    /// What connected systems know it by: `a` to `z`, `0` to `9` and `_`, a letter first, at most 40; no other field of the client has it.
    /// Made from the name when it is left out.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    pub key: String,
    /// What it holds; cannot change.
    pub kind: field::Kind,
    /// Of a list: 1 to 200 to choose from, each 1 to 120 characters and once.
    #[serde(default)]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub options: Vec<String>,
    /// For agents: at most 240 characters.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    pub description: String,
    /// Switched off ones stay in history and are asked for no more. On by default.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
}

/// A dynamic field of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Field)]
#[ts(export_to = "wire.ts", rename = "Field")]
pub struct FieldView {
    /// Its id.
    pub id: FieldId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: FieldFields,
}

/// A text that agents send with a few keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct CannedTextFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// For this campaign of the client only; none = for all of them. Cannot change.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub campaign: Option<CampaignId>,
    /// What agents type to find it: 1 to 40 letters, digits, `-` and `_`; kept in lower case, unique where it is for.
    pub shortcut: String,
    /// 1 to 120 characters.
    pub title: String,
    /// 1 to 4,000 characters. `${name}`, `${agent}` and `${campaign}` are filled in, `${name|there}` says what stands there for a
    /// customer without a name; `%name%` is the same as `${name}`.
    pub text: String,
}

/// A text that agents send with a few keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = CannedText)]
#[ts(export_to = "wire.ts", rename = "CannedText")]
pub struct CannedTextView {
    /// Its id.
    pub id: CannedTextId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: CannedTextFields,
    /// When it was created.
    pub created_at: Time,
}

/// A file that agents send with a few keys (S1-35).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ResourceFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// For this campaign of the client only; none = for all of them. Cannot change.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub campaign: Option<CampaignId>,
    /// What agents type to find it: 1 to 40 letters, digits, `-` and `_`; kept in lower case, unique where it is for.
    pub shortcut: String,
    /// 1 to 120 characters.
    pub title: String,
    /// The folder it lies in, at most 60 characters; empty = none. There are no folders in folders, and one is there while a file
    /// lies in it.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    pub folder: String,
}

/// A file that agents send with a few keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Resource)]
#[ts(export_to = "wire.ts", rename = "Resource")]
pub struct ResourceView {
    /// Its id; stays when the file is replaced.
    pub id: ResourceId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: ResourceFields,
    /// The file at present.
    pub file: Attachment,
    /// When it was created.
    pub created_at: Time,
}

/// When campaigns are open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// 1 to 120 characters.
    pub name: String,
    /// The zone in which all its dates and times are meant (IANA name).
    #[ts(as = "String")]
    #[schema(value_type = String)]
    pub zone: Tz,
    /// At most 100.
    #[ts(as = "Vec<ScheduleInterval>")]
    #[schema(value_type = Vec<ScheduleInterval>)]
    pub weekly: Vec<schedule::Interval>,
    /// At most 500, each date once.
    #[serde(default)]
    #[ts(as = "Option<Vec<ScheduleException>>", optional)]
    #[schema(value_type = Vec<ScheduleException>)]
    pub exceptions: Vec<schedule::Exception>,
    /// Holidays of a country and own days.
    #[serde(default, deserialize_with = "object")]
    #[ts(as = "Option<ScheduleHolidays>", optional)]
    #[schema(value_type = ScheduleHolidays)]
    pub holidays: schedule::Holidays,
    /// Stands above everything else while it is in force.
    #[serde(default, rename = "override")]
    #[ts(optional = nullable)]
    pub override_: Option<ScheduleOverride>,
}

/// Open every week from a time of a day to another.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleInterval {
    /// The day it starts on: `Mon` to `Sun`.
    #[ts(type = "\"Mon\" | \"Tue\" | \"Wed\" | \"Thu\" | \"Fri\" | \"Sat\" | \"Sun\"")]
    pub day: String,
    /// Minutes since midnight, 0 to 1439.
    pub start: u16,
    /// Minutes since midnight, 1 to 1440; not after `start` = on the next day.
    pub end: u16,
}

/// Open from a time of a day to another.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleHours {
    /// As in [`ScheduleInterval`].
    pub start: u16,
    /// As in [`ScheduleInterval`].
    pub end: u16,
}

/// The hours of one date, instead of the weekly ones.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleException {
    /// Which date: `2026-12-25`.
    pub date: String,
    /// None = closed all day.
    pub intervals: Vec<ScheduleHours>,
}

/// Opened or closed by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct ScheduleOverride {
    /// What it makes of the schedule.
    pub open: bool,
    /// Since when; now by default.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub from: Option<Time>,
    /// When it ends by itself; none = when somebody takes it away.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub until: Option<Time>,
    /// Why, for colleagues: 1 to 120 characters.
    pub reason: String,
    /// Who set it; what is written here is ignored.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub by: Option<UserId>,
}

impl ScheduleFields {
    /// What can be written of a schedule as it is.
    pub fn of(schedule: &schedule::Schedule) -> Self {
        let override_ = schedule.override_.as_ref().map(|over| ScheduleOverride {
            open: over.open,
            from: Some(over.from.into()),
            until: over.until.map(Time),
            reason: over.reason.clone(),
            by: over.by,
        });
        Self {
            client: schedule.client,
            name: schedule.name.clone(),
            zone: schedule.zone,
            weekly: schedule.weekly.clone(),
            exceptions: schedule.exceptions.clone(),
            holidays: schedule.holidays.clone(),
            override_,
        }
    }

    /// The schedule that this describes.
    pub fn into_schedule(self, id: ScheduleId, now: Timestamp) -> schedule::Schedule {
        let override_ = self.override_.map(|over| schedule::Override {
            open: over.open,
            from: over.from.map_or(now, |from| from.0),
            until: over.until.map(|until| until.0),
            reason: over.reason,
            by: over.by,
        });
        schedule::Schedule {
            id,
            client: self.client,
            name: self.name,
            zone: self.zone,
            weekly: self.weekly,
            exceptions: self.exceptions,
            holidays: self.holidays,
            override_,
        }
    }
}

/// When campaigns are open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Schedule)]
#[ts(export_to = "wire.ts", rename = "Schedule")]
pub struct ScheduleView {
    /// Its id.
    pub id: ScheduleId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: ScheduleFields,
    /// How it stands.
    pub status: ScheduleStatus,
}
