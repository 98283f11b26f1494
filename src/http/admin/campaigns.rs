//! `/api/v1/campaigns`: the queues and how they work (S1-1 to S1-33), switched on and off and put away (S1-38, S4-30).

use std::collections::BTreeSet;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use super::{campaign_rules, mail_settings};
use crate::{
    domain::{
        campaign::Campaign,
        closing::Closing,
        disposition::Tree,
        log::Entity,
        mail_settings::MailSettings,
        permission::{Permission, Place},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{ListQuery, page, patched},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::CampaignId,
    store::{campaign_load, config_writes, write::Statement},
    wire::{
        Time,
        config::{CampaignFields, CampaignView, InUse},
    },
};

fn view(caller: &Caller, campaign: &Campaign) -> CampaignView {
    let created_at = caller.directory.campaigns_created.get(&campaign.id).copied().unwrap_or_default();
    let archived_at = campaign.archived_at.map(Time);
    CampaignView { id: campaign.id, fields: CampaignFields::of(campaign), created_at: created_at.into(), archived_at }
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
    campaign_rules::check(&caller, &mut fields, None)?;
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
    campaign_rules::check(&caller, &mut fields, Some(current.id))?;
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
