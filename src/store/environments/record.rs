//! The records of environments: queued → building → ready | failed, under separate leases.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::clock::Timestamp;
use crate::store::FailureRecord;
use crate::store::driver::words;

/// The status of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentStatus {
    /// The environment waits to be built.
    Queued,
    /// A builder holds its lease and builds it.
    Building,
    /// Runs can use the environment.
    Ready,
    /// The environment could not be built.
    Failed,
}

words!(EnvironmentStatus { Queued = "queued", Building = "building", Ready = "ready", Failed = "failed" });

/// The unique key by which a run finds its environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EnvironmentKey {
    /// The id of the workspace.
    pub workspace_id: String,
    /// The id of the configuration.
    pub configuration_id: String,
    /// The engine: `embedded`, or the value of `ADE_ENGINE_SPEC`.
    pub engine_spec: String,
    /// The digest of everything that the environment's contents depend on, 64 hexadecimal digits.
    pub deps_digest: String,
}

/// A recorded environment of a configuration.
#[derive(Clone, Debug)]
pub struct EnvironmentRecord {
    /// The environment's id, a UUIDv7.
    pub id: String,
    /// The unique key of the environment.
    pub key: EnvironmentKey,
    /// The name of its configuration.
    pub configuration_name: String,
    /// The folder of its configuration.
    pub configuration_path: PathBuf,
    /// Whether the configuration is archived.
    pub configuration_archived: bool,
    /// The status of the environment.
    pub status: EnvironmentStatus,
    /// The folder of the environment.
    pub folder: PathBuf,
    /// The snapshot of the configuration from which the environment is provisioned.
    pub snapshot: PathBuf,
    /// The worker id of its builder.
    pub claimed_by: Option<String>,
    /// The process that builds the environment, if it is registered ([`WorkerRecord`](crate::store::workers::WorkerRecord)).
    pub claim_process: Option<String>,
    /// When the lease of its builder expires.
    pub claim_expires_at: Option<Timestamp>,
    /// The number of attempted builds.
    pub attempt_count: u32,
    /// How often in a row trouble of the machine or the network prevented its build.
    pub trouble_count: u32,
    /// When the next attempt may begin.
    pub available_at: Timestamp,
    /// The reason why the environment failed.
    pub error: Option<FailureRecord>,
    /// The contents of the environment, once it is ready.
    pub contents: Option<EnvironmentContents>,
    /// When the environment was recorded.
    pub created_at: Timestamp,
    /// When anything about the environment changed.
    pub updated_at: Timestamp,
    /// When the environment became ready.
    pub ready_at: Option<Timestamp>,
    /// When a run last used the environment.
    pub last_used_at: Option<Timestamp>,
}

impl EnvironmentRecord {
    /// Returns when a run last used the environment; if none has, when anything about it changed.
    pub fn last_used(&self) -> Timestamp {
        self.last_used_at.unwrap_or(self.updated_at)
    }
}

/// The precision of the recorded last use of an environment or a configuration: a change at each claim would be one more page
/// to write. Decisions that use it add this margin.
pub const LAST_USE_KNOWN_TO: Duration = Duration::from_secs(10);

/// An environment that is to be recorded.
#[derive(Clone, Debug)]
pub struct NewEnvironment {
    /// The environment's id, a UUIDv7.
    pub id: String,
    /// The unique key of the environment.
    pub key: EnvironmentKey,
    /// The folder of the environment.
    pub folder: PathBuf,
    /// The snapshot of the configuration from which the environment is provisioned.
    pub snapshot: PathBuf,
}

/// The contents of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentContents {
    /// The version of Python, such as `3.11.7`.
    pub python_version: String,
    /// The Python from which the environment was made.
    pub python_path: PathBuf,
    /// The version of the engine.
    pub engine_version: String,
    /// The installer with its version, such as `uv 0.13.8`.
    pub installer: String,
    /// The installed packages, by name.
    pub packages: Vec<InstalledPackage>,
    /// The SHA-256 of the packages with their versions.
    pub lock_digest: String,
    /// The size on disk in bytes.
    pub size_bytes: u64,
}

/// A package in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstalledPackage {
    /// The name of the package.
    pub name: String,
    /// The version of the package.
    pub version: String,
}

/// The state of an environment in which a builder may claim it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimableState {
    /// The environment is queued and due.
    Due,
    /// The environment is being built, but the lease of its builder ended at this time.
    Left(Timestamp),
}

/// The next state of an environment that could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildFailureOutcome {
    /// The environment is queued, and is tried again from this time on.
    RetryAt(Timestamp),
    /// The environment waits until this time, and its attempt does not count: the machine or the network is in trouble.
    WaitUntil(Timestamp),
    /// The environment fails, and is tried again when it is requested again: the configuration is at fault, on any host.
    Fail,
    /// The environment fails on this host, and is tried again when it is requested again. Another host may build it.
    FailHere,
}

/// The rules for repeating builds whose builders died or let their lease expire.
#[derive(Clone, Copy)]
pub struct BuildAttempts<'a> {
    /// The maximum number of attempts, after which the environment fails.
    pub most: u32,
    /// Returns the wait after the attempt with this number.
    pub backoff: &'a dyn Fn(u32) -> Duration,
}
