//! How much of a mail is read. What goes beyond is refused ([`super::Unreadable`]) or cut with a mark ([`Cut`]); the raw mail is
//! kept by the caller in any case.

use serde::Serialize;

/// The largest mail, in bytes as it travels: 25 MiB of files with their encoding.
pub const MAX_RAW_BYTES: usize = 36 * 1024 * 1024;
/// The longest header of a mail, in bytes; longer ones are no mails that people send.
pub const MAX_HEADER_BYTES: usize = 256 * 1024;
/// Read of one field, in bytes. Of References, which grow at their end, the end is read too.
pub const MAX_FIELD_BYTES: usize = 16 * 1024;
/// Read fields of one header.
pub const MAX_FIELDS: usize = 1_000;
/// Read of the header of one part, in bytes.
pub const MAX_PART_HEADER_BYTES: usize = 16 * 1024;
/// Read of a part's `Content-Type` or `Content-Disposition`, in bytes: mail-parser's time for RFC 2231 grows with its square.
pub const MAX_PARAMETER_BYTES: usize = 4 * 1024;
/// Leaves of the tree of parts.
pub const MAX_PARTS: usize = 500;
/// Multiparts within multiparts.
pub const MAX_DEPTH: usize = 20;
/// The longest boundary, in bytes; RFC 2046 allows 70.
pub const MAX_BOUNDARY_BYTES: usize = 200;
/// Message ids kept of References: the first one and the last ones.
pub const MAX_REFERENCES: usize = 100;
/// The longest message id kept, in bytes.
pub const MAX_ID_BYTES: usize = 512;
/// Addresses kept of To and of Cc.
pub const MAX_RECIPIENTS: usize = 200;
/// The longest subject kept, in characters.
pub const MAX_SUBJECT_CHARACTERS: usize = 500;
/// The longest name of a person kept, in characters.
pub const MAX_NAME_CHARACTERS: usize = 200;
/// Plain text kept, in bytes.
pub const MAX_TEXT_BYTES: usize = 512 * 1024;
/// HTML read, in bytes.
pub const MAX_HTML_BYTES: usize = 1024 * 1024;
/// Elements within elements.
pub const MAX_HTML_DEPTH: usize = 100;
/// Attributes read of one element.
pub const MAX_ATTRIBUTES: usize = 64;
/// Remote pictures listed.
pub const MAX_REMOTE: usize = 500;
/// The longest remote address listed, in bytes.
pub const MAX_REMOTE_BYTES: usize = 4 * 1024;
/// Pictures within the HTML itself (`data:`) that become files.
pub const MAX_DATA_PICTURES: usize = 50;
/// Files taken.
pub const MAX_FILES: usize = 100;
/// Recipients read of one delivery report.
pub const MAX_REPORTED: usize = 200;
/// Read of a delivery report in prose, in bytes.
pub const MAX_PROSE_BYTES: usize = 64 * 1024;
/// The longest calendar read, in bytes.
pub const MAX_CALENDAR_BYTES: usize = 256 * 1024;

/// What was left out because there is too much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Fields of the header.
    Fields,
    /// Parts beyond [`MAX_PARTS`].
    Parts,
    /// Multiparts deeper than [`MAX_DEPTH`] are taken as one part.
    Depth,
    /// Message ids between the first and the last ones.
    References,
    /// Recipients.
    Recipients,
    /// The end of the text.
    Text,
    /// The end of the HTML.
    Html,
    /// HTML elements that lie too deep; their text is kept.
    HtmlDepth,
    /// The HTML could not be made safe in a stable way: there is only text.
    HtmlUnstable,
    /// Files.
    Files,
}
