//! The log: what happened, in one dense order per routing domain.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    domain::{agent::AgentEvent, conversation::Event},
    ids::{AgentId, ConversationId, TokenId, UserId},
};

/// Who caused an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The customer.
    Contact,
    /// A person who signed in.
    User(UserId),
    /// A program with a token.
    Program(TokenId),
    /// The Router.
    Router,
    /// The product: deadlines, outbox, start-up.
    System,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contact => f.write_str("contact"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Program(id) => write!(f, "program:{id}"),
            Self::Router => f.write_str("router"),
            Self::System => f.write_str("system"),
        }
    }
}

impl std::str::FromStr for By {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once(':') {
            None if text == "contact" => Ok(Self::Contact),
            None if text == "router" => Ok(Self::Router),
            None if text == "system" => Ok(Self::System),
            Some(("user", id)) => id.parse().map(Self::User).map_err(|_| ()),
            Some(("program", id)) => id.parse().map(Self::Program).map_err(|_| ()),
            _ => Err(()),
        }
    }
}

/// Kinds of configuration; the log says which one changed, the tables say what it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// Companies served.
    Client,
    /// Projects of clients.
    Project,
    /// Campaigns.
    Campaign,
    /// Members of campaigns.
    Member,
    /// Channel accounts.
    Channel,
    /// Dispositions.
    Disposition,
    /// Break types.
    Break,
    /// Schedules.
    Schedule,
    /// Users, their roles and scopes.
    User,
    /// Browser sessions.
    Session,
    /// Bearer tokens.
    Token,
    /// Contacts and their addresses.
    Contact,
    /// Invitations and password resets.
    Invitation,
    /// Dynamic fields.
    Field,
    /// Canned texts.
    CannedText,
    /// Skills.
    Skill,
    /// What is set for everything at once.
    Setting,
    /// Files of the gallery.
    Resource,
    /// Templates of mails.
    Template,
    /// A conversation that somebody took out as a file.
    Export,
    /// Addresses that are not written to by mail.
    Suppression,
}

impl Entity {
    /// Whether the directory holds rows of this kind.
    pub const fn is_in_directory(self) -> bool {
        !matches!(
            self,
            Self::Session
                | Self::Token
                | Self::Contact
                | Self::Invitation
                | Self::CannedText
                | Self::Resource
                | Self::Template
                | Self::Export
                | Self::Suppression
        )
    }
}

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Something happened in a conversation.
    Conversation {
        /// Which.
        id: ConversationId,
        /// `conv_seq`: dense per conversation, from 1 (R3).
        seq: u64,
        /// What.
        event: Event,
    },
    /// Something happened to an agent.
    Agent {
        /// Who.
        id: AgentId,
        /// What.
        event: AgentEvent,
    },
    /// Configuration changed.
    Config {
        /// What kind.
        entity: Entity,
        /// The row's id as text.
        id: String,
    },
}

/// One committed entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Position in the stream, dense from 1.
    pub pos: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// Who caused it.
    pub by: By,
    /// The command or message that caused it, as its sender named it.
    pub cause: Option<String>,
    /// What happened.
    pub fact: Fact,
}
