//! An object store (`ADE_FILES_URL`) that is away while a worker has a run. The rest is in `tests/cli/files-url.md`,
//! `tests/cli/files-url-gc.md` and `tests/api/files-url.md`; `tests/objects.rs` holds the other kinds of stores to the same.

use crate::common;

use std::fs;

use common::Place;

/// Deletes the files of this host, so that it has only those that it fetches from now on.
fn forget_files(place: &Place) {
    place
        .shell("chmod -R u+w data/workspaces && rm -r data/workspaces")
        .success();
}

/// Checks that no engine's work is lost because the store cannot be written for a moment, and that no run fails because its
/// input is out of reach.
#[test]
fn an_end_and_a_begin_wait_for_the_store_and_spend_no_attempt() {
    let mut place = Place::held("");
    fs::create_dir_all(place.path("shared")).unwrap();
    place.set(
        "ADE_FILES_URL",
        format!("file://{}", place.path("shared").display()),
    );
    let (run, mut worker) = place.begun("w");
    fs::rename(place.path("shared"), place.path("away")).unwrap();
    place.let_go();
    worker.wait_until_says("cannot be recorded yet");
    assert_eq!(place.status_of(&run), "running");
    fs::rename(place.path("away"), place.path("shared")).unwrap();
    place.wait_for_status(&run, "succeeded");
    worker.stops();
    place.is_sound(&run, "succeeded", &["succeeded"]);
    forget_files(&place);
    place.ade("runs show latest").success();

    // A host that does not have the input cannot begin.
    let run = place.enqueue("config", "members.csv");
    forget_files(&place);
    fs::rename(place.path("shared"), place.path("away")).unwrap();
    let mut worker = place.start_worker("w");
    worker.wait_until_says("its folder is not there");
    place.wait_for_status(&run, "queued");
    fs::rename(place.path("away"), place.path("shared")).unwrap();
    place.wait_for_status(&run, "succeeded");
    worker.stops();
    let shown = place.json(&format!("runs show {run} --json"));
    assert_eq!(shown["attempt_count"], 1, "{shown}");
}
