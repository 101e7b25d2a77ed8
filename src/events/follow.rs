//! Following an event log, which others write.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

use serde_json::Value;

use crate::base::files::FileError;

/// Reads a log from its beginning, and new events as it grows.
pub struct Follower {
    path: PathBuf,
    reader: Option<BufReader<File>>,
    partial: Vec<u8>,
}

impl Follower {
    /// Follows a log, which need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            reader: None,
            partial: Vec::new(),
        }
    }

    /// Goes to where the last `count` events begin that are wanted, or to the beginning of the log, if there are fewer. The log
    /// is read backwards, and no more of it than that.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn go_to_last(
        &mut self,
        count: usize,
        is_wanted: &dyn Fn(&Value) -> bool,
    ) -> Result<(), FileError> {
        let mut go = || -> io::Result<()> {
            let Some(reader) = self.opened()? else {
                return Ok(());
            };
            let start = start_of_last(reader.get_mut(), count, is_wanted)?;
            reader.seek(SeekFrom::Start(start))?;
            Ok(())
        };
        go().map_err(FileError::on("read", &self.path))
    }

    /// Passes on the events of the whole lines that were appended since the last call, one at a time. Lines that are not JSON
    /// objects are left out.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn each(&mut self, on: &mut dyn FnMut(Value)) -> Result<(), FileError> {
        let path = self.path.clone();
        let mut read = || -> io::Result<()> {
            let mut partial = std::mem::take(&mut self.partial);
            let Some(reader) = self.opened()? else {
                return Ok(());
            };
            // A reader at the end of the file continues there when the file has grown.
            let here = reader.stream_position()?;
            reader.seek(SeekFrom::Start(here))?;
            while reader.read_until(b'\n', &mut partial)? > 0 {
                if partial.last() == Some(&b'\n') {
                    event_of(&partial).into_iter().for_each(&mut *on);
                    partial.clear();
                }
            }
            self.partial = partial;
            Ok(())
        };
        read().map_err(FileError::on("read", &path))
    }

    /// The same events as a list.
    ///
    /// # Errors
    /// As [`Self::each`].
    pub fn poll(&mut self) -> Result<Vec<Value>, FileError> {
        let mut events = Vec::new();
        self.each(&mut |event| events.push(event))?;
        Ok(events)
    }

    /// `None`: the file does not exist yet.
    fn opened(&mut self) -> io::Result<Option<&mut BufReader<File>>> {
        if self.reader.is_none() {
            match File::open(&self.path) {
                Ok(file) => self.reader = Some(BufReader::new(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(self.reader.as_mut())
    }
}

fn event_of(line: &[u8]) -> Option<Value> {
    serde_json::from_slice(line).ok().filter(Value::is_object)
}

/// Where the last `count` events of a log begin that are wanted; 0 if there are fewer. The log is read backwards, and no more of
/// it than that.
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
    // What was read lies from here to the end of the line that is not whole yet.
    let mut from = file.seek(SeekFrom::End(0))?;
    let mut held: Vec<u8> = Vec::new();
    while from > 0 && left > 0 {
        // As long as what is held, so that a long line is not moved again for each block.
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

/// Where the last line begins, if what is before it is there too.
fn last_line(text: &[u8]) -> Option<usize> {
    let without_end = text.strip_suffix(b"\n").unwrap_or(text);
    let end = without_end.iter().rposition(|byte| *byte == b'\n')?;
    Some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::fs::OpenOptions;
    use std::io::Write;

    #[test]
    fn a_follower_gives_whole_lines_only_and_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let mut follower = Follower::new(path.clone());
        assert!(
            follower.poll().unwrap().is_empty(),
            "the file does not exist yet"
        );
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .unwrap();
        file.write_all(b"{\"n\":1}\n{\"n\":").unwrap();
        assert_eq!(follower.poll().unwrap(), [json!({"n": 1})]);
        assert!(follower.poll().unwrap().is_empty());
        file.write_all(b"2}\n").unwrap();
        assert_eq!(follower.poll().unwrap(), [json!({"n": 2})]);
    }

    #[test]
    fn the_last_events_are_found_from_the_end_whatever_their_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let numbers = 0..200;
        let line = |number: i32| {
            let filler = "x".repeat(usize::try_from(number * number * 7 % 9001).unwrap());
            format!(
                "{}\n",
                json!({"n": number, "filler": filler, "odd": number % 2 == 1})
            )
        };
        let text: String = numbers.clone().map(line).collect();
        assert!(text.len() > 5 * (1 << 16), "{}", text.len());
        for (end, last) in [("", 199), ("{\"n\": 200", 199)] {
            std::fs::write(&path, format!("{text}{end}")).unwrap();
            for count in [0, 1, 2, 37, 99, 100, 101, 500] {
                let mut follower = Follower::new(path.clone());
                let is_odd = |event: &Value| event["odd"] == true;
                follower.go_to_last(count, &is_odd).unwrap();
                let found = follower.poll().unwrap();
                let odd = found.iter().filter(|event| is_odd(event)).count();
                assert_eq!(odd, count.min(100), "{count}");
                if count > 0 {
                    assert_eq!(found.last().unwrap()["n"], last);
                }
                // No more than asked for.
                assert!(found.len() <= 2 * count.max(1), "{count}: {}", found.len());
            }
        }
    }
}
