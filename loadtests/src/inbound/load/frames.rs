//! What the agents' sockets show.

use std::io::Write;

use centralita::wire::{
    conversation::{Standing, Summary},
    live::{Frame, Push},
};

use super::{Load, Record};
use crate::{
    Outcome,
    message::inbound_marks,
    poller::{Found, read_some},
    socket, time,
};

impl Load {
    pub(super) fn read_frames(&mut self, index: usize) -> Outcome<()> {
        let Some(agent) = self.agents.get_mut(index) else { return Ok(()) };
        match read_some(&agent.stream, &mut agent.received) {
            Found::Nothing => return Ok(()),
            Found::End => return Err(format!("the server closed the socket of agent {index}").into()),
            Found::Bytes => {}
        }
        let now = time::micros();
        let received = std::mem::take(&mut agent.received);
        let mut rest = received.as_slice();
        while let Some(frame) = socket::parse(rest) {
            let payload = rest.get(frame.payload.clone()).unwrap_or_default();
            match frame.opcode {
                socket::TEXT => self.read_text(index, payload, now)?,
                socket::PING => self.write_agent(index, &socket::encode(socket::PONG, payload))?,
                socket::CLOSE => return Err(format!("the server closed the socket of agent {index}").into()),
                _ => {}
            }
            rest = rest.get(frame.payload.end..).unwrap_or_default();
        }
        let taken = received.len() - rest.len();
        if let Some(agent) = self.agents.get_mut(index) {
            agent.received = received;
            agent.received.drain(..taken);
        }
        Ok(())
    }

    fn write_agent(&mut self, index: usize, bytes: &[u8]) -> Outcome<()> {
        self.agents.get_mut(index).map_or(Ok(()), |agent| Ok(agent.stream.write_all(bytes)?))
    }

    fn read_text(&mut self, index: usize, payload: &[u8], now: u64) -> Outcome<()> {
        if memchr::memmem::find(payload, b"\"kind\":\"resync\"").is_some()
            && let Some(agent) = self.agents.get_mut(index)
        {
            agent.resyncs += 1;
        }
        let socket = u16::try_from(index + 1)?;
        for number in inbound_marks(payload) {
            let Some(record) = self.record(number) else { continue };
            let (first, acked, scheduled) = (record.seen_on == 0, record.acked, record.scheduled);
            let contact = usize::try_from(record.contact)?;
            if first {
                record.seen_on = socket;
                self.missing -= u64::from(acked);
                if let Some(home) = self.homes.get_mut(contact) {
                    *home = socket;
                }
                if let Some(window) = &mut self.window {
                    if window.holds(scheduled) {
                        window.e2e.record(now - scheduled);
                    }
                    window.delivered += u32::from(window.holds(now));
                }
            } else if record.seen_on == socket {
                self.pushed_twice += 1;
            }
        }
        if let Some(with_agents) = &mut self.with_agents {
            let frame: Frame = serde_json::from_slice(payload)
                .map_err(|error| format!("a frame that cannot be read: {error} in {}", String::from_utf8_lossy(payload)))?;
            match frame.push {
                Push::Conversation(delta) if matches!(delta.conversation.standing, Standing::Active { .. }) => {
                    with_agents.insert(delta.conversation.id);
                    settle(&mut self.homes, &delta.conversation, socket);
                }
                Push::Me(me) => {
                    with_agents.extend(me.conversations.iter().map(|summary| summary.id));
                    me.conversations.iter().for_each(|summary| settle(&mut self.homes, summary, socket));
                }
                Push::Denied(denied) => return Err(format!("an agent's subscription was denied: {denied:?}").into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Acknowledged messages that no socket saw: lost, unless the server said on the socket of their conversation that it
    /// dropped deltas and sent a snapshot; those are counted apart.
    pub(in crate::inbound) fn unseen(&self) -> (u64, u64) {
        let resynced = |record: &Record| {
            let home = self.homes.get(usize::try_from(record.contact).unwrap_or(usize::MAX)).copied().unwrap_or_default();
            let agent = usize::from(home).checked_sub(1).and_then(|index| self.agents.get(index));
            agent.is_some_and(|agent| agent.resyncs > 0)
        };
        let unseen = self.records.iter().filter(|record| record.acked && record.seen_on == 0);
        unseen.fold((0, 0), |(lost, covered), record| if resynced(record) { (lost, covered + 1) } else { (lost + 1, covered) })
    }
}

/// Notes on which socket a customer's conversation lives; their number stands in their name.
fn settle(homes: &mut [u16], summary: &Summary, socket: u16) {
    let number = summary.contact_name.rsplit(' ').next().and_then(|number| number.parse::<usize>().ok());
    if let Some(home) = number.and_then(|number| homes.get_mut(number)) {
        *home = socket;
    }
}
