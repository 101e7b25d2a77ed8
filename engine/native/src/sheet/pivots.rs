//! Recognises compact pivots: each group begins with a name and the sums of the rows below it, and the last row has the sums of
//! all.
//!
//! Read as records, such sums would count twice. A table is a pivot only if it adds up as a whole: every row belongs to a
//! group, and the last row has the sums of the outermost groups.

use foldhash::HashMap;

use super::rows::{SheetRowView, amount_of};
use super::span::Span;
use crate::layout::RowKind;

/// The maximum number of rows of a group, and of nested groups.
const MAX_ROWS: usize = 500;
const MAX_LEVELS: usize = 4;
/// The maximum number of steps; a table that does not add up by then is no pivot.
const MAX_STEPS: usize = 20_000;
/// The maximum difference of equal sums: half a cent.
const HALF_CENT: f64 = 0.005;

/// The row behind a group, and its members, each with whether it is itself a group. Rows are indices of [`PivotLines`].
type PivotGroup = (usize, Vec<(usize, bool)>);

/// The rows of a table that are a name and numbers, collected as they are needed.
struct PivotLines<'s> {
    rows: SheetRowView<'s>,
    span: &'s Span,
    kinds: &'s [RowKind],
    /// The index of each row, from 0 below the header.
    places: Vec<usize>,
    names: Vec<String>,
    numbers: Vec<Vec<f64>>,
    known: HashMap<usize, PivotGroup>,
    steps: usize,
}

/// Finds the names of groups by their rows, with the names of the groups around them, and marks these rows and the last row.
/// Returns `None` if the table is no pivot.
pub(super) fn find_pivot(
    rows: SheetRowView<'_>,
    span: &Span,
    kinds: &mut [RowKind],
) -> Option<HashMap<usize, String>> {
    let mut lines = PivotLines {
        rows,
        span,
        kinds,
        places: Vec::new(),
        names: Vec::new(),
        numbers: Vec::new(),
        known: HashMap::default(),
        steps: 0,
    };
    let (mut heads, mut at) = (Vec::new(), 0);
    while let Some(stop) = lines.group(at, 1) {
        heads.push(at);
        at = stop;
    }
    let are_few = heads.len() < 2 || at - heads.len() < heads.len() + 1;
    if are_few || !lines.has(at) || !lines.is_last(at) {
        return None;
    }
    let sum = |column: usize| heads.iter().map(|&head| lines.numbers[head][column]).sum();
    let sums: Vec<f64> = (0..lines.numbers[at].len()).map(sum).collect();
    if !are_equal(&lines.numbers[at], &sums) {
        return None;
    }
    let mut names = HashMap::default();
    for head in heads {
        lines.take(head, "", &mut names);
    }
    let PivotLines { places, .. } = lines;
    for &place in &places {
        let is_head = names.contains_key(&place);
        kinds[place] = if is_head {
            RowKind::Group
        } else {
            RowKind::Data
        };
    }
    kinds[places[at]] = RowKind::Total;
    Some(names)
}

fn are_equal(left: &[f64], right: &[f64]) -> bool {
    left.iter()
        .zip(right)
        .all(|(number, other)| (number - other).abs() < HALF_CENT)
}

impl PivotLines<'_> {
    fn is_blank(&self, place: usize) -> bool {
        self.rows.is_empty(self.span.data_start() + place)
    }

    /// Returns whether there is a row with this number.
    fn has(&mut self, number: usize) -> bool {
        while self.places.len() <= number {
            let next = self.places.last().map_or(0, |place| place + 1);
            let Some(place) = (next..self.kinds.len()).find(|&place| !self.is_blank(place)) else {
                return false;
            };
            let row = self.span.data_start() + place;
            let stop = self.rows.sheet.row_width(row).min(self.span.columns.end);
            let mut cells =
                (self.span.columns.start..stop).map(|column| self.rows.cell(row, column));
            let name = cells
                .next()
                .map(|cell| self.rows.text(cell))
                .unwrap_or_default();
            let numbers: Option<Vec<f64>> = cells.map(|cell| amount_of(self.rows, cell)).collect();
            let may_be = [RowKind::Data, RowKind::Total, RowKind::Group];
            match numbers {
                Some(numbers)
                    if !numbers.is_empty()
                        && !name.is_empty()
                        && may_be.contains(&self.kinds[place])
                        && self
                            .numbers
                            .first()
                            .is_none_or(|first| first.len() == numbers.len()) =>
                {
                    self.places.push(place);
                    self.names.push(name);
                    self.numbers.push(numbers);
                }
                _ => return false,
            }
        }
        true
    }

    /// Returns whether no rows follow a row.
    fn is_last(&self, number: usize) -> bool {
        (self.places[number] + 1..self.kinds.len()).all(|place| self.is_blank(place))
    }

    /// Returns the row behind the group that begins with a row.
    fn group(&mut self, head: usize, level: usize) -> Option<usize> {
        if !self.known.contains_key(&head) && self.has(head) {
            // Within itself, a group's name has no sums.
            self.known.insert(head, (0, Vec::new()));
            let nothing = vec![0.0; self.numbers[head].len()];
            if let Some(found) = self.members(head, head + 1, nothing, level) {
                self.known.insert(head, found);
            }
        }
        let stop = self.known.get(&head).map(|(stop, _)| *stop);
        stop.filter(|&stop| stop > 0)
    }

    /// Returns the members of a head from a row on that add up to it, given their sums so far.
    fn members(
        &mut self,
        head: usize,
        mut at: usize,
        mut sums: Vec<f64>,
        level: usize,
    ) -> Option<PivotGroup> {
        let wanted = self.numbers[head].clone();
        let mut members = Vec::new();
        loop {
            self.steps += 1;
            if at > head + 1 && are_equal(&sums, &wanted) {
                return Some((at, members));
            }
            let exceeds = sums
                .iter()
                .zip(&wanted)
                .any(|(sum, other)| *sum > other + HALF_CENT);
            let grows = || {
                self.numbers[head..at]
                    .iter()
                    .flatten()
                    .all(|&number| number >= 0.0)
            };
            if self.steps > MAX_STEPS || at - head > MAX_ROWS || exceeds && grows() || !self.has(at)
            {
                return None;
            }
            sums.iter_mut()
                .zip(&self.numbers[at])
                .for_each(|(sum, number)| *sum += number);
            if level < MAX_LEVELS
                && let Some(stop) = self.group(at, level + 1)
                && let Some((end, others)) = self.members(head, stop, sums.clone(), level)
            {
                members.push((at, true));
                members.extend(others);
                return Some((end, members));
            }
            members.push((at, false));
            at += 1;
        }
    }

    /// Names a group and the groups within it.
    fn take(&self, head: usize, around: &str, names: &mut HashMap<usize, String>) {
        let own = &self.names[head];
        let name = if around.is_empty() {
            own.clone()
        } else {
            format!("{around} / {own}")
        };
        for &(member, is_head) in &self.known[&head].1 {
            if is_head {
                self.take(member, &name, names);
            }
        }
        names.insert(self.places[head], name);
    }
}
