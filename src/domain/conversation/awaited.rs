//! Whose answer is timed: the agent's first one (first-response guard) or the customer's (inactivity, sleep).

use serde::{Deserialize, Serialize};

use super::{Conversation, Ending, Event, Phase, Rules};
use crate::{clock::Timestamp, ids::MessageId};

/// Whose answer is awaited, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "whom", rename_all = "snake_case")]
pub enum Awaited {
    /// The first one of the agent who got the conversation.
    Agent {
        /// Then another agent gets it who can take it.
        until: Timestamp,
    },
    /// The same, for too long already. It stays with its agent as long as nobody else can take it.
    Overdue,
    /// The customer's, since their agent wrote last.
    Customer {
        /// Then they are reminded, or it is over.
        until: Timestamp,
        /// How often they were.
        reminders: u8,
    },
}

impl Awaited {
    /// When it was awaited long enough; none = it was already.
    pub const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Agent { until } | Self::Customer { until, .. } => Some(until),
            Self::Overdue => None,
        }
    }
}

impl Conversation {
    /// How often the customer was reminded since their agent wrote last.
    pub const fn reminders(&self) -> u8 {
        if let Some(Awaited::Customer { reminders, .. }) = self.awaited { reminders } else { 0 }
    }

    /// Adds to what happens whose answer is awaited from now on, and when it falls asleep. Most campaigns time nobody, then there
    /// is nothing to add.
    pub(super) fn await_next(&self, events: &mut Vec<Event>, rules: &Rules, now: Timestamp) {
        if rules.silence.is_none() && rules.first_reply.is_none() && rules.dormant.is_none() {
            return;
        }
        let awaited = self.next_awaited(events, rules, now);
        let sleeps_at = rules.dormant.filter(|_| self.begins_to_be_silent(events)).map(|time| now + time);
        if awaited.is_some() || sleeps_at.is_some() {
            let goes_on = || self.awaited.filter(|_| events.iter().any(|event| matches!(event, Event::OfferEnded { .. })));
            events.push(Event::Awaiting { awaited: awaited.or_else(goes_on), sleeps_at });
        }
    }

    fn next_awaited(&self, events: &[Event], rules: &Rules, now: Timestamp) -> Option<Awaited> {
        let happens = |what: fn(&Event) -> bool| events.iter().any(what);
        let silent = |reminders| rules.silence.map(|time| Awaited::Customer { until: now + time, reminders });
        let first = || rules.first_reply.map(|time| Awaited::Agent { until: now + time });
        if happens(|event| matches!(event, Event::Replied { .. })) {
            silent(0).filter(|_| !matches!(self.phase, Phase::WrapUp { .. }))
        } else if happens(|event| matches!(event, Event::OfferAccepted { .. })) {
            first().filter(|_| self.unanswered)
        } else if happens(|event| matches!(event, Event::Awoke)) {
            match self.awaited {
                Some(Awaited::Agent { .. } | Awaited::Overdue) => first(),
                Some(Awaited::Customer { reminders, .. }) if !happens(|event| matches!(event, Event::MessageReceived { .. })) => {
                    silent(reminders)
                }
                _ => None,
            }
        } else {
            None
        }
    }

    /// An agent has it from now on, or still has it, and an agent wrote last.
    fn begins_to_be_silent(&self, events: &[Event]) -> bool {
        let happens = |what: fn(&Event) -> bool| events.iter().any(what);
        if happens(|event| matches!(event, Event::Replied { .. })) {
            return !matches!(self.phase, Phase::WrapUp { .. });
        }
        let comes_back =
            matches!(self.phase, Phase::Transferring { .. }) && happens(|event| matches!(event, Event::OfferEnded { .. }));
        let begins = comes_back || happens(|event| matches!(event, Event::OfferAccepted { .. } | Event::Awoke));
        let written = self.unanswered || happens(|event| matches!(event, Event::MessageReceived { .. }));
        begins && self.replied && !written && !happens(|event| matches!(event, Event::Queued { .. } | Event::Ended { .. }))
    }

    /// A deadline fell due: who is to answer has not, or nobody has written for so long that it falls asleep.
    pub(super) fn end_of_silence(&self, message: MessageId, rules: &Rules, now: Timestamp) -> Option<Event> {
        let timed = self.timed().and_then(|awaited| Some((awaited, awaited.until()?)));
        match (timed, self.drowsy()) {
            (Some((awaited, until)), sleeps_at) if sleeps_at.is_none_or(|at| until <= at) => {
                Some(self.give_up_on(awaited, message, rules, now))
            }
            (_, Some(_)) if rules.dormant.is_some() => Some(Event::BecameDormant),
            (_, Some(_)) => Some(Event::Awaiting { awaited: self.awaited, sleeps_at: None }),
            (_, None) => None,
        }
    }

    /// Nobody answered in time. What the campaign times no more is left alone.
    pub(super) fn give_up_on(&self, awaited: Awaited, message: MessageId, rules: &Rules, now: Timestamp) -> Event {
        match awaited {
            Awaited::Agent { .. } if rules.first_reply.is_some() && self.unanswered => {
                Event::Awaiting { awaited: Some(Awaited::Overdue), sleeps_at: self.sleeps_at }
            }
            Awaited::Customer { .. } => match rules.silence {
                Some(time) if rules.reminds => Event::Reminded { message, delivery: self.first_delivery(), until: now + time },
                Some(_) => Event::Ended { ending: Ending::Inactive, disposition: rules.inactivity_disposition },
                None => Event::Awaiting { awaited: None, sleeps_at: self.sleeps_at },
            },
            Awaited::Agent { .. } | Awaited::Overdue => Event::Awaiting { awaited: None, sleeps_at: self.sleeps_at },
        }
    }

    /// Its customer has waited too long for the first answer of the agent who has it at hand.
    pub const fn is_overdue(&self) -> bool {
        matches!((&self.phase, self.awaited), (Phase::Active { .. }, Some(Awaited::Overdue)))
    }

    /// Whom time is running against: nobody while it waits, sleeps by its agent's wish or is being finished.
    pub(super) const fn timed(&self) -> Option<Awaited> {
        if matches!(self.phase, Phase::Active { .. } | Phase::Dormant { .. }) { self.awaited } else { None }
    }

    /// When it falls asleep: while its agent has it at hand.
    pub(super) const fn drowsy(&self) -> Option<Timestamp> {
        if matches!(self.phase, Phase::Active { .. }) { self.sleeps_at } else { None }
    }
}
