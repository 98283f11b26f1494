//! `centralita user create`.

use clap::{Args, Subcommand};
use rand::distr::{Alphanumeric, SampleString};

use super::{Failure, Instance, Output, print};
use crate::{
    auth::{
        password::{self, Cost, Passwords},
        secret::SecretText,
    },
    config::Config,
    domain::{
        log::{By, Entity},
        permission::{Role, Scope},
    },
    http::check::{NAME, is_control},
    ids::UserId,
    store::{
        people::{self, UserRow},
        write::WriteError,
    },
};

/// Capacity units of a new agent (routing.md, Capacity).
pub(super) const CAPACITY: u32 = 100;
const GENERATED_PASSWORD: usize = 16;

/// What to do with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Create a user and print the generated password once.
    Create(Create),
}

/// A new user.
#[derive(Debug, Args)]
pub struct Create {
    /// What they type to sign in: an e-mail address or a name.
    #[arg(long)]
    login: String,
    /// As shown to others; the login when left out.
    #[arg(long)]
    name: Option<String>,
    /// admin, supervisor, agent or auditor.
    #[arg(long, value_parser = parse_role, default_value = "admin")]
    role: Role,
    #[command(flatten)]
    output: Output,
}

/// A role by its word.
pub(super) fn parse_role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| "choose admin, supervisor, agent or auditor".to_owned())
}

impl UserCommand {
    pub(super) async fn run(self, config: Config) -> Result<(), Failure> {
        let Self::Create(Create { login, name, role, output }) = self;
        let login = login.trim().to_lowercase();
        check_login(&login)?;
        let password = generate_password();
        let instance = Instance::open(config)?;
        let offline = instance.offline().await?;
        let name = name.unwrap_or_else(|| login.clone());
        let id: UserId = instance.ids.next();
        let phc = hash(&password)?;
        let user = UserRow {
            id,
            login: &login,
            name: &name,
            role,
            scopes: &[Scope::All],
            capacity: CAPACITY,
            enabled: true,
            voice: false,
        };
        let insert = people::insert_user(&user, &phc, instance.clock.now());
        let written = offline.journal.write(vec![insert], Some((Entity::User, id.to_string())), By::System, None).await;
        written.map_err(|error| match error {
            WriteError::Store(crate::store::StoreError::Conflict(_)) => Failure(format!("there is a user {login} already")),
            other => Failure::new("the database", other),
        })?;
        offline.close();
        if output.json {
            print(serde_json::json!({ "id": id, "login": login, "password": password, "role": role }));
        } else {
            print(format_args!("Created {} {login} with the password {password}", role.as_str()));
        }
        Ok(())
    }
}

/// As the REST API has it.
fn check_login(login: &str) -> Result<(), Failure> {
    let fits = NAME.contains(&login.chars().count()) && !login.chars().any(|c| c.is_whitespace() || is_control(c));
    if fits { Ok(()) } else { Err(Failure(format!("a login has {} to {} characters and no spaces", NAME.start(), NAME.end()))) }
}

/// Letters and digits, about 95 bits.
pub(super) fn generate_password() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), GENERATED_PASSWORD)
}

/// The stored form of a password.
pub(super) fn hash(password: &str) -> Result<String, Failure> {
    let failed = |error| Failure::new("the password", error);
    let password = SecretText::new(password.to_owned());
    password::check_rules(&password).map_err(failed)?;
    Passwords::new(Cost::OWASP).and_then(|passwords| passwords.hash(&password)).map_err(failed)
}
