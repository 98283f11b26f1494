//! One campaign.
//!
//! Owns: its configuration in force, whether it is open, which day it is, and when that changes, which it tells the Router. Mailbox: only the
//! keeper writes to it, once per change of configuration. Persisted: nothing; rebuilt by the keeper from the configuration.

use std::{sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, Message, SpawnHandle};
use chrono_tz::Tz;

use crate::{
    actors::{
        dashboard::{Dashboard, Opened},
        gate::Gate,
        router::{Inputs, Router},
    },
    clock::{Clock, Timestamp},
    domain::{
        campaign::{self, InForce},
        routing::Input,
        schedule::{self, Openness, Schedule},
    },
};

/// Longest sleep: a wall clock that was set forward is noticed within it.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// When the Router had no room.
const AGAIN: Duration = Duration::from_millis(50);

/// A configuration to put in force.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct Configure {
    /// The campaign.
    pub campaign: Arc<campaign::Campaign>,
    /// Its schedule, if it has one.
    pub schedule: Option<Arc<Schedule>>,
    /// Where its client is.
    pub zone: Tz,
}

/// The actor.
pub struct Campaign {
    configure: Configure,
    told: Option<InForce>,
    clock: Clock,
    router: Gate<Router>,
    dashboard: Gate<Dashboard>,
    timer: Option<SpawnHandle>,
}

impl Campaign {
    /// A campaign with this configuration.
    pub fn new(configure: Configure, clock: Clock, router: Gate<Router>, dashboard: Gate<Dashboard>) -> Self {
        Self { configure, told: None, clock, router, dashboard, timer: None }
    }

    /// Tells what is new and sleeps until the next change.
    fn look(&mut self, ctx: &mut Context<Self>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        let now = self.clock.now();
        let in_force = in_force_at(&self.configure, now);
        let openness = in_force.openness;
        let change = openness.until().map_or(in_force.day.until, |until| until.min(in_force.day.until));
        let mut wait = change.since(now).clamp(Duration::from_millis(1), LOOK_AGAIN);
        if self.told.as_ref() != Some(&in_force) {
            if self.router.send(Inputs(vec![Input::Campaign(Box::new(in_force.clone()))])).is_ok() {
                let _ = self.dashboard.send(Opened { campaign: in_force.campaign.id, open: openness.is_open() });
                self.told = Some(in_force);
            } else {
                wait = AGAIN;
            }
        }
        self.timer = Some(ctx.run_later(wait, |actor, ctx| {
            actor.timer = None;
            actor.look(ctx);
        }));
    }
}

/// What is in force at a moment. No schedule = always open.
pub fn in_force_at(configure: &Configure, at: Timestamp) -> InForce {
    let Configure { campaign, schedule, zone } = configure;
    let openness = schedule.as_ref().map_or(Openness::ALWAYS, |schedule| schedule.openness(at));
    InForce { campaign: campaign.as_ref().clone(), openness, day: schedule::day(*zone, at) }
}

impl Actor for Campaign {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.look(ctx);
    }
}

impl Handler<Configure> for Campaign {
    type Result = ();

    fn handle(&mut self, configure: Configure, ctx: &mut Self::Context) {
        self.configure = configure;
        self.look(ctx);
    }
}
