//! What a conversation is found by, read from the tables and the log as they are now.

use super::{Entry, write::Change};
use crate::{
    args,
    domain::{
        conversation::{Conversation, Event, Phase},
        log::{Entry as LogEntry, Fact},
        message::Author,
        search::{Document, Part},
    },
    ids::{AgentId, ConversationId, DispositionId},
    store::{Db, StoreError, contacts, conversations, log},
};

/// The kinds are those of the index `log_steps`, word for word.
pub(super) const ATTENDED: &str = "SELECT pos, at, actor, cause, conversation_id, conv_seq, kind, data FROM log WHERE conversation_id = $1 \
     AND kind IN ('offered', 'transfer_offered', 'offer_accepted', 'offer_ended', 'queued', 'prioritised') \
     AND kind = 'offer_accepted' ORDER BY conv_seq LIMIT 200";

/// Messages read at once.
const PAGE: u64 = 500;
/// Of a longer conversation the last ones are found.
const MAX_MESSAGES: u64 = 10_000;

/// The kinds of keys.
pub mod kinds {
    /// A company served.
    pub const CLIENT: &str = "l";
    /// The campaign it is in.
    pub const CAMPAIGN: &str = "c";
    /// Who attended it.
    pub const AGENT: &str = "a";
    /// With what it was closed.
    pub const DISPOSITION: &str = "d";
    /// The kind of its channel.
    pub const CHANNEL_KIND: &str = "k";
}

/// A conversation as it is now.
pub(super) async fn read(db: &Db, id: ConversationId) -> Result<Change, StoreError> {
    let Some(state) = conversations::state(db, id).await? else { return Ok(Change::Drop(id)) };
    let mut document = Document::default();
    document.key(kinds::CLIENT, &state.client.to_string());
    document.key(kinds::CAMPAIGN, &state.campaign.to_string());
    document.key(kinds::CHANNEL_KIND, state.kind.as_str());
    if let Some(disposition) = disposition(&state) {
        document.key(kinds::DISPOSITION, &disposition.to_string());
    }
    document.text(Part::Subject, &subject(db, &state).await?);
    if let Some((contact, _)) = contacts::find(db, state.contact).await? {
        document.text(Part::Customer, &contact.name);
        for address in &contact.addresses {
            document.address(&address.value);
        }
    }
    let mut agents = attended(db, &state).await?;
    let mut writers = Vec::new();
    let mut said = Document::default();
    let mut messages = 0;
    let mut before = i64::MAX as u64;
    loop {
        let page = conversations::messages_before(db, id, before, PAGE).await?;
        for stored in &page {
            said.text(Part::Said, &stored.message.text);
            for file in &stored.message.attachments {
                said.text(Part::Said, &file.name);
            }
            if let Author::Agent(agent) = stored.message.author {
                writers.push(agent);
            }
        }
        messages += page.len() as u64;
        let Some(last) = page.last() else { break };
        if page.len() < PAGE as usize || messages >= MAX_MESSAGES || said.is_full() {
            break;
        }
        before = last.message.seq;
    }
    agents.extend(writers.into_iter().rev());
    agents = each_once(agents);
    for agent in &agents {
        document.key(kinds::AGENT, &agent.to_string());
    }
    document.extend(said);
    let arrived_at = state.arrived_at;
    Ok(Change::Put(Box::new(Entry { conversation: id, arrived_at, agents, messages, document })))
}

/// What it is about, as its first mail says; the one place that knows.
///
/// # Errors
/// When the store does not answer.
pub async fn subject(_: &Db, _: &Conversation) -> Result<String, StoreError> {
    Ok(String::new())
}

fn each_once(agents: impl IntoIterator<Item = AgentId>) -> Vec<AgentId> {
    let mut once = Vec::new();
    for agent in agents {
        if agent != AgentId::NIL && !once.contains(&agent) {
            once.push(agent);
        }
    }
    once
}

/// With what it was closed.
fn disposition(state: &Conversation) -> Option<DispositionId> {
    match state.phase {
        Phase::Ended { disposition, .. } | Phase::WrapUp { disposition, .. } => disposition,
        _ => None,
    }
}

/// Who began it or accepted it, in order. Who only wrote in it is known from its messages.
///
/// # Errors
/// When the store does not answer.
pub async fn attended(db: &Db, state: &Conversation) -> Result<Vec<AgentId>, StoreError> {
    let rows = db.rows(ATTENDED, args![state.id.to_string()]).await?;
    let entries: Vec<LogEntry> = rows.iter().map(log::entry).collect::<Result<_, _>>()?;
    let agent = |entry: LogEntry| match entry.fact {
        Fact::Conversation { event: Event::OfferAccepted { agent, .. }, .. } => Some(agent),
        _ => None,
    };
    let began = state.initiative.map(|initiative| initiative.agent);
    Ok(each_once(began.into_iter().chain(entries.into_iter().filter_map(agent)).chain(state.phase.owner())))
}
