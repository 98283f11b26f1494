//! The envelope of an answer within a conversation: what the store knows of the thread, and [`answer`]'s rules.

use super::{
    settings::MailAccount,
    understand::token::{ThreadKey, mint},
};
use crate::{
    directory::Snapshot,
    domain::{
        conversation::Conversation,
        mail::{
            Envelope, Mailbox,
            answer::{Fault, Request, answer},
        },
    },
    ids::{ClientId, ConversationId, MessageId},
    store::{Db, StoreError, conversations, mail_answers},
};

/// The envelope of a mail in a conversation, without its Message-ID; `before` is the mail it answers, if it is not the last one that
/// came in.
///
/// # Errors
/// The store's; within, what is wrong with the request.
pub async fn envelope(
    db: &Db,
    directory: &Snapshot,
    state: &Conversation,
    mut request: Request,
    before: Option<Envelope>,
) -> Result<Result<Envelope, Fault>, StoreError> {
    let card = conversations::card(db, state).await?;
    let before = match before {
        Some(before) => Some(before),
        None => mail_answers::latest(db, state.id).await?,
    };
    if before.is_none() {
        request.subject = request.subject.or(card.subject.as_deref().map(str::to_owned));
    }
    let contact = Mailbox { name: card.name, address: card.address };
    Ok(answer(request, before.as_ref(), &contact, &own(directory, state.client)))
}

/// The addresses of a client's own accounts: nothing is ever sent there.
pub fn own(directory: &Snapshot, client: ClientId) -> Vec<String> {
    let accounts = directory.mail_accounts.values().filter(|account| account.client == client);
    accounts.map(|account| account.address.clone()).collect()
}

/// The Message-ID under which a message leaves an account, in every attempt the same; none while the account has no key.
pub fn message_id(account: &MailAccount, conversation: ConversationId, message: MessageId) -> Option<String> {
    let key: &ThreadKey = account.threads.first()?;
    let (_, domain) = account.address.rsplit_once('@')?;
    Some(mint(conversation, message, key, domain))
}

/// Whose name a mail leaves under: that of the campaign, else of the account, else of who wrote.
pub fn sender(directory: &Snapshot, account: &MailAccount, author: Option<&str>) -> Mailbox {
    let campaign = account.campaign.and_then(|id| directory.campaigns.get(&id)?.mail.from_name.as_deref());
    let own = Some(account.settings.from_name.as_str()).filter(|name| !name.is_empty());
    Mailbox { name: campaign.or(own).or(author).unwrap_or_default().to_owned(), address: account.address.clone() }
}
