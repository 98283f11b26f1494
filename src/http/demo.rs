//! `/api/v1/demo`: there on a server that shows a demo, else 404 like anything that does not exist.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};

use crate::{
    demo::{Demo, MAX_PACE},
    domain::permission::{Permission, Place},
    error::ErrorCode,
    http::{caller::Caller, check::Check, input::Plain, once, problem::Problem, staff::session, state::App},
    store::people,
    wire::demo::{Entry, Info, Pace, Person},
};

/// The demo, for a browser on this machine: a foreign page whose name leads here by a trick does not get in.
fn demo<'a>(app: &'a App, request: &HttpRequest) -> Result<&'a Arc<Demo>, Problem> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let url = url::Url::parse(&format!("http://{host}")).map_err(|_| Problem::not_found())?;
    let is_here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    };
    app.demo.as_ref().filter(|_| is_here).ok_or_else(Problem::not_found)
}

/// `GET`: who can be let in, and how lively it is.
///
/// # Errors
/// 404 where there is no demo.
pub async fn show(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    once::ok(&info(demo(&app, &request)?))
}

fn info(demo: &Demo) -> Info {
    let people = demo.people().iter().filter(|person| !person.simulated);
    let view = |person: &crate::demo::folder::Person| Person {
        login: person.login.clone(),
        name: person.name.clone(),
        role: person.role,
    };
    Info { people: people.map(view).collect(), pace: demo.pace() }
}

/// `POST /session`: lets one of the demo's people in without a password.
///
/// # Errors
/// 404 where there is no demo; 401 for anybody else; 429.
pub async fn enter(app: Data<App>, request: HttpRequest, body: Plain<Entry>) -> Result<HttpResponse, Problem> {
    let demo = demo(&app, &request)?;
    let Entry { login } = body.0;
    let is_offered = demo.people().iter().any(|person| !person.simulated && person.login == login);
    let refused = || Problem::new(ErrorCode::WrongCredentials);
    if !is_offered {
        return Err(refused());
    }
    session::allow(&app, &login, &request)?;
    let known = people::credentials(&app.engine.db, &login).await?.filter(|known| known.enabled).ok_or_else(refused)?;
    session::begin(&app, &request, known.user).await
}

/// `PATCH`: another pace, until the server stops.
///
/// # Errors
/// 404 where there is no demo or for whoever may not change everything; 422.
pub async fn change(app: Data<App>, caller: Caller, request: HttpRequest, body: Plain<Pace>) -> Result<HttpResponse, Problem> {
    let demo = demo(&app, &request)?;
    caller.require(Permission::WriteConfig, Place::GLOBAL)?;
    let mut check = Check::default();
    check.range("pace", body.0.pace, 0..=MAX_PACE);
    check.done()?;
    demo.set_pace(body.0.pace);
    once::ok(&info(demo))
}

/// `DELETE`: the server ends, and the demo with everything in it is erased.
///
/// # Errors
/// 404 where there is no demo or for whoever may not change everything.
pub async fn erase(app: Data<App>, caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let demo = demo(&app, &request)?;
    caller.require(Permission::WriteConfig, Place::GLOBAL)?;
    tracing::info!(by = %caller.by, "the demo is to be erased");
    demo.ask_to_erase();
    Ok(HttpResponse::Accepted().finish())
}
