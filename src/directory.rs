//! The configuration in force, in memory: who exists, what is allowed, which secret belongs to which channel.
//!
//! An immutable snapshot that readers share without a lock. The publisher reloads it when the log says that configuration
//! changed, so a revoked permission counts within one commit (security.md, 30).

use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono_tz::Tz;
use rustc_hash::FxHashMap;

use crate::{
    channels::{email::settings::MailAccount, standard_webhooks::SigningSecret},
    clock::Timestamp,
    domain::{
        campaign::{Campaign, CampaignPermissions, Member},
        channel::ChannelKind,
        disposition::{self, Disposition, System},
        field::Field,
        load::Loads,
        permission::{Permission, Place, Role, Scope, Subject, may},
        schedule::Schedule,
        skill::{Skill, SkillLevel},
        webchat::{Language, Webchat},
    },
    ids::{BreakId, CampaignId, ChannelId, ClientId, DispositionId, FieldId, ProjectId, ScheduleId, SkillId, UserId},
};

/// A company served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// 1 to 120 characters.
    pub name: String,
    /// IANA time zone.
    pub zone: String,
    /// Switched off: its channels take nothing in.
    pub enabled: bool,
    /// In which messages of the product name dates.
    pub language: Language,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A project of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Whose.
    pub client: ClientId,
    /// 1 to 120 characters.
    pub name: String,
    /// Switched off: takes no more campaigns.
    pub enabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A channel account.
#[derive(Debug)]
pub struct Channel {
    /// Its id; part of its webhook address.
    pub id: ChannelId,
    /// Whose.
    pub client: ClientId,
    /// Its one inbound campaign.
    pub campaign: CampaignId,
    /// Of which kind.
    pub kind: ChannelKind,
    /// 1 to 120 characters.
    pub name: String,
    /// Switched off: takes nothing in, sends nothing.
    pub enabled: bool,
    /// Where answers are posted (API channels).
    pub endpoint: Option<String>,
    /// What a web chat looks like and asks; of other kinds the defaults.
    pub webchat: Webchat,
    /// Signing secrets in force, the newest first. A web chat's sign its visitors' identities.
    pub secrets: Vec<SigningSecret>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A type of break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakType {
    /// Its id.
    pub id: BreakId,
    /// 1 to 60 characters.
    pub name: String,
    /// Switched off ones cannot be taken.
    pub enabled: bool,
    /// How long it may take.
    pub minutes: Option<u16>,
    /// The name of a picture.
    pub icon: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// What they type to sign in, lower case.
    pub login: String,
    /// As shown.
    pub name: String,
    /// Preset of permissions.
    pub role: Role,
    /// Where it holds.
    pub scopes: Vec<Scope>,
    /// Capacity units as an agent, 1 to 1,000,000; 100 by default.
    pub capacity: u32,
    /// What they are good at, each skill once.
    pub skills: Vec<SkillLevel>,
    /// Switched off: cannot sign in, sessions are void.
    pub enabled: bool,
    /// Whether there is a password to sign in with.
    pub has_password: bool,
    /// Belongs to a voice campaign of the telephone system (S4-35).
    pub voice: bool,
    /// When they were created.
    pub created_at: Timestamp,
}

/// Everything at once.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Companies.
    pub clients: FxHashMap<ClientId, Arc<Client>>,
    /// Projects of every client.
    pub projects: FxHashMap<ProjectId, Arc<Project>>,
    /// Campaigns.
    pub campaigns: FxHashMap<CampaignId, Arc<Campaign>>,
    /// When campaigns were created.
    pub campaigns_created: FxHashMap<CampaignId, Timestamp>,
    /// Channel accounts.
    pub channels: FxHashMap<ChannelId, Arc<Channel>>,
    /// Members, by campaign.
    pub members: FxHashMap<CampaignId, Vec<Member>>,
    /// Campaigns, by agent.
    pub memberships: FxHashMap<UserId, Vec<Member>>,
    /// Dispositions of every client.
    pub dispositions: FxHashMap<DispositionId, Arc<Disposition>>,
    /// Those that the product uses by itself.
    pub system_dispositions: FxHashMap<(ClientId, System), DispositionId>,
    /// Break types.
    pub breaks: FxHashMap<BreakId, Arc<BreakType>>,
    /// Dynamic fields of every client.
    pub fields: FxHashMap<FieldId, Arc<Field>>,
    /// Schedules.
    pub schedules: FxHashMap<ScheduleId, Arc<Schedule>>,
    /// Skills of every client.
    pub skills: FxHashMap<SkillId, Arc<Skill>>,
    /// What conversations weigh.
    pub loads: Loads,
    /// People.
    pub users: FxHashMap<UserId, Arc<User>>,
    /// Mail accounts, those with a campaign under the id of their channel account.
    pub mail_accounts: FxHashMap<ChannelId, Arc<MailAccount>>,
}

impl Snapshot {
    /// Where a campaign lies.
    pub fn place_of_campaign(&self, id: CampaignId) -> Place {
        self.campaigns
            .get(&id)
            .map_or(Place { client: None, campaign: Some(id) }, |campaign| Place::campaign(campaign.client, id))
    }

    /// Where a client's clocks are; UTC when nobody knows.
    pub fn zone_of(&self, id: ClientId) -> Tz {
        self.clients.get(&id).and_then(|client| client.zone.parse().ok()).unwrap_or(Tz::UTC)
    }

    /// The fields that a conversation of a campaign needs before it is closed. What is switched off is asked for no more.
    pub fn mandatory_fields(&self, id: CampaignId) -> Vec<FieldId> {
        let uses = self.campaigns.get(&id).into_iter().flat_map(|campaign| &campaign.fields);
        let asked = |field: &FieldId| self.fields.get(field).is_some_and(|field| field.enabled);
        uses.filter(|used| used.mandatory && asked(&used.field)).map(|used| used.field).collect()
    }

    /// What agents of a campaign choose from when closing, in the order of the tree (S1-18).
    pub fn offered_dispositions(&self, id: CampaignId) -> Vec<DispositionId> {
        let Some(campaign) = self.campaigns.get(&id).filter(|campaign| !campaign.dispositions.is_empty()) else { return vec![] };
        let nodes = self.dispositions.values().map(AsRef::as_ref).filter(|node| node.client == campaign.client);
        disposition::Tree::new(nodes).offered(&campaign.dispositions)
    }

    /// What the product itself closes with in a campaign's name, unless that names another.
    pub fn system_disposition(&self, client: ClientId, system: System) -> Option<DispositionId> {
        self.system_dispositions.get(&(client, system)).copied()
    }

    /// What a campaign's agents may do and see; nothing is hidden in one that is gone.
    pub fn permissions_of(&self, id: CampaignId) -> CampaignPermissions {
        self.campaigns.get(&id).map(|campaign| campaign.permissions).unwrap_or_default()
    }

    /// What must be hidden from this user in a campaign; none when they may see everything.
    pub fn hidden_from(&self, user: UserId, campaign: CampaignId) -> Option<CampaignPermissions> {
        let permissions = self.campaigns.get(&campaign)?.permissions;
        if permissions.show_contact_number {
            return None;
        }
        let reads = self
            .subject(user)
            .is_some_and(|subject| may(&subject, Permission::ReadConversations, self.place_of_campaign(campaign)));
        (!reads).then_some(permissions)
    }

    /// What a user may do where: an agent's scopes are the campaigns they are a member of.
    pub fn subject(&self, id: UserId) -> Option<Subject> {
        let user = self.users.get(&id).filter(|user| user.enabled)?;
        let scopes = match user.role {
            Role::Agent => {
                let memberships = self.memberships.get(&id);
                memberships.into_iter().flatten().map(|member| Scope::Campaign(member.campaign)).collect()
            }
            Role::Admin | Role::Supervisor | Role::Auditor => user.scopes.clone(),
        };
        Some(Subject { user: id, role: user.role, scopes })
    }
}

/// A shared handle to the current snapshot.
#[derive(Clone, Default)]
pub struct Directory(Arc<ArcSwap<Snapshot>>);

impl Directory {
    /// The current snapshot. Take it once per request.
    pub fn load(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }

    /// The current snapshot for a moment, without touching its reference count: for the hot path.
    pub fn peek(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.0.load()
    }

    /// Puts a new one in force.
    pub fn replace(&self, snapshot: Snapshot) {
        self.0.store(Arc::new(snapshot));
    }
}
