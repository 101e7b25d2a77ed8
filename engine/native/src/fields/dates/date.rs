//! A column of dates.
//!
//! Each cell is cut once, and has a few possible days, by order of day, month and year. Cells that are written alike (the
//! same mark, the same place of the month's name and of a year of four digits) are one group and one question. The order
//! that explains most of a group's cells is taken; between several that explain as many, rules strike out the unlikely
//! ones, and where some are left the setting chooses. Cells that the order cannot explain stay empty.
//!
//! The method, its rules and their order were measured on the forms of the CLDR's locales.

use super::day::{Day, Days, MADE_IN, NONE, ORDERS};
use crate::cells::calendar::{DAY_MICROSECONDS, civil_from_days, days_from_civil};
use crate::columns::view::Value;
use crate::fields::column::parts::{in_parts, in_threads, ranges};
use crate::fields::column::reading::{
    Decided, Hints, Order, Reading, WHERE_SET, against_in_words, are_few, certain_in_words,
    left_out_in_words,
};
use crate::fields::words::cut::{Cut, DIGITS, WORD};
use crate::fields::words::lexicon::Lexicon;
use crate::fields::words::tables::{Languages, MONTH_FIRST_LANGUAGES};

/// Serial numbers of spreadsheets count from here: 1899-12-30.
const SERIAL_EPOCH: i64 = -25_569;
/// Serial numbers from 1900-03-01 (before it, programs disagree) to 9999-12-31.
const SERIALS: std::ops::Range<f64> = 61.0..2_958_466.0;
/// Spreadsheets know no earlier days.
const FIRST_DAY: i64 = -25_567;
const NO_GROUP: u8 = u8::MAX;
/// In as many dates some day is late in its month: that none is, speaks against an order.
const ENOUGH_TO_SPREAD: usize = 20;

/// What an author or a setting says about a column of dates.
#[derive(Clone, Copy, Debug, Default)]
pub struct DateOptions<'a> {
    /// The order where nothing decides.
    pub order: Option<Order>,
    /// Numbers are spreadsheet serials.
    pub serials: bool,
    /// Keep the time of day.
    pub with_time: bool,
    pub header: &'a str,
    pub hints: Hints,
}

/// Dates as they were read.
pub struct Dates {
    /// Days since 1970, or microseconds with a time of day; none where a cell is no date.
    pub values: Vec<Option<i64>>,
    pub reading: Reading,
    /// The order of numbers that cells show by themselves, where all groups that show one agree.
    pub shown: Option<Order>,
}

/// A way to write dates.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    mark: u8,
    mark_behind: bool,
    name_at: Option<u8>,
    year_at: Option<u8>,
}

impl Shape {
    fn of(day: &Day) -> Self {
        Self {
            mark: day.mark,
            mark_behind: day.mark_behind,
            name_at: day.name_at(),
            year_at: day.long_year_at(),
        }
    }

    fn first_mark(self) -> u8 {
        self.mark & 0x7f
    }
}

/// The cells of one shape, in numbers.
struct Group {
    shape: Shape,
    cells: usize,
    counts: [usize; 4],
}

impl Group {
    #[inline]
    fn count(&mut self, days: &Days) {
        self.cells += 1;
        for (count, day) in self.counts.iter_mut().zip(days) {
            *count += usize::from(*day != NONE);
        }
    }
}

/// Where the parts of some cells go: the places of their rows in [`Cells`].
struct Places<'a> {
    days: &'a mut [Days],
    group_of: &'a mut [u8],
    /// Empty where times of day are not kept.
    times: &'a mut [i64],
}

impl<'a> Places<'a> {
    /// The first `count` places, and those behind them.
    #[allow(clippy::type_complexity, reason = "the same three slices again")]
    fn split(
        count: usize,
        days: &'a mut [Days],
        group_of: &'a mut [u8],
        times: &'a mut [i64],
    ) -> (Self, &'a mut [Days], &'a mut [u8], &'a mut [i64]) {
        let (own_days, days) = days.split_at_mut(count);
        let (own_group_of, group_of) = group_of.split_at_mut(count);
        let (own_times, times) = times.split_at_mut(count.min(times.len()));
        let own = Self {
            days: own_days,
            group_of: own_group_of,
            times: own_times,
        };
        (own, days, group_of, times)
    }
}

/// Cells that were cut.
#[derive(Default)]
struct Cells {
    days: Vec<Days>,
    groups: Vec<Group>,
    group_of: Vec<u8>,
    times: Vec<i64>,
    languages: Languages,
    /// Cells with a month's name that is known.
    named: usize,
    /// Cells with numbers and words that are no dates.
    strange: usize,
    cells: usize,
    typed: usize,
    /// What is to be said of the groups that were read.
    said: Vec<Said>,
    /// The latest day of the month of typed cells.
    typed_up_to: u32,
}

/// Reads a column.
pub fn read(values: &[Value<'_>], options: &DateOptions<'_>) -> Dates {
    let mut found = vec![None; values.len()];
    let mut typed = (0, 0);
    for (row, value) in values.iter().enumerate() {
        if let Some(days) = typed_day(*value, options.serials) {
            if !matches!(value, Value::Text(_))
                && matches!(value, Value::Date(_) | Value::DateTime(_))
            {
                let (_, _, day) = civil_from_days(days.div_euclid(DAY_MICROSECONDS));
                typed = (typed.0 + 1, typed.1.max(day));
            }
            found[row] = in_range(days, options.with_time);
        }
    }
    let mut reading = Reading::default();
    let mut shown = None;
    let is_text = |value: &Value<'_>| {
        matches!(value, Value::Text(_)) || !options.serials && eight_digits(*value).is_some()
    };
    if values.iter().any(is_text) {
        let mut cells = Cells::cut(values, options.with_time);
        (cells.typed, cells.typed_up_to) = typed;
        shown = cells.decide(values, options, &mut found, &mut reading);
    }
    Dates {
        values: found,
        reading,
        shown,
    }
}

/// A number that may be year, month and day.
fn eight_digits(value: Value<'_>) -> Option<i64> {
    let number = match value {
        Value::Integer(number) => number,
        Value::Unsigned(number) => i64::try_from(number).ok()?,
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e9 => number as i64,
        _ => return None,
    };
    (10_000_000..=99_999_999)
        .contains(&number)
        .then_some(number)
}

/// The microseconds since 1970 of a cell that is no text.
fn typed_day(value: Value<'_>, serials: bool) -> Option<i64> {
    let serial = |number: f64| {
        (serials && SERIALS.contains(&number)).then(|| {
            let seconds = (number * 86_400.0).round() as i64;
            SERIAL_EPOCH * DAY_MICROSECONDS + seconds * 1_000_000
        })
    };
    match value {
        Value::Date(days) => Some(days * DAY_MICROSECONDS),
        Value::DateTime(microseconds) => Some(microseconds),
        Value::Integer(number) => serial(number as f64),
        Value::Unsigned(number) => serial(number as f64),
        Value::Float(number) => serial(number),
        Value::Text(text) if serials => {
            let text = text.trim();
            let is_number = text.len() >= 2
                && text.len() <= 16
                && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            serial(if is_number {
                text.parse().ok()?
            } else {
                return None;
            })
        }
        _ => None,
    }
}

fn in_range(microseconds: i64, with_time: bool) -> Option<i64> {
    let days = microseconds.div_euclid(DAY_MICROSECONDS);
    (days >= FIRST_DAY).then_some(if with_time { microseconds } else { days })
}

/// The order of dates that the cells of a column show by themselves, for the columns beside it.
pub fn shown_order(values: &[Value<'_>], header: &str) -> Option<Order> {
    let dates = read(
        values,
        &DateOptions {
            header,
            ..DateOptions::default()
        },
    );
    let reading = &dates.reading;
    let is_mixed =
        !reading.contradict.is_empty() && !are_few(reading.contradict.len(), reading.certain);
    let shown = match reading.decided {
        _ if is_mixed => None,
        Decided::Cells => dates.shown,
        Decided::Evidence => ORDERS
            .into_iter()
            .find(|order| name_of(*order) == reading.read_as),
        _ => None,
    };
    shown.filter(|order| matches!(order, Order::DayFirst | Order::MonthFirst))
}

/// What is to be said of some cells that were read in one order.
struct Said {
    order: Order,
    cells: usize,
    reasons: Vec<String>,
    /// The other orders that are just as possible where a setting decided, and for how many of the cells.
    other: Option<(String, usize)>,
    /// Cells that no other order explains, where some have another one.
    certain: Option<usize>,
    /// Cells that the order cannot explain.
    against: usize,
    /// Whether the order makes no difference: 5/5/2025.
    is_alike: bool,
    /// Whether the order is none that the setting names, because that one explains fewer cells.
    is_fallback: bool,
}

impl Said {
    /// Whether nothing but this order explains the cells.
    fn is_clear(&self) -> bool {
        self.reasons.is_empty()
            && self.other.is_none()
            && self.certain.is_none()
            && self.against == 0
            && !self.is_alike
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.order == other.order
            && self.reasons == other.reasons
            && self.is_alike == other.is_alike
            && self.other.as_ref().map(|one| &one.0) == other.other.as_ref().map(|one| &one.0)
            && self.certain.is_some() == other.certain.is_some()
    }

    fn add(&mut self, more: &Self) {
        self.cells += more.cells;
        self.against += more.against;
        if let Some((_, open)) = &mut self.other {
            *open += more.other.as_ref().map_or(0, |one| one.1);
        }
        if let Some(certain) = &mut self.certain {
            *certain += more
                .certain
                .unwrap_or(if more.is_clear() { more.cells } else { 0 });
        }
    }

    fn cells_in_words(&self) -> String {
        match self.cells {
            1 => "1 cell".to_owned(),
            cells => format!("{cells} cells"),
        }
    }

    fn sentence(&self, is_only: bool) -> String {
        let mut parts = self.reasons.clone();
        if let Some((other, open)) = &self.other {
            let which = match (open == &self.cells, is_only) {
                (true, true) => "every cell".to_owned(),
                (true, false) if *open == 1 => "it".to_owned(),
                (true, false) => "each".to_owned(),
                (false, _) => format!("{open} of {} cells", self.cells),
            };
            parts.push(match self.is_fallback {
                true => format!("{which} can also be {other}, and date_order is neither"),
                false => {
                    format!("{which} can also be {other}, so date_order decided {WHERE_SET}")
                }
            });
        }
        if let Some(certain) = self.certain {
            parts.push(certain_in_words(certain, self.cells));
        }
        parts.extend(against_in_words(self.against));
        if parts.is_empty() {
            parts.push(match (self.is_alike, is_only) {
                (true, _) => "the order makes no difference".to_owned(),
                (false, true) => "no cell can be read otherwise".to_owned(),
                (false, false) if self.cells == 1 => "it can't be otherwise".to_owned(),
                (false, false) => "they can't be otherwise".to_owned(),
            });
        }
        let name = name_of(self.order);
        let of = match is_only {
            true => String::new(),
            false => format!(" in {}", self.cells_in_words()),
        };
        format!("{name}{of}: {}", parts.join(", "))
    }
}

/// The sentences about groups of cells: what several say alike is said once.
fn say_once(said: Vec<Said>) -> Vec<String> {
    let mut told: Vec<Said> = Vec::new();
    let (clear, others): (Vec<_>, Vec<_>) = said.into_iter().partition(Said::is_clear);
    for one in others {
        match told.iter_mut().find(|known| known.says_the_same(&one)) {
            Some(known) => known.add(&one),
            None => told.push(one),
        }
    }
    // What is said of other cells in this order is true of those that are clear, too.
    for one in clear {
        match told.iter_mut().find(|known| known.order == one.order) {
            Some(known) => known.add(&one),
            None => told.push(one),
        }
    }
    if told.len() > 1 && told.iter().all(Said::is_clear) {
        let of = told
            .iter()
            .map(|one| format!("{} in {}", name_of(one.order), one.cells_in_words()));
        let of: Vec<String> = of.collect();
        return vec![format!("{}: no cell can be read otherwise", of.join(", "))];
    }
    let is_only = told.len() == 1;
    told.iter().map(|one| one.sentence(is_only)).collect()
}

fn name_of(order: Order) -> &'static str {
    match order {
        Order::DayFirst => "day-first",
        Order::MonthFirst => "month-first",
        Order::YearFirst => "year-first",
        Order::YearDay => "year, day, month",
    }
}

/// What the groups of a column show together.
#[derive(Default)]
struct Whole {
    /// The order that cells show by themselves.
    clear: Option<Order>,
    /// The first marks of such cells.
    clear_marks: Vec<u8>,
    /// Where none does, the order that is likely for some group, and the mark between its numbers.
    leaning: Option<(Order, u8)>,
    /// See [`Cells::torn`].
    torn: Vec<(u8, Option<Order>)>,
}

/// A cell whose word means different months in different languages, with its row.
type Waiting = (usize, Day);

impl Cells {
    fn cut(values: &[Value<'_>], with_time: bool) -> Self {
        let mut this = Self {
            days: vec![[NONE; 4]; values.len()],
            group_of: vec![NO_GROUP; values.len()],
            times: if with_time {
                vec![0; values.len()]
            } else {
                Vec::new()
            },
            ..Self::default()
        };
        let mut days = this.days.as_mut_slice();
        let mut group_of = this.group_of.as_mut_slice();
        let mut times = this.times.as_mut_slice();
        let mut tasks = Vec::new();
        for range in ranges(values.len()) {
            let count = range.len();
            let places;
            (places, days, group_of, times) = Places::split(count, days, group_of, times);
            tasks.push((range.start, &values[range], places));
        }
        let parts = in_threads(tasks, |(first_row, values, places)| {
            Self::cut_part(values, first_row, places)
        });
        let mut known: Vec<(Languages, usize)> = Vec::new();
        let mut waiting: Vec<Waiting> = Vec::new();
        let mut start = 0;
        for (part, length, known_there, waiting_there) in parts {
            let mut numbers = [NO_GROUP; 256];
            let mut is_the_same = true;
            for (number, group) in part.groups.iter().enumerate() {
                let own = this.group(group.shape);
                is_the_same &= usize::from(own) == number;
                numbers[number] = own;
                let known = &mut this.groups[usize::from(own)];
                known.cells += group.cells;
                for (count, more) in known.counts.iter_mut().zip(group.counts) {
                    *count += more;
                }
            }
            if !is_the_same {
                for group in &mut this.group_of[start..start + length] {
                    *group = numbers[usize::from(*group)];
                }
            }
            start += length;
            this.named += part.named;
            this.strange += part.strange;
            this.cells += part.cells;
            for (languages, count) in known_there {
                count_languages(&mut known, languages, count);
            }
            waiting.extend(waiting_there);
        }
        this.languages = most_known(&known);
        for (row, day) in waiting {
            let days = day.days(this.languages);
            this.groups[usize::from(this.group_of[row])].count(&days);
            this.days[row] = days;
        }
        this
    }

    /// Cuts some cells, from a row on, each into its place. Returns how many they are, which languages know their words, and
    /// the cells that wait until the languages of all are counted: "lis" is October for some and November for others.
    fn cut_part(
        values: &[Value<'_>],
        first_row: usize,
        places: Places<'_>,
    ) -> (Self, usize, Vec<(Languages, usize)>, Vec<Waiting>) {
        let mut this = Self::default();
        let mut cut = Cut::default();
        let mut lexicon = Lexicon::default();
        let mut known: Vec<(Languages, usize)> = Vec::new();
        let mut waiting: Vec<Waiting> = Vec::new();
        let mut digits = itoa::Buffer::new();
        for (row, value) in values.iter().enumerate() {
            let text = match *value {
                Value::Text(text) => text,
                // 20250131 as a number is what the text would be.
                _ => match eight_digits(*value) {
                    Some(number) => digits.format(number),
                    None => continue,
                },
            };
            let plain = Day::of_plain(text);
            if plain.is_none() && !cut.cut(text) {
                this.cells += usize::from(!text.trim().is_empty());
                continue;
            }
            this.cells += 1;
            let Some(day) = plain.or_else(|| Day::of(&cut, &mut lexicon)) else {
                let has = |kind| cut.tokens().iter().any(|token| token.kind == kind);
                this.strange += usize::from(has(DIGITS) && has(WORD));
                continue;
            };
            if day.is_placeholder() {
                // It says nothing of how the other cells are written, however many there are.
                continue;
            }
            let languages = day.month.map_or(0, |month| month.languages()) | day.weekday_languages;
            if languages != 0 {
                count_languages(&mut known, languages, 1);
            }
            this.named += usize::from(day.month.is_some());
            let group = this.group(Shape::of(&day));
            places.group_of[row] = group;
            if day.has_time
                && let Some(time) = places.times.get_mut(row)
            {
                // A time that does not exist makes no date-time.
                *time = day.time.unwrap_or(i64::MIN);
            }
            if day.month.is_some_and(|month| month.month(0).is_none()) {
                waiting.push((first_row + row, day));
            } else {
                let days = day.days(0);
                this.groups[usize::from(group)].count(&days);
                places.days[row] = days;
            }
        }
        (this, values.len(), known, waiting)
    }

    #[inline]
    fn group(&mut self, shape: Shape) -> u8 {
        let known = self.groups.iter().position(|group| group.shape == shape);
        known.unwrap_or_else(|| {
            // More ways to write than this share the last one.
            if self.groups.len() < usize::from(NO_GROUP) {
                self.groups.push(Group {
                    shape,
                    cells: 0,
                    counts: [0; 4],
                });
            }
            self.groups.len() - 1
        }) as u8
    }

    fn rows_of(&self, group: u8) -> impl Iterator<Item = usize> + '_ {
        let rows = self.group_of.iter().enumerate();
        rows.filter(move |(_, own)| **own == group)
            .map(|(row, _)| row)
    }

    fn decide(
        &mut self,
        values: &[Value<'_>],
        options: &DateOptions<'_>,
        found: &mut [Option<i64>],
        reading: &mut Reading,
    ) -> Option<Order> {
        reading.cells = self.cells;
        // Groups that some cell decides, without the help of others.
        let mut clear: Option<Order> = None;
        let mut clear_marks = Vec::new();
        let mut is_clear = true;
        for (number, group) in (0..).zip(&self.groups) {
            if self.slips(number).is_some() {
                continue;
            }
            let mut counts: Vec<usize> = group
                .counts
                .iter()
                .copied()
                .filter(|count| *count > 0)
                .collect();
            counts.sort_unstable();
            if group.shape.name_at.is_some() {
                continue;
            }
            let best = best_order(group);
            let is_shown = match counts.as_slice() {
                [.., second, first] => first > second,
                // Each cell alone: 31/01 and 30/01. Years in front say nothing about day and month.
                [_] => matches!(best, Order::DayFirst | Order::MonthFirst),
                [] => false,
            };
            if is_shown {
                is_clear &= clear.is_none_or(|order| order == best);
                clear = Some(best);
                clear_marks.push(group.shape.first_mark());
            }
        }
        let clear = clear.filter(|_| is_clear);
        let leaning = match clear {
            None if is_clear => self.leaning(values, options),
            _ => None,
        };
        let whole = Whole {
            clear,
            clear_marks,
            leaning,
            torn: self.torn(),
        };
        let mut order_of_groups: Vec<u8> = (0..self.groups.len() as u8).collect();
        order_of_groups
            .sort_by_key(|group| std::cmp::Reverse(self.groups[usize::from(*group)].cells));
        let mut read = 0;
        for number in order_of_groups {
            read += self.decide_group(number, &whole, values, options, found, reading);
        }
        if self.cells > 0 && read == 0 {
            reading.decided = Decided::Refused;
            reading.first_open = None;
            reading.open.clear();
            if reading.why.is_empty() {
                reading.why.push(match self.typed {
                    0 => "no cell is a date".to_owned(),
                    _ => "no cell of text is a date".to_owned(),
                });
            }
            if self.typed > 0 {
                reading.read_as = "typed dates";
            }
        }
        let refused = std::mem::replace(&mut reading.why, say_once(std::mem::take(&mut self.said)));
        reading.why.extend(refused);
        self.suspect_swapped(reading);
        reading.contradict.sort_unstable();
        clear
    }

    /// The order that hints give to some groups where no cell decides: one writer puts the month first with dots, too, or never.
    fn leaning(&self, values: &[Value<'_>], options: &DateOptions<'_>) -> Option<(Order, u8)> {
        let mut leaning: Option<(Order, u8)> = None;
        if self.groups.len() < 2 {
            return None;
        }
        for (number, group) in (0..).zip(&self.groups) {
            let best = group.counts.iter().copied().max().unwrap_or(0);
            if group.shape.name_at.is_some() || best == 0 || self.slips(number).is_some() {
                continue;
            }
            let is_best = |order: &Order| group.counts[*order as usize] >= best;
            let mut tied: Vec<Order> = ORDERS.into_iter().filter(is_best).collect();
            if tied.len() < 2 {
                continue;
            }
            let (order, decided, _) = self.narrow(
                number,
                &mut tied,
                &Whole::default(),
                values,
                options,
                &mut Vec::new(),
            );
            let is_of_days = matches!(order, Order::DayFirst | Order::MonthFirst);
            if is_of_days && matches!(decided, Decided::Evidence | Decided::Hint) {
                if leaning.is_some_and(|(known, _)| known != order) {
                    return None;
                }
                leaning = leaning.or(Some((order, group.shape.first_mark())));
            }
        }
        leaning
    }

    /// The marks between whose numbers some cells put the day first and others the month, with and without the whole year; and
    /// the order of nearly all of them, if there is one.
    fn torn(&self) -> Vec<(u8, Option<Order>)> {
        let is_of_days = |group: &&Group| {
            group.shape.name_at.is_none()
                && group.shape.year_at != Some(0)
                && group.shape.mark != b'8'
        };
        let mut torn = Vec::new();
        for group in self.groups.iter().filter(is_of_days) {
            let mark = group.shape.first_mark();
            let (mut days, mut months, mut both) = (0, 0, false);
            for one in self.groups.iter().filter(is_of_days) {
                if one.shape.first_mark() != mark {
                    continue;
                }
                let count = |order: Order| one.counts[order as usize];
                let (day, month) = (count(Order::DayFirst), count(Order::MonthFirst));
                if count(Order::YearFirst) > day.max(month) {
                    continue;
                }
                days += day.saturating_sub(month);
                months += month.saturating_sub(day);
                both |= days > 0 && months > 0;
            }
            if both && torn.iter().all(|(known, _)| *known != mark) {
                let most = match () {
                    () if are_few(months, days) => Some(Order::DayFirst),
                    () if are_few(days, months) => Some(Order::MonthFirst),
                    () => None,
                };
                torn.push((mark, most));
            }
        }
        torn
    }

    /// Typed dates up to the 12th beside text with later days: a program of another country may have swapped the typed ones.
    fn suspect_swapped(&self, reading: &mut Reading) {
        if self.typed < 5 || self.typed_up_to > 12 {
            return;
        }
        let certain =
            self.days
                .iter()
                .zip(&self.group_of)
                .enumerate()
                .filter(|(_, (days, group))| {
                    **group != NO_GROUP
                        && self.groups[usize::from(**group)].shape.name_at.is_none()
                        && is_certain(days)
                });
        let mut rows = certain.map(|(row, _)| row);
        if let (Some(first), Some(_)) = (rows.next(), rows.next()) {
            reading.decided = Decided::Weak;
            reading.first_open = Some(reading.first_open.unwrap_or(first));
            reading.why.push(
                "all typed dates have days up to 12 and the text has later ones: a program of another country may have swapped day and month of the typed dates".to_owned(),
            );
        }
    }

    /// Reads the cells of a group; returns how many it read.
    fn decide_group(
        &mut self,
        number: u8,
        whole: &Whole,
        values: &[Value<'_>],
        options: &DateOptions<'_>,
        found: &mut [Option<i64>],
        reading: &mut Reading,
    ) -> usize {
        let group = &self.groups[usize::from(number)];
        let (shape, cells, counts) = (group.shape, group.cells, group.counts);
        let mut best = counts.iter().copied().max().unwrap_or(0);
        let is_short = shape.name_at.is_none() && shape.year_at.is_none();
        let least = if shape.mark == b'8' {
            0.9
        } else if is_short && cells > 4 {
            0.8
        } else {
            0.5
        };
        if best == 0
            || (best as f64) < cells as f64 * least
            || shape.name_at.is_some() && self.named < self.strange
        {
            reading.why.push(match cells {
                1 => "1 cell looks like a date, but can't be one".to_owned(),
                _ => format!("{cells} cells look like dates, but too many of them can't be"),
            });
            return 0;
        }
        let mut slips = Vec::new();
        if let Some((without, rows)) = self.slips(number) {
            (best, slips) = (without, rows);
        }
        let mut tied: Vec<Order> = ORDERS
            .into_iter()
            .filter(|order| counts[*order as usize] >= best)
            .collect();
        let mut why = Vec::new();
        let mut decided = if counts.iter().filter(|count| **count > 0).count() > 1 {
            Decided::Evidence
        } else {
            Decided::Cells
        };
        let mut order = tied[0];
        let differs = |days: &Days| {
            let first = days[tied[0] as usize];
            tied.iter().any(|order| days[*order as usize] != first)
        };
        let first_open = if tied.len() > 1 {
            self.rows_of(number).find(|row| differs(&self.days[*row]))
        } else {
            None
        };
        let is_alike = tied.len() > 1 && first_open.is_none();
        let mut other = None;
        if first_open.is_some() {
            (order, decided, other) =
                self.narrow(number, &mut tied, whole, values, options, &mut why);
        }
        let mut other = other.map(|other| (other, best));
        let is_of_days = shape.name_at.is_none() && shape.year_at != Some(0);
        let torn = whole
            .torn
            .iter()
            .find(|(mark, _)| is_of_days && *mark == shape.first_mark());
        if let Some((_, Some(most))) = torn
            && order != *most
            && matches!(order, Order::DayFirst | Order::MonthFirst)
        {
            (order, decided, other) = (*most, Decided::Evidence, None);
            why = vec!["as in the rest of the column".to_owned()];
        }
        let rival = ORDERS
            .into_iter()
            .filter(|other| *other != order && counts[*other as usize] > 0)
            .max_by_key(|other| (counts[*other as usize], std::cmp::Reverse(*other)));
        let mut against = Vec::new();
        let mut support = 0;
        let this = &*self;
        let parts = in_parts(values.len(), |range| {
            let mut against = Vec::new();
            let mut support = 0;
            for row in range {
                if this.group_of[row] != number {
                    continue;
                }
                let days = &this.days[row];
                let has = |order: Order| days[order as usize] != NONE;
                if !has(order)
                    && days.iter().any(|day| *day != NONE)
                    && slips.binary_search(&row).is_err()
                {
                    against.push(row);
                }
                support += usize::from(has(order) && rival.is_none_or(|rival| !has(rival)));
            }
            (against, support)
        });
        for (more, count) in parts {
            against.extend(more);
            support += count;
        }
        let is_mixed = match torn {
            Some((_, most)) => most.is_none(),
            None => !against.is_empty() && !are_few(against.len(), support),
        };
        let mut rest = &mut *found;
        let mut tasks = Vec::new();
        for range in ranges(values.len()) {
            let (own, others) = std::mem::take(&mut rest).split_at_mut(range.len());
            tasks.push((range, own));
            rest = others;
        }
        let read: usize = in_threads(tasks, |(range, found)| {
            let mut read = 0;
            for (row, found) in range.zip(found) {
                if this.group_of[row] != number {
                    continue;
                }
                let days = &this.days[row];
                let day = if !is_mixed {
                    days[order as usize]
                } else if is_certain(days) {
                    days.iter()
                        .copied()
                        .find(|day| *day != NONE)
                        .unwrap_or(NONE)
                } else {
                    NONE
                };
                if day == NONE {
                    continue;
                }
                read += 1;
                let time = this.times.get(row).copied().unwrap_or(0);
                if time == i64::MIN {
                    continue;
                }
                *found = in_range(i64::from(day) * DAY_MICROSECONDS + time, options.with_time);
            }
            read
        })
        .into_iter()
        .sum();
        if is_mixed {
            // Those of the other way that can be read in one way only were read; those that can be read in two were not.
            against = self
                .rows_of(number)
                .filter(|row| {
                    found[*row].is_none() && self.days[*row].iter().any(|day| *day != NONE)
                })
                .collect();
        }
        if decided == Decided::Setting && is_mixed {
            // No cell is left that it decides.
            decided = Decided::Evidence;
        }
        if decided == Decided::Setting {
            reading.open.resize(values.len(), false);
            for row in self.rows_of(number).filter(|row| found[*row].is_some()) {
                let days = &self.days[row];
                reading.open[row] = tied.iter().any(|other| {
                    let other = days[*other as usize];
                    other != NONE && other != days[order as usize]
                });
            }
        }
        reading.is_mixed |= is_mixed;
        let contradicting = against.len();
        reading.contradict.append(&mut against);
        reading.certain += if rival.is_some() { support } else { 0 };
        let is_certain_said = rival.is_some()
            && !is_mixed
            && decided != Decided::Setting
            && decided != Decided::Cells
            && support > 0;
        if is_mixed {
            // What decided between the orders is of no use where both are there.
            why.clear();
            other = None;
        }
        if is_mixed && contradicting == 0 {
            why.push(
                "two ways to write dates are mixed, and each cell can be read in one way only"
                    .to_owned(),
            );
        } else if contradicting > 0 && is_mixed {
            why.push(format!(
                "two ways to write dates are mixed: {}",
                left_out_in_words(contradicting)
            ));
        }
        self.said.push(Said {
            order,
            cells,
            reasons: why,
            other,
            certain: is_certain_said.then_some(support),
            against: if is_mixed { 0 } else { contradicting },
            is_alike,
            is_fallback: options.order.is_some_and(|wanted| wanted != order),
        });
        // Of groups that are decided as firmly, the largest names the column.
        if decided > reading.decided || reading.read_as.is_empty() {
            reading.decided = decided.max(reading.decided);
            reading.read_as = name_of(order);
        }
        if decided >= reading.decided && matches!(decided, Decided::Weak | Decided::Setting) {
            reading.first_open =
                Some(reading.first_open.map_or(first_open.unwrap_or(0), |known| {
                    known.min(first_open.unwrap_or(known))
                }));
        }
        read
    }

    /// With a year of two digits, a slip looks like evidence: 30-Feb-25 is no 30th of February, but would be the 25th in
    /// 2030. Returns how many cells the order explains against which nothing but slips speaks, and the slips' rows.
    ///
    /// A slip has a day that the month lacks. What is no day at all (99-01-31, 00-01-31) stays evidence.
    fn slips(&self, number: u8) -> Option<(usize, Vec<usize>)> {
        let Group { shape, counts, .. } = &self.groups[usize::from(number)];
        if shape.year_at.is_some() {
            return None;
        }
        let count = |order: Order| counts[order as usize];
        let more = |one, other| {
            if count(other) > count(one) {
                other
            } else {
                one
            }
        };
        let behind = more(Order::DayFirst, Order::MonthFirst);
        let front = more(Order::YearFirst, Order::YearDay);
        let (most, less) = if count(front) > count(behind) {
            (front, behind)
        } else {
            (behind, front)
        };
        // Where a year in front is unlikely anyway, nothing needs to be said for it.
        let is_usual = shape.name_at.is_some() || matches!(shape.first_mark(), b'.' | b'/');
        if count(less) == 0 || count(most) == count(less) || most == behind && is_usual {
            return None;
        }
        let of_most_only = |row: &usize| {
            let days = &self.days[*row];
            days[less as usize] == NONE && days[most as usize] != NONE
        };
        let rows: Vec<usize> = self.rows_of(number).filter(of_most_only).collect();
        let is_slip = |row: &usize| {
            let (year, month, day) = civil_from_days(self.days[*row][most as usize].into());
            let year = year.rem_euclid(100);
            // The month and the day that the other order would make of the same numbers.
            let (less_month, less_day) = match (most, less) {
                (Order::MonthFirst, Order::YearFirst) => (i64::from(day), year),
                (Order::YearFirst, Order::MonthFirst) => (year, i64::from(month)),
                _ => (i64::from(month), year),
            };
            let may_be = (1..=12).contains(&less_month) && (1..=31).contains(&less_day);
            // 23/9/4 is a day as well, and no slip: only the other order explains a year of one digit.
            let is_lacking = days_from_civil(2024, less_month, less_day).is_none();
            may_be && (is_lacking || (less_month, less_day) == (2, 29))
        };
        (2 * rows.len() <= count(less) && rows.iter().all(is_slip)).then_some((count(less), rows))
    }

    /// Strikes out orders that explain as many cells but are unlikely; what is left, and what decided it.
    fn narrow(
        &self,
        number: u8,
        tied: &mut Vec<Order>,
        whole: &Whole,
        values: &[Value<'_>],
        options: &DateOptions<'_>,
        why: &mut Vec<String>,
    ) -> (Order, Decided, Option<String>) {
        use Order::{DayFirst, MonthFirst, YearFirst};
        let shape = self.groups[usize::from(number)].shape;
        let is_short = shape.name_at.is_none() && shape.year_at.is_none();
        let mut decided = Decided::Evidence;
        let mut strike = |tied: &mut Vec<Order>,
                          strength: Decided,
                          reason: &str,
                          keep: &dyn Fn(Order) -> bool| {
            let kept: Vec<Order> = tied.iter().copied().filter(|order| keep(*order)).collect();
            if tied.len() > 1 && !kept.is_empty() && kept.len() < tied.len() {
                *tied = kept;
                decided = strength;
                why.push(reason.to_owned());
            }
        };
        if let Some(order) = order_in_header(options.header) {
            strike(tied, Decided::Hint, "the header says so", &|one| {
                one == order
            });
        }
        const AS_THE_REST: &str = "as in the rest of the column";
        if let Some(order) = whole.clear {
            // 25-1-31 beside 31.01.2025 may have its year in front.
            let may_be_year =
                is_short && shape.mark == b'-' && !whole.clear_marks.contains(&shape.mark);
            strike(tied, Decided::Evidence, AS_THE_REST, &|one| {
                one == order || one == YearFirst && may_be_year
            });
        }
        if let Some(order) = options.hints.order {
            strike(tied, Decided::Hint, "as elsewhere in the sheet", &|one| {
                one == order
            });
        }
        if shape.mark == b'8' {
            strike(
                tied,
                Decided::Hint,
                "eight digits mostly begin with the year",
                &|one| one == YearFirst,
            );
        }
        if tied.len() > 1 {
            let sorted = self.sorted_orders(number, tied, values);
            strike(
                tied,
                Decided::Evidence,
                "read so, the rows are in order",
                &|one| sorted.contains(&one),
            );
        }
        if shape.first_mark() == b'.' {
            strike(
                tied,
                Decided::Hint,
                "with dots the month never comes first",
                &|one| one != MonthFirst,
            );
        }
        if options.hints.decimal == Some(b',') {
            strike(
                tied,
                Decided::Hint,
                "beside a decimal comma the month never comes first",
                &|one| one != MonthFirst,
            );
        }
        if self.languages != 0 && self.languages & *MONTH_FIRST_LANGUAGES == 0 {
            strike(
                tied,
                Decided::Hint,
                "in this language the month never comes first",
                &|one| one != MonthFirst,
            );
        }
        if let Some((order, mark)) = whole.leaning {
            // With another mark there may be another writer.
            let strength = match mark == shape.first_mark() {
                true => Decided::Hint,
                false => Decided::Weak,
            };
            strike(tied, strength, AS_THE_REST, &|one| one == order);
        }
        // Few cells may well have no late day, and years to come: with points and slashes that says nothing, else it is flagged.
        if is_short && tied.contains(&YearFirst) {
            let reason = "read so, days reach the end of a month and no year lies ahead";
            if self.groups[usize::from(number)].cells >= ENOUGH_TO_SPREAD {
                let spread = self.spread_orders(number, tied, true);
                strike(tied, Decided::Evidence, reason, &|one| {
                    spread.contains(&one)
                });
            }
            if !matches!(shape.first_mark(), b'.' | b'/') && options.order.is_none() {
                let spread = self.spread_orders(number, tied, false);
                strike(tied, Decided::Weak, reason, &|one| spread.contains(&one));
            }
        }
        // Between hyphens years often come first, also where the setting says otherwise.
        if is_short
            && shape.mark == b'-'
            && self.groups[usize::from(number)].cells > 1
            && self.is_recent(number, YearFirst, 3)
            && tied
                .iter()
                .all(|order| *order == YearFirst || self.lies_ahead(number, *order))
        {
            let reason = "read so, all dates are of the last years and none lies ahead";
            strike(tied, Decided::Weak, reason, &|one| one == YearFirst);
        }
        if shape.year_at.is_none()
            && options.order != Some(YearFirst)
            && (matches!(shape.first_mark(), b'.' | b'/') || shape.name_at == Some(1))
        {
            // 25. 1. 28 may well be of 2025, as people write in Korea.
            let is_doubtful = is_short
                && tied.contains(&YearFirst)
                && match self.groups[usize::from(number)].cells {
                    1 => {
                        let ahead =
                            |order: &Order| *order != YearFirst && self.lies_ahead(number, *order);
                        self.is_recent(number, YearFirst, 3) && tied.iter().any(ahead)
                    }
                    2 => self.is_recent(number, YearFirst, 3),
                    _ => self.is_recent(number, YearFirst, 7),
                };
            let (strength, reason) = match is_doubtful {
                true => (
                    Decided::Weak,
                    "a year of two digits hardly ever comes first, but here all would be of the last years",
                ),
                false => (
                    Decided::Hint,
                    "a year of two digits hardly ever comes first",
                ),
            };
            strike(tied, strength, reason, &|one| {
                matches!(one, DayFirst | MonthFirst)
            });
        }
        if let [only] = tied.as_slice() {
            return (*only, decided, None);
        }
        let wanted = options.order.unwrap_or(DayFirst);
        let order = if tied.contains(&wanted) {
            wanted
        } else {
            tied[0]
        };
        // What has struck out a third order has not decided.
        why.clear();
        let others = tied.iter().filter(|other| **other != order);
        let others: Vec<&str> = others.map(|other| name_of(*other)).collect();
        (order, Decided::Setting, Some(others.join(" or ")))
    }

    /// The years of a group's dates under an order.
    fn years(&self, number: u8, order: Order) -> impl Iterator<Item = i64> + '_ {
        let days = self
            .rows_of(number)
            .map(move |row| self.days[row][order as usize]);
        days.filter(|day| *day != NONE)
            .map(|day| civil_from_days(day.into()).0)
    }

    /// Whether some of a group's dates would lie more than a year ahead of this engine.
    fn lies_ahead(&self, number: u8, order: Order) -> bool {
        self.years(number, order).any(|year| year > MADE_IN + 1)
    }

    /// Whether all of a group's dates would be of this engine's year and so many before.
    fn is_recent(&self, number: u8, order: Order, years: i64) -> bool {
        self.years(number, order)
            .all(|year| (MADE_IN - years..=MADE_IN).contains(&year))
    }

    /// The orders under which the rows of a group rise or fall throughout, if they don't as text.
    fn sorted_orders(&self, number: u8, tied: &[Order], values: &[Value<'_>]) -> Vec<Order> {
        const LEAST: usize = 8;
        if runs_one_way(
            self.rows_of(number).map(|row| match values[row] {
                Value::Text(text) => text,
                _ => "",
            }),
            LEAST,
        ) {
            return Vec::new();
        }
        let runs = |order: &Order| {
            let days = self
                .rows_of(number)
                .map(|row| self.days[row][*order as usize]);
            runs_one_way(days.filter(|day| *day != NONE), LEAST)
        };
        tied.iter().copied().filter(runs).collect()
    }

    /// The orders under which some day is late in its month and no date lies more than a year ahead of this engine; and some
    /// day is early, if that is asked: the ends of contracts in 2027 to 2031 look like late days, and nothing but.
    fn spread_orders(&self, number: u8, tied: &[Order], and_early: bool) -> Vec<Order> {
        let last = days_from_civil(MADE_IN + 2, 1, 1).unwrap_or(i64::MAX);
        let fits = |order: &Order| {
            let (mut earliest_in_month, mut latest_in_month) = (u32::MAX, 0);
            let mut latest = i64::MIN;
            for row in self.rows_of(number) {
                let day = self.days[row][*order as usize];
                if day != NONE {
                    let in_month = civil_from_days(day.into()).2;
                    earliest_in_month = earliest_in_month.min(in_month);
                    latest_in_month = latest_in_month.max(in_month);
                    latest = latest.max(day.into());
                }
            }
            (!and_early || earliest_in_month <= 5) && latest_in_month >= 28 && latest < last
        };
        tied.iter().copied().filter(fits).collect()
    }
}

/// Whether values rise throughout or fall throughout, with at least so many different ones.
fn runs_one_way<T: PartialOrd + Copy>(values: impl Iterator<Item = T>, least: usize) -> bool {
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
    different >= least
}

/// Whether a cell means one day under every order that it allows.
fn is_certain(days: &Days) -> bool {
    let mut one = NONE;
    for &day in days {
        if day != NONE {
            if one != NONE && day != one {
                return false;
            }
            one = day;
        }
    }
    one != NONE
}

fn best_order(group: &Group) -> Order {
    let best = group.counts.iter().copied().max().unwrap_or(0);
    ORDERS
        .into_iter()
        .find(|order| group.counts[*order as usize] == best)
        .unwrap_or(Order::DayFirst)
}

fn count_languages(known: &mut Vec<(Languages, usize)>, languages: Languages, count: usize) {
    match known.iter_mut().find(|(mask, _)| *mask == languages) {
        Some((_, counted)) => *counted += count,
        None => known.push((languages, count)),
    }
}

/// The languages that know most of the words.
fn most_known(known: &[(Languages, usize)]) -> Languages {
    let mut counts = [0usize; 128];
    for (mask, count) in known {
        let mut rest = *mask;
        while rest != 0 {
            counts[rest.trailing_zeros() as usize] += count;
            rest &= rest - 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let languages = (0..128).filter(|bit| most > 0 && counts[*bit] == most);
    languages.fold(0, |mask, bit| mask | 1 << bit)
}

/// The order that a header such as "Date (DD/MM/YYYY)" states.
fn order_in_header(header: &str) -> Option<Order> {
    let header = crate::fields::words::cut::fold(header);
    let words: Vec<&str> = header
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let is_day = |word: &str| matches!(word, "dd" | "tt" | "jj" | "gg" | "pp");
    let is_month = |word: &str| matches!(word, "mm" | "kk" | "aa");
    let is_year = |word: &str| matches!(word, "yyyy" | "jjjj" | "aaaa" | "rrrr" | "yy");
    // Three before two: "YYYY-MM-DD" ends as a month and a day do.
    for three in words.windows(3) {
        if is_year(three[0]) && is_month(three[1]) && is_day(three[2]) {
            return Some(Order::YearFirst);
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

    fn read_texts(cells: &[&str], header: &str) -> (Vec<Option<String>>, Reading) {
        let values: Vec<Value<'_>> = cells.iter().map(|cell| Value::Text(cell)).collect();
        let options = DateOptions {
            header,
            ..DateOptions::default()
        };
        let dates = read(&values, &options);
        let shown = |days: i64| {
            let (year, month, day) = civil_from_days(days);
            format!("{year:04}-{month:02}-{day:02}")
        };
        let values = dates.values.iter().map(|value| value.map(shown));
        (values.collect(), dates.reading)
    }

    fn first(cell: &str) -> Option<String> {
        read_texts(&[cell], "").0[0].clone()
    }

    #[test]
    fn years_to_come_are_no_days() {
        assert_eq!(first("15.03.29").as_deref(), Some("2029-03-15"));
        let (values, _) = read_texts(&["15.03.27", "20.06.28", "01.09.29"], "");
        assert_eq!(values[1].as_deref(), Some("2028-06-20"));
        let (values, reading) = read_texts(&["12/05/31"], "");
        assert_eq!(values[0].as_deref(), Some("2031-05-12"));
        assert_eq!(reading.decided, Decided::Setting);
        // Between hyphens either is usual: the likelier one, flagged.
        for cell in ["12-05-31", "25-01-31"] {
            let (_, reading) = read_texts(&[cell], "");
            assert_eq!(reading.decided, Decided::Weak, "{cell}");
            assert_eq!(reading.first_open, Some(0), "{cell}");
        }
    }

    #[test]
    fn many_first_days_of_months_are_no_years() {
        let cells: Vec<String> = (0..24)
            .map(|at| format!("01.{:02}.{}", at * 7 % 12 + 1, 27 + at % 4))
            .collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let (values, _) = read_texts(&cells, "");
        assert_eq!(values[0].as_deref(), Some("2027-01-01"));
    }

    #[test]
    fn placeholders_say_nothing() {
        for placeholder in [
            "00.00.0000",
            "0000-00-00",
            "0000-00-00 00:00:00",
            "00000000",
            "31.12.9999",
            "12/31/9999",
            "9999-12-31",
            "99991231",
        ] {
            let cells = [
                placeholder,
                placeholder,
                placeholder,
                "31.01.2025",
                "20250105",
            ];
            let (values, reading) = read_texts(&cells, "");
            assert_eq!(values[..3], [None, None, None], "{placeholder}");
            assert_eq!(values[3].as_deref(), Some("2025-01-31"), "{placeholder}");
            assert_eq!(values[4].as_deref(), Some("2025-01-05"), "{placeholder}");
            assert!(reading.contradict.is_empty(), "{placeholder}");
        }
        // It does not decide about the cells beside it either.
        let (_, reading) = read_texts(&["12/31/9999", "01/02/2025"], "");
        assert_eq!(reading.decided, Decided::Setting);
    }

    #[test]
    fn headers_state_an_order() {
        for (header, order) in [
            ("Date (YYYY-MM-DD)", Order::YearFirst),
            ("JJJJ-MM-TT", Order::YearFirst),
            ("YY-MM-DD", Order::YearFirst),
            ("TT.MM.JJJJ", Order::DayFirst),
            ("MM/DD/YY", Order::MonthFirst),
            ("MM/DD", Order::MonthFirst),
        ] {
            assert_eq!(order_in_header(header), Some(order), "{header}");
        }
    }
}
