//! ADE.
