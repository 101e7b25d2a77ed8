//! An API server on a loopback port in the test's own process, and requests that only a client of it sends.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use ade::api::access::tokens;
use ade::api::access::tokens::NewToken;
use ade::api::server::{BoundListeners, ListenAddress as Address, Shutdown};
use ade::api::{Api, ServeOptions};
use ade::base::cancel::Cancel;
use ade::settings::{Inputs, Settings};
use ade::store::{OpenMode, Scope};
use ade::workspace::Workspace;

use super::Place;
use super::http::{Client, asked_by_its_client};

/// An API server over the data directory of a place; it ends with the test. Each answer is checked against the API's
/// description.
pub struct Server {
    /// The workspace that it serves.
    pub workspace: Arc<Workspace>,
    client: Client,
    stop: Cancel,
    thread: Option<JoinHandle<()>>,
}

asked_by_its_client!(Server);

impl Server {
    /// Serves the data directory of a place, which is created if it does not exist.
    pub fn serve(place: &Place) -> Self {
        Self::below(place, &place.path(""), &[])
    }

    /// Serves a data directory in this folder of the place, with further settings.
    pub fn below(place: &Place, folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut variables = place.variables().clone();
        for (name, value) in settings {
            variables.insert(name.into(), value.into());
        }
        let settings = Settings::resolve(&Inputs {
            flags: [("ADE_DATA_DIR", folder.join("data").display().to_string())].into(),
            variables: variables.into_iter().collect(),
            folder: folder.to_owned(),
            program: None,
        });
        let settings = settings.unwrap();
        let origins = settings.cors_origins.iter().flat_map(|all| all.split(", "));
        let cors_origins = origins.map(|origin| origin.parse().unwrap()).collect();
        let workspace = Workspace::open(settings, OpenMode::CreateIfAbsent).unwrap();
        let workspace = Arc::new(workspace);
        let options = ServeOptions {
            loopback: true,
            cors_origins,
            ..ServeOptions::default()
        };
        let api = Api::new(Arc::clone(&workspace), options, Box::new(|_| {}));
        let listening = BoundListeners::at(&Address::Port(([127, 0, 0, 1], 0).into())).unwrap();
        let client = Client {
            address: listening.address().unwrap().to_string(),
            token: String::new(),
            root: place.path(""),
            is_described: true,
        };
        let stop = Cancel::new();
        let shutdown = Shutdown {
            in_order: stop.clone(),
            grace: Duration::from_secs(1),
            ..Shutdown::default()
        };
        let thread = std::thread::spawn(move || listening.serve(&api, &shutdown));
        let mut server = Self {
            workspace,
            client,
            stop,
            thread: Some(thread),
        };
        server.token = server.token(Scope::Admin, None);
        server
    }

    /// Creates a token with this scope for these workspaces.
    pub fn token(&self, scope: Scope, workspaces: Option<&[&str]>) -> String {
        let new = NewToken {
            name: "test".to_owned(),
            scope,
            workspaces: workspaces.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect()),
            valid_for: None,
        };
        tokens::create(&self.workspace, &new).unwrap().0
    }

    /// Sends the beginning of a request whose body should have `length` bytes, and closes the connection. Returns when the
    /// server has noticed.
    pub fn break_off(&self, path: &str, kind: &str, length: usize, body: &[u8]) {
        let request = self.ask("POST", path).header("Content-Type", kind);
        let request = request.header("Content-Length", &length.to_string());
        let exchange = request.body(body).begin();
        exchange.close_sending();
        // The server may answer or close the connection; both end the exchange.
        exchange.rest();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A part of a form: its name, the name of its file, and its bytes.
pub type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// The media type of [`form`].
pub const FORM: &str = "multipart/form-data; boundary=XX";

/// Returns the body of a form. Unless `whole`, it ends within its last part.
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
