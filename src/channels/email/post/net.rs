//! What every conversation with a mail server needs: TLS, patience, the clock, and which addresses may be reached.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject};
use thiserror::Error;

use crate::clock::Clock;

/// How long a server may take. Each is a deadline for the whole of it, so dribbling bytes gain nothing.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Looking up a name, and connecting to one address.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// The answer to a command; for bulk answers on top of what their size needs.
    pub reply: Duration,
    /// The answer to the end of a mail (RFC 5321 asks for ten minutes: scanners).
    pub delivery: Duration,
    /// The slowest transfer that is waited for, in bytes per second.
    pub slowest: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            tls: Duration::from_secs(10),
            reply: Duration::from_secs(60),
            delivery: Duration::from_secs(600),
            slowest: 8 * 1024,
        }
    }
}

impl Patience {
    /// The deadline of an exchange that moves this many bytes.
    pub(super) fn transfer(&self, bytes: u64) -> Duration {
        self.reply + Duration::from_secs(bytes / u64::from(self.slowest.max(1)))
    }
}

/// Which addresses may be reached. Checked on the address that is connected to, after the name was looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Any: an installation inside a company, with its own mail server.
    Anywhere,
    /// Only what is public: where those who type hosts are not those who own the network.
    Public,
}

impl Reach {
    pub(in crate::channels) fn allows(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public(address.to_canonical())
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let odd = a == 0 || a >= 240 || v4.is_multicast() || (a == 192 && b == 0) || (a == 198 && (b == 18 || b == 19));
            !(v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || shared
                || odd)
        }
        IpAddr::V6(v6) => {
            let [a, b, ..] = v6.segments();
            // Translated and tunnelled addresses lead to whatever IPv4 address lies in them.
            let tunnel = (a == 0x64 && b == 0xff9b) || a == 0x2002 || (a == 0x2001 && b == 0);
            let global = (a & 0xe000) == 0x2000;
            global && !tunnel && v6 != Ipv6Addr::LOCALHOST && !(a == 0x2001 && b == 0xdb8)
        }
    }
}

/// The extra authority is no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the extra authority must be certificates in PEM")]
pub struct AuthorityError;

/// Cheap to clone; goes to every function that talks to a server.
#[derive(Clone)]
pub struct Network {
    pub(super) clock: Clock,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) patience: Patience,
    pub(super) reach: Reach,
    /// Names of the tests: no DNS there.
    #[cfg(test)]
    pub(super) hosts: Arc<std::collections::HashMap<(String, u16), std::net::SocketAddr>>,
}

impl Network {
    /// Trusts the public authorities (Mozilla's list) and, for private servers, those in `authority` (PEM).
    ///
    /// # Errors
    /// [`AuthorityError`] when `authority` holds no certificate.
    pub fn new(clock: Clock, reach: Reach, authority: Option<&[u8]>) -> Result<Self, AuthorityError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(pem) = authority {
            let before = roots.len();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots.add(certificate.map_err(|_| AuthorityError)?).map_err(|_| AuthorityError)?;
            }
            if roots.len() == before {
                return Err(AuthorityError);
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(|_| AuthorityError)?;
        let tls = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
        Ok(Self {
            clock,
            tls,
            patience: Patience::default(),
            reach,
            #[cfg(test)]
            hosts: Arc::default(),
        })
    }

    /// For TLS with others than mail servers.
    pub(in crate::channels::email) fn tls(&self) -> ClientConfig {
        ClientConfig::clone(&self.tls)
    }

    /// Which addresses may be reached.
    pub(in crate::channels::email) fn reach(&self) -> Reach {
        self.reach
    }

    /// With other patience.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_means_public_in_every_spelling() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "fc00::1",
            "fe80::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(!Reach::Public.allows(inside.parse().unwrap()), "{inside}");
            assert!(Reach::Anywhere.allows(inside.parse().unwrap()));
        }
        for outside in ["1.1.1.1", "142.250.0.109", "2607:f8b0:4023::6d", "::ffff:1.1.1.1"] {
            assert!(Reach::Public.allows(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn an_authority_is_a_certificate() {
        let network = |pem: &str| Network::new(Clock::fixed(0), Reach::Public, Some(pem.as_bytes())).err();
        assert_eq!(network(""), Some(AuthorityError));
        assert_eq!(network("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), Some(AuthorityError));
    }
}
