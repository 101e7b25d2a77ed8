//! Helpers for several benches: records of runs, `ade` as a process, and figures.

#![allow(dead_code, reason = "no bench needs all of it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use ade::base::clock::Timestamp;
use ade::settings::{Inputs, Settings};
use ade::store::{
    Claim, ConfigurationRecord, Ending, EnvironmentKey, EnvironmentRecord, NewEnvironment, NewRun,
    RunOptions, RunStatus, Store,
};
use ade::system::machine::{Machine, System};

/// Returns the settings of a data directory, with further ones.
#[expect(
    clippy::disallowed_methods,
    reason = "a bench finds Python as its caller does"
)]
pub fn settings(data: &Path, others: &[(&'static str, &str)]) -> Settings {
    let mut flags = BTreeMap::from([("ADE_DATA_DIR", data.display().to_string())]);
    flags.extend(
        others
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    Settings::resolve(&Inputs {
        flags,
        // Published configurations look for a Python.
        variables: std::env::var_os("PATH")
            .map(|path| ("PATH".into(), path))
            .into_iter()
            .collect(),
        folder: data.to_owned(),
        program: None,
    })
    .expect("settings")
}

/// Returns the environment with this digest; a new one is queued.
pub fn ensure(store: &Store, digest: &str) -> EnvironmentRecord {
    let now = Timestamp::now();
    let configuration = ConfigurationRecord {
        id: System.new_id(),
        workspace_id: "default".to_owned(),
        name: "roster".to_owned(),
        path: "/roster".into(),
    };
    let configuration = store
        .ensure_configuration(&configuration, now)
        .expect("a configuration");
    let key = EnvironmentKey {
        workspace_id: "default".to_owned(),
        configuration_id: configuration.id,
        engine_spec: "embedded".to_owned(),
        deps_digest: digest.repeat(64),
    };
    let id = System.new_id();
    let environment = NewEnvironment {
        key,
        folder: Path::new("/venvs").join(&id),
        snapshot: "/snapshot".into(),
        id,
    };
    store
        .ensure_environment(&environment, now)
        .expect("an environment")
}

pub fn new_run(environment: &EnvironmentRecord) -> NewRun {
    let id = System.new_id();
    NewRun {
        key: environment.key.clone(),
        environment_id: environment.id.clone(),
        document_id: None,
        source_digest: "0".repeat(64),
        snapshot: "/data/workspaces/default/configs/roster/snapshots/0".into(),
        input_name: "orders.xlsx".to_owned(),
        input_path: format!("/data/workspaces/default/runs/{id}/input/orders.xlsx").into(),
        input_sha256: "0".repeat(64),
        input_size_bytes: 13_436,
        input_sheets: None,
        options: RunOptions::default(),
        max_attempts: 3,
        run_dir: format!("/data/workspaces/default/runs/{id}").into(),
        retry_of_run_id: None,
        limits: ade::store::Limits::default(),
        id,
    }
}

pub fn ending() -> Ending {
    Ending {
        status: RunStatus::Succeeded,
        exit_code: Some(0),
        error: None,
        summary: None,
        output_path: Some("/data/workspaces/default/runs/0/output/orders_normalized.xlsx".into()),
        results: None,
        peak_memory_bytes: Some(100 << 20),
        cpu_seconds: Some(0.1),
        engine_seconds: Some(0.1),
    }
}

pub fn claim() -> Claim {
    Claim::new("bench", System.new_token(), Duration::from_secs(900))
}

/// Returns an `ade` command for a data directory.
pub fn ade(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ade"));
    command.arg("--data-dir").arg(data).stdin(Stdio::null());
    command
}

/// Returns the output of a command, which must succeed.
pub fn succeeded(output: std::io::Result<Output>) -> Vec<u8> {
    let output = output.expect("a command that starts");
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    output.stdout
}

/// Returns the audit record of the printed run.
pub fn artifact(printed: &[u8]) -> serde_json::Value {
    let run: serde_json::Value = serde_json::from_slice(printed).expect("a run object");
    let folder = PathBuf::from(run["run_dir"].as_str().expect("its folder"));
    let artifact = std::fs::read(folder.join("artifact.json")).expect("its audit record");
    serde_json::from_slice(&artifact).expect("JSON")
}

/// Returns a figure of this process's memory in MiB (`VmRSS`, `VmHWM`), if the system has it.
pub fn memory(figure: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

/// The median, the 99th percentile and the maximum of many figures.
pub struct Spread {
    pub median: f64,
    pub p99: f64,
    pub most: f64,
}

impl Spread {
    pub fn measure(values: &mut [f64]) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |part: f64| values[((values.len() - 1) as f64 * part).round() as usize];
        Self {
            median: at(0.5),
            p99: at(0.99),
            most: at(1.0),
        }
    }
}

pub fn median(values: &mut [f64]) -> f64 {
    Spread::measure(values).median
}
