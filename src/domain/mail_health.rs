//! How receiving goes on each mail account, as screens and metrics show it. Nothing of it is stored: it begins anew with the process.

use std::sync::Arc;

use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::{clock::Timestamp, ids::ChannelId};

/// What the account's mailbox is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum MailState {
    /// It does not receive, or has not begun yet.
    #[default]
    Off,
    /// On its way to the server.
    Connecting,
    /// Everything is read; the server tells of new mail by itself.
    Idle,
    /// Everything is read; the server must be asked for new mail.
    Polling,
    /// Takes in what lies there: this much of so much.
    Reading {
        /// Since it began to read.
        done: u64,
        /// With what is still to come, as far as the server has said.
        of: u64,
    },
    /// The last attempt failed.
    Failing {
        /// When it last worked, or when it was first tried.
        since: Timestamp,
        /// A stable code: [`crate::channels::email::post::failure::Code`].
        code: &'static str,
        /// What the server said, cleaned.
        words: Option<Box<str>>,
        /// When it tries again.
        next_try: Timestamp,
    },
    /// Another process of this installation receives it.
    Elsewhere,
}

impl MailState {
    /// As metrics and the wire name it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Connecting => "connecting",
            Self::Idle => "idle",
            Self::Polling => "polling",
            Self::Reading { .. } => "reading",
            Self::Failing { .. } => "failing",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// How receiving goes on one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MailHealth {
    /// What it is doing.
    pub state: MailState,
    /// The server lets us read and not change: mails stay unread there.
    pub read_only: bool,
    /// When the last mail was taken in.
    pub last_mail_at: Option<Timestamp>,
    /// Mails that lie on the server and are not taken in yet, as far as it has said.
    pub backlog: u64,
    /// Mails in quarantine that nobody has looked at.
    pub quarantined: u64,
}

/// That of every account that was looked after since the start. Cheap to clone.
#[derive(Clone, Default)]
pub struct MailHealths(Arc<RwLock<FxHashMap<ChannelId, MailHealth>>>);

impl MailHealths {
    /// That of one account; of one that nobody looks after it is off.
    pub fn of(&self, account: ChannelId) -> MailHealth {
        self.0.read().get(&account).cloned().unwrap_or_default()
    }

    /// Changes what is known of an account.
    pub fn change(&self, account: ChannelId, change: impl FnOnce(&mut MailHealth)) {
        change(self.0.write().entry(account).or_default());
    }

    /// The account is gone.
    pub fn forget(&self, account: ChannelId) {
        self.0.write().remove(&account);
    }
}
