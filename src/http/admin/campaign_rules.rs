//! What the fields of a campaign may hold, and that what they name is the client's.

use std::collections::BTreeSet;

use super::asking;
use crate::{
    directory::Snapshot,
    domain::{closing::MAX_REMINDERS, permission::Permission},
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{Check, NAME},
        problem::Problem,
    },
    ids::{CampaignId, DispositionId},
    wire::config::CampaignFields,
};

/// The most dispositions of a campaign.
const MAX_DISPOSITIONS: usize = 500;
/// The most dynamic fields of a campaign.
const MAX_FIELDS: usize = 50;

/// `own`: which campaign they are of, unless it is new.
///
/// # Errors
/// 422 with all that is wrong.
pub(super) fn check(caller: &Caller, fields: &mut CampaignFields, own: Option<CampaignId>) -> Result<(), Problem> {
    let mut check = Check::default();
    if own.is_none() {
        check.client(caller, Permission::WriteConfig, fields.client);
    }
    check.line("name", &mut fields.name, NAME);
    numbers(&mut check, fields);
    texts(&mut check, fields);
    asking::check(&mut check, caller, &fields.asking, fields.client);
    references(&mut check, &caller.directory, fields, own);
    dispositions(&mut check, &caller.directory, fields);
    dynamic_fields(&mut check, &caller.directory, fields);
    check.done()
}

fn numbers(check: &mut Check, fields: &CampaignFields) {
    check.range("weight", fields.weight, 1..=100);
    check.range("max_per_agent", fields.max_per_agent, 1..=10_000);
    check.range("offer_seconds", fields.offer_seconds, 5..=600);
    check.range("offering.mail_seconds", fields.offering.mail_seconds, 5..=600);
    let transfer = fields.transfer_seconds;
    check.that(matches!(transfer, 0 | 5..=600), "transfer_seconds", ErrorCode::OutOfRange, "0 or 5 to 600");
    check.range("wrap_up_seconds", fields.wrap_up_seconds, 0..=900);
    let strategy = &fields.strategy;
    check.range("strategy.penalty_members_limit", strategy.penalty_members_limit, 0..=10_000);
    check.range("strategy.points_per_minute", strategy.points_per_minute, 0..=1_000);
    check.range("strategy.most_points", strategy.most_points, 0..=10_000);
    check.range("strategy.due_seconds", strategy.due_seconds, 1..=86_400);
    check.range("strategy.sticky_days", strategy.sticky_days, 0..=365);
    check.range("strategy.sticky_wait_seconds", strategy.sticky_wait_seconds, 0..=3_600);
    let service = &fields.service;
    check.range("service.level_seconds", service.level_seconds, 1..=86_400);
    check.range("service.level_percent", service.level_percent, 1..=100);
    for (name, threshold) in service.thresholds() {
        check.range(&format!("service.{name}.warn"), threshold.warn, 1..=86_400);
        check.range(&format!("service.{name}.act"), threshold.act, threshold.warn.max(1)..=86_400);
    }
    let closing = &fields.closing;
    check.range("closing.reopen_seconds", closing.reopen_seconds, 0..=604_800);
    for (field, number, most) in [
        ("limits.max_waiting", fields.limits.max_waiting, 1_000_000),
        ("permissions.history_hours", fields.permissions.history_hours, 87_600),
        ("closing.inactivity_seconds", closing.inactivity_seconds, 604_800),
        ("closing.first_reply_seconds", closing.first_reply_seconds, 86_400),
        ("holding.dormant_seconds", fields.holding.dormant_seconds, 604_800),
    ] {
        if let Some(number) = number {
            check.range(field, number, 1..=most);
        }
    }
}

fn texts(check: &mut Check, fields: &CampaignFields) {
    for (field, text) in [
        ("limits.full_message", &fields.limits.full_message),
        ("limits.closing_message", &fields.limits.closing_message),
        ("out_of_hours_message", &fields.out_of_hours_message),
    ] {
        if let Some(text) = text {
            check.lines(field, text, 1..=4_000);
        }
    }
    let reminders = &fields.closing.reminders;
    check.that(reminders.len() <= MAX_REMINDERS, "closing.reminders", ErrorCode::TooLong, "at most 10");
    for (index, text) in reminders.iter().take(MAX_REMINDERS).enumerate() {
        check.lines(&format!("closing.reminders.{index}"), text, 1..=1_000);
    }
}

fn references(check: &mut Check, directory: &Snapshot, fields: &CampaignFields, own: Option<CampaignId>) {
    if let Some(id) = fields.limits.overflow {
        let known = directory.campaigns.get(&id).is_some_and(|campaign| campaign.client == fields.client && Some(id) != own);
        check.that(known, "limits.overflow", ErrorCode::UnknownReference, "no other campaign of this client");
    }
    if let Some(id) = fields.schedule {
        let known = directory.schedules.get(&id).is_some_and(|schedule| schedule.client == fields.client);
        check.that(known, "schedule", ErrorCode::UnknownReference, "no such schedule of this client");
    }
    if let Some(id) = fields.project {
        let known = directory.projects.get(&id).is_some_and(|project| project.client == fields.client);
        check.that(known, "project", ErrorCode::UnknownReference, "no project of this client");
    }
}

fn dispositions(check: &mut Check, directory: &Snapshot, fields: &CampaignFields) {
    let mut known = |field: &str, id: &DispositionId| {
        let known = directory.dispositions.get(id).is_some_and(|node| node.client == fields.client);
        check.that(known, field, ErrorCode::UnknownReference, "no disposition of this client");
    };
    for (index, id) in fields.dispositions.iter().take(MAX_DISPOSITIONS).enumerate() {
        known(&format!("dispositions.{index}"), id);
    }
    let closing = &fields.closing;
    for (field, id) in [
        ("transfer_disposition", &fields.transfer_disposition),
        ("closing.inactivity_disposition", &closing.inactivity_disposition),
        ("closing.ignore_disposition", &closing.ignore_disposition),
    ] {
        if let Some(id) = id {
            known(field, id);
        }
    }
    check.that(fields.dispositions.len() <= MAX_DISPOSITIONS, "dispositions", ErrorCode::TooLong, "at most 500");
    each_once(check, "dispositions", fields.dispositions.iter());
}

fn dynamic_fields(check: &mut Check, directory: &Snapshot, fields: &mut CampaignFields) {
    check.that(fields.fields.len() <= MAX_FIELDS, "fields", ErrorCode::TooLong, "at most 50");
    each_once(check, "fields", fields.fields.iter().map(|used| used.field));
    let client = fields.client;
    for (index, used) in fields.fields.iter_mut().take(MAX_FIELDS).enumerate() {
        let known = directory.fields.get(&used.field).is_some_and(|field| field.client == client);
        check.that(known, &format!("fields.{index}.field"), ErrorCode::UnknownReference, "no such field of this client");
        if let Some(label) = &mut used.label {
            check.line(&format!("fields.{index}.label"), label, 1..=60);
        }
    }
}

fn each_once<T: Ord>(check: &mut Check, field: &str, mut all: impl Iterator<Item = T>) {
    let mut seen = BTreeSet::new();
    check.that(all.all(|one| seen.insert(one)), field, ErrorCode::Duplicate, "each one once");
}
