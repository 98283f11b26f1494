//! Answers who asks why. A look at every member of one campaign: some microseconds, a millisecond for ten thousand of them.

use actix::{Context, Handler};

use super::{Explain, Router};
use crate::actors::gate::Gated;

impl Handler<Gated<Explain>> for Router {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<Explain>, _: &mut Context<Self>) {
        let Explain { conversation, limit, only, reply } = message;
        let mut explanation = self.routing.explain(conversation, limit, only);
        if let Some(explanation) = &mut explanation {
            // Nothing it knows has changed since it was told of it.
            explanation.at = self.clock.now();
        }
        let _ = reply.send(explanation);
    }
}
