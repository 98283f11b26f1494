//! `winmail.dat`: the files that Outlook hides in its own wrapping (MS-OXTNEF). Only the files are taken; the text stands in the mail
//! as well. What is damaged ends the reading, and what was found until then counts.

use super::charset::windows_1252;

pub(super) const SIGNATURE: [u8; 4] = [0x78, 0x9f, 0x3e, 0x22];
const BEGINS: u16 = 0x9002;
const TITLE: u16 = 0x8010;
const DATA: u16 = 0x800f;
const PROPERTIES: u16 = 0x9005;
const LONG_NAME: u16 = 0x3707;
const MAX_PROPERTIES: u32 = 500;

/// A file in the wrapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wrapped {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// The files of a wrapping, at most so many.
pub(super) fn files(bytes: &[u8], most: usize) -> Vec<Wrapped> {
    let mut rest = bytes.get(6..).unwrap_or_default();
    let mut files: Vec<Wrapped> = Vec::new();
    while let Some((id, data, after)) = attribute(rest) {
        rest = after;
        if id == BEGINS {
            if files.len() >= most {
                break;
            }
            files.push(Wrapped::default());
            continue;
        }
        match (id, files.last_mut()) {
            (TITLE, Some(file)) if file.name.is_empty() => file.name = plain(&windows_1252(data)),
            (DATA, Some(file)) => file.bytes = data.to_vec(),
            (PROPERTIES, Some(file)) => {
                if let Some(name) = long_name(data) {
                    file.name = name;
                }
            }
            _ => {}
        }
    }
    files.retain(|file| !file.bytes.is_empty());
    files
}

fn plain(text: &str) -> String {
    text.trim_end_matches('\0').trim().to_owned()
}

/// Level, id, type, length, data, checksum.
fn attribute(from: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (_level, from) = from.split_at_checked(1)?;
    let (id, from) = word(from)?;
    let (_type, from) = word(from)?;
    let (length, from) = double(from)?;
    let (data, from) = from.split_at_checked(usize::try_from(length).ok()?)?;
    Some((id, data, from.get(2..).unwrap_or_default()))
}

fn word(from: &[u8]) -> Option<(u16, &[u8])> {
    let (bytes, rest) = from.split_first_chunk::<2>()?;
    Some((u16::from_le_bytes(*bytes), rest))
}

fn double(from: &[u8]) -> Option<(u32, &[u8])> {
    let (bytes, rest) = from.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*bytes), rest))
}

/// The long name among a file's properties.
fn long_name(data: &[u8]) -> Option<String> {
    let (count, mut rest) = double(data)?;
    for _ in 0..count.min(MAX_PROPERTIES) {
        let (kind, after) = word(rest)?;
        let (id, after) = word(after)?;
        let after = if id >= 0x8000 { behind_name(after)? } else { after };
        let fixed = match kind {
            0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => 4,
            0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => 8,
            0x0048 => 16,
            0x000d | 0x001e | 0x001f | 0x0102 => 0,
            _ => return None,
        };
        if fixed > 0 {
            rest = after.get(fixed..)?;
            continue;
        }
        let (values, after) = double(after)?;
        if values != 1 {
            return None;
        }
        let (value, after) = counted(after)?;
        match (id, kind) {
            (LONG_NAME, 0x001e) => return Some(plain(&windows_1252(value))),
            (LONG_NAME, 0x001f) => {
                let units: Vec<u16> = value.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
                return Some(plain(&String::from_utf16_lossy(&units)));
            }
            _ => rest = after,
        }
    }
    None
}

/// Length, value, and what fills it up to four bytes.
fn counted(from: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, from) = double(from)?;
    let length = usize::try_from(length).ok()?;
    let (value, from) = from.split_at_checked(length)?;
    Some((value, from.get(length.next_multiple_of(4) - length..).unwrap_or_default()))
}

/// Behind the name that a property has instead of a number: a GUID, a kind, and a number or a text.
fn behind_name(from: &[u8]) -> Option<&[u8]> {
    let (kind, after) = double(from.get(16..)?)?;
    if kind == 0 { after.get(4..) } else { counted(after).map(|(_, after)| after) }
}
