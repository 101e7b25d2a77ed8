//! Ids that check themselves: account numbers (IBAN), VAT numbers of the European Union, and Luhn's digit.

use std::sync::LazyLock;

use crate::words::data::{LISTS, List};

/// The id without what parts its groups, in capitals.
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

/// Countries of IBANs, each with the length of its own.
static IBANS: List = List::new(|| LISTS.words("ibans"));

/// Whether a text is an IBAN: its country's length, and a remainder of 1 by 97 (ISO 13616, ISO 7064).
pub fn is_iban(text: &str) -> bool {
    let id = plain(text);
    let fits = id.len() > 4
        && IBANS
            .iter()
            .map(|known| known.split_at(2))
            .any(|(country, length)| {
                id.starts_with(country.as_bytes()) && length.parse() == Ok(id.len())
            });
    fits && id[2..4].iter().all(u8::is_ascii_digit) && id.iter().all(u8::is_ascii_alphanumeric) && {
        let turned = id[4..].iter().chain(&id[..4]);
        let rest = turned.fold(0u32, |rest, byte| match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
        });
        rest == 1
    }
}

/// Adds the IBAN in a text, without blanks and in capitals, whatever stands before it in words: "IBAN: de89 3704 …". `false`: it
/// is none, or its check digits say that some digit is another one.
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

/// Whether the last digit is Luhn's (ISO/IEC 7812): card numbers and many ids.
pub fn is_luhn(text: &str) -> bool {
    let id = plain(text);
    id.len() > 1 && id.iter().all(u8::is_ascii_digit) && luhn_sum(&digits(&id)).is_multiple_of(10)
}

fn digits(id: &[u8]) -> Vec<u32> {
    id.iter().map(|byte| u32::from(byte - b'0')).collect()
}

fn luhn_sum(digits: &[u32]) -> u32 {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let from_behind = digits.iter().rev().enumerate();
    from_behind
        .map(|(at, digit)| if at % 2 == 1 { doubled(*digit) } else { *digit })
        .sum()
}

/// The digits times weights, added up.
fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum()
}

/// Countries, and the forms of their VAT numbers: `9` a digit, `A` a letter, `X` either.
static VAT_FORMS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = LISTS.lines("vat numbers");
    lines.filter_map(|line| line.split_once(' ')).collect()
});

/// Whether a text is a VAT number of the European Union (with Northern Ireland and Great Britain), country first: its form,
/// and its check digits where the country's rule is simple (AT BE DE DK EE EL FI FR HR HU IT LU MT PL PT SE SI SK).
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
    let number = |id: &[u8]| {
        digits(id)
            .iter()
            .fold(0u64, |all, digit| all * 10 + u64::from(*digit))
    };
    match country {
        b"AT" => {
            let d = digits(&id[1..]);
            let sum: u32 = d[..7]
                .iter()
                .enumerate()
                .map(|(at, digit)| {
                    if at % 2 == 1 {
                        2 * digit / 10 + 2 * digit % 10
                    } else {
                        *digit
                    }
                })
                .sum();
            (96 - sum % 10 + 10) % 10 == d[7] || (10 - (sum + 4) % 10) % 10 == d[7]
        }
        b"BE" => 97 - number(&id[..8]) % 97 == number(&id[8..]),
        b"DE" | b"HR" => {
            let d = digits(id);
            let product = d[..d.len() - 1].iter().fold(10, |product, digit| {
                let sum = (digit + product) % 10;
                2 * if sum == 0 { 10 } else { sum } % 11
            });
            (11 - product) % 10 == d[d.len() - 1]
        }
        b"DK" => weighted(&digits(id), &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11),
        b"EE" => weighted(&digits(id), &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10),
        b"EL" => {
            weighted(&digits(id)[..8], &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == digits(id)[8]
        }
        b"FI" => weighted(&digits(id), &[7, 9, 10, 5, 8, 4, 2, 1]).is_multiple_of(11),
        // With letters in front the key has another rule.
        b"FR" if id[..2].iter().all(u8::is_ascii_digit) => {
            (number(&id[2..]) * 100 + 12) % 97 == number(&id[..2])
        }
        b"HU" => weighted(&digits(id), &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10),
        b"IT" => luhn_sum(&digits(id)).is_multiple_of(10),
        b"LU" => number(&id[..6]) % 89 == number(&id[6..]),
        b"MT" => weighted(&digits(id), &[3, 4, 6, 7, 8, 9, 10, 1]).is_multiple_of(37),
        b"PL" => weighted(&digits(id)[..9], &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == digits(id)[9],
        b"PT" => {
            let check = 11 - weighted(&digits(id)[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
            (if check > 9 { 0 } else { check }) == digits(id)[8]
        }
        b"SE" => luhn_sum(&digits(&id[..10])).is_multiple_of(10),
        b"SI" => {
            let check = 11 - weighted(&digits(id)[..7], &[8, 7, 6, 5, 4, 3, 2]) % 11;
            check % 10 == digits(id)[7] && check != 11
        }
        b"SK" => number(id).is_multiple_of(11),
        _ => true,
    }
}

/// Whether a text is such a number, and the check digits agree in the countries with longer rules, too: with this all are checked.
pub fn is_vat_by_all_rules(text: &str) -> bool {
    let id = plain(text);
    is_vat(text)
        && id
            .split_at_checked(2)
            .is_some_and(|(country, rest)| further_digits_agree(country, rest))
}

fn further_digits_agree(country: &[u8], id: &[u8]) -> bool {
    let number = |id: &[u8]| {
        digits(id)
            .iter()
            .fold(0u64, |all, digit| all * 10 + u64::from(*digit))
    };
    let d = digits(id);
    let is = |at: usize, digit: u32| d.get(at) == Some(&digit);
    match country {
        b"BG" => is_bulgarian(&d),
        b"CY" => {
            const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
            let one = |(at, digit): (usize, &u32)| {
                if at % 2 == 0 {
                    ODD[*digit as usize]
                } else {
                    *digit
                }
            };
            let sum: u32 = digits(&id[..8]).iter().enumerate().map(one).sum();
            u32::from(id[8] - b'A') == sum % 26
        }
        b"CZ" if id.len() == 8 => {
            let check = 11 - weighted(&d[..7], &[8, 7, 6, 5, 4, 3, 2]) % 11;
            is(7, check % 10)
        }
        b"CZ" if id.len() == 9 && id[0] == b'6' => {
            let sum = weighted(&d[1..8], &[8, 7, 6, 5, 4, 3, 2]) % 11;
            is(8, [8, 7, 6, 5, 4, 3, 2, 1, 0, 9, 8][10 - sum as usize])
        }
        b"CZ" if id.len() == 10 => {
            number(id).is_multiple_of(11) || number(&id[..9]) % 11 == 10 && is(9, 0)
        }
        b"ES" => is_spanish(id, number),
        b"FR" if !id[..2].iter().all(u8::is_ascii_digit) => is_french(id, number(&id[2..])),
        b"IE" => is_irish(id),
        b"LV" if id[0] > b'3' => weighted(&d, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3,
        b"LV" => {
            id.starts_with(b"32")
                || is(
                    10,
                    (1 + weighted(&d[..10], &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11 % 10,
                )
        }
        b"LT" => is_lithuanian(&d),
        b"NL" => is_dutch(id),
        b"RO" => {
            let body = &d[..d.len() - 1];
            let sum = weighted(body, &[7, 5, 3, 2, 1, 7, 5, 3, 2][9 - body.len()..]);
            is(body.len(), 10 * sum % 11 % 10)
        }
        b"GB" | b"XI" => {
            let sum = weighted(&d[..7], &[8, 7, 6, 5, 4, 3, 2]) + 10 * d[7] + d[8];
            sum.is_multiple_of(97) || (sum + 55).is_multiple_of(97)
        }
        _ => true,
    }
}

/// Numbers of Bulgaria: nine digits of companies, ten of people, of foreigners and of others.
fn is_bulgarian(d: &[u32]) -> bool {
    let (last, body) = (d[d.len() - 1], &d[..d.len() - 1]);
    if d.len() == 9 {
        let first = weighted(body, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11;
        let second = weighted(body, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10;
        return last == if first == 10 { second } else { first };
    }
    let of_other = (11 - weighted(body, &[4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    last == weighted(body, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10
        || last == weighted(body, &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10
        || last == of_other
}

/// Numbers of France that begin with letters; `rest`: what stands behind their two signs.
fn is_french(id: &[u8], rest: u64) -> bool {
    let place = |letter: u8| {
        b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
            .iter()
            .position(|one| *one == letter)
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

/// Numbers of Ireland, old ones with a letter or a sign in second place, too.
fn is_irish(id: &[u8]) -> bool {
    const LETTERS: &[u8] = b"WABCDEFGHIJKLMNOPQRSTUV";
    let is_old = !id[1].is_ascii_digit();
    let body: Vec<u8> = if is_old {
        [b"0", &id[2..7], &id[..1]].concat()
    } else {
        id[..7].to_vec()
    };
    let behind = id.get(8).map_or(0, |letter| {
        LETTERS.iter().position(|one| one == letter).unwrap_or(0) as u32
    });
    let sum = weighted(&digits(&body), &[8, 7, 6, 5, 4, 3, 2]) + 9 * behind;
    LETTERS[sum as usize % 23] == id[7]
}

/// Numbers of Lithuania.
fn is_lithuanian(d: &[u32]) -> bool {
    let (last, body) = (d.len() - 1, &d[..d.len() - 1]);
    let sum = |more: usize| {
        body.iter()
            .enumerate()
            .map(|(at, digit)| (1 + (at + more) as u32 % 9) * digit)
            .sum::<u32>()
            % 11
    };
    let check = if sum(0) == 10 { sum(2) } else { sum(0) };
    d[last] == check % 10
}

/// Numbers of the Netherlands.
fn is_dutch(id: &[u8]) -> bool {
    let is_formed = has_form(id, "999999999B99");
    // Of people since 2020: the same rule as of bank accounts.
    let of_people = || {
        let text: String = b"NL"
            .iter()
            .chain(id)
            .map(|byte| match byte {
                b'0'..=b'9' => u32::from(byte - b'0').to_string(),
                letter => (u32::from(letter - b'A') + 10).to_string(),
            })
            .collect();
        text.bytes()
            .fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97)
            == 1
    };
    is_formed
        && (weighted(&digits(&id[..8]), &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == u32::from(id[8] - b'0')
            || of_people())
}

/// Numbers of Spain: of people, and of companies, which begin with a letter.
fn is_spanish(id: &[u8], number: impl Fn(&[u8]) -> u64) -> bool {
    const LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let letter_of = |number: u64| LETTERS[(number % 23) as usize] == id[8];
    match id[0] {
        b'0'..=b'9' => letter_of(number(&id[..8])),
        b'X' | b'Y' | b'Z' => letter_of(u64::from(id[0] - b'X') * 10_000_000 + number(&id[1..8])),
        b'K' | b'L' | b'M' => letter_of(number(&id[1..8])),
        _ => {
            let one = |(at, digit): (usize, &u32)| {
                if at % 2 == 0 {
                    2 * digit / 10 + 2 * digit % 10
                } else {
                    *digit
                }
            };
            let sum: u32 = digits(&id[1..8]).iter().enumerate().map(one).sum();
            let check = (10 - sum % 10) % 10;
            u32::from(id[8]) == u32::from(b'0') + check || b"JABCDEFGHI"[check as usize] == id[8]
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
                // The Netherlands' own rule is not checked.
                if id.starts_with("NL") {
                    continue;
                }
                let at = id.rfind(|c: char| c.is_ascii_digit()).unwrap();
                // Digits behind the checked ones of Sweden are a count.
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
