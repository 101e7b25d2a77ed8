//! Writes an event log.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use serde_json::{Map, Value, json};

use crate::base::clock::Timestamp;
use crate::base::files::FileError;
use crate::base::mutex::lock;
use crate::system::machine::{Machine, OpenLog};

/// The subject of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A run, by its id.
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

/// An event that ADE itself writes.
#[derive(Clone, Debug)]
pub struct AdeEvent {
    /// `debug`, `info`, `warning`, `error`.
    pub level: &'static str,
    /// The name of the event.
    pub event: &'static str,
    /// A message for people about what happened.
    pub message: String,
    /// The data of the event; null if it has none.
    pub data: Value,
}

impl AdeEvent {
    /// Returns the event as a line of a log that has not written it, with the number that it would have there.
    pub fn line(
        self,
        subject: Subject,
        id: &str,
        sequence: u64,
        event_id: &str,
        at: Timestamp,
    ) -> Value {
        numbered(self.object(event_id, at), subject, id, sequence)
    }

    fn object(self, event_id: &str, at: Timestamp) -> Map<String, Value> {
        let entries = [
            ("event_id", json!(event_id)),
            ("timestamp", json!(at)),
            ("level", json!(self.level)),
            ("event", json!(self.event)),
            ("message", json!(self.message)),
        ];
        let entries = entries.map(|(key, value)| (key.to_owned(), value));
        let mut object = Map::from_iter(entries);
        if !self.data.is_null() {
            object.insert("data".to_owned(), self.data);
        }
        object
    }
}

/// Adds the log's id and the event's number after the first entry, the event's own id.
fn numbered(object: Map<String, Value>, subject: Subject, id: &str, sequence: u64) -> Value {
    let mut whole = Map::new();
    let mut rest = object.into_iter();
    whole.extend(rest.next());
    whole.insert(subject.key().to_owned(), json!(id));
    whole.insert("sequence".to_owned(), json!(sequence));
    whole.extend(rest);
    Value::Object(whole)
}

/// A log that is open for appending. The holder of the lease appends to it; if another process also appends, for example to
/// report an end, the numbering continues after its events.
pub struct EventLog<'a> {
    machine: &'a dyn Machine,
    subject: Subject,
    id: String,
    path: PathBuf,
    state: Mutex<EventLogState>,
}

struct EventLogState {
    file: Box<dyn OpenLog>,
    sequence: u64,
    /// The length of the file that this log expects; any other length means that another process has appended to it.
    length: u64,
    /// The first failure to write. Work continues; [`EventLog::finish`] returns the failure.
    broken: Option<io::Error>,
}

impl<'a> EventLog<'a> {
    /// Returns whether no process has written an event yet.
    pub fn is_empty(&self) -> bool {
        let state = lock(&self.state);
        state.sequence == 0
    }

    /// Opens a log, or creates it. Another attempt continues its numbering; a line that a crash cut short gets a line end, so
    /// that it does not damage the next line.
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
        let open = || -> io::Result<EventLogState> {
            let mut file = files.open_log(path)?;
            let text = file.read()?;
            let mut length = text.len() as u64;
            if text.last().is_some_and(|last| *last != b'\n') {
                file.append(b"\n")?;
                length += 1;
            }
            Ok(EventLogState {
                file,
                sequence: last_sequence(&text),
                length,
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

    /// Returns the path of the log.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends an event of ADE itself, and returns it.
    pub fn write(
        &self,
        level: &'static str,
        event: &'static str,
        message: &str,
        data: Value,
    ) -> Value {
        let own = AdeEvent {
            level,
            event,
            message: message.to_owned(),
            data,
        };
        self.append(own.object(&self.machine.new_id(), self.machine.now()))
    }

    /// Appends an event of another program, with `sequence` and the log's id added, and returns it.
    pub fn append(&self, object: Map<String, Value>) -> Value {
        let mut state = self.lock();
        if state.has_grown() {
            state.catch_up();
        }
        let event = numbered(object, self.subject, &self.id, state.sequence + 1);
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

    fn lock(&self) -> MutexGuard<'_, EventLogState> {
        lock(&self.state)
    }
}

impl EventLogState {
    fn has_grown(&self) -> bool {
        let found = self.file.length();
        found.is_ok_and(|length| length != self.length)
    }

    /// Continues the numbering after the events of another process.
    fn catch_up(&mut self) {
        if let Ok(text) = self.file.read() {
            self.sequence = last_sequence(&text).max(self.sequence);
            self.length = text.len() as u64;
        }
    }
}

/// Returns the sequence number of the last whole line.
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
    use crate::system::machine::System;

    #[test]
    fn numbering_goes_on_after_a_crash_in_the_middle_of_a_line_and_beside_another_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/events.ndjson");
        let open = || EventLog::open(&System, &path, Subject::Run, "r1").unwrap();
        let log = open();
        log.write("info", "run.start", "one", Value::Null);
        log.write("info", "run.retry", "two", json!({"a": 1}));
        log.finish().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text + "{\"sequence\": 99, \"ev").unwrap();
        let (one, other) = (open(), open());
        one.write("info", "run.start", "three", Value::Null);
        other.write("info", "run.recovered", "four", Value::Null);
        one.write("info", "run.complete", "five", Value::Null);
        let events = Follower::new(path.clone()).poll().unwrap();
        let told = events
            .iter()
            .map(|event| format!("{} {}", event["sequence"], event["message"]));
        assert_eq!(
            told.collect::<Vec<_>>().join(", "),
            r#"1 "one", 2 "two", 3 "three", 4 "four", 5 "five""#
        );
        assert_eq!(events[0]["run_id"], "r1");
    }
}
