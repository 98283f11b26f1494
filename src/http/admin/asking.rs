//! What a campaign asks of who serves its conversations.

use super::skills::{check_skill, check_skills};
use crate::{
    domain::skill::{Asking, LEVELS, MAX_ASKED, MAX_RINGS, Relax},
    error::ErrorCode,
    http::{caller::Caller, check::Check},
    ids::ClientId,
};

/// Skills of this client, rings that mean something.
pub(super) fn check(check: &mut Check, caller: &Caller, asking: &Asking, client: ClientId) {
    check_skills(check, caller, "asking.skills", &asking.skills, MAX_ASKED, Some(client));
    check.that(asking.rings.len() <= MAX_RINGS, "asking.rings", ErrorCode::TooLong, "at most 6");
    for (index, ring) in asking.rings.iter().take(MAX_RINGS).enumerate() {
        check.range(&format!("asking.rings.{index}.after_seconds"), ring.after_seconds, 1..=86_400);
        let field = format!("asking.rings.{index}.relax");
        match &ring.relax {
            Relax::Drop { skills } => {
                check.that(skills.len() <= MAX_ASKED, &field, ErrorCode::TooLong, "at most 8 skills");
                skills.iter().take(MAX_ASKED).for_each(|skill| check_skill(check, caller, &field, *skill, Some(client)));
            }
            Relax::Lower { by } => check.range(&field, *by, 1..=9),
            Relax::Add { skill, level } => {
                check_skill(check, caller, &field, *skill, Some(client));
                check.range(&field, *level, LEVELS);
            }
        }
    }
}
