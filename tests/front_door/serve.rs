//! `ade serve`: its addresses, its permissions and its end.

use crate::common;

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::CommandExt;

use common::{Place, Postgres, Printed, Server, Told, Way, demand_event, frames, has, wait_for};
use serde_json::{Value, json};

/// Returns the answer of a server to a health request on this connection.
fn health(mut stream: impl Read + Write) -> String {
    let asked = b"GET /healthz HTTP/1.1\r\nHost: ade\r\nConnection: close\r\n\r\n";
    stream.write_all(asked).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_unix_socket_is_listened_on_and_one_that_was_left_is_replaced() {
    let place = Place::new();
    place.ade("migrate").success();
    let socket = place.path("api.sock");
    for round in 0..2 {
        let mut server = place.start("serve --socket api.sock");
        server.wait_until_says("serving on");
        // The owner and the group, among which a proxy is, may connect.
        let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        let answer = health(UnixStream::connect(&socket).unwrap());
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        if round == 0 {
            place.ade_refuses("serve --socket api.sock", "in use");
            server.dies();
            assert!(socket.exists());
        } else {
            server.stops();
            assert!(!socket.exists());
        }
    }
}

#[test]
fn a_server_that_is_to_end_says_so_first_and_then_refuses_connections() {
    let mut place = Place::cold();
    let configuration = place.configuration_id("config");
    // Neither wait reaches 200 seconds: the second signal ends the one, and the last answer the other.
    place.set("ADE_API_DRAIN_SECONDS", "200");
    let server = Server::serve(&place, "--grace 200");
    let document = server.document("members.csv", place.read("members.csv"));
    let run = server.submit(&configuration, &document);
    let events = format!("runs/{}/events", run["id"].text());
    let mut stream = server.ask("GET", &events).begin();
    while stream.line().unwrap() != "\r\n" {}
    let upload = server.ask("POST", "workspaces/default/documents?name=a.csv");
    let upload = upload.header("Content-Type", "application/octet-stream");
    let mut upload = upload.header("Content-Length", "9").body("Name\n").begin();
    let asked = json!({"document_id": document, "stream": true});
    let lines = server.ask("POST", &format!("configs/{configuration}/runs"));
    let mut lines = lines.json(&asked).begin();
    while !lines.line().unwrap().contains("run.created") {}
    let ready = || server.plain("GET", "/readyz").send().status;
    assert_eq!(ready(), 200);
    server.process.signal(libc::SIGTERM);
    wait_for("the server to be not ready", || ready() == 503);
    // Clients that have not noticed get answers, on new connections, too.
    server.plain("GET", "/healthz").send().is(200);
    server.submit(&configuration, &document);
    let mut late = server.ask("GET", &events).begin();
    assert!(late.line().unwrap().starts_with("HTTP/1.1 200"));
    server.process.signal(libc::SIGTERM);
    wait_for("connections to be refused", || {
        std::net::TcpStream::connect(&server.address).is_err()
    });
    stream.rest();
    late.rest();
    upload.go_on(b"Ann\n");
    upload.answer().is(201);
    server.process.wait().success();
    // The last line of JSON has the position from which to continue.
    let rest = lines.rest();
    let lines = rest.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines
        .iter()
        .for_each(|line| demand_event("RunStreamLine", line));
    let last = lines.last().unwrap();
    let sent = lines.iter().filter_map(|line| line["sequence"].as_u64());
    let (after, run) = (sent.max().unwrap_or(0), last["run_id"].text());
    let resume = format!("/api/v1/runs/{run}/events?after_id={after}");
    has(
        last,
        json!({"event": "stream.interrupted", "reason": "server_stopping", "after_id": after, "resume": resume}),
    );
    let server = Server::dev(&place, "--no-worker");
    server.bare("POST", &format!("runs/{run}/cancel")).is(200);
    let resumed = frames(&server.get(&resume).is(200).text());
    assert_eq!(resumed[0].0, after + 1);
}

#[test]
fn a_database_that_is_not_the_one_that_was_opened_ends_the_server() {
    let mut place = Place::cold();
    place.unset("ADE_DATABASE_URL");
    let server = Server::serve(&place, "");
    let database = place.path("data/db/ade.sqlite");
    assert_eq!(server.plain("GET", "/readyz").send().status, 200);
    // The server checks its database each second; until then, it would record requests in a file that nobody reads.
    server.process.signal(libc::SIGSTOP);
    std::fs::rename(&database, place.path("moved.sqlite")).unwrap();
    let ready = server.plain("GET", "/readyz").begin();
    let upload = server.ask("POST", "workspaces/default/documents?name=a.csv");
    let upload = upload.header("Content-Type", "application/octet-stream");
    let upload = upload.body("Name\n").begin();
    server.process.signal(libc::SIGCONT);
    for answer in [ready.answer(), upload.answer()] {
        assert_eq!(answer.status, 503);
        assert!(answer.header("retry-after").is_some());
    }
    server
        .process
        .wait()
        .code(5)
        .says("there is no database at");
}

#[test]
fn a_server_of_the_database_that_gives_no_answer_is_told_and_waited_for() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let way = Way::to(&postgres);
    let mut place = Place::cold();
    place.set("ADE_DATABASE_URL", Postgres::url_by(way.port()));
    let server = Server::serve(&place, "");
    let configuration = place.configuration_id("config");
    let document = server.document("members.csv", "Name\n");
    let run = server.submit(&configuration, &document);
    let run = format!("runs/{}", run["id"].text());
    let asked = ["/readyz", "/metrics", &run, "runs"];
    way.cut();
    std::thread::scope(|scope| {
        let server = &server;
        let ask = |path| scope.spawn(move || (path, server.get(path)));
        for (path, answer) in asked.map(ask).map(|asked| asked.join().unwrap()) {
            assert_eq!(answer.status, 503, "{path}");
            assert!(answer.header("retry-after").is_some(), "{path}");
        }
    });
    way.mend();
    wait_for("the server to be back", || {
        asked.iter().all(|path| server.get(path).status == 200)
    });
}

#[test]
fn systemd_hands_over_a_socket_and_is_told_when_the_server_is_ready() {
    let place = Place::new();
    place.ade("migrate").success();
    let notified = UnixDatagram::bind(place.path("notify")).unwrap();
    notified.set_read_timeout(Some(common::HANG)).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // As systemd does it: the socket is descriptor 3, and the variables name the process itself.
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve"])
        .arg(place.command().get_program())
        .current_dir(place.path(""))
        .env("NOTIFY_SOCKET", place.path("notify"));
    let descriptor = listener.as_raw_fd();
    // SAFETY: dup2 may be called between fork and exec.
    unsafe {
        command.pre_exec(move || match libc::dup2(descriptor, 3) {
            -1 => Err(std::io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
    let server = common::Running::start(command);
    let mut words = [0; 64];
    let told = notified.recv(&mut words).unwrap();
    assert_eq!(&words[..told], b"READY=1");
    let answer = health(std::net::TcpStream::connect(address).unwrap());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.signal(libc::SIGTERM);
    let told = notified.recv(&mut words).unwrap();
    assert_eq!(&words[..told], b"STOPPING=1");
    server.wait().success();
}

#[test]
fn a_request_is_found_in_the_log_by_its_id() {
    let mut place = Place::new();
    place.set("ADE_LOG_FORMAT", "json");
    place.set("ADE_LOG_LEVEL", "debug");
    let mut server = Server::serve(&place, "");
    let ask = server.ask("GET", "runs/none");
    let answer = ask.header("X-Request-Id", "shop-42.a_b").send();
    let problem = answer.refuses(404, "run_not_found");
    assert_eq!(problem["request_id"], "shop-42.a_b");
    // The server writes the line after the answer.
    server.process.wait_until_says("shop-42.a_b");
    let log = server.process.stderr();
    let mut lines = log.lines();
    let line = lines.find(|line| line.contains("\"request_id\":\"shop-42.a_b\""));
    assert!(
        line.is_some_and(|line| line.contains("api.request")),
        "{log}"
    );
    server.process.stops();
}
