//! `ade migrate`.

use crate::common;

use common::{Place, Told, has, snapshot};
use serde_json::{Value, json};

/// How many migrations this `ade` knows.
fn known(place: &Place) -> i64 {
    place.json("migrate --status --json")["migrations"]
        .list()
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
    place.ade_fails("migrate --check", 5, "database_absent");
    place.ade_prints("migrate --status", "pending");
    let versions: Vec<i64> = (1..=known(&place)).collect();
    assert!(!place.path("data/db").exists(), "looking changes nothing");
    let of = |list: &Value| -> Vec<i64> {
        let migrations = list.list().iter();
        let version = |migration: &Value| migration["version"].as_i64().unwrap();
        migrations.map(version).collect()
    };
    let created = place.json("migrate --json");
    has(&created, json!({"created": true, "backup": null}));
    assert_eq!(of(&created["applied"]), versions);
    for line in ["migrate", "migrate --check"] {
        let done = place.ade(line).succeeds();
        assert_eq!(done.stdout, "data/db/ade.sqlite is up to date\n");
    }
    let again = place.json("migrate --json");
    has(&again, json!({"created": false, "applied": []}));
    let status = place.json("migrate --status --json");
    assert_eq!(of(&status["migrations"]), versions);
    assert_eq!(status["current"], true);
    let status = place.ade("migrate --status").succeeds();
    status.stdout_has("0001_schema");
    status.stdout_lacks("pending");
    let check = place.json("migrate --check --json");
    has(&check, json!({"current": true, "version": versions.len()}));
    place.ade("migrate --check --status").ends_with(2);

    let another = place.ade("migrate --data-dir other").succeeds();
    another.stdout_has("Applied 0001_schema");
    another.prints("ade.sqlite is created\n");
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
fn an_empty_file_is_a_creation_that_was_cut_short() {
    let place = Place::cold();
    place.write("data/db/ade.sqlite", "");
    place.ade("runs ls").ends_with(5);
    place.ade("run config members.csv --dry-run -q").succeeds();
    place.ade("migrate --check").succeeds();
}
