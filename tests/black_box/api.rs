//! A client of the REST API.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{
    Client, Method, RequestBuilder,
    header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderValue},
};
use serde_json::{Value, json};

/// Whoever calls, with their credential.
#[derive(Clone)]
pub(crate) struct Api {
    /// `127.0.0.1:PORT`.
    pub(crate) host: String,
    /// Sent with every request, and with the handshake of a socket.
    pub(crate) headers: HeaderMap,
    client: Client,
}

impl Api {
    /// Nobody.
    pub(crate) fn anonymous(host: &str) -> Self {
        // A connection for each request: servers come and go.
        let client = Client::builder().pool_max_idle_per_host(0).no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
        Self { host: host.to_owned(), headers: HeaderMap::new(), client }
    }

    /// With a header more.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    /// The same caller at another server.
    pub(crate) fn at(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// Whoever has this token.
    pub(crate) fn bearer(host: &str, token: &str) -> Self {
        Self::anonymous(host).with(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// A browser on one of the server's own pages.
    pub(crate) fn browser(host: &str, cookie: &str) -> Self {
        Self::anonymous(host).with(COOKIE.as_str(), cookie).with("origin", &format!("http://{host}"))
    }

    /// A request to be completed.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("http://{}{path}", self.host)).headers(self.headers.clone())
    }

    /// Sends it.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        Answer::of(format!("{method} {path}"), request).await
    }

    /// A write under an `Idempotency-Key`.
    pub(crate) async fn call_once(&self, method: &str, path: &str, key: &str, body: Option<&Value>) -> Answer {
        self.clone().with("idempotency-key", key).call(method, path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path, Some(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path, Some(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None).await
    }

    /// A write without a body.
    pub(crate) async fn act(&self, path: &str) -> Answer {
        self.call("POST", path, None).await
    }

    /// The conversation as it stands.
    pub(crate) async fn conversation(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/conversations/{id}")).await.ok()
    }

    /// The texts of its messages, in order.
    pub(crate) async fn texts(&self, id: &str) -> Vec<String> {
        let page = self.get(&format!("/api/v1/conversations/{id}/messages?limit=200")).await.ok();
        let mut texts: Vec<String> = list(&page).iter().map(|message| text(&message["text"])).collect();
        texts.reverse();
        texts
    }

    /// Answers the customer.
    pub(crate) async fn reply(&self, conversation: &str, text: &str) -> Answer {
        self.post(&format!("/api/v1/conversations/{conversation}/messages"), json!({ "text": text })).await
    }
}

/// The items of a page.
pub(crate) fn list(page: &Value) -> &Vec<Value> {
    page["items"].as_array().unwrap_or_else(|| panic!("no page: {page}"))
}

/// A string of an answer.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// What the server said.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Of which request, for people.
    pub(crate) what: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Of a request; the server must answer.
    pub(crate) async fn of(what: String, request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap_or_else(|error| panic!("{what}: no answer: {error:?}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.unwrap_or_else(|error| panic!("{what}: no body: {error:?}"));
        Self { what, status, headers, body }
    }

    /// The body as JSON; null when there is none.
    pub(crate) fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{self}: {error}"))
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{self}");
        self.json()
    }

    /// The body of a success that is no JSON.
    #[track_caller]
    pub(crate) fn ok_bytes(&self) -> &[u8] {
        assert!((200..300).contains(&self.status), "{self}");
        &self.body
    }

    /// The `id` of what was created.
    #[track_caller]
    pub(crate) fn id(&self) -> String {
        text(&self.ok()["id"])
    }

    /// A problem with this status and code, in the form of every problem (RFC 9457).
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{self}");
        assert_eq!(problem["status"], status, "{self}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self}");
        problem
    }

    /// A refused field.
    #[track_caller]
    pub(crate) fn refused_field(&self, field: &str, code: &str) {
        let problem = self.refused(422, "invalid");
        let found = problem["errors"].as_array().into_iter().flatten();
        assert!(found.into_iter().any(|error| error["field"] == field && error["code"] == code), "{self}");
    }

    /// A header; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} {}", self.what, self.status, String::from_utf8_lossy(&self.body))
    }
}
