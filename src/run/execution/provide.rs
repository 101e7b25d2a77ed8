//! Provides an environment for a command that runs nothing: `ade env build`, `ade check`.
//!
//! The command is registered while it builds, like `ade run`: if it is killed, other processes notice at once.

use crate::base::cancel::Cancel;
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::environment::provide::installers::Build;
use crate::environment::provide::rebuild::is_usable;
use crate::environment::provide::{
    OnProgress, OtherBuilder, ProvideError, ProvideProgress, Provider, RebuildPolicy,
};
use crate::run::ending::recover::recover;
use crate::store::{EnvironmentRecord, WorkerFilter};
use crate::workspace::Workspace;
use crate::workspace::fleet::{FleetError, Member};

/// Returns a ready environment for a prepared configuration, building it or waiting for its builder as needed.
///
/// # Errors
/// The environment could not be built, the flag was raised, or the store cannot be used.
pub fn provide(
    workspace: &Workspace,
    builder: &dyn Build,
    prepared: &PreparedConfiguration,
    want: RebuildPolicy,
    cancel: &Cancel,
    on: &mut OnProgress<'_>,
) -> Result<EnvironmentRecord, ProvideError> {
    let environment = prepared.ensure_environment(workspace)?;
    if want == RebuildPolicy::Ready && is_usable(workspace.files(), &environment) {
        on(ProvideProgress::Ready {
            environment: &environment,
            built: false,
        });
        return Ok(environment);
    }
    let member =
        Member::join(workspace, "run", 1, &WorkerFilter::default()).map_err(
            |error| match error {
                FleetError::Store(error) => ProvideError::Store(error),
                FleetError::LockFile(error) => ProvideError::File(error),
            },
        )?;
    let recover = || recover(workspace).map(drop);
    let provider = Provider {
        workspace,
        builder,
        worker: &workspace.worker_id(0),
        process: &member.id,
        other: OtherBuilder::Await(&recover),
    };
    provider.provide(prepared, want, cancel, on)
}
