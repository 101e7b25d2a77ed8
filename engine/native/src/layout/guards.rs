//! Rules that correct the ends of header blocks after the likeliest sequence is known. They handle look-alikes of header rows
//! that are too rare to learn from. Each rule moves one row into or out of a block, at its upper or lower end.

use super::kinds::CellKind;
use super::row_layout::{RowLayout, RowState, SheetLayout};
use super::rows::{LayoutGrid, LayoutRow, RowShape};
use super::traits::Trait;

/// A row at the end of a block of header rows, or right below the block.
struct BlockEdge<'g> {
    grid: &'g LayoutGrid,
    rows: &'g [RowLayout],
    at: usize,
    first: usize,
    last: usize,
}

impl BlockEdge<'_> {
    fn row(&self) -> &LayoutRow {
        &self.grid.rows[self.at]
    }

    fn has(&self, row_trait: Trait) -> bool {
        self.rows[self.at].has(row_trait)
    }

    fn sure(&self) -> f64 {
        self.rows[self.at].likelihoods[RowState::Header as usize]
    }

    /// Returns whether the row is one cell in the first column.
    fn is_lone(&self) -> bool {
        matches!(self.row().shape, RowShape::Lone | RowShape::LoneLong)
    }

    fn next(&self) -> Option<&LayoutRow> {
        self.grid.rows.get(self.at + 1)
    }

    /// Returns whether another row of the block has a name for the first column.
    fn is_first_named(&self) -> bool {
        let others = (self.first..=self.last).filter(|&at| at != self.at);
        others
            .map(|at| &self.grid.rows[at])
            .any(|row| row.count() > 1 && row.columns[0] == self.grid.first_column)
    }

    /// Returns whether the row has neither numbers nor dates.
    fn has_no_values(&self) -> bool {
        self.row().count_kind(CellKind::Number) + self.row().count_kind(CellKind::Date) == 0
    }

    /// Returns whether one of the row's texts is also in its column one or two rows below: keys of records recur, names of
    /// columns do not.
    fn recurs_soon(&self) -> bool {
        let below = self.at + 1..self.grid.rows.len().min(self.at + 3);
        self.row().columns.iter().any(|&column| {
            let slot = self.grid.slot(self.at, column);
            let mut others = below.clone().map(|row| self.grid.slot(row, column));
            slot.kind.is_text() && others.any(|other| other.text == slot.text)
        })
    }

    /// Returns whether the row has a code with the pattern of both codes below it, but not of the header row above: "A-17"
    /// above "A-18" and "B-02".
    fn has_code_of_column(&self) -> bool {
        let row_at = |at: usize, column: u16| self.grid.slot(at, column);
        self.at + 2 < self.grid.rows.len()
            && self.row().columns.iter().any(|&column| {
                let slot = row_at(self.at, column);
                let is_alike = |at: usize| {
                    let other = row_at(at, column);
                    other.kind == slot.kind
                        && other.pattern == slot.pattern
                        && other.length == slot.length
                };
                slot.kind == CellKind::Mixed
                    && is_alike(self.at + 1)
                    && is_alike(self.at + 2)
                    && matches!(
                        row_at(self.first, column).kind,
                        CellKind::Words | CellKind::Blank
                    )
            })
    }

    /// Returns whether the next row is in the block, but not its last row, and leaves the first column blank.
    fn is_above_labels(&self) -> bool {
        let leaves_first = |next: &LayoutRow| next.columns[0] > self.grid.first_column;
        self.at + 1 < self.last && self.next().is_some_and(leaves_first)
    }

    /// Returns whether the row is a number with a longer text beside it.
    fn is_numbered_title(&self) -> bool {
        let row = self.row();
        let &[first, second] = row.columns.as_slice() else {
            return false;
        };
        let [first, second] = [first, second].map(|column| self.grid.slot(self.at, column));
        let is_number = first.kind != CellKind::Words && first.length <= 4;
        is_number && second.kind.is_text() && second.length >= 20
    }

    /// Returns whether the row is two cells at the left, above a full row of names.
    fn is_title_of_two(&self) -> bool {
        let first = self.grid.first_column;
        let is_left = self.row().columns == [first, first + 1];
        let is_full = |next: &LayoutRow| {
            next.count() >= 4 && next.columns[0] == first && next.fullness() >= 0.95
        };
        is_left && self.at < self.last && self.next().is_some_and(is_full)
    }

    /// Returns whether names and values are beside each other: "Room:", "12", or "Room: 12".
    fn is_form(&self) -> bool {
        let (named, count) = (usize::from(self.row().named), self.row().count());
        let is_all_names = usize::from(self.row().colons) == count;
        named >= 2 && named * 2 >= count && !is_all_names
    }
}

/// A rule: its reason in words, the state it gives to the row, and its condition.
type GuardRule = (&'static str, RowState, fn(&BlockEdge<'_>) -> bool);

/// Rules for the row right below a block.
const BELOW: [GuardRule; 3] = [
    (
        "repeats names of the header row above",
        RowState::Header,
        |place| {
            place.has(Trait::RepeatsLast)
                && place.has_no_values()
                && (place.has(Trait::BelowOver) || place.has(Trait::BelowSomeOver))
        },
    ),
    (
        "no plain number, over columns of values, below a header row",
        RowState::Header,
        |place| {
            place.row().count() > 1
                && !place.has(Trait::VeryThin)
                && place.sure() >= LIKELY
                && place.has_no_values()
                && place.has(Trait::BelowOver)
        },
    ),
    (
        "a unit alone below a header row",
        RowState::Header,
        |place| {
            let is_unit = place.has(Trait::Unit) || place.row().is_measure;
            place.row().shape == RowShape::Aside && place.sure() >= LIKELY && is_unit
        },
    ),
];
/// Rules for the last row of a block.
const LAST: [GuardRule; 3] = [
    (
        "its texts recur in the next rows",
        RowState::Data,
        |place| place.recurs_soon(),
    ),
    (
        "a code like those in the rows below",
        RowState::Data,
        |place| place.has_code_of_column(),
    ),
    (
        "a text alone below a full header row",
        RowState::Group,
        |place| {
            let next_lacks = |next: &LayoutRow| next.columns[0] > place.grid.first_column;
            place.is_lone()
                && (place.is_first_named()
                    || place.sure() < WEAK
                    || place.next().is_some_and(next_lacks))
        },
    ),
];
/// Rules for the first row of a block.
const FIRST: [GuardRule; 5] = [
    (
        "a title alone above a header row",
        RowState::Title,
        |place| place.is_lone() && place.has(Trait::Length20),
    ),
    (
        "a text alone above labels, and another name for its column below them",
        RowState::Title,
        |place| place.is_lone() && place.is_first_named() && place.is_above_labels(),
    ),
    (
        "a number and a title above a header row",
        RowState::Title,
        |place| place.is_numbered_title(),
    ),
    (
        "two cells above a full header row",
        RowState::Title,
        |place| place.is_title_of_two(),
    ),
    ("names with values beside them", RowState::Title, |place| {
        place.is_form()
    }),
];
/// The minimum likelihood of a header row for a row below a header to count as one.
const LIKELY: f64 = 0.1;
/// A last header row with a lower likelihood is weak.
const WEAK: f64 = 0.75;

/// Corrects the blocks of header rows, but never removes the last row of a block.
pub fn correct(looks: &mut SheetLayout, grid: &LayoutGrid) {
    let mut first = 0;
    while first < looks.rows.len() {
        if looks.rows[first].state != RowState::Header {
            first += 1;
            continue;
        }
        let mut last = first;
        while looks
            .rows
            .get(last + 1)
            .is_some_and(|row| row.state == RowState::Header)
        {
            last += 1;
        }
        let end = last + 1;
        while last + 1 < looks.rows.len()
            && looks.rows[last + 1].gap <= 1
            && apply(looks, grid, &BELOW, last + 1, (first, last))
        {
            last += 1;
        }
        while last > first && apply(looks, grid, &LAST, last, (first, last)) {
            last -= 1;
        }
        while last > first && apply(looks, grid, &FIRST, first, (first, last)) {
            first += 1;
        }
        first = end.max(last + 1);
    }
}

/// Gives a row the state of the first rule whose condition holds.
fn apply(
    looks: &mut SheetLayout,
    grid: &LayoutGrid,
    rules: &'static [GuardRule],
    at: usize,
    block: (usize, usize),
) -> bool {
    let (first, last) = block;
    let place = BlockEdge {
        grid,
        rows: &looks.rows,
        at,
        first,
        last,
    };
    let Some((words, state, _)) = rules.iter().find(|(.., holds)| holds(&place)) else {
        return false;
    };
    looks.rows[at].take_rule(*state, words);
    true
}
