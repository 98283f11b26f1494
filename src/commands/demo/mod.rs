//! `centralita demo`: a contact center at work within a minute.

mod company;
mod history;

use std::{fs, os::unix::fs::DirBuilderExt, path::PathBuf, sync::Arc};

use clap::Args;
use rand::Rng;

use self::{company::Company, history::History};
use super::{Failure, Instance, print, seed, serve};
use crate::{
    auth::visitor::VisitorTokens,
    clock::Clock,
    config::{Config, Database, Overrides},
    demo::{
        Demo as Served, MAX_PACE,
        folder::{Card, Folder, Found},
    },
    domain::{
        channel::ChannelKind,
        log::{By, Entity},
    },
    ids::Ids,
};

/// Its place in the data directory, when no other was named.
const FOLDER: &str = "demo";

/// Show a contact center at work.
#[derive(Debug, Args)]
pub struct Demo {
    /// Conversations that begin per minute; 0 = nobody new comes
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_PACE)))]
    pace: u32,
    /// Erase the demo and stop
    #[arg(long)]
    erase: bool,
    /// Makes a new demo the same as another one of this number
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

impl Demo {
    pub(super) async fn run(self, overrides: &Overrides) -> Result<(), Failure> {
        let config = configured(overrides)?;
        let folder = Folder::new(&config.data_dir);
        if self.erase {
            return erase(config, &folder);
        }
        let (instance, card) = self.open(config, &folder).await?;
        print(welcome(&card, &instance.config));
        let demo = Arc::new(Served::new(card, self.pace));
        serve::open(&instance, Some(Arc::clone(&demo))).await?;
        if demo.is_to_be_erased() {
            folder.erase().map_err(in_directory(&instance.config))?;
            print("The demo is erased. To begin in earnest: centralita user create --login YOU, then centralita serve");
        }
        Ok(())
    }

    /// The demo that is there, else a new one.
    async fn open(&self, config: Config, folder: &Folder) -> Result<(Instance, Card), Failure> {
        let failed = in_directory(&config);
        match folder.look().map_err(&failed)? {
            Found::Demo(card) => return Ok((Instance::open(config)?, *card)),
            Found::Foreign => return Err(foreign(&config)),
            Found::Half => {
                let held = Instance::open(config.clone())?;
                folder.erase().map_err(&failed)?;
                drop(held);
            }
            Found::Nothing => {}
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&config.data_dir).map_err(&failed)?;
        folder.begin().map_err(&failed)?;
        let instance = Instance::open(config.clone())?;
        let seed = self.seed.unwrap_or_else(|| rand::rng().next_u64() >> 12);
        let card = make(&instance, seed).await?;
        folder.finish(&card).map_err(&failed)?;
        Ok((instance, card))
    }
}

/// As for every command, but on this machine only, in a directory and a database of its own.
fn configured(overrides: &Overrides) -> Result<Config, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure(error.to_string());
    let mut config = Config::read(overrides).map_err(|error| failed(&error))?;
    if !config.on_loopback() {
        return Err(Failure(format!(
            "a demo lets everybody in who can reach it, so it listens on this machine only: not on {}, but on 127.0.0.1:{}",
            config.listen.ip(),
            config.listen.port()
        )));
    }
    if overrides.data_dir.is_none() {
        config.data_dir = config.data_dir.join(FOLDER);
    }
    config.database = Database::Sqlite;
    config.public_url = None;
    config.behind_tls_proxy = false;
    config.check().map_err(|error| failed(&error))?;
    Ok(config)
}

fn in_directory(config: &Config) -> impl Fn(std::io::Error) -> Failure + use<> {
    let directory: PathBuf = config.data_dir.clone();
    move |error| Failure::new(&format!("the demo's directory {}", directory.display()), error)
}

fn foreign(config: &Config) -> Failure {
    let directory = config.data_dir.display();
    Failure(format!("{directory} is no demo's directory, so it is left alone: name an empty one with --data-dir"))
}

fn erase(config: Config, folder: &Folder) -> Result<(), Failure> {
    let failed = in_directory(&config);
    match folder.look().map_err(&failed)? {
        Found::Nothing => print(format_args!("There is no demo in {}.", config.data_dir.display())),
        Found::Foreign => return Err(foreign(&config)),
        Found::Demo(_) | Found::Half => {
            let held = Instance::open(config)?;
            folder.erase().map_err(&failed)?;
            print(format_args!("The demo in {} is erased.", held.config.data_dir.display()));
        }
    }
    Ok(())
}

/// A company and its last days.
async fn make(instance: &Instance, seed: u64) -> Result<Card, Failure> {
    let now = instance.clock.now();
    let clock = Clock::fixed(history::beginning(now).micros());
    let ids = Ids::seeded(clock.clone(), seed);
    let offline = instance.offline_at(clock.clone()).await?;
    let mut parts = seed::Seed::new(&ids, clock.now(), company::NAME, company::ZONE.name());
    let company = Company::new(&mut parts, &instance.sealer()?)?;
    let fact = Some((Entity::Client, parts.client.to_string()));
    let written = offline.journal.write(parts.statements, fact, By::System, None).await;
    written.map_err(|error| Failure::new("the database", error))?;
    let visitors = VisitorTokens::new(instance.key()?.expose());
    let (continued, regulars) = History::new(&company, &offline, clock, &ids, now, seed).write(&visitors).await?;
    offline.close();
    let mut card = Card::new(seed, company.cards(), company.accounts());
    (card.continued, card.regulars) = (continued, regulars);
    Ok(card)
}

fn welcome(card: &Card, config: &Config) -> String {
    let base = format!("http://{}", config.listen);
    let people = card.people.iter().filter(|person| !person.simulated);
    let table = seed::table(people.map(|person| (person.role, person.login.as_str(), person.password.as_str())));
    let chat = card.channels.iter().find(|channel| channel.kind == ChannelKind::Webchat);
    let chat = chat.map(|channel| format!("  visitors     {base}/chat?channel={}\n", channel.id)).unwrap_or_default();
    format!(
        "A demo with {} conversations, simulated customers and agents. The sign-in page lets you in with a click, or sign in with:\n\n\
         {table}\n  agents       {base}/\n  supervisors  {base}/supervision\n{chat}\n\
         It is kept in {}; erase it there with a click (admin) or with `centralita demo --erase`.",
        history::CONVERSATIONS,
        config.data_dir.display(),
    )
}
