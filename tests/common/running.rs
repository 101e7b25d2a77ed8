//! A running `ade`: its output as it is printed, signals, and its remaining processes.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::assert::Assert;

use super::HANG;
use super::printed::Printed;

/// A running command; dropping it kills it.
pub struct Running {
    child: Child,
    words: tempfile::TempDir,
}

impl Running {
    /// Starts a command with nothing on standard input.
    pub fn start(mut command: Command) -> Self {
        // Tests started in the background of a shell inherit ignored interrupts, and so would their children.
        let hears_interrupts = || match unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) } {
            libc::SIG_ERR => Err(std::io::Error::last_os_error()),
            _ => Ok(()),
        };
        // SAFETY: signal(2) may be called between fork and exec.
        unsafe { command.pre_exec(hears_interrupts) };
        let words = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(words.path().join(name)).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .unwrap();
        Self { child, words }
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns its standard output so far.
    pub fn stdout(&self) -> String {
        fs::read_to_string(self.words.path().join("stdout")).unwrap()
    }

    /// Returns its standard error so far.
    pub fn stderr(&self) -> String {
        fs::read_to_string(self.words.path().join("stderr")).unwrap()
    }

    /// Waits until standard error contains this.
    #[track_caller]
    pub fn wait_until_says(&mut self, text: &str) {
        let limit = Instant::now() + HANG;
        while !self.stderr().contains(text) {
            let ended = self.child.try_wait().unwrap().is_some();
            if (ended || Instant::now() > limit) && !self.stderr().contains(text) {
                panic!("it never said {text:?}:\n{}", self.stderr());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until standard output contains this.
    #[track_caller]
    pub fn wait_until_prints(&mut self, text: &str) {
        let limit = Instant::now() + HANG;
        while !self.stdout().contains(text) {
            let ended = self.child.try_wait().unwrap().is_some();
            if (ended || Instant::now() > limit) && !self.stdout().contains(text) {
                panic!(
                    "it never printed {text:?}:\n{}\n{}",
                    self.stdout(),
                    self.stderr()
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal to this process only.
    pub fn signal(&self, signal: i32) {
        // SAFETY: no memory is involved; the child was not waited for, so the id is still its own.
        unsafe { libc::kill(i32::try_from(self.child.id()).unwrap(), signal) };
    }

    /// Stops it with SIGSTOP at a moment when it holds no write lock on a file, so that others can use the database.
    pub fn freezes(&self) {
        let id = self.child.id().to_string();
        let holds = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.get(1) == Some(&"POSIX")
                && words.get(3) == Some(&"WRITE")
                && words.get(4) == Some(&&*id)
        };
        loop {
            self.signal(libc::SIGSTOP);
            // SAFETY: zero is a valid siginfo_t, and the pointer is to a live one. The call returns when all threads have
            // stopped.
            unsafe {
                let mut told: libc::siginfo_t = std::mem::zeroed();
                libc::waitid(libc::P_PID, self.child.id(), &raw mut told, libc::WSTOPPED);
            }
            let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
            if !locks.lines().any(holds) {
                return;
            }
            self.signal(libc::SIGCONT);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills it with SIGKILL.
    #[track_caller]
    pub fn dies(self) {
        self.signal(libc::SIGKILL);
        self.wait().interrupted();
    }

    /// Asks it to end, which must succeed.
    #[track_caller]
    pub fn stops(self) {
        self.signal(libc::SIGTERM);
        self.wait().success();
    }

    /// Waits until it ends.
    #[track_caller]
    pub fn wait(mut self) -> Assert {
        let limit = Instant::now() + HANG;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Assert::new(Output {
                    status,
                    stdout: self.stdout().into_bytes(),
                    stderr: self.stderr().into_bytes(),
                });
            }
            assert!(Instant::now() < limit, "it hangs:\n{}", self.stderr());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Waits until a condition holds.
#[track_caller]
pub fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let limit = Instant::now() + HANG;
    while !is_so() {
        assert!(Instant::now() < limit, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Returns the command lines of all processes that name a folder. Needs /proc.
pub fn processes_of(folder: &Path) -> Option<Vec<String>> {
    let folder = folder.to_str().unwrap();
    let entries = fs::read_dir("/proc").ok()?;
    let lines: Vec<String> = entries
        .flatten()
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .chars()
                .all(|letter| letter.is_ascii_digit())
        })
        .filter_map(|entry| {
            let line = fs::read(entry.path().join("cmdline")).ok()?;
            let working =
                fs::read_link(entry.path().join("cwd")).unwrap_or_else(|_| PathBuf::new());
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let own = entry.file_name().to_string_lossy() == std::process::id().to_string();
            let concerned = line.contains(folder) || working.starts_with(folder);
            (concerned && !own && !line.is_empty()).then_some(line)
        })
        .collect();
    Path::new("/proc/self/cmdline").exists().then_some(lines)
}

/// A process of the engine.
#[cfg(target_os = "linux")]
pub struct EngineProcess {
    /// The process id of the engine.
    pub id: i32,
    /// True if the process waits for runs; otherwise it executes one.
    pub is_warm: bool,
}

/// Returns the engine processes of the environments below a folder.
#[cfg(target_os = "linux")]
pub fn engines_of(folder: &Path) -> Vec<EngineProcess> {
    let folder = folder.to_str().unwrap();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let engine = |id: i32| {
        let read = |name: &str| {
            let bytes = fs::read(format!("/proc/{id}/{name}")).unwrap_or_default();
            String::from_utf8_lossy(&bytes).replace('\0', " ")
        };
        let line = read("cmdline");
        // A fork has the command line of its warm engine, but its own variables.
        let is_warm =
            || line.contains("ade_engine warm") && read("environ").contains("ADE_ENGINE_ROOM");
        (line.contains(folder) && line.contains("-m ade_engine")).then(|| EngineProcess {
            id,
            is_warm: is_warm(),
        })
    };
    ids.filter_map(engine).collect()
}
