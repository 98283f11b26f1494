//! Templates of mails (S4-36 to S4-40).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Time, mail_accounts::MailTestStep};
use crate::{
    domain::mail_template::Purpose,
    ids::{CampaignId, ChannelId, ClientId, ContactId, ConversationId, TemplateId},
};

/// A template. In subject, HTML and text `${name}` and `%name%` are gaps, `${name|there}` says what stands there for the unknown;
/// what can stand in them, `/api/v1/templates/variables` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct TemplateFields {
    /// Whose; cannot change.
    pub client: ClientId,
    /// For this campaign of the client only; none = for all of them.
    #[serde(default)]
    pub campaign: Option<CampaignId>,
    /// 1 to 120 characters, unique where it is for.
    pub name: String,
    /// What it is for; cannot change.
    pub purpose: Purpose,
    /// At most 300 characters; a signature has none.
    #[serde(default)]
    #[ts(as = "Option<String>")]
    pub subject: String,
    /// At most 100,000 characters. It is kept clean: no scripts, no style sheets, no forms; pictures are files uploaded for the
    /// client (`/api/v1/attachments/{id}`, at most 20) or `https`.
    #[serde(default)]
    #[ts(as = "Option<String>")]
    pub html: String,
    /// For programs that show no HTML, at most 50,000 characters; none = what the HTML says.
    #[serde(default)]
    pub text: Option<String>,
}

/// A template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[schema(as = Template)]
#[ts(export_to = "wire.ts", rename = "Template")]
pub struct TemplateView {
    /// Its id.
    pub id: TemplateId,
    /// What can be written.
    #[serde(flatten)]
    pub fields: TemplateFields,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was created.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
    /// Since when it is put away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub archived_at: Option<Time>,
}

/// A template in a list: without what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct TemplateRow {
    /// Its id.
    pub id: TemplateId,
    /// Whose.
    pub client: ClientId,
    /// For this campaign only.
    pub campaign: Option<CampaignId>,
    /// As shown in a list.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Its subject, with gaps.
    pub subject: String,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was changed last.
    pub updated_at: Time,
    /// Since when it is put away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub archived_at: Option<Time>,
}

/// What can stand in a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct TemplateVariable {
    /// As written: `${name}`.
    pub name: String,
    /// The dynamic field whose value it is, as people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub field: Option<String>,
    /// Another way to write this one: made from the field's name, and gone when that changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub same_as: Option<String>,
}

/// What a template would say. Nothing is kept or sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts", optional_fields = nullable)]
pub struct TemplateTry {
    /// Whose.
    pub client: ClientId,
    /// As if written there.
    #[serde(default)]
    pub campaign: Option<CampaignId>,
    /// As if written in this conversation, to its contact.
    #[serde(default)]
    pub conversation: Option<ConversationId>,
    /// As if written to this contact.
    #[serde(default)]
    pub contact: Option<ContactId>,
    /// At most 300 characters.
    #[serde(default)]
    #[ts(as = "Option<String>")]
    pub subject: String,
    /// At most 100,000 characters.
    #[serde(default)]
    #[ts(as = "Option<String>")]
    pub html: String,
    /// At most 50,000 characters; none = what the HTML says.
    #[serde(default)]
    pub text: Option<String>,
    /// Known all the same: at most 100 names, values of at most 1,000 characters.
    #[serde(default)]
    #[ts(as = "Option<BTreeMap<String, String>>")]
    pub values: BTreeMap<String, String>,
}

/// A template filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct TemplateFilled {
    /// On one line.
    pub subject: String,
    /// Clean; still to be shown without the right to run anything.
    pub html: String,
    /// For programs that show no HTML.
    pub text: String,
    /// Gaps without a value and without what stands in for it: they disappear.
    pub missing: Vec<String>,
    /// Names that nobody knows: they stay as they are written.
    pub unknown: Vec<String>,
}

/// A template to be sent once, to see how it arrives.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct TemplateTest {
    /// What it says, for whom.
    pub template: TemplateTry,
    /// By which mail account of the same client; it must be switched on.
    pub account: ChannelId,
    /// To this address.
    pub to: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct TemplateTested {
    /// Where it went.
    pub to: String,
    /// Its subject, which says that it is a test.
    pub subject: String,
    /// What did not work; none when the server has taken it.
    pub failure: Option<MailTestStep>,
}
