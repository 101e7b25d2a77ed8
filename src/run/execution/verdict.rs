//! The verdict: the meaning of an attempt's end.
//!
//! There are three steps. [`observe`] decides which observation applies. [`Observation::verdict`] determines what it means
//! for the run. [`explain`] writes the message for the user. `ade check` uses the same steps.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::counted::thousands;
use crate::base::files::{FREE_SPACE, RAISE_LIMITS, mentions_exhaustion};
use crate::base::problem::{ProblemKind, code};
use crate::engine::sandbox::Limits;
use crate::engine::{EngineFailurePosition, EngineReport};
use crate::store::{FailurePosition, FailureRecord, RunRecord, RunStatus};
use crate::system::process::{Exit, Limit, MAX_FOLDER_FILES, MAX_THREADS};

/// The last words of the engine's native libraries when memory is refused, around the number of bytes.
const NO_MEMORY: &str = "memory allocation of ";
const NO_MEMORY_END: &str = " bytes failed";
/// The signals by which a process ends itself: the same would happen again.
const CRASHES: [libc::c_int; 5] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGABRT,
];
const SEE_LOG: &str = "`ade logs tail` shows all of its output";
const SEE_KILLER: &str = "the kernel does that if memory runs short (`dmesg` shows it), and a person or a program can do it too; `ade logs tail` shows all of its output";
const SEE_LIBRARIES: &str = "native code of a library has failed: find out which library the configuration called last; `ade logs tail` shows all of its output";
const SEE_EXITS: &str = "look for os._exit in the configuration and in libraries; `ade logs tail` shows all of its output";

/// An observation at the end of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// The run was cancelled, and the engine was stopped.
    Cancelled,
    /// The wall-clock limit was hit, and the engine was ended.
    TimedOut,
    /// The engine exceeded a limit, and was killed or failed because of it.
    Exceeded(Limit),
    /// Something else killed the engine.
    Killed,
    /// A configuration was checked and is valid.
    Valid,
    /// A configuration was checked and is not valid.
    Invalid,
    /// The engine failed because a disk is full.
    DiskFull,
    /// The engine reported why it failed.
    Reported,
    /// The engine could not use its settings.
    BadSettings,
    /// The engine succeeded, and the workbook exists.
    Succeeded,
    /// The engine reported success, but there is no workbook.
    NoOutput,
    /// The engine refused the call.
    Refused,
    /// The engine ended without a completed event.
    Crashed,
    /// The machine lacked memory, descriptors or threads to begin the run.
    NotBegun,
}

/// The meaning of an observation for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The status with which the attempt ended.
    pub status: RunStatus,
    /// The code of its failure; `None`: there is no failure, or the code is the engine's own.
    pub code: Option<&'static str>,
    /// Whether a retry may succeed although nothing was changed.
    pub transient: bool,
}

impl Observation {
    /// Returns the meaning of the observation: this is the table of verdicts.
    pub fn verdict(self) -> Verdict {
        use RunStatus::{Cancelled, Failed, Succeeded};
        let (status, code, transient) = match self {
            Self::Succeeded | Self::Valid => (Succeeded, None, false),
            Self::Cancelled => (Cancelled, Some(code::CANCELLED), false),
            Self::TimedOut => (Failed, Some(code::TIMEOUT), false),
            Self::Exceeded(limit) => (Failed, Some(code_of_limit(limit)), false),
            Self::Killed => (Failed, Some(code::ENGINE_CRASHED), true),
            Self::Crashed | Self::NoOutput | Self::Refused => {
                (Failed, Some(code::ENGINE_CRASHED), false)
            }
            Self::NotBegun => (Failed, Some(code::ENGINE_NOT_STARTED), true),
            // A worker waits for free space without spending an attempt. An immediate retry would fill the disk again.
            Self::DiskFull => (Failed, Some(code::STORAGE_FAILED), false),
            // A check of something that does not load reports the same code as a run.
            Self::Reported | Self::Invalid => (Failed, None, false),
            Self::BadSettings => (Failed, Some(code::CONFIG_ERROR), false),
        };
        Verdict {
            status,
            code,
            transient,
        }
    }
}

/// Returns the code of the failure at a limit.
fn code_of_limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Memory => code::MEMORY_LIMIT,
        Limit::Cpu => code::CPU_LIMIT,
        Limit::Processes | Limit::Threads => code::PROCESS_LIMIT,
        Limit::Printed => code::PRINT_LIMIT,
        Limit::Disk | Limit::Files | Limit::FileSize => code::DISK_LIMIT,
        Limit::OpenFiles => code::OPEN_FILES_LIMIT,
    }
}

/// Returns the kind of a run's end, which decides the exit status.
pub fn kind_of_end(run: &RunRecord) -> Option<ProblemKind> {
    match run.status {
        RunStatus::Succeeded | RunStatus::Queued | RunStatus::Running => None,
        RunStatus::Cancelled => Some(ProblemKind::Cancelled),
        RunStatus::Failed => Some(
            run.error
                .as_ref()
                .map_or(ProblemKind::Refused, |error| kind_of_code(&error.code)),
        ),
    }
}

/// Returns the kind of failure that has this code.
pub fn kind_of_code(code: &str) -> ProblemKind {
    match code {
        code::ENVIRONMENT_FAILED => ProblemKind::Environment,
        code if is_limit(code) => ProblemKind::Limit,
        _ => ProblemKind::Refused,
    }
}

/// Returns whether a code is that of a limit.
pub fn is_limit(code: &str) -> bool {
    const LIMITS: [Limit; 7] = [
        Limit::Disk,
        Limit::Memory,
        Limit::Cpu,
        Limit::Processes,
        Limit::Printed,
        Limit::FileSize,
        Limit::OpenFiles,
    ];
    code == code::TIMEOUT || LIMITS.map(code_of_limit).contains(&code)
}

/// Returns the limit that a signal of the kernel, or the last words of the engine's libraries, indicate.
fn limit_behind(report: &EngineReport, limits: &Limits) -> Option<Limit> {
    let cpu = limits.cpu_time.map(|time| time.as_secs_f64());
    match report.exit {
        Exit::Exceeded(limit) => Some(limit),
        Exit::Signal(libc::SIGXCPU) if cpu.is_some() => Some(Limit::Cpu),
        // The process caught the earlier signal.
        Exit::Signal(libc::SIGKILL) if cpu.is_some_and(|cpu| report.usage.cpu_seconds >= cpu) => {
            Some(Limit::Cpu)
        }
        Exit::Signal(libc::SIGXFSZ) if limits.file_size.is_some() => Some(Limit::FileSize),
        Exit::Signal(libc::SIGABRT) if limits.memory.is_some() => {
            let mut lines = report.last_lines.iter();
            lines
                .any(|line| line.starts_with(NO_MEMORY) && line.ends_with(NO_MEMORY_END))
                .then_some(Limit::Memory)
        }
        _ => report.limit,
    }
}

/// Decides what was observed when the engine ended. `output_exists`: whether the workbook is at its place.
pub fn observe(
    report: &EngineReport,
    validate_only: bool,
    limits: &Limits,
    output_exists: impl Fn() -> bool,
) -> Observation {
    let status = match report.exit {
        // The request came too late: there was nothing left to stop.
        Exit::Cancelled if !validate_only && report.completed_well() && output_exists() => {
            return Observation::Succeeded;
        }
        Exit::Cancelled => return Observation::Cancelled,
        Exit::TimedOut => return Observation::TimedOut,
        Exit::Signal(_) | Exit::Exceeded(_) => {
            let limit = limit_behind(report, limits);
            let ended = match report.exit {
                Exit::Signal(signal) if CRASHES.contains(&signal) => crashed(report, validate_only),
                _ => Observation::Killed,
            };
            return limit.map_or(ended, Observation::Exceeded);
        }
        Exit::Code(0) if validate_only => return Observation::Valid,
        Exit::Code(status) => status,
    };
    let refused = report.refused.as_ref().map(|refused| refused.code.as_str());
    if report.failure().is_some() {
        if let Some(limit) = report.limit.filter(|limit| limits.has(*limit)) {
            return Observation::Exceeded(limit);
        }
        return if report.disk_full {
            Observation::DiskFull
        } else {
            Observation::Reported
        };
    }
    if status == 0 && report.completed_well() {
        return if output_exists() {
            Observation::Succeeded
        } else {
            Observation::NoOutput
        };
    }
    match refused {
        Some(code::SETTINGS_INVALID) => Observation::BadSettings,
        Some(code::USAGE) => Observation::Refused,
        Some(_) if validate_only => Observation::Invalid,
        _ => crashed(report, validate_only),
    }
}

/// Judges an end without a message. Before a run begins, no code of its configuration has been called, so the machine lacked
/// the resource.
fn crashed(report: &EngineReport, validate_only: bool) -> Observation {
    let is_early = !report.begun && !validate_only;
    let mut lines = report.last_lines.iter();
    match is_early && lines.any(|line| mentions_exhaustion(line)) {
        true => Observation::NotBegun,
        false => Observation::Crashed,
    }
}

/// The facts that the message of a failure needs besides the engine's report.
pub struct Circumstances<'a> {
    /// The place of the workbook.
    pub output: &'a Path,
    /// The wall-clock limit of the run.
    pub timeout: Option<Duration>,
    /// The limits of the run's resources.
    pub limits: Limits,
    /// The folder from which the configuration was imported.
    pub configuration: &'a Path,
}

/// Describes the failure of an attempt in words. `None`: it did not fail.
pub fn explain(
    seen: Observation,
    report: &EngineReport,
    around: &Circumstances<'_>,
) -> Option<FailureRecord> {
    let verdict = seen.verdict();
    if verdict.status == RunStatus::Succeeded {
        return None;
    }
    let reported = report.failure();
    let told = reported.as_ref().or(report.refused.as_ref());
    let own_code = told.map(|failure| failure.code.as_str());
    let code = verdict.code.or(own_code).unwrap_or_default();
    let mut failure = match &reported {
        // Quotes the engine's own message.
        Some(failure) if matches!(seen, Observation::Reported | Observation::DiskFull) => {
            let hint = match seen {
                Observation::DiskFull => Some(FREE_SPACE.to_owned()),
                _ => failure.hint.clone().or_else(|| hint_of(&failure.code)),
            };
            FailureRecord::new(code, &failure.stage, &*failure.message, hint)
        }
        _ => words(code, seen, report, around),
    };
    if told.is_some() {
        *failure.place = place_of(&report.at, around.configuration);
    }
    Some(failure)
}

/// Returns where the engine failed. A file outside the configuration, and its line, are left out.
fn place_of(at: &EngineFailurePosition, configuration: &Path) -> FailurePosition {
    let inside = |file: &PathBuf| Some(file.strip_prefix(configuration).ok()?.to_owned());
    let file = at.file.as_ref().and_then(inside);
    FailurePosition {
        line: at.line.filter(|_| file.is_some()),
        file: file.map(|file| file.to_string_lossy().into_owned()),
        callable: at.callable.clone(),
        sheet: at.sheet.clone(),
        table: at.table,
        column: at.column.clone(),
    }
}

/// Describes a failure that was observed from outside the engine.
fn words(
    code: &str,
    seen: Observation,
    report: &EngineReport,
    around: &Circumstances<'_>,
) -> FailureRecord {
    let said = |stage: &str, message: String, hint: &str| {
        FailureRecord::new(code, stage, message, Some(hint.to_owned()))
    };
    let engine = |message: String, hint: &str| said("engine", message, hint);
    let refused = report.refused.as_ref();
    let refusal = refused.map_or("", |refused| refused.message.as_str());
    let own_hint = refused.and_then(|refused| refused.hint.clone());
    match seen {
        Observation::Cancelled => FailureRecord::new(code, "run", "cancelled", None),
        Observation::TimedOut => {
            let seconds = around.timeout.unwrap_or_default().as_secs_f64();
            said(
                "run",
                format!("the run took longer than its limit of {seconds} s and was stopped"),
                "raise --timeout (or ADE_RUN_TIMEOUT_SECONDS), or use `ade logs tail` to see what took the time",
            )
        }
        Observation::Exceeded(limit) => {
            let (message, hint) = words_of_limit(limit, around);
            match report.failure() {
                // The engine reported where it happened.
                Some(failure) => {
                    let message = format!("{message}: {}", failure.message);
                    said(&failure.stage, message, hint)
                }
                None => said("run", message, hint),
            }
        }
        Observation::Invalid => FailureRecord::new(code, "configuration", refusal, own_hint),
        Observation::BadSettings => {
            let hint = own_hint.or_else(|| hint_of(code::CONFIG_ERROR));
            FailureRecord::new(code, "settings", refusal, hint)
        }
        Observation::NoOutput => {
            let output = around.output.display();
            let message = format!("the engine reported success but wrote no {output}");
            FailureRecord::new(code, "engine", message, None)
        }
        // The output of the configuration's code is in the log. It may contain cells, so it is not recorded here.
        Observation::Refused => {
            let colon = if refusal.is_empty() { "" } else { ": " };
            engine(
                format!("the engine refused the call{colon}{refusal}"),
                SEE_LOG,
            )
        }
        Observation::NotBegun => engine(
            "the engine could not begin: the machine has no more memory, descriptors or threads"
                .to_owned(),
            RAISE_LIMITS,
        ),
        Observation::Killed => engine(
            format!("the engine was killed by {}", exit_in_words(report)),
            SEE_KILLER,
        ),
        _ if matches!(report.exit, Exit::Signal(_)) => engine(
            format!(
                "the engine crashed: it was ended by {}",
                exit_in_words(report)
            ),
            SEE_LIBRARIES,
        ),
        _ => engine(
            format!(
                "the engine ended with {} before the run was done, without a message: something that the configuration calls has ended its process",
                exit_in_words(report)
            ),
            SEE_EXITS,
        ),
    }
}

/// Describes a limit that a run reached.
fn words_of_limit(limit: Limit, around: &Circumstances<'_>) -> (String, &'static str) {
    let limits = &around.limits;
    let megabytes = |bytes: Option<u64>| bytes.unwrap_or_default() >> 20;
    match limit {
        Limit::Memory => (
            format!(
                "the run used more memory than its limit of {} MB and was stopped",
                megabytes(limits.memory)
            ),
            "raise ADE_WORKER_MEM_MB, or let the configuration hold less data in memory at once",
        ),
        Limit::Cpu => (
            format!(
                "the run used more processor time than its limit of {} s and was stopped",
                limits.cpu_time.unwrap_or_default().as_secs_f64()
            ),
            "raise ADE_WORKER_CPU_SECONDS, or look in the configuration for an endless loop",
        ),
        Limit::Processes => (
            format!(
                "the run had more processes than its limit of {} and was stopped",
                limits.processes.unwrap_or_default()
            ),
            "raise ADE_WORKER_PROCESSES, the limit for each run, or let the configuration start fewer processes at a time",
        ),
        Limit::Threads => (
            format!(
                "the run had more than {} threads in all its processes and was stopped",
                thousands(MAX_THREADS)
            ),
            "let the configuration start fewer threads at a time",
        ),
        Limit::Printed => (
            format!(
                "the run printed more than its limit of {} MB and was stopped",
                megabytes(limits.printed)
            ),
            "raise ADE_WORKER_PRINT_MB, or let the configuration print less",
        ),
        Limit::Disk => (
            format!(
                "the run wrote more than its limit of {} MB for all its files and was stopped",
                megabytes(limits.disk)
            ),
            "raise ADE_WORKER_DISK_MB, or let the configuration write less and delete what it no longer needs",
        ),
        Limit::Files => (
            format!(
                "the run made more than {} files in its output and its temporary folder, or a folder there that cannot be listed, and was stopped",
                thousands(MAX_FOLDER_FILES)
            ),
            "let the configuration make fewer files, and delete what it no longer needs",
        ),
        Limit::FileSize => (
            format!(
                "the run wrote a file beyond the limit of {} MB",
                megabytes(limits.file_size)
            ),
            "raise ADE_WORKER_FSIZE_MB, or let the configuration write smaller files",
        ),
        Limit::OpenFiles => (
            format!(
                "the run had more files open than its limit of {}",
                limits.open_files.unwrap_or_default()
            ),
            "raise ADE_WORKER_OPEN_FILES, or let the configuration close files (`with open(…)`)",
        ),
    }
}

fn exit_in_words(report: &EngineReport) -> String {
    match report.exit {
        Exit::Signal(signal) => format!("signal {signal}"),
        Exit::Code(status) => format!("status {status}"),
        Exit::TimedOut | Exit::Cancelled | Exit::Exceeded(_) => String::new(),
    }
}

/// Returns what an author or user can do about a failure of the engine, by its code.
fn hint_of(code: &str) -> Option<String> {
    let hint = match code {
        code::CONFIG_ERROR | code::HOOK_ERROR | code::PIPELINE_ERROR => {
            "correct the configuration and run again; the environment is kept"
        }
        code::UNKNOWN_ERROR => "`ade logs tail` shows everything that the engine reported about it",
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn report(exit: Exit, completed: Option<Value>) -> EngineReport {
        EngineReport {
            completed,
            ..EngineReport::silent(exit)
        }
    }

    fn ended(status: i32, completed: Option<Value>) -> EngineReport {
        report(Exit::Code(status), completed)
    }

    fn refused(status: i32, code: &str) -> EngineReport {
        EngineReport {
            refused: Some(crate::engine::EngineFailure {
                code: code.to_owned(),
                stage: "unknown".to_owned(),
                message: "no".to_owned(),
                hint: None,
            }),
            ..ended(status, None)
        }
    }

    fn completed(text: &str) -> Option<Value> {
        Some(serde_json::from_str(text).unwrap())
    }

    fn succeeded() -> Option<Value> {
        completed(r#"{"execution": {"status": "succeeded"}}"#)
    }

    fn failed() -> Option<Value> {
        completed(
            r#"{"execution": {"status": "failed", "failure": {"code": "unknown_error", "stage": "s", "message": "[Errno 28]"}}}"#,
        )
    }

    #[test]
    fn each_observation_has_its_verdict() {
        use Observation as O;
        use RunStatus::{Cancelled, Failed, Succeeded};
        for (seen, status, code) in [
            (O::Succeeded, Succeeded, ""),
            (O::Valid, Succeeded, ""),
            (O::Cancelled, Cancelled, "cancelled"),
            (O::TimedOut, Failed, "timeout"),
            (O::Killed, Failed, "engine_crashed"),
            (O::DiskFull, Failed, "storage_failed"),
            (O::Crashed, Failed, "engine_crashed"),
            (O::NotBegun, Failed, "engine_not_started"),
            // The code is the engine's own.
            (O::Reported, Failed, ""),
            (O::BadSettings, Failed, "config_error"),
            (O::Invalid, Failed, ""),
            (O::NoOutput, Failed, "engine_crashed"),
            (O::Refused, Failed, "engine_crashed"),
        ] {
            let verdict = seen.verdict();
            assert_eq!(
                (verdict.status, verdict.code.unwrap_or_default()),
                (status, code),
                "{seen:?}"
            );
            // Another attempt can help if the machine was at fault, not the run.
            assert_eq!(
                verdict.transient,
                matches!(seen, O::Killed | O::NotBegun),
                "{seen:?}"
            );
        }
    }

    #[test]
    fn what_is_seen_follows_from_exit_payload_and_last_lines() {
        use Observation as O;
        let full = EngineReport {
            disk_full: true,
            ..ended(1, failed())
        };
        let lacks_threads = |begun| EngineReport {
            begun,
            last_lines: vec!["Cannot spawn: Resource temporarily unavailable".to_owned()],
            ..ended(1, None)
        };
        let table = [
            (report(Exit::Cancelled, None), false, O::Cancelled),
            (report(Exit::Cancelled, succeeded()), false, O::Succeeded),
            (report(Exit::TimedOut, succeeded()), false, O::TimedOut),
            (report(Exit::Signal(9), None), false, O::Killed),
            (ended(0, None), true, O::Valid),
            (refused(1, "unknown_error"), true, O::Invalid),
            (refused(1, "config_invalid"), true, O::Invalid),
            (refused(1, "settings_invalid"), true, O::BadSettings),
            (report(Exit::Signal(11), None), true, O::Crashed),
            (ended(3, None), true, O::Crashed),
            (ended(0, succeeded()), false, O::Succeeded),
            (ended(1, failed()), false, O::Reported),
            (full, false, O::DiskFull),
            (refused(1, "settings_invalid"), false, O::BadSettings),
            (refused(1, "usage"), false, O::Refused),
            (ended(2, None), false, O::Crashed),
            (lacks_threads(false), false, O::NotBegun),
            // The configuration's code may have caused whatever it reports.
            (lacks_threads(false), true, O::Crashed),
            (lacks_threads(true), false, O::Crashed),
            (ended(1, None), false, O::Crashed),
            // An exit status of 1 contradicts a payload that reports success.
            (ended(1, succeeded()), false, O::Crashed),
        ];
        for (report, validate_only, seen) in table {
            let found = observe(&report, validate_only, &Limits::default(), || true);
            assert_eq!(found, seen, "{report:?}");
        }
        let silent = ended(0, succeeded());
        let found = observe(&silent, false, &Limits::default(), || false);
        assert_eq!(found, O::NoOutput);
    }

    #[test]
    fn a_hint_of_the_engine_comes_before_that_of_its_code() {
        let around = Circumstances {
            output: Path::new("/out"),
            timeout: None,
            limits: Limits::default(),
            configuration: Path::new("/config"),
        };
        let mut seen = ended(1, failed());
        let hint = |seen: &EngineReport| {
            let failure = explain(Observation::Reported, seen, &around).unwrap();
            assert_eq!(failure.code, "unknown_error");
            failure.hint.unwrap()
        };
        assert!(hint(&seen).contains("`ade logs tail`"));
        seen.hint = Some("rename it".to_owned());
        assert_eq!(hint(&seen), "rename it");
    }
}
