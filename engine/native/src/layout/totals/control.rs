//! Checks totals against the sums of the rows that were kept, and closing balances against the opening balance and the amounts
//! between.

use foldhash::HashMap;

use super::read::NONE;
use super::rows::{DoubtfulTotalReason, TotalsRows, Verdict};
use super::sums::{Sum, slack};
use super::words::TotalWord;

/// The maximum relative difference of a total from its sum. If the difference is larger, the row is something else, such as a
/// mean or a percentage.
const NEAR: f64 = 0.2;
/// The same limit if a word and blank keys mark the row as a total.
const NEAR_OF_WORDS: f64 = 0.5;

/// The minimum number of added numbers to report a total however large its difference is.
const MIN_ADDED_NUMBERS: u32 = 2;
/// The added rows may include unnamed subtotals. Then their sum is a multiple of the total, at most this one.
const MAX_TOTAL_MULTIPLE: i128 = 4;

/// A total beside the sum of the numbers that were added.
#[derive(Debug, Clone, PartialEq)]
pub struct TotalCheck {
    /// The row and column, from 0 at the table's first ones.
    pub row: usize,
    pub column: usize,
    pub said: f64,
    pub added: f64,
    /// The first and last row that were added.
    pub first: usize,
    pub last: usize,
    pub decimals: u8,
    /// True if this compares a closing balance with the opening balance and the amounts between.
    pub is_balance: bool,
    /// True if the numbers must add up: they are amounts with cents, in a row with a word or blank keys.
    pub is_sure: bool,
}

/// The maximum number of columns that are tried as the amounts between two balances.
const MAX_BALANCE_COLUMNS: usize = 8;

/// Returns the step or its negative, whichever is nearer to the written step.
fn nearer(step: f64, sum: f64) -> f64 {
    if (sum - step).abs() <= (-sum - step).abs() {
        sum
    } else {
        -sum
    }
}

/// Returns the totals and balances that do not add up.
pub fn check(
    rows: &TotalsRows<'_>,
    sums: &HashMap<usize, Sum>,
    verdicts: &[Verdict],
) -> Vec<TotalCheck> {
    let mut found = Vec::new();
    for (total, verdict) in verdicts.iter().enumerate() {
        let look = &rows.looks[total];
        let is_word = look.names_total() && (look.is_alone() || look.is_all_blank());
        match (verdict, sums.get(&total)) {
            (Verdict::Total, Some(sum)) => differing(rows, total, sum, is_word, &mut found),
            (Verdict::Total, None) if is_word => {
                let is_below = has_records_above(total, sums, verdicts);
                found.extend(without_sum(rows, total, verdicts, NEAR_OF_WORDS, is_below))
            }
            (Verdict::Doubtful(DoubtfulTotalReason::NoSum), _) if is_word => {
                found.extend(without_sum(rows, total, verdicts, NEAR, false))
            }
            _ => {}
        }
    }
    found.extend(balances(rows, verdicts));
    found.sort_by_key(|check| (check.row, check.column));
    found
}

/// Returns whether a column of amounts has cents: it has two decimals, or one in a table where another column has two.
fn has_cents(rows: &TotalsRows<'_>, column: usize) -> bool {
    let decimals = |column: usize| rows.table.columns[column].decimals;
    decimals(column) == 2
        || decimals(column) == 1 && (0..rows.table.columns.len()).any(|other| decimals(other) == 2)
}

fn made(
    rows: &TotalsRows<'_>,
    total: usize,
    at: usize,
    added: i128,
    parts: &[usize],
) -> TotalCheck {
    let look = &rows.looks[total];
    let column = rows.amounts[at];
    TotalCheck {
        row: rows.row(total),
        column,
        said: rows.written(at, i128::from(rows.items.row(total)[at])),
        added: rows.written(at, added),
        first: parts.iter().map(|&part| rows.row(part)).min().unwrap_or(0),
        last: parts
            .iter()
            .map(|&part| rows.last_row(part))
            .max()
            .unwrap_or(0),
        decimals: rows.table.columns[column].decimals,
        is_balance: false,
        is_sure: has_cents(rows, column) && (look.word.is_some() || look.is_all_blank()),
    }
}

fn added(rows: &TotalsRows<'_>, at: usize, parts: &[usize]) -> (i128, u32) {
    let width = rows.amounts.len();
    let mut sum = (0, 0);
    for &part in parts {
        let value = rows.items.row(part)[at];
        if value != NONE {
            sum.0 += i128::from(value);
            sum.1 += rows.items.terms[part * width + at];
        }
    }
    sum
}

/// Returns whether a total is certainly below its records: only totals follow it, and no other total is above its records.
fn has_records_above(total: usize, sums: &HashMap<usize, Sum>, verdicts: &[Verdict]) -> bool {
    let is_last = verdicts[total + 1..]
        .iter()
        .all(|verdict| *verdict == Verdict::Total);
    let mut totals = sums
        .iter()
        .filter(|(item, _)| verdicts[**item] == Verdict::Total);
    is_last && totals.all(|(_, sum)| !sum.is_below)
}

/// Returns whether a number in a certain total can only be a wrong sum, however large the difference is. Means, rates and
/// largest values are within the range of the numbers, so this is true only of a number outside that range, or of the only
/// number of its row if it is neither a mean nor the least or largest number.
fn is_wrong_sum(
    rows: &TotalsRows<'_>,
    total: usize,
    at: usize,
    sum: i128,
    parts: &[usize],
) -> bool {
    let column = rows.amounts[at];
    let said = i128::from(rows.items.row(total)[at]);
    let of_part = |&part: &usize| rows.row(part)..=rows.last_row(part);
    let numbers = || {
        let values = parts.iter().flat_map(of_part);
        let values = values.map(|row| rows.table.value(row, column));
        values.filter(|&value| value != NONE).map(i128::from)
    };
    let (Some(least), Some(most)) = (numbers().min(), numbers().max()) else {
        return false;
    };
    let count = numbers().count() as i128;
    if count < i128::from(MIN_ADDED_NUMBERS)
        || (2..=MAX_TOTAL_MULTIPLE).any(|times| (sum - times * said).abs() <= MAX_TOTAL_MULTIPLE)
    {
        return false;
    }
    let filled = rows.items.numbers(total);
    let is_mean = (sum - said * count).abs() <= count;
    let is_only = filled.count() == 1 && !is_mean && said != least && said != most;
    !(least..=most).contains(&said) || is_only
}

/// Adds the columns of a sum that are near it, but do not agree. `is_word`: a word marks the row as a total.
fn differing(
    rows: &TotalsRows<'_>,
    total: usize,
    sum: &Sum,
    is_word: bool,
    found: &mut Vec<TotalCheck>,
) {
    for &at in &sum.differ {
        let said = i128::from(rows.items.row(total)[at]);
        let (added, _) = added(rows, at, &sum.parts);
        let is_near = (added - said).unsigned_abs() as f64 <= NEAR * said.unsigned_abs() as f64;
        if is_near || is_word && is_wrong_sum(rows, total, at, added, &sum.parts) {
            found.push(made(rows, total, at, added, &sum.parts));
        }
    }
}

/// Compares a total that is known only by its word with the rows since the last total, or with all records above or below.
/// `is_below`: the total is certainly below its records.
fn without_sum(
    rows: &TotalsRows<'_>,
    total: usize,
    verdicts: &[Verdict],
    near: f64,
    is_below: bool,
) -> Vec<TotalCheck> {
    let is_total = |item: usize| matches!(verdicts[item], Verdict::Total | Verdict::Balance);
    let records = |from: usize, to: usize| -> Vec<usize> {
        (from..to).filter(|&item| !is_total(item)).collect()
    };
    let last = (0..total)
        .rev()
        .find(|&item| is_total(item))
        .map_or(0, |item| item + 1);
    let next = (total + 1..verdicts.len())
        .find(|&item| is_total(item))
        .unwrap_or(verdicts.len());
    let mut candidates = vec![records(last, total), records(total + 1, next)];
    if last > 0 && total + 1 == verdicts.len() {
        candidates.push(records(0, total));
    }
    let mut found = Vec::new();
    for at in 0..rows.amounts.len() {
        let said = i128::from(rows.items.row(total)[at]);
        if rows.items.row(total)[at] == NONE {
            continue;
        }
        let sums = candidates
            .iter()
            .map(|parts| (added(rows, at, parts), parts))
            .filter(|((_, terms), _)| *terms > 0);
        let Some(((sum, terms), parts)) =
            sums.min_by_key(|((sum, _), _)| (sum - said).unsigned_abs())
        else {
            continue;
        };
        let off = (sum - said).unsigned_abs() as f64;
        let is_near = off <= near * said.unsigned_abs() as f64;
        if off > slack(terms) && (is_near || is_below && is_wrong_sum(rows, total, at, sum, parts))
        {
            found.push(made(rows, total, at, sum, parts));
        }
    }
    found
}

/// Compares the closing balance with the opening balance and the amounts between.
fn balances(rows: &TotalsRows<'_>, verdicts: &[Verdict]) -> Option<TotalCheck> {
    let named = |&item: &usize| {
        verdicts[item] == Verdict::Balance && rows.looks[item].word == Some(TotalWord::Balance)
    };
    let opening = (0..verdicts.len()).find(named)?;
    let closing = (opening + 1..verdicts.len()).rev().find(named)?;
    let records: Vec<usize> = (opening + 1..closing)
        .filter(|&item| matches!(verdicts[item], Verdict::Record | Verdict::Doubtful(_)))
        .collect();
    let (from, to) = (rows.row(opening), rows.row(closing));
    let width = rows.table.columns.len();
    let column = (0..width).rev().find(|&column| {
        rows.table.value(from, column) != NONE && rows.table.value(to, column) != NONE
    })?;
    let unit = rows.table.columns[column].unit;
    let step = (rows.table.value(to, column) - rows.table.value(from, column)) as f64 * unit;
    let sum = |column: usize| {
        let at = rows.amounts.iter().position(|&amount| amount == column)?;
        Some(rows.written(at, added(rows, at, &records).0))
    };
    let others: Vec<usize> = rows
        .amounts
        .iter()
        .copied()
        .filter(|&amount| amount != column)
        .collect();
    let has_own = records
        .iter()
        .any(|&item| rows.table.value(rows.row(item), column) != NONE);
    let fits = |value: f64| (value - step).abs() < unit / 2.0;
    let either = |plus: f64, minus: f64| fits(plus - minus) || fits(minus - plus);
    let mut sums: Vec<f64> = others
        .iter()
        .take(MAX_BALANCE_COLUMNS)
        .filter_map(|&amount| sum(amount))
        .collect();
    sums.push(0.0);
    let adds_up = sums
        .iter()
        .any(|&plus| sums.iter().any(|&minus| either(plus, minus)));
    if records.is_empty() || adds_up || sum(column).is_some_and(fits) {
        return None;
    }
    // It must be certain to which column these sums belong.
    let running = rows
        .running
        .iter()
        .find(|&&(balance, ..)| balance == column);
    // If the last record has the closing balance in this column, the column contains balances.
    let is_balance = records.last().is_some_and(|&item| {
        rows.table.value(rows.last_row(item), column) == rows.table.value(to, column)
    });
    let near = match (running, &others[..]) {
        (Some(&(_, plus, minus)), _) => sum(plus)? - minus.map_or(Some(0.0), sum)?,
        (None, []) if has_own => sum(column)?,
        (None, [amount]) if !has_own || is_balance => nearer(step, sum(*amount)?),
        (None, [one, other]) if !has_own || is_balance => nearer(step, sum(*one)? - sum(*other)?),
        _ => return None,
    };
    let said = rows.table.value(to, column) as f64 * unit;
    Some(TotalCheck {
        row: to,
        column,
        said,
        added: said - step + near,
        first: from,
        last: records
            .iter()
            .map(|&item| rows.last_row(item))
            .max()
            .unwrap_or(from),
        decimals: rows.table.columns[column].decimals,
        is_balance: true,
        is_sure: has_cents(rows, column),
    })
}
