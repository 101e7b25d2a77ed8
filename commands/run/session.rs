//! Executes the runs of one call, in this process or through the queue for a worker.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;

use ade::base::cancel::Cancel;
use ade::base::mutex::lock;
use ade::base::show_path::FullPaths;
use ade::configuration::Configuration;
use ade::engine::warm::WarmEngines;
use ade::engine::{ChildProcess, Launch};
use ade::environment::needed::prepare::{PrepareError, PreparedConfiguration, prepare};
use ade::run::calls::combine::{CombineInput, combine};
use ade::run::calls::enqueue::enqueue;
use ade::run::calls::inline;
use ade::run::calls::request::{Request, Tools};
use ade::run::execution::happenings::ProgressEvent;
use ade::run::inputs::input::Input;
use ade::run::results::output;
use ade::run::views::json::RunView;
use ade::workspace::Workspace;

use serde_json::json;

use super::args::Args;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{ListedFile, LiveLines, RunProgress, SkippedFiles, Ui, plural};

/// The maximum number of printed rows that repeat rows of other files.
const MAX_REPEATED_ROWS: usize = 8;

/// The state shared by all runs of one call.
pub struct RunSession<'a> {
    pub args: &'a Args,
    pub ui: &'a Ui,
    pub workspace: &'a Workspace,
    /// The warm engines that runs can be forked from.
    pub engines: Option<&'a WarmEngines>,
    pub lines: &'a LiveLines<'a>,
    pub cancel: &'a Cancel,
    /// The files of the call that are not run.
    pub skipped: &'a [SkippedFiles],
}

impl RunSession<'_> {
    pub fn prepare(
        &self,
        configuration: Configuration,
    ) -> Result<PreparedConfiguration, PrepareError> {
        let output_dir = self.args.output_dir.as_deref();
        prepare(self.workspace, configuration, output_dir)
    }

    fn request<'a>(
        &'a self,
        prepared: &'a PreparedConfiguration,
        inputs: &'a [Input],
        launcher: &'a dyn Launch,
    ) -> Request<'a> {
        let args = self.args;
        let concurrency = self.workspace.settings.worker.concurrency;
        Request {
            workspace: self.workspace,
            tools: Tools {
                launcher,
                ..Tools::here()
            },
            prepared,
            inputs,
            again: None,
            output_dir: args.output_dir.as_deref(),
            shape: args.shape(),
            annotate: args.annotate,
            only_changed: args.changed,
            sheets: (!args.input_sheet.is_empty()).then(|| args.input_sheet.clone()),
            options: args.options(),
            jobs: args.jobs.map_or(concurrency, |jobs| jobs as usize),
        }
    }

    pub fn enqueue(&self, prepared: &PreparedConfiguration, inputs: &[Input]) -> Outcome {
        let launcher = ChildProcess::default();
        let request = self.request(prepared, inputs, &launcher);
        enqueue(&request, &mut |run| {
            if self.ui.json() {
                self.ui.record(&RunView::plain(run, &FullPaths));
            } else {
                self.ui.line(&run.id);
                let name = &run.input_name;
                match &run.summary {
                    Some(summary) => self.ui.say(format_args!("{name}: {summary}")),
                    None => self.ui.say(format_args!(
                        "queued {name}; `ade worker --drain` executes queued runs"
                    )),
                }
            }
        })?;
        Ok(ExitStatus::Done)
    }

    pub fn run(&self, prepared: &PreparedConfiguration, inputs: &[Input]) -> Outcome {
        Ok(self.round(prepared, inputs, self.skipped)?.0)
    }

    /// Runs inputs. Returns the exit status, and the inputs that may succeed next time without being changed.
    pub fn round(
        &self,
        prepared: &PreparedConfiguration,
        inputs: &[Input],
        skipped: &[SkippedFiles],
    ) -> Result<(ExitStatus, Vec<Input>), Failure> {
        let progress = RunProgress::new(
            self.ui,
            self.lines,
            self.files(inputs),
            &prepared.record.name,
            skipped,
        );
        let show = |values: &str| self.lines.pass_on(values);
        let launcher = ChildProcess {
            values: self.shows_values().then_some(&show),
            warm: self.engines,
        };
        let request = self.request(prepared, inputs, &launcher);
        let parts = Mutex::new(self.parts(inputs));
        inline::run(&request, self.cancel, &|source, change| {
            if let ProgressEvent::Finished(Ok(finished)) = change
                && finished.is_accepted()
            {
                lock(&parts)[source.input].run = Some(finished.run.clone());
            }
            progress.show(source, change);
        })?;
        progress.summarize();
        let parts = parts.into_inner().unwrap_or_default();
        let combined = match &self.args.combine {
            Some(file) if !self.cancel.is_cancelled() => {
                self.combine(prepared, &launcher, &parts, file)
            }
            _ => ExitStatus::Done,
        };
        let again = progress.to_run_again();
        let again = again.into_iter().map(|input| inputs[input].clone());
        let skipped = skipped.iter().map(|skipped| skipped.failure.status);
        let status = skipped.fold(progress.status().max(combined), ExitStatus::max);
        let status = self.unless_cancelled(status);
        Ok((status, again.collect()))
    }

    /// Returns the inputs as parts of a batch, before any of them has run.
    fn parts(&self, inputs: &[Input]) -> Vec<CombineInput> {
        let files = self.files(inputs).into_iter();
        let part = |file: ListedFile| CombineInput {
            name: file.name,
            run: None,
        };
        files.map(part).collect()
    }

    /// Combines the normalized inputs into one table, and names the others.
    fn combine(
        &self,
        prepared: &PreparedConfiguration,
        launcher: &ChildProcess<'_>,
        parts: &[CombineInput],
        file: &Path,
    ) -> ExitStatus {
        let ui = self.ui;
        let made = combine(
            self.workspace,
            launcher,
            prepared,
            parts,
            (file, self.args.names),
            self.cancel,
        );
        let combined = match made {
            Ok(combined) => combined,
            Err(error) => {
                let failure = Failure::from_problem(&error);
                ui.failure(&failure);
                return failure.status;
            }
        };
        let missing: Vec<&str> = parts
            .iter()
            .filter(|part| part.run.is_none())
            .map(|part| &*part.name)
            .collect();
        for header in &combined.as_text {
            ui.say(format_args!(
                "note: the column {header} is text in {}, because its type differs from file to file",
                ui.path(file)
            ));
        }
        if !missing.is_empty() {
            ui.say(format_args!(
                "note: {} lacks {}, which failed or was refused",
                ui.path(file),
                missing.join(", ")
            ));
        }
        for told in combined.repeated.iter().take(MAX_REPEATED_ROWS) {
            ui.say(format_args!("warning: {told}"));
        }
        let repeated = combined.repeated.len();
        if repeated > MAX_REPEATED_ROWS {
            let more = plural((repeated - MAX_REPEATED_ROWS) as u64, "more row");
            ui.say(format_args!(
                "and {more} like it; --combine FILE.xlsx lists all of them"
            ));
        }
        if ui.json() {
            // Absolute, like every path in an object.
            let path = file.canonicalize().unwrap_or_else(|_| file.to_owned());
            ui.record(&json!({
                "combined": path,
                "rows": combined.rows,
                "files": parts.len() - missing.len(),
                "missing": missing,
                "repeated": repeated,
            }));
        } else {
            ui.say(format_args!(
                "combined {} with {}",
                plural((parts.len() - missing.len()) as u64, "file"),
                plural(combined.rows, "row")
            ));
            ui.line(ui.path(file));
        }
        ExitStatus::refused_if(repeated > 0 && self.args.demands.deny_repeated())
    }

    /// Returns the inputs for listing: by name, or by path if two have the same name.
    fn files(&self, inputs: &[Input]) -> Vec<ListedFile> {
        let name = |input: &Input| input.below.join(input.path.file_name().unwrap_or_default());
        let mut names = HashSet::new();
        let are_distinct = inputs.iter().all(|input| names.insert(name(input)));
        let files = inputs.iter().map(|input| ListedFile {
            name: match are_distinct {
                true => name(input).display().to_string(),
                false => self.ui.path(&input.path),
            },
            copy: self
                .args
                .output_dir
                .as_deref()
                .map(|folder| output::target(folder, input, self.args.shape())),
        });
        files.collect()
    }

    /// Returns whether values are shown: only if requested and on a terminal, because a file with standard error would keep
    /// them.
    fn shows_values(&self) -> bool {
        let asked = self.args.show_values;
        if asked && !self.ui.stderr_is_terminal() {
            self.ui.say(
                "note: values are not shown, because standard error does not go to a terminal",
            );
            return false;
        }
        asked
    }

    pub fn unless_cancelled(&self, status: ExitStatus) -> ExitStatus {
        if self.cancel.is_cancelled() {
            status.max(ExitStatus::Cancelled)
        } else {
            status
        }
    }
}
