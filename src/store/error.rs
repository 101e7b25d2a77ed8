//! The errors of the store, with hints for the operator.

use std::path::PathBuf;

use crate::base::counted::duration;
use crate::base::problem::{Error, ErrorFacts, Problem, ProblemKind, become_error, code, typed};

/// An operation of the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no database that this `ade` can use.
    #[error("the database URL {url:?} cannot be used: {reason}")]
    BadUrl {
        /// The URL with passwords masked.
        url: String,
        /// The reason why the URL cannot be used.
        reason: String,
    },
    /// There is no database yet.
    #[error("there is no database at {}", path.display())]
    Absent {
        /// The path where the database was expected.
        path: PathBuf,
    },
    /// Another file has replaced the database since it was opened.
    #[error("the database {} was replaced while it was open", path.display())]
    Replaced {
        /// The path of the database.
        path: PathBuf,
    },
    /// Migrations of this `ade` are pending.
    #[error("the database {} is {pending} migration{} behind this ade", path.display(), if *pending == 1 { "" } else { "s" })]
    NotMigrated {
        /// The path of the database.
        path: PathBuf,
        /// The number of pending migrations.
        pending: usize,
    },
    /// A newer `ade` migrated the database.
    #[error("the database {} has schema version {found}, but this ade knows versions up to {known}", path.display())]
    Newer {
        /// The path of the database.
        path: PathBuf,
        /// The schema version of the database.
        found: i64,
        /// The newest version that this `ade` knows.
        known: i64,
    },
    /// An applied migration differs from that of this `ade`.
    #[error("the database {} was migrated with a different {version:04}_{name} than this ade has", path.display())]
    Altered {
        /// The path of the database.
        path: PathBuf,
        /// The number of the migration.
        version: i64,
        /// The name of the migration.
        name: String,
    },
    /// The file is not a database, or is broken, or a column holds an impossible value.
    #[error("the database {} is damaged: {message}", path.display())]
    Damaged {
        /// The path of the database.
        path: PathBuf,
        /// The error message of the database.
        message: String,
    },
    /// Another process locked the database for longer than the busy timeout.
    #[error("the database {} is locked by another process{}", path.display(), waited(*waited_seconds))]
    Locked {
        /// The path of the database.
        path: PathBuf,
        /// How long this process waited, in seconds.
        waited_seconds: f64,
    },
    /// The database cannot be read or written.
    #[error("the database {} cannot be used: {message}", path.display())]
    Unreachable {
        /// The path of the database.
        path: PathBuf,
        /// The error of the system or of the database.
        message: String,
        /// The hint for the operator.
        hint: String,
    },
    /// The database is on a file system that other machines use too, with a log that only one machine may use.
    #[error("the database {} is on a network file system ({kind}), where its write-ahead log can be damaged", path.display())]
    OnNetwork {
        /// The path of the database.
        path: PathBuf,
        /// The kind of the file system: `nfs`.
        kind: String,
    },
    /// There is no record with this id.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// The kind of record, such as `run` or `environment`.
        what: &'static str,
        /// The id or prefix as it was given.
        id: String,
    },
    /// Several records begin with this prefix.
    #[error("{id:?} could be any of {count} {what}s: {}", examples.join(", "))]
    Ambiguous {
        /// The kind of record, such as `run` or `environment`.
        what: &'static str,
        /// The prefix as it was given.
        id: String,
        /// The number of records that match.
        count: usize,
        /// Some of the ids that match.
        examples: Vec<String>,
    },
    /// No run has this file as its input.
    #[error("{}", not_run(path, *is_there))]
    NoRunOfFile {
        /// The path of the file as it was given.
        path: PathBuf,
        /// Whether the file exists.
        is_there: bool,
        /// Its name, if files with this name in other folders were run.
        others: Option<String>,
    },
    /// Several files with this name have been run.
    #[error("several files were run under the name {name:?}; their newest runs are {}{}", runs.join(", "), if *has_more { ", and more" } else { "" })]
    SeveralFiles {
        /// The name as it was given.
        name: String,
        /// The newest run of each file: its id, when it was recorded, and the path of the file.
        runs: Vec<String>,
        /// Whether there are more files than these.
        has_more: bool,
    },
    /// Any other error: most likely a bug in ADE.
    #[error("the database {} refused the operation: {source}", path.display())]
    Refused {
        /// The path of the database.
        path: PathBuf,
        /// The error of the backend.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The configuration is archived, or a record that was to be archived or deleted is in use.
    #[error(transparent)]
    Unmet(#[from] Error),
    /// A submitter or a workspace would exceed a limit.
    #[error(transparent)]
    Over(#[from] super::LimitExceeded),
    /// A file beside the database could not be used.
    #[error(transparent)]
    File(#[from] crate::base::files::FileError),
}

fn not_run(path: &std::path::Path, is_there: bool) -> String {
    match is_there {
        true => format!("{} has not been run yet", path.display()),
        false => format!("there is no file {}, and no run of one", path.display()),
    }
}

impl StoreError {
    /// Returns the error for a missing record.
    pub(crate) fn not_found(what: &'static str, id: &str) -> Self {
        let id = id.to_owned();
        Self::NotFound { what, id }
    }

    /// Returns whether a retry may succeed: the database is busy, or its disk is full or temporarily unavailable.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Locked { .. } | Self::Unreachable { .. } | Self::File(_)
        )
    }

    /// Returns whether another process has deleted or archived the thing that the operation names: the database is as it
    /// should be.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::Unmet(_))
    }

    /// Returns the reason why the database refused the statement itself: it would refuse the same values again.
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Refused { source, .. } => Some(source.to_string()),
            _ => None,
        }
    }
}

/// Returns how long a process waited; nothing if it did not wait.
fn waited(seconds: f64) -> String {
    match (seconds * 1000.0) as u64 {
        0 => String::new(),
        milliseconds => format!(" (waited {})", duration(milliseconds)),
    }
}

impl Problem for StoreError {
    fn facts(&self) -> ErrorFacts {
        let database = |code| ErrorFacts::new(ProblemKind::Database, code);
        match self {
            Self::BadUrl { .. } => ErrorFacts::new(ProblemKind::Usage, code::SETTINGS_INVALID)
                .hint("use sqlite:///relative/path, sqlite:////absolute/path or postgresql://user@host/database"),
            Self::Absent { .. } => database(code::DATABASE_NOT_MIGRATED)
                .hint("`ade migrate` creates it, and so does the first `ade run`; or check --data-dir"),
            Self::Replaced { .. } => database(code::DATABASE_REPLACED).hint(
                "start this process again; stop workers and servers before you restore a backup",
            ),
            Self::NotMigrated { .. } => database(code::DATABASE_NOT_MIGRATED)
                .hint("run `ade migrate`; it backs the database up first"),
            Self::Newer { .. } => database(code::DATABASE_NEWER).hint(
                "use the version of ade that migrated it, or a newer one; or restore the backup beside the database",
            ),
            Self::Altered { .. } => database(code::DATABASE_NEWER)
                .hint("use the version of ade that created it, or restore the backup beside the database"),
            Self::Damaged { path, .. } if path.starts_with("postgresql:") => database(code::DATABASE_DAMAGED)
                .hint("nothing was changed; restore a backup of the server"),
            Self::Damaged { path, .. } => database(code::DATABASE_DAMAGED).hint(format!(
                "nothing was changed; restore a backup, try `sqlite3 {} .recover`, or move the file away to start with an empty queue",
                path.display()
            )),
            Self::Locked { .. } => database(code::DATABASE_LOCKED).hint(
                "find the process that holds it, and try again; ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS sets how long ade waits",
            ),
            Self::Unreachable { hint, .. } => {
                database(code::DATABASE_UNREACHABLE).hint(hint.clone())
            }
            Self::OnNetwork { .. } => database(code::DATABASE_ON_NETWORK).hint(
                "put the data directory on a local disk (--data-dir), or set ADE_DATABASE_SQLITE_JOURNAL_MODE=DELETE. This mode is slower and relies on the locks of the file system",
            ),
            Self::File(error) => {
                error.facts_under(ProblemKind::Database, code::DATABASE_UNREACHABLE)
            }
            Self::Unmet(error) => error.facts(),
            Self::Over(over) => over.facts(),
            Self::NotFound { what, .. } => {
                let (code, hint) = match *what {
                    "run" => (code::RUN_NOT_FOUND, Some("`ade runs ls` lists the runs")),
                    "worker" => (code::NOT_FOUND, Some("`ade workers ls` lists them")),
                    "environment" => (code::NOT_FOUND, Some("`ade env ls` lists them")),
                    "delivery" => (code::NOT_FOUND, Some("`ade deliveries ls` lists them; a run has none if ADE_ON_END_URL and ADE_ON_END_COMMAND were not set when it ended")),
                    _ => (code::NOT_FOUND, None),
                };
                ErrorFacts::new(ProblemKind::Usage, code).maybe_hint(hint.map(str::to_owned))
            }
            Self::Ambiguous { .. } => {
                ErrorFacts::new(ProblemKind::Usage, code::AMBIGUOUS_ID).hint("give more characters of the id, or copy it from `ade runs ls` or `ade env ls`")
            }
            Self::NoRunOfFile { path, is_there, others } => {
                let run = is_there.then(|| {
                    let path = typed(path.display());
                    format!("`ade run CONFIG {path}` runs it")
                });
                let list = others.as_ref().map(|name| {
                    let name = typed(name);
                    format!("`ade runs ls --input {name}` lists the runs of files of this name in other places")
                });
                let hints: Vec<String> = run.into_iter().chain(list).collect();
                let hint = match hints.is_empty() {
                    true => "`ade runs ls` lists the runs".to_owned(),
                    false => hints.join("; "),
                };
                ErrorFacts::new(ProblemKind::Usage, code::RUN_NOT_FOUND).hint(hint)
            }
            Self::SeveralFiles { .. } => ErrorFacts::new(ProblemKind::Usage, code::AMBIGUOUS_ID)
                .hint("give the id of a run, or the path of the file"),
            Self::Refused { .. } => ErrorFacts::new(ProblemKind::Internal, code::DATABASE_ERROR),
        }
    }
}

become_error!(StoreError);

/// Returns the error for a configuration that has no version with this number.
pub fn no_version(name: &str, version: u32) -> Error {
    let message = format!("configuration {name:?} has no version {version}");
    Error::usage(code::NOT_FOUND, message)
        .hint("`ade configs show` lists its versions, as GET /api/v1/configs/ID/versions does")
}

/// Returns the error for a configuration without an active version.
pub fn not_published(name: &str) -> Error {
    let message = format!("no version of configuration {name:?} is active");
    Error::usage(code::NOT_PUBLISHED, message).hint("publish it, or activate a published version")
}
