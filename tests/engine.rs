//! The engine's own tests, in Python: pytest runs `tests/engine` once, with the engine that the binary carries and the libraries that
//! it is compared with.
//!
//! Each of its files is a test here, and each topic of `tests/sheets`; `cargo test --test engine sheets/totals` runs one. If tests
//! of a file were skipped because this machine lacks something, and none failed, the file is shown as ignored, with their number
//! and the missing programs.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::LazyLock;

use common::machine;
use common::trials::{self, Missing, Tried};

/// The outcomes of the tests of each file and topic, by its name; `tests/engine/conftest.py` writes them.
static OUTCOMES: LazyLock<BTreeMap<String, FileOutcome>> = LazyLock::new(run_pytest);

#[derive(serde::Deserialize)]
struct FileOutcome {
    passed: usize,
    failed: usize,
    /// Why tests were skipped, and how many.
    skipped: BTreeMap<String, usize>,
}

fn main() -> ExitCode {
    trials::run(names().into_iter().map(|name| {
        let test = {
            let name = name.clone();
            move || outcome_of(&name)
        };
        (name, test)
    }))
}

/// Returns the names of the files of tests, and of the topics of sheets.
fn names() -> Vec<String> {
    let entries = |folder: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap())
    };
    let files = entries("tests/engine")
        .filter_map(|name| Some(name.strip_suffix(".py")?.to_owned()))
        .filter(|name| name.starts_with("test_"));
    let topics = entries("tests/sheets").map(|topic| format!("sheets/{topic}"));
    let mut names: Vec<String> = files.chain(topics).collect();
    names.sort();
    names
}

/// Returns the arguments of each pytest: for all tests, or for those that the words on the command line name.
///
/// The sheets have a pytest of their own, so that no other test makes it import polars.
fn selected() -> Vec<Vec<String>> {
    const SHEETS: &str = "tests/engine/test_sheets.py";
    let asked = libtest_mimic::Arguments::from_args();
    let Some(filter) = asked.filter else {
        let others = vec!["tests/engine".to_owned(), format!("--ignore={SHEETS}")];
        return vec![vec![SHEETS.to_owned()], others];
    };
    let named = names().into_iter().filter(|name| name.contains(&filter));
    let (topics, files): (Vec<_>, Vec<_>) = named.partition(|name| name.starts_with("sheets/"));
    let mut selected = Vec::new();
    if !files.is_empty() {
        let paths = files.iter().map(|file| format!("tests/engine/{file}.py"));
        selected.push(paths.collect());
    }
    if !topics.is_empty() {
        let topics = topics
            .iter()
            .map(|topic| topic.replace("sheets/", "[") + "/");
        let topics = topics.collect::<Vec<_>>().join(" or ");
        selected.push(vec![SHEETS.to_owned(), "-k".to_owned(), topics]);
    }
    selected
}

fn outcome_of(name: &str) -> Tried {
    let outcome = OUTCOMES.get(name).expect("pytest runs what is asked for");
    let skipped: usize = outcome.skipped.values().sum();
    let all = outcome.passed + outcome.failed + skipped;
    let failed = outcome.failed;
    assert!(
        failed == 0,
        "{failed} of {all} failed; pytest's own words are above"
    );
    if skipped == 0 {
        return Ok(());
    }
    let reasons: Vec<&str> = outcome.skipped.keys().map(String::as_str).collect();
    let reasons = reasons.join("; ");
    Err(Missing(format!("{skipped} of {all} skipped: {reasons}")))
}

fn run_pytest() -> BTreeMap<String, FileOutcome> {
    selected().into_iter().flat_map(outcomes_of).collect()
}

/// Runs pytest with these arguments and returns the outcome of each file and topic.
fn outcomes_of(selected: Vec<String>) -> BTreeMap<String, FileOutcome> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let outcomes = folder.path().join("outcomes.json");
    let status = machine()
        .python_with_companions()
        .args([
            "-m",
            "pytest",
            "-q",
            // Prints the skipped tests and the reasons.
            "-rs",
            "--numprocesses=2",
            "-p",
            "no:cacheprovider",
            "--color=no",
            "--outcomes",
        ])
        .arg(&outcomes)
        .args(selected)
        .current_dir(root)
        .status()
        .unwrap();
    // Status 1 means that tests failed, which the outcomes show.
    assert!(
        [Some(0), Some(1)].contains(&status.code()),
        "pytest ended with {status}; its own words are above"
    );
    serde_json::from_slice(&std::fs::read(outcomes).unwrap()).unwrap()
}
