//! `ade test`.

use crate::common;

use common::Place;

#[test]
fn a_case_that_came_out_otherwise_is_shown_and_written_where_that_is_asked_for() {
    let place = Place::new();
    place.ade("init crew -q").succeeds();
    place
        .ade("test crew")
        .succeeds()
        .prints("✓ office-export")
        .prints("1 passed, 0 failed");
    let file = "crew/tests/cases/office-export/expected.csv";
    let expected = place.read(file);
    std::fs::write(place.path(file), expected.replace("1309.5", "1200")).unwrap();
    place
        .ade("test crew")
        .ends_with(1)
        .prints("✗ office-export")
        .prints("row 1  pay  expected 1200  got 1309.5");
    place
        .ade("test crew --update")
        .succeeds()
        .prints("! office-export")
        .prints("0 passed, 1 updated, 0 failed");
    place.ade("test crew").succeeds();
    place
        .ade("test crew nothing")
        .ends_with(2)
        .says("office-export");
}

#[test]
fn a_new_input_gets_its_table_and_a_wrong_word_in_case_toml_is_named() {
    let place = Place::new();
    place.ade("init crew -q").succeeds();
    let case = place.path("crew/tests/cases/new");
    std::fs::create_dir_all(&case).unwrap();
    std::fs::write(case.join("input.csv"), "Surname,Hours\nKing,5\n").unwrap();
    place
        .ade("test crew")
        .ends_with(1)
        .prints("✗ new")
        .prints("✓ office-export");
    place.ade("test crew new --update").succeeds();
    place.ade("test crew").succeeds().prints("2 passed");
    std::fs::write(case.join("case.toml"), "chekced = true\n").unwrap();
    place
        .ade("test crew")
        .ends_with(2)
        .says("chekced")
        .says("case.toml");
}

#[test]
fn issues_sheets_and_numbers_are_compared_exactly() {
    let place = Place::new();
    place.ade("init crew -q").succeeds();
    let case = place.path("crew/tests/cases/new");
    std::fs::create_dir_all(&case).unwrap();
    let write = |name: &str, text: &str| std::fs::write(case.join(name), text).unwrap();
    write("input.csv", "Surname,E-mail,Hours\nKing,no mail,5\n");
    write("expected.csv", "last_name,hours\nKing,5.00\n");
    write(
        "case.toml",
        "checked = false\n[[issues]]\nfield = \"email\"\nrow = 2\nmessage = \"not an e-mail\"\n[[issues]]\nfield = \"hours\"\n",
    );
    place
        .ade("test crew new")
        .ends_with(1)
        .prints("no issue  hours  an issue")
        .prints("Nobody has checked what is expected of 1 case: new");
    write("case.toml", "issues = []\n");
    place
        .ade("test crew new --update")
        .ends_with(1)
        .prints("issue  row 2  email  ");
    write("case.toml", "");
    write("expected.csv", "last_name,hours\nKing,5.0000000000000001\n");
    place
        .ade("test crew new")
        .ends_with(1)
        .prints("row 1  hours  expected 5.0000000000000…  got 5");
    place
        .ade("test crew office-exprot")
        .ends_with(2)
        .says("did you mean office-export?");
}

#[test]
fn a_report_for_ci_systems_names_each_case_and_what_differs() {
    let place = Place::new();
    place.ade("init crew -q").succeeds();
    let file = "crew/tests/cases/office-export/expected.csv";
    let expected = place.read(file).replace("1309.5", "<1200>");
    std::fs::write(place.path(file), expected).unwrap();
    place.ade("test crew --junit report.xml").ends_with(1);
    let report = place.read("report.xml");
    for part in [
        "<testsuite name=\"crew\" tests=\"1\" failures=\"1\"",
        "<testcase classname=\"crew\" name=\"office-export\"",
        "message=\"row 1  pay  expected &lt;1200&gt;  got 1309.5\"",
    ] {
        assert!(report.contains(part), "{part} in {report}");
    }
}

#[test]
fn an_engine_that_always_ends_early_is_not_started_for_each_case() {
    let place = Place::new();
    place.ade("init crew -q").succeeds();
    for name in ["one", "two", "three"] {
        let case = place.path(format!("crew/tests/cases/{name}"));
        std::fs::create_dir_all(&case).unwrap();
        std::fs::write(case.join("input.csv"), "Surname\nKing\n").unwrap();
    }
    let module = place.path("crew/src/ade_config/columns/broken.py");
    std::fs::write(
        module,
        "import os\nos._exit(7)\n\n\ndef register(registry):\n    pass\n",
    )
    .unwrap();
    place
        .ade("test crew")
        .ends_with(1)
        .prints("it ended the engine")
        .prints("the engine ends before any case is through")
        .prints("0 passed, 4 failed");
}

#[test]
fn what_was_written_is_compared_with_what_the_edited_configuration_makes() {
    let place = Place::new();
    place.ade("init crew -q").succeeds();
    std::fs::write(place.path("a.csv"), "Surname,Hours\nKing,5\nLee,7\n").unwrap();
    std::fs::write(place.path("b.csv"), "Surname,Hours\nBell,3\n").unwrap();
    place
        .ade("test crew --past 3")
        .ends_with(2)
        .says("no run of crew");
    place.ade("run crew a.csv b.csv").succeeds();
    place
        .ade("test crew --past 3")
        .succeeds()
        .prints("2 inputs: 2 as before, 0 differ");
    let module = place.path("crew/src/ade_config/columns/half.py");
    std::fs::write(
        module,
        "import polars as pl\n\n\ndef half(*, field_name, **_):\n    return pl.when(pl.col(field_name) > 4).then(pl.col(field_name) + 1).otherwise(pl.col(field_name))\n\n\ndef register(registry):\n    registry.register_column_transform(half, field=\"hours\", priority=-1000)\n",
    )
    .unwrap();
    place
        .ade("test crew --past 3")
        .ends_with(1)
        .prints("a.csv → a.csv")
        .prints("0 new, 0 gone, 2 changed")
        .prints("✓ b.csv")
        .prints("2 inputs: 1 as before, 1 differ");
    let runs = place.ade("runs ls --json").succeeds().stdout;
    assert_eq!(runs.matches("\"status\"").count(), 2, "{runs}");
}

#[test]
fn a_change_of_layout_that_changes_the_output_is_made_small_and_kept() {
    let place = Place::new();
    place.ade("init crew -q").succeeds();
    place
        .ade("test crew --fuzz 14")
        .succeeds()
        .prints("14 changes of layout tried, 0 of them changed what comes out (--seed 1)");
    // A header that is known in one spelling alone.
    let module = place.path("crew/src/ade_config/columns/exact.py");
    std::fs::write(
        module,
        "from ade_engine.models import FieldDef\n\n\ndef exact(*, column_header_original, **_):\n    return {\"shift\": 9.0} if column_header_original == \"Shift Code\" else None\n\n\ndef register(registry):\n    registry.register_field(FieldDef(name=\"shift\"))\n    registry.register_column_detector(exact, field=\"shift\", priority=1)\n",
    )
    .unwrap();
    let case = place.path("crew/tests/cases/shifts");
    std::fs::create_dir_all(&case).unwrap();
    std::fs::write(
        case.join("input.csv"),
        "Surname,Hours,Shift Code\nKing,5,A\nLee,7,B\nBell,3,C\n",
    )
    .unwrap();
    place
        .ade("test crew shifts --fuzz 28 --keep")
        .ends_with(1)
        .prints("header-case (")
        .prints("row 1  shift  expected A  got nothing");
    assert!(
        !place
            .read("crew/tests/cases/shifts-header-case/expected.csv")
            .contains("Lee")
    );
    let said = place.read("crew/tests/cases/shifts-header-case/case.toml");
    assert!(
        said.starts_with("# The case shifts, with another layout: headers in "),
        "{said}"
    );
    place
        .ade("test crew shifts --fuzz 28 --keep")
        .ends_with(1)
        .says("Not kept, because it is there already");
    place
        .ade("test crew -k header-case")
        .ends_with(1)
        .prints("✗ shifts-header-case")
        .prints("row 1  shift  expected A  got nothing");
}
