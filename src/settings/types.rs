//! The enums of settings with a choice of words.

use serde::Serialize;

/// The least severe events that are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Errors.
    Error,
    /// Errors and warnings.
    Warning,
    /// Also what happens.
    Info,
    /// Also how it happens.
    Debug,
    /// Everything.
    Trace,
}

/// How much of the sandbox a run must have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sandbox {
    /// What the kernel offers; what is missing is recorded.
    #[default]
    Auto,
    /// All of it, or no run.
    Strict,
    /// None of it; limits hold nevertheless.
    Off,
}

/// When runs are forks of a warm engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WarmUse {
    /// Never.
    Never,
    /// Where several runs are to be expected.
    #[default]
    Auto,
    /// Also for a single one.
    Always,
}

/// Whether runs execute anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SafeMode {
    /// They do.
    #[default]
    Off,
    /// They are accepted, and end at once without having executed anything.
    On,
    /// None is accepted.
    Reject,
}

/// What happens to a run whose process died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Back to the queue at once, or failed when attempts are spent.
    Requeue,
    /// Failed, for an operator to retry.
    Fail,
}
