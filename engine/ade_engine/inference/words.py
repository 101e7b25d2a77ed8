"""The meanings of headers, by a table of business terms in ten languages (``terms.txt``), and one of the most frequent terms in
23 more (``languages.txt``).

A header has readings: its content (``date``), the subject of that (``invoice``), and words that the table does not have.
Compounds are split. If a word has several meanings, the kind of the values and the other headers decide, as far as they can;
other ambiguities stay open.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from ade_engine.fields.headers import simplify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ade_engine.inference.side import ComparableColumn

    #: The meanings of a phrase, each with its language.
    Senses = list[tuple[tuple[str, ...], int]]

_TERMS, _FURTHER = (Path(__file__).with_name(f"{name}.txt") for name in ("terms", "languages"))
#: The languages of ``terms.txt`` whose words are compounds, by their columns.
_COMPOUNDING = frozenset((1, 6, 8, 9))
_ENGLISH = 0
#: The number of languages that ``terms.txt`` has columns of.
_MAIN_LANGUAGES = 10
#: Codes of frequent currencies (ISO 4217), and what people write for them. They say nothing about a column beside other words.
_CURRENCY = re.compile(
    r"\b(EUR|USD|GBP|CHF|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|RSD|TRY|RUB|UAH|JPY|CNY|INR|BRL|MXN|CAD|AUD|NZD|ZAR|ILS|AED|KRW|THB|IDR|VND"
    r"|TL|kr|Kč|zł|Ft|lei|руб|грн)\b"
)
_MONEY = re.compile(rf"[€$£¥]|{_CURRENCY.pattern}")
#: An amount of money for each hour or another unit.
_PER_UNIT = re.compile(rf"(?:[€$£]|{_CURRENCY.pattern}|руб\.)\s*/\s*([^\W\d_]+[²³]?)\.?", re.IGNORECASE)
_HOURS = frozenset("h hr hrs hour hora heure ora std stunde uur tim timme time godz óra hod saat ч".split())
#: A word with a point behind it, and the minimum letters of the longest word in a phrase with such words.
_SHORT = re.compile(r"([^\W\d_]+)\.")
_MIN_SHORT_CHARS = 3
#: The minimum letters of a word that means something else in a further language.
_MIN_OTHER_CHARS = 4
#: The maximum letters of a short word that means something else in each language.
_MAX_SHORT_CHARS = 4
_LINKS = ("", "s", "es", "n", "en", "e")
#: The least specific contents, the weakest first: "Total hours" holds the hours.
_FAINT = ("amount", "name", "unit", "percent", "id", "number", "description", "note", "type")
#: Meanings for a duration in minutes.
_IN_MINUTES = ("hours", "length")
#: Words that make no difference beside any others.
_WEAK = frozenset(("full", "name", "amount", "percent", "unit", "id", "line", "description", "date"))
_OF_MONEY = frozenset(("net", "gross", "tax", "discount", "balance", "fee", "debit", "credit"))
_IN_PERCENT = frozenset(("tax", "discount"))
#: Sets of subjects of which a column has one at most.
_OPPOSED = tuple(
    frozenset(group.split())
    for group in (
        "net gross tax discount deduction bonus freight surcharge balance tare",
        "reserve incurred paid fine deposit tip estimate spend royalty duty value fee",
        "accepted rejected damaged produced yield",
        "impressions clicks calls",
        "persons children seats renewals",
        "downtime delay duration",
        "moisture fat protein",
        "first last full",
        "from to",
        "sent arrived",
        "consignee shipper",
        "old new previous current",
        "planned actual budget",
        "debit credit",
        "opening closing",
        "minimum maximum average",
        "private work mobile fax second",
        "invoice order delivery customer supplier employee member student teacher product project contract tenant landlord policy claim "
        "asset account document costcentre party vehicle station meter batch serial barcode insured contact clerk manager salesperson "
        "approver driver carrier course exam task category department location taxno personno tracking trip guest room reader loan book author publisher event ticket patient doctor diagnosis drug animal field machine fault technician container vessel hscode waste hauler subscription subscriber licence agent player route stop file",
        "bookvalue purchase depreciation",
        "premium excess insured paidout",
        "rent servicecharge guarantee",
        "salary bonus deduction socialsecurity",
        "active checked valid approved newsletter billable reimbursable urgent passed estimated returned open prepaid",
        "temperature humidity pressure wind rain battery",
        "stock package",
        "list cost",
        "monthly annual hourly",
    )
)
#: The same for days alone: a subject with a day may have an id, and a mark for it.
_OPPOSED_DAYS = tuple(
    frozenset(group.split())
    for group in (
        "checkin checkout returned loan inspected harvested treated opened closed renewal checked due booking invoice order delivery birth",
        "booking value due invoice order delivery birth start end created changed received counted exported printed "
        "paid exam worked purchased sold expiry loss reported measured deadline",
        "hired left birth paid",
        "joined left birth paid",
    )
)
_TIMES = frozenset(("monthly", "annual", "hourly", "weekly"))
#: Periods beside hours, and their subjects.
_PERIODS = {"week": "weekly", "month": "monthly", "year": "annual"}
_STOP = frozenset(
    simplify(word)
    for word in "of the a an for in per by at and de la le les l d des du der die das dem den des von für zu zum zur im am und et en y "
    "e el los las del di della dello dei do da dos das van het een voor i w z na og och av för per pr af til dnia den op il".split()
)
#: Words that people use for one another.
_NEAR = (frozenset("amount price cost rate".split()), frozenset("hours minutes length".split()), frozenset("type category status level".split()))
#: The possible kinds of values of each content; others can have any.
_KINDS = {
    "date": ("date",),
    **dict.fromkeys(("amount", "price", "cost", "quantity", "hours", "days", "nights", "distance", "weight", "percent", "rate"), ("money", "number")),
    **dict.fromkeys(("length", "width", "height", "area", "rooms", "age", "life"), ("money", "number")),
    **dict.fromkeys(("name", "description", "note", "town", "country", "address", "type", "category", "status"), ("text", "name", "code")),
    **dict.fromkeys(("currency", "unit", "region", "salutation", "gender", "language", "nationality", "level"), ("text", "name", "code")),
    "email": ("email", "text"),
    "phone": ("phone", "text", "code", "number"),
    **dict.fromkeys(("minutes", "volume", "depth", "speed"), ("money", "number", "time")),
    "id": ("code", "number", "text"),
    "mark": ("number", "text", "money", "code"),
    "passed": ("boolean", "text"),
}


def can_hold(what: str, kind: str) -> bool:
    """Returns whether a column with this content can have values of a kind."""
    return kind in _KINDS.get(what, (kind,))


_IMPLIED = {"code": "id", "date": "date", "text": "name", "name": "name", "money": "amount", "email": "email", "phone": "phone"}


class Meaning(NamedTuple):
    """One reading of a header: its content ``what`` (``""`` if unnamed), its subjects ``of``, and the unknown words."""

    what: str
    of: frozenset[str]
    unknown: frozenset[str]
    #: The languages of this reading.
    languages: frozenset[int]

    @property
    def said(self) -> str:
        """Returns the meaning as an English header has it: "test method", not "testmethod name"; "" if it has none."""
        terms = _in_english()
        exact = terms.get(self.of | {self.what} - {""})
        if exact is not None:
            return exact
        subjects = terms.get(self.own) or " ".join(terms.get(frozenset((atom,)), atom) for atom in sorted(self.own))
        # A subject is its own name, and "tax number" its own number.
        needless = ("name", "id") if subjects.endswith("number") else ("name",)
        content = [terms.get(frozenset((part,)), part) for part in self.what.split("+") if part not in needless or not subjects]
        return " ".join(filter(None, (subjects, *content)))

    @property
    def own(self) -> frozenset[str]:
        """Returns its subjects, without words that make no difference."""
        return self.of - _WEAK

    @property
    def is_bare(self) -> bool:
        """Returns whether it names only the content."""
        return not self.of - _WEAK and not self.unknown


class Language(NamedTuple):
    """A language of headers: its ``name``, and how most people who write it write days and numbers; ``""`` if that varies."""

    name: str
    date_order: str
    decimal_mark: str


@lru_cache(maxsize=1)
def _further() -> tuple[list[Language], list[tuple[str, list[tuple[int, str]]]]]:
    """Returns all languages, those of the columns of ``terms.txt`` first; and the words of the others, by terms."""
    about, terms = (section.splitlines()[1:] for section in _FURTHER.read_text(encoding="utf-8").split("\n# "))
    languages = [[part.strip() for part in line.split("|")] for line in about]
    numbers = {code: number for number, (code, *_) in enumerate(languages)}
    found = []
    for key, *columns in (line.split(" | ") for line in terms):
        split = (column.partition(": ") for column in columns)
        found.append((key, [(numbers[code], words) for code, _, words in split]))
    return [Language(*facts) for _, *facts in languages], found


@lru_cache(maxsize=1)
def _lines() -> tuple[list[tuple[str, list[tuple[int, str]]]], frozenset[str]]:
    """Returns the words of each term by languages, those of ``terms.txt`` first; and the possible contents."""
    holds: set[str] = set()
    section, lines = 0, []
    for line in _TERMS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            section += 1
            continue
        key, *columns = (part.strip() for part in line.split("|"))
        lines.append((key, list(enumerate(columns))))
        if section == 2:
            holds.add(key.split()[0])
    return [*lines, *_further()[1]], frozenset(holds)


@lru_cache(maxsize=1)
def _terms() -> tuple[dict[tuple[str, ...], Senses], frozenset[str], dict[str, Senses]]:
    """Returns the meanings of each phrase with its languages, the possible contents, and the words that compounds consist of.
    """
    phrases: dict[tuple[str, ...], Senses] = {}
    parts: dict[str, Senses] = {}
    lines, holds = _lines()
    for key, columns in lines:
        atoms = tuple(key.split())
        for language, words in columns:
            for word in words.split(","):
                simple = simplify(word)
                if not simple:
                    continue
                found = phrases.setdefault(tuple(simple.split()), [])
                of_main = [known for known, of in found if of < _MAIN_LANGUAGES] if language >= _MAIN_LANGUAGES else []
                if of_main and atoms not in of_main and (len(simple) < _MIN_OTHER_CHARS or any({*atoms}.intersection(known) for known in of_main)):
                    # A short word of a main language gets no other meaning from the further ones, and no word a similar one.
                    continue
                if (atoms, language) not in found:
                    found.append((atoms, language))
                if language in _COMPOUNDING and " " not in simple and (len(simple) >= 3 or simple == "nr"):
                    parts.setdefault(simple, []).append((atoms, language))
    return phrases, holds, parts


@lru_cache(maxsize=1)
def _in_english() -> dict[frozenset[str], str]:
    """Returns the first English word or phrase of each term."""
    found: dict[frozenset[str], str] = {}
    for key, columns in _lines()[0]:
        for language, words in columns:
            if language == _ENGLISH and words:
                found.setdefault(frozenset(key.split()), words.partition(",")[0])
    return found


def words_apart(header: str) -> str:
    """Returns a header with blanks between words that only a capital tells apart: "orderDate" is two words, and "MwSt" is one."""
    phrases, _, _ = _terms()
    return " ".join(word if word.isupper() or (simplify(word),) in phrases else re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", word) for word in header.split())


def _tokens(header: str) -> list[str]:
    """Returns the words of a header. In brackets, only words count that the table knows as more than a unit."""
    phrases, _, _ = _terms()
    header = _PER_UNIT.sub(_price_of_unit, header)
    apart = words_apart(header)
    outer = re.sub(r"[(\[].*?([)\]]|$)", " ", apart)
    without_currency = _CURRENCY.sub(" ", outer)
    outer = without_currency if simplify(without_currency) else outer
    inner = [word for part in re.findall(r"[(\[](.*?)(?:[)\]]|$)", apart) for word in simplify(part).split()]
    # "min" is minutes here, not a minimum.
    known = ["minutes" if word in ("min", "mins") else word for word in inner if len(word) >= 3 and (word,) in phrases]
    tokens = simplify(outer.replace("#", " no ").replace("%", " percent ") if simplify(outer) else outer).split()
    return [*tokens, *known] if tokens else simplify(apart).split()


def _price_of_unit(found: re.Match[str]) -> str:
    """Returns the words for an amount of money for each unit."""
    unit = found[found.re.groups]
    return " rate " if unit.lower() in _HOURS else f" price {unit} "


def _split(word: str) -> list[Senses] | None:
    """Returns the parts of a compound, each with its meanings; ``None`` if it does not consist of known words."""
    _, _, parts = _terms()

    @lru_cache(maxsize=None)
    def rest(at: int) -> tuple[str, ...] | None:
        if at == len(word):
            return ()
        best: tuple[str, ...] | None = None
        for end in range(len(word), at + 2, -1):
            part = word[at:end]
            if part not in parts or at == 0 and end == len(word):
                continue
            for link in _LINKS:
                if not word.startswith(link, end) or link and end + len(link) == len(word):
                    continue
                after = rest(end + len(link))
                if after is not None and (best is None or 1 + len(after) < len(best)):
                    best = (part, *after)
        return best

    found = rest(0)
    return [parts[part] for part in found] if found and len(found) <= 4 else None


def _pieces(header: str, language: int | None) -> tuple[list[Senses], list[str]]:
    """Returns the known phrases of a header, each with its meanings, and the remaining words. Words with a point are whole words
    of the ``language`` of the other headers.
    """
    phrases, _, parts = _terms()
    tokens, at = _tokens(header), 0
    short = frozenset(simplify(word) for word in _SHORT.findall(header))
    in_full = _in_full if short and language is not None else lambda *_: []
    pieces: list[Senses] = []
    unknown: list[str] = []
    while at < len(tokens):
        tokens[at] = _as_written(tokens[at])
        for length in range(min(5, len(tokens) - at), 0, -1):
            phrase = tuple(tokens[at : at + length])
            if length == 1 and phrase[0] in _STOP and len(tokens) > 1:
                at += 1
                break
            piece = [*phrases.get(phrase, ()), *in_full(phrase, short, language)]
            if piece:
                pieces.append(piece)
                at += length
                break
        else:
            word = tokens[at]
            at += 1
            split = _split(word)
            ending = None if split else _known_ending(word)
            if split:
                pieces += split
            elif ending:
                pieces.append(parts[ending])
                unknown.append(word[: -len(ending)])
            elif not word.isdigit() or len(tokens) > 1:
                unknown.append(word)
    # A letter with a point is the beginning of any word.
    return pieces, [word for word in unknown if not (pieces and len(word) == 1 and word in short)]


@lru_cache(maxsize=1024)
def _as_written(word: str) -> str:
    """Returns a word with its usual letters: "wahrung", as all words are without marks, for "waehrung"."""
    plain = re.sub("([aou])e", r"\1", word)
    is_known = plain != word and (word,) not in _terms()[0] and ((plain,) in _terms()[0] or _split(plain) is not None)
    return plain if is_known else word


@lru_cache(maxsize=1024)
def _in_full(phrase: tuple[str, ...], short: frozenset[str], language: int) -> Senses:
    """Returns the meaning of the phrases of a language that this one abbreviates, with points behind its ``short`` words, if all
    mean the same: of "kraj pochodzenia" for "Kraj poch.".
    """
    if not short.intersection(phrase) or max(map(len, phrase)) < _MIN_SHORT_CHARS:
        return []
    alike = _by_initials(language).get(tuple(word[0] for word in phrase), ())
    found = {atoms for known, atoms in alike if all(word == whole or word in short and whole.startswith(word) for word, whole in zip(phrase, known))}
    return [(atoms, language) for atoms in found] if len(found) == 1 else []


@lru_cache(maxsize=None)
def _by_initials(language: int) -> dict[tuple[str, ...], list[tuple[tuple[str, ...], tuple[str, ...]]]]:
    """Returns the phrases of a language and their meanings by the first letters of their words."""
    found: dict[tuple[str, ...], list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for known, senses in _terms()[0].items():
        its = [(known, atoms) for atoms, of in senses if of == language]
        if its:
            found.setdefault(tuple(word[0] for word in known), []).extend(its)
    return found


def _known_ending(word: str) -> str | None:
    """Returns the last part of a compound with an unknown first part: ``datum`` of ``anlasserdatum``."""
    _, holds, parts = _terms()
    for start in range(3, len(word) - 4):
        ending = word[start:]
        if ending in parts and parts[ending][0][0][0] in holds:
            return ending
    return None


def stem(word: str) -> str:
    """Returns the common part of words with one origin in several languages: ``temperatur`` of ``temperature`` and
    ``temperatura``.
    """
    word = re.sub(r"(.)\1", r"\1", word.replace("k", "c").replace("ph", "f").replace("y", "i").replace("z", "s"))
    bare = re.sub(r"(ionen|iones|ions|ion|ione|en|es|[aeions])$", "", word)
    return bare if len(bare) >= 5 else word


@lru_cache(maxsize=4096)
def readings(header: str, kind: str | None = None, language: int | None = None) -> tuple[Meaning, ...]:
    """Returns the possible meanings of a header for a kind of values (``None`` if unknown), with abbreviations of a language if it
    is known. Never empty.
    """
    _, holds, _ = _terms()
    pieces, words = _pieces(header, language)
    unknown = frozenset(map(stem, words))
    found: dict[tuple[str, frozenset[str]], set[int]] = {}
    for chosen in product(*(_by_meaning(piece) for piece in pieces)) if len(pieces) <= 5 else ():
        heads = [atoms[0] for atoms, _ in chosen if atoms[0] in holds]
        if len(chosen) == 2 and chosen[1][0] == ("unit",) and not words:
            # "Result unit" is a unit.
            heads = ["unit"]
        if "minutes" in heads:
            heads = [head for head in heads if head not in _IN_MINUTES]
        # "Hours per week" are hours.
        times = [head for head in heads if head in _PERIODS] if "hours" in heads else []
        heads = [head for head in heads if head not in times]
        of = {_PERIODS[head] for head in times} | {atom for atoms, _ in chosen for atom in atoms[1 if atoms[0] in holds else 0 :]}
        of |= _faint(heads)
        if of & _OF_MONEY:
            of -= {"total", "salary"}
        what = "+".join(sorted(set(heads))) or _IMPLIED.get(kind or "", "")
        languages = frozenset.intersection(*(found_in for _, found_in in chosen)) if chosen else frozenset()
        found.setdefault((what, frozenset(of)), set()).update(languages)
    all_of_it = [Meaning(what, of, unknown, frozenset(languages)) for (what, of), languages in found.items()]
    if kind is not None:
        # A thing with a number of its own may be called by it.
        all_of_it = [meaning._replace(what="id") if "id" in meaning.of and can_hold("id", kind) and not can_hold(meaning.what, kind) else meaning for meaning in all_of_it]
        if kind == "number" and not _MONEY.search(header):
            # A tax or a discount that is no money is a percentage.
            all_of_it = [meaning._replace(what="percent") if meaning.what in ("amount", "rate") and meaning.own & _IN_PERCENT else meaning for meaning in all_of_it]
        elif kind in ("text", "code"):
            # "Units" are counted or, if they are words, named.
            all_of_it = [meaning._replace(what="unit") if meaning.what == "quantity" and meaning.is_bare else meaning for meaning in all_of_it]
        fitting = [meaning for meaning in all_of_it if can_hold(meaning.what, kind)]
        if kind in ("number", "money"):
            # Numbers mostly belong to a reading with content.
            fitting = [meaning for meaning in fitting if meaning.what] or fitting
        # "Counted by" above names is no quantity: the values leave only the subject of the reading. And only money can be net.
        money = frozenset() if kind in ("money", "number") else _OF_MONEY
        if not fitting:
            implied, said = _IMPLIED.get(kind, ""), frozenset(map(stem, _tokens(header)))
            fitting = [meaning._replace(what=implied, of=meaning.of - money) if meaning.own else Meaning(implied, frozenset(), said, frozenset()) for meaning in all_of_it]
        all_of_it = fitting
    in_one = [meaning for meaning in all_of_it if meaning.languages]
    return tuple(in_one or all_of_it) or (Meaning(_IMPLIED.get(kind or "", ""), frozenset(), unknown, frozenset()),)


def _faint(heads: list[str]) -> set[str]:
    """Keeps the most specific of several contents; the others become its subjects."""
    left = set()
    for faint in _FAINT:
        if len(set(heads)) > 1 and faint in heads:
            heads[:] = [head for head in heads if head != faint]
            left.add(faint)
    return left


def _by_meaning(piece: Senses) -> list[tuple[tuple[str, ...], frozenset[int]]]:
    meanings: dict[tuple[str, ...], set[int]] = {}
    for atoms, language in piece:
        meanings.setdefault(atoms, set()).add(language)
    return [(atoms, frozenset(languages)) for atoms, languages in meanings.items()]


def meanings(columns: Sequence[ComparableColumn]) -> list[tuple[Meaning, ...]]:
    """Returns the possible meanings of each column of a table, by its header and the kind of its values, read beside the
    others.
    """
    votes = _votes(readings(column.header, column.kind) for column in columns)
    language = _of_most(votes)
    found = [_in_language(_voted(readings(column.header, column.kind, language), votes), column, language) for column in columns]
    _beside(found, "name", frozenset(("first",)), "last")
    _beside(found, "name", frozenset(("last",)), "first")
    _beside(found, "date", frozenset(("value",)), "booking")
    return found


def _in_language(some: tuple[Meaning, ...], column: ComparableColumn, language: int | None) -> tuple[Meaning, ...]:
    """Returns the meanings of a header; an abbreviation has none if only other languages know it."""
    is_foreign = language is not None and not any(language in meaning.languages for meaning in some)
    short = _SHORT.fullmatch(column.header.strip()) if is_foreign else None
    if short is None or len(short[1]) > _MAX_SHORT_CHARS:
        return some
    return (Meaning(_IMPLIED.get(column.kind or "", ""), frozenset(), frozenset((simplify(short[1]),)), frozenset()),)


def other_meanings(columns: Sequence[ComparableColumn], at: int) -> list[tuple[Meaning, ...]]:
    """Returns the possible meanings of the further headers of one of the columns, beside the others."""
    votes = _votes([readings(column.header, column.kind) for column in columns])
    found = []
    for header in columns[at].headers[1:]:
        some = _voted(readings(header, columns[at].kind), votes)
        if any(meaning.what in ("name", "date") and meaning.is_bare for meaning in some):
            # Its meaning depends on the headers beside it.
            some = meanings([*columns[:at], replace(columns[at], headers=(header,)), *columns[at + 1 :]])[at]
        found.append(some)
    return found


def _voted(some: tuple[Meaning, ...], votes: Counter[int]) -> tuple[Meaning, ...]:
    """Returns the readings in the language that most headers are in."""
    if len(some) == 1:
        return some
    weight = [max((votes[language] for language in meaning.languages), default=0.0) for meaning in some]
    return tuple(meaning for meaning, has in zip(some, weight) if has >= max(weight) - 1e-9)


def _votes(found: Iterable[tuple[Meaning, ...]]) -> Counter[int]:
    """Counts the headers in each language; a header in several is shared among them."""
    votes: Counter[int] = Counter()
    for some in found:
        languages = frozenset().union(*(meaning.languages for meaning in some))
        votes.update({language: 1 / len(languages) for language in languages})
    return votes


def is_english(headers: Iterable[str]) -> bool:
    """Returns whether no other language has more of these headers."""
    votes = _votes([readings(header) for header in headers])
    return bool(votes) and votes[_ENGLISH] >= max(votes.values()) - 1e-9


def language_of(headers: Iterable[str]) -> Language | None:
    """Returns the language of most of these headers, if it has more of them than any other."""
    language = _of_most(_votes([readings(header) for header in headers]))
    return None if language is None else _further()[0][language]


def _of_most(votes: Counter[int]) -> int | None:
    """Returns the language that clearly most headers are in."""
    best = votes.most_common(2)
    if not best or best[0][1] < 1 or len(best) > 1 and best[0][1] - best[1][1] < 0.25:
        return None
    return best[0][0]


def _beside(found: list[tuple[Meaning, ...]], what: str, other: frozenset[str], then: str) -> None:
    """Makes a bare name beside a first name a last name, and a bare date beside a value date the day of booking."""
    has = lambda of: any(len(some) == 1 and some[0].what == what and of <= some[0].of for some in found)  # noqa: E731
    if not has(other) or has(frozenset((then,))):
        return
    bare = [at for at, some in enumerate(found) if any(meaning.what == what and meaning.is_bare and "full" not in meaning.of for meaning in some)]
    if len(bare) == 1:
        at = bare[0]
        found[at] = (Meaning(what, frozenset((then,)), frozenset(), found[at][0].languages),)


def relation(meanings: Iterable[Meaning], other: Iterable[Meaning]) -> tuple[str, Meaning | None]:
    """Returns the relation of two columns by the meanings of their headers, and the meaning that they share.

    ``same``; ``narrower``: one is more specific; ``unknown``: an unknown word decides; ``open``: a word has several meanings;
    ``other``: they differ; ``opposed``: they cannot be the same.
    """
    found = [(_relation(a, b), a) for a in meanings for b in other]
    names = {name for name, _ in found}
    if len(names) == 1:
        return found[0]
    if names <= {"opposed", "other"}:
        return "other", None
    return "open", next((meaning for name, meaning in found if name == "same"), None)


def _relation(a: Meaning, b: Meaning) -> str:
    ones, others = a.of - _WEAK, b.of - _WEAK
    opposed = (*_OPPOSED, *_OPPOSED_DAYS) if "date" in (a.what, b.what) else _OPPOSED
    if any(ones & group - others and others & group - ones for group in opposed):
        return "opposed"
    if a.what != b.what and a.what and b.what:
        # A cost is an amount of money, whatever its name.
        if "amount" in (a.what, b.what) and {a.what, b.what} <= {"amount", "cost", "price"} and ones == others and ones and not a.unknown | b.unknown:
            return "same"
        is_near = any({a.what, b.what} <= near for near in _NEAR) and (ones <= others or others <= ones)
        return "unknown" if a.unknown or b.unknown or is_near else "other"
    if any(not one.what and not one.of - _WEAK for one in (a, b)) and a.what != b.what:
        return "unknown"
    if a.unknown != b.unknown:
        return "unknown" if ones <= others or others <= ones else "other"
    if not ones and not others and not a.what and not a.unknown:
        return "unknown"
    if ones == others:
        return "same"
    if not (ones < others or others < ones):
        return "other"
    # An amount for a year may be no amount for another time.
    return "unknown" if (ones ^ others) & _TIMES else "narrower"
