//! The generator against a server of twenty lines that can be told to break each promise: what it then reports is the
//! point, since a check that cannot fail checks nothing.

use std::{
    collections::{HashMap, HashSet},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use centralita::ids::UserId;
use serde_json::{Value, json};

use super::load::Window;
use crate::{message::Composer, server::Usage, setup::AgentAccess, signer::Signer, socket};

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What the fake does wrong, once in so many messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// Acknowledges and never pushes.
    Forgets,
    PushesTwice,
    /// Forgets that it had a message before.
    TakesTwice,
    /// 503 with `Retry-After`.
    Refuses,
    /// Drops a delta, and says so.
    Resyncs,
    /// Takes this long for every answer, more than the rate leaves it.
    Dawdles,
}

const DAWDLES: Duration = Duration::from_millis(10);

struct Fake {
    fault: Fault,
    sockets: Mutex<Vec<TcpStream>>,
    taken: Mutex<HashSet<String>>,
    opened: Mutex<HashMap<String, u64>>,
    count: AtomicU64,
}

impl Fake {
    fn start(fault: Fault) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let fake = Self {
            fault,
            sockets: Mutex::default(),
            taken: Mutex::default(),
            opened: Mutex::default(),
            count: AtomicU64::new(0),
        };
        let fake = Arc::new(fake);
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let fake = fake.clone();
                thread::spawn(move || fake.serve(stream));
            }
        });
        host
    }

    fn serve(&self, mut stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        let (mut received, mut some) = (Vec::new(), [0; 4096]);
        loop {
            let Ok(length @ 1..) = stream.read(&mut some) else { return };
            received.extend_from_slice(&some[..length]);
            let Some(end) = memchr::memmem::find(&received, b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&received[..end]).into_owned();
            if head.starts_with("GET /ws") {
                stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n").unwrap();
                self.sockets.lock().unwrap().push(stream.try_clone().unwrap());
                received.clear();
                // Whatever a client says is read and dropped.
                while matches!(stream.read(&mut some), Ok(1..)) {}
                return;
            }
            let length: usize = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
            if received.len() < end + 4 + length {
                continue;
            }
            let body: Value = serde_json::from_slice(&received[end + 4..]).unwrap();
            received.clear();
            let answer = self.take(&body["message"]);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    }

    fn take(&self, message: &Value) -> String {
        let answer = |status: &str, body: Value| {
            let body = body.to_string();
            format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nretry-after: 1\r\n\r\n{body}", body.len())
        };
        let unlucky = self.count.fetch_add(1, Ordering::Relaxed) % 50 == 49;
        let fault = if unlucky { self.fault } else { Fault::None };
        if self.fault == Fault::Dawdles {
            thread::sleep(DAWDLES);
        }
        if fault == Fault::Refuses {
            return answer("503 Service Unavailable", json!({}));
        }
        let new = self.taken.lock().unwrap().insert(message["id"].to_string());
        if !new {
            return answer("200 OK", json!({ "status": if self.fault == Fault::TakesTwice { "stored" } else { "repeated" } }));
        }
        let contact = message["from"]["id"].as_str().unwrap();
        let number: usize = contact.rsplit('-').next().unwrap().parse().unwrap();
        let mut opened = self.opened.lock().unwrap();
        let seq = opened.entry(contact.to_owned()).or_insert(0);
        *seq += 1;
        // The first message of a conversation must not be missed: it opens it.
        let fault = if *seq == 1 { Fault::None } else { fault };
        let frame = frame(number, *seq, message["text"].as_str().unwrap());
        let mut sockets = self.sockets.lock().unwrap();
        let index = number % sockets.len();
        let frames = match fault {
            Fault::Forgets => vec![],
            Fault::PushesTwice => vec![frame.clone(), frame],
            Fault::Resyncs => vec![json!({ "v": 1, "topic": "me", "epoch": "e", "pos": 1, "kind": "resync" }).to_string()],
            _ => vec![frame],
        };
        for frame in frames {
            sockets[index].write_all(&server_frame(frame.as_bytes())).unwrap();
        }
        answer("200 OK", json!({ "status": "stored" }))
    }
}

fn frame(contact: usize, seq: u64, text: &str) -> String {
    let id = |number: usize| UserId::from_u128(u128::try_from(number).unwrap()).to_string();
    let now = "2026-01-01T00:00:00Z";
    let conversation = json!({
        "id": id(contact + 1), "client": id(0), "channel": id(0), "channel_kind": "api", "campaign": id(0), "contact": id(0),
        "contact_name": "Ana", "contact_address": "c-1", "seq": seq, "standing": { "is": "active", "agent": id(0) },
        "since": now, "arrived_at": now, "last_message_at": now, "unanswered": true, "replied": false,
        "tags": [], "priority": "normal", "snoozed_until": null, "preview": null,
    });
    let message = json!({ "id": id(7), "seq": seq, "author": { "is": "contact" }, "text": text, "at": now });
    let data = json!({ "conversation": conversation, "messages": [message] });
    json!({ "v": 1, "topic": "me", "epoch": "e", "pos": seq, "kind": "conversation", "data": data }).to_string()
}

/// Unmasked, of 126 to 65,535 bytes.
fn server_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | socket::TEXT, 126];
    frame.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(payload);
    if payload.len() < 126 {
        frame = vec![0x80 | socket::TEXT, u8::try_from(payload.len()).unwrap()];
        frame.extend_from_slice(payload);
    }
    frame
}

struct Ran {
    load: Load,
    window: Window,
    acked: usize,
    ledger: PathBuf,
}

impl Drop for Ran {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.ledger);
    }
}

fn run_against(fault: Fault, rate: f64) -> Ran {
    let host = Fake::start(fault);
    let access = |number| AgentAccess { user: UserId::from_u128(number), token: "ctl_x".to_owned() };
    let path = std::env::temp_dir().join(format!("loadtests-{fault:?}-{rate}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let ledger = Ledger::create(&path).unwrap();
    let composer = Composer::new("t", &host, "channel", Signer::new(SECRET).unwrap());
    let mut load = Load::connect(&host, &[access(1), access(2)], composer, 4, ledger, Random::new(1)).unwrap();
    load.open_conversations(20).unwrap();
    let offer =
        Offer { drain: Duration::from_millis(300), ..Offer::new(rate, Duration::from_millis(100), Duration::from_millis(500)) };
    let window = load.measure(&offer, &Usage::own()).unwrap();
    let acked = load.ledger.read().unwrap().len();
    assert_eq!(load.findings.words(), Vec::<String>::new());
    Ran { load, window, acked, ledger: path }
}

#[test]
fn an_honest_server_gets_its_rate_and_no_blame() {
    let ran = run_against(Fault::None, 1000.0);
    let Ran { load, window, acked, .. } = &ran;
    assert_eq!((load.unseen(), load.pushed_twice, load.taken_twice), ((0, 0), 0, 0));
    // What is due in the window is exact however busy the machine is; what is acknowledged in it may have been due in the 100 ms before.
    let due = window.ack.count();
    assert!((250..=501).contains(&due), "{due}");
    assert!(window.acked >= 250 && window.acked <= u32::try_from(due).unwrap() + 100, "{} {due}", window.acked);
    assert!(window.delivered < window.acked && window.delivered * 10 > window.acked * 8, "repeats are not delivered");
    // Some 600 posts, 5 % of them repeats, and 20 that opened the conversations.
    assert!((300..620).contains(acked), "{acked}");
    assert!(window.e2e.quantile(0.5) > 0 && window.ack.quantile(0.5) > 0);
    assert!((1..=window.ack.quantile(0.5)).contains(&window.sent_to_ack.quantile(0.5)));
}

#[test]
fn what_waits_for_a_connection_counts_from_when_it_was_due_and_apart_from_when_it_left() {
    let Window { ack, sent_to_ack, .. } = &run_against(Fault::Dawdles, 1000.0).window;
    assert!(u128::from(sent_to_ack.quantile(0.5)) >= DAWDLES.as_micros());
    assert!(sent_to_ack.quantile(0.5) * 2 < ack.quantile(0.5), "{} {}", sent_to_ack.line(), ack.line());
}

#[test]
fn a_closed_loop_keeps_every_connection_busy() {
    let ran = run_against(Fault::None, 0.0);
    assert!(ran.window.acked > 300, "{}", ran.window.acked);
    assert_eq!((ran.load.unseen(), ran.load.pushed_twice), ((0, 0), 0));
}

#[test]
fn what_is_acknowledged_and_never_pushed_is_lost() {
    let (lost, covered) = run_against(Fault::Forgets, 1000.0).load.unseen();
    assert!(lost > 5 && covered == 0, "{lost} {covered}");
}

#[test]
fn what_a_resync_covers_is_counted_apart() {
    let (lost, covered) = run_against(Fault::Resyncs, 1000.0).load.unseen();
    assert!(lost == 0 && covered > 5, "{lost} {covered}");
}

#[test]
fn a_frame_that_comes_twice_is_a_duplicate() {
    assert!(run_against(Fault::PushesTwice, 1000.0).load.pushed_twice > 5);
}

#[test]
fn a_repeat_that_is_taken_as_new_is_a_duplicate() {
    assert!(run_against(Fault::TakesTwice, 1000.0).load.taken_twice > 5);
}

#[test]
fn a_refusal_is_counted_and_owed_nothing() {
    let ran = run_against(Fault::Refuses, 1000.0);
    assert!(ran.window.refused > 5, "{}", ran.window.refused);
    assert_eq!(ran.load.unseen(), (0, 0));
}
