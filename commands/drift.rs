//! `ade drift`: checks whether a file still has the layout of the sender's earlier files.

use std::path::PathBuf;

use ade::checks::drift::{Drift, drift};
use serde_json::json;

use crate::context::{Context, files_of};
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{EnvironmentProgress, LiveLines, Tone, Ui, plural};

/// Compare a file's layout with the sender's last good run
///
/// Compares sheets, headers, kinds of values, date and number formats, totals and empty columns. The sender is the file's name
/// without numbers and months, unless `[senders]` in settings.toml names it. The exit status is 1 if something differs.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade drift acme-2025-04.xlsx --config my-config\n  ade drift acme-2025-04.xlsx --config my-config --since acme-2025-01.xlsx\n  ade drift april/ --config my-config                         each file with its sender's last\n  ade drift acme-2025-04.xlsx --config my-config --json"
)]
pub struct Args {
    /// Files, or folders of files
    #[arg(required = true)]
    file: Vec<PathBuf>,
    /// The folder of the configuration
    #[arg(short, long, value_name = "CONFIG", default_value = ".")]
    config: PathBuf,
    /// The run to compare with: its id (or part), its input's path or name, or `latest`
    #[arg(long, value_name = "RUN")]
    since: Option<String>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let (workspace, prepared) = context.prepare(&args.config)?;
    let lines = LiveLines::new(ui);
    let shown = EnvironmentProgress::new(&lines, &prepared.record.name);
    let cancel = signals::cancel_on_signals_and(lines.clear());
    let files = files_of(&workspace, &args.file)?;
    let mut status = ExitStatus::Done;
    for file in &files {
        let found = drift(
            &workspace,
            &prepared,
            file,
            args.since.as_deref(),
            &cancel,
            &mut |progress| shown.show(&progress),
        );
        let found = match found {
            // One bad file does not stop the comparison of the others.
            Err(error) if files.len() > 1 && !cancel.is_cancelled() => {
                let mut failure = Failure::from_problem(&error);
                failure.message = format!("{}: {}", file.display(), failure.message);
                ui.failure(&failure);
                status = status.max(failure.status);
                continue;
            }
            found => found?,
        };
        if ui.json() {
            ui.document(&json!({
                "input": file, "since": {"run_id": found.since.id, "input": found.since.input_name},
                "differs": found.matters(), "differences": found.differences,
            }));
        } else {
            print(ui, &file.to_string_lossy(), &found);
        }
        if found.matters() {
            status = status.max(ExitStatus::Refused);
        }
    }
    Ok(status)
}

fn print(ui: &Ui, file: &str, found: &Drift) {
    let since = &found.since.input_name;
    if !found.matters() {
        let sign = ui.paint(Tone::Good, "✓");
        ui.line(format_args!("{sign} {file} has the layout of {since}"));
    } else {
        let matter = found
            .differences
            .iter()
            .filter(|difference| difference.matters)
            .count();
        let things = plural(matter as u64, "difference");
        let sign = ui.paint(Tone::Bad, "✗");
        ui.line(format_args!(
            "{sign} {file}: {things} from the layout of {since}"
        ));
    }
    for difference in &found.differences {
        let tone = if difference.matters {
            Tone::Warn
        } else {
            Tone::Dim
        };
        ui.line(format_args!(
            "  {} {}",
            ui.paint(tone, "·"),
            difference.message
        ));
    }
}
