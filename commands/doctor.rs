//! `ade doctor`: checks whether this machine is ready, and says how to correct what is not.

use ade::doctor::{State, examine};
use ade::identity::{self, Adopted};
use ade::layout::Layout;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{Tone, Ui};

/// Check whether this machine is ready, and say how to correct what is not
///
/// A database and its data directory know each other, and every command refuses two that do not belong together. If one of
/// them was restored from elsewhere or begun anew, --adopt records that the two belong together from now on. Folders that the
/// database does not know are kept for good.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade doctor\n  ade doctor --json    exits 1 if a run would fail\n  ade doctor --adopt   after the database was begun anew"
)]
pub struct Args {
    /// Record that the database and the data directory belong together from now on
    #[arg(long)]
    adopt: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    if args.adopt {
        let settings = context.settings()?;
        let layout = Layout::new(&settings)?;
        show_adopted(ui, &identity::adopt(&settings, &layout)?);
        return Ok(ExitStatus::Done);
    }
    let findings = examine(&context.settings()?);
    let status = if findings
        .iter()
        .any(|finding| finding.state == State::Problem)
    {
        ExitStatus::Refused
    } else {
        ExitStatus::Done
    };
    if ui.json() {
        ui.document(&findings);
        return Ok(status);
    }
    for finding in &findings {
        let mark = match finding.state {
            State::Ok => ui.paint(Tone::Good, "✓"),
            State::Warning => ui.paint(Tone::Warn, "!"),
            State::Problem => ui.paint(Tone::Bad, "✗"),
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

fn show_adopted(ui: &Ui, adopted: &Adopted) {
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
        "Folders of runs and environments that the database does not know are never deleted by collection"
    ));
}
