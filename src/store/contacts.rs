//! Contacts: looked up by address for every conversation that begins.

use crate::{
    args,
    clock::Timestamp,
    domain::contact::Address,
    ids::{ChannelId, ClientId, ContactId},
    store::{Db, StoreError},
};

pub(super) const STATEMENTS: &[&str] = &[BY_ADDRESS, ON_CHANNEL];

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
