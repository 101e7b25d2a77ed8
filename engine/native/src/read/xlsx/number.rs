//! Parses the numbers of a sheet, and makes cells of them.

use super::number_format::NumberKind;
use crate::cells::serial_date::{duration_from_serial, from_serial};
use crate::cells::{Epoch, SheetCell};

/// The maximum number of days that a format with hours shows as elapsed time; more days are the date of a moment.
pub const MAX_ELAPSED_DAYS: f64 = 1000.0;

/// Parses a number in the common forms. Returns `None` for any other text.
#[inline]
pub fn number_cell(raw: &[u8], kind: NumberKind, epoch: Epoch) -> Option<SheetCell> {
    let (negative, digits) = match raw.first() {
        Some(b'-') => (true, &raw[1..]),
        _ => (false, raw),
    };
    if digits.is_empty() {
        return None;
    }
    // Up to 18 digits without point or exponent are an integer that fits.
    if digits.len() <= 18 {
        let mut number = 0i64;
        let mut whole = true;
        for &byte in digits {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                whole = false;
                break;
            }
            number = number * 10 + i64::from(digit);
        }
        if whole {
            let number = if negative { -number } else { number };
            return match kind {
                NumberKind::Number => Some(SheetCell::integer(number)),
                _ => styled(number as f64, kind, epoch),
            };
        }
    }
    // Python reads any number with a point or an exponent as a float, and refuses some forms that Rust accepts.
    let mut has_point = false;
    for &byte in digits {
        match byte {
            b'0'..=b'9' | b'+' | b'-' => {}
            b'.' | b'e' | b'E' => has_point = true,
            _ => return None,
        }
    }
    let text = std::str::from_utf8(raw).ok()?;
    if !has_point {
        let number: i64 = text.parse().ok()?;
        return match kind {
            NumberKind::Number => Some(SheetCell::integer(number)),
            _ => styled(number as f64, kind, epoch),
        };
    }
    styled(text.parse().ok()?, kind, epoch)
}

/// Returns the cell for a number in a format of this kind, or `None` if the number exceeds the range of dates.
#[inline]
pub fn styled(number: f64, kind: NumberKind, epoch: Epoch) -> Option<SheetCell> {
    match kind {
        NumberKind::Number => Some(SheetCell::float(number)),
        NumberKind::Date => from_serial(number, epoch),
        NumberKind::Duration => duration_from_serial(number),
        // A moment stays a moment, even if its date is not shown.
        NumberKind::Time if (1.0..MAX_ELAPSED_DAYS).contains(&number) => {
            duration_from_serial(number)
        }
        NumberKind::Time => from_serial(number, epoch),
    }
}

/// Returns whether the text is a whole number of any size, with or without a sign.
pub fn is_whole_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parses a number of up to nine digits. Returns `None` for any other text.
#[inline]
pub fn parse_unsigned(raw: &[u8]) -> Option<usize> {
    if raw.is_empty() || raw.len() > 9 {
        return None;
    }
    let mut number = 0usize;
    for &byte in raw {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + usize::from(digit);
    }
    Some(number)
}

/// Parses the `r` attribute of a row, which some programs write as a float.
pub fn row_number(raw: &[u8]) -> Option<usize> {
    parse_unsigned(raw).or_else(|| {
        let text = std::str::from_utf8(raw).ok()?.trim();
        if let Ok(number) = text.parse::<u64>() {
            return usize::try_from(number).ok();
        }
        let number = text.parse::<f64>().ok()?;
        (number.fract() == 0.0 && (0.0..1e15).contains(&number)).then_some(number as usize)
    })
}
