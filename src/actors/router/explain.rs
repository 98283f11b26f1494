//! Answers who asks why: some members at a time, so that a campaign of thousands holds up nobody.

use actix::{AsyncContext, Context, Handler};

use super::{Explain, Router, SHORTEST};
use crate::{
    actors::gate::Gated,
    domain::routing::{Gathering, Gathers, SLICE},
};

/// A question that is being answered. Its permit bounds how many there are.
pub(super) struct Explaining {
    asked: Gated<Explain>,
    gathering: Gathering,
}

impl Handler<Gated<Explain>> for Router {
    type Result = ();

    fn handle(&mut self, asked: Gated<Explain>, ctx: &mut Context<Self>) {
        let Some(gathering) = self.routing.explain(asked.message.conversation) else {
            let _ = asked.message.reply.send(None);
            return;
        };
        self.explaining.push_back(Explaining { asked, gathering });
        if self.explaining.len() == 1 {
            self.explain_on(ctx);
        }
    }
}

impl Router {
    /// Looks at some members for the first who asked; the others wait for their turn, and what the Router is for goes first.
    fn explain_on(&mut self, ctx: &mut Context<Self>) {
        let Some(Explaining { asked, gathering }) = self.explaining.pop_front() else { return };
        match self.routing.gather(gathering, SLICE) {
            Gathers::More(_) if asked.message.reply.is_closed() => {}
            Gathers::More(gathering) => self.explaining.push_back(Explaining { asked, gathering }),
            Gathers::Done(mut gathered) => {
                if let Some(gathered) = &mut gathered {
                    // Nothing it knows has changed since it was told of it.
                    gathered.is_of(self.clock.now());
                }
                let _ = asked.message.reply.send(gathered);
            }
        }
        if !self.explaining.is_empty() {
            ctx.run_later(SHORTEST, Self::explain_on);
        }
    }
}
