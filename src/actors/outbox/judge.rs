//! What an answer to a call means, and when to try again. Pure.

use std::time::Duration;

use chrono::DateTime;

use crate::{
    channels::email::post::{
        failure::{Code, Failure},
        smtp::{self, Enhanced, Refused, Reply, Stage},
    },
    clock::Timestamp,
    store::mail_sending::EVERYBODY,
};

/// Waits between attempts; after the last of them the message has failed.
pub(super) const BACK_OFF: [Duration; 8] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(6 * 3600),
];
/// A receiver may ask for a longer wait than the back-off, up to this.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Up to this share of a wait is added, so that what failed together does not come back together.
const JITTER: f64 = 0.2;

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The receiver has it.
    Sent,
    /// Some of its receivers have it; the others are on record.
    SentToSome,
    /// It cannot be sent; a stable reason code.
    Failed(String),
    /// The other side will never take it; a stable reason code.
    Rejected(String),
    /// It may not be sent; a stable reason code.
    Suppressed(&'static str),
    /// The account cannot send now, whatever it is.
    Rest(Failure),
    /// It did not take it now.
    Refused {
        /// It asked for this wait.
        retry_after: Option<Duration>,
    },
    /// Whether it has it nobody knows.
    Unknown,
}

impl Outcome {
    /// How it is counted.
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Sent | Self::SentToSome => "sent",
            Self::Failed(_) | Self::Rejected(_) | Self::Suppressed(_) => "failed",
            Self::Rest(_) => "rest",
            Self::Refused { .. } => "retry",
            Self::Unknown => "unknown",
        }
    }
}

/// By status. A redirection is not followed: the endpoint may be mended, so it is tried again.
pub(super) fn judge(status: u16, retry_after: Option<&str>, now: Timestamp) -> Outcome {
    match status {
        200..=299 => Outcome::Sent,
        408 | 425 | 429 => Outcome::Refused { retry_after: wait_of(retry_after, now) },
        400..=499 => Outcome::Failed(format!("http_{status}")),
        _ => Outcome::Refused { retry_after: wait_of(retry_after, now) },
    }
}

/// A receiver that a mail did not go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// [`EVERYBODY`]: the mail itself was refused.
    pub(super) address: String,
    /// A stable reason code.
    pub(super) reason: String,
    /// The server's.
    pub(super) words: String,
}

/// What a mail server's answer means. A mail that some receivers do not get is sent: sending it again would send it twice to the
/// others.
pub(super) fn judge_mail(outcome: smtp::Outcome) -> (Outcome, Vec<LeftOut>) {
    let judged = match outcome {
        smtp::Outcome::Sent { refused, .. } => {
            let left_out = |(address, reply): (String, Reply)| LeftOut {
                address,
                reason: reason(Code::RecipientRefused, Some(&reply)),
                words: reply.words,
            };
            let left_out: Vec<LeftOut> = refused.into_iter().map(left_out).collect();
            return (if left_out.is_empty() { Outcome::Sent } else { Outcome::SentToSome }, left_out);
        }
        smtp::Outcome::Temporary(Refused { stage, failure, .. })
            if stage == Stage::Connection || matches!(failure.code, Code::Limit | Code::NoLogin) =>
        {
            Outcome::Rest(failure)
        }
        smtp::Outcome::Temporary(refused) => return (Outcome::Refused { retry_after: None }, said(refused)),
        smtp::Outcome::Permanent(refused) => {
            let reason = reason(refused.failure.code, refused.reply.as_ref());
            return (Outcome::Rejected(reason), said(refused));
        }
        smtp::Outcome::Unknown(_) => Outcome::Unknown,
    };
    (judged, Vec::new())
}

/// The answer by which a server refused a mail, with its status, for people who look into it.
fn said(Refused { failure, reply, .. }: Refused) -> Vec<LeftOut> {
    let words = failure.words.filter(|_| reply.is_some()).map(String::from);
    let reason = reason(failure.code, reply.as_ref());
    words.into_iter().map(|words| LeftOut { address: EVERYBODY.to_owned(), reason: reason.clone(), words }).collect()
}

/// `recipient_refused:5.1.1`: what, and how the server put it.
fn reason(code: Code, reply: Option<&Reply>) -> String {
    let code = code.as_str();
    match reply {
        Some(Reply { enhanced: Some(Enhanced(class, subject, detail)), .. }) => format!("{code}:{class}.{subject}.{detail}"),
        Some(reply) => format!("{code}:{}", reply.code),
        None => code.to_owned(),
    }
}

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or a moment.
fn wait_of(header: Option<&str>, now: Timestamp) -> Option<Duration> {
    let text = header?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => Timestamp::from_chrono(DateTime::parse_from_rfc2822(text).ok()?.to_utc()).since(now),
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// How long to wait after so many attempts; none = give up. `random` lies in [0, 1).
pub(super) fn wait_after(attempts: u32, retry_after: Option<Duration>, random: f64) -> Option<Duration> {
    let step = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let wait = BACK_OFF.get(step)?.mul_f64(1.0 + JITTER * random);
    Some(wait.max(retry_after.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // 1994-11-06T08:49:37Z, the example of RFC 9110.
    const NOW: Timestamp = Timestamp::from_micros(784_111_777_000_000);

    fn refused(seconds: u64) -> Outcome {
        Outcome::Refused { retry_after: Some(Duration::from_secs(seconds)) }
    }

    #[test]
    fn only_what_can_change_is_tried_again() {
        for status in [200, 201, 204] {
            assert_eq!(judge(status, None, NOW), Outcome::Sent);
        }
        for status in [302, 408, 425, 429, 500, 503] {
            assert_eq!(judge(status, None, NOW), Outcome::Refused { retry_after: None }, "{status}");
        }
        for status in [400, 401, 404, 410, 422] {
            assert_eq!(judge(status, None, NOW), Outcome::Failed(format!("http_{status}")));
        }
    }

    #[test]
    fn a_wait_is_given_in_seconds_or_as_a_moment_and_is_an_hour_at_most() {
        assert_eq!(judge(503, Some("7"), NOW), refused(7));
        assert_eq!(judge(429, Some("Sun, 06 Nov 1994 08:50:37 GMT"), NOW), refused(60));
        assert_eq!(judge(429, Some("Sun, 06 Nov 1994 08:40:37 GMT"), NOW), refused(0));
        assert_eq!(judge(503, Some("86400"), NOW), refused(3600));
        for nonsense in ["", "-1", "soon", "1e9", "99999999999999999999999"] {
            assert_eq!(judge(503, Some(nonsense), NOW), Outcome::Refused { retry_after: None }, "{nonsense}");
        }
    }

    #[test]
    fn a_mail_servers_no_is_the_mails_or_the_accounts() {
        let reply = |code, enhanced| Reply { code, enhanced, words: "x".to_owned() };
        let refused = |stage, code: Code, reply| Refused { stage, failure: code.into(), reply };
        let said = |outcome| judge_mail(outcome).0;
        for code in [Code::LoginRefused, Code::ConnectTimeout, Code::TlsNotOffered] {
            let rest = Outcome::Rest(code.into());
            assert_eq!(said(smtp::Outcome::Temporary(refused(Stage::Connection, code, None))), rest);
        }
        let limit = refused(Stage::Sender, Code::Limit, Some(reply(550, None)));
        assert_eq!(said(smtp::Outcome::Temporary(limit)), Outcome::Rest(Code::Limit.into()));
        let grey = refused(Stage::Recipient, Code::RecipientRefused, Some(reply(450, None)));
        assert_eq!(said(smtp::Outcome::Temporary(grey)), Outcome::Refused { retry_after: None });
        for (given, expected) in [
            (Some(reply(550, Some(Enhanced(5, 1, 1)))), "recipient_refused:5.1.1"),
            (Some(reply(550, None)), "recipient_refused:550"),
            (None, "recipient_refused"),
        ] {
            let no = refused(Stage::Recipient, Code::RecipientRefused, given);
            assert_eq!(said(smtp::Outcome::Permanent(no)), Outcome::Rejected(expected.to_owned()));
        }
        let words = "550 5.1.1 See https://support.google.com/mail/?p=NoSuchUser";
        for permanent in [true, false] {
            let failure = Failure::said(Code::RecipientRefused, words.as_bytes());
            let no = Refused { stage: Stage::Recipient, failure, reply: Some(reply(550, Some(Enhanced(5, 1, 1)))) };
            let (_, kept) = judge_mail(if permanent { smtp::Outcome::Permanent(no) } else { smtp::Outcome::Temporary(no) });
            let [kept] = &kept[..] else { panic!("{kept:?}") };
            assert_eq!((kept.address.as_str(), kept.words.as_str()), (EVERYBODY, words));
        }
        assert_eq!(said(smtp::Outcome::Unknown(Code::Closed.into())), Outcome::Unknown);
        let some = vec![("b@x.example".to_owned(), reply(550, Some(Enhanced(5, 1, 1))))];
        let (outcome, left_out) = judge_mail(smtp::Outcome::Sent { receipt: reply(250, None), refused: some });
        assert_eq!((outcome, left_out[0].address.as_str()), (Outcome::SentToSome, "b@x.example"));
        assert_eq!(said(smtp::Outcome::Sent { receipt: reply(250, None), refused: vec![] }), Outcome::Sent);
    }

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<_> = (1..).map_while(|attempts| wait_after(attempts, None, 0.0)).collect();
        assert_eq!(waits, BACK_OFF);
        assert_eq!(wait_after(9, Some(Duration::from_secs(9)), 0.5), None);
        assert_eq!(wait_after(1, Some(Duration::from_secs(9)), 0.5), Some(Duration::from_secs(9)));
        assert_eq!(wait_after(2, Some(Duration::from_secs(1)), 0.5), Some(Duration::from_millis(5_500)));
    }
}
