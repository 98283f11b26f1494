//! The whole list of an explanation, in slices: a campaign may have ten thousand members, and who asks about one conversation
//! holds up nobody else. What a slice finds is true of the moment in which it looked; the rest is of the moment of the last
//! one. It is sorted by whoever waits for it.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

use super::{
    CampaignRules, CampaignState, Candidate, Explanation, Hindrance, Nobody, Routing, Verdict,
    capacity::{AgentState, Seat},
    hindrance::hindrance,
    item::Item,
    order::Key,
    ready::{Ranked, Standing, rank},
    why::nobody,
};
use crate::{
    clock::Timestamp,
    domain::{channel::ChannelKind, load::Loads, strategy::Strategy},
    ids::{AgentId, CampaignId, ConversationId},
};

/// So many members are looked at in one turn of the Router: some tens of microseconds.
pub const SLICE: usize = 128;

/// What has been found out about the members of a conversation's campaign so far.
#[derive(Debug)]
pub struct Gathering {
    conversation: ConversationId,
    campaign: CampaignId,
    /// The last one who was looked at.
    last: Option<AgentId>,
    ranked: Vec<Ranked>,
    others: Vec<(AgentId, Hindrance)>,
}

/// An explanation but for its list, and what the list is made of.
#[derive(Debug)]
pub struct Gathered {
    explanation: Explanation,
    ranked: Vec<Ranked>,
    others: Vec<(AgentId, Hindrance)>,
    offered_to: Option<AgentId>,
    /// Whom it should go to.
    preferred: Option<AgentId>,
    /// Who would be drawn, where it is left to chance.
    drawn: Option<AgentId>,
    /// Whose turn it was last.
    last: Option<(Key, AgentId)>,
}

/// How it goes on after a slice.
#[derive(Debug)]
pub enum Gathers {
    /// There are more members.
    More(Gathering),
    /// That was the last one; none = the conversation is not followed any more.
    Done(Option<Box<Gathered>>),
}

impl Gathering {
    fn of(item: &Item, members: usize) -> Self {
        let (ranked, others) = (Vec::with_capacity(members), Vec::with_capacity(members));
        Self { conversation: item.view.id, campaign: item.view.campaign, last: None, ranked, others }
    }
}

impl Routing {
    /// Begins to find out everything about one conversation. None = not followed: it has ended or never began.
    pub fn explain(&self, conversation: ConversationId) -> Option<Gathering> {
        self.items.get(&conversation).map(|item| Gathering::of(item, self.members_of(item)))
    }

    fn members_of(&self, item: &Item) -> usize {
        self.campaigns.get(&item.view.campaign).map_or(0, |campaign| campaign.seated.len())
    }

    /// Looks at so many more members.
    pub fn gather(&self, mut gathering: Gathering, most: usize) -> Gathers {
        let Some(item) = self.items.get(&gathering.conversation) else { return Gathers::Done(None) };
        if gathering.campaign != item.view.campaign {
            gathering = Gathering::of(item, self.members_of(item));
        }
        let Some((campaign, rules)) = self.rules_of(item) else {
            return Gathers::Done(Some(Box::new(self.gathered(item, Strategy::default(), gathering))));
        };
        let from = gathering.last.map_or(Unbounded, Excluded);
        let members = || campaign.seated.range((from, Unbounded)).take(most).copied();
        if item.is_to_be_given() {
            self.look(item, campaign, rules, members(), &mut gathering);
            if let Some(last) = members().nth(most.saturating_sub(1)) {
                gathering.last = Some(last);
                return Gathers::More(gathering);
            }
        }
        Gathers::Done(Some(Box::new(self.gathered(item, rules.strategy, gathering))))
    }

    fn rules_of(&self, item: &Item) -> Option<(&CampaignState, &CampaignRules)> {
        let campaign = self.campaigns.get(&item.view.campaign)?;
        Some((campaign, campaign.rules.as_ref()?))
    }

    fn look(
        &self,
        item: &Item,
        campaign: &CampaignState,
        rules: &CampaignRules,
        members: impl Iterator<Item = AgentId>,
        gathering: &mut Gathering,
    ) {
        let (kind, arrived_at, campaign_id) = (item.view.kind, item.view.arrived_at, item.view.campaign);
        let spot = item.laid.spot.as_ref();
        let seen = spot.map_or_else(|| campaign.seen(arrived_at, self.now).0, |spot| spot.seen);
        let need = spot.and_then(|spot| spot.need.as_deref());
        for id in members {
            let Some(agent) = self.agents.get(&id) else { continue };
            let Some(seat) = agent.seats.get(&campaign_id).filter(|seat| seat.place.is_some()) else { continue };
            let skills = need.and_then(|need| need.hindrance(id, &agent.skills));
            let found =
                verdict(kind, seen, arrived_at, agent, seat, rules, &self.loads).and_then(|it| skills.map_or(Ok(it), Err));
            match found {
                Ok(standing) => {
                    let standing = need.map_or(standing, |need| standing.among(need, &agent.skills));
                    let Some((penalty, measure)) = self.measure(campaign_id, id, need) else { continue };
                    let passed_over = item.view.passed_over.contains(&id);
                    gathering.ranked.push(Ranked { agent: id, standing, passed_over, behind: None, penalty, measure });
                }
                Err(hindrance) => gathering.others.push((id, hindrance)),
            }
        }
    }

    /// What is the same for all members.
    fn gathered(&self, item: &Item, strategy: Strategy, gathering: Gathering) -> Gathered {
        let (campaign, rules) = self.rules_of(item).unzip();
        let explanation = Explanation {
            at: self.now,
            campaign: item.view.campaign,
            strategy,
            revision: rules.map_or(0, |rules| rules.revision),
            place: self.place(item),
            nobody: rules.map_or(Some(Nobody::Unknown), nobody),
            members: 0,
            counts: BTreeMap::new(),
            candidates: Vec::new(),
        };
        let (ranked, others) =
            if item.is_to_be_given() { (gathering.ranked, gathering.others) } else { (Vec::new(), Vec::new()) };
        let spot = item.laid.spot.as_ref();
        // Of those who are good enough all are looked at for it.
        let draws = |campaign: &&CampaignState| {
            strategy.order.draws() && (spot.is_some_and(|spot| spot.need.is_none()) || campaign.lanes.ready.len() <= SLICE)
        };
        let drawn = campaign.filter(draws).and_then(|_| self.best(item.view.id)).map(|best| best.agent);
        Gathered {
            explanation,
            ranked,
            others,
            offered_to: item.reservation().map(|(_, agent)| agent),
            preferred: spot.and_then(|spot| spot.preferred),
            drawn,
            last: self.last_turn(item.view.campaign, strategy.order),
        }
    }
}

impl Gathered {
    /// When this was.
    pub const fn is_of(&mut self, at: Timestamp) {
        self.explanation.at = at;
    }

    /// There is much to sort.
    pub const fn is_large(&self) -> bool {
        self.ranked.len() + self.others.len() > SLICE
    }

    /// At most so many members, or one only.
    pub fn list(self, limit: usize, only: Option<AgentId>) -> Explanation {
        let Self { mut explanation, mut ranked, mut others, offered_to, preferred, drawn, last } = self;
        let listed = ranked.iter().map(|one| one.agent).chain(others.iter().map(|(agent, _)| *agent));
        let offered = listed.into_iter().find(|agent| Some(*agent) == offered_to);
        ranked.retain(|one| Some(one.agent) != offered);
        others.retain(|(agent, _)| Some(*agent) != offered);
        rank(&mut ranked, &explanation.strategy, last);
        let place = |agent: Option<AgentId>| ranked.iter().position(|one| Some(one.agent) == agent);
        // Whom it should go to is asked first, whatever the order; where it is left to chance, whoever would be drawn now.
        if let Some((at, preferred)) = place(preferred).map(|at| (at, true)).or_else(|| Some((place(drawn)?, false))) {
            let found = ranked.remove(at);
            ranked.insert(0, Ranked { behind: found.behind.filter(|_| !preferred), ..found });
        }
        others.sort_unstable_by_key(|(agent, hindrance)| (hindrance.code(), *agent));
        let offered = offered.map(|agent| Candidate { agent, verdict: Verdict::Offered });
        let ranked = ranked.into_iter().map(|Ranked { agent, behind, penalty, measure, .. }| Candidate {
            agent,
            verdict: Verdict::Eligible { penalty, measure, behind },
        });
        let others = others.into_iter().map(|(agent, hindrance)| Candidate { agent, verdict: Verdict::Not(hindrance) });
        for candidate in offered.into_iter().chain(ranked).chain(others) {
            explanation.members += 1;
            *explanation.counts.entry(candidate.verdict.code()).or_default() += 1;
            if only.is_none_or(|only| only == candidate.agent) && explanation.candidates.len() < limit {
                explanation.candidates.push(candidate);
            }
        }
        explanation
    }
}

/// The entry by which the decision finds an agent, if it finds them for this item; else the first rule that hides them.
fn verdict(
    kind: ChannelKind,
    seen: u32,
    arrived_at: Timestamp,
    agent: &AgentState,
    seat: &Seat,
    rules: &CampaignRules,
    loads: &Loads,
) -> Result<Standing, Hindrance> {
    if let Some(hindrance) = hindrance(kind, agent, seat, rules, loads) {
        return Err(hindrance);
    }
    let delayed = || {
        let delay = seat.place.map_or(0, |place| place.delay);
        Hindrance::Delay { until: arrived_at + std::time::Duration::from_secs(delay.into()) }
    };
    seat.standing.filter(|standing| standing.gate.lets(kind, seen)).ok_or_else(delayed)
}
