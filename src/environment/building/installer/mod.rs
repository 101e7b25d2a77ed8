//! The program that installs packages: uv. It tries its cache first and asks an index only when that does not suffice, because a
//! cache takes a fraction of the time and works without a network.

mod fetch;
mod index;
mod search;
mod uv;

pub(super) use index::variables_for_uv;
pub use search::{FoundUv, UvSearch, find_uv};
pub(crate) use uv::{Install, Uv, needs_build};
