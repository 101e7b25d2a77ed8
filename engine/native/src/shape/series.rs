//! Headers that belong together: a series (years, months, numbers), or a grid of measures times keys.

use std::collections::HashMap;

use super::header::{Class, Header, Part};

/// What the headers of a table could be series of.
pub struct Series {
    /// For each column the number of its series.
    pub labels: Vec<Option<usize>>,
    /// For each series its class; nothing where it is a text with a part that varies.
    pub classes: Vec<Option<Class>>,
}

#[derive(PartialEq)]
enum Label<'a> {
    Class(Class),
    /// "Week 1, Week 2", but not "Year 1 sales, Year 1 cost".
    Period(&'a str),
    Pattern(&'a str),
}

impl Series {
    pub fn of(heads: &[&Header], columns: &[usize]) -> Self {
        let others = Others {
            has_sizes: heads.iter().any(|head| head.class == Some(Class::Size)),
            has_fifth: heads.iter().any(|head| q_number(head) > 4),
        };
        let (mut known, mut labels) = (Vec::new(), Vec::new());
        for &column in columns {
            let number = label_of(heads[column], &others).map(|label| {
                let found = known.iter().position(|other| *other == label);
                found.unwrap_or_else(|| {
                    known.push(label);
                    known.len() - 1
                })
            });
            labels.push(number);
        }
        let class = |label: &Label<'_>| match label {
            Label::Class(class) => Some(*class),
            Label::Period(_) => Some(Class::Period),
            Label::Pattern(_) => None,
        };
        Self {
            classes: known.iter().map(class).collect(),
            labels,
        }
    }

    /// Columns of a series.
    pub fn count(&self, series: usize) -> usize {
        self.labels
            .iter()
            .filter(|label| **label == Some(series))
            .count()
    }
}

/// What other headers say of a header that could be several things.
struct Others {
    /// S, M and L beside XL are sizes.
    has_sizes: bool,
    /// Q1 to Q4 beside Q5 are questions, not quarters; whether questions should be stacked only a person knows.
    has_fifth: bool,
}

/// The number of a header such as "Q5"; 0 where it is none.
fn q_number(head: &Header) -> u16 {
    let number = head
        .low
        .strip_prefix('q')
        .and_then(|rest| rest.parse().ok());
    number.unwrap_or(0)
}

fn label_of<'a>(head: &'a Header, others: &Others) -> Option<Label<'a>> {
    let pattern = head.pattern.as_deref();
    match head.class {
        Some(Class::Letter) if others.has_sizes && super::words::is_size(&head.low) => {
            Some(Label::Class(Class::Size))
        }
        Some(Class::Period) => pattern.map(Label::Period),
        _ if others.has_fifth && q_number(head) > 0 => None,
        Some(class) => Some(Label::Class(class)),
        None if head.tokens.len() > 1 => pattern.map(Label::Pattern),
        None => None,
    }
}

/// The share of steps between sorted numbers or letters that are the usual step: 1 for A B C, and for 2010 2012 2014.
pub fn counts_up<'a>(values: impl Iterator<Item = &'a str>) -> f64 {
    let value = |text: &str| -> Option<f64> {
        let first = text.chars().next()?;
        let letter = f64::from(u32::from(first));
        Some(if first.is_numeric() {
            text.parse().unwrap_or(letter)
        } else {
            letter
        })
    };
    let mut numbers: Vec<f64> = values.filter_map(value).collect();
    numbers.sort_by(f64::total_cmp);
    let mut steps: Vec<i64> = numbers
        .windows(2)
        .map(|pair| ((pair[1] - pair[0]) * 1e6).round() as i64)
        .collect();
    steps.sort_unstable();
    if steps.last().is_none_or(|&most| most <= 0) {
        return 0.0;
    }
    let usual = steps
        .chunk_by(|a, b| a == b)
        .map(<[i64]>::len)
        .max()
        .unwrap_or(0);
    usual as f64 / steps.len() as f64
}

/// How headers were split into measure and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Number,
    Year,
    Month,
    Letter,
    /// The same headers again: Name, Phone, Name.1, Phone.1.
    Repeat,
    /// Split at one place, the measure in front.
    Front,
    /// Split at one place, the measure behind.
    Back,
}

/// A column's measure and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub measure: String,
    pub key: String,
}

/// A run of columns whose headers are measures times keys.
pub struct Grid {
    pub start: usize,
    pub end: usize,
    /// The share of combinations that are there.
    pub cover: f64,
    pub measures: usize,
    pub keys: usize,
    pub way: Way,
    /// From `start` on, a pair for each column.
    pub pairs: Vec<Pair>,
}

type Pairs = Vec<Option<Pair>>;

/// All grids among the headers; of several ways to read the same columns the one that covers most.
pub fn grids(heads: &[&Header]) -> Vec<Grid> {
    let mut found: Vec<Grid> = Vec::new();
    for (way, pairs) in readings(heads) {
        for run in runs(&pairs) {
            let Some(grid) = settle(way, &pairs, run) else {
                continue;
            };
            let place = (grid.start, grid.end);
            match found.iter_mut().find(|old| (old.start, old.end) == place) {
                None => found.push(grid),
                Some(old) if is_better(&grid, old) => *old = grid,
                Some(_) => {}
            }
        }
    }
    found
}

fn is_better(new: &Grid, old: &Grid) -> bool {
    new.cover > old.cover + 1e-9 || new.cover > old.cover - 1e-9 && new.measures < old.measures
}

/// The ways to read headers as measure and key.
fn readings(heads: &[&Header]) -> Vec<(Way, Pairs)> {
    const PICKS: [(Way, Part, bool); 6] = [
        (Way::Number, Part::Number, true),
        (Way::Number, Part::Number, false),
        (Way::Year, Part::Year, true),
        (Way::Month, Part::Month, true),
        (Way::Letter, Part::Letter, true),
        (Way::Letter, Part::Letter, false),
    ];
    let mut ways: Vec<(Way, Pairs)> = Vec::new();
    for (way, part, is_first) in PICKS {
        let pairs: Pairs = heads
            .iter()
            .map(|head| taken_out(head, part, is_first))
            .collect();
        if pairs.iter().flatten().count() > 3 {
            ways.push((way, pairs));
        }
    }
    if heads.iter().any(|head| head.twin.is_some()) {
        ways.push((Way::Repeat, repeated(heads)));
    }
    ways.extend(halves(heads));
    ways
}

fn is_divisible(head: &Header) -> bool {
    matches!(head.class, None | Some(Class::Period))
}

/// "Speaker 1 Name": the measure "speaker # name" and the key 1.
fn taken_out(head: &Header, wanted: Part, is_first: bool) -> Option<Pair> {
    if !is_divisible(head) || head.tokens.len() < 2 {
        return None;
    }
    let is_wanted = |part: &Option<Part>| *part == Some(wanted);
    let at = if is_first {
        head.parts.iter().position(is_wanted)?
    } else {
        head.parts.iter().rposition(is_wanted)?
    };
    let mut rest: Vec<&str> = head.tokens.iter().map(String::as_str).collect();
    let key = std::mem::replace(&mut rest[at], "#").to_owned();
    let mut measure = rest.join(" ");
    if let Some(twin) = &head.twin {
        measure.push_str(" .");
        measure.push_str(twin);
    }
    Some(Pair { measure, key })
}

fn repeated(heads: &[&Header]) -> Pairs {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for head in heads.iter().filter(|head| !head.low.is_empty()) {
        *counts.entry(&head.low).or_default() += 1;
    }
    let pair = |head: &&Header| {
        let is_repeated = counts
            .get(head.low.as_str())
            .is_some_and(|&count| count > 1);
        is_repeated.then(|| Pair {
            measure: head.low.clone(),
            key: head.twin.clone().unwrap_or_else(|| "0".to_owned()),
        })
    };
    heads.iter().map(pair).collect()
}

/// Headers split at one place into two halves that both come again elsewhere; the longer half in front, and behind.
fn halves(heads: &[&Header]) -> [(Way, Pairs); 2] {
    let cuts: Vec<Vec<(String, String)>> = heads.iter().map(|head| cuts_of(head)).collect();
    let (mut fronts, mut backs) = (HashMap::new(), HashMap::new());
    for (front, back) in cuts.iter().flatten() {
        *fronts.entry(front.as_str()).or_insert(0_usize) += 1;
        *backs.entry(back.as_str()).or_insert(0_usize) += 1;
    }
    let choose = |is_front: bool| -> Pairs {
        let choice = |options: &Vec<(String, String)>| {
            let counted = options
                .iter()
                .map(|cut| (fronts[cut.0.as_str()], backs[cut.1.as_str()], cut));
            let good = counted.filter(|(front, back, _)| *front > 1 && *back > 1);
            let length = |cut: &(String, String)| if is_front { cut.0.len() } else { cut.1.len() };
            let best = good.max_by_key(|(front, back, cut)| (front * back, length(cut)))?;
            let (front, back) = best.2.clone();
            let (measure, key) = if is_front {
                (front, back)
            } else {
                (back, front)
            };
            Some(Pair { measure, key })
        };
        cuts.iter().map(choice).collect()
    };
    [(Way::Front, choose(true)), (Way::Back, choose(false))]
}

fn cuts_of(head: &Header) -> Vec<(String, String)> {
    if !is_divisible(head) || head.tokens.len() > 12 {
        return Vec::new();
    }
    let has_word = |tokens: &[String]| {
        let mut tokens = tokens.iter();
        tokens.any(|token| token.chars().next().is_some_and(char::is_alphanumeric))
    };
    (1..head.tokens.len())
        .map(|at| head.tokens.split_at(at))
        .filter(|(front, back)| has_word(front) && has_word(back))
        .map(|(front, back)| (front.join(" "), back.join(" ")))
        .collect()
}

/// Unbroken runs of columns that have a pair.
fn runs(pairs: &Pairs) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for part in pairs.chunk_by(|a, b| a.is_some() == b.is_some()) {
        if part[0].is_some() && part.len() > 3 {
            runs.push(start..start + part.len());
        }
        start += part.len();
    }
    runs
}

/// Shortens a run until each measure and each key comes at least twice in it.
fn settle(way: Way, pairs: &Pairs, run: std::ops::Range<usize>) -> Option<Grid> {
    let numbers = numbered(&pairs[run.clone()]);
    let mut live = 0..numbers.len();
    loop {
        let part = &numbers[live.clone()];
        let again = |one: &(usize, usize)| {
            let measure = part.iter().filter(|other| other.0 == one.0).count();
            let key = part.iter().filter(|other| other.1 == one.1).count();
            measure > 1 && key > 1
        };
        let keep: Vec<bool> = part.iter().map(again).collect();
        let longest = longest_run(&keep);
        let next = live.start + longest.start..live.start + longest.end;
        if next == live {
            break;
        }
        live = next;
    }
    if live.len() < 4 {
        return None;
    }
    let part = &numbers[live.clone()];
    let count = |mut values: Vec<usize>| {
        values.sort_unstable();
        values.dedup();
        values.len()
    };
    let measures = count(part.iter().map(|pair| pair.0).collect());
    let keys = count(part.iter().map(|pair| pair.1).collect());
    let different = count(
        part.iter()
            .map(|pair| pair.0 * numbers.len() + pair.1)
            .collect(),
    );
    let cover = different as f64 / (measures * keys) as f64;
    let unique = different as f64 / part.len() as f64;
    if measures < 2 || keys < 2 || cover < 0.55 || unique <= 0.8 {
        return None;
    }
    let start = run.start + live.start;
    Some(Grid {
        start,
        end: start + live.len() - 1,
        cover,
        measures,
        keys,
        way,
        pairs: pairs[start..start + live.len()]
            .iter()
            .flatten()
            .cloned()
            .collect(),
    })
}

/// Measures and keys as numbers.
fn numbered(pairs: &[Option<Pair>]) -> Vec<(usize, usize)> {
    let (mut measures, mut keys) = (HashMap::new(), HashMap::new());
    let mut number = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().flatten() {
        let next = measures.len();
        let measure = *measures.entry(pair.measure.as_str()).or_insert(next);
        let next = keys.len();
        number.push((measure, *keys.entry(pair.key.as_str()).or_insert(next)));
    }
    number
}

fn longest_run(keep: &[bool]) -> std::ops::Range<usize> {
    let (mut best, mut start) = (0..0, 0);
    for part in keep.chunk_by(|a, b| a == b) {
        if part[0] && part.len() > best.len() {
            best = start..start + part.len();
        }
        start += part.len();
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(texts: &[&str]) -> Vec<(usize, usize, usize, usize)> {
        let heads: Vec<Header> = texts.iter().map(|text| Header::of(text)).collect();
        let heads: Vec<&Header> = heads.iter().collect();
        let grids = grids(&heads);
        grids
            .iter()
            .map(|grid| (grid.start, grid.end, grid.measures, grid.keys))
            .collect()
    }

    #[rustfmt::skip]
    #[test]
    fn measures_times_keys_are_found() {
        let heads = [
            "Branch", "Plan 2023", "Actual 2023", "Plan 2024", "Actual 2024",
        ];
        assert!(found(&heads).contains(&(1, 4, 2, 2)));
    }

    #[test]
    fn names_without_a_second_half_are_none() {
        assert!(found(&["Street", "City", "Phone", "Customer number"]).is_empty());
    }

    #[test]
    fn steps_are_counted() {
        assert_eq!(counts_up(["2010", "2012", "2014"].into_iter()), 1.0);
        assert_eq!(counts_up(["y", "w", "r", "l"].into_iter()), 1.0 / 3.0);
    }
}
