//! Databases of every schema come up to today's with their data whole.
//!
//! `tests/fixtures/v<N>.sql` is a database of version N as text: its schema as that version made it, its table of
//! migrations, and rows in every table. A fixture is never changed once its version was released. After a new migration,
//! `ADE_UPDATE_FIXTURES=1 cargo test --test front_door migrate_upgrade` writes the one of the newest version, by bringing up the one
//! before it; rows for its new tables are added below.

use crate::common;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use common::{Place, Printed, Told, trials};
use rusqlite::Connection;

/// The rows that the newest fixture has in addition to those of its migrated predecessor.
const NEWEST_ROWS: &str = "";

/// Columns that later versions rename: the table, the old name, the new name.
const RENAMED: [(&str, &str, &str); 1] = [("configurations", "active", "is_default")];

fn name_now<'a>(table: &str, column: &'a str) -> &'a str {
    let renamed = RENAMED.iter().find(|one| (one.0, one.1) == (table, column));
    renamed.map_or(column, |one| one.2)
}

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
    path
}

/// Returns the number of migrations that this `ade` knows.
fn newest() -> usize {
    ade::store::Store::migrations().len()
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
    new.execute("ATTACH ?1 AS before", [before.to_str().unwrap()])
        .unwrap();
    for (table, _) in tables(&old) {
        let names = columns(&old, &table);
        let names_now: Vec<_> = names.iter().map(|name| name_now(&table, name)).collect();
        let lost = format!(
            "SELECT count(*) FROM (SELECT {} FROM before.{table} EXCEPT SELECT {} FROM main.{table})",
            names.join(", "),
            names_now.join(", ")
        );
        assert_eq!(count(&new, &lost), 0, "rows of {table} are lost or changed");
        if table != "schema_migrations" {
            let counts = ["before", "main"]
                .map(|of| count(&new, &format!("SELECT count(*) FROM {of}.{table}")));
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
        place.ade("migrate").success();
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
    place.ade("migrate --check").success();
}

#[test]
fn each_comes_up_with_its_data_whole_after_a_backup() {
    let fresh = Place::new();
    fresh.ade("migrate").success();
    for version in 1..newest() {
        let place = Place::new();
        let path = restore(&place, version);
        let before = contents(&Connection::open(&path).unwrap());
        let old = copy(&path);
        let migrated = match version {
            1 => by_migrate_alone_and_by_one_of_several(&place),
            _ => place.json("migrate --json"),
        };
        let applied: Vec<u64> = migrated["applied"]
            .list()
            .iter()
            .map(|one| one["version"].as_u64().unwrap())
            .collect();
        assert_eq!(
            applied,
            (version as u64 + 1..=newest() as u64).collect::<Vec<_>>()
        );
        let backup = Connection::open(migrated["backup"].text()).unwrap();
        assert_eq!(contents(&backup), before, "the backup of version {version}");
        let files = place.files_below("data/db").into_iter();
        assert_eq!(files.filter(|name| name.ends_with(".bak")).count(), 1);
        nothing_is_lost(&old, &path);
        place.ade("migrate --check").success();
        let sound = place.query::<String>("PRAGMA integrity_check");
        assert_eq!(sound, "ok");
        // The schema is that of a database made today.
        let schema = |place: &Place| -> BTreeMap<String, Vec<String>> {
            let contents = contents(&place.database()).into_iter();
            contents
                .map(|(table, (columns, _))| (table, columns))
                .collect()
        };
        assert_eq!(schema(&place), schema(&fresh));
    }
}

fn by_migrate_alone_and_by_one_of_several(place: &Place) -> serde_json::Value {
    for line in ["migrate --check", "runs ls", "worker --drain"] {
        place
            .ade(line)
            .code(5)
            .says("behind this ade")
            .says("hint: run `ade migrate`");
    }
    let running: Vec<_> = (0..4).map(|_| place.start("migrate --json")).collect();
    let ends = running.into_iter().map(|one| one.wait().success().json());
    let (mut worked, idle): (Vec<_>, Vec<_>) =
        ends.partition(|end| end["applied"] != serde_json::json!([]));
    assert_eq!((worked.len(), idle.len()), (1, 3), "{worked:?} {idle:?}");
    worked.remove(0)
}

/// Tries all versions by night. A migrated database is like one of today, so that the oldest and today's are enough for a change.
#[test]
fn what_was_recorded_before_is_listed_and_worked_on_afterwards() {
    let tried = |version: &usize| trials::are_all() || [1, newest()].contains(version);
    for version in (1..=newest()).filter(tried) {
        let place = Place::new();
        restore(&place, version);
        place.ade("migrate").success();
        let runs = place.json("runs ls --json");
        assert_eq!(runs.list().len(), 6, "version {version}");
        let shown = place.json("runs show 01999999-0003-7000-8000-000000000000 --json");
        assert_eq!(shown["status"], "succeeded");
        assert_eq!(shown["metrics"]["rows"], 2);
        assert_eq!(shown["attempts"].list().len(), 2);
        assert_eq!(shown["columns"].list().len(), 3);
        assert_eq!(place.environments().len(), 4);
        place.ade("top --once --json").success();
        // A worker of today ends the work that was running when the old ade ended: a run with an expired lease goes back to
        // the queue; its environment's folder is gone, and so is the snapshot for a new build.
        let mut worker = place.command();
        worker.args(["worker", "--drain"]).envs([
            ("ADE_WORKER_CLEANUP_INTERVAL", "0.2"),
            ("ADE_WORKER_POLL_INTERVAL", "0.1"),
            ("ADE_WORKER_BACKOFF_BASE_SECONDS", "0.1"),
            // Leases are judged when every live worker has had the time to renew its own.
            ("ADE_WORKER_LEASE_SECONDS", "1"),
        ]);
        place.change("UPDATE queue SET claim_expires_at = 1 WHERE status = 'running'");
        place.change("UPDATE workers SET lease_ms = 1000");
        common::Running::start(worker).wait().success();
        let open: i64 = place.query("SELECT count(*) FROM runs WHERE completed_at IS NULL");
        assert_eq!(open, 0, "version {version}");
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
    place.ade("migrate").success();
    place.ade("migrate --check").success();
    nothing_is_lost(&old, &path);
}
