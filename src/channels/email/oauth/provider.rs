//! Where mail accounts sign in.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::channels::email::post::{account::Server, net::Reach};

/// Which provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "wire.ts", rename = "MailProviderKind")]
#[schema(as = MailProviderKind)]
pub enum ProviderKind {
    /// Gmail and Google Workspace.
    Google,
    /// Microsoft 365 and Outlook.com.
    Microsoft,
    /// Any other that speaks OAuth 2.
    Generic,
}

impl ProviderKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Google, Self::Microsoft, Self::Generic];

    /// The word stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Microsoft => "microsoft",
            Self::Generic => "generic",
        }
    }

    /// From the word stored in the database.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether what this provider gives out is shown to this server: that of a known provider to no other's.
    pub fn trusts(self, server: &Server) -> bool {
        let domains: &[&str] = match self {
            Self::Google => &["gmail.com", "googlemail.com", "google.com"],
            Self::Microsoft => &["office365.com", "office.com", "outlook.com", "hotmail.com", "live.com", "office365.us"],
            Self::Generic => return true,
        };
        let host = server.host.to_ascii_lowercase();
        let within = |domain: &&str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        domains.iter().any(within)
    }
}

/// What is set of a provider beside the secret. Of the known ones only the client, and the tenant of Microsoft.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderConfig {
    /// The id under which the provider knows us.
    pub client: String,
    /// Of Microsoft: the directory; none = `common`.
    #[serde(default)]
    pub tenant: Option<String>,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// Where people sign in.
    #[serde(default)]
    pub authorize: Option<String>,
    /// Where codes become tokens.
    #[serde(default)]
    pub token: Option<String>,
    /// What is asked for, spaces between.
    #[serde(default)]
    pub scopes: Option<String>,
}

/// A provider, ready to be talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub kind: ProviderKind,
    /// The id under which it knows us.
    pub client: String,
    /// Where people sign in.
    pub authorize: Url,
    /// Where codes become tokens.
    pub token: Url,
    /// What is asked for.
    pub scopes: String,
}

/// What is wrong with what was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The directory of Microsoft.
    Tenant,
    /// Where people sign in.
    Authorize,
    /// Where codes become tokens.
    Token,
}

const GOOGLE: (&str, &str) = ("https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token");
const GOOGLE_SCOPES: &str = "https://mail.google.com/";
const MICROSOFT: &str = "https://login.microsoftonline.com/";
const MICROSOFT_SCOPES: &str =
    "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access";
const LONGEST_URL: usize = 1_000;

impl ProviderConfig {
    /// Where it is.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn place(&self, kind: ProviderKind, reach: Reach) -> Result<Place, Wrong> {
        let known = |address: &str| Url::parse(address).map_err(|_| Wrong::Authorize);
        let (authorize, token, scopes) = match kind {
            ProviderKind::Google => (known(GOOGLE.0)?, known(GOOGLE.1)?, GOOGLE_SCOPES.to_owned()),
            ProviderKind::Microsoft => {
                let tenant = self.tenant.as_deref().unwrap_or("common");
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
                if tenant.is_empty() || tenant.len() > 253 || tenant.starts_with('.') || !tenant.chars().all(plain) {
                    return Err(Wrong::Tenant);
                }
                let of = |end: &str| known(&format!("{MICROSOFT}{tenant}/oauth2/v2.0/{end}"));
                (of("authorize")?, of("token")?, MICROSOFT_SCOPES.to_owned())
            }
            ProviderKind::Generic => {
                let typed = |text: &Option<String>| secure(text.as_deref()?, reach);
                let scopes = self.scopes.clone().unwrap_or_default();
                (typed(&self.authorize).ok_or(Wrong::Authorize)?, typed(&self.token).ok_or(Wrong::Token)?, scopes)
            }
        };
        Ok(Place { kind, client: self.client.clone(), authorize, token, scopes })
    }
}

impl Place {
    /// By what a lasting token is tied to where it came from: it is shown nowhere else.
    pub fn key(&self) -> String {
        format!("{} {}", self.token, self.client)
    }
}

/// An address that a secret may be sent to: encrypted, or on this machine where servers inside may be reached.
fn secure(text: &str, reach: Reach) -> Option<Url> {
    let url = Url::parse(text.trim()).ok().filter(|_| text.len() <= LONGEST_URL)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let here = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && here && reach == Reach::Anywhere);
    (plain && safe).then_some(url)
}

/// Whether a host that is a number may be reached; names are looked up later.
pub(super) fn may_reach(url: &Url, reach: Reach) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => reach.allows(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => reach.allows(IpAddr::V6(address)),
        Some(Host::Domain(_)) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::email::post::account::Security;

    fn generic(authorize: &str, token: &str) -> ProviderConfig {
        ProviderConfig { authorize: Some(authorize.to_owned()), token: Some(token.to_owned()), ..ProviderConfig::default() }
    }

    #[test]
    fn secrets_are_sent_encrypted_or_to_this_machine_where_that_is_allowed() {
        let good = "https://id.example.com/authorize?audience=x";
        let place =
            |token: &str, reach| generic(good, token).place(ProviderKind::Generic, reach).map(|place| place.token.to_string());
        assert_eq!(place("https://id.example.com/token", Reach::Public).as_deref(), Ok("https://id.example.com/token"));
        assert_eq!(place("http://127.0.0.1:8080/token", Reach::Anywhere).as_deref(), Ok("http://127.0.0.1:8080/token"));
        for bad in [
            "",
            "token",
            "http://id.example.com/token",
            "http://10.0.0.1/token",
            "https://ana:x@id.example.com/token",
            "https://id.example.com/token#x",
            "file:///etc/passwd",
            "javascript:alert(1)",
        ] {
            assert_eq!(place(bad, Reach::Anywhere), Err(Wrong::Token), "{bad}");
        }
        assert_eq!(place("http://127.0.0.1:8080/token", Reach::Public), Err(Wrong::Token));
        assert_eq!(generic("http://a.example", good).place(ProviderKind::Generic, Reach::Anywhere), Err(Wrong::Authorize));
    }

    #[test]
    fn a_tenant_is_part_of_an_address_and_no_way_out_of_it() {
        let of = |tenant: Option<&str>| {
            let config = ProviderConfig { tenant: tenant.map(str::to_owned), ..ProviderConfig::default() };
            config.place(ProviderKind::Microsoft, Reach::Public).map(|place| place.token.to_string())
        };
        assert_eq!(of(None).as_deref(), Ok("https://login.microsoftonline.com/common/oauth2/v2.0/token"));
        assert_eq!(of(Some("contoso.com")).as_deref(), Ok("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"));
        for odd in ["", "..", "a/b", "a?b", "a#b", "@evil.example", "a b"] {
            assert_eq!(of(Some(odd)), Err(Wrong::Tenant), "{odd}");
        }
    }

    #[test]
    fn what_a_known_provider_gives_is_shown_to_its_servers_only() {
        let server = |host: &str| Server::new(host, 993, Security::Tls);
        assert!(ProviderKind::Google.trusts(&server("imap.gmail.com")) && ProviderKind::Google.trusts(&server("SMTP.Gmail.com")));
        assert!(ProviderKind::Microsoft.trusts(&server("outlook.office365.com")));
        for evil in ["gmail.com.evil.example", "evilgmail.com", "imap.example.com", "outlook.office365.com"] {
            assert!(!ProviderKind::Google.trusts(&server(evil)), "{evil}");
        }
        assert!(ProviderKind::Generic.trusts(&server("imap.example.com")));
    }
}
