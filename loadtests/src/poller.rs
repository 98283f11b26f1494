//! One thread that waits for many sockets and for the next due moment, to the microsecond.

use std::{os::fd::AsFd, time::Duration};

use rustix::{
    event::{Timespec, epoll},
    io::Errno,
    net::{RecvFlags, recv},
};

use crate::Outcome;

/// Waits for sockets.
pub(crate) struct Poller {
    epoll: rustix::fd::OwnedFd,
    ready: Vec<epoll::Event>,
}

impl Poller {
    /// Watches nothing yet.
    pub(crate) fn new() -> Outcome<Self> {
        Ok(Self { epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?, ready: Vec::with_capacity(512) })
    }

    /// Watches a socket; `key` names it. Closing the socket ends that.
    pub(crate) fn watch(&self, socket: impl AsFd, key: u64) -> Outcome<()> {
        Ok(epoll::add(&self.epoll, socket, epoll::EventData::new_u64(key), epoll::EventFlags::IN)?)
    }

    /// Waits at most this long; appends the keys of sockets that can be read.
    pub(crate) fn wait(&mut self, timeout: Duration, keys: &mut Vec<u64>) -> Outcome<()> {
        let timeout = Timespec { tv_sec: i64::try_from(timeout.as_secs())?, tv_nsec: timeout.subsec_nanos().into() };
        self.ready.clear();
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.ready), Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        keys.extend(self.ready.iter().map(|event| { event.data }.u64()));
        Ok(())
    }
}

/// What a read without waiting found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Bytes, appended.
    Bytes,
    /// Nothing now.
    Nothing,
    /// The other side is gone.
    End,
}

/// Appends what there is, up to 32 KiB, without waiting.
pub(crate) fn read_some(socket: impl AsFd, into: &mut Vec<u8>) -> Found {
    into.reserve(32 * 1024);
    match recv(socket, rustix::buffer::spare_capacity(into), RecvFlags::DONTWAIT) {
        Ok((_, 0)) => Found::End,
        Ok(_) => Found::Bytes,
        Err(Errno::AGAIN | Errno::INTR) => Found::Nothing,
        Err(_) => Found::End,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::time;

    #[test]
    fn a_poller_wakes_for_bytes_and_for_the_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        let mut poller = Poller::new().unwrap();
        poller.watch(&server, 7).unwrap();
        let (mut keys, mut bytes) = (Vec::new(), Vec::new());

        let start = time::micros();
        poller.wait(Duration::from_micros(300), &mut keys).unwrap();
        assert!(keys.is_empty() && time::since(start) >= Duration::from_micros(300));
        assert_eq!(read_some(&server, &mut bytes), Found::Nothing);

        client.write_all(b"hola").unwrap();
        poller.wait(Duration::from_secs(5), &mut keys).unwrap();
        assert_eq!((keys.as_slice(), read_some(&server, &mut bytes)), (&[7][..], Found::Bytes));
        assert_eq!(bytes, b"hola");
        drop(client);
        assert_eq!(read_some(&server, &mut bytes), Found::End);
    }
}
