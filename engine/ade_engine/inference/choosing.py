"""What somebody wishes among what the samples have, and what a person is asked.

A wish chooses among the groups that are there without it: by its words, by the values of a file that has it. Groups of different tables that
all say the same as the wish are one. It takes no group apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ade_engine.fields.headers import simplify
from ade_engine.inference.grouping import Group, Grouping, Question
from ade_engine.inference.kinds import kind_of
from ade_engine.inference.pairs import Side, pairs
from ade_engine.inference.words import can_hold, meanings, relation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ade_engine.inference.words import Meaning

#: So many groups are offered for a wish.
_MOST_OFFERED = 5


@dataclass(eq=False)
class Wish:
    """A wished column, and values of it where there are any."""

    header: str
    values: list[Any]


@dataclass(eq=False)
class Answers:
    """What a person has said: which columns, each a sample and a header, are the same or are not; which is a wished one; and how the files
    of a sample are written.
    """

    same: list[tuple[tuple[str, str], tuple[str, str], bool]] = field(default_factory=list)
    wished: list[tuple[str, tuple[str, str], bool]] = field(default_factory=list)
    settings: dict[str, dict[str, str]] = field(default_factory=dict)


def chosen(grouping: Grouping, wishes: Sequence[Wish], answered: Sequence[tuple[str, tuple[str, str], bool]]) -> list[Group]:
    """A group for each wish, in their order; one without columns where nothing is known to be it."""
    sides = [_side(wish) for wish in wishes]
    means = meanings([(side.headers[0], side.kind) for side in sides])
    found: dict[int, Group] = {}
    for header, name, is_it in answered:
        group = grouping.group_of(name)
        at = next((at for at, wish in enumerate(wishes) if wish.header == header), None)
        if is_it and group is not None and at is not None:
            found[at] = _joined(grouping, [found[at], group], "you said so") if at in found else group
    said = {(header, name) for header, name, is_it in answered if not is_it}
    for claims in (_is_word, _is_meaning):
        for at, wish in enumerate(wishes):
            open_groups = [group for group in grouping.groups if group not in found.values()]
            fitting = [group for group in open_groups if claims(wish.header, means[at], group, grouping) and not _is_refused(wish, group, said)]
            rivals = [group for group in fitting if any(claims(other.header, means[i], group, grouping) for i, other in enumerate(wishes) if i != at)]
            fitting = [group for group in fitting if group not in rivals]
            both = [*([found[at]] if at in found else []), *fitting]
            if fitting and all(grouping.can_join(a, b) for i, a in enumerate(both) for b in both[i + 1 :]):
                found[at] = _joined(grouping, both, f'both mean "{wish.header}"')
    groups = list(grouping.groups)
    settled = [(groups.index(group), at) for at, group in found.items()]
    for pair in pairs([group.side() for group in groups], sides, settled):
        if pair.reason is not None and pair.new not in found and not _is_refused(wishes[pair.new], groups[pair.known], said):
            found[pair.new] = groups[pair.known]
    result = []
    for at, (wish, side) in enumerate(zip(wishes, sides)):
        group = found.get(at) or Group()
        group.wish, group.wished_kind = wish.header, side.kind
        result.append(group)
    return result


def _joined(grouping: Grouping, groups: Sequence[Group], reason: str) -> Group:
    first, *others = sorted(groups, key=lambda group: (-len(group.at), grouping.groups.index(group)))
    for other in others:
        if grouping.can_join(first, other):
            first = grouping.join(first, other, reason)
    return first


def _is_word(header: str, _: tuple[Meaning, ...], group: Group, __: Grouping) -> bool:
    return simplify(header) in {simplify(one) for one in group.headers}


def _is_meaning(_: str, means: tuple[Meaning, ...], group: Group, grouping: Grouping) -> bool:
    return any(relation(means, grouping.means(column))[0] == "same" for column in group.columns) and _can_be(means, group)


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


def asked_of(grouping: Grouping, wished: Sequence[Group], answers: Answers) -> list[Question]:
    """What a person may know: for a wish without a column the groups that may be it; and which groups are one. The most cells first."""
    found = []
    lacking = [group for group in wished if not group.columns]
    said = {(header, name) for header, name, is_it in answers.wished if not is_it}
    free = [group for group in grouping.groups if group.wish is None]
    for wish in lacking:
        (means,) = meanings([(wish.wish or "", wish.wished_kind)])
        fitting = [group for group in free if _can_be(means, group) and not _is_refused(Wish(wish.wish or "", []), group, said)]
        fitting = [group for group in fitting if all(relation(means, grouping.means(column))[0] != "opposed" for column in group.columns)]
        if fitting:
            found.append(Question(wish, sorted(fitting, key=lambda group: -group.cells)[:_MOST_OFFERED]))
    for question in grouping.questions():
        if not wished or lacking or any(group.wish is not None for group in (question.one, *question.others)):
            found.append(question)
    return sorted(found, key=lambda one: -one.cells)
