//! Help texts, and the output of calls without a command.

mod common;

use common::{Place, snapshot};

#[test]
fn every_help_has_an_example_and_an_imperative_first_line() {
    let place = Place::new();
    let mut lines = vec![(String::new(), false)];
    lines.extend(
        place
            .commands()
            .iter()
            .map(|command| (command.words.join(" "), command.is_group)),
    );
    assert!(lines.len() >= 18, "{lines:?}");
    for (command, is_group) in lines {
        let help = place.ade(&format!("{command} --help")).succeeds();
        assert_eq!(help.stderr, "", "{command}");
        let first = help.stdout.lines().next().unwrap();
        assert!(
            first.starts_with(|letter: char| letter.is_ascii_uppercase()),
            "{command}: {first}"
        );
        assert!(!first.ends_with('.'), "{command}: {first}");
        // A command that only groups others leaves the examples to them.
        if !is_group {
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
        // The short help begins with the same text.
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
        "--annotate",
        "--quarantine",
        "--deny-issues",
        "--deny <WHAT>",
        "--max-errors <N|P%>",
        "--require <FIELD>",
        "--min-rows <N>",
        "--jobs <N>",
    ] {
        assert!(help.contains(flag), "{flag}:\n{help}");
    }
    let help = place.ade("--help").succeeds().stdout;
    for flag in [
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

#[test]
fn the_options_of_run_stand_in_groups_and_name_their_variables() {
    let place = Place::new();
    let help = place.ade("run --help").succeeds().stdout;
    let position = |words: &str| {
        help.find(words)
            .unwrap_or_else(|| panic!("{words}: {help}"))
    };
    let order = [
        "Arguments:",
        "Input options:",
        "--input-sheet <SHEET>",
        "Output options:",
        "--output-dir <DIR>",
        "Requirements (a run that fails one is refused",
        "--deny-issues",
        "Execution options:",
        "--watch",
        "--detach",
        "Examples:",
        "Global options, such as",
        "Documentation: ",
    ]
    .map(position);
    assert!(order.is_sorted(), "{order:?}: {help}");
    let all = format!("{help} {}", place.ade("--help").succeeds().stdout);
    let flat = all.split_whitespace().collect::<Vec<_>>().join(" ");
    for variable in [
        "[env: ADE_RUN_TIMEOUT_SECONDS]",
        "[env: ADE_WORKER_CONCURRENCY]",
        "[env: ADE_DATA_DIR]",
        "[env: ADE_DATABASE_URL]",
        "[env: ADE_WORKSPACE]",
        "[env: NO_COLOR, CLICOLOR_FORCE]",
        "[env: ADE_OFFLINE]",
    ] {
        assert!(flat.contains(variable), "{variable}: {help}");
    }
    // Each of these has an example.
    let examples = help.split_once("Examples:\n").unwrap().1;
    for flag in [
        "--watch",
        "--deny-issues",
        "--max-errors",
        "--input-sheet",
        "--detach",
    ] {
        assert!(examples.contains(flag), "{flag}: {examples}");
    }
}

#[test]
fn one_page_alone_has_the_global_options_and_the_others_point_to_it() {
    let place = Place::new();
    for command in ["", "run", "env", "env ls", "settings"] {
        for flag in ["-h", "--help"] {
            let page = place.ade(&format!("{command} {flag}")).succeeds().stdout;
            let is_whole = command.is_empty() && flag == "--help";
            assert_eq!(
                page.contains("--database-url"),
                is_whole,
                "{command} {flag}"
            );
            assert_eq!(page.contains("see `ade --help`"), !is_whole, "{page}");
        }
    }
    // They are accepted behind each command, and before it.
    for line in ["env ls --json", "--json env ls", "env --json ls"] {
        assert_eq!(place.ade(line).json(), serde_json::json!([]), "{line}");
    }
    place.ade_refuses("env ls --quiet --verbose", "cannot be used with");
}

#[test]
fn templates_and_scopes_are_explained() {
    let place = Place::new();
    for (command, words) in [
        ("init", ["default: ", "minimal: "]),
        ("tokens create", ["read: ", "admin: "]),
    ] {
        let page = place.ade(&format!("{command} --help")).succeeds().stdout;
        let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            let rest = flat.split_once(&format!("- {word}"));
            let rest = rest.unwrap_or_else(|| panic!("{word}: {page}")).1;
            assert!(rest.starts_with(char::is_uppercase), "{word}: {page}");
        }
    }
}
