//! `/api/v1/mail-suppressions`: who is not written to by mail any more, for whoever looks after all contacts of a client. Both who puts
//! somebody there and who lets somebody off stands beside it and in the log.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde::Deserialize;

use crate::{
    channels::email::post::account::is_address,
    domain::{
        log::Entity,
        permission::{Permission, Place, Scope},
    },
    error::ErrorCode,
    http::{
        caller::Caller,
        check::{self, Check, cut},
        input::{Input, Query},
        once::{self, Once},
        problem::Problem,
        state::App,
    },
    ids::{ClientId, SuppressionId},
    store::suppressions::{self, Filter, Suppression, SuppressionReason},
    wire::mail_suppressions as wire,
};

/// Which ones.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct MailSuppressionsQuery {
    /// Part of an address.
    q: Option<String>,
    /// Of this client.
    client: Option<ClientId>,
    /// Those that were lifted, instead of those in force.
    #[serde(default)]
    lifted: bool,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    limit: Option<u32>,
}

/// `GET`: the newest first.
///
/// # Errors
/// 422 for an impossible filter, cursor or limit.
pub async fn list(app: Data<App>, caller: Caller, query: Query<MailSuppressionsQuery>) -> Result<HttpResponse, Problem> {
    let MailSuppressionsQuery { q, client, lifted, cursor, limit } = query.0;
    let limit = check::limit(limit)?;
    let mut text = q.unwrap_or_default();
    let mut errors = Check::default();
    errors.line("q", &mut text, 0..=254);
    errors.done()?;
    let within = (!caller.subject.scopes.contains(&Scope::All)).then(|| {
        let clients = caller.directory.clients.keys().copied();
        clients.filter(|id| caller.may(Permission::ReadContacts, Place::client(*id))).collect()
    });
    let filter = Filter { within, client, text, lifted, before: check::cursor(cursor.as_deref())? };
    let found = suppressions::list(&app.engine.db, &filter, limit + 1).await?;
    let items = found.iter().map(wire::MailSuppression::from).collect();
    once::ok(&cut(items, limit, |one: &wire::MailSuppression| one.id.to_string()))
}

/// `POST`: nothing is sent there from now on.
///
/// # Errors
/// 422, also for who is on the list already.
pub async fn create(app: Data<App>, caller: Caller, input: Input<wire::MailSuppressionFields>) -> Result<HttpResponse, Problem> {
    let Input { value: wire::MailSuppressionFields { client, address, mut note }, once } = input;
    let address = address.trim().to_lowercase();
    let mut errors = Check::default();
    errors.client(&caller, Permission::WriteContacts, client);
    errors.that(is_address(&address), "address", ErrorCode::NotPossible, "not an address");
    errors.line("note", &mut note, 1..=200);
    errors.done()?;
    let suppression = Suppression {
        id: app.engine.ids.next(),
        client,
        address,
        reason: SuppressionReason::Manual,
        note: Some(note),
        added_by: caller.by,
        message: None,
        conversation: None,
        report: None,
        created_at: app.now(),
        lifted: None,
    };
    let fact = (Entity::Suppression, suppression.id.to_string());
    let answer = wire::MailSuppression::from(&suppression);
    let written = once.commit(vec![suppressions::insert(&suppression)], fact, StatusCode::CREATED, &answer).await;
    written.map_err(|problem| match problem.code() {
        ErrorCode::Conflict => Problem::field("address", ErrorCode::Taken, "it is on the list already"),
        _ => problem,
    })
}

/// `DELETE /{id}`: they may be written to again, until they complain again. It stays on record.
///
/// # Errors
/// 404, also for what was lifted before.
pub async fn lift(app: Data<App>, caller: Caller, id: Path<SuppressionId>, once: Once) -> Result<HttpResponse, Problem> {
    let found = suppressions::find(&app.engine.db, *id).await?.filter(|one| one.lifted.is_none());
    let found = found.filter(|one| caller.may(Permission::WriteContacts, Place::client(one.client)));
    let found = found.ok_or_else(Problem::not_found)?;
    let lifted = suppressions::lift(found.id, caller.by, app.now());
    once.commit_bare(vec![lifted], (Entity::Suppression, found.id.to_string())).await
}
