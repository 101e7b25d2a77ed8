//! Tables as they are looked at and reshaped: cells are numbers of texts, and each text is read once.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::header::Header;
use super::reading::{self, Hash, Reading};

/// A text of a [`Pool`], by its number.
pub type Id = u32;

/// The number of the empty text.
pub const EMPTY: Id = 0;

/// So many characters of a text are looked at.
const MOST_TEXT: usize = 2_000;

fn beginning(text: &str) -> &str {
    if text.len() <= MOST_TEXT {
        return text;
    }
    let end = text.char_indices().nth(MOST_TEXT);
    end.map_or(text, |(end, _)| &text[..end])
}

/// A text, and what was found out about it when somebody asked.
struct Entry {
    text: Box<str>,
    /// Of the trimmed text in small letters: equal where the texts are, but for their case.
    low: u64,
    reading: OnceCell<Reading>,
    outline: OnceCell<u64>,
    header: OnceCell<Box<Header>>,
}

/// All texts of a table and of what was made of it.
pub struct Pool {
    entries: Vec<Entry>,
    by_text: HashMap<Box<str>, Id>,
}

impl Pool {
    pub fn new() -> Self {
        let mut pool = Self {
            entries: Vec::new(),
            by_text: HashMap::new(),
        };
        pool.add("");
        pool
    }

    /// The number of a text, without white space around it. Of a very long one the beginning counts.
    pub fn add(&mut self, text: &str) -> Id {
        let text = beginning(text).trim();
        if let Some(&id) = self.by_text.get(text) {
            return id;
        }
        let id = self.entries.len() as Id;
        let mut hash = Hash::new();
        text.chars()
            .flat_map(char::to_lowercase)
            .for_each(|c| hash.add(u32::from(c)));
        self.entries.push(Entry {
            text: text.into(),
            low: hash.end(),
            reading: OnceCell::new(),
            outline: OnceCell::new(),
            header: OnceCell::new(),
        });
        self.by_text.insert(text.into(), id);
        id
    }

    pub fn text(&self, id: Id) -> &str {
        &self.entries[id as usize].text
    }

    /// Equal for texts that are equal but for their case.
    pub fn low(&self, id: Id) -> u64 {
        self.entries[id as usize].low
    }

    pub fn reading(&self, id: Id) -> Reading {
        let entry = &self.entries[id as usize];
        let read = || Reading::of(&entry.text, &entry.text.to_lowercase());
        *entry.reading.get_or_init(read)
    }

    /// The outline of a text, see [`reading::outline`].
    pub fn outline(&self, id: Id) -> u64 {
        let entry = &self.entries[id as usize];
        *entry.outline.get_or_init(|| reading::outline(&entry.text))
    }

    pub fn header(&self, id: Id) -> &Header {
        let entry = &self.entries[id as usize];
        entry
            .header
            .get_or_init(|| Box::new(Header::of(&entry.text)))
    }
}

/// A header row and rows of the same width.
#[derive(Clone)]
pub struct Table {
    pub head: Vec<Id>,
    cells: Vec<Id>,
    /// For each column where it stands in the sender's table; nothing for one that a reshaping has made.
    pub source: Vec<Option<usize>>,
}

impl Table {
    /// Of rows of which the first one is the header. Short rows are filled up.
    pub fn of(mut rows: Vec<Vec<Id>>) -> Self {
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        rows.iter_mut().for_each(|row| row.resize(width, EMPTY));
        let mut rows = rows.into_iter();
        let head = rows.next().unwrap_or_default();
        Self {
            head,
            cells: rows.flatten().collect(),
            source: (0..width).map(Some).collect(),
        }
    }

    /// The same, with the columns' places in the sender's table.
    pub fn with_source(mut self, source: Vec<Option<usize>>) -> Self {
        if source.len() == self.width() {
            self.source = source;
        }
        self
    }

    pub fn width(&self) -> usize {
        self.head.len()
    }

    /// Rows under the header.
    pub fn height(&self) -> usize {
        self.cells.len() / self.width().max(1)
    }

    pub fn row(&self, row: usize) -> &[Id] {
        let width = self.width();
        &self.cells[row * width..(row + 1) * width]
    }

    pub fn rows(&self) -> impl Iterator<Item = &[Id]> + Clone {
        self.cells.chunks_exact(self.width().max(1))
    }

    /// Whether a row under the header has a value.
    pub fn has_values(&self) -> bool {
        self.cells.iter().any(|&cell| cell != EMPTY)
    }
}

/// So many of `count` numbers from 0, at even distances.
pub fn spread(count: usize, wanted: usize) -> Vec<usize> {
    if count <= wanted {
        return (0..count).collect();
    }
    let step = (count - 1) as f64 / (wanted.max(2) - 1) as f64;
    let mut places: Vec<usize> = (0..wanted)
        .map(|at| (at as f64 * step).round_ties_even() as usize)
        .collect();
    places.dedup();
    places
}
