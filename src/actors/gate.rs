//! The one way to send between actors: bounded.
//!
//! An actix mailbox is not a bound: every clone of an address has a slot of its own and `do_send` ignores capacity. A
//! [`Gate`] counts what is on its way: each message carries a permit that is given back when it has been handled or
//! dropped. Refusal is backpressure: the caller answers 429 or 503, or drops a delta and sends a snapshot later; nothing
//! grows without a limit (R11).

use std::sync::Arc;

use actix::{Actor, Addr, Context, Handler, Message, Recipient, dev::ToEnvelope};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::telemetry;

/// A message with the permit that let it pass.
pub struct Gated<M> {
    /// What was sent.
    pub message: M,
    _permit: OwnedSemaphorePermit,
}

impl<M> Message for Gated<M> {
    type Result = ();
}

/// A bounded way to one actor. Clones share the bound.
pub struct Gate<A: Actor> {
    name: &'static str,
    addr: Addr<A>,
    capacity: usize,
    permits: Arc<Semaphore>,
}

impl<A: Actor> Clone for Gate<A> {
    fn clone(&self) -> Self {
        Self { name: self.name, addr: self.addr.clone(), capacity: self.capacity, permits: Arc::clone(&self.permits) }
    }
}

/// The gate was full or its actor gone; the message comes back.
#[derive(Debug)]
pub struct Refused<M>(pub M);

impl<A: Actor> Gate<A> {
    /// At most `capacity` messages (or whatever they weigh) on their way to `addr`; `name` labels refusals.
    pub fn new(name: &'static str, addr: Addr<A>, capacity: usize) -> Self {
        Self { name, addr, capacity, permits: Arc::new(Semaphore::new(capacity)) }
    }

    /// Sends now or refuses now.
    pub fn send<M>(&self, message: M) -> Result<(), Refused<M>>
    where
        M: Send + 'static,
        A: Handler<Gated<M>>,
        A::Context: ToEnvelope<A, Gated<M>>,
    {
        self.send_weighing(message, 1)
    }

    /// [`Gate::send`] for a gate whose capacity counts something else than messages; this one takes `weight` of it.
    #[allow(clippy::disallowed_methods, reason = "the permit is the bound")]
    pub fn send_weighing<M>(&self, message: M, weight: u32) -> Result<(), Refused<M>>
    where
        M: Send + 'static,
        A: Handler<Gated<M>>,
        A::Context: ToEnvelope<A, Gated<M>>,
    {
        if !self.addr.connected() {
            return Err(Refused(message));
        }
        match Arc::clone(&self.permits).try_acquire_many_owned(weight) {
            Ok(permit) => {
                self.addr.do_send(Gated { message, _permit: permit });
                Ok(())
            }
            Err(_) => {
                metrics::counter!(telemetry::GATE_REFUSALS, "gate" => self.name).increment(1);
                Err(Refused(message))
            }
        }
    }

    /// Whether the actor still lives.
    pub fn is_connected(&self) -> bool {
        self.addr.connected()
    }

    /// Around the bound.
    #[cfg(test)]
    pub(crate) const fn addr(&self) -> &Addr<A> {
        &self.addr
    }

    /// At least half of the bound is free.
    pub fn is_idle(&self) -> bool {
        self.permits.available_permits() * 2 > self.capacity
    }
}

/// Sends an answer that was asked for: at most one per question, so the questions are the bound.
#[allow(clippy::disallowed_methods, reason = "bounded by the questions asked")]
pub fn answer<A, M>(addr: &Addr<A>, message: M)
where
    M: Message + Send + 'static,
    M::Result: Send,
    A: Actor<Context = Context<A>> + Handler<M>,
{
    addr.do_send(message);
}

/// [`answer`] to whoever handles the message.
#[allow(clippy::disallowed_methods, reason = "bounded by the questions asked")]
pub fn answer_recipient<M>(to: &Recipient<M>, message: M)
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    to.do_send(message);
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Slow(tokio::sync::mpsc::UnboundedReceiver<()>);
    impl Actor for Slow {
        type Context = Context<Self>;
    }
    impl Handler<Gated<u32>> for Slow {
        type Result = actix::ResponseActFuture<Self, ()>;
        fn handle(&mut self, gated: Gated<u32>, _: &mut Self::Context) -> Self::Result {
            let _ = self.0.try_recv();
            Box::pin(actix::fut::wrap_future::<_, Self>(async move {
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                drop(gated);
            }))
        }
    }

    #[test]
    fn a_full_gate_refuses_and_opens_again_when_messages_are_handled() {
        let system = actix::System::with_tokio_rt(|| {
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
        });
        system.block_on(async {
            let (_keep, receiver) = tokio::sync::mpsc::unbounded_channel();
            let gate = Gate::new("test", Slow(receiver).start(), 2);
            assert!(gate.send(1).is_ok());
            assert!(gate.clone().send(2).is_ok());
            assert!(matches!(gate.send(3), Err(Refused(3))));
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            assert!(gate.send(4).is_ok());
            assert!(gate.send_weighing(5, 2).is_err(), "only one place is free");
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            assert!(gate.send_weighing(6, 2).is_ok() && gate.send(7).is_err());
        });
    }
}
