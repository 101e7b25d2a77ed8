//! The JSON of an environment: the object that `ade env ls|show|build --json` print.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::base::files::FileError;
use crate::base::show_path::ShowPath;
use crate::events::{Follower, names};
use crate::settings::paths::EnvironmentFolder;
use crate::store::EnvironmentRecord;

/// Returns the environment object. Scripts read it: a key may be added, none is renamed or removed. The contents are null
/// until the environment is ready. `paths`: how much of a path its reader sees.
pub fn environment_json(environment: &EnvironmentRecord, paths: &dyn ShowPath) -> Value {
    let contents = environment.contents.as_ref();
    json!({
        "id": environment.id,
        "workspace_id": environment.key.workspace_id,
        "configuration_id": environment.key.configuration_id,
        "configuration_name": environment.configuration_name,
        "configuration_path": paths.path(&environment.configuration_path),
        "engine_spec": environment.key.engine_spec,
        "deps_digest": environment.key.deps_digest,
        "status": environment.status,
        "folder": paths.path(&environment.folder),
        "python_version": contents.map(|contents| &contents.python_version),
        "python_path": contents.map(|contents| paths.path(&contents.python_path)),
        "engine_version": contents.map(|contents| &contents.engine_version),
        "installer": contents.map(|contents| &contents.installer),
        "lock_digest": contents.map(|contents| &contents.lock_digest),
        "size_bytes": contents.map(|contents| contents.size_bytes),
        "attempt_count": environment.attempt_count,
        "created_at": environment.created_at,
        "updated_at": environment.updated_at,
        "ready_at": environment.ready_at,
        "last_used_at": environment.last_used_at,
        "error": environment.error.as_ref().map(|error| error.shown(&*paths.about(&environment.configuration_path))),
    })
}

/// A step of the build of an environment.
#[derive(Debug, Serialize, ToSchema)]
pub struct BuildStep {
    /// `prepare_installer`, `create_venv`, `install_engine`, `install_config`, `compile`, `verify_imports`, `collect_metadata`.
    step: String,
    state: BuildStepState,
    /// How long it took; null until it has finished.
    #[schema(required)]
    duration_ms: Option<u64>,
}

/// How far a step is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BuildStepState {
    /// It has begun. Where the build has failed, it failed in this step.
    Started,
    /// It is done.
    Finished,
}

/// The steps of the last build, in their order, as its log has them.
///
/// # Errors
/// The log is there and cannot be read.
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
