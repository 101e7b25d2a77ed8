//! Ends of runs that no engine brought about, and the traces that every end leaves.
//!
//! - [`ends`]: writes the end into the run's log, once, and its audit record ([`artifact`]).
//! - [`cancel`]: cancels runs; [`recover`]: recovers runs of dead processes; [`leftovers`]: clears the files of an attempt.

pub mod artifact;
pub mod cancel;
pub mod ends;
pub mod leftovers;
pub mod recover;
