//! `ade completions`: what the three shells offer, asked in the shells themselves.

use crate::common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use common::Place;

#[test]
fn every_command_and_every_flag_is_offered_and_described() {
    let place = Place::new();
    let offered = |current: &str, words: &str| {
        let ask = format!("completions --offer={current} -- {words}");
        place.ade(&ask).succeeds().stdout
    };
    // All commands stand in the page of commands; those of one group are offered together.
    let page = include_str!("../../docs/reference/commands.md");
    let commands = page.lines().filter_map(|line| line.strip_prefix("## ade "));
    let mut groups = BTreeMap::new();
    for command in commands {
        let (group, name) = command.rsplit_once(' ').unwrap_or(("", command));
        let commands = groups.entry(group).or_insert_with(|| offered("", group));
        let line = commands
            .lines()
            .find(|line| line.starts_with(&format!("{name}\t")));
        let (_, about) = line.expect(command).split_once('\t').unwrap();
        assert!(!about.is_empty(), "{command}");
    }
    assert!(groups.len() > 5, "{groups:?}");
    for command in ["run", "runs retry", "env"] {
        let flags = offered("--", command);
        assert!(flags.contains("--json\t"), "{command}: {flags}");
    }
}

/// A shell in a place, where `ade` is this one, with its variables.
fn shell(place: &Place, program: &str) -> Command {
    let ade = place.command();
    let variables = ade
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    let folder = Path::new(env!("CARGO_BIN_EXE_ade")).parent().unwrap();
    let mut shell = Command::new(program);
    shell
        .current_dir(place.path(""))
        .envs(variables)
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    shell
}

/// What bash completes at the end of a line.
fn completed(place: &Place, script: &str, line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let [.., previous, current] = words[..] else {
        panic!("{line} has one word alone");
    };
    let ask = format!(
        "source '{script}'; COMP_WORDS=({line}); COMP_CWORD={}; _ade ade '{current}' '{previous}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.len() - 1,
    );
    let output = shell(place, "bash")
        .args(["--norc", "-c", &ask])
        .output()
        .expect("this test needs bash");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{line}: {said}");
    let text = String::from_utf8(output.stdout).unwrap();
    let words = text.lines().filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Whether a shell is installed; says so where it is not.
fn is_installed(program: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok();
    if !is_there {
        eprintln!("skipped: {program} is not installed");
    }
    is_there
}

/// What fish completes at the end of a line, each with its description.
fn completed_by_fish(place: &Place, line: &str) -> Vec<(String, String)> {
    let ask = format!("source ade.fish; complete -C '{line}'");
    let output = shell(place, "fish")
        .args(["--no-config", "-c", &ask])
        .env("HOME", place.path(""))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let offers = text.lines().filter(|line| !line.is_empty());
    offers
        .map(|line| line.split_once('\t').unwrap_or((line, "")))
        .map(|(value, about)| (value.to_owned(), about.to_owned()))
        .collect()
}

/// What zsh shows on its terminal when a line is typed and completed. `until` is a pattern that ends it.
fn shown_by_zsh(place: &Place, line: &str, until: &str) -> String {
    let begin = "PS1=READY; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; unset zle_bracketed_paste; print BEG''UN";
    let script = format!(
        "zmodload zsh/zpty; zpty z zsh -f -i; zpty -w z '{begin}'; zpty -r z shown $'*BEGUN*READY*'
         zpty -w -n z $'{line}\\t\\t'; zpty -r z shown '*{until}*'; print -r -- \"$shown\"; zpty -d z"
    );
    // It would wait for ever for what is not shown.
    let output = shell(place, "timeout")
        .args(["60", "zsh", "-f", "-c", &script])
        .env("TERM", "xterm")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{line}: {until} is not shown: {output:?}"
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
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
    let (ended, queued) = (shown("runs ls", "dry run"), shown("runs ls", "queued"));
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
    assert!(completed(&place, script, "ade runs show x ").is_empty());
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
    assert!(completed(&place, script, "ade runs show --data-dir elsewhere ").is_empty());
    // Commands and flags stay what they were.
    assert_eq!(completed(&place, script, "ade runs show --js"), ["--json"]);
    assert_eq!(completed(&place, script, "ade ru"), ["run", "runs"]);
    assert_eq!(completed(&place, script, "ade runs ca"), ["cancel"]);
    assert_eq!(
        completed(&place, script, "ade run --deny"),
        ["--deny-issues", "--deny", "--deny-drift"]
    );
    assert_eq!(
        completed(&place, script, "ade env gc --color a"),
        ["auto", "always"]
    );
}

#[test]
fn fish_completes_runs_environments_and_configurations_as_they_are() {
    if !is_installed("fish") {
        return;
    }
    let place = Place::cold();
    place.ade("run config members.csv --dry-run -q").succeeds();
    place.write("ade.fish", place.ade("completions fish").succeeds().stdout);
    let run = place.latest_id();
    let offered = |line: &str| {
        let offers = completed_by_fish(&place, line);
        let values = offers.into_iter().map(|(value, _)| value);
        values.collect::<Vec<_>>()
    };
    let runs = completed_by_fish(&place, "ade runs show ");
    let [(id, about)] = runs.as_slice() else {
        panic!("ids and nothing else: {runs:?}");
    };
    assert!(run.ends_with(id.as_str()), "{id}");
    assert!(about.starts_with("succeeded: members.csv"), "{about}");
    assert_eq!(offered("ade logs tail ").len(), 2);
    assert_eq!(offered("ade runs ls --configuration "), ["people"]);
    assert_eq!(offered("ade run c")[0], "config");
    assert!(offered("ade run config ").contains(&"members.csv".to_owned()));
    assert_eq!(offered("ade ru"), ["run", "runs"]);
}

#[test]
fn zsh_completes_runs_environments_and_configurations_as_they_are() {
    if !is_installed("zsh") {
        return;
    }
    let place = Place::cold();
    place.ade("run config members.csv --dry-run -q").succeeds();
    place.write("_ade", place.ade("completions zsh").succeeds().stdout);
    let run = place.latest_id();
    let end = &run[run.len() - 6..];
    shown_by_zsh(&place, "ade runs show ", &format!("show {end}"));
    shown_by_zsh(&place, "ade runs retry ", &format!("retry {end}"));
    shown_by_zsh(
        &place,
        "ade runs ls --configuration ",
        "configuration people",
    );
    shown_by_zsh(&place, "ade run c", "run config");
    shown_by_zsh(&place, "ade run config memb", "config members.csv");
    let both = shown_by_zsh(&place, "ade logs tail ", "environment of people");
    assert!(both.contains("succeeded: members.csv"), "{both}");
}

#[test]
fn what_is_offered_is_described_and_a_broken_call_prints_nothing() {
    let place = Place::cold();
    place.ade("run config members.csv --dry-run -q").succeeds();
    let offered = place.ade("completions --offer= -- runs show").succeeds();
    let (value, about) = offered.stdout.trim_end().split_once('\t').unwrap();
    assert_eq!(value.len(), 6);
    assert!(about.starts_with("succeeded: members.csv, "), "{about}");
    for words in [
        "--data-dir",
        "worker --grace",
        "runs show x",
        "no such",
        "-w ../x runs show",
    ] {
        let nothing = place
            .ade(&format!("completions --offer= -- {words}"))
            .succeeds();
        let said = [nothing.stdout, nothing.stderr];
        assert_eq!(said, ["", ""], "{words}");
    }
    place.ade_refuses("completions tcsh", "possible values: bash, fish, zsh");
}

#[test]
fn the_examples_work_as_typed_in_a_fresh_home() {
    let place = Place::new();
    let home = place.path("fresh-home");
    std::fs::create_dir(&home).unwrap();
    let page = place.ade("completions --help").succeeds().stdout;
    let examples = page.split_once("Examples:\n").unwrap().1;
    let examples = examples.lines().take_while(|line| !line.is_empty());
    let examples: Vec<&str> = examples.map(str::trim).collect();
    assert_eq!(examples.len(), 3, "{page}");
    for example in examples {
        let output = shell(&place, "bash")
            .args(["--norc", "-c", example])
            .env("HOME", &home)
            .output()
            .unwrap();
        assert!(output.status.success(), "{example}: {output:?}");
    }
    // A new shell completes `ade`.
    let output = shell(&place, "bash")
        .args(["-i", "-c", "complete -p ade"])
        .env("HOME", &home)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("-F _ade ade"), "{output:?}");
}
