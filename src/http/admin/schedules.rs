//! `/api/v1/schedules`: when campaigns are open (S1-7).

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use super::reads_client;
use crate::{
    domain::{
        log::Entity,
        permission::{Permission, Place},
        schedule::{Schedule, ScheduleError},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{Check, ListQuery, page, patched},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::ScheduleId,
    store::config_writes,
    wire::config::{ScheduleFields, ScheduleView},
};

fn view(schedule: &Schedule) -> ScheduleView {
    ScheduleView { id: schedule.id, fields: ScheduleFields::of(schedule) }
}

/// The schedule's own rules tell the first error only; the name is checked here too, so that it has the same form everywhere.
fn check(mut check: Check, schedule: &mut Schedule) -> Result<(), Problem> {
    check.line("name", &mut schedule.name, super::super::check::NAME);
    if let Some(over) = &mut schedule.override_ {
        check.line("override.reason", &mut over.reason, super::super::check::NAME);
    }
    match schedule.validate() {
        Ok(()) | Err(ScheduleError::Name | ScheduleError::OverrideReason) => {}
        Err(error) => {
            let field = match error {
                ScheduleError::Name => "name",
                ScheduleError::Hours { .. } | ScheduleError::TooManyIntervals(_) => "weekly",
                ScheduleError::TooManyExceptions(_) | ScheduleError::ExceptionDate(_) | ScheduleError::ExceptionTwice(_) => {
                    "exceptions"
                }
                ScheduleError::OverrideEmpty | ScheduleError::OverrideReason => "override",
            };
            check.error(field, ErrorCode::from(&error), error.to_string());
        }
    }
    check.done()
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let schedules = caller.directory.schedules.values().filter(|schedule| reads_client(&caller, schedule.client));
    once::ok(&page(schedules.map(|schedule| (schedule.id, view(schedule))).collect(), &query.0)?)
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(caller: Caller, id: Path<ScheduleId>) -> Result<HttpResponse, Problem> {
    let schedule = caller.directory.schedules.get(&id).filter(|schedule| reads_client(&caller, schedule.client));
    once::ok(&view(schedule.ok_or_else(Problem::not_found)?))
}

/// `POST`.
///
/// # Errors
/// 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<ScheduleFields>) -> Result<HttpResponse, Problem> {
    let Input { value: fields, once } = input;
    let mut errors = Check::default();
    errors.client(&caller, Permission::WriteConfig, fields.client);
    let mut schedule = fields.into_schedule(app.engine.ids.next(), app.now());
    check(errors, &mut schedule)?;
    let statements = vec![config_writes::insert_schedule(&schedule, app.now())?];
    once.commit(statements, (Entity::Schedule, schedule.id.to_string()), StatusCode::CREATED, &view(&schedule)).await
}

/// `PATCH /{id}`. Lists are replaced as a whole.
///
/// # Errors
/// 404, 422.
pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: Path<ScheduleId>,
    input: Input<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = caller.directory.schedules.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, Place::client(current.client))?;
    let fields = patched(&ScheduleFields::of(current), patch)?;
    let mut errors = Check::default();
    errors.that(fields.client == current.client, "client", ErrorCode::NotPossible, "a schedule stays with its client");
    let mut schedule = fields.into_schedule(*id, app.now());
    check(errors, &mut schedule)?;
    let statements = vec![config_writes::update_schedule(&schedule)?];
    once.commit(statements, (Entity::Schedule, id.to_string()), StatusCode::OK, &view(&schedule)).await
}

/// `DELETE /{id}`.
///
/// # Errors
/// 404; 409 while a campaign uses it.
pub async fn delete(caller: Caller, id: Path<ScheduleId>, once: Once) -> Result<HttpResponse, Problem> {
    let current = caller.directory.schedules.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, Place::client(current.client))?;
    if caller.directory.campaigns.values().any(|campaign| campaign.schedule == Some(*id)) {
        return Err(Problem::with(ErrorCode::InUse, "a campaign uses this schedule"));
    }
    once.commit_bare(vec![config_writes::delete_schedule(*id)], (Entity::Schedule, id.to_string())).await
}
