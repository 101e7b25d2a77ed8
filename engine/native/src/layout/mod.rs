//! Finds the layout of a sheet: which rows are titles, headers, section heads, data, totals and notes.
//!
//! [`choose`] picks the rows to examine, [`rows`] reads them, [`features`] computes the features that speak for each state, in
//! the words of [`traits`], and [`chain`] finds the likeliest sequence of states. The weights are learned:
//! `tools/layout/train.py` writes them to `weights.txt`. `guards` corrects the ends of header blocks. The same sheet always has
//! the same layout.

pub mod chain;
pub mod choose;
pub mod features;
mod guards;
pub mod kinds;
pub mod row_layout;
pub mod rows;
pub mod totals;
pub mod traits;
pub mod words;

use std::sync::LazyLock;

use self::chain::{Chain, Link, STATES};
use self::rows::{LayoutGrid, LayoutRow};
use crate::cells::Sheet;
use crate::words::data::WEIGHTS;
use foldhash::HashMap;

pub use self::row_layout::{RowKind, RowLayout, RowState, SheetLayout};

/// Returns, for each examined row, its number in the sheet, the number of blank rows above it, and its features.
pub fn features_of(sheet: &Sheet) -> Vec<(usize, usize, Vec<u16>)> {
    let grid = LayoutGrid::of_sheet(sheet);
    let features = features::features(&grid);
    let rows = grid.rows.iter().zip(features);
    rows.map(|(row, features)| (row.number, row.gap, features))
        .collect()
}

/// Recognises the layout of a sheet.
pub fn recognise(sheet: &Sheet) -> SheetLayout {
    let grid = LayoutGrid::of_sheet(sheet);
    let features = features::features(&grid);
    let link = |(row, features): (&LayoutRow, &Vec<u16>)| Link {
        scores: MODEL.scores(features),
        after_blank: row.gap > 0,
    };
    let links: Vec<Link> = grid.rows.iter().zip(&features).map(link).collect();
    let states = MODEL.chain.likeliest(&links);
    let likelihoods = MODEL.chain.likelihoods(&links);
    let found = features.into_iter().zip(states).zip(likelihoods);
    let rows = grid.rows.iter().zip(found);
    let rows = rows.map(|(row, ((features, state), likelihoods))| RowLayout {
        number: row.number,
        gap: row.gap,
        state: RowState::ALL[usize::from(state)],
        likelihoods,
        features,
        rule: None,
    });
    let mut layout = SheetLayout::new(rows.collect());
    layout.join_headers();
    guards::correct(&mut layout, &grid);
    layout.place_rows(sheet.facts().rows_emitted);
    layout
}

/// Returns the features that spoke for one state of a row rather than another: at most `most`, the strongest first, each with
/// its contribution.
pub fn reasons(features: &[u16], state: RowState, other: RowState, most: usize) -> Vec<(u16, f64)> {
    let adds = |&feature: &u16| {
        let weights = &MODEL.weights[usize::from(feature)];
        let adds = weights[state as usize] - weights[other as usize];
        (feature, f64::from(adds))
    };
    let found = features.iter().map(adds);
    let mut found: Vec<(u16, f64)> = found.filter(|&(_, adds)| adds > 0.05).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.truncate(most);
    found
}

/// Returns, in words, the reasons for the state of a row rather than the second likeliest state, the strongest first.
pub fn reasons_of(row: &RowLayout, most: usize) -> Vec<String> {
    let others = RowState::ALL
        .into_iter()
        .filter(|&state| state != row.state);
    let likely = |state: &RowState| row.likelihoods[*state as usize];
    let second = others.max_by(|a, b| likely(a).total_cmp(&likely(b)));
    let learned = reasons(&row.features, row.state, second.unwrap_or(row.state), most);
    let learned = learned
        .into_iter()
        .map(|(feature, _)| traits::words_of(usize::from(feature)));
    // A rule overrides the learned reasons, so it comes first.
    let rule = row.rule.map(str::to_owned);
    rule.into_iter().chain(learned).take(most).collect()
}

/// Returns the learned numbers of a section, one per state, with the words that follow them.
fn rows_of(section: &str) -> impl Iterator<Item = (&'static str, [f32; STATES])> {
    let row = |line: &'static str| {
        let mut pieces = line.splitn(STATES + 1, ' ');
        let mut number = || pieces.next()?.parse().ok();
        let numbers = std::array::from_fn(|_| number().unwrap_or_default());
        (pieces.next().unwrap_or_default(), numbers)
    };
    WEIGHTS.lines(section).map(row)
}

/// The learned weights, by the number of the feature.
struct Model {
    chain: Chain,
    weights: Vec<[f32; STATES]>,
}

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let known: HashMap<&str, [f32; STATES]> = rows_of("features").collect();
    let weights = (0..traits::FEATURES)
        .map(|feature| known.get(traits::words_of(feature).as_str()))
        .map(|row| row.copied().unwrap_or_default())
        .collect();
    let wide = |name| rows_of(name).map(|(_, row)| row.map(f64::from));
    let first = |name| wide(name).next().unwrap_or_default();
    let steps = |name| {
        let mut rows = wide(name);
        std::array::from_fn(|_| rows.next().unwrap_or_default())
    };
    let chain = Chain {
        start: first("start"),
        end: first("end"),
        steps: [steps("steps"), steps("steps over blanks")],
    };
    Model { chain, weights }
});

impl Model {
    fn scores(&self, features: &[u16]) -> [f64; STATES] {
        let mut scores = [0.0; STATES];
        for &feature in features {
            for (score, weight) in scores.iter_mut().zip(self.weights[usize::from(feature)]) {
                *score += f64::from(weight);
            }
        }
        scores
    }
}
