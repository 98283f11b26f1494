//! Rows in the text format of PostgreSQL's `COPY`.

use std::borrow::Cow;

/// Adds a text.
pub(super) fn write_text(line: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        let escaped = match byte {
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0b => b'v',
            0x0c => b'f',
            b'\r' => b'r',
            b'\\' => b'\\',
            _ => {
                line.push(*byte);
                continue;
            }
        };
        line.extend([b'\\', escaped]);
    }
}

/// Adds a NULL.
pub(super) fn write_null(line: &mut Vec<u8>) {
    line.extend(b"\\N");
}

/// The columns of a line; none = NULL.
///
/// # Errors
/// What was not written like this.
pub(super) fn fields(line: &[u8]) -> impl Iterator<Item = Result<Option<Cow<'_, str>>, &'static str>> {
    line.split(|byte| *byte == b'\t').map(field)
}

fn field(raw: &[u8]) -> Result<Option<Cow<'_, str>>, &'static str> {
    const NO_UTF8: &str = "it is not UTF-8";
    if raw == b"\\N" {
        return Ok(None);
    }
    if !raw.contains(&b'\\') {
        return str::from_utf8(raw).map(|text| Some(Cow::Borrowed(text))).map_err(|_| NO_UTF8);
    }
    let mut plain = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'b') => 0x08,
                Some(b't') => b'\t',
                Some(b'n') => b'\n',
                Some(b'v') => 0x0b,
                Some(b'f') => 0x0c,
                Some(b'r') => b'\r',
                Some(b'\\') => b'\\',
                _ => return Err("a backslash stands before something unknown"),
            },
            other => *other,
        });
    }
    String::from_utf8(plain).map(|text| Some(Cow::Owned(text))).map_err(|_| NO_UTF8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(row: &[Option<String>]) -> Vec<u8> {
        let mut line = Vec::new();
        for (number, field) in row.iter().enumerate() {
            if number > 0 {
                line.push(b'\t');
            }
            match field {
                Some(text) => write_text(&mut line, text.as_bytes()),
                None => write_null(&mut line),
            }
        }
        line
    }

    proptest! {
        #[test]
        fn every_row_comes_back_and_is_one_line(row in prop::collection::vec(prop::option::of("(?s).{0,12}|[\\\\\t\r\nN]{0,6}"), 1..5)) {
            let line = line(&row);
            prop_assert!(!line.contains(&b'\n'));
            let read: Result<Vec<_>, _> = fields(&line).map(|field| field.map(|text| text.map(Cow::into_owned))).collect();
            prop_assert_eq!(read, Ok(row));
        }

        #[test]
        fn noise_is_no_panic(noise in prop::collection::vec(any::<u8>(), 0..40)) {
            fields(&noise).for_each(drop);
        }
    }

    #[test]
    fn what_nobody_writes_is_refused() {
        for raw in [&b"\\x41"[..], b"\\", b"\\.", b"a\\Nb", b"\xff", b"\\t\xff"] {
            assert!(field(raw).is_err(), "{raw:?}");
        }
    }
}
