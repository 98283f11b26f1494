//! What is handed over, refused before a server sees it when it could mean something else there (security.md, 20).

use bytes::Bytes;
use lettre::Address;

use super::super::{
    account::{breaks, is_address},
    failure::Code,
};

/// A mail with its envelope.
#[derive(Clone, Debug)]
pub struct Letter {
    pub(super) from: Address,
    pub(super) to: Vec<Address>,
    pub(super) raw: Bytes,
}

/// More would be another mail (RFC 5321, 4.5.3.1.8).
const MOST_RECIPIENTS: usize = 100;

impl Letter {
    /// A mail from `from` (its bounces go there) to `to`; `raw` is the whole of it, RFC 5322.
    ///
    /// # Errors
    /// [`Code::AddressInvalid`], or [`Code::HeaderInjection`] for a header that no two servers read alike.
    pub fn new(from: &str, to: &[String], raw: Bytes) -> Result<Self, Code> {
        let from = address(from)?;
        let to = to.iter().map(|to| address(to)).collect::<Result<Vec<_>, _>>()?;
        if !(1..=MOST_RECIPIENTS).contains(&to.len()) {
            return Err(Code::AddressInvalid);
        }
        if !is_header_sound(&raw) {
            return Err(Code::HeaderInjection);
        }
        Ok(Self { from, to, raw })
    }

    /// Somebody does not get it after all.
    pub fn leave_out(&mut self, address: &str) {
        self.to.retain(|to| AsRef::<str>::as_ref(to) != address);
    }

    pub(super) fn has_foreign_addresses(&self) -> bool {
        !self.to.iter().chain([&self.from]).all(|address| AsRef::<str>::as_ref(address).is_ascii())
    }
}

/// Of an address that is one by the rule that holds everywhere else, too.
pub(super) fn address(text: &str) -> Result<Address, Code> {
    let parts = text.rsplit_once('@').filter(|_| is_address(text));
    parts.map(|(user, domain)| Address::new_dangerous(user, domain)).ok_or(Code::AddressInvalid)
}

/// The value as it is, when it may stand in a header: subject, names, file names.
///
/// # Errors
/// [`Code::HeaderInjection`] when it holds anything that ends a line somewhere.
pub fn header_value(value: &str) -> Result<&str, Code> {
    if value.contains(breaks) { Err(Code::HeaderInjection) } else { Ok(value) }
}

/// Whether the header, up to the first empty line, has whole line ends only, and begins like one.
fn is_header_sound(raw: &[u8]) -> bool {
    let mut rest = raw;
    let mut first = true;
    while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let Some(after) = after.strip_prefix(b"\r\n") else { return false };
        if line.is_empty() {
            return !first;
        }
        let folded = matches!(line.first(), Some(b' ' | b'\t'));
        let named = line
            .iter()
            .position(|byte| *byte == b':')
            .is_some_and(|colon| line.get(..colon).is_some_and(|name| !name.is_empty() && name.iter().all(u8::is_ascii_graphic)));
        if (first && folded) || !(folded || named) {
            return false;
        }
        (first, rest) = (false, after);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(to: &str, raw: &str) -> Result<Letter, Code> {
        Letter::new("a@b.example", &[to.to_owned()], Bytes::copy_from_slice(raw.as_bytes()))
    }

    #[test]
    fn nothing_that_ends_a_line_gets_into_a_header() {
        assert!(letter("c@d.example", "Subject: x\r\n y\r\nTo: z\r\n\r\nbody\nof any kind\r").is_ok());
        for raw in [
            "Subject: x\nBcc: z\r\n\r\n",
            "Subject: x\rBcc: z\r\n\r\n",
            "Subject: x\0\r\n\r\n",
            "Subject: x\r\n",
            "no header\r\n\r\n",
            " folded: first\r\n\r\n",
            "\r\nbody",
            "",
        ] {
            assert_eq!(letter("c@d.example", raw).err(), Some(Code::HeaderInjection), "{raw:?}");
        }
        for to in ["c@d.example>\r\nRCPT TO:<e@f.example", "c", "c@d.example\n", "<c@d.example>"] {
            assert_eq!(letter(to, "A: b\r\n\r\n").err(), Some(Code::AddressInvalid), "{to:?}");
        }
        assert_eq!(Letter::new("a@b.example", &[], Bytes::new()).err(), Some(Code::AddressInvalid));
        for value in ["a\r\nb", "a\rb", "a\nb", "a\u{2028}b", "a\0", "a\u{85}b"] {
            assert_eq!(header_value(value), Err(Code::HeaderInjection));
        }
        assert_eq!(header_value("¿Ñandú?"), Ok("¿Ñandú?"));
    }
}
