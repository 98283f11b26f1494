//! What an outbox asks of many messages at once: one statement for all of them, however many wait.

use std::collections::HashSet;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::outbox::{self, Outgoing, outgoing};
use crate::{
    args,
    domain::{contact::AddressKind, delivery::Delivery},
    ids::{ClientId, ConversationId, MessageId},
    store::{Db, Row, StoreError, Value},
};

pub(super) const SQLITE_STATEMENTS: &[&str] = &[SQLITE_CONTENTS, SQLITE_STANDINGS, SQLITE_SUPPRESSED];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[POSTGRES_CONTENTS, POSTGRES_STANDINGS, POSTGRES_SUPPRESSED];

const SQLITE_CONTENTS: &str = outgoing!("IN (SELECT value FROM json_each($1))");
const POSTGRES_CONTENTS: &str = outgoing!("= ANY (ARRAY(SELECT json_array_elements_text($1::json)))");
const SQLITE_STANDINGS: &str = "SELECT m.id, m.seq, m.delivery FROM json_each($1) j JOIN messages m \
     ON m.conversation_id = j.value->>'c' AND m.seq = j.value->>'q' WHERE m.delivery IS NOT NULL";
const POSTGRES_STANDINGS: &str = "SELECT m.id, m.seq, m.delivery FROM json_to_recordset($1::json) AS r(c text, q bigint) \
     JOIN messages m ON m.conversation_id = r.c AND m.seq = r.q WHERE m.delivery IS NOT NULL";
const SQLITE_SUPPRESSED: &str = "SELECT address FROM mail_suppressions WHERE client_id = $1 AND lifted_at IS NULL \
     AND address IN (SELECT value FROM json_each($2))";
const POSTGRES_SUPPRESSED: &str = "SELECT address FROM mail_suppressions WHERE client_id = $1 AND lifted_at IS NULL \
     AND address = ANY (ARRAY(SELECT json_array_elements_text($2::json)))";

async fn rows(db: &Db, sqlite: &'static str, postgres: &'static str, args: Vec<Value>) -> Result<Vec<Row>, StoreError> {
    let sql = match db {
        Db::Sqlite(_) => sqlite,
        Db::Postgres(_) => postgres,
    };
    db.rows(sql, args).await
}

fn json<T: Serialize>(values: impl Iterator<Item = T>) -> String {
    serde_json::Value::from_iter(values.filter_map(|value| serde_json::to_value(value).ok())).to_string()
}

/// What each of them says and to whom. Those that cannot be understood are errors of their own; those that wait no longer are missing.
pub async fn contents(
    db: &Db,
    messages: impl Iterator<Item = MessageId>,
    network: AddressKind,
) -> Result<FxHashMap<MessageId, Result<Outgoing, StoreError>>, StoreError> {
    let args = args![json(messages), network.as_str()];
    let rows = rows(db, SQLITE_CONTENTS, POSTGRES_CONTENTS, args).await?;
    rows.iter().map(|row| Ok((row.parse(8)?, outbox::read(row)))).collect()
}

/// Where each of them stands, by conversation and `conv_seq`: as [`super::conversations::delivery`] tells of one.
pub async fn standings(
    db: &Db,
    messages: impl Iterator<Item = (ConversationId, u64)>,
) -> Result<FxHashMap<MessageId, (u64, Delivery)>, StoreError> {
    #[derive(Serialize)]
    struct Place {
        c: ConversationId,
        q: u64,
    }
    let args = args![json(messages.map(|(c, q)| Place { c, q }))];
    let rows = rows(db, SQLITE_STANDINGS, POSTGRES_STANDINGS, args).await?;
    let standing = |row: &Row| {
        let state = Delivery::parse(row.text(2)?).ok_or_else(|| StoreError::Damaged("delivery".to_owned()))?;
        Ok((row.parse(0)?, (u64::try_from(row.int(1)?).unwrap_or(0), state)))
    };
    rows.iter().map(standing).collect()
}

/// Those of these addresses, in lower case, to which nothing may be sent in the client's name.
pub async fn suppressed(db: &Db, client: ClientId, addresses: impl Iterator<Item = &str>) -> Result<HashSet<String>, StoreError> {
    let args = args![client.to_string(), json(addresses.map(str::to_lowercase))];
    let rows = rows(db, SQLITE_SUPPRESSED, POSTGRES_SUPPRESSED, args).await?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}
