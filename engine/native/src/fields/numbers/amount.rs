//! Reads one cell as a number: its sign, currency and marks, and its meaning with a decimal point or a decimal comma.

use std::sync::LazyLock;

use super::digits::DigitGroups;
pub use super::digits::{Amount, MARKS, Meaning};
use crate::words::cut::{CutText, DIGITS, SPACE, TextToken, WORD, is_currency_sign};
use crate::words::data::LISTS;
use crate::words::lexicon::{self, CurrencyTrust};

/// The maximum number of digits that a float holds exactly: longer numbers are codes.
const MAX_EXACT_DIGITS: usize = 15;
/// The maximum number of bytes in a currency's name: "швейцарских франков".
const MAX_CURRENCY_BYTES: usize = 60;
/// Words for the sides of an account behind an amount, each with whether the amount is owed.
const SIDES: [(&str, bool); 4] = [
    ("cr", false),
    ("dr", true),
    ("haben", false),
    ("soll", true),
];

/// Folded words for powers of ten behind a number, each with its power and whether it is clear without a currency beside it.
static SCALES: LazyLock<Vec<(&str, i32, bool)>> = LazyLock::new(|| {
    let scale = |line: &'static str| {
        let (power, words) = line.split_once(' ')?;
        let digits = power.trim_end_matches('?');
        let (number, is_clear) = (digits.parse().ok()?, digits == power);
        Some(words.split(' ').map(move |word| (word, number, is_clear)))
    };
    LISTS.lines("scales").filter_map(scale).flatten().collect()
});

impl Amount {
    /// Returns the number in a text of digits, points and commas only, with a minus sign or a dollar sign before them or in
    /// parentheses, as most numbers are. `None` leaves any other text to [`Self::of`], which gives the same result for these
    /// texts.
    pub fn of_plain(text: &str, units: &[String]) -> Option<Self> {
        static DOLLAR: LazyLock<u16> =
            LazyLock::new(|| lexicon::currency("$").map_or(0, |at| at as u16 + 1));
        let mut this = Self::default();
        let bytes = text.as_bytes();
        let (is_negative, bytes) = match bytes {
            [b'-', rest @ ..] | [b'(', rest @ .., b')'] => (true, rest),
            // An author may name the sign as a unit.
            [b'$', rest @ ..] if units.is_empty() => {
                (this.currency, this.has_currency) = (*DOLLAR, true);
                (false, rest)
            }
            _ => (false, bytes),
        };
        let mut number = DigitGroups::default();
        let mut at = 0;
        loop {
            let start = at;
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            if at == start {
                return None;
            }
            number.group_of(&bytes[start..at])?;
            match bytes.get(at) {
                None => break,
                Some(mark @ (b'.' | b',')) => number.marks[number.count - 1] = *mark,
                Some(_) => return None,
            }
            at += 1;
        }
        this.with_digits(&number, is_negative, 0)
    }

    /// Returns the amount with the meanings of its digits for each decimal mark; none if the digits have no meaning, or are too
    /// many.
    fn with_digits(mut self, number: &DigitGroups, is_negative: bool, shift: i32) -> Option<Self> {
        if number.significant() > MAX_EXACT_DIGITS {
            return None;
        }
        self.meanings = MARKS.map(|decimal| number.meaning(decimal, is_negative, shift));
        if self.meanings == [None, None] {
            return None;
        }
        number.describe(&mut self);
        Some(self)
    }

    /// Returns the number in a text that was cut; none if the text is something else. One of the `units` may follow the number.
    /// The letters of `text` show the case, which distinguishes currencies from units; for the `sure` currency, an ISO code,
    /// every sign counts. `with_scales`: a power of ten may follow the number: "$1.2m", "2,5 Mio. €".
    pub fn from_cut(
        cut: &CutText,
        text: &str,
        units: &[String],
        sure: &str,
        with_scales: bool,
    ) -> Option<Self> {
        let tokens = cut.tokens();
        let digits = tokens.iter().position(|token| token.kind == DIGITS)?;
        let last = tokens.iter().rposition(|token| token.kind == DIGITS)?;
        let mut this = Self::default();
        let mut around = AmountSigns {
            text,
            sure,
            with_scales,
            ..AmountSigns::default()
        };
        let mark_before = mark_before(cut, digits)?;
        let before = digits - usize::from(mark_before.is_some());
        around.add(cut, 0, before, &[], false)?;
        let behind = behind_round(tokens, last + 1);
        let stop = match &tokens[last + 1..] {
            // "Rs. 156/-"
            [slash, dash] if (slash.kind, dash.kind) == (b'/', b'-') => last + 1,
            _ => tokens.len(),
        };
        around.add(cut, behind, stop, units, true)?;
        around.check()?;
        this.is_percent = around.percents > 0;
        this.has_currency = around.currencies > 0;
        this.currency = around.currency;
        this.has_side = around.side.is_some();
        let mut number = DigitGroups::default();
        if let Some(mark) = mark_before {
            number.group("0")?;
            number.marks[0] = mark;
        }
        this.has_exponent = number.take(cut, digits, last)?;
        if behind > last + 1 {
            number.marks[number.count - 1] = tokens[last + 1].kind;
            number.group("00")?;
        }
        // "5 Cr" are crores.
        let is_money = around.power > 0 || number.looks_like_money();
        if (around.wants_money || this.has_side) && !is_money {
            return None;
        }
        if around.power > 0 && (this.is_percent || this.has_side || this.has_exponent) {
            return None;
        }
        let shift = if this.is_percent { -2 } else { around.power };
        this.with_digits(&number, around.is_negative(), shift)
    }

    /// Returns whether a decimal point and a decimal comma give different numbers.
    pub fn is_open(&self) -> bool {
        matches!(self.meanings, [Some(point), Some(comma)] if point.grouping != comma.grouping)
    }
}

/// Returns the point or comma before the first digit if it belongs to the number, and not to the word of a currency: "$.50" has
/// such a mark, "Rs.500" has none, and neither has "₹.500", which is read like a word. The outer option is none if the mark may
/// belong to either.
fn mark_before(cut: &CutText, digits: usize) -> Option<Option<u8>> {
    let before = &cut.tokens()[..digits];
    let is_of_sign = |sign: &TextToken| sign.kind == WORD || matches!(cut.text(*sign), "₹" | "₨");
    match before {
        [.., sign, mark] if matches!(mark.kind, b'.' | b',') && is_of_sign(sign) => Some(None),
        [rest @ .., mark] if matches!(mark.kind, b'.' | b',') => {
            let is_after_word = rest.iter().any(|token| token.kind == WORD);
            // "CHF .50" has cents; for "Rs .500" nobody knows.
            let is_known = !is_after_word || cut.text(cut.tokens()[digits]).len() == 2;
            is_known.then_some(Some(mark.kind))
        }
        _ => Some(None),
    }
}

/// Returns the position behind the dash that means no cents: "25,-".
fn behind_round(tokens: &[TextToken], behind: usize) -> usize {
    match &tokens[behind..] {
        [mark, dash, ..] if matches!(mark.kind, b'.' | b',') && dash.kind == b'-' => {
            let dashes = tokens[behind + 1..].iter();
            behind + 1 + dashes.take_while(|token| token.kind == b'-').count()
        }
        _ => behind,
    }
}

/// The signs, parentheses and currencies before and behind the digits.
#[derive(Default)]
struct AmountSigns<'a> {
    text: &'a str,
    sure: &'a str,
    with_scales: bool,
    /// The power of ten that a word behind the number means.
    power: i32,
    /// Whether the sign is also a unit or a word, so that it counts only beside a number that looks like an amount of money.
    wants_money: bool,
    minus: u8,
    plus: u8,
    open: u8,
    close: u8,
    percents: u8,
    /// Whether the amount is owed, if the cell names a side of an account.
    side: Option<bool>,
    currencies: u8,
    currency: u16,
    /// Whether the sign before the digits is a word.
    is_word_before: bool,
    /// The number of characters in the sign behind the digits.
    length_behind: usize,
}

impl AmountSigns<'_> {
    /// Takes the tokens from `start` to before `stop`; returns none if there is anything else among them.
    fn add(
        &mut self,
        cut: &CutText,
        start: usize,
        stop: usize,
        units: &[String],
        is_behind: bool,
    ) -> Option<()> {
        if start >= stop {
            return Some(());
        }
        let tokens = &cut.tokens()[start..stop];
        let mut sign = String::new();
        let is_word = |at: usize| tokens.get(at).is_some_and(|token| token.kind == WORD);
        let mut stars = 0;
        for (at, token) in tokens.iter().enumerate() {
            match token.kind {
                // "US-Dollar"
                b'-' if at > 0 && is_word(at - 1) && is_word(at + 1) => {}
                b'-' => self.minus += 1,
                // A tilde means "about"; a star refers to a footnote.
                b'~' if !is_behind && start + at == 0 => {}
                b'*' if is_behind && sign.is_empty() && stars < 3 => stars += 1,
                b'+' if is_behind => return None,
                b'+' => self.plus += 1,
                b'(' => self.open += 1,
                b')' => self.close += 1,
                b'%' => self.percents += 1,
                SPACE => {}
                b'.' if is_behind && sign.is_empty() => return None,
                // The table of currencies has signs without points.
                b'.' => {}
                DIGITS => return None,
                _ => {
                    if sign.len() > MAX_CURRENCY_BYTES {
                        return None;
                    }
                    sign.push_str(cut.text(*token));
                }
            }
            // No number has several of these signs.
            if self.minus + self.plus + self.open > 1 || self.percents > 1 {
                return None;
            }
        }
        if sign.is_empty() || units.contains(&sign) {
            return Some(());
        }
        self.add_sign(&sign, is_behind)
    }

    /// Takes the words and signs before or behind the digits: a currency, or the side of an account.
    fn add_sign(&mut self, sign: &str, is_behind: bool) -> Option<()> {
        if sign == "cr" && self.with_scales && is_behind && self.is_of_rupees() {
            self.power = 7;
            return Some(());
        }
        // Many write "Cr" for ten million.
        let is_side = |word: &str| {
            word == sign && (sign.len() > 2 || letters(self.text, true) == sign.to_uppercase())
        };
        if is_behind && let Some((_, is_owed)) = SIDES.iter().find(|(word, _)| is_side(word)) {
            self.side = Some(*is_owed);
            return Some(());
        }
        if is_behind
            && self.with_scales
            && let Some((power, rest)) = self.scale(sign)
        {
            self.power = power;
            return if rest.is_empty() {
                Some(())
            } else {
                self.add_sign(rest, is_behind)
            };
        }
        match lexicon::currency(sign) {
            Some(at) => {
                // "€" is clear without its letters, and most columns have such a sign.
                let trust = if sign.starts_with(char::is_alphabetic) {
                    lexicon::trust(at, &letters(self.text, is_behind))
                } else {
                    CurrencyTrust::Sure
                };
                match trust {
                    CurrencyTrust::Sure => {}
                    _ if lexicon::currency_code(at).is_some_and(|code| code == self.sure) => {}
                    CurrencyTrust::WithMoney => self.wants_money = true,
                    CurrencyTrust::Never => return None,
                }
                self.currency = at as u16 + 1;
            }
            // Next to a word, a sign means something else: "£m 3.4" are millions. Cents are no amounts in the currency.
            None if sign.chars().count() == 1
                && sign
                    .chars()
                    .all(|sign| is_currency_sign(sign) && !matches!(sign, '¢' | '\u{ffe0}')) => {}
            None => return None,
        }
        self.currencies += 1;
        if is_behind {
            self.length_behind = sign.chars().count();
        } else {
            self.is_word_before = sign.chars().next_back().is_some_and(char::is_alphabetic);
        }
        Some(())
    }

    /// Returns the power of ten that the words behind a number begin or end with, and the rest of the words, which is empty or
    /// a currency.
    fn scale<'s>(&self, sign: &'s str) -> Option<(i32, &'s str)> {
        if self.power > 0 || lexicon::currency(sign).is_some() {
            return None;
        }
        let rest_of = |word: &str| {
            [sign.strip_prefix(word), sign.strip_suffix(word)]
                .into_iter()
                .flatten()
                .find(|rest| rest.is_empty() || lexicon::currency(rest).is_some())
        };
        let found = SCALES.iter().filter_map(|(word, power, is_clear)| {
            rest_of(word).map(|rest| (word, *power, *is_clear, rest))
        });
        // "mio" begins with "m".
        let (word, power, is_clear, rest) = found.max_by_key(|(word, ..)| word.len())?;
        let code = || lexicon::currency_code(lexicon::currency(rest)?);
        match *word {
            // "$1.1T" may be a trillion, "1.1 T€" is none.
            "t" if rest.is_empty() => return None,
            // "mil" is a thousand in Spanish and Portuguese, and a million beside these currencies.
            "mil"
                if !matches!(
                    code(),
                    Some("CZK" | "RON" | "SEK" | "NOK" | "DKK" | "RSD" | "BGN")
                ) =>
            {
                return None;
            }
            _ => {}
        }
        (is_clear || self.currencies > 0 || !rest.is_empty()).then_some((power, rest))
    }

    fn check(&self) -> Option<()> {
        let signs = self.minus + self.plus + self.open;
        // "$ 5 USD" says the same twice; "EUR 5 kg" says something else.
        let doubled = self.currencies > 1 && (self.is_word_before || self.length_behind != 3);
        // Beside a minus sign the meaning of a side is unknown; beside rupees, crores are usual.
        let is_strange =
            self.side.is_some() && (signs > 0 || self.percents > 0 || self.is_of_rupees());
        (signs <= 1 && self.open == self.close && !doubled && !is_strange).then_some(())
    }

    fn is_of_rupees(&self) -> bool {
        self.currency > 0 && lexicon::currency_code(usize::from(self.currency) - 1) == Some("INR")
    }

    fn is_negative(&self) -> bool {
        self.minus > 0 || self.open > 0 || self.side == Some(true)
    }
}

/// Returns the letters before the first digit of a text or behind its last digit, as they are written.
fn letters(text: &str, is_behind: bool) -> String {
    let part = if is_behind {
        text.rsplit(char::is_numeric).next()
    } else {
        text.split(char::is_numeric).next()
    };
    let part = part.unwrap_or_default();
    part.chars().filter(|c| c.is_alphabetic()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::testing::texts_of;

    fn meanings(text: &str) -> Option<[Option<f64>; 2]> {
        let mut cut = CutText::default();
        cut.cut(text).then_some(())?;
        Amount::from_cut(&cut, text, &[], "", false)
            .map(|amount| amount.meanings.map(|sense| sense.map(|sense| sense.value)))
    }

    #[rustfmt::skip]
    #[test]
    fn marks_signs_and_currencies() {
        let both = |value| Some([Some(value), Some(value)]);
        for (text, wanted) in [
            ("1309", both(1309.0)), ("1,309.50", Some([Some(1309.5), None])),
            ("1.309,50", Some([None, Some(1309.5)])), ("1 309,50 €", Some([None, Some(1309.5)])),
            ("CHF 1'309.50", Some([Some(1309.5), None])), ("(1,309.50)", Some([Some(-1309.5), None])),
            ("1309.50-", Some([Some(-1309.5), None])), ("-$ 25", both(-25.0)), ("$-25", both(-25.0)),
            ("12,34,567.50", Some([Some(1_234_567.5), None])), ("1.200", Some([Some(1.2), Some(1200.0)])),
            ("19%", both(0.19)), ("7,7 %", Some([None, Some(0.077)])), ("25,-", Some([None, Some(25.0)])),
            (".5", Some([Some(0.5), None])), ("Rs.500", both(500.0)), ("₹.500", both(500.0)),
            ("$.50", Some([Some(0.5), None])), ("CHF .50", Some([Some(0.5), None])),
            ("€ ,50", Some([None, Some(0.5)])), ("-$.05", Some([Some(-0.05), None])),
            ("US$.99", Some([Some(0.99), None])), ("1.5e3", Some([Some(1500.0), None])), ("$5 USD", both(5.0)),
            ("0.123", Some([Some(0.123), None])), ("$   5 ", both(5.0)), ("1 000", both(1000.0)),
            ("1.234e+05", Some([Some(123_400.0), None])), ("1,234e5", Some([None, Some(123_400.0)])),
            ("1.234.567", Some([None, Some(1_234_567.0)])), ("12.50 CR", Some([Some(12.5), None])),
            ("12,50 Soll", Some([None, Some(-12.5)])), ("12.50*", Some([Some(12.5), None])),
            ("~59.02", Some([Some(59.02), None])), ("Rs. 156.04/-", Some([Some(156.04), None])),
            ("Rs 200/-", both(200.0)), ("530,56 danske kroner", Some([None, Some(530.56)])),
            ("12,50 US-Dollar", Some([None, Some(12.5)])),
        ] {
            assert_eq!(meanings(text), wanted, "{text}");
        }
        for text in [
            "", "abc", "5 kg", "12 months", "1..5", "1,2,3", "+49 30 123456", "007", "1-2", "(5", "5)", "--5",
            "1234567890123456", "1.2.3", "5+", "EUR 5 kg", "12/05", "5 %%", "1,23,45", "1.5 Mio", "Rs .500",
            "100\n200", "100   200", "1\t000", "5 Cr", "1.50 Cr", "-12.50 DR", "Rs 1.50 Cr", "12.50 CR DR", "12 ~",
            "12/-5", "5 kr*m",
        ] {
            assert_eq!(meanings(text), None, "{text}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn compact_amounts_say_their_power() {
        let mut cut = CutText::default();
        let mut of = |text: &str| {
            assert!(cut.cut(text));
            Amount::from_cut(&cut, text, &[], "", true)
                .and_then(|amount| amount.meanings[0].or(amount.meanings[1]))
                .map(|meaning| meaning.value)
        };
        for (text, wanted) in [
            ("$1.2m", 1.2e6), ("€ 2.5 Mio", 2.5e6), ("2,5 Mio. €", 2.5e6), ("-$3bn", -3e9), ("3 Mrd. EUR", 3e9),
            ("5 lakh", 5e5), ("₹ 5 Cr", 5e7), ("12 тыс. руб.", 12e3), ("3万円", 3e4), ("$1.2 million", 1.2e6),
            ("5 k€", 5e3), ("(1.5m USD)", -1.5e6), ("1.2億", 1.2e8),
        ] {
            assert_eq!(of(text), Some(wanted), "{text}");
        }
        // Metres, kelvins, and words that are no power of ten.
        for text in [
            "5 m", "1.2k", "5 M", "5 kg", "$5 mx", "5% m", "2 mil", "5 Cr", "£m 3.4", "$5m USD kg", "5 t",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn signs_of_currencies_are_told_from_units_and_words() {
        for text in [
            "25 km", "25 KM", "6 ft", "6 FT", "25 KGS", "60 dB", "7,5 Std", "7,5 STD", "10 cf", "12 all", "3 cup",
            "2 PEN", "TOP 10", "Rm. 12", "R12", "12 arm", "30 Sek", "25 км", "£m 3.4", "$k 12", "12 $M", "5 €k",
            "3 € Mio", "5 €cent", "50¢", "99 ¢",
        ] {
            assert_eq!(meanings(text), None, "{text}");
        }
        let comma = |value| Some([None, Some(value)]);
        for (text, wanted) in [
            ("1 234,56 Ft", comma(1234.56)), ("500 Ft", Some([Some(500.0), Some(500.0)])), ("12,50 KM", comma(12.5)),
            ("R 1 234,56", comma(1234.56)), ("RM 12,50", comma(12.5)), ("12,50 zł", comma(12.5)),
            ("12,50 Kč", comma(12.5)), ("12,50 kr", comma(12.5)), ("12,50 eur", comma(12.5)),
            ("12,50 SEK", comma(12.5)), ("12,50 €", comma(12.5)), ("-₿12,50", comma(-12.5)),
        ] {
            assert_eq!(meanings(text), wanted, "{text}");
        }
        let mut cut = CutText::default();
        for (text, sure) in [("R12", "ZAR"), ("2 PEN", "PEN"), ("25 km", "BAM")] {
            assert!(cut.cut(text));
            assert!(Amount::from_cut(&cut, text, &[], sure, false).is_some(), "{text}");
        }
    }

    #[test]
    fn units_are_left_out_where_they_are_known() {
        let units = ["kg".to_owned(), "szt".to_owned()];
        let mut cut = CutText::default();
        let mut of = |text: &str| {
            assert!(cut.cut(text));
            Amount::from_cut(&cut, text, &units, "", false)
                .and_then(|amount| amount.meanings[1])
                .map(|meaning| meaning.value)
        };
        assert_eq!(of("12 szt."), Some(12.0));
        assert_eq!(of("1 200,5 KG"), Some(1200.5));
        assert_eq!(of("-3kg"), Some(-3.0));
        for text in ["kg 12", "12 m", "12 kg szt", "12 EUR kg", "12 lb"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn plain_numbers_mean_the_same_either_way() {
        let pieces = [
            "", "0", "1", "12", "007", "234", "1234", "12345", ".", ",", "-", "$", "(", ")", "1234567890", "5",
        ];
        let mut cut = CutText::default();
        let mut agreed = 0;
        for text in texts_of(&pieces, 4) {
            if let Some(plain) = Amount::of_plain(&text, &[]) {
                assert!(cut.cut(&text));
                let full = Amount::from_cut(&cut, &text, &[], "", false).map(|full| format!("{full:?}"));
                assert_eq!(Some(format!("{plain:?}")), full, "{text}");
                agreed += 1;
            }
        }
        assert!(agreed > 1000);
    }
}
