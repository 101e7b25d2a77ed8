//! Reads a short text from its beginning, piece by piece.

use super::words;

/// What is left of a text in small letters.
#[derive(Clone, Copy)]
pub struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn rest(&self) -> &'a str {
        self.rest
    }

    /// Digits, as many as there are, if these are from `least` to `most`.
    pub fn digits(&mut self, least: usize, most: usize) -> Option<&'a str> {
        let bytes = self.rest.bytes();
        let count = bytes.take_while(u8::is_ascii_digit).count();
        if count < least || count > most {
            return None;
        }
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        Some(taken)
    }

    /// A year from 1800 to 2099.
    pub fn year(&mut self) -> Option<&'a str> {
        let before = *self;
        let year = self.digits(4, 4).filter(|digits| words::is_year(digits));
        if year.is_none() {
            *self = before;
        }
        year
    }

    /// A year, or its last two digits.
    pub fn short_year(&mut self) -> bool {
        self.year().is_some() || self.digits(2, 2).is_some()
    }

    /// The name of a month.
    pub fn month(&mut self) -> Option<usize> {
        let letters = self.rest.find(|c: char| !c.is_alphabetic());
        let end = letters.unwrap_or(self.rest.len());
        let month = words::month(&self.rest[..end])?;
        self.rest = &self.rest[end..];
        Some(month)
    }

    /// One of these texts.
    pub fn one_of(&mut self, texts: &[&str]) -> bool {
        let found = texts.iter().find_map(|text| self.rest.strip_prefix(text));
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// One of these characters.
    pub fn sign(&mut self, signs: &str) -> bool {
        let mut chars = self.rest.chars();
        let is_one = chars.next().is_some_and(|c| signs.contains(c));
        if is_one {
            self.rest = chars.as_str();
        }
        is_one
    }

    /// All of these characters that follow; a space stands for any white space.
    pub fn skip(&mut self, signs: &str) -> bool {
        let before = self.rest.len();
        let is_skipped = |c: char| signs.contains(c) || c.is_whitespace() && signs.contains(' ');
        self.rest = self.rest.trim_start_matches(is_skipped);
        self.rest.len() < before
    }

    /// Digits with points and commas between them, such as 1,250.00.
    pub fn figure(&mut self) -> bool {
        if !self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            return false;
        }
        let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
        self.rest = self.rest.trim_start_matches(is_part);
        true
    }
}
