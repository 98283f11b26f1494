//! Signing mail accounts in at a provider.

use serde::{Deserialize, Serialize};

use super::Time;
use crate::{auth::secret::SecretText, channels::email::oauth::provider::ProviderKind, ids::UserId};

/// A write-only field: in no answer.
fn nothing<S: serde::Serializer>(_: &Option<SecretText>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

/// How a provider knows us. Of Google and Microsoft the addresses and scopes are known; of another one they are typed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct MailProviderFields {
    /// The id of our client at the provider.
    pub client_id: String,
    /// Write-only: the secret of our client there. Needed at first, and again when it would be sent to another address.
    #[serde(default, serialize_with = "nothing", skip_serializing_if = "Option::is_none")]
    #[ts(as = "Option<String>", optional)]
    #[schema(value_type = Option<String>, write_only)]
    pub client_secret: Option<SecretText>,
    /// Microsoft: the directory (tenant), as an id or a domain; none = `common`.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub tenant: Option<String>,
    /// Another one: what people call it.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub name: Option<String>,
    /// Another one: where people sign in; https.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub authorize_url: Option<String>,
    /// Another one: where codes become tokens; https.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub token_url: Option<String>,
    /// Another one: what is asked for, spaces between.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub scopes: Option<String>,
}

/// A provider as it is set. No answer holds the secret.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailProvider {
    /// Which.
    pub provider: ProviderKind,
    /// What can be written.
    #[serde(flatten)]
    pub fields: MailProviderFields,
    /// There is a secret.
    pub has_secret: bool,
    /// When it was last changed.
    pub updated_at: Time,
}

/// The providers of a client.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailProviders {
    /// Where a provider sends people back to: it has to know this address.
    pub redirect_url: String,
    /// Those that are set.
    pub providers: Vec<MailProvider>,
}

/// Begin to sign an account in.
#[derive(Clone, Copy, Debug, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "wire.ts")]
pub struct BeginMailSignIn {
    /// Where.
    pub provider: ProviderKind,
    /// Switch the account on when it works.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub enable: bool,
}

/// Where to go on with it, once and in the same browser.
#[derive(Clone, Debug, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailSignIn {
    /// To be opened in the browser.
    pub url: String,
    /// Until then.
    pub expires_at: Time,
}

/// That an account was signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailSignedIn {
    /// At which provider.
    pub provider: ProviderKind,
    /// By whom of the staff.
    pub by: UserId,
    /// When.
    pub at: Time,
}

/// That an account gets nothing to sign in with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ts_rs::TS, utoipa::ToSchema)]
#[ts(export_to = "wire.ts")]
pub struct MailSignInTrouble {
    /// Why, a stable code; with `sign_in_again` nothing changes before somebody does.
    pub code: String,
    /// What the provider said: one line of plain text.
    pub words: Option<String>,
    /// Since when.
    pub since: Time,
}
