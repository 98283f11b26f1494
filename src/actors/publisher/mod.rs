//! Commit, then tell: passes on what was committed, in order, without a gap.
//!
//! Owns: its position in the log. Capacity: [`QUEUE`] groups from the journal; when full the hint is dropped and the publisher
//! reads what it missed from the log, as it does after an outcome that nobody knew. The Router and the floor of agents never
//! miss an entry: when one of them has no room the publisher stands still and catches up later. Viewers (boards, threads)
//! that have no room are told to start over instead. Persisted: nothing; it starts at the head that start-up has folded.

mod catch_up;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler};

use crate::{
    actors::{
        dashboard::Dashboard,
        floor::Floor,
        gate::{Gate, Gated},
        keeper::Keeper,
        outbox::Outboxes,
        router::Router,
        watch::Watch,
    },
    store::{Db, journal::Group, write::About},
};

/// Groups that may be on their way from the journal.
pub const QUEUE: usize = 1024;
/// Between attempts to go on when a listener had no room or the log could not be read.
const AGAIN: Duration = Duration::from_millis(50);
/// How often the log is looked at without a hint, should one be lost.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Some committed appends.
#[derive(Clone)]
pub struct Published(pub Group);

/// Who listens.
pub struct Listeners {
    /// Decides.
    pub router: Gate<Router>,
    /// Agents' sessions.
    pub floor: Gate<Floor>,
    /// Open threads.
    pub watch: Gate<Watch>,
    /// Boards.
    pub dashboard: Gate<Dashboard>,
    /// What must be sent.
    pub outboxes: Gate<Outboxes>,
    /// Configuration.
    pub keeper: Gate<Keeper>,
}

/// The actor.
pub struct Publisher {
    db: Db,
    pos: u64,
    listeners: Listeners,
    catching_up: bool,
    /// Hints that came while the log was being read, at most [`QUEUE`].
    early: VecDeque<Group>,
    /// The position at the last look.
    looked_at: Option<u64>,
}

impl Publisher {
    /// Carries on after `pos`.
    pub fn new(db: Db, pos: u64, listeners: Listeners) -> Self {
        Self { db, pos, listeners, catching_up: false, early: VecDeque::new(), looked_at: None }
    }

    /// Passes on a group that follows directly. False when somebody who must not miss it has no room: then all of it is passed
    /// on again later, which does no harm because listeners fold by `seq`.
    fn pass_on(&mut self, group: Group) -> bool {
        let Some(last) = group.last().map(|append| append.pos()) else { return true };
        let Listeners { router, floor, watch, dashboard, outboxes, keeper } = &self.listeners;
        let has_conversations = group.iter().any(|append| matches!(append.about, About::Conversation(_)));
        let has_configuration = group.iter().any(|append| matches!(append.about, About::Config(_)));
        let published = || Published(Arc::clone(&group));
        if router.send(published()).is_err()
            || floor.send(published()).is_err()
            || (has_conversations && outboxes.send(published()).is_err())
            || (has_configuration && keeper.send(published()).is_err())
        {
            return false;
        }
        let _ = watch.send(published());
        let _ = dashboard.send(published());
        self.pos = last;
        true
    }
}

impl Actor for Publisher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(LOOK_EVERY, |actor, ctx| actor.look(ctx));
    }
}

impl Handler<Gated<Published>> for Publisher {
    type Result = ();

    fn handle(&mut self, Gated { message: Published(group), .. }: Gated<Published>, ctx: &mut Self::Context) {
        #[cfg(test)]
        if crate::actors::testing::loses_hints() {
            return;
        }
        if self.catching_up {
            if self.early.len() == QUEUE {
                self.early.pop_front();
            }
            self.early.push_back(group);
            return;
        }
        let first = group.first().map_or(0, |append| append.first_pos());
        if first != self.pos + 1 || !self.pass_on(group) {
            self.catch_up(ctx);
        }
    }
}
