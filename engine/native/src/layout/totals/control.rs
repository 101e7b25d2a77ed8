//! Checks totals against the sums of what was kept, and closing balances against opening ones and the amounts between.

use std::collections::HashMap;

use super::read::NONE;
use super::sums::{Sum, slack};
use super::words::Word;
use super::{Rows, Verdict};

/// A sum that is further off is none: a mean, a percentage.
const NEAR: f64 = 0.2;

/// A total beside what was added.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// From 0 at the table's first row and column.
    pub row: usize,
    pub column: usize,
    pub said: f64,
    pub added: f64,
    /// The first and last row that were added.
    pub first: usize,
    pub last: usize,
    pub decimals: u8,
    /// Whether this is opening balance and amounts beside the closing balance.
    pub is_balance: bool,
    /// Whether the numbers are of a kind that has to add up: amounts with cents, in a row with a word or blank keys.
    pub is_sure: bool,
}

/// What does not add up.
pub fn check(rows: &Rows<'_>, sums: &HashMap<usize, Sum>, verdicts: &[Verdict]) -> Vec<Check> {
    let mut found = Vec::new();
    for (total, verdict) in verdicts.iter().enumerate() {
        if *verdict != Verdict::Total {
            continue;
        }
        match sums.get(&total) {
            Some(sum) => differing(rows, total, sum, &mut found),
            None if rows.looks[total].names_total() && rows.looks[total].is_alone() => {
                found.extend(without_sum(rows, total, verdicts));
            }
            None => {}
        }
    }
    found.extend(balances(rows, verdicts));
    found.sort_by_key(|check| (check.row, check.column));
    found
}

/// Whether cents have to add up in a column of amounts.
fn has_cents(rows: &Rows<'_>, at: usize) -> bool {
    rows.table.columns[rows.amounts[at]].decimals == 2
}

fn made(rows: &Rows<'_>, total: usize, at: usize, added: i128, parts: &[usize]) -> Check {
    let look = &rows.looks[total];
    let column = rows.amounts[at];
    Check {
        row: rows.row(total),
        column,
        said: rows.written(at, i128::from(rows.items.row(total)[at])),
        added: rows.written(at, added),
        first: parts.iter().map(|&part| rows.row(part)).min().unwrap_or(0),
        last: parts.iter().map(|&part| rows.last_row(part)).max().unwrap_or(0),
        decimals: rows.table.columns[column].decimals,
        is_balance: false,
        is_sure: has_cents(rows, at) && (look.word.is_some() || look.is_all_blank()),
    }
}

fn added(rows: &Rows<'_>, at: usize, parts: &[usize]) -> (i128, u32) {
    let width = rows.amounts.len();
    let mut sum = (0, 0);
    for &part in parts {
        let value = rows.items.row(part)[at];
        if value != NONE {
            sum = (sum.0 + i128::from(value), sum.1 + rows.items.terms[part * width + at]);
        }
    }
    sum
}

/// The columns of a sum that are near it, and do not agree.
fn differing(rows: &Rows<'_>, total: usize, sum: &Sum, found: &mut Vec<Check>) {
    for &at in &sum.differ {
        let said = i128::from(rows.items.row(total)[at]);
        let (added, _) = added(rows, at, &sum.parts);
        if (added - said).unsigned_abs() as f64 <= NEAR * said.unsigned_abs() as f64 {
            found.push(made(rows, total, at, added, &sum.parts));
        }
    }
}

/// A total by its word, whose numbers are no sums: beside the rows since the last total, or all records above or below.
fn without_sum(rows: &Rows<'_>, total: usize, verdicts: &[Verdict]) -> Vec<Check> {
    let is_total = |item: usize| matches!(verdicts[item], Verdict::Total | Verdict::Balance);
    let records = |from: usize, to: usize| -> Vec<usize> { (from..to).filter(|&item| !is_total(item)).collect() };
    let last = (0..total).rev().find(|&item| is_total(item)).map_or(0, |item| item + 1);
    let next = (total + 1..verdicts.len()).find(|&item| is_total(item)).unwrap_or(verdicts.len());
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
        let near = candidates.iter().map(|parts| (added(rows, at, parts), parts)).filter(|((_, terms), _)| *terms > 0);
        let Some(((sum, terms), parts)) = near.min_by_key(|((sum, _), _)| (sum - said).unsigned_abs()) else {
            continue;
        };
        let off = (sum - said).unsigned_abs() as f64;
        if off > slack(terms) && off <= NEAR.max(0.5) * said.unsigned_abs() as f64 {
            found.push(made(rows, total, at, sum, parts));
        }
    }
    found
}

/// The opening balance and the amounts between beside the closing balance.
fn balances(rows: &Rows<'_>, verdicts: &[Verdict]) -> Option<Check> {
    let named = |&item: &usize| verdicts[item] == Verdict::Balance && rows.looks[item].word == Some(Word::Balance);
    let opening = (0..verdicts.len()).find(named)?;
    let closing = (opening + 1..verdicts.len()).rev().find(named)?;
    let records: Vec<usize> = (opening + 1..closing).filter(|&item| matches!(verdicts[item], Verdict::Record | Verdict::Doubtful(_))).collect();
    let (from, to) = (rows.row(opening), rows.row(closing));
    let width = rows.table.columns.len();
    let column = (0..width).rev().find(|&column| rows.table.value(from, column) != NONE && rows.table.value(to, column) != NONE)?;
    let unit = rows.table.columns[column].unit;
    let step = (rows.table.value(to, column) - rows.table.value(from, column)) as f64 * unit;
    let sum = |column: usize| {
        let at = rows.amounts.iter().position(|&one| one == column)?;
        Some(rows.written(at, added(rows, at, &records).0))
    };
    let others: Vec<usize> = rows.amounts.iter().copied().filter(|&one| one != column).collect();
    let own = sum(column).filter(|_| records.iter().any(|&item| rows.table.value(rows.row(item), column) != NONE));
    let running = rows.running.iter().find(|&&(balance, ..)| balance == column);
    let ways: Vec<f64> = match (own, running) {
        (Some(own), _) => vec![own],
        (None, Some(&(_, plus, minus))) => vec![sum(plus)? - minus.map_or(Some(0.0), sum)?],
        (None, None) => match others[..] {
            [one] => vec![sum(one)?, -sum(one)?],
            [one, other] => vec![sum(one)? - sum(other)?, sum(other)? - sum(one)?],
            _ => return None,
        },
    };
    let near = ways.into_iter().min_by(|a, b| (a - step).abs().total_cmp(&(b - step).abs()))?;
    if records.is_empty() || (near - step).abs() < unit / 2.0 {
        return None;
    }
    let said = rows.table.value(to, column) as f64 * unit;
    Some(Check {
        row: to,
        column,
        said,
        added: said - step + near,
        first: from,
        last: records.iter().map(|&item| rows.last_row(item)).max().unwrap_or(from),
        decimals: rows.table.columns[column].decimals,
        is_balance: true,
        is_sure: rows.table.columns[column].decimals == 2,
    })
}
