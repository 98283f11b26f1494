//! How far the folder of each mail account was read.

use crate::{
    args,
    channels::email::post::imap::Position,
    clock::Timestamp,
    ids::ChannelId,
    store::{Db, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[FIND, PUT];

const FIND: &str = "SELECT uid_validity, uid, since FROM mail_positions WHERE account_id = $1 AND place = $2";
const PUT: &str = "INSERT INTO mail_positions (account_id, place, uid_validity, uid, since, updated_at) VALUES ($1, $2, $3, $4, $5, $5) \
     ON CONFLICT (account_id) DO UPDATE SET uid_validity = excluded.uid_validity, uid = excluded.uid, updated_at = excluded.updated_at, \
     since = CASE WHEN mail_positions.place = excluded.place THEN mail_positions.since ELSE excluded.since END, place = excluded.place";

/// Up to where this place was read, and since when it is; none when it was never looked at.
pub async fn find(db: &Db, account: ChannelId, place: &str) -> Result<Option<(Position, Timestamp)>, StoreError> {
    let Some(row) = db.row(FIND, args![account.to_string(), place]).await? else { return Ok(None) };
    let number = |index| u32::try_from(row.int(index)?).map_err(|_| StoreError::Damaged("mail position".to_owned()));
    Ok(Some((Position { uid_validity: number(0)?, uid: number(1)? }, row.time(2)?)))
}

/// Everything up to here is stored.
pub fn put(account: ChannelId, place: &str, position: Position, now: Timestamp) -> Statement {
    let Position { uid_validity, uid } = position;
    Statement::new(PUT, args![account.to_string(), place, i64::from(uid_validity), i64::from(uid), now])
}
