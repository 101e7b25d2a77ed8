//! Shares the log of a run between several hosts. Each host has the log as a file, and receives the lines of the others
//! through the store: a writer [sends](Sender) its lines, at the latest a second later, and a reader [fetches](fetch) them
//! first. On a single machine all processes use the same file, and nothing is sent.

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
use crate::system::lease::{Heartbeat, RenewableLease, UnreachableStore};
use crate::workspace::Workspace;

/// The maximum number of bytes that are sent at once; a single line may be longer.
const PIECE: u64 = 64 << 10;

/// Sends the lines that this host writes into a log.
pub struct LogSender<'a> {
    store: &'a Store,
    run: &'a str,
    claim: Option<&'a Claim>,
    path: PathBuf,
    /// The number of bytes of the file that the store has. `None`: unknown.
    sent: Mutex<Option<u64>>,
}

impl<'a> LogSender<'a> {
    /// Creates a sender for the holder of a claim, or for a process that ended one.
    pub fn new(store: &'a Store, run: &'a RunRecord, claim: Option<&'a Claim>) -> Self {
        Self {
            store,
            run: &run.id,
            claim,
            path: RunFolder::at(&run.run_dir).events(),
            sent: Mutex::new(None),
        }
    }

    /// Sends the whole lines that the store lacks. If that fails, they are sent later, or readers find the end in the run's
    /// record.
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

/// Sends the lines that this host wrote into the log of a run without a claim: the run was just recorded, or its claim has
/// ended.
pub fn send(store: &Store, run: &RunRecord) {
    LogSender::new(store, run, None).send();
}

/// Fetches the lines that other hosts wrote into the log of a run.
///
/// # Errors
/// The store cannot be used, or the file cannot be written.
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
        // This host wrote its last lines under a claim that it had lost.
        pieces = store.log_from(run, 0)?;
    }
    write(path, &pieces, is_other).map_err(|error| FileError::on("write", path)(error).into())
}

/// Writes each piece at its offset, so that several processes may do the same at once.
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

/// The lease of a run. Whenever the lease is checked, the log is sent.
pub struct SendingLease<'a> {
    /// The lease of the claim.
    pub lease: ClaimLease<'a>,
    /// The sender of the log.
    pub log: LogSender<'a>,
}

impl RenewableLease for SendingLease<'_> {
    fn length(&self) -> Duration {
        self.lease.length()
    }

    fn renewed_every(&self) -> Duration {
        self.lease.renewed_every()
    }

    fn is_of_several_machines(&self) -> bool {
        self.lease.is_of_several_machines()
    }

    fn renew(&self, now: Timestamp) -> Result<Heartbeat, UnreachableStore> {
        let beat = self.lease.renew(now);
        self.log.send();
        beat
    }

    fn watch(&self) -> Option<Result<Heartbeat, UnreachableStore>> {
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
