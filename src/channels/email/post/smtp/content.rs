//! A mail's bytes as they go over the wire: one kind of line end, and no line that could end the mail early (security.md, 21).

/// Every bare CR and bare LF becomes a whole line end, lines that begin with a dot get another one, the last line is ended. No server, strict or lax,
/// finds the end of the mail in it. The closing `.` is not part of it.
pub(super) fn on_the_wire(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 50 + 2);
    let mut rest = raw;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_spelling_of_an_early_end_survives() {
        let wire = |raw: &str| String::from_utf8(on_the_wire(raw.as_bytes())).unwrap();
        assert_eq!(wire("a\n.\nMAIL FROM:<x>"), "a\r\n..\r\nMAIL FROM:<x>\r\n");
        assert_eq!(wire("a\r.\rb"), "a\r\n..\r\nb\r\n");
        assert_eq!(wire("a\r\n.\rb"), "a\r\n..\r\nb\r\n");
        assert_eq!(wire("a\n.\r\nb"), "a\r\n..\r\nb\r\n");
        assert_eq!(wire(".a\r\n\r\nb\r\n"), "..a\r\n\r\nb\r\n");
        assert_eq!(wire(""), "");
    }

    proptest! {
        #[test]
        fn the_wire_holds_whole_lines_and_no_lonely_dot(raw in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a'), Just(0xff)], 0..60)) {
            let wire = on_the_wire(&raw);
            prop_assert!(wire.is_empty() || wire.ends_with(b"\r\n"));
            let lines: Vec<&[u8]> = wire.split(|byte| *byte == b'\n').collect();
            for line in &lines[..lines.len() - 1] {
                let text = line.strip_suffix(b"\r").unwrap();
                prop_assert!(text != b"." && !text.contains(&b'\r'));
            }
        }
    }
}
