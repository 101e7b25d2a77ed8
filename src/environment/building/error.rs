//! The errors of a build, and whether a retry may succeed.

use thiserror::Error;

use super::output::BuildStepKind;
use crate::base::files::FileError;
use crate::base::problem::{ErrorFacts, Problem, ProblemKind, code};
use crate::engine::EngineError;
use crate::system::process::Exit;

/// The reason why an environment could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{}: {program} failed ({exit})", step.as_str())]
    Installer {
        step: BuildStepKind,
        program: String,
        exit: Exit,
        last_lines: Vec<String>,
        /// True if a retry may succeed: after trouble with the network, but not if a version does not exist.
        transient: bool,
        /// True if only caches were allowed.
        offline: bool,
        /// True if the program was refused something, perhaps by the sandbox.
        refused: bool,
        /// The engine that `ADE_ENGINE_SPEC` names, if that was being installed.
        engine: Option<String>,
    },
    #[error("ADE_SANDBOX is strict, but this machine cannot confine a build: {}", reasons.join("; "))]
    NotConfined { reasons: Vec<String> },
    /// A package is not the file that the lock names.
    #[error("{}: a package's file has a different hash than ade.lock names", step.as_str())]
    HashMismatch {
        step: BuildStepKind,
        last_lines: Vec<String>,
    },
    #[error("{}: not done after {seconds} s", step.as_str())]
    Timeout { step: BuildStepKind, seconds: u64 },
    #[error("{}: cancelled", step.as_str())]
    Cancelled { step: BuildStepKind },
    #[error("the engine does not start in its new environment: {message}")]
    VerificationFailed {
        message: String,
        last_lines: Vec<String>,
    },
    /// A file or folder of the environment failed, or a program could not be started.
    #[error(transparent)]
    File(#[from] FileError),
    #[error("uv, which builds environments, is missing: {}", reasons.join("; "))]
    NoInstaller {
        reasons: Vec<String>,
        transient: bool,
    },
}

impl BuildError {
    /// Returns whether a retry of the same build may succeed without any change.
    pub fn is_transient(&self) -> bool {
        match self {
            BuildError::Installer { transient, .. } | BuildError::NoInstaller { transient, .. } => {
                *transient
            }
            // A worker waits for room without spending an attempt. Another build at once would fill the disk again.
            BuildError::File(error) | BuildError::Engine(EngineError::File(error)) => {
                error.may_pass() && !error.is_disk_full()
            }
            BuildError::Timeout { .. } | BuildError::Engine(_) => true,
            BuildError::NotConfined { .. }
            | BuildError::Cancelled { .. }
            | BuildError::HashMismatch { .. }
            | BuildError::VerificationFailed { .. } => false,
        }
    }

    /// Returns whether the machine, this worker or the network caused the error, and not the configuration. Then the
    /// environment waits, and no attempt is spent. A program that hangs or is killed may do so every time, so its attempt is
    /// spent.
    pub fn is_of_machine(&self) -> bool {
        match self {
            // If only caches were allowed and something is missing, it is missing on this worker.
            BuildError::Installer {
                transient,
                exit,
                offline,
                ..
            } => *offline || *transient && !matches!(exit, Exit::Signal(_)),
            BuildError::File(error) => error.is_of_machine(),
            BuildError::Engine(_)
            | BuildError::NotConfined { .. }
            | BuildError::NoInstaller { .. } => true,
            BuildError::Timeout { .. }
            | BuildError::Cancelled { .. }
            | BuildError::HashMismatch { .. }
            | BuildError::VerificationFailed { .. } => false,
        }
    }

    /// Returns whether the configuration caused the error, so that every host would fail.
    pub fn is_of_configuration(&self) -> bool {
        match self {
            BuildError::Installer {
                transient,
                offline,
                refused,
                ..
            } => !(*transient || *offline || *refused),
            BuildError::HashMismatch { .. } => true,
            _ => false,
        }
    }

    /// Returns the last lines of the program that failed.
    pub fn last_lines(&self) -> &[String] {
        match self {
            BuildError::Installer { last_lines, .. }
            | BuildError::HashMismatch { last_lines, .. }
            | BuildError::VerificationFailed { last_lines, .. } => last_lines,
            _ => &[],
        }
    }

    /// Returns the error with the last lines of the program that failed.
    pub fn in_full(&self) -> String {
        let lines = self.last_lines().iter().map(|line| format!("\n  {line}"));
        std::iter::once(self.to_string()).chain(lines).collect()
    }
}

impl Problem for BuildError {
    fn facts(&self) -> ErrorFacts {
        match self {
            BuildError::Engine(error) => error.facts().under(ProblemKind::Environment, code::ENVIRONMENT_FAILED),
            BuildError::Installer {
                transient,
                offline,
                refused,
                engine,
                ..
            } => ErrorFacts::new(ProblemKind::Environment, code::INSTALL_FAILED).hint(match engine {
                Some(asked) if self.is_of_configuration() => format!(
                    "ADE_ENGINE_SPEC asks for {asked}: correct it, or unset it to use the engine in ade"
                ),
                _ => installer_hint(*transient, *offline, *refused).to_owned(),
            }),
            BuildError::NotConfined { .. } => {
                ErrorFacts::new(ProblemKind::Environment, code::SANDBOX_INCOMPLETE)
                    .hint("`ade doctor` shows what is missing")
            }
            BuildError::Timeout { .. } => ErrorFacts::new(ProblemKind::Environment, code::BUILD_TIMEOUT)
                .hint("raise ADE_BUILD_TIMEOUT, or check the network"),
            BuildError::HashMismatch { .. } => ErrorFacts::new(ProblemKind::Environment, code::HASH_MISMATCH)
                .hint("find out why the file has changed; `ade lock --upgrade` accepts the current files"),
            BuildError::Cancelled { .. } => ErrorFacts::new(ProblemKind::Cancelled, code::CANCELLED),
            BuildError::VerificationFailed { .. } => {
                ErrorFacts::new(ProblemKind::Environment, code::INSTALL_FAILED)
                    .hint("check the versions that the configuration pins, and ADE_ENGINE_SPEC if you set it")
            }
            BuildError::File(error) => error.facts().under(ProblemKind::Environment, code::STORAGE_FAILED),
            BuildError::NoInstaller { .. } => ErrorFacts::new(ProblemKind::Environment, code::INSTALL_FAILED)
                .hint("install uv; or, if there is a network, install your system's packages for pip and venv, with which ade fetches uv (python3-pip, python3-venv)"),
        }
    }
}

fn installer_hint(transient: bool, offline: bool, refused: bool) -> &'static str {
    if refused {
        "builds write to their environment, to caches and to a temporary folder; ADE_SANDBOX_WRITE names further folders that they may write to"
    } else if offline {
        "only caches were used; leave out --offline (ADE_OFFLINE) once, while there is a network"
    } else if transient {
        "check the network, and HTTPS_PROXY and the index settings if you use them; then try again"
    } else {
        "correct the dependencies in the configuration's pyproject.toml or requirements.txt"
    }
}
