//! `ade test`.

mod common;

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
    place.ade("test crew --update").succeeds();
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
