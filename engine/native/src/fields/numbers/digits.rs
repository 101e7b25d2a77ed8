//! Reads the digits of one number: groups with marks between them, and their meaning with each decimal mark.

use crate::words::cut::{CutText, DIGITS, SPACE, WORD};

/// The decimal marks, in the order of [`Amount::meanings`].
pub const MARKS: [u8; 2] = [b'.', b','];

/// The meaning of a cell with one decimal mark.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Meaning {
    pub value: f64,
    /// The mark between groups of thousands; 0 if there is none.
    pub grouping: u8,
    /// Whether groups have two digits, as in 12,34,567.
    pub is_indian: bool,
}

/// A cell that may be a number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Amount {
    /// The meanings with a decimal point and with a decimal comma.
    pub meanings: [Option<Meaning>; 2],
    /// The currency's position in the table of currencies, plus one; 0 if there is no currency, or the table lacks it.
    pub currency: u16,
    pub has_currency: bool,
    pub is_percent: bool,
    /// Whether the cell names a side of an account: "12.50 CR", "12,50 Soll". An owed amount is negative.
    pub has_side: bool,
    /// Whether more than four digits precede the first point or comma, without a separator.
    pub has_long_head: bool,
    /// The number of digits, if the cell has digits (and blanks) only; else 0.
    pub plain_digits: u8,
    /// Whether the cell has digits only, without blanks.
    pub is_plain: bool,
    pub ends_in_zero: bool,
    pub commas: u8,
    /// Whether the number has an exponent: "1.23E+11".
    pub has_exponent: bool,
}

const MAX_DIGIT_GROUPS: usize = 12;

/// Groups of digits, and the marks behind them.
#[derive(Default)]
pub(super) struct DigitGroups {
    digits: [u8; 32],
    lengths: [u8; MAX_DIGIT_GROUPS],
    pub(super) marks: [u8; MAX_DIGIT_GROUPS],
    pub(super) count: usize,
    stop: usize,
    exponent: i32,
    has_exponent: bool,
}

impl DigitGroups {
    pub(super) fn group(&mut self, digits: &str) -> Option<()> {
        self.group_of(digits.as_bytes())
    }

    pub(super) fn group_of(&mut self, digits: &[u8]) -> Option<()> {
        if self.count == MAX_DIGIT_GROUPS || self.stop + digits.len() > self.digits.len() {
            return None;
        }
        self.digits[self.stop..self.stop + digits.len()].copy_from_slice(digits);
        self.stop += digits.len();
        self.lengths[self.count] = digits.len() as u8;
        self.count += 1;
        Some(())
    }

    /// Takes the digits and marks from one token to another, which both are digits. Returns whether they end in an exponent;
    /// none if they are no single number.
    pub(super) fn take(&mut self, cut: &CutText, first: usize, last: usize) -> Option<bool> {
        let mut expects_digits = true;
        for at in first..=last {
            let token = cut.tokens()[at];
            match token.kind {
                DIGITS if expects_digits => {
                    self.group(cut.text(token))?;
                    expects_digits = false;
                }
                WORD if !expects_digits && cut.text(token) == "e" => {
                    self.exponent(cut, at + 1, last)?;
                    return Some(true);
                }
                // A gap separates two values.
                SPACE if cut.is_gap(token) => return None,
                b'.' | b',' | b'\'' | SPACE if !expects_digits => {
                    self.marks[self.count - 1] = token.kind;
                    expects_digits = true;
                }
                _ => return None,
            }
        }
        Some(false)
    }

    fn exponent(&mut self, cut: &CutText, start: usize, last: usize) -> Option<()> {
        let tokens = &cut.tokens()[start..=last];
        let (sign, digits) = match tokens {
            [digits] => (1, digits),
            [sign, digits] if sign.kind == b'+' => (1, digits),
            [sign, digits] if sign.kind == b'-' => (-1, digits),
            _ => return None,
        };
        let power: i32 = (digits.kind == DIGITS).then(|| cut.text(*digits).parse().ok())??;
        if power > 15 {
            return None;
        }
        self.exponent = sign * power;
        self.has_exponent = true;
        Some(())
    }

    /// Returns whether the digits are written like money: with cents, or with separated thousands.
    pub(super) fn looks_like_money(&self) -> bool {
        self.count > 1 && matches!(self.lengths[self.count - 1], 2 | 3)
    }

    /// Returns the number of digits without leading zeros.
    pub(super) fn significant(&self) -> usize {
        let digits = &self.digits[..self.stop];
        self.stop - digits.iter().take_while(|digit| **digit == b'0').count()
    }

    pub(super) fn meaning(&self, decimal: u8, is_negative: bool, shift: i32) -> Option<Meaning> {
        let marks = &self.marks[..self.count - 1];
        let has_fraction = marks.last() == Some(&decimal);
        let between = &marks[..marks.len() - usize::from(has_fraction)];
        let whole = &self.lengths[..self.count - usize::from(has_fraction)];
        // Programs that write exponents do not separate thousands.
        if self.has_exponent && !between.is_empty() {
            return None;
        }
        if between.contains(&decimal) || between.iter().any(|mark| *mark != between[0]) {
            return None;
        }
        let inner = &whole[1..];
        let is_indian = inner.len() > 1
            && between[0] == b','
            && inner[..inner.len() - 1].iter().all(|length| *length == 2)
            && inner[inner.len() - 1] == 3
            && whole[0] < 3;
        // 0.123 has no thousands; 007 is a code.
        let starts_with_zero =
            self.digits[0] == b'0' && (!between.is_empty() || whole[0] > 1 && !has_fraction);
        if starts_with_zero
            || !between.is_empty() && whole[0] > 3
            || !is_indian && inner.iter().any(|length| *length != 3)
        {
            return None;
        }
        let fraction = if has_fraction {
            i32::from(self.lengths[self.count - 1])
        } else {
            0
        };
        Some(Meaning {
            value: self.value(self.exponent + shift - fraction, is_negative),
            grouping: between.first().copied().unwrap_or(0),
            is_indian,
        })
    }

    /// Returns the digits times a power of ten, as the nearest float.
    fn value(&self, power: i32, is_negative: bool) -> f64 {
        let digits = &self.digits[..self.stop];
        let whole = digits.iter().fold(0u64, |whole, digit| {
            whole
                .saturating_mul(10)
                .saturating_add((digit - b'0').into())
        });
        let value = match power {
            // Both sides are exact, so that the result is the nearest float.
            -22..=0 if whole < 1 << 53 => whole as f64 / 10f64.powi(-power),
            1..=22 if whole < 1 << 53 => whole as f64 * 10f64.powi(power),
            _ => format!("{}e{power}", String::from_utf8_lossy(digits))
                .parse()
                .unwrap_or(f64::NAN),
        };
        if is_negative && value != 0.0 {
            -value
        } else {
            value
        }
    }

    pub(super) fn describe(&self, amount: &mut Amount) {
        let marks = &self.marks[..self.count - 1];
        let parts_nothing = |mark: &u8| matches!(mark, b'.' | b',');
        amount.has_long_head = self.lengths[0] > 4 && marks.first().is_none_or(parts_nothing);
        amount.is_plain = marks.is_empty() && self.exponent == 0;
        if marks.iter().all(|mark| *mark == SPACE) && !amount.has_exponent {
            amount.plain_digits = self.stop.min(255) as u8;
        }
        amount.ends_in_zero = self.digits[self.stop - 1] == b'0';
        amount.commas = marks.iter().filter(|mark| **mark == b',').count() as u8;
    }
}

/// Returns whether a program cut a number down to few digits: "1.23E+11".
pub fn has_lost_digits(text: &str) -> bool {
    let text = text.trim().as_bytes();
    let Some(at) = text.iter().position(|byte| matches!(byte, b'E' | b'e')) else {
        return false;
    };
    let (mantissa, exponent) = (&text[..at], &text[at + 1..]);
    // "3E12" may well be a code: programs write a sign or decimals.
    if exponent.first() != Some(&b'+') && mantissa.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let exponent = exponent.strip_prefix(b"+").unwrap_or(exponent);
    let digits = mantissa.iter().filter(|byte| byte.is_ascii_digit()).count();
    (1..=2).contains(&exponent.len())
        && exponent.iter().all(u8::is_ascii_digit)
        && mantissa.first().is_some_and(u8::is_ascii_digit)
        && mantissa
            .iter()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
        && (mantissa.len() == digits && digits == 1 || mantissa.len() == digits + 1)
        && exponent
            .iter()
            .fold(0, |all, digit| all * 10 + usize::from(digit - b'0'))
            + 1
            > digits
}

/// Returns the same for a number behind letters, which a formula put before it: "CZ7.70101E+09". The number needs a mark and a
/// plus sign, because many codes have letters and digits.
pub fn has_lost_digits_behind_letters(text: &str) -> bool {
    let number = text
        .trim()
        .trim_start_matches(|c: char| c.is_ascii_alphabetic());
    number.len() < text.trim().len()
        && number.contains(['.', ','])
        && number.contains('+')
        && has_lost_digits(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_a_program_has_shortened() {
        for text in ["1.23E+11", "4,56E+12", "1e+20", "9.78014E+12"] {
            assert!(has_lost_digits(text), "{text}");
        }
        for text in [
            "12E4X", "1E5", "3E12", "1e20", "A1E5", "E12", "1.5", "123E4", "12345",
        ] {
            assert!(!has_lost_digits(text), "{text}");
        }
    }
}
