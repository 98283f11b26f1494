//! Why does this agent get it, why does nobody? Made on demand, from what the Router knows now, with the very predicates that
//! decide; costs a look at every member of one campaign, so it is for people who ask, not for decisions.

use std::collections::BTreeMap;

use super::{
    CampaignRules, CampaignState, Routing,
    capacity::{AgentState, Seat},
    choice::{Measure, count},
    hindrance::{Hindrance, hindrance},
    item::{Item, Pending, Stand},
    ready::{Ranked, Standing},
};
use crate::{
    clock::Timestamp,
    domain::{channel::ChannelKind, load::Loads, schedule::Openness, strategy::Strategy},
    ids::{AgentId, CampaignId, ConversationId},
};

/// Further back in the queue nobody counts.
const FAR: usize = 10_000;

/// What the Router knows of one conversation, and of everybody who could have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The last moment that the Router was told of.
    pub at: Timestamp,
    /// In whose queue it is.
    pub campaign: CampaignId,
    /// How that campaign chooses.
    pub strategy: Strategy,
    /// Which of its configurations is in force.
    pub revision: u32,
    /// Where the conversation stands.
    pub place: Place,
    /// Why nobody is offered anything of this campaign now, whoever they are.
    pub nobody: Option<Nobody>,
    /// How many members it has.
    pub members: u32,
    /// How many members there are of each verdict, by its code.
    pub counts: BTreeMap<&'static str, u32>,
    /// Members: who has it on offer, then those who may have it in the order they would get it, then the others by reason.
    pub candidates: Vec<Candidate>,
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// New: nobody has decided about it.
    Arrived,
    /// A bot or an automatic answer has it.
    HeldByBot,
    /// In the queue.
    Waiting {
        /// From 1; none = very far back.
        position: Option<u32>,
        /// How many wait there.
        of: u32,
    },
    /// In the queue, and what closing time means for it is decided.
    Leaving,
    /// Offered, or on its way to be.
    Offered {
        /// To whom.
        agent: AgentId,
    },
    /// An agent has it.
    Held {
        /// Who.
        agent: AgentId,
        /// Snoozed or silent: takes no capacity.
        asleep: bool,
    },
    /// On its way from one agent to another.
    Transferring {
        /// Who keeps it.
        from: AgentId,
        /// Who is asked.
        to: AgentId,
    },
}

impl Place {
    /// Whether it is to be given to somebody.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting { .. } | Self::Offered { .. })
    }
}

/// Why a campaign offers nothing to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nobody {
    /// It was deleted, or the Router has not been told of it.
    Unknown,
    /// It is switched off.
    Disabled,
    /// It is closed.
    Closed {
        /// Until then, when that is known.
        until: Option<Timestamp>,
    },
    /// Its mode chooses nobody: whoever wants it takes it.
    Rings,
}

/// A member and what speaks for or against them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// What.
    pub verdict: Verdict,
}

/// Whether a member may have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They have it on offer.
    Offered,
    /// Nothing stands against it.
    Eligible {
        /// Their penalty.
        penalty: u8,
        /// What they are compared by.
        measure: Measure,
        /// Why they are asked after others only.
        behind: Option<Behind>,
    },
    /// The first rule that says no.
    Not(Hindrance),
}

/// Why somebody who may have it comes after others, whatever they are compared by. In the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Behind {
    /// Others have a lower penalty.
    Penalty,
    /// The mode asks those first who have nothing at all to do.
    Busy,
    /// They missed or declined it: they are asked when there is nobody else.
    PassedOver,
}

impl Verdict {
    /// The stable word for it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Eligible { behind: None, .. } => "eligible",
            Self::Eligible { behind: Some(Behind::Penalty), .. } => "higher_penalty",
            Self::Eligible { behind: Some(Behind::Busy), .. } => "not_idle",
            Self::Eligible { behind: Some(Behind::PassedOver), .. } => "passed_over",
            Self::Not(hindrance) => hindrance.code(),
        }
    }

    /// Could be given it now.
    pub const fn is_eligible(&self) -> bool {
        matches!(self, Self::Eligible { .. })
    }
}

impl Routing {
    /// Everything about one conversation and the members of its campaign, of whom at most `limit` are listed, or only one.
    /// None = not followed: it has ended or never began.
    pub fn explain(&self, conversation: ConversationId, limit: usize, only: Option<AgentId>) -> Option<Explanation> {
        let item = self.items.get(&conversation)?;
        let campaign_id = item.view.campaign;
        let mut explanation = Explanation {
            at: self.now,
            campaign: campaign_id,
            strategy: Strategy::default(),
            revision: 0,
            place: self.place(item),
            nobody: Some(Nobody::Unknown),
            members: 0,
            counts: BTreeMap::new(),
            candidates: Vec::new(),
        };
        let Some((campaign, rules)) = self.campaigns.get(&campaign_id).and_then(|it| Some((it, it.rules.as_ref()?))) else {
            return Some(explanation);
        };
        explanation.strategy = rules.strategy;
        explanation.revision = rules.revision;
        explanation.nobody = nobody(rules);
        if !explanation.place.is_open() {
            return Some(explanation);
        }
        let mut candidates = self.candidates(item, campaign, rules);
        explanation.members = count(candidates.len());
        for candidate in &candidates {
            *explanation.counts.entry(candidate.verdict.code()).or_default() += 1;
        }
        candidates.retain(|candidate| only.is_none_or(|only| only == candidate.agent));
        candidates.truncate(limit);
        explanation.candidates = candidates;
        Some(explanation)
    }

    fn place(&self, item: &Item) -> Place {
        match (item.pending, item.view.stand) {
            (Pending::Offer { agent, .. }, _) => Place::Offered { agent },
            (Pending::Transfer { to, .. }, Stand::Held { agent, .. }) => Place::Transferring { from: agent, to },
            (_, Stand::Arrived { .. }) => Place::Arrived,
            (_, Stand::HeldByBot) => Place::HeldByBot,
            (Pending::Nothing, Stand::Waiting) => {
                let lanes = self.campaigns.get(&item.view.campaign).map(|campaign| &campaign.lanes);
                let position = lanes.zip(item.laid.spot.as_ref()).and_then(|(lanes, spot)| lanes.before(spot, FAR));
                Place::Waiting {
                    position: position.map(|before| count(before + 1)),
                    of: count(lanes.map_or(0, super::lanes::Lanes::len)),
                }
            }
            (_, Stand::Waiting | Stand::Gone) => Place::Leaving,
            (_, Stand::Offered { offer }) => Place::Offered { agent: offer.agent },
            (_, Stand::Held { agent, weightless, .. }) => Place::Held { agent, asleep: weightless },
            (_, Stand::Transferring { from, offer }) => Place::Transferring { from, to: offer.agent },
        }
    }

    /// Every member, in the order of [`Explanation::candidates`].
    fn candidates(&self, item: &Item, campaign: &CampaignState, rules: &CampaignRules) -> Vec<Candidate> {
        let (kind, arrived_at) = (item.view.kind, item.view.arrived_at);
        let spot = item.laid.spot.as_ref();
        let seen = spot.map_or_else(|| campaign.seen(arrived_at, self.now).0, |spot| spot.seen);
        let need = spot.and_then(|spot| spot.need.as_deref());
        let offered_to = item.reservation().map(|(_, agent)| agent);
        let (mut offered, mut ranked, mut others) = (Vec::new(), Vec::new(), Vec::new());
        let members = campaign.seated.iter().filter_map(|id| {
            let agent = self.agents.get(id)?;
            let seat = agent.seats.get(&item.view.campaign).filter(|seat| seat.place.is_some())?;
            Some((*id, agent, seat))
        });
        for (id, agent, seat) in members {
            if Some(id) == offered_to {
                offered.push(Candidate { agent: id, verdict: Verdict::Offered });
                continue;
            }
            let skills = need.and_then(|need| need.hindrance(id, &agent.skills));
            match verdict(kind, seen, arrived_at, agent, seat, rules, &self.loads).and_then(|it| skills.map_or(Ok(it), Err)) {
                Ok(standing) => {
                    let standing = need.map_or(standing, |need| standing.among(need, &agent.skills));
                    ranked.push(Ranked { agent: id, standing, passed_over: item.view.passed_over.contains(&id), behind: None });
                }
                Err(hindrance) => others.push(Candidate { agent: id, verdict: Verdict::Not(hindrance) }),
            }
        }
        let last = self.last_turn(item.view.campaign, rules.strategy.order);
        super::ready::rank(&mut ranked, &rules.strategy, last);
        // Where it is left to chance, the next one is whoever would be drawn now; and whom it should go to is asked first.
        if let Some(next) = self.best(item.view.id).filter(|best| best.preferred || rules.strategy.order.draws())
            && let Some(at) = ranked.iter().position(|one| one.agent == next.agent)
        {
            let found = ranked.remove(at);
            ranked.insert(0, Ranked { behind: found.behind.filter(|_| !next.preferred), ..found });
        }
        others.sort_unstable_by_key(|other| (other.verdict.code(), other.agent));
        let eligible = ranked.into_iter().filter_map(|Ranked { agent, behind, .. }| {
            let (penalty, measure) = self.measure(item.view.campaign, agent, need)?;
            Some(Candidate { agent, verdict: Verdict::Eligible { penalty, measure, behind } })
        });
        offered.into_iter().chain(eligible).chain(others).collect()
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

/// In the order in which it matters.
const fn nobody(rules: &CampaignRules) -> Option<Nobody> {
    if !rules.enabled {
        return Some(Nobody::Disabled);
    }
    if let Openness::Closed { until, .. } = rules.openness {
        return Some(Nobody::Closed { until });
    }
    if rules.strategy.mode.rings() { Some(Nobody::Rings) } else { None }
}
