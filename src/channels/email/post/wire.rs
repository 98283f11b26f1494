//! One connection to a mail server, plain or TLS, read by lines and counted bytes, with hard limits (security.md, 22).
//! It does not log: what goes through it are passwords and other people's mail.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::failure::{Code, Failure};

/// The longest line that is read. The longest honest ones are lists of flags and capabilities.
const LONGEST_LINE: usize = 64 * 1024;
/// What one read may bring.
const READ: usize = 64 * 1024;

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

pub(super) struct Wire {
    stream: Stream,
    buffer: BytesMut,
    /// How far the buffer is known to hold no line end.
    scanned: usize,
}

impl Wire {
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self { stream: Stream::Plain(stream), buffer: BytesMut::new(), scanned: 0 }
    }

    /// From here on nobody reads along. What arrived before belongs to nobody we know: it ends the connection.
    pub(super) async fn upgrade(self, tls: &Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, Failure> {
        let Stream::Plain(stream) = self.stream else { return Err(Code::TlsFailed.into()) };
        if !self.buffer.is_empty() {
            return Err(Code::TlsInjected.into());
        }
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await.map_err(|error| tls_failure(&error))?;
        Ok(Self { stream: Stream::Tls(Box::new(stream)), buffer: BytesMut::new(), scanned: 0 })
    }

    /// Our end of the connection.
    pub(super) fn local_ip(&self) -> Option<std::net::IpAddr> {
        let stream = match &self.stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => stream.get_ref().0,
        };
        stream.local_addr().ok().map(|address| address.ip().to_canonical())
    }

    /// Keeps what it read when it is dropped half-way; so do [`Wire::line`] and [`Wire::bytes`].
    async fn fill(&mut self) -> Result<(), Failure> {
        self.buffer.reserve(READ);
        let read = match &mut self.stream {
            Stream::Plain(stream) => stream.read_buf(&mut self.buffer).await,
            Stream::Tls(stream) => stream.read_buf(&mut self.buffer).await,
        };
        match read {
            Ok(0) | Err(_) => Err(Code::Closed.into()),
            Ok(_) => Ok(()),
        }
    }

    /// The next line, without its end.
    pub(super) async fn line(&mut self) -> Result<Bytes, Failure> {
        loop {
            let fresh = self.buffer.get(self.scanned..).unwrap_or_default();
            let end = fresh.iter().position(|byte| *byte == b'\n').map(|at| self.scanned + at);
            if end.unwrap_or(self.buffer.len()) > LONGEST_LINE {
                return Err(Code::LineTooLong.into());
            }
            if let Some(end) = end {
                self.scanned = 0;
                let mut line = self.buffer.split_to(end + 1);
                line.truncate(end);
                if line.last() == Some(&b'\r') {
                    line.truncate(end - 1);
                }
                return Ok(line.freeze());
            }
            self.scanned = self.buffer.len();
            self.fill().await?;
        }
    }

    /// Exactly so many bytes; the caller has judged the number.
    pub(super) async fn bytes(&mut self, count: usize) -> Result<Bytes, Failure> {
        while self.buffer.len() < count {
            self.fill().await?;
        }
        let bytes = self.buffer.split_to(count);
        // A small mail must not hold the whole block it came in.
        Ok(if count < READ { Bytes::copy_from_slice(&bytes) } else { bytes.freeze() })
    }

    /// Reads so many bytes and forgets them.
    pub(super) async fn skip(&mut self, mut count: usize) -> Result<(), Failure> {
        loop {
            let now = count.min(self.buffer.len());
            let _ = self.buffer.split_to(now);
            count -= now;
            if count == 0 {
                return Ok(());
            }
            self.fill().await?;
        }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let sent = match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes).await,
            Stream::Tls(stream) => match stream.write_all(bytes).await {
                Ok(()) => stream.flush().await,
                error => error,
            },
        };
        sent.map_err(|_| Code::Closed.into())
    }
}

fn tls_failure(error: &std::io::Error) -> Failure {
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
