//! `ade completions`. That the scripts in completions/ are current is a matter of tests/generated.rs.

mod common;

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
        "source '{script}'; COMP_WORDS=({line}); COMP_CWORD={}; _ade ade '{current}' '{previous}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.len() - 1,
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &ask])
        .current_dir(place.path(""))
        .output()
        .expect("this test needs bash");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{line}: {said}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
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
fn a_shell_that_is_not_known_is_a_wrong_call() {
    let place = Place::new();
    place
        .ade("completions tcsh")
        .ends_with(2)
        .says("possible values: bash, elvish, fish, powershell, zsh");
}
