//! One conversation as the router sees it: the last committed state, and the decision that is on its way to it.

use smallvec::{SmallVec, smallvec};

use super::{
    Routing,
    queue::{Spot, Turn},
};
use crate::{
    clock::Timestamp,
    domain::{
        channel::ChannelKind,
        conversation::{Conversation, Offer, Phase, Priority},
        skill::Demand,
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
    /// Decides the capacity it takes ([`Loads`](crate::domain::load::Loads)).
    pub kind: ChannelKind,
    /// Its place in the queue; never moves back on re-queue.
    pub arrived_at: Timestamp,
    /// How urgent the staff finds it.
    pub priority: Priority,
    /// Since when it stands as it does.
    pub since: Timestamp,
    /// The customer wrote last.
    pub unanswered: bool,
    /// Agents who missed or declined it since it was last accepted.
    pub passed_over: SmallVec<[AgentId; 1]>,
    /// What it asks for itself.
    pub demand: Option<Box<Demand>>,
    /// Its agent let the customer wait too long for the first answer: to somebody else, when there is one.
    pub overdue: bool,
    /// Gave it away and finishes: takes capacity until then.
    pub finishing: Option<AgentId>,
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
            priority: conversation.priority,
            since: conversation.since,
            unanswered: conversation.unanswered,
            passed_over: conversation.passed_over.clone(),
            demand: conversation.demand.clone(),
            overdue: conversation.is_overdue(),
            finishing: conversation.sender().map(|sender| sender.agent),
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
    /// Into the queue of this campaign; none = it ends.
    Admission(Option<CampaignId>),
    Dismissal,
    Offer {
        offer: OfferId,
        agent: AgentId,
    },
    Transfer {
        offer: OfferId,
        to: AgentId,
    },
    /// Into another queue, by a supervisor; the ticket names the place that is kept there.
    Move {
        ticket: OfferId,
        to: CampaignId,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) view: ItemView,
    pub(super) pending: Pending,
    /// The offer whose withdrawal was decided, so that it is decided once.
    pub(super) withdrawn: Option<OfferId>,
    /// The owner whose release was decided, so that it is decided once.
    pub(super) releasing: Option<AgentId>,
    /// It was decided that somebody else gets it who answers: once.
    pub(super) passing_on: bool,
    /// It was decided that its sender, who signed out, has finished: once.
    pub(super) sender_gone: bool,
    /// Where the indexes have it.
    pub(super) laid: Laid,
}

impl Item {
    pub(super) const fn new(view: ItemView) -> Self {
        Self {
            view,
            pending: Pending::Nothing,
            withdrawn: None,
            releasing: None,
            passing_on: false,
            sender_gone: false,
            laid: Laid::nowhere(),
        }
    }

    /// Takes over a committed state and settles what was pending if that state shows what became of it.
    pub(super) fn learn(&mut self, view: ItemView, ended_offers: &[OfferId]) {
        if self.is_settled_by(&view, ended_offers) {
            self.pending = Pending::Nothing;
        }
        if self.releasing != view.stand.owner() {
            self.releasing = None;
        }
        self.passing_on &= view.overdue && view.stand.owner() == self.view.stand.owner();
        self.sender_gone &= view.finishing == self.view.finishing;
        self.view = view;
    }

    /// A view from before the decision shows the state the decision was made in; any other state is the outcome.
    fn is_settled_by(&self, view: &ItemView, ended_offers: &[OfferId]) -> bool {
        match self.pending {
            Pending::Nothing => true,
            Pending::Admission(_) => !matches!(view.stand, Stand::Arrived { .. }),
            Pending::Dismissal => view.stand != Stand::Waiting || view.campaign != self.view.campaign,
            Pending::Offer { offer, .. } => ended_offers.contains(&offer) || !self.is_still_unserved(view),
            Pending::Move { .. } => !self.is_still_unserved(view) || view.campaign != self.view.campaign,
            Pending::Transfer { offer, .. } => {
                let sender_still_holds_it =
                    matches!(view.stand, Stand::Held { .. }) && view.stand.owner() == self.view.stand.owner();
                ended_offers.contains(&offer) || !sender_still_holds_it
            }
        }
    }

    /// Waits, or is still offered as it was.
    fn is_still_unserved(&self, view: &ItemView) -> bool {
        match view.stand {
            Stand::Waiting => true,
            Stand::Offered { offer } => matches!(self.view.stand, Stand::Offered { offer: known } if known.id == offer.id),
            _ => false,
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

    /// The reservation that is open or on its way.
    pub(super) const fn reservation(&self) -> Option<(OfferId, AgentId)> {
        match (self.pending, self.view.stand) {
            (Pending::Offer { offer, agent } | Pending::Transfer { offer, to: agent }, _) => Some((offer, agent)),
            (_, Stand::Offered { offer } | Stand::Transferring { offer, .. }) => Some((offer.id, offer.agent)),
            _ => None,
        }
    }

    /// What is open or on its way, to whomever: a supervisor may give away what is offered to somebody.
    pub(super) fn reservations(&self) -> SmallVec<[(OfferId, AgentId); 2]> {
        let on_its_way = match self.pending {
            Pending::Offer { offer, agent } | Pending::Transfer { offer, to: agent } => Some((offer, agent)),
            _ => None,
        };
        let open = match self.view.stand {
            Stand::Offered { offer } | Stand::Transferring { offer, .. } => Some((offer.id, offer.agent)),
            _ => None,
        };
        on_its_way.into_iter().chain(open).collect()
    }

    /// Nobody has it and nothing is decided about it: waits, or is offered to somebody who has not answered.
    pub(super) fn is_unserved(&self) -> bool {
        matches!(self.view.stand, Stand::Waiting | Stand::Offered { .. }) && self.pending == Pending::Nothing
    }

    /// Waits, with no offer on its way.
    pub(super) fn waits(&self) -> bool {
        self.view.stand == Stand::Waiting && self.pending == Pending::Nothing
    }

    /// Its agent has it at hand and owes the first answer for too long, with no transfer on its way.
    fn is_overdue(&self) -> bool {
        self.view.overdue && matches!(self.view.stand, Stand::Held { weightless: false, .. }) && self.pending == Pending::Nothing
    }

    fn holds(&self) -> SmallVec<[Hold; 2]> {
        let full = |agent| Hold { agent, kind: self.view.kind, awake: true, turn: None };
        let turn = |agent, offer| Hold { turn: Some(offer), ..full(agent) };
        let mut holds: SmallVec<[Hold; 2]> = match self.view.stand {
            Stand::Arrived { .. } | Stand::HeldByBot | Stand::Waiting | Stand::Gone => SmallVec::new(),
            Stand::Offered { offer } => smallvec![turn(offer.agent, offer.id)],
            Stand::Held { agent, weightless: true, .. } => smallvec![Hold { awake: false, ..full(agent) }],
            Stand::Held { agent, weightless: false, .. } => smallvec![full(agent)],
            Stand::Transferring { from, offer } => smallvec![full(from), turn(offer.agent, offer.id)],
        };
        match self.pending {
            Pending::Nothing | Pending::Admission(_) | Pending::Dismissal | Pending::Move { .. } => {}
            Pending::Offer { offer, agent } | Pending::Transfer { offer, to: agent } => holds.push(turn(agent, offer)),
        }
        let finishing = self.view.finishing.filter(|agent| holds.iter().all(|hold| hold.agent != *agent));
        holds.extend(finishing.map(full));
        holds
    }
}

/// Everything the indexes hold of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Laid {
    /// Set while it is in its campaign's queue.
    pub(super) spot: Option<Spot>,
    /// Where it would be in that queue, while its agent owes the first answer for too long.
    pub(super) overdue: Option<Box<Spot>>,
    /// What it takes of whom.
    pub(super) holds: SmallVec<[Hold; 2]>,
    /// In which campaign.
    pub(super) campaign: CampaignId,
    /// Into which queue it is on its way.
    pub(super) coming: Option<CampaignId>,
}

impl Laid {
    /// Neither waits, and the same agents hold as much in the same campaign.
    fn holds_as_much_as(&self, other: &Self) -> bool {
        let shares = |laid: &Self| laid.holds.iter().map(|hold| (hold.agent, hold.awake)).collect::<SmallVec<[_; 2]>>();
        let nowhere = |laid: &Self| laid.spot.is_none() && laid.overdue.is_none() && laid.coming.is_none();
        nowhere(self) && nowhere(other) && self.campaign == other.campaign && shares(self) == shares(other)
    }

    /// Nowhere.
    const fn nowhere() -> Self {
        Self { spot: None, overdue: None, holds: SmallVec::new_const(), campaign: CampaignId::NIL, coming: None }
    }
}

/// One conversation's share of one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    pub(super) agent: AgentId,
    /// Takes capacity by its kind,
    pub(super) kind: ChannelKind,
    /// unless it sleeps.
    pub(super) awake: bool,
    /// Set while it is only reserved: a turn in orders that go round.
    pub(super) turn: Option<OfferId>,
}

impl Routing {
    /// Changes one item and moves its place in the queue and its share of agents along.
    pub(super) fn change(&mut self, id: ConversationId, change: impl FnOnce(&mut Item)) {
        let Some(item) = self.items.get_mut(&id) else { return };
        change(item);
        self.lay(id);
    }

    /// Starts to follow a conversation.
    pub(super) fn insert(&mut self, item: Item) {
        let id = item.view.id;
        self.items.insert(id, Box::new(item));
        self.lay(id);
    }

    /// Forgets a conversation that has ended.
    pub(super) fn remove(&mut self, id: ConversationId) {
        let Some(item) = self.items.remove(&id) else { return };
        self.lift(id, &item.laid);
        self.refresh(&item.laid.holds);
    }

    /// Brings the indexes up to date with one item.
    pub(super) fn lay(&mut self, id: ConversationId) {
        let Some(item) = self.items.get(&id) else { return };
        let campaign = item.view.campaign;
        let spot = item.waits().then(|| self.spot(&item.view));
        let coming = match item.pending {
            Pending::Admission(into) => into,
            Pending::Move { to, .. } => Some(to),
            _ => None,
        };
        let overdue = item.is_overdue().then(|| Box::new(self.spot(&item.view)));
        let (holds, turn) = (item.holds(), item.view.turn());
        let laid = Laid { spot, overdue, holds, campaign, coming };
        let Some(item) = self.items.get_mut(&id).filter(|item| item.laid != laid) else { return };
        let before = std::mem::replace(&mut item.laid, laid.clone());
        if before.holds_as_much_as(&laid) {
            return self.turn_over(&before, &laid);
        }
        self.lift(id, &before);
        if let Some(spot) = &laid.spot {
            self.campaigns.entry(campaign).or_default().lanes.insert(spot);
            self.alarms.extend(spot.alarm.map(|at| (at, id)));
            self.work.campaigns.insert(campaign);
            if let Some(agent) = spot.preferred {
                self.attached.entry(agent).or_default().insert(id);
            }
        }
        if let Some(spot) = &laid.overdue {
            self.campaigns.entry(campaign).or_default().overdue.insert(turn);
            self.alarms.extend(spot.alarm.map(|at| (at, id)));
            self.work.campaigns.insert(campaign);
        }
        if let Some(into) = laid.coming {
            self.campaigns.entry(into).or_default().coming += 1;
        }
        for hold in &laid.holds {
            self.take(id, campaign, *hold);
        }
        self.refresh(before.holds.iter().chain(&laid.holds));
    }

    /// What was reserved was accepted: nobody holds more or less, but it is no open turn any more.
    fn turn_over(&mut self, before: &Laid, after: &Laid) {
        let Some(campaign) = self.campaigns.get_mut(&after.campaign) else { return };
        let turn = |hold: &Hold| Some((hold.turn?, hold.agent));
        for turn in before.holds.iter().filter_map(turn) {
            campaign.turns.remove(&turn);
        }
        campaign.turns.extend(after.holds.iter().filter_map(turn));
    }

    fn lift(&mut self, id: ConversationId, laid: &Laid) {
        if let Some(spot) = &laid.spot {
            if let Some(campaign) = self.campaigns.get_mut(&laid.campaign) {
                campaign.lanes.remove(spot);
                if campaign.rings() && !campaign.overdue.is_empty() {
                    self.work.campaigns.insert(laid.campaign);
                }
            }
            if let Some(agent) = spot.preferred {
                self.detach(id, agent);
            }
            if let Some(at) = spot.alarm {
                self.alarms.remove(&(at, id));
            }
        }
        if let Some(spot) = &laid.overdue {
            if let Some(campaign) = self.campaigns.get_mut(&laid.campaign) {
                campaign.overdue.remove(&spot.turn());
                // If it was on its way to somebody else, another one can be.
                if !campaign.overdue.is_empty() {
                    self.work.campaigns.insert(laid.campaign);
                }
            }
            if let Some(at) = spot.alarm {
                self.alarms.remove(&(at, id));
            }
        }
        if let Some(campaign) = laid.coming.and_then(|into| self.campaigns.get_mut(&into)) {
            campaign.coming = campaign.coming.saturating_sub(1);
        }
        for hold in &laid.holds {
            self.let_go(id, laid.campaign, *hold);
        }
    }

    fn detach(&mut self, id: ConversationId, agent: AgentId) {
        let Some(attached) = self.attached.get_mut(&agent) else { return };
        attached.remove(&id);
        if attached.is_empty() {
            self.attached.remove(&agent);
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
