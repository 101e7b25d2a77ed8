//! `ade env`: environments.

mod build;
mod gc;
mod ls;
mod path;
mod rm;
mod show;

use ade::clock::Timestamp;
use ade::run::prepare::Prepared;
use ade::store::{EnvironmentRecord, EnvironmentStatus};
use ade::workspace::Workspace;
use clap::Subcommand;

use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::ui::Tone;

/// List, show, build, remove and collect environments
#[derive(Subcommand)]
pub enum Command {
    Ls(ls::Args),
    Show(show::Args),
    Build(build::Args),
    Path(path::Args),
    Rm(rm::Args),
    Gc(gc::Args),
}

impl Command {
    pub fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Ls(args) => ls::run(args, context),
            Self::Show(args) => show::run(args, context),
            Self::Build(args) => build::run(args, context),
            Self::Path(args) => path::run(args, context),
            Self::Rm(args) => rm::run(args, context),
            Self::Gc(args) => gc::run(args, context),
        }
    }
}

/// The colour of a status.
fn tone(status: EnvironmentStatus) -> Tone {
    match status {
        EnvironmentStatus::Ready => Tone::Good,
        EnvironmentStatus::Failed => Tone::Bad,
        EnvironmentStatus::Building => Tone::Warn,
        EnvironmentStatus::Queued => Tone::Dim,
    }
}

/// When it was used last, else when it last changed.
fn last_used(environment: &EnvironmentRecord) -> Timestamp {
    environment.last_used_at.unwrap_or(environment.updated_at)
}

/// The environment that an argument means: a configuration's folder, or an id.
fn find(workspace: &Workspace, argument: &str) -> Result<EnvironmentRecord, Failure> {
    let path = std::path::Path::new(argument);
    if path.is_dir() {
        let prepared: Prepared = ade::run::prepare::prepare(workspace, path)?;
        let known = workspace.store.environment_of(&prepared.key)?;
        return known.ok_or_else(|| none_for(argument));
    }
    Ok(workspace.store.environment(workspace.id(), argument)?)
}

fn none_for(argument: &str) -> Failure {
    Failure::usage(
        "environment_not_found",
        format!("{argument} has no environment yet"),
        Some(format!("`ade env build {argument}` builds it")),
    )
}
