//! What happened before anybody looked: conversations of the last days, told through the same rules as those of today.
//!
//! Every beat of a conversation is a few commands to the domain at a moment of the past; its events, texts and rows are committed by
//! the journal. So the tables are the fold of the log here as everywhere else. Conversations come in waves and go on in rounds, one
//! beat of each in a round: what a round commits is one group, and a slow disk waits a thousand times, not ten thousand.
//!
//! | file | what is there |
//! |---|---|
//! | [`shifts`] | who was at work, and when |
//! | [`plot`] | what is to happen in each conversation, and when |
//! | [`telling`] | what happens: commands to the domain, appends to the journal |

mod plot;
mod shifts;
mod telling;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::sync::oneshot;

use self::{plot::WAVE, shifts::Duty};
use super::company::Company;
use crate::{
    auth::visitor::{Bearer, VisitorTokens},
    clock::{Clock, Timestamp},
    commands::{Failure, instance::Offline},
    demo::{
        folder::{Continued, Regular},
        scripts::{Customer, Dialogue, Scripts, Topic},
    },
    domain::{
        agent::{Agent, AgentCommand},
        channel::ChannelKind,
        contact::Address,
        conversation::Conversation,
        delivery::Delivery,
        log::By,
        message::Message,
    },
    ids::{AgentId, CampaignId, ChannelId, ClientId, ContactId, ConversationId, Ids, MessageId, OfferId},
    store::write::{Committed, ContactCard, Refused, Statement},
};

/// Conversations that are over.
const ENDED: usize = 376;
/// Conversations that wait for an agent.
const WAITING: usize = 6;
/// Conversations with an agent.
const WITH_AGENTS: usize = 18;
/// How many there are in all.
pub(super) const CONVERSATIONS: usize = ENDED + WAITING + WITH_AGENTS;
const DAYS: u64 = 7;
/// Appends between two looks at what became of them.
const AT_ONCE: usize = 512;

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// When the oldest of it happened.
pub(super) fn beginning(now: Timestamp) -> Timestamp {
    now - minutes((DAYS + 2) * 24 * 60)
}

/// What is to happen.
enum Step {
    Writes(String),
    Admits,
    Offers(AgentId),
    Misses(AgentId),
    Accepts(AgentId),
    Replies(AgentId, String),
    Notes(AgentId, String),
    /// The last reply.
    Moves(Delivery),
    Fields(AgentId),
    Tags(AgentId),
    Prioritises(AgentId),
    Transfers(AgentId, CampaignId),
    Sleeps,
    Parks(AgentId, Timestamp),
    Closes(AgentId, String),
    Finishes(AgentId),
    GivesUp,
    Rates(u8),
    Shift(AgentCommand),
}

/// One conversation as it goes on.
struct Tale {
    id: Option<ConversationId>,
    client: ClientId,
    channel: ChannelId,
    kind: ChannelKind,
    topic: Topic,
    address: Address,
    dialogue: Dialogue,
    state: Option<Conversation>,
    card: Option<Arc<ContactCard>>,
    last: Option<Arc<Message>>,
    offer: Option<OfferId>,
    reply: Option<MessageId>,
    /// Lines said at the end, if it is to go on.
    said: Option<usize>,
    /// Its first beat's place in its wave.
    entry: usize,
    /// One a round.
    beats: Vec<Vec<Step>>,
}

/// Who has written before, from where, and until when.
struct Known {
    customer: Customer,
    topic: Topic,
    channel: ChannelId,
    address: Address,
    until: Timestamp,
}

/// What a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Tale(usize),
    Agent(AgentId),
}

/// Everything of it.
pub(super) struct History<'a> {
    company: &'a Company,
    offline: &'a Offline,
    clock: Clock,
    ids: &'a Ids,
    now: Timestamp,
    random: StdRng,
    scripts: Scripts,
    duties: Vec<Duty>,
    known: Vec<Known>,
    tales: Vec<Tale>,
    /// When, whose, what.
    steps: Vec<(Timestamp, Whose, Vec<Step>)>,
    /// What has an append that nobody has heard of yet: the journal takes the next one after it.
    in_flight: BTreeSet<Whose>,
    contacts: BTreeMap<String, ContactId>,
    agents: BTreeMap<AgentId, Agent>,
    answers: Vec<oneshot::Receiver<Result<Arc<Committed>, Refused>>>,
    /// What stands beside the log.
    beside: Vec<Statement>,
}

impl<'a> History<'a> {
    pub(super) fn new(company: &'a Company, offline: &'a Offline, clock: Clock, ids: &'a Ids, now: Timestamp, seed: u64) -> Self {
        Self {
            company,
            offline,
            clock,
            ids,
            now,
            random: StdRng::seed_from_u64(seed),
            scripts: Scripts::default(),
            duties: Vec::new(),
            known: Vec::new(),
            tales: Vec::new(),
            steps: Vec::new(),
            in_flight: BTreeSet::new(),
            contacts: BTreeMap::new(),
            agents: BTreeMap::new(),
            answers: Vec::new(),
            beside: Vec::new(),
        }
    }

    /// Thinks it up and commits it. What is open goes on, who has written may come again.
    pub(super) async fn write(mut self, visitors: &VisitorTokens) -> Result<(Vec<Continued>, Vec<Regular>), Failure> {
        self.shifts();
        let mut left = ENDED;
        while left > 0 {
            let count = self.random.random_range(3..=WAVE).min(left);
            left -= count;
            self.wave(count);
        }
        self.today();
        let mut steps = std::mem::take(&mut self.steps);
        steps.sort_by_key(|(at, ..)| *at);
        for (at, whose, steps) in steps {
            self.clock.move_to(at);
            if self.answers.len() >= AT_ONCE {
                self.settle().await?;
            }
            match whose {
                Whose::Tale(tale) => self.tell(tale, steps, at).await?,
                Whose::Agent(agent) => self.shift(agent, steps, at).await?,
            }
        }
        self.settle().await?;
        self.clock.move_to(self.now);
        let beside = std::mem::take(&mut self.beside);
        let written = self.offline.journal.write(beside, None, By::System, None).await;
        written.map_err(|error| Failure::new("the demo's history", error))?;
        let (over, open): (Vec<_>, Vec<_>) =
            self.tales.into_iter().partition(|tale| tale.state.as_ref().is_none_or(|state| state.phase.is_ended()));
        let mut regulars: BTreeMap<_, _> = over.iter().map(|tale| (tale.address.value.clone(), tale.regular(visitors))).collect();
        open.iter().for_each(|tale| drop(regulars.remove(&tale.address.value)));
        Ok((open.into_iter().filter_map(|tale| tale.continued(visitors)).collect(), regulars.into_values().collect()))
    }

    fn between(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.random.random_range(from * 1000..to * 1000))
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.random.random_range(0..n) == 0
    }
}

impl Tale {
    fn regular(&self, visitors: &VisitorTokens) -> Regular {
        let (channel, address, customer) = (self.channel, self.address.value.clone(), self.dialogue.customer.clone());
        let visitor = address.parse().ok().filter(|_| self.kind == ChannelKind::Webchat);
        let token = visitor.map(|visitor| visitors.sign(&Bearer { channel, visitor, until: None }));
        Regular { channel, address, token, customer }
    }

    fn continued(self, visitors: &VisitorTokens) -> Option<Continued> {
        let regular = self.regular(visitors);
        Some(Continued { conversation: self.id?, regular, dialogue: self.dialogue, said: self.said? })
    }
}
