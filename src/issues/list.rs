//! Reads a list of issues line by line.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Issue, Language};
use crate::base::files::FileError;
use crate::base::problem::{ErrorFacts, Problem, ProblemKind, become_error, code};

/// The maximum number of bytes of a line. A longer line is no issue: a cell has at most 32,767 characters, and a line quotes
/// two of them.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// An error of a list that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The list does not exist.
    #[error("{} is not there", path.display())]
    Missing {
        /// The path where it should be.
        path: PathBuf,
    },
    /// The path is a link or a folder.
    #[error("{} is not a file", path.display())]
    NoFile {
        /// The path of the list.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for ListError {
    fn facts(&self) -> ErrorFacts {
        match self {
            Self::Missing { .. } | Self::NoFile { .. } => {
                ErrorFacts::new(ProblemKind::Usage, code::NO_ISSUE_LIST)
            }
            Self::File(error) => error.facts(),
        }
    }
}

become_error!(ListError);

/// A list that is being read. It is an iterator over the issues.
#[derive(Debug)]
pub struct IssueReader {
    path: PathBuf,
    reader: BufReader<File>,
    size: u64,
    modified: Option<SystemTime>,
    offset: u64,
    passed_over: u64,
    /// The language of the sender, if the issues are for the sender.
    language: Option<Language>,
    /// The number of issues that are not for the sender.
    not_said: u64,
}

impl IssueReader {
    /// Opens the list of a file.
    ///
    /// # Errors
    /// The file does not exist, is a link or a folder, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, ListError> {
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(path);
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ListError::Missing {
                    path: path.to_owned(),
                });
            }
            Err(_) if path.is_symlink() => {
                return Err(ListError::NoFile {
                    path: path.to_owned(),
                });
            }
            Err(error) => return Err(FileError::on("read", path)(error).into()),
        };
        let found = file.metadata().map_err(FileError::on("read", path))?;
        if !found.is_file() {
            return Err(ListError::NoFile {
                path: path.to_owned(),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            reader: BufReader::new(file),
            size: found.len(),
            modified: found.modified().ok(),
            offset: 0,
            passed_over: 0,
            language: None,
            not_said: 0,
        })
    }

    /// Reads the issues as they are said to the sender: see [`Issue::for_sender`]. `None`: as they are.
    #[must_use]
    pub fn in_language(mut self, language: Option<Language>) -> Self {
        self.language = language;
        self
    }

    /// Returns the number of issues so far that are not for the sender.
    pub fn not_said(&self) -> u64 {
        self.not_said
    }

    /// Returns the number of bytes that the file had when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the time of the file's last change before it was opened.
    pub fn modified(&self) -> Option<SystemTime> {
        self.modified
    }

    /// Returns the position of the next line in bytes, from which a reader may continue.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the number of skipped lines that were no issues.
    pub fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// Continues at the start of a line, a position from [`IssueReader::offset`].
    ///
    /// # Errors
    /// The file cannot be read there.
    pub fn go_to(&mut self, offset: u64) -> Result<(), ListError> {
        let failed = FileError::on("read", &self.path);
        self.reader.seek(SeekFrom::Start(offset)).map_err(failed)?;
        self.offset = offset;
        Ok(())
    }

    /// Returns the bytes of the next line without its end, at most [`MAX_LINE_BYTES`] of them, or `None` at the end of the file.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut first = self.reader.by_ref().take(MAX_LINE_BYTES);
        let mut read = first.read_until(b'\n', &mut line)? as u64;
        if read == 0 {
            return Ok(None);
        }
        let mut ends = line.last() == Some(&b'\n');
        while !ends && read >= MAX_LINE_BYTES {
            // The rest of a line that is too long is skipped in pieces.
            let mut rest = Vec::new();
            let mut piece = self.reader.by_ref().take(MAX_LINE_BYTES);
            let more = piece.read_until(b'\n', &mut rest)? as u64;
            read += more;
            ends = more == 0 || rest.last() == Some(&b'\n');
        }
        self.offset += read;
        Ok(Some(line))
    }
}

impl Iterator for IssueReader {
    type Item = Result<Issue, ListError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.line() {
                Ok(None) => return None,
                Ok(Some(line)) => match serde_json::from_slice(&line) {
                    Ok(issue) => match self.language {
                        None => return Some(Ok(issue)),
                        Some(language) => match Issue::for_sender(issue, language) {
                            Some(issue) => return Some(Ok(issue)),
                            None => self.not_said += 1,
                        },
                    },
                    Err(_) => self.passed_over += 1,
                },
                Err(error) => {
                    let failed = FileError::on("read", &self.path);
                    return Some(Err(failed(error).into()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"sheet":"A","cell":"B2","severity":"info","field":null,"label":null,"rule":"r","message":"m","value":"","written":null,"key":null,"output":null,"row":2,"column":"B","output_sheet":null,"table":1,"more":[1]}"#;

    #[test]
    fn lines_that_are_no_issues_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a_issues.ndjson");
        let long = format!("{{\"sheet\":\"{}\"}}", "x".repeat(3 << 20));
        let odd = r#"{"sheet":"A","severity":"fatal","rule":"r","message":"m"}"#;
        let text = format!("{LINE}\n{long}\n\nnull\n{odd}\n{LINE}\n{LINE}");
        std::fs::write(&path, text).unwrap();
        let mut list = IssueReader::open(&path).unwrap();
        let first = list.next().unwrap().unwrap();
        assert_eq!(
            (first.place().as_str(), first.value.as_deref()),
            ("A!B2", Some(""))
        );
        let second = list.offset();
        assert_eq!(list.by_ref().count(), 2);
        assert_eq!((list.passed_over(), list.offset()), (4, list.size()));
        list.go_to(second).unwrap();
        assert_eq!(list.count(), 2);
    }

    #[test]
    fn a_link_is_no_list() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        let error = |path: &Path| format!("{:?}", IssueReader::open(path).err());
        assert!(error(&real).starts_with("Some(Missing"));
        std::fs::write(&real, LINE).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        for none in [link.as_path(), folder.path()] {
            assert!(error(none).starts_with("Some(NoFile"));
        }
    }
}
