//! Sign-ins that were begun and have not come back: in memory, for minutes, each good for one return.

use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::{
    auth::{secret::SecretText, token::TokenHash},
    channels::email::oauth::provider::Place,
    clock::Timestamp,
    ids::{ChannelId, SessionId},
};

/// People look for their telephone at a second factor.
pub(super) const LASTS: Duration = Duration::from_secs(10 * 60);
/// Of everybody; beyond it the oldest are forgotten.
const MOST: usize = 1_000;

/// A sign-in that was begun.
pub(super) struct Begun {
    /// In which browser: nobody else may end it.
    pub session: SessionId,
    /// Of which account.
    pub account: ChannelId,
    /// Where.
    pub place: Place,
    /// Of PKCE.
    pub verifier: SecretText,
    /// Where it comes back to.
    pub redirect: String,
    /// Switch the account on when it works.
    pub enable: bool,
    /// Until then.
    pub until: Timestamp,
}

/// All of them, by their state.
#[derive(Default)]
pub(super) struct Pending(Mutex<FxHashMap<TokenHash, Begun>>);

impl Pending {
    /// Remembers one.
    pub(super) fn put(&self, state: &SecretText, begun: Begun, now: Timestamp) {
        let mut all = self.0.lock();
        all.retain(|_, other| now < other.until);
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, other)| other.until).map(|(state, _)| *state)
        {
            all.remove(&oldest);
        }
        all.insert(TokenHash::of(state.expose()), begun);
    }

    /// The one of this state; whoever names it, it is used up.
    pub(super) fn take(&self, state: &str, now: Timestamp) -> Option<Begun> {
        self.0.lock().remove(&TokenHash::of(state)).filter(|begun| now < begun.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::email::{
        oauth::provider::{ProviderConfig, ProviderKind},
        post::net::Reach,
    };

    fn begun(until: i64) -> Begun {
        Begun {
            session: SessionId::NIL,
            account: ChannelId::NIL,
            place: ProviderConfig::default().place(ProviderKind::Google, Reach::Public).unwrap(),
            verifier: "v".into(),
            redirect: String::new(),
            enable: false,
            until: Timestamp::from_micros(until),
        }
    }

    #[test]
    fn a_state_is_good_once_for_a_while_and_there_are_never_too_many() {
        let (pending, now) = (Pending::default(), Timestamp::from_micros(100));
        pending.put(&"a".into(), begun(101), now);
        assert!(pending.take("b", now).is_none() && pending.take("", now).is_none());
        assert!(pending.take("a", now).is_some() && pending.take("a", now).is_none());
        pending.put(&"late".into(), begun(100), now);
        assert!(pending.take("late", now).is_none());
        for number in 0..2_000 {
            pending.put(&SecretText::new(number.to_string()), begun(1_000 + number), now);
        }
        assert_eq!(pending.0.lock().len(), MOST);
        assert!(pending.take("0", now).is_none() && pending.take("1999", now).is_some());
    }
}
