//! How it stands with those who could have it.

use serde::{Deserialize, Serialize};

use super::Measure;
use crate::{
    domain::{
        routing,
        strategy::{Mode, Order},
    },
    ids::{AgentId, CampaignId},
    wire::Time,
};

/// Who could have it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Present {
    /// As of then.
    pub at: Time,
    /// In which campaign.
    pub campaign: CampaignId,
    /// Its mode.
    pub mode: Mode,
    /// Its order.
    pub order: Order,
    /// Which of its configurations is in force.
    pub revision: u32,
    /// Where the conversation stands.
    pub place: Place,
    /// Why the campaign offers nothing to anybody; none = it does.
    #[schema(required)]
    pub nobody: Option<Nobody>,
    /// How many members the campaign has.
    pub members: u32,
    /// How many of them for each reason, the most first.
    pub counts: Vec<ReasonCount>,
    /// The members, the next first; agents see themselves only.
    pub candidates: Vec<Candidate>,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "WhyPlace")]
#[schema(as = WhyPlace)]
pub enum Place {
    /// In the queue.
    Waiting {
        /// From 1; none = very far back.
        position: Option<u32>,
        /// How many wait there.
        of: u32,
    },
    /// Offered, or about to be.
    Offered {
        /// To whom.
        agent: AgentId,
    },
}

/// Why a campaign offers nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Nobody {
    /// It is gone.
    Unknown,
    /// It is switched off.
    Disabled,
    /// It is closed.
    Closed {
        /// Until then, when that is known.
        until: Option<Time>,
    },
    /// Its mode chooses nobody: whoever wants it takes it.
    Rings,
}

/// How many members there are of a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ReasonCount {
    /// The word of a reason.
    #[ts(type = "Reason[\"is\"]")]
    pub reason: String,
    /// How many.
    pub members: u32,
}

/// A member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// Whether they could have it, or the first rule that says no.
    pub reason: Reason,
    /// Their penalty, when they could.
    #[schema(required)]
    pub penalty: Option<u8>,
    /// What they are compared by, when they could.
    #[schema(required)]
    pub measure: Option<Measure>,
}

/// Whether a member could have it, or the first rule that says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Reason {
    /// They have it on offer.
    Offered,
    /// They could have it.
    Eligible,
    /// They could, after those with a lower penalty.
    HigherPenalty,
    /// They could, after those who have nothing to do.
    NotIdle,
    /// They could, when there is nobody else: they missed or declined it.
    PassedOver,
    /// No member any more.
    NotMember,
    /// They do not receive this kind of channel.
    Kind,
    /// They belong to no voice campaign, where only who does receives anything.
    NoVoice,
    /// Not signed in since the server started.
    Unknown,
    /// Not signed in.
    SignedOut,
    /// On a break, paused or without a connection.
    Away,
    /// Have an interaction of a campaign that wants all of them.
    TakenUp,
    /// In a call.
    InCall,
    /// Have interactions where the mode wants nobody with any.
    Busy {
        /// How many.
        interactions: u32,
    },
    /// Have one of this campaign, which gives one after the other.
    HasOne,
    /// Have as many of this campaign as it allows.
    MaxPerAgent {
        /// How many.
        holding: u32,
        /// Of so many.
        most: u32,
    },
    /// Have as many of this kind of channel as anybody may.
    MaxOfKind {
        /// So many.
        most: u32,
    },
    /// Not good enough at what it asks for.
    Skills,
    /// It is held for somebody else.
    Held,
    /// No capacity left.
    Capacity {
        /// Units in use.
        used: u32,
        /// Units that a call takes.
        call: u32,
        /// Of so many.
        limit: u32,
        /// So many are needed.
        needed: u32,
    },
    /// Lets others go first.
    Delay {
        /// Until then.
        until: Time,
    },
}

impl From<routing::Verdict> for Reason {
    fn from(verdict: routing::Verdict) -> Self {
        use routing::{Behind, Hindrance as H, Verdict as V};
        match verdict {
            V::Offered => Self::Offered,
            V::Eligible { behind: None, .. } => Self::Eligible,
            V::Eligible { behind: Some(Behind::Penalty), .. } => Self::HigherPenalty,
            V::Eligible { behind: Some(Behind::Busy), .. } => Self::NotIdle,
            V::Eligible { behind: Some(Behind::PassedOver), .. } => Self::PassedOver,
            V::Not(H::NotMember) => Self::NotMember,
            V::Not(H::Kind) => Self::Kind,
            V::Not(H::NoVoice) => Self::NoVoice,
            V::Not(H::Unknown) => Self::Unknown,
            V::Not(H::SignedOut) => Self::SignedOut,
            V::Not(H::Away) => Self::Away,
            V::Not(H::TakenUp) => Self::TakenUp,
            V::Not(H::InCall) => Self::InCall,
            V::Not(H::Busy { interactions }) => Self::Busy { interactions },
            V::Not(H::HasOne) => Self::HasOne,
            V::Not(H::MaxPerAgent { holding, most }) => Self::MaxPerAgent { holding, most },
            V::Not(H::MaxOfKind { most }) => Self::MaxOfKind { most },
            V::Not(H::Skills) => Self::Skills,
            V::Not(H::Held) => Self::Held,
            V::Not(H::Capacity { used, call, limit, needed }) => Self::Capacity { used, call, limit, needed },
            V::Not(H::Delay { until }) => Self::Delay { until: until.into() },
        }
    }
}

impl From<routing::Candidate> for Candidate {
    fn from(routing::Candidate { agent, verdict }: routing::Candidate) -> Self {
        let (penalty, measure) = match verdict {
            routing::Verdict::Eligible { penalty, measure, .. } => (Some(penalty), Some(measure.into())),
            _ => (None, None),
        };
        Self { agent, reason: verdict.into(), penalty, measure }
    }
}

impl From<routing::Nobody> for Nobody {
    fn from(nobody: routing::Nobody) -> Self {
        match nobody {
            routing::Nobody::Unknown => Self::Unknown,
            routing::Nobody::Disabled => Self::Disabled,
            routing::Nobody::Closed { until } => Self::Closed { until: until.map(Time) },
            routing::Nobody::Rings => Self::Rings,
        }
    }
}

impl Present {
    /// None when there is nothing to give.
    pub fn of(explanation: routing::Explanation) -> Option<Self> {
        let place = match explanation.place {
            routing::Place::Waiting { position, of } => Place::Waiting { position, of },
            routing::Place::Offered { agent } => Place::Offered { agent },
            _ => return None,
        };
        let counts = explanation.counts.into_iter();
        let mut counts: Vec<_> = counts.map(|(reason, members)| ReasonCount { reason: reason.to_owned(), members }).collect();
        counts.sort_by_key(|count| std::cmp::Reverse(count.members));
        Some(Self {
            at: explanation.at.into(),
            campaign: explanation.campaign,
            mode: explanation.strategy.mode,
            order: explanation.strategy.order,
            revision: explanation.revision,
            place,
            nobody: explanation.nobody.map(Into::into),
            members: explanation.members,
            counts,
            candidates: explanation.candidates.into_iter().map(Into::into).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn reasons_are_called_the_same_everywhere() {
        use routing::{Behind, Hindrance as H, Verdict as V};
        let may = |behind| V::Eligible { penalty: 0, measure: routing::Measure::Chance, behind };
        let all = [
            V::Offered,
            may(None),
            may(Some(Behind::Penalty)),
            may(Some(Behind::Busy)),
            may(Some(Behind::PassedOver)),
            V::Not(H::NotMember),
            V::Not(H::Kind),
            V::Not(H::NoVoice),
            V::Not(H::Unknown),
            V::Not(H::SignedOut),
            V::Not(H::Away),
            V::Not(H::TakenUp),
            V::Not(H::InCall),
            V::Not(H::Busy { interactions: 1 }),
            V::Not(H::HasOne),
            V::Not(H::MaxPerAgent { holding: 1, most: 1 }),
            V::Not(H::MaxOfKind { most: 1 }),
            V::Not(H::Skills),
            V::Not(H::Held),
            V::Not(H::Capacity { used: 0, call: 0, limit: 0, needed: 1 }),
            V::Not(H::Delay { until: Timestamp::default() }),
        ];
        for verdict in all {
            assert_eq!(serde_json::to_value(Reason::from(verdict)).unwrap()["is"], verdict.code());
        }
    }
}
