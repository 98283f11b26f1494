//! What agents do: come, go, and notice what waits where everybody sees it.

use super::*;

impl<W: Witness> Run<'_, W> {
    pub(super) fn happens(&mut self, what: &What) {
        match what {
            What::SignsIn(agent) => {
                if let Some(person) = self.people.get_mut(agent) {
                    person.goes_home = false;
                }
                self.connection(*agent, true);
                self.acts(*agent, &AgentCommand::SignIn);
            }
            What::SignsOut(agent) => {
                self.acts(*agent, &AgentCommand::SignOut { by: None });
                self.connection(*agent, false);
            }
            What::GoesHome(agent) => {
                if let Some(person) = self.people.get_mut(agent) {
                    person.goes_home = true;
                }
                self.acts(*agent, &AgentCommand::TakeBreak(BreakId::NIL));
                self.goes_home(*agent);
            }
            What::BreakBegins(agent) => self.acts(*agent, &AgentCommand::TakeBreak(BreakId::NIL)),
            What::BreakEnds(agent) => self.acts(*agent, &AgentCommand::BeAvailable),
            What::Disconnects(agent) => {
                self.connection(*agent, false);
                self.tell_presence(*agent);
                if let Some(breaks) = self.people.get(agent).map(|person| person.breaks) {
                    self.later(self.plan.grace, Due::GraceEnds(*agent, breaks));
                }
            }
            What::Reconnects(agent) => {
                self.connection(*agent, true);
                self.tell_presence(*agent);
            }
            What::Configured(planned) => self.configure(planned),
            What::Joins(member) => self.join(*member),
            What::Leaves(agent, campaign) => self.leave(*agent, *campaign),
        }
    }

    /// Who wants to go home does when nothing is left to do.
    pub(super) fn goes_home(&mut self, agent: AgentId) {
        let wants = self.people.get(&agent).is_some_and(|person| person.goes_home);
        if wants && self.tally.holds(agent) == 0 {
            self.acts(agent, &AgentCommand::SignOut { by: None });
            self.connection(agent, false);
        }
    }

    pub(super) fn connection(&mut self, agent: AgentId, is_there: bool) {
        if let Some(person) = self.people.get_mut(&agent) {
            person.connected = is_there;
            person.lost = false;
            person.breaks += 1;
        }
    }

    /// As the agent's session: steps, then tells the router if that changed whether offers are taken.
    pub(super) fn acts(&mut self, agent: AgentId, command: &AgentCommand) {
        let now = self.now;
        let Some(person) = self.people.get_mut(&agent) else { return };
        let before = (person.agent.activity, person.takes_offers());
        let Ok(events) = person.agent.step(command) else { return };
        for event in &events {
            person.agent.apply(event, now);
            self.witness.acts(now, agent, event);
        }
        if (person.agent.activity, person.takes_offers()) != before {
            self.tell_presence(agent);
        }
    }

    pub(super) fn tell_presence(&mut self, agent: AgentId) {
        let Some(person) = self.people.get(&agent) else { return };
        let (signed_in, available, capacity) = (person.agent.activity.is_some(), person.takes_offers(), person.capacity);
        self.tally.presence(agent, signed_in, available, capacity, self.now);
        if signed_in {
            self.tell(Input::Agent { agent, capacity, available });
            self.look_around(agent);
        } else {
            self.tell(Input::AgentGone { agent, reason: QueueReason::AgentSignedOut });
        }
    }

    /// Something waits: its campaign's members look up.
    pub(super) fn call_members(&mut self, campaign: CampaignId) {
        if self.routing.waiting(campaign) == 0 {
            return;
        }
        let members = self.places.get(&campaign).map(|place| place.members.clone()).unwrap_or_default();
        for agent in members {
            self.look_up(agent, campaign);
        }
    }

    /// An agent may have room: they look at what waits.
    pub(super) fn look_around(&mut self, agent: AgentId) {
        let rings = self.people.get(&agent).map(|person| person.rings.clone()).unwrap_or_default();
        for campaign in rings {
            if self.routing.waiting(campaign) > 0 {
                self.look_up(agent, campaign);
            }
        }
    }

    pub(super) fn look_up(&mut self, agent: AgentId, campaign: CampaignId) {
        let Some(person) = self.people.get_mut(&agent) else { return };
        if !person.takes_offers() || person.looking.contains(&campaign) {
            return;
        }
        person.looking.push(campaign);
        person.looks += 1;
        let mut random = Random::of(self.plan.seed, hashed(agent), person.looks);
        let after = self.plan.reaction.draw(&mut random);
        self.later(after, Due::Look(agent, campaign));
    }

    pub(super) fn looks(&mut self, agent: AgentId, campaign: CampaignId) {
        let Some(person) = self.people.get_mut(&agent) else { return };
        person.looking.retain(|ring| *ring != campaign);
        if !person.takes_offers() || !self.rings(campaign) {
            return;
        }
        for id in self.routing.front(campaign, LOOKS_AT) {
            let offer = counted(&mut self.offers);
            let asked = Asked { conversation: id, from: None, to: agent, offer };
            let taking = self.routing.reserve_take(id, agent, offer, self.now);
            self.witness.reserves(self.now, asked, matches!(taking, Ok(Taking::Reserved(_))));
            match taking {
                Ok(Taking::Reserved(offer)) => {
                    self.commit(id, &Command::Take(offer));
                    return self.look_around(agent);
                }
                Err(Refusal::AtCapacity) => return,
                Ok(Taking::Offered(_) | Taking::Theirs) | Err(_) => {}
            }
        }
    }
}
