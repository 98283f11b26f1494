//! What DNS says about a domain's mail.

use std::time::Duration;

use hickory_resolver::{TokioResolver, proto::rr::RData};

/// A person waits for the answer.
const PATIENCE: Duration = Duration::from_secs(4);

pub(in super::super) enum Names {
    /// As the machine is configured; none when it is not.
    System(Box<Option<TokioResolver>>),
    /// Names of the tests.
    #[cfg(test)]
    Fixed { exchangers: Vec<String>, services: std::collections::HashMap<String, (String, u16)> },
}

impl Names {
    pub(super) fn system() -> Self {
        let resolver = TokioResolver::builder_tokio().ok().and_then(|mut builder| {
            builder.options_mut().timeout = PATIENCE / 2;
            builder.options_mut().attempts = 1;
            builder.build().ok()
        });
        Self::System(Box::new(resolver))
    }

    /// Who takes the domain's mail, the preferred first.
    pub(super) async fn mail_exchangers(&self, domain: &str) -> Vec<String> {
        let resolver = match self {
            Self::System(resolver) => resolver.as_ref().as_ref(),
            #[cfg(test)]
            Self::Fixed { exchangers, .. } => return exchangers.clone(),
        };
        let Some(resolver) = resolver else { return vec![] };
        // With a dot at its end: this very domain, not one below ours.
        let Ok(Ok(lookup)) = tokio::time::timeout(PATIENCE, resolver.mx_lookup(format!("{domain}."))).await else {
            return vec![];
        };
        let mut found: Vec<(u16, String)> = lookup
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::MX(mx) => Some((mx.preference, host(&mx.exchange.to_ascii())?)),
                _ => None,
            })
            .collect();
        found.sort();
        found.into_iter().map(|(_, host)| host).take(8).collect()
    }

    /// Where a service is, the preferred place.
    pub(super) async fn service(&self, name: &str) -> Option<(String, u16)> {
        let resolver = match self {
            Self::System(resolver) => resolver.as_ref().as_ref()?,
            #[cfg(test)]
            Self::Fixed { services, .. } => return services.get(name).cloned(),
        };
        let lookup = tokio::time::timeout(PATIENCE, resolver.srv_lookup(format!("{name}."))).await.ok()?.ok()?;
        let places = lookup.answers().iter().filter_map(|record| match &record.data {
            RData::SRV(srv) => Some((srv.priority, std::cmp::Reverse(srv.weight), host(&srv.target.to_ascii())?, srv.port)),
            _ => None,
        });
        places.min().map(|(_, _, host, port)| (host, port))
    }
}

/// Without the dot at its end; a dot alone means that there is none.
fn host(name: &str) -> Option<String> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    (!name.is_empty()).then_some(name)
}
