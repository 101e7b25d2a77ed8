//! The JSON of an environment: the object that `ade env ls|show|build --json` print and the API returns. Scripts read it, so
//! keys may be added, but not renamed or removed.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::clock::Timestamp;
use crate::base::files::FileError;
use crate::base::show_path::ShowPath;
use crate::events::{Follower, names};
use crate::settings::paths::EnvironmentFolder;
use crate::store::{EnvironmentRecord, EnvironmentStatus, FailureRecord};

/// The environment of a configuration. While it is built, this object is the build. Facts about its content are null until it
/// is ready.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Environment)]
pub struct EnvironmentView {
    /// The id, a UUIDv7.
    id: String,
    workspace_id: String,
    configuration_id: String,
    configuration_name: String,
    /// The path of the configuration's folder.
    configuration_path: String,
    engine_spec: String,
    /// The digest of its dependencies.
    deps_digest: String,
    status: EnvironmentStatus,
    folder: String,
    python_version: Option<String>,
    /// The Python that it was made from.
    python_path: Option<String>,
    engine_version: Option<String>,
    /// The installer and its version.
    installer: Option<String>,
    /// The digest of its packages with their versions.
    lock_digest: Option<String>,
    size_bytes: Option<u64>,
    attempt_count: u32,
    created_at: Timestamp,
    updated_at: Timestamp,
    ready_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    /// The reason why it could not be built.
    error: Option<FailureRecord>,
}

impl EnvironmentView {
    /// Returns the JSON of an environment. `paths` decides how much of each path the reader sees.
    pub fn new(environment: &EnvironmentRecord, paths: &dyn ShowPath) -> Self {
        let contents = environment.contents.as_ref();
        let about = paths.about(&environment.configuration_path);
        let error = environment.error.as_ref();
        Self {
            id: environment.id.clone(),
            workspace_id: environment.key.workspace_id.clone(),
            configuration_id: environment.key.configuration_id.clone(),
            configuration_name: environment.configuration_name.clone(),
            configuration_path: paths.path(&environment.configuration_path),
            engine_spec: environment.key.engine_spec.clone(),
            deps_digest: environment.key.deps_digest.clone(),
            status: environment.status,
            folder: paths.path(&environment.folder),
            python_version: contents.map(|contents| contents.python_version.clone()),
            python_path: contents.map(|contents| paths.path(&contents.python_path)),
            engine_version: contents.map(|contents| contents.engine_version.clone()),
            installer: contents.map(|contents| contents.installer.clone()),
            lock_digest: contents.map(|contents| contents.lock_digest.clone()),
            size_bytes: contents.map(|contents| contents.size_bytes),
            attempt_count: environment.attempt_count,
            created_at: environment.created_at,
            updated_at: environment.updated_at,
            ready_at: environment.ready_at,
            last_used_at: environment.last_used_at,
            error: error.map(|error| error.shown(&*about)),
        }
    }
}

/// A step of the build of an environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct BuildStep {
    /// `prepare_installer`, `create_venv`, `install_engine`, `install_config`, `compile`, `verify_imports`, `collect_metadata`.
    step: String,
    state: BuildStepState,
    /// The duration; null until the step has finished.
    duration_ms: Option<u64>,
}

/// The state of a step.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BuildStepState {
    /// It has begun. If the build has failed, it failed in this step.
    Started,
    /// It has finished successfully.
    Finished,
}

/// Returns the steps of the last build in order, from its log.
///
/// # Errors
/// The log exists and cannot be read.
pub fn steps_of(environment: &EnvironmentRecord) -> Result<Vec<BuildStep>, FileError> {
    let mut steps: Vec<BuildStep> = Vec::new();
    let path = EnvironmentFolder(environment.folder.clone()).events();
    Follower::new(path).each(&mut |line| {
        if line["event"] == names::ENVIRONMENT_START {
            steps.clear();
        }
        let (Some(name), true) = (
            line["data"]["step"].as_str(),
            line["event"] == names::ENVIRONMENT_STEP,
        ) else {
            return;
        };
        steps.retain(|known| known.step != name);
        let is_over = line["data"]["state"] == "finished";
        steps.push(BuildStep {
            step: name.to_owned(),
            state: if is_over {
                BuildStepState::Finished
            } else {
                BuildStepState::Started
            },
            duration_ms: line["data"]["duration_ms"].as_u64(),
        });
    })?;
    Ok(steps)
}
