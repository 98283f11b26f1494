//! How often one may try to sign in (security.md, 40).
//!
//! Two budgets, both refilled steadily: one per peer address and one per account. An account's budget is spent by strangers
//! and can be exhausted by an attacker, so an address from which the account was signed in to before has a budget of
//! its own: an attacker elsewhere cannot lock the owner out, and the lock is over seconds after the attack.
//!
//! Memory is bounded without forgetting anybody early: keys are spread by a secret hash over a fixed number of places, so who
//! floods with made-up accounts spends budgets at random and no particular one.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, Hash, RandomState},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

use governor::{Quota, RateLimiter, middleware::NoOpMiddleware, state::keyed::DashMapStateStore};
use parking_lot::Mutex;
use rustc_hash::FxHashSet;

use crate::{clock::Clock, domain::log::By, ids::VisitorId};

/// Attempts per minute at one account from anywhere unknown, and from one known address.
pub const PER_ACCOUNT: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Attempts per minute from one address.
pub const PER_ADDRESS: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// Requests of visitors per second from one address: an office behind one address chats without noticing.
pub const VISITORS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// New visitors per minute from one address.
pub const NEW_VISITORS: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// Messages per minute of one visitor.
pub const MESSAGES: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// Files per minute of one visitor.
pub const FILES: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// Times a minute that somebody has mail servers tried or looked for.
pub const MAIL_ATTEMPTS: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// Test mails an hour of one person, and to one address.
pub const TEST_MAILS: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// Places over which keys are spread.
const PLACES: u64 = 1 << 16;
/// Pairs of account and address remembered from earlier sign-ins.
const KNOWN: usize = 50_000;

#[derive(Clone)]
struct Ticks(Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

type Limiter = RateLimiter<u16, DashMapStateStore<u16>, Ticks, NoOpMiddleware<Duration>>;

/// The budgets. Share one per process.
pub struct Throttle {
    clock: Ticks,
    secret: RandomState,
    addresses: Limiter,
    accounts: Limiter,
    visitors: Limiter,
    new_visitors: Limiter,
    messages: Limiter,
    files: Limiter,
    mail_attempts: Limiter,
    test_mails: Limiter,
    known: Mutex<KnownPlaces>,
}

#[derive(Default)]
struct KnownPlaces {
    pairs: FxHashSet<u64>,
    order: VecDeque<u64>,
}

impl Throttle {
    /// Full budgets.
    pub fn new(clock: Clock) -> Self {
        let clock = Ticks(clock);
        let per_minute = |budget| RateLimiter::dashmap_with_clock(Quota::per_minute(budget), clock.clone());
        Self {
            addresses: per_minute(PER_ADDRESS),
            accounts: per_minute(PER_ACCOUNT),
            new_visitors: per_minute(NEW_VISITORS),
            messages: per_minute(MESSAGES),
            files: per_minute(FILES),
            mail_attempts: per_minute(MAIL_ATTEMPTS),
            test_mails: RateLimiter::dashmap_with_clock(Quota::per_hour(TEST_MAILS), clock.clone()),
            visitors: RateLimiter::dashmap_with_clock(Quota::per_second(VISITORS_PER_ADDRESS), clock.clone()),
            clock,
            secret: RandomState::new(),
            known: Mutex::default(),
        }
    }

    /// Takes one attempt from both budgets.
    ///
    /// # Errors
    /// How long to wait.
    pub fn attempt(&self, login: &str, peer: IpAddr) -> Result<(), Duration> {
        let network = network(peer);
        self.spend(&self.addresses, &("address", network))?;
        let pair = self.secret.hash_one((login, network));
        if self.known.lock().pairs.contains(&pair) {
            self.spend(&self.accounts, &("known", login, network))
        } else {
            self.spend(&self.accounts, &("account", login))
        }
    }

    /// Takes one request of a web chat's visitor from the address's budget.
    ///
    /// # Errors
    /// How long to wait.
    pub fn visitor(&self, peer: IpAddr) -> Result<(), Duration> {
        self.spend(&self.visitors, &("visitor", network(peer)))
    }

    /// Takes one attempt at an invitation from the address's budget.
    ///
    /// # Errors
    /// How long to wait.
    pub fn invitation(&self, peer: IpAddr) -> Result<(), Duration> {
        self.spend(&self.addresses, &("invitation", network(peer)))
    }

    /// Takes one new visitor from the address's budget.
    ///
    /// # Errors
    /// How long to wait.
    pub fn new_visitor(&self, peer: IpAddr) -> Result<(), Duration> {
        self.spend(&self.new_visitors, &("new visitor", network(peer)))
    }

    /// Takes one message, rating or form from a visitor's budget.
    ///
    /// # Errors
    /// How long to wait.
    pub fn message(&self, visitor: VisitorId) -> Result<(), Duration> {
        self.spend(&self.messages, &("message", visitor))
    }

    /// Takes one file from a visitor's budget.
    ///
    /// # Errors
    /// How long to wait.
    pub fn file(&self, visitor: VisitorId) -> Result<(), Duration> {
        self.spend(&self.files, &("file", visitor))
    }

    /// Takes one try of mail servers from somebody's budget.
    ///
    /// # Errors
    /// How long to wait.
    pub fn mail_attempt(&self, by: By) -> Result<(), Duration> {
        self.spend(&self.mail_attempts, &("mail attempt", by.to_string()))
    }

    /// Takes one test mail from the budgets of who sends it and of the address it goes to.
    ///
    /// # Errors
    /// How long to wait.
    pub fn test_mail(&self, by: By, to: &str) -> Result<(), Duration> {
        self.spend(&self.test_mails, &("test mail of", by.to_string()))?;
        self.spend(&self.test_mails, &("test mail to", to.to_lowercase()))
    }

    /// Remembers that this account was signed in to from here.
    pub fn succeeded(&self, login: &str, peer: IpAddr) {
        let pair = self.secret.hash_one((login, network(peer)));
        let mut known = self.known.lock();
        if known.pairs.insert(pair) {
            known.order.push_back(pair);
            if known.order.len() > KNOWN
                && let Some(oldest) = known.order.pop_front()
            {
                known.pairs.remove(&oldest);
            }
        }
    }

    fn spend(&self, limiter: &Limiter, key: &impl Hash) -> Result<(), Duration> {
        let place = u16::try_from(self.secret.hash_one(key) % PLACES).unwrap_or(0);
        let now = governor::clock::Clock::now(&self.clock);
        limiter.check_key(&place).map_err(|not_until| not_until.wait_time_from(now))
    }
}

/// One customer of an IPv6 provider has at least a /64, so that is what counts.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn peer(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn tries(throttle: &Throttle, login: &str, peer: IpAddr, count: usize) -> usize {
        (0..count).filter(|_| throttle.attempt(login, peer).is_ok()).count()
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_takes_ten_attempts_a_minute_from_all_addresses_together() {
        let throttle = Throttle::new(Clock::simulated(Timestamp::from_micros(0)));
        let allowed: usize = (0..100).map(|last| tries(&throttle, "ana", peer(last), 1)).sum();
        assert_eq!(allowed, 10);
        let wait = throttle.attempt("ana", peer(200)).unwrap_err();
        assert!(wait <= Duration::from_secs(6), "{wait:?}: the lock is over seconds after the attack");
        tokio::time::advance(wait).await;
        assert!(throttle.attempt("ana", peer(200)).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn an_attacker_cannot_lock_out_who_signed_in_from_here_before() {
        let throttle = Throttle::new(Clock::simulated(Timestamp::from_micros(0)));
        throttle.succeeded("ana", peer(1));
        assert_eq!(tries(&throttle, "ana", peer(66), 50), 10);
        assert_eq!(tries(&throttle, "ana", peer(1), 5), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_takes_sixty_attempts_a_minute_at_all_accounts_together() {
        let throttle = Throttle::new(Clock::simulated(Timestamp::from_micros(0)));
        let allowed: usize = (0..200).map(|user| tries(&throttle, &format!("user{user}"), peer(1), 1)).sum();
        assert_eq!(allowed, 60);
        let v6 = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        let allowed: usize = (0..200).map(|user| tries(&throttle, &format!("user{user}"), v6(user), 1)).sum();
        assert_eq!(allowed, 60, "a /64 is one address");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_made_up_accounts_takes_bounded_memory() {
        let throttle = Throttle::new(Clock::simulated(Timestamp::from_micros(0)));
        for number in 0..200_000_u32 {
            let _ = throttle.attempt(&number.to_string(), IpAddr::from(number.to_be_bytes()));
            throttle.succeeded(&number.to_string(), IpAddr::from(number.to_be_bytes()));
        }
        assert!(throttle.accounts.len() <= 65_536 && throttle.addresses.len() <= 65_536);
        assert!(throttle.known.lock().pairs.len() <= KNOWN);
    }
}
