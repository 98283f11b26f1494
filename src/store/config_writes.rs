//! Changing configuration: statements for the journal. What they change is read back by [`super::config`].

use crate::{
    args,
    clock::Timestamp,
    directory::{BreakType, Project},
    domain::{
        campaign::Member,
        channel::KindSet,
        disposition::{Disposition, System},
        field::Field,
        schedule::Schedule,
        webchat::{Language, Webchat},
    },
    ids::{CampaignId, ChannelId, ClientId, DispositionId, Ids, ProjectId, ScheduleId, UserId},
    store::{Db, StoreError, Value, config::CampaignConfig, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[
    INSERT_CLIENT,
    UPDATE_CLIENT,
    INSERT_PROJECT,
    UPDATE_PROJECT,
    DELETE_PROJECT,
    INSERT_CAMPAIGN,
    UPDATE_CAMPAIGN,
    IDLE_CAMPAIGN,
    ARCHIVE_CAMPAIGN,
    RESTORE_CAMPAIGN,
    PUT_MEMBER,
    DELETE_MEMBER,
    INSERT_CHANNEL,
    UPDATE_CHANNEL,
    SECRETS_OF,
    INSERT_SECRET,
    EXPIRE_SECRET,
    DELETE_SECRET,
    INSERT_DISPOSITION,
    UPDATE_DISPOSITION,
    PLACE_DISPOSITION,
    OFFER_DISPOSITION,
    DELETE_DISPOSITION,
    INSERT_BREAK,
    UPDATE_BREAK,
    INSERT_FIELD,
    UPDATE_FIELD,
    INSERT_SCHEDULE,
    UPDATE_SCHEDULE,
    DELETE_SCHEDULE,
];

const INSERT_CLIENT: &str = "INSERT INTO clients (id, name, zone, enabled, created_at, language) VALUES ($1, $2, $3, $4, $5, $6)";
const UPDATE_CLIENT: &str = "UPDATE clients SET name = $2, zone = $3, enabled = $4, language = $5 WHERE id = $1";
const INSERT_CAMPAIGN: &str =
    "INSERT INTO campaigns (id, client_id, name, enabled, config, created_at, project_id) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const UPDATE_CAMPAIGN: &str = "UPDATE campaigns SET name = $2, enabled = $3, config = $4, project_id = $5, revision = revision + 1 \
     WHERE id = $1";
/// What a campaign must be without to be switched off (S1-39). Open conversations are few beside all there ever were: their
/// index leads, not the campaign's.
macro_rules! idle {
    ($set:literal) => {
        concat!(
            "UPDATE campaigns SET ",
            $set,
            " WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM members m WHERE m.campaign_id = $1) \
             AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.is_open = 1 AND c.campaign_id || '' = $1)"
        )
    };
}
const IDLE_CAMPAIGN: &str = idle!("enabled = 0");
const ARCHIVE_CAMPAIGN: &str = concat!(
    idle!("enabled = 0, archived_at = $2"),
    " AND NOT EXISTS (SELECT 1 FROM channels h WHERE h.campaign_id = $1 AND h.enabled = 1)"
);
const RESTORE_CAMPAIGN: &str = "UPDATE campaigns SET archived_at = NULL WHERE id = $1";
const INSERT_PROJECT: &str = "INSERT INTO projects (id, client_id, name, enabled, created_at) VALUES ($1, $2, $3, $4, $5)";
const UPDATE_PROJECT: &str = "UPDATE projects SET name = $2, enabled = $3 WHERE id = $1";
/// One that a campaign belongs to stays.
const DELETE_PROJECT: &str = "DELETE FROM projects WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM campaigns WHERE project_id = $1)";
/// Who is a member already has joined when they did.
const PUT_MEMBER: &str = "INSERT INTO members (campaign_id, user_id, penalty, position, joined_at, delay_seconds, receive, initiate) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (campaign_id, user_id) DO UPDATE SET penalty = excluded.penalty, \
     position = excluded.position, delay_seconds = excluded.delay_seconds, receive = excluded.receive, \
     initiate = excluded.initiate";
const DELETE_MEMBER: &str = "DELETE FROM members WHERE campaign_id = $1 AND user_id = $2";
const INSERT_CHANNEL: &str = "INSERT INTO channels (id, client_id, campaign_id, kind, name, enabled, endpoint, created_at, webchat) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const UPDATE_CHANNEL: &str =
    "UPDATE channels SET campaign_id = $2, name = $3, enabled = $4, endpoint = $5, webchat = $6 WHERE id = $1";
const SECRETS_OF: &str =
    "SELECT id, created_at, expires_at FROM channel_secrets WHERE channel_id = $1 ORDER BY created_at DESC, id DESC";
const INSERT_SECRET: &str =
    "INSERT INTO channel_secrets (id, channel_id, sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
const EXPIRE_SECRET: &str = "UPDATE channel_secrets SET expires_at = $3 WHERE id = $1 AND channel_id = $2";
const DELETE_SECRET: &str = "DELETE FROM channel_secrets WHERE id = $1 AND channel_id = $2";
const INSERT_DISPOSITION: &str = "INSERT INTO dispositions \
     (id, client_id, parent_id, name, enabled, created_at, position, system, offered) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
/// Not below itself, whatever became of the tree since that was checked.
const UPDATE_DISPOSITION: &str = "UPDATE dispositions SET parent_id = $2, name = $3, enabled = $4, position = $5 WHERE id = $1 \
     AND coalesce(CAST($2 AS TEXT), '') NOT IN (WITH RECURSIVE branch (id) AS (SELECT id FROM dispositions WHERE id = $1 \
     UNION SELECT node.id FROM dispositions node JOIN branch ON node.parent_id = branch.id) SELECT id FROM branch)";
const PLACE_DISPOSITION: &str = "UPDATE dispositions SET position = $2 WHERE id = $1";
const OFFER_DISPOSITION: &str = "UPDATE dispositions SET offered = 1 WHERE id = $1";
/// What a campaign has offered may be in history, and what has something below it holds it.
const DELETE_DISPOSITION: &str = "DELETE FROM dispositions WHERE id = $1 AND offered = 0 \
     AND NOT EXISTS (SELECT 1 FROM dispositions below WHERE below.parent_id = $1)";
const INSERT_BREAK: &str = "INSERT INTO breaks (id, name, enabled, created_at, minutes, icon) VALUES ($1, $2, $3, $4, $5, $6)";
const UPDATE_BREAK: &str = "UPDATE breaks SET name = $2, enabled = $3, minutes = $4, icon = $5 WHERE id = $1";
const INSERT_FIELD: &str = "INSERT INTO fields (id, client_id, name, kind, options, description, enabled, created_at, key) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const UPDATE_FIELD: &str = "UPDATE fields SET name = $2, options = $3, description = $4, enabled = $5, key = $6 WHERE id = $1";
const INSERT_SCHEDULE: &str = "INSERT INTO schedules (id, client_id, name, config, created_at) VALUES ($1, $2, $3, $4, $5)";
const UPDATE_SCHEDULE: &str = "UPDATE schedules SET name = $2, config = $3 WHERE id = $1";
/// A campaign that names it keeps it.
const DELETE_SCHEDULE: &str =
    "DELETE FROM schedules WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM campaigns WHERE config LIKE '%' || $1 || '%')";

/// Creates a client.
pub fn insert_client(id: ClientId, name: &str, zone: &str, enabled: bool, language: Language, now: Timestamp) -> Statement {
    Statement::new(INSERT_CLIENT, args![id.to_string(), name, zone, enabled, now, language.tag()])
}

/// Changes a client.
pub fn update_client(id: ClientId, name: &str, zone: &str, enabled: bool, language: Language) -> Statement {
    Statement::must(UPDATE_CLIENT, args![id.to_string(), name, zone, enabled, language.tag()])
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// Creates a campaign.
///
/// # Errors
/// [`StoreError::Damaged`] when the configuration has no JSON form.
pub fn insert_campaign(
    id: CampaignId,
    client: ClientId,
    name: &str,
    enabled: bool,
    config: &CampaignConfig,
    project: Option<ProjectId>,
    now: Timestamp,
) -> Result<Statement, StoreError> {
    let mut args = args![id.to_string(), client.to_string(), name, enabled, json(config)?, now];
    args.push(project.map(|id| id.to_string()).into());
    Ok(Statement::new(INSERT_CAMPAIGN, args))
}

/// Changes a campaign.
///
/// # Errors
/// [`StoreError::Damaged`] when the configuration has no JSON form.
pub fn update_campaign(
    id: CampaignId,
    name: &str,
    enabled: bool,
    config: &CampaignConfig,
    project: Option<ProjectId>,
) -> Result<Statement, StoreError> {
    let mut args = args![id.to_string(), name, enabled, json(config)?];
    args.push(project.map(|id| id.to_string()).into());
    Ok(Statement::must(UPDATE_CAMPAIGN, args))
}

/// Switches a campaign off that has neither members nor open conversations; changes nothing of another one.
pub fn idle_campaign(id: CampaignId) -> Statement {
    Statement::must(IDLE_CAMPAIGN, args![id.to_string()])
}

/// Puts a campaign away that has neither members nor open conversations nor a channel that is on; changes nothing of another one.
pub fn archive_campaign(id: CampaignId, at: Timestamp) -> Statement {
    Statement::must(ARCHIVE_CAMPAIGN, args![id.to_string(), at])
}

/// Takes a campaign back; it is still switched off.
pub fn restore_campaign(id: CampaignId) -> Statement {
    Statement::must(RESTORE_CAMPAIGN, args![id.to_string()])
}

/// Creates a project.
pub fn insert_project(project: &Project) -> Statement {
    let Project { id, client, name, enabled, created_at } = project;
    Statement::new(INSERT_PROJECT, args![id.to_string(), client.to_string(), name.as_str(), *enabled, *created_at])
}

/// Changes a project; its client stays.
pub fn update_project(project: &Project) -> Statement {
    Statement::must(UPDATE_PROJECT, args![project.id.to_string(), project.name.as_str(), project.enabled])
}

/// Drops a project without campaigns.
pub fn delete_project(id: ProjectId) -> Statement {
    Statement::must(DELETE_PROJECT, args![id.to_string()])
}

/// Makes somebody a member or changes how they are one.
///
/// # Errors
/// [`StoreError::Damaged`] when the kinds have no JSON form.
pub fn put_member(member: Member) -> Result<Statement, StoreError> {
    let Member { agent, campaign, penalty, position, joined_at, delay_seconds, receive, initiate } = member;
    let (penalty, position, delay) = (i64::from(penalty), i64::from(position), i64::from(delay_seconds));
    let kinds = |set: KindSet| (set != KindSet::ALL).then(|| json(&set.kinds().collect::<Vec<_>>())).transpose();
    let (receive, initiate) = (kinds(receive)?, kinds(initiate)?);
    let args = args![campaign.to_string(), agent.to_string(), penalty, position, joined_at, delay, receive, initiate];
    Ok(Statement::new(PUT_MEMBER, args))
}

/// Takes somebody out of a campaign.
pub fn delete_member(campaign: CampaignId, user: UserId) -> Statement {
    Statement::must(DELETE_MEMBER, args![campaign.to_string(), user.to_string()])
}

/// Takes somebody out of a campaign who may be in it no more.
pub fn drop_member(campaign: CampaignId, user: UserId) -> Statement {
    Statement::new(DELETE_MEMBER, args![campaign.to_string(), user.to_string()])
}

/// A channel's own columns.
pub struct ChannelRow<'a> {
    /// Its id.
    pub id: ChannelId,
    /// Whose.
    pub client: ClientId,
    /// Its one inbound campaign.
    pub campaign: CampaignId,
    /// Of which kind.
    pub kind: crate::domain::channel::ChannelKind,
    /// As shown.
    pub name: &'a str,
    /// Whether it takes anything in.
    pub enabled: bool,
    /// Where answers are posted.
    pub endpoint: Option<&'a str>,
    /// What a web chat looks like and asks.
    pub webchat: Option<&'a Webchat>,
}

/// Creates a channel account.
///
/// # Errors
/// [`StoreError::Damaged`] when the settings have no JSON form.
pub fn insert_channel(row: &ChannelRow<'_>, now: Timestamp) -> Result<Statement, StoreError> {
    let (id, client, campaign) = (row.id.to_string(), row.client.to_string(), row.campaign.to_string());
    let (endpoint, webchat) = (row.endpoint.map(str::to_owned), row.webchat.map(json).transpose()?);
    let args = args![id, client, campaign, row.kind.as_str(), row.name, row.enabled, endpoint, now, webchat];
    Ok(Statement::new(INSERT_CHANNEL, args))
}

/// Changes a channel account; its client and kind stay.
///
/// # Errors
/// [`StoreError::Damaged`] when the settings have no JSON form.
pub fn update_channel(row: &ChannelRow<'_>) -> Result<Statement, StoreError> {
    let (endpoint, webchat) = (row.endpoint.map(str::to_owned), row.webchat.map(json).transpose()?);
    let args = args![row.id.to_string(), row.campaign.to_string(), row.name, row.enabled, endpoint, webchat];
    Ok(Statement::must(UPDATE_CHANNEL, args))
}

/// A signing secret without what it signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretRow {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops counting.
    pub expires_at: Option<Timestamp>,
}

/// The signing secrets of a channel, the newest first.
pub async fn secrets_of(db: &Db, channel: ChannelId) -> Result<Vec<SecretRow>, StoreError> {
    let rows = db.rows(SECRETS_OF, args![channel.to_string()]).await?;
    let secret =
        |row: &super::Row| Ok(SecretRow { id: row.text(0)?.to_owned(), created_at: row.time(1)?, expires_at: row.opt_time(2)? });
    rows.iter().map(secret).collect()
}

/// Adds a signing secret, sealed for its row.
pub fn insert_secret(secret: &SecretRow, channel: ChannelId, sealed: String) -> Statement {
    let SecretRow { id, created_at, expires_at } = secret;
    Statement::new(INSERT_SECRET, args![id.as_str(), channel.to_string(), sealed, *created_at, *expires_at])
}

/// Says when a signing secret stops counting.
pub fn expire_secret(id: &str, channel: ChannelId, at: Option<Timestamp>) -> Statement {
    Statement::must(EXPIRE_SECRET, args![id, channel.to_string(), at])
}

/// Drops a signing secret.
pub fn delete_secret(id: &str, channel: ChannelId) -> Statement {
    Statement::must(DELETE_SECRET, args![id, channel.to_string()])
}

/// Creates a disposition.
pub fn insert_disposition(node: &Disposition, now: Timestamp) -> Statement {
    let Disposition { id, client, parent, name, enabled, position, system, offered } = node;
    let (parent, system) = (parent.map(|id| id.to_string()), system.map(|system| system.as_str().to_owned()));
    let position = i64::from(*position);
    let args = args![id.to_string(), client.to_string(), parent, name.as_str(), *enabled, now, position, system, *offered];
    Statement::new(INSERT_DISPOSITION, args)
}

/// What the product itself closes with, for a new client.
pub fn system_dispositions(client: ClientId, ids: &Ids, now: Timestamp) -> Vec<Statement> {
    let node = |system: System| Disposition {
        id: ids.next(),
        client,
        parent: None,
        name: system.name().to_owned(),
        enabled: true,
        position: 0,
        system: Some(system),
        offered: true,
    };
    System::ALL.into_iter().map(|system| insert_disposition(&node(system), now)).collect()
}

/// Changes a disposition, its place in the tree too.
pub fn update_disposition(node: &Disposition) -> Statement {
    let parent = node.parent.map(|id| id.to_string());
    let position = i64::from(node.position);
    Statement::must(UPDATE_DISPOSITION, args![node.id.to_string(), parent, node.name.as_str(), node.enabled, position])
}

/// Moves a disposition among those beside it.
pub fn place_disposition(id: DispositionId, position: u32) -> Statement {
    Statement::must(PLACE_DISPOSITION, args![id.to_string(), i64::from(position)])
}

/// Notes that a campaign offers a disposition.
pub fn offer_disposition(id: DispositionId) -> Statement {
    Statement::must(OFFER_DISPOSITION, args![id.to_string()])
}

/// Drops a disposition that no campaign has ever offered, with nothing below it.
pub fn delete_disposition(id: DispositionId) -> Statement {
    Statement::must(DELETE_DISPOSITION, args![id.to_string()])
}

/// Creates a type of break.
pub fn insert_break(kind: &BreakType) -> Statement {
    let BreakType { id, name, enabled, minutes, icon, created_at } = kind;
    let mut args = args![id.to_string(), name.as_str(), *enabled, *created_at];
    args.extend([minutes.map_or(Value::NoInt, |minutes| Value::Int(minutes.into())), icon.clone().into()]);
    Statement::new(INSERT_BREAK, args)
}

/// Changes a type of break.
pub fn update_break(kind: &BreakType) -> Statement {
    let BreakType { id, name, enabled, minutes, icon, .. } = kind;
    let minutes = minutes.map_or(Value::NoInt, |minutes| Value::Int(minutes.into()));
    let mut args = args![id.to_string(), name.as_str(), *enabled];
    args.extend([minutes, icon.clone().into()]);
    Statement::must(UPDATE_BREAK, args)
}

/// Creates a dynamic field.
///
/// # Errors
/// [`StoreError::Damaged`] when its options have no JSON form.
pub fn insert_field(field: &Field, now: Timestamp) -> Result<Statement, StoreError> {
    let Field { id, client, name, key, kind, options, description, enabled } = field;
    let (id, client, options) = (id.to_string(), client.to_string(), json(options)?);
    let (kind, description) = (kind.as_str(), description.as_str());
    let args = args![id, client, name.as_str(), kind, options, description, *enabled, now, key.as_str()];
    Ok(Statement::new(INSERT_FIELD, args))
}

/// Changes a dynamic field; its client and kind stay.
///
/// # Errors
/// [`StoreError::Damaged`] when its options have no JSON form.
pub fn update_field(field: &Field) -> Result<Statement, StoreError> {
    let Field { id, name, key, options, description, enabled, .. } = field;
    let args = args![id.to_string(), name.as_str(), json(options)?, description.as_str(), *enabled, key.as_str()];
    Ok(Statement::must(UPDATE_FIELD, args))
}

/// Creates a schedule.
///
/// # Errors
/// [`StoreError::Damaged`] when it has no JSON form.
pub fn insert_schedule(schedule: &Schedule, now: Timestamp) -> Result<Statement, StoreError> {
    let (id, client) = (schedule.id.to_string(), schedule.client.to_string());
    Ok(Statement::new(INSERT_SCHEDULE, args![id, client, schedule.name.as_str(), json(schedule)?, now]))
}

/// Changes a schedule.
///
/// # Errors
/// [`StoreError::Damaged`] when it has no JSON form.
pub fn update_schedule(schedule: &Schedule) -> Result<Statement, StoreError> {
    Ok(Statement::must(UPDATE_SCHEDULE, args![schedule.id.to_string(), schedule.name.as_str(), json(schedule)?]))
}

/// Drops a schedule that no campaign names.
pub fn delete_schedule(id: ScheduleId) -> Statement {
    Statement::must(DELETE_SCHEDULE, args![id.to_string()])
}
