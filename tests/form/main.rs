//! The form of the code and of its documents: what stands in two places says the same in both.

#[path = "../common/mod.rs"]
mod common;

mod budget;
mod errors;
mod generated;
mod help;
mod layers;
mod names;
mod openapi;
