//! An object as it is listed, and why one was not put or fetched.

use std::io;

/// An object that was listed.
pub struct Found {
    /// Its key.
    pub key: String,
    /// How many bytes it has.
    pub bytes: u64,
}

/// Why an object was not put or fetched.
pub(super) enum Trouble {
    /// The object store is out of reach, or refuses.
    Remote(String),
    /// A file here cannot be read or written.
    Local(io::Error),
}
