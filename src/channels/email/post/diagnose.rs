//! What works and what does not, step by step, for a person to watch (S0-24, S4-10).

use std::time::Duration;

use super::{
    account::Account,
    dial::Steps,
    failure::{Code, Failure},
    imap,
    net::Network,
    smtp,
    smtp::Letter,
};

/// One thing that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepName {
    /// The server's name was looked up.
    Name,
    /// The port was reached.
    Connect,
    /// The server introduced itself.
    Greeting,
    /// The connection was encrypted and the certificate checked.
    Tls,
    /// User and password.
    Login,
    /// The folder was opened.
    Folder,
    /// The server takes mail from this address.
    Sender,
    /// The test mail was handed over.
    TestMail,
}

impl StepName {
    /// The name as programs and screens know it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Tls => "tls",
            Self::Login => "login",
            Self::Folder => "folder",
            Self::Sender => "sender",
            Self::TestMail => "test_mail",
        }
    }
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub name: StepName,
    /// Why it did not work; nothing when it did. What would follow is not tried then.
    pub failure: Option<Failure>,
    /// How long it took.
    pub took: Duration,
}

/// Which half of an account is tried.
#[derive(Clone, Copy, Debug)]
pub enum Direction<'a> {
    /// Receiving: to the opened inbox, read-only.
    Receive,
    /// Sending: until the server accepts the sender, and if a letter is given until it has that.
    Send(Option<&'a Letter>),
}

/// Tries an account. Every step goes to `tell` when it is done, and all come back. Changes nothing on the server; only a test letter is
/// sent.
pub async fn diagnose(
    net: &Network,
    account: &Account,
    direction: Direction<'_>,
    tell: &mut (dyn FnMut(&Step) + Send),
) -> Vec<Step> {
    let mut done = vec![];
    let mut both = |step: Step| {
        tell(&step);
        done.push(step);
    };
    // Its failure is the last step.
    let _ = match direction {
        Direction::Receive => Box::pin(receive(net, account, &mut both)).await,
        Direction::Send(letter) => Box::pin(send(net, account, letter, &mut both)).await,
    };
    done
}

async fn receive(net: &Network, account: &Account, tell: &mut (dyn FnMut(Step) + Send)) -> Result<(), Failure> {
    let mut steps = Steps::told(net, tell);
    let Some(server) = &account.imap else { return steps.run(StepName::Name, async { Err(Code::HostUnknown.into()) }).await };
    let mut connection = imap::Connection::open(net, server, account, &mut steps).await?;
    let result = steps.run(StepName::Folder, connection.open_folder(&account.folders.inbox, false)).await;
    connection.close().await;
    result.map(drop)
}

async fn send(
    net: &Network,
    account: &Account,
    letter: Option<&Letter>,
    tell: &mut (dyn FnMut(Step) + Send),
) -> Result<(), Failure> {
    let mut steps = Steps::told(net, tell);
    let mut connection = smtp::Connection::open(net, account, &mut steps).await?;
    steps.run(StepName::Sender, connection.try_sender(&account.address)).await?;
    if let Some(letter) = letter {
        steps.run(StepName::TestMail, connection.send_test(letter)).await?;
    }
    connection.close().await;
    Ok(())
}
