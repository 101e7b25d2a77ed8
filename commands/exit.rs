//! Exit statuses, and the errors that end a command.

use std::io::Write;
use std::process::ExitCode;

use ade::problem::{Kind, Problem};
use serde_json::{Value, json};

/// The exit status of `ade`, as cli.md documents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitStatus {
    /// Done.
    Done = 0,
    /// The work was done and says no.
    Refused = 1,
    /// Wrong call or wrong input.
    Usage = 2,
    /// An environment could not be provisioned.
    Environment = 3,
    /// A limit was hit.
    Limit = 4,
    /// The database can't serve.
    Database = 5,
    /// A bug in `ade`.
    Internal = 70,
    /// Cancelled.
    Cancelled = 130,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

impl From<Kind> for ExitStatus {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Refused => Self::Refused,
            Kind::Usage => Self::Usage,
            Kind::Environment => Self::Environment,
            Kind::Limit => Self::Limit,
            Kind::Database => Self::Database,
            Kind::Internal => Self::Internal,
            Kind::Cancelled => Self::Cancelled,
        }
    }
}

/// What every command gives.
pub type Outcome = Result<ExitStatus, Failure>;

/// An error that ends a command: a message, a code for scripts, and what to do next.
#[derive(Debug)]
pub struct Failure {
    /// The exit status.
    pub status: ExitStatus,
    /// A stable word.
    pub code: String,
    /// What happened, and where.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl<P: Problem> From<P> for Failure {
    fn from(problem: P) -> Self {
        Self::of(&problem)
    }
}

impl Failure {
    /// The failure that a problem of the library means.
    pub fn of(problem: &dyn Problem) -> Self {
        let bug = problem.kind() == Kind::Internal;
        let hint = problem.hint().or_else(|| bug.then(|| REPORT.to_owned()));
        Self {
            status: problem.kind().into(),
            code: problem.code().to_owned(),
            message: problem.to_string(),
            hint,
        }
    }

    /// A wrong call.
    pub fn usage(code: &str, message: String, hint: Option<String>) -> Self {
        Self {
            status: ExitStatus::Usage,
            code: code.to_owned(),
            message,
            hint,
        }
    }

    /// As `--json` prints it.
    pub fn to_json(&self) -> Value {
        json!({"error": {"code": self.code, "message": self.message, "hint": self.hint}})
    }
}

const REPORT: &str =
    "this is a bug in ade; please report it with the command that you typed and this message";

/// Turns a panic into one message instead of a trace, unless RUST_BACKTRACE asks for one by `full`.
#[expect(
    clippy::disallowed_methods,
    reason = "a panic cannot wait for settings"
)]
pub fn report_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value == "full") {
            default(info);
        }
        let place = info
            .location()
            .map(|place| format!(" ({}:{})", place.file(), place.line()))
            .unwrap_or_default();
        let payload = info.payload();
        let what = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("an unknown failure");
        let _ = writeln!(std::io::stderr(), "error: {what}{place}\nhint: {REPORT}");
    }));
}

/// Prints what clap says of a wrong call, or the help that was asked for.
pub fn of_usage_error(error: &clap::Error) -> ExitStatus {
    let asked_for = matches!(
        error.kind(),
        clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion
    );
    if !asked_for && std::env::args_os().any(|argument| argument == "--json") {
        let text = error.to_string();
        let message = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned();
        let failure = Failure::usage("usage", message, Some("see --help".to_owned()));
        let _ = writeln!(std::io::stderr(), "{}", failure.to_json());
    } else {
        let _ = error.print();
    }
    if asked_for {
        ExitStatus::Done
    } else {
        ExitStatus::Usage
    }
}
