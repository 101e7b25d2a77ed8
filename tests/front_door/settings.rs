//! `ade settings`, and where settings come from.

use crate::common;

use common::{Place, snapshot};
use serde_json::Value;

fn setting(
    place: &Place,
    variables: &[(&str, &str)],
    arguments: &str,
    name: &str,
) -> (Value, String) {
    let line = format!("settings --json {arguments}");
    let outcome = place.run(variables, line.split_whitespace()).succeeds();
    let all = outcome.json();
    let found = all
        .as_array()
        .unwrap()
        .iter()
        .find(|setting| setting["name"] == name)
        .unwrap();
    (
        found["value"].clone(),
        found["source"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn flags_are_stronger_than_variables_than_the_file_than_defaults() {
    let mut place = Place::new();
    let name = "ADE_WORKSPACE";
    assert_eq!(
        setting(&place, &[], "", name),
        ("default".into(), "default".to_owned())
    );
    place.write("ade.toml", "workspace = \"of-the-file\"\n");
    let (value, source) = setting(&place, &[], "", name);
    assert_eq!(value, "of-the-file");
    assert!(source.ends_with("ade.toml:1"), "{source}");
    let variable = [("ADE_WORKSPACE", "of-the-variable")];
    assert_eq!(
        setting(&place, &variable, "", name),
        (
            "of-the-variable".into(),
            "environment variable ADE_WORKSPACE".to_owned()
        )
    );
    let (value, source) = setting(&place, &variable, "-w of-the-flag", name);
    assert_eq!(value, "of-the-flag");
    assert!(source.contains("flag"), "{source}");
    // An empty variable counts as absent.
    assert_eq!(
        setting(&place, &[("ADE_WORKSPACE", "")], "", name).0,
        "of-the-file"
    );
    // The file that is nearest, from the current folder upwards; its paths count from its own folder.
    place.write("ade.toml", "data_dir = \"all-data\"\n");
    let inner = place.write("deep/er/file.txt", "");
    let mut command = place.command();
    command
        .current_dir(inner.parent().unwrap())
        .args(["settings", "--json"]);
    let output = command.output().unwrap();
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let data = all
        .as_array()
        .unwrap()
        .iter()
        .find(|setting| setting["name"] == "ADE_DATA_DIR")
        .unwrap();
    assert_eq!(data["value"], place.path("all-data").to_str().unwrap());
    place.unset("ADE_WORKSPACE");
}

#[test]
fn aliases_are_read_and_must_agree() {
    let place = Place::new();
    assert_eq!(
        setting(
            &place,
            &[("ADE_WORKER_DATA_DIR", "elsewhere")],
            "",
            "ADE_DATA_DIR"
        )
        .1,
        "environment variable ADE_WORKER_DATA_DIR"
    );
    setting(
        &place,
        &[
            ("ADE_JOB_TIMEOUT_SECONDS", "5"),
            ("ADE_RUN_TIMEOUT_SECONDS", "5"),
        ],
        "",
        "ADE_RUN_TIMEOUT_SECONDS",
    );
    let clash = place.run(
        &[
            ("ADE_JOB_TIMEOUT_SECONDS", "5"),
            ("ADE_RUN_TIMEOUT_SECONDS", "6"),
        ],
        ["settings"],
    );
    snapshot!(place, clash, @r"
    status 2
    --- stderr
    error: ADE_RUN_TIMEOUT_SECONDS and ADE_JOB_TIMEOUT_SECONDS are both set, to different values
    hint: keep ADE_RUN_TIMEOUT_SECONDS alone
    ");
}

#[test]
fn an_unknown_key_names_itself_the_file_and_the_line() {
    let place = Place::new();
    place.write("ade.toml", "# settings\n\nwork_space = \"x\"\n");
    snapshot!(place, place.ade("settings"), @r#"
    status 2
    --- stderr
    error: [HERE]/ade.toml:3: unknown setting "work_space"
    hint: did you mean "workspace"? `ade settings` lists them all
    "#);
    snapshot!(place, place.ade("runs ls --json"), @r#"
    status 2
    --- stderr
    {"error":{"code":"settings_invalid","message":"[HERE]/ade.toml:3: unknown setting \"work_space\"","hint":"did you mean \"workspace\"? `ade settings` lists them all"}}
    "#);
    place.write("ade.toml", "colour = \"red\"\n");
    place.ade_refuses("settings", "ade.toml:1: unknown setting \"colour\"");
}

#[test]
fn a_value_that_does_not_parse_names_itself_the_file_and_the_line() {
    let place = Place::new();
    place.write("ade.toml", "workspace = \"x\"\nbuild_timeout = \"soon\"\n");
    snapshot!(place, place.ade("settings"), @r#"
    status 2
    --- stderr
    error: [HERE]/ade.toml:2: build_timeout = "soon" is not a number of seconds
    hint: `ade settings` explains each setting
    "#);
    place.write("ade.toml", "workspace = [\"x\"]\n");
    place.ade_refuses("settings", "ade.toml:1");
    place.write("ade.toml", "workspace = \n");
    place.ade_refuses("settings", "ade.toml:1");
    std::fs::remove_file(place.path("ade.toml")).unwrap();
    for (name, value) in [
        ("ADE_BUILD_TIMEOUT", "-1"),
        ("ADE_OFFLINE", "perhaps"),
        ("ADE_SANDBOX", "sometimes"),
        ("ADE_WORKER_CONCURRENCY", "0"),
        ("ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS", "1.5"),
    ] {
        let outcome = place.run(&[(name, value)], ["settings"]).ends_with(2);
        assert!(
            outcome.stderr.contains(name) && outcome.stderr.contains(value),
            "{outcome}"
        );
    }
}

#[test]
fn secrets_are_masked() {
    let place = Place::new();
    let url = [("ADE_DATABASE_URL", "postgresql://ade:hunter2@db/ade")];
    for arguments in [&["settings"][..], &["settings", "--json"], &["runs", "ls"]] {
        let outcome = place.run(&url, arguments);
        assert!(!outcome.to_string().contains("hunter2"), "{outcome}");
        assert!(outcome.to_string().contains("db/ade"), "{outcome}");
    }
}

#[test]
fn every_setting_says_what_it_means_in_both_forms() {
    let place = Place::new();
    let text = place.ade("settings").succeeds();
    for setting in place.json("settings --json").as_array().unwrap() {
        let name = setting["name"].as_str().unwrap();
        assert!(text.stdout.contains(&format!("{name} = ")), "{name}");
        assert!(
            text.stdout.contains(setting["meaning"].as_str().unwrap()),
            "{name}"
        );
        assert!(
            setting["key"]
                .as_str()
                .unwrap()
                .chars()
                .all(|letter| letter.is_ascii_lowercase()
                    || letter == '_'
                    || letter.is_ascii_digit()),
            "{name}"
        );
    }
    assert_eq!(text.stderr, "");
}

#[test]
fn parts_of_the_data_directory_can_be_moved() {
    let mut place = Place::cold();
    place.set("ADE_RUNS_DIR", place.path("moved/runs"));
    place.set("ADE_CONFIGS_DIR", place.path("moved/configs"));
    place.set("ADE_VENVS_DIR", place.path("moved/venvs"));
    place.ade("run config members.csv -q -w team").succeeds();
    for folder in [
        "moved/runs/team/runs",
        "moved/configs/team/configs",
        "moved/venvs/team",
    ] {
        assert!(place.path(folder).is_dir(), "{folder}");
    }
    assert!(!place.path("data/workspaces").exists());
    assert!(!place.path("data/venvs").exists());
    // One workspace does not see another's.
    assert_eq!(place.ade("runs ls --json").json(), serde_json::json!([]));
    assert_eq!(
        place
            .ade("runs ls --json -w team")
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn one_setting_is_shown_by_any_of_its_names() {
    let place = Place::new();
    let all = place.ade("settings --json").json();
    for name in [
        "ADE_RUN_TIMEOUT_SECONDS",
        "run_timeout_seconds",
        "ADE_JOB_TIMEOUT_SECONDS",
    ] {
        let found = place.ade(&format!("settings {name} --json")).json();
        assert_eq!(found.as_array().unwrap().len(), 1, "{name}");
        assert_eq!(found[0]["name"], "ADE_RUN_TIMEOUT_SECONDS");
        assert!(all.as_array().unwrap().contains(&found[0]), "{name}");
    }
    snapshot!(place, place.ade("settings data_dir log_level"), @r"
    status 0
    --- stdout
    ADE_DATA_DIR = ./data
        The root of everything that ADE writes. Also read as ADE_WORKER_DATA_DIR.
    ADE_LOG_LEVEL = info
        The least severe events that are printed.
    ");
    snapshot!(place, place.ade("settings ADE_DATADIR"), @r#"
    status 2
    --- stderr
    error: there is no setting "ADE_DATADIR"
    hint: did you mean "data_dir"? `ade settings` lists them all
    "#);
}

#[test]
fn settings_of_the_engine_are_told_from_those_of_ade() {
    let place = Place::new();
    snapshot!(place, place.ade("settings date_order"), @r"
    status 0
    --- stdout
    date_order = auto  [the engine's default]
        how `ade_engine.fields` reads dates if their column leaves this open: `dmy`, `mdy` or `ymd`; `auto` is `dmy`. Also read from ADE_ENGINE_DATE_ORDER.
    --- stderr
    Settings of the engine are set in settings.toml of a configuration, by environment variables, or for one run with `ade run --set KEY=VALUE`
    ");
    let variable = [("ADE_ENGINE_DATE_ORDER", "mdy")];
    let given = place.run(&variable, ["settings", "ADE_ENGINE_DATE_ORDER", "--json"]);
    let given = given.json()[0].clone();
    common::has(
        &given,
        serde_json::json!({"key": "date_order", "value": "mdy", "default": "auto"}),
    );
    assert_eq!(
        given["source"],
        "environment variable ADE_ENGINE_DATE_ORDER"
    );
    let all = place.ade("settings --engine --json").json();
    assert!(all.as_array().unwrap().len() > 30, "{all}");
    place.ade_refuses("settings date_oder", "did you mean \"date_order\"?");
    place.ade_refuses(
        "settings nothing",
        "`ade settings --engine` those of the engine",
    );
}
