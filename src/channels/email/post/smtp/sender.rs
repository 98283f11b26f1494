//! One kept connection over which mails are handed over, and what became of each.

use std::{sync::Arc, time::Duration};

use lettre::transport::smtp::{
    commands::{Data, Mail, Rcpt, Rset},
    extension::{MailBodyParameter, MailParameter},
};

use super::{
    super::{
        account::Account,
        dial::Steps,
        failure::{Code, Failure},
        net::Network,
    },
    connection::{Connection, sender_code},
    content::with_whole_lines,
    letter::Letter,
    reply::Reply,
};

/// Where in the exchange something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Connecting, signing in.
    Connection,
    /// The sender.
    Sender,
    /// The recipients.
    Recipient,
    /// The mail itself.
    Content,
}

/// A no, with everything that is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where.
    pub stage: Stage,
    /// Why, with a stable code.
    pub failure: Failure,
    /// The server's answer, if it was one.
    pub reply: Option<Reply>,
}

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server has it. Recipients it did not want are named with its answer; they get nothing.
    Sent {
        /// The server's receipt.
        receipt: Reply,
        /// Who does not get it.
        refused: Vec<(String, Reply)>,
    },
    /// Not sent; the same may work later.
    Temporary(Refused),
    /// Not sent, and the same will not work.
    Permanent(Refused),
    /// The connection was lost after the server asked for the mail: it may have been sent. Sending it again may send it twice.
    Unknown(Failure),
}

/// Sends mails of one account, one after the other.
pub struct Sender {
    net: Network,
    account: Arc<Account>,
    kept: Option<Connection>,
    /// When the kept connection was last used, on the clock's monotonic time.
    used: Duration,
}

/// Servers hang up on idle clients after minutes, some without a word.
const KEPT: Duration = Duration::from_secs(60);

/// Why a mail was not handed over.
pub(super) enum Broken {
    /// The connection is gone, and nothing was sent.
    Lost(Failure),
    /// A no; the connection may be used again, or not.
    Refused(Refused, Usable),
    /// The connection is gone, and the mail may have been sent.
    Unknown(Failure),
}

type Usable = bool;

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Lost(failure)
    }
}

impl Sender {
    /// Connects when there is something to send.
    pub fn new(net: Network, account: Arc<Account>) -> Self {
        Self { net, account, kept: None, used: Duration::ZERO }
    }

    /// Hands one mail over. Dropping the future leaves its outcome unknown and ends the connection.
    pub async fn send(&mut self, letter: &Letter) -> Outcome {
        let fresh = self.net.clock.elapsed().saturating_sub(self.used) < KEPT;
        if let Some(mut connection) = self.kept.take().filter(|_| fresh) {
            match Box::pin(connection.hand_over(letter)).await {
                // It had hung up while we were silent: nothing was sent, a new connection may.
                Err(Broken::Lost(_)) => {}
                result => return self.judge(connection, result).await,
            }
        }
        let mut steps = Steps::silent(&self.net);
        match Box::pin(Connection::open(&self.net, &self.account, &mut steps)).await {
            Ok(mut connection) => {
                let result = Box::pin(connection.hand_over(letter)).await;
                self.judge(connection, result).await
            }
            // Whoever mends the account can send it again; the mail is not at fault.
            Err(failure) => Outcome::Temporary(Refused { stage: Stage::Connection, failure, reply: None }),
        }
    }

    /// Says goodbye.
    pub async fn close(self) {
        if let Some(connection) = self.kept {
            connection.close().await;
        }
    }

    async fn judge(&mut self, mut connection: Connection, result: Result<Outcome, Broken>) -> Outcome {
        let (outcome, usable) = match result {
            Ok(outcome) => (outcome, true),
            Err(Broken::Lost(failure)) => (Outcome::Temporary(Refused { stage: Stage::Connection, failure, reply: None }), false),
            Err(Broken::Unknown(failure)) => (Outcome::Unknown(failure), false),
            Err(Broken::Refused(refused, usable)) => {
                // 5xx, or our own no; a server that is tired, a limit and a missing login are not the mail's fault.
                let permanent = refused.reply.as_ref().is_none_or(|reply| !reply.is_temporary());
                let ours = matches!(refused.failure.code, Code::NoLogin | Code::Limit);
                let usable = usable && connection.say(Rset).await.is_ok_and(|reply| reply.is_yes());
                (if permanent && !ours { Outcome::Permanent(refused) } else { Outcome::Temporary(refused) }, usable)
            }
        };
        self.used = self.net.clock.elapsed();
        self.kept = usable.then_some(connection);
        outcome
    }
}

/// Everything before the mail itself.
fn all_of(mail: &Mail, letter: &Letter) -> String {
    let receivers: String = letter.to.iter().map(|to| Rcpt::new(to.clone(), vec![]).to_string()).collect();
    format!("{mail}{receivers}{Data}")
}

fn refused(stage: Stage, code: Code, reply: Reply, usable: bool) -> Broken {
    let usable = usable && reply.code != 421;
    Broken::Refused(Refused { stage, failure: reply.failure(code), reply: Some(reply) }, usable)
}

impl Connection {
    /// For a person who watches: one mail, and whether the server took it.
    pub(in super::super) async fn send_test(&mut self, letter: &Letter) -> Result<(), Failure> {
        match self.hand_over(letter).await {
            Ok(Outcome::Sent { refused, .. }) => {
                refused.first().map_or(Ok(()), |(_, reply)| Err(reply.failure(Code::RecipientRefused)))
            }
            Ok(_) => Ok(()),
            Err(Broken::Lost(failure) | Broken::Unknown(failure)) => Err(failure),
            Err(Broken::Refused(refused, _)) => Err(refused.failure),
        }
    }

    async fn hand_over(&mut self, letter: &Letter) -> Result<Outcome, Broken> {
        let content = with_whole_lines(&letter.raw);
        let mail = Mail::new(Some(letter.from.clone()), self.options(letter, content.len() + 2)?);
        // Sender, receivers and the wish to hand in are one packet where the server takes that (RFC 2920), and as many round trips where
        // it does not.
        let at_once = self.offers.has("PIPELINING");
        let sender = if at_once { self.say(all_of(&mail, letter)).await? } else { self.say(mail).await? };
        if sender.code == 421 {
            // Tired of waiting, perhaps, while we were silent.
            return Err(Broken::Lost(sender.failure(Code::ServerRefuses)));
        }
        if !sender.is_yes() {
            let usable = !at_once || self.hear_out(letter.to.len() + 1).await;
            return Err(refused(Stage::Sender, sender_code(&sender), sender, usable));
        }
        let mut unwanted: Vec<(String, Reply)> = vec![];
        for to in &letter.to {
            let reply = if at_once { self.hear().await? } else { self.say(Rcpt::new(to.clone(), vec![])).await? };
            if reply.code == 421 {
                return Err(refused(Stage::Recipient, Code::RecipientRefused, reply, false));
            }
            if !reply.is_yes() {
                unwanted.push((to.to_string(), reply));
            }
        }
        if unwanted.len() == letter.to.len() {
            let usable = !at_once || self.hear_out(1).await;
            // One that may work later is worth another try for all.
            let (temporary, permanent): (Vec<_>, Vec<_>) = unwanted.into_iter().partition(|(_, reply)| reply.is_temporary());
            let (_, reply) = temporary.into_iter().chain(permanent).next().ok_or(Code::Closed).map_err(Failure::from)?;
            return Err(refused(Stage::Recipient, Code::RecipientRefused, reply, usable));
        }
        let data = if at_once { self.hear().await? } else { self.say(Data).await? };
        if data.code != 354 {
            return Err(refused(Stage::Content, Code::MailRefused, data, true));
        }
        // From here on the server may have it: the library does not say how far it came.
        let receipt = self.hand_in(&content).await.map_err(Broken::Unknown)?;
        if receipt.is_yes() {
            Ok(Outcome::Sent { receipt, refused: unwanted })
        } else {
            Err(refused(Stage::Content, Code::MailRefused, receipt, true))
        }
    }

    /// Hears what was asked together with what was refused: so many replies, the last to DATA. Whether the connection can be used
    /// again: not when the server waits for a mail all the same.
    async fn hear_out(&mut self, replies: usize) -> bool {
        let mut last = 0;
        for _ in 0..replies {
            match self.hear().await {
                Ok(reply) if reply.code != 421 => last = reply.code,
                _ => return false,
            }
        }
        last != 354
    }

    fn options(&self, letter: &Letter, size: usize) -> Result<Vec<MailParameter>, Broken> {
        let no = |stage, code: Code| Broken::Refused(Refused { stage, failure: code.into(), reply: None }, true);
        let mut options = vec![];
        if self.offers.largest().is_some_and(|largest| size > largest) {
            return Err(no(Stage::Content, Code::MailTooLarge));
        }
        if self.offers.has("SIZE") {
            options.push(MailParameter::Size(size));
        }
        let eight_bit = !letter.raw.is_ascii();
        if eight_bit || letter.has_foreign_addresses() {
            if !self.offers.has("8BITMIME") {
                return Err(no(Stage::Content, Code::MailEightBit));
            }
            options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        if letter.has_foreign_addresses() {
            if !self.offers.has("SMTPUTF8") {
                return Err(no(Stage::Recipient, Code::AddressInvalid));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        Ok(options)
    }
}
