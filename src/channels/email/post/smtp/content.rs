//! A mail's bytes with one kind of line end: the library doubles dots only behind whole ones, and servers disagree about others
//! (security.md, 21).

/// Every bare CR and bare LF becomes a whole line end; behind the last line there is none, because the library writes it.
pub(super) fn with_whole_lines(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 50 + 2);
    let mut rest = raw;
    while !rest.is_empty() {
        let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
    }
    out.truncate(out.len().saturating_sub(2));
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_line_end_is_a_whole_one() {
        let wire = |raw: &str| String::from_utf8(with_whole_lines(raw.as_bytes())).unwrap();
        assert_eq!(wire("a\n.\nMAIL FROM:<x>"), "a\r\n.\r\nMAIL FROM:<x>");
        assert_eq!(wire("a\r.\rb"), "a\r\n.\r\nb");
        assert_eq!(wire("a\n.\r\nb\r\n"), "a\r\n.\r\nb");
        assert_eq!(wire(".a\r\n\r\nb\r\n\r\n"), ".a\r\n\r\nb\r\n");
        assert_eq!(wire(""), "");
    }

    proptest! {
        #[test]
        fn nothing_is_left_of_half_ones(raw in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a'), Just(0xff)], 0..60)) {
            let wire = [with_whole_lines(&raw), b"\r\n".to_vec()].concat();
            let lines: Vec<&[u8]> = wire.split(|byte| *byte == b'\n').collect();
            for line in &lines[..lines.len() - 1] {
                prop_assert!(!line.strip_suffix(b"\r").unwrap().contains(&b'\r'));
            }
        }
    }
}
