//! Our own message ids: `<c1.{token}@domain>`.
//!
//! The token is the conversation's id, the message's id and the first 128 bits of an HMAC-SHA256 over both, in lower-case base 32
//! (some mail systems change the case of ids; none of them changes these letters and digits otherwise). The key is derived from
//! the installation's key, the client and the channel account: a token that was issued for another client or another account does
//! not verify, so no other check of belonging can be forgotten. The domain behind the `@` is for spam filters and says nothing.

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use uuid::Uuid;

use crate::ids::{ChannelId, ClientId, ConversationId, Id, MessageId};

const PURPOSE: &[u8] = b"centralita mail thread v1";
const LOOP: &[u8] = b"centralita mail loop v1";
const RATING: &[u8] = b"centralita mail rating v1";
const PREFIX: &str = "c1.";
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// 48 bytes in base 32.
const TOKEN_CHARACTERS: usize = 77;
const MAC_BYTES: usize = 16;

/// The header that every mail of ours carries with [`ThreadKey::loop_tag`]. A mail that comes in with our own tag is our own mail.
pub const LOOP_HEADER: &str = "X-Centralita-Loop";

/// Signs and checks the message ids of one channel account.
#[derive(Clone)]
pub struct ThreadKey {
    mac: Hmac<Sha256>,
    rating: Hmac<Sha256>,
    tag: String,
}

impl std::fmt::Debug for ThreadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ThreadKey(***)")
    }
}

/// One of our messages, proven by its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OurMessage {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Which of its messages.
    pub message: MessageId,
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    KeyInit::new(&block.into())
}

impl ThreadKey {
    /// The key of a channel account, derived from the installation's.
    pub fn new(installation_key: &[u8; 32], client: ClientId, channel: ChannelId) -> Self {
        let derived = |purpose: &[u8]| -> [u8; 32] {
            keyed(installation_key)
                .chain_update(purpose)
                .chain_update(client.uuid().as_bytes())
                .chain_update(channel.uuid().as_bytes())
                .finalize()
                .into_bytes()
                .into()
        };
        let tag = derived(LOOP).iter().take(10).fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
        Self { mac: keyed(&derived(PURPOSE)), rating: keyed(&derived(RATING)), tag }
    }

    /// The value of [`LOOP_HEADER`] in what this account sends.
    pub fn loop_tag(&self) -> &str {
        &self.tag
    }
}

/// The Message-ID, without angle brackets, under which a message goes out. The same message has the same id in every attempt.
pub fn mint(conversation: ConversationId, message: MessageId, key: &ThreadKey, domain: &str) -> String {
    format!("{PREFIX}{}@{domain}", sign(&key.mac, conversation, message))
}

/// What a receiver of a message shows to rate it. Whoever knows a Message-ID cannot make one of it.
pub fn mint_rating(conversation: ConversationId, message: MessageId, key: &ThreadKey) -> String {
    sign(&key.rating, conversation, message)
}

fn sign(mac: &Hmac<Sha256>, conversation: ConversationId, message: MessageId) -> String {
    let mut bytes = [conversation.uuid().into_bytes(), message.uuid().into_bytes()].concat();
    let mac = mac.clone().chain_update(&bytes).finalize().into_bytes();
    bytes.extend(mac.iter().take(MAC_BYTES));
    encode(&bytes)
}

/// The message of ours that an id names; none when it was not signed with this key.
pub fn verify(id: &str, key: &ThreadKey) -> Option<OurMessage> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>');
    let (local, _) = id.split_once('@')?;
    let prefix = local.get(..PREFIX.len())?;
    let token = local.get(PREFIX.len()..)?;
    if !prefix.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    signed(token, &key.mac)
}

/// The message that somebody may rate; none when it was not signed with this key.
pub fn verify_rating(token: &str, key: &ThreadKey) -> Option<OurMessage> {
    signed(token, &key.rating)
}

fn signed(token: &str, mac: &Hmac<Sha256>) -> Option<OurMessage> {
    if token.len() != TOKEN_CHARACTERS {
        return None;
    }
    let bytes = decode(token)?;
    let (ids, tag) = bytes.split_at_checked(32)?;
    mac.clone().chain_update(ids).verify_truncated_left(tag).ok()?;
    let (conversation, message) = ids.split_at_checked(16)?;
    Some(OurMessage {
        conversation: ConversationId::from_uuid(Uuid::from_slice(conversation).ok()?),
        message: MessageId::from_uuid(Uuid::from_slice(message).ok()?),
    })
}

fn encode(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut held) = (String::with_capacity(TOKEN_CHARACTERS), 0_u32, 0_u32);
    let mut push = |value: u32| text.push(ALPHABET.get((value & 31) as usize).map_or('a', |byte| char::from(*byte)));
    for byte in bytes {
        held = (held << 8 | u32::from(*byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(held >> bits);
        }
    }
    if bits > 0 {
        push(held << (5 - bits));
    }
    text
}

/// Exactly 48 bytes; spare bits must be zero, so that a token has one spelling but for its case.
fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::with_capacity(48), 0_u32, 0_u32);
    for letter in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter.to_ascii_lowercase())?;
        held = (held << 5 | u32::try_from(value).ok()?) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    let spare = held & ((1 << bits) - 1);
    (bytes.len() == 48 && spare == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(client: u128, channel: u128) -> ThreadKey {
        ThreadKey::new(&[7; 32], ClientId::from_u128(client), ChannelId::from_u128(channel))
    }

    proptest! {
        #[test]
        fn what_was_minted_verifies_and_nothing_near_it_does(
            conversation: u128, message: u128, at in 0_usize..TOKEN_CHARACTERS, other in 0_usize..32,
        ) {
            let ours = OurMessage {
                conversation: ConversationId::from_u128(conversation),
                message: MessageId::from_u128(message),
            };
            let id = mint(ours.conversation, ours.message, &key(1, 2), "mail.example");
            prop_assert_eq!(verify(&id, &key(1, 2)), Some(ours));
            prop_assert_eq!(verify(&format!("<{}>", id.to_uppercase()), &key(1, 2)), Some(ours));
            prop_assert_eq!(verify(&id, &key(9, 2)), None);
            prop_assert_eq!(verify(&id, &key(1, 9)), None);
            let mut changed = id.clone().into_bytes();
            changed[PREFIX.len() + at] = ALPHABET[other];
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(verify(&changed, &key(1, 2)).is_some(), changed == id);
        }
    }

    #[test]
    fn who_may_rate_a_message_may_not_join_its_thread_and_the_other_way_round() {
        let (conversation, message, key) = (ConversationId::from_u128(1), MessageId::from_u128(2), key(1, 2));
        let rating = mint_rating(conversation, message, &key);
        assert_eq!(verify_rating(&rating, &key), Some(OurMessage { conversation, message }));
        assert_eq!(verify(&format!("{PREFIX}{rating}@x"), &key), None);
        let id = mint(conversation, message, &key, "x");
        assert_eq!(verify_rating(&id[PREFIX.len()..id.len() - 2], &key), None);
        assert_eq!(verify_rating("", &key), None);
    }

    #[test]
    fn what_is_cut_empty_or_foreign_does_not_verify() {
        let key = key(1, 2);
        let id = mint(ConversationId::from_u128(1), MessageId::from_u128(2), &key, "x");
        let local = id.split('@').next().unwrap();
        for forged in [
            "",
            "@",
            "c1.@x",
            local,
            &format!("{}@x", &local[..local.len() - 1]),
            &format!("{}@x", &local[..PREFIX.len() + 52]),
            &format!("{local}a@x"),
            &format!("c2{}@x", &local[2..]),
            "00000000-0000-0000-0000-000000000001@x",
            "c1.ñ@x",
        ] {
            assert_eq!(verify(forged, &key), None, "{forged}");
        }
    }
}
