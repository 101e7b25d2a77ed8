//! A server that is killed with SIGKILL loses nothing that it acknowledged, and streams go on where they were.

use crate::common;

use std::io::Write;
use std::net::TcpStream;

use common::{Place, Server, Told, frames};
use serde_json::json;

/// How often the server is killed, each time at another moment.
const KILLS: u32 = 4;

#[test]
fn what_a_killed_server_acknowledged_is_there_and_streams_resume() {
    let mut place = Place::new();
    place.hurry();
    place.set("ADE_QUEUE_SIZE", "1000");
    // The death of the worker under a run spends an attempt, and here a run may meet many deaths.
    place.set("ADE_WORKER_MAX_ATTEMPTS", "100");
    place.configuration("config");
    place.members("members.csv");
    place.warm("config");
    let configuration = place.configuration_id("config");
    let (mut documents, mut runs) = (Vec::new(), Vec::new());
    for kill in 0..KILLS {
        let server = Server::dev(&place, "");
        let text = format!("Name,Email\nAnn {kill},ann@example.org\n");
        let document = server.upload(&place.write("members.csv", &text));
        documents.push((document.clone(), text));
        // Unfinished: an upload whose body never ends, and a stream.
        let mut upload = TcpStream::connect(&server.address).unwrap();
        let head = format!(
            "POST /api/v1/workspaces/default/documents?name=half.csv HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000000\r\n\r\nName,Email\n",
            server.address, server.token
        );
        upload.write_all(head.as_bytes()).unwrap();
        let path = format!("/api/v1/configs/{configuration}/runs");
        let submit = |number: u32| {
            let key = format!("{kill}-{number}");
            server
                .ask("POST", &path)
                .header("Idempotency-Key", &key)
                .json(&json!({"document_id": document}))
                .begin()
        };
        let first = submit(0).answer().is(201).json()["id"].string();
        let mut stream = server
            .ask("GET", &format!("/api/v1/runs/{first}/events"))
            .begin();
        // Killed while it answers: after none, one, two … lines of the stream, with further submissions under way.
        let mut received = String::new();
        for _ in 0..kill {
            match stream.line() {
                Some(line) => received.push_str(&line),
                None => break,
            }
        }
        let mut under_way: Vec<_> = (1..4).map(submit).collect();
        server.process.dies();
        received.push_str(&stream.rest());
        runs.push((first.clone(), last_id(&received)));
        for (number, exchange) in under_way.iter_mut().enumerate() {
            if let Some(answer) = exchange.try_answer() {
                let run = answer.is(201).json();
                runs.push((run["id"].string(), 0));
                // Sent again under its key, it is the same run.
                let server = Server::dev(&place, "--no-worker");
                let again = server
                    .ask("POST", &path)
                    .header("Idempotency-Key", &format!("{kill}-{}", number + 1))
                    .json(&json!({"document_id": document}))
                    .send();
                assert_eq!(again.is(200).json()["id"], run["id"]);
            }
        }
    }

    let server = Server::dev(&place, "");
    for (document, text) in &documents {
        let path = format!("/api/v1/documents/{document}/download");
        assert_eq!(server.get(&path).is(200).text(), *text);
    }
    let listed = server.read("/api/v1/workspaces/default/documents");
    let names = listed["items"].list().iter().map(|one| one["name"].clone());
    assert!(
        names.into_iter().all(|name| name == "members.csv"),
        "{listed}"
    );
    for (run, received) in &runs {
        let rest = server.events(run, *received);
        let first = rest.first().map(|(number, _)| *number);
        assert!(
            first.is_none_or(|first| first == received + 1),
            "{run}: {received}, then {rest:?}"
        );
        let all = server.events(run, 0);
        let numbers: Vec<u64> = all.iter().map(|(number, _)| *number).collect();
        assert_eq!(
            numbers,
            (1..=numbers.len() as u64).collect::<Vec<_>>(),
            "{run}"
        );
        assert_eq!(all.last().unwrap().1, "run.complete", "{run}");
        let run = server.read(&format!("/api/v1/runs/{run}"));
        assert_eq!(run["status"], "succeeded", "{run}");
    }
}

/// The number of the last whole event in what was received of an answer.
fn last_id(received: &str) -> u64 {
    // The chunks of the transfer are told apart from the stream in them: a chunk's size is alone on its line.
    let stream: String = received
        .split("\r\n")
        .filter(|part| part.contains("\ndata: ") || part.starts_with(": "))
        .collect();
    frames(&stream).last().map_or(0, |(number, _)| *number)
}

#[test]
fn the_end_that_a_killed_worker_recorded_and_did_not_write_is_in_the_log() {
    let place = Place::ready();
    place.ade("run config members.csv -q").succeeds();
    let run = place.latest_run();
    let log = std::path::Path::new(run["run_dir"].text()).join("logs/events.ndjson");
    let text = std::fs::read_to_string(&log).unwrap();
    let count = text.lines().count();
    let (cut, _) = text.trim_end().rsplit_once('\n').unwrap();
    std::fs::write(&log, format!("{cut}\n")).unwrap();
    let server = Server::serve(&place, "");
    let path = format!("/api/v1/runs/{}/logs", run["id"].text());
    let page = |query: String| server.read(&format!("{path}?{query}"));
    common::wait_for("the line to be held to be lost", || {
        page(String::new())["entries"].list().len() == count
    });
    let whole = page(String::new());
    assert_eq!(whole["entries"][count - 1]["event"], "run.complete");
    assert_eq!(whole["next_after_id"], count);
    let first = page(format!("limit={}", count - 1));
    common::has(
        &first,
        json!({"has_more": true, "next_after_id": count - 1}),
    );
    let rest = page(format!("after_id={}", count - 1));
    assert_eq!(rest["entries"].list().len(), 1);
    let behind = page(format!("after_id={count}"));
    assert_eq!(behind["entries"].list().len(), 0);
}
