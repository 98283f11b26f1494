//! Many files recorded by one statement: on PostgreSQL each statement of a write is a round trip during which nobody else writes.

use std::collections::HashSet;

use super::attachments::{INSERT_ONCE, recording};
use crate::{
    args,
    store::{Db, Value, write::Statement},
};

pub(super) const SQLITE_STATEMENTS: &[&str] = &[SQLITE_MANY];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[POSTGRES_MANY];

const SQLITE_MANY: &str = recording!(
    "SELECT j.value->>0, j.value->>1, j.value->>2, j.value->>3, j.value->>4, j.value->>5, j.value->>6, j.value->>7 \
     FROM json_each($1) j WHERE true"
);
const POSTGRES_MANY: &str = recording!(
    "SELECT v->>0, v->>1, v->>2, v->>3, (v->>4)::bigint, (v->>5)::bigint, v->>6, v->>7 FROM json_array_elements($1::json) v"
);

/// Those of the statements that record a file ([`super::attachments::insert_once`]), up to `most` in one; and the others. One statement
/// cannot record the same file twice: the second time is among the others.
pub fn together(db: &Db, statements: Vec<Statement>, most: usize) -> (Vec<Statement>, Vec<Statement>) {
    let sql = match db {
        Db::Sqlite(_) => SQLITE_MANY,
        Db::Postgres(_) => POSTGRES_MANY,
    };
    let mut seen = HashSet::new();
    let is_first = |statement: &Statement| match statement.args.first() {
        Some(Value::Text(id)) => statement.sql == INSERT_ONCE && seen.insert(id.clone()),
        _ => false,
    };
    let (files, others): (Vec<_>, Vec<_>) = statements.into_iter().partition(is_first);
    let row = |file: &Statement| serde_json::Value::from_iter(file.args.iter().map(json));
    let many = |files: &[Statement]| Statement::new(sql, args![serde_json::Value::from_iter(files.iter().map(row)).to_string()]);
    (files.chunks(most.max(1)).map(many).collect(), others)
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Int(number) => (*number).into(),
        Value::NoText | Value::NoInt => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Timestamp,
        domain::{log::By, message::Attachment},
        ids::{AttachmentId, ClientId, ConversationId},
        store::{
            attachments::{Stored, find, insert_once},
            testing::{Scratch, on_both},
        },
    };

    #[test]
    fn many_files_are_recorded_as_one_by_one() {
        on_both(|scratch: Scratch| async move {
            let db = scratch.open().await;
            let (journal, _thread, _) = scratch.journal(|_| {});
            let stored = |number: u128, conversation: Option<u128>| Stored {
                file: Attachment {
                    id: AttachmentId::from_u128(number),
                    name: format!("¿{number}\u{1F600}\"'?.eml"),
                    media_type: "message/rfc822".to_owned(),
                    size: 1 << 40,
                },
                client: ClientId::from_u128(1),
                uploaded_by: By::Contact,
                conversation: conversation.map(ConversationId::from_u128),
            };
            let files = [stored(1, Some(7)), stored(2, None), stored(3, Some(7)), stored(2, Some(9)), stored(1, Some(8))];
            let statements = files.iter().map(|file| insert_once(file, Timestamp::from_micros(5))).collect();
            let (many, others) = together(&db, statements, 2);
            assert_eq!((many.len(), others.len()), (2, 2));
            journal.write(many.into_iter().chain(others).collect(), None, By::System, None).await.unwrap();
            for expected in [stored(1, Some(7)), stored(2, Some(9)), stored(3, Some(7))] {
                assert_eq!(find(&db, expected.file.id).await.unwrap(), Some(expected));
            }
        });
    }
}
