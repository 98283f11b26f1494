//! What is said before anybody signs in: in plain text perhaps, so it is not the library's business, which would keep what it read.

use bytes::Bytes;
use lettre::transport::smtp::{
    commands::{Ehlo, Starttls},
    extension::ClientId,
};

use super::{
    super::{
        dial::Hello,
        failure::{Code, Failure},
        wire::Wire,
    },
    connection::Offers,
    lines::MOST_LINES,
    reply::{Reply, code_of},
};

/// For those who only want to know whether such a server answers.
pub(in super::super) fn greeting() -> Greeting {
    Greeting
}

pub(in super::super) struct Greeting;

/// Who we are: our own address, which needs no name in any DNS (RFC 5321, 4.1.3).
pub(super) fn ourselves(wire: &Wire) -> ClientId {
    match wire.local_ip() {
        Some(std::net::IpAddr::V6(address)) => ClientId::Ipv6(address),
        Some(std::net::IpAddr::V4(address)) => ClientId::Ipv4(address),
        None => ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST),
    }
}

/// One reply, line by line.
async fn lines(wire: &mut Wire) -> Result<(Reply, Vec<Bytes>), Failure> {
    let mut lines = vec![];
    while lines.len() < MOST_LINES {
        let line = wire.line().await?;
        let code = code_of(&line).ok_or_else(|| Failure::said(Code::NotThisProtocol, &line))?;
        let last = line.get(3) != Some(&b'-');
        lines.push(line);
        if last {
            let words = lines.iter().filter_map(|line| line.get(4..)).map(String::from_utf8_lossy).collect::<Vec<_>>();
            return Ok((Reply::new(code, words.iter().map(AsRef::as_ref)), lines));
        }
    }
    Err(Code::TooMuch.into())
}

impl Hello for Greeting {
    async fn greeting(&mut self, wire: &mut Wire) -> Result<(), Failure> {
        let (reply, _) = lines(wire).await?;
        if reply.code == 220 { Ok(()) } else { Err(reply.failure(Code::ServerRefuses)) }
    }

    async fn starttls(&mut self, wire: &mut Wire) -> Result<(), Failure> {
        wire.send(&Ehlo::new(ourselves(wire)).to_string()).await?;
        let (reply, offers) = lines(wire).await?;
        if !reply.is_yes() {
            return Err(reply.failure(Code::ServerRefuses));
        }
        // What is offered now counts for nothing after TLS: it is asked again.
        if !Offers::new(&offers).has("STARTTLS") {
            return Err(Code::TlsNotOffered.into());
        }
        wire.send(&Starttls.to_string()).await?;
        let (reply, _) = lines(wire).await?;
        if reply.code == 220 { Ok(()) } else { Err(reply.failure(Code::TlsRefused)) }
    }
}
