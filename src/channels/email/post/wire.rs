//! One connection to a mail server, plain or TLS, read by lines with hard limits (security.md, 22). The protocols' libraries are not given
//! the naked connection: what they read is counted, and what a server said that nobody asked for is not theirs to keep.
//! It does not log: what goes through it are passwords and other people's mail.

use std::{
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::failure::{Code, Failure};

/// The longest line that is read. The longest honest ones are lists of flags and capabilities.
const LONGEST_LINE: usize = 64 * 1024;
/// What one read may bring, and what is collected before it is sent.
const BLOCK: usize = 64 * 1024;

trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Duplex for T {}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    fn duplex(&mut self) -> &mut dyn Duplex {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream,
        }
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

pub(super) struct Wire {
    stream: Stream,
    buffer: BytesMut,
    /// How far the buffer is known to hold no line end.
    scanned: usize,
    /// What was said and not yet sent: libraries say one command in many pieces.
    unsent: Vec<u8>,
    sent: usize,
}

impl Wire {
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self::over(Stream::Plain(stream))
    }

    fn over(stream: Stream) -> Self {
        Self { stream, buffer: BytesMut::new(), scanned: 0, unsent: vec![], sent: 0 }
    }

    /// From here on nobody reads along. What arrived before belongs to nobody we know: it ends the connection.
    pub(super) async fn upgrade(self, tls: &Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, Failure> {
        let Stream::Plain(stream) = self.stream else { return Err(Code::TlsFailed.into()) };
        if !self.buffer.is_empty() {
            return Err(Code::TlsInjected.into());
        }
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await.map_err(|error| tls_failure(&error))?;
        Ok(Self::over(Stream::Tls(Box::new(stream))))
    }

    /// Our end of the connection.
    pub(super) fn local_ip(&self) -> Option<std::net::IpAddr> {
        self.stream.tcp().local_addr().ok().map(|address| address.ip().to_canonical())
    }

    pub(super) fn peer(&self) -> io::Result<std::net::SocketAddr> {
        self.stream.tcp().peer_addr()
    }

    /// Reads some more; only after everything is sent that was said.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        ready!(self.poll_sent(cx)).map_err(|_| Code::Closed)?;
        self.buffer.reserve(BLOCK);
        match ready!(pin!(self.stream.duplex().read_buf(&mut self.buffer)).poll(cx)) {
            Ok(0) | Err(_) => Poll::Ready(Err(Code::Closed.into())),
            Ok(_) => Poll::Ready(Ok(())),
        }
    }

    /// The next line, without its end. Nothing is lost between two polls.
    pub(super) fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Failure>> {
        loop {
            let fresh = self.buffer.get(self.scanned..).unwrap_or_default();
            let end = fresh.iter().position(|byte| *byte == b'\n').map(|at| self.scanned + at);
            if end.unwrap_or(self.buffer.len()) > LONGEST_LINE {
                return Poll::Ready(Err(Code::LineTooLong.into()));
            }
            if let Some(end) = end {
                self.scanned = 0;
                let mut line = self.buffer.split_to(end + 1);
                line.truncate(end);
                if line.last() == Some(&b'\r') {
                    line.truncate(end - 1);
                }
                return Poll::Ready(Ok(line.freeze()));
            }
            self.scanned = self.buffer.len();
            ready!(self.poll_fill(cx))?;
        }
    }

    /// Some bytes, at most `most`, at least one.
    pub(super) fn poll_bytes(&mut self, most: usize, cx: &mut Context<'_>) -> Poll<Result<BytesMut, Failure>> {
        if self.buffer.is_empty() {
            ready!(self.poll_fill(cx))?;
        }
        Poll::Ready(Ok(self.buffer.split_to(most.min(self.buffer.len()))))
    }

    pub(super) async fn line(&mut self) -> Result<Bytes, Failure> {
        std::future::poll_fn(|cx| self.poll_line(cx)).await
    }

    pub(super) async fn send(&mut self, text: &str) -> Result<(), Failure> {
        self.unsent.extend_from_slice(text.as_bytes());
        std::future::poll_fn(|cx| self.poll_sent(cx)).await.map_err(|_| Code::Closed.into())
    }

    /// Takes in what is to be said.
    pub(super) fn poll_say(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.unsent.len() >= BLOCK {
            ready!(self.poll_sent(cx))?;
        }
        let taken = bytes.get(..BLOCK).unwrap_or(bytes);
        self.unsent.extend_from_slice(taken);
        Poll::Ready(Ok(taken.len()))
    }

    /// Until everything is sent.
    pub(super) fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unsent.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while let Some(rest) = self.unsent.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(self.stream.duplex()).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.sent += sent,
            }
        }
        ready!(Pin::new(self.stream.duplex()).poll_flush(cx))?;
        // There may have been a password in it.
        self.unsent.fill(0);
        self.unsent.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.duplex()).poll_shutdown(cx)
    }
}

/// Carries a failure through a library.
pub(super) fn as_io(failure: Failure) -> io::Error {
    io::Error::other(failure)
}

/// What became of it there.
pub(super) fn from_io(error: &io::Error) -> Failure {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Failure>()).cloned().unwrap_or_else(|| Code::Closed.into())
}

fn tls_failure(error: &io::Error) -> Failure {
    use rustls::{CertificateError as Certificate, Error};
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else { return Code::Closed.into() };
    let code = match error {
        Error::InvalidCertificate(problem) => match problem {
            // Webpki says this of one that signed itself, too.
            Certificate::UnknownIssuer => Code::TlsUnknownIssuer,
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => Code::TlsWrongName,
            Certificate::Expired
            | Certificate::ExpiredContext { .. }
            | Certificate::NotValidYet
            | Certificate::NotValidYetContext { .. } => Code::TlsExpired,
            _ => Code::TlsFailed,
        },
        Error::InvalidMessage(_) => Code::TlsNotSpoken,
        _ => Code::TlsFailed,
    };
    Failure::said(code, error.to_string().as_bytes())
}
