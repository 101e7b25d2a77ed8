"""What somebody wishes among what the samples have, and what a person is asked.

A wish chooses among the groups that are there without it: by its words, by the values of a file that has it. Groups of different tables that
all say the same as the wish are one. It takes no group apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ade_engine.fields.headers import simplify
from ade_engine.inference.grouping import ONLY_ONE_LEFT, YOU_SAID_SO, Group, Grouping, Question
from ade_engine.inference.kinds import kind_of
from ade_engine.inference.pairs import Side, pairs
from ade_engine.inference.words import can_hold, meanings, readings, relation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ade_engine.inference.samples import Column
    from ade_engine.inference.words import Meaning

#: What a header that names an id has no values of, where the words for it say nothing else.
_ID = re.compile(r"\b(?:no|nr|number|id|code|ref|reference)$")
_OF_IDS = ("code", "text", "number")
#: With so many wishes known the first and the last column may be the first and the last wish.
_MANY_KNOWN = 4
#: So many groups are offered for a wish.
_MOST_OFFERED = 5


@dataclass(eq=False)
class Wish:
    """A wished column, and values of it where there are any."""

    header: str
    values: list[Any]


@dataclass(eq=False)
class Answers:
    """What a person has said: which columns, each a sample and a header, are the same or are not; which is a wished one; how the files
    of a sample are written; and how its tables become one record a row.
    """

    same: list[tuple[tuple[str, str], tuple[str, str], bool]] = field(default_factory=list)
    wished: list[tuple[str, tuple[str, str], bool]] = field(default_factory=list)
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    #: By sample and key, whether a way to make its tables one record a row is right.
    shapes: dict[tuple[str, str], bool] = field(default_factory=dict)


def chosen(grouping: Grouping, wishes: Sequence[Wish], answers: Answers, before: Sequence[Group] = ()) -> list[Group]:
    """A group for each wish, in their order; one without columns where nothing is known to be it. ``before``: those before a person was asked."""
    answered = [*answers.wished, *_by_headers(grouping, wishes, answers)]
    sides = [_side(wish) for wish in wishes]
    means = meanings([(side.headers[0], side.kind) for side in sides])
    found: dict[int, Group] = {}
    for header, name, is_it in answered:
        group = grouping.group_of(name)
        at = next((at for at, wish in enumerate(wishes) if wish.header == header), None)
        if is_it and group is not None and at is not None:
            found[at] = _joined(grouping, [found[at], group], YOU_SAID_SO) if at in found else group
    said = {(header, name) for header, name, is_it in answered if not is_it}
    for claims in (_is_word, _is_meaning):
        for at, wish in enumerate(wishes):
            open_groups = [group for group in grouping.groups if group not in found.values()]
            fitting = [group for group in open_groups if claims(wish.header, means[at], group, grouping) and not _is_refused(wish, group, said)]
            rivals = [group for group in fitting if any(claims(other.header, means[i], group, grouping) for i, other in enumerate(wishes) if i != at)]
            fitting = [group for group in fitting if group not in rivals]
            both = [*([found[at]] if at in found else []), *sorted(fitting, key=lambda group: -len(group.at))]
            if fitting and (_is_one(grouping, both) or len(both[0].at) > 2 * max(len(group.at) for group in both[1:])):
                found[at] = _joined(grouping, both, f'both mean "{wish.header}"')
    groups = list(grouping.groups)
    settled = [(groups.index(group), at) for at, group in found.items()]
    for pair in pairs([group.side() for group in groups], sides, settled):
        if pair.reason is not None and pair.new not in found and not _is_refused(wishes[pair.new], groups[pair.known], said):
            found[pair.new] = groups[pair.known]
    _by_order(grouping, wishes, means, found, said)
    _as_before(grouping, wishes, before, found, said)
    result = []
    for at, (wish, side) in enumerate(zip(wishes, sides)):
        group = found.get(at) or Group()
        group.wish, group.wished_kind = wish.header, side.kind
        result.append(group)
    return result


def _by_order(
    grouping: Grouping, wishes: Sequence[Wish], means: Sequence[tuple[Meaning, ...]], found: dict[int, Group], said: set[tuple[str, tuple[str, str]]]
) -> None:
    """Gives a wish the only group that stands, in most of its tables, between the same neighbours as the wish does."""
    is_new = True
    while is_new:
        is_new = False
        for at, wish in enumerate(wishes):
            before, behind = found.get(at - 1), found.get(at + 1)
            is_edge = (at in (0, len(wishes) - 1)) and len(found) >= _MANY_KNOWN
            if at in found or before is behind or None in (before, behind) and not (is_edge and (before is None) is (at == 0)):
                continue
            free = [group for group in grouping.groups if group not in found.values() and len(group.at) > 1 and _can_be(means[at], group)]
            fitting = [group for group in free if _stands_between(grouping, group, before, behind, list(found.values())) and not _is_refused(wish, group, said)]
            fitting = [group for group in fitting if all(_relation(wish.header, means[at], column, grouping) not in ("opposed", "other") for column in group.columns)]
            if len(fitting) == 1:
                found[at] = fitting[0]
                column = fitting[0].columns[0]
                reason = f'"{column.header}" is probably "{wish.header}": {ONLY_ONE_LEFT}, and it stands {_place(before, behind)}'
                fitting[0].merges.insert(0, (column.sample, column.header, reason))
                is_new = True


def _as_before(grouping: Grouping, wishes: Sequence[Wish], before: Sequence[Group], found: dict[int, Group], said: set[tuple[str, tuple[str, str]]]) -> None:
    """Gives a wish what it had before a person was asked: answers about other columns take nothing from it."""
    for at, (wish, old) in enumerate(zip(wishes, before)):
        if at in found or not old.columns:
            continue
        column = old.columns[0]
        group = grouping.group_of((column.sample, column.header))
        if group is not None and group not in found.values() and not _is_refused(wish, group, said):
            found[at] = group
            group.merges = [*old.merges[:1], *group.merges]


def _place(before: Group | None, behind: Group | None) -> str:
    if before is None or behind is None:
        return f'last, behind "{before.headers[0]}"' if before else f'first, before "{behind.headers[0]}"' if behind else ""
    return f'between "{before.headers[0]}" and "{behind.headers[0]}"'


def _stands_between(grouping: Grouping, group: Group, before: Group | None, behind: Group | None, known: Sequence[Group]) -> bool:
    """Whether it does so in most of its tables; ``None``: the edge."""
    rows = [[None, *(one for one in grouping.row(table) if one is group or one in known), None] for table in group.at]
    rows = [row for row in rows if before in row and behind in row]
    fitting = [row for row in rows if row[row.index(group) - 1 : row.index(group) + 2] == [before, group, behind]]
    return bool(rows) and 2 * len(fitting) > len(rows) and 2 * len(rows) >= len(group.at)


def _by_headers(grouping: Grouping, wishes: Sequence[Wish], answers: Answers) -> list[tuple[str, tuple[str, str], bool]]:
    """The columns whose headers a person has said to be those of wishes, whatever the files."""
    known = {simplify(wish.header): wish.header for wish in wishes}
    found = []
    for one, other, is_same in answers.same:
        for (sample, wish), (_, header) in ((one, other), (other, one)):
            if not sample and simplify(wish) in known:
                columns = [column for group in grouping.groups for column in group.columns if simplify(column.header) == simplify(header)]
                found += [(known[simplify(wish)], (column.sample, column.header), is_same) for column in columns]
    return found


def _is_one(grouping: Grouping, groups: Sequence[Group]) -> bool:
    return all(grouping.can_join(a, b) for i, a in enumerate(groups) for b in groups[i + 1 :])


def _joined(grouping: Grouping, groups: Sequence[Group], reason: str) -> Group:
    first, *others = sorted(groups, key=lambda group: (-len(group.at), grouping.groups.index(group)))
    for other in others:
        if grouping.can_join(first, other):
            first = grouping.join(first, other, reason)
    return first


def _is_word(header: str, _: tuple[Meaning, ...], group: Group, __: Grouping) -> bool:
    return simplify(header) in {simplify(one) for one in group.headers}


def _is_meaning(header: str, means: tuple[Meaning, ...], group: Group, grouping: Grouping) -> bool:
    return any(_relation(header, means, column, grouping) == "same" for column in group.columns) and _can_be(means, group)


def _relation(header: str, means: tuple[Meaning, ...], column: Column, grouping: Grouping) -> str:
    """How a wish stands to a column: where its words do not say what it holds, as if it held what the column holds."""
    is_said = all(one.what for one in means)
    if not is_said and column.kind.name not in _OF_IDS and _ID.search(simplify(header.replace("#", " no "))):
        return "other"
    return relation(means if is_said else readings(header, column.kind.name), grouping.means(column))[0]


def _is_near(header: str, means: tuple[Meaning, ...], column: Column, grouping: Grouping) -> bool:
    """Whether a wish may mean a column, or is of the same thing."""
    if _relation(header, means, column, grouping) not in ("other", "opposed"):
        return True
    return any(one.own & other.own for one in means for other in grouping.means(column))


def _can_be(means: tuple[Meaning, ...], group: Group) -> bool:
    """Whether a group has values such as the words of a wish promise."""
    return any(can_hold(one.what, column.kind.name) for one in means for column in group.columns)


def _is_refused(wish: Wish, group: Group, said: set[tuple[str, tuple[str, str]]]) -> bool:
    return any((wish.header, (column.sample, column.header)) in said for column in group.columns)


def _side(wish: Wish) -> Side:
    import polars as pl

    texts = [None if value is None or value == "" else str(value) for value in wish.values]
    if not any(texts):
        return Side((wish.header,))
    kind = kind_of(wish.header, pl.Series(texts, dtype=pl.String))
    return Side((wish.header,), kind.name, kind.values)


def _likely(header: str, means: tuple[Meaning, ...], group: Group, grouping: Grouping) -> float:
    """How likely a group is a wish, by words, values, and how many tables have it."""
    names = [_relation(header, means, column, grouping) for column in group.columns]
    told = {"same": 3.0, "open": 2.0, "narrower": 1.5, "unknown": 1.0, "other": 0.3, "opposed": 0.0}
    return sum(told[name] for name in names) * (1 if _can_be(means, group) else 0.3)


def asked_of(grouping: Grouping, wished: Sequence[Group], answers: Answers) -> list[Question]:
    """What a person may know: for a wish without a column the groups that may be it; and which groups are one. In the order in which they are asked."""
    found = []
    lacking = [group for group in wished if not group.columns]
    said = {(header, name) for header, name, is_it in answers.wished if not is_it}
    free = [group for group in grouping.groups if group.wish is None]
    for wish in lacking:
        (means,) = meanings([(wish.wish or "", wish.wished_kind)])
        fitting = [group for group in free if not _is_refused(Wish(wish.wish or "", []), group, said)]
        # What says something else altogether is not asked about.
        fitting = [group for group in fitting if any(_is_near(wish.wish or "", means, column, grouping) for column in group.columns)]
        between = _between(grouping, wished, wish)
        fitting.sort(key=lambda group: (-_likely(wish.wish or "", means, group, grouping), group not in between, -group.cells))
        if fitting:
            found.append(Question(wish, fitting[:_MOST_OFFERED]))
    for wish in wished:
        # What few tables have under its name may have another one in the rest.
        others = [group for group in grouping.beside(wish) if group in free and not _is_refused(Wish(wish.wish or "", []), group, said)] if 0 < 2 * len(wish.at) < len(grouping.tables) else []
        if others:
            found.append(Question(wish, others[:_MOST_OFFERED]))
    return found + _near(grouping.questions(), wished)


def _between(grouping: Grouping, wished: Sequence[Group], wish: Group) -> list[Group]:
    """The groups that stand where a wish does: behind the one before it, or before the one behind it."""
    at = next(place for place, group in enumerate(wished) if group is wish)
    before, behind = (wished[place] if 0 <= place < len(wished) and wished[place].columns else None for place in (at - 1, at + 1))
    rows = [grouping.row(table) for table in range(len(grouping.tables))]
    return [two[1] for row in rows for two in zip(row, row[1:]) if two[0] is before] + [two[0] for row in rows for two in zip(row, row[1:]) if two[1] is behind]


def _near(questions: Sequence[Question], wished: Sequence[Group]) -> list[Question]:
    """The questions that say, some answered, something of wishes; all of them where one has no column."""
    if not wished or not all(group.columns for group in wished):
        return list(questions)
    near, is_new = {id(group) for group in wished}, True
    while is_new:
        more = {id(part) for one in questions if near & {id(part) for part in (one.one, *one.others)} for part in (one.one, *one.others)}
        is_new, near = not more <= near, near | more
    return [one for one in questions if id(one.one) in near]
