//! Bytes to text, also where the mail says nothing or a lie about them.

use mail_parser::decoders::{base64::base64_decode, charsets::map::charset_decoder, quoted_printable::quoted_printable_decode};

/// Windows' western code page; every byte has a meaning in it.
pub(super) fn windows_1252(bytes: &[u8]) -> String {
    match charset_decoder(b"windows-1252") {
        Some(decode) => decode(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The text of bytes that are said to be in a charset.
///
/// Bytes are believed before names: what is sound UTF-8 beyond ASCII is UTF-8, whatever western charset is named; what is said to
/// be UTF-8 and is not was written on an old Windows.
pub(super) fn decode(bytes: &[u8], declared: Option<&str>) -> String {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return String::from_utf8_lossy(rest).into_owned();
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return by_name("utf-16", bytes);
    }
    let declared = declared.unwrap_or_default().trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    let is_plain = matches!(declared.as_str(), "" | "us-ascii" | "ascii" | "utf-8" | "utf8" | "unknown-8bit" | "8bit" | "binary");
    let is_western = ["iso-8859-1", "iso8859-1", "latin1", "windows-1252", "cp1252", "iso-8859-15"].contains(&declared.as_str());
    if is_plain && is_iso_2022_jp(bytes) {
        return by_name("iso-2022-jp", bytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if is_plain || (is_western && !text.is_ascii()) => text.to_owned(),
        _ if is_plain => windows_1252(bytes),
        _ => by_name(&declared, bytes),
    }
}

fn by_name(name: &str, bytes: &[u8]) -> String {
    match charset_decoder(name.as_bytes()) {
        Some(decode) => decode(bytes),
        None => std::str::from_utf8(bytes).map_or_else(|_| windows_1252(bytes), str::to_owned),
    }
}

/// Seven-bit Japanese announces itself, whatever the header says.
fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    bytes.is_ascii() && [&b"\x1b$B"[..], b"\x1b$@"].iter().any(|mark| memchr::memmem::find(bytes, mark).is_some())
}

/// A part's bytes as they were before they travelled. Damage costs no more than what is damaged.
pub(super) fn carried(body: &[u8], encoding: Option<&str>) -> Vec<u8> {
    match encoding.unwrap_or_default() {
        "base64" => base64_decode(body).unwrap_or_else(|| base64_damaged(body)),
        "quoted-printable" => quoted_printable_decode(body).unwrap_or_else(|| quoted_damaged(body)),
        _ => body.to_vec(),
    }
}

fn base64_damaged(body: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(body.len());
    for &byte in body {
        if matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/') {
            kept.push(byte);
        }
    }
    // A lone character at the end carries no byte.
    if kept.len() % 4 == 1 {
        kept.pop();
    }
    base64_decode(&kept).unwrap_or_default()
}

fn quoted_damaged(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'=' {
            bytes.push(*first);
            continue;
        }
        match tail {
            [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] => rest = after,
            [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex(*high) << 4 | hex(*low));
                rest = after;
            }
            _ => bytes.push(b'='),
        }
    }
    bytes
}

fn hex(digit: u8) -> u8 {
    (digit as char).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or_default()
}
