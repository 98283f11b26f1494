//! Providers whose servers are known, with what they want of their users.

use super::super::account::{Security, Server};

/// How a provider lets programs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignsIn {
    /// With the mailbox's password.
    Password,
    /// With a password made for one application, in the provider's settings.
    ApplicationPassword,
    /// Only in the browser (OAuth 2).
    Browser,
}

/// A server of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(&'static str, u16, Security);

impl Place {
    /// As it is written into an account.
    pub fn server(&self) -> Server {
        Server::new(self.0, self.1, self.2)
    }
}

/// A provider.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// What people call it.
    pub name: &'static str,
    /// The domains of its own addresses.
    domains: &'static [&'static str],
    /// Names under which it takes the mail of other domains.
    exchangers: &'static [&'static str],
    /// Where mail is received.
    pub imap: Place,
    /// Where mail is handed over.
    pub smtp: Place,
    /// How programs sign in.
    pub signs_in: SignsIn,
    /// Mails (recipients) a day, as far as the provider says; less for new accounts.
    pub daily: Option<u32>,
}

const fn tls(host: &'static str, port: u16) -> Place {
    Place(host, port, Security::Tls)
}

const fn starttls(host: &'static str) -> Place {
    Place(host, 587, Security::Starttls)
}

use SignsIn::{ApplicationPassword, Browser, Password};

/// All of them.
pub const PROVIDERS: &[Provider] = &[
    Provider {
        name: "Gmail / Google Workspace",
        domains: &["gmail.com", "googlemail.com"],
        exchangers: &["google.com", "googlemail.com"],
        imap: tls("imap.gmail.com", 993),
        smtp: tls("smtp.gmail.com", 465),
        signs_in: ApplicationPassword,
        daily: Some(500),
    },
    Provider {
        name: "Outlook.com",
        domains: &[
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "outlook.es",
            "hotmail.es",
            "outlook.com.ar",
            "hotmail.com.ar",
            "live.com.ar",
            "hotmail.com.mx",
            "live.com.mx",
            "outlook.com.mx",
            "outlook.com.br",
            "hotmail.com.br",
            "live.com.br",
            "outlook.cl",
            "hotmail.cl",
            "live.cl",
            "outlook.com.pe",
            "outlook.co",
            "windowslive.com",
        ],
        exchangers: &["olc.protection.outlook.com"],
        imap: tls("outlook.office365.com", 993),
        smtp: starttls("smtp-mail.outlook.com"),
        signs_in: Browser,
        daily: Some(300),
    },
    Provider {
        name: "Microsoft 365",
        domains: &["onmicrosoft.com"],
        exchangers: &["mail.protection.outlook.com", "mx.microsoft"],
        imap: tls("outlook.office365.com", 993),
        smtp: starttls("smtp.office365.com"),
        signs_in: Browser,
        daily: Some(10_000),
    },
    Provider {
        name: "Yahoo",
        domains: &[
            "yahoo.com",
            "ymail.com",
            "rocketmail.com",
            "yahoo.com.ar",
            "yahoo.com.mx",
            "yahoo.com.br",
            "yahoo.com.co",
            "yahoo.com.ve",
            "yahoo.com.pe",
            "yahoo.cl",
            "yahoo.es",
            "yahoo.co.uk",
            "yahoo.fr",
            "yahoo.it",
            "yahoo.de",
        ],
        exchangers: &["yahoodns.net"],
        imap: tls("imap.mail.yahoo.com", 993),
        smtp: tls("smtp.mail.yahoo.com", 465),
        signs_in: ApplicationPassword,
        daily: Some(500),
    },
    Provider {
        name: "AOL",
        domains: &["aol.com"],
        exchangers: &[],
        imap: tls("imap.aol.com", 993),
        smtp: tls("smtp.aol.com", 465),
        signs_in: ApplicationPassword,
        daily: Some(500),
    },
    Provider {
        name: "iCloud",
        domains: &["icloud.com", "me.com", "mac.com"],
        exchangers: &["mail.icloud.com"],
        imap: tls("imap.mail.me.com", 993),
        smtp: starttls("smtp.mail.me.com"),
        signs_in: ApplicationPassword,
        daily: Some(1_000),
    },
    Provider {
        name: "Zoho",
        domains: &["zoho.com", "zohomail.com"],
        exchangers: &[],
        imap: tls("imap.zoho.com", 993),
        smtp: tls("smtp.zoho.com", 465),
        signs_in: ApplicationPassword,
        daily: None,
    },
    Provider {
        name: "Zoho (organisation)",
        domains: &[],
        exchangers: &["zoho.com", "zohomail.com"],
        imap: tls("imappro.zoho.com", 993),
        smtp: tls("smtppro.zoho.com", 465),
        signs_in: ApplicationPassword,
        daily: None,
    },
    Provider {
        name: "Zoho (Europe)",
        domains: &["zoho.eu", "zohomail.eu"],
        exchangers: &["zoho.eu"],
        imap: tls("imap.zoho.eu", 993),
        smtp: tls("smtp.zoho.eu", 465),
        signs_in: ApplicationPassword,
        daily: None,
    },
    Provider {
        name: "Hostinger",
        domains: &[],
        exchangers: &["hostinger.com"],
        imap: tls("imap.hostinger.com", 993),
        smtp: tls("smtp.hostinger.com", 465),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "Titan",
        domains: &[],
        exchangers: &["titan.email"],
        imap: tls("imap.titan.email", 993),
        smtp: tls("smtp.titan.email", 465),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "GoDaddy",
        domains: &[],
        exchangers: &["secureserver.net"],
        imap: tls("imap.secureserver.net", 993),
        smtp: tls("smtpout.secureserver.net", 465),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "IONOS",
        domains: &[],
        exchangers: &["ionos.com"],
        imap: tls("imap.ionos.com", 993),
        smtp: tls("smtp.ionos.com", 465),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "IONOS (España)",
        domains: &[],
        exchangers: &["ionos.es"],
        imap: tls("imap.ionos.es", 993),
        smtp: tls("smtp.ionos.es", 465),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "IONOS (México)",
        domains: &[],
        exchangers: &["ionos.mx"],
        imap: tls("imap.ionos.mx", 993),
        smtp: tls("smtp.ionos.mx", 465),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "Rackspace",
        domains: &[],
        exchangers: &["emailsrvr.com"],
        imap: tls("secure.emailsrvr.com", 993),
        smtp: tls("secure.emailsrvr.com", 465),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "Namecheap Private Email",
        domains: &[],
        exchangers: &["privateemail.com"],
        imap: tls("mail.privateemail.com", 993),
        smtp: tls("mail.privateemail.com", 465),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "Fastmail",
        domains: &["fastmail.com", "fastmail.fm"],
        exchangers: &["messagingengine.com"],
        imap: tls("imap.fastmail.com", 993),
        smtp: tls("smtp.fastmail.com", 465),
        signs_in: ApplicationPassword,
        daily: None,
    },
    Provider {
        name: "GMX",
        domains: &["gmx.com", "gmx.es", "gmx.us"],
        exchangers: &[],
        imap: tls("imap.gmx.com", 993),
        smtp: starttls("mail.gmx.com"),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "UOL",
        domains: &["uol.com.br"],
        exchangers: &[],
        imap: tls("imap.uol.com.br", 993),
        smtp: starttls("smtps.uol.com.br"),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "BOL",
        domains: &["bol.com.br"],
        exchangers: &[],
        imap: tls("imap.bol.com.br", 993),
        smtp: starttls("smtps.bol.com.br"),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "Terra",
        domains: &["terra.com.br"],
        exchangers: &[],
        imap: tls("imap.terra.com.br", 993),
        smtp: starttls("smtp.terra.com.br"),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "Locaweb",
        domains: &[],
        exchangers: &["locaweb.com.br", "email-ssl.com.br"],
        imap: tls("email-ssl.com.br", 993),
        smtp: tls("email-ssl.com.br", 465),
        signs_in: Password,
        daily: None,
    },
    Provider {
        name: "KingHost",
        domains: &[],
        exchangers: &["kinghost.net"],
        imap: tls("imap.kinghost.net", 993),
        smtp: tls("smtp.kinghost.net", 465),
        signs_in: Password,
        daily: None,
    },
];

/// The provider of an address' domain.
pub fn by_domain(domain: &str) -> Option<&'static Provider> {
    best(domain, |provider| provider.domains)
}

/// The provider that takes a domain's mail, by the name of its machine.
pub fn by_exchanger(host: &str) -> Option<&'static Provider> {
    best(host, |provider| provider.exchangers)
}

/// The longest name that the host is, or lies below.
fn best(host: &str, names: impl Fn(&Provider) -> &'static [&'static str]) -> Option<&'static Provider> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let below = |name: &str| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let longest = |provider: &&Provider| names(provider).iter().filter(|name| below(name)).map(|name| name.len()).max();
    PROVIDERS.iter().filter(|provider| longest(provider).is_some()).max_by_key(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_found_by_address_and_by_exchanger() {
        let by_domain = |domain: &str| by_domain(domain).map(|provider| provider.name);
        let by_exchanger = |host: &str| by_exchanger(host).map(|provider| provider.name);
        assert_eq!(by_domain("gmail.com"), Some("Gmail / Google Workspace"));
        assert_eq!(by_domain("empresa.onmicrosoft.com"), Some("Microsoft 365"));
        assert_eq!(by_domain("notgmail.com"), None);
        assert_eq!(by_exchanger("ASPMX.L.GOOGLE.COM."), Some("Gmail / Google Workspace"));
        assert_eq!(by_exchanger("empresa-com.mail.protection.outlook.com"), Some("Microsoft 365"));
        assert_eq!(by_exchanger("outlook-com.olc.protection.outlook.com"), Some("Outlook.com"));
        assert_eq!(by_exchanger("mx2.hostinger.com"), Some("Hostinger"));
        assert_eq!(by_exchanger("smtp.secureserver.net"), Some("GoDaddy"));
        assert_eq!(by_exchanger("google.com.evil.example"), None);
    }

    #[test]
    fn no_provider_is_proposed_without_encryption_and_no_name_twice() {
        let mut seen = std::collections::HashSet::new();
        for provider in PROVIDERS {
            assert!(
                [provider.imap, provider.smtp]
                    .iter()
                    .all(|place| place.2 != Security::Plain && place.server().parsed().is_some())
            );
            assert!(provider.domains.iter().chain(provider.exchangers).all(|name| *name == name.to_ascii_lowercase()));
            assert!(provider.domains.iter().all(|name| seen.insert(("domain", *name))), "{}", provider.name);
            assert!(provider.exchangers.iter().all(|name| seen.insert(("exchanger", *name))), "{}", provider.name);
        }
    }
}
