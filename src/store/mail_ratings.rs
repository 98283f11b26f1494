//! What receivers of mails thought of them.

use crate::{
    args,
    clock::Timestamp,
    ids::{AgentId, CampaignId, ConversationId, MessageId},
    store::{Db, Row, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[PUT, FIND, COUNTS, LATEST];

const PUT: &str = "INSERT INTO mail_ratings (message_id, conversation_id, campaign_id, agent_id, score, comment, first_at, at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
     ON CONFLICT (message_id) DO UPDATE SET score = excluded.score, comment = excluded.comment, at = excluded.at";
const FIND: &str = "SELECT message_id, conversation_id, campaign_id, agent_id, score, comment, first_at, at FROM mail_ratings \
     WHERE message_id = $1";
const COUNTS: &str = "SELECT campaign_id, agent_id, score, COUNT(*) FROM mail_ratings \
     WHERE ($1 = '*' OR $1 LIKE '%' || campaign_id || '%') AND ($2 = '' OR campaign_id = $2) AND ($3 = '' OR agent_id = $3) \
     AND at >= $4 AND at < $5 GROUP BY campaign_id, agent_id, score ORDER BY campaign_id, agent_id, score";
const LATEST: &str = "SELECT message_id, conversation_id, campaign_id, agent_id, score, comment, first_at, at FROM mail_ratings \
     WHERE ($1 = '*' OR $1 LIKE '%' || campaign_id || '%') AND ($2 = '' OR campaign_id = $2) AND ($3 = '' OR agent_id = $3) \
     AND at >= $4 AND at < $5 ORDER BY at DESC, message_id LIMIT $6";

/// A rating of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRated {
    /// Of which message.
    pub message: MessageId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// Where the conversation was.
    pub campaign: CampaignId,
    /// Who wrote the mail.
    pub agent: AgentId,
    /// 1 (bad) to 5 (good).
    pub score: u8,
    /// In words.
    pub comment: Option<String>,
    /// When it was given.
    pub first_at: Timestamp,
    /// When it was changed last.
    pub at: Timestamp,
}

/// Which ratings.
#[derive(Clone, Debug)]
pub struct Filter<'a> {
    /// Only in these campaigns; none = in all.
    pub within: Option<&'a [CampaignId]>,
    /// In this one.
    pub campaign: Option<CampaignId>,
    /// Of mails of this agent.
    pub agent: Option<AgentId>,
    /// Then or later.
    pub from: Timestamp,
    /// Before.
    pub to: Timestamp,
}

/// How often an agent's mails of a campaign got a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Where.
    pub campaign: CampaignId,
    /// Whose.
    pub agent: AgentId,
    /// 1 to 5.
    pub score: u8,
    /// How often.
    pub times: u64,
}

impl Filter<'_> {
    fn texts(&self) -> [String; 3] {
        let within =
            self.within.map_or_else(|| "*".to_owned(), |ids| ids.iter().map(CampaignId::to_string).collect::<Vec<_>>().join(" "));
        let text = |id: Option<String>| id.unwrap_or_default();
        [within, text(self.campaign.map(|id| id.to_string())), text(self.agent.map(|id| id.to_string()))]
    }
}

/// Keeps a rating, or changes it.
pub fn put(rated: &MailRated) -> Statement {
    let ids = [rated.message.to_string(), rated.conversation.to_string(), rated.campaign.to_string(), rated.agent.to_string()];
    let [message, conversation, campaign, agent] = ids;
    Statement::new(PUT, args![message, conversation, campaign, agent, i64::from(rated.score), rated.comment.clone(), rated.at])
}

/// The rating of a message.
pub async fn find(db: &Db, message: MessageId) -> Result<Option<MailRated>, StoreError> {
    db.row(FIND, args![message.to_string()]).await?.as_ref().map(rated).transpose()
}

/// Counts, by campaign and agent.
pub async fn counts(db: &Db, filter: &Filter<'_>) -> Result<Vec<Count>, StoreError> {
    let [within, campaign, agent] = filter.texts();
    let rows = db.rows(COUNTS, args![within, campaign, agent, filter.from, filter.to]).await?;
    let count = |row: &Row| {
        let score = u8::try_from(row.int(2)?).unwrap_or(0);
        Ok(Count { campaign: row.parse(0)?, agent: row.parse(1)?, score, times: u64::try_from(row.int(3)?).unwrap_or(0) })
    };
    rows.iter().map(count).collect()
}

/// Up to `limit` of them, the latest first.
pub async fn latest(db: &Db, filter: &Filter<'_>, limit: u64) -> Result<Vec<MailRated>, StoreError> {
    let [within, campaign, agent] = filter.texts();
    db.rows(LATEST, args![within, campaign, agent, filter.from, filter.to, limit]).await?.iter().map(rated).collect()
}

fn rated(row: &Row) -> Result<MailRated, StoreError> {
    Ok(MailRated {
        message: row.parse(0)?,
        conversation: row.parse(1)?,
        campaign: row.parse(2)?,
        agent: row.parse(3)?,
        score: u8::try_from(row.int(4)?).unwrap_or(0),
        comment: row.opt_text(5)?.map(str::to_owned),
        first_at: row.time(6)?,
        at: row.time(7)?,
    })
}
