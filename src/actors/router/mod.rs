//! Who gets what.
//!
//! Owns: [`Routing`], the state of everything that waits and everybody who could take it, for all campaigns that share agents.
//! Capacity: [`QUEUE`] messages; the publisher stands still when it is full. A thin shell: it turns what was committed into
//! inputs and decisions into commands for conversations, which have the last word. Does no I/O and waits for nobody. Rebuilt at
//! start from the open conversations, the agents' states, what campaigns remember of them and the configuration. Persisted:
//! nothing of its own. A timer for the next moment at which time alone changes something, and one while somebody asks why.

mod explain;
mod messages;
mod steer;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, SpawnHandle};
use smallvec::SmallVec;

use self::explain::Explaining;
pub use self::messages::{Explain, Fronts, Inputs, Observe, OfferRefused, Queues, Restarted, Start, Steer, Take, Transfer};
use crate::{
    actors::{
        conversation::{Reply, Request},
        engine::{CommandError, TransferTarget},
        gate::{self, Gate, Gated, Refused},
        publisher::Published,
        shard::{Shard, ToConversation},
    },
    clock::{Clock, Timestamp},
    directory::Directory,
    domain::{
        conversation::{Admission, Command, Event, Offer, OfferOutcome, TransferTo},
        log::{By, Fact},
        message::Content,
        notice,
        routing::{Decision, Input, ItemView, Notice, Routing, Taking},
        webchat::Language,
    },
    ids::{ConversationId, Ids, OfferId},
    store::write::{About, Committed},
};

/// Messages that may wait for the Router.
pub const QUEUE: usize = 4096;
/// How far a customer who waits is told how many are before them.
pub const FRONT: usize = 100;
/// How long a decision waits for room when a conversation had none.
const AGAIN: Duration = Duration::from_millis(20);
/// A timer rings no sooner and no later: a wall clock that was set forward is noticed within it.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(60);

/// The actor.
pub struct Router {
    routing: Routing,
    shard: Gate<Shard>,
    directory: Directory,
    clock: Clock,
    ids: Arc<Ids>,
    /// Decisions that found no room, in order: none may overtake another.
    undelivered: VecDeque<ToConversation>,
    /// When the timer rings.
    armed: Option<(Timestamp, SpawnHandle)>,
    /// How far it knows the log; none until it is told of anything.
    position: Option<u64>,
    explaining: VecDeque<Explaining>,
}

impl Router {
    /// Decides from `routing` on.
    pub fn new(routing: Routing, shard: Gate<Shard>, directory: Directory, clock: Clock, ids: Arc<Ids>) -> Self {
        let (undelivered, explaining) = (VecDeque::new(), VecDeque::new());
        Self { routing, shard, directory, clock, ids, undelivered, armed: None, position: None, explaining }
    }

    fn apply(&mut self, input: Input, ctx: &mut Context<Self>) {
        let mut decisions = Vec::new();
        let ids = Arc::clone(&self.ids);
        self.routing.apply(input, self.clock.now(), &mut || ids.next(), &mut decisions);
        self.carry_out(decisions, ctx);
        self.arm(ctx);
    }

    /// One timer for the next moment at which time alone changes something.
    fn arm(&mut self, ctx: &mut Context<Self>) {
        let Some(at) = self.routing.next_alarm() else { return };
        if self.armed.is_some_and(|(armed_at, _)| armed_at <= at) {
            return;
        }
        if let Some((_, timer)) = self.armed.take() {
            ctx.cancel_future(timer);
        }
        let wait = at.since(self.clock.now()).clamp(SHORTEST, LONGEST);
        let timer = ctx.run_later(wait, |actor, ctx| {
            actor.armed = None;
            actor.apply(Input::Time, ctx);
        });
        self.armed = Some((at, timer));
    }

    fn carry_out(&mut self, decisions: Vec<Decision>, ctx: &mut Context<Self>) {
        for decision in decisions {
            match decision {
                Decision::Admit { conversation, admission, notice } => {
                    if let Some(notice) = notice {
                        self.notice(conversation, notice, matches!(admission, Admission::Queue(_)), ctx);
                    }
                    self.tell(conversation, Command::Admit(admission), ctx);
                }
                Decision::Dismiss { conversation, to, notice } => {
                    if notice {
                        self.notice(conversation, Notice::Closing, false, ctx);
                    }
                    self.tell(conversation, Command::Dismiss(to), ctx);
                }
                Decision::Offer { conversation, offer, mut choice } => {
                    choice.position = self.position;
                    self.tell(conversation, Command::Offer { offer, why: Some(choice) }, ctx);
                }
                Decision::Withdraw { conversation, offer, agent } => {
                    self.tell(conversation, Command::EndOffer { offer, agent, outcome: OfferOutcome::Withdrawn }, ctx);
                }
                Decision::Release { conversation, agent, reason } => {
                    self.tell(conversation, Command::Release { agent, reason }, ctx);
                }
            }
        }
    }

    /// Tells the customer in the campaign's words that nobody is there now, or not soon (S1-11 to S1-13).
    fn notice(&mut self, conversation: ConversationId, notice: Notice, waits: bool, ctx: &mut Context<Self>) {
        let text = self.routing.campaign_of(conversation).and_then(|id| {
            let directory = self.directory.load();
            let campaign = directory.campaigns.get(&id)?;
            let text = match notice {
                Notice::OutOfHours => campaign.out_of_hours_message.as_deref(),
                Notice::Full => campaign.limits.full_message.as_deref(),
                Notice::Closing => campaign.limits.closing_message.as_deref(),
            };
            let zone = campaign.schedule.and_then(|schedule| Some(directory.schedules.get(&schedule)?.zone));
            let facts = notice::Facts {
                campaign: &campaign.name,
                opening: self.routing.next_opening(id).zip(zone),
                language: directory.clients.get(&campaign.client).map_or(Language::Spanish, |client| client.language),
                position: waits.then(|| self.routing.waiting(id) + 1),
            };
            Some(notice::write(text?, &facts))
        });
        if let Some(text) = text {
            let content = Content::plain(text);
            let out_of_hours = notice == Notice::OutOfHours;
            self.tell(conversation, Command::Notice { message: self.ids.next(), content, out_of_hours }, ctx);
        }
    }

    fn tell(&mut self, id: ConversationId, command: Command, ctx: &mut Context<Self>) {
        let request = Request::Command { command, by: By::Router, keep: None, reply: Reply::Nobody };
        self.deliver(ToConversation { id: Some(id), request }, ctx);
    }

    /// A decision waits for room rather than getting lost; there are no more of them than conversations.
    fn deliver(&mut self, message: ToConversation, ctx: &mut Context<Self>) {
        let is_first = self.undelivered.is_empty();
        self.undelivered.push_back(message);
        if is_first {
            self.deliver_all(ctx);
        }
    }

    fn deliver_all(&mut self, ctx: &mut Context<Self>) {
        while let Some(message) = self.undelivered.pop_front() {
            if let Err(Refused(message)) = self.shard.send(message) {
                self.undelivered.push_front(message);
                ctx.run_later(AGAIN, Self::deliver_all);
                return;
            }
        }
    }

    /// Passes on what somebody waits for; without room they are told so and the reservation ends.
    fn ask(&mut self, conversation: ConversationId, request: Request, offer: OfferId, ctx: &mut Context<Self>) {
        if let Err(Refused(ToConversation { request, .. })) = self.shard.send(ToConversation { id: Some(conversation), request })
        {
            request.answer_busy();
            self.apply(Input::OfferRefused { conversation, offer }, ctx);
        }
    }

    fn learn(&mut self, append: &Committed, ctx: &mut Context<Self>) {
        let About::Conversation(change) = &append.about else { return };
        let ended_offers: SmallVec<[OfferId; 1]> = append
            .entries
            .iter()
            .filter_map(|entry| match entry.fact {
                Fact::Conversation { event: Event::OfferAccepted { offer, .. } | Event::OfferEnded { offer, .. }, .. } => {
                    Some(offer)
                }
                _ => None,
            })
            .collect();
        self.apply(Input::Conversation { view: ItemView::of(&change.state), ended_offers }, ctx);
    }
}

impl Actor for Router {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let mut decisions = Vec::new();
        let ids = Arc::clone(&self.ids);
        self.routing.finish_loading(self.clock.now(), &mut || ids.next(), &mut decisions);
        self.carry_out(decisions, ctx);
        self.arm(ctx);
    }
}

impl Handler<Gated<Published>> for Router {
    type Result = ();

    fn handle(&mut self, Gated { message: Published(group), .. }: Gated<Published>, ctx: &mut Self::Context) {
        for append in group.iter() {
            self.position = append.entries.last().map(|entry| entry.pos).or(self.position);
            self.learn(append, ctx);
        }
    }
}

impl Handler<Gated<Inputs>> for Router {
    type Result = ();

    fn handle(&mut self, Gated { message: Inputs(inputs), .. }: Gated<Inputs>, ctx: &mut Self::Context) {
        for input in inputs {
            self.apply(input, ctx);
        }
    }
}

impl Handler<OfferRefused> for Router {
    type Result = ();

    fn handle(&mut self, OfferRefused { conversation, offer, view }: OfferRefused, ctx: &mut Self::Context) {
        if let Some(view) = view {
            self.apply(Input::Conversation { view, ended_offers: SmallVec::new() }, ctx);
        }
        self.apply(Input::OfferRefused { conversation, offer }, ctx);
    }
}

impl Handler<Restarted> for Router {
    type Result = ();

    fn handle(&mut self, Restarted(view): Restarted, ctx: &mut Self::Context) {
        self.apply(Input::Restarted(view), ctx);
    }
}

impl Handler<Gated<Transfer>> for Router {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<Transfer>, ctx: &mut Self::Context) {
        let Transfer { conversation, from, to, by, keep, reply } = message;
        let offer = self.ids.next();
        let checked = match to {
            TransferTarget::Agent(agent) => self
                .routing
                .reserve_transfer(conversation, from, agent, offer, self.clock.now())
                .map(|()| TransferTo::Agent { offer, agent }),
            TransferTarget::Skills(skills) => {
                self.routing.check_transfer_skills(conversation, &skills).map(|()| TransferTo::Skills(skills))
            }
            TransferTarget::Campaign(campaign) => {
                self.routing.check_transfer_campaign(conversation, campaign).map(|()| TransferTo::Campaign(campaign))
            }
        };
        let to = match checked {
            Ok(to) => to,
            Err(refusal) => {
                let _ = reply.send(Err(refusal.into()));
                return;
            }
        };
        let command = Command::Transfer { agent: from, to };
        let request = Request::Command { command, by, keep, reply: Reply::Asker(reply) };
        self.ask(conversation, request, offer, ctx);
    }
}

impl Handler<Gated<Take>> for Router {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<Take>, ctx: &mut Self::Context) {
        let Take { conversation, agent, by, keep, reply } = message;
        if !self.undelivered.is_empty() {
            // It would overtake the offer it accepts.
            let _ = reply.send(Err(CommandError::Busy));
            return;
        }
        let (offer, now) = (self.ids.next(), self.clock.now());
        let command = match self.routing.reserve_take(conversation, agent, offer, now) {
            Ok(Taking::Reserved(offer)) => Command::Take(offer),
            Ok(Taking::Offered(offer)) => Command::Accept { offer, agent },
            Ok(Taking::Theirs) => Command::Take(Offer { id: offer, agent, deadline: Some(now) }),
            Err(refusal) => {
                let _ = reply.send(Err(refusal.into()));
                return;
            }
        };
        let request = Request::Command { command, by, keep, reply: Reply::Asker(reply) };
        self.ask(conversation, request, offer, ctx);
    }
}

impl Handler<Gated<Fronts>> for Router {
    type Result = ();

    fn handle(&mut self, Gated { message: Fronts { campaigns, to }, .. }: Gated<Fronts>, _: &mut Self::Context) {
        let queues = campaigns.into_iter().map(|campaign| (campaign, self.routing.front(campaign, FRONT))).collect();
        gate::answer_recipient(&to, Queues(queues));
    }
}

impl Handler<Observe> for Router {
    type Result = actix::MessageResult<Observe>;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Self::Result {
        actix::MessageResult(self.routing.observe())
    }
}
