//! `ade lock`, and what installs from it.

use crate::common;

use std::fs;
use std::path::PathBuf;

use common::{Configuration, Place, Told, machine};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The bytes of a wheel of `small-thing`.
fn wheel(version: &str, content: &str) -> Vec<u8> {
    common::wheel("small_thing", version, "", &[("small_thing.py", content)])
}

fn hash_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A place whose index has small-thing 1.0, and a configuration that depends on it.
fn place() -> (Place, Configuration) {
    let mut place = Place::new();
    let given = place
        .variables()
        .get("PIP_FIND_LINKS".as_ref() as &std::ffi::OsStr);
    let given = given.map_or_else(String::new, |value| value.to_string_lossy().into_owned());
    let wheels = place.path("wheels");
    place.set("PIP_FIND_LINKS", format!("{given} {}", wheels.display()));
    release(&place, "1.0", "");
    place.members("members.csv");
    let configuration = place.configuration("config");
    // What the engine needs is asked of an index once, and kept with what all tests have fetched.
    if place.ade("lock config --offline -q").status != 0 {
        place.ade("lock config -q").succeeds();
    }
    fs::remove_file(place.path("config/ade.lock")).unwrap();
    configuration.depend_on(&["small-thing"]);
    (place, configuration)
}

/// Puts a release of small-thing into the index. Returns its file.
fn release(place: &Place, version: &str, content: &str) -> PathBuf {
    let name = format!("wheels/small_thing-{version}-py3-none-any.whl");
    place.write(name, wheel(version, content))
}

/// The versions of small-thing in the environments of a place, the newest environment first.
fn installed(place: &Place) -> Vec<String> {
    let environments = place.environments();
    let ready = environments.iter().filter(|one| one["status"] == "ready");
    ready
        .map(|environment| {
            let shown = place
                .ade(&format!("env show {} --json", environment["id"].text()))
                .json();
            let packages = shown["packages"].list();
            let found = packages.iter().find(|one| one["name"] == "small-thing");
            found.map_or("none", |one| one["version"].text()).to_owned()
        })
        .collect()
}

fn versions(json: &Value) -> Vec<(String, String)> {
    let packages = json["packages"].list();
    let text = |value: &Value| value.string();
    packages
        .iter()
        .map(|one| (text(&one["name"]), text(&one["version"])))
        .collect()
}

#[test]
fn a_lock_names_every_file_by_its_hash_and_is_the_same_the_next_time() {
    let (place, _) = place();
    let first = place.json("lock config --offline --json");
    assert_eq!(first["changed"], true);
    let found = versions(&first);
    assert!(
        found.contains(&("small-thing".to_owned(), "1.0".to_owned())),
        "{found:?}"
    );
    assert!(
        found.iter().any(|(name, _)| name == "polars"),
        "what the engine needs: {found:?}"
    );
    assert!(
        !found.iter().any(|(name, _)| name == "ade-engine"),
        "{found:?}"
    );
    let text = place.read("config/ade.lock");
    let hash = hash_of(&wheel("1.0", ""));
    assert!(
        text.contains(&format!("small-thing==1.0 \\\n    --hash=sha256:{hash}\n")),
        "{text}"
    );
    assert!(!text.contains(place.path("").to_str().unwrap()), "{text}");

    // A newer release is no reason for another version, until it is asked for.
    release(&place, "2.0", "");
    let again = place.json("lock config --offline --json");
    assert_eq!(again["changed"], false);
    assert_eq!(place.read("config/ade.lock"), text);
    place.ade_prints("lock config --check", "up to date");
    let upgraded = place.ade("lock config --upgrade --offline").succeeds();
    upgraded.stdout_has("+ small-thing 2.0");
    upgraded.stdout_has("- small-thing 1.0");
    // Beside the lock nothing is left in the configuration's folder.
    let names = place.files_below("config");
    assert_eq!(
        names,
        [
            "ade.lock",
            "pyproject.toml",
            "src/ade_config/__init__.py",
            "src/ade_config/columns/fields.py",
            "src/ade_config/row_detectors/rows.py"
        ]
    );
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn what_the_lock_names_is_installed_by_runs_and_by_workers() {
    let (place, configuration) = place();
    place.ade("lock config --offline").succeeds();
    release(&place, "2.0", "");
    // Lists of what git ignores often have this line. The lock counts all the same.
    configuration.write(".gitignore", "*.lock\n");
    place.ade("run config members.csv --detach").succeeds();
    place.ade("worker --drain").succeeds();
    assert_eq!(place.latest_run()["status"], "succeeded");
    assert_eq!(installed(&place), ["1.0"]);
    // Another lock means another environment; no lock, what fits best.
    place.ade("lock config --upgrade --offline").succeeds();
    place.ade("run config members.csv --frozen").succeeds();
    assert_eq!(installed(&place), ["2.0", "1.0"]);
    let digests: Vec<String> = place
        .environments()
        .iter()
        .map(|one| one["deps_digest"].string())
        .collect();
    assert_ne!(digests[0], digests[1]);
}

#[test]
fn frozen_is_refused_without_a_lock_that_fits() {
    let (mut place, configuration) = place();
    for line in [
        "run config members.csv --frozen",
        "env build config --frozen",
        "check config --frozen",
        "run config members.csv --detach --frozen",
    ] {
        let refused = place.ade(&format!("{line} --json")).ends_with(3);
        assert_eq!(refused.error()["code"], "lock_missing", "{line}: {refused}");
        refused.stderr_has("ade lock");
    }
    place.ade_fails("lock config --check", 1, "lock_missing");

    place.ade("lock config --offline").succeeds();
    place.ade("check config --frozen --offline").succeeds();
    configuration.depend_on(&["small-thing<3"]);
    place.ade_fails("lock config --check", 1, "lock_outdated");
    place.set("ADE_FROZEN", "1");
    let refused = place.ade("run config members.csv --json").ends_with(3);
    assert_eq!(refused.error()["code"], "lock_outdated", "{refused}");
    refused.stderr_has("depends on has changed");
    assert!(place.ade("runs ls --json").json().list().is_empty());

    // Otherwise a lock that does not fit is not used, and that is said.
    place.unset("ADE_FROZEN");
    release(&place, "2.0", "");
    let ran = place.ade("run config members.csv -v --offline").succeeds();
    ran.stderr_has("ade.lock is out of date and not used");
    assert_eq!(installed(&place)[0], "2.0");
    // A change of comments and code changes nothing about it.
    place.ade("lock config --offline").succeeds();
    let manifest = place.read("config/pyproject.toml");
    configuration.write("pyproject.toml", &format!("# why\n{manifest}"));
    configuration.module("");
    place.ade("lock config --check").succeeds();
}

/// Builds from a lock that names another file than the index has, which fails, and says why.
fn is_refused_for_its_hash(place: &Place) {
    let refused = place.ade("env build config --frozen --force").ends_with(3);
    refused.stderr_has("small-thing");
    let environments = place.environments();
    let failed = environments.iter().find(|one| one["status"] == "failed");
    let failed = failed.unwrap_or_else(|| panic!("{environments:?}"));
    assert_eq!(failed["error"]["code"], "hash_mismatch", "{failed}");
    // Trouble of another kind is tried again; this is not.
    refused.stderr_has("not the file that the lock names");
}

#[test]
fn another_file_under_a_locked_version_is_not_installed() {
    let (place, configuration) = place();
    place.ade("lock config --offline").succeeds();
    let whole = place.read("config/ade.lock");
    let (hash, other) = (hash_of(&wheel("1.0", "")), hash_of(b"another file"));
    configuration.write("ade.lock", &whole.replace(&hash, &other));
    is_refused_for_its_hash(&place);
    assert!(installed(&place).is_empty());
    configuration.write("ade.lock", &whole);
    place.ade("run config members.csv --frozen").succeeds();
    assert_eq!(installed(&place), ["1.0"]);
    // One that was edited or merged is made anew.
    for (broken, reason) in [
        (
            whole.replace("small-thing==1.0", "small-thing>=1.0"),
            "no exact version",
        ),
        (
            whole.replace("small-thing", "<<<<<<< ours\nsmall-thing"),
            "no exact version",
        ),
        (whole.replace("# ade-lock 1 ", "# "), "ade-lock 1"),
    ] {
        configuration.write("ade.lock", &broken);
        let refused = place.ade("env build config --frozen");
        refused.ends_with(3).says(reason);
        place.ade("lock config --offline").succeeds();
        assert_eq!(place.read("config/ade.lock"), whole);
    }
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn wheels_of_the_configuration_are_locked_by_their_path() {
    let (place, configuration) = place();
    configuration.write("pyproject.toml", "");
    configuration.write(
        "requirements.txt",
        "./my wheels/small_thing-1.0-py3-none-any.whl\n",
    );
    let path = "config/my wheels/small_thing-1.0-py3-none-any.whl";
    place.write(path, wheel("1.0", ""));
    place.ade("lock config --offline").succeeds();
    let text = place.read("config/ade.lock");
    assert!(
        text.contains("\n./my%20wheels/small_thing-1.0-py3-none-any.whl \\\n"),
        "{text}"
    );
    place.ade("run config members.csv --frozen").succeeds();
    assert_eq!(installed(&place), ["1.0"]);
    assert_eq!(
        place.ade("lock config --offline --json").json()["changed"],
        false
    );
    place.write(path, wheel("1.0", "changed = True\n"));
    is_refused_for_its_hash(&place);
}

#[test]
fn a_lock_that_cannot_be_made_leaves_the_former_one() {
    let (mut place, configuration) = place();
    place.ade("lock config --offline").succeeds();
    let before = place.read("config/ade.lock");
    configuration.depend_on(&["small-thing>7"]);
    let failed = place.ade("lock config --offline --json").ends_with(3);
    assert_eq!(failed.error()["code"], "install_failed", "{failed}");
    failed.stderr_has("small-thing");

    let local = place.path("local");
    place.write(
        "local/pyproject.toml",
        "[project]\nname = \"local\"\nversion = \"1\"\n",
    );
    configuration.depend_on(&[&format!("local @ file://{}", local.display())]);
    let failed = place.ade("lock config --offline --json").ends_with(2);
    assert_eq!(failed.error()["code"], "lock_impossible", "{failed}");
    failed.stderr_has("local");
    assert_eq!(place.read("config/ade.lock"), before);
    // Without uv on PATH one is fetched, or the error says what is missing.
    fs::remove_file(place.path("config/ade.lock")).unwrap();
    configuration.depend_on(&["small-thing"]);
    place.set_path(&[
        &machine().only_python,
        std::path::Path::new("/usr/bin"),
        std::path::Path::new("/bin"),
    ]);
    place.ade_fails("lock config --offline", 3, "no_installer");
    assert!(!place.path("config/ade.lock").exists());
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn a_frozen_worker_fails_what_has_no_lock_and_another_one_may_run_it() {
    let (mut place, _) = place();
    place.ade("run config members.csv --detach").succeeds();
    place.set("ADE_FROZEN", "1");
    place.ade("worker --drain").succeeds();
    let run = place.latest_run();
    assert_eq!(run["error"]["code"], "environment_failed", "{run}");
    let message = run["error"]["message"].text();
    assert!(message.contains("has no ade.lock"), "{message}");
    assert!(run["error"]["hint"].text().contains("ade lock"), "{run}");
    place.unset("ADE_FROZEN");
    place.ade("runs retry latest --now").succeeds();
    assert_eq!(installed(&place), ["1.0"]);
}
