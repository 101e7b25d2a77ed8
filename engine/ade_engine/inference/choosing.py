"""The wishes of a person among the columns of samples, and the questions to the person.

A wish chooses among the groups that exist without it: by its words, or by the values of a file that has it. Groups of different
tables with the same words as the wish are one. It takes no group apart. Wishes and answers come in the form of the request: a
list of names, or the header of a file with the desired output.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import combinations, pairwise
from pathlib import Path

from ade_engine.cases.grids import as_text, read_book
from ade_engine.fields.headers import simplify
from ade_engine.inference.grouping import ONLY_ONE_LEFT, YOU_SAID_SO, ColumnGroup, Grouping, Question
from ade_engine.inference.kinds import seen
from ade_engine.inference.pairs import pairs
from ade_engine.inference.samples import SampleError, left_out
from ade_engine.inference.side import ComparableColumn
from ade_engine.inference.words import can_hold, meanings, readings, relation
from ade_engine.models.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from ade_engine.inference.samples import SampleColumn
    from ade_engine.inference.words import Meaning
    from ade_engine.infrastructure.settings import Settings

    #: A column, by its sample and its header.
    ColumnName = tuple[str, str]

#: Headers that name an id, for groups whose words say nothing else.
_ID = re.compile(r"\b(?:no|nr|number|id|code|ref|reference)$")
_OF_IDS = ("code", "text", "number")
#: A unit in brackets at the end.
_UNIT = re.compile(r"[(\[][^)\]]{1,12}[)\]]\s*$")
#: From this number of known wishes on, the first and the last column may be the first and the last wish.
_MANY_KNOWN = 4
#: The maximum number of rows below a header that decide the kinds of its columns.
_MAX_ROWS = 500
#: The maximum number of groups that are offered for a wish.
_MAX_OFFERED_GROUPS = 5


@dataclass(eq=False)
class Wish(ComparableColumn):
    """A wished column, and its values if there are any."""

    #: The possible meanings of its header beside the other wishes.
    means: tuple[Meaning, ...] = ()
    #: The columns that a person has rejected for it.
    refused: set[ColumnName] = field(default_factory=set)

    def is_word(self, group: ColumnGroup) -> bool:
        """Returns whether a group has its header."""
        return simplify(self.header) in {simplify(header) for header in group.headers}

    def is_meaning(self, group: ColumnGroup) -> bool:
        """Returns whether a header of a group means the same."""
        return any(self.relation(column) == "same" for column in group.columns) and self.can_be(group)

    def relation(self, column: SampleColumn) -> str:
        """Returns its relation to a column. If its words do not name its content, the column's content is assumed."""
        is_said = all(meaning.what for meaning in self.means)
        if not is_said and column.kind not in _OF_IDS and self._names_an_id:
            return "other"
        return relation(self.means if is_said else readings(self.header, column.kind), column.means)[0]

    def is_near(self, column: SampleColumn) -> bool:
        """Returns whether it may mean a column, or is of the same thing."""
        return self.relation(column) not in ("other", "opposed") or any(meaning.own & other.own for meaning in self.means for other in column.means)

    def can_be(self, group: ColumnGroup) -> bool:
        """Returns whether a group has values that fit its words."""
        return any(can_hold(meaning.what, column.kind) for meaning in self.means for column in group.columns)

    def refuses(self, group: ColumnGroup) -> bool:
        """Returns whether a person has rejected a group for it."""
        return any(column.name in self.refused for column in group.columns)

    @property
    def _names_an_id(self) -> bool:
        return bool(_ID.search(simplify(self.header.replace("#", " no "))))

    @property
    def is_id(self) -> bool:
        """Returns whether its words name an id."""
        return self._names_an_id or all(meaning.what == "id" for meaning in self.means)


@dataclass(eq=False)
class UserAnswers:
    """The answers of a person: which columns, each a sample and a header, are the same or are not; which is a wished one; how
    the files of a sample are written; and how its tables become one record a row.
    """

    same: list[tuple[ColumnName, ColumnName, bool]] = field(default_factory=list)
    wished: list[tuple[str, ColumnName, bool]] = field(default_factory=list)
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Whether a way to make its tables one record a row is right, by sample and key.
    shapes: dict[tuple[str, str], bool] = field(default_factory=dict)


class WishedGroups:
    """The groups that wishes are for, in their order. ``before``: those before a person was asked."""

    def __init__(self, grouping: Grouping, wishes: Sequence[Wish], answers: UserAnswers, before: Sequence[ColumnGroup] = ()):
        self.grouping = grouping
        self.wishes = wishes
        self._answered = answers.wished
        #: The known group of each wish, by the wish's position.
        self._found: dict[int, ColumnGroup] = {}
        for wish, means in zip(wishes, meanings(wishes)):
            wish.means = means
        self._hear([*answers.wished, *self._by_headers(answers)])
        for claims in (Wish.is_word, Wish.is_meaning):
            self._find_by_words(claims)
        groups = list(grouping.groups)
        settled = [(groups.index(group), at) for at, group in self._found.items()]
        for pair in pairs([group.side() for group in groups], wishes, settled):
            group = groups[pair.known]
            if pair.reason is not None and pair.new not in self._found and not grouping.is_beside_its_like(group) and not wishes[pair.new].refuses(group):
                self._found[pair.new] = group
        self._find_by_order()
        self._find_as_before(before)
        self.groups = [self._found.get(at) or ColumnGroup() for at in range(len(wishes))]
        for group, wish in zip(self.groups, wishes):
            group.wish = wish

    def _hear(self, answered: Iterable[tuple[str, ColumnName, bool]]) -> None:
        """Applies a person's answers about wishes."""
        for wish in self.wishes:
            wish.refused = set()
        for header, name, is_it in answered:
            group = self.grouping.group_of(name)
            at = next((at for at, wish in enumerate(self.wishes) if wish.header == header), None)
            if at is not None and not is_it:
                self.wishes[at].refused.add(name)
            elif at is not None and group is not None:
                self._found[at] = self._joined([self._found[at], group], YOU_SAID_SO) if at in self._found else group

    def _by_headers(self, answers: UserAnswers) -> Iterator[tuple[str, ColumnName, bool]]:
        """Yields the columns whose headers a person has assigned to wishes, in any file."""
        known = {simplify(wish.header): wish.header for wish in self.wishes}
        for one, other, is_same in answers.same:
            for (sample, wish), (_, header) in ((one, other), (other, one)):
                if not sample and simplify(wish) in known:
                    columns = [column for group in self.grouping.groups for column in group.columns if simplify(column.header) == simplify(header)]
                    yield from ((known[simplify(wish)], column.name, is_same) for column in columns)

    def _is_free(self, group: ColumnGroup) -> bool:
        return group not in self._found.values()

    def _find_by_words(self, claims: Callable[[Wish, ColumnGroup], bool]) -> None:
        """Gives each wish the groups that no other one claims."""
        for at, wish in enumerate(self.wishes):
            fitting = [group for group in self.grouping.groups if self._is_free(group) and claims(wish, group) and not wish.refuses(group)]
            fitting = [group for group in fitting if not self.grouping.is_beside_its_like(group)]
            fitting = [group for group in fitting if not any(claims(other, group) for other in self.wishes if other is not wish)]
            both = [*([self._found[at]] if at in self._found else []), *sorted(fitting, key=lambda group: -len(group.at))]
            # If two columns of one table both match, the choice is open.
            if fitting and all(self.grouping.can_join(a, b) for a, b in combinations(both, 2)):
                self._found[at] = self._joined(both, f'the headers mean "{wish.header}"')

    def _find_by_order(self) -> None:
        """Gives a wish the only group that has, in most of its tables, the same neighbours as the wish."""
        is_new = True
        while is_new:
            is_new = False
            for at, wish in enumerate(self.wishes):
                before, behind = self._found.get(at - 1), self._found.get(at + 1)
                is_edge = (at in (0, len(self.wishes) - 1)) and len(self._found) >= _MANY_KNOWN
                if at in self._found or before is behind or None in (before, behind) and not (is_edge and (before is None) is (at == 0)):
                    continue
                free = [group for group in self.grouping.groups if self._is_free(group) and len(group.at) > 1 and wish.can_be(group)]
                fitting = [group for group in free if self._stands_between(group, before, behind) and not wish.refuses(group)]
                fitting = [group for group in fitting if all(wish.relation(column) not in ("opposed", "other") for column in group.columns)]
                if len(fitting) == 1:
                    self._found[at] = fitting[0]
                    column = fitting[0].columns[0]
                    reason = f'"{column.header}" is probably "{wish.header}": {ONLY_ONE_LEFT}, and it is {_place(before, behind)}'
                    fitting[0].merges.insert(0, (*column.name, reason))
                    is_new = True

    def _stands_between(self, group: ColumnGroup, before: ColumnGroup | None, behind: ColumnGroup | None) -> bool:
        """Returns whether the group is between both in most of its tables; ``None``: the edge."""
        rows = [[None, *(neighbour for neighbour in self.grouping.row(table) if neighbour is group or not self._is_free(neighbour)), None] for table in group.at]
        rows = [row for row in rows if before in row and behind in row]
        fitting = [row for row in rows if row[row.index(group) - 1 : row.index(group) + 2] == [before, group, behind]]
        return bool(rows) and 2 * len(fitting) > len(rows) and 2 * len(rows) >= len(group.at)

    def _find_as_before(self, before: Sequence[ColumnGroup]) -> None:
        """Gives a wish the group that it had before a person was asked: answers about other columns do not change it."""
        for at, (wish, old) in enumerate(zip(self.wishes, before)):
            group = self.grouping.group_of(old.columns[0].name) if old.columns and at not in self._found else None
            if group is not None and self._is_free(group) and not wish.refuses(group):
                self._found[at] = group
                group.merges = [*old.merges[:1], *group.merges]

    def _joined(self, groups: Sequence[ColumnGroup], reason: str) -> ColumnGroup:
        first, *others = sorted(groups, key=lambda group: (-len(group.at), self.grouping.groups.index(group)))
        for other in others:
            if self.grouping.can_join(first, other):
                first = self.grouping.join(first, other, reason)
        return first

    def questions(self) -> list[Question]:
        """Returns the questions for a person in order: one for each wish, with the groups that may be it, and one for each pair
        of other groups that may be the same.
        """
        plain = self.grouping.questions()
        if not self.groups:
            return plain
        for wish in self.wishes:
            wish.refused = {name for header, name, is_it in self._answered if header == wish.header and not is_it}
        free = [group for group in self.grouping.groups if group.wish is None]
        near: dict[ColumnGroup, list[ColumnGroup]] = {}
        for one in plain:
            for other in one.others:
                near.setdefault(one.one, []).append(other)
                near.setdefault(other, []).append(one.one)
        first = self._first_offers([group for group in free if not left_out(group.columns)])
        found = []
        for group, wish in zip(self.groups, self.wishes):
            offers = first.get(wish, [])
            likely = [other for offer in [group, *offers[:1]] for other in near.get(offer, ())]
            if 0 < 2 * len(group.at) < len(self.grouping.tables):
                # A field that few tables have under its name may have another name in the rest.
                likely += self.grouping.beside(group)
            likely += [other for candidate in list(likely) for other in near.get(candidate, ()) if group.columns]
            fitting = [candidate for candidate in dict.fromkeys([*offers[:1], *likely, *offers[1:]]) if candidate in free and not wish.refuses(candidate)]
            fitting = [candidate for candidate in fitting if not group.columns or self.grouping.can_join(group, candidate)]
            if fitting:
                found.append(Question(group, fitting[:_MAX_OFFERED_GROUPS]))
        found.sort(key=lambda question: -question.cells)
        asked = {part for question in found for part in question.parts}
        return found + self._near([group for group in plain if not group.parts <= asked])

    def _first_offers(self, free: Sequence[ColumnGroup]) -> dict[Wish, list[ColumnGroup]]:
        """Returns for each wish without a column the groups that may be it, the likeliest first: each comes first for one wish
        at most.
        """
        likely: dict[Wish, dict[ColumnGroup, float]] = {}
        for at, wish in enumerate(self.wishes):
            if not self.groups[at].columns:
                between = self._between(at)
                fitting = [group for group in free if not wish.refuses(group) and not self.grouping.is_beside_its_like(group)]
                # A group with a clearly different meaning is never offered.
                fitting = [group for group in fitting if any(map(wish.is_near, group.columns))]
                likely[wish] = {group: self._likely(wish, group, group in between) for group in fitting}
        taken: dict[Wish, ColumnGroup] = {}
        scores = [(score, wish, group) for wish, some in likely.items() for group, score in some.items()]
        for _, wish, group in sorted(scores, key=lambda one: -one[0]):
            if wish not in taken and group not in taken.values():
                taken[wish] = group
        found = {}
        for wish, first in taken.items():
            some = likely[wish]
            others = [group for group in sorted(some, key=lambda one: -some[one]) if group not in taken.values() and group.sense == first.sense]
            joining = [group for group in others if self.grouping.can_join(first, group)]
            # If the first one is wrong, the next may be right.
            found[wish] = [first, *joining[: _MAX_OFFERED_GROUPS - 2], *[group for group in others if group not in joining][:1]]
        return found

    def _likely(self, wish: Wish, group: ColumnGroup, is_between: bool) -> float:
        """Returns how likely a group is a wish, by words, unit, the kind of its values, how many tables have it, and whether
        another wish fits it.
        """
        told = {"same": 3.0, "open": 2.0, "narrower": 1.5, "unknown": 1.0, "other": 0.3, "opposed": 0.0}
        score = sum(told[wish.relation(column)] for column in group.columns) / len(group.columns)
        bare, headers = simplify(_UNIT.sub(" ", wish.header)), [simplify(_UNIT.sub(" ", header)) for header in group.headers]
        score += 3 * max(0.0, *(SequenceMatcher(None, bare, header).ratio() - 0.5 for header in headers))
        score += 0.5 * is_between + (1.0 if any(len(word) > 2 and word in header.split() for word in bare.split() for header in headers) else 0.0)
        unit, units = _unit(wish.header), {_unit(header) for header in group.headers} - {""}
        if unit and group.sense != "number" or unit and units and unit not in units or not wish.can_be(group):
            score *= 0.3
        score += 2.0 * (unit in units)
        if group.sense != "code" if wish.is_id else group.sense == "code" and all(meaning.what for meaning in wish.means):
            score *= 0.4
        if any(other.relation(column) == "same" for other in self.wishes if other is not wish for column in group.columns):
            score *= 0.3
        return score * (len(group.at) / len(self.grouping.tables)) ** 0.5

    def _between(self, at: int) -> list[ColumnGroup]:
        """Returns the groups at the position of a wish: behind the one before it, or before the one behind it."""
        before, behind = (self.groups[place] if 0 <= place < len(self.groups) and self.groups[place].columns else None for place in (at - 1, at + 1))
        couples = [two for table in range(len(self.grouping.tables)) for two in pairwise(self.grouping.row(table))]
        return [second for first, second in couples if first is before] + [first for first, second in couples if second is behind]

    def _near(self, questions: list[Question]) -> list[Question]:
        """Returns the questions whose answers, in part, decide wishes; all of them if a wish has no column."""
        if not all(group.columns for group in self.groups):
            return questions
        near, is_new = set(self.groups), True
        while is_new:
            more = {part for question in questions if near & question.parts for part in question.parts}
            is_new, near = not more <= near, near | more
        return [question for question in questions if question.one in near]


def _place(before: ColumnGroup | None, behind: ColumnGroup | None) -> str:
    if before is None or behind is None:
        return f'last, after "{before.headers[0]}"' if before else f'first, before "{behind.headers[0]}"' if behind else ""
    return f'between "{before.headers[0]}" and "{behind.headers[0]}"'


def _unit(header: str) -> str:
    found = _UNIT.search(header)
    return "".join(found[0].lower().strip("([])").split()) if found else ""


def wishes_of(wished: dict[str, Any] | None, settings: Settings) -> list[Wish]:
    """Returns the wishes of a request: ``names``, or a ``file`` by its ``name``. Raises :class:`SampleError` for invalid ones.
    """
    if not wished:
        return []
    if "names" in wished:
        found, place = [Wish((" ".join(str(name).split()),)) for name in wished["names"]], "--fields"
    else:
        found, place = _in_file(Path(wished["file"]), str(wished["name"]), settings), str(wished["name"])
    seen: dict[str, str] = {}
    for wish in found:
        simple = simplify(wish.header)
        if not simple:
            raise SampleError("usage", f"{place}: {wish.header!r} cannot be a column, because it has no letters or digits")
        if simple in seen:
            raise SampleError("usage", f"{place}: two columns are called {wish.header!r}; give each its own name")
        seen[simple] = wish.header
    return found


def answers_of(said: Sequence[dict[str, Any]]) -> UserAnswers:
    """Returns the answers of a person: the ``answer`` of each offer, and whether it is right, ``yes``; or ``headers`` that are
    the same everywhere.
    """
    found = UserAnswers()
    for answer in said:
        is_it = bool(answer.get("yes"))
        if answer["kind"] == "same":
            first, second = ((str(sample), str(header)) for sample, header in answer["columns"])
            found.same.append((first, second, is_it))
        elif answer["kind"] == "headers":
            first, second = (("", str(header)) for header in answer["headers"])
            found.same.append((first, second, is_it))
        elif answer["kind"] == "wished":
            sample, header = answer["column"]
            found.wished.append((str(answer["wish"]), (str(sample), str(header)), is_it))
        elif answer["kind"] == "shape":
            found.shapes[str(answer["sample"]), str(answer["key"])] = is_it
        elif is_it:
            found.settings.setdefault(str(answer["sample"]), {})[str(answer["name"])] = str(answer["value"])
    return found


def _in_file(path: Path, name: str, settings: Settings) -> list[Wish]:
    try:
        book = read_book(path, settings)
    except InputError as error:
        raise SampleError("usage", str(error) if name in str(error) else f"{name}: {error}") from error
    sheet = next((sheet for sheet in book.sheets if sheet.state == "visible" and _header_row(sheet.rows) is not None), None)
    if sheet is None:
        raise SampleError("usage", f"{name}: the file has no header row; its first row should have the wanted columns")
    at = _header_row(sheet.rows) or 0
    header, below = sheet.rows[at], sheet.rows[at + 1 : at + 1 + _MAX_ROWS]
    return [
        Wish(*seen((" ".join(as_text(cell).split()),), [None if place >= len(row) or row[place] is None else str(row[place]) for row in below]))
        for place, cell in enumerate(header)
        if as_text(cell).strip()
    ]


def _header_row(rows: Sequence[Sequence[Any]]) -> int | None:
    """Returns the first row with several filled cells, or else the first with one."""
    filled = [sum(bool(as_text(cell).strip()) for cell in row) for row in rows]
    several = next((at for at, count in enumerate(filled) if count >= 2), None)
    return several if several is not None else next((at for at, count in enumerate(filled) if count), None)
