//! Moves what was committed from the write-ahead log into the database, so that the log stays short.
//!
//! SQLite's own automatic checkpoint never waits for anybody. While several processes write without a pause, each of its
//! checkpoints therefore ends behind new commits, the log never starts over, and every commit tries again: the log grows
//! without bounds, and each transaction costs more. Here a checkpoint without waiting does most of the work; a second one
//! shuts writers out for the little that came meanwhile, after which the log starts over. Where others don't let it, it gives
//! up soon, until the log has grown by as much again.
//!
//! Source: <https://www.sqlite.org/c3ref/wal_checkpoint_v2.html>, <https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files>.

use std::ffi::c_int;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;

use super::busy;

/// A checkpoint is due when the log has grown by this many pages of 4 KiB: with SQLite's own 1,000 a busy queue waits for the
/// disk every few dozen runs.
const PAGES: c_int = 4_000;

/// How long writers of other processes may be shut out in vain, by a reader that takes long.
const PATIENCE: Duration = Duration::from_millis(100);

/// Lets a connection checkpoint after its commits, where that is due.
pub(super) fn after_commits(connection: &mut Connection) -> rusqlite::Result<()> {
    // The length of the log at the last attempt.
    let mut tried_at = 0;
    connection.wal_hook(Some(move |log: &mut Wal, pages: c_int| {
        if pages < tried_at {
            tried_at = 0;
        }
        if pages - tried_at >= PAGES {
            tried_at = pages;
            start_over(log);
        }
        // The transaction is committed: a checkpoint that fails is no error of its writer.
        Ok(())
    }))
}

fn start_over(log: &mut Wal) {
    if log.checkpoint_v2(CheckpointMode::PASSIVE).is_ok() {
        let _ = busy::with_patience(PATIENCE, || log.checkpoint_v2(CheckpointMode::RESTART));
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ErrorCode;

    use super::*;

    /// Pages of 4 KiB that each of the writers writes: together many times what the log may hold.
    const WRITTEN: i64 = 30_000;

    #[test]
    fn the_log_stays_short_while_several_write_without_a_pause() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let open = || {
            let mut connection = Connection::open(&path).unwrap();
            busy::wait_patiently(&mut connection, Duration::from_secs(60)).unwrap();
            connection
                .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
                .unwrap();
            after_commits(&mut connection).unwrap();
            connection
        };
        // A connection that stays open keeps the log's file.
        let first = open();
        first
            .execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB) STRICT")
            .unwrap();
        std::thread::scope(|scope| {
            for writer in 0..3 {
                let connection = open();
                scope.spawn(move || {
                    for round in 0..WRITTEN / 15 {
                        let row = writer * 100 + round % 100;
                        let write = || {
                            connection.execute("REPLACE INTO t VALUES (?1, zeroblob(60000))", [row])
                        };
                        // How long one waits is the same for the whole process, and other tests wait for less.
                        while let Err(error) = write() {
                            assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy));
                        }
                    }
                });
            }
        });
        let log = folder.path().join("db-wal");
        let pages = std::fs::metadata(log).map_or(0, |log| log.len() / 4096);
        drop(first);
        assert!(
            pages > 0 && pages < 3 * WRITTEN.unsigned_abs() / 2,
            "{pages}"
        );
    }
}
