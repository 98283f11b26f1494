//! Servers of the tests: small ones that misbehave, and, when `CENTRALITA_TEST_MAIL` describes them (`scripts/mail.sh`), real ones.

mod discovering;
pub(crate) mod dovecot;
mod hostile;
pub(crate) mod measure;
mod oddities;
mod postfix;
mod sending;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::{
    account::{Account, Credentials, Folders, Proof, Security, SendingLogin, Server},
    failure::Code,
    imap::{Batch, Event, Pace, Session, Start},
    net::{Network, Patience, Reach},
};
use crate::clock::Clock;

const SECRET: &str = "canary-5d7f";

/// Waits briefly: the other side of a test is in the same process.
fn network(authority: Option<&[u8]>) -> Network {
    let short = Duration::from_secs(5);
    let patience = Patience { connect: short, tls: short, reply: short, delivery: short, slowest: 64 * 1024 };
    Network::new(Clock::system(), Reach::Anywhere, authority).unwrap().with_patience(patience)
}

fn impatient() -> Network {
    let short = Duration::from_secs(1);
    network(None).with_patience(Patience { connect: short, tls: short, reply: short, delivery: short, slowest: 1 << 20 })
}

pub(crate) fn local(port: u16, security: Security) -> Server {
    Server::new("localhost", port, security)
}

/// Both halves at the same server.
fn account(port: u16, security: Security) -> Account {
    Account {
        address: "ana@example.com".to_owned(),
        from_name: "Ana".to_owned(),
        imap: Some(local(port, security)),
        smtp: local(port, security),
        credentials: Credentials { user: "ana".to_owned(), proof: Proof::Password(SECRET.into()) },
        sending_login: SendingLogin::Same,
        folders: Folders::default(),
    }
}

/// Gives the code of why a session could not be opened.
async fn refusal(net: &Network, account: &Account) -> Code {
    Session::open(net, account, Start::Everything, Pace::default()).await.err().unwrap().code
}

async fn batch(session: &mut Session) -> Batch {
    match tokio::time::timeout(Duration::from_secs(20), session.next()).await.unwrap() {
        Event::Arrived(batch) => batch,
        other => panic!("{other:?}"),
    }
}

fn uids(batch: &Batch) -> Vec<u32> {
    batch.mails.iter().map(|mail| mail.uid).collect()
}

/// A server that talks in lines.
struct Fake {
    port: u16,
    heard: Arc<Mutex<String>>,
}

impl Fake {
    fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }
}

/// What a fake does after a line.
enum Then {
    /// `{tag}` stands for the first word of the line.
    Say(String),
    Hang,
}

fn say(text: impl Into<String>) -> Then {
    Then::Say(text.into())
}

/// Greets, and answers every line by `answer(line, how many connections before)`.
async fn fake(greeting: impl Into<String>, answer: impl Fn(&str, usize) -> Then + Send + Sync + 'static) -> Fake {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, heard) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(String::new())));
    let (greeting, answer, log) = (greeting.into(), Arc::new(answer), Arc::clone(&heard));
    tokio::spawn(async move {
        for connection in 0.. {
            let Ok((stream, _)) = listener.accept().await else { return };
            let (greeting, answer, log) = (greeting.clone(), Arc::clone(&answer), Arc::clone(&log));
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let _ = stream.write_all(greeting.as_bytes()).await;
                let mut line = vec![];
                while stream.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
                    let text = String::from_utf8_lossy(&line).into_owned();
                    log.lock().unwrap().push_str(&text);
                    line.clear();
                    let tag = text.split_whitespace().next().unwrap_or_default();
                    match answer(text.trim_end(), connection) {
                        Then::Say(reply) => drop(stream.write_all(reply.replace("{tag}", tag).as_bytes()).await),
                        Then::Hang => return,
                    }
                }
            });
        }
    });
    Fake { port, heard }
}

/// An IMAP server that lets everybody in, opens every folder and leaves the rest to `other(command after the tag)`.
async fn imap(exists: u32, other: impl Fn(&str) -> Then + Send + Sync + 'static) -> Fake {
    fake("* OK ready\r\n", move |line, _| {
        let command = line.split_once(' ').map_or("", |(_, command)| command);
        match command.split(' ').next().unwrap_or_default() {
            "CAPABILITY" => say("* CAPABILITY IMAP4rev1\r\n{tag} OK\r\n"),
            "LOGIN" | "NOOP" => say("{tag} OK\r\n"),
            "SELECT" | "EXAMINE" => say(format!("* {exists} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n{{tag}} OK [READ-WRITE] x\r\n")),
            _ => other(command),
        }
    })
    .await
}

/// What stands between us and a server: passes on, replaces a word by one of the same length, and once cuts the line after so many
/// bytes of the server.
pub(crate) async fn proxy(to: u16, cut_after: usize, word: (&'static str, &'static str)) -> u16 {
    assert_eq!(word.0.len(), word.1.len());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut left = cut_after;
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
            let limit = std::mem::replace(&mut left, usize::MAX);
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(async move {
                let (mut passed, mut buffer) = (0, vec![0; 4_096]);
                while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                    let mut text = buffer[..read.min(limit - passed)].to_vec();
                    let places: Vec<_> =
                        text.windows(word.0.len()).enumerate().filter(|(_, part)| *part == word.0.as_bytes()).collect();
                    let places: Vec<_> = places.into_iter().map(|(place, _)| place).collect();
                    places.into_iter().for_each(|place| text[place..place + word.1.len()].copy_from_slice(word.1.as_bytes()));
                    passed += text.len();
                    if to_client.write_all(&text).await.is_err() || passed >= limit {
                        return;
                    }
                }
            });
        }
    });
    port
}

/// The real servers.
#[derive(serde::Deserialize)]
pub(crate) struct Real {
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    smtp: u16,
    submission: u16,
    smtps: u16,
    pub(crate) password: String,
    authority: std::path::PathBuf,
    pub(crate) mail: std::path::PathBuf,
    sent: std::path::PathBuf,
}

impl Real {
    /// None where there are none.
    pub(crate) fn here() -> Option<Self> {
        serde_json::from_str(&std::env::var("CENTRALITA_TEST_MAIL").ok()?).unwrap()
    }

    pub(crate) fn network(&self) -> Network {
        network(Some(&std::fs::read(&self.authority).unwrap()))
    }

    pub(crate) fn account(&self, folder: &str) -> Account {
        let mut account = account(self.imaps, Security::Tls);
        account.smtp = local(self.submission, Security::Starttls);
        account.credentials.proof = Proof::Password(self.password.as_str().into());
        account.folders.inbox = folder.to_owned();
        account
    }

    /// Puts mails into a folder of Ana's, as a delivery agent would.
    pub(crate) fn deliver(&self, folder: &str, name: &str, raw: &[u8]) {
        let place = self.mail.join("ana/Maildir").join(format!(".{folder}"));
        let nobody = |path: &std::path::Path| std::os::unix::fs::chown(path, Some(65_534), Some(65_534)).unwrap();
        for directory in [&self.mail.join("ana"), &self.mail.join("ana/Maildir"), &place]
            .into_iter()
            .chain(&["cur", "new", "tmp"].map(|d| place.join(d)))
        {
            if std::fs::create_dir(directory).is_ok() {
                nobody(directory);
            }
        }
        let (tmp, new) = (place.join("tmp").join(name), place.join("new").join(name));
        std::fs::write(&tmp, raw).unwrap();
        nobody(&tmp);
        std::fs::rename(tmp, new).unwrap();
    }
}
