//! Providers at which mail accounts sign in, and who signed in there.

use crate::{
    args,
    auth::secret::{Sealer, SecretText},
    channels::email::{
        oauth::provider::{ProviderConfig, ProviderKind},
        settings::{SignedIn, Slot},
    },
    clock::Timestamp,
    ids::{ChannelId, ClientId, UserId},
    store::{Db, Row, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] =
    &[OF_CLIENT, PUT, KEEP_SECRET, DROP, SIGN_INS, PUT_SIGN_IN, DROP_SIGN_IN, HELD, ROTATE, SIGNED_IN_AT];

const OF_CLIENT: &str = "SELECT provider, config, sealed, updated_at FROM mail_providers WHERE client_id = $1 ORDER BY provider";
const PUT: &str = "INSERT INTO mail_providers (client_id, provider, config, sealed, updated_at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (client_id, provider) DO UPDATE SET config = excluded.config, sealed = excluded.sealed, \
     updated_at = excluded.updated_at";
const KEEP_SECRET: &str = "UPDATE mail_providers SET config = $3, updated_at = $4 WHERE client_id = $1 AND provider = $2";
const DROP: &str = "DELETE FROM mail_providers WHERE client_id = $1 AND provider = $2";
pub(super) const SIGN_INS: &str = "SELECT account_id, provider, user_id, at FROM mail_sign_ins";
const PUT_SIGN_IN: &str = "INSERT INTO mail_sign_ins (account_id, provider, place, user_id, at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (account_id) DO UPDATE SET provider = excluded.provider, place = excluded.place, user_id = excluded.user_id, \
     at = excluded.at";
const DROP_SIGN_IN: &str = "DELETE FROM mail_sign_ins WHERE account_id = $1";
const HELD: &str = "SELECT i.provider, i.place, s.sealed, p.config, p.sealed FROM mail_sign_ins i \
     JOIN mail_secrets s ON s.account_id = i.account_id AND s.slot = 'refresh' \
     LEFT JOIN mail_providers p ON p.client_id = $2 AND p.provider = i.provider WHERE i.account_id = $1";
/// Only in the place of the one that was shown: somebody may have signed in anew meanwhile.
const ROTATE: &str =
    "UPDATE mail_secrets SET sealed = $2, updated_at = $3 WHERE account_id = $1 AND slot = 'refresh' AND sealed = $4";
const SIGNED_IN_AT: &str = "SELECT a.address FROM mail_sign_ins i JOIN mail_accounts a ON a.id = i.account_id \
     WHERE a.client_id = $1 AND i.provider = $2 AND a.archived_at IS NULL ORDER BY a.address LIMIT 1";

/// A provider as it is kept.
#[derive(Debug)]
pub struct Provider {
    /// Which.
    pub kind: ProviderKind,
    /// What is set.
    pub config: ProviderConfig,
    /// None when it cannot be opened with this installation's key.
    pub secret: Option<SecretText>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What an account holds of a provider.
#[derive(Debug)]
pub struct Held {
    /// Which.
    pub kind: ProviderKind,
    /// Where the token may be shown.
    pub place: String,
    /// The lasting token; none when it cannot be opened.
    pub token: Option<SecretText>,
    /// As it is stored: for [`rotate`].
    pub sealed: String,
    /// The provider as it is set now, with its secret.
    pub provider: Option<(ProviderConfig, SecretText)>,
}

/// What a provider's secret is sealed for.
fn sealed_for(client: ClientId, kind: ProviderKind) -> String {
    format!("{client}:{}", kind.as_str())
}

fn kind(row: &Row, index: usize) -> Result<ProviderKind, StoreError> {
    let word = row.text(index)?;
    ProviderKind::parse(word).ok_or_else(|| StoreError::Damaged(format!("a provider of mail called {word}")))
}

/// Those of a client.
///
/// # Errors
/// When the store cannot be asked.
pub async fn of_client(db: &Db, sealer: &Sealer, client: ClientId) -> Result<Vec<Provider>, StoreError> {
    let rows = db.rows(OF_CLIENT, args![client.to_string()]).await?;
    let provider = |row: &Row| {
        let kind = kind(row, 0)?;
        let secret = sealer.open(&sealed_for(client, kind), row.text(2)?).ok();
        Ok(Provider { kind, config: row.json(1)?, secret, updated_at: row.time(3)? })
    };
    rows.iter().map(provider).collect()
}

/// Sets a provider; without a secret the stored one stays.
///
/// # Errors
/// [`StoreError::Damaged`] when it has no JSON form, or the secret cannot be sealed.
pub fn put(
    client: ClientId,
    kind: ProviderKind,
    config: &ProviderConfig,
    secret: Option<&SecretText>,
    sealer: &Sealer,
    now: Timestamp,
) -> Result<Statement, StoreError> {
    let damaged = |error: String| StoreError::Damaged(error);
    let config = serde_json::to_string(config).map_err(|error| damaged(error.to_string()))?;
    let (id, word) = (client.to_string(), kind.as_str());
    let Some(secret) = secret else { return Ok(Statement::must(KEEP_SECRET, args![id, word, config, now])) };
    let sealed = sealer.seal(&sealed_for(client, kind), secret).map_err(|error| damaged(error.to_string()))?;
    Ok(Statement::new(PUT, args![id, word, config, sealed, now]))
}

/// Takes a provider away.
pub fn drop(client: ClientId, kind: ProviderKind) -> Statement {
    Statement::new(DROP, args![client.to_string(), kind.as_str()])
}

/// The address of an account of a client that signs in there.
///
/// # Errors
/// When the store cannot be asked.
pub async fn signed_in_at(db: &Db, client: ClientId, kind: ProviderKind) -> Result<Option<String>, StoreError> {
    let row = db.row(SIGNED_IN_AT, args![client.to_string(), kind.as_str()]).await?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// Somebody signed an account in.
pub fn put_sign_in(account: ChannelId, signed_in: &SignedIn, place: &str) -> Statement {
    let SignedIn { provider, by, at } = signed_in;
    Statement::new(PUT_SIGN_IN, args![account.to_string(), provider.as_str(), place, by.to_string(), *at])
}

/// An account is signed out.
pub fn drop_sign_in(account: ChannelId) -> Statement {
    Statement::new(DROP_SIGN_IN, args![account.to_string()])
}

/// Who signed in which account.
pub(super) async fn sign_ins(db: &Db) -> Result<Vec<(ChannelId, SignedIn)>, StoreError> {
    let rows = db.rows(SIGN_INS, vec![]).await?;
    let one = |row: &Row| {
        let by: UserId = row.parse(2)?;
        Ok((row.parse(0)?, SignedIn { provider: kind(row, 1)?, by, at: row.time(3)? }))
    };
    rows.iter().map(one).collect()
}

/// What an account holds now.
///
/// # Errors
/// When the store cannot be asked.
pub async fn held(db: &Db, sealer: &Sealer, account: ChannelId, client: ClientId) -> Result<Option<Held>, StoreError> {
    let Some(row) = db.row(HELD, args![account.to_string(), client.to_string()]).await? else { return Ok(None) };
    let (kind, sealed) = (kind(&row, 0)?, row.text(2)?.to_owned());
    let secret = row.opt_text(4)?.and_then(|sealed| sealer.open(&sealed_for(client, kind), sealed).ok());
    let provider = match secret {
        Some(secret) => Some((row.json(3)?, secret)),
        None => None,
    };
    let token = sealer.open(&Slot::Refresh.sealed_for(account), &sealed).ok();
    Ok(Some(Held { kind, place: row.text(1)?.to_owned(), token, sealed, provider }))
}

/// The provider gave another lasting token in the place of the one that is stored as `shown`.
///
/// # Errors
/// [`StoreError::Damaged`] when it is too long to be sealed.
pub fn rotate(
    account: ChannelId,
    token: &SecretText,
    shown: &str,
    sealer: &Sealer,
    now: Timestamp,
) -> Result<Statement, StoreError> {
    let sealed =
        sealer.seal(&Slot::Refresh.sealed_for(account), token).map_err(|error| StoreError::Damaged(error.to_string()))?;
    Ok(Statement::new(ROTATE, args![account.to_string(), sealed, now, shown]))
}
