//! From an address to proposals of servers, for a person to confirm: the providers we know, by the address and by who takes the
//! domain's mail; what the domain announces (RFC 6186, 8314); and names that servers usually have, tried. Nothing unencrypted is ever proposed.

mod guess;
pub mod known;
mod names;

use known::Provider;
pub(super) use names::Names;

use super::{
    account::{Security, Server, is_address},
    net::Network,
};

/// Why we think so. From the surest down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The address belongs to a provider we know.
    Address,
    /// A provider we know takes the domain's mail.
    MailExchanger,
    /// The domain says so. Names in DNS can be forged: the certificate proves only that the name is the server's.
    Announced,
    /// Servers of these names answered, with a certificate for them.
    Answered,
}

/// Servers for an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Why.
    pub source: Source,
    /// The provider, with what it wants of its users.
    pub provider: Option<&'static Provider>,
    /// For receiving.
    pub imap: Option<Server>,
    /// For sending.
    pub smtp: Option<Server>,
}

/// What to propose for this address, the surest first. Nothing for what is no address. Takes some seconds where no provider is known.
pub async fn discover(net: &Network, address: &str) -> Vec<Proposal> {
    discover_with(net, &Names::system(), address).await
}

pub(super) async fn discover_with(net: &Network, names: &Names, address: &str) -> Vec<Proposal> {
    let domain = address.rsplit_once('@').filter(|_| is_address(address)).map(|(_, domain)| domain);
    let Some(domain) = domain.and_then(|domain| Server::new(domain, 1, Security::Tls).parsed()).map(|host| host.to_string())
    else {
        return vec![];
    };
    if let Some(provider) = known::by_domain(&domain) {
        return vec![known_proposal(Source::Address, provider)];
    }
    let (exchangers, announced) = futures_util::future::join(names.mail_exchangers(&domain), announced(names, &domain)).await;
    let provider = exchangers.iter().find_map(|exchanger| known::by_exchanger(exchanger));
    let mut proposals: Vec<Proposal> =
        provider.map(|provider| known_proposal(Source::MailExchanger, provider)).into_iter().collect();
    proposals.extend(announced);
    if proposals.is_empty() {
        let (imap, smtp) = Box::pin(guess::answering(net, &domain, &exchangers)).await;
        if imap.is_some() || smtp.is_some() {
            proposals.push(Proposal { source: Source::Answered, provider: None, imap, smtp });
        }
    }
    proposals
}

fn known_proposal(source: Source, provider: &'static Provider) -> Proposal {
    Proposal { source, provider: Some(provider), imap: Some(provider.imap.server()), smtp: Some(provider.smtp.server()) }
}

async fn announced(names: &Names, domain: &str) -> Option<Proposal> {
    let service = async |name: &str, security| {
        let (host, port) = names.service(&format!("{name}._tcp.{domain}")).await?;
        Some(Server { host, port, security })
    };
    let imap = async { service("_imaps", Security::Tls).await.or(service("_imap", Security::Starttls).await) };
    let smtp = async { service("_submissions", Security::Tls).await.or(service("_submission", Security::Starttls).await) };
    let (imap, smtp) = futures_util::future::join(imap, smtp).await;
    let usable = |server: &Server| server.parsed().is_some() && server.port > 0;
    let (imap, smtp) = (imap.filter(usable), smtp.filter(usable));
    (imap.is_some() || smtp.is_some()).then_some(Proposal { source: Source::Announced, provider: None, imap, smtp })
}
