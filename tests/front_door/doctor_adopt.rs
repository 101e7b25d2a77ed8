//! Workers and data directories that are copied, moved away or adopted. `tests/cli/doctor-adopt.md` has which parts belong
//! together, and `tests/cli/data-dir-moved.md` has which are moved.

use crate::common;

use std::fs;

use common::{Place, Printed, Told};

#[test]
fn a_worker_stands_in_the_way_of_adoption_is_none_of_a_copy_and_ends_without_its_directory() {
    let place = Place::ready();
    let mut worker = place.start("worker --no-gc");
    worker.wait_until_says("looking for work");
    let database = place.path("data/db/ade.sqlite");
    let adopt = format!(
        "--database-url sqlite:///{} --data-dir other doctor --adopt",
        database.display()
    );
    place
        .ade(&adopt)
        .code(1)
        .says("processes are using the database");
    // The worker of the original, which the copy's database knows, too, is none of the copy's.
    place
        .shell("cp -a data copy && rm copy/db/ade.sqlite*")
        .success();
    place.change(&format!(
        "VACUUM INTO '{}'",
        place.path("copy/db/ade.sqlite").display()
    ));
    place
        .ade("--data-dir copy run config members.csv --detach -q")
        .success();
    place.ade("--data-dir copy worker --drain -q").success();
    place.ade_prints("--data-dir copy runs ls", "succeeded");
    fs::rename(place.path("data"), place.path("moved")).unwrap();
    place
        .ade("--data-dir moved run config members.csv --detach -q")
        .success();
    worker.wait().code(5).says("there is no database at");
    place.ade("--data-dir moved worker --drain -q").success();
    let runs = place.json("--data-dir moved runs ls --json");
    common::has(
        &runs.list()[0],
        serde_json::json!({"status": "succeeded", "attempt_count": 1}),
    );
}
