//! What conversations weigh: capacity units per kind of channel, hard caps, and what may interrupt what (routing.md, Capacity).

use serde::{Deserialize, Serialize};

use super::channel::{ChannelKind, KindSet};

const KINDS: usize = ChannelKind::ALL.len();

/// What a conversation of one kind takes of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Capacity units, 1 to 1,000.
    pub units: u32,
    /// An agent has at most so many at once that are not asleep; none = as many as fit.
    pub most: Option<u32>,
    /// While one of this kind is given out, what an agent has of these weighs nothing.
    pub interrupts: KindSet,
}

/// What conversations of every kind weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loads([Load; KINDS]);

impl Default for Loads {
    fn default() -> Self {
        Self(ChannelKind::ALL.map(|kind| Load { units: kind.weight(), most: None, interrupts: KindSet::NONE }))
    }
}

/// How many conversations of each kind somebody has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u32; KINDS]);

impl Counts {
    /// So many more.
    pub fn add(&mut self, kind: ChannelKind, count: u32) {
        if let Some(of_kind) = self.0.get_mut(kind as usize) {
            *of_kind += count;
        }
    }

    /// So many less.
    pub fn remove(&mut self, kind: ChannelKind, count: u32) {
        if let Some(of_kind) = self.0.get_mut(kind as usize) {
            *of_kind = of_kind.saturating_sub(count);
        }
    }

    /// How many of one kind.
    pub fn of(&self, kind: ChannelKind) -> u32 {
        self.0.get(kind as usize).copied().unwrap_or_default()
    }
}

impl Loads {
    /// What one kind weighs.
    pub fn of(&self, kind: ChannelKind) -> Load {
        self.0.get(kind as usize).copied().unwrap_or(Load { units: kind.weight(), most: None, interrupts: KindSet::NONE })
    }

    /// With another weight of one kind.
    #[must_use]
    pub fn with(mut self, kind: ChannelKind, load: Load) -> Self {
        if let Some(of_kind) = self.0.get_mut(kind as usize) {
            *of_kind = load;
        }
        self
    }

    /// Units of one conversation.
    pub fn units(&self, kind: ChannelKind) -> u32 {
        self.of(kind).units
    }

    /// Units that all of these take.
    pub fn used(&self, counts: &Counts) -> u32 {
        ChannelKind::ALL.into_iter().map(|kind| counts.of(kind) * self.units(kind)).sum()
    }

    /// Kinds of which one more may be given to somebody with this limit who has these.
    pub fn fitting(&self, limit: u32, counts: &Counts) -> KindSet {
        ChannelKind::ALL.into_iter().filter(|kind| self.fits(*kind, limit, counts)).collect()
    }

    fn fits(&self, kind: ChannelKind, limit: u32, counts: &Counts) -> bool {
        let load = self.of(kind);
        let weighs = |other: &ChannelKind| !load.interrupts.contains(*other);
        let used: u32 = ChannelKind::ALL.into_iter().filter(weighs).map(|other| counts.of(other) * self.units(other)).sum();
        load.most.is_none_or(|most| counts.of(kind) < most) && used + load.units <= limit
    }
}

/// What one kind weighs, as stored and sent; what is not said stays as it is by default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct KindLoad {
    /// Which kind.
    pub kind: ChannelKind,
    /// Capacity units of one conversation, 1 to 1,000.
    pub units: u32,
    /// An agent has at most so many at once, 1 to 10,000; none = as many as fit.
    pub most: Option<u32>,
    /// Kinds that weigh nothing when one of these is given out.
    #[serde(default)]
    #[ts(as = "Option<Vec<ChannelKind>>")]
    pub interrupts: Vec<ChannelKind>,
}

impl FromIterator<KindLoad> for Loads {
    fn from_iter<T: IntoIterator<Item = KindLoad>>(kinds: T) -> Self {
        kinds.into_iter().fold(Self::default(), |loads, KindLoad { kind, units, most, interrupts }| {
            loads.with(kind, Load { units, most, interrupts: interrupts.into_iter().collect() })
        })
    }
}

#[cfg(test)]
mod tests {
    use ChannelKind::{Api, Email, Webchat};

    use super::*;

    #[test]
    fn what_interrupts_fits_beside_anything_but_not_the_other_way_round() {
        let loads = Loads::default().with(Webchat, Load { units: 25, most: Some(2), interrupts: [Api].into_iter().collect() });
        let mut counts = Counts::default();
        counts.add(Api, 5);
        assert_eq!(loads.fitting(100, &counts), [Webchat].into_iter().collect(), "five of 20 fill it; a chat interrupts");
        counts.add(Webchat, 1);
        assert_eq!(loads.used(&counts), 125);
        assert_eq!(loads.fitting(100, &counts), [Webchat].into_iter().collect());
        counts.add(Webchat, 1);
        assert_eq!(loads.fitting(100, &counts), KindSet::NONE, "two chats are the most");
        counts.remove(Api, 5);
        assert_eq!(
            loads.fitting(100, &counts),
            [Api, Email].into_iter().collect(),
            "chats weigh when something else is given out"
        );
        assert_eq!(loads.fitting(69, &counts), [Email].into_iter().collect());
        assert_eq!(loads.fitting(64, &counts), KindSet::NONE);
    }
}
