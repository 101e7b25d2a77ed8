//! A server in a process of its own, and a small client that sends exactly the bytes that a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::HANG;
use super::described::demand_event;
use super::place::Place;
use super::running::Running;

/// An `ade dev` in progress.
pub struct Server {
    pub process: Running,
    /// `127.0.0.1:40000`
    pub address: String,
    /// A token for all that there is.
    pub token: String,
    /// The link of `ade dev`, which signs a browser in once; empty of another server.
    pub link: String,
    /// The folder of the place, which no answer names.
    root: PathBuf,
}

impl Server {
    /// Starts `ade dev` on a free port, with these further flags.
    #[track_caller]
    pub fn dev(place: &Place, flags: &str) -> Self {
        let mut process = place.start(&format!("dev --port 0 --json {flags}"));
        process.wait_until_prints("\n}\n");
        let printed: Value = serde_json::from_str(&process.stdout()).unwrap();
        let text = |key: &str| printed[key].as_str().unwrap().to_owned();
        Self {
            address: text("url").trim_start_matches("http://").to_owned(),
            token: text("token"),
            link: text("link").split_off(text("url").len()),
            root: place.path(""),
            process,
        }
    }

    /// Starts `ade serve` on a free port, with these further flags and a token for all that there is.
    #[track_caller]
    pub fn serve(place: &Place, flags: &str) -> Self {
        let token = place.ade("tokens create t --scope admin -q").succeeds();
        let mut process = place.start(&format!("serve --port 0 {flags}"));
        process.wait_until_says("serving on http://");
        let said = process.stderr();
        let address = said.split("serving on http://").nth(1).unwrap();
        let end = |letter: char| letter.is_whitespace() || letter == '"';
        Self {
            address: address.split(end).next().unwrap().to_owned(),
            token: token.stdout.trim().to_owned(),
            link: String::new(),
            root: place.path(""),
            process,
        }
    }

    /// A request with the token.
    pub fn ask(&self, method: &str, path: &str) -> Request {
        let token = format!("Bearer {}", self.token);
        self.plain(method, path).header("Authorization", &token)
    }

    /// Signs a browser in with the form, from a page of this origin.
    pub fn sign_in(&self, token: &str, origin: &str) -> Answer {
        self.plain("POST", "/sign-in")
            .header("Origin", origin)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(format!("token={token}"))
            .send()
    }

    /// A request without a token.
    pub fn plain(&self, method: &str, path: &str) -> Request {
        Request {
            address: self.address.clone(),
            root: self.root.clone(),
            method: method.to_owned(),
            path: path.to_owned(),
            headers: vec![("Host".to_owned(), self.address.clone())],
            body: Vec::new(),
        }
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).send()
    }

    /// The JSON that a path answers with.
    #[track_caller]
    pub fn read(&self, path: &str) -> Value {
        self.get(path).is(200).json()
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path).json(body).send()
    }

    /// Uploads a file. Returns its id.
    #[track_caller]
    pub fn upload(&self, file: &Path) -> String {
        let name = file.file_name().unwrap().to_string_lossy();
        let path = format!("/api/v1/workspaces/default/documents?name={name}");
        let answer = self
            .ask("POST", &path)
            .header("Content-Type", "application/octet-stream")
            .body(std::fs::read(file).unwrap())
            .send();
        answer.is(201).id()
    }

    /// Submits a run. Returns the run.
    #[track_caller]
    pub fn submit(&self, configuration: &str, document: &str) -> Value {
        let path = format!("/api/v1/configs/{configuration}/runs");
        self.post(&path, &json!({"document_id": document}))
            .is(201)
            .json()
    }

    /// Follows a run's events to its end. Returns (id, name) of each.
    #[track_caller]
    pub fn events(&self, run: &str, after: u64) -> Vec<(u64, String)> {
        let answer = self
            .ask("GET", &format!("/api/v1/runs/{run}/events"))
            .header("Last-Event-ID", &after.to_string())
            .send();
        match answer.status {
            // All of them were received.
            204 => Vec::new(),
            _ => frames(&answer.is(200).text()),
        }
    }
}

/// The events in the stream of a run: id and name of each whole one, which is as it is described.
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

/// A request that is being put together.
pub struct Request {
    address: String,
    root: PathBuf,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// Sets a header; an earlier one of the same name goes.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json")
            .body(body.to_string())
    }

    /// Sends the head and, of the body, the part that is there, whatever length the head says.
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
        let (root, path) = (self.root.clone(), self.path.clone());
        let answer = self.begin().answer();
        answer.demand_no_path_below(&root, &path);
        answer
    }
}

/// A request that was sent.
pub struct Exchange {
    reader: BufReader<TcpStream>,
}

impl Exchange {
    /// Sends more of the body.
    pub fn go_on(&mut self, bytes: &[u8]) {
        self.reader.get_mut().write_all(bytes).unwrap();
    }

    /// Ends the sending side: the body ends here.
    pub fn close_sending(&self) {
        let _ = self.reader.get_ref().shutdown(std::net::Shutdown::Write);
    }

    /// The next line of the answer, of its head or its body; `None` at its end or where the connection broke.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line),
        }
    }

    /// Everything up to the end, or to where the connection broke.
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

    /// The answer; `None` where the connection broke before its end.
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

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// No answer names the place of something on this machine. Settings are shown to administrators as they are, and files
    /// that are downloaded have the bytes that they have.
    #[track_caller]
    pub fn demand_no_path_below(&self, root: &Path, path: &str) {
        let kind = self.header("content-type").unwrap_or_default();
        let is_told = ["json", "text/event-stream"]
            .iter()
            .any(|one| kind.contains(one));
        let is_shown = ["settings", "artifact"]
            .iter()
            .any(|end| path.ends_with(end));
        if is_told && !is_shown {
            let text = String::from_utf8_lossy(&self.body);
            let root = root.to_str().unwrap().trim_end_matches('/');
            assert!(!text.contains(root), "{path} names {root}: {text}");
        }
    }

    /// It has this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// It is a problem document of this status and code, which says nothing of where the server keeps its files.
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

    /// It refuses a field as invalid.
    #[track_caller]
    pub fn refuses_field(self, field: &str) {
        let problem = self.refuses(422, "invalid_field");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }

    /// The id of what it shows.
    #[track_caller]
    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
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

impl Place {
    /// The id of the configuration in this folder, which a validation has recorded.
    #[track_caller]
    pub fn configuration_id(&self, folder: &str) -> String {
        let ran = self.ade(&format!("run {folder} members.csv --dry-run --json"));
        ran.succeeds().records()[0]["configuration_id"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}
