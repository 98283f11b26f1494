//! Invitations and password resets: one per user, of which the store has only a digest.

use crate::{
    args,
    auth::token::TokenHash,
    clock::Timestamp,
    domain::invitation::Kind,
    ids::UserId,
    store::{Db, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[FIND, INSERT, TAKE, VOID, DELETE_EXPIRED];

const FIND: &str = "SELECT i.user_id, u.login, u.name, i.kind FROM invitations i JOIN users u ON u.id = i.user_id \
     WHERE i.hash = $1 AND i.expires_at > $2 AND u.enabled = 1";
const INSERT: &str = "INSERT INTO invitations (hash, user_id, kind, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
const TAKE: &str = "DELETE FROM invitations WHERE hash = $1 AND user_id = $2 AND expires_at > $3 \
     AND EXISTS (SELECT 1 FROM users WHERE id = $2 AND enabled = 1)";
const VOID: &str = "DELETE FROM invitations WHERE user_id = $1";
const DELETE_EXPIRED: &str = "DELETE FROM invitations WHERE expires_at <= $1";

/// Whom a valid token invites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// Who.
    pub user: UserId,
    /// What they sign in with.
    pub login: String,
    /// As shown.
    pub name: String,
    /// To what.
    pub kind: Kind,
}

/// Whom this token invites; nobody when it is unknown, expired, used, voided, or its user is switched off.
pub async fn find(db: &Db, hash: &TokenHash, now: Timestamp) -> Result<Option<Invited>, StoreError> {
    let Some(row) = db.row(FIND, args![hash.to_string(), now]).await? else { return Ok(None) };
    let kind = Kind::parse(row.text(3)?).ok_or_else(|| StoreError::Damaged("invitation kind".to_owned()))?;
    Ok(Some(Invited { user: row.parse(0)?, login: row.text(1)?.to_owned(), name: row.text(2)?.to_owned(), kind }))
}

/// Makes a token valid, and every earlier one of this user void.
pub fn replace(hash: &TokenHash, user: UserId, kind: Kind, now: Timestamp, expires_at: Timestamp) -> [Statement; 3] {
    let args = args![hash.to_string(), user.to_string(), kind.as_str(), now, expires_at];
    [Statement::new(DELETE_EXPIRED, args![now]), void(user), Statement::new(INSERT, args)]
}

/// Uses a token up; nothing else of the same write happens when it is no longer valid.
pub fn take(hash: &TokenHash, user: UserId, now: Timestamp) -> Statement {
    Statement::must(TAKE, args![hash.to_string(), user.to_string(), now])
}

/// Makes the user's token void: they have a password now, or are switched off.
pub fn void(user: UserId) -> Statement {
    Statement::new(VOID, args![user.to_string()])
}
