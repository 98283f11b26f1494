//! The driver's messages: numbered, so that each can be recognised wherever it turns up.
//!
//! Every text begins with a mark: `~m17t1234~` is inbound message 17, scheduled 1234 µs after the driver's start; `~r17t0~`
//! is reply 17.

use std::io::Write;

use memchr::memmem;

use crate::{signer::Signer, time};

/// About what a person writes; with the rest of the body 300 to 500 bytes.
const FILLER: &str = "Hola, mi pedido no llego todavia. Podrian revisar donde esta? Lo espero desde el martes y nadie me contesta \
     los correos. El numero esta en la factura que les mande la semana pasada, gracias por la ayuda y quedo atenta a su respuesta.";

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mark {
    /// An inbound message.
    Inbound(u32),
    /// An agent's reply.
    Reply(u32),
}

impl Mark {
    /// The mark at the beginning of a stored text.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let (kind, rest) = text.strip_prefix('~')?.split_at_checked(1)?;
        let number = rest.split_once('t')?.0.parse().ok()?;
        match kind {
            "m" => Some(Self::Inbound(number)),
            "r" => Some(Self::Reply(number)),
            _ => None,
        }
    }
}

/// Numbers of the inbound messages that a frame carries, found without parsing it: the fast path of the load generator. What
/// stands in a row's preview is no message.
pub(crate) fn inbound_marks(frame: &[u8]) -> impl Iterator<Item = u32> {
    const BEGIN: &[u8] = b"\"text\":\"~m";
    let is_message = |at: &usize| frame.get(..*at).is_some_and(|before| !before.ends_with(b"\"preview\":{"));
    memmem::find_iter(frame, BEGIN).filter(is_message).filter_map(|at| {
        let digits = frame.get(at + BEGIN.len()..)?.iter().take_while(|byte| byte.is_ascii_digit());
        Some(digits.fold(0_u32, |number, digit| number.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'))))
    })
}

/// One inbound message. Its repeats have the same body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inbound {
    /// Its number in this run.
    pub(crate) number: u32,
    /// Which customer writes.
    pub(crate) contact: u32,
    /// When it was due, in microseconds of [`time::micros`].
    pub(crate) scheduled: u64,
}

/// Writes signed requests to one channel.
#[derive(Clone)]
pub(crate) struct Composer {
    run: String,
    head: Vec<u8>,
    signer: Signer,
    body: Vec<u8>,
    id: Vec<u8>,
}

impl Composer {
    /// For the hook of a channel; `run` sets the ids of this run apart from those of others.
    pub(crate) fn new(run: &str, host: &str, channel: &str, signer: Signer) -> Self {
        let head = format!("POST /hooks/{channel} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\nwebhook-id: ");
        Self { run: run.to_owned(), head: head.into_bytes(), signer, body: vec![], id: vec![] }
    }

    /// Appends the whole request, signed now.
    pub(crate) fn request(&mut self, message: &Inbound, out: &mut Vec<u8>) {
        let Inbound { number, contact, scheduled } = message;
        let run = &self.run;
        self.id.clear();
        self.body.clear();
        // Writing into memory cannot fail.
        let _ = write!(self.id, "lt-{run}-{number}");
        let _ = write!(
            self.body,
            "{{\"type\":\"message\",\"message\":{{\"id\":\"lt-{run}-{number}\",\"from\":{{\"id\":\"c-{run}-{contact}\",\"name\":\"Ana {contact}\"}},\
             \"text\":\"~m{number}t{scheduled}~ {FILLER}\"}}}}"
        );
        let timestamp = time::unix_seconds().to_string();
        out.extend_from_slice(&self.head);
        out.extend_from_slice(&self.id);
        let _ = write!(out, "\r\nwebhook-timestamp: {timestamp}\r\nwebhook-signature: ");
        self.signer.sign(&self.id, timestamp.as_bytes(), &self.body, out);
        let _ = write!(out, "\r\ncontent-length: {}\r\n\r\n", self.body.len());
        out.extend_from_slice(&self.body);
    }
}

/// The text of an agent's reply.
pub(crate) fn reply_text(number: u32) -> String {
    format!("~r{number}t0~ Buen dia, ya lo reviso y le confirmo en un momento.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_again() {
        assert_eq!(Mark::of("~m17t1234~ Hola"), Some(Mark::Inbound(17)));
        assert_eq!(Mark::of(&reply_text(4)), Some(Mark::Reply(4)));
        assert_eq!(Mark::of("Hola ~m17t1234~"), None);
        assert_eq!(Mark::of("~"), None);
        let frame = br#"{"a":"~m1t0~","preview":{"text":"~m17t12~ x"},"messages":[{"text":"~m17t12~ x"},{"text":"~r3t0~"},{"text":"~m4294967295t1~"}]}"#;
        assert_eq!(inbound_marks(frame).collect::<Vec<_>>(), [17, 4_294_967_295]);
    }

    #[test]
    fn a_request_is_whole_signed_and_of_a_real_size() {
        let signer = Signer::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mut composer = Composer::new("a1", "127.0.0.1:1", "channel", signer);
        let mut out = Vec::new();
        composer.request(&Inbound { number: 3, contact: 9, scheduled: 55 }, &mut out);
        let text = String::from_utf8(out).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let json: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(json["message"]["id"], "lt-a1-3");
        assert_eq!(Mark::of(json["message"]["text"].as_str().unwrap()), Some(Mark::Inbound(3)));
        assert!(head.contains(&format!("content-length: {}", body.len())));
        assert!(head.contains("webhook-signature: v1,"));
        assert!((300..=500).contains(&body.len()), "{}", body.len());
    }
}
