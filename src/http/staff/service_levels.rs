//! `/api/v1/service-levels`: how well campaigns are served, as the board shows it, for programs.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use crate::{
    domain::permission::Permission,
    http::{
        caller::Caller,
        check::{ListQuery, page},
        input::Query,
        once,
        problem::Problem,
        state::App,
    },
    ids::{CampaignId, ClientId},
};

/// Of which campaigns.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ServiceLevelsQuery {
    /// Of this client.
    client: Option<ClientId>,
    /// This one.
    campaign: Option<CampaignId>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

/// `GET /api/v1/service-levels`: for who sees the board there.
///
/// # Errors
/// 422 for impossible filters.
pub async fn list(app: Data<App>, caller: Caller, query: Query<ServiceLevelsQuery>) -> Result<HttpResponse, Problem> {
    let ServiceLevelsQuery { client, campaign, cursor, limit } = query.0;
    let seen = caller.directory.campaigns.values().filter(|it| {
        client.is_none_or(|client| client == it.client)
            && campaign.is_none_or(|campaign| campaign == it.id)
            && caller.may(Permission::ReadBoard, caller.place(it.id))
    });
    let rows = app.engine.campaigns_now(Some(seen.map(|it| it.id).collect())).await?;
    once::ok(&page(rows.into_iter().map(|row| (row.campaign, row)).collect(), &ListQuery { cursor, limit })?)
}
