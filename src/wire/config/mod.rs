//! Configuration. `…Fields` is what can be written: `POST` sends it whole (what has a default may be left out), `PATCH` a part of
//! it as JSON Merge Patch (RFC 7396): what is absent stays, `null` = the default.
//!
//! | file | what is there |
//! |---|---|
//! | [`clients`] | companies served, and their projects |
//! | [`campaigns`] | campaigns, how they stand, whether they can start |
//! | [`members`] | who works in which campaign |
//! | [`channels`] | channel accounts and their signing secrets |
//! | [`catalogues`] | what agents choose from and fill in: dispositions, types of break, dynamic fields |
//! | [`resources`] | what agents send with a few keys: texts and files |
//! | [`schedules`] | when campaigns are open |

mod campaigns;
mod catalogues;
mod channels;
mod clients;
mod members;
mod resources;
mod schedules;

pub use self::{
    campaigns::{CampaignFields, CampaignOverview, CampaignState, CampaignView, InUse, Readiness, ReadinessCheck},
    catalogues::{BreakFields, BreakView, DispositionFields, DispositionView, FieldFields, FieldView},
    channels::{ChannelFields, ChannelSecret, ChannelSecretFields, ChannelView, NewChannelSecret},
    clients::{Client, ClientFields, ProjectFields, ProjectView},
    members::{Member, MemberChange, MemberChanges, MemberFields, MembersChanged},
    resources::{CannedTextFields, CannedTextView, ResourceFields, ResourceView},
    schedules::{ScheduleException, ScheduleFields, ScheduleHours, ScheduleInterval, ScheduleOverride, ScheduleView},
};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};

const fn yes() -> bool {
    true
}

/// An object and nothing else: where everything has a default, serde takes an empty list for one.
fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let fields = Map::deserialize(deserializer)?;
    serde_json::from_value(Value::Object(fields)).map_err(serde::de::Error::custom)
}
