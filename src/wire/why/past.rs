//! What was decided: to whom it was offered, and what supervisors did with it while it waited.

use serde::{Deserialize, Serialize};

use super::Choice;
use crate::{
    domain::{
        conversation::{Event, OfferOutcome, Priority, QueueReason},
        log::{By, Entry, Fact},
    },
    ids::{AgentId, CampaignId, OfferId, UserId},
    wire::Time,
};

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
