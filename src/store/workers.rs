//! Registered processes, and recovery of the claims of a dead one. `src/workspace/fleet.rs` finds out whether one is dead.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::{BuildAttempts, Result, RunRecord};
use crate::base::clock::Timestamp;
use crate::settings::Recovery;

/// A process that claims runs or environments: a worker, an `ade run`, or another command that builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkerRecord {
    /// New with each start, never used again.
    pub id: String,
    /// The machine.
    pub host: String,
    /// Its process number there.
    pub pid: u32,
    /// The worker id of its first slot.
    pub name: String,
    /// `worker`, or `run`: a command that works itself, as `ade run` and `ade env build` do.
    pub kind: String,
    /// How many runs it may execute at the same time.
    pub slots: u32,
    /// The file on which it holds a lock as long as it lives.
    pub lock_path: PathBuf,
    /// How long its leases hold without being renewed. Processes may have different settings; each lease is judged by that of its
    /// holder.
    pub lease: Duration,
    /// When it started.
    pub started_at: Timestamp,
    /// When it last recorded that it was alive.
    pub seen_at: Timestamp,
    /// What alone it takes of what waits.
    #[serde(flatten)]
    pub only: Only,
    /// Since when it takes nothing any more, until it is resumed.
    pub quieted_at: Option<Timestamp>,
    /// Who told it so.
    pub quieted_by: Option<String>,
    /// It works for the same host as the store, so that its lock file is seen from here.
    #[serde(skip)]
    pub is_here: bool,
}

/// What a worker takes of what waits: all, or what is of one workspace, has one label, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Only {
    /// This workspace's runs and environments.
    #[serde(rename = "only_workspace")]
    pub workspace: Option<String>,
    /// Runs with this label, as `key:value`, and the environments that they wait for.
    #[serde(rename = "only_label")]
    pub label: Option<String>,
}

impl Only {
    /// Whether it takes everything.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Labels as the queue has them: a line for each. `None`: there are none.
    pub(super) fn lines(labels: &BTreeMap<String, String>) -> Option<String> {
        let lines = labels
            .iter()
            .map(|(key, value)| Self::line(&format!("{key}:{value}")));
        let all: String = lines.map(|line| line.trim_end().to_owned()).collect();
        (!all.is_empty()).then(|| all + "\n")
    }

    /// A label as it stands there, whatever is before and behind it.
    pub(super) fn line(label: &str) -> String {
        format!("\n{}\n", serde_json::json!(label))
    }

    /// The label of such a line.
    pub(super) fn of_line(line: &str) -> Option<String> {
        serde_json::from_str(line.trim()).ok()
    }
}

/// What a worker takes, as people are told.
impl std::fmt::Display for Only {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.workspace, &self.label) {
            (None, None) => write!(to, "all"),
            (Some(workspace), None) => write!(to, "workspace {workspace}"),
            (None, Some(label)) => write!(to, "{label}"),
            (Some(workspace), Some(label)) => write!(to, "workspace {workspace}, {label}"),
        }
    }
}

/// The registered processes.
pub trait Workers {
    /// Registers a process, unless it is registered already; its claims name its id.
    fn register_worker(&self, worker: &WorkerRecord) -> Result<()>;

    /// Records that the process was alive at `now`.
    fn worker_seen(&self, id: &str, now: Timestamp) -> Result<()>;

    /// Deletes the record of a process that has ended or was found dead. False: it still holds a claim, so the record stays,
    /// and its death is found later.
    fn remove_worker(&self, id: &str) -> Result<bool>;

    /// From now on a worker takes nothing; what it has it finishes. One that is quiet already stays so. Returns it as it is then;
    /// `None`: there is no worker of this id.
    fn quiet_worker(&self, id: &str, by: &str, now: Timestamp) -> Result<Option<WorkerRecord>>;

    /// It takes runs again.
    fn resume_worker(&self, id: &str) -> Result<Option<WorkerRecord>>;

    /// The queue as far as a worker takes it: how many runs wait and how many are executed, whoever executes them.
    fn queue_of_worker(&self, id: &str) -> Result<(u64, u64)>;

    /// Returns all of them, oldest first.
    fn workers(&self) -> Result<Vec<WorkerRecord>>;

    /// Ends the claims of a dead process: its runs are requeued or failed by `recovery`, its builds requeued, or failed where
    /// their attempts are spent. Returns the runs as they are now.
    fn reclaim(
        &self,
        process: &str,
        recovery: Recovery,
        builds: &BuildAttempts<'_>,
        now: Timestamp,
    ) -> Result<Vec<RunRecord>>;
}
