"""Arithmetic among the columns of one table: sums and products, percentages, days and hours between two others, and running
balances. A column that is the same part of it in two tables is one field, whatever its headers say.
"""

from __future__ import annotations

import re
from itertools import combinations, pairwise, permutations, repeat
from statistics import median

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from ade_engine.inference.side import ComparableColumn

    #: The parts of a sum or the like, the whole first, and the places of their columns.
    Parts = dict[str, int]
    #: Returns the whole of a row's parts.
    Whole = Callable[[float, float], float]
    #: The numbers of a column, row by row.
    Numbers = list[float | None]

#: The maximum number of number columns among which sums of three are sought.
_MAX_SUMMED_COLUMNS = 12
#: The minimum number of rows that show it, their minimum share, and the number of rows that are tried first.
_MIN_ROWS, _MIN_SHARE, _TRIED_ROWS = 5, 0.9, 8
#: The maximum difference, for rounding to two decimals.
_ROUNDED = 0.0101
#: A product has two factors of one rank: nothing but another column distinguishes them.
_FACTORS = ("one factor", "the other factor")
_PRODUCT = "product of two others"
_THREE = "of three"
#: Parts that amounts of any meaning may be.
OF_ANY_AMOUNT = (_PRODUCT, "sum of two others", "smaller part of a sum", "larger part of a sum", "sum of three others")
#: Of amount and percentage.
_OF_PERCENTAGES: tuple[tuple[tuple[str, str, str], Whole], ...] = (
    (("amount less a percentage", "amount before a percentage is taken off", "percentage that is taken off"), lambda amount, percent: amount * (1 - percent / 100)),
    (("amount with a percentage", "amount before a percentage is added", "percentage that is added"), lambda amount, percent: amount * (1 + percent / 100)),
)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::00)?")


def parts_of_table(columns: Sequence[ComparableColumn]) -> list[Parts]:
    """Returns the columns of which one is made from two or three others in nearly all rows."""
    numbers = {at: _numbers(column) for at, column in enumerate(columns) if column.sense == "number" and len(column.numbers) >= _MIN_ROWS}
    found = [*_sums(numbers), *_percentages(numbers), *_days(columns, numbers), *_hours(columns, numbers), *_balances(numbers)]
    return found + _sums_of_three(numbers, {parts["sum of two others"] for parts in found if "sum of two others" in parts})


def distinguished(all_parts: Sequence[Parts]) -> dict[int, set[str]]:
    """Returns for each column the parts that no other column of its table is."""
    places: dict[str, set[int]] = {}
    for parts in all_parts:
        for part, at in parts.items():
            if part not in _FACTORS and not part.endswith(_THREE):
                places.setdefault(part, set()).add(at)
    found: dict[int, set[str]] = {}
    for part, columns in places.items():
        if len(columns) == 1:
            found.setdefault(*columns, set()).add(part)
    return found


def roles_of(all_parts: Sequence[Parts]) -> dict[int, set[tuple[str, bool]]]:
    """Returns for each column what it is made from others as, or what is made from it: the whole, and whether it is that."""
    found: dict[int, set[tuple[str, bool]]] = {}
    for parts in all_parts:
        whole, *_ = parts
        for part, at in parts.items():
            found.setdefault(at, set()).add((whole, part == whole))
    return found


def contradict(ones: Collection[tuple[str, bool]], others: Collection[tuple[str, bool]]) -> bool:
    """Returns whether columns with these roles cannot be one field: a whole is not what it is made from."""
    return any((whole, not is_whole) in others and (whole, not is_whole) not in ones and (whole, is_whole) not in others for whole, is_whole in ones)


def is_telling(part: str, anchor: str) -> bool:
    """Returns whether columns are the same part if another part of both is the same: a product alone does not tell its factors
    apart.
    """
    return part != anchor and anchor != _PRODUCT


def _numbers(column: ComparableColumn) -> Numbers:
    return [float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None for value in column.values]


def _sums(numbers: dict[int, Numbers]) -> Iterator[Parts]:
    for a, b in combinations(numbers, 2):
        for c in numbers:
            if c in (a, b):
                continue
            if _fits(numbers[a], numbers[b], numbers[c], lambda one, other: one + other):
                small, large = sorted((a, b), key=lambda at: median(filter(None, numbers[at])))
                yield {"sum of two others": c, "smaller part of a sum": small, "larger part of a sum": large}
            elif _fits(numbers[a], numbers[b], numbers[c], lambda one, other: one * other):
                yield from (dict(zip((_PRODUCT, *_FACTORS), (c, *factors))) for factors in ((a, b), (b, a)))


def _percentages(numbers: dict[int, Numbers]) -> Iterator[Parts]:
    for at, some in numbers.items():
        filled = [number for number in some if number is not None]
        if min(filled) < 0 or max(filled) > 100:
            continue
        # Cells with the format of percentages have 0.25 for 25 %.
        percents = [number and number * 100 for number in some] if max(filled) <= 1 else some
        for a, c in permutations([other for other in numbers if other != at], 2):
            for names, whole in _OF_PERCENTAGES:
                if _fits(numbers[a], percents, numbers[c], whole):
                    yield dict(zip(names, (c, a, at)))


def _days(columns: Sequence[ComparableColumn], numbers: dict[int, Numbers]) -> Iterator[Parts]:
    """Yields the number of days between two others."""
    days = {at: [value.toordinal() if hasattr(value, "toordinal") else None for value in column.values] for at, column in enumerate(columns) if column.kind == "date"}
    for early, late in permutations(days, 2):
        for at, some in numbers.items():
            if _fits(days[early], some, days[late], lambda day, count: day + count):
                yield {"last day of a number of days": late, "first day of a number of days": early, "number of days between two others": at}


def _hours(columns: Sequence[ComparableColumn], numbers: dict[int, Numbers]) -> Iterator[Parts]:
    """Yields the hours between two times of day, with a break in minutes or hours or without one."""
    times = {at: [_minutes(str(value)) for value in column.values] for at, column in enumerate(columns) if column.kind == "time"}
    hours = {at: [number and number * 60 for number in some] for at, some in numbers.items()} | times
    pauses = [*hours.items(), *numbers.items()]
    names = ("hours between two times", "time at which hours begin", "time at which hours end")
    for start, end in permutations(times, 2):
        between = [late - early if early is not None and late is not None and late > early else None for early, late in zip(times[start], times[end])]
        for at, some in hours.items():
            if at in (start, end):
                continue
            if _agree(between, some, 1):
                yield dict(zip(names, (at, start, end)))
                continue
            for pause, minutes in pauses:
                if pause not in (at, start, end) and _fits(between, minutes, some, lambda whole, off: whole - off, 1):
                    yield dict(zip((*names, "break in the hours between two times"), (at, start, end, pause)))
                    break


def _minutes(text: str) -> float | None:
    found = _CLOCK.fullmatch(text)
    return int(found[1]) * 60.0 + int(found[2]) if found else None


def _balances(numbers: dict[int, Numbers]) -> Iterator[Parts]:
    """Yields the balance that another column changes from row to row, downwards or upwards."""
    for at, some in numbers.items():
        for is_upwards in (False, True):
            rows = some[::-1] if is_upwards else some
            changes: Numbers = [None, *(late - early if early is not None and late is not None else None for early, late in pairwise(rows))]
            changes = changes[::-1] if is_upwards else changes
            for a in numbers:
                if a != at and _agree(changes, [number or 0.0 for number in numbers[a]]):
                    yield {"running balance": at, "amount that changes the balance": a}
            for plus, minus in permutations([other for other in numbers if other != at], 2):
                both: Numbers = [(one or 0.0) - abs(other or 0.0) for one, other in zip(numbers[plus], numbers[minus])]
                if any(numbers[minus]) and any(numbers[plus]) and _agree(changes, both):
                    yield {"running balance": at, "amount that is added to the balance": plus, "amount that is taken off the balance": minus}


def _sums_of_three(numbers: dict[int, Numbers], known: Collection[int]) -> list[Parts]:
    found: list[Parts] = []
    if len(numbers) <= _MAX_SUMMED_COLUMNS:
        for parts in combinations(numbers, 3):
            two: Numbers = [one + other if one and other else None for one, other in zip(numbers[parts[0]], numbers[parts[1]])]
            for whole in numbers:
                if whole not in parts and whole not in known and _fits(two, numbers[parts[2]], numbers[whole], lambda one, other: one + other):
                    found.append({"sum of three others": whole, **{f"part {number} {_THREE}": at for number, at in enumerate(parts, 1)}})
    return found


def _agree(ones: Sequence[float | None], others: Sequence[float | None], rounded: float = _ROUNDED) -> bool:
    """Returns whether two columns have the same numbers in nearly all rows."""
    return _fits(ones, repeat(1.0), others, lambda one, _: one, rounded)


def _fits(ones: Sequence[float | None], others: Iterable[float | None], wholes: Sequence[float | None], whole: Whole, rounded: float = _ROUNDED) -> bool:
    """Returns whether two columns make a third one in nearly all rows in which no part is missing or zero. A whole that is
    everywhere one of its parts says nothing.
    """
    tried = fitting = changed = 0
    for one, other, made in zip(ones, others, wholes):
        if not one or not other or made is None:
            continue
        tried += 1
        if abs(whole(one, other) - made) <= rounded:
            fitting += 1
            changed += abs(one - made) > rounded or other == 1.0
        elif tried == _TRIED_ROWS and fitting < tried / 2:
            return False
    return fitting >= _MIN_ROWS and changed >= _MIN_ROWS and fitting >= _MIN_SHARE * tried
