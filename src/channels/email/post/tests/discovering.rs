//! Proposals for an address.

use std::collections::HashMap;

use super::super::discover::{Names, Source, discover_with};
use super::*;

fn names(exchangers: &[&str], services: &[(&str, &str, u16)]) -> Names {
    let services = services.iter().map(|(name, host, port)| ((*name).to_owned(), ((*host).to_owned(), *port))).collect();
    Names::Fixed { exchangers: exchangers.iter().map(|host| (*host).to_owned()).collect(), services }
}

#[tokio::test]
async fn providers_and_announcements_are_proposed_in_the_order_of_trust() {
    let net = network(None);
    let nothing = names(&[], &[]);
    let [gmail] = &discover_with(&net, &nothing, "Ana@GMail.com").await[..] else { panic!() };
    assert_eq!((gmail.source, gmail.imap.clone().unwrap().host.as_str()), (Source::Address, "imap.gmail.com"));
    let both = names(
        &["mx1.hostinger.com"],
        &[
            ("_imaps._tcp.example.com", "correo.example.com", 9_993),
            ("_imap._tcp.example.com", "x.example.com", 143),
            ("_submission._tcp.example.com", "correo.example.com", 587),
        ],
    );
    let [hostinger, announced] = &discover_with(&net, &both, "ventas@example.com").await[..] else { panic!() };
    assert_eq!((hostinger.source, hostinger.provider.unwrap().name), (Source::MailExchanger, "Hostinger"));
    assert_eq!(announced.source, Source::Announced);
    assert_eq!(announced.imap, Some(Server::new("correo.example.com", 9_993, Security::Tls)));
    assert_eq!(announced.smtp, Some(Server::new("correo.example.com", 587, Security::Starttls)));
    for nobody in ["ventas", "", "a@b@c", "ventas@nowhere.example"] {
        assert_eq!(discover_with(&net, &nothing, nobody).await, []);
    }
}

#[tokio::test]
async fn usual_names_are_proposed_only_when_they_answer_with_their_certificate() {
    let Some(real) = Real::here() else { return };
    let mut net = real.network();
    // All lead to the real servers, whose certificate is for localhost and for nobody else.
    let to = |port: u16| ([127, 0, 0, 1], port).into();
    net.hosts = Arc::new(HashMap::from([
        (("imap.example.com".to_owned(), 993), to(real.imaps)),
        (("mail.example.com".to_owned(), 465), to(real.smtps)),
        (("smtp.example.com".to_owned(), 587), to(real.submission)),
    ]));
    assert_eq!(discover_with(&net, &names(&[], &[]), "ana@example.com").await, []);
    net.hosts = Arc::new(HashMap::from([
        (("localhost".to_owned(), 993), to(real.imaps)),
        (("localhost".to_owned(), 587), to(real.submission)),
    ]));
    let [answered] = &discover_with(&net, &names(&["localhost"], &[]), "ana@example.com").await[..] else { panic!() };
    assert_eq!((answered.source, answered.provider), (Source::Answered, None));
    assert_eq!(answered.imap, Some(local(993, Security::Tls)));
    assert_eq!(answered.smtp, Some(local(587, Security::Starttls)));
}
