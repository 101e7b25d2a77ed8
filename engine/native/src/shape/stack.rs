//! Columns of one kind that should be rows: months, years, shops.

use std::collections::HashMap;

use super::candidate::{Candidate, Evidence, Step};
use super::header::{Class, Header, Part, in_common};
use super::profile::effects;
use super::series::{Series, counts_up};
use super::table::spread;
use super::view::{View, log_share, rough};

/// Tables with more columns are only cut where the headers or the kinds of values change.
const ALL_SPANS: usize = 26;
/// So many spans are weighed.
const MOST: usize = 80;

/// Columns of the profile that could belong together.
struct Span {
    start: usize,
    end: usize,
    /// The most frequent series among their headers, and how many of them are of it.
    series: Option<usize>,
    hits: usize,
    /// How alike the columns are: the one that is least, and on average.
    low: f64,
    mean: f64,
    /// How alike their neighbours are.
    left: f64,
    right: f64,
    /// Whether their neighbours are of the same series.
    same_left: bool,
    same_right: bool,
    /// The share of rows that differ in the other columns.
    unique: f64,
}

impl Span {
    fn size(&self) -> usize {
        self.end - self.start + 1
    }

    fn of_series(&self) -> f64 {
        self.hits as f64 / self.size() as f64
    }

    fn strength(&self) -> f64 {
        let flag = |is_so: bool| f64::from(u8::from(is_so));
        2.0 * self.of_series() + self.low + self.mean - self.left - self.right
            + flag(self.unique > 0.9)
            - flag(self.same_left)
            - flag(self.same_right)
    }
}

/// All spans of a table's columns, and what they are weighed by.
struct Spans<'a> {
    view: &'a View<'a>,
    series: Series,
    /// For each column sums of its likeness to the columns before each place.
    sums: Vec<Vec<f64>>,
    unique: HashMap<Vec<usize>, f64>,
}

pub fn candidates(view: &View<'_>) -> Vec<Candidate> {
    if view.width() < 2 || view.height() < 1 {
        return Vec::new();
    }
    let mut spans = Spans::of(view);
    let mut found = Vec::new();
    let (starts, ends) = spans.edges();
    for &start in &starts {
        for &end in ends.iter().filter(|&&end| end > start) {
            found.extend(spans.span(start, end));
        }
    }
    found.sort_by(|a, b| b.strength().total_cmp(&a.strength()));
    found.truncate(MOST);
    found.iter().map(|span| spans.candidate(span)).collect()
}

impl<'a> Spans<'a> {
    fn of(view: &'a View<'a>) -> Self {
        let profile = &view.profile;
        let count = profile.count();
        let sums = (0..count).map(|one| {
            let mut sums = Vec::with_capacity(count + 1);
            sums.push(0.0);
            for other in 0..count {
                sums.push(sums[other] + profile.same(one, other));
            }
            sums
        });
        Self {
            series: Series::of(&view.heads, &profile.index),
            sums: sums.collect(),
            unique: HashMap::new(),
            view,
        }
    }

    fn head(&self, at: usize) -> &'a Header {
        self.view.heads[self.view.profile.index[at]]
    }

    /// Where spans may start and end.
    fn edges(&self) -> (Vec<usize>, Vec<usize>) {
        let count = self.view.profile.count();
        if count <= ALL_SPANS {
            return ((0..count).collect(), (0..count).collect());
        }
        let columns = &self.view.profile.columns;
        let differs = |at: &usize| {
            self.series.labels[*at] != self.series.labels[at - 1]
                || columns[*at].main_kind() != columns[at - 1].main_kind()
        };
        let changes: Vec<usize> = (1..count).filter(differs).collect();
        let first = changes.iter().take(14);
        let last = changes.iter().skip(changes.len().saturating_sub(6));
        let changes: Vec<usize> = first.chain(last).copied().collect();
        let sorted = |mut places: Vec<usize>| {
            places.sort_unstable();
            places.dedup();
            places
        };
        let starts = (0..6).chain(changes.iter().copied()).collect();
        let ends = (count - 3..count)
            .chain(changes.iter().map(|at| at - 1))
            .collect();
        (sorted(starts), sorted(ends))
    }

    /// The likeness of a column to those of a span, on average.
    fn likeness(&self, column: usize, start: usize, end: usize) -> f64 {
        let sums = &self.sums[column];
        (sums[end + 1] - sums[start]) / (end - start + 1) as f64
    }

    /// A span, unless nothing speaks for it.
    fn span(&mut self, start: usize, end: usize) -> Option<Span> {
        let size = end - start + 1;
        let (mut low, mut sum) = (f64::INFINITY, 0.0);
        for column in start..=end {
            let sums = &self.sums[column];
            let inside = (sums[end + 1] - sums[start] - 1.0) / (size - 1) as f64;
            low = low.min(inside);
            sum += inside;
        }
        let mean = sum / size as f64;
        let (series, hits) = self.main_series(start, end);
        if mean < 0.35 && (hits as f64) < 0.6 * size as f64 {
            return None;
        }
        let last = self.view.profile.count() - 1;
        let is_same = |at: usize| series.is_some() && self.series.labels[at] == series;
        Some(Span {
            left: if start > 0 {
                self.likeness(start - 1, start, end)
            } else {
                0.0
            },
            right: if end < last {
                self.likeness(end + 1, start, end)
            } else {
                0.0
            },
            same_left: start > 0 && is_same(start - 1),
            same_right: end < last && is_same(end + 1),
            unique: self.unique(start, end),
            start,
            end,
            series,
            hits,
            low,
            mean,
        })
    }

    /// The most frequent series of a span. Letters that don't count up are names.
    fn main_series(&self, start: usize, end: usize) -> (Option<usize>, usize) {
        let labels = &self.series.labels[start..=end];
        let mut counts = vec![0_usize; self.series.classes.len()];
        labels
            .iter()
            .flatten()
            .for_each(|&label| counts[label] += 1);
        let most = counts.iter().copied().max().unwrap_or(0);
        if most == 0 {
            return (None, 0);
        }
        let best = labels
            .iter()
            .flatten()
            .find(|label| counts[**label] == most)
            .copied();
        if best.and_then(|best| self.series.classes[best]) == Some(Class::Letter) {
            let heads = (start..=end).map(|at| self.head(at));
            let letters = heads.filter(|head| head.class == Some(Class::Letter));
            if counts_up(letters.map(|head| head.low.as_str())) < 0.6 {
                return (None, 0);
            }
        }
        (best, most)
    }

    fn unique(&mut self, start: usize, end: usize) -> f64 {
        let profile = &self.view.profile;
        let outside = (0..profile.count()).filter(|at| *at < start || *at > end);
        let columns: Vec<usize> = outside.take(4).map(|at| profile.index[at]).collect();
        if let Some(&unique) = self.unique.get(&columns) {
            return unique;
        }
        let unique = self.view.unique(&columns);
        self.unique.insert(columns, unique);
        unique
    }

    fn candidate(&self, span: &Span) -> Candidate {
        let mut evidence = Evidence::new();
        self.weigh_headers(span, &mut evidence);
        self.weigh_cells(span, &mut evidence);
        self.weigh_place(span, &mut evidence);
        let index = &self.view.profile.index;
        let step = Step::Stack {
            start: index[span.start],
            end: index[span.end],
        };
        let reasons = self.reasons(span, &evidence);
        Candidate::new(step, evidence, reasons)
    }

    fn class(&self, span: &Span) -> Option<Class> {
        span.series.and_then(|series| self.series.classes[series])
    }

    /// What the headers say.
    fn weigh_headers(&self, span: &Span, evidence: &mut Evidence) {
        let of_series = span.of_series();
        let size = span.size() as f64;
        let class = self.class(span);
        let is_timed = class.is_some_and(Class::is_time);
        let when = |is_so: bool, value: f64| if is_so { value } else { 0.0 };
        let is_mostly = of_series >= 0.5;
        let is_exact = of_series == 1.0 && !span.same_left && !span.same_right;
        let is_stray = |at: usize| f64::from(u8::from(self.series.labels[at] != span.series));
        let heads: Vec<&Header> = (span.start..=span.end).map(|at| self.head(at)).collect();
        let share = |is_so: fn(&Header) -> bool| {
            heads.iter().filter(|head| is_so(head)).count() as f64 / size
        };
        let (steady, varying) = steadiness(&heads, of_series > 0.6 && !is_timed);
        let pairs = heads
            .windows(2)
            .map(|pair| in_common(&pair[0].tokens, &pair[1].tokens));
        let common = pairs.sum::<f64>() / (size - 1.0);
        evidence.add("series_time", when(is_timed, of_series));
        let long = ((size - 2.0) / 6.0).min(1.0);
        evidence.add("series_time_long", when(is_timed, of_series * long));
        evidence.add("counts_up", steady);
        evidence.flag("counts_badly", steady > 0.0 && steady < 0.7 && varying > 2);
        evidence.flag("series_none", !is_mostly);
        let at_edges = (is_stray(span.start) + is_stray(span.end)) / 2.0;
        evidence.add("edge_strays", when(is_mostly, at_edges));
        evidence.flag("exact_run", is_exact);
        evidence.flag("exact_time", is_exact && is_timed);
        evidence.add("contains_time", share(Header::is_timed) * (1.0 - of_series));
        evidence.add("common_words", common * (1.0 - of_series));
        evidence.add("headers_are_values", share(Header::is_value));
        evidence.add("headers_are_fields", share(Header::names_field));
        let lengths: Vec<f64> = heads
            .iter()
            .map(|head| head.low.chars().count() as f64)
            .collect();
        evidence.add("heads_rough", rough(&lengths));
        let all = span.series.map_or(1, |series| self.series.count(series));
        evidence.add("all_series_inside", span.hits as f64 / all as f64);
    }

    /// What the cells say.
    fn weigh_cells(&self, span: &Span, evidence: &mut Evidence) {
        let profile = &self.view.profile;
        let columns = &profile.columns[span.start..=span.end];
        let size = span.size() as f64;
        let average = |value: fn(&super::profile::Column) -> f64| {
            columns.iter().map(value).sum::<f64>() / size
        };
        let numeric = average(|column| column.numeric);
        let (mut by_column, mut by_row) = (0.0, 0.0);
        if numeric > 0.5 {
            let chosen = spread(span.size(), 16);
            let chosen: Vec<usize> = chosen.iter().map(|at| span.start + at).collect();
            (by_column, by_row) = effects(profile, 60, &chosen);
        }
        let vocabulary = if numeric < 1.0 {
            self.vocabulary(span) * (1.0 - numeric)
        } else {
            0.0
        };
        evidence.add("alike_low", span.low);
        evidence.add("alike_mean", span.mean);
        evidence.add("left_alike", span.left);
        evidence.add("right_alike", span.right);
        evidence.flag("left_same_series", span.same_left);
        evidence.flag("right_same_series", span.same_right);
        evidence.add("text", 1.0 - numeric);
        evidence.add("vocabulary", vocabulary);
        let repeated = 1.0 - average(|column| column.distinct);
        evidence.add("vocabulary_small", vocabulary * repeated);
        evidence.add("column_effect", by_column);
        evidence.add("row_effect", by_row);
        evidence.add("sparse", 1.0 - average(|column| column.share));
    }

    /// The share of texts that the columns have in common with each other.
    fn vocabulary(&self, span: &Span) -> f64 {
        let size = span.size() as f64;
        let all = span.start..=span.end;
        let sum: f64 = all
            .clone()
            .map(|one| {
                all.clone()
                    .map(|other| self.view.profile.vocabulary(one, other))
                    .sum::<f64>()
            })
            .sum();
        (sum - size) / (size * (size - 1.0))
    }

    /// Where the columns stand, and what stands around them.
    fn weigh_place(&self, span: &Span, evidence: &mut Evidence) {
        let view = self.view;
        let index = &view.profile.index;
        let last = view.profile.count() - 1;
        let (start, end) = (index[span.start], index[span.end]);
        let size = end - start + 1;
        let is_near = |grid: &&super::series::Grid| {
            grid.start <= start && grid.end >= end || grid.start >= start && grid.end <= end
        };
        let grid = view
            .grids()
            .iter()
            .filter(is_near)
            .map(|grid| grid.cover)
            .fold(0.0, f64::max);
        let measures = view.measures();
        let has_total = self.head(span.start).is_total || self.head(span.end).is_total;
        evidence.flag("one_left", span.start == 1);
        evidence.flag("three_left", span.start > 2);
        evidence.add("right_rest", ((last - span.end) as f64 / 4.0).min(1.0));
        evidence.add("share", size as f64 / view.width() as f64);
        evidence.add("long", log_share(size, 6.0));
        evidence.flag("two", size == 2);
        evidence.add("key", span.unique);
        evidence.flag(
            "label",
            span.start > 0 && view.profile.columns[0].numeric < 0.5,
        );
        evidence.add("grid", grid);
        evidence.flag("total_in", has_total && span.size() > 2);
        evidence.flag("total_out", span.end < last && view.heads[end + 1].is_total);
        evidence.flag("rows_few", view.height() < 12);
        evidence.add("rows_are_measures", measures.named);
        evidence.add("rows_even", measures.even);
        evidence.add("gaps", view.unclean.gaps);
    }

    fn reasons(&self, span: &Span, evidence: &Evidence) -> Vec<String> {
        let view = self.view;
        let index = &view.profile.index;
        let (start, end) = (index[span.start], index[span.end]);
        let size = end - start + 1;
        let (first, last) = (view.name(start), view.name(end));
        let mut reasons = Vec::new();
        if span.of_series() > 0.6 && span.series.is_some() {
            let what = self
                .class(span)
                .map_or("one text with a part that varies", Class::plural);
            let count = if span.of_series() == 1.0 {
                size
            } else {
                span.hits
            };
            reasons.push(format!("{count} headers are {what}: {first} to {last}"));
        }
        let text = evidence.get("text");
        let holds = match text {
            ..0.2 => "numbers",
            0.8.. => "text",
            _ => "values",
        };
        reasons.push(format!(
            "the {size} columns from {first} to {last} hold {holds} of one kind"
        ));
        if evidence.get("total_out") > 0.0 {
            reasons.push(format!("{} is left out: it is a total", view.name(end + 1)));
        }
        reasons
    }
}

/// How steadily numbers or letters in the headers count up, and how many headers have one.
fn steadiness(heads: &[&Header], is_asked: bool) -> (f64, usize) {
    let last_part = |head: &&Header| {
        let at = head.parts.iter().rposition(Option::is_some)?;
        matches!(head.parts[at], Some(Part::Number | Part::Letter)).then_some(at)
    };
    let varying: Vec<&str> = heads
        .iter()
        .filter_map(|head| last_part(head).map(|at| head.tokens[at].as_str()))
        .collect();
    let is_most = varying.len() as f64 > 0.6 * heads.len() as f64;
    let steady = if is_asked && is_most {
        counts_up(varying.iter().copied())
    } else {
        0.0
    };
    (steady, varying.len())
}
