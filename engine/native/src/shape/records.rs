//! Lines of labels and values, several of which are one record: "Name: Ann", "City: Lyon", "Name: Ben", "City: Graz".

use super::candidate::{Candidate, Evidence, Step};
use super::table::Id;
use super::view::View;

/// Lines that are looked at, and the longest records.
const LINES: usize = 1_500;
const LONGEST: usize = 60;

/// A label and a value in one cell, parted by a colon or an equals sign.
pub fn parted(text: &str) -> Option<(&str, &str)> {
    let at = text.find([':', '='])?;
    Some((text[..at].trim(), text[at + 1..].trim()))
}

pub fn candidates(view: &View<'_>) -> Vec<Candidate> {
    if view.width() > 6 || view.width() == 0 || view.height() < 3 {
        return Vec::new();
    }
    let lines = Lines::of(view);
    let mut found: Vec<Candidate> = Vec::new();
    for every in 2..=LONGEST.min(lines.labels.len() / 2) {
        let again = lines.again(every);
        if again >= 0.6 {
            let candidate = lines.candidate(view, every, again, &found);
            found.push(candidate);
        }
    }
    let worth = |one: &Candidate| one.evidence.get("again") - 0.2 * one.evidence.get("multiple");
    found.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
    found.truncate(5);
    found
}

/// All lines, the header too.
struct Lines {
    /// Equal where labels are.
    labels: Vec<u64>,
    kinds: Vec<usize>,
    first: Vec<String>,
}

impl Lines {
    fn of(view: &View<'_>) -> Self {
        let head = std::iter::once(view.table.head.as_slice());
        let lines: Vec<&[Id]> = head.chain(view.table.rows().take(LINES)).collect();
        let is_one = view.width() == 1;
        let pool = view.pool;
        let own = |line: &[Id]| {
            let label = parted(pool.text(line[0])).map_or("", |(label, _)| label);
            let is_label = (1..=40).contains(&label.chars().count());
            is_label.then(|| super::reading::Hash::of(&label.to_lowercase()))
        };
        let label = |line: &&[Id]| match is_one {
            true => own(line).unwrap_or_else(|| pool.outline(line[0]).rotate_left(7)),
            false => pool.low(line[0]),
        };
        let kind = |line: &&[Id]| pool.reading(line[line.len() - 1]).kind as usize;
        let first = lines.iter().take(4).map(|line| {
            let text = pool.text(line[0]);
            let label = if is_one {
                parted(text).map_or(text, |parts| parts.0)
            } else {
                text
            };
            label.to_owned()
        });
        Self {
            labels: lines.iter().map(label).collect(),
            kinds: lines.iter().map(kind).collect(),
            first: first.collect(),
        }
    }

    /// The share of labels that come again so many lines later.
    fn again(&self, every: usize) -> f64 {
        let pairs = self.labels.iter().zip(&self.labels[every..]);
        let same = pairs.filter(|(a, b)| a == b).count();
        same as f64 / (self.labels.len() - every) as f64
    }

    /// The share of lines whose values are of the most frequent kind, counted for each line of a record.
    fn purity(&self, every: usize) -> f64 {
        let most = |start: usize| {
            let mut counts = [0_usize; 11];
            let kinds = self.kinds.iter().skip(start).step_by(every);
            kinds.for_each(|kind| counts[*kind] += 1);
            counts.into_iter().max().unwrap_or(0)
        };
        (0..every).map(most).sum::<usize>() as f64 / self.kinds.len() as f64
    }

    fn candidate(
        &self,
        view: &View<'_>,
        every: usize,
        again: f64,
        before: &[Candidate],
    ) -> Candidate {
        let count = self.labels.len();
        let mut different = self.labels[..every].to_vec();
        different.sort_unstable();
        different.dedup();
        let is_multiple = before.iter().any(|other| {
            let Some(Step::Records { every: shorter }) = other.step else {
                return false;
            };
            every.is_multiple_of(shorter) && other.evidence.get("again") >= again - 0.02
        });
        let mut evidence = Evidence::new();
        evidence.add("again", again);
        evidence.flag("whole", again > 0.98);
        evidence.add("distinct", different.len() as f64 / every as f64);
        evidence.add("phase_gain", self.purity(every) - self.purity(1));
        evidence.flag("divides", count.is_multiple_of(every));
        evidence.flag("multiple", is_multiple);
        evidence.flag("two", every == 2);
        evidence.flag("narrow", view.width() <= 2);
        let labels = self.first[..every.min(self.first.len())].join(", ");
        let labels: String = labels.chars().take(50).collect();
        let times = count / every;
        let reason = format!(
            "the first column has the same {every} labels again and again, {times} times: {labels} …"
        );
        Candidate::new(Step::Records { every }, evidence, vec![reason])
    }
}
