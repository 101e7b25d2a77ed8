//! A log in pieces: whole lines of it, with paths as clients see them, and what is published of a log that is being followed.

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
    /// Of whole lines that begin in the file at `from`.
    pub fn of(from: u64, lines: Vec<u8>, paths: &Hider) -> Self {
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
pub struct LogEnd {
    /// Where its whole lines end.
    pub end: u64,
    /// What came last.
    pub last: Arc<Piece>,
    /// The run has ended and its log is complete; the line is that of an end which the log lacks.
    pub over: Option<Option<Line>>,
}

/// The logs that are being followed, by run.
#[derive(Default)]
pub struct Tails(pub Mutex<HashMap<String, watch::Sender<LogEnd>>>);

impl Tails {
    /// Clients that follow a run now.
    pub fn followers(&self) -> u64 {
        let known = lock(&self.0);
        known
            .values()
            .map(|sender| sender.receiver_count() as u64)
            .sum()
    }
}

/// Reads whole lines of a log from a place on: at most about 256 KB, and nothing behind `end`.
pub fn read_from(
    path: &Path,
    from: u64,
    end: u64,
    paths: &Hider,
) -> Result<Option<Piece>, ApiError> {
    let read = in_log(path, |file| whole_lines(file, from, end))?;
    Ok(read.flatten().map(|lines| Piece::of(from, lines, paths)))
}

/// A place in a log behind which all events with a number above `after` are, and few others before them.
pub fn start_behind(path: &Path, after: u64) -> Result<u64, ApiError> {
    Ok(in_log(path, |file| lines::start_behind(file, after))?.unwrap_or(0))
}

/// `None`: there is no log yet.
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

/// What is needed of an event to pass it on.
#[derive(Deserialize)]
struct Head {
    sequence: u64,
    event: String,
}

/// A line as clients see it. One without a path is not copied.
fn shown(bytes: &Bytes, line: &[u8], paths: &Hider) -> Bytes {
    match std::str::from_utf8(line).map(|line| paths.text(line)) {
        Ok(Cow::Owned(shown)) => shown.into(),
        _ => bytes.slice_ref(line),
    }
}

/// The events in whole lines. Lines that are none are left out.
fn events_in(bytes: &Bytes, paths: &Hider) -> Vec<Line> {
    bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .filter_map(|line| {
            let Head { sequence, event } = serde_json::from_slice(line).ok()?;
            Some(Line {
                sequence,
                // An event's name is a word; a line end in it would begin another field of a server-sent event.
                event: event.replace(['\n', '\r'], " "),
                text: shown(bytes, line, paths),
            })
        })
        .collect()
}
