//! `centralita simulate`.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use chrono::{NaiveDate, NaiveTime};
use clap::{Args, ValueEnum};
use figment::{
    Figment,
    providers::{Format, Toml},
};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde_json::json;

use super::{Failure, Output, backup::must_own, instance, print};
use crate::{
    clock::Clock,
    config::Config,
    domain::strategy::{Mode, Order, Policy},
    ids::{AgentId, CampaignId},
    replay::{self, Wanted},
    simulation::{
        DayFigures, DayReport,
        change::Changes,
        plan::{Measure, Plan},
        scenario::{OpenHours, Scenario},
        simulate,
    },
    store::{config, dump::Source, newest_schema},
};

/// Live through a day in virtual time.
///
/// A recorded day: --campaign and --day. An invented one: --scenario, or --agents N with --conversations N. Everything else says
/// what would be different; the day is then shown before and after.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The campaign that is looked at and changed, by name or id
    #[arg(long, value_name = "NAME|ID")]
    campaign: Option<String>,
    /// The recorded day, by the clocks of the campaign's client
    #[arg(long, value_name = "YYYY-MM-DD", requires = "campaign", conflicts_with_all = ["scenario", "conversations"])]
    day: Option<NaiveDate>,
    /// An invented day, from this TOML or JSON file
    #[arg(long, value_name = "FILE", conflicts_with = "conversations")]
    scenario: Option<PathBuf>,
    /// An invented day with about so many conversations; needs --agents N
    #[arg(long, value_name = "N")]
    conversations: Option<u32>,
    /// +N or -N: so many agents more or less; N: so many agents on an invented day
    #[arg(long, value_name = "±N|N", allow_hyphen_values = true)]
    agents: Option<String>,
    /// Another mode: incall, nocall, interaction, nopause, omni, ringall, ringallmultiple
    #[arg(long, value_parser = word::<Mode>)]
    mode: Option<Mode>,
    /// Another order: leastrecent, fewestcalls, random, rrmemory, rrordered, linear, wrandom, longest_idle, least_loaded, most_spare,
    /// best_skill
    #[arg(long, value_parser = word::<Order>)]
    order: Option<Order>,
    /// Another policy: fifo, strict, aged, deadline
    #[arg(long, value_parser = word::<Policy>)]
    policy: Option<Policy>,
    /// So many conversations of the campaign at once for each agent
    #[arg(long, value_name = "N")]
    max_per_agent: Option<u32>,
    /// At most so many wait
    #[arg(long, value_name = "N")]
    max_waiting: Option<u32>,
    /// Offers are accepted by themselves, or not
    #[arg(long, value_name = "true|false")]
    auto_accept: Option<bool>,
    /// Open every day between these times
    #[arg(long, value_name = "HH:MM-HH:MM", value_parser = hours)]
    open: Option<OpenHours>,
    /// Answered within so many seconds counts for the service level
    #[arg(long, value_name = "SECONDS")]
    threshold: Option<u32>,
    /// Decides what is left to chance: the same seed gives the same day
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The language of the table; LANG decides when nothing is said
    #[arg(long)]
    language: Option<Language>,
    #[command(flatten)]
    output: Output,
}

/// Of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// English.
    En,
    /// Español.
    Es,
}

impl Language {
    fn of_environment() -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|it| !it.is_empty()));
        if set.is_some_and(|set| set.starts_with("es")) { Self::Es } else { Self::En }
    }

    const fn say(self, english: &'static str, spanish: &'static str) -> &'static str {
        match self {
            Self::En => english,
            Self::Es => spanish,
        }
    }
}

/// A word of a setting, as the API writes it.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    T::deserialize(IntoDeserializer::<serde::de::value::Error>::into_deserializer(text)).map_err(|error| error.to_string())
}

fn hours(text: &str) -> Result<OpenHours, String> {
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
    let (from, to) = text.split_once('-').ok_or("two times, as 09:00-18:00")?;
    match (time(from), time(if to == "24:00" { "00:00" } else { to })) {
        (Some(from), Some(to)) => Ok(OpenHours { from, to }),
        _ => Err("two times, as 09:00-18:00".to_owned()),
    }
}

/// What `--agents` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agents {
    As,
    More(i32),
    Of(u32),
}

impl Agents {
    fn parse(text: Option<&str>) -> Result<Self, Failure> {
        let wrong = |_| Failure("--agents: +2, -2, or the number of agents of an invented day".to_owned());
        Ok(match text {
            None => Self::As,
            Some(text) if text.starts_with(['+', '-']) => Self::More(text.parse().map_err(wrong)?),
            Some(text) => Self::Of(text.parse().map_err(wrong)?),
        })
    }
}

/// A day about to be lived.
struct Day {
    plan: Plan,
    recorded: Option<DayReport>,
    changed: Vec<CampaignId>,
    campaigns: BTreeMap<CampaignId, String>,
    people: BTreeMap<AgentId, String>,
}

impl Simulate {
    pub(super) async fn run(self, config: &dyn Fn() -> Result<Config, Failure>) -> Result<(), Failure> {
        let agents = Agents::parse(self.agents.as_deref())?;
        let changes = Changes {
            mode: self.mode,
            order: self.order,
            policy: self.policy,
            max_per_agent: self.max_per_agent,
            max_waiting: self.max_waiting,
            auto_accept: self.auto_accept,
            agents: if let Agents::More(more) = agents { more } else { 0 },
            open: self.open,
        };
        if let Some((field, says)) = changes.fault() {
            return Err(Failure(format!("{field}: {says}")));
        }
        let day = match (self.day, agents) {
            (Some(date), Agents::As | Agents::More(_)) => self.recorded(date, config()?).await?,
            (Some(_), Agents::Of(_)) => return Err(Failure("--agents: +2 or -2 for a recorded day".to_owned())),
            (None, agents) => self.invented(agents)?,
        };
        let before = simulate(&day.plan);
        let after = (!changes.is_nothing()).then(|| simulate(&changes.applied(&day.plan, &day.changed)));
        self.tell(&day, &changes, &before, after.as_ref());
        Ok(())
    }

    fn measure(&self) -> Measure {
        let threshold = self.threshold.map_or(Measure::default().threshold, |seconds| Duration::from_secs(seconds.into()));
        Measure { threshold, ..Measure::default() }
    }

    /// Reads what a server may be writing beside it.
    async fn recorded(&self, date: NaiveDate, config: Config) -> Result<Day, Failure> {
        must_own(&config.data_dir)?;
        let of_database = |error| Failure::new("the database", error);
        let location = instance::location(&config)?;
        let schema = Source::open(&location).await.map_err(of_database)?.schema().await.map_err(of_database)?;
        if schema != newest_schema() {
            return Err(Failure(format!("the database has schema {schema}, and this program {}", newest_schema())));
        }
        let key = config.existing_key().map_err(|error| Failure::new("the secret key", error))?;
        let sealer = instance::sealer(&key.ok_or_else(|| Failure("there is no secret key".to_owned()))?)?;
        let (db, clock) = (location.readers(), Clock::system());
        let snapshot = config::load(&db, &sealer, clock.now()).await.map_err(of_database)?;
        let names: BTreeMap<_, _> = snapshot.campaigns.values().map(|it| (it.id, it.name.clone())).collect();
        let campaign = self.find(&names)?;
        let wanted = Wanted { campaign, date, measure: self.measure(), seed: self.seed.unwrap_or(1) };
        let fetched = replay::fetch(&db, &snapshot, wanted, clock.now()).await;
        let recorded =
            fetched.and_then(replay::Fetched::understand).map_err(|error| Failure::new(&format!("the {date}"), error))?;
        db.close().await;
        Ok(Day {
            plan: recorded.plan,
            recorded: Some(recorded.report),
            changed: vec![campaign],
            campaigns: names,
            people: snapshot.users.values().map(|user| (user.id, user.name.clone())).collect(),
        })
    }

    fn invented(&self, agents: Agents) -> Result<Day, Failure> {
        let mut scenario = match (&self.scenario, agents, self.conversations) {
            (Some(file), Agents::As | Agents::More(_), _) => read(file)?,
            (Some(_), Agents::Of(_), _) => return Err(Failure("--agents: +2 or -2 with a scenario".to_owned())),
            (None, Agents::Of(agents), Some(conversations)) => Scenario::of_size(agents, conversations, 1),
            (None, ..) => {
                return Err(Failure(
                    "which day? --campaign NAME --day YYYY-MM-DD, --scenario FILE, or --agents N --conversations N".to_owned(),
                ));
            }
        };
        scenario.seed = self.seed.unwrap_or(scenario.seed);
        scenario.threshold_seconds = self.threshold.unwrap_or(scenario.threshold_seconds);
        let names = scenario.names();
        let mut plan = scenario.plan().map_err(|error| Failure(error.to_string()))?;
        plan.focus = if self.campaign.is_some() { Some(self.find(&names)?) } else { None };
        let changed = plan.focus.map_or_else(|| names.keys().copied().collect(), |focus| vec![focus]);
        Ok(Day { plan, recorded: None, changed, campaigns: names, people: BTreeMap::new() })
    }

    fn find(&self, names: &BTreeMap<CampaignId, String>) -> Result<CampaignId, Failure> {
        let wanted = self.campaign.as_deref().unwrap_or_default();
        let named: Vec<_> = names.iter().filter(|(id, name)| *name == wanted || id.to_string() == wanted).collect();
        match named.as_slice() {
            [(id, _)] => Ok(**id),
            [] => {
                let known: Vec<_> = names.values().map(String::as_str).collect();
                Err(Failure(format!("there is no campaign {wanted:?}; there are: {}", known.join(", "))))
            }
            _ => Err(Failure(format!("more than one campaign is named {wanted:?}: give its id"))),
        }
    }

    fn tell(&self, day: &Day, changes: &Changes, before: &DayReport, after: Option<&DayReport>) {
        if self.output.json {
            print(json!({
                "seed": day.plan.seed,
                "changes": changes,
                "campaigns": day.campaigns,
                "recorded": day.recorded,
                "before": before,
                "after": after,
            }));
            return;
        }
        let language = self.language.unwrap_or_else(Language::of_environment);
        let mut columns = Vec::new();
        columns.extend(day.recorded.as_ref().map(|it| (language.say("recorded", "registrado"), it)));
        columns.push((language.say("simulated", "simulado"), before));
        columns.extend(after.map(|it| (language.say("changed", "con cambios"), it)));
        print(format_args!("{} – {}, {} {}", before.from, before.until, language.say("seed", "semilla"), day.plan.seed));
        table(language, &columns);
        agents(language, &day.people, after.unwrap_or(before));
        if day.recorded.is_some() {
            print(language.say(
                "\nrecorded = what happened; simulated = the same customers under today's settings, by which to judge the change.",
                "\nregistrado = lo que ocurrió; simulado = los mismos clientes con la configuración de hoy, contra lo que se juzga el cambio.",
            ));
        }
    }
}

fn read(file: &PathBuf) -> Result<Scenario, Failure> {
    let failed = |error: String| Failure(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    if file.extension().is_some_and(|extension| extension == "json") {
        return serde_json::from_str(&text).map_err(|error| failed(error.to_string()));
    }
    Figment::from(Toml::string(&text)).extract().map_err(|error| failed(error.to_string()))
}

fn number(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(|| "—".to_owned(), |value| format!("{value:.1}{unit}"))
}

type Row = (&'static str, &'static str, fn(&DayReport) -> String);

fn figure(report: &DayReport, of: fn(&DayFigures) -> u32) -> String {
    of(&report.total).to_string()
}

const ROWS: [Row; 20] = [
    ("entered", "entraron", |it| figure(it, |it| it.entered)),
    ("answered", "atendidas", |it| figure(it, |it| it.answered)),
    ("abandoned", "abandonadas", |it| figure(it, |it| it.abandoned)),
    ("flowed out", "derivadas", |it| figure(it, |it| it.flowed_out)),
    ("still waiting", "siguen en espera", |it| figure(it, |it| it.waiting)),
    ("turned away", "rechazadas", |it| figure(it, |it| it.rejected)),
    ("out of hours", "fuera de horario", |it| figure(it, |it| it.out_of_hours)),
    ("overflowed", "desbordadas", |it| figure(it, |it| it.overflowed)),
    ("offers missed", "ofertas perdidas", |it| figure(it, |it| it.missed)),
    ("service level", "nivel de servicio", |it| number(it.total.service_level, " %")),
    ("abandonment", "abandono", |it| number(it.total.abandonment, " %")),
    ("mean wait", "espera media", |it| number(it.total.mean_wait, " s")),
    ("median wait", "espera mediana", |it| number(it.total.median_wait, " s")),
    ("90 % waited less", "90 % esperó menos", |it| number(it.total.p90_wait, " s")),
    ("longest wait", "espera máxima", |it| number(it.total.longest_wait, " s")),
    ("mean handling", "gestión media", |it| number(it.total.mean_handling, " s")),
    ("longest queue", "cola máxima", |it| figure(it, |it| it.longest_queue)),
    ("occupancy", "ocupación", |it| number(it.fairness.occupancy, " %")),
    ("utilisation", "utilización", |it| number(it.fairness.utilisation, " %")),
    ("unevenness (Gini)", "desigualdad (Gini)", |it| {
        it.fairness.gini.map_or_else(|| "—".to_owned(), |gini| format!("{gini:.3}"))
    }),
];

fn table(language: Language, columns: &[(&str, &DayReport)]) {
    let line = |label: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("{cell:>14}")).collect();
        print(format_args!("{label:<22}{cells}"));
    };
    line("", columns.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (english, spanish, of) in ROWS {
        line(language.say(english, spanish), columns.iter().map(|(_, report)| of(report)).collect());
    }
    let shared = |it: &DayReport| {
        let of = |count: Option<u32>| count.map_or_else(|| "—".to_owned(), |count| count.to_string());
        format!("{}/{}/{}", of(it.fairness.fewest), of(it.fairness.median), of(it.fairness.most))
    };
    line(language.say("agents", "agentes"), columns.iter().map(|(_, it)| it.fairness.agents.to_string()).collect());
    line(language.say("each: least/half/most", "c/u: mín/mediana/máx"), columns.iter().map(|(_, it)| shared(it)).collect());
}

/// The last column's agents, as far as a screen can show them.
fn agents(language: Language, people: &BTreeMap<AgentId, String>, report: &DayReport) {
    const SHOWN: usize = 40;
    if people.is_empty() || report.agents.len() > SHOWN {
        return;
    }
    print(format_args!(
        "\n{:<32}{:>12}{:>14}{:>12}",
        language.say("agent", "agente"),
        language.say("answered", "atendidas"),
        language.say("occupancy", "ocupación"),
        language.say("missed", "perdidas")
    ));
    for day in &report.agents {
        let name = people.get(&day.agent).map_or(language.say("one more", "uno más"), String::as_str);
        let occupancy = number(day.occupancy, " %");
        print(format_args!("{name:<32}{:>12}{occupancy:>14}{:>12}", day.answered, day.missed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_understood_or_refused() {
        assert_eq!(word::<Order>("longest_idle"), Ok(Order::LongestIdle));
        assert!(word::<Mode>("loud").unwrap_err().contains("ringallmultiple"));
        assert!(hours("09:00-18:00").is_ok() && hours("18:00-24:00").is_ok());
        assert!(["9", "09:00", "25:00-26:00", "a-b"].iter().all(|text| hours(text).is_err()));
        let agents = |text| Agents::parse(Some(text)).ok();
        assert_eq!(
            [agents("+2"), agents("-3"), agents("12")],
            [Some(Agents::More(2)), Some(Agents::More(-3)), Some(Agents::Of(12))]
        );
        assert_eq!([agents("two"), agents("+"), agents("1.5")], [None, None, None]);
    }

    #[test]
    fn the_scenario_of_the_documentation_can_be_read() {
        let page = include_str!("../../docs/simulation.md");
        let toml = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let scenario: Scenario = Figment::from(Toml::string(toml)).extract().unwrap();
        let plan = scenario.plan().unwrap();
        assert!(!plan.arrivals.is_empty() && !plan.workers.is_empty());
        let misspelt = toml.replacen("handling", "handlng", 1);
        let says = Figment::from(Toml::string(&misspelt)).extract::<Scenario>().unwrap_err().to_string();
        assert!(says.contains("handlng"), "{says}");
    }
}
