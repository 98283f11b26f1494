//! The near end of a socket: a bounded gate in front of its actor.

use actix::Addr;
use bytestring::ByteString;

use super::{connection::Connection, socket::Socket};
use crate::actors::{
    gate::Gate,
    sink::{SINK_BYTES, Sink},
};

/// What the largest frame weighs: a snapshot may be larger than the gate, and still has to pass, with its notice before it.
const LARGEST: usize = SINK_BYTES / 4;

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
        Self { gate: Gate::new("socket", addr, SINK_BYTES), connection }
    }
}

impl Sink for SocketSink {
    fn push(&self, frame: ByteString) -> bool {
        let weight = u32::try_from(frame.len().clamp(1, LARGEST)).unwrap_or(u32::MAX);
        self.gate.send_weighing(Out(frame), weight).is_ok()
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
