//! Pictures of HTML that our people wrote: found before it is cleaned, named again afterwards.

use super::{
    super::ours,
    tokens::{Token, Tokens},
};
use crate::{domain::template::tag_end, ids::AttachmentId};

/// The files of ours that HTML shows, each once, in order.
pub(in super::super) fn own_pictures(html: &str) -> Vec<AttachmentId> {
    let mut found = Vec::new();
    for token in Tokens::new(html) {
        let Token::Start(name, attributes) = token else { continue };
        let source = attributes.iter().find(|(key, _)| key == "src").filter(|_| name == "img");
        let id = source.and_then(|(_, source)| source.trim().strip_prefix(ours::FILE)?.parse().ok());
        found.extend(id.filter(|id| !found.contains(id)));
    }
    found
}

/// Cleaned HTML with what `source` says in place of the numbers of pictures. A picture without source and words is left out, and so
/// are the marks that only what customers write has.
pub(in super::super) fn with_sources(html: &str, source: &impl Fn(&str, usize) -> Option<String>) -> String {
    let mut written = String::with_capacity(html.len());
    let mut rest = html;
    // In clean HTML no `<` stands in a text.
    while let Some(at) = rest.find('<') {
        let (text, from) = rest.split_at(at);
        let (tag, after) = from.split_at(tag_end(from));
        written.push_str(text);
        let tag = sourced(tag, source);
        if !tag.starts_with("<img") || tag.contains(" src=\"") || tag.contains(" alt=\"") {
            written.push_str(&tag);
        }
        rest = after;
    }
    written.push_str(rest);
    written
}

fn sourced(tag: &str, source: &impl Fn(&str, usize) -> Option<String>) -> String {
    let (mut written, mut rest) = (String::with_capacity(tag.len()), tag);
    while let Some(at) = rest.find(' ') {
        let (before, from) = rest.split_at(at);
        written.push_str(before);
        // A space begins an attribute: those within values are passed over with them.
        let Some((key, inside)) = from.get(1..).and_then(|attribute| attribute.split_once("=\"")) else {
            rest = from;
            break;
        };
        let (value, after) = inside.split_once('"').unwrap_or((inside, ""));
        match key {
            "data-part" | "data-remote" => {
                if let Some(address) = value.parse().ok().and_then(|number| source(key, number)) {
                    let address = address.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
                    written.push_str(&format!(" src=\"{address}\""));
                }
            }
            "data-background" | "data-fold" | "rel" => {}
            _ => written.push_str(&format!(" {key}=\"{value}\"")),
        }
        rest = after;
    }
    written.push_str(rest);
    written
}
