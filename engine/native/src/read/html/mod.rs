//! Reads web pages with tables, which ERP systems and spreadsheet programs write as `.xls`, and such pages in a mail, `.mht`.
//!
//! The tables of a page follow each other on one sheet, as spreadsheet programs show them, with the lines of text between them
//! in the first column. A cell is text, as in `.csv` files, unless the page gives its type (`x:num`, `x:bool`, `sdval`). Then
//! formats (`mso-number-format`) turn numbers into dates.
//!
//! - [`page`]: opens pages; `table`: lays out the cells of a page; `tags`: finds tags in text; `entities`, `styles`
//! - [`mail`]: the parts of an `.mht`

mod entities;
pub mod mail;
pub mod page;
mod styles;
mod table;
mod tags;

pub use page::WebPages;
