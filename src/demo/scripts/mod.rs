//! What the demo's customers and agents say to each other, in Spanish: scripts in the `.txt` files beside this one.
//!
//! A script is a sequence of turns, each with alternatives separated by ` | `: `C:` the customer, `A:` the agent, `N:` a note for
//! colleagues before the agent's next answer. Words in braces are filled in. Pure: the same seed gives the same dialogue.

use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use serde::{Deserialize, Serialize};

use crate::domain::conversation::Priority;

/// What a conversation is about: also which campaign it goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Technical support.
    Support,
    /// Sales.
    Sales,
    /// Billing and collections.
    Billing,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Support, Self::Sales, Self::Billing];

    const fn scripts(self) -> &'static str {
        match self {
            Self::Support => include_str!("soporte.txt"),
            Self::Sales => include_str!("ventas.txt"),
            Self::Billing => include_str!("cobranzas.txt"),
        }
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The customer.
    Customer,
    /// The agent, to the customer.
    Agent,
    /// The agent, to colleagues.
    Note,
}

/// One turn of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Turn {
    who: Speaker,
    alternatives: Vec<&'static str>,
}

/// A kind of conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Script {
    topic: Topic,
    title: &'static str,
    disposition: &'static str,
    tags: Vec<&'static str>,
    priority: Priority,
    turns: Vec<Turn>,
}

/// What is said once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Who says it.
    pub who: Speaker,
    text: String,
}

impl Line {
    /// As this agent says it or is called by it.
    pub fn with(&self, agent: &str) -> String {
        let first = agent.split_whitespace().next().unwrap_or(agent);
        self.text.replace("{agente}", first)
    }

    /// As it is said to this agent, or to one whose name the customer has not read.
    pub fn to(&self, agent: Option<&str>) -> String {
        agent.map_or_else(|| self.text.replace(" {agente}", ""), |agent| self.with(agent))
    }
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// First and last name.
    pub name: String,
    /// As on the invoice.
    pub number: String,
    /// In E.164.
    pub phone: String,
    /// An e-mail address that nobody has.
    pub email: String,
    /// What they have at home.
    pub plan: String,
    street: String,
    quarter: String,
}

/// A conversation as it will be held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialogue {
    /// What it is about.
    pub topic: Topic,
    /// With whom.
    pub customer: Customer,
    /// The name of the disposition it is closed with.
    pub disposition: String,
    /// Labels.
    pub tags: Vec<String>,
    /// How urgent.
    pub priority: Priority,
    /// In order; the customer begins.
    pub lines: Vec<Line>,
}

/// Every script there is.
pub struct Scripts(Vec<Script>);

impl Default for Scripts {
    fn default() -> Self {
        Self(Topic::ALL.into_iter().flat_map(parse).collect())
    }
}

impl Scripts {
    /// A conversation with this customer about this topic.
    pub fn dialogue(&self, topic: Topic, customer: Customer, random: &mut StdRng) -> Option<Dialogue> {
        let about: Vec<&Script> = self.0.iter().filter(|script| script.topic == topic).collect();
        let script = about.choose(random)?;
        let words = Words::new(&customer, random);
        let lines = script.turns.iter().filter_map(|turn| {
            let text = turn.alternatives.choose(random)?;
            Some(Line { who: turn.who, text: words.fill(text) })
        });
        let lines = lines.collect();
        let tags = script.tags.iter().map(|&tag| tag.to_owned()).collect();
        let (disposition, priority) = (script.disposition.to_owned(), script.priority);
        Some(Dialogue { topic, customer, disposition, tags, priority, lines })
    }
}

fn parse(topic: Topic) -> Vec<Script> {
    let mut scripts: Vec<Script> = Vec::new();
    for line in topic.scripts().lines() {
        if let Some(title) = line.strip_prefix("== ") {
            let (disposition, tags, priority, turns) = ("", Vec::new(), Priority::Normal, Vec::new());
            scripts.push(Script { topic, title, disposition, tags, priority, turns });
        }
        let (Some(script), Some((key, rest))) = (scripts.last_mut(), line.split_once(": ")) else { continue };
        let who = match key {
            "C" => Speaker::Customer,
            "A" => Speaker::Agent,
            "N" => Speaker::Note,
            "cierre" => {
                script.disposition = rest;
                continue;
            }
            "etiquetas" => {
                script.tags = rest.split(", ").collect();
                script.tags.sort_unstable();
                continue;
            }
            "prioridad" => {
                script.priority = if rest == "urgente" { Priority::Urgent } else { Priority::High };
                continue;
            }
            _ => continue,
        };
        script.turns.push(Turn { who, alternatives: rest.split(" | ").collect() });
    }
    scripts
}

const FIRST: [&str; 48] = [
    "Marta",
    "Julián",
    "Lucía",
    "Carlos",
    "Camila",
    "Andrés",
    "Valentina",
    "Diego",
    "Paola",
    "Sergio",
    "Rosa",
    "Matías",
    "Gabriela",
    "Fernando",
    "Daniela",
    "Hernán",
    "Silvia",
    "Ramiro",
    "Noelia",
    "Óscar",
    "Patricia",
    "Iván",
    "Mónica",
    "Tomás",
    "Verónica",
    "Raúl",
    "Carolina",
    "Esteban",
    "Lorena",
    "Ignacio",
    "Beatriz",
    "Facundo",
    "Alejandra",
    "Mauricio",
    "Claudia",
    "Emilio",
    "Florencia",
    "Gustavo",
    "Ximena",
    "Nicolás",
    "Teresa",
    "Rodrigo",
    "Marina",
    "Pablo",
    "Elena",
    "Joaquín",
    "Sandra",
    "Leonardo",
];
const LAST: [&str; 44] = [
    "Quiroga", "Ramírez", "Pereyra", "Ibáñez", "Salazar", "Núñez", "Cardozo", "Mendoza", "Ortega", "Vargas", "Rojas", "Méndez",
    "Figueroa", "Acosta", "Herrera", "Paredes", "Cáceres", "Bustos", "Molina", "Peralta", "Guzmán", "Vera", "Aguirre", "Torres",
    "Correa", "Lagos", "Muñoz", "Sosa", "Rivas", "Duarte", "Campos", "Fuentes", "Villalba", "Escobar", "Montes", "Barrios",
    "Zárate", "Silva", "Romero", "Castillo", "Ponce", "Medina", "Olivera", "Navarro",
];
const QUARTERS: [&str; 10] = [
    "Las Acacias",
    "Villa Elena",
    "El Mirador",
    "Los Aromos",
    "Santa Rosa",
    "Barrio Norte",
    "San Martín",
    "La Ribera",
    "Parque Central",
    "Los Álamos",
];
const STREETS: [&str; 10] = [
    "Sarmiento",
    "Belgrano",
    "Rivadavia",
    "Los Tilos",
    "San Lorenzo",
    "9 de Julio",
    "Las Heras",
    "Mitre",
    "Independencia",
    "Los Cedros",
];
/// Each with the next larger one.
const PLANS: [(&str, &str); 3] = [("Fibra 100", "Fibra 300"), ("Fibra 300", "Fibra 600"), ("Fibra 600", "Fibra 1000")];
const DAYS: [&str; 5] = ["el lunes", "el martes", "el miércoles", "el jueves", "el viernes"];
const SLOTS: [&str; 3] = ["entre las 8 y las 12", "entre las 12 y las 16", "entre las 16 y las 20"];
const MONTHS: [&str; 12] =
    ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"];

/// The options of the field in which agents note what a customer has.
pub const PLAN_NAMES: [&str; 4] = ["Fibra 100", "Fibra 300", "Fibra 600", "Fibra 1000"];

fn pick<'a>(from: &[&'a str], random: &mut StdRng) -> &'a str {
    from.choose(random).copied().unwrap_or_default()
}

impl Customer {
    /// Somebody.
    pub fn new(random: &mut StdRng) -> Self {
        let (first, last) = (pick(&FIRST, random), pick(&LAST, random));
        let plain = |word: &str| word.to_lowercase().chars().map(unaccented).collect::<String>();
        let number = random.random_range(100_000..999_999_u32);
        Self {
            name: format!("{first} {last}"),
            number: number.to_string(),
            phone: format!("+54911{:08}", random.random_range(20_000_000..69_999_999_u32)),
            email: format!("{}.{}{}@correo.example", plain(first), plain(last), number % 100),
            plan: PLANS.choose(random).map_or("Fibra 300", |(plan, _)| plan).to_owned(),
            street: format!("{} {}", pick(&STREETS, random), random.random_range(100..3_900_u16)),
            quarter: pick(&QUARTERS, random).to_owned(),
        }
    }

    fn first_name(&self) -> &str {
        self.name.split(' ').next().unwrap_or_default()
    }
}

fn unaccented(letter: char) -> char {
    match letter {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        other => other,
    }
}

/// What stands in the place of words in braces, the same throughout a dialogue.
struct Words([(&'static str, String); 12]);

impl Words {
    fn new(customer: &Customer, random: &mut StdRng) -> Self {
        let larger = PLANS.iter().find(|(plan, _)| *plan == customer.plan).map_or("Fibra 1000", |(_, larger)| larger);
        Self([
            ("{nombre}", customer.first_name().to_owned()),
            ("{cliente}", customer.number.clone()),
            ("{plan}", customer.plan.clone()),
            ("{plan_mayor}", larger.to_owned()),
            ("{calle}", customer.street.clone()),
            ("{barrio}", customer.quarter.clone()),
            ("{monto}", format!("$ {}.{}00", random.random_range(12..48_u8), random.random_range(1..10_u8))),
            ("{dia}", pick(&DAYS, random).to_owned()),
            ("{franja}", pick(&SLOTS, random).to_owned()),
            ("{mes}", pick(&MONTHS, random).to_owned()),
            ("{ticket}", format!("T-{}", random.random_range(20_000..99_999_u32))),
            ("{numero}", random.random_range(11..60_u8).to_string()),
        ])
    }

    fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (word, with)| text.replace(word, with))
    }
}

/// A thank-you to an agent who goes on after the script is over.
pub const THANKS: [&str; 4] = ["¡Gracias!", "Muchas gracias 🙂", "Perfecto, gracias.", "Gracias por todo."];

/// What a simulated agent says to somebody who follows no script: a person who tries the chat.
pub const TO_STRANGERS: [&str; 3] = [
    "¡Hola! Soy {agente}. Esta es una demostración y yo respondo de forma automática. ¿En qué te puedo ayudar?",
    "Entiendo. Tomo nota de lo que me cuentas. Para ver cómo responde una persona, ingresa como Ana y atiende tú la próxima conversación.",
    "Gracias por probar el chat. Si ya no necesitas nada más, cierro la conversación.",
];

/// What a simulated agent says in a conversation from before the simulation began.
pub const TO_OLD_FRIENDS: [&str; 3] = [
    "Gracias por la espera, {nombre}. Soy {agente}. Ya lo revisé y quedó resuelto; si vuelve a pasar, respóndenos por aquí.",
    "Disculpa la demora, {nombre}. Te habla {agente}: está todo en orden de nuestro lado. Quedo a tu disposición.",
    "Hola, {nombre}. Soy {agente}, sigo con tu caso: ya quedó registrado y te avisamos por este medio.",
];

/// What visitors write beside their stars, by score.
pub const fn comments(score: u8) -> &'static [&'static str] {
    match score {
        5 => &["Excelente atención", "Muy amable y rápido", "Me lo resolvieron en minutos", "Diez puntos 👏", "Clarísimo todo"],
        4 => &["Bien, aunque tardó un poco", "Buena atención", "Me ayudaron bastante"],
        3 => &["Correcto", "Esperaba una solución más rápida"],
        _ => &["Tuve que explicar todo dos veces", "Mucha espera", "No me resolvieron el problema"],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng;

    use super::*;

    fn turn(who: Speaker, text: &str) -> bool {
        parse(Topic::Support)
            .iter()
            .flat_map(|script| &script.turns)
            .any(|turn| turn.who == who && turn.alternatives.contains(&text))
    }

    #[test]
    fn every_script_can_be_held() {
        for topic in Topic::ALL {
            let scripts = parse(topic);
            assert_eq!(scripts.len(), topic.scripts().lines().filter(|line| line.starts_with("== ")).count());
            for Script { title, disposition, tags, turns, .. } in scripts {
                assert!(!disposition.is_empty() && !tags.is_empty(), "{title}");
                assert_eq!(turns.first().map(|turn| turn.who), Some(Speaker::Customer), "{title}");
                assert_eq!(turns.last().map(|turn| turn.who), Some(Speaker::Customer), "{title}");
                // The agent's answer is what the customer waits for: one, with at most a note before or after it.
                let spoken: Vec<Speaker> = turns.iter().map(|turn| turn.who).filter(|who| *who != Speaker::Note).collect();
                assert!(spoken.windows(2).all(|pair| pair[0] != pair[1]), "{title}");
                assert!(turns.iter().flat_map(|turn| &turn.alternatives).all(|text| !text.trim().is_empty()), "{title}");
            }
        }
        assert!(turn(Speaker::Customer, "Uf, justo que trabajo desde casa. ¿Me avisan cuando vuelva?"));
    }

    #[test]
    fn no_line_is_empty_and_every_word_is_filled_in() {
        let (scripts, mut random) = (Scripts::default(), StdRng::seed_from_u64(7));
        let mut openings = BTreeSet::new();
        for topic in Topic::ALL.into_iter().cycle().take(600) {
            let dialogue = scripts.dialogue(topic, Customer::new(&mut random), &mut random).unwrap();
            let lines: Vec<String> = dialogue.lines.iter().map(|line| line.with("Ana Aguirre")).collect();
            for line in lines
                .iter()
                .cloned()
                .chain(dialogue.lines.iter().filter(|line| line.who == Speaker::Customer).map(|line| line.to(None)))
            {
                assert!(!line.trim().is_empty() && !line.contains(['{', '}', '|']), "{line}");
            }
            openings.insert(lines.concat());
        }
        assert!(openings.len() > 590, "they repeat each other: {}", openings.len());
    }

    #[test]
    fn the_same_seed_says_the_same() {
        let say = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            let scripts = Scripts::default();
            let mut say = |topic| scripts.dialogue(topic, Customer::new(&mut random), &mut random).unwrap();
            Topic::ALL.map(&mut say)
        };
        assert_eq!(say(1), say(1));
        assert_ne!(say(1), say(2));
    }
}
