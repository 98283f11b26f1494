//! Areas of mail: which account each goes out from.

use crate::{
    args,
    domain::mail_area::{Area, Areas},
    ids::{ChannelId, ClientId},
    store::{Db, Row, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] = &[OF_CLIENT, OF_ACCOUNT, CLEAR, INSERT];

const OF_CLIENT: &str = "SELECT area, account_id FROM mail_areas WHERE client_id = $1";
const OF_ACCOUNT: &str = "SELECT area FROM mail_areas WHERE account_id = $1 ORDER BY area";
const CLEAR: &str = "DELETE FROM mail_areas WHERE client_id = $1";
const INSERT: &str = "INSERT INTO mail_areas (client_id, area, account_id) VALUES ($1, $2, $3)";

fn area(row: &Row) -> Result<Area, StoreError> {
    let text = row.text(0)?;
    Area::parse(text).ok_or_else(|| StoreError::Damaged(format!("an area of mail called {text}")))
}

/// Those of a client.
pub async fn of_client(db: &Db, client: ClientId) -> Result<Areas, StoreError> {
    let rows = db.rows(OF_CLIENT, args![client.to_string()]).await?;
    rows.iter().map(|row| Ok((area(row)?, row.parse(1)?))).collect::<Result<_, _>>().map(Areas)
}

/// Those that an account serves by name.
pub async fn of_account(db: &Db, account: ChannelId) -> Result<Vec<Area>, StoreError> {
    db.rows(OF_ACCOUNT, args![account.to_string()]).await?.iter().map(area).collect()
}

/// From which account a client's mails of an area go.
pub async fn account_for(db: &Db, client: ClientId, area: Area) -> Result<Option<ChannelId>, StoreError> {
    Ok(of_client(db, client).await?.account_for(area))
}

/// Puts these in the place of a client's.
pub fn put(client: ClientId, areas: &Areas) -> Vec<Statement> {
    let rows = areas
        .0
        .iter()
        .map(|(area, account)| Statement::new(INSERT, args![client.to_string(), area.as_str(), account.to_string()]));
    std::iter::once(Statement::new(CLEAR, args![client.to_string()])).chain(rows).collect()
}
