//! Names that mail servers usually have, all tried at once.

use std::time::Duration;

use futures_util::future::join_all;

use super::super::{
    account::{Security, Server},
    dial::{Hello, Steps, connect},
    imap,
    net::{Network, Patience},
    smtp,
};

/// A person waits; a server that needs longer is no pleasure anyway.
const PATIENCE: Duration = Duration::from_secs(4);

/// The first server for receiving and the first for sending that answers as it should, with a certificate for its name.
pub(super) async fn answering(net: &Network, domain: &str, exchangers: &[String]) -> (Option<Server>, Option<Server>) {
    let patience = Patience { connect: PATIENCE, tls: PATIENCE, reply: PATIENCE, ..net.patience };
    let net = &net.clone().with_patience(patience);
    let hosts = |first: &str| {
        let usual = [format!("{first}.{domain}"), format!("mail.{domain}"), domain.to_owned()];
        // Small hosters let the machine that takes the mail do everything.
        usual.into_iter().chain(exchangers.iter().take(2).cloned()).collect::<Vec<_>>()
    };
    let receiving = servers(&hosts("imap"), [(993, Security::Tls), (143, Security::Starttls)]);
    let sending = servers(&hosts("smtp"), [(465, Security::Tls), (587, Security::Starttls)]);
    let imap = first(net, &receiving, imap::greeting);
    let smtp = first(net, &sending, smtp::greeting);
    futures_util::future::join(imap, smtp).await
}

fn servers(hosts: &[String], ports: [(u16, Security); 2]) -> Vec<Server> {
    ports.iter().flat_map(|(port, security)| hosts.iter().map(|host| Server::new(host, *port, *security))).collect()
}

async fn first<H: Hello>(net: &Network, servers: &[Server], hello: impl Fn() -> H) -> Option<Server> {
    let tries = servers.iter().map(|server| {
        let mut hello = hello();
        async move { Box::pin(connect(net, server, &mut hello, &mut Steps::silent(net))).await.is_ok() }
    });
    let answered = join_all(tries).await;
    servers.iter().zip(answered).find_map(|(server, answered)| answered.then(|| server.clone()))
}
