//! Mail that comes in, from a real Dovecot where `CENTRALITA_TEST_MAIL` names one (`scripts/mail.sh`).

use std::{
    os::unix::fs::chown,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    api::text,
    database::{Database, number, on_both},
    mail_servers::{Real, insert_account, world_with_mail},
    socket::Socket,
    world::World,
};

on_both!(
    a_mail_is_on_the_agent_s_screen_and_its_source_can_be_asked_for,
    killed_while_mail_comes_in_nothing_is_lost_and_nothing_comes_twice,
);

impl Real {
    /// Puts mails into a folder of Ana's, as a delivery agent would.
    fn deliver(&self, folder: &str, numbers: impl Iterator<Item = usize>) {
        let place = self.mail.join("ana/Maildir").join(format!(".{folder}"));
        let nobody = |path: &Path| chown(path, Some(65_534), Some(65_534)).unwrap();
        let parts = ["cur", "new", "tmp"].map(|part| place.join(part));
        for directory in [&self.mail.join("ana"), &self.mail.join("ana/Maildir"), &place].into_iter().chain(&parts) {
            if std::fs::create_dir(directory).is_ok() {
                nobody(directory);
            }
        }
        for number in numbers {
            let raw = format!(
                "From: Marta <m{}@x.example>\r\nTo: ayuda@casa.example\r\nSubject: Pedido\r\nMessage-ID: <{number}.{folder}@x.example>\r\n\r\n\
                 texto {number:05}\r\n",
                number % 30
            );
            let (tmp, new) = (place.join(format!("tmp/{number}")), place.join(format!("new/{number}")));
            std::fs::write(&tmp, raw).unwrap();
            nobody(&tmp);
            std::fs::rename(tmp, new).unwrap();
        }
    }

    fn seen(&self, folder: &str) -> usize {
        let place = self.mail.join("ana/Maildir").join(format!(".{folder}/cur"));
        std::fs::read_dir(place)
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().to_string_lossy().ends_with(":2,S"))
            .count()
    }
}

/// A world with a mail account that reads this folder.
async fn world(database: &Database, real: &Real, folder: &str) -> (World, String) {
    let (world, client, campaign) = world_with_mail(real.installation(database)).await;
    let config = json!({
        "imap": { "host": "localhost", "port": real.imaps, "security": "tls" }, "receives": true, "takes_existing": true,
        "smtp": { "host": "localhost", "port": 25, "security": "plain" }, "user": "ana", "folders": { "inbox": folder },
    });
    insert_account(&world, (&client, &campaign), "ayuda@casa.example", &config, &real.password).await;
    (world, campaign)
}

/// The texts of all mails that came in, sorted.
async fn stored(world: &World) -> Vec<String> {
    let rows = world.installation.rows().await;
    let messages = rows.iter().filter_map(|row| serde_json::from_str::<Value>(row.strip_prefix("messages ")?).ok());
    let mut texts: Vec<String> = messages.filter(|row| row["mail"].is_string()).map(|row| text(&row["text"])).collect();
    texts.sort();
    texts
}

async fn a_mail_is_on_the_agent_s_screen_and_its_source_can_be_asked_for(database: Database) {
    let Some(real) = Real::here() else { return };
    let folder = format!("box{}", number());
    real.deliver(&folder, 0..1);
    let (world, campaign) = world(&database, &real, &folder).await;
    let agent = world.agent(&[&campaign]).await;
    let mut tab = Socket::at_work(&agent.api).await;
    let shows = |number: usize| move |frame: &Value| frame.to_string().contains(&format!("texto {number:05}"));
    tab.until("the first mail", shows(0)).await;
    let mut took = Vec::new();
    for number in 1..=30 {
        let start = Instant::now();
        real.deliver(&folder, number..number + 1);
        tab.until("the mail", shows(number)).await;
        took.push(start.elapsed());
    }
    took.sort();
    eprintln!("delivered → socket: median {:?}, slowest of 30 {:?}", took[15], took[29]);
    assert!(took[29] < Duration::from_secs(4), "{took:?}");
    // The file of the mail belongs to its conversation and is kept.
    let rows = world.installation.rows().await;
    let sources = rows.iter().filter(|row| row.starts_with("attachments ") && row.contains("message/rfc822"));
    let sources: Vec<Value> = sources.map(|row| serde_json::from_str(row.split_once(' ').unwrap().1).unwrap()).collect();
    assert_eq!(sources.len(), 31);
    let source = agent.api.get(&format!("/api/v1/attachments/{}", text(&sources[0]["id"]))).await;
    assert!(String::from_utf8_lossy(source.ok_bytes()).contains("Subject: Pedido"));
}

async fn killed_while_mail_comes_in_nothing_is_lost_and_nothing_comes_twice(database: Database) {
    let Some(real) = Real::here() else { return };
    let folder = format!("box{}", number());
    let (mut world, _) = world(&database, &real, &folder).await;
    let mut delivered = 0;
    for round in 0..6 {
        real.deliver(&folder, delivered..delivered + 60);
        delivered += 60;
        tokio::time::sleep(Duration::from_millis(120 * round)).await;
        world.kill();
        // What the server was told to be seen is in the log.
        let (seen, stored) = (real.seen(&folder), stored(&world).await.len());
        assert!(seen <= stored, "{seen} seen, {stored} stored");
        world.start().await;
    }
    let start = Instant::now();
    while stored(&world).await.len() < delivered || real.seen(&folder) < delivered {
        assert!(start.elapsed() < Duration::from_secs(60), "{} stored, {} seen", stored(&world).await.len(), real.seen(&folder));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let expected: Vec<String> = (0..delivered).map(|number| format!("texto {number:05}")).collect();
    assert_eq!(stored(&world).await, expected);
}
