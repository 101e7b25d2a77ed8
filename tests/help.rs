//! Help texts, and the output of calls without a command. What each help says is docs/reference/commands.md, which
//! tests/generated.rs keeps current.

mod common;

use common::{Place, snapshot};

#[test]
fn every_help_has_an_example_and_an_imperative_first_line() {
    let page = include_str!("../docs/reference/commands.md");
    let helps: Vec<(&str, &str)> = page
        .split("\n## ")
        .skip(1)
        .map(|part| part.split_once("\n\n```text\n").unwrap())
        .collect();
    assert!(helps.len() >= 19, "{helps:?}");
    for (command, help) in helps {
        let first = help.lines().next().unwrap();
        assert!(
            first.starts_with(|letter: char| letter.is_ascii_uppercase()),
            "{command}: {first}"
        );
        assert!(!first.ends_with('.'), "{command}: {first}");
        // A command that only groups others leaves the examples to them.
        if command == "ade" || !help.contains("\nCommands:\n") {
            let examples = help.split_once("Examples:\n");
            let (_, examples) = examples.unwrap_or_else(|| panic!("{command} has no example"));
            let example = examples.lines().next().unwrap();
            assert!(example.contains("ade"), "{command}: {example}");
        }
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
    // Help is a command too.
    for (typed, same) in [("help", "--help"), ("help runs ls", "runs ls --help")] {
        let typed = place.ade(typed).succeeds().stdout;
        assert_eq!(typed, place.ade(same).succeeds().stdout);
    }
    place.ade("help nonsense").ends_with(2);
}

#[test]
fn one_page_alone_has_the_global_options_and_the_others_point_to_it() {
    let place = Place::new();
    for command in ["", "env", "run"] {
        let mut begins = Vec::new();
        for flag in ["-h", "--help"] {
            let page = place.ade(&format!("{command} {flag}")).succeeds().stdout;
            begins.push(page.lines().next().unwrap().to_owned());
            let is_whole = command.is_empty() && flag == "--help";
            assert_eq!(
                page.contains("--database-url"),
                is_whole,
                "{command} {flag}"
            );
            assert_eq!(page.contains("see `ade --help`"), !is_whole, "{page}");
        }
        assert_eq!(begins[0], begins[1], "{command}");
    }
    // They are accepted behind each command, and before it.
    for line in ["env ls --json", "--json env ls", "env --json ls"] {
        assert_eq!(place.ade(line).json(), serde_json::json!([]), "{line}");
    }
    place.ade_refuses("env ls --quiet --verbose", "cannot be used with");
}
