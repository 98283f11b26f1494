//! Whether a campaign can start: what is there, what is missing, what would be better (E3).

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::{
        campaign::{Campaign, Member},
        channel::{ChannelKind, KindSet},
        schedule::Openness,
        waiting::{AtClosing, WhenFull},
    },
};

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "ReadinessTopic")]
pub enum Topic {
    /// The client, and the project, are switched on.
    Client,
    /// A channel that is on leads here.
    Channels,
    /// It is open now or opens some day.
    Hours,
    /// Somebody receives what each of its channels brings.
    Members,
    /// What agents can choose when they close.
    Dispositions,
    /// Where customers are told something there is a text.
    Messages,
    /// Where the queue leads elsewhere there is an elsewhere.
    Overflow,
}

/// How it stands with one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "ReadinessState")]
pub enum State {
    /// As it should be.
    Done,
    /// It works without.
    Advised,
    /// Nobody is served without.
    Missing,
}

/// One topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which.
    pub topic: Topic,
    /// How it stands.
    pub state: State,
    /// How many there are of what is counted: channels, members who receive something, dispositions, texts that are missing.
    pub count: usize,
    /// When it opens, for a campaign that is closed now.
    pub opens: Option<Timestamp>,
}

/// What a campaign's surroundings say.
#[derive(Clone, Debug)]
pub struct Surroundings<'a> {
    /// The client, and the project if there is one, are on.
    pub client_enabled: bool,
    /// Kinds of the channels that are on and lead here, each once per channel.
    pub channels: Vec<ChannelKind>,
    /// Whether it is open.
    pub openness: Openness,
    /// Members whose user is switched on and may receive.
    pub members: Vec<&'a Member>,
    /// Dispositions of the campaign that can still be chosen.
    pub dispositions: usize,
}

/// Every topic, in the order of the tabs.
pub fn checks(campaign: &Campaign, around: &Surroundings<'_>) -> Vec<Check> {
    let check = |topic, state, count| Check { topic, state, count, opens: None };
    let needed = |holds| if holds { State::Done } else { State::Missing };
    let advised = |holds| if holds { State::Done } else { State::Advised };
    let kinds: KindSet = around.channels.iter().copied().collect();
    let receivers =
        around.members.iter().filter(|member| around.channels.is_empty() || kinds.and(member.receive) != KindSet::NONE).count();
    let uncovered = kinds.kinds().any(|kind| !around.members.iter().any(|member| member.receive.contains(kind)));
    let members = match receivers {
        0 => State::Missing,
        _ => advised(!uncovered),
    };
    let silent = silences(campaign);
    let limits = &campaign.limits;
    let overflows = (limits.max_waiting.is_some() && limits.when_full == WhenFull::Overflow)
        || (campaign.schedule.is_some() && limits.at_closing == AtClosing::Overflow);
    // What was to be chosen is switched off: nobody could close.
    let dispositions = match (campaign.dispositions.len(), around.dispositions) {
        (0, _) => State::Advised,
        (_, 0) => State::Missing,
        _ => State::Done,
    };
    let opens = if around.openness.is_open() { None } else { around.openness.until() };
    let never = !around.openness.is_open() && opens.is_none();
    let mut checks = vec![
        check(Topic::Client, needed(around.client_enabled), 0),
        check(Topic::Channels, needed(!around.channels.is_empty()), around.channels.len()),
        Check { opens, ..check(Topic::Hours, needed(!never), 0) },
        check(Topic::Dispositions, dispositions, around.dispositions),
        check(Topic::Members, members, receivers),
        check(Topic::Messages, advised(silent == 0), silent),
    ];
    if overflows {
        checks.push(check(Topic::Overflow, needed(limits.overflow.is_some()), 0));
    }
    checks
}

/// How many times customers would be told nothing although something happens to them.
fn silences(campaign: &Campaign) -> usize {
    let limits = &campaign.limits;
    let out_of_hours = campaign.schedule.is_some() && campaign.out_of_hours_message.is_none();
    let closing = campaign.schedule.is_some() && limits.at_closing == AtClosing::Close && limits.closing_message.is_none();
    let full = limits.max_waiting.is_some() && limits.when_full != WhenFull::Overflow && limits.full_message.is_none();
    usize::from(out_of_hours) + usize::from(closing) + usize::from(full)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{routing::tests::plain_campaign, waiting::Limits},
        ids::{AgentId, CampaignId, DispositionId, ScheduleId},
    };

    const HERE: CampaignId = CampaignId::from_u128(1);

    fn campaign(change: impl FnOnce(&mut Campaign)) -> Campaign {
        let mut campaign = plain_campaign(HERE);
        change(&mut campaign);
        campaign
    }

    fn states(campaign: &Campaign, around: &Surroundings<'_>) -> Vec<(Topic, State)> {
        checks(campaign, around).into_iter().map(|check| (check.topic, check.state)).collect()
    }

    const OPEN: Openness = Openness::ALWAYS;

    #[test]
    fn a_new_campaign_lacks_channels_and_members() {
        let around = Surroundings { client_enabled: true, channels: vec![], openness: OPEN, members: vec![], dispositions: 0 };
        use {State as S, Topic as T};
        assert_eq!(
            states(&campaign(|_| {}), &around),
            [
                (T::Client, S::Done),
                (T::Channels, S::Missing),
                (T::Hours, S::Done),
                (T::Dispositions, S::Advised),
                (T::Members, S::Missing),
                (T::Messages, S::Done),
            ]
        );
    }

    #[test]
    fn members_count_when_they_receive_what_the_channels_bring() {
        let mut chats = Member::new(AgentId::from_u128(1), HERE);
        chats.receive = [ChannelKind::Webchat].into_iter().collect();
        let with = |channels: Vec<ChannelKind>| {
            let around = Surroundings { client_enabled: true, channels, openness: OPEN, members: vec![&chats], dispositions: 0 };
            let found = checks(&campaign(|_| {}), &around);
            found.into_iter().find(|check| check.topic == Topic::Members).map(|check| (check.state, check.count)).unwrap()
        };
        assert_eq!(with(vec![ChannelKind::Webchat]), (State::Done, 1));
        assert_eq!(with(vec![ChannelKind::Api]), (State::Missing, 0));
        assert_eq!(with(vec![ChannelKind::Webchat, ChannelKind::Api]), (State::Advised, 1));
    }

    #[test]
    fn hours_texts_dispositions_and_overflow_are_looked_at() {
        let strict = campaign(|campaign| {
            campaign.schedule = Some(ScheduleId::from_u128(1));
            campaign.dispositions = vec![DispositionId::from_u128(1)];
            campaign.limits =
                Limits { max_waiting: Some(1), when_full: WhenFull::Overflow, at_closing: AtClosing::Close, ..Limits::default() };
        });
        let never = Openness::Closed { since: None, until: None };
        let around = Surroundings { client_enabled: false, channels: vec![], openness: never, members: vec![], dispositions: 0 };
        let found = checks(&strict, &around);
        let of = |topic| found.iter().find(|check| check.topic == topic).map(|check| (check.state, check.count)).unwrap();
        assert_eq!(of(Topic::Client), (State::Missing, 0));
        assert_eq!(of(Topic::Hours), (State::Missing, 0));
        assert_eq!(of(Topic::Dispositions), (State::Missing, 0));
        assert_eq!(of(Topic::Messages), (State::Advised, 2));
        assert_eq!(of(Topic::Overflow), (State::Missing, 0));
    }
}
