//! `/api/v1/me`: who is signed in, what they may do, what they are doing.

use actix_web::{HttpResponse, web::Data};

use crate::{
    directory::Snapshot,
    domain::{
        agent::AgentCommand,
        campaign::Campaign,
        permission::{Permission, Role, Subject, may},
        refusal::Refusal,
    },
    error::ErrorCode,
    http::{caller::Caller, input::Input, once, problem::Problem, state::App},
    ids::DispositionId,
    wire::{
        live::Presence,
        session::{BreakWhen, Profile, ProfileBreak, ProfileCampaign, ProfileDisposition, ProfileUser, SetPresence},
    },
};

/// `GET`.
///
/// # Errors
/// None of its own.
pub async fn show(caller: Caller) -> Result<HttpResponse, Problem> {
    once::ok(&profile(&caller.subject, &caller.directory))
}

/// What a subject sees of themselves.
pub fn profile(subject: &Subject, directory: &Snapshot) -> Profile {
    let user = directory.users.get(&subject.user);
    let permission = if subject.role == Role::Agent { Permission::Answer } else { Permission::ReadConversations };
    let mut campaigns: Vec<ProfileCampaign> = directory
        .campaigns
        .values()
        .filter(|campaign| may(subject, permission, directory.place_of_campaign(campaign.id)))
        .map(|campaign| campaign_of(campaign, directory))
        .collect();
    campaigns.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let breaks = directory.breaks.values().filter(|kind| kind.enabled);
    let mut breaks: Vec<_> = breaks.map(|kind| ProfileBreak { id: kind.id, name: kind.name.clone() }).collect();
    breaks.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Profile {
        user: user.map(|user| ProfileUser { id: user.id, login: user.login.clone(), name: user.name.clone() }),
        role: subject.role,
        permissions: Permission::ALL.into_iter().filter(|permission| subject.role.grants(*permission)).collect(),
        scopes: subject.scopes.clone(),
        campaigns,
        breaks,
    }
}

fn campaign_of(campaign: &Campaign, directory: &Snapshot) -> ProfileCampaign {
    let choosable = campaign.dispositions.iter().filter(|id| directory.dispositions.get(id).is_some_and(|node| node.enabled));
    ProfileCampaign {
        id: campaign.id,
        name: campaign.name.clone(),
        client: campaign.client,
        client_name: directory.clients.get(&campaign.client).map(|client| client.name.clone()).unwrap_or_default(),
        close_without_reply: campaign.close_without_reply,
        agent_transfer: campaign.agent_transfer,
        attachments: campaign.attachments,
        dispositions: choosable.map(|id| ProfileDisposition { id: *id, path: path(*id, directory) }).collect(),
    }
}

/// Names from the top of the tree. A parent cannot change, so there is no circle; the bound is for damaged data.
fn path(id: DispositionId, directory: &Snapshot) -> Vec<String> {
    let mut names = Vec::new();
    let mut next = Some(id);
    while let Some(node) = next.and_then(|id| directory.dispositions.get(&id)).filter(|_| names.len() < 32) {
        names.push(node.name.clone());
        next = node.parent;
    }
    names.reverse();
    names
}

/// `POST /me/presence`.
///
/// # Errors
/// 409 signed out or paused by a supervisor; 422 unknown break.
pub async fn set_presence(app: Data<App>, caller: Caller, input: Input<SetPresence>) -> Result<HttpResponse, Problem> {
    if !caller.directory.users.contains_key(&caller.user()) {
        // A program has no presence.
        return Err(Problem::not_found());
    }
    let command = match input.value {
        SetPresence { available: Some(true), break_id: None, when: None } => AgentCommand::BeAvailable,
        SetPresence { available: None, break_id: Some(id), when } => {
            let known = caller.directory.breaks.get(&id).is_some_and(|kind| kind.enabled);
            if !known {
                return Err(Refusal::UnknownBreak.into());
            }
            match when {
                Some(BreakWhen::AfterCurrent) => AgentCommand::BreakAfterCurrent(id),
                Some(BreakWhen::Now) | None => AgentCommand::TakeBreak(id),
            }
        }
        SetPresence { .. } => {
            let detail = "either available = true or a break_id";
            return Err(Problem::field("available", ErrorCode::NotPossible, detail));
        }
    };
    let once = input.once;
    let agent = app.engine.agent(caller.user(), command, once.by(), once.keep()).await;
    once.done(agent.map(|agent| Presence::from(&agent))).await
}
