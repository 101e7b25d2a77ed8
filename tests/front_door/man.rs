//! `ade man`. That the pages in completions/man are current, one for each command, is a matter of tests/form/generated.rs.

use crate::common;

use common::Place;

#[test]
fn the_page_is_printed_or_written_where_it_can_be() {
    let place = Place::new();
    let page = place.ade("man").succeeds();
    page.prints(".TH ade").prints("Exit status");
    place.write("file", "");
    place.ade_refuses("man file/man", "cannot write file/man");
}
