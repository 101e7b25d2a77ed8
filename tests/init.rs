//! `ade init`: what it writes runs as it is.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Place, snapshot};
use serde_json::{Value, json};

#[test]
fn the_default_template_runs_as_it_is_and_passes_its_own_cases() {
    let place = Place::new();
    snapshot!(place, place.ade("init team-orders"), @r"
    status 0
    --- stdout
    Created a configuration in team-orders
      README.md
      .gitignore
      pyproject.toml
      settings.toml
      src/ade_config/__init__.py
      src/ade_config/columns/people.py
      src/ade_config/hooks/drop_blank_rows.py
      src/ade_config/hooks/full_names.py
      src/ade_config/row_detectors/rows.py
      tests/cases/office-export/expected.csv
      tests/cases/office-export/input.csv
      tests/test_cases.py
    --- stderr

    Next: ade run team-orders FILE   (a workbook or a .csv; the first run builds an environment)
    ");
    snapshot!(place, place.ade("run team-orders team-orders/tests/cases/office-export/input.csv -q"), @r"
    status 0
    --- stdout
    data/workspaces/default/runs/[ID]/output/input_normalized.xlsx
    ");
    let run = place.latest_run();
    let cells = place.cells(run["output_path"].as_str().unwrap());
    let fields = ["First name", "Last name", "E-mail", "Hours", "Gross pay"];
    assert_eq!(
        values_of(&cells, &fields),
        json!([
            ["Avery", "Smith", "avery.smith@example.org", 38, 1309.5],
            ["Jordan", "O'Connor", null, 12.5, 410],
            ["Casey", "Martin", "casey@example.org", 96, 3120],
        ])
    );
    let environment = place.ade("env path team-orders").succeeds().stdout;
    let tests = Command::new(Path::new(environment.trim()).join("bin/python"))
        .args(["-m", "unittest", "discover", "team-orders/tests"])
        .current_dir(place.path(""))
        .output()
        .unwrap();
    assert!(
        tests.status.success(),
        "{}",
        String::from_utf8_lossy(&tests.stderr)
    );
    assert!(String::from_utf8_lossy(&tests.stderr).contains("Ran 1 test"));
}

/// The fields' values in the rows of the only sheet. The columns have labels or names, as the output's style says.
fn values_of(cells: &Value, fields: &[&str]) -> Value {
    let names = [("E-mail", "email"), ("Gross pay", "pay")];
    let sheets = cells.as_object().unwrap();
    let (header, rows) = sheets
        .values()
        .next()
        .unwrap()
        .as_array()
        .unwrap()
        .split_first()
        .unwrap();
    let places: Vec<usize> = fields
        .iter()
        .map(|label| {
            let known = names.iter().find(|(known, _)| known == label);
            let name = known.map_or(label.to_lowercase().replace(' ', "_"), |(_, name)| {
                (*name).to_owned()
            });
            let is_field = |cell: &Value| *cell == **label || *cell == *name;
            header
                .as_array()
                .unwrap()
                .iter()
                .position(is_field)
                .unwrap()
        })
        .collect();
    rows.iter()
        .map(|row| places.iter().map(|at| row[*at].clone()).collect::<Value>())
        .collect()
}

#[test]
fn the_minimal_template_runs_as_it_is() {
    let place = Place::new();
    snapshot!(place, place.ade("init small --template minimal -q"), @r"
    status 0
    --- stdout
    Created a configuration in small
      .gitignore
      pyproject.toml
      settings.toml
      src/ade_config/__init__.py
      src/ade_config/columns/name.py
      src/ade_config/row_detectors/rows.py
    ");
    place.members("members.csv");
    place.ade("run small members.csv -q").succeeds();
    assert_eq!(place.latest_run()["metrics"]["mapped_fields"], 1);
}

#[test]
fn what_other_programs_export_is_read_by_a_new_configuration_as_it_is() {
    let place = Place::new();
    // Semicolons, and an encoding that is not UTF-8: as a spreadsheet program of western Europe writes it.
    let exported: Vec<u8> = "Name;Email\nJosé;jose@example.org\nZoë;zoe@example.org\n"
        .chars()
        .map(|letter| u8::try_from(letter).unwrap())
        .collect();
    place.write("exported.csv", exported);
    for template in ["default", "minimal"] {
        place
            .ade(&format!("init {template} --template {template} -q"))
            .succeeds();
        place
            .ade(&format!("run {template} exported.csv -q"))
            .succeeds();
        let run = place.latest_run();
        let cells = place
            .cells(run["output_path"].as_str().unwrap())
            .to_string();
        let first_names = ["José", "Zoë"].map(|name| cells.contains(&format!("\"{name}\"")));
        assert_eq!(first_names, [true, true], "{template}: {cells}");
        assert!(!cells.contains(';'), "{template}: {cells}");
    }
}

#[test]
fn a_new_name_is_put_in_and_a_folders_name_made_fit() {
    let place = Place::new();
    place
        .ade_with(["init", "Team Orders (2026)", "-q"])
        .succeeds();
    assert!(
        place
            .read("Team Orders (2026)/pyproject.toml")
            .contains("name = \"team-orders-2026\"")
    );
    place.ade("init other --name roster -q").succeeds();
    assert!(
        place
            .read("other/pyproject.toml")
            .contains("name = \"roster\"")
    );
    snapshot!(place, place.ade_with(["init", "third", "--name", "not a name"]), @r#"
    status 2
    --- stderr
    error: "not a name" cannot be a project's name
    hint: letters, digits, '.', '_' and '-', beginning and ending with a letter or digit; --name sets it
    "#);
    assert!(!place.path("third").exists());
    place
        .ade("init third --template fancy")
        .ends_with(2)
        .says("possible values: default, minimal");
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let place = Place::new();
    place.write("full/mine.txt", "mine");
    place.write("file", "mine");
    snapshot!(place, place.ade("init full"), @r"
    status 2
    --- stderr
    error: full is not empty
    hint: choose another folder; ade init overwrites nothing
    ");
    assert_eq!(place.files_below("full"), ["mine.txt"]);
    place
        .ade("init file")
        .ends_with(2)
        .says("file is not a folder");
    // The current folder is not empty either; a repository without files is.
    place.ade("init").ends_with(2);
    place.write("cloned/.git/HEAD", "ref: refs/heads/main\n");
    place.ade("init cloned -q").succeeds();
    let json = place.ade("init fourth --json").succeeds().json();
    assert_eq!(json["template"], "default");
    assert_eq!(
        json["files"].as_array().unwrap().len(),
        place.files_below("fourth").len()
    );
}
