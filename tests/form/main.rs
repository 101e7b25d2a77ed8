//! Checks the form of the code and its documents: facts that are written in two places must agree.

#[path = "../common/mod.rs"]
mod common;

mod budget;
mod errors;
mod generated;
mod help;
mod layers;
mod names;
mod openapi;
mod style;
