//! Whether a customer is told by itself that their mail arrived (S4-25).
//!
//! Such a mail goes to whoever the incoming one says it is from, and anybody can write that: so it repeats nothing of the incoming
//! mail's text, goes to nobody twice a day, and of all victims of one forger to few an hour (security.md, 18 and 19).

use std::{sync::Arc, time::Duration};

use super::reader::Reader;
use crate::{
    channels::email::{
        settings::MailAccount,
        understand::{Doubt, Understood, mint, trust::Proof},
    },
    directory::Snapshot,
    domain::{conversation::Command, log::By, mail::Envelope, message::Content, schedule},
    ids::{CampaignId, ConversationId},
    store::{mail_confirmations, suppressions, write::WriteError},
};

/// Confirmations that one address gets in an hour, over all campaigns and clients.
pub(super) const OF_ADDRESS: u64 = 3;
/// Confirmations in one client's name in an hour.
pub(super) const OF_CLIENT: u64 = 500;

/// Whether this mail may be confirmed at all. `own` are the account's addresses.
pub(super) fn may_confirm(mail: &Understood, proof: Proof, own: &[String]) -> bool {
    let is_own = |address: &str| own.iter().any(|known| known.eq_ignore_ascii_case(address));
    let Some(author) = &mail.author else { return false };
    // Weak signs count here, too: a confirmation too few harms nobody.
    mail.automatic.is_none()
        && mail.report.is_none()
        && proof != Proof::Failed
        && !is_own(&author.address)
        && !mail.doubts.contains(&Doubt::OurOwnAddress)
        // Through a list or as a blind copy: whoever wrote it may not even know this address.
        && mail.to.iter().chain(&mail.cc).any(|one| is_own(&one.address))
}

/// Whether there is room for one more this hour.
pub(super) fn has_room((of_address, of_client): (u64, u64)) -> bool {
    of_address < OF_ADDRESS && of_client < OF_CLIENT
}

/// What a campaign's confirmation says.
struct Words {
    subject: String,
    text: String,
}

/// What the campaign says to who writes to it; none = nothing.
#[cfg(not(test))]
fn words(_directory: &Snapshot, _campaign: CampaignId) -> Option<Words> {
    None
}

#[cfg(test)]
fn words(_directory: &Snapshot, _campaign: CampaignId) -> Option<Words> {
    tests::WORDS.get().map(|text| Words { subject: text.to_owned(), text: text.to_owned() })
}

/// Tells the author of a mail that began this conversation that it arrived, if the campaign does so and there is room. The row that
/// counts it is committed first: after a crash in between there is none, never two.
pub(super) async fn confirm(reader: &Reader, account: &MailAccount, mail: &Understood, conversation: ConversationId) {
    let engine = &reader.engine;
    let directory = engine.directory.load();
    let (Some(author), Some(campaign)) = (&mail.author, account.campaign) else { return };
    let Some(Words { subject, text }) = words(&directory, campaign) else { return };
    let now = engine.clock.now();
    let day = schedule::day(directory.zone_of(account.client), now).since;
    let counted = async {
        if suppressions::is_suppressed(&engine.db, account.client, &author.address).await? {
            return Ok(false);
        }
        let counts = mail_confirmations::count(&engine.db, &author.address, account.client, now - HOUR).await?;
        if !has_room(counts) {
            return Ok(false);
        }
        let row = mail_confirmations::take(campaign, &author.address, day, account.client, now);
        match engine.journal.write(vec![row], None, By::System, None).await {
            Ok(()) => Ok(true),
            Err(WriteError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    };
    match counted.await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => {
            tracing::warn!(%error, %conversation, "a mail is not confirmed");
            return;
        }
    }
    let message = engine.ids.next();
    let domain = account.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let references = mail.references.iter().chain(&mail.message_id).cloned().collect();
    let envelope = Envelope {
        subject,
        to: vec![author.clone()],
        message_id: account.threads.first().map(|key| mint(conversation, message, key, domain)),
        in_reply_to: mail.message_id.iter().cloned().collect(),
        references,
        automatic: true,
        ..Envelope::default()
    };
    let content = Content { text: text.into(), attachments: Vec::new(), mail: Some(Arc::new(envelope)) };
    let notice = Command::Notice { message, content, out_of_hours: false };
    if let Err(error) = engine.command(conversation, notice, By::System, None).await {
        tracing::warn!(%error, %conversation, "a mail is not confirmed");
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    thread_local! {
        /// What every campaign says on this thread.
        pub(in super::super) static WORDS: Cell<Option<&'static str>> = const { Cell::new(None) };
    }
}

const HOUR: Duration = Duration::from_secs(3_600);
