//! The engine's own tests, in Python: an environment is built with the engine in the binary and the libraries
//! that it is compared with, and pytest runs `tests/engine` in it, once.
//!
//! Each of its files is a test here. Where tests of a file were skipped because this machine lacks what they need, and
//! none failed, the file is shown as ignored, with their number and what is missing.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::LazyLock;

use common::Place;
use common::trials::{self, Missing, Tried};

/// What the engine is compared with: other readers and writers of the same formats.
const COMPANIONS: [&str; 6] = [
    "pytest>=8",
    "pytest-xdist",
    "xlsxwriter",
    "xlwt",
    "xlrd",
    "python-calamine",
];

/// What became of the tests of each file, by its name without ending; `tests/engine/conftest.py` writes it.
static OUTCOMES: LazyLock<BTreeMap<String, FileOutcome>> = LazyLock::new(run_pytest);

#[derive(serde::Deserialize)]
struct FileOutcome {
    passed: usize,
    failed: usize,
    /// Why tests were skipped, and how many.
    skipped: BTreeMap<String, usize>,
}

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_suffix(".py")?.to_owned()))
        .filter(|name| name.starts_with("test_"))
        .collect();
    files.sort();
    trials::run(files.into_iter().map(|file| {
        let test = {
            let file = file.clone();
            move || outcome_of(&file)
        };
        (file, test)
    }))
}

fn outcome_of(file: &str) -> Tried {
    let outcome = OUTCOMES.get(file).expect("pytest runs every file");
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
    let place = Place::new();
    let configuration = place.configuration("companions");
    configuration.depend_on(&COMPANIONS);
    let venv = place.ade("env build companions").succeeds().stdout;
    let python = place.path(venv.trim()).join("bin/python");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let outcomes = place.path("outcomes.json");
    let status = Command::new(python)
        .args([
            "-m",
            "pytest",
            "-q",
            // What is skipped, and why.
            "-rs",
            "--numprocesses=2",
            "-p",
            "no:cacheprovider",
            "--color=no",
            "--outcomes",
        ])
        .arg(&outcomes)
        .arg(root.join("tests/engine"))
        .current_dir(place.path(""))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .status()
        .unwrap();
    // 1: tests failed, which the outcomes say.
    assert!(
        [Some(0), Some(1)].contains(&status.code()),
        "pytest ended with {status}; its own words are above"
    );
    serde_json::from_slice(&std::fs::read(outcomes).unwrap()).unwrap()
}
