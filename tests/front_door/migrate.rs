//! `ade migrate`, several times at once. The rest is in `tests/cli/migrate.md`.

use crate::common;

use common::{Place, Printed};

#[test]
fn several_at_once_are_safe() {
    let place = Place::new();
    let running: Vec<_> = (0..6).map(|_| place.start("migrate --json")).collect();
    let ends: Vec<_> = running
        .into_iter()
        .map(|one| one.wait().success().json())
        .collect();
    assert_eq!(
        ends.iter().filter(|end| end["created"] == true).count(),
        1,
        "{ends:?}"
    );
    place.ade("migrate --check").success();
    // All processes agree on the owner of the data directory, too.
    place.ade("runs ls").success();
    place.ade_prints("doctor", "up to date and sound");
}
