//! Runs one process of the engine, from its command line to its completed event.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::report::RunNotices;
use super::sandbox::{self, AppliedPolicy, Policy};
use super::warm::WarmEngines;
use crate::base::cancel::Cancel;
use crate::base::host;
use crate::settings::Sandbox;
use crate::system::process::{self, ChildLimits, Exit, Limit, StartedChild, Stream, Usage};

/// The variable that marks the engine's process as a run. If it is set, the configuration's own folder is not importable (a
/// line in the environment's site-packages adds that folder otherwise), so a run imports nothing but its snapshot.
pub const RUN_MARKER: &str = "ADE_ENGINE_RUN";

/// The variable that makes the heap return large columns to the system as soon as they are dropped. A run with many issues
/// takes a sixth less memory.
pub(super) const HEAP: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "1048576");

/// The variable with the day of the run's record, such as 2026-03-31.
pub const RUN_DAY: &str = "ADE_ENGINE_DAY";

/// The variable with the policy, so that the engine can explain errors that the policy causes.
const POLICY: &str = "ADE_ENGINE_POLICY";

/// The variable that asks the engine for cell values, which its events leave out; it sends them separately.
const SHOW_VALUES: &str = "ADE_ENGINE_SHOW_VALUES";

const COMPLETED: &str = "engine.run.completed";
const COMPUTED: &str = "engine.fields.computed";
const NOTICED: &str = "engine.run.noticed";
const VALUES: &str = "engine.values";
const REFUSED: &str = "engine.refused";
const STARTED: &str = "engine.run.started";
const LOG: &str = "engine.log";
/// Environment variables that a child gets in addition to the engine's own settings; any other may hold a secret.
const PASSED_ON: &[&str] = &[
    "PATH",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_COLLATE",
    "LC_NUMERIC",
    "LC_TIME",
    "TZ",
    "SYSTEMROOT",
];

/// A task for the engine, with its input and output.
#[derive(Clone, Debug)]
pub enum EngineTask {
    /// Normalize one file into a folder.
    Process {
        input: PathBuf,
        /// The path of the workbook to write.
        output: PathBuf,
        /// The sheets to read; if empty, all visible ones.
        sheets: Vec<String>,
        /// True if only the active sheet is read.
        active_sheet_only: bool,
    },
    /// Load and check the configuration.
    Validate,
    /// Make one file from the tables of several runs.
    Combine {
        /// The file that lists the tables.
        list: PathBuf,
        /// The path of the file to write.
        output: PathBuf,
        /// True if columns are named by field name.
        names: bool,
    },
    Answer {
        question: EngineQuestion,
        /// The file with the question's input.
        list: PathBuf,
        output: PathBuf,
    },
}

/// A question for the engine that is not a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineQuestion {
    /// The results of the configuration's cases.
    Cases,
    /// The fields that unclaimed columns may belong to, or how to edit the headers of fields.
    Fix,
    /// The fields that samples contain.
    Infer,
}

impl EngineTask {
    /// Returns the folder that the task writes its results to.
    pub fn output_folder(&self) -> Option<PathBuf> {
        match self {
            Self::Process { output, .. } | Self::Combine { output, .. } => {
                output.parent().map(Path::to_owned)
            }
            Self::Answer { output, .. } => Some(output.clone()),
            Self::Validate => None,
        }
    }
}

/// The way to start the engine for one task.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub python: PathBuf,
    pub snapshot: PathBuf,
    pub task: EngineTask,
    pub folder: PathBuf,
    pub scratch: PathBuf,
    /// The engine's settings for this run, by name.
    pub settings: BTreeMap<String, String>,
    /// The caller's environment variables; the child gets a selection of them.
    pub variables: BTreeMap<OsString, OsString>,
    /// True if debug events are sent, too.
    pub debug: bool,
    pub timeout: Option<Duration>,
    /// The files, network and resources that the process may use.
    pub policy: Policy,
}

#[derive(Debug)]
pub enum Message {
    /// An event from the engine.
    Event(Map<String, Value>),
    /// Any line that is not an event.
    Line(Stream, String),
}

/// A failure that the engine reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineFailure {
    /// The error code. For a run or a checked configuration: `config_error`, `input_error`, `hook_error`, `pipeline_error` or
    /// `unknown_error`. For a refused call: `usage` or `settings_invalid`.
    pub code: String,
    /// The name of a hook, or `unknown`.
    pub stage: String,
    /// The message: what happened, and where.
    pub message: String,
    /// The suggested remedy, if the engine knows one.
    pub hint: Option<String>,
}

impl EngineFailure {
    /// Reads a failure from JSON. Returns `None` if it has no code.
    fn parse(data: &Value) -> Option<Self> {
        let text = |key: &str| data.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            code: text("code")?,
            stage: text("stage").unwrap_or_else(|| "unknown".to_owned()),
            message: text("message").unwrap_or_default(),
            hint: text("hint"),
        })
    }
}

/// The position of a failure, as far as the engine reports it.
#[derive(Clone, Debug, Default)]
pub struct EngineFailurePosition {
    /// The configuration's file, at the path that it was imported from.
    pub file: Option<PathBuf>,
    /// The line in that file, from 1.
    pub line: Option<u32>,
    /// The name of the callable in the configuration.
    pub callable: Option<String>,
    /// The name of the sender's sheet.
    pub sheet: Option<String>,
    /// The number of the table on the sheet, from 1.
    pub table: Option<u32>,
    /// The letters of the sheet's column.
    pub column: Option<String>,
}

impl EngineFailurePosition {
    /// Reads the position from the data of a log event.
    fn from_data(data: Option<&Value>) -> Self {
        let text = |key: &str| data.and_then(|data| Some(data.get(key)?.as_str()?.to_owned()));
        let number = |key: &str| data.and_then(|data| data.get(key)?.as_u64()?.try_into().ok());
        Self {
            file: text("file").map(PathBuf::from),
            line: number("line"),
            callable: text("callable"),
            sheet: text("sheet"),
            table: number("table"),
            column: text("column"),
        }
    }
}

/// The end of an engine process and everything that it reported.
#[derive(Debug)]
pub struct EngineReport {
    pub exit: Exit,
    pub usage: Usage,
    pub wall: Duration,
    /// The payload of its last completed event.
    pub completed: Option<Value>,
    /// The fields that have no column and that a hook or a transform filled.
    pub computed_fields: Vec<String>,
    /// The notices, and how columns were read.
    pub noticed: RunNotices,
    /// The refusal, if the engine refused the call before the run began.
    pub refused: Option<EngineFailure>,
    /// The hint from its last log event, which logs a failure.
    pub hint: Option<String>,
    /// The position of the failure, from the same event or from the refusal.
    pub at: EngineFailurePosition,
    /// The limit of a single process that caused the failure, from its last log event.
    pub limit: Option<Limit>,
    /// True if a full disk caused the failure, from its last log event.
    pub disk_full: bool,
    /// The last 20 lines that are not events and not blank.
    pub last_lines: Vec<String>,
    /// True if the engine reported that the run began.
    pub begun: bool,
    /// The part of the policy that was in force.
    pub sandbox: Option<AppliedPolicy>,
}

impl EngineReport {
    /// Returns the report of a process that ended this way and reported nothing.
    pub fn silent(exit: Exit) -> Self {
        Self {
            exit,
            usage: Usage::default(),
            wall: Duration::ZERO,
            completed: None,
            computed_fields: Vec::new(),
            noticed: RunNotices::default(),
            refused: None,
            hint: None,
            at: EngineFailurePosition::default(),
            limit: None,
            disk_full: false,
            last_lines: Vec::new(),
            begun: false,
            sandbox: None,
        }
    }

    /// Returns the failure that the completed event reports.
    pub fn failure(&self) -> Option<EngineFailure> {
        let failure =
            EngineFailure::parse(self.completed.as_ref()?.pointer("/execution/failure")?)?;
        Some(EngineFailure {
            hint: self.hint.clone(),
            ..failure
        })
    }

    /// Returns whether the completed event reports success. The engine sends this event after it has written the workbook.
    pub fn completed_well(&self) -> bool {
        let payload = self.completed.as_ref();
        let status = payload.and_then(|payload| payload.pointer("/execution/status"));
        status.and_then(Value::as_str) == Some("succeeded")
    }
}

/// The arguments that start Python. Isolated: neither the working folder nor PYTHON* variables affect imports. Unbuffered:
/// output of the configuration's code arrives at once.
pub(super) const START: [&str; 6] = ["-I", "-u", "-X", "utf8", "-m", "ade_engine"];

impl Invocation {
    fn command(&self, shows_values: bool) -> Command {
        let mut command = Command::new(&self.python);
        command.args(START).args(self.arguments());
        command.current_dir(&self.folder);
        command.env_clear();
        command.envs(self.variables_of_child(shows_values));
        command
    }

    /// Returns the task as arguments for the engine's command line.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let mut all = Vec::new();
        let mut add = |words: &[&dyn AsRef<OsStr>]| {
            all.extend(words.iter().map(|word| word.as_ref().to_owned()));
        };
        match &self.task {
            EngineTask::Validate => add(&[&"config", &"validate", &"--log-format", &"ndjson"]),
            EngineTask::Combine {
                list,
                output,
                names,
            } => {
                add(&[&"combine", &"--list", list, &"--output", output]);
                add(if *names { &[&"--names"] } else { &[] });
            }
            EngineTask::Answer {
                question,
                list,
                output,
            } => {
                add(match question {
                    EngineQuestion::Cases => &[&"test", &"cases"],
                    EngineQuestion::Fix => &[&"fix", &"columns"],
                    EngineQuestion::Infer => &[&"infer", &"fields"],
                });
                add(&[&"--list", list, &"--output-dir", output]);
            }
            EngineTask::Process {
                input,
                output,
                sheets,
                active_sheet_only,
            } => {
                add(&[&"process", &"file", &"--input", input, &"--output", output]);
                add(&[&"--log-format", &"ndjson"]);
                for sheet in sheets {
                    add(&[&"--input-sheet", sheet]);
                }
                if *active_sheet_only {
                    add(&[&"--active-sheet-only"]);
                }
            }
        }
        add(&[&"--config-package", &self.snapshot]);
        for (name, value) in &self.settings {
            add(&[&"--set", &format!("{name}={value}")]);
        }
        if self.debug {
            add(&[&"--debug"]);
        }
        all
    }

    /// Returns the environment variables for the engine's process.
    pub(super) fn variables_of_child(&self, shows_values: bool) -> BTreeMap<OsString, OsString> {
        let given = self.variables.iter().filter(|(name, _)| passes(name));
        let mut all: BTreeMap<OsString, OsString> = given
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut set = |name: &str, value: OsString| all.insert(name.into(), value);
        set("TMPDIR", self.scratch.clone().into());
        set(RUN_MARKER, "1".into());
        set(HEAP.0, HEAP.1.into());
        if self.policy.level == Sandbox::Off {
            if let Some(home) = self.variables.get(OsStr::new("HOME")) {
                set("HOME", home.clone());
            }
        } else {
            // Libraries count processors by files that a confined process may not read.
            set("HOME", self.scratch.clone().into());
            set("POLARS_MAX_THREADS", host::processors().to_string().into());
            set(POLICY, self.policy_for_engine().to_string().into());
        }
        if let EngineTask::Answer {
            question: EngineQuestion::Cases,
            ..
        } = self.task
        {
            // The inputs of cases are small, so more threads would only wait for each other.
            set("POLARS_MAX_THREADS", "1".into());
        }
        if shows_values {
            set(SHOW_VALUES, "1".into());
        }
        all
    }

    /// Returns the environment variables that are the same for all runs of this process.
    #[cfg(target_os = "linux")]
    pub(super) fn lasting_variables(&self) -> Vec<(OsString, OsString)> {
        let named = |name: &&str| self.variables.get_key_value(OsStr::new(name));
        let lasting = PASSED_ON.iter().filter_map(named);
        lasting
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn policy_for_engine(&self) -> Value {
        json!({
            "write": self.policy.writes,
            "configuration": self.snapshot,
            "network": self.policy.has_network(),
            "network_asked": self.policy.network_asked,
        })
    }

    /// Returns the folders that only this process writes: the output folder and the temporary folder.
    fn own_folders(&self) -> Vec<PathBuf> {
        let output = self.task.output_folder();
        output.into_iter().chain([self.scratch.clone()]).collect()
    }
}

fn passes(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    // ADE sets these variables itself: they choose the engine, and decide where values are shown. They are not engine settings.
    let engine = name.starts_with("ADE_ENGINE_")
        && !matches!(
            name,
            "ADE_ENGINE_SPEC" | "ADE_ENGINE_PACKAGE_PATH" | SHOW_VALUES | POLICY
        );
    engine || PASSED_ON.contains(&name)
}

/// Starts the engine. [`ChildProcess`] starts a process; the simulation has an implementation without one.
pub trait Launch: Send + Sync {
    /// Runs the engine to its end and passes on each line as it arrives. For an event, the callback may return the event as it
    /// was stored. Stops the engine when `cancel` is raised.
    ///
    /// # Errors
    /// The process cannot be started.
    fn launch(
        &self,
        invocation: &Invocation,
        cancel: &Cancel,
        on_message: &mut dyn FnMut(Message) -> Option<Value>,
    ) -> io::Result<EngineReport>;
}

/// The engine as a child of this process.
#[derive(Clone, Copy, Default)]
pub struct ChildProcess<'a> {
    /// Receives messages that contain cell values, for the terminal of the user who asked for them. They go nowhere else:
    /// events and records do not contain them. If `None`, the engine does not send them.
    pub values: Option<&'a (dyn Fn(&str) + Sync)>,
    /// The warm engines that a run may be forked from. If `None`, every run starts cold.
    pub warm: Option<&'a WarmEngines>,
}

impl ChildProcess<'_> {
    /// Starts the engine, warm or cold. Returns the child and the part of its policy that is in force.
    fn start(&self, invocation: &Invocation) -> io::Result<(StartedChild, AppliedPolicy)> {
        let shows_values = self.values.is_some();
        #[cfg(target_os = "linux")]
        if let Some(fork) = self
            .warm
            .and_then(|warm| warm.fork(invocation, shows_values))
        {
            return Ok((fork.started, fork.record));
        }
        let mut command = invocation.command(shows_values);
        let mut confined = sandbox::confine(&invocation.policy, host::processors(), &mut command)?;
        let started = process::start(&mut command, None).and_then(|started| {
            let gate = confined.gate()?;
            let limit = invocation.policy.limits.processes;
            let held = gate.map(|gate| gate.hold(started.id(), limit, false));
            Ok(started.held(held, confined.take_group()))
        });
        let record = confined.record();
        match (started, record.missing.last()) {
            (Ok(started), _) => Ok((started, record)),
            (Err(error), Some(missing)) if invocation.policy.level == Sandbox::Strict => {
                Err(io::Error::new(error.kind(), format!("{missing}: {error}")))
            }
            (Err(error), _) => Err(error),
        }
    }
}

impl Launch for ChildProcess<'_> {
    fn launch(
        &self,
        invocation: &Invocation,
        cancel: &Cancel,
        on_message: &mut dyn FnMut(Message) -> Option<Value>,
    ) -> io::Result<EngineReport> {
        let mut heard = EngineOutput {
            report: EngineReport::silent(Exit::Cancelled),
            values: self.values,
        };
        let options = ChildLimits {
            timeout: invocation.timeout,
            limits: invocation.policy.limits.of_group(),
            folders: invocation.own_folders(),
            ..ChildLimits::default()
        };
        let mut record = None;
        let start = || {
            let (started, in_force) = self.start(invocation)?;
            record = Some(in_force);
            Ok(started)
        };
        let outcome = process::run_started(start, cancel, &options, &mut |stream, line| {
            let Some(event) = engine_event(line) else {
                heard.note_line(line);
                on_message(Message::Line(stream, line.to_owned()));
                return;
            };
            if !heard.is_for_all(&event) {
                return;
            }
            let is_completed = event.get("event").and_then(Value::as_str) == Some(COMPLETED);
            let kept = on_message(Message::Event(event));
            if is_completed {
                // The data is large. Its owner gives it back here, so it need not be copied.
                let data = kept.and_then(|mut event| event.get_mut("data").map(Value::take));
                heard.report.completed = data;
            }
        })?;
        Ok(EngineReport {
            exit: outcome.exit,
            usage: outcome.usage,
            wall: outcome.wall,
            sandbox: record,
            ..heard.report
        })
    }
}

/// Collects the output of a process.
struct EngineOutput<'a> {
    report: EngineReport,
    values: Option<&'a (dyn Fn(&str) + Sync)>,
}

impl EngineOutput<'_> {
    /// Records the facts from an event. Returns whether the event is passed on.
    fn is_for_all(&mut self, event: &Map<String, Value>) -> bool {
        let (report, data) = (&mut self.report, event.get("data"));
        let word = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
        match (word("event"), self.values) {
            (COMPUTED, _) => report.computed_fields = data.map(fields_in).unwrap_or_default(),
            (NOTICED, _) => report.noticed = data.map(RunNotices::parse).unwrap_or_default(),
            (LOG, _) => {
                let text = |key: &str| data.and_then(|data| data.get(key)?.as_str());
                report.hint = text("hint").map(str::to_owned);
                report.at = EngineFailurePosition::from_data(data);
                report.limit = text("limit").and_then(limit_of);
                report.disk_full = text("limit") == Some("disk_full");
            }
            // After the run has begun, refusals come from the configuration's own code and may contain cell values.
            (REFUSED, _) => {
                if !report.begun {
                    report.refused = data.and_then(EngineFailure::parse);
                    report.at = EngineFailurePosition::from_data(data);
                }
                return false;
            }
            (STARTED, _) => report.begun = true,
            (VALUES, Some(show)) => {
                show(word("message"));
                return false;
            }
            _ => {}
        }
        true
    }

    /// Records a line that is not an event.
    fn note_line(&mut self, line: &str) {
        let last = &mut self.report.last_lines;
        if !line.trim().is_empty() {
            if last.len() == 20 {
                last.remove(0);
            }
            last.push(line.to_owned());
        }
    }
}

/// Returns the limit that an event of the engine names.
fn limit_of(name: &str) -> Option<Limit> {
    match name {
        "memory" => Some(Limit::Memory),
        "file_size" => Some(Limit::FileSize),
        "open_files" => Some(Limit::OpenFiles),
        _ => None,
    }
}

fn fields_in(data: &Value) -> Vec<String> {
    let fields = data.get("fields").and_then(Value::as_array);
    let names = fields.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

/// Parses a line as an event of the engine: a JSON object whose `event` begins with `engine.`.
fn engine_event(line: &str) -> Option<Map<String, Value>> {
    if !line.starts_with('{') {
        return None;
    }
    match serde_json::from_str(line) {
        Ok(Value::Object(event))
            if event
                .get("event")
                .and_then(Value::as_str)
                .is_some_and(|name| name.starts_with("engine.")) =>
        {
            Some(event)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_engine_events_are_events() {
        assert!(engine_event(r#"{"event": "engine.run.started", "level": "info"}"#).is_some());
        for line in [
            r#"{"event": "other"}"#,
            r#"{"a": 1}"#,
            "[1]",
            "{broken",
            "plain text",
        ] {
            assert!(engine_event(line).is_none(), "{line}");
        }
    }

    #[test]
    fn secrets_are_not_passed_on() {
        for name in ["PATH", "ADE_ENGINE_MAX_EMPTY_ROWS_RUN", "TZ"] {
            assert!(passes(OsStr::new(name)), "{name}");
        }
        let kept = "AWS_SECRET_ACCESS_KEY ADE_DATABASE_URL ADE_ENGINE_SPEC PYTHONPATH LD_PRELOAD \
                    ADE_ENGINE_SHOW_VALUES ADE_ENGINE_POLICY";
        for name in kept.split(' ') {
            assert!(!passes(OsStr::new(name)), "{name}");
        }
    }
}
