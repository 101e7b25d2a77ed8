//! Finds the layout of a sheet: which rows are titles, headers, section heads, data, totals and notes.
//!
//! [`choose`] picks the rows to look at, [`rows`] reads them, [`features`] says what speaks for each state, and [`chain`]
//! finds the likeliest sequence of states, with learned weights (`weights`, which `engine/native/layout/train.py` writes).
//! [`guards`] corrects the ends of header blocks.
//! The same sheet always has the same layout.

pub mod chain;
pub mod choose;
pub mod features;
mod guards;
pub mod kinds;
pub mod rows;
pub mod totals;
mod weights;
pub mod words;

use std::collections::HashMap;
use std::sync::OnceLock;

use self::chain::{Chain, Link, STATES};
use self::rows::Grid;
use crate::cells::Sheet;

pub use self::weights::PROVENANCE;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    Title = 0,
    Header = 1,
    /// A section head: it names the rows below it.
    Group = 2,
    Data = 3,
    Total = 4,
    Note = 5,
}

impl State {
    /// All of them, by number.
    pub const ALL: [Self; STATES] = [
        Self::Title,
        Self::Header,
        Self::Group,
        Self::Data,
        Self::Total,
        Self::Note,
    ];
}

/// A row that was looked at.
#[derive(Debug, Clone)]
pub struct RowLayout {
    /// In the sheet, from 0.
    pub number: usize,
    /// Blank rows directly above.
    pub gap: usize,
    pub state: State,
    /// How likely each state is.
    pub likelihoods: [f64; STATES],
    /// The row's features, by number.
    pub features: Vec<u16>,
    /// The rule that gave the row its state, in words.
    pub rule: Option<&'static str>,
}

/// The rows of a sheet that were looked at, from the top. Rows between them look like the ones before, or are blank.
#[derive(Debug, Clone, Default)]
pub struct RowLooks {
    pub rows: Vec<RowLayout>,
    /// Rows of the sheet.
    count: usize,
}

impl RowLooks {
    /// For each row of the sheet the place of its layout among `rows`; nothing for a blank row, unless it lies within a
    /// header.
    pub fn by_row(&self) -> Vec<Option<u32>> {
        let mut found = vec![None; self.count];
        let mut before: Option<usize> = None;
        let mut usual = None;
        for (at, row) in self.rows.iter().enumerate() {
            if let Some(before) = before {
                let first = self.rows[before].number + 1;
                // Rows between that were not looked at are like those before.
                found[first..row.number - row.gap].fill(usual);
                if self.rows[before].state == State::Header && row.state == State::Header {
                    found[first..row.number].fill(Some(at as u32));
                }
            }
            found[row.number] = Some(at as u32);
            if row.state == State::Data || usual.is_none() {
                usual = found[row.number];
            }
            before = Some(at);
        }
        found
    }

    /// Makes one block of header rows between which lie but a title or a section head: "2024", "Region", "Net".
    fn join_headers(&mut self) {
        let mut last: Option<usize> = None;
        for at in 0..self.rows.len() {
            match self.rows[at].state {
                State::Header => {
                    if let Some(last) = last
                        && at - last <= MOST_BETWEEN + 1
                    {
                        let sure = self.rows[last].likelihoods[1].min(self.rows[at].likelihoods[1]);
                        for row in &mut self.rows[last + 1..at] {
                            row.make_header(sure);
                        }
                    }
                    last = Some(at);
                }
                State::Data | State::Total => last = None,
                State::Title | State::Group | State::Note => {}
            }
        }
    }
}

/// Rows other than header rows within a header.
const MOST_BETWEEN: usize = 2;

impl RowLayout {
    /// Whether the row has a trait.
    fn has(&self, one: features::Trait) -> bool {
        self.features.contains(&(one as u16))
    }

    /// Gives the row another state, by a rule: the looks said otherwise, so it is as likely as the one before.
    fn take_rule(&mut self, state: State, words: &'static str) {
        let (before, now) = (self.state as usize, state as usize);
        let half = f64::midpoint(self.likelihoods[before], self.likelihoods[now]);
        (self.likelihoods[before], self.likelihoods[now]) = (half, half);
        self.state = state;
        self.rule = Some(words);
    }

    fn make_header(&mut self, sure: f64) {
        let header = State::Header as usize;
        let others = 1.0 - self.likelihoods[header];
        let share = if others > 0.0 {
            (1.0 - sure) / others
        } else {
            0.0
        };
        for likelihood in &mut self.likelihoods {
            *likelihood *= share;
        }
        self.likelihoods[header] = sure;
        self.state = State::Header;
    }
}

/// The rows of a sheet that are looked at.
fn grid_of(sheet: &Sheet) -> Grid {
    let chosen = choose::choose(sheet);
    Grid::read(
        sheet,
        &chosen.rows,
        chosen.columns.start,
        chosen.columns.end,
    )
}

/// The features of the rows that are looked at: number in the sheet, blank rows above, features.
pub fn features_of(sheet: &Sheet) -> Vec<(usize, usize, Vec<u16>)> {
    let grid = grid_of(sheet);
    let features = features::features(&grid);
    let rows = grid.rows.iter().zip(features);
    rows.map(|(row, features)| (row.number, row.gap, features))
        .collect()
}

/// Finds the layout of a sheet.
pub fn recognise(sheet: &Sheet) -> RowLooks {
    let model = Model::learned();
    let grid = grid_of(sheet);
    let features = features::features(&grid);
    let links: Vec<Link> = grid
        .rows
        .iter()
        .zip(&features)
        .map(|(row, features)| Link {
            scores: model.scores(features),
            after_blank: row.gap > 0,
        })
        .collect();
    let states = model.chain.likeliest(&links);
    let likelihoods = model.chain.likelihoods(&links);
    let mut layout = RowLooks {
        count: sheet.facts().rows_emitted,
        rows: grid
            .rows
            .iter()
            .zip(features)
            .zip(states)
            .zip(likelihoods)
            .map(|(((row, features), state), likelihoods)| RowLayout {
                number: row.number,
                gap: row.gap,
                state: State::ALL[usize::from(state)],
                likelihoods,
                features,
                rule: None,
            })
            .collect(),
    };
    layout.join_headers();
    guards::correct(&mut layout, &grid);
    layout
}

/// The features that spoke for a state of a row rather than for another one: at most `most`, the strongest first, each
/// with how much it adds.
pub fn reasons(features: &[u16], state: State, other: State, most: usize) -> Vec<(u16, f64)> {
    let model = Model::learned();
    let mut found: Vec<(u16, f64)> = features
        .iter()
        .map(|&feature| {
            let weights = &model.weights[usize::from(feature)];
            (
                feature,
                f64::from(weights[state as usize] - weights[other as usize]),
            )
        })
        .filter(|&(_, adds)| adds > 0.05)
        .collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.truncate(most);
    found
}

/// The learned weights, by the numbers of features.
struct Model {
    chain: Chain,
    weights: Vec<[f32; STATES]>,
}

impl Model {
    fn learned() -> &'static Self {
        static MODEL: OnceLock<Model> = OnceLock::new();
        MODEL.get_or_init(|| {
            let known: HashMap<&str, &[f32; STATES]> = weights::WEIGHTS
                .iter()
                .map(|(name, row)| (*name, row))
                .collect();
            let weights = (0..features::FEATURES)
                .map(|feature| {
                    known
                        .get(features::words_of(feature).as_str())
                        .map_or([0.0; STATES], |&&row| row)
                })
                .collect();
            let wide = |row: [f32; STATES]| row.map(f64::from);
            Self {
                chain: Chain {
                    start: wide(weights::START),
                    end: wide(weights::END),
                    steps: weights::STEPS.map(|steps| steps.map(wide)),
                },
                weights,
            }
        })
    }

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
