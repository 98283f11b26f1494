//! `/api/v1/mail-asides`: mails that are nobody's message, for whoever looks after the campaign they came to.

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use bytes::Bytes;
use object_store::ObjectStoreExt;
use serde::Deserialize;

use super::attachments;
use crate::{
    actors::mailbox::{Outcome, Reader, Settled},
    channels::email::settings::MailAccount,
    clock::Timestamp,
    domain::{
        log::By,
        permission::{Permission, Place, Scope},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{self, cut},
        input::Query,
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::{ChannelId, MailAsideId},
    store::{
        attachments as files,
        mail_asides::{self, Filter, MailAside, MailAsideKind, MailAsideState},
    },
    wire::mail_asides as wire,
};

/// Which ones.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct MailAsidesQuery {
    /// Of this mail account.
    account: Option<ChannelId>,
    /// Of this kind.
    kind: Option<MailAsideKind>,
    /// In this state.
    state: Option<MailAsideState>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

fn place(account: &MailAccount) -> Place {
    Place { client: Some(account.client), campaign: account.campaign }
}

async fn found(
    app: &App,
    caller: &Caller,
    id: MailAsideId,
    permission: Permission,
) -> Result<(MailAside, Arc<MailAccount>), Problem> {
    let aside = mail_asides::find(&app.engine.db, id).await?.ok_or_else(Problem::not_found)?;
    let account = caller.directory.mail_accounts.get(&aside.account).cloned().ok_or_else(Problem::not_found)?;
    caller.require(permission, place(&account))?;
    Ok((aside, account))
}

/// `GET`: the newest first.
///
/// # Errors
/// 422 for an impossible cursor or limit.
pub async fn list(app: Data<App>, caller: Caller, query: Query<MailAsidesQuery>) -> Result<HttpResponse, Problem> {
    let MailAsidesQuery { account, kind, state, cursor, limit } = query.0;
    let limit = check::limit(limit)?;
    let within = (!caller.subject.scopes.contains(&Scope::All)).then(|| {
        let accounts = caller.directory.mail_accounts.values();
        accounts.filter(|account| caller.may(Permission::ReadConversations, place(account))).map(|account| account.id).collect()
    });
    let before = match check::cursor::<MailAsideId>(cursor.as_deref())? {
        Some(id) => {
            Some((mail_asides::find(&app.engine.db, id).await?.map_or(Timestamp::default(), |aside| aside.created_at), id))
        }
        None => None,
    };
    let filter = Filter { within, account, kind, state, before };
    let found = mail_asides::list(&app.engine.db, &filter, limit + 1).await?;
    once::ok(&cut(found.iter().map(wire::MailAside::from).collect(), limit, |aside: &wire::MailAside| aside.id.to_string()))
}

/// `GET /{id}`.
///
/// # Errors
/// 404.
pub async fn show(app: Data<App>, caller: Caller, id: Path<MailAsideId>) -> Result<HttpResponse, Problem> {
    let (aside, _) = found(&app, &caller, *id, Permission::ReadConversations).await?;
    once::ok(&wire::MailAside::from(&aside))
}

/// `GET /{id}/source`: the mail as it came in, to be saved.
///
/// # Errors
/// 404.
pub async fn source(app: Data<App>, caller: Caller, id: Path<MailAsideId>) -> Result<HttpResponse, Problem> {
    let (aside, _) = found(&app, &caller, *id, Permission::ReadConversations).await?;
    let source = aside.source.ok_or_else(Problem::not_found)?;
    let stored = files::find(&app.engine.db, source).await?.ok_or_else(Problem::not_found)?;
    attachments::stream(&app, &stored).await
}

/// `POST /{id}/retry`: reads the mail again and takes it in as a customer's message, whatever it says of itself.
///
/// # Errors
/// 404; 409 when that was decided before, or when it still cannot be read.
pub async fn retry(app: Data<App>, caller: Caller, id: Path<MailAsideId>, once: Once) -> Result<HttpResponse, Problem> {
    let (mut aside, account) = found(&app, &caller, *id, Permission::ForceConversations).await?;
    let source = aside.source.filter(|_| aside.state == MailAsideState::Open);
    let source = source.ok_or_else(|| Problem::new(ErrorCode::WrongState))?;
    let stored = app.attachments.get(&files::path(source)).await.map_err(attachments::failed)?;
    let raw: Bytes = stored.bytes().await.map_err(attachments::failed)?;
    if (raw.len() as u64) < aside.size {
        // Only its beginning was fetched.
        return Err(Problem::with(ErrorCode::WrongState, "only the beginning of this mail is here"));
    }
    let reader = Reader { engine: app.engine.clone(), files: Arc::clone(&app.attachments) };
    let reading = reader.read(&account, raw, aside.received_at).await;
    let Settled { outcome, mut statements } = reader.settle(&account, &reading, true).await?;
    let conversation = match outcome {
        Outcome::Stored(conversation) => Some(conversation),
        Outcome::Repeated(conversation) => conversation,
        Outcome::Aside(kind, reason) => {
            let still = mail_asides::still(aside.id, kind, &reason);
            app.engine.journal.write(vec![still], None, By::System, None).await?;
            return Err(Problem::with(ErrorCode::WrongState, format!("it still cannot be read: {reason}")));
        }
    };
    statements.push(mail_asides::settle(aside.id, MailAsideState::Retried, conversation));
    (aside.state, aside.conversation) = (MailAsideState::Retried, conversation);
    settled(&app, &once, aside, statements).await
}

/// `POST /{id}/dismiss`: it is of no interest.
///
/// # Errors
/// 404; 409 when that was decided before.
pub async fn dismiss(app: Data<App>, caller: Caller, id: Path<MailAsideId>, once: Once) -> Result<HttpResponse, Problem> {
    let (mut aside, _) = found(&app, &caller, *id, Permission::ForceConversations).await?;
    if aside.state != MailAsideState::Open {
        return Err(Problem::new(ErrorCode::WrongState));
    }
    aside.state = MailAsideState::Dismissed;
    let statements = vec![mail_asides::settle(aside.id, aside.state, None)];
    settled(&app, &once, aside, statements).await
}

async fn settled(
    app: &App,
    once: &Once,
    aside: MailAside,
    statements: Vec<crate::store::write::Statement>,
) -> Result<HttpResponse, Problem> {
    let answer = once.commit_quietly(statements, StatusCode::OK, &wire::MailAside::from(&aside)).await?;
    if let Ok(count) = mail_asides::quarantined(&app.engine.db, aside.account).await {
        app.engine.mail_health.change(aside.account, |health| health.quarantined = count);
    }
    Ok(answer)
}
