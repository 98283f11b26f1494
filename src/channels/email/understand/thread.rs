//! To which conversation a mail belongs, and who may say so.
//!
//! **The proof.** A mail answers one of ours when its In-Reply-To, or else its References from the last to the first, holds a
//! message id that we signed for this very account ([`super::token`]). Subjects, numbers in texts and ids of others never count: they
//! can be guessed or copied from anywhere. In-Reply-To comes first because it names the mail that was answered; References is
//! history.
//!
//! **The person.** Whoever got our mail forwarded holds a true token. So the token says *which* conversation is meant, and the
//! author decides what that is worth ([`join`]): a participant continues it; anybody else has a conversation of their own that
//! only names the other one, for agents to see and to merge by hand. That keeps the history away from them: an answer to a stranger
//! never quotes what others wrote, and nobody becomes a participant by standing in Cc or in Reply-To.
//!
//! An author's address is only as true as the receiving mail server's checks (SPF, DKIM, DMARC); what those said belongs to the
//! caller, who should treat a failed check like a stranger.

use serde::Serialize;

use super::token::{OurMessage, ThreadKey, verify};
use crate::domain::mail::Mailbox;

/// The message of ours that a mail answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Thread {
    /// Proven by its token.
    pub ours: OurMessage,
    /// Where the token stood.
    pub found_in: FoundIn,
    /// Other tokens of the mail, as true as this one, name another conversation: somebody joined two threads. For agents to see.
    pub names_others: bool,
}

/// Where a token stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundIn {
    /// In-Reply-To.
    InReplyTo,
    /// References.
    References,
}

/// What becomes of a mail with a proven thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Joining {
    /// It continues the conversation.
    Joins,
    /// Its author takes no part in that conversation: a conversation of their own, flagged with the other one; nothing of the other
    /// one may reach them.
    Stranger,
}

/// Whether a mail continues the conversation that it names. `participants` are the addresses that write in it and those agents
/// wrote to on purpose, in lower case.
pub fn join<'a>(author: &Mailbox, participants: impl IntoIterator<Item = &'a str>) -> Joining {
    let is_one = participants.into_iter().any(|known| known.eq_ignore_ascii_case(&author.address));
    if is_one { Joining::Joins } else { Joining::Stranger }
}

/// The first of the ids that one of the keys signed.
pub(super) fn ours(ids: &[String], keys: &[ThreadKey]) -> Option<OurMessage> {
    ids.iter().find_map(|id| keys.iter().find_map(|key| verify(id, key)))
}

/// The thread of a mail.
pub(super) fn find(in_reply_to: &[String], references: &[String], keys: &[ThreadKey]) -> Option<Thread> {
    let latest: Vec<String> = references.iter().rev().cloned().collect();
    let (proven, found_in) = match ours(in_reply_to, keys) {
        Some(found) => (found, FoundIn::InReplyTo),
        None => (ours(&latest, keys)?, FoundIn::References),
    };
    let all = in_reply_to.iter().chain(references);
    let names_others =
        all.filter_map(|id| keys.iter().find_map(|key| verify(id, key))).any(|other| other.conversation != proven.conversation);
    Some(Thread { ours: proven, found_in, names_others })
}
