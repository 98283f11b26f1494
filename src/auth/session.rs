//! Who a cookie or bearer token stands for, remembered so that a request does not ask the database.
//!
//! Memory only ever says less than the database: whoever ends a session or changes a user calls [`SessionCache::forget_session`],
//! [`SessionCache::forget_user`] or [`SessionCache::forget_token`] after the commit. A look-up that was under way at that
//! moment is not remembered.

use std::time::Duration;

use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use super::token::TokenHash;
use crate::{
    clock::Timestamp,
    domain::permission::{Role, Scope},
    ids::{SessionId, TokenId, UserId},
};

/// The cookie of a browser session.
pub const COOKIE: &str = "centralita";
/// A session ends this long after it was last used.
pub const LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// The end of a session is moved at most this often: a write each time.
pub const RENEW_EVERY: Duration = Duration::from_secs(15 * 60);
/// Sessions and tokens remembered at most; beyond it all are forgotten and asked for again.
const REMEMBERED: usize = 100_000;

/// A browser session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// When it ends unless used.
    pub expires_at: Timestamp,
}

/// A bearer token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// The person it acts as, with their permissions; none = a program of its own.
    pub user: Option<UserId>,
    /// Its preset of permissions.
    pub role: Role,
    /// Where they hold.
    pub scopes: Vec<Scope>,
    /// When it ends; none = when it is deleted.
    pub expires_at: Option<Timestamp>,
}

/// What a secret stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// A browser.
    Session(Session),
    /// A program.
    Token(Token),
}

impl Known {
    /// Whether it is still good.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        match self {
            Self::Session(session) => session.expires_at > now,
            Self::Token(token) => token.expires_at.is_none_or(|at| at > now),
        }
    }
}

/// The state of the memory before a look-up: see [`SessionCache::remember`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(u64);

/// What is remembered. Share one per process.
#[derive(Default)]
pub struct SessionCache(RwLock<Inner>);

#[derive(Default)]
struct Inner {
    /// Grows with everything forgotten.
    generation: u64,
    known: FxHashMap<TokenHash, Known>,
}

impl SessionCache {
    /// What is remembered of a secret. It may have expired: ask [`Known::is_valid`].
    pub fn get(&self, hash: &TokenHash) -> Option<Known> {
        self.0.read().known.get(hash).cloned()
    }

    /// Take this before a look-up in the database.
    pub fn generation(&self) -> Generation {
        Generation(self.0.read().generation)
    }

    /// Remembers what a look-up found, unless something was forgotten since: it might have been this.
    pub fn remember(&self, before: Generation, hash: TokenHash, known: Known) {
        let mut inner = self.0.write();
        if inner.generation != before.0 {
            return;
        }
        if inner.known.len() >= REMEMBERED {
            inner.known.clear();
        }
        inner.known.insert(hash, known);
    }

    /// Moves a remembered session's end when that is due; true = the caller writes it to the database. Of several requests
    /// at once only one is told so.
    pub fn renew(&self, hash: &TokenHash, now: Timestamp) -> bool {
        let is_due = |session: &Session| session.expires_at <= now + LIFETIME - RENEW_EVERY;
        let looks_due = matches!(self.0.read().known.get(hash), Some(Known::Session(session)) if is_due(session));
        if !looks_due {
            return false;
        }
        match self.0.write().known.get_mut(hash) {
            Some(Known::Session(session)) if is_due(session) => {
                session.expires_at = now + LIFETIME;
                true
            }
            _ => false,
        }
    }

    /// A session ended.
    pub fn forget_session(&self, id: SessionId) {
        self.forget(|known| matches!(known, Known::Session(session) if session.id == id));
    }

    /// A user's sessions ended.
    pub fn forget_user(&self, user: UserId) {
        self.forget(|known| matches!(known, Known::Session(session) if session.user == user));
    }

    /// A token was deleted.
    pub fn forget_token(&self, id: TokenId) {
        self.forget(|known| matches!(known, Known::Token(token) if token.id == id));
    }

    fn forget(&self, is_it: impl Fn(&Known) -> bool) {
        let mut inner = self.0.write();
        inner.generation += 1;
        inner.known.retain(|_, known| !is_it(known));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    fn session(user: u128) -> Known {
        let id = SessionId::from_u128(user + 100);
        Known::Session(Session { id, user: UserId::from_u128(user), expires_at: NOW + LIFETIME })
    }

    #[test]
    fn a_session_that_ended_during_its_look_up_is_not_remembered() {
        let cache = SessionCache::default();
        let before = cache.generation();
        cache.forget_session(SessionId::from_u128(101));
        cache.remember(before, TokenHash::of("a"), session(1));
        assert_eq!(cache.get(&TokenHash::of("a")), None);
    }

    #[test]
    fn forgetting_a_user_ends_all_their_sessions_and_nobody_elses() {
        let cache = SessionCache::default();
        for (secret, user) in [("a", 1), ("b", 1), ("c", 2)] {
            cache.remember(cache.generation(), TokenHash::of(secret), session(user));
        }
        cache.forget_user(UserId::from_u128(1));
        let known = ["a", "b", "c"].map(|secret| cache.get(&TokenHash::of(secret)).is_some());
        assert_eq!(known, [false, false, true]);
    }

    #[test]
    fn a_session_in_use_is_renewed_once_in_fifteen_minutes() {
        let cache = SessionCache::default();
        let hash = TokenHash::of("a");
        cache.remember(cache.generation(), hash, session(1));
        let minutes = |count: u64| NOW + Duration::from_secs(count * 60);
        let renewed = [0, 14, 15, 16, 29, 30].map(|count| cache.renew(&hash, minutes(count)));
        assert_eq!(renewed, [false, false, true, false, false, true]);
        assert!(cache.get(&hash).unwrap().is_valid(minutes(12 * 60 + 29)));
        assert!(!cache.get(&hash).unwrap().is_valid(minutes(12 * 60 + 30)));
    }
}
