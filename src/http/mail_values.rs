//! What stands in the gaps of a mail: who writes to whom, where and when.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    directory::Snapshot,
    domain::{
        contact::AddressKind,
        field::{self, Field},
        mail_template::{NAMES, Values, key},
        webchat::Language,
    },
    http::{
        caller::Caller,
        problem::Problem,
        staff::{contacts, conversations::visible},
        state::App,
    },
    ids::{CampaignId, ClientId, ContactId, ConversationId},
    store::conversations,
};

/// The dynamic fields of a client that are switched on, by the names of their gaps; of one campaign only what it asks for. A field's key
/// comes first, because it stays; then what its name makes. Of two names that make the same the older field has it.
pub(super) fn fields(directory: &Snapshot, client: ClientId, campaign: Option<CampaignId>) -> BTreeMap<String, Arc<Field>> {
    let asked = |field: &Field| match campaign.and_then(|id| directory.campaigns.get(&id)) {
        Some(campaign) => campaign.fields.iter().any(|used| used.field == field.id),
        None => true,
    };
    let mut known: Vec<_> =
        directory.fields.values().filter(|field| field.client == client && field.enabled && asked(field)).collect();
    known.sort_by_key(|field| std::cmp::Reverse(field.id));
    let by_name = known.iter().filter_map(|field| Some((key(&field.name)?, Arc::clone(field))));
    let by_key = known.iter().filter(|field| has_gap(field)).map(|field| (field.key.clone(), Arc::clone(field)));
    by_name.chain(by_key).collect()
}

/// Whether a field's key is no name that every mail has.
pub(super) fn has_gap(field: &Field) -> bool {
    !NAMES.contains(&field.key.as_str())
}

/// What is known when the caller writes there, in this conversation or to this contact. What a campaign hides from its agents they
/// do not see here either.
///
/// # Errors
/// 404 for a conversation or a contact of another client, or one that the caller may not see.
pub(super) async fn of(
    app: &App,
    caller: &Caller,
    client: ClientId,
    campaign: Option<CampaignId>,
    conversation: Option<ConversationId>,
    contact: Option<ContactId>,
) -> Result<Values, Problem> {
    let directory = &caller.directory;
    let mut values = Values::default();
    let (mut campaign, mut contact) = (campaign, contact);
    let language = directory.clients.get(&client).map_or(Language::Spanish, |client| client.language);
    let mut writer = caller.user();
    let known = |campaign| fields(directory, client, campaign);
    if let Some(id) = conversation {
        let state = visible(app, caller, id).await?;
        if state.client != client {
            return Err(Problem::not_found());
        }
        campaign = campaign.or(Some(state.campaign));
        writer = state.phase.owner().unwrap_or(writer);
        let card = conversations::card(&app.engine.db, &state).await?;
        let hidden = directory.hidden_from(caller.user(), state.campaign);
        let (name, address) = hidden.map_or_else(
            || (card.name.clone(), card.address.clone()),
            |hidden| (hidden.shown_name(&card.name), hidden.shown(&card.address)),
        );
        person(&mut values, &name);
        values.set("address", &address);
        values.set("email", if address.contains('@') { &address } else { "" });
        // The end of the id is random: short, and still hardly ever the same twice.
        let reference = id.to_string();
        values.set("reference", &reference.get(reference.len() - 8..).unwrap_or_default().to_uppercase());
        for (name, field) in known(Some(state.campaign)) {
            let value = card.fields.get(&field.id).map(|value| shown(value, language));
            values.set(&name, &value.unwrap_or_default());
        }
        contact = contact.filter(|id| *id != state.contact);
    }
    if let Some(id) = contact {
        let contact = contacts::seen(app, caller, id).await?;
        if contact.client != client {
            return Err(Problem::not_found());
        }
        person(&mut values, &contact.name);
        let of_kind = |kind| contact.addresses.iter().find(move |address| address.kind == kind);
        let email = of_kind(AddressKind::Email);
        let address = email.or_else(|| of_kind(AddressKind::Phone)).or(contact.addresses.first());
        values.set("email", email.map_or("", |address| &address.value));
        values.set("address", address.map_or("", |address| &address.value));
    }
    for name in known(campaign).into_keys() {
        if values.get(&name).is_none() {
            values.set(&name, "");
        }
    }
    values.set("agent", directory.users.get(&writer).map_or("", |user| &user.name));
    values.set("campaign", campaign.and_then(|id| directory.campaigns.get(&id)).map_or("", |campaign| &campaign.name));
    values.set("client", directory.clients.get(&client).map_or("", |client| &client.name));
    let now = app.now().to_chrono().with_timezone(&directory.zone_of(client));
    values.set("date", &now.format(day_format(language)).to_string());
    values.set("time", &now.format("%H:%M").to_string());
    Ok(values)
}

fn person(values: &mut Values, name: &str) {
    values.set("name", name);
    values.set("first_name", name.split_whitespace().next().unwrap_or_default());
}

const fn day_format(language: Language) -> &'static str {
    match language {
        Language::Spanish | Language::Portuguese => "%d/%m/%Y",
        Language::English => "%Y-%m-%d",
    }
}

/// What stands in a field, as customers read it.
fn shown(value: &field::Value, language: Language) -> String {
    match (value, language) {
        (field::Value::Text(text), _) => text.clone(),
        (field::Value::Number(number), _) => number.to_string(),
        (field::Value::Flag(false), Language::Portuguese) => "Não".to_owned(),
        (field::Value::Flag(false), _) => "No".to_owned(),
        (field::Value::Flag(true), Language::Spanish) => "Sí".to_owned(),
        (field::Value::Flag(true), Language::Portuguese) => "Sim".to_owned(),
        (field::Value::Flag(true), Language::English) => "Yes".to_owned(),
    }
}
