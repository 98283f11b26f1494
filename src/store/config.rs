//! Configuration as the tables have it.

use std::{collections::HashSet, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    args,
    auth::secret::Sealer,
    channels::standard_webhooks::SigningSecret,
    clock::Timestamp,
    directory::{BreakType, Channel, Client, Project, Snapshot, User},
    domain::{
        campaign::{Campaign, CampaignPermissions, Member, OutOfHours},
        channel::{ChannelKind, KindSet},
        closing::Closing,
        disposition::{Disposition, System},
        field::{self, Field},
        holding::Holding,
        mail_settings::MailSettings,
        offering::Offering,
        permission::Role,
        schedule::Schedule,
        service::Service,
        skill::Asking,
        strategy::Strategy,
        waiting::Limits,
        webchat::{Language, Webchat},
    },
    ids::{CampaignId, ChannelId, ClientId, DispositionId, ScheduleId},
    store::{Db, Row, StoreError, mail_accounts, skills},
};

pub(super) const STATEMENTS: &[&str] =
    &[CLIENTS, PROJECTS, CAMPAIGNS, CHANNELS, SECRETS, MEMBERS, DISPOSITIONS, FIELDS, BREAKS, SCHEDULES, USERS];

const PROJECTS: &str = "SELECT id, client_id, name, enabled, created_at FROM projects";
const CAMPAIGNS: &str = "SELECT id, client_id, name, enabled, config, created_at, project_id, archived_at, revision \
     FROM campaigns";
const CLIENTS: &str = "SELECT id, name, zone, enabled, created_at, language FROM clients";
const CHANNELS: &str = "SELECT id, client_id, campaign_id, kind, name, enabled, endpoint, created_at, webchat FROM channels";
const SECRETS: &str = "SELECT id, channel_id, sealed FROM channel_secrets WHERE expires_at IS NULL OR expires_at > $1 \
     ORDER BY created_at DESC, id DESC";
const MEMBERS: &str = "SELECT campaign_id, user_id, penalty, position, joined_at, delay_seconds, receive, initiate FROM members \
     ORDER BY campaign_id, user_id";
const DISPOSITIONS: &str = "SELECT id, client_id, parent_id, name, enabled, position, system, offered FROM dispositions";
const FIELDS: &str = "SELECT id, client_id, name, kind, options, description, enabled, key FROM fields ORDER BY id";
const BREAKS: &str = "SELECT id, name, enabled, created_at, minutes, icon FROM breaks";
const SCHEDULES: &str = "SELECT id, config FROM schedules";
const USERS: &str = "SELECT id, login, name, role, scopes, capacity, enabled, created_at, \
     CAST(CASE password WHEN '' THEN 0 ELSE 1 END AS BIGINT), voice, skills FROM users";

/// What a campaign's `config` column holds: everything but its own columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct CampaignConfig {
    /// See [`Campaign`].
    pub weight: u8,
    /// See [`Campaign`].
    pub strategy: Strategy,
    /// See [`Campaign`].
    pub limits: Limits,
    /// See [`Campaign`].
    pub asking: Asking,
    /// See [`Campaign`].
    pub service: Service,
    /// See [`Campaign`].
    pub schedule: Option<ScheduleId>,
    /// See [`Campaign`].
    pub out_of_hours: OutOfHours,
    /// See [`Campaign`].
    pub out_of_hours_message: Option<String>,
    /// See [`Campaign`].
    pub max_per_agent: u32,
    /// See [`Campaign`].
    pub auto_accept: bool,
    /// See [`Campaign`].
    pub offer_seconds: u32,
    /// See [`Campaign`].
    pub offering: Offering,
    /// See [`Campaign`].
    pub transfer_seconds: u32,
    /// See [`Campaign`].
    pub wrap_up_seconds: u32,
    /// See [`Campaign`].
    pub closing: Closing,
    /// See [`Campaign`].
    pub holding: Holding,
    /// See [`Campaign`].
    pub mail: MailSettings,
    /// See [`Campaign`].
    pub permissions: CampaignPermissions,
    /// See [`Campaign`].
    pub fields: Vec<field::Use>,
    /// See [`Campaign`].
    pub dispositions: Vec<DispositionId>,
    /// See [`Campaign`].
    pub transfer_disposition: Option<DispositionId>,
}

/// Working defaults (S4-15).
impl Default for CampaignConfig {
    fn default() -> Self {
        Self {
            weight: 1,
            strategy: Strategy::default(),
            limits: Limits::default(),
            asking: Asking::default(),
            service: Service::default(),
            schedule: None,
            out_of_hours: OutOfHours::Queue,
            out_of_hours_message: None,
            max_per_agent: 5,
            auto_accept: false,
            offer_seconds: 20,
            offering: Offering::default(),
            transfer_seconds: 30,
            wrap_up_seconds: 0,
            closing: Closing::default(),
            holding: Holding::default(),
            mail: MailSettings::default(),
            permissions: CampaignPermissions::default(),
            fields: Vec::new(),
            dispositions: Vec::new(),
            transfer_disposition: None,
        }
    }
}

impl CampaignConfig {
    /// The campaign with these columns and this configuration, of no project and not archived.
    pub fn into_campaign(self, id: CampaignId, client: ClientId, name: String, enabled: bool) -> Campaign {
        Campaign {
            id,
            client,
            project: None,
            archived_at: None,
            name,
            enabled,
            revision: 1,
            weight: self.weight,
            strategy: self.strategy,
            limits: self.limits,
            asking: self.asking,
            service: self.service,
            schedule: self.schedule,
            out_of_hours: self.out_of_hours,
            out_of_hours_message: self.out_of_hours_message,
            max_per_agent: self.max_per_agent,
            auto_accept: self.auto_accept,
            offer_seconds: self.offer_seconds,
            offering: self.offering,
            transfer_seconds: self.transfer_seconds,
            wrap_up_seconds: self.wrap_up_seconds,
            closing: self.closing,
            holding: self.holding,
            mail: self.mail,
            permissions: self.permissions,
            fields: self.fields,
            dispositions: self.dispositions,
            transfer_disposition: self.transfer_disposition,
        }
    }

    /// The configuration of a campaign.
    pub fn of(campaign: &Campaign) -> Self {
        Self {
            weight: campaign.weight,
            strategy: campaign.strategy,
            limits: campaign.limits.clone(),
            asking: campaign.asking.clone(),
            service: campaign.service,
            schedule: campaign.schedule,
            out_of_hours: campaign.out_of_hours,
            out_of_hours_message: campaign.out_of_hours_message.clone(),
            max_per_agent: campaign.max_per_agent,
            auto_accept: campaign.auto_accept,
            offer_seconds: campaign.offer_seconds,
            offering: campaign.offering,
            transfer_seconds: campaign.transfer_seconds,
            wrap_up_seconds: campaign.wrap_up_seconds,
            closing: campaign.closing.clone(),
            holding: campaign.holding,
            mail: campaign.mail.clone(),
            permissions: campaign.permissions,
            fields: campaign.fields.clone(),
            dispositions: campaign.dispositions.clone(),
            transfer_disposition: campaign.transfer_disposition,
        }
    }
}

/// Reads all configuration. A secret that cannot be opened is reported and left out: its channel then refuses everything.
pub async fn load(db: &Db, sealer: &Sealer, now: Timestamp) -> Result<Snapshot, StoreError> {
    let mut snapshot = Snapshot::default();
    for row in db.rows(CLIENTS, vec![]).await? {
        let client = client(&row)?;
        snapshot.clients.insert(client.id, Arc::new(client));
    }
    for row in db.rows(PROJECTS, vec![]).await? {
        let project = Project {
            id: row.parse(0)?,
            client: row.parse(1)?,
            name: row.text(2)?.to_owned(),
            enabled: row.int(3)? != 0,
            created_at: row.time(4)?,
        };
        snapshot.projects.insert(project.id, Arc::new(project));
    }
    for row in db.rows(SCHEDULES, vec![]).await? {
        let schedule: Schedule = row.json(1)?;
        snapshot.schedules.insert(schedule.id, Arc::new(schedule));
    }
    for row in db.rows(CAMPAIGNS, vec![]).await? {
        let config: CampaignConfig = row.json(4)?;
        let mut campaign = config.into_campaign(row.parse(0)?, row.parse(1)?, row.text(2)?.to_owned(), row.int(3)? != 0);
        (campaign.project, campaign.archived_at) = (row.opt_parse(6)?, row.opt_time(7)?);
        campaign.revision = u32::try_from(row.int(8)?).unwrap_or(u32::MAX);
        snapshot.campaigns_created.insert(campaign.id, row.time(5)?);
        snapshot.campaigns.insert(campaign.id, Arc::new(campaign));
    }
    for row in db.rows(MEMBERS, vec![]).await? {
        let member = member(&row)?;
        snapshot.members.entry(member.campaign).or_default().push(member);
        snapshot.memberships.entry(member.agent).or_default().push(member);
    }
    for row in db.rows(DISPOSITIONS, vec![]).await? {
        let node = Disposition {
            id: row.parse(0)?,
            client: row.parse(1)?,
            parent: row.opt_parse(2)?,
            name: row.text(3)?.to_owned(),
            enabled: row.int(4)? != 0,
            position: u32::try_from(row.int(5)?).unwrap_or(0),
            system: row.opt_text(6)?.and_then(System::parse),
            offered: row.int(7)? != 0,
        };
        if let Some(system) = node.system {
            snapshot.system_dispositions.insert((node.client, system), node.id);
        }
        snapshot.dispositions.insert(node.id, Arc::new(node));
    }
    let mut fields = db.rows(FIELDS, vec![]).await?.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    fill_keys(&mut fields);
    snapshot.fields.extend(fields.into_iter().map(|field| (field.id, Arc::new(field))));
    for row in db.rows(BREAKS, vec![]).await? {
        let kind = BreakType {
            id: row.parse(0)?,
            name: row.text(1)?.to_owned(),
            enabled: row.int(2)? != 0,
            created_at: row.time(3)?,
            minutes: row.opt_int(4)?.and_then(|minutes| u16::try_from(minutes).ok()),
            icon: row.opt_text(5)?.map(str::to_owned),
        };
        snapshot.breaks.insert(kind.id, Arc::new(kind));
    }
    for row in db.rows(USERS, vec![]).await? {
        let user = user(&row)?;
        snapshot.users.insert(user.id, Arc::new(user));
    }
    skills::load(db, &mut snapshot).await?;
    load_channels(db, sealer, now, &mut snapshot).await?;
    mail_accounts::load(db, sealer, &mut snapshot).await?;
    Ok(snapshot)
}

async fn load_channels(db: &Db, sealer: &Sealer, now: Timestamp, snapshot: &mut Snapshot) -> Result<(), StoreError> {
    let mut channels: Vec<Channel> = db.rows(CHANNELS, vec![]).await?.iter().map(channel).collect::<Result<_, _>>()?;
    for row in db.rows(SECRETS, args![now]).await? {
        let (id, of): (&str, ChannelId) = (row.text(0)?, row.parse(1)?);
        let Some(channel) = channels.iter_mut().find(|channel| channel.id == of) else { continue };
        let opened = sealer.open(id, row.text(2)?).ok().and_then(|text| text.expose().parse::<SigningSecret>().ok());
        match opened {
            Some(secret) => channel.secrets.push(secret),
            None => tracing::error!(channel = %of, secret = id, "a signing secret cannot be opened with this secret key"),
        }
    }
    snapshot.channels = channels.into_iter().map(|channel| (channel.id, Arc::new(channel))).collect();
    Ok(())
}

fn client(row: &Row) -> Result<Client, StoreError> {
    Ok(Client {
        id: row.parse(0)?,
        name: row.text(1)?.to_owned(),
        zone: row.text(2)?.to_owned(),
        enabled: row.int(3)? != 0,
        created_at: row.time(4)?,
        language: Language::of_tag(row.text(5)?),
    })
}

fn member(row: &Row) -> Result<Member, StoreError> {
    let kinds = |column| match row.opt_text(column)? {
        Some(_) => Ok(row.json::<Vec<ChannelKind>>(column)?.into_iter().collect()),
        None => Ok::<_, StoreError>(KindSet::ALL),
    };
    Ok(Member {
        campaign: row.parse(0)?,
        agent: row.parse(1)?,
        penalty: u8::try_from(row.int(2)?).unwrap_or(100),
        position: u32::try_from(row.int(3)?).unwrap_or(0),
        joined_at: row.time(4)?,
        delay_seconds: u32::try_from(row.int(5)?).unwrap_or(0),
        receive: kinds(6)?,
        initiate: kinds(7)?,
    })
}

fn channel(row: &Row) -> Result<Channel, StoreError> {
    Ok(Channel {
        id: row.parse(0)?,
        client: row.parse(1)?,
        campaign: row.parse(2)?,
        kind: ChannelKind::parse(row.text(3)?).ok_or_else(|| StoreError::Damaged("channel kind".to_owned()))?,
        name: row.text(4)?.to_owned(),
        enabled: row.int(5)? != 0,
        endpoint: row.opt_text(6)?.map(str::to_owned),
        webchat: if row.opt_text(8)?.is_some() { row.json(8)? } else { Webchat::default() },
        secrets: Vec::new(),
        created_at: row.time(7)?,
    })
}

fn field(row: &Row) -> Result<Field, StoreError> {
    Ok(Field {
        id: row.parse(0)?,
        client: row.parse(1)?,
        name: row.text(2)?.to_owned(),
        kind: field::Kind::parse(row.text(3)?).ok_or_else(|| StoreError::Damaged("field kind".to_owned()))?,
        options: row.json(4)?,
        description: row.text(5)?.to_owned(),
        enabled: row.int(6)? != 0,
        key: row.opt_text(7)?.unwrap_or_default().to_owned(),
    })
}

/// Fields from before there were keys get theirs here, the oldest first, until somebody changes them: the same at every start.
fn fill_keys(fields: &mut [Field]) {
    let mut taken: HashSet<_> = fields.iter().map(|field| (field.client, field.key.clone())).collect();
    for field in fields.iter_mut().filter(|field| field.key.is_empty()) {
        field.key = field::key_of(&field.name, |key| taken.contains(&(field.client, key.to_owned())));
        taken.insert((field.client, field.key.clone()));
    }
}

fn user(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: row.parse(0)?,
        login: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        role: Role::parse(row.text(3)?).ok_or_else(|| StoreError::Damaged("role".to_owned()))?,
        scopes: row.json(4)?,
        capacity: u32::try_from(row.int(5)?).unwrap_or(100),
        enabled: row.int(6)? != 0,
        created_at: row.time(7)?,
        has_password: row.int(8)? != 0,
        skills: if row.opt_text(10)?.is_some() { row.json(10)? } else { Vec::new() },
        voice: row.int(9)? != 0,
    })
}
