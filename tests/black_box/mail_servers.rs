//! Mail accounts for tests, and the real servers that `scripts/mail.sh` lends: `CENTRALITA_TEST_MAIL` describes them.

use std::path::PathBuf;

use base64::{Engine, prelude::BASE64_STANDARD};
use centralita::{
    auth::secret::{Sealer, SecretText},
    channels::email::settings::Slot,
    ids::ChannelId,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    database::{Database, number},
    installation::Installation,
    world::World,
};

/// The servers.
#[derive(Clone, Deserialize)]
pub(crate) struct Real {
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) smtp: u16,
    pub(crate) submission: u16,
    pub(crate) smtps: u16,
    pub(crate) password: String,
    pub(crate) authority: PathBuf,
    /// Folders of what was delivered, as Dovecot reads them.
    pub(crate) mail: PathBuf,
    /// What Postfix sent.
    pub(crate) sent: PathBuf,
    /// An empty file with an address's name in it: Postfix takes mail for it from now on, which it put off until then.
    pub(crate) grey: PathBuf,
}

impl Real {
    pub(crate) fn here() -> Option<Self> {
        let text = std::env::var("CENTRALITA_TEST_MAIL").ok()?;
        Some(serde_json::from_str(&text).unwrap())
    }

    /// That may reach them.
    pub(crate) fn installation(&self, database: &Database) -> Installation {
        Installation::new(database).with("MAIL__REACH", "anywhere").with("MAIL__AUTHORITY", self.authority.to_str().unwrap())
    }

    /// A good account of `ana`.
    pub(crate) fn account(&self, client: &str, campaign: &str) -> Value {
        json!({ "client": client, "campaign": campaign, "address": "ana@example.com", "from_name": "Ñandú, ayuda", "user": "ana",
            "receives": true, "imap": server(self.imaps, "tls"), "smtp": server(self.submission, "starttls"), "password": self.password })
    }
}

pub(crate) fn server(port: u16, security: &str) -> Value {
    json!({ "host": "localhost", "port": port, "security": security })
}

/// The key of installations with an account of [`insert_account`].
const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// A world whose accounts can be put in without asking their servers, with a client and a campaign.
pub(crate) async fn world_with_mail(installation: Installation) -> (World, String, String) {
    let world = World::of(installation.with("SECRET_KEY", KEY).with("MAIL__REACH", "anywhere")).await;
    let client = world.client("Company").await;
    let campaign = world.campaign(&client, json!({ "max_per_agent": 1_000 })).await;
    (world, client, campaign)
}

/// An account of `ana` with this configuration in a world of [`world_with_mail`].
pub(crate) async fn insert_account(
    world: &World,
    (client, campaign): (&str, &str),
    address: &str,
    config: &Value,
    password: &str,
) -> String {
    let id = format!("01900000-0000-7000-b000-{:012x}", number());
    let account: ChannelId = id.parse().unwrap();
    let sealer = Sealer::new(1, &KEY.into()).unwrap();
    let seal = |slot: Slot, secret: &str| sealer.seal(&slot.sealed_for(account), &SecretText::from(secret)).unwrap();
    let (password, thread) = (seal(Slot::Password, password), seal(Slot::Thread, &BASE64_STANDARD.encode([7; 32])));
    let sql = format!(
        "INSERT INTO channels (id, client_id, campaign_id, kind, name, enabled, created_at) \
         VALUES ('{id}', '{client}', '{campaign}', 'email', 'x', 1, 0); \
         INSERT INTO mail_accounts (id, client_id, campaign_id, address, config, enabled, created_at, updated_at) \
         VALUES ('{id}', '{client}', '{campaign}', '{address}', '{config}', 1, 0, 0); \
         INSERT INTO mail_secrets (account_id, slot, sealed, updated_at) VALUES ('{id}', 'password', '{password}', 0); \
         INSERT INTO mail_secrets (account_id, slot, sealed, updated_at) VALUES ('{id}', 'thread', '{thread}', 0);"
    );
    world.installation.execute(&sql).await;
    // Any change of the configuration has it read again.
    world.admin.patch(&format!("/api/v1/campaigns/{campaign}"), json!({ "weight": 20 })).await.ok();
    id
}
