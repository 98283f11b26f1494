//! HTTP/1.1 as far as a driver needs it: keep-alive, bodies with a length, nothing allocated that is not needed.

use std::{fmt::Write as _, io, ops::Range};

use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Outcome;

/// A complete response at the beginning of a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    /// Its status.
    pub(crate) status: u16,
    /// Where the body lies.
    pub(crate) body: Range<usize>,
    /// The server closes the connection after it.
    pub(crate) closes: bool,
    /// `Retry-After` stands there.
    pub(crate) retry_after: bool,
}

/// The response at the beginning of `bytes`, once it is complete. Fails on what is not HTTP or has no length.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Response>, String> {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let head = bytes.get(..end).and_then(|head| str::from_utf8(head).ok()).ok_or("the head of a response is not text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let status: u16 = status.ok_or_else(|| format!("not a response: {:?}", head.get(..40.min(head.len()))))?;
    let (mut length, mut closes, mut retry_after) = (None, false, false);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok();
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.eq_ignore_ascii_case("close");
        } else if name.eq_ignore_ascii_case("retry-after") {
            retry_after = true;
        }
    }
    let without_body = status < 200 || status == 204 || status == 304;
    let length: usize = if without_body { 0 } else { length.ok_or_else(|| format!("a response {status} without a length"))? };
    let body = end + 4..end + 4 + length;
    Ok((body.end <= bytes.len()).then_some(Response { status, body, closes, retry_after }))
}

/// An answer to one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) body: Vec<u8>,
    /// It says when to come back.
    pub(crate) retry_after: bool,
}

impl Answer {
    /// The body, when the status is 2xx; otherwise what the server said instead.
    pub(crate) fn read<T: DeserializeOwned>(&self, what: &str) -> Outcome<T> {
        if !(200..300).contains(&self.status) {
            return Err(format!("{what}: {} {}", self.status, self.text()).into());
        }
        serde_json::from_slice(&self.body).map_err(|error| format!("{what}: {error} in {}", self.text()).into())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One keep-alive connection; made when needed, and again after a failure.
pub(crate) struct Client {
    host: String,
    token: String,
    stream: Option<TcpStream>,
    received: Vec<u8>,
}

impl Client {
    /// To a server at `host`, with this bearer token (none when empty).
    pub(crate) fn new(host: &str, token: &str) -> Self {
        Self { host: host.to_owned(), token: token.to_owned(), stream: None, received: Vec::new() }
    }

    /// Another identity from now on.
    pub(crate) fn become_holder_of(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    /// Sends a whole request and waits for the answer. A failure leaves the outcome unknown.
    pub(crate) async fn send(&mut self, request: &[u8]) -> io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                self.received.clear();
                let stream = TcpStream::connect(&self.host).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        stream.write_all(request).await?;
        loop {
            if let Some(response) = parse(&self.received).map_err(io::Error::other)? {
                let body = self.received.get(response.body.clone()).unwrap_or_default().to_vec();
                self.received.drain(..response.body.end);
                if !response.closes {
                    self.stream = Some(stream);
                }
                return Ok(Answer { status: response.status, body, retry_after: response.retry_after });
            }
            if stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// A write with an idempotency key.
    pub(crate) async fn write<T: Serialize>(&mut self, method: &str, path: &str, key: &str, body: &T) -> io::Result<Answer> {
        let body = serde_json::to_string(body)?;
        let mut request = self.head(method, path, key, body.len());
        request.push_str(&body);
        self.send(request.as_bytes()).await
    }

    fn head(&self, method: &str, path: &str, key: &str, length: usize) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host);
        // Writing into a string cannot fail.
        if !self.token.is_empty() {
            let _ = write!(head, "authorization: Bearer {}\r\n", self.token);
        }
        if !key.is_empty() {
            let _ = write!(head, "idempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
        }
        head.push_str("\r\n");
        head
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_response_is_taken_when_it_is_complete() {
        let whole =
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nRetry-After: 1\r\nConnection: close\r\n\r\nbusyHTTP/1.1";
        for cut in 0..whole.len() - 8 {
            assert_eq!(parse(&whole[..cut]), Ok(None), "{cut}");
        }
        let response = parse(whole).unwrap().unwrap();
        assert_eq!((response.status, &whole[response.body.clone()]), (503, &b"busy"[..]));
        assert!(response.closes && response.retry_after);
        assert!(parse(b"SSH-2.0\r\n\r\n").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert_eq!(parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap().body.len(), 0);
    }

    #[tokio::test]
    async fn a_client_keeps_its_connection_and_makes_a_new_one_after_a_failure() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = Client::new(&listener.local_addr().unwrap().to_string(), "ctl_x");
        let server = async {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut seen = vec![0; 4096];
                for _ in 0..2 {
                    let length = stream.read(&mut seen).await.unwrap();
                    let text = String::from_utf8_lossy(&seen[..length]).into_owned();
                    assert!(
                        text.starts_with("POST /x HTTP/1.1\r\n") && text.contains("authorization: Bearer ctl_x\r\n"),
                        "{text}"
                    );
                    assert!(text.contains("idempotency-key: k\r\n") && text.ends_with("\r\n\r\n{}"), "{text}");
                    stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
                }
            }
        };
        let calls = async {
            let body = serde_json::json!({});
            for _ in 0..2 {
                for _ in 0..2 {
                    assert_eq!(client.write("POST", "/x", "k", &body).await.unwrap().status, 201);
                }
                assert!(client.write("POST", "/x", "k", &body).await.is_err(), "the server closed it");
            }
        };
        // The second failure has nobody to accept it any more: the listener goes with `server`.
        tokio::select! { () = async { tokio::join!(server, tokio::time::sleep(std::time::Duration::from_secs(5))); } => {}, () = calls => {} }
    }
}
