//! A cell's text in tokens, and the words that are known.

pub mod cut;
pub mod data;
pub mod lexicon;
pub mod tables;
