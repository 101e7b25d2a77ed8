//! Computes SHA-256 digests of bytes, of files, and of copies while they are made.
//!
//! Such digests identify snapshots, environments, staged inputs and outputs. They are written as 64 lower-case hexadecimal
//! digits.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// The number of bytes to read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// A SHA-256 digest of 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// Computes a digest of pieces that arrive one after the other.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Returns the digest of no pieces yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a piece. The borders between pieces make no difference.
    pub fn update(&mut self, piece: impl AsRef<[u8]>) {
        self.0.update(piece);
    }

    /// Returns the digest of all pieces.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// Returns the digest of some bytes.
pub fn sha256(bytes: impl AsRef<[u8]>) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// Returns the digest of a file and its size in bytes.
///
/// # Errors
/// The file cannot be read.
pub fn of_file(path: &Path) -> io::Result<(Digest, u64)> {
    of_open(&mut File::open(path)?)
}

/// Returns the same for an open file, from its current position.
///
/// # Errors
/// See [`of_file`].
pub fn of_open(file: &mut File) -> io::Result<(Digest, u64)> {
    match copy(file, &mut io::sink()) {
        Ok(copied) => Ok(copied),
        Err(CopyError::Read(error) | CopyError::Write(error)) => Err(error),
    }
}

/// The side of a copy that failed.
#[derive(Debug)]
pub enum CopyError {
    /// The source cannot be read.
    Read(io::Error),
    /// The target cannot be written.
    Write(io::Error),
}

/// Copies to the end of the source. Returns the digest and the number of the copied bytes.
///
/// # Errors
/// The source cannot be read, or the target cannot be written.
pub fn copy(source: &mut impl Read, target: &mut impl Write) -> Result<(Digest, u64), CopyError> {
    let mut hasher = Hasher::new();
    let mut size = 0;
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = match source.read(&mut chunk) {
            Ok(0) => return Ok((hasher.finish(), size)),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(CopyError::Read(error)),
        };
        hasher.update(&chunk[..count]);
        target
            .write_all(&chunk[..count])
            .map_err(CopyError::Write)?;
        size += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn bytes_pieces_and_copies_have_the_same_digest() {
        assert_eq!(sha256("abc").to_string(), OF_ABC);
        let mut hasher = Hasher::new();
        hasher.update("a");
        hasher.update("bc");
        assert_eq!(hasher.finish().to_string(), OF_ABC);
        let mut target = Vec::new();
        let (digest, size) = copy(&mut &b"abc"[..], &mut target).unwrap();
        assert_eq!(digest.to_string(), OF_ABC);
        assert_eq!((size, target), (3, b"abc".to_vec()));
    }

    #[test]
    fn a_copy_says_which_side_failed() {
        let failed = copy(&mut &b"abc"[..], &mut &mut [0_u8; 1][..]);
        assert!(matches!(failed, Err(CopyError::Write(_))));
    }
}
