//! Requests that the HTTP API refuses, and the data that it shows to each token.

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

/// Returns the answer to exactly these bytes; the server ends the connection.
fn said(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Returns the pointer to every value in a body, the body itself as the first.
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
    let bodies = r#"[
        ["configs/none/runs", {"document_id": "ID", "stream": false, "options": {
            "dry_run": false, "validate_only": false, "input_sheet_names": ["A"], "active_sheet_only": false, "log_level": "info",
            "runtime_network_access": false, "timeout_seconds": 5, "settings": {"date_order": "mdy"}}}],
        ["jobs", {"document_id": "ID", "config_id": "ID", "options": {"dry_run": false}}],
        ["workspaces/default/configs/none/builds", {"stream": false, "options": {"force": false, "wait": false}}],
        ["workspaces", {"id": "other"}],
        ["workspaces/default/configs", {"name": "other"}]
    ]"#;
    let bodies = bodies.replace("ID", "01900000-0000-7000-8000-000000000000");
    let bodies: Vec<(String, Value)> = serde_json::from_str(&bodies).unwrap();
    // Possible values: each type, and a list of the values that an object's fields have.
    let wrong = r#"[null, true, 7, 1.5, "x", {"a": 1}, [], ["x", false, {}], [[]]]"#;
    let wrong: Vec<Value> = serde_json::from_str(wrong).unwrap();
    for (path, body) in &bodies {
        for (place, value) in places(body)
            .iter()
            .flat_map(|place| wrong.iter().map(move |value| (place, value)))
        {
            let mut sent = body.clone();
            *sent.pointer_mut(place).unwrap() = value.clone();
            let answer = server.post(path, &sent);
            let mut told = answer.json();
            // Any letters may be in an id.
            told["request_id"] = Value::Null;
            let text = told.to_string();
            assert!(answer.status < 500, "{path} {sent}: {text}");
            let of_rust = "struct|New|sequence|unit|invalid type|u32|f64";
            for word in of_rust.split('|') {
                assert!(!text.contains(word), "{path} {sent}: {text}");
            }
            if value.is_array() && !place.ends_with("input_sheet_names") {
                let field = place.trim_start_matches('/').replace('/', ".");
                let field = if field.is_empty() { "body" } else { &field };
                answer.refuses_field(field);
            }
        }
    }
    let twice = r#"{"id": "one", "id": "two"}"#;
    let kind = "application/json";
    let twice = server.put("POST", "workspaces", kind, twice.as_bytes());
    twice.refuses_field("id");
}

#[test]
fn a_request_that_names_several_hosts_is_refused() {
    let (_place, server) = served();
    let own = &server.address;
    let port = own.rsplit_once(':').unwrap().1;
    for (status, target, hosts) in [
        (200, "/healthz", "OWN"),
        (200, "http://OWN/healthz", "OWN"),
        (200, "HTTP://LocalHost:PORT/healthz", "localhost:PORT"),
        (200, "http://localhost:80/healthz", "localhost"),
        (400, "/healthz", "OWN OWN"),
        (400, "/healthz", "OWN attacker.example"),
        (400, "http://attacker.example/healthz", "OWN"),
        (400, "http://attacker@OWN/healthz", "OWN"),
        (400, "http://OWN/healthz", "attacker.example"),
        (400, "http://127.0.0.1:1/healthz", "OWN"),
    ] {
        let hosts = hosts.split(' ').map(|host| format!("Host: {host}\r\n"));
        let hosts: String = hosts.collect();
        let request = format!("GET {target} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let request = request.replace("OWN", own).replace("PORT", port);
        let answer = said(&server, &request);
        let first = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&first), "{request}{answer}");
        assert!(status == 200 || answer.contains("\"bad_request\""));
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
    // A client that keeps sending can send everything, and then reads the rest of the answer.
    stream.write_all(&vec![b'x'; length - 5]).unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    let rest = rest.to_lowercase();
    assert!(
        rest.contains("connection: close") && rest.contains("\"unauthorized\""),
        "{rest}"
    );
    // If the body is there already, the connection continues.
    let address = &server.address;
    let next = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let twice = said(&server, &format!("{}Name\n{next}", head(5)));
    let statuses = twice.split("HTTP/1.1 ").skip(1).map(|told| &told[..3]);
    assert_eq!(statuses.collect::<Vec<_>>(), ["401", "200"], "{twice}");
}

/// Begins a request whose answer is a stream, and returns it after the head of the answer.
fn begun(request: Request) -> Exchange {
    let mut stream = request.begin();
    let first = stream.line().unwrap();
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    while stream.line().unwrap() != "\r\n" {}
    stream
}

/// Checks that a stream ends within a second of this, or later if the machine is slow. Returns its text.
fn ends(mut stream: Exchange, since: Instant) -> String {
    let mut text = String::new();
    while let Some(line) = stream.line() {
        assert!(since.elapsed() < Duration::from_secs(4), "it goes on");
        text.push_str(&line);
    }
    assert!(since.elapsed() < Duration::from_secs(4), "it ended late");
    text
}

/// Returns the lines of JSON in an answer.
fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_stream_ends_with_its_token_and_with_its_session() {
    let place = Place::cold();
    let configuration = place.configuration_id("config");
    let server = Server::dev(&place, "--no-worker");
    let document = server.upload(&place.path("members.csv"));
    let first = server.submit(&configuration, &document)["id"].string();
    let events = format!("runs/{first}/events");
    let cancel = |run: &str| server.bare("POST", &format!("runs/{run}/cancel")).is(200);
    let other = begun(server.ask("GET", &events));

    let token = place.token("--scope admin");
    let of_token = |method: &str, path: &str| server.ask(method, path).by(&token);
    let runs = format!("configs/{configuration}/runs");
    let builds = format!("configs/{configuration}/builds");
    let run = json!({"document_id": document, "stream": true});
    let streams = [
        of_token("GET", "events"),
        of_token("GET", &events),
        of_token("POST", &runs).json(&run),
        of_token("POST", &builds).json(&json!({"stream": true})),
    ];
    let streams = streams.map(begun);
    place.ade("tokens revoke t").success();
    let since = Instant::now();
    let told = streams.map(|stream| ends(stream, since));
    let ended = [&told[2], &told[3]].map(|told| lines(told).pop().unwrap());
    for (last, subject) in ended.iter().zip(["run_id", "build_id"]) {
        assert_eq!(last["event"], "stream.interrupted");
        assert_eq!(last["reason"], "token_ended");
        assert!(last[subject].is_string(), "{last}");
    }

    let own = format!("http://{}", server.address);
    let entered = server.sign_in(&server.token, &own).is(200);
    let cookie = entered.header("set-cookie").unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let of_session = |method: &str, path: &str| server.plain(method, path).header("Cookie", cookie);
    let streams = ["events", &events].map(|path| begun(of_session("GET", path)));
    let session = of_session("GET", "/console/session").send().is(200).json();
    let out = of_session("POST", "/sign-out").header("Origin", &own);
    let out = out.header("Content-Type", "application/x-www-form-urlencoded");
    out.body(format!("csrf={}", session["csrf"].text()))
        .send()
        .is(303);
    let since = Instant::now();
    for stream in streams {
        ends(stream, since);
    }

    // The stream of another token has continued.
    cancel(&first);
    let rest = other.rest();
    assert!(rest.contains("event: run.complete"), "{rest}");

    // With another token, the lines continue where they were interrupted: none twice, none missing.
    let [interrupted, _] = ended;
    let run = interrupted["run_id"].text();
    cancel(run);
    let read = |path: &str| {
        let ask = server.ask("GET", path);
        let answer = ask.header("Accept", "application/x-ndjson").send();
        lines(&answer.is(200).text())
    };
    let mut resumed = lines(&told[2]);
    resumed.pop();
    resumed.extend(read(interrupted["resume"].text()));
    let whole = read(&format!("runs/{run}/events"));
    let told = |lines: &[Value]| -> Vec<Value> {
        lines.iter().map(|line| line["sequence"].clone()).collect()
    };
    assert_eq!(told(&resumed), told(&whole));
    for (line, name) in [
        (whole.first(), "run.created"),
        (resumed.last(), "run.completed"),
    ] {
        assert_eq!(line.unwrap()["event"], name);
    }
}

#[test]
fn the_console_is_served_with_all_that_its_page_names() {
    let (_place, server) = served();
    let page = server.plain("GET", "/console").send().is(200).text();
    let names = page.split('"').filter(|text| text.starts_with("/console/"));
    let names: Vec<&str> = names.collect();
    assert!(names.len() >= 4, "{page}");
    for name in names {
        server.plain("GET", name).send().is(200);
    }
    let deep = "/console/configs/some/files/src/ade_config/columns/email.py";
    assert_eq!(server.plain("GET", deep).send().is(200).text(), page);
}
