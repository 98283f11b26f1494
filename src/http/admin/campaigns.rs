//! `/api/v1/campaigns`: the queues and how they work (S1-1 to S1-33), switched on and off and put away (S1-38, S4-30).

use std::collections::BTreeSet;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use super::{asking, mail_settings};
use crate::{
    domain::{
        campaign::Campaign,
        closing::{Closing, MAX_REMINDERS},
        disposition::Tree,
        log::Entity,
        mail_settings::MailSettings,
        permission::{Permission, Place},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{Check, ListQuery, NAME, page, patched},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::{CampaignId, DispositionId},
    store::{campaign_load, config_writes, write::Statement},
    wire::{
        Time,
        config::{CampaignFields, CampaignView, InUse},
    },
};

/// The most dispositions of a campaign.
const MAX_DISPOSITIONS: usize = 500;
/// The most dynamic fields of a campaign.
const MAX_FIELDS: usize = 50;

fn view(caller: &Caller, campaign: &Campaign) -> CampaignView {
    let created_at = caller.directory.campaigns_created.get(&campaign.id).copied().unwrap_or_default();
    let archived_at = campaign.archived_at.map(Time);
    CampaignView { id: campaign.id, fields: CampaignFields::of(campaign), created_at: created_at.into(), archived_at }
}

fn check(caller: &Caller, fields: &mut CampaignFields, own: Option<CampaignId>) -> Result<(), Problem> {
    let directory = &caller.directory;
    let mut check = Check::default();
    if own.is_none() {
        check.client(caller, Permission::WriteConfig, fields.client);
    }
    check.line("name", &mut fields.name, NAME);
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
    asking::check(&mut check, caller, &fields.asking, fields.client);
    let limits = &fields.limits;
    if let Some(most) = limits.max_waiting {
        check.range("limits.max_waiting", most, 1..=1_000_000);
    }
    for (field, text) in [("limits.full_message", &limits.full_message), ("limits.closing_message", &limits.closing_message)] {
        if let Some(text) = text {
            check.lines(field, text, 1..=4_000);
        }
    }
    if let Some(id) = limits.overflow {
        let known = directory.campaigns.get(&id).is_some_and(|campaign| campaign.client == fields.client && Some(id) != own);
        check.that(known, "limits.overflow", ErrorCode::UnknownReference, "no other campaign of this client");
    }
    if let Some(text) = &fields.out_of_hours_message {
        check.lines("out_of_hours_message", text, 1..=4_000);
    }
    if let Some(id) = fields.schedule {
        let known = directory.schedules.get(&id).is_some_and(|schedule| schedule.client == fields.client);
        check.that(known, "schedule", ErrorCode::UnknownReference, "no such schedule of this client");
    }
    let known = |id: &DispositionId| directory.dispositions.get(id).is_some_and(|node| node.client == fields.client);
    let dispositions = &fields.dispositions;
    check.that(dispositions.len() <= MAX_DISPOSITIONS, "dispositions", ErrorCode::TooLong, "at most 500");
    let different: BTreeSet<_> = dispositions.iter().collect();
    check.that(different.len() == dispositions.len(), "dispositions", ErrorCode::Duplicate, "each one once");
    for (index, id) in dispositions.iter().take(MAX_DISPOSITIONS).enumerate() {
        let field = format!("dispositions.{index}");
        check.that(known(id), &field, ErrorCode::UnknownReference, "no disposition of this client");
    }
    if let Some(id) = fields.project {
        let known = directory.projects.get(&id).is_some_and(|project| project.client == fields.client);
        check.that(known, "project", ErrorCode::UnknownReference, "no project of this client");
    }
    let service = &fields.service;
    check.range("service.level_seconds", service.level_seconds, 1..=86_400);
    check.range("service.level_percent", service.level_percent, 1..=100);
    for (name, threshold) in service.thresholds() {
        check.range(&format!("service.{name}.warn"), threshold.warn, 1..=86_400);
        check.range(&format!("service.{name}.act"), threshold.act, threshold.warn.max(1)..=86_400);
    }
    if let Some(hours) = fields.permissions.history_hours {
        check.range("permissions.history_hours", hours, 1..=87_600);
    }
    let uses = &fields.fields;
    check.that(uses.len() <= MAX_FIELDS, "fields", ErrorCode::TooLong, "at most 50");
    let different: BTreeSet<_> = uses.iter().map(|used| used.field).collect();
    check.that(different.len() == uses.len(), "fields", ErrorCode::Duplicate, "each one once");
    let client = fields.client;
    for (index, used) in fields.fields.iter_mut().take(MAX_FIELDS).enumerate() {
        let known = directory.fields.get(&used.field).is_some_and(|field| field.client == client);
        check.that(known, &format!("fields.{index}.field"), ErrorCode::UnknownReference, "no such field of this client");
        if let Some(label) = &mut used.label {
            check.line(&format!("fields.{index}.label"), label, 1..=60);
        }
    }
    if let Some(id) = &fields.transfer_disposition {
        check.that(known(id), "transfer_disposition", ErrorCode::UnknownReference, "no disposition of this client");
    }
    let closing = &fields.closing;
    if let Some(seconds) = closing.inactivity_seconds {
        check.range("closing.inactivity_seconds", seconds, 1..=604_800);
    }
    check.that(closing.reminders.len() <= MAX_REMINDERS, "closing.reminders", ErrorCode::TooLong, "at most 10");
    for (index, text) in closing.reminders.iter().take(MAX_REMINDERS).enumerate() {
        check.lines(&format!("closing.reminders.{index}"), text, 1..=1_000);
    }
    let named = [("inactivity_disposition", closing.inactivity_disposition), ("ignore_disposition", closing.ignore_disposition)];
    for (field, id) in named {
        let known = id.as_ref().is_none_or(&known);
        check.that(known, &format!("closing.{field}"), ErrorCode::UnknownReference, "no disposition of this client");
    }
    check.range("closing.reopen_seconds", closing.reopen_seconds, 0..=604_800);
    if let Some(seconds) = closing.first_reply_seconds {
        check.range("closing.first_reply_seconds", seconds, 1..=86_400);
    }
    if let Some(seconds) = fields.holding.dormant_seconds {
        check.range("holding.dormant_seconds", seconds, 1..=604_800);
    }
    check.done()
}

/// Everything below what it names may be chosen from now on, so it may be in history.
fn offers(caller: &Caller, fields: &CampaignFields) -> Vec<Statement> {
    let tree = Tree::new(caller.directory.dispositions.values().map(AsRef::as_ref).filter(|node| node.client == fields.client));
    let Closing { inactivity_disposition, ignore_disposition, .. } = fields.closing;
    let by_itself = [fields.transfer_disposition, inactivity_disposition, ignore_disposition].into_iter().flatten();
    let named = fields.dispositions.iter().copied().chain(by_itself);
    let new: BTreeSet<_> = named.flat_map(|id| tree.branch(id)).filter(|node| !node.offered).map(|node| node.id).collect();
    new.into_iter().map(config_writes::offer_disposition).collect()
}

fn may_read(caller: &Caller, campaign: &Campaign) -> bool {
    caller.may(Permission::ReadConfig, Place::campaign(campaign.client, campaign.id))
}

/// `GET`: without what is put away.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(caller: Caller, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let campaigns =
        caller.directory.campaigns.values().filter(|campaign| may_read(&caller, campaign) && campaign.archived_at.is_none());
    once::ok(&page(campaigns.map(|campaign| (campaign.id, view(&caller, campaign))).collect(), &query.0)?)
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(caller: Caller, id: Path<CampaignId>) -> Result<HttpResponse, Problem> {
    let campaign = caller.directory.campaigns.get(&id).filter(|campaign| may_read(&caller, campaign));
    once::ok(&view(&caller, campaign.ok_or_else(Problem::not_found)?))
}

/// `POST`.
///
/// # Errors
/// 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<CampaignFields>) -> Result<HttpResponse, Problem> {
    let Input { value: mut fields, once } = input;
    check(&caller, &mut fields, None)?;
    mail_settings::check(&app, &mut fields, None, &MailSettings::default()).await?;
    let (id, now) = (app.engine.ids.next::<CampaignId>(), app.now());
    let config = fields.config();
    let statement =
        config_writes::insert_campaign(id, fields.client, &fields.name, fields.enabled, &config, fields.project, now)?;
    let statements = std::iter::once(statement).chain(offers(&caller, &fields)).collect();
    let created = CampaignView { id, fields, created_at: now.into(), archived_at: None };
    once.commit(statements, (Entity::Campaign, id.to_string()), StatusCode::CREATED, &created).await
}

/// What stands in the way of switching a campaign off.
async fn in_use(app: &App, caller: &Caller, id: CampaignId) -> Result<InUse, Problem> {
    let directory = &caller.directory;
    let channels = directory.channels.values().filter(|channel| channel.campaign == id && channel.enabled);
    Ok(InUse {
        agents: directory.members.get(&id).map_or(0, Vec::len),
        conversations: campaign_load::open_in(&app.engine.db, id).await?,
        channels: channels.count(),
    })
}

/// What was there a moment ago and could not be changed is in use.
async fn explained(app: &App, caller: &Caller, id: CampaignId, problem: Problem) -> Problem {
    if problem.code() != ErrorCode::NotFound {
        return problem;
    }
    in_use(app, caller, id).await.map_or_else(|problem| problem, Problem::campaign_in_use)
}

fn writable(caller: &Caller, id: CampaignId) -> Result<&Campaign, Problem> {
    let campaign = caller.directory.campaigns.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, Place::campaign(campaign.client, id))?;
    Ok(campaign)
}

fn fact(id: CampaignId) -> (Entity, String) {
    (Entity::Campaign, id.to_string())
}

/// `PATCH /{id}`. Only a campaign without agents and open conversations can be switched off (S1-39).
///
/// # Errors
/// 404, 409, 422.
pub async fn change(
    app: Data<App>,
    caller: Caller,
    id: Path<CampaignId>,
    input: Input<Map<String, Value>>,
) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let current = writable(&caller, *id)?;
    if current.archived_at.is_some() {
        return Err(Problem::with(ErrorCode::WrongState, "the campaign is archived"));
    }
    let mut fields = patched(&CampaignFields::of(current), patch)?;
    if fields.client != current.client {
        return Err(Problem::field("client", ErrorCode::NotPossible, "a campaign stays with its client"));
    }
    check(&caller, &mut fields, Some(current.id))?;
    mail_settings::check(&app, &mut fields, Some(current.id), &current.mail).await?;
    let goes_off = current.enabled && !fields.enabled;
    let mut statements = Vec::from_iter(goes_off.then(|| config_writes::idle_campaign(*id)));
    let (name, config) = (&fields.name, fields.config());
    statements.push(config_writes::update_campaign(current.id, name, fields.enabled, &config, fields.project)?);
    statements.extend(offers(&caller, &fields));
    let changed = CampaignView { fields, ..view(&caller, current) };
    match once.commit(statements, fact(*id), StatusCode::OK, &changed).await {
        Err(problem) if goes_off => Err(explained(&app, &caller, *id, problem).await),
        answer => answer,
    }
}

/// `DELETE /{id}`: puts it away, with its name and settings for those who look at its history (S4-30).
///
/// # Errors
/// 404; 409 while it has agents, open conversations or channels that are on.
pub async fn archive(app: Data<App>, caller: Caller, id: Path<CampaignId>, once: Once) -> Result<HttpResponse, Problem> {
    let now = app.now();
    let campaign = Campaign { enabled: false, archived_at: Some(now), ..writable(&caller, *id)?.clone() };
    let statements = vec![config_writes::archive_campaign(*id, now)];
    match once.commit(statements, fact(*id), StatusCode::OK, &view(&caller, &campaign)).await {
        Err(problem) => Err(explained(&app, &caller, *id, problem).await),
        answer => answer,
    }
}

/// `POST /{id}/restore`: takes it back; it is still switched off.
///
/// # Errors
/// 404.
pub async fn restore(caller: Caller, id: Path<CampaignId>, once: Once) -> Result<HttpResponse, Problem> {
    let campaign = Campaign { archived_at: None, ..writable(&caller, *id)?.clone() };
    let statements = vec![config_writes::restore_campaign(*id)];
    once.commit(statements, fact(*id), StatusCode::OK, &view(&caller, &campaign)).await
}
