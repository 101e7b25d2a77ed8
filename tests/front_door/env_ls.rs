//! `ade env ls`.

use crate::common;

use std::fs;
use std::path::PathBuf;

use common::{Place, Told, snapshot};

#[test]
fn environments_are_listed() {
    let place = Place::new();
    let nothing = place.ade("env ls");
    snapshot!(place, nothing, @r"
    status 0
    --- stderr
    No environments yet; the first `ade run` of a configuration builds one
    ");
    assert_eq!(place.ade("env ls --json").json(), serde_json::json!([]));
    let configuration = place.configuration("config");
    place.members("members.csv");
    place.warm("config");
    configuration.depend_on(&["et-xmlfile==99.99"]);
    place.ade("env build config -q").ends_with(3);
    configuration.depend_on(&["openpyxl"]);
    place.ade("run config members.csv --dry-run -q").succeeds();
    let listed = place.ade("env ls").succeeds();
    let mut statuses: Vec<&str> = listed
        .stdout
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().nth(3).unwrap())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["failed", "queued", "ready"], "{listed}");
    for heading in [
        "ID",
        "CONFIGURATION",
        "FOLDER",
        "STATUS",
        "DIGEST",
        "PYTHON",
        "OWN",
        "SHARED",
        "LAST USED",
    ] {
        assert!(
            listed.stdout.lines().next().unwrap().contains(heading),
            "{heading}: {listed}"
        );
    }
}

#[test]
fn what_environments_share_is_told_and_counted_once() {
    let place = Place::new();
    for name in ["north/config", "south/config"] {
        place.configuration(name);
        place.warm(name);
    }
    // An installer that links from its cache, whatever file system this is: the same file in both.
    let environments = place.environments();
    let folders = [0, 1].map(|at| PathBuf::from(environments[at]["folder"].text()));
    fs::write(folders[0].join("shared"), vec![b'x'; 3_000_000]).unwrap();
    fs::hard_link(folders[0].join("shared"), folders[1].join("shared")).unwrap();
    let listed = place.environments();
    let of = |at: usize, key: &str| listed[at][key].as_u64().unwrap();
    let mut all = 0;
    for at in [0, 1] {
        assert!(of(at, "shared_bytes") >= 3_000_000, "{listed:?}");
        assert!(of(at, "own_bytes") > 0, "{listed:?}");
        all += of(at, "own_bytes") + of(at, "shared_bytes");
    }
    let total = place.ade("env ls").succeeds();
    let told = total
        .stderr
        .lines()
        .find(|line| line.starts_with("2 environments: "));
    let told = told.unwrap_or_else(|| panic!("{total}"));
    let number = told.trim_start_matches("2 environments: ");
    let number: f64 = number.split(' ').next().unwrap().parse().unwrap();
    assert!(told.contains(" MiB on disk, "), "{told}");
    assert!(
        number < (all - 2_900_000) as f64 / 1_048_576.0,
        "{told}: {all}"
    );
    place.ade_prints("env show north/config", "shared with the installer's cache");
    // Configurations with one name are told apart by their folders.
    for folder in ["  north/config  ", "  south/config  "] {
        total.stdout_has(folder);
    }
}

#[test]
fn each_says_whether_collection_would_take_it_and_why() {
    let place = Place::ready();
    // Its configuration was never run, and it was built just now.
    place.ade_prints("env ls", "kept: used recently");
    let elsewhere = place.json("env ls --json -w another");
    assert_eq!(elsewhere, serde_json::json!([]));
    // Not used for a hundred days.
    place.change(
        "UPDATE environments SET last_used_at = last_used_at - 8640000000, updated_at = updated_at - 8640000000",
    );
    place.ade_prints("env ls", "deletable: unused");
    let gc = place.environments()[0]["gc"].clone();
    common::has(
        &gc,
        serde_json::json!({"deletes": true, "verdict": "delete"}),
    );
}
