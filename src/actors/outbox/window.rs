//! How many mails may leave an account in any so many hours (S0-21 to S0-23). Pure.

use std::{collections::VecDeque, time::Duration};

use crate::clock::Timestamp;

/// When mails left, as far back as it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    left: VecDeque<Timestamp>,
}

impl Window {
    /// From what is stored, in order.
    pub(super) fn new(left: Vec<Timestamp>) -> Self {
        Self { left: left.into() }
    }

    /// When the next mail may leave if `most` may in any `length`; none = now.
    pub(super) fn full_until(&mut self, most: u32, length: Duration, now: Timestamp) -> Option<Timestamp> {
        while self.left.front().is_some_and(|first| *first + length <= now) {
            self.left.pop_front();
        }
        // With fewer than before, more than one has to become old.
        let over = self.left.len().checked_sub(usize::try_from(most.max(1)).unwrap_or(usize::MAX))?;
        self.left.get(over).map(|decisive| *decisive + length)
    }

    /// A mail leaves.
    pub(super) fn take(&mut self, now: Timestamp) {
        let place = self.left.partition_point(|at| *at <= now);
        self.left.insert(place, now);
    }

    /// It did not leave after all.
    pub(super) fn give_back(&mut self, at: Timestamp) {
        if let Ok(place) = self.left.binary_search(&at) {
            self.left.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn the_next_leaves_when_the_first_of_the_window_is_old() {
        let mut window = Window::default();
        for second in [0, 10, 20] {
            assert_eq!(window.full_until(3, HOUR, at(second)), None);
            window.take(at(second));
        }
        assert_eq!(window.full_until(3, HOUR, at(30)), Some(at(3_600)));
        assert_eq!(window.full_until(2, HOUR, at(30)), Some(at(3_610)));
        assert_eq!(Window::new(vec![at(0), at(10), at(20)]).full_until(3, HOUR, at(30)), Some(at(3_600)));
        assert_eq!(window.full_until(3, HOUR, at(3_600)), None);
        window.take(at(3_600));
        window.give_back(at(3_600));
        assert_eq!(window.full_until(3, HOUR, at(3_605)), None);
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more(most in 1_u32..5, steps in prop::collection::vec(0_i64..2_000, 1..60)) {
            let (mut window, mut now, mut sent) = (Window::default(), 0, Vec::new());
            for step in steps {
                now += step;
                match window.full_until(most, HOUR, at(now)) {
                    None => {
                        window.take(at(now));
                        sent.push(now);
                    }
                    Some(next) => prop_assert!(next > at(now) && next <= at(now) + HOUR),
                }
                prop_assert!(sent.iter().filter(|then| **then > now - 3_600).count() <= most as usize);
            }
        }
    }
}
