//! `ade migrate`.

use crate::common;

use common::{Place, snapshot};
use rusqlite::Connection;

/// How many migrations this `ade` knows.
fn known(place: &Place) -> i64 {
    place.json("migrate --status --json")["migrations"]
        .as_array()
        .unwrap()
        .len() as i64
}

#[test]
fn a_database_is_created_once() {
    let place = Place::new();
    let check = place.ade("migrate --check");
    snapshot!(place, check, @r"
    status 5
    --- stderr
    error: there is no database at [HERE]/data/db/ade.sqlite
    hint: `ade migrate` creates it, and so does the first `ade run`; or check --data-dir
    ");
    place.ade_prints("migrate --status", "pending");
    assert!(!place.path("data/db").exists(), "looking changes nothing");
    let first = place.ade("migrate").succeeds();
    first.stdout_has("Applied 0001_schema");
    assert!(
        first.stdout.ends_with("data/db/ade.sqlite is created\n"),
        "{first}"
    );
    snapshot!(place, place.ade("migrate"), @r"
    status 0
    --- stdout
    data/db/ade.sqlite is up to date
    ");
    snapshot!(place, place.ade("migrate --check"), @r"
    status 0
    --- stdout
    data/db/ade.sqlite is up to date
    ");
    let status = place.ade("migrate --status").succeeds();
    status.stdout_has("0001_schema");
    status.stdout_lacks("pending");
    place.ade("migrate --check --status").ends_with(2);

    // The same as JSON.
    let place = Place::new();
    let versions: Vec<i64> = (1..=known(&place)).collect();
    let of = |list: &serde_json::Value| -> Vec<i64> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|migration| migration["version"].as_i64().unwrap())
            .collect()
    };
    place.ade_fails("migrate --check", 5, "database_absent");
    let created = place.json("migrate --json");
    assert_eq!(
        (
            of(&created["applied"]),
            &created["created"],
            &created["backup"]
        ),
        (versions.clone(), &true.into(), &serde_json::Value::Null)
    );
    let again = place.json("migrate --json");
    assert_eq!(
        (of(&again["applied"]), &again["created"]),
        (vec![], &false.into())
    );
    let status = place.json("migrate --status --json");
    assert_eq!(
        (of(&status["migrations"]), &status["current"]),
        (versions, &true.into())
    );
    let check = place.json("migrate --check --json");
    assert_eq!(
        (&check["current"], check["version"].as_i64()),
        (&true.into(), Some(known(&place)))
    );
}

#[test]
fn several_at_once_are_safe() {
    let place = Place::new();
    let running: Vec<_> = (0..6).map(|_| place.start("migrate --json")).collect();
    let ends: Vec<_> = running
        .into_iter()
        .map(|one| one.wait().succeeds().json())
        .collect();
    assert_eq!(
        ends.iter().filter(|end| end["created"] == true).count(),
        1,
        "{ends:?}"
    );
    place.ade("migrate --check").succeeds();
    // They agree on whose the data directory is, too.
    place.ade("runs ls").succeeds();
    place.ade_prints("doctor", "up to date and sound");
}

#[test]
fn a_newer_or_altered_database_is_refused_and_left_alone() {
    let place = Place::new();
    place.ade("migrate").succeeds();
    let database = place.path("data/db/ade.sqlite");
    let connection = Connection::open(&database).unwrap();
    connection
        .execute(
            "UPDATE schema_migrations SET checksum = 'another' WHERE version = 1",
            [],
        )
        .unwrap();
    for line in ["migrate", "migrate --check", "runs ls"] {
        place
            .ade(line)
            .ends_with(5)
            .says("was migrated by another 0001_schema than that of this ade");
    }
    connection
        .execute(
            "INSERT INTO schema_migrations VALUES (999, 'from_the_future', 'x', 0, '9.9.9')",
            [],
        )
        .unwrap();
    drop(connection);
    place.ade("migrate").ends_with(5);
    place.ade_prints("migrate --status", "by a newer ade");
    assert_eq!(
        place
            .files_below("data/db")
            .iter()
            .filter(|name| name.contains("backup"))
            .count(),
        0
    );
}

#[test]
fn an_empty_file_is_a_creation_that_was_cut_short() {
    let place = Place::cold();
    place.write("data/db/ade.sqlite", "");
    place.ade("runs ls").ends_with(5);
    place.ade("run config members.csv --dry-run -q").succeeds();
    place.ade("migrate --check").succeeds();
}
