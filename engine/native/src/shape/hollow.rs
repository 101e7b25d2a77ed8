//! Where a table is empty: section lines, and gaps below what is written once.

use super::table::{EMPTY, Id, Pool, Table};

/// Rows that are looked at.
pub const LINES: usize = 4_000;
/// Columns that are looked at.
const WIDTH: usize = 120;

/// Which cells are filled, and which rows are section lines.
pub struct Hollow {
    full: Vec<bool>,
    width: usize,
    /// Filled cells of each row.
    pub count: Vec<usize>,
    /// Rows with one filled cell, left of the values, that have filled rows under them.
    pub is_section: Vec<bool>,
}

/// What should be mended before rows are counted.
#[derive(Clone, Copy)]
pub struct Unclean {
    /// 1 where there are section lines.
    pub sections: f64,
    /// 1 where the first column has gaps beside values.
    pub gaps: f64,
}

impl Hollow {
    pub fn of(pool: &Pool, table: &Table) -> Self {
        let width = table.width().min(WIDTH);
        let lines = table.rows().take(LINES);
        let full: Vec<bool> = lines
            .clone()
            .flat_map(|row| row[..width].iter().map(|&cell| cell != EMPTY))
            .collect();
        let filled = |row: &[Id]| {
            let seen = row[..width].iter().filter(|&&cell| cell != EMPTY).count();
            let has_more = row[width..].iter().any(|&cell| cell != EMPTY);
            seen + usize::from(has_more)
        };
        let mut hollow = Self {
            full,
            width,
            count: lines.map(filled).collect(),
            is_section: Vec::new(),
        };
        hollow.is_section = hollow.sections(pool, table);
        hollow
    }

    /// Rows that were looked at.
    pub fn rows(&self) -> usize {
        self.count.len()
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn is_full(&self, row: usize, column: usize) -> bool {
        self.full[row * self.width + column]
    }

    /// The first filled cell of a row.
    pub fn first(&self, row: usize) -> usize {
        let cells = &self.full[row * self.width..(row + 1) * self.width];
        cells.iter().position(|&full| full).unwrap_or(0)
    }

    fn sections(&self, pool: &Pool, table: &Table) -> Vec<bool> {
        let rows = self.rows();
        if rows < 3 || table.width() < 2 {
            return vec![false; rows];
        }
        // Of two columns, sections stand in the first one and lines in the second.
        let is_narrow = table.width() == 2;
        let may_be = if is_narrow {
            (0..rows).any(|row| !self.is_full(row, 0) && self.is_full(row, 1))
        } else {
            self.count.iter().any(|&count| count > 1)
        };
        let is_section = |row: usize| {
            let first = self.first(row);
            may_be
                && self.count[row] == 1
                && first <= usize::from(!is_narrow)
                && !pool.reading(table.row(row)[first]).kind.is_number()
        };
        let mut sections: Vec<bool> = (0..rows).map(is_section).collect();
        // What stands under the last values is a note.
        let last = (0..rows).rposition(|row| !sections[row] && self.count[row] > 0);
        sections[last.map_or(0, |last| last + 1)..].fill(false);
        sections
    }

    pub fn unclean(&self, width: usize) -> Unclean {
        let rows = self.rows().max(1) as f64;
        let sections = self.is_section.iter().filter(|&&is| is).count() as f64;
        let mut gaps = false;
        if self.rows() > 0 && width > 1 {
            let is_gap = |&row: &usize| self.count[row] > 0 && !self.is_full(row, 0);
            let share = (0..self.rows()).filter(is_gap).count() as f64 / rows;
            gaps = share > 0.2 && self.is_full(0, 0);
        }
        Unclean {
            sections: f64::from(sections > 0.0),
            gaps: f64::from(gaps),
        }
    }
}
