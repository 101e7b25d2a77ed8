//! The log of a worker or a server: one line on standard error for each change, as text or JSON.
//!
//! docs/explanation/queue.md explains the events. `ade dev` has API and worker in one process; its lines are short and name
//! their source.

use ade::api::state::ServerLine;
use ade::base::clock::Timestamp;
use ade::environment::provide::ProvideProgress;
use ade::events::names;
use ade::run::execution::happenings::{ProgressEvent, ProgressSource};
use ade::run::execution::queue_metrics::QueueMetrics;
use ade::settings::{LogLevel, Settings};
use ade::store::{Delivery, DeliveryFailure, EnvironmentRecord, RunRecord};
use ade::system::service;

use serde_json::{Value, json};

use super::log_writer::LogWriter;
use super::{Tone, Ui, bytes, duration, merged, plural};

/// Writes the log lines of a server and its worker.
pub struct ServerLog {
    ui: Ui,
    json: bool,
    /// Whether lines are short, for a developer who watches.
    short: bool,
    /// Whether each line begins with its priority, for the journal.
    journal: bool,
    level: LogLevel,
    lines: LogWriter,
}

impl ServerLog {
    /// Makes a log with the format and level from the flags, otherwise from the settings.
    pub fn new(ui: Ui, settings: &Settings) -> Self {
        let worker = &settings.worker;
        let by_flags = ui.quiet() || ui.verbose() > 0;
        Self {
            json: ui.json() || worker.log_json,
            short: false,
            journal: service::is_journal(&|name| settings.variable(name), std::io::stderr()),
            level: if by_flags {
                settings.log_level
            } else {
                worker.log_level
            },
            lines: LogWriter::new(),
            ui,
        }
    }

    /// Returns the log with short lines that name their source.
    #[must_use]
    pub fn short(self) -> Self {
        Self {
            short: true,
            ..self
        }
    }

    /// Logs a problem that keeps a worker or a server from starting.
    pub fn trouble(&self, message: &str) {
        self.write(
            "ade",
            LogLevel::Error,
            "worker.trouble",
            message,
            Value::Null,
        );
    }

    /// Logs a line of the API.
    pub fn api(&self, told: &ServerLine<'_>) {
        match told {
            ServerLine::Trouble { message, request } => {
                let data = json!({"request_id": request});
                self.write("api", LogLevel::Error, "api.trouble", message, data);
            }
            ServerLine::Request {
                method,
                path,
                status,
                milliseconds,
                id,
            } => {
                // For a developer, requests are the interesting lines; on a server there are too many.
                let level = match status {
                    500.. => LogLevel::Error,
                    _ if self.short && !path.starts_with("/assets/") => LogLevel::Info,
                    _ => LogLevel::Debug,
                };
                let message = format!("{method} {path} {status} in {milliseconds:.1} ms");
                let data = json!({"method": method, "path": path, "status": status, "milliseconds": milliseconds, "request_id": id});
                self.write("api", level, "api.request", &message, data);
            }
        }
    }

    /// Logs a line of the server itself.
    pub fn say(&self, source: &str, level: LogLevel, event: &str, message: &str) {
        self.write(source, level, event, message, json!({}));
    }

    fn write(&self, source: &str, level: LogLevel, event: &str, message: &str, data: Value) {
        if level > self.level {
            return;
        }
        let line = self.line(source, level, event, message, data);
        self.lines.write(line, |dropped| {
            let message = format!(
                "{dropped} lines were dropped, because the reader of this log was too slow"
            );
            let (level, event) = (LogLevel::Warning, "log.dropped");
            self.line(source, level, event, &message, json!({"dropped": dropped}))
        });
    }

    fn line(
        &self,
        source: &str,
        level: LogLevel,
        event: &str,
        message: &str,
        data: Value,
    ) -> String {
        let (word, priority) = match level {
            LogLevel::Error => ("error", "<3>"),
            LogLevel::Warning => ("warning", "<4>"),
            LogLevel::Info => ("info", "<6>"),
            LogLevel::Debug | LogLevel::Trace => ("debug", "<7>"),
        };
        let priority = if self.journal { priority } else { "" };
        let now = Timestamp::now();
        let line = if self.json {
            let object = json!({"timestamp": now, "level": word, "worker": source, "event": event, "message": message});
            merged(object, data).to_string()
        } else if self.short {
            let time = now.to_string();
            let clock = time.get(11..19).unwrap_or_default();
            let (speaker, tone) = match source {
                "api" => ("api", Tone::Name),
                "config" => ("config", Tone::Warn),
                _ => ("worker", Tone::Good),
            };
            let speaker = self.ui.paint_err(tone, format!("{speaker:<6}"));
            let clock = self.ui.paint_err(Tone::Dim, clock);
            let tone = match level {
                LogLevel::Error => Tone::Bad,
                LogLevel::Warning => Tone::Warn,
                _ => Tone::Plain,
            };
            let message = self.ui.paint_err(tone, with_short_ids(message));
            format!("{clock} {speaker} {message}")
        } else {
            format!("{now} {word:<7} {source} {message}")
        };
        format!("{priority}{line}")
    }

    /// Logs a change of a worker, if the log has a line for it.
    pub fn change(&self, source: &ProgressSource<'_>, change: &ProgressEvent<'_>) {
        // A developer sees the queue on the page.
        let is_short = matches!(
            change,
            ProgressEvent::Metrics(_) | ProgressEvent::Started | ProgressEvent::Stopped
        );
        if self.short && is_short {
            return;
        }
        if let Some(line) = ServerLogLine::from_change(change) {
            self.write(
                source.worker,
                line.level,
                line.event,
                &line.message,
                line.data,
            );
        }
    }
}

/// Shortens each id to its last digits, which every command accepts.
fn with_short_ids(message: &str) -> String {
    const WHOLE: usize = 36;
    const SHORT: usize = 6;
    let is_id = |part: &str| {
        part.char_indices()
            .all(|(position, letter)| match position {
                8 | 13 | 18 | 23 => letter == '-',
                _ => letter.is_ascii_hexdigit(),
            })
    };
    let mut short = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(letter) = rest.chars().next() {
        match rest.get(..WHOLE) {
            Some(id) if is_id(id) => {
                short.push_str(&id[WHOLE - SHORT..]);
                rest = &rest[WHOLE..];
            }
            _ => {
                short.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    short
}

/// One line of the log.
struct ServerLogLine {
    level: LogLevel,
    /// A stable name for programs.
    event: &'static str,
    message: String,
    data: Value,
}

impl ServerLogLine {
    fn from_change(change: &ProgressEvent<'_>) -> Option<Self> {
        use LogLevel::{Error, Info, Warning};
        Some(match change {
            ProgressEvent::Started => Self::of_worker(Info, "worker.started", "looking for work"),
            ProgressEvent::Stopping => {
                Self::of_worker(Info, "worker.stopping", "stopping: no more claims")
            }
            ProgressEvent::Stopped => Self::of_worker(Info, "worker.stopped", "stopped"),
            ProgressEvent::Trouble(message) => Self::of_worker(Error, "worker.trouble", message),
            ProgressEvent::Environment(ProvideProgress::Building { environment, .. }) => {
                Self::of_environment(Info, "environment.building", environment, "building")
            }
            ProgressEvent::Environment(ProvideProgress::Ready { environment, .. }) => {
                Self::of_environment(Info, "environment.ready", environment, "ready")
            }
            ProgressEvent::BuildFailed(environment, error) => {
                let words = error.to_string();
                Self::of_environment(Error, names::ENVIRONMENT_FAILED, environment, &words)
            }
            ProgressEvent::Claimed(run) => Self::claimed(run),
            ProgressEvent::Ended(run) => Self::ended(run),
            ProgressEvent::Lost(run) => {
                let words = "the claim was lost; this worker writes nothing more";
                Self::of_run(Warning, names::RUN_LOST_CLAIM, run, words, json!({}))
            }
            ProgressEvent::Expired(run) => {
                Self::claim_ended("run.expired", run, "its lease expired")
            }
            ProgressEvent::Recovered(run) => {
                Self::claim_ended(names::RUN_RECOVERED, run, "its process died")
            }
            ProgressEvent::Told(delivery, refused) => Self::told(delivery, *refused),
            ProgressEvent::Metrics(metrics) => Self::of_queue(metrics),
            ProgressEvent::Collected(report) => Self {
                level: Info,
                event: "gc.collected",
                message: format!(
                    "deleted {}, {} freed, {} could not be deleted",
                    plural(report.removed.len() as u64, "item"),
                    bytes(report.bytes_freed),
                    report.failed.len()
                ),
                data: json!({"gc": report}),
            },
            ProgressEvent::Quieted(Some(by)) => {
                let words = format!("quieted by {by}: takes no more runs until it is resumed");
                Self::of_worker(Warning, "worker.quieted", &words)
            }
            ProgressEvent::Quieted(None) => {
                Self::of_worker(Info, "worker.resumed", "takes runs again")
            }
            ProgressEvent::ClockJumped(seconds) => Self {
                level: Warning,
                event: "clock.jumped",
                message: format!(
                    "the clock jumped by {seconds:.0} s; leases are left alone until every worker has renewed its own"
                ),
                data: json!({"seconds": seconds}),
            },
            // Changes that are in the log of the run, or on the terminal of `ade run`.
            _ => return None,
        })
    }

    fn of_worker(level: LogLevel, event: &'static str, words: &str) -> Self {
        Self {
            level,
            event,
            message: words.to_owned(),
            data: Value::Null,
        }
    }

    fn told(delivery: &Delivery, refused: Option<&(String, DeliveryFailure)>) -> Self {
        use LogLevel::{Debug, Error, Warning};
        let (run, by) = (&delivery.run_id, delivery.kind.as_str());
        let (level, event, words) = match refused {
            None => (Debug, "delivery.accepted", String::new()),
            Some((error, DeliveryFailure::Again(at))) => {
                let words = format!(" was not accepted, and is sent again at {at}: {error}");
                (Warning, "delivery.refused", words)
            }
            Some((error, DeliveryFailure::GivenUp)) => {
                let words = format!(" was not accepted for a day, and is not sent again: {error}");
                (Error, "delivery.failed", words)
            }
        };
        let message = match refused {
            None => format!("run {run}: its end was delivered ({by})"),
            Some(_) => format!("run {run}: its end ({by}){words}"),
        };
        Self {
            level,
            event,
            message,
            data: json!({"run_id": run, "kind": by, "attempt": delivery.attempts}),
        }
    }

    fn of_environment(
        level: LogLevel,
        event: &'static str,
        environment: &EnvironmentRecord,
        words: &str,
    ) -> Self {
        let (id, configuration) = (&environment.id, &environment.configuration_name);
        Self {
            level,
            event,
            message: format!("environment {id} of {configuration}: {words}"),
            data: json!({"environment_id": id}),
        }
    }

    fn of_run(
        level: LogLevel,
        event: &'static str,
        run: &RunRecord,
        words: &str,
        more: Value,
    ) -> Self {
        Self {
            level,
            event,
            message: format!("run {}: {words}", run.id),
            data: merged(json!({"run_id": run.id}), more),
        }
    }

    fn claimed(run: &RunRecord) -> Self {
        let words = format!(
            "claimed, {}, attempt {} of {}",
            run.input_name, run.attempt_count, run.max_attempts
        );
        let more = json!({"attempt": run.attempt_count});
        Self::of_run(LogLevel::Info, "run.claimed", run, &words, more)
    }

    fn ended(run: &RunRecord) -> Self {
        let took = run.duration_ms();
        let mut words = run.status.as_str().to_owned();
        if let Some(took) = took {
            words.push_str(&format!(" in {}", duration(took)));
        }
        if let Some(error) = &run.error {
            words.push_str(&format!(": {}", error.message));
        }
        let level = if run.error.is_some() {
            LogLevel::Warning
        } else {
            LogLevel::Info
        };
        let more = json!({"status": run.status, "duration_ms": took});
        Self::of_run(level, "run.ended", run, &words, more)
    }

    fn claim_ended(event: &'static str, run: &RunRecord, why: &str) -> Self {
        let words = format!("{why}, {} now", run.status.as_str());
        let more = json!({"status": run.status});
        Self::of_run(LogLevel::Warning, event, run, &words, more)
    }

    fn of_queue(metrics: &QueueMetrics) -> Self {
        let oldest = metrics
            .queue
            .oldest_wait_ms
            .map(|wait| format!(", oldest waits {}", duration(wait)))
            .unwrap_or_default();
        let latency = metrics
            .claim_latency_ms
            .map(|latency| format!(", claimed after {latency:.1} ms"))
            .unwrap_or_default();
        Self {
            level: LogLevel::Info,
            event: "queue.metrics",
            message: format!(
                "queue: {} queued{oldest}, {} running, {} succeeded, {} failed, {} cancelled, {} retried{latency}",
                metrics.queue.queued,
                metrics.queue.running,
                metrics.queue.succeeded,
                metrics.queue.failed,
                metrics.queue.cancelled,
                metrics.retried
            ),
            data: json!({"metrics": metrics}),
        }
    }
}
