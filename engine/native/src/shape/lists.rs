//! Finds cells that hold several values: a separator splits texts of few words, which occur again in other cells or at other
//! positions, and not always in the same number. If the parts are always at the same position, such as street and town, the
//! cell is no list.

use foldhash::{HashMap, HashSet};

use super::marks::ValueSeparator;
use super::step::{Proposal, ReshapeStep};
use super::table::{Kind, TextTable, share};

/// The maximum number of columns that are checked.
const MAX_COLUMNS: usize = 80;
/// The maximum number of words in a value, and of words on average.
const MAX_WORDS: usize = 8;
const MAX_MEAN_WORDS: f64 = 3.2;
/// The maximum length of the values of a list among other text.
const MAX_SHORT_CHARS: usize = 12;

pub fn split(table: &TextTable) -> Option<Proposal> {
    let columns = 0..table.width().min(MAX_COLUMNS);
    let found = columns.filter_map(|column| {
        ValueSeparator::ALL
            .iter()
            .find_map(|&mark| parted(table, column, mark))
    });
    found.reduce(|best, next| {
        if next.confidence > best.confidence {
            next
        } else {
            best
        }
    })
}

fn parted(table: &TextTable, column: usize, mark: ValueSeparator) -> Option<Proposal> {
    let filled: Vec<&str> = table
        .column(column)
        .filter(|(_, kind)| kind.is_some())
        .map(|(text, _)| text)
        .collect();
    let may_be_list = |text: &&str| Kind::from_text(text) == Some(Kind::Text) || is_spaced(text);
    let texts: Vec<&str> = filled.iter().copied().filter(may_be_list).collect();
    let marked = texts.iter().filter(|text| mark.is_in(text));
    let lists: Vec<Vec<&str>> = marked
        .map(|text| mark.split(text))
        .filter(|parts| parts.len() > 1)
        .collect();
    let is_short = |list: &&Vec<&str>| {
        list.len() > 2
            && list
                .iter()
                .all(|part| part.chars().count() <= MAX_SHORT_CHARS)
    };
    let are_many =
        lists.len() as f64 >= 0.3 * filled.len() as f64 && texts.len() * 2 >= filled.len();
    if lists.len() < 2 || !are_many && lists.iter().filter(is_short).count() < 2 {
        return None;
    }
    let words: Vec<usize> = lists
        .iter()
        .flatten()
        .map(|part| part.split_whitespace().count())
        .collect();
    let mean_words = words.iter().sum::<usize>() as f64 / words.len() as f64;
    if words.iter().any(|&count| count > MAX_WORDS) || mean_words > MAX_MEAN_WORDS {
        return None;
    }
    let singles = texts.iter().filter(|text| !mark.is_in(text));
    let singles = singles.map(|text| vec![*text]);
    let mut counts: HashMap<String, (usize, HashSet<usize>)> = HashMap::default();
    for list in lists.iter().cloned().chain(singles) {
        for (place, part) in list.into_iter().enumerate() {
            let known = counts.entry(part.to_lowercase()).or_default();
            known.0 += 1;
            known.1.insert(place);
        }
    }
    let all: usize = counts.values().map(|(count, _)| count).sum();
    let again = || counts.values().filter(|(count, _)| *count > 1);
    let reuse = again().map(|(count, _)| count).sum::<usize>() as f64 / all as f64;
    let moves = share(again().map(|(_, places)| places.len() > 1));
    let lengths: HashSet<usize> = lists.iter().map(Vec::len).collect();
    if lengths.len() < 2 && moves < 0.3 {
        return None;
    }
    let part = lists.len() as f64 / filled.len() as f64;
    let is_varied = f64::from(u8::from(lengths.len() > 1));
    let confidence = (0.3 + 0.3 * reuse + 0.2 * moves + 0.1 * is_varied + 0.1 * part).min(0.9);
    let mean = lists.iter().map(Vec::len).sum::<usize>() as f64 / lists.len() as f64;
    let reasons = vec![
        format!(
            "{:.0} % of the cells of {} hold several values with {} between them, {mean:.1} on average",
            100.0 * part,
            table.name(column),
            mark.words()
        ),
        format!(
            "{:.0} % of these values also occur in other cells",
            100.0 * reuse
        ),
    ];
    let doubt =
        Some("with a row for each value, the other values of the row are repeated, amounts too");
    Some(Proposal::new(
        ReshapeStep::Split { column, mark },
        confidence,
        reasons,
        doubt,
    ))
}

/// Returns whether a text has numbers with a comma and a space between them: "390, 2475".
fn is_spaced(text: &str) -> bool {
    let parts: Vec<&str> = text.split(", ").collect();
    let is_digit = |c: char| c.is_ascii_digit();
    parts
        .windows(2)
        .any(|pair| pair[0].ends_with(is_digit) && pair[1].starts_with(is_digit))
}
