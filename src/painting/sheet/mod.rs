//! A worksheet's part (CT_Worksheet, ECMA-376 part 1, 18.3.1.99), patched as text in three sections: before the cells, the
//! cells, and after the cells.
//!
//! - `outline`: the boundaries of the sections; merged areas, and the drawing of comments
//! - `head`: views, dimension and columns; `rows`: the cells
//! - `conditional`: formats that may cover the fills

pub mod conditional;
pub mod head;
pub mod outline;
pub mod rows;
