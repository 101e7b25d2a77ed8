//! Difficult paths and files: odd names, protected outputs, bad databases.

use crate::common;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use common::{Place, Told, snapshot};
use rusqlite::Connection;

#[test]
fn a_path_with_spaces_quotes_unicode_and_200_characters() {
    let mut place = Place::new();
    let mut name = "it's a \"very\" odd näme — 表 (1) & $HOME; ".to_owned();
    while name.len() < 200 {
        name.push('x');
    }
    let folder = place.path(&name);
    let config = folder.join("con fig's");
    place.configuration(config.to_str().unwrap());
    let input = folder.join("Müller's \"list\" 表.csv");
    place.members(input.to_str().unwrap());
    place.set("ADE_DATA_DIR", folder.join("da ta"));
    let output = folder.join("out put");
    let word = |word: &'static str| Path::new(word);
    place
        .ade_with([word("run"), &config, &input, word("-o"), &output])
        .succeeds();
    assert_eq!(
        place.cells(output.join("Müller's \"list\" 表_normalized.xlsx")),
        serde_json::json!({"Müller's \"list\" 表": [["name", "email"], ["Ann", "ann@example.org"]]})
    );
    place.ade_with([word("check"), &config]).succeeds();
    let environment = place
        .ade_with([word("env"), word("path"), &config])
        .succeeds();
    let python = Path::new(environment.stdout.trim()).join("bin/python");
    assert!(python.exists());
    place.ade("logs tail latest").succeeds();
    place.ade("runs show latest").succeeds();
}

#[test]
fn what_senders_sent_is_for_nobody_else_to_look_into() {
    let mut place = Place::cold();
    place.set("ADE_RUNS_DIR", "elsewhere/runs");
    place
        .ade("run config members.csv --detach -q --data-dir above/fresh")
        .succeeds();
    for folder in ["above/fresh", "above/fresh/db", "elsewhere/runs"] {
        let mode = std::fs::metadata(place.path(folder)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o700, "{folder}");
    }
}

#[test]
fn an_output_that_exists_and_is_write_protected() {
    let place = Place::cold();
    let output = place.write("clean/members_normalized.xlsx", "mine");
    std::fs::set_permissions(&output, std::fs::Permissions::from_mode(0o444)).unwrap();
    snapshot!(place, place.ade("run config members.csv -o clean"), @r"
    status 2
    --- stderr
    error: clean/members_normalized.xlsx exists and is write-protected
    hint: make it writable, delete it, or choose another output directory
    ");
    assert_eq!(place.read(&output), "mine");
    // It was noticed before anything was started.
    assert!(!place.path("data/db").exists());
}

#[test]
fn an_output_that_becomes_write_protected_while_the_run_goes_on() {
    let (place, gate) = Place::gated();
    let running = place.start("run config members.csv -o clean");
    gate.wait_until_reached();
    let output = place.write("clean/members_normalized.xlsx", "mine");
    std::fs::set_permissions(&output, std::fs::Permissions::from_mode(0o444)).unwrap();
    gate.open();
    snapshot!(place, running.wait(), @r"
    status 2
    --- stdout
    ✓ members.csv  [TIME]
      1 sheet, 1 table, 1 row
      2 of 2 fields mapped
      0 issues
      data/workspaces/default/runs/[ID]/output/members_normalized.xlsx
    --- stderr
    error: clean/members_normalized.xlsx exists and is write-protected
    hint: make it writable, delete it, or choose another output directory
    ");
    assert_eq!(place.read(&output), "mine");
    // The run itself went well, and its workbook is in its folder.
    let run = place.latest_run();
    assert_eq!(run["status"], "succeeded");
    assert!(Path::new(run["output_path"].text()).exists());
}

#[test]
fn an_output_that_another_program_has_open_is_replaced_whole() {
    use std::io::Read;
    let place = Place::cold();
    let output = place.write("clean/members_normalized.xlsx", "old");
    let mut opened = std::fs::File::open(&output).unwrap();
    place.ade("run config members.csv -o clean -q").succeeds();
    let mut text = String::new();
    opened.read_to_string(&mut text).unwrap();
    assert_eq!(text, "old");
    assert_eq!(place.cells(&output)["members"][1][0], "Ann");
    assert_eq!(place.files_below("clean"), ["members_normalized.xlsx"]);
}

#[test]
fn something_else_in_the_outputs_place() {
    let place = Place::cold();
    place.write("file", "");
    place.write("clean/members_normalized.xlsx/file", "");
    snapshot!(place, place.ade("run config members.csv -o file"), @r"
    status 2
    --- stderr
    error: file is in the way: it is not a folder
    hint: choose another output directory
    ");
    snapshot!(place, place.ade("run config members.csv -o clean"), @r"
    status 2
    --- stderr
    error: clean/members_normalized.xlsx is in the way: it is not a file
    hint: choose another output directory
    ");
    assert!(!place.path("data/db").exists());
}

#[test]
fn a_file_where_the_data_directory_should_be() {
    let mut place = Place::cold();
    place.write("file", "");
    place.set("ADE_DATA_DIR", place.path("file"));
    snapshot!(place, place.ade("run config members.csv"), @r"
    status 5
    --- stderr
    error: cannot create the folder [HERE]/file: file exists
    hint: a file has the name that a folder should have: move the file away, or name another --data-dir
    ");
    place.set("ADE_DATA_DIR", place.path("file/data"));
    place
        .ade("run config members.csv")
        .ends_with(5)
        .says("hint:");
}

/// The database of a place with one run in it.
fn database(place: &Place) -> PathBuf {
    place.configuration("config");
    place.members("members.csv");
    place.ade("run config members.csv --dry-run -q").succeeds();
    place.path("data/db/ade.sqlite")
}

/// The commands that use the database, which must all report the same error.
const USERS: [&str; 6] = [
    "run config members.csv",
    "runs ls",
    "env build config",
    "worker --drain",
    "migrate --check",
    "migrate",
];

#[test]
fn a_database_that_cannot_serve_is_refused_by_every_command_and_stays_as_it_is() {
    let place = Place::new();
    let database = database(&place);
    // All of it in one file.
    let connection = Connection::open(&database).unwrap();
    let fold = "PRAGMA wal_checkpoint(TRUNCATE)";
    connection.query_row(fold, [], |_| Ok(())).unwrap();
    drop(connection);
    let whole = std::fs::read(&database).unwrap();
    let put = |bytes: &[u8]| {
        for extra in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{extra}", database.display()));
        }
        std::fs::write(&database, bytes).unwrap();
    };
    let newer = "INSERT INTO schema_migrations VALUES (999, 'from_the_future', 'x', 0, '9.9.9')";
    let altered = "UPDATE schema_migrations SET checksum = 'another' WHERE version = 1";
    let text = "this was a database once, and is not one any more".repeat(100);
    for (change, code, words, hint) in [
        (
            Some(newer),
            "database_newer",
            "has schema version 999, but this ade knows versions up to",
            "hint: use the ade that migrated it",
        ),
        (
            Some(altered),
            "database_altered",
            "was migrated by another 0001_schema than that of this ade",
            "hint:",
        ),
        (
            None,
            "database_damaged",
            "is damaged",
            "hint: nothing was changed",
        ),
    ] {
        put(&whole);
        match change {
            Some(sql) => place.change(sql),
            None => put(text.as_bytes()),
        }
        let before = std::fs::read(&database).unwrap();
        for line in USERS {
            place.ade(line).ends_with(5).says(words).says(hint);
        }
        place.ade_fails("runs ls", 5, code);
        let doctor = place.ade("doctor").ends_with(1);
        doctor.prints(words.split(", but").next().unwrap());
        assert_eq!(std::fs::read(&database).unwrap(), before, "{code}");
        let files = place.files_below("data/db");
        assert!(!files.iter().any(|name| name.contains("backup")), "{code}");
        if code == "database_newer" {
            place.ade_prints("migrate --status", "by a newer ade");
        }
    }
    // Noise in every page but the first.
    let (first, others) = whole.split_at(4096);
    let noise = |byte: &u8| byte.wrapping_mul(31).wrapping_add(17);
    put(&[first, &others.iter().map(noise).collect::<Vec<u8>>()].concat());
    let ran = place.ade("run config members.csv").ends_with(5);
    ran.says("is damaged");
    place.ade("doctor").ends_with(1).prints("damaged");
}

#[test]
fn a_database_that_is_locked() {
    let mut place = Place::new();
    let database = database(&place);
    let holder = Connection::open(&database).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    place.set("ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS", "300");
    snapshot!(place, place.ade("run config members.csv"), @r"
    status 5
    --- stderr
    error: the database [HERE]/data/db/ade.sqlite is locked by another process (waited [TIME])
    hint: see which process holds it, and try again; ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS waits longer
    ");
    place.ade_fails("run config members.csv", 5, "database_locked");
    // A process that only reads is not blocked.
    place.ade("runs ls").succeeds();
    holder.execute_batch("COMMIT").unwrap();
    place.ade("run config members.csv -q").succeeds();
}

#[test]
fn a_database_that_is_locked_for_a_while_is_waited_for() {
    let place = Place::new();
    let database = database(&place);
    let holder = Connection::open(&database).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let running = place.start("run config members.csv --dry-run");
    // It has opened the database: SQLite's shared-memory file names its readers.
    common::wait_for("ade to open the database", || {
        std::fs::read_dir(format!("/proc/{}/fd", running.id())).map_or(true, |files| {
            files
                .flatten()
                .any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target == database))
        })
    });
    holder.execute_batch("COMMIT").unwrap();
    running.wait().succeeds();
}

#[test]
fn a_database_url_names_the_database_and_a_wrong_one_is_not_repeated() {
    let place = Place::cold();
    let wrong = "postgresql://user:secret@host/ade?sslmode=prefer";
    let call = format!("run config members.csv --database-url {wrong}");
    let refused = place.ade(&call).ends_with(2).says("cannot be used");
    assert!(!refused.stderr.contains("secret"), "{refused}");
    place
        .ade("run config members.csv -q --dry-run --database-url sqlite:///elsewhere/queue.sqlite")
        .succeeds();
    assert!(place.path("elsewhere/queue.sqlite").exists());
    assert!(!place.path("data/db/ade.sqlite").exists());
}

#[test]
fn a_run_stays_where_it_was_recorded_whatever_its_worker_has_as_its_place() {
    let mut place = Place::ready();
    place.set("ADE_RUNS_DIR", place.path("one"));
    let run = place.enqueue("config", "members.csv");
    place.set("ADE_RUNS_DIR", place.path("two"));
    place.ade("worker --drain -q").succeeds();
    let shown = place.ade(&format!("runs show {run} --json")).json();
    assert_eq!(shown["status"], "succeeded", "{shown}");
    let output = shown["output_path"].text();
    assert!(
        output.starts_with(place.path("one").to_str().unwrap()),
        "{output}"
    );
    assert!(Path::new(output).is_file());
    let tailed = place.ade(&format!("logs tail {run}")).succeeds();
    assert!(tailed.stdout.contains("run.complete"), "{tailed}");
    assert_eq!(place.files_below("two"), Vec::<String>::new());
}

#[test]
fn many_inputs_are_queued_by_a_process_that_may_open_few_files() {
    let place = Place::cold();
    let names: Vec<String> = (0..150).map(|number| format!("in/{number}.csv")).collect();
    place.all_members(&names);
    let call = format!(
        "ulimit -n 100; exec {} run config in --detach -q",
        env!("CARGO_BIN_EXE_ade")
    );
    let queued = place.shell(&call).succeeds();
    assert_eq!(queued.stdout.lines().count(), names.len());
    let recorded: i64 = place.query("SELECT count(*) FROM queue");
    assert_eq!(recorded, 150);
}

#[test]
fn of_several_inputs_all_are_queued_or_none() {
    let place = Place::cold();
    place.members("a.csv");
    place.members("b.csv");
    // The last of them cannot be staged: its copy would be larger than this process may write.
    place.write("c.csv", "x".repeat(6_000_000));
    let call = format!(
        "trap '' XFSZ; ulimit -f 4000; exec {} run config a.csv b.csv c.csv --detach -q",
        env!("CARGO_BIN_EXE_ade")
    );
    let refused = place.shell(&call);
    assert_ne!(refused.status, 0, "{refused}");
    assert_eq!(place.statuses(), Vec::<String>::new());
    let left = place.files_below("data/workspaces/default/runs");
    assert!(left.iter().all(|file| !file.contains("a.csv")), "{left:?}");
}
