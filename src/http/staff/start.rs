//! `POST /api/v1/conversations`: somebody of the staff writes first.
//!
//! Who may: members whose `initiate` covers the kind of channel, for themselves (S4-32 to S4-34); supervisors within their scope, for such a
//! member. What one may not write by is as unknown as what does not exist.

use actix_web::{HttpResponse, http::StatusCode, web::Data};

use super::{contacts, conversations::may_see, mail_answer};
use crate::{
    actors::engine::{CommandError, Outgoing},
    channels::api::inbound::storable,
    directory::{Channel, Snapshot},
    domain::{
        campaign::Campaign,
        channel::ChannelKind,
        contact::{Address, AddressKind},
        conversation::Initiative,
        mail::Mailbox,
        message::Content,
        permission::{Permission, Place, Subject, may},
        refusal::Refusal,
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::Check,
        input::Input,
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::{AgentId, CampaignId, ConversationId, UserId},
    store::conversations,
    wire::{
        conversation::Done,
        start::{StartChannel, StartConversation},
    },
};

/// Whether somebody writes first for themselves, as a member.
fn initiates(directory: &Snapshot, user: UserId, campaign: CampaignId, kind: ChannelKind) -> bool {
    let mut memberships = directory.memberships.get(&user).into_iter().flatten();
    memberships.any(|member| member.campaign == campaign && member.initiate.contains(kind))
}

fn may_start(subject: &Subject, directory: &Snapshot, campaign: &Campaign, kind: ChannelKind) -> bool {
    let place = Place::campaign(campaign.client, campaign.id);
    let own = may(subject, Permission::Answer, place) && initiates(directory, subject.user, campaign.id, kind);
    own || may(subject, Permission::ForceConversations, place)
}

/// The channel accounts of a campaign by which somebody may write first, by name.
pub fn channels_to_start(subject: &Subject, directory: &Snapshot, campaign: &Campaign) -> Vec<StartChannel> {
    let usable = |channel: &&Channel| {
        let writes = channel.campaign == campaign.id && channel.enabled && channel.kind.can_be_started();
        writes && campaign.enabled && may_start(subject, directory, campaign, channel.kind)
    };
    let channels = directory.channels.values().map(AsRef::as_ref).filter(usable);
    let mut channels: Vec<_> =
        channels.map(|channel| StartChannel { id: channel.id, kind: channel.kind, name: channel.name.clone() }).collect();
    channels.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    channels
}

/// `POST`.
///
/// # Errors
/// 404 for a contact one may not know; 409 `already_open`, `cannot_start`; 422.
pub async fn create(app: Data<App>, caller: Caller, input: Input<StartConversation>) -> Result<HttpResponse, Problem> {
    let Input { value, once } = input;
    let outgoing = outgoing(&app, &caller, value).await?;
    let client = outgoing.client;
    let content = Content { text: "".into(), attachments: outgoing.attachments.clone(), mail: outgoing.mail.clone() };
    match app.engine.start(outgoing, once.by(), once.keep()).await {
        Ok(done) => {
            if content.mail.is_some() {
                mail_answer::bind(&app, &caller, client, &content, done.conversation).await?;
            }
            once::answer(StatusCode::CREATED, &done)
        }
        Err(CommandError::Refused(Refusal::AlreadyOpen { conversation })) => {
            Err(already_open(&app, &caller, conversation).await?)
        }
        Err(error) => refused(&once, error).await,
    }
}

async fn refused(once: &Once, error: CommandError) -> Result<HttpResponse, Problem> {
    once.done::<Done>(Err(error)).await
}

async fn outgoing(app: &App, caller: &Caller, value: StartConversation) -> Result<Outgoing, Problem> {
    let StartConversation { campaign, channel, contact, address, name, agent, text, mail } = value;
    let unknown = |field: &str| Problem::field(field, ErrorCode::UnknownReference, "nothing to write by");
    let directory = &caller.directory;
    let campaign = directory.campaigns.get(&campaign).filter(|campaign| campaign.enabled && campaign.archived_at.is_none());
    let campaign = campaign
        .filter(|campaign| ChannelKind::ALL.into_iter().any(|kind| may_start(&caller.subject, directory, campaign, kind)))
        .ok_or_else(|| unknown("campaign"))?;
    let channel = directory.channels.get(&channel).filter(|channel| channel.campaign == campaign.id && channel.enabled);
    let channel = channel.ok_or_else(|| unknown("channel"))?;
    if !channel.kind.can_be_started() {
        return Err(Refusal::CannotStart.into());
    }
    if !may_start(&caller.subject, directory, campaign, channel.kind) {
        return Err(unknown("channel"));
    }
    let owner = owner(caller, campaign, channel.kind, agent)?;
    let mut name = name.unwrap_or_default();
    let mut check = Check::default();
    check.line("name", &mut name, 0..=120);
    check.done()?;
    let kind = AddressKind::of(channel.kind);
    let (to, name) = match (contact, address) {
        (Some(contact), None) => {
            let contact = contacts::to_write_to(app, caller, contact).await?;
            if contact.client != channel.client {
                return Err(Problem::not_found());
            }
            // The latest, as everywhere a conversation is shown.
            let address = contact.addresses.into_iter().rfind(|address| address.kind == kind);
            (
                address.ok_or_else(|| Problem::field("contact", ErrorCode::NotPossible, "no address for this channel"))?,
                contact.name,
            )
        }
        (None, Some(address)) => {
            let address = Address::new(kind, &address);
            (address.ok_or_else(|| Problem::field("address", ErrorCode::NotPossible, "not an address of this channel"))?, name)
        }
        _ => return Err(Problem::field("contact", ErrorCode::NotPossible, "a contact or an address")),
    };
    let content = match mail {
        mail if channel.kind == ChannelKind::Email => {
            let customer = Mailbox { name: name.clone(), address: to.value.clone() };
            mail_answer::first(app, caller, channel.client, customer, &text, mail.unwrap_or_default()).await?
        }
        Some(_) => return Err(Problem::field("mail", ErrorCode::NotPossible, "there are no mails on this channel")),
        None => Content::plain(storable(&text)),
    };
    let Content { text, attachments, mail } = content;
    Ok(Outgoing {
        channel: channel.id,
        kind: channel.kind,
        client: channel.client,
        campaign: campaign.id,
        to,
        name,
        initiative: Initiative { agent: owner, over_capacity: false },
        author: if caller.is_program() { owner } else { caller.user() },
        text,
        attachments,
        mail,
    })
}

/// Whose it will be: whoever writes, if they answer customers there; else a member who may write first, by name.
fn owner(caller: &Caller, campaign: &Campaign, kind: ChannelKind, named: Option<AgentId>) -> Result<AgentId, Problem> {
    let directory = &caller.directory;
    let place = Place::campaign(campaign.client, campaign.id);
    let own = caller.may(Permission::Answer, place) && initiates(directory, caller.user(), campaign.id, kind);
    match named {
        None if own => Ok(caller.user()),
        None => Err(Problem::field("agent", ErrorCode::MissingField, "who shall have it")),
        Some(agent) if agent == caller.user() && own => Ok(agent),
        Some(agent) => {
            let enabled = directory.users.get(&agent).is_some_and(|user| user.enabled);
            let steers = caller.may(Permission::ForceConversations, place);
            if steers && enabled && initiates(directory, agent, campaign.id, kind) {
                Ok(agent)
            } else {
                Err(Problem::field("agent", ErrorCode::UnknownReference, "no such member"))
            }
        }
    }
}

/// Names the one that is open to who may see it.
async fn already_open(app: &App, caller: &Caller, conversation: ConversationId) -> Result<Problem, Problem> {
    let problem: Problem = Refusal::AlreadyOpen { conversation }.into();
    let state = conversations::state(&app.engine.db, conversation).await?;
    Ok(if state.is_some_and(|state| may_see(caller, &state)) { problem.about(conversation) } else { problem })
}
