//! A log in pieces: whole lines of it, with paths as clients see them, and what is published of a log that is being followed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::watch;

use super::paths::Hider;
use super::problem::ApiError;
use crate::base::mutex::lock;
use crate::base::show_path::ShowPath;

/// How much of a log is read at once.
pub const PIECE: u64 = 256 * 1024;

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
    let read = || match File::open(path) {
        Ok(file) => read_piece(&file, from, end, paths),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    read().map_err(|error| ApiError::internal(format!("{}: {error}", path.display())))
}

/// A place in a log, the start of a line, behind which all events with a number above `after` are, and few others before them:
/// the numbers grow from line to line, so the place is found by halving.
pub fn start_behind(path: &Path, after: u64) -> Result<u64, ApiError> {
    let find = || match File::open(path) {
        Ok(file) => halve(&file, after),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    };
    find().map_err(|error| ApiError::internal(format!("{}: {error}", path.display())))
}

fn halve(file: &File, after: u64) -> io::Result<u64> {
    // Every event before `low` has a number of at most `after`; at or behind `high`, a larger one, or the file ends.
    let (mut low, mut high) = (0, file.metadata()?.len());
    while after > 0 && high - low > PIECE {
        let middle = low + (high - low) / 2;
        let mut bytes = vec![0; usize::try_from(PIECE).unwrap_or(usize::MAX)];
        let read = read_at_most(file, &mut bytes, middle)?;
        let Some((start, sequence)) = first_whole_line(&bytes[..read]) else {
            // A line that is longer than a piece: what is left is read from its start.
            break;
        };
        if sequence <= after {
            low = middle + start;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// The first event of bytes that begin anywhere in a line: where its line begins, and its number.
fn first_whole_line(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut start = bytes.iter().position(|byte| *byte == b'\n')? + 1;
    loop {
        let length = bytes[start..].iter().position(|byte| *byte == b'\n')?;
        if let Ok(Head { sequence, .. }) = serde_json::from_slice(&bytes[start..start + length]) {
            return Some((start as u64, sequence));
        }
        start += length + 1;
    }
}

/// What [`read_from`] reads, of an open file.
pub fn read_piece(file: &File, from: u64, end: u64, paths: &Hider) -> io::Result<Option<Piece>> {
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
        return Ok(Some(Piece::of(from, to, lines(&Bytes::from(bytes), paths))));
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

/// A line as clients see it. One without a path is not copied.
fn shown(bytes: &Bytes, line: &[u8], paths: &Hider) -> Bytes {
    match std::str::from_utf8(line).map(|line| paths.text(line)) {
        Ok(Cow::Owned(shown)) => shown.into(),
        _ => bytes.slice_ref(line),
    }
}

/// The events in whole lines. Lines that are none are left out.
fn lines(bytes: &Bytes, paths: &Hider) -> Vec<Line> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_log_is_found_without_reading_what_lies_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let paths = Hider::of(folder.path());
        let event = |number: u64| {
            // Lengths that differ, and lines that are no events.
            let filling = "x".repeat(usize::try_from(number * 7919 % 400).unwrap());
            let broken = if number.is_multiple_of(97) {
                "{\"seq\n"
            } else {
                ""
            };
            format!("{broken}{{\"sequence\":{number},\"event\":\"e\",\"message\":\"{filling}\"}}\n")
        };
        let log: String = (1..=20_000).map(event).collect();
        std::fs::write(&path, &log).unwrap();
        for after in [0, 1, 2, 4_999, 10_000, 19_998, 19_999, 20_000, 1 << 50] {
            let from = start_behind(&path, after).unwrap();
            assert!(from == 0 || log.as_bytes()[usize::try_from(from).unwrap() - 1] == b'\n');
            let first = read_from(&path, from, u64::MAX, &paths)
                .unwrap()
                .unwrap()
                .lines[0]
                .sequence;
            assert!(first <= after.max(1), "{after}: begins with {first}");
            let wanted = usize::try_from(after.min(20_000)).unwrap();
            let place = log
                .match_indices("{\"sequence\"")
                .nth(wanted.saturating_sub(1));
            assert!(
                place.unwrap().0 as u64 - from <= PIECE + 1000,
                "{after}: begins too early"
            );
        }
        assert_eq!(start_behind(&folder.path().join("absent"), 5).unwrap(), 0);
    }
}
