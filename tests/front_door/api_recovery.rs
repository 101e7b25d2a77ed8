//! A server that is killed with SIGKILL loses nothing that it acknowledged, and streams continue where they were.

use crate::common;

use common::{Place, Server, Told, api, frames, has, wait_for};
use serde_json::json;

/// The number of times that the server is killed, each time at another moment.
const KILLS: u32 = 3;

#[test]
fn what_a_killed_server_acknowledged_is_there_and_streams_resume() {
    let mut place = Place::new();
    place.hurry();
    place.set("ADE_QUEUE_SIZE", "1000");
    // The death of the worker under a run spends an attempt, and here a run may meet many deaths.
    place.set("ADE_WORKER_MAX_ATTEMPTS", "100");
    place.configuration("config");
    place.members("members.csv");
    let configuration = place.configuration_id("config");
    let path = format!("configs/{configuration}/runs");
    let (mut documents, mut runs) = (Vec::new(), Vec::new());
    for kill in 0..KILLS {
        let server = Server::dev(&place, "");
        let text = format!("Name,Email\nAnn {kill},ann@example.org\n");
        let document = server.document("members.csv", &text);
        documents.push((document.clone(), text));
        // An upload whose body never ends, and a stream, are unfinished.
        let upload = server.ask("POST", "workspaces/default/documents?name=half.csv");
        let upload = upload.header("Content-Type", "application/octet-stream");
        let upload = upload
            .header("Content-Length", "1000000")
            .body("Name,Email\n");
        let _upload = upload.begin();
        let submit = |server: &Server, number: usize| {
            let ask = server
                .ask("POST", &path)
                .header("Idempotency-Key", &format!("{kill}-{number}"));
            ask.json(&json!({"document_id": document})).begin()
        };
        let first = submit(&server, 0).answer().is(201).id();
        let mut stream = server.ask("GET", &format!("runs/{first}/events")).begin();
        // Killed while it answers: after none, one, two … lines of the stream, with further submissions under way.
        let mut received: String = (0..kill).map_while(|_| stream.line()).collect();
        let under_way: Vec<_> = (1..4)
            .map(|number| (number, submit(&server, number)))
            .collect();
        server.process.dies();
        received.push_str(&stream.rest());
        runs.push((first, last_id(&received)));
        for (number, mut exchange) in under_way {
            if let Some(answer) = exchange.try_answer() {
                let run = answer.is(201).id();
                // A submission that is sent again under its key is the same run.
                let server = Server::dev(&place, "--no-worker");
                assert_eq!(submit(&server, number).answer().is(200).id(), run);
                runs.push((run, 0));
            }
        }
    }

    let server = Server::dev(&place, "");
    for (document, text) in &documents {
        let path = format!("documents/{document}/download");
        assert_eq!(server.get(&path).is(200).text(), *text);
    }
    let listed = server.read("workspaces/default/documents");
    let mut names = listed["items"].texts("name").into_iter();
    assert!(names.all(|name| name == "members.csv"), "{listed}");
    for (run, received) in &runs {
        let rest = server.events(run, *received);
        let all = server.events(run, 0);
        assert_eq!(rest, all[usize::try_from(*received).unwrap()..], "{run}");
        let numbers = all.iter().map(|(number, _)| *number);
        assert!(numbers.eq(1..=all.len() as u64), "{run}: {all:?}");
        assert_eq!(all.last().unwrap().1, "run.complete", "{run}");
        assert_eq!(server.read(&format!("runs/{run}"))["status"], "succeeded");
    }
}

/// Returns the number of the last whole event in the received part of an answer.
fn last_id(received: &str) -> u64 {
    // Removes the sizes of the transfer's chunks from the stream: a chunk's size is alone on its line.
    let stream: String = received
        .split("\r\n")
        .filter(|part| part.contains("\ndata: ") || part.starts_with(": "))
        .collect();
    frames(&stream).last().map_or(0, |(number, _)| *number)
}

#[test]
fn the_end_that_a_killed_worker_recorded_and_did_not_write_is_in_the_log() {
    let place = Place::ready();
    place.ade("run config members.csv -q").success();
    let run = place.latest_id();
    let log = place.run_folder(&run).join("logs/events.ndjson");
    let text = place.read(&log);
    let count = text.lines().count();
    let (cut, _) = text.trim_end().rsplit_once('\n').unwrap();
    place.write(&log, format!("{cut}\n"));
    let server = api::Server::serve(&place);
    let page = |query: &str| server.read(&format!("runs/{run}/logs?{query}"));
    let listed = |query: &str| page(query)["entries"].list().len();
    wait_for("the line to be held to be lost", || listed("") == count);
    let whole = page("");
    assert_eq!(whole["entries"][count - 1]["event"], "run.complete");
    assert_eq!(whole["next_after_id"], count);
    let first = page(&format!("limit={}", count - 1));
    has(
        &first,
        json!({"has_more": true, "next_after_id": count - 1}),
    );
    assert_eq!(listed(&format!("after_id={}", count - 1)), 1);
    assert_eq!(listed(&format!("after_id={count}")), 0);
}
