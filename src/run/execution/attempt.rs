//! One attempt at a claimed run: puts the input in place, starts the engine, keeps its events, checks its output.
//!
//! An attempt records nothing in the store. Once its claim is lost, it writes nothing of the run any more, neither its log
//! nor its files: they belong to the new owner.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::names::with_known_names;
use super::request_file;
use super::verdict::{self, Circumstances};
use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;
use crate::base::files::{self, FileError};
use crate::base::problem::{Problem, code};
use crate::engine::sandbox::{AppliedPolicy, Policy};
use crate::engine::{self, EngineReport, EngineTask, Invocation, Launch, Message};
use crate::events::{EventLog, names};
use crate::run::ending::ends::open_log;
use crate::run::ending::leftovers;
use crate::run::inputs::stage;
use crate::run::results;
use crate::run::results::senders::Senders;
use crate::settings::paths::{EnvironmentFolder, RunFolder};
use crate::settings::{LogLevel, Sandbox, Settings};
use crate::store::{
    Claim, Ending, EnvironmentRecord, FailureRecord, RunOptions, RunRecord, RunResults, RunStatus,
    SKIPPED,
};
use crate::system::lease::HeldLease;
use crate::system::machine::FileSystem;
use crate::system::process::Exit;
use crate::workspace::{Workspace, whole_snapshot};

/// The free space, in bytes, below which a full disk is not blamed on the run.
const SHORT_OF_ROOM: u64 = 64 * 1024 * 1024;

/// The engine's setting with the options for single sheets.
const SHEETS: &str = "sheets";

/// The outcome of an attempt, before it is recorded.
#[derive(Clone, Debug)]
pub struct AttemptResult {
    /// The ending to record for the run.
    pub ending: Ending,
    /// Whether another attempt can help: the engine was killed, or a disk was full, and the run was not at fault.
    pub transient: bool,
    /// Whether the machine or the network was in trouble, not the run: a worker spends no attempt on that.
    pub of_machine: bool,
    /// The part of the run's policy that was in force; `None`: no engine was started.
    pub sandbox: Option<AppliedPolicy>,
}

impl AttemptResult {
    /// Sets whether the machine or the network was in trouble.
    pub fn of_machine(mut self, of_machine: bool) -> Self {
        self.of_machine = of_machine;
        self
    }

    /// Returns a failure before the engine was started.
    pub fn failed(error: FailureRecord, transient: bool) -> Self {
        let status = if error.code == code::CANCELLED {
            RunStatus::Cancelled
        } else {
            RunStatus::Failed
        };
        Self {
            ending: Ending {
                error: Some(error),
                ..Ending::new(status)
            },
            transient,
            of_machine: false,
            sandbox: None,
        }
    }

    /// Returns the end of a run that starts no engine.
    pub fn dry_run() -> Self {
        Self::without_engine("Dry run")
    }

    /// Returns the end of a run that executes nothing because the operator switched safe mode on.
    pub fn safe_mode() -> Self {
        Self::without_engine(SKIPPED)
    }

    fn without_engine(summary: &str) -> Self {
        Self {
            ending: Ending {
                summary: Some(summary.to_owned()),
                ..Ending::new(RunStatus::Succeeded)
            },
            transient: false,
            of_machine: false,
            sandbox: None,
        }
    }
}

/// One attempt at a claimed run.
pub struct RunAttempt<'a> {
    /// The workspace of the run.
    pub workspace: &'a Workspace,
    /// The run, as claimed.
    pub run: &'a RunRecord,
    /// The claim on the run.
    pub claim: &'a Claim,
    /// Whether the claim still holds.
    pub held: &'a HeldLease<'a>,
    /// The event log of the run.
    pub log: EventLog<'a>,
    /// The folder of the run.
    pub folder: RunFolder,
}

impl<'a> RunAttempt<'a> {
    /// Opens the run's folder and begins its log.
    ///
    /// # Errors
    /// The folder or the log cannot be written.
    pub fn begin(
        workspace: &'a Workspace,
        run: &'a RunRecord,
        claim: &'a Claim,
        held: &'a HeldLease<'a>,
    ) -> Result<Self, FileError> {
        let folder = RunFolder::at(&run.run_dir);
        let log = open_log(workspace, run)?;
        demand_places(workspace, run)?;
        Ok(Self {
            workspace,
            run,
            claim,
            held,
            log,
            folder,
        })
    }

    /// Writes the beginning of the attempt into the log. Returns that event.
    pub fn start(&self) -> Value {
        self.log.write(
            "info",
            names::RUN_START,
            &format!("Attempt {} of {} by {}", self.run.attempt_count, self.run.max_attempts, self.claim.worker),
            json!({"attempt": self.run.attempt_count, "worker": self.claim.worker, "input": self.run.input_name, "configuration": self.run.configuration_path}),
        )
    }

    /// Runs the engine to its end. Records nothing.
    pub fn attempt(
        &self,
        launcher: &dyn Launch,
        environment: &EnvironmentRecord,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(&Value),
    ) -> AttemptResult {
        let outcome = self.drive(launcher, environment, cancel, on_event);
        if self.held.holds() {
            let _ = self.files().remove_tree(&self.folder.scratch());
        }
        outcome.unwrap_or_else(|error| {
            // This is judged as if the engine had found the disk full: see the table of verdicts.
            let passes = error.may_pass() && !error.is_disk_full();
            let hint = error.hint();
            let code = match error.is_missing() {
                true => code::FILES_MISSING,
                false => code::STORAGE_FAILED,
            };
            let failure = FailureRecord::new(code, "run", error.to_string(), hint);
            AttemptResult::failed(failure, passes).of_machine(error.is_of_machine())
        })
    }

    fn files(&self) -> &'a dyn FileSystem {
        self.workspace.files()
    }

    fn drive(
        &self,
        launcher: &dyn Launch,
        environment: &EnvironmentRecord,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(&Value),
    ) -> Result<AttemptResult, FileError> {
        self.put_in_place(environment)?;
        let invocation = self.invocation(environment);
        let settings = &self.workspace.settings;
        request_file::write_of_attempt(self.files(), self.run, &invocation.python, settings)?;
        let obstacles = invocation.policy.obstacles();
        if !obstacles.is_empty() {
            return Ok(not_confined(&obstacles));
        }
        let launched = launcher.launch(&invocation, cancel, &mut |message| {
            if !self.held.holds() {
                cancel.cancel();
                return None;
            }
            let event = self.keep(message);
            // A check prints its findings as lines; the run's end summarises them.
            if !self.run.options.validate_only {
                on_event(&event);
            }
            Some(event)
        });
        let report = match launched {
            Ok(report) => report,
            Err(error) => return Ok(not_started(&invocation, &error)),
        };
        self.note_sandbox(&invocation.policy, report.sandbox.as_ref());
        let is_stopped = matches!(
            report.exit,
            Exit::TimedOut | Exit::Cancelled | Exit::Exceeded(_)
        );
        if is_stopped && self.held.holds() {
            // Its process group is gone. Processes that had left the group have to be stopped as well.
            leftovers::kill(&*self.workspace.machine, &self.folder);
        }
        Ok(self.judge(&report, &invocation))
    }

    /// Puts the input and the folders in place for the engine.
    fn put_in_place(&self, environment: &EnvironmentRecord) -> Result<(), FileError> {
        let (run, files) = (self.run, self.files());
        let machine = &*self.workspace.machine;
        if leftovers::may_be(machine, &self.folder, run.attempt_count.saturating_sub(1)) {
            leftovers::clear(machine, &self.folder);
        }
        self.fetch()?;
        if !run.options.validate_only {
            stage::restage(files, &run.input_path, &self.input(), run.input_size_bytes)?;
        }
        for folder in [self.folder.output(), self.folder.scratch()] {
            stage::create_folder(files, &folder)?;
        }
        let venv = EnvironmentFolder(environment.folder.clone()).venv();
        let link = self.folder.venv();
        files
            .point_link(&link, &venv)
            .map_err(FileError::on("link", &link))
    }

    /// Fetches the input and the snapshot that another host stored.
    fn fetch(&self) -> Result<(), FileError> {
        let (run, workspace) = (self.run, self.workspace);
        workspace.demand(whole_snapshot(run))?;
        if !run.options.validate_only && !self.input().is_file() {
            workspace.demand(&run.input_path)?;
        }
        Ok(())
    }

    fn input(&self) -> PathBuf {
        self.folder.staged(&self.run.input_name)
    }

    fn output(&self) -> PathBuf {
        self.folder.normalized(&self.run.input_name)
    }

    fn invocation(&self, environment: &EnvironmentRecord) -> Invocation {
        let (run, settings) = (self.run, &self.workspace.settings);
        let task = if run.options.validate_only {
            EngineTask::Validate
        } else {
            EngineTask::Process {
                input: self.input(),
                output: self.output(),
                sheets: run.input_sheets.clone().unwrap_or_default(),
                active_sheet_only: run.options.active_sheet_only,
            }
        };
        Invocation {
            python: EnvironmentFolder(environment.folder.clone()).python(),
            snapshot: run.snapshot.clone(),
            task,
            folder: self.folder.path().to_owned(),
            scratch: self.folder.scratch(),
            settings: settings_of(&run.options),
            variables: variables_of(settings, &run.options, run.created_at),
            debug: match &run.options.log_level {
                Some(level) => level == "debug",
                None => settings.log_level >= LogLevel::Debug,
            },
            timeout: request_file::timeout(&run.options, settings),
            policy: self.policy(environment),
        }
    }

    /// Returns what the engine may read and write: the whole snapshot (even if the package is only a folder in it), the
    /// input, and the folders for output and temporary files.
    fn policy(&self, environment: &EnvironmentRecord) -> Policy {
        let (run, folder) = (self.run, EnvironmentFolder(environment.folder.clone()));
        Policy::new(
            &self.workspace.settings,
            &folder.python(),
            vec![whole_snapshot(run).to_owned(), self.folder.input()],
            vec![self.folder.output(), self.folder.scratch()],
            run.options.network,
        )
        .built_from(&environment.snapshot, &environment.configuration_path)
    }

    /// Notes in the log if a run is less confined than intended, or has fewer permissions than it asked for.
    fn note_sandbox(&self, policy: &Policy, record: Option<&AppliedPolicy>) {
        let missing = record.map_or(&[][..], |record| &record.missing);
        let mut notes = Vec::new();
        if policy.level == Sandbox::Off {
            notes.push("the sandbox is off (ADE_SANDBOX=off): this run could read, write and reach everything that ADE itself can".to_owned());
        } else if !missing.is_empty() {
            notes.push(format!("the sandbox is incomplete: {}", missing.join("; ")));
        }
        if policy.network_asked && !policy.has_network() {
            notes.push(
                "this run asked for a network, which ADE_ALLOW_NETWORK does not allow".to_owned(),
            );
        }
        for note in notes {
            self.log.write(
                "warning",
                names::RUN_SANDBOX,
                &note,
                record.map_or(Value::Null, AppliedPolicy::json),
            );
        }
    }

    /// Returns the sources of the engine's setting `sheets`, unless that is only `--set`.
    fn source_of_sheets(&self) -> Option<String> {
        let options = &self.run.options;
        let said = || options.sheets.values();
        let sources = [
            ("--set", options.settings.contains_key(SHEETS)),
            (
                "--header-rows",
                said().any(|choice| choice.header_rows.is_some()),
            ),
            ("--range", said().any(|choice| choice.range.is_some())),
        ];
        let sources = sources.into_iter().filter(|(_, is_given)| *is_given);
        let sources: Vec<&str> = sources.map(|(source, _)| source).collect();
        (said().len() > 0).then(|| sources.join(" and "))
    }

    /// Writes a message of the engine into the run's log. Returns the event.
    fn keep(&self, message: Message) -> Value {
        match message {
            Message::Event(event) => self.log.append(event),
            Message::Line(stream, text) => self.log.write(
                "info",
                names::CONSOLE_LINE,
                &text,
                json!({"scope": "engine", "stream": stream.as_str(), "message": text}),
            ),
        }
    }

    /// Derives the outcome of the attempt from the engine's end.
    fn judge(&self, report: &EngineReport, invocation: &Invocation) -> AttemptResult {
        let output = self.output();
        let validate_only = self.run.options.validate_only;
        let seen = verdict::observe(report, validate_only, &invocation.policy.limits, || {
            self.has_output()
        });
        let around = Circumstances {
            output: &output,
            timeout: invocation.timeout,
            limits: invocation.policy.limits,
            configuration: &self.run.snapshot,
        };
        if seen == verdict::Observation::DiskFull {
            // The output of this attempt is useless, and others need the space.
            leftovers::free_room(self.files(), &self.folder);
        }
        let error = verdict::explain(seen, report, &around).map(|mut error| {
            error.message = self.known_names_in(&error.message);
            error
        });
        let verdict = seen.verdict();
        let succeeded = verdict.status == RunStatus::Succeeded;
        AttemptResult {
            ending: Ending {
                status: verdict.status,
                exit_code: if succeeded {
                    Some(0)
                } else {
                    exit_code(report.exit)
                },
                error,
                summary: (succeeded && validate_only)
                    .then(|| "Validation-only execution".to_owned()),
                output_path: (succeeded && !validate_only).then_some(output),
                results: report
                    .completed
                    .as_ref()
                    .map(|payload| self.results(payload, report)),
                peak_memory_bytes: Some(report.usage.peak_memory_bytes),
                cpu_seconds: Some(report.usage.cpu_seconds),
                engine_seconds: Some(report.wall.as_secs_f64()),
            },
            transient: verdict.transient,
            of_machine: match seen {
                verdict::Observation::DiskFull => self.is_short_of_room(),
                verdict::Observation::NotBegun => true,
                _ => false,
            },
            sandbox: report.sandbox.clone(),
        }
    }

    /// Returns whether the disk of the runs would be short of free space even without this attempt's output. If not, the run
    /// filled the disk itself and would again.
    fn is_short_of_room(&self) -> bool {
        let room = self.files().room(self.folder.path());
        room.is_none_or(|bytes| bytes < SHORT_OF_ROOM)
    }

    /// Returns whether the workbook exists as a regular file. A link left by the configuration's code could lead this
    /// process, which is not confined, to a file that the code may not read.
    fn has_output(&self) -> bool {
        let output = self.output();
        self.files().is_file(&output) && !self.files().is_link(&output)
    }

    fn results(&self, payload: &Value, report: &EngineReport) -> RunResults {
        let mut noticed = report.noticed.clone();
        noticed.reword(|message| self.known_names_in(message));
        Senders::load(&self.run.snapshot).know(&self.run.input_name, &mut noticed);
        if let Some(source) = self.source_of_sheets() {
            noticed.attribute(SHEETS, &source);
        }
        results::derive(payload, &report.computed_fields, &noticed)
    }

    fn known_names_in(&self, message: &str) -> String {
        let (run, input) = (self.run, self.input());
        let configuration = run.configuration_path.to_string_lossy();
        let names = [
            (run.snapshot.as_path(), &*configuration),
            (input.as_path(), &run.input_name),
        ];
        with_known_names(message, &names)
    }
}

/// Returns the variables of this process, with the engine's settings that were recorded with the run, if any.
pub fn variables_of(
    settings: &Settings,
    options: &RunOptions,
    recorded_at: Timestamp,
) -> BTreeMap<OsString, OsString> {
    let variables = &settings.variables;
    let mut variables = match &options.engine_variables {
        Some(recorded) => engine::with_recorded(variables, recorded),
        None => variables.clone(),
    };
    // This is the same for each attempt, so that "the past" does not change with the next one.
    let day: String = recorded_at.to_string().chars().take(10).collect();
    variables.insert(engine::RUN_DAY.into(), day.into());
    variables
}

/// Returns the engine's settings that the caller of a run gave; its setting `sheets` includes the caller's options for single
/// sheets.
pub fn settings_of(options: &RunOptions) -> BTreeMap<String, String> {
    let mut settings = options.settings.clone();
    let known = settings.get(SHEETS).map_or("{}", String::as_str);
    // A text that is not a table stays unchanged, so that the engine refuses it.
    if !options.sheets.is_empty()
        && let Ok(mut all) = serde_json::from_str::<BTreeMap<String, Value>>(known)
    {
        let said = options.sheets.iter();
        all.extend(said.map(|(title, choice)| (title.clone(), json!(choice))));
        settings.insert(SHEETS.to_owned(), json!(all).to_string());
    }
    settings
}

/// Requires the folders that hold the inputs and the snapshots of many runs. If such a folder is missing, the missing file is
/// not the run's fault, and comes back with the disk.
fn demand_places(workspace: &Workspace, run: &RunRecord) -> Result<(), FileError> {
    // Missing files are fetched from the object store.
    if workspace.objects.is_some() {
        return Ok(());
    }
    let above = |path: &Path| path.parent().map(Path::to_owned);
    let snapshots = above(whole_snapshot(run));
    let away = [above(&run.input_path), snapshots]
        .into_iter()
        .flatten()
        .find(|folder| !workspace.files().is_folder(folder));
    away.map_or(Ok(()), |folder| Err(FileError::away(&folder)))
}

/// Returns the exit code as a shell reports it.
fn exit_code(exit: Exit) -> Option<i32> {
    match exit {
        Exit::Code(code) => Some(code),
        Exit::Signal(signal) => Some(128 + signal),
        Exit::TimedOut | Exit::Cancelled | Exit::Exceeded(_) => None,
    }
}

fn not_confined(obstacles: &[String]) -> AttemptResult {
    let message = format!(
        "ADE_SANDBOX is strict, and this machine cannot confine a run: {}",
        obstacles.join("; ")
    );
    let hint =
        "`ade doctor` shows what is missing; ADE_SANDBOX=auto confines runs as far as this machine can".to_owned();
    AttemptResult::failed(
        FailureRecord::new(code::SANDBOX_INCOMPLETE, "sandbox", message, Some(hint)),
        false,
    )
}

fn not_started(invocation: &Invocation, error: &std::io::Error) -> AttemptResult {
    let message = format!(
        "the engine could not be started: {}: {}",
        invocation.python.display(),
        files::describe(error)
    );
    // If the machine lacked something, a new environment cannot help.
    let of_machine = files::is_exhausted(error);
    let hint = match of_machine {
        true => files::hint(error),
        false => Some("`ade env build --force CONFIG` builds a new environment".to_owned()),
    };
    let failure = FailureRecord::new(code::ENGINE_NOT_STARTED, "engine", message, hint);
    AttemptResult::failed(failure, true).of_machine(of_machine)
}
