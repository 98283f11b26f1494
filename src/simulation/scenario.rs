//! Invented days: customers who arrive at random, handling times, patience, shifts. A scenario is a small TOML or JSON file.

use std::{collections::BTreeMap, time::Duration};

use chrono::{NaiveDate, NaiveTime, Timelike, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{
    law::{Law, Random},
    plan::{Arrival, HandOver, Happening, Measure, Plan, Planned, What, Worker},
};
use crate::{
    clock::Timestamp,
    domain::{
        campaign::{Campaign, CampaignPermissions, Member, OutOfHours},
        channel::ChannelKind,
        closing::Closing,
        conversation::Priority,
        load::Loads,
        schedule::{Holidays, Interval, Schedule},
        service::Service,
        skill::Asking,
        strategy::Strategy,
        waiting::{AtClosing, Limits, WhenFull},
    },
    ids::{AgentId, CampaignId, ClientId, ScheduleId},
};

/// At most so many conversations in a day.
pub const MOST_CONVERSATIONS: u64 = 1_000_000;
/// At most so many agents.
pub const MOST_AGENTS: u32 = 20_000;
/// At most so many campaigns.
pub const MOST_CAMPAIGNS: usize = 5_000;

/// What is wrong with a scenario, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {says}")]
pub struct ScenarioError {
    /// As in the file.
    pub field: String,
    /// What it should be.
    pub says: String,
}

fn wrong(field: impl Into<String>, says: impl Into<String>) -> ScenarioError {
    ScenarioError { field: field.into(), says: says.into() }
}

/// A scenario. Times of day are in `zone`; the day begins at the first opening and ends at midnight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Decides everything that is left to chance.
    #[serde(default)]
    pub seed: u64,
    /// Which day it is; matters for nothing but the clocks of `zone`.
    #[serde(default = "some_day")]
    pub day: NaiveDate,
    /// IANA time zone.
    #[serde(default = "utc")]
    pub zone: Tz,
    /// Where it begins.
    #[serde(default = "morning")]
    pub from: NaiveTime,
    /// How long it lasts.
    #[serde(default = "twelve")]
    pub hours: u32,
    /// Answered within so many seconds counts for the service level.
    #[serde(default = "twenty")]
    pub threshold_seconds: u32,
    /// How long agents take to accept.
    #[serde(default = "reaction")]
    pub reaction: Law,
    /// Queues.
    pub campaigns: Vec<CampaignScenario>,
    /// Groups of agents.
    pub agents: Vec<AgentsScenario>,
}

/// A queue and its customers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignScenario {
    /// By which agents name it.
    pub name: String,
    /// Customers to be expected in the day.
    pub conversations: u32,
    /// How they are spread over the day: the weights of parts of equal length. None = evenly.
    #[serde(default)]
    pub shape: Vec<f64>,
    /// By which kind of channel.
    #[serde(default = "webchat")]
    pub channel: ChannelKind,
    /// From acceptance to closing.
    pub handling: Law,
    /// Work after closing; at most `wrap_up_seconds`.
    #[serde(default = "nothing")]
    pub wrap_up: Law,
    /// None = customers wait for ever.
    #[serde(default)]
    pub patience: Option<Law>,
    /// The share that is given to another agent.
    #[serde(default)]
    pub transfers: f64,
    /// The share that is given to the queue of `transfers_to`.
    #[serde(default)]
    pub passed_on: f64,
    /// The name of a campaign.
    #[serde(default)]
    pub transfers_to: Option<String>,
    /// How it chooses.
    #[serde(default)]
    pub strategy: Strategy,
    /// 1 to 100; the higher goes first.
    #[serde(default = "middle")]
    pub weight: u8,
    /// Conversations of this campaign that one agent may have at once.
    #[serde(default = "many")]
    pub max_per_agent: u32,
    /// Offers are accepted by themselves.
    #[serde(default)]
    pub auto_accept: bool,
    /// How long an offer stays open.
    #[serde(default = "twenty")]
    pub offer_seconds: u32,
    /// The longest wrap-up.
    #[serde(default)]
    pub wrap_up_seconds: u32,
    /// At most so many wait.
    #[serde(default)]
    pub max_waiting: Option<u32>,
    /// What happens then.
    #[serde(default)]
    pub when_full: WhenFull,
    /// What happens at closing time to what waits.
    #[serde(default)]
    pub at_closing: AtClosing,
    /// What happens to who writes out of hours; `close` or `queue`.
    #[serde(default = "queue")]
    pub out_of_hours: OutOfHours,
    /// The name of the campaign that takes what has no room here.
    #[serde(default)]
    pub overflow: Option<String>,
    /// None = always open.
    #[serde(default)]
    pub open: Option<OpenHours>,
}

/// Open every day between two times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct OpenHours {
    /// HH:MM or HH:MM:SS.
    #[ts(type = "string")]
    #[schema(value_type = String)]
    pub from: NaiveTime,
    /// HH:MM or HH:MM:SS; not after `from` = of the next day.
    #[ts(type = "string")]
    #[schema(value_type = String)]
    pub to: NaiveTime,
}

impl OpenHours {
    /// A schedule of these hours.
    pub fn schedule(self, zone: Tz, client: ClientId) -> Schedule {
        let minute = |time: NaiveTime| u16::try_from(time.hour() * 60 + time.minute()).unwrap_or(0);
        let end = if minute(self.to) == 0 { 1_440 } else { minute(self.to) };
        let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
        Schedule {
            id: ScheduleId::NIL,
            client,
            name: "hours".to_owned(),
            zone,
            weekly: days.map(|day| Interval { day, start: minute(self.from), end }).to_vec(),
            exceptions: Vec::new(),
            holidays: Holidays::default(),
            override_: None,
        }
    }
}

/// Agents who work alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentsScenario {
    /// How many.
    pub count: u32,
    /// Names of the campaigns they are members of.
    pub campaigns: Vec<String>,
    /// Capacity units.
    #[serde(default = "hundred")]
    pub capacity: u32,
    /// 0 to 100; the lower is preferred.
    #[serde(default)]
    pub penalty: u8,
    /// When they come; none = from the beginning.
    #[serde(default)]
    pub starts: Option<NaiveTime>,
    /// When they go; none = at the end. Before `starts` = of the next day.
    #[serde(default)]
    pub ends: Option<NaiveTime>,
    /// Their breaks.
    #[serde(default)]
    pub breaks: Vec<BreakScenario>,
    /// How often a connection breaks in a day, on average; half of them for longer than the grace.
    #[serde(default)]
    pub disconnects: f64,
}

/// A break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakScenario {
    /// When; each agent up to `spread_minutes` later.
    pub at: NaiveTime,
    /// How long.
    pub minutes: u32,
    /// So that not all go at once.
    #[serde(default)]
    pub spread_minutes: u32,
}

fn some_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).unwrap_or_default()
}
const fn utc() -> Tz {
    Tz::UTC
}
fn morning() -> NaiveTime {
    NaiveTime::from_hms_opt(8, 0, 0).unwrap_or_default()
}
const fn twelve() -> u32 {
    12
}
const fn twenty() -> u32 {
    20
}
const fn hundred() -> u32 {
    100
}
const fn many() -> u32 {
    100
}
const fn middle() -> u8 {
    50
}
const fn webchat() -> ChannelKind {
    ChannelKind::Webchat
}
const fn queue() -> OutOfHours {
    OutOfHours::Queue
}
const fn nothing() -> Law {
    Law::Always { seconds: 0.0 }
}
const fn reaction() -> Law {
    Law::Lognormal { mean: 6.0, spread: 0.5 }
}

/// Shifts are given out so many times around.
const SHIFTS: [(u32, u32); 3] = [(0, 8), (2, 10), (4, 12)];

impl Scenario {
    /// A day of twelve hours with so many agents in shifts of eight, about as busy as is sensible: campaigns of about fifty
    /// agents, everybody in two.
    pub fn of_size(agents: u32, conversations: u32, seed: u64) -> Self {
        Self::sized((agents / 50).clamp(1, 100), agents, conversations, seed)
    }

    /// The same with so many campaigns.
    pub fn sized(count: u32, agents: u32, conversations: u32, seed: u64) -> Self {
        let name = |number: u32| format!("{}", number % count + 1);
        // Three at once, eight hours each, five sixths of the time.
        let work = f64::from(agents) * 8.0 * 3_600.0 * 3.0;
        let handling = (0.83 * work / f64::from(conversations.max(1))).clamp(30.0, 1_800.0);
        let campaigns = (0..count).map(|number| CampaignScenario {
            name: name(number),
            conversations: conversations / count + u32::from(number < conversations % count),
            // Around the shifts: most at noon.
            shape: vec![0.6, 0.7, 1.0, 1.1, 1.5, 1.5, 1.5, 1.4, 1.1, 0.9, 0.6, 0.4],
            channel: ChannelKind::Webchat,
            handling: Law::Lognormal { mean: handling, spread: 0.6 },
            wrap_up: Law::Exponential { mean: 15.0 },
            patience: Some(Law::Exponential { mean: 300.0 }),
            transfers: 0.03,
            passed_on: if count > 1 { 0.02 } else { 0.0 },
            transfers_to: (count > 1).then(|| name(number + 1)),
            strategy: Strategy::default(),
            weight: 50,
            max_per_agent: 3,
            auto_accept: false,
            offer_seconds: 20,
            wrap_up_seconds: 60,
            max_waiting: None,
            when_full: WhenFull::default(),
            at_closing: AtClosing::default(),
            out_of_hours: OutOfHours::Queue,
            overflow: None,
            open: None,
        });
        let from = morning();
        let group = |number: u32, (start, end): (u32, u32), size: u32| AgentsScenario {
            count: size,
            campaigns: if count > 1 { vec![name(number), name(number + 1)] } else { vec![name(number)] },
            capacity: 100,
            penalty: 0,
            starts: NaiveTime::from_hms_opt(from.hour() + start, 0, 0),
            ends: NaiveTime::from_hms_opt(from.hour() + end, 0, 0),
            breaks: NaiveTime::from_hms_opt(from.hour() + start + 4, 0, 0)
                .map(|at| BreakScenario { at, minutes: 30, spread_minutes: 60 })
                .into_iter()
                .collect(),
            disconnects: 0.2,
        };
        let groups: Vec<_> = (0..count).flat_map(|number| SHIFTS.map(|shift| (number, shift))).collect();
        let size = |index: usize| {
            let (many, index) = (u32::try_from(groups.len()).unwrap_or(1), u32::try_from(index).unwrap_or(0));
            agents / many + u32::from(index < agents % many)
        };
        let agents = groups.iter().enumerate().map(|(index, (number, shift))| group(*number, *shift, size(index)));
        Self {
            seed,
            day: some_day(),
            zone: Tz::UTC,
            from,
            hours: 12,
            threshold_seconds: 20,
            reaction: reaction(),
            campaigns: campaigns.collect(),
            agents: agents.filter(|group| group.count > 0).collect(),
        }
    }

    /// What is wrong with it, the first thing.
    pub fn check(&self) -> Result<(), ScenarioError> {
        if !(1..=48).contains(&self.hours) {
            return Err(wrong("hours", "1 to 48"));
        }
        if let Some(says) = self.reaction.fault() {
            return Err(wrong("reaction", says));
        }
        if self.campaigns.is_empty() || self.campaigns.len() > MOST_CAMPAIGNS {
            return Err(wrong("campaigns", format!("1 to {MOST_CAMPAIGNS}")));
        }
        let mut names = BTreeMap::new();
        let mut conversations = 0;
        for (index, campaign) in self.campaigns.iter().enumerate() {
            if names.insert(campaign.name.as_str(), ()).is_some() {
                return Err(wrong(format!("campaigns[{index}].name"), "another campaign has this name"));
            }
            conversations += u64::from(campaign.conversations);
            campaign.check(&format!("campaigns[{index}]"))?;
        }
        if conversations > MOST_CONVERSATIONS {
            return Err(wrong("campaigns", format!("at most {MOST_CONVERSATIONS} conversations in all")));
        }
        let known = |field: String, name: &str| {
            if names.contains_key(name) { Ok(()) } else { Err(wrong(field, format!("there is no campaign {name:?}"))) }
        };
        for (index, campaign) in self.campaigns.iter().enumerate() {
            for (field, name) in [("transfers_to", &campaign.transfers_to), ("overflow", &campaign.overflow)] {
                name.as_deref().map_or(Ok(()), |name| known(format!("campaigns[{index}].{field}"), name))?;
            }
        }
        let mut agents = 0_u64;
        for (index, group) in self.agents.iter().enumerate() {
            agents += u64::from(group.count);
            for name in &group.campaigns {
                known(format!("agents[{index}].campaigns"), name)?;
            }
            if group.penalty > 100 || !(1..=1_000_000).contains(&group.capacity) {
                return Err(wrong(format!("agents[{index}]"), "penalty: 0 to 100, capacity: 1 to 1000000"));
            }
            if !(group.disconnects.is_finite() && (0.0..=100.0).contains(&group.disconnects)) {
                return Err(wrong(format!("agents[{index}].disconnects"), "0 to 100"));
            }
            if group.breaks.len() > 20 || group.breaks.iter().any(|it| it.minutes > 1_440 || it.spread_minutes > 1_440) {
                return Err(wrong(format!("agents[{index}].breaks"), "at most 20, each of at most 1440 minutes"));
            }
        }
        if agents > u64::from(MOST_AGENTS) {
            return Err(wrong("agents", format!("at most {MOST_AGENTS} in all")));
        }
        Ok(())
    }

    /// The day, with everything drawn.
    pub fn plan(&self) -> Result<Plan, ScenarioError> {
        self.check()?;
        let midnight = self.moment(NaiveTime::MIN).ok_or_else(|| wrong("day", "the calendar ends before it"))?;
        let from = midnight + Duration::from_secs(self.from.num_seconds_from_midnight().into());
        let until = from + Duration::from_secs(u64::from(self.hours) * 3_600);
        let client = ClientId::from_u128(1);
        let ids: BTreeMap<&str, CampaignId> =
            self.campaigns.iter().zip(1..).map(|(it, number)| (it.name.as_str(), CampaignId::from_u128(number))).collect();
        let id = |name: &Option<String>| name.as_deref().and_then(|name| ids.get(name)).copied();
        let mut plan = Plan {
            from,
            until,
            campaigns: Vec::new(),
            members: Vec::new(),
            workers: Vec::new(),
            loads: Loads::default(),
            happenings: Vec::new(),
            arrivals: Vec::new(),
            reaction: self.reaction,
            comes_back: Duration::from_secs(60),
            grace: Duration::from_secs(60),
            focus: None,
            measure: Measure { threshold: Duration::from_secs(self.threshold_seconds.into()), ..Measure::default() },
            seed: self.seed,
        };
        for (scenario, number) in self.campaigns.iter().zip(1_u64..) {
            let campaign = CampaignId::from_u128(number.into());
            let schedule = scenario.open.map(|hours| hours.schedule(self.zone, client));
            let configured = scenario.campaign(campaign, client, id(&scenario.overflow));
            plan.campaigns.push(Planned { campaign: configured, schedule, zone: self.zone });
            scenario.customers(campaign, id(&scenario.transfers_to), self.seed, number, &mut plan);
        }
        for (group, number) in self.agents.iter().zip(1_u64..) {
            let campaigns = group.campaigns.iter().filter_map(|name| ids.get(name.as_str()).copied());
            group.staff(&campaigns.collect::<Vec<_>>(), Random::of(self.seed, number, u64::MAX), midnight, &mut plan);
        }
        plan.sort();
        Ok(plan)
    }

    fn moment(&self, time: NaiveTime) -> Option<Timestamp> {
        let local = self.day.and_time(time).and_local_timezone(self.zone);
        local.earliest().map(|moment| Timestamp::from_chrono(moment.to_utc()))
    }

    /// The names of its campaigns, by the ids that a plan gives them.
    pub fn names(&self) -> BTreeMap<CampaignId, String> {
        self.campaigns.iter().zip(1..).map(|(it, number)| (CampaignId::from_u128(number), it.name.clone())).collect()
    }
}

impl CampaignScenario {
    fn check(&self, field: &str) -> Result<(), ScenarioError> {
        let within = |name: &str, is: bool, says: &str| if is { Ok(()) } else { Err(wrong(format!("{field}.{name}"), says)) };
        within("name", (1..=120).contains(&self.name.chars().count()), "1 to 120 characters")?;
        for (name, law) in
            [("handling", Some(&self.handling)), ("wrap_up", Some(&self.wrap_up)), ("patience", self.patience.as_ref())]
        {
            if let Some(says) = law.and_then(Law::fault) {
                return Err(wrong(format!("{field}.{name}"), says));
            }
        }
        let sound = |weight: &f64| weight.is_finite() && *weight >= 0.0;
        let shape = self.shape.iter().all(sound) && (self.shape.is_empty() || self.shape.iter().sum::<f64>() > 0.0);
        within("shape", shape && self.shape.len() <= 1_440, "at most 1440 weights, not all 0")?;
        let shares = sound(&self.transfers) && sound(&self.passed_on) && self.transfers + self.passed_on <= 1.0;
        within("transfers", shares, "with passed_on, shares from 0 to 1")?;
        within("weight", (1..=100).contains(&self.weight), "1 to 100")?;
        within("max_per_agent", (1..=10_000).contains(&self.max_per_agent), "1 to 10000")?;
        within("offer_seconds", (5..=600).contains(&self.offer_seconds), "5 to 600")?;
        within("wrap_up_seconds", self.wrap_up_seconds <= 900, "0 to 900")
    }

    fn campaign(&self, id: CampaignId, client: ClientId, overflow: Option<CampaignId>) -> Campaign {
        Campaign {
            id,
            client,
            name: self.name.clone(),
            enabled: true,
            weight: self.weight,
            strategy: self.strategy,
            limits: Limits {
                max_waiting: self.max_waiting,
                when_full: self.when_full,
                at_closing: self.at_closing,
                overflow,
                ..Limits::default()
            },
            schedule: None,
            out_of_hours: self.out_of_hours,
            out_of_hours_message: None,
            max_per_agent: self.max_per_agent,
            auto_accept: self.auto_accept,
            offer_seconds: self.offer_seconds,
            transfer_seconds: 30,
            wrap_up_seconds: self.wrap_up_seconds,
            permissions: CampaignPermissions::default(),
            fields: Vec::new(),
            dispositions: Vec::new(),
            transfer_disposition: None,
            project: None,
            archived_at: None,
            revision: 1,
            asking: Asking::default(),
            closing: Closing::default(),
            holding: Default::default(),
            offering: Default::default(),
            mail: Default::default(),
            service: Service::default(),
        }
    }

    /// A Poisson process whose pace follows the shape: an even one in a time that passes the faster the more come.
    fn customers(&self, campaign: CampaignId, passed_to: Option<CampaignId>, seed: u64, number: u64, plan: &mut Plan) {
        let whole = plan.until.since(plan.from).as_secs_f64();
        let even = [1.0];
        let shape = if self.shape.is_empty() { &even[..] } else { &self.shape };
        let (part, total) = (whole / shape.len() as f64, shape.iter().sum::<f64>());
        let mut gaps = Random::of(seed, number, 0);
        let (mut index, mut into, mut at) = (0_u64, 0.0, 0.0);
        let mut parts = shape.iter().copied();
        let mut weight = parts.next().unwrap_or(0.0);
        if self.conversations == 0 {
            return;
        }
        loop {
            at -= gaps.share().ln() * total / f64::from(self.conversations);
            while at >= into + weight {
                into += weight;
                let Some(next) = parts.next() else { return };
                weight = next;
            }
            let done = shape.len() - parts.len() - 1;
            let seconds = (done as f64 + (at - into) / weight) * part;
            index += 1;
            let mut random = Random::of(seed, number, index);
            let moment = plan.from + Duration::from_micros((seconds * 1e6) as u64);
            plan.arrivals.push(self.customer(campaign, passed_to, moment, &mut random));
        }
    }

    fn customer(&self, campaign: CampaignId, passed_to: Option<CampaignId>, at: Timestamp, random: &mut Random) -> Arrival {
        let talk = self.handling.draw(random);
        let wrap_up = self.wrap_up.draw(random);
        let patience = self.patience.map(|patience| patience.draw(random));
        let share = random.share();
        let to_queue = passed_to.filter(|_| share < self.passed_on).map(HandOver::Campaign);
        let hand_over =
            to_queue.or((share >= self.passed_on && share < self.passed_on + self.transfers).then_some(HandOver::Agent));
        let first_answer = talk / 4;
        Arrival { at, campaign, kind: self.channel, priority: Priority::Normal, patience, first_answer, talk, wrap_up, hand_over }
    }
}

impl AgentsScenario {
    fn staff(&self, campaigns: &[CampaignId], mut random: Random, midnight: Timestamp, plan: &mut Plan) {
        let time = |time: NaiveTime| midnight + Duration::from_secs(time.num_seconds_from_midnight().into());
        let a_day = Duration::from_secs(86_400);
        let starts = self.starts.map_or(plan.from, time);
        let ends = self.ends.map_or(plan.until, |ends| if time(ends) > starts { time(ends) } else { time(ends) + a_day });
        for _ in 0..self.count {
            let id = AgentId::from_u128(plan.workers.len() as u128 + 1);
            plan.workers.push(Worker { id, capacity: self.capacity, skills: Vec::new() });
            plan.members.extend(campaigns.iter().map(|it| Member { penalty: self.penalty, ..Member::new(id, *it) }));
            let mut happens = |at: Timestamp, what: What| plan.happenings.push(Happening { at: at.max(plan.from), what });
            happens(starts, What::SignsIn(id));
            for planned in &self.breaks {
                let spread = random.share() * f64::from(planned.spread_minutes) * 60.0;
                let begins = time(planned.at) + Duration::from_secs(spread as u64);
                let over = begins + Duration::from_secs(u64::from(planned.minutes) * 60);
                if begins > starts && over < ends {
                    happens(begins, What::BreakBegins(id));
                    happens(over, What::BreakEnds(id));
                }
            }
            let mut at = starts;
            let shift = ends.since(starts);
            let breaks_off = self.disconnects > 0.0;
            while breaks_off && at < ends {
                at = at + shift.mul_f64((-random.share().ln() / self.disconnects).min(1e3));
                let back = at + Duration::from_secs(if random.chance(0.5) { 20 } else { 180 });
                if back >= ends {
                    break;
                }
                happens(at, What::Disconnects(id));
                happens(back, What::Reconnects(id));
                at = back;
            }
            happens(ends, What::GoesHome(id));
        }
    }
}
