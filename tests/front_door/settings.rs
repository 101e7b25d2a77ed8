//! `ade settings`, and where settings come from.

use crate::common;

use common::{Place, Told, has, snapshot};
use serde_json::json;

/// A setting's value and its source, with these variables and flags.
fn setting(place: &Place, variables: &[(&str, &str)], flags: &str, name: &str) -> (String, String) {
    let line = format!("settings {name} --json {flags}");
    let all = place
        .run(variables, line.split_whitespace())
        .succeeds()
        .json();
    let text = |key: &str| all[0][key].string();
    (text("value"), text("source"))
}

#[test]
fn flags_are_stronger_than_variables_than_the_file_than_defaults() {
    let place = Place::new();
    let workspace = |variables: &[(&str, &str)], flags: &str| {
        setting(&place, variables, flags, "ADE_WORKSPACE")
    };
    let pair = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    assert_eq!(workspace(&[], ""), pair("default", "default"));
    place.write("ade.toml", "workspace = \"of-the-file\"\n");
    let (value, source) = workspace(&[], "");
    assert_eq!(value, "of-the-file");
    assert!(source.ends_with("ade.toml:1"), "{source}");
    let variable = [("ADE_WORKSPACE", "of-the-variable")];
    assert_eq!(
        workspace(&variable, ""),
        pair("of-the-variable", "environment variable ADE_WORKSPACE")
    );
    let (value, source) = workspace(&variable, "-w of-the-flag");
    assert_eq!(value, "of-the-flag");
    assert!(source.contains("flag"), "{source}");
    // An empty variable counts as absent.
    assert_eq!(workspace(&[("ADE_WORKSPACE", "")], "").0, "of-the-file");
    // The file that is nearest, from the current folder upwards; its paths count from its own folder.
    place.write("ade.toml", "data_dir = \"all-data\"\n");
    place.write("deep/er/file.txt", "");
    let ade = env!("CARGO_BIN_EXE_ade");
    let below = place.shell(&format!(
        "cd deep/er && exec {ade} settings data_dir --json"
    ));
    let value = below.succeeds().json()[0]["value"].clone();
    assert_eq!(value, place.path("all-data").to_str().unwrap());
}

#[test]
fn aliases_are_read_and_must_agree() {
    let place = Place::new();
    let alias = [("ADE_WORKER_DATA_DIR", "elsewhere")];
    assert_eq!(
        setting(&place, &alias, "", "ADE_DATA_DIR").1,
        "environment variable ADE_WORKER_DATA_DIR"
    );
    let both = |other| {
        let variables = [
            ("ADE_JOB_TIMEOUT_SECONDS", "5"),
            ("ADE_RUN_TIMEOUT_SECONDS", other),
        ];
        place.run(&variables, ["settings"])
    };
    both("5").succeeds();
    snapshot!(place, both("6"), @r"
    status 2
    --- stderr
    error: ADE_RUN_TIMEOUT_SECONDS and ADE_JOB_TIMEOUT_SECONDS are both set, to different values
    hint: keep ADE_RUN_TIMEOUT_SECONDS alone
    ");
}

#[test]
fn what_cannot_be_used_names_itself_and_its_place() {
    let place = Place::new();
    place.write("ade.toml", "# settings\n\nwork_space = \"x\"\n");
    snapshot!(place, place.ade("runs ls --json"), @r#"
    status 2
    --- stderr
    {"error":{"code":"settings_invalid","message":"[HERE]/ade.toml:3: unknown setting \"work_space\"","hint":"did you mean \"workspace\"? `ade settings` lists them all"}}
    "#);
    place.write("ade.toml", "workspace = \"x\"\nbuild_timeout = \"soon\"\n");
    snapshot!(place, place.ade("settings"), @r#"
    status 2
    --- stderr
    error: [HERE]/ade.toml:2: build_timeout = "soon" is not a number of seconds
    hint: `ade settings` explains each setting
    "#);
    place.write("ade.toml", "workspace = [\"x\"]\n");
    place.ade_refuses("settings", "ade.toml:1");
    std::fs::remove_file(place.path("ade.toml")).unwrap();
    for (name, value) in [("ADE_BUILD_TIMEOUT", "-1"), ("ADE_SANDBOX", "sometimes")] {
        let outcome = place.run(&[(name, value)], ["settings"]);
        outcome.ends_with(2).says(name).says(value);
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
    let mut text = place.ade("settings").succeeds();
    assert_eq!(text.stderr, "");
    let is_plain = |letter: char| letter.is_ascii_lowercase() || "_0123456789".contains(letter);
    for setting in place.json("settings --json").list() {
        let name = setting["name"].text();
        text = text
            .prints(&format!("{name} = "))
            .prints(setting["meaning"].text());
        let key = setting["key"].text();
        assert!(key.chars().all(is_plain), "{name}: {key}");
    }
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
    assert_eq!(place.json("runs ls --json"), json!([]));
    let of_team = place.json("runs ls --json -w team");
    assert_eq!(of_team.list().len(), 1);
}

#[test]
fn one_setting_is_shown_by_any_of_its_names() {
    let place = Place::new();
    let all = place.json("settings --json");
    for name in [
        "ADE_RUN_TIMEOUT_SECONDS",
        "run_timeout_seconds",
        "ADE_JOB_TIMEOUT_SECONDS",
    ] {
        let found = place.json(&format!("settings {name} --json"));
        assert_eq!(found.list().len(), 1, "{name}");
        assert_eq!(found[0]["name"], "ADE_RUN_TIMEOUT_SECONDS");
        assert!(all.list().contains(&found[0]), "{name}");
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
    let source = "environment variable ADE_ENGINE_DATE_ORDER";
    has(
        &given.json()[0],
        json!({"key": "date_order", "value": "mdy", "default": "auto", "source": source}),
    );
    let all = place.json("settings --engine --json");
    assert!(all.list().len() > 30, "{all}");
    place.ade_refuses("settings date_oder", "did you mean \"date_order\"?");
    place.ade_refuses(
        "settings nothing",
        "`ade settings --engine` those of the engine",
    );
}
