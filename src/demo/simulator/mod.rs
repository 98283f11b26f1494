//! Plays the demo: customers write through the real channels, agents answer through the real sockets, all over loopback like
//! anybody else. It ends with the server; whatever goes wrong in it ends that customer or that shift and nothing more.
//!
//! Everything random comes from the demo's seed, all time from the clock. Bounded: [`CUSTOMERS`] at once.

mod agents;
mod customers;
mod line;
mod play;
mod receiver;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_web::rt;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use self::{
    line::Line,
    play::Stage,
    receiver::{Receiver, Stray},
};
use super::{
    Demo,
    folder::Account,
    scripts::{Customer, Scripts, Topic},
};
use crate::{
    actors::engine::Engine,
    clock::{Clock, Timestamp},
    domain::{
        channel::ChannelKind,
        log::{By, Entity},
    },
    ids::Ids,
    store::{
        config_writes::{self, ChannelRow},
        conversations,
    },
};

/// Customers at once.
const CUSTOMERS: usize = 60;
/// How often somebody comes who has written before.
const AGAIN: f64 = 0.35;
/// How often several come at once.
const RUSH: f64 = 0.08;
/// Between two looks at whether the next customer comes.
const LOOK: Duration = Duration::from_millis(250);
/// At this many conversations per minute everybody takes their time.
const CALM: f64 = 6.0;
/// Between the first words of two agents: passwords cost the processor something.
const NEXT_AGENT: Duration = Duration::from_millis(200);
/// Answers to customers nobody plays any more.
const STRAYS: usize = 64;

/// What everybody who is played shares.
struct House {
    demo: Arc<Demo>,
    line: Line,
    stage: Stage,
    clock: Clock,
    ids: Arc<Ids>,
    began: Timestamp,
}

impl House {
    /// A pause of about `from` to `to` seconds, shorter when much is going on.
    fn pause(&self, random: &mut StdRng, from: f64, to: f64) -> Duration {
        let haste = (CALM / f64::from(self.demo.pace().max(1))).clamp(0.1, 1.5);
        Duration::from_secs_f64(random.random_range(from..to) * haste)
    }
}

/// A simulation that goes on.
pub struct Simulator {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Simulator {
    /// Begins. `listen` is where the server is reached.
    pub fn start(demo: Arc<Demo>, engine: &Engine, listen: SocketAddr) -> Self {
        let stop = CancellationToken::new();
        let (engine, stopped) = (engine.clone(), stop.clone());
        let task = rt::spawn(async move {
            let mut tasks = JoinSet::new();
            tokio::select! {
                () = stopped.cancelled() => {}
                result = play(demo, engine, listen, &mut tasks) => if let Err(why) = result {
                    tracing::warn!(why, "the demo's simulator does not run");
                    stopped.cancelled().await;
                },
            }
            tasks.shutdown().await;
        });
        Self { stop, task }
    }

    /// Ends it.
    pub async fn stop(self) {
        self.stop.cancel();
        let _ = self.task.await;
    }
}

async fn play(demo: Arc<Demo>, engine: Engine, listen: SocketAddr, tasks: &mut JoinSet<()>) -> Result<(), String> {
    let clock = engine.clock.clone();
    let house = Arc::new(House {
        line: Line::new(listen).map_err(|error| error.to_string())?,
        stage: Stage::default(),
        ids: Arc::clone(&engine.ids),
        began: clock.now(),
        clock,
        demo,
    });
    let (strays, mut stray) = mpsc::channel::<Stray>(STRAYS);
    let receiver = Receiver::start(Arc::clone(&house), strays).map_err(|error| format!("no receiver: {error}"))?;
    for account in house.demo.card.channels.iter().filter(|account| account.kind == ChannelKind::Api) {
        send_answers_to(&engine, account, &receiver.address(account.id)).await?;
    }
    // Another course of events after every start.
    let mut random = StdRng::seed_from_u64(house.demo.card.seed ^ house.began.micros().unsigned_abs());
    for continued in &house.demo.card.continued {
        let account = house.demo.card.channels.iter().find(|account| account.id == continued.regular.channel);
        let state = conversations::state(&engine.db, continued.conversation).await.map_err(|error| error.to_string())?;
        if let (Some(account), Some(_)) = (account, state.filter(|state| !state.phase.is_ended())) {
            let (house, random) = (Arc::clone(&house), StdRng::from_rng(&mut random));
            tasks.spawn_local(customers::go_on(house, account.clone(), continued.clone(), random));
        }
    }
    // Not needed any more: from here on everything goes through the doors.
    drop(engine);
    let people = house.demo.card.people.iter().filter(|person| person.simulated);
    let most = CUSTOMERS + people.clone().count();
    for (index, person) in people.enumerate() {
        let (house, random) = (Arc::clone(&house), StdRng::from_rng(&mut random));
        let wait = NEXT_AGENT * u32::try_from(index).unwrap_or(0);
        tasks.spawn_local(agents::work(house, person.clone(), wait, random));
    }
    let scripts = Scripts::default();
    let (mut credit, mut price, mut looked) = (0.9, 1.0, house.clock.elapsed());
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            Some(stray) = stray.recv(), if tasks.len() < most => {
                tasks.spawn_local(customers::confirm(Arc::clone(&house), stray, StdRng::from_rng(&mut random)));
            }
        }
        while tasks.try_join_next().is_some() {}
        let now = house.clock.elapsed();
        credit += now.saturating_sub(looked).as_secs_f64() * f64::from(house.demo.pace()) / 60.0;
        looked = now;
        while credit >= price && tasks.len() < most {
            price = random.random_range(0.4..1.6);
            // A cut somewhere, the day the invoices come: then several write at once, and there is a queue.
            let together = if random.random_bool(RUSH) { random.random_range(3..=6) } else { 1 };
            let topic = Topic::ALL.choose(&mut random).copied().unwrap_or(Topic::Support);
            for _ in 0..together.min(most - tasks.len()) {
                credit -= 1.0;
                begin(&house, topic, &scripts, &mut random, tasks);
            }
        }
        // Who found no room does not come all at once later.
        credit = credit.min(price);
    }
}

fn begin(house: &Arc<House>, topic: Topic, scripts: &Scripts, random: &mut StdRng, tasks: &mut JoinSet<()>) {
    let accounts: Vec<&Account> = house.demo.card.channels.iter().filter(|account| account.topic == topic).collect();
    let Some(account) = accounts.choose(random) else { return };
    let regulars = house.demo.card.regulars.iter().filter(|regular| regular.channel == account.id);
    let regulars: Vec<_> = regulars.filter(|regular| house.stage.find(&regular.address).is_none()).collect();
    let before = regulars.choose(random).copied().filter(|_| random.random_bool(AGAIN));
    let customer = before.map_or_else(|| Customer::new(random), |regular| regular.customer.clone());
    let Some(dialogue) = scripts.dialogue(topic, customer, random) else { return };
    let (house, account, random) = (Arc::clone(house), Account::clone(account), StdRng::from_rng(random));
    tasks.spawn_local(customers::visit(house, account, dialogue, before.cloned(), random));
}

/// The receiver has another port after every start.
async fn send_answers_to(engine: &Engine, account: &Account, endpoint: &str) -> Result<(), String> {
    let directory = engine.directory.load();
    let channel = directory.channels.get(&account.id).ok_or("a channel of the demo is gone")?;
    let update = config_writes::update_channel(&ChannelRow {
        id: channel.id,
        client: channel.client,
        campaign: channel.campaign,
        kind: channel.kind,
        name: &channel.name,
        enabled: channel.enabled,
        endpoint: Some(endpoint),
        webchat: None,
    });
    let update = update.map_err(|error| error.to_string())?;
    let configured = engine.configure(vec![update], Entity::Channel, channel.id.to_string(), By::System, None).await;
    configured.map_err(|error| error.to_string())
}
