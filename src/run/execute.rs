//! Executing a claimed run: engine started, events kept, output checked, end recorded.
//!
//! The end is recorded first, under the token of the claim, and told in the event log after that: a worker whose claim
//! was lost finds no row, writes no terminal event and leaves the run to its new owner. Nothing else of the run is written
//! either once the claim is lost, neither its log nor its files: they are the new owner's. A run whose results could not
//! be recorded in full is not called failed for it, but says so.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::lease::Held;
use super::{artifact, code, ends, leftovers, results, stage, timeout, with_known_names};
use crate::cancel::Cancel;
use crate::clock::Timestamp;
use crate::engine::{self, EngineReport, Invocation, Message, Task};
use crate::events::{EventLog, Subject};
use crate::files::{self, FileError};
use crate::layout::{EnvironmentFolder, RunFolder};
use crate::problem::Problem;
use crate::process::Exit;
use crate::settings::LogLevel;
use crate::store::{Claim, Ending, EnvironmentRecord, Failure, RunRecord, RunStatus, StoreError};
use crate::workspace::Workspace;

/// What the system says where a disk is full.
const NO_SPACE: &str = "No space left on device";

/// How the engine begins to speak of settings that it cannot use, before any event.
const INVALID_SETTINGS: &str = "Invalid settings";

/// How an attempt went, before it is recorded.
#[derive(Clone, Debug)]
pub struct Attempted {
    /// What to record.
    pub ending: Ending,
    /// Whether another attempt can help: the engine was killed, not wrong.
    pub transient: bool,
}

/// A claimed run at work.
pub struct Execution<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// The run, as claimed.
    pub run: &'a RunRecord,
    /// Its claim.
    pub claim: &'a Claim,
    /// Whether the claim holds.
    held: &'a Held<'a>,
    /// Its event log.
    pub log: EventLog,
    folder: RunFolder,
}

impl<'a> Execution<'a> {
    /// Opens the run's folder and begins its log.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn begin(
        workspace: &'a Workspace,
        run: &'a RunRecord,
        claim: &'a Claim,
        held: &'a Held<'a>,
    ) -> Result<Self, FileError> {
        let folder = workspace.layout.run(&run.key.workspace_id, &run.id);
        files::create_folder(folder.path())?;
        let log = EventLog::open(&folder.events(), Subject::Run, &run.id)?;
        Ok(Self {
            workspace,
            run,
            claim,
            held,
            log,
            folder,
        })
    }

    /// Tells that the attempt begins.
    pub fn start(&self) -> Value {
        self.log.write(
            "info",
            "run.start",
            &format!("Attempt {} of {} by {}", self.run.attempt_count, self.run.max_attempts, self.claim.worker),
            json!({"attempt": self.run.attempt_count, "worker": self.claim.worker, "input": self.run.input_name, "configuration": self.run.configuration_path}),
        )
    }

    /// Runs the engine to its end. Records nothing.
    pub fn attempt(
        &self,
        environment: &EnvironmentRecord,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(&Value),
    ) -> Attempted {
        let outcome = self.drive(environment, cancel, on_event);
        if self.held.holds() {
            let _ = std::fs::remove_dir_all(self.folder.scratch());
        }
        outcome.unwrap_or_else(|error| {
            let (hint, passes) = (error.hint(), error.may_pass());
            failed(
                failure(code::STORAGE_FAILED, "run", error.to_string(), hint),
                passes,
            )
        })
    }

    fn drive(
        &self,
        environment: &EnvironmentRecord,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(&Value),
    ) -> Result<Attempted, FileError> {
        let run = self.run;
        if run.attempt_count > 1 {
            leftovers::clear(&self.folder);
        }
        let input = self.folder.staged(&run.input_name);
        if !run.options.validate_only {
            stage::restage(&run.input_path, &input, run.input_size_bytes)?;
        }
        let output = self.folder.normalized(&run.input_name);
        for folder in [self.folder.output(), self.folder.scratch()] {
            files::create_folder(&folder)?;
        }
        let place = EnvironmentFolder(environment.folder.clone());
        link(&place.venv(), &self.folder.venv())?;

        let task = if run.options.validate_only {
            Task::Validate
        } else {
            Task::Process {
                input,
                output: output.clone(),
                sheets: run.input_sheets.clone().unwrap_or_default(),
                active_sheet_only: run.options.active_sheet_only,
            }
        };
        let invocation = Invocation {
            python: place.python(),
            snapshot: run.snapshot.clone(),
            task,
            folder: self.folder.path().to_owned(),
            scratch: self.folder.scratch(),
            environment: self.workspace.settings.environment.clone(),
            debug: self.workspace.settings.log_level >= LogLevel::Debug,
            timeout: timeout(run, self.workspace.settings.run_timeout),
        };
        self.write_request(&invocation, environment)?;

        let started = engine::invoke(&invocation, cancel, &mut |message| {
            if !self.held.holds() {
                cancel.cancel();
                return;
            }
            let event = match message {
                Message::Event(event) => self.log.append(event),
                Message::Line(stream, text) => self.log.write(
                    "info",
                    "console.line",
                    &text,
                    json!({"scope": "engine", "stream": stream.as_str(), "message": text}),
                ),
            };
            // A check prints its findings as lines; the run's end says what they come to.
            if !run.options.validate_only {
                on_event(&event);
            }
        });
        let report = match started {
            Ok(report) => report,
            Err(error) => {
                let message = format!(
                    "the engine could not be started: {}: {}",
                    invocation.python.display(),
                    files::describe(&error)
                );
                let hint = Some(
                    "`ade env build --force CONFIG` provisions the environment anew".to_owned(),
                );
                return Ok(failed(
                    failure(code::ENGINE_NOT_STARTED, "engine", message, hint),
                    true,
                ));
            }
        };
        if matches!(report.exit, Exit::TimedOut | Exit::Cancelled) && self.held.holds() {
            // Its process group is gone. Whatever had left the group was to be stopped as well.
            leftovers::kill(&self.folder);
        }
        Ok(self.judge(&report, &output, &invocation))
    }

    /// What the engine's end means.
    fn judge(&self, report: &EngineReport, output: &Path, invocation: &Invocation) -> Attempted {
        let exit_code = match report.exit {
            Exit::Code(code) => Some(code),
            Exit::Signal(signal) => Some(128 + signal),
            Exit::TimedOut | Exit::Cancelled => None,
        };
        let last_words = || match report.last_lines.as_slice() {
            [] => String::new(),
            lines => format!(
                "; its last words: {}",
                lines[lines.len().saturating_sub(3)..].join(" | ")
            ),
        };
        let mut transient = false;
        let result: Result<Option<&str>, Failure> = match report.exit {
            Exit::Cancelled => Err(failure(
                code::CANCELLED,
                "run",
                "cancelled".to_owned(),
                None,
            )),
            Exit::TimedOut => {
                let seconds = invocation.timeout.unwrap_or_default().as_secs_f64();
                let hint = "raise --timeout (or ADE_RUN_TIMEOUT_SECONDS), or see with `ade logs tail` where the time went".to_owned();
                Err(failure(
                    code::TIMEOUT,
                    "run",
                    format!("the run took longer than its limit of {seconds} s and was stopped"),
                    Some(hint),
                ))
            }
            Exit::Signal(signal) => {
                transient = true;
                Err(failure(
                    code::ENGINE_CRASHED,
                    "engine",
                    format!("the engine was killed by signal {signal}{}", last_words()),
                    None,
                ))
            }
            Exit::Code(0) if self.run.options.validate_only => {
                Ok(Some("Validation-only execution"))
            }
            Exit::Code(_) if self.run.options.validate_only => {
                let reason = report.last_lines.join("\n");
                let reason = reason
                    .strip_prefix("Config package INVALID: ")
                    .unwrap_or(&reason)
                    .to_owned();
                Err(failure(code::CONFIG_INVALID, "configuration", reason, None))
            }
            Exit::Code(status) => match report.failure() {
                Some(found) if found.message.contains(NO_SPACE) => {
                    transient = true;
                    let hint = crate::files::FREE_SPACE;
                    Err(failure(
                        code::STORAGE_FAILED,
                        &found.stage,
                        found.message,
                        Some(hint.to_owned()),
                    ))
                }
                Some(found) => Err(failure(
                    &found.code,
                    &found.stage,
                    found.message.clone(),
                    hint_for_text(&self.folder.staged(&self.run.input_name))
                        .filter(|_| found.code == "unknown_error")
                        .or_else(|| hint_for_import(&found.message))
                        .or_else(|| hint_of(&found.code)),
                )),
                None if report
                    .last_lines
                    .iter()
                    .any(|line| line.starts_with(INVALID_SETTINGS)) =>
                {
                    Err(failure(
                        "config_error",
                        "settings",
                        report.last_lines.join("\n"),
                        hint_of("config_error"),
                    ))
                }
                None if report.succeeded() && output.is_file() => Ok(None),
                None if report.succeeded() => Err(failure(
                    code::OUTPUT_MISSING,
                    "engine",
                    format!(
                        "the engine reported success but wrote no {}",
                        output.display()
                    ),
                    None,
                )),
                None if status == 2 => Err(failure(
                    code::ENGINE_USAGE,
                    "engine",
                    format!("the engine refused the call{}", last_words()),
                    None,
                )),
                None => Err(failure(
                    code::ENGINE_CRASHED,
                    "engine",
                    format!(
                        "the engine ended with status {status} and did not say how the run went{}",
                        last_words()
                    ),
                    Some("`ade logs tail` shows all that it said".to_owned()),
                )),
            },
        };
        let result = result.map_err(|error| self.in_known_names(error));
        let output_path =
            (result.is_ok() && !self.run.options.validate_only).then(|| output.to_owned());
        let (status, error, summary) = match result {
            Ok(summary) => (RunStatus::Succeeded, None, summary.map(str::to_owned)),
            Err(error) if error.code == code::CANCELLED => {
                (RunStatus::Cancelled, Some(error), None)
            }
            Err(error) => (RunStatus::Failed, Some(error), None),
        };
        Attempted {
            ending: Ending {
                status,
                exit_code,
                error,
                summary,
                output_path,
                results: report.completed.as_ref().map(results::derive),
                peak_memory_bytes: Some(report.usage.peak_memory_bytes),
                cpu_seconds: Some(report.usage.cpu_seconds),
                engine_seconds: Some(report.wall.as_secs_f64()),
            },
            transient,
        }
    }

    fn in_known_names(&self, mut error: Failure) -> Failure {
        let run = self.run;
        let input = self.folder.staged(&run.input_name);
        let configuration = run.configuration_path.to_string_lossy();
        let names = [
            (run.snapshot.as_path(), &*configuration),
            (input.as_path(), &run.input_name),
        ];
        error.message = with_known_names(&error.message, &names);
        error
    }

    /// Records the end and tells it. `None`: the claim was lost, and nothing was recorded.
    ///
    /// # Errors
    /// The store can't serve; the run stays claimed until its lease expires.
    pub fn finish(
        &self,
        ending: &Ending,
        environment: Option<&EnvironmentRecord>,
    ) -> Result<Option<RunRecord>, StoreError> {
        if !self.held.holds() {
            return Ok(None);
        }
        let store = &*self.workspace.store;
        let now = Timestamp::now();
        let output_sha256 = ending
            .output_path
            .as_deref()
            .and_then(|path| Some(crate::digest::of_file(path).ok()?.0.to_string()));
        let mut ending = ending.clone();
        let mut notes = Vec::new();
        if let Err(error) = artifact::write(
            &self.folder,
            self.run,
            environment,
            &ending,
            output_sha256.as_deref(),
            now,
        ) {
            notes.push(format!("the audit record is missing: {error}"));
        }
        let mut recorded = store.finish_run(&self.run.id, self.claim, &ending, now);
        if let Err(StoreError::Sqlite { source, .. }) = &recorded {
            // What was found does not fit the tables. The run's end is still its end.
            notes.push(format!("its results could not be recorded: {source}"));
            ending.results = None;
            ending.summary = Some(notes.join("; "));
            recorded = store.finish_run(&self.run.id, self.claim, &ending, now);
        }
        if !recorded? {
            return Ok(None);
        }
        let run = store.run(&self.run.key.workspace_id, &self.run.id)?;
        for note in &notes {
            self.log.write(
                "warning",
                "console.line",
                note,
                json!({"scope": "run", "stream": "stderr", "message": note}),
            );
        }
        ends::tell(self.workspace, &self.log, &run)?;
        Ok(Some(run))
    }

    fn write_request(
        &self,
        invocation: &Invocation,
        environment: &EnvironmentRecord,
    ) -> Result<(), FileError> {
        let request = json!({
            "run_id": self.run.id,
            "attempt": self.run.attempt_count,
            "configuration": {"id": self.run.key.configuration_id, "source_digest": self.run.source_digest, "snapshot": self.run.snapshot},
            "environment": {"id": environment.id, "python": invocation.python},
            "input": {"name": self.run.input_name, "sha256": self.run.input_sha256, "size_bytes": self.run.input_size_bytes, "sheets": self.run.input_sheets},
            "options": self.run.options,
            "timeout_seconds": invocation.timeout.map(|limit| limit.as_secs_f64()),
        });
        let mut text = serde_json::to_vec_pretty(&request).unwrap_or_default();
        text.push(b'\n');
        let path = self.folder.request();
        std::fs::write(&path, text).map_err(FileError::on("write", &path))
    }
}

/// A failure that never reached the engine.
pub fn failed(error: Failure, transient: bool) -> Attempted {
    let status = if error.code == code::CANCELLED {
        RunStatus::Cancelled
    } else {
        RunStatus::Failed
    };
    Attempted {
        ending: Ending {
            status,
            exit_code: None,
            error: Some(error),
            summary: None,
            output_path: None,
            results: None,
            peak_memory_bytes: None,
            cpu_seconds: None,
            engine_seconds: None,
        },
        transient,
    }
}

/// A failure with its parts.
pub fn failure(code: &str, stage: &str, message: String, hint: Option<String>) -> Failure {
    Failure {
        code: code.to_owned(),
        stage: Some(stage.to_owned()),
        message,
        hint,
    }
}

/// What to do about a package that is not installed.
fn hint_for_import(message: &str) -> Option<String> {
    let name = message
        .split("No module named '")
        .nth(1)?
        .split('\'')
        .next()?;
    let package = name.split('.').next().unwrap_or(name);
    Some(format!(
        "if {package} is a package, add it to `dependencies` in pyproject.toml; the next run installs it"
    ))
}

/// What an author or user can do about a failure of the engine, by its code.
fn hint_of(code: &str) -> Option<String> {
    let hint = match code {
        "config_error" | "hook_error" | "pipeline_error" => {
            "mend the configuration and run again; the environment is kept"
        }
        "unknown_error" => "`ade logs tail` shows the engine's whole account of it",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// A workbook that somebody named .csv fails as text that cannot be decoded; this says what it is.
fn hint_for_text(input: &Path) -> Option<String> {
    if !input.extension()?.eq_ignore_ascii_case("csv") {
        return None;
    }
    let mut start = [0; 4];
    std::fs::File::open(input)
        .ok()?
        .read_exact(&mut start)
        .ok()?;
    let ending = match &start {
        b"PK\x03\x04" => ".xlsx",
        b"\xD0\xCF\x11\xE0" => ".xls",
        _ => return None,
    };
    Some(format!(
        "this file is a workbook and no text: rename it so that it ends in {ending}"
    ))
}

/// Points the run's `.venv` at its environment.
fn link(to: &Path, at: &Path) -> Result<(), FileError> {
    let current: Option<PathBuf> = std::fs::read_link(at).ok();
    if current.as_deref() == Some(to) {
        return Ok(());
    }
    let _ = std::fs::remove_file(at);
    std::os::unix::fs::symlink(to, at).map_err(FileError::on("link", at))
}
