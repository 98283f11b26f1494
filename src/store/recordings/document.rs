//! What conversations are found by, read from the tables and the log as they are now: many at once, in four statements.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::{Entry, write::Change};
use crate::{
    args,
    domain::{
        conversation::{Conversation, Phase},
        log::By,
        mail::{Envelope, Mailbox},
        message::Attachment,
        search::{Document, Part},
    },
    ids::{AgentId, ConversationId, DispositionId},
    store::{Db, Row, StoreError, conversations::NOTE},
};

/// The same statement for both, but for how a JSON array of ids is taken apart.
macro_rules! of_named {
    ($before:literal, $after:literal) => {
        [
            concat!($before, "(SELECT value FROM json_each($1))", $after),
            concat!($before, "(SELECT v FROM json_array_elements_text($1::json) v)", $after),
        ]
    };
}

const STATES: [&str; 2] = of_named!(
    "SELECT c.id, c.state, c.subject, k.name FROM conversations c LEFT JOIN contacts k ON k.id = c.contact_id WHERE c.id IN ",
    ""
);
const ADDRESSES: [&str; 2] = of_named!(
    "SELECT c.id, a.value FROM conversations c JOIN contact_addresses a ON a.contact_id = c.contact_id WHERE c.id IN ",
    " ORDER BY a.created_at"
);
/// The latest first: of a conversation that is too long for the index its end is found.
const MESSAGES: [&str; 2] = of_named!(
    "SELECT m.conversation_id, m.author, m.text, m.attachments, m.mail FROM messages m WHERE m.conversation_id IN ",
    " ORDER BY m.conversation_id, m.seq DESC"
);
/// One of the kinds of the index `log_steps`.
const ACCEPTED: [&str; 2] = of_named!(
    "SELECT l.conversation_id, l.data FROM log l WHERE l.conversation_id IN ",
    " AND kind = 'offer_accepted' ORDER BY l.conversation_id, l.conv_seq"
);

/// The latest of each, the latest first: as many as an excerpt is looked for in.
const LATEST: [&str; 2] = of_named!(
    "SELECT m.conversation_id, m.seq, m.author, m.text FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE c.id IN ",
    " AND m.seq > c.seq - 400 ORDER BY m.conversation_id, m.seq DESC"
);

pub(in crate::store) const SQLITE_STATEMENTS: &[&str] = &[STATES[0], ADDRESSES[0], MESSAGES[0], ACCEPTED[0], LATEST[0]];
pub(in crate::store) const POSTGRES_STATEMENTS: &[&str] = &[STATES[1], ADDRESSES[1], MESSAGES[1], ACCEPTED[1], LATEST[1]];

/// Authors of a thread that are found by their address.
const MAX_MAILBOXES: usize = 50;
/// Agents kept of one conversation.
const MAX_AGENTS: usize = 200;

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

/// What is known of one before it is put together.
struct Draft {
    state: Conversation,
    document: Document,
    said: Document,
    accepted: Vec<AgentId>,
    writers: Vec<AgentId>,
    from: BTreeSet<Mailbox>,
    messages: u64,
}

impl Draft {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let state: Conversation = row.json(1)?;
        let mut document = Document::default();
        document.key(kinds::CLIENT, &state.client.to_string());
        document.key(kinds::CAMPAIGN, &state.campaign.to_string());
        document.key(kinds::CHANNEL_KIND, state.kind.as_str());
        if let Some(disposition) = disposition(&state) {
            document.key(kinds::DISPOSITION, &disposition.to_string());
        }
        document.text(Part::Subject, row.opt_text(2)?.unwrap_or_default());
        document.text(Part::Customer, row.opt_text(3)?.unwrap_or_default());
        let (accepted, writers, from) = (Vec::new(), Vec::new(), BTreeSet::new());
        Ok(Self { state, document, said: Document::default(), accepted, writers, from, messages: 0 })
    }

    /// A message that cannot be understood is found by its words all the same.
    fn add_message(&mut self, row: &Row) -> Result<(), StoreError> {
        self.messages += 1;
        match row.text(1)?.parse() {
            Ok(By::User(agent)) if self.writers.len() < MAX_AGENTS && self.writers.last() != Some(&agent) => {
                self.writers.push(agent);
            }
            // Of the others in a thread their address is known from what they wrote only.
            Ok(By::Contact) if self.from.len() < MAX_MAILBOXES && row.opt_text(4)?.is_some() => {
                self.from.extend(row.json::<Envelope>(4).ok().and_then(|mail| mail.from));
            }
            _ => {}
        }
        if self.said.is_full() {
            return Ok(());
        }
        self.said.text(Part::Said, row.text(2)?);
        if row.opt_text(3)?.is_some() {
            for file in row.json::<Vec<Attachment>>(3).unwrap_or_default() {
                self.said.text(Part::Said, &file.name);
            }
        }
        Ok(())
    }

    fn entry(self) -> Entry {
        let Self { state, mut document, said, accepted, writers, from, messages } = self;
        let agents = attended_by(&state, accepted, writers.into_iter().rev());
        for agent in &agents {
            document.key(kinds::AGENT, &agent.to_string());
        }
        for mailbox in &from {
            document.text(Part::Customer, &mailbox.name);
            document.text(Part::Customer, &mailbox.address);
        }
        document.extend(&said);
        Entry { conversation: state.id, arrived_at: state.arrived_at, agents, messages, document }
    }
}

fn statement(db: &Db, both: [&'static str; 2]) -> &'static str {
    let [sqlite, postgres] = both;
    if matches!(db, Db::Sqlite(_)) { sqlite } else { postgres }
}

/// These conversations as they are now, in this order.
pub(super) async fn read(db: &Db, ids: &[ConversationId]) -> Result<Vec<Change>, StoreError> {
    let named = serde_json::to_string(ids).map_err(|error| StoreError::Damaged(error.to_string()))?;
    let mut drafts: FxHashMap<ConversationId, Option<Draft>> = FxHashMap::default();
    for row in db.rows(statement(db, STATES), args![named.as_str()]).await? {
        let id = row.parse(0)?;
        let draft = Draft::of(&row).inspect_err(|error| {
            // It would never be otherwise; the others go on.
            tracing::error!(%error, conversation = %id, "a conversation cannot be indexed");
        });
        drafts.insert(id, draft.ok());
    }
    let mut draft_of = async |sql, add: fn(&mut Draft, &Row) -> Result<(), StoreError>| {
        db.each(statement(db, sql), args![named.as_str()], |row| match drafts.get_mut(&row.parse(0)?) {
            Some(Some(draft)) => add(draft, row),
            _ => Ok(()),
        })
        .await
    };
    draft_of(ADDRESSES, |draft, row| {
        draft.document.address(row.text(1)?);
        Ok(())
    })
    .await?;
    draft_of(ACCEPTED, |draft, row| {
        if draft.accepted.len() < MAX_AGENTS {
            draft.accepted.push(accepted(row, 1)?);
        }
        Ok(())
    })
    .await?;
    draft_of(MESSAGES, Draft::add_message).await?;
    let change = |id: &ConversationId| match drafts.remove(id) {
        Some(Some(draft)) => Some(Change::Put(Box::new(draft.entry()))),
        Some(None) => None,
        None => Some(Change::Drop(*id)),
    };
    Ok(ids.iter().filter_map(change).collect())
}

/// With what it was closed.
fn disposition(state: &Conversation) -> Option<DispositionId> {
    match state.phase {
        Phase::Ended { disposition, .. } | Phase::WrapUp { disposition, .. } => disposition,
        _ => None,
    }
}

fn accepted(row: &Row, column: usize) -> Result<AgentId, StoreError> {
    #[derive(serde::Deserialize)]
    struct Accepted {
        agent: AgentId,
    }
    row.json::<Accepted>(column).map(|accepted| accepted.agent)
}

/// Who began it, accepted it or wrote in it, in order, each once.
fn attended_by(
    state: &Conversation,
    accepted: impl IntoIterator<Item = AgentId>,
    writers: impl IntoIterator<Item = AgentId>,
) -> Vec<AgentId> {
    let began = state.initiative.map(|initiative| initiative.agent);
    let mut agents = Vec::new();
    for agent in began.into_iter().chain(accepted).chain(state.phase.owner()).chain(writers) {
        if agent != AgentId::NIL && !agents.contains(&agent) {
            agents.push(agent);
        }
    }
    agents
}

/// Who attended one conversation, in order.
///
/// # Errors
/// When the store does not answer.
pub async fn attended(db: &Db, state: &Conversation) -> Result<Vec<AgentId>, StoreError> {
    let named = serde_json::to_string(&[state.id]).map_err(|error| StoreError::Damaged(error.to_string()))?;
    let rows = db.rows(statement(db, ACCEPTED), args![named]).await?;
    let accepted = rows.iter().map(|row| accepted(row, 1)).collect::<Result<Vec<_>, _>>()?;
    let rows = db.rows(WRITERS, args![state.id.to_string(), format!("{NOTE}%")]).await?;
    let writers = rows.iter().filter_map(|row| match row.text(0).ok()?.parse() {
        Ok(By::User(agent)) => Some(agent),
        _ => None,
    });
    Ok(attended_by(state, accepted, writers))
}

/// A message in which somebody may look for words.
pub struct Said<'a> {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Orders the thread.
    pub seq: u64,
    /// Internal.
    pub note: bool,
    /// What it says.
    pub text: &'a str,
}

/// Calls `each` with the latest messages of these conversations, of each the latest first.
///
/// # Errors
/// When the store does not answer.
pub async fn latest(db: &Db, ids: &[ConversationId], mut each: impl FnMut(Said<'_>)) -> Result<(), StoreError> {
    let named = serde_json::to_string(ids).map_err(|error| StoreError::Damaged(error.to_string()))?;
    db.each(statement(db, LATEST), args![named], |row| {
        let (conversation, seq) = (row.parse(0)?, u64::try_from(row.int(1)?).unwrap_or(0));
        each(Said { conversation, seq, note: row.text(2)?.starts_with(NOTE), text: row.text(3)? });
        Ok(())
    })
    .await
}

pub(super) const WRITERS: &str = "SELECT author FROM messages WHERE conversation_id = $1 AND author NOT LIKE $2 \
     GROUP BY author ORDER BY min(seq) LIMIT 200";
