//! Mails that are nobody's message: kept with their source, for people to look at.

use crate::{
    args,
    clock::Timestamp,
    ids::{AttachmentId, ChannelId, ClientId, ConversationId, MailAsideId},
    store::{Db, Row, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[LIST, FIND, INSERT, SETTLE, AGAIN, COUNT];

/// $1 accounts as a text of ids, or `*`; what is empty does not narrow.
const LIST: &str = "SELECT id, client_id, account_id, kind, reason, author, subject, message_id, source, size, conversation_id, state, \
     received_at, created_at FROM mail_asides WHERE ($1 = '*' OR $1 LIKE '%' || account_id || '%') AND ($2 = '' OR account_id = $2) \
     AND ($3 = '' OR kind = $3) AND ($4 = '' OR state = $4) AND (created_at < $5 OR (created_at = $5 AND id < $6)) \
     ORDER BY created_at DESC, id DESC LIMIT $7";
const FIND: &str = "SELECT id, client_id, account_id, kind, reason, author, subject, message_id, source, size, conversation_id, state, \
     received_at, created_at FROM mail_asides WHERE id = $1";
const INSERT: &str = "INSERT INTO mail_asides (id, client_id, account_id, kind, reason, author, subject, message_id, source, size, \
     conversation_id, state, received_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
     ON CONFLICT (id) DO NOTHING";
const SETTLE: &str =
    "UPDATE mail_asides SET state = $2, conversation_id = coalesce($3, conversation_id) WHERE id = $1 AND state = 'open'";
const AGAIN: &str = "UPDATE mail_asides SET kind = $2, reason = $3 WHERE id = $1 AND state = 'open'";
const COUNT: &str = "SELECT COUNT(*) FROM mail_asides WHERE account_id = $1 AND kind = 'quarantined' AND state = 'open'";

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$what:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, ts_rs::TS, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[ts(export_to = "wire.ts")]
        pub enum $name { $($(#[$what])* $variant,)* }

        impl $name {
            /// The word stored in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            fn parse(word: &str) -> Result<Self, StoreError> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(StoreError::Damaged(format!("mail aside: {word:?}"))),
                }
            }
        }
    };
}

words! {
    /// Why a mail is nobody's message.
    MailAsideKind {
        /// Our own mail came back.
        Own "own",
        /// No person wrote it.
        Automatic "automatic",
        /// It reports about a mail of ours.
        Report "report",
        /// It could not be read.
        Quarantined "quarantined",
    }
}

words! {
    /// What became of it.
    MailAsideState {
        /// Nobody decided yet.
        Open "open",
        /// It was taken in as a customer's message after all.
        Retried "retried",
        /// Somebody said that it is of no interest.
        Dismissed "dismissed",
    }
}

/// A mail that is nobody's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAside {
    /// Follows from the mail, so the same mail is put aside once.
    pub id: MailAsideId,
    /// Whose.
    pub client: ClientId,
    /// Of which mail account.
    pub account: ChannelId,
    /// Why.
    pub kind: MailAsideKind,
    /// The same as a stable code.
    pub reason: String,
    /// Who says to have written it, as far as that can be read.
    pub author: String,
    /// Its subject, as far as that can be read.
    pub subject: String,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// The mail as it came in, or the beginning of one that is too large.
    pub source: Option<AttachmentId>,
    /// Its size, as far as the server has said.
    pub size: u64,
    /// What a report is about, or where it came in after all.
    pub conversation: Option<ConversationId>,
    /// What became of it.
    pub state: MailAsideState,
    /// When the mail server took it.
    pub received_at: Timestamp,
    /// When we did.
    pub created_at: Timestamp,
}

/// Which ones.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of these accounts; none = of all.
    pub within: Option<Vec<ChannelId>>,
    /// Of this account.
    pub account: Option<ChannelId>,
    /// Of this kind.
    pub kind: Option<MailAsideKind>,
    /// In this state.
    pub state: Option<MailAsideState>,
    /// Behind this one.
    pub before: Option<(Timestamp, MailAsideId)>,
}

/// Up to `limit` of them, the newest first.
pub async fn list(db: &Db, filter: &Filter, limit: usize) -> Result<Vec<MailAside>, StoreError> {
    let Filter { within, account, kind, state, before } = filter;
    let within = match within {
        None => "*".to_owned(),
        Some(accounts) => accounts.iter().map(ChannelId::to_string).collect::<Vec<_>>().join(" "),
    };
    let account = account.map_or_else(String::new, |id| id.to_string());
    let (at, id) = before.unwrap_or((Timestamp::from_micros(i64::MAX), MailAsideId::NIL));
    let args = args![
        within,
        account,
        kind.map_or("", MailAsideKind::as_str),
        state.map_or("", MailAsideState::as_str),
        at,
        id.to_string(),
        i64::try_from(limit).unwrap_or(i64::MAX),
    ];
    db.rows(LIST, args).await?.iter().map(aside).collect()
}

/// One of them.
pub async fn find(db: &Db, id: MailAsideId) -> Result<Option<MailAside>, StoreError> {
    db.row(FIND, args![id.to_string()]).await?.as_ref().map(aside).transpose()
}

/// How many of an account are in quarantine and nobody has looked at them.
pub async fn quarantined(db: &Db, account: ChannelId) -> Result<u64, StoreError> {
    db.row(COUNT, args![account.to_string()]).await?.map_or(Ok(0), |row| Ok(row.int(0)?.unsigned_abs()))
}

fn aside(row: &Row) -> Result<MailAside, StoreError> {
    Ok(MailAside {
        id: row.parse(0)?,
        client: row.parse(1)?,
        account: row.parse(2)?,
        kind: MailAsideKind::parse(row.text(3)?)?,
        reason: row.text(4)?.to_owned(),
        author: row.text(5)?.to_owned(),
        subject: row.text(6)?.to_owned(),
        message_id: row.opt_text(7)?.map(str::to_owned),
        source: row.opt_parse(8)?,
        size: row.int(9)?.unsigned_abs(),
        conversation: row.opt_parse(10)?,
        state: MailAsideState::parse(row.text(11)?)?,
        received_at: row.time(12)?,
        created_at: row.time(13)?,
    })
}

/// Puts a mail aside, unless it lies there already.
pub fn insert(aside: &MailAside) -> Statement {
    let MailAside { id, client, account, kind, reason, author, subject, message_id, source, size, conversation, state, .. } =
        aside;
    let args = args![
        id.to_string(),
        client.to_string(),
        account.to_string(),
        kind.as_str(),
        reason.as_str(),
        author.as_str(),
        subject.as_str(),
        message_id.clone(),
        source.map(|id| id.to_string()),
        *size,
        conversation.map(|id| id.to_string()),
        state.as_str(),
        aside.received_at,
        aside.created_at,
    ];
    Statement::new(INSERT, args)
}

/// What became of one; refused when that was decided before.
pub fn settle(id: MailAsideId, state: MailAsideState, conversation: Option<ConversationId>) -> Statement {
    Statement::must(SETTLE, args![id.to_string(), state.as_str(), conversation.map(|id| id.to_string())])
}

/// It was tried again and lies there for this reason now.
pub fn still(id: MailAsideId, kind: MailAsideKind, reason: &str) -> Statement {
    Statement::must(AGAIN, args![id.to_string(), kind.as_str(), reason])
}
