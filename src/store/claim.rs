//! A claim: the worker of a run or an environment, the token that proves it, and what the worker takes of what waits.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::Limits;
use crate::base::clock::Timestamp;

/// A lease on a run or an environment.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The worker id of its holder.
    pub worker: String,
    /// The token, new with each claim: only its holder may change the claimed record.
    pub token: String,
    /// For how long it holds without a heartbeat.
    pub lease: Duration,
    /// The process that makes it, if it is registered ([`WorkerRecord`](super::WorkerRecord)).
    pub process: Option<String>,
    /// How much each submitter and each workspace may have: no run is claimed with which one has more.
    pub limits: Limits,
}

impl Claim {
    /// A claim with a token that no other claim has.
    pub fn new(worker: &str, token: String, lease: Duration) -> Self {
        Self {
            worker: worker.to_owned(),
            token,
            lease,
            process: None,
            limits: Limits::default(),
        }
    }

    /// The same, made by a registered process.
    #[must_use]
    pub fn by(self, process: Option<&str>) -> Self {
        Self {
            process: process.map(str::to_owned),
            ..self
        }
    }

    /// The same within limits.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}

/// A clock that the store reads inside its write transaction, so that no lease can be renewed between the reading and the
/// decision that depends on it, however long the store had to wait for the database. `None`: the clock cannot be trusted
/// now, and no lease is considered expired.
pub type Clock<'a> = dyn Fn() -> Option<Timestamp> + 'a;

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
