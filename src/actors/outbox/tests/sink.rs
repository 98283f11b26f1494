//! A mail server that takes everything, unless it is told otherwise.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::actors::testing::eventually;

/// One mail that was handed over whole, whether it was taken or not.
#[derive(Clone, Debug, Default)]
pub(super) struct Mail {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) raw: String,
    pub(super) taken: bool,
}

impl Mail {
    /// A field, unfolded.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let head = self.raw.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let line = head.split("\r\n").find(|line| line.to_lowercase().starts_with(&format!("{}:", name.to_lowercase())));
        line.map(|line| line.split_once(": ").map_or("", |(_, value)| value).to_owned())
    }
}

/// What it says instead of yes.
pub(super) enum Says {
    Line(&'static str),
    /// Keeps the connection and says nothing.
    Nothing,
    Hang,
}

/// What to answer to a line (`.` is the end of a mail), given how many such lines came before.
type Script = dyn Fn(&str, usize) -> Option<Says> + Send + Sync;

pub(super) struct Sink {
    pub(super) port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
    connections: Arc<Mutex<usize>>,
}

impl Sink {
    pub(super) async fn start(script: impl Fn(&str, usize) -> Option<Says> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self { port: listener.local_addr().unwrap().port(), mails: Arc::default(), connections: Arc::default() };
        let (mails, connections) = (Arc::clone(&sink.mails), Arc::clone(&sink.connections));
        let (script, heard): (Arc<Script>, _) = (Arc::new(script), Arc::new(Mutex::new(Vec::<String>::new())));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *connections.lock() += 1;
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&heard), Arc::clone(&mails)));
            }
        });
        sink
    }

    pub(super) async fn willing() -> Self {
        Self::start(|_, _| None).await
    }

    pub(super) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().clone()
    }

    pub(super) fn connections(&self) -> usize {
        *self.connections.lock()
    }

    pub(super) async fn until(&self, count: usize) -> Vec<Mail> {
        eventually("mails arrive", async || Some(self.mails()).filter(|mails| mails.len() >= count)).await
    }
}

async fn serve(stream: TcpStream, script: Arc<Script>, heard: Arc<Mutex<Vec<String>>>, mails: Arc<Mutex<Vec<Mail>>>) {
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    let _ = stream.write_all(b"220 sink ESMTP\r\n").await;
    let (mut mail, mut in_mail, mut line) = (Mail::default(), false, String::new());
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        let text = std::mem::take(&mut line);
        let said = text.trim_end_matches("\r\n");
        if in_mail && said != "." {
            mail.raw.push_str(text.strip_prefix('.').unwrap_or(&text));
            continue;
        }
        let word = said.split([':', ' ']).next().unwrap_or_default().to_uppercase();
        let before = {
            let mut heard = heard.lock();
            heard.push(word.clone());
            heard.iter().filter(|other| **other == word).count() - 1
        };
        let scripted = script(said, before);
        let refused = matches!(&scripted, Some(Says::Line(answer)) if !answer.starts_with('2'));
        match word.as_str() {
            "MAIL" => mail = Mail { from: address(said), ..Mail::default() },
            "RCPT" if !refused => mail.to.push(address(said)),
            "DATA" => in_mail = !refused && !mail.to.is_empty(),
            "." => {
                in_mail = false;
                let taken = !refused && !matches!(scripted, Some(Says::Hang | Says::Nothing));
                mails.lock().push(Mail { taken, ..std::mem::take(&mut mail) });
            }
            _ => {}
        }
        let answer = match scripted {
            Some(Says::Hang) => return,
            Some(Says::Nothing) => continue,
            Some(Says::Line(answer)) => format!("{answer}\r\n"),
            None => match word.as_str() {
                "EHLO" => "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 100000000\r\n250 AUTH PLAIN\r\n".to_owned(),
                "AUTH" => "235 2.7.0 ok\r\n".to_owned(),
                "DATA" if mail.to.is_empty() => "554 5.5.1 to nobody\r\n".to_owned(),
                "DATA" => "354 go\r\n".to_owned(),
                "QUIT" => "221 bye\r\n".to_owned(),
                _ => "250 2.0.0 ok\r\n".to_owned(),
            },
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or("", |(address, _)| address).to_owned()
}
