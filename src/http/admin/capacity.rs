//! `/api/v1/capacity`: what conversations of each kind weigh (routing.md, Capacity). One for the whole installation: agents work
//! for several clients.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, http::StatusCode};

use super::reads_common;
use crate::{
    domain::{
        channel::ChannelKind,
        load::{KindLoad, Loads},
        log::Entity,
        permission::{Permission, Place},
    },
    error::ErrorCode,
    http::{caller::Caller, check::Check, input::Input, once, problem::Problem},
    store::skills,
    wire::skills::Capacity,
};

fn view(loads: &Loads) -> Capacity {
    let kind = |kind| {
        let load = loads.of(kind);
        KindLoad { kind, units: load.units, most: load.most, interrupts: load.interrupts.kinds().collect() }
    };
    Capacity { kinds: ChannelKind::ALL.into_iter().map(kind).collect() }
}

/// `GET`.
///
/// # Errors
/// 404 for who has nothing to do with configuration.
pub async fn show(caller: Caller) -> Result<HttpResponse, Problem> {
    if !reads_common(&caller) {
        return Err(Problem::not_found());
    }
    once::ok(&view(&caller.directory.loads))
}

/// `PUT`.
///
/// # Errors
/// 403 for who administers single clients; 422.
pub async fn put(caller: Caller, input: Input<Capacity>) -> Result<HttpResponse, Problem> {
    let Input { value: Capacity { kinds }, once } = input;
    if !caller.may(Permission::WriteConfig, Place::GLOBAL) {
        return Err(Problem::new(ErrorCode::Forbidden));
    }
    let mut check = Check::default();
    let different: BTreeSet<_> = kinds.iter().map(|kind| kind.kind as u8).collect();
    check.that(different.len() == kinds.len(), "kinds", ErrorCode::Duplicate, "each one once");
    for (index, kind) in kinds.iter().enumerate() {
        check.range(&format!("kinds.{index}.units"), kind.units, 1..=1_000);
        if let Some(most) = kind.most {
            check.range(&format!("kinds.{index}.most"), most, 1..=10_000);
        }
        let itself = kind.interrupts.contains(&kind.kind);
        check.that(!itself, &format!("kinds.{index}.interrupts"), ErrorCode::NotPossible, "nothing interrupts itself");
    }
    check.done()?;
    let statements = vec![skills::set_loads(&kinds)];
    let answer = view(&kinds.into_iter().collect());
    once.commit(statements, (Entity::Setting, "capacity".to_owned()), StatusCode::OK, &answer).await
}
