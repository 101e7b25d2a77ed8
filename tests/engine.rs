//! The engine's own tests, in Python: an environment is built with the engine that the binary carries and the libraries
//! that it is compared with, and pytest runs `tests/engine` in it.

mod common;

use std::path::Path;
use std::process::Command;

use common::Place;

/// What the engine is compared with: other readers and writers of the same formats.
const COMPANIONS: [&str; 6] = [
    "pytest>=8",
    "pytest-xdist",
    "xlsxwriter",
    "xlwt",
    "xlrd",
    "python-calamine",
];

#[test]
fn the_engines_tests_pass_in_an_environment_of_its_own() {
    let place = Place::new();
    let configuration = place.configuration("companions");
    configuration.depend_on(&COMPANIONS);
    let venv = place.ade("env build companions").succeeds().stdout;
    let python = place.path(venv.trim()).join("bin/python");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
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
        ])
        .arg(root.join("tests/engine"))
        .current_dir(place.path(""))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .status()
        .unwrap();
    assert!(status.success(), "pytest's own words are above");
}
