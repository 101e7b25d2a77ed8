//! Puts issues into the words for the sender of a file: in the sender's language, without those that only the author of the
//! configuration can mend.
//!
//! `messages.txt` has a line for each message of the engine and each word of a list, with places for what they name. Messages
//! of the author's own checks stay as they are.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Issue, Severity};
use crate::base::counted::plural;

/// The language of the sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    English,
    German,
    French,
    Spanish,
    Polish,
}

/// A message, and what is said in its place in each language.
struct MessageLine {
    said: Template,
    by_language: [Template; Language::ALL.len()],
}

/// A text with places.
struct Template {
    /// The texts before, between and behind the places.
    texts: Vec<&'static str>,
    /// The names of the places.
    places: Vec<&'static str>,
}

/// The place of a text that is translated itself, and the beginning of the names of places for numbers.
const SAID: &str = "said";
const NUMBER: char = 'n';

static LINES: LazyLock<Vec<MessageLine>> =
    LazyLock::new(|| lines(include_str!("messages.txt")).collect());
/// The lines with places, those with most text first, so that the most exact one counts.
static OPEN: LazyLock<Vec<&MessageLine>> = LazyLock::new(|| {
    let open = LINES.iter().filter(|line| !line.said.places.is_empty());
    let mut open: Vec<_> = open.collect();
    open.sort_by_key(|line| Reverse(line.said.texts.concat().len()));
    open
});
/// The lines without places, by what the engine says.
static WHOLE: LazyLock<HashMap<&str, &MessageLine>> = LazyLock::new(|| {
    let whole = LINES.iter().filter(|line| line.said.places.is_empty());
    whole.map(|line| (line.said.texts[0], line)).collect()
});

fn lines(text: &'static str) -> impl Iterator<Item = MessageLine> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let mut cells = line.split('|').map(str::trim);
        let said = cells.next().unwrap_or_default();
        let by_language = Language::ALL.map(|_| match cells.next().unwrap_or_default() {
            "" => Template::parse(said),
            text => Template::parse(text),
        });
        MessageLine {
            said: Template::parse(said),
            by_language,
        }
    })
}

impl Template {
    fn parse(text: &'static str) -> Self {
        let (mut texts, mut places) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (place, after) = behind.split_once('}').unwrap_or((behind, ""));
            texts.push(before);
            places.push(place);
            rest = after;
        }
        texts.push(rest);
        Self { texts, places }
    }

    /// Returns what stands at the places in a text; `None` if the text is another one.
    fn find<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let (first, others) = self.texts.split_first()?;
        let mut rest = text.strip_prefix(first)?;
        let mut found = Vec::new();
        for (number, other) in others.iter().enumerate() {
            // The last text is the end.
            let at = match number + 1 == others.len() {
                true => rest.len().checked_sub(other.len())?,
                false => rest.find(other)?,
            };
            if at == 0 || !rest.is_char_boundary(at) || rest[at..].strip_prefix(other).is_none() {
                return None;
            }
            let is_number = || rest[..at].chars().all(|c| c.is_ascii_digit() || c == ',');
            if self.places[number].starts_with(NUMBER) && !is_number() {
                return None;
            }
            found.push(&rest[..at]);
            rest = &rest[at + other.len()..];
        }
        rest.is_empty().then_some(found)
    }

    /// Returns the text with these at its places; `named` are the names of the places that they come from.
    fn fill(&self, named: &[&str], found: &[&str], language: Language) -> String {
        let mut text = self.texts[0].to_owned();
        for (place, behind) in self.places.iter().zip(&self.texts[1..]) {
            let at = named.iter().position(|name| name == place);
            let found = at.map_or("", |at| found[at]);
            match *place {
                SAID => text += &language.say(found),
                _ => text += found,
            }
            text += behind;
        }
        text
    }
}

impl Language {
    /// All languages, in the order of `messages.txt`.
    pub const ALL: [Self; 5] = [
        Self::English,
        Self::German,
        Self::French,
        Self::Spanish,
        Self::Polish,
    ];

    /// Returns the language's code of ISO 639, such as `de`.
    pub fn code(self) -> &'static str {
        ["en", "de", "fr", "es", "pl"][self as usize]
    }

    /// Returns the language with this code.
    pub fn parse(code: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|language| language.code() == code)
    }

    /// Returns a message or a word in this language; one that `messages.txt` does not have stays as it is.
    pub fn say(self, said: &str) -> String {
        let in_language = |line: &'static MessageLine| &line.by_language[self as usize];
        if let Some(line) = WHOLE.get(said) {
            return in_language(line).texts[0].to_owned();
        }
        for line in OPEN.iter() {
            if let Some(found) = line.said.find(said) {
                return in_language(line).fill(&line.said.places, &found, self);
            }
        }
        said.to_owned()
    }

    /// Returns the word before an issue of this severity: `Error:`.
    pub fn heading(self, severity: Severity) -> String {
        self.say(match severity {
            Severity::Error => "Error:",
            Severity::Warning => "Warning:",
            Severity::Info => "Info:",
        })
    }

    /// Returns the numbers of errors, warnings and infos in words, `2 errors, 1 warning`; empty if there are none.
    pub fn count(self, counts: [u64; 3]) -> String {
        let each = Severity::ALL.into_iter().zip(counts);
        let each = each.filter(|(_, count)| *count > 0);
        let said = each.map(|(severity, count)| match severity {
            Severity::Info => self.say(&format!("{count} info")),
            _ => self.say(&plural(count, severity.word())),
        });
        said.collect::<Vec<_>>().join(", ")
    }

    /// Returns the name of a position, `row 7`, in this language. Names of cells are the same in all.
    pub fn say_place(self, place: &str) -> String {
        match place.contains(' ') || place == "sheet" {
            true => self.say(place),
            false => place.to_owned(),
        }
    }
}

impl Issue {
    /// Returns the issue as it is said to the sender; `None` if only the author of the configuration can mend it: a step of
    /// theirs dropped rows, or a field has no column.
    pub fn for_sender(mut self, language: Language) -> Option<Self> {
        let rule = self.rule.rsplit('.').next().unwrap_or_default();
        let is_mine = match rule {
            "rows_dropped" | "not_found" => true,
            "required" => self.column.is_none(),
            _ => false,
        };
        self.message = language.say(&self.message);
        (!is_mine).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn each_message_has_its_places_in_each_language() {
        let text = include_str!("messages.txt");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(line.split('|').count(), 6, "{line}");
        }
        let places = |template: &Template| template.places.iter().copied().collect::<BTreeSet<_>>();
        for line in LINES.iter() {
            let english = places(&line.by_language[0]);
            assert!(
                english.is_subset(&places(&line.said)),
                "{:?}",
                line.said.texts
            );
            for (language, text) in Language::ALL.iter().zip(&line.by_language) {
                assert!(
                    text.texts.iter().any(|text| !text.trim().is_empty()),
                    "{language:?}"
                );
                assert_eq!(places(text), english, "{language:?}: {:?}", text.texts);
            }
        }
        assert_eq!(WHOLE.len() + OPEN.len(), LINES.len());
    }

    #[test]
    fn every_message_of_the_engine_is_known() {
        const RULES: &str = "ambiguous cells_in_row column_is_text column_of_several date_out_of_range digits_lost \
            formula_without_value half_converted required total_differs unique value_lost wrong_letters wrong_type";
        let folders = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sheets"));
        let folders = folders.unwrap().map(|folder| folder.unwrap().path());
        let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
        let mut count = 0;
        for file in files {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for line in text.lines() {
                let cells: Vec<&str> = line.split('|').map(str::trim).collect();
                let ["error" | "warning" | "info", place, rule, _, _, message] = cells[..] else {
                    continue;
                };
                let rule = rule.rsplit('.').next().unwrap_or_default();
                let is_mine = message.starts_with("no column was found");
                if RULES.split(' ').any(|known| known == rule) && place.contains('!') && !is_mine {
                    assert_ne!(Language::German.say(message), message, "{rule}");
                    count += 1;
                }
            }
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn messages_are_said_in_the_language_of_the_sender() {
        for (language, said, wanted) in [
            ("de", "not a date", "kein Datum"),
            ("fr", "less than 9", "inférieur à 9"),
            (
                "pl",
                "occurs more than once, also in A7",
                "występuje więcej niż raz, także w A7",
            ),
            (
                "de",
                "not a date (3 rows share this cell)",
                "kein Datum (3 Zeilen teilen diese Zelle)",
            ),
            (
                "de",
                "can be read in two ways; it was read as day-first because of date_order",
                "kann auf zwei Arten gelesen werden; gelesen als Tag zuerst",
            ),
            (
                "en",
                "can be read in two ways; it was read as day-first because of date_order",
                "can be read in two ways; it was read as day-first",
            ),
            (
                "es",
                "row 4 of the sheet 'May' has the same Sample and Test",
                "la fila 4 de la hoja «May» tiene los mismos valores: Sample, Test",
            ),
            ("de", "a word of mine", "a word of mine"),
            ("de", "row 7", "Zeile 7"),
        ] {
            let language = Language::parse(language).unwrap();
            assert_eq!(language.say(said), wanted);
        }
        assert_eq!(Language::German.say_place("B7"), "B7");
    }

    #[test]
    fn what_the_author_has_to_mend_is_not_said_to_the_sender() {
        let issue = |rule: &str, column: &str| -> Issue {
            let line = format!(
                r#"{{"sheet": "S", "severity": "error", "rule": "{rule}", "message": "empty", "column": {column}}}"#
            );
            serde_json::from_str(&line).unwrap()
        };
        for (rule, column, is_said) in [
            ("rows_dropped", "null", false),
            ("month.not_found", "null", false),
            ("pay.required", "null", false),
            ("pay.required", "\"B\"", true),
            ("pay.check", "null", true),
        ] {
            assert_eq!(
                issue(rule, column)
                    .for_sender(Language::German)
                    .map(|issue| issue.message)
                    .as_deref(),
                is_said.then_some("leer"),
                "{rule}"
            );
        }
    }
}
