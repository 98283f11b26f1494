//! What people decide instead of the Router: supervisors move what waits, agents write first. Checked, reserved and flagged here, committed
//! by the conversation.

use actix::{Context, Handler};

use super::{Router, Start, Steer};
use crate::{
    actors::{
        conversation::{Reply, Request},
        engine::{CommandError, SteerTo},
        gate::{Gated, Refused},
        shard::ToConversation,
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
                    let offer = Offer { id: offer, agent, deadline: Some(now) };
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

/// Nobody is chosen and nothing is refused: the Router only says whether it is more than there is room for.
impl Handler<Gated<Start>> for Router {
    type Result = ();

    fn handle(&mut self, Gated { message, .. }: Gated<Start>, _: &mut Context<Self>) {
        let Start { mut outgoing, by, keep, reply } = message;
        let agent = outgoing.initiative.agent;
        outgoing.initiative.over_capacity = self.routing.is_beyond_room(agent, outgoing.campaign, outgoing.kind);
        let request = Request::Start { outgoing, by, keep, reply };
        if let Err(Refused(ToConversation { request, .. })) = self.shard.send(ToConversation { id: None, request }) {
            request.answer_busy();
        }
    }
}
