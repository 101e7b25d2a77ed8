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
        "--deny-issues",
        "--require <FIELD>",
        "--min-rows <N>",
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
        "What is read:",
        "--input-sheet <SHEET>",
        "What is written and shown:",
        "--output-dir <DIR>",
        "What a run must fulfil:",
        "--deny-issues",
        "How the work is done:",
        "--watch",
        "--detach",
        "Global options:",
        "--data-dir <DIR>",
        "Examples:",
        "Documentation: ",
    ]
    .map(position);
    assert!(order.is_sorted(), "{order:?}: {help}");
    let flat = help.split_whitespace().collect::<Vec<_>>().join(" ");
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
    for flag in ["--watch", "--deny-issues", "--input-sheet", "--detach"] {
        assert!(examples.contains(flag), "{flag}: {examples}");
    }
}

#[test]
fn a_short_page_leaves_the_global_options_to_the_long_one() {
    let place = Place::new();
    for command in ["", "run", "env ls", "settings"] {
        let short = place.ade(&format!("{command} -h")).succeeds().stdout;
        assert!(!short.contains("--database-url"), "{command}: {short}");
        assert!(short.contains("are shown by --help"), "{command}: {short}");
        let long = place.ade(&format!("{command} --help")).succeeds().stdout;
        assert!(long.contains("--database-url"), "{command}: {long}");
    }
}
