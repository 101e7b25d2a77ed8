//! Names the ways in which the number of a run's processes is limited.

use serde::Serialize;

/// The way in which the number of a run's processes is limited, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessHold {
    /// The kernel, which asks `ade` before each fork.
    Asking,
    /// The kernel, with a control group per run. It counts threads, too.
    ControlGroup,
    /// The kernel, with a user namespace per run and a limit on its user. It counts threads, too.
    Namespace,
    /// Nothing: `ade` counts 20 times a second, and a run can start many processes in between.
    #[default]
    Polling,
}

impl ProcessHold {
    /// Returns the words that `ade doctor` prints.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Asking => "limited by the kernel, which asks before each fork",
            Self::ControlGroup => "limited by a control group",
            Self::Namespace => "limited by a user namespace",
            Self::Polling => "counted 20 times a second",
        }
    }
}
