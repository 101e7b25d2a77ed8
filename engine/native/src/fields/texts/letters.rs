//! Finds letters that nobody typed: text that was read in a wrong encoding, and e-mail addresses with letters of two alphabets.

use encoding_rs::{MACINTOSH, WINDOWS_1252};

/// Returns the issue of a text with such letters; none for any other text.
pub fn wrong_letters(text: &str) -> Option<&'static str> {
    if text.is_ascii() {
        return None;
    }
    if is_misread(text) {
        return Some(
            "the letters look as if they had been read in a wrong encoding, like Ã¼ for ü; compare them with the source",
        );
    }
    (text.contains('@') && has_two_alphabets(text))
        .then_some("the address has letters of two alphabets, some of which look alike")
}

/// Returns whether the text, as Windows or a Mac would have written it, is UTF-8 of other letters.
fn is_misread(text: &str) -> bool {
    // In both encodings, these are the bytes that begin a letter in UTF-8.
    let may_begin = |c: char| ('Â'..='ô').contains(&c) || "√¬ƒ≈‚∆Œœ–".contains(c);
    // In UTF-8, a letter outside of ASCII has two bytes or more: in José one strange letter is alone.
    let is_alone = |letters: &str| letters.chars().nth(1).is_none() && !letters.is_empty();
    if text.split(|c: char| c.is_ascii()).any(is_alone) || !text.contains(may_begin) {
        return false;
    }
    [WINDOWS_1252, MACINTOSH].into_iter().any(|encoding| {
        let (bytes, _, has_others) = encoding.encode(text);
        !has_others && std::str::from_utf8(&bytes).is_ok()
    })
}

fn has_two_alphabets(text: &str) -> bool {
    let is_foreign = |c: char| matches!(c, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}');
    text.split(|c: char| !c.is_alphanumeric())
        .any(|word| word.contains(is_foreign) && word.contains(|c: char| c.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn letters_of_a_wrong_encoding_and_of_two_alphabets() {
        for text in [
            "MÃ¼nchen", "Ren√©e", "Ã…rhus", "KÃ¶ln", "аnna@example.com", "Ørsted Ã˜st",
        ] {
            let is_whole = text != "Ørsted Ã˜st";
            assert_eq!(wrong_letters(text).is_some(), is_whole, "{text}");
        }
        for text in [
            "München", "Renée", "Århus", "São Paulo", "Ã", "√2", "анна@пример.рф", "Anna Пример", "CÔTE D’IVOIRE",
            "naïve – “quoted”",
        ] {
            assert_eq!(wrong_letters(text), None, "{text}");
        }
    }
}
