//! Canned texts: what agents send with a few keys.

use crate::{
    args,
    clock::Timestamp,
    ids::{CampaignId, CannedTextId, ClientId},
    store::{Db, Row, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[LIST, FIND, INSERT, UPDATE, DELETE];

/// Scopes are texts of ids, or `*`, so that the statement stays static: $1 clients of which everything is read, $2 clients of which
/// what is for all campaigns is read, $3 campaigns. $4 and $5 narrow it to what is for one campaign.
const LIST: &str = "SELECT id, client_id, campaign_id, shortcut, title, text, created_at FROM canned_texts \
     WHERE ($1 = '*' OR $1 LIKE '%' || client_id || '%' OR $3 LIKE '%' || campaign_id || '%' \
     OR (campaign_id IS NULL AND $2 LIKE '%' || client_id || '%')) \
     AND ($4 = '' OR campaign_id = $4 OR (campaign_id IS NULL AND client_id = $5)) AND id > $6 ORDER BY id LIMIT $7";
const FIND: &str = "SELECT id, client_id, campaign_id, shortcut, title, text, created_at FROM canned_texts WHERE id = $1";
const INSERT: &str = "INSERT INTO canned_texts (id, client_id, campaign_id, shortcut, title, text, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
const UPDATE: &str = "UPDATE canned_texts SET shortcut = $2, title = $3, text = $4 WHERE id = $1";
const DELETE: &str = "DELETE FROM canned_texts WHERE id = $1";

/// A canned text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CannedText {
    /// Its id.
    pub id: CannedTextId,
    /// Whose.
    pub client: ClientId,
    /// For this campaign only; none = for all of the client's.
    pub campaign: Option<CampaignId>,
    /// What agents type to find it.
    pub shortcut: String,
    /// As shown in a list.
    pub title: String,
    /// As sent, with gaps ([`crate::domain::template`]).
    pub text: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Where the caller may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everywhere.
    All,
    /// There.
    Some {
        /// Everything of these clients.
        clients: Vec<ClientId>,
        /// What these clients have for all their campaigns.
        common: Vec<ClientId>,
        /// What is for these campaigns.
        campaigns: Vec<CampaignId>,
    },
}

/// Up to `limit` texts in order of their creation: those for one campaign (with its client), if one is named.
pub async fn list(
    db: &Db,
    reach: &Reach,
    of: Option<(CampaignId, ClientId)>,
    after: Option<CannedTextId>,
    limit: usize,
) -> Result<Vec<CannedText>, StoreError> {
    let [clients, common, campaigns] = words(reach);
    let (campaign, client) = of.map_or_else(Default::default, |(campaign, client)| (campaign.to_string(), client.to_string()));
    let after = after.map_or_else(String::new, |id| id.to_string());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    db.rows(LIST, args![clients, common, campaigns, campaign, client, after, limit]).await?.iter().map(text).collect()
}

/// A reach as the statement takes it: $1, $2 and $3.
pub(super) fn words(reach: &Reach) -> [String; 3] {
    fn joined<T: ToString>(ids: &[T]) -> String {
        ids.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
    }
    match reach {
        Reach::All => ["*".to_owned(), String::new(), String::new()],
        Reach::Some { clients, common, campaigns } => [joined(clients), joined(common), joined(campaigns)],
    }
}

/// One text.
pub async fn find(db: &Db, id: CannedTextId) -> Result<Option<CannedText>, StoreError> {
    db.row(FIND, args![id.to_string()]).await?.as_ref().map(text).transpose()
}

fn text(row: &Row) -> Result<CannedText, StoreError> {
    Ok(CannedText {
        id: row.parse(0)?,
        client: row.parse(1)?,
        campaign: row.opt_parse(2)?,
        shortcut: row.text(3)?.to_owned(),
        title: row.text(4)?.to_owned(),
        text: row.text(5)?.to_owned(),
        created_at: row.time(6)?,
    })
}

/// Creates a text.
pub fn insert(canned: &CannedText) -> Statement {
    let CannedText { id, client, campaign, shortcut, title, text, created_at } = canned;
    let campaign = campaign.map(|campaign| campaign.to_string());
    let (id, client) = (id.to_string(), client.to_string());
    Statement::new(INSERT, args![id, client, campaign, shortcut.as_str(), title.as_str(), text.as_str(), *created_at])
}

/// Changes a text; where it is for stays.
pub fn update(canned: &CannedText) -> Statement {
    let CannedText { id, shortcut, title, text, .. } = canned;
    Statement::must(UPDATE, args![id.to_string(), shortcut.as_str(), title.as_str(), text.as_str()])
}

/// Drops a text.
pub fn delete(id: CannedTextId) -> Statement {
    Statement::must(DELETE, args![id.to_string()])
}
