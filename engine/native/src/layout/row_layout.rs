//! The layout of a sheet's rows: the state of each, its likelihood, and the reason.

use std::ops::Range;

use super::chain::STATES;
use super::traits::Trait;

/// The state of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RowState {
    Title = 0,
    Header = 1,
    /// A section head, which names the rows below it.
    Group = 2,
    Data = 3,
    Total = 4,
    Note = 5,
}

impl RowState {
    /// All states, by number.
    pub const ALL: [Self; STATES] = [
        Self::Title,
        Self::Header,
        Self::Group,
        Self::Data,
        Self::Total,
        Self::Note,
    ];

    /// Returns the name of the state.
    pub fn name(self) -> &'static str {
        RowKind::from(self).name()
    }
}

/// The kind of a row for finding tables. The pipeline uses the same numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum RowKind {
    #[default]
    Other = 0,
    Header = 1,
    Data = 2,
    Total = 3,
    Group = 4,
    Note = 5,
    Title = 6,
    Balance = 7,
    /// A further line of the record above.
    Line = 8,
    /// A text between records that may be a section head, a note or a line.
    LoneText = 9,
    /// A line drawn with signs.
    Rule = 10,
    /// A row without a record that is prepared for one.
    Prepared = 11,
}

impl RowKind {
    /// The names of the kinds, by number.
    pub const NAMES: [&str; 12] = [
        "other",
        "header",
        "data",
        "total",
        "group",
        "note",
        "title",
        "balance",
        "line",
        "lone text",
        "rule",
        "prepared",
    ];

    /// Returns the name of the kind.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Returns the kind with a number, or `Other` if there is none.
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Header,
            2 => Self::Data,
            3 => Self::Total,
            4 => Self::Group,
            5 => Self::Note,
            6 => Self::Title,
            7 => Self::Balance,
            8 => Self::Line,
            9 => Self::LoneText,
            10 => Self::Rule,
            11 => Self::Prepared,
            _ => Self::Other,
        }
    }
}

impl From<RowState> for RowKind {
    fn from(state: RowState) -> Self {
        match state {
            RowState::Title => Self::Title,
            RowState::Header => Self::Header,
            RowState::Group => Self::Group,
            RowState::Data => Self::Data,
            RowState::Total => Self::Total,
            RowState::Note => Self::Note,
        }
    }
}

/// The layout of an examined row.
#[derive(Debug, Clone)]
pub struct RowLayout {
    /// The row in the sheet, from 0.
    pub number: usize,
    /// The number of blank rows directly above.
    pub gap: usize,
    pub state: RowState,
    /// The likelihood of each state.
    pub likelihoods: [f64; STATES],
    /// The numbers of the row's features.
    pub features: Vec<u16>,
    /// The reason, in words, of the rule that changed the state; `None` if no rule did.
    pub rule: Option<&'static str>,
}

/// The examined rows of a sheet, from the top. Rows between them look like the row before, or are blank.
#[derive(Debug, Clone, Default)]
pub struct SheetLayout {
    pub rows: Vec<RowLayout>,
    by_row: Vec<Option<u32>>,
}

impl SheetLayout {
    /// Takes the examined rows; [`Self::place_rows`] assigns them to the rows of the sheet.
    pub fn new(rows: Vec<RowLayout>) -> Self {
        let by_row = Vec::new();
        Self { rows, by_row }
    }

    /// Returns, for each row of the sheet, the index of its layout in `rows`; `None` for a blank row that is not within a
    /// header.
    pub fn by_row(&self) -> &[Option<u32>] {
        &self.by_row
    }

    /// Returns the layout of a row, or `None` if it is blank.
    pub fn row(&self, row: usize) -> Option<&RowLayout> {
        let at = (*self.by_row.get(row)?)?;
        self.rows.get(at as usize)
    }

    /// Returns the examined rows within a range.
    pub fn looked_at(&self, among: Range<usize>) -> impl Iterator<Item = usize> {
        let rows = self.rows.iter().map(|row| row.number);
        rows.filter(move |row| among.contains(row))
    }

    /// Assigns an index in `rows` to each of the `count` rows of the sheet.
    pub fn place_rows(&mut self, count: usize) {
        let mut found = vec![None; count];
        let mut before: Option<usize> = None;
        let mut usual = None;
        for (at, row) in self.rows.iter().enumerate() {
            if let Some(before) = before {
                let first = self.rows[before].number + 1;
                // Rows between that were not examined are like those before.
                found[first..row.number - row.gap].fill(usual);
                if self.rows[before].state == RowState::Header && row.state == RowState::Header {
                    found[first..row.number].fill(Some(at as u32));
                }
            }
            found[row.number] = Some(at as u32);
            if row.state == RowState::Data || usual.is_none() {
                usual = found[row.number];
            }
            before = Some(at);
        }
        self.by_row = found;
    }

    /// Joins header rows into one block if only a title or a section head is between them: "2024", "Region", "Net".
    pub fn join_headers(&mut self) {
        let mut last: Option<usize> = None;
        for at in 0..self.rows.len() {
            match self.rows[at].state {
                RowState::Header => {
                    if let Some(last) = last
                        && at - last <= MAX_ROWS_BETWEEN + 1
                    {
                        let sure = self.rows[last].likelihoods[1].min(self.rows[at].likelihoods[1]);
                        for row in &mut self.rows[last + 1..at] {
                            row.make_header(sure);
                        }
                    }
                    last = Some(at);
                }
                RowState::Data | RowState::Total => last = None,
                RowState::Title | RowState::Group | RowState::Note => {}
            }
        }
    }
}

/// The maximum number of rows within a header that are not header rows.
const MAX_ROWS_BETWEEN: usize = 2;

impl RowLayout {
    /// Returns whether the row has a trait.
    pub fn has(&self, row_trait: Trait) -> bool {
        self.features.contains(&(row_trait as u16))
    }

    /// Gives the row another state because of a rule. The model favoured the previous state, so both get the same likelihood.
    pub fn take_rule(&mut self, state: RowState, words: &'static str) {
        let (before, now) = (self.state as usize, state as usize);
        let half = f64::midpoint(self.likelihoods[before], self.likelihoods[now]);
        (self.likelihoods[before], self.likelihoods[now]) = (half, half);
        self.state = state;
        self.rule = Some(words);
    }

    fn make_header(&mut self, sure: f64) {
        let header = RowState::Header as usize;
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
        self.state = RowState::Header;
    }
}
