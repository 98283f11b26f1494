//! Supervisors move what waits: checked and reserved here, committed by the conversation.

use actix::{Context, Handler};

use super::{Router, Steer};
use crate::{
    actors::{
        conversation::{Reply, Request},
        engine::{CommandError, SteerTo},
        gate::Gated,
    },
    domain::{
        conversation::{Assignment, Command, Offer},
        refusal::Refusal,
        routing::Assigning,
    },
    ids::{ConversationId, OfferId},
};

impl Router {
    fn steer(&mut self, conversation: ConversationId, to: SteerTo, offer: OfferId) -> Result<Command, Refusal> {
        let now = self.clock.now();
        match to {
            SteerTo::Agent(agent) => Ok(match self.routing.reserve_assignment(conversation, agent, offer, now)? {
                Assigning::Reserved(offer, assignment) => Command::Assign { offer, assignment },
                Assigning::Offered(offer) => Command::Accept { offer, agent },
                Assigning::Theirs => {
                    let offer = Offer { id: offer, agent, deadline: now };
                    Command::Assign { offer, assignment: Assignment { over_capacity: false } }
                }
            }),
            SteerTo::Campaign(campaign) => {
                self.routing.reserve_move(conversation, campaign, offer)?;
                Ok(Command::Move { ticket: offer, campaign })
            }
        }
    }
}

impl Handler<Gated<Steer>> for Router {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<Steer>, ctx: &mut Context<Self>) {
        let Steer { conversation, to, by, keep, reply } = message;
        if !self.undelivered.is_empty() {
            // It would overtake what is decided about the same conversation.
            let _ = reply.send(Err(CommandError::Busy));
            return;
        }
        let offer = self.ids.next();
        match self.steer(conversation, to, offer) {
            Ok(command) => {
                let request = Request::Command { command, by, keep, reply: Reply::Asker(reply) };
                self.ask(conversation, request, offer, ctx);
            }
            Err(refusal) => {
                let _ = reply.send(Err(refusal.into()));
            }
        }
    }
}
