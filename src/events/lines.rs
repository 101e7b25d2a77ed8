//! Reads whole lines of a log that other processes are writing.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use serde_json::Value;

/// The number of bytes to read at once.
pub const PIECE: u64 = 256 * 1024;

/// Reads whole lines of a log from the start of a line: at most about [`PIECE`] bytes, and nothing after `end`. `None`: there
/// is no whole line.
///
/// # Errors
/// The file cannot be read.
pub fn whole_lines(file: &File, from: u64, end: u64) -> io::Result<Option<Vec<u8>>> {
    piece_of_lines(file, from, end, PIECE)
}

/// The same, in pieces of about this many bytes.
///
/// # Errors
/// See [`whole_lines`].
pub fn piece_of_lines(file: &File, from: u64, end: u64, piece: u64) -> io::Result<Option<Vec<u8>>> {
    let mut room = piece.min(end.saturating_sub(from));
    loop {
        let mut bytes = vec![0; usize::try_from(room).unwrap_or(usize::MAX)];
        let read = read_at_most(file, &mut bytes, from)?;
        bytes.truncate(read);
        let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            if (read as u64) < room || room >= end.saturating_sub(from) {
                return Ok(None);
            }
            // The line is longer than a piece.
            room = (room * 4).min(end - from);
            continue;
        };
        bytes.truncate(last + 1);
        return Ok(Some(bytes));
    }
}

/// Finds the start of a line after which all events with a number above `after` follow, with few other events before them: the
/// numbers grow from line to line, so the search halves the log.
///
/// # Errors
/// The file cannot be read.
pub fn start_behind(file: &File, after: u64) -> io::Result<u64> {
    // Every event before `low` has a number of at most `after`; at or after `high`, the number is larger or the file ends.
    let (mut low, mut high) = (0, file.metadata()?.len());
    while after > 0 && high - low > PIECE {
        let middle = low + (high - low) / 2;
        let mut bytes = vec![0; usize::try_from(PIECE).unwrap_or(usize::MAX)];
        let read = read_at_most(file, &mut bytes, middle)?;
        let Some((start, sequence)) = first_whole_line(&bytes[..read]) else {
            // The line is longer than a piece: the rest is read from its start.
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

/// Returns the start of the first whole line with an event, and the number of the event; the bytes may begin within a line.
fn first_whole_line(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut start = bytes.iter().position(|byte| *byte == b'\n')? + 1;
    loop {
        let length = bytes[start..].iter().position(|byte| *byte == b'\n')?;
        let event = event_of(&bytes[start..start + length]);
        if let Some(sequence) = event.and_then(|event| event.get("sequence")?.as_u64()) {
            return Some((start as u64, sequence));
        }
        start += length + 1;
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

/// Returns the event of a line; `None`: the line is no JSON object.
pub fn event_of(line: &[u8]) -> Option<Value> {
    serde_json::from_slice(line).ok().filter(Value::is_object)
}

/// Finds the position where the last `count` wanted events of a log begin; 0 if there are fewer. The log is read backwards,
/// and only this part of it.
///
/// # Errors
/// The file cannot be read.
pub fn start_of_last(
    file: &mut File,
    count: usize,
    is_wanted: &dyn Fn(&Value) -> bool,
) -> io::Result<u64> {
    const BLOCK: u64 = 1 << 16;
    let is_wanted = |line: &[u8]| event_of(line).is_some_and(|event| is_wanted(&event));
    let mut left = count;
    // The bytes from here to the end of the incomplete line have been read.
    let mut from = file.seek(SeekFrom::End(0))?;
    let mut held: Vec<u8> = Vec::new();
    while from > 0 && left > 0 {
        // At least as long as `held`, so that a long line is not moved again for each block.
        let length = BLOCK.max(held.len() as u64).min(from);
        from -= length;
        let mut block = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut block)?;
        block.append(&mut held);
        while let Some(line) = last_line(&block) {
            if is_wanted(&block[line..]) {
                left -= 1;
            }
            block.truncate(line);
            if left == 0 {
                return Ok(from + line as u64);
            }
        }
        held = block;
    }
    Ok(if left == 0 {
        from + held.len() as u64
    } else {
        0
    })
}

/// Returns the start of the last line if the text before it is also there.
fn last_line(text: &[u8]) -> Option<usize> {
    let without_end = text.strip_suffix(b"\n").unwrap_or(text);
    let end = without_end.iter().rposition(|byte| *byte == b'\n')?;
    Some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_log_is_found_without_reading_what_lies_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let event = |number: u64| {
            // Lines of different lengths, and lines that are no events.
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
        let file = File::open(&path).unwrap();
        for after in [0, 1, 2, 4_999, 10_000, 19_998, 19_999, 20_000, 1 << 50] {
            let from = start_behind(&file, after).unwrap();
            assert!(from == 0 || log.as_bytes()[usize::try_from(from).unwrap() - 1] == b'\n');
            let lines = whole_lines(&file, from, u64::MAX).unwrap().unwrap();
            let first = lines.split(|byte| *byte == b'\n').find_map(event_of);
            let first = first.unwrap()["sequence"].as_u64().unwrap();
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
    }
}
