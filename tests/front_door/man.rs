//! `ade man`. That the pages in completions/man are current is a matter of tests/generated.rs.

use crate::common;

use common::Place;

#[test]
fn the_page_is_printed() {
    let place = Place::new();
    let page = place.ade("man").succeeds();
    assert!(page.stdout.contains(".TH ade"), "{page}");
    assert!(page.stdout.contains("Exit status"), "{page}");
}

#[test]
fn a_page_is_written_for_every_command() {
    let place = Place::new();
    place.ade("man pages/man1").succeeds();
    let mut expected: Vec<String> = place
        .commands()
        .iter()
        .map(|command| {
            format!(
                "{}.1",
                [&["ade".to_owned()], &command.words[..]].concat().join("-")
            )
        })
        .collect();
    expected.push("ade.1".to_owned());
    expected.sort();
    assert_eq!(place.files_below("pages/man1"), expected);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let place = Place::new();
    place.write("file", "");
    place.ade_refuses("man file/man", "cannot write file/man");
}
