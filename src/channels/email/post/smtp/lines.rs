//! What stands between an SMTP server and the library: bounded lines in a spelling that the library reads. The greeting was read before,
//! so it is said once more; and what the server offers is kept, because the library keeps only a part of it.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use lettre::transport::smtp::client::AsyncTokioStream;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::super::{
    failure::{Code, Failure},
    wire::{Wire, as_io},
};

/// A capability list has perhaps thirty.
pub(super) const MOST_LINES: usize = 200;

/// What was heard while somebody holds on to it.
pub(super) type Heard = Arc<Mutex<Vec<Bytes>>>;

pub(super) struct Lines {
    wire: Wire,
    line: Bytes,
    /// Lines of the reply that is being read.
    read: usize,
    heard: Weak<Mutex<Vec<Bytes>>>,
}

impl Lines {
    /// For a server that has greeted already.
    pub(super) fn greeted(wire: Wire, heard: &Heard) -> Self {
        Self { wire, line: Bytes::from_static(b"220 \r\n"), read: 0, heard: Arc::downgrade(heard) }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let line = ready!(self.wire.poll_line(cx))?;
        self.read = if line.get(3) == Some(&b'-') { self.read + 1 } else { 0 };
        if self.read > MOST_LINES {
            return Poll::Ready(Err(Code::TooMuch.into()));
        }
        if let Some(heard) = self.heard.upgrade() {
            heard.lock().push(line.clone());
        }
        // The library wants UTF-8, and a space behind a code without words.
        let mut text = String::from_utf8_lossy(&line).into_owned();
        if text.len() == 3 {
            text.push(' ');
        }
        // And the words short.
        while text.len() > LONGEST {
            text.pop();
        }
        self.line = Bytes::from(text + "\r\n");
        Poll::Ready(Ok(()))
    }
}

/// The library ends a connection at a longer line.
const LONGEST: usize = 990;

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}

impl AsyncTokioStream for Lines {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.wire.peer()
    }
}

impl AsyncRead for Lines {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.line.is_empty() {
            ready!(this.poll_next(cx)).map_err(as_io)?;
        }
        let some = this.line.split_to(out.remaining().min(this.line.len()));
        out.put_slice(&some);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lines {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().wire.poll_say(bytes, cx)
    }

    /// What was said is sent when an answer to it is read, which the library does after everything it says: a mail and its end leave
    /// together.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().wire.poll_end(cx)
    }
}
