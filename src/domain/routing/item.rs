//! One conversation as the router sees it: the last committed state, and the decision that is on its way to it.

use smallvec::{SmallVec, smallvec};

use super::{Routing, queue::Turn};
use crate::{
    clock::Timestamp,
    domain::{
        channel::ChannelKind,
        conversation::{Conversation, Offer, Phase},
    },
    ids::{AgentId, CampaignId, ClientId, ContactId, ConversationId, OfferId},
};

/// What the router needs to know of one conversation: the state after the last committed event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemView {
    /// Which conversation.
    pub id: ConversationId,
    /// `conv_seq` of the last folded event (R3). An older view than the last one is ignored.
    pub seq: u64,
    /// The company served: transfers stay within it.
    pub client: ClientId,
    /// The campaign it is in now.
    pub campaign: CampaignId,
    /// With whom; at most one out-of-hours message per contact and closed period.
    pub contact: ContactId,
    /// Decides the capacity it takes ([`ChannelKind::weight`]).
    pub kind: ChannelKind,
    /// Its place in the queue; never moves back on re-queue.
    pub arrived_at: Timestamp,
    /// The customer wrote last.
    pub unanswered: bool,
    /// Agents who missed or declined it since it was last accepted.
    pub passed_over: SmallVec<[AgentId; 1]>,
    /// Where it stands.
    pub stand: Stand,
}

/// Where a conversation stands, as far as routing cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// New; nobody has decided about it.
    Arrived {
        /// When its contact last got an out-of-hours message, in any conversation.
        noticed_at: Option<Timestamp>,
    },
    /// Admitted and held by something that is not an agent: a bot, an automatic answer.
    HeldByBot,
    /// Waits in the queue of its campaign.
    Waiting,
    /// Reserved for an agent who has not answered yet.
    Offered {
        /// The reservation.
        offer: Offer,
    },
    /// An agent has it, wrap-up included.
    Held {
        /// Who.
        agent: AgentId,
        /// Dormant or parked: takes no capacity, but still counts as held (S4-16).
        weightless: bool,
        /// Snoozed: stays where it is until it wakes, even when its agent has gone home.
        parked: bool,
    },
    /// Its owner offers it to another agent; both have the capacity taken until the other accepts.
    Transferring {
        /// Who keeps it.
        from: AgentId,
        /// The reservation of the target.
        offer: Offer,
    },
    /// Over.
    Gone,
}

impl ItemView {
    /// The view of a conversation.
    pub fn of(conversation: &Conversation) -> Self {
        Self {
            id: conversation.id,
            seq: conversation.seq,
            client: conversation.client,
            campaign: conversation.campaign,
            contact: conversation.contact,
            kind: conversation.kind,
            arrived_at: conversation.arrived_at,
            unanswered: conversation.unanswered,
            passed_over: conversation.passed_over.clone(),
            stand: Stand::of(&conversation.phase, conversation.noticed_at),
        }
    }

    /// Its key in every order of items.
    pub(super) const fn turn(&self) -> Turn {
        Turn { arrived_at: self.arrived_at, id: self.id }
    }
}

impl Stand {
    const fn of(phase: &Phase, noticed_at: Option<Timestamp>) -> Self {
        match phase {
            Phase::Arrived => Self::Arrived { noticed_at },
            Phase::Admitted => Self::HeldByBot,
            Phase::Queued { .. } => Self::Waiting,
            Phase::Offered { offer } => Self::Offered { offer: *offer },
            Phase::Active { agent } | Phase::WrapUp { agent, .. } => {
                Self::Held { agent: *agent, weightless: false, parked: false }
            }
            Phase::Dormant { agent } => Self::Held { agent: *agent, weightless: true, parked: false },
            Phase::Parked { agent, .. } => Self::Held { agent: *agent, weightless: true, parked: true },
            Phase::Transferring { from, offer } => Self::Transferring { from: *from, offer: *offer },
            Phase::Ended { .. } => Self::Gone,
        }
    }

    /// Who has it; during a transfer still the sender.
    pub(super) const fn owner(self) -> Option<AgentId> {
        match self {
            Self::Held { agent, .. } | Self::Transferring { from: agent, .. } => Some(agent),
            Self::Arrived { .. } | Self::HeldByBot | Self::Waiting | Self::Offered { .. } | Self::Gone => None,
        }
    }
}

/// A decision the conversation has not committed yet. At most one, because each kind needs another state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Nothing,
    Admission,
    Offer { offer: OfferId, agent: AgentId },
    Transfer { offer: OfferId, to: AgentId },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) view: ItemView,
    pub(super) pending: Pending,
    /// The offer whose withdrawal was decided, so that it is decided once.
    pub(super) withdrawn: Option<OfferId>,
    /// The owner whose release was decided, so that it is decided once.
    pub(super) releasing: Option<AgentId>,
}

impl Item {
    pub(super) const fn new(view: ItemView) -> Self {
        Self { view, pending: Pending::Nothing, withdrawn: None, releasing: None }
    }

    /// Takes over a committed state and settles what was pending if that state shows what became of it.
    pub(super) fn learn(&mut self, view: ItemView, ended_offers: &[OfferId]) {
        if self.is_settled_by(&view, ended_offers) {
            self.pending = Pending::Nothing;
        }
        if self.releasing != view.stand.owner() {
            self.releasing = None;
        }
        self.view = view;
    }

    /// A view from before the decision shows the state the decision was made in; any other state is the outcome.
    fn is_settled_by(&self, view: &ItemView, ended_offers: &[OfferId]) -> bool {
        match self.pending {
            Pending::Nothing => true,
            Pending::Admission => !matches!(view.stand, Stand::Arrived { .. }),
            Pending::Offer { offer, .. } => ended_offers.contains(&offer) || view.stand != Stand::Waiting,
            Pending::Transfer { offer, .. } => {
                let sender_still_holds_it =
                    matches!(view.stand, Stand::Held { .. }) && view.stand.owner() == self.view.stand.owner();
                ended_offers.contains(&offer) || !sender_still_holds_it
            }
        }
    }

    /// The offer that can still be withdrawn: open, or on its way. A transfer on its way cannot: its conversation may
    /// hear of the withdrawal before it hears of the transfer.
    pub(super) const fn open_offer(&self) -> Option<(OfferId, AgentId)> {
        match (self.pending, self.view.stand) {
            (Pending::Offer { offer, agent }, _) => Some((offer, agent)),
            (_, Stand::Offered { offer } | Stand::Transferring { offer, .. }) => Some((offer.id, offer.agent)),
            _ => None,
        }
    }

    /// Where it stands in the router's indexes.
    pub(super) fn footprint(&self) -> Footprint {
        let queued = self.view.stand == Stand::Waiting && self.pending == Pending::Nothing;
        Footprint {
            campaign: self.view.campaign,
            kind: self.view.kind,
            turn: queued.then(|| self.view.turn()),
            holds: self.holds(),
        }
    }

    fn holds(&self) -> SmallVec<[Hold; 2]> {
        let full = |agent| Hold { agent, units: self.view.kind.weight() };
        let mut holds = match self.view.stand {
            Stand::Arrived { .. } | Stand::HeldByBot | Stand::Waiting | Stand::Gone => SmallVec::new(),
            Stand::Offered { offer } => smallvec![full(offer.agent)],
            Stand::Held { agent, weightless: true, .. } => smallvec![Hold { agent, units: 0 }],
            Stand::Held { agent, weightless: false, .. } => smallvec![full(agent)],
            Stand::Transferring { from, offer } => smallvec![full(from), full(offer.agent)],
        };
        match self.pending {
            Pending::Nothing | Pending::Admission => {}
            Pending::Offer { agent, .. } | Pending::Transfer { to: agent, .. } => holds.push(full(agent)),
        }
        holds
    }
}

/// Everything the indexes hold of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Footprint {
    pub(super) campaign: CampaignId,
    pub(super) kind: ChannelKind,
    /// Set while it is in its campaign's queue.
    pub(super) turn: Option<Turn>,
    /// What it takes of whom.
    pub(super) holds: SmallVec<[Hold; 2]>,
}

/// One conversation's share of one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    pub(super) agent: AgentId,
    /// Capacity units; 0 for what sleeps.
    pub(super) units: u32,
}

impl Routing {
    /// Changes one item and moves its place in the queue and its share of agents along.
    pub(super) fn change(&mut self, id: ConversationId, change: impl FnOnce(&mut Item)) {
        let Some(item) = self.items.get_mut(&id) else { return };
        let before = item.footprint();
        change(item);
        let after = item.footprint();
        if before != after {
            self.lift(id, &before);
            self.lay(id, &after);
            self.refresh(before.holds.iter().chain(&after.holds));
        }
    }

    /// Starts to follow a conversation.
    pub(super) fn insert(&mut self, item: Item) {
        let (id, footprint) = (item.view.id, item.footprint());
        self.items.insert(id, item);
        self.lay(id, &footprint);
        self.refresh(&footprint.holds);
    }

    /// Forgets a conversation that has ended.
    pub(super) fn remove(&mut self, id: ConversationId) {
        let Some(item) = self.items.remove(&id) else { return };
        let footprint = item.footprint();
        self.lift(id, &footprint);
        self.refresh(&footprint.holds);
    }

    fn lift(&mut self, id: ConversationId, footprint: &Footprint) {
        if let (Some(turn), Some(campaign)) = (footprint.turn, self.campaigns.get_mut(&footprint.campaign)) {
            campaign.queue.remove(footprint.kind, turn);
        }
        for hold in &footprint.holds {
            self.let_go(id, footprint.campaign, *hold);
        }
    }

    fn lay(&mut self, id: ConversationId, footprint: &Footprint) {
        if let Some(turn) = footprint.turn {
            self.campaigns.entry(footprint.campaign).or_default().queue.insert(footprint.kind, turn);
            self.work.campaigns.insert(footprint.campaign);
        }
        for hold in &footprint.holds {
            self.take(id, footprint.campaign, *hold);
        }
    }

    fn refresh<'a>(&mut self, holds: impl IntoIterator<Item = &'a Hold>) {
        let mut agents: SmallVec<[AgentId; 4]> = holds.into_iter().map(|hold| hold.agent).collect();
        agents.sort_unstable();
        agents.dedup();
        for agent in agents {
            self.refresh_agent(agent);
        }
    }
}
