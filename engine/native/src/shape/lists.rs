//! Cells that hold several values: "red, green, blue".

use std::collections::{HashMap, HashSet};

use super::candidate::{Candidate, Evidence, Step};
use super::marks::{Mark, is_digit};
use super::reading::{Hash, Kind, Reading, has_thousands};
use super::table::{Id, Pool, spread};
use super::view::{View, rough};
use super::words;

/// Rows and columns that are looked at.
const ROWS: usize = 160;
const COLUMNS: usize = 80;
/// Proposals that are kept.
const MOST: usize = 8;

/// Whether a cell could hold several values. What reads as one number, date or link cannot: "12,50", but "390, 2475".
fn may_be_list(pool: &Pool, cell: Id) -> bool {
    let text = pool.text(cell);
    match pool.reading(cell).kind {
        Kind::Number => {
            let is_spaced = text
                .split(", ")
                .collect::<Vec<_>>()
                .windows(2)
                .any(|pair| pair[0].ends_with(is_digit) && pair[1].starts_with(is_digit));
            is_spaced || text.matches(',').count() > 1 && !has_thousands(text)
        }
        Kind::Link => {
            let links = text.matches("http:").count() + text.matches("https:").count();
            text.matches('@').count() > 1 || links > 1
        }
        kind => kind.is_text(),
    }
}

pub fn candidates(view: &View<'_>) -> Vec<Candidate> {
    let rows = spread(view.height(), ROWS);
    let mut found: Vec<(f64, Candidate)> = Vec::new();
    for column in 0..view.width().min(COLUMNS) {
        let cells: Vec<Id> = rows
            .iter()
            .map(|&row| view.table.row(row)[column])
            .collect();
        let Some(cells) = Cells::of(view, column, &cells) else {
            continue;
        };
        let all = Mark::ALL
            .iter()
            .filter_map(|&mark| cells.candidate(view, mark));
        // Of several marks the first one of those that are worth most.
        let best = all.reduce(|best, next| if next.0 > best.0 { next } else { best });
        found.extend(best);
    }
    let top = found
        .iter()
        .map(|(strength, _)| *strength)
        .fold(f64::NEG_INFINITY, f64::max);
    let rivals = ((found.len().max(1) - 1) as f64 / 4.0).min(1.0);
    for (strength, candidate) in &mut found {
        candidate.evidence.flag("best", *strength == top);
        candidate
            .evidence
            .add("behind", ((top - *strength) / 2.0).min(1.0));
        candidate.evidence.add("rivals", rivals);
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(MOST);
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The values of a column.
struct Cells {
    column: usize,
    filled: Vec<Id>,
    /// Those that could hold several values.
    texts: Vec<Id>,
}

impl Cells {
    fn of(view: &View<'_>, column: usize, cells: &[Id]) -> Option<Self> {
        let pool = view.pool;
        let is_filled = |cell: &Id| pool.reading(*cell).kind != Kind::Missing;
        let filled: Vec<Id> = cells.iter().copied().filter(is_filled).collect();
        let texts: Vec<Id> = filled
            .iter()
            .copied()
            .filter(|&cell| may_be_list(pool, cell))
            .collect();
        (!texts.is_empty()).then_some(Self {
            column,
            filled,
            texts,
        })
    }

    /// How strongly a mark parts the cells of the column, and the candidate for it.
    fn candidate(&self, view: &View<'_>, mark: Mark) -> Option<(f64, Candidate)> {
        let pool = view.pool;
        let marked: Vec<Id> = self
            .texts
            .iter()
            .copied()
            .filter(|&cell| mark.is_in(pool.text(cell)))
            .collect();
        if marked.is_empty() {
            return None;
        }
        let mut seen = HashSet::new();
        let mut several = 0;
        let mut lists: Vec<Vec<Value<'_>>> = Vec::new();
        let mut lengths: HashMap<Id, usize> = HashMap::new();
        for &cell in &marked {
            if seen.insert(cell) {
                let parts = mark.split(pool.text(cell));
                lengths.insert(cell, parts.len());
                if parts.len() > 1 {
                    lists.push(parts.into_iter().map(Value::of).collect());
                }
            }
            several += usize::from(lengths[&cell] > 1);
        }
        let share = several as f64 / self.filled.len() as f64;
        if lists.is_empty() || share < 0.02 {
            return None;
        }
        let lone: Vec<Id> = self
            .filled
            .iter()
            .copied()
            .filter(|cell| !seen.contains(cell))
            .collect();
        let lists = Lists { pool, lists, lone };
        let head = view.heads[self.column];
        let (strength, reuse, mean, mut evidence) = lists.weigh(share, mark, plural(&head.low));
        evidence.add(
            "sentences",
            marked
                .iter()
                .filter(|&&cell| has_sentences(pool.text(cell)))
                .count() as f64
                / marked.len() as f64,
        );
        evidence.flag("field", head.is_field);
        evidence.flag("few_rows", self.filled.len() < 8);
        let different: HashSet<Id> = self.filled.iter().copied().collect();
        evidence.add(
            "unique_cells",
            different.len() as f64 / self.filled.len() as f64,
        );
        evidence.add("sections", view.unclean.sections);
        evidence.add("gaps", view.unclean.gaps);
        evidence.add(mark.evidence(), 1.0);
        let reasons = vec![
            format!(
                "{:.0} % of the cells of {} hold several values with {} between them, {mean:.1} on average",
                100.0 * share,
                view.name(self.column),
                mark.words()
            ),
            format!(
                "{:.0} % of these values come again in other cells",
                100.0 * reuse
            ),
        ];
        let step = Step::Split {
            column: self.column,
            mark,
        };
        Some((strength, Candidate::new(step, evidence, reasons)))
    }
}

/// Whether a header names several things: "Tags", "Colours", "Cast".
fn plural(low: &str) -> bool {
    let is_one = ["ss", "us", "is", "address", "status"]
        .iter()
        .any(|end| low.ends_with(end));
    let many = ["s", "(s)", "en", "list", "by"]
        .iter()
        .any(|end| low.ends_with(end));
    let named = ["list", "tags", "genre", "categor", "cast"]
        .iter()
        .any(|word| low.contains(word));
    !is_one && (many || named || low.ends_with("color") || low.ends_with("colour"))
}

/// Whether a sentence ends within a text, and another one begins.
fn has_sentences(text: &str) -> bool {
    let ends = text.match_indices(['.', '!', '?']);
    ends.into_iter().any(|(at, _)| {
        let after = &text[at + 1..];
        let next = after.trim_start();
        next.len() < after.len() && next.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

/// One of the values in a cell.
struct Value<'a> {
    text: &'a str,
    low: u64,
    kind: Kind,
    length: f64,
    words: usize,
}

impl<'a> Value<'a> {
    fn of(text: &'a str) -> Self {
        let low = text.to_lowercase();
        Self {
            low: Hash::of(&low),
            kind: Reading::of(text, &low).kind,
            length: text.chars().count() as f64,
            words: text.split_whitespace().count(),
            text,
        }
    }

    fn has_filler(&self) -> bool {
        let mut words = self.text.split_whitespace().take(8);
        words.any(|word| word.len() <= 4 && words::is_filler(&word.to_lowercase()))
    }
}

/// The lists in a column, each text once, and the cells without a mark.
struct Lists<'a> {
    pool: &'a Pool,
    lists: Vec<Vec<Value<'a>>>,
    lone: Vec<Id>,
}

impl Lists<'_> {
    /// How strongly they are lists, the share of values that come again, values in a list on average, and the evidence.
    fn weigh(&self, share: f64, mark: Mark, is_plural: bool) -> (f64, f64, f64, Evidence) {
        let values: Vec<&Value<'_>> = self.lists.iter().flatten().collect();
        let count = values.len() as f64;
        let part = |is_so: &dyn Fn(&Value<'_>) -> bool| {
            values.iter().filter(|value| is_so(value)).count() as f64 / count
        };
        let (reuse, moving) = self.recurring();
        let lists = self.lists.len() as f64;
        let mean = count / lists;
        let vary = self.vary();
        let (short, long) = (
            part(&|value| value.words <= 3),
            part(&|value| value.words > 6),
        );
        let stop = part(&|value| value.has_filler());
        let mut evidence = Evidence::new();
        evidence.add("share", share);
        evidence.flag("mostly", share > 0.5);
        evidence.flag("rare", share < 0.1);
        evidence.add("reuse", reuse);
        evidence.add("moving", moving);
        evidence.add("parts", (mean.log2() / 3.0).min(1.0));
        evidence.add("vary", vary);
        let lengths: Vec<f64> = values.iter().map(|value| value.length).collect();
        evidence.add("rough", rough(&lengths));
        evidence.add("lower_start", self.lower_starts());
        evidence.add("lone_alike", self.lone_alike(&values));
        evidence.flag("plural", is_plural);
        evidence.flag("pairs", mark == Mark::Comma && mean < 2.2 && vary < 0.1);
        evidence.add("fixed_order", if vary < 0.15 { 1.0 - moving } else { 0.0 });
        evidence.add(
            "number_parts",
            part(&|value| matches!(value.kind, Kind::Number | Kind::Code)),
        );
        let strength = share + reuse + vary + short - stop - long + moving;
        (strength, reuse, mean, evidence)
    }

    /// The share of values that come again in other cells, and the share of those that come at another place of their lists:
    /// a list has no order, "City, State" has.
    fn recurring(&self) -> (f64, f64) {
        let mut lists_with: HashMap<u64, (usize, u8)> = HashMap::new();
        for list in &self.lists {
            let mut seen = HashSet::new();
            for (at, value) in list.iter().enumerate() {
                let entry = lists_with.entry(value.low).or_default();
                entry.0 += usize::from(seen.insert(value.low));
                entry.1 |= 1 << at.min(3);
            }
        }
        let lone: HashSet<u64> = self.lone.iter().map(|&cell| self.pool.low(cell)).collect();
        let values = self.lists.iter().flatten();
        let comes_again =
            |value: &&Value<'_>| lists_with[&value.low].0 > 1 || lone.contains(&value.low);
        let total = values.clone().count() as f64;
        let reuse = values.filter(comes_again).count() as f64 / total;
        let several = lists_with.values().filter(|(lists, _)| *lists > 1);
        let moving = several
            .clone()
            .filter(|(_, places)| places.count_ones() > 1)
            .count();
        (reuse, moving as f64 / several.count().max(1) as f64)
    }

    /// The share of lists that are not of the usual length.
    fn vary(&self) -> f64 {
        let mut lengths: Vec<usize> = self.lists.iter().map(Vec::len).collect();
        lengths.sort_unstable();
        let usual = lengths
            .chunk_by(|a, b| a == b)
            .map(<[usize]>::len)
            .max()
            .unwrap_or(0);
        1.0 - usual as f64 / lengths.len() as f64
    }

    fn lower_starts(&self) -> f64 {
        let rest = self.lists.iter().flat_map(|list| &list[1..]);
        let starts = rest
            .clone()
            .filter(|value| value.text.starts_with(char::is_lowercase));
        starts.count() as f64 / rest.count() as f64
    }

    /// The share of cells without a mark that are of a kind that the values have.
    fn lone_alike(&self, values: &[&Value<'_>]) -> f64 {
        if self.lone.is_empty() {
            return 0.5;
        }
        let is_alike = |cell: &&Id| {
            let kind = self.pool.reading(**cell).kind;
            values.iter().any(|value| value.kind == kind)
        };
        self.lone.iter().filter(is_alike).count() as f64 / self.lone.len() as f64
    }
}
