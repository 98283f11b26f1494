//! The invariants of routing.md, checked on a world.

use smallvec::SmallVec;

use super::{
    naive::Naive,
    why::{announced, check_announced},
    world::{Fate, World, counted, reserved_by},
};
use crate::{
    domain::routing::{Decision, Input, Routing, Stand},
    ids::{AgentId, CampaignId},
};

/// Who has how many units and conversations, and how many wait where.
#[derive(Debug, PartialEq, Eq)]
struct Booked {
    agents: Vec<(AgentId, u32, usize)>,
    campaigns: Vec<(CampaignId, usize)>,
}

impl World {
    /// Invariants 1, 2, 4 on what the router knows: its indexes say what a scan of everything says.
    pub(super) fn check(&self) {
        let seen = self.router.observe();
        for campaign in &seen.campaigns {
            assert_eq!(campaign.waiting, self.naive.waiting_in(campaign.id), "queue of {}", campaign.id);
            assert_eq!(campaign.waiting, self.router.waiting(campaign.id));
        }
        let waiting = self.naive.views.values().filter(|view| self.naive.waits(view)).count();
        assert_eq!(waiting, seen.campaigns.iter().map(|campaign| campaign.waiting).sum::<usize>());
        for agent in &seen.agents {
            assert_eq!(agent.used, self.naive.used(agent.id), "capacity of {}", agent.id);
            assert_eq!(agent.conversations, self.naive.conversations(agent.id));
        }
        let mut seats = self.router.agents.values().flat_map(|agent| agent.seats.values());
        assert!(seats.all(|seat| seat.place.is_some() || seat.holding > 0), "a seat is kept for nothing");
        self.check_explanations();
    }

    /// Invariants 3 and 4 on the truth: nothing is left on its way, and nobody waits who could be served.
    pub(super) fn check_settled(&self) {
        assert_eq!(self.router.observe().pending, 0);
        let told = |input: Input| match input {
            Input::Past { campaign, agent, past } => {
                Some((campaign, agent, past.served, past.ended_at, past.completed_on(self.day.since)))
            }
            _ => None,
        };
        let stored: Vec<_> = self.facts.values().cloned().filter_map(told).collect();
        let known: Vec<_> = self.router.pasts().into_iter().filter_map(told).collect();
        assert!(self.forgetful || stored == known, "the past is the fold of what is committed: {stored:?}, {known:?}");
        for (offer, fate) in &self.fates {
            let open = self.actors.values().any(|actor| actor.state.phase.offer().is_some_and(|open| open.id == *offer));
            assert_eq!(*fate, if open { Fate::Open } else { Fate::Over }, "{offer}");
        }
        for actor in self.actors.values().filter(|actor| !actor.state.phase.is_ended()) {
            let view = self.view(actor.state.id);
            let serving = self
                .facts
                .get(&(0, view.campaign, AgentId::NIL))
                .is_some_and(|input| matches!(input, Input::Campaign(it) if it.campaign.enabled && it.openness.is_open()));
            assert!(!matches!(view.stand, Stand::Arrived { .. }), "{view:?} was never admitted");
            assert!(
                view.stand != Stand::Waiting || !serving || self.naive.eligible(&view, self.now).is_empty(),
                "{view:?} waits although somebody has room"
            );
        }
    }

    /// Invariant 7.
    pub(super) fn check_replay(&self) {
        if !self.replayable {
            return;
        }
        let (mut router, mut offers, mut decisions) = (Routing::default(), 0, vec![]);
        for (now, input) in &self.history {
            router.apply(input.clone(), *now, &mut || counted(&mut offers), &mut decisions);
        }
        assert_eq!(decisions, self.decisions);
        assert_eq!(router, self.router);
    }

    /// Invariant 8: everything in memory is lost; the router is rebuilt from what is committed, in any order.
    pub(super) fn crash(&mut self, seed: usize) {
        let settled = self.actors.values().all(|actor| actor.inbox.is_empty() && actor.news.is_empty());
        let before = self.booked();
        for actor in self.actors.values_mut() {
            for offer in actor.inbox.drain(..).filter_map(|command| reserved_by(&command)) {
                self.fates.insert(offer, Fate::Over);
            }
            actor.news.clear();
        }
        let mut inputs: Vec<_> = self.facts.values().cloned().collect();
        let open = self.actors.values().filter(|actor| !actor.state.phase.is_ended());
        inputs.extend(open.map(|actor| Input::Conversation { view: self.view(actor.state.id), ended_offers: SmallVec::new() }));
        let (router, decisions) = self.load(inputs.clone());
        let (other_router, other_decisions) = self.load(shuffled(inputs.clone(), seed));
        assert_eq!((&router, &decisions), (&other_router, &other_decisions));
        self.naive = Naive::default();
        self.naive.loading = true;
        for input in inputs {
            self.naive.learn(input);
        }
        self.naive.loading = false;
        let mut offers = self.offers;
        assert_eq!(decisions, self.naive.decide(self.now, &mut || counted(&mut offers)));
        self.router = router;
        self.offers = offers;
        self.replayable = false;
        if settled {
            assert_eq!((self.booked(), decisions.as_slice()), (before, [].as_slice()), "the fold of what is committed");
        }
        for decision in decisions {
            self.deliver(decision);
        }
    }

    fn booked(&self) -> Booked {
        let seen = self.router.observe();
        let agents = seen.agents.iter().filter(|it| it.conversations > 0).map(|it| (it.id, it.used, it.conversations));
        let campaigns = seen.campaigns.iter().filter(|it| it.waiting > 0).map(|it| (it.id, it.waiting));
        Booked { agents: agents.collect(), campaigns: campaigns.collect() }
    }

    fn load(&self, inputs: Vec<Input>) -> (Routing, Vec<Decision>) {
        let (mut router, mut offers, mut decisions) = (Routing::loading(0), self.offers, vec![]);
        for input in inputs {
            router.apply(input, self.now, &mut || counted(&mut offers), &mut decisions);
        }
        assert!(decisions.is_empty(), "loading decides nothing");
        let announced = announced(&router);
        router.finish_loading(self.now, &mut || counted(&mut offers), &mut decisions);
        check_announced(&announced, &decisions);
        (router, decisions)
    }
}

fn shuffled(mut inputs: Vec<Input>, seed: usize) -> Vec<Input> {
    let length = inputs.len().max(1);
    inputs.rotate_left(seed % length);
    if seed % 2 == 1 {
        inputs.reverse();
    }
    inputs
}
