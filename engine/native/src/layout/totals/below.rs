//! Judges the rows below a total that follow from it: its parts, its shares in percent, the difference of two totals, the ratio
//! of two totals, or its continuation with the records between. Other rows there that lack the texts of a record are doubtful,
//! and so are parts of a record.

use foldhash::HashMap;

use super::read::NONE;
use super::rows::{DoubtfulTotalReason, TotalsRows, Verdict};
use super::sums::Sum;
use super::words;

/// The maximum number of totals above that are considered; totals further up belong to something else.
const MAX_TOTALS: usize = 8;
/// The sum of all shares.
const WHOLE: [f64; 2] = [100.0, 1.0];
/// The minimum number, in units, that counts if only one column agrees; smaller numbers agree by chance.
const MIN_LONE_AMOUNT_UNITS: i64 = 1000;

/// Judges the rows right below totals.
pub fn follow(rows: &TotalsRows<'_>, sums: &HashMap<usize, Sum>, verdicts: &mut [Verdict]) {
    let mut totals: Vec<usize> = Vec::new();
    for item in 0..verdicts.len() {
        if verdicts[item] == Verdict::Total {
            totals.push(item);
            continue;
        }
        let follows = item > 0
            && matches!(
                verdicts[item - 1],
                Verdict::Total | Verdict::Doubtful(DoubtfulTotalReason::BelowTotal)
            );
        if !is_amount(rows, item) {
            continue;
        }
        let is_part = rows.looks[item]
            .label(&rows.table, rows.row(item))
            .is_some_and(words::is_part);
        if is_part && item > 0 && verdicts[item - 1] == Verdict::Record {
            verdicts[item] = Verdict::Doubtful(DoubtfulTotalReason::PartOfRecord);
            continue;
        }
        let Some(&total) = totals.last() else {
            continue;
        };
        if !follows {
            if verdicts[item] == Verdict::Record && is_carried_on(rows, verdicts, total, item) {
                verdicts[item] = Verdict::Total;
                totals.push(item);
            }
            continue;
        }
        // If a total is above its rows, the rows below it are its records.
        if sums.get(&total).is_some_and(|sum| sum.is_below) && !adds_up_above(rows, verdicts, total)
        {
            continue;
        }
        let near = &totals[totals.len().saturating_sub(MAX_TOTALS)..];
        if is_part {
            verdicts[item] = Verdict::Total;
        } else if let Some(last) = last_part(rows, total, item) {
            verdicts[item..=last].fill(Verdict::Total);
        } else if is_share(rows, total, item)
            || is_difference(rows, near, item)
            || is_ratio(rows, near, item)
        {
            verdicts[item] = Verdict::Total;
            totals.push(item);
        } else if verdicts[item] == Verdict::Record
            && !rows.items.begins[item]
            && is_at_end(rows, total, item)
        {
            verdicts[item] = Verdict::Doubtful(DoubtfulTotalReason::BelowTotal);
        }
    }
}

/// Returns whether a row has numbers, and lacks some of the cells that records have beside them.
fn is_amount(rows: &TotalsRows<'_>, item: usize) -> bool {
    let look = &rows.looks[item];
    let lacks = look.has_no_keys() || look.is_bare;
    lacks && !look.is_full && rows.items.has_numbers(item)
}

/// Returns whether a row lacks cells that most records have, or numbers that all records above its total have, and no record
/// follows it directly.
fn is_at_end(rows: &TotalsRows<'_>, total: usize, item: usize) -> bool {
    let count = |item: usize| rows.items.numbers(item).count();
    let above = || {
        let items = (0..total).rev();
        items.take_while(|&item| count(item) > 0 && !rows.looks[item].names_total())
    };
    let is_short = |item: usize| {
        let look = &rows.looks[item];
        look.is_all_blank()
            || look.is_short
            || above().count() > 1 && above().all(|record| count(record) > count(item))
    };
    let next = item + 1;
    is_short(item) && (next == rows.items.count() || rows.items.begins[next] || is_short(next))
}

/// Returns whether the numbers of a row are the total above plus the records between: the result below EBIT, interest and tax.
fn is_carried_on(rows: &TotalsRows<'_>, verdicts: &[Verdict], total: usize, item: usize) -> bool {
    let are_records = verdicts[total + 1..item]
        .iter()
        .all(|verdict| *verdict == Verdict::Record);
    let added = |at: usize| -> Option<i64> {
        let known = (total..item).map(|item| rows.items.row(item)[at]);
        let mut known = known.filter(|value| *value != NONE);
        known.try_fold(0_i64, i64::checked_add)
    };
    are_records
        && rows
            .items
            .numbers(item)
            .all(|(at, value)| added(at) == Some(value))
        && agree(rows.items.numbers(item).map(|(_, value)| value))
}

/// Returns whether the rows right above a total add up to it as well.
fn adds_up_above(rows: &TotalsRows<'_>, verdicts: &[Verdict], total: usize) -> bool {
    let whole = rows.items.row(total);
    let mut added = vec![0_i64; whole.len()];
    let mut above = (0..total)
        .rev()
        .take_while(|&item| verdicts[item] != Verdict::Total);
    above.any(|item| {
        for (at, value) in rows.items.numbers(item) {
            added[at] = added[at].saturating_add(value);
        }
        let mut sums = added.iter().zip(whole);
        sums.all(|(&sum, &whole)| whole == NONE || sum == whole)
    })
}

/// Returns the last row of a range that begins with `item` and adds up to a total.
fn last_part(rows: &TotalsRows<'_>, total: usize, item: usize) -> Option<usize> {
    let whole = rows.items.row(total);
    let mut added: Vec<Option<i64>> = vec![None; whole.len()];
    let mut last = None;
    for part in item..rows.items.count() {
        if !is_amount(rows, part) {
            break;
        }
        for (at, value) in rows.items.numbers(part) {
            added[at] = Some(added[at].unwrap_or(0).saturating_add(value));
        }
        let mut sums = added.iter().zip(whole);
        if sums.all(|(sum, &whole)| sum.is_none_or(|sum| sum == whole)) {
            last = Some(part);
        } else if last.is_some() {
            break;
        }
    }
    let is_end = |last: usize| {
        let next = last + 1;
        next == rows.items.count() || rows.items.begins[next]
    };
    last.filter(|&last| is_end(last) && agree(added.into_iter().flatten()))
}

/// Returns whether numbers that agree are more than chance: several numbers, or a large one.
fn agree(numbers: impl Iterator<Item = i64>) -> bool {
    let numbers: Vec<i64> = numbers.filter(|number| *number != 0).collect();
    numbers.len() > 1
        || numbers
            .iter()
            .any(|number| number.abs() >= MIN_LONE_AMOUNT_UNITS)
}

/// Returns whether the numbers of a row are the shares of a total's numbers in their sum, within the precision that is written.
fn is_share(rows: &TotalsRows<'_>, total: usize, item: usize) -> bool {
    let whole = rows.items.row(total);
    let shares: Vec<(usize, i64)> = rows.items.numbers(item).collect();
    let of = |at: usize| rows.written(at, i128::from(whole[at]));
    if shares.len() < 2 || shares.iter().any(|&(at, _)| whole[at] == NONE) {
        return false;
    }
    let sum: f64 = shares.iter().map(|&(at, _)| of(at)).sum();
    let sums = std::iter::once(sum).chain(shares.iter().map(|&(at, _)| of(at)));
    sums.filter(|sum| *sum > 0.0).any(|sum| {
        WHOLE.into_iter().any(|whole| {
            let mut shares = shares.iter();
            shares.all(|&(at, value)| says(rows, at, value, whole * of(at) / sum))
        })
    })
}

/// Returns whether a number has the exact value, within the precision that is written.
fn says(rows: &TotalsRows<'_>, at: usize, value: i64, exact: f64) -> bool {
    // 51.9 is less precise than 51.93.
    let step = if value % 10 == 0 { 10 } else { 1 };
    let written = rows.written(at, i128::from(value));
    (written - exact).abs() <= 0.501 * rows.written(at, step)
}

/// Returns whether a condition holds for two of these totals.
fn holds_of_two(totals: &[usize], is_of: impl Fn(usize, usize) -> bool) -> bool {
    let mut firsts = totals.iter();
    firsts.any(|&first| {
        totals
            .iter()
            .any(|&other| first != other && is_of(first, other))
    })
}

/// Returns whether the numbers of a row are one total's percentage of another: "Net income, % of revenue".
fn is_ratio(rows: &TotalsRows<'_>, totals: &[usize], item: usize) -> bool {
    let shares: Vec<(usize, i64)> = rows.items.numbers(item).collect();
    let is_of = |part: usize, whole: usize| {
        let (part, whole) = (rows.items.row(part), rows.items.row(whole));
        shares.iter().all(|&(at, value)| {
            let known = part[at] != NONE && whole[at] != NONE && whole[at] != 0;
            known
                && says(
                    rows,
                    at,
                    value,
                    WHOLE[0] * part[at] as f64 / whole[at] as f64,
                )
        })
    };
    shares.len() > 1 && holds_of_two(totals, is_of)
}

/// Returns whether the numbers of a row are the difference of two totals.
fn is_difference(rows: &TotalsRows<'_>, totals: &[usize], item: usize) -> bool {
    let is_of = |from: usize, less: usize| {
        let (from, less) = (rows.items.row(from), rows.items.row(less));
        let is_known = |at: usize| from[at] != NONE && less[at] != NONE;
        rows.items
            .numbers(item)
            .all(|(at, value)| is_known(at) && from[at] - less[at] == value)
    };
    agree(rows.items.numbers(item).map(|(_, value)| value)) && holds_of_two(totals, is_of)
}
