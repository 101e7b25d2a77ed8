//! What every error of the library can tell beside its message: what kind it is, its stable code, and what to do next.
//!
//! The kind decides the exit status of the command; the code is what scripts match on (docs/errors.md lists them all).

/// Who has to act on an error, in the words of the exit statuses of `ade`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The work was done and says no: exit 1.
    Refused,
    /// A wrong call or wrong input: exit 2.
    Usage,
    /// An environment could not be provisioned: exit 3.
    Environment,
    /// A limit was hit: exit 4.
    Limit,
    /// The database can't serve: exit 5.
    Database,
    /// The machine or ADE itself failed in a way that no other kind describes: exit 70.
    Internal,
    /// Somebody cancelled: exit 130.
    Cancelled,
}

/// An error that a person can act on.
pub trait Problem: std::error::Error {
    /// Decides the exit status.
    fn kind(&self) -> Kind;
    /// A stable word for scripts, in snake case.
    fn code(&self) -> &'static str;
    /// What to do next, where there is something to say.
    fn hint(&self) -> Option<String> {
        None
    }
}
