//! When a mail leaves, what is wrong with its receivers, and withdrawing it before it left.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::conversations::{steers, workable};
use crate::{
    clock::Timestamp,
    domain::{conversation::Command, delivery::Delivery, mail::answer::Fault, message::Author},
    error::ErrorCode,
    http::{caller::Caller, once::Once, problem::Problem, state::App},
    ids::{ConversationId, MessageId},
    store::{
        conversations,
        mail_sending::{Standing, Wait},
    },
    wire::conversation::MailWaits,
};

/// How long what was just written can be taken back.
pub const UNDO: Duration = Duration::from_secs(10);

/// When something leaves: at its moment, else at once or after [`UNDO`].
pub fn leaves_at(send_at: Option<Timestamp>, undo: bool, now: Timestamp) -> Option<Timestamp> {
    send_at.or(undo.then(|| now + UNDO))
}

/// What is wrong with a request, field by field.
pub fn problem(fault: Fault) -> Problem {
    let (field, code) = match fault {
        Fault::NoReceiver => ("to".to_owned(), ErrorCode::MissingField),
        Fault::TooManyReceivers => ("to".to_owned(), ErrorCode::TooLong),
        Fault::Address { field, index } => (format!("{field}.{index}"), ErrorCode::NotPossible),
        Fault::Subject => ("subject".to_owned(), ErrorCode::NotPossible),
    };
    Problem::field(&field, code, fault.to_string())
}

/// `POST /{id}/messages/{message}/cancel`: withdraws what has not left yet. By who wrote it, or who may steer the conversation.
///
/// # Errors
/// 404; 409 `not_waiting` once it has left.
pub async fn cancel(
    app: Data<App>,
    caller: Caller,
    ids: Path<(ConversationId, MessageId)>,
    once: Once,
) -> Result<HttpResponse, Problem> {
    let (id, message) = ids.into_inner();
    let state = workable(&app, &caller, id).await?;
    let found = conversations::message_of(&app.engine.db, id, message).await?.ok_or_else(Problem::not_found)?.message;
    let own = found.author == Author::Agent(caller.user());
    if !own && !steers(&caller, &state) {
        return Err(Problem::not_found());
    }
    let stored = found.delivery.map(|delivery| (found.seq, delivery));
    let command = Command::CancelDelivery { message, stored };
    once.command(state.id, command).await
}

/// When a mail leaves, and what it waits for: whatever takes longest.
pub(super) fn waits(delivery: Option<Delivery>, wait: Wait, standing: &Standing) -> (Timestamp, Option<MailWaits>) {
    let own = match delivery {
        Some(Delivery::Scheduled) => Some(MailWaits::Moment),
        _ if wait.attempts > 0 => Some(MailWaits::Retry { attempts: wait.attempts }),
        _ => None,
    };
    let full = standing.full_until.map(|until| (until, MailWaits::Quota));
    let rests = standing.trouble.as_ref().map(|trouble| (trouble.next_at, MailWaits::Account { code: trouble.code.clone() }));
    let mut latest = (wait.next_at, own);
    for (at, why) in [full, rests].into_iter().flatten() {
        if at > latest.0 {
            latest = (at, Some(why));
        }
    }
    latest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::mail_sending::Trouble;

    #[test]
    fn a_mail_waits_for_what_takes_longest() {
        let at = |seconds: u64| Timestamp::default() + Duration::from_secs(seconds);
        let wait = |attempts| Wait { next_at: at(50), attempts, outcome_unknown: false };
        let trouble = |next| Trouble { code: "login_refused".to_owned(), words: None, since: at(1), next_at: at(next) };
        let standing = |full: Option<u64>, rests: Option<u64>| Standing {
            waiting: 1,
            scheduled: 0,
            next_at: None,
            sent: None,
            full_until: full.map(at),
            trouble: rests.map(trouble),
        };
        let refused = || Some(MailWaits::Account { code: "login_refused".to_owned() });
        for (delivery, attempts, full, rests, expected) in [
            (Delivery::Queued, 0, None, None, (50, None)),
            (Delivery::Scheduled, 0, Some(40), Some(40), (50, Some(MailWaits::Moment))),
            (Delivery::Sending, 2, None, None, (50, Some(MailWaits::Retry { attempts: 2 }))),
            (Delivery::Queued, 0, Some(60), Some(40), (60, Some(MailWaits::Quota))),
            (Delivery::Sending, 2, Some(60), Some(70), (70, refused())),
            (Delivery::Scheduled, 0, None, Some(70), (70, refused())),
        ] {
            assert_eq!(waits(Some(delivery), wait(attempts), &standing(full, rests)), (at(expected.0), expected.1));
        }
    }
}
