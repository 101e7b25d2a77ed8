//! The progress of building an environment, for `ade run`, `ade check` and `ade env build`.

use std::sync::{Mutex, MutexGuard};

use ade::base::clock::Timestamp;
use ade::base::mutex::lock;
use ade::environment::BuildEvent;
use ade::environment::provide::ProvideProgress;
use ade::store::EnvironmentRecord;

use super::format::{bytes, duration, plural, span};
use super::live_lines::{LiveLines, Task};
use super::tone::Tone;

/// Prints the progress of one environment at a time.
pub struct EnvironmentProgress<'a> {
    lines: &'a LiveLines<'a>,
    state: Mutex<BuildProgress>,
}

#[derive(Default)]
struct BuildProgress {
    configuration: String,
    task: Option<Task>,
    step: String,
    packages: usize,
}

impl<'a> EnvironmentProgress<'a> {
    /// Starts with the environment of the configuration with this name.
    pub fn new(lines: &'a LiveLines<'a>, configuration: &str) -> Self {
        let progress = Self {
            lines,
            state: Mutex::default(),
        };
        progress.go_on_with(configuration);
        progress
    }

    /// Switches to the environment of this configuration.
    pub fn go_on_with(&self, configuration: &str) {
        configuration.clone_into(&mut self.state().configuration);
    }

    fn state(&self) -> MutexGuard<'_, BuildProgress> {
        lock(&self.state)
    }

    /// Prints a step of the build.
    pub fn show(&self, progress: &ProvideProgress<'_>) {
        let lines = self.lines;
        let mut state = self.state();
        let configuration = state.configuration.clone();
        let waiting = |text: String| {
            lines.say_unless_drawn(&text);
            lines.task(&text)
        };
        match progress {
            ProvideProgress::Waiting { holder } => {
                let holder = holder.iter().map(|holder| format!(" ({holder})"));
                let holder: String = holder.collect();
                state.task = Some(waiting(format!(
                    "waiting for another process{holder} that builds the environment of {configuration}"
                )));
            }
            ProvideProgress::Resting { until } => {
                let wait = duration(until.since(Timestamp::now()));
                state.task = Some(waiting(format!(
                    "the last build of the environment of {configuration} failed; the next one begins in {wait}"
                )));
            }
            ProvideProgress::Building { reason, .. } => {
                lines.say(format_args!(
                    "Building the environment of {} ({reason})",
                    lines.paint(Tone::Strong, &configuration)
                ));
                state.task = Some(lines.task("starting"));
            }
            ProvideProgress::Build(event) => self.step(&mut state, event),
            ProvideProgress::Ready { environment, built } => {
                let since = state.task.take().map(|task| task.since.elapsed());
                if *built {
                    let took = since.map(span).unwrap_or_default();
                    lines.say(format_args!(
                        "{} in {took} ({})",
                        lines.paint(Tone::Good, "Environment ready"),
                        contents(environment)
                    ));
                }
            }
        }
    }

    fn step(&self, state: &mut BuildProgress, event: &BuildEvent) {
        let lines = self.lines;
        match event {
            BuildEvent::StepStarted { step } => {
                state.step = step.as_str().replace('_', " ");
                state.packages = 0;
                if let Some(task) = &state.task {
                    task.update(&state.step);
                }
            }
            BuildEvent::StepFinished { step, duration } => lines.say(format_args!(
                "  {} {}  {}",
                lines.paint(Tone::Good, "✓"),
                step.as_str().replace('_', " "),
                lines.paint(Tone::Dim, span(*duration))
            )),
            BuildEvent::Package {
                name,
                version,
                action,
            } => {
                state.packages += 1;
                let version = version.as_deref().unwrap_or_default();
                let action = action.as_str();
                let text = format!("{} · {action} {name} {version}", state.step);
                if let Some(task) = &state.task {
                    task.update(text.trim_end());
                }
                lines.say_unless_drawn(format_args!("    {action} {name} {version}"));
            }
            BuildEvent::Note { message } => lines.say(format_args!(
                "  {} {message}",
                lines.paint(Tone::Name, "note:")
            )),
            BuildEvent::Line { .. } => {}
        }
    }
}

/// Summarizes the contents of an environment in one line.
pub fn contents(environment: &EnvironmentRecord) -> String {
    let contents = environment.contents.as_ref().map(|contents| {
        format!(
            "Python {}, engine {}, {}, {}",
            contents.python_version,
            contents.engine_version,
            plural(contents.packages.len() as u64, "package"),
            bytes(contents.size_bytes)
        )
    });
    contents.unwrap_or_default()
}
