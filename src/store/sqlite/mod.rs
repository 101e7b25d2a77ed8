//! The store on SQLite: one file, any number of processes on one machine.
//!
//! One connection in each process, behind a mutex; writes are short `BEGIN IMMEDIATE` transactions, and none of them
//! spans a process or a file operation. While another process holds the write lock, waiting is done in steps of a
//! fraction of a millisecond: SQLite's own back-off grows to 100 ms and more, which a contended claim would feel.

mod configurations;
mod environments;
mod fleet;
mod results;
mod runs;

use std::cell::Cell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::schema::{self, Migrated, MigrationState, SchemaStatus};
use super::{
    Attempt, CancelOutcome, Claim, Clock, ColumnResult, ConfigurationActivity, ConfigurationRecord,
    Ending, EnvironmentContents, EnvironmentKey, EnvironmentRecord, Failure, FieldResult, Fleet,
    Heartbeat, NewRun, Overview, QueueDepth, QueueMetrics, Result, RunFilter, RunRecord, RunStatus,
    Store, StoreError, WorkerRecord,
};
use crate::clock::Timestamp;
use crate::files;
use crate::lock::Lock;
use crate::settings::{Recovery, Settings};

/// What to do about a database that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Refuse.
    Existing,
    /// Create and migrate it.
    CreateIfAbsent,
}

/// The store on SQLite.
pub struct SqliteStore {
    path: PathBuf,
    connection: Mutex<Connection>,
    busy_timeout: Duration,
}

impl SqliteStore {
    /// The database file that the settings name.
    ///
    /// # Errors
    /// The URL is no SQLite URL.
    pub fn path(settings: &Settings, default: &Path) -> Result<PathBuf> {
        let Some(url) = &settings.database_url else {
            return Ok(default.to_owned());
        };
        let refuse = |reason: &str| {
            let shown = settings
                .resolved
                .iter()
                .find(|resolved| resolved.setting.name == "ADE_DATABASE_URL")
                .and_then(crate::settings::Resolved::shown);
            Err(StoreError::BadUrl {
                url: shown.unwrap_or_default(),
                reason: reason.to_owned(),
            })
        };
        let Some(rest) = url.strip_prefix("sqlite://") else {
            return refuse("this ade serves sqlite:/// URLs");
        };
        match rest.strip_prefix('/') {
            None | Some("") => refuse("it names no file"),
            Some(path) => Ok(settings.folder.join(path)),
        }
    }

    /// Opens the database and checks its schema.
    ///
    /// # Errors
    /// It is absent, behind, newer, altered, damaged, locked or out of reach.
    pub fn open(settings: &Settings, default: &Path, opening: Opening) -> Result<Self> {
        let path = Self::path(settings, default)?;
        if !path.exists() {
            match opening {
                Opening::Existing => return Err(StoreError::Absent { path }),
                Opening::CreateIfAbsent => {
                    Self::migrate_file(settings, &path)?;
                }
            }
        }
        let store = Self::connect(settings, &path, false)?;
        let mut state = store.schema_status()?.state;
        if opening == Opening::CreateIfAbsent
            && matches!(state, MigrationState::Behind(pending) if pending == schema::migrations().len())
        {
            // An empty file: somebody's creation that was cut short.
            Self::migrate_file(settings, &path)?;
            state = store.schema_status()?.state;
        }
        schema::demand_current(&path, &state)?;
        Ok(store)
    }

    /// What the database has, without changing anything.
    pub fn status(settings: &Settings, default: &Path) -> Result<(PathBuf, SchemaStatus)> {
        let path = Self::path(settings, default)?;
        if !path.exists() {
            return Err(StoreError::Absent { path });
        }
        let store = Self::connect(settings, &path, false)?;
        let status = store.schema_status()?;
        Ok((path, status))
    }

    /// Turns a schema that is not current into the error that says so.
    ///
    /// # Errors
    /// It is behind, newer or altered.
    pub fn demand_current(path: &Path, state: &MigrationState) -> Result<()> {
        schema::demand_current(path, state)
    }

    /// Creates the database or brings its schema up to date. Any number of processes may do so at once: one works, the
    /// others wait and find it done.
    ///
    /// # Errors
    /// It is newer, altered, damaged, locked or out of reach; then nothing was changed.
    pub fn migrate(settings: &Settings, default: &Path) -> Result<Migrated> {
        let path = Self::path(settings, default)?;
        Self::migrate_file(settings, &path)
    }

    fn migrate_file(settings: &Settings, path: &Path) -> Result<Migrated> {
        if let Some(folder) = path.parent() {
            files::create_folder(folder)?;
        }
        let _lock = migration_lock(path)?;
        if !path.exists() {
            return Self::create_file(settings, path);
        }
        let store = Self::connect(settings, path, true)?;
        let status = store.schema_status()?;
        match &status.state {
            MigrationState::Current => {
                return Ok(Migrated {
                    applied: Vec::new(),
                    backup: None,
                    path: path.to_owned(),
                    created: false,
                });
            }
            MigrationState::Behind(_) => {}
            refused => schema::demand_current(path, refused)?,
        }
        if status.applied.is_empty() && store.has_tables()? {
            return Err(StoreError::Damaged {
                path: path.to_owned(),
                message: "it holds tables that ade did not make".to_owned(),
            });
        }
        let backup = if status.applied.is_empty() {
            None
        } else {
            Some(store.back_up(&status)?)
        };
        let applied = {
            let mut connection = store.lock();
            schema::apply(&mut connection, Timestamp::now())
                .map_err(|error| store.explain(error))?
        };
        Ok(Migrated {
            applied,
            backup,
            path: path.to_owned(),
            created: false,
        })
    }

    /// Makes a new database beside its place and renames it into it, so that nobody sees one half made. The caller holds the
    /// migration lock.
    fn create_file(settings: &Settings, path: &Path) -> Result<Migrated> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", uuid::Uuid::new_v4()));
        let beside = path.with_file_name(name);
        let made = Self::connect(settings, &beside, true).and_then(|store| {
            let mut connection = store.lock();
            schema::apply(&mut connection, Timestamp::now()).map_err(|error| store.explain(error))
        });
        // Closed by now: the log that was written ahead has gone into the file.
        let moved = made.and_then(|applied| {
            File::open(&beside)
                .and_then(|file| file.sync_all())
                .and_then(|()| std::fs::rename(&beside, path))
                .map_err(files::FileError::on("create", path))?;
            if let Some(folder) = path.parent() {
                files::sync_folder(folder);
            }
            Ok(applied)
        });
        if moved.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        Ok(Migrated {
            applied: moved?,
            backup: None,
            path: path.to_owned(),
            created: true,
        })
    }

    /// An empty database of the current schema in memory, for tests and simulations. It is gone when the last connection
    /// to `file:/<name>?vfs=memdb` is closed; another one in the same process shares it.
    ///
    /// # Errors
    /// The settings name a mode that SQLite does not have.
    pub fn in_memory(settings: &Settings, name: &str) -> Result<Self> {
        let path = PathBuf::from(format!("file:/{name}?vfs=memdb"));
        let store = Self::connect(settings, &path, true)?;
        schema::apply(&mut store.lock(), Timestamp::now()).map_err(|error| store.explain(error))?;
        Ok(store)
    }

    fn connect(settings: &Settings, path: &Path, create: bool) -> Result<Self> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_URI;
        }
        BUSY_TIMEOUT_MS.store(
            u64::try_from(settings.sqlite_busy_timeout.as_millis()).unwrap_or(u64::MAX),
            Ordering::Relaxed,
        );
        let explain = |error| explain(path, settings.sqlite_busy_timeout, error);
        let mut connection = Connection::open_with_flags(path, flags).map_err(explain)?;
        connection
            .busy_handler(Some(wait_for_lock))
            .map_err(explain)?;
        connection.set_prepared_statement_cache_capacity(128);
        // One plan for each statement, whatever its values: SQLite would prepare a statement anew for each new `now` in it.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(explain)?;
        connection
            .pragma_update(None, "foreign_keys", true)
            .map_err(explain)?;
        connection
            .pragma_update(None, "synchronous", &settings.sqlite_synchronous)
            .map_err(explain)?;
        // Pages that many transactions change go to the database once for all of them.
        connection
            .pragma_update(None, "wal_autocheckpoint", WAL_PAGES)
            .map_err(explain)?;
        set_journal_mode(&connection, settings).map_err(explain)?;
        Ok(Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
            busy_timeout: settings.sqlite_busy_timeout,
        })
    }

    /// The schema's state.
    pub fn schema_status(&self) -> Result<SchemaStatus> {
        schema::status(&self.lock()).map_err(|error| self.explain(error))
    }

    /// SQLite's own check of the file; empty where all is well.
    pub fn integrity_problems(&self) -> Result<Vec<String>> {
        self.read(|connection| {
            let mut statement = connection.prepare("PRAGMA quick_check(10)")?;
            let lines = statement
                .query_map([], |row| row.get::<_, String>(0))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(lines.into_iter().filter(|line| line != "ok").collect())
        })
    }

    fn has_tables(&self) -> Result<bool> {
        self.read(|connection| {
            connection
                .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name <> 'schema_migrations'")?
                .exists([])
        })
    }

    /// A whole copy beside the database, named after the version that it holds.
    fn back_up(&self, status: &SchemaStatus) -> Result<PathBuf> {
        let version = status
            .applied
            .last()
            .map_or(0, |migration| migration.version);
        let stamp = Timestamp::now().to_string().replace([':', '-', '.'], "");
        let name = format!(
            "{}.v{version}-{stamp}.bak",
            self.path.file_name().unwrap_or_default().to_string_lossy()
        );
        let target = self.path.with_file_name(&name);
        let beside = self.path.with_file_name(format!("{name}.tmp"));
        let _ = std::fs::remove_file(&beside);
        self.read(|connection| {
            connection
                .execute("VACUUM INTO ?1", [beside.to_string_lossy()])
                .map(|_| ())
        })?;
        File::open(&beside)
            .and_then(|file| file.sync_all())
            .map_err(files::FileError::on("sync", &beside))?;
        std::fs::rename(&beside, &target).map_err(files::FileError::on("write", &target))?;
        if let Some(folder) = target.parent() {
            files::sync_folder(folder);
        }
        Ok(target)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Connection> {
        // A panic inside a transaction rolled it back; the connection itself is sound.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        work(&self.lock()).map_err(|error| self.explain(error))
    }

    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let mut connection = self.lock();
        let run = || {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|error| self.explain(error))
    }

    fn explain(&self, error: rusqlite::Error) -> StoreError {
        explain(&self.path, self.busy_timeout, error)
    }
}

/// Sets the journal mode, unless the database has it. SQLite asks no busy handler about this: of several processes that open
/// a new database at once, all but one are told at once that it is busy, and find the mode set a moment later.
fn set_journal_mode(connection: &Connection, settings: &Settings) -> rusqlite::Result<()> {
    const LOOK_AGAIN: Duration = Duration::from_millis(2);
    let wanted = &settings.sqlite_journal_mode;
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
                    && since.elapsed() < settings.sqlite_busy_timeout =>
            {
                std::thread::sleep(LOOK_AGAIN);
            }
            other => return other,
        }
    }
}

/// Migrations and first creations exclude each other through a lock of the operating system beside the database.
fn migration_lock(path: &Path) -> Result<Lock> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    Ok(Lock::take(&path.with_file_name(name))?)
}

/// The write-ahead log is carried over when it has so many pages of 4 KiB: SQLite's own 1,000 make a busy queue wait for the
/// disk every few dozen runs.
const WAL_PAGES: u32 = 4_000;

static BUSY_TIMEOUT_MS: AtomicU64 = AtomicU64::new(30_000);

thread_local! {
    static WAITING_SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// SQLite calls this while somebody else holds a lock; `tries` counts from 0 for each wait.
fn wait_for_lock(tries: i32) -> bool {
    let since = if tries == 0 {
        Instant::now()
    } else {
        WAITING_SINCE.get().unwrap_or_else(Instant::now)
    };
    WAITING_SINCE.set(Some(since));
    if since.elapsed() >= Duration::from_millis(BUSY_TIMEOUT_MS.load(Ordering::Relaxed)) {
        return false;
    }
    // 0.1 to 1 ms, spread over processes by what their clocks and numbers happen to be.
    let spread = u64::from(since.elapsed().subsec_nanos())
        ^ u64::from(std::process::id()).wrapping_mul(0x9E37_79B9);
    std::thread::sleep(Duration::from_micros(100 + spread % 900));
    true
}

fn explain(path: &Path, busy_timeout: Duration, error: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    let (code, message) = match &error {
        rusqlite::Error::SqliteFailure(failure, message) => (
            failure.code,
            message.clone().unwrap_or_else(|| failure.to_string()),
        ),
        _ => {
            return StoreError::Sqlite {
                path,
                source: error,
            };
        }
    };
    let unreachable = |hint: &str| StoreError::Unreachable {
        path: path.clone(),
        message: message.clone(),
        hint: hint.to_owned(),
    };
    match code {
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => StoreError::Locked {
            path,
            waited_seconds: busy_timeout.as_secs_f64(),
        },
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StoreError::Damaged { path, message }
        }
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly => unreachable(
            "check that the data directory exists and that you may write to it, or point --data-dir elsewhere",
        ),
        ErrorCode::DiskFull => unreachable(files::FREE_SPACE),
        ErrorCode::SystemIoFailure => unreachable("the disk gave an error: is it full, or gone?"),
        _ => StoreError::Sqlite {
            path,
            source: error,
        },
    }
}

impl Store for SqliteStore {
    fn ensure_configuration(
        &self,
        workspace: &str,
        name: &str,
        path: &Path,
        now: Timestamp,
    ) -> Result<ConfigurationRecord> {
        if let Some(known) = self.configuration_at(workspace, path)?
            && known.name == name
        {
            return Ok(known);
        }
        self.write(|transaction| configurations::ensure(transaction, workspace, name, path, now))
    }
    fn configuration_at(
        &self,
        workspace: &str,
        path: &Path,
    ) -> Result<Option<ConfigurationRecord>> {
        self.read(|connection| configurations::at(connection, workspace, path))
    }

    fn ensure_environment(
        &self,
        key: &EnvironmentKey,
        snapshot: &Path,
        folder: &dyn Fn(&str) -> PathBuf,
        now: Timestamp,
    ) -> Result<EnvironmentRecord> {
        if let Some(known) = self.environment_of(key)? {
            return Ok(known);
        }
        self.write(|transaction| environments::ensure(transaction, key, snapshot, folder, now))
    }
    fn environment_of(&self, key: &EnvironmentKey) -> Result<Option<EnvironmentRecord>> {
        self.read(|connection| environments::of_key(connection, key))
    }
    fn environment(&self, workspace: &str, id: &str) -> Result<EnvironmentRecord> {
        let id = self.resolve("environment", "environments", workspace, id)?;
        self.read(|connection| environments::by_id(connection, &id))
    }
    fn environments(&self, workspace: &str) -> Result<Vec<EnvironmentRecord>> {
        self.read(|connection| environments::list(connection, workspace))
    }
    fn claim_environment(
        &self,
        id: &str,
        claim: &Claim,
        take_over: bool,
        now: Timestamp,
    ) -> Result<Option<EnvironmentRecord>> {
        self.write(|transaction| environments::claim(transaction, id, claim, take_over, now))
    }
    fn next_environment(&self, now: Timestamp) -> Result<Option<EnvironmentRecord>> {
        self.read(|connection| environments::next(connection, now))
    }
    fn heartbeat_environment(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Heartbeat> {
        self.write(|transaction| environments::heartbeat(transaction, id, claim, now))
    }
    fn complete_environment(
        &self,
        id: &str,
        claim: &Claim,
        contents: &EnvironmentContents,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(|transaction| environments::complete(transaction, id, claim, contents, now))
    }
    fn fail_environment(
        &self,
        id: &str,
        claim: &Claim,
        failure: &Failure,
        retry_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(|transaction| environments::fail(transaction, id, claim, failure, retry_at, now))
    }
    fn release_environment(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<bool> {
        self.write(|transaction| environments::release(transaction, id, claim, now))
    }
    fn requeue_environment(
        &self,
        seen: &EnvironmentRecord,
        folder: &Path,
        snapshot: &Path,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(|transaction| environments::requeue(transaction, seen, folder, snapshot, now))
    }
    fn expire_environment_leases(&self, clock: &Clock<'_>) -> Result<usize> {
        self.write(|transaction| match clock() {
            Some(now) => environments::expire(transaction, now),
            None => Ok(0),
        })
    }
    fn live_runs_of_environment(&self, id: &str) -> Result<u64> {
        self.read(|connection| environments::live_runs(connection, id))
    }

    fn enqueue_run(&self, run: &NewRun, now: Timestamp) -> Result<RunRecord> {
        self.write(|transaction| runs::insert(transaction, run, None, now))
    }
    fn insert_claimed_run(&self, run: &NewRun, claim: &Claim, now: Timestamp) -> Result<RunRecord> {
        self.write(|transaction| runs::insert(transaction, run, Some(claim), now))
    }
    fn claim_next_run(&self, claim: &Claim, now: Timestamp) -> Result<Option<RunRecord>> {
        if !self.read(|connection| runs::any_due(connection, now))? {
            return Ok(None);
        }
        self.write(|transaction| runs::claim_next(transaction, claim, now))
    }
    fn heartbeat_run(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Heartbeat> {
        self.write(|transaction| runs::heartbeat(transaction, id, claim, now))
    }
    fn finish_run(&self, id: &str, claim: &Claim, ending: &Ending, now: Timestamp) -> Result<bool> {
        self.write(|transaction| runs::finish(transaction, id, claim, ending, now))
    }
    fn retry_run(
        &self,
        id: &str,
        claim: &Claim,
        failure: &Failure,
        retry_at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<RunStatus>> {
        self.write(|transaction| runs::retry(transaction, id, claim, failure, retry_at, now))
    }
    fn release_run(
        &self,
        id: &str,
        claim: &Claim,
        reason: &str,
        now: Timestamp,
    ) -> Result<Option<RunStatus>> {
        self.write(|transaction| runs::release(transaction, id, claim, reason, now))
    }
    fn expire_run_leases(
        &self,
        backoff: &dyn Fn(u32) -> Duration,
        clock: &Clock<'_>,
    ) -> Result<Vec<RunRecord>> {
        self.write(|transaction| match clock() {
            Some(now) => runs::expire(transaction, backoff, now),
            None => Ok(Vec::new()),
        })
    }
    fn fail_runs_of_failed_environments(&self, now: Timestamp) -> Result<Vec<RunRecord>> {
        if !self.read(runs::any_foiled)? {
            return Ok(Vec::new());
        }
        self.write(|transaction| runs::fail_for_environments(transaction, now))
    }
    fn queue_depth(&self) -> Result<QueueDepth> {
        self.read(runs::depth)
    }

    fn run(&self, workspace: &str, id: &str) -> Result<RunRecord> {
        if id == "latest" {
            let newest = RunFilter {
                workspace_id: workspace.to_owned(),
                limit: 1,
                ..RunFilter::default()
            };
            return self
                .runs(&newest)?
                .pop()
                .ok_or_else(|| StoreError::NotFound {
                    what: "run",
                    id: id.to_owned(),
                });
        }
        let id = self.resolve("run", "runs", workspace, id)?;
        self.read(|connection| runs::by_id(connection, &id))
    }
    fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>> {
        self.read(|connection| runs::list(connection, filter))
    }
    fn attempts(&self, run: &str) -> Result<Vec<Attempt>> {
        self.read(|connection| runs::attempts(connection, run))
    }
    fn run_fields(&self, run: &str) -> Result<Vec<FieldResult>> {
        self.read(|connection| results::fields(connection, run))
    }
    fn run_columns(&self, run: &str) -> Result<Vec<ColumnResult>> {
        self.read(|connection| results::columns(connection, run))
    }
    fn run_payload(&self, run: &str) -> Result<Option<String>> {
        self.read(|connection| results::payload(connection, run))
    }
}

impl Fleet for SqliteStore {
    fn register_worker(&self, worker: &WorkerRecord) -> Result<()> {
        self.write(|transaction| fleet::register(transaction, worker))
    }
    fn worker_seen(&self, id: &str, now: Timestamp) -> Result<()> {
        self.write(|transaction| fleet::seen(transaction, id, now))
    }
    fn remove_worker(&self, id: &str) -> Result<()> {
        self.write(|transaction| fleet::remove(transaction, id))
    }
    fn workers(&self) -> Result<Vec<WorkerRecord>> {
        self.read(fleet::workers)
    }
    fn reclaim(&self, process: &str, recovery: Recovery, now: Timestamp) -> Result<Vec<RunRecord>> {
        self.write(|transaction| {
            environments::reclaim(transaction, process, now)?;
            runs::reclaim(transaction, process, recovery, now)
        })
    }

    fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        token: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(|transaction| fleet::acquire_lease(transaction, name, holder, token, lease, now))
    }
    fn release_lease(&self, name: &str, token: &str) -> Result<()> {
        self.write(|transaction| fleet::release_lease(transaction, name, token))
    }

    fn request_cancel(&self, run: &str, now: Timestamp) -> Result<CancelOutcome> {
        self.write(|transaction| runs::request_cancel(transaction, run, now))
    }
    fn watch_run(&self, run: &str, claim: &Claim) -> Result<Heartbeat> {
        self.read(|connection| runs::watch(connection, run, claim))
    }
    fn untold_ends(&self, patience: Duration, now: Timestamp) -> Result<Vec<RunRecord>> {
        self.read(|connection| runs::untold(connection, patience, now))
    }
    fn mark_end_told(&self, run: &str) -> Result<()> {
        self.write(|transaction| runs::mark_told(transaction, run))
    }
    fn runs_without_environment(&self, limit: u32) -> Result<Vec<RunRecord>> {
        self.read(|connection| runs::without_environment(connection, limit))
    }
    fn set_run_environment(&self, run: &str, environment: &str) -> Result<()> {
        self.write(|transaction| runs::set_environment(transaction, run, environment))
    }
    fn move_waiting_runs(&self, from: &str, to: &EnvironmentRecord, now: Timestamp) -> Result<()> {
        self.write(|transaction| environments::move_waiting_runs(transaction, from, to, now))
    }
    fn mend_times(
        &self,
        longest_wait: Duration,
        longest_lease: Duration,
        clock: &Clock<'_>,
    ) -> Result<usize> {
        self.write(|transaction| {
            let Some(now) = clock() else { return Ok(0) };
            let (due, expiry) = (now.plus(longest_wait), now.plus(longest_lease));
            Ok(runs::mend_times(transaction, due, expiry, now)?
                + environments::mend_times(transaction, due, expiry, now)?)
        })
    }

    fn delete_run(&self, run: &str) -> Result<bool> {
        self.write(|transaction| runs::delete(transaction, run))
    }
    fn runs_with_artifacts(&self, cutoff: Timestamp, limit: u32) -> Result<Vec<RunRecord>> {
        self.read(|connection| runs::with_artifacts_before(connection, cutoff, limit))
    }
    fn mark_artifacts_deleted(&self, run: &str, cutoff: Timestamp, now: Timestamp) -> Result<bool> {
        self.write(|transaction| runs::mark_artifacts_deleted(transaction, run, cutoff, now))
    }
    fn run_exists(&self, run: &str) -> Result<bool> {
        self.read(|connection| runs::exists(connection, run))
    }
    fn all_environments(&self) -> Result<Vec<EnvironmentRecord>> {
        self.read(environments::everywhere)
    }
    fn configuration_activity(&self) -> Result<Vec<ConfigurationActivity>> {
        self.read(fleet::activity)
    }
    fn take_environment(&self, id: &str, cold_since: Option<Timestamp>) -> Result<bool> {
        self.write(|transaction| environments::take(transaction, id, cold_since))
    }

    fn record_metrics(&self, metrics: &QueueMetrics, keep_since: Timestamp) -> Result<()> {
        self.write(|transaction| fleet::record(transaction, metrics, keep_since))
    }
    fn metrics(&self, since: Timestamp) -> Result<Vec<QueueMetrics>> {
        self.read(|connection| fleet::metrics(connection, since))
    }
    fn overview(&self, since: Timestamp, now: Timestamp) -> Result<Overview> {
        self.read(|connection| fleet::overview(connection, since, now))
    }
}

impl SqliteStore {
    /// The whole id of an unambiguous prefix.
    fn resolve(
        &self,
        what: &'static str,
        table: &str,
        workspace: &str,
        prefix: &str,
    ) -> Result<String> {
        let wanted = prefix.to_lowercase();
        let not_found = || StoreError::NotFound {
            what,
            id: prefix.to_owned(),
        };
        if wanted.is_empty()
            || !wanted
                .chars()
                .all(|letter| letter.is_ascii_hexdigit() || letter == '-')
        {
            return Err(not_found());
        }
        // '~' sorts behind every letter of an id.
        let sql = format!(
            "SELECT id FROM {table} WHERE id >= ?1 AND id < ?1 || '~' AND workspace_id = ?2 ORDER BY id LIMIT 101"
        );
        let mut found = self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            statement
                .query_map([&wanted, workspace], |row| row.get::<_, String>(0))?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        match found.len() {
            0 => Err(not_found()),
            1 => Ok(found.remove(0)),
            count => Err(StoreError::Ambiguous {
                what,
                id: prefix.to_owned(),
                count,
                examples: found.into_iter().take(3).collect(),
            }),
        }
    }
}

/// Executes a statement that a connection prepares once, however often it runs.
fn execute(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql)?.execute(values)
}

/// Reads a whole number that the schema keeps from being negative.
fn unsigned(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}

/// The same where it may be absent.
fn unsigned_or_none(row: &rusqlite::Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    row.get::<_, Option<i64>>(column)
        .map(|number| number.map(i64::unsigned_abs))
}

/// SQLite's whole numbers are signed.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
