//! By what a mail is known again. Pure.
//!
//! The same mail may be fetched several times: after a crash, and whole folders after a change of UIDVALIDITY. It may also lie there
//! twice, because it was sent to two of the account's addresses; then only what servers wrote above it differs. Anybody can copy a
//! Message-ID, and some programs always write the same one: alone it is not enough.

use memchr::memmem;
use sha2::{Digest, Sha256};
use uuid::Builder;

use crate::{
    channels::email::post::imap::Facts,
    clock::Timestamp,
    ids::{AttachmentId, ChannelId, Id, MailAsideId},
    store::inbox::Claim,
};

/// Everything that follows from a mail's bytes and its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    account: ChannelId,
    digest: [u8; 32],
}

impl Identity {
    /// Hashes everything: off the arbiters.
    pub(super) fn of(account: ChannelId, raw: &[u8]) -> Self {
        let Facts { message_id, digest } = Facts::of(raw);
        if message_id.is_none() {
            return Self { account, digest };
        }
        let (header, body) = raw.split_at(header_end(raw));
        let mut hash = Sha256::new();
        let mut is_kept = false;
        for line in header.split_inclusive(|byte| *byte == b'\n') {
            if !matches!(line.first(), Some(b' ' | b'\t')) {
                is_kept = OF_THE_AUTHOR
                    .iter()
                    .any(|name| line.split_at_checked(name.len()).is_some_and(|(start, _)| start.eq_ignore_ascii_case(name)));
            }
            if is_kept {
                hash.update(line);
            }
        }
        hash.update(body);
        Self { account, digest: hash.finalize().into() }
    }

    /// Of a mail that the server could not give out.
    pub(super) fn of_number(account: ChannelId, uid_validity: u32, uid: u32) -> Self {
        Self { account, digest: Sha256::digest(format!("{uid_validity} {uid}")).into() }
    }

    /// That it is new.
    pub(super) fn claim(&self, received: Timestamp) -> Claim {
        let words = self.digest.iter().fold("mail:".to_owned(), |text, byte| format!("{text}{byte:02x}"));
        Claim::new(self.account, words, received)
    }

    /// Where the mail itself lies.
    pub(super) fn source(&self) -> AttachmentId {
        self.derived(b"source", 0)
    }

    /// Where one of its files lies.
    pub(super) fn file(&self, number: usize) -> AttachmentId {
        self.derived(b"file", number)
    }

    /// Under which id it is put aside.
    pub(super) fn aside(&self) -> MailAsideId {
        self.derived(b"aside", 0)
    }

    /// The same for the same mail, so that what was begun before a crash is done again and not twice.
    fn derived<T: Id>(&self, purpose: &[u8], number: usize) -> T {
        let hash = Sha256::new()
            .chain_update(self.account.uuid().as_bytes())
            .chain_update(self.digest)
            .chain_update((number as u64).to_be_bytes())
            .chain_update(purpose)
            .finalize();
        T::from_uuid(Builder::from_custom_bytes(hash.first_chunk::<16>().copied().unwrap_or_default()).into_uuid())
    }
}

/// Fields that no server changes on the way.
const OF_THE_AUTHOR: [&[u8]; 6] = [b"message-id:", b"date:", b"from:", b"to:", b"cc:", b"subject:"];

fn header_end(raw: &[u8]) -> usize {
    let ends = [memmem::find(raw, b"\r\n\r\n").map(|at| at + 2), memmem::find(raw, b"\n\n").map(|at| at + 1)];
    ends.into_iter().flatten().min().unwrap_or(raw.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(raw: &str) -> Identity {
        Identity::of(ChannelId::from_u128(1), raw.as_bytes())
    }

    #[test]
    fn what_servers_write_above_a_mail_does_not_make_it_another_and_anything_else_does() {
        let mail = "Message-ID: <1@x>\r\nFrom: ana\r\n <ana@x.example>\r\nDate: 1\r\nSubject: s\r\n\r\nhola\r\n";
        assert_eq!(of(mail), of(&format!("Delivered-To: b@y\r\nReceived: from z\r\n by y\r\n{mail}")));
        for (part, other) in [("hola", "chau"), ("<1@x>", "<2@x>"), ("<ana@", "<beto@"), ("Date: 1", "Date: 2"), (": s", ": t")] {
            assert_ne!(of(mail), of(&mail.replace(part, other)), "{part}");
        }
        assert_ne!(of(mail), Identity::of(ChannelId::from_u128(2), mail.as_bytes()));
        // Without a Message-ID every byte counts.
        let bare = "From: ana@x.example\r\n\r\nhola\r\n";
        assert_ne!(of(bare), of(&format!("Received: from z\r\n{bare}")));
        assert_eq!(of(bare), of(bare));
    }

    #[test]
    fn ids_are_the_same_each_time_and_differ_from_each_other() {
        let id = of("Message-ID: <1@x>\r\n\r\nhola");
        assert_eq!((id.source(), id.file(1)), (id.clone().source(), id.file(1)));
        assert!(id.source() != id.file(0) && id.file(0) != id.file(1) && id.aside().uuid() != id.source().uuid());
        assert_eq!(id.claim(Timestamp::default()).provider_id.len(), 69);
    }
}
