//! A day to live through: campaigns, who works when, who writes when and how they behave.

use std::time::Duration;

use chrono_tz::Tz;

use super::law::Law;
use crate::{
    clock::Timestamp,
    domain::{
        campaign::{Campaign, InForce, Member},
        channel::ChannelKind,
        conversation::Priority,
        load::Loads,
        schedule::{self, Openness, Schedule},
        skill::SkillLevel,
    },
    ids::{AgentId, CampaignId},
};

/// Everything a run needs. Chance has been at work already: what is drawn is in it, so that two plans that differ in one
/// setting meet the same customers.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends; what has not ended by then stays as it is.
    pub until: Timestamp,
    /// Campaigns at the beginning.
    pub campaigns: Vec<Planned>,
    /// Members at the beginning.
    pub members: Vec<Member>,
    /// Everybody who works.
    pub workers: Vec<Worker>,
    /// What conversations weigh.
    pub loads: Loads,
    /// What happens to agents and the configuration, in order.
    pub happenings: Vec<Happening>,
    /// Who writes, in order.
    pub arrivals: Vec<Arrival>,
    /// How long an agent takes to accept an offer, or to see what waits where everybody sees it.
    pub reaction: Law,
    /// How long an agent who stopped responding takes to come back.
    pub comes_back: Duration,
    /// How long an agent whose connection broke keeps what they have.
    pub grace: Duration,
    /// What is measured against.
    pub measure: Measure,
    /// The campaign that is looked at, and its members; none = all. The others are lived through all the same: they share
    /// agents.
    pub focus: Option<CampaignId>,
    /// Decides what is still left to chance.
    pub seed: u64,
}

/// What figures are measured against (metrics.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Answered within this counts for the service level.
    pub threshold: Duration,
    /// Who leaves sooner does not count against it.
    pub short: Duration,
    /// The length of a period of the chart.
    pub period: Duration,
}

impl Default for Measure {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { threshold: seconds(20), short: seconds(5), period: seconds(1_800) }
    }
}

/// A campaign and when it is open.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its configuration.
    pub campaign: Campaign,
    /// None = always open.
    pub schedule: Option<Schedule>,
    /// Where its client is.
    pub zone: Tz,
}

impl Planned {
    /// What is in force at a moment, as the Campaign actor tells it.
    pub fn in_force(&self, at: Timestamp) -> InForce {
        let openness = self.schedule.as_ref().map_or(Openness::ALWAYS, |schedule| schedule.openness(at));
        InForce { campaign: self.campaign.clone(), openness, day: schedule::day(self.zone, at) }
    }
}

/// Somebody who works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Who.
    pub id: AgentId,
    /// Capacity units.
    pub capacity: u32,
    /// What they are good at.
    pub skills: Vec<SkillLevel>,
}

/// Something that happens to agents or the configuration.
#[derive(Clone, Debug)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// See [`Happening`].
#[derive(Clone, Debug)]
pub enum What {
    /// An agent comes to work.
    SignsIn(AgentId),
    /// An agent goes home at once; what they have goes back to the queue.
    SignsOut(AgentId),
    /// An agent takes nothing more and goes home when what they have is over.
    GoesHome(AgentId),
    /// An agent takes a break.
    BreakBegins(AgentId),
    /// An agent takes offers again.
    BreakEnds(AgentId),
    /// An agent's connection breaks.
    Disconnects(AgentId),
    /// It is there again.
    Reconnects(AgentId),
    /// A campaign is configured otherwise.
    Configured(Box<Planned>),
    /// Somebody becomes a member, or another kind of member.
    Joins(Member),
    /// Somebody is no member any more.
    Leaves(AgentId, CampaignId),
}

impl What {
    /// Whom it happens to, if it happens to an agent.
    pub const fn agent(&self) -> Option<AgentId> {
        match self {
            Self::SignsIn(agent)
            | Self::SignsOut(agent)
            | Self::GoesHome(agent)
            | Self::BreakBegins(agent)
            | Self::BreakEnds(agent)
            | Self::Disconnects(agent)
            | Self::Reconnects(agent) => Some(*agent),
            Self::Configured(_) | Self::Joins(_) | Self::Leaves(..) => None,
        }
    }

    /// The same happening to somebody else.
    #[must_use]
    pub fn to(&self, other: AgentId) -> Self {
        match self {
            Self::SignsIn(_) => Self::SignsIn(other),
            Self::SignsOut(_) => Self::SignsOut(other),
            Self::GoesHome(_) => Self::GoesHome(other),
            Self::BreakBegins(_) => Self::BreakBegins(other),
            Self::BreakEnds(_) => Self::BreakEnds(other),
            Self::Disconnects(_) => Self::Disconnects(other),
            Self::Reconnects(_) => Self::Reconnects(other),
            Self::Configured(_) | Self::Joins(_) | Self::Leaves(..) => self.clone(),
        }
    }
}

/// A customer who writes, and everything they and their agents will do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// When.
    pub at: Timestamp,
    /// Where.
    pub campaign: CampaignId,
    /// By what kind of channel.
    pub kind: ChannelKind,
    /// How urgent the staff finds it.
    pub priority: Priority,
    /// How long they wait before they leave; none = for ever.
    pub patience: Option<Duration>,
    /// From the acceptance to the first answer; not longer than `talk`.
    pub first_answer: Duration,
    /// From the acceptance to the closing.
    pub talk: Duration,
    /// From the closing to the end, as far as the campaign has wrap-up.
    pub wrap_up: Duration,
    /// Its agent gives it away in the middle of `talk`; whoever gets it does the rest.
    pub hand_over: Option<HandOver>,
}

/// To whom an agent gives a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandOver {
    /// The queue of another campaign.
    Campaign(CampaignId),
    /// Another agent of the same campaign.
    Agent,
}

impl Plan {
    /// Puts everything in order. Call it after filling one in.
    pub fn sort(&mut self) {
        self.happenings.sort_by_key(|happening| happening.at);
        self.arrivals.sort_by_key(|arrival| arrival.at);
    }
}
