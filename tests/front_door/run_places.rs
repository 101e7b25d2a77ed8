//! A database that another process has locked. Other difficult places are in `tests/cli/run-places.md` and `tests/cli/database.md`.

use crate::common;

use common::{Place, Printed, snapshot, wait_for};

#[test]
fn a_database_that_is_locked_is_waited_for_and_told() {
    let mut place = Place::cold();
    place.ade("run config members.csv --dry-run -q").success();
    let holder = place.database();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let running = place.start("run config members.csv --dry-run");
    let database = place.path("data/db/ade.sqlite");
    // The command has opened the database.
    wait_for("ade to open the database", || {
        std::fs::read_dir(format!("/proc/{}/fd", running.id())).map_or(true, |files| {
            files
                .flatten()
                .any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target == database))
        })
    });
    place.set("ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS", "300");
    snapshot!(place, place.ade("run config members.csv --dry-run").shown(), @r"
    status 5
    --- stderr
    error: the database [HERE]/data/db/ade.sqlite is locked by another process (waited [TIME])
    hint: find the process that holds it, and try again; ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS sets how long ade waits
    ");
    place.ade_fails("run config members.csv --dry-run", 5, "database_locked");
    // A process that only reads is not blocked.
    place.ade("runs ls").success();
    holder.execute_batch("COMMIT").unwrap();
    running.wait().success();
}
