//! Values as people type them: a column of cells in, a column of one type out, and what could not be read.
//!
//! # Map
//! - [`mod@column`]: how a column was read, the columns that come out, and long columns by several threads
//! - [`dates`]: one cell as a [`dates::day`] or a [`dates::clock`]; in [`date`] the column decides about the order
//! - [`numbers`]: one cell as an [`numbers::amount`]; in [`number`] the column decides about the decimal mark
//! - [`texts`]: kinds whose cells each speak for themselves, and ids that check themselves
//! - [`looks`]: what a column looks like, and which rows of a sheet are headers
//!
//! [`crate::words`] cuts a cell's text into digits, words and marks, and knows months, weekdays and currencies.
//!
//! # Promises
//! A cell comes out as what is meant, or empty and named among the unread ones; never as another value. The column's own
//! cells decide before anything else does. No regular expressions, no locale of the machine, no clock: the same column is
//! read the same everywhere and always.

pub mod column;
pub mod dates;
mod kind;
pub mod looks;
pub mod missing;
pub mod numbers;
pub mod texts;

pub use self::kind::Kind;

use self::column::built;
use self::column::parts::in_parts;
use self::column::reading::{Decided, Hints, Order, Reading, StatedBy};
use self::dates::date;
use self::dates::day::{self, Day};
use self::dates::moment;
use self::dates::options::DateOptions;
use self::numbers::amount;
use self::numbers::number::{self, NumberOptions};
use self::numbers::percent;
use self::numbers::units;
use self::texts::checksum;
use self::texts::country::Country;
use self::texts::email;
use self::texts::person::Doubt;
use self::texts::phone::{self, NoPhone, Written};
use self::texts::text::{self, NamePart, NoCode};
use self::texts::truth;
use crate::cells::white_space::is_blank_text;
use crate::columns::export::{Buffer, Column};
use crate::columns::view::Value;
use crate::words::cut::{self, Cut};
use crate::words::lexicon::{self, Lexicon};

/// What stands around a column.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    pub header: &'a str,
    /// The unit or currency that the header names.
    pub unit: Option<&'a str>,
    /// The setting, or the field's own.
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
}

/// A column that was read.
pub struct Outcome {
    pub column: Column,
    /// For each row whose cell was filled and is empty now: why, with what stood there.
    pub unread: Option<Column>,
    pub unread_count: usize,
    /// Cells that say that they have no value.
    pub missing: usize,
    /// Codes that a program had cut down to few digits.
    pub lost_digits: usize,
    /// Kinds whose text was interpreted have one.
    pub reading: Option<Reading>,
}

/// Cells that came out empty, with the reason.
type Unread = Vec<(usize, String)>;

/// The text inside the guard that people and exports put around ids so that spreadsheets keep their zeros: `'00123`, `="00123"`.
fn unguarded(value: Value<'_>) -> Option<Value<'_>> {
    let Value::Text(text) = value else {
        return None;
    };
    if let Some(inside) = text.strip_prefix('\'') {
        // "'90s", "'n'" are words.
        let is_guard = inside.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'))
            && !inside.contains(|c: char| c == '\'' || c.is_lowercase());
        return is_guard.then_some(Value::Text(inside));
    }
    // Hardly any text ends so.
    if let Some(last) = text.as_bytes().last()
        && last.is_ascii_graphic()
        && *last != b'"'
    {
        return None;
    }
    let inside = text.trim().strip_prefix("=\"")?.strip_suffix('"')?;
    (!inside.contains('"')).then_some(Value::Text(inside))
}

/// Reads a column.
pub fn read(values: &[Value<'_>], kind: &Kind, around: &Surroundings<'_>) -> Outcome {
    if (around.is_strict || !around.missing.is_empty())
        && let Some((values, missing)) =
            missing::without(values, kind, around.missing, around.is_strict)
    {
        return Outcome {
            missing,
            ..read_filled(&values, kind, around)
        };
    }
    read_filled(values, kind, around)
}

fn read_filled(values: &[Value<'_>], kind: &Kind, around: &Surroundings<'_>) -> Outcome {
    // Columns with guards are rare: others are not copied.
    if values.iter().any(|value| unguarded(*value).is_some()) {
        let values: Vec<_> = values
            .iter()
            .map(|value| unguarded(*value).unwrap_or(*value))
            .collect();
        return read_unguarded(&values, kind, around);
    }
    read_unguarded(values, kind, around)
}

fn read_unguarded(values: &[Value<'_>], kind: &Kind, around: &Surroundings<'_>) -> Outcome {
    match kind {
        Kind::Date { serials } | Kind::DateTime { serials } => {
            read_dates(values, kind, *serials, around)
        }
        Kind::Number { .. } | Kind::Currency => read_numbers(values, kind, around),
        Kind::Time { serials } => {
            let (times, reading) = moment::times(values, *serials);
            let outcome = finish(values, kind, built::times(&times), |row| {
                times[row].is_some()
            });
            Outcome { reading, ..outcome }
        }
        Kind::Duration { unit } => {
            let mut cut = Cut::default();
            let mut spans = each(values, |value| moment::duration(value, *unit, &mut cut));
            let reading = match around.minutes_first {
                true => moment::take_for_minutes(values, &mut spans),
                false => None,
            };
            let outcome = finish(values, kind, built::durations(&spans), |row| {
                spans[row].is_some()
            });
            Outcome { reading, ..outcome }
        }
        Kind::Boolean { yes, no } => {
            let mut cut = Cut::default();
            let own =
                (!yes.is_empty() || !no.is_empty()).then_some((yes.as_slice(), no.as_slice()));
            let initials = truth::Initials::of(values, own);
            let circles = around.is_strict && truth::has_circles(values);
            let flags = each(values, |value| {
                let more = || {
                    around
                        .is_strict
                        .then(|| truth::more_truth(value, circles))
                        .flatten()
                };
                truth::truth(value, own, initials, &mut cut).or_else(more)
            });
            finish(values, kind, built::booleans(&flags), |row| {
                flags[row].is_some()
            })
        }
        _ => read_texts(values, kind, around.is_strict),
    }
}

/// What a column of text shows about dates and numbers of its table: for the columns beside it.
pub fn shown(values: &[Value<'_>], header: &str) -> Hints {
    if !values.iter().any(|value| matches!(value, Value::Text(_))) {
        return Hints::default();
    }
    let order = date::shown_order(values, header);
    Hints {
        order,
        decimal: if order.is_some() {
            None
        } else {
            number::shown_decimal(values)
        },
    }
}

fn each<T>(values: &[Value<'_>], mut read: impl FnMut(Value<'_>) -> Option<T>) -> Vec<Option<T>> {
    values.iter().map(|value| read(*value)).collect()
}

fn read_dates(
    values: &[Value<'_>],
    kind: &Kind,
    serials: bool,
    around: &Surroundings<'_>,
) -> Outcome {
    let with_time = matches!(kind, Kind::DateTime { .. });
    let mut dates = date::read(
        values,
        &DateOptions {
            order: around.order,
            stated_by: around.stated_by,
            serials,
            with_time,
            header: around.header,
            today: around.today,
            from_1904: around.from_1904,
            hints: around.hints,
            is_strict: around.is_strict,
        },
    );
    let to_come = dates.take_births_to_come(around.header, around.today, with_time);
    if around.is_strict {
        dates.doubt_short_years(values, around.header, around.today, with_time);
    }
    let column = if with_time {
        built::date_times(&dates.values)
    } else {
        built::dates(&dates.values)
    };
    let reading = dates.reading;
    let way = match reading.is_mixed {
        true => "clear in a column that mixes two ways to write dates".to_owned(),
        false => format!("{} as its column", reading.read_as),
    };
    let is_refused = reading.decided == Decided::Refused;
    let unread = unread_cells(
        values,
        |row| dates.values[row].is_some(),
        |row| {
            if to_come.binary_search(&row).is_ok() {
                "no date of birth, since it lies in the future".to_owned()
            } else if is_refused && is_day(values[row]) {
                "in a column that is not read as dates".to_owned()
            } else {
                reason(reading.contradict.binary_search(&row).is_ok(), &way, kind)
            }
        },
    );
    outcome(column, unread, values.len(), Some(reading))
}

fn read_numbers(values: &[Value<'_>], kind: &Kind, around: &Surroundings<'_>) -> Outcome {
    let options = NumberOptions {
        units: if let Kind::Number { units } = kind {
            units
        } else {
            &[]
        },
        currency: around.unit.and_then(sure_currency).unwrap_or_default(),
        decimal: around.decimal,
        stated_by: around.stated_by,
        hints: around.hints,
        month_first: around.hints.order == Some(Order::MonthFirst),
        with_scales: around.is_strict,
    };
    let mut numbers = number::read(values, &options);
    if around.is_strict {
        drop_lone_minus(values, &mut numbers);
        let found = percent::doubts(values, around.header, numbers.takes_percent);
        let why =
            "values such as 0.12 and such as 12 are mixed, and the numbers were left as they stand"
                .to_owned();
        numbers.reading.doubt(values.len(), &found, why);
        let of_units = units::doubts(values, options.units);
        let why =
            "units of several sizes are mixed, and the numbers were left as they stand".to_owned();
        numbers.reading.doubt(values.len(), &of_units, why);
        if !(found.is_empty() && of_units.is_empty()) && numbers.reading.read_as.is_empty() {
            numbers.reading.read_as = "typed numbers";
        }
    }
    if around.shift != 0 {
        number::shift(&mut numbers.values, around.shift);
    }
    if *kind == Kind::Currency {
        return read_currencies(values, &numbers, around);
    }
    note_currencies(&mut numbers.reading, around.currencies);
    let differs_in_percent = |row: usize| numbers.differs_in_percent(values[row]);
    let percent = match numbers.takes_percent {
        true => "a percentage as its column",
        false => "a number without a percent sign as its column",
    };
    let reading = &numbers.reading;
    let way = match reading.read_as {
        "decimal point" | "decimal comma" => {
            format!("a number with a {} as its column", reading.read_as)
        }
        _ => "a number of the kind of its column".to_owned(),
    };
    let is_refused = reading.decided == Decided::Refused;
    let unread = unread_cells(
        values,
        |row| numbers.values[row].is_some(),
        |row| {
            if is_refused && number::is_number(values[row], &options) {
                "in a column that is not read as numbers".to_owned()
            } else if reading.contradict.binary_search(&row).is_ok() && differs_in_percent(row) {
                format!("not {percent}")
            } else {
                reason(reading.contradict.binary_search(&row).is_ok(), &way, kind)
            }
        },
    );
    // A power of ten has shifted them, by a hundredth at least.
    let least = text::EXACT / 100.0;
    let is_long = |value: &Option<f64>| value.unwrap_or_default().abs() >= least;
    if (numbers.values.iter()).fold(false, |found, value| found | is_long(value)) {
        note_long_numbers(&mut numbers.reading, values);
    }
    outcome(
        built::floats(&numbers.values),
        unread,
        values.len(),
        Some(numbers.reading),
    )
}

/// Empties the only cell of a column with a minus behind its digits, and nothing else: "25-" may be a code, or a slip.
fn drop_lone_minus(values: &[Value<'_>], numbers: &mut number::Numbers) {
    let is_behind = |value: &Value<'_>| matches!(value, Value::Text(text) if text.trim_end().ends_with(['-', '\u{2212}']));
    let mut rows = (0..values.len()).filter(|row| is_behind(&values[*row]));
    if let (Some(row), None) = (rows.next(), rows.next())
        && let Value::Text(text) = values[row]
        && text
            .trim()
            .chars()
            .rev()
            .skip(1)
            .all(|c| c.is_ascii_digit())
    {
        numbers.values[row] = None;
    }
}

/// The ISO code of the currency that a header's unit names; a unit such as "km" is none, though it folds to a sign.
fn sure_currency(unit: &str) -> Option<&'static str> {
    let position = lexicon::currency(&cut::fold(unit).replace('.', ""))?;
    let letters: String = unit.chars().filter(|c| c.is_alphabetic()).collect();
    // In a header a code in capitals is a currency even where it is a word in a cell.
    let is_code = lexicon::currency_code(position).is_some_and(|code| code == letters);
    (is_code || lexicon::trust(position, &letters) != lexicon::Trust::Never)
        .then(|| lexicon::currency_code(position))?
}

/// Codes where the cell has a currency's sign or code, or is one; beside other numbers the currency of the header.
fn read_currencies(
    values: &[Value<'_>],
    numbers: &number::Numbers,
    around: &Surroundings<'_>,
) -> Outcome {
    let known = |sign: &str| lexicon::currency(&cut::fold(sign).replace('.', ""));
    let of_header = around.unit.and_then(known);
    let mut of_formats = around.currencies.iter().peekable();
    let mut cut = Cut::default();
    let mut unread = Unread::new();
    let mut found = vec![None; values.len()];
    for (row, value) in values.iter().enumerate() {
        let of_number = numbers.currencies.get(row).copied().filter(|at| *at > 0);
        let of_format = of_formats.next_if(|(own, _)| *own == row);
        let of_format = of_format.and_then(|(_, sign)| known(sign));
        found[row] = match *value {
            Value::Text(text) if of_number.is_none() && numbers.values[row].is_none() => {
                if !cut.cut(text) || cut.folded().bytes().any(|byte| byte.is_ascii_digit()) {
                    continue;
                }
                let alone = lexicon::currency(&cut.folded().replace('.', ""));
                if alone.is_none() {
                    unread.push((row, message("not a currency", *value)));
                }
                alone
            }
            _ if numbers.values[row].is_none() && of_number.is_none() => None,
            _ => {
                let of_cell = of_number.map(|at| usize::from(at) - 1).or(of_format);
                of_cell.or(of_header)
            }
        };
    }
    let codes = lexicon::codes_of(found.iter().copied().flatten().chain(of_header));
    let mut texts = built::Texts::new(values.len());
    // "$" is of several countries.
    let is_code =
        |code: &&str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    for (row, at) in found.into_iter().enumerate() {
        let code = at.map(|at| codes.code(at));
        let kept = code.filter(|code| !around.is_strict || is_code(code));
        if code.is_some() && kept.is_none() {
            unread.push((row, message("a sign of several currencies", values[row])));
        }
        texts.push(kept);
    }
    unread.sort_unstable_by_key(|(row, _)| *row);
    outcome(texts.column(), unread, values.len(), None)
}

/// Says that the formats of numbers show several currencies.
fn note_currencies(reading: &mut Reading, currencies: &[(usize, &str)]) {
    let Some(&(_, first)) = currencies.first() else {
        return;
    };
    if let Some((row, _)) = currencies.iter().find(|(_, sign)| *sign != first) {
        reading.cells = reading.cells.max(currencies.len());
        reading.decided = Decided::Weak;
        reading.first_open.get_or_insert(*row);
        reading
            .why
            .push("the formats of the numbers show several currencies".to_owned());
        if reading.read_as.is_empty() {
            reading.read_as = "typed numbers";
        }
    }
}

/// Says that typed numbers have more digits than a program keeps.
fn note_long_numbers(reading: &mut Reading, values: &[Value<'_>]) {
    let is_long = |value: &Value<'_>| match *value {
        Value::Integer(number) => number.unsigned_abs() >= text::EXACT as u64,
        Value::Unsigned(number) => number >= text::EXACT as u64,
        Value::Float(number) => number.is_finite() && number.abs() >= text::EXACT,
        _ => false,
    };
    let Some(first) = values.iter().position(is_long) else {
        return;
    };
    reading.cells = reading.cells.max(1);
    if reading.decided != Decided::Setting {
        reading.decided = Decided::Weak;
        reading.first_open = Some(first);
    }
    reading.why.push(
        "numbers of 16 digits or more may have lost their last digits, for programs keep 15; codes are read by `code`".to_owned(),
    );
    if reading.read_as.is_empty() {
        reading.read_as = "typed numbers";
    }
}

/// What became of the cells of a part of a column.
struct TextPart {
    texts: built::Texts,
    unread: Unread,
    lost_digits: usize,
    phones: Phones,
    /// Names that are no person's, or whose parts are open.
    doubts: Vec<(usize, Doubt)>,
}

fn read_texts(values: &[Value<'_>], kind: &Kind, is_strict: bool) -> Outcome {
    // Mostly the first cells show what the whole column does.
    let shown = &values[..values.len().min(100)];
    let guess = matches!(kind, Kind::Phone { .. })
        && shown.iter().any(|value| {
            matches!(value, Value::Text(text) if phone::push_plain_phone(text, &mut String::new()))
        });
    let (whole, phones) = read_text_as(values, kind, guess, is_strict);
    if phones.open > 0 && phones.open_are_american() != guess {
        let (mut whole, _) = read_text_as(values, kind, !guess, is_strict);
        whole.reading = Some(phones.reading());
        return whole;
    }
    let of_phones = (phones.open + phones.doubtful > 0).then(|| phones.reading());
    Outcome {
        reading: of_phones.or(whole.reading),
        ..whole
    }
}

/// How the phone numbers of a column are written.
#[derive(Default)]
struct Phones {
    filled: usize,
    american: usize,
    open: usize,
    elsewhere: usize,
    /// Those among the last whose ten digits say nothing of another country, but that are none of North America.
    doubtful: usize,
    first_open: Option<usize>,
    first_doubtful: Option<usize>,
}

impl Phones {
    fn count(&mut self, row: usize, written: Written, is_ten_digits: bool) {
        self.filled += 1;
        match written {
            Written::American => self.american += 1,
            Written::Open => {
                self.open += 1;
                self.first_open.get_or_insert(row);
            }
            Written::Elsewhere => {
                self.elsewhere += 1;
                self.doubtful += usize::from(is_ten_digits);
                if is_ten_digits {
                    self.first_doubtful.get_or_insert(row);
                }
            }
            Written::Unsaid => {}
        }
    }

    fn add(&mut self, other: &Self) {
        self.filled += other.filled;
        self.american += other.american;
        self.open += other.open;
        self.elsewhere += other.elsewhere;
        self.doubtful += other.doubtful;
        self.first_open = self.first_open.or(other.first_open);
        self.first_doubtful = self.first_doubtful.or(other.first_doubtful);
    }

    /// Whether ten digits without a country are taken for a number of North America: if some cell is written as there, and
    /// nearly nothing in the column speaks against it, or fewer cells do. "312 345 9875" is of Chicago, or of Italy.
    fn open_are_american(&self) -> bool {
        let is_usual = self.elsewhere * 20 <= self.american + self.open;
        self.american > 0 && (is_usual || self.american > self.elsewhere)
    }

    fn reading(&self) -> Reading {
        let is_american = self.open > 0 && self.open_are_american();
        let left = self.doubtful + if is_american { 0 } else { self.open };
        let mut why = Vec::new();
        let numbers = |count: usize| match count {
            1 => "1 number of ten digits without a country".to_owned(),
            _ => format!("{count} numbers of ten digits without a country"),
        };
        if is_american {
            let verb = if self.open == 1 { "is" } else { "are" };
            why.push(format!(
                "{} {verb} read as North American",
                numbers(self.open)
            ));
        }
        if left > 0 {
            let verb = if left == 1 {
                "stays as it is"
            } else {
                "stay as they are"
            };
            let reason = match () {
                () if left == self.doubtful => "no number of North America is written so",
                () if self.american + self.elsewhere > 0 => {
                    "others in the column are not North American"
                }
                () => "nothing says of which country they are",
            };
            why.push(format!("{} {verb}, for {reason}", numbers(left)));
        }
        let is_contested = self.open > 0 && self.american > 0 && self.elsewhere > 0;
        // "347-123-4567" among numbers of North America.
        let is_odd = self.american > 0 && self.doubtful > 0;
        Reading {
            read_as: if is_american {
                "North American"
            } else {
                "as they are"
            },
            decided: match () {
                () if is_contested && !is_american || is_odd => Decided::Weak,
                () if self.american > 0 => Decided::Evidence,
                () => Decided::Hint,
            },
            cells: self.filled,
            certain: self.american,
            first_open: self.first_doubtful.filter(|_| is_odd).or(self.first_open),
            why,
            ..Reading::default()
        }
    }
}

/// Reads a column of text; `open_is_american`: see [`phone::push_phone`].
fn read_text_as(
    values: &[Value<'_>],
    kind: &Kind,
    open_is_american: bool,
    is_strict: bool,
) -> (Outcome, Phones) {
    let are_floats = *kind == Kind::Code && text::are_floats(values);
    let mut parts = in_parts(values.len(), |range| {
        let start = range.start;
        read_text_part(
            &values[range],
            start,
            kind,
            are_floats,
            (open_is_american, is_strict),
        )
    })
    .into_iter();
    let Some(mut whole) = parts.next() else {
        let nothing = outcome(built::Texts::new(0).column(), Unread::new(), 0, None);
        return (nothing, Phones::default());
    };
    for part in parts {
        whole.texts.append(&part.texts);
        whole.unread.extend(part.unread);
        whole.lost_digits += part.lost_digits;
        whole.phones.add(&part.phones);
        whole.doubts.extend(part.doubts);
    }
    let reading = (!whole.doubts.is_empty()).then(|| reading_of_names(values, &whole.doubts));
    let mut outcome = outcome(whole.texts.column(), whole.unread, values.len(), reading);
    outcome.lost_digits = whole.lost_digits;
    (outcome, whole.phones)
}

/// What is said of a column of names.
fn reading_of_names(values: &[Value<'_>], doubts: &[(usize, Doubt)]) -> Reading {
    let filled = values.iter().filter(|value| is_filled(**value)).count();
    let found: Vec<_> = doubts
        .iter()
        .map(|(row, doubt)| (*row, doubt.said()))
        .collect();
    let mut reading = Reading {
        read_as: "as they are",
        cells: filled,
        certain: filled - doubts.len(),
        ..Reading::default()
    };
    let others = doubts
        .iter()
        .filter(|(_, doubt)| *doubt == Doubt::NoPerson)
        .count();
    let open = doubts.len() - others;
    let said =
        |count: usize, what: &str| (count > 0).then(|| format!("{count} of {filled} cells {what}"));
    let parts = [
        said(others, "hold no name of a person"),
        said(
            open,
            "do not say which is the first and which the last name",
        ),
    ];
    reading.doubt(
        values.len(),
        &found,
        parts.into_iter().flatten().collect::<Vec<_>>().join("; "),
    );
    reading
}

impl TextPart {
    /// Adds a code; returns what is wrong with it.
    fn code(
        &mut self,
        value: Value<'_>,
        are_floats: bool,
        out: &mut String,
    ) -> Option<&'static str> {
        match text::push_code(value, are_floats, out) {
            Ok(_) => None,
            Err(NoCode::LostDigits) => {
                self.lost_digits += 1;
                Some("a code that has lost its digits")
            }
            Err(NoCode::Date) => Some("a date where a code should be"),
            Err(NoCode::Boolean) => Some("yes or no where a code should be"),
        }
    }

    /// Adds the number of a phone; returns what is wrong with it.
    fn phone(
        &mut self,
        row: usize,
        source: &str,
        country: Option<Country>,
        (open_is_american, is_strict): (bool, bool),
        cut: &mut Cut,
        out: &mut String,
    ) -> Option<&'static str> {
        if country.is_none() && phone::push_plain_phone(source, out) {
            self.phones.count(row, Written::American, false);
            return None;
        }
        let found = if phone::has_several_phones(source) {
            Err(NoPhone::Several)
        } else if !cut.cut(source) {
            Err(NoPhone::Other)
        } else if let Some(country) = country {
            phone::push_phone_of(country, cut, is_strict, out).map(|()| Written::Unsaid)
        } else {
            phone::push_phone(cut, open_is_american, is_strict, out)
        };
        match found {
            Ok(_) if country.is_some() => None,
            Ok(written) => {
                let is_ten_digits = out.len() == 10 && !out.starts_with(['0', '+']);
                self.phones.count(row, written, is_ten_digits);
                None
            }
            Err(NoPhone::Several) => Some("more than one phone number"),
            Err(NoPhone::Other) => {
                self.lost_digits += usize::from(amount::has_lost_digits(source));
                Some("not a phone number")
            }
            Err(NoPhone::TooShort) => Some("too short for a phone number"),
            Err(NoPhone::TooLong) => Some("too long for a phone number"),
            Err(NoPhone::OfNoCountry) => Some("not a phone number of its country"),
        }
    }
}

fn read_text_part(
    values: &[Value<'_>],
    first_row: usize,
    kind: &Kind,
    are_floats: bool,
    (open_is_american, is_strict): (bool, bool),
) -> TextPart {
    let mut part = TextPart {
        texts: built::Texts::new(values.len()),
        unread: Unread::new(),
        lost_digits: 0,
        phones: Phones::default(),
        doubts: Vec::new(),
    };
    let mut text = String::new();
    let mut cut = Cut::default();
    for (row, &value) in values.iter().enumerate() {
        text.clear();
        let problem = match kind {
            Kind::Name(name) if is_strict => {
                let doubt = text::push_person(value, *name, &mut text);
                part.doubts
                    .extend(doubt.map(|doubt| (first_row + row, doubt)));
                (*name == NamePart::Full && text.is_empty() && is_filled(value))
                    .then_some("not a name")
            }
            Kind::Name(name) => {
                let is_there = text::push_name(value, *name, &mut text);
                (*name == NamePart::Full && !is_there && is_filled(value)).then_some("not a name")
            }
            Kind::Code => part.code(value, are_floats, &mut text),
            Kind::Email => contact_problem(value, &mut text, |source, out| {
                (!email::push_email(source, out)).then_some("not an e-mail address")
            }),
            Kind::Iban => contact_problem(value, &mut text, |source, out| {
                (!checksum::push_iban(source, out)).then_some("not an IBAN")
            }),
            Kind::Phone { .. } if !may_be_phone(value) => {
                is_filled(value).then_some("not a phone number")
            }
            Kind::Phone { country } => contact_problem(value, &mut text, |source, out| {
                let row = first_row + row;
                part.phone(
                    row,
                    source,
                    *country,
                    (open_is_american, is_strict),
                    &mut cut,
                    out,
                )
            }),
            _ => {
                text::push_text(value, &mut text);
                None
            }
        };
        if let Some(problem) = problem {
            part.unread.push((first_row + row, message(problem, value)));
        }
        part.texts.push((!text.is_empty()).then_some(text.as_str()));
    }
    part
}

/// Whether a cell is of a type in which a number of a phone arrives: the digits of a date or of an amount are none to call.
fn may_be_phone(value: Value<'_>) -> bool {
    match value {
        Value::Text(_) | Value::Unsigned(_) => true,
        Value::Integer(number) => number >= 0,
        Value::Float(number) => number >= 0.0 && number.fract() == 0.0,
        _ => false,
    }
}

/// Reads the text of a cell, where there is some. Cells that are text already are not copied.
fn contact_problem(
    value: Value<'_>,
    out: &mut String,
    read: impl FnOnce(&str, &mut String) -> Option<&'static str>,
) -> Option<&'static str> {
    if let Value::Text(text) = value {
        let text = text::trimmed(text);
        return if text.is_empty() {
            None
        } else {
            read(text, out)
        };
    }
    let mut source = String::new();
    if text::push_text(value, &mut source) {
        read(&source, out)
    } else {
        None
    }
}

fn finish(
    values: &[Value<'_>],
    kind: &Kind,
    column: Column,
    is_read: impl Fn(usize) -> bool,
) -> Outcome {
    let unread = unread_cells(values, is_read, |_| format!("not {}", kind.noun()));
    outcome(column, unread, values.len(), None)
}

fn outcome(column: Column, unread: Unread, rows: usize, reading: Option<Reading>) -> Outcome {
    Outcome {
        column,
        unread_count: unread.len(),
        unread: built::sparse_texts(rows, unread),
        missing: 0,
        lost_digits: 0,
        reading,
    }
}

/// Whether a cell by itself is a date, in whatever order.
fn is_day(value: Value<'_>) -> bool {
    let mut cut = Cut::default();
    let Value::Text(text) = value else {
        return false;
    };
    let day = if cut.cut(text) {
        Day::of(&cut, &mut Lexicon::default())
    } else {
        None
    };
    day.is_some_and(|day| day.days(0).iter().any(|day| *day != day::NONE))
}

fn reason(contradicts: bool, way: &str, kind: &Kind) -> String {
    if contradicts {
        format!("not {way}")
    } else {
        format!("not {}", kind.noun())
    }
}

fn unread_cells(
    values: &[Value<'_>],
    is_read: impl Fn(usize) -> bool,
    why: impl Fn(usize) -> String,
) -> Unread {
    let mut unread = Unread::new();
    for (row, value) in values.iter().enumerate() {
        if !is_read(row) && is_filled(*value) {
            unread.push((row, message(&why(row), *value)));
        }
    }
    unread
}

/// Whether something stands in a cell.
pub fn is_filled(value: Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::Text(text) => !text::trimmed(text).is_empty(),
        Value::Float(number) => number.is_finite(),
        _ => true,
    }
}

/// Whether reports count a cell as filled: text with a character that Python's `str.strip` leaves.
pub fn counts_as_filled(value: Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::Text(text) => !is_blank_text(text),
        _ => true,
    }
}

/// A column of booleans without nulls.
pub fn flags(values: &[bool]) -> Column {
    built::booleans(&values.iter().copied().map(Some).collect::<Vec<_>>())
}

/// A column of whole numbers without nulls.
pub fn whole_numbers(values: Vec<i32>) -> Column {
    Column {
        format: "i",
        rows: values.len(),
        null_count: 0,
        validity: None,
        buffers: vec![Buffer::Halves(values)],
    }
}

/// The cells that were filled before and are empty after; the rows of both are the same.
pub fn emptied(before: &[Value<'_>], after: &[Value<'_>]) -> Option<Column> {
    let rows = before.len().min(after.len());
    let lost = (0..rows).filter(|&row| is_filled(before[row]) && after[row] == Value::Null);
    let unread = lost
        .map(|row| (row, message("left empty", before[row])))
        .collect();
    built::sparse_texts(rows, unread)
}

/// How many cells are filled before and empty in the column that was made of them.
pub fn count_emptied(before: &[Value<'_>], after: &Column) -> usize {
    let Some(bits) = &after.validity else {
        return 0;
    };
    let is_empty = |row: usize| bits[row / 8] & (1 << (row % 8)) == 0;
    (0..before.len().min(after.rows))
        .filter(|&row| is_empty(row) && is_filled(before[row]))
        .count()
}

/// Why a cell is empty, and what stood there.
fn message(why: &str, value: Value<'_>) -> String {
    const LONGEST: usize = 80;
    let mut text = String::new();
    text::push_text(value, &mut text);
    let shown: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect();
    let more = if text.chars().nth(LONGEST).is_some() {
        "…"
    } else {
        ""
    };
    format!("{why}: \"{shown}{more}\"")
}

/// What a check says of each filled cell's text.
pub fn check_each(values: &[Value<'_>], check: impl Fn(&str) -> bool) -> Column {
    let mut text = String::new();
    let passed = each(values, |value| {
        text.clear();
        text::push_text(value, &mut text).then(|| check(&text))
    });
    built::booleans(&passed)
}

#[cfg(test)]
pub(crate) mod testing {
    /// All texts of so many of these pieces.
    pub fn texts_of(pieces: &[&str], count: usize) -> Vec<String> {
        let mut texts = vec![String::new()];
        for _ in 0..count {
            let mut longer = Vec::new();
            for text in &texts {
                longer.extend(pieces.iter().map(|piece| format!("{text}{piece}")));
            }
            texts = longer;
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome_of(texts: &[&str], kind: &Kind) -> Outcome {
        let values: Vec<_> = texts.iter().map(|text| Value::Text(text)).collect();
        read(&values, kind, &Surroundings::default())
    }

    #[rustfmt::skip]
    #[test]
    fn guards_of_spreadsheets_are_taken_off() {
        for kind in [
            Kind::Code,
            Kind::Phone { country: None },
            Kind::Number { units: Vec::new() },
            Kind::Date { serials: false },
        ] {
            let text = match kind {
                Kind::Date { .. } => "=\"2025-01-31\"",
                _ => "=\"5551234567\"",
            };
            assert_eq!(outcome_of(&[text], &kind).unread_count, 0, "{kind:?}");
        }
        assert_eq!(
            unguarded(Value::Text(" =\"00123\"")),
            Some(Value::Text("00123"))
        );
        assert_eq!(unguarded(Value::Text("'00421")), Some(Value::Text("00421")));
        for text in [
            "=\"", "=1+\"2\"", "=\"a\"&\"b\"", "\"1\"", "'90s", "'12'", "'",
        ] {
            assert_eq!(unguarded(Value::Text(text)), None, "{text}");
        }
    }

    #[test]
    fn cells_of_refused_columns_are_not_called_what_they_are_not() {
        let number = Kind::Number { units: Vec::new() };
        let texts = ["7.5", "A1", "B2", "C3", "x"];
        let values: Vec<_> = texts.iter().map(|text| Value::Text(text)).collect();
        let reading = outcome_of(&texts, &number).reading.unwrap();
        assert_eq!(reading.decided, Decided::Refused);
        let is_number = |value| number::is_number(value, &NumberOptions::default());
        assert!(is_number(values[0]) && !is_number(values[1]) && !is_number(values[4]));
        assert!(is_day(Value::Text("31.01.2025")) && !is_day(Value::Text("31.02.2025")));
    }
}
