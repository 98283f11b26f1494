//! `centralita token create`.

use clap::{Args, Subcommand};

use super::{Failure, Instance, Output, print, user::parse_role};
use crate::{
    auth::{
        session::Token,
        token::{TokenHash, for_program},
    },
    config::Config,
    domain::{
        log::{By, Entity},
        permission::{Role, Scope},
    },
    ids::TokenId,
    store::people::{self, NamedToken},
};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Create a bearer token and print it once.
    Create(Create),
}

/// A new token.
#[derive(Debug, Args)]
pub struct Create {
    /// What the program may do: admin, supervisor or auditor.
    #[arg(long, value_parser = parse_role)]
    role: Role,
    /// What it is for, as shown in the list of tokens.
    #[arg(long, default_value = "command line")]
    name: String,
    #[command(flatten)]
    output: Output,
}

impl TokenCommand {
    pub(super) async fn run(self, config: Config) -> Result<(), Failure> {
        let Self::Create(Create { role, name, output }) = self;
        if role == Role::Agent {
            return Err(Failure("agents are people: a token has the role admin, supervisor or auditor".to_owned()));
        }
        let instance = Instance::open(config)?;
        let offline = instance.offline().await?;
        let secret = for_program();
        let id: TokenId = instance.ids.next();
        let token = NamedToken {
            token: Token { id, user: None, role, scopes: vec![Scope::All], expires_at: None },
            name,
            created_at: instance.clock.now(),
        };
        let insert = people::insert_token(&TokenHash::of(secret.expose()), &token);
        let written = offline.journal.write(vec![insert], Some((Entity::Token, id.to_string())), By::System, None).await;
        written.map_err(|error| Failure::new("the database", error))?;
        offline.close();
        if output.json {
            print(serde_json::json!({ "id": id, "token": secret.expose(), "role": role }));
        } else {
            print(secret.expose());
        }
        Ok(())
    }
}
