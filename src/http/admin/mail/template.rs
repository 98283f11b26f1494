//! `POST /api/v1/templates/test`: a template as one mail to somebody who wants to see how it arrives (S4-40). It goes straight to the server,
//! not through the outbox: whoever asked hears at once what the server says. Nothing of it becomes a conversation.

use std::sync::Arc;

use actix_web::{HttpResponse, http::StatusCode, web, web::Data};
use object_store::ObjectStoreExt;
use tokio::sync::Semaphore;

use super::attempt::{Attempts, half, sign_in_step, too_many};
use crate::{
    channels::email::{
        answering,
        compose::{self, Enclosed, MAX_FILES_BYTES, Origin, compose},
        post::{account::is_address, diagnose::Direction, smtp::Letter},
        settings::{Login, MailAccount},
        template::Rendered,
        understand::{ThreadKey, written},
    },
    domain::{
        mail::{Envelope, Mailbox},
        permission::Permission,
        webchat::Language,
    },
    error::ErrorCode,
    http::{
        admin::{canned_texts::place, templates},
        caller::Caller,
        input::Input,
        once::Once,
        problem::Problem,
        staff::attachments::failed,
        state::App,
    },
    ids::{AttachmentId, ChannelId, ClientId, MessageId},
    store::{attachments::object_path, suppressions},
    wire::{
        mail_accounts::MailDirection,
        templates::{TemplateTest, TemplateTested},
    },
};

/// Put together at once: each may hold [`MAX_FILES_BYTES`] of pictures, and what becomes of them.
static IN_MEMORY: Semaphore = Semaphore::const_new(2);

/// `POST`: the same key sends it once.
///
/// # Errors
/// 404 for a contact or a conversation that one may not see; 422; 429 for too many test mails of one person or to one address.
pub async fn send(app: Data<App>, caller: Caller, input: Input<TemplateTest>) -> Result<HttpResponse, Problem> {
    let Input { value: TemplateTest { template, account, to }, once } = input;
    let client = template.client;
    let rendered = templates::filled(&app, &caller, template, Permission::WriteConfig).await?;
    let account = usable(&caller, client, account)?;
    let wrong = |detail: &str| Problem::field("to", ErrorCode::NotPossible, detail);
    let to = to.trim().to_owned();
    if !is_address(&to) {
        return Err(wrong("an address such as somebody@example.com"));
    }
    if suppressions::is_suppressed(&app.engine.db, client, &to).await? {
        return Err(wrong("whoever is there wants no more mails of this client"));
    }
    let key = once.keep().map(|keep| keep.scope);
    let only = Attempts::only(&app, key.clone())?;
    // Answered between the first look and now.
    once.check().await?;
    let turn = app.mail.turn(&app.throttle, caller.by)?;
    // Nobody's mailbox is filled by tests (security.md, 19).
    app.throttle.test_mail(caller.by, &to).map_err(too_many)?;
    let mail = TestMail { account, to, id: key.unwrap_or_else(|| app.engine.ids.next::<MessageId>().to_string()) };
    let (letter, subject) = mail.compose(&app, &caller, client, rendered).await?;
    let app = App::clone(&app);
    // Whoever hangs up meanwhile does not make it happen again.
    let sent = actix_web::rt::spawn(async move {
        let _held = (only, turn);
        mail.send(&app, &letter, subject, &once).await
    });
    sent.await.map_err(|_| Problem::new(ErrorCode::Internal))?
}

/// An account that may be sent by, with the key of its mails.
struct Usable {
    account: Arc<MailAccount>,
    key: ThreadKey,
}

fn usable(caller: &Caller, client: ClientId, id: ChannelId) -> Result<Usable, Problem> {
    let known = caller.directory.mail_accounts.get(&id).filter(|account| {
        account.client == client && caller.may(Permission::WriteConfig, place(account.client, account.campaign))
    });
    let known =
        known.ok_or_else(|| Problem::field("account", ErrorCode::UnknownReference, "no such mail account of this client"))?;
    let can_sign_in = known.settings.login == Login::Oauth || known.account(None).is_some();
    let on = known.enabled && known.archived_at.is_none() && can_sign_in;
    let off = || Problem::field("account", ErrorCode::WrongState, "the account is switched off or cannot sign in");
    let key = known.threads.first().filter(|_| on).cloned().ok_or_else(off)?;
    Ok(Usable { account: Arc::clone(known), key })
}

struct TestMail {
    account: Usable,
    to: String,
    /// The same for the same request, so that even a mail that went out twice is known for one.
    id: String,
}

impl TestMail {
    async fn compose(
        &self,
        app: &App,
        caller: &Caller,
        client: ClientId,
        rendered: Rendered,
    ) -> Result<(Letter, String), Problem> {
        let directory = &caller.directory;
        let Usable { account, key, .. } = &self.account;
        let writer = directory.users.get(&caller.user()).map(|user| user.name.as_str());
        let from = answering::sender(directory, account, writer);
        let language = directory.clients.get(&client).map_or(Language::Spanish, |client| client.language);
        let subject = marked(language, &rendered.subject);
        let to = vec![Mailbox { name: String::new(), address: self.to.clone() }];
        let envelope = Envelope { subject: subject.clone(), to, ..Envelope::default() };
        let domain = account.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let message_id = format!("test.{}@{domain}", self.id);
        let unclean = || Problem::field("template.html", ErrorCode::NotPossible, "this HTML cannot be made clean");
        let (html, text) = (rendered.html, rendered.text);
        let written = web::block(move || written::clean(&html)).await.map_err(|_| Problem::new(ErrorCode::Internal))?;
        let written = written.ok_or_else(unclean)?;
        let _memory = IN_MEMORY.try_acquire().map_err(|_| Problem::later(ErrorCode::Busy, 2))?;
        let files = pictures(app, client, &written.files).await?;
        let (key, address, to, now) = (key.clone(), account.address.clone(), self.to.clone(), app.now());
        let composed = web::block(move || {
            let mail = compose::Mail {
                from: &from,
                reply_to: None,
                envelope: &envelope,
                message_id: &message_id,
                date: now,
                text: &text,
                html: Some(&written.html),
                files: &files,
                loop_tag: key.loop_tag(),
                origin: Origin::Notice,
            };
            Letter::new(&address, &[to], compose(&mail).ok()?).ok()
        });
        let letter = composed.await.map_err(|_| Problem::new(ErrorCode::Internal))?;
        letter
            .map(|letter| (letter, subject))
            .ok_or_else(|| Problem::field("to", ErrorCode::NotPossible, "no such mail can go there"))
    }

    async fn send(&self, app: &App, letter: &Letter, subject: String, once: &Once) -> Result<HttpResponse, Problem> {
        let account = &self.account.account;
        let failure = match app.engine.mail_tokens.account(account).await {
            Ok(access) => {
                let direction = Direction::Send(Some(letter));
                let sent = half(&app.mail.network, &access, direction, MailDirection::Send, &mut |_| {}).await;
                sent.err().map(|(step, _)| step)
            }
            Err(failure) => Some(sign_in_step(MailDirection::Send, &failure)),
        };
        tracing::info!(account = %account.id, by = %once.by(), accepted = failure.is_none(), "a template was sent as a test");
        let answer = TemplateTested { to: self.to.clone(), subject, failure };
        once.commit_quietly(Vec::new(), StatusCode::OK, &answer).await
    }
}

/// Nobody takes it for a real one.
fn marked(language: Language, subject: &str) -> String {
    let (mark, nameless) = match language {
        Language::Spanish => ("Prueba", "Plantilla de correo"),
        Language::English => ("Test", "Mail template"),
        Language::Portuguese => ("Teste", "Modelo de e-mail"),
    };
    format!("[{mark}] {}", if subject.is_empty() { nameless } else { subject })
}

/// Its pictures, with their bytes.
async fn pictures(app: &App, client: ClientId, ids: &[AttachmentId]) -> Result<Vec<Enclosed>, Problem> {
    let (mut files, mut total) = (Vec::new(), 0);
    for id in ids {
        let unknown = || Problem::field("template.html", ErrorCode::UnknownReference, "no such picture of this client");
        let file = templates::picture_of(app, client, *id).await?.ok_or_else(unknown)?.file;
        total += file.size;
        if total > MAX_FILES_BYTES {
            return Err(Problem::field("template.html", ErrorCode::TooLong, "its pictures are larger than a mail may be"));
        }
        let found = app.attachments.get(&object_path(*id)).await.map_err(failed)?;
        let bytes = found.bytes().await.map_err(failed)?;
        files.push(Enclosed { id: file.id, name: file.name, media_type: file.media_type, bytes });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_says_that_it_is_a_test() {
        assert_eq!(marked(Language::Spanish, "Hola"), "[Prueba] Hola");
        assert_eq!(marked(Language::English, ""), "[Test] Mail template");
        assert_eq!(marked(Language::Portuguese, "Oi"), "[Teste] Oi");
    }
}
