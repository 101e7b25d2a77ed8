//! The shared parts of the engine benches: a folder with inputs, configurations and a warm environment.

#![allow(
    clippy::disallowed_methods,
    reason = "a bench is told its length by its caller"
)]
#![allow(dead_code, reason = "no bench needs all of it")]

#[path = "../common/mod.rs"]
pub mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{ade, artifact, succeeded};

const MIB: f64 = 1024.0 * 1024.0;

pub struct Bench {
    folder: tempfile::TempDir,
    root: PathBuf,
    /// The Python of an environment with the compared tools.
    python: PathBuf,
    pub rounds: usize,
}

impl Bench {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns `ade` with the bench's own data directory.
    pub fn ade(&self) -> Command {
        let mut command = ade(&self.path("data"));
        command.stderr(Stdio::null());
        command
    }

    /// Makes a folder with workbooks of these sizes and these configurations: the template's, each with its hook, if any.
    /// `ENGINE_ROUNDS` sets the number of measured rounds (3 by default).
    pub fn new(sizes: &[u32], configurations: &[(&str, &str)]) -> Self {
        let rounds = std::env::var("ENGINE_ROUNDS").ok();
        let rounds = rounds.and_then(|value| value.parse().ok()).unwrap_or(3);
        let mut bench = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            root: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
            python: PathBuf::new(),
            rounds,
        };
        for name in configurations
            .iter()
            .map(|(name, _)| *name)
            .chain(["peers"])
        {
            let made = bench.ade().arg("init").arg(bench.path(name)).output();
            assert!(made.expect("ade init").status.success());
        }
        for (name, hook) in configurations.iter().filter(|(_, hook)| !hook.is_empty()) {
            let hooks = bench.path(name).join("src/ade_config/hooks");
            std::fs::create_dir_all(&hooks).expect("a folder for hooks");
            std::fs::write(hooks.join("measured.py"), hook).expect("a hook");
        }
        let manifest = bench.path("peers/pyproject.toml");
        let text = std::fs::read_to_string(&manifest).expect("the template's manifest");
        let text = text.replace(
            "dependencies = []",
            "dependencies = [\"xlsxwriter\", \"python-calamine\"]",
        );
        std::fs::write(&manifest, text).expect("a manifest");
        let built = bench
            .ade()
            .args(["env", "build", "--json"])
            .arg(bench.path("peers"))
            .output();
        let built: serde_json::Value =
            serde_json::from_slice(&built.expect("ade env build").stdout).expect("JSON");
        let folder = built["folder"].as_str().expect("the environment's folder");
        bench.python = Path::new(folder).join(".venv/bin/python");
        if !sizes.is_empty() {
            let names = sizes.iter().map(|rows| format!("{rows}-rows.xlsx"));
            bench.generate("rosters.py", names);
        }
        let example = bench.example();
        for (name, _) in configurations {
            bench.run(name, &example);
        }
        bench
    }

    /// Returns a Python with the engine and the compared tools.
    pub fn python(&self) -> Command {
        Command::new(&self.python)
    }

    /// Returns a Python command for a script of `benches/engine`.
    pub fn script(&self, name: &str) -> Command {
        let mut command = self.python();
        command.arg(self.root.join("benches/engine").join(name));
        command
    }

    /// Runs a generator that writes to the folder `inputs`.
    pub fn generate(&self, script: &str, what: impl Iterator<Item = String>) {
        let written = self
            .script(script)
            .arg(self.path("inputs"))
            .args(what)
            .stdout(Stdio::null())
            .status();
        assert!(written.expect("the generator").success());
    }

    /// Returns a small messy workbook.
    pub fn example(&self) -> PathBuf {
        self.root.join("examples/messy-roster.xlsx")
    }

    pub fn input(&self, rows: u32) -> PathBuf {
        self.path("inputs").join(format!("{rows}-rows.xlsx"))
    }

    /// Returns the time of the whole command, and the engine's peak memory in MiB.
    pub fn run(&self, configuration: &str, input: &Path) -> (Duration, f64) {
        let started = Instant::now();
        let output = self
            .ade()
            .args(["run", "--json"])
            .arg(self.path(configuration))
            .arg(input)
            .output();
        let took = started.elapsed();
        let artifact = artifact(&succeeded(output));
        let memory = artifact["resources"]["peak_memory_bytes"]
            .as_f64()
            .unwrap_or_default();
        (took, memory / MIB)
    }

    /// Returns the time of another tool, and its peak memory in MiB.
    pub fn peer(&self, with: &str, input: &Path) -> (Duration, f64) {
        let started = Instant::now();
        let output = self
            .script("peers.py")
            .arg(with)
            .arg(input)
            .arg(self.path("copy.xlsx"))
            .output();
        let took = started.elapsed();
        let printed = succeeded(output);
        let memory = String::from_utf8_lossy(&printed);
        (took, memory.trim().parse().expect("its peak memory"))
    }

    /// Returns the best of each measurement, alternating.
    pub fn in_turns(
        &self,
        first: impl Fn() -> Duration,
        second: impl Fn() -> Duration,
        third: impl Fn() -> Duration,
        rounds: usize,
    ) -> (Duration, Duration, Duration) {
        let mut best = [Duration::MAX; 3];
        for _ in 0..rounds.max(1) {
            best[0] = best[0].min(first());
            best[1] = best[1].min(second());
            best[2] = best[2].min(third());
        }
        (best[0], best[1], best[2])
    }
}
