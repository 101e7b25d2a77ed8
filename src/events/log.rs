//! Writing an event log.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::files::FileError;
use crate::machine::{Machine, OpenLog};

/// What a log is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A run.
    Run,
    /// The provisioning of an environment.
    Environment,
}

impl Subject {
    fn key(self) -> &'static str {
        match self {
            Self::Run => "run_id",
            Self::Environment => "environment_id",
        }
    }
}

/// A log that is open for appending. The holder of the lease appends to it; where another process appends too, for example
/// to report an end, the numbering continues from what that process wrote.
pub struct EventLog<'a> {
    machine: &'a dyn Machine,
    subject: Subject,
    id: String,
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    file: Box<dyn OpenLog>,
    sequence: u64,
    /// The length of the file that this log expects; any other length means that another process has appended to it.
    length: u64,
    /// Whether another process has appended since this log was opened.
    shared: bool,
    /// The first failure to write. The work goes on; [`EventLog::finish`] returns the failure.
    broken: Option<io::Error>,
}

impl<'a> EventLog<'a> {
    /// Opens a log, or creates it. A further attempt continues its numbering; a line that a crash cut short gets a line end,
    /// so that it does not damage the next one.
    ///
    /// # Errors
    /// The file cannot be created or read.
    pub fn open(
        machine: &'a dyn Machine,
        path: &Path,
        subject: Subject,
        id: &str,
    ) -> Result<Self, FileError> {
        let files = machine.files();
        if let Some(folder) = path.parent() {
            files
                .create_folder(folder)
                .map_err(FileError::on("create the folder", folder))?;
        }
        let open = || -> io::Result<State> {
            let mut file = files.open_log(path)?;
            let text = file.read()?;
            let mut length = text.len() as u64;
            if text.last().is_some_and(|last| *last != b'\n') {
                file.append(b"\n")?;
                length += 1;
            }
            Ok(State {
                file,
                sequence: last_sequence(&text),
                length,
                shared: false,
                broken: None,
            })
        };
        let state = open().map_err(FileError::on("open", path))?;
        Ok(Self {
            machine,
            subject,
            id: id.to_owned(),
            path: path.to_owned(),
            state: Mutex::new(state),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends an event of ADE's own. Returns it.
    pub fn write(&self, level: &str, event: &str, message: &str, data: Value) -> Value {
        let mut object = Map::new();
        object.insert("event_id".to_owned(), json!(self.machine.new_id()));
        object.insert("timestamp".to_owned(), json!(self.machine.now()));
        object.insert("level".to_owned(), json!(level));
        object.insert("event".to_owned(), json!(event));
        object.insert("message".to_owned(), json!(message));
        if !data.is_null() {
            object.insert("data".to_owned(), data);
        }
        self.append(object)
    }

    /// Appends an event of another program, with `sequence` and the log's id added. Returns it.
    pub fn append(&self, object: Map<String, Value>) -> Value {
        let mut state = self.lock();
        if state.has_grown() {
            state.catch_up();
        }
        let mut whole = Map::new();
        let mut rest = object.into_iter();
        whole.extend(rest.next());
        whole.insert(self.subject.key().to_owned(), json!(self.id));
        whole.insert("sequence".to_owned(), json!(state.sequence + 1));
        whole.extend(rest);
        let event = Value::Object(whole);
        let mut line = event.to_string();
        line.push('\n');
        match state.file.append(line.as_bytes()) {
            Ok(()) => {
                state.sequence += 1;
                state.length += line.len() as u64;
            }
            Err(error) => {
                state.broken.get_or_insert(error);
            }
        }
        event
    }

    /// Locks the log against other processes that [`EventLog::hold`] it, so that an event is written once although each
    /// process checks for it first. `None`: another process holds it.
    pub fn hold(&self) -> Option<Hold<'_, 'a>> {
        // Where the file system has no locks, an end that is reported twice is better than one that is missing.
        let locked = self.lock().file.try_lock().unwrap_or(true);
        locked.then(|| Hold(self))
    }

    /// Returns the events in it. Lines that are not JSON objects are left out.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self) -> Result<Vec<Value>, FileError> {
        let text = self
            .lock()
            .file
            .read()
            .map_err(FileError::on("read", &self.path))?;
        let lines = text.split(|byte| *byte == b'\n');
        Ok(lines
            .filter_map(|line| serde_json::from_slice(line).ok())
            .filter(Value::is_object)
            .collect())
    }

    /// Whether another process has appended since this log was opened.
    pub fn is_shared(&self) -> bool {
        let state = self.lock();
        state.shared || state.has_grown()
    }

    /// Makes the log durable.
    ///
    /// # Errors
    /// An event could not be written, or the sync failed: the disk is full, most likely.
    pub fn finish(&self) -> Result<(), FileError> {
        let mut state = self.lock();
        let result = match state.broken.take() {
            Some(error) => Err(error),
            None => state.file.sync(),
        };
        result.map_err(FileError::on("write", &self.path))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_grown(&self) -> bool {
        let found = self.file.length();
        found.is_ok_and(|length| length != self.length)
    }

    /// Continues the numbering of what another process wrote.
    fn catch_up(&mut self) {
        if let Ok(text) = self.file.read() {
            self.sequence = last_sequence(&text).max(self.sequence);
            self.length = text.len() as u64;
            self.shared = true;
        }
    }
}

/// A held log; released when dropped.
pub struct Hold<'h, 'a>(&'h EventLog<'a>);

impl Drop for Hold<'_, '_> {
    fn drop(&mut self) {
        self.0.lock().file.unlock();
    }
}

/// The sequence of the last whole line.
fn last_sequence(text: &[u8]) -> u64 {
    text.split(|byte| *byte == b'\n')
        .rev()
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .find_map(|event| event.get("sequence").and_then(Value::as_u64))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Follower;
    use crate::machine::System;
    use std::io::Write;

    fn numbers(events: &[Value]) -> Vec<u64> {
        let numbers = events.iter().map(|event| event["sequence"].as_u64());
        numbers.flatten().collect()
    }

    #[test]
    fn numbering_goes_on_after_a_crash_in_the_middle_of_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/events.ndjson");
        let log = EventLog::open(&System, &path, Subject::Run, "r1").unwrap();
        log.write("info", "run.start", "one", Value::Null);
        log.write("info", "run.retry", "two", json!({"a": 1}));
        log.finish().unwrap();
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"{\"sequence\": 99, \"ev")
            .unwrap();
        let log = EventLog::open(&System, &path, Subject::Run, "r1").unwrap();
        log.write("info", "run.complete", "three", Value::Null);
        let events = Follower::new(path).poll().unwrap();
        assert_eq!(numbers(&events), [1, 2, 3]);
        assert_eq!(events[0]["run_id"], "r1");
    }

    #[test]
    fn a_log_that_another_process_wrote_to_goes_on_from_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let one = EventLog::open(&System, &path, Subject::Run, "r1").unwrap();
        let other = EventLog::open(&System, &path, Subject::Run, "r1").unwrap();
        one.write("info", "run.start", "one", Value::Null);
        assert!(other.is_shared() && !one.is_shared());
        other.write("info", "run.recovered", "two", Value::Null);
        one.write("info", "run.complete", "three", Value::Null);
        assert!(other.is_shared() && one.is_shared());
        let events = Follower::new(path).poll().unwrap();
        assert_eq!(numbers(&events), [1, 2, 3]);
    }

    #[test]
    fn one_process_at_a_time_holds_a_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let one = EventLog::open(&System, &path, Subject::Run, "r1").unwrap();
        let other = EventLog::open(&System, &path, Subject::Run, "r1").unwrap();
        let hold = one.hold();
        assert!(hold.is_some() && other.hold().is_none());
        drop(hold);
        assert!(other.hold().is_some());
    }
}
