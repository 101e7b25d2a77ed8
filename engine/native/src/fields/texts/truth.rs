//! Booleans: yes and no as people write them.

use crate::columns::view::Value;
use crate::fields::words::cut::{Cut, fold};

const YES: &[&str] = &[
    "true",
    "t",
    "yes",
    "y",
    "x",
    "1",
    "on",
    "ok",
    "✓",
    "✔",
    "☑",
    "✅",
    "1.0",
    "ja",
    "j",
    "oui",
    "si",
    "sim",
    "tak",
    "ano",
    "wahr",
    "vrai",
    "verdadero",
    "vero",
    "waar",
    "evet",
    "igen",
    "kylla",
    "да",
    "da",
    "ναι",
    "是",
    "はい",
    "checked",
    "paid",
    "bezahlt",
    "paye",
    "paga",
    "pagado",
    "betaald",
];
const NO: &[&str] = &[
    "false",
    "f",
    "no",
    "n",
    "0",
    "off",
    "✗",
    "✘",
    "☐",
    "❌",
    "0.0",
    "nein",
    "non",
    "nao",
    "nie",
    "ne",
    "falsch",
    "faux",
    "falso",
    "onwaar",
    "nee",
    "nej",
    "nei",
    "hayir",
    "nem",
    "ei",
    "нет",
    "не",
    "nu",
    "οχι",
    "否",
    "いいえ",
    "unchecked",
    "unpaid",
    "offen",
    "impaye",
];

/// The boolean that a cell says. `own` are words of the author's own, folded: those that mean yes, and those that mean no.
pub fn truth(value: Value<'_>, own: Option<(&[String], &[String])>, cut: &mut Cut) -> Option<bool> {
    match value {
        Value::Boolean(flag) => Some(flag),
        Value::Integer(0) | Value::Unsigned(0) => Some(false),
        Value::Integer(1) | Value::Unsigned(1) => Some(true),
        Value::Float(0.0) => Some(false),
        Value::Float(1.0) => Some(true),
        Value::Text(text) => {
            if !cut.cut(text) {
                return None;
            }
            let word = cut.folded();
            if let Some((yes, no)) = own {
                // The author's words are folded, and cutting takes some of their letters for marks of dates.
                let folded = fold(text.trim());
                let says =
                    |words: &[String]| words.iter().any(|known| *known == folded || known == word);
                if says(yes) || says(no) {
                    return Some(says(yes));
                }
            }
            // A variation selector makes a sign an emoji.
            let word = word.trim_end_matches(['.', '\u{fe0e}', '\u{fe0f}']);
            if YES.contains(&word) {
                Some(true)
            } else {
                NO.contains(&word).then_some(false)
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_in_signs_and_languages() {
        let mut cut = Cut::default();
        let mut says = |text| truth(Value::Text(text), None, &mut cut);
        for yes in [
            "✅", "✔️", "✔", "☑️", "да", "Da", "Ναι", "是", "はい", "1.0", "YES.",
        ] {
            assert_eq!(says(yes), Some(true), "{yes}");
        }
        for no in [
            "❌",
            "✗",
            "☐",
            "нет",
            "Не",
            "nu",
            "Όχι",
            "否",
            "いいえ",
            "0.0",
            "No",
        ] {
            assert_eq!(says(no), Some(false), "{no}");
        }
        for neither in ["", "2.0", "1.00.", "maybe", "？"] {
            assert_eq!(says(neither), None, "{neither}");
        }
    }
}
