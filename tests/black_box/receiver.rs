//! A connected system's side of the outbound calls: takes them, keeps them, answers as it is told.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use centralita::channels::standard_webhooks::{SigningSecret, sign};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

const PATIENCE: Duration = Duration::from_secs(15);

/// Listens until it is dropped.
pub(crate) struct Receiver {
    /// Where.
    pub(crate) url: String,
    calls: mpsc::UnboundedReceiver<Call>,
    status: Arc<AtomicU16>,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    /// Names in lower case.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    /// What it says.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether it was signed with this secret.
    pub(crate) fn is_signed_with(&self, secret: &SigningSecret) -> bool {
        let timestamp: i64 = self.headers["webhook-timestamp"].parse().unwrap();
        let expected = sign(secret, &self.headers["webhook-id"], timestamp, &self.body);
        self.headers["webhook-signature"].split(' ').any(|given| given == expected)
    }
}

impl Receiver {
    /// On a free port; answers 200.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/replies", listener.local_addr().unwrap());
        let (told, calls) = mpsc::unbounded_channel();
        let status = Arc::new(AtomicU16::new(200));
        let answers = Arc::clone(&status);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, told.clone(), Arc::clone(&answers)));
            }
        });
        Self { url, calls, status }
    }

    /// Answers with this status from now on.
    pub(crate) fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// The next call.
    pub(crate) async fn next(&mut self) -> Call {
        let call = tokio::time::timeout(PATIENCE, self.calls.recv()).await;
        call.expect("no call came").expect("the receiver is gone")
    }

    /// Calls that came and were not looked at.
    pub(crate) fn waiting(&self) -> usize {
        self.calls.len()
    }
}

async fn serve(stream: TcpStream, told: mpsc::UnboundedSender<Call>, status: Arc<AtomicU16>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut headers = HashMap::new();
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if let Some((name, value)) = text.split_once(':') {
                headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).await.is_err() || told.send(Call { headers, body }).is_err() {
            return;
        }
        let answer = format!("HTTP/1.1 {} Told\r\ncontent-length: 0\r\n\r\n", status.load(Ordering::Relaxed));
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}
