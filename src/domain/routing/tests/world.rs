//! A small contact center around the router: real conversations that take decisions and publish their commits whenever
//! the test lets them, so every interleaving of decision, commit, refusal and news can happen.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use smallvec::SmallVec;

use super::{campaign, conversation, naive::Naive, offer_id, plain_campaign, second};
use crate::{
    clock::Timestamp,
    domain::{
        campaign::{Campaign, InForce, Member},
        channel::ChannelKind,
        conversation::{Command, Conversation, Event, Initiative, OfferOutcome, QueueReason, TransferTo},
        load::Loads,
        refusal::Refusal,
        routing::{Assigning, Day, Decision, Input, ItemView, Memory, Notice, Routing, Stand, Taking, memories},
        schedule::Openness,
        skill::{Preferred, SkillLevel},
    },
    ids::{AgentId, CampaignId, ChannelId, ClientId, ContactId, ConversationId, OfferId},
};

/// A conversation actor: its state, decisions it has not taken yet, news not published yet.
pub(super) struct Actor {
    pub(super) state: Conversation,
    pub(super) inbox: VecDeque<Command>,
    pub(super) news: VecDeque<Input>,
}

/// Invariant 3: what became of every offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Decided,
    Open,
    Over,
}

pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) router: Routing,
    pub(super) naive: Naive,
    pub(super) actors: BTreeMap<ConversationId, Actor>,
    pub(super) campaigns: BTreeMap<CampaignId, Campaign>,
    /// The last word about campaigns, members and agents: what a restart loads.
    pub(super) facts: BTreeMap<(u8, CampaignId, AgentId), Input>,
    noticed: BTreeMap<ContactId, Timestamp>,
    pub(super) day: Day,
    /// Several appends were told as one, or a campaign was deleted: what the router remembers may be less than the store.
    pub(super) forgetful: bool,
    /// Messages sent.
    pub(super) notices: Vec<Notice>,
    pub(super) fates: BTreeMap<OfferId, Fate>,
    pub(super) offers: u128,
    conversations: u8,
    /// Everything the router was told since it started, with what it decided, for invariant 7.
    pub(super) history: Vec<(Timestamp, Input)>,
    pub(super) decisions: Vec<Decision>,
    /// Transfers are asked, not told, so a history with transfers cannot be replayed from inputs alone.
    pub(super) replayable: bool,
}

impl World {
    pub(super) fn new() -> Self {
        let campaigns = (1..=3).map(|number| (campaign(number), plain_campaign(campaign(number)))).collect();
        Self {
            now: second(1_000),
            router: Routing::default(),
            naive: Naive::default(),
            actors: BTreeMap::new(),
            campaigns,
            facts: BTreeMap::new(),
            noticed: BTreeMap::new(),
            day: Day::default(),
            forgetful: false,
            notices: vec![],
            fates: BTreeMap::new(),
            offers: 0,
            conversations: 0,
            history: vec![],
            decisions: vec![],
            replayable: true,
        }
    }

    /// Tells the router and the model, compares what they decide, and puts the decisions into the inboxes.
    fn tell(&mut self, input: Input) {
        let (mut next, mut naive_next) = (self.offers, self.offers);
        let mut decisions = vec![];
        self.router.apply(input.clone(), self.now, &mut || counted(&mut next), &mut decisions);
        self.naive.learn(input.clone());
        let expected = self.naive.decide(self.now, &mut || counted(&mut naive_next));
        assert_eq!(decisions, expected, "after {input:?}");
        self.offers = next;
        self.history.push((self.now, input));
        self.decisions.extend(decisions.iter().cloned());
        self.check();
        for decision in decisions {
            self.deliver(decision);
        }
    }

    pub(super) fn deliver(&mut self, decision: Decision) {
        if let Decision::Offer { conversation, offer, .. } = &decision {
            assert_eq!(self.fates.insert(offer.id, Fate::Decided), None, "an offer id was used twice");
            assert!(self.naive.is_excused(offer.agent), "{conversation} was offered above the limit");
        }
        let (id, command) = match decision {
            Decision::Admit { conversation, admission, notice } => {
                self.notices.extend(notice);
                if notice == Some(Notice::OutOfHours) {
                    self.noticed.insert(self.actors[&conversation].state.contact, self.now);
                }
                (conversation, Command::Admit(admission))
            }
            Decision::Dismiss { conversation, to, notice } => {
                self.notices.extend(notice.then_some(Notice::Closing));
                (conversation, Command::Dismiss(to))
            }
            Decision::Offer { conversation, offer, choice } => (conversation, Command::Offer { offer, why: Some(choice) }),
            Decision::Withdraw { conversation, offer, agent } => {
                (conversation, Command::EndOffer { offer, agent, outcome: OfferOutcome::Withdrawn })
            }
            Decision::Release { conversation, agent, reason } => (conversation, Command::Release { agent, reason }),
        };
        self.actors.get_mut(&id).unwrap().inbox.push_back(command);
    }

    fn fact(&mut self, key: (u8, CampaignId, AgentId), input: Input) {
        self.facts.insert(key, input.clone());
        self.tell(input);
    }

    pub(super) fn configure(&mut self, configured: Campaign, openness: Openness) {
        self.campaigns.insert(configured.id, configured.clone());
        let key = (0, configured.id, AgentId::NIL);
        self.fact(key, Input::Campaign(Box::new(InForce { campaign: configured, openness, day: self.day })));
    }

    pub(super) fn drop_campaign(&mut self, id: CampaignId) {
        self.forgetful = true;
        self.fact((0, id, AgentId::NIL), Input::CampaignGone(id));
    }

    pub(super) fn join(&mut self, agent: AgentId, campaign: CampaignId, penalty: u8) {
        self.seat(Member { penalty, ..Member::new(agent, campaign) });
    }

    pub(super) fn seat(&mut self, member: Member) {
        self.fact((1, member.campaign, member.agent), Input::Member(member));
    }

    /// A new day begins now, and every campaign says so.
    pub(super) fn midnight(&mut self) {
        self.pass(Duration::from_micros(1));
        self.day = Day { since: self.now, until: self.now + Duration::from_secs(86_400) };
        let campaigns: Vec<_> = self.facts.values().cloned().collect();
        for input in campaigns {
            if let Input::Campaign(in_force) = input {
                let InForce { campaign, openness, .. } = *in_force;
                self.configure(campaign, openness);
            }
        }
    }

    /// A call begins, taking so many units, or ends.
    pub(super) fn call(&mut self, agent: AgentId, units: Option<u32>) {
        self.fact((3, CampaignId::NIL, agent), Input::Call { agent, units, at: self.now });
    }

    pub(super) fn can(&mut self, agent: AgentId, skills: Vec<SkillLevel>) {
        self.fact((5, CampaignId::NIL, agent), Input::Skills { agent, skills });
    }

    pub(super) fn speaks(&mut self, agent: AgentId, belongs: bool) {
        self.fact((7, CampaignId::NIL, agent), Input::Voice { agent, belongs });
    }

    pub(super) fn weigh(&mut self, loads: Loads) {
        self.fact((6, CampaignId::NIL, AgentId::NIL), Input::Loads(loads));
    }

    /// Time passes, and the router's timer rings whenever it wants to.
    pub(super) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.router.next_alarm().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.tell(Input::Time);
        }
        self.now = until;
    }

    pub(super) fn leave(&mut self, agent: AgentId, campaign: CampaignId) {
        self.fact((1, campaign, agent), Input::MemberGone { agent, campaign });
    }

    pub(super) fn agent_is(&mut self, agent: AgentId, capacity: u32, available: bool) {
        self.fact((2, CampaignId::NIL, agent), Input::Agent { agent, capacity, available });
    }

    pub(super) fn agent_gone(&mut self, agent: AgentId, reason: QueueReason) {
        self.fact((2, CampaignId::NIL, agent), Input::AgentGone { agent, reason });
    }

    /// As after a restart: nobody has said yet whether the agent is there.
    pub(super) fn forget_agent(&mut self, agent: AgentId) {
        self.facts.remove(&(2, CampaignId::NIL, agent));
    }

    pub(super) fn arrive(&mut self, campaign: CampaignId, contact: u8, kind: ChannelKind) -> ConversationId {
        self.arrive_for(campaign, contact, kind, None)
    }

    /// Somebody writes who was served before.
    pub(super) fn arrive_for(
        &mut self,
        campaign: CampaignId,
        contact: u8,
        kind: ChannelKind,
        preferred: Option<Preferred>,
    ) -> ConversationId {
        self.start(campaign, contact, kind, preferred, None)
    }

    /// Nobody writes first in a campaign that is not there.
    pub(super) fn is_configured(&self, campaign: CampaignId) -> bool {
        matches!(self.facts.get(&(0, campaign, AgentId::NIL)), Some(Input::Campaign(_)))
    }

    /// An agent writes first.
    pub(super) fn begin(&mut self, campaign: CampaignId, contact: u8, kind: ChannelKind, agent: AgentId) -> ConversationId {
        let over_capacity = self.router.is_beyond_room(agent, campaign, kind);
        assert_eq!(over_capacity, self.naive.is_beyond_room(agent, campaign, kind), "{agent} in {campaign}");
        self.start(campaign, contact, kind, None, Some(Initiative { agent, over_capacity }))
    }

    fn start(
        &mut self,
        campaign: CampaignId,
        contact: u8,
        kind: ChannelKind,
        preferred: Option<Preferred>,
        initiative: Option<Initiative>,
    ) -> ConversationId {
        self.conversations += 1;
        let id = conversation(self.conversations);
        let (client, channel) = (ClientId::from_u128(1), ChannelId::from_u128(1));
        let contact = ContactId::from_u128(contact.into());
        let started = Event::Started { client, channel, kind, campaign, contact, noticed_at: None, preferred, initiative };
        let state = Conversation::started(id, &started, self.now).unwrap();
        self.actors.insert(id, Actor { state, inbox: VecDeque::new(), news: VecDeque::new() });
        let view = self.view(id);
        self.actors.get_mut(&id).unwrap().news.push_back(Input::Conversation { view, ended_offers: SmallVec::new() });
        id
    }

    pub(super) fn view(&self, id: ConversationId) -> ItemView {
        let state = &self.actors[&id].state;
        let mut view = ItemView::of(state);
        if let Stand::Arrived { noticed_at } = &mut view.stand {
            *noticed_at = self.noticed.get(&state.contact).copied();
        }
        view
    }

    /// The nth conversation that has not ended.
    pub(super) fn nth(&self, n: u8) -> Option<ConversationId> {
        let open: Vec<_> = self.actors.values().filter(|actor| !actor.state.phase.is_ended()).collect();
        open.get(usize::from(n).checked_rem(open.len())?).map(|actor| actor.state.id)
    }

    pub(super) fn state(&self, id: ConversationId) -> &Conversation {
        &self.actors[&id].state
    }

    /// The conversation commits a command, or refuses it; the router does not know yet.
    pub(super) fn commit(&mut self, id: ConversationId, command: &Command) {
        let actor = self.actors.get_mut(&id).unwrap();
        let rules = self.campaigns[&actor.state.campaign].rules();
        let events = actor.state.step(command, &rules, self.now);
        match (events, reserved_by(command)) {
            (Err(_), Some(offer)) => self.refuse(id, offer),
            (Err(_), None) => {}
            (Ok(events), _) if events.is_empty() => {}
            (Ok(events), _) => {
                let mut ended_offers = SmallVec::new();
                let before = actor.state.clone();
                events.iter().for_each(|event| actor.state.apply(event, self.now));
                let after = actor.state.clone();
                self.store(&before, &after);
                events.iter().for_each(|event| self.follow(event, &mut ended_offers));
                if let Command::Move { ticket, .. } = command {
                    self.fates.insert(*ticket, Fate::Over);
                }
                let view = self.view(id);
                self.actors.get_mut(&id).unwrap().news.push_back(Input::Conversation { view, ended_offers });
            }
        }
    }

    /// What the store keeps of an agent's past, in the same commit.
    fn store(&mut self, before: &Conversation, after: &Conversation) {
        for Memory { campaign, agent, served, ended_at } in memories(Some(before), after, self.now) {
            let day = if self.is_configured(campaign) { self.day.of(self.now) } else { Timestamp::default() };
            let key = (4, campaign, agent);
            let known =
                self.facts.get(&key).and_then(|input| if let Input::Past { past, .. } = input { Some(*past) } else { None });
            let mut past = known.unwrap_or_default();
            past.served = served.max(past.served);
            if ended_at.is_some() {
                past.completed = if past.day == day { past.completed + 1 } else { 1 };
                (past.ended_at, past.day) = (ended_at, day);
            }
            self.facts.insert(key, Input::Past { campaign, agent, past });
        }
    }

    fn follow(&mut self, event: &Event, ended: &mut SmallVec<[OfferId; 1]>) {
        match event {
            Event::Offered { offer, .. } | Event::TransferOffered { offer, .. } => {
                assert_eq!(self.fates.insert(offer.id, Fate::Open), Some(Fate::Decided));
            }
            Event::OfferAccepted { offer, .. } | Event::OfferEnded { offer, .. } => {
                assert_eq!(self.fates.insert(*offer, Fate::Over), Some(Fate::Open), "two outcomes");
                ended.push(*offer);
            }
            _ => {}
        }
    }

    fn refuse(&mut self, id: ConversationId, offer: OfferId) {
        assert_eq!(self.fates.insert(offer, Fate::Over), Some(Fate::Decided));
        self.actors.get_mut(&id).unwrap().news.push_back(Input::OfferRefused { conversation: id, offer });
    }

    /// The conversation takes the next decision from its inbox.
    pub(super) fn take_decision(&mut self, id: ConversationId) -> bool {
        let Some(command) = self.actors.get_mut(&id).unwrap().inbox.pop_front() else { return false };
        self.commit(id, &command);
        true
    }

    /// The conversation cannot take the next decision, if that is a reservation.
    pub(super) fn fail_to_take(&mut self, id: ConversationId) {
        let inbox = &mut self.actors.get_mut(&id).unwrap().inbox;
        if let Some(offer) = inbox.front().and_then(reserved_by) {
            inbox.pop_front();
            self.refuse(id, offer);
        }
    }

    /// The router hears the next news of this conversation.
    pub(super) fn publish(&mut self, id: ConversationId) -> bool {
        let Some(input) = self.actors.get_mut(&id).unwrap().news.pop_front() else { return false };
        self.tell(input);
        true
    }

    /// The router hears all news of this conversation up to the next refusal as one: the last view, and every offer that
    /// ended meanwhile.
    pub(super) fn publish_at_once(&mut self, id: ConversationId) {
        let news = &mut self.actors.get_mut(&id).unwrap().news;
        self.forgetful |= news.len() > 1;
        let (mut last, mut ended) = (None, SmallVec::<[OfferId; 1]>::new());
        while let Some(Input::Conversation { view, ended_offers }) = news.front().cloned() {
            news.pop_front();
            ended.extend(ended_offers);
            last = Some(view);
        }
        if let Some(view) = last {
            self.tell(Input::Conversation { view, ended_offers: ended });
        }
    }

    /// The conversation's actor dies with what it had not taken, and is rebuilt.
    pub(super) fn restart(&mut self, id: ConversationId) {
        let actor = self.actors.get_mut(&id).unwrap();
        let lost: Vec<_> = actor.inbox.drain(..).filter_map(|command| reserved_by(&command)).collect();
        self.forgetful |= !actor.news.is_empty();
        actor.news.clear();
        for offer in lost {
            assert_eq!(self.fates.insert(offer, Fate::Over), Some(Fate::Decided));
        }
        self.tell(Input::Restarted(self.view(id)));
    }

    pub(super) fn transfer(&mut self, id: ConversationId, to: AgentId) {
        let Some(from) = self.state(id).phase.owner() else { return };
        let offer = counted(&mut self.offers);
        let reserved = self.router.reserve_transfer(id, from, to, offer, self.now);
        let expected = self.naive.reserve_transfer(id, from, to, offer, self.now);
        assert_eq!(reserved.is_ok(), expected, "{reserved:?}");
        self.replayable = false;
        if expected {
            self.fates.insert(offer, Fate::Decided);
            let command = Command::Transfer { agent: from, to: TransferTo::Agent { offer, agent: to } };
            self.actors.get_mut(&id).unwrap().inbox.push_back(command);
        }
        self.check();
    }

    /// An agent wants it now.
    pub(super) fn take(&mut self, id: ConversationId, agent: AgentId) -> Result<Taking, Refusal> {
        let offer = counted(&mut self.offers);
        let taking = self.router.reserve_take(id, agent, offer, self.now);
        let expected = self.naive.reserve_take(id, agent, offer, self.now);
        assert_eq!(matches!(taking, Ok(Taking::Reserved(_))), expected, "{taking:?}");
        self.replayable = false;
        let command = match taking {
            Ok(Taking::Reserved(offer)) => {
                self.fates.insert(offer.id, Fate::Decided);
                assert!(self.naive.is_excused(agent), "{id} was taken above the limit");
                Some(Command::Take(offer))
            }
            Ok(Taking::Offered(offer)) => Some(Command::Accept { offer, agent }),
            Ok(Taking::Theirs) | Err(_) => None,
        };
        self.actors.get_mut(&id).unwrap().inbox.extend(command);
        self.check();
        taking
    }

    /// A supervisor gives it to an agent.
    pub(super) fn assign(&mut self, id: ConversationId, agent: AgentId) -> Result<Assigning, Refusal> {
        let offer = counted(&mut self.offers);
        let would_be_offered = self.naive.views.get(&id).is_some_and(|view| self.naive.may_take(agent, view));
        let assigning = self.router.reserve_assignment(id, agent, offer, self.now);
        let expected = self.naive.reserve_assignment(id, agent, offer, self.now);
        assert_eq!(matches!(assigning, Ok(Assigning::Reserved(..))), expected, "{assigning:?}");
        self.replayable = false;
        let command = match assigning {
            Ok(Assigning::Reserved(offer, assignment)) => {
                assert_eq!(assignment.over_capacity, !would_be_offered, "{id} is flagged wrongly");
                self.fates.insert(offer.id, Fate::Decided);
                Some(Command::Assign { offer, assignment })
            }
            Ok(Assigning::Offered(offer)) => Some(Command::Accept { offer, agent }),
            Ok(Assigning::Theirs) | Err(_) => None,
        };
        self.actors.get_mut(&id).unwrap().inbox.extend(command);
        self.check();
        assigning
    }

    /// A supervisor moves it to another queue.
    pub(super) fn move_to(&mut self, id: ConversationId, to: CampaignId) -> Result<(), Refusal> {
        let ticket = counted(&mut self.offers);
        let moved = self.router.reserve_move(id, to, ticket);
        assert_eq!(moved.is_ok(), self.naive.reserve_move(id, to, ticket), "{moved:?}");
        self.replayable = false;
        if moved.is_ok() {
            self.fates.insert(ticket, Fate::Decided);
            self.actors.get_mut(&id).unwrap().inbox.push_back(Command::Move { ticket, campaign: to });
        }
        self.check();
        moved
    }

    pub(super) fn transfer_to_campaign(&mut self, id: ConversationId, to: CampaignId) {
        let Some(agent) = self.state(id).phase.owner() else { return };
        if self.router.check_transfer_campaign(id, to).is_ok() {
            self.commit(id, &Command::Transfer { agent, to: TransferTo::Campaign(to) });
        }
    }

    /// Everything on its way arrives.
    pub(super) fn settle(&mut self) {
        loop {
            let ids: Vec<_> = self.actors.keys().copied().collect();
            let moved = ids.into_iter().filter(|id| self.take_decision(*id) | self.publish(*id)).count();
            if moved == 0 && self.router.next_alarm().is_none_or(|at| at > self.now) {
                break;
            }
            if moved == 0 {
                self.tell(Input::Time);
            }
        }
        self.check_settled();
    }
}

pub(super) fn reserved_by(command: &Command) -> Option<OfferId> {
    match command {
        Command::Offer { offer, .. } | Command::Take(offer) | Command::Assign { offer, .. } => Some(offer.id),
        Command::Move { ticket, .. } => Some(*ticket),
        Command::Transfer { to: TransferTo::Agent { offer, .. }, .. } => Some(*offer),
        _ => None,
    }
}

pub(super) fn counted(offers: &mut u128) -> OfferId {
    *offers += 1;
    offer_id(*offers)
}
