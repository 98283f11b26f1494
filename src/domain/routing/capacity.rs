//! Capacity: what each agent holds, in units (routing.md, Capacity).

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use super::{Routing, item::Hold, order::NEVER, ready::Standing};
use crate::{
    clock::Timestamp,
    domain::{
        campaign::Member,
        channel::KindSet,
        conversation::QueueReason,
        load::{Counts, Loads},
        skill::SkillLevel,
        strategy::Mode,
    },
    ids::{AgentId, CampaignId, ConversationId},
};

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

    /// Used, and the limit.
    pub(super) const fn parts(self) -> (u32, u32) {
        (self.used, self.limit)
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

    /// Signed in and there, on a break or not.
    pub(super) const fn is_at_work(self) -> bool {
        matches!(self, Self::Available | Self::Away)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct AgentState {
    pub(super) presence: Presence,
    /// Units.
    pub(super) limit: u32,
    /// Units: offered, held and in wrap-up, and reserved for transfers. May exceed the limit by committed facts only.
    pub(super) used: u32,
    /// Conversations that are not asleep, by kind.
    pub(super) counts: Counts,
    /// Sorted, each once.
    pub(super) skills: Box<[SkillLevel]>,
    /// Belongs to a voice campaign.
    pub(super) voice: bool,
    /// Units that a telephone call takes; none = no call.
    pub(super) call: Option<u32>,
    /// Conversations owned by or reserved for this agent that are not asleep.
    pub(super) awake: u32,
    /// Those of them in campaigns whose mode is [`Mode::Incall`].
    pub(super) exclusive: u32,
    /// When the last interaction of any campaign or the last call ended.
    pub(super) last_work: Option<Timestamp>,
    /// When the last reservation was made; [`NEVER`] comes first. Known since the start of this process only.
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
    pub(super) place: Option<Place>,
    /// Conversations of the campaign held or reserved, sleeping ones too (S4-16).
    pub(super) holding: u32,
    /// Those of them that are not asleep.
    pub(super) awake: u32,
    /// See [`super::credit`].
    pub(super) credit: u32,
    /// The agent's entry in the campaign's [`ScoreBoard`](super::credit::ScoreBoard).
    pub(super) score: Option<u32>,
    /// The agent's entry in the campaign's [`Ready`](super::ready::Ready).
    pub(super) standing: Option<Standing>,
}

/// What a member may and where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) penalty: u8,
    pub(super) position: u32,
    pub(super) joined_at: Timestamp,
    /// Seconds.
    pub(super) delay: u32,
    pub(super) receive: KindSet,
}

impl From<&Member> for Place {
    fn from(member: &Member) -> Self {
        let Member { penalty, position, joined_at, delay_seconds, receive, .. } = *member;
        Self { penalty, position, joined_at, delay: delay_seconds, receive }
    }
}

impl Default for AgentState {
    fn default() -> Self {
        Self {
            presence: Presence::Unknown,
            limit: 0,
            used: 0,
            counts: Counts::default(),
            skills: Box::default(),
            voice: false,
            call: None,
            awake: 0,
            exclusive: 0,
            last_work: None,
            last_offer: NEVER,
            items: BTreeSet::new(),
            seats: BTreeMap::new(),
        }
    }
}

impl AgentState {
    /// Units left; none above the limit.
    pub(super) fn free(&self) -> u32 {
        self.limit.saturating_sub(self.used).saturating_sub(self.call.unwrap_or(0))
    }

    /// Kinds of which one more may be taken.
    pub(super) fn fits(&self, loads: &Loads) -> KindSet {
        loads.fitting(self.limit.saturating_sub(self.call.unwrap_or(0)), &self.counts)
    }

    /// Since when there is nothing to do; who has something comes after all others anyway.
    pub(super) fn idle_since(&self) -> Timestamp {
        self.last_work.filter(|_| !self.is_busy()).unwrap_or(NEVER)
    }

    /// Has an interaction that is not asleep, or a call.
    pub(super) const fn is_busy(&self) -> bool {
        self.awake > 0 || self.call.is_some()
    }
}

impl Routing {
    /// Books a conversation on an agent. The indexes follow with [`Routing::refresh_agent`].
    pub(super) fn take(&mut self, conversation: ConversationId, campaign_id: CampaignId, hold: Hold) {
        let campaign = self.campaigns.entry(campaign_id).or_default();
        let agent = self.agents.entry(hold.agent).or_default();
        let awake = u32::from(hold.awake);
        agent.used += awake * self.loads.units(hold.kind);
        agent.counts.add(hold.kind, awake);
        agent.awake += awake;
        agent.exclusive += if campaign.mode() == Some(Mode::Incall) { awake } else { 0 };
        agent.items.insert(conversation);
        let seat = agent.seats.entry(campaign_id).or_default();
        seat.holding += 1;
        seat.awake += awake;
        campaign.seated.insert(hold.agent);
        campaign.turns.extend(hold.turn.map(|offer| (offer, hold.agent)));
    }

    /// Takes back what [`Routing::take`] booked.
    pub(super) fn let_go(&mut self, conversation: ConversationId, campaign_id: CampaignId, hold: Hold) {
        let (Some(agent), Some(campaign)) = (self.agents.get_mut(&hold.agent), self.campaigns.get_mut(&campaign_id)) else {
            return;
        };
        let awake = u32::from(hold.awake);
        let units = awake * self.loads.units(hold.kind);
        debug_assert!(agent.used >= units, "an agent gives back more than was taken");
        agent.used = agent.used.saturating_sub(units);
        agent.counts.remove(hold.kind, awake);
        agent.awake = agent.awake.saturating_sub(awake);
        agent.exclusive = agent.exclusive.saturating_sub(if campaign.mode() == Some(Mode::Incall) { awake } else { 0 });
        agent.items.remove(&conversation);
        if let Some(seat) = agent.seats.get_mut(&campaign_id) {
            seat.holding = seat.holding.saturating_sub(1);
            seat.awake = seat.awake.saturating_sub(awake);
        }
        if let Some(offer) = hold.turn {
            campaign.turns.remove(&(offer, hold.agent));
        }
        self.leave_if_done(hold.agent, campaign_id);
    }

    /// Conversations weigh something else now.
    pub(super) fn set_loads(&mut self, loads: Loads) {
        self.loads = loads;
        let agents: Vec<_> = self.agents.keys().copied().collect();
        for id in agents {
            if let Some(agent) = self.agents.get_mut(&id) {
                agent.used = loads.used(&agent.counts);
            }
            self.refresh_agent(id);
        }
    }

    /// Gives up the seat of an agent who neither is a member nor holds anything there.
    pub(super) fn leave_if_done(&mut self, agent_id: AgentId, campaign: CampaignId) {
        let Some(agent) = self.agents.get_mut(&agent_id) else { return };
        if agent.seats.get(&campaign).is_some_and(|seat| seat.place.is_none() && seat.holding == 0) {
            agent.seats.remove(&campaign);
            if let Some(campaign) = self.campaigns.get_mut(&campaign) {
                campaign.seated.remove(&agent_id);
            }
        }
    }
}
