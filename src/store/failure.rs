//! Why a run or an environment failed, as it is recorded.

use serde::{Deserialize, Serialize};

/// Why a run or an environment failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code, listed in docs/errors.md.
    pub code: String,
    /// In which stage: a hook's name, `environment`, `engine`, `unknown`.
    pub stage: Option<String>,
    /// What happened, and where.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure in a stage that is known.
    pub fn new(code: &str, stage: &str, message: impl Into<String>, hint: Option<String>) -> Self {
        Self {
            code: code.to_owned(),
            stage: Some(stage.to_owned()),
            message: message.into(),
            hint,
        }
    }
}

/// How the message of a run begins whose environment could not be built; the environment's own message follows.
pub const NOT_BUILT: &str = "Build failed before run could start: ";
