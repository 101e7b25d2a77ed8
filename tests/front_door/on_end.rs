//! Whom the operator named is told that a run has ended: by a request, by a program.

use crate::common;
use crate::worker_figures::{address_of, ask};

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Place, Server, Told, wait_for};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A request that a receiver got.
#[derive(Clone, Debug)]
struct Got {
    headers: Vec<(String, String)>,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn run(&self) -> String {
        self.json()["data"]["id"].string()
    }

    fn status(&self) -> String {
        self.json()["data"]["status"].string()
    }
}

/// A server that notes what it gets and answers as it was told, the last answer again and again. An empty answer: it holds the request.
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Receiver {
    fn that_answers(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook?from=ade", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let (noted, answers): (_, Vec<String>) = (
            Arc::clone(&got),
            answers.iter().map(|&answer| answer.to_owned()).collect(),
        );
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let Some((request, mut stream)) = read(stream.unwrap()) else {
                    continue;
                };
                let number = {
                    let mut noted = noted.lock().unwrap();
                    noted.push(request);
                    noted.len() - 1
                };
                let answer = &answers[number.min(answers.len() - 1)];
                if answer.is_empty() {
                    held.push(stream);
                    continue;
                }
                let head =
                    format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(head.as_bytes());
            }
        });
        Self { url, got }
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    #[track_caller]
    fn wait_for(&self, count: usize) -> Vec<Got> {
        wait_for("the receiver to be told", || self.got().len() >= count);
        self.got()
    }
}

/// Reads one request.
fn read(stream: TcpStream) -> Option<(Got, TcpStream)> {
    let mut reader = BufReader::new(stream);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None if line.trim_end().is_empty() => break,
            None => assert!(line.starts_with("POST /hook?from=ade HTTP/1.1"), "{line}"),
        }
    }
    let mut got = Got {
        headers,
        body: String::new(),
    };
    let length = got.header("content-length").parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    got.body = String::from_utf8(body).unwrap();
    Some((got, reader.into_inner()))
}

/// HMAC-SHA256 as RFC 2104 has it.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let padded = |with: u8| -> Vec<u8> {
        let filled = key.iter().copied().chain(std::iter::repeat(0));
        filled.take(64).map(|byte| byte ^ with).collect()
    };
    let inner = Sha256::digest([padded(0x36), message.to_vec()].concat());
    Sha256::digest([padded(0x5c), inner.to_vec()].concat()).to_vec()
}

/// A place whose ends are told to a receiver.
fn place_that_tells(receiver: &Receiver, mut place: Place) -> Place {
    place.hurry();
    place.set("ADE_ON_END_URL", &receiver.url);
    place.set("NO_PROXY", "127.0.0.1");
    place
}

fn untold(place: &Place) -> i64 {
    place.query("SELECT count(*) FROM deliveries WHERE status <> 'delivered'")
}

#[track_caller]
fn wait_until_all_is_told(place: &Place) {
    wait_for("everything to be told", || untold(place) == 0);
}

/// Leaves a run that was cancelled, of which nobody was told.
fn cancelled(place: &Place) -> String {
    let run = place.enqueue("config", "members.csv");
    place.ade(&format!("runs cancel {run} -q")).succeeds();
    run
}

#[test]
fn what_is_refused_is_told_again_and_each_time_signed() {
    let receiver =
        Receiver::that_answers(&["503 Service Unavailable", "500 Oops", "204 No Content"]);
    let mut place = place_that_tells(&receiver, Place::ready());
    let key = b"a key of the operator";
    let secret = format!("whsec_{}", STANDARD.encode(key));
    place.set("ADE_ON_END_SECRET", &secret);
    let run = place.enqueue("config", "members.csv");
    let mut worker = place.start_worker("one");
    let got = receiver.wait_for(3);
    wait_until_all_is_told(&place);
    worker.wait_until_says("its end (url) was not accepted");
    worker.wait_until_says("the address answers 503");
    assert!(!worker.stderr().contains(&secret[6..]));
    worker.stops();
    assert_eq!(receiver.got().len(), 3);
    for one in &got {
        assert_eq!(one.header("webhook-id"), run);
        assert_eq!(one.header("content-type"), "application/json");
        assert_eq!(one.body, got[0].body);
        let signed = format!("{run}.{}.{}", one.header("webhook-timestamp"), one.body);
        let signature = STANDARD.encode(hmac(key, signed.as_bytes()));
        assert_eq!(one.header("webhook-signature"), format!("v1,{signature}"));
    }
    let told = got[0].json();
    assert_eq!(told["type"], "run.completed");
    assert_eq!(told["timestamp"], told["data"]["completed_at"]);
    let server = Server::serve(&place, "");
    assert_eq!(told["data"], server.read(&format!("/api/v1/runs/{run}")));
}

#[test]
fn every_way_to_end_is_told() {
    let receiver = Receiver::that_answers(&["200 OK"]);
    let place = place_that_tells(&receiver, Place::ready());
    place.write("broken.xlsx", "none");
    let waited = (0..6).map(|_| (cancelled(&place), "cancelled".to_owned()));
    let mut expected: Vec<_> = waited.collect();
    for (input, status) in [("members.csv", "succeeded"), ("broken.xlsx", "failed")] {
        expected.push((place.enqueue("config", input), status.to_owned()));
    }
    let skipped = place
        .run(
            &[("ADE_SAFE_MODE", "1")],
            ["run", "config", "members.csv", "--detach", "-q"],
        )
        .succeeds();
    expected.push((skipped.stdout.trim().to_owned(), "succeeded".to_owned()));
    // A worker that ends with the queue tells first, and of several each end is told by one.
    let workers = ["one", "two"].map(|name| place.start_worker_with(name, "--drain"));
    for worker in workers {
        worker.wait().succeeds();
    }
    assert_eq!(untold(&place), 0);
    let mut told: Vec<_> = receiver
        .got()
        .iter()
        .map(|one| (one.run(), one.status()))
        .collect();
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
}

#[test]
fn a_receiver_that_takes_long_holds_up_no_other_and_what_was_told_is_told_again() {
    let receiver = Receiver::that_answers(&["", "200 OK"]);
    let place = place_that_tells(&receiver, Place::cold());
    let runs = [cancelled(&place), cancelled(&place)];
    let worker = place.start_worker("one");
    let told = receiver.wait_for(2)[1].run();
    let refused: i64 = place.query("SELECT count(*) FROM deliveries WHERE last_error IS NOT NULL");
    assert_eq!(refused, 0, "the first is still being told");
    wait_for("the second to be told", || untold(&place) == 1);
    let listed = place.json("deliveries ls --status delivered --json");
    let id = listed[0]["id"].text();
    assert_eq!(
        (listed[0]["run_id"].as_str(), &listed[1]),
        (Some(&*told), &Value::Null)
    );
    let times = |count: usize| {
        wait_for("it to be told again", || {
            let got = receiver.got();
            got.iter().filter(|one| one.run() == told).count() >= count
        });
    };
    place.ade_prints(&format!("deliveries retry {id}"), "is told again");
    times(2);
    wait_for("that to be recorded", || untold(&place) <= 1);
    let server = Server::serve(&place, "");
    let first = server.read("/api/v1/deliveries?limit=1");
    let cursor = first["next_cursor"].text();
    let second = server.read(&format!("/api/v1/deliveries?limit=1&cursor={cursor}"));
    let ids = [&first, &second].map(|page| page["items"][0]["run_id"].text());
    assert_eq!(ids, [&*runs[1], &*runs[0]]);
    assert_eq!(second["next_cursor"], Value::Null);
    let again = format!("/api/v1/deliveries/{id}/retry");
    server.bare("POST", &again).is(200);
    times(3);
    let unknown = again.replace("-url", "-mail");
    server.bare("POST", &unknown).refuses(404, "not_found");
    place.ade_fails("deliveries retry none", 2, "run_not_found");
    worker.stops();
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::that_answers(&["200 OK"]);
    let redirect = format!("307 Temporary Redirect\r\nLocation: {}", elsewhere.url);
    let receiver = Receiver::that_answers(&[&redirect]);
    let place = place_that_tells(&receiver, Place::cold());
    cancelled(&place);
    let mut worker = place.start_worker("one");
    receiver.wait_for(2);
    worker.wait_until_says("the address answers 307");
    worker.stops();
    assert_eq!(elsewhere.got().len(), 0);
    assert_eq!(untold(&place), 1);
}

#[test]
fn a_program_gets_the_run_and_nothing_of_the_environment() {
    let mut place = Place::ready();
    let told = place.path("told");
    let script = format!(
        "#!/bin/sh\n[ -e '{0}-open' ] || {{ echo 'the door is shut' >&2; exit 3; }}\nenv | cut -d= -f1 | sort | tr '\\n' ' ' > '{0}-env'\necho \"$ADE_RUN_ID $ADE_RUN_STATUS\" > '{0}-run'\ncat > '{0}.part' && mv '{0}.part' '{0}'\n",
        told.display()
    );
    place.write_program("tell", &script);
    place.set("ADE_ON_END_COMMAND", "./tell");
    place.set("ADE_ON_END_SECRET", "hidden");
    place.set("ADE_WORKER_BACKOFF_BASE_SECONDS", "0.001");
    place.ade("run config members.csv -q").succeeds();
    assert_eq!(untold(&place), 1, "the run succeeded, and its end waits");
    let error: String = place.query("SELECT last_error FROM deliveries");
    assert!(
        error.ends_with("exit status 3: the door is shut"),
        "{error}"
    );
    place.ade_prints("doctor", "refused so far: 1 end");
    place.write("told-open", "");
    place.hurry();
    let worker = place.start_worker("one");
    wait_until_all_is_told(&place);
    worker.stops();
    let run = place.latest_run();
    let object: Value = serde_json::from_str(&place.read("told")).unwrap();
    assert_eq!(object["data"]["id"], run["id"]);
    assert_eq!(object["data"]["status"], "succeeded");
    let id = run["id"].text();
    assert_eq!(place.read("told-run"), format!("{id} succeeded\n"));
    let names = place.read("told-env");
    let given: Vec<&str> = names.split_whitespace().collect();
    let own = |name: &&str| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name);
    let given: Vec<&str> = given.into_iter().filter(own).collect();
    assert_eq!(given, ["ADE_RUN_ID", "ADE_RUN_STATUS", "HOME", "PATH"]);
    // Where no worker lives, `ade run` tells by itself.
    std::fs::remove_file(&told).unwrap();
    place.ade("run config members.csv -q").succeeds();
    assert_eq!(untold(&place), 0);
    let object: Value = serde_json::from_str(&place.read("told")).unwrap();
    assert_eq!(object["data"]["id"], place.latest_run()["id"]);
}

#[test]
fn ade_dev_tells_nobody_unless_it_is_asked_to() {
    let receiver = Receiver::that_answers(&["200 OK"]);
    let place = place_that_tells(&receiver, Place::ready());
    let configuration = place.configuration_id("config");
    wait_until_all_is_told(&place);
    let before = receiver.got().len();
    let run_one = |server: &Server, input: &str| {
        let document = server.upload(&place.path(input));
        let run = server.submit(&configuration, &document);
        let id = run["id"].string();
        place.wait_for_status(&id, "succeeded");
        id
    };
    let server = Server::dev(&place, "");
    run_one(&server, "members.csv");
    assert_eq!(untold(&place), 0, "not even recorded");
    server.process.stops();
    let server = Server::dev(&place, "--on-end");
    let run = run_one(&server, "people.csv");
    receiver.wait_for(1);
    wait_until_all_is_told(&place);
    server.process.stops();
    let told: Vec<String> = receiver.got()[before..].iter().map(Got::run).collect();
    assert_eq!(told, [run]);
}

#[test]
fn what_is_refused_for_a_day_is_given_up_and_said() {
    let receiver = Receiver::that_answers(&["403 Forbidden"]);
    let place = place_that_tells(&receiver, Place::cold());
    cancelled(&place);
    place.ade_prints("doctor", "told without a signature");
    place.change("UPDATE deliveries SET created_at = created_at - 86400000");
    let mut worker = place.start_worker_with("one", "--metrics 127.0.0.1:0");
    worker.wait_until_says("was not accepted for a day, and is given up: the address answers 403");
    let figures = ask(&address_of(&mut worker), "/metrics");
    assert!(
        figures.contains("\nade_deliveries_waiting 0\n"),
        "{figures}"
    );
    assert!(figures.contains("\nade_deliveries_failed 1\n"), "{figures}");
    let longest = "\nade_delivery_longest_wait_seconds 0\n";
    assert!(figures.contains(longest), "{figures}");
    worker.stops();
    assert_eq!(receiver.got().len(), 1);
    place.ade_prints("doctor", "refused for a day, and given up: 1 end");
}

#[test]
fn the_settings_are_a_table_of_the_file_and_the_secret_is_never_shown() {
    let place = Place::new();
    place.write(
        "ade.toml",
        "[on_end]\nurl = \"https://ann:pass@example.org/hook\"\ncommand = \"tell\"\nsecret = \"whsec_aGlkZGVu\"\n",
    );
    for flags in ["", "--json"] {
        let shown = place.ade(&format!("settings {flags}")).succeeds().stdout;
        assert!(
            shown.contains("https://ann:***@example.org/hook"),
            "{shown}"
        );
        assert!(
            !shown.contains("aGlkZGVu") && !shown.contains("pass@"),
            "{shown}"
        );
        assert!(shown.contains("ade.toml:4"), "{shown}");
    }
    for (line, words) in [
        ("url = \"ftp://x/\"", "no http:// or https:// address"),
        ("url = \"example.org\"", "no http:// or https:// address"),
        (
            "secret = \"whsec_#\"",
            "\"***\" is not base64 behind whsec_",
        ),
        ("adress = \"x\"", "unknown setting \"on_end_adress\""),
    ] {
        place.write("ade.toml", format!("[on_end]\n{line}\n"));
        let refused = place.ade("settings").ends_with(2).says(words);
        assert!(refused.stderr.contains("ade.toml:2"), "{}", refused.stderr);
    }
}
