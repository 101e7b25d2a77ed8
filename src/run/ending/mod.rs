//! Ends of runs that no engine brought about, and what every end leaves.
//!
//! - [`ends`]: the end in the run's log, once, and the audit record of it ([`artifact`]).
//! - [`cancel`]; [`recover`]: runs of processes that died; [`leftovers`]: files of an attempt that go or stay.

pub mod artifact;
pub mod cancel;
pub mod ends;
pub mod leftovers;
pub mod recover;
