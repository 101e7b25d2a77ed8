//! `ade run`: normalize files in this process.

mod ended;
mod narration;

use std::path::PathBuf;

use ade::cancel::Cancel;
use ade::configuration::Configuration;
use ade::environment::prepare::{PrepareError, Prepared, prepare};
use ade::run::enqueue::enqueue;
use ade::run::inline;
use ade::run::json::run_json;
use ade::run::request::Request;
use ade::run::watch::Watch;
use ade::run::{Tools, input, output};
use ade::store::RunOptions;
use ade::workspace::Workspace;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::{Narrator, Ui};
use narration::Narration;

/// Normalize files
///
/// Creates the database and builds the environment where they do not exist yet; the second run of the same configuration
/// starts at once.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade run my-config orders.xlsx\n  ade run my-config inbox/ -o clean/\n  ade run my-config 'inbox/*.csv' --jobs 2 --json"
)]
pub struct Args {
    /// The configuration's folder
    config: PathBuf,
    /// Files, folders or globs
    #[arg(required = true)]
    input: Vec<PathBuf>,
    /// Copy each normalized workbook into this folder
    #[arg(short, long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Process only this sheet; may be repeated
    #[arg(long, value_name = "SHEET", conflicts_with = "active_sheet_only")]
    input_sheet: Vec<String>,
    /// Process only the sheet that was active when the workbook was saved
    #[arg(long)]
    active_sheet_only: bool,
    /// Load and check the configuration, and process nothing
    #[arg(long, conflicts_with = "dry_run")]
    validate_only: bool,
    /// Record a run, and start no engine
    #[arg(long)]
    dry_run: bool,
    /// Leave the runs queued for a worker, and print their ids
    #[arg(long, conflicts_with_all = ["watch", "output_dir"])]
    detach: bool,
    /// Run again when an input or the configuration changes
    #[arg(long)]
    watch: bool,
    /// Stop a run that takes longer
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<f64>,
    /// Exit 1 where a run has validation issues
    #[arg(long)]
    deny_issues: bool,
    /// Files to process at the same time [default: ADE_WORKER_CONCURRENCY]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
}

fn seconds(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|number| *number > 0.0 && *number <= 1e9)
        .ok_or_else(|| "not a number of seconds above zero".to_owned())
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let ui = &context.ui;
    // The call is checked before anything is written.
    let inputs = input::expand(&args.input)?;
    let configuration = Configuration::open(&args.config)?;
    if let Some(folder) = &args.output_dir {
        input::demand_distinct_outputs(&inputs)?;
        output::check_output_dir(folder, &inputs)?;
    }
    let session = Session {
        args,
        ui,
        workspace: &context.open_or_create()?,
        narrator: &Narrator::new(ui),
        cancel: &signals::cancel_on_signals(),
    };
    if args.watch {
        return session.watch(inputs);
    }
    let prepared = session.prepare(configuration)?;
    if args.detach {
        session.enqueue(&prepared, &inputs)
    } else {
        session.run(&prepared, &inputs)
    }
}

/// What all runs of one call share.
struct Session<'a> {
    args: &'a Args,
    ui: &'a Ui,
    workspace: &'a Workspace,
    narrator: &'a Narrator<'a>,
    cancel: &'a Cancel,
}

impl Session<'_> {
    fn prepare(&self, configuration: Configuration) -> Result<Prepared, PrepareError> {
        let output_dir = self.args.output_dir.as_deref();
        prepare(self.workspace, configuration, output_dir)
    }

    fn request<'a>(&'a self, prepared: &'a Prepared, inputs: &'a [PathBuf]) -> Request<'a> {
        let args = self.args;
        let concurrency = self.workspace.settings.worker.concurrency;
        Request {
            workspace: self.workspace,
            tools: Tools::here(),
            prepared,
            inputs,
            output_dir: args.output_dir.as_deref(),
            sheets: (!args.input_sheet.is_empty()).then(|| args.input_sheet.clone()),
            options: RunOptions {
                active_sheet_only: args.active_sheet_only,
                validate_only: args.validate_only,
                dry_run: args.dry_run,
                timeout_seconds: args.timeout,
            },
            jobs: args.jobs.map_or(concurrency, |jobs| jobs as usize),
        }
    }

    fn enqueue(&self, prepared: &Prepared, inputs: &[PathBuf]) -> Outcome {
        let request = self.request(prepared, inputs);
        for index in 0..inputs.len() {
            let run = enqueue(&request, index)?;
            if self.ui.json() {
                self.ui.record(&run_json(&run));
            } else {
                self.ui.line(&run.id);
                self.ui.say(format_args!(
                    "queued {}; `ade worker --drain` executes queued runs",
                    run.input_name
                ));
            }
        }
        Ok(ExitStatus::Done)
    }

    fn run(&self, prepared: &Prepared, inputs: &[PathBuf]) -> Outcome {
        let narration = Narration::new(
            self.ui,
            self.narrator,
            inputs.len(),
            &prepared.record.name,
            self.args.deny_issues,
        );
        inline::run(&self.request(prepared, inputs), self.cancel, &narration)?;
        narration.summarize();
        Ok(self.unless_cancelled(narration.status()))
    }

    /// Runs the inputs again whenever they or the configuration change, until a signal.
    fn watch(&self, inputs: Vec<PathBuf>) -> Outcome {
        let args = self.args;
        let output_dir = args.output_dir.as_deref();
        let watch = Watch {
            configuration: &args.config,
            inputs: &args.input,
            written: [self.workspace.layout.data()]
                .into_iter()
                .chain(output_dir)
                .collect(),
        };
        let mut status = ExitStatus::Done;
        let mut round = |inputs: &[PathBuf]| -> Result<(), Failure> {
            status = match self.open_again() {
                Ok(prepared) => self.run(&prepared, inputs)?,
                // A configuration that cannot be opened now may be in the middle of an edit: wait for the next change.
                Err(failure) => {
                    self.narrator.suspend(|| self.ui.failure(&failure));
                    failure.status
                }
            };
            Ok(())
        };
        let waiting = || self.narrator.say("Watching for changes; Ctrl-C ends it");
        watch.rounds(inputs, self.cancel, &mut round, &waiting)?;
        Ok(self.unless_cancelled(status))
    }

    fn open_again(&self) -> Result<Prepared, Failure> {
        Ok(self.prepare(Configuration::open(&self.args.config)?)?)
    }

    fn unless_cancelled(&self, status: ExitStatus) -> ExitStatus {
        if self.cancel.is_cancelled() {
            status.max(ExitStatus::Cancelled)
        } else {
            status
        }
    }
}
