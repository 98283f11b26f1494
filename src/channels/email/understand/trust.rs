//! What the mail server that took a mail in says about its author's address (RFC 8601).
//!
//! Anybody can write an `Authentication-Results` field. The one that counts is named by the account's settings, by the identity that
//! its own server writes there, and of several it is the topmost: a server writes above what it received, so a forged copy lies below.

use super::{clean, mime::enclosed_fields};

/// What is known of an author's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The domain's owner vouches for it.
    Passed,
    /// The domain's owner does not.
    Failed,
    /// Nobody who is trusted says anything.
    Unsaid,
}

/// Read of one field, in bytes.
const MAX_BYTES: usize = 8 * 1024;

/// What `trusted`, an authentication service, says about this author of a mail.
pub fn proof(raw: &[u8], trusted: &str, author: &str) -> Proof {
    let fields = enclosed_fields(raw);
    let said = fields.raw("authentication-results").map(|value| {
        let text = String::from_utf8_lossy(value);
        without_comments(clean::cut_bytes(&text, MAX_BYTES))
    });
    let trusted = trusted.trim();
    said.into_iter().find(|text| server(text).eq_ignore_ascii_case(trusted)).map_or(Proof::Unsaid, |text| judged(&text, author))
}

fn server(text: &str) -> &str {
    let first = text.split(';').next().unwrap_or_default();
    first.split_whitespace().next().unwrap_or_default().trim_matches('"')
}

/// DMARC says it all; without it one of its two halves must hold for the author's own domain.
fn judged(text: &str, author: &str) -> Proof {
    let domain = author.rsplit_once('@').map_or("", |(_, domain)| domain);
    let (mut said_any, mut aligned) = (false, false);
    for result in text.split(';').skip(1).map(assignments) {
        let Some(((method, outcome), properties)) = result.split_first() else { continue };
        let method = method.split('/').next().unwrap_or_default();
        let property = |name: &str| {
            properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.rsplit('@').next().unwrap_or_default())
        };
        match (method, outcome.as_str()) {
            ("dmarc", "pass" | "bestguesspass") => return Proof::Passed,
            ("dmarc", "fail") => return Proof::Failed,
            ("spf" | "dkim", outcome) => {
                said_any = true;
                let of = if method == "spf" {
                    property("smtp.mailfrom")
                } else {
                    property("header.d").or_else(|| property("header.i"))
                };
                aligned |= outcome == "pass" && of.is_some_and(|of| is_aligned(of, domain));
            }
            _ => {}
        }
    }
    match (aligned, said_any) {
        (true, _) => Proof::Passed,
        (false, true) => Proof::Failed,
        (false, false) => Proof::Unsaid,
    }
}

/// `name=value` pairs, in lower case; blanks may stand around the sign.
fn assignments(text: &str) -> Vec<(String, String)> {
    let joined = text.split('=').map(str::trim).collect::<Vec<_>>().join("=").to_ascii_lowercase();
    let pairs = joined.split_whitespace().filter_map(|word| word.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect()
}

/// The same domain, or one of them below the other, which is more than a top-level domain.
fn is_aligned(one: &str, other: &str) -> bool {
    let below = |lower: &str, upper: &str| {
        upper.split('.').count() > 1 && lower.strip_suffix(upper).is_some_and(|rest| rest.ends_with('.'))
    };
    let (one, other) = (one.trim_end_matches('.'), other.trim_end_matches('.'));
    !one.is_empty()
        && (one == other
            || (!super::author::is_registry(other) && below(one, other))
            || (!super::author::is_registry(one) && below(other, one)))
}

fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut depth, mut is_quoted, mut is_escaped) = (0_usize, false, false);
    for character in text.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' if depth == 0 => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted && depth > 0 => depth -= 1,
            // What is quoted must not look like a sign.
            ';' | '=' if is_quoted => kept.push('_'),
            _ if depth == 0 => kept.push(character),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const US: &str = "mx.casa.example";

    fn of(results: &[&str]) -> Proof {
        let fields: String = results.iter().map(|text| format!("Authentication-Results: {text}\r\n")).collect();
        proof(format!("{fields}From: ana@cliente.example\r\n\r\nhola").as_bytes(), US, "ana@cliente.example")
    }

    #[test]
    fn the_trusted_server_decides() {
        for (said, expected) in [
            ("mx.casa.example; dmarc=pass header.from=cliente.example", Proof::Passed),
            (
                "mx.casa.example 1; spf=fail smtp.mailfrom=x.example; dmarc = fail (p=REJECT) header.from=cliente.example",
                Proof::Failed,
            ),
            (
                "MX.casa.example;\r\n dkim=pass (2048-bit; comment) header.d=cliente.example; spf=softfail smtp.mailfrom=b@c.example",
                Proof::Passed,
            ),
            (
                "mx.casa.example; dkim=pass header.d=otro.example; spf=pass smtp.mailfrom=bounce@envios.cliente.example",
                Proof::Passed,
            ),
            ("mx.casa.example; dkim=pass header.d=otro.example; spf=pass smtp.mailfrom=otro.example", Proof::Failed),
            ("mx.casa.example; spf=none smtp.mailfrom=cliente.example; dkim=none", Proof::Failed),
            ("mx.casa.example; spf=pass smtp.mailfrom=example", Proof::Failed),
            ("mx.casa.example; dkim=fail reason=\"bad; dmarc=pass\" header.d=cliente.example", Proof::Failed),
            ("mx.casa.example; dmarc=none; dkim=pass header.i=@cliente.example", Proof::Passed),
            ("mx.casa.example; none", Proof::Unsaid),
            ("mx.casa.example; auth=pass smtp.auth=ana", Proof::Unsaid),
            ("mx.otra.example; dmarc=pass", Proof::Unsaid),
            ("(mx.casa.example;) mx.otra.example; dmarc=pass", Proof::Unsaid),
            ("", Proof::Unsaid),
        ] {
            assert_eq!(of(&[said]), expected, "{said}");
        }
        assert_eq!(of(&[]), Proof::Unsaid);
    }

    #[test]
    fn a_forged_copy_below_it_is_not_read() {
        assert_eq!(of(&["mx.casa.example; dmarc=fail", "mx.casa.example; dmarc=pass"]), Proof::Failed);
        assert_eq!(of(&["otro; dmarc=fail", "mx.casa.example; dmarc=pass", "mx.casa.example; dmarc=fail"]), Proof::Passed);
        assert_eq!(of(&["mx.casa.example; none", "mx.casa.example; dmarc=pass"]), Proof::Unsaid);
    }

    proptest! {
        #[test]
        fn noise_is_no_panic(noise in "[a-z=;()\"\\\\ .@]{0,200}") {
            let _ = of(&[&format!("{US};{noise}"), &noise]);
        }
    }
}
