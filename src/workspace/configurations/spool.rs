//! Where an archive or a file waits that is arriving: a file without a name, which nothing leaves behind.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use super::error::too_large;
use crate::base::files::FileError;
use crate::base::problem::Error;
use crate::workspace::Workspace;

/// A file that is arriving. It has no name, so that it is gone with its process.
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

    /// Writes the next bytes.
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

    /// How many bytes arrived.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The file, to be read from its beginning.
    pub(super) fn rewound(&mut self) -> Result<&mut File, Error> {
        let rewound = self.file.seek(SeekFrom::Start(0));
        rewound.map_err(FileError::on("read", "an arriving file".as_ref()))?;
        Ok(&mut self.file)
    }
}
