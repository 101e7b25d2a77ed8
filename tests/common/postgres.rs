//! A PostgreSQL server for one test, from the installed programs, in its own folder.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Returns the address of a new database for each place if all tests are to run on a server (`ADE_TEST_ON_SERVER=1`). The
/// server ends with this process, which holds its standard input.
pub fn of_all_places() -> Option<String> {
    static SERVER: OnceLock<Option<(PathBuf, Child)>> = OnceLock::new();
    let begin = || {
        std::env::var_os("ADE_TEST_ON_SERVER")?;
        let folder = tempfile::tempdir().unwrap().keep();
        let programs = programs().expect("PostgreSQL is installed");
        let script = Command::new("sh")
            .args([
                "-c",
                include_str!("../../src/store/postgres/test_server.sh"),
                "server",
            ])
            .args([&folder, &programs])
            .arg("off")
            .stdin(Stdio::piped())
            .spawn();
        // It listens before it answers.
        let mut asked = Command::new(programs.join("pg_isready"));
        asked.arg("-q").arg("-h").arg(&folder);
        super::wait_for("the server", || asked.status().unwrap().success());
        Some((folder, script.unwrap()))
    };
    let (folder, _) = SERVER.get_or_init(begin).as_ref()?;
    let folder = folder.display().to_string().replace('/', "%2F");
    let schema = uuid::Uuid::new_v4().simple();
    Some(format!(
        "postgresql://ade@{folder}/postgres?schema=t{schema}"
    ))
}

/// A server that is stopped with the test.
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts a server with a socket in its folder and a loopback port. `None`: PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            println!("skipped: PostgreSQL is not installed");
            return None;
        };
        let folder = tempfile::Builder::new()
            .prefix("ade-postgres-")
            .tempdir()
            .unwrap();
        // A port that is free now.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let server = Self {
            folder,
            programs,
            port,
        };
        let place = server.folder.path().display().to_string();
        server.as_owner("sh", &["-c", "true"]);
        server.program(
            "initdb",
            &[
                "-D",
                &server.data(),
                "-U",
                "ade",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
            ],
        );
        let options = format!(
            "-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={place} -c max_connections=200"
        );
        server.write_options(&options);
        server.begin("start");
        Some(server)
    }

    /// Returns the address of its database by the socket.
    pub fn url(&self) -> String {
        let folder = self.folder.path().display().to_string();
        format!(
            "postgresql://ade@{}:{}/postgres",
            folder.replace('/', "%2F"),
            self.port
        )
    }

    /// Returns the address by another loopback port that leads to it.
    pub fn url_by(port: u16) -> String {
        format!("postgresql://ade@127.0.0.1:{port}/postgres?sslmode=disable")
    }

    /// Gives it a certificate for the host `localhost`. Returns the certificate file of the issuer, and that of another issuer.
    /// `None`: no program for making certificates is installed.
    pub fn certified(&self) -> Option<(PathBuf, PathBuf)> {
        if Command::new("openssl").arg("version").output().is_err() {
            println!("skipped: openssl is not installed");
            return None;
        }
        let script = "
set -e
for name in issuer other; do
    openssl req -x509 -newkey rsa:2048 -nodes -keyout $name.key -out $name.crt -days 2 -subj /CN=$name
done
openssl req -newkey rsa:2048 -nodes -keyout data/server.key -out server.csr -subj /CN=localhost
printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' > extensions
openssl x509 -req -in server.csr -CA issuer.crt -CAkey issuer.key -CAcreateserial -days 2 -extfile extensions -out data/server.crt
chmod 600 data/server.key
chmod 644 issuer.crt other.crt
";
        let folder = self.folder.path();
        let script = format!("cd '{}'; {script}", folder.display());
        self.as_owner("sh", &["-c", &script]);
        let options = std::fs::read_to_string(folder.join("options")).unwrap();
        self.write_options(&format!("{options} -c ssl=on"));
        self.begin("restart");
        Some((folder.join("issuer.crt"), folder.join("other.crt")))
    }

    /// Returns its loopback port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills the server like a crash, and starts it again.
    pub fn crashes(&self) {
        self.begin("restart");
    }

    /// Returns the result of a query: a line for each row, with columns separated by `|`.
    pub fn query(&self, sql: &str) -> Vec<String> {
        let folder = self.folder.path().display().to_string();
        let output = Command::new(self.programs.join("psql"))
            .args(["-h", &folder, "-p", &self.port.to_string(), "-U", "ade"])
            .args([
                "-X",
                "-A",
                "-t",
                "-c",
                &format!("SET search_path = ade; {sql}"),
                "postgres",
            ])
            .output()
            .unwrap();
        let text = said(&output);
        assert!(output.status.success(), "{sql}: {text}");
        let stdout = String::from_utf8(output.stdout).unwrap();
        stdout.lines().skip(1).map(str::to_owned).collect()
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn write_options(&self, options: &str) {
        let file = self.folder.path().join("options");
        std::fs::write(file, options).unwrap();
    }

    fn begin(&self, what: &str) {
        let options = std::fs::read_to_string(self.folder.path().join("options")).unwrap();
        let log = self.folder.path().join("log").display().to_string();
        self.program(
            "pg_ctl",
            &[
                what,
                "-D",
                &self.data(),
                "-m",
                "immediate",
                "-w",
                "-t",
                "120",
                "-l",
                &log,
                "-o",
                &options,
            ],
        );
    }

    fn program(&self, name: &str, arguments: &[&str]) {
        let program = self.programs.join(name).display().to_string();
        let mut words = vec![program.as_str()];
        words.extend(arguments);
        let script = r#"exec "$@" >/dev/null 2>>"$0""#;
        let errors = self.folder.path().join("errors").display().to_string();
        let mut all = vec!["-c", script, &errors];
        all.extend(words);
        self.as_owner("sh", &all);
    }

    fn as_owner(&self, program: &str, arguments: &[&str]) {
        if is_root() {
            let owner = owner();
            let taken = Command::new("chown")
                .arg(format!("{}:{}", owner.0, owner.1))
                .arg(self.folder.path())
                .status();
            assert!(taken.unwrap().success());
        }
        let output = of_owner(program)
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let log = std::fs::read_to_string(self.folder.path().join("errors")).unwrap_or_default();
        assert!(output.status.success(), "{}{log}", said(&output));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let program = self.programs.join("pg_ctl").display().to_string();
        let _ = of_owner(&program)
            .args(["stop", "-D", &self.data(), "-m", "immediate"])
            .current_dir("/")
            .output();
    }
}

/// Returns a command that runs a program as the user for the server, which refuses root.
fn of_owner(program: &str) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let owner = owner();
    let mut command = Command::new("setpriv");
    command.args([
        format!("--reuid={}", owner.0),
        format!("--regid={}", owner.1),
        "--clear-groups".to_owned(),
        program.to_owned(),
    ]);
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn is_root() -> bool {
    // SAFETY: it has no preconditions and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// Returns the user and group for the server if this process runs as root.
fn owner() -> (u32, u32) {
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of = |name: &str| {
        let line = known
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut parts = line.split(':').skip(2);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    of("postgres")
        .or_else(|| of("nobody"))
        .unwrap_or((65_534, 65_534))
}

/// Returns the folder with the programs of the newest server; on Debian it is not on PATH.
fn programs() -> Option<PathBuf> {
    let by_version = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let installed = by_version.flatten().map(|entry| entry.path().join("bin"));
    let newest = installed.filter(|bin| bin.join("initdb").is_file()).max();
    newest.or_else(|| Some(which::which("initdb").ok()?.parent()?.to_owned()))
}

/// A connection to a server that can be made to swallow everything, like a network that is cut.
pub struct Way {
    port: u16,
    is_cut: Arc<AtomicBool>,
}

impl Way {
    /// Opens a way to a server.
    pub fn to(server: &Postgres) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_cut = Arc::new(AtomicBool::new(false));
        let (cut, target) = (Arc::clone(&is_cut), server.port);
        thread::spawn(move || {
            for from in listener.incoming().flatten() {
                let cut = Arc::clone(&cut);
                thread::spawn(move || {
                    if let Ok(to) = TcpStream::connect(("127.0.0.1", target)) {
                        let (back, forth) = (Arc::clone(&cut), cut);
                        let (from_2, to_2) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                        thread::spawn(move || carry(to_2, from_2, &back));
                        carry(from, to, &forth);
                    }
                });
            }
        });
        Self { port, is_cut }
    }

    /// Returns the port that leads to the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on all data is lost silently.
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
    }

    /// From now on data arrives again.
    pub fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, is_cut: &AtomicBool) {
    let mut buffer = [0; 16 << 10];
    loop {
        let read = from.read(&mut buffer).unwrap_or(0);
        while is_cut.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(20));
        }
        if read == 0 || to.write_all(&buffer[..read]).is_err() {
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
    }
}
