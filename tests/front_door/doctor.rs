//! A database on a network file system. Other answers of `ade doctor` are in `tests/cli/doctor.md`.

#![cfg(target_os = "linux")]

use crate::common;

use common::{Place, Printed};

#[test]
fn a_database_on_a_network_file_system_is_refused_in_words() {
    let mut place = Place::cold();
    let data = place.path("data");
    std::fs::create_dir_all(&data).unwrap();
    let Some(_disk) = common::NetworkDisk::mount(&data) else {
        eprintln!(
            "not tested: a file system can be mounted only by an administrator, with /dev/fuse"
        );
        return;
    };
    let refused = "is on a network file system (sshfs), where its write-ahead log can be damaged";
    for command in [
        "run config members.csv",
        "worker",
        "migrate",
        "migrate --check",
    ] {
        let ended = place.ade(command).code(5);
        ended.says(refused);
        ended.says("ADE_DATABASE_SQLITE_JOURNAL_MODE=DELETE");
    }
    let error = place.ade("worker --json").error();
    assert_eq!(error["code"], "database_on_network");
    let found = |name: &str| place.finding(name);
    assert_eq!(found("file system")["state"], "warning");
    assert_eq!(
        found("file system")["message"],
        "sshfs, which other machines use too"
    );
    assert_eq!(found("database")["state"], "problem");
    // A database without such a log is not refused for that reason. (This disk cannot be written at all.)
    place.set("ADE_DATABASE_SQLITE_JOURNAL_MODE", "DELETE");
    let ended = place.ade("run config members.csv");
    ended.stderr_lacks("network file system");
}
