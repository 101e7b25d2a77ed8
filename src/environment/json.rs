//! The JSON of an environment: the object that `ade env ls|show|build --json` print.

use serde_json::{Value, json};

use crate::base::show_path::ShowPath;
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
