//! `centralita sample`: something to try within a minute.

use clap::Args;
use serde::Serialize;

use super::{
    Failure, Instance, Output, print,
    user::{CAPACITY, generate_password, hash},
};
use crate::{
    auth::secret::{Sealer, SecretText},
    channels::standard_webhooks::SigningSecret,
    clock::Timestamp,
    config::Config,
    directory::BreakType,
    domain::{
        campaign::Member,
        channel::ChannelKind,
        disposition::Disposition,
        field::{self, Field},
        log::{By, Entity},
        permission::{Role, Scope},
    },
    ids::{BreakId, CampaignId, ChannelId, ClientId, DispositionId, Ids, UserId},
    store::{
        canned_texts::{self, CannedText},
        config::CampaignConfig,
        config_writes::{self, ChannelRow, SecretRow},
        people::{self, UserRow},
        write::Statement,
    },
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
const BREAKS: [(&str, u16, &str); 3] = [("Almuerzo", 45, "utensils"), ("Baño", 10, "droplet"), ("Capacitación", 60, "book-open")];
const CANNED_TEXTS: [(&str, &str, &str); 3] = [
    ("saludo", "Saludo", "¡Hola, ${name|qué tal}! Soy ${agent}, de ${campaign}. ¿En qué te ayudo?"),
    ("espera", "Un momento", "Un momento, por favor: lo reviso y te respondo."),
    ("despedida", "Despedida", "Gracias por escribirnos, ${name|hasta pronto}."),
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
        let mut filler = Filler { ids: &instance.ids, now: instance.clock.now(), statements: Vec::new() };
        let made = filler.fill(&instance.sealer()?)?;
        let Filler { statements, .. } = filler;
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

struct Filler<'a> {
    ids: &'a Ids,
    now: Timestamp,
    statements: Vec<Statement>,
}

impl Filler<'_> {
    fn fill(&mut self, sealer: &Sealer) -> Result<Made, Failure> {
        let client: ClientId = self.ids.next();
        self.statements.push(config_writes::insert_client(client, CLIENT, ZONE, true, self.now));
        let dispositions = self.dispositions(client);
        self.breaks();
        self.canned_texts(client);
        let fields = self.fields(client)?;
        let support = CampaignConfig { auto_accept: true, dispositions, fields, ..Default::default() };
        let support = self.campaign(client, "Soporte", support)?;
        let sales = self.campaign(client, "Ventas", CampaignConfig::default())?;
        let users = self.people(&[support, sales])?;
        let (api_channel, chat_channel) = (self.ids.next(), self.ids.next());
        self.channel(client, support, api_channel, ChannelKind::Api, "Sistema conectado");
        self.channel(client, sales, chat_channel, ChannelKind::Webchat, "Chat de la página");
        let secret = self.secret(api_channel, sealer)?;
        let api_channel = MadeChannel { id: api_channel, secret };
        Ok(Made { users, api_channel, chat_channel, campaigns: vec![support, sales] })
    }

    fn dispositions(&mut self, client: ClientId) -> Vec<DispositionId> {
        let mut ids = Vec::new();
        for name in DISPOSITIONS {
            let node = Disposition { id: self.ids.next(), client, parent: None, name: name.to_owned(), enabled: true };
            self.statements.push(config_writes::insert_disposition(&node, self.now));
            ids.push(node.id);
        }
        ids
    }

    fn breaks(&mut self) {
        for (name, minutes, icon) in BREAKS {
            let (id, name, created_at): (BreakId, _, _) = (self.ids.next(), name.to_owned(), self.now);
            let (minutes, icon) = (Some(minutes), Some(icon.to_owned()));
            self.statements.push(config_writes::insert_break(&BreakType { id, name, enabled: true, minutes, icon, created_at }));
        }
    }

    fn canned_texts(&mut self, client: ClientId) {
        for (shortcut, title, text) in CANNED_TEXTS {
            let [shortcut, title, text] = [shortcut, title, text].map(str::to_owned);
            let (id, created_at) = (self.ids.next(), self.now);
            let canned = CannedText { id, client, campaign: None, shortcut, title, text, created_at };
            self.statements.push(canned_texts::insert(&canned));
        }
    }

    /// One that an agent may fill in.
    fn fields(&mut self, client: ClientId) -> Result<Vec<field::Use>, Failure> {
        let field = Field {
            id: self.ids.next(),
            client,
            name: "Número de cliente".to_owned(),
            kind: field::Kind::Document,
            options: Vec::new(),
            description: "Como figura en la factura".to_owned(),
            enabled: true,
        };
        let insert = config_writes::insert_field(&field, self.now);
        self.statements.push(insert.map_err(|error| Failure::new("the field", error))?);
        Ok(vec![field::Use { field: field.id, mandatory: false }])
    }

    fn campaign(&mut self, client: ClientId, name: &str, config: CampaignConfig) -> Result<CampaignId, Failure> {
        let id = self.ids.next();
        let insert = config_writes::insert_campaign(id, client, name, true, &config, self.now);
        self.statements.push(insert.map_err(|error| Failure::new("the campaign", error))?);
        Ok(id)
    }

    fn people(&mut self, campaigns: &[CampaignId]) -> Result<Vec<MadeUser>, Failure> {
        let mut users = Vec::new();
        for (login, name, role) in PEOPLE {
            let (id, password): (UserId, String) = (self.ids.next(), generate_password());
            let scopes: &[Scope] = if role == Role::Agent { &[] } else { &[Scope::All] };
            let user = UserRow { id, login, name, role, scopes, capacity: CAPACITY, enabled: true };
            self.statements.push(people::insert_user(&user, &hash(&password)?, self.now));
            if role == Role::Agent {
                let member = |campaign: &CampaignId| Member { joined_at: self.now, ..Member::new(id, *campaign) };
                // Every kind may be received, so there is nothing that could have no JSON form.
                self.statements.extend(campaigns.iter().map(member).filter_map(|member| config_writes::put_member(member).ok()));
            }
            users.push(MadeUser { login, password, role });
        }
        Ok(users)
    }

    fn channel(&mut self, client: ClientId, campaign: CampaignId, id: ChannelId, kind: ChannelKind, name: &str) {
        let row = ChannelRow { id, client, campaign, kind, name, enabled: true, endpoint: None, webchat: None };
        // Without settings there is nothing that could have no JSON form.
        self.statements.extend(config_writes::insert_channel(&row, self.now));
    }

    fn secret(&mut self, channel: ChannelId, sealer: &Sealer) -> Result<String, Failure> {
        let secret = SigningSecret::generate(&mut rand::rng()).reveal();
        let row = SecretRow { id: self.ids.next::<ChannelId>().to_string(), created_at: self.now, expires_at: None };
        let sealed = sealer.seal(&row.id, &SecretText::new(secret.clone()));
        let sealed = sealed.map_err(|error| Failure::new("the signing secret", error))?;
        self.statements.push(config_writes::insert_secret(&row, channel, sealed));
        Ok(secret)
    }
}

fn text(made: &Made, config: &Config) -> String {
    use std::fmt::Write;
    let mut text = String::from("The database has sample data now. Sign in with:\n\n");
    for MadeUser { login, password, role } in &made.users {
        let _ = writeln!(text, "  {:<11} {login:<8} {password}", role.as_str());
    }
    let base = format!("http://{}", config.listen);
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
