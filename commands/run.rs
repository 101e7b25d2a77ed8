//! `ade run`: normalize files here and now.

mod narration;

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use ade::run::inline::{self, Finished, RunError};
use ade::run::json::run_json;
use ade::run::{input, kind_of_end, prepare};
use ade::store::RunOptions;
use ade::worker::WorkError;
use ade::workspace::Workspace;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::signals;
use crate::ui::Narrator;
use narration::Narration;

/// Normalize files here and now
///
/// No step is needed before it: an absent database is created, an absent environment is built, and the second run of the
/// same configuration starts at once.
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
    /// Process this sheet alone; may be repeated
    #[arg(long, value_name = "SHEET", conflicts_with = "active_sheet_only")]
    input_sheet: Vec<String>,
    /// Process the sheet alone that was active when the workbook was saved
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
    /// Files side by side [default: ADE_WORKER_CONCURRENCY]
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
    // What can be wrong with the call is found out before anything is written.
    let mut inputs = input::expand(&args.input)?;
    let configuration = ade::configuration::Configuration::open(&args.config)
        .map_err(|error| Failure::of(&prepare::PrepareError::from(error)))?;
    if let Some(folder) = &args.output_dir {
        input::demand_distinct_outputs(&inputs)?;
        inline::check_output_dir(folder, &inputs)?;
    }
    let workspace = context.open_or_create()?;
    let narrator = Narrator::new(ui);
    let cancel = signals::cancel_on_signals(|| {});
    let mut configuration = Some(configuration);
    loop {
        // Looked at before the run: what is saved while it goes on is a change, too.
        let seen = Seen::now(args, &workspace);
        let prepared = match configuration.take() {
            Some(configuration) => {
                prepare::prepare_opened(&workspace, configuration, args.output_dir.as_deref())
            }
            None => ade::configuration::Configuration::open(&args.config)
                .map_err(Into::into)
                .and_then(|configuration| {
                    prepare::prepare_opened(&workspace, configuration, args.output_dir.as_deref())
                }),
        };
        let status = match prepared {
            Ok(prepared) => once(
                args, context, &workspace, &prepared, &inputs, &narrator, &cancel,
            )?,
            Err(error) if args.watch => {
                let failure = Failure::of(&error);
                narrator.suspend(|| ui.failure(&failure));
                failure.status
            }
            Err(error) => return Err(error.into()),
        };
        if !args.watch {
            return Ok(status);
        }
        if cancel.is_cancelled() {
            return Ok(status.max(ExitStatus::Cancelled));
        }
        narrator.say("Watching for changes; Ctrl-C ends it");
        if !seen.wait_for_change(args, &workspace, &cancel) {
            return Ok(status.max(ExitStatus::Cancelled));
        }
        // A folder may have other files by now; what cannot be run any more is left to the run to say.
        inputs = input::expand(&args.input).unwrap_or(inputs);
    }
}

fn once(
    args: &Args,
    context: &Context,
    workspace: &Workspace,
    prepared: &prepare::Prepared,
    inputs: &[PathBuf],
    narrator: &Narrator<'_>,
    cancel: &ade::cancel::Cancel,
) -> Outcome {
    let ui = &context.ui;
    let request = inline::Request {
        workspace,
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
        jobs: args
            .jobs
            .map_or(workspace.settings.worker.concurrency, |jobs| jobs as usize),
        process: None,
    };
    if args.detach {
        for index in 0..inputs.len() {
            let run = inline::enqueue(&request, index)?;
            if ui.json() {
                ui.record(&run_json(&run));
            } else {
                ui.line(&run.id);
                ui.say(format_args!(
                    "queued {}; `ade worker --drain` works the queue",
                    run.input_name
                ));
            }
        }
        return Ok(ExitStatus::Done);
    }

    let member =
        ade::fleet::Member::join(workspace, "run", request.jobs).map_err(WorkError::from)?;
    let request = inline::Request {
        process: Some(&member.id),
        ..request
    };
    // What an earlier process of this machine died over goes back to the queue.
    for run in ade::fleet::recover(workspace, workspace.settings.worker.recovery)? {
        ade::run::ends::tell_taken_back(
            workspace,
            &run,
            ade::run::ends::RECOVERED,
            "Its process died",
        )?;
        ui.say(format_args!(
            "note: the process that executed {} died; the run is {} now",
            run.input_name,
            run.status.as_str()
        ));
    }

    let narration = Narration::new(ui, narrator, inputs.len(), &prepared.record.name);
    let statuses = Mutex::new(ExitStatus::Done);
    let observer = narration::Observer {
        narration: &narration,
        ended: &|result| note(&statuses, status_of(result, args.deny_issues)),
    };
    inline::run(&request, cancel, &observer);
    let mut status = statuses
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if cancel.is_cancelled() {
        status = status.max(ExitStatus::Cancelled);
    }
    narration.summarize();
    Ok(status)
}

fn note(statuses: &Mutex<ExitStatus>, status: ExitStatus) {
    let mut highest = statuses
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    *highest = status.max(*highest);
}

fn status_of(result: &Result<Finished, RunError>, deny_issues: bool) -> ExitStatus {
    match result {
        Err(error) => Failure::of(error).status,
        Ok(finished) => {
            let run = kind_of_end(&finished.run).map_or(ExitStatus::Done, Into::into);
            let copy = finished
                .copy_error
                .as_ref()
                .map_or(ExitStatus::Done, |error| Failure::of(error).status);
            let issues = finished
                .run
                .metrics
                .as_ref()
                .is_some_and(|metrics| metrics.issues > 0);
            let denied = if deny_issues && issues {
                ExitStatus::Refused
            } else {
                ExitStatus::Done
            };
            run.max(copy).max(denied)
        }
    }
}

/// A file's size and time of change.
type Stamp = (u64, Option<std::time::SystemTime>);

/// What a change is told by: the configuration's files, and each input's size and time of change.
#[derive(PartialEq)]
struct Seen {
    digest: Option<String>,
    inputs: Vec<(PathBuf, Option<Stamp>)>,
}

impl Seen {
    /// As it is now. Where nothing is watched, nothing is looked at.
    fn now(args: &Args, workspace: &Workspace) -> Self {
        if !args.watch {
            return Self {
                digest: None,
                inputs: Vec::new(),
            };
        }
        // What runs write is no change, wherever it lies.
        let mut written = vec![workspace.layout.data()];
        written.extend(args.output_dir.as_deref());
        let digest = ade::configuration::Configuration::open(&args.config)
            .and_then(|configuration| configuration.sources_except(&written))
            .map(|sources| sources.digest)
            .ok();
        let facts = |input: PathBuf| {
            let found = std::fs::metadata(&input).ok();
            let facts = found.map(|found| (found.len(), found.modified().ok()));
            (input, facts)
        };
        // Where an input is gone for a moment, as while it is saved, there is nothing to compare yet.
        let inputs = input::expand(&args.input).unwrap_or_else(|_| args.input.clone());
        Self {
            digest,
            inputs: inputs.into_iter().map(facts).collect(),
        }
    }

    /// Waits until an input or a file of the configuration is another. False: cancelled.
    fn wait_for_change(
        &self,
        args: &Args,
        workspace: &Workspace,
        cancel: &ade::cancel::Cancel,
    ) -> bool {
        let mut last = None;
        loop {
            let now = Self::now(args, workspace);
            let whole = now.inputs.iter().all(|(_, facts)| facts.is_some());
            // A program that saves a file in several steps is given the time to finish.
            if whole && now != *self && last.as_ref() == Some(&now) {
                return true;
            }
            last = Some(now);
            if cancel.wait(Duration::from_millis(200)) {
                return false;
            }
        }
    }
}
