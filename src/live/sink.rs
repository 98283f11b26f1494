//! The near end of a socket: a bounded gate in front of its actor.

use actix::Addr;
use bytestring::ByteString;

use super::{connection::Connection, socket::Socket};
use crate::actors::{gate::Gate, sink::Sink};

/// Frames that may wait for a client that reads slowly. With frames of about a kilobyte a full gate holds what 64 kB hold, and
/// a burst of a busy second fits.
pub(super) const FRAMES: usize = 64;

/// A frame on its way out.
pub(super) struct Out(pub(super) ByteString);

/// Close after what was pushed.
pub(super) struct Close;

/// See [`Sink`].
pub(super) struct SocketSink {
    gate: Gate<Socket>,
    connection: Option<Connection>,
}

impl SocketSink {
    pub(super) fn new(addr: Addr<Socket>, connection: Option<Connection>) -> Self {
        Self { gate: Gate::new("socket", addr, FRAMES), connection }
    }
}

impl Sink for SocketSink {
    fn push(&self, frame: ByteString) -> bool {
        self.gate.send(Out(frame)).is_ok()
    }

    fn has_room(&self) -> bool {
        self.gate.is_idle()
    }

    fn is_open(&self) -> bool {
        self.gate.is_connected()
    }

    /// A client that reads gets what was pushed, then a close frame; one that does not is cut off.
    fn close(&self) {
        if self.gate.send(Close).is_err()
            && let Some(connection) = &self.connection
        {
            connection.end();
        }
    }
}
