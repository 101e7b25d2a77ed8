//! The context of a column, and how it was read: what decided, how many cells have one reading only, and which cells
//! contradict.

/// The basis on which a column is read, from strong to weak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DecisionBasis {
    /// Each cell alone: none can be read in two ways.
    #[default]
    Cells,
    /// Nothing was read: most of the cells are something else.
    Refused,
    /// Cells that only one reading explains.
    Evidence,
    /// The surroundings: the header, the other columns, the habits of writers.
    Hint,
    /// A hint that may mislead: the column is ambiguous.
    Weak,
    /// The setting alone: the column is ambiguous.
    Setting,
}

impl DecisionBasis {
    /// Returns its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cells => "cells",
            Self::Refused => "refused",
            Self::Evidence => "evidence",
            Self::Hint => "hint",
            Self::Weak => "weak_hint",
            Self::Setting => "setting",
        }
    }
}

/// The result of reading a column: the way in which it was read, and what decided on it.
#[derive(Clone, Debug, Default)]
pub struct ColumnReading {
    /// `day-first`, `decimal comma` …; empty if the kind of value has one way only.
    pub read_as: &'static str,
    pub decided: DecisionBasis,
    /// The number of filled cells of text that were looked at.
    pub cells: usize,
    /// The number of cells that only the chosen reading explains.
    pub certain: usize,
    /// Rows of cells that can be read, but not in the way of the column; they stay empty.
    pub contradict: Vec<usize>,
    /// Whether two ways are mixed: then cells with one reading are read, and cells with two readings are not.
    pub is_mixed: bool,
    /// The first row whose cell can be read in more than one way.
    pub first_open: Option<usize>,
    /// For each row, whether the setting alone decided how its cell is read; empty if this holds for no cell.
    pub open: Vec<bool>,
    /// For each row, the doubt about a cell that was read; empty if there is none.
    pub doubts: Vec<Option<&'static str>>,
    /// The source of the choice for these cells.
    pub by: Option<ChoiceSource>,
    /// Sentences with the reasons, without cell values.
    pub why: Vec<String>,
}

impl ColumnReading {
    /// Marks cells as doubtful: the rows, each with its reason. `why` is the reason for the column.
    pub fn doubt(&mut self, rows: usize, found: &[(usize, &'static str)], why: String) {
        let Some(&(first, _)) = found.first() else {
            return;
        };
        self.doubts.resize(rows, None);
        for (row, said) in found {
            self.doubts[*row] = Some(said);
        }
        self.cells = self.cells.max(found.len());
        self.decided = self.decided.max(DecisionBasis::Weak);
        self.first_open.get_or_insert(first);
        self.why.push(why);
    }

    /// Returns whether the column can be read in another way just as well.
    pub fn is_ambiguous(&self) -> bool {
        matches!(self.decided, DecisionBasis::Weak | DecisionBasis::Setting)
            && self.first_open.is_some()
    }
}

/// The source of the value that is taken if the cells decide nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefaultSource {
    #[default]
    Setting,
    /// The author, in an argument of the reader, which is stronger than a setting.
    Argument,
}

impl DefaultSource {
    /// Returns the sentence that a setting decided, or the reader's argument in its place.
    pub fn decided(self, setting: &str, argument: &str) -> String {
        match self {
            Self::Setting => {
                format!("the setting {setting} decides (set it in settings.toml or with --set)")
            }
            Self::Argument => format!("the reader's argument {argument} decides"),
        }
    }
}

/// The source of the choice for cells that can be read in several ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceSource {
    DateOrder,
    DecimalMark,
    Argument,
    /// The stated value explains fewer cells.
    Default,
}

impl ChoiceSource {
    /// Returns its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::DateOrder => "date_order",
            Self::DecimalMark => "decimal_mark",
            Self::Argument => "argument",
            Self::Default => "default",
        }
    }
}

/// The order of day, month and year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Order {
    DayFirst,
    MonthFirst,
    /// Year, day, month: only if the month has a name.
    YearDay,
    YearFirst,
}

/// The facts that other columns of the same table show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints {
    pub order: Option<Order>,
    /// The decimal mark that they show.
    pub decimal: Option<u8>,
}

/// The context of a column, and the options for reading it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ColumnContext<'a> {
    pub header: &'a str,
    /// The unit or currency that the header names.
    pub unit: Option<&'a str>,
    /// The order of dates and the decimal mark to take if nothing decides: those of the setting, or of the field.
    pub order: Option<Order>,
    pub decimal: Option<u8>,
    /// Whether the setting or the field states these two.
    pub stated_by: DefaultSource,
    pub hints: Hints,
    /// The day of the run, in days since 1970: people are born before it.
    pub today: Option<i64>,
    /// Whether the workbook counts days from 1904.
    pub from_1904: bool,
    /// The currencies that number formats show, with their rows.
    pub currencies: &'a [(usize, &'a str)],
    /// The power of ten that the header names as the unit of numbers: thousands, cents.
    pub shift: i32,
    /// Whether the header says that two numbers with a colon are minutes and seconds.
    pub minutes_first: bool,
    /// Whether values are read as since edition 2026: doubtful ones are reported or left empty.
    pub is_strict: bool,
    /// The author's words for "no value", folded.
    pub missing: &'a [String],
    /// Whether numbers among dates are serial numbers of spreadsheets.
    pub serials: bool,
    /// Whether dates keep their time of day.
    pub with_time: bool,
    /// Units that may follow a number and are left out, folded.
    pub units: &'a [String],
    /// The ISO code of the currency that the header names; empty if it names none.
    pub currency: &'a str,
}

/// Returns whether the cells that contradict are few enough to be slips, and not those of a second writer.
pub fn are_few(against: usize, support: usize) -> bool {
    against * 20 <= support || against == 1 && support >= 5
}

/// Describes how many cells can be read in one way only.
pub fn certain_in_words(certain: usize, cells: usize) -> String {
    if certain == cells {
        "each cell can be read in this way only".to_owned()
    } else {
        format!("{certain} of {cells} cells can be read in this way only")
    }
}

/// Describes how many cells contradict; none if no cell does.
pub fn against_in_words(against: usize) -> Option<String> {
    match against {
        0 => None,
        1 => Some("1 cell contradicts this".to_owned()),
        more => Some(format!("{more} cells contradict this")),
    }
}

/// Describes how many cells were left out because two ways to write are mixed.
pub fn left_out_in_words(count: usize) -> String {
    let (cells, verb) = match count {
        1 => ("cell", "was"),
        _ => ("cells", "were"),
    };
    format!("{count} {cells} that can be read in several ways {verb} not read")
}
