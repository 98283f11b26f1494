//! One kept connection over which mails are handed over, and what became of each.

use std::{sync::Arc, time::Duration};

use super::{
    super::{
        account::Account,
        dial::Steps,
        failure::{Code, Failure, within},
        net::Network,
    },
    connection::{Connection, sender_code},
    content::on_the_wire,
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
    /// The connection was lost after the end of the mail: it may have been sent. Sending it again may send it twice.
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
                let usable = usable && connection.say("RSET").await.is_ok_and(|reply| reply.is_yes());
                (if permanent && !ours { Outcome::Permanent(refused) } else { Outcome::Temporary(refused) }, usable)
            }
        };
        self.used = self.net.clock.elapsed();
        self.kept = usable.then_some(connection);
        outcome
    }
}

fn refused(stage: Stage, code: Code, reply: Reply) -> Broken {
    let usable = reply.code != 421;
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
        let content = on_the_wire(&letter.raw);
        let options = self.options(letter, content.len())?;
        let mut commands = vec![format!("MAIL FROM:<{}>{options}\r\n", letter.from)];
        commands.extend(letter.to.iter().map(|to| format!("RCPT TO:<{to}>\r\n")));
        commands.push("DATA\r\n".to_owned());
        let replies =
            if self.offers.has("PIPELINING") { self.ask_together(&commands).await? } else { self.ask_in_turn(&commands).await? };

        // As many as were asked; in turn, the first no to the sender ends the asking.
        let mut replies = replies.into_iter();
        let sender = replies.next().ok_or(Code::Closed).map_err(Failure::from)?;
        if sender.code == 421 {
            // Tired of waiting, perhaps, while we were silent.
            return Err(Broken::Lost(sender.failure(Code::ServerRefuses)));
        }
        if !sender.is_yes() {
            return Err(refused(Stage::Sender, sender_code(&sender), sender));
        }
        let to: Vec<(&String, Reply)> = letter.to.iter().zip(&mut replies).collect();
        let (accepted, unwanted): (Vec<_>, Vec<_>) = to.into_iter().partition(|(_, reply)| reply.is_yes());
        let data = replies.next();
        if accepted.is_empty() {
            // It waits for a mail to nobody. Only hanging up says that there is none.
            let waits = data.is_some_and(|reply| reply.code == 354);
            // One that may work later is worth another try for all.
            let (temporary, permanent): (Vec<_>, Vec<_>) = unwanted.into_iter().partition(|(_, reply)| reply.is_temporary());
            let (_, reply) = temporary.into_iter().chain(permanent).next().ok_or(Code::Closed).map_err(Failure::from)?;
            return Err(match refused(Stage::Recipient, Code::RecipientRefused, reply) {
                Broken::Refused(refused, usable) => Broken::Refused(refused, usable && !waits),
                other => other,
            });
        }
        let data = data.ok_or(Code::Closed).map_err(Failure::from)?;
        if data.code != 354 {
            return Err(refused(Stage::Content, Code::MailRefused, data));
        }
        let unwanted = unwanted.into_iter().map(|(to, reply)| (to.clone(), reply)).collect();
        self.send_content(&content, unwanted).await
    }

    async fn send_content(&mut self, content: &[u8], refused_to: Vec<(String, Reply)>) -> Result<Outcome, Broken> {
        let limit = self.patience.transfer(content.len() as u64);
        within(limit, self.wire.send(content)).await?;
        // From this byte on the server may have it.
        let answer = async {
            self.wire.send(b".\r\n").await?;
            Reply::read(&mut self.wire).await
        };
        let receipt = within(self.patience.delivery, answer).await.map_err(Broken::Unknown)?;
        if receipt.is_yes() {
            Ok(Outcome::Sent { receipt, refused: refused_to })
        } else {
            Err(refused(Stage::Content, Code::MailRefused, receipt))
        }
    }

    fn options(&self, letter: &Letter, size: usize) -> Result<String, Broken> {
        let no = |stage, code: Code| Broken::Refused(Refused { stage, failure: code.into(), reply: None }, true);
        let mut options = String::new();
        if self.offers.largest().is_some_and(|largest| size > largest) {
            return Err(no(Stage::Content, Code::MailTooLarge));
        }
        if self.offers.has("SIZE") {
            options.push_str(&format!(" SIZE={size}"));
        }
        let eight_bit = !letter.raw.is_ascii();
        if eight_bit || letter.has_foreign_addresses() {
            if !self.offers.has("8BITMIME") {
                return Err(no(Stage::Content, Code::MailEightBit));
            }
            options.push_str(" BODY=8BITMIME");
        }
        if letter.has_foreign_addresses() {
            if !self.offers.has("SMTPUTF8") {
                return Err(no(Stage::Recipient, Code::AddressInvalid));
            }
            options.push_str(" SMTPUTF8");
        }
        Ok(options)
    }

    /// All at once: one journey there and back instead of one for each.
    async fn ask_together(&mut self, commands: &[String]) -> Result<Vec<Reply>, Failure> {
        within(self.patience.reply, async {
            self.wire.send(commands.concat().as_bytes()).await?;
            let mut replies = Vec::with_capacity(commands.len());
            for _ in commands {
                match Reply::read(&mut self.wire).await {
                    Ok(reply) => replies.push(reply),
                    // It hung up after a no: what it said counts.
                    Err(_) if !replies.is_empty() => break,
                    Err(failure) => return Err(failure),
                }
            }
            Ok(replies)
        })
        .await
    }

    /// One by one. Without a sender or without any recipient the rest is not asked.
    async fn ask_in_turn(&mut self, commands: &[String]) -> Result<Vec<Reply>, Failure> {
        within(self.patience.reply, async {
            let mut replies: Vec<Reply> = Vec::with_capacity(commands.len());
            for (place, command) in commands.iter().enumerate() {
                let nobody = place + 1 == commands.len() && !replies.iter().skip(1).any(Reply::is_yes);
                if nobody || replies.first().is_some_and(|sender| !sender.is_yes()) {
                    break;
                }
                self.wire.send(command.as_bytes()).await?;
                replies.push(Reply::read(&mut self.wire).await?);
            }
            Ok(replies)
        })
        .await
    }
}
