//! Reading input files of every format into sheets.
//!
//! - [`book`]: one input file of any format; what the rest starts from
//!   - [`xlsx`] over [`archive`] (zip) and [`xml`], [`xls`] over [`compound`], [`csv`]
//!   - [`foreign`]: files that are something else than their name says, or locked by a password
//! - [`source`]: opens and scans in the background, so that reading overlaps the start of Python and polars;
//!   [`read_ahead`] unpacks a part while it is parsed

pub mod archive;
pub mod book;
pub mod compound;
pub mod csv;
pub mod foreign;
pub mod read_ahead;
pub mod source;
pub mod visibility;
pub mod xls;
pub mod xlsx;
pub mod xml;
