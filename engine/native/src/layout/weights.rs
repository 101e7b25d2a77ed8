//! Learned weights: written by engine/native/layout/train.py.

use super::chain::STATES;

/// Where the weights come from.
pub const PROVENANCE: &str = "none";
pub const START: [f32; STATES] = [0.0; STATES];
pub const END: [f32; STATES] = [0.0; STATES];
pub const STEPS: [[[f32; STATES]; STATES]; 2] = [[[0.0; STATES]; STATES]; 2];
/// Each feature's weight for each state.
pub const WEIGHTS: &[(&str, [f32; STATES])] = &[];
