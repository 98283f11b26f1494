//! What a command means in a given state: the only place where that is decided.

use std::time::Duration;

use super::{
    Admission, Command, Conversation, Dismissal, Ending, Event, MAX_HOPS, OfferOutcome, Phase, QueueReason, RATING_CHANGES,
    Rules, TransferTo,
};
use crate::{
    clock::Timestamp,
    domain::{
        channel::ChannelKind, conversation::Offer, delivery::Delivery, field, message::Content, refusal::Refusal, routing::Choice,
    },
    ids::{AgentId, FieldId, MessageId, OfferId},
};

/// How far ahead a message can be written.
const LATEST: Duration = Duration::from_secs(366 * 24 * 3600);

pub(super) type Outcome = Result<Vec<Event>, Refusal>;

impl Conversation {
    /// Decides; changes nothing. No events = nothing to do, which is a success (commands are idempotent).
    pub fn step(&self, command: &Command, rules: &Rules, now: Timestamp) -> Outcome {
        let mut events = self.decide(command, rules, now)?;
        self.await_next(&mut events, rules, now);
        Ok(events)
    }

    fn decide(&self, command: &Command, rules: &Rules, now: Timestamp) -> Outcome {
        match command {
            Command::MoveDelivery { message, stored, to, reason } => Ok(self.move_delivery(*message, *stored, *to, reason)),
            Command::BeginDelivery { message, stored } => self.leave_waiting(*message, *stored, Delivery::Sending),
            Command::CancelDelivery { message, stored } => self.leave_waiting(*message, *stored, Delivery::Cancelled),
            Command::Accept { offer, agent } => self.accept(*offer, *agent, rules, now),
            Command::EndOffer { offer, agent, outcome } => self.end_offer_event(*offer, *agent, *outcome),
            Command::Rate { score } => self.rate(*score, now),
            _ if self.phase.is_ended() => Err(Refusal::Closed),
            Command::Receive { message, content } => self.receive(*message, content),
            Command::Admit(admission) => self.admit(admission, rules),
            Command::Dismiss(to) => Ok(self.dismiss(*to, rules)),
            Command::Offer { offer, why } => self.offer(*offer, why.as_deref(), rules),
            Command::Take(offer) => self.take(*offer),
            Command::Assign { offer, assignment } => self.assign(*offer, *assignment),
            Command::Move { campaign, .. } => self.move_to(*campaign),
            Command::Reply { message, agent, content } => self.reply(*message, *agent, content, rules, now),
            Command::Begin { message, agent, content } => self.begin(*message, *agent, content, rules, now),
            Command::Note { message, agent, content, mentions } => {
                self.check(content)?;
                Ok(vec![Event::Noted { message: *message, agent: *agent, mentions: mentions.clone() }])
            }
            Command::Notice { message, content, .. } => {
                self.check(content)?;
                Ok(vec![Event::Noticed { message: *message, delivery: self.first_delivery() }])
            }
            Command::Retry { message, agent, stored } => self.retry(*message, *agent, *stored),
            Command::Transfer { agent, to } => self.transfer(*agent, to, rules, now),
            Command::Consult { agent, colleague } => self.consult(*agent, *colleague, rules),
            Command::EndConsult { agent, force } => self.end_consult(*agent, *force),
            Command::Close { agent, force: true, disposition, .. } if matches!(self.phase, Phase::WrapUp { .. }) => {
                self.finish_for(*agent, *disposition)
            }
            Command::Close { agent, force, disposition, wrap_up } => {
                self.close(*agent, *force, *disposition, *wrap_up, rules, now)
            }
            Command::SetFields { agent, force, values } => self.set_fields(*agent, *force, values),
            Command::RenameContact { .. } => Ok(vec![Event::ContactRenamed]),
            Command::EndWrapUp { agent } => self.end_sender_wrap_up(*agent).unwrap_or_else(|| self.end_wrap_up(*agent)),
            Command::Release { agent, reason } => Ok(self.release(*agent, *reason)),
            Command::Park { agent, until } => self.park(*agent, *until),
            Command::Wake { agent } => self.wake(*agent),
            Command::Tag { agent, force, tags } => {
                self.may_sort(*agent, *force)?;
                let same = self.tags == *tags;
                Ok(if same { vec![] } else { vec![Event::Tagged { tags: tags.clone() }] })
            }
            Command::Prioritise { agent, force, priority } => {
                self.may_sort(*agent, *force)?;
                let same = self.priority == *priority;
                Ok(if same { vec![] } else { vec![Event::Prioritised { priority: *priority }] })
            }
            Command::AskFor { agent, force, skills } => {
                self.may_sort(*agent, *force)?;
                let asked = self.demand.as_deref().map_or(&[][..], |demand| &demand.skills);
                Ok(if asked == skills.as_slice() { vec![] } else { vec![Event::SkillsAsked { skills: skills.clone() }] })
            }
            Command::Sleep => Ok(self.sleep()),
            Command::GiveUp(ending) => Ok(self.give_up(*ending)),
            Command::Due { message } => Ok(self.due(*message, rules, now)),
        }
    }

    fn receive(&self, message: MessageId, content: &Content) -> Outcome {
        self.check(content)?;
        let mut events = vec![Event::MessageReceived { message }];
        if matches!(self.phase, Phase::Dormant { .. } | Phase::Parked { .. }) {
            events.push(Event::Awoke);
        }
        Ok(events)
    }

    pub(super) fn check(&self, content: &Content) -> Result<(), Refusal> {
        if content.is_empty() {
            return Err(Refusal::EmptyMessage);
        }
        if content.text.len() > self.kind.max_text_bytes() {
            return Err(Refusal::MessageTooLong);
        }
        Ok(())
    }

    /// What the staff writes to a customer (S1-20, S1-23).
    pub(super) fn check_to_send(&self, content: &Content, rules: &Rules) -> Result<(), Refusal> {
        self.check(content)?;
        if !rules.external_resources && !content.attachments.is_empty() {
            return Err(Refusal::AttachmentsNotAllowed);
        }
        if !rules.emoticons && content.has_emoticons() {
            return Err(Refusal::EmoticonsNotAllowed);
        }
        Ok(())
    }

    fn admit(&self, admission: &Admission, rules: &Rules) -> Outcome {
        if !matches!(self.phase, Phase::Arrived) {
            return Ok(vec![]);
        }
        Ok(match admission {
            Admission::Queue(reason) => {
                vec![Event::Admitted, Event::Queued { campaign: self.campaign, reason: *reason }]
            }
            Admission::Overflow(campaign) => {
                vec![Event::Admitted, Event::Queued { campaign: *campaign, reason: QueueReason::Overflowed }]
            }
            Admission::End(ending) => {
                let disposition = rules.out_of_hours_disposition.filter(|_| *ending == Ending::OutOfHours);
                vec![Event::Ended { ending: *ending, disposition }]
            }
        })
    }

    /// What is offered or taken by now stays where it is.
    fn dismiss(&self, to: Dismissal, rules: &Rules) -> Vec<Event> {
        match (&self.phase, to) {
            (Phase::Queued { .. }, Dismissal::End) => {
                vec![Event::Ended { ending: Ending::OutOfHours, disposition: rules.out_of_hours_disposition }]
            }
            (Phase::Queued { .. }, Dismissal::Overflow(campaign)) => {
                vec![Event::Queued { campaign, reason: QueueReason::Overflowed }]
            }
            _ => vec![],
        }
    }

    fn offer(&self, offer: Offer, why: Option<&Choice>, rules: &Rules) -> Outcome {
        if !matches!(self.phase, Phase::Queued { .. }) {
            return Err(Refusal::WrongState(self.phase.as_str()));
        }
        Ok(offered(Event::Offered { offer, why: why.map(|why| Box::new(*why)), assigned: None }, offer, rules))
    }

    /// Who has it already has what they want.
    fn take(&self, offer: Offer) -> Outcome {
        match self.phase {
            Phase::Queued { .. } => {
                let offered = Event::Offered { offer, why: None, assigned: None };
                Ok(vec![offered, Event::OfferAccepted { offer: offer.id, agent: offer.agent }])
            }
            _ if self.phase.owner() == Some(offer.agent) => Ok(vec![]),
            _ => Err(Refusal::Gone { current: self.phase.owner() }),
        }
    }

    /// Who got the conversation by this offer repeats an accept that was answered: nothing to do.
    fn accept(&self, offer: OfferId, agent: AgentId, rules: &Rules, now: Timestamp) -> Outcome {
        match self.phase.offer() {
            Some(open) if open.id == offer && open.agent == agent => Ok(self.accepted(offer, agent, rules, now)),
            _ if self.phase.owner() == Some(agent) && self.accepted == Some(offer) => Ok(vec![]),
            _ => Err(Refusal::OfferGone { offer, current: self.phase.owner() }),
        }
    }

    fn accepted(&self, offer: OfferId, agent: AgentId, rules: &Rules, now: Timestamp) -> Vec<Event> {
        let mut events = vec![Event::OfferAccepted { offer, agent }];
        if let Phase::Transferring { from, .. } = self.phase {
            events.insert(0, Event::SegmentClosed { disposition: rules.transfer_disposition });
            events.extend(self.sender_finishes(from, rules, now));
        }
        events
    }

    /// An offer that is no longer open ended before: nothing to do, unless who declines has accepted it.
    fn end_offer_event(&self, offer: OfferId, agent: AgentId, outcome: OfferOutcome) -> Outcome {
        match self.phase.offer() {
            Some(open) if open.id == offer && open.agent == agent => Ok(vec![Event::OfferEnded { offer, agent, outcome }]),
            _ if outcome == OfferOutcome::Declined && self.phase.owner() == Some(agent) => {
                Err(Refusal::OfferGone { offer, current: Some(agent) })
            }
            _ => Ok(vec![]),
        }
    }

    fn reply(&self, message: MessageId, agent: AgentId, content: &Content, rules: &Rules, now: Timestamp) -> Outcome {
        self.must_own(agent)?;
        self.check_to_send(content, rules)?;
        let mut events = vec![Event::Replied { message, agent, delivery: self.delivery_at(content, now)? }];
        if matches!(self.phase, Phase::Dormant { .. } | Phase::Parked { .. }) {
            events.push(Event::Awoke);
        }
        Ok(events)
    }

    /// A web chat shows what is stored, so storing is sending; everything else goes through the outbox.
    pub(super) const fn first_delivery(&self) -> Delivery {
        match self.kind {
            ChannelKind::Api | ChannelKind::Email => Delivery::Queued,
            ChannelKind::Webchat => Delivery::Sent,
        }
    }

    /// What a person writes may wait for its moment, where messages can.
    pub(super) fn delivery_at(&self, content: &Content, now: Timestamp) -> Result<Delivery, Refusal> {
        match content.send_at() {
            Some(at) if self.kind != ChannelKind::Email || at > now + LATEST => Err(Refusal::NotThen),
            Some(at) if at > now => Ok(Delivery::Scheduled),
            _ => Ok(self.first_delivery()),
        }
    }

    /// Going out and being withdrawn race here; the first committed wins. Whoever asks for what is so already has it.
    fn leave_waiting(&self, message: MessageId, stored: Option<(u64, Delivery)>, to: Delivery) -> Outcome {
        match self.delivery_of(message).or(stored) {
            Some((of, Delivery::Scheduled | Delivery::Queued)) => {
                Ok(vec![Event::DeliveryMoved { message, of, to, reason: None }])
            }
            Some((_, state)) if state == to => Ok(vec![]),
            _ => Err(Refusal::NotWaiting),
        }
    }

    fn move_delivery(
        &self,
        message: MessageId,
        stored: Option<(u64, Delivery)>,
        to: Delivery,
        reason: &Option<String>,
    ) -> Vec<Event> {
        match self.delivery_of(message).or(stored) {
            Some((of, state)) if state.may_become(to) => {
                vec![Event::DeliveryMoved { message, of, to, reason: reason.clone() }]
            }
            _ => vec![],
        }
    }

    /// What is on its way again is left alone: asking twice sends once.
    fn retry(&self, message: MessageId, agent: AgentId, stored: Option<(u64, Delivery)>) -> Outcome {
        self.must_own(agent)?;
        match self.delivery_of(message).or(stored) {
            Some((of, Delivery::Failed | Delivery::Rejected)) => Ok(vec![Event::Retried { message, of, agent }]),
            Some((_, Delivery::Queued | Delivery::Sending)) => Ok(vec![]),
            _ => Err(Refusal::NotFailed),
        }
    }

    fn delivery_of(&self, message: MessageId) -> Option<(u64, Delivery)> {
        self.deliveries.iter().find(|(id, ..)| *id == message).map(|(_, of, state)| (*of, *state))
    }

    pub(super) fn must_own(&self, agent: AgentId) -> Result<(), Refusal> {
        match self.phase.owner() {
            Some(owner) if owner == agent => Ok(()),
            current => Err(Refusal::NotOwner { current }),
        }
    }

    fn transfer(&self, agent: AgentId, to: &TransferTo, rules: &Rules, now: Timestamp) -> Outcome {
        self.must_own(agent)?;
        if !matches!(self.phase, Phase::Active { .. } | Phase::Dormant { .. }) {
            return Err(Refusal::WrongState(self.phase.as_str()));
        }
        if self.hops >= MAX_HOPS {
            return Err(Refusal::TooManyTransfers);
        }
        let finishes = self.sender_finishes(agent, rules, now);
        let closed = Event::SegmentClosed { disposition: rules.transfer_disposition };
        let queued = |campaign| Event::Queued { campaign, reason: QueueReason::Transferred };
        match to {
            TransferTo::Campaign(_) | TransferTo::Skills(_) if !rules.transfer_to_campaigns => Err(Refusal::NotAllowedInCampaign),
            TransferTo::Campaign(campaign) => Ok([closed, queued(*campaign)].into_iter().chain(finishes).collect()),
            TransferTo::Skills(skills) => {
                let asked = Event::SkillsAsked { skills: skills.clone() };
                Ok([closed, asked, queued(self.campaign)].into_iter().chain(finishes).collect())
            }
            TransferTo::Agent { .. } if !rules.transfer_to_agents => Err(Refusal::NotAllowedInCampaign),
            TransferTo::Agent { agent: target, .. } if *target == agent => Err(Refusal::TransferTarget("same agent")),
            TransferTo::Agent { offer, agent: target } => {
                let deadline = (!rules.transfer_timeout.is_zero()).then(|| now + rules.transfer_timeout);
                let offer = Offer { id: *offer, agent: *target, deadline };
                let mut events = vec![Event::TransferOffered { from: agent, offer }];
                if rules.auto_accept {
                    events.push(closed);
                    events.push(Event::OfferAccepted { offer: offer.id, agent: *target });
                    events.extend(finishes);
                }
                Ok(events)
            }
        }
    }

    /// Until it is over: also in wrap-up, which is there for this.
    fn set_fields(&self, agent: AgentId, force: bool, values: &[(FieldId, Option<field::Value>)]) -> Outcome {
        if !force {
            self.must_own(agent)?;
        }
        let (mut set, mut cleared) = (Vec::new(), Vec::new());
        for (field, value) in values {
            match value {
                Some(_) => set.push(*field),
                None if self.fields.contains(field) => cleared.push(*field),
                None => {}
            }
        }
        Ok(if set.is_empty() && cleared.is_empty() { vec![] } else { vec![Event::FieldsChanged { set, cleared }] })
    }

    fn release(&self, agent: AgentId, reason: QueueReason) -> Vec<Event> {
        if reason == QueueReason::AgentSignedOut && self.sender().is_some_and(|sender| sender.agent == agent) {
            return vec![Event::SenderWrapUpEnded { agent }];
        }
        let answered = reason == QueueReason::NoReply && !self.is_overdue();
        if answered || self.phase.owner() != Some(agent) {
            return vec![];
        }
        if let Phase::WrapUp { disposition, .. } = self.phase {
            return vec![Event::Ended { ending: Ending::Closed, disposition }];
        }
        let mut events = self.withdraw_open_offer();
        events.push(Event::Queued { campaign: self.campaign, reason });
        events
    }

    pub(super) fn withdraw_open_offer(&self) -> Vec<Event> {
        let withdrawn =
            |offer: &Offer| Event::OfferEnded { offer: offer.id, agent: offer.agent, outcome: OfferOutcome::Withdrawn };
        self.phase.offer().map(withdrawn).into_iter().collect()
    }

    fn park(&self, agent: AgentId, until: Timestamp) -> Outcome {
        self.must_own(agent)?;
        match self.phase {
            Phase::Active { .. } | Phase::Dormant { .. } | Phase::Parked { .. } => Ok(vec![Event::Parked { until }]),
            _ => Err(Refusal::WrongState(self.phase.as_str())),
        }
    }

    fn wake(&self, agent: AgentId) -> Outcome {
        self.must_own(agent)?;
        match self.phase {
            Phase::Parked { .. } => Ok(vec![Event::Awoke]),
            Phase::Active { .. } => Ok(vec![]),
            _ => Err(Refusal::WrongState(self.phase.as_str())),
        }
    }

    fn may_sort(&self, agent: AgentId, force: bool) -> Result<(), Refusal> {
        if force { Ok(()) } else { self.must_own(agent) }
    }

    /// Once it is over; for a day the customer may think again.
    fn rate(&self, score: u8, now: Timestamp) -> Outcome {
        if !self.phase.is_ended() {
            return Err(Refusal::WrongState(self.phase.as_str()));
        }
        match self.rating {
            Some(rating) if now >= rating.at + RATING_CHANGES => Err(Refusal::RatingFinal),
            Some(rating) if rating.score == score => Ok(vec![]),
            _ => Ok(vec![Event::Rated { score }]),
        }
    }

    fn sleep(&self) -> Vec<Event> {
        let silent = matches!(self.phase, Phase::Active { .. }) && self.replied && !self.unanswered;
        if silent { vec![Event::BecameDormant] } else { vec![] }
    }

    /// Only who still waits can leave or expire.
    fn give_up(&self, ending: Ending) -> Vec<Event> {
        if !matches!(self.phase, Phase::Arrived | Phase::Admitted | Phase::Queued { .. } | Phase::Offered { .. }) {
            return vec![];
        }
        let mut events = self.withdraw_open_offer();
        events.push(Event::Ended { ending, disposition: None });
        events
    }

    fn due(&self, message: MessageId, rules: &Rules, now: Timestamp) -> Vec<Event> {
        if self.next_due().is_none_or(|due| due > now) {
            return vec![];
        }
        if let Some(done) = self.sender_is_done(now) {
            return vec![done];
        }
        match &self.phase {
            Phase::Offered { offer } | Phase::Transferring { offer, .. } => {
                vec![Event::OfferEnded { offer: offer.id, agent: offer.agent, outcome: OfferOutcome::Missed }]
            }
            Phase::WrapUp { disposition, .. } => vec![Event::Ended { ending: Ending::Closed, disposition: *disposition }],
            Phase::Parked { .. } => vec![Event::Awoke],
            _ => self.end_of_silence(message, rules, now).into_iter().collect(),
        }
    }
}

fn offered(event: Event, offer: Offer, rules: &Rules) -> Vec<Event> {
    let mut events = vec![event];
    if rules.auto_accept {
        events.push(Event::OfferAccepted { offer: offer.id, agent: offer.agent });
    }
    events
}
