//! The company of the demo: an internet provider with three campaigns.

use std::collections::BTreeMap;

use chrono::Weekday;

use crate::{
    auth::secret::Sealer,
    commands::{
        Failure,
        seed::{MadeUser, Named, Seed},
        user::CAPACITY,
    },
    demo::{
        folder::{Account, Person},
        scripts::{PLAN_NAMES, Topic},
    },
    domain::{
        campaign::Campaign,
        channel::ChannelKind,
        field,
        permission::Role,
        schedule::{Holidays, Interval, Schedule},
        webchat::{Field as Asked, FieldKind, Language, Texts, Webchat},
    },
    ids::{BreakId, DispositionId, FieldId, UserId},
    store::config::CampaignConfig,
};

pub(super) const NAME: &str = "Fibra Sur";
pub(super) const ZONE: chrono_tz::Tz = chrono_tz::America::Argentina::Buenos_Aires;

const STAFF: [(&str, &str, Role); 5] = [
    ("admin", "Alicia Admin", Role::Admin),
    ("sofia", "Sofía Suárez", Role::Supervisor),
    ("martin", "Martín Maldonado", Role::Supervisor),
    ("auditor", "Aurelio Arias", Role::Auditor),
    ("ana", "Ana Aguirre", Role::Agent),
];
/// The first of them, and Ana, are left to whoever tries the demo.
const AGENTS: [(&str, &str, [Topic; 2]); 11] = [
    ("bruno", "Bruno Benítez", [Topic::Sales, Topic::Billing]),
    ("carla", "Carla Castro", [Topic::Support, Topic::Billing]),
    ("diego", "Diego Domínguez", [Topic::Support, Topic::Sales]),
    ("elena", "Elena Echeverría", [Topic::Support, Topic::Billing]),
    ("facundo", "Facundo Ferrari", [Topic::Sales, Topic::Billing]),
    ("gabriela", "Gabriela Godoy", [Topic::Support, Topic::Sales]),
    ("hugo", "Hugo Herrera", [Topic::Support, Topic::Billing]),
    ("irene", "Irene Islas", [Topic::Sales, Topic::Support]),
    ("javier", "Javier Juárez", [Topic::Billing, Topic::Support]),
    ("karina", "Karina Keller", [Topic::Sales, Topic::Billing]),
    ("luis", "Luis Ledesma", [Topic::Support, Topic::Sales]),
];
/// Capacity of who is simulated: customers wait now and then, and people find something to take.
const TWO_AT_ONCE: u32 = 50;
const PLAYED_BY_PEOPLE: [&str; 3] = ["ana", "bruno", "carla"];

const EVERYWHERE: [&str; 2] = ["Consulta resuelta", "Sin respuesta"];
const SUPPORT: [&str; 4] = ["Resuelto", "Visita técnica", "Corte de zona", "Derivado a segundo nivel"];
const SALES: [&str; 1] = ["Venta"];
/// Below "No vendió".
const NOT_SOLD: [&str; 2] = ["Lo va a pensar", "Sin cobertura"];
const BILLING: [&str; 4] = ["Pago acreditado", "Promesa de pago", "Reclamo de factura", "Retenido"];

const CANNED_TEXTS: [(Option<Topic>, [&str; 3]); 8] = [
    (None, ["saludo", "Saludo", "¡Hola, ${name|qué tal}! Soy ${agent}, de ${campaign}. ¿En qué te puedo ayudar?"]),
    (None, ["espera", "Un momento", "Un momento, por favor: lo reviso y te respondo."]),
    (None, ["despedida", "Despedida", "Gracias por escribirnos, ${name|hasta pronto}. ¡Que tengas un buen día!"]),
    (Some(Topic::Support), ["luces", "Luces del equipo", "¿Me dices qué luces ves en el módem y de qué color están?"]),
    (
        Some(Topic::Support),
        ["reiniciar", "Reiniciar el equipo", "Desenchufa el módem medio minuto, vuelve a enchufarlo y espera dos minutos."],
    ),
    (Some(Topic::Sales), ["cobertura", "Pedir dirección", "¿Me pasas la dirección exacta? Así confirmo la cobertura."]),
    (
        Some(Topic::Billing),
        ["cliente", "Número de cliente", "¿Me confirmas tu número de cliente? Está arriba a la derecha en la factura."],
    ),
    (
        Some(Topic::Billing),
        [
            "pago",
            "Medios de pago",
            "Puedes pagar con tarjeta o transferencia desde la app, o en efectivo con el código de barras.",
        ],
    ),
];

/// A campaign with what belongs to it.
pub(super) struct Desk {
    pub(super) campaign: Campaign,
    /// By name.
    pub(super) dispositions: Named<DispositionId>,
    /// Where customers write.
    pub(super) channels: Vec<Account>,
    /// Who answers.
    pub(super) agents: Vec<UserId>,
}

/// What was made.
pub(super) struct Company {
    support: Desk,
    sales: Desk,
    billing: Desk,
    pub(super) breaks: Vec<BreakId>,
    pub(super) people: Vec<MadeUser>,
    pub(super) fields: Fields,
}

/// Dynamic fields.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// Of the customer, as on the invoice.
    pub(super) number: FieldId,
    /// What they have.
    pub(super) plan: FieldId,
}

impl Company {
    pub(super) fn new(seed: &mut Seed<'_>, sealer: &Sealer) -> Result<Self, Failure> {
        let hint = "Como figura en la factura";
        let fields = Fields {
            number: seed.field("Número de cliente", field::Kind::Document, &[], hint)?,
            plan: seed.field("Plan", field::Kind::List, &PLAN_NAMES, "")?,
        };
        let visit = seed.field("Fecha de la visita", field::Kind::Date, &[], "La que se acordó con el cliente")?;
        let breaks = seed.breaks();
        let schedule = seed.schedule(|id, client| {
            // A demo is looked at at any hour.
            use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
            let weekly = [Mon, Tue, Wed, Thu, Fri, Sat, Sun].map(|day| Interval { day, start: 0, end: 1440 }).to_vec();
            let name = "Todos los días, 24 horas".to_owned();
            let holidays = Holidays::default();
            Schedule { id, client, name, zone: ZONE, weekly, exceptions: Vec::new(), holidays, override_: None }
        })?;

        let everywhere = named(seed, &EVERYWHERE, None);
        let handed_on = seed.disposition("Derivado a otra campaña", None);
        let with = |mut own: Named<DispositionId>| {
            own.extend(everywhere.clone());
            own
        };
        let config = |dispositions: &Named<DispositionId>, fields: Vec<field::Use>| CampaignConfig {
            dispositions: dispositions.values().copied().collect(),
            transfer_disposition: Some(handed_on),
            fields,
            schedule: Some(schedule),
            ..Default::default()
        };
        let uses = |field, mandatory| field::Use { mandatory, ..field::Use::of(field) };

        let dispositions = with(named(seed, &SUPPORT, None));
        let asked = vec![uses(fields.number, false), uses(fields.plan, false), uses(visit, false)];
        let settings = CampaignConfig { wrap_up_seconds: 20, offer_seconds: 30, ..config(&dispositions, asked) };
        let support = Desk::new(seed, "Soporte técnico", settings, dispositions)?;

        let mut dispositions = with(named(seed, &SALES, None));
        let not_sold = seed.disposition("No vendió", None);
        dispositions.extend(named(seed, &NOT_SOLD, Some(not_sold)));
        let settings = CampaignConfig { auto_accept: true, weight: 2, ..config(&dispositions, vec![uses(fields.plan, false)]) };
        let sales = Desk::new(seed, "Ventas", settings, dispositions)?;

        let dispositions = with(named(seed, &BILLING, None));
        let asked = vec![uses(fields.number, true)];
        let settings = CampaignConfig { auto_accept: true, max_per_agent: 4, ..config(&dispositions, asked) };
        let billing = Desk::new(seed, "Cobranzas", settings, dispositions)?;

        let mut company = Self { support, sales, billing, breaks, people: Vec::new(), fields };
        company.channels(seed, sealer)?;
        for (topic, texts) in CANNED_TEXTS {
            let campaign = topic.map(|topic| company.desk(topic).campaign.id);
            seed.canned_text(campaign, texts);
        }
        company.hire(seed)?;
        Ok(company)
    }

    fn channels(&mut self, seed: &mut Seed<'_>, sealer: &Sealer) -> Result<(), Failure> {
        let site = web_chat("#4047b8", "Soporte de Fibra Sur", "¡Hola! Cuéntanos qué pasa con tu servicio.");
        let shop = web_chat("#0b7a4b", "Ventas de Fibra Sur", "¡Hola! ¿Buscas internet para tu casa o tu empresa?");
        for (topic, kind, name, look) in [
            (Topic::Support, ChannelKind::Api, "App Mi Fibra", None),
            (Topic::Support, ChannelKind::Webchat, "Chat del sitio", Some(&site)),
            (Topic::Sales, ChannelKind::Webchat, "Chat de la tienda", Some(&shop)),
            (Topic::Billing, ChannelKind::Api, "Mensajes de la oficina virtual", None),
        ] {
            let id = seed.channel(self.desk(topic).campaign.id, kind, name, look)?;
            let secret = if kind == ChannelKind::Api { Some(seed.secret(id, sealer)?) } else { None };
            self.desk_mut(topic).channels.push(Account { id, kind, topic, secret });
        }
        Ok(())
    }

    fn hire(&mut self, seed: &mut Seed<'_>) -> Result<(), Failure> {
        for (login, name, role) in STAFF {
            let person = seed.person(login, name, role, CAPACITY)?;
            if role == Role::Agent {
                self.join(seed, person.id, [Topic::Support, Topic::Sales]);
            }
            self.people.push(person);
        }
        for (login, name, topics) in AGENTS {
            let capacity = if PLAYED_BY_PEOPLE.contains(&login) { CAPACITY } else { TWO_AT_ONCE };
            let person = seed.person(login, name, Role::Agent, capacity)?;
            self.join(seed, person.id, topics);
            self.people.push(person);
        }
        Ok(())
    }

    fn join(&mut self, seed: &mut Seed<'_>, agent: UserId, topics: [Topic; 2]) {
        for topic in topics {
            let desk = self.desk_mut(topic);
            desk.agents.push(agent);
            seed.member(agent, desk.campaign.id);
        }
    }

    pub(super) const fn desk(&self, topic: Topic) -> &Desk {
        match topic {
            Topic::Support => &self.support,
            Topic::Sales => &self.sales,
            Topic::Billing => &self.billing,
        }
    }

    const fn desk_mut(&mut self, topic: Topic) -> &mut Desk {
        match topic {
            Topic::Support => &mut self.support,
            Topic::Sales => &mut self.sales,
            Topic::Billing => &mut self.billing,
        }
    }

    pub(super) fn is_played(person: &MadeUser) -> bool {
        person.role == Role::Agent && !PLAYED_BY_PEOPLE.contains(&person.login)
    }

    /// As the demo's card names them.
    pub(super) fn cards(&self) -> Vec<Person> {
        let card = |person: &MadeUser| Person {
            login: person.login.to_owned(),
            name: person.name.to_owned(),
            role: person.role,
            password: person.password.clone(),
            simulated: Self::is_played(person),
        };
        self.people.iter().map(card).collect()
    }

    pub(super) fn accounts(&self) -> Vec<Account> {
        Topic::ALL.into_iter().flat_map(|topic| self.desk(topic).channels.clone()).collect()
    }
}

impl Desk {
    fn new(seed: &mut Seed<'_>, name: &str, config: CampaignConfig, dispositions: Named<DispositionId>) -> Result<Self, Failure> {
        let campaign = seed.campaign(name, config)?;
        Ok(Self { campaign, dispositions, channels: Vec::new(), agents: Vec::new() })
    }
}

fn named(seed: &mut Seed<'_>, names: &[&'static str], parent: Option<DispositionId>) -> Named<DispositionId> {
    names.iter().map(|name| (*name, seed.disposition(name, parent))).collect()
}

fn web_chat(colour: &str, title: &str, welcome: &str) -> Webchat {
    let texts = Texts { title: Some(title.to_owned()), welcome: Some(welcome.to_owned()), ..Texts::default() };
    let asked = |name: &str, kind, required| Asked {
        name: name.to_owned(),
        kind,
        required,
        labels: BTreeMap::new(),
        options: Vec::new(),
    };
    let mut look = Webchat {
        languages: vec![Language::Spanish, Language::Portuguese, Language::English],
        texts: BTreeMap::from([(Language::Spanish, texts)]),
        pre_chat: vec![asked("name", FieldKind::Name, true), asked("phone", FieldKind::Phone, false)],
        ..Webchat::default()
    };
    colour.clone_into(&mut look.theme.colour);
    look
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::demo::scripts::{Customer, Scripts};

    #[test]
    fn every_script_ends_with_a_disposition_of_its_campaign() {
        let (scripts, mut random) = (Scripts::default(), StdRng::seed_from_u64(3));
        for topic in Topic::ALL.into_iter().cycle().take(300) {
            let ends = scripts.dialogue(topic, Customer::new(&mut random), &mut random).unwrap().disposition;
            let own: &[&str] = match topic {
                Topic::Support => &SUPPORT,
                Topic::Sales => &[SALES[0], NOT_SOLD[0], NOT_SOLD[1]],
                Topic::Billing => &BILLING,
            };
            assert!(own.contains(&ends.as_str()) || EVERYWHERE.contains(&ends.as_str()), "{topic:?}: {ends}");
        }
    }
}
