//! The whole of `ade run` with a warm environment and the template's configuration, beside tools that only copy.
//!
//! `cargo bench --bench engine`. Workbooks of 5,000, 50,000 and 200,000 rows by 20 columns are written by a seeded
//! generator (`benches/engine/generate.py`); each figure is the best of some runs taken in turns with what it is compared
//! to, in the same call. `ENGINE_ROUNDS` sets how many turns (3 unless told).

#![allow(
    clippy::disallowed_methods,
    reason = "a bench is told its length by its caller"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SIZES: [u32; 3] = [5_000, 50_000, 200_000];
const MIB: f64 = 1024.0 * 1024.0;

/// A configuration that styles what it wrote through openpyxl.
const STYLING_HOOK: &str = r#"
from openpyxl.styles import Font


def style(output_sheet, output_region):
    for cell in output_sheet[output_region.header_row]:
        cell.font = Font(bold=True)
    output_sheet.freeze_panes = "A2"


def register(registry):
    registry.register_hook(style, hook="on_table_written", priority=1)
"#;

struct Bench {
    folder: tempfile::TempDir,
    root: PathBuf,
    /// The Python of an environment with the tools that are compared.
    python: PathBuf,
    rounds: usize,
}

fn main() {
    let rounds = std::env::var("ENGINE_ROUNDS").ok();
    let rounds = rounds.and_then(|value| value.parse().ok()).unwrap_or(3);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut bench = Bench {
        folder,
        root,
        python: PathBuf::new(),
        rounds,
    };
    bench.prepare();

    println!(
        "{:<34} {:>8} {:>9} {:>7} {:>8}",
        "", "seconds", "µs a row", "ratio", "wanted"
    );
    let mut per_row = Vec::new();
    for rows in SIZES {
        let input = bench.input(rows);
        let (ours, openpyxl, calamine) = bench.in_turns(
            || bench.run("template", &input).0,
            || bench.copy("openpyxl", &input),
            || bench.copy("calamine", &input),
            if rows == SIZES[2] { 1 } else { bench.rounds },
        );
        per_row.push(ours.as_secs_f64() / f64::from(rows));
        line(&format!("ade run, {rows} rows"), ours, rows, None, "");
        let wanted = |limit| if rows == SIZES[1] { limit } else { "" };
        let ratio = |theirs: Duration| Some(ours.as_secs_f64() / theirs.as_secs_f64());
        line(
            "  openpyxl, copying",
            openpyxl,
            rows,
            ratio(openpyxl),
            wanted("< 0.12"),
        );
        line(
            "  calamine and XlsxWriter, copying",
            calamine,
            rows,
            ratio(calamine),
            wanted("< 0.35"),
        );
        let (_, memory) = bench.run("template", &input);
        let wanted = match rows {
            50_000 => "< 150",
            200_000 => "< 300",
            _ => "",
        };
        println!(
            "{:<34} {:>8.0} MiB {wanted:>20}",
            "  peak memory of the engine", memory
        );
    }
    println!(
        "cost of a row at {} rows, of that at {}: {:.2}",
        SIZES[2],
        SIZES[1],
        per_row[2] / per_row[1]
    );

    let input = bench.input(50_000);
    let (styled, openpyxl, _) = bench.in_turns(
        || bench.run("styled", &input).0,
        || bench.copy("openpyxl", &input),
        || Duration::ZERO,
        bench.rounds,
    );
    let ratio = styled.as_secs_f64() / openpyxl.as_secs_f64();
    line(
        "styled by a hook, 50000 rows",
        styled,
        50_000,
        Some(ratio),
        "< 1",
    );
    let (dozen, _) = bench.run("template", &bench.root.join("examples/messy-roster.xlsx"));
    line("ade run, the example", dozen, 31, None, "");
}

fn line(what: &str, took: Duration, rows: u32, ratio: Option<f64>, wanted: &str) {
    let seconds = took.as_secs_f64();
    let ratio = ratio.map(|ratio| format!("{ratio:.3}")).unwrap_or_default();
    println!(
        "{what:<34} {seconds:>8.2} {:>9.1} {ratio:>7} {wanted:>8}",
        seconds * 1e6 / f64::from(rows)
    );
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ade(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ade"));
        command
            .arg("--data-dir")
            .arg(self.path("data"))
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn prepare(&mut self) {
        for name in ["template", "styled", "peers"] {
            let made = self.ade().arg("init").arg(self.path(name)).output();
            assert!(made.expect("ade init").status.success());
        }
        std::fs::write(
            self.path("styled/src/ade_config/hooks/style.py"),
            STYLING_HOOK,
        )
        .expect("a hook");
        let manifest = self.path("peers/pyproject.toml");
        let text = std::fs::read_to_string(&manifest).expect("the template's manifest");
        let text = text.replace(
            "dependencies = []",
            "dependencies = [\"xlsxwriter\", \"python-calamine\"]",
        );
        std::fs::write(&manifest, text).expect("a manifest");
        let built = self
            .ade()
            .args(["env", "build", "--json"])
            .arg(self.path("peers"))
            .output();
        let built: serde_json::Value =
            serde_json::from_slice(&built.expect("ade env build").stdout).expect("JSON");
        let folder = built["folder"].as_str().expect("the environment's folder");
        self.python = Path::new(folder).join(".venv/bin/python");
        let written = Command::new(&self.python)
            .arg(self.root.join("benches/engine/generate.py"))
            .arg(self.path("inputs"))
            .args(SIZES.map(|rows| rows.to_string()))
            .stdout(Stdio::null())
            .status();
        assert!(written.expect("the generator").success());
        for name in ["template", "styled"] {
            let example = self.root.join("examples/messy-roster.xlsx");
            self.run(name, &example);
        }
    }

    fn input(&self, rows: u32) -> PathBuf {
        let entries = std::fs::read_dir(self.path("inputs")).expect("the generator's folder");
        let mut found = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                stem.ends_with(&format!("-{rows}"))
            });
        found.next().expect("a generated workbook")
    }

    /// The whole command, and the engine's peak memory in MiB.
    fn run(&self, configuration: &str, input: &Path) -> (Duration, f64) {
        let started = Instant::now();
        let output = self
            .ade()
            .args(["run", "--json"])
            .arg(self.path(configuration))
            .arg(input)
            .output()
            .expect("ade run");
        let took = started.elapsed();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        let run: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a run object");
        let folder = PathBuf::from(run["run_dir"].as_str().expect("its folder"));
        let artifact = std::fs::read(folder.join("artifact.json")).expect("its audit record");
        let artifact: serde_json::Value = serde_json::from_slice(&artifact).expect("JSON");
        let memory = artifact["resources"]["peak_memory_bytes"]
            .as_f64()
            .unwrap_or_default();
        (took, memory / MIB)
    }

    fn copy(&self, with: &str, input: &Path) -> Duration {
        let started = Instant::now();
        let status = Command::new(&self.python)
            .arg(self.root.join("benches/engine/peers.py"))
            .arg(with)
            .arg(input)
            .arg(self.path("copy.xlsx"))
            .status();
        assert!(status.expect("a copy").success());
        started.elapsed()
    }

    /// The best of each, taken in turns.
    fn in_turns(
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
