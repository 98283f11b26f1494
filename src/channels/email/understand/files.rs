//! The files of a mail: what they are called, what they are, and whether the text shows them.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    bounds::MAX_FILES,
    html::cid,
    mime::{Part, enclosed_fields},
    tnef,
};
use crate::domain::file::{UNKNOWN, clean_name, sniff};

/// A file.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct File {
    /// Cleaned as every file's name is.
    pub name: String,
    /// Found in the bytes. What a browser would run is unknown bytes.
    pub media_type: String,
    /// In bytes.
    pub size: usize,
    /// The HTML shows it in its place (`data-part`).
    pub is_inline: bool,
    /// The bytes.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({:?}, {}, {} bytes)", self.name, self.media_type, self.size)
    }
}

const MAIL: &str = "message/rfc822";
const OUTLOOK: &str = "application/ms-tnef";
const CALENDAR: &str = "text/calendar";

/// The files among the parts, which content id names which, and whether some were left out.
pub(super) fn files(parts: &[&Part<'_>]) -> (Vec<File>, HashMap<String, usize>, bool) {
    let (mut files, mut ids) = (Vec::new(), HashMap::new());
    for part in parts.iter().take(MAX_FILES) {
        if let Some(id) = part.content_id() {
            ids.entry(cid(&id)).or_insert(files.len());
        }
        // Old programs name pictures by where they lay.
        if let Some(location) = part.fields.text("content-location") {
            ids.entry(cid(&location)).or_insert(files.len());
        }
        let one = file(part);
        let wrapped = if one.media_type == OUTLOOK { tnef::files(&one.bytes, MAX_FILES) } else { Vec::new() };
        if wrapped.is_empty() {
            files.push(one);
        }
        files.extend(wrapped.into_iter().map(unwrapped));
    }
    let is_cut = parts.len() > MAX_FILES || files.len() > MAX_FILES;
    files.truncate(MAX_FILES);
    ids.retain(|_, number| *number < files.len());
    (files, ids, is_cut)
}

fn file(part: &Part<'_>) -> File {
    let bytes = part.bytes();
    let is_mail = part.media_type == MAIL || part.media_type == "message/global";
    let media_type = match part.media_type.as_str() {
        _ if is_mail => MAIL,
        CALENDAR | "application/ics" => CALENDAR,
        // Signatures look like anything.
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "application/pkcs7-signature",
        "application/pgp-signature" => "application/pgp-signature",
        _ if bytes.starts_with(&tnef::SIGNATURE) => OUTLOOK,
        "text/plain" | "text/csv" if !bytes.contains(&0) => {
            if part.media_type == "text/csv" {
                "text/csv"
            } else {
                "text/plain"
            }
        }
        _ => sniff(&bytes),
    };
    let name = match part.name() {
        // Encoded words have no place in parameters; many programs put them there all the same.
        Some(name) if name.contains("=?") => clean_name(&super::header::unstructured(name.as_bytes())),
        Some(name) => clean_name(name),
        None if is_mail => clean_name(&enclosed_subject(&bytes).unwrap_or_else(|| "mail".to_owned())),
        None => format!("{}.{}", stem(media_type), extension(media_type)),
    };
    let is_without_end = is_mail && !name.to_ascii_lowercase().ends_with(".eml");
    let name = if is_without_end { clean_name(&format!("{}.eml", super::clean::cut(&name, 100))) } else { name };
    File { name, media_type: media_type.to_owned(), size: bytes.len(), is_inline: false, bytes }
}

fn unwrapped(found: tnef::Wrapped) -> File {
    let media_type = sniff(&found.bytes).to_owned();
    let name = match found.name.as_str() {
        "" => format!("{}.{}", stem(&media_type), extension(&media_type)),
        name => clean_name(name),
    };
    File { name, media_type, size: found.bytes.len(), is_inline: false, bytes: found.bytes }
}

fn enclosed_subject(bytes: &[u8]) -> Option<String> {
    enclosed_fields(bytes).text("subject").map(|subject| super::clean::cut(&subject, 100).to_owned())
}

fn stem(media_type: &str) -> &'static str {
    match media_type.split('/').next() {
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        _ if media_type == CALENDAR => "invite",
        _ => "file",
    }
}

fn extension(media_type: &str) -> &'static str {
    match media_type {
        CALENDAR => "ics",
        OUTLOOK => "dat",
        "text/plain" => "txt",
        "text/csv" => "csv",
        UNKNOWN => "bin",
        known => infer_extension(known),
    }
}

fn infer_extension(media_type: &str) -> &'static str {
    match media_type {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "application/pdf" => "pdf",
        "application/zip" => "zip",
        "audio/mpeg" => "mp3",
        "audio/ogg" => "ogg",
        "video/mp4" => "mp4",
        _ => "bin",
    }
}

/// A picture that stood in the HTML itself.
pub(super) fn picture(bytes: Vec<u8>) -> File {
    let media_type = sniff(&bytes).to_owned();
    File { name: format!("image.{}", extension(&media_type)), media_type, size: bytes.len(), is_inline: true, bytes }
}
