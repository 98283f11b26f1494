//! Where frames go: the near end of a socket, or a recorder in a test.

use bytestring::ByteString;

use crate::wire::live::{Frame, Push, VERSION};

/// Bytes of frames that may wait for a client that reads slowly: a burst of a busy second, and little enough that five hundred
/// clients that never read cost no more than a few dozen megabytes (R11).
pub const SINK_BYTES: usize = 16 * 1024;

/// Takes frames, within its own bound.
pub trait Sink: Send + Sync {
    /// Takes a frame or refuses it because the far end reads too slowly. Must not block.
    fn push(&self, frame: ByteString) -> bool;
    /// Whether it would take a frame now.
    fn has_room(&self) -> bool;
    /// Whether the far end is still there.
    fn is_open(&self) -> bool;
    /// Ends the connection after what was pushed.
    fn close(&self);
}

/// Serialises a frame once for everybody who gets it.
pub fn frame(topic: &str, epoch: &str, pos: u64, push: Push) -> ByteString {
    let frame = Frame { v: VERSION, topic: topic.to_owned(), epoch: epoch.to_owned(), pos, push };
    // Frames wait in rings and gates: no spare capacity there.
    serde_json::to_string(&frame).map(String::into_boxed_str).map_or_else(
        |error| {
            tracing::error!(%error, "a frame has no JSON form");
            ByteString::new()
        },
        |text| ByteString::from(String::from(text)),
    )
}
