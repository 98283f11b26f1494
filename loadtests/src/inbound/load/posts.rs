//! Messages on their way in, and what the server answers.

use std::{io::Write, net::TcpStream};

use super::{Flight, Load, REPEATS, Record, Source, window::Pace};
use crate::{
    Outcome, http,
    message::{Inbound, Mark},
    poller::{Found, read_some},
    time,
};

impl Load {
    pub(super) fn poster(&self, index: usize) -> Outcome<TcpStream> {
        let stream = TcpStream::connect(&self.host)?;
        stream.set_nodelay(true)?;
        self.poller.watch(&stream, u64::try_from(index)?)?;
        Ok(stream)
    }

    /// Posts what is due; returns when the next one is.
    pub(super) fn send_due(&mut self, mut pace: Option<&mut Pace>) -> Outcome<u64> {
        loop {
            let now = time::micros();
            while self.resting.front().is_some_and(|(until, _)| *until <= now) {
                self.idle.extend(self.resting.pop_front().map(|(_, index)| index));
            }
            let due = pace.as_ref().map_or(now, |pace| pace.next());
            if due > now {
                return Ok(due);
            }
            let rested = self.resting.front().map_or(u64::MAX, |(until, _)| *until);
            let Some(index) = self.idle.pop_front() else { return Ok(rested) };
            let Some(flight) = self.choose(due) else {
                self.idle.push_front(index);
                return Ok(rested);
            };
            if let Some(pace) = &mut pace {
                pace.sent += 1;
            }
            if let Some(window) = self.window.as_mut().filter(|window| window.holds(due)) {
                window.late.record(now - due);
            }
            self.post(index, flight)?;
        }
    }

    fn choose(&mut self, scheduled: u64) -> Option<Flight> {
        let contact = match &mut self.source {
            Source::Opening { contacts, again } => {
                if let Some(number) = again.pop() {
                    return Some(Flight { number, scheduled, sent: 0, repeat: false });
                }
                let next = u32::try_from(self.records.len()).ok()?;
                if next >= *contacts {
                    return None;
                }
                next
            }
            Source::Traffic { contacts } => {
                if self.random.percent(REPEATS)
                    && let Some(number) = self.random.pick(&self.acked_numbers)
                {
                    return Some(Flight { number: *number, scheduled, sent: 0, repeat: true });
                }
                u32::try_from(self.random.below(usize::try_from(*contacts).ok()?)).ok()?
            }
        };
        let number = u32::try_from(self.records.len()).ok()?;
        self.records.push(Record { scheduled, contact, seen_on: 0, acked: false });
        Some(Flight { number, scheduled, sent: 0, repeat: false })
    }

    fn post(&mut self, index: usize, flight: Flight) -> Outcome<()> {
        let Some(record) = self.record(flight.number).copied() else { return Err("a message without a record".into()) };
        let Record { scheduled, contact, .. } = record;
        self.out.clear();
        self.composer.request(&Inbound { number: flight.number, contact, scheduled }, &mut self.out);
        let Some(poster) = self.posters.get_mut(index) else { return Err("a connection that does not exist".into()) };
        poster.flight = Some(Flight { sent: time::micros(), ..flight });
        if poster.stream.write_all(&self.out).is_err() {
            self.reconnect(index)?;
        }
        Ok(())
    }

    /// The outcome of what was under way is unknown: not acknowledged, perhaps stored.
    fn reconnect(&mut self, index: usize) -> Outcome<()> {
        let stream = self.poster(index)?;
        if let Some(poster) = self.posters.get_mut(index) {
            poster.stream = stream;
            poster.received.clear();
            if let Some(flight) = poster.flight.take() {
                self.findings.add(format!("the server closed a connection with message {} under way", flight.number));
                if let Source::Opening { again, .. } = &mut self.source {
                    again.push(flight.number);
                }
                self.idle.push_back(index);
            }
        }
        Ok(())
    }

    pub(super) fn read_answers(&mut self, index: usize) -> Outcome<()> {
        let Some(poster) = self.posters.get_mut(index) else { return Ok(()) };
        match read_some(&poster.stream, &mut poster.received) {
            Found::Nothing => return Ok(()),
            Found::End => return self.reconnect(index),
            Found::Bytes => {}
        }
        let Some(response) = http::parse(&poster.received)? else { return Ok(()) };
        let body = poster.received.get(response.body.clone()).unwrap_or_default();
        let repeated = memchr::memmem::find(body, b"repeated").is_some();
        let complaint = (!matches!(response.status, 200 | 429 | 503)).then(|| String::from_utf8_lossy(body).into_owned());
        poster.received.drain(..response.body.end);
        let flight = poster.flight.take();
        if response.closes {
            self.reconnect(index)?;
        }
        if let Some(flight) = flight {
            self.answered(index, flight, response.status, repeated, complaint)?;
        }
        Ok(())
    }

    pub(super) fn answered(
        &mut self,
        index: usize,
        flight: Flight,
        status: u16,
        repeated: bool,
        complaint: Option<String>,
    ) -> Outcome<()> {
        let now = time::micros();
        if let Some(complaint) = complaint {
            self.findings.add(format!("message {}: {status} {complaint}", flight.number));
        }
        if status == 200 {
            self.idle.push_back(index);
            self.answered += 1;
            if let Some(window) = &mut self.window {
                if window.holds(flight.scheduled) {
                    window.ack.record(now - flight.scheduled);
                    window.sent_to_ack.record(now - flight.sent);
                }
                window.acked += u32::from(window.holds(now));
            }
            if flight.repeat {
                self.taken_twice += u64::from(!repeated);
            } else {
                self.acked(flight.number)?;
            }
            return Ok(());
        }
        if let Some(window) = self.window.as_mut().filter(|window| window.holds(now)) {
            window.refused += 1;
        }
        if let Source::Opening { again, .. } = &mut self.source {
            again.push(flight.number);
        }
        self.resting.push_back((now + self.rest, index));
        Ok(())
    }

    pub(super) fn acked(&mut self, number: u32) -> Outcome<()> {
        let Some(record) = self.record(number) else { return Err("an acknowledgement of nothing".into()) };
        if !record.acked {
            record.acked = true;
            let unseen = record.seen_on == 0;
            self.missing += u64::from(unseen);
            self.acked_numbers.push(number);
            self.ledger.acked(Mark::Inbound(number))?;
        }
        Ok(())
    }
}
