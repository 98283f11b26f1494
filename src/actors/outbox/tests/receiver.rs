//! A receiver of calls that does as it is told: it answers, or takes a call in and cuts the line.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::channels::standard_webhooks::{Header, Headers};

/// What it does with a call.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    Status(u16),
    /// Takes it in and closes the connection.
    Cut,
}

/// A call it got.
#[derive(Clone)]
pub(super) struct Call {
    headers: HashMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Call {
    pub(super) fn header(&self, name: &str) -> &str {
        &self.headers[name]
    }

    pub(super) fn id(&self) -> String {
        self.header("webhook-id").to_owned()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn signed(&self) -> Headers<'_> {
        let one = |name| Header::One(self.header(name).as_bytes());
        Headers { id: one("webhook-id"), timestamp: one("webhook-timestamp"), signature: one("webhook-signature") }
    }
}

/// Answers as planned, then with 204.
pub(super) struct Receiver {
    pub(super) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

/// An address where nobody listens once the listener is dropped.
pub(super) async fn reserve() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (listener.local_addr().unwrap(), listener)
}

pub(super) fn url(address: SocketAddr) -> String {
    format!("http://{address}/messages")
}

impl Receiver {
    pub(super) async fn start(plan: Vec<Answer>) -> Self {
        let (address, listener) = reserve().await;
        Self::serve(address, listener, plan)
    }

    pub(super) async fn at(address: SocketAddr, plan: Vec<Answer>) -> Self {
        Self::serve(address, TcpListener::bind(address).await.unwrap(), plan)
    }

    fn serve(address: SocketAddr, listener: TcpListener, plan: Vec<Answer>) -> Self {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (seen, plan) = (Arc::clone(&calls), Arc::new(Mutex::new(VecDeque::from(plan))));
        actix::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                actix::spawn(connection(stream, Arc::clone(&seen), Arc::clone(&plan)));
            }
        });
        Self { url: url(address), calls }
    }

    /// The first `count` calls, once they are there.
    pub(super) async fn until(&self, count: usize) -> Vec<Call> {
        for _ in 0..5_000 {
            if self.calls.lock().len() >= count {
                return self.calls.lock().clone();
            }
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
        panic!("{} calls of {count}", self.calls.lock().len());
    }
}

async fn connection(mut stream: TcpStream, calls: Arc<Mutex<Vec<Call>>>, plan: Arc<Mutex<VecDeque<Answer>>>) {
    while let Some(call) = read(&mut stream).await {
        calls.lock().push(call);
        let answer = plan.lock().pop_front().unwrap_or(Answer::Status(204));
        let Answer::Status(status) = answer else { return };
        let head = format!("HTTP/1.1 {status} Told\r\ncontent-length: 0\r\n\r\n");
        if stream.write_all(head.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let headers: HashMap<String, String> = head
                .lines()
                .skip(1)
                .filter_map(|line| line.split_once(": "))
                .map(|(k, v)| (k.to_lowercase(), v.into()))
                .collect();
            let length: usize = headers["content-length"].parse().unwrap();
            if bytes.len() >= end + 4 + length {
                return Some(Call { headers, body: bytes[end + 4..].to_vec() });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
