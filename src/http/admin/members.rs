//! `/api/v1/campaigns/{id}/members`: who works where.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};

use crate::{
    domain::{
        campaign,
        log::Entity,
        permission::{Permission, Place},
    },
    http::{
        admin::users,
        caller::Caller,
        check::{Check, ListQuery, page},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::{CampaignId, UserId},
    store::config_writes,
    wire::config::{Member, MemberFields},
};

fn view(caller: &Caller, member: &campaign::Member) -> Member {
    let name = caller.directory.users.get(&member.agent).map(|user| user.name.clone()).unwrap_or_default();
    Member { campaign: member.campaign, user: member.agent, name, fields: MemberFields::of(member) }
}

fn require(caller: &Caller, permission: Permission, id: CampaignId) -> Result<(), Problem> {
    let campaign = caller.directory.campaigns.get(&id).ok_or_else(Problem::not_found)?;
    caller.require(permission, Place::campaign(campaign.client, id))
}

fn fact(campaign: CampaignId, user: UserId) -> (Entity, String) {
    (Entity::Member, format!("{campaign}/{user}"))
}

/// `GET`.
///
/// # Errors
/// 404; 422 for an impossible cursor or limit.
pub async fn list(caller: Caller, id: Path<CampaignId>, query: Query<ListQuery>) -> Result<HttpResponse, Problem> {
    require(&caller, Permission::ReadConfig, *id)?;
    let members = caller.directory.members.get(&id).into_iter().flatten();
    once::ok(&page(members.map(|member| (member.agent, view(&caller, member))).collect(), &query.0)?)
}

/// `PUT /{user}`.
///
/// # Errors
/// 404, 422.
pub async fn put(
    app: Data<App>,
    caller: Caller,
    ids: Path<(CampaignId, UserId)>,
    input: Input<MemberFields>,
) -> Result<HttpResponse, Problem> {
    let Input { value: fields, once } = input;
    let (id, user) = ids.into_inner();
    require(&caller, Permission::WriteMembers, id)?;
    let known = caller.directory.users.get(&user).is_some_and(|user| users::may_see(&caller, user));
    if !known {
        return Err(Problem::not_found());
    }
    let mut check = Check::default();
    check.range("penalty", fields.penalty, 0..=100);
    check.range("position", fields.position, 0..=1_000_000);
    check.range("delay_seconds", fields.delay_seconds, 0..=3_600);
    check.done()?;
    let member = fields.member(user, id, app.now());
    once.commit(vec![config_writes::put_member(member)?], fact(id, user), StatusCode::OK, &view(&caller, &member)).await
}

/// `DELETE /{user}`.
///
/// # Errors
/// 404.
pub async fn delete(caller: Caller, ids: Path<(CampaignId, UserId)>, once: Once) -> Result<HttpResponse, Problem> {
    let (id, user) = ids.into_inner();
    require(&caller, Permission::WriteMembers, id)?;
    once.commit_bare(vec![config_writes::delete_member(id, user)], fact(id, user)).await
}
