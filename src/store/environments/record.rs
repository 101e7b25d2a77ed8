//! Environments: queued → building → ready | failed, under leases of their own.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::clock::Timestamp;
use crate::store::Failure;
use crate::store::driver::words;

/// The status of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentStatus {
    /// It waits to be built.
    Queued,
    /// It is being built: a builder holds its lease.
    Building,
    /// Runs can use it.
    Ready,
    /// It could not be built.
    Failed,
}

words!(EnvironmentStatus { Queued = "queued", Building = "building", Ready = "ready", Failed = "failed" });

/// The key by which a run finds its environment. Unique.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EnvironmentKey {
    /// The workspace.
    pub workspace_id: String,
    /// The configuration.
    pub configuration_id: String,
    /// The engine: `embedded`, or what `ADE_ENGINE_SPEC` says.
    pub engine_spec: String,
    /// The digest of everything that its contents depend on, 64 hexadecimal digits.
    pub deps_digest: String,
}

/// An environment.
#[derive(Clone, Debug)]
pub struct EnvironmentRecord {
    /// UUIDv7.
    pub id: String,
    /// Its key.
    pub key: EnvironmentKey,
    /// The configuration's name.
    pub configuration_name: String,
    /// The configuration's folder.
    pub configuration_path: PathBuf,
    /// Whether the configuration is archived.
    pub configuration_archived: bool,
    /// Its status.
    pub status: EnvironmentStatus,
    /// Its own folder.
    pub folder: PathBuf,
    /// The snapshot of the configuration that it is provisioned from.
    pub snapshot: PathBuf,
    /// The worker id of its builder.
    pub claimed_by: Option<String>,
    /// The process that builds it, if it is registered ([`WorkerRecord`](crate::store::workers::WorkerRecord)).
    pub claim_process: Option<String>,
    /// Until when its builder's lease holds.
    pub claim_expires_at: Option<Timestamp>,
    /// How many builds were attempted.
    pub attempt_count: u32,
    /// How often in a row trouble of the machine or the network kept it from being built.
    pub trouble_count: u32,
    /// When the next attempt may begin.
    pub available_at: Timestamp,
    /// Why it failed.
    pub error: Option<Failure>,
    /// What is in it, once ready.
    pub contents: Option<EnvironmentContents>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When anything about it changed.
    pub updated_at: Timestamp,
    /// When it became ready.
    pub ready_at: Option<Timestamp>,
    /// When a run used it last.
    pub last_used_at: Option<Timestamp>,
}

impl EnvironmentRecord {
    /// When a run used it last; if none has, when anything about it changed.
    pub fn last_used(&self) -> Timestamp {
        self.last_used_at.unwrap_or(self.updated_at)
    }
}

/// The last use of an environment, and of a configuration, is recorded to this: a change at each claim would be one more page
/// to write. A judgement by it allows for so much more.
pub const LAST_USE_KNOWN_TO: Duration = Duration::from_secs(10);

/// An environment that is to be recorded.
#[derive(Clone, Debug)]
pub struct NewEnvironment {
    /// UUIDv7.
    pub id: String,
    /// Its key.
    pub key: EnvironmentKey,
    /// Its own folder.
    pub folder: PathBuf,
    /// The snapshot of the configuration that it is provisioned from.
    pub snapshot: PathBuf,
}

/// What is in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentContents {
    /// `3.11.7`
    pub python_version: String,
    /// The Python that it was made from.
    pub python_path: PathBuf,
    /// The engine's version.
    pub engine_version: String,
    /// What installed it: `uv 0.13.8`.
    pub installer: String,
    /// What is installed, by name.
    pub packages: Vec<Package>,
    /// SHA-256 over the packages with their versions.
    pub lock_digest: String,
    /// Its size on disk.
    pub size_bytes: u64,
}

/// An installed package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Which state of an environment lets a builder claim it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimable {
    /// It waits, and is due.
    Due,
    /// It is being built, but its builder has let the lease end at this time.
    Left(Timestamp),
}

/// What becomes of an environment that could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// It waits, and is tried again from then on.
    RetryAt(Timestamp),
    /// It waits until then, and no attempt is spent: the machine or the network is in trouble, not the environment.
    WaitUntil(Timestamp),
    /// It fails, and is tried again when it is asked for anew: the configuration is at fault, on any host.
    Fail,
    /// It fails on this host, and is tried again when it is asked for anew. Another host may build it.
    FailHere,
}

/// How builds are begun again whose builders died, or let their lease end.
#[derive(Clone, Copy)]
pub struct BuildAttempts<'a> {
    /// After so many attempts the environment fails.
    pub most: u32,
    /// The wait after an attempt of this number.
    pub backoff: &'a dyn Fn(u32) -> Duration,
}
