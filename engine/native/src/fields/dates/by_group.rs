//! Reads a column of dates group by group: decides on the order of each group, and collects the cells that contradict it.

use std::cmp::Reverse;

use super::day::{Days, NONE, is_day};
use super::groups::{DateCells, DateGroup, NO_GROUP, NO_TIME};
use super::orders::{Orders, name_of};
use super::rules::{AS_THE_REST, OrderChoice, OtherGroups, Tie, names_birth, order_in_header};
use super::said::{OrderReason, ZONES_DIFFER, say_once};
use crate::cells::calendar::DAY_MICROSECONDS;
use crate::cells::parts::{cut_mut, in_parts, in_threads, ranges};
use crate::columns::view::ColumnValue;
use crate::fields::reading::{
    ChoiceSource, ColumnContext, ColumnReading, DecisionBasis, DefaultSource, Order, are_few,
    left_out_in_words,
};

/// The first day that spreadsheets know, 1900-01-01, in days since 1970.
const FIRST_DAY: i64 = -25_567;

/// Facts about the typed cells of a column.
#[derive(Clone, Copy, Default)]
pub(super) struct TypedDates {
    pub(super) cells: usize,
    pub(super) latest_in_month: u32,
}

pub(super) fn in_range(microseconds: i64, with_time: bool) -> Option<i64> {
    let days = microseconds.div_euclid(DAY_MICROSECONDS);
    (days >= FIRST_DAY).then_some(if with_time { microseconds } else { days })
}

/// A column of dates while its groups are read, one after the other.
pub(super) struct DateColumn<'a> {
    cells: &'a DateCells,
    values: &'a [ColumnValue<'a>],
    options: &'a ColumnContext<'a>,
    /// The orders that groups show to each other.
    others: OtherGroups,
    torn: Vec<TornMark>,
    found: &'a mut [Option<i64>],
    reading: ColumnReading,
    said: Vec<OrderReason>,
    /// The reasons why groups were not read.
    refused: Vec<String>,
}

/// A mark that is used in both orders: some cells write the day before it, others the month. Cells with and without the whole
/// year count together.
struct TornMark {
    mark: u8,
    /// The order of nearly all of these cells, if there is one.
    most: Option<Order>,
}

/// The order in which a group is read, and the reasons for it.
struct OrderDecision {
    order: Order,
    decided: DecisionBasis,
    why: Vec<String>,
    /// The orders that no rule struck out.
    left: Orders,
    /// The number of cells that the order explains, without the cells that only slips support.
    explained: usize,
    /// The rows of slips, which contradict no order.
    slips: Vec<usize>,
    /// The first row whose cell is a different day in another order that explains equally many cells.
    first_open: Option<usize>,
    /// Whether other orders explain equally many cells and give the same days, as for 5/5/2025.
    is_alike: bool,
    /// Whether the header names an order and some cells contradict it.
    is_of_header: bool,
}

/// The cells of a group that support or contradict its order.
#[derive(Default)]
struct OrderVotes {
    /// The other order that explains the most cells.
    rival: Option<Order>,
    /// The number of cells that the order explains and the rival does not.
    support: usize,
    /// The rows of cells that other orders explain and this one does not.
    against: Vec<usize>,
}

impl<'a> DateColumn<'a> {
    pub(super) fn new(
        cells: &'a DateCells,
        values: &'a [ColumnValue<'a>],
        options: &'a ColumnContext<'a>,
        found: &'a mut [Option<i64>],
    ) -> Self {
        Self {
            cells,
            values,
            options,
            others: OtherGroups::default(),
            torn: torn(&cells.groups),
            found,
            reading: ColumnReading {
                cells: cells.cells,
                ..ColumnReading::default()
            },
            said: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Reads all groups, the largest first. Returns how the column was read, and the order that cells show by themselves.
    pub(super) fn read(mut self, typed: TypedDates) -> (ColumnReading, Option<Order>) {
        self.others = self.shown();
        let mut numbers: Vec<u8> = (0..self.cells.groups.len() as u8).collect();
        numbers.sort_by_key(|number| Reverse(self.group(*number).cells));
        let read: usize = numbers
            .into_iter()
            .map(|number| self.read_group(number))
            .sum();
        if self.cells.cells > 0 && read == 0 {
            self.refuse(typed);
        }
        self.reading.why = say_once(std::mem::take(&mut self.said), typed.cells > 0);
        self.reading.why.append(&mut self.refused);
        self.say_birth();
        self.suspect_zones();
        self.suspect_swapped(typed);
        self.reading.contradict.sort_unstable();
        (self.reading, self.others.clear)
    }

    fn group(&self, number: u8) -> &'a DateGroup {
        &self.cells.groups[usize::from(number)]
    }

    /// Returns the order that some groups show without the help of others; if none does, the order that is likely for them.
    fn shown(&self) -> OtherGroups {
        let mut orders = Orders::default();
        let mut clear_marks = Vec::new();
        for (number, group) in (0..).zip(&self.cells.groups) {
            if group.shape.name_at.is_some() || self.cells.slips(number).is_some() {
                continue;
            }
            let mut counts = group.counts;
            counts.sort_unstable();
            let is_shown = match counts {
                [.., 0, 0] => false,
                // Each cell alone: 31/01 and 30/01. Years in front show nothing about day and month.
                [.., 0, _] => Orders::DAY_OR_MONTH_FIRST.has(group.best_order()),
                [.., second, first] => first > second,
            };
            if is_shown {
                orders = orders.with(group.best_order());
                clear_marks.push(group.shape.first_mark());
            }
        }
        OtherGroups {
            clear: (orders.count() == 1).then(|| orders.first()),
            clear_marks,
            leaning: if orders.count() == 0 {
                self.leaning()
            } else {
                None
            },
        }
    }

    /// Returns the order that hints give to groups in which no cell decides, and the first mark of such a group. None if two
    /// groups differ: one writer puts the month first with dots, too, or never.
    fn leaning(&self) -> Option<(Order, u8)> {
        let mut leaning: Option<(Order, u8)> = None;
        if self.cells.groups.len() < 2 {
            return None;
        }
        for (number, group) in (0..).zip(&self.cells.groups) {
            let tied = group.that_explain(group.most());
            if group.shape.name_at.is_some()
                || group.most() == 0
                || tied.count() < 2
                || self.cells.slips(number).is_some()
            {
                continue;
            }
            let choice = self.tie(number, tied, &OtherGroups::default()).choose();
            if Orders::DAY_OR_MONTH_FIRST.has(choice.order)
                && matches!(
                    choice.decided,
                    DecisionBasis::Evidence | DecisionBasis::Hint
                )
            {
                if leaning.is_some_and(|(known, _)| known != choice.order) {
                    return None;
                }
                leaning = leaning.or(Some((choice.order, group.shape.first_mark())));
            }
        }
        leaning
    }

    fn tie<'q>(&'q self, number: u8, tied: Orders, others: &'q OtherGroups) -> Tie<'q> {
        Tie {
            cells: self.cells,
            values: self.values,
            options: self.options,
            number,
            group: self.group(number),
            others,
            left: tied,
        }
    }

    /// Records that no group was read.
    fn refuse(&mut self, typed: TypedDates) {
        self.reading.decided = DecisionBasis::Refused;
        self.reading.first_open = None;
        self.reading.open.clear();
        self.reading.by = None;
        if self.refused.is_empty() {
            self.refused.push(match typed.cells {
                0 => "no cell is a date".to_owned(),
                _ => "none of them is a date".to_owned(),
            });
        }
        if typed.cells > 0 {
            self.reading.read_as = "typed dates";
        }
    }

    /// Explains years of two digits below a header of dates of birth.
    fn say_birth(&mut self) {
        let has_short =
            |group: &DateGroup| group.shape.year_at.is_none() && group.shape.mark != b'8';
        if self.cells.groups.iter().any(has_short) && names_birth(self.options.header) {
            let said = "dates of birth are in the past, so two-digit years were read as past years";
            self.reading.why.push(said.to_owned());
        }
    }

    /// Marks the column as doubtful if its times have several zones: each time is read as it is written, so they cannot be
    /// compared.
    fn suspect_zones(&mut self) {
        if let Some(row) = self.cells.zones.differ_at
            && self.reading.decided != DecisionBasis::Refused
        {
            self.reading.decided = self.reading.decided.max(DecisionBasis::Weak);
            self.reading.first_open.get_or_insert(row);
            self.reading.why.push(ZONES_DIFFER.to_owned());
        }
    }

    /// Marks the column as doubtful if typed dates have days up to 12 only and texts have later days: a program of another
    /// country may have swapped day and month of the typed dates.
    fn suspect_swapped(&mut self, typed: TypedDates) {
        if typed.cells < 5 || typed.latest_in_month > 12 {
            return;
        }
        let is_certain = |row: &usize| {
            let group = self.cells.group_of[*row];
            group != NO_GROUP
                && self.group(group).shape.name_at.is_none()
                && only_day(&self.cells.days[*row]).is_some()
        };
        let mut rows = (0..self.values.len()).filter(is_certain);
        if let (Some(first), Some(_)) = (rows.next(), rows.next()) {
            self.reading.decided = DecisionBasis::Weak;
            self.reading.first_open.get_or_insert(first);
            self.reading.why.push(
                "all typed dates have days up to 12, but the texts have later days: a program with other regional settings may have swapped day and month of the typed dates; compare them with the source".to_owned(),
            );
        }
    }

    /// Reads the cells of a group; returns the number of cells that it read.
    fn read_group(&mut self, number: u8) -> usize {
        if let Some(refusal) = self.refusal(self.group(number)) {
            self.refused.push(refusal);
            return 0;
        }
        let mut way = self.way(number);
        let shape = self.group(number).shape;
        let is_torn = |torn: &&TornMark| shape.is_of_days() && torn.mark == shape.first_mark();
        let torn = self.torn.iter().find(is_torn);
        if let Some(most) = torn.and_then(|torn| torn.most)
            && way.order != most
            && !way.is_of_header
            && Orders::DAY_OR_MONTH_FIRST.has(way.order)
        {
            (way.order, way.decided) = (most, DecisionBasis::Evidence);
            way.why = vec![AS_THE_REST.to_owned()];
        }
        let mut votes = self.votes(number, &way);
        let is_mixed = match torn {
            _ if way.is_of_header => false,
            Some(torn) => torn.most.is_none(),
            None => !votes.against.is_empty() && !are_few(votes.against.len(), votes.support),
        };
        let read = self.read_cells(number, (!is_mixed).then_some(way.order));
        if is_mixed {
            votes.against = self.left_out(number);
            way.mix(votes.against.len());
        }
        self.note(number, way, votes, is_mixed);
        read
    }

    /// Returns why the cells of a group can't be dates; none if enough of them can.
    fn refusal(&self, group: &DateGroup) -> Option<String> {
        let shape = group.shape;
        let least = match shape.mark {
            b'8' => 0.9,
            _ if shape.is_short() && group.cells > 4 => 0.8,
            _ => 0.5,
        };
        let most = group.most();
        let is_good = most > 0
            && most as f64 >= group.cells as f64 * least
            && (shape.name_at.is_none() || self.cells.named >= self.cells.strange);
        (!is_good).then(|| match group.cells {
            1 => "1 cell looks like a date, but there is no such day".to_owned(),
            cells => format!(
                "{cells} cells look like dates, but for too many of them there is no such day"
            ),
        })
    }

    /// Returns the order that explains the most cells of a group; of several such orders the likeliest.
    fn way(&self, number: u8) -> OrderDecision {
        let group = self.group(number);
        let (explained, slips) = match self.cells.slips(number) {
            Some((without, rows)) => (without, rows),
            None => (group.most(), Vec::new()),
        };
        let tied = group.that_explain(explained);
        let differs = |row: &usize| {
            let days = &self.cells.days[*row];
            let first = days[tied.first() as usize];
            tied.iter().any(|order| days[order as usize] != first)
        };
        let first_open = match tied.count() {
            1 => None,
            _ => self.cells.rows_of(number).find(differs),
        };
        if let Some(way) = self.way_of_header(number) {
            return way;
        }
        let choice = match first_open {
            Some(_) => self.tie(number, tied, &self.others).choose(),
            None => OrderChoice {
                order: tied.first(),
                decided: match group.counts.iter().filter(|count| **count > 0).count() {
                    1 => DecisionBasis::Cells,
                    _ => DecisionBasis::Evidence,
                },
                why: Vec::new(),
                left: tied,
            },
        };
        OrderDecision {
            order: choice.order,
            decided: choice.decided,
            why: choice.why.into_iter().map(str::to_owned).collect(),
            left: choice.left,
            explained,
            slips,
            first_open,
            is_alike: tied.count() > 1 && first_open.is_none(),
            is_of_header: false,
        }
    }

    /// Returns the order that the header names if some cells contradict it: it holds for the other cells. If most cells
    /// contradict it, their own order holds and is doubtful.
    fn way_of_header(&self, number: u8) -> Option<OrderDecision> {
        let group = self.group(number);
        let named = order_in_header(self.options.header)?;
        let is_it = Orders::DAY_OR_MONTH_FIRST.has(named) && group.shape.name_at.is_none();
        let other = match named {
            Order::DayFirst => Order::MonthFirst,
            _ => Order::DayFirst,
        };
        let has = |row: usize, order: Order| self.cells.days[row][order as usize] != NONE;
        let contradicts = |row: &usize| has(*row, other) && !has(*row, named);
        let first = self.cells.rows_of(number).find(contradicts)?;
        if !is_it || self.cells.slips(number).is_some() {
            return None;
        }
        let against = self.cells.rows_of(number).filter(contradicts).count();
        let is_most = 2 * against > group.count_of(named).max(group.count_of(other));
        let (order, decided, why) = match is_most {
            true => (
                other,
                DecisionBasis::Weak,
                "most cells contradict the order that the header names",
            ),
            false => (named, DecisionBasis::Hint, "the header says so"),
        };
        Some(OrderDecision {
            order,
            decided,
            why: vec![why.to_owned()],
            left: Orders::only(order),
            explained: group.count_of(order),
            slips: Vec::new(),
            first_open: Some(first),
            is_alike: false,
            is_of_header: true,
        })
    }

    /// Counts the cells of a group that support its order against the rival, and collects the cells that contradict it.
    fn votes(&self, number: u8, way: &OrderDecision) -> OrderVotes {
        let group = self.group(number);
        let rival = Orders::that(|order| order != way.order && group.count_of(order) > 0)
            .iter()
            .max_by_key(|order| (group.count_of(*order), Reverse(*order)));
        let cells = self.cells;
        let parts = in_parts(self.values.len(), |range| {
            let (mut support, mut against) = (0, Vec::new());
            for row in range {
                if cells.group_of[row] != number {
                    continue;
                }
                let days = &cells.days[row];
                let has = |order: Order| days[order as usize] != NONE;
                if !has(way.order) && is_day(days) && way.slips.binary_search(&row).is_err() {
                    against.push(row);
                }
                support += usize::from(has(way.order) && rival.is_none_or(|rival| !has(rival)));
            }
            (support, against)
        });
        let mut votes = OrderVotes {
            rival,
            ..OrderVotes::default()
        };
        for (support, against) in parts {
            votes.support += support;
            votes.against.extend(against);
        }
        votes
    }

    /// Reads the cells of a group in an order; without an order, reads the cells that are the same day in every order. Returns
    /// the number of cells that it read.
    fn read_cells(&mut self, number: u8, order: Option<Order>) -> usize {
        let (cells, options) = (self.cells, self.options);
        let ranges = ranges(self.values.len());
        let tasks = ranges.iter().cloned().zip(cut_mut(self.found, &ranges));
        let read = in_threads(tasks.collect(), |(range, found)| {
            let mut read = 0;
            for (row, found) in range.zip(found) {
                if cells.group_of[row] != number {
                    continue;
                }
                let days = &cells.days[row];
                let day = match order {
                    Some(order) => days[order as usize],
                    None => only_day(days).unwrap_or(NONE),
                };
                if day == NONE {
                    continue;
                }
                read += 1;
                let time = cells.times.get(row).copied().unwrap_or(0);
                if time != NO_TIME {
                    *found = in_range(i64::from(day) * DAY_MICROSECONDS + time, options.with_time);
                }
            }
            read
        });
        read.into_iter().sum()
    }

    /// Returns the rows of a group's cells that are days but were not read. If two orders are mixed, these cells can be read in
    /// both.
    fn left_out(&self, number: u8) -> Vec<usize> {
        let is_left = |row: &usize| self.found[*row].is_none() && is_day(&self.cells.days[*row]);
        self.cells.rows_of(number).filter(is_left).collect()
    }

    /// Records how a group was read.
    fn note(&mut self, number: u8, way: OrderDecision, mut votes: OrderVotes, is_mixed: bool) {
        let is_open = way.decided == DecisionBasis::Setting;
        let is_fallback = self.options.order.is_some_and(|wanted| wanted != way.order);
        if is_open {
            self.reading.by = Some(self.chosen_by(is_fallback));
            self.note_open(number, &way);
        }
        let reading = &mut self.reading;
        reading.is_mixed |= is_mixed;
        let against = votes.against.len();
        reading.contradict.append(&mut votes.against);
        let has_rival = votes.rival.is_some();
        reading.certain += if has_rival { votes.support } else { 0 };
        let is_certain_said = has_rival
            && !is_mixed
            && !is_open
            && way.decided != DecisionBasis::Cells
            && votes.support > 0;
        let others = way.left.iter().filter(|other| *other != way.order);
        let others: Vec<&str> = others.map(name_of).collect();
        self.said.push(OrderReason {
            order: way.order,
            cells: self.cells.groups[usize::from(number)].cells,
            reasons: way.why,
            stated_by: self.options.stated_by,
            other: is_open.then(|| (others.join(" or "), way.explained)),
            certain: is_certain_said.then_some(votes.support),
            against: if is_mixed { 0 } else { against },
            is_alike: way.is_alike,
            is_fallback,
        });
        // If several groups are decided equally firmly, the largest one names the column.
        if way.decided > reading.decided || reading.read_as.is_empty() {
            reading.decided = way.decided.max(reading.decided);
            reading.read_as = name_of(way.order);
        }
        if way.decided >= reading.decided
            && matches!(way.decided, DecisionBasis::Weak | DecisionBasis::Setting)
        {
            let known = [reading.first_open, way.first_open];
            reading.first_open = Some(known.into_iter().flatten().min().unwrap_or(0));
        }
    }

    /// Returns what chose for the open cells of all groups so far, this one included. If an argument decided one group, it
    /// counts for all; if a setting failed to decide one group, the default counts for all.
    fn chosen_by(&self, is_fallback: bool) -> ChoiceSource {
        match (self.options.stated_by, self.reading.by) {
            (DefaultSource::Argument, Some(ChoiceSource::Argument)) => ChoiceSource::Argument,
            (DefaultSource::Setting, Some(ChoiceSource::Default)) => ChoiceSource::Default,
            _ if is_fallback => ChoiceSource::Default,
            (DefaultSource::Argument, _) => ChoiceSource::Argument,
            (DefaultSource::Setting, _) => ChoiceSource::DateOrder,
        }
    }

    /// Marks the cells of a group that are other days in the orders that the setting did not choose.
    fn note_open(&mut self, number: u8, way: &OrderDecision) {
        self.reading.open.resize(self.values.len(), false);
        for row in self.cells.rows_of(number) {
            let days = &self.cells.days[row];
            self.reading.open[row] = self.found[row].is_some()
                && way.left.iter().any(|other| {
                    let other = days[other as usize];
                    other != NONE && other != days[way.order as usize]
                });
        }
    }
}

impl OrderDecision {
    /// Records that two orders are mixed: the reasons for one of them no longer count.
    fn mix(&mut self, left_out: usize) {
        if self.decided == DecisionBasis::Setting {
            // No cell is left that the setting decides.
            self.decided = DecisionBasis::Evidence;
        }
        self.why = vec![match left_out {
            0 => "dates are written in two ways, and each cell can be read in one way only"
                .to_owned(),
            _ => format!(
                "dates are written in two ways: {}",
                left_out_in_words(left_out)
            ),
        }];
    }
}

/// Returns the marks that are [`TornMark`].
fn torn(groups: &[DateGroup]) -> Vec<TornMark> {
    let is_of_days = |group: &&DateGroup| group.shape.is_of_days() && group.shape.mark != b'8';
    let mut torn: Vec<TornMark> = Vec::new();
    for group in groups.iter().filter(is_of_days) {
        let mark = group.shape.first_mark();
        let (mut days, mut months, mut both) = (0, 0, false);
        for member in groups.iter().filter(is_of_days) {
            let (day, month) = (
                member.count_of(Order::DayFirst),
                member.count_of(Order::MonthFirst),
            );
            if member.shape.first_mark() != mark
                || member.count_of(Order::YearFirst) > day.max(month)
            {
                continue;
            }
            days += day.saturating_sub(month);
            months += month.saturating_sub(day);
            both |= days > 0 && months > 0;
        }
        if both && torn.iter().all(|known| known.mark != mark) {
            let most = match () {
                () if are_few(months, days) => Some(Order::DayFirst),
                () if are_few(days, months) => Some(Order::MonthFirst),
                () => None,
            };
            torn.push(TornMark { mark, most });
        }
    }
    torn
}

/// Returns the day of a cell if it is the same in every order that the cell allows.
fn only_day(days: &Days) -> Option<i32> {
    let mut known = days.iter().copied().filter(|day| *day != NONE);
    let first = known.next()?;
    known.all(|day| day == first).then_some(first)
}
