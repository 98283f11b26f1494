//! Campaigns as a list shows them (S1-40 to S1-48), and whether one can start.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Deserialize;

use crate::{
    clock::Timestamp,
    directory::Snapshot,
    domain::{
        campaign::Campaign,
        channel::ChannelKind,
        permission::{Permission, Role},
        readiness::{self, State, Surroundings},
        schedule::Openness,
    },
    http::{
        caller::Caller,
        check::{ListQuery, page},
        input::Query,
        once,
        problem::Problem,
        state::App,
    },
    ids::{CampaignId, ChannelId, ClientId, ProjectId},
    store::campaign_load::{self, Load},
    wire::{
        Time,
        config::{CampaignOverview, CampaignState, Readiness, ReadinessCheck},
    },
};

/// Which campaigns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Switched on.
    Active,
    /// Switched off.
    Inactive,
    /// Put away.
    Archived,
}

/// Which campaigns.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OverviewQuery {
    /// Created then or later.
    #[param(value_type = Option<String>)]
    from: Option<Time>,
    /// Created before.
    #[param(value_type = Option<String>)]
    to: Option<Time>,
    /// This one.
    campaign: Option<CampaignId>,
    /// To which this channel account leads.
    channel: Option<ChannelId>,
    /// To which a channel of this kind leads.
    kind: Option<ChannelKind>,
    /// Of this client.
    client: Option<ClientId>,
    /// Of this project.
    project: Option<ProjectId>,
    /// Without it, all but those put away.
    #[param(inline)]
    status: Option<Status>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

impl OverviewQuery {
    fn finds(&self, directory: &Snapshot, campaign: &Campaign, created_at: Timestamp) -> bool {
        let status = match self.status {
            None => campaign.archived_at.is_none(),
            Some(Status::Active) => campaign.enabled,
            Some(Status::Inactive) => !campaign.enabled && campaign.archived_at.is_none(),
            Some(Status::Archived) => campaign.archived_at.is_some(),
        };
        let mut channels = directory.channels.values().filter(|channel| channel.campaign == campaign.id);
        let leads = |channel: ChannelId| directory.channels.get(&channel).is_some_and(|channel| channel.campaign == campaign.id);
        status
            && self.from.is_none_or(|from| created_at >= from.0)
            && self.to.is_none_or(|to| created_at < to.0)
            && self.campaign.is_none_or(|id| id == campaign.id)
            && self.client.is_none_or(|id| id == campaign.client)
            && self.project.is_none_or(|id| Some(id) == campaign.project)
            && self.channel.is_none_or(leads)
            && self.kind.is_none_or(|kind| channels.any(|channel| channel.kind == kind))
    }
}

fn openness(directory: &Snapshot, campaign: &Campaign, now: Timestamp) -> Openness {
    let schedule = campaign.schedule.and_then(|id| directory.schedules.get(&id));
    schedule.map_or(Openness::ALWAYS, |schedule| schedule.openness(now))
}

fn overview(directory: &Snapshot, campaign: &Campaign, created_at: Timestamp, load: Load, now: Timestamp) -> CampaignOverview {
    let state = if campaign.archived_at.is_some() {
        CampaignState::Archived
    } else if !campaign.enabled {
        CampaignState::Disabled
    } else if openness(directory, campaign, now).is_open() {
        CampaignState::Open
    } else {
        CampaignState::Closed
    };
    let leading = directory.channels.values().filter(|channel| channel.campaign == campaign.id);
    let mut channels: Vec<String> = leading.map(|channel| channel.name.clone()).collect();
    channels.sort();
    CampaignOverview {
        id: campaign.id,
        name: campaign.name.clone(),
        client: campaign.client,
        client_name: directory.clients.get(&campaign.client).map(|client| client.name.clone()).unwrap_or_default(),
        project: campaign.project,
        project_name: campaign.project.and_then(|id| directory.projects.get(&id)).map(|project| project.name.clone()),
        state,
        channels,
        members: directory.members.get(&campaign.id).map_or(0, Vec::len),
        waiting: load.waiting,
        open: load.open,
        created_at: created_at.into(),
    }
}

/// `GET /api/v1/campaign-overview`: for who sees the board there.
///
/// # Errors
/// 422 for impossible filters.
pub async fn list(app: Data<App>, caller: Caller, query: Query<OverviewQuery>) -> Result<HttpResponse, Problem> {
    let query = query.0;
    let loads = campaign_load::all(&app.engine.db).await?;
    let (directory, now) = (&caller.directory, app.now());
    let created = |id| directory.campaigns_created.get(&id).copied().unwrap_or_default();
    let found = directory.campaigns.values().filter(|campaign| {
        caller.may(Permission::ReadBoard, caller.place(campaign.id)) && query.finds(directory, campaign, created(campaign.id))
    });
    let rows = found.map(|campaign| {
        let load = loads.get(&campaign.id).copied().unwrap_or_default();
        (campaign.id, overview(directory, campaign, created(campaign.id), load, now))
    });
    let rows = rows.collect();
    once::ok(&page(rows, &ListQuery { cursor: query.cursor, limit: query.limit })?)
}

/// `GET /api/v1/campaigns/{id}/readiness`.
///
/// # Errors
/// 404.
pub async fn readiness(app: Data<App>, caller: Caller, id: Path<CampaignId>) -> Result<HttpResponse, Problem> {
    let directory = &caller.directory;
    let campaign = directory.campaigns.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(Permission::ReadConfig, caller.place(*id))?;
    let is_on = |project: &ProjectId| directory.projects.get(project).is_some_and(|project| project.enabled);
    let leading = directory.channels.values().filter(|channel| channel.campaign == *id && channel.enabled);
    let receives = |agent| {
        let user = directory.users.get(agent).filter(|user| user.enabled && user.role == Role::Agent);
        user.is_some_and(|user| user.voice || !campaign.service.voice_members_only)
    };
    let members = directory.members.get(&id).into_iter().flatten();
    let offered = |id| directory.dispositions.get(id).is_some_and(|node| node.enabled);
    let around = Surroundings {
        client_enabled: directory.clients.get(&campaign.client).is_some_and(|client| client.enabled)
            && campaign.project.as_ref().is_none_or(is_on),
        channels: leading.map(|channel| channel.kind).collect(),
        openness: openness(directory, campaign, app.now()),
        members: members.filter(|member| receives(&member.agent)).collect(),
        dispositions: campaign.dispositions.iter().filter(|id| offered(*id)).count(),
    };
    let checks = readiness::checks(campaign, &around);
    let ready = checks.iter().all(|check| check.state != State::Missing);
    let told = |check: readiness::Check| {
        let readiness::Check { topic, state, count, opens } = check;
        ReadinessCheck { topic, state, count, opens: opens.map(Time) }
    };
    once::ok(&Readiness { ready, checks: checks.into_iter().map(told).collect() })
}
