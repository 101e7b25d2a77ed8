//! The HTTP API as a program sees it: who may use it, what is refused and how, runs and their streams.

use crate::common;

use common::{Place, Request, Server, Told, demand_event, frames, has, wait_for};
use serde_json::{Value, json};

/// A server with these flags, the path to which runs are submitted, and the id of a document.
fn served(place: &Place, flags: &str) -> (Server, String, String) {
    let configuration = place.configuration_id("config");
    let server = Server::dev(place, flags);
    let document = server.upload(&place.path("members.csv"));
    let runs = format!("/api/v1/configs/{configuration}/runs");
    (server, runs, document)
}

/// The same without a worker.
fn idle() -> (Place, Server, String, String) {
    let place = Place::cold();
    let (server, runs, document) = served(&place, "--no-worker");
    (place, server, runs, document)
}

/// The same with a run that waits, and the run's path.
fn queued() -> (Place, Server, Value, String) {
    let (place, server, runs, document) = idle();
    let run = submit(&server, &runs, &document);
    let path = path_of(&run);
    (place, server, run, path)
}

fn submit(server: &Server, runs: &str, document: &str) -> Value {
    let answer = server.post(runs, &json!({"document_id": document}));
    answer.is(201).json()
}

fn path_of(run: &Value) -> String {
    format!("/api/v1/runs/{}", run["id"].text())
}

/// One place for all of it: an environment of its own takes long.
#[test]
fn a_document_is_uploaded_run_followed_and_its_workbook_downloaded() {
    let mut place = Place::cold();
    place.hurry();
    let (server, runs, document) = served(&place, "");
    lines_begin_with_the_run_and_end_with_its_end(&server, &runs, &document);
    let run = submit(&server, &runs, &document);
    let (id, path) = (run["id"].text(), path_of(&run));
    assert_eq!(run["status"], "queued");
    let document = run["document_id"].text();
    let document = server.read(&format!("/api/v1/documents/{document}"));
    assert_eq!(document["name"], "members.csv");

    let events = server.events(id, 0);
    let names: Vec<&str> = events.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names[..2], ["run.queued", "run.start"], "{names:?}");
    assert_eq!(names.last(), Some(&"run.complete"), "{names:?}");
    let numbers: Vec<u64> = events.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    a_stream_resumes_behind_the_last_event(&server, id, &path, &events);
    a_log_is_read_in_pages(&server, &path, &events);

    let shown = server.read(&path);
    assert_eq!(shown["status"], "succeeded", "{shown}");
    assert_eq!(shown["metrics"]["rows"], 1);
    let output = server.get(&format!("{path}/output")).is(200);
    assert_eq!(&output.body[..2], b"PK");
    let saved = place.write("downloaded.xlsx", &output.body);
    assert_eq!(
        place.cells(&saved),
        place.cells(place.latest_run()["output_path"].text())
    );
    let input = server.get(&format!("{path}/input")).is(200);
    assert_eq!(input.body, place.read("members.csv").as_bytes());
    let artifact = server.read(&format!("{path}/artifact"));
    assert_eq!(artifact["run"]["id"], *id);
    a_download_that_broke_off_is_continued(&server, &path);
    cells_are_read_by_window(&server, &path);
}

fn lines_begin_with_the_run_and_end_with_its_end(server: &Server, runs: &str, document: &str) {
    let answer = server
        .post(runs, &json!({"document_id": document, "stream": true}))
        .is(200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let lines = answer.text();
    let lines = lines.lines().filter(|line| !line.is_empty());
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines
        .iter()
        .for_each(|line| demand_event("RunStreamLine", line));
    let names: Vec<&str> = lines.iter().map(|line| line["event"].text()).collect();
    assert_eq!(names[0], "run.created");
    assert_eq!(lines[0]["data"]["run"]["status"], "queued");
    assert_eq!(
        names[1], "run.log",
        "the engine's environment is waited for: {names:?}"
    );
    assert!(
        names.contains(&"run.started") && names.contains(&"engine.run.completed"),
        "{names:?}"
    );
    let last = lines.last().unwrap();
    assert_eq!(last["event"], "run.completed");
    assert_eq!(last["data"]["run"]["status"], "succeeded");
}

fn a_stream_resumes_behind_the_last_event(
    server: &Server,
    id: &str,
    path: &str,
    all: &[(u64, String)],
) {
    for after in [1, 3, all.len() as u64 - 1] {
        let rest = server.events(id, after);
        assert_eq!(
            rest,
            all[usize::try_from(after).unwrap()..],
            "after {after}"
        );
    }
    assert!(server.events(id, all.len() as u64).is_empty());
    let by_query = server.get(&format!("{path}/events?after_id=2")).is(200);
    assert_eq!(frames(&by_query.text()), all[2..]);
    server
        .ask("GET", &format!("{path}/events"))
        .header("Last-Event-ID", "seven")
        .send()
        .refuses(422, "invalid_field");
}

fn a_log_is_read_in_pages(server: &Server, path: &str, all: &[(u64, String)]) {
    let (mut after, mut read) = (0, Vec::new());
    loop {
        let path = format!("{path}/logs?after_id={after}&limit=3");
        let page = server.read(&path);
        for entry in page["entries"].list() {
            assert!(
                entry["data"].is_object() && entry["created"].is_string(),
                "{entry}"
            );
            read.push((entry["id"].as_u64().unwrap(), entry["event"].string()));
        }
        after = page["next_after_id"].as_u64().unwrap();
        assert_eq!(after, read[read.len() - 1].0);
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(read, all);
    // At the end of the log nothing comes, and a reader who goes on from there does not begin anew.
    let end = server.read(&format!("{path}/logs?after_id={after}"));
    has(
        &end,
        json!({"entries": [], "next_after_id": after, "has_more": false}),
    );
    for limit in ["0", "1001", "x"] {
        server.refuses_field(&format!("{path}/logs?limit={limit}"), "limit");
    }
}

#[test]
fn without_a_valid_token_nothing_is_told() {
    let (place, server, ..) = idle();
    let paths = [
        "/api/v1/runs",
        "/api/v1/runs/1/events",
        "/api/v1/workspaces",
    ];
    for path in paths {
        let problem = server.plain("GET", path).send();
        assert!(problem.header("www-authenticate").is_some(), "{path}");
        problem.refuses(401, "unauthorized");
        for value in ["Bearer ade_0", "Bearer ", "Basic YTpi", "ade"] {
            server
                .plain("GET", path)
                .header("Authorization", value)
                .send()
                .refuses(401, "unauthorized");
        }
    }
    let open = [
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/openapi.json",
        "/docs",
        "/console",
    ];
    for path in open {
        server.plain("GET", path).send().is(200);
    }
    // Nor is a page of another name, which reaches a server on loopback.
    let foreign = server.ask("GET", "/api/v1/runs");
    let foreign = foreign.header("Host", "127.0.0.1.attacker.example").send();
    foreign.refuses(421, "wrong_host");
    let answer = server.get("/api/v1/runs").is(200);
    assert!(answer.header("access-control-allow-origin").is_none());
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    // A token is refused within a second of its end.
    let token = place.token("--scope read");
    let with_token = || server.plain("GET", "/api/v1/runs").by(&token).send();
    with_token().is(200);
    place.ade("tokens revoke t").succeeds();
    wait_for("the token's end", || with_token().status == 401);
}

#[test]
fn a_token_allows_what_its_scope_says_in_its_workspaces() {
    let (place, server, _, path) = queued();
    let reader = place.token("--scope read");
    let elsewhere = place.token("--scope admin --for other");
    let by = |token: &str, method: &str, path: &str| server.plain(method, path).by(token).send();
    by(&reader, "GET", &path).is(200);
    let problem = by(&reader, "POST", &format!("{path}/cancel")).refuses(403, "forbidden");
    assert!(problem["detail"].text().contains("\"run\""), "{problem}");
    // What lies in another workspace does not exist for the token.
    by(&elsewhere, "GET", &path).refuses(404, "run_not_found");
    by(&elsewhere, "GET", "/api/v1/runs").refuses(404, "not_found");
    by(&elsewhere, "GET", "/api/v1/runs?workspace=other").refuses(404, "not_found");
    server
        .post("/api/v1/workspaces", &json!({"id": "other"}))
        .is(201);
    by(&elsewhere, "GET", "/api/v1/runs?workspace=other").is(200);
}

#[test]
fn wrong_input_is_named_by_its_field() {
    let (place, server, runs, document) = idle();
    let named = |body: Value, field: &str| server.post(&runs, &body).refuses_field(field);
    named(json!({}), "document_id");
    named(json!({"document_id": document, "colour": 1}), "colour");
    for (option, wrong) in [
        ("dry", json!(true)),
        ("log_level", json!("loud")),
        ("input_sheet_names", json!(["A\u{0}B"])),
        ("timeout_seconds", json!(0)),
        ("runtime_network_access", json!(true)),
    ] {
        let body = json!({"document_id": document, "options": {option: wrong}});
        named(body, &format!("options.{option}"));
    }
    let absent = json!({"document_id": "01900000-0000-7000-8000-000000000000"});
    server.post(&runs, &absent).refuses(404, "not_found");
    let body = json!({"document_id": document});
    let nowhere = server.post("/api/v1/configs/nothing/runs", &body);
    nowhere.refuses(404, "not_found");
    let asked = |kind: &str, body: String| {
        let request = server.ask("POST", &runs).header("Content-Type", kind);
        request.body(body).send()
    };
    asked("text/plain", "{}".to_owned()).refuses(415, "unsupported_media_type");
    asked("application/json", "{\"document_id\"".to_owned()).refuses(400, "bad_request");
    let large = json!({"document_id": "x".repeat(2_000_000)}).to_string();
    asked("application/json", large).refuses(413, "too_large");
    let mut early = server
        .ask("POST", &runs)
        .header("Content-Type", "application/json")
        .header("Content-Length", "100")
        .body("{\"document_id\":")
        .begin();
    early.close_sending();
    if let Some(answer) = early.try_answer() {
        answer.refuses(400, "bad_request");
    }
    for (query, field) in [
        ("status=done", "status"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("cursor=x", "cursor"),
        ("since=yesterdayish", "since"),
        ("color=red", "color"),
    ] {
        server.refuses_field(&format!("/api/v1/runs?{query}"), field);
    }
    server.refuses("/api/v1/nothing", 404, "not_found");
    let deleted = server.bare("DELETE", "/api/v1/runs");
    deleted.refuses(405, "method_not_allowed");
    // Nor does an error name a path of the machine.
    std::fs::remove_dir_all(place.path("config")).unwrap();
    let gone = server.post(&runs, &json!({"document_id": document}));
    assert!(gone.status >= 400, "{gone:?}");
}

#[test]
fn what_a_run_has_not_left_yet_is_a_conflict() {
    let (place, server, run, path) = queued();
    // It is the run of the command line, without what that adds for people.
    let by_api = server.read(&path);
    let mut by_command = place.latest_run();
    if let Some(object) = by_command.as_object_mut() {
        object.retain(|key, _| by_api.get(key).is_some());
    }
    // A client sees where something lies below the data directory, and no more.
    let data = place.path("data").display().to_string();
    let folder = by_command["run_dir"].text();
    by_command["run_dir"] = json!(folder.replace(&data, "<data>"));
    let folder = by_command["configuration_path"].text();
    let parts: Vec<&str> = folder.rsplit('/').take(2).collect();
    by_command["configuration_path"] = json!(format!("…/{}/{}", parts[1], parts[0]));
    assert_eq!(by_api, by_command);

    let id = run["id"].text();
    let ask = |what: &str| server.bare("POST", &format!("{path}/{what}"));
    for what in [
        "output",
        "artifact",
        "issues",
        "annotated",
        "rows?sheet=members",
    ] {
        let answer = server.get(&format!("{path}/{what}"));
        answer.refuses(409, "output_not_ready");
    }
    ask("retry").refuses(409, "run_not_ended");
    assert_eq!(ask("cancel").is(200).json()["status"], "cancelled");
    ask("cancel").refuses(409, "run_ended");
    let output = server.get(&format!("{path}/output"));
    output.refuses(409, "run_failed_no_output");
    // Its log says so, although no worker saw it.
    let events = server.events(id, 0).into_iter();
    let names: Vec<String> = events.map(|(_, name)| name).collect();
    assert_eq!(
        names,
        ["run.queued", "run.cancel_requested", "run.complete"]
    );
    let again = ask("retry").is(201).json();
    assert_eq!(again["retry_of_run_id"], *id);
    assert_eq!(again["document_id"], run["document_id"]);
}

/// That neither is passed however many ask at once is in the store's own tests.
#[test]
fn what_is_submitted_keeps_to_its_key_and_to_the_size_of_the_queue() {
    let mut place = Place::cold();
    place.set("ADE_QUEUE_SIZE", "3");
    let (server, runs, document) = served(&place, "--no-worker");
    let submit = |key: &str, body: &Value| {
        let request = server.ask("POST", &runs).header("Idempotency-Key", key);
        request.json(body).send()
    };
    let body = json!({"document_id": document});
    let first = submit("order-7", &body).is(201).json();
    let second = submit("order-7", &body).is(200).json();
    assert_eq!(first["id"], second["id"]);
    let other = submit("order-8", &body).is(201).json();
    assert_ne!(first["id"], other["id"]);
    let dry = json!({"document_id": document, "options": {"dry_run": true}});
    submit("order-7", &dry).refuses(422, "key_in_use");
    submit(&"k".repeat(300), &body).refuses(422, "invalid_field");

    let path = path_of(&first);
    let ask = |what: &str| server.ask("POST", &format!("{path}/{what}"));
    ask("cancel").send().is(200);
    let first = ask("retry").header("Idempotency-Key", "k").send().is(201);
    let same = ask("retry").header("Idempotency-Key", "k").send().is(200);
    assert_eq!(first.json()["id"], same.json()["id"]);
    server.post(&runs, &body).is(201);
    let folder = place.latest_run()["run_dir"].string();
    let folder = std::path::PathBuf::from(folder);
    let folders = || std::fs::read_dir(folder.parent().unwrap()).unwrap().count();
    let before = folders();
    ask("retry").send().refuses(429, "queue_full");
    let refused = server.post(&runs, &body);
    let again_in = refused.header("retry-after").unwrap();
    assert!(again_in.parse::<u32>().unwrap() > 0);
    refused.refuses(429, "queue_full");
    // What is refused leaves nothing.
    assert_eq!(folders(), before);
    // The command line is not capped.
    place.ade("run config members.csv --detach -q").succeeds();

    // The figures are in the format of Prometheus.
    let text = server.plain("GET", "/metrics").send().is(200).text();
    assert!(text.contains("\nade_runs_queued 4\n"), "{text}");
    let route = "ade_http_requests_total{method=\"POST\",route=\"/api/v1/configs/{config_id}/runs\",status=\"201\"} 3";
    assert!(text.contains(route), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
}

#[test]
fn runs_are_found_by_what_they_are_called_and_counted_by_status() {
    let (_place, server, runs, document) = idle();
    let of = |labels: Value| {
        let body = json!({"document_id": document, "labels": labels});
        server.post(&runs, &body)
    };
    let acme = of(json!({"sender": "Acme", "month": "3"})).is(201).json();
    has(
        &acme,
        json!({"labels": {"month": "3", "sender": "Acme"}, "stage": "queued", "rows": null, "configuration_version": null}),
    );
    assert!(acme["configuration_name"].is_string(), "{acme}");
    let plain = submit(&server, &runs, &document);
    let ended = submit(&server, &runs, &document);
    server
        .bare("POST", &format!("{}/cancel", path_of(&ended)))
        .is(200);
    // A retry is called as the run that it repeats.
    server
        .bare("POST", &format!("{}/cancel", path_of(&acme)))
        .is(200);
    let again = server.bare("POST", &format!("{}/retry", path_of(&acme)));
    let again = again.is(201).json();
    assert_eq!(again["labels"], acme["labels"]);

    let listed = |query: &str| -> Vec<Value> {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = server.read(&format!("/api/v1/runs?{query}{cursor}"));
            assert_eq!(page["is_whole"], true);
            let items = page["items"].list().iter();
            seen.extend(items.map(|run| run["id"].clone()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return seen,
            }
        }
    };
    let ids = |runs: &[&Value]| runs.iter().map(|run| run["id"].clone()).collect::<Vec<_>>();
    let all = ids(&[&again, &ended, &plain, &acme]);
    for (query, wanted) in [
        ("status=queued&status=cancelled", all.clone()),
        ("status=queued,cancelled&limit=2", all.clone()),
        ("status=queued,cancelled&limit=3", all),
        ("status=queued", ids(&[&again, &plain])),
        ("label=sender:Acme", ids(&[&again, &acme])),
        (
            "label=sender:Acme&label=month:3&status=cancelled",
            ids(&[&acme]),
        ),
        ("q=aCmE", ids(&[&again, &acme])),
        ("has_issues=true", vec![]),
    ] {
        assert_eq!(listed(query), wanted, "{query}");
    }
    // What comes meanwhile changes no later page.
    let first = server.read("/api/v1/runs?limit=2");
    submit(&server, &runs, &document);
    let next = first["next_cursor"].text();
    let second = server.read(&format!("/api/v1/runs?limit=2&cursor={next}"));
    let second = second["items"].list().iter();
    let second: Vec<Value> = second.map(|run| run["id"].clone()).collect();
    assert_eq!(second, ids(&[&plain, &acme]));
    let page = server.read("/api/v1/runs?counts=true&limit=1&status=failed");
    has(
        &page["counts"],
        json!({"queued": 3, "running": 0, "failed": 0, "cancelled": 2, "is_whole": true}),
    );
    let found = server.read("/api/v1/runs?counts=true&label=month:3");
    has(&found["counts"], json!({"queued": 1, "cancelled": 1}));

    for (labels, field) in [
        (json!({"Sender": "x"}), "labels"),
        (json!({"sender": "x".repeat(201)}), "labels.sender"),
    ] {
        of(labels).refuses_field(field);
    }
    for (query, field) in [
        ("label=sender", "label"),
        ("label=a:1&label=a:2", "label"),
        ("q=", "q"),
        ("has_issues=maybe", "has_issues"),
        ("status=queued,done", "status"),
    ] {
        server.refuses_field(&format!("/api/v1/runs?{query}"), field);
    }
}

fn a_download_that_broke_off_is_continued(server: &Server, path: &str) {
    let path = format!("{path}/output");
    let whole = server.get(&path).is(200);
    let tag = whole.header("etag").unwrap().to_owned();
    let half = whole.body.len() / 2;
    let range = format!("bytes={half}-");
    let get = |headers: &[(&str, &str)]| {
        let request = server.ask("GET", &path);
        let with = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
        headers.iter().fold(request, with).send()
    };
    let rest = get(&[("Range", &range), ("If-Range", &tag)]).is(206);
    assert_eq!(rest.body, whole.body[half..]);
    let expected = format!("bytes {half}-{}/{}", whole.body.len() - 1, whole.body.len());
    assert_eq!(rest.header("content-range"), Some(&*expected));
    let other = get(&[("Range", &range), ("If-Range", "\"another\"")]).is(200);
    assert_eq!(other.body, whole.body);
    get(&[("If-None-Match", &tag)]).is(304);
    get(&[("Range", "bytes=99999999-")]).refuses(416, "bad_request");
}

#[test]
fn a_browser_signs_in_and_changes_something_only_from_a_page_of_this_server() {
    let (_place, server, _, path) = queued();
    for path in ["/", "/sign-in"] {
        let to_console = server.plain("GET", path).send().is(303);
        assert_eq!(to_console.header("location"), Some("/console"));
    }
    let own = format!("http://{}", server.address);
    server.sign_in("ade_wrong", &own).is(401);
    // A page of another site signs nobody in as somebody else.
    let foreign = server.sign_in(&server.token, "http://attacker.example");
    foreign.refuses(403, "forbidden");
    for sent in [format!("token={}", server.token), "code=guess".to_owned()] {
        let answer = server.plain("GET", &format!("/?{sent}")).send();
        assert_eq!(answer.header("set-cookie"), None);
    }

    let get = |path: &str, cookie: &str| {
        let request = server.plain("GET", path).header("Cookie", cookie);
        request.send()
    };
    let entered = server.plain("GET", &server.link).send().is(200);
    // Once; who is signed in goes on to the console with it.
    let again = server.plain("GET", &server.link).send().is(200);
    assert_eq!(again.header("set-cookie"), None);
    assert!(again.text().contains("url=/console"));
    // And the code in it is no session.
    let code = server.link.split('=').nth(1).unwrap();
    get("/api/v1/runs", &format!("ade_session={code}")).refuses(401, "unauthorized");
    let cookie = entered.header("set-cookie").unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap();
    assert!(entered.text().contains("url=/console"));
    let session = get("/console/session", cookie).is(200).json();
    has(
        &session,
        json!({"scope": "admin", "workspace": "default", "this_machine": true}),
    );
    // A program's token needs no value of its own for that, and gets none.
    let program = server.read("/console/session");
    assert_eq!(program["csrf"], Value::Null);
    get("/api/v1/runs", cookie).is(200);

    let cancel = |csrf: Option<&str>| {
        let request = server
            .plain("POST", &format!("{path}/cancel"))
            .header("Cookie", cookie);
        match csrf {
            Some(value) => request.header("X-CSRF-Token", value).send(),
            None => request.send(),
        }
    };
    cancel(None).refuses(403, "forbidden");
    cancel(Some("guess")).refuses(403, "forbidden");
    let csrf = session["csrf"].text();
    cancel(Some(csrf)).is(200);

    let out = |origin: &str| {
        server
            .plain("POST", "/sign-out")
            .header("Cookie", cookie)
            .header("Origin", origin)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(format!("csrf={csrf}"))
            .send()
    };
    out("http://attacker.example").refuses(403, "forbidden");
    out(&own).is(303);
    get("/api/v1/runs", cookie).refuses(401, "unauthorized");
}

fn cells_are_read_by_window(server: &Server, path: &str) {
    let sheets = server.read(&format!("{path}/sheets?side=input"));
    has(&sheets["sheets"][0], json!({"rows": 2, "columns": 2}));
    let part = format!("{path}/cells?side=input&rows=2-200&columns=1-100");
    let answer = server.get(&part).is(200);
    let window = answer.json();
    assert_eq!(window["rows"], json!([["Ann", "ann@example.org"]]));
    has(&window, json!({"first_row": 2, "total_rows": 2}));
    let tag = answer.header("etag").unwrap();
    let again = server.ask("GET", &part).header("If-None-Match", tag);
    again.send().is(304);
    let cells = |query: &str| server.get(&format!("{path}/cells?{query}"));
    let output = server.read(&format!("{path}/cells"));
    assert_eq!(output["rows"].list().len(), 2, "{output}");
    for (query, field) in [
        ("rows=1-201", "rows"),
        ("columns=x", "columns"),
        ("side=middle", "side"),
    ] {
        cells(query).refuses_field(field);
    }
    cells("sheet=none").refuses(404, "sheet_not_found");
    cells("rows=500-600").refuses(422, "bad_window");
}
