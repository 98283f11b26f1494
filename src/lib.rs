//! Centralita: a contact center in one binary.
//!
//! # The map
//! | room | what is there |
//! |---|---|
//! | [`domain`] | the rules, pure: conversation and agent as state machines, who gets what ([`domain::routing`]), permission |
//! | [`actors`] | who owns which state and who talks to whom; [`actors::engine`] is their front door |
//! | [`store`] | the truth: the [`store::journal`] is the only writer; one file of queries per aggregate |
//! | [`channels`] | what comes in and goes out by each channel, verified and parsed at the edge |
//! | [`http`] | routes that mirror the URLs: staff, administration, webhooks, widget |
//! | [`live`] | WebSockets: topics, permissions, slow readers |
//! | [`replay`] | a recorded day, read for the simulation to live again |
//! | [`simulation`] | days that did not happen, lived through in virtual time by the real rules |
//! | [`wire`] | every type that crosses to a browser or a program |
//! | [`auth`] | passwords, sessions, tokens, secrets at rest |
//! | [`directory`] | the configuration in force, in memory |
//! | [`backup`] | everything in one file, and back, into either database |
//! | [`doctor`] | what may be wrong with an installation, and how to mend it |
//! | [`commands`] | what the binary can be told to do |
//! | [`demo`] | what `centralita demo` shows: scripts, and a simulator that plays them through the real doors |
//!
//! Dependencies point one way: `http`, `live`, `channels` → `actors` → `store`, `domain`; `domain` knows nobody.
//!
//! # Three ideas that carry everything
//! 1. **Pure core, actor shell.** `step(state, command, now) → events | refusal`; actors serialise access and talk to the world.
//! 2. **Commit, then tell.** Nothing is acknowledged, pushed or acted on before its events are committed.
//! 3. **Everything live is a fold of the log**: the Router's memory, a board, an inbox. Recovery is the same fold.
//!
//! # Questions a newcomer asks
//! **Where is a message made durable?** In [`store::journal`]: the conversation's events, the message's text and the inbox row that
//! makes it unique go in one transaction with whatever else was waiting (one fsync), and only then is the sender answered.
//! [`actors::engine::Engine::receive`] returns `Ok` after that commit, never before.
//!
//! **Who decides an assignment?** [`domain::routing`] decides, in the [`actors::router`]; the [`actors::conversation`] has the last
//! word, because only it appends to itself: an accept, a timeout, a close and a transfer race there and the first committed
//! wins.
//!
//! **What happens when an agent's browser dies?** Its socket ends, [`actors::agent_session`] tells the Router: no new offers, open ones
//! are withdrawn. If no tab comes back within the grace, conversations with an unanswered customer go back to the front of
//! their queue with their original arrival; a tab that does come back names the last position it has and gets what it missed.
//!
//! **What happens when the process dies?** Nothing acknowledged is lost: [`actors::start`] folds the open conversations, the
//! agents' states and the configuration back into memory; deadlines that fell due meanwhile fire; browsers reconnect by
//! themselves.
//!
//! **What happens when a mailbox is full?** Every way between actors is an [`actors::gate::Gate`] with a bound. Intake answers 429 or 503
//! with `Retry-After`; the publisher stands still and catches up from the log; a viewer loses deltas and gets a fresh
//! snapshot; a client that never reads is cut off.
//!
//! **What would a second node need?** The lease and the fencing token are there (`store::leases`): whoever owns the stream appends, a
//! stale owner's appends are refused by the store. Missing are a bus for hints between nodes (the publisher already lives
//! without hints: it looks at the log), commands to an owner elsewhere, and presence with an expiry.

pub mod actors;
pub mod auth;
pub mod backup;
pub mod channels;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod directory;
pub mod doctor;
pub mod domain;
pub mod error;
pub mod http;
pub mod ids;
pub mod live;
pub mod replay;
pub mod simulation;
pub mod store;
pub mod telemetry;
pub mod wire;
