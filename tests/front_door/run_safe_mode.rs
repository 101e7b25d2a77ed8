//! Safe mode: nothing of a configuration is executed for a run, and no environment is built.

use crate::common;

use common::{Place, Server, Told, wait_for};
use serde_json::{Value, json};

/// A place whose configuration leaves a file behind when anything of it is executed, the building of its environment included.
fn place() -> Place {
    let mut place = Place::new();
    place.hurry();
    let trace = place.path("executed");
    let configuration = place.configuration("config");
    configuration.module(&format!("open({trace:?}, 'w').close()"));
    place.members("members.csv");
    place.before_installs(&format!(": > '{}'", trace.display()));
    place
}

#[track_caller]
fn is_skipped(place: &Place, run: &Value) {
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!(run["skipped_reason"], "safe_mode", "{run}");
    assert_eq!(run["summary"], "Safe mode skip", "{run}");
    assert_eq!(run["error"], Value::Null, "{run}");
    assert_eq!(run["output_path"], Value::Null, "{run}");
    assert!(!place.path("executed").exists(), "something was executed");
    let folder = place.run_folder(run["id"].text());
    let folder = folder.to_str().unwrap();
    // Where a worker was quicker than the command or the server, it writes these files meanwhile; this one last.
    wait_for("the audit record", || {
        place.path(format!("{folder}/artifact.json")).exists()
    });
    let log = place.read(format!("{folder}/logs/events.ndjson"));
    let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(last["event"], "run.complete", "{log}");
    assert_eq!(last["data"]["skipped_reason"], "safe_mode", "{log}");
    let artifact = place.artifact(folder);
    assert_eq!(artifact["options"]["safe_mode"], true);
    Place::keeps_to_the_schema(&artifact);
}

#[test]
fn runs_end_at_once_and_are_real_again_without_it() {
    let mut place = place();
    place.set("ADE_SAFE_MODE", "1");
    place.ade("run config members.csv").succeeds();
    is_skipped(&place, &place.latest_run());
    // Left for a worker: it needs none.
    is_skipped(
        &place,
        &place.json("run config members.csv --detach --json"),
    );
    let detached = place.ade("run config members.csv --detach").succeeds();
    let detached = detached.says("members.csv: Safe mode skip");
    assert!(!detached.stderr.contains("queued"), "{detached}");
    for line in ["runs retry latest", "runs retry latest --now"] {
        place.ade(line).succeeds();
        is_skipped(&place, &place.latest_run());
    }
    place.ade_prints(
        "runs show latest",
        "it was submitted in safe mode, so nothing was executed",
    );

    place.unset("ADE_SAFE_MODE");
    place.ade("runs retry latest --now").succeeds();
    let run = place.latest_run();
    assert_eq!(run["skipped_reason"], Value::Null, "{run}");
    assert_eq!(run["metrics"]["rows"], 1, "{run}");
    assert!(place.path("executed").exists());
}

#[test]
fn a_worker_in_safe_mode_leaves_what_waits_and_builds_nothing() {
    let mut place = place();
    for _ in 0..3 {
        place.ade("run config members.csv --detach").succeeds();
    }
    for word in ["on", "reject"] {
        place.set("ADE_SAFE_MODE", word);
        for line in ["worker --drain --json", "worker --once --json"] {
            let refused = place.ade(line).ends_with(1);
            refused
                .says("safe_mode_enabled")
                .says("3 queued and not executed");
        }
        assert_eq!(place.statuses(), ["queued"; 3]);
    }
    assert!(!place.path("executed").exists());
    // What is submitted in safe mode ends, and stays ended; what waited before is executed when it is over.
    place.set("ADE_SAFE_MODE", "on");
    place.ade("run config members.csv --detach").succeeds();
    place.unset("ADE_SAFE_MODE");
    let skipped = place.latest_run();
    is_skipped(&place, &skipped);
    assert_eq!(skipped["attempt_count"], 0, "{skipped}");
    place.ade("worker --drain").succeeds();
    assert_eq!(place.statuses(), ["succeeded"; 4]);
    let runs = place.json("runs ls --json");
    let reasons = runs.list().iter();
    let skipped = reasons.filter(|run| run["skipped_reason"] == "safe_mode");
    assert_eq!(skipped.count(), 1, "{runs}");
}

#[test]
fn over_the_api_runs_are_skipped_or_refused() {
    let mut place = place();
    let configuration = place.configuration_id("config");
    let path = format!("/api/v1/configs/{configuration}/runs");
    place.set("ADE_SAFE_MODE", "1");
    let server = Server::dev(&place, "");
    let document = server.upload(&place.path("members.csv"));
    let body = json!({"document_id": document});
    let run = server.post(&path, &body).is(201).json();
    is_skipped(&place, &run);
    let id = run["id"].string();
    let again = server.post(&format!("/api/v1/runs/{id}/retry"), &json!({}));
    is_skipped(&place, &again.is(201).json());
    let streamed = json!({"document_id": document, "stream": true});
    let lines = server.post(&path, &streamed).is(200).text();
    assert!(lines.contains("run.completed"), "{lines}");
    server.process.signal(15);
    server.process.wait().ends_with(0);

    place.ade("configs default config").succeeds();
    let before = place.statuses();
    place.set("ADE_SAFE_MODE", "reject");
    let server = Server::dev(&place, "");
    server.post(&path, &body).refuses(409, "safe_mode_enabled");
    for (path, body) in [
        ("/api/v1/jobs".to_owned(), &body),
        (format!("/api/v1/runs/{id}/retry"), &json!({})),
    ] {
        server.post(&path, body).refuses(409, "safe_mode_enabled");
    }
    for line in [
        "run config members.csv",
        "run config members.csv --detach",
        "runs retry latest",
        "runs retry latest --now",
    ] {
        place.ade_fails(line, 1, "safe_mode_enabled");
    }
    assert_eq!(place.statuses(), before);
    assert!(!place.path("executed").exists());
}
