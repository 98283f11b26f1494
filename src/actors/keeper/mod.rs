//! Keeps the configuration in force.
//!
//! Owns: the directory and one [`Campaign`] actor per campaign. Capacity: [`QUEUE`] messages; the publisher stands still when
//! it is full. When the log says that configuration changed, or a write asks for it, reads it again, puts it in force and
//! tells the Router and the agents' sessions what is different. Persisted: nothing.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use actix::{Actor, Addr, AsyncContext, Context, Handler, WrapFuture, fut::ActorFutureExt};
use rustc_hash::FxHashMap;
use tokio::sync::oneshot;

use crate::{
    actors::{
        campaign::{Campaign, Configure},
        dashboard::{Configured, Dashboard},
        floor::{Floor, ForAgent, ToAgent},
        gate::{self, Gate, Gated},
        publisher::Published,
        router::{Inputs, Router},
    },
    auth::secret::Sealer,
    clock::Clock,
    directory::{Directory, Snapshot},
    domain::{campaign::Member, routing::Input},
    ids::{CampaignId, UserId},
    store::{Db, StoreError, config, write::About},
};

/// Messages that may wait.
pub const QUEUE: usize = 1024;
const AGAIN: Duration = Duration::from_millis(500);

/// Puts what is stored in force and answers.
pub struct Reload(pub oneshot::Sender<()>);

/// What a keeper needs.
pub struct Needs {
    /// Readers.
    pub db: Db,
    /// Opens secrets.
    pub sealer: Arc<Sealer>,
    /// Where the configuration goes.
    pub directory: Directory,
    /// Time.
    pub clock: Clock,
    /// Told what is different.
    pub router: Gate<Router>,
    /// Told what is different.
    pub floor: Gate<Floor>,
    /// Told what is different.
    pub dashboard: Gate<Dashboard>,
}

/// The actor.
pub struct Keeper {
    needs: Needs,
    /// What the Router and the sessions were told last.
    told: Arc<Snapshot>,
    campaigns: FxHashMap<CampaignId, Addr<Campaign>>,
    reading: bool,
    again: bool,
    waiting: Vec<oneshot::Sender<()>>,
    waiting_next: Vec<oneshot::Sender<()>>,
}

impl Keeper {
    /// A keeper of what the directory holds.
    pub fn new(needs: Needs) -> Self {
        Self {
            told: needs.directory.load(),
            needs,
            campaigns: FxHashMap::default(),
            reading: false,
            again: false,
            waiting: Vec::new(),
            waiting_next: Vec::new(),
        }
    }

    /// Reads the configuration; what changes meanwhile is read once more afterwards.
    fn reload(&mut self, ctx: &mut Context<Self>) {
        if self.reading {
            self.again = true;
            return;
        }
        self.reading = true;
        self.waiting.append(&mut self.waiting_next);
        let (db, sealer, now) = (self.needs.db.clone(), Arc::clone(&self.needs.sealer), self.needs.clock.now());
        let read = async move { config::load(&db, &sealer, now).await };
        ctx.spawn(read.into_actor(self).map(|result, actor, ctx| actor.loaded(result, ctx)));
    }

    fn loaded(&mut self, result: Result<Snapshot, StoreError>, ctx: &mut Context<Self>) {
        self.reading = false;
        match result {
            Ok(snapshot) => {
                self.needs.directory.replace(snapshot);
                let after = self.needs.directory.load();
                let before = std::mem::replace(&mut self.told, Arc::clone(&after));
                self.tell(&before, &after);
                for done in self.waiting.drain(..) {
                    let _ = done.send(());
                }
            }
            Err(error) => {
                tracing::error!(%error, "cannot read the configuration; trying again");
                ctx.run_later(AGAIN, Self::reload);
                return;
            }
        }
        if std::mem::take(&mut self.again) || !self.waiting_next.is_empty() {
            self.reload(ctx);
        }
    }

    fn tell(&mut self, before: &Snapshot, after: &Arc<Snapshot>) {
        self.tell_campaigns(after);
        let mut inputs = skill_changes(before, after);
        inputs.extend(member_changes(before, after));
        inputs.extend(before.campaigns.keys().filter(|id| !after.campaigns.contains_key(id)).map(|id| Input::CampaignGone(*id)));
        if !inputs.is_empty() && self.needs.router.send(Inputs(inputs)).is_err() {
            tracing::error!("the Router has no room for a change of configuration");
        }
        for agent in changed_users(before, after) {
            let _ = self.needs.floor.send(ForAgent { agent, message: ToAgent::Refresh });
        }
        let _ = self.needs.dashboard.send(Configured);
    }

    fn tell_campaigns(&mut self, after: &Arc<Snapshot>) {
        self.campaigns.retain(|id, _| after.campaigns.contains_key(id));
        for (id, campaign) in &after.campaigns {
            let schedule = campaign.schedule.and_then(|schedule| after.schedules.get(&schedule).cloned());
            let configure = Configure { campaign: Arc::clone(campaign), schedule, zone: after.zone_of(campaign.client) };
            match self.campaigns.get(id) {
                Some(addr) => gate::answer(addr, configure),
                None => {
                    let Needs { clock, router, dashboard, .. } = &self.needs;
                    let addr = Campaign::new(configure, clock.clone(), router.clone(), dashboard.clone()).start();
                    self.campaigns.insert(*id, addr);
                }
            }
        }
    }
}

/// Who is good at other things now, and what conversations weigh.
fn skill_changes(before: &Snapshot, after: &Snapshot) -> Vec<Input> {
    let known = |agent: &UserId| before.users.get(agent).map_or(&[][..], |user| &user.skills);
    let changed = after.users.values().filter(|user| user.skills != known(&user.id));
    let skills = changed.map(|user| Input::Skills { agent: user.id, skills: user.skills.clone() });
    let belongs = |agent: &UserId| before.users.get(agent).is_some_and(|user| user.voice);
    let voices = after.users.values().filter(|user| user.voice != belongs(&user.id));
    let voices = voices.map(|user| Input::Voice { agent: user.id, belongs: user.voice });
    skills.chain(voices).chain((before.loads != after.loads).then_some(Input::Loads(after.loads))).collect()
}

fn member_changes(before: &Snapshot, after: &Snapshot) -> Vec<Input> {
    let of = |snapshot: &Snapshot| snapshot.members.values().flatten().copied().collect::<BTreeSet<Member>>();
    let (old, new) = (of(before), of(after));
    let is_member = |agent: UserId, campaign: CampaignId| {
        after.memberships.get(&agent).is_some_and(|list| list.iter().any(|member| member.campaign == campaign))
    };
    let gone = old.difference(&new).filter(|member| !is_member(member.agent, member.campaign));
    let gone = gone.map(|member| Input::MemberGone { agent: member.agent, campaign: member.campaign });
    gone.chain(new.difference(&old).copied().map(Input::Member)).collect()
}

fn changed_users(before: &Snapshot, after: &Snapshot) -> Vec<UserId> {
    let ids: BTreeSet<UserId> = before.users.keys().chain(after.users.keys()).copied().collect();
    ids.into_iter().filter(|id| before.users.get(id) != after.users.get(id)).collect()
}

impl Actor for Keeper {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        let snapshot = self.needs.directory.load();
        self.tell_campaigns(&snapshot);
    }
}

impl Handler<Gated<Published>> for Keeper {
    type Result = ();

    fn handle(&mut self, Gated { message: Published(group), .. }: Gated<Published>, ctx: &mut Self::Context) {
        if group.iter().any(|append| matches!(append.about, About::Config(entity) if entity.is_in_directory())) {
            self.reload(ctx);
        }
    }
}

impl Handler<Gated<Reload>> for Keeper {
    type Result = ();

    fn handle(&mut self, Gated { message: Reload(done), .. }: Gated<Reload>, ctx: &mut Self::Context) {
        self.waiting_next.push(done);
        self.reload(ctx);
    }
}
