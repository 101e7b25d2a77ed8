//! What keeps a run from having more processes than it may.

use serde::Serialize;

/// What holds the number of a run's processes, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessHold {
    /// The kernel, which asks `ade` before each fork.
    Asking,
    /// The kernel, by a control group for each run. It counts threads, too.
    ControlGroup,
    /// The kernel, by a namespace of users for each run and a limit of its user in it. It counts threads, too.
    Namespace,
    /// Nothing: `ade` counts 20 times a second, and a run can start many in between.
    #[default]
    Polling,
}

impl ProcessHold {
    /// As `ade doctor` says it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Asking => "held by the kernel, which asks before each fork",
            Self::ControlGroup => "held by a control group",
            Self::Namespace => "held by a namespace of users",
            Self::Polling => "counted 20 times a second",
        }
    }
}
