//! `ade test`.

use crate::common;

use common::Place;

const OFFICE: &str = "crew/tests/cases/office-export/expected.csv";

/// One place for all of it: an environment of its own takes long.
#[test]
fn cases_and_earlier_runs_are_compared_with_what_comes_out_now() {
    let place = Place::new();
    place.ade("init crew -q").succeeds();
    a_case_that_came_out_otherwise_is_shown_and_written_where_that_is_asked_for(&place);
    what_was_written_is_compared_with_what_the_edited_configuration_makes(&place);
    a_new_input_gets_its_table_and_a_wrong_word_in_case_toml_is_named(&place);
    a_case_is_run_under_the_name_that_its_sender_gave_the_file(&place);
    issues_sheets_and_numbers_are_compared_exactly(&place);
    an_engine_that_always_ends_early_is_not_started_for_each_case(&place);
    a_change_of_layout_that_changes_the_output_is_made_small_and_kept(&place);
}

/// Deletes what one of them has added to the configuration.
fn without(place: &Place, names: &[&str]) {
    for name in names {
        let path = place.path("crew").join(name);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }
}

fn a_case_that_came_out_otherwise_is_shown_and_written_where_that_is_asked_for(place: &Place) {
    place
        .ade("test crew")
        .succeeds()
        .prints("✓ office-export")
        .prints("1 passed, 0 failed");
    let expected = place.read(OFFICE);
    place.write(OFFICE, expected.replace("1309.5", "<1200>"));
    place
        .ade("test crew --junit report.xml")
        .ends_with(1)
        .prints("✗ office-export")
        .prints("row 1  pay  expected <1200>  got 1309.5");
    // For CI systems, each case and what differs.
    let report = place.read("report.xml");
    for part in [
        "<testsuite name=\"crew\" tests=\"1\" failures=\"1\"",
        "<testcase classname=\"crew\" name=\"office-export\"",
        "message=\"row 1  pay  expected &lt;1200&gt;  got 1309.5\"",
    ] {
        assert!(report.contains(part), "{part} in {report}");
    }
    place
        .ade("test crew --update")
        .succeeds()
        .prints("! office-export")
        .prints("0 passed, 1 updated, 0 failed");
    place.ade("test crew").succeeds();
    place.ade_refuses("test crew nothing", "office-export");
    place.write(OFFICE, expected);
}

fn what_was_written_is_compared_with_what_the_edited_configuration_makes(place: &Place) {
    place.write("a.csv", "Surname,Hours\nKing,5\nLee,7\n");
    place.write("b.csv", "Surname,Hours\nBell,3\n");
    place.ade_refuses(
        "test crew --past 3",
        "no successful run of crew still has its input and output",
    );
    place.ade("run crew a.csv b.csv").succeeds();
    place.ade_prints("test crew --past 3", "2 inputs: 2 as before, 0 differ");
    place.write(
        "crew/src/ade_config/columns/half.py",
        "import polars as pl\n\n\ndef half(*, field_name, **_):\n    return pl.when(pl.col(field_name) > 4).then(pl.col(field_name) + 1).otherwise(pl.col(field_name))\n\n\ndef register(registry):\n    registry.register_column_transform(half, field=\"hours\", priority=-1000)\n",
    );
    place
        .ade("test crew --past 3")
        .ends_with(1)
        .prints("a.csv → a.csv")
        .prints("0 new, 0 gone, 2 changed")
        .prints("✓ b.csv")
        .prints("2 inputs: 1 as before, 1 differ");
    assert_eq!(place.statuses().len(), 2);
    without(place, &["src/ade_config/columns/half.py"]);
}

fn a_new_input_gets_its_table_and_a_wrong_word_in_case_toml_is_named(place: &Place) {
    place.write("crew/tests/cases/new/input.csv", "Surname,Hours\nKing,5\n");
    place
        .ade("test crew")
        .ends_with(1)
        .prints("✗ new")
        .prints("✓ office-export");
    place.ade("test crew new --update").succeeds();
    place.ade_prints("test crew", "2 passed");
    place.write("crew/tests/cases/new/case.toml", "chekced = true\n");
    place
        .ade("test crew")
        .ends_with(2)
        .says("chekced")
        .says("case.toml");
}

fn a_case_is_run_under_the_name_that_its_sender_gave_the_file(place: &Place) {
    let settings = place.read("crew/settings.toml");
    let own = "\n[files.\"comma*\"]\ndecimal_mark = \",\"\n";
    place.write("crew/settings.toml", settings.clone() + own);
    let text = "Surname;Hours\nKing;4,123\n";
    place.write("comma-05.csv", text);
    place.write("crew/tests/cases/new/input.csv", text);
    place.write(
        "crew/tests/cases/new/case.toml",
        "# Of May.\nchecked = false\n",
    );
    let expected = |hours: &str| {
        place.ade("test crew new --update").succeeds();
        let table = place.read("crew/tests/cases/new/expected.csv");
        assert!(table.contains(hours), "{table}");
    };
    // Nobody knows whose it is, until the same bytes have been run.
    expected("4123");
    place.ade("run crew comma-05.csv -q").succeeds();
    expected("4.123");
    assert_eq!(
        place.read("crew/tests/cases/new/case.toml"),
        "# Of May.\ninput_name = \"comma-05.csv\"\nchecked = false\n"
    );
    place.ade("test crew new").succeeds();
    place.ade("test crew new --fuzz 2").succeeds();
    place.write(
        "crew/tests/cases/new/case.toml",
        "input_name = \"../comma.xlsx\"\n",
    );
    place.ade_refuses("test crew new", "ends as input.csv does");
    place.write("crew/settings.toml", settings);
    without(place, &["tests/cases/new"]);
}

fn issues_sheets_and_numbers_are_compared_exactly(place: &Place) {
    let write = |name: &str, text: &str| place.write(format!("crew/tests/cases/new/{name}"), text);
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
    place.ade_refuses("test crew office-exprot", "did you mean office-export?");
    without(place, &["tests/cases/new"]);
}

fn an_engine_that_always_ends_early_is_not_started_for_each_case(place: &Place) {
    for name in ["one", "two", "three"] {
        let input = format!("crew/tests/cases/{name}/input.csv");
        place.write(input, "Surname\nKing\n");
    }
    place.write(
        "crew/src/ade_config/columns/broken.py",
        "import os\nos._exit(7)\n\n\ndef register(registry):\n    pass\n",
    );
    place
        .ade("test crew")
        .ends_with(1)
        .prints("it ended the engine")
        .prints("the engine ends before any case is through")
        .prints("0 passed, 4 failed");
    without(
        place,
        &[
            "src/ade_config/columns/broken.py",
            "tests/cases/one",
            "tests/cases/two",
            "tests/cases/three",
        ],
    );
}

fn a_change_of_layout_that_changes_the_output_is_made_small_and_kept(place: &Place) {
    place
        .ade("test crew --fuzz 14")
        .succeeds()
        .prints("14 changes of layout tried, 0 of them changed what comes out (--seed 1)");
    // A header that is known in one spelling alone.
    place.write(
        "crew/src/ade_config/columns/exact.py",
        "from ade_engine.models import FieldDef\n\n\ndef exact(*, column_header_original, **_):\n    return {\"shift\": 9.0} if column_header_original == \"Shift Code\" else None\n\n\ndef register(registry):\n    registry.register_field(FieldDef(name=\"shift\"))\n    registry.register_column_detector(exact, field=\"shift\", priority=1)\n",
    );
    place.write(
        "crew/tests/cases/shifts/input.csv",
        "Surname,Hours,Shift Code\nKing,5,A\nLee,7,B\nBell,3,C\n",
    );
    place
        .ade("test crew shifts --fuzz 28 --keep")
        .ends_with(1)
        .prints("header-case (")
        .prints("row 1  shift  expected A  got nothing");
    let expected = place.read("crew/tests/cases/shifts-header-case/expected.csv");
    assert!(!expected.contains("Lee"), "{expected}");
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
