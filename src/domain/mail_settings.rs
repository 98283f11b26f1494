//! What mails of a campaign say beside what somebody writes (S4-19 to S4-25).

use serde::{Deserialize, Serialize};

use crate::ids::TemplateId;

/// What customers are asked about a mail that they got (S4-20 to S4-22).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MailRating {
    /// Stands above the marks: 1 to 200 characters.
    pub prompt: String,
    /// Shown to who has rated: 1 to 1,000 characters.
    pub thanks: String,
}

/// Mails of a campaign. Everything has a default: nothing is added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct MailSettings {
    /// The template below what agents write.
    pub signature: Option<TemplateId>,
    /// The template that answers a customer's first mail by itself; none = nothing does.
    pub confirmation: Option<TemplateId>,
    /// Recipients may rate; none = they are not asked.
    pub rating: Option<MailRating>,
    /// Who mails come from, as people read it, 1 to 120 characters; none = the name of the agent.
    pub from_name: Option<String>,
}

impl MailSettings {
    /// The templates that it names.
    pub fn templates(&self) -> impl Iterator<Item = TemplateId> {
        self.signature.into_iter().chain(self.confirmation)
    }
}
