//! How mail accounts do.

use serde::Serialize;

use super::{Time, mail_sign_in::MailSignInTrouble};
use crate::{
    channels::email::settings::MailAccount, domain::mail_health::MailState, ids::ChannelId, store::mail_sending::Standing,
};

/// What an account's mailbox is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum MailboxState {
    /// It does not receive.
    Off,
    /// On its way to the server.
    Connecting,
    /// Everything is read; the server tells of new mail by itself.
    Idle,
    /// Everything is read; the server is asked for new mail now and then.
    Polling,
    /// Takes in what lies there.
    Reading {
        /// So much.
        #[ts(type = "number")]
        done: u64,
        /// Of so much, as far as the server has said.
        #[ts(type = "number")]
        of: u64,
    },
    /// The last attempt failed.
    Failing {
        /// Since when.
        since: Time,
        /// Why, a stable code.
        code: String,
        /// What the server said: one line of plain text.
        words: Option<String>,
        /// When it tries again.
        next_try: Time,
    },
    /// Another process of this installation receives it.
    Elsewhere,
}

impl From<MailState> for MailboxState {
    fn from(state: MailState) -> Self {
        match state {
            MailState::Off => Self::Off,
            MailState::Connecting => Self::Connecting,
            MailState::Idle => Self::Idle,
            MailState::Polling => Self::Polling,
            MailState::Reading { done, of } => Self::Reading { done, of },
            MailState::Failing { since, code, words, next_try } => Self::Failing {
                since: since.into(),
                code: code.to_owned(),
                words: words.map(Into::into),
                next_try: next_try.into(),
            },
            MailState::Elsewhere => Self::Elsewhere,
        }
    }
}

/// How a mail account does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailAccountHealth {
    /// Which.
    pub account: ChannelId,
    /// What its mailbox is doing.
    pub mailbox: MailboxState,
    /// It gets nothing to sign in with at its provider: it neither receives nor sends.
    pub sign_in: Option<MailSignInTrouble>,
    /// Whether it can send.
    pub sending: SendingState,
    /// The server lets us read and not change: mails stay unread there.
    pub read_only: bool,
    /// When the last mail was taken in, since the server started.
    pub last_mail_at: Option<Time>,
    /// Mails that lie on the server and are not taken in yet.
    #[ts(type = "number")]
    pub backlog: u64,
    /// Mails in quarantine that nobody has looked at.
    #[ts(type = "number")]
    pub quarantined: u64,
    /// Mails that wait to leave.
    #[ts(type = "number")]
    pub waiting: u64,
    /// When the first of them leaves, at the earliest: the next window, where a limit holds them back.
    pub next_at: Option<Time>,
}

/// Whether an account can send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum SendingState {
    /// It is switched off.
    Off,
    /// Nothing speaks against it.
    Working,
    /// Its quota is used up.
    Full {
        /// When the next mail may leave.
        until: Time,
        /// So many left within the hours of the quota.
        #[ts(type = "number")]
        sent: u64,
        /// So many may.
        of: u32,
    },
    /// The last attempt failed.
    Failing {
        /// Since when.
        since: Time,
        /// Why, a stable code.
        code: String,
        /// What the server said: one line of plain text.
        words: Option<String>,
        /// When it tries again; none while nothing waits: with the next mail.
        next_try: Option<Time>,
    },
}

impl SendingState {
    /// That of an account that stands so.
    pub fn of(account: &MailAccount, standing: Standing) -> Self {
        let Standing { waiting, scheduled, next_at: _, sent, full_until, trouble } = standing;
        if !account.enabled {
            return Self::Off;
        }
        if let Some(trouble) = trouble {
            let next_try = Some(trouble.next_at.into()).filter(|_| waiting + scheduled > 0);
            return Self::Failing { since: trouble.since.into(), code: trouble.code, words: trouble.words, next_try };
        }
        match (full_until, account.settings.quota) {
            (Some(until), Some(quota)) => Self::Full { until: until.into(), sent: sent.unwrap_or_default(), of: quota.mails },
            _ => Self::Working,
        }
    }
}
