//! `ade run --watch`: repeats the runs whenever an input or the configuration changes.

use std::path::{Path, PathBuf};

use ade::base::clock::Timestamp;
use ade::configuration::Configuration;
use ade::environment::needed::prepare::PreparedConfiguration;
use ade::run::inputs::input::Input;
use ade::run::inputs::watch::{ChangedInputs, InputWatch};

use super::files::{find, is_copy};
use super::session::RunSession;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::first;

impl RunSession<'_> {
    /// Repeats the runs when their inputs or the configuration change, until a signal.
    pub fn watch(&self, inputs: Vec<Input>) -> Outcome {
        let args = self.args;
        let paths = &self.workspace.paths;
        let is_copy = |path: &Path| is_copy(&self.workspace.store, path);
        let output_dir = args.output_dir.as_deref();
        let watch = InputWatch {
            configuration: &args.config,
            arguments: &args.input,
            expand: &|| Ok(find(args, paths, &is_copy)?.0),
            written: [paths.data()].into_iter().chain(output_dir).collect(),
        };
        let mut status = ExitStatus::Done;
        // Skipped files are reported only once.
        let mut skipped = self.skipped;
        let mut round = |inputs: &[Input]| -> Result<Vec<Input>, Failure> {
            let again;
            (status, again) = match self.open_again() {
                Ok(prepared) => self.round(&prepared, inputs, std::mem::take(&mut skipped))?,
                // If the configuration cannot be opened now, somebody may be in the middle of an edit: wait for the next
                // change.
                Err(failure) => {
                    self.lines.suspend(|| self.ui.failure(&failure));
                    (failure.status, inputs.to_vec())
                }
            };
            Ok(again)
        };
        let waiting = || self.lines.say("Watching for changes; Ctrl-C ends this");
        let changed = |changes: &ChangedInputs| self.lines.say(self.in_words(changes));
        watch.rounds(inputs, self.cancel, &mut round, &waiting, &changed)?;
        Ok(self.unless_cancelled(status))
    }

    /// Describes changes: `10:00:00 changed: orders.xlsx, my-config/settings.toml`.
    fn in_words(&self, changes: &ChangedInputs) -> String {
        let files = changes.configuration.iter();
        let files = files.map(|path| self.args.config.join(path));
        let all: Vec<PathBuf> = changes.inputs.iter().cloned().chain(files).collect();
        let now = Timestamp::now().time_of_day();
        if all.is_empty() {
            return format!("{now} running again what failed before");
        }
        let names = all.iter().map(|path| self.ui.path(path));
        format!("{now} changed: {}", first(5, names))
    }

    fn open_again(&self) -> Result<PreparedConfiguration, Failure> {
        Ok(self.prepare(Configuration::open(&self.args.config)?)?)
    }
}
