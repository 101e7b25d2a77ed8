//! Distinguishes totals and balances from records: by what their numbers add up to, by words, and by blank cells beside these.
//!
//! `read` converts a table's cells to whole numbers, `looks` interprets its texts, `sums` finds rows that are sums of others,
//! `judge` decides, `below` handles the rows that follow a total, `counts` finds totals that count the rows, and `control` checks totals
//! against the rows that were kept.
//! The time is linear in the cells. In long tables, complete records are added together instead of being examined one by one.

mod below;
mod control;
mod counts;
mod judge;
mod looks;
mod read;
mod rows;
mod sums;
mod words;

use std::ops::Range;

use self::looks::{LabelFacts, MAX_TABLE_COLUMNS, TotalsTable};
use self::read::AmountKind;
use self::rows::TotalsRows;
use self::words::TotalWord;
use crate::cells::Sheet;
use crate::words::data::{LISTS, WordList};

/// Beginnings of lines that say that the amounts below them are deducted.
static DEDUCTIONS: WordList = WordList::new(|| LISTS.phrases("deductions"));

pub use self::control::TotalCheck;
pub use self::rows::{DoubtfulTotalReason, Verdict};

/// The totals of a table. Rows count from 0 at its first one.
#[derive(Debug, Default)]
pub struct TableTotals {
    pub rows: Vec<(usize, Verdict)>,
    pub checks: Vec<TotalCheck>,
}

impl TableTotals {
    fn count(&self, verdict: Verdict) -> usize {
        self.rows
            .iter()
            .filter(|(_, found)| *found == verdict)
            .count()
    }
}

/// Finds totals and balances among the rows of a table. Rows with `is_note` are notes or titles, unless they have numbers.
pub fn find(
    sheet: &Sheet,
    rows: Range<usize>,
    columns: Range<usize>,
    is_note: &[bool],
) -> TableTotals {
    let columns = columns.start..columns.end.min(columns.start + MAX_TABLE_COLUMNS);
    let shown = read::has_commas(sheet, rows.clone(), columns.clone());
    let find = |comma| {
        find_in(TotalsTable::read(
            sheet,
            rows.clone(),
            columns.clone(),
            is_note,
            comma,
        ))
    };
    let found = find(shown.unwrap_or(false));
    let is_open = shown.is_none() && found.count(Verdict::Doubtful(DoubtfulTotalReason::NoSum)) > 0;
    // 1,250 and 2 are 3,250, and nothing else shows what the comma means: if the sum works, the row is the total.
    let with_commas = is_open.then(|| find(true));
    match with_commas {
        Some(other) if other.count(Verdict::Total) > found.count(Verdict::Total) => other,
        _ => found,
    }
}

/// Returns whether a text says that the amounts below it are deducted: "Less: refunds".
pub fn names_deduction(text: &str) -> bool {
    let text = text.trim_end_matches([':', ' ', '\u{a0}']).to_lowercase();
    matches!(words::said(&text), Some((TotalWord::Discount, _)))
        || words::begins_with(&text, &DEDUCTIONS)
}

fn find_in(table: TotalsTable<'_>) -> TableTotals {
    if table.columns.iter().all(|column| column.numbers == 0) {
        return TableTotals {
            rows: counts::find(&table, &[]),
            checks: Vec::new(),
        };
    }
    if let [row] = table.live[..] {
        // This is a total without records. A record with the word as its name has more than a name and numbers.
        let look = LabelFacts::from_row(&table, row);
        let is_total = look.names_total() && look.is_alone() && has_numbers_alone(&table, row);
        return TableTotals {
            rows: is_total
                .then_some((row, Verdict::Total))
                .into_iter()
                .collect(),
            checks: Vec::new(),
        };
    }
    let mut rows = TotalsRows::new(table);
    rows.items.is_average = judge::averages(&rows);
    let mut sums = sums::find(&rows.items, false);
    for (item, sum) in sums::find(&rows.items, true) {
        if sums.get(&item).is_none_or(|above| above.bits < sum.bits) {
            sums.insert(item, sum);
        }
    }
    let verdicts = judge::judge(&rows, &sums);
    let mut checks = control::check(&rows, &sums, &verdicts);
    let judged = verdicts
        .iter()
        .enumerate()
        .filter(|(_, verdict)| **verdict != Verdict::Record);
    let mut found: Vec<(usize, Verdict)> = judged
        .map(|(item, &verdict)| (rows.row(item), verdict))
        .collect();
    for (row, verdict) in counts::find(&rows.table, &found) {
        found.retain(|(at, _)| *at != row);
        found.push((row, verdict));
        // A count is no wrong sum.
        checks.retain(|check| check.row != row);
    }
    TableTotals {
        rows: found,
        checks,
    }
}

/// Returns whether the row has only numbers beside its one text.
fn has_numbers_alone(table: &TotalsTable<'_>, row: usize) -> bool {
    let kinds = (0..table.columns.len()).map(|column| table.kind(row, column));
    let filled: Vec<AmountKind> = kinds.filter(|kind| *kind != AmountKind::Blank).collect();
    let texts = filled
        .iter()
        .filter(|kind| **kind == AmountKind::Text)
        .count();
    let numbers = filled
        .iter()
        .filter(|kind| **kind == AmountKind::Number)
        .count();
    texts == 1 && numbers > 0 && texts + numbers == filled.len()
}
