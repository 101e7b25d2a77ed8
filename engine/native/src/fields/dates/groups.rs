//! Cuts each cell of a column of dates once, and groups the cells that are written alike.

use super::day::{Day, Days, NONE};
use super::orders::Orders;
use super::zone::Zones;
use crate::cells::calendar::{civil_from_days, days_from_civil};
use crate::cells::parts::{cut_mut, in_threads, ranges};
use crate::columns::view::ColumnValue;
use crate::fields::reading::Order;
use crate::words::cut::{CutText, DIGITS, WORD};
use crate::words::tables::Languages;

/// The group number of a cell that is no date.
pub const NO_GROUP: u8 = u8::MAX;
/// Marks a time that does not exist; its cell is no date-time.
pub const NO_TIME: i64 = i64::MIN;

/// A way to write dates.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DateShape {
    pub mark: u8,
    mark_behind: bool,
    pub name_at: Option<u8>,
    pub year_at: Option<u8>,
}

impl DateShape {
    fn from_day(day: &Day) -> Self {
        Self {
            mark: day.mark,
            mark_behind: day.mark_behind,
            name_at: day.name_at(),
            year_at: day.long_year_at(),
        }
    }

    /// Returns the mark between the first two numbers.
    pub fn first_mark(self) -> u8 {
        self.mark & 0x7f
    }

    /// Returns whether a mark also follows the last number: "19. 4. 30."
    pub fn ends_with_mark(self) -> bool {
        self.mark_behind
    }

    /// Returns whether the year has two digits and no month's name distinguishes it from the other numbers.
    pub fn is_short(self) -> bool {
        self.name_at.is_none() && self.year_at.is_none()
    }

    /// Returns whether the date consists of numbers and does not begin with a year of four digits.
    pub fn is_of_days(self) -> bool {
        self.name_at.is_none() && self.year_at != Some(0)
    }
}

/// The counts of the cells of one shape.
pub struct DateGroup {
    pub shape: DateShape,
    pub cells: usize,
    /// The number of cells that are a day in each order.
    pub counts: [usize; 4],
}

impl DateGroup {
    #[inline]
    fn count(&mut self, days: &Days) {
        self.cells += 1;
        for (count, day) in self.counts.iter_mut().zip(days) {
            *count += usize::from(*day != NONE);
        }
    }

    /// Returns the number of cells that an order explains.
    pub fn count_of(&self, order: Order) -> usize {
        self.counts[order as usize]
    }

    /// Returns the number of cells that the best order explains.
    pub fn most(&self) -> usize {
        self.counts.into_iter().max().unwrap_or(0)
    }

    /// Returns the orders that explain at least that many cells.
    pub fn that_explain(&self, cells: usize) -> Orders {
        Orders::that(|order| self.count_of(order) >= cells)
    }

    /// Returns the first of the orders that explain the most cells.
    pub fn best_order(&self) -> Order {
        self.that_explain(self.most()).first()
    }
}

/// The slices of [`DateCells`] that the rows of one part are written to.
struct RowSlots<'a> {
    days: &'a mut [Days],
    group_of: &'a mut [u8],
    /// None if times of day are not kept.
    times: Option<&'a mut [i64]>,
}

/// The cells of a column after cutting.
pub struct DateCells {
    pub days: Vec<Days>,
    pub groups: Vec<DateGroup>,
    pub group_of: Vec<u8>,
    /// Empty if times of day are not kept.
    pub times: Vec<i64>,
    /// The languages that know most words of the column.
    pub languages: Languages,
    /// The number of cells with a known name of a month.
    pub named: usize,
    /// The number of cells with numbers and words that are no dates.
    pub strange: usize,
    pub cells: usize,
    /// The zones behind the times of day, if these are kept.
    pub zones: Zones,
}

impl DateCells {
    /// Cuts all cells. Years of two digits mean no day after `latest`.
    pub fn cut(values: &[ColumnValue<'_>], with_time: bool, latest: i64, is_strict: bool) -> Self {
        let rows = values.len();
        let mut days = vec![[NONE; 4]; rows];
        let mut group_of = vec![NO_GROUP; rows];
        let mut times = vec![0; if with_time { rows } else { 0 }];
        let ranges = ranges(rows);
        let tasks = {
            let mut times = with_time.then(|| cut_mut(&mut times, &ranges));
            let places = cut_mut(&mut days, &ranges).zip(cut_mut(&mut group_of, &ranges));
            let places = places.map(|(days, group_of)| RowSlots {
                days,
                group_of,
                times: times.as_mut().and_then(Iterator::next),
            });
            ranges.iter().cloned().zip(places).collect()
        };
        let parts = in_threads(tasks, |(range, places)| {
            let start = range.start;
            DateCellsPart::from_values(&values[range], start, latest, is_strict, places)
        });
        let mut whole = DateCellsPart::default();
        for (range, part) in ranges.into_iter().zip(parts) {
            whole.zones.append(part.zones, range.start);
            whole.add(part, &mut group_of[range]);
        }
        let languages = most_known(&whole.known);
        for (row, day) in whole.waiting {
            days[row] = day.days_until(languages, latest);
            whole.groups[usize::from(group_of[row])].count(&days[row]);
        }
        Self {
            days,
            groups: whole.groups,
            group_of,
            times,
            languages,
            named: whole.named,
            strange: whole.strange,
            cells: whole.cells,
            zones: whole.zones,
        }
    }

    /// Returns the rows of a group's cells.
    pub fn rows_of(&self, group: u8) -> impl Iterator<Item = usize> + '_ {
        let rows = self.group_of.iter().enumerate();
        rows.filter(move |(_, own)| **own == group)
            .map(|(row, _)| row)
    }

    /// Finds the slips of a group. With a year of two digits, a slip looks like evidence: 30-Feb-25 is no 30th of February, but
    /// would be the 25th in 2030. Returns the number of cells that the order explains which only slips contradict, and the rows
    /// of the slips.
    ///
    /// A slip has a day that the month lacks. A cell that is no day in any way (99-01-31, 00-01-31) stays evidence.
    pub fn slips(&self, number: u8) -> Option<(usize, Vec<usize>)> {
        let group = &self.groups[usize::from(number)];
        let (shape, count) = (group.shape, |order: Order| group.count_of(order));
        if shape.year_at.is_some() {
            return None;
        }
        let more = |order, other| {
            if count(other) > count(order) {
                other
            } else {
                order
            }
        };
        let behind = more(Order::DayFirst, Order::MonthFirst);
        let front = more(Order::YearFirst, Order::YearDay);
        let (most, less) = if count(front) > count(behind) {
            (front, behind)
        } else {
            (behind, front)
        };
        // If a year in front is unlikely anyway, slips need not be looked for.
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
            // The month and the day that the other order reads from the same numbers.
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
}

/// The facts about some cells, apart from those in their [`RowSlots`].
#[derive(Default)]
struct DateCellsPart {
    groups: Vec<DateGroup>,
    named: usize,
    strange: usize,
    cells: usize,
    /// Sets of languages, each with the number of cells whose words they know.
    known: Vec<(Languages, usize)>,
    /// Cells, with their rows, that wait until the languages of all cells are counted: "lis" is October in some languages and
    /// November in others.
    waiting: Vec<(usize, Day)>,
    zones: Zones,
}

impl DateCellsPart {
    /// Cuts cells from a row on, each into its place.
    fn from_values(
        values: &[ColumnValue<'_>],
        first_row: usize,
        latest: i64,
        is_strict: bool,
        mut places: RowSlots<'_>,
    ) -> Self {
        let mut this = Self::default();
        let mut cut = CutText::default();
        let mut digits = itoa::Buffer::new();
        for (row, value) in values.iter().enumerate() {
            let text = match *value {
                ColumnValue::Text(text) => text,
                // The number 20250131 is read like the text.
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
            let Some(mut day) = plain.or_else(|| Day::from_cut(&cut)) else {
                let has = |kind| cut.tokens().iter().any(|token| token.kind == kind);
                this.strange += usize::from(has(DIGITS) && has(WORD));
                continue;
            };
            if day.is_placeholder() {
                // A placeholder does not show how the other cells are written, however many there are.
                continue;
            }
            if is_strict && day.month.is_some() {
                day.is_strict = true;
                day.is_thai = text.contains(|c: char| matches!(c, '\u{e01}'..='\u{e4e}'));
            }
            let languages = day.month.map_or(0, |month| month.languages()) | day.weekday_languages;
            if languages != 0 {
                count_languages(&mut this.known, languages, 1);
            }
            this.named += usize::from(day.month.is_some());
            let group = this.group(DateShape::from_day(&day));
            places.group_of[row] = group;
            if day.has_time
                && let Some(times) = &mut places.times
            {
                times[row] = day.time.unwrap_or(NO_TIME);
                if day.time.is_some() {
                    this.zones.add(text, first_row + row, is_strict);
                }
            }
            if day.month.is_some_and(|month| month.month(0).is_none()) {
                this.waiting.push((first_row + row, day));
            } else {
                let days = day.days_until(0, latest);
                this.groups[usize::from(group)].count(&days);
                places.days[row] = days;
            }
        }
        this
    }

    /// Adds the part that follows; the groups of its cells get the numbers that they have here.
    fn add(&mut self, part: Self, group_of: &mut [u8]) {
        let mut numbers = [NO_GROUP; 256];
        let mut is_the_same = true;
        for (number, group) in part.groups.iter().enumerate() {
            let own = self.group(group.shape);
            is_the_same &= usize::from(own) == number;
            numbers[number] = own;
            let known = &mut self.groups[usize::from(own)];
            known.cells += group.cells;
            for (count, more) in known.counts.iter_mut().zip(group.counts) {
                *count += more;
            }
        }
        if !is_the_same {
            for group in group_of {
                *group = numbers[usize::from(*group)];
            }
        }
        self.named += part.named;
        self.strange += part.strange;
        self.cells += part.cells;
        for (languages, count) in part.known {
            count_languages(&mut self.known, languages, count);
        }
        self.waiting.extend(part.waiting);
    }

    #[inline]
    fn group(&mut self, shape: DateShape) -> u8 {
        let known = self.groups.iter().position(|group| group.shape == shape);
        known.unwrap_or_else(|| {
            // Any further shapes share the last group.
            if self.groups.len() < usize::from(NO_GROUP) {
                self.groups.push(DateGroup {
                    shape,
                    cells: 0,
                    counts: [0; 4],
                });
            }
            self.groups.len() - 1
        }) as u8
    }
}

/// Returns a number of eight digits, which may be year, month and day.
pub fn eight_digits(value: ColumnValue<'_>) -> Option<i64> {
    let number = match value {
        ColumnValue::Integer(number) => number,
        ColumnValue::Unsigned(number) => i64::try_from(number).ok()?,
        ColumnValue::Float(number) if number.fract() == 0.0 && number.abs() < 1e9 => number as i64,
        _ => return None,
    };
    (10_000_000..=99_999_999)
        .contains(&number)
        .then_some(number)
}

fn count_languages(known: &mut Vec<(Languages, usize)>, languages: Languages, count: usize) {
    match known.iter_mut().find(|(mask, _)| *mask == languages) {
        Some((_, counted)) => *counted += count,
        None => known.push((languages, count)),
    }
}

/// Returns the languages that know most of the words.
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
