//! Runs the suite on SQLite, on a file and in memory, and tests SQLite's files and locks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::settings::{Inputs, Settings};
use crate::store::Store;
use crate::store::suite::{self, Opener, places};
use crate::store::{MigrationState, OpenMode, StoreError};

suite::run!(on_a_file, crate::store::sqlite::tests::file_database);
suite::run!(in_memory, crate::store::sqlite::tests::memory_database);

fn file_database() -> Option<Box<Opener>> {
    let database = Database::new();
    Some(Box::new(move || {
        database.open(OpenMode::CreateIfAbsent).unwrap()
    }))
}

fn memory_database() -> Option<Box<Opener>> {
    // All paths in the suite are below this data directory: a path stored relative to it is read as it was written.
    let settings = settings(Path::new("/"), &[("ADE_DATA_DIR", "/")]);
    let name = uuid::Uuid::new_v4().to_string();
    let kept = Store::in_memory(&settings, &name).unwrap();
    Some(Box::new(move || {
        let _ = &kept;
        Store::in_memory(&settings, &name).unwrap()
    }))
}

/// A separate database file for a test.
pub(in crate::store) struct Database {
    _folder: tempfile::TempDir,
    settings: Settings,
    path: PathBuf,
}

pub(in crate::store) fn settings(folder: &Path, flags: &[(&'static str, &str)]) -> Settings {
    // With these settings, every end is delivered.
    let told = [("ADE_ON_END_URL", "http://x/"), ("ADE_ON_END_COMMAND", "x")];
    let flags: BTreeMap<&'static str, String> = told
        .iter()
        .chain(flags)
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Settings::resolve(&Inputs {
        flags,
        variables: BTreeMap::new(),
        folder: folder.to_owned(),
        program: None,
    })
    .unwrap()
}

impl Database {
    pub(in crate::store) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(
            folder.path(),
            &[("ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS", "5000")],
        );
        let path = folder.path().join("db/ade.sqlite");
        Self {
            _folder: folder,
            settings,
            path,
        }
    }

    pub(in crate::store) fn open(&self, opening: OpenMode) -> Result<Store, StoreError> {
        Store::open(&self.settings, &self.path, opening)
    }
}

#[test]
fn a_waiting_run_whose_attempts_are_spent_is_not_claimed() {
    let database = Database::new();
    let store = database.open(OpenMode::CreateIfAbsent).unwrap();
    let environment = places::ready(&store, "d", places::at(0));
    let run = places::queued(&store, &environment, places::at(1));
    // No code does this, but an older ade or a manual change might.
    let spend = "UPDATE queue SET attempt_count = max_attempts";
    store
        .connections
        .shared
        .lock()
        .execute_batch(spend)
        .unwrap();
    assert!(places::claim_next(&store, &places::claim("w"), places::at(2)).is_none());
    assert_eq!(places::find(&store, &run.id).attempt_count, 3);
}

#[test]
fn several_first_starts_at_once_make_one_database() {
    let database = Database::new();
    let opened: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| database.open(OpenMode::CreateIfAbsent)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for store in opened {
        store.unwrap();
        let state = Store::status(&database.settings, &database.path)
            .unwrap()
            .state;
        assert_eq!(state, MigrationState::Current);
    }
}

#[test]
fn databases_that_cannot_serve_are_told_apart() {
    let database = Database::new();
    let store = database.open(OpenMode::CreateIfAbsent).unwrap();
    let reopen = || database.open(OpenMode::CreateIfAbsent);
    let execute = |sql: &str| store.connections.shared.lock().execute_batch(sql).unwrap();

    execute("INSERT INTO schema_migrations VALUES (99, 'future', 'x', 0, '9.9.9')");
    assert!(matches!(reopen(), Err(StoreError::Newer { found: 99, .. })));
    execute(
        "DELETE FROM schema_migrations WHERE version = 99; UPDATE schema_migrations SET checksum = 'other' WHERE version = 1",
    );
    assert!(matches!(
        reopen(),
        Err(StoreError::Altered { version: 1, .. })
    ));
    execute("DELETE FROM schema_migrations");
    assert!(
        matches!(reopen(), Err(StoreError::Damaged { .. })),
        "its tables are there, but not in the list of migrations"
    );

    let elsewhere = database.path.with_file_name("text.sqlite");
    std::fs::write(
        &elsewhere,
        "this is not a database, however long it is ".repeat(40),
    )
    .unwrap();
    assert!(matches!(
        Store::open(&database.settings, &elsewhere, OpenMode::CreateIfAbsent),
        Err(StoreError::Damaged { .. })
    ));
    let absent = database.path.with_file_name("absent.sqlite");
    assert!(matches!(
        Store::open(&database.settings, &absent, OpenMode::Existing),
        Err(StoreError::Absent { .. })
    ));
}

#[test]
fn a_database_that_stays_locked_is_given_up_in_time() {
    let database = Database::new();
    let store = database.open(OpenMode::CreateIfAbsent).unwrap();
    let settings = settings(
        database.path.parent().unwrap(),
        &[("ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS", "50")],
    );
    let other = Store::open(&settings, &database.path, OpenMode::Existing).unwrap();
    let holder = store.connections.shared.lock();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = other.ensure_configuration(&places::new_configuration("c", "/c"), places::at(0));
    assert!(
        matches!(refused, Err(StoreError::Locked { .. })),
        "{refused:?}"
    );
}

/// Three processes write 80,000 pages of 4 KiB, twenty times as many as the log may grow by before it starts over.
#[test]
fn the_log_stays_short_while_several_write_without_a_pause() {
    let database = Database::new();
    let first = database.open(OpenMode::CreateIfAbsent).unwrap();
    let table = "CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB) STRICT";
    first
        .connections
        .shared
        .lock()
        .execute_batch(table)
        .unwrap();
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let store = database.open(OpenMode::Existing).unwrap();
            scope.spawn(move || {
                for round in 0..1_800 {
                    let row = writer * 100 + round % 100;
                    let replace = "REPLACE INTO t VALUES (?1, zeroblob(60000))";
                    let write = || {
                        store.write(|transaction| {
                            transaction.prepare_cached(replace)?.execute([row])
                        })
                    };
                    // The wait is a setting of the whole process, and another test sets a shorter wait.
                    while let Err(error) = write() {
                        assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
                    }
                }
            });
        }
    });
    let log = std::fs::metadata(database.path.with_file_name("ade.sqlite-wal")).unwrap();
    let pages = log.len() / 4096;
    assert!(pages < 40_000, "{pages}");
}
