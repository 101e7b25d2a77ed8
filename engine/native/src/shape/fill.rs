//! First columns that are written once and left empty below.

use super::candidate::{Candidate, Evidence, Step};
use super::hollow::Hollow;
use super::reading::Kind;
use super::view::View;

/// How many columns may be filled.
const DEEPEST: usize = 5;

pub fn candidates(view: &View<'_>) -> Vec<Candidate> {
    let Some(gaps) = Gaps::of(view) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for last in 0..=DEEPEST.min(view.width() - 2) {
        let hollow = gaps.hollow(last);
        if last > 0 && hollow == 0.0 || hollow < 0.01 {
            break;
        }
        found.push(gaps.candidate(view, last, hollow));
    }
    found
}

/// The rows with values, and where the first column is empty in them.
struct Gaps<'a> {
    hollow: &'a Hollow,
    rows: Vec<usize>,
    /// Lengths of the runs from one filled first cell to the next.
    runs: Vec<usize>,
    gaps: usize,
    /// The share of different texts in the first column, and its most frequent kind.
    distinct: f64,
    kind: Option<Kind>,
}

impl<'a> Gaps<'a> {
    fn of(view: &'a View<'_>) -> Option<Self> {
        let hollow = &view.hollow;
        if hollow.rows() < 2 || view.width() < 2 {
            return None;
        }
        let rows: Vec<usize> = (0..hollow.rows())
            .filter(|&row| hollow.count[row] > 0)
            .collect();
        let starts: Vec<usize> = (0..rows.len())
            .filter(|&at| hollow.is_full(rows[at], 0))
            .collect();
        if rows.len() < 2 || starts.len() == rows.len() || starts.is_empty() {
            return None;
        }
        let ends = starts.iter().skip(1).copied().chain([rows.len()]);
        let runs = starts
            .iter()
            .zip(ends)
            .map(|(start, end)| end - start)
            .collect();
        let texts: Vec<u32> = starts
            .iter()
            .map(|&at| view.table.row(rows[at])[0])
            .collect();
        let mut different = texts.clone();
        different.sort_unstable();
        different.dedup();
        Some(Self {
            gaps: rows.len() - starts.len(),
            distinct: different.len() as f64 / texts.len() as f64,
            kind: main_kind(texts.iter().map(|&text| view.pool.reading(text).kind)),
            hollow,
            rows,
            runs,
        })
    }

    fn count(&self) -> f64 {
        self.rows.len() as f64
    }

    /// The share of rows in which a column is empty.
    fn hollow(&self, column: usize) -> f64 {
        if column >= self.hollow.width() {
            return 0.0;
        }
        let empty = self
            .rows
            .iter()
            .filter(|&&row| !self.hollow.is_full(row, column));
        empty.count() as f64 / self.count()
    }

    /// The share of rows in which the second column is filled wherever the first one is.
    fn nested(&self, inner: usize, outer: usize) -> f64 {
        if inner >= self.hollow.width() {
            return 1.0;
        }
        let is_nested =
            |&&row: &&usize| self.hollow.is_full(row, inner) || !self.hollow.is_full(row, outer);
        self.rows.iter().filter(is_nested).count() as f64 / self.count()
    }

    /// The share of filled cells right of a column, in rows whose first cell is filled or empty.
    fn rest(&self, last: usize, is_start: bool) -> f64 {
        let (mut filled, mut total) = (0_usize, 0_usize);
        for &row in self
            .rows
            .iter()
            .filter(|&&row| self.hollow.is_full(row, 0) == is_start)
        {
            total += self.hollow.width() - last - 1;
            let columns = last + 1..self.hollow.width();
            filled += columns
                .filter(|&column| self.hollow.is_full(row, column))
                .count();
        }
        filled as f64 / total.max(1) as f64
    }

    fn candidate(&self, view: &View<'_>, last: usize, hollow: f64) -> Candidate {
        let mut evidence = Evidence::new();
        let gaps = self.gaps as f64 / self.count();
        let (rest, rest_start) = (self.rest(last, false), self.rest(last, true));
        let next = self.hollow(last + 1);
        let nested = self.nested(last + 1, last);
        evidence.add("gaps", gaps);
        evidence.flag("gaps_many", gaps > 0.3);
        evidence.flag("starts", self.hollow.is_full(self.rows[0], 0));
        evidence.add("distinct", self.distinct);
        evidence.add("rest_start", rest_start);
        evidence.add("even", 1.0 - (rest - rest_start).abs());
        evidence.add("hollow_end", hollow);
        evidence.add("next_hollow", next);
        evidence.add("next_nested", if next > 0.02 { nested } else { 0.0 });
        evidence.flag("deeper", last > 0);
        self.weigh_runs(&mut evidence);
        evidence.flag(
            "codes",
            matches!(self.kind, Some(Kind::Code | Kind::Number | Kind::Link)),
        );
        evidence.flag(
            "words",
            matches!(self.kind, Some(Kind::Words | Kind::Sentence)),
        );
        let others = match last {
            0 => String::new(),
            _ => format!(" (and columns up to {})", view.name(last)),
        };
        let times = match self.gaps {
            1 => "once".to_owned(),
            gaps => format!("{gaps} times"),
        };
        let reason = format!(
            "{}{others} is written once and left empty {times} below, where the other columns are filled",
            view.name(0)
        );
        Candidate::new(Step::FillDown { last }, evidence, vec![reason])
    }

    /// Cells left out by chance leave runs of one row as often as cells are filled; groups don't.
    fn weigh_runs(&self, evidence: &mut Evidence) {
        let mut sorted = self.runs.clone();
        sorted.sort_unstable();
        let count = sorted.len();
        let median = (sorted[(count - 1) / 2] + sorted[count / 2]) as f64 / 2.0;
        let single = sorted.iter().filter(|&&run| run == 1).count() as f64 / count as f64;
        let filled = count as f64 / self.count();
        let chance = (filled * (1.0 - filled) / count as f64 + 1e-9).sqrt();
        let regular = (filled - single) / chance;
        evidence.add("runs", (median / 6.0).min(1.0));
        evidence.add("single_rows", single);
        evidence.flag("by_chance", regular < 1.0);
        evidence.add("regular", (regular / 4.0).clamp(-0.5, 1.0));
    }
}

/// The most frequent kind, the first of several.
fn main_kind(kinds: impl Iterator<Item = Kind>) -> Option<Kind> {
    let mut counts: Vec<(Kind, usize)> = Vec::new();
    for kind in kinds {
        match counts.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((kind, 1)),
        }
    }
    counts
        .iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map(|(kind, _)| *kind)
}
