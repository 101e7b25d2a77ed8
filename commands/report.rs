//! `ade report`: writes a page about runs, for a browser, a printer or a mail.

use std::path::{Path, PathBuf};

use ade::issues::Language;
use ade::report::{Options, write};
use ade::run::inputs::input::is_supported;
use ade::store::RunRecord;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{languages, plural};

/// Write an HTML page about runs, to read, print or mail
///
/// The page lists the issues with their values, the mapping of each column with reasons, and the notices. It needs no network.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade report latest --html crew.html\n  ade report inbox/ --html inbox.html     the last run of each file\n  ade report 0199c2 --html crew.html --without-values\n  ade report latest --html acme.html --language de     for the sender"
)]
pub struct Args {
    /// Runs: ids (or parts), inputs by path or name, folders of inputs, or `latest`
    #[arg(default_value = "latest", value_name = "RUN")]
    runs: Vec<String>,
    /// Write the page to this file, or to this folder, named after the input
    #[arg(long, value_name = "FILE", value_parser = page)]
    html: PathBuf,
    /// Leave out cell values and messages that may contain them
    #[arg(long)]
    without_values: bool,
    /// Write the page for the sender of one file, in this language: only its issues
    #[arg(long, value_name = "LANG", value_parser = languages())]
    language: Option<Language>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    let workspace = context.open_for_runs()?;
    let runs = context.runs(&workspace, &args.runs)?;
    let target = if args.html.is_dir() {
        args.html.join(own_name(&runs))
    } else {
        args.html.clone()
    };
    let options = Options {
        values: !args.without_values,
        language: args.language,
    };
    if let ([_, _, ..], Some(_)) = (&runs[..], options.language) {
        let message = "a page for the sender is about one file";
        let hint = "name one run, or leave out --language for a page about all";
        return Err(Failure::usage("usage", message).hint(hint));
    }
    write(&workspace.store, &runs, options, &target)?;
    if ui.json() {
        let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
        ui.document(&json!({"run_ids": ids, "html": target, "holds_values": options.values}));
        return Ok(ExitStatus::Done);
    }
    let of = plural(runs.len() as u64, "run");
    ui.say(format_args!(
        "report of {of}, {}",
        if options.values {
            "with cell values"
        } else {
            "without cell values"
        }
    ));
    ui.line(ui.path(&target));
    Ok(ExitStatus::Done)
}

/// Refuses paths that are not pages, so that a slip on the command line cannot overwrite a sender's file.
fn page(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if is_supported(&path) {
        return Err("this is a workbook or a csv file; name a page, such as crew.html".to_owned());
    }
    Ok(path)
}

/// Returns the file name of a report: `<stem>_report.html`; for several runs `<configuration>_batch_<date>_report.html`.
fn own_name(runs: &[RunRecord]) -> String {
    match runs {
        [run] => {
            let stem = Path::new(&run.input_name).file_stem();
            format!("{}_report.html", stem.unwrap_or_default().to_string_lossy())
        }
        runs => {
            let first = runs
                .first()
                .map_or("", |run| run.configuration_name.as_str());
            let ended = runs.iter().filter_map(|run| run.completed_at).max();
            let date = ended.map(|at| at.to_string()).unwrap_or_default();
            let date = date.split('T').next().unwrap_or_default();
            format!("{}_batch_{date}_report.html", first.replace('/', "_"))
        }
    }
}
