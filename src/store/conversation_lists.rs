//! Lists of conversations, each with what shows it in a list: for pages the newest first and within a scope, for agents their
//! desk, for the start all that are open.
//!
//! Of pages: one statement for each index that can lead; the other filters narrow what it finds. A scope is a text of campaign ids, or
//! `*`, so that every statement stays static on both databases.

use std::sync::Arc;

use crate::{
    args,
    domain::{agent::Agent, conversation::Conversation, field, message::Message},
    ids::{AgentId, CampaignId, ChannelId, ContactId, ConversationId},
    store::{Db, Row, StoreError, conversations, log, people_state, write::ContactCard},
};

pub(super) const STATEMENTS: &[&str] = &[ALL, OF_AGENT, OF_CAMPAIGN, OF_CONTACT, DESK, OPEN];
pub(super) const SQLITE_STATEMENTS: &[&str] = &[SQLITE_NAMED];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[POSTGRES_NAMED];

/// What [`listed`] reads.
macro_rules! listed {
    ($($rest:expr),*) => {
        concat!(
            "SELECT c.state, coalesce(k.name, ''), coalesce((SELECT a.value FROM contact_addresses a \
             WHERE a.contact_id = c.contact_id AND a.kind = (SELECT CASE h.kind WHEN 'webchat' THEN 'visitor' ELSE h.kind END \
             FROM channels h WHERE h.id = c.channel_id) ORDER BY a.created_at DESC LIMIT 1), ''), \
             m.id, m.seq, m.author, m.text, m.attachments, m.at, m.delivery, m.reason, m.mail, \
             c.subject FROM conversations c LEFT JOIN contacts k ON k.id = c.contact_id \
             LEFT JOIN messages m ON m.conversation_id = c.id \
             AND m.seq = (SELECT max(l.seq) FROM messages l WHERE l.conversation_id = c.id) WHERE ",
            $($rest),*
        )
    };
}

macro_rules! list {
    ($lead:literal) => {
        listed!(
            $lead,
            " AND ($2 = '*' OR $2 LIKE '%' || c.campaign_id || '%') \
             AND ($3 = '' OR c.phase = $3 OR ($3 = 'open' AND c.is_open = 1) OR ($3 = 'ended' AND c.is_open = 0)) \
             AND ($4 = '' OR c.campaign_id = $4) AND ($5 = '' OR c.agent_id = $5 OR c.offered_to = $5) \
             AND ($6 = '' OR c.contact_id = $6) AND ($7 = '' OR c.channel_id = $7) \
             AND c.id < $8 ORDER BY c.id DESC LIMIT $9"
        )
    };
}

const ALL: &str = list!("$1 = ''");
const OF_AGENT: &str = list!("(c.agent_id = $1 OR c.offered_to = $1 OR c.consulted = $1 OR c.finishing = $1)");
const OF_CAMPAIGN: &str = list!("c.campaign_id = $1");
const OF_CONTACT: &str = list!("c.contact_id = $1");
const DESK: &str = listed!("(c.agent_id = $1 OR c.offered_to = $1 OR c.consulted = $1 OR c.finishing = $1) AND c.is_open = 1");
/// Ids end as chance will have it.
const OPEN: &str = listed!("c.is_open = 1 AND substr(c.id, 36) >= $1 AND substr(c.id, 36) < $2");
/// Of a JSON array of ids.
const SQLITE_NAMED: &str = listed!("c.id IN (SELECT value FROM json_each($1))");
const POSTGRES_NAMED: &str = listed!("c.id IN (SELECT v FROM json_array_elements_text($1::json) v)");

/// Above every id.
const END: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/// Where the caller may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everywhere.
    All,
    /// In these campaigns.
    Campaigns(Vec<CampaignId>),
    /// What this agent has, is offered or is consulted about, or still finishes, wherever it is.
    Agent(AgentId),
}

/// Which conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// A phase, `open` or `ended`.
    pub phase: Option<&'static str>,
    /// Of this campaign.
    pub campaign: Option<CampaignId>,
    /// That this agent has or is offered.
    pub agent: Option<AgentId>,
    /// With this contact.
    pub contact: Option<ContactId>,
    /// By this channel account.
    pub channel: Option<ChannelId>,
    /// Older than this one.
    pub before: Option<ConversationId>,
}

/// A conversation, with what shows it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The conversation.
    pub state: Arc<Conversation>,
    /// How its contact is shown.
    pub contact: Arc<ContactCard>,
    /// Its last message, as [`Message::remembered`] keeps it.
    pub last: Option<Arc<Message>>,
}

/// Up to `limit` conversations, the newest first.
pub async fn list(db: &Db, reach: &Reach, filter: &Filter, limit: usize) -> Result<Vec<Listed>, StoreError> {
    let text = |id: Option<String>| id.unwrap_or_default();
    let (own, scope) = match reach {
        Reach::All => (None, "*".to_owned()),
        Reach::Campaigns(ids) => (None, ids.iter().map(CampaignId::to_string).collect::<Vec<_>>().join(" ")),
        Reach::Agent(agent) => (Some(*agent), "*".to_owned()),
    };
    let agent = text(filter.agent.map(|id| id.to_string()));
    let campaign = text(filter.campaign.map(|id| id.to_string()));
    let contact = text(filter.contact.map(|id| id.to_string()));
    let (sql, lead) = match (own, filter) {
        (Some(own), _) => (OF_AGENT, own.to_string()),
        (None, Filter { contact: Some(id), .. }) => (OF_CONTACT, id.to_string()),
        (None, Filter { agent: Some(id), .. }) => (OF_AGENT, id.to_string()),
        (None, Filter { campaign: Some(id), .. }) => (OF_CAMPAIGN, id.to_string()),
        (None, _) => (ALL, String::new()),
    };
    let before = filter.before.map_or_else(|| END.to_owned(), |id| id.to_string());
    let channel = text(filter.channel.map(|id| id.to_string()));
    let args = args![
        lead,
        scope,
        filter.phase.unwrap_or_default(),
        campaign,
        agent,
        contact,
        channel,
        before,
        i64::try_from(limit).unwrap_or(i64::MAX)
    ];
    let mut found = db.rows(sql, args).await?.iter().map(listed).collect::<Result<Vec<_>, _>>()?;
    fill_fields(db, &mut found).await?;
    Ok(found)
}

/// These conversations, those of them that there are, in no order.
pub async fn named(db: &Db, ids: &[ConversationId]) -> Result<Vec<Listed>, StoreError> {
    let ids = serde_json::to_string(ids).map_err(|error| StoreError::Damaged(error.to_string()))?;
    let sql = if matches!(db, Db::Sqlite(_)) { SQLITE_NAMED } else { POSTGRES_NAMED };
    let mut found = db.rows(sql, args![ids]).await?.iter().map(listed).collect::<Result<Vec<_>, _>>()?;
    fill_fields(db, &mut found).await?;
    Ok(found)
}

/// The agent's state and the conversations they have, are offered or stand beside, all as of one position, which comes first.
pub async fn desk_of_agent(db: &Db, stream: i64, agent: AgentId) -> Result<(u64, Agent, Vec<Listed>), StoreError> {
    let id = || args![agent.to_string()];
    let [head, state, own] = db.consistent([(log::HEAD, args![stream]), (people_state::AGENT, id()), (DESK, id())]).await?;
    let pos = head.first().map_or(Ok(0), |row| row.int(0))?;
    let state = state.first().map_or_else(|| Ok(Agent::signed_out(agent)), |row| row.json(0))?;
    let mut own = own.iter().map(listed).collect::<Result<Vec<_>, _>>()?;
    fill_fields(db, &mut own).await?;
    Ok((u64::try_from(pos).unwrap_or(0), state, own))
}

/// Every open conversation, in the order of their ids; read by two connections, half by each: a start waits for it.
pub async fn open(db: &Db) -> Result<Vec<Listed>, StoreError> {
    let half = async |from: &str, to: &str| {
        let mut open = Vec::new();
        db.each(OPEN, args![from, to], |row| {
            open.push(listed(row)?);
            Ok(())
        })
        .await?;
        Ok::<_, StoreError>(open)
    };
    let (mut open, other) = futures_util::future::try_join(half("0", "8"), half("8", "g")).await?;
    open.extend(other);
    open.sort_unstable_by_key(|listed| listed.state.id);
    fill_fields(db, &mut open).await?;
    Ok(open)
}

/// Reads a row of `listed!`; without what was noted in dynamic fields.
fn listed(row: &Row) -> Result<Listed, StoreError> {
    let mut state: Conversation = row.json(0)?;
    let last = if row.opt_text(3)?.is_some() { conversations::shown_message(row, 3, state.id)? } else { None };
    if let Some(last) = last.as_ref().filter(|last| last.seq > state.seq) {
        state.also_received(last.seq, last.at);
    }
    let (name, address) = (row.text(1)?.to_owned(), row.text(2)?.to_owned());
    let subject = row.opt_text(12)?.map(Arc::from);
    let contact = ContactCard { id: state.contact, name, address, fields: field::Values::new(), subject };
    let last = last.as_ref().map(Message::remembered);
    Ok(Listed { state: Arc::new(state), contact: Arc::new(contact), last })
}

async fn fill_fields(db: &Db, listed: &mut [Listed]) -> Result<(), StoreError> {
    for row in listed.iter_mut().filter(|row| !row.state.fields.is_empty()) {
        Arc::make_mut(&mut row.contact).fields = conversations::fields(db, &row.state).await?;
    }
    Ok(())
}
