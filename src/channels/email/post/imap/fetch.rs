//! What a FETCH brings, and what is asked for next. Pure.

use std::collections::BTreeMap;

use async_imap::types::Fetch;
use bytes::Bytes;

use crate::clock::Timestamp;

/// One `* n FETCH (…)`, of which only what we asked for is looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) received: Option<Timestamp>,
    pub(super) body: Option<Body>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    Here(Bytes),
    /// So many bytes, and not kept.
    Skipped(usize),
}

/// How much of an answer is kept in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    /// The largest that is kept.
    pub(super) largest: usize,
    /// What all may add up to.
    pub(super) budget: usize,
}

impl Fetched {
    pub(super) fn read(mail: &Fetch, keep: &mut Keep) -> Self {
        let body = mail.body().or_else(|| mail.header()).map(|bytes| {
            if bytes.len() > keep.largest.min(keep.budget) {
                return Body::Skipped(bytes.len());
            }
            keep.budget -= bytes.len();
            Body::Here(Bytes::copy_from_slice(bytes))
        });
        let received = mail.internal_date().map(|at| Timestamp::from_chrono(at.to_utc()));
        Self { received, body }
    }
}

/// The next mails to fetch, in order: as many as `mails`, as many bytes as `bytes`, one in any case. `cost` says what a mail of a
/// size takes.
pub(super) fn plan(
    waiting: &BTreeMap<u32, u64>,
    after: u32,
    mails: usize,
    bytes: u64,
    cost: impl Fn(u64) -> u64,
) -> Vec<(u32, u64)> {
    let mut left = bytes;
    let mut planned = vec![];
    for (uid, size) in waiting.range(after.saturating_add(1)..) {
        let cost = cost(*size);
        if !planned.is_empty() && (planned.len() >= mails || cost > left) {
            break;
        }
        left = left.saturating_sub(cost);
        planned.push((*uid, *size));
    }
    planned
}

/// `1:3,7` for ascending numbers.
pub(super) fn set(uids: impl IntoIterator<Item = u32>) -> String {
    let mut ranges: Vec<(u32, u32)> = vec![];
    for uid in uids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(uid) => *last = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    let range = |(first, last): (u32, u32)| if first == last { first.to_string() } else { format!("{first}:{last}") };
    ranges.into_iter().map(range).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_bounded_by_count_and_bytes_and_never_empty() {
        let waiting: BTreeMap<u32, u64> = [(1, 10), (4, 10), (5, 500), (6, 10)].into();
        let planned = |after, mails, bytes| {
            plan(&waiting, after, mails, bytes, |size| size).into_iter().map(|(uid, _)| uid).collect::<Vec<_>>()
        };
        assert_eq!(planned(0, 2, 1_000), [1, 4]);
        assert_eq!(planned(0, 9, 25), [1, 4]);
        assert_eq!(planned(4, 9, 25), [5]);
        assert!(planned(6, 9, 25).is_empty());
        assert!(planned(u32::MAX, 9, 25).is_empty());
        assert_eq!(set([1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
    }
}
