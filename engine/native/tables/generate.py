#!/usr/bin/env python3
"""Writes `src/fields/tables.rs`: what the readers of dates and amounts know about languages and currencies.

    python3 -m venv v && v/bin/pip install babel && v/bin/python engine/native/tables/generate.py

Source: the CLDR as Babel carries it (names of months and weekdays in all widths, formats, currency symbols, decimal
marks) and Python's `unicodedata`. Development only: nothing of this runs in a build. The same Babel writes the same file.
"""

from __future__ import annotations

import collections
import sys
import unicodedata
from pathlib import Path

import babel
from babel import Locale, languages, localedata, numbers

LANGUAGES = (
    "af am ar az be bg bn br bs ca cs cy da de el en es et eu fa fi fil fo fr fy ga gd gl gsw gu he hi hr hu hy id is it "
    "ja ka kk kn ko ky lb lt lv mk ml mn mr ms mt my nb ne nl nn pa pl pt rm ro ru si sk sl so sq sr sv sw ta te th tk tr "
    "uk ur uz vi zh zu"
).split()
# Excel's own and ASCII spellings, which the CLDR does not have.
EXTRA_MONTHS = {"mrz": 3, "maerz": 3, "okt": 10, "dez": 12, "sept": 9}
FILLERS = set("de del d of the den le el em am on and dia".split())
CURRENCY_WORDS = {"us$": "USD", "a$": "AUD", "c$": "CAD", "nz$": "NZD", "hk$": "HKD", "r$": "BRL", "euro": "EUR", "rs": "INR", "sfr": "CHF", "fr": "CHF", "руб": "RUB", "kc": "CZK", "cn¥": "CNY", "jp¥": "JPY", "mx$": "MXN", "円": "JPY", "元": "CNY", "원": "KRW"}
# Endings of months' names within dates: "urtarrilaren 31", "urtarrilak 31".
ENDINGS = {"eu": ("ren", "k")}
# ... and of weekdays: "วันศุกร์ที่ 31".
ENDINGS_OF_DAYS = {"th": ("ที่",)}
# Signs of several currencies: what stands in the cell is kept as it is.
SHARED_SIGNS = {"$", "¥", "kr", "£", "₨", "rs", "fr"}
# ... of which these nearly always mean one.
USUAL_SIGNS = {"£": "GBP", "rs": "INR", "fr": "CHF"}
# Marks of abbreviation that belong to the word: Hebrew geresh, Devanagari. So do points in Thai and Lao: "ก.ย.".
ABBREVIATING = "\u05f3\u05f4\u0970"
PLAIN = str.maketrans({"ı": "i", "ł": "l", "đ": "d", "ð": "d", "ø": "o", "æ": "ae", "þ": "th"})
TARGET = Path(__file__).resolve().parent.parent / "src" / "fields" / "tables.rs"


def fold(text: str) -> str:
    """Lower case without accents; the Rust side does the same with the tables below."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).translate(PLAIN)
    # Syllables of Hangul are whole again.
    return unicodedata.normalize("NFC", plain) if any("\u1100" <= c <= "\u11ff" for c in plain) else plain


def words_in(text: str) -> list[str]:
    """The runs of letters and marks of a text, folded: two characters or more, and single ones of Chinese, Japanese and Korean."""
    found, word = [], ""
    for c in text + " ":
        if c in ABBREVIATING or c == "." and word and "\u0e00" <= word[-1] <= "\u0eff":
            continue
        if unicodedata.category(c)[0] in "LM":
            word += c
        elif unicodedata.category(c) != "Cf":
            if word:
                found.append(fold(word))
            word = ""
    return [word for word in found if len(word) > 1 or "\u4e00" <= word <= "\ud7a3"]


def calendar_words() -> tuple[dict, dict, set]:
    months, days = collections.defaultdict(dict), collections.defaultdict(dict)
    fillers = set(FILLERS)
    for tag in locale_tags():
        language, locale = tag.split("_")[0], Locale.parse(tag)
        seen = collections.defaultdict(set)
        for is_month, names in ((True, locale.months), (False, locale.days)):
            for form in ("format", "stand-alone"):
                for width in ("abbreviated", "wide"):
                    for number, name in names[form][width].items():
                        if is_month and any(c.isdigit() for c in name):
                            # "1월", "tháng 1": the number says it, the word is a filler.
                            fillers.update(words_in(name))
                            continue
                        for word in words_in(name):
                            seen[word, is_month].add(number)
        for (word, is_month), meant in seen.items():
            if len(meant) == 1 and word not in FILLERS:
                (months if is_month else days)[word].setdefault(language, min(meant))
            else:
                # Half of a name: "Deireadh Fómhair".
                fillers.add(word)
        for ending in ENDINGS.get(language, ()):
            for number, name in locale.months["format"]["wide"].items():
                for word in words_in(name + ending):
                    months[word].setdefault(language, number)
        for ending in ENDINGS_OF_DAYS.get(language, ()):
            for number, name in locale.days["format"]["wide"].items():
                for word in words_in(name + ending):
                    days[word].setdefault(language, number)
        for width in ("wide", "abbreviated"):
            # "ค.ศ.": some write the era in every date.
            fillers.update(words_in(locale.eras.get(width, {}).get(1, "")))
        for style in ("full", "long", "medium", "short"):
            literals, prefix = literals_of(locale.date_formats[style].pattern)
            fillers.update(literals)
            if prefix:
                # "בינואר": "in" and the name are one word.
                for name, number in ((name, number) for width in ("abbreviated", "wide") for number, name in locale.months["format"][width].items() if not any(map(str.isdigit, name))):
                    for word in words_in(prefix + name):
                        months[word].setdefault(language, number)
    for word, number in EXTRA_MONTHS.items():
        months.setdefault(word, {"de": number})
    fillers = {word for word in fillers if word and word not in months and word not in days}
    return months, days, fillers


def literals_of(pattern: str) -> tuple[set, str]:
    """The words that a date pattern writes as they are, and what it writes directly before a month's name.

    What it writes directly behind one (``MMMM'ren'``) stands in ``ENDINGS``.
    """
    text, literal, prefix, last = "", False, "", ""
    for at, c in enumerate(pattern):
        if c == "'":
            literal = not literal
            continue
        stands = literal or (unicodedata.category(c)[0] in "LM" and not c.isascii())
        if c == "M" and not literal and last and unicodedata.category(last)[0] in "LM" and pattern[at - 1] != "M":
            prefix = last
        last = c if stands else ""
        text += c if stands else " "
    whole = {fold(part.strip(" .")) for part in text.split(" ") if part.strip(" .")}
    return {word for part in text.split(" ") for word in words_in(part)} | {word for word in whole if word.isalpha()}, prefix


def currency_words() -> dict[str, tuple[str, set]]:
    """Sign or code -> (ISO code, or nothing where several share the sign; decimal marks of the countries that use it)."""
    marks, codes = collections.defaultdict(set), collections.defaultdict(set)
    for code in numbers.list_currencies():
        marks[fold(code)] |= set()
        codes[fold(code)].add(code)
    for word, code in CURRENCY_WORDS.items():
        marks[fold(word)] |= set()
        codes[fold(word)].add(code)
    for tag in localedata.locale_identifiers():
        language, land = tag.split("_")[0], tag.split("_")[-1]
        if len(land) != 2 or language not in LANGUAGES or language not in languages.get_official_languages(land, de_facto=True):
            continue
        locale = Locale.parse(tag)
        for code in numbers.get_territory_currencies(land):
            for sign in (code, numbers.get_currency_symbol(code, tag)):
                # Cells are read without invisible characters.
                sign = "".join(c for c in fold(sign) if unicodedata.category(c) != "Cf").replace(".", "").strip()
                if sign and (len(sign) > 1 or not sign.isascii() or sign in "$r"):
                    marks[sign].add(locale.number_symbols["latn"]["decimal"])
                    codes[sign].add(code)
    return {word: (USUAL_SIGNS.get(word) or ("" if word in SHARED_SIGNS or len(codes[word]) != 1 else min(codes[word])), marks[word]) for word in marks}


def locale_tags() -> list[str]:
    wanted = []
    for tag in sorted(localedata.locale_identifiers()):
        parts = tag.split("_")
        if parts[0] in LANGUAGES and not {"Shaw", "Dsrt"} & set(parts):
            wanted.append(tag)
    return wanted


def escaped(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main() -> None:
    months, days, fillers = calendar_words()
    currencies = currency_words()
    masks: list[int] = []

    def mask_of(tags) -> int:
        mask = sum(1 << LANGUAGES.index(tag) for tag in tags)
        if mask not in masks:
            masks.append(mask)
        return masks.index(mask)

    def word_rows(words: dict) -> list[str]:
        rows = []
        for word in sorted(words, key=lambda w: w.encode()):
            by_number = collections.defaultdict(list)
            for tag, number in words[word].items():
                by_number[number].append(tag)
            for number in sorted(by_number):
                rows.append(f"    ({escaped(word)}, {number}, {mask_of(by_number[number])}),")
        return rows

    month_rows, day_rows = word_rows(months), word_rows(days)
    folds = []
    spans = [(0xA0, 0x24F), (0x370, 0x6FF), (0x1E00, 0x1FFF), (0x0900, 0x109F), (0xFF00, 0xFF5E)]
    for first, last in spans:
        for point in range(first, last + 1):
            c = chr(point)
            if unicodedata.category(c)[0] in "LM" and not unicodedata.combining(c) and c.lower() == c and fold(c) != c:
                folds.append((c, fold(c)))
    zeros = [p for p in range(0x80, 0x20000) if unicodedata.decimal(chr(p), None) == 0]
    marks_ranges = []
    for point in range(0x300, 0x3000):
        category = unicodedata.category(chr(point))
        if category in ("Mn", "Mc", "Me"):
            kind = 1 if unicodedata.combining(chr(point)) else 0
            if marks_ranges and marks_ranges[-1][1] == point - 1 and marks_ranges[-1][2] == kind:
                marks_ranges[-1][1] = point
            else:
                marks_ranges.append([point, point, kind])
    english_spanish = sum(1 << LANGUAGES.index(tag) for tag in ("en", "es"))
    lines = [
        f"//! Written by `tables/generate.py` from the CLDR ({babel.__name__} {babel.__version__}, Unicode {unicodedata.unidata_version}); do not edit.",
        "",
        "#![cfg_attr(rustfmt, rustfmt_skip)]",
        "",
        f"/// Bits of the languages in which the month may stand first: English and Spanish (of the Americas).",
        f"pub const MONTH_FIRST_LANGUAGES: u128 = {english_spanish};",
        "",
        "/// Sets of languages, a bit each; the word tables name them by position.",
        f"pub static LANGUAGES: [u128; {len(masks)}] = {masks};",
        "",
        "/// Folded names of months: word, month, position in `LANGUAGES`. Sorted; a word with two meanings has two rows.",
        f"pub static MONTHS: [(&str, u8, u16); {len(month_rows)}] = [", *month_rows, "];",
        "",
        "/// Folded names of weekdays: word, weekday from Monday = 0, position in `LANGUAGES`. Sorted.",
        f"pub static WEEKDAYS: [(&str, u8, u16); {len(day_rows)}] = [", *day_rows, "];",
        "",
        "/// Folded words that stand in dates and say nothing. Sorted.",
        f"pub static FILLERS: [&str; {len(fillers)}] = [", *(f"    {escaped(word)}," for word in sorted(fillers, key=lambda w: w.encode())), "];",
        "",
        "/// Folded signs and codes of currencies: ISO code (empty where several share the sign), and the decimal marks of the",
        "/// countries that use it (1 point, 2 comma). Sorted.",
        f"pub static CURRENCIES: [(&str, &str, u8); {len(currencies)}] = [",
        *(f"    ({escaped(word)}, {escaped(currencies[word][0])}, {('.' in currencies[word][1]) + 2 * (',' in currencies[word][1])})," for word in sorted(currencies, key=lambda w: w.encode())),
        "];",
        "",
        "/// Small letters that fold to other ones. Sorted.",
        f"pub static FOLDS: [(char, &str); {len(folds)}] = [",
        *(f"    ('\\u{{{ord(c):x}}}', {escaped(to)})," for c, to in sorted(folds)),
        "];",
        "",
        "/// The digit zero of each script but ASCII; nine more digits follow each. Sorted.",
        f"pub static ZEROS: [u32; {len(zeros)}] = {zeros};",
        "",
        "/// Marks that belong to words: first, last, and whether folding drops them. Sorted.",
        f"pub static MARKS: [(u32, u32, bool); {len(marks_ranges)}] = [",
        *(f"    ({a}, {b}, {'true' if kind else 'false'})," for a, b, kind in marks_ranges),
        "];",
        "",
    ]
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("\n".join(lines), encoding="utf-8")
    print(f"{len(month_rows)} rows of months, {len(day_rows)} of weekdays, {len(fillers)} fillers, {len(currencies)} currencies, {len(folds)} folds, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    sys.exit(main())
