//! A PostgreSQL server of a test's own, from the programs that are installed, in a folder of its own.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// The address of a new database for each place, where all tests are to be run on a server: `ADE_TEST_ON_SERVER=1`. The server ends with
/// this process, which holds its standard input.
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

/// A server, which is stopped with the test.
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts one that takes connections over a socket in its folder, and over loopback. `None`: it is not installed.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            println!("skipped: PostgreSQL is not installed");
            return None;
        };
        let folder = tempfile::Builder::new()
            .prefix("ade-postgres-")
            .tempdir()
            .unwrap();
        // A port that nobody has now.
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

    /// The address of its database, over the socket.
    pub fn url(&self) -> String {
        let folder = self.folder.path().display().to_string();
        format!(
            "postgresql://ade@{}:{}/postgres",
            folder.replace('/', "%2F"),
            self.port
        )
    }

    /// The address over loopback, by another port that leads there.
    pub fn url_by(port: u16) -> String {
        format!("postgresql://ade@127.0.0.1:{port}/postgres?sslmode=disable")
    }

    /// Gives it a certificate for the host `localhost`. Returns the file of the issuer's certificate, and one of another issuer. `None`: there
    /// is no program that makes certificates.
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

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it as a crash would, and starts it again.
    pub fn crashes(&self) {
        self.begin("restart");
    }

    /// What a query gives: one line for each row, its columns divided by `|`.
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

/// A program as the user that a server may run as: it refuses root.
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

/// The user and group that a server may run as where this process is root's.
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

/// Where the programs of the newest server are: those of Debian stand in no folder of PATH.
fn programs() -> Option<PathBuf> {
    let by_version = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let installed = by_version.flatten().map(|entry| entry.path().join("bin"));
    let newest = installed.filter(|bin| bin.join("initdb").is_file()).max();
    newest.or_else(|| Some(which::which("initdb").ok()?.parent()?.to_owned()))
}

/// A way to a server that can be made to swallow everything, as a network does that is cut.
pub struct Way {
    port: u16,
    is_cut: Arc<AtomicBool>,
}

impl Way {
    /// Leads to a server.
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

    /// The port that leads there.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on nothing arrives, and nobody is told.
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
    }

    /// From now on all arrives again.
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
