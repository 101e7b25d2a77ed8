//! Addresses of mail and numbers of phones.

use super::text::trimmed;
use crate::fields::dates::day::{Day, NONE};
use crate::fields::words::cut::{Cut, DIGITS, SPACE, Token, WORD, is_format};
use crate::fields::words::lexicon::Lexicon;

/// Adds the address in a text, in small letters: of "Avery <mailto:A@B.com>" what stands in the brackets. `false`: there is
/// none, or more than one.
pub fn push_email(text: &str, out: &mut String) -> bool {
    push_plain_email(text, out) || push_any_email(text, out)
}

/// Adds the address in a text that consists of letters, digits and a few marks of ASCII, as most do. `false` leaves any
/// other text to [`push_any_email`], which says the same of these.
fn push_plain_email(text: &str, out: &mut String) -> bool {
    let bytes = text.as_bytes();
    let (mut at, mut label) = (None, 0);
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {}
            // Neither part of the address begins or ends with a mark, nor has two in succession.
            b'.' | b'-' | b'_' | b'+' | b'@' if place == label => return false,
            b'@' if at.is_none() => {
                at = Some(place);
                label = place + 1;
            }
            b'.' => label = place + 1,
            b'-' | b'_' | b'+' if at.is_none() => label = place + 1,
            _ => return false,
        }
    }
    let Some(at) = at else {
        return false;
    };
    let last = &bytes[label..];
    let is_good = label > at + 1
        && last.len() > 1
        && bytes.len() <= 254
        && last.iter().all(u8::is_ascii_alphabetic);
    if is_good {
        let start = out.len();
        out.push_str(text);
        out[start..].make_ascii_lowercase();
    }
    is_good
}

fn push_any_email(text: &str, out: &mut String) -> bool {
    let mut address = trimmed(text);
    if let (Some(open), Some(close)) = (address.find('<'), address.rfind('>'))
        && open < close
        && address.matches('@').count() == 1
    {
        address = address[open + 1..close].trim();
    }
    address = bare_address(address);
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    let is_plain = |c: char| {
        !c.is_whitespace()
            && !c.is_control()
            && !is_format(c)
            && !matches!(
                c,
                '@' | ',' | ';' | '<' | '>' | '(' | ')' | '"' | ':' | '/' | '\\' | '[' | ']' | '|'
            )
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

/// An address without what programs and lists put around it: "mailto:", quotes, a mark at the end.
fn bare_address(text: &str) -> &str {
    const PREFIXES: &[&str] = &["mailto:", "smtp:", "email:", "e-mail:", "to:"];
    let mut rest = text;
    loop {
        let mut inside = trimmed(rest).trim_end_matches([';', ',', '.']);
        let mut ends = inside.chars();
        if let (Some(first), Some(last)) = (ends.next(), ends.next_back())
            && matches!(
                (first, last),
                ('"', '"') | ('\'', '\'') | ('“', '”') | ('‘', '’')
            )
        {
            inside = &inside[first.len_utf8()..inside.len() - last.len_utf8()];
        }
        for prefix in PREFIXES {
            if let Some(start) = inside.get(..prefix.len())
                && start.eq_ignore_ascii_case(prefix)
            {
                inside = &inside[prefix.len()..];
            }
        }
        if inside.len() == rest.len() {
            return rest;
        }
        rest = inside;
    }
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
    const BETWEEN: [char; 7] = ['\n', '\r', '/', ',', ';', '|', '&'];
    if !text.bytes().any(|byte| BETWEEN.contains(&char::from(byte))) {
        return false;
    }
    let parts = text.split(BETWEEN);
    let is_number = |part: &&str| part.chars().filter(char::is_ascii_digit).count() >= LEAST;
    parts.filter(is_number).count() > 1
}

/// Whether a text is a day with its whole year, such as 2025-01-31 or 1/31/2025 14:30, whose digits are no number to call.
fn is_day(cut: &Cut) -> bool {
    let mut lengths = cut
        .tokens()
        .iter()
        .filter(|token| token.kind == DIGITS)
        .map(|token| cut.text(*token).len());
    // Most numbers have parts that no day has: they are not looked at further.
    let may_be = (0..3).all(|_| matches!(lengths.next(), Some(1 | 2 | 4)));
    may_be
        && Day::of(cut, &mut Lexicon::default()).is_some_and(|day| {
            day.long_year_at().is_some() && day.days(0).iter().any(|day| *day != NONE)
        })
}

/// Whether a text is an address of the internet, such as 192.168.1.100.
fn is_ip_address(cut: &Cut) -> bool {
    let tokens = cut.tokens();
    tokens.len() == 7
        && tokens.iter().enumerate().all(|(at, token)| {
            let text = cut.text(*token);
            if at % 2 == 1 {
                token.kind == b'.'
            } else {
                token.kind == DIGITS
                    && text.parse::<u8>().is_ok()
                    && (text == "0" || !text.starts_with('0'))
            }
        })
}

/// Whether the digits of a text are of more than one number: "5551234 5551235", "030 1234567/8".
fn are_several(cut: &Cut, has_plus: bool) -> bool {
    // The country's digits belong to no number of their own: "+49 36203/12345" is one.
    let least = if has_plus { LEAST + 2 } else { LEAST };
    let (mut all, mut since_gap, mut longest, mut whole) = (0, 0, 0, 0);
    let mut before_mark = None;
    let mut is_parted = true;
    for token in cut.tokens() {
        match token.kind {
            DIGITS => {
                let length = cut.text(*token).len();
                all += length;
                since_gap += length;
                longest += usize::from(length >= LEAST && is_parted);
            }
            SPACE if cut.is_gap(*token) => {
                whole += usize::from(since_gap >= LEAST);
                since_gap = 0;
            }
            b'/' | b',' | b';' if all >= least && before_mark.is_none() => before_mark = Some(all),
            // An extension follows.
            WORD | b'#' if all > 0 => break,
            _ => {}
        }
        is_parted = token.kind == SPACE;
    }
    whole += usize::from(since_gap >= LEAST);
    longest > 1 || whole > 1 || before_mark.is_some_and(|before| (1..=6).contains(&(all - before)))
}

/// What the way in which a number is written says of its country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// As in North America: `(555) 123-4567`, `+1 555 123 4567`.
    American,
    /// Ten digits that may be a number of North America or of anywhere else: `5551234567`, `555 123 4567`.
    Open,
    /// As elsewhere: with another country, a zero in front, or so many digits or such parts as no number of North America has.
    Elsewhere,
    /// Too little to say: `5551234`.
    Unsaid,
}

/// Adds the number in a text that has it as most people of North America write theirs: `(555) 123-4567`, or with one mark
/// between its three parts. `false` leaves any other text to [`push_phone`], which says the same of these.
pub fn push_plain_phone(text: &str, out: &mut String) -> bool {
    let bytes = text.as_bytes();
    let (area, middle, last) = match bytes {
        [
            b'(',
            area @ ..,
            b')',
            b' ',
            m0,
            m1,
            m2,
            b'-',
            l0,
            l1,
            l2,
            l3,
        ] if area.len() == 3 => (area, [*m0, *m1, *m2], [*l0, *l1, *l2, *l3]),
        [area @ .., first, m0, m1, m2, second, l0, l1, l2, l3]
            if area.len() == 3 && first == second && matches!(first, b'-' | b'.') =>
        {
            (area, [*m0, *m1, *m2], [*l0, *l1, *l2, *l3])
        }
        _ => return false,
    };
    let mut digits = area.iter().chain(&middle).chain(&last);
    if area[0] < b'2' || !digits.all(u8::is_ascii_digit) {
        return false;
    }
    push_digits(area, out);
    out.push('-');
    push_digits(&middle, out);
    out.push('-');
    push_digits(&last, out);
    true
}

fn push_digits(digits: &[u8], out: &mut String) {
    out.extend(digits.iter().map(|digit| char::from(*digit)));
}

/// Countries whose numbers have a trunk prefix of 0, which people put in brackets with the area behind it: "+49 (030)".
const WITH_TRUNK_IN_BRACKETS: &[&[u8]] = &[b"49", b"41", b"43", b"44"];

/// Whether ten digits can be a number of North America. Nobody's area is 555: examples have it, with whatever behind it.
fn may_be_american(digits: &[u8]) -> bool {
    let is_area = digits[0] >= b'2' && digits[1] != b'9' && digits[1..3] != *b"11";
    is_area && (digits[3] >= b'2' || digits.starts_with(b"555"))
}

/// Adds the number in a text in one shape, whatever parts its digits: with a country "+442079460958", of North America
/// "555-123-4567", any other as its digits; an extension behind it as " x8". `open_is_american`: what becomes of numbers that
/// are [`Written::Open`].
///
/// # Errors
/// Something else stands in the text, or it has too few or too many digits.
pub fn push_phone(cut: &Cut, open_is_american: bool, out: &mut String) -> Result<Written, NoPhone> {
    let mut tokens = cut.tokens();
    if is_day(cut) || is_ip_address(cut) {
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
    let mut lengths = [0; 4];
    let mut parts = 0;
    let mut at = 0;
    let all: usize = tokens
        .iter()
        .filter(|token| token.kind == DIGITS)
        .map(|token| cut.text(*token).len())
        .sum();
    let first = tokens.iter().position(|token| token.kind == DIGITS);
    let is_plus = |token: &Token| token.kind == b'+';
    let mut has_plus = false;
    // "00" is a plus before anything else is asked.
    let zeros_at = first.filter(|first| {
        all > LEAST + 3
            && cut.text(tokens[*first]).starts_with("00")
            && !tokens[..*first].iter().any(is_plus)
    });
    if are_several(cut, zeros_at.is_some() || tokens.iter().any(is_plus)) {
        return Err(NoPhone::Several);
    }
    while at < tokens.len() {
        let token = tokens[at];
        match token.kind {
            DIGITS => {
                let mut text = cut.text(token);
                if zeros_at == Some(at) {
                    has_plus = true;
                    text = &text[2..];
                }
                let is_in_bracket = at > 0 && tokens[at - 1].kind == b'(';
                if has_plus && is_in_bracket && WITH_TRUNK_IN_BRACKETS.contains(&&digits[..count]) {
                    text = text.strip_prefix('0').unwrap_or(text);
                }
                if let Some(length) = lengths.get_mut(parts) {
                    *length = text.len();
                }
                parts += 1;
                for digit in text.bytes() {
                    let place = digits.get_mut(count).ok_or(NoPhone::TooLong)?;
                    *place = digit;
                    count += 1;
                }
            }
            b'+' if count == 0 && !has_plus => has_plus = true,
            // "+44 (0)20": the trunk prefix is not dialled from abroad.
            b'(' if tokens.len() > at + 2
                && tokens[at + 1].kind == DIGITS
                && cut.text(tokens[at + 1]) == "0"
                && tokens[at + 2].kind == b')' =>
            {
                // Without a country nobody knows whether it is dialled.
                if !has_plus || count == 0 {
                    return Err(NoPhone::Other);
                }
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
    let digits = &digits[..count];
    if digits.iter().all(|digit| *digit == b'0') {
        return Err(NoPhone::Other);
    }
    if digits.len() < LEAST {
        return Err(NoPhone::TooShort);
    }
    if digits.len() > MOST {
        return Err(NoPhone::TooLong);
    }
    let (home, written) = match digits {
        // Without a plus a number of China begins with 1, too: "138 1234 5678".
        [b'1', home @ ..]
            if home.len() == 10
                && home[0] >= b'2'
                && (has_plus || parts == 4 && lengths == [1, 3, 3, 4]) =>
        {
            (home, Written::American)
        }
        [b'1', ..] if digits.len() == 11 && !has_plus => (digits, Written::Unsaid),
        _ if has_plus || digits[0] == b'0' => (digits, Written::Elsewhere),
        _ if digits.len() == 7 => (digits, Written::Unsaid),
        _ if digits.len() != 10 || digits[0] == b'1' => (digits, Written::Elsewhere),
        _ => {
            let in_threes = parts == 3 && lengths[..3] == [3, 3, 4];
            let is_marked = tokens
                .iter()
                .any(|token| matches!(token.kind, b'-' | b'.' | b'/' | b'('));
            let is_usual =
                in_threes || matches!((parts, lengths), (1, _) | (2, [3, 7, ..] | [6, 4, ..]));
            let written = match is_usual {
                true if in_threes && is_marked => Written::American,
                true if may_be_american(digits) => Written::Open,
                _ => Written::Elsewhere,
            };
            (digits, written)
        }
    };
    if written == Written::American || written == Written::Open && open_is_american {
        push_digits(&home[..3], out);
        out.push('-');
        push_digits(&home[3..6], out);
        out.push('-');
        push_digits(&home[6..], out);
    } else {
        if has_plus {
            out.push('+');
        }
        push_digits(digits, out);
    }
    if let Some(extension) = extension {
        out.push_str(" x");
        out.push_str(cut.text(extension));
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_phones_are_the_same_either_way() {
        let mut cut = Cut::default();
        let mut agreed = 0;
        for area in ["555", "212", "055", "155", "999", "5a5", "55"] {
            for middle in ["123", "000", "999", "12"] {
                for last in ["4567", "0000", "99", "45678"] {
                    for (a, b, c) in [
                        ("(", ") ", "-"),
                        ("", "-", "-"),
                        ("", ".", "."),
                        ("", " ", " "),
                        ("", "", ""),
                        ("", "/", "/"),
                        ("", "-", "."),
                        ("(", ")", "-"),
                        ("+", " ", " "),
                    ] {
                        let text = format!("{a}{area}{b}{middle}{c}{last}");
                        let mut plain = String::new();
                        if push_plain_phone(&text, &mut plain) {
                            let mut full = String::new();
                            assert!(!has_several_phones(&text) && cut.cut(&text));
                            let written = push_phone(&cut, false, &mut full);
                            assert_eq!(written, Ok(Written::American), "{text}");
                            assert_eq!(plain, full, "{text}");
                            agreed += 1;
                        }
                    }
                }
            }
        }
        assert!(agreed > 45);
    }

    #[test]
    fn addresses() {
        for (text, wanted) in [
            (" Avery.Smith@Example.COM ", "avery.smith@example.com"),
            ("mailto:a@b.co", "a@b.co"),
            ("Avery Smith <a.s@b.example>", "a.s@b.example"),
            ("SMTP:a@b.co", "a@b.co"),
            ("E-Mail: 'a@b.co';", "a@b.co"),
            ("To: \"a@b.co\",", "a@b.co"),
            ("a@b.co.", "a@b.co"),
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
            "http://a@b.co",
            "a/b@c.co",
            "a\\b@c.co",
            "[a@b.co]",
            "a|b@c.co",
            "a:b@c.co",
            "a\u{200b}b@c.co",
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
            push_phone(&cut, true, &mut out).map(|_| out)
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
            ("13812345678", "13812345678"),
            ("138 1234 5678", "13812345678"),
            ("+86 138 1234 5678", "+8613812345678"),
            ("+15551234567", "555-123-4567"),
            ("0049 (0) 30 123456", "+4930123456"),
            ("00 49 30 123456", "+4930123456"),
            ("+49 (030) 123456", "+4930123456"),
            ("+39 (06) 1234567", "+39061234567"),
            ("(030) 123456", "030123456"),
            ("+49 36203/12345", "+493620312345"),
            ("0171/1234567", "01711234567"),
            ("555  123 4567", "555-123-4567"),
            ("555-123-4567, ext. 12", "555-123-4567 x12"),
        ] {
            assert_eq!(phone(text).as_deref(), Ok(wanted), "{text}");
        }
        for text in [
            "5551234 5551235",
            "555-1234   555-1235",
            "555-1234\t555-1235",
            "555-123-4567 / 4568",
            "030 1234567/8",
        ] {
            assert_eq!(phone(text), Err(NoPhone::Several), "{text}");
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
            "1/31/2025",
            "2025-01-31 14:30",
            "12 10 2025",
            "192.168.1.100",
            "0000000",
            "000-000-0000",
            "(0) 30 123456",
        ] {
            assert_eq!(phone(text), Err(NoPhone::Other), "{text}");
        }
        let written = |text: &str| {
            let mut cut = Cut::default();
            let mut out = String::new();
            cut.cut(text);
            push_phone(&cut, false, &mut out).map(|written| (written, out))
        };
        for (text, wanted, digits) in [
            ("(555) 123-4567", Written::American, "555-123-4567"),
            ("1 555 123 4567", Written::American, "555-123-4567"),
            ("5551234567", Written::Open, "5551234567"),
            ("555 123 4567", Written::Open, "5551234567"),
            ("9876543210", Written::Open, "9876543210"),
            ("4930555000", Written::Elsewhere, "4930555000"),
            ("2115551234", Written::Elsewhere, "2115551234"),
            ("2120551234", Written::Elsewhere, "2120551234"),
            ("98765 43210", Written::Elsewhere, "9876543210"),
            ("20 7946 0958", Written::Elsewhere, "2079460958"),
            ("+49 30 123456", Written::Elsewhere, "+4930123456"),
            ("030 123456", Written::Elsewhere, "030123456"),
            ("13812345678", Written::Unsaid, "13812345678"),
            ("5551234", Written::Unsaid, "5551234"),
        ] {
            assert_eq!(written(text), Ok((wanted, digits.to_owned())), "{text}");
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
