//! Templates of mails.

use crate::{
    args,
    clock::Timestamp,
    domain::mail_template::{Content, MailTemplate, Purpose},
    ids::{AttachmentId, CampaignId, ClientId, TemplateId},
    store::{
        Db, Row, StoreError,
        canned_texts::{Reach, words},
        write::Statement,
    },
};

pub(super) const STATEMENTS: &[&str] = &[LIST, FIND, SHOWING, INSERT, UPDATE, ARCHIVE, RESTORE];

/// Scopes as those of canned texts ($1 to $5); $6 a purpose or nothing, $7 `1` with those put away. Their HTML is left to [`FIND`].
const LIST: &str = "SELECT id, client_id, campaign_id, purpose, name, subject, '', NULL, version, created_at, updated_at, archived_at \
     FROM templates \
     WHERE ($1 = '*' OR $1 LIKE '%' || client_id || '%' OR $3 LIKE '%' || campaign_id || '%' \
     OR (campaign_id IS NULL AND $2 LIKE '%' || client_id || '%')) \
     AND ($4 = '' OR campaign_id = $4 OR (campaign_id IS NULL AND client_id = $5)) \
     AND ($6 = '' OR purpose = $6) AND ($7 = '1' OR archived_at IS NULL) AND id > $8 ORDER BY id LIMIT $9";
const FIND: &str = "SELECT id, client_id, campaign_id, purpose, name, subject, html, text, version, created_at, updated_at, archived_at \
     FROM templates WHERE id = $1";
const SHOWING: &str = "SELECT campaign_id FROM templates WHERE client_id = $1 AND html LIKE '%' || $2 || '%'";
const INSERT: &str = "INSERT INTO templates \
     (id, client_id, campaign_id, purpose, name, subject, html, text, version, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9)";
/// Nothing when somebody else changed it meanwhile.
const UPDATE: &str = "UPDATE templates SET campaign_id = $3, name = $4, subject = $5, html = $6, text = $7, updated_at = $8, \
     version = version + 1 WHERE id = $1 AND version = $2";
/// One that a campaign names stays.
const ARCHIVE: &str = "UPDATE templates SET archived_at = $2 WHERE id = $1 AND archived_at IS NULL \
     AND NOT EXISTS (SELECT 1 FROM campaigns WHERE archived_at IS NULL AND config LIKE '%' || $1 || '%')";
const RESTORE: &str = "UPDATE templates SET archived_at = NULL WHERE id = $1";

/// Which templates.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What can be used in this campaign of this client.
    pub of: Option<(CampaignId, ClientId)>,
    /// For this only.
    pub purpose: Option<Purpose>,
    /// With those put away.
    pub archived: bool,
    /// Behind this one.
    pub after: Option<TemplateId>,
}

/// Up to `limit` templates in order of their creation, without what they say but for the subject.
pub async fn list(db: &Db, reach: &Reach, filter: &Filter, limit: usize) -> Result<Vec<MailTemplate>, StoreError> {
    let [clients, common, campaigns] = words(reach);
    let (campaign, client) =
        filter.of.map_or_else(Default::default, |(campaign, client)| (campaign.to_string(), client.to_string()));
    let purpose = filter.purpose.map_or("", Purpose::as_str);
    let archived = if filter.archived { "1" } else { "" };
    let after = filter.after.map_or_else(String::new, |id| id.to_string());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let args = args![clients, common, campaigns, campaign, client, purpose, archived, after, limit];
    db.rows(LIST, args).await?.iter().map(template).collect()
}

/// One template.
pub async fn find(db: &Db, id: TemplateId) -> Result<Option<MailTemplate>, StoreError> {
    db.row(FIND, args![id.to_string()]).await?.as_ref().map(template).transpose()
}

/// For which campaigns (none = all) the templates of a client are that show this picture.
pub async fn showing(db: &Db, client: ClientId, picture: AttachmentId) -> Result<Vec<Option<CampaignId>>, StoreError> {
    let rows = db.rows(SHOWING, args![client.to_string(), picture.to_string()]).await?;
    rows.iter().map(|row| row.opt_parse(0)).collect()
}

fn template(row: &Row) -> Result<MailTemplate, StoreError> {
    Ok(MailTemplate {
        id: row.parse(0)?,
        client: row.parse(1)?,
        campaign: row.opt_parse(2)?,
        purpose: Purpose::parse(row.text(3)?).ok_or_else(|| StoreError::Damaged("purpose".to_owned()))?,
        name: row.text(4)?.to_owned(),
        content: Content {
            subject: row.text(5)?.to_owned(),
            html: row.text(6)?.to_owned(),
            text: row.opt_text(7)?.map(str::to_owned),
        },
        version: u32::try_from(row.int(8)?).unwrap_or(u32::MAX),
        created_at: row.time(9)?,
        updated_at: row.time(10)?,
        archived_at: row.opt_time(11)?,
    })
}

fn campaign(template: &MailTemplate) -> Option<String> {
    template.campaign.map(|id| id.to_string())
}

/// Creates a template.
pub fn insert(template: &MailTemplate) -> Statement {
    let MailTemplate { id, client, name, purpose, content: Content { subject, html, text }, created_at, .. } = template;
    let (id, client, text) = (id.to_string(), client.to_string(), text.clone());
    let mut args = args![id, client, campaign(template), purpose.as_str(), name.as_str(), subject.as_str(), html.as_str(), text];
    args.push((*created_at).into());
    Statement::new(INSERT, args)
}

/// Changes a template that still has the version before this one's.
pub fn update(template: &MailTemplate) -> Statement {
    let MailTemplate { id, name, content: Content { subject, html, text }, version, updated_at, .. } = template;
    let (before, text) = (i64::from(*version) - 1, text.clone());
    let args =
        args![id.to_string(), before, campaign(template), name.as_str(), subject.as_str(), html.as_str(), text, *updated_at];
    Statement::must(UPDATE, args)
}

/// Puts a template away that no campaign names.
pub fn archive(id: TemplateId, at: Timestamp) -> Statement {
    Statement::must(ARCHIVE, args![id.to_string(), at])
}

/// Takes a template back.
pub fn restore(id: TemplateId) -> Statement {
    Statement::must(RESTORE, args![id.to_string()])
}
