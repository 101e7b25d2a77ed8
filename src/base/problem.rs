//! Errors of the library: besides its message, each has a kind, a stable code and a hint about what to do next.
//!
//! The kind decides the exit status of the command; scripts match on the code. All codes are in [`code`], and
//! docs/reference/errors.md explains each of them.
//!
//! An error that callers distinguish only by its code is an [`Error`], made where it happens. If a caller handles one of
//! several errors differently, they are an enum that implements [`Problem`], with one arm of [`Problem::facts`] for each
//! variant; a variant that only wraps the error of a lower layer returns that error's facts, and a variant that wraps it under
//! another code keeps the hint with [`ErrorFacts::under`]. `become_error` lets `?` turn it into an [`Error`].

/// The kind of an error; it decides the exit status of `ade`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A run or a check failed, or an operation was refused: exit 1.
    Refused,
    /// A wrong call or wrong input: exit 2.
    Usage,
    /// An environment could not be provisioned: exit 3.
    Environment,
    /// A limit was hit: exit 4.
    Limit,
    /// The database, or the object store, cannot be used: exit 5.
    Database,
    /// The machine or ADE itself failed in a way that no other kind describes: exit 70.
    Internal,
    /// The work was cancelled: exit 130.
    Cancelled,
}

/// The kind, the code and the hint of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorFacts {
    /// The kind, which decides the exit status.
    pub kind: ProblemKind,
    /// A code from [`code::ALL`].
    pub code: &'static str,
    /// The advice on what to do next, if there is any.
    pub hint: Option<String>,
    /// Whether the machine lacks a resource that may be available again soon: disk space or memory.
    pub may_pass: bool,
}

impl ErrorFacts {
    /// Returns facts without a hint.
    pub const fn new(kind: ProblemKind, code: &'static str) -> Self {
        Self {
            kind,
            code,
            hint: None,
            may_pass: false,
        }
    }

    /// Returns the same facts with a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        self.maybe_hint(Some(hint.into()))
    }

    /// Returns the same facts with this hint, or without any.
    #[must_use]
    pub fn maybe_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// Returns the same hint under another kind and code, for a higher layer that knows better what the error means there.
    #[must_use]
    pub fn under(self, kind: ProblemKind, code: &'static str) -> Self {
        Self { kind, code, ..self }
    }
}

/// An error with a kind, a code and a hint.
///
/// A type implements only `facts`. The other three methods return its parts.
pub trait Problem: std::error::Error {
    /// Returns kind, code and hint together.
    fn facts(&self) -> ErrorFacts;
    /// Returns the kind, which decides the exit status.
    fn kind(&self) -> ProblemKind {
        self.facts().kind
    }
    /// Returns a stable word for scripts, in snake case.
    fn code(&self) -> &'static str {
        self.facts().code
    }
    /// Returns what to do next, if there is a suggestion.
    fn hint(&self) -> Option<String> {
        self.facts().hint
    }
}

/// An error message with its facts.
#[derive(Debug)]
pub struct Error {
    message: String,
    facts: ErrorFacts,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Returns an error without a hint.
    pub fn new(kind: ProblemKind, code: &'static str, message: impl Into<String>) -> Self {
        Self::with(ErrorFacts::new(kind, code), message)
    }

    /// Returns an error for a wrong call or wrong input.
    pub fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Usage, code, message)
    }

    /// Returns an error for an operation that was refused or failed.
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Refused, code, message)
    }

    /// Returns an error with the facts of another error and its own message.
    pub fn with(facts: ErrorFacts, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            facts,
            source: None,
        }
    }

    /// Wraps another error, with its message and its facts.
    pub fn from_problem(problem: impl Problem + Send + Sync + 'static) -> Self {
        Self {
            message: problem.to_string(),
            facts: problem.facts(),
            source: Some(Box::new(problem)),
        }
    }

    /// Returns the same error with a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        self.maybe_hint(Some(hint.into()))
    }

    /// Returns the same error with this hint, or without any.
    #[must_use]
    pub fn maybe_hint(self, hint: Option<String>) -> Self {
        let facts = self.facts.maybe_hint(hint);
        Self { facts, ..self }
    }

    /// Returns the same error under another kind and code, for a higher layer that knows better what the error means there.
    #[must_use]
    pub fn under(self, kind: ProblemKind, code: &'static str) -> Self {
        let facts = self.facts.under(kind, code);
        Self { facts, ..self }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref()?.source()
    }
}

impl Problem for Error {
    fn facts(&self) -> ErrorFacts {
        self.facts.clone()
    }
}

/// Lets `?` turn these errors into an [`Error`].
macro_rules! become_error {
    ($($problem:ty),*) => {$(
        impl From<$problem> for $crate::base::problem::Error {
            fn from(problem: $problem) -> Self {
                Self::from_problem(problem)
            }
        }
    )*};
}
pub(crate) use become_error;

/// Quotes a path or another word for the shell, for suggested commands.
pub fn typed(word: impl std::fmt::Display) -> String {
    let word = word.to_string();
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-./,:=+@%^".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The codes of all errors. docs/reference/errors.md explains them.
pub mod code {
    macro_rules! codes {
        ($($name:ident = $text:literal;)*) => {
            $(
                #[doc = concat!("`", $text, "`")]
                pub const $name: &str = $text;
            )*
            /// All codes of errors.
            pub const ALL: &[&str] = &[$($name),*];

            /// Returns the code that equals a text, if any.
            pub fn known(text: &str) -> Option<&'static str> {
                ALL.iter().copied().find(|known| *known == text)
            }
        };
    }

    codes! {
        // Codes for calls and inputs.
        USAGE = "usage";
        INPUT_NOT_FOUND = "input_not_found";
        UNSUPPORTED_FORMAT = "unsupported_format";
        NO_INPUT = "no_input";
        INPUT_UNREADABLE = "input_unreadable";
        OUTPUT_CONFLICT = "output_conflict";
        OUTPUT_UNWRITABLE = "output_unwritable";
        CONFIGURATION_NOT_FOUND = "configuration_not_found";
        NOT_A_CONFIGURATION = "not_a_configuration";
        MANIFEST_INVALID = "manifest_invalid";
        RUN_NOT_FOUND = "run_not_found";
        NOT_FOUND = "not_found";
        AMBIGUOUS_ID = "ambiguous_id";
        BAD_ID = "bad_id";
        BAD_NAME = "bad_name";
        SETTINGS_INVALID = "settings_invalid";
        IN_USE = "in_use";
        RUN_ENDED = "run_ended";
        RUN_NOT_ENDED = "run_not_ended";
        INPUT_GONE = "input_gone";
        OUTPUT_GONE = "output_gone";
        NO_ISSUE_LIST = "no_issue_list";
        NO_EXPLANATION = "no_explanation";
        CONFIGURATION_ARCHIVED = "configuration_archived";

        // Codes of the HTTP API.
        BAD_REQUEST = "bad_request";
        UNAUTHORIZED = "unauthorized";
        FORBIDDEN = "forbidden";
        WRONG_HOST = "wrong_host";
        TOO_LARGE = "too_large";
        UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type";
        INVALID_FIELD = "invalid_field";
        DOCUMENT_DELETED = "document_deleted";
        QUEUE_FULL = "queue_full";
        STORAGE_LIMIT = "storage_limit";
        BUSY = "busy";
        SAFE_MODE_ENABLED = "safe_mode_enabled";
        PAUSED = "paused";
        OUTPUT_NOT_READY = "output_not_ready";
        RUN_FAILED_NO_OUTPUT = "run_failed_no_output";
        CANNOT_BE_PAINTED = "cannot_be_painted";
        NOT_PUBLISHED = "not_published";
        NOTHING_TO_PUBLISH = "nothing_to_publish";
        ENVIRONMENT_NOT_READY = "environment_not_ready";
        CONFIG_INVALID = "config_invalid";
        NOT_UPLOADED = "not_uploaded";
        ARCHIVE_INVALID = "archive_invalid";
        ADDRESS_UNUSABLE = "address_unusable";
        PRECONDITION_FAILED = "precondition_failed";
        PRECONDITION_REQUIRED = "precondition_required";
        METHOD_NOT_ALLOWED = "method_not_allowed";
        // Codes for windows of cells.
        WORKBOOK_UNREADABLE = "workbook_unreadable";

        // Codes for environments.
        ENVIRONMENT_FAILED = "environment_failed";
        PYTHON_UNSUITABLE = "python_unsuitable";
        INSTALL_FAILED = "install_failed";
        BUILD_TIMEOUT = "build_timeout";
        LOCK_MISSING = "lock_missing";
        LOCK_OUTDATED = "lock_outdated";
        HASH_MISMATCH = "hash_mismatch";

        // Codes for runs.
        COMBINE_FAILED = "combine_failed";
        ENGINE_CRASHED = "engine_crashed";
        ENGINE_NOT_STARTED = "engine_not_started";
        STORAGE_FAILED = "storage_failed";
        RELEASED = "released";
        WORKER_DIED = "worker_died";
        LEASE_EXPIRED = "lease_expired";
        TIMEOUT = "timeout";
        MEMORY_LIMIT = "memory_limit";
        CPU_LIMIT = "cpu_limit";
        PROCESS_LIMIT = "process_limit";
        PRINT_LIMIT = "print_limit";
        DISK_LIMIT = "disk_limit";
        OPEN_FILES_LIMIT = "open_files_limit";
        SANDBOX_INCOMPLETE = "sandbox_incomplete";
        CANCELLED = "cancelled";
        ISSUES_DENIED = "issues_denied";
        LAYOUT_DRIFTED = "layout_drifted";
        NOTHING_FOUND = "nothing_found";
        FIELD_NOT_FOUND = "field_not_found";
        TOO_FEW_ROWS = "too_few_rows";
        TOO_MANY_ERRORS = "too_many_errors";
        UNKNOWN_FIELD = "unknown_field";

        // Codes of the engine, for runs and for configurations that do not load.
        CONFIG_ERROR = "config_error";
        INPUT_ERROR = "input_error";
        HOOK_ERROR = "hook_error";
        PIPELINE_ERROR = "pipeline_error";
        UNKNOWN_ERROR = "unknown_error";

        // Codes for the database.
        NOT_EMPTY = "not_empty";
        DATABASE_NOT_MIGRATED = "database_not_migrated";
        DATABASE_REPLACED = "database_replaced";
        DATABASE_NEWER = "database_newer";
        DATABASE_DAMAGED = "database_damaged";
        DATABASE_LOCKED = "database_locked";
        DATABASE_UNREACHABLE = "database_unreachable";
        FILES_UNREACHABLE = "files_unreachable";
        FILES_MISSING = "files_missing";
        DATABASE_ON_NETWORK = "database_on_network";
        DATABASE_ERROR = "database_error";
        IDENTITY_MISMATCH = "identity_mismatch";
        COLLECTION_BUSY = "collection_busy";

        // Codes for the machine.
        TOO_FEW_THREADS = "too_few_threads";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_words_in_snake_case() {
        let mut seen = std::collections::BTreeSet::new();
        for code in code::ALL {
            assert!(seen.insert(code), "{code} twice");
            assert!(
                code.split('_')
                    .all(|word| !word.is_empty()
                        && word.bytes().all(|byte| byte.is_ascii_lowercase())),
                "{code}"
            );
        }
    }

    #[test]
    fn an_error_under_another_code_keeps_its_hint() {
        let inner =
            ErrorFacts::new(ProblemKind::Refused, code::STORAGE_FAILED).hint("free some space");
        let outer = inner
            .clone()
            .under(ProblemKind::Usage, code::OUTPUT_UNWRITABLE);
        assert_eq!(outer.hint, inner.hint);
        assert_eq!(
            (outer.kind, outer.code),
            (ProblemKind::Usage, "output_unwritable")
        );
    }
}
