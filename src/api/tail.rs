//! Following the log of a run for any number of clients at once.
//!
//! One task for each run that is followed looks whether the log grew, and publishes what came: its place in the file, its lines,
//! and the server-sent events that they become, made once for all clients. A client that has everything before that place takes
//! it as it is; one that is behind reads the file itself, at its own pace. So a slow client holds up nobody, and costs no memory
//! but its place in the file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use super::problem::ApiError;
use super::state::Api;
use crate::events;
use crate::run::ends;
use crate::run::follow::{End, end_of_run};
use crate::store::RunRecord;
use crate::workspace::Workspace;

/// How often a log that is followed is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How often the run's record is, for its end.
const ASK_AGAIN: Duration = Duration::from_millis(250);
/// How much of a log is read at once.
const PIECE: u64 = 256 * 1024;

/// One line of a log.
#[derive(Clone, Debug)]
pub struct Line {
    /// The number of the event.
    pub sequence: u64,
    /// Its name.
    pub event: String,
    /// The line without its end.
    pub text: Bytes,
}

/// A piece of a log.
#[derive(Debug, Default)]
pub struct Piece {
    /// Where it begins in the file.
    pub from: u64,
    /// Where it ends.
    pub to: u64,
    /// Its whole lines.
    pub lines: Vec<Line>,
    /// The same as server-sent events.
    pub frames: Bytes,
}

impl Piece {
    fn of(from: u64, to: u64, lines: Vec<Line>) -> Self {
        let mut frames = Vec::new();
        for line in &lines {
            frame(line, &mut frames);
        }
        Self {
            from,
            to,
            lines,
            frames: frames.into(),
        }
    }
}

/// A line as a server-sent event (WHATWG HTML, 9.2).
pub fn frame(line: &Line, frames: &mut Vec<u8>) {
    frames.extend_from_slice(
        format!("id: {}\nevent: {}\ndata: ", line.sequence, line.event).as_bytes(),
    );
    frames.extend_from_slice(&line.text);
    frames.extend_from_slice(b"\n\n");
}

/// What is known of a log.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Where its whole lines end.
    pub end: u64,
    /// What came last.
    pub last: Arc<Piece>,
    /// The run has ended and its log is complete; the line is that of an end which the log lacks.
    pub over: Option<Option<Line>>,
}

/// The logs that are being followed, by run.
#[derive(Default)]
pub struct Tails(Mutex<HashMap<String, watch::Sender<Seen>>>);

impl Tails {
    /// Clients that follow a run now.
    pub fn followers(&self) -> u64 {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .values()
            .map(|sender| sender.receiver_count() as u64)
            .sum()
    }
}

/// Follows a run's log.
pub fn follow(api: &Api, workspace: &Arc<Workspace>, run: &RunRecord) -> watch::Receiver<Seen> {
    let mut known = api.tails.0.lock().unwrap_or_else(PoisonError::into_inner);
    match known.entry(run.id.clone()) {
        Entry::Occupied(found) => found.get().subscribe(),
        Entry::Vacant(place) => {
            let (sender, receiver) = watch::channel(Seen::default());
            place.insert(sender.clone());
            let path = path_of(workspace, run);
            let watcher = Watcher {
                api: api.clone(),
                workspace: Arc::clone(workspace),
                run: run.id.clone(),
                path,
                sender,
            };
            tokio::spawn(watcher.watch());
            receiver
        }
    }
}

/// The log of a run.
pub fn path_of(workspace: &Workspace, run: &RunRecord) -> PathBuf {
    workspace
        .layout
        .run(&run.key.workspace_id, &run.id)
        .events()
}

struct Watcher {
    api: Api,
    workspace: Arc<Workspace>,
    run: String,
    path: PathBuf,
    sender: watch::Sender<Seen>,
}

impl Watcher {
    async fn watch(self) {
        let mut reading = self.begin().await;
        let mut end: Option<End> = None;
        let mut asked: Option<Instant> = None;
        loop {
            // What was written before the end was recorded is read after that was seen, so that it is published before it.
            let has_ended = end.is_some();
            while let Ok(Some(piece)) = reading.read() {
                self.sender.send_modify(|seen| {
                    seen.end = piece.to;
                    seen.last = Arc::new(piece);
                });
            }
            if has_ended && let Some(end) = &end {
                let now = self.workspace.machine.now();
                let is_reported = end.is_reported_by(reading.last_end.as_ref());
                if is_reported || end.is_late(now) {
                    let missing = (!is_reported).then(|| self.missing(end, reading.sequence));
                    let over = missing.flatten();
                    self.sender.send_modify(|seen| seen.over = Some(over));
                    self.forget();
                    return;
                }
            } else if asked.is_none_or(|asked| asked.elapsed() >= ASK_AGAIN) {
                asked = Some(Instant::now());
                end = self.end().await;
                if end.is_some() {
                    continue;
                }
            }
            if self.forget_if_alone() {
                return;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Begins behind what is in the log already: clients read that themselves.
    async fn begin(&self) -> Reading {
        let path = self.path.clone();
        let begun = tokio::task::spawn_blocking(move || Reading::at_end(path)).await;
        let reading = begun.unwrap_or_else(|_| Reading::new(self.path.clone()));
        self.sender.send_modify(|seen| {
            seen.end = reading.position;
            seen.last = Arc::new(Piece {
                from: reading.position,
                to: reading.position,
                ..Piece::default()
            });
        });
        reading
    }

    async fn end(&self) -> Option<End> {
        let (workspace, run) = (Arc::clone(&self.workspace), self.run.clone());
        let asked = self
            .api
            .work(move |_| Ok(end_of_run(&workspace, &run)?))
            .await;
        // A database that is busy is asked again.
        asked.ok().flatten()
    }

    fn missing(&self, end: &End, sequence: u64) -> Option<Line> {
        let (event, at) = end.event.clone()?;
        let id = self.workspace.machine.new_id();
        let line = event.line(events::Subject::Run, &self.run, sequence + 1, &id, at);
        Some(Line {
            sequence: sequence + 1,
            event: ends::COMPLETE.to_owned(),
            text: line.to_string().into(),
        })
    }

    fn forget(&self) {
        let mut known = self
            .api
            .tails
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.remove(&self.run);
    }

    /// Nobody follows any more. Who comes now finds no entry and begins anew.
    fn forget_if_alone(&self) -> bool {
        let mut known = self
            .api
            .tails
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_alone = self.sender.is_closed();
        if is_alone {
            known.remove(&self.run);
        }
        is_alone
    }
}

/// A log that is read as it grows.
struct Reading {
    path: PathBuf,
    file: Option<File>,
    /// Where its whole lines end, as far as they were read.
    position: u64,
    /// The number of the last event.
    sequence: u64,
    /// The last event that reports an end.
    last_end: Option<Value>,
}

impl Reading {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: None,
            position: 0,
            sequence: 0,
            last_end: None,
        }
    }

    /// Goes to the end of what is there, and looks at the last lines.
    fn at_end(path: PathBuf) -> Self {
        let mut reading = Self::new(path);
        let length = std::fs::metadata(&reading.path).map_or(0, |found| found.len());
        if length > PIECE {
            // Somewhere in a line; its end is no event, and is left out.
            reading.position = length - PIECE;
        }
        while let Ok(Some(_)) = reading.read() {}
        reading
    }

    /// The whole lines that came, at most one piece of them.
    fn read(&mut self) -> io::Result<Option<Piece>> {
        if self.file.is_none() {
            match File::open(&self.path) {
                Ok(file) => self.file = Some(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let piece = read_piece(file, self.position, u64::MAX)?;
        if let Some(piece) = &piece {
            self.position = piece.to;
            for line in &piece.lines {
                self.sequence = line.sequence;
                if line.event == ends::COMPLETE {
                    self.last_end = serde_json::from_slice(&line.text).ok();
                }
            }
        }
        Ok(piece)
    }
}

/// Reads whole lines of a log from a place on: at most about 256 KB, and nothing behind `end`.
pub fn read_from(path: &Path, from: u64, end: u64) -> Result<Option<Piece>, ApiError> {
    let read = || match File::open(path) {
        Ok(file) => read_piece(&file, from, end),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    read().map_err(|error| ApiError::internal(format!("{}: {error}", path.display())))
}

fn read_piece(file: &File, from: u64, end: u64) -> io::Result<Option<Piece>> {
    let mut room = PIECE.min(end.saturating_sub(from));
    loop {
        let mut bytes = vec![0; usize::try_from(room).unwrap_or(usize::MAX)];
        let read = read_at_most(file, &mut bytes, from)?;
        bytes.truncate(read);
        let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            if (read as u64) < room || room >= end.saturating_sub(from) {
                return Ok(None);
            }
            // A line that is longer than a piece.
            room = (room * 4).min(end - from);
            continue;
        };
        bytes.truncate(last + 1);
        let to = from + bytes.len() as u64;
        return Ok(Some(Piece::of(from, to, lines(&Bytes::from(bytes)))));
    }
}

fn read_at_most(file: &File, bytes: &mut [u8], from: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < bytes.len() {
        match file.read_at(&mut bytes[read..], from + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// What is needed of an event to pass it on.
#[derive(Deserialize)]
struct Head {
    sequence: u64,
    event: String,
}

/// The events in whole lines. Lines that are none are left out.
fn lines(bytes: &Bytes) -> Vec<Line> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .filter_map(|line| {
            let Head { sequence, event } = serde_json::from_slice(line).ok()?;
            Some(Line {
                sequence,
                // An event's name is a word; a line end in it would begin another field of a server-sent event.
                event: event.replace(['\n', '\r'], " "),
                text: bytes.slice_ref(line),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn event(sequence: u64) -> String {
        format!("{{\"sequence\":{sequence},\"event\":\"e\"}}\n")
    }

    fn numbers(piece: Option<Piece>) -> Vec<u64> {
        piece.map_or(Vec::new(), |piece| {
            piece.lines.iter().map(|line| line.sequence).collect()
        })
    }

    #[test]
    fn a_reader_gives_whole_lines_only_and_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let mut reading = Reading::new(path.clone());
        assert!(reading.read().unwrap().is_none(), "there is no file yet");
        let mut file = File::create(&path).unwrap();
        file.write_all(event(1).as_bytes()).unwrap();
        let second = event(2);
        file.write_all(&second.as_bytes()[..9]).unwrap();
        assert_eq!(numbers(reading.read().unwrap()), [1]);
        assert!(reading.read().unwrap().is_none());
        file.write_all(&second.as_bytes()[9..]).unwrap();
        assert_eq!(numbers(reading.read().unwrap()), [2]);
    }

    #[test]
    fn a_follower_begins_behind_what_is_there_and_knows_its_last_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let many: String = (1..=20_000).map(event).collect();
        assert!(many.len() as u64 > PIECE);
        std::fs::write(&path, &many).unwrap();
        let mut reading = Reading::at_end(path.clone());
        assert_eq!(
            (reading.position, reading.sequence),
            (many.len() as u64, 20_000)
        );
        assert!(reading.read().unwrap().is_none());
        let mut from = 0;
        let mut all = Vec::new();
        while let Some(piece) = read_from(&path, from, reading.position).unwrap() {
            from = piece.to;
            all.extend(piece.lines.iter().map(|line| line.sequence));
        }
        assert_eq!(all, (1..=20_000).collect::<Vec<u64>>());
    }

    #[test]
    fn a_line_longer_than_a_piece_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let long = format!(
            "{{\"sequence\":1,\"event\":\"e\",\"message\":\"{}\"}}\n",
            "x".repeat(1_000_000)
        );
        std::fs::write(&path, format!("{long}{}", event(2))).unwrap();
        let end = std::fs::metadata(&path).unwrap().len();
        let first = read_from(&path, 0, end).unwrap().unwrap();
        assert_eq!(first.lines[0].sequence, 1);
        assert_eq!(first.lines[0].text.len(), long.len() - 1);
    }
}
