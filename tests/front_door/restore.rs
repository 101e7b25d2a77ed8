//! `ade restore`: what comes back of a backup that was made while a worker had a run, and which files are refused.

use crate::common;

use std::fs;

use common::{Place, Server, Told};

/// The data directory of a server with a document, a run of it that succeeded, and one that a worker has begun.
fn backed_up() -> (Place, String, String, String) {
    let place = Place::held("");
    place.let_go();
    let configuration = place.configuration_id("config");
    let server = Server::dev(&place, "--no-worker");
    let document = server.upload(&place.path("members.csv"));
    let ended = server.submit(&configuration, &document);
    let ended = ended["id"].string();
    place.ade("worker --drain -q").succeeds();
    fs::remove_file(place.path("open")).unwrap();
    fs::remove_dir_all(place.path("pids")).unwrap();
    let begun = place.enqueue("config", "members.csv");
    let worker = place.start_worker("one");
    place.wait_until_held(1);
    place.ade("backup kept.tar.gz").succeeds();
    place.ade("backup whole.tar.gz --outputs").succeeds();
    place.let_go();
    place.wait_for_status(&begun, "succeeded");
    worker.stops();
    (place, document, ended, begun)
}

#[test]
fn runs_documents_and_configurations_come_back_and_work() {
    let (mut place, document, ended, begun) = backed_up();
    place.set("ADE_DATA_DIR", "again");
    let restored = place.json("restore kept.tar.gz --json");
    common::has(
        &restored,
        serde_json::json!({"recovered": 1, "needs_migration": false, "outputs": false}),
    );
    let findings = place.json("doctor --json");
    for finding in findings.list() {
        assert_ne!(finding["state"], "problem", "{findings}");
    }
    // The run that a worker had when the backup was made is executed again, at once.
    let shown = place.json(&format!("runs show {begun} --json"));
    assert_eq!(shown["status"], "queued");
    assert_eq!(
        place.json(&format!("runs show {ended} --json"))["status"],
        "succeeded"
    );
    place.ade_prints(&format!("logs tail {ended}"), "members.csv");
    place.ade("worker --drain -q").succeeds();
    let shown = place.json(&format!("runs show {begun} --json"));
    assert_eq!(shown["status"], "succeeded");
    place
        .ade(&format!("runs retry {ended} --now -q"))
        .succeeds();
    let server = Server::dev(&place, "--no-worker");
    let path = format!("/api/v1/documents/{document}/download");
    let content = server.get(&path).is(200);
    assert_eq!(content.text(), place.read("members.csv"));
    // The output was not asked for.
    let output = format!("/api/v1/runs/{ended}/output");
    assert_ne!(server.get(&output).status, 200);
    // Files that nobody may change are so again, and the rest can be changed.
    drop(server);
    place.ade("env gc -q").succeeds();
    // Once is enough.
    place.ade_fails("restore kept.tar.gz", 1, "data_directory_not_empty");
    // Where outputs were asked for they come back.
    place.set("ADE_DATA_DIR", "whole");
    place.ade("restore whole.tar.gz").succeeds();
    let run = place.json(&format!("runs show {ended} --json"));
    let output = run["output_path"].text();
    assert!(output.contains("/whole/"), "{output}");
    assert!(fs::metadata(output).unwrap().len() > 0);
}

#[test]
fn a_backup_is_consistent_however_much_is_written_meanwhile() {
    let mut place = Place::cold();
    place.ade("run config members.csv --detach -q").succeeds();
    let submitting = place.start("run config members.csv members.csv members.csv --detach -q");
    for round in 0..3 {
        place.ade(&format!("backup {round}.tar.gz")).succeeds();
    }
    submitting.wait().succeeds();
    for round in 0..3 {
        place.set("ADE_DATA_DIR", format!("data{round}"));
        place.ade(&format!("restore {round}.tar.gz")).succeeds();
        // The input of each run that it knows is there.
        let runs = place.json("runs ls --json");
        for run in runs.list() {
            let folder = run["run_dir"].text();
            assert!(
                fs::metadata(format!("{folder}/input/members.csv")).is_ok(),
                "{run}"
            );
        }
        assert!(!runs.list().is_empty());
    }
}

#[test]
fn what_is_damaged_newer_or_no_backup_is_refused_before_anything_is_written() {
    let place = Place::cold();
    place.ade("run config members.csv --detach -q").succeeds();
    place.ade("backup kept.tar.gz").succeeds();
    let whole = fs::read(place.path("kept.tar.gz")).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    // A single bit may say the same another way, such as how far back a run of zeros begins.
    flipped[middle..middle + 64].fill(0x55);
    let refuses = |bytes: &[u8], status: i32, code: &str| {
        place.write("bad.tar.gz", bytes);
        place.ade_fails("--data-dir new restore bad.tar.gz", status, code);
        place.ade_fails("backup bad.tar.gz --verify", status, code);
        assert!(!place.path("new").exists());
    };
    refuses(&flipped, 5, "backup_damaged");
    refuses(&whole[..whole.len() - 9], 5, "backup_damaged");
    refuses(&whole[..middle], 5, "backup_damaged");
    refuses(b"", 5, "backup_damaged");
    refuses(b"something else", 5, "backup_damaged");
    let archive = |entries: &[(&str, &str)]| {
        let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gzip);
        for (name, text) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o600);
            // As it is: the library refuses to write some of them.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, text.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    };
    let about = |format: u32, schema: u32| {
        format!(
            r#"{{"format": {format}, "ade_version": "9.9.9", "schema_version": {schema}, "made_at": "2026-01-01T00:00:00Z", "outputs": false}}"#
        )
    };
    let database = ("db/ade.sqlite", "");
    refuses(
        &archive(&[("backup.json", &about(1, 999)), database]),
        5,
        "database_newer",
    );
    refuses(
        &archive(&[("backup.json", &about(2, 1)), database]),
        5,
        "database_newer",
    );
    refuses(
        &archive(&[("backup.json", &about(1, 1))]),
        5,
        "backup_damaged",
    );
    refuses(&archive(&[database]), 5, "backup_damaged");
    let outside = ("../outside", "text");
    refuses(
        &archive(&[("backup.json", &about(1, 1)), outside, database]),
        5,
        "backup_damaged",
    );
    // One that can be read, and whose database cannot: nothing is left of it.
    let broken = ("db/ade.sqlite", "no database");
    place.write(
        "bad.tar.gz",
        archive(&[("backup.json", &about(1, 1)), broken]),
    );
    place.ade_fails("--data-dir new restore bad.tar.gz", 5, "backup_damaged");
    place.ade_fails("backup bad.tar.gz --verify", 5, "backup_damaged");
    assert!(place.files_below("new").is_empty());
    // The data directory in use is none to restore into.
    place.ade_fails("restore kept.tar.gz", 1, "data_directory_not_empty");
    place.ade_fails("--data-dir new restore none.tar.gz", 2, "input_not_found");
    place.ade("--data-dir new restore kept.tar.gz").succeeds();
}
