//! What stands around a column, and how it was read: what decided, how many cells can't be otherwise, which contradict.

/// What decided how a column is read, from strong to weak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decided {
    /// Each cell alone: none can be read in two ways.
    #[default]
    Cells,
    /// Nothing was read: most of the cells are something else.
    Refused,
    /// Cells that only one reading explains.
    Evidence,
    /// What stands around: the header, the other columns, how people write.
    Hint,
    /// A hint that may mislead: the column is ambiguous.
    Weak,
    /// Nothing but the setting: the column is ambiguous.
    Setting,
}

impl Decided {
    /// Its name in records.
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

/// How a column was read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// `day-first`, `decimal comma` …; empty where the kind of value knows one way only.
    pub read_as: &'static str,
    pub decided: Decided,
    /// Filled cells of text that were looked at.
    pub cells: usize,
    /// Cells that only the chosen reading explains.
    pub certain: usize,
    /// Rows whose cells can be read, but not in the way of the column; they stay empty.
    pub contradict: Vec<usize>,
    /// Whether two ways are mixed: cells that can be read in one way only are read, and those that can be read in two are not.
    pub is_mixed: bool,
    /// The first row whose cell can be read in more than one way.
    pub first_open: Option<usize>,
    /// For each row whether nothing but the setting decided how its cell is read; empty where no cell is of this kind.
    pub open: Vec<bool>,
    /// For each row what is said of a cell that was read and is doubtful; empty where none is.
    pub doubts: Vec<Option<&'static str>>,
    /// What chose for these cells.
    pub by: Option<ChosenBy>,
    /// Sentences about it, without cell values.
    pub why: Vec<String>,
}

impl Reading {
    /// Marks cells that are doubtful: the rows and what is said of each. `why`: the same of the column.
    pub fn doubt(&mut self, rows: usize, found: &[(usize, &'static str)], why: String) {
        let Some(&(first, _)) = found.first() else {
            return;
        };
        self.doubts.resize(rows, None);
        for (row, said) in found {
            self.doubts[*row] = Some(said);
        }
        self.cells = self.cells.max(found.len());
        self.decided = self.decided.max(Decided::Weak);
        self.first_open.get_or_insert(first);
        self.why.push(why);
    }

    /// Whether the column can be read in another way just as well.
    pub fn is_ambiguous(&self) -> bool {
        matches!(self.decided, Decided::Weak | Decided::Setting) && self.first_open.is_some()
    }
}

/// Who states what is taken where the cells decide nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatedBy {
    #[default]
    Setting,
    /// The author, to the reader: that is stronger than a setting.
    Argument,
}

impl StatedBy {
    /// That a setting has decided, or the argument of the reader that stands in its place.
    pub fn decided(self, setting: &str, argument: &str) -> String {
        match self {
            Self::Setting => {
                format!("{setting} decided (set it in settings.toml or with --set)")
            }
            Self::Argument => format!("the reader's argument {argument} decided"),
        }
    }
}

/// What chose for the cells that can be read in several ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChosenBy {
    DateOrder,
    DecimalMark,
    Argument,
    /// What is stated explains fewer cells.
    Default,
}

impl ChosenBy {
    /// Its name in records.
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
    /// Year, day, month: only where the month has a name.
    YearDay,
    YearFirst,
}

/// What other columns of the same table show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints {
    pub order: Option<Order>,
    /// The decimal mark.
    pub decimal: Option<u8>,
}

/// What stands around a column, and what is asked of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    pub header: &'a str,
    /// The unit or currency that the header names.
    pub unit: Option<&'a str>,
    /// The order of dates and the decimal mark where nothing decides: the setting, or the field's own.
    pub order: Option<Order>,
    pub decimal: Option<u8>,
    /// Which of the two has stated them.
    pub stated_by: StatedBy,
    pub hints: Hints,
    /// The day of the run, in days since 1970: people are born before.
    pub today: Option<i64>,
    /// The workbook counts days from 1904.
    pub from_1904: bool,
    /// The currencies that number formats show, with their rows.
    pub currencies: &'a [(usize, &'a str)],
    /// The power of ten that the header says numbers count in: thousands, cents.
    pub shift: i32,
    /// The header says that two numbers with a colon are minutes and seconds.
    pub minutes_first: bool,
    /// Read as since edition 2026: what is doubtful is said or left empty.
    pub is_strict: bool,
    /// The author's words for "no value", folded.
    pub missing: &'a [String],
    /// Numbers among dates are serials of spreadsheets.
    pub serials: bool,
    /// Dates keep their time of day.
    pub with_time: bool,
    /// What may stand behind a number and is left out, folded.
    pub units: &'a [String],
    /// The ISO code of the currency that the header names; empty: it names none.
    pub currency: &'a str,
}

/// Whether a few cells are slips, and no second writer's.
pub fn are_few(against: usize, support: usize) -> bool {
    against * 20 <= support || against == 1 && support >= 5
}

/// How many cells can't be read otherwise.
pub fn certain_in_words(certain: usize, cells: usize) -> String {
    if certain == cells {
        "each cell can be read in this way only".to_owned()
    } else {
        format!("{certain} of {cells} cells can be read in this way only")
    }
}

/// How many cells contradict; nothing where none does.
pub fn against_in_words(against: usize) -> Option<String> {
    match against {
        0 => None,
        1 => Some("1 contradicts".to_owned()),
        more => Some(format!("{more} contradict")),
    }
}

/// How many cells were left out where two ways to write are mixed.
pub fn left_out_in_words(count: usize) -> String {
    let verb = if count == 1 { "was" } else { "were" };
    format!("{count} that can be read in several ways {verb} not read")
}
