"""What somebody wishes among what the samples have, and what a person is asked.

A wish chooses among the groups that are there without it: by its words, by the values of a file that has it. Groups of different tables that
all say the same as the wish are one. It takes no group apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from ade_engine.fields.headers import simplify
from ade_engine.inference.grouping import ONLY_ONE_LEFT, YOU_SAID_SO, Group, Grouping, Question
from ade_engine.inference.kinds import kind_of
from ade_engine.inference.pairs import Side, pairs
from ade_engine.inference.samples import left_out
from ade_engine.inference.words import can_hold, meanings, readings, relation
from ade_engine.models import polars as pl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ade_engine.inference.samples import Column
    from ade_engine.inference.words import Meaning

#: What a header that names an id has no values of, where the words for it say nothing else.
_ID = re.compile(r"\b(?:no|nr|number|id|code|ref|reference)$")
_OF_IDS = ("code", "text", "number")
#: A unit stands in brackets at the end.
_UNIT = re.compile(r"[(\[][^)\]]{1,12}[)\]]\s*$")
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
            fitting = [group for group in fitting if not grouping.is_beside_its_like(group)]
            rivals = [group for group in fitting if any(claims(other.header, means[i], group, grouping) for i, other in enumerate(wishes) if i != at)]
            fitting = [group for group in fitting if group not in rivals]
            both = [*([found[at]] if at in found else []), *sorted(fitting, key=lambda group: -len(group.at))]
            # Two columns of one table that both say it: nobody knows which it is.
            if fitting and _is_one(grouping, both):
                found[at] = _joined(grouping, both, f'both mean "{wish.header}"')
    groups = list(grouping.groups)
    settled = [(groups.index(group), at) for at, group in found.items()]
    for pair in pairs([group.side() for group in groups], sides, settled):
        is_open = pair.reason is not None and pair.new not in found and not grouping.is_beside_its_like(groups[pair.known])
        if is_open and not _is_refused(wishes[pair.new], groups[pair.known], said):
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
    texts = [None if value is None or value == "" else str(value) for value in wish.values]
    if not any(texts):
        return Side((wish.header,))
    kind = kind_of(wish.header, pl.Series(texts, dtype=pl.String))
    return Side((wish.header,), kind.name, kind.values)


def asked_of(grouping: Grouping, wished: Sequence[Group], answers: Answers) -> list[Question]:
    """What a person may know: for each wish the groups that may be it, all in one question; and which other groups are one. In the order in
    which they are asked.
    """
    plain = grouping.questions()
    if not wished:
        return plain
    said = {(header, name) for header, name, is_it in answers.wished if not is_it}
    free = [group for group in grouping.groups if group.wish is None]
    near: dict[int, list[Group]] = {}
    for one in plain:
        for other in one.others:
            near.setdefault(id(one.one), []).append(other)
            near.setdefault(id(other), []).append(one.one)
    first = _first_offers(grouping, wished, [group for group in free if not left_out(group.columns)], said)
    found = []
    for wish in wished:
        offers = first.get(id(wish), [])
        likely = [other for group in [wish, *offers[:1]] for other in near.get(id(group), ())]
        if 0 < 2 * len(wish.at) < len(grouping.tables):
            # What few tables have under its name may have another one in the rest.
            likely += grouping.beside(wish)
        likely += [other for group in list(likely) for other in near.get(id(group), ()) if wish.columns]
        open_offers = [group for group in dict.fromkeys([*offers[:1], *likely, *offers[1:]]) if group in free and not _is_refused(Wish(wish.wish or "", []), group, said)]
        open_offers = [group for group in open_offers if not wish.columns or grouping.can_join(wish, group)]
        if open_offers:
            found.append(Question(wish, open_offers[:_MOST_OFFERED]))
    found.sort(key=lambda one: -one.cells)
    asked = {id(part) for one in found for part in (one.one, *one.others)}
    rest = [one for one in plain if not all(id(part) in asked for part in (one.one, *one.others))]
    return found + _near(rest, wished)


def _first_offers(grouping: Grouping, wished: Sequence[Group], free: Sequence[Group], said: set[tuple[str, tuple[str, str]]]) -> dict[int, list[Group]]:
    """For each wish without a column the groups that may be it, the likeliest first: each is the first of one wish at most."""
    means = meanings([(wish.wish or "", wish.wished_kind) for wish in wished])
    likely: dict[int, dict[int, float]] = {}
    for wish, some in zip(wished, means):
        if wish.columns:
            continue
        header, between = wish.wish or "", _between(grouping, wished, wish)
        fitting = [group for group in free if not _is_refused(Wish(header, []), group, said) and not grouping.is_beside_its_like(group)]
        # What says something else altogether is not asked about.
        fitting = [group for group in fitting if any(_is_near(header, some, column, grouping) for column in group.columns)]
        others = [(other.wish or "", more) for other, more in zip(wished, means) if other is not wish]
        likely[id(wish)] = {id(group): _likely(header, some, group, grouping, others, group in between) for group in fitting}
    taken: dict[int, int] = {}
    for _, wish_id, group_id in sorted(((score, wish_id, group_id) for wish_id, some in likely.items() for group_id, score in some.items()), reverse=True):
        if wish_id not in taken and group_id not in taken.values():
            taken[wish_id] = group_id
    by_id = {id(group): group for group in free}
    found = {}
    for wish_id, group_id in taken.items():
        some, first = likely[wish_id], by_id[group_id]
        others = [by_id[one] for one in sorted(some, key=lambda one: -some[one]) if one not in taken.values()]
        others = [group for group in others if group.sense == first.sense]
        joining = [group for group in others if grouping.can_join(first, group)]
        # Should the first one not be it, perhaps the next is.
        found[wish_id] = [first, *joining[: _MOST_OFFERED - 2], *[group for group in others if group not in joining][:1]]
    return found


def _likely(header: str, means: tuple[Meaning, ...], group: Group, grouping: Grouping, others: Sequence[tuple[str, tuple[Meaning, ...]]], is_between: bool) -> float:
    """How likely a group is a wish, by words, unit, the kind of its values, how many tables have it, and whether another wish says what it is."""
    told = {"same": 3.0, "open": 2.0, "narrower": 1.5, "unknown": 1.0, "other": 0.3, "opposed": 0.0}
    score = sum(told[_relation(header, means, column, grouping)] for column in group.columns) / len(group.columns)
    bare, headers = simplify(_UNIT.sub(" ", header)), [simplify(_UNIT.sub(" ", one)) for one in group.headers]
    score += 3 * max(0.0, *(SequenceMatcher(None, bare, one).ratio() - 0.5 for one in headers))
    score += 0.5 * is_between + (1.0 if any(len(word) > 2 and word in one.split() for word in bare.split() for one in headers) else 0.0)
    unit, units = _unit(header), {_unit(one) for one in group.headers} - {""}
    if unit and group.sense != "number" or unit and units and unit not in units or not _can_be(means, group):
        score *= 0.3
    score += 2.0 * (unit in units)
    if group.sense != "code" if _is_id(header, means) else group.sense == "code" and all(one.what for one in means):
        score *= 0.4
    if any(_relation(other, more, column, grouping) == "same" for other, more in others for column in group.columns):
        score *= 0.3
    return score * (len(group.at) / len(grouping.tables)) ** 0.5


def _unit(header: str) -> str:
    found = _UNIT.search(header)
    return "".join(found[0].lower().strip("([])").split()) if found else ""


def _is_id(header: str, means: tuple[Meaning, ...]) -> bool:
    """Whether a wish says that it is an id."""
    return bool(_ID.search(simplify(header.replace("#", " no ")))) or all(one.what == "id" for one in means)


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
