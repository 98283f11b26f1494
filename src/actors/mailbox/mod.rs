//! Mail that comes in, account by account.
//!
//! ```text
//!  IMAP server ──batch──► Mailbox ──► Reader: read (off the arbiter) ──► judge ──► Engine::receive ──commit──┐
//!                            ▲                                             └──► aside, report                │
//!                            └── \Seen or moved ◄── position, files (one transaction, fenced) ◄──────────────┘
//! ```
//!
//! [`Mailboxes`] owns: one [`Mailbox`] for every account that receives. Capacity: it is written to by its children's deaths only. Once
//! a second it looks whether the configuration changed; an account that did, or whose mailbox died, gets a new one. Persisted: nothing
//! of its own.
//!
//! They run on a thread of their own: what a server sends is decrypted and taken apart there, and keeps no agent waiting.

mod account;
mod batch;
mod confirm;
mod identity;
mod judge;
mod lease;
mod reader;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message};
use object_store::ObjectStore;
use rustc_hash::FxHashMap;

pub use self::{
    account::Mailbox,
    reader::{Outcome, Reader, Reading, Settled},
};
use crate::{
    actors::{engine::Engine, gate, lifecycle::DeathNotice},
    channels::email::{
        post::{imap::Pace, net::Network},
        settings::MailAccount,
    },
    clock::Timestamp,
    directory::Snapshot,
    ids::{ChannelId, IncarnationId},
};

/// Between looks at the configuration, and before a mailbox that died is started again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What every mailbox shares.
pub struct Shared {
    /// The front door.
    pub engine: Engine,
    /// Reads mails.
    pub reader: Reader,
    /// How servers are reached.
    pub network: Network,
    /// This node.
    pub node: String,
    /// How much at once, and how often.
    pub pace: Pace,
}

impl Shared {
    /// With the pace of a running server.
    pub fn new(engine: Engine, files: Arc<dyn ObjectStore>, network: Network, node: String) -> Self {
        let reader = Reader { engine: engine.clone(), files };
        Self { engine, reader, network, node, pace: pace() }
    }
}

/// Listening is renewed often, because routers on the way forget silent connections and nobody tells either end.
fn pace() -> Pace {
    Pace { mails: 500, keep_alive: Duration::from_secs(4 * 60), poll: Duration::from_secs(30), ..Pace::default() }
}

/// The parent.
pub struct Mailboxes {
    shared: Arc<Shared>,
    children: FxHashMap<ChannelId, Child>,
    generation: u64,
    /// The configuration that was looked at last.
    known: Option<Arc<Snapshot>>,
}

struct Child {
    addr: Addr<Mailbox>,
    /// Tells the death of this actor from that of an earlier one.
    generation: u64,
    /// Of the account it works for.
    version: Timestamp,
}

/// A mailbox ended.
#[derive(Message)]
#[rtype(result = "()")]
struct Died {
    account: ChannelId,
    generation: u64,
}

impl Mailboxes {
    /// None yet.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared, children: FxHashMap::default(), generation: 0, known: None }
    }

    fn look(&mut self, ctx: &Context<Self>) {
        let directory = self.shared.engine.directory.load();
        if self.known.as_ref().is_some_and(|known| Arc::ptr_eq(known, &directory)) {
            return;
        }
        let receives = |account: &&Arc<MailAccount>| {
            account.receives() && directory.clients.get(&account.client).is_some_and(|client| client.enabled)
        };
        let wanted: FxHashMap<ChannelId, &Arc<MailAccount>> =
            directory.mail_accounts.values().filter(receives).map(|account| (account.id, account)).collect();
        // One that is stopped is started again, if it is wanted, when it has ended.
        for (id, child) in &self.children {
            if wanted.get(id).is_none_or(|account| account.updated_at != child.version) {
                gate::answer(&child.addr, account::Stop);
            }
        }
        for (id, account) in wanted {
            if !self.children.contains_key(&id) {
                self.generation += 1;
                let (parent, generation) = (ctx.address(), self.generation);
                let notice = DeathNotice::new("mailbox", move || gate::answer(&parent, Died { account: id, generation }));
                let incarnation = self.shared.engine.ids.next::<IncarnationId>().to_string();
                let mailbox = Mailbox::new(Arc::clone(account), Arc::clone(&self.shared), incarnation, notice);
                self.children.insert(id, Child { addr: mailbox.start(), generation, version: account.updated_at });
            }
        }
        self.known = Some(directory);
    }
}

impl Actor for Mailboxes {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.look(ctx);
        ctx.run_interval(LOOK_EVERY, |actor, ctx| actor.look(ctx));
    }
}

impl Handler<Died> for Mailboxes {
    type Result = ();

    fn handle(&mut self, Died { account, generation }: Died, _: &mut Self::Context) {
        if self.children.get(&account).is_some_and(|child| child.generation == generation) {
            self.children.remove(&account);
            // Looked at again at the next turn.
            self.known = None;
        }
    }
}
