//! `ade completions` in fish and zsh, asked in the shells themselves; bash is in `tests/cli/completions.md`.

use crate::common;

use std::process::Command;

use common::{Place, Printed};

/// Returns a place with a run, and the output of a shell that asks this script there; nothing if the shell is not installed.
fn asked(shell: &str, name: &str, script: &str) -> Option<(String, String)> {
    if Command::new(shell).arg("--version").output().is_err() {
        eprintln!("skipped: {shell} is not installed");
        return None;
    }
    let place = Place::cold();
    place.ade("run config members.csv --dry-run -q").success();
    let completions = place.ade(&format!("completions {shell}")).success();
    place.write(name, completions.printed());
    place.write("script", script);
    let ade = std::path::Path::new(env!("CARGO_BIN_EXE_ade"));
    let folder = ade.parent().unwrap().display();
    // The shell would wait for ever for candidates that are not shown.
    let flag = if shell == "fish" { "--no-config" } else { "-f" };
    let line = format!("PATH={folder}:$PATH TERM=xterm exec timeout 60 {shell} {flag} script");
    let id = place.latest_id();
    Some((place.shell(&line).success().printed(), id))
}

#[test]
fn fish_completes_runs_environments_and_configurations_as_they_are() {
    let asks = [
        "runs show ",
        "logs tail ",
        "runs ls --configuration ",
        "run c",
        "run config mem",
        "ru",
    ];
    let asks = asks.map(|line| format!("complete -C 'ade {line}'; echo =="));
    let script = format!("source ade.fish\n{}", asks.join("\n"));
    let Some((said, run)) = asked("fish", "ade.fish", &script) else {
        return;
    };
    let id = &run[run.len() - 6..];
    let parts: Vec<&str> = said.split("==\n").collect();
    assert!(parts[0].starts_with(&format!("{id}\tsucceeded: members.csv")));
    assert_eq!(parts[0].lines().count(), 1, "{said}");
    assert_eq!(parts[1].lines().count(), 2, "{said}");
    for (part, begins) in [
        (2, "people"),
        (3, "config"),
        (4, "members.csv"),
        (5, "run\t"),
    ] {
        assert!(parts[part].starts_with(begins), "{begins}\n{said}");
    }
}

#[test]
fn zsh_completes_runs_environments_and_configurations_as_they_are() {
    let begin = "PS1=READY; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; unset zle_bracketed_paste; print BEG''UN";
    let id = "[0-9a-f]".repeat(6);
    let asks = [
        ("runs show ", format!("show {id}")),
        ("runs retry ", format!("retry {id}")),
        (
            "runs ls --configuration ",
            "configuration people".to_owned(),
        ),
        ("run c", "run config".to_owned()),
        ("run config memb", "config members.csv".to_owned()),
        ("logs tail ", "environment of people".to_owned()),
    ];
    let asks = asks.map(|(line, until)| {
        format!(
            "zpty z zsh -f -i; zpty -w z '{begin}'; zpty -r z shown $'*BEGUN*READY*'
             zpty -w -n z $'ade {line}\\t\\t'; zpty -r z shown '*{until}*' || exit 1; print -r -- \"$shown\"; zpty -d z"
        )
    });
    let script = format!("zmodload zsh/zpty\n{}", asks.join("\n"));
    let Some((said, run)) = asked("zsh", "_ade", &script) else {
        return;
    };
    let id = &run[run.len() - 6..];
    assert!(said.matches(id).count() >= 2, "{said}");
    assert!(said.contains("succeeded: members.csv"), "{said}");
}
