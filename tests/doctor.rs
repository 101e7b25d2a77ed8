//! `ade doctor`.

mod common;

use common::{Place, snapshot};

#[test]
fn a_machine_that_is_ready() {
    let place = Place::new();
    let doctor = place.ade("doctor").succeeds();
    for words in [
        "✓ data directory",
        "free space",
        "✓ database",
        "(the first run creates it)",
        "✓ python",
        "✓ installer       uv, ",
        "✓ engine",
    ] {
        assert!(doctor.stdout.contains(words), "{words}: {doctor}");
    }
    assert!(!place.path("data/db").exists(), "looking changes nothing");
    let json = place.ade("doctor --json").succeeds().json();
    for finding in json.as_array().unwrap() {
        for key in ["name", "state", "message", "hint"] {
            assert!(finding.get(key).is_some(), "{key}: {finding}");
        }
        assert_ne!(finding["state"], "problem", "{finding}");
    }
}

#[test]
fn a_machine_without_python_is_told_what_to_do() {
    let mut place = Place::new();
    let empty = place.path("empty");
    std::fs::create_dir(&empty).unwrap();
    place.set_path(&[&empty]);
    let doctor = place.ade("doctor").ends_with(1);
    assert!(
        doctor
            .stdout
            .contains("✗ python          no Python was found"),
        "{doctor}"
    );
    assert!(
        doctor.stdout.contains("→ install Python 3.10 or later"),
        "{doctor}"
    );
    assert!(
        doctor
            .stdout
            .contains("uv is fetched once, with the first environment"),
        "{doctor}"
    );
}

#[test]
fn settings_that_do_not_parse_are_an_error_as_everywhere() {
    let place = Place::new();
    snapshot!(place, place.run(&[("ADE_INSTALLER", "conda")], ["doctor"]), @r#"
    status 2
    --- stderr
    error: environment variable ADE_INSTALLER: ADE_INSTALLER = "conda" is not one of auto, uv, pip
    hint: `ade settings` explains each setting
    "#);
}
