//! What `sample` and `demo` fill a database with is made of the same parts.

use std::collections::BTreeMap;

use super::{
    Failure,
    user::{generate_password, hash},
};
use crate::{
    auth::secret::{Sealer, SecretText},
    channels::standard_webhooks::SigningSecret,
    clock::Timestamp,
    directory::BreakType,
    domain::{
        campaign::{Campaign, Member},
        channel::ChannelKind,
        disposition::Disposition,
        field::{self, Field},
        permission::{Role, Scope},
        schedule::Schedule,
        webchat::{Language, Webchat},
    },
    ids::{BreakId, CampaignId, ChannelId, ClientId, DispositionId, FieldId, Ids, ScheduleId, UserId},
    store::{
        StoreError,
        canned_texts::{self, CannedText},
        config::CampaignConfig,
        config_writes::{self, ChannelRow, SecretRow},
        people::{self, UserRow},
        write::Statement,
    },
};

/// Types of break: name, minutes, icon.
pub(super) const BREAKS: [(&str, u16, &str); 3] =
    [("Almuerzo", 45, "utensils"), ("Baño", 10, "droplet"), ("Capacitación", 60, "book-open")];

/// Statements that bring a company into being, gathered.
pub(super) struct Seed<'a> {
    ids: &'a Ids,
    now: Timestamp,
    /// Whose everything is.
    pub(super) client: ClientId,
    /// To be written at once.
    pub(super) statements: Vec<Statement>,
}

/// Somebody who can sign in now.
pub(super) struct MadeUser {
    pub(super) id: UserId,
    pub(super) login: &'static str,
    pub(super) name: &'static str,
    pub(super) password: String,
    pub(super) role: Role,
}

impl<'a> Seed<'a> {
    pub(super) fn new(ids: &'a Ids, now: Timestamp, name: &str, zone: &str) -> Self {
        let client = ids.next();
        let mut statements = vec![config_writes::insert_client(client, name, zone, true, Language::Spanish, now)];
        statements.extend(config_writes::system_dispositions(client, ids, now));
        Self { ids, now, client, statements }
    }

    fn keep(&mut self, what: &str, made: Result<Statement, StoreError>) -> Result<(), Failure> {
        self.statements.push(made.map_err(|error| Failure::new(what, error))?);
        Ok(())
    }

    pub(super) fn disposition(&mut self, name: &str, parent: Option<DispositionId>) -> DispositionId {
        let (id, client, name) = (self.ids.next(), self.client, name.to_owned());
        let node = Disposition { id, client, parent, name, enabled: true, position: 0, system: None, offered: true };
        self.statements.push(config_writes::insert_disposition(&node, self.now));
        node.id
    }

    pub(super) fn breaks(&mut self) -> Vec<BreakId> {
        let mut ids = Vec::new();
        for (name, minutes, icon) in BREAKS {
            let (id, name, created_at) = (self.ids.next(), name.to_owned(), self.now);
            let (minutes, icon) = (Some(minutes), Some(icon.to_owned()));
            self.statements.push(config_writes::insert_break(&BreakType { id, name, enabled: true, minutes, icon, created_at }));
            ids.push(id);
        }
        ids
    }

    /// Shortcut, title and text.
    pub(super) fn canned_text(&mut self, campaign: Option<CampaignId>, texts: [&str; 3]) {
        let [shortcut, title, text] = texts.map(str::to_owned);
        let (id, client, created_at) = (self.ids.next(), self.client, self.now);
        self.statements.push(canned_texts::insert(&CannedText { id, client, campaign, shortcut, title, text, created_at }));
    }

    pub(super) fn field(&mut self, name: &str, kind: field::Kind, options: &[&str], hint: &str) -> Result<FieldId, Failure> {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let (id, client, name, description) = (self.ids.next(), self.client, name.to_owned(), hint.to_owned());
        let key = field::key_of(&name, |_| false);
        let field = Field { id, client, name, key, kind, options, description, enabled: true };
        self.keep("the field", config_writes::insert_field(&field, self.now))?;
        Ok(id)
    }

    pub(super) fn schedule(&mut self, schedule: impl FnOnce(ScheduleId, ClientId) -> Schedule) -> Result<ScheduleId, Failure> {
        let schedule = schedule(self.ids.next(), self.client);
        self.keep("the schedule", config_writes::insert_schedule(&schedule, self.now))?;
        Ok(schedule.id)
    }

    pub(super) fn campaign(&mut self, name: &str, config: CampaignConfig) -> Result<Campaign, Failure> {
        let id = self.ids.next();
        self.keep("the campaign", config_writes::insert_campaign(id, self.client, name, true, &config, None, self.now))?;
        Ok(config.into_campaign(id, self.client, name.to_owned(), true))
    }

    pub(super) fn person(
        &mut self,
        login: &'static str,
        name: &'static str,
        role: Role,
        capacity: u32,
    ) -> Result<MadeUser, Failure> {
        let (id, password) = (self.ids.next(), generate_password());
        let scopes: &[Scope] = if role == Role::Agent { &[] } else { &[Scope::All] };
        let user = UserRow { id, login, name, role, scopes, capacity, enabled: true, voice: false };
        self.statements.push(people::insert_user(&user, &hash(&password)?, self.now));
        Ok(MadeUser { id, login, name, password, role })
    }

    pub(super) fn member(&mut self, agent: UserId, campaign: CampaignId) {
        let member = Member { joined_at: self.now, ..Member::new(agent, campaign) };
        // Every kind may be received, so there is nothing that could have no JSON form.
        self.statements.extend(config_writes::put_member(member));
    }

    pub(super) fn channel(
        &mut self,
        campaign: CampaignId,
        kind: ChannelKind,
        name: &str,
        webchat: Option<&Webchat>,
    ) -> Result<ChannelId, Failure> {
        let id = self.ids.next();
        let row = ChannelRow { id, client: self.client, campaign, kind, name, enabled: true, endpoint: None, webchat };
        self.keep("the channel", config_writes::insert_channel(&row, self.now))?;
        Ok(id)
    }

    /// What a channel signs with, as its other side needs it.
    pub(super) fn secret(&mut self, channel: ChannelId, sealer: &Sealer) -> Result<String, Failure> {
        let secret = SigningSecret::generate(&mut rand::rng()).reveal();
        let row = SecretRow { id: self.ids.next::<ChannelId>().to_string(), created_at: self.now, expires_at: None };
        let sealed = sealer.seal(&row.id, &SecretText::new(secret.clone()));
        let sealed = sealed.map_err(|error| Failure::new("the signing secret", error))?;
        self.statements.push(config_writes::insert_secret(&row, channel, sealed));
        Ok(secret)
    }
}

/// Columns of `role login password`, one person a line.
pub(super) fn table<'a>(people: impl IntoIterator<Item = (Role, &'a str, &'a str)>) -> String {
    let row = |(role, login, password): (Role, &str, &str)| format!("  {:<11} {login:<9} {password}\n", role.as_str());
    people.into_iter().map(row).collect()
}

/// By name.
pub(super) type Named<T> = BTreeMap<&'static str, T>;
