//! The mails of a conversation as they went over the wire: one ZIP with a file for each (`.eml`), in order, and a list of them.
//!
//! It is made while it is read, a piece at a time, so its size does not matter to anybody but who reads it.

use std::{fmt::Write as _, io, io::Write, mem, sync::Arc, time::Duration};

use actix_web::{rt, web};
use bytes::Bytes;
use chrono::{Datelike, Timelike};
use futures_util::stream;
use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::timeout,
};
use zip::{
    CompressionMethod, DateTime,
    write::{SimpleFileOptions, StreamWriter, ZipWriter},
};

use super::{MAX_MESSAGES, PAGE, Sheet, mail_lines};
use crate::{
    clock::Timestamp,
    domain::{mail::Envelope, message::Author},
    error::ErrorCode,
    http::{
        problem::Problem,
        staff::mail_file::{self, MailFile},
        state::App,
    },
    store::{
        StoreError,
        conversations::{self, StoredMessage},
    },
};

/// Archives made at once: each holds one mail of ours at most, and what was not read yet.
const AT_ONCE: usize = 4;
/// Read of a stored mail at once, in bytes.
const PIECE: u64 = 512 * 1024;
/// Whoever reads nothing for so long gets no more.
const STANDSTILL: Duration = Duration::from_secs(60);
/// The longest part of a file's name that a subject gives, in bytes.
const MAX_SUBJECT: usize = 100;

/// The right to make one.
///
/// # Errors
/// 429 when too many are made.
pub(super) fn turn() -> Result<OwnedSemaphorePermit, Problem> {
    static TURNS: std::sync::LazyLock<Arc<Semaphore>> = std::sync::LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE)));
    Arc::clone(&TURNS).try_acquire_owned().map_err(|_| Problem::later(ErrorCode::Busy, 5))
}

/// The archive, as it is made.
pub(super) fn pieces(
    app: App,
    sheet: Sheet,
    turn: OwnedSemaphorePermit,
) -> impl stream::Stream<Item = Result<Bytes, StoreError>> {
    let (to, pieces) = mpsc::channel(2);
    rt::spawn(async move {
        let _turn = turn;
        let mut filling = Filling { app, sheet, archive: Archive::new(), to, list: String::new(), number: 0 };
        if let Err(error) = filling.run().await {
            tracing::warn!(%error, conversation = %filling.sheet.state.id, "an archive of mails was not finished");
            let _ = filling.to.send(Err(error)).await;
        }
    });
    stream::unfold(pieces, async |mut pieces| Some((pieces.recv().await?, pieces)))
}

struct Filling {
    app: App,
    sheet: Sheet,
    archive: Archive,
    to: mpsc::Sender<Result<Bytes, StoreError>>,
    list: String,
    number: usize,
}

impl Filling {
    async fn run(&mut self) -> Result<(), StoreError> {
        self.list = format!("{}: {}\n\n", self.sheet.words.subject, self.sheet.subject);
        let (mut seq, mut count) = (0, 0);
        let mut before: Option<Envelope> = None;
        loop {
            let messages = conversations::messages_after(&self.app.engine.db, self.sheet.state.id, seq, PAGE).await?;
            for stored in messages.iter().filter(|stored| !matches!(stored.message.author, Author::Note(_))) {
                self.add(stored, before.as_ref()).await?;
                if stored.message.author == Author::Contact {
                    before = stored.message.mail.as_deref().cloned().or(before);
                }
            }
            count += messages.len() as u64;
            let full = messages.len() as u64 == PAGE;
            if full && count >= MAX_MESSAGES {
                let _ = writeln!(self.list, "{}\n", self.sheet.words.cut);
            }
            if !full || count >= MAX_MESSAGES {
                break;
            }
            seq = messages.last().map_or(seq, |stored| stored.message.seq);
        }
        let _ = writeln!(self.list, "{}", self.sheet.footer());
        let (name, list) = (format!("0000_{}.txt", self.sheet.words.list), mem::take(&mut self.list));
        self.begin(&name, self.sheet.at).await?;
        self.pour(list.into()).await?;
        self.archive.finish().await?;
        self.hand_over().await
    }

    /// A mail into the archive, a line into the list.
    async fn add(&mut self, stored: &StoredMessage, before: Option<&Envelope>) -> Result<(), StoreError> {
        let message = &stored.message;
        let (words, is_theirs) = (self.sheet.words, message.author == Author::Contact);
        let way = if is_theirs { words.received } else { words.sent };
        let file = mail_file::of(&self.app, &self.sheet.directory, &self.sheet.state, message, before).await?;
        let name = match &file {
            None if is_theirs || message.delivery.is_none_or(mail_file::has_left) => words.gone.to_owned(),
            None => words.unsent.to_owned(),
            Some(_) => {
                self.number += 1;
                let at = message.at.to_chrono().with_timezone(&self.sheet.zone).format("%Y-%m-%d_%H-%M-%S");
                let subject = message.mail.as_ref().map_or(self.sheet.subject.as_str(), |mail| &mail.subject);
                name(self.number, &at.to_string(), way, subject)
            }
        };
        let author = self.sheet.author(message.author);
        let _ = writeln!(self.list, "{}  {way}  {author}\n    {name}", self.sheet.moment(message.at));
        for line in mail_lines(&self.sheet, stored) {
            let _ = writeln!(self.list, "    {}", line.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        self.list.push('\n');
        let Some(file) = file else { return Ok(()) };
        self.begin(&name, message.at).await?;
        match file {
            MailFile::Ours(bytes) => self.pour(bytes).await,
            MailFile::AsItCame(id) => {
                let size = mail_file::size(&self.app, id).await?.unwrap_or(0);
                let mut at = 0;
                while at < size {
                    let to = size.min(at + PIECE);
                    let piece = mail_file::part(&self.app, id, at, to).await?;
                    self.pour(piece).await?;
                    at = to;
                }
                Ok(())
            }
        }
    }

    async fn begin(&mut self, name: &str, at: Timestamp) -> Result<(), StoreError> {
        let local = at.to_chrono().with_timezone(&self.sheet.zone);
        let part = |number: u32| u8::try_from(number).unwrap_or(0);
        let at = DateTime::from_date_and_time(
            u16::try_from(local.year()).unwrap_or(0),
            part(local.month()),
            part(local.day()),
            part(local.hour()),
            part(local.minute()),
            part(local.second()),
        );
        self.archive.begin(name.to_owned(), at.unwrap_or_default()).await
    }

    async fn pour(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.archive.write(bytes).await?;
        self.hand_over().await
    }

    /// What is ready, to who reads.
    async fn hand_over(&mut self) -> Result<(), StoreError> {
        let ready = self.archive.take();
        if ready.is_empty() {
            return Ok(());
        }
        let gone = || StoreError::Unavailable("nobody reads on".to_owned());
        timeout(STANDSTILL, self.to.send(Ok(ready))).await.map_err(|_| gone())?.map_err(|_| gone())
    }
}

/// What is written and was not taken yet.
#[derive(Clone, Default)]
struct Out(Arc<Mutex<Vec<u8>>>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Writer = ZipWriter<StreamWriter<Out>>;

/// A ZIP that is written from its beginning to its end, away from the threads of the connections.
struct Archive {
    writer: Option<Writer>,
    out: Out,
}

impl Archive {
    fn new() -> Self {
        let out = Out::default();
        Self { writer: Some(ZipWriter::new_stream(out.clone())), out }
    }

    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(Writer) -> io::Result<(Option<Writer>, T)> + Send + 'static,
    ) -> Result<T, StoreError> {
        let broken = |error: &dyn std::fmt::Display| StoreError::Unavailable(format!("an archive could not be written: {error}"));
        let writer = self.writer.take().ok_or_else(|| broken(&"it is over"))?;
        let done = web::block(move || work(writer)).await.map_err(|error| broken(&error))?;
        let (writer, value) = done.map_err(|error| broken(&error))?;
        self.writer = writer;
        Ok(value)
    }

    async fn begin(&mut self, name: String, at: DateTime) -> Result<(), StoreError> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).last_modified_time(at);
        self.with(move |mut writer| {
            writer.start_file(name, options)?;
            Ok((Some(writer), ()))
        })
        .await
    }

    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.with(move |mut writer| {
            writer.write_all(&bytes)?;
            Ok((Some(writer), ()))
        })
        .await
    }

    async fn finish(&mut self) -> Result<(), StoreError> {
        self.with(|writer| writer.finish().map(|_| (None, ())).map_err(Into::into)).await
    }

    fn take(&self) -> Bytes {
        mem::take(&mut *self.out.0.lock()).into()
    }
}

/// A name that sorts as the conversation went and means the same to every system: letters, digits, `-`, `_`, one dot.
fn name(number: usize, at: &str, way: &str, subject: &str) -> String {
    let mut short = String::new();
    for character in subject.chars() {
        if character.is_alphanumeric() && short.len() + character.len_utf8() <= MAX_SUBJECT {
            short.push(character);
        } else if !short.is_empty() && !short.ends_with('-') {
            short.push('-');
        }
    }
    let short = short.trim_end_matches('-');
    let glue = if short.is_empty() { "" } else { "_" };
    format!("{number:04}_{at}_{}{glue}{short}.eml", way.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_and_mean_the_same_everywhere() {
        let named = |subject: &str| name(7, "2026-11-22_10-00-00", "Recibido", subject);
        assert_eq!(named("Re: Factura Nº 12/2026 — Ñandú"), "0007_2026-11-22_10-00-00_recibido_Re-Factura-Nº-12-2026-Ñandú.eml");
        for nothing in ["", "../..", "\u{202e}\0\r\n", "???"] {
            assert_eq!(named(nothing), "0007_2026-11-22_10-00-00_recibido.eml");
        }
        assert_eq!(named("../../etc/passwd\\con"), "0007_2026-11-22_10-00-00_recibido_etc-passwd-con.eml");
        assert!(named(&"𝒳".repeat(500)).len() < 200);
    }

    #[actix_web::test]
    async fn what_is_written_piece_by_piece_can_be_read() {
        use std::io::Read;
        let mut archive = Archive::new();
        let mut all = Vec::new();
        let long: Vec<u8> = (0..300_000_u32).flat_map(|number| number.to_le_bytes()).collect();
        for (name, pieces) in
            [("a.eml", vec![&b"From: a\r\n"[..], b"\r\nhola"]), ("ñ.eml", long.chunks(10_000).collect()), ("c", vec![])]
        {
            archive.begin(name.to_owned(), DateTime::default()).await.unwrap();
            for piece in pieces {
                archive.write(Bytes::copy_from_slice(piece)).await.unwrap();
                all.extend_from_slice(&archive.take());
            }
        }
        archive.finish().await.unwrap();
        all.extend_from_slice(&archive.take());
        assert!(archive.write(Bytes::new()).await.is_err(), "it is over");
        let mut read = zip::ZipArchive::new(io::Cursor::new(all)).unwrap();
        let names: Vec<String> = read.file_names().map(str::to_owned).collect();
        assert_eq!(names, ["a.eml", "ñ.eml", "c"]);
        let mut content = |name: &str| {
            let mut bytes = Vec::new();
            read.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(
            (content("a.eml").as_slice(), content("ñ.eml") == long, content("c").len()),
            (&b"From: a\r\n\r\nhola"[..], true, 0)
        );
    }
}
