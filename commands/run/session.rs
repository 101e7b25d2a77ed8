//! The runs of one call: in this process, or queued for a worker.

use std::collections::HashSet;

use ade::base::cancel::Cancel;
use ade::configuration::Configuration;
use ade::engine::{ChildProcess, Launch};
use ade::environment::needed::prepare::{PrepareError, Prepared, prepare};
use ade::run::calls::enqueue::enqueue;
use ade::run::calls::inline;
use ade::run::calls::request::{Request, Tools};
use ade::run::inputs::input::Input;
use ade::run::results::output;
use ade::run::views::json::run_json;
use ade::workspace::Workspace;

use super::args::Args;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{ListedFile, LiveLines, RunProgress, Skipped, Ui};

/// What all runs of one call share.
pub struct Session<'a> {
    pub args: &'a Args,
    pub ui: &'a Ui,
    pub workspace: &'a Workspace,
    pub lines: &'a LiveLines<'a>,
    pub cancel: &'a Cancel,
    /// The files of the call that are not run.
    pub skipped: &'a [Skipped],
}

impl Session<'_> {
    pub fn prepare(&self, configuration: Configuration) -> Result<Prepared, PrepareError> {
        let output_dir = self.args.output_dir.as_deref();
        prepare(self.workspace, configuration, output_dir)
    }

    fn request<'a>(
        &'a self,
        prepared: &'a Prepared,
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
            demands: args.demands(),
            annotate: args.annotate,
            sheets: (!args.input_sheet.is_empty()).then(|| args.input_sheet.clone()),
            options: args.options(),
            jobs: args.jobs.map_or(concurrency, |jobs| jobs as usize),
        }
    }

    pub fn enqueue(&self, prepared: &Prepared, inputs: &[Input]) -> Outcome {
        let launcher = ChildProcess::default();
        let request = self.request(prepared, inputs, &launcher);
        enqueue(&request, &mut |run| {
            if self.ui.json() {
                self.ui.record(&run_json(run, None));
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

    pub fn run(&self, prepared: &Prepared, inputs: &[Input]) -> Outcome {
        Ok(self.round(prepared, inputs, self.skipped)?.0)
    }

    /// Runs inputs. Returns the exit status, and those inputs that may succeed the next time without a change of theirs.
    pub fn round(
        &self,
        prepared: &Prepared,
        inputs: &[Input],
        skipped: &[Skipped],
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
        };
        let request = self.request(prepared, inputs, &launcher);
        inline::run(&request, self.cancel, &|source, change| {
            progress.show(source, change);
        })?;
        progress.summarize();
        let again = progress.to_run_again();
        let again = again.into_iter().map(|input| inputs[input].clone());
        let skipped = skipped.iter().map(|skipped| skipped.failure.status);
        let status = skipped.fold(progress.status(), ExitStatus::max);
        let status = self.unless_cancelled(status);
        Ok((status, again.collect()))
    }

    /// The inputs as they are listed: by their names, or by their paths, if two have the same name.
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
                .map(|folder| output::target(folder, input)),
        });
        files.collect()
    }

    /// Whether values are shown: if they were asked for, and on a terminal alone. A file that standard error goes to would
    /// keep them.
    fn shows_values(&self) -> bool {
        let asked = self.args.show_values;
        if asked && !self.ui.stderr_is_terminal() {
            self.ui
                .say("note: values are shown on a terminal only, and standard error is none");
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
