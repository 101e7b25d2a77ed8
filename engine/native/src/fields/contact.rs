//! Addresses of mail and numbers of phones.

use super::cut::{Cut, DIGITS, SPACE, Token, WORD};
use super::text::trimmed;

/// Adds the address in a text, in small letters: of "Avery <mailto:A@B.com>" what stands in the brackets. `false`: there is
/// none, or more than one.
pub fn push_email(text: &str, out: &mut String) -> bool {
    let mut address = trimmed(text);
    if let (Some(open), Some(close)) = (address.find('<'), address.rfind('>'))
        && open < close
        && address.matches('@').count() == 1
    {
        address = address[open + 1..close].trim();
    }
    let prefix = address.get(..7);
    if prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case("mailto:")) {
        address = address[7..].trim();
    }
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    let is_plain = |c: char| {
        !c.is_whitespace()
            && !c.is_control()
            && !matches!(c, '@' | ',' | ';' | '<' | '>' | '(' | ')' | '"')
    };
    let labels_are_good = domain.split('.').count() > 1
        && domain.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
        && domain.rsplit('.').next().is_some_and(|last| {
            last.chars().count() > 1 && !last.bytes().all(|b| b.is_ascii_digit())
        });
    if local.is_empty()
        || !local.chars().all(is_plain)
        || local.starts_with('.')
        || local.ends_with('.')
        || local.contains("..")
        || !labels_are_good
        || address.len() > 254
    {
        return false;
    }
    for c in address.chars() {
        out.extend(c.to_lowercase());
    }
    true
}

/// Why a text is no number of a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPhone {
    Other,
    Several,
    TooShort,
    TooLong,
}

/// A number has at least so many digits, and with its country at most so many (ITU-T E.164).
const LEAST: usize = 7;
const MOST: usize = 15;

/// Whether a text lists numbers: "555-1234567 / 555-7654321". Joined they would be one that nobody has.
pub fn has_several_phones(text: &str) -> bool {
    let parts = text.split(['\n', '\r', '/', ',', ';', '|', '&']);
    let is_number = |part: &&str| part.chars().filter(char::is_ascii_digit).count() >= LEAST;
    parts.filter(is_number).count() > 1
}

/// Whether a text is a day such as 2025-01-31 or 31.01.2025, whose digits are no number to call.
fn is_day(cut: &Cut) -> bool {
    let [a, first, b, second, c] = cut.tokens() else {
        return false;
    };
    let number = |token: &Token, length: usize| {
        let digits = cut.text(*token);
        if digits.len() == length {
            digits.parse().unwrap_or(0)
        } else {
            0
        }
    };
    let is_year = |token| (1900..2100).contains(&number(token, 4));
    let is_date = |year, b, c| {
        is_year(year) && (1..=31).contains(&number(b, 2)) && (1..=31).contains(&number(c, 2))
    };
    first.kind == second.kind
        && matches!(first.kind, b'-' | b'.' | b'/')
        && a.kind == DIGITS
        && (is_date(a, b, c) || is_date(c, a, b))
}

/// Adds the number in a text in one shape, whatever parts its digits: with a country "+442079460958", of North America
/// "555-123-4567", any other as its digits; an extension behind it as " x8".
///
/// # Errors
/// Something else stands in the text, or it has too few or too many digits.
pub fn push_phone(cut: &Cut, out: &mut String) -> Result<(), NoPhone> {
    let mut tokens = cut.tokens();
    if is_day(cut) {
        return Err(NoPhone::Other);
    }
    // "5551234567.0" is a number that a program has written as a float.
    if let [digits, point, zero] = tokens
        && (digits.kind, point.kind, cut.text(*zero)) == (DIGITS, b'.', "0")
    {
        tokens = &tokens[..1];
    }
    let mut digits = [0u8; 24];
    let mut count = 0;
    let mut extension = None;
    let mut has_plus = false;
    let mut at = 0;
    while at < tokens.len() {
        let token = tokens[at];
        match token.kind {
            DIGITS => {
                for digit in cut.text(token).bytes() {
                    let place = digits.get_mut(count).ok_or(NoPhone::TooLong)?;
                    *place = digit;
                    count += 1;
                }
            }
            b'+' if count == 0 && !has_plus => has_plus = true,
            // "+44 (0)20": the trunk prefix is not dialled from abroad.
            b'(' if has_plus
                && count > 0
                && tokens.len() > at + 2
                && tokens[at + 1].kind == DIGITS
                && cut.text(tokens[at + 1]) == "0"
                && tokens[at + 2].kind == b')' =>
            {
                at += 2;
            }
            SPACE | b'-' | b'.' | b'/' | b'(' | b')' | b',' | b':' => {}
            WORD | b'#' if count > 0 => {
                let word = cut.text(token);
                if !matches!(
                    word,
                    "x" | "ext" | "extension" | "#" | "poste" | "durchwahl" | "dw"
                ) {
                    return Err(NoPhone::Other);
                }
                let rest: Vec<_> = tokens[at + 1..]
                    .iter()
                    .filter(|token| !matches!(token.kind, SPACE | b'.' | b':' | b'#'))
                    .collect();
                let [only] = rest.as_slice() else {
                    return Err(NoPhone::Other);
                };
                if only.kind != DIGITS || cut.text(**only).len() > 6 {
                    return Err(NoPhone::Other);
                }
                extension = Some(**only);
                break;
            }
            WORD if matches!(
                cut.text(token),
                "tel" | "phone" | "mobile" | "mob" | "cell" | "fon" | "telefon" | "t" | "m" | "p"
            ) => {}
            _ => return Err(NoPhone::Other),
        }
        at += 1;
    }
    let mut digits = &digits[..count];
    if count == 0 {
        return Err(NoPhone::Other);
    }
    if !has_plus && digits.starts_with(b"00") && count > LEAST + 3 {
        has_plus = true;
        digits = &digits[2..];
    }
    if digits.len() < LEAST {
        return Err(NoPhone::TooShort);
    }
    if digits.len() > MOST {
        return Err(NoPhone::TooLong);
    }
    let home = match digits {
        [b'1', rest @ ..] if rest.len() == 10 => rest,
        _ if !has_plus => digits,
        _ => &[],
    };
    let as_text = |digits: &[u8]| String::from_utf8_lossy(digits).into_owned();
    if home.len() == 10 && home[0] >= b'2' {
        out.push_str(&as_text(&home[..3]));
        out.push('-');
        out.push_str(&as_text(&home[3..6]));
        out.push('-');
        out.push_str(&as_text(&home[6..]));
    } else {
        if has_plus {
            out.push('+');
        }
        out.push_str(&as_text(digits));
    }
    if let Some(extension) = extension {
        out.push_str(" x");
        out.push_str(cut.text(extension));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, wanted) in [
            (" Avery.Smith@Example.COM ", "avery.smith@example.com"),
            ("mailto:a@b.co", "a@b.co"),
            ("Avery Smith <a.s@b.example>", "a.s@b.example"),
            ("o'neil+x@sub.example.org", "o'neil+x@sub.example.org"),
        ] {
            let mut out = String::new();
            assert!(push_email(text, &mut out), "{text}");
            assert_eq!(out, wanted);
        }
        for text in [
            "",
            "a@b",
            "a b@c.de",
            "a@b.c",
            "a@b.de; c@d.de",
            "@b.de",
            "a@.de",
            "a@b..de",
            "n/a",
            "a@b.12",
        ] {
            assert!(!push_email(text, &mut String::new()), "{text}");
        }
    }

    #[test]
    fn phones() {
        let phone = |text: &str| {
            let mut cut = Cut::default();
            let mut out = String::new();
            cut.cut(text);
            push_phone(&cut, &mut out).map(|()| out)
        };
        for (text, wanted) in [
            ("(555) 123-4567 ext. 8", "555-123-4567 x8"),
            ("+1 555 123 4567", "555-123-4567"),
            ("1-555-123-4567", "555-123-4567"),
            ("+44 20 7946 0958", "+442079460958"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("0044 20 7946 0958", "+442079460958"),
            ("030 123456", "030123456"),
            ("06 12 34 56 78", "0612345678"),
            ("5551234", "5551234"),
            ("5551234567.0", "555-123-4567"),
            ("+49/30/123456", "+4930123456"),
        ] {
            assert_eq!(phone(text).as_deref(), Ok(wanted), "{text}");
        }
        assert_eq!(phone("12345"), Err(NoPhone::TooShort));
        assert_eq!(phone("12345678901234567"), Err(NoPhone::TooLong));
        for text in [
            "n/a",
            "",
            "call Bob 5551234567",
            "555-1234 and 555-1235",
            "1.23E+11",
            "2025-01-31",
            "31.01.2025",
        ] {
            assert_eq!(phone(text), Err(NoPhone::Other), "{text}");
        }
        for text in [
            "555-1234567 / 555-7654321",
            "5551234567, 5557654321",
            "0612345678\n0687654321",
        ] {
            assert!(has_several_phones(text), "{text}");
        }
        for text in ["+49/30/1234567", "555-1234567, 12", "0612345678"] {
            assert!(!has_several_phones(text), "{text}");
        }
    }
}
