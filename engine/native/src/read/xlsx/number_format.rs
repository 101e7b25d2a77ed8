//! Finds out whether a number format turns a number into a date or an elapsed time.
//!
//! The rules are those of openpyxl, on which existing configurations rely: only the first section counts, quoted text and
//! bracketed colours and locales are skipped, and then any of the letters d, m, h, y, s means a date.

/// The meaning of a cell's number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NumberKind {
    #[default]
    Number,
    /// A date, a date-time, or, if the number is below 1, a time.
    Date,
    /// A time of day, or from 24 hours on an elapsed time: the format only shows hours, minutes and seconds.
    Time,
    /// A format of elapsed time.
    Duration,
}

/// Returns the kind of number for a format code.
pub fn kind_of(code: &str) -> NumberKind {
    let section = code.split(';').next().unwrap_or_default();
    if !is_date(section) {
        NumberKind::Number
    } else if is_elapsed(section) {
        NumberKind::Duration
    } else {
        NumberKind::Date
    }
}

/// Returns the kind of number for a format code, as spreadsheet programs show it.
pub fn shown_kind_of(code: &str) -> NumberKind {
    let section = code.split(';').next().unwrap_or_default();
    match kind_of(code) {
        NumberKind::Date if is_time_alone(section) => NumberKind::Time,
        kind => kind,
    }
}

/// Returns the kind of number for a built-in format id, as programs show it, including those of East Asian locales (ECMA-376,
/// part 1, 18.8.30).
pub fn shown_kind_of_built_in(id: u32) -> NumberKind {
    match id {
        18..=21 | 32 | 33 | 45 | 47 => NumberKind::Time,
        27..=31 | 34..=36 | 50..=58 => NumberKind::Date,
        _ => kind_of_built_in(id),
    }
}

/// Returns whether a date section shows hours or seconds, and neither day nor year.
fn is_time_alone(section: &str) -> bool {
    let lower = strip(section)
        .to_ascii_lowercase()
        .replace("am/pm", "")
        .replace("a/p", "");
    let letters: Vec<u8> = lower.bytes().collect();
    let has = |wanted: &[u8]| {
        letters.iter().enumerate().any(|(at, letter)| {
            wanted.contains(letter) && !(at > 0 && matches!(letters[at - 1], b'\\' | b'_'))
        })
    };
    has(b"hs") && !has(b"dy")
}

/// Returns the kind of number for a built-in format id.
pub fn kind_of_built_in(id: u32) -> NumberKind {
    match id {
        14..=22 | 45 | 47 => NumberKind::Date,
        46 => NumberKind::Duration,
        _ => NumberKind::Number,
    }
}

/// Returns whether a date letter remains without literals, colours and locales. A letter after `_` or `\` is literal.
fn is_date(section: &str) -> bool {
    let stripped = strip(section);
    let mut previous = '\0';
    for character in stripped.chars() {
        if matches!(
            character,
            'd' | 'm' | 'h' | 'y' | 's' | 'D' | 'M' | 'H' | 'Y' | 'S'
        ) && previous != '_'
            && previous != '\\'
        {
            return true;
        }
        previous = character;
    }
    false
}

/// Removes quoted text, and bracketed groups other than `[h]`, `[hh]`, `[m]`, `[mm]`, `[s]`, `[ss]`.
fn strip(section: &str) -> String {
    let mut stripped = String::with_capacity(section.len());
    let mut rest = section;
    while let Some(first) = rest.chars().next() {
        let removed = match first {
            // The text between quotes cannot contain a line break.
            '"' => rest[1..]
                .find('"')
                .map(|at| at + 2)
                .filter(|&end| !rest[..end].contains('\n')),
            '[' => {
                let inner = &rest[1..];
                let is_elapsed = ["h]", "hh]", "m]", "mm]", "s]", "ss]"]
                    .iter()
                    .any(|unit| inner.starts_with(unit));
                if is_elapsed {
                    None
                } else {
                    inner.find(']').map(|at| at + 2)
                }
            }
            _ => None,
        };
        let step = removed.unwrap_or_else(|| {
            stripped.push(first);
            first.len_utf8()
        });
        rest = &rest[step..];
    }
    stripped
}

/// Returns whether the section shows hours, minutes or seconds beyond a day: `[h]`, `[mm]`, `[ss]` and the like.
fn is_elapsed(section: &str) -> bool {
    let lower = section.to_ascii_lowercase();
    ["[h]", "[hh]", "[m]", "[mm]", "[s]", "[ss]"]
        .iter()
        .any(|unit| lower.contains(unit))
}

#[cfg(test)]
mod tests {
    use super::NumberKind::{Date, Duration, Number};
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn formats_are_told_apart() {
        for (code, kind) in [
            ("General", Number), ("0.00%", Number), ("yyyy-mm-dd", Date), ("[$-409]d-mmm-yy;@", Date),
            ("[Red]0.00", Number), ("#,##0 \"days\"", Number), ("0\\d", Number), ("0_d", Number),
            ("[h]:mm:ss", Duration), ("[hh]:mm", Duration), ("[H]:mm", Duration), ("[mm]:ss.0", Duration),
            ("[ss]", Duration), ("[H]", Number), ("0;yyyy", Number), ("h:mm AM/PM", Date),
            ("[$€-407] #,##0.00", Number), ("#,##0.00 [$USD]", Number), ("\"unclosed d", Date),
            ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", Date), ("_-* #,##0.00\\ _k_r_-;\\-* #,##0.00", Number),
            ("@", Number),
        ] {
            assert_eq!(kind_of(code), kind, "{code}");
        }
        assert_eq!(kind_of_built_in(14), Date);
        assert_eq!(kind_of_built_in(46), Duration);
        assert_eq!(kind_of_built_in(48), Number);
    }

    #[rustfmt::skip]
    #[test]
    fn times_and_the_dates_of_east_asia_are_told_as_they_are_shown() {
        for (code, kind) in [
            ("h:mm:ss", NumberKind::Time), ("h:mm AM/PM", NumberKind::Time), ("mm:ss.0", NumberKind::Time),
            ("[h]:mm", Duration), ("dd/mm h:mm", Date), ("mmm", Date), ("h\\d", NumberKind::Time), ("0.00", Number),
        ] {
            assert_eq!(shown_kind_of(code), kind, "{code}");
        }
        assert_eq!(
            [31, 57, 20, 46, 9].map(shown_kind_of_built_in),
            [Date, Date, NumberKind::Time, Duration, Number]
        );
        assert_eq!(kind_of_built_in(31), Number);
    }
}
