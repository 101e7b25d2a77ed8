"""Finding the equal columns of two tables.

Columns belong together for a reason that can be named: a word of their headers, values that they share, the same part in a sum,
the only column of its kind. A mere likeness is a guess, and a question to a person.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import log10
from statistics import median

from ade_engine.fields.headers import simplify
from ade_engine.inference.arithmetic import OF_ANY_AMOUNT, distinguished, is_telling, parts_of_table
from ade_engine.inference.words import can_hold, meanings, other_meanings, readings, relation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

    from ade_engine.inference.side import ComparableColumn
    from ade_engine.inference.words import Meaning

#: The minimum share of values in common, of the column that has fewer.
_SHARED = 0.5
#: The minimum likeness of values that fit a field.
_FITS = 0.15
#: The minimum likeness for a question.
_MIN_GUESS_LIKENESS = 0.25
#: Texts that may stand among numbers, and their minimum share.
_LIKE_NUMBER = re.compile(r"[<>≤≥~±]?\s*-?\d+([.,]\d+)?\s*$")
_MIN_LIKE_NUMBERS = 0.7
#: Contents that say little without the words beside them.
_ANYTHINGS = frozenset(("amount", "clock", "date", "id", "name"))
#: Kinds of values that identify a column, and their names in a reason.
_ONLY = {"email": "e-mail addresses", "phone": "phone numbers", "gtin": "numbers of articles (GTIN, EAN)"}


@dataclass(frozen=True)
class Pair:
    """Two columns that are the same for a ``reason``; without one they are a question. ``likeness`` orders questions."""

    known: int
    new: int
    reason: str | None
    likeness: float


def pairs(
    known: Sequence[ComparableColumn],
    new: Sequence[ComparableColumn],
    settled: Collection[tuple[int, int]] = (),
    sums: tuple[Sequence[dict[str, int]], Sequence[dict[str, int]]] | None = None,
    apart: Collection[tuple[int, int]] = (),
) -> list[Pair]:
    """Returns the pairs of columns of two tables, those with a reason first; one to one.

    ``settled``: pairs that are known to be the same. They are not in the result, and exclude other pairs. ``sums``: the results
    of :func:`~ade_engine.inference.arithmetic.parts_of_table` for both, if they are known. ``apart``: pairs that are not the same,
    unless their headers are.
    """
    look = _PairEvidence(known, new, sums)
    rows = {at for at, _ in settled}
    columns = {at for _, at in settled}
    open_pairs = [(i, j) for i in range(len(known)) for j in range(len(new)) if i not in rows and j not in columns and look.may_be(i, j) and ((i, j) not in apart or look.same_words(i, j))]
    summed = [(i, j) for i in look.in_sums(look.known_sums) for j in look.in_sums(look.new_sums)]
    found: list[Pair] = []
    unsure: set[tuple[int, int]] = set()
    for strength in (look.same_words, look.same_meaning, look.narrower, look.rest_of_sum, look.same_part, look.in_same_sum, look.same_values, look.only_one):
        look.paired = {*settled, *((pair.known, pair.new) for pair in found)}
        reasons = {(i, j): why for i, j in (summed if strength == look.rest_of_sum else open_pairs) if i not in rows and j not in columns and (why := strength(i, j))}
        claims = {at: [i for i, j in reasons if j == at] for _, at in reasons}
        once = Counter(i for i, _ in reasons)
        # Two columns of other tables may claim one column: they are probably one field, too.
        for (i, j), why in sorted(reasons.items(), key=lambda one: -len(known[one[0][0]].tables)):
            if once[i] == 1 and (i, j) not in unsure and not any(other != i and known[i].is_beside(known[other]) for other in claims[j]):
                if j not in columns:
                    found.append(Pair(i, j, why, 1.0))
                rows.add(i)
                columns.add(j)
            else:
                # If two columns have the same claim, a weaker reason does not decide between them.
                unsure |= {(k, m) for k, m in open_pairs if k == i or m == j}
    likely = sorted(((look.likeness(i, j), i, j) for i, j in open_pairs if i not in rows and j not in columns), key=lambda one: (-one[0], one[1:]))
    for likeness, i, j in likely:
        if likeness >= _MIN_GUESS_LIKENESS and i not in rows and j not in columns and look.fits(i, j):
            found.append(Pair(i, j, None, round(likeness, 3)))
            rows.add(i)
            columns.add(j)
    return found


class _PairEvidence:
    """The evidence about each pair of two tables."""

    def __init__(self, known: Sequence[ComparableColumn], new: Sequence[ComparableColumn], sums: tuple[Sequence[dict[str, int]], Sequence[dict[str, int]]] | None = None):
        self.known, self.new = known, new
        self.known_means = self._means(known)
        self.new_means = self._means(new)
        self.known_sums, self.new_sums = (parts_of_table(known), parts_of_table(new)) if sums is None else sums
        self.known_parts, self.new_parts = distinguished(self.known_sums), distinguished(self.new_sums)
        self._relations: dict[tuple[int, int], tuple[str, str, Meaning | None]] = {}
        #: The pairs that are known so far.
        self.paired: set[tuple[int, int]] = set()

    @staticmethod
    def _means(columns: Sequence[ComparableColumn]) -> list[list[tuple[tuple[Meaning, ...], str]]]:
        """Returns the meanings of each header of each column, with the header: those in their own tables if they are known, or
        else beside the first headers of the others.
        """
        if all(column.known_meanings for column in columns):
            return [[*column.known_meanings] for column in columns]
        said = [[some, *(other_meanings(columns, at) if len(columns[at].headers) > 1 else ())] for at, some in enumerate(meanings(columns))]
        return [[*zip(some, column.headers or ("",))] for some, column in zip(said, columns)]

    def _related(self, i: int, j: int) -> tuple[str, str, Meaning | None]:
        """Returns the nearest relation of the headers of two columns, with the header that has it."""
        if (i, j) in self._relations:
            return self._relations[i, j]
        order = ("same", "open", "narrower", "unknown", "other", "opposed")
        found = [(*relation(one, self.new_means[j][0][0]), header) for one, header in self.known_means[i]]
        name, meaning, header = min(found, key=lambda one: order.index(one[0]))
        if name not in ("same", "open") and any(one[0] == "opposed" for one in found):
            name = "opposed"
        self._relations[i, j] = name, header, meaning
        return self._relations[i, j]

    def may_be(self, i: int, j: int) -> bool:
        """Returns whether two columns can be the same, by their values and by the meanings of their headers."""
        a, b = self.known[i], self.new[j]
        if self.same_words(i, j):
            # Ids are digits for one sender and letters for another; amounts are never ids.
            return None in (a.sense, b.sense) or a.sense == b.sense or {a.sense, b.sense} <= {"code", "text", "number"} and a.is_whole and b.is_whole
        related = self._related(i, j)[0]
        if related == "same" and {a.sense, b.sense} == {"text", "number"}:
            # Some senders write "<0.05" among numbers.
            return all(side.sense == "number" or side.mean(lambda text: bool(_LIKE_NUMBER.match(text))) >= _MIN_LIKE_NUMBERS for side in (a, b))
        return (None in (a.sense, b.sense) or a.sense == b.sense) and related != "opposed"

    def _both(self, i: int, j: int) -> str:
        return f'"{self._related(i, j)[1]}" and "{self.new[j].header}"'

    def same_words(self, i: int, j: int) -> str | None:
        simple = simplify(self.new[j].header)
        same = next((header for header in self.known[i].headers if simplify(header) == simple), None) if simple else None
        return f'the same header, "{same}"' if same else None

    def same_meaning(self, i: int, j: int) -> str | None:
        name, _, meaning = self._related(i, j)
        if name != "same" or meaning is None:
            return None
        if meaning.unknown or not meaning.said:
            return f"{self._both(i, j)} are the same word"
        # A word of a meaning may be unclear ("mark"), unless a header has it.
        is_term = meaning.said in map(simplify, (self._related(i, j)[1], self.new[j].header))
        return f'{self._both(i, j)} both mean "{meaning.said}"' if is_term else f"{self._both(i, j)} mean the same"

    def narrower(self, i: int, j: int) -> str | None:
        """Returns a reason if one header is more specific, and each is the only one of its table with this content."""
        name, header, meaning = self._related(i, j)
        if name not in ("narrower", "unknown") or meaning is None or not meaning.what:
            return None
        # Any payment is an amount, and anything may have a date, a name or a number.
        if name == "unknown" and meaning.what in _ANYTHINGS or (name == "unknown" or meaning.what == "amount") and not all(map(self._says_what, (header, self.new[j].header))):
            return None
        held = ("amount", "cost", "price") if meaning.what == "amount" and name == "narrower" else (meaning.what,)
        if not any(other.what in held for other in self.new_means[j][0][0]):
            return None
        others = [
            at
            for sides, all_means, one in ((self.known, self.known_means, i), (self.new, self.new_means, j))
            for at, means in enumerate(all_means)
            if at != one and sides[one].is_beside(sides[at]) and any(other.what in held for some, _ in means for other in some)
        ]
        return None if others else f'{self._both(i, j)}: each is the only column in its table that means "{meaning.what}"'

    @staticmethod
    def _says_what(header: str) -> bool:
        """Returns whether the words of a header, and not only its values, name its content."""
        return all(meaning.what for meaning in readings(header))

    def same_part(self, i: int, j: int) -> str | None:
        """Returns a reason if both are the same part of a sum or the like, and no other column of their tables is."""
        both = self.known_parts.get(i, set()) & self.new_parts.get(j, set())
        # Other amounts may be a sum or a product, too.
        excluded = ("opposed", "other", "same") if all(part in OF_ANY_AMOUNT for part in both) else ("opposed",)
        return f"{self._both(i, j)} are both the {min(both)}" if both and self._related(i, j)[0] not in excluded else None

    @staticmethod
    def in_sums(sums: Sequence[dict[str, int]]) -> list[int]:
        """Returns the columns that are in any sum or product."""
        return list(dict.fromkeys(at for parts in sums for at in parts.values()))

    def rest_of_sum(self, i: int, j: int) -> str | None:
        """Returns a reason if both are the last parts of a sum or product whose other parts match: whatever the names, the
        values are equal.
        """
        for known in self.known_sums:
            for new in self.new_sums:
                if known.keys() != new.keys() or i not in known.values() or j not in new.values():
                    continue
                (whole, *parts), (other_whole, *other_parts) = known.values(), new.values()
                is_whole = whole == i
                if is_whole != (other_whole == j) or not is_whole and (whole, other_whole) not in self.paired:
                    continue
                left, other_left = [at for at in parts if at != i], {at for at in other_parts if at != j}
                if all(any((a, b) in self.paired for b in other_left) for a in left):
                    kind = next(iter(known)).partition(" of ")[0]
                    said = f"the {kind}" if is_whole else f"the last part of the {kind}"
                    others = self._both(*self._first_paired(left, other_left) if left else (whole, other_whole))
                    return f"{self._both(i, j)} are both {said} with columns such as {others}"
        return None

    def _first_paired(self, ones: Sequence[int], others: Collection[int]) -> tuple[int, int]:
        return next((a, b) for a in ones for b in others if (a, b) in self.paired)

    def in_same_sum(self, i: int, j: int) -> str | None:
        """Returns a reason if both are the same part of a sum or product of which another part matches, and no part
        contradicts.
        """
        reasons = set()
        for known in self.known_sums:
            for new in self.new_sums:
                part = next((part for part in known if known[part] == i and new.get(part) == j), None)
                if part is None or known.keys() != new.keys() or len(known) > 3:
                    continue
                anchor = next(((known[other], new[other]) for other in known if is_telling(part, other) and (known[other], new[other]) in self.paired), None)
                if anchor is not None and all(self.may_be(known[other], new[other]) for other in known):
                    reasons.add(f'{self._both(i, j)} are both the {part} with {self._both(*anchor)}')
        return reasons.pop() if len(reasons) == 1 else None

    def same_values(self, i: int, j: int) -> str | None:
        a, b = self.known[i], self.new[j]
        if a.sense not in ("text", "code", None) or b.sense not in ("text", "code"):
            return None
        both = a.shown.keys() & b.shown.keys()
        share = len(both) / max(1, min(len(a.shown), len(b.shown)))
        is_other = self._related(i, j)[0] == "other"
        if len(both) < (3 if is_other else 2) or share < (_SHARED + 0.2 if is_other else _SHARED) or is_other and a.kind != "text":
            return None
        return f"{self._both(i, j)} have {len(both)} values in common"

    def only_one(self, i: int, j: int) -> str | None:
        """Returns a reason if both are the only e-mail address, phone number or number of articles, whatever their names."""
        identity = self.known[i].identity
        if identity is None or self.new[j].identity != identity:
            return None
        if any(sum(side.identity == identity and one.is_beside(side) for side in sides) != 1 for sides, one in ((self.known, self.known[i]), (self.new, self.new[j]))):
            return None
        return f"{self._both(i, j)}: each is the only column in its table with {_ONLY[identity]}"

    def fits(self, i: int, j: int) -> bool:
        """Returns whether the values of one may be values of the other: no guess goes against them."""
        a, b = self.known[i], self.new[j]
        if a.kind is None:
            return b.kind is None or any(can_hold(meaning.what, b.kind) for means, _ in self.known_means[i] for meaning in means)
        return alike(a, b) >= _FITS

    def likeness(self, i: int, j: int) -> float:
        """Returns how alike two columns look, from 0 to 1: only for the order of questions."""
        a, b = self.known[i], self.new[j]
        words = max((SequenceMatcher(None, simplify(header), simplify(b.header)).ratio() for header in a.headers), default=0.0)
        told = {"same": 1.0, "open": 0.8, "narrower": 0.7, "unknown": 0.3, "other": 0.1}.get(self._related(i, j)[0], 0.0)
        extra = 0.3 if self.known_parts.get(i, set()) & self.new_parts.get(j, set()) else 0.0
        if a.sense is not None and sum(side.sense == a.sense for side in self.known) == sum(side.sense == a.sense for side in self.new) == 1:
            extra += 0.2
        return min(1.0, 0.4 * told + 0.2 * words + 0.3 * alike(a, b) + extra)


def alike(a: ComparableColumn, b: ComparableColumn) -> float:
    """Returns how alike the values of two columns are; 0.5 if nothing is known."""
    if a.kind is None or b.kind is None or not a.shown or not b.shown:
        return 0.5
    if a.sense == "number" and b.sense == "number":
        return _numbers_alike(a.numbers, b.numbers)
    if a.sense == b.sense == "date":
        return _days_alike(a.days, b.days)
    if a.sense == b.sense and a.sense in ("boolean", "time"):
        return 0.8
    shared = len(a.shown.keys() & b.shown.keys()) / min(len(a.shown), len(b.shown))
    different = [len(side.shown) / sum(side.shown.values()) for side in (a, b)]
    lengths = [side.mean(len) for side in (a, b)]
    words = [side.mean(lambda text: len(text.split()) or 1) for side in (a, b)]
    # A name has no digits, and a plate has some.
    digits = [side.mean(lambda text: any(map(str.isdigit, text))) for side in (a, b)]
    looks = min(lengths) / max(1.0, *lengths) * (min(words) / max(words)) ** 0.5 * (1 - 0.7 * abs(digits[0] - digits[1]))
    return max(shared, (1 - abs(different[0] - different[1])) * looks * (1.0 if a.sense == b.sense else 0.6))


def _numbers_alike(first: Sequence[float], other: Sequence[float]) -> float:
    """Compares numbers by size, by digits behind the mark, and by whether any are below zero."""
    if not first or not other:
        return 0.5
    low, high = sorted(log10(1 + abs(median(numbers))) for numbers in (first, other))
    shares = [sum(float(number).is_integer() for number in numbers) / len(numbers) for numbers in (first, other)]
    places = [max(len(f"{number:.4f}".rstrip("0").partition(".")[2]) for number in numbers[:200]) for numbers in (first, other)]
    signs = [min(numbers) < 0 for numbers in (first, other)]
    return max(0.0, 1 - (high - low)) * (0.6 if abs(shares[0] - shares[1]) > 0.5 else 0.8 if places[0] != places[1] else 1.0) * (0.7 if signs[0] != signs[1] else 1.0)


def _days_alike(first: Sequence[int], other: Sequence[int]) -> float:
    """Compares days by their middle and their extent."""
    if not first or not other:
        return 0.5
    reach = [sorted(days)[len(days) * 9 // 10] - sorted(days)[len(days) // 10] for days in (first, other)]
    return 1 / (1 + abs(median(first) - median(other)) / (45 + min(reach))) * (min(reach) + 15) / (max(reach) + 15)
