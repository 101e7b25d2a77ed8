//! `ade completions`. That the scripts in completions/ are current is a matter of tests/generated.rs.

mod common;

use std::path::Path;
use std::process::Command;

use common::Place;

#[test]
fn every_shell_is_offered_every_command() {
    let place = Place::new();
    let commands = place.commands();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.ade(&format!("completions {shell}")).succeeds();
        for command in &commands {
            let name = command.words.last().unwrap();
            assert!(script.stdout.contains(name.as_str()), "{shell}: {name}");
        }
        assert_eq!(script.stderr, "");
    }
}

/// What bash completes at the end of a line.
fn completed(place: &Place, script: &str, line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let [.., previous, current] = words[..] else {
        panic!("{line} has one word alone");
    };
    let ask = format!(
        "source '{script}'; COMP_WORDS=({line}); COMP_CWORD={}; _ade_offering ade '{current}' '{previous}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.len() - 1,
    );
    // With the variables of the place's own `ade`.
    let ade = place.command();
    let variables = ade
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    let folder = Path::new(env!("CARGO_BIN_EXE_ade")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let output = Command::new("bash")
        .args(["--norc", "-c", &ask])
        .current_dir(place.path(""))
        .envs(variables)
        .env("PATH", path)
        .output()
        .expect("this test needs bash");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{line}: {said}");
    let text = String::from_utf8(output.stdout).unwrap();
    let words = text.lines().filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_and_flags() {
    let place = Place::new();
    let script = place.write("ade.bash", place.ade("completions bash").succeeds().stdout);
    let script = script.to_str().unwrap();
    assert_eq!(completed(&place, script, "ade ru"), ["run", "runs"]);
    assert_eq!(completed(&place, script, "ade runs ca"), ["cancel"]);
    assert_eq!(
        completed(&place, script, "ade run --deny"),
        ["--deny-issues"]
    );
    assert_eq!(
        completed(&place, script, "ade env gc --color a"),
        ["auto", "always"]
    );
}

#[test]
fn bash_completes_runs_environments_and_configurations_as_they_are() {
    let place = Place::ready();
    place.configuration("my config");
    place.members("others.csv");
    for line in [
        ["run", "config", "members.csv", "--dry-run", "-q"],
        ["run", "my config", "others.csv", "--detach", "-q"],
    ] {
        place.ade_with(line).succeeds();
    }
    let script = place.write("ade.bash", place.ade("completions bash").succeeds().stdout);
    let script = script.to_str().unwrap();
    let shown = |line: &str, name: &str| -> String {
        let listed = place.ade(line).succeeds().stdout;
        let line = listed.lines().find(|line| line.contains(name)).unwrap();
        line.split(' ').next().unwrap().to_owned()
    };
    let (ended, queued) = (shown("runs ls", "succeeded"), shown("runs ls", "queued"));
    let all = [queued, ended.clone()];
    assert_eq!(completed(&place, script, "ade runs show "), all);
    assert_eq!(
        completed(&place, script, "ade --json -w default runs show "),
        all
    );
    assert_eq!(completed(&place, script, "ade runs cancel "), all[..1]);
    assert_eq!(completed(&place, script, "ade runs rm latest "), all[1..]);
    assert_eq!(
        completed(&place, script, &format!("ade runs retry {}", &ended[..2]))[0][..2],
        ended[..2]
    );
    assert!(
        completed(&place, script, "ade runs show x ")
            .iter()
            .all(|word| word.starts_with('-'))
    );
    let environment = shown("env ls", "ready");
    assert!(completed(&place, script, "ade logs tail ").contains(&environment));
    assert!(completed(&place, script, "ade env rm ").contains(&environment));
    // Folders as one types them, the last used one first; where none begins so, files are offered by bash itself.
    assert_eq!(
        completed(&place, script, "ade run "),
        ["my\\ config", "config"]
    );
    assert_eq!(completed(&place, script, "ade run c"), ["config"]);
    assert!(completed(&place, script, "ade run mem").is_empty());
    assert!(completed(&place, script, "ade run config mem").is_empty());
    assert_eq!(
        completed(&place, script, "ade runs ls --configuration "),
        ["people"]
    );
    assert!(
        completed(&place, script, "ade runs show --data-dir elsewhere ")
            .iter()
            .all(|word| word.starts_with('-'))
    );
    // Flags stay what they were.
    assert_eq!(completed(&place, script, "ade runs show --js"), ["--json"]);
}

#[test]
fn what_is_offered_is_described_and_a_broken_call_prints_nothing() {
    let place = Place::ready();
    place.ade("run config members.csv --dry-run -q").succeeds();
    let offered = place.ade("completions --offer -- runs show").succeeds();
    let (value, about) = offered.stdout.trim_end().split_once('\t').unwrap();
    assert_eq!(value.len(), 6);
    assert!(about.starts_with("succeeded: members.csv, "), "{about}");
    for words in [
        "runs",
        "--data-dir",
        "worker --grace",
        "runs show x",
        "no such",
        "-w ../x runs show",
    ] {
        let nothing = place
            .ade(&format!("completions --offer -- {words}"))
            .succeeds();
        assert_eq!(
            (nothing.stdout.as_str(), nothing.stderr.as_str()),
            ("", ""),
            "{words}"
        );
    }
}

#[test]
fn a_shell_that_is_not_known_is_a_wrong_call() {
    let place = Place::new();
    place
        .ade("completions tcsh")
        .ends_with(2)
        .says("possible values: bash, elvish, fish, powershell, zsh");
}
