//! What changed: for those that show the queue while it moves.

use super::{Result, RunStatus};
use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;

/// A sign of the database's content: two that are equal mean that nothing was written in between. It says nothing to another
/// process, nor to another [`Store`](super::Store) of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeMark(pub i64, pub i64);

/// What can change of a run while it is in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveRun {
    /// Its id.
    pub id: String,
    /// Queued or running.
    pub status: RunStatus,
    /// Attempts so far.
    pub attempt_count: u32,
    /// When it may be claimed. A run that goes back to the queue gets a new one.
    pub available_at: Timestamp,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When its cancellation was requested.
    pub cancel_requested_at: Option<Timestamp>,
}

/// The times of a run that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedRun {
    /// Its id.
    pub id: String,
    /// How it ended.
    pub status: RunStatus,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When it was claimed first, if it ever was.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Timestamp,
    /// How long its last attempt took, in milliseconds.
    pub took_ms: Option<u64>,
}

/// Runs of a workspace that have ended, those that ended last first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedRuns {
    /// The runs.
    pub runs: Vec<EndedRun>,
    /// Where more had ended than were looked at: the end of the last one that was, of whatever workspace. All that ended later
    /// are here.
    pub only_since: Option<Timestamp>,
}

/// A run that is being executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningRun {
    /// Its id.
    pub id: String,
    /// Its workspace.
    pub workspace_id: String,
    /// Its configuration.
    pub configuration_id: String,
    /// The name of that.
    pub configuration_name: String,
    /// The file name of its input.
    pub input_name: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// Until when the claim holds without being renewed.
    pub claim_expires_at: Timestamp,
    /// The process that executes it.
    pub process: String,
}

/// What changed.
pub trait Changes {
    /// Returns a sign of the database's content. It costs next to nothing.
    fn change_mark(&self) -> Result<ChangeMark>;

    /// Returns the queued and running runs of a workspace.
    fn live_runs(&self, workspace: &str) -> Result<Vec<LiveRun>>;

    /// Returns the runs of a workspace that ended at `since` or later, without those whose files were collected. Of all
    /// workspaces, only the `look_at` runs that ended last are looked at.
    fn ended_runs(&self, workspace: &str, since: Timestamp, look_at: u32) -> Result<EndedRuns>;

    /// Calls `ring` whenever something that may be claimed came into the queue, from whatever machine, until `end` is set. Needs a thread of
    /// its own. `false`, at once: the database tells nobody, and [`Bell`](crate::system::bell::Bell) is rung by a file.
    fn listen(&self, _ring: &dyn Fn(), _end: &Cancel) -> bool {
        false
    }

    /// Returns the runs of these workspaces that registered processes execute, by the time of their claim; `None`: of all.
    fn running_runs(&self, workspaces: Option<&[String]>) -> Result<Vec<RunningRun>>;
}
