//! Reads one cell as a date: its parts, and the days that it can mean.

use super::clock::{clock, half_at};
use crate::cells::calendar::days_from_civil;
use crate::fields::reading::Order;
use crate::words::cut::{CutText, DIGITS, SPACE, TextToken, WORD, YEAR};
use crate::words::lexicon::{Lexicon, MonthWord, is_roman};
use crate::words::tables::Languages;

/// The last year that two digits can mean: the window ends twenty years after this engine was made. It does not move with the
/// clock, so the same engine always reads a file in the same way.
pub const LAST_SHORT_YEAR: i64 = MADE_IN + 20;
/// The year in which this engine was made.
pub const MADE_IN: i64 = 2026;
/// Years that a date may have. Other years come from other calendars, serial numbers and slips.
const YEARS: std::ops::Range<i64> = 1800..2200;
const YEARS_OF_EIGHT_DIGITS: std::ops::Range<i64> = 1900..2200;
/// The year that Thai years, which count from the death of Buddha, are ahead of ours.
const BUDDHA: i64 = 543;
/// Marks an order in which a cell is no day.
pub const NONE: i32 = i32::MIN;

/// The days since 1970 that a cell means in each order of `super::orders::ORDERS`; [`NONE`] if there is no such day.
pub type Days = [i32; 4];

/// Returns whether a cell is a day in some order.
pub fn is_day(days: &Days) -> bool {
    days.iter().any(|day| *day != NONE)
}

/// A number within a date, with the count of its digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Digits {
    value: u32,
    length: u8,
}

/// The parts of a cell that may be a date.
#[derive(Clone, Copy, Debug, Default)]
pub struct Day {
    digits: [Digits; 3],
    count: u8,
    /// The count of numbers before the month's name, if there is one.
    name_at: Option<u8>,
    pub month: Option<MonthWord>,
    /// The weekdays that the cell names, one bit each from Monday; 0 for none.
    weekdays: u8,
    pub weekday_languages: Languages,
    /// The mark between the numbers: `w` with a month's name, `8` for eight digits, 0 for a mark outside of ASCII.
    pub mark: u8,
    /// Whether a mark follows the last number, as in "31.1.25.".
    pub mark_behind: bool,
    /// Microseconds since midnight; none without a time of day, or if there is no such time.
    pub time: Option<i64>,
    pub has_time: bool,
    /// Whether day and year beside a month's name are what they seem: 31-Nov-24 is no 24th of November, and years of Thai
    /// months count from the death of Buddha.
    pub is_strict: bool,
    pub is_thai: bool,
}

impl Day {
    /// Returns the parts of a text of three numbers with one mark between them, as most dates are. `None` leaves the text to
    /// [`Self::of`], which returns the same parts for these texts.
    pub fn of_plain(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if !(5..=10).contains(&bytes.len()) {
            return None;
        }
        let mut day = Self::default();
        for &byte in bytes {
            let digits = &mut day.digits[usize::from(day.count)];
            match byte {
                // None of the three numbers is longer.
                b'0'..=b'9' if digits.length < 4 => {
                    digits.value = digits.value * 10 + u32::from(byte - b'0');
                    digits.length += 1;
                }
                b'/' | b'.' | b'-'
                    if digits.length > 0
                        && day.count < 2
                        && (day.count == 0 || byte == day.mark) =>
                {
                    day.mark = byte;
                    day.count += 1;
                }
                _ => return None,
            }
        }
        day.count += 1;
        let are_good = day
            .digits
            .iter()
            .all(|digits| matches!(digits.length, 1 | 2 | 4));
        (day.count == 3 && are_good).then_some(day)
    }

    /// Returns the parts of a text that was cut; none if it can be no date.
    pub fn from_cut(cut: &CutText) -> Option<Self> {
        let mut numbers = cut.tokens().iter().filter(|token| token.kind == DIGITS);
        let first = numbers.next()?;
        if numbers.next().is_none() && cut.text(*first).len() < 8 {
            // A year and a day are two numbers, or one of eight digits and more. Looking up words takes longer than this check.
            return None;
        }
        Lexicon::lent(|lexicon| Self::look_up(cut, lexicon))
    }

    fn look_up(cut: &CutText, lexicon: &mut Lexicon) -> Option<Self> {
        if let Some(day) = Self::parse(cut, lexicon, None) {
            return Some(day);
        }
        // "mar" is March in many languages, and Tuesday in some: one word can be either.
        let both = cut.tokens().iter().position(|token| {
            token.kind == WORD && {
                let word = lexicon.word(cut.text(*token));
                word.weekdays != 0 && word.month.is_some()
            }
        })?;
        Self::parse(cut, lexicon, Some(both))
    }

    fn parse(cut: &CutText, lexicon: &mut Lexicon, as_weekday: Option<usize>) -> Option<Self> {
        let mut parser = Parser {
            cut,
            as_weekday,
            day: Self::default(),
            gaps: [Gap::default(); 3],
            gap: Gap::default(),
            has_loose_half: false,
            is_behind_time: false,
        };
        let mut at = 0;
        while at < cut.tokens().len() {
            at = parser.take(at, lexicon)?;
        }
        let Parser {
            mut day, gaps, gap, ..
        } = parser;
        if parser.has_loose_half {
            (day.has_time, day.time) = (true, None);
        }
        day.finish(&gaps, gap)
    }

    fn finish(mut self, gaps: &[Gap; 3], behind: Gap) -> Option<Self> {
        let has_month = self.month.is_some();
        let is_eight = self.count == 1 && self.digits[0].length == 8;
        if self.count + u8::from(has_month) != 3 && !is_eight {
            return None;
        }
        let named = has_month || self.weekdays != 0;
        if !gaps[0].is_only(if named { b" .,('/-" } else { b" ('" }) {
            return None;
        }
        if has_month || self.count == 1 {
            self.mark = if has_month { b'w' } else { b'8' };
            return Some(self);
        }
        self.mark = gaps[1].single()?;
        let second = gaps[2].single()?;
        if second == YEAR {
            return None;
        }
        if second != self.mark {
            // A group goes by its first mark; people also write "1-2/25".
            self.mark |= 0x80;
        }
        self.mark_behind = self.mark == b'.' && behind.has_mark();
        Some(self)
    }

    /// Returns the position of a year of four digits among the numbers.
    pub fn long_year_at(&self) -> Option<u8> {
        (0..self.count).find(|&at| self.digits[usize::from(at)].length == 4)
    }

    /// Returns whether a program wrote the value for a missing date, as 00.00.0000, or for a date that never comes, as
    /// 31.12.9999.
    pub fn is_placeholder(&self) -> bool {
        let digits = &self.digits[..usize::from(self.count)];
        let is_never = |digits: &Digits| match digits.length {
            4 => digits.value == 9999,
            8 => digits.value / 10_000 == 9999 || digits.value % 10_000 == 9999,
            _ => false,
        };
        let is_nothing = self.month.is_none() && digits.iter().all(|digits| digits.value == 0);
        is_nothing || digits.iter().any(is_never)
    }

    /// Returns the count of numbers before the month's name.
    pub fn name_at(&self) -> Option<u8> {
        self.name_at
    }

    /// Returns the days that the cell means in each order; `languages` are those that know most words of the column.
    pub fn days(&self, languages: Languages) -> Days {
        self.days_until(languages, i64::MAX)
    }

    /// Returns the same as [`Self::days`], but a year of two digits means no day after `latest`: people are born in the past.
    pub fn days_until(&self, languages: Languages, latest: i64) -> Days {
        let mut days = [NONE; 4];
        let [a, b, c] = self.digits;
        let mut set = |order: Order, year: Digits, month: Digits, day: Digits| {
            days[order as usize] = self.day_of(year, month, day, latest);
        };
        if self.count == 1 {
            let digits = a.value;
            let part = |value: u32, length: u8| Digits { value, length };
            set(
                Order::YearFirst,
                part(digits / 10_000, 4),
                part(digits / 100 % 100, 2),
                part(digits % 100, 2),
            );
            set(
                Order::DayFirst,
                part(digits % 10_000, 4),
                part(digits / 10_000 % 100, 2),
                part(digits / 1_000_000, 2),
            );
            set(
                Order::MonthFirst,
                part(digits % 10_000, 4),
                part(digits / 1_000_000, 2),
                part(digits / 10_000 % 100, 2),
            );
        } else if let Some(name_at) = self.name_at {
            let month = self.month.and_then(|month| month.month(languages));
            let Some(month) = month else {
                return days;
            };
            let month = Digits {
                value: month.into(),
                length: 2,
            };
            match name_at {
                0 => set(Order::MonthFirst, b, month, a),
                1 => {
                    set(Order::DayFirst, b, month, a);
                    set(Order::YearFirst, a, month, b);
                    let is_slip = a.length == 2 && b.length == 2 && (1..=31).contains(&a.value);
                    if self.is_strict && is_slip && days[Order::DayFirst as usize] == NONE {
                        days[Order::YearFirst as usize] = NONE;
                    }
                }
                _ => set(Order::YearDay, a, month, b),
            }
        } else if self.mark & 0x7f == YEAR {
            // The mark of the year shows that it comes first.
            set(Order::YearFirst, a, b, c);
        } else {
            set(Order::DayFirst, c, b, a);
            set(Order::MonthFirst, c, a, b);
            // 2024-31-12 is a slip: nobody writes dates in this order.
            set(Order::YearFirst, a, b, c);
        }
        days
    }

    fn day_of(&self, year: Digits, month: Digits, day: Digits, latest: i64) -> i32 {
        if !matches!(year.length, 2 | 4) || month.length > 2 || day.length > 2 {
            return NONE;
        }
        let mut full = i64::from(year.value);
        if self.is_thai && self.is_strict {
            full = match year.length {
                4 if full > 2400 => full - BUDDHA,
                // 25 may be 2525, or 2025 of another calendar.
                2 if full < 44 => return NONE,
                2 => full + 2500 - BUDDHA,
                _ => full,
            };
        } else if year.length == 2 {
            full += if full <= LAST_SHORT_YEAR % 100 {
                2000
            } else {
                1900
            };
        }
        let years = if self.count == 1 {
            YEARS_OF_EIGHT_DIGITS
        } else {
            YEARS
        };
        if !years.contains(&full) {
            return NONE;
        }
        let (month, day) = (month.value.into(), day.value.into());
        let mut found = days_from_civil(full, month, day);
        if year.length == 2
            && !(self.is_thai && self.is_strict)
            && found.is_some_and(|days| days > latest)
        {
            found = days_from_civil(full - 100, month, day);
        }
        match found {
            // 1970-01-01 was a Thursday.
            Some(days)
                if self.weekdays == 0 || self.weekdays & (1 << (days + 3).rem_euclid(7)) != 0 =>
            {
                days as i32
            }
            _ => NONE,
        }
    }
}

/// Reads a date token by token.
struct Parser<'c> {
    cut: &'c CutText,
    /// The position of the word that is read as a weekday, though it can be a month.
    as_weekday: Option<usize>,
    day: Day,
    /// The gap before each number.
    gaps: [Gap; 3],
    /// The marks since the last part.
    gap: Gap,
    /// Whether a half of the day was named that belongs to no time so far: without it, the time would be wrong.
    has_loose_half: bool,
    is_behind_time: bool,
}

impl Parser<'_> {
    fn kind(&self, at: usize) -> Option<u8> {
        self.cut.tokens().get(at).map(|token| token.kind)
    }

    /// Returns whether the date has all of its parts.
    fn is_full(&self) -> bool {
        let day = &self.day;
        day.count + u8::from(day.month.is_some()) == 3 || day.count > 0 && day.digits[0].length == 8
    }

    /// Takes the token at a position and the tokens that belong to it; returns the position behind them. None if the token
    /// belongs to no date.
    fn take(&mut self, at: usize, lexicon: &mut Lexicon) -> Option<usize> {
        let token = self.cut.tokens()[at];
        match token.kind {
            DIGITS if self.is_full() || self.kind(at + 1) == Some(b':') => self.take_time(at),
            DIGITS => self.take_number(at),
            WORD => self.take_word(at, lexicon),
            SPACE | b'.' | b',' | b'/' | b'-' | b'\'' | b'_' | b'(' | b')' | YEAR => {
                self.gap.add(token);
                Some(at + 1)
            }
            _ => None,
        }
    }

    /// Takes a time of day, which follows a blank, a comma or the point of the date: "31. 1. 2025. 14:30".
    fn take_time(&mut self, at: usize) -> Option<usize> {
        let is_apart = self.is_full() && at > 0 && self.kind(at - 1) == Some(SPACE);
        if !self.gap.is_only(if is_apart { b" ,.(" } else { b" ,(" }) {
            return None;
        }
        self.gap = Gap::default();
        let found = clock(self.cut, at)?;
        // A cell with two times has none.
        self.day.time = found.time.filter(|_| !self.day.has_time);
        self.day.has_time = true;
        self.has_loose_half &= !found.has_half_before;
        self.is_behind_time = true;
        Some(found.stop)
    }

    fn take_number(&mut self, at: usize) -> Option<usize> {
        self.is_behind_time = false;
        let text = self.cut.text(self.cut.tokens()[at]);
        let place = usize::from(self.day.count);
        // "20250131143000", as in logs.
        if text.len() == 14 && place == 0 {
            let (day, time) = text.split_at(8);
            self.day.digits[0] = Digits {
                value: day.parse().ok()?,
                length: 8,
            };
            (self.day.count, self.day.has_time) = (1, true);
            self.day.time = clock_of_six(time);
            self.gaps[0] = std::mem::take(&mut self.gap);
            return Some(at + 1);
        }
        if !matches!(text.len(), 1 | 2 | 4 | 8) || place == 3 {
            return None;
        }
        self.day.digits[place] = Digits {
            value: text.parse().ok()?,
            length: text.len() as u8,
        };
        self.gaps[place] = std::mem::take(&mut self.gap);
        self.day.count += 1;
        Some(at + 1)
    }

    fn take_word(&mut self, at: usize, lexicon: &mut Lexicon) -> Option<usize> {
        let text = self.cut.text(self.cut.tokens()[at]);
        let word = lexicon.word(text);
        let is_full = self.is_full();
        let next = at + 1 + usize::from(self.kind(at + 1) == Some(SPACE));
        let is_before_number = self.kind(next) == Some(DIGITS);
        // In Vietnamese "năm" is Thursday and year, and "thứ" precedes the names of most weekdays.
        let is_of_weekday =
            |token: &TextToken| WEEKDAYS_OF_VIETNAM.contains(&self.cut.text(*token));
        if text == "nam" && is_before_number
            || text == "thu" && self.cut.tokens().get(next).is_some_and(is_of_weekday)
        {
            return Some(at + 1);
        }
        let is_behind_number = at > 0 && self.kind(at - 1) == Some(DIGITS);
        // "2025(e)ko", "31(a)"
        if word.is_ordinal
            && at > 1
            && (self.kind(at - 2), self.kind(at - 1)) == (Some(DIGITS), Some(b'('))
            && self.kind(at + 1) == Some(b')')
        {
            self.gap = Gap::default();
            return Some(at + 2);
        }
        let is_of_day = word.is_ordinal && is_behind_number && !self.is_behind_time;
        if is_full
            && !is_of_day
            // "à 14:30"
            && !(text == "a" && is_before_number)
            && let Some((_, behind)) = half_at(self.cut, at)
        {
            self.has_loose_half = true;
            self.gap = Gap::default();
            return Some(behind);
        }
        let day = &mut self.day;
        if word.is_ordinal && is_behind_number {
            // Checked first: "st" is also a Wednesday.
        } else if word.month.is_some()
            && self.as_weekday != Some(at)
            && day.month.is_none()
            && !is_full
            && (day.count == 1 || !is_roman(text))
        {
            day.name_at = Some(day.count);
            day.month = word.month;
        } else if word.weekdays != 0 {
            if day.weekdays == 0 {
                day.weekdays = word.weekdays;
                day.weekday_languages = word.weekday_languages;
            }
        } else if self.is_behind_time && !word.is_clock {
            // The word changes the time's meaning, in a language that the lexicon does not know.
            return None;
        } else if !(word.is_filler || is_full && word.is_clock) {
            return None;
        }
        if is_full {
            // "kl. 14.30"
            self.gap = Gap::default();
            return Some(at + 1 + usize::from(self.kind(at + 1) == Some(b'.')));
        }
        Some(at + 1)
    }
}

/// Returns the microseconds since midnight of a time in six digits.
fn clock_of_six(text: &str) -> Option<i64> {
    let part = |at: usize, most: i64| {
        let part = text[at..at + 2].parse::<i64>().ok();
        part.filter(|part| *part < most)
    };
    let seconds = part(0, 24)? * 3600 + part(2, 60)? * 60 + part(4, 60)?;
    Some(seconds * 1_000_000)
}

/// The words that follow "thứ" in the names of weekdays.
const WEEKDAYS_OF_VIETNAM: [&str; 6] = ["hai", "ba", "tu", "nam", "sau", "bay"];

/// The marks between two numbers, without blanks; the first two are stored.
#[derive(Clone, Copy, Default)]
struct Gap {
    marks: [u8; 2],
    count: u8,
}

impl Gap {
    #[inline]
    fn add(&mut self, token: TextToken) {
        if token.kind == SPACE {
            return;
        }
        if let Some(place) = self.marks.get_mut(usize::from(self.count)) {
            *place = token.kind;
        }
        self.count = self.count.saturating_add(1);
    }

    /// Returns the stored marks.
    fn known(&self) -> &[u8] {
        &self.marks[..usize::from(self.count).min(2)]
    }

    fn is_only(&self, allowed: &[u8]) -> bool {
        self.known().iter().all(|mark| allowed.contains(mark))
    }

    /// Returns the only mark, or a space if there is no mark; none for several marks.
    fn single(&self) -> Option<u8> {
        match self.count {
            0 => Some(b' '),
            1 => Some(self.marks[0]),
            _ => None,
        }
    }

    fn has_mark(&self) -> bool {
        self.known().iter().any(|mark| *mark != b')')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::texts_of;

    fn day(text: &str) -> Option<Day> {
        let mut cut = CutText::default();
        cut.cut(text).then_some(())?;
        Day::from_cut(&cut)
    }

    #[test]
    fn a_mark_of_a_year_says_where_it_stands() {
        for text in ["25年10月12日", "25년 10월 12일", "2025年10月12日 14:30"] {
            let days = day(text).unwrap_or_else(|| panic!("{text}"));
            let days = days.days(0);
            assert_eq!(days[Order::DayFirst as usize], NONE, "{text}");
            let wanted = days_from_civil(2025, 10, 12).map(|day| day as i32);
            assert_eq!(Some(days[Order::YearFirst as usize]), wanted, "{text}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn names_with_endings_and_weekdays_of_many_languages() {
        for text in [
            "2025(e)ko urtarrilaren 31(a), ostirala", "2025eko urtarrilaren 31", "2025ko urtarrilak 31",
            "2025(e)ko urt. 31(a)", "2025ko urtarrilaren 31an", "2025ko urtarrilaren 31a", "2025年1月31日",
            "วันศุกร์ที่ 31 มกราคม ค.ศ. 2025", "2025년 1월 31일 금요일", "2025年1月31日(金)", "2025年1月31日金曜日",
            "пʼятниця, 31 січня 2025 р.",
        ] {
            let days = day(text).unwrap_or_else(|| panic!("{text}"));
            let days: Vec<i32> = days
                .days(0)
                .into_iter()
                .filter(|day| *day != NONE)
                .collect();
            assert_eq!(days, [20_119], "{text}");
        }
        // The weekday has to match the date.
        let wrong = day("2025년 1월 31일 일요일").unwrap();
        assert!(wrong.days(0).iter().all(|day| *day == NONE));
    }

    #[rustfmt::skip]
    #[test]
    fn times_behind_dates() {
        let hours = |hour: i64, minute: i64| Some((hour * 60 + minute) * 60_000_000);
        for (text, time) in [
            ("31.01.2025 14:30", hours(14, 30)), ("2025. 01. 31. 14:30", hours(14, 30)),
            ("31.01.2025. 14:30", hours(14, 30)), ("31.01.2025 14 h 30", hours(14, 30)),
            ("31.01.2025 14.30.15", Some(52_215_000_000)), ("31/01/2025 PM 2:30", hours(14, 30)),
            ("2025. 1. 31. AM 12:30", hours(0, 30)), ("31-JAN-25 02.30.45.000000 PM", Some(52_245_000_000)),
            ("2025-01-31T14:30+01:00", hours(14, 30)), ("2025-01-31T143000Z", hours(14, 30)),
            ("2025年1月31日 下午2:05", hours(14, 5)), ("2025年1月31日下午2:05", hours(14, 5)),
            ("2025년 1월 31일 오후 2:05", hours(14, 5)), ("2025年1月31日 14時05分", hours(14, 5)),
            ("31 jan 2025, 2:05 m.d.", hours(14, 5)), ("31/1/2025, 2:05 μ.μ.", hours(14, 5)),
            ("25/1/31 (14:05)", hours(14, 5)), ("2025(e)ko urt. 31(a) (14:05:09)", Some(50_709_000_000)),
            ("31/01/2025 P.M. 2:30", None), ("31/01/2025 PM 2:30 pm", None), ("2:30 31/01/2025 PM", None),
            ("31.01.2025 09:00-17:00", None), ("31.01.2025 09:00 - 17:00", None), ("31.01.2025 8am-4pm", None),
            ("31.01.2025 10-2pm", None),
        ] {
            let found = day(text).unwrap_or_else(|| panic!("{text}"));
            assert!(found.has_time, "{text}");
            assert_eq!(found.time, time, "{text}");
        }
        // A word behind the time may name the half of the day.
        for text in ["31 jan 2025, 2:05 d.", "31/01/2025 2:30 de la tarde"] {
            assert!(day(text).is_none(), "{text}");
        }
        // A second date is no time.
        assert!(day("01.02.2025 05.03.25").is_none());
    }

    #[test]
    fn plain_dates_mean_the_same_either_way() {
        let pieces = [
            "1", "31", "007", "2025", "25", "/", ".", "-", " ", "20250131", "x",
        ];
        let mut agreed = 0;
        for text in texts_of(&pieces, 5) {
            if let Some(plain) = Day::of_plain(&text) {
                let full = day(&text).map(|full| format!("{full:?}"));
                assert_eq!(Some(format!("{plain:?}")), full, "{text}");
                agreed += 1;
            }
        }
        assert!(agreed > 100);
    }
}
