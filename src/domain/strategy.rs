//! How a campaign chooses: who may get a conversation, who of those does, and which conversation goes first (routing.md).

use serde::{Deserialize, Serialize};

/// Who of its members may get a conversation of a campaign now. What sleeps (dormant, snoozed) is no interaction here.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Mode {
    /// Only who has no call and no interaction at all; until it is over they get nothing else.
    Incall,
    /// Who has fewer interactions of this campaign than `max_per_agent`; calls do not matter.
    #[default]
    Nocall,
    /// Only who has no interaction at all; calls do not matter.
    Interaction,
    /// Everybody with room, whatever they have.
    Nopause,
    /// First those who have nothing at all to do, no call either; without any, as `nocall`.
    Omni,
    /// Nobody is chosen: all who have none of this campaign see what waits and the first to take its next one has it.
    Ringall,
    /// Nobody is chosen: all see what waits and take what they want, up to `max_per_agent`.
    Ringallmultiple,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 7] =
        [Self::Incall, Self::Nocall, Self::Interaction, Self::Nopause, Self::Omni, Self::Ringall, Self::Ringallmultiple];

    /// Nobody is chosen; the first to take has it.
    pub const fn rings(self) -> bool {
        matches!(self, Self::Ringall | Self::Ringallmultiple)
    }
}

/// Who of those who may get a conversation does.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Order {
    /// Whose last interaction of this campaign ended longest ago; never = longest.
    Leastrecent,
    /// Who has finished fewest of this campaign today. Who comes in starts with the fewest of those already there.
    Fewestcalls,
    /// Anybody, with the same chance.
    Random,
    /// In turn by position, then by who joined first; goes on after a restart.
    Rrmemory,
    /// In turn by position only; goes on after a restart.
    Rrordered,
    /// The lowest position.
    Linear,
    /// Anybody; the lower the penalty, the better the chance. Penalties exclude nobody.
    Wrandom,
    /// Who has had nothing to do for longest; who has something comes after all others.
    LongestIdle,
    /// Who uses the smallest share of their capacity; then longest without an offer.
    #[default]
    LeastLoaded,
    /// Who has most free capacity units; then longest without an offer.
    MostSpare,
    /// Who is best at what the conversation asks for; then as `longest_idle`.
    BestSkill,
}

impl Order {
    /// Every order.
    pub const ALL: [Self; 11] = [
        Self::Leastrecent,
        Self::Fewestcalls,
        Self::Random,
        Self::Rrmemory,
        Self::Rrordered,
        Self::Linear,
        Self::Wrandom,
        Self::LongestIdle,
        Self::LeastLoaded,
        Self::MostSpare,
        Self::BestSkill,
    ];

    /// Goes round.
    pub const fn takes_turns(self) -> bool {
        matches!(self, Self::Rrmemory | Self::Rrordered)
    }

    /// Leaves it to chance.
    pub const fn draws(self) -> bool {
        matches!(self, Self::Random | Self::Wrandom)
    }
}

/// Which waiting conversation goes first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Policy {
    /// The oldest.
    #[default]
    Fifo,
    /// The most urgent, then the oldest.
    Strict,
    /// As `strict`, but waiting makes more urgent.
    Aged,
    /// Whose time to be answered in ends first.
    Deadline,
}

/// How a campaign chooses. Everything has a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct Strategy {
    /// Who may get a conversation; `nocall` by default.
    #[ts(as = "Option<Mode>")]
    pub mode: Mode,
    /// Who of those does; `least_loaded` by default.
    #[ts(as = "Option<Order>")]
    pub order: Order,
    /// While fewer members than this may get a conversation, penalties do not matter; 0 to 10,000, 0 by default.
    #[ts(as = "Option<u16>")]
    pub penalty_members_limit: u16,
    /// Which conversation goes first; `fifo` by default.
    #[ts(as = "Option<Policy>")]
    pub policy: Policy,
    /// `aged`: a minute of waiting counts this many points, each step of priority 100; 0 to 1,000, 10 by default.
    #[ts(as = "Option<u16>")]
    pub points_per_minute: u16,
    /// `aged`: nothing counts more than this many points, 0 to 10,000; 300 by default, as much as just arrived and urgent.
    #[ts(as = "Option<u16>")]
    pub most_points: u16,
    /// `deadline`: how long one may wait, 1 to 86,400 s; 60 by default.
    #[ts(as = "Option<u32>")]
    pub due_seconds: u32,
    /// A conversation goes to the agent who closed the last one of its contact, if that was at most so many days ago and they may
    /// get it; before any order. 0 to 365, 0 by default: to anybody.
    #[ts(as = "Option<u16>")]
    pub sticky_days: u16,
    /// So long it waits for that agent while they are there but busy, 0 to 3,600 s; 0 by default.
    #[ts(as = "Option<u16>")]
    pub sticky_wait_seconds: u16,
}

impl Default for Strategy {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            order: Order::default(),
            penalty_members_limit: 0,
            policy: Policy::default(),
            points_per_minute: 10,
            most_points: 300,
            due_seconds: 60,
            sticky_days: 0,
            sticky_wait_seconds: 0,
        }
    }
}
