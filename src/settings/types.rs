//! The enums of settings with a choice of words.

use serde::Serialize;

/// The least severe level of events that are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Only errors are reported.
    Error,
    /// Errors and warnings are reported.
    Warning,
    /// Normal events are reported as well.
    Info,
    /// Details of events are reported as well.
    Debug,
    /// Everything is reported, however minor.
    Trace,
}

/// The required strictness of a run's sandbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sandbox {
    /// Use all features that the kernel offers, and record missing ones.
    #[default]
    Auto,
    /// Require all features, or execute no run.
    Strict,
    /// Use no feature; limits still apply.
    Off,
}

/// The choice when runs are forks of a warm engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WarmUse {
    /// Never fork a warm engine.
    Never,
    /// Fork a warm engine if several runs are expected.
    #[default]
    Auto,
    /// Also fork a warm engine for a single run.
    Always,
}

/// The choice whether runs execute anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SafeMode {
    /// Runs execute as usual.
    #[default]
    Off,
    /// Runs are accepted, and end at once without having executed anything.
    On,
    /// No run is accepted.
    Reject,
}

/// The choice what happens to a run whose process died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The run goes back to the queue at once, or fails if its attempts are used up.
    Requeue,
    /// The run fails, and an operator may retry it.
    Fail,
}
