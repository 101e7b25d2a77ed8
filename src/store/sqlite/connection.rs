//! Opens one connection to the database file and configures it.

use std::ffi::c_int;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::options::DatabaseOptions;
use super::{busy, paths};

/// The maximum number of prepared statements, which is larger than their number, so that each is prepared once.
const PREPARED_STATEMENTS: usize = 128;

/// The write-ahead log is moved into the database whenever it has grown by this many pages of 4 KiB: with SQLite's default of
/// 1,000 a busy queue would wait for the disk every few dozen runs.
const PAGES_IN_LOG: c_int = 4_000;

/// How long writers may be blocked in vain while the log is moved and a slow reader prevents it.
const PATIENCE: Duration = Duration::from_millis(100);

/// Opens the database file; creates an empty file if there is none and `create` is set.
pub(super) fn connect(options: &DatabaseOptions, create: bool) -> rusqlite::Result<Connection> {
    // SQLite needs no mutex: the store has one around the connection.
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_URI;
    }
    let mut connection = Connection::open_with_flags(&options.path, flags)?;
    busy::wait_patiently(&mut connection, options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    // One plan for each statement, whatever its values: otherwise SQLite would prepare a statement again for each new `now` in
    // it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", &options.synchronous)?;
    keep_log_short(&mut connection)?;
    paths::convert(&connection, &options.data)?;
    set_journal_mode(&connection, options)?;
    Ok(connection)
}

/// Moves the write-ahead log into the database after a commit, if it is long enough, and lets it start over.
///
/// SQLite's own automatic checkpoint (`wal_autocheckpoint`) blocks no writer. If several processes write without a pause, each
/// checkpoint ends behind new commits, so the log never starts over: four processes made it 1.8 GiB long in ten seconds.
/// Source: <https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files>.
fn keep_log_short(connection: &mut Connection) -> rusqlite::Result<()> {
    let mut last = 0;
    connection.wal_hook(Some(move |log: &mut Wal, pages: c_int| {
        if pages / PAGES_IN_LOG > last / PAGES_IN_LOG {
            // The transaction is committed: a failed checkpoint is no error of its writer.
            let _ = busy::with_patience(PATIENCE, || log.checkpoint_v2(CheckpointMode::RESTART));
        }
        last = pages;
        Ok(())
    }))
}

/// Sets the journal mode, unless the database has it. SQLite does not call the busy handler here: of several processes that
/// open a new database at once, all but one fail at once with "busy", and find the mode set a moment later.
fn set_journal_mode(connection: &Connection, options: &DatabaseOptions) -> rusqlite::Result<()> {
    const LOOK_AGAIN: Duration = Duration::from_millis(2);
    let wanted = &options.journal_mode;
    let since = Instant::now();
    loop {
        let step = || -> rusqlite::Result<()> {
            let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
            if mode.eq_ignore_ascii_case(wanted) {
                return Ok(());
            }
            connection.pragma_update_and_check(None, "journal_mode", wanted, |_| Ok(()))
        };
        match step() {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && since.elapsed() < options.busy_timeout =>
            {
                std::thread::sleep(LOOK_AGAIN);
            }
            other => return other,
        }
    }
}
