//! A connection to a submission server: greeted, protected, signed in.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use lettre::{
    Address,
    transport::smtp::{
        authentication::{Credentials as Login, Mechanism},
        client::AsyncSmtpConnection,
        commands::{Auth, Mail, Rcpt, Rset},
    },
};
use zeroize::Zeroizing;

use super::{
    super::{
        account::{Account, Credentials, Proof},
        diagnose::StepName,
        dial::{Steps, connect},
        failure::{Code, Failure, within},
        net::{Network, Patience},
    },
    greeting::{greeting, ourselves},
    letter::address,
    lines::{Heard, Lines},
    reply::{Enhanced, Reply},
};

/// What the server said it can. The library knows of logins and of 8-bit mail, and nothing of sizes.
#[derive(Clone, Debug, Default)]
pub(super) struct Offers {
    lines: Vec<String>,
}

impl Offers {
    /// From the lines of its answer.
    pub(super) fn new(lines: &[Bytes]) -> Self {
        let words = lines.iter().filter_map(|line| line.get(4..));
        Self { lines: words.map(|line| String::from_utf8_lossy(line).to_ascii_uppercase()).collect() }
    }

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
    smtp: AsyncSmtpConnection,
    pub(super) patience: Patience,
    pub(super) offers: Offers,
}

impl Connection {
    pub(in super::super) async fn open(net: &Network, account: &Account, steps: &mut Steps<'_>) -> Result<Self, Failure> {
        let wire = Box::pin(connect(net, &account.smtp, &mut greeting(), steps)).await?;
        let patience = net.patience;
        let work = async {
            let (heard, ourselves) = (Heard::default(), ourselves(&wire));
            let stream = Box::new(Lines::greeted(wire, &heard));
            let smtp = within(patience.reply, async {
                match AsyncSmtpConnection::connect_with_transport(stream, &ourselves).await {
                    Ok(smtp) => Ok(smtp),
                    Err(error) => Err(Reply::of(Err(error))?.failure(Code::ServerRefuses)),
                }
            })
            .await?;
            let offers = Offers::new(&heard.lock());
            let mut connection = Self { smtp, patience, offers };
            connection.login(account.sending_credentials()).await?;
            Ok(connection)
        };
        steps.run(StepName::Login, Box::pin(work)).await
    }

    async fn login(&mut self, credentials: Option<&Credentials>) -> Result<(), Failure> {
        let Some(credentials) = credentials else { return Ok(()) };
        let secret = credentials.proof.secret().expose();
        let mechanism = match &credentials.proof {
            Proof::Token(_) if self.offers.signs_in_by("XOAUTH2") => Mechanism::Xoauth2,
            Proof::Password(_) if self.offers.signs_in_by("PLAIN") => Mechanism::Plain,
            Proof::Password(_) if self.offers.signs_in_by("LOGIN") => Mechanism::Login,
            _ if !self.offers.has("AUTH") => return Err(Code::LoginDisabled.into()),
            _ => return Err(Code::LoginUnsupported.into()),
        };
        let login = Login::new(credentials.user.clone(), secret.to_string());
        // What a server could repeat.
        let answer = mechanism.response(&login, None).map(Zeroizing::new).unwrap_or_default();
        let encoded = |text: &str| Zeroizing::new(BASE64_STANDARD.encode(text));
        let (answer, alone) = (encoded(&answer), encoded(secret));
        let hidden = [secret, answer.as_str(), alone.as_str()];
        let reply = within(self.patience.reply, self.authenticate(mechanism, login)).await;
        let reply = reply.map_err(|failure| failure.without(&hidden))?;
        if reply.is_yes() { Ok(()) } else { Err(reply.failure(login_code(&reply)).without(&hidden)) }
    }

    async fn authenticate(&mut self, mechanism: Mechanism, login: Login) -> Result<Reply, Failure> {
        let ours = |_| Code::NotUnderstood;
        let mut result = self.smtp.command(Auth::new(mechanism, login.clone(), None).map_err(ours)?).await;
        // As many questions as there are answers, and one for the reason of a refusal (XOAUTH2).
        for _ in 0..=3 {
            result = match &result {
                Ok(question) if question.has_code(334) && mechanism == Mechanism::Login => {
                    let answer = Auth::new_from_response(mechanism, login.clone(), question).map_err(ours)?;
                    self.smtp.command(answer).await
                }
                Ok(question) if question.has_code(334) => self.smtp.command("\r\n").await,
                _ => return Reply::of(result),
            };
        }
        Err(Code::NotUnderstood.into())
    }

    /// One command, one reply.
    pub(super) async fn say(&mut self, command: impl std::fmt::Display) -> Result<Reply, Failure> {
        within(self.patience.reply, async { Reply::of(self.smtp.command(command).await) }).await
    }

    /// The reply to a command that was said before.
    pub(super) async fn hear(&mut self) -> Result<Reply, Failure> {
        within(self.patience.reply, async { Reply::of(self.smtp.read_response().await) }).await
    }

    /// The mail itself, after the server asked for it.
    pub(super) async fn hand_in(&mut self, content: &[u8]) -> Result<Reply, Failure> {
        let limit = self.patience.transfer(content.len() as u64) + self.patience.delivery;
        within(limit, async { Reply::of(self.smtp.message(content).await) }).await
    }

    /// Whether the server would take a mail from this address, without sending one.
    pub(in super::super) async fn try_sender(&mut self, sender: &str) -> Result<(), Failure> {
        let sender: Address = address(sender)?;
        let reply = self.say(Mail::new(Some(sender.clone()), vec![])).await?;
        if !reply.is_yes() {
            return Err(reply.failure(sender_code(&reply)));
        }
        // Many servers say what they have against a sender only when they hear of a recipient.
        let reply = self.say(Rcpt::new(sender, vec![])).await?;
        let reset = self.say(Rset).await?;
        if !reply.is_yes() {
            return Err(reply.failure(sender_code(&reply)));
        }
        if reset.is_yes() { Ok(()) } else { Err(reset.failure(Code::CommandRefused)) }
    }

    pub(in super::super) async fn close(mut self) {
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), self.smtp.quit()).await;
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
