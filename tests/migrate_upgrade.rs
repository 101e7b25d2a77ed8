//! Databases of every schema that ever landed come up to today's with their data whole.
//!
//! `tests/fixtures/v<N>.sql` is a database of version N as text: its schema as that version made it, its table of
//! migrations, and rows in every table. A fixture is never changed once its version was released. After a new migration,
//! `ADE_UPDATE_FIXTURES=1 cargo test --test migrate_upgrade` writes the one of the newest version, by bringing up the one
//! before it; rows for its new tables are added below.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use common::Place;
use rusqlite::Connection;

/// What the newest fixture has more than its predecessor brought up to date.
const NEWEST_ROWS: &str = "
UPDATE environments SET trouble_count = 2 WHERE id = (SELECT min(id) FROM environments);
UPDATE queue SET trouble_count = 3 WHERE run_id = (SELECT min(run_id) FROM queue);
";

/// The tables of version 2 as they can be read from today's: what is in the queue was in `runs` then, and the attempt that is
/// going on was in `run_attempts`.
const AS_BEFORE_THE_QUEUE: &str = "
CREATE TEMP VIEW runs_before AS SELECT r.id, r.workspace_id, r.configuration_id, r.document_id, r.retry_of_run_id, r.engine_spec, r.deps_digest,
    r.source_digest, r.snapshot_path, r.input_name, r.input_path, r.input_sha256, r.input_size_bytes, r.input_sheets, r.options, r.max_attempts,
    r.created_at, r.run_dir, r.completed_at, r.exit_code, r.summary, r.output_path, r.result, r.artifacts_deleted_at,
    coalesce(r.status, q.status) AS status, coalesce(r.environment_id, q.environment_id) AS environment_id,
    coalesce(q.attempt_count, r.attempt_count) AS attempt_count, coalesce(r.started_at, q.started_at) AS started_at,
    coalesce(r.cancel_requested_at, q.cancel_requested_at) AS cancel_requested_at, q.available_at, q.claimed_by, q.claim_token, q.claim_expires_at,
    q.claim_process, coalesce(r.error_code, q.last_error ->> 'code') AS error_code, coalesce(r.error_stage, q.last_error ->> 'stage') AS error_stage,
    coalesce(r.error_message, q.last_error ->> 'message') AS error_message, coalesce(r.error_hint, q.last_error ->> 'hint') AS error_hint
    FROM main.runs r LEFT JOIN main.queue q ON q.run_id = r.id;
CREATE TEMP VIEW run_attempts_before AS SELECT * FROM main.run_attempts UNION ALL
    SELECT run_id, attempt_count, claimed_by, claimed_at, NULL, NULL, NULL, NULL, NULL, NULL FROM main.queue WHERE status = 'running';
";

fn fixture(version: usize) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/v{version}.sql"))
}

/// Each table's rows as text, with the columns named.
type Contents = BTreeMap<String, (Vec<String>, Vec<String>)>;

fn tables(database: &Connection) -> Vec<(String, String)> {
    let mut statement = database
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL ORDER BY rowid")
        .unwrap();
    statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn columns(database: &Connection, table: &str) -> Vec<String> {
    let statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
    statement.column_names().map(str::to_owned).collect()
}

/// The rows of a table, each as SQL literals of these columns, in order.
fn rows(database: &Connection, table: &str, columns: &[String]) -> Vec<String> {
    let quoted: Vec<String> = columns
        .iter()
        .map(|column| format!("quote({column})"))
        .collect();
    let sql = format!(
        "SELECT {} FROM {table} ORDER BY 1",
        quoted.join(" || ', ' || ")
    );
    let mut statement = database.prepare(&sql).unwrap();
    statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn contents(database: &Connection) -> Contents {
    tables(database)
        .into_iter()
        .map(|(table, _)| {
            let columns = columns(database, &table);
            let rows = rows(database, &table, &columns);
            (table, (columns, rows))
        })
        .collect()
}

/// A whole database as text.
fn dump(database: &Connection, version: usize) -> String {
    let mut text = format!(
        "-- A database of schema version {version} with its data, as an ade of that version left it. Never changed again.\n"
    );
    for (table, sql) in tables(database) {
        writeln!(text, "{sql};").unwrap();
        let columns = columns(database, &table);
        for row in rows(database, &table, &columns) {
            writeln!(
                text,
                "INSERT INTO {table} ({}) VALUES ({row});",
                columns.join(", ")
            )
            .unwrap();
        }
    }
    let mut statement = database
        .prepare("SELECT sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL ORDER BY rowid")
        .unwrap();
    let rest = statement
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap();
    for sql in rest {
        writeln!(text, "{};", sql.unwrap()).unwrap();
    }
    text
}

/// Makes the database of a version in a place.
fn restore(place: &Place, version: usize) -> PathBuf {
    let path = place.path("data/db/ade.sqlite");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = fs::read_to_string(fixture(version))
        .unwrap_or_else(|error| panic!("{}: {error}", fixture(version).display()));
    let database = Connection::open(&path).unwrap();
    database
        .execute_batch(&format!(
            "PRAGMA foreign_keys = OFF; BEGIN; {text} COMMIT; PRAGMA journal_mode = WAL;"
        ))
        .unwrap();
    let knows_its_place = tables(&database)
        .iter()
        .any(|(table, _)| table == "identity");
    if knows_its_place {
        let data = place.path("data");
        database
            .execute("UPDATE identity SET data_path = ?1", [data.to_str()])
            .unwrap();
    }
    path
}

/// How many migrations this `ade` carries.
fn newest() -> usize {
    ade::store::SqliteStore::migrations().len()
}

/// A copy of a database as it is now.
fn copy(path: &Path) -> PathBuf {
    let copy = path.with_extension("before");
    let _ = fs::remove_file(&copy);
    Connection::open(path)
        .unwrap()
        .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
        .unwrap();
    copy
}

/// Checks that all rows of a former database exist, with their values.
#[track_caller]
fn nothing_is_lost(before: &Path, after: &Path) {
    let old = Connection::open(before).unwrap();
    let new = Connection::open(after).unwrap();
    new.execute_batch(AS_BEFORE_THE_QUEUE).unwrap();
    new.execute("ATTACH ?1 AS before", [before.to_str().unwrap()])
        .unwrap();
    let tables = tables(&old);
    let has_queue = tables.iter().any(|(table, _)| table == "queue");
    for (table, _) in &tables {
        let mut old_columns = columns(&old, table);
        let mut now = format!("main.{table}");
        let mut then = format!("before.{table}");
        if !has_queue && ["runs", "run_attempts"].contains(&table.as_str()) {
            now = format!("temp.{table}_before");
        }
        if !has_queue && table == "run_attempts" {
            // What an attempt used is measured at its end.
            then = "(SELECT run_id, attempt, worker, started_at, completed_at, outcome, exit_code, error,
                iif(completed_at IS NULL, NULL, peak_memory_bytes) AS peak_memory_bytes, iif(completed_at IS NULL, NULL, cpu_seconds) AS cpu_seconds
                FROM before.run_attempts)"
                .to_owned();
        }
        if !has_queue && table == "runs" {
            // Whether an end is in the log is no longer asked, and an ended run is not due.
            old_columns.retain(|column| column != "end_told" && column != "available_at");
            then.push_str(" WHERE available_at IS NOT NULL");
            let due = "SELECT count(*) FROM before.runs b JOIN main.queue q ON q.run_id = b.id AND q.available_at = b.available_at";
            let live = "SELECT count(*) FROM before.runs WHERE completed_at IS NULL";
            assert_eq!(count(&new, due), count(&new, live), "when runs are due");
        }
        let columns = old_columns.join(", ");
        let lost = format!(
            "SELECT count(*) FROM (SELECT {columns} FROM {then} EXCEPT SELECT {columns} FROM {now})"
        );
        assert_eq!(count(&new, &lost), 0, "rows of {table} are lost or changed");
        if table != "schema_migrations" {
            let counts =
                [then, now].map(|table| count(&new, &format!("SELECT count(*) FROM {table}")));
            assert_eq!(counts[0], counts[1], "rows of {table}");
        }
    }
}

fn count(database: &Connection, sql: &str) -> i64 {
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn there_is_an_old_database_for_every_version() {
    #[allow(
        clippy::disallowed_methods,
        reason = "whether a fixture is written is not a setting"
    )]
    let update = std::env::var_os("ADE_UPDATE_FIXTURES").is_some();
    if update {
        let place = Place::new();
        let path = restore(&place, newest() - 1);
        place.ade("migrate").succeeds();
        let database = Connection::open(path).unwrap();
        database.execute_batch(NEWEST_ROWS).unwrap();
        // The fixture must not depend on when it was made.
        database
            .execute_batch("UPDATE schema_migrations SET applied_at = 1790000000000 + version")
            .unwrap();
        fs::write(fixture(newest()), dump(&database, newest())).unwrap();
    }
    for version in 1..=newest() {
        let place = Place::new();
        let database = Connection::open(restore(&place, version)).unwrap();
        let found: usize = database
            .query_row("SELECT max(version) FROM schema_migrations", [], |row| {
                row.get::<_, i64>(0)
            })
            .unwrap()
            .try_into()
            .unwrap();
        assert_eq!(found, version);
        for (table, (_, rows)) in contents(&database) {
            assert!(!rows.is_empty(), "version {version} has nothing in {table}");
        }
        let broken = database
            .prepare("PRAGMA foreign_key_check")
            .unwrap()
            .exists([])
            .unwrap();
        assert!(!broken, "version {version} holds together");
    }
    let place = Place::new();
    restore(&place, newest());
    place.ade("migrate --check").succeeds();
}

#[test]
fn each_comes_up_with_its_data_whole_after_a_backup() {
    for version in 1..newest() {
        let place = Place::new();
        let path = restore(&place, version);
        let before = contents(&Connection::open(&path).unwrap());
        let old = copy(&path);
        place.ade("migrate --check").ends_with(5);
        let migrated = place.ade("migrate --json").succeeds().json();
        let applied: Vec<u64> = migrated["applied"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["version"].as_u64().unwrap())
            .collect();
        assert_eq!(
            applied,
            (version as u64 + 1..=newest() as u64).collect::<Vec<_>>()
        );
        let backup = Connection::open(migrated["backup"].as_str().unwrap()).unwrap();
        assert_eq!(contents(&backup), before, "the backup of version {version}");
        nothing_is_lost(&old, &path);
        place.ade("migrate --check").succeeds();
        let sound = place.query::<String>("PRAGMA integrity_check");
        assert_eq!(sound, "ok");
        // The schema is that of a database made today.
        let fresh = Place::new();
        fresh.ade("migrate").succeeds();
        let schema = |place: &Place| -> Vec<(String, Vec<String>)> {
            let database = place.database();
            tables(&database)
                .into_iter()
                .map(|(table, _)| (table.clone(), columns(&database, &table)))
                .collect::<BTreeMap<_, _>>()
                .into_iter()
                .collect()
        };
        assert_eq!(schema(&place), schema(&fresh));
    }
}

#[test]
fn what_was_recorded_before_is_listed_and_worked_on_afterwards() {
    for version in 1..=newest() {
        let place = Place::new();
        restore(&place, version);
        place.ade("migrate").succeeds();
        let runs = place.ade("runs ls --json").succeeds().json();
        assert_eq!(runs.as_array().unwrap().len(), 6, "version {version}");
        let shown = place
            .ade("runs show 01999999-0003-7000-8000-000000000000 --json")
            .succeeds()
            .json();
        assert_eq!(shown["status"], "succeeded");
        assert_eq!(shown["metrics"]["rows"], 2);
        assert_eq!(shown["attempts"].as_array().unwrap().len(), 2);
        assert_eq!(shown["columns"].as_array().unwrap().len(), 3);
        assert_eq!(place.environments().len(), 4);
        place.ade("top --once --json").succeeds();
        // A worker of today ends what was running when the old ade ended: a run with an expired lease goes back to the
        // queue; its environment's folder is gone, and so is the snapshot that it would be built from.
        let mut worker = place.command();
        worker.args(["worker", "--drain"]).envs([
            ("ADE_WORKER_CLEANUP_INTERVAL", "0.2"),
            ("ADE_WORKER_POLL_INTERVAL", "0.1"),
            ("ADE_WORKER_BACKOFF_BASE_SECONDS", "0.1"),
            // Leases are judged when every live worker has had the time to renew its own.
            ("ADE_WORKER_LEASE_SECONDS", "1"),
        ]);
        place.change("UPDATE queue SET claim_expires_at = 1 WHERE status = 'running'");
        common::Running::start(worker).wait().succeeds();
        let open: i64 = place.query("SELECT count(*) FROM runs WHERE completed_at IS NULL");
        assert_eq!(open, 0, "version {version}");
    }
}

#[test]
fn several_at_once_bring_it_up_once() {
    for version in 1..newest() {
        let place = Place::new();
        let path = restore(&place, version);
        let old = copy(&path);
        let running: Vec<_> = (0..6).map(|_| place.start("migrate --json")).collect();
        let ends: Vec<_> = running
            .into_iter()
            .map(|one| one.wait().succeeds().json())
            .collect();
        let worked = ends
            .iter()
            .filter(|end| end["applied"] != serde_json::json!([]));
        assert_eq!(worked.count(), 1, "{ends:?}");
        let backups = place
            .files_below("data/db")
            .into_iter()
            .filter(|name| name.ends_with(".bak"));
        assert_eq!(backups.count(), 1);
        nothing_is_lost(&old, &path);
    }
}

#[test]
fn one_that_is_killed_at_any_moment_is_finished_by_the_next() {
    let place = Place::new();
    let path = restore(&place, 1);
    let old = copy(&path);
    for round in 0..12_u64 {
        let one = place.start("migrate");
        std::thread::sleep(std::time::Duration::from_micros(round * 1500));
        one.signal(libc::SIGKILL);
        let _ = one.wait();
    }
    place.ade("migrate").succeeds();
    place.ade("migrate --check").succeeds();
    nothing_is_lost(&old, &path);
}

/// The queue came in version 3, and with it a new table of all runs.
#[test]
fn a_hundred_thousand_runs_in_every_state_are_moved_whole_though_the_move_is_killed_again_and_again()
 {
    const RUNS: i64 = 100_000;
    let place = Place::new();
    let path = restore(&place, 2);
    let database = Connection::open(&path).unwrap();
    database.execute_batch("PRAGMA synchronous = OFF").unwrap();
    let states = count(&database, "SELECT count(*) FROM runs");
    // Each copy of a run has an id of its own, and so have its attempts, results and the run that it repeats.
    for table in [
        "runs",
        "run_attempts",
        "run_metrics",
        "run_fields",
        "run_table_columns",
    ] {
        let own = |column: &String| match column.as_str() {
            "id" if table == "runs" => "id || printf('-%05d', number)".to_owned(),
            "run_id" => "run_id || printf('-%05d', number)".to_owned(),
            "retry_of_run_id" => "retry_of_run_id || printf('-%05d', number)".to_owned(),
            "claim_token" => "claim_token || number".to_owned(),
            "created_at" => "created_at + number".to_owned(),
            other => other.to_owned(),
        };
        let columns = columns(&database, table);
        let copies: Vec<String> = columns.iter().map(own).collect();
        let sql = format!(
            "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?1)
             INSERT INTO {table} ({}) SELECT {} FROM numbers, (SELECT * FROM {table})",
            columns.join(", "),
            copies.join(", ")
        );
        database.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        database.execute(&sql, [RUNS / states]).unwrap();
    }
    drop(database);
    let old = copy(&path);
    // The backup comes first, then the move: it is killed later each time, until it gets through.
    for round in 1..=12_u64 {
        let one = place.start("migrate");
        std::thread::sleep(std::time::Duration::from_millis(round * 120));
        one.signal(libc::SIGKILL);
        let _ = one.wait();
    }
    place.ade("migrate").succeeds();
    nothing_is_lost(&old, &path);
    assert_eq!(place.query::<String>("PRAGMA integrity_check"), "ok");
    let runs = place.ade("runs ls --limit 200000 --json").succeeds().json();
    assert!(runs.as_array().unwrap().len() as i64 > RUNS - states);
}
