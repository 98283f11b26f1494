//! Trying an account: `POST /api/v1/mail-accounts/test` for somebody who watches, [`verify`] before anything is saved.

use std::{convert::Infallible, sync::Arc, time::Duration};

use actix_web::{HttpResponse, web::Data};
use bytes::Bytes;
use futures_util::{future, stream};
use parking_lot::Mutex;
use rustc_hash::FxHashSet;
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    mpsc::{self, UnboundedSender},
};

use super::{
    accounts::{self, Wanted},
    letter,
    pending::Pending,
};
use crate::{
    auth::throttle::Throttle,
    channels::email::post::{
        account::{Account, is_address},
        diagnose::{Direction, Step, diagnose},
        failure::{Code, Failure},
        net::{Network, Patience},
        smtp::Letter,
    },
    domain::{log::By, webchat::Language},
    error::ErrorCode,
    http::{caller::Caller, input::Plain, problem::Problem, state::App},
    ids::MessageId,
    wire::mail_accounts::{MailDirection, MailTest, MailTestLine, MailTestStep},
};

/// Accounts tried at once, of everybody: each holds connections to others' servers.
const AT_ONCE: usize = 8;
/// A person waits.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(8),
    tls: Duration::from_secs(8),
    reply: Duration::from_secs(15),
    delivery: Duration::from_secs(60),
    slowest: 8 * 1024,
};

/// What is needed to talk to mail servers in somebody's name.
pub struct Attempts {
    /// How they are reached.
    pub network: Network,
    turns: Arc<Semaphore>,
    /// Requests that send something, by their key.
    under_way: Mutex<FxHashSet<String>>,
    pub(super) pending: Pending,
}

impl Attempts {
    /// Over this network, with the patience of a person.
    pub fn new(network: Network) -> Self {
        Self {
            network: network.with_patience(PATIENCE),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            under_way: Mutex::default(),
            pending: Pending::default(),
        }
    }

    /// Until what is given back is dropped, no other request with this key sends anything.
    ///
    /// # Errors
    /// 429 while one does.
    pub(super) fn only(app: &App, key: Option<String>) -> Result<UnderWay, Problem> {
        let is_new = key.as_ref().is_none_or(|key| app.mail.under_way.lock().insert(key.clone()));
        if is_new { Ok(UnderWay { app: App::clone(app), key }) } else { Err(Problem::later(ErrorCode::Busy, 2)) }
    }

    /// Whoever makes this server talk to others does so now and then, and not all at once.
    ///
    /// # Errors
    /// 429.
    pub(super) fn turn(&self, throttle: &Throttle, by: By) -> Result<OwnedSemaphorePermit, Problem> {
        throttle.mail_attempt(by).map_err(too_many)?;
        Arc::clone(&self.turns).try_acquire_owned().map_err(|_| Problem::later(ErrorCode::Busy, 2))
    }
}

/// See [`Attempts::only`].
pub(super) struct UnderWay {
    app: App,
    key: Option<String>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.app.mail.under_way.lock().remove(key);
        }
    }
}

pub(super) fn too_many(wait: Duration) -> Problem {
    Problem::later(ErrorCode::TooManyAttempts, wait.as_secs() + 1)
}

fn line(direction: MailDirection, step: &Step) -> MailTestStep {
    MailTestStep {
        direction,
        step: step.name.as_str().to_owned(),
        code: step.failure.as_ref().map(|failure| failure.code.as_str().to_owned()),
        words: step.failure.as_ref().and_then(|failure| failure.words.as_deref().map(str::to_owned)),
        ms: u32::try_from(step.took.as_millis()).unwrap_or(u32::MAX),
    }
}

/// The step that did not work, with its code.
pub(super) type Fault = (MailTestStep, Code);

/// Tries one half of an account.
///
/// # Errors
/// The step that does not work.
pub(super) async fn half(
    network: &Network,
    account: &Account,
    direction: Direction<'_>,
    name: MailDirection,
    tell: &mut (dyn FnMut(&MailTestStep) + Send),
) -> Result<(), Fault> {
    let steps = Box::pin(diagnose(network, account, direction, &mut |step| tell(&line(name, step)))).await;
    let failed = steps.iter().find_map(|step| Some((line(name, step), step.failure.as_ref()?.code)));
    failed.map_or(Ok(()), Err)
}

/// Whether an account works in every direction it has. Both are tried at once.
///
/// # Errors
/// The first step that does not work; a refusal of user and password before anything else.
pub(super) async fn verify(network: &Network, account: &Account) -> Result<(), Fault> {
    let (mut quiet, mut also_quiet) = (|_: &MailTestStep| {}, |_: &MailTestStep| {});
    let receive = async {
        if account.imap.is_none() {
            return Ok(());
        }
        half(network, account, Direction::Receive, MailDirection::Receive, &mut quiet).await
    };
    let send = half(network, account, Direction::Send(None), MailDirection::Send, &mut also_quiet);
    let both = future::join(receive, send).await;
    match both {
        (Err(first), Err(second)) if is_login(second.1) && !is_login(first.1) => Err(second),
        (Err(first), _) | (Ok(()), Err(first)) => Err(first),
        (Ok(()), Ok(())) => Ok(()),
    }
}

/// Whether the server said no to who signs in: with that nothing will ever work.
pub(super) const fn is_login(code: Code) -> bool {
    matches!(code, Code::LoginRefused | Code::LoginElsewhere | Code::NoLogin)
}

/// What a save is refused with.
pub(super) fn refused((mut step, code): Fault, own_login_to_send: bool, has_token: bool) -> Problem {
    let by_token = has_token && is_login(code) && !(own_login_to_send && step.direction == MailDirection::Send);
    if by_token {
        step.code = Some(Code::TokenRefused.as_str().to_owned());
        return Problem::mail("login", ErrorCode::MailSignInNeeded, "the server does not accept who signed in", step);
    }
    let (error, detail) = match code {
        code if is_login(code) => (ErrorCode::MailLoginRefused, "the server does not accept this user and password"),
        Code::HostForbidden => (ErrorCode::MailHostForbidden, "servers inside this network may not be reached"),
        _ => (ErrorCode::MailNotWorking, "it does not work like this: mend it, or save the account switched off"),
    };
    let field = match (&step.direction, error) {
        (MailDirection::Send, ErrorCode::MailLoginRefused) if own_login_to_send => "sending_password",
        (_, ErrorCode::MailLoginRefused) => "password",
        (MailDirection::Receive, _) => "imap.host",
        (MailDirection::Send, _) => "smtp.host",
    };
    Problem::mail(field, error, detail, step)
}

/// The step that an account ends at which gets nothing from its provider.
pub(super) fn sign_in_step(direction: MailDirection, failure: &Failure) -> MailTestStep {
    let words = failure.words.as_deref().map(str::to_owned);
    MailTestStep { direction, step: "sign_in".to_owned(), code: Some(failure.code.as_str().to_owned()), words, ms: 0 }
}

/// What a save of such an account is refused with.
pub(super) fn no_token(failure: &Failure) -> Problem {
    let step = sign_in_step(MailDirection::Receive, failure);
    Problem::mail("login", ErrorCode::MailSignInNeeded, "its provider gives nothing to sign in with", step)
}

/// `POST`: lines of JSON, each step as soon as it is done. Writes nothing; a test mail is sent when asked for.
///
/// # Errors
/// 404 for an account one may not see; 422; 429 for too many, or too many test mails to one address.
pub async fn test(app: Data<App>, caller: Caller, body: Plain<MailTest>) -> Result<HttpResponse, Problem> {
    let MailTest { account, settings, to } = body.0;
    let wanted = accounts::wanted(&caller, account, settings)?;
    let to = to.map(|to| to.trim().to_owned()).filter(|to| !to.is_empty());
    if to.as_deref().is_some_and(|to| !is_address(to)) {
        return Err(Problem::field("to", ErrorCode::NotPossible, "an address such as somebody@example.com"));
    }
    let turn = app.mail.turn(&app.throttle, caller.by)?;
    let letter = match &to {
        None => None,
        Some(to) => {
            // Nobody's mailbox is filled by tests (security.md, 19).
            app.throttle.test_mail(caller.by, to).map_err(too_many)?;
            let language = caller.directory.clients.get(&wanted.client).map_or(Language::Spanish, |client| client.language);
            let id = app.engine.ids.next::<MessageId>().to_string();
            let letter = letter::test(wanted.account(), to, language, &id, app.now());
            Some(letter.map_err(|_| Problem::field("to", ErrorCode::NotPossible, "no mail can go there"))?)
        }
    };
    let (tell, lines) = mpsc::unbounded_channel();
    let app = App::clone(&app);
    actix_web::rt::spawn(async move {
        let _turn = turn;
        // Whoever looks away ends it.
        tokio::select! {
            () = Box::pin(run(&app, &wanted, letter.as_ref(), &tell)) => {}
            () = tell.closed() => {}
        }
    });
    let body = stream::unfold(lines, async |mut lines| Some((Ok::<Bytes, Infallible>(lines.recv().await?), lines)));
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(Box::pin(body)))
}

async fn run(app: &App, wanted: &Wanted, letter: Option<&Letter>, to: &UnboundedSender<Bytes>) {
    let tell = |line: &MailTestLine| {
        let mut text = serde_json::to_vec(line).unwrap_or_default();
        text.push(b'\n');
        // Whoever looks away needs no more of it.
        let _ = to.send(text.into());
    };
    let mut step = |step: &MailTestStep| tell(&MailTestLine::Step(step.clone()));
    let receives = wanted.account().imap.is_some();
    let account = match wanted.ready(app).await {
        Ok(account) => account,
        Err(failure) => {
            let both = [(MailDirection::Receive, receives), (MailDirection::Send, true)];
            both.into_iter()
                .filter(|(_, is_there)| *is_there)
                .for_each(|(direction, _)| step(&sign_in_step(direction, &failure)));
            return tell(&MailTestLine::End { receive: receives.then_some(false), send: Some(false) });
        }
    };
    let network = &app.mail.network;
    let receive = match account.imap {
        None => None,
        Some(_) => Some(half(network, &account, Direction::Receive, MailDirection::Receive, &mut step).await),
    };
    let send = half(network, &account, Direction::Send(letter), MailDirection::Send, &mut step).await;
    for (_, code) in receive.iter().chain([&send]).filter_map(|half| half.as_ref().err()) {
        wanted.refused(app, &account, *code);
    }
    tell(&MailTestLine::End { receive: receive.map(|half| half.is_ok()), send: Some(send.is_ok()) });
}
