//! Name, connection, greeting, TLS: the one way to a mail server, for both protocols.

use std::{net::SocketAddr, time::Duration};

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use url::Host;

use super::{
    account::{Security, Server},
    diagnose::{Step, StepName},
    failure::{Code, Failure, within},
    net::Network,
    wire::Wire,
};
use crate::clock::Clock;

/// Measures steps and tells somebody who watches.
pub(super) struct Steps<'a> {
    clock: &'a Clock,
    tell: Option<&'a mut (dyn FnMut(Step) + Send)>,
}

impl<'a> Steps<'a> {
    pub(super) fn silent(net: &'a Network) -> Self {
        Self { clock: &net.clock, tell: None }
    }

    pub(super) fn told(net: &'a Network, tell: &'a mut (dyn FnMut(Step) + Send)) -> Self {
        Self { clock: &net.clock, tell: Some(tell) }
    }

    pub(super) async fn run<T>(&mut self, name: StepName, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let start = self.clock.elapsed();
        let outcome = work.await;
        if let Some(tell) = &mut self.tell {
            let took = self.clock.elapsed().saturating_sub(start);
            tell(Step { name, failure: outcome.as_ref().err().cloned(), took });
        }
        outcome
    }
}

/// What a protocol says before TLS and after it.
pub(super) trait Hello: Send {
    /// Reads the greeting.
    fn greeting(&mut self, wire: &mut Wire) -> impl Future<Output = Result<(), Failure>> + Send;
    /// Asks for STARTTLS and reads the yes.
    fn starttls(&mut self, wire: &mut Wire) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Connects as `server` says. What comes back is greeted, and encrypted unless it was told otherwise; not one byte of a login
/// was sent.
pub(super) async fn connect(
    net: &Network,
    server: &Server,
    hello: &mut impl Hello,
    steps: &mut Steps<'_>,
) -> Result<Wire, Failure> {
    let host = server.parsed().ok_or(Code::HostUnknown)?;
    let patience = net.patience;
    let addresses = steps.run(StepName::Name, within(patience.connect, resolve(net, &host, server.port))).await?;
    let stream = steps.run(StepName::Connect, reach(&addresses, patience.connect)).await?;
    let mut wire = Wire::plain(stream);
    if server.security == Security::Tls {
        wire = steps.run(StepName::Tls, within(patience.tls, wire.upgrade(&net.tls, name(&host)?))).await?;
    }
    steps.run(StepName::Greeting, within(patience.reply, hello.greeting(&mut wire))).await?;
    if server.security == Security::Starttls {
        let secured = async {
            within(patience.reply, hello.starttls(&mut wire)).await?;
            // It agreed, so plain text now is somebody else's, whenever it comes.
            let injected = |failure: Failure| if failure.code == Code::TlsNotSpoken { Code::TlsInjected.into() } else { failure };
            within(patience.tls, wire.upgrade(&net.tls, name(&host)?)).await.map_err(injected)
        };
        return steps.run(StepName::Tls, secured).await;
    }
    Ok(wire)
}

fn name(host: &Host<String>) -> Result<ServerName<'static>, Failure> {
    Ok(match host {
        Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()).map_err(|_| Code::HostUnknown)?,
        Host::Ipv4(address) => ServerName::from(std::net::IpAddr::V4(*address)),
        Host::Ipv6(address) => ServerName::from(std::net::IpAddr::V6(*address)),
    })
}

/// The addresses that may be reached; those are connected to, the name is not looked up again.
async fn resolve(net: &Network, host: &Host<String>, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    let found: Vec<SocketAddr> = match host {
        Host::Ipv4(address) => vec![(*address, port).into()],
        Host::Ipv6(address) => vec![(*address, port).into()],
        Host::Domain(name) => lookup(net, name, port).await?,
    };
    if found.is_empty() {
        return Err(Code::HostUnknown.into());
    }
    let allowed: Vec<_> = found.into_iter().filter(|address| net.reach.allows(address.ip())).collect();
    if allowed.is_empty() { Err(Code::HostForbidden.into()) } else { Ok(allowed) }
}

#[cfg(not(test))]
async fn lookup(_net: &Network, name: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    Ok(tokio::net::lookup_host((name, port)).await.map_err(|_| Code::HostUnknown)?.collect())
}

#[cfg(test)]
async fn lookup(net: &Network, name: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    let here = (name == "localhost").then_some(([127, 0, 0, 1], port).into());
    Ok(net.hosts.get(&(name.to_owned(), port)).copied().or(here).into_iter().collect())
}

/// After so much silence the kernel asks whether anybody is there.
const PROBE: Duration = Duration::from_secs(60);

/// The first address that answers. A name with many dead addresses may take as long as two connections, not as many as it has.
async fn reach(addresses: &[SocketAddr], patience: Duration) -> Result<TcpStream, Failure> {
    let each = if addresses.len() > 1 { patience / 2 } else { patience };
    let attempts = async {
        let mut failure = Failure::from(Code::ConnectFailed);
        for address in addresses {
            match tokio::time::timeout(each, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Commands are small and answered one by one: Nagle would hold each of them back.
                    stream.set_nodelay(true).map_err(|_| Code::ConnectFailed)?;
                    // A listener is silent for a quarter of an hour: so long nobody notices that the other side is gone.
                    let _ = socket2::SockRef::from(&stream).set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(PROBE));
                    return Ok(stream);
                }
                Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => failure = Code::ConnectRefused.into(),
                Ok(Err(error)) => failure = Failure::said(Code::ConnectFailed, error.to_string().as_bytes()),
                Err(_) => failure = Code::ConnectTimeout.into(),
            }
        }
        Err(failure)
    };
    tokio::time::timeout(patience * 2, attempts).await.unwrap_or_else(|_| Err(Code::ConnectTimeout.into()))
}
