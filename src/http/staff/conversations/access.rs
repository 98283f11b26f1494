//! Who sees a conversation, and who may work on it.

use crate::{
    clock::Timestamp,
    domain::{
        self,
        conversation::Conversation,
        permission::{Permission, Place, Role},
    },
    http::{caller::Caller, problem::Problem, state::App},
    ids::{ContactId, ConversationId},
    store::{conversations, write::ContactCard},
    wire::conversation::Summary,
};

pub(in crate::http::staff) fn place(state: &Conversation) -> Place {
    Place::campaign(state.client, state.campaign)
}

/// What the caller sees of a conversation: agents nothing that its campaign hides from them (S1-24).
pub fn summary(caller: &Caller, state: &Conversation, card: &ContactCard, last: Option<&domain::message::Message>) -> Summary {
    let summary = Summary::of(state, card, last);
    let permissions = caller.directory.permissions_of(state.campaign);
    if caller.may(Permission::ReadConversations, place(state)) { summary } else { summary.for_agent(&permissions) }
}

pub(in crate::http::staff) fn may_see(caller: &Caller, state: &Conversation) -> bool {
    if caller.subject.role == Role::Agent {
        return state.involves(caller.user());
    }
    caller.may(Permission::ReadConversations, place(state))
}

/// Whoever may see it, and agents of its campaign: those learn from the refusal who was faster.
fn may_try(caller: &Caller, state: &Conversation) -> bool {
    may_see(caller, state) || caller.may(Permission::Answer, place(state))
}

/// A conversation the caller may see.
///
/// # Errors
/// 404.
pub async fn visible(app: &App, caller: &Caller, id: ConversationId) -> Result<Conversation, Problem> {
    let state = conversations::state(&app.engine.db, id).await?;
    state.filter(|state| may_see(caller, state)).ok_or_else(Problem::not_found)
}

/// A conversation the caller may read: one they may see, or an earlier one of a customer whom they are talking to.
///
/// # Errors
/// 404.
pub async fn readable(app: &App, caller: &Caller, id: ConversationId) -> Result<Conversation, Problem> {
    let state = conversations::state(&app.engine.db, id).await?.ok_or_else(Problem::not_found)?;
    let earlier = async || {
        Ok::<_, Problem>(history_since(app, caller, state.contact).await?.is_some_and(|since| state.last_message_at >= since))
    };
    if may_see(caller, &state) || earlier().await? { Ok(state) } else { Err(Problem::not_found()) }
}

/// Since when an agent may read what a contact said: as far back as the campaigns allow in which they talk to them now (S1-25,
/// S1-26); none = not at all.
pub(super) async fn history_since(app: &App, caller: &Caller, contact: ContactId) -> Result<Option<Timestamp>, Problem> {
    if caller.subject.role != Role::Agent || caller.is_program() {
        return Ok(None);
    }
    let open = conversations::open_with_contact(&app.engine.db, contact).await?;
    let own = open.iter().filter(|state| state.is_read_by(caller.user()));
    Ok(own.filter_map(|state| caller.directory.permissions_of(state.campaign).history_since(app.now())).min())
}

pub(in crate::http::staff) async fn workable(app: &App, caller: &Caller, id: ConversationId) -> Result<Conversation, Problem> {
    let state = conversations::state(&app.engine.db, id).await?;
    state.filter(|state| may_try(caller, state)).ok_or_else(Problem::not_found)
}

/// Whether the caller may do to a conversation of somebody else what its owner may.
pub(in crate::http::staff) fn steers(caller: &Caller, state: &Conversation) -> bool {
    state.phase.owner() != Some(caller.user()) && caller.may(Permission::ForceConversations, place(state))
}
