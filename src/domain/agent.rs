//! An agent's shift as a state machine: signed in, available, on a break, paused by a supervisor, not responding.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::refusal::Refusal,
    ids::{AgentId, BreakId, UserId},
};

/// What an agent who is signed in is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// Takes offers.
    Available,
    /// On a break of this type; takes no offers.
    OnBreak(BreakId),
    /// Paused by a supervisor (S4-86); only a supervisor ends it.
    ForcedPause(UserId),
    /// Missed too many offers in a row (routing.md, Offers); takes none until the agent says so.
    NotResponding,
}

/// An agent's stored state: a fold of [`AgentEvent`]s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Who.
    pub id: AgentId,
    /// None while signed out.
    pub activity: Option<Activity>,
    /// When `activity` last changed.
    pub since: Timestamp,
    /// Offers missed since the last answer.
    pub missed_in_a_row: u8,
    /// The break that begins when the conversations at hand are over; until then no new offers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<BreakId>,
}

/// What happened to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum AgentEvent {
    /// The shift began.
    SignedIn,
    /// The agent takes offers (again).
    BecameAvailable,
    /// A break began.
    BreakStarted {
        /// Its type.
        kind: BreakId,
    },
    /// A break will begin when the conversations at hand are over.
    BreakPending {
        /// Its type.
        kind: BreakId,
    },
    /// A supervisor stopped new offers.
    PauseForced {
        /// Who did.
        by: UserId,
    },
    /// An offer ran out unanswered.
    OfferMissed,
    /// An offer was answered.
    OfferAnswered,
    /// Too many offers in a row were missed.
    StoppedResponding,
    /// The shift ended.
    SignedOut {
        /// The supervisor who ended it (S4-88); none when the agent did.
        by: Option<UserId>,
    },
}

/// What an agent, a supervisor or the Router wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentCommand {
    /// Start the shift. Does nothing when already signed in.
    SignIn,
    /// Take offers.
    BeAvailable,
    /// Take a break.
    TakeBreak(BreakId),
    /// Take no new offers, and a break when the conversations at hand are over.
    BreakAfterCurrent(BreakId),
    /// The conversations at hand are over.
    StartPendingBreak,
    /// A supervisor stops new offers.
    ForcePause(UserId),
    /// A supervisor ends the pause.
    EndPause,
    /// An offer ran out.
    MissOffer,
    /// An offer was answered.
    AnswerOffer,
    /// End the shift.
    SignOut {
        /// The supervisor who asked, if one did.
        by: Option<UserId>,
    },
}

/// After this many missed offers in a row an agent counts as not responding.
pub const MISSES_UNTIL_NOT_RESPONDING: u8 = 2;

impl Agent {
    /// An agent of whom nothing is known yet.
    pub const fn signed_out(id: AgentId) -> Self {
        Self { id, activity: None, since: Timestamp::from_micros(0), missed_in_a_row: 0, pending: None }
    }

    /// Takes offers, as far as the agent's own state says.
    pub fn is_available(&self) -> bool {
        self.activity == Some(Activity::Available) && self.pending.is_none()
    }

    /// Decides; changes nothing. No events = nothing to do.
    pub fn step(&self, command: &AgentCommand) -> Result<Vec<AgentEvent>, Refusal> {
        use AgentCommand as C;
        use AgentEvent as E;
        let Some(activity) = self.activity else {
            return match command {
                C::SignIn => Ok(vec![E::SignedIn, E::BecameAvailable]),
                C::SignOut { .. } | C::MissOffer | C::AnswerOffer | C::StartPendingBreak => Ok(vec![]),
                C::BeAvailable | C::TakeBreak(_) | C::BreakAfterCurrent(_) | C::ForcePause(_) | C::EndPause => {
                    Err(Refusal::SignedOut)
                }
            };
        };
        let forced = matches!(activity, Activity::ForcedPause(_));
        Ok(match command {
            C::SignIn => vec![],
            C::BeAvailable | C::TakeBreak(_) | C::BreakAfterCurrent(_) if forced => return Err(Refusal::ForcedPause),
            C::BeAvailable if self.is_available() => vec![],
            C::BeAvailable => vec![E::BecameAvailable],
            C::TakeBreak(kind) if activity == Activity::OnBreak(*kind) => vec![],
            C::TakeBreak(kind) => vec![E::BreakStarted { kind: *kind }],
            // Already on one: only its type changes.
            C::BreakAfterCurrent(kind) if matches!(activity, Activity::OnBreak(_)) => return self.step(&C::TakeBreak(*kind)),
            C::BreakAfterCurrent(kind) if self.pending == Some(*kind) => vec![],
            C::BreakAfterCurrent(kind) => vec![E::BreakPending { kind: *kind }],
            C::StartPendingBreak => self.pending.map(|kind| E::BreakStarted { kind }).into_iter().collect(),
            C::ForcePause(_) if forced => vec![],
            C::ForcePause(by) => vec![E::PauseForced { by: *by }],
            C::EndPause if forced => vec![E::BecameAvailable],
            C::EndPause => vec![],
            C::MissOffer if activity == Activity::Available && self.missed_in_a_row + 1 >= MISSES_UNTIL_NOT_RESPONDING => {
                vec![E::OfferMissed, E::StoppedResponding]
            }
            C::MissOffer => vec![E::OfferMissed],
            C::AnswerOffer if self.missed_in_a_row == 0 => vec![],
            C::AnswerOffer => vec![E::OfferAnswered],
            C::SignOut { by } => vec![E::SignedOut { by: *by }],
        })
    }

    /// Folds one event.
    pub fn apply(&mut self, event: &AgentEvent, at: Timestamp) {
        if !matches!(event, AgentEvent::OfferMissed | AgentEvent::OfferAnswered | AgentEvent::StoppedResponding) {
            self.pending = None;
        }
        match event {
            AgentEvent::BreakPending { kind } => self.pending = Some(*kind),
            AgentEvent::SignedIn | AgentEvent::BecameAvailable => {
                self.activity = Some(Activity::Available);
                self.missed_in_a_row = 0;
                self.since = at;
            }
            AgentEvent::BreakStarted { kind } => {
                self.activity = Some(Activity::OnBreak(*kind));
                self.since = at;
            }
            AgentEvent::PauseForced { by } => {
                self.activity = Some(Activity::ForcedPause(*by));
                self.since = at;
            }
            AgentEvent::OfferMissed => self.missed_in_a_row = self.missed_in_a_row.saturating_add(1),
            AgentEvent::OfferAnswered => self.missed_in_a_row = 0,
            AgentEvent::StoppedResponding => {
                self.activity = Some(Activity::NotResponding);
                self.since = at;
            }
            AgentEvent::SignedOut { .. } => {
                self.activity = None;
                self.missed_in_a_row = 0;
                self.since = at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn command() -> impl Strategy<Value = AgentCommand> {
        let id = || (1_u128..4).prop_map(UserId::from_u128);
        prop_oneof![
            Just(AgentCommand::SignIn),
            Just(AgentCommand::BeAvailable),
            (1_u128..3).prop_map(|kind| AgentCommand::TakeBreak(BreakId::from_u128(kind))),
            (1_u128..3).prop_map(|kind| AgentCommand::BreakAfterCurrent(BreakId::from_u128(kind))),
            Just(AgentCommand::StartPendingBreak),
            id().prop_map(AgentCommand::ForcePause),
            Just(AgentCommand::EndPause),
            Just(AgentCommand::MissOffer),
            Just(AgentCommand::AnswerOffer),
            proptest::option::of(id()).prop_map(|by| AgentCommand::SignOut { by }),
        ]
    }

    proptest! {
        #[test]
        fn a_forced_pause_ends_only_by_a_supervisor_or_a_sign_out(commands in proptest::collection::vec(command(), 0..60)) {
            let mut agent = Agent::signed_out(AgentId::from_u128(9));
            for (at, command) in (0_i64..).zip(commands) {
                let before = agent.clone();
                if let Ok(events) = agent.step(&command) {
                    for event in &events {
                        agent.apply(event, Timestamp::from_micros(at));
                    }
                }
                let was_forced = matches!(before.activity, Some(Activity::ForcedPause(_)));
                if was_forced && agent.activity != before.activity {
                    let allowed = matches!(command, AgentCommand::EndPause | AgentCommand::SignOut { .. });
                    prop_assert!(allowed, "{command:?} ended a forced pause");
                }
                if agent.pending.is_some() {
                    prop_assert!(!agent.is_available());
                    prop_assert!(matches!(agent.activity, Some(Activity::Available | Activity::NotResponding)));
                }
                if command == AgentCommand::BeAvailable && agent.activity == Some(Activity::Available) {
                    prop_assert!(agent.is_available(), "a pending break outlives its cancellation");
                }
                if agent.missed_in_a_row >= MISSES_UNTIL_NOT_RESPONDING {
                    prop_assert!(!agent.is_available());
                }
            }
        }
    }
}
