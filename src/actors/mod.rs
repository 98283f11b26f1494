//! Who owns what, and who talks to whom.
//!
//! ```text
//!  webhook, widget ──► Engine ──intake──► Shard ──► Conversation ──append──► journal ──commit──► sender answered
//!  console ───────────► Engine ──commands──▲            ▲                       │
//!                          │               │            │ Admit, Offer,         │ groups, in order
//!                          ├──transfer──► Router ───────┘ Withdraw, Release     ▼
//!                          │               ▲  ▲                             Publisher
//!                          │   presence ───┘  └──── what was committed ─────────┤
//!                          └──► Floor ──► AgentSession ◄── own conversations ───┤──► tabs (topic `me`)
//!                                                        Watch ◄────────────────┤──► open threads, visitors
//!                                                        Dashboard ◄────────────┤──► boards
//!                                                        Outboxes ◄─────────────┤──► providers
//!                                       Campaign ◄── Keeper ◄───────────────────┘    (configuration)
//! ```
//!
//! | actor | one per | owns | bound of its gate | when full |
//! |---|---|---|---|---|
//! | [`shard`] | arbiter | which conversation a message belongs to | `intake_capacity`, commands apart; a burst waits a moment ([`intake`]) | 429/503, `Retry-After` |
//! | [`conversation`] | open conversation that is not at rest | its state machine; the only writer of its events | 64: a burst of one customer | busy |
//! | [`router`] | routing domain | what waits, who could take it, reservations | 4,096 | publisher stands still |
//! | [`campaign`] | campaign | its configuration in force, whether it is open | written to by the keeper only | – |
//! | [`floor`] | routing domain | which agents have a session | 4,096 | publisher stands still |
//! | [`agent_session`] | agent at work | presence, pause, what to push; the only writer of agent facts | 2,048 | rebuilt, tabs start over |
//! | [`watch`] | routing domain | who looks at which thread; tells who waits how many go before | 4,096 | viewers get a fresh snapshot |
//! | [`dashboard`] | routing domain | the board's fold | 4,096 | reads everything again |
//! | [`outbox`] | channel account | pace, order and retries of what goes out | 1,024 | publisher stands still |
//! | [`mailbox`] | mail account that receives | its position on the server | one batch | the server keeps the rest |
//! | [`keeper`] | process | the configuration in force | 1,024 | publisher stands still |
//! | [`publisher`] | stream | its position in the log | 1,024 groups | reads the log instead |
//!
//! **Who arbitrates.** The Router reserves and sends an offer; the conversation steps and appends; what was committed reaches the Router
//! as confirmation and the agent's session as something to show. What is refused releases the reservation.
//! State never runs ahead of the commit: a conversation takes its next command when the append of the last is answered. An
//! append whose outcome nobody knows ends the actor; its [`shard`] rebuilds it from the store.
//!
//! **Deadlines** are part of the state they belong to; timers are only their shadow.
//!
//! All actors of a domain live on one arbiter, so what they tell each other costs no thread switch. No handler does I/O or
//! works longer than about 100 µs: reading is spawned and comes back as a message.

pub mod agent_session;
pub mod campaign;
pub mod conversation;
pub mod dashboard;
pub mod engine;
pub mod floor;
pub mod gate;
pub mod intake;
pub mod keeper;
pub mod lifecycle;
pub mod mail_tokens;
pub mod mailbox;
pub mod outbox;
pub mod publisher;
pub mod router;
pub mod shard;
pub mod sink;
pub mod start;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod watch;
