//! Finds columns that hold the values of one field.
//!
//! - Stack: at least three adjacent headers are a series (years, months, a text with a number that counts), and their columns
//!   hold values of one kind; or header names begin alike, and each row fills only one of their columns; or at least three
//!   columns up to the edge of the table hold values of one kind and size below headers that name nothing known.
//! - Groups: headers combine measures and keys, such as "Plan 2024, Actual 2024, Plan 2025, …", and the measures or keys are
//!   counted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use foldhash::{HashMap, HashSet};

use super::heads::{Series, is_counted, is_measure, is_total, mark, names_field, pattern, tokens};
use super::step::{Proposal, ReshapeStep};
use super::table::{Kind, TextTable, most_frequent, share};
use crate::layout::words::said;

/// The maximum number of columns left of those that are stacked without a series.
const MAX_KEYS: usize = 4;
/// The maximum number of columns right of those that are stacked without a series.
const MAX_REST: usize = 2;
/// If columns explain more of the spread of their numbers, they are different measures.
const MAX_COLUMN_EFFECT: f64 = 0.5;
/// The medians of numbers of one size differ by less than this, as a power of ten.
const MAX_SIZE_STEP: f64 = 1.6;
/// The minimum share of texts that the columns of one field have in common.
const MIN_COMMON_TEXTS: f64 = 0.25;
/// A name with more words is a question or a sentence.
const MAX_NAME_WORDS: usize = 3;
/// The maximum number of different numbers that are answers in a questionnaire.
const MAX_ANSWERS: usize = 7;
/// The maximum number of columns at each end of a run of headers that belong to no group.
const MAX_STRAYS: usize = 6;
/// The minimum share of all pairs of measure and key that have a column.
const MIN_COVERAGE: f64 = 0.6;

/// Proposes columns that become rows.
pub fn stack(table: &TextTable) -> Option<Proposal> {
    if table.width() < 3 || table.rows.len() < 2 {
        return None;
    }
    by_series(table)
        .or_else(|| by_filling(table))
        .or_else(|| by_kind(table))
}

fn by_series(table: &TextTable) -> Option<Proposal> {
    let series: Vec<Option<Series>> = table.head.iter().map(|head| Series::parse(head)).collect();
    let mut runs: Vec<(f64, Range<usize>, &Series)> = Vec::new();
    let mut start = 0;
    for run in series.chunk_by(|a, b| a == b) {
        let columns = start.max(1)..start + run.len();
        start = columns.end;
        // "Q5" after "Q4" shows that these are questions and no quarters.
        let shape = |column: usize| pattern(&tokens(&table.head.get(column)?.to_lowercase()));
        let goes_on = shape(columns.end).is_some() && shape(columns.end) == shape(columns.end - 1);
        if let Some(series) = &run[0]
            && !goes_on
            && (columns.len() > 2 || columns.len() == 2 && *series == Series::Years)
            && holds_one_kind(table, columns.clone())
        {
            runs.push((confidence(table, series, &columns), columns, series));
        }
    }
    let (confidence, columns, series) = runs.into_iter().rev().max_by(|a, b| {
        let rank = |run: &(f64, Range<usize>, &Series)| run.0 + run.1.len() as f64 / 1e6;
        rank(a).total_cmp(&rank(b))
    })?;
    let (first, last) = (table.name(columns.start), table.name(columns.end - 1));
    let reason = format!(
        "{} headers are {}: {first} to {last}",
        columns.len(),
        series.plural()
    );
    let is_known = series.is_time() && columns.len() > 2;
    Some(stacked(table, columns, confidence, vec![reason], is_known))
}

fn holds_one_kind(table: &TextTable, columns: Range<usize>) -> bool {
    let kinds = columns.filter_map(|column| Some(table.main_kind(column)?.0));
    most_frequent(kinds).is_none_or(|(_, share)| share >= 0.7)
}

/// Returns the confidence in a series. It is high for times, and for texts that count up without the name of a field.
fn confidence(table: &TextTable, series: &Series, columns: &Range<usize>) -> f64 {
    let numbers: Vec<f64> = columns
        .clone()
        .flat_map(|column| table.numbers(column))
        .collect();
    let different: HashSet<u64> = numbers.iter().map(|number| number.to_bits()).collect();
    let is_answer = |number: &f64| (0.0..=10.0).contains(number) && number.fract() == 0.0;
    let are_answers =
        numbers.len() > 20 && different.len() <= MAX_ANSWERS && numbers.iter().all(is_answer);
    match series {
        _ if series.is_time() => 0.93,
        Series::Pattern(_) => {
            let is_text = table
                .main_kind(columns.start)
                .is_some_and(|(kind, _)| kind == Kind::Text);
            let is_measured = table.effects(columns.clone()).0 >= 0.6;
            let is_other = is_text && common_texts(table, columns.clone()) < 0.05;
            let is_thin =
                names_field(&table.head[columns.start]) || are_answers || is_measured || is_other;
            if is_thin { 0.45 } else { 0.8 }
        }
        _ => 0.85,
    }
}

/// Returns the average share of texts that two columns have in common.
fn common_texts(table: &TextTable, columns: Range<usize>) -> f64 {
    let texts = |column: usize| -> HashSet<String> {
        let texts = table
            .column(column)
            .filter(|(_, kind)| *kind == Some(Kind::Text));
        texts.map(|(text, _)| text.to_lowercase()).collect()
    };
    let all: Vec<HashSet<String>> = columns.map(texts).collect();
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (at, set) in all.iter().enumerate() {
        for other in &all[at + 1..] {
            sum +=
                set.intersection(other).count() as f64 / set.len().min(other.len()).max(1) as f64;
            pairs += 1.0;
        }
    }
    sum / f64::max(1.0, pairs)
}

/// Proposes adjacent columns whose names begin alike, if each row fills exactly one of them.
fn by_filling(table: &TextTable) -> Option<Proposal> {
    let names: Vec<Vec<String>> = table
        .head
        .iter()
        .map(|head| tokens(&head.to_lowercase()))
        .collect();
    let begin_alike = |name: &Vec<String>, other: &Vec<String>| {
        let (Some((last, name)), Some((other_last, other))) =
            (name.split_last(), other.split_last())
        else {
            return false;
        };
        let are_measures = is_measure(last) || is_measure(other_last);
        name == other
            && last != other_last
            && !are_measures
            && name.iter().any(|token| token.len() > 1)
    };
    let mut start = 0;
    names.chunk_by(begin_alike).find_map(|run| {
        let columns = start..start + run.len();
        start = columns.end;
        let filled = |row: &Vec<String>| {
            let cells = row[columns.clone()].iter();
            cells.filter(|cell| !cell.is_empty()).count()
        };
        let is_used = |column: usize| {
            let cells = table.rows.iter().filter(|row| !row[column].is_empty());
            cells.count() > 1
        };
        (run.len() > 1
            && columns.start > 0
            && table.rows.iter().all(|row| filled(row) == 1)
            && columns.clone().all(is_used)
            && holds_one_kind(table, columns.clone()))
        .then(|| {
            let reason =
                "each row fills only one of these columns, and their names begin alike".to_owned();
            stacked(table, columns.clone(), 0.8, vec![reason], false)
        })
    })
}

fn by_kind(table: &TextTable) -> Option<Proposal> {
    (1..table.width().saturating_sub(2).min(MAX_KEYS + 1))
        .find_map(|start| alike_from(table, start))
}

/// Proposes the columns from `start` on that hold values of one kind, as a stack.
fn alike_from(table: &TextTable, start: usize) -> Option<Proposal> {
    let kind = table.main_kind(start)?.0;
    let mut end = start + 1;
    while end < table.width() && is_alike(table, start, end) {
        end += 1;
    }
    if end > start + 3 && is_total(&table.head[end - 1]) {
        end -= 1;
    }
    let columns = start..end;
    let names = || table.head[columns.clone()].iter();
    let is_sentence =
        |name: &String| name.split_whitespace().count() > MAX_NAME_WORDS || said(name).unit;
    let keys: HashSet<&[String]> = table.rows.iter().map(|row| &row[..start]).collect();
    let rest = table.width() - end;
    let names_nothing = share(names().map(is_sentence)) <= 0.3
        && share(names().map(|name| names_field(name) || name.is_empty())) <= 0.2;
    let is_one_field = match kind {
        Kind::Text => common_texts(table, columns.clone()) >= MIN_COMMON_TEXTS,
        _ => table.effects(columns.clone()).0 <= MAX_COLUMN_EFFECT,
    };
    let has_key = keys.len() * 10 >= table.rows.len() * 9;
    if columns.len() < 3 || rest > MAX_REST || !names_nothing || !is_one_field || !has_key {
        return None;
    }
    let more = (columns.len() - 3).min(6) as f64;
    let confidence = 0.47 + 0.05 * (more - rest as f64) - if start > 2 { 0.1 } else { 0.0 };
    Some(stacked(table, columns, confidence, Vec::new(), false))
}

/// Returns whether two columns hold values of one kind and size.
fn is_alike(table: &TextTable, first: usize, other: usize) -> bool {
    let kinds = (table.main_kind(first), table.main_kind(other));
    let (Some((kind, _)), Some((other_kind, _))) = kinds else {
        return true;
    };
    let median = |column: usize| {
        let mut sizes: Vec<f64> = table
            .numbers(column)
            .map(|number| (number.abs() + 1e-3).log10())
            .collect();
        sizes.sort_by(f64::total_cmp);
        sizes.get(sizes.len() / 2).copied().unwrap_or(0.0)
    };
    kind == other_kind
        && (kind != Kind::Number || (median(first) - median(other)).abs() < MAX_SIZE_STEP)
}

fn stacked(
    table: &TextTable,
    columns: Range<usize>,
    confidence: f64,
    mut reasons: Vec<String>,
    is_known: bool,
) -> Proposal {
    let Range { start, end } = columns;
    let (first, last) = (table.name(start), table.name(end - 1));
    let kinds = columns.filter_map(|column| Some(table.main_kind(column)?.0));
    let holds = match most_frequent(kinds) {
        Some((Kind::Number, _)) => "numbers",
        Some((Kind::Text, _)) => "text",
        _ => "values",
    };
    reasons.push(format!(
        "the {} columns from {first} to {last} hold {holds} of one kind",
        end - start
    ));
    if end < table.width() && is_total(&table.head[end]) {
        reasons.push(format!("{} is left out: it is a total", table.name(end)));
    }
    let doubt = (!is_known)
        .then_some("the headers are not a series of years, quarters, months, days or dates");
    Proposal::new(
        ReshapeStep::Stack {
            start,
            end: end - 1,
        },
        confidence,
        reasons,
        doubt,
    )
}

/// The measure and the key in a header.
type Pair = (String, String);
/// A way to cut headers into measures and keys. The variants are in order of preference among cuts that explain equally much.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum HeaderCut {
    /// The first counted part with this mark is the key.
    Counted(&'static str),
    /// The first words, this many, are one part; the other words are the other part.
    FromLeft(usize),
    FromRight(usize),
}

/// The pair that each cut makes of a header.
type Cuts = BTreeMap<HeaderCut, Pair>;

/// Proposes groups of columns that become rows.
pub fn groups(table: &TextTable) -> Option<Proposal> {
    let cuts: Vec<Cuts> = table.head.iter().map(|head| cuts(head)).collect();
    let ways: BTreeSet<HeaderCut> = cuts.iter().flat_map(BTreeMap::keys).copied().collect();
    let mut found: Vec<(bool, HeaderCut, Range<usize>)> = Vec::new();
    for way in ways {
        let mut start = 0;
        for run in cuts.chunk_by(|a, b| a.contains_key(&way) == b.contains_key(&way)) {
            let columns = start..start + run.len();
            start = columns.end;
            if run[0].contains_key(&way) {
                let grid = grid_within(&cuts, way, columns);
                found.extend(grid.map(|(columns, is_full)| (is_full, way, columns)));
            }
        }
    }
    let rank = |(is_full, way, columns): &(bool, HeaderCut, Range<usize>)| {
        let is_counted = matches!(way, HeaderCut::Counted(_));
        let (measures, keys) = parts(&cuts, *way, columns.clone());
        let parts = measures.len() + keys.len();
        (*is_full, columns.len(), is_counted, Reverse(parts))
    };
    let (is_full, way, columns) = found.into_iter().max_by_key(rank)?;
    if table.head[columns.clone()]
        .iter()
        .all(|head| Series::parse(head).is_some_and(|series| series.is_time()))
    {
        return None;
    }
    let (measures, keys) = parts(&cuts, way, columns.clone());
    let are_counted = |texts: &[&str]| texts.iter().all(|text| is_counted(text));
    let is_named =
        matches!(way, HeaderCut::Counted(_)) || are_counted(&measures) || are_counted(&keys);
    let confidence = if !is_named {
        0.4
    } else if is_full {
        0.93
    } else {
        0.8
    };
    let is_time = |text: &&str| {
        Series::parse(text)
            .is_some_and(|kind| matches!(kind, Series::Years | Series::Months | Series::Quarters))
    };
    // The times are the keys, wherever they are in the header.
    let (measures, keys) = if keys.iter().all(is_time) || !measures.iter().all(is_time) {
        (measures, keys)
    } else {
        (keys, measures)
    };
    let doubt = (!is_full || !keys.iter().all(is_time))
        .then_some("the groups of columns do not differ by year, quarter or month");
    let (first, last) = (table.name(columns.start), table.name(columns.end - 1));
    let reason = format!(
        "the {} columns from {first} to {last} repeat {} for each of {}",
        columns.len(),
        named(&measures),
        named(&keys)
    );
    let step = ReshapeStep::Groups {
        start: columns.start,
        end: columns.end - 1,
    };
    Some(Proposal::new(step, confidence, vec![reason], doubt))
}

/// Returns the first texts as a list in words.
fn named(texts: &[&str]) -> String {
    let clean = texts.iter().take(4).map(|text| {
        text.replace('#', "")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    });
    let first = clean.collect::<Vec<_>>().join(", ");
    match texts.len().saturating_sub(4) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Returns the ways to cut a header into measure and key.
fn cuts(head: &str) -> Cuts {
    let low = head.to_lowercase();
    let mut found = Cuts::new();
    let tokens = tokens(&low);
    for (at, token) in tokens.iter().enumerate() {
        let Some(mark) = mark(token).filter(|mark| *mark != "<letter>") else {
            continue;
        };
        let mut rest = tokens.clone();
        rest[at] = "#".to_owned();
        let pair = (rest.join(" "), token.clone());
        found.insert(HeaderCut::Counted(mark), pair);
    }
    let is_sign = |c: char| c.is_whitespace() || "_.-(:)".contains(c);
    let mut words: Vec<(usize, usize)> = Vec::new();
    for (at, c) in low.char_indices().filter(|(_, c)| !is_sign(*c)) {
        match words.last_mut() {
            Some((_, end)) if *end == at => *end = at + c.len_utf8(),
            _ => words.push((at, at + c.len_utf8())),
        }
    }
    for (number, &(start, _)) in words.iter().enumerate().skip(1) {
        let cut = |text: &str| text.trim_matches(is_sign).to_owned();
        let (front, back) = (cut(&low[..start]), cut(&low[start..]));
        found.insert(HeaderCut::FromLeft(number), (front.clone(), back.clone()));
        found.insert(HeaderCut::FromRight(words.len() - number), (front, back));
    }
    found
}

/// Returns the different measures and keys of some columns, in order.
fn parts(cuts: &[Cuts], way: HeaderCut, columns: Range<usize>) -> (Vec<&str>, Vec<&str>) {
    let (mut measures, mut keys): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (measure, key) in columns.map(|column| &cuts[column][&way]) {
        for (known, part) in [(&mut measures, measure), (&mut keys, key)] {
            if !known.contains(&part.as_str()) {
                known.push(part);
            }
        }
    }
    (measures, keys)
}

/// Returns the longest range of columns in which each measure and each key occurs again and no pair does, and whether all pairs
/// exist.
fn grid_within(cuts: &[Cuts], way: HeaderCut, among: Range<usize>) -> Option<(Range<usize>, bool)> {
    let mut best: Option<(Range<usize>, bool)> = None;
    for left in 0..=MAX_STRAYS {
        for right in 0..=MAX_STRAYS {
            let columns = among.start + left..among.end.saturating_sub(right);
            if columns.len() < 4.max(best.as_ref().map_or(0, |(best, _)| best.len())) {
                break;
            }
            let pairs: Vec<&Pair> = columns.clone().map(|column| &cuts[column][&way]).collect();
            let count = |part: fn(&Pair) -> &String| {
                let mut counts: HashMap<&String, usize> = HashMap::default();
                for pair in &pairs {
                    *counts.entry(part(pair)).or_default() += 1;
                }
                counts
            };
            let (measures, keys) = (count(|pair| &pair.0), count(|pair| &pair.1));
            let different: HashSet<&&Pair> = pairs.iter().collect();
            let comes_again = measures
                .values()
                .chain(keys.values())
                .all(|&count| count > 1);
            let coverage = pairs.len() as f64 / (measures.len() * keys.len()) as f64;
            let is_grid = measures.len() > 1 && keys.len() > 1 && different.len() == pairs.len();
            if is_grid && comes_again && coverage >= MIN_COVERAGE {
                let is_full = coverage >= 1.0;
                if best.as_ref().is_none_or(|(known, was_full)| {
                    (is_full, columns.len()) > (*was_full, known.len())
                }) {
                    best = Some((columns, is_full));
                }
            }
        }
    }
    best
}
