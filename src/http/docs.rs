//! `/openapi.json`, made of the route table, and `/docs`, a page that shows it: our own, small, without inline script and
//! without anything from elsewhere.

use std::{collections::BTreeMap, sync::OnceLock};

use actix_web::{HttpResponse, http::header};
use bytes::Bytes;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HttpMethod, InfoBuilder, OpenApiBuilder, PathItem, PathsBuilder, RefOr, Required,
    ResponseBuilder, Schema, SecurityRequirement,
    path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn},
    request_body::RequestBodyBuilder,
    schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type},
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::{
    auth::session::COOKIE,
    http::{
        caller::is_unsafe,
        problem::{PROBLEM_JSON, ProblemBody},
        route::Documented,
        routes::{Access, ROUTES, Route, Schemas},
    },
};

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ABOUT: &str = "Errors are problems (RFC 9457) with a stable `code`. Lists answer `{items, next}`; send `next` as `cursor`. Times \
are RFC 3339 in UTC, ids are UUIDs. What one may not see is 404, the same as what does not exist.\n\nEvery write but those of the \
session honours `Idempotency-Key`: the same request gets the same answer for 24 hours, another request under the same key is \
refused. An answer that shows a secret once is repeated with `null` in its place.\n\nPrograms send `Authorization: Bearer ctl_…`. \
Browsers send the session's cookie, and with writes an `Origin` that must be this server's.";

/// `GET /openapi.json`.
pub async fn openapi() -> HttpResponse {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| Bytes::from(serde_json::to_vec(&document()).unwrap_or_default()));
    file("application/json", document.clone())
}

/// `GET /docs`.
pub async fn page() -> HttpResponse {
    file("text/html; charset=utf-8", Bytes::from_static(include_bytes!("docs/viewer.html")))
}

/// `GET /docs/viewer.js`.
pub async fn script() -> HttpResponse {
    file("text/javascript; charset=utf-8", Bytes::from_static(include_bytes!("docs/viewer.js")))
}

/// `GET /docs/viewer.css`.
pub async fn style() -> HttpResponse {
    file("text/css; charset=utf-8", Bytes::from_static(include_bytes!("docs/viewer.css")))
}

fn file(media_type: &'static str, body: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(body)
}

/// The document.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut schemas = Schemas::new();
    let problem = ProblemBody::document(&mut schemas);
    let mut paths = PathsBuilder::new();
    for route in ROUTES {
        let method = match route.method.as_str() {
            "POST" => HttpMethod::Post,
            "PUT" => HttpMethod::Put,
            "PATCH" => HttpMethod::Patch,
            "DELETE" => HttpMethod::Delete,
            _ => HttpMethod::Get,
        };
        paths = paths.path(route.path, PathItem::new(method, operation(route, &problem, &mut schemas)));
    }
    let by_name: BTreeMap<String, RefOr<Schema>> = schemas.into_iter().collect();
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE)));
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    let components =
        ComponentsBuilder::new().schemas_from_iter(by_name).security_scheme("cookie", cookie).security_scheme("bearer", bearer);
    let info = InfoBuilder::new().title("Centralita").version(env!("CARGO_PKG_VERSION")).description(Some(ABOUT));
    OpenApiBuilder::new().info(info.build()).paths(paths).components(Some(components.build())).build()
}

fn operation(route: &Route, problem: &RefOr<Schema>, schemas: &mut Schemas) -> Operation {
    let mut operation = OperationBuilder::new().tag(route.tag).summary(Some(route.summary)).operation_id(Some(name(route)));
    for parameter in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let uuid = ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
        let parameter = ParameterBuilder::new().name(parameter).parameter_in(ParameterIn::Path).required(Required::True);
        operation = operation.parameter(parameter.schema(Some(uuid)));
    }
    for parameter in route.query.iter().flat_map(|query| query()) {
        operation = operation.parameter(parameter);
    }
    let honours_key = is_unsafe(&route.method) && route.path.starts_with("/api/") && !route.path.ends_with("/session");
    if honours_key {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(200));
        let parameter = ParameterBuilder::new().name("Idempotency-Key").parameter_in(ParameterIn::Header);
        let text = parameter.required(Required::False).description(Some("1 to 200 visible ASCII characters.")).schema(Some(text));
        operation = operation.parameter(text);
    }
    for body in route.body {
        let media_type = if route.path.ends_with("/attachments") { "application/octet-stream" } else { "application/json" };
        let content = ContentBuilder::new().schema(Some(body(schemas))).build();
        operation = operation
            .request_body(Some(RequestBodyBuilder::new().content(media_type, content).required(Some(Required::True)).build()));
    }
    let mut success = ResponseBuilder::new().description("Done.");
    for answer in route.answer {
        let media_type = match route.path {
            path if path.ends_with("/attachments/{id}") => "*/*",
            "/api/v1/mail-accounts/test" => "application/x-ndjson",
            _ => "application/json",
        };
        success = success.content(media_type, ContentBuilder::new().schema(Some(answer(schemas))).build());
    }
    let refused = ContentBuilder::new().schema(Some(problem.clone())).build();
    let refused = ResponseBuilder::new().description("Not done; `code` says why.").content(PROBLEM_JSON, refused);
    operation = operation.response(route.status.to_string(), success.build()).response("default", refused.build());
    let allowed = match route.access {
        Access::Public | Access::Visitor | Access::Signed => return operation.build(),
        Access::Operator => "Needs the metrics token, or to be on this machine.".to_owned(),
        Access::Own => "For everybody who is signed in.".to_owned(),
        Access::Any(permissions) => {
            let words: Vec<String> = permissions
                .iter()
                .filter_map(|permission| serde_json::to_value(permission).ok()?.as_str().map(|word| format!("`{word}`")))
                .collect();
            format!("Needs {}.", words.join(" or "))
        }
    };
    let none: [&str; 0] = [];
    operation = operation.description(Some(allowed)).security(SecurityRequirement::new("bearer", none));
    if route.access != Access::Operator {
        operation = operation.security(SecurityRequirement::new("cookie", none));
    }
    operation.build()
}

/// `post_conversations_id_close`: stable as long as method and path are.
fn name(route: &Route) -> String {
    let path = route.path.trim_start_matches("/api/v1").replace(['{', '}'], "").replace(['/', '-', '.'], "_");
    format!("{}{path}", route.method.as_str().to_lowercase())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn json() -> serde_json::Value {
        serde_json::to_value(document()).unwrap()
    }

    #[test]
    fn the_document_and_the_route_table_name_the_same_operations() {
        let document = json();
        let mut documented = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in
                item.as_object().unwrap().keys().filter(|key| ["get", "post", "put", "patch", "delete"].contains(&key.as_str()))
            {
                documented.insert((method.to_uppercase(), path.clone()));
            }
        }
        let table: BTreeSet<_> = ROUTES.iter().map(|route| (route.method.to_string(), route.path.to_owned())).collect();
        assert_eq!(table.len(), ROUTES.len(), "an address has each method once");
        assert_eq!(documented, table);
    }

    #[test]
    fn every_reference_of_the_document_leads_somewhere() {
        let document = json();
        fn references(value: &serde_json::Value, found: &mut BTreeSet<String>) {
            match value {
                serde_json::Value::Object(fields) => {
                    if let Some(target) = fields.get("$ref").and_then(|target| target.as_str()) {
                        found.insert(target.to_owned());
                    }
                    fields.values().for_each(|value| references(value, found));
                }
                serde_json::Value::Array(items) => items.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for target in found {
            let pointer = target.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{target}");
        }
    }

    #[test]
    fn every_write_of_configuration_needs_a_permission() {
        for route in ROUTES.iter().filter(|route| is_unsafe(&route.method)) {
            match route.access {
                Access::Any(permissions) => assert!(!permissions.is_empty(), "{}", route.path),
                Access::Signed => assert!(route.path.starts_with("/hooks/")),
                // It concerns nobody but whoever is signed in.
                Access::Own if route.path.starts_with("/api/v1/drafts/") => {}
                Access::Own => assert!(route.path == "/api/v1/session" || route.path.starts_with("/api/v1/me"), "{}", route.path),
                // A demo lets everybody in; elsewhere there is none.
                Access::Public if route.path == "/api/v1/demo/session" => {}
                // The address holds a signed token.
                Access::Public if route.path == "/rate/{account}/{token}" => {}
                Access::Public => {
                    let with_a_secret = ["/api/v1/session", "/api/v1/invitations/check", "/api/v1/invitations/accept"];
                    assert!(with_a_secret.contains(&route.path) || route.path.ends_with("/{channel}/session"), "{}", route.path);
                }
                Access::Visitor => assert!(route.path.starts_with("/widget/")),
                Access::Operator => panic!("{}", route.path),
            }
        }
    }
}
