//! The limits of what one submitter and one workspace may have at once.

use crate::base::problem::{ErrorFacts, Problem, ProblemKind, become_error, code};
use crate::settings::Settings;

/// The limits of one submitter or workspace. `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnerLimits {
    /// The maximum number of running runs, whoever executes them.
    pub running: Option<u64>,
    /// The maximum number of waiting runs.
    pub queued: Option<u64>,
    /// The maximum size of stored documents in bytes.
    pub stored_bytes: Option<u64>,
}

/// The limits of submitters and of workspaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The limits of a submitter across all workspaces.
    pub of_submitter: OwnerLimits,
    /// The limits of a workspace across all submitters.
    pub of_workspace: OwnerLimits,
}

impl Limits {
    /// Returns the limits that the operator has set.
    pub fn from_settings(settings: &Settings) -> Self {
        let any = |most: Option<u32>| most.map(u64::from);
        Self {
            of_submitter: OwnerLimits {
                running: any(settings.limit_submitter_running),
                queued: any(settings.limit_submitter_queued),
                stored_bytes: settings.limit_submitter_stored,
            },
            of_workspace: OwnerLimits {
                running: any(settings.limit_workspace_running),
                queued: any(settings.limit_workspace_queued),
                stored_bytes: settings.limit_workspace_stored,
            },
        }
    }
}

/// The submitter or workspace that a limit applies to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A submitter, by its key.
    Submitter(String),
    /// A workspace, by its id.
    Workspace(String),
}

impl std::fmt::Display for Owner {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Submitter(key) => write!(to, "{key}"),
            Self::Workspace(id) => write!(to, "the workspace {id}"),
        }
    }
}

/// A limit that one more run or document would exceed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitExceeded {
    /// The limit of waiting runs.
    #[error("the queue is full: {owner} has {queued} of at most {limit} waiting runs")]
    Queued {
        /// The submitter or workspace with the limit.
        owner: Owner,
        /// How many of its runs are waiting.
        queued: u64,
        /// The maximum number of waiting runs.
        limit: u64,
    },
    /// The limit of stored bytes.
    #[error("the documents of {owner} would take {bytes} bytes, and the limit is {limit}")]
    Stored {
        /// The submitter or workspace with the limit.
        owner: Owner,
        /// How many bytes its documents would have.
        bytes: u64,
        /// The maximum number of bytes.
        limit: u64,
    },
}

impl Problem for LimitExceeded {
    fn facts(&self) -> ErrorFacts {
        let of = |owner: &Owner| match owner {
            Owner::Submitter(_) => "SUBMITTER",
            Owner::Workspace(_) => "WORKSPACE",
        };
        match self {
            Self::Queued { owner, .. } => ErrorFacts::new(ProblemKind::Refused, code::QUEUE_FULL)
                .hint(format!(
                    "try again later; ADE_LIMIT_{}_QUEUED sets the limit",
                    of(owner)
                )),
            Self::Stored { owner, .. } => ErrorFacts::new(
                ProblemKind::Refused,
                code::STORAGE_LIMIT,
            )
            .hint(format!(
                "delete documents that you no longer need; ADE_LIMIT_{}_STORED_MB sets the limit",
                of(owner)
            )),
        }
    }
}

become_error!(LimitExceeded);
