//! `GET /api/v1/mail-accounts/health`: how all accounts within scope do, as of now.

use actix_web::{HttpResponse, web::Data};

use crate::{
    domain::permission::Permission,
    http::{admin::canned_texts::place, caller::Caller, once, problem::Problem, state::App},
    store::mail_sending,
    wire::{
        mail_health::{MailAccountHealth, SendingState},
        mail_sign_in::MailSignInTrouble,
        page::Page,
    },
};

/// `GET`: all of them, they are few.
///
/// # Errors
/// 503 when the store cannot be asked.
pub async fn list(app: Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let accounts = caller.directory.mail_accounts.values().filter(|account| account.archived_at.is_none());
    let seen = accounts.filter(|account| caller.may(Permission::WriteConfig, place(account.client, account.campaign)));
    let mut items = Vec::new();
    for account in seen {
        let health = app.engine.mail_health.of(account.id);
        let standing = mail_sending::standing(&app.engine.db, account.id, account.settings.quota, app.now()).await?;
        items.push(MailAccountHealth {
            account: account.id,
            mailbox: health.state.into(),
            sign_in: app.engine.mail_tokens.trouble(account.id).map(|trouble| MailSignInTrouble {
                code: trouble.failure.code.as_str().to_owned(),
                words: trouble.failure.words.map(Into::into),
                since: trouble.since.into(),
            }),
            read_only: health.read_only,
            last_mail_at: health.last_mail_at.map(Into::into),
            backlog: health.backlog,
            quarantined: health.quarantined,
            waiting: standing.waiting + standing.scheduled,
            next_at: standing.next_at.map(Into::into),
            sending: SendingState::of(account, standing),
        });
    }
    items.sort_by_key(|health| health.account);
    once::ok(&Page { items, next: None })
}
