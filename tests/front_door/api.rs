//! The parts of the HTTP API that its transcripts (tests/api) cannot show: streams, clients that hang up, and several at once.

use crate::common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Cursor, Write};

use common::api::{self, FORM, form};
use common::{Place, Request, Server, Told, demand_event, frames, processes_of, wait_for};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

const MODULE: &str = "config/src/ade_config/columns/more.py";
/// A module that never finishes loading.
const ENDLESS: &str = "import time\n\ntime.sleep(100000)\n\n\ndef register(registry):\n    pass\n";

#[test]
fn a_run_is_followed_to_its_end_and_streams_resume_behind_the_last_event() {
    let mut place = Place::cold();
    place.hurry();
    let configuration = place.configuration_id("config");
    let server = Server::dev(&place, "");
    let document = server.upload(&place.path("members.csv"));
    let asked = json!({"document_id": document, "stream": true});
    let answer = server.post(&format!("configs/{configuration}/runs"), &asked);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let lines = answer.is(200).text();
    let lines = lines.lines().filter(|line| !line.is_empty());
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines
        .iter()
        .for_each(|line| demand_event("RunStreamLine", line));
    let names: Vec<&str> = lines.iter().map(|line| line["event"].text()).collect();
    assert_eq!(names[..2], ["run.created", "run.log"]);
    assert!(names.contains(&"run.started") && names.contains(&"engine.run.completed"));
    let last = &lines[lines.len() - 1];
    assert_eq!(
        (&last["event"], &last["data"]["run"]["status"]),
        (&json!("run.completed"), &json!("succeeded"))
    );

    let id = server.submit(&configuration, &document)["id"].string();
    let all = server.events(&id, 0);
    let numbers = all.iter().map(|(number, _)| *number);
    assert!(numbers.eq(1..=all.len() as u64), "{all:?}");
    let names: Vec<&str> = all.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names[..2], ["run.queued", "run.start"]);
    assert_eq!(names.last(), Some(&"run.complete"));
    for after in [1, 3, all.len() - 1, all.len()] {
        let rest = server.events(&id, after as u64);
        assert_eq!(rest, all[after..], "after {after}");
    }
    let by_query = server.get(&format!("runs/{id}/events?after_id=2")).is(200);
    assert_eq!(frames(&by_query.text()), all[2..]);
}

/// Checks that the page about it names its keys.
#[test]
fn the_request_of_a_run_is_as_it_is_documented() {
    let place = Place::cold();
    let run = place.enqueue("config", "members.csv");
    let request = place.read(place.run_folder(&run).join("run-request.json"));
    let request: Value = serde_json::from_str(&request).unwrap();
    let page = include_str!("../../docs/reference/artifact.md");
    let (_, section) = page.split_once("## run-request.json").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let lines = section.lines();
    let named = lines.filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let keys = request.as_object().unwrap().keys();
    assert!(keys.eq(named), "{section}\n{request}");
}

#[test]
fn a_body_that_ends_early_leaves_nothing() {
    let place = Place::new();
    let server = api::Server::serve(&place);
    let documents = "workspaces/default/documents";
    let named = format!("{documents}?name=a.csv");
    server.break_off(&named, "text/csv", 1_000_000, &[b'a'; 100_000]);
    let configs = "workspaces/default/configs?name=x";
    server.break_off(configs, "application/zip", 1_000_000, b"PK\x03\x04");
    // A form whose last boundary never comes, though the body is as long as it says.
    let half = form(&[("file", Some("a.csv"), b"a\n1\n")], false);
    server.break_off(documents, FORM, half.len() + 100, &half);
    let malformed = server.put("POST", documents, FORM, &half);
    malformed.refuses(400, "bad_request");
    // The server drops uploads on the thread that answers, or soon after.
    wait_for("the files of broken uploads to be gone", || {
        let kept = place.files_below("data/workspaces/default/documents");
        kept.is_empty()
    });
    for list in [documents, "workspaces/default/configs"] {
        assert_eq!(server.read(list)["items"], json!([]));
    }
}

#[test]
fn a_check_or_a_trial_ends_with_its_client_and_many_leave_room_for_other_requests() {
    let place = Place::ready();
    if processes_of(&place.path("")).is_none() {
        return;
    }
    place.ade("run config people.csv").success();
    let server = api::Server::serve(&place);
    let id = server.configuration();
    place.write(MODULE, ENDLESS);
    let engines = || {
        let all = processes_of(&place.path("")).unwrap_or_default();
        all.iter().filter(|one| one.contains("ade_engine")).count()
    };
    for (what, asked, started) in [("check", 24, 4), ("trial", 1, 1)] {
        let path = format!("configs/{id}/{what}");
        let clients: Vec<_> = (0..asked)
            .map(|_| server.ask("POST", &path).begin())
            .collect();
        wait_for("the first engines", || engines() == started);
        assert_eq!(server.configuration(), id);
        assert_eq!(engines(), started);
        drop(clients);
        wait_for("the engines to end", || engines() == 0);
    }
    fs::remove_file(place.path(MODULE)).unwrap();
    let checked = server.bare("POST", &format!("configs/{id}/check"));
    assert_eq!(checked.is(200).json()["loads"], true);
}

/// Returns a zipped configuration with this number of modules that all have the same text.
fn zipped(modules: usize, text: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, text: &str| {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    add(
        "pyproject.toml",
        "[project]\nname = \"x\"\nversion = \"1\"\n",
    );
    add("src/ade_config/__init__.py", "");
    for number in 0..modules {
        add(&format!("src/ade_config/columns/c{number}.py"), text);
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn of_two_writers_one_is_told_and_no_version_is_a_mix_of_two_drafts() {
    let place = Place::new();
    let server = api::Server::serve(&place);
    let [first, second] = ["a = 1\n", "b = 2\n"].map(|text| zipped(40, text));
    let zip = "application/zip";
    let uploaded = server.put("POST", "workspaces/default/configs", zip, &first);
    let id = uploaded.is(201).id();
    let put = |said: &str, bytes: &[u8]| {
        let headers = [("content-type", zip), ("if-match", said)];
        server.send("PUT", &format!("configs/{id}/draft"), &headers, bytes)
    };
    let listed = server.get(&format!("configs/{id}/files")).is(200);
    let seen = listed.header("etag").unwrap();
    let archives = [&first, &second];
    std::thread::scope(|scope| {
        let others = [zipped(1, "c = 3\n"), zipped(1, "d = 4\n")];
        let racing = others.map(|bytes| scope.spawn(move || put(seen, &bytes).status));
        let both = racing.map(|writer| writer.join().unwrap());
        assert!(both.contains(&200) && both.contains(&412), "{both:?}");
    });
    std::thread::scope(|scope| {
        let replacing = scope.spawn(|| {
            for number in 0..10 {
                put("*", archives[number % 2]).is(200);
            }
        });
        while !replacing.is_finished() {
            let answer = server.post(&format!("configs/{id}/publish"), &json!({"force": true}));
            assert!([201, 409].contains(&answer.status), "{answer:?}");
        }
    });
    let snapshots = place.path(format!("data/workspaces/default/configs/{id}/snapshots"));
    let folders = fs::read_dir(snapshots).unwrap().flatten();
    let versions: Vec<_> = folders.filter(|folder| folder.path().is_dir()).collect();
    assert!(versions.len() >= 2, "several were published");
    for version in versions {
        let modules = fs::read_dir(version.path().join("src/ade_config/columns")).unwrap();
        let words = modules.map(|file| fs::read(file.unwrap().path()).unwrap());
        assert_eq!(words.collect::<BTreeSet<_>>().len(), 1, "{version:?}");
    }
}

/// Checks the link; sessions that a form or a token begins are in tests/api/sessions.md.
#[test]
fn the_link_of_a_server_signs_in_once() {
    let place = Place::new();
    let server = Server::dev(&place, "--no-worker");
    let entered = server.plain("GET", &server.link).send().is(200);
    let again = server.plain("GET", &server.link).send().is(200);
    assert_eq!(again.header("set-cookie"), None);
    for page in [&entered, &again] {
        assert!(page.text().contains("url=/console"));
    }
    let get = |cookie: &str| -> Request {
        let request = server.plain("GET", "/console/session");
        request.header("Cookie", cookie)
    };
    // The code in the link is no session.
    let code = server.link.split('=').nth(1).unwrap();
    let guessed = get(&format!("ade_session={code}")).send();
    guessed.refuses(401, "unauthorized");
    let cookie = entered.header("set-cookie").unwrap();
    let session = get(cookie.split(';').next().unwrap()).send().is(200);
    assert_eq!(session.json()["scope"], "admin");
}
