//! `ade pause`: stops workers from claiming runs until they are resumed.

use ade::store::Submitter;
use ade::workspace::Workspace;
use ade::workspace::configurations::find::find;
use ade::workspace::pause::{checked_reason, pause};

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};

/// Pause the queue, or one configuration, until `ade resume`
///
/// Workers claim no paused runs and build no environments for them. Running runs continue, and new runs are queued. The pause
/// survives restarts. `ade run` refuses a paused configuration (exit status 1), unless --detach queues the runs.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade pause --reason 'disk is being replaced'\n  ade pause --config my-config\n  ade resume"
)]
pub struct Args {
    /// Pause only this configuration: its name, folder or id
    #[arg(long, value_name = "CONFIGURATION")]
    config: Option<String>,
    /// The reason, in one line, for `ade top`, `ade doctor` and `ade runs show`
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: Option<String>,
}

fn reason(text: &str) -> Result<String, String> {
    checked_reason(text).map(Option::unwrap_or_default)
}

/// Returns the id of the named configuration.
pub fn configuration(
    workspace: &Workspace,
    given: Option<&str>,
) -> Result<Option<String>, Failure> {
    let found = given.map(|given| find(workspace, given)).transpose()?;
    Ok(found.map(|known| known.record.id))
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_or_create()?;
    let id = configuration(&workspace, args.config.as_deref())?;
    let by = Submitter::of_machine(&*workspace.machine);
    let reason = args.reason.as_deref().filter(|reason| !reason.is_empty());
    let paused = pause(&workspace, id.as_deref(), reason, &by)?;
    if ui.json() {
        ui.document(&paused);
    } else {
        ui.say(format_args!(
            "{paused}; `{}` ends the pause",
            paused.command()
        ));
    }
    Ok(ExitStatus::Done)
}
