//! Capacity: what each agent holds, in units, and which kinds of conversation still fit (routing.md, Capacity).

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use super::{Routing, eligibility::Standing, item::Hold};
use crate::{
    clock::Timestamp,
    domain::{channel::ChannelKind, conversation::QueueReason},
    ids::{AgentId, CampaignId, ConversationId},
};

/// Channel kinds from light to heavy. The position is the kind's *class*: who has room for a class has room for all
/// below it, so a handful of ordered sets answers "who can take this?" for agents of any limit.
pub(super) const KINDS: [ChannelKind; CLASSES] = [ChannelKind::Api, ChannelKind::Webchat];

/// How many classes there are.
pub(super) const CLASSES: usize = 2;

/// The kind's position in [`KINDS`].
pub(super) const fn class_of(kind: ChannelKind) -> usize {
    match kind {
        ChannelKind::Api => 0,
        ChannelKind::Webchat => 1,
    }
}

/// The heaviest class that fits into this many free units.
pub(super) fn heaviest_class_within(free: u32) -> Option<usize> {
    KINDS.iter().rposition(|kind| kind.weight() <= free)
}

/// Used ÷ limit, compared exactly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    used: u32,
    /// At least 1, so that the order is total.
    limit: u32,
}

impl Load {
    pub(super) fn new(used: u32, limit: u32) -> Self {
        Self { used, limit: limit.max(1) }
    }
}

impl Ord for Load {
    fn cmp(&self, other: &Self) -> Ordering {
        let scaled = |one: &Self, by: &Self| u64::from(one.used) * u64::from(by.limit);
        scaled(self, other).cmp(&scaled(other, self))
    }
}

impl PartialOrd for Load {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Load {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Load {}

/// Whether an agent is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Presence {
    /// Nobody has said yet, as after a restart: no new offers, but open ones run until their deadline.
    #[default]
    Unknown,
    /// Takes offers.
    Available,
    /// There, but takes none; open ones are withdrawn.
    Away,
    /// Not there; what the reason says is released.
    Gone(QueueReason),
}

impl Presence {
    /// Known not to take offers.
    pub(super) const fn refuses_offers(self) -> bool {
        matches!(self, Self::Away | Self::Gone(_))
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct AgentState {
    pub(super) presence: Presence,
    /// Units.
    pub(super) limit: u32,
    /// Units: offered, held and in wrap-up, and reserved for transfers. May exceed the limit by committed facts only.
    pub(super) used: u32,
    /// When the last reservation was made; the earliest moment there is = never, so that who never had one comes first.
    /// Known since the start of this process only.
    pub(super) last_offer: Timestamp,
    /// Conversations owned by or offered to this agent.
    pub(super) items: BTreeSet<ConversationId>,
    /// Campaigns of which the agent is a member or holds conversations.
    pub(super) seats: BTreeMap<CampaignId, Seat>,
}

/// An agent in a campaign.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seat {
    /// None = not a member, but still holds conversations of the campaign.
    pub(super) penalty: Option<u8>,
    /// Conversations of the campaign held or reserved, sleeping ones too (S4-16).
    pub(super) holding: u32,
    /// The agent's entry in the campaign's [`Ready`](super::eligibility::Ready).
    pub(super) standing: Option<Standing>,
}

impl Default for AgentState {
    fn default() -> Self {
        Self {
            presence: Presence::Unknown,
            limit: 0,
            used: 0,
            last_offer: Timestamp::from_micros(i64::MIN),
            items: BTreeSet::new(),
            seats: BTreeMap::new(),
        }
    }
}

impl AgentState {
    /// Units left; none above the limit.
    pub(super) fn free(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }
}

impl Routing {
    /// Books a conversation on an agent. The indexes follow with [`Routing::refresh_agent`].
    pub(super) fn take(&mut self, conversation: ConversationId, campaign: CampaignId, hold: Hold) {
        let agent = self.agents.entry(hold.agent).or_default();
        agent.used += hold.units;
        agent.items.insert(conversation);
        agent.seats.entry(campaign).or_default().holding += 1;
        self.campaigns.entry(campaign).or_default().seated.insert(hold.agent);
    }

    /// Takes back what [`Routing::take`] booked.
    pub(super) fn let_go(&mut self, conversation: ConversationId, campaign: CampaignId, hold: Hold) {
        let Some(agent) = self.agents.get_mut(&hold.agent) else { return };
        debug_assert!(agent.used >= hold.units, "an agent gives back more than was taken");
        agent.used = agent.used.saturating_sub(hold.units);
        agent.items.remove(&conversation);
        if let Some(seat) = agent.seats.get_mut(&campaign) {
            seat.holding = seat.holding.saturating_sub(1);
        }
        self.leave_if_done(hold.agent, campaign);
    }

    /// Gives up the seat of an agent who neither is a member nor holds anything there.
    pub(super) fn leave_if_done(&mut self, agent_id: AgentId, campaign: CampaignId) {
        let Some(agent) = self.agents.get_mut(&agent_id) else { return };
        if agent.seats.get(&campaign).is_some_and(|seat| seat.penalty.is_none() && seat.holding == 0) {
            agent.seats.remove(&campaign);
            if let Some(campaign) = self.campaigns.get_mut(&campaign) {
                campaign.seated.remove(&agent_id);
            }
        }
    }
}
