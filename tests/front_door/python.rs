//! The Python module `automatic_data_extractor`: what it makes of the output of `ade`, of its errors and of an interrupt.
//!
//! Here it lies beside the sources and finds `ade` on PATH; `.ci/try-wheel` tries the one of the wheel.

use crate::common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Gate, Outcome, Place, Running, machine, wait_for};

/// Python, with the module and the `ade` of these tests in reach.
fn python(place: &Place, interpreter: &Path, program: &str) -> Command {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("integrations/python");
    let ade = Path::new(env!("CARGO_BIN_EXE_ade")).parent().unwrap();
    let path = &place.variables()[std::ffi::OsStr::new("PATH")];
    let folders = std::iter::once(ade.to_owned()).chain(std::env::split_paths(path));
    let mut command = Command::new(interpreter);
    command
        .args(["-W", "error", "-B", "-c", program])
        .current_dir(place.path(""))
        .env_clear()
        .envs(place.variables())
        .env("PYTHONPATH", module)
        .env("PATH", std::env::join_paths(folders).unwrap());
    command
}

/// Runs a program to its end. All that it prints it prints itself.
fn runs(place: &Place, interpreter: &Path, program: &str) -> Outcome {
    Place::to_its_end(python(place, interpreter, program)).succeeds()
}

/// An interpreter without polars.
fn bare() -> PathBuf {
    machine().python.clone()
}

#[test]
fn a_result_has_tables_with_their_types_issues_and_figures() {
    let place = Place::new();
    place.ade("init crew -q").succeeds();
    let program = r#"
import datetime
import polars
from pathlib import Path
from automatic_data_extractor import run

result = run("crew", "crew/sample.xlsx", data_dir="kept", output_dir="clean")
north, south = result.tables
assert north.schema["Start date"] == polars.Date and north.schema["Hours"] == polars.Float64, north.schema
assert isinstance(north["Start date"][0], datetime.date)
assert (north.height, south.height, result.summary.rows) == (14, 10, 28), (north, south)
assert result.summary.errors == 2 and result.summary.mapped_fields == 9, result.summary
assert [issue["rule"] for issue in result.issues] == ["email.value_lost", "hours.up_to_80"], result.issues
assert result.path == Path("clean/sample_normalized.xlsx").resolve() and result.path.is_file()
assert result.id in str(Path("kept").resolve() / result.run["run_dir"])
assert result.input == "sample.xlsx"
again = run("crew", Path("crew/sample.xlsx"), data_dir="kept", output_dir="clean", changed=True)
assert again.id == result.id and again.run["skipped_reason"] == "unchanged"
other = run("crew", "crew/sample.xlsx", data_dir="kept", sheets=["South"], settings={"issues_sheet": False, "date_order": "dmy"}, arguments=["--csv-delimiter", ";"])
assert len(other.tables) == 1 and other.path != result.path
"#;
    let outcome = runs(&place, &machine().reader, program);
    assert_eq!((&*outcome.stdout, &*outcome.stderr), ("", ""));
    assert!(
        !place.path("data").exists(),
        "it was told to keep all elsewhere"
    );
}

/// One place for all of it: an environment of its own takes long.
#[test]
fn without_polars_tables_are_rows_and_what_ade_refuses_is_an_exception() {
    let place = Place::ready();
    tables_are_rows_as_json_has_them(&place);
    what_ade_refuses_is_an_exception_with_its_code_and_hint(&place);
    the_program_beside_the_interpreter_comes_before_that_on_path(&place);
}

fn tables_are_rows_as_json_has_them(place: &Place) {
    let issues = "issue_list = true\n";
    place.configuration("config").write("settings.toml", issues);
    let program = r#"
import os
from automatic_data_extractor import run

result = run("config", "people.csv")
first, second = result.tables[0]
assert first == {"name": "Ann", "email": "ann@example.org", "Shoe size": "38"}, first
assert second["name"] == "Bob" and len(result.tables) == 1
os.chdir("/")
assert [issue["output"] for issue in result.issues] == ["B3"], result.issues
print(result)
"#;
    let outcome = runs(place, &bare(), program);
    assert!(outcome.stdout.contains("input='people.csv'"), "{outcome}");
    assert_eq!(outcome.stderr, "");
}

fn what_ade_refuses_is_an_exception_with_its_code_and_hint(place: &Place) {
    let program = r#"
from automatic_data_extractor import AdeError, run

def refused(*given, **named):
    try:
        run(*given, **named)
    except AdeError as error:
        return error
    raise SystemExit("it was not refused")

error = refused("nosuch", "people.csv")
assert (error.code, error.status, error.run) == ("configuration_not_found", 2, None), error
assert error.message == "there is no folder nosuch" and "ade init nosuch" in error.hint and error.hint in str(error)
error = refused("config", "people.csv", deny=["warning"], require=["email"])
assert (error.code, error.status) == ("issues_denied", 1) and error.run["metrics"]["issues"] == 1, error
error = refused("config", "people.csv", arguments=["--dry-run"])
assert (error.code, error.status, error.run["summary"]) == ("no_output", 0, "Dry run"), error
error = refused("config", "people.csv", settings={"nosuch": 1})
assert error.status == 2 and "nosuch" in error.message, error
try:
    run("config", ".")
except IsADirectoryError:
    pass
import os
os.environ["PATH"] = ""
assert refused("config", "people.csv").code == "ade_not_found"
"#;
    runs(place, &bare(), program);
}

#[test]
fn threads_share_one_environment_and_keep_their_results_apart() {
    let place = Place::cold();
    for number in 0..4 {
        let name = format!("f{number}.csv");
        place.write(&name, format!("Name,Email\nP{number},p@example.org\n"));
    }
    let program = r#"
from concurrent.futures import ThreadPoolExecutor
from automatic_data_extractor import run

names = [f"f{number}.csv" for number in range(4)]
with ThreadPoolExecutor(4) as pool:
    results = list(pool.map(lambda name: run("config", name), names))
assert [result.input for result in results] == names
assert [result.tables[0][0]["name"] for result in results] == ["P0", "P1", "P2", "P3"]
assert len({result.id for result in results}) == 4
"#;
    runs(&place, &bare(), program);
    assert_eq!(place.environments().len(), 1);
}

#[test]
fn an_interrupt_cancels_the_run_and_leaves_no_process() {
    let (place, gate): (Place, Gate) = Place::gated();
    let program = r#"
from automatic_data_extractor import run

try:
    run("config", "members.csv")
except KeyboardInterrupt:
    print("interrupted")
"#;
    let running = Running::start(python(&place, &bare(), program));
    gate.wait_until_reached();
    running.signal(libc::SIGINT);
    let outcome = running.wait().succeeds();
    assert_eq!(outcome.stdout, "interrupted\n");
    assert_eq!(place.statuses(), ["cancelled"]);
    wait_for("the end of all processes", || {
        common::processes_of(&place.path("")).is_none_or(|left| left.is_empty())
    });
}

fn the_program_beside_the_interpreter_comes_before_that_on_path(place: &Place) {
    let made = place.shell(&format!("{} -m venv --without-pip venv", bare().display()));
    made.succeeds();
    place.write_program(
        "venv/bin/ade",
        "#!/bin/sh\necho '{\"error\":{\"code\":\"mine\",\"message\":\"me\"}}' >&2\nexit 5\n",
    );
    let program = r#"
from automatic_data_extractor import AdeError, run

try:
    run("config", "members.csv")
except AdeError as error:
    print(error.code, error.status, error.hint)
"#;
    let outcome = runs(place, &place.path("venv/bin/python"), program);
    assert_eq!(outcome.stdout, "mine 5 None\n");
}
