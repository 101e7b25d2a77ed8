//! Decides on the decimal mark of a column of numbers: by its cells, by its surroundings, and otherwise by the setting.

use super::amount::{Amount, MARKS};
use crate::fields::reading::{ColumnContext, DecisionBasis, Order, are_few};
use crate::words::lexicon;

pub(super) const POINT: u8 = b'.';
pub(super) const COMMA: u8 = b',';

/// A cell of a column of numbers, in few bytes.
#[derive(Clone, Copy, Default)]
pub(super) struct NumberCell {
    point: f64,
    comma: f64,
    flags: u16,
    pub(super) grouping: [u8; 2],
    pub(super) currency: u16,
    pub(super) plain_digits: u8,
    pub(super) commas: u8,
}

const HAS_POINT: u16 = 1;
const HAS_COMMA: u16 = 2;
pub(super) const OPEN: u16 = 4;
pub(super) const PERCENT: u16 = 8;
pub(super) const INDIAN: u16 = 16;
const LONG_HEAD: u16 = 32;
const PLAIN: u16 = 64;
const ENDS_IN_ZERO: u16 = 128;
const CURRENCY: u16 = 256;
pub(super) const SIDE: u16 = 512;

impl NumberCell {
    pub(super) fn from_amount(amount: &Amount) -> Self {
        let [point, comma] = amount.meanings;
        let mut flags = 0;
        let mut set = |condition: bool, flag: u16| flags |= if condition { flag } else { 0 };
        set(point.is_some(), HAS_POINT);
        set(comma.is_some(), HAS_COMMA);
        set(amount.is_open(), OPEN);
        set(amount.is_percent, PERCENT);
        set(
            point.is_some_and(|meaning| meaning.is_indian)
                || comma.is_some_and(|meaning| meaning.is_indian),
            INDIAN,
        );
        set(amount.has_long_head, LONG_HEAD);
        set(amount.is_plain, PLAIN);
        set(amount.ends_in_zero, ENDS_IN_ZERO);
        set(amount.has_currency, CURRENCY);
        set(amount.has_side, SIDE);
        let (point, comma) = (point.unwrap_or_default(), comma.unwrap_or_default());
        Self {
            point: point.value,
            comma: comma.value,
            flags,
            grouping: [point.grouping, comma.grouping],
            currency: amount.currency,
            plain_digits: amount.plain_digits,
            commas: amount.commas,
        }
    }

    pub(super) fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    pub(super) fn is_number(&self) -> bool {
        self.is(HAS_POINT | HAS_COMMA)
    }

    pub(super) fn allows(&self, mark: u8) -> bool {
        self.is(if mark == POINT { HAS_POINT } else { HAS_COMMA })
    }

    /// Returns whether only this mark explains the cell.
    pub(super) fn only(&self, mark: u8) -> bool {
        self.allows(mark) && !self.allows(other(mark))
    }

    /// Returns whether a cell would have three decimals by this mark, in a currency whose countries write the other mark:
    /// ¥5,000 among amounts with a decimal comma.
    pub(super) fn is_foreign(&self, mark: u8) -> bool {
        let bit = if mark == POINT { 1 } else { 2 };
        let marks = usize::from(self.currency)
            .checked_sub(1)
            .map_or(0, lexicon::currency_marks);
        self.grouping(mark) == 0 && marks != 0 && marks & bit == 0
    }

    pub(super) fn is_zero(&self) -> bool {
        MARKS
            .into_iter()
            .all(|mark| !self.allows(mark) || self.value(mark) == 0.0)
    }

    pub(super) fn value(&self, mark: u8) -> f64 {
        if mark == POINT {
            self.point
        } else {
            self.comma
        }
    }

    pub(super) fn grouping(&self, mark: u8) -> u8 {
        self.grouping[usize::from(mark == COMMA)]
    }
}

pub(super) fn other(mark: u8) -> u8 {
    if mark == POINT { COMMA } else { POINT }
}

/// The decimal mark of a column, and what decided on it.
pub(super) struct MarkChoice {
    pub(super) mark: u8,
    pub(super) decided: DecisionBasis,
    pub(super) why: Vec<String>,
}

impl MarkChoice {
    fn new(mark: u8, decided: DecisionBasis, why: Vec<String>) -> Self {
        Self { mark, decided, why }
    }
}

/// A rule for columns whose cells a point and a comma explain equally well: how firm it is, the reason to report, and a
/// function that returns the decimal mark if the rule holds.
type MarkRule = (
    DecisionBasis,
    &'static str,
    fn(&NumberColumnFacts, &ColumnContext<'_>) -> Option<u8>,
);

const PARTS_THOUSANDS: &str =
    "the {mark} separates thousands, because some cells have no {mark} and others end in 0";

/// The rules; the first one that holds decides.
const RULES: [MarkRule; 5] = [
    (
        DecisionBasis::Hint,
        "as elsewhere in the sheet",
        |_, options| options.hints.decimal,
    ),
    // Nobody writes money with three decimals; many people write weights so: 1.250 beside 2.
    (
        DecisionBasis::Evidence,
        PARTS_THOUSANDS,
        |facts, options| {
            let is_money = facts.has_currency || !options.currency.is_empty();
            facts.mark_of_thousands().filter(|_| is_money).map(other)
        },
    ),
    (DecisionBasis::Weak, PARTS_THOUSANDS, |facts, _| {
        facts.mark_of_thousands().map(other)
    }),
    (
        DecisionBasis::Weak,
        "as in countries that use the currency",
        |facts, _| match facts.marks_of_currencies {
            Some(1) => Some(POINT),
            Some(2) => Some(COMMA),
            _ => None,
        },
    ),
    (
        DecisionBasis::Weak,
        "as in countries whose dates are month-first, like those in other columns",
        |_, options| (options.hints.order == Some(Order::MonthFirst)).then_some(POINT),
    ),
];

/// Counts of a column's cells and facts about their marks.
#[derive(Default)]
pub(super) struct NumberColumnFacts {
    /// The number of cells that only a decimal point explains, and of those that only a decimal comma explains.
    pub(super) only: [usize; 2],
    pub(super) open: usize,
    /// The marks that separate thousands beyond doubt.
    seen: Vec<u8>,
    /// Whether more cells than are open have many digits without a mark: no mark separates thousands in this column.
    never_grouped: bool,
    counts: [usize; 2],
    /// The only mark before the last three digits of open cells.
    mark_of_open: Option<u8>,
    open_ends_in_zero: bool,
    has_small_plain: bool,
    /// The decimal marks that all known currencies of the column share.
    marks_of_currencies: Option<u8>,
    pub(super) is_rupee: bool,
    pub(super) indian: usize,
    pub(super) several_commas: usize,
    pub(super) percents: usize,
    pub(super) cells: usize,
    /// The number of digits, if all cells are whole numbers with equally many; else 0.
    pub(super) size: u8,
    has_currency: bool,
}

impl NumberColumnFacts {
    pub(super) fn from_cells(cells: &[NumberCell]) -> Self {
        let mut this = Self::default();
        let (mut long_heads, mut sizes) = (0, None);
        let mut same_size = true;
        let mut mark_of_open = None;
        let mut one_mark = true;
        let mut last_currency = 0;
        for cell in cells.iter().filter(|cell| cell.is_number()) {
            this.cells += 1;
            for (count, mark) in this.only.iter_mut().zip(MARKS) {
                *count += usize::from(cell.only(mark));
            }
            if cell.is(OPEN) {
                this.open += 1;
                let mark = cell.grouping[0].max(cell.grouping[1]);
                one_mark &= mark_of_open.is_none_or(|known| known == mark);
                mark_of_open = Some(mark);
                this.open_ends_in_zero |= cell.is(ENDS_IN_ZERO);
            } else {
                for mark in MARKS {
                    let grouping = cell.grouping(mark);
                    if cell.allows(mark) && grouping != 0 && !this.seen.contains(&grouping) {
                        this.seen.push(grouping);
                    }
                }
            }
            long_heads += usize::from(cell.is(LONG_HEAD));
            this.has_small_plain |= cell.is(PLAIN) && cell.plain_digits < 4;
            this.indian += usize::from(cell.is(INDIAN));
            this.several_commas += usize::from(cell.commas > 1);
            this.percents += usize::from(cell.is(PERCENT));
            this.has_currency |= cell.is(CURRENCY);
            same_size &= sizes.is_none_or(|size| size == cell.plain_digits);
            sizes = Some(cell.plain_digits);
            if cell.currency != 0 && cell.currency != last_currency {
                last_currency = cell.currency;
                let position = usize::from(cell.currency) - 1;
                let marks = lexicon::currency_marks(position);
                this.marks_of_currencies = Some(
                    this.marks_of_currencies
                        .map_or(marks, |known| known & marks),
                );
                this.is_rupee |= lexicon::currency_code(position) == Some("INR");
            }
        }
        this.mark_of_open = mark_of_open.filter(|_| one_mark);
        this.never_grouped = long_heads > this.open;
        this.size = if same_size { sizes.unwrap_or(0) } else { 0 };
        let open: Vec<&NumberCell> = cells.iter().filter(|cell| cell.is(OPEN)).collect();
        this.counts = MARKS.map(|mark| {
            let open = open.iter().filter(|cell| this.fits(cell, mark));
            this.support(mark) + open.count()
        });
        this
    }

    /// Returns whether an open cell agrees with the other facts about thousands in the column.
    pub(super) fn fits(&self, cell: &NumberCell, mark: u8) -> bool {
        match cell.grouping(mark) {
            0 => true,
            grouping => {
                self.seen.contains(&grouping) || self.seen.is_empty() && !self.never_grouped
            }
        }
    }

    /// Returns the decimal mark, and what decided on it.
    pub(super) fn decide(&self, cells: &[NumberCell], options: &ColumnContext<'_>) -> MarkChoice {
        let tied = self.counts[0] == self.counts[1];
        let best = if self.counts[1] > self.counts[0] {
            COMMA
        } else {
            POINT
        };
        if self.open == 0 {
            let decided = match self.only {
                [0, 0] => DecisionBasis::Cells,
                _ => DecisionBasis::Evidence,
            };
            return MarkChoice::new(best, decided, Vec::new());
        }
        if !tied {
            return self.confirm(
                MarkChoice::new(best, DecisionBasis::Evidence, Vec::new()),
                cells,
                options,
            );
        }
        let ruled = RULES.iter().find_map(|(decided, says, keeps)| {
            let mark = keeps(self, options)?;
            let name = if mark == POINT { "comma" } else { "point" };
            let why = says.replace("{mark}", name);
            Some(MarkChoice::new(mark, *decided, vec![why]))
        });
        match ruled {
            Some(choice) => self.confirm(choice, cells, options),
            None => self.by_setting(options),
        }
    }

    /// Checks a choice against the cells that it turns into decimals or thousands, and weakens it if they make it doubtful.
    fn confirm(
        &self,
        choice: MarkChoice,
        cells: &[NumberCell],
        options: &ColumnContext<'_>,
    ) -> MarkChoice {
        let MarkChoice {
            mark,
            decided,
            mut why,
        } = choice;
        if why.is_empty() && !cells.iter().any(|cell| cell.only(mark)) {
            why.push("other cells of the column show how thousands are separated".to_owned());
            return MarkChoice::new(mark, DecisionBasis::Weak, why);
        }
        let support = self.support(mark);
        if support == 0 && decided == DecisionBasis::Hint && self.mark_of_open.is_none() {
            // 1.000 beside 1,000: one of them has another meaning than the numbers elsewhere in the sheet.
            why.push(
                "but some cells have a point before three digits and others a comma".to_owned(),
            );
            return MarkChoice::new(mark, DecisionBasis::Weak, why);
        }
        let says_thousands = self.parts_thousands() && support == 1;
        // One odd cell turns all others into decimals, though each has three digits behind its mark.
        if support > 0
            && (says_thousands || are_few(support, self.open))
            && self.mark_of_open == Some(mark)
            && options.hints.decimal != Some(mark)
        {
            let verb = if support == 1 { "shows" } else { "show" };
            why.push(format!(
                "{support} of {} cells {verb} the decimal mark, and in {} others the mark may separate thousands",
                self.cells, self.open
            ));
            return MarkChoice::new(mark, DecisionBasis::Weak, why);
        }
        MarkChoice::new(mark, decided, why)
    }

    /// Returns the setting's choice, if nothing else decides.
    fn by_setting(&self, options: &ColumnContext<'_>) -> MarkChoice {
        let mark = options.decimal.unwrap_or(POINT);
        let decided = options.stated_by.decided("decimal_mark", "decimal_mark");
        let name = if mark == POINT {
            "a decimal comma"
        } else {
            "a decimal point"
        };
        let which = match self.open == self.cells {
            true => "every cell".to_owned(),
            false => format!("{} of {} cells", self.open, self.cells),
        };
        let why = format!("{which} can also have {name}, so {decided}");
        MarkChoice::new(mark, DecisionBasis::Setting, vec![why])
    }

    /// Returns whether the mark seems to separate thousands: "950" beside "1.200", with a final 0 and no mark below 1,000.
    fn parts_thousands(&self) -> bool {
        self.open_ends_in_zero && self.has_small_plain
    }

    /// Returns the mark that separates thousands, if there is one.
    fn mark_of_thousands(&self) -> Option<u8> {
        self.mark_of_open.filter(|_| self.parts_thousands())
    }

    /// Returns the number of cells that only this decimal mark explains.
    pub(super) fn support(&self, mark: u8) -> usize {
        self.only[usize::from(mark == COMMA)]
    }

    /// Returns the number of cells that only the other decimal mark explains.
    pub(super) fn against(&self, mark: u8) -> usize {
        self.support(other(mark))
    }

    pub(super) fn looks_like_codes(&self) -> bool {
        self.cells > 4 && self.size > 7 && !self.has_currency
    }
}
