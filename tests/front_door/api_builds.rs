//! Builds, environments and jobs over the API, with a real worker.

use crate::common;

use common::api::Server;
use common::{Place, Told, has, wait_for};
use serde_json::{Value, json};

/// The configuration is known, and its environment is not there.
fn unbuilt() -> Place {
    let place = Place::cold();
    place.configuration_id("config");
    let environment = place.environments()[0]["id"].string();
    place.ade(&format!("env rm {environment}")).succeeds();
    place
}

fn lines(body: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(body).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_build_is_asked_for_followed_and_waited_for() {
    let place = unbuilt();
    let (server, config) = Server::known(&place, &[]);
    let builds = format!("workspaces/default/configs/{config}/builds");

    // Nobody works the queue yet: it waits, and asking again changes nothing.
    let asked = server.post(&builds, &json!({})).is(202);
    let build = asked.json();
    let id = build["id"].string();
    assert_eq!(
        asked.header("location").unwrap(),
        format!("/api/v1/builds/{id}")
    );
    has(
        &build,
        json!({"status": "queued", "configuration_id": config}),
    );
    let again = server.bare("POST", &builds).is(202).json();
    assert_eq!(again["id"], json!(id));
    assert_eq!(
        server.read(&format!("builds/{id}/logs"))["entries"],
        json!([])
    );

    let worker = place.start("worker");
    let stream = server.post(&builds, &json!({"stream": true})).is(200);
    assert_eq!(stream.header("content-type"), Some("application/x-ndjson"));
    let events = lines(&stream.body);
    let names: Vec<&str> = events.iter().map(|event| event["event"].text()).collect();
    assert_eq!(names.first(), Some(&"build.created"));
    assert_eq!(names.last(), Some(&"build.completed"));
    assert!(
        names.contains(&"environment.step") && names.contains(&"environment.complete"),
        "{names:?}"
    );
    assert_eq!(events.last().unwrap()["data"]["build"]["status"], "ready");

    // Ready: nothing to do, unless it is forced.
    let ready = server.post(&builds, &json!({})).is(200).json();
    has(&ready, json!({"id": id, "status": "ready"}));
    let forced = server
        .post(&builds, &json!({"options": {"force": true, "wait": true}}))
        .is(200)
        .json();
    assert_eq!(forced["status"], "ready");
    assert_ne!(forced["folder"], ready["folder"]);
    worker.stops();

    let shown = server.read(&format!("builds/{id}"));
    assert_eq!(shown["status"], "ready");
    let page = server.read(&format!("builds/{id}/logs?limit=2"));
    has(
        &page,
        json!({"build_id": id, "next_after_id": 2, "has_more": true}),
    );
    server.refuses("builds/0199", 404, "not_found");

    // The same as an environment, with what is in it.
    let listed = server.read("environments");
    assert_eq!(listed["items"], json!([shown]));
    let details = server.read(&format!("environments/{id}"));
    details["packages"].with("name", "polars");
    assert_eq!(details["live_runs"], 0);
    server.refuses("environments/0199", 404, "not_found");

    server
        .post(&builds, &json!({"options": {"fast": true}}))
        .refuses_field("options.fast");
}

#[test]
fn a_build_that_fails_is_told_to_those_that_wait() {
    let place = unbuilt();
    place
        .configuration("config")
        .depend_on(&["et-xmlfile==99.99"]);
    let (server, config) = Server::known(&place, &[]);
    let builds = format!("configs/{config}/builds");
    let _worker = place.start("worker");
    let build = server
        .post(&builds, &json!({"options": {"wait": true}}))
        .is(200)
        .json();
    assert_eq!(build["status"], "failed", "{build}");
    assert_eq!(build["error"]["code"], "install_failed", "{build}");
    // Asking again is asking by hand: it is tried once more.
    let stream = server.post(&builds, &json!({"stream": true})).is(200);
    let events = lines(&stream.body);
    assert_ne!(events[0]["data"]["build"]["status"], "failed");
    let last = events.last().unwrap();
    has(last, json!({"event": "build.completed", "level": "error"}));
}

#[test]
fn no_more_environments_wait_than_may() {
    let place = unbuilt();
    place.configuration("second");
    let (server, config) = Server::known(&place, &[("ADE_QUEUE_SIZE", "1")]);
    server
        .post(&format!("configs/{config}/builds"), &json!({}))
        .is(202);
    let other = uploaded(&server, &place, "second");
    server
        .post(&format!("configs/{other}/publish"), &json!({"force": true}))
        .is(201);
    let builds = format!("configs/{other}/builds");
    let full = server.post(&builds, &json!({}));
    assert_eq!(full.header("retry-after"), Some("5"));
    full.refuses(503, "busy");
    // The one that waits already is no further one.
    server
        .post(&format!("configs/{config}/builds"), &json!({}))
        .is(202);
}

/// Uploads a configuration's folder as `tar` packs it. Returns its id.
fn uploaded(server: &Server, place: &Place, name: &str) -> String {
    let packed = std::process::Command::new("tar")
        .arg("-C")
        .arg(place.path(name))
        .args(["-czf", "-", "."])
        .output()
        .unwrap();
    assert!(packed.status.success());
    let path = format!("workspaces/default/configs?name={name}");
    let answer = server.put("POST", &path, "application/gzip", &packed.stdout);
    answer.is(201).id()
}

/// The version of `config` that is active, and one that is not.
fn a_job_takes_a_published_version(server: &Server, place: &Place, config: &str, members: &str) {
    let versions = || server.read(&format!("configs/{config}/versions"))["items"].clone();
    let first = versions()[0]["id"].string();
    let name = "src/ade_config/columns/fields.py";
    let text = place.read(format!("config/{name}")) + "\n# another\n";
    let path = format!("configs/{config}/files/{name}");
    let headers = [("If-Match", "*"), ("Content-Type", "text/plain")];
    server.send("PUT", &path, &headers, text.as_bytes()).is(200);
    server
        .post(
            &format!("configs/{config}/publish"),
            &json!({"force": true}),
        )
        .is(201);
    let second = versions()[0]["id"].string();
    assert_ne!(first, second);
    let ask = |job: serde_json::Value| server.post("jobs", &job);
    let of = |version: &str| json!({"document_id": members, "config_version_id": version});
    let older = ask(of(&first)).is(202);
    has(
        &older.json(),
        json!({"config_id": config, "config_version_id": first}),
    );
    let newer = ask(json!({"document_id": members})).is(202);
    assert_eq!(newer.json()["config_version_id"], second.as_str());
    let digest = |id: &str| server.read(&format!("runs/{id}"))["source_digest"].string();
    assert_eq!(digest(&older.id()), versions()[1]["source_digest"].text());
    assert_eq!(digest(&newer.id()), versions()[0]["source_digest"].text());
    let mut both = of(&first);
    both["config_id"] = json!(config);
    ask(both.clone()).is(202);
    both["config_id"] = json!("0199");
    ask(both).refuses_field("config_version_id");
    ask(of("first")).refuses_field("config_version_id");
    ask(of(&format!("{config}:9"))).refuses(404, "not_found");
    let waiting = place.json("runs ls --status queued --json");
    for run in waiting.list() {
        let id = run["id"].text();
        if id != waiting.list().last().unwrap()["id"].text() {
            server.bare("POST", &format!("runs/{id}/cancel")).is(200);
        }
    }
}

#[test]
fn a_job_is_a_run_under_another_name() {
    let place = Place::cold();
    let server = Server::of(&place);
    let config = uploaded(&server, &place, "config");
    let members = server.upload(&place.path("members.csv"));
    let job = json!({"document_id": members});

    server.post("jobs", &job).refuses_field("config_id");
    let named = json!({"document_id": members, "config_id": config});
    server.post("jobs", &named).refuses(409, "not_published");
    server
        .post(
            &format!("configs/{config}/publish"),
            &json!({"force": true}),
        )
        .is(201);

    let made = server.post("jobs", &job).is(202);
    let id = made.json()["id"].string();
    assert_eq!(
        made.header("location").unwrap(),
        format!("/api/v1/jobs/{id}")
    );
    has(
        &made.json(),
        json!({"status": "queued", "config_id": config}),
    );
    a_job_takes_a_published_version(&server, &place, &config, &members);
    let second = server.post("jobs", &named).is(202).id();
    server
        .post(&format!("runs/{second}/cancel"), &json!(null))
        .is(200);
    let cancelled = server.read(&format!("jobs/{second}"));
    assert_eq!(cancelled["status"], "error");
    assert_eq!(cancelled["error"]["code"], "cancelled");

    let worker = place.start("worker");
    wait_for("the job to end", || {
        let job = server.read(&format!("jobs/{id}"));
        assert_ne!(job["status"], "error", "{job}");
        job["status"] == "success"
    });
    let output = server.get(&format!("jobs/{id}/output")).is(200);
    assert!(output.body.starts_with(b"PK"));
    let artifact = server.get(&format!("jobs/{id}/artifact")).is(200);
    assert!(artifact.json().is_object());
    let again = server.bare("POST", &format!("jobs/{id}/retry"));
    assert_ne!(again.is(202).id(), id);
    worker.stops();
    server.refuses("jobs/0199", 404, "run_not_found");
    server
        .post("jobs", &json!({"document_id": members, "stream": true}))
        .refuses_field("stream");
    server
        .post("jobs", &json!({"document_id": "0199"}))
        .refuses(404, "not_found");
}

#[test]
fn settings_are_shown_to_administrators() {
    use ade::store::Scope;
    let place = Place::new();
    let mut server = Server::with(&place, &[("ADE_QUEUE_SIZE", "3")]);
    let settings = server.read("settings");
    let items = settings["items"].list();
    let queue = items
        .iter()
        .find(|one| one["name"] == "ADE_QUEUE_SIZE")
        .unwrap();
    has(
        queue,
        json!({"value": "3", "source": "environment variable ADE_QUEUE_SIZE"}),
    );
    let command = place.ade("settings --json").json();
    assert_eq!(command.list().len(), items.len());
    server.use_token(server.token(Scope::Run, None));
    server.refuses("settings", 403, "forbidden");
    // They are the server's, and not those of a workspace.
    server.use_token(server.token(Scope::Admin, Some(&["default"])));
    let problem = server.get("settings").refuses(403, "forbidden");
    let detail = problem["detail"].text();
    assert!(detail.contains("for all workspaces"), "{problem}");
}
