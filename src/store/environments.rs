//! Environments: queued → building → ready | failed, under leases of their own.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Claim, Clock, Failure, Heartbeat, Result};
use crate::clock::Timestamp;

/// Where an environment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentStatus {
    /// Waits for a builder.
    Queued,
    /// A builder holds its lease.
    Building,
    /// Runs can use it.
    Ready,
    /// It could not be provisioned.
    Failed,
}

impl EnvironmentStatus {
    /// The word that the database, the CLI and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Building => "building",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    /// The status of a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Queued, Self::Building, Self::Ready, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// What makes an environment the one that a run needs. Unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentKey {
    /// The workspace.
    pub workspace_id: String,
    /// The configuration.
    pub configuration_id: String,
    /// The engine: `embedded`, or what `ADE_ENGINE_SPEC` says.
    pub engine_spec: String,
    /// The digest of all that its contents depend on, 64 hexadecimal digits.
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
    /// Where it stands.
    pub status: EnvironmentStatus,
    /// Its own folder.
    pub folder: PathBuf,
    /// The configuration's files that it is provisioned from.
    pub snapshot: PathBuf,
    /// Who builds it.
    pub claimed_by: Option<String>,
    /// Until when its builder's lease holds.
    pub claim_expires_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempt_count: u32,
    /// When it may be tried next.
    pub available_at: Timestamp,
    /// Why it failed.
    pub error: Option<Failure>,
    /// What is in it, once ready.
    pub contents: Option<EnvironmentContents>,
    /// When it became known.
    pub created_at: Timestamp,
    /// When anything about it changed.
    pub updated_at: Timestamp,
    /// When it became ready.
    pub ready_at: Option<Timestamp>,
    /// When a run used it last.
    pub last_used_at: Option<Timestamp>,
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
    /// What installed it: `uv 0.13.8`, `pip 23.2.1`.
    pub installer: String,
    /// What is installed, by name.
    pub packages: Vec<Package>,
    /// SHA-256 over the packages with their versions.
    pub lock_digest: String,
    /// Its size on disk.
    pub size_bytes: u64,
}

/// An installed package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The environments that are known, and who builds them.
pub trait Environments {
    /// The environment of a key; recorded as queued on first sight. `folder` is asked for its place, given its id.
    ///
    /// # Errors
    /// The database can't serve.
    fn ensure_environment(
        &self,
        key: &EnvironmentKey,
        snapshot: &Path,
        folder: &dyn Fn(&str) -> PathBuf,
        now: Timestamp,
    ) -> Result<EnvironmentRecord>;

    /// The environment of a key.
    ///
    /// # Errors
    /// The database can't serve.
    fn environment_of(&self, key: &EnvironmentKey) -> Result<Option<EnvironmentRecord>>;

    /// The environment of an id or of an unambiguous prefix.
    ///
    /// # Errors
    /// There is none, there are several, or the database can't serve.
    fn environment(&self, workspace: &str, id: &str) -> Result<EnvironmentRecord>;

    /// All environments of a workspace, last used first.
    ///
    /// # Errors
    /// The database can't serve.
    fn environments(&self, workspace: &str) -> Result<Vec<EnvironmentRecord>>;

    /// The environments of all workspaces.
    ///
    /// # Errors
    /// The database can't serve.
    fn all_environments(&self) -> Result<Vec<EnvironmentRecord>>;

    /// The environment that has waited longest for a builder and is due.
    ///
    /// # Errors
    /// The database can't serve.
    fn next_environment(&self, now: Timestamp) -> Result<Option<EnvironmentRecord>>;

    /// Claims one environment for building. Whoever holds the lock of its builders may `take_over`: a failed one, and one
    /// whose builder is gone though its lease still holds. `None`: it is in no such state (any more).
    ///
    /// # Errors
    /// The database can't serve.
    fn claim_environment(
        &self,
        id: &str,
        claim: &Claim,
        take_over: bool,
        now: Timestamp,
    ) -> Result<Option<EnvironmentRecord>>;

    /// Renews a builder's lease.
    ///
    /// # Errors
    /// The database can't serve.
    fn heartbeat_environment(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Heartbeat>;

    /// Building → ready. False: the lease was lost and nothing changed.
    ///
    /// # Errors
    /// The database can't serve.
    fn complete_environment(
        &self,
        id: &str,
        claim: &Claim,
        contents: &EnvironmentContents,
        now: Timestamp,
    ) -> Result<bool>;

    /// Building → failed, or queued again from `retry_at` on. False: the lease was lost and nothing changed.
    ///
    /// # Errors
    /// The database can't serve.
    fn fail_environment(
        &self,
        id: &str,
        claim: &Claim,
        failure: &Failure,
        retry_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool>;

    /// Building → queued, the attempt given back: the build was cancelled. False: the lease was lost and nothing changed.
    ///
    /// # Errors
    /// The database can't serve.
    fn release_environment(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<bool>;

    /// Building → queued, where the builder's lease has expired. Returns how many.
    ///
    /// # Errors
    /// The database can't serve.
    fn expire_environment_leases(&self, clock: &Clock<'_>) -> Result<usize>;

    /// Ready → queued, to be built in `folder`: its files vanished, or somebody wants it built anew. `seen` is the
    /// environment as that was found out. False: it is no longer so, somebody has built or requeued it since.
    ///
    /// # Errors
    /// The database can't serve.
    fn requeue_environment(
        &self,
        seen: &EnvironmentRecord,
        folder: &Path,
        snapshot: &Path,
        now: Timestamp,
    ) -> Result<bool>;

    /// How many queued and running runs refer to an environment.
    ///
    /// # Errors
    /// The database can't serve.
    fn live_runs_of_environment(&self, id: &str) -> Result<u64>;

    /// The runs that wait for one environment wait for another from now on, and the former's record is deleted, where
    /// nothing is in it yet: its engine cannot be had here.
    ///
    /// # Errors
    /// The database can't serve.
    fn move_waiting_runs(&self, from: &str, to: &EnvironmentRecord, now: Timestamp) -> Result<()>;

    /// Deletes the record of an environment that is ready or failed, that no queued or running run needs, and that was last
    /// used (or changed) before `cold_since`, where that is given. False: it must stay.
    ///
    /// # Errors
    /// The database can't serve.
    fn delete_environment(&self, id: &str, cold_since: Option<Timestamp>) -> Result<bool>;
}
