//! Files: what they are called and what they are, found in their bytes (security.md, 4 and 5).

/// The longest name kept, in characters.
const MAX_NAME_CHARACTERS: usize = 120;
/// What a file is of which nothing is known.
pub const UNKNOWN: &str = "application/octet-stream";

/// Control characters, and those that change the direction of what follows: a name must look like what it is.
pub fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A name without a path, without what cannot be seen, of at most [`MAX_NAME_CHARACTERS`] characters. Cleaning it again changes
/// nothing.
pub fn clean_name(name: &str) -> String {
    let visible: String =
        name.chars().filter(|c| !is_control(*c) && !matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}')).collect();
    let last = visible.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String =
        last.chars().map(|c| if matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { c }).collect();
    let trimmed = plain.trim_matches(|c: char| c.is_whitespace() || c == '.');
    let cut = match trimmed.char_indices().nth(MAX_NAME_CHARACTERS) {
        None => trimmed,
        Some(_) => return cut_keeping_extension(trimmed),
    };
    if cut.is_empty() { "file".to_owned() } else { cut.to_owned() }
}

fn cut_keeping_extension(name: &str) -> String {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.chars().count() <= 10 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let room = MAX_NAME_CHARACTERS - extension.chars().count();
    let stem: String = stem.chars().take(room).collect();
    format!("{}{extension}", stem.trim_end_matches(|c: char| c.is_whitespace() || c == '.'))
}

/// The media type, found in the bytes. What a browser could run counts as unknown.
pub fn sniff(head: &[u8]) -> &'static str {
    let found = infer::get(head).map_or(UNKNOWN, |kind| kind.mime_type());
    let runs = ["html", "svg", "xml", "javascript", "x-shockwave-flash", "x-shellscript", "xhtml"];
    if runs.iter().any(|word| found.contains(word)) && !found.contains("openxmlformats") { UNKNOWN } else { found }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_nothing_but_a_name() {
        for (given, kept) in [
            ("factura.pdf", "factura.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..%2f..%2fx", "%2f..%2fx"),
            (r"C:\x\y.doc", "y.doc"),
            ("a\0b\r\n.txt", "ab.txt"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("\u{200b}.htaccess", "htaccess"),
            ("", "file"),
            ("...", "file"),
            ("a\"b.png", "a_b.png"),
        ] {
            assert_eq!(clean_name(given), kept, "{given:?}");
        }
        let long = clean_name(&format!("{}.pdf", "x".repeat(300)));
        assert_eq!((long.chars().count(), long.ends_with(".pdf")), (120, true));
    }

    proptest! {
        #[test]
        fn cleaning_a_name_again_changes_nothing(name in "\\PC{0,300}|.{0,300}") {
            let once = clean_name(&name);
            prop_assert_eq!(clean_name(&once), once.clone());
            prop_assert!((1..=MAX_NAME_CHARACTERS).contains(&once.chars().count()));
            prop_assert!(!once.contains(['/', '\\', '\0', '\r', '\n']));
        }
    }

    #[test]
    fn what_a_browser_could_run_counts_as_unknown() {
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n0000"), "image/png");
        for file in [
            "<html><script>alert(1)</script>",
            "<!DOCTYPE html>",
            "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "<?xml version='1.0'?>",
            "alert(1)",
        ] {
            assert_eq!(sniff(file.as_bytes()), UNKNOWN, "{file}");
        }
    }
}
