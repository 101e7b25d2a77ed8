//! What is decided of an environment, and why.

use serde::Serialize;

use crate::store::EnvironmentRecord;

/// Why an environment is kept or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is cold, no run needs it, and its configuration is neither the default nor was it run lately.
    Delete,
    /// Its configuration is the default or was run lately, its digest is no longer the current one, and it is cold.
    Superseded,
    /// It is being built.
    Unfinished,
    /// A queued or running run needs it.
    InUse,
    /// Its configuration is the workspace's default: runs that name no configuration use it.
    Default,
    /// Its configuration was run within the time to live, and its folder is still there.
    RunLately,
    /// It was used, or changed, within the time to live.
    Warm,
    /// No environment is ever cold: the time to live is zero or less.
    NeverCold,
    /// It would be deleted, but there was a gap, or a jump of the clock, less than a day ago.
    Held,
}

impl Fate {
    /// Whether the environment is deleted.
    pub fn deletes(self) -> bool {
        matches!(self, Self::Delete | Self::Superseded)
    }

    /// The reason in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Delete => "unused, and so is its configuration",
            Self::Superseded => "unused, and superseded by a newer one",
            Self::Unfinished => "its build has not ended",
            Self::InUse => "a run needs it",
            Self::Default => "its configuration is the workspace's default",
            Self::RunLately => "its configuration was run recently",
            Self::Warm => "used recently",
            Self::NeverCold => "the time to live is off",
            Self::Held => "less than a day in use since a gap or a jump of the clock",
        }
    }
}

/// An environment with its verdict.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The environment.
    pub environment: EnvironmentRecord,
    /// Whether it is kept or deleted, and why.
    pub verdict: Fate,
}
