//! JSON for programs, text for everybody else.

use std::fmt::Write as _;

use serde_json::json;

use super::{Sheet, is_note, size, wire};
use crate::{store::conversations::StoredMessage, wire::Time};

pub(super) fn json_head(sheet: &Sheet) -> String {
    let agents: Vec<_> = sheet.agents.iter().map(|agent| json!({ "id": agent, "name": sheet.name_of(*agent) })).collect();
    let head = json!({
        "conversation": sheet.summary,
        "subject": sheet.subject,
        "client": sheet.client(),
        "campaign": sheet.campaign(),
        "channel": sheet.channel(),
        "agents": agents,
        "disposition": sheet.disposition(),
        "ended_at": sheet.ended_at().map(Time::from),
        "zone": sheet.zone.name(),
        "exported_by": sheet.by,
        "exported_at": Time::from(sheet.at),
    });
    let mut text = head.to_string();
    // It goes on with the messages.
    text.pop();
    text.push_str(",\"messages\":[");
    text
}

pub(super) fn json_message(stored: &StoredMessage, first: bool, piece: &mut String) {
    if !first {
        piece.push(',');
    }
    piece.push_str(&serde_json::to_string(&wire(stored)).unwrap_or_else(|_| "null".to_owned()));
}

pub(super) fn json_end(cut: bool, piece: &mut String) {
    let _ = writeln!(piece, "],\"cut\":{cut}}}");
}

pub(super) fn text_head(sheet: &Sheet) -> String {
    let mut text = format!("{}\n\n", sheet.words.title);
    for (label, value) in sheet.lines() {
        let _ = writeln!(text, "{label}: {}", one_line(&value));
    }
    text.push('\n');
    text
}

pub(super) fn text_message(sheet: &Sheet, stored: &StoredMessage, piece: &mut String) {
    let message = &stored.message;
    let note = if is_note(stored) { format!(" ({})", sheet.words.note) } else { String::new() };
    let _ = writeln!(piece, "[{}] {}{note}:", sheet.moment(message.at), one_line(&sheet.author(message.author)));
    for line in message.text.lines() {
        // Indented, so that no line of a message looks like the beginning of another one.
        let _ = writeln!(piece, "    {line}");
    }
    for file in &message.attachments {
        let _ = writeln!(piece, "    + {} ({}, {})", one_line(&file.name), file.media_type, size(file.size));
    }
    piece.push('\n');
}

pub(super) fn text_end(sheet: &Sheet, cut: bool, piece: &mut String) {
    if cut {
        let _ = writeln!(piece, "{}\n", sheet.words.cut);
    }
    let _ = writeln!(piece, "{}", sheet.footer());
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
