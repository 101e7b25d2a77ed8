//! Makes an attempt at building an environment: writes its event log and records its end.

use std::path::PathBuf;

use serde_json::json;

use super::in_use;
use crate::base::clock::Timestamp;
use crate::base::files::FileError;
use crate::base::problem::{ErrorFacts, Problem, ProblemKind, become_error, code};
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::environment::{BuildError, BuildEvent};
use crate::events::{EventLog, Subject, names};
use crate::settings::paths::EnvironmentFolder;
use crate::store::{
    BuildFailureOutcome, Claim, EnvironmentContents, EnvironmentRecord, FailureRecord, StoreError,
};
use crate::workspace::Workspace;

/// The reason why there is no environment.
#[derive(Debug, thiserror::Error)]
pub enum ProvideError {
    /// The environment could not be built.
    #[error("{}", failure.message)]
    Failed {
        /// The failure, on the heap because results carry this error everywhere.
        failure: Box<FailureRecord>,
        /// True if another attempt can help.
        transient: bool,
        /// The path of the whole log.
        log: PathBuf,
    },
    /// Another process builds it, and this process does not wait.
    #[error("another process is building the environment")]
    Busy,
    /// The caller cancelled the build.
    #[error("cancelled while the environment was being provisioned")]
    Cancelled,
    /// The builder's lease was lost; another process holds it.
    #[error("another process took over the environment {id}")]
    LostClaim {
        /// The id of the environment.
        id: String,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file next to the environment failed.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for ProvideError {
    fn facts(&self) -> ErrorFacts {
        let (kind, code) = (ProblemKind::Environment, code::ENVIRONMENT_FAILED);
        match self {
            Self::Failed { failure, .. } => {
                ErrorFacts::new(kind, code).maybe_hint(failure.hint.clone())
            }
            Self::Cancelled => ErrorFacts::new(ProblemKind::Cancelled, code::CANCELLED),
            Self::Busy | Self::LostClaim { .. } => ErrorFacts::new(kind, code),
            Self::Store(error) => error.facts(),
            Self::File(error) => error.facts().under(kind, code),
        }
    }
}

become_error!(ProvideError);

impl ProvideError {
    /// Returns whether a retry may succeed without any change.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Failed { transient, .. } => *transient,
            Self::LostClaim { .. } | Self::Store(_) | Self::Busy => true,
            Self::File(error) => error.may_pass(),
            Self::Cancelled => false,
        }
    }
}

/// Returns the error for a builder that lost its lease.
pub(crate) fn lost(environment: &EnvironmentRecord) -> ProvideError {
    ProvideError::LostClaim {
        id: environment.id.clone(),
    }
}

/// An attempt at building, by the holder of the claim.
pub(crate) struct BuildAttempt<'a> {
    pub workspace: &'a Workspace,
    /// The environment's record after the claim.
    pub environment: &'a EnvironmentRecord,
    pub claim: &'a Claim,
}

impl<'a> BuildAttempt<'a> {
    pub fn begin_log(&self, prepared: &PreparedConfiguration) -> Result<EventLog<'a>, FileError> {
        let environment = self.environment;
        let folder = EnvironmentFolder(environment.folder.clone());
        let log = EventLog::open(
            &*self.workspace.machine,
            &folder.events(),
            Subject::Environment,
            &environment.id,
        )?;
        in_use::own(self.workspace, &folder.0).map_err(FileError::on("write", &folder.owner()))?;
        log.write(
            "info",
            names::ENVIRONMENT_START,
            &format!("Provisioning the environment of {}", prepared.record.name),
            json!({"configuration": prepared.record.path, "deps_digest": prepared.key.deps_digest, "attempt": environment.attempt_count, "worker": self.claim.worker}),
        );
        Ok(log)
    }

    /// Releases the claim of a build that never began, so that no process waits for the lease to expire.
    pub fn never_began(&self, error: FileError) -> ProvideError {
        let (message, hint) = (error.to_string(), error.hint());
        let failure = FailureRecord::new(code::ENVIRONMENT_FAILED, "environment", message, hint);
        // The user can correct the folder without changing the configuration.
        let wait = self.wait_for_machine();
        match self.record_failure(&failure, wait) {
            Ok(_) => ProvideError::File(error),
            Err(error) => ProvideError::Store(error),
        }
    }

    pub fn complete(
        &self,
        contents: &EnvironmentContents,
        log: &EventLog<'_>,
    ) -> Result<(), ProvideError> {
        let (store, now) = (&self.workspace.store, self.workspace.machine.now());
        let id = &self.environment.id;
        if !store.complete_environment(id, self.claim, contents, now)? {
            return Err(lost(self.environment));
        }
        log.write(
            "info",
            names::ENVIRONMENT_VERSIONS,
            &format!("Python {}, engine {}, {} packages", contents.python_version, contents.engine_version, contents.packages.len()),
            json!({"python_version": contents.python_version, "engine_version": contents.engine_version, "installer": contents.installer, "packages": contents.packages}),
        );
        log.write("info", names::ENVIRONMENT_COMPLETE, "The environment is ready", json!({"status": "ready", "size_bytes": contents.size_bytes, "lock_digest": contents.lock_digest}));
        let _ = log.finish();
        Ok(())
    }

    /// Ends a cancelled build. Its attempt does not count.
    pub fn release(&self, log: &EventLog<'_>) -> Result<ProvideError, StoreError> {
        let now = self.workspace.machine.now();
        let id = &self.environment.id;
        self.workspace
            .store
            .release_environment(id, self.claim, now)?;
        log.write(
            "warning",
            names::ENVIRONMENT_FAILED,
            "Cancelled",
            json!({"status": "queued", "code": code::CANCELLED}),
        );
        Ok(ProvideError::Cancelled)
    }

    pub fn fail(&self, error: &BuildError, log: &EventLog<'_>) -> Result<ProvideError, StoreError> {
        let transient = error.is_transient();
        let most = self.workspace.settings.worker.max_attempts;
        let has_attempts_left = self.environment.attempt_count < most;
        let failure =
            FailureRecord::new(error.code(), "environment", error.in_full(), error.hint());
        let after = if error.is_of_machine() {
            self.wait_for_machine()
        } else if transient && has_attempts_left {
            let wait = self.workspace.backoff(self.environment.attempt_count);
            BuildFailureOutcome::RetryAt(self.workspace.machine.now().plus(wait))
        } else if error.is_of_configuration() {
            BuildFailureOutcome::Fail
        } else {
            BuildFailureOutcome::FailHere
        };
        let retry_at = self.record_failure(&failure, after)?;
        log.write(
            "error",
            names::ENVIRONMENT_FAILED,
            &failure.message,
            json!({"status": if retry_at.is_some() { "queued" } else { "failed" }, "code": failure.code, "hint": failure.hint, "retry_at": retry_at}),
        );
        let _ = log.finish();
        Ok(ProvideError::Failed {
            failure: Box::new(failure),
            transient,
            log: log.path().to_owned(),
        })
    }

    /// Records a failure. Returns the time of the retry, if there is one.
    fn record_failure(
        &self,
        failure: &FailureRecord,
        after: BuildFailureOutcome,
    ) -> Result<Option<Timestamp>, StoreError> {
        let (store, id) = (&self.workspace.store, &self.environment.id);
        let now = self.workspace.machine.now();
        store.fail_environment(id, self.claim, failure, after, now)?;
        Ok(match after {
            BuildFailureOutcome::RetryAt(at) | BuildFailureOutcome::WaitUntil(at) => Some(at),
            BuildFailureOutcome::Fail | BuildFailureOutcome::FailHere => None,
        })
    }

    /// Returns the wait for trouble with the machine or the network, which spends no attempt.
    fn wait_for_machine(&self) -> BuildFailureOutcome {
        let wait = self.workspace.backoff(self.environment.trouble_count + 1);
        BuildFailureOutcome::WaitUntil(self.workspace.machine.now().plus(wait))
    }
}

pub(crate) fn record_step(log: &EventLog<'_>, event: &BuildEvent) {
    match event {
        BuildEvent::StepStarted { step } => {
            log.write(
                "debug",
                names::ENVIRONMENT_STEP,
                &format!("{} …", step.as_str()),
                json!({"step": step.as_str(), "state": "started"}),
            );
        }
        BuildEvent::StepFinished { step, duration } => {
            let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
            log.write(
                "info",
                names::ENVIRONMENT_STEP,
                &format!("{} in {:.2} s", step.as_str(), duration.as_secs_f64()),
                json!({"step": step.as_str(), "state": "finished", "duration_ms": milliseconds}),
            );
        }
        BuildEvent::Line { stream, text } => {
            log.write(
                "info",
                names::CONSOLE_LINE,
                text,
                json!({"scope": "environment", "stream": stream.as_str(), "message": text}),
            );
        }
        BuildEvent::Note { message } => {
            log.write(
                "info",
                names::ENVIRONMENT_STEP,
                message,
                json!({"note": message}),
            );
        }
        BuildEvent::Package { .. } => {}
    }
}
