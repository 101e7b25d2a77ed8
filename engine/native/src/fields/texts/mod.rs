//! Values that stay texts, and yes or no: their cells each speak for themselves.

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
