//! Who must not be written to any more, by client: whoever called a mail of ours spam, and whom somebody put there by hand. What was
//! lifted stays on record.

use super::contacts::{END, pattern};
use crate::{
    args,
    clock::Timestamp,
    domain::log::By,
    ids::{ClientId, ConversationId, MailAsideId, MessageId, SuppressionId},
    store::{Db, Row, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[IS_IN_FORCE, LIST, FIND, INSERT, COMPLAINED, LIFT];

const IS_IN_FORCE: &str = "SELECT reason FROM mail_suppressions WHERE client_id = $1 AND address = $2 AND lifted_at IS NULL";
/// $1 clients as a text of ids, or `*`; what is empty does not narrow.
const LIST: &str = "SELECT id, client_id, address, reason, note, added_by, message_id, conversation_id, report_id, created_at, \
     lifted_at, lifted_by FROM mail_suppressions WHERE ($1 = '*' OR $1 LIKE '%' || client_id || '%') \
     AND ($2 = '' OR client_id = $2) AND ($3 = '' OR address LIKE $3 ESCAPE '!') \
     AND (lifted_at IS NOT NULL) = ($4 = 'lifted') AND id < $5 ORDER BY id DESC LIMIT $6";
const FIND: &str = "SELECT id, client_id, address, reason, note, added_by, message_id, conversation_id, report_id, created_at, \
     lifted_at, lifted_by FROM mail_suppressions WHERE id = $1";
const INSERT: &str = "INSERT INTO mail_suppressions (id, client_id, address, reason, note, added_by, message_id, conversation_id, \
     report_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
/// A report that is read again says nothing new about who was let off since.
const COMPLAINED: &str = "INSERT INTO mail_suppressions (id, client_id, address, reason, note, added_by, message_id, \
     conversation_id, report_id, created_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, CAST($10 AS BIGINT) \
     WHERE NOT EXISTS (SELECT 1 FROM mail_suppressions WHERE client_id = $2 AND address = $3 AND report_id = $9) \
     ON CONFLICT DO NOTHING";
const LIFT: &str = "UPDATE mail_suppressions SET lifted_at = $2, lifted_by = $3 WHERE id = $1 AND lifted_at IS NULL";

/// Why somebody is not written to any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum SuppressionReason {
    /// They called a mail spam.
    Complaint,
    /// Somebody of the staff put them there.
    Manual,
}

impl SuppressionReason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Complaint => "complaint",
            Self::Manual => "manual",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        match word {
            "complaint" => Ok(Self::Complaint),
            "manual" => Ok(Self::Manual),
            _ => Err(StoreError::Damaged(format!("mail suppression: {word:?}"))),
        }
    }
}

/// Somebody who is not written to any more, or was not for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Which.
    pub id: SuppressionId,
    /// In whose name nothing is sent.
    pub client: ClientId,
    /// To whom; kept in lower case.
    pub address: String,
    /// Why.
    pub reason: SuppressionReason,
    /// The same in the words of who added it.
    pub note: Option<String>,
    /// Who added it.
    pub added_by: By,
    /// The mail that was complained about.
    pub message: Option<MessageId>,
    /// Its conversation.
    pub conversation: Option<ConversationId>,
    /// The report that said so.
    pub report: Option<MailAsideId>,
    /// Since when.
    pub created_at: Timestamp,
    /// They may be written to again: since when, and who says so.
    pub lifted: Option<(Timestamp, By)>,
}

/// Which ones.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of these clients; none = of all.
    pub within: Option<Vec<ClientId>>,
    /// Of this client.
    pub client: Option<ClientId>,
    /// Part of an address; empty = all.
    pub text: String,
    /// Those that were lifted, and not those in force.
    pub lifted: bool,
    /// Behind this one.
    pub before: Option<SuppressionId>,
}

/// Whether nothing may be sent to this address in the client's name.
pub async fn is_suppressed(db: &Db, client: ClientId, address: &str) -> Result<bool, StoreError> {
    Ok(db.row(IS_IN_FORCE, args![client.to_string(), address.to_lowercase()]).await?.is_some())
}

/// Up to `limit` of them, the newest first.
pub async fn list(db: &Db, filter: &Filter, limit: usize) -> Result<Vec<Suppression>, StoreError> {
    let Filter { within, client, text, lifted, before } = filter;
    let within = match within {
        None => "*".to_owned(),
        Some(clients) => clients.iter().map(ClientId::to_string).collect::<Vec<_>>().join(" "),
    };
    let args = args![
        within,
        client.map_or_else(String::new, |id| id.to_string()),
        pattern(text),
        if *lifted { "lifted" } else { "" },
        before.map_or_else(|| END.to_owned(), |id| id.to_string()),
        i64::try_from(limit).unwrap_or(i64::MAX),
    ];
    db.rows(LIST, args).await?.iter().map(suppression).collect()
}

/// One of them.
pub async fn find(db: &Db, id: SuppressionId) -> Result<Option<Suppression>, StoreError> {
    db.row(FIND, args![id.to_string()]).await?.as_ref().map(suppression).transpose()
}

fn suppression(row: &Row) -> Result<Suppression, StoreError> {
    let by = |text: &str| text.parse().map_err(|()| StoreError::Damaged(format!("mail suppression: by {text:?}")));
    Ok(Suppression {
        id: row.parse(0)?,
        client: row.parse(1)?,
        address: row.text(2)?.to_owned(),
        reason: SuppressionReason::parse(row.text(3)?)?,
        note: row.opt_text(4)?.map(str::to_owned),
        added_by: by(row.text(5)?)?,
        message: row.opt_parse(6)?,
        conversation: row.opt_parse(7)?,
        report: row.opt_parse(8)?,
        created_at: row.time(9)?,
        lifted: match (row.opt_time(10)?, row.opt_text(11)?) {
            (Some(at), Some(who)) => Some((at, by(who)?)),
            _ => None,
        },
    })
}

/// Nothing is sent there from now on; refused when that is so already.
pub fn insert(suppression: &Suppression) -> Statement {
    statement(INSERT, suppression)
}

/// The same because of a report; unless that is so already, or was because of this very report.
pub fn complained(suppression: &Suppression) -> Statement {
    statement(COMPLAINED, suppression)
}

fn statement(sql: &'static str, suppression: &Suppression) -> Statement {
    let Suppression { id, client, address, reason, note, added_by, message, conversation, report, created_at, lifted: _ } =
        suppression;
    let args = args![
        id.to_string(),
        client.to_string(),
        address.to_lowercase(),
        reason.as_str(),
        note.clone(),
        added_by.to_string(),
        message.map(|id| id.to_string()),
        conversation.map(|id| id.to_string()),
        report.map(|id| id.to_string()),
        *created_at,
    ];
    Statement::new(sql, args)
}

/// They may be written to again; refused when that is so already.
pub fn lift(id: SuppressionId, by: By, now: Timestamp) -> Statement {
    Statement::must(LIFT, args![id.to_string(), now, by.to_string()])
}
