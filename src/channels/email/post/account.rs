//! What a person types about a mail account (S0-14…S0-28, S4-8…S4-13, S4-18, S4-27), and what is wrong with it.

use serde::{Deserialize, Serialize};
use url::Host;

use crate::auth::secret::SecretText;

/// How a connection is protected (S4-27).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "MailSecurity")]
#[schema(as = MailSecurity)]
pub enum Security {
    /// TLS from the first byte ("SSL"): 993, 465.
    Tls,
    /// TLS after a word in plain text ("TLS"): 143, 587. Required: without it nothing is said.
    Starttls,
    /// **Nothing is protected: user, password and every mail can be read and changed by anybody on the way.** Only for a
    /// server on the same machine or inside a closed network; a screen that offers it must say so.
    Plain,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", rename = "MailServer")]
#[schema(as = MailServer)]
pub struct Server {
    /// A name or an address, without a scheme or a port.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is talked to.
    pub security: Security,
}

impl Server {
    /// A server.
    pub fn new(host: &str, port: u16, security: Security) -> Self {
        Self { host: host.to_owned(), port, security }
    }

    /// The host in its one spelling (names with other letters in their ASCII form); none when it is not a host.
    pub(super) fn parsed(&self) -> Option<Host<String>> {
        if let Ok(address) = self.host.parse() {
            return Some(Host::Ipv6(address));
        }
        // This parser is for URLs and forgives what nobody means in a mail server's name.
        let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '%' | '/' | ':' | '@' | '_');
        let host = (!self.host.contains(odd)).then(|| Host::parse(&self.host).ok())??;
        let is_odd = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.');
        match &host {
            Host::Domain(name) if name.len() > 253 || name.starts_with('.') || name.contains("..") || name.contains(is_odd) => {
                None
            }
            _ => Some(host),
        }
    }
}

/// What proves that the mailbox is ours. Prints as `***`.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A password, or a password made for one application.
    Password(SecretText),
    /// An access token of OAuth 2 (SASL XOAUTH2: Google, Microsoft).
    Token(SecretText),
}

impl Proof {
    pub(super) fn secret(&self) -> &SecretText {
        match self {
            Self::Password(secret) | Self::Token(secret) => secret,
        }
    }
}

/// Who signs in, and with what.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The login, often the address.
    pub user: String,
    /// The password or token.
    pub proof: Proof,
}

/// How we sign in where mail is handed over.
#[derive(Clone, Debug)]
pub enum SendingLogin {
    /// As for receiving.
    Same,
    /// A relay with a login of its own.
    Own(Credentials),
    /// A relay of the house that asks nobody.
    None,
}

/// The folders of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(export_to = "wire.ts", rename = "MailFolders")]
#[schema(as = MailFolders)]
pub struct Folders {
    /// Where mail arrives.
    pub inbox: String,
    /// Where stored mail is moved to, if it is moved at all.
    pub done: Option<String>,
    /// Where mail goes that could not be read, if anywhere.
    pub failed: Option<String>,
}

impl Default for Folders {
    fn default() -> Self {
        Self { inbox: "INBOX".to_owned(), done: None, failed: None }
    }
}

/// A mail account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The address mails come to and go from (S4-9, S0-15).
    pub address: String,
    /// The sender's name that people read (S4-8, S0-14).
    pub from_name: String,
    /// Where mail is received (S4-12); none when it only sends (S4-18).
    pub imap: Option<Server>,
    /// Where mail is handed over (S4-11).
    pub smtp: Server,
    /// Who signs in.
    pub credentials: Credentials,
    /// Who signs in to send.
    pub sending_login: SendingLogin,
    /// The folders.
    pub folders: Folders,
}

/// What is wrong with one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// It must hold something.
    Empty,
    /// Longer than any server takes.
    TooLong,
    /// A line break or another character nobody can see.
    ControlCharacter,
    /// Not `somebody@somewhere`.
    NotAnAddress,
    /// Neither a name nor an address of a machine; perhaps with a scheme or a port.
    NotAHost,
    /// Ports begin at 1.
    NotAPort,
}

/// A field and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// As the field is called here, dots between.
    pub field: &'static str,
    /// What is wrong.
    pub code: FaultCode,
}

const LONGEST_ADDRESS: usize = 254;
const LONGEST_NAME: usize = 200;
const LONGEST_USER: usize = 320;
/// Tokens of some providers are long.
const LONGEST_SECRET: usize = 16_384;
const LONGEST_FOLDER: usize = 255;

impl Account {
    /// Who signs in to send; nobody where the relay asks nobody.
    pub fn sending_credentials(&self) -> Option<&Credentials> {
        match &self.sending_login {
            SendingLogin::Same => Some(&self.credentials),
            SendingLogin::Own(credentials) => Some(credentials),
            SendingLogin::None => None,
        }
    }

    /// Whether anything of it would travel unprotected. To be said loudly.
    pub fn in_clear(&self) -> bool {
        self.imap.iter().chain([&self.smtp]).any(|server| server.security == Security::Plain)
    }

    /// Everything that is wrong with what was typed; nothing means that a server may be asked.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults(vec![]);
        faults.text("address", &self.address, LONGEST_ADDRESS);
        faults.unless(is_address(&self.address), "address", FaultCode::NotAnAddress);
        if !self.from_name.is_empty() {
            faults.text("from_name", &self.from_name, LONGEST_NAME);
        }
        if let Some(imap) = &self.imap {
            faults.server(["imap.host", "imap.port"], imap);
        }
        faults.server(["smtp.host", "smtp.port"], &self.smtp);
        faults.credentials(["user", "secret"], &self.credentials);
        if let SendingLogin::Own(credentials) = &self.sending_login {
            faults.credentials(["sending.user", "sending.secret"], credentials);
        }
        faults.text("folders.inbox", &self.folders.inbox, LONGEST_FOLDER);
        for (field, folder) in [("folders.done", &self.folders.done), ("folders.failed", &self.folders.failed)] {
            folder.iter().for_each(|folder| faults.text(field, folder, LONGEST_FOLDER));
        }
        faults.0
    }
}

/// One per field: the first is what must be mended first.
struct Faults(Vec<Fault>);

impl Faults {
    fn unless(&mut self, fine: bool, field: &'static str, code: FaultCode) {
        if !fine && self.0.iter().all(|fault| fault.field != field) {
            self.0.push(Fault { field, code });
        }
    }

    fn text(&mut self, field: &'static str, text: &str, longest: usize) {
        self.unless(!text.trim().is_empty(), field, FaultCode::Empty);
        self.unless(text.len() <= longest, field, FaultCode::TooLong);
        self.unless(!text.contains(breaks), field, FaultCode::ControlCharacter);
    }

    fn server(&mut self, [host, port]: [&'static str; 2], server: &Server) {
        self.text(host, &server.host, 253);
        self.unless(server.parsed().is_some(), host, FaultCode::NotAHost);
        self.unless(server.port > 0, port, FaultCode::NotAPort);
    }

    fn credentials(&mut self, [user, secret]: [&'static str; 2], credentials: &Credentials) {
        self.text(user, &credentials.user, LONGEST_USER);
        self.text(secret, credentials.proof.secret().expose(), LONGEST_SECRET);
    }
}

/// What ends a line somewhere, or is seen nowhere.
pub(super) fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a mail can go there: strict enough that it means the same to every server (no quoted local parts, no comments).
pub fn is_address(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let odd = |c: char| breaks(c) || c.is_whitespace() || "()<>[]:;@\\,\"".contains(c);
    let dots = |text: &str| text.starts_with('.') || text.ends_with('.') || text.contains("..");
    let name = Server::new(domain, 25, Security::Plain).parsed();
    (1..=64).contains(&local.len())
        && address.len() <= LONGEST_ADDRESS
        && !local.contains(odd)
        && !dots(local)
        && !dots(domain)
        && matches!(name, Some(Host::Domain(_)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn account() -> Account {
        Account {
            address: "ayuda@example.com".to_owned(),
            from_name: "Ayuda — Ñandú".to_owned(),
            imap: Some(Server::new("imap.example.com", 993, Security::Tls)),
            smtp: Server::new("smtp.example.com", 587, Security::Starttls),
            credentials: Credentials { user: "ayuda@example.com".to_owned(), proof: Proof::Password("canary-7f".into()) },
            sending_login: SendingLogin::Same,
            folders: Folders::default(),
        }
    }

    fn faults(change: impl FnOnce(&mut Account)) -> Vec<(&'static str, FaultCode)> {
        let mut account = account();
        change(&mut account);
        account.faults().into_iter().map(|fault| (fault.field, fault.code)).collect()
    }

    #[test]
    fn a_good_account_has_no_faults_and_shows_no_secret() {
        assert_eq!(account().faults(), []);
        assert!(!format!("{:?}", account()).contains("canary"));
        assert!(!account().in_clear());
    }

    #[test]
    fn every_fault_is_named_once_with_its_field() {
        use FaultCode::*;
        assert_eq!(faults(|a| a.address = "nobody".into()), [("address", NotAnAddress)]);
        assert_eq!(faults(|a| a.from_name = "A\r\nBcc: x@y.z".into()), [("from_name", ControlCharacter)]);
        assert_eq!(faults(|a| a.smtp.host = "https://smtp.example.com".into()), [("smtp.host", NotAHost)]);
        assert_eq!(faults(|a| a.smtp.host = "smtp.example.com:587".into()), [("smtp.host", NotAHost)]);
        assert_eq!(faults(|a| a.smtp.port = 0), [("smtp.port", NotAPort)]);
        assert_eq!(faults(|a| a.imap = None), []);
        assert_eq!(faults(|a| a.credentials.proof = Proof::Token("".into())), [("secret", Empty)]);
        assert_eq!(faults(|a| a.credentials.user = "a\0b".into()), [("user", ControlCharacter)]);
        assert_eq!(faults(|a| a.folders.done = Some(" ".into())), [("folders.done", Empty)]);
    }

    #[test]
    fn hosts_have_one_spelling() {
        let parsed = |host: &str| Server::new(host, 1, Security::Tls).parsed().map(|host| host.to_string());
        assert_eq!(parsed("Correo.Ñandú.example").as_deref(), Some("correo.xn--and-6ma2c.example"));
        assert_eq!(parsed("2130706433").as_deref(), Some("127.0.0.1"));
        assert_eq!(parsed("::1").as_deref(), Some("[::1]"));
        for odd in ["", " ", "a b", "a/b", "a..b", ".a", "user@host", "a%2eb", "'a'(1)", "a\"b"] {
            assert_eq!(parsed(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn addresses_mean_the_same_to_every_server() {
        for good in ["a@b.co", "o'brien+tag@example.com", "josé@example.com", "a@xn--and-6ma2c.example"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "@b",
            "a@",
            "a@b@c",
            "a b@c.d",
            "<a@b.c>",
            "a@b.c>\r\nRCPT TO:<x@y.z",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a\u{2028}@b.c",
            ".a@b.c",
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_judged(text in any::<String>()) {
            let _ = faults(|a| { a.address.clone_from(&text); a.smtp.host.clone_from(&text); a.credentials.user = text; });
        }
    }
}
