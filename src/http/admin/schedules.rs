//! `/api/v1/schedules`: when campaigns are open (S1-7).

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use chrono::Datelike;
use serde_json::{Map, Value};

use super::reads_client;
use crate::{
    domain::{
        log::{By, Entity},
        permission::{Permission, Place},
        schedule::{Schedule, ScheduleError, file},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{Check, ListQuery, page, patched},
        input::{Input, Plain, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::ScheduleId,
    store::config_writes,
    wire::{
        config::{ScheduleFields, ScheduleView},
        page::Page,
        schedules::{AskPreview, CalendarDays, CalendarFile, HolidayRow, SchedulePreview, ScheduleStatus},
    },
};

/// Days that a preview shows.
const DAYS: u64 = 14;

/// Which year's holidays.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct YearQuery {
    /// 1900 to 2200; this year by default.
    pub year: Option<i32>,
}

fn view(app: &App, caller: &Caller, schedule: &Schedule) -> ScheduleView {
    let status = ScheduleStatus::of(schedule, &caller.directory, app.now());
    ScheduleView { id: schedule.id, fields: ScheduleFields::of(schedule), status }
}

/// The schedule's own rules tell the first error only; the name is checked here too, so that it has the same form everywhere.
fn check(mut check: Check, schedule: &mut Schedule) -> Result<(), Problem> {
    check.line("name", &mut schedule.name, super::super::check::NAME);
    if let Some(over) = &mut schedule.override_ {
        check.line("override.reason", &mut over.reason, super::super::check::NAME);
    }
    for day in &mut schedule.holidays.days {
        check.line("holidays.days.name", &mut day.name, super::super::check::NAME);
    }
    match schedule.validate() {
        Ok(()) | Err(ScheduleError::Name | ScheduleError::OverrideReason | ScheduleError::OwnDayName(_)) => {}
        Err(error) => {
            let field = match error {
                ScheduleError::Name => "name",
                ScheduleError::Hours { .. } | ScheduleError::TooManyIntervals(_) => "weekly",
                ScheduleError::TooManyExceptions(_) | ScheduleError::ExceptionDate(_) | ScheduleError::ExceptionTwice(_) => {
                    "exceptions"
                }
                ScheduleError::TooManyOwnDays(_)
                | ScheduleError::OwnDayDate(_)
                | ScheduleError::OwnDayTwice(_)
                | ScheduleError::OwnDayName(_)
                | ScheduleError::HolidayUnknown => "holidays",
                ScheduleError::OverrideEmpty | ScheduleError::OverrideReason => "override",
            };
            check.error(field, ErrorCode::from(&error), error.to_string());
        }
    }
    check.done()
}

/// A switch thrown by hand bears the name of who threw it last, and its time where it was thrown the other way.
fn sign_override(schedule: &mut Schedule, before: Option<&Schedule>, by: By, app: &App) {
    let Some(now) = &mut schedule.override_ else { return };
    let before = before.and_then(|before| before.override_.as_ref());
    if before.is_some_and(|before| before.open != now.open && before.from == now.from) {
        now.from = app.now();
    }
    now.by = before.and_then(|before| before.by);
    if before != Some(now) {
        now.by = if let By::User(user) = by { Some(user) } else { None };
    }
}

fn year(asked: Option<i32>, schedule: &Schedule, app: &App) -> Result<i32, Problem> {
    let year = asked.unwrap_or_else(|| schedule.date(app.now()).year());
    let mut check = Check::default();
    check.range("year", year, 1900..=2200);
    check.done()?;
    Ok(year)
}

fn holidays(schedule: &Schedule, year: i32) -> Vec<HolidayRow> {
    schedule.year_of_holidays(year).into_iter().map(Into::into).collect()
}

/// `GET`.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(app: Data<App>, caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let schedules = caller.directory.schedules.values().filter(|schedule| reads_client(&caller, schedule.client));
    once::ok(&page(schedules.map(|schedule| (schedule.id, view(&app, &caller, schedule))).collect(), &query.0)?)
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(app: Data<App>, caller: Caller, id: Path<ScheduleId>) -> Result<HttpResponse, Problem> {
    let schedule = caller.directory.schedules.get(&id).filter(|schedule| reads_client(&caller, schedule.client));
    once::ok(&view(&app, &caller, schedule.ok_or_else(Problem::not_found)?))
}

/// `GET /{id}/holidays`: a year of them.
///
/// # Errors
/// 404; 422 for an impossible year.
pub async fn list_holidays(
    app: Data<App>,
    caller: Caller,
    id: Path<ScheduleId>,
    query: Query<YearQuery>,
) -> Result<HttpResponse, Problem> {
    let schedule = caller.directory.schedules.get(&id).filter(|schedule| reads_client(&caller, schedule.client));
    let schedule = schedule.ok_or_else(Problem::not_found)?;
    once::ok(&Page { items: holidays(schedule, year(query.0.year, schedule, &app)?), next: None })
}

/// `POST /preview`: what a schedule would mean. Nothing is stored.
///
/// # Errors
/// 422.
pub async fn preview(app: Data<App>, caller: Caller, ask: Plain<AskPreview>) -> Result<HttpResponse, Problem> {
    let AskPreview { schedule: fields, year: asked } = ask.0;
    let mut errors = Check::default();
    let is_known = caller.directory.clients.contains_key(&fields.client) && reads_client(&caller, fields.client);
    errors.that(is_known, "client", ErrorCode::UnknownReference, "no such client");
    let mut schedule = fields.into_schedule(ScheduleId::NIL, app.now());
    check(errors, &mut schedule)?;
    once::ok(&SchedulePreview {
        status: ScheduleStatus::of(&schedule, &caller.directory, app.now()),
        days: schedule.days(schedule.date(app.now()), DAYS).into_iter().map(Into::into).collect(),
        holidays: holidays(&schedule, year(asked, &schedule, &app)?),
    })
}

/// `POST /calendar-file`: the days that a calendar file gives. Nothing is stored.
///
/// # Errors
/// 422 for what is no calendar.
pub async fn read_file(app: Data<App>, _caller: Caller, file: Plain<CalendarFile>) -> Result<HttpResponse, Problem> {
    let today = app.now().to_chrono().date_naive();
    let read = actix_web::web::block(move || file::read(&file.0.text, today)).await;
    let read = read.map_err(|_| Problem::new(ErrorCode::Internal))?;
    let detail = format!("an iCalendar file of at most {} bytes", file::MAX_BYTES);
    once::ok(&CalendarDays::from(read.ok_or_else(|| Problem::field("text", ErrorCode::CalendarFileNotValid, detail))?))
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
    sign_override(&mut schedule, None, once.by(), &app);
    let statements = vec![config_writes::insert_schedule(&schedule, app.now())?];
    once.commit(statements, (Entity::Schedule, schedule.id.to_string()), StatusCode::CREATED, &view(&app, &caller, &schedule))
        .await
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
    if schedule.holidays.country != current.holidays.country {
        // What was switched of the country before.
        let country = schedule.holidays.country;
        schedule.holidays.switched.retain(|key, _| country.is_some_and(|country| country.has(key)));
    }
    check(errors, &mut schedule)?;
    sign_override(&mut schedule, Some(current), once.by(), &app);
    let statements = vec![config_writes::update_schedule(&schedule)?];
    once.commit(statements, (Entity::Schedule, id.to_string()), StatusCode::OK, &view(&app, &caller, &schedule)).await
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
