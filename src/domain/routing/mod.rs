//! Who gets what: pure decisions over index structures (routing.md).
//!
//! [`Routing`] is everything one Router knows. [`Routing::apply`] takes one [`Input`] and the time, and appends the
//! [`Decision`]s that follow from it. No clock, no I/O, no randomness: the same inputs in the same order give the same
//! decisions, byte for byte, so a shift can be replayed, simulated and compared with a model that scans everything.
//!
//! **What comes in** is committed: campaigns in force, members, who is there, and for every conversation a view of its
//! state after each append. **What goes out** is only a wish until the conversation has committed it. Between the two an
//! item carries a *pending* decision (`item`): its capacity counts at once, the item is out of the queue at once,
//! and it is settled by the view that shows what became of it, by an offer reported as ended, or by a refusal. A view that
//! merely is older than the decision settles nothing.
//!
//! **One call has two halves.** `fold` and `item` change what is known and move the indexes along; what that might
//! enable is noted in `Work`: conversations whose agent left, arrivals, campaigns where an item or room for one
//! appeared. `decide` then works that off, in this order: withdrawals and releases, closing time, admissions, offers,
//! first answers that are owed. So no wake-up is lost, and after every call this holds: *no item waits while a member who may take
//! it has room*. Matching therefore only ever looks at campaigns that were just noted.
//!
//! **Offers are greedy in one global order of items**: campaigns with the higher `weight` first, then oldest arrival, then
//! id, where each campaign puts forward its next item by its own policy. Each item goes to the best agent at that moment:
//! eligible by the campaign's *mode*, in the lowest penalty tier, first by its *order* ([`Strategy`]). Agents who passed an
//! item over are skipped while anybody else is eligible for it; if only they are, it goes to the best of them. Campaigns whose
//! mode rings make no offers: their agents take what waits.
//!
//! **Indexes.** A campaign has its eligible agents in order, one pool per tier and gate: the kinds that they may take and fit, and
//! their delay (`ready`). It holds its waiting items in order, one line per kind and delay outwaited (`queue`), and apart what asks
//! for skills, one line per need (`lines`). "Is there a pair?" is a look at the first of each line and pool, "which?" the first of
//! them. A change of an agent's load touches one entry in each of the agent's campaigns; so a decision costs
//! O(campaigns of the agent × log agents), never a scan of agents or items. A line that asks for skills asks each agent once,
//! whenever they become ready. Only where agents idle whom it does not want does a *new* line look at more of them, at most at
//! those who have the rarest skill it asks for; and an order that compares skills, or draws, at all who are ready.
//! Chance needs no draw per agent: a pool that leaves it to chance finds its nth agent in O(log agents) (`counted`).
//!
//! **Time** changes an item's place when a member's delay is over, when less is asked of its agent, when it is held for somebody
//! no longer and when its score can grow no more. All are *alarms*: the actor arms one timer for [`Routing::next_alarm`].
//!
//! | file | rule |
//! |---|---|
//! | `admit` | queue, go elsewhere, or end; what to say |
//! | `closing` | what closing time means for what waits |
//! | `queue`, `score` | which item goes next; how urgent it is; another order, in slices |
//! | `lanes`, `lines`, `need` | what an item asks of its agent; for whom it is held |
//! | `capacity` | what each agent holds |
//! | `hindrance`, `mode`, `eligibility` | who may get an item |
//! | `ready`, `order` | who of those does; `counted`, `draw` = chance |
//! | `memory`, `credit` | what was before: who was served last, whose work ended when, how many today |
//! | `transfer` | targets checked and reserved |
//! | `take` | an agent takes what waits, out of turn |
//! | `overdue` | who owes a first answer for too long loses the item, when somebody else can take it |
//! | `steer` | a supervisor gives what waits to an agent or moves it to another queue |
//! | `decide` | work off what an input made possible |
//! | `choice`, `why`, `gather` | what a decision records of itself; the whole list, on demand, in slices |

mod admit;
mod capacity;
mod choice;
mod closing;
mod counted;
mod credit;
mod decide;
mod draw;
mod eligibility;
mod fold;
mod gather;
mod hindrance;
mod item;
mod lanes;
mod lines;
mod memory;
mod mode;
mod need;
mod observe;
mod order;
mod overdue;
mod queue;
mod ready;
mod score;
mod steer;
mod take;
#[cfg(test)]
pub(in crate::domain) mod tests;
mod transfer;
mod why;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use self::{capacity::AgentState, credit::ScoreBoard, item::Item, lanes::Lanes, memory::Pasts, queue::Turn};
pub use self::{
    choice::{Choice, Drawn, Measure, RunnerUp},
    gather::{Gathered, Gathering, Gathers, SLICE},
    hindrance::Hindrance,
    item::{ItemView, Stand},
    memory::{Day, Memory, Past, memories},
    observe::{AgentSnapshot, CampaignSnapshot, Snapshot},
    steer::Assigning,
    take::Taking,
    why::{Behind, Candidate, Explanation, Nobody, Place, Verdict},
};
use crate::{
    clock::Timestamp,
    domain::{
        campaign::{InForce, Member, OutOfHours},
        channel::ChannelKind,
        conversation::{Admission, Dismissal, Offer, QueueReason},
        load::Loads,
        schedule::Openness,
        skill::{Asking, SkillLevel},
        strategy::{Mode, Strategy},
        waiting::{AtClosing, WhenFull},
    },
    ids::{AgentId, CampaignId, ClientId, ContactId, ConversationId, OfferId, SkillId},
};

/// What the router is told. Everything in it is committed, except refusals, which are about its own decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A campaign's configuration or openness, in full, whenever either changes.
    Campaign(Box<InForce>),
    /// The campaign was deleted. Its items stay queued.
    CampaignGone(CampaignId),
    /// An agent is a member of a campaign, with these settings.
    Member(Member),
    /// An agent is no longer a member: open offers are withdrawn, conversations already held stay.
    MemberGone {
        /// Who.
        agent: AgentId,
        /// Where.
        campaign: CampaignId,
    },
    /// An agent is signed in and connected.
    Agent {
        /// Who.
        agent: AgentId,
        /// Capacity in units; the default is 100 (routing.md, Capacity).
        capacity: u32,
        /// Takes offers: online, not on a break, not paused.
        available: bool,
    },
    /// An agent is this good at these things, and at no others.
    Skills {
        /// Who.
        agent: AgentId,
        /// Each skill once, in any order.
        skills: Vec<SkillLevel>,
    },
    /// Whether an agent belongs to a voice campaign of the telephone system (S4-35); nobody does who was not named.
    Voice {
        /// Who.
        agent: AgentId,
        /// Does.
        belongs: bool,
    },
    /// What conversations of each kind weigh.
    Loads(Loads),
    /// An agent does not come back by itself. Holds until the next [`Input::Agent`].
    AgentGone {
        /// Who.
        agent: AgentId,
        /// [`QueueReason::AgentLost`] (grace over) releases what has an unanswered customer message, now or later;
        /// anything else (signed out) releases everything.
        reason: QueueReason,
    },
    /// A telephone system says that an agent is in a call, or no more.
    Call {
        /// Who.
        agent: AgentId,
        /// Capacity units it takes; none = it is over.
        units: Option<u32>,
        /// When it began or ended.
        at: Timestamp,
    },
    /// What the store has of an agent's past in a campaign, at a start.
    Past {
        /// Where.
        campaign: CampaignId,
        /// Who.
        agent: AgentId,
        /// What.
        past: Past,
    },
    /// Nothing happened but the time that [`Routing::next_alarm`] named.
    Time,
    /// A conversation's state after a commit, in commit order per conversation. Several appends may be told as one.
    Conversation {
        /// The state. The same view twice changes nothing.
        view: ItemView,
        /// Offers that were accepted or ended otherwise since the last view.
        ended_offers: SmallVec<[OfferId; 1]>,
    },
    /// The conversation refused or could not take an offer or a transfer: the reservation ends and matching goes on at
    /// once. If the refusal shows a state the router has not seen, send that view first, or the same offer follows.
    OfferRefused {
        /// Which conversation.
        conversation: ConversationId,
        /// Which reservation.
        offer: OfferId,
    },
    /// The conversation's actor was rebuilt from the store: decisions on their way to it are lost and are taken anew.
    Restarted(ItemView),
}

/// What a customer is told, in the words of the campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Nobody is there now (S1-11 to S1-13).
    OutOfHours,
    /// The queue is full.
    Full,
    /// It closes now.
    Closing,
}

/// What the router decided; to be carried out by the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Let a new conversation in, or end it.
    Admit {
        /// Which.
        conversation: ConversationId,
        /// How.
        admission: Admission,
        /// Send this message of the campaign first.
        notice: Option<Notice>,
    },
    /// It has waited since before its campaign closed.
    Dismiss {
        /// Which.
        conversation: ConversationId,
        /// What becomes of it.
        to: Dismissal,
        /// Send the campaign's closing message first.
        notice: bool,
    },
    /// An agent's capacity is reserved for a waiting conversation.
    Offer {
        /// Which.
        conversation: ConversationId,
        /// To whom and until when.
        offer: Offer,
        /// Why.
        choice: Box<Choice>,
    },
    /// End an open offer or transfer: its agent takes no offers any more, or is no member any more.
    Withdraw {
        /// Which conversation.
        conversation: ConversationId,
        /// Which reservation.
        offer: OfferId,
        /// To whom it was made.
        agent: AgentId,
    },
    /// The owner is gone: back to the front of the queue. Or the sender of a transfer is: they have finished.
    Release {
        /// Which.
        conversation: ConversationId,
        /// From whom.
        agent: AgentId,
        /// Why.
        reason: QueueReason,
    },
}

/// Who has a skill, at whatever level.
type Holders = FxHashMap<SkillId, BTreeSet<AgentId>>;

/// The router's state: one per routing domain.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Routing {
    /// Known campaigns, and unknown ones that have members or items.
    campaigns: FxHashMap<CampaignId, CampaignState>,
    /// Everybody ever named; bounded by the number of users.
    agents: FxHashMap<AgentId, AgentState>,
    /// Conversations that have not ended.
    items: FxHashMap<ConversationId, Box<Item>>,
    holders: Holders,
    /// Items that wait and should go to an agent.
    attached: FxHashMap<AgentId, BTreeSet<ConversationId>>,
    loads: Loads,
    /// Contacts whose out-of-hours message is decided but not committed, with the conversation that sends it.
    noticing: FxHashMap<ContactId, ConversationId>,
    /// When waiting items change their place by themselves.
    alarms: BTreeSet<(Timestamp, ConversationId)>,
    /// Campaigns whose order has changed, and which of their items are not in their new place; none = not begun.
    laying: BTreeMap<CampaignId, Option<Vec<ConversationId>>>,
    /// The latest time it was told.
    now: Timestamp,
    /// Of this installation: chance follows from it.
    seed: u64,
    work: Work,
    loading: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct CampaignState {
    /// None while the router has not been told, or after the campaign was deleted.
    rules: Option<CampaignRules>,
    /// Agents with a [`capacity::Seat`] here.
    seated: BTreeSet<AgentId>,
    lanes: Lanes,
    /// Held by agents who owe the first answer for too long: see [`overdue`].
    overdue: BTreeSet<Turn>,
    asking: Asking,
    /// Conversations on their way into the queue.
    coming: usize,
    memory: Pasts,
    score_board: ScoreBoard,
    /// Open reservations: they count as turns in orders that go round.
    turns: BTreeSet<(OfferId, AgentId)>,
    /// Delays of its members in seconds, and how many have each.
    delays: BTreeMap<u32, usize>,
}

/// The part of a campaign's configuration in force that routing needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CampaignRules {
    client: ClientId,
    enabled: bool,
    openness: Openness,
    weight: u8,
    strategy: Strategy,
    day: Day,
    out_of_hours: OutOfHours,
    has_out_of_hours_message: bool,
    max_waiting: Option<u32>,
    when_full: WhenFull,
    has_full_message: bool,
    at_closing: AtClosing,
    has_closing_message: bool,
    overflow: Option<CampaignId>,
    max_per_agent: u32,
    comes_back_within: Duration,
    revision: u32,
    offer_time: Duration,
    mail_offer_time: Duration,
    /// S4-35.
    voice_members_only: bool,
}

impl CampaignRules {
    /// How long an agent has to answer an offer of this kind.
    const fn offer_time(&self, kind: ChannelKind) -> Duration {
        if matches!(kind, ChannelKind::Email) { self.mail_offer_time } else { self.offer_time }
    }
}

impl CampaignState {
    /// Makes offers now: known, enabled and open.
    fn is_serving(&self) -> bool {
        self.rules.is_some_and(|rules| rules.enabled && rules.openness.is_open())
    }

    /// As many wait as may. Who is just coming in counts.
    fn is_full(&self) -> bool {
        let most = self.rules.and_then(|rules| rules.max_waiting);
        most.is_some_and(|most| self.lanes.len() + self.coming >= usize::try_from(most).unwrap_or(usize::MAX))
    }

    /// Something is to be given to somebody.
    fn has_work(&self) -> bool {
        !self.lanes.is_empty() || !self.overdue.is_empty()
    }

    fn mode(&self) -> Option<Mode> {
        self.rules.map(|rules| rules.strategy.mode)
    }

    /// Agents take what waits.
    fn rings(&self) -> bool {
        self.mode().is_some_and(Mode::rings)
    }
}

/// What the last inputs may have made possible, in the order it is worked off. Ordered sets, so that no hash order
/// reaches a decision.
#[derive(Debug, Default, PartialEq, Eq)]
struct Work {
    /// Conversations whose owner or offered agent may not be there.
    departures: BTreeSet<ConversationId>,
    /// Conversations that may have waited since before their campaign closed.
    closings: BTreeSet<ConversationId>,
    /// New conversations to admit.
    arrivals: BTreeSet<Turn>,
    /// Campaigns where an item, or an agent for one, may have become available.
    campaigns: BTreeSet<CampaignId>,
}

impl Routing {
    /// A router that only learns: [`Routing::apply`] decides nothing until [`Routing::finish_loading`]. Load campaigns,
    /// members, agents and the views of all open conversations, in any order.
    pub fn loading(seed: u64) -> Self {
        Self { loading: true, seed, ..Self::default() }
    }

    /// Ends loading: everything that can be decided is decided now.
    pub fn finish_loading(&mut self, now: Timestamp, next_offer: &mut dyn FnMut() -> OfferId, out: &mut Vec<Decision>) {
        self.loading = false;
        self.now = self.now.max(now);
        while !self.laying.is_empty() {
            self.lay_slice();
        }
        self.ring_alarms();
        self.decide(now, next_offer, out);
    }

    /// Learns one fact and appends what follows from it to `out`, in the order it must reach each conversation.
    pub fn apply(&mut self, input: Input, now: Timestamp, next_offer: &mut dyn FnMut() -> OfferId, out: &mut Vec<Decision>) {
        self.now = self.now.max(now);
        self.fold(input);
        if !self.loading {
            self.ring_alarms();
            self.decide(now, next_offer, out);
        }
    }

    /// The campaign a known conversation is in.
    pub fn campaign_of(&self, conversation: ConversationId) -> Option<CampaignId> {
        self.items.get(&conversation).map(|item| item.view.campaign)
    }

    /// When a campaign that is closed opens.
    pub fn next_opening(&self, campaign: CampaignId) -> Option<Timestamp> {
        let openness = self.campaigns.get(&campaign)?.rules?.openness;
        if openness.is_open() { None } else { openness.until() }
    }

    /// How many conversations of a campaign wait with no offer on the way.
    pub fn waiting(&self, campaign: CampaignId) -> usize {
        self.campaigns.get(&campaign).map_or(0, |campaign| campaign.lanes.len())
    }
}
