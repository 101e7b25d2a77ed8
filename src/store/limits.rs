//! How much one submitter and one workspace may have at once.

use crate::base::problem::{Facts, Kind, Problem, become_error, code};
use crate::settings::Settings;

/// How much one of them may have at once. `None`: any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Most {
    /// Runs that are executed, whoever executes them.
    pub running: Option<u64>,
    /// Runs that wait.
    pub queued: Option<u64>,
    /// Bytes of documents.
    pub stored_bytes: Option<u64>,
}

/// How much one submitter and one workspace may have at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// A submitter, in all workspaces.
    pub of_submitter: Most,
    /// A workspace, whoever submitted it.
    pub of_workspace: Most,
}

impl Limits {
    /// Those that the operator has set.
    pub fn of(settings: &Settings) -> Self {
        let any = |most: Option<u32>| most.map(u64::from);
        Self {
            of_submitter: Most {
                running: any(settings.limit_submitter_running),
                queued: any(settings.limit_submitter_queued),
                stored_bytes: settings.limit_submitter_stored,
            },
            of_workspace: Most {
                running: any(settings.limit_workspace_running),
                queued: any(settings.limit_workspace_queued),
                stored_bytes: settings.limit_workspace_stored,
            },
        }
    }
}

/// Whose limit it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A submitter's, by its key.
    Submitter(String),
    /// A workspace's.
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

/// One more would be too many.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Over {
    /// Of runs that wait.
    #[error("the queue is full: {owner} has {queued} of at most {limit} runs in it")]
    Queued {
        /// Whose.
        owner: Owner,
        /// How many wait.
        queued: u64,
        /// The limit.
        limit: u64,
    },
    /// Of stored bytes.
    #[error("the documents of {owner} would have {bytes} bytes, and the limit is {limit}")]
    Stored {
        /// Whose.
        owner: Owner,
        /// How many they would have.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
}

impl Problem for Over {
    fn facts(&self) -> Facts {
        let of = |owner: &Owner| match owner {
            Owner::Submitter(_) => "SUBMITTER",
            Owner::Workspace(_) => "WORKSPACE",
        };
        match self {
            Self::Queued { owner, .. } => Facts::new(Kind::Refused, code::QUEUE_FULL).hint(format!(
                "try again later; ADE_LIMIT_{}_QUEUED sets the limit",
                of(owner)
            )),
            Self::Stored { owner, .. } => {
                Facts::new(Kind::Refused, code::STORAGE_LIMIT).hint(format!(
                    "delete documents that are not needed any more; ADE_LIMIT_{}_STORED_MB sets the limit",
                    of(owner)
                ))
            }
        }
    }
}

become_error!(Over);
