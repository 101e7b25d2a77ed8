//! A log in pieces: whole lines with this machine's paths hidden, and the published state of a followed log.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::watch;

use super::problem::ApiError;
use crate::base::hide_paths::Hider;
use crate::base::mutex::lock;
use crate::base::show_path::ShowPath;
use crate::events::lines;
use crate::events::lines::whole_lines;

/// A line of a log.
#[derive(Clone, Debug)]
pub struct EventLine {
    /// The number of the event.
    pub sequence: u64,
    /// The name of the event.
    pub event: String,
    /// The text without the line end.
    pub text: Bytes,
}

/// A piece of a log.
#[derive(Debug, Default)]
pub struct LogPiece {
    /// The position in the file where it begins.
    pub from: u64,
    /// The position in the file where it ends.
    pub to: u64,
    /// The whole lines of the piece.
    pub lines: Vec<EventLine>,
    /// The lines as server-sent events.
    pub frames: Bytes,
}

impl LogPiece {
    /// Returns the piece of whole lines that begin at byte `from` of the file.
    pub fn new(from: u64, lines: Vec<u8>, paths: &Hider) -> Self {
        let to = from + lines.len() as u64;
        let lines = events_in(&lines.into(), paths);
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

/// Appends a line as a server-sent event (WHATWG HTML, 9.2).
pub fn frame(line: &EventLine, frames: &mut Vec<u8>) {
    frames.extend_from_slice(
        format!("id: {}\nevent: {}\ndata: ", line.sequence, line.event).as_bytes(),
    );
    frames.extend_from_slice(&line.text);
    frames.extend_from_slice(b"\n\n");
}

/// The published state of a log.
#[derive(Clone, Debug, Default)]
pub struct LogEnd {
    /// The position after the last whole line.
    pub end: u64,
    /// The piece that was read last.
    pub last: Arc<LogPiece>,
    /// If present, the run has ended and its log is complete. The inner value is the line of the end if the log lacks it.
    pub over: Option<Option<EventLine>>,
}

/// The followed logs, by run.
#[derive(Default)]
pub struct FollowedLogs(pub Mutex<HashMap<String, watch::Sender<LogEnd>>>);

impl FollowedLogs {
    /// Returns the number of clients that follow a run now.
    pub fn followers(&self) -> u64 {
        let known = lock(&self.0);
        known
            .values()
            .map(|sender| sender.receiver_count() as u64)
            .sum()
    }
}

/// Reads whole lines of a log from a position: about 256 KB at most, and nothing after `end`.
pub fn read_from(
    path: &Path,
    from: u64,
    end: u64,
    paths: &Hider,
) -> Result<Option<LogPiece>, ApiError> {
    let read = in_log(path, |file| whole_lines(file, from, end))?;
    Ok(read
        .flatten()
        .map(|lines| LogPiece::new(from, lines, paths)))
}

/// Returns a position in a log after which all events with a number above `after` are, with few other events before them.
pub fn start_behind(path: &Path, after: u64) -> Result<u64, ApiError> {
    Ok(in_log(path, |file| lines::start_behind(file, after))?.unwrap_or(0))
}

/// Reads something in a log. Returns `None` if there is no log yet.
fn in_log<T>(
    path: &Path,
    read: impl FnOnce(&File) -> io::Result<T>,
) -> Result<Option<T>, ApiError> {
    match File::open(path).and_then(|file| read(&file)) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ApiError::internal(format!("{}: {error}", path.display()))),
    }
}

/// The parts of an event that are needed to pass it on.
#[derive(Deserialize)]
struct EventHead {
    sequence: u64,
    event: String,
}

/// Returns a line with this machine's paths hidden. A line without a path is not copied.
fn shown(bytes: &Bytes, line: &[u8], paths: &Hider) -> Bytes {
    match std::str::from_utf8(line).map(|line| paths.text(line)) {
        Ok(Cow::Owned(shown)) => shown.into(),
        _ => bytes.slice_ref(line),
    }
}

/// Returns the events in whole lines. Lines that are no events are left out.
fn events_in(bytes: &Bytes, paths: &Hider) -> Vec<EventLine> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .filter_map(|line| {
            let EventHead { sequence, event } = serde_json::from_slice(line).ok()?;
            Some(EventLine {
                sequence,
                // The name of an event is a word; a line end in it would begin another field of a server-sent event.
                event: event.replace(['\n', '\r'], " "),
                text: shown(bytes, line, paths),
            })
        })
        .collect()
}
