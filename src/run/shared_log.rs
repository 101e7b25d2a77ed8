//! The log of a run on several hosts. Each has it as a file, and what one host wrote reaches the others through the store: whoever
//! writes [sends](Sender) it, at the latest a second later, and whoever reads [fetches](fetch) it first. On one machine all see the
//! same file, and nothing is sent.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::files::FileError;
use crate::base::mutex::lock;
use crate::events::lines::piece_of_lines;
use crate::settings::paths::RunFolder;
use crate::store::{Claim, ClaimLease, RunRecord, Store, StoreError};
use crate::system::lease::{Heartbeat, Leased, Unreachable};
use crate::workspace::Workspace;

/// The most that is sent at once, in bytes; a single line may be longer.
const PIECE: u64 = 64 << 10;

/// Sends what this host writes into a log.
pub struct Sender<'a> {
    store: &'a Store,
    run: &'a str,
    claim: Option<&'a Claim>,
    path: PathBuf,
    /// How much of the file the store has. `None`: not known.
    sent: Mutex<Option<u64>>,
}

impl<'a> Sender<'a> {
    /// For the holder of a claim, or for a process that ended one.
    pub fn of(store: &'a Store, run: &'a RunRecord, claim: Option<&'a Claim>) -> Self {
        Self {
            store,
            run: &run.id,
            claim,
            path: RunFolder::at(&run.run_dir).events(),
            sent: Mutex::new(None),
        }
    }

    /// Sends the whole lines that the store has not. Whatever fails now is sent later, or found in the record of the run's end.
    pub fn send(&self) {
        if self.store.keeps_logs() {
            let mut sent = lock(&self.sent);
            if self.send_from(&mut sent).is_none() {
                *sent = None;
            }
        }
    }

    fn send_from(&self, sent: &mut Option<u64>) -> Option<()> {
        let mut at = match *sent {
            Some(at) => at,
            None => self.store.length_of_log(self.run).ok()?,
        };
        let file = File::open(&self.path).ok()?;
        while let Some(lines) = piece_of_lines(&file, at, u64::MAX, PIECE).ok()? {
            let lines = String::from_utf8(lines).ok()?;
            let claim = self.claim.map(|claim| claim.token.as_str());
            let is_sent = self.store.append_to_log(self.run, claim, at, &lines);
            if !is_sent.ok()? {
                return None;
            }
            at += lines.len() as u64;
        }
        *sent = Some(at);
        Some(())
    }
}

/// Sends what this host has written into the log of a run under no claim: of one that was recorded, or whose claim has ended.
pub fn send(store: &Store, run: &RunRecord) {
    Sender::of(store, run, None).send();
}

/// Fetches what other hosts wrote into the log of a run.
///
/// # Errors
/// The store cannot be used. A file that cannot be written is not brought up to date.
pub fn fetch(workspace: &Workspace, run: &str, path: &Path) -> Result<(), StoreError> {
    let store = &workspace.store;
    if !store.keeps_logs() {
        return Ok(());
    }
    let length = std::fs::metadata(path).map_or(0, |found| found.len());
    let mut pieces = store.log_from(run, length)?;
    let Some((first, _)) = pieces.first() else {
        return Ok(());
    };
    let is_other = *first != length;
    if is_other {
        // What this host wrote last was under a claim that it had lost.
        pieces = store.log_from(run, 0)?;
    }
    write(path, &pieces, is_other).map_err(|error| FileError::on("write", path)(error).into())
}

/// Each piece goes to its place, so that processes that do the same at once do no harm.
fn write(path: &Path, pieces: &[(u64, String)], is_other: bool) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    for (at, lines) in pieces {
        file.write_all_at(lines.as_bytes(), *at)?;
    }
    match pieces.last() {
        Some((at, lines)) if is_other => file.set_len(at + lines.len() as u64),
        _ => Ok(()),
    }
}

/// The lease of a run whose log is sent whenever the lease is looked at.
pub struct Sending<'a> {
    /// The lease.
    pub lease: ClaimLease<'a>,
    /// The log.
    pub log: Sender<'a>,
}

impl Leased for Sending<'_> {
    fn length(&self) -> Duration {
        self.lease.length()
    }

    fn renewed_every(&self) -> Duration {
        self.lease.renewed_every()
    }

    fn is_of_several_machines(&self) -> bool {
        self.lease.is_of_several_machines()
    }

    fn renew(&self, now: Timestamp) -> Result<Heartbeat, Unreachable> {
        let beat = self.lease.renew(now);
        self.log.send();
        beat
    }

    fn watch(&self) -> Option<Result<Heartbeat, Unreachable>> {
        let beat = self.lease.watch();
        self.log.send();
        beat
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn pieces_are_whole_lines_and_a_long_line_is_one_piece() {
        let mut file = tempfile::tempfile().unwrap();
        let long = "x".repeat(usize::try_from(PIECE).unwrap() * 2);
        file.write_all(format!("one\n{long}\ntwo\nhal").as_bytes())
            .unwrap();
        let whole_lines = |at| {
            let lines = piece_of_lines(&file, at, u64::MAX, PIECE).unwrap();
            lines.map(|lines| String::from_utf8(lines).unwrap())
        };
        assert_eq!(whole_lines(0).unwrap(), "one\n");
        let second = whole_lines(4).unwrap();
        assert!(second.starts_with(&long));
        let at = 4 + long.len() as u64 + 1 + 4;
        assert_eq!(whole_lines(at), None);
    }

    #[test]
    fn a_log_that_went_another_way_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/events.ndjson");
        write(
            &path,
            &[(0, "a\n".to_owned()), (2, "bb\n".to_owned())],
            false,
        )
        .unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\nbb\n");
        write(&path, &[(0, "c\n".to_owned())], true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "c\n");
    }
}
