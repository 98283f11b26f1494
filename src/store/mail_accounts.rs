//! Mail accounts and their secrets. An account with a campaign is a channel account too: both rows are written together.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rand::Rng;

use crate::{
    args,
    auth::secret::{Sealer, SecretText},
    channels::email::{
        settings::{MailAccount, Secrets, Settings, Slot},
        understand::ThreadKey,
    },
    clock::Timestamp,
    directory::Snapshot,
    domain::channel::ChannelKind,
    ids::{CampaignId, ChannelId, ClientId},
    store::{Db, StoreError, mail_providers, mail_sending, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[ALL, SECRETS, INSERT, UPDATE, PUT_SECRET, DROP_SECRET, PUT_CHANNEL, CLOSE_CHANNEL];

const ALL: &str =
    "SELECT id, client_id, campaign_id, address, config, enabled, created_at, updated_at, archived_at FROM mail_accounts";
const SECRETS: &str = "SELECT account_id, slot, sealed FROM mail_secrets";
const INSERT: &str = "INSERT INTO mail_accounts (id, client_id, campaign_id, address, config, enabled, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";
const UPDATE: &str = "UPDATE mail_accounts SET campaign_id = $2, config = $3, enabled = $4, updated_at = $5, archived_at = $6 \
     WHERE id = $1";
const PUT_SECRET: &str = "INSERT INTO mail_secrets (account_id, slot, sealed, updated_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (account_id, slot) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at";
const DROP_SECRET: &str = "DELETE FROM mail_secrets WHERE account_id = $1 AND slot = $2";
const PUT_CHANNEL: &str = "INSERT INTO channels (id, client_id, campaign_id, kind, name, enabled, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET campaign_id = excluded.campaign_id, enabled = excluded.enabled";
const CLOSE_CHANNEL: &str = "UPDATE channels SET enabled = 0 WHERE id = $1";

/// An account to be written.
#[derive(Clone, Debug)]
pub struct AccountRow<'a> {
    /// Which.
    pub id: ChannelId,
    /// Whose; stays.
    pub client: ClientId,
    /// Where its mails become conversations.
    pub campaign: Option<CampaignId>,
    /// In lower case; stays.
    pub address: &'a str,
    /// What is set.
    pub settings: &'a Settings,
    /// On or off.
    pub enabled: bool,
    /// When it was put away.
    pub archived_at: Option<Timestamp>,
}

impl AccountRow<'_> {
    fn channel(&self, now: Timestamp) -> Statement {
        let enabled = self.enabled && self.archived_at.is_none();
        match self.campaign {
            Some(campaign) => {
                let ids = (self.id.to_string(), self.client.to_string(), campaign.to_string());
                let args = args![ids.0, ids.1, ids.2, ChannelKind::Email.as_str(), self.address, enabled, now];
                Statement::new(PUT_CHANNEL, args)
            }
            None => Statement::new(CLOSE_CHANNEL, args![self.id.to_string()]),
        }
    }
}

/// A new account.
///
/// # Errors
/// [`StoreError::Damaged`] when the settings have no JSON form.
pub fn insert(row: &AccountRow<'_>, now: Timestamp) -> Result<Vec<Statement>, StoreError> {
    let (id, client) = (row.id.to_string(), row.client.to_string());
    let campaign = row.campaign.map(|id| id.to_string());
    let args = args![id, client, campaign, row.address, json(row.settings)?, row.enabled, now];
    Ok(vec![Statement::new(INSERT, args), row.channel(now)])
}

/// Changes an account; its client and address stay. Why it could not send is for the next attempt to find out.
///
/// # Errors
/// [`StoreError::Damaged`] when the settings have no JSON form.
pub fn update(row: &AccountRow<'_>, now: Timestamp) -> Result<Vec<Statement>, StoreError> {
    let campaign = row.campaign.map(|id| id.to_string());
    let args = args![row.id.to_string(), campaign, json(row.settings)?, row.enabled, now, row.archived_at];
    Ok(vec![Statement::must(UPDATE, args), row.channel(now), mail_sending::no_trouble(row.id)])
}

/// Puts a secret into its slot.
///
/// # Errors
/// [`StoreError::Damaged`] when it is too long to be sealed.
pub fn put_secret(
    account: ChannelId,
    slot: Slot,
    secret: &SecretText,
    sealer: &Sealer,
    now: Timestamp,
) -> Result<Statement, StoreError> {
    let sealed = sealer.seal(&slot.sealed_for(account), secret).map_err(|error| StoreError::Damaged(error.to_string()))?;
    Ok(Statement::new(PUT_SECRET, args![account.to_string(), slot.as_str(), sealed, now]))
}

/// A new key for an account's threads; with it every new account begins.
///
/// # Errors
/// As [`put_secret`].
pub fn put_thread_key(account: ChannelId, sealer: &Sealer, now: Timestamp) -> Result<Statement, StoreError> {
    let mut key = [0_u8; 32];
    rand::rng().fill_bytes(&mut key);
    put_secret(account, Slot::Thread, &SecretText::new(BASE64_STANDARD.encode(key)), sealer, now)
}

/// Empties a slot.
pub fn drop_secret(account: ChannelId, slot: Slot) -> Statement {
    Statement::new(DROP_SECRET, args![account.to_string(), slot.as_str()])
}

fn json(settings: &Settings) -> Result<String, StoreError> {
    serde_json::to_string(settings).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// Every account, into the directory. A secret that cannot be opened is missing there, and said loudly.
pub(super) async fn load(db: &Db, sealer: &Sealer, snapshot: &mut Snapshot) -> Result<(), StoreError> {
    let mut accounts = Vec::new();
    for row in db.rows(ALL, vec![]).await? {
        accounts.push(MailAccount {
            id: row.parse(0)?,
            client: row.parse(1)?,
            campaign: row.opt_text(2)?.map(|_| row.parse(2)).transpose()?,
            address: row.text(3)?.to_owned(),
            settings: row.json(4)?,
            enabled: row.int(5)? != 0,
            secrets: Secrets::default(),
            signed_in: None,
            threads: Vec::new(),
            created_at: row.time(6)?,
            updated_at: row.time(7)?,
            archived_at: row.opt_time(8)?,
        });
    }
    for row in db.rows(SECRETS, vec![]).await? {
        let of: ChannelId = row.parse(0)?;
        let (Some(account), Some(slot)) = (accounts.iter_mut().find(|account| account.id == of), Slot::parse(row.text(1)?))
        else {
            continue;
        };
        let Ok(secret) = sealer.open(&slot.sealed_for(of), row.text(2)?) else {
            tracing::error!(account = %of, slot = slot.as_str(), "a secret of a mail account cannot be opened with this secret key");
            continue;
        };
        match slot {
            Slot::Password => account.secrets.password = Some(secret),
            Slot::Sending => account.secrets.sending = Some(secret),
            Slot::Refresh => account.secrets.refresh = Some(secret),
            Slot::Thread => account.threads.extend(thread_key(&secret, account.client, of)),
        }
    }
    for (of, signed_in) in mail_providers::sign_ins(db).await? {
        if let Some(account) = accounts.iter_mut().find(|account| account.id == of) {
            account.signed_in = Some(signed_in);
        }
    }
    snapshot.mail_accounts = accounts.into_iter().map(|account| (account.id, Arc::new(account))).collect();
    Ok(())
}

fn thread_key(secret: &SecretText, client: ClientId, account: ChannelId) -> Option<ThreadKey> {
    let key: [u8; 32] = BASE64_STANDARD.decode(secret.expose()).ok()?.try_into().ok()?;
    Some(ThreadKey::new(&key, client, account))
}
