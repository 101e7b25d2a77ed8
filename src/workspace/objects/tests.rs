//! Tests each kind of store in the same way: a folder, S3 as served by moto, and Azure Blob Storage as served by azurite. If
//! one of these two is not installed, its test is skipped. `ADE_TEST_MOTO` and `ADE_TEST_AZURITE` name programs that are not on
//! PATH.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads its caller's variables, and says that it is skipped"
)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::*;
use crate::base::problem::Problem;
use crate::settings::Inputs;

/// The account of azurite, with the key that its documentation publishes.
const AZURITE_ACCOUNT: &str = "devstoreaccount1";
const AZURITE_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A size of several parts, the last of which is not full.
const LARGE: usize = 20 * 1024 * 1024 + 7;

/// Returns a port on which nobody listens.
fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

/// A server of a test, which ends with it.
struct Server {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts a server. `None` if there is no such program.
    fn start(program: &str, variable: &str, arguments: &str) -> Option<Self> {
        let given = std::env::var_os(variable).map(PathBuf::from);
        let Some(path) = given.or_else(|| which::which(program).ok()) else {
            println!("skipped: {program} is not installed, and {variable} names none");
            return None;
        };
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let arguments = arguments.replace("PORT", &port.to_string());
        let mut command = Command::new(path);
        command
            .args(arguments.split(' '))
            .current_dir(folder.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let since = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let is_patient = since.elapsed() < Duration::from_secs(120);
            assert!(
                is_patient && child.try_wait().unwrap().is_none(),
                "{program}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Self {
            child,
            port,
            _folder: folder,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Opens the object store for a data directory of its own.
fn host(url: &str, variables: &[(&str, &str)], database: &str) -> (tempfile::TempDir, Objects) {
    let folder = tempfile::tempdir().unwrap();
    let place = [("ADE_FILES_URL", url)];
    let variables = variables.iter().chain(&place);
    let settings = Settings::resolve(&Inputs {
        flags: [("ADE_DATA_DIR", folder.path().display().to_string())].into(),
        variables: variables
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
        folder: folder.path().to_owned(),
        program: None,
    });
    let settings = settings.unwrap();
    let paths = Paths::new(&settings).unwrap();
    let objects = Objects::open(&settings, &paths, database).unwrap();
    (folder, objects.unwrap())
}

fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn keys(objects: &Objects) -> Vec<String> {
    let all = objects.all().unwrap();
    all.map(|found| found.unwrap().key).collect()
}

/// Checks what two hosts put and fetch.
fn holds(url: &str, variables: &[(&str, &str)]) {
    let (here, one) = host(url, variables, "the database");
    let (there, other) = host(url, variables, "the database");
    assert!(keys(&one).is_empty());

    let large: Vec<u8> = (0..LARGE).map(|at| (at / 7 + at * 31) as u8).collect();
    let below = Path::new("workspaces/w/documents/d");
    let contents: [(&str, &[u8]); 4] = [
        ("a.csv", b"a,b\n1,2\n"),
        ("süd 表 #1 100%.csv", b"x"),
        ("empty.csv", b""),
        ("large.csv", &large),
    ];
    for (name, content) in contents {
        let path = here.path().join(below).join(name);
        write(&path, content);
        one.put_file(&path).unwrap();
        // Putting the file again is no error, and the object stays as it was.
        write(&path, b"other");
        one.put_file(&path).unwrap();
        let fetched = there.path().join(below).join(name);
        other.fetch_file(&fetched).unwrap();
        assert!(fs::read(&fetched).unwrap() == content, "{url} {name}");
    }
    let missing = there.path().join(below).join("missing.csv");
    other.fetch_file(&missing).unwrap();
    assert!(!missing.exists() && keys(&one).len() == contents.len());

    let snapshot = Path::new("workspaces/w/configs/c/snapshots/ff");
    let (own, fetched) = (here.path().join(snapshot), there.path().join(snapshot));
    let files = ["src/a/b.py", "settings.toml"];
    for name in files {
        write(&own.join(name), name.as_bytes());
    }
    one.put_snapshot(&own).unwrap();
    one.snapshot_recorded(&own).unwrap();
    other.fetch_snapshot(&fetched).unwrap();
    for name in files {
        assert_eq!(fs::read(fetched.join(name)).unwrap(), name.as_bytes());
    }

    // An object that a record names at the moment of its deletion stays.
    let archive = keys(&one).into_iter().find(|key| key.ends_with(".tar"));
    let key = archive.unwrap();
    let is_named = |named: bool| move || Ok::<bool, FileError>(named);
    one.delete(&key, &is_named(true)).unwrap();
    assert!(keys(&other).contains(&key));
    one.delete(&key, &is_named(false)).unwrap();
    one.delete(&key, &is_named(false)).unwrap();
    assert!(!keys(&other).contains(&key));

    let (_, foreign) = host(url, variables, "another database");
    let refused = foreign.all().map(drop).unwrap_err();
    assert!(refused.is_out_of_reach() && refused.to_string().contains("another database"));
    files::remove_read_only_tree(there.path()).unwrap();
}

#[test]
fn a_folder_that_hosts_share() {
    let shared = tempfile::tempdir().unwrap();
    holds(&format!("file://{}", shared.path().display()), &[]);
}

/// Returns the variables for an S3 at this address, with credentials.
fn of_s3(endpoint: &str) -> [(&str, &str); 5] {
    [
        ("AWS_ENDPOINT", endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "hidden-key"),
        ("AWS_REGION", "us-east-1"),
    ]
}

#[test]
fn s3() {
    let Some(server) = Server::start("moto_server", "ADE_TEST_MOTO", "-p PORT") else {
        return;
    };
    let endpoint = format!("http://127.0.0.1:{}", server.port);
    let variables = of_s3(&endpoint);
    let client = reqwest::blocking::Client::new();
    let bucket = client.put(format!("{endpoint}/bucket")).send();
    assert!(bucket.unwrap().status().is_success());
    holds("s3://bucket/a/prefix", &variables);
    // Another prefix is another store.
    let (_, elsewhere) = host("s3://bucket/another", &variables, "another database");
    assert!(keys(&elsewhere).is_empty());
}

#[test]
fn azure() {
    let words = "--silent --skipApiVersionCheck --blobPort PORT --inMemoryPersistence";
    let Some(server) = Server::start("azurite-blob", "ADE_TEST_AZURITE", words) else {
        return;
    };
    let endpoint = format!("http://127.0.0.1:{}/{AZURITE_ACCOUNT}", server.port);
    let variables = [
        ("AZURE_STORAGE_ENDPOINT", endpoint.as_str()),
        ("AZURE_STORAGE_ACCOUNT_NAME", AZURITE_ACCOUNT),
        ("AZURE_STORAGE_ACCOUNT_KEY", AZURITE_KEY),
        ("AZURE_ALLOW_HTTP", "true"),
    ];
    make_container(&endpoint, "container");
    holds("az://container/a/prefix", &variables);
}

/// Creates a container, which no request in the product does.
fn make_container(endpoint: &str, name: &str) {
    use base64::Engine;
    use hmac::{Hmac, KeyInit, Mac};
    let now = crate::base::clock::Timestamp::now().0 / 1000;
    let date = jiff::Timestamp::from_second(now).unwrap();
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let headers = format!("x-ms-date:{date}\nx-ms-version:2021-08-06");
    let resource = format!("/{AZURITE_ACCOUNT}/{AZURITE_ACCOUNT}/{name}\nrestype:container");
    let text = format!("PUT\n\n\n\n\n\n\n\n\n\n\n\n{headers}\n{resource}");
    let base64 = base64::engine::general_purpose::STANDARD;
    let key = base64.decode(AZURITE_KEY).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(text.as_bytes());
    let signature = base64.encode(mac.finalize().into_bytes());
    let made = reqwest::blocking::Client::new()
        .put(format!("{endpoint}/{name}?restype=container"))
        .header("x-ms-date", &date)
        .header("x-ms-version", "2021-08-06")
        .header(
            "Authorization",
            format!("SharedKey {AZURITE_ACCOUNT}:{signature}"),
        )
        .send();
    assert!(made.unwrap().status().is_success());
}

#[test]
fn a_store_that_nobody_serves_is_out_of_reach() {
    let endpoint = format!("http://127.0.0.1:{}", free_port());
    let variables = of_s3(&endpoint);
    let (here, objects) = host("s3://bucket", &variables, "the database");
    let wanted = here.path().join("workspaces/a");
    let refused = objects.fetch_file(&wanted).unwrap_err();
    assert!(refused.may_pass() && refused.is_of_machine());
    assert_eq!(refused.code(), code::FILES_UNREACHABLE);
    assert!(!refused.to_string().contains("hidden-key"), "{refused}");
}

#[test]
fn a_prefix_that_is_emptied_is_no_new_store() {
    let shared = tempfile::tempdir().unwrap();
    let url = format!("file://{}", shared.path().display());
    let (here, objects) = host(&url, &[], "the database");
    let path = here.path().join("workspaces/a");
    write(&path, b"a");
    objects.put_file(&path).unwrap();
    fs::remove_dir_all(shared.path()).unwrap();
    fs::create_dir(shared.path()).unwrap();
    let unmounted = objects.put_file(&path);
    assert!(unmounted.unwrap_err().is_out_of_reach());
    assert_eq!(fs::read_dir(shared.path()).unwrap().count(), 0);
}
