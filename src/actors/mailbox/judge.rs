//! What becomes of a mail. Pure: what it needs to know of the store is handed in.

use serde::Serialize;

use crate::{
    channels::email::understand::{
        AutomaticKind, Joining, Mailbox, Understood, join,
        report::{DeliveryReport, Outcome, Reason, Report, Reported},
        trust::Proof,
    },
    domain::delivery::Delivery,
    ids::ConversationId,
    store::mail_asides::MailAsideKind,
};

/// What a mail is to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A customer's message.
    Customer,
    /// Nobody's message, with a stable reason.
    Aside(MailAsideKind, String),
}

/// What a mail is. `insists`: somebody of the staff says that a person wrote it.
pub(super) fn verdict(mail: &Understood, insists: bool) -> Verdict {
    if mail.author.is_none() && (insists || mail.report.is_none()) {
        return Verdict::Aside(MailAsideKind::Quarantined, "no_author".to_owned());
    }
    match &mail.automatic {
        _ if insists => Verdict::Customer,
        Some(found) if found.is_certain => {
            let kind = match found.kind {
                AutomaticKind::Loop => MailAsideKind::Own,
                AutomaticKind::Report => MailAsideKind::Report,
                AutomaticKind::Reply | AutomaticKind::Notice | AutomaticKind::Bulk => MailAsideKind::Automatic,
            };
            let reason = match &mail.report {
                Some(Report::Delivery(report)) => failure(report).unwrap_or_else(|| "delivery".to_owned()),
                Some(Report::Complaint(_)) => "complaint".to_owned(),
                Some(Report::Receipt(_)) => "receipt".to_owned(),
                None => word(&found.sign),
            };
            Verdict::Aside(kind, reason)
        }
        _ => Verdict::Customer,
    }
}

/// A unit variant as it is written everywhere else.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => "unknown".to_owned(),
    }
}

fn failure(report: &DeliveryReport) -> Option<String> {
    let failed = report.recipients.iter().find(|one| one.outcome == Outcome::Failed)?;
    Some(code(failed.reason))
}

/// `unknown_address:5.1.1`: what, and how the other server put it.
fn coded(one: &Reported) -> String {
    let code = code(one.reason);
    one.status.as_ref().map_or_else(|| code.clone(), |status| format!("{code}:{status}"))
}

fn code(reason: Option<Reason>) -> String {
    reason.map_or_else(|| "undeliverable".to_owned(), |reason| word(&reason))
}

/// A conversation that a mail may belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) conversation: ConversationId,
    /// Who takes part: whose it is, and whom agents wrote to on purpose.
    pub(super) participants: Vec<String>,
    /// A message of ours that we signed names it.
    pub(super) is_proven: bool,
}

/// Where a customer's mail goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It continues a conversation.
    Joins(ConversationId),
    /// It begins one.
    New {
        /// The conversation that it answers, though its author takes no part in it: for agents to see, never for the author.
        names: Option<ConversationId>,
    },
}

/// Where a customer's mail goes. The candidates are in the order in which they count. Whoever is not who they say takes part in
/// nothing, and neither do we ourselves.
pub(super) fn place(author: &Mailbox, own: &[String], proof: Proof, candidates: &[Candidate]) -> Place {
    let is_own = own.iter().any(|address| address.eq_ignore_ascii_case(&author.address));
    let may_join = proof != Proof::Failed && !is_own;
    let joined = candidates
        .iter()
        .find(|candidate| may_join && join(author, candidate.participants.iter().map(String::as_str)) == Joining::Joins);
    match joined {
        Some(candidate) => Place::Joins(candidate.conversation),
        None => {
            let named = candidates.iter().find(|candidate| candidate.is_proven);
            Place::New { names: named.map(|candidate| candidate.conversation) }
        }
    }
}

/// What a report does to the message it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Effect {
    /// Its new state, with a stable code.
    pub(super) moves: Option<(Delivery, Option<String>)>,
    /// Who must not be written to any more.
    pub(super) suppress: Vec<String>,
    /// Whom it did not reach: address, stable code, and what the other server said.
    pub(super) left_out: Vec<(String, String, String)>,
}

/// What a report does. Whoever got one of our mails can write one with a true token: only `receivers`, to whom that very message
/// went, are believed to have failed or to have complained.
pub(super) fn effect(report: &Report, receivers: &[String]) -> Effect {
    let went_to = |address: Option<&str>| {
        address.and_then(|address| receivers.iter().find(|known| known.eq_ignore_ascii_case(address))).cloned()
    };
    match report {
        Report::Delivery(report) => {
            let ours = report.recipients.iter().filter_map(|one| {
                let address = went_to(one.address.as_deref()).or_else(|| went_to(one.original.as_deref()))?;
                Some((address, one))
            });
            let (mut failed, mut arrived, mut left_out) = (None, 0, Vec::new());
            for (address, one) in ours {
                match one.outcome {
                    Outcome::Failed => {
                        failed = failed.or_else(|| Some(coded(one)));
                        left_out.push((address, coded(one), one.diagnostic.clone().unwrap_or_default()));
                    }
                    Outcome::Delivered => arrived += 1,
                    Outcome::Delayed => {}
                }
            }
            let moves = match failed {
                Some(code) => Some((Delivery::Rejected, Some(code))),
                None if arrived > 0 && arrived == receivers.len() => Some((Delivery::Delivered, None)),
                None => None,
            };
            Effect { moves, suppress: Vec::new(), left_out }
        }
        Report::Complaint(complaint) if complaint.kind == "not-spam" => Effect::default(),
        Report::Complaint(complaint) => {
            // Some providers leave out who complains: with one receiver there is no doubt.
            let who = match (complaint.recipient.as_deref(), receivers) {
                (None, [only]) => Some(only.clone()),
                (address, _) => went_to(address),
            };
            let moves = who.is_some().then(|| (Delivery::Complained, Some("complaint".to_owned())));
            Effect { moves, suppress: who.into_iter().collect(), left_out: Vec::new() }
        }
        Report::Receipt(receipt) => {
            let moves = receipt.is_displayed.then_some((Delivery::Read, None));
            Effect { moves, suppress: Vec::new(), left_out: Vec::new() }
        }
    }
}

#[cfg(test)]
mod tests;
