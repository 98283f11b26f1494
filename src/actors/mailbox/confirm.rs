//! Whether a customer is told by itself that their mail arrived (S4-25).
//!
//! Such a mail goes to whoever the incoming one says it is from, and anybody can write that: so it repeats nothing of the incoming
//! mail's text, goes to nobody twice a day, and of all victims of one forger to few an hour (security.md, 18 and 19).

use std::{sync::Arc, time::Duration};

use object_store::{ObjectStoreExt, PutPayload};

use super::reader::Reader;
use crate::{
    actors::engine::Engine,
    channels::email::{
        settings::MailAccount,
        template::{self, Rendered},
        understand::{Doubt, Understood, mint, ours, trust::Proof},
    },
    directory::Snapshot,
    domain::{
        conversation::Command,
        file::UNKNOWN,
        log::By,
        mail::Envelope,
        mail_template::Values,
        message::{Attachment, Content},
        schedule,
    },
    ids::{AttachmentId, ConversationId},
    store::{
        StoreError,
        attachments::{self, Stored},
        mail_confirmations, suppressions, templates,
        write::{Statement, WriteError},
    },
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

/// What a campaign's confirmation says: its template, filled in. What the author calls themselves stands in it only when it looks like
/// a name, and nothing else of their mail does.
async fn words(engine: &Engine, directory: &Snapshot, account: &MailAccount, name: &str) -> Result<Option<Rendered>, StoreError> {
    let Some(campaign) = account.campaign.and_then(|id| directory.campaigns.get(&id)) else { return Ok(None) };
    let Some(template) = campaign.mail.confirmation else { return Ok(None) };
    let Some(found) = templates::find(&engine.db, template).await? else { return Ok(None) };
    if !found.fits(account.client, account.campaign) || found.archived_at.is_some() {
        return Ok(None);
    }
    let (mut values, client) = (Values::default(), directory.clients.get(&account.client));
    let now = engine.clock.now().to_chrono().with_timezone(&directory.zone_of(account.client));
    let name = if is_name(name) { name } else { "" };
    values.set("name", name);
    values.set("first_name", name.split_whitespace().next().unwrap_or_default());
    values.set("campaign", &campaign.name);
    values.set("client", client.map_or("", |client| &client.name));
    values.set("date", &now.format("%Y-%m-%d").to_string());
    values.set("time", &now.format("%H:%M").to_string());
    Ok(Some(template::render(&found.content, &values)))
}

/// Not a message to somebody else.
fn is_name(text: &str) -> bool {
    text.chars().count() <= 40
        && text.split_whitespace().count() <= 4
        && text.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '\'' | '’' | '-' | '.'))
        && !text.split('.').any(|part| part.chars().next().is_some_and(char::is_lowercase))
}

/// Tells the author of a mail that began this conversation that it arrived, if the campaign does so and there is room. The row that
/// counts it is committed first: after a crash in between there is none, never two.
pub(super) async fn confirm(reader: &Reader, account: &MailAccount, mail: &Understood, conversation: ConversationId) {
    let engine = &reader.engine;
    let directory = engine.directory.load();
    let (Some(author), Some(campaign)) = (&mail.author, account.campaign) else { return };
    let rendered = match words(engine, &directory, account, &author.name).await {
        Ok(Some(rendered)) => rendered,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(%error, %conversation, "a mail is not confirmed");
            return;
        }
    };
    let now = engine.clock.now();
    let day = schedule::day(directory.zone_of(account.client), now).since;
    let html = match keep_html(reader, account, &rendered.html, conversation).await {
        Ok(html) => html,
        Err(error) => {
            tracing::warn!(%error, %conversation, "a mail is not confirmed");
            return;
        }
    };
    let Html { id, statement, attachments } = html;
    let counted = async {
        if suppressions::is_suppressed(&engine.db, account.client, &author.address).await? {
            return Ok(false);
        }
        let counts = mail_confirmations::count(&engine.db, &author.address, account.client, now - HOUR).await?;
        if !has_room(counts) {
            return Ok(false);
        }
        let row = mail_confirmations::take(campaign, &author.address, day, account.client, now);
        match engine.journal.write(vec![row, statement], None, By::System, None).await {
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
        subject: rendered.subject,
        html: Some(id),
        has_html: true,
        to: vec![author.clone()],
        message_id: account.threads.first().map(|key| mint(conversation, message, key, domain)),
        in_reply_to: mail.message_id.iter().cloned().collect(),
        references,
        automatic: true,
        ..Envelope::default()
    };
    let content = Content { text: rendered.text.into(), attachments, mail: Some(Arc::new(envelope)) };
    let notice = Command::Notice { message, content, out_of_hours: false };
    if let Err(error) = engine.command(conversation, notice, By::System, None).await {
        tracing::warn!(%error, %conversation, "a mail is not confirmed");
    }
}

/// What it says as HTML, stored; its pictures are files of the message.
struct Html {
    id: AttachmentId,
    statement: Statement,
    attachments: Vec<Attachment>,
}

async fn keep_html(reader: &Reader, account: &MailAccount, html: &str, conversation: ConversationId) -> Result<Html, StoreError> {
    let Reader { engine, files } = reader;
    let (mut html, mut pictures) = (html.to_owned(), Vec::new());
    for id in ours::clean(&html).map(|clean| clean.files).unwrap_or_default() {
        if let Some(stored) = attachments::find(&engine.db, id).await?.filter(|stored| stored.client == account.client) {
            html = html.replace(&format!("src=\"{}\"", ours::address(id)), &format!("data-part=\"{id}\""));
            pictures.push(stored.file);
        }
    }
    let id: AttachmentId = engine.ids.next();
    let size = html.len() as u64;
    let put = files.put(&attachments::object_path(id), PutPayload::from(html.into_bytes())).await;
    put.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let file = Attachment { id, name: "mail.html".to_owned(), media_type: UNKNOWN.to_owned(), size };
    let stored = Stored { file, client: account.client, uploaded_by: By::System, conversation: Some(conversation) };
    Ok(Html { id, statement: attachments::insert(&stored, engine.clock.now()), attachments: pictures })
}

const HOUR: Duration = Duration::from_secs(3_600);

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn what_looks_like_a_name_is_repeated_and_nothing_else() {
        for name in ["Ana", "María José Gómez Ñandú", "O'Brien", "J. P. Ruiz", "Ana-Luz", "李小龙", ""] {
            assert!(is_name(name), "{name}");
        }
        for no_name in
            ["Gane 1000", "http://x.example", "www.x.example", "x.example", "Gane dinero ya mismo aquí", "<b>", "a@b.c"]
        {
            assert!(!is_name(no_name), "{no_name}");
        }
    }
}
