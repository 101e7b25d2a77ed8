//! Cuts a cell's text into tokens, and looks up words.

pub mod cut;
pub mod data;
pub mod lexicon;
pub mod tables;
