//! Why an agent got a conversation, or nobody gets it.

use serde::{Deserialize, Serialize};

use super::Time;
use crate::{
    domain::{
        conversation::{Event, OfferOutcome, Priority, QueueReason},
        log::{By, Entry, Fact},
        routing,
        strategy::{Mode, Order, Policy},
    },
    ids::{AgentId, CampaignId, ConversationId, OfferId, UserId},
};

/// Everything there is to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Why {
    /// About which conversation.
    pub conversation: ConversationId,
    /// To whom it was offered, the latest first; agents see their own only.
    pub decisions: Vec<Offered>,
    /// Who has had it since it was begun from our side; none = the customer wrote first.
    #[schema(required)]
    pub begun: Option<Begun>,
    /// What supervisors did with it while it waited, the latest first; agents see none.
    pub steps: Vec<Step>,
    /// How it stands with those who could have it; none when it is not to be given to anybody.
    #[schema(required)]
    pub now: Option<Present>,
}

/// A conversation that somebody of the staff began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", rename = "WhyBegun")]
#[schema(as = WhyBegun)]
pub struct Begun {
    /// Whose it was from the first moment.
    pub agent: AgentId,
    /// They had no room for it by the rules.
    pub over_capacity: bool,
}

/// Somebody changed where it waits, or how soon it is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts", rename = "WhyStep")]
#[schema(as = WhyStep)]
pub struct Step {
    /// When.
    pub at: Time,
    /// Its place in the log.
    #[ts(type = "number")]
    pub position: u64,
    /// Who; none = a program.
    #[schema(required)]
    pub by: Option<UserId>,
    /// What they did.
    pub what: Steering,
}

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "WhySteering")]
#[schema(as = WhySteering)]
pub enum Steering {
    /// Moved it to another queue.
    Moved {
        /// From here; none when that is too long ago.
        from: Option<CampaignId>,
        /// Here.
        to: CampaignId,
    },
    /// Said how urgent it is.
    Prioritised {
        /// So urgent.
        priority: Priority,
    },
}

/// One offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Offered {
    /// When.
    pub at: Time,
    /// Its place in the log.
    #[ts(type = "number")]
    pub position: u64,
    /// In which campaign; none when that is too long ago.
    #[schema(required)]
    pub campaign: Option<CampaignId>,
    /// To whom.
    pub agent: AgentId,
    /// How it came to that.
    pub how: How,
    /// It was given to them although they had no room for it by the rules.
    pub over_capacity: bool,
    /// Who gave it to them; none when nobody did.
    #[schema(required)]
    pub by: Option<UserId>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why them; none when they were not chosen, or before that was recorded.
    #[schema(required)]
    pub choice: Option<Choice>,
}

/// How an offer came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum How {
    /// The campaign's strategy chose.
    Chosen,
    /// They took it out of turn.
    Taken,
    /// Somebody transferred it to them.
    Transferred,
    /// A supervisor gave it to them while it waited.
    Assigned,
}

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Outcome {
    /// Nothing yet.
    Open,
    /// They took it.
    Accepted,
    /// They said no.
    Declined,
    /// Its deadline passed.
    Missed,
    /// It was taken back.
    Withdrawn,
}

/// What a decision recorded of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Choice {
    /// The campaign's mode then.
    pub mode: Mode,
    /// Its order then.
    pub order: Order,
    /// Its policy then.
    pub policy: Policy,
    /// Which of its configurations was in force, counted from 1.
    pub revision: u32,
    /// How far the Router knew the log.
    #[ts(type = "number | null")]
    #[schema(required)]
    pub position: Option<u64>,
    /// The winner's penalty.
    pub penalty: u8,
    /// What the winner was compared by.
    pub measure: Measure,
    /// How many could have had it.
    pub eligible: u32,
    /// How many of them were compared; the others came after.
    pub among: u32,
    /// After how many steps of relaxing what it asks the winner could have it; 0 = they have every skill that was asked.
    pub ring: u8,
    /// It went back to who closed the last one of its contact.
    pub preferred: bool,
    /// Everybody who could have had it had missed or declined it before.
    pub again: bool,
    /// Where it was left to chance: what was drawn.
    #[schema(required)]
    pub drawn: Option<Drawn>,
    /// Who came next, if that is known.
    #[schema(required)]
    pub runner_up: Option<RunnerUp>,
}

/// A place that was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Drawn {
    /// From 1.
    pub place: u32,
    /// Of so many with the same chance.
    pub of: u32,
}

/// Who would have been next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct RunnerUp {
    /// Who; agents are not told.
    #[schema(required)]
    pub agent: Option<AgentId>,
    /// Their penalty.
    pub penalty: u8,
    /// What they were compared by.
    pub measure: Measure,
}

/// What an agent is compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Measure {
    /// Left to chance.
    Chance,
    /// When their last interaction of the campaign ended; none = never.
    Ended {
        /// When.
        at: Option<Time>,
    },
    /// How many they finished today.
    Completed {
        /// How many.
        count: u32,
    },
    /// Their place among the members.
    Position {
        /// The lower, the earlier.
        position: u32,
    },
    /// Since when they have nothing to do.
    Idle {
        /// They have something.
        busy: bool,
        /// Since when not; none = never had.
        since: Option<Time>,
        /// Their last offer: breaks a tie.
        offered_at: Option<Time>,
    },
    /// The share of their capacity in use.
    Load {
        /// Units in use.
        used: u32,
        /// Of so many.
        limit: u32,
        /// Their last offer: breaks a tie.
        offered_at: Option<Time>,
    },
    /// How good they are at what is asked; then as `idle`.
    Skill {
        /// Levels, added up.
        proficiency: u32,
        /// They have something to do.
        busy: bool,
        /// Since when not; none = never had.
        since: Option<Time>,
        /// Their last offer: breaks a tie.
        offered_at: Option<Time>,
    },
    /// Free capacity.
    Spare {
        /// Units.
        units: u32,
        /// Their last offer: breaks a tie.
        offered_at: Option<Time>,
    },
}

/// Who could have it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Present {
    /// As of then.
    pub at: Time,
    /// In which campaign.
    pub campaign: CampaignId,
    /// Its mode.
    pub mode: Mode,
    /// Its order.
    pub order: Order,
    /// Which of its configurations is in force.
    pub revision: u32,
    /// Where the conversation stands.
    pub place: Place,
    /// Why the campaign offers nothing to anybody; none = it does.
    #[schema(required)]
    pub nobody: Option<Nobody>,
    /// How many members the campaign has.
    pub members: u32,
    /// How many of them for each reason, the most first.
    pub counts: Vec<ReasonCount>,
    /// The members, the next first; agents see themselves only.
    pub candidates: Vec<Candidate>,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "WhyPlace")]
#[schema(as = WhyPlace)]
pub enum Place {
    /// In the queue.
    Waiting {
        /// From 1; none = very far back.
        position: Option<u32>,
        /// How many wait there.
        of: u32,
    },
    /// Offered, or about to be.
    Offered {
        /// To whom.
        agent: AgentId,
    },
}

/// Why a campaign offers nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Nobody {
    /// It is gone.
    Unknown,
    /// It is switched off.
    Disabled,
    /// It is closed.
    Closed {
        /// Until then, when that is known.
        until: Option<Time>,
    },
    /// Its mode chooses nobody: whoever wants it takes it.
    Rings,
}

/// How many members there are of a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct ReasonCount {
    /// The word of a reason.
    #[ts(type = "Reason[\"is\"]")]
    pub reason: String,
    /// How many.
    pub members: u32,
}

/// A member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// Whether they could have it, or the first rule that says no.
    pub reason: Reason,
    /// Their penalty, when they could.
    #[schema(required)]
    pub penalty: Option<u8>,
    /// What they are compared by, when they could.
    #[schema(required)]
    pub measure: Option<Measure>,
}

/// Whether a member could have it, or the first rule that says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Reason {
    /// They have it on offer.
    Offered,
    /// They could have it.
    Eligible,
    /// They could, after those with a lower penalty.
    HigherPenalty,
    /// They could, after those who have nothing to do.
    NotIdle,
    /// They could, when there is nobody else: they missed or declined it.
    PassedOver,
    /// No member any more.
    NotMember,
    /// They do not receive this kind of channel.
    Kind,
    /// They belong to no voice campaign, where only who does receives anything.
    NoVoice,
    /// Not signed in since the server started.
    Unknown,
    /// Not signed in.
    SignedOut,
    /// On a break, paused or without a connection.
    Away,
    /// Have an interaction of a campaign that wants all of them.
    TakenUp,
    /// In a call.
    InCall,
    /// Have interactions where the mode wants nobody with any.
    Busy {
        /// How many.
        interactions: u32,
    },
    /// Have one of this campaign, which gives one after the other.
    HasOne,
    /// Have as many of this campaign as it allows.
    MaxPerAgent {
        /// How many.
        holding: u32,
        /// Of so many.
        most: u32,
    },
    /// Have as many of this kind of channel as anybody may.
    MaxOfKind {
        /// So many.
        most: u32,
    },
    /// Not good enough at what it asks for.
    Skills,
    /// It is held for somebody else.
    Held,
    /// No capacity left.
    Capacity {
        /// Units in use.
        used: u32,
        /// Units that a call takes.
        call: u32,
        /// Of so many.
        limit: u32,
        /// So many are needed.
        needed: u32,
    },
    /// Lets others go first.
    Delay {
        /// Until then.
        until: Time,
    },
}

impl From<routing::Measure> for Measure {
    fn from(measure: routing::Measure) -> Self {
        use routing::Measure as M;
        let time = |at: Option<_>| at.map(Time);
        match measure {
            M::Chance => Self::Chance,
            M::Ended { at } => Self::Ended { at: time(at) },
            M::Completed { count } => Self::Completed { count },
            M::Position { position } => Self::Position { position },
            M::Idle { busy, since, offered_at } => Self::Idle { busy, since: time(since), offered_at: time(offered_at) },
            M::Load { used, limit, offered_at } => Self::Load { used, limit, offered_at: time(offered_at) },
            M::Skill { proficiency, busy, since, offered_at } => {
                Self::Skill { proficiency, busy, since: time(since), offered_at: time(offered_at) }
            }
            M::Spare { units, offered_at } => Self::Spare { units, offered_at: time(offered_at) },
        }
    }
}

impl From<routing::Choice> for Choice {
    fn from(choice: routing::Choice) -> Self {
        let routing::Choice { mode, order, policy, revision, position, penalty, eligible, among, ring, preferred, again, .. } =
            choice;
        Self {
            mode,
            order,
            policy,
            revision,
            position,
            penalty,
            measure: choice.measure.into(),
            eligible,
            among,
            ring,
            preferred,
            again,
            drawn: choice.drawn.map(|routing::Drawn { place, of }| Drawn { place, of }),
            runner_up: choice.runner_up.map(|routing::RunnerUp { agent, penalty, measure }| RunnerUp {
                agent: Some(agent),
                penalty,
                measure: measure.into(),
            }),
        }
    }
}

impl From<routing::Verdict> for Reason {
    fn from(verdict: routing::Verdict) -> Self {
        use routing::{Behind, Hindrance as H, Verdict as V};
        match verdict {
            V::Offered => Self::Offered,
            V::Eligible { behind: None, .. } => Self::Eligible,
            V::Eligible { behind: Some(Behind::Penalty), .. } => Self::HigherPenalty,
            V::Eligible { behind: Some(Behind::Busy), .. } => Self::NotIdle,
            V::Eligible { behind: Some(Behind::PassedOver), .. } => Self::PassedOver,
            V::Not(H::NotMember) => Self::NotMember,
            V::Not(H::Kind) => Self::Kind,
            V::Not(H::NoVoice) => Self::NoVoice,
            V::Not(H::Unknown) => Self::Unknown,
            V::Not(H::SignedOut) => Self::SignedOut,
            V::Not(H::Away) => Self::Away,
            V::Not(H::TakenUp) => Self::TakenUp,
            V::Not(H::InCall) => Self::InCall,
            V::Not(H::Busy { interactions }) => Self::Busy { interactions },
            V::Not(H::HasOne) => Self::HasOne,
            V::Not(H::MaxPerAgent { holding, most }) => Self::MaxPerAgent { holding, most },
            V::Not(H::MaxOfKind { most }) => Self::MaxOfKind { most },
            V::Not(H::Skills) => Self::Skills,
            V::Not(H::Held) => Self::Held,
            V::Not(H::Capacity { used, call, limit, needed }) => Self::Capacity { used, call, limit, needed },
            V::Not(H::Delay { until }) => Self::Delay { until: until.into() },
        }
    }
}

impl From<routing::Candidate> for Candidate {
    fn from(routing::Candidate { agent, verdict }: routing::Candidate) -> Self {
        let (penalty, measure) = match verdict {
            routing::Verdict::Eligible { penalty, measure, .. } => (Some(penalty), Some(measure.into())),
            _ => (None, None),
        };
        Self { agent, reason: verdict.into(), penalty, measure }
    }
}

impl From<routing::Nobody> for Nobody {
    fn from(nobody: routing::Nobody) -> Self {
        match nobody {
            routing::Nobody::Unknown => Self::Unknown,
            routing::Nobody::Disabled => Self::Disabled,
            routing::Nobody::Closed { until } => Self::Closed { until: until.map(Time) },
            routing::Nobody::Rings => Self::Rings,
        }
    }
}

impl Present {
    /// None when there is nothing to give.
    pub fn of(explanation: routing::Explanation) -> Option<Self> {
        let place = match explanation.place {
            routing::Place::Waiting { position, of } => Place::Waiting { position, of },
            routing::Place::Offered { agent } => Place::Offered { agent },
            _ => return None,
        };
        let counts = explanation.counts.into_iter();
        let mut counts: Vec<_> = counts.map(|(reason, members)| ReasonCount { reason: reason.to_owned(), members }).collect();
        counts.sort_by_key(|count| std::cmp::Reverse(count.members));
        Some(Self {
            at: explanation.at.into(),
            campaign: explanation.campaign,
            mode: explanation.strategy.mode,
            order: explanation.strategy.order,
            revision: explanation.revision,
            place,
            nobody: explanation.nobody.map(Into::into),
            members: explanation.members,
            counts,
            candidates: explanation.candidates.into_iter().map(Into::into).collect(),
        })
    }
}

impl Offered {
    /// The offers that these entries of one conversation tell of, the latest first.
    pub fn of(entries: &[Entry]) -> Vec<Self> {
        let (mut offers, mut campaign) = (Vec::<(OfferId, Self)>::new(), None);
        for Entry { pos, at, by, fact, .. } in entries {
            let Fact::Conversation { event, .. } = fact else { continue };
            let by = user(*by);
            let offered = |agent, how, choice| Self {
                at: (*at).into(),
                position: *pos,
                campaign,
                agent,
                how,
                over_capacity: false,
                by,
                outcome: Outcome::Open,
                choice,
            };
            let mut ends = |ended: &OfferId, outcome| {
                if let Some((_, offer)) = offers.iter_mut().rev().find(|(id, _)| id == ended) {
                    offer.outcome = outcome;
                }
            };
            match event {
                Event::Queued { campaign: to, .. } => campaign = Some(*to),
                Event::Offered { offer, why, assigned } => {
                    let how = match (assigned, by) {
                        (Some(_), _) => How::Assigned,
                        (None, Some(_)) => How::Taken,
                        (None, None) => How::Chosen,
                    };
                    let over_capacity = assigned.is_some_and(|assignment| assignment.over_capacity);
                    let choice = why.as_deref().copied().map(Choice::from);
                    offers.push((offer.id, Self { over_capacity, ..offered(offer.agent, how, choice) }));
                }
                Event::TransferOffered { offer, .. } => {
                    offers.push((offer.id, offered(offer.agent, How::Transferred, None)));
                }
                Event::OfferAccepted { offer, .. } => ends(offer, Outcome::Accepted),
                Event::OfferEnded { offer, outcome, .. } => ends(
                    offer,
                    match outcome {
                        OfferOutcome::Declined => Outcome::Declined,
                        OfferOutcome::Missed => Outcome::Missed,
                        OfferOutcome::Withdrawn => Outcome::Withdrawn,
                    },
                ),
                _ => {}
            }
        }
        offers.into_iter().rev().map(|(_, offer)| offer).collect()
    }

    /// As the agent sees it to whom it was made: nothing that tells of a colleague who.
    #[must_use]
    pub fn for_agent(mut self) -> Self {
        if let Some(runner_up) = self.choice.as_mut().and_then(|choice| choice.runner_up.as_mut()) {
            runner_up.agent = None;
        }
        self
    }
}

fn user(by: By) -> Option<UserId> {
    if let By::User(user) = by { Some(user) } else { None }
}

impl Step {
    /// What these entries of one conversation tell of it, the latest first.
    pub fn of(entries: &[Entry]) -> Vec<Self> {
        let (mut steps, mut campaign) = (Vec::new(), None);
        for Entry { pos, at, by, fact, .. } in entries {
            let Fact::Conversation { event, .. } = fact else { continue };
            let what = match event {
                Event::Queued { campaign: to, reason } => {
                    let from = campaign.replace(*to);
                    (*reason == QueueReason::Moved).then_some(Steering::Moved { from, to: *to })
                }
                Event::Prioritised { priority } => Some(Steering::Prioritised { priority: *priority }),
                _ => None,
            };
            steps.extend(what.map(|what| Self { at: (*at).into(), position: *pos, by: user(*by), what }));
        }
        steps.reverse();
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn reasons_are_called_the_same_everywhere() {
        use routing::{Behind, Hindrance as H, Verdict as V};
        let may = |behind| V::Eligible { penalty: 0, measure: routing::Measure::Chance, behind };
        let all = [
            V::Offered,
            may(None),
            may(Some(Behind::Penalty)),
            may(Some(Behind::Busy)),
            may(Some(Behind::PassedOver)),
            V::Not(H::NotMember),
            V::Not(H::Kind),
            V::Not(H::NoVoice),
            V::Not(H::Unknown),
            V::Not(H::SignedOut),
            V::Not(H::Away),
            V::Not(H::TakenUp),
            V::Not(H::InCall),
            V::Not(H::Busy { interactions: 1 }),
            V::Not(H::HasOne),
            V::Not(H::MaxPerAgent { holding: 1, most: 1 }),
            V::Not(H::MaxOfKind { most: 1 }),
            V::Not(H::Skills),
            V::Not(H::Held),
            V::Not(H::Capacity { used: 0, call: 0, limit: 0, needed: 1 }),
            V::Not(H::Delay { until: Timestamp::default() }),
        ];
        for verdict in all {
            assert_eq!(serde_json::to_value(Reason::from(verdict)).unwrap()["is"], verdict.code());
        }
    }
}
