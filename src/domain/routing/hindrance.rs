//! The rules that keep an agent from an item, in the order they are asked (routing.md, A). Each is written once: the
//! index of who is eligible, transfers, taking out of turn and explanations all ask here.

use super::{
    CampaignRules,
    capacity::{AgentState, Presence, Seat},
    mode,
};
use crate::{
    clock::Timestamp,
    domain::{channel::ChannelKind, load::Loads},
};

/// The first rule by which an agent cannot have an item now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// No member of the campaign.
    NotMember,
    /// A member who does not receive this kind.
    Kind,
    /// Belongs to no voice campaign, where only who does receives anything (S4-35).
    NoVoice,
    /// Nobody has said yet whether they are there, as after a restart.
    Unknown,
    /// Not signed in, or the connection is lost for good.
    SignedOut,
    /// There, but takes no offers: on a break, paused, or just disconnected.
    Away,
    /// Has an interaction of a campaign that wants all of them.
    TakenUp,
    /// In a call; the mode wants nobody with one.
    InCall,
    /// Has interactions; the mode wants nobody with any.
    Busy {
        /// How many.
        interactions: u32,
    },
    /// Has one of this campaign; the mode gives one after the other.
    HasOne,
    /// Has as many of this campaign as it allows.
    MaxPerAgent {
        /// How many.
        holding: u32,
        /// Of so many.
        most: u32,
    },
    /// Has as many of this kind as anybody may.
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
    /// Lets others go first for a while.
    Delay {
        /// Until then.
        until: Timestamp,
    },
}

impl Hindrance {
    /// The stable word for it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotMember => "not_member",
            Self::Kind => "kind",
            Self::NoVoice => "no_voice",
            Self::Unknown => "unknown",
            Self::SignedOut => "signed_out",
            Self::Away => "away",
            Self::TakenUp => "taken_up",
            Self::InCall => "in_call",
            Self::Busy { .. } => "busy",
            Self::HasOne => "has_one",
            Self::MaxPerAgent { .. } => "max_per_agent",
            Self::MaxOfKind { .. } => "max_of_kind",
            Self::Skills => "skills",
            Self::Held => "held",
            Self::Capacity { .. } => "capacity",
            Self::Delay { .. } => "delay",
        }
    }
}

impl Presence {
    /// Whether somebody who is there like this gets anything.
    pub(super) const fn hindrance(self) -> Option<Hindrance> {
        match self {
            Self::Available => None,
            Self::Unknown => Some(Hindrance::Unknown),
            Self::Away => Some(Hindrance::Away),
            Self::Gone(_) => Some(Hindrance::SignedOut),
        }
    }
}

impl CampaignRules {
    /// Whether it gives anything to a member who belongs to a voice campaign, or to none (S4-35).
    pub(super) const fn serves(&self, agent: &AgentState) -> bool {
        agent.voice || !self.voice_members_only
    }
}

/// Why an agent with this seat in a campaign cannot have anything of this kind there now. How long they let others go first
/// plays no part, nor whether the campaign offers anything.
pub(super) fn hindrance(
    kind: ChannelKind,
    agent: &AgentState,
    seat: &Seat,
    rules: &CampaignRules,
    loads: &Loads,
) -> Option<Hindrance> {
    let Some(place) = seat.place else { return Some(Hindrance::NotMember) };
    if !place.receive.contains(kind) {
        return Some(Hindrance::Kind);
    }
    if !rules.serves(agent) {
        return Some(Hindrance::NoVoice);
    }
    if let Some(hindrance) = agent.presence.hindrance() {
        return Some(hindrance);
    }
    if let Err(hindrance) = mode::pass(rules.strategy.mode, rules.max_per_agent, agent, seat) {
        return Some(hindrance);
    }
    if agent.fits(loads).contains(kind) {
        return None;
    }
    let load = loads.of(kind);
    let most = load.most.filter(|most| agent.counts.of(kind) >= *most);
    let full = Hindrance::Capacity { used: agent.used, call: agent.call.unwrap_or(0), limit: agent.limit, needed: load.units };
    Some(most.map_or(full, |most| Hindrance::MaxOfKind { most }))
}
