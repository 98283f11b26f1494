//! What the server acknowledged, in a file of its own that the server never sees. One line each: `m 17` is inbound message
//! 17, `r 17` is reply 17.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::{Outcome, message::Mark};

/// The ledger while it is written.
pub(crate) struct Ledger {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Ledger {
    /// An empty ledger.
    pub(crate) fn create(path: &Path) -> Outcome<Self> {
        let file = File::create_new(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::with_capacity(1 << 16, file) })
    }

    /// Writes down an acknowledgement.
    pub(crate) fn acked(&mut self, mark: Mark) -> Outcome<()> {
        match mark {
            Mark::Inbound(number) => writeln!(self.file, "m {number}")?,
            Mark::Reply(number) => writeln!(self.file, "r {number}")?,
        }
        Ok(())
    }

    /// Everything in the file.
    pub(crate) fn read(&mut self) -> Outcome<BTreeSet<Mark>> {
        self.file.flush()?;
        read(&self.path)
    }
}

fn read(path: &Path) -> Outcome<BTreeSet<Mark>> {
    let mut marks = BTreeSet::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        let mark = match line.split_once(' ') {
            Some(("m", number)) => number.parse().ok().map(Mark::Inbound),
            Some(("r", number)) => number.parse().ok().map(Mark::Reply),
            _ => None,
        };
        let mark = mark.ok_or_else(|| format!("{}: not a line of a ledger: {line:?}", path.display()))?;
        if !marks.insert(mark) {
            return Err(format!("{}: twice in the ledger: {mark:?}", path.display()).into());
        }
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_back() {
        let path = std::env::temp_dir().join(format!("loadtests-ledger-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let mut ledger = Ledger::create(&path).unwrap();
        let marks = [Mark::Inbound(3), Mark::Reply(3), Mark::Inbound(1)];
        for mark in marks {
            ledger.acked(mark).unwrap();
        }
        assert_eq!(ledger.read().unwrap(), BTreeSet::from(marks));
        assert!(Ledger::create(&path).is_err(), "a ledger is never overwritten");
        ledger.acked(Mark::Inbound(3)).unwrap();
        assert!(ledger.read().is_err(), "the driver acknowledges a message to itself once");
        std::fs::remove_file(&path).unwrap();
    }
}
