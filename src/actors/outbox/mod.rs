//! placeholder
use crate::actors::{gate::Gated, publisher::Published};
use actix::{Actor, Context, Handler};
/// x
pub struct Outboxes;
impl Actor for Outboxes {
    type Context = Context<Self>;
}
impl Handler<Gated<Published>> for Outboxes {
    type Result = ();
    fn handle(&mut self, _: Gated<Published>, _: &mut Self::Context) {}
}
/// x
pub const QUEUE: usize = 1024;
