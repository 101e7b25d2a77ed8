//! A temporary file for an arriving upload. It has no name, so it never outlives its process.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use super::error::too_large;
use crate::base::files::FileError;
use crate::base::problem::Error;
use crate::workspace::Workspace;

/// An arriving file. It has no name, so it never outlives its process.
pub struct Spool {
    file: File,
    size_bytes: u64,
    limit: u64,
}

impl Spool {
    /// Begins a file of at most `limit` bytes.
    ///
    /// # Errors
    /// The data directory cannot be written to.
    pub fn begin(workspace: &Workspace, limit: u64) -> Result<Self, Error> {
        let folder = workspace.paths.data();
        let file = tempfile::tempfile_in(folder).map_err(FileError::on("write to", folder))?;
        Ok(Self {
            file,
            size_bytes: 0,
            limit,
        })
    }

    /// Writes the next bytes of the file.
    ///
    /// # Errors
    /// They are too many, or cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.size_bytes += bytes.len() as u64;
        if self.size_bytes > self.limit {
            return Err(too_large("the file", format_args!("{} bytes", self.limit)));
        }
        let written = self.file.write_all(bytes);
        Ok(written.map_err(FileError::on("write", "an arriving file".as_ref()))?)
    }

    /// Returns the number of bytes that arrived.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Returns the file, to be read from its beginning.
    pub(super) fn rewound(&mut self) -> Result<&mut File, Error> {
        let rewound = self.file.seek(SeekFrom::Start(0));
        rewound.map_err(FileError::on("read", "an arriving file".as_ref()))?;
        Ok(&mut self.file)
    }
}
