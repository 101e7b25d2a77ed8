//! `ade backup`: while workers go on, and what is refused. What comes back is in tests/restore.rs.

use crate::common;

use common::{Place, snapshot};

#[test]
fn a_backup_is_one_file_that_replaces_an_earlier_one_whole() {
    let place = Place::cold();
    place.ade("run config members.csv --detach -q").succeeds();
    place.write("kept.tar.gz", "an earlier one");
    let made = place.json("backup kept.tar.gz --json");
    assert_eq!(made["outputs"], false);
    assert!(made["files"].as_u64() > Some(3), "{made}");
    let written = std::fs::metadata(place.path("kept.tar.gz")).unwrap();
    assert_eq!(made["bytes"], written.len());
    // What senders sent is for nobody else to read.
    let mode = std::os::unix::fs::PermissionsExt::mode(&written.permissions());
    assert_eq!(mode & 0o777, 0o600);
    // Nothing is left beside it.
    let left = place.files_below("");
    assert!(
        !left.iter().any(|name| name.starts_with(".ade-")),
        "{left:?}"
    );
    place.ade_prints("backup kept.tar.gz", "Backed up ");
}

#[test]
fn a_damaged_database_replaces_no_backup_and_what_it_holds_is_no_bug_of_ade() {
    let place = Place::cold();
    place.ade("run config members.csv --detach -q").succeeds();
    place.ade("backup kept.tar.gz").succeeds();
    let whole = std::fs::read(place.path("kept.tar.gz")).unwrap();
    let damages = [
        "UPDATE queue SET status = 'lost'",
        "UPDATE queue SET status = 'queued'; UPDATE runs SET input_name = CAST(x'ff41' AS TEXT)",
    ];
    for damage in damages {
        place.change(&format!("PRAGMA ignore_check_constraints = ON; {damage}"));
        place.ade_fails("runs ls", 5, "database_damaged");
    }
    place.change("PRAGMA ignore_check_constraints = ON; UPDATE queue SET status = 'lost'");
    place.ade_fails("backup kept.tar.gz", 5, "database_damaged");
    assert_eq!(std::fs::read(place.path("kept.tar.gz")).unwrap(), whole);
    place.ade_prints("backup kept.tar.gz --verify", " is whole (");
}

#[test]
fn what_is_not_in_one_piece_is_refused() {
    let mut place = Place::new();
    place.ade_fails("backup kept.tar.gz", 5, "database_absent");
    place.ade("migrate").succeeds();
    snapshot!(place, place.ade("backup no/such/kept.tar.gz"), @r"
    status 2
    --- stderr
    error: cannot write no/such/kept.tar.gz: no such file or directory
    hint: create the folder no/such, or name another place for the backup
    ");
    place.ade_fails("backup none.tar.gz --verify", 2, "input_not_found");
    place.set("ADE_RUNS_DIR", "elsewhere");
    snapshot!(place, place.ade("backup kept.tar.gz"), @r"
    status 2
    --- stderr
    error: [HERE]/elsewhere lies outside of the data directory [HERE]/data
    hint: a backup is of a data directory in one piece: back the parts up with the means of their disks
    ");
    place.ade_fails(
        "--data-dir new restore kept.tar.gz",
        2,
        "data_directory_divided",
    );
    place.unset("ADE_RUNS_DIR");
    place.ade_fails(
        "--database-url sqlite:///other.sqlite backup kept.tar.gz",
        5,
        "database_absent",
    );
    assert!(!place.path("kept.tar.gz").exists());
}
