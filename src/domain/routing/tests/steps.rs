//! Short words for the tests that tell stories.

use std::time::Duration;

use super::{agent, campaign, plain_campaign, world::World};
use crate::{
    domain::{
        campaign::Campaign,
        channel::ChannelKind::Webchat,
        conversation::{Command, OfferOutcome, Phase},
        message::Content,
        schedule::Openness,
        strategy::Strategy,
    },
    ids::{AgentId, ConversationId, MessageId},
};

/// Campaign 1 is open; agent 1 is its member and has room for one web chat.
pub(super) fn small_desk() -> World {
    let mut world = World::new();
    world.configure(plain_campaign(campaign(1)), Openness::ALWAYS);
    world.join(agent(1), campaign(1), 0);
    world.agent_is(agent(1), 25, true);
    world
}

/// Campaign 1 is open and chooses like this; these agents are its members and have room for `units` each.
pub(super) fn desk(strategy: Strategy, agents: u8, units: u32) -> World {
    let mut world = World::new();
    world.configure(Campaign { strategy, ..plain_campaign(campaign(1)) }, Openness::ALWAYS);
    for number in 1..=agents {
        world.join(agent(number), campaign(1), 0);
        world.agent_is(agent(number), units, true);
    }
    world
}

impl World {
    /// A web chat of campaign 1 is offered to this agent, who takes it at once.
    pub(super) fn served(&mut self) -> u8 {
        let id = self.chat(1);
        let to = self.offered_to(id);
        if to.is_some() {
            self.accept(id);
        }
        (1..=9).find(|number| Some(agent(*number)) == to).unwrap_or(0)
    }

    /// The same, and it is over after `seconds`.
    pub(super) fn served_for(&mut self, seconds: u64) -> u8 {
        let served = self.served();
        self.pass(Duration::from_secs(seconds));
        let held: Vec<_> =
            self.actors.values().filter(|it| it.state.phase.owner() == Some(agent(served))).map(|it| it.state.id).collect();
        held.into_iter().for_each(|id| self.close(id));
        served
    }

    /// A web chat arrives one second after whatever came before, and everything settles.
    pub(super) fn chat(&mut self, place: u8) -> ConversationId {
        self.now = self.now + Duration::from_secs(1);
        let id = self.arrive(campaign(place), 1, Webchat);
        self.settle();
        id
    }

    pub(super) fn offered_to(&self, id: ConversationId) -> Option<AgentId> {
        self.state(id).phase.offer().map(|offer| offer.agent)
    }

    pub(super) fn is_waiting(&self, id: ConversationId) -> bool {
        matches!(self.state(id).phase, Phase::Queued { .. })
    }

    pub(super) fn used(&self, who: u8) -> u32 {
        self.router.observe().agents.iter().find(|it| it.id == agent(who)).map_or(0, |it| it.used)
    }

    pub(super) fn does(&mut self, id: ConversationId, command: &Command) {
        self.commit(id, command);
        self.settle();
    }

    pub(super) fn accept(&mut self, id: ConversationId) {
        let offer = *self.state(id).phase.offer().unwrap();
        self.does(id, &Command::Accept { offer: offer.id, agent: offer.agent });
    }

    pub(super) fn decline(&mut self, id: ConversationId) {
        let offer = *self.state(id).phase.offer().unwrap();
        self.does(id, &Command::EndOffer { offer: offer.id, agent: offer.agent, outcome: OfferOutcome::Declined });
    }

    pub(super) fn close(&mut self, id: ConversationId) {
        let agent = self.state(id).phase.owner().unwrap();
        self.does(id, &Command::Close { agent, force: false, disposition: None, wrap_up: false });
    }

    pub(super) fn reply(&mut self, id: ConversationId) {
        let agent = self.state(id).phase.owner().unwrap();
        self.does(id, &Command::Reply { message: MessageId::NIL, agent, content: hello() });
    }

    pub(super) fn customer_writes(&mut self, id: ConversationId) {
        self.commit(id, &Command::Receive { message: MessageId::NIL, content: hello() });
    }
}

fn hello() -> Content {
    Content::plain("hello")
}
