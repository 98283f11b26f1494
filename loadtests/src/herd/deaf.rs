//! Sockets that never read, filled until the kernel and the server hold all they will.

use std::{collections::HashSet, ops::Range, time::Duration};

use super::{
    Options,
    listening::{RECEIVE_BUFFER, Writer},
};
use crate::{Outcome, message::Composer, setup::AgentAccess, socket::Socket, time};

/// Connections that fill the deaf sockets.
const FILLERS: usize = 128;
/// Frames pushed to every deaf socket after the kernel takes no more: more than any gate holds.
const BEYOND: u32 = 100;
/// The server cuts a client off that was silent for long; the measurement must be over before.
const FILL_WITHIN: Duration = Duration::from_secs(30);

/// How far the deaf sockets were filled.
pub(super) struct Filled {
    /// Messages for each.
    pub(super) rounds: u32,
    /// Bytes that the kernel holds for all.
    pub(super) queued: usize,
    /// The kernel took no more, so gates filled too.
    pub(super) gates: bool,
}

/// Sockets that never read.
pub(super) struct Deaf {
    port: u16,
    sockets: Vec<Socket>,
}

impl Deaf {
    pub(super) async fn open(host: &str, agents: &[AgentAccess], options: &Options) -> Outcome<Self> {
        let port = host.rsplit(':').next().ok_or("no port")?.parse()?;
        let mut sockets = Vec::with_capacity(options.deaf);
        for agent in agents.iter().cycle().take(options.deaf) {
            let mut socket = Socket::open(host, &agent.token, Some(RECEIVE_BUFFER)).await?;
            socket.subscribe(None).await?;
            sockets.push(socket);
        }
        Ok(Self { port, sockets })
    }

    /// Writes to every contact in turn until the kernel takes no more of any socket, and some more.
    pub(super) async fn fill(&mut self, writers: &mut [Writer], next: &mut u32, contacts: Range<usize>) -> Outcome<Filled> {
        let (start, mut rounds, mut left) = (time::micros(), 0, BEYOND);
        let mut queued = 0;
        while left > 0 {
            to_each(writers, next, &contacts).await?;
            rounds += 1;
            let now = self.queued()?;
            if now > queued {
                queued = now;
            } else {
                left -= 1;
            }
            if time::since(start) > FILL_WITHIN {
                break;
            }
        }
        Ok(Filled { rounds, queued, gates: left == 0 })
    }

    /// Bytes that the kernel holds for these sockets on the server's side.
    fn queued(&self) -> Outcome<usize> {
        let ports: HashSet<u16> = self.sockets.iter().filter_map(Socket::local_port).collect();
        Ok(queued(&std::fs::read_to_string("/proc/net/tcp")?, self.port, &ports))
    }
}

pub(super) fn writers(host: &str, composer: &Composer) -> Vec<Writer> {
    (0..FILLERS).map(|_| Writer::new(host, composer)).collect()
}

/// A message to every contact, as fast as the writers can.
pub(super) async fn to_each(writers: &mut [Writer], next: &mut u32, contacts: &Range<usize>) -> Outcome<()> {
    let share = contacts.len().div_ceil(writers.len()).max(1);
    let mut work = Vec::with_capacity(writers.len());
    for (writer, first) in writers.iter_mut().zip(contacts.clone().step_by(share)) {
        writer.next = *next;
        let some = first..(first + share).min(contacts.end);
        *next += u32::try_from(some.len())?;
        work.push(async move {
            for contact in some {
                writer.write(u32::try_from(contact)?).await?;
            }
            Outcome::Ok(())
        });
    }
    futures_util::future::try_join_all(work).await?;
    Ok(())
}

/// The sum of the send queues from a port to some others, from a table as in `/proc/net/tcp`.
fn queued(table: &str, from: u16, to: &HashSet<u16>) -> usize {
    let port = |address: &str| u16::from_str_radix(address.split_once(':')?.1, 16).ok();
    let queue = |line: &str| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (local, remote) = (port(fields.next()?)?, port(fields.next()?)?);
        let queues = fields.nth(1)?;
        let queue = usize::from_str_radix(queues.split_once(':')?.0, 16).ok()?;
        (local == from && to.contains(&remote)).then_some(queue)
    };
    table.lines().skip(1).filter_map(queue).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_those_of_the_sockets_asked_for() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:4E20 0100007F:8000 01 00000010:00000000 00:00000000 00000000     0        0 1\n\
             1: 0100007F:4E20 0100007F:8001 01 00000100:00000000 00:00000000 00000000     0        0 1\n\
             2: 0100007F:8000 0100007F:4E20 01 00001000:00000000 00:00000000 00000000     0        0 1\n";
        assert_eq!(queued(table, 20_000, &HashSet::from([0x8000])), 16);
        assert_eq!(queued(table, 20_000, &HashSet::from([0x8000, 0x8001])), 272);
        assert_eq!(queued("", 20_000, &HashSet::new()), 0);
    }
}
