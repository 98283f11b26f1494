//! A provider for tests: answers what it is told to, and remembers what it was asked.

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::provider::ProviderConfig;

pub(crate) type Form = HashMap<String, String>;
type Answers = dyn Fn(usize, &Form) -> Vec<u8> + Send + Sync;

pub(crate) struct Fake {
    port: u16,
    pub(crate) asked: Arc<Mutex<Vec<Form>>>,
}

/// A whole answer.
pub(crate) fn answer(status: u16, media_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .into_bytes()
}

pub(crate) fn json(status: u16, body: &str) -> Vec<u8> {
    answer(status, "application/json", body)
}

impl Fake {
    /// Answers the n-th question as `answers` says; an empty answer is silence.
    pub(crate) async fn start(answers: impl Fn(usize, &Form) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, answers): (Arc<Mutex<Vec<Form>>>, Arc<Answers>) = (Arc::default(), Arc::new(answers));
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&heard), Arc::clone(&answers)));
            }
        });
        Self { port, asked }
    }

    pub(crate) fn config(&self) -> ProviderConfig {
        let at = |path: &str| Some(format!("http://127.0.0.1:{}/{path}", self.port));
        ProviderConfig { client: "us".to_owned(), authorize: at("authorize"), token: at("token"), ..ProviderConfig::default() }
    }
}

async fn serve(mut stream: TcpStream, asked: Arc<Mutex<Vec<Form>>>, answers: Arc<Answers>) {
    let mut request = Vec::new();
    let body = loop {
        let mut part = [0; 4_096];
        match stream.read(&mut part).await {
            Ok(read) if read > 0 => request.extend_from_slice(&part[..read]),
            _ => return,
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .to_ascii_lowercase()
            .split("content-length: ")
            .nth(1)
            .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse::<usize>().unwrap());
        if body.len() >= length {
            break body.to_owned();
        }
    };
    let form: Form = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let number = {
        let mut asked = asked.lock();
        asked.push(form.clone());
        asked.len() - 1
    };
    let said = answers(number, &form);
    if said.is_empty() {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let _ = stream.write_all(&said).await;
    let _ = stream.shutdown().await;
}
