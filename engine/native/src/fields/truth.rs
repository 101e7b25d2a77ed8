//! Booleans: yes and no as people write them.

use super::cut::{Cut, fold};
use crate::columns::view::Value;

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
            let word = word.trim_end_matches('.');
            if YES.contains(&word) {
                Some(true)
            } else {
                NO.contains(&word).then_some(false)
            }
        }
        _ => None,
    }
}
