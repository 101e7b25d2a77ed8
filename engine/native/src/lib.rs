//! The engine's native half.
