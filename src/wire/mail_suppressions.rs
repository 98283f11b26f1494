//! Who is not written to by mail any more.

use serde::{Deserialize, Serialize};

use super::Time;
use crate::{
    domain::log::By,
    ids::{ClientId, ConversationId, MailAsideId, SuppressionId, UserId},
    store::suppressions::{Suppression, SuppressionReason},
};

/// Somebody to whom a client's mails are not sent.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailSuppression {
    /// Its id.
    pub id: SuppressionId,
    /// In whose name nothing is sent.
    pub client: ClientId,
    /// To whom, in lower case.
    pub address: String,
    /// Why.
    pub reason: SuppressionReason,
    /// The same in the words of who added it.
    pub note: Option<String>,
    /// Who added it; none: the product, or a program.
    pub added_by: Option<UserId>,
    /// The conversation of the mail that was complained about, where it is known.
    pub conversation: Option<ConversationId>,
    /// The report that said so, where it is known: an entry of `mail-asides`.
    pub report: Option<MailAsideId>,
    /// Since when.
    pub created_at: Time,
    /// They may be written to again: since when.
    pub lifted_at: Option<Time>,
    /// Who says so; none: a program.
    pub lifted_by: Option<UserId>,
}

impl From<&Suppression> for MailSuppression {
    fn from(suppression: &Suppression) -> Self {
        let person = |by: By| match by {
            By::User(id) => Some(id),
            _ => None,
        };
        Self {
            id: suppression.id,
            client: suppression.client,
            address: suppression.address.clone(),
            reason: suppression.reason,
            note: suppression.note.clone(),
            added_by: person(suppression.added_by),
            conversation: suppression.conversation,
            report: suppression.report,
            created_at: suppression.created_at.into(),
            lifted_at: suppression.lifted.map(|(at, _)| at.into()),
            lifted_by: suppression.lifted.and_then(|(_, by)| person(by)),
        }
    }
}

/// Somebody who does not want to be written to.
#[derive(Clone, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MailSuppressionFields {
    /// In whose name nothing is to be sent.
    pub client: ClientId,
    /// To whom.
    pub address: String,
    /// Why: 1 to 200 characters.
    pub note: String,
}
