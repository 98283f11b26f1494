//! What administrators set up.

mod asking;
pub mod breaks;
pub mod campaign_overview;
mod campaign_rules;
pub mod campaigns;
pub mod canned_texts;
pub mod capacity;
pub mod channels;
pub mod clients;
pub mod dispositions;
pub mod fields;
pub mod mail;
mod mail_settings;
pub mod members;
pub mod projects;
pub mod resources;
pub mod schedules;
pub mod skills;
pub mod templates;
pub mod tokens;
pub mod users;
pub mod webchat;

use crate::{
    domain::permission::{Permission, Place, may_somewhere},
    http::caller::Caller,
    ids::ClientId,
};

/// Whether the caller may read what belongs to a client: its whole scope, or a campaign of it.
fn reads_client(caller: &Caller, client: ClientId) -> bool {
    if caller.may(Permission::ReadConfig, Place::client(client)) {
        return true;
    }
    let directory = &caller.directory;
    let mut campaigns = directory.campaigns.values().filter(|campaign| campaign.client == client);
    campaigns.any(|campaign| caller.may(Permission::ReadConfig, Place::campaign(client, campaign.id)))
}

/// Whether the caller may read what belongs to the installation and everybody needs.
fn reads_common(caller: &Caller) -> bool {
    may_somewhere(&caller.subject, Permission::ReadConfig)
}
