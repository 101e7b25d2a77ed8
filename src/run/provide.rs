//! Giving a run its environment: the one that is ready, or a new one, built by exactly one process for each key.
//!
//! Builders of a key exclude each other twice. A lock of the operating system in the key's folder decides on one machine
//! and is released by a crash; whoever holds it knows that no other builder is alive. The lease in the database decides
//! what may be recorded: a builder that lost it writes nothing.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::code;
use super::lease::{Held, Lease, Subject};
use super::prepare::Prepared;
use crate::backoff::backoff;
use crate::cancel::Cancel;
use crate::clock::Timestamp;
use crate::engine::{EMBEDDED_VERSION, Engine};
use crate::environment::{self, BuildError, BuildEvent, BuildRequest, EngineSource};
use crate::events::{self, EventLog};
use crate::files::FileError;
use crate::layout::{EnvironmentFolder, build_lock};
use crate::lock::{Lock, LockError};
use crate::problem::{self, Problem};
use crate::store::{
    Claim, EnvironmentContents, EnvironmentRecord, EnvironmentStatus, Failure, Package, StoreError,
};
use crate::workspace::Workspace;

/// What happens on the way to an environment.
#[derive(Debug)]
pub enum Progress<'a> {
    /// Another process builds it; this one waits.
    Waiting {
        /// Who builds, where that is known: `4711 on host`.
        holder: Option<String>,
    },
    /// This process builds it.
    Building {
        /// The environment.
        environment: &'a EnvironmentRecord,
        /// Why it is built: `new`, `its folder vanished`, …
        reason: &'static str,
    },
    /// A step, a package or a line of the installer.
    Build(&'a BuildEvent),
    /// It is ready.
    Ready {
        /// The environment.
        environment: &'a EnvironmentRecord,
        /// This process built it.
        built: bool,
    },
}

/// There is no environment.
#[derive(Debug, thiserror::Error)]
pub enum ProvideError {
    /// It could not be built.
    #[error("{}", failure.message)]
    Failed {
        /// Why.
        failure: Failure,
        /// Whether another attempt can help.
        transient: bool,
        /// The whole log.
        log: std::path::PathBuf,
    },
    /// Another process builds it, and this one does not wait.
    #[error("another process builds the environment")]
    Busy,
    /// Somebody cancelled.
    #[error("cancelled while the environment was being provisioned")]
    Cancelled,
    /// The builder's lease was lost; somebody else has it.
    #[error("another process took over the environment {id}")]
    LostClaim {
        /// The environment.
        id: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file beside the environment.
    #[error(transparent)]
    File(#[from] FileError),
    /// The lock between builders.
    #[error(transparent)]
    Lock(LockError),
    /// The engine cannot be unpacked.
    #[error(transparent)]
    Engine(#[from] crate::engine::EngineError),
}

impl Problem for ProvideError {
    fn kind(&self) -> problem::Kind {
        match self {
            Self::Cancelled => problem::Kind::Cancelled,
            Self::Store(error) => error.kind(),
            _ => problem::Kind::Environment,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Cancelled => code::CANCELLED,
            Self::Store(error) => error.code(),
            _ => code::ENVIRONMENT_FAILED,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Self::Failed { failure, .. } => failure.hint.clone(),
            Self::Store(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Engine(error) => error.hint(),
            Self::Lock(error) => error.hint(),
            _ => None,
        }
    }
}

/// Who builds, where it comes to that.
#[derive(Clone, Copy, Debug)]
pub struct Builder<'a> {
    /// Its worker id.
    pub worker: &'a str,
    /// Its process, where that is registered.
    pub process: Option<&'a str>,
    /// Wait for another builder of the same key; else [`ProvideError::Busy`].
    pub waits: bool,
}

/// Whether to build although the environment is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Use what is ready.
    Ready,
    /// Build anew, in a new folder.
    Rebuilt,
}

/// Gives a ready environment for a prepared configuration, building or waiting as needed.
///
/// # Errors
/// It could not be built, somebody cancelled, or the store can't serve.
pub fn provide(
    workspace: &Workspace,
    prepared: &Prepared,
    want: Want,
    builder: Builder<'_>,
    cancel: &Cancel,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<EnvironmentRecord, ProvideError> {
    let known = prepared.ensure_environment(workspace)?;
    if want == Want::Ready && is_usable(&known) {
        on(Progress::Ready {
            environment: &known,
            built: false,
        });
        return Ok(known);
    }
    let folder = workspace.layout.environment_key(
        workspace.id(),
        &prepared.key.configuration_id,
        &prepared.key.deps_digest,
    );
    crate::files::create_folder(&folder)?;
    let waiting = linked(cancel);
    let lock = Lock::acquire(&build_lock(&folder), &waiting.cancel, &mut |holder| {
        if builder.waits {
            on(Progress::Waiting { holder });
        } else {
            waiting.cancel.cancel();
        }
    });
    let _lock = match lock {
        Ok(lock) => lock,
        Err(LockError::Cancelled { .. }) if !cancel.is_cancelled() => {
            return Err(ProvideError::Busy);
        }
        Err(LockError::Cancelled { .. }) => return Err(ProvideError::Cancelled),
        Err(error) => return Err(ProvideError::Lock(error)),
    };

    // With the lock held nobody else on this machine builds; whoever did is done, or gone.
    let environment = prepared.ensure_environment(workspace)?;
    let built_meanwhile =
        is_usable(&environment) && (want == Want::Ready || environment.ready_at > known.ready_at);
    if built_meanwhile {
        on(Progress::Ready {
            environment: &environment,
            built: false,
        });
        return Ok(environment);
    }
    let reason = match (environment.status, want) {
        (EnvironmentStatus::Ready, Want::Rebuilt) => "asked for",
        (EnvironmentStatus::Ready, Want::Ready) => "its folder is gone or incomplete",
        (EnvironmentStatus::Failed, _) => "it failed before",
        (EnvironmentStatus::Building, _) => "its builder is gone",
        (EnvironmentStatus::Queued, _) => "new",
    };
    if environment.status == EnvironmentStatus::Ready {
        let place = fresh_folder(prepared, workspace, &environment, want);
        workspace.store.requeue_environment(
            &environment,
            &place,
            &prepared.snapshot,
            Timestamp::now(),
        )?;
    }
    let claim = Claim::new(builder.worker, workspace.settings.worker.lease).by(builder.process);
    let since = Instant::now();
    let Some(environment) =
        workspace
            .store
            .claim_environment(&environment.id, &claim, true, Timestamp::now())?
    else {
        return Err(ProvideError::LostClaim { id: environment.id });
    };
    on(Progress::Building {
        environment: &environment,
        reason,
    });
    let built = build(
        workspace,
        prepared,
        &environment,
        (&claim, since),
        cancel,
        on,
    );
    if let Err(error @ (ProvideError::File(_) | ProvideError::Engine(_))) = &built {
        // It never came to building. Nobody is to wait for the lease of a claim that nobody uses.
        let failure = Failure {
            code: code::ENVIRONMENT_FAILED.to_owned(),
            stage: Some("environment".to_owned()),
            message: error.to_string(),
            hint: error.hint(),
        };
        let passes = matches!(error, ProvideError::File(error) if error.may_pass());
        let now = Timestamp::now();
        let retry_at = (passes || attempts_left(workspace, &environment))
            .then(|| now.plus(wait_after(workspace, &environment)));
        workspace
            .store
            .fail_environment(&environment.id, &claim, &failure, retry_at, now)?;
    }
    let environment = built?;
    on(Progress::Ready {
        environment: &environment,
        built: true,
    });
    Ok(environment)
}

/// Ready by its record and on disk.
pub fn is_usable(environment: &EnvironmentRecord) -> bool {
    environment.status == EnvironmentStatus::Ready && environment::is_ready(&environment.folder)
}

/// Runs may still use the folder of an environment that is built anew, so the new one gets a folder of its own.
fn fresh_folder(
    prepared: &Prepared,
    workspace: &Workspace,
    environment: &EnvironmentRecord,
    want: Want,
) -> std::path::PathBuf {
    match want {
        Want::Ready => environment.folder.clone(),
        Want::Rebuilt => prepared.environment_folder(workspace, &uuid::Uuid::now_v7().to_string()),
    }
}

/// Builds a claimed environment and records how that ended.
fn build(
    workspace: &Workspace,
    prepared: &Prepared,
    environment: &EnvironmentRecord,
    (claim, since): (&Claim, Instant),
    cancel: &Cancel,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<EnvironmentRecord, ProvideError> {
    let settings = &workspace.settings;
    let store = &*workspace.store;
    let folder = EnvironmentFolder(environment.folder.clone());
    let request = BuildRequest {
        folder: environment.folder.clone(),
        environment_id: environment.id.clone(),
        configuration: prepared.configuration.clone(),
        snapshot: prepared.snapshot.clone(),
        python: prepared.python.clone(),
        engine: engine_source(workspace, &prepared.engine)?,
        installer: settings.installer,
        offline: settings.offline,
        timeout: settings.build_timeout,
        pip_cache: workspace.layout.pip_cache(),
        uv_cache: Some(workspace.layout.uv_cache()),
        tools: workspace.layout.tools(),
        child_env: settings.environment.clone().into_iter().collect(),
    };
    let log = EventLog::open(
        &folder.events(),
        events::Subject::Environment,
        &environment.id,
    )?;
    log.write(
        "info",
        "environment.start",
        &format!("Provisioning the environment of {}", prepared.record.name),
        json!({"configuration": prepared.record.path, "deps_digest": prepared.key.deps_digest, "attempt": environment.attempt_count, "worker": claim.worker}),
    );

    let work = linked(cancel);
    let subject = Subject::Environment(environment.id.clone());
    let held = Held::new(store, subject, claim.clone(), since);
    let result = std::thread::scope(|scope| {
        let _lease = Lease::keep(scope, &held, work.cancel.clone());
        environment::provision(&request, &work.cancel, &mut |event| {
            record_step(&log, &event);
            on(Progress::Build(&event));
        })
    });
    let lost = !held.holds();
    let now = Timestamp::now();
    if lost {
        log.write(
            "warning",
            "environment.lost_claim",
            "Another process took over; nothing more is written",
            Value::Null,
        );
        return Err(ProvideError::LostClaim {
            id: environment.id.clone(),
        });
    }
    match result {
        Ok(built) => {
            let contents = EnvironmentContents {
                python_version: format!(
                    "{}.{}.{}",
                    built.python.version.0, built.python.version.1, built.python.version.2
                ),
                python_path: built.python.executable.clone(),
                engine_version: built.engine_version,
                installer: built.installer,
                packages: built
                    .packages
                    .into_iter()
                    .map(|(name, version)| Package { name, version })
                    .collect(),
                lock_digest: built.lock_digest,
                size_bytes: built.size_bytes,
            };
            if !store.complete_environment(&environment.id, claim, &contents, now)? {
                return Err(ProvideError::LostClaim {
                    id: environment.id.clone(),
                });
            }
            log.write(
                "info",
                "environment.versions",
                &format!("Python {}, engine {}, {} packages", contents.python_version, contents.engine_version, contents.packages.len()),
                json!({"python_version": contents.python_version, "engine_version": contents.engine_version, "installer": contents.installer, "packages": contents.packages}),
            );
            log.write("info", "environment.complete", "The environment is ready", json!({"status": "ready", "size_bytes": contents.size_bytes, "lock_digest": contents.lock_digest}));
            let _ = log.finish();
            Ok(store
                .environment_of(&prepared.key)?
                .unwrap_or_else(|| environment.clone()))
        }
        Err(BuildError::Cancelled { .. }) => {
            store.release_environment(&environment.id, claim, now)?;
            log.write(
                "warning",
                "environment.failed",
                "Cancelled",
                json!({"status": "queued", "code": code::CANCELLED}),
            );
            Err(ProvideError::Cancelled)
        }
        Err(error) => {
            let transient = error.is_transient();
            let failure = Failure {
                code: build_code(&error).to_owned(),
                stage: Some("environment".to_owned()),
                message: in_full(&error),
                hint: error.hint(),
            };
            let retry_at = (transient && attempts_left(workspace, environment))
                .then(|| now.plus(wait_after(workspace, environment)));
            store.fail_environment(&environment.id, claim, &failure, retry_at, now)?;
            log.write(
                "error",
                "environment.failed",
                &failure.message,
                json!({"status": if retry_at.is_some() { "queued" } else { "failed" }, "code": failure.code, "hint": failure.hint, "retry_at": retry_at}),
            );
            let _ = log.finish();
            Err(ProvideError::Failed {
                failure,
                transient,
                log: folder.events(),
            })
        }
    }
}

fn attempts_left(workspace: &Workspace, environment: &EnvironmentRecord) -> bool {
    environment.attempt_count < workspace.settings.worker.max_attempts
}

fn wait_after(workspace: &Workspace, environment: &EnvironmentRecord) -> std::time::Duration {
    let settings = &workspace.settings.worker;
    backoff(
        settings.backoff_base,
        settings.backoff_max,
        environment.attempt_count,
        chance(),
    )
}

fn engine_source(workspace: &Workspace, engine: &Engine) -> Result<EngineSource, ProvideError> {
    Ok(match engine {
        Engine::Embedded => EngineSource::Wheel {
            path: Engine::unpack_embedded(&workspace.layout.engine_cache())?,
            version: EMBEDDED_VERSION.to_owned(),
        },
        Engine::Wheel(path) => EngineSource::Wheel {
            path: path.clone(),
            version: wheel_version(path),
        },
        Engine::Folder(path) => EngineSource::Folder(path.clone()),
        Engine::Requirement(text) => EngineSource::Requirement(text.clone()),
    })
}

/// The error with the last words of the program that failed.
fn in_full(error: &BuildError) -> String {
    let mut text = error.to_string();
    for line in error.last_lines() {
        text.push_str("\n  ");
        text.push_str(line);
    }
    text
}

/// A stable word for each way in which a build can fail.
fn build_code(error: &BuildError) -> &'static str {
    match error {
        BuildError::Python(_) => "python_unsuitable",
        BuildError::Installer { .. } => "install_failed",
        BuildError::Timeout { .. } => "build_timeout",
        BuildError::Cancelled { .. } => code::CANCELLED,
        BuildError::VerificationFailed { .. } => "verification_failed",
        BuildError::Io { .. } => code::STORAGE_FAILED,
        BuildError::NoInstaller { .. } => "no_installer",
    }
}

/// The version in a wheel's file name: the second of its parts (PEP 427).
fn wheel_version(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .split('-')
        .nth(1)
        .unwrap_or_default()
        .to_owned()
}

fn record_step(log: &EventLog, event: &BuildEvent) {
    match event {
        BuildEvent::StepStarted { step } => {
            log.write(
                "debug",
                "environment.step",
                &format!("{} …", step.as_str()),
                json!({"step": step.as_str(), "state": "started"}),
            );
        }
        BuildEvent::StepFinished { step, duration } => {
            let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
            log.write(
                "info",
                "environment.step",
                &format!("{} in {:.2} s", step.as_str(), duration.as_secs_f64()),
                json!({"step": step.as_str(), "state": "finished", "duration_ms": milliseconds}),
            );
        }
        BuildEvent::Line { stream, text } => {
            log.write(
                "info",
                "console.line",
                text,
                json!({"scope": "environment", "stream": stream.as_str(), "message": text}),
            );
        }
        BuildEvent::Note { message } => {
            log.write(
                "info",
                "environment.step",
                message,
                json!({"note": message}),
            );
        }
        BuildEvent::Package { .. } => {}
    }
}

/// A cancel of its own that follows another: a lost lease must stop this build alone.
pub(crate) fn linked(outer: &Cancel) -> Linked {
    let inner = Cancel::new();
    let follower = inner.clone();
    let subscription = outer.on_cancel(move || follower.cancel());
    if outer.is_cancelled() {
        inner.cancel();
    }
    Linked {
        cancel: inner,
        _subscription: subscription,
    }
}

/// See [`linked`].
pub(crate) struct Linked {
    /// The inner one.
    pub cancel: Cancel,
    _subscription: crate::cancel::Subscription,
}

/// A number between 0 and 1 that two processes are unlikely to share.
pub(crate) fn chance() -> f64 {
    let bytes = uuid::Uuid::new_v4().into_bytes();
    f64::from(u16::from_le_bytes([bytes[0], bytes[1]])) / f64::from(u16::MAX)
}
