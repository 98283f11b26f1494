//! Mails as they are shown and written.

use serde::{Deserialize, Serialize};

use super::{Time, conversation::Attachment};
use crate::{
    channels::email::understand::invitation,
    domain::mail::Mailbox,
    ids::{AttachmentId, MessageId},
    store::mail_sending::LeftOut,
};

/// What a mail looks like: beside its head and its files, which come with its message.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailView {
    /// Who wrote it; of ours the account's address.
    pub from: Option<Mailbox>,
    /// Where an answer goes when that is not who wrote it.
    pub reply_to: Option<Mailbox>,
    /// What it says, in parts.
    pub text: Vec<MailText>,
    /// The same as HTML: for a frame in which nothing runs. `data-part="n"` is entry n of `parts`, `data-remote="n"` and
    /// `data-background="n"` are picture n of the world outside.
    pub html: Option<String>,
    /// How many pictures of the world outside it would show.
    pub remote: usize,
    /// The files that its HTML may show, by their numbers there.
    pub parts: Vec<Option<AttachmentId>>,
    /// The meeting it invites to.
    pub invitation: Option<MailInvitation>,
    /// It is too large or too tangled to be shown whole; the source is.
    pub cut: bool,
    /// The mail as it came in is there to be saved.
    pub source: bool,
    /// A machine wrote it.
    pub automatic: bool,
    /// Of ours: whom it did not reach.
    pub left_out: Vec<MailLeftOut>,
    /// Of ours, while it has not left: what the server said that did not take it, one line of plain text.
    pub refusal: Option<String>,
}

/// Somebody whom one of our mails did not reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailLeftOut {
    /// Who.
    pub address: String,
    /// A stable code, and after a colon how the other server put it: `unknown_address:5.1.1`.
    pub reason: String,
    /// What the other server said.
    pub words: Option<String>,
}

impl From<LeftOut> for MailLeftOut {
    fn from(LeftOut { address, reason, words }: LeftOut) -> Self {
        Self { address, reason, words }
    }
}

/// A part of what a mail says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailText {
    /// What it is.
    pub kind: MailTextKind,
    /// It says this.
    pub text: String,
}

/// What a part of a mail's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum MailTextKind {
    /// New.
    Said,
    /// Said before.
    Quote,
    /// Who says it, every time.
    Signature,
}

/// A meeting that a mail invites to.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailInvitation {
    /// What is asked: `REQUEST`, `CANCEL`, `REPLY`, `PUBLISH` …
    pub method: String,
    /// What it is called.
    pub summary: String,
    /// Where it is.
    pub location: String,
    /// The address of who invites, or what stands in its place.
    pub organiser: String,
    /// When it begins.
    pub start: MailMoment,
    /// When it ends, if it says so by a moment.
    pub end: Option<MailMoment>,
    /// It repeats; the times are those of the first one.
    pub repeats: bool,
}

/// A moment of a calendar.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailMoment {
    /// RFC 3339 in UTC; none when it is a whole day or nobody knows which zone is meant.
    pub utc: Option<String>,
    /// As it stands on the organiser's wall: `2026-11-22` or `2026-11-22T10:00:00`.
    pub local: String,
    /// The zone as it is named there.
    pub zone: Option<String>,
}

impl From<invitation::Invitation> for MailInvitation {
    fn from(found: invitation::Invitation) -> Self {
        let invitation::Invitation { method, uid: _, summary, location, organiser, start, end, repeats } = found;
        Self { method, summary, location, organiser, start: start.into(), end: end.map(Into::into), repeats }
    }
}

impl From<invitation::When> for MailMoment {
    fn from(invitation::When { utc, local, zone }: invitation::When) -> Self {
        Self { utc, local, zone }
    }
}

/// The header of a mail as it came in.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailHeader {
    /// All fields, as text.
    pub text: String,
}

/// What an answer by mail has beside its text and files; on other channels there is nothing of this.
#[derive(Clone, Debug, Default, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields)]
pub struct MailFields {
    /// What it is.
    #[ts(as = "Option<MailKind>")]
    pub kind: MailKind,
    /// The mail of this conversation that is answered or passed on; none = the last one that came in.
    pub about: Option<MessageId>,
    /// To whom; none = as follows from that mail. With `cc` and `bcc` at most 100.
    pub to: Option<Vec<MailAddress>>,
    /// Who else; none = as follows from that mail.
    pub cc: Option<Vec<MailAddress>>,
    /// Who else, without the others knowing.
    #[ts(as = "Option<Vec<MailAddress>>")]
    pub bcc: Vec<MailAddress>,
    /// One line, at most 500 characters; none = as follows from that mail.
    pub subject: Option<String>,
    /// What it says, as HTML of at most 256 kB; it is cleaned, and the text is made of it. Pictures are files uploaded for this conversation
    /// (`src="/api/v1/attachments/{id}"`).
    pub html: Option<String>,
    /// What was written to and fro so far stands below.
    #[ts(as = "Option<bool>")]
    pub history: bool,
    /// Files of the mail that is passed on that go along; none = all of them.
    pub files: Option<Vec<AttachmentId>>,
}

/// What the first mail of a thread has beside its text.
#[derive(Clone, Debug, Default, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields)]
pub struct StartMail {
    /// One line, at most 500 characters.
    #[ts(optional = false)]
    pub subject: String,
    /// To whom beside the customer. With `cc` and `bcc` at most 100.
    #[ts(as = "Option<Vec<MailAddress>>")]
    pub to: Vec<MailAddress>,
    /// Who else.
    #[ts(as = "Option<Vec<MailAddress>>")]
    pub cc: Vec<MailAddress>,
    /// Who else, without the others knowing.
    #[ts(as = "Option<Vec<MailAddress>>")]
    pub bcc: Vec<MailAddress>,
    /// What it says, as in [`MailFields::html`]; its pictures were uploaded for the channel.
    pub html: Option<String>,
    /// Uploaded before for this channel by the same person; at most 10.
    #[ts(as = "Option<Vec<AttachmentId>>")]
    pub attachments: Vec<AttachmentId>,
    /// Not before this moment, within a year; until then it can be withdrawn.
    pub send_at: Option<Time>,
    /// It leaves after ten seconds and can be withdrawn until then.
    #[ts(as = "Option<bool>")]
    pub undo: bool,
}

/// An answer by mail that somebody has begun.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MailDraft {
    /// What it is.
    pub kind: MailKind,
    /// What it answers or passes on.
    pub about: Option<MessageId>,
    /// To whom, as typed so far.
    pub to: Vec<MailAddress>,
    /// Who else.
    pub cc: Vec<MailAddress>,
    /// Who else, without the others knowing.
    pub bcc: Vec<MailAddress>,
    /// About what.
    pub subject: String,
    /// What it says so far.
    pub html: String,
    /// What was written to and fro stands below.
    pub history: bool,
    /// Files of the mail that is passed on that go along; none = all of them.
    pub files: Option<Vec<AttachmentId>>,
}

/// What is done with a mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum MailKind {
    /// It is answered.
    #[default]
    Reply,
    /// It is answered to all who could read it.
    ReplyAll,
    /// It is passed on to others, who take no part in the conversation by that.
    Forward,
}

/// An address to write to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MailAddress {
    /// As people read it.
    #[serde(default)]
    #[ts(as = "Option<String>", optional)]
    pub name: String,
    /// `name@domain`.
    pub address: String,
}

/// An answer as it would be if nothing were changed.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailAnswer {
    /// What it answers or passes on; none where nothing was said yet.
    pub about: Option<MessageId>,
    /// Whose account it leaves by.
    pub from: Option<Mailbox>,
    /// To whom.
    pub to: Vec<Mailbox>,
    /// Who else.
    pub cc: Vec<Mailbox>,
    /// Where the author would have answers go, outside their own organisation.
    pub elsewhere: Option<Mailbox>,
    /// About what.
    pub subject: String,
    /// What would stand below, as HTML: with `history`, and in what is passed on. As in [`MailView::html`], with pictures left out.
    pub quote: String,
    /// What stands below what somebody writes in this campaign, as HTML with everything filled in.
    pub signature: String,
    /// Files that would go along.
    pub files: Vec<Attachment>,
}
