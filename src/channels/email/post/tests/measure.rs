//! What our side of the libraries costs: `scripts/mail.sh cargo test --lib measure -- --ignored --nocapture --test-threads 1`.

use async_imap::Client;
use futures_util::TryStreamExt;
use lettre::{
    Address,
    address::Envelope,
    transport::smtp::{client::AsyncSmtpConnection, extension::ClientId},
};

use super::super::smtp::{Letter, Outcome, Sender};
use super::*;

const ROUNDS: usize = 3;

/// The best of some rounds in turn.
fn ratio(what: &str, count: usize, rounds: &[(Duration, Duration)]) {
    let best = |of: fn(&(Duration, Duration)) -> Duration| rounds.iter().map(of).min().unwrap().as_secs_f64();
    let (ours, bare) = (best(|round| round.0), best(|round| round.1));
    let speed = |took: f64| count as f64 / took;
    println!("{what}: {:.0}/s, bare {:.0}/s, ratio {:.2}", speed(ours), speed(bare), bare / ours);
}

pub(crate) async fn bare_backlog(real: &Real, folder: &str, count: u32) -> usize {
    let stream = TcpStream::connect(("127.0.0.1", real.imap)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut client = Client::new(stream);
    client.read_response().await.unwrap();
    let mut session = client.login("ana", &real.password).await.map_err(|(error, _)| error).unwrap();
    session.select(folder).await.unwrap();
    let mut bodies: Vec<Vec<u8>> = vec![];
    for first in (1..=count).step_by(500) {
        let set = format!("{first}:{}", first + 499);
        let mut mails = session.uid_fetch(set, "(UID INTERNALDATE BODY.PEEK[])").await.unwrap();
        while let Some(mail) = mails.try_next().await.unwrap() {
            bodies.push(mail.body().unwrap().to_vec());
        }
    }
    bodies.len()
}

#[tokio::test]
#[ignore = "measures"]
async fn measure_a_backlog() {
    let Some(real) = Real::here() else { return };
    for number in 0..10_000 {
        real.deliver("measure", &number.to_string(), format!("Subject: {number}\r\n\r\n{}\r\n", "x".repeat(1_500)).as_bytes());
    }
    let mut account = real.account("measure");
    account.imap = Some(local(real.imap, Security::Plain));
    bare_backlog(&real, "measure", 10_000).await;
    let (clock, mut rounds) = (Clock::system(), vec![]);
    for _ in 0..ROUNDS {
        let start = clock.elapsed();
        let pace = Pace { mails: 500, ..Pace::default() };
        let mut session = Session::open(&real.network(), &account, Start::Everything, pace).await.unwrap();
        let mut count = 0;
        while count < 10_000 {
            let batch = batch(&mut session).await;
            session.committed(batch.position);
            count += batch.mails.len();
        }
        let ours = clock.elapsed();
        assert_eq!(bare_backlog(&real, "measure", 10_000).await, 10_000);
        rounds.push((ours - start, clock.elapsed() - ours));
    }
    ratio("10,000 mails in chunks of 500", 10_000, &rounds);
}

async fn take_all(stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let (mut stream, mut line, mut in_mail) = (BufReader::new(stream), String::new(), false);
    stream.write_all(b"220 x\r\n").await.unwrap();
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        let answer: &[u8] = match line.as_str() {
            ".\r\n" => b"250 2.0.0 queued\r\n",
            _ if in_mail => b"",
            "DATA\r\n" => b"354 go\r\n",
            _ if line.starts_with("EHLO") => b"250-x\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250 AUTH PLAIN\r\n",
            _ if line.starts_with("AUTH") => b"235 2.7.0 ok\r\n",
            _ => b"250 2.0.0 ok\r\n",
        };
        in_mail = (in_mail && line != ".\r\n") || line == "DATA\r\n";
        line.clear();
        if !answer.is_empty() && stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

/// A server that takes everything, on a thread of its own.
fn sink() -> u16 {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap().port()).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take_all(stream));
            }
        });
    });
    told.recv().unwrap()
}

#[tokio::test]
#[ignore = "measures"]
async fn measure_sending() {
    const MAILS: usize = 2_000;
    let port = sink();
    let raw = format!("Subject: x\r\n\r\n{}\r\n", "x".repeat(1_500));
    let letter = Letter::new("ana@example.com", &["b@example.com".to_owned()], raw.clone().into()).unwrap();
    let (clock, mut rounds) = (Clock::system(), vec![]);
    for _ in 0..ROUNDS {
        let start = clock.elapsed();
        let mut sender = Sender::new(network(None), Arc::new(account(port, Security::Plain)));
        for _ in 0..MAILS {
            assert!(matches!(sender.send(&letter).await, Outcome::Sent { .. }));
        }
        let ours = clock.elapsed();
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut bare = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &ClientId::default()).await.unwrap();
        let address = |text: &str| text.parse::<Address>().unwrap();
        let envelope = Envelope::new(Some(address("ana@example.com")), vec![address("b@example.com")]).unwrap();
        for _ in 0..MAILS {
            bare.send(&envelope, raw.as_bytes()).await.unwrap();
        }
        rounds.push((ours - start, clock.elapsed() - ours));
    }
    ratio("2,000 mails sent", MAILS, &rounds);
}
