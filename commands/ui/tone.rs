//! The meaning of a piece of text, and its colour.

use ade::issues::Severity;
use ade::run::results::demands::NothingFound;
use ade::store::{EnvironmentStatus, RunRecord, RunStatus};
use clap::ValueEnum;

/// When to colour the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    // No descriptions: clap would print each value of each flag on a line of its own.
    Auto,
    Always,
    Never,
}

/// The meaning of a text, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
    Dim,
    Strong,
    Name,
}

impl Tone {
    /// Returns the numbers of the colours (ECMA-48).
    pub fn colors(self) -> &'static [u8] {
        match self {
            Self::Plain => &[],
            Self::Good => &[32],
            Self::Warn => &[33],
            Self::Bad => &[31, 1],
            Self::Dim => &[2],
            Self::Strong => &[1],
            Self::Name => &[36],
        }
    }
}

impl From<&RunRecord> for Tone {
    /// Returns the tone of the run's status; a successful run with issues, or that found nothing, is [`Self::Warn`].
    fn from(run: &RunRecord) -> Self {
        let has_faults = run.metrics.as_ref().is_some_and(|found| found.faults() > 0);
        match run.status {
            RunStatus::Succeeded if has_faults || NothingFound::from_run(run).is_some() => {
                Self::Warn
            }
            status => status.into(),
        }
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Bad,
            Severity::Warning => Self::Warn,
            Severity::Info => Self::Dim,
        }
    }
}

impl From<RunStatus> for Tone {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Succeeded => Self::Good,
            RunStatus::Failed => Self::Bad,
            RunStatus::Cancelled | RunStatus::Running => Self::Warn,
            RunStatus::Queued => Self::Dim,
        }
    }
}

impl From<EnvironmentStatus> for Tone {
    fn from(status: EnvironmentStatus) -> Self {
        match status {
            EnvironmentStatus::Ready => Self::Good,
            EnvironmentStatus::Failed => Self::Bad,
            EnvironmentStatus::Building => Self::Warn,
            EnvironmentStatus::Queued => Self::Dim,
        }
    }
}
