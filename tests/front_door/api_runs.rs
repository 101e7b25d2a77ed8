//! What pages show of runs over the API: attempts, files, the queue; and that runs are deleted.

use crate::common;

use ade::base::clock::Timestamp;
use ade::store::Scope;
use common::api::Server;
use common::{Place, Told};
use serde_json::{Value, json};

/// A server without a worker, the id of the configuration, and that of a document.
fn served(place: &Place) -> (Server, String, String) {
    let configuration = place.configuration_id("config");
    let server = Server::of(place);
    let document = server.upload(&place.path("members.csv"));
    (server, configuration, document)
}

/// Submits a run. Returns its id.
fn submit(server: &Server, configuration: &str, document: &str) -> String {
    server.submit(configuration, document)["id"].string()
}

fn work(place: &Place) {
    place.ade("worker --drain -q").succeeds();
}

/// One place for all of it: an environment of its own takes long.
#[test]
fn pages_show_attempts_files_and_the_queue_and_runs_are_deleted() {
    let place = Place::ready();
    let (mut server, configuration, document) = served(&place);
    let admin = server.token(Scope::Admin, None);
    for step in [
        attempts_are_told,
        a_run_is_deleted_with_its_files,
        the_queue_is_told_in_its_order,
    ] {
        step(&place, &mut server, &configuration, &document);
        server.use_token(admin.clone());
    }
    a_run_has_its_record_from_its_first_moment_to_any_end(
        &place,
        &server,
        &configuration,
        &document,
    );
    again_is_with_the_configuration_as_it_is_now(&place, &server, &configuration, &document);
    files_are_listed_with_how_long_they_are_kept(&place, &server, &configuration, &document);
    a_run_keeps_its_input_when_the_document_is_deleted(&place, &server, &configuration, &document);
}

fn a_run_is_deleted_with_its_files(
    place: &Place,
    server: &mut Server,
    configuration: &str,
    document: &str,
) {
    let id = submit(server, configuration, document);
    let path = format!("runs/{id}");
    let delete = |server: &Server| server.bare("DELETE", &path);
    delete(server).refuses(409, "run_not_ended");
    work(place);
    assert!(place.run_folder(&id).is_dir());
    let admin = server.token(Scope::Admin, None);
    server.use_token(server.token(Scope::Run, None));
    delete(server).refuses(403, "forbidden");
    server.use_token(server.token(Scope::Admin, Some(&["elsewhere"])));
    delete(server).refuses(404, "run_not_found");
    server.use_token(admin);
    delete(server).is(204);
    assert!(!place.run_folder(&id).exists());
    server.refuses(&path, 404, "run_not_found");
    delete(server).refuses(404, "run_not_found");
    // What it was made from is still there.
    server
        .get(&format!("documents/{document}/download"))
        .is(200);
}

fn a_run_has_its_record_from_its_first_moment_to_any_end(
    place: &Place,
    server: &Server,
    configuration: &str,
    document: &str,
) {
    let run = server.submit(configuration, document);
    let id = run["id"].string();
    let folder = place.run_folder(&id);
    let read =
        |name: &str| -> Value { serde_json::from_str(&place.read(folder.join(name))).unwrap() };
    let events = place.events(&id);
    assert_eq!(events[0]["event"], "run.queued");
    assert_eq!(events[0]["data"]["input"], "members.csv");
    // Of the moment in which it was submitted.
    let instant = |value: &Value| Timestamp::parse(value.text(), Timestamp(0)).unwrap().0;
    let apart = instant(&run["created_at"]) - instant(&events[0]["timestamp"]);
    assert!((0..60_000).contains(&apart), "{apart}");
    let request = read("run-request.json");
    assert_eq!(request["run_id"], id.as_str());
    assert_eq!(request["attempt"], 0);
    assert_eq!(request["environment"]["python"], json!(null));
    // The page about it names its keys.
    let page = include_str!("../../docs/reference/artifact.md");
    let (_, section) = page.split_once("## run-request.json").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let named = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let keys = request.as_object().unwrap().keys();
    assert!(keys.eq(named), "{section}\n{request}");
    // It waits, and is cancelled.
    assert!(!folder.join("artifact.json").exists());
    server
        .post(&format!("runs/{id}/cancel"), &json!({}))
        .is(200);
    place.is_sound(&id, "cancelled", &[]);
    let artifact = server.read(&format!("runs/{id}/artifact"));
    assert_eq!(artifact["run"]["attempt"], 0);
    assert_eq!(artifact["environment"], json!(null));
    // One that is not accepted leaves nothing.
    let before = place.files_below("data/workspaces");
    server
        .post(
            &format!("configs/{configuration}/runs"),
            &json!({"document_id": "0199"}),
        )
        .refuses(404, "not_found");
    assert_eq!(place.files_below("data/workspaces"), before);
}

fn again_is_with_the_configuration_as_it_is_now(
    place: &Place,
    server: &Server,
    configuration: &str,
    document: &str,
) {
    let id = submit(server, configuration, document);
    let post = |what: &str| server.post(&format!("runs/{id}/{what}"), &json!({}));
    post("again").refuses(409, "run_not_ended");
    work(place);
    let name = "src/ade_config/columns/fields.py";
    let before = place.read(format!("config/{name}"));
    place.write(format!("config/{name}"), format!("{before}\n# mended\n"));
    let run = |id: &str| server.read(&format!("runs/{id}"));
    let digest = |id: &str| run(id)["source_digest"].clone();
    let (again, as_it_was) = (post("again").is(201).id(), post("retry").is(201).id());
    assert_eq!(digest(&as_it_was), digest(&id));
    assert_ne!(digest(&again), digest(&id));
    assert_eq!(run(&again)["retry_of_run_id"], id.as_str());
    // Each run has its files as they were.
    let file = |id: &str, path: &str| server.get(&format!("runs/{id}/configuration/{path}"));
    assert_eq!(file(&id, name).is(200).body, before.as_bytes());
    assert_ne!(file(&again, name).is(200).body, before.as_bytes());
    file(&id, "no.py").refuses(404, "not_found");
    assert!(file(&id, "../../x").status >= 400);
    work(place);
    assert_eq!(run(&again)["status"], "succeeded");
    let metrics = &run(&again)["metrics"];
    assert_eq!(metrics["missing_fields"], json!([]));
    let listed = |filter: &str| {
        let page = server.read(&format!("runs?{filter}&counts=true&limit=1000"));
        let found = page["items"].list().len();
        (found, page["counts"]["fields_missing"].as_u64().unwrap())
    };
    assert_eq!(listed("fields_missing=true"), (0, 0));
    assert!(listed("fields_missing=false").0 >= 3);
    place.write(format!("config/{name}"), &before);
}

fn a_run_keeps_its_input_when_the_document_is_deleted(
    place: &Place,
    server: &Server,
    configuration: &str,
    document: &str,
) {
    let id = submit(server, configuration, document);
    work(place);
    let path = format!("documents/{document}");
    server.bare("DELETE", &path).is(204);
    let input = server.get(&format!("runs/{id}/input")).is(200);
    assert_eq!(input.body, place.read("members.csv").as_bytes());
    let again = server.post(&format!("runs/{id}/retry"), &json!({}));
    let again = again.is(201).id();
    // That one has a copy of its own from the beginning.
    server.bare("DELETE", &format!("runs/{id}")).is(204);
    work(place);
    assert_eq!(server.read(&format!("runs/{again}"))["status"], "succeeded");
}

fn files_are_listed_with_how_long_they_are_kept(
    place: &Place,
    server: &Server,
    configuration: &str,
    document: &str,
) {
    let id = submit(server, configuration, document);
    let listed = || server.read(&format!("runs/{id}/files"));
    let waiting = listed()["items"]
        .list()
        .iter()
        .map(|item| item["kind"].string())
        .collect::<Vec<_>>();
    assert_eq!(waiting, ["log", "request"]);
    let early = server.get(&format!("runs/{id}/files/x"));
    early.refuses(409, "output_not_ready");
    work(place);
    let files = listed();
    let items = files["items"].list();
    let of_kind = |kind: &str| {
        let mut found = items.iter().filter(|item| item["kind"] == kind);
        let item = found.next().unwrap_or_else(|| panic!("no {kind}: {files}"));
        assert!(found.next().is_none(), "{files}");
        item
    };
    assert_eq!(of_kind("input")["name"], "members.csv");
    assert_eq!(of_kind("output")["name"], "members_normalized.xlsx");
    for kind in ["input", "output", "artifact"] {
        let item = of_kind(kind);
        let body = server.get(item["href"].text()).is(200).body;
        assert_eq!(item["size_bytes"], body.len(), "{item}");
    }
    server.get(of_kind("log")["href"].text()).is(200);
    assert_eq!(of_kind("request")["href"], json!(null));
    let ended = server.read(&format!("runs/{id}"))["completed_at"].clone();
    let instant = |value: &Value| {
        let text = value.text();
        Timestamp::parse(text, Timestamp(0)).unwrap().0
    };
    let days = 24 * 3600 * 1000;
    assert_eq!(instant(&files["kept_until"]), instant(&ended) + 30 * days);
    assert_eq!(of_kind("output")["kept_until"], files["kept_until"]);

    // What code of the configuration writes beside its output is listed; where a link leads is not.
    let output = place.run_folder(&id).join("output");
    std::fs::write(output.join("members_normalized.csv"), "a\n").unwrap();
    std::fs::write(output.join("mehr & größer.txt"), "abc").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", output.join("link.txt")).unwrap();
    let files = listed();
    let told = files["items"].list().iter().map(|item| {
        let text = |key: &str| item[key].string();
        (text("kind"), text("name"))
    });
    let told: Vec<_> = told.collect();
    let has = |kind: &str, name: &str| told.contains(&(kind.to_owned(), name.to_owned()));
    assert!(
        has("table", "members_normalized.csv") && has("other", "mehr & größer.txt"),
        "{files}"
    );
    assert_eq!(told.len(), items.len() + 2, "{files}");
    for item in files["items"].list() {
        if ["table", "other"].contains(&item["kind"].text()) {
            let body = server.get(item["href"].text()).is(200).body;
            assert_eq!(item["size_bytes"], body.len(), "{item}");
        }
    }
    let file = |name: &str| server.get(&format!("runs/{id}/files/{name}"));
    // What has a route of its own, what a link leads to, and what lies elsewhere is none of these.
    for name in [
        "members_normalized.xlsx",
        "link.txt",
        "events.ndjson",
        "..%2Fartifact.json",
        "%2Fetc%2Fpasswd",
    ] {
        file(name).refuses(404, "not_found");
    }

    // They may be kept for ever.
    let ever = Server::with(place, &[("ADE_WORKER_RUN_ARTIFACT_TTL_DAYS", "0")]);
    let kept = ever.read(&format!("runs/{id}/files"));
    assert_eq!(kept["kept_until"], json!(null));
    assert_ne!(kept["items"], json!([]));

    place.change("UPDATE runs SET artifacts_deleted_at = 1");
    file("members_normalized.csv").refuses(410, "input_gone");
    assert_eq!(listed(), json!({"items": [], "kept_until": null}));
}

fn attempts_are_told(place: &Place, server: &mut Server, configuration: &str, document: &str) {
    let id = submit(server, configuration, document);
    let path = format!("runs/{id}/attempts");
    assert_eq!(server.read(&path), json!({"items": []}));
    work(place);
    place.change(&format!(
        "INSERT INTO run_attempts (run_id, attempt, worker, started_at, completed_at, outcome, error)
         VALUES ('{id}', 0, 'there:1:0', 1, 2, 'lost', 'cannot read {}/x')",
        place.path("data").display()
    ));
    let told = server.read(&path);
    let lost = json!({"attempt": 0, "worker": "there:1:0", "outcome": "lost", "error": "cannot read <data>/x",
        "started_at": "1970-01-01T00:00:00.001Z", "completed_at": "1970-01-01T00:00:00.002Z"});
    common::has(&told["items"][0], lost);
    let last = &told["items"][1];
    common::has(
        last,
        json!({"attempt": 1, "outcome": "succeeded", "exit_code": 0, "error": null}),
    );
    assert!(last["peak_memory_bytes"].as_u64().unwrap() > 0, "{last}");
    assert!(last["cpu_seconds"].as_f64().unwrap() > 0.0, "{last}");
    assert!(last["worker"].is_string(), "{last}");
    // Where a worker is, is told to tokens for all workspaces.
    server.use_token(server.token(Scope::Read, Some(&["default"])));
    assert_eq!(server.read(&path)["items"][1]["worker"], json!(null));
    server.use_token(server.token(Scope::Read, Some(&["elsewhere"])));
    server.refuses(&path, 404, "run_not_found");
}

fn the_queue_is_told_in_its_order(
    place: &Place,
    server: &mut Server,
    configuration: &str,
    document: &str,
) {
    place.configuration("cold").depend_on(&["no-such-package"]);
    let waiting = place.enqueue("cold", "members.csv");
    let first = submit(server, configuration, document);
    let later = submit(server, configuration, document);
    let last = submit(server, configuration, document);
    place.change(&format!(
        "UPDATE queue SET available_at = 4000000000000 WHERE run_id = '{later}'"
    ));
    let told = |page: &Value| -> Vec<(u64, String, String)> {
        let items = page["items"].list().iter();
        let told = items.map(|item| {
            let text = |value: &Value| value.string();
            let position = item["position"].as_u64().unwrap();
            (position, text(&item["waits_for"]), text(&item["run"]["id"]))
        });
        told.collect()
    };
    let all = server.read("queue");
    let wanted = [
        (1, "slot".to_owned(), first.clone()),
        (2, "slot".to_owned(), last.clone()),
        (3, "environment".to_owned(), waiting),
        (4, "retry".to_owned(), later),
    ];
    assert_eq!(told(&all), wanted);
    assert_eq!(all["next_cursor"], json!(null));
    assert_eq!(all["items"][3]["available_at"], "2096-10-02T07:06:40.000Z");
    assert_eq!(all["items"][0]["run"]["status"], "queued");
    // A page goes on behind one whose last run has left the queue.
    let page = server.read("queue?limit=1");
    assert_eq!(told(&page), wanted[..1]);
    server
        .post(&format!("runs/{first}/cancel"), &json!({}))
        .is(200);
    let next = page["next_cursor"].text();
    let page = server.read(&format!("queue?limit=2&cursor={next}"));
    let ids: Vec<_> = told(&page).into_iter().map(|(_, _, id)| id).collect();
    assert_eq!(ids, [&*last, &*wanted[2].2]);
    server.refuses_field("queue?limit=0", "limit");
    server.refuses_field("queue?cursor=x", "cursor");
    server.refuses("queue?workspace=other", 404, "not_found");
    server.use_token(server.token(Scope::Admin, Some(&["elsewhere"])));
    server.refuses("queue", 404, "not_found");
    place.ade("runs cancel --status queued").succeeds();
}
