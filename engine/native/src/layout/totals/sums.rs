//! Finds rows that are sums of the rows directly above or below them by looking up prefix sums; the time is linear in the
//! cells.
//!
//! A total replaces its parts, so totals of totals are found as well. The evidence for a sum is measured in bits: how unlikely
//! it is to hit a number by chance, less the number of attempts and the columns that do not add up.

use foldhash::HashMap;

use super::looks;
use super::read::NONE;

/// The maximum evidence of one column, in bits.
const MAX_COLUMN_BITS: f64 = 18.0;
/// The cost of each column that does not add up, in bits.
const COST_OF_DIFFERING: f64 = 3.0;
/// The maximum number of columns whose sums are looked up, those with the most evidence first.
const MAX_LOOKED_UP_COLUMNS: usize = 5;
/// The maximum number of heights that are tried for a row, and of marks with the same sum in a column.
const MAX_TRIED_HEIGHTS: usize = 4;
const MAX_EQUAL_SUM_MARKS: usize = 3;
/// The maximum number of parts that are compared to recognise proportional columns, such as net and VAT.
const MAX_COMPARED_PARTS: usize = 12;
/// The width of a bucket of sums. Rounding moves a sum into an adjacent bucket at most.
const BUCKET: i128 = 4;

/// The rows that are added, with their amounts. An item is one row, or many rows that are certainly records.
#[derive(Debug, Default)]
pub struct Items {
    /// The number of columns of amounts.
    pub width: usize,
    /// By item, then by column: the number or sum, how many are not zero, and how many are present.
    pub values: Vec<i64>,
    pub terms: Vec<u32>,
    pub filled: Vec<u32>,
    /// The common step of each column.
    pub steps: Vec<i64>,
    /// True if a section begins with the item.
    pub begins: Vec<bool>,
    /// The bits that are needed to make the item a total; infinite if it cannot be one.
    pub needs: Vec<f64>,
    /// True if one part is enough, because the row has a word for totals.
    pub takes_one: Vec<bool>,
    /// True if the item has a word for totals.
    pub has_word: Vec<bool>,
    pub is_blank: Vec<bool>,
    /// True if the item is the average of others, and therefore not part of a sum.
    pub is_average: Vec<bool>,
}

impl Items {
    pub fn count(&self) -> usize {
        self.needs.len()
    }

    pub fn row(&self, item: usize) -> &[i64] {
        &self.values[item * self.width..][..self.width]
    }

    /// Returns the numbers of an item, each with its column.
    pub fn numbers(&self, item: usize) -> impl Iterator<Item = (usize, i64)> {
        let values = self.row(item).iter().copied().enumerate();
        values.filter(|(_, value)| *value != NONE)
    }

    pub fn has_numbers(&self, item: usize) -> bool {
        self.numbers(item).next().is_some()
    }

    /// Returns the maximum evidence that the columns of a row can give.
    fn most_bits(&self, item: usize) -> f64 {
        let count = self.numbers(item).filter(|(_, value)| *value != 0).count();
        MAX_COLUMN_BITS + MAX_COLUMN_BITS / 2.0 * (count.saturating_sub(1)) as f64
    }

    /// Returns the columns whose numbers give the most evidence.
    fn looked_up(&self) -> Vec<usize> {
        let bits = |column: usize| {
            let mut sum = 0.0;
            for item in 0..self.count().min(400) {
                let value = self.row(item)[column];
                if value != NONE && value != 0 {
                    sum += (value as f64 / self.steps[column] as f64)
                        .abs()
                        .log2()
                        .clamp(0.0, MAX_COLUMN_BITS);
                }
            }
            sum
        };
        let mut columns: Vec<(f64, usize)> = (0..self.width)
            .map(|column| (bits(column), column))
            .collect();
        columns.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        columns.truncate(MAX_LOOKED_UP_COLUMNS);
        columns.into_iter().map(|(_, column)| column).collect()
    }
}

/// Returns how far a rounded total may differ from the sum of `terms` rounded numbers, in units.
pub fn slack(terms: u32) -> f64 {
    let terms = f64::from(terms);
    0.5 * (1.0 + terms.min(3.0 + 0.35 * terms))
}

/// An item that is the sum of others.
#[derive(Debug, Clone)]
pub struct Sum {
    pub bits: f64,
    /// The columns that do not agree.
    pub differ: Vec<usize>,
    /// The items that were added, in the order in which they were visited.
    pub parts: Vec<usize>,
    pub is_below: bool,
}

/// The evidence in bits, the number of columns that agree, and the columns that differ.
type SumEvidence = (f64, usize, Vec<usize>);

/// The height at which a sum of a column was reached, and the previous mark with the same sum.
struct PrefixSumMark {
    key: u64,
    height: u32,
    before: Option<u32>,
}

/// A stack of items with their prefix sums.
struct PrefixSumPile<'i> {
    items: &'i Items,
    columns: &'i [usize],
    pile: Vec<usize>,
    prefix: Vec<i128>,
    terms: Vec<u32>,
    last: HashMap<u64, u32>,
    marks: Vec<PrefixSumMark>,
}

impl<'i> PrefixSumPile<'i> {
    fn new(items: &'i Items, columns: &'i [usize]) -> Self {
        let mut pile = Self {
            items,
            columns,
            pile: Vec::new(),
            prefix: vec![0; items.width],
            terms: vec![0; items.width],
            last: HashMap::default(),
            marks: Vec::new(),
        };
        for place in 0..columns.len() {
            pile.mark(place, 0, 0);
        }
        pile
    }

    fn key(place: usize, bucket: i128) -> u64 {
        (bucket as u64).wrapping_mul(8).wrapping_add(place as u64)
    }

    fn mark(&mut self, place: usize, sum: i128, height: usize) {
        let key = Self::key(place, sum.div_euclid(BUCKET));
        let before = self.last.insert(key, self.marks.len() as u32);
        self.marks.push(PrefixSumMark {
            key,
            height: height as u32,
            before,
        });
    }

    fn push(&mut self, item: usize) {
        let (items, width) = (self.items, self.items.width);
        let top = self.pile.len() * width;
        self.pile.push(item);
        for column in 0..width {
            let value = items.row(item)[column];
            let value = if value == NONE { 0 } else { i128::from(value) };
            self.prefix.push(self.prefix[top + column] + value);
            self.terms
                .push(self.terms[top + column] + items.terms[item * width + column]);
        }
        for (place, &column) in self.columns.iter().enumerate() {
            if items.row(item)[column] != NONE {
                self.mark(place, self.prefix[top + width + column], self.pile.len());
            }
        }
    }

    /// Removes items until `height` are left.
    fn cut(&mut self, height: usize) {
        while self
            .marks
            .last()
            .is_some_and(|mark| mark.height as usize > height)
        {
            let Some(mark) = self.marks.pop() else { break };
            match mark.before {
                Some(before) => self.last.insert(mark.key, before),
                None => self.last.remove(&mark.key),
            };
        }
        self.pile.truncate(height);
        self.prefix.truncate((height + 1) * self.items.width);
        self.terms.truncate((height + 1) * self.items.width);
    }

    /// Finds the heights from which on the items may add up to a row, those with the most votes of columns first.
    fn heights(&self, row: &[i64], found: &mut Vec<(u32, usize)>) {
        found.clear();
        let top = self.pile.len();
        let mut vote =
            |height: usize| match found.iter_mut().find(|(_, candidate)| *candidate == height) {
                Some((votes, _)) => *votes += 1,
                None => found.push((1, height)),
            };
        for (place, &column) in self.columns.iter().enumerate() {
            if row[column] == NONE || row[column] == 0 {
                continue;
            }
            let wanted = (self.prefix[top * self.items.width + column] - i128::from(row[column]))
                .div_euclid(BUCKET);
            for bucket in wanted - 1..=wanted + 1 {
                let mut next = self.last.get(&Self::key(place, bucket)).copied();
                for _ in 0..MAX_EQUAL_SUM_MARKS {
                    let Some(mark) = next.map(|next| &self.marks[next as usize]) else {
                        break;
                    };
                    let height = mark.height as usize;
                    (height.saturating_sub(1)..=height)
                        .filter(|&candidate| candidate < top)
                        .for_each(&mut vote);
                    next = mark.before;
                }
            }
        }
        // The sort is stable, so equal votes stay in the order in which they were found.
        found.sort_by_key(|&(votes, _)| std::cmp::Reverse(votes));
        found.truncate(MAX_TRIED_HEIGHTS);
    }

    /// Returns whether the parts have the same shares in two columns, as net and VAT do. Such columns agree together or not at
    /// all.
    fn is_alike(&self, row: &[i64], height: usize, column: usize, other: usize) -> bool {
        let (a, b) = (row[column] as f64, row[other] as f64);
        if a == 0.0 || b == 0.0 {
            return true;
        }
        let least = 1.2 / a.abs().min(b.abs());
        self.pile[height..]
            .iter()
            .take(MAX_COMPARED_PARTS)
            .all(|&part| {
                let part = self.items.row(part);
                part[column] != NONE
                    && part[other] != NONE
                    && (part[column] as f64 / a - part[other] as f64 / b).abs() < least
            })
    }

    /// Returns the evidence that a row is the sum of the items from a height on, or `None` if too little agrees.
    fn check(&self, row: &[i64], height: usize, least: u32) -> Option<SumEvidence> {
        let width = self.items.width;
        let count = self.pile.len() - height;
        if count < least as usize {
            return None;
        }
        let (mut agree, mut differ): (Vec<(usize, usize)>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut bits: Vec<f64> = Vec::new();
        let (top, base) = (self.pile.len() * width, height * width);
        for (column, &value) in row.iter().enumerate() {
            let terms = self.terms[top + column] - self.terms[base + column];
            if value == NONE || value == 0 && terms == 0 {
                continue;
            }
            let off = (self.prefix[top + column] - self.prefix[base + column] - i128::from(value))
                .unsigned_abs() as f64;
            if off > slack(terms) {
                differ.push(column);
                if differ.len() > agree.len() + width - column - 1 {
                    return None;
                }
            } else if terms >= least {
                let chances = (value.unsigned_abs() as f64 / self.items.steps[column] as f64 + 1.0)
                    / (2.0 * off + 1.0);
                let says = chances.log2().min(MAX_COLUMN_BITS);
                // If columns agree together, only the column with the most evidence counts.
                match agree
                    .iter()
                    .take(3)
                    .find(|(other, _)| self.is_alike(row, height, column, *other))
                {
                    Some(&(_, witness)) => bits[witness] = says.max(bits[witness]),
                    None => bits.push(says),
                }
                agree.push((column, bits.len() - 1));
            }
        }
        if bits.is_empty() || agree.len() < differ.len() {
            return None;
        }
        // The best column counts in full, the others by half because they are related to it.
        let best = bits.iter().copied().fold(f64::MIN, f64::max);
        let all: f64 = bits.iter().sum();
        let tried = (self.pile.len() as f64).log2();
        Some((
            best + (all - best) / 2.0 - tried - COST_OF_DIFFERING * differ.len() as f64,
            agree.len(),
            differ,
        ))
    }
}

/// Finds the likeliest sum of the items before each item, if the evidence suffices. With `is_below`, goes from the last item to
/// the first.
pub fn find(items: &Items, is_below: bool) -> HashMap<usize, Sum> {
    let columns = items.looked_up();
    let mut tops = PrefixSumPile::new(items, &columns);
    let mut leaves = PrefixSumPile::new(items, &columns);
    let mut found: HashMap<usize, Sum> = HashMap::default();
    let mut start = 0;
    let mut heights = Vec::new();
    let count = items.count();
    for step in 0..count {
        let item = if is_below { count - 1 - step } else { step };
        let begins = if is_below {
            item + 1 < count && items.begins[item + 1]
        } else {
            items.begins[item]
        };
        if begins {
            start = leaves.pile.len();
        }
        if !items.has_numbers(item) || items.is_average[item] {
            continue;
        }
        let need = items.needs[item];
        let is_enough = |best: &SumCandidate| {
            best.checked.0 >= need && (best.checked.1 > 1 || need <= looks::NEED_BLANK)
        };
        let best = if need <= items.most_bits(item) {
            best_of([&tops, &leaves], &found, item, start, &mut heights).filter(is_enough)
        } else {
            None
        };
        if let Some(SumCandidate {
            checked: (bits, _, differ),
            is_leaves,
            height,
        }) = best
        {
            let pile = if is_leaves { &leaves } else { &tops };
            let sum = Sum {
                bits,
                differ,
                parts: pile.pile[height..].to_vec(),
                is_below,
            };
            found.insert(item, sum);
            if !is_leaves {
                tops.cut(height);
            }
        } else if need > looks::NEED_WORD {
            leaves.push(item);
        }
        tops.push(item);
    }
    found
}

/// A candidate for a row's sum: the items of a pile from a height on.
struct SumCandidate {
    checked: SumEvidence,
    is_leaves: bool,
    height: usize,
}

/// Returns the likeliest sum among the piles of totals and of records. `start` is the height at which the section begins in the
/// pile of records.
fn best_of(
    [tops, leaves]: [&PrefixSumPile<'_>; 2],
    found: &HashMap<usize, Sum>,
    item: usize,
    start: usize,
    heights: &mut Vec<(u32, usize)>,
) -> Option<SumCandidate> {
    let (items, row) = (tops.items, tops.items.row(item));
    let least = if items.takes_one[item] { 1 } else { 2 };
    let mut best: Option<SumCandidate> = None;
    for (pile, is_leaves) in [(tops, false), (leaves, true)] {
        pile.heights(row, heights);
        let known = [
            Some(0),
            is_leaves.then_some(start),
            (least == 1 && !pile.pile.is_empty()).then(|| pile.pile.len() - 1),
        ];
        let looked_up = heights.iter().map(|&(_, height)| height);
        for height in looked_up.chain(known.into_iter().flatten()) {
            if height >= pile.pile.len() || !may_be_one(items, pile, found, item, height, start) {
                continue;
            }
            if let Some(checked) = pile.check(row, height, least)
                && best
                    .as_ref()
                    .is_none_or(|before| checked.0 > before.checked.0 + 1.0)
            {
                best = Some(SumCandidate {
                    checked,
                    is_leaves,
                    height,
                });
            }
        }
    }
    best
}

/// Returns whether a single part may make a total here. The same numbers twice are two records, and totals do not prove each
/// other.
fn may_be_one(
    items: &Items,
    pile: &PrefixSumPile<'_>,
    found: &HashMap<usize, Sum>,
    item: usize,
    height: usize,
    start: usize,
) -> bool {
    if height + 1 != pile.pile.len() || found.contains_key(&pile.pile[height]) {
        return true;
    }
    !items.has_word[pile.pile[height]] && (height == 0 || height == start || items.is_blank[item])
}
