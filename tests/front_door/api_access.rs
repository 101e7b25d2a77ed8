//! What the HTTP API refuses of what is sent to it, and what it shows to whom.

use crate::common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::{Exchange, HANG, Place, Request, Server, Told};
use serde_json::{Value, json};

fn served() -> (Place, Server) {
    let place = Place::new();
    let server = Server::dev(&place, "--no-worker");
    (place, server)
}

/// What is answered to exactly these bytes; the server ends the connection.
fn said(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Every place in a body, the body itself as the first.
fn places(body: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    for (name, value) in body.as_object().into_iter().flatten() {
        let below = places(value).into_iter();
        found.extend(below.map(|place| format!("/{name}{place}")));
    }
    found
}

#[test]
fn a_body_of_another_shape_is_refused_in_the_words_of_json() {
    let (_place, server) = served();
    let options = json!({
        "dry_run": false, "validate_only": false, "input_sheet_names": ["A"], "active_sheet_only": false, "log_level": "info",
        "runtime_network_access": false, "timeout_seconds": 5, "settings": {"date_order": "mdy"},
    });
    let id = "01900000-0000-7000-8000-000000000000";
    let workspace = "/api/v1/workspaces/default";
    let bodies = [
        (
            "/api/v1/configs/none/runs".to_owned(),
            json!({"document_id": id, "stream": false, "options": options}),
        ),
        (
            "/api/v1/jobs".to_owned(),
            json!({"document_id": id, "config_id": id, "options": options}),
        ),
        (
            format!("{workspace}/configs/none/builds"),
            json!({"stream": false, "options": {"force": false, "wait": false}}),
        ),
        ("/api/v1/workspaces".to_owned(), json!({"id": "other"})),
        (format!("{workspace}/configs"), json!({"name": "other"})),
    ];
    // What could stand there: each type, and a list of what an object's fields have.
    let wrong = [
        json!(null),
        json!(true),
        json!(7),
        json!(1.5),
        json!("x"),
        json!({"a": 1}),
        json!([]),
        json!([id, false, {}]),
        json!([[]]),
    ];
    for (path, body) in &bodies {
        for place in places(body) {
            for value in &wrong {
                let mut sent = body.clone();
                *sent.pointer_mut(&place).unwrap() = value.clone();
                let answer = server.post(path, &sent);
                let mut told = answer.json();
                // Any letters may be in an id.
                told["request_id"] = Value::Null;
                let text = told.to_string();
                assert!(answer.status < 500, "{path} {sent}: {text}");
                for word in [
                    "struct",
                    "New",
                    "sequence",
                    "unit",
                    "invalid type",
                    "u32",
                    "f64",
                ] {
                    assert!(!text.contains(word), "{path} {sent}: {text}");
                }
                let is_list = place.ends_with("input_sheet_names");
                if value.is_array() && !is_list {
                    let field = place.trim_start_matches('/').replace('/', ".");
                    let field = if field.is_empty() { "body" } else { &field };
                    answer.refuses_field(field);
                }
            }
        }
    }
    // Each with the words for its field.
    for (options, detail) in [
        (json!(7), "options: must be an object, and is 7"),
        (json!(null), "options: must be an object, and is null"),
        (
            json!({"dry_run": "yes"}),
            "options.dry_run: must be true or false, and is a text",
        ),
        (
            json!({"timeout_seconds": {}}),
            "options.timeout_seconds: must be a number, and is an object",
        ),
        (
            json!({"input_sheet_names": "A"}),
            "options.input_sheet_names: must be an array, and is a text",
        ),
        (
            json!({"input_sheet_names": [1]}),
            "options.input_sheet_names[0]: must be a text, and is 1",
        ),
    ] {
        let body = json!({"document_id": id, "options": options});
        let problem = server.post("/api/v1/configs/none/runs", &body);
        assert_eq!(problem.refuses(422, "invalid_field")["detail"], detail);
    }
    let twice = server
        .ask("POST", "/api/v1/workspaces")
        .header("Content-Type", "application/json")
        .body(r#"{"id": "one", "id": "two"}"#)
        .send();
    twice.refuses_field("id");
}

#[test]
fn a_request_that_names_several_hosts_is_refused() {
    let (_place, server) = served();
    let own = &server.address;
    let port = own.rsplit_once(':').unwrap().1;
    let ask = |target: &str, hosts: &[&str]| {
        let hosts: String = hosts
            .iter()
            .map(|host| format!("Host: {host}\r\n"))
            .collect();
        said(
            &server,
            &format!("GET {target} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n"),
        )
    };
    let own_target = format!("http://{own}/healthz");
    for answer in [
        ask("/healthz", &[own]),
        ask(&own_target, &[own]),
        ask(
            &format!("HTTP://LocalHost:{port}/healthz"),
            &[&format!("localhost:{port}")],
        ),
        ask("http://localhost:80/healthz", &["localhost"]),
    ] {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    for answer in [
        ask("/healthz", &[own, own]),
        ask("/healthz", &[own, "attacker.example"]),
        ask("http://attacker.example/healthz", &[own]),
        ask(&format!("http://attacker@{own}/healthz"), &[own]),
        ask(&own_target, &["attacker.example"]),
        ask("http://127.0.0.1:1/healthz", &[own]),
    ] {
        assert!(
            answer.starts_with("HTTP/1.1 400") && answer.contains("\"bad_request\""),
            "{answer}"
        );
    }
}

#[test]
fn a_refused_upload_is_answered_at_once_and_its_client_is_not_cut_off() {
    let (_place, server) = served();
    let head = |length: usize| {
        let path = "/api/v1/workspaces/default/documents?name=a.csv";
        format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n",
            server.address
        )
    };
    let length = 10_000_000;
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    let began = Instant::now();
    stream
        .write_all(format!("{}Name\n", head(length)).as_bytes())
        .unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 401");
    // The server would wait for five seconds for the rest.
    assert!(began.elapsed() < Duration::from_secs(3));
    // A client that sends on all the same gets rid of everything, and then reads the rest of the answer.
    stream.write_all(&vec![b'x'; length - 5]).unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    let rest = rest.to_lowercase();
    assert!(
        rest.contains("connection: close") && rest.contains("\"unauthorized\""),
        "{rest}"
    );
    // Where the body is there already, the connection goes on.
    let twice = said(
        &server,
        &format!(
            "{}Name\nGET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            head(5),
            server.address
        ),
    );
    let statuses: Vec<&str> = twice
        .lines()
        .filter_map(|line| line.split_once("HTTP/1.1 "))
        .map(|(_, status)| &status[..3])
        .collect();
    assert_eq!(statuses, ["401", "200"], "{twice}");
}

/// A request that is answered with a stream, after the head of the answer.
fn begun(request: Request) -> Exchange {
    let mut stream = request.begin();
    let first = stream.line().unwrap();
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    while stream.line().unwrap() != "\r\n" {}
    stream
}

/// A stream ends within a second of this; the machine may be slow. Returns what came of it.
fn ends(mut stream: Exchange, since: Instant) -> String {
    let mut text = String::new();
    while let Some(line) = stream.line() {
        assert!(since.elapsed() < Duration::from_secs(4), "it goes on");
        text.push_str(&line);
    }
    assert!(since.elapsed() < Duration::from_secs(4), "it ended late");
    text
}

#[test]
fn a_stream_ends_with_its_token_and_with_its_session() {
    let place = Place::cold();
    let configuration = place.configuration_id("config");
    let server = Server::dev(&place, "--no-worker");
    let document = server.upload(&place.path("members.csv"));
    let run = server.submit(&configuration, &document);
    let events = format!("/api/v1/runs/{}/events", run["id"].text());
    let other = begun(server.ask("GET", &events));

    let token = place.token("--scope admin");
    let ask = |method: &str, path: &str| server.plain(method, path).by(&token);
    let runs = format!("/api/v1/configs/{configuration}/runs");
    let builds = format!("/api/v1/workspaces/default/configs/{configuration}/builds");
    let streams = [
        begun(ask("GET", "/api/v1/events")),
        begun(ask("GET", &events)),
        begun(ask("POST", &runs).json(&json!({"document_id": document, "stream": true}))),
        begun(ask("POST", &builds).json(&json!({"stream": true}))),
    ];
    place.ade("tokens revoke t").succeeds();
    let since = Instant::now();
    let told = streams.map(|stream| ends(stream, since));
    for (lines, subject) in [(&told[2], "\"run_id\""), (&told[3], "\"build_id\"")] {
        let last = lines.lines().rfind(|line| line.starts_with('{')).unwrap();
        assert!(
            last.contains("stream.interrupted")
                && last.contains("token_ended")
                && last.contains(subject),
            "{last}"
        );
    }

    let own = format!("http://{}", server.address);
    let entered = server.sign_in(&server.token, &own).is(200);
    let cookie = entered.header("set-cookie").unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let with_cookie =
        |method: &str, path: &str| server.plain(method, path).header("Cookie", cookie);
    let streams = ["/api/v1/events", &events].map(|path| begun(with_cookie("GET", path)));
    let session = with_cookie("GET", "/console/session").send().is(200).json();
    let csrf = session["csrf"].text();
    with_cookie("POST", "/sign-out")
        .header("Origin", &format!("http://{}", server.address))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(format!("csrf={csrf}"))
        .send()
        .is(303);
    let since = Instant::now();
    for stream in streams {
        ends(stream, since);
    }

    // That of another token has gone on.
    let cancel = events.replace("/events", "/cancel");
    server.bare("POST", &cancel).is(200);
    let rest = other.rest();
    assert!(rest.contains("event: run.complete"), "{rest}");

    // And with another token, the lines go on where they were interrupted.
    let of_lines = |text: &str| -> Vec<Value> {
        let lines = text.lines().filter(|line| line.starts_with('{'));
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let mut before = of_lines(&told[2]);
    let interrupted = before.pop().unwrap();
    let resume = interrupted["resume"].text();
    let run = interrupted["run_id"].text();
    let cancel = format!("/api/v1/runs/{run}/cancel");
    server.bare("POST", &cancel).is(200);
    let lines = |path: &str| {
        let ask = server
            .ask("GET", path)
            .header("Accept", "application/x-ndjson");
        let answer = ask.send().is(200);
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        of_lines(&answer.text())
    };
    let numbers = |lines: &[Value]| -> Vec<u64> {
        let numbers = lines.iter().map(|line| line["sequence"].as_u64().unwrap());
        numbers.collect()
    };
    let after = lines(resume);
    assert_eq!(after.last().unwrap()["event"], "run.completed");
    let whole = lines(&format!("/api/v1/runs/{run}/events"));
    assert_eq!(whole[0]["event"], "run.created");
    before.extend(after);
    assert_eq!(
        numbers(&before),
        numbers(&whole),
        "none twice, none missing"
    );
}

#[test]
fn tokens_are_made_listed_and_revoked_within_the_workspaces_of_who_asks() {
    let (place, server) = served();
    let limited = place.token("--scope admin --for finance");
    let ask = |method: &str, path: &str, body: Value| {
        let request = server.plain(method, path).by(&limited);
        match body {
            Value::Null => request.send(),
            body => request.json(&body).send(),
        }
    };
    let all = "/api/v1/tokens";
    let new = json!({"name": " nightly ", "scope": "read", "workspaces": ["default"], "days": 30});
    let made = server.post(all, &new).is(201);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.json();
    let text = made["token"].text();
    assert!(text.starts_with("ade_") && text.len() == 68, "{made}");
    common::has(
        &made,
        json!({"name": "nightly", "scope": "read", "workspaces": ["default"], "revoked_at": null}),
    );
    let used = server.plain("GET", "/api/v1/runs").by(text);
    used.send().is(200);

    let names = |listed: &Value| -> Vec<String> { listed["items"].texts("name") };
    let listed = server.read(all);
    assert_eq!(names(&listed)[..2], ["nightly", "t"], "the newest first");
    assert!(!listed.to_string().contains("ade_"), "{listed}");

    // An administrator of one workspace: of its own, and of no others.
    assert_eq!(names(&ask("GET", all, Value::Null).is(200).json()), ["t"]);
    for workspaces in [
        json!(null),
        json!(["default"]),
        json!(["finance", "default"]),
    ] {
        let beyond = json!({"name": "x", "scope": "read", "workspaces": workspaces});
        ask("POST", all, beyond).refuses(403, "forbidden");
    }
    let own = json!({"name": "own", "scope": "admin", "workspaces": ["finance"]});
    let own = ask("POST", all, own).is(201).json();
    assert_eq!(own["expires_at"], Value::Null);
    let path = |token: &Value| format!("{all}/{}", token["id"].text());
    ask("DELETE", &path(&made), Value::Null).refuses(404, "not_found");
    ask("DELETE", &path(&own), Value::Null).is(200);

    for (body, field) in [
        (json!({"name": " ", "scope": "read"}), "name"),
        (json!({"name": "x", "scope": "all"}), "scope"),
        (
            json!({"name": "x", "scope": "read", "workspaces": []}),
            "workspaces",
        ),
        (
            json!({"name": "x", "scope": "read", "workspaces": ["../x"]}),
            "workspaces",
        ),
        (json!({"name": "x", "scope": "read", "days": 0}), "days"),
    ] {
        let problem = server.post(all, &body).is(422).json();
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let revoked = server.bare("DELETE", &path(&made)).is(200).json();
    assert!(revoked["revoked_at"].is_string(), "{revoked}");
    let again = server.bare("DELETE", &path(&made)).is(200).json();
    assert_eq!(again, revoked);
    let used = server.plain("GET", "/api/v1/runs").by(text);
    used.send().refuses(401, "unauthorized");
    let listed = server.plain("GET", all).by(&place.token("--scope run"));
    listed.send().refuses(403, "forbidden");
}

#[test]
fn the_console_is_served() {
    let (_place, server) = served();
    let page = server.plain("GET", "/console").send().is(200).text();
    let names: Vec<&str> = page
        .split('"')
        .filter(|text| text.starts_with("/console/"))
        .collect();
    assert!(names.len() >= 4, "{page}");
    for name in names {
        server.plain("GET", name).send().is(200);
    }
    let deep = "/console/configs/some/files/src/ade_config/columns/email.py";
    assert_eq!(server.plain("GET", deep).send().is(200).text(), page);
    server
        .plain("GET", "/console/assets/none.js")
        .send()
        .is(404);
    server.plain("GET", "/console/session").send().is(401);
}
