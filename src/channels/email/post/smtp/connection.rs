//! A connection to a submission server: greeted, protected, signed in.

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use super::{
    super::{
        account::{Account, Credentials, Proof},
        diagnose::StepName,
        dial::{Hello, Steps, connect},
        failure::{Code, Failure, within},
        imap::xoauth2,
        net::{Network, Patience},
        wire::Wire,
    },
    reply::{Enhanced, Reply},
};

/// What the server said it can.
#[derive(Clone, Debug, Default)]
pub(super) struct Offers {
    lines: Vec<String>,
}

impl Offers {
    pub(super) fn has(&self, keyword: &str) -> bool {
        self.arguments(keyword).is_some()
    }

    /// What stands after a keyword. Some old servers write `AUTH=LOGIN`.
    fn arguments(&self, keyword: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| {
            let rest = line.strip_prefix(keyword)?;
            (rest.is_empty() || rest.starts_with([' ', '='])).then(|| rest.get(1..).unwrap_or_default())
        })
    }

    fn signs_in_by(&self, mechanism: &str) -> bool {
        self.arguments("AUTH").is_some_and(|list| list.split_whitespace().any(|known| known == mechanism))
    }

    /// The largest mail it takes, if it says so.
    pub(super) fn largest(&self) -> Option<usize> {
        self.arguments("SIZE")?.trim().parse().ok().filter(|size| *size > 0)
    }
}

pub(in super::super) struct Connection {
    pub(super) wire: Wire,
    pub(super) patience: Patience,
    pub(super) offers: Offers,
}

impl Connection {
    pub(in super::super) async fn open(net: &Network, account: &Account, steps: &mut Steps<'_>) -> Result<Self, Failure> {
        let wire = Box::pin(connect(net, &account.smtp, &mut Greeting, steps)).await?;
        let mut connection = Self { wire, patience: net.patience, offers: Offers::default() };
        steps.run(StepName::Login, connection.login(account.sending_credentials())).await?;
        Ok(connection)
    }

    async fn login(&mut self, credentials: Option<&Credentials>) -> Result<(), Failure> {
        within(self.patience.reply, async {
            self.offers = ehlo(&mut self.wire).await?;
            Ok(())
        })
        .await?;
        let Some(credentials) = credentials else { return Ok(()) };
        let secret = credentials.proof.secret().expose();
        let encoded = |text: &str| Zeroizing::new(BASE64_STANDARD.encode(text));
        let (mechanism, answers) = match &credentials.proof {
            Proof::Token(_) if self.offers.signs_in_by("XOAUTH2") => {
                ("XOAUTH2", vec![encoded(&Zeroizing::new(xoauth2(&credentials.user, secret)))])
            }
            Proof::Password(_) if self.offers.signs_in_by("PLAIN") => {
                ("PLAIN", vec![encoded(&Zeroizing::new(format!("\0{}\0{secret}", credentials.user)))])
            }
            Proof::Password(_) if self.offers.signs_in_by("LOGIN") => {
                ("LOGIN", vec![encoded(&credentials.user), encoded(secret)])
            }
            _ if !self.offers.has("AUTH") => return Err(Code::LoginDisabled.into()),
            _ => return Err(Code::LoginUnsupported.into()),
        };
        let reply = within(self.patience.reply, self.authenticate(mechanism, &answers)).await;
        let hidden: Vec<&str> = answers.iter().map(|answer| answer.as_str()).chain([secret.as_str()]).collect();
        let reply = reply.map_err(|failure| failure.without(&hidden))?;
        if reply.is_yes() { Ok(()) } else { Err(reply.failure(login_code(&reply)).without(&hidden)) }
    }

    async fn authenticate(&mut self, mechanism: &str, answers: &[Zeroizing<String>]) -> Result<Reply, Failure> {
        let mut answers = answers.iter();
        let first = if mechanism == "LOGIN" { None } else { answers.next() };
        let line = Zeroizing::new(format!("AUTH {mechanism} {}", first.map_or("", |answer| answer.as_str())));
        self.wire.send(Zeroizing::new(format!("{}\r\n", line.trim_end())).as_bytes()).await?;
        // As many questions as there are answers, and one for the reason of a refusal (XOAUTH2).
        for _ in 0..=3 {
            let reply = Reply::read(&mut self.wire).await?;
            if reply.code != 334 {
                return Ok(reply);
            }
            let answer = Zeroizing::new(format!("{}\r\n", answers.next().map_or("", |answer| answer.as_str())));
            self.wire.send(answer.as_bytes()).await?;
        }
        Err(Code::NotUnderstood.into())
    }

    /// One command, one reply.
    pub(super) async fn say(&mut self, line: &str) -> Result<Reply, Failure> {
        within(self.patience.reply, async {
            self.wire.send(format!("{line}\r\n").as_bytes()).await?;
            Reply::read(&mut self.wire).await
        })
        .await
    }

    /// Whether the server would take a mail from this address, without sending one.
    pub(in super::super) async fn try_sender(&mut self, address: &str) -> Result<(), Failure> {
        let reply = self.say(&format!("MAIL FROM:<{address}>")).await?;
        if !reply.is_yes() {
            return Err(reply.failure(sender_code(&reply)));
        }
        let reply = self.say(&format!("RCPT TO:<{address}>")).await?;
        let reset = self.say("RSET").await?;
        if !reply.is_yes() {
            return Err(reply.failure(Code::RecipientRefused));
        }
        if reset.is_yes() { Ok(()) } else { Err(reset.failure(Code::CommandRefused)) }
    }

    pub(in super::super) async fn close(mut self) {
        let _ = within(std::time::Duration::from_secs(1), self.wire.send(b"QUIT\r\n")).await;
    }
}

pub(super) fn sender_code(reply: &Reply) -> Code {
    if reply.code == 530 { Code::NoLogin } else { Code::SenderRefused }
}

fn login_code(reply: &Reply) -> Code {
    let words = reply.words.to_ascii_lowercase();
    let elsewhere =
        ["application-specific", "app password", "app-specific", "web browser", "basicauthblocked", "authentication is disabled"];
    match (reply.code, reply.enhanced) {
        (_, Some(Enhanced(5, 7, 139))) => Code::LoginElsewhere,
        _ if elsewhere.iter().any(|part| words.contains(part)) => Code::LoginElsewhere,
        (400..500, _) => Code::LoginLater,
        (504 | 534, _) => Code::LoginUnsupported,
        (538 | 523, _) => Code::LoginDisabled,
        _ => Code::LoginRefused,
    }
}

/// Says who we are: our own address, which needs no name in any DNS (RFC 5321, 4.1.3).
async fn ehlo(wire: &mut Wire) -> Result<Offers, Failure> {
    let ours = match wire.local_ip() {
        Some(std::net::IpAddr::V6(address)) => format!("[IPv6:{address}]"),
        Some(std::net::IpAddr::V4(address)) => format!("[{address}]"),
        None => "[127.0.0.1]".to_owned(),
    };
    wire.send(format!("EHLO {ours}\r\n").as_bytes()).await?;
    let mut lines = vec![];
    let reply = Reply::read_each(wire, |line| lines.push(String::from_utf8_lossy(line).to_ascii_uppercase())).await?;
    if reply.is_yes() { Ok(Offers { lines }) } else { Err(reply.failure(Code::ServerRefuses)) }
}

/// For those who only want to know whether such a server answers.
pub(in super::super) fn greeting() -> impl Hello {
    Greeting
}

struct Greeting;

impl Hello for Greeting {
    async fn greeting(&mut self, wire: &mut Wire) -> Result<(), Failure> {
        let reply = Reply::read(wire).await?;
        if reply.code == 220 { Ok(()) } else { Err(reply.failure(Code::ServerRefuses)) }
    }

    async fn starttls(&mut self, wire: &mut Wire) -> Result<(), Failure> {
        // What is offered now counts for nothing after TLS: it is asked again.
        if !ehlo(wire).await?.has("STARTTLS") {
            return Err(Code::TlsNotOffered.into());
        }
        wire.send(b"STARTTLS\r\n").await?;
        let reply = Reply::read(wire).await?;
        if reply.code == 220 { Ok(()) } else { Err(reply.failure(Code::TlsRefused)) }
    }
}
