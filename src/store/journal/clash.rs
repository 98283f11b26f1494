//! What of a group repeats what is stored, or itself.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use crate::store::{
    inbox::Claim,
    write::{Append, Refused},
};

/// What the store has of the keys a group asks for.
#[derive(Default)]
pub(super) struct Taken {
    /// Hash, channel and provider id of claims.
    pub(super) claims: Vec<(i64, String, String)>,
    /// Scopes of answers.
    pub(super) answers: FxHashSet<String>,
}

/// What the look-up of claims found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// Every claim of what is left in the group is new.
    None,
    /// Two different messages share a hash: look again with the next one.
    Rehashed,
}

impl Taken {
    /// Keeps in `group` what is new. Refuses what was committed before; what repeats another append of this very group goes to
    /// `repeated`, because it may only be answered once that one is committed.
    pub(super) fn sort_out(&self, group: &mut Vec<Append>, repeated: &mut Vec<Append>) -> Clash {
        if !self.claims.is_empty() {
            for claim in group.iter_mut().flat_map(|append| &mut append.claims) {
                if self.has(claim) == Some(false) {
                    claim.rehash();
                    return Clash::Rehashed;
                }
            }
        }
        let mut hashes: FxHashSet<i64> = FxHashSet::default();
        let mut scopes: FxHashSet<String> = FxHashSet::default();
        let mut kept = Vec::with_capacity(group.len());
        for append in group.drain(..) {
            let claims = indices(&append.claims, |claim| self.has(claim) == Some(true));
            let recorded = indices(&append.recorded, |answer| self.answers.contains(&answer.scope));
            if !claims.is_empty() || !recorded.is_empty() {
                (append.done)(Err(Refused::Duplicate { claims, recorded }));
                continue;
            }
            let repeats = append.claims.iter().any(|claim| hashes.contains(&claim.hash))
                || append.recorded.iter().any(|answer| scopes.contains(&answer.scope));
            if repeats {
                repeated.push(append);
                continue;
            }
            hashes.extend(append.claims.iter().map(|claim| claim.hash));
            scopes.extend(append.recorded.iter().map(|answer| answer.scope.clone()));
            kept.push(append);
        }
        *group = kept;
        Clash::None
    }

    /// Whether the store has this claim's hash, and if so, whether for the very same message.
    fn has(&self, claim: &Claim) -> Option<bool> {
        let (_, channel, provider_id) = self.claims.iter().find(|(hash, ..)| *hash == claim.hash)?;
        Some(*provider_id == claim.provider_id && *channel == claim.channel.to_string())
    }
}

fn indices<T>(of: &[T], is: impl Fn(&T) -> bool) -> SmallVec<[usize; 1]> {
    of.iter().enumerate().filter(|(_, item)| is(item)).map(|(index, _)| index).collect()
}
