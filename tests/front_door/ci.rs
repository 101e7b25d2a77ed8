//! `ade ci` that is stopped; its other output is in `tests/cli/ci*.md`.

use crate::common;

use common::{Place, Printed};
use libc::SIGINT;

#[test]
fn what_is_cancelled_begins_nothing_more_and_still_reports() {
    let (place, gate) = Place::gated();
    place.configuration("other");
    let running = place.start("ci config members.csv other --no-test --junit j.xml");
    gate.wait_until_reached();
    running.signal(SIGINT);
    let done = running.wait().code(130);
    assert!(!done.printed().contains("other"), "{done}");
    let junit = place.read("j.xml");
    for part in ["name=\"members.csv\"", "<failure message=\"cancelled\">"] {
        assert!(junit.contains(part), "{junit}");
    }
}
