//! Pictures of a mail's HTML: named by the id of their file here, by `cid:` on the way.

use super::Enclosed;
use crate::ids::AttachmentId;

const MARK: &str = "data-part=\"";

/// The HTML with `src="cid:…"` for every `data-part` of a tag that names one of the files, and which it names. What names nothing is
/// left out. The HTML is as the sanitiser writes it: attributes in double quotes, no comments.
pub(super) fn with_content_ids(
    html: &str,
    files: &[Enclosed],
    content_id: impl Fn(AttachmentId) -> String,
) -> (String, Vec<AttachmentId>) {
    let (mut out, mut shown) = (String::with_capacity(html.len() + 64), Vec::new());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (before, from) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let (tag, after) = from.split_at_checked(end_of_tag(from)).unwrap_or((from, ""));
        out.push_str(before);
        match part_of(tag) {
            None => out.push_str(tag),
            Some((head, named, tail)) => {
                let known = named.parse().ok().filter(|id| files.iter().any(|file| file.id == *id));
                out.push_str(head);
                if let Some(id) = known {
                    out.push_str(&format!("src=\"cid:{}\"", content_id(id)));
                    if !shown.contains(&id) {
                        shown.push(id);
                    }
                }
                out.push_str(tail);
            }
        }
        rest = after;
    }
    out.push_str(rest);
    (out, shown)
}

/// Behind the first `>` that no quotes hold.
fn end_of_tag(tag: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in tag.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    tag.len()
}

/// What stands before the attribute, in it and behind it.
fn part_of(tag: &str) -> Option<(&str, &str, &str)> {
    if !tag.starts_with("<img ") {
        return None;
    }
    let mut at = 0;
    // Not what stands within the value of another attribute.
    loop {
        let found = at + tag.get(at..)?.find(MARK)?;
        let head = tag.get(..found)?;
        if head.ends_with(' ') && head.matches('"').count() % 2 == 0 {
            let (named, tail) = tag.get(found + MARK.len()..)?.split_once('"')?;
            return Some((head, named, tail));
        }
        at = found + MARK.len();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn only_pictures_that_go_along_are_shown() {
        let id = AttachmentId::from_u128(7);
        let file = Enclosed { id, name: "a.png".to_owned(), media_type: "image/png".to_owned(), bytes: Bytes::new() };
        let other = AttachmentId::from_u128(8);
        let html = format!(
            "<p title=\"&lt;\">data-part=\"{id}\"</p><img alt=\" data-part=&quot;\" data-part=\"{id}\"><img data-part=\"{id}\" alt=\"ñ>\">\
             <img data-part=\"{other}\"><a data-part=\"{id}\">x</a><img data-part=\"x\"><img"
        );
        let (found, shown) = with_content_ids(&html, &[file], |id| id.to_string());
        assert_eq!(shown, [id]);
        let expected = format!(
            "<p title=\"&lt;\">data-part=\"{id}\"</p><img alt=\" data-part=&quot;\" src=\"cid:{id}\"><img src=\"cid:{id}\" alt=\"ñ>\">\
             <img ><a data-part=\"{id}\">x</a><img ><img"
        );
        assert_eq!(found, expected);
    }
}
