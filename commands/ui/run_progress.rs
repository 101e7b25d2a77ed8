//! The output of `ade run` and `ade runs retry --now` while they work: the environment, the progress of each input, and the end
//! of each run.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use ade::base::clock::Timestamp;
use ade::base::mutex::lock;
use ade::events::names::CONSOLE_LINE;
use ade::run::execution::error::RunError;
use ade::run::execution::happenings::{FinishedRun, ProgressEvent, ProgressSource};
use ade::run::results::output::EarlierCopy;
use ade::store::RunRecord;
use serde_json::Value;

use super::batch::{BatchLines, CountsAs, ListedFile};
use super::ended::{self, RunOutput};
use super::environment_progress::EnvironmentProgress;
use super::format::{duration, plural};
use super::live_lines::{LiveLines, Task};
use super::terminal::Ui;
use super::votes::VoteLines;
use crate::exit::{ExitStatus, Failure};

/// How often a plain line reports the progress of an input if nothing can be drawn.
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// Prints the progress of all runs of a call.
pub struct RunProgress<'a> {
    ui: &'a Ui,
    lines: &'a LiveLines<'a>,
    environment: EnvironmentProgress<'a>,
    skipped: &'a [SkippedFiles],
    state: Mutex<RunProgressState>,
}

/// Files of a call that are not run.
pub struct SkippedFiles {
    /// The number of files.
    pub files: usize,
    /// The reason that they are not run.
    pub failure: Failure,
}

struct RunProgressState {
    call: RunOutput,
    /// The task in progress for each input.
    tasks: Vec<Option<(String, Task)>>,
    /// The votes on rows that are not printed yet, for each input.
    votes: Vec<VoteLines>,
    /// Whether each input was started.
    is_started: Vec<bool>,
    /// How the ended runs count.
    ended: Vec<CountsAs>,
    /// The line above the tasks with the number of ended inputs. `None`: there is only one input, or all have ended.
    overall: Option<Task>,
    /// The highest exit status so far.
    status: ExitStatus,
    /// The inputs that failed for a reason outside themselves.
    again: Vec<usize>,
}

impl<'a> RunProgress<'a> {
    /// Makes the progress for runs of these inputs with the configuration of this name. `skipped`: why other files are not run.
    pub fn new(
        ui: &'a Ui,
        lines: &'a LiveLines<'a>,
        files: Vec<ListedFile>,
        configuration: &'a str,
        skipped: &'a [SkippedFiles],
    ) -> Self {
        let inputs = files.len();
        let several = inputs + skipped.len() > 1;
        // With -v, each file is printed with all its details.
        let batch = (several && ui.verbose() == 0).then(|| BatchLines::new(ui, files));
        Self {
            ui,
            lines,
            environment: EnvironmentProgress::new(lines, configuration),
            skipped,
            state: Mutex::new(RunProgressState {
                call: RunOutput {
                    several,
                    batch,
                    ..RunOutput::default()
                },
                tasks: (0..inputs).map(|_| None).collect(),
                votes: (0..inputs).map(|_| VoteLines::default()).collect(),
                is_started: vec![false; inputs],
                ended: Vec::new(),
                overall: (inputs > 1).then(|| lines.task(&of_all(0, inputs))),
                status: ExitStatus::Done,
                again: Vec::new(),
            }),
        }
    }

    /// Makes the progress for one run of an earlier run's input.
    pub fn of_one(
        ui: &'a Ui,
        lines: &'a LiveLines<'a>,
        run: &RunRecord,
        configuration: &'a str,
    ) -> Self {
        let file = ListedFile {
            name: run.input_name.clone(),
            copy: None,
        };
        Self::new(ui, lines, vec![file], configuration, &[])
    }

    fn state(&self) -> MutexGuard<'_, RunProgressState> {
        lock(&self.state)
    }

    /// Returns the highest exit status of the ended runs.
    pub fn status(&self) -> ExitStatus {
        self.state().status
    }

    /// Returns the inputs that failed although neither they nor the configuration were at fault: the environment could not be
    /// built, or the database could not be used.
    pub fn to_run_again(&self) -> Vec<usize> {
        self.state().again.clone()
    }

    /// Prints the summary of all inputs, if there are several: notices, failures with reasons, and totals.
    pub fn summarize(&self) {
        let mut state = self.state();
        state.overall = None;
        let inputs = state.tasks.len();
        let skipped = self.skipped.iter().map(|skipped| skipped.files).sum();
        if let (Some(batch), false) = (&state.call.batch, self.ui.json()) {
            batch.details(self.ui);
        }
        for skipped in self.skipped {
            self.ui.failure(&skipped.failure);
        }
        if inputs + skipped <= 1 || self.ui.json() {
            return;
        }
        let count = |wanted: CountsAs| {
            let ended = state.ended.iter();
            ended.filter(|counts| **counts == wanted).count()
        };
        let (empty, not_started) = (count(CountsAs::Empty), inputs - state.ended.len());
        let unprocessed = count(CountsAs::Unprocessed);
        if let (Some(batch), 1..) = (&state.call.batch, not_started)
            && let Some(names) = batch.not_started(|input| state.is_started[input])
        {
            self.ui.say(format_args!("not started: {names}"));
        }
        let mut text = format!(
            "{} of {} normalized",
            count(CountsAs::Normalized) + empty,
            plural((inputs + skipped) as u64, "file")
        );
        for (number, words) in [
            (count(CountsAs::Unchanged), "unchanged"),
            (empty, "in which nothing was found"),
            (unprocessed, "not processed, as asked"),
            (count(CountsAs::Refused), "refused"),
            (count(CountsAs::Failed), "failed"),
            (count(CountsAs::Cancelled), "cancelled"),
            (not_started, "not started"),
            (skipped, "skipped"),
        ] {
            if number > 0 {
                text.push_str(&format!(", {number} {words}"));
            }
        }
        self.ui.say(text);
        if let Some(batch) = &state.call.batch {
            let words = batch.totals().into_iter().chain(batch.completeness());
            words.for_each(|words| self.ui.say(words));
            batch.say_place(self.ui);
        }
    }

    fn progress(&self, input: usize, event: &Value) {
        let text = at_work(event);
        if let Some((name, task)) = &self.state().tasks[input] {
            task.update(format_args!("{name} {text}"));
            let periodic = text_of(event, "event") == "engine.sheet.progress";
            if periodic && task.is_due(REPORT_EVERY) {
                self.lines.say_unless_drawn(format_args!("  {text}"));
            }
        }
    }

    /// Prints a change, if it is one for the terminal.
    pub fn show(&self, source: &ProgressSource<'_>, change: &ProgressEvent<'_>) {
        let input = source.input;
        match change {
            ProgressEvent::Recovered(run) => self.ui.say(format_args!(
                "note: the process that executed {} died; the run is {} now",
                run.input_name,
                run.status.as_str()
            )),
            ProgressEvent::Environment(progress) => self.environment.show(progress),
            ProgressEvent::Begun(run) => self.begun(input, run),
            ProgressEvent::Event(_, event) => self.event(input, event),
            ProgressEvent::Retrying(run, failure) => self.retrying(input, run, failure),
            ProgressEvent::Trouble(message) => self.lines.say(format_args!("note: {message}")),
            ProgressEvent::Earlier(earlier) => self.earlier(earlier),
            ProgressEvent::Finished(result) => self.ended(input, result),
            // Changes for a worker's log only.
            _ => {}
        }
    }

    fn begun(&self, input: usize, run: &RunRecord) {
        let task = self.lines.task(&run.input_name);
        let mut state = self.state();
        state.is_started[input] = true;
        state.tasks[input] = Some((run.input_name.clone(), task));
    }

    fn event(&self, input: usize, event: &Value) {
        let (name, message) = (text_of(event, "event"), text_of(event, "message"));
        match name {
            "engine.sheet.started" | "engine.sheet.progress" | "engine.table.written" => {
                self.progress(input, event);
            }
            _ if self.ui.verbose() > 0 => {
                let mut state = self.state();
                let votes = &mut state.votes[input];
                let said = votes.lines(event);
                let is_other = said.is_none();
                let said = said.unwrap_or_else(|| votes.rest().into_iter().collect());
                drop(state);
                said.iter().for_each(|line| self.lines.say(line));
                if is_other {
                    let level = text_of(event, "level");
                    self.lines.say(format_args!("{level:>7} {name} {message}"));
                }
            }
            // Lines that the configuration's code prints are shown to its author.
            CONSOLE_LINE => self.lines.pass_on(message),
            _ => {}
        }
    }

    fn retrying(&self, input: usize, run: &RunRecord, failure: &ade::store::FailureRecord) {
        self.state().tasks[input] = None;
        let first_line = failure.message.lines().next().unwrap_or_default();
        let wait = duration(run.available_at.since(Timestamp::now()));
        self.lines.say(format_args!(
            "note: attempt {} of {} at {} failed: {first_line}; the next one is in {wait}",
            run.attempt_count, run.max_attempts, run.input_name
        ));
    }

    fn earlier(&self, earlier: &EarlierCopy) {
        let ui = self.ui;
        let note = match earlier {
            EarlierCopy::Stale { from, to } => format!(
                "note: {} is of an earlier run and was renamed to {}",
                ui.path(from),
                ui.path(to)
            ),
            EarlierCopy::Left { path, reason } => format!(
                "note: {} is not a result of this run, but was left in place: {reason}",
                ui.path(path)
            ),
        };
        match (&mut self.state().call.batch, earlier) {
            // Not between the lines of the files.
            (Some(batch), EarlierCopy::Stale { to, .. }) if !ui.json() => {
                batch.stale(ui.path(to));
            }
            (Some(batch), EarlierCopy::Left { .. }) if !ui.json() => batch.note(note),
            _ => self.lines.say(note),
        }
    }

    fn ended(&self, input: usize, result: &Result<FinishedRun, RunError>) {
        // The lock is held while printing: two inputs that end together must not mix their lines.
        let mut state = self.state();
        // The rest from an engine that ended between two rows.
        if let Some(rest) = state.votes[input].rest() {
            self.lines.say(rest);
        }
        state.tasks[input] = None;
        state.is_started[input] = true;
        let call = &mut state.call;
        let print = || ended::print(self.ui, input, result, call);
        let (counts, status) = self.lines.suspend(print);
        state.ended.push(counts);
        state.status = state.status.max(status);
        if matches!(
            status,
            ExitStatus::Environment | ExitStatus::Database | ExitStatus::Internal
        ) {
            state.again.push(input);
        }
        let (ended, inputs) = (state.ended.len(), state.tasks.len());
        if let Some(overall) = &state.overall {
            let text = of_all(ended, inputs);
            overall.update(&text);
            if overall.is_due(REPORT_EVERY) && ended < inputs {
                self.lines.say_unless_drawn(&text);
            }
        }
        if ended == inputs {
            state.overall = None;
        }
    }
}

/// Returns, for example, `3 of 12 files`.
fn of_all(ended: usize, inputs: usize) -> String {
    format!("{ended} of {}", plural(inputs as u64, "file"))
}

/// Describes the engine's position in a workbook: the sheet, the stage, a bar if the end is known, and the rows.
fn at_work(event: &Value) -> String {
    const CELLS: u64 = 16;
    let data = |key: &str| event.get("data").and_then(|data| data.get(key));
    let mut parts: Vec<String> = Vec::new();
    parts.extend(
        data("sheet_name")
            .and_then(Value::as_str)
            .map(str::to_owned),
    );
    parts.extend(data("stage").and_then(Value::as_str).map(str::to_owned));
    let mut rows = data("rows").and_then(Value::as_u64);
    if let (Some(rows), Some(total @ 1..)) = (rows, data("total_rows").and_then(Value::as_u64)) {
        let filled = usize::try_from(rows.min(total) * CELLS / total).unwrap_or(0);
        let empty = usize::try_from(CELLS).unwrap_or(0) - filled;
        parts.push(format!("{}{}", "█".repeat(filled), "░".repeat(empty)));
    }
    // Rows that a stage adds, such as headers, are not part of its total.
    if let Some(total) = data("total_rows").and_then(Value::as_u64) {
        rows = rows.map(|rows| rows.min(total));
    }
    parts.extend(rows.map(|rows| plural(rows, "row")));
    parts.join(" · ")
}

fn text_of<'a>(event: &'a Value, key: &str) -> &'a str {
    event.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn progress_ends_at_its_total_and_not_behind_it() {
        let at = |rows: u64, total: Value| {
            let data =
                json!({"sheet_name": "a", "stage": "write", "rows": rows, "total_rows": total});
            at_work(&json!({"data": data}))
        };
        assert_eq!(at(4, json!(8)), "a · write · ████████░░░░░░░░ · 4 rows");
        let end = "a · write · ████████████████ · 8 rows";
        assert_eq!(
            (at(8, json!(8)).as_str(), at(10, json!(8)).as_str()),
            (end, end)
        );
        assert_eq!(at(10, Value::Null), "a · write · 10 rows");
    }
}
