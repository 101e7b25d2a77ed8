//! Reads a column of texts whose cells are read one by one: names, codes, addresses, and phone numbers, which get the same form
//! throughout a column.

use foldhash::HashMap;

use super::numbers::digits;
use super::outcome::{
    ColumnOutcome, DIGITS_LOST, ReaderKind, UnreadRows, is_filled, lost, outcome,
};
use super::reading::{ColumnReading, DecisionBasis};
use super::texts::checksum;
use super::texts::country::Country;
use super::texts::email;
use super::texts::person::NameDoubt;
use super::texts::phone::{self, NoPhone, PhoneStyle};
use super::texts::text::{self, NamePart, NoCode};
use crate::cells::parts::in_parts;
use crate::columns::column::ColumnBuilder;
use crate::columns::view::ColumnValue;
use crate::words::cut::CutText;

const CUT_CODE: &str = "a code that has lost its digits";
const NO_PHONE: &str = "not a phone number";

/// The results for a part of a column.
struct TextPart {
    texts: ColumnBuilder,
    unread: UnreadRows,
    lost_digits: usize,
    phones: PhoneCounts,
    /// Names that are no person's, or whose parts are not clear.
    doubts: Vec<(usize, NameDoubt)>,
}

pub(super) fn read_texts(
    values: &[ColumnValue<'_>],
    kind: &ReaderKind,
    is_strict: bool,
) -> ColumnOutcome {
    // Mostly the first cells show how the whole column is written.
    let shown = &values[..values.len().min(100)];
    let guess = matches!(kind, ReaderKind::Phone { .. })
        && shown.iter().any(|value| {
            matches!(value, ColumnValue::Text(text) if phone::push_plain_phone(text, &mut String::new()))
        });
    let (whole, phones) = read_text_as(values, kind, guess, is_strict);
    if phones.open > 0 && phones.open_are_american() != guess {
        let (mut whole, _) = read_text_as(values, kind, !guess, is_strict);
        whole.reading = Some(phones.reading());
        return whole;
    }
    let of_phones = (phones.open + phones.doubtful > 0).then(|| phones.reading());
    ColumnOutcome {
        reading: of_phones.or(whole.reading),
        ..whole
    }
}

/// Counts of the styles in which a column's phone numbers are written.
#[derive(Default)]
struct PhoneCounts {
    filled: usize,
    american: usize,
    open: usize,
    elsewhere: usize,
    /// Those of the numbers from elsewhere whose ten digits show no other country, although they are no number of North
    /// America.
    doubtful: usize,
    first_open: Option<usize>,
    first_doubtful: Option<usize>,
}

impl PhoneCounts {
    fn count(&mut self, row: usize, written: PhoneStyle, is_ten_digits: bool) {
        self.filled += 1;
        match written {
            PhoneStyle::American => self.american += 1,
            PhoneStyle::Open => {
                self.open += 1;
                self.first_open.get_or_insert(row);
            }
            PhoneStyle::Elsewhere => {
                self.elsewhere += 1;
                self.doubtful += usize::from(is_ten_digits);
                if is_ten_digits {
                    self.first_doubtful.get_or_insert(row);
                }
            }
            PhoneStyle::Unsaid => {}
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

    /// Returns whether ten digits without a country are read as a number of North America: if some cell is written as there,
    /// and nearly no cell of the column contradicts it, or fewer cells do. "312 345 9875" is a number in Chicago, or in Italy.
    fn open_are_american(&self) -> bool {
        let is_usual = self.elsewhere * 20 <= self.american + self.open;
        self.american > 0 && (is_usual || self.american > self.elsewhere)
    }

    fn reading(&self) -> ColumnReading {
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
                () if left == self.doubtful => "no North American number is written like this",
                () if self.american + self.elsewhere > 0 => {
                    "others in the column are not North American"
                }
                () => "nothing shows their country",
            };
            why.push(format!("{} {verb}, because {reason}", numbers(left)));
        }
        let is_contested = self.open > 0 && self.american > 0 && self.elsewhere > 0;
        // "347-123-4567" among numbers of North America.
        let is_odd = self.american > 0 && self.doubtful > 0;
        ColumnReading {
            read_as: if is_american {
                "North American"
            } else {
                "as they are"
            },
            decided: match () {
                () if is_contested && !is_american || is_odd => DecisionBasis::Weak,
                () if self.american > 0 => DecisionBasis::Evidence,
                () => DecisionBasis::Hint,
            },
            cells: self.filled,
            certain: self.american,
            first_open: self.first_doubtful.filter(|_| is_odd).or(self.first_open),
            why,
            ..ColumnReading::default()
        }
    }
}

/// Reads a column of text; `open_is_american`: see [`phone::push_phone`].
fn read_text_as(
    values: &[ColumnValue<'_>],
    kind: &ReaderKind,
    open_is_american: bool,
    is_strict: bool,
) -> (ColumnOutcome, PhoneCounts) {
    let are_floats = *kind == ReaderKind::Code && text::are_floats(values);
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
        let nothing = outcome(ColumnBuilder::of_texts(0).column(), UnreadRows::new(), None);
        return (nothing, PhoneCounts::default());
    };
    for part in parts {
        whole.texts.append_texts(&part.texts);
        whole.unread.extend(part.unread);
        whole.lost_digits += part.lost_digits;
        whole.phones.add(&part.phones);
        whole.doubts.extend(part.doubts);
    }
    let reading = (!whole.doubts.is_empty()).then(|| reading_of_names(values, &whole.doubts));
    let mut outcome = outcome(whole.texts.column(), whole.unread, reading);
    outcome.lost_digits = whole.lost_digits;
    (outcome, whole.phones)
}

/// Returns the reading of a column with doubtful names.
fn reading_of_names(values: &[ColumnValue<'_>], doubts: &[(usize, NameDoubt)]) -> ColumnReading {
    let filled = values.iter().filter(|value| is_filled(**value)).count();
    let found: Vec<_> = doubts
        .iter()
        .map(|(row, doubt)| (*row, doubt.said()))
        .collect();
    let mut reading = ColumnReading {
        read_as: "as they are",
        cells: filled,
        certain: filled - doubts.len(),
        ..ColumnReading::default()
    };
    let others = doubts
        .iter()
        .filter(|(_, doubt)| *doubt == NameDoubt::NoPerson)
        .count();
    let open = doubts.len() - others;
    let said =
        |count: usize, what: &str| (count > 0).then(|| format!("{count} of {filled} cells {what}"));
    let parts = [
        said(others, "hold no name of a person"),
        said(
            open,
            "do not show which name is the first and which the last",
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
    /// Adds a code; returns the problem with it.
    fn code(
        &mut self,
        value: ColumnValue<'_>,
        are_floats: bool,
        out: &mut String,
    ) -> Option<&'static str> {
        match text::push_code(value, are_floats, out) {
            Ok(_) => None,
            Err(NoCode::LostDigits) => {
                self.lost_digits += 1;
                Some(CUT_CODE)
            }
            Err(NoCode::Date) => Some("a date where a code should be"),
            Err(NoCode::Boolean) => Some("yes or no where a code should be"),
        }
    }

    /// Adds a phone number; returns the problem with it.
    fn phone(
        &mut self,
        row: usize,
        source: &str,
        country: Option<Country>,
        (open_is_american, is_strict): (bool, bool),
        cut: &mut CutText,
        out: &mut String,
    ) -> Option<&'static str> {
        if country.is_none() && phone::push_plain_phone(source, out) {
            self.phones.count(row, PhoneStyle::American, false);
            return None;
        }
        let found = if phone::has_several_phones(source) {
            Err(NoPhone::Several)
        } else if !cut.cut(source) {
            Err(NoPhone::Other)
        } else if let Some(country) = country {
            phone::push_phone_of(country, cut, is_strict, out).map(|()| PhoneStyle::Unsaid)
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
                self.lost_digits += usize::from(digits::has_lost_digits(source));
                Some(NO_PHONE)
            }
            Err(NoPhone::TooShort) => Some("too short for a phone number"),
            Err(NoPhone::TooLong) => Some("too long for a phone number"),
            Err(NoPhone::OfNoCountry) => Some("not a phone number of its country"),
        }
    }
}

fn read_text_part(
    values: &[ColumnValue<'_>],
    first_row: usize,
    kind: &ReaderKind,
    are_floats: bool,
    (open_is_american, is_strict): (bool, bool),
) -> TextPart {
    let mut part = TextPart {
        texts: ColumnBuilder::of_texts(values.len()),
        unread: UnreadRows::new(),
        lost_digits: 0,
        phones: PhoneCounts::default(),
        doubts: Vec::new(),
    };
    let mut text = String::new();
    let mut cut = CutText::default();
    let mut names = NameCache::default();
    for (row, &value) in values.iter().enumerate() {
        text.clear();
        let problem = match kind {
            ReaderKind::Name(name) => {
                let read = |out: &mut String| read_name(value, *name, is_strict, out);
                let (doubt, problem) = match value {
                    ColumnValue::Text(source) => names.read(source, &mut text, read),
                    _ => read(&mut text),
                };
                part.doubts
                    .extend(doubt.map(|doubt| (first_row + row, doubt)));
                problem
            }
            ReaderKind::Code => part.code(value, are_floats, &mut text),
            ReaderKind::Email => contact_problem(value, &mut text, |source, out| {
                (!email::push_email(source, out)).then_some("not an e-mail address")
            }),
            ReaderKind::Iban => contact_problem(value, &mut text, |source, out| {
                (!checksum::push_iban(source, out)).then_some("not an IBAN")
            }),
            ReaderKind::Phone { .. } if !may_be_phone(value) => {
                is_filled(value).then_some(NO_PHONE)
            }
            ReaderKind::Phone { country } => contact_problem(value, &mut text, |source, out| {
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
            let mut cell = lost(problem, value);
            let may_be_cut = matches!(kind, ReaderKind::Phone { .. }) && problem == NO_PHONE;
            if problem == CUT_CODE || may_be_cut && digits::has_lost_digits(&cell.value) {
                cell.rule = DIGITS_LOST;
            }
            part.unread.push((first_row + row, cell));
        }
        part.texts
            .push_text((!text.is_empty()).then_some(text.as_str()));
    }
    part
}

/// The doubt about a name, and the problem with it.
type NameIssue = (Option<NameDoubt>, Option<&'static str>);

/// The names of a column that were read: the same names come again and again, and reading a name takes long.
#[derive(Default)]
struct NameCache<'v> {
    known: HashMap<&'v str, (String, NameIssue)>,
}

impl<'v> NameCache<'v> {
    /// The maximum number of names that are kept.
    const MAX_CACHED_NAMES: usize = 4096;

    fn read(
        &mut self,
        source: &'v str,
        out: &mut String,
        read: impl FnOnce(&mut String) -> NameIssue,
    ) -> NameIssue {
        if let Some((name, said)) = self.known.get(source) {
            out.push_str(name);
            return *said;
        }
        let said = read(out);
        if self.known.len() < Self::MAX_CACHED_NAMES {
            self.known.insert(source, (out.clone(), said));
        }
        said
    }
}

fn read_name(
    value: ColumnValue<'_>,
    part: NamePart,
    is_strict: bool,
    out: &mut String,
) -> NameIssue {
    let doubt = if is_strict {
        text::push_person(value, part, out)
    } else {
        text::push_name(value, part, out);
        None
    };
    let is_none = part == NamePart::Full && out.is_empty() && is_filled(value);
    (doubt, is_none.then_some("not a name"))
}

/// Returns whether a cell has a type in which phone numbers arrive: the digits of a date or of an amount are no phone number.
fn may_be_phone(value: ColumnValue<'_>) -> bool {
    match value {
        ColumnValue::Text(_) | ColumnValue::Unsigned(_) => true,
        ColumnValue::Integer(number) => number >= 0,
        ColumnValue::Float(number) => number >= 0.0 && number.fract() == 0.0,
        _ => false,
    }
}

/// Reads the text of a cell, if there is some, and returns the problem with it. Cells that are already text are not copied.
fn contact_problem(
    value: ColumnValue<'_>,
    out: &mut String,
    read: impl FnOnce(&str, &mut String) -> Option<&'static str>,
) -> Option<&'static str> {
    let mut written = String::new();
    let source = match value {
        ColumnValue::Text(text) => text::trimmed(text),
        _ => {
            text::push_text(value, &mut written);
            &written
        }
    };
    match source {
        "" => None,
        _ => read(source, out),
    }
}
