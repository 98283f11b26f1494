//! A connection to an IMAP server: greeted, protected, signed in; one command at a time.

use std::time::Duration;

use async_imap::{Authenticator, Client, Session, error::Error, imap_proto::Response, types::Fetch};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::TryStreamExt;
use tokio::io::AsyncWriteExt;
use zeroize::Zeroizing;

use super::{
    super::{
        account::{Account, Credentials, Proof, Server},
        diagnose::StepName,
        dial::{Steps, connect},
        failure::{Code, Failure, within},
        net::{Network, Patience},
        wire::{Wire, from_io},
    },
    greeting::greeting,
    sieve::{Sieve, Status, has_any, is_limit},
};

/// What a folder says when it is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Selected {
    pub(super) uid_validity: u32,
    pub(super) uid_next: Option<u32>,
    pub(super) read_only: bool,
}

pub(in super::super) struct Connection {
    session: Session<Sieve>,
    pub(super) patience: Patience,
    capabilities: Vec<String>,
    /// In the middle of a command: when its future was dropped nobody knows what the next bytes belong to.
    busy: bool,
    idling: bool,
}

/// Answers the first question; a second one is the reason of a refusal (XOAUTH2): an empty line brings the refusal itself.
struct Answer(Option<Zeroizing<String>>);

impl Authenticator for Answer {
    type Response = Zeroizing<Vec<u8>>;

    fn process(&mut self, _: &[u8]) -> Self::Response {
        Zeroizing::new(self.0.take().map(|answer| answer.as_bytes().to_vec()).unwrap_or_default())
    }
}

/// Its own words are the server's whole answer, and more than anybody wants to read.
fn failure(error: &Error) -> Failure {
    match error {
        Error::Io(error) => from_io(error),
        Error::ConnectionLost => Code::Closed.into(),
        _ => Code::NotUnderstood.into(),
    }
}

/// How a command ended, unless something else went wrong.
fn ended<T>(status: Option<Status>, result: Result<T, Error>) -> Result<Status, Failure> {
    match (result, status) {
        (Ok(_) | Err(Error::No(_) | Error::Bad(_)), Some(status)) => Ok(status),
        (Err(error), _) => Err(failure(&error)),
        (Ok(_), None) => Err(Code::Closed.into()),
    }
}

/// Signs in. On its way to a session the library owns the connection.
async fn login(wire: Wire, credentials: &Credentials) -> Result<Session<Sieve>, Failure> {
    let mut client = Client::new(Sieve::new(wire));
    let result = client.run_command_and_check_ok("CAPABILITY", None).await;
    ended(client.get_mut().status.take(), result)?.or(Code::NotThisProtocol)?;
    let can = |client: &Client<Sieve>, capability: &str| client.get_ref().capabilities.iter().any(|known| known == capability);
    let secret = credentials.proof.secret().expose();
    let (mechanism, answer) = match &credentials.proof {
        Proof::Token(_) => ("XOAUTH2", Zeroizing::new(format!("user={}\x01auth=Bearer {secret}\x01\x01", credentials.user))),
        Proof::Password(_) => ("PLAIN", Zeroizing::new(format!("\0{}\0{secret}", credentials.user))),
    };
    let encoded = Zeroizing::new(BASE64_STANDARD.encode(answer.as_bytes()));
    let result = if can(&client, &format!("AUTH={mechanism}")) {
        if can(&client, "SASL-IR") {
            client.authenticate(format!("{mechanism} {}", encoded.as_str()), Answer(None)).await
        } else {
            client.authenticate(mechanism, Answer(Some(answer))).await
        }
    } else if can(&client, "LOGINDISABLED") {
        return Err(Code::LoginDisabled.into());
    } else if matches!(credentials.proof, Proof::Token(_)) {
        return Err(Code::LoginUnsupported.into());
    } else {
        client.login(&credentials.user, secret).await
    };
    result.map_err(|(error, mut client)| {
        let failure = match ended::<()>(client.get_mut().status.take(), Err(error)) {
            Ok(status) => Failure::said(login_code(&status.words), &status.words),
            Err(failure) => failure,
        };
        failure.without(&[secret, &encoded])
    })
}

impl Connection {
    /// Connects, secures and signs in, step by step.
    pub(in super::super) async fn open(
        net: &Network,
        server: &Server,
        account: &Account,
        steps: &mut Steps<'_>,
    ) -> Result<Self, Failure> {
        let wire = Box::pin(connect(net, server, &mut greeting(), steps)).await?;
        let patience = net.patience;
        let work = async {
            let session = within(patience.reply, login(wire, &account.credentials)).await?;
            let mut connection = Self { session, patience, capabilities: vec![], busy: false, idling: false };
            connection.say("CAPABILITY").await?.or(Code::NotThisProtocol)?;
            connection.capabilities = std::mem::take(&mut connection.sieve().capabilities);
            Ok(connection)
        };
        steps.run(StepName::Login, Box::pin(work)).await
    }

    fn sieve(&mut self) -> &mut Sieve {
        self.session.get_mut()
    }

    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }

    /// How many mails are in the folder.
    pub(super) fn exists(&self) -> u32 {
        self.session.get_ref().exists
    }

    /// The server spoke of mails since this was last forgotten.
    pub(super) fn has_news(&self) -> bool {
        self.session.get_ref().news
    }

    pub(super) fn forget_news(&mut self) {
        self.sieve().news = false;
    }

    /// Mails of which what the last command brought was not understood.
    pub(super) fn lost(&self) -> &[u32] {
        &self.session.get_ref().lost
    }

    /// One command of the library, in the time it may take.
    async fn run<T>(
        &mut self,
        limit: Duration,
        largest: Option<usize>,
        work: impl AsyncFnOnce(&mut Session<Sieve>) -> Result<T, Error>,
    ) -> Result<(Option<T>, Status), Failure> {
        if std::mem::replace(&mut self.busy, true) {
            return Err(Code::Interrupted.into());
        }
        self.sieve().expect(largest);
        let result = within(limit, async { Ok(work(&mut self.session).await) }).await?;
        // What it kept for others is of no use here.
        while self.session.unsolicited_responses.try_recv().is_ok() {}
        let (value, result) = match result {
            Ok(value) => (Some(value), Ok(())),
            Err(error) => (None, Err(error)),
        };
        let status = ended(self.sieve().status.take(), result)?;
        self.busy = false;
        Ok((value, status))
    }

    /// A command of which only the end matters.
    pub(super) async fn say(&mut self, words: &str) -> Result<Status, Failure> {
        self.run(self.patience.reply, None, async |session| session.run_command_and_check_ok(words).await)
            .await
            .map(|(_, status)| status)
    }

    pub(super) async fn create(&mut self, folder: &str) -> Result<Status, Failure> {
        self.run(self.patience.reply, None, async |session| session.create(folder).await).await.map(|(_, status)| status)
    }

    /// Moves mails to a folder, or copies them there.
    pub(super) async fn put(&mut self, uids: &str, folder: &str, moves: bool) -> Result<Status, Failure> {
        let work = async |session: &mut Session<Sieve>| {
            if moves { session.uid_mv(uids, folder).await } else { session.uid_copy(uids, folder).await }
        };
        self.run(self.patience.reply, None, work).await.map(|(_, status)| status)
    }

    /// Fetches, and gives what comes to `on`, one by one.
    pub(super) async fn fetch(
        &mut self,
        uids: &str,
        items: &str,
        limit: Duration,
        largest: Option<usize>,
        mut on: impl FnMut(&Fetch),
    ) -> Result<Status, Failure> {
        let work = async |session: &mut Session<Sieve>| {
            let mut mails = session.uid_fetch(uids, items).await?;
            while let Some(mail) = mails.try_next().await? {
                on(&mail);
            }
            Ok(())
        };
        self.run(limit, largest, work).await.map(|(_, status)| status)
    }

    /// Opens a folder; `to_write` unless it is only looked at.
    pub(in super::super) async fn open_folder(&mut self, folder: &str, to_write: bool) -> Result<Selected, Failure> {
        let folder = folder_name(folder);
        let work = async |session: &mut Session<Sieve>| {
            if to_write { session.select(&folder).await } else { session.examine(&folder).await }
        };
        let (mailbox, status) = self.run(self.patience.reply, None, work).await?;
        let read_only = !to_write || status.has_code("READ-ONLY");
        status.or(Code::FolderMissing)?;
        // Without a numbering no number of a mail means anything tomorrow.
        let mailbox = mailbox.ok_or(Code::NotUnderstood)?;
        let uid_validity = mailbox.uid_validity.filter(|validity| *validity > 0).ok_or(Code::NotUnderstood)?;
        Ok(Selected { uid_validity, uid_next: mailbox.uid_next, read_only })
    }

    /// Asks to be told of news. Written by hand: the library's way waits forever for a server that says no, and does not give the
    /// connection back then.
    pub(super) async fn start_idling(&mut self) -> Result<(), Failure> {
        if std::mem::replace(&mut self.busy, true) {
            return Err(Code::Interrupted.into());
        }
        self.sieve().expect(None);
        let patience = self.patience.reply;
        self.idling = within(patience, async {
            self.write(&format!("{IDLE} IDLE\r\n")).await?;
            Ok(!self.is_over().await?)
        })
        .await?;
        if !self.idling {
            // Offered and not kept: from now on this server is asked now and then.
            self.capabilities.retain(|known| known != "IDLE");
        }
        self.busy = false;
        Ok(())
    }

    /// Waits for news after [`Connection::start_idling`], at most `longest`. May be dropped and called again.
    pub(super) async fn listen(&mut self, longest: Duration) -> Result<(), Failure> {
        let listening = async {
            while !self.has_news() {
                self.session.read_response().await.map_err(|error| from_io(&error))?.ok_or(Code::Closed)?;
            }
            Ok(())
        };
        tokio::time::timeout(longest, listening).await.unwrap_or(Ok(()))
    }

    /// Before any other command.
    pub(super) async fn stop_idling(&mut self) -> Result<(), Failure> {
        if !std::mem::take(&mut self.idling) {
            return Ok(());
        }
        self.busy = true;
        let patience = self.patience.reply;
        within(patience, async {
            self.write("DONE\r\n").await?;
            // A late second invitation is no answer.
            while !self.is_over().await? {}
            Ok(())
        })
        .await?;
        self.busy = false;
        Ok(())
    }

    async fn write(&mut self, text: &str) -> Result<(), Failure> {
        let sieve = self.sieve();
        sieve.write_all(text.as_bytes()).await.map_err(|error| from_io(&error))?;
        sieve.flush().await.map_err(|error| from_io(&error))
    }

    /// To the end of the hand-written command (true), or to the server's invitation.
    async fn is_over(&mut self) -> Result<bool, Failure> {
        loop {
            let response = self.session.read_response().await.map_err(|error| from_io(&error))?.ok_or(Code::Closed)?;
            match response.parsed() {
                Response::Done { tag, .. } if tag.0 == IDLE => return Ok(true),
                Response::Continue(_) => return Ok(false),
                _ => {}
            }
        }
    }

    /// Says goodbye; whether anybody hears it does not matter.
    pub(in super::super) async fn close(mut self) {
        let _ = within(Duration::from_secs(1), async {
            self.stop_idling().await?;
            self.say("LOGOUT").await
        })
        .await;
    }
}

/// No tag of the library's.
const IDLE: &str = "idle";

fn login_code(words: &[u8]) -> Code {
    if is_limit(words) {
        Code::Limit
    } else if has_any(words, &["[unavailable]", "[inuse]", "temporar", "try again later"]) {
        Code::LoginLater
    } else if has_any(
        words,
        &["application-specific", "app password", "app-specific", "[webalert", "web browser", "basicauthblocked"],
    ) {
        Code::LoginElsewhere
    } else {
        Code::LoginRefused
    }
}

/// A folder's name as it is written to servers: modified UTF-7 (RFC 3501, 5.1.3).
pub(super) fn folder_name(name: &str) -> String {
    let mut encoded = String::new();
    let mut foreign: Vec<u8> = vec![];
    let flush = |foreign: &mut Vec<u8>, encoded: &mut String| {
        if !foreign.is_empty() {
            let base64 = BASE64_STANDARD.encode(std::mem::take(foreign));
            encoded.push('&');
            encoded.push_str(&base64.trim_end_matches('=').replace('/', ","));
            encoded.push('-');
        }
    };
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut foreign, &mut encoded);
            encoded.push(c);
            if c == '&' {
                encoded.push('-');
            }
        } else {
            foreign.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut foreign, &mut encoded);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_written_as_servers_know_them() {
        assert_eq!(folder_name("INBOX"), "INBOX");
        assert_eq!(folder_name("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(folder_name("Archivé & más \"x\""), "Archiv&AOk- &- m&AOE-s \"x\"");
        assert_eq!(folder_name("a\r\nb LOGOUT"), "a&AA0ACg-b LOGOUT");
    }

    #[test]
    fn refusals_of_a_login_are_told_apart() {
        for (words, code) in [
            ("[AUTHENTICATIONFAILED] Invalid credentials (Failure)", Code::LoginRefused),
            ("[ALERT] Application-specific password required", Code::LoginElsewhere),
            ("[ALERT] Too many simultaneous connections. (Failure)", Code::Limit),
            ("[UNAVAILABLE] Temporary authentication failure.", Code::LoginLater),
        ] {
            assert_eq!(login_code(words.as_bytes()), code, "{words}");
        }
    }
}
