//! Checks ids that have check digits: account numbers (IBAN), VAT numbers of the European Union, and numbers with Luhn's digit.

use std::sync::LazyLock;

use crate::words::data::{LISTS, WordList};

/// Returns the id in capitals, without the characters that separate its groups.
fn plain(text: &str) -> Vec<u8> {
    text.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '/'))
        .map(|c| {
            if c.is_ascii() {
                c.to_ascii_uppercase() as u8
            } else {
                0
            }
        })
        .collect()
}

/// The countries of IBANs, each with the length of its IBANs.
static IBANS: WordList = WordList::new(|| LISTS.words("ibans"));

/// Returns the value of a digit, or of a letter from 10 on.
fn value(sign: u8) -> u32 {
    char::from(sign).to_digit(36).unwrap_or(0)
}

/// Returns the remainder by 97 of an id whose letters count as numbers of two digits (ISO 7064).
fn rest_by_97<'a>(id: impl Iterator<Item = &'a u8>) -> u32 {
    id.fold(0, |rest, sign| {
        let shift = if sign.is_ascii_digit() { 10 } else { 100 };
        (rest * shift + value(*sign)) % 97
    })
}

/// Returns whether a text is an IBAN: it has its country's length, and a remainder of 1 by 97 (ISO 13616).
pub fn is_iban(text: &str) -> bool {
    let id = plain(text);
    let fits = id.len() > 4
        && IBANS
            .iter()
            .map(|known| known.split_at(2))
            .any(|(country, length)| {
                id.starts_with(country.as_bytes()) && length.parse() == Ok(id.len())
            });
    fits && are_digits(&id[2..4])
        && id.iter().all(u8::is_ascii_alphanumeric)
        && rest_by_97(id[4..].iter().chain(&id[..4])) == 1
}

/// Adds the IBAN in a text, without blanks and in capitals. The text may begin with a label: "IBAN: de89 3704 …". Returns
/// `false` if the text is no IBAN, or if its check digits show that a digit is wrong.
pub fn push_iban(text: &str, out: &mut String) -> bool {
    let start = text
        .get(..4)
        .filter(|start| start.eq_ignore_ascii_case("iban"));
    let text = match start {
        Some(_) => text[4..].trim_start_matches([':', '.', ' ']),
        None => text,
    };
    let is_it = is_iban(text);
    if is_it {
        out.extend(plain(text).into_iter().map(char::from));
    }
    is_it
}

/// Returns whether the last digit is Luhn's (ISO/IEC 7812), as in card numbers and many ids.
pub fn is_luhn(text: &str) -> bool {
    let id = plain(text);
    id.len() > 1 && are_digits(&id) && luhn_sum(&id).is_multiple_of(10)
}

fn are_digits(id: &[u8]) -> bool {
    id.iter().all(u8::is_ascii_digit)
}

/// Returns the sum of digits in which every second digit from the end counts twice.
pub(super) fn luhn_sum(digits: &[u8]) -> u32 {
    let from_behind = digits.iter().rev().map(|digit| value(*digit)).enumerate();
    from_behind
        .map(|(at, digit)| match at % 2 {
            1 if digit > 4 => 2 * digit - 9,
            1 => 2 * digit,
            _ => digit,
        })
        .sum()
}

/// Returns the sum of digits times their weights. A weight is a digit, or a letter from 10 on.
fn weighted(digits: &[u8], weights: &[u8]) -> u32 {
    let pairs = digits.iter().zip(weights);
    pairs
        .map(|(digit, weight)| value(*digit) * value(*weight))
        .sum()
}

fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |all, digit| all * 10 + u64::from(value(*digit)))
}

/// Countries and the forms of their VAT numbers: `9` is a digit, `A` a letter, `X` either.
static VAT_FORMS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = LISTS.lines("vat numbers");
    lines.filter_map(|line| line.split_once(' ')).collect()
});

/// Returns whether a text is a VAT number of the European Union (with Northern Ireland and Great Britain) that begins with its
/// country. Checks its form and, if the country's rule is simple, its check digits (AT BE DE DK EE EL FI FR HR HU IT LU MT PL
/// PT SE SI SK).
pub fn is_vat(text: &str) -> bool {
    let id = plain(text);
    let Some((country, rest)) = id.split_at_checked(2) else {
        return false;
    };
    let country: &[u8] = if country == b"GR" { b"EL" } else { country };
    let Some((_, forms)) = VAT_FORMS
        .iter()
        .find(|(known, _)| known.as_bytes() == country)
    else {
        return false;
    };
    forms.split(' ').any(|form| has_form(rest, form)) && vat_digits_agree(country, rest)
}

fn has_form(id: &[u8], form: &str) -> bool {
    id.len() == form.len()
        && id
            .iter()
            .zip(form.bytes())
            .all(|(byte, wanted)| match wanted {
                b'9' => byte.is_ascii_digit(),
                b'A' => byte.is_ascii_uppercase(),
                b'X' => byte.is_ascii_alphanumeric(),
                fixed => *byte == fixed,
            })
}

fn vat_digits_agree(country: &[u8], id: &[u8]) -> bool {
    match country {
        b"AT" => (luhn_sum(&id[1..8]) + 4 + value(id[8])).is_multiple_of(10),
        b"BE" => 97 - number(&id[..8]) % 97 == number(&id[8..]),
        b"DE" | b"HR" => {
            let (last, body) = (id[id.len() - 1], &id[..id.len() - 1]);
            let product = body.iter().fold(10, |product, digit| {
                let sum = (value(*digit) + product) % 10;
                2 * if sum == 0 { 10 } else { sum } % 11
            });
            (11 - product) % 10 == value(last)
        }
        b"DK" => weighted(id, b"27654321").is_multiple_of(11),
        b"EE" => weighted(id, b"371371371").is_multiple_of(10),
        // Powers of two from 256 down, each modulo eleven.
        b"EL" => weighted(id, b"379A5842") % 11 % 10 == value(id[8]),
        b"FI" => weighted(id, b"79A58421").is_multiple_of(11),
        // If letters come first, the key follows another rule.
        b"FR" if are_digits(&id[..2]) => (number(&id[2..]) * 100 + 12) % 97 == number(&id[..2]),
        b"HU" => weighted(id, b"97319731").is_multiple_of(10),
        b"IT" => luhn_sum(id).is_multiple_of(10),
        b"LU" => number(&id[..6]) % 89 == number(&id[6..]),
        b"MT" => weighted(id, b"346789A1").is_multiple_of(37),
        b"PL" => weighted(id, b"657234567") % 11 == value(id[9]),
        b"PT" => {
            let check = 11 - weighted(id, b"98765432") % 11;
            (if check > 9 { 0 } else { check }) == value(id[8])
        }
        b"SE" => luhn_sum(&id[..10]).is_multiple_of(10),
        b"SI" => {
            let check = 11 - weighted(id, b"8765432") % 11;
            check % 10 == value(id[7]) && check != 11
        }
        b"SK" => number(id).is_multiple_of(11),
        _ => true,
    }
}

/// Returns whether a text is a VAT number whose check digits are right, also in countries with longer rules; this covers all
/// countries.
pub fn is_vat_by_all_rules(text: &str) -> bool {
    let id = plain(text);
    is_vat(text)
        && id
            .split_at_checked(2)
            .is_some_and(|(country, rest)| further_digits_agree(country, rest))
}

fn further_digits_agree(country: &[u8], id: &[u8]) -> bool {
    match country {
        b"BG" => is_bulgarian(id),
        b"CY" => {
            let odd = |digit: &u8| value(b"10579DFHJL"[value(*digit) as usize]);
            let digits = id[..8].chunks(2);
            let sum: u32 = digits.map(|two| odd(&two[0]) + value(two[1])).sum();
            u32::from(id[8] - b'A') == sum % 26
        }
        b"CZ" if id.len() == 8 => {
            let check = 11 - weighted(id, b"8765432") % 11;
            value(id[7]) == check % 10
        }
        b"CZ" if id.len() == 9 && id[0] == b'6' => {
            let sum = weighted(&id[1..], b"8765432") % 11;
            id[8] == b"87654321098"[10 - sum as usize]
        }
        b"CZ" if id.len() == 10 => {
            number(id).is_multiple_of(11) || number(&id[..9]) % 11 == 10 && id[9] == b'0'
        }
        b"ES" => is_spanish(id),
        b"FR" if !are_digits(&id[..2]) => is_french(id, number(&id[2..])),
        b"IE" => is_irish(id),
        b"LV" if id[0] > b'3' => weighted(id, b"91483A25761") % 11 == 3,
        b"LV" => {
            id.starts_with(b"32") || (1 + weighted(id, b"A584216379")) % 11 % 10 == value(id[10])
        }
        b"LT" => {
            let (last, body) = (id[id.len() - 1], &id[..id.len() - 1]);
            let sum = |weights: &[u8]| weighted(body, weights) % 11;
            let check = match sum(b"12345678912") {
                10 => sum(b"34567891234"),
                check => check,
            };
            value(last) == check % 10
        }
        b"NL" => is_dutch(id),
        b"RO" => {
            let (last, body) = (id[id.len() - 1], &id[..id.len() - 1]);
            let sum = weighted(body, &b"753217532"[9 - body.len()..]);
            value(last) == 10 * sum % 11 % 10
        }
        b"GB" | b"XI" => {
            let sum = weighted(id, b"8765432A1");
            sum.is_multiple_of(97) || (sum + 55).is_multiple_of(97)
        }
        _ => true,
    }
}

/// Checks numbers of Bulgaria: nine digits for companies, ten for people, foreigners and others.
fn is_bulgarian(id: &[u8]) -> bool {
    let (last, body) = (value(id[id.len() - 1]), &id[..id.len() - 1]);
    if id.len() == 9 {
        let first = weighted(body, b"12345678") % 11;
        let second = weighted(body, b"3456789A") % 11 % 10;
        return last == if first == 10 { second } else { first };
    }
    let of_other = (11 - weighted(body, b"432765432") % 11) % 11;
    last == weighted(body, b"2485A9736") % 11 % 10
        || last == weighted(body, b"LJHDB9731") % 10
        || last == of_other
}

/// Checks numbers of France that begin with letters; `rest` is the number behind the first two characters.
fn is_french(id: &[u8], rest: u64) -> bool {
    let place = |letter: u8| {
        b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
            .iter()
            .position(|known| *known == letter)
    };
    let (Some(first), Some(second)) = (place(id[0]), place(id[1])) else {
        return false;
    };
    let key = if first < 10 {
        first * 24 + second - 10
    } else {
        first * 34 + second - 100
    } as u64;
    (rest + 1 + key / 11) % 11 == key % 11
}

/// Checks numbers of Ireland, also old ones with a letter or a sign in second position.
fn is_irish(id: &[u8]) -> bool {
    const LETTERS: &[u8] = b"WABCDEFGHIJKLMNOPQRSTUV";
    let is_old = !id[1].is_ascii_digit();
    let body: Vec<u8> = if is_old {
        [b"0", &id[2..7], &id[..1]].concat()
    } else {
        id[..7].to_vec()
    };
    let behind = id.get(8).map_or(0, |letter| {
        LETTERS
            .iter()
            .position(|known| known == letter)
            .unwrap_or(0) as u32
    });
    let sum = weighted(&body, b"8765432") + 9 * behind;
    LETTERS[sum as usize % 23] == id[7]
}

/// Checks numbers of the Netherlands; those of people follow the same rule as bank accounts since 2020.
fn is_dutch(id: &[u8]) -> bool {
    has_form(id, "999999999B99")
        && (weighted(id, b"98765432") % 11 == value(id[8])
            || rest_by_97(b"NL".iter().chain(id)) == 1)
}

/// Checks numbers of Spain: of people, and of companies, which begin with a letter.
fn is_spanish(id: &[u8]) -> bool {
    const LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let letter_of = |number: u64| LETTERS[(number % 23) as usize] == id[8];
    match id[0] {
        b'0'..=b'9' => letter_of(number(&id[..8])),
        b'X' | b'Y' | b'Z' => letter_of(u64::from(id[0] - b'X') * 10_000_000 + number(&id[1..8])),
        b'K' | b'L' | b'M' => letter_of(number(&id[1..8])),
        _ => {
            let sum = luhn_sum(&[&id[1..8], b"0"].concat());
            let check = (10 - sum % 10) as usize % 10;
            id[8] == b"0123456789"[check] || id[8] == b"JABCDEFGHI"[check]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_countries_are_checked() {
        let good = "BG175074752 BG7523169263 CY10259033P CZ25123891 CZ640903926 ESB58378431 ESX2482300W ES54362315K FRK7399859412 IE6433435F IE8D79739I \
            IE6433435OA LV40003521600 LV16117519997 LT119511515 LT100001919017 NL004495445B01 NL123456789B13 RO18547290 GB980780684 DE136695976 PL8567346215";
        for id in good.split_ascii_whitespace() {
            assert!(is_vat_by_all_rules(id), "{id}");
        }
        for id in "BG175074753 CY10259033Z CZ25123890 ESB58378430 ES54362315Z IE6433435E LV40003521601 LT119511516 NL123456789B12 RO18547291 GB980780685 FRA7399859412".split_ascii_whitespace() {
            assert!(!is_vat_by_all_rules(id), "{id}");
        }
    }

    #[test]
    fn published_examples_pass_and_a_changed_digit_fails() {
        let ibans = [
            "DE89 3704 0044 0532 0130 00",
            "GB29 NWBK 6016 1331 9268 19",
            "FR14 2004 1010 0505 0001 3M02 606",
            "NO93 8601 1117 947",
        ];
        let cards = ["4111 1111 1111 1111", "79927398713"];
        let vats: Vec<&str> = "DE136695976 ATU13585627 BE0428759497 FR40303265045 IT00743110157 PL8567346215 PT501964843 \
            LU15027442 DK13585628 FI20774740 EL094259216 EE100931558 SE556188840401 HR33392005961 HU12892312 MT11679112 \
            SI50223054 SK2022749619 NL004495445B01"
            .split(' ')
            .collect();
        for (ids, check) in [
            (&ibans[..], is_iban as fn(&str) -> bool),
            (&cards, is_luhn),
            (&vats[..], is_vat),
        ] {
            for id in ids {
                assert!(check(id), "{id}");
                // The rule of the Netherlands is not checked here.
                if id.starts_with("NL") {
                    continue;
                }
                let at = id.rfind(|c: char| c.is_ascii_digit()).unwrap();
                // In Sweden the digits behind the checked ones are a count.
                let at = if id.starts_with("SE") { at - 2 } else { at };
                let digit = id.as_bytes()[at];
                let other = if digit == b'9' { b'8' } else { digit + 1 };
                let mut changed = id.as_bytes().to_vec();
                changed[at] = other;
                assert!(
                    !check(std::str::from_utf8(&changed).unwrap()),
                    "{id} changed"
                );
            }
        }
        for text in ["", "DE", "XX123", "DE89", "é", "DE12345678A"] {
            assert!(!is_iban(text) && !is_vat(text) && !is_luhn(text), "{text}");
        }
    }
}
