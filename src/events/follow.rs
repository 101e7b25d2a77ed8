//! Following an event log, which others write.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::PathBuf;

use serde_json::Value;

use crate::files::FileError;

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

    /// Returns the events of the whole lines that were appended since the last call. Lines that are not JSON objects are left
    /// out.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn poll(&mut self) -> Result<Vec<Value>, FileError> {
        let mut read = || -> io::Result<Vec<Value>> {
            if self.reader.is_none() {
                match File::open(&self.path) {
                    Ok(file) => self.reader = Some(BufReader::new(file)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                    Err(error) => return Err(error),
                }
            }
            let Some(reader) = &mut self.reader else {
                return Ok(Vec::new());
            };
            let mut events = Vec::new();
            // A reader at the end of the file continues there when the file has grown.
            let here = reader.stream_position()?;
            reader.seek(SeekFrom::Start(here))?;
            loop {
                if reader.read_until(b'\n', &mut self.partial)? == 0 {
                    return Ok(events);
                }
                if self.partial.last() != Some(&b'\n') {
                    continue;
                }
                if let Ok(event @ Value::Object(_)) = serde_json::from_slice(&self.partial) {
                    events.push(event);
                }
                self.partial.clear();
            }
        };
        read().map_err(FileError::on("read", &self.path))
    }
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
}
