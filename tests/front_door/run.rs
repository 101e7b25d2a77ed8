//! `ade run`, beyond `tests/cli/run*.md`.

use crate::common;

use common::Place;

#[test]
fn as_many_files_run_side_by_side_as_jobs_says() {
    let place = Place::new();
    let configuration = place.configuration("config");
    let (first, second) = (place.gate("first"), place.gate("second"));
    // Each of the two files waits until the other has begun, so that they would never end one after the other.
    let meet = format!(
        "import os, time\nmine, other = ({:?}, {:?}) if input_file_name.startswith(\"one\") else ({:?}, {:?})\nopen(mine, \"w\").close()\nwhile not os.path.exists(other): time.sleep(0.01)",
        first.reached, second.reached, second.reached, first.reached
    );
    configuration.hook("on_workbook_start", "meet(input_file_name)", &meet);
    place.all_members(["one.csv", "two.csv"]);
    place
        .ade("run config one.csv two.csv --jobs 2 -q")
        .success();
    assert_eq!(place.statuses(), ["succeeded", "succeeded"]);
}
