//! The way in: HTTP and WebSocket to this server, as anybody uses them.

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::Value;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, client::IntoClientRequest, http::HeaderValue},
};

use super::customers::SLOWEST;

/// A socket to the server.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What went wrong.
#[derive(Debug, Error)]
pub(super) enum Mishap {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("{0}")]
    Socket(Box<tungstenite::Error>),
    #[error("{0}: {1}")]
    Refused(StatusCode, String),
    #[error("{0}")]
    Other(&'static str),
}

impl From<tungstenite::Error> for Mishap {
    fn from(error: tungstenite::Error) -> Self {
        Self::Socket(Box::new(error))
    }
}

/// Who speaks.
pub(super) enum As<'a> {
    /// Nobody yet.
    Stranger,
    /// Who has this cookie.
    Staff(&'a str),
    /// Who has this token.
    Visitor(&'a str),
}

/// See above.
pub(super) struct Line {
    host: String,
    client: reqwest::Client,
}

impl Line {
    pub(super) fn new(listen: SocketAddr) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().no_proxy().timeout(SLOWEST).user_agent("Centralita demo");
        Ok(Self { host: listen.to_string(), client: client.build()? })
    }

    pub(super) fn request(&self, method: Method, path: &str, who: &As<'_>) -> RequestBuilder {
        let request = self.client.request(method, format!("http://{}{path}", self.host));
        match who {
            As::Stranger => request,
            As::Staff(cookie) => request.header(header::COOKIE, *cookie).header(header::ORIGIN, format!("http://{}", self.host)),
            As::Visitor(token) => request.bearer_auth(token),
        }
    }

    pub(super) async fn call(&self, method: Method, path: &str, who: &As<'_>, body: &Value) -> Result<Value, Mishap> {
        taken(self.request(method, path, who).json(body)).await
    }

    /// The cookie of a new session, and who that is.
    pub(super) async fn sign_in(&self, login: &str, password: &str) -> Result<(String, Value), Mishap> {
        let body = serde_json::json!({ "login": login, "password": password });
        let request = self.request(Method::POST, "/api/v1/session", &As::Stranger).json(&body);
        let response = request.send().await?;
        let status = response.status();
        let cookie = response.headers().get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).unwrap_or_default().to_owned();
        let answer: Value = response.json().await?;
        if status.is_success() { Ok((cookie, answer)) } else { Err(Mishap::Refused(status, code(&answer))) }
    }

    pub(super) async fn socket(&self, path: &str, who: &As<'_>) -> Result<Socket, Mishap> {
        let mut request = format!("ws://{}{path}", self.host).into_client_request()?;
        if let As::Staff(cookie) = who {
            let value = |text: &str| HeaderValue::from_str(text).map_err(|_| Mishap::Other("an odd cookie"));
            request.headers_mut().insert("cookie", value(cookie)?);
            request.headers_mut().insert("origin", value(&format!("http://{}", self.host))?);
        }
        Ok(connect_async(request).await?.0)
    }
}

/// The answer, if the server said yes.
pub(super) async fn taken(request: RequestBuilder) -> Result<Value, Mishap> {
    let response = request.send().await?;
    let (status, bytes) = (response.status(), response.bytes().await?);
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if status.is_success() { Ok(answer) } else { Err(Mishap::Refused(status, code(&answer))) }
}

/// Why it said no.
fn code(answer: &Value) -> String {
    answer.get("code").and_then(Value::as_str).unwrap_or("no code").to_owned()
}
