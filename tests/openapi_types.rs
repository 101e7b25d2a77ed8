//! `ade openapi-types`; .ci/clients types what it prints, and compiles a program with the types that come of it.

mod common;

use common::Place;

#[test]
fn the_command_that_makes_types_is_printed_alone() {
    let place = Place::new();
    let printed = place.ade("openapi-types").succeeds().stdout;
    assert_eq!(
        printed,
        "ade openapi | npx --yes openapi-typescript@7 -o ade.d.ts\n"
    );
}
