//! HTTP: routes that mirror the URLs, by audience. [`routes`] is the table of all of them, `route` what a row of it is made of, [`gate`]
//! what stands before those of the API.

pub mod admin;
pub mod caller;
pub mod check;
pub mod demo;
pub mod docs;
pub mod gate;
pub mod input;
mod mail_values;
pub mod once;
pub mod ops;
pub mod pages;
mod plain_page;
pub mod problem;
pub mod rate;
mod route;
pub mod routes;
pub mod sockets;
pub mod staff;
pub mod state;
pub mod webhooks;
pub mod widget;

#[cfg(test)]
mod tests;

use actix_web::{
    middleware::from_fn,
    web::{self, ServiceConfig},
};

pub use self::state::App;

const API: &str = "/api/v1";

/// Registers every route of the table: for `actix_web::App::configure`. The server's data must hold an [`App`].
pub fn configure(config: &mut ServiceConfig) {
    config.app_data(input::path_config());
    let mut api = web::scope(API);
    for path in paths() {
        let resource = |address: &str| {
            let rows = routes::ROUTES.iter().filter(|route| route.path == path);
            let resource = rows.fold(web::resource(address), |resource, route| resource.route((route.register)()));
            resource.default_service(web::to(gate::method_not_allowed))
        };
        match path.strip_prefix(API) {
            Some(address) => api = api.service(resource(address)),
            None => {
                config.service(resource(path));
            }
        }
    }
    config.service(api.default_service(web::to(gate::not_found)).wrap(from_fn(gate::gate)));
    config.default_service(web::get().to(pages::page));
}

/// Every address once, in the order of the table.
fn paths() -> Vec<&'static str> {
    let mut paths = Vec::new();
    for route in routes::ROUTES {
        if !paths.contains(&route.path) {
            paths.push(route.path);
        }
    }
    paths
}
