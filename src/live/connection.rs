//! What stands below a socket: its TCP connection, and how many of them one address may have.

use std::{
    net::{IpAddr, Shutdown, TcpStream},
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// A second handle to a connection, to end it although its client does not read.
///
/// A client that does not read stops its socket's actor from being polled, timers too; ending the TCP connection wakes it.
#[derive(Clone, Debug)]
pub struct Connection(Arc<TcpStream>);

impl Connection {
    /// A handle to this connection. None when the system has no file left to give.
    pub fn of(stream: &impl AsFd) -> Option<Self> {
        let handle: OwnedFd = stream.as_fd().try_clone_to_owned().ok()?;
        Some(Self(Arc::new(TcpStream::from(handle))))
    }

    /// Ends the connection in both directions.
    pub fn end(&self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// How many sockets one address may have open (security.md, 50).
#[derive(Clone, Debug)]
pub struct SocketLimit {
    limit: usize,
    open: Arc<Mutex<FxHashMap<IpAddr, usize>>>,
}

/// A socket's place; given back when dropped.
#[derive(Debug)]
pub struct Place {
    of: IpAddr,
    open: Arc<Mutex<FxHashMap<IpAddr, usize>>>,
}

impl SocketLimit {
    /// At most `limit` sockets per address.
    pub fn new(limit: usize) -> Self {
        Self { limit, open: Arc::default() }
    }

    /// A place for one more, unless the address has its share.
    pub fn take(&self, address: IpAddr) -> Option<Place> {
        let mut open = self.open.lock();
        let count = open.entry(address).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Place { of: address, open: Arc::clone(&self.open) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        if let Some(count) = open.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_share_and_gets_it_back() {
        let limit = SocketLimit::new(2);
        let (one, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = limit.take(one);
        assert!(first.is_some() && limit.take(one).is_some());
        let held = (limit.take(one), limit.take(one));
        assert!(held.0.is_some() && held.1.is_none());
        assert!(limit.take(other).is_some());
        drop((first, held));
        assert!(limit.open.lock().is_empty());
    }
}
