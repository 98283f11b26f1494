//! `centralita sample`: something to try within a minute.

use clap::Args;
use serde::Serialize;

use super::{
    Failure, Instance, Output, print,
    seed::{self, Seed},
    user::CAPACITY,
};
use crate::{
    auth::secret::Sealer,
    config::Config,
    domain::{
        channel::ChannelKind,
        field,
        log::{By, Entity},
        permission::Role,
    },
    ids::{CampaignId, ChannelId},
    store::{config::CampaignConfig, people},
};

const CLIENT: &str = "Fibra Sur";
const ZONE: &str = "America/Argentina/Buenos_Aires";
const PEOPLE: [(&str, &str, Role); 6] = [
    ("admin", "Alicia Admin", Role::Admin),
    ("sofia", "Sofía Supervisora", Role::Supervisor),
    ("auditor", "Aurelio Auditor", Role::Auditor),
    ("ana", "Ana Aguirre", Role::Agent),
    ("bruno", "Bruno Benítez", Role::Agent),
    ("carla", "Carla Castro", Role::Agent),
];
const DISPOSITIONS: [&str; 4] = ["Resuelto", "Visita técnica", "Venta", "Sin respuesta"];
const CANNED_TEXTS: [[&str; 3]; 3] = [
    ["saludo", "Saludo", "¡Hola, ${name|qué tal}! Soy ${agent}, de ${campaign}. ¿En qué te ayudo?"],
    ["espera", "Un momento", "Un momento, por favor: lo reviso y te respondo."],
    ["despedida", "Despedida", "Gracias por escribirnos, ${name|hasta pronto}."],
];

/// Fill an empty database.
#[derive(Debug, Args)]
pub struct Sample {
    #[command(flatten)]
    output: Output,
}

/// What was made, as `--json` prints it.
#[derive(Serialize)]
struct Made {
    users: Vec<MadeUser>,
    api_channel: MadeChannel,
    chat_channel: ChannelId,
    campaigns: Vec<CampaignId>,
}

#[derive(Serialize)]
struct MadeUser {
    login: &'static str,
    password: String,
    role: Role,
}

#[derive(Serialize)]
struct MadeChannel {
    id: ChannelId,
    secret: String,
}

impl Sample {
    pub(super) async fn run(self, config: Config) -> Result<(), Failure> {
        let instance = Instance::open(config)?;
        let offline = instance.offline().await?;
        let failed = |error| Failure::new("the database", error);
        if people::any(&offline.db).await.map_err(failed)? {
            return Err(Failure("the database is not empty; sample only fills an empty one".to_owned()));
        }
        let mut seed = Seed::new(&instance.ids, instance.clock.now(), CLIENT, ZONE);
        let made = fill(&mut seed, &instance.sealer()?)?;
        let Seed { statements, .. } = seed;
        let fact = Some((Entity::Client, "sample".to_owned()));
        let written = offline.journal.write(statements, fact, By::System, None).await;
        written.map_err(|error| Failure::new("the database", error))?;
        offline.close();
        if self.output.json {
            print(serde_json::to_string(&made).map_err(|error| Failure::new("the answer", error))?);
        } else {
            print(text(&made, &instance.config));
        }
        Ok(())
    }
}

fn fill(seed: &mut Seed<'_>, sealer: &Sealer) -> Result<Made, Failure> {
    let dispositions = DISPOSITIONS.map(|name| seed.disposition(name, None)).to_vec();
    seed.breaks();
    for texts in CANNED_TEXTS {
        seed.canned_text(None, texts);
    }
    // One that an agent may fill in.
    let field = seed.field("Número de cliente", field::Kind::Document, &[], "Como figura en la factura")?;
    let fields = vec![field::Use::of(field)];
    let support = CampaignConfig { auto_accept: true, dispositions, fields, ..Default::default() };
    let support = seed.campaign("Soporte", support)?.id;
    let sales = seed.campaign("Ventas", CampaignConfig::default())?.id;
    let mut users = Vec::new();
    for (login, name, role) in PEOPLE {
        let seed::MadeUser { id, password, .. } = seed.person(login, name, role, CAPACITY)?;
        if role == Role::Agent {
            seed.member(id, support);
            seed.member(id, sales);
        }
        users.push(MadeUser { login, password, role });
    }
    let api_channel = seed.channel(support, ChannelKind::Api, "Sistema conectado", None)?;
    let chat_channel = seed.channel(sales, ChannelKind::Webchat, "Chat de la página", None)?;
    let secret = seed.secret(api_channel, sealer)?;
    Ok(Made { users, api_channel: MadeChannel { id: api_channel, secret }, chat_channel, campaigns: vec![support, sales] })
}

fn text(made: &Made, config: &Config) -> String {
    use std::fmt::Write;
    let people = made.users.iter().map(|MadeUser { login, password, role }| (*role, *login, password.as_str()));
    let mut text = format!("The database has sample data now. Sign in with:\n\n{}", seed::table(people));
    let base = config.origin();
    let MadeChannel { id, secret } = &made.api_channel;
    let _ = write!(
        text,
        "\n  agents       {base}/\n  supervisors  {base}/supervision\n  visitors     {base}/chat?channel={chat}\n  API          {base}/docs\n\n\
         Hand over a customer's message as a connected system does (needs curl and openssl):\n\n\
         \x20 id=msg-$RANDOM ts=$(date +%s)\n\
         \x20 body='{{\"type\":\"message\",\"message\":{{\"id\":\"'$id'\",\"from\":{{\"id\":\"cliente-1\",\"name\":\"Marta\"}},\"text\":\"Hola, no tengo internet\"}}}}'\n\
         \x20 key=$(printf %s '{key}' | base64 -d | od -An -v -tx1 | tr -d ' \\n')\n\
         \x20 sig=$(printf %s \"$id.$ts.$body\" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$key -binary | base64)\n\
         \x20 curl -i {base}/hooks/{id} -H \"webhook-id: $id\" -H \"webhook-timestamp: $ts\" -H \"webhook-signature: v1,$sig\" -d \"$body\"\n",
        chat = made.chat_channel,
        key = secret.trim_start_matches("whsec_"),
    );
    text
}
