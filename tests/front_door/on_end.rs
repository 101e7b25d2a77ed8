//! Requests about ended runs to the receiver that the operator named. Programs and settings are in `tests/cli/on-end.md`.
use crate::common;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Place, Printed, Server, Told, wait_for};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

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

/// A server that notes requests and gives the answers of its test, the last one again and again. An empty answer holds the request.
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

/// Returns the HMAC-SHA256 of RFC 2104.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let padded = |with: u8| -> Vec<u8> {
        let filled = key.iter().copied().chain(std::iter::repeat(0));
        filled.take(64).map(|byte| byte ^ with).collect()
    };
    let inner = Sha256::digest([padded(0x36), message.to_vec()].concat());
    Sha256::digest([padded(0x5c), inner.to_vec()].concat()).to_vec()
}

/// Returns a place that reports the ends of runs to a receiver.
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

/// Leaves a cancelled run whose end is not reported yet.
fn cancelled(place: &Place) -> String {
    let run = place.enqueue("config", "members.csv");
    place.ade(&format!("runs cancel {run} -q")).success();
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
        .success();
    expected.push((skipped.printed().trim().to_owned(), "succeeded".to_owned()));
    // A worker that ends with the queue reports first, and only one of several workers reports each end.
    let workers = ["one", "two"].map(|name| place.start_worker_with(name, "--drain"));
    for worker in workers {
        worker.wait().success();
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
    let _two = [cancelled(&place), cancelled(&place)];
    let worker = place.start_worker("one");
    let told = receiver.wait_for(2)[1].run();
    let refused: i64 = place.query("SELECT count(*) FROM deliveries WHERE last_error IS NOT NULL");
    assert_eq!(refused, 0, "the first is still being told");
    wait_for("the second to be told", || untold(&place) == 1);
    let id = place.json("deliveries ls --status delivered --json")[0]["id"].string();
    place.ade_prints(&format!("deliveries retry {id}"), "is sent again");
    wait_for("it to be told again", || {
        let got = receiver.got();
        got.iter().filter(|one| one.run() == told).count() >= 2
    });
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
fn ade_dev_tells_nobody_unless_it_is_asked_to() {
    let receiver = Receiver::that_answers(&["200 OK"]);
    let place = place_that_tells(&receiver, Place::cold());
    let configuration = place.configuration_id("config");
    wait_until_all_is_told(&place);
    let before = receiver.got().len();
    // A run may end without being executed.
    place.ade("pause").success();
    let run_one = |server: &Server, input: &str| {
        let document = server.upload(&place.path(input));
        let run = server.submit(&configuration, &document);
        let id = run["id"].string();
        server.bare("POST", &format!("runs/{id}/cancel")).is(200);
        place.wait_for_status(&id, "cancelled");
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
