//! What happens in conversations: they arrive, commit what is decided, are worked on, end.

use super::*;

impl<W: Witness> Run<'_, W> {
    pub(super) fn arrives(&mut self, arrival: Arrival) {
        let Some(place) = self.places.get(&arrival.campaign) else { return };
        let id = ConversationId::from_u128(self.arrived as u128);
        let started = Event::Started {
            client: place.planned.campaign.client,
            channel: ChannelId::NIL,
            kind: arrival.kind,
            campaign: arrival.campaign,
            contact: ContactId::from_u128(self.arrived as u128),
            noticed_at: None,
            preferred: None,
            initiative: None,
        };
        let Some(mut state) = Conversation::started(id, &started, self.now) else { return };
        self.witness.commits(self.now, &state, &started);
        let written = Event::MessageReceived { message: MessageId::NIL };
        state.apply(&written, self.now);
        self.witness.commits(self.now, &state, &written);
        state.priority = arrival.priority;
        let view = ItemView::of(&state);
        let open = Open {
            state,
            arrival,
            track: Track::default(),
            offers: 0,
            left: arrival.talk,
            working_since: self.now,
            handed_over: false,
        };
        self.open.insert(id, open);
        if let Some(patience) = arrival.patience {
            self.later(patience, Due::GiveUp(id));
        }
        self.tell(Input::Conversation { view, ended_offers: SmallVec::new() });
    }

    pub(super) fn falls_due(&mut self, due: Due) {
        match due {
            Due::Openness(id) => {
                // One that was configured again has another clock.
                if self.places.get(&id).is_some_and(|place| place.looks == Some(self.now)) {
                    self.look_at_clock(id);
                }
            }
            Due::Accept(id, offer) => {
                let open = self.open.get(&id).and_then(|open| open.state.phase.offer().copied());
                if let Some(open) = open.filter(|open| open.id == offer && self.is_there(open.agent)) {
                    self.commit(id, &Command::Accept { offer, agent: open.agent });
                }
            }
            Due::Deadline(id) => self.commit(id, &Command::Due { message: MessageId::NIL }),
            Due::GiveUp(id) => self.commit(id, &Command::GiveUp(Ending::Abandoned)),
            Due::WrapUpEnds(id) => {
                if let Some(agent) = self.open.get(&id).and_then(|open| open.state.phase.owner()) {
                    self.commit(id, &Command::EndWrapUp { agent });
                }
            }
            Due::FirstAnswer(id, offer) => {
                if let Some(agent) = self.works_on(id, offer, due) {
                    self.answer(id, agent);
                }
            }
            Due::HandOver(id, offer) => {
                if let Some(agent) = self.works_on(id, offer, due) {
                    self.hand_over(id, agent);
                }
            }
            Due::Finish(id, offer) => {
                if let Some(agent) = self.works_on(id, offer, due) {
                    self.finish(id, agent);
                }
            }
            Due::Look(agent, campaign) => self.looks(agent, campaign),
            Due::GraceEnds(agent, breaks) => self.grace_ends(agent, breaks),
            Due::ComesBack(agent) => {
                let activity = self.people.get(&agent).and_then(|person| person.agent.activity);
                if activity == Some(Activity::NotResponding) {
                    self.acts(agent, &AgentCommand::BeAvailable);
                }
            }
        }
    }

    pub(super) fn is_there(&self, agent: AgentId) -> bool {
        self.people.get(&agent).is_some_and(|person| person.connected)
    }

    pub(super) fn grace_ends(&mut self, agent: AgentId, breaks: u32) {
        let Some(person) = self.people.get_mut(&agent) else { return };
        if person.breaks == breaks && !person.connected && person.agent.activity.is_some() {
            person.lost = true;
            self.tell(Input::AgentGone { agent, reason: QueueReason::AgentLost });
        }
    }

    /// Who works on a conversation that they got by this offer. Whose connection is broken does nothing; what they would have
    /// done they do when they are back.
    pub(super) fn works_on(&mut self, id: ConversationId, offer: OfferId, due: Due) -> Option<AgentId> {
        let state = &self.open.get(&id)?.state;
        let Phase::Active { agent } = state.phase else { return None };
        if state.accepted != Some(offer) {
            return None;
        }
        if self.is_there(agent) {
            return Some(agent);
        }
        self.later(TRIES_AGAIN, due);
        None
    }

    pub(super) fn answer(&mut self, id: ConversationId, agent: AgentId) {
        self.commit(id, &Command::Reply { message: MessageId::NIL, agent, content: self.hello.clone() });
    }

    pub(super) fn finish(&mut self, id: ConversationId, agent: AgentId) {
        let Some(open) = self.open.get(&id) else { return };
        let (replied, campaign) = (open.state.replied, open.state.campaign);
        if !replied {
            self.answer(id, agent);
        }
        let disposition = self.places.get(&campaign).and_then(|place| place.disposition);
        self.commit(id, &Command::Close { agent, force: false, disposition, wrap_up: false });
    }

    pub(super) fn hand_over(&mut self, id: ConversationId, agent: AgentId) {
        let Some(open) = self.open.get_mut(&id) else { return };
        open.handed_over = true;
        let (campaign, to) = (open.state.campaign, open.arrival.hand_over);
        match to {
            Some(HandOver::Campaign(to)) if self.routing.check_transfer_campaign(id, to).is_ok() => {
                self.commit(id, &Command::Transfer { agent, to: TransferTo::Campaign(to) });
            }
            Some(HandOver::Agent) => {
                if let Some((offer, target)) = self.asks_colleagues(id, campaign, agent) {
                    self.commit(id, &Command::Transfer { agent, to: TransferTo::Agent { offer, agent: target } });
                }
            }
            _ => {}
        }
    }

    pub(super) fn asks_colleagues(
        &mut self,
        id: ConversationId,
        campaign: CampaignId,
        agent: AgentId,
    ) -> Option<(OfferId, AgentId)> {
        let members: Vec<_> = self.places.get(&campaign)?.members.iter().copied().filter(|it| *it != agent).collect();
        let mut random = Random::of(self.plan.seed, hashed(id), 0);
        for _ in 0..ASKS.min(members.len()) {
            let target = members.get(random.below(members.len())).copied()?;
            let offer = counted(&mut self.offers);
            let made = self.routing.reserve_transfer(id, agent, target, offer, self.now).is_ok();
            self.witness.reserves(self.now, Asked { conversation: id, from: Some(agent), to: target, offer }, made);
            if made {
                return Some((offer, target));
            }
        }
        None
    }

    /// The conversation decides, commits and tells the router; or refuses.
    pub(super) fn commit(&mut self, id: ConversationId, command: &Command) {
        let now = self.now;
        let Some(open) = self.open.get_mut(&id) else {
            return self.refused(id, command);
        };
        let Some(place) = self.places.get(&open.state.campaign) else { return };
        let Ok(events) = open.state.step(command, &place.rules, now) else {
            return self.refused(id, command);
        };
        if events.is_empty() {
            return;
        }
        let mut ended_offers = SmallVec::<[OfferId; 1]>::new();
        let mut agents = SmallVec::<[(AgentId, AgentCommand); 1]>::new();
        let before = open.state.clone();
        let mut previous = before.clone();
        for event in &events {
            open.state.apply(event, now);
            let places = &self.places;
            let opening = |campaign: CampaignId| match places.get(&campaign)?.openness {
                Openness::Closed { until, .. } => until,
                Openness::Open { .. } => None,
            };
            self.tally.event(&mut open.track, &previous, event, &open.state, now, opening);
            self.witness.commits(now, &open.state, event);
            match event {
                Event::OfferAccepted { offer, agent } => {
                    ended_offers.push(*offer);
                    agents.push((*agent, AgentCommand::AnswerOffer));
                }
                Event::OfferEnded { offer, agent, outcome } => {
                    ended_offers.push(*offer);
                    match outcome {
                        OfferOutcome::Missed => agents.push((*agent, AgentCommand::MissOffer)),
                        OfferOutcome::Declined => agents.push((*agent, AgentCommand::AnswerOffer)),
                        OfferOutcome::Withdrawn => {}
                    }
                }
                _ => {}
            }
            previous.clone_from(&open.state);
        }
        let (view, ended) = (ItemView::of(&open.state), open.state.phase.is_ended());
        if ended {
            self.open.remove(&id);
        } else {
            self.follow(id, &before);
        }
        self.tell(Input::Conversation { view, ended_offers });
        for (agent, command) in agents {
            self.offer_ended(agent, &command);
        }
        self.after(id, &before, ended);
    }

    /// A reservation that came to nothing.
    pub(super) fn refused(&mut self, conversation: ConversationId, command: &Command) {
        let offer = match command {
            Command::Offer { offer, .. } | Command::Take(offer) => offer.id,
            Command::Transfer { to: TransferTo::Agent { offer, .. }, .. } => *offer,
            _ => return,
        };
        self.tell(Input::OfferRefused { conversation, offer });
    }

    pub(super) fn offer_ended(&mut self, agent: AgentId, command: &AgentCommand) {
        let responding = |run: &Self| run.people.get(&agent).is_some_and(Person::takes_offers);
        let before = responding(self);
        self.acts(agent, command);
        if before && !responding(self) {
            self.later(self.plan.comes_back, Due::ComesBack(agent));
        }
    }

    /// What a conversation's new state brings with it.
    pub(super) fn follow(&mut self, id: ConversationId, before: &Conversation) {
        let now = self.now;
        let Some(open) = self.open.get_mut(&id) else { return };
        if matches!(before.phase, Phase::Active { .. } | Phase::Transferring { .. }) && open.state.phase != before.phase {
            open.left = open.left.saturating_sub(now.since(open.working_since)).max(LEAST_WORK);
            open.working_since = now;
        }
        let (arrival, phase) = (open.arrival, open.state.phase.clone());
        match phase {
            Phase::Offered { offer } | Phase::Transferring { offer, .. } => {
                open.offers += 1;
                let mut random = Random::of(self.plan.seed, hashed(id), open.offers);
                let accepts = now + self.plan.reaction.draw(&mut random);
                if offer.deadline.is_none_or(|deadline| accepts < deadline) {
                    self.at(accepts, Due::Accept(id, offer.id));
                }
                if let Some(deadline) = offer.deadline {
                    self.at(deadline, Due::Deadline(id));
                }
            }
            Phase::Active { .. } if phase != before.phase => {
                open.working_since = now;
                let Some(offer) = open.state.accepted else { return };
                let (left, answers) = (open.left, !open.state.replied && arrival.first_answer < open.left);
                let gives = arrival.hand_over.is_some() && !open.handed_over;
                if answers {
                    self.later(arrival.first_answer, Due::FirstAnswer(id, offer));
                }
                if gives {
                    self.later(left / 2, Due::HandOver(id, offer));
                }
                self.later(left, Due::Finish(id, offer));
            }
            Phase::WrapUp { until, locked, .. } if phase != before.phase => {
                let ends = now + arrival.wrap_up;
                match until {
                    Some(until) if locked || until <= ends => self.at(until, Due::Deadline(id)),
                    _ => self.at(ends, Due::WrapUpEnds(id)),
                }
            }
            _ => {}
        }
    }

    /// Where everybody sees what waits, agents notice what has changed.
    pub(super) fn after(&mut self, id: ConversationId, before: &Conversation, ended: bool) {
        let state = self.open.get(&id).map(|open| &open.state);
        let waits_in = state.filter(|state| matches!(state.phase, Phase::Queued { .. })).map(|state| state.campaign);
        let owner = state.and_then(|state| state.phase.owner());
        if let Some(campaign) = waits_in.filter(|campaign| self.rings(*campaign)) {
            self.call_members(campaign);
        }
        let freed = before.phase.owner().or(before.phase.offer().map(|offer| offer.agent));
        if let Some(agent) = freed.filter(|agent| ended || owner != Some(*agent)) {
            self.look_around(agent);
            self.goes_home(agent);
        }
    }
}
