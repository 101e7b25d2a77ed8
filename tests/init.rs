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

/// 30 people, below these headers for id, address, phone, day and pay.
fn roster(headers: [&str; 5]) -> String {
    let mut text = format!("First name,Last name,{}\n", headers.join(","));
    for n in 0..30 {
        text.push_str(&format!(
            "Ann{letter},Lee{letter},M-{year}-{},ann.{n}@example.org,({}) 555-{},{}.{}.2024,{}.25\n",
            1000 + n,
            204 + n,
            1000 + 37 * n,
            1 + n % 28,
            1 + n % 12,
            1080 + 47 * n,
            letter = char::from(b'a' + n as u8 % 26),
            year = 2019 + n % 5,
        ));
    }
    text
}

#[test]
fn columns_with_strange_headers_or_none_are_found_by_their_values_and_never_guessed() {
    const KNOWN: [&str; 5] = ["Member ID", "E-mail", "Phone", "Hire date", "Gross wages"];
    const FIELDS: [&str; 5] = ["member_id", "email", "phone", "start_date", "pay"];
    let place = Place::new();
    place.ade("init roster -q").succeeds();
    for (name, others) in [
        ("blank", [""; 5]),
        ("strange", ["Zugang", "Quux", "Info", "Kol. B", "???"]),
        ("other", ["Order number", "", "", "Birth date", "Net pay"]),
    ] {
        place.write(format!("inbox/{name}.csv"), roster(others));
        for (at, other) in others.into_iter().enumerate() {
            let mut headers = KNOWN;
            headers[at] = other;
            place.write(format!("inbox/{name}-{at}.csv"), roster(headers));
        }
    }
    // A second column of each kind, and neither has a header that tells them apart.
    let doubled: String = roster([""; 5])
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').skip(2).collect();
            format!("{line},{}\n", cells.join(","))
        })
        .collect();
    place.write("inbox/doubled.csv", doubled);
    let runs = place.ade("run roster inbox --json --jobs 1").succeeds();
    let mut seen = 0;
    for run in runs.records() {
        let folder = run["run_dir"].as_str().unwrap();
        let artifact: Value =
            serde_json::from_str(&place.read(format!("{folder}/artifact.json"))).unwrap();
        let columns = artifact
            .pointer("/decisions/workbooks/0/sheets/0/tables/0/structure/columns")
            .unwrap_or_else(|| panic!("{artifact:#}"));
        let found: Vec<Value> = columns.as_array().unwrap()[2..]
            .iter()
            .map(|column| column["mapping"]["field"].clone())
            .collect();
        let name = run["input"]["name"].as_str().unwrap();
        let mut wanted = FIELDS.map(Value::from).to_vec();
        match name.trim_end_matches(".csv").split_once('-') {
            Some(("other", at)) if !matches!(at, "1" | "2") => {
                wanted[at.parse::<usize>().unwrap()] = Value::Null;
            }
            None if name.starts_with("other") => {
                for at in [0, 3, 4] {
                    wanted[at] = Value::Null;
                }
            }
            None if name.starts_with("doubled") => wanted = vec![Value::Null; 10],
            _ => {}
        }
        assert_eq!(found, wanted, "{name}");
        for (column, field) in columns.as_array().unwrap()[2..].iter().zip(&found) {
            let is_known = column["header"]["raw"]
                .as_str()
                .is_some_and(|raw| KNOWN.contains(&raw));
            let score = column["mapping"]["score"].as_f64();
            assert_eq!(score.is_some(), !field.is_null());
            assert!(
                score.is_none_or(|score| (score >= 1.0) == is_known),
                "{name}"
            );
        }
        seen += 1;
    }
    assert_eq!(seen, 19);
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
