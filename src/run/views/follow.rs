//! Follows the event log of a run or an environment until it has ended.
//!
//! The end of a run is recorded in the database first and written to its log a moment later. If the recorder died in between,
//! or could not write the log, or the log was collected since, the last event is made here from the record: a follower of the
//! run sees its end once, within a second.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::base::cancel::Cancel;
use crate::base::clock::Timestamp;
use crate::base::problem::{Error, ProblemKind, code};
use crate::events::names;
use crate::events::{self, AdeEvent, Follower};
use crate::run::ending::ends;
use crate::run::ending::recover::settle;
use crate::run::execution::names::with_known_names;
use crate::run::execution::verdict::kind_of_end;
use crate::run::shared_log;
use crate::settings::paths::{EnvironmentFolder, RunFolder};
use crate::store::{EnvironmentStatus, RunRecord, RunStatus, StoreError};
use crate::workspace::Workspace;
use crate::workspace::fleet;

/// The interval for reading the log, and the number of reads after which the state is checked.
const READ_EVERY: Duration = Duration::from_millis(50);
const READS: u32 = 5;
/// The interval for fetching the log from another host.
const FETCH_EVERY: Duration = Duration::from_millis(250);
/// The interval for recovering the runs of dead processes meanwhile.
const SETTLE_EVERY: Duration = Duration::from_secs(1);
/// The time within which the event of a recorded end reaches the log, because it is written right after the record; later it
/// never will.
const LATE_EVENT: Duration = Duration::from_secs(1);

/// The names that people know for the snapshot of a configuration and the staged copy of an input.
pub struct KnownNames(Vec<(PathBuf, String)>);

impl KnownNames {
    /// Replaces paths in a text of an event by these names.
    pub fn put_into(&self, text: &str) -> String {
        let names = self.0.iter();
        let names: Vec<(&Path, &str)> = names
            .map(|(path, name)| (path.as_path(), name.as_str()))
            .collect();
        with_known_names(text, &names)
    }
}

enum Subject {
    Run(String),
    Environment(String),
}

/// The number of last events that satisfy a function.
pub type LastEvents<'a> = (usize, &'a dyn Fn(&Value) -> bool);

/// A log that is being followed.
pub struct FollowedLog<'a> {
    workspace: &'a Workspace,
    subject: Subject,
    log: Follower,
    /// The time when it was fetched from other hosts.
    fetched: Option<Instant>,
    /// The last event so far that reports an end.
    last_end: Option<Value>,
    /// The number of the last event so far.
    sequence: u64,
    names: Vec<(PathBuf, String)>,
}

impl<'a> FollowedLog<'a> {
    /// Opens the log of the run that `given` names (an id, the beginning of one, or `latest`), or else of the environment.
    ///
    /// # Errors
    /// There is neither, or `given` matches several.
    pub fn open(workspace: &'a Workspace, given: &str) -> Result<Self, Error> {
        let (subject, log, names) = find(workspace, given)?;
        Ok(Self {
            workspace,
            subject,
            log: Follower::new(log),
            fetched: None,
            last_end: None,
            sequence: 0,
            names,
        })
    }

    /// Returns the names that people know for the files in events.
    pub fn names(&self) -> KnownNames {
        KnownNames(self.names.clone())
    }

    /// Passes on the events so far, one at a time, including the end of a run that has ended. `last`: begins with the last so
    /// many events that satisfy the function; then the log is not read from its beginning.
    ///
    /// # Errors
    /// The log cannot be read, or the store cannot be used.
    pub fn so_far(
        &mut self,
        last: Option<LastEvents<'_>>,
        on: &mut dyn FnMut(&Value),
    ) -> Result<(), Error> {
        // The state is read before the log, so that an end that is recorded and written in between is not missed.
        let end = self.end()?;
        if let Subject::Run(id) = &self.subject {
            shared_log::fetch(self.workspace, id, self.log.path())?;
        }
        if let Some((count, is_wanted)) = last {
            // This includes at least the last event, which may report the end.
            self.log.go_to_last(count.max(1), is_wanted)?;
        }
        self.read(on)?;
        let Some(end) = end else { return Ok(()) };
        let machine = &self.workspace.machine;
        // The event arrives in a moment, or never: a log that was fetched from another host ends before it.
        while !end.is_late(machine.now()) && !end.is_reported_by(self.last_end.as_ref()) {
            machine.wait(&Cancel::new(), READ_EVERY);
            self.read(on)?;
        }
        self.missing(&end).iter().for_each(on);
        Ok(())
    }

    /// Passes on the events since the last call.
    fn read(&mut self, on: &mut dyn FnMut(&Value)) -> Result<(), Error> {
        let Self {
            log,
            last_end,
            sequence,
            fetched,
            ..
        } = self;
        if let Subject::Run(id) = &self.subject
            && fetched.is_none_or(|at| at.elapsed() >= FETCH_EVERY)
        {
            shared_log::fetch(self.workspace, id, log.path())?;
            *fetched = Some(Instant::now());
        }
        log.each(&mut |event| {
            if let Some(number) = event.get("sequence").and_then(Value::as_u64) {
                *sequence = number;
            }
            on(&event);
            if reports_an_end(&event) {
                *last_end = Some(event);
            }
        })?;
        Ok(())
    }

    /// Returns the event of an end that the log does not report, in the form of the log.
    fn missing(&mut self, end: &End) -> Option<Value> {
        if end.is_reported_by(self.last_end.as_ref()) {
            return None;
        }
        let (event, at) = end.event.clone()?;
        let Subject::Run(id) = &self.subject else {
            return None;
        };
        let event_id = self.workspace.machine.new_id();
        let line = event.line(events::Subject::Run, id, self.sequence + 1, &event_id, at);
        self.last_end = Some(line.clone());
        Some(line)
    }

    /// Passes each further event to `on` until the run or environment has ended and its log is complete. Calls `on_idle` once
    /// if the run waits in the queue and no process exists that could execute it. Returns the kind of end, `None` for
    /// success; [`ProblemKind::Cancelled`] also if `cancel` was set first.
    ///
    /// # Errors
    /// The log cannot be read, or the store cannot be used.
    pub fn to_end(
        &mut self,
        cancel: &Cancel,
        on: &mut dyn FnMut(&Value),
        on_idle: &mut dyn FnMut(),
    ) -> Result<Option<ProblemKind>, Error> {
        let mut ended: Option<(End, Instant)> = None;
        let (mut settled, mut is_told) = (Instant::now(), false);
        loop {
            if settled.elapsed() >= SETTLE_EVERY {
                settle(self.workspace);
                settled = Instant::now();
                if !is_told && self.is_idle()? {
                    on_idle();
                    is_told = true;
                }
            }
            // The state is read before the log, so that everything written up to the end is passed on before this returns.
            if ended.is_none() {
                ended = self.end()?.map(|end| (end, Instant::now()));
            }
            for _ in 0..READS {
                self.read(on)?;
                if let Some((end, since)) = &ended
                    && (end.is_reported_by(self.last_end.as_ref()) || since.elapsed() > LATE_EVENT)
                {
                    self.missing(end).iter().for_each(&mut *on);
                    return Ok(end.kind);
                }
                if cancel.wait(READ_EVERY) {
                    return Ok(Some(ProblemKind::Cancelled));
                }
            }
        }
    }

    /// Returns whether a run waits in the queue and no process exists that could execute it.
    fn is_idle(&self) -> Result<bool, StoreError> {
        let Subject::Run(id) = &self.subject else {
            return Ok(false);
        };
        let run = self.workspace.store.run(self.workspace.id(), id)?;
        Ok(run.status == RunStatus::Queued && fleet::living(self.workspace)?.is_empty())
    }

    /// Returns the end; `None`: the run or environment has not ended.
    fn end(&self) -> Result<Option<End>, StoreError> {
        match &self.subject {
            Subject::Run(id) => end_of_run(self.workspace, id),
            Subject::Environment(id) => end_of_environment(self.workspace, id),
        }
    }
}

/// The followed run or environment, its log, and the names that people know for its files.
type FollowTarget = (Subject, PathBuf, Vec<(PathBuf, String)>);

fn find(workspace: &Workspace, given: &str) -> Result<FollowTarget, Error> {
    match workspace.run(given) {
        Ok(run) => {
            let folder = RunFolder::at(&run.run_dir);
            let configuration = run.configuration_path.to_string_lossy().into_owned();
            let names = vec![
                (run.snapshot, configuration),
                (run.input_path, run.input_name),
            ];
            return Ok((Subject::Run(run.id), folder.events(), names));
        }
        Err(StoreError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    match workspace.store.environment(workspace.id(), given) {
        Ok(environment) => Ok((
            Subject::Environment(environment.id),
            EnvironmentFolder(environment.folder).events(),
            Vec::new(),
        )),
        Err(StoreError::NotFound { .. }) => Err(Error::usage(
            code::RUN_NOT_FOUND,
            format!("there is no run or environment {given:?}"),
        )
        .hint("`ade runs ls` and `ade env ls` list them")),
        Err(error) => Err(error.into()),
    }
}

fn reports_an_end(event: &Value) -> bool {
    let name = event.get("event").and_then(Value::as_str);
    name.is_some_and(|name| {
        [
            names::RUN_COMPLETE,
            names::ENVIRONMENT_COMPLETE,
            names::ENVIRONMENT_FAILED,
        ]
        .contains(&name)
    })
}

/// A recorded end of a run or environment.
pub struct End {
    /// The kind of end; `None`: success.
    pub kind: Option<ProblemKind>,
    /// A key and value in the data of the event that reports this end: a run's attempt, or an environment's status. The log
    /// of a repeated run contains ends of earlier attempts.
    sign: (&'static str, Value),
    /// The event and the time of the end, if the event can be made from the record. An environment's event is written before
    /// its end is recorded.
    pub event: Option<(AdeEvent, Timestamp)>,
}

impl End {
    /// Returns whether this event of the log reports the end.
    pub fn is_reported_by(&self, event: Option<&Value>) -> bool {
        let (key, value) = &self.sign;
        event.and_then(|event| event.get("data")?.get(key)) == Some(value)
    }

    /// Returns whether the event is in the log by now, or will never be.
    pub fn is_late(&self, now: Timestamp) -> bool {
        let is_recent = |at: &Timestamp| u128::from(now.since(*at)) < LATE_EVENT.as_millis();
        self.event.as_ref().is_none_or(|(_, at)| !is_recent(at))
    }
}

/// Returns the end of a run; `None`: it has not ended.
pub fn end_of_run(workspace: &Workspace, id: &str) -> Result<Option<End>, StoreError> {
    let run = workspace.store.run(workspace.id(), id)?;
    Ok(end_of(&run))
}

/// Returns the end of a run from its record, if it has ended.
pub fn end_of(run: &RunRecord) -> Option<End> {
    run.status.is_terminal().then(|| End {
        kind: kind_of_end(run),
        sign: ("attempt", run.attempt_count.into()),
        event: run.completed_at.map(|at| (ends::event_of(run), at)),
    })
}

fn end_of_environment(workspace: &Workspace, id: &str) -> Result<Option<End>, StoreError> {
    let status = match workspace.store.environment(workspace.id(), id) {
        Ok(environment) => environment.status,
        // The environment was removed since, which is only possible after its end.
        Err(StoreError::NotFound { .. }) => EnvironmentStatus::Ready,
        Err(error) => return Err(error),
    };
    let kind = match status {
        EnvironmentStatus::Ready => None,
        EnvironmentStatus::Failed => Some(ProblemKind::Environment),
        EnvironmentStatus::Queued | EnvironmentStatus::Building => return Ok(None),
    };
    Ok(Some(End {
        kind,
        sign: ("status", status.as_str().into()),
        event: None,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_end_of_an_earlier_attempt_does_not_report_the_end_of_a_later_one() {
        let end = End {
            kind: None,
            sign: ("attempt", 2.into()),
            event: None,
        };
        let of = |attempt: u32| json!({"event": "run.complete", "data": {"attempt": attempt}});
        assert!(!end.is_reported_by(None));
        assert!(!end.is_reported_by(Some(&of(1))));
        assert!(end.is_reported_by(Some(&of(2))));
    }

    #[test]
    fn the_last_events_of_runs_and_environments_report_ends_and_others_do_not() {
        let reports = |name: &str| reports_an_end(&json!({"event": name}));
        assert!(reports("run.complete") && reports("environment.failed"));
        assert!(!reports("run.start") && !reports_an_end(&json!({})));
    }
}
