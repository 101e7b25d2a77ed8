//! Following the work of a workspace over the API: events of runs, environments and counts; statistics.

use crate::common;

use ade::store::Scope;
use common::{Exchange, Place, Server, Told, api, demand_event, has};
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
    fn connect(server: &Server, query: &str, after: Option<u64>) -> Self {
        let mut request = server.ask("GET", &format!("events{query}"));
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

/// Returns the statuses of a run in events, without immediate repetitions.
fn statuses(events: &[Event], id: &str) -> Vec<String> {
    let mut statuses: Vec<String> = events
        .iter()
        .filter(|event| event.name == "run" && event.data["id"] == id)
        .map(|event| event.data["status"].string())
        .collect();
    statuses.dedup();
    statuses
}

#[test]
fn a_run_arrives_from_queued_to_succeeded_at_each_client_in_order() {
    let place = Place::held("");
    let server = Server::dev(&place, "--no-worker --no-web");
    let mut clients = ["", "?workspace=default"].map(|query| Client::connect(&server, query, None));
    for client in &mut clients {
        let first = client.next();
        assert_eq!(
            (first.name.as_str(), &first.data["queued"]),
            ("counts", &json!(0))
        );
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
    let shown = server.read(&format!("runs/{run}"));
    for told in &told {
        assert_eq!(statuses(told, &run), ["queued", "running", "succeeded"]);
        assert_eq!(told[told.len() - 1].data, shown, "the run is the object");
    }
    let [mut first, mut second] = clients;
    let counted = first.until(|event| event.name == "counts" && event.data["running"] == 0);
    let counts = &counted[counted.len() - 1].data;
    has(counts, json!({"queued": 0, "succeeded": 1, "failed": 0}));

    // A request to cancel is a change of its own.
    std::fs::remove_file(place.path("open")).unwrap();
    let run = place.enqueue("config", "members.csv");
    second.until(|event| is_run(event, &run, "running"));
    place.ade(&format!("runs cancel {run}")).success();
    let told = second.until(|event| is_run(event, &run, "cancelled"));
    assert!(!told[told.len() - 1].data["cancel_requested_at"].is_null());
    worker.stops();

    // Environments are rebuilt, and deleted, after which clients have to reload lists.
    place.ade("env build config --force").success();
    let ready = |event: &Event| event.name == "environment" && event.data["status"] == "ready";
    let told = second.until(ready);
    let environment = &told[told.len() - 1].data;
    assert_eq!(server.read("environments")["items"], json!([environment]));
    let id = environment["id"].text();
    place.ade(&format!("env rm {id}")).success();
    second.until(|event| event.name == "reset");

    // The stream ends with the server, which waits for no client.
    server.process.signal(libc::SIGTERM);
    first.exchange.rest();
    server.process.wait().success();
}

#[test]
fn a_client_that_comes_back_misses_nothing() {
    let place = Place::held("");
    place.let_go();
    let server = Server::dev(&place, "--no-worker --no-web");
    let mut client = Client::connect(&server, "", None);
    client.together();
    let last = client.last.unwrap();
    drop(client);
    let missed = || Client::connect(&server, "", Some(last)).together();

    let run = place.enqueue("config", "members.csv");
    place.ade("worker --drain").success();
    let waiting = place.enqueue("config", "members.csv");
    let told = missed();
    assert_eq!(told[0].name, "counts");
    assert_eq!(statuses(&told, &run), ["succeeded"]);
    assert_eq!(statuses(&told, &waiting), ["queued"]);
    // Programs may resume by the query instead; a client that does not say where to resume loads lists.
    let by_query = Client::connect(&server, &format!("?after_id={last}"), None).together();
    assert_eq!(statuses(&by_query, &run), ["succeeded"]);
    let anew = Client::connect(&server, "", None).together();
    assert_eq!(anew.len(), 1, "{anew:?}");

    // The server sends no older runs, unless they went back to the queue since.
    place.change(
        "UPDATE queue SET created_at = created_at - 3600000, available_at = available_at - 3600000;
         UPDATE runs SET completed_at = completed_at - 3600000 WHERE completed_at IS NOT NULL",
    );
    let old = missed();
    for id in [&run, &waiting] {
        assert_eq!(statuses(&old, id), [""; 0], "{old:?}");
    }
    place.change("UPDATE queue SET available_at = available_at + 3600000, attempt_count = 1");
    assert_eq!(statuses(&missed(), &waiting), ["queued"]);

    // There are more runs than the server sends one by one.
    let columns = "workspace_id, configuration_id, engine_spec, deps_digest, source_digest, snapshot_path, input_name, input_path,
        input_sha256, input_size_bytes, options, max_attempts, run_dir, created_at, started_at, status";
    place.change(&format!(
        "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 1001)
         INSERT INTO runs (id, {columns}, completed_at)
         SELECT printf('00000000-0000-7000-8000-%012d', n), {columns}, unixepoch() * 1000 FROM many, runs WHERE id = '{run}'"
    ));
    let many = missed();
    let has = |name: &str| many.iter().any(|event| event.name == name);
    assert!(has("counts") && has("reset") && !has("run"), "{many:?}");
}

#[test]
fn a_token_of_another_workspace_sees_nothing() {
    let mut place = Place::held("");
    place.enqueue("config", "members.csv");
    let mut server = Server::dev(&place, "--no-worker --no-web");
    server.post("workspaces", &json!({"id": "other"})).is(201);
    let mut own = Client::connect(&server, "", None);
    own.together();
    server.token = place.token("--for other --scope read");
    let mut guest = Client::connect(&server, "?workspace=other", Some(1));
    let first = guest.together();
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(
        (first[0].name.as_str(), &first[0].data["queued"]),
        ("counts", &json!(0))
    );
    // A run is queued here, and the owner gets its event; then one is queued there, which is the first event of the guest.
    let here = place.enqueue("config", "members.csv");
    own.until(|event| is_run(event, &here, "queued"));
    place.set("ADE_WORKSPACE", "other");
    let there = place.enqueue("config", "members.csv");
    for event in guest.until(|event| is_run(event, &there, "queued")) {
        assert!(!event.data.to_string().contains(&here), "{event:?}");
        let workspace = &event.data["workspace_id"];
        assert!(workspace.is_null() || workspace == "other", "{event:?}");
        // The event counts its own run only; an event of the environment may come before that.
        let queued = event.data["queued"].as_u64();
        assert!(queued.is_none_or(|queued| queued <= 1), "{event:?}");
    }
    // A token that is revoked ends its stream.
    place.ade("tokens revoke t").success();
    guest.exchange.rest();
}

/// Checks the counts of workers; those of runs that ended in a window are in tests/api/statistics.md.
#[test]
fn statistics_are_those_of_the_workers_that_live() {
    let place = Place::held("");
    let held = place.start("worker --concurrency 3");
    let run = place.enqueue("config", "members.csv");
    let mut server = api::Server::serve(&place);
    server.wait_for(&run, "running");
    let busy = server.read("stats");
    has(&busy, json!({"slots": {"all": 3, "busy": 1}}));
    has(&busy["queue"], json!({"running": 1, "queued": 0}));
    let workers = server.read("workers")["items"].clone();
    has(
        &workers[0],
        json!({"pid": held.id(), "kind": "worker", "slots": 3, "building": []}),
    );
    let execution = json!({"run_id": run, "input_name": "members.csv", "attempt": 1});
    has(&workers[0]["running"][0], execution);
    // A token for some workspaces sees the workers that execute their runs, and not where they are.
    server.post("workspaces", &json!({"id": "other"})).is(201);
    let all = server.token.clone();
    for (workspace, slots, count) in [
        ("default", json!({"all": 3, "busy": 1}), 1),
        ("other", json!({"all": 0, "busy": 0}), 0),
    ] {
        server.token = server.token(Scope::Admin, Some(&[workspace]));
        let stats = server.read(&format!("stats?workspace={workspace}"));
        assert_eq!(stats["slots"], slots, "{workspace}");
        let listed =
            [&stats["workers"], &server.read("workers")["items"]].map(|all| all.list().clone());
        for workers in listed {
            assert_eq!(workers.len(), count, "{workspace}");
            workers
                .iter()
                .for_each(|worker| has(worker, json!({"name": null, "host": null, "pid": null})));
        }
    }
    // A killed worker is not counted.
    server.token = all;
    held.dies();
    let after = server.read("stats");
    has(
        &after,
        json!({"slots": {"all": 0, "busy": 0}, "workers": []}),
    );
    place.let_go();
}
