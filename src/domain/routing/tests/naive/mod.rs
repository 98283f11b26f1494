//! The same rules by scanning everything: no index, no notes of what to look at, as close to the words of routing.md as
//! code gets.
//!
//! | file | what is there |
//! |---|---|
//! | [`memory`] | what it knows |
//! | [`eligibility`] | who may be given an item |
//! | [`skills`] | what is asked of who serves it, and for whom it is held |
//! | [`line`] | which item is next |
//! | [`order`] | which of those who could have it gets it |
//! | [`decide`] | what is done now |
//! | [`admission`] | what may wait, and for how long |
//! | [`by_hand`] | what people ask for |

mod admission;
mod by_hand;
mod decide;
mod eligibility;
mod line;
mod memory;
mod order;
mod skills;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    clock::Timestamp,
    domain::{
        campaign::{InForce, Member},
        conversation::QueueReason,
        load::Loads,
        routing::{ItemView, Past, Stand},
        skill::SkillLevel,
        strategy::Strategy,
    },
    ids::{AgentId, CampaignId, ContactId, ConversationId, OfferId},
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum There {
    Unknown,
    Available,
    Away,
    Gone(QueueReason),
}

struct NaiveAgent {
    there: There,
    limit: u32,
    call: Option<u32>,
    call_ended: Option<Timestamp>,
    last_offer: Option<Timestamp>,
}

struct Reserved {
    offer: OfferId,
    agent: AgentId,
    /// The sender, when it is a transfer.
    from: Option<AgentId>,
}

#[derive(Default)]
pub(super) struct Naive {
    campaigns: BTreeMap<CampaignId, InForce>,
    members: BTreeMap<(CampaignId, AgentId), Member>,
    pub(super) pasts: BTreeMap<(CampaignId, AgentId), Past>,
    seed: u64,
    skills: BTreeMap<AgentId, Vec<SkillLevel>>,
    voices: BTreeSet<AgentId>,
    loads: Loads,
    credits: BTreeMap<(CampaignId, AgentId), u32>,
    pub(super) loading: bool,
    agents: BTreeMap<AgentId, NaiveAgent>,
    pub(super) views: BTreeMap<ConversationId, ItemView>,
    reserved: BTreeMap<ConversationId, Reserved>,
    /// Admissions on their way, and into which queue.
    admitting: BTreeMap<ConversationId, Option<CampaignId>>,
    dismissing: BTreeMap<ConversationId, CampaignId>,
    /// On their way into another queue: by which ticket, from where, to where.
    moving: BTreeMap<ConversationId, (OfferId, CampaignId, CampaignId)>,
    /// Those that may have waited since before their campaign closed: looked at once.
    late: BTreeSet<ConversationId>,
    noticing: BTreeMap<ContactId, ConversationId>,
    withdrawn: BTreeSet<OfferId>,
    releasing: BTreeMap<ConversationId, AgentId>,
    /// Taken from agents who owe the first answer.
    passing_on: BTreeSet<ConversationId>,
    senders_gone: BTreeSet<ConversationId>,
}

impl Naive {
    fn at_work(&self, agent: AgentId) -> bool {
        matches!(self.there(agent), There::Available | There::Away)
    }

    fn there(&self, agent: AgentId) -> There {
        self.agents.get(&agent).map_or(There::Unknown, |agent| agent.there)
    }

    fn in_force(&self, campaign: CampaignId) -> Option<&InForce> {
        self.campaigns.get(&campaign).filter(|it| it.campaign.enabled)
    }

    fn strategy(&self, campaign: CampaignId) -> Strategy {
        self.campaigns.get(&campaign).map(|it| it.campaign.strategy).unwrap_or_default()
    }

    fn is_undecided(&self, id: ConversationId) -> bool {
        !self.reserved.contains_key(&id) && !self.dismissing.contains_key(&id) && !self.moving.contains_key(&id)
    }

    pub(super) fn waits(&self, view: &ItemView) -> bool {
        view.stand == Stand::Waiting && self.is_undecided(view.id)
    }

    pub(super) fn members_of(&self, campaign: CampaignId) -> Vec<AgentId> {
        self.members.keys().filter(|(place, _)| *place == campaign).map(|(_, agent)| *agent).collect()
    }

    pub(super) fn offers_in(&self, campaign: CampaignId) -> bool {
        let in_force = self.in_force(campaign);
        in_force.is_some_and(|it| it.openness.is_open() && !it.campaign.strategy.mode.rings())
    }
}
