//! `ade env ls|show|build|path`.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Place, snapshot};

#[test]
fn environments_are_listed() {
    let place = Place::new();
    let nothing = place.ade("env ls");
    snapshot!(place, nothing, @r"
    status 0
    --- stderr
    No environments yet; the first `ade run` of a configuration builds one
    ");
    assert_eq!(place.ade("env ls --json").json(), serde_json::json!([]));
    let configuration = place.configuration("config");
    place.members("members.csv");
    place.warm("config");
    configuration.depend_on(&["et-xmlfile==99.99"]);
    place.ade("env build config -q").ends_with(3);
    configuration.depend_on(&["openpyxl"]);
    place.ade("run config members.csv --dry-run -q").succeeds();
    let listed = place.ade("env ls").succeeds();
    let mut statuses: Vec<&str> = listed
        .stdout
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().nth(2).unwrap())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["failed", "queued", "ready"], "{listed}");
    for heading in [
        "ID",
        "CONFIGURATION",
        "STATUS",
        "DIGEST",
        "PYTHON",
        "SIZE",
        "LAST USED",
    ] {
        assert!(
            listed.stdout.lines().next().unwrap().contains(heading),
            "{heading}: {listed}"
        );
    }
}

#[test]
fn one_is_shown_by_its_configuration_or_its_id() {
    let place = Place::new();
    let configuration = place.configuration("config");
    place.ade("env show config").ends_with(2);
    place.members("members.csv");
    place.warm("config");
    let shown = place.ade("env show config --json").succeeds().json();
    let id = shown["id"].as_str().unwrap();
    for given in [id, &id[..18]] {
        assert_eq!(
            place
                .ade(&format!("env show {given} --json"))
                .succeeds()
                .json()["id"],
            id
        );
    }
    for (key, expected) in [("status", "ready"), ("configuration_name", "people")] {
        assert_eq!(shown[key], expected, "{key}");
    }
    assert!(
        shown["engine_spec"]
            .as_str()
            .unwrap()
            .starts_with("embedded:")
    );
    for key in [
        "python_version",
        "python_path",
        "engine_version",
        "lock_digest",
        "installer",
        "deps_digest",
    ] {
        assert!(
            shown[key].as_str().is_some_and(|value| !value.is_empty()),
            "{key}: {shown}"
        );
    }
    assert!(shown["size_bytes"].as_u64().unwrap() > 1_000_000);
    let names: Vec<&str> = shown["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    for name in ["ade-engine", "openpyxl", "polars"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let text = place.ade("env show config").succeeds();
    assert!(text.stdout.starts_with("people ready\n"), "{text}");
    assert!(text.stdout.contains("in use by      0 runs"), "{text}");

    configuration.depend_on(&["openpyxl"]);
    snapshot!(place, place.ade("env show config"), @r"
    status 2
    --- stderr
    error: config has no environment yet
    hint: `ade env build config` builds it
    ");
    place
        .ade("env show nonsense")
        .ends_with(2)
        .says("there is no environment \"nonsense\"");
}

#[test]
fn one_is_built_ahead_of_time_and_anew() {
    let place = Place::new();
    place.configuration("config");
    place.members("members.csv");
    let built = place.ade("env build config");
    snapshot!(place, built, @r"
    status 0
    --- stdout
    data/venvs/default/[ID]/deps-[DIGEST]/[ID]/.venv
    --- stderr
    Building the environment of people (new)
      ✓ prepare installer  [TIME]
      ✓ create venv  [TIME]
        installed ade-engine 1.10.0
        installed et-xmlfile [VERSION]
        installed openpyxl [VERSION]
        installed polars [VERSION]
        installed polars-runtime-32 [VERSION]
      ✓ install engine  [TIME]
      ✓ install config  [TIME]
      ✓ compile  [TIME]
      ✓ verify imports  [TIME]
      ✓ collect metadata  [TIME]
    Environment ready in [TIME] (Python [PYTHON], engine 1.10.0, 5 packages, [SIZE])
    ");
    snapshot!(place, place.ade("env build config"), @r"
    status 0
    --- stdout
    data/venvs/default/[ID]/deps-[DIGEST]/[ID]/.venv
    --- stderr
    The environment was ready already; --force builds it anew
    ");
    let first = place.environments()[0]["folder"].clone();
    let anew = place.ade("env build config --force --json").succeeds();
    assert!(
        anew.stderr
            .contains("Building the environment of people (asked for)"),
        "{anew}"
    );
    assert_eq!(anew.json()["status"], "ready");
    assert_ne!(
        anew.json()["folder"],
        first,
        "runs in progress keep the old one"
    );
    assert_eq!(place.environments().len(), 1);
    // A run needs nothing more.
    let run = place.ade("run config members.csv").succeeds();
    assert_eq!(run.stderr, "");
}

#[test]
fn a_run_in_progress_keeps_its_environment_while_it_is_built_anew() {
    let place = Place::new();
    let configuration = place.configuration("config");
    let gate = place.gate("gate");
    configuration.wait_at_with(&gate, "", "import openpyxl.chart");
    place.members("members.csv");
    place.warm("config");
    let running = place.start("run config members.csv");
    gate.wait_until_reached();
    place.ade("env build config --force -q").succeeds();
    gate.open();
    running.wait().succeeds();
}

#[test]
fn the_path_is_that_of_a_ready_environment_alone() {
    let place = Place::new();
    let configuration = place.configuration("config");
    configuration.write("src/ade_config/words.py", "word = \"live\"\n");
    snapshot!(place, place.ade("env path config"), @r"
    status 2
    --- stderr
    error: config has no environment yet
    hint: `ade env build config` builds it
    ");
    place.warm("config");
    let path = place.ade("env path config").succeeds();
    snapshot!(place, path, @r"
    status 0
    --- stdout
    [HERE]/data/venvs/default/[ID]/deps-[DIGEST]/[ID]/.venv
    ");
    let python = Path::new(path.stdout.trim()).join("bin/python");
    // The author's own files are importable there, and what was edited is what is seen.
    let ask = || {
        let output = Command::new(&python)
            .args(["-I", "-c", "import ade_config.words as w; print(w.word)"])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(ask(), "live");
    configuration.write("src/ade_config/words.py", "word = \"edited\"\n");
    assert_eq!(ask(), "edited");
    let json = place.ade("env path config --json").succeeds().json();
    assert_eq!(json["path"], path.stdout.trim());
    place.ade("env path absent").ends_with(2);
}
