//! Decides what each row is, by its sum, its word, and the blank cells beside it.

use foldhash::{HashMap, HashSet};

use super::below;
use super::looks::{DOUBTFUL_ABOVE_FULL, NEED_FULL};
use super::read::NONE;
use super::rows::{DoubtfulTotalReason, EDGE, TotalsRows, Verdict};
use super::sums::Sum;
use super::words::{self, TotalWord};

/// The minimum number of rows above the rows with only numbers at the end.
const MIN_ROWS_ABOVE_TAIL: usize = 2;
/// The minimum number of rows of a statement: balances and the rows between them.
const MIN_STATEMENT_ROWS: usize = 4;
/// The minimum number of numbers that show what is small and large in a column.
const MIN_SIZED_NUMBERS: u32 = 3;

/// Statistics of the columns of amounts.
struct AmountStatistics {
    count: Vec<u32>,
    mean: Vec<f64>,
    most: Vec<i64>,
    /// The sum and count of the records so far, and since the last total.
    all: Vec<(i128, u32)>,
    here: Vec<(i128, u32)>,
}

impl AmountStatistics {
    fn new(rows: &TotalsRows<'_>) -> Self {
        let width = rows.amounts.len();
        let (mut sums, mut count, mut most) = (vec![0_i128; width], vec![0; width], vec![0; width]);
        for item in 0..rows.items.count() {
            for (at, value) in rows.items.numbers(item) {
                sums[at] += i128::from(value);
                count[at] += rows.items.filled[item * width + at];
                // The sum of many records is as large as a total would be.
                most[at] = most[at].max(value);
            }
        }
        let mean = sums
            .iter()
            .zip(&count)
            .map(|(&sum, &count)| sum as f64 / f64::from(count.max(1)))
            .collect();
        Self {
            count,
            mean,
            most,
            all: vec![(0, 0); width],
            here: vec![(0, 0); width],
        }
    }

    fn add(&mut self, rows: &TotalsRows<'_>, item: usize, verdict: Verdict) {
        if matches!(verdict, Verdict::Total | Verdict::Balance) {
            self.here.fill((0, 0));
            return;
        }
        let width = rows.amounts.len();
        for (at, value) in rows.items.numbers(item) {
            for sums in [&mut self.all, &mut self.here] {
                sums[at].0 += i128::from(value);
                sums[at].1 += rows.items.filled[item * width + at];
            }
        }
    }

    /// Returns whether all numbers of a row are the means of the records above.
    fn is_mean(&self, row: &[i64]) -> bool {
        let tested: Vec<usize> = (0..row.len())
            .filter(|&at| row[at] != NONE && self.all[at].1 > 1)
            .collect();
        let fits = |sums: &[(i128, u32)]| {
            tested.iter().all(|&at| {
                sums[at].1 > 0
                    && (sums[at].0 as f64 / f64::from(sums[at].1) - row[at] as f64).abs() <= 1.0
            })
        };
        !tested.is_empty() && (fits(&self.all) || fits(&self.here))
    }

    /// Returns whether most numbers of a row are below the mean, and whether most are the largest.
    fn size(&self, row: &[i64]) -> (bool, bool) {
        let tested: Vec<usize> = (0..row.len())
            .filter(|&at| row[at] != NONE && self.count[at] >= MIN_SIZED_NUMBERS)
            .collect();
        let is_small = |at: &&usize| (row[**at] as f64) < self.mean[**at];
        let is_largest = |at: &&usize| row[**at] >= self.most[**at];
        let small = tested.iter().filter(is_small).count();
        let largest = tested.iter().filter(is_largest).count();
        (
            small * 2 > tested.len(),
            tested.is_empty() || largest * 2 >= tested.len(),
        )
    }
}

/// The position of a row, and its relation to the rows around it.
struct ItemContext {
    is_edge: bool,
    is_last: bool,
    is_outer: bool,
    is_below_total: bool,
    /// True if it is one of the first or last rows, and lacks the day that all others have.
    lacks_day: bool,
    /// True if it is the sum of rows above or below, or a part of the sum that is another balance.
    goes_on: bool,
}

/// Returns the verdicts on all items.
pub fn judge(rows: &TotalsRows<'_>, sums: &HashMap<usize, Sum>) -> Vec<Verdict> {
    let count = rows.items.count();
    let mut columns = AmountStatistics::new(rows);
    let has_balances = balances_are_few(rows);
    let tail = tail_of(rows);
    let with_day = rows.table.with_day(&rows.keys);
    let going_on = balances_that_go_on(rows, sums);
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(count);
    for item in 0..count {
        let place = ItemContext {
            is_edge: item < EDGE - 1 || item + EDGE >= count,
            is_last: item >= tail.min(count - 1),
            is_outer: sums
                .get(&item)
                .is_some_and(|sum| sum.parts.iter().any(|part| sums.contains_key(part))),
            goes_on: going_on.contains(&item),
            // A title above the first record has no number.
            lacks_day: rows.places[item].0 >= with_day.end
                || rows.places[item].0 < with_day.start && rows.items.has_numbers(item),
            is_below_total: verdicts.last().is_some_and(|above| {
                matches!(
                    above,
                    Verdict::Total | Verdict::Doubtful(DoubtfulTotalReason::Charge)
                )
            }),
        };
        let verdict = decide(rows, item, sums.get(&item), &place, &columns, has_balances);
        columns.add(rows, item, verdict);
        verdicts.push(verdict);
    }
    take_charges(rows, sums, &mut verdicts);
    below::follow(rows, sums, &mut verdicts);
    verdicts
}

/// Returns the balances that are the sums of rows above or below, or parts of the sum that is another balance.
fn balances_that_go_on(rows: &TotalsRows<'_>, sums: &HashMap<usize, Sum>) -> HashSet<usize> {
    let is_balance = |item: &usize| rows.looks[*item].word == Some(TotalWord::Balance);
    let of_balances = sums.iter().filter(|(item, _)| is_balance(item));
    let mut found: HashSet<usize> = HashSet::default();
    for (&item, sum) in of_balances {
        found.extend(sum.parts.iter().copied().filter(is_balance));
        if sum.parts.len() > 1 {
            found.insert(item);
        }
    }
    // A day beside a balance makes it look like a record, which needs more evidence for a sum. Therefore these are added up
    // here.
    let last = rows.items.count() - 1;
    let closing = rows.items.row(last);
    let is_sum_of_all = |at: usize| {
        let above = (0..last).map(|above| rows.items.row(above)[at]);
        let sum: i128 = above.filter(|&value| value != NONE).map(i128::from).sum();
        closing[at] != NONE && sum == i128::from(closing[at])
    };
    if last > MIN_ROWS_ABOVE_TAIL && is_balance(&last) && (0..closing.len()).any(is_sum_of_all) {
        found.extend([0, last].into_iter().filter(is_balance));
    }
    found
}

/// Returns which rows are averages, and so no parts of sums.
pub fn averages(rows: &TotalsRows<'_>) -> Vec<bool> {
    let mut columns = AmountStatistics::new(rows);
    let is_average = |columns: &AmountStatistics, item: usize| {
        let look = &rows.looks[item];
        look.word == Some(TotalWord::Average)
            && !look.is_full
            && (look.is_all_blank() || look.is_alone() && columns.is_mean(rows.items.row(item)))
    };
    (0..rows.items.count())
        .map(|item| {
            let found = is_average(&columns, item);
            columns.add(rows, item, Verdict::Record);
            found
        })
        .collect()
}

/// Returns whether balances are few. If most rows have a word for balances, as in a trial balance, these rows are records.
fn balances_are_few(rows: &TotalsRows<'_>) -> bool {
    let balances = rows
        .looks
        .iter()
        .filter(|look| look.word == Some(TotalWord::Balance))
        .count();
    balances * 2 <= rows.table.live.len().max(MIN_STATEMENT_ROWS)
}

/// Returns the first of the rows at the end that have numbers, and blank keys.
fn tail_of(rows: &TotalsRows<'_>) -> usize {
    let mut tail = rows.items.count();
    while tail > MIN_ROWS_ABOVE_TAIL {
        let look = &rows.looks[tail - 1];
        if !look.is_all_blank() || !rows.items.has_numbers(tail - 1) {
            break;
        }
        tail -= 1;
    }
    tail
}

fn decide(
    rows: &TotalsRows<'_>,
    item: usize,
    sum: Option<&Sum>,
    place: &ItemContext,
    columns: &AmountStatistics,
    has_balances: bool,
) -> Verdict {
    let (look, row) = (&rows.looks[item], rows.items.row(item));
    if rows.items.needs[item].is_infinite() {
        return Verdict::Record;
    }
    if look.word == Some(TotalWord::Balance) && look.is_alone() && has_balances {
        return balance(rows, item, sum, place);
    }
    let is_charge = matches!(look.word, Some(TotalWord::Charge | TotalWord::Discount));
    if let Some(sum) = sum.filter(|sum| !is_charge || sum.parts.len() > 1) {
        return with_sum(rows, item, sum, place);
    }
    let has_numbers = rows.items.has_numbers(item);
    if look.word == Some(TotalWord::Average)
        && !look.is_full
        && (look.is_alone() || look.is_all_blank())
    {
        let is_mean = columns.is_mean(row) || look.is_all_blank();
        return if is_mean {
            Verdict::Total
        } else {
            Verdict::Doubtful(DoubtfulTotalReason::NoMean)
        };
    }
    let (is_small, is_largest) = columns.size(row);
    if look.names_total() && !look.is_full && !look.is_starred {
        if look.is_all_blank() && (look.is_alone() || is_largest) || look.is_alone() && !has_numbers
        {
            return Verdict::Total;
        }
        if look.is_alone() || look.blank.is_some_and(|share| share > 0.0) || !is_small {
            return Verdict::Doubtful(DoubtfulTotalReason::NoSum);
        }
    }
    if is_charge
        && look.is_alone()
        && has_numbers
        && (look.is_all_blank() || place.is_below_total && !look.is_full)
    {
        return Verdict::Doubtful(DoubtfulTotalReason::Charge);
    }
    let has_nothing =
        look.is_all_blank() || look.at.is_none() && look.is_bare && !rows.keys.is_empty();
    let has_name = look.at.is_some() && look.at.as_ref() == rows.keys.first();
    let says_no_total = look.word.is_none() || look.is_starred;
    if place.is_last && has_numbers && says_no_total && has_nothing && !has_name {
        return Verdict::Doubtful(DoubtfulTotalReason::AtTheEnd);
    }
    if place.lacks_day && look.is_all_blank() {
        return Verdict::Doubtful(DoubtfulTotalReason::NoDay);
    }
    Verdict::Record
}

/// Judges a row whose label is a word for balances.
fn balance(rows: &TotalsRows<'_>, item: usize, sum: Option<&Sum>, place: &ItemContext) -> Verdict {
    let look = &rows.looks[item];
    let numbers = rows.items.numbers(item).count();
    let is_by_days = look.stands_beside_days(&rows.table, rows.row(item), &rows.keys);
    // The rest of an invoice is also called a balance. If the row has amounts, it must continue the others.
    if numbers > 0
        && !place.goes_on
        && look
            .label(&rows.table, rows.row(item))
            .is_some_and(words::is_bare_balance)
        && (!look.is_full || is_by_days)
    {
        return Verdict::Doubtful(DoubtfulTotalReason::Amounts);
    }
    if is_by_days
        && (numbers == 0 && !rows.running.is_empty()
            || numbers < 2 && (place.is_edge || look.is_all_blank()))
    {
        return Verdict::Balance;
    }
    if sum.is_some() && is_by_days && !look.is_full {
        return Verdict::Balance;
    }
    if look.is_full && !is_by_days {
        return Verdict::Record;
    }
    Verdict::Doubtful(DoubtfulTotalReason::Amounts)
}

/// Judges a row that is the sum of others.
fn with_sum(rows: &TotalsRows<'_>, item: usize, sum: &Sum, place: &ItemContext) -> Verdict {
    let look = &rows.looks[item];
    if look.word.is_none()
        && look.at.is_some()
        && look.blank.is_some_and(|share| share > 0.0 && share < 1.0)
    {
        return Verdict::Doubtful(DoubtfulTotalReason::HasTexts);
    }
    if look.is_full
        && (look.word.is_none() || !look.is_alone())
        && sum.bits < NEED_FULL + DOUBTFUL_ABOVE_FULL
    {
        return Verdict::Doubtful(DoubtfulTotalReason::HasTexts);
    }
    if sum.parts.len() == 1 && !look.is_all_blank() && !place.is_last && !place.is_outer {
        return Verdict::Doubtful(DoubtfulTotalReason::Twice);
    }
    Verdict::Total
}

/// Makes totals of the charges (VAT, shipping, discounts) that are added to a total to make another one, or are between the
/// records and their total.
fn take_charges(rows: &TotalsRows<'_>, sums: &HashMap<usize, Sum>, verdicts: &mut [Verdict]) {
    let mut charges: HashSet<usize> = HashSet::default();
    for (&total, sum) in sums {
        if !matches!(verdicts[total], Verdict::Total | Verdict::Balance) {
            continue;
        }
        let is_open =
            |part: usize| matches!(verdicts[part], Verdict::Record | Verdict::Doubtful(_));
        let is_charge = |part: usize| {
            matches!(
                rows.looks[part].word,
                Some(TotalWord::Charge | TotalWord::Discount)
            )
        };
        if sum
            .parts
            .iter()
            .any(|&part| verdicts[part] == Verdict::Total)
        {
            let added = sum.parts.iter().filter(|&&part| is_open(part));
            charges.extend(added.filter(|&&part| {
                let look = &rows.looks[part];
                let is_exact = look.is_short && sum.differ.is_empty();
                look.is_all_blank() || (is_charge(part) || is_exact) && !look.is_full
            }));
        } else if !sum.is_below {
            let beside = sum.parts.iter().rev().take_while(|&&part| {
                let look = &rows.looks[part];
                is_charge(part) && look.is_alone() && (look.is_all_blank() || look.is_short)
            });
            charges.extend(beside);
        }
    }
    for charge in charges {
        verdicts[charge] = Verdict::Total;
    }
}
