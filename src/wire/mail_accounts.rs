//! Mail accounts, their areas, how they are found and tried.

use serde::{Deserialize, Serialize};

use super::{Time, mail_sign_in::MailSignedIn};
use crate::{
    auth::secret::SecretText,
    channels::email::{
        post::account::{Folders, Server},
        settings::{Login, Quota},
    },
    domain::mail_area::Area,
    ids::{CampaignId, ChannelId, ClientId},
};

const fn yes() -> bool {
    true
}

/// A write-only field: in no answer.
fn nothing<S: serde::Serializer>(_: &Option<SecretText>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

/// Who signs in where mail is handed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MailSending {
    /// Who.
    #[serde(default)]
    #[ts(as = "Option<MailSendingLogin>", optional)]
    pub login: MailSendingLogin,
    /// With `own`: as whom.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub user: Option<String>,
}

/// Whose login counts where mail is handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum MailSendingLogin {
    /// As for receiving.
    #[default]
    Same,
    /// A relay with a login of its own.
    Own,
    /// A relay of the house that asks nobody.
    Nobody,
}

/// A mail account: an address, its servers and who signs in there.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MailAccountFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// Where its mails arrive as conversations, and whose agents write from it. Without one it only sends what areas send.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub campaign: Option<CampaignId>,
    /// Mails come to it and go from it; cannot change.
    pub address: String,
    /// The sender's name that people read; may be empty.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    pub from_name: String,
    /// Mails to the address become conversations of the campaign: needs both `imap` and a campaign (S4-18).
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub receives: bool,
    /// Where mail is fetched.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub imap: Option<Server>,
    /// Where mail is handed over.
    pub smtp: Server,
    /// Who signs in; the address when it is left out.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub user: Option<String>,
    /// With a password, or with what a provider gives to whoever signs in there.
    #[serde(default)]
    #[ts(as = "Option<Login>", optional)]
    pub login: Login,
    /// Who signs in to send.
    #[serde(default)]
    #[ts(as = "Option<MailSending>", optional)]
    pub sending: MailSending,
    /// The folders of the mailbox.
    #[serde(default)]
    #[ts(as = "Option<Folders>", optional)]
    pub folders: Folders,
    /// The name under which the receiving server signs what it found out about senders; none = it is not asked.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub trusted_authserv: Option<String>,
    /// Mail that lies in the folder already when it is first read comes in, too.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub takes_existing: bool,
    /// A limit of the provider (S0-21…S0-23).
    #[serde(default)]
    #[ts(optional = nullable)]
    pub quota: Option<Quota>,
    /// Off: neither receives nor sends.
    #[serde(default = "yes")]
    #[ts(as = "Option<bool>", optional)]
    pub enabled: bool,
    /// Yes, a server is talked to without encryption: user, password and every mail can be read and changed on the way.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub accept_in_clear: bool,
    /// Write-only. Needed to switch the account on, and again when it would travel to another server.
    #[serde(default, serialize_with = "nothing", skip_serializing_if = "Option::is_none")]
    #[ts(as = "Option<String>", optional)]
    #[schema(value_type = Option<String>, write_only)]
    pub password: Option<SecretText>,
    /// Write-only: of the login of its own to send.
    #[serde(default, serialize_with = "nothing", skip_serializing_if = "Option::is_none")]
    #[ts(as = "Option<String>", optional)]
    #[schema(value_type = Option<String>, write_only)]
    pub sending_password: Option<SecretText>,
}

/// A mail account as it is. No answer holds a password.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = MailAccount)]
#[ts(export_to = "wire.ts", rename = "MailAccount")]
pub struct MailAccountView {
    /// Its id; where it has a campaign, that of its channel, too.
    pub id: ChannelId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: MailAccountFields,
    /// There is something to sign in with.
    pub has_password: bool,
    /// Who signed it in at a provider.
    pub signed_in: Option<MailSignedIn>,
    /// There is a password for the login of its own to send.
    pub has_sending_password: bool,
    /// Put away; its history stays.
    pub archived_at: Option<Time>,
    /// When it was created.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

/// Passwords of an account.
#[derive(Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MailPasswords {
    /// Of the mailbox.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    #[schema(value_type = Option<String>, write_only)]
    pub password: Option<SecretText>,
    /// Of the login of its own to send.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    #[schema(value_type = Option<String>, write_only)]
    pub sending_password: Option<SecretText>,
}

/// Find the servers of an address.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct DiscoverMail {
    /// Of the mailbox.
    pub address: String,
}

/// Why servers are proposed, from the surest down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum MailProposalSource {
    /// The address belongs to a provider we know.
    Address,
    /// A provider we know takes the domain's mail.
    MailExchanger,
    /// The domain says so.
    Announced,
    /// Servers of these names answered.
    Answered,
}

/// How a provider lets programs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum MailSignsIn {
    /// With the mailbox's password.
    Password,
    /// With a password made for one application, in the provider's settings.
    ApplicationPassword,
    /// Only in the browser.
    Browser,
}

/// Servers for an address, to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailProposal {
    /// Why.
    pub source: MailProposalSource,
    /// Whose they are, when we know.
    pub provider: Option<String>,
    /// How that provider lets programs in.
    pub signs_in: Option<MailSignsIn>,
    /// Mails a day that it lets out, as far as it says.
    pub daily: Option<u32>,
    /// For receiving.
    pub imap: Option<Server>,
    /// For sending.
    pub smtp: Option<Server>,
}

/// What was found, the surest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailProposals {
    /// None when nothing was found: ask the provider.
    pub proposals: Vec<MailProposal>,
}

/// Try an account, saved or not.
#[derive(Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MailTest {
    /// One that is saved. Where `settings` has no password, its stored ones are used, if they go nowhere else than they do now.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub account: Option<ChannelId>,
    /// What is tried; without it the saved account as it is.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub settings: Option<MailAccountFields>,
    /// Where a test mail goes; without it none is sent.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub to: Option<String>,
}

/// Which half of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum MailDirection {
    /// IMAP.
    Receive,
    /// SMTP.
    Send,
}

/// A line of a test: a step as soon as it is done, at the end the outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "line", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum MailTestLine {
    /// One thing that was tried.
    Step(MailTestStep),
    /// Everything was tried.
    End {
        /// Receiving works; none when it was not tried.
        receive: Option<bool>,
        /// Sending works.
        send: Option<bool>,
    },
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailTestStep {
    /// Which half.
    pub direction: MailDirection,
    /// `name`, `connect`, `greeting`, `tls`, `login`, `folder`, `sender` or `test_mail`.
    pub step: String,
    /// Why it did not work, a stable code; none when it did. What would follow is not tried then.
    pub code: Option<String>,
    /// What the server said about it: one line of plain text.
    pub words: Option<String>,
    /// How long it took.
    pub ms: u32,
}

/// From which account mails of each kind go (S0-8…S0-13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MailAreas {
    /// Each area at most once. One without an account uses that of `all`.
    pub areas: Vec<MailAreaAccount>,
}

/// An area and its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MailAreaAccount {
    /// Which kind of mail.
    pub area: Area,
    /// One of the same client.
    pub account: ChannelId,
}
