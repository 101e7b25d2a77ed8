//! Converts values other than text to text: as polars prints them, and as Python's `str` does.

use std::fmt::Write;

use super::calendar::{DAY_MICROSECONDS, civil_from_days};
use super::cell::{CellTag, SheetCell};
use super::sheet::Sheet;

/// Adds a cell as polars puts it into a column of text. Returns `false` if this is not implemented for its value.
pub fn as_polars(cell: SheetCell, sheet: &Sheet, out: &mut String) -> bool {
    match cell.tag {
        CellTag::Text => out.push_str(sheet.text(cell.as_text())),
        CellTag::Empty | CellTag::EmptyText => {}
        CellTag::Integer => out.push_str(itoa::Buffer::new().format(cell.as_integer())),
        CellTag::Float => {
            if !cell.as_float().is_finite() {
                return false;
            }
            out.push_str(ryu::Buffer::new().format_finite(cell.as_float()));
        }
        CellTag::Boolean => out.push_str(if cell.bits != 0 { "true" } else { "false" }),
        CellTag::DateTime => push_date_time(cell.as_integer(), ' ', 3, out),
        CellTag::Date => push_date(cell.as_integer(), out),
        CellTag::Time => push_time(cell.as_integer(), 3, out),
        CellTag::Duration => push_polars_duration(cell.as_integer(), out),
        CellTag::BigInteger => return false,
    }
    true
}

/// Adds a cell as Python's `str` prints it, date-times in ISO form. Returns `false` if this is not implemented for its value.
pub fn as_python(cell: SheetCell, sheet: &Sheet, out: &mut String) -> bool {
    match cell.tag {
        CellTag::Text => out.push_str(sheet.text(cell.as_text())),
        CellTag::BigInteger => out.push_str(sheet.text(cell.as_text())),
        CellTag::Empty | CellTag::EmptyText => {}
        CellTag::Integer => out.push_str(itoa::Buffer::new().format(cell.as_integer())),
        CellTag::Float => push_python_float(cell.as_float(), out),
        CellTag::Boolean => out.push_str(if cell.bits != 0 { "True" } else { "False" }),
        CellTag::DateTime => push_date_time(cell.as_integer(), 'T', 6, out),
        CellTag::Date => push_date(cell.as_integer(), out),
        CellTag::Time => push_time(cell.as_integer(), 6, out),
        CellTag::Duration => push_python_duration(cell.as_integer(), out),
    }
    true
}

/// Adds a float as Python's `repr` prints it: the shortest digits, with an exponent below 1e-4 and from 1e16 on.
pub fn push_python_float(value: f64, out: &mut String) {
    if value.is_nan() {
        out.push_str("nan");
        return;
    }
    if value.is_infinite() {
        out.push_str(if value > 0.0 { "inf" } else { "-inf" });
        return;
    }
    let magnitude = value.abs();
    let mut buffer = ryu::Buffer::new();
    // The digits come from Ryū, which breaks ties as Python does; Rust's own digits are not always the same.
    let text = buffer.format_finite(value);
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        push_with_exponent(text, out);
    } else {
        out.push_str(text);
    }
}

/// Adds a number in the form with an exponent, whether it was printed with one or not: `1.25e-07`.
fn push_with_exponent(text: &str, out: &mut String) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let mut exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = format!("{whole}{fraction}");
    let leading_zeros = digits.len() - digits.trim_start_matches('0').len();
    exponent += whole.len() as i32 - 1 - leading_zeros as i32;
    let digits = digits.trim_matches('0');
    let (first, rest) = digits.split_at(1.min(digits.len()));
    let point = if rest.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    let _ = write!(
        out,
        "{sign}{first}{point}{rest}e{exponent_sign}{:02}",
        exponent.abs()
    );
}

/// Adds a day as `2024-02-29`.
pub fn push_date(days: i64, out: &mut String) {
    let (year, month, day) = civil_from_days(days);
    if (0..=9999).contains(&year) {
        push_digits(year as u64, 4, out);
    } else {
        let _ = write!(out, "{year:04}");
    }
    out.push('-');
    push_digits(month.into(), 2, out);
    out.push('-');
    push_digits(day.into(), 2, out);
}

/// Adds a number of at most `width` digits with zeros in front of it.
#[inline]
pub fn push_digits(number: u64, width: usize, out: &mut String) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(number);
    for _ in digits.len()..width {
        out.push('0');
    }
    out.push_str(digits);
}

/// Adds a time as `08:05:30`; a fraction has `digits` digits, or more if it needs them.
fn push_time(microseconds: i64, digits: usize, out: &mut String) {
    let seconds = microseconds.div_euclid(1_000_000);
    let fraction = microseconds.rem_euclid(1_000_000);
    // Times of cells are within a day; any other time takes the slower way.
    if !(0..86_400).contains(&seconds) {
        let _ = write!(out, "{:02}", seconds / 3600);
    } else {
        push_digits((seconds / 3600) as u64, 2, out);
    }
    for part in [seconds / 60 % 60, seconds % 60] {
        out.push(':');
        push_digits(part.unsigned_abs(), 2, out);
    }
    if fraction != 0 {
        out.push('.');
        if digits == 3 && fraction % 1000 == 0 {
            push_digits((fraction / 1000) as u64, 3, out);
        } else {
            push_digits(fraction as u64, 6, out);
        }
    }
}

/// Adds a duration as polars prints it: `1d 6h 5m`, each part with the sign.
fn push_polars_duration(microseconds: i64, out: &mut String) {
    let start = out.len();
    let mut rest = microseconds;
    let sizes = [86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000];
    for (size, unit) in sizes.into_iter().zip(['d', 'h', 'm', 's']) {
        if rest / size != 0 {
            let _ = write!(out, "{}{unit} ", rest / size);
        }
        rest %= size;
    }
    if rest != 0 && rest % 1000 == 0 {
        let _ = write!(out, "{}ms", rest / 1000);
    } else if rest != 0 || out.len() == start {
        let _ = write!(out, "{rest}µs");
    }
    out.truncate(out.trim_end_matches(' ').len());
}

/// Adds a duration as Python's `str` prints it: `-1 day, 23:45:00`.
fn push_python_duration(microseconds: i64, out: &mut String) {
    let days = microseconds.div_euclid(DAY_MICROSECONDS);
    if days != 0 {
        let plural = if days.abs() == 1 { "" } else { "s" };
        let _ = write!(out, "{days} day{plural}, ");
    }
    let mut time = String::new();
    push_time(microseconds.rem_euclid(DAY_MICROSECONDS), 6, &mut time);
    out.push_str(time.strip_prefix('0').unwrap_or(&time));
}

fn push_date_time(microseconds: i64, separator: char, digits: usize, out: &mut String) {
    push_date(microseconds.div_euclid(DAY_MICROSECONDS), out);
    out.push(separator);
    push_time(microseconds.rem_euclid(DAY_MICROSECONDS), digits, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn floats_look_as_in_python() {
        for (value, text) in [
            (2.5, "2.5"), (5_551_234.0, "5551234.0"), (1e20, "1e+20"), (1e16, "1e+16"), (1e15, "1000000000000000.0"),
            (1.25e-7, "1.25e-07"), (1e-4, "0.0001"), (-0.0, "-0.0"), (1.797e308, "1.797e+308"),
            (0.000_012_5, "1.25e-05"), (-0.000_01, "-1e-05"), (-(953_934_412_430_035.0 + 0.25), "-953934412430035.2"),
            (12_345_678_901_234_567.0, "1.2345678901234568e+16"), (5e-324, "5e-324"),
        ] {
            let mut out = String::new();
            push_python_float(value, &mut out);
            assert_eq!(out, text);
        }
    }
}
