//! A connection to an IMAP server: greeted, protected, signed in; one command at a time.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use super::{
    super::{
        account::{Account, Credentials, Proof, Server},
        diagnose::StepName,
        dial::{Hello, Steps, connect},
        failure::{Code, Failure, within},
        net::{Network, Patience},
        wire::Wire,
    },
    response::{Keep, Response, number_of, response_code, split_word},
};

/// How a command ended.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) ok: bool,
    pub(super) words: Vec<u8>,
}

impl Status {
    pub(super) fn or(self, code: Code) -> Result<Vec<u8>, Failure> {
        let code = if is_limit(&self.words) { Code::Limit } else { code };
        if self.ok { Ok(self.words) } else { Err(Failure::said(code, &self.words)) }
    }

    pub(super) fn has_code(&self, name: &str) -> bool {
        response_code(&self.words, name).is_some()
    }
}

/// What a folder says when it is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Selected {
    pub(super) uid_validity: u32,
    pub(super) uid_next: Option<u32>,
    pub(super) read_only: bool,
}

pub(in super::super) struct Connection {
    wire: Wire,
    pub(super) patience: Patience,
    tags: u32,
    capabilities: Vec<String>,
    /// In the middle of a command: when its future was dropped nobody knows what the next bytes belong to.
    busy: bool,
    idling: Option<String>,
    /// How many mails are in the folder.
    pub(super) exists: u32,
    /// The server spoke of mails since this was last set to false.
    pub(super) news: bool,
}

impl Connection {
    /// Connects, secures and signs in, step by step.
    pub(in super::super) async fn open(
        net: &Network,
        server: &Server,
        account: &Account,
        steps: &mut Steps<'_>,
    ) -> Result<Self, Failure> {
        let wire = Box::pin(connect(net, server, &mut Greeting { tags: 0 }, steps)).await?;
        let mut connection = Self {
            wire,
            patience: net.patience,
            // Not those of the greeting: an answer to an old one cannot be taken for one to a new one.
            tags: 10,
            capabilities: vec![],
            busy: false,
            idling: None,
            exists: 0,
            news: false,
        };
        steps.run(StepName::Login, connection.login(&account.credentials)).await?;
        Ok(connection)
    }

    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }

    async fn login(&mut self, credentials: &Credentials) -> Result<(), Failure> {
        self.ask_capabilities().await?;
        let secret = credentials.proof.secret().expose();
        let encoded = |text: Zeroizing<String>| Zeroizing::new(BASE64_STANDARD.encode(text.as_bytes()));
        let (mechanism, answer) = match &credentials.proof {
            Proof::Token(_) => ("XOAUTH2", encoded(Zeroizing::new(xoauth2(&credentials.user, secret)))),
            Proof::Password(_) => ("PLAIN", encoded(Zeroizing::new(format!("\0{}\0{secret}", credentials.user)))),
        };
        let result = if self.can(&format!("AUTH={mechanism}")) {
            self.authenticate(mechanism, &answer).await
        } else if self.can("LOGINDISABLED") {
            return Err(Code::LoginDisabled.into());
        } else if matches!(credentials.proof, Proof::Token(_)) {
            return Err(Code::LoginUnsupported.into());
        } else {
            let line = Zeroizing::new(format!("LOGIN {} {}", quoted(&credentials.user).as_str(), quoted(secret).as_str()));
            self.quietly(&line).await
        };
        let status = result.map_err(|failure| failure.without(&[secret, &answer]))?;
        if !status.ok {
            return Err(Failure::said(login_code(&status.words), &status.words).without(&[secret, &answer]));
        }
        self.ask_capabilities().await
    }

    async fn authenticate(&mut self, mechanism: &str, answer: &str) -> Result<Status, Failure> {
        let initial = self.can("SASL-IR");
        let words = if initial {
            Zeroizing::new(format!("AUTHENTICATE {mechanism} {answer}"))
        } else {
            format!("AUTHENTICATE {mechanism}").into()
        };
        let tag = self.begin(&words).await?;
        let patience = self.patience.reply;
        let work = async {
            let mut answered = initial;
            loop {
                let response = self.respond(&mut Keep::LITTLE.clone()).await?;
                if let Some(status) = tagged(&response, &tag) {
                    return Ok(status);
                }
                if response.text.first() == Some(&b'+') {
                    // A second question is the reason of a refusal (XOAUTH2): an empty line brings the refusal itself.
                    let line = Zeroizing::new(if answered { "\r\n".to_owned() } else { format!("{answer}\r\n") });
                    self.wire.send(line.as_bytes()).await?;
                    answered = true;
                }
            }
        };
        let status = within(patience, work).await?;
        self.busy = false;
        Ok(status)
    }

    async fn ask_capabilities(&mut self) -> Result<(), Failure> {
        let mut capabilities = vec![];
        let mut note = |response: Response| {
            let (word, list) = split_word(response.untagged().unwrap_or_default());
            if word.eq_ignore_ascii_case(b"CAPABILITY") {
                capabilities.extend(String::from_utf8_lossy(list).split_whitespace().map(str::to_ascii_uppercase));
            }
        };
        self.command("CAPABILITY", self.patience.reply, Keep::LITTLE, &mut note).await?.or(Code::NotThisProtocol)?;
        self.capabilities = capabilities;
        Ok(())
    }

    /// Opens a folder; `to_write` unless it is only looked at.
    pub(in super::super) async fn open_folder(&mut self, folder: &str, to_write: bool) -> Result<Selected, Failure> {
        let mut selected = Selected::default();
        let mut note = |response: Response| {
            let (word, words) = split_word(response.untagged().unwrap_or_default());
            if word.eq_ignore_ascii_case(b"OK") {
                selected.uid_validity = response_code(words, "UIDVALIDITY").and_then(number_of).unwrap_or(selected.uid_validity);
                selected.uid_next = response_code(words, "UIDNEXT").and_then(number_of).or(selected.uid_next);
            }
        };
        let words = format!("{} {}", if to_write { "SELECT" } else { "EXAMINE" }, folder_name(folder));
        let status = self.command(&words, self.patience.reply, Keep::LITTLE, &mut note).await?;
        selected.read_only = !to_write || status.has_code("READ-ONLY");
        status.or(Code::FolderMissing)?;
        // Without it no number of a mail means anything tomorrow.
        if selected.uid_validity == 0 { Err(Code::NotUnderstood.into()) } else { Ok(selected) }
    }

    /// A command whose untagged answers do not matter.
    pub(super) async fn quietly(&mut self, words: &str) -> Result<Status, Failure> {
        self.command(words, self.patience.reply, Keep::LITTLE, &mut |_| {}).await
    }

    /// Sends a command and reads to its end; everything else that is answered goes to `on`.
    pub(super) async fn command(
        &mut self,
        words: &str,
        limit: Duration,
        keep: Keep,
        on: &mut (dyn FnMut(Response) + Send),
    ) -> Result<Status, Failure> {
        let tag = self.begin(words).await?;
        let status = within(limit, self.finish(&tag, keep, on)).await?;
        self.busy = false;
        Ok(status)
    }

    async fn begin(&mut self, words: &str) -> Result<String, Failure> {
        if std::mem::replace(&mut self.busy, true) {
            return Err(Code::Interrupted.into());
        }
        self.tags += 1;
        let tag = format!("c{}", self.tags);
        let line = Zeroizing::new(format!("{tag} {words}\r\n"));
        within(self.patience.reply, self.wire.send(line.as_bytes())).await?;
        Ok(tag)
    }

    async fn finish(&mut self, tag: &str, mut keep: Keep, on: &mut (dyn FnMut(Response) + Send)) -> Result<Status, Failure> {
        loop {
            let response = self.respond(&mut keep).await?;
            match tagged(&response, tag) {
                Some(status) => return Ok(status),
                None => on(response),
            }
        }
    }

    async fn respond(&mut self, keep: &mut Keep) -> Result<Response, Failure> {
        let response = Response::read(&mut self.wire, keep).await?;
        self.notice(&response)?;
        Ok(response)
    }

    /// What a server may say at any time.
    fn notice(&mut self, response: &Response) -> Result<(), Failure> {
        match response.numbered() {
            Some((count, word)) if word.eq_ignore_ascii_case(b"EXISTS") => {
                self.exists = count;
                self.news = true;
            }
            Some((_, word)) if word.eq_ignore_ascii_case(b"EXPUNGE") => self.exists = self.exists.saturating_sub(1),
            _ => goodbye(response)?,
        }
        Ok(())
    }

    /// Asks to be told of news.
    pub(super) async fn start_idling(&mut self) -> Result<(), Failure> {
        let tag = self.begin("IDLE").await?;
        let patience = self.patience.reply;
        let asked = async {
            loop {
                let response = self.respond(&mut Keep::LITTLE.clone()).await?;
                if let Some(status) = tagged(&response, &tag) {
                    return Ok(Some(status));
                }
                if response.text.first() == Some(&b'+') {
                    return Ok(None);
                }
            }
        };
        let refused = within(patience, asked).await?;
        self.busy = false;
        if refused.is_some() {
            // Offered and not kept: from now on this server is asked now and then.
            self.capabilities.retain(|known| known != "IDLE");
        } else {
            self.idling = Some(tag);
        }
        Ok(())
    }

    /// Waits for news after [`Connection::start_idling`], at most `longest`. May be dropped and called again.
    pub(super) async fn listen(&mut self, longest: Duration) -> Result<(), Failure> {
        let listening = async {
            while !self.news {
                let line = self.wire.line().await?;
                self.notice(&Response { text: line.to_vec(), literals: vec![] })?;
            }
            Ok(())
        };
        tokio::time::timeout(longest, listening).await.unwrap_or(Ok(()))
    }

    /// Before any other command.
    pub(super) async fn stop_idling(&mut self) -> Result<(), Failure> {
        let Some(tag) = self.idling.take() else { return Ok(()) };
        self.busy = true;
        within(self.patience.reply, self.wire.send(b"DONE\r\n")).await?;
        within(self.patience.reply, self.finish(&tag, Keep::LITTLE, &mut |_| {})).await?;
        self.busy = false;
        Ok(())
    }

    /// Says goodbye; whether anybody hears it does not matter.
    pub(in super::super) async fn close(mut self) {
        let _ = within(Duration::from_secs(1), async {
            self.stop_idling().await?;
            self.quietly("LOGOUT").await
        })
        .await;
    }
}

fn tagged(response: &Response, tag: &str) -> Option<Status> {
    let (first, rest) = split_word(&response.text);
    let (word, words) = split_word(rest);
    (first == tag.as_bytes()).then(|| Status { ok: word.eq_ignore_ascii_case(b"OK"), words: words.to_vec() })
}

fn goodbye(response: &Response) -> Result<(), Failure> {
    let (word, words) = split_word(response.untagged().unwrap_or_default());
    if !word.eq_ignore_ascii_case(b"BYE") {
        return Ok(());
    }
    Err(Failure::said(if is_limit(words) { Code::Limit } else { Code::ServerRefuses }, words))
}

fn has_any(words: &[u8], parts: &[&str]) -> bool {
    let words = String::from_utf8_lossy(words).to_ascii_lowercase();
    parts.iter().any(|part| words.contains(part))
}

fn is_limit(words: &[u8]) -> bool {
    has_any(words, &["[limit]", "[overquota]", "too many", "rate limit", "limit exceeded", "bandwidth limit", "throttl"])
}

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

/// The first answer of SASL XOAUTH2, before base64.
pub(in super::super) fn xoauth2(user: &str, token: &str) -> String {
    format!("user={user}\x01auth=Bearer {token}\x01\x01")
}

/// In quotation marks; line breaks were refused when it was typed and end here all the same.
pub(super) fn quoted(text: &str) -> Zeroizing<String> {
    let mut quoted = Zeroizing::new(String::with_capacity(2 * text.len() + 2));
    quoted.push('"');
    for c in text.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')) {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// A folder's name as it is written to servers: modified UTF-7 (RFC 3501, 5.1.3), quoted.
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
    quoted(&encoded).as_str().to_owned()
}

/// For those who only want to know whether such a server answers.
pub(in super::super) fn greeting() -> impl Hello {
    Greeting { tags: 0 }
}

/// What is said before anybody signs in.
struct Greeting {
    tags: u32,
}

impl Greeting {
    /// Asks something and reads to the end of the answer; says whether one of the lines holds `word`.
    async fn ask(&mut self, wire: &mut Wire, command: &str, word: &str) -> Result<(bool, Status), Failure> {
        self.tags += 1;
        let tag = format!("s{}", self.tags);
        wire.send(format!("{tag} {command}\r\n").as_bytes()).await?;
        let mut found = false;
        loop {
            let response = Response::read(wire, &mut Keep::LITTLE.clone()).await?;
            if let Some(status) = tagged(&response, &tag) {
                return Ok((found, status));
            }
            goodbye(&response)?;
            found |= response.text.split(|byte| *byte == b' ').any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
        }
    }
}

impl Hello for Greeting {
    async fn greeting(&mut self, wire: &mut Wire) -> Result<(), Failure> {
        let line = Response { text: wire.line().await?.to_vec(), literals: vec![] };
        goodbye(&line)?;
        let (word, _) = split_word(line.untagged().unwrap_or_default());
        if word.eq_ignore_ascii_case(b"PREAUTH") {
            // Whose mailbox would that be, and who says so?
            return Err(Code::AlreadySignedIn.into());
        }
        if word.eq_ignore_ascii_case(b"OK") { Ok(()) } else { Err(Failure::said(Code::NotThisProtocol, &line.text)) }
    }

    async fn starttls(&mut self, wire: &mut Wire) -> Result<(), Failure> {
        let (offered, _) = self.ask(wire, "CAPABILITY", "STARTTLS").await?;
        if !offered {
            return Err(Code::TlsNotOffered.into());
        }
        let (_, status) = self.ask(wire, "STARTTLS", "").await?;
        status.or(Code::TlsRefused).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_written_as_servers_know_them() {
        assert_eq!(folder_name("INBOX"), "\"INBOX\"");
        assert_eq!(folder_name("~peter/mail/台北/日本語"), "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"");
        assert_eq!(folder_name("Archivé & más \"x\""), "\"Archiv&AOk- &- m&AOE-s \\\"x\\\"\"");
        assert_eq!(folder_name("a\r\nb LOGOUT"), "\"a&AA0ACg-b LOGOUT\"");
    }

    #[test]
    fn a_password_cannot_leave_its_quotation_marks() {
        assert_eq!(quoted("a\"b\\c\r\nx").as_str(), "\"a\\\"b\\\\cx\"");
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
