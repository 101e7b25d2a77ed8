//! Checks that docs/reference/errors.md explains every error code, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the codes in the first column of the document's tables; a repeated code fails the test.
fn documented() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    let text = read("docs/reference/errors.md");
    for row in text.lines().filter(|line| line.starts_with("| `")) {
        let cell = row.split('|').nth(1).unwrap();
        // Every second part is between backticks.
        for code in cell.split('`').skip(1).step_by(2) {
            assert!(codes.insert(code.to_owned()), "{code} is there twice");
        }
    }
    codes
}

/// Returns the codes of runs that the engine failed, from the engine's own list.
fn of_the_engine() -> BTreeSet<String> {
    read("engine/ade_engine/models/run.py")
        .lines()
        .skip_while(|line| !line.starts_with("class RunErrorCode("))
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .filter_map(|line| line.trim().split_once(" = \""))
        .map(|(_, code)| code.trim_end_matches('"').to_owned())
        .collect()
}

/// Returns all codes, including the engine's.
fn of_ade() -> BTreeSet<String> {
    ade::base::problem::code::ALL
        .iter()
        .map(|code| (*code).to_owned())
        .collect()
}

#[test]
fn every_code_is_explained_and_no_other() {
    let (documented, known) = (documented(), of_ade());
    let missing: Vec<_> = known.difference(&documented).collect();
    assert!(
        missing.is_empty(),
        "docs/reference/errors.md lacks {missing:?}"
    );
    let invented: Vec<_> = documented.difference(&known).collect();
    assert!(invented.is_empty(), "no error has the codes {invented:?}");
}

#[test]
fn the_engines_list_is_found() {
    let expected = [
        "config_error",
        "hook_error",
        "input_error",
        "pipeline_error",
        "unknown_error",
    ];
    let found = of_the_engine();
    assert_eq!(
        found.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
    assert!(found.is_subset(&of_ade()));
}
