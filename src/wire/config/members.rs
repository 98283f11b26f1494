//! Who works in which campaign.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::{
        campaign,
        channel::{ChannelKind, KindSet},
    },
    ids::{CampaignId, UserId},
};

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
