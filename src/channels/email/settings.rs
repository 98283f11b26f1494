//! A mail account as it is kept: its settings in one piece, its secrets apart.

use serde::{Deserialize, Serialize};

use super::{
    oauth::provider::ProviderKind,
    post::account::{Account, Credentials, Folders, Proof, SendingLogin, Server},
    understand::ThreadKey,
};
use crate::{
    auth::secret::SecretText,
    clock::Timestamp,
    ids::{CampaignId, ChannelId, ClientId, UserId},
};

/// A mail account.
#[derive(Debug)]
pub struct MailAccount {
    /// Its id. One with a campaign is a channel account too, under the same id.
    pub id: ChannelId,
    /// Whose.
    pub client: ClientId,
    /// Where its mails become conversations. None: it only sends.
    pub campaign: Option<CampaignId>,
    /// The address mails come to and go from, in lower case.
    pub address: String,
    /// What was set.
    pub settings: Settings,
    /// Switched off: takes nothing in, sends nothing.
    pub enabled: bool,
    /// What it signs in with.
    pub secrets: Secrets,
    /// Who signed it in at a provider, where it signs in with what that gives.
    pub signed_in: Option<SignedIn>,
    /// What its threads are signed with: the key in force first.
    pub threads: Vec<ThreadKey>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed: its version.
    pub updated_at: Timestamp,
    /// When it was put away.
    pub archived_at: Option<Timestamp>,
}

/// What is set of a mail account (S0-14…S0-23, S4-8…S4-13, S4-18, S4-27).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The sender's name that people read.
    #[serde(default)]
    pub from_name: String,
    /// Where mail is received; none when it only sends.
    #[serde(default)]
    pub imap: Option<Server>,
    /// Mails that come in become conversations (S4-18).
    #[serde(default)]
    pub receives: bool,
    /// Where mail is handed over.
    pub smtp: Server,
    /// The login, often the address.
    pub user: String,
    /// How it signs in.
    #[serde(default)]
    pub login: Login,
    /// Who signs in to send.
    #[serde(default)]
    pub sending: Sending,
    /// The folders.
    #[serde(default)]
    pub folders: Folders,
    /// How many mails may leave in how many hours (S0-21…S0-23); none = as many as there are.
    #[serde(default)]
    pub quota: Option<Quota>,
    /// The name under which the receiving server signs what it found out about a sender (RFC 8601); none = it is not asked.
    #[serde(default)]
    pub trusted_authserv: Option<String>,
    /// Mail that lies in the folder already when it is first read comes in, too; otherwise only what arrives from then on.
    #[serde(default)]
    pub takes_existing: bool,
}

/// How an account signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "MailLogin")]
#[schema(as = MailLogin)]
pub enum Login {
    /// A password, or a password made for one application.
    #[default]
    Password,
    /// Tokens of OAuth 2 (SASL XOAUTH2).
    Oauth,
}

/// That an account was signed in at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// At which.
    pub provider: ProviderKind,
    /// By whom of the staff.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
}

/// Who signs in where mail is handed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sending {
    /// As for receiving.
    #[default]
    Same,
    /// A relay with a login of its own and the secret of [`Slot::Sending`].
    Own {
        /// The login.
        user: String,
    },
    /// A relay of the house that asks nobody.
    Nobody,
}

/// How many mails may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "MailQuota")]
#[schema(as = MailQuota)]
pub struct Quota {
    /// In so many hours, 1 to 720.
    pub hours: u16,
    /// So many, 1 to 1,000,000.
    pub mails: u32,
}

/// Which secret of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The password.
    Password,
    /// The password of the relay.
    Sending,
    /// The refresh token of OAuth 2.
    Refresh,
    /// The key of its threads: 32 random bytes in base64, made with the account.
    Thread,
}

impl Slot {
    /// Every slot.
    pub const ALL: [Self; 4] = [Self::Password, Self::Sending, Self::Refresh, Self::Thread];

    /// The word stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Sending => "sending",
            Self::Refresh => "refresh",
            Self::Thread => "thread",
        }
    }

    /// From the word stored in the database.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.as_str() == word)
    }

    /// What a secret in this slot is sealed for.
    pub fn sealed_for(self, account: ChannelId) -> String {
        format!("{account}:{}", self.as_str())
    }
}

/// What an account signs in with. Prints as `***`.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// [`Slot::Password`].
    pub password: Option<SecretText>,
    /// [`Slot::Sending`].
    pub sending: Option<SecretText>,
    /// [`Slot::Refresh`].
    pub refresh: Option<SecretText>,
}

impl MailAccount {
    /// Whether mails are to be fetched from it.
    pub fn receives(&self) -> bool {
        self.enabled
            && self.archived_at.is_none()
            && self.settings.receives
            && self.settings.imap.is_some()
            && self.campaign.is_some()
    }

    /// With everything a server is asked with; none while its password is not there or cannot be opened. `token` is an access
    /// token in force, where it signs in with one.
    pub fn account(&self, token: Option<&SecretText>) -> Option<Account> {
        let Settings { from_name, imap, smtp, user, login, sending, folders, .. } = &self.settings;
        let proof = match login {
            Login::Password => Proof::Password(self.secrets.password.clone()?),
            Login::Oauth => Proof::Token(token?.clone()),
        };
        let sending_login = match sending {
            Sending::Same => SendingLogin::Same,
            Sending::Own { user } => {
                let proof = Proof::Password(self.secrets.sending.clone()?);
                SendingLogin::Own(Credentials { user: user.clone(), proof })
            }
            Sending::Nobody => SendingLogin::None,
        };
        Some(Account {
            address: self.address.clone(),
            from_name: from_name.clone(),
            imap: imap.clone(),
            smtp: smtp.clone(),
            credentials: Credentials { user: user.clone(), proof },
            sending_login,
            folders: folders.clone(),
        })
    }
}
