//! Identifiers: UUIDv7, so that rows written together lie together, from one seedable generator.
//!
//! No other file may make an id (`clippy.toml`): a simulated shift with the same seed must give the same ids.

use std::{fmt, str::FromStr};

use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Clock;

/// What every typed id can do; lets [`Ids::next`] make any of them.
pub trait Id: Copy {
    /// Wraps the raw UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The raw UUID.
    fn uuid(self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
        #[serde(transparent)]
        #[ts(as = "String")]
        #[schema(value_type = uuid::Uuid)]
        pub struct $name(Uuid);

        impl Id for $name {
            fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            fn uuid(self) -> Uuid { self.0 }
        }
        impl $name {
            /// The smallest id; only useful as a bound and in tests.
            pub const NIL: Self = Self(Uuid::nil());
            /// An id with this number in its last bytes, for tests and examples.
            pub const fn from_u128(value: u128) -> Self { Self(Uuid::from_u128(value)) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.as_hyphenated().fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, concat!(stringify!($name), "({})"), self.0) }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { Uuid::try_parse(text).map(Self) }
        }
    )+};
}

ids! {
    /// A company served (S1-3).
    ClientId;
    /// A project of a client (S1-4).
    ProjectId;
    /// A campaign, that is a queue (S1-1).
    CampaignId;
    /// A channel account: one address under which customers write (S1-6).
    ChannelId;
    /// A customer as one company knows them, with all addresses.
    ContactId;
    /// One conversation with a contact, from the first message to its closing.
    ConversationId;
    /// One message of a conversation, in any direction.
    MessageId;
    /// A visitor of a web chat, as their browser remembers them.
    VisitorId;
    /// One stored attachment.
    AttachmentId;
    /// A mail that is nobody's message.
    MailAsideId;
    /// Somebody who is not written to by mail any more.
    SuppressionId;
    /// Something that agents can be good at.
    SkillId;
    /// One reservation of an agent's capacity for a conversation.
    OfferId;
    /// A person who signs in; an agent is a user who is a member of campaigns.
    UserId;
    /// A browser session of a user.
    SessionId;
    /// A bearer token for programs.
    TokenId;
    /// A closing disposition (S1-18).
    DispositionId;
    /// A type of break.
    BreakId;
    /// A reusable schedule (S1-7).
    ScheduleId;
    /// A dynamic field (S1-27).
    FieldId;
    /// A text that agents send with a few keys.
    CannedTextId;
    /// A file of the gallery (S1-35).
    ResourceId;
    /// A template of mails (S4-36).
    TemplateId;
    /// One request, as its answer and the log name it.
    RequestId;
    /// One incarnation of one process; new at every start.
    IncarnationId;
}

/// An agent is a user; the alias says in which role the id is meant.
pub type AgentId = UserId;

/// Makes ids. Share one per process in an `Arc`.
pub struct Ids {
    clock: Clock,
    inner: Mutex<Inner>,
}

struct Inner {
    random: StdRng,
    last_millis: u64,
    counter: u16,
}

impl Ids {
    /// A generator seeded by the operating system.
    pub fn from_entropy(clock: Clock) -> Self {
        Self::with(clock, StdRng::from_rng(&mut rand::rng()))
    }

    /// A generator that gives the same ids for the same seed and clock.
    pub fn seeded(clock: Clock, seed: u64) -> Self {
        Self::with(clock, StdRng::seed_from_u64(seed))
    }

    fn with(clock: Clock, random: StdRng) -> Self {
        Self { clock, inner: Mutex::new(Inner { random, last_millis: 0, counter: 0 }) }
    }

    /// The next id. Ids of one generator are strictly increasing (RFC 9562, 6.2, method 1).
    pub fn next<T: Id>(&self) -> T {
        let now = u64::try_from(self.clock.now().micros() / 1_000).unwrap_or(0);
        let mut inner = self.inner.lock();
        if now > inner.last_millis {
            inner.last_millis = now;
            inner.counter = 0;
        } else if inner.counter == 0x0fff {
            inner.last_millis += 1;
            inner.counter = 0;
        } else {
            inner.counter += 1;
        }
        let high = (u128::from(inner.last_millis) << 80) | (0x7 << 76) | (u128::from(inner.counter) << 64);
        let low = (inner.random.next_u64() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        T::from_uuid(Uuid::from_u128(high | u128::from(low)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_increasing_and_repeatable() {
        let make = || {
            let ids = Ids::seeded(Clock::fixed(1_700_000_000_000_000), 7);
            (0..10_000).map(|_| ids.next::<MessageId>()).collect::<Vec<_>>()
        };
        let first = make();
        assert!(first.is_sorted_by(|a, b| a < b));
        assert!(first.iter().all(|id| id.uuid().get_version_num() == 7));
        assert_eq!(first, make());
    }
}
