//! `ade doctor`: checks whether this machine is ready, and suggests how to correct problems.

use ade::checks::doctor::{CheckState, examine};
use ade::settings::paths::Paths;
use ade::workspace::identity;
use ade::workspace::identity::IdentityAdoption;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Tone, Ui};

/// Check whether this machine is ready to run configurations
///
/// Checks Python, the installer, free space, the sandbox, the database and the data directory, and suggests corrections.
/// Changes nothing without --adopt.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade doctor\n  ade doctor --json    exit 1 if a run would fail\n  ade doctor --adopt   after a database was restored or begun anew"
)]
pub struct Args {
    /// Pair this database with this data directory
    ///
    /// Use this after one of them was restored or replaced. Folders that the database does not know are then never deleted.
    #[arg(long)]
    adopt: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    if args.adopt {
        let settings = context.settings()?;
        let paths = Paths::new(&settings)?;
        show_adopted(ui, &identity::adopt(&settings, &paths)?);
        return Ok(ExitStatus::Done);
    }
    let findings = examine(&context.settings()?);
    let mut states = findings.iter().map(|finding| finding.state);
    let status = ExitStatus::refused_if(states.any(|state| state == CheckState::Problem));
    if ui.json() {
        ui.document(&findings);
        return Ok(status);
    }
    for finding in &findings {
        let mark = match finding.state {
            CheckState::Ok => ui.paint(Tone::Good, "✓"),
            CheckState::Warning => ui.paint(Tone::Warn, "!"),
            CheckState::Problem => ui.paint(Tone::Bad, "✗"),
        };
        ui.prose(format_args!(
            "{mark} {:<15} {}",
            finding.name, finding.message
        ));
        if let Some(hint) = &finding.hint {
            ui.prose(format_args!(
                "  {:<15} {}",
                "",
                ui.paint(Tone::Name, format!("→ {hint}"))
            ));
        }
    }
    Ok(status)
}

fn show_adopted(ui: &Ui, adopted: &IdentityAdoption) {
    if ui.json() {
        ui.document(adopted);
        return;
    }
    let (database, data_dir) = (ui.path(&adopted.database), ui.path(&adopted.data_dir));
    if adopted.created {
        ui.line(format_args!("{database} is created"));
    }
    ui.line(format_args!("{database} belongs to {data_dir} now"));
    ui.prose(format_args!(
        "Garbage collection never deletes folders of runs or environments that are not in the database"
    ));
}
