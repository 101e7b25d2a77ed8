//! Finds totals that count the rows: "Total | 24 results" below 24 records.

use super::looks::{LabelFacts, TotalsTable};
use super::read::{AmountKind, NONE};
use super::rows::{DoubtfulTotalReason, EDGE, Verdict};

/// Returns the verdicts on the rows at the end of a table that count its records: beside a word for totals they have nothing but
/// the number of records, alone or before a word. Another number before a word is doubtful. `verdicts` are those by sums and
/// words.
pub fn find(table: &TotalsTable<'_>, verdicts: &[(usize, Verdict)]) -> Vec<(usize, Verdict)> {
    let is_total = |row: &usize| {
        let mut totals = verdicts.iter().filter(|(at, _)| at == row);
        totals.any(|(_, verdict)| matches!(verdict, Verdict::Total | Verdict::Balance))
    };
    let last = (0..table.height())
        .rev()
        .filter(|&row| table.is_filled(row));
    let judged = last.take(EDGE).filter_map(|row| {
        let (count, is_text) = counted(table, row)?;
        let above = table.live.iter().take_while(|&&live| live < row);
        if above.filter(|live| !is_total(live)).count() == count {
            return Some((row, Verdict::Total));
        }
        let doubtful = Verdict::Doubtful(DoubtfulTotalReason::NoCount);
        is_text.then_some((row, doubtful))
    });
    judged.collect()
}

/// Returns the number of a row that has only this number beside a word for totals, and whether a word follows it.
fn counted(table: &TotalsTable<'_>, row: usize) -> Option<(usize, bool)> {
    let is_filled = |&column: &usize| table.kind(row, column) != AmountKind::Blank;
    let mut filled = (0..table.columns.len()).filter(is_filled);
    let (Some(first), Some(second), None) = (filled.next(), filled.next(), filled.next()) else {
        return None;
    };
    let look = LabelFacts::from_row(table, row);
    let label = look.at.filter(|_| look.names_total() && !look.is_starred)?;
    let column = if label == first { second } else { first };
    let number = table.value(row, column);
    if number != NONE {
        let written = number as f64 * table.columns[column].unit;
        return (written.fract() == 0.0 && written >= 0.0).then_some((written as usize, false));
    }
    let word_at = |row: usize| table.text(row, column)?.trim().split_once(' ');
    let (count, word) = word_at(row)?;
    let is_word = !word.is_empty() && word.chars().all(char::is_alphabetic);
    // "4 L" is a size where others have "1 L".
    let is_unit = || {
        let mut above = table.live.iter().filter(|&&live| live != row);
        above.any(|&live| word_at(live).is_some_and(|(_, other)| other == word))
    };
    let count = count.parse().ok().filter(|_| is_word && !is_unit())?;
    Some((count, true))
}
