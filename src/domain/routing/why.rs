//! Why does this agent get it, why does nobody? Made on demand, from what the Router knows now, with the very predicates that
//! decide; costs a look at every member of one campaign, so it is for people who ask, not for decisions.

use std::collections::BTreeMap;

use super::{
    CampaignRules, Routing,
    choice::{Measure, count},
    hindrance::Hindrance,
    item::{Item, Pending, Stand},
};
use crate::{
    clock::Timestamp,
    domain::{schedule::Openness, strategy::Strategy},
    ids::{AgentId, CampaignId},
};

/// Further back in the queue nobody counts.
const FAR: usize = 10_000;

/// What the Router knows of one conversation, and of everybody who could have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The last moment that the Router was told of.
    pub at: Timestamp,
    /// In whose queue it is.
    pub campaign: CampaignId,
    /// How that campaign chooses.
    pub strategy: Strategy,
    /// Which of its configurations is in force.
    pub revision: u32,
    /// Where the conversation stands.
    pub place: Place,
    /// Why nobody is offered anything of this campaign now, whoever they are.
    pub nobody: Option<Nobody>,
    /// How many members it has.
    pub members: u32,
    /// How many members there are of each verdict, by its code.
    pub counts: BTreeMap<&'static str, u32>,
    /// Members: who has it on offer, then those who may have it in the order they would get it, then the others by reason.
    pub candidates: Vec<Candidate>,
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// New: nobody has decided about it.
    Arrived,
    /// A bot or an automatic answer has it.
    HeldByBot,
    /// In the queue.
    Waiting {
        /// From 1; none = very far back.
        position: Option<u32>,
        /// How many wait there.
        of: u32,
    },
    /// In the queue, and what closing time means for it is decided.
    Leaving,
    /// Offered, or on its way to be.
    Offered {
        /// To whom.
        agent: AgentId,
    },
    /// An agent has it.
    Held {
        /// Who.
        agent: AgentId,
        /// Snoozed or silent: takes no capacity.
        asleep: bool,
    },
    /// On its way from one agent to another.
    Transferring {
        /// Who keeps it.
        from: AgentId,
        /// Who is asked.
        to: AgentId,
    },
}

impl Place {
    /// Whether it is to be given to somebody.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting { .. } | Self::Offered { .. })
    }
}

/// Why a campaign offers nothing to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nobody {
    /// It was deleted, or the Router has not been told of it.
    Unknown,
    /// It is switched off.
    Disabled,
    /// It is closed.
    Closed {
        /// Until then, when that is known.
        until: Option<Timestamp>,
    },
    /// Its mode chooses nobody: whoever wants it takes it.
    Rings,
}

/// A member and what speaks for or against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// What.
    pub verdict: Verdict,
}

/// Whether a member may have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They have it on offer.
    Offered,
    /// Nothing stands against it.
    Eligible {
        /// Their penalty.
        penalty: u8,
        /// What they are compared by.
        measure: Measure,
        /// Why they are asked after others only.
        behind: Option<Behind>,
    },
    /// The first rule that says no.
    Not(Hindrance),
}

/// Why somebody who may have it comes after others, whatever they are compared by. In the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Behind {
    /// Others have a lower penalty.
    Penalty,
    /// The mode asks those first who have nothing at all to do.
    Busy,
    /// They missed or declined it: they are asked when there is nobody else.
    PassedOver,
}

impl Verdict {
    /// The stable word for it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Eligible { behind: None, .. } => "eligible",
            Self::Eligible { behind: Some(Behind::Penalty), .. } => "higher_penalty",
            Self::Eligible { behind: Some(Behind::Busy), .. } => "not_idle",
            Self::Eligible { behind: Some(Behind::PassedOver), .. } => "passed_over",
            Self::Not(hindrance) => hindrance.code(),
        }
    }
}

impl Item {
    /// Whether somebody is to be given it: see [`Place::is_open`].
    pub(super) const fn is_to_be_given(&self) -> bool {
        matches!(
            (self.pending, self.view.stand),
            (Pending::Offer { .. }, _) | (Pending::Nothing, Stand::Waiting) | (_, Stand::Offered { .. })
        )
    }
}

impl Routing {
    pub(super) fn place(&self, item: &Item) -> Place {
        match (item.pending, item.view.stand) {
            (Pending::Offer { agent, .. }, _) => Place::Offered { agent },
            (Pending::Transfer { to, .. }, Stand::Held { agent, .. }) => Place::Transferring { from: agent, to },
            (_, Stand::Arrived { .. }) => Place::Arrived,
            (_, Stand::HeldByBot) => Place::HeldByBot,
            (Pending::Nothing, Stand::Waiting) => {
                let lanes = self.campaigns.get(&item.view.campaign).map(|campaign| &campaign.lanes);
                let position = lanes.zip(item.laid.spot.as_ref()).and_then(|(lanes, spot)| lanes.before(spot, FAR));
                Place::Waiting {
                    position: position.map(|before| count(before + 1)),
                    of: count(lanes.map_or(0, super::lanes::Lanes::len)),
                }
            }
            (_, Stand::Waiting | Stand::Gone) => Place::Leaving,
            (_, Stand::Offered { offer }) => Place::Offered { agent: offer.agent },
            (_, Stand::Held { agent, weightless, .. }) => Place::Held { agent, asleep: weightless },
            (_, Stand::Transferring { from, offer }) => Place::Transferring { from, to: offer.agent },
        }
    }
}

/// In the order in which it matters.
pub(super) const fn nobody(rules: &CampaignRules) -> Option<Nobody> {
    if !rules.enabled {
        return Some(Nobody::Disabled);
    }
    if let Openness::Closed { until, .. } = rules.openness {
        return Some(Nobody::Closed { until });
    }
    if rules.strategy.mode.rings() { Some(Nobody::Rings) } else { None }
}
