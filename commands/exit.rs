//! Exit statuses, and the errors that end a command.

use std::process::ExitCode;

use ade::base::json::merged;
use ade::base::problem::{Problem, ProblemKind};
use ade::store::FailurePosition;
use serde_json::{Value, json};

/// The exit statuses of `ade`, in the order of its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitStatus {
    Done = 0,
    /// A run or a check failed, or an operation was refused.
    Refused = 1,
    Usage = 2,
    /// An environment could not be built.
    Environment = 3,
    Limit = 4,
    /// The database cannot be used.
    Database = 5,
    Internal = 70,
    Cancelled = 130,
}

impl ExitStatus {
    /// Returns [`Self::Refused`] if something is wrong, otherwise [`Self::Done`].
    pub fn refused_if(is_wrong: bool) -> Self {
        match is_wrong {
            true => Self::Refused,
            false => Self::Done,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

impl From<ProblemKind> for ExitStatus {
    fn from(kind: ProblemKind) -> Self {
        match kind {
            ProblemKind::Refused => Self::Refused,
            ProblemKind::Usage => Self::Usage,
            ProblemKind::Environment => Self::Environment,
            ProblemKind::Limit => Self::Limit,
            ProblemKind::Database => Self::Database,
            ProblemKind::Internal => Self::Internal,
            ProblemKind::Cancelled => Self::Cancelled,
        }
    }
}

/// The result of every command.
pub type Outcome = Result<ExitStatus, Failure>;

/// An error that ends a command: a message, a code for scripts, and what to do next.
#[derive(Clone, Debug)]
pub struct Failure {
    pub status: ExitStatus,
    /// A stable code for scripts.
    pub code: String,
    /// The event and its position, in whole sentences.
    pub message: String,
    /// The next step for the user.
    pub hint: Option<String>,
    /// The position in a configuration, as far as it is known.
    pub place: Box<FailurePosition>,
}

/// The hint of an error that no user can correct.
pub const REPORT: &str =
    "this is a bug in ade; please report it with the command that you typed and this message";

impl<P: Problem> From<P> for Failure {
    fn from(problem: P) -> Self {
        Self::from_problem(&problem)
    }
}

impl Failure {
    /// Returns the failure for an error of the library.
    pub fn from_problem(problem: &dyn Problem) -> Self {
        let facts = problem.facts();
        let bug = facts.kind == ProblemKind::Internal;
        Self {
            status: facts.kind.into(),
            code: facts.code.to_owned(),
            message: problem.to_string(),
            hint: facts.hint.or_else(|| bug.then(|| REPORT.to_owned())),
            place: Box::default(),
        }
    }

    /// Returns a failure without a hint.
    pub fn new(status: ExitStatus, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            hint: None,
            place: Box::default(),
        }
    }

    /// Returns the failure for a wrong call.
    pub fn usage(code: &str, message: impl Into<String>) -> Self {
        Self::new(ExitStatus::Usage, code, message)
    }

    /// Returns the failure with a hint added.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Returns the object that `--json` prints.
    pub fn to_json(&self) -> Value {
        let error = json!({"code": self.code, "message": self.message, "hint": self.hint});
        json!({"error": merged(error, json!(self.place))})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_the_exit_status_that_the_documents_list() {
        for (kind, status) in [
            (ProblemKind::Refused, 1),
            (ProblemKind::Usage, 2),
            (ProblemKind::Environment, 3),
            (ProblemKind::Limit, 4),
            (ProblemKind::Database, 5),
            (ProblemKind::Internal, 70),
            (ProblemKind::Cancelled, 130),
        ] {
            assert_eq!(ExitStatus::from(kind) as u8, status, "{kind:?}");
        }
    }
}
