//! Follows an event log that other processes write.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::lines::{event_of, start_of_last, whole_lines};
use crate::base::files::FileError;

/// Reads a log from its beginning, and new events as it grows.
pub struct Follower {
    path: PathBuf,
    file: Option<File>,
    /// The position after the whole lines that were read.
    position: u64,
}

impl Follower {
    /// Follows a log, which need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: None,
            position: 0,
        }
    }

    /// Returns the path of the log.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Goes to the position where the last `count` wanted events begin, or to the beginning of the log if there are fewer. The
    /// log is read backwards, and only this part of it.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn go_to_last(
        &mut self,
        count: usize,
        is_wanted: &dyn Fn(&Value) -> bool,
    ) -> Result<(), FileError> {
        let find = |file: Option<&mut File>| {
            file.map_or(Ok(0), |file| start_of_last(file, count, is_wanted))
        };
        let start = self.opened().and_then(find);
        self.position = start.map_err(FileError::on("read", &self.path))?;
        Ok(())
    }

    /// Returns the position after the whole lines that were read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Returns whole lines that were appended since the last call, at most one piece, and their position in the file.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn next_lines(&mut self) -> Result<Option<(u64, Vec<u8>)>, FileError> {
        let from = self.position;
        let read = |file: Option<&mut File>| {
            file.map_or(Ok(None), |file| whole_lines(file, from, u64::MAX))
        };
        let lines = self.opened().and_then(read);
        let lines = lines.map_err(FileError::on("read", &self.path))?;
        Ok(lines.map(|lines| {
            self.position += lines.len() as u64;
            (from, lines)
        }))
    }

    /// Passes on the events of the whole lines that were appended since the last call, one at a time. Lines that are not JSON
    /// objects are skipped.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn each(&mut self, on: &mut dyn FnMut(Value)) -> Result<(), FileError> {
        while let Some((_, lines)) = self.next_lines()? {
            let events = lines.split(|byte| *byte == b'\n').filter_map(event_of);
            events.for_each(&mut *on);
        }
        Ok(())
    }

    /// Returns the same events as a list.
    ///
    /// # Errors
    /// See [`Self::each`].
    pub fn poll(&mut self) -> Result<Vec<Value>, FileError> {
        let mut events = Vec::new();
        self.each(&mut |event| events.push(event))?;
        Ok(events)
    }

    /// Opens the file unless it is open. `None`: the file does not exist yet.
    fn opened(&mut self) -> io::Result<Option<&mut File>> {
        if self.file.is_none() {
            match File::open(&self.path) {
                Ok(file) => self.file = Some(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(self.file.as_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_follower_gives_whole_lines_only_and_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let mut follower = Follower::new(path.clone());
        let mut written = String::new();
        for (more, wanted) in [
            ("", &[][..]),
            ("{\"n\":1}\n{\"n\":", &[1][..]),
            ("", &[]),
            ("2}\n", &[2]),
        ] {
            written += more;
            if !written.is_empty() {
                std::fs::write(&path, &written).unwrap();
            }
            let events = follower.poll().unwrap();
            assert_eq!(
                events
                    .iter()
                    .map(|event| event["n"].clone())
                    .collect::<Vec<_>>(),
                wanted
            );
        }
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
                // No more events than requested.
                assert!(found.len() <= 2 * count.max(1), "{count}: {}", found.len());
            }
        }
    }
}
