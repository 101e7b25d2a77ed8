//! Following a workspace over the API, and how its work goes: events of runs, environments and counts; statistics.

use crate::common;

use ade::store::Scope;
use common::{Exchange, Place, Server, Told, api, demand_event, has, wait_for};
use serde_json::{Value, json};

/// An event as a client got it.
#[derive(Clone, Debug, PartialEq)]
struct Event {
    id: Option<u64>,
    name: String,
    data: Value,
}

/// A client that follows a workspace.
struct Client {
    exchange: Exchange,
    /// The id behind which it would resume.
    last: Option<u64>,
}

impl Client {
    #[track_caller]
    fn of(server: &Server, query: &str, after: Option<u64>) -> Self {
        let mut request = server.ask("GET", &format!("/api/v1/events{query}"));
        if let Some(after) = after {
            request = request.header("Last-Event-ID", &after.to_string());
        }
        let mut exchange = request.begin();
        let status = exchange.line().unwrap();
        assert!(status.contains("200"), "{status}");
        Self {
            exchange,
            last: None,
        }
    }

    /// The next event.
    #[track_caller]
    fn next(&mut self) -> Event {
        let (mut id, mut name) = (None, String::new());
        loop {
            let line = self.exchange.line().expect("the stream goes on");
            let line = line.trim_end();
            if let Some(value) = line.strip_prefix("id: ") {
                id = Some(value.parse().unwrap());
            } else if let Some(value) = line.strip_prefix("event: ") {
                value.clone_into(&mut name);
            } else if let Some(value) = line.strip_prefix("data: ") {
                let data: Value = serde_json::from_str(value).unwrap();
                demand_event("WorkspaceEvent", &json!({"event": name, "data": data}));
                self.last = id.or(self.last);
                return Event { id, name, data };
            }
        }
    }

    /// The events up to the first one that is wanted, and that one.
    #[track_caller]
    fn until(&mut self, is_wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            events.push(self.next());
            if is_wanted(&events[events.len() - 1]) {
                return events;
            }
        }
    }

    /// The events that were sent together with the next one.
    #[track_caller]
    fn together(&mut self) -> Vec<Event> {
        self.until(|event| event.id.is_some())
    }
}

fn is_run(event: &Event, id: &str, status: &str) -> bool {
    event.name == "run" && event.data["id"] == id && event.data["status"] == status
}

/// The statuses of a run in events, each once where it is told again.
fn statuses(events: &[Event], id: &str) -> Vec<String> {
    let mut statuses: Vec<String> = events
        .iter()
        .filter(|event| event.name == "run" && event.data["id"] == id)
        .map(|event| event.data["status"].string())
        .collect();
    statuses.dedup();
    statuses
}

/// Copies an ended run so often under new ids, with these times before now, in milliseconds.
fn copy_ended(place: &Place, run: &str, status: &str, times: &[(i64, i64, i64)]) {
    let columns = "workspace_id, configuration_id, engine_spec, deps_digest, source_digest, snapshot_path, input_name, input_path,
        input_sha256, input_size_bytes, options, max_attempts, run_dir";
    for (made, started, ended) in times {
        let id = uuid::Uuid::now_v7();
        place.change(&format!(
            "INSERT INTO runs (id, {columns}, status, created_at, started_at, completed_at)
             SELECT '{id}', {columns}, '{status}', now - {made}, now - {started}, now - {ended}
             FROM runs, (SELECT unixepoch() * 1000 AS now) WHERE id = '{run}';
             INSERT INTO run_attempts (run_id, attempt, worker, started_at, completed_at, outcome)
             SELECT id, 1, 'w', started_at, completed_at, status FROM runs WHERE id = '{id}'"
        ));
    }
}

#[test]
fn a_run_arrives_from_queued_to_succeeded_at_each_client_in_order() {
    let place = Place::held("");
    let server = Server::dev(&place, "--no-worker --no-web");
    let mut clients = [
        Client::of(&server, "", None),
        Client::of(&server, "?workspace=default", None),
    ];
    for client in &mut clients {
        let first = client.next();
        assert_eq!(first.name, "counts", "{first:?}");
        assert_eq!(first.data["queued"], 0);
        assert!(first.id.is_some(), "nothing runs: the counts are all");
    }
    let run = place.enqueue("config", "members.csv");
    let mut told = [Vec::new(), Vec::new()];
    let mut hear = |status: &str| {
        for (client, told) in clients.iter_mut().zip(&mut told) {
            told.extend(client.until(|event| is_run(event, &run, status)));
        }
    };
    hear("queued");
    let worker = place.start("worker");
    hear("running");
    place.let_go();
    hear("succeeded");
    let shown = server.read(&format!("/api/v1/runs/{run}"));
    for told in &told {
        assert_eq!(statuses(told, &run), ["queued", "running", "succeeded"]);
        assert_eq!(told[told.len() - 1].data, shown, "the run is the object");
    }
    let [first, second] = &mut clients;
    let counted = first.until(|event| event.name == "counts" && event.data["running"] == 0);
    let counts = &counted[counted.len() - 1].data;
    has(counts, json!({"queued": 0, "succeeded": 1, "failed": 0}));

    // A request to cancel is a change of its own.
    std::fs::remove_file(place.path("open")).unwrap();
    let run = place.enqueue("config", "members.csv");
    second.until(|event| is_run(event, &run, "running"));
    place.ade(&format!("runs cancel {run}")).succeeds();
    let told = second.until(|event| is_run(event, &run, "cancelled"));
    assert!(!told[told.len() - 1].data["cancel_requested_at"].is_null());
    worker.stops();

    // Environments: built anew, and deleted, after which lists are to be loaded anew.
    place.ade("env build config --force").succeeds();
    let ready = |event: &Event| event.name == "environment" && event.data["status"] == "ready";
    let told = second.until(ready);
    let environment = told[told.len() - 1].data.clone();
    let shown = server.read("/api/v1/environments");
    assert_eq!(shown["items"], json!([environment]));
    let id = environment["id"].text();
    place.ade(&format!("env rm {id}")).succeeds();
    second.until(|event| event.name == "reset");

    // It ends with the server, which waits for nobody.
    let [first, _] = clients;
    server.process.signal(libc::SIGTERM);
    first.exchange.rest();
    server.process.wait().succeeds();
}

#[test]
fn a_client_that_comes_back_misses_nothing() {
    let place = Place::held("");
    place.let_go();
    let server = Server::dev(&place, "--no-worker --no-web");
    let mut client = Client::of(&server, "", None);
    client.together();
    let last = client.last;
    assert!(last.is_some());
    drop(client);

    let run = place.enqueue("config", "members.csv");
    place.ade("worker --drain").succeeds();
    let waiting = place.enqueue("config", "members.csv");
    let missed = Client::of(&server, "", last).together();
    assert_eq!(missed[0].name, "counts");
    assert_eq!(statuses(&missed, &run), ["succeeded"]);
    assert_eq!(statuses(&missed, &waiting), ["queued"]);
    // The same by the query, for programs; and who does not say where to resume loads lists.
    let by_query = Client::of(&server, &format!("?after_id={}", last.unwrap()), None).together();
    assert_eq!(statuses(&by_query, &run), ["succeeded"]);
    let anew = Client::of(&server, "", None).together();
    assert_eq!(anew.len(), 1, "{anew:?}");

    // What is older is not told, unless it went back to the queue since.
    let age = "- 3600000";
    place.change(&format!(
        "UPDATE queue SET created_at = created_at {age}, available_at = available_at {age};
         UPDATE runs SET completed_at = completed_at {age} WHERE completed_at IS NOT NULL"
    ));
    let old = Client::of(&server, "", last).together();
    assert_eq!(statuses(&old, &run), [""; 0], "{old:?}");
    assert_eq!(statuses(&old, &waiting), [""; 0], "{old:?}");
    place.change("UPDATE queue SET available_at = available_at + 3600000, attempt_count = 1");
    let back = Client::of(&server, "", last).together();
    assert_eq!(statuses(&back, &waiting), ["queued"], "{back:?}");

    // More than is told one by one.
    copy_ended(&place, &run, "failed", &vec![(3, 2, 1); 1001]);
    let many = Client::of(&server, "", last).together();
    let names: Vec<&str> = many.iter().map(|event| event.name.as_str()).collect();
    assert!(
        names.contains(&"counts") && names.contains(&"reset"),
        "{names:?}"
    );
    assert!(!names.contains(&"run"));

    for (header, value) in [
        ("Last-Event-ID", "x"),
        ("Last-Event-ID", "9007199254740992"),
    ] {
        let request = server.ask("GET", "/api/v1/events").header(header, value);
        request.send().refuses_field("Last-Event-ID");
    }
}

#[test]
fn a_token_of_another_workspace_sees_nothing() {
    let mut place = Place::held("");
    place.enqueue("config", "members.csv");
    let mut server = Server::dev(&place, "--no-worker --no-web");
    server
        .post("/api/v1/workspaces", &json!({"id": "other"}))
        .is(201);
    let mut own = Client::of(&server, "", None);
    own.together();
    server.token = place.token("--for other --scope read");
    for route in [
        "events",
        "events?workspace=default",
        "stats",
        "stats?workspace=default",
    ] {
        server.refuses(&format!("/api/v1/{route}"), 404, "not_found");
    }
    let stats = server.read("/api/v1/stats?workspace=other");
    assert_eq!(
        (&stats["workspace_id"], &stats["queue"]["queued"]),
        (&json!("other"), &json!(0))
    );
    let mut guest = Client::of(&server, "?workspace=other", Some(1));
    let first = guest.together();
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(
        (first[0].name.as_str(), &first[0].data["queued"]),
        ("counts", &json!(0))
    );
    // Something happens here, which the owner is told; and then there, which is the first that the guest is told.
    let here = place.enqueue("config", "members.csv");
    own.until(|event| is_run(event, &here, "queued"));
    place.set("ADE_WORKSPACE", "other");
    let there = place.enqueue("config", "members.csv");
    let told = guest.until(|event| is_run(event, &there, "queued"));
    for event in told {
        assert!(!event.data.to_string().contains(&here), "{event:?}");
        let workspace = &event.data["workspace_id"];
        assert!(workspace.is_null() || workspace == "other", "{event:?}");
        // Of its own run only; the environment may be counted before that.
        let queued = event.data["queued"].as_u64();
        assert!(queued.is_none_or(|queued| queued <= 1), "{event:?}");
    }
    // A token that is revoked ends its stream.
    place.ade("tokens revoke t").succeeds();
    guest.exchange.rest();
}

#[test]
fn statistics_are_those_of_the_window_and_of_the_workers_that_live() {
    let place = Place::held("");
    place.let_go();
    let run = place.enqueue("config", "members.csv");
    place.ade("worker --drain").succeeds();
    // Far before every window.
    place.change("UPDATE runs SET created_at = 1, started_at = 2, completed_at = 3");
    std::fs::remove_file(place.path("open")).unwrap();
    let mut server = api::Server::of(&place);
    let nothing = server.read("stats");
    assert_eq!(nothing["window_seconds"], 60);
    has(
        &nothing,
        json!({"waits": null, "durations": null, "slots": {"all": 0, "busy": 0}}),
    );
    assert_eq!(nothing["queue"]["oldest_wait_ms"], Value::Null);
    assert_eq!(nothing["ended"]["per_minute"], 0.0);

    // In the last hour but not in the last minute: made, started, and ended so many milliseconds ago.
    let minute = 60_000;
    let at = |ago: i64, waited: i64, took: i64| (ago + took + waited, ago + took, ago);
    copy_ended(&place, &run, "succeeded", &[at(10 * minute, 100, 1000)]);
    copy_ended(&place, &run, "failed", &[at(40 * minute, 5000, 4000)]);
    copy_ended(&place, &run, "failed", &[at(90 * minute, 1, 1)]);
    let hour = server.read("stats?window=3600");
    let ended = &hour["ended"];
    has(ended, json!({"succeeded": 1, "failed": 1, "cancelled": 0}));
    has(ended, json!({"per_minute": 0.03, "is_whole": true}));
    assert_eq!(ended["parts"].list().len(), 60);
    assert_eq!(hour["waits"], json!({"median_ms": 100, "p95_ms": 5000}));
    assert_eq!(
        hour["durations"],
        json!({"median_ms": 1000, "p95_ms": 4000})
    );
    let minute = server.read("stats?window=60");
    assert_eq!(minute["ended"]["succeeded"], 0);
    let day = server.read("stats?window=86400");
    assert_eq!(day["ended"]["failed"], 2);

    // Of three slots one is busy; the worker that is killed is not counted.
    let held = place.start("worker --concurrency 3");
    place.enqueue("config", "members.csv");
    wait_for("the run to start", || {
        place.query::<i64>("SELECT count(*) FROM queue WHERE status = 'running'") == 1
    });
    let busy = server.read("stats");
    assert_eq!(busy["slots"], json!({"all": 3, "busy": 1}));
    has(&busy["workers"][0], json!({"pid": held.id(), "busy": 1}));
    has(&busy["queue"], json!({"running": 1, "queued": 0}));
    let workers = server.read("workers")["items"].clone();
    assert_eq!(workers.list().len(), 1, "{workers}");
    has(
        &workers[0],
        json!({"pid": held.id(), "kind": "worker", "slots": 3, "lease_seconds": 900.0, "building": []}),
    );
    let execution = &workers[0]["running"][0];
    has(
        execution,
        json!({"run_id": place.latest_run()["id"], "input_name": "members.csv", "attempt": 1}),
    );
    // A token for some workspaces sees the workers that execute their runs.
    server.post("workspaces", &json!({"id": "other"})).is(201);
    let all = server.token(Scope::Admin, None);
    for (workspace, slots) in [("default", 3), ("other", 0)] {
        server.use_token(server.token(Scope::Admin, Some(&[workspace])));
        let stats = server.read(&format!("stats?workspace={workspace}"));
        let slots = json!({"all": slots, "busy": slots.min(1)});
        assert_eq!(stats["slots"], slots, "{workspace}");
        let workers = stats["workers"].list();
        assert_eq!(workers.len(), usize::from(workspace == "default"));
        let listed = server.read("workers")["items"].clone();
        assert_eq!(listed.list().len(), workers.len());
        for worker in workers.iter().chain(listed.list()) {
            has(worker, json!({"name": null, "host": null, "pid": null}));
        }
    }
    server.use_token(all);
    held.dies();
    let after = server.read("stats");
    has(
        &after,
        json!({"slots": {"all": 0, "busy": 0}, "workers": []}),
    );
    place.let_go();

    for window in ["0", "86401", "-1", "x"] {
        server.refuses_field(&format!("stats?window={window}"), "window");
    }
    server.refuses("stats?workspace=absent", 404, "not_found");
}
