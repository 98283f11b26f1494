//! Changing configuration: statements for the journal. What they change is read back by [`super::config`].

use crate::{
    args,
    clock::Timestamp,
    directory::BreakType,
    domain::{
        campaign::Member,
        channel::KindSet,
        disposition::Disposition,
        field::Field,
        schedule::Schedule,
        webchat::{Language, Webchat},
    },
    ids::{CampaignId, ChannelId, ClientId, ScheduleId, UserId},
    store::{Db, StoreError, Value, config::CampaignConfig, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[
    INSERT_CLIENT,
    UPDATE_CLIENT,
    INSERT_CAMPAIGN,
    UPDATE_CAMPAIGN,
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
    "INSERT INTO campaigns (id, client_id, name, enabled, config, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
const UPDATE_CAMPAIGN: &str = "UPDATE campaigns SET name = $2, enabled = $3, config = $4 WHERE id = $1";
/// Who is a member already has joined when they did.
const PUT_MEMBER: &str = "INSERT INTO members (campaign_id, user_id, penalty, position, joined_at, delay_seconds, receive) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (campaign_id, user_id) DO UPDATE SET penalty = excluded.penalty, \
     position = excluded.position, delay_seconds = excluded.delay_seconds, receive = excluded.receive";
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
const INSERT_DISPOSITION: &str =
    "INSERT INTO dispositions (id, client_id, parent_id, name, enabled, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
const UPDATE_DISPOSITION: &str = "UPDATE dispositions SET name = $2, enabled = $3 WHERE id = $1";
const INSERT_BREAK: &str = "INSERT INTO breaks (id, name, enabled, created_at, minutes, icon) VALUES ($1, $2, $3, $4, $5, $6)";
const UPDATE_BREAK: &str = "UPDATE breaks SET name = $2, enabled = $3, minutes = $4, icon = $5 WHERE id = $1";
const INSERT_FIELD: &str = "INSERT INTO fields (id, client_id, name, kind, options, description, enabled, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const UPDATE_FIELD: &str = "UPDATE fields SET name = $2, options = $3, description = $4, enabled = $5 WHERE id = $1";
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
    now: Timestamp,
) -> Result<Statement, StoreError> {
    let args = args![id.to_string(), client.to_string(), name, enabled, json(config)?, now];
    Ok(Statement::new(INSERT_CAMPAIGN, args))
}

/// Changes a campaign.
///
/// # Errors
/// [`StoreError::Damaged`] when the configuration has no JSON form.
pub fn update_campaign(id: CampaignId, name: &str, enabled: bool, config: &CampaignConfig) -> Result<Statement, StoreError> {
    Ok(Statement::must(UPDATE_CAMPAIGN, args![id.to_string(), name, enabled, json(config)?]))
}

/// Makes somebody a member or changes how they are one.
///
/// # Errors
/// [`StoreError::Damaged`] when the kinds have no JSON form.
pub fn put_member(member: Member) -> Result<Statement, StoreError> {
    let Member { agent, campaign, penalty, position, joined_at, delay_seconds, receive } = member;
    let (penalty, position, delay) = (i64::from(penalty), i64::from(position), i64::from(delay_seconds));
    let receive = (receive != KindSet::ALL).then(|| json(&receive.kinds().collect::<Vec<_>>())).transpose()?;
    let args = args![campaign.to_string(), agent.to_string(), penalty, position, joined_at, delay, receive];
    Ok(Statement::new(PUT_MEMBER, args))
}

/// Takes somebody out of a campaign.
pub fn delete_member(campaign: CampaignId, user: UserId) -> Statement {
    Statement::must(DELETE_MEMBER, args![campaign.to_string(), user.to_string()])
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
    let parent = node.parent.map_or(Value::NoText, |id| Value::Text(id.to_string()));
    let mut args = args![node.id.to_string(), node.client.to_string()];
    args.push(parent);
    args.extend(args![node.name.as_str(), node.enabled, now]);
    Statement::new(INSERT_DISPOSITION, args)
}

/// Changes a disposition; its place in the tree stays.
pub fn update_disposition(node: &Disposition) -> Statement {
    Statement::must(UPDATE_DISPOSITION, args![node.id.to_string(), node.name.as_str(), node.enabled])
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
    let Field { id, client, name, kind, options, description, enabled } = field;
    let (id, client, options) = (id.to_string(), client.to_string(), json(options)?);
    let args = args![id, client, name.as_str(), kind.as_str(), options, description.as_str(), *enabled, now];
    Ok(Statement::new(INSERT_FIELD, args))
}

/// Changes a dynamic field; its client and kind stay.
///
/// # Errors
/// [`StoreError::Damaged`] when its options have no JSON form.
pub fn update_field(field: &Field) -> Result<Statement, StoreError> {
    let Field { id, name, options, description, enabled, .. } = field;
    let args = args![id.to_string(), name.as_str(), json(options)?, description.as_str(), *enabled];
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
