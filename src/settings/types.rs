//! The words that settings choose between.

use serde::Serialize;

/// What provisions environments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Installer {
    /// uv from PATH, else a fetched one, else pip.
    #[default]
    Auto,
    /// uv alone.
    Uv,
    /// venv and pip alone.
    Pip,
}

/// How much is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Errors.
    Error,
    /// And warnings.
    Warning,
    /// And what happens.
    Info,
    /// And how it happens.
    Debug,
    /// Everything.
    Trace,
}

/// What becomes of a run whose process died under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Back to the queue at once, or failed when attempts are spent.
    Requeue,
    /// Failed, for an operator to retry.
    Fail,
}
