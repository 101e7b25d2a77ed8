//! `ade doctor`.

use crate::common;

use common::{Place, Told, machine, snapshot};

#[test]
fn a_machine_that_is_ready() {
    let place = Place::new();
    let doctor = place.ade("doctor").succeeds();
    for words in [
        "✓ data directory",
        "free space",
        "✓ cache           ",
        "✓ database",
        "(the first run creates it)",
        "✓ python",
        "✓ installer       uv, ",
        "✓ engine",
    ] {
        doctor.stdout_has(words);
    }
    assert!(!place.path("data/db").exists(), "looking changes nothing");
    let json = place.json("doctor --json");
    for finding in json.list() {
        for key in ["name", "state", "message", "hint"] {
            assert!(finding.get(key).is_some(), "{key}: {finding}");
        }
        assert_ne!(finding["state"], "problem", "{finding}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_database_on_a_network_file_system_is_refused_in_words() {
    let mut place = Place::cold();
    let data = place.path("data");
    std::fs::create_dir_all(&data).unwrap();
    let Some(_disk) = common::NetworkDisk::mount(&data) else {
        eprintln!(
            "not tested: a file system can be mounted only by an administrator, with /dev/fuse"
        );
        return;
    };
    let refused = "is on a network file system (sshfs), where its write-ahead log can be damaged";
    for command in [
        "run config members.csv",
        "worker",
        "migrate",
        "migrate --check",
    ] {
        let ended = place.ade(command).ends_with(5).says(refused);
        ended.stderr_has("ADE_DATABASE_SQLITE_JOURNAL_MODE=DELETE");
    }
    let error = place.ade("worker --json").error();
    assert_eq!(error["code"], "database_on_network");
    let found = |name: &str| place.finding(name);
    assert_eq!(found("file system")["state"], "warning");
    assert_eq!(
        found("file system")["message"],
        "sshfs, which other machines use too"
    );
    assert_eq!(found("database")["state"], "problem");
    // Without such a log it is not refused for that. (This disk cannot be written at all.)
    place.set("ADE_DATABASE_SQLITE_JOURNAL_MODE", "DELETE");
    let ended = place.ade("run config members.csv");
    ended.stderr_lacks("network file system");
}

#[test]
fn a_uv_that_is_too_old_is_judged_as_a_build_judges_it() {
    let mut place = Place::new();
    let installer = |place: &Place| {
        let found = place.finding("installer");
        let state = found["state"].string();
        let here = place.path("").display().to_string();
        let message = found["message"].text();
        (state, message.replace(&here, "[HERE]/"))
    };
    let fetched = machine().uv();
    let fetched = fetched.strip_prefix(machine().data.join("cache")).unwrap();
    let fetched = format!("home/.cache/ade/{}", fetched.display());
    let old = place.write_program(
        "old/uv",
        "#!/bin/sh\necho 'uv 0.4.30 (61ed2a236 2024-11-04)'\n",
    );
    let old = old.parent().unwrap();
    place.set_path(&[old, &machine().only_python]);
    let words = "uv 0.4.30 at [HERE]/old/uv is too old";
    assert_eq!(
        installer(&place),
        (
            "ok".to_owned(),
            format!("{words}; another is fetched once, with the first environment")
        )
    );
    place.set("ADE_OFFLINE", "1");
    assert_eq!(
        installer(&place),
        (
            "warning".to_owned(),
            format!("{words}, and offline none is fetched")
        )
    );
    // One that was fetched before, and one that comes later on PATH.
    place.write_program(&fetched, "#!/bin/sh\necho 'uv 0.9.2'\n");
    assert_eq!(
        installer(&place),
        ("ok".to_owned(), format!("uv, [HERE]/{fetched} ({words})"))
    );
    place.write_program("new/uv", "#!/bin/sh\necho 'uv 0.9.2'\n");
    place.set_path(&[old, &place.path("new"), &machine().only_python]);
    assert_eq!(
        installer(&place),
        ("ok".to_owned(), format!("uv, [HERE]/new/uv ({words})"))
    );
}

#[test]
fn settings_that_do_not_parse_are_an_error_as_everywhere() {
    let place = Place::new();
    snapshot!(place, place.run(&[("ADE_SANDBOX", "perhaps")], ["doctor"]), @r#"
    status 2
    --- stderr
    error: environment variable ADE_SANDBOX: ADE_SANDBOX = "perhaps" is not one of auto, strict, off
    hint: `ade settings` explains each setting
    "#);
}
