//! `/api/v1/me`: who is signed in, what they may do, what they are doing, what they set for themselves.

use std::collections::BTreeSet;

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::{Map, Value};

use crate::{
    auth::{password::check_rules, secret::SecretText, session::LIFETIME},
    directory::Snapshot,
    domain::{
        agent::AgentCommand,
        campaign::Campaign,
        field,
        log::Entity,
        permission::{Permission, Role, Subject, may},
        refusal::Refusal,
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{Check, NAME, patched},
        input::{Input, Plain},
        once::{self, Once},
        problem::Problem,
        staff::{session, trees::Trees},
        state::App,
    },
    ids::SessionId,
    store::{invitations, people, profiles},
    wire::{
        live::Presence,
        page::Page,
        session::{
            BreakWhen, ChangePassword, Profile, ProfileBreak, ProfileCampaign, ProfileField, ProfileFields, ProfileSkill,
            ProfileUser, Session, SetPresence,
        },
    },
};

/// The largest settings, in bytes of JSON.
const MAX_SETTINGS: usize = 16 * 1024;

/// `GET`.
///
/// # Errors
/// 503 when the store cannot be asked.
pub async fn show(app: Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let own = profiles::find(&app.engine.db, caller.user()).await?;
    once::ok(&profile(&caller.subject, &caller.directory, own))
}

/// What a subject sees of themselves, with what they have set.
pub fn profile(subject: &Subject, directory: &Snapshot, own: profiles::Profile) -> Profile {
    let user = directory.users.get(&subject.user);
    let permission = if subject.role == Role::Agent { Permission::Answer } else { Permission::ReadConversations };
    let mut trees = Trees::of(directory);
    let mut campaigns: Vec<ProfileCampaign> = directory
        .campaigns
        .values()
        .filter(|campaign| may(subject, permission, directory.place_of_campaign(campaign.id)))
        .map(|campaign| campaign_of(subject, campaign, directory, &mut trees))
        .collect();
    campaigns.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let breaks = directory.breaks.values().filter(|kind| kind.enabled);
    let taken = |kind: &crate::directory::BreakType| ProfileBreak {
        id: kind.id,
        name: kind.name.clone(),
        minutes: kind.minutes,
        icon: kind.icon.clone(),
    };
    let mut breaks: Vec<_> = breaks.map(|kind| taken(kind)).collect();
    breaks.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Profile {
        user: user.map(|user| ProfileUser { id: user.id, login: user.login.clone(), name: user.name.clone() }),
        role: subject.role,
        language: own.language,
        region: own.region,
        settings: own.settings,
        permissions: Permission::ALL.into_iter().filter(|permission| subject.role.grants(*permission)).collect(),
        scopes: subject.scopes.clone(),
        campaigns,
        trees: trees.lists,
        breaks,
    }
}

fn campaign_of(subject: &Subject, campaign: &Campaign, directory: &Snapshot, trees: &mut Trees<'_>) -> ProfileCampaign {
    ProfileCampaign {
        id: campaign.id,
        name: campaign.name.clone(),
        client: campaign.client,
        client_name: directory.clients.get(&campaign.client).map(|client| client.name.clone()).unwrap_or_default(),
        zone: directory.zone_of(campaign.client).name().to_owned(),
        permissions: campaign.permissions,
        fields: campaign.fields.iter().filter_map(|used| field_of(used, directory)).collect(),
        skills: skills_of(campaign, directory),
        tree: trees.number(campaign),
        mode: campaign.strategy.mode,
        starts: super::start::channels_to_start(subject, directory, campaign),
        wrap_up: campaign.closing.wrap_up,
        wrap_up_seconds: campaign.wrap_up_seconds,
    }
}

/// Those of its client that some member has, by name.
fn skills_of(campaign: &Campaign, directory: &Snapshot) -> Vec<ProfileSkill> {
    let members = directory.members.get(&campaign.id).into_iter().flatten();
    let had = members.filter_map(|member| directory.users.get(&member.agent)).flat_map(|user| &user.skills);
    let ids: BTreeSet<_> = had.map(|has| has.skill).collect();
    let known = ids.iter().filter_map(|id| directory.skills.get(id)).filter(|skill| skill.client == campaign.client);
    let mut skills: Vec<_> = known.map(|skill| ProfileSkill { id: skill.id, name: skill.name.clone() }).collect();
    skills.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    skills
}

/// What is switched off is asked for no more.
fn field_of(used: &field::Use, directory: &Snapshot) -> Option<ProfileField> {
    let known = directory.fields.get(&used.field).filter(|field| field.enabled)?;
    let field::Field { id, name, kind, options, description, .. } = known.as_ref().clone();
    let name = used.label.clone().unwrap_or(name);
    Some(ProfileField { id, name, kind, options, description, mandatory: used.mandatory })
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

/// A program is nobody: it has no profile and no sessions.
fn person(caller: &Caller) -> Result<ProfileUser, Problem> {
    let user = caller.directory.users.get(&caller.user()).ok_or_else(Problem::not_found)?;
    Ok(ProfileUser { id: user.id, login: user.login.clone(), name: user.name.clone() })
}

/// `PATCH`.
///
/// # Errors
/// 404 for a program; 422.
pub async fn change(app: Data<App>, caller: Caller, input: Input<Map<String, Value>>) -> Result<HttpResponse, Problem> {
    let Input { value: patch, once } = input;
    let user = person(&caller)?;
    let profiles::Profile { language, region, settings } = profiles::find(&app.engine.db, user.id).await?;
    let mut fields = patched(&ProfileFields { name: user.name.clone(), language, region, settings }, patch)?;
    let mut check = Check::default();
    check.line("name", &mut fields.name, NAME);
    let detail = "a language of BCP 47, such as es-AR";
    check.that(fields.language.as_deref().is_none_or(is_language), "language", ErrorCode::NotPossible, detail);
    let detail = "two letters of ISO 3166 or three digits of UN M.49";
    check.that(fields.region.as_deref().is_none_or(is_region), "region", ErrorCode::NotPossible, detail);
    let size = serde_json::to_string(&fields.settings).map_or(usize::MAX, |text| text.len());
    check.that(size <= MAX_SETTINGS, "settings", ErrorCode::TooLong, "at most 16 kB");
    check.done()?;
    let ProfileFields { name, language, region, settings } = fields;
    let own = profiles::Profile { language, region, settings };
    let mut statements = vec![profiles::put(user.id, &own)];
    let mut answer = profile(&caller.subject, &caller.directory, own);
    if name == user.name {
        return once.commit_quietly(statements, StatusCode::OK, &answer).await;
    }
    statements.push(people::set_name(user.id, &name));
    let fact = (Entity::User, user.id.to_string());
    answer.user = Some(ProfileUser { name, ..user });
    once.commit(statements, fact, StatusCode::OK, &answer).await
}

/// Letters, then parts of letters and digits (RFC 5646, in its outline).
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag.len() <= 35 && (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic()) && parts.all(is_part)
}

fn is_region(code: &str) -> bool {
    let is = |length: usize, kind: fn(&u8) -> bool| code.len() == length && code.bytes().all(|byte| kind(&byte));
    is(2, u8::is_ascii_uppercase) || is(3, u8::is_ascii_digit)
}

/// The text to store of a new password.
///
/// # Errors
/// 429 when too many wait already.
pub async fn phc(app: &App, password: SecretText) -> Result<String, Problem> {
    let hashed = app.hash(password, |passwords, password| passwords.hash(password)).await?;
    hashed.map_err(|error| {
        tracing::error!(%error, "a password could not be hashed");
        Problem::new(ErrorCode::Internal)
    })
}

/// `PUT /password`: ends all other sessions and voids invitations. Not under an `Idempotency-Key`: no digest of a password is kept
/// that is cheap to guess.
///
/// # Errors
/// 404 for a program; 422 when the current password is wrong or the new one breaks the rules; 429.
pub async fn change_password(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    body: Plain<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    let ChangePassword { current, new } = body.0;
    let user = person(&caller)?;
    check_rules(&new).map_err(|error| Problem::field("new", error.into(), error.to_string()))?;
    session::allow(&app, &user.login, &request)?;
    if session::verified(&app, &user.login, current).await? != Some(user.id) {
        return Err(Problem::field("current", ErrorCode::WrongCredentials, "not the password in force"));
    }
    let phc = phc(&app, new).await?;
    let others = match caller.session {
        Some(own) => people::delete_other_sessions(user.id, own),
        None => people::delete_sessions_of(user.id),
    };
    let statements = vec![people::set_password(user.id, &phc), others, invitations::void(user.id)];
    let fact = (Entity::User, user.id.to_string());
    app.engine.journal.write(statements, Some(fact), caller.by, None).await?;
    app.sessions.forget_user(user.id);
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /sessions`: where one is signed in, the last used first.
///
/// # Errors
/// 404 for a program.
pub async fn sessions(app: Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let user = person(&caller)?;
    let found = people::list_sessions(&app.engine.db, user.id, app.now()).await?;
    let view = |session: people::ListedSession| Session {
        id: session.id,
        created_at: session.created_at.into(),
        used_at: (session.expires_at - LIFETIME).into(),
        expires_at: session.expires_at.into(),
        browser: session.browser,
        current: caller.session == Some(session.id),
    };
    once::ok(&Page { items: found.into_iter().map(view).collect(), next: None })
}

/// `DELETE /sessions/{id}`: signs out there.
///
/// # Errors
/// 404 for what is not one's own.
pub async fn end_session(app: Data<App>, caller: Caller, id: Path<SessionId>, once: Once) -> Result<HttpResponse, Problem> {
    let user = person(&caller)?;
    let statements = vec![people::end_session(*id, user.id)];
    let answer = once.commit_bare(statements, (Entity::Session, id.to_string())).await?;
    app.sessions.forget_session(*id);
    session::end_shift(&app, &caller).await;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_and_a_region_have_their_form() {
        for tag in ["es", "es-AR", "pt-BR", "zh-Hans-CN", "es-419"] {
            assert!(is_language(tag), "{tag}");
        }
        for tag in ["", "e", "es_AR", "es-", "-es", "12", "<b>", "es-AAAAAAAAA", &"es-a".repeat(20)] {
            assert!(!is_language(tag), "{tag}");
        }
        assert!(["AR", "419"].into_iter().all(is_region));
        assert!(!["", "ar", "A", "ARG", "41", "Ñ"].into_iter().any(is_region));
    }
}
