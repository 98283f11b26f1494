//! `/api/v1/clients/{id}/mail-areas`: from which account mails of each kind go.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};

use crate::{
    domain::{
        log::Entity,
        mail_area::Areas,
        permission::{Permission, Place},
    },
    error::ErrorCode,
    http::{caller::Caller, check::Check, input::Input, once, problem::Problem, state::App},
    ids::ClientId,
    store::mail_areas,
    wire::mail_accounts::{MailAreaAccount, MailAreas},
};

fn require(caller: &Caller, client: ClientId) -> Result<(), Problem> {
    caller.directory.clients.get(&client).ok_or_else(Problem::not_found)?;
    caller.require(Permission::WriteConfig, Place::client(client))
}

/// `GET`.
///
/// # Errors
/// 404.
pub async fn show(app: Data<App>, caller: Caller, client: Path<ClientId>) -> Result<HttpResponse, Problem> {
    require(&caller, *client)?;
    let areas = mail_areas::of_client(&app.engine.db, *client).await?;
    let areas = areas.0.into_iter().map(|(area, account)| MailAreaAccount { area, account }).collect();
    once::ok(&MailAreas { areas })
}

/// `PUT`: all of them at once.
///
/// # Errors
/// 404, 422.
pub async fn put(caller: Caller, client: Path<ClientId>, input: Input<MailAreas>) -> Result<HttpResponse, Problem> {
    let Input { value: mut wanted, once } = input;
    require(&caller, *client)?;
    let mut check = Check::default();
    let mut areas = Areas::default();
    for (index, MailAreaAccount { area, account }) in wanted.areas.iter().enumerate() {
        let known = caller.directory.mail_accounts.get(account);
        let known = known.is_some_and(|account| account.client == *client && account.archived_at.is_none());
        check.that(known, &format!("areas.{index}.account"), ErrorCode::UnknownReference, "no such account of this client");
        let again = areas.0.insert(*area, *account).is_some();
        check.that(!again, &format!("areas.{index}.area"), ErrorCode::Duplicate, "each area once");
    }
    check.done()?;
    wanted.areas = areas.0.iter().map(|(area, account)| MailAreaAccount { area: *area, account: *account }).collect();
    let fact = (Entity::Client, client.to_string());
    once.commit(mail_areas::put(*client, &areas), fact, StatusCode::OK, &wanted).await
}
