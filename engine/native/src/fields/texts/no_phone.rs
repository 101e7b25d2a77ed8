//! Recognizes texts with enough digits that are no phone numbers.

use crate::fields::dates::day::{self, Day};
use crate::words::cut::{CutText, DIGITS, SPACE, TextToken, WORD};

/// The minimum number of digits in a phone number.
pub(super) const MIN_PHONE_DIGITS: usize = 7;

/// Returns whether a text is a day with its whole year, such as 2025-01-31 or 1/31/2025 14:30, whose digits are no phone
/// number.
fn is_day(cut: &CutText) -> bool {
    let mut lengths = cut
        .tokens()
        .iter()
        .filter(|token| token.kind == DIGITS)
        .map(|token| cut.text(*token).len());
    // Most phone numbers have parts that no day has: they need no further check.
    let may_be = (0..3).all(|_| matches!(lengths.next(), Some(1 | 2 | 4)));
    may_be
        && Day::from_cut(cut)
            .is_some_and(|day| day.long_year_at().is_some() && day::is_day(&day.days(0)))
}

/// Returns whether a text is an IP address, such as 192.168.1.100.
fn is_ip_address(cut: &CutText) -> bool {
    let tokens = cut.tokens();
    tokens.len() == 7
        && tokens.iter().enumerate().all(|(at, token)| {
            let text = cut.text(*token);
            if at % 2 == 1 {
                token.kind == b'.'
            } else {
                token.kind == DIGITS
                    && text.parse::<u8>().is_ok()
                    && (text == "0" || !text.starts_with('0'))
            }
        })
}

/// Returns whether a text is an amount: "1,234,567.89", "1234567.50", "1.234.567", "-1234567". Phone numbers have other marks
/// between their parts, or parts of other lengths.
fn is_amount(cut: &CutText) -> bool {
    let inner = match cut.tokens() {
        [minus, ..] if minus.kind == b'-' => return true,
        [open, inner @ .., close] if (open.kind, close.kind) == (b'(', b')') => inner,
        all => all,
    };
    let ([first, rest @ ..], [.., mark, last]) = (inner, inner) else {
        return false;
    };
    if !matches!(mark.kind, b'.' | b',' | b'\'') {
        return false;
    }
    let length = |token: &TextToken| cut.text(*token).len();
    let is_pair = |pair: &[TextToken]| {
        matches!(pair[0].kind, b'.' | b',' | b'\'' | SPACE) && pair[1].kind == DIGITS
    };
    let is_zero = cut.text(*first) == "0";
    if first.kind != DIGITS
        || cut.text(*first).starts_with('0') && !is_zero
        || rest.len() % 2 == 1
        || !rest.chunks_exact(2).all(is_pair)
    {
        return false;
    }
    let are_thousands = |pairs: &[TextToken]| {
        let is_one = |pair: &[TextToken]| pair[0].kind == pairs[0].kind && length(&pair[1]) == 3;
        length(first) <= 3 && pairs.chunks_exact(2).all(is_one)
    };
    let before = &rest[..rest.len() - 2];
    let has_decimals = mark.kind != b'\''
        && before.iter().all(|token| token.kind != mark.kind)
        && (before.is_empty() || are_thousands(before));
    let is_whole = match mark.kind {
        b'.' => length(first) < 3 && are_thousands(rest),
        _ => are_thousands(rest),
    };
    // "5551234567.0" is a whole number that a program wrote as a float.
    is_whole || has_decimals && (is_zero || length(last) <= 2 && cut.text(*last) != "0")
}

/// Returns whether a text is a geographic position, "52.5200, 13.4050", or one half of it.
pub(super) fn is_place(cut: &CutText) -> bool {
    let marks = |token: &&TextToken| matches!(token.kind, b',' | b';' | SPACE);
    let tokens: Vec<TextToken> = cut
        .tokens()
        .iter()
        .filter(|token| token.kind != b'-')
        .copied()
        .collect();
    let is_half = |half: &[TextToken]| match half {
        [degrees, point, rest] => {
            let (whole, parts) = (cut.text(*degrees), cut.text(*rest));
            (degrees.kind, point.kind, rest.kind) == (DIGITS, b'.', DIGITS)
                && whole.parse::<u16>().is_ok_and(|whole| whole <= 180)
                && (whole == "0" || !whole.starts_with('0'))
                && parts.len() > 3
        }
        _ => false,
    };
    match tokens.len() {
        3 => is_half(&tokens),
        7.. => {
            is_half(&tokens[..3])
                && is_half(&tokens[tokens.len() - 3..])
                && tokens[3..tokens.len() - 3]
                    .iter()
                    .all(|token| marks(&token))
        }
        _ => false,
    }
}

/// Returns whether a text is the number of an invoice or an order that begins with its year or its day: "2025-0001234",
/// "10/2025-00017", "20250131001".
fn is_numbered_by_year(cut: &CutText) -> bool {
    let tokens = cut.tokens();
    let Some(first) = tokens.first().map(|token| cut.text(*token)) else {
        return false;
    };
    let is_year = |text: &str| text.len() == 4 && ("1980".."2050").contains(&text);
    if !first.starts_with(|c: char| ('1'..='9').contains(&c)) {
        return false;
    }
    let is_of_year = |pair: &[TextToken]| {
        let [year, mark] = pair else { return false };
        year.kind == DIGITS && is_year(cut.text(*year)) && matches!(mark.kind, b'-' | b'/')
    };
    if let [_] = tokens {
        return first.len() > 10
            && is_year(&first[..4])
            && ("01".."13").contains(&&first[4..6])
            && ("01".."32").contains(&&first[6..8]);
    }
    tokens.windows(2).take(3).any(is_of_year)
}

/// The kinds of texts with enough digits that are no phone numbers.
pub(super) const NO_PHONES: [fn(&CutText) -> bool; 4] =
    [is_day, is_ip_address, is_amount, is_numbered_by_year];

/// Returns whether the digits of a text belong to several numbers: "5551234 5551235", "030 1234567/8".
pub(super) fn are_several(cut: &CutText, has_plus: bool) -> bool {
    // The country's digits are no number of their own: "+49 36203/12345" is one number.
    let least = if has_plus {
        MIN_PHONE_DIGITS + 2
    } else {
        MIN_PHONE_DIGITS
    };
    let (mut all, mut since_gap, mut longest, mut whole) = (0, 0, 0, 0);
    let mut before_mark = None;
    let mut is_parted = true;
    for token in cut.tokens() {
        match token.kind {
            DIGITS => {
                let length = cut.text(*token).len();
                all += length;
                since_gap += length;
                longest += usize::from(length >= MIN_PHONE_DIGITS && is_parted);
            }
            SPACE if cut.is_gap(*token) => {
                whole += usize::from(since_gap >= MIN_PHONE_DIGITS);
                since_gap = 0;
            }
            b'/' | b',' | b';' if all >= least && before_mark.is_none() => before_mark = Some(all),
            // An extension follows.
            WORD | b'#' if all > 0 => break,
            _ => {}
        }
        is_parted = token.kind == SPACE;
    }
    whole += usize::from(since_gap >= MIN_PHONE_DIGITS);
    longest > 1 || whole > 1 || before_mark.is_some_and(|before| (1..=6).contains(&(all - before)))
}
