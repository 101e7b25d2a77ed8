//! Reads phone numbers.

use super::checksum::luhn_sum;
use super::country::Country;
use super::no_phone::{MIN_PHONE_DIGITS, NO_PHONES, are_several, is_place};
use crate::words::cut::{CutText, DIGITS, SPACE, TextToken, WORD};
use crate::words::data::{LISTS, WordList};

/// The reason why a text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPhone {
    Other,
    Several,
    TooShort,
    TooLong,
    /// The country that the reader was given has no such number.
    OfNoCountry,
}

/// The maximum number of digits in a number with its country (ITU-T E.164).
const MAX_PHONE_DIGITS: usize = 15;
/// The maximum number of digits in a number without a country and without the zero that is dialled before it: cards of 14 and
/// 15 digits are no phones.
const MAX_PLAIN_PHONE_DIGITS: usize = 13;

/// Returns whether a text lists several numbers: "555-1234567 / 555-7654321". Joined, they would be a number that nobody has.
pub fn has_several_phones(text: &str) -> bool {
    const BETWEEN: [char; 7] = ['\n', '\r', '/', ',', ';', '|', '&'];
    if !text.bytes().any(|byte| BETWEEN.contains(&char::from(byte))) {
        return false;
    }
    let parts = text.split(BETWEEN);
    let is_number =
        |part: &&str| part.chars().filter(char::is_ascii_digit).count() >= MIN_PHONE_DIGITS;
    parts.filter(is_number).count() > 1
}

/// The style of a number, as far as it shows the country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneStyle {
    /// As in North America: `(555) 123-4567`, `+1 555 123 4567`.
    American,
    /// Ten digits that may be a number of North America or of anywhere else: `5551234567`, `555 123 4567`.
    Open,
    /// As elsewhere: with another country, a zero in front, or a number of digits or parts that no number of North America has.
    Elsewhere,
    /// Too few digits to decide: `5551234`.
    Unsaid,
}

/// Adds the number in a text that is written as most people in North America write theirs: `(555) 123-4567`, or with one mark
/// between its three parts. `false` leaves any other text to [`push_phone`], which gives the same result for these texts.
pub fn push_plain_phone(text: &str, out: &mut String) -> bool {
    let bytes = text.as_bytes();
    let (area, middle, last) = match bytes {
        [
            b'(',
            area @ ..,
            b')',
            b' ',
            m0,
            m1,
            m2,
            b'-',
            l0,
            l1,
            l2,
            l3,
        ] if area.len() == 3 => (area, [*m0, *m1, *m2], [*l0, *l1, *l2, *l3]),
        [area @ .., first, m0, m1, m2, second, l0, l1, l2, l3]
            if area.len() == 3 && first == second && matches!(first, b'-' | b'.') =>
        {
            (area, [*m0, *m1, *m2], [*l0, *l1, *l2, *l3])
        }
        _ => return false,
    };
    let mut digits = area.iter().chain(&middle).chain(&last);
    if !has_exchange(area, middle[0]) || !digits.all(u8::is_ascii_digit) {
        return false;
    }
    push_parts([area, &middle, &last], out);
    true
}

/// Adds the parts of a number with hyphens between them, as in North America.
fn push_parts(parts: [&[u8]; 3], out: &mut String) {
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            out.push('-');
        }
        push_digits(part, out);
    }
}

fn push_digits(digits: &[u8], out: &mut String) {
    out.extend(digits.iter().map(|digit| char::from(*digit)));
}

/// Codes of countries with the trunk prefix 0, which people put in brackets with the area behind it: "+49 (030)".
const WITH_TRUNK_IN_BRACKETS: &[&[u8]] = &[b"49", b"41", b"43", b"44"];

/// Returns whether an area of three digits and the first digit of the exchange behind it can belong to a number of North
/// America. Nobody has the area 555: it is used in examples, with any exchange.
fn has_exchange(area: &[u8], exchange: u8) -> bool {
    area[0] >= b'2' && (exchange >= b'2' || area == b"555")
}

/// Returns whether ten digits may be a number of North America, by the areas that exist there.
fn may_be_american(digits: &[u8]) -> bool {
    has_exchange(&digits[..3], digits[3]) && digits[1] != b'9' && digits[1..3] != *b"11"
}

/// Adds the number in a text in one form, whatever separates its digits: with a country "+442079460958", of North America
/// "555-123-4567", any other as its digits. An extension follows as " x8". `open_is_american`: whether a number that is
/// [`PhoneStyle::Open`] is one of North America.
///
/// # Errors
/// The text contains something else, or it has too few or too many digits.
pub fn push_phone(
    cut: &CutText,
    open_is_american: bool,
    is_strict: bool,
    out: &mut String,
) -> Result<PhoneStyle, NoPhone> {
    let phone = Phone::from_cut(cut, is_strict)?;
    let written = phone.written();
    if written == PhoneStyle::American || written == PhoneStyle::Open && open_is_american {
        let home = phone.home();
        push_parts([&home[..3], &home[3..6], &home[6..]], out);
    } else {
        phone.push_whole(out);
    }
    phone.push_extension(out);
    Ok(written)
}

/// Adds the number in a text as it is dialled from abroad ("+4930123456"). A number without a country belongs to `country`.
///
/// # Errors
/// The text contains something else, it has too few or too many digits, or the country has no such number.
pub fn push_phone_of(
    country: Country,
    cut: &CutText,
    is_strict: bool,
    out: &mut String,
) -> Result<(), NoPhone> {
    let phone = Phone::from_cut(cut, is_strict)?;
    if phone.has_plus {
        phone.push_whole(out);
    } else {
        let digits = String::from_utf8_lossy(phone.digits());
        if !country.push_international(&digits, out) {
            return Err(NoPhone::OfNoCountry);
        }
    }
    phone.push_extension(out);
    Ok(())
}

/// A style, and the condition under which a number has it.
type PhoneStyleRule = (PhoneStyle, fn(&Phone<'_>) -> bool);

/// The styles; the first one whose condition holds counts.
const WAYS: [PhoneStyleRule; 8] = [
    // Without a plus, a number of China begins with 1, too: "138 1234 5678".
    (PhoneStyle::American, |phone| {
        phone.has_one_before_home() && (phone.has_plus || phone.is_in_parts(&[1, 3, 3, 4]))
    }),
    (PhoneStyle::Unsaid, |phone| {
        phone.count == 11 && phone.digits[0] == b'1' && !phone.has_plus
    }),
    // With another country, or with the zero that is dialled within a country.
    (PhoneStyle::Elsewhere, |phone| {
        phone.has_plus || phone.digits[0] == b'0'
    }),
    (PhoneStyle::Unsaid, |phone| phone.count == 7),
    (PhoneStyle::Elsewhere, |phone| {
        phone.count != 10 || phone.digits[0] == b'1'
    }),
    // "(555) 123-4567", "555.123.4567"; "347-123-4567" is from elsewhere.
    (PhoneStyle::American, |phone| {
        phone.is_in_parts(&[3, 3, 4])
            && phone.has_mark()
            && has_exchange(&phone.digits()[..3], phone.digits()[3])
    }),
    // "5551234567", "555 123 4567"
    (PhoneStyle::Open, |phone| {
        let is_usual = phone.parts == 1
            || phone.is_in_parts(&[3, 3, 4])
            || phone.is_in_parts(&[3, 7])
            || phone.is_in_parts(&[6, 4]);
        is_usual && may_be_american(phone.digits())
    }),
    (PhoneStyle::Elsewhere, |_| true),
];

/// Words that may precede a number.
static LABELS: WordList = WordList::new(|| LISTS.words("labels of phones"));
/// Words that precede an extension.
static BEFORE_EXTENSION: WordList = WordList::new(|| LISTS.words("before extensions"));

/// A number, and how it is written.
struct Phone<'a> {
    cut: &'a CutText,
    tokens: &'a [TextToken],
    /// The position of its first digits if they begin with "00", which means a plus.
    zeros_at: Option<usize>,
    /// Whether other kinds of numbers, and Italy's zero, are recognized.
    is_strict: bool,
    digits: [u8; 24],
    count: usize,
    /// The lengths of its first parts, and the number of its parts.
    lengths: [usize; 4],
    parts: usize,
    has_plus: bool,
    extension: Option<&'a str>,
}

impl<'a> Phone<'a> {
    fn from_cut(cut: &'a CutText, is_strict: bool) -> Result<Self, NoPhone> {
        // Only a phone number begins with a plus.
        let may_be_other = cut.tokens().first().is_none_or(|first| !is_plus(first));
        if may_be_other && (NO_PHONES.iter().any(|is_it| is_it(cut)) || is_strict && is_place(cut))
        {
            return Err(NoPhone::Other);
        }
        let tokens = without_decimal(cut);
        let zeros_at = zeros_for_plus(cut, tokens);
        if are_several(cut, zeros_at.is_some() || tokens.iter().any(is_plus)) {
            return Err(NoPhone::Several);
        }
        let mut phone = Self {
            cut,
            tokens,
            zeros_at,
            is_strict,
            digits: [0; 24],
            count: 0,
            lengths: [0; 4],
            parts: 0,
            has_plus: false,
            extension: None,
        };
        let mut at = 0;
        while at < tokens.len() {
            at = phone.take(at)?;
        }
        match phone.count {
            _ if phone.digits().iter().all(|digit| *digit == b'0') => Err(NoPhone::Other),
            _ if is_strict && phone.is_numbered() => Err(NoPhone::Other),
            ..MIN_PHONE_DIGITS => Err(NoPhone::TooShort),
            MIN_PHONE_DIGITS..=MAX_PLAIN_PHONE_DIGITS => Ok(phone),
            ..=MAX_PHONE_DIGITS if phone.has_plus || phone.digits[0] == b'0' => Ok(phone),
            _ => Err(NoPhone::TooLong),
        }
    }

    /// Takes the token at a position and the tokens that belong to it; returns the position behind them.
    fn take(&mut self, at: usize) -> Result<usize, NoPhone> {
        let token = self.tokens[at];
        match token.kind {
            DIGITS => self.take_digits(at)?,
            b'+' if self.count == 0 && !self.has_plus => self.has_plus = true,
            b'(' if self.is_trunk_prefix(at) => {
                // Without a country it is not known whether the zero is dialled.
                if !self.has_plus || self.count == 0 {
                    return Err(NoPhone::Other);
                }
                if self.is_strict && self.digits() == b"39" {
                    // In Italy the zero is dialled from everywhere.
                    (self.digits[self.count], self.count) = (b'0', self.count + 1);
                }
                return Ok(at + 3);
            }
            SPACE | b'-' | b'.' | b'/' | b'(' | b')' | b',' | b':' => {}
            WORD | b'#' if self.count > 0 => {
                self.extension = Some(self.extension_at(at).ok_or(NoPhone::Other)?);
                return Ok(self.tokens.len());
            }
            WORD if LABELS.contains(&self.cut.text(token)) => {}
            _ => return Err(NoPhone::Other),
        }
        Ok(at + 1)
    }

    fn take_digits(&mut self, at: usize) -> Result<(), NoPhone> {
        let mut text = self.cut.text(self.tokens[at]);
        if self.zeros_at == Some(at) {
            self.has_plus = true;
            text = &text[2..];
        }
        let is_in_bracket = at > 0 && self.tokens[at - 1].kind == b'(';
        if self.has_plus && is_in_bracket && WITH_TRUNK_IN_BRACKETS.contains(&self.digits()) {
            text = text.strip_prefix('0').unwrap_or(text);
        }
        if let Some(length) = self.lengths.get_mut(self.parts) {
            *length = text.len();
        }
        self.parts += 1;
        for digit in text.bytes() {
            *self.digits.get_mut(self.count).ok_or(NoPhone::TooLong)? = digit;
            self.count += 1;
        }
        Ok(())
    }

    /// Returns whether a bracket holds a zero that is not dialled from abroad: "+44 (0)20".
    fn is_trunk_prefix(&self, at: usize) -> bool {
        matches!(&self.tokens[at..], [_, zero, close, ..]
            if zero.kind == DIGITS && self.cut.text(*zero) == "0" && close.kind == b')')
    }

    /// Returns the extension that a word introduces; none if the text contains anything else.
    fn extension_at(&self, at: usize) -> Option<&'a str> {
        let mut rest = self.tokens[at + 1..]
            .iter()
            .filter(|token| !matches!(token.kind, SPACE | b'.' | b':' | b'#'));
        let digits = rest.next().filter(|token| token.kind == DIGITS)?;
        let digits = self.cut.text(*digits);
        let is_it = BEFORE_EXTENSION.contains(&self.cut.text(self.tokens[at]))
            && rest.next().is_none()
            && digits.len() <= 6;
        is_it.then_some(digits)
    }

    /// Returns whether the number is of another kind, by its parts and its check digit.
    fn is_numbered(&self) -> bool {
        let digit = |at: usize| u32::from(self.digits[at] - b'0');
        let sum = |count: usize, weight: &dyn Fn(usize) -> u32| {
            (0..count).map(|at| weight(at) * digit(at)).sum::<u32>()
        };
        if self.has_plus && self.zeros_at.is_none() {
            return false;
        }
        let is_whole = self.parts == 1;
        match self.count {
            // ISSN: "0378-5955"
            8 if self.is_in_parts(&[4, 4]) && self.has_mark() => {
                sum(8, &|at| 8 - at as u32).is_multiple_of(11)
            }
            // A number of an Italian company, which seems to begin with the zeros of another country: "00743110157"
            9 if is_whole && self.zeros_at.is_some() => luhn_sum(self.digits()).is_multiple_of(10),
            // "123-45-6789" of the United States
            9 => self.is_in_parts(&[3, 2, 4]) && self.has_mark(),
            // "12/345/67890" of Germany
            10 | 11
                if self.parts == 3
                    && self
                        .tokens
                        .iter()
                        .filter(|token| token.kind == b'/')
                        .count()
                        == 2 =>
            {
                matches!(self.lengths[..3], [2, 3, 5] | [3, 3, 5] | [3, 4, 4])
            }
            // ISBN: "0-306-40615-2"
            10 if self.parts == 4 && self.has_mark() && self.lengths[3] == 1 => {
                sum(10, &|at| 10 - at as u32).is_multiple_of(11)
            }
            // EAN and ISBN
            13 if self.digits[0] != b'0' && (is_whole || self.digits().starts_with(b"97")) => {
                sum(13, &|at| 1 + 2 * (at as u32 % 2)).is_multiple_of(10)
            }
            _ => false,
        }
    }

    fn push_whole(&self, out: &mut String) {
        if self.has_plus {
            out.push('+');
        }
        push_digits(self.digits(), out);
    }

    fn push_extension(&self, out: &mut String) {
        if let Some(extension) = self.extension {
            out.push_str(" x");
            out.push_str(extension);
        }
    }

    fn digits(&self) -> &[u8] {
        &self.digits[..self.count]
    }

    /// Returns the last ten digits: those of a number of North America without its country.
    fn home(&self) -> &[u8] {
        &self.digits[self.count - 10..self.count]
    }

    fn has_one_before_home(&self) -> bool {
        self.count == 11 && self.digits[0] == b'1' && self.home()[0] >= b'2'
    }

    fn is_in_parts(&self, lengths: &[usize]) -> bool {
        self.parts == lengths.len() && self.lengths.starts_with(lengths)
    }

    /// Returns whether its parts are separated by more than blanks.
    fn has_mark(&self) -> bool {
        let is_mark = |token: &TextToken| matches!(token.kind, b'-' | b'.' | b'/' | b'(');
        self.tokens.iter().any(is_mark)
    }

    fn written(&self) -> PhoneStyle {
        let way = WAYS.iter().find(|(_, holds)| holds(self));
        way.map_or(PhoneStyle::Elsewhere, |(written, _)| *written)
    }
}

fn is_plus(token: &TextToken) -> bool {
    token.kind == b'+'
}

/// Returns the tokens without the decimal that a program adds when it writes a number as a float: "5551234567.0",
/// "+4930123456.0".
fn without_decimal(cut: &CutText) -> &[TextToken] {
    match cut.tokens() {
        [before @ .., digits, point, zero]
            if (digits.kind, point.kind, cut.text(*zero)) == (DIGITS, b'.', "0")
                && cut.text(*digits).len() > 3 =>
        {
            &cut.tokens()[..=before.len()]
        }
        tokens => tokens,
    }
}

/// Returns the position of the first digits if they begin with "00" in place of a plus.
fn zeros_for_plus(cut: &CutText, tokens: &[TextToken]) -> Option<usize> {
    let is_digits = |token: &TextToken| token.kind == DIGITS;
    let first = tokens.iter().position(is_digits)?;
    if !cut.text(tokens[first]).starts_with("00") || tokens[..first].iter().any(is_plus) {
        return None;
    }
    let digits = tokens.iter().filter(|token| is_digits(token));
    let count: usize = digits.map(|token| cut.text(*token).len()).sum();
    (count > MIN_PHONE_DIGITS + 3).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn numbers_of_other_kinds_are_no_phones() {
        let mut cut = CutText::default();
        let mut of = |text: &str| {
            let mut out = String::new();
            assert!(cut.cut(text));
            push_phone(&cut, false, true, &mut out).ok().map(|_| out)
        };
        for text in [
            "0378-5955", "4006381333931", "978-3-16-148410-0", "52.5200, 13.4050", "48.8566,2.3522", "52.520008",
            "12/345/67890", "123-45-6789", "-33.8688 151.2093", "0-306-40615-2", "00743110157",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        // With another letter or digit, these may be phone numbers.
        for (text, wanted) in [
            ("0378-5956", "03785956"), ("4006381333932", "4006381333932"), ("06 1234567", "061234567"),
            ("+39 (0)6 1234567", "+39061234567"), ("+49 (0)30 123456", "+4930123456"), ("030.123456", "030123456"),
            ("089.1234567", "0891234567"), ("+4006381333931", "+4006381333931"),
        ] {
            assert_eq!(of(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn plain_phones_are_the_same_either_way() {
        let mut cut = CutText::default();
        let mut agreed = 0;
        for area in ["555", "212", "055", "155", "999", "5a5", "55"] {
            for middle in ["123", "000", "999", "234", "12"] {
                for last in ["4567", "0000", "99", "45678"] {
                    for (a, b, c) in [
                        ("(", ") ", "-"), ("", "-", "-"), ("", ".", "."), ("", " ", " "), ("", "", ""),
                        ("", "/", "/"), ("", "-", "."), ("(", ")", "-"), ("+", " ", " "),
                    ] {
                        let text = format!("{a}{area}{b}{middle}{c}{last}");
                        let mut plain = String::new();
                        if push_plain_phone(&text, &mut plain) {
                            let mut full = String::new();
                            assert!(!has_several_phones(&text) && cut.cut(&text));
                            let written = push_phone(&cut, false, false, &mut full);
                            assert_eq!(written, Ok(PhoneStyle::American), "{text}");
                            assert_eq!(plain, full, "{text}");
                            agreed += 1;
                        }
                    }
                }
            }
        }
        assert!(agreed > 45);
    }

    #[rustfmt::skip]
    #[test]
    fn phones() {
        let phone = |text: &str| {
            let mut cut = CutText::default();
            let mut out = String::new();
            cut.cut(text);
            push_phone(&cut, true, false, &mut out).map(|_| out)
        };
        for (text, wanted) in [
            ("(555) 123-4567 ext. 8", "555-123-4567 x8"), ("+1 555 123 4567", "555-123-4567"),
            ("1-555-123-4567", "555-123-4567"), ("+44 20 7946 0958", "+442079460958"),
            ("+44 (0)20 7946 0958", "+442079460958"), ("0044 20 7946 0958", "+442079460958"),
            ("030 123456", "030123456"), ("06 12 34 56 78", "0612345678"), ("5551234", "5551234"),
            ("5551234567.0", "555-123-4567"), ("+49301234567.0", "+49301234567"),
            ("+1 (212) 555-0123.0", "212-555-0123"), ("+49/30/123456", "+4930123456"), ("13812345678", "13812345678"),
            ("138 1234 5678", "13812345678"), ("+86 138 1234 5678", "+8613812345678"),
            ("+15551234567", "555-123-4567"), ("0049 (0) 30 123456", "+4930123456"),
            ("00 49 30 123456", "+4930123456"), ("+49 (030) 123456", "+4930123456"),
            ("+39 (06) 1234567", "+39061234567"), ("(030) 123456", "030123456"), ("+49 36203/12345", "+493620312345"),
            ("0171/1234567", "01711234567"), ("555  123 4567", "555-123-4567"),
            ("555-123-4567, ext. 12", "555-123-4567 x12"),
        ] {
            assert_eq!(phone(text).as_deref(), Ok(wanted), "{text}");
        }
        for text in [
            "5551234 5551235", "555-1234   555-1235", "555-1234\t555-1235", "555-123-4567 / 4568", "030 1234567/8",
        ] {
            assert_eq!(phone(text), Err(NoPhone::Several), "{text}");
        }
        assert_eq!(phone("12345"), Err(NoPhone::TooShort));
        assert_eq!(phone("12345678901234567"), Err(NoPhone::TooLong));
        for text in ["378282246310005", "3056 930902 5904"] {
            assert_eq!(phone(text), Err(NoPhone::TooLong), "{text}");
        }
        for text in [
            "1,234,567.89", "1.234.567,89", "1 234 567,89", "1'234'567", "1,234,567", "1.234.567", "(1,234,567.50)",
            "1234567.5", "0.1234567", "-1234567", "2025-0001234", "10/2025-00017", "20250131001", "n/a", "",
            "call Bob 5551234567", "555-1234 and 555-1235", "1.23E+11", "2025-01-31", "31.01.2025", "1/31/2025",
            "2025-01-31 14:30", "12 10 2025", "192.168.1.100", "0000000", "000-000-0000", "(0) 30 123456",
        ] {
            assert_eq!(phone(text), Err(NoPhone::Other), "{text}");
        }
        let written = |text: &str| {
            let mut cut = CutText::default();
            let mut out = String::new();
            cut.cut(text);
            push_phone(&cut, false, false, &mut out).map(|written| (written, out))
        };
        for (text, wanted, digits) in [
            ("(555) 123-4567", PhoneStyle::American, "555-123-4567"),
            ("1 555 123 4567", PhoneStyle::American, "555-123-4567"), ("5551234567", PhoneStyle::Open, "5551234567"),
            ("555 123 4567", PhoneStyle::Open, "5551234567"), ("9876543210", PhoneStyle::Open, "9876543210"),
            ("4930555000", PhoneStyle::Elsewhere, "4930555000"), ("2115551234", PhoneStyle::Elsewhere, "2115551234"),
            ("2120551234", PhoneStyle::Elsewhere, "2120551234"), ("98765 43210", PhoneStyle::Elsewhere, "9876543210"),
            ("20 7946 0958", PhoneStyle::Elsewhere, "2079460958"), ("+49 30 123456", PhoneStyle::Elsewhere, "+4930123456"),
            ("030 123456", PhoneStyle::Elsewhere, "030123456"), ("13812345678", PhoneStyle::Unsaid, "13812345678"),
            ("5551234", PhoneStyle::Unsaid, "5551234"),
        ] {
            assert_eq!(written(text), Ok((wanted, digits.to_owned())), "{text}");
        }
        for text in [
            "555-1234567 / 555-7654321",
            "5551234567, 5557654321",
            "0612345678\n0687654321",
        ] {
            assert!(has_several_phones(text), "{text}");
        }
        for text in ["+49/30/1234567", "555-1234567, 12", "0612345678"] {
            assert!(!has_several_phones(text), "{text}");
        }
    }
}
