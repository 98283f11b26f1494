//! The gallery: files that agents send with a few keys. The file itself is an attachment of no conversation.

use crate::{
    args,
    clock::Timestamp,
    domain::message::Attachment,
    ids::{AttachmentId, CampaignId, ClientId, ResourceId},
    store::{
        Db, Row, StoreError,
        canned_texts::{Reach, words},
        write::Statement,
    },
};

pub(super) const STATEMENTS: &[&str] = &[LIST, FIND, INSERT, UPDATE, DELETE, DROP_FILE];

macro_rules! resources {
    ($($rest:literal),*) => {
        concat!(
            "SELECT r.id, r.client_id, r.campaign_id, r.shortcut, r.title, r.created_at, a.id, a.name, a.media_type, a.size, r.folder \
             FROM resources r JOIN attachments a ON a.id = r.file_id WHERE ",
            $($rest),*
        )
    };
}

/// As that of canned texts.
const LIST: &str = resources!(
    "($1 = '*' OR $1 LIKE '%' || r.client_id || '%' OR $3 LIKE '%' || r.campaign_id || '%' \
     OR (r.campaign_id IS NULL AND $2 LIKE '%' || r.client_id || '%')) \
     AND ($4 = '' OR r.campaign_id = $4 OR (r.campaign_id IS NULL AND r.client_id = $5)) AND r.id > $6 ORDER BY r.id LIMIT $7"
);
const FIND: &str = resources!("r.id = $1");
const INSERT: &str = "INSERT INTO resources (id, client_id, campaign_id, shortcut, title, file_id, created_at, folder) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const UPDATE: &str = "UPDATE resources SET shortcut = $2, title = $3, file_id = $4, folder = $5 WHERE id = $1";
const DELETE: &str = "DELETE FROM resources WHERE id = $1";
/// A conversation that got it meanwhile keeps it.
const DROP_FILE: &str = "DELETE FROM attachments WHERE id = $1 AND conversation_id IS NULL";

/// A file of the gallery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its id; stays when the file is replaced.
    pub id: ResourceId,
    /// Whose.
    pub client: ClientId,
    /// For this campaign only; none = for all of the client's.
    pub campaign: Option<CampaignId>,
    /// What agents type to find it.
    pub shortcut: String,
    /// As shown in a list.
    pub title: String,
    /// The folder it lies in; empty = none.
    pub folder: String,
    /// The file at present.
    pub file: Attachment,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Up to `limit` files in order of their creation: those for one campaign (with its client), if one is named.
pub async fn list(
    db: &Db,
    reach: &Reach,
    of: Option<(CampaignId, ClientId)>,
    after: Option<ResourceId>,
    limit: usize,
) -> Result<Vec<Resource>, StoreError> {
    let [clients, common, campaigns] = words(reach);
    let (campaign, client) = of.map_or_else(Default::default, |(campaign, client)| (campaign.to_string(), client.to_string()));
    let after = after.map_or_else(String::new, |id| id.to_string());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    db.rows(LIST, args![clients, common, campaigns, campaign, client, after, limit]).await?.iter().map(resource).collect()
}

/// One file.
pub async fn find(db: &Db, id: ResourceId) -> Result<Option<Resource>, StoreError> {
    db.row(FIND, args![id.to_string()]).await?.as_ref().map(resource).transpose()
}

fn resource(row: &Row) -> Result<Resource, StoreError> {
    Ok(Resource {
        id: row.parse(0)?,
        client: row.parse(1)?,
        campaign: row.opt_parse(2)?,
        shortcut: row.text(3)?.to_owned(),
        title: row.text(4)?.to_owned(),
        folder: row.text(10)?.to_owned(),
        created_at: row.time(5)?,
        file: Attachment {
            id: row.parse(6)?,
            name: row.text(7)?.to_owned(),
            media_type: row.text(8)?.to_owned(),
            size: u64::try_from(row.int(9)?).unwrap_or(0),
        },
    })
}

/// Adds a file whose attachment is recorded.
pub fn insert(resource: &Resource) -> Statement {
    let Resource { id, client, campaign, shortcut, title, folder, file, created_at } = resource;
    let campaign = campaign.map(|campaign| campaign.to_string());
    let (id, client, file) = (id.to_string(), client.to_string(), file.id.to_string());
    Statement::new(INSERT, args![id, client, campaign, shortcut.as_str(), title.as_str(), file, *created_at, folder.as_str()])
}

/// Changes a file of the gallery; where it is for stays.
pub fn update(resource: &Resource) -> Statement {
    let Resource { id, shortcut, title, folder, file, .. } = resource;
    Statement::must(UPDATE, args![id.to_string(), shortcut.as_str(), title.as_str(), file.id.to_string(), folder.as_str()])
}

/// Takes a file out of the gallery.
pub fn delete(id: ResourceId) -> Statement {
    Statement::must(DELETE, args![id.to_string()])
}

/// Forgets the attachment behind it.
pub fn drop_file(id: AttachmentId) -> Statement {
    Statement::new(DROP_FILE, args![id.to_string()])
}
