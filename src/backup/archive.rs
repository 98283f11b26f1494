//! The file: entries one after another, compressed; written once, read from front to back.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
};

use sha2::{Digest, Sha256};

use super::{
    Contents, Error, FORMAT, Head, Manifest, parse_file,
    tar::{self, BLOCK},
};
use crate::{ids::AttachmentId, store::newest_schema};

/// Little processor time: the server needs it.
const LEVEL: i32 = 3;
/// Memory that unpacking may take: 8 MiB. Level 3 uses 2.
const WINDOW_LOG: u32 = 23;
/// Rows come in entries of about this size.
pub(super) const CHUNK: usize = 4 * 1024 * 1024;
/// A row with the longest text and its escapes fits.
const LARGEST_CHUNK: u64 = 256 * 1024 * 1024;
/// `limits.max_attachment_bytes` at its most.
const LARGEST_FILE: u64 = 1024 * 1024 * 1024;
const LARGEST_JSON: u64 = 64 * 1024 * 1024;
/// Real data is compressed to a tenth, the monotonous data of load tests to a fiftieth.
const LARGEST_RATIO: u64 = 500;
/// What small backups may exceed the ratio by.
const RATIO_FROM: u64 = 64 * 1024 * 1024;

const HEAD: &str = "backup.json";
const MANIFEST: &str = "manifest.json";
const KEY: &str = "secret.key";

/// Writes a backup.
pub(super) struct Writer {
    out: zstd::Encoder<'static, BufWriter<File>>,
    sum: Sha256,
    at_secs: u64,
    tables: Vec<String>,
    parts: Vec<u32>,
    manifest: Manifest,
    written: u64,
}

impl Writer {
    pub(super) fn begin(file: File, head: &Head) -> io::Result<Self> {
        let mut out = zstd::Encoder::new(BufWriter::with_capacity(1 << 20, file), LEVEL)?;
        out.include_checksum(true)?;
        let at_secs = u64::try_from(head.taken_at.0.micros() / 1_000_000).unwrap_or(0);
        let tables: Vec<String> = head.tables.iter().map(|table| table.name.clone()).collect();
        let manifest = Manifest { rows: vec![0; tables.len()], ..Manifest::default() };
        let mut writer = Self { out, sum: Sha256::new(), at_secs, parts: vec![0; tables.len()], tables, manifest, written: 0 };
        writer.entry(HEAD, &serde_json::to_vec_pretty(head)?)?;
        Ok(writer)
    }

    fn entry(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.stream(name, bytes.len() as u64, &mut &*bytes)
    }

    /// The file must have the size it is said to have.
    fn stream(&mut self, name: &str, size: u64, bytes: &mut dyn Read) -> io::Result<()> {
        let header = tar::header(name, size, self.at_secs).ok_or_else(|| io::Error::other(format!("{name} is too large")))?;
        self.put(&header)?;
        let mut buffer = vec![0; 64 * 1024];
        let mut left = size;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let read = bytes.read(buffer.get_mut(..most).unwrap_or_default())?;
            if read == 0 {
                return Err(io::Error::other(format!("{name} is shorter than it was")));
            }
            self.put(buffer.get(..read).unwrap_or_default())?;
            left -= read as u64;
        }
        self.put([0; BLOCK].get(..tar::padding(size)).unwrap_or_default())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// Whole rows of the table with this number.
    pub(super) fn rows(&mut self, table: usize, rows: &[u8]) -> io::Result<()> {
        let unknown = || io::Error::other("no such table");
        let part = self.parts.get_mut(table).ok_or_else(unknown)?;
        *part += 1;
        let name = format!("tables/{}/{part:06}.tsv", self.tables.get(table).ok_or_else(unknown)?);
        *self.manifest.rows.get_mut(table).ok_or_else(unknown)? += count(rows);
        self.entry(&name, rows)
    }

    pub(super) fn file(&mut self, id: AttachmentId, size: u64, bytes: &mut dyn Read) -> io::Result<()> {
        self.manifest.attachments += 1;
        self.manifest.attachment_bytes += size;
        self.stream(&format!("attachments/{id}"), size, bytes)
    }

    pub(super) fn missing(&mut self, id: AttachmentId) {
        self.manifest.missing.push(id);
    }

    pub(super) fn key(&mut self, key: &str) -> io::Result<()> {
        self.manifest.with_key = true;
        self.entry(KEY, key.as_bytes())
    }

    /// On the disk when it returns; the manifest and how much was written, uncompressed.
    pub(super) fn finish(mut self, streams: Vec<super::StreamHead>) -> io::Result<(Manifest, u64)> {
        let sum = std::mem::take(&mut self.sum).finalize();
        let manifest = Manifest { streams, sha256: hex(&sum), ..std::mem::take(&mut self.manifest) };
        self.entry(MANIFEST, &serde_json::to_vec_pretty(&manifest)?)?;
        self.put(&[0; 2 * BLOCK])?;
        let buffer = self.out.finish()?;
        buffer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok((manifest, self.written))
    }
}

fn count(rows: &[u8]) -> u64 {
    rows.iter().filter(|byte| **byte == b'\n').count() as u64
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Told what a backup holds, in its order.
pub(super) trait Visitor {
    /// What it is; comes first.
    fn head(&mut self, _: &Head) -> Result<(), Error> {
        Ok(())
    }
    /// Whole rows of a table, by its number in the head.
    fn rows(&mut self, _table: usize, _rows: Vec<u8>) -> Result<(), Error> {
        Ok(())
    }
    /// A file.
    fn file(&mut self, _: AttachmentId, size: u64, bytes: &mut dyn Read) -> Result<(), Error> {
        let copied = io::copy(&mut bytes.take(size), &mut io::sink()).map_err(unreadable)?;
        if copied == size { Ok(()) } else { Err(cut()) }
    }
    /// The key.
    fn key(&mut self, _: String) -> Result<(), Error> {
        Ok(())
    }
}

/// Looks, and does nothing.
pub(super) struct Look;

impl Visitor for Look {}

/// Reads a backup from end to end.
///
/// # Errors
/// [`Error::Damaged`], [`Error::TooNew`], and what the visitor says.
pub fn check(path: &Path) -> Result<Contents, Error> {
    read(path, &mut Look)
}

/// [`check`], and tells a visitor what comes by. What it was told only counts once this has returned.
pub(super) fn read(path: &Path, visitor: &mut dyn Visitor) -> Result<Contents, Error> {
    let file = File::open(path).map_err(Error::io(path))?;
    let about = file.metadata().map_err(Error::io(path))?;
    if !about.is_file() {
        return Err(Error::Damaged(format!("{} is no file", path.display())));
    }
    let mut unpacked = zstd::Decoder::with_buffer(BufReader::with_capacity(1 << 20, file)).map_err(unreadable)?;
    unpacked.window_log_max(WINDOW_LOG).map_err(unreadable)?;
    let most = RATIO_FROM.saturating_add(about.len().saturating_mul(LARGEST_RATIO));
    let mut reader = Reader { bytes: unpacked, sum: Sha256::new(), read: 0, most };
    let head = reader.head()?;
    visitor.head(&head)?;
    let mut seen = Manifest { rows: vec![0; head.tables.len()], ..Manifest::default() };
    let mut at = (0, 0);
    loop {
        let before = reader.sum.clone();
        let Some((name, size)) = reader.entry()? else { return Err(Error::Damaged("its manifest is missing".to_owned())) };
        match Name::parse(&name, &head)? {
            Name::Rows { table, part } => {
                // In order and without a gap.
                if !((table, part) == (at.0, at.1 + 1) || (table > at.0 && part == 1)) {
                    return Err(Error::Damaged(format!("{name} is not where it should be")));
                }
                at = (table, part);
                let rows = reader.whole(size, LARGEST_CHUNK)?;
                if !rows.ends_with(b"\n") {
                    return Err(Error::Damaged(format!("{name} ends within a row")));
                }
                if let Some(sum) = seen.rows.get_mut(table) {
                    *sum += count(&rows);
                }
                visitor.rows(table, rows)?;
            }
            Name::File(id) => {
                if size > LARGEST_FILE {
                    return Err(Error::Damaged(format!("{name} is too large")));
                }
                let mut file = Read::take(&mut reader, size);
                visitor.file(id, size, &mut file)?;
                if file.limit() > 0 {
                    return Err(cut());
                }
                reader.skip(tar::padding(size))?;
                seen.attachments += 1;
                seen.attachment_bytes += size;
            }
            Name::Key => {
                let key = String::from_utf8(reader.whole(size, 1024)?).map_err(|_| Error::Damaged("the key".to_owned()))?;
                seen.with_key = true;
                visitor.key(key)?;
            }
            Name::Manifest => {
                let manifest: Manifest = reader.json(size)?;
                seen.sha256 = hex(&before.finalize());
                reader.end()?;
                return compare(head, seen, manifest, about.len(), reader.read);
            }
        }
    }
}

fn compare(head: Head, seen: Manifest, manifest: Manifest, bytes: u64, uncompressed_bytes: u64) -> Result<Contents, Error> {
    let told = Manifest { missing: Vec::new(), streams: Vec::new(), ..manifest.clone() };
    if told.sha256 != seen.sha256 {
        return Err(Error::Damaged("its checksum is another".to_owned()));
    }
    if told != seen {
        return Err(Error::Damaged("its manifest counts other rows or files".to_owned()));
    }
    Ok(Contents { head, manifest, bytes, uncompressed_bytes })
}

/// What an entry's name says. There are no others.
enum Name {
    Rows { table: usize, part: u32 },
    File(AttachmentId),
    Key,
    Manifest,
}

impl Name {
    fn parse(name: &str, head: &Head) -> Result<Self, Error> {
        let rows = |rest: &str| {
            let (table, part) = rest.split_once('/')?;
            let part = part.strip_suffix(".tsv").filter(|part| part.len() >= 6)?;
            let table = head.tables.iter().position(|known| known.name == table)?;
            Some(Self::Rows { table, part: part.parse().ok()? })
        };
        let found = match name {
            MANIFEST => Some(Self::Manifest),
            KEY => Some(Self::Key),
            _ => match name.split_once('/') {
                Some(("tables", rest)) => rows(rest),
                Some(("attachments", id)) => parse_file(id).map(Self::File),
                _ => None,
            },
        };
        found.ok_or_else(|| Error::Damaged(format!("it holds {name:?}, which no backup has")))
    }
}

struct Reader<R> {
    bytes: R,
    sum: Sha256,
    read: u64,
    most: u64,
}

fn unreadable(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => cut(),
        _ => Error::Damaged(error.to_string()),
    }
}

fn cut() -> Error {
    Error::Damaged("its end is missing".to_owned())
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.read += read as u64;
        if self.read > self.most {
            return Err(io::Error::other("it grows beyond reason when unpacked"));
        }
        self.sum.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl<R: Read> Reader<R> {
    fn entry(&mut self) -> Result<Option<(String, u64)>, Error> {
        let mut block = [0; BLOCK];
        self.read_exact(&mut block).map_err(unreadable)?;
        let entry = tar::parse(&block).map_err(|why| Error::Damaged(why.to_owned()))?;
        Ok(entry.map(|(name, size)| (name.to_owned(), size)))
    }

    fn head(&mut self) -> Result<Head, Error> {
        let entry = self.entry()?.filter(|(name, _)| name == HEAD);
        let Some((_, size)) = entry else { return Err(Error::Damaged(format!("it does not begin with {HEAD}"))) };
        let bytes = self.whole(size, LARGEST_JSON)?;
        /// What every format has.
        #[derive(serde::Deserialize)]
        struct Any {
            format: u32,
            version: String,
            schema: i64,
        }
        let any: Any = serde_json::from_slice(&bytes).map_err(|error| Error::Damaged(format!("{HEAD}: {error}")))?;
        let known = newest_schema();
        if any.format > FORMAT || any.schema > known {
            let version = any.version.chars().filter(|c| c.is_ascii_graphic()).take(40).collect();
            return Err(Error::TooNew { version, schema: any.schema, known });
        }
        serde_json::from_slice(&bytes).map_err(|error| Error::Damaged(format!("{HEAD}: {error}")))
    }

    fn json<T: serde::de::DeserializeOwned>(&mut self, size: u64) -> Result<T, Error> {
        let bytes = self.whole(size, LARGEST_JSON)?;
        serde_json::from_slice(&bytes).map_err(|error| Error::Damaged(format!("its description: {error}")))
    }

    /// A whole entry, and what fills its last block. Memory grows with what is there, not with what is promised.
    fn whole(&mut self, size: u64, most: u64) -> Result<Vec<u8>, Error> {
        if size > most {
            return Err(Error::Damaged("an entry is too large".to_owned()));
        }
        let mut bytes = Vec::new();
        Read::take(&mut *self, size).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 != size {
            return Err(cut());
        }
        self.skip(tar::padding(size))?;
        Ok(bytes)
    }

    fn skip(&mut self, padding: usize) -> Result<(), Error> {
        let mut rest = [0; BLOCK];
        self.read_exact(rest.get_mut(..padding).unwrap_or_default()).map_err(unreadable)
    }

    /// Two empty blocks and nothing more.
    fn end(&mut self) -> Result<(), Error> {
        for _ in 0..2 {
            if self.entry()?.is_some() {
                return Err(Error::Damaged("there is more after its manifest".to_owned()));
            }
        }
        let mut more = [0; 1];
        if self.read(&mut more).map_err(unreadable)? > 0 {
            return Err(Error::Damaged("there is more after its end".to_owned()));
        }
        Ok(())
    }
}
