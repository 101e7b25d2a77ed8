//! Splits names of people into first and last name if the words, their letters and their positions leave no doubt.

use super::person_word::{
    BOTH, EAST, GIVEN, HUNGARIAN, IBERIAN, LAST, NO_PEOPLE, NO_PERSON, NameWord, OF_LAST, OF_TWO,
    OWN_PARTICLE, PARTICLE, SUFFIX, TITLE, folded, is_han, is_hangul, is_of_asia, is_plain, known,
    syllables,
};
use crate::words::cut::fold;
use crate::words::data::{LISTS, WordList};

/// The reason why a name was not split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameDoubt {
    NoPerson,
    /// It is open which is the first and which the last name.
    Open,
}

impl NameDoubt {
    /// Returns the sentence about the cell.
    pub fn said(self) -> &'static str {
        match self {
            Self::NoPerson => "no name of a person",
            Self::Open => "it is not clear which name is the first and which the last",
        }
    }
}

/// The first and the last name; one of them may be empty.
pub type FirstAndLast = (String, String);

/// Returns whether a text in place of a name is none: it has digits, marks, several people, or words of companies and
/// departments.
pub fn is_no_person(text: &str) -> bool {
    if is_plain(text) {
        return NO_PEOPLE.contains(&folded(text).as_str());
    }
    let is_mark = |c: char| "&/@+=#%:;|\\<>_*?!$€£•…[]{}".contains(c) || c.is_numeric();
    if text.contains(is_mark) || !text.contains(char::is_alphabetic) {
        return true;
    }
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let is_other = |word: &str| {
        let folded = folded(word.trim_matches('.'));
        let bare = if word.contains('.') {
            folded.replace('.', "")
        } else {
            folded.clone()
        };
        // "Marco Sa", "Ag Ng" are people: kinds of companies with two letters are written in capitals or in small letters.
        let is_short = bare.len() < 3
            && !word.contains('.')
            && word.chars().any(char::is_lowercase)
            && word != word.to_lowercase();
        !is_short && (known(&folded) | known(&bare)) & NO_PERSON != 0
    };
    let count = words.clone().count();
    // "BTS" is pronounced letter by letter.
    let is_short_form = |word: &str| {
        word.len() > 2
            && word
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() && !b"AEIOUY".contains(&byte))
    };
    if words.clone().any(is_short_form) && text.chars().any(char::is_lowercase) {
        return true;
    }
    // "Ann and Bo Lee" are two people; "von und zu Stein" is one.
    let joins = |word: &str| {
        matches!(
            word,
            "and" | "und" | "et" | "och" | "og" | "en" | "и" | "ja"
        )
    };
    words.clone().any(is_other) && (count > 1 || known(&fold(text)) & GIVEN == 0)
        || words.clone().any(joins) && !text.contains("von und zu")
}

/// Splits a person's name into first and last name.
///
/// # Errors
/// The text is no person's name, or it is not clear which part is which.
pub fn names(text: &str) -> Result<FirstAndLast, NameDoubt> {
    let text = without_remarks(text);
    if is_no_person(&text) {
        return Err(NameDoubt::NoPerson);
    }
    parted(&text).ok_or(NameDoubt::Open)
}

/// Returns the first and the last name; none if it is not clear which is which.
fn parted(text: &str) -> Option<FirstAndLast> {
    if text.chars().all(is_of_asia) {
        return of_one_word_in_asia(text);
    }
    let mut parts = text.split([',', '،', '、']).map(str::trim);
    let head = parts.next().unwrap_or_default();
    let mut others: Vec<&str> = parts.collect();
    others.retain(|part| !part.is_empty() && !are_suffixes(part, head));
    match others[..] {
        [] => of_words(head),
        [first] => turned(head, first),
        _ => None,
    }
}

/// Returns the text without remarks and nicknames: "William (Bill) Gates", "Anna Lee geb. Weber".
fn without_remarks(text: &str) -> String {
    let (mut plain, mut end) = (String::new(), None);
    for c in text.chars() {
        match end {
            Some(close) if c == close => end = None,
            Some(_) => {}
            None => {
                end = match c {
                    '(' | '（' => Some(if c == '(' { ')' } else { '）' }),
                    '"' => Some('"'),
                    '“' | '„' => Some('”'),
                    '«' => Some('»'),
                    _ => None,
                };
                if end.is_none() {
                    plain.push(if c == '\u{3000}' { ' ' } else { c });
                }
            }
        }
    }
    // A remark that is not closed is none.
    let text = if end.is_some() {
        text.to_owned()
    } else {
        plain
    };
    let is_before_birth = |word: &&str| {
        matches!(
            fold(word).trim_matches('.'),
            "geb" | "nee" | "born" | "rozena" | "fodd" | "geborene"
        )
    };
    text.split_whitespace()
        .take_while(|word| !is_before_birth(word))
        .collect::<Vec<_>>()
        .join(" ")
}

fn are_suffixes(part: &str, head: &str) -> bool {
    // In "Lee, Ma" a first name follows the comma, in "Ann Lee, MA" none does.
    let is_one = |word: &str| {
        let folded = fold(word.trim_matches('.'));
        let is_known =
            known(&folded) & SUFFIX != 0 || known(&folded.replace('.', "")) & SUFFIX != 0;
        let letters: Vec<char> = word.chars().filter(|c| c.is_alphabetic()).collect();
        is_known
            && (letters.len() > 2
                || head.contains(' ') && letters.iter().any(|c| c.is_uppercase())
                || matches!(folded.as_str(), "jr" | "sr" | "ii" | "iv"))
    };
    part.split(' ').all(is_one) || fold(part) == "ph. d."
}

/// Splits a name whose last name comes before a comma.
fn turned(head: &str, first: &str) -> Option<FirstAndLast> {
    let (last, _) = without_titles(words_of(head));
    let (first, _) = without_titles(words_of(first));
    let (last, mut first) = (without_suffixes(last), without_suffixes(first));
    // "Berg, Maria van der"
    let at = first
        .iter()
        .rposition(|word| !(word.is(PARTICLE) && word.text.chars().all(|c| !c.is_uppercase())));
    let particles = first.split_off(at.map_or(0, |at| at + 1));
    if last.is_empty() || first.is_empty() || first.len() > 4 || last.len() > 5 {
        return None;
    }
    // "Thomas, Weber": somebody has written first names in front.
    let is_given = |words: &[NameWord<'_>]| {
        words
            .iter()
            .all(|word| word.known & (GIVEN | LAST | BOTH | EAST) == GIVEN)
    };
    let is_last =
        |words: &[NameWord<'_>]| words.iter().all(|word| word.known & (GIVEN | LAST) == LAST);
    if is_given(&last) && is_last(&first)
        || last.len() > 1
            && last[0].is(GIVEN)
            && last
                .iter()
                .all(|word| !word.is(PARTICLE | OF_TWO) && word.text.len() > 1)
    {
        return None;
    }
    let last: Vec<NameWord<'_>> = particles.into_iter().chain(last).collect();
    Some((joined(&first), joined(&last)))
}

fn words_of(text: &str) -> Vec<NameWord<'_>> {
    text.split(' ')
        .filter(|word| !word.is_empty())
        .map(NameWord::new)
        .collect()
}

fn joined(words: &[NameWord<'_>]) -> String {
    words
        .iter()
        .map(|word| word.text)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Returns the words without the titles in front, and whether one of these titles precedes last names.
fn without_titles(mut words: Vec<NameWord<'_>>) -> (Vec<NameWord<'_>>, bool) {
    let mut is_of_last = false;
    while words.len() > 1 {
        let word = &words[0];
        let bare = word.folded.replace('.', "");
        let bits = word.known | known(&bare);
        // "M. Smith" has an initial, "M. Jean Dupont" a title; "Do", "Le" without a point are names.
        let is_title =
            bits & TITLE != 0 && (word.text.ends_with('.') || bits & (GIVEN | EAST | LAST) == 0);
        let is_monsieur =
            word.text == "M." && words.len() > 2 && !words[1].is_initial() && words[1].is(GIVEN);
        if !is_title && !is_monsieur {
            break;
        }
        is_of_last |= bits & OF_LAST != 0 || is_monsieur;
        words.remove(0);
    }
    (words, is_of_last)
}

/// Returns the words without the suffixes of a name.
fn without_suffixes(mut words: Vec<NameWord<'_>>) -> Vec<NameWord<'_>> {
    while words.len() > 1 {
        let word = &words[words.len() - 1];
        let letters = word.text.chars().filter(|c| c.is_alphabetic()).count();
        let is_upper = word
            .text
            .chars()
            .filter(|c| c.is_alphabetic())
            .all(char::is_uppercase);
        let bits = word.known | known(&word.folded.replace('.', ""));
        let is_sure = letters > 2 && words.len() > 2
            || matches!(word.folded.as_str(), "jr" | "sr")
            || is_upper && (words.len() > 2 && !words[0].is_in_capitals());
        // "San" is also a name; behind a hyphen it is a suffix only.
        if bits & SUFFIX == 0 || bits & (GIVEN | EAST) != 0 || !is_sure || word.folded == "san" {
            break;
        }
        words.pop();
    }
    words
}

/// Splits a name without a comma.
fn of_words(text: &str) -> Option<FirstAndLast> {
    let (words, is_of_last) = without_titles(words_of(text));
    let words = joined_slaves(without_suffixes(words));
    if words.len() < 2 {
        // "Frau Weber"
        let name = words
            .first()
            .filter(|word| is_of_last && !word.is_initial())?;
        return Some((String::new(), name.text.to_owned()));
    }
    if is_of_last
        && words[0].is(PARTICLE)
        && words[0].text.chars().all(char::is_lowercase)
        && words.iter().rev().skip(1).all(|word| word.is(PARTICLE))
    {
        // "Herr von Weber"
        return Some((String::new(), joined(&words)));
    }
    let of_nobles = words
        .windows(2)
        .skip(1)
        .position(|two| NOBLES.contains(&two[0].folded.as_str()) && two[1].is(PARTICLE));
    if let Some(at) = of_nobles {
        return Some((joined(&words[..=at]), joined(&words[at + 1..])));
    }
    let start = by_capitals(&words)
        .or_else(|| by_patronymic(&words))
        .or_else(|| by_script(&words))
        .or_else(|| by_particles(&words))
        .unwrap_or_else(|| by_places(&words));
    match start {
        Start::First(at) => Some((joined(&words[..at]), joined(&words[at..]))),
        Start::Last(at) => Some((joined(&words[at..]), joined(&words[..at]))),
        Start::Open => None,
    }
}

/// The name that comes first, with the position at which the other one begins.
#[derive(Clone, Copy, Debug)]
enum Start {
    First(usize),
    Last(usize),
    /// It is not clear which name comes first.
    Open,
}

impl Start {
    fn if_clear(self, is_clear: bool) -> Self {
        if is_clear { self } else { Self::Open }
    }
}

/// Titles that are part of German last names: "Friedrich Freiherr von Berg".
static NOBLES: WordList = WordList::new(|| LISTS.words("nobles"));

/// Words that form one name with the word beside them.
static SERVANTS: WordList = WordList::new(|| LISTS.words("servants"));

/// Returns the words of a name; none if two of them form one name, as in "Abdul Rahman".
fn joined_slaves(words: Vec<NameWord<'_>>) -> Vec<NameWord<'_>> {
    let is_slave = |word: &NameWord<'_>| SERVANTS.contains(&word.folded.as_str());
    // Two words cannot be kept together, so the name stays whole.
    if words.iter().any(is_slave)
        && words.len() < 4
        && !(words.len() == 3 && is_slave(&words[0]) && !is_slave(&words[1]))
    {
        Vec::new()
    } else {
        words
    }
}

/// Finds the last name by its capitals: "DUPONT Jean", "Jean-Pierre LE GOFF".
fn by_capitals(words: &[NameWord<'_>]) -> Option<Start> {
    let is_marked = |at: usize| words[at].is_in_capitals();
    let marked: Vec<usize> = (0..words.len()).filter(|at| is_marked(*at)).collect();
    let others = (0..words.len()).filter(|at| !is_marked(*at)).any(|at| {
        !words[at].is_initial()
            && words[at].text.chars().any(char::is_lowercase)
            && !words[at].is(PARTICLE)
    });
    let (&first, &last) = (marked.first()?, marked.last()?);
    if !others {
        return None;
    }
    let is_run = (first..=last).all(|at| {
        is_marked(at)
            || words[at].is(PARTICLE)
            || matches!(words[at].folded.as_str(), "y" | "e" | "i")
    });
    let mut start = first;
    while start > 0
        && words[start - 1].is(PARTICLE)
        && (start > 1 || words[0].text.chars().all(|c| !c.is_uppercase()))
    {
        start -= 1;
    }
    let end = last + 1;
    Some(match (is_run, start == 0, end == words.len()) {
        (true, false, true) => Start::First(start),
        (true, true, false) => Start::Last(end),
        _ => Start::Open,
    })
}

/// Finds the first name by the father's name behind it: "Ivan Petrovich Sidorov", "Sidorov Ivan Petrovich".
fn by_patronymic(words: &[NameWord<'_>]) -> Option<Start> {
    let at = words.iter().rposition(NameWord::is_patronymic)?;
    Some(match (words.len(), at) {
        (3, 1) => Start::First(2),
        (3, 2) if !words[1].is_patronymic() => Start::Last(1),
        _ => Start::Open,
    })
}

/// Splits names in Chinese, Japanese and Korean script, in which the last name comes first.
fn by_script(words: &[NameWord<'_>]) -> Option<Start> {
    let are_of = |is_it: fn(char) -> bool| words.iter().all(|word| word.text.chars().all(is_it));
    are_of(is_of_asia).then(|| {
        let are_katakana = are_of(|c| ('\u{30a0}'..='\u{30ff}').contains(&c));
        Start::Last(1).if_clear(words.len() == 2 && !are_katakana)
    })
}

/// Splits a Chinese or Korean name without a blank: the first character is the last name, if it is a common one.
fn of_one_word_in_asia(text: &str) -> Option<FirstAndLast> {
    let count = text.chars().count();
    let (first, rest) = text.split_at(text.chars().next()?.len_utf8());
    let is_korean = text.chars().all(is_hangul);
    // Characters that begin no Japanese last name.
    const CHINESE: &str = "王李张張刘劉陈陳赵趙周吴吳徐孙孫朱胡郭何罗羅郑鄭梁谢謝许許邓鄧冯馮曹彭曾萧蕭潘袁蔡蒋蔣余杜叶葉程魏苏蘇吕呂丁沈姚卢盧傅钟鐘崔谭譚陆陸汪范廖贾賈夏韦韋邹鄒熊孟秦阎薛侯雷龙龍黄黃杨楊";
    const KOREAN: &str =
        "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진";
    let is_known = if is_korean {
        KOREAN.contains(first) && !["남궁", "황보"].iter().any(|two| text.starts_with(two))
    } else {
        CHINESE.contains(first) && text.chars().all(is_han)
    };
    (is_known && (2..=3).contains(&count)).then(|| (rest.to_owned(), first.to_owned()))
}

/// Finds the last name by the small words before it: "Maria van der Berg", "Seán Ó Sé", "José Ortega y Gasset".
fn by_particles(words: &[NameWord<'_>]) -> Option<Start> {
    let count = words.len();
    let is_small = |at: usize| words[at].text.chars().all(|c| !c.is_uppercase());
    if let Some(at) = (2..count - 1)
        .find(|at| is_small(*at) && matches!(words[*at].folded.as_str(), "y" | "i" | "e"))
    {
        let is_first = words[..at - 1]
            .iter()
            .all(|word| word.is(GIVEN) || word.is_initial());
        return Some(Start::First(at - 1).if_clear(at == 2 || is_first));
    }
    let is_particle = |at: usize| {
        at + 1 < count
            && words[at].is(PARTICLE)
            && (is_small(at) || at > 0)
            && !words[at].text.ends_with('.') | matches!(words[at].folded.as_str(), "st")
    };
    if is_particle(0) {
        // "van der Berg Jan": one word follows the last name.
        let stop = (0..count).find(|at| !is_particle(*at))?;
        let is_clear = stop + 2 == count && !words[stop].is(GIVEN) && !words[stop + 1].is(LAST);
        return Some(Start::Last(stop + 1).if_clear(is_clear));
    }
    let at = given_with_particle(words);
    let found = (at..count).find(|at| *at > 0 && (is_particle(*at) || words[*at].is(OWN_PARTICLE)));
    let Some(at) = found else {
        return (at > 0).then_some(Start::First(at));
    };
    // "Li Da Wei", "Kim Ni": these are no particles.
    if words[0].is(EAST) && !is_small(at) && !words[0].is(BOTH) {
        return None;
    }
    if words[at..]
        .iter()
        .any(|word| matches!(word.folded.as_str(), "bin" | "ibn" | "bint"))
        && (at > 1 || count > 3)
    {
        return Some(Start::Open);
    }
    // "Zine El Abidine Ben Ali" has several particles.
    let stop = (at..count).find(|at| !is_particle(*at)).unwrap_or(count);
    if (stop..count).any(|at| is_particle(at) && !is_small(at)) {
        return Some(Start::Open);
    }
    let before = &words[1..at];
    let is_given = |word: &NameWord<'_>| (word.is(GIVEN) || word.is_initial()) && !word.is(OF_TWO);
    let is_iberian = words[at].is(IBERIAN | OWN_PARTICLE);
    let are_given = before.iter().all(is_given);
    // "Smith de Vries Ann", and "Jansen van Dijk": a last name comes first.
    let is_odd = words[0].is(LAST) && !words[0].is(GIVEN);
    let is_clear =
        are_given || !is_iberian && before.len() <= 1 && before.iter().all(|word| !word.is(LAST));
    Some(Start::First(at).if_clear(!is_odd && is_clear))
}

/// Returns the position behind first names such as "María del Carmen" and "Maria de Lourdes" if more words follow; 0 for any
/// other name.
fn given_with_particle(words: &[NameWord<'_>]) -> usize {
    const BEHIND: &str = " carmen pilar rosario lourdes fatima jesus mar angeles luz conceicao gracas dores paz milagros rocio consuelo ";
    let at = (2..words.len().saturating_sub(1)).find(|at| {
        BEHIND.contains(&format!(" {} ", words[*at].folded))
            && words[1..*at].iter().all(|word| word.is(IBERIAN))
    });
    at.map_or(0, |at| at + 1)
}

/// Splits a name by its words and their positions alone.
fn by_places(words: &[NameWord<'_>]) -> Start {
    let [first, .., last] = words else {
        return Start::Open;
    };
    // "Mohammed VI"
    let is_number = last.text.chars().all(|c| matches!(c, 'I' | 'V' | 'X'));
    if last.is_initial() || is_number || last.is(PARTICLE) && !last.is(EAST | GIVEN | LAST) {
        return Start::Open;
    }
    let inner = &words[1..words.len() - 1];
    if let Some(found) = of_east(words) {
        return found;
    }
    let is_given = |word: &NameWord<'_>| word.is(GIVEN);
    if first.is(HUNGARIAN) && !first.is(GIVEN) && last.is(GIVEN) {
        return Start::Last(1).if_clear(inner.iter().all(is_given));
    }
    let is_last = |word: &NameWord<'_>| word.is(LAST) || word.ends_as_last();
    let given_alone = |word: &NameWord<'_>| word.is(GIVEN) && !word.is(LAST);
    // "Smith John", "Иванов Иван"; and "Müller Thomas", a name that exists in this order only.
    if is_last(first) && !first.is(GIVEN) {
        let is_turned = given_alone(last) && !is_last(last) && inner.iter().all(is_given);
        return Start::Last(1).if_clear(is_turned);
    }
    if given_alone(last) && !last.is(BOTH) && (!first.is(GIVEN) || first.is(BOTH)) {
        return Start::Open;
    }
    // Two first names, neither of which is a last name: "Anna Maria", "Hans Peter".
    if words.iter().all(|word| given_alone(word) && !word.is(BOTH)) || words.len() > 5 {
        return Start::Open;
    }
    let firsts = inner
        .iter()
        .take_while(|word| (word.is(GIVEN) && !word.is(OF_TWO)) || word.is_initial())
        .count();
    match &inner[firsts..] {
        [] => Start::First(words.len() - 1),
        // Two last names: "Gabriel García Márquez".
        [word] => Start::First(1 + firsts).if_clear(
            word.is(OF_TWO)
                || word.folded.ends_with("ez")
                || word.folded.ends_with("es") && last.is(OF_TWO),
        ),
        _ => Start::Open,
    }
}

/// Splits names of East Asia in Latin letters: "Wang Xiaoming", "Kim Ji-woo", "Tanaka Hiroshi", and "Xiaoming Wang".
fn of_east(words: &[NameWord<'_>]) -> Option<Start> {
    let (first, last, count) = (&words[0], &words[words.len() - 1], words.len());
    let is_japan = |word: &NameWord<'_>| {
        word.is(EAST) && word.is(LAST) && syllables(&word.folded).is_none_or(|count| count >= 2)
    };
    let is_hyphened =
        last.folded.contains('-') && last.is_eastern() && syllables(&first.folded) == Some(1);
    if count == 2 && is_hyphened && !first.is(GIVEN & !BOTH) {
        return Some(Start::Last(1));
    }
    // "Ai Weiwei"
    let is_short = syllables(&first.folded) == Some(1) && syllables(&last.folded) == Some(2);
    if count == 2 && is_short && !first.is(GIVEN | EAST) && !last.is(GIVEN | EAST | LAST) {
        return Some(Start::Open);
    }
    if !first.is(EAST) {
        // "Minh Anh Nguyen" and "Hiroshi Tanaka" are split as any other name, and so is "Mei Ling Chan".
        let is_eastern = last.is(EAST)
            && count == 3
            && first.is_eastern()
            && words[1].is_eastern()
            && !words[1].is(EAST);
        return is_eastern.then_some(Start::First(2));
    }
    let rest = &words[1..];
    let is_western = |word: &NameWord<'_>| !word.is_eastern() && !word.is_japanese();
    if count == 2 {
        return match () {
            () if last.is(EAST) => Some(Start::Open),
            // "Kim Smith", "Lee Harper": a first name comes first.
            () if is_western(last) || first.is(BOTH) && last.is(LAST) => {
                (first.is(LAST) || !first.is(BOTH | GIVEN)).then_some(Start::Open)
            }
            () if first.is(BOTH) && !last.folded.contains('-') => Some(Start::Open),
            () => Some(Start::Last(1).if_clear(is_japan(first) || last.is_eastern())),
        };
    }
    // "Nguyễn Thị Minh Khai", "Park Ji Sung"
    let are_eastern = rest.iter().all(NameWord::is_eastern);
    let is_clear =
        are_eastern && count <= 4 && (!last.is(EAST) || first.is(LAST) && !last.is(LAST));
    Some(Start::Last(1).if_clear(is_clear))
}
