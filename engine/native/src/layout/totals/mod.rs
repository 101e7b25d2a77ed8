//! Tells totals and balances from records: by what their numbers add up to, by words, and by what is blank beside these.
//!
//! `read` makes whole numbers of a table's cells, `looks` says what its texts say, `sums` finds rows that are the sums of
//! others, `judge` decides, `below` says what follows from a total, and `control` checks totals against what was kept. All of
//! it is linear in the cells. Of long tables rows that have all that records have are added together, and not looked at one by
//! one.

mod below;
mod control;
mod judge;
mod looks;
mod read;
mod rows;
mod sums;
mod words;

use std::ops::Range;

use self::looks::{Look, MOST_COLUMNS, Table};
use self::read::Kind;
use self::rows::Rows;
use self::words::Word;
use crate::cells::Sheet;
use crate::words::data::{LISTS, List};

/// What a line begins with that says that the amounts below it are taken off.
static DEDUCTIONS: List = List::new(|| LISTS.phrases("deductions"));

pub use self::control::Check;
pub use self::rows::{Doubt, Verdict};

/// What was found in a table. Rows count from 0 at its first one.
#[derive(Debug, Default)]
pub struct Found {
    pub rows: Vec<(usize, Verdict)>,
    pub checks: Vec<Check>,
}

impl Found {
    fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|(_, one)| *one == verdict).count()
    }
}

/// Finds totals and balances among the rows of a table. `is_note` says which rows count as notes or titles, unless they have numbers.
pub fn find(sheet: &Sheet, rows: Range<usize>, columns: Range<usize>, is_note: &[bool]) -> Found {
    let columns = columns.start..columns.end.min(columns.start + MOST_COLUMNS);
    let shown = read::has_commas(sheet, rows.clone(), columns.clone());
    let find = |comma| {
        find_in(Table::read(
            sheet,
            rows.clone(),
            columns.clone(),
            is_note,
            comma,
        ))
    };
    let found = find(shown.unwrap_or(false));
    let is_open = shown.is_none() && found.count(Verdict::Doubtful(Doubt::NoSum)) > 0;
    // 1,250 and 2 are 3,250, and nothing else says what the comma is: a row that says so is the total.
    let with_commas = is_open.then(|| find(true));
    match with_commas {
        Some(other) if other.count(Verdict::Total) > found.count(Verdict::Total) => other,
        _ => found,
    }
}

/// Returns whether a text says that what stands below it is taken off: "Less: refunds".
pub fn names_deduction(text: &str) -> bool {
    let text = text.trim_end_matches([':', ' ', '\u{a0}']).to_lowercase();
    matches!(words::said(&text), Some((Word::Discount, _)))
        || words::begins_with(&text, &DEDUCTIONS)
}

fn find_in(table: Table<'_>) -> Found {
    if table.columns.iter().all(|column| column.numbers == 0) {
        return Found::default();
    }
    if let [row] = table.live[..] {
        // The total of no record; of a record that is called so there is more than a name and numbers.
        let look = Look::of(&table, row);
        let is_total = look.names_total() && look.is_alone() && has_numbers_alone(&table, row);
        return Found {
            rows: is_total
                .then_some((row, Verdict::Total))
                .into_iter()
                .collect(),
            checks: Vec::new(),
        };
    }
    let mut rows = Rows::of(table);
    rows.items.is_average = judge::averages(&rows);
    let mut sums = sums::find(&rows.items, false);
    for (item, sum) in sums::find(&rows.items, true) {
        if sums.get(&item).is_none_or(|above| above.bits < sum.bits) {
            sums.insert(item, sum);
        }
    }
    let verdicts = judge::judge(&rows, &sums);
    let checks = control::check(&rows, &sums, &verdicts);
    let judged = verdicts
        .iter()
        .enumerate()
        .filter(|(_, verdict)| **verdict != Verdict::Record);
    Found {
        rows: judged
            .map(|(item, &verdict)| (rows.row(item), verdict))
            .collect(),
        checks,
    }
}

/// Whether nothing but numbers stands beside the one text of a row.
fn has_numbers_alone(table: &Table<'_>, row: usize) -> bool {
    let kinds = (0..table.columns.len()).map(|column| table.kind(row, column));
    let filled: Vec<Kind> = kinds.filter(|kind| *kind != Kind::Blank).collect();
    let texts = filled.iter().filter(|kind| **kind == Kind::Text).count();
    let numbers = filled.iter().filter(|kind| **kind == Kind::Number).count();
    texts == 1 && numbers > 0 && texts + numbers == filled.len()
}
