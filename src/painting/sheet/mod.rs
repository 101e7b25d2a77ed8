//! A worksheet's part (CT_Worksheet, ECMA-376 part 1, 18.3.1.99), patched as text: what stands before its cells, the cells, and
//! what stands behind them.
//!
//! - `outline`: where each of the three begins; merged areas, and the drawing of comments
//! - `head`: views, dimension and columns; `rows`: the cells
//! - `conditional`: what may lie over the fills

pub mod conditional;
pub mod head;
pub mod outline;
pub mod rows;
