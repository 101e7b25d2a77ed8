//! Several `ade run` at once in one new data directory.

use crate::common;

use common::{Place, wait_for};

#[test]
fn of_two_first_starts_one_builds_and_the_other_says_for_what_it_waits() {
    let mut place = Place::cold();
    let gate = place.hold_installs();
    let runs = [0, 1].map(|_| place.start("run config members.csv --data-dir fresh"));
    gate.wait_until_reached();
    wait_for("one of them to wait for the other", || {
        runs.iter()
            .any(|run| run.stderr().contains("waiting for another process"))
    });
    gate.open();
    let ends = runs.map(|run| run.wait().succeeds());
    let words = "Building the environment of people (new)";
    let built = |end: &common::Outcome| end.stderr.contains(words);
    assert_eq!(ends.iter().filter(|end| built(end)).count(), 1, "{ends:?}");
    let waited = ends.iter().find(|end| !built(end)).unwrap();
    let (_, holder) = waited
        .stderr
        .split_once("another process (process ")
        .unwrap();
    assert!(
        holder.starts_with(|letter: char| letter.is_ascii_digit()),
        "{waited}"
    );
    assert!(waited.stdout.contains("2 of 2 fields mapped"), "{waited}");
    place.set("ADE_DATA_DIR", place.path("fresh"));
    assert_eq!(place.statuses(), ["succeeded", "succeeded"]);
    assert_eq!(place.environments().len(), 1);
}

#[test]
fn git_ignores_a_data_directory_that_ade_made_and_no_other_folder() {
    let place = Place::cold();
    let run = |folder: &str| {
        let call = format!("run config members.csv --dry-run -q --data-dir {folder}");
        place.ade(&call).succeeds();
        std::fs::read_to_string(place.path(folder).join(".gitignore")).ok()
    };
    assert_eq!(run("fresh").as_deref(), Some("*\n"));
    // An empty folder that somebody made for it, too.
    std::fs::create_dir(place.path("empty")).unwrap();
    assert_eq!(run("empty").as_deref(), Some("*\n"));
    // What is there stays, also where it is emptied on purpose.
    place.write("kept/.gitignore", "!wanted\n");
    assert_eq!(run("kept").as_deref(), Some("!wanted\n"));
    std::fs::remove_file(place.path("fresh/.gitignore")).unwrap();
    assert_eq!(run("fresh"), None);
    // A folder with other things in it may be the repository itself.
    place.write("repository/README.md", "");
    assert_eq!(run("repository"), None);
}

#[test]
fn a_run_imports_from_one_file_as_long_as_nothing_else_is_installed() {
    let place = Place::new();
    let configuration = place.configuration("config");
    let told = "import polars, textwrap; print('by', type(polars.__loader__).__name__, bool(polars.DataFrame.head.__doc__), bool(textwrap.dedent.__doc__))";
    configuration.hook("on_workbook_start", "told(**_)", told);
    place.members("members.csv");
    let told = || {
        place.ade("run config members.csv -q").succeeds();
        place.ade("logs tail").succeeds().stdout
    };
    let said = told();
    assert!(said.contains("by _Loader False True"), "{said}");
    // Without `ade`, which would build the environment anew.
    let environment = place.ade("env path config").stdout.trim().to_owned();
    let loader = || {
        let code = "from ade_engine.cli.modules import use; use(); import polars; print(type(polars.__loader__).__name__)";
        let line = format!("{environment}/bin/python -I -B -c '{code}'");
        place.shell(&line).succeeds().stdout
    };
    assert_eq!(loader(), "_Loader\n");
    // What is not one that this Python has written is as if it were not there.
    let modules = std::path::Path::new(&environment).join("modules");
    let written = std::fs::read(place.path(&modules)).unwrap();
    std::fs::remove_file(place.path(&modules)).unwrap();
    place.write(&modules, "none");
    assert_eq!(loader(), "SourceFileLoader\n");
    place.write(&modules, written);
    let packages = format!("{environment}/lib/python*/site-packages");
    place
        .shell(&format!("cd {packages} && touch more.py"))
        .succeeds();
    assert_eq!(loader(), "SourceFileLoader\n");
    let said = told();
    assert!(said.contains("by _Loader False True"), "{said}");
}
