//! `ade init`: what it writes runs as it is.

use crate::common;

use common::{Place, Told, snapshot};
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
      src/ade_config/columns/fields.py
      tests/cases/office-export/expected.csv
      tests/cases/office-export/input.csv
      sample.xlsx
    --- stderr

    Next: ade run team-orders team-orders/sample.xlsx   (a messy roster; the first run builds an environment)
          ade test team-orders   (inputs whose result is known)
    ");
    snapshot!(place, place.ade("run team-orders team-orders/tests/cases/office-export/input.csv -q"), @r"
    status 0
    --- stdout
    data/workspaces/default/runs/[ID]/output/input_normalized.xlsx
    ");
    let cells = place.output_of(&place.latest_run());
    let fields = ["First name", "Last name", "E-mail", "Hours", "Gross pay"];
    assert_eq!(
        values_of(&cells, &fields),
        json!([
            ["Avery", "Smith", "avery.smith@example.org", 38, 1309.5],
            ["Jordan", "O'Connor", null, 12.5, 410],
            ["Casey", "Martin", "casey@example.org", 96, 3120],
        ])
    );
    passes_its_own_cases(&place, "team-orders");
}

fn passes_its_own_cases(place: &Place, configuration: &str) {
    let line = format!("test {configuration}");
    place.ade_prints(&line, "1 passed, 0 failed");
}

/// The command that `ade init` names, as it is printed.
fn next(printed: &str) -> &str {
    let (_, rest) = printed.split_once("Next: ade ").unwrap();
    rest.split_once("   (").unwrap().0
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn the_command_that_init_prints_runs_the_sample_of_every_template() {
    // Semicolons, and an encoding that is not UTF-8: as a spreadsheet program of western Europe writes it.
    let exported: Vec<u8> = "Name;Email\nJosé;jose@example.org\nZoë;zoe@example.org\n"
        .chars()
        .map(|letter| u8::try_from(letter).unwrap())
        .collect();
    for template in ["default", "full", "minimal"] {
        let place = Place::named(template);
        let made = place.ade(&format!("init crew --template {template}"));
        let command = next(&made.succeeds().stderr).to_owned();
        assert_eq!(command, "run crew crew/sample.xlsx");
        place.ade_prints(&command, "2 sheets, 2 tables");
        let first = place.latest_run();
        assert!(first["metrics"]["mapped_fields"].as_u64() > Some(0));
        if template == "default" {
            what_was_found_in_the_sample_is_told(&place, &first);
        }
        // The sample is to be tried and thrown away: it is no part of the configuration.
        std::fs::rename(place.path("crew/sample.xlsx"), place.path("mine.xlsx")).unwrap();
        let again = place.json("run crew mine.xlsx --json");
        assert_eq!(again["source_digest"], first["source_digest"], "{template}");
        if template == "full" {
            place.ade("check crew").succeeds();
            passes_its_own_cases(&place, "crew");
            continue;
        }
        place.write("exported.csv", &exported);
        let run = place.json("run crew exported.csv --json");
        let cells = place.output_of(&run).to_string();
        let first_names = ["José", "Zoë"].map(|name| cells.contains(&format!("\"{name}\"")));
        assert_eq!(first_names, [true, true], "{template}: {cells}");
        assert!(!cells.contains(';'), "{template}: {cells}");
    }
    // In the folder itself, and in one whose name a shell would take apart.
    let place = Place::new();
    std::fs::create_dir(place.path("here")).unwrap();
    let there = |line: &str| {
        let mut command = place.command();
        command
            .args(line.split(' '))
            .current_dir(place.path("here"));
        Place::to_its_end(command).succeeds()
    };
    assert_eq!(next(&there("init .").stderr), "run . sample.xlsx");
    there("run . sample.xlsx -q");
    let made = place.ade_with(["init", "of today/my crew"]).succeeds();
    assert_eq!(
        next(&made.stderr),
        "run 'of today/my crew' 'of today/my crew/sample.xlsx'"
    );
}

fn what_was_found_in_the_sample_is_told(place: &Place, run: &Value) {
    assert_eq!(
        values_of_sheet(&place.output_of(run)["South"], &["First name", "Last name"])[..2],
        [json!(["Hayden", "King"]), json!(["Logan", "Clark"])]
    );
    place
        .ade("runs show latest")
        .succeeds()
        .prints("Employee Name   first_name, last_name")
        .prints("10  split into these fields")
        .prints("1 row without a value in any field left out (row 12)");
}

/// The fields' values in the rows of the only sheet. The columns have labels or names, as the output's style says.
fn values_of(cells: &Value, fields: &[&str]) -> Value {
    let sheets = cells.as_object().unwrap();
    values_of_sheet(sheets.values().next().unwrap(), fields).into()
}

fn values_of_sheet(sheet: &Value, fields: &[&str]) -> Vec<Value> {
    let names = [("E-mail", "email"), ("Gross pay", "pay")];
    let (header, rows) = sheet.list().split_first().unwrap();
    let places: Vec<usize> = fields
        .iter()
        .map(|label| {
            let known = names.iter().find(|(known, _)| known == label);
            let name = known.map_or(label.to_lowercase().replace(' ', "_"), |(_, name)| {
                (*name).to_owned()
            });
            let is_field = |cell: &Value| *cell == **label || *cell == *name;
            header.list().iter().position(is_field).unwrap()
        })
        .collect();
    rows.iter()
        .map(|row| places.iter().map(|at| row[*at].clone()).collect::<Value>())
        .collect()
}

#[test]
fn a_new_name_is_put_in_and_a_folders_name_made_fit() {
    let place = Place::new();
    place
        .ade_with(["init", "Team Orders (2026)", "-q"])
        .succeeds();
    place.ade("init other --name roster -q").succeeds();
    for (folder, name) in [
        ("Team Orders (2026)", "team-orders-2026"),
        ("other", "roster"),
    ] {
        let manifest = place.read(format!("{folder}/pyproject.toml"));
        assert!(manifest.contains(&format!("name = {name:?}")), "{manifest}");
    }
    snapshot!(place, place.ade("init small --template minimal -q"), @r"
    status 0
    --- stdout
    Created a configuration in small
      .gitignore
      pyproject.toml
      settings.toml
      src/ade_config/__init__.py
      src/ade_config/columns/fields.py
      sample.xlsx
    ");
    snapshot!(place, place.ade_with(["init", "third", "--name", "not a name"]), @r#"
    status 2
    --- stderr
    error: "not a name" cannot be a project's name
    hint: letters, digits, '.', '_' and '-', beginning and ending with a letter or digit; --name sets it
    "#);
    assert!(!place.path("third").exists());
    place.ade_refuses(
        "init third --template fancy",
        "possible values: default, full, minimal",
    );
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
    place.ade_refuses("init file", "file is not a folder");
    // The current folder is not empty either; a repository without files is.
    place.ade("init").ends_with(2);
    place.write("cloned/.git/HEAD", "ref: refs/heads/main\n");
    place.ade("init cloned -q").succeeds();
    let json = place.json("init fourth --json");
    assert_eq!(json["template"], "default");
    assert_eq!(
        json["files"].list().len(),
        place.files_below("fourth").len()
    );
}
