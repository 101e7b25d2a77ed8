//! Cuts a cell's text into digits, words and single marks: once, before any reader looks at it.
//!
//! Characters that look alike become alike: digits of every script, spaces, minus signs, apostrophes, full-width characters.
//! Marks of direction and zero-width characters are removed. Words are folded to small letters without accents.

use super::tables::{FOLDS, MARKS, ZEROS};

/// The maximum number of bytes in a text that may be a date or a number.
const MAX_CUT_BYTES: usize = 120;

/// The kind of a token: [`DIGITS`], [`WORD`], [`SPACE`], [`YEAR`], [`OTHER`], or the ASCII mark itself.
pub type TokenKind = u8;
pub const DIGITS: TokenKind = b'n';
pub const WORD: TokenKind = b'w';
pub const SPACE: TokenKind = b' ';
/// The mark of a year, which follows the year's digits.
pub const YEAR: TokenKind = b'y';
/// A mark outside of ASCII, such as a currency's sign.
pub const OTHER: TokenKind = 0;

/// A piece of a text, with its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextToken {
    pub kind: TokenKind,
    start: u16,
    stop: u16,
}

/// A text that was cut. The next text can be cut into the same value without new memory.
#[derive(Default)]
pub struct CutText {
    /// The folded text, in which a run of spaces is one space.
    text: String,
    tokens: Vec<TextToken>,
    /// The starts of spaces that separate values: the end of a line, a tab, or more than one blank.
    gaps: Vec<u16>,
}

impl CutText {
    /// Cuts a text. Returns `false` if the text is too long or empty.
    pub fn cut(&mut self, text: &str) -> bool {
        self.text.clear();
        self.tokens.clear();
        self.gaps.clear();
        let text = text.trim();
        if text.len() > MAX_CUT_BYTES {
            return false;
        }
        if text.is_ascii() {
            self.cut_ascii(text);
        } else {
            for c in text.chars() {
                self.any(c);
            }
        }
        if self.tokens.last().is_some_and(|token| token.kind == SPACE) {
            self.tokens.pop();
            self.text.pop();
        }
        !self.tokens.is_empty()
    }

    /// Returns the tokens; the first and the last are no spaces.
    pub fn tokens(&self) -> &[TextToken] {
        &self.tokens
    }

    /// Returns the text of a token.
    pub fn text(&self, token: TextToken) -> &str {
        &self.text[usize::from(token.start)..usize::from(token.stop)]
    }

    /// Returns whether a space is more than one blank: this gap separates values, and never the digits of one value.
    pub fn is_gap(&self, space: TextToken) -> bool {
        space.kind == SPACE && self.gaps.contains(&space.start)
    }

    /// Returns the whole folded text.
    pub fn folded(&self) -> &str {
        &self.text
    }

    #[inline]
    fn ascii(&mut self, byte: u8) {
        match byte {
            b'0'..=b'9' => self.push(DIGITS, byte),
            b'a'..=b'z' => self.push(WORD, byte),
            b'A'..=b'Z' => self.push(WORD, byte | 32),
            // Control characters are invisible.
            0..=b' ' | 0x7f => {
                self.space();
                if matches!(byte, b'\t'..=b'\r') {
                    self.gap();
                }
            }
            b'`' => self.mark(b'\''),
            _ => self.mark(byte),
        }
    }

    fn any(&mut self, c: char) {
        match c {
            '.' if self.ends_in_thai() => {}
            '\0'..='\x7f' => self.ascii(c as u8),
            '\u{2212}' | '\u{2013}' | '\u{2014}' | '\u{2010}' | '\u{2011}' | '\u{2012}'
            | '\u{fe63}' | '\u{2043}' => self.mark(b'-'),
            // Within a word it is a letter: "пʼятниця".
            '\u{2bc}' if self.ends_in(WORD) => self.letter_or_mark(c),
            '\u{2019}' | '\u{2018}' | '\u{2bc}' | '\u{b4}' | '\u{2032}' | '\u{201b}' => {
                self.mark(b'\'')
            }
            '\u{2044}' | '\u{2215}' => self.mark(b'/'),
            '年' | '년' => self.mark_of(YEAR, c),
            '月' | '월' if self.ends_in(DIGITS) => self.mark_of(b'/', c),
            '。' | '\u{66b}' => self.mark(b'.'),
            '\u{66a}' => self.mark(b'%'),
            '،' | '\u{66c}' => self.mark(b','),
            // Behind a month only: "日曜日", "일요일" are Sundays, and "5日" is no number.
            '日' | '일' if self.ends_in(DIGITS) && self.has(b'/') => self.space(),
            '时' | '時' | '시' | '点' if self.ends_in(DIGITS) => self.mark_of(b':', c),
            '分' | '분' | '秒' | '초' if self.ends_in(DIGITS) && self.has(b':') => self.space(),
            '\u{ff01}'..='\u{ff5e}' => self.ascii((c as u32 - 0xff01 + 0x21) as u8),
            // Marks of abbreviation belong to the word.
            '\u{5f3}' | '\u{5f4}' | '\u{970}' => {}
            _ if is_format(c) => {}
            _ if c.is_whitespace() => self.space(),
            _ => match digit(c) {
                Some(digit) => self.push(DIGITS, b'0' + digit),
                None => self.letter_or_mark(c),
            },
        }
    }

    fn ends_in(&self, kind: TokenKind) -> bool {
        self.tokens.last().is_some_and(|last| last.kind == kind)
    }

    fn has(&self, kind: TokenKind) -> bool {
        self.tokens.iter().any(|token| token.kind == kind)
    }

    /// Returns whether the last token is a word of Thai or Lao, which have points within words: "ก.ย.".
    fn ends_in_thai(&self) -> bool {
        self.tokens.last().is_some_and(|last| last.kind == WORD)
            && self
                .text
                .chars()
                .next_back()
                .is_some_and(|c| ('\u{e00}'..='\u{eff}').contains(&c))
    }

    fn letter_or_mark(&mut self, c: char) {
        let mark = mark_of_word(c);
        if !c.is_alphabetic() && mark.is_none() {
            self.mark_of(OTHER, c);
            return;
        }
        let start = self.text.len();
        if mark != Some(true) {
            for small in c.to_lowercase() {
                match FOLDS.binary_search_by_key(&small, |(from, _)| *from) {
                    Ok(at) => self.text.push_str(FOLDS[at].1),
                    // A mark that a capital letter leaves behind when it becomes small.
                    Err(_) if mark_of_word(small) == Some(true) => {}
                    Err(_) => self.text.push(small),
                }
            }
        }
        self.extend(WORD, start);
    }

    /// Cuts ASCII text, in which every byte is a character and most are digits.
    fn cut_ascii(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            if byte.is_ascii_digit() {
                let mut stop = at + 1;
                while stop < bytes.len() && bytes[stop].is_ascii_digit() {
                    stop += 1;
                }
                let start = self.text.len();
                self.text.push_str(&text[at..stop]);
                self.tokens.push(TextToken {
                    kind: DIGITS,
                    start: start as u16,
                    stop: self.text.len() as u16,
                });
                at = stop;
            } else {
                self.ascii(byte);
                at += 1;
            }
        }
    }

    #[inline]
    fn push(&mut self, kind: TokenKind, byte: u8) {
        let start = self.text.len();
        self.text.push(byte as char);
        self.extend(kind, start);
    }

    /// Adds the text from `start` on to the last token, if that is of the same kind, or else as a new token.
    #[inline]
    fn extend(&mut self, kind: TokenKind, start: usize) {
        let stop = self.text.len() as u16;
        match self.tokens.last_mut() {
            Some(last) if last.kind == kind => last.stop = stop,
            _ => self.tokens.push(TextToken {
                kind,
                start: start as u16,
                stop,
            }),
        }
    }

    fn space(&mut self) {
        if self.tokens.last().is_some_and(|last| last.kind != SPACE) {
            self.push(SPACE, b' ');
        } else {
            self.gap();
        }
    }

    /// Marks the space at the end as a gap.
    fn gap(&mut self) {
        if let Some(last) = self.tokens.last()
            && last.kind == SPACE
            && self.gaps.last() != Some(&last.start)
        {
            self.gaps.push(last.start);
        }
    }

    #[inline]
    fn mark(&mut self, byte: u8) {
        self.mark_of(byte, byte as char);
    }

    /// Adds a single mark. Folding cuts texts of any length: the positions in their tokens wrap around, but nothing uses them.
    #[inline]
    fn mark_of(&mut self, kind: TokenKind, c: char) {
        let start = self.text.len() as u16;
        self.text.push(c);
        self.tokens.push(TextToken {
            kind,
            start,
            stop: self.text.len() as u16,
        });
    }
}

/// Returns whether a character is an invisible one: a mark of direction, a joiner, a byte order mark.
pub fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Returns whether a character is a currency's sign in Unicode.
pub fn is_currency_sign(c: char) -> bool {
    matches!(c, '$' | '\u{a2}'..='\u{a5}' | '\u{58f}' | '\u{60b}' | '\u{9f2}' | '\u{9f3}' | '\u{9fb}' | '\u{af1}' | '\u{bf9}'
        | '\u{e3f}' | '\u{17db}' | '\u{20a0}'..='\u{20c1}' | '\u{a838}' | '\u{fdfc}' | '\u{fe69}' | '\u{ff04}' | '\u{ffe0}'
        | '\u{ffe1}' | '\u{ffe5}' | '\u{ffe6}')
}

/// Returns the value of a digit of any script but ASCII.
pub fn digit(c: char) -> Option<u8> {
    let point = c as u32;
    let zero = ZEROS[..ZEROS.partition_point(|zero| *zero <= point)].last()?;
    (point - zero < 10).then_some((point - zero) as u8)
}

/// Returns whether a text consists of ASCII digits; an empty one does not.
pub fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether folding drops a mark that belongs to words; none for any other character.
fn mark_of_word(c: char) -> Option<bool> {
    let point = c as u32;
    let (_, last, drops) = MARKS[..MARKS.partition_point(|(first, ..)| *first <= point)].last()?;
    (point <= *last).then_some(*drops)
}

/// Folds a text like the words of a cell, for comparisons. Characters that mark the parts of a date are letters here: "入社日" is
/// not "入社".
pub fn fold(text: &str) -> String {
    let mut cut = CutText::default();
    for c in text.chars() {
        match c {
            '年' | '月' | '日' | '년' | '월' | '일' | '时' | '時' | '시' | '点' | '分' | '분'
            | '秒' | '초' => cut.letter_or_mark(c),
            _ => cut.any(c),
        }
    }
    cut.text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(char, String)> {
        let mut cut = CutText::default();
        cut.cut(text);
        cut.tokens()
            .iter()
            .map(|&token| (token.kind as char, cut.text(token).to_owned()))
            .collect()
    }

    #[rustfmt::skip]
    #[test]
    fn what_looks_alike_is_cut_alike() {
        let plain = pieces("31/01/2025");
        for text in [
            "３１／０１／２０２５", " 31/01/2025 ", "\u{200e}31/01/2025", "٣١/٠١/٢٠٢٥",
        ] {
            assert_eq!(pieces(text), plain, "{text}");
        }
        assert_eq!(pieces("1\u{202f}309,50 €").len(), 7);
        assert_eq!(
            fold("Μαΐου ŞUB września Mayıs İyul"),
            "μαιου sub wrzesnia mayis iyul"
        );
    }

    #[rustfmt::skip]
    #[test]
    fn gaps_are_more_than_one_blank() {
        let gaps = |text: &str| {
            let mut cut = CutText::default();
            cut.cut(text);
            let tokens = cut.tokens().to_vec();
            tokens.iter().filter(|token| cut.is_gap(**token)).count()
        };
        for text in ["1 2", "1\u{a0}2", " 1 2\n", "1\u{200b} 2"] {
            assert_eq!(gaps(text), 0, "{text}");
        }
        for text in [
            "1  2", "1\n2", "1\t2", "1 \r\n 2", "1\u{a0}\u{a0}2", "é\n1 2",
        ] {
            assert_eq!(gaps(text), 1, "{text}");
        }
    }

    #[test]
    fn folding_keeps_letters_and_takes_long_texts() {
        assert_eq!(fold("入社日"), "入社日");
        assert_ne!(fold("일"), fold(""));
        for piece in ["a", "/", "é ", "日", "€"] {
            let text = piece.repeat(70_000);
            assert!(fold(&text).len() >= 70_000);
        }
        let mut cut = CutText::default();
        assert!(cut.cut(&format!("{}1/2{}", " ".repeat(70_000), " ".repeat(70_000))));
        assert_eq!(cut.folded(), "1/2");
    }

    #[test]
    fn long_and_empty_texts_are_refused() {
        let mut cut = CutText::default();
        assert!(!cut.cut(""));
        assert!(!cut.cut(" \u{a0}\t"));
        assert!(!cut.cut(&"1".repeat(500)));
    }
}
