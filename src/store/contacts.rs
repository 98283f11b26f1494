//! Contacts: looked up by address for every conversation that begins; listed and changed by people.

use crate::{
    args,
    clock::Timestamp,
    domain::contact::{Address, AddressKind, Contact},
    ids::{ChannelId, ClientId, ContactId},
    store::{Db, StoreError, write::Statement},
};

pub(super) const STATEMENTS: &[&str] =
    &[BY_ADDRESS, ON_CHANNEL, LIST, LIST_OF_CLIENT, FIND, ADDRESSES, CHANGE, SET_NAME, INSERT, INSERT_ADDRESS, OFFER_ADDRESS];

const BY_ADDRESS: &str = "SELECT k.id, k.name, k.noticed_at FROM contact_addresses a JOIN contacts k ON k.id = a.contact_id \
     WHERE a.client_id = $1 AND a.kind = $2 AND a.value = $3";

const ON_CHANNEL: &str = "SELECT a.contact_id FROM channels c JOIN contact_addresses a ON a.client_id = c.client_id \
     WHERE c.id = $1 AND a.kind = $2 AND a.value = $3";

/// A contact as intake needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The contact.
    pub id: ContactId,
    /// Empty when unknown.
    pub name: String,
    /// When it was last told that it wrote out of hours.
    pub noticed_at: Option<Timestamp>,
}

/// Who has this address with this client.
pub async fn by_address(db: &Db, client: ClientId, address: &Address) -> Result<Option<Known>, StoreError> {
    let found = db.row(BY_ADDRESS, args![client.to_string(), address.kind.as_str(), address.value.as_str()]).await?;
    found.map(|row| Ok(Known { id: row.parse(0)?, name: row.text(1)?.to_owned(), noticed_at: row.opt_time(2)? })).transpose()
}

/// Who has this address with the client of this channel account.
pub async fn on_channel(db: &Db, channel: ChannelId, address: &Address) -> Result<Option<ContactId>, StoreError> {
    let found = db.row(ON_CHANNEL, args![channel.to_string(), address.kind.as_str(), address.value.as_str()]).await?;
    found.map(|row| row.parse(0)).transpose()
}

macro_rules! list {
    ($lead:literal) => {
        concat!(
            "SELECT k.id, k.client_id, k.name, k.created_at, k.notes FROM contacts k WHERE ",
            $lead,
            " AND ($2 = '*' OR $2 LIKE '%' || k.client_id || '%') \
             AND ($3 = '' OR lower(k.name) LIKE $3 ESCAPE '!' OR EXISTS (SELECT 1 FROM contact_addresses a \
             WHERE a.contact_id = k.id AND lower(a.value) LIKE $3 ESCAPE '!')) \
             AND k.id < $4 ORDER BY k.id DESC LIMIT $5"
        )
    };
}

const LIST: &str = list!("$1 = ''");
const LIST_OF_CLIENT: &str = list!("k.client_id = $1");
const FIND: &str = "SELECT id, client_id, name, created_at, notes FROM contacts WHERE id = $1";
const ADDRESSES: &str = "SELECT kind, value FROM contact_addresses WHERE contact_id = $1 ORDER BY created_at, kind, value";
const CHANGE: &str = "UPDATE contacts SET name = $2, notes = $3 WHERE id = $1";
const SET_NAME: &str = "UPDATE contacts SET name = $2 WHERE id = $1";
const INSERT_ADDRESS: &str =
    "INSERT INTO contact_addresses (client_id, kind, value, contact_id, created_at) VALUES ($1, $2, $3, $4, $5)";
const OFFER_ADDRESS: &str = "INSERT INTO contact_addresses (client_id, kind, value, contact_id, created_at) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (client_id, kind, value) DO NOTHING";
const INSERT: &str = "INSERT INTO contacts (id, client_id, name, created_at) VALUES ($1, $2, $3, $4)";

/// Above every id.
pub(super) const END: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/// Which contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only of these clients; none = of all.
    pub within: Option<Vec<ClientId>>,
    /// Of this client.
    pub client: Option<ClientId>,
    /// Part of a name or address; empty = everybody.
    pub text: String,
    /// Older than this one.
    pub before: Option<ContactId>,
}

/// A contact and when it was created.
pub type Created = (Contact, Timestamp);

/// Up to `limit` contacts, the newest first.
pub async fn list(db: &Db, filter: &Filter, limit: usize) -> Result<Vec<Created>, StoreError> {
    let (sql, lead) = filter.client.map_or((LIST, String::new()), |client| (LIST_OF_CLIENT, client.to_string()));
    let scope = filter
        .within
        .as_ref()
        .map_or_else(|| "*".to_owned(), |clients| clients.iter().map(ClientId::to_string).collect::<Vec<_>>().join(" "));
    let before = filter.before.map_or_else(|| END.to_owned(), |id| id.to_string());
    let args = args![lead, scope, pattern(&filter.text), before, i64::try_from(limit).unwrap_or(i64::MAX)];
    let mut contacts = Vec::new();
    for row in db.rows(sql, args).await? {
        contacts.push(with_addresses(db, &row).await?);
    }
    Ok(contacts)
}

/// "Contains", with nothing in the text that means more than itself.
pub(super) fn pattern(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let escaped = text.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

/// One contact.
pub async fn find(db: &Db, id: ContactId) -> Result<Option<Created>, StoreError> {
    match db.row(FIND, args![id.to_string()]).await? {
        Some(row) => with_addresses(db, &row).await.map(Some),
        None => Ok(None),
    }
}

async fn with_addresses(db: &Db, row: &super::Row) -> Result<Created, StoreError> {
    let id: ContactId = row.parse(0)?;
    let (client, name, created_at, notes) = (row.parse(1)?, row.text(2)?.to_owned(), row.time(3)?, row.text(4)?.to_owned());
    let mut addresses = Vec::new();
    for row in db.rows(ADDRESSES, args![id.to_string()]).await? {
        let kind = AddressKind::parse(row.text(0)?).ok_or_else(|| StoreError::Damaged("address kind".to_owned()))?;
        addresses.push(Address { kind, value: row.text(1)?.to_owned() });
    }
    Ok((Contact { id, client, name, addresses, notes }, created_at))
}

/// Gives a contact another name and other notes.
pub fn change(id: ContactId, name: &str, notes: &str) -> Statement {
    Statement::must(CHANGE, args![id.to_string(), name, notes])
}

/// Names a contact.
pub fn set_name(id: ContactId, name: &str) -> Statement {
    Statement::must(SET_NAME, args![id.to_string(), name])
}

/// Adds an address; it must be new with this client.
pub fn insert_address(client: ClientId, of: ContactId, address: &Address, now: Timestamp) -> Statement {
    let Address { kind, value } = address;
    Statement::new(INSERT_ADDRESS, args![client.to_string(), kind.as_str(), value.as_str(), of.to_string(), now])
}

/// Brings a contact into being.
pub fn insert(id: ContactId, client: ClientId, name: &str, now: Timestamp) -> Statement {
    Statement::new(INSERT, args![id.to_string(), client.to_string(), name, now])
}

/// Adds an address unless somebody of this client has it already.
pub fn offer_address(of: ContactId, client: ClientId, address: &Address, now: Timestamp) -> Statement {
    let Address { kind, value } = address;
    Statement::new(OFFER_ADDRESS, args![client.to_string(), kind.as_str(), value.as_str(), of.to_string(), now])
}
