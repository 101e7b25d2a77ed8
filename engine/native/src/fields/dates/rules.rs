//! Chooses the order of a group when several orders explain equally many cells: [`RULES`] strike out the unlikely ones.

use super::day::{MADE_IN, NONE};
use super::groups::{DateCells, DateGroup};
use super::orders::Orders;
use crate::cells::calendar::{civil_from_days, days_from_civil};
use crate::columns::view::ColumnValue;
use crate::fields::reading::DecisionBasis::{self, Evidence, Hint, Weak};
use crate::fields::reading::{ColumnContext, Order};
use crate::words::cut::fold;
use crate::words::data::{LISTS, WordList};
use crate::words::tables::MONTH_FIRST_LANGUAGES;

/// The number of dates that make a late day of a month likely: an order in which none occurs is then unlikely.
const ENOUGH_TO_SPREAD: usize = 20;
/// The number of different values that hardly rise or fall throughout by chance.
const ENOUGH_TO_BE_SORTED: usize = 8;

/// The orders that other groups of the column show.
#[derive(Default)]
pub struct OtherGroups {
    /// The order that cells show by themselves.
    pub clear: Option<Order>,
    /// The first marks of the groups that show an order by themselves.
    pub clear_marks: Vec<u8>,
    /// If no group shows an order, the order that is likely for some group, and the mark between its numbers.
    pub leaning: Option<(Order, u8)>,
}

/// The order of a group, and what decided on it.
pub struct OrderChoice {
    pub order: Order,
    pub decided: DecisionBasis,
    pub why: Vec<&'static str>,
    /// The orders that nothing contradicts; several if only the setting decided.
    pub left: Orders,
}

/// A tie: several orders explain equally many cells of a group.
pub struct Tie<'a> {
    pub cells: &'a DateCells,
    pub values: &'a [ColumnValue<'a>],
    pub options: &'a ColumnContext<'a>,
    pub number: u8,
    pub group: &'a DateGroup,
    pub others: &'a OtherGroups,
    /// The orders that explain the most cells and were not struck out.
    pub left: Orders,
}

/// A rule: how firm the remaining order is, the reason to report, and a function for the orders that may stay, which returns
/// none if the rule does not hold. The other orders are struck out, unless none would be left.
type OrderRule = (DecisionBasis, &'static str, fn(&Tie<'_>) -> Option<Orders>);

const YEAR_FIRST: Orders = Orders::only(Order::YearFirst);
const NOT_MONTH_FIRST: Orders = Orders::all_but(Order::MonthFirst);

pub const AS_THE_REST: &str = "as in the rest of the column";
const SPREAD: &str = "in this order, days go up to the end of a month and no year is in the future";

/// The rules, applied from the first to the last until one order is left.
const RULES: &[OrderRule] = &[
    (Hint, "the header says so", |tie| {
        order_in_header(tie.options.header).map(Orders::only)
    }),
    (Evidence, AS_THE_REST, |tie| tie.as_clear_cells()),
    (Hint, "as elsewhere in the sheet", |tie| {
        tie.options.hints.order.map(Orders::only)
    }),
    (
        Hint,
        "dates of eight digits usually begin with the year",
        |tie| keep(tie.group.shape.mark == b'8', YEAR_FIRST),
    ),
    (
        Evidence,
        "in this order, the rows are sorted by date",
        |tie| tie.in_which_rows_are_sorted(),
    ),
    (
        Hint,
        "in dates with dots the month never comes first",
        |tie| keep(tie.mark() == b'.', NOT_MONTH_FIRST),
    ),
    (
        Hint,
        "in sheets with a decimal comma the month never comes first",
        |tie| keep(tie.options.hints.decimal == Some(b','), NOT_MONTH_FIRST),
    ),
    (
        Hint,
        "in this language the month never comes first",
        |tie| {
            let languages = tie.cells.languages;
            let is_it = languages != 0 && languages & *MONTH_FIRST_LANGUAGES == 0;
            keep(is_it, NOT_MONTH_FIRST)
        },
    ),
    (Hint, AS_THE_REST, |tie| {
        let (order, mark) = tie.others.leaning?;
        keep(mark == tie.mark(), Orders::only(order))
    }),
    // Another mark may come from another writer.
    (Weak, AS_THE_REST, |tie| {
        let (order, _) = tie.others.leaning?;
        Some(Orders::only(order))
    }),
    (Evidence, SPREAD, |tie| {
        let may_be = tie.may_be_short_year_first() && tie.group.cells >= ENOUGH_TO_SPREAD;
        may_be.then(|| tie.that_spread(true))
    }),
    // Few cells may well have no late day, and years to come: with points and slashes that shows nothing, otherwise it is
    // flagged.
    (Weak, SPREAD, |tie| {
        let may_be = tie.may_be_short_year_first()
            && !matches!(tie.mark(), b'.' | b'/')
            && tie.options.order.is_none();
        may_be.then(|| tie.that_spread(false))
    }),
    // Between hyphens years often come first, even if the setting names another order.
    (
        Weak,
        "in this order, all dates are in recent years and none is in the future",
        |tie| keep(tie.is_of_last_years_between_hyphens(), YEAR_FIRST),
    ),
    // 25. 1. 28 may well be of 2025, as people write in Korea.
    (
        Weak,
        "two-digit years rarely come first, but here they could all be past years",
        |tie| {
            let is_it = tie.has_year_behind() && tie.may_have_recent_year_first();
            keep(is_it, Orders::DAY_OR_MONTH_FIRST)
        },
    ),
    (Hint, "two-digit years rarely come first", |tie| {
        keep(tie.has_year_behind(), Orders::DAY_OR_MONTH_FIRST)
    }),
];

/// Returns the orders that a rule keeps if its condition holds.
fn keep(holds: bool, orders: Orders) -> Option<Orders> {
    holds.then_some(orders)
}

impl Tie<'_> {
    /// Strikes out unlikely orders among those that explain equally many cells; if several are left, the setting chooses.
    pub fn choose(mut self) -> OrderChoice {
        let mut decided = DecisionBasis::Evidence;
        let mut why = Vec::new();
        for (firm, says, keeps) in RULES {
            if self.left.count() < 2 {
                break;
            }
            let kept = keeps(&self).map_or(self.left, |keeps| self.left.and(keeps));
            if kept.count() > 0 && kept != self.left {
                self.left = kept;
                decided = *firm;
                why.push(*says);
            }
        }
        let mut order = self.left.first();
        if self.left.count() > 1 {
            let wanted = self.options.order.unwrap_or(Order::DayFirst);
            if self.left.has(wanted) {
                order = wanted;
            }
            decided = DecisionBasis::Setting;
            // A rule that struck out a third order has not decided.
            why.clear();
        }
        OrderChoice {
            order,
            decided,
            why,
            left: self.left,
        }
    }

    /// Returns the remaining orders for which a condition holds.
    fn left_that(&self, is_so: impl Fn(Order) -> bool) -> Orders {
        Orders::that(|order| self.left.has(order) && is_so(order))
    }

    /// Returns the first mark between the numbers.
    fn mark(&self) -> u8 {
        self.group.shape.first_mark()
    }

    fn as_clear_cells(&self) -> Option<Orders> {
        let clear = self.others.clear?;
        let shape = self.group.shape;
        // 25-1-31 beside 31.01.2025 may have its year in front.
        let may_be_year = shape.is_short()
            && shape.mark == b'-'
            && !self.others.clear_marks.contains(&shape.mark);
        Some(self.left_that(|order| order == clear || order == Order::YearFirst && may_be_year))
    }

    /// Returns whether years of two digits may come first.
    fn may_be_short_year_first(&self) -> bool {
        self.group.shape.is_short() && self.left.has(Order::YearFirst)
    }

    fn is_of_last_years_between_hyphens(&self) -> bool {
        let shape = self.group.shape;
        shape.is_short()
            && shape.mark == b'-'
            && self.group.cells > 1
            && self.is_recent(Order::YearFirst, 3)
            && self
                .left
                .iter()
                .all(|order| order == Order::YearFirst || self.lies_ahead(order))
    }

    /// Returns whether years of two digits are written in a way that puts them last: with points or slashes, or around a name.
    /// If the setting puts the year first, they are not.
    fn has_year_behind(&self) -> bool {
        let shape = self.group.shape;
        shape.year_at.is_none()
            && self.options.order != Some(Order::YearFirst)
            && (matches!(shape.first_mark(), b'.' | b'/') || shape.name_at == Some(1))
    }

    fn may_have_recent_year_first(&self) -> bool {
        let is_ahead = |order| order != Order::YearFirst && self.lies_ahead(order);
        let are_ahead = |order| self.years(order).all(|year| year > MADE_IN + 1);
        let mut left = self.left.iter();
        let all_others_are = left.all(|order| order == Order::YearFirst || are_ahead(order));
        let is_past = || self.years(Order::YearFirst).all(|year| year <= MADE_IN);
        self.may_be_short_year_first()
            && match self.group.cells {
                // "19. 4. 30." as in Korea, and dates that would lie ahead in all other orders.
                _ if self.group.shape.ends_with_mark() || all_others_are => is_past(),
                1 => self.is_recent(Order::YearFirst, 3) && self.left.iter().any(is_ahead),
                2 => self.is_recent(Order::YearFirst, 3),
                _ => self.is_recent(Order::YearFirst, 7),
            }
    }

    /// Returns the group's days in an order.
    fn days(&self, order: Order) -> impl Iterator<Item = i32> + '_ {
        let rows = self.cells.rows_of(self.number);
        let days = rows.map(move |row| self.cells.days[row][order as usize]);
        days.filter(|day| *day != NONE)
    }

    fn years(&self, order: Order) -> impl Iterator<Item = i64> + '_ {
        self.days(order).map(|day| civil_from_days(day.into()).0)
    }

    /// Returns whether some dates would lie more than a year ahead of this engine.
    fn lies_ahead(&self, order: Order) -> bool {
        self.years(order).any(|year| year > MADE_IN + 1)
    }

    /// Returns whether all dates would be of this engine's year or of the `years` years before it.
    fn is_recent(&self, order: Order, years: i64) -> bool {
        self.years(order)
            .all(|year| (MADE_IN - years..=MADE_IN).contains(&year))
    }

    /// Returns the orders in which the rows rise or fall throughout; none if they do so as texts.
    fn in_which_rows_are_sorted(&self) -> Option<Orders> {
        let texts = self
            .cells
            .rows_of(self.number)
            .map(|row| match self.values[row] {
                ColumnValue::Text(text) => text,
                _ => "",
            });
        (!runs_one_way(texts)).then(|| self.left_that(|order| runs_one_way(self.days(order))))
    }

    /// Returns the orders in which some day is late in its month and no date lies more than a year ahead of this engine. With
    /// `and_early`, some day also has to be early: the ends of contracts in 2027 to 2031 look like late days only.
    fn that_spread(&self, and_early: bool) -> Orders {
        let last = days_from_civil(MADE_IN + 2, 1, 1).unwrap_or(i64::MAX);
        self.left_that(|order| {
            let (mut earliest_in_month, mut latest_in_month) = (u32::MAX, 0);
            let mut latest = i64::MIN;
            for day in self.days(order) {
                let in_month = civil_from_days(day.into()).2;
                earliest_in_month = earliest_in_month.min(in_month);
                latest_in_month = latest_in_month.max(in_month);
                latest = latest.max(day.into());
            }
            (!and_early || earliest_in_month <= 5) && latest_in_month >= 28 && latest < last
        })
    }
}

/// Returns whether values rise throughout or fall throughout, and enough of them differ.
fn runs_one_way<T: PartialOrd + Copy>(values: impl Iterator<Item = T>) -> bool {
    let mut last = None;
    let (mut rises, mut falls, mut different) = (true, true, 0);
    for value in values {
        if let Some(last) = last {
            rises &= last <= value;
            falls &= last >= value;
            different += usize::from(last != value);
            if !rises && !falls {
                return false;
            }
        } else {
            different = 1;
        }
        last = Some(value);
    }
    different >= ENOUGH_TO_BE_SORTED
}

/// Words for birth in headers, folded. Shorter words (`BIRTH_ALONE`) have to be whole words.
static BIRTH: WordList = WordList::new(|| LISTS.phrases("birth"));
const BIRTH_ALONE: &[&str] = &["dob", "geb", "nee", "ddn"];
static BIRTH_IN_WORDS: WordList = WordList::new(|| LISTS.phrases("birth in words"));

/// Returns whether a header names a date of birth.
pub fn names_birth(header: &str) -> bool {
    if header.is_empty() {
        return false;
    }
    let header = fold(header);
    let words = words_of(&header);
    let are_there = |birth: &&str| {
        let birth: Vec<&str> = birth.split(' ').collect();
        words.windows(birth.len()).any(|some| some == birth)
    };
    BIRTH.iter().any(|word| header.contains(word))
        || words.iter().any(|word| BIRTH_ALONE.contains(word))
        || words.len() > 1 && BIRTH_IN_WORDS.iter().any(are_there)
}

/// Splits a header into its words.
fn words_of(header: &str) -> Vec<&str> {
    let words = header.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).collect()
}

/// Returns the letter that a part of a date pattern repeats: the D of "DD".
fn letter(word: &str) -> Option<char> {
    let first = word.chars().next()?;
    (word.chars().count() <= 4 && word.chars().all(|c| c == first)).then_some(first)
}

/// Returns the order that a header such as "Date (DD/MM/YYYY)" states.
pub fn order_in_header(header: &str) -> Option<Order> {
    let header = fold(header);
    let words = words_of(&header);
    let is_day = |word: &str| matches!(word, "dd" | "tt" | "jj" | "gg" | "pp");
    let is_month = |word: &str| matches!(word, "mm" | "kk" | "aa");
    // Three parts are tried before two: "YYYY-MM-DD" ends like a month and a day. Letters mean different parts in different
    // languages: the J of JJ-MM-TT is a year, that of JJ/MM/AA a day.
    for three in words.windows(3) {
        let [Some(first), Some(second), Some(third)] = [0, 1, 2].map(|at| letter(three[at])) else {
            continue;
        };
        let is_year = |letter| matches!(letter, 'y' | 'j' | 'a' | 'r' | 'v');
        let is_day = |letter| matches!(letter, 'd' | 't' | 'j' | 'g' | 'p');
        let is_month = |letter| matches!(letter, 'm' | 'k' | 'a');
        if is_year(first) && is_month(second) && is_day(third) && !is_year(third) {
            return Some(Order::YearFirst);
        }
        if is_day(first) && is_month(second) && is_year(third) {
            return Some(Order::DayFirst);
        }
        if is_month(first) && is_day(second) && is_year(third) {
            return Some(Order::MonthFirst);
        }
    }
    for pair in words.windows(2) {
        if is_day(pair[0]) && is_month(pair[1]) {
            return Some(Order::DayFirst);
        }
        if is_month(pair[0]) && is_day(pair[1]) {
            return Some(Order::MonthFirst);
        }
    }
    words.iter().find_map(|word| match *word {
        "ddmmyyyy" | "ttmmjjjj" | "jjmmaaaa" | "ddmmyy" | "dmy" => Some(Order::DayFirst),
        "mmddyyyy" | "mmddyy" | "mdy" => Some(Order::MonthFirst),
        "yyyymmdd" | "yymmdd" | "ymd" => Some(Order::YearFirst),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_a_birth() {
        for word in BIRTH.iter().chain(BIRTH_ALONE) {
            assert_eq!(fold(word), *word);
        }
        let births = "Birth date, D.O.B. (DOB), Geb., Geburtsdatum, Né(e) - Nee, D.O.B., D. O. B, Né le, Née le, \
            Né(e) le, Nato il, Nata il, Дата рождения, 生年月日";
        for header in births.split(", ") {
            assert!(names_birth(header), "{header}");
        }
        for header in ["Begeben", "Hire date", "Doberman", "Ne", "Senato il", ""] {
            assert!(!names_birth(header), "{header}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn headers_state_an_order() {
        for (header, order) in [
            ("Date (YYYY-MM-DD)", Order::YearFirst), ("JJJJ-MM-TT", Order::YearFirst), ("YY-MM-DD", Order::YearFirst),
            ("TT.MM.JJJJ", Order::DayFirst), ("MM/DD/YY", Order::MonthFirst), ("MM/DD", Order::MonthFirst),
            ("JJ-MM-TT", Order::YearFirst), ("JJ/MM/AA", Order::DayFirst), ("AA-MM-DD", Order::YearFirst),
            ("GG.AA.YYYY", Order::DayFirst), ("PP.KK.VVVV", Order::DayFirst), ("Date (d/m/y)", Order::DayFirst),
            ("Date (m/d/yy)", Order::MonthFirst),
        ] {
            assert_eq!(order_in_header(header), Some(order), "{header}");
        }
    }
}
