//! Values that stay texts, and booleans: each cell is read by itself.

pub mod checksum;
pub mod country;
pub mod email;
pub mod letters;
mod no_phone;
pub mod person;
mod person_word;
pub mod phone;
pub mod text;
pub mod truth;
