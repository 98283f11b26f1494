//! `/api/v1/campaigns/{id}/members`, and `/api/v1/members` for many at once: who works where.

use std::collections::BTreeSet;

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
    error::ErrorCode,
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
    wire::config::{Member, MemberChange, MemberChanges, MemberFields, MembersChanged},
};

/// The most changes at once.
const MAX_CHANGES: usize = 500;

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

/// What keeps somebody from being a member like this.
fn check(caller: &Caller, check: &mut Check, of: &str, id: CampaignId, user: UserId, fields: &MemberFields) {
    let name = |field: &str| format!("{of}{field}");
    check.range(&name("penalty"), fields.penalty, 0..=100);
    check.range(&name("position"), fields.position, 0..=1_000_000);
    check.range(&name("delay_seconds"), fields.delay_seconds, 0..=3_600);
    let Some(campaign) = caller.directory.campaigns.get(&id) else { return };
    check.that(campaign.archived_at.is_none(), &name("campaign"), ErrorCode::NotPossible, "the campaign is archived");
    let voice = || caller.directory.users.get(&user).is_some_and(|user| user.voice);
    if campaign.service.voice_members_only && !voice() {
        check.error(&name("user"), ErrorCode::VoiceNeeded, "the agent belongs to no voice campaign");
    }
}

fn may_name(caller: &Caller, user: UserId) -> bool {
    caller.directory.users.get(&user).is_some_and(|user| users::may_see(caller, user))
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
    if !may_name(&caller, user) {
        return Err(Problem::not_found());
    }
    let mut errors = Check::default();
    check(&caller, &mut errors, "", id, user, &fields);
    errors.done()?;
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

/// `POST /api/v1/members`: all of several changes, or none and every refusal by its row (S4-32, S4-33).
///
/// # Errors
/// 422.
pub async fn change(app: Data<App>, caller: Caller, input: Input<MemberChanges>) -> Result<HttpResponse, Problem> {
    let Input { value: MemberChanges { changes }, once } = input;
    let mut errors = Check::default();
    let count = changes.len();
    errors.that((1..=MAX_CHANGES).contains(&count), "changes", ErrorCode::OutOfRange, "1 to 500");
    let (mut seen, mut statements, mut facts) = (BTreeSet::new(), Vec::new(), Vec::new());
    let (now, mut put) = (app.now(), 0);
    for (index, change) in changes.iter().take(MAX_CHANGES).enumerate() {
        let of = format!("changes.{index}.");
        let (MemberChange::Put { campaign, user, .. } | MemberChange::Remove { campaign, user }) = *change;
        errors.that(seen.insert((campaign, user)), &format!("{of}user"), ErrorCode::Duplicate, "each membership once");
        let here = require(&caller, Permission::WriteMembers, campaign).is_ok();
        errors.that(here, &format!("{of}campaign"), ErrorCode::UnknownReference, "no such campaign");
        errors.that(may_name(&caller, user), &format!("{of}user"), ErrorCode::UnknownReference, "no such agent");
        facts.push(format!("{campaign}/{user}"));
        if let MemberChange::Put { fields, .. } = change {
            // What one may not see says nothing about itself.
            if here {
                check(&caller, &mut errors, &of, campaign, user, fields);
            }
            statements.push(config_writes::put_member(fields.member(user, campaign, now))?);
            put += 1;
        } else {
            statements.push(config_writes::drop_member(campaign, user));
        }
    }
    errors.done()?;
    let changed = MembersChanged { put, removed: count - put };
    once.commit(statements, (Entity::Member, facts.join(" ")), StatusCode::OK, &changed).await
}
