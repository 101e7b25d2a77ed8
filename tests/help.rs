//! Help texts, and what is said to a call that is none.

mod common;

use common::{Place, snapshot};

/// The subcommands that a help text lists.
fn subcommands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| {
            line.strip_prefix("  ")?
                .split_whitespace()
                .next()
                .map(str::to_owned)
        })
        .filter(|name| name.starts_with(|letter: char| letter.is_ascii_lowercase()))
        .collect()
}

/// Every command line that can be asked for help.
fn every_command(place: &Place) -> Vec<String> {
    let mut commands = Vec::new();
    let mut waiting = vec![String::new()];
    while let Some(command) = waiting.pop() {
        let help = place.ade(&format!("{command} --help")).succeeds();
        waiting.extend(
            subcommands(&help.stdout)
                .iter()
                .map(|name| format!("{command} {name}").trim().to_owned()),
        );
        commands.push(command);
    }
    commands
}

#[test]
fn every_help_has_an_example_and_an_imperative_first_line() {
    let place = Place::new();
    let commands = every_command(&place);
    assert!(commands.len() >= 18, "{commands:?}");
    for command in commands {
        let help = place.ade(&format!("{command} --help")).succeeds();
        assert_eq!(help.stderr, "", "{command}");
        let first = help.stdout.lines().next().unwrap();
        assert!(
            first.starts_with(|letter: char| letter.is_ascii_uppercase()),
            "{command}: {first}"
        );
        assert!(!first.ends_with('.'), "{command}: {first}");
        // A command that only groups others leaves the examples to them.
        if subcommands(&help.stdout).is_empty() || command.is_empty() {
            let examples = help
                .stdout
                .split_once("Examples:\n")
                .unwrap_or_else(|| panic!("{command} has no example"))
                .1;
            assert!(
                examples.lines().next().unwrap().contains("ade"),
                "{command}: {examples}"
            );
        }
        // The short form says the same first.
        let short = place.ade(&format!("{command} -h")).succeeds();
        assert_eq!(short.stdout.lines().next().unwrap(), first, "{command}");
    }
}

#[test]
fn every_listing_has_json() {
    let place = Place::new();
    for line in [
        "runs ls",
        "env ls",
        "settings",
        "doctor",
        "migrate --status",
    ] {
        place.ade(&format!("{line} --json")).json();
    }
}

#[test]
fn help_of_run_is_as_documented() {
    let place = Place::new();
    let help = place.ade("run --help").succeeds().stdout;
    for flag in [
        "-o, --output-dir <DIR>",
        "--input-sheet <SHEET>",
        "--active-sheet-only",
        "--validate-only",
        "--dry-run",
        "--detach",
        "--watch",
        "--timeout <SECONDS>",
        "--deny-issues",
        "--jobs <N>",
        "--json",
        "--data-dir <DIR>",
        "--database-url <URL>",
        "-w, --workspace <ID>",
        "-q, --quiet",
        "-v, --verbose",
        "--color <WHEN>",
        "--offline",
    ] {
        assert!(help.contains(flag), "{flag}:\n{help}");
    }
}

#[test]
fn a_call_without_a_command_is_a_wrong_call() {
    let place = Place::new();
    let bare = place.ade("").ends_with(2);
    assert!(bare.stderr.contains("Usage: ade"), "{bare}");
    snapshot!(place, place.ade("rnu config file.xlsx"), @r"
    status 2
    --- stderr
    error: unrecognized subcommand 'rnu'

      tip: a similar subcommand exists: 'runs'

    Usage: ade [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    let version = place.ade("--version").succeeds();
    assert_eq!(
        version.stdout,
        format!("ade {}\n", env!("CARGO_PKG_VERSION"))
    );
}
