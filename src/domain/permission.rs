//! Who may do what, where: [`may`] decides everywhere.

use serde::{Deserialize, Serialize};

use crate::ids::{CampaignId, ClientId, UserId};

/// A preset of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Role {
    /// Everything.
    Admin,
    /// Watches and steers agents and conversations.
    Supervisor,
    /// Answers customers: own conversations only.
    Agent,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Role {
    /// The word stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Agent => "agent",
            Self::Auditor => "auditor",
        }
    }

    /// From the word stored in the database.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Admin, Self::Supervisor, Self::Agent, Self::Auditor].into_iter().find(|role| role.as_str() == word)
    }

    /// Whether this preset holds a permission.
    pub const fn grants(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Admin => true,
            Self::Supervisor => matches!(
                permission,
                P::Own
                    | P::ReadConfig
                    | P::ReadUsers
                    | P::WriteMembers
                    | P::ReadContacts
                    | P::WriteContacts
                    | P::ReadConversations
                    | P::ForceConversations
                    | P::ReadBoard
                    | P::ControlAgents
            ),
            Self::Agent => matches!(permission, P::Own | P::ReadConfig | P::Answer),
            Self::Auditor => {
                matches!(
                    permission,
                    P::Own | P::ReadConfig | P::ReadUsers | P::ReadContacts | P::ReadConversations | P::ReadBoard
                )
            }
        }
    }
}

/// One thing that may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Permission {
    /// One's own profile, presence and sessions.
    Own,
    /// Clients, campaigns, members, dispositions, breaks, schedules: reading.
    ReadConfig,
    /// The same and channels, with their secrets: changing.
    WriteConfig,
    /// Members of campaigns: changing.
    WriteMembers,
    /// Users: reading.
    ReadUsers,
    /// Users, roles, tokens: changing.
    WriteUsers,
    /// Contacts: reading.
    ReadContacts,
    /// Contacts: changing.
    WriteContacts,
    /// Being offered conversations and working on one's own.
    Answer,
    /// Any conversation within scope: reading, spying (S4-83).
    ReadConversations,
    /// Any conversation within scope: closing, moving.
    ForceConversations,
    /// The live board (S4-70).
    ReadBoard,
    /// Pausing agents and signing them out (S4-86, S4-88).
    ControlAgents,
}

impl Permission {
    /// Every permission, for catalogues and tests.
    pub const ALL: [Self; 13] = [
        Self::Own,
        Self::ReadConfig,
        Self::WriteConfig,
        Self::WriteMembers,
        Self::ReadUsers,
        Self::WriteUsers,
        Self::ReadContacts,
        Self::WriteContacts,
        Self::Answer,
        Self::ReadConversations,
        Self::ForceConversations,
        Self::ReadBoard,
        Self::ControlAgents,
    ];
}

/// Where a permission holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
#[ts(export_to = "wire.ts")]
pub enum Scope {
    /// Everywhere.
    All,
    /// One company served.
    Client(ClientId),
    /// One campaign.
    Campaign(CampaignId),
}

/// Where an object lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The company it belongs to; none = the installation.
    pub client: Option<ClientId>,
    /// The campaign it belongs to.
    pub campaign: Option<CampaignId>,
}

impl Place {
    /// Belongs to the installation as a whole.
    pub const GLOBAL: Self = Self { client: None, campaign: None };

    /// Belongs to a company.
    pub const fn client(client: ClientId) -> Self {
        Self { client: Some(client), campaign: None }
    }

    /// Belongs to a campaign of a company.
    pub const fn campaign(client: ClientId, campaign: CampaignId) -> Self {
        Self { client: Some(client), campaign: Some(campaign) }
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The person; for a program, the person who made its token.
    pub user: UserId,
    /// The preset.
    pub role: Role,
    /// Where it holds; an agent's campaigns follow from membership.
    pub scopes: Vec<Scope>,
}

/// Whether `subject` may do `permission` to an object at `place`.
pub fn may(subject: &Subject, permission: Permission, place: Place) -> bool {
    subject.role.grants(permission) && subject.scopes.iter().any(|scope| covers(*scope, place))
}

/// Whether the subject may do it somewhere at all: enough to open a list, whose rows are then filtered by [`may`].
pub fn may_somewhere(subject: &Subject, permission: Permission) -> bool {
    subject.role.grants(permission) && !subject.scopes.is_empty()
}

fn covers(scope: Scope, place: Place) -> bool {
    match scope {
        Scope::All => true,
        Scope::Client(client) => place.client == Some(client),
        Scope::Campaign(campaign) => place.campaign == Some(campaign),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: ClientId = ClientId::from_u128(1);
    const CAMPAIGN: CampaignId = CampaignId::from_u128(2);

    fn subject(role: Role, scope: Scope) -> Subject {
        Subject { user: UserId::NIL, role, scopes: vec![scope] }
    }

    #[test]
    fn a_scope_covers_what_lies_in_it_and_nothing_else() {
        let here = Place::campaign(CLIENT, CAMPAIGN);
        let elsewhere = Place::campaign(ClientId::from_u128(8), CampaignId::from_u128(9));
        for scope in [Scope::All, Scope::Client(CLIENT), Scope::Campaign(CAMPAIGN)] {
            let who = subject(Role::Supervisor, scope);
            assert!(may(&who, Permission::ReadConversations, here));
            assert_eq!(may(&who, Permission::ReadConversations, elsewhere), scope == Scope::All);
            assert_eq!(may(&who, Permission::ReadConversations, Place::GLOBAL), scope == Scope::All);
        }
    }

    #[test]
    fn an_auditor_changes_nothing() {
        let who = subject(Role::Auditor, Scope::All);
        for permission in [
            Permission::WriteConfig,
            Permission::WriteMembers,
            Permission::WriteUsers,
            Permission::WriteContacts,
            Permission::Answer,
            Permission::ForceConversations,
            Permission::ControlAgents,
        ] {
            assert!(!may(&who, permission, Place::GLOBAL), "{permission:?}");
        }
    }
}
