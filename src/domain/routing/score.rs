//! How urgent a waiting item is, by its campaign's policy (routing.md, Which item goes next), as a number that does not change
//! while time passes: items keep their order without being sorted again. The one thing that time changes, reaching the most
//! points, is an alarm.

use crate::{
    clock::Timestamp,
    domain::{
        conversation::Priority,
        strategy::{Policy, Strategy},
    },
};

/// Microseconds per minute: points are counted in millionths of a minute's worth, so that nothing is rounded.
const MINUTE: i64 = 60_000_000;

/// An item's urgency: the smaller goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Score {
    pub(super) key: i64,
    /// When it changes.
    pub(super) changes_at: Option<Timestamp>,
}

const fn steps(priority: Priority) -> i64 {
    match priority {
        Priority::Low => 0,
        Priority::Normal => 1,
        Priority::High => 2,
        Priority::Urgent => 3,
    }
}

/// The urgency at `now` of an item that arrived then.
pub(super) fn score(strategy: &Strategy, priority: Priority, arrived_at: Timestamp, now: Timestamp) -> Score {
    let fixed = |key| Score { key, changes_at: None };
    match strategy.policy {
        Policy::Fifo => fixed(0),
        Policy::Strict => fixed(-steps(priority)),
        Policy::Deadline => fixed(arrived_at.micros().saturating_add(i64::from(strategy.due_seconds) * 1_000_000)),
        Policy::Aged => {
            let (speed, points) = (i64::from(strategy.points_per_minute), steps(priority) * 100);
            let missing = (i64::from(strategy.most_points) - points) * MINUTE;
            if missing <= 0 {
                return fixed(i64::MIN);
            }
            if speed == 0 {
                return fixed(-points * MINUTE);
            }
            let full_at = Timestamp::from_micros(arrived_at.micros().saturating_add((missing + speed - 1) / speed));
            if full_at <= now {
                return fixed(i64::MIN);
            }
            let key = arrived_at.micros().saturating_mul(speed).saturating_sub(points * MINUTE);
            Score { key, changes_at: Some(full_at) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn waiting_makes_more_urgent_up_to_the_most() {
        let strategy = Strategy { policy: Policy::Aged, points_per_minute: 10, most_points: 150, ..Strategy::default() };
        let key = |priority, arrived, now| score(&strategy, priority, at(arrived), at(now)).key;
        // Ten minutes make up for one step of priority, not a second less.
        assert!(key(Priority::Low, 0, 601) < key(Priority::Normal, 601, 601));
        assert!(key(Priority::Low, 0, 599) > key(Priority::Normal, 599, 599));
        assert_eq!(key(Priority::Low, 0, 600), key(Priority::Normal, 600, 600));
        // 150 points are the most: after a quarter of an hour, and at once for what is urgent.
        assert_eq!(key(Priority::Low, 0, 900), i64::MIN);
        assert_ne!(key(Priority::Low, 0, 899), i64::MIN);
        assert_eq!(key(Priority::High, 899, 899), i64::MIN);
        assert_eq!(score(&strategy, Priority::Low, at(0), at(899)).changes_at, Some(at(900)));
    }

    #[test]
    fn the_order_of_two_that_wait_does_not_depend_on_when_it_is_asked() {
        let strategy = Strategy { policy: Policy::Aged, points_per_minute: 7, most_points: 10_000, ..Strategy::default() };
        let order = |now| {
            let one = score(&strategy, Priority::High, at(500), at(now)).key;
            one.cmp(&score(&strategy, Priority::Low, at(0), at(now)).key)
        };
        assert_eq!([500, 600, 5_000].map(order), [order(500); 3]);
    }
}
