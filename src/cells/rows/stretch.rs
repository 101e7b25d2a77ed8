//! Rows of the sender that stand below one another in the output: a first and a last one.

use std::ops::Range;

use super::{Origin, Segment, Table};

/// Rows of the sender that follow each other in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// How many rows of the table stand above it.
    pub(super) above: u32,
    /// The sender's row, or of a turned table the column, that stands first; 0: a hook added the row.
    pub(super) first: u32,
    /// The one that stands last; it may be smaller.
    pub(super) last: u32,
    /// The entry of `tables` that has their sheet.
    pub(super) of: u32,
}

/// The stretch that has a row so far below the first one, and how far down in it that is.
pub(super) fn stretch_of(stretches: &[Stretch], below: u32) -> Option<(Stretch, u32)> {
    let behind = stretches.partition_point(|one| one.above <= below);
    let stretch = stretches[behind.checked_sub(1)?];
    Some((stretch, below - stretch.above))
}

/// Stretches, each a first and a last row and the table that it is of, below one another, and how many rows they have. `None`: more than
/// rows can be.
pub(super) fn laid_out(all: impl Iterator<Item = (u32, u32, u32)>) -> Option<(Vec<Stretch>, u32)> {
    let mut above = 0_u32;
    let mut stretches = Vec::with_capacity(all.size_hint().0);
    for (first, last, of) in all {
        stretches.push(Stretch {
            above,
            first,
            last,
            of,
        });
        above = above.checked_add(first.abs_diff(last).checked_add(1)?)?;
    }
    Some((stretches, above))
}

impl Stretch {
    /// `table`: the one that it stands in, `of`: the one that has its sheet.
    pub(super) fn segment<'a>(self, table: &'a Table, of: &'a Table) -> Segment<'a> {
        let is_of_sender = self.first > 0;
        Segment {
            sheet: is_of_sender.then_some(&of.sheet),
            row: is_of_sender.then_some(u64::from(self.first)),
            turned: is_of_sender && of.turned,
            output_sheet: table.output_sheet.as_deref(),
            output_row: table.first_row.map(|row| row + u64::from(self.above)),
            count: Some(u64::from(self.count())),
            descending: self.last < self.first,
            ..Segment::default()
        }
    }

    /// What its row was that stands so far down in it. `of`: the table that has its sheet.
    pub(super) fn origin(self, down: u32, of: &Table) -> Origin<'_> {
        if self.first == 0 {
            return Origin::Added;
        }
        let (sheet, number) = (&*of.sheet, self.at(down));
        match of.turned {
            true => Origin::Column {
                sheet,
                column: number,
            },
            false => Origin::Row { sheet, row: number },
        }
    }

    pub(super) fn count(self) -> u32 {
        self.first.abs_diff(self.last) + 1
    }

    /// The sender's row that stands so far down in it.
    pub(super) fn at(self, down: u32) -> u64 {
        u64::from(if self.last < self.first {
            self.first - down
        } else {
            self.first + down
        })
    }

    /// The sender's rows of it that lie within a range.
    pub(super) fn within(self, rows: &Range<u64>) -> Range<u64> {
        let low = u64::from(self.first.min(self.last));
        let high = u64::from(self.first.max(self.last));
        low.max(rows.start)..(high + 1).min(rows.end)
    }

    /// The output's row of one of its rows.
    pub(super) fn place_of(self, table: &Table, number: u64) -> Option<u64> {
        let down = u64::from(self.first).abs_diff(number);
        Some(table.first_row? + u64::from(self.above) + down)
    }
}
