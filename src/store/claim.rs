//! A claim: the worker of a run or an environment, the token that proves it, and the waiting work that the worker accepts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::Limits;
use crate::base::clock::Timestamp;

/// A lease on a run or an environment.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The worker id of the holder.
    pub worker: String,
    /// The token, new with each claim: only the claim's holder may change the claimed record.
    pub token: String,
    /// How long the claim holds without a heartbeat.
    pub lease: Duration,
    /// The process that makes the claim, if it is registered ([`WorkerRecord`](super::WorkerRecord)).
    pub process: Option<String>,
    /// The limits of submitters and workspaces: no run is claimed that would exceed them.
    pub limits: Limits,
}

impl Claim {
    /// Returns a claim with a token that no other claim has.
    pub fn new(worker: &str, token: String, lease: Duration) -> Self {
        Self {
            worker: worker.to_owned(),
            token,
            lease,
            process: None,
            limits: Limits::default(),
        }
    }

    /// Returns the same claim, made by a registered process.
    #[must_use]
    pub fn by(self, process: Option<&str>) -> Self {
        Self {
            process: process.map(str::to_owned),
            ..self
        }
    }

    /// Returns the same claim within limits.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}

/// A clock that the store reads inside its write transaction, so that no lease can be renewed between the reading and the
/// decision that depends on it, however long the store waited for the database. `None`: the clock cannot be trusted now, and
/// no lease counts as expired.
pub type Clock<'a> = dyn Fn() -> Option<Timestamp> + 'a;

/// The waiting work that a worker accepts: all, or only one workspace, one label, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WorkerFilter {
    /// Accept only runs and environments of this workspace.
    #[serde(rename = "only_workspace")]
    pub workspace: Option<String>,
    /// Accept only runs with this label, given as `key:value`, and the environments that these runs wait for.
    #[serde(rename = "only_label")]
    pub label: Option<String>,
}

impl WorkerFilter {
    /// Returns whether all work is accepted.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Returns labels in the form of the queue: one line per label. `None`: there are no labels.
    pub(super) fn lines(labels: &BTreeMap<String, String>) -> Option<String> {
        let lines = labels
            .iter()
            .map(|(key, value)| Self::line(&format!("{key}:{value}")));
        let all: String = lines.map(|line| line.trim_end().to_owned()).collect();
        (!all.is_empty()).then(|| all + "\n")
    }

    /// Returns a label as a line of the queue, to be searched among other lines.
    pub(super) fn line(label: &str) -> String {
        format!("\n{}\n", serde_json::json!(label))
    }

    /// Returns the label of such a line.
    pub(super) fn of_line(line: &str) -> Option<String> {
        serde_json::from_str(line.trim()).ok()
    }
}

/// Shows the accepted work to people.
impl std::fmt::Display for WorkerFilter {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.workspace, &self.label) {
            (None, None) => write!(to, "all"),
            (Some(workspace), None) => write!(to, "workspace {workspace}"),
            (None, Some(label)) => write!(to, "{label}"),
            (Some(workspace), Some(label)) => write!(to, "workspace {workspace}, {label}"),
        }
    }
}
