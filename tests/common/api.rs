//! The API on a port of loopback, in the test's own process, and a client of it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use ade::api::access::tokens;
use ade::api::access::tokens::NewToken;
use ade::api::server::{ListenAddress as Address, Listening, Shutdown};
use ade::api::{Api, ServeOptions};
use ade::base::cancel::Cancel;
use ade::settings::{Inputs, Settings};
use ade::store::{Opening, Scope};
use ade::workspace::Workspace;
use serde_json::Value;

use super::Place;
use super::described::Description;
use super::http::Answer;

/// A server of the API over the data directory of a place; it ends with the test.
pub struct Server {
    /// The workspace that it serves.
    pub workspace: Arc<Workspace>,
    address: SocketAddr,
    stop: Cancel,
    thread: Option<JoinHandle<()>>,
    client: reqwest::blocking::Client,
    token: String,
    description: Description,
    root: PathBuf,
}

impl Server {
    /// Serves the data directory of a place, which is created if there is none.
    pub fn of(place: &Place) -> Self {
        Self::with(place, &[])
    }

    /// The same with further settings.
    pub fn with(place: &Place, settings: &[(&str, &str)]) -> Self {
        let mut variables = place.variables().clone();
        for (name, value) in settings {
            variables.insert(name.into(), value.into());
        }
        let settings = Settings::resolve(&Inputs {
            flags: [("ADE_DATA_DIR", place.path("data").display().to_string())].into(),
            variables: variables.into_iter().collect(),
            folder: place.path(""),
            program: None,
        });
        let workspace = Workspace::open(settings.unwrap(), Opening::CreateIfAbsent).unwrap();
        let workspace = Arc::new(workspace);
        let options = ServeOptions {
            loopback: true,
            ..ServeOptions::default()
        };
        let api = Api::new(Arc::clone(&workspace), options, Box::new(|_| {}));
        let listening = Listening::at(&Address::Port(([127, 0, 0, 1], 0).into())).unwrap();
        let address = listening.address().unwrap();
        let stop = Cancel::new();
        let thread = {
            let shutdown = Shutdown {
                in_order: stop.clone(),
                grace: Duration::from_secs(1),
                ..Shutdown::default()
            };
            std::thread::spawn(move || listening.serve(&api, &shutdown))
        };
        ade::base::tls::use_cryptography();
        let client = reqwest::blocking::Client::builder()
            .no_proxy()
            .timeout(super::HANG)
            .build();
        let mut server = Self {
            workspace,
            address,
            stop,
            thread: Some(thread),
            client: client.unwrap(),
            token: String::new(),
            description: Description::of_the_code(),
            root: place.path(""),
        };
        server.token = server.token(Scope::Admin, None);
        server
    }

    /// A new token.
    pub fn token(&self, scope: Scope, workspaces: Option<&[&str]>) -> String {
        let new = NewToken {
            name: "test".to_owned(),
            scope,
            workspaces: workspaces.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect()),
            valid_for: None,
        };
        tokens::create(&self.workspace, &new).unwrap().0
    }

    /// Uses another token from now on.
    pub fn use_token(&mut self, token: String) {
        self.token = token;
    }

    /// Sends a request, and holds the answer to the API's description; a path that begins with `/` is whole, others are below `/api/v1/`.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let url = format!("http://{}{}", self.address, whole(path));
        let mut request = self.client.request(method.parse().unwrap(), url);
        request = request.bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body.to_owned()).send().unwrap();
        let headers = answer.headers().iter().map(|(name, value)| {
            let value = value.to_str().unwrap_or_default().to_owned();
            (name.as_str().to_owned(), value)
        });
        let answer = Answer {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: answer.bytes().unwrap().to_vec(),
        };
        self.demand_described(method, path, &answer);
        answer.demand_no_path_below(&self.root, path);
        answer
    }

    fn demand_described(&self, method: &str, path: &str, answer: &Answer) {
        let path = whole(path);
        let path = path.split('?').next().unwrap_or_default();
        let kind = answer.header("content-type").unwrap_or_default();
        let description = &self.description;
        let fault = description.fault(method, path, answer.status, kind, &answer.body);
        if let Some(fault) = fault {
            let said = String::from_utf8_lossy(&answer.body);
            panic!("{method} {path} is not as it is described: {fault}\n{said}");
        }
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// The JSON that a path answers with.
    #[track_caller]
    pub fn read(&self, path: &str) -> Value {
        self.get(path).is(200).json()
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.send("POST", path, &json, body.to_string().as_bytes())
    }

    /// Sends a file as it is.
    pub fn upload(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        self.send(method, path, &[("content-type", kind)], body)
    }

    /// Sends a file as a form, as browsers and `curl -F` do.
    pub fn form(&self, path: &str, parts: &[Part]) -> Answer {
        let body = form(parts, true);
        self.upload("POST", path, FORM, &body)
    }

    /// Sends a request without a body, and does not wait for the answer.
    pub fn begin(&self, path: &str) -> Waiting {
        let mut connection = TcpStream::connect(self.address).unwrap();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {}\r\ncontent-length: 0\r\n\r\n",
            whole(path),
            self.token,
        );
        connection.write_all(head.as_bytes()).unwrap();
        Waiting {
            _connection: connection,
        }
    }

    /// Sends the beginning of a request whose body should have `length` bytes, and hangs up. Returns when the server has noticed.
    pub fn break_off(&self, path: &str, kind: &str, length: usize, body: &[u8]) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n",
            whole(path),
            self.token,
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        // The server answers, or hangs up too; both are an end.
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

/// The connection of a client that waits for an answer, until it is dropped.
pub struct Waiting {
    _connection: TcpStream,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn whole(path: &str) -> String {
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/api/v1/{path}")
    }
}

/// A part of a form: its name, the name of its file, and its bytes.
pub type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// The media type of [`form`].
pub const FORM: &str = "multipart/form-data; boundary=XX";

/// A form; one that is not `whole` ends within its last part.
pub fn form(parts: &[Part], whole: bool) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\""));
        let file = file.unwrap_or_default();
        let head = format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    if whole {
        body.extend_from_slice(b"--XX--\r\n");
    }
    body
}
