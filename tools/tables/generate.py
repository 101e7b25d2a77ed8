#!/usr/bin/env python3
"""Writes `src/words/tables.txt`: the facts about languages and currencies that the readers of dates and amounts use.

    python3 -m venv v && v/bin/pip install babel && v/bin/python tools/tables/generate.py

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
FILLERS = set("de del d of the den le el em am on and dia ngay".split())
CURRENCY_WORDS = {"us$": "USD", "a$": "AUD", "c$": "CAD", "nz$": "NZD", "hk$": "HKD", "r$": "BRL", "euro": "EUR", "rs": "INR", "sfr": "CHF", "fr": "CHF", "руб": "RUB", "kc": "CZK", "cn¥": "CNY", "jp¥": "JPY", "mx$": "MXN", "円": "JPY", "元": "CNY", "원": "KRW"}
# Languages whose names of currencies and of units of time are known, and the currencies whose names are known beside a country's own.
SPOKEN = "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id is it ja ko lt lv ms nb nl pl pt ro ru sk sl sr sv th tr uk vi".split()
USUAL_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "CNY", "DKK", "NOK", "SEK", "PLN", "CZK", "CAD", "AUD")
# Used in amounts, and too short to mean anything else: "12,50 Euro".
SHORTEST_NAME = 5
# Years and months have no length, but words that mean one of them in some language are not taken for another unit.
UNITS = {"year": "", "month": "", "week": "w", "day": "d", "hour": "h", "minute": "m", "second": "s"}
# Endings of months' names within dates: "urtarrilaren 31", "urtarrilak 31".
ENDINGS = {"eu": ("ren", "k")}
# ... and of weekdays: "วันศุกร์ที่ 31".
ENDINGS_OF_DAYS = {"th": ("ที่",)}
# Signs of several currencies: the sign in the cell is kept as it is.
SHARED_SIGNS = {"$", "¥", "kr", "£", "₨", "rs", "fr"}
# ... although these nearly always mean one.
USUAL_SIGNS = {"£": "GBP", "rs": "INR", "fr": "CHF"}
# Marks of abbreviation that belong to the word: Hebrew geresh, Devanagari. So do points in Thai and Lao: "ก.ย.".
ABBREVIATING = "\u05f3\u05f4\u0970"
PLAIN = str.maketrans({"ı": "i", "ł": "l", "đ": "d", "ð": "d", "ø": "o", "æ": "ae", "þ": "th"})
TARGET = Path(__file__).resolve().parents[2] / "engine/native/src/words" / "tables.txt"


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
    """Returns the words that a date pattern writes as they are, and the text directly before a month's name.

    The text directly behind one (``MMMM'ren'``) is in ``ENDINGS``.
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
    """Returns sign or code -> (ISO code, or nothing if several share the sign; decimal marks of the countries that use it)."""
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


def currency_names() -> dict[str, str]:
    """Returns names of currencies beside an amount, in one word ("danskekroner") -> ISO code; none that means several."""
    meant = collections.defaultdict(set)
    for tag in SPOKEN:
        locale = Locale.parse(tag)
        codes = set(USUAL_CURRENCIES)
        for land in Locale("en").territories:
            if len(land) == 2 and land.isalpha() and tag in languages.get_official_languages(land, de_facto=True):
                codes.update(numbers.get_territory_currencies(land))
        for code in codes:
            names = {locale.currencies.get(code, ""), *locale._data["currency_names_plural"].get(code, {}).values()}
            for name in names:
                word = fold("".join(c for c in name if c not in " -\xa0\u202f" and unicodedata.category(c) != "Cf"))
                if len(word) >= SHORTEST_NAME and all(unicodedata.category(c)[0] in "LM" for c in word):
                    meant[word].add(code)
    return {word: min(codes) for word, codes in meant.items() if len(codes) == 1}


def duration_words() -> dict[str, list[str]]:
    """Returns words for the units of time behind an amount, by unit; none that means several, and none of one or two plain
    letters ("5 st")."""
    meant = collections.defaultdict(set)
    for tag in SPOKEN:
        patterns = Locale.parse(tag)._data["unit_patterns"]
        for name, unit in UNITS.items():
            for width in ("long", "short"):
                for plural, pattern in patterns[f"duration-{name}"].get(width, {}).items():
                    before, _, behind = pattern.partition("{0}")
                    words = words_in(behind)
                    if plural != "per" and not words_in(before) and len(words) == 1 and (len(words[0]) > 2 or not words[0].isascii()):
                        meant[words[0]].add(unit)
    found = collections.defaultdict(list)
    for word, units in sorted(meant.items(), key=lambda item: item[0].encode()):
        if len(units) == 1 and units != {""}:
            found[min(units)].append(word)
    return found


def locale_tags() -> list[str]:
    wanted = []
    for tag in sorted(localedata.locale_identifiers()):
        parts = tag.split("_")
        if parts[0] in LANGUAGES and not {"Shaw", "Dsrt"} & set(parts):
            wanted.append(tag)
    return wanted


def wrapped(pieces: list[str]) -> list[str]:
    """The pieces with blanks between them, in lines of about 120 characters."""
    lines = [""]
    for piece in pieces:
        if lines[-1] and len(lines[-1]) + len(piece) >= 120:
            lines.append("")
        lines[-1] += f" {piece}" if lines[-1] else piece
    return lines


def lines_of_words(words: dict[str, dict[str, int]]) -> list[str]:
    """A line for each set of languages: their tags, and behind them each word that all of them know, its number before it."""
    by_languages = collections.defaultdict(list)
    for word, known in words.items():
        by_number = collections.defaultdict(list)
        for tag, number in known.items():
            by_number[number].append(tag)
        for number, tags in by_number.items():
            by_languages[",".join(sorted(tags, key=LANGUAGES.index))].append((number, word))
    return [f"{tags} {' '.join(f'{number}{word}' for number, word in sorted(found))}" for tags, found in sorted(by_languages.items())]


def main() -> None:
    months, days, fillers = calendar_words()
    currencies = currency_words()
    for word, code in currency_names().items():
        currencies.setdefault(word, (code, set()))
    durations = duration_words()
    folds = collections.defaultdict(str)
    spans = [(0xA0, 0x24F), (0x370, 0x6FF), (0x900, 0x109F), (0x1E00, 0x1FFF), (0xFF00, 0xFF5E)]
    for first, last in spans:
        for point in range(first, last + 1):
            c = chr(point)
            if unicodedata.category(c)[0] in "LM" and not unicodedata.combining(c) and c.lower() == c and fold(c) != c:
                folds[fold(c)] += c
    zeros = [p for p in range(0x80, 0x20000) if unicodedata.decimal(chr(p), None) == 0]
    marks: list[list] = []
    for point in range(0x300, 0x3000):
        if unicodedata.category(chr(point)) in ("Mn", "Mc", "Me"):
            kept = "" if unicodedata.combining(chr(point)) else "+"
            if marks and marks[-1][1] == point - 1 and marks[-1][2] == kept:
                marks[-1][1] = point
            else:
                marks.append([point, point, kept])
    by_bytes = sorted(currencies, key=lambda word: word.encode())
    sections = {
        "languages: their bits, from the first; sorted": wrapped(LANGUAGES),
        "month first: the languages in which the month may stand first (English, and Spanish of the Americas)": ["en es"],
        "months: languages, and what they call the months": lines_of_words(months),
        "weekdays: languages, and what they call the weekdays, from Monday at 0": lines_of_words(days),
        "fillers: words that stand in dates and say nothing": wrapped(sorted(fillers, key=lambda word: word.encode())),
        "currencies: sign or code (_ is a blank) = ISO code (none where several share the sign), decimal marks of the countries that use it": wrapped(
            [f"{word.replace(' ', '_')}={currencies[word][0]}{''.join(sorted(currencies[word][1] & {'.', ','}, reverse=True))}" for word in by_bytes]
        ),
        "durations: a unit of time, and what languages call it": [f"{unit} {' '.join(durations[unit])}" for unit in UNITS.values() if unit],
        "folds: what letters fold to (_ is a blank) = the small letters that do": wrapped([f"{to.replace(' ', '_')}={letters}" for to, letters in folds.items()]),
        "zeros: the digit zero of each script but ASCII; nine more digits follow each": wrapped([f"{zero:x}" for zero in zeros]),
        "marks: those that belong to words, first and last; + where folding keeps them": wrapped(
            [f"{first:x}-{last:x}{kept}" for first, last, kept in marks]
        ),
    }
    origin = f"Written by tools/tables/generate.py from the CLDR (babel {babel.__version__}, Unicode {unicodedata.unidata_version}); do not edit."
    text = "\n".join([origin, *(line for title, lines in sections.items() for line in ("", f"# {title}", *lines)), ""])
    TARGET.write_text(text, encoding="utf-8")
    print(f"{len(months)} words of months, {len(days)} of weekdays, {len(fillers)} fillers, {len(currencies)} currencies, {len(text.encode())} bytes")


if __name__ == "__main__":
    sys.exit(main())
