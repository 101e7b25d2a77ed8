//! A server in its own process, and a small client that sends exactly the bytes of the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::HANG;
use super::described::{DESCRIPTION, demand_event};
use super::place::Place;
use super::printed::Printed;
use super::running::{Running, wait_for};
use super::told::Told;

/// A client of a server, with a token. Paths that begin with `/` are complete, others are below `/api/v1/`.
pub struct Client {
    /// Host and port, such as `127.0.0.1:40000`.
    pub address: String,
    /// A token with all scopes for all workspaces.
    pub token: String,
    /// The folder of the place, which no answer may contain.
    pub root: PathBuf,
    /// True if each answer is checked against the API's description.
    pub is_described: bool,
}

impl Client {
    /// Prepares a request with the token.
    pub fn ask(&self, method: &str, path: &str) -> Request {
        self.plain(method, path).by(&self.token)
    }

    /// Prepares a request without a token.
    pub fn plain(&self, method: &str, path: &str) -> Request {
        let below = if path.starts_with('/') {
            ""
        } else {
            "/api/v1/"
        };
        Request {
            address: self.address.clone(),
            root: self.root.clone(),
            is_described: self.is_described,
            method: method.to_owned(),
            path: format!("{below}{path}"),
            headers: vec![("Host".to_owned(), self.address.clone())],
            body: Vec::new(),
        }
    }

    /// Sends a request with these headers.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let with = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
        let request = headers.iter().fold(self.ask(method, path), with);
        request.body(body).send()
    }

    /// Sends a request without a body.
    #[track_caller]
    pub fn bare(&self, method: &str, path: &str) -> Answer {
        self.ask(method, path).send()
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.bare("GET", path)
    }

    /// Returns the JSON that a path answers with.
    #[track_caller]
    pub fn read(&self, path: &str) -> Value {
        self.get(path).is(200).json()
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path).json(body).send()
    }

    /// Sends these bytes unchanged with this media type.
    #[track_caller]
    pub fn put(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        self.send(method, path, &[("Content-Type", kind)], body)
    }

    /// Stores a document. Returns its id.
    #[track_caller]
    pub fn document(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = format!("workspaces/default/documents?name={name}");
        let stored = self.put("POST", &path, "application/octet-stream", bytes.as_ref());
        stored.is(201).id()
    }

    /// Uploads a file. Returns its id.
    #[track_caller]
    pub fn upload(&self, file: &Path) -> String {
        let name = file.file_name().unwrap().to_string_lossy();
        self.document(&name, std::fs::read(file).unwrap())
    }

    /// Returns the id of the first configuration in the workspace.
    #[track_caller]
    pub fn configuration(&self) -> String {
        self.read("workspaces/default/configs")["items"][0]["id"].string()
    }

    /// Submits a run. Returns the run.
    #[track_caller]
    pub fn submit(&self, configuration: &str, document: &str) -> Value {
        let path = format!("configs/{configuration}/runs");
        self.post(&path, &json!({"document_id": document}))
            .is(201)
            .json()
    }

    /// Waits until a run has this status.
    #[track_caller]
    pub fn wait_for(&self, run: &str, status: &str) {
        wait_for(&format!("run {run} to be {status}"), || {
            self.read(&format!("runs/{run}"))["status"] == status
        });
    }

    /// Signs in with the browser's form, from a page of this origin.
    pub fn sign_in(&self, token: &str, origin: &str) -> Answer {
        self.plain("POST", "/sign-in")
            .header("Origin", origin)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(format!("token={token}"))
            .send()
    }

    /// Follows a run's events to its end. Returns (id, name) of each.
    #[track_caller]
    pub fn events(&self, run: &str, after: u64) -> Vec<(u64, String)> {
        let answer = self
            .ask("GET", &format!("runs/{run}/events"))
            .header("Last-Event-ID", &after.to_string())
            .send();
        match answer.status {
            // All events were received.
            204 => Vec::new(),
            _ => frames(&answer.is(200).text()),
        }
    }
}

/// Lets a test server forward requests to its client.
macro_rules! asked_by_its_client {
    ($server:ty) => {
        impl std::ops::Deref for $server {
            type Target = Client;

            fn deref(&self) -> &Client {
                &self.client
            }
        }

        impl std::ops::DerefMut for $server {
            fn deref_mut(&mut self) -> &mut Client {
                &mut self.client
            }
        }
    };
}

pub(crate) use asked_by_its_client;

/// A running `ade dev` or `ade serve`.
pub struct Server {
    pub process: Running,
    /// The link of `ade dev`, which signs a browser in once; empty for other servers.
    pub link: String,
    client: Client,
}

asked_by_its_client!(Server);

impl Server {
    /// Starts `ade dev` on a free port, with these further flags.
    #[track_caller]
    pub fn dev(place: &Place, flags: &str) -> Self {
        let mut process = place.start(&format!("dev --port 0 --json {flags}"));
        process.wait_until_prints("\n}\n");
        let printed: Value = serde_json::from_str(&process.stdout()).unwrap();
        let text = |key: &str| printed[key].string();
        let address = text("url").trim_start_matches("http://").to_owned();
        let link = text("link").split_off(text("url").len());
        Self::at(place, process, address, text("token"), link)
    }

    /// Starts `ade serve` on a free port, with these further flags and a token for everything.
    #[track_caller]
    pub fn serve(place: &Place, flags: &str) -> Self {
        let token = place.token("--scope admin");
        let mut process = place.start(&format!("serve --port 0 {flags}"));
        process.wait_until_says("serving on http://");
        let said = process.stderr();
        let address = said.split("serving on http://").nth(1).unwrap();
        let end = |letter: char| letter.is_whitespace() || letter == '"';
        let address = address.split(end).next().unwrap().to_owned();
        Self::at(place, process, address, token, String::new())
    }

    fn at(place: &Place, process: Running, address: String, token: String, link: String) -> Self {
        let client = Client {
            address,
            token,
            root: place.path(""),
            is_described: false,
        };
        Self {
            process,
            link,
            client,
        }
    }
}

/// Returns the id and the name of each complete event in a run's stream, and checks it against its description.
pub fn frames(stream: &str) -> Vec<(u64, String)> {
    let whole = stream.rfind("\n\n").map_or("", |end| &stream[..end]);
    whole
        .split("\n\n")
        .filter_map(|frame| {
            let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
            let (id, name, data) = (field("id: ")?, field("event: ")?, field("data: ")?);
            demand_event("RunLogLine", &serde_json::from_str(data).unwrap());
            demand_event("RunEvent", &json!({"id": id, "event": name, "data": data}));
            Some((id.parse().ok()?, name.to_owned()))
        })
        .collect()
}

/// A request under construction.
pub struct Request {
    address: String,
    root: PathBuf,
    is_described: bool,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// Sets a header, replacing an earlier one of the same name. An empty value removes it.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Uses another token for the request.
    pub fn by(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json")
            .body(body.to_string())
    }

    /// Sends the head and the given part of the body, whatever length the head declares.
    #[track_caller]
    pub fn begin(mut self) -> Exchange {
        let has_length = self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if !has_length && (!self.body.is_empty() || self.method != "GET") {
            let length = self.body.len().to_string();
            self.headers.push(("Content-Length".to_owned(), length));
        }
        let mut head = format!(
            "{} {} HTTP/1.1\r\nConnection: close\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        // A server that refuses a request by its head may not read the body.
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(&self.body);
        Exchange {
            reader: BufReader::new(stream),
        }
    }

    #[track_caller]
    pub fn send(self) -> Answer {
        let (root, path, method) = (self.root.clone(), self.path.clone(), self.method.clone());
        let is_described = self.is_described;
        let answer = self.begin().answer();
        if is_described {
            demand_described(&method, &path, &answer);
        }
        answer.demand_no_path_below(&root, &path);
        answer
    }
}

/// A request that was sent, and its answer.
pub struct Exchange {
    reader: BufReader<TcpStream>,
}

impl Exchange {
    /// Sends more of the body.
    pub fn go_on(&mut self, bytes: &[u8]) {
        self.reader.get_mut().write_all(bytes).unwrap();
    }

    /// Closes the sending side, which ends the body.
    pub fn close_sending(&self) {
        let _ = self.reader.get_ref().shutdown(std::net::Shutdown::Write);
    }

    /// Returns the next line of the answer's head or body; `None` at its end or if the connection broke.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line),
        }
    }

    /// Returns everything up to the end, or to where the connection broke.
    pub fn rest(mut self) -> String {
        let mut bytes = Vec::new();
        let mut piece = [0; 8192];
        while let Ok(read @ 1..) = self.reader.read(&mut piece) {
            bytes.extend_from_slice(&piece[..read]);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[track_caller]
    pub fn answer(mut self) -> Answer {
        self.try_answer()
            .expect("the connection broke before the answer")
    }

    /// Returns the answer; `None` if the connection broke before its end.
    pub fn try_answer(&mut self) -> Option<Answer> {
        let first = self.line()?;
        let status = first.split(' ').nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let value = |name: &str| {
            let found = headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        let mut body = Vec::new();
        if value("transfer-encoding") == Some("chunked") {
            loop {
                let size = self.line()?;
                let size = usize::from_str_radix(size.trim(), 16).ok()?;
                let mut chunk = vec![0; size + 2];
                self.reader.read_exact(&mut chunk).ok()?;
                if size == 0 {
                    break;
                }
                body.extend_from_slice(&chunk[..size]);
            }
        } else if let Some(length) = value("content-length") {
            body = vec![0; length.parse().ok()?];
            self.reader.read_exact(&mut body).ok()?;
        }
        Some(Answer {
            status,
            headers,
            body,
        })
    }
}

/// The answer to a request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Fails if the answer contains a path of this machine. Exempt are settings, which administrators see unchanged, and
    /// downloaded files.
    #[track_caller]
    pub fn demand_no_path_below(&self, root: &Path, path: &str) {
        let kind = self.header("content-type").unwrap_or_default();
        let is_told = ["json", "text/event-stream"]
            .iter()
            .any(|text| kind.contains(text));
        let is_shown = ["settings", "artifact"]
            .iter()
            .any(|end| path.ends_with(end));
        if is_told && !is_shown {
            let text = String::from_utf8_lossy(&self.body);
            let root = root.to_str().unwrap().trim_end_matches('/');
            assert!(!text.contains(root), "{path} names {root}: {text}");
        }
    }

    /// Fails unless the answer has this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Fails unless the answer is a problem document with this status and code that reveals no path of the server.
    #[track_caller]
    pub fn refuses(self, status: u16, code: &str) -> Value {
        let answer = self.is(status);
        let kind = answer.header("content-type").unwrap_or_default();
        assert_eq!(kind, "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_ne!(problem["detail"], "");
        let text = answer.text();
        assert!(
            !text.contains("/tmp/") && !text.contains("/home/"),
            "{text}"
        );
        problem
    }

    /// Fails unless the answer refuses this field as invalid.
    #[track_caller]
    pub fn refuses_field(self, field: &str) {
        let problem = self.refuses(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }

    /// Returns the id in the answer.
    #[track_caller]
    pub fn id(&self) -> String {
        self.json()["id"].string()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Checks an answer against the API's description.
#[track_caller]
fn demand_described(method: &str, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap_or_default();
    let kind = answer.header("content-type").unwrap_or_default();
    let fault = DESCRIPTION.fault(method, path, answer.status, kind, &answer.body);
    if let Some(fault) = fault {
        panic!(
            "{method} {path} is not as it is described: {fault}\n{}",
            answer.text()
        );
    }
}

impl Place {
    /// Creates a token with these flags.
    #[track_caller]
    pub fn token(&self, flags: &str) -> String {
        let made = self.ade(&format!("tokens create t {flags} -q")).success();
        made.printed().trim().to_owned()
    }

    /// Returns the id of the configuration in this folder, which a dry run records.
    #[track_caller]
    pub fn configuration_id(&self, folder: &str) -> String {
        let ran = self.ade(&format!("run {folder} members.csv --dry-run --json"));
        ran.success().records()[0]["configuration_id"].string()
    }
}
