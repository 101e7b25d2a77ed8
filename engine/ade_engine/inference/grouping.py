"""Which columns of many tables are one field: senders put beside one another.

Three rounds, each for a reason that can be said. Words, values and sums of two tables (:mod:`ade_engine.inference.pairs`) come first, table by
table; then the same again with all that is known by then, until nothing more is found; then what the tables themselves say: a column that is
the only one left that could be it, and stands between the same neighbours, is the earliest of the days, is the id that never repeats, is written
alike, or has values that are nothing else. Where words say different things, two of these reasons are needed, and several tables; where they
oppose one another, a person. What is left is a question, if an answer would move cells. Columns of one table are never one field.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from ade_engine.fields.headers import simplify
from ade_engine.inference.pairs import Side, alike, pairs, sums_of
from ade_engine.inference.samples import Column, left_out
from ade_engine.inference.words import meanings, relation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import Any

    from ade_engine.inference.samples import Sample, Table
    from ade_engine.inference.words import Meaning

#: So many rows of a table say which columns of others are the same, and so many what is a sum.
_COMPARED_ROWS = 400
_SUMMED_ROWS = 60
#: Kinds whose values are put in order.
_ORDERED = ("date", "time")
_SENSE = {"money": "number", "name": "text"}
#: The reason of a person, and what stands in one that is not sure.
YOU_SAID_SO = "you said so"
SAID_BY_A_COLUMN = "a column says it of each record"
ONLY_ONE_LEFT = "no other column could be it"
_FIELDS = (None, "the same in each row", "in few rows")


@dataclass(eq=False)
class Group:
    """Columns of the samples that are one field."""

    #: The columns by the numbers of their tables.
    at: dict[int, Column] = field(default_factory=dict)
    #: Of columns with another header the sample, the header, and why they are the same.
    merges: list[tuple[str, str, str]] = field(default_factory=list)
    #: What it is perhaps the same as.
    perhaps: Group | None = None
    #: The wished column that it is for, and the kind of its values where they are known.
    wish: str | None = None
    wished_kind: str | None = None

    @property
    def columns(self) -> list[Column]:
        """Its columns, in the order of their tables."""
        return list(self.at.values())

    @property
    def headers(self) -> list[str]:
        """Each header once, as it is written first; the wish is one."""
        found: dict[str, str] = {}
        for header in ([self.wish] if self.wish else []) + [column.header for column in self.columns]:
            found.setdefault(simplify(header) or header, header)
        return list(found.values())

    @property
    def kind(self) -> str | None:
        """What the values of its first column are; ``None``: it has none, and nobody knows."""
        return next((column.kind.name for column in self.columns), self.wished_kind)

    @property
    def sense(self) -> str:
        """What all its values are, where money and numbers are one, and names and texts."""
        kinds = {_SENSE.get(column.kind.name, column.kind.name) for column in self.columns}
        return kinds.pop() if len(kinds) == 1 else "text"

    @property
    def cells(self) -> int:
        """So many cells of it are filled."""
        return sum(column.filled for column in self.columns)

    @property
    def filled(self) -> float:
        """The share of its cells that are filled."""
        return self.cells / max(1, sum(column.rows for column in self.columns))

    def without(self, table: int) -> Group:
        """It without its column of a table."""
        return Group({number: column for number, column in self.at.items() if number != table})

    def side(self) -> Side:
        """What is known of it."""
        values = [value for column in self.columns for value in column.kind.values[:_COMPARED_ROWS]]
        return Side(tuple(self.headers), self.kind, values)

    def join(self, other: Group, reason: str) -> None:
        """Takes the columns of another."""
        known = {simplify(header) for header in self.headers}
        for column in other.columns:
            if simplify(column.header) not in known:
                self.merges.append((column.sample, column.header, reason))
                known.add(simplify(column.header))
        self.at = dict(sorted({**self.at, **other.at}.items()))


@dataclass(frozen=True, eq=False)
class Question:
    """Which of some groups are the same field as one. ``cells``: so many cells stand in another column if all are."""

    one: Group
    others: list[Group]

    @property
    def cells(self) -> int:
        """So many cells stand in another column if all are the same."""
        return sum(other.cells for other in self.others)


class Grouping:
    """The groups of the columns of all tables."""

    def __init__(self, samples: Sequence[Sample], answers: Sequence[tuple[tuple[str, str], tuple[str, str], bool]] = ()):
        self.tables: list[Table] = [table for sample in samples for table in sample.tables]
        #: The columns that can be no field.
        self.aside: list[Column] = []
        self.groups: list[Group] = []
        self._columns: list[list[Column]] = []
        for table in self.tables:
            own = {simplify(column.header) for sample in samples if table in sample.tables for other in sample.tables for column in other.columns if not column.made}
            fields = [column for column in table.columns if left_out([column]) in _FIELDS and not _says_it_again(column, table, own)]
            self._columns.append(fields)
            self.aside += [column for column in table.columns if column not in fields]
        self._sums = [_sums(columns) for columns in self._columns]
        self._roles = [_roles(columns) for columns in self._columns]
        self._means = {
            id(column): some for columns in self._columns for column, some in zip(columns, meanings([(column.header, column.kind.name) for column in columns]))
        }
        self._relations: dict[tuple[int, int], str] = {}
        self._sides: dict[tuple[int, ...], Side] = {}
        self._shapes: dict[int, str] = {}
        self._apart: list[tuple[tuple[str, str], tuple[str, str]]] = []
        #: What forms say that is no column's, and what of it a person has said to be one.
        self._forms: set[int] = set()
        self._said_forms: set[int] = set()
        self._one_after_another()
        self._look_again()
        self._part_forms()
        # What was found when a person was asked is there still.
        if answers:
            for one, other, is_same in answers:
                self._answered(one, other, is_same)
            self._look_again()
            self._part_forms()

    def _look_again(self) -> None:
        self._again()
        while self._beside_one_another():
            self._again()

    # By words, values and sums.

    def _one_after_another(self) -> None:
        for number, columns in enumerate(self._columns):
            groups = list(self.groups)
            found = self._pairs(groups, number, columns, ()) if groups else []
            same = {pair.new: pair for pair in found if pair.reason is not None}
            for at, column in enumerate(columns):
                new = Group({number: column})
                if at in same:
                    groups[same[at].known].join(new, same[at].reason or "")
                else:
                    self.groups.append(new)

    def _again(self) -> None:
        """Each table once more beside all others, until nothing more is found."""
        is_new = True
        while is_new:
            is_new = False
            for number, columns in enumerate(self._columns):
                of = {id(group.at[number]): group for group in self.groups if number in group.at}
                others = [group for group in self.groups if set(group.at) != {number}]
                known = [group.without(number) for group in others]
                settled = [(others.index(group), at) for at, column in enumerate(columns) if (group := of[id(column)]) in others]
                for pair in self._pairs(known, number, columns, settled):
                    one, other = others[pair.known], of[id(columns[pair.new])]
                    if pair.reason is not None and one in self.groups and other in self.groups and self.can_join(one, other):
                        self.join(one, other, pair.reason)
                        is_new = True

    def _pairs(self, known: list[Group], number: int, columns: list[Column], settled: Sequence[tuple[int, int]]):
        place = {id(column): at for at, group in enumerate(known) for column in group.columns}
        sums = [{part: place.get(id(column)) for part, column in one.items()} for table, ones in enumerate(self._sums) if table != number for one in ones]
        sums = [dict(one) for one in dict.fromkeys(tuple(one.items()) for one in sums if None not in one.values())]
        own = {id(column): at for at, column in enumerate(columns)}
        own_sums = [{part: own[id(column)] for part, column in one.items()} for one in self._sums[number]]
        roles = [self._role(group) for group in known]
        own_roles = [self._roles[number].get(id(column)) for column in columns]
        apart = {(i, j) for i, role in enumerate(roles) for j, other in enumerate(own_roles) if role and other and other not in role}
        return pairs([self.side(group) for group in known], [Side((column.header,), column.kind.name, column.kind.values[:_COMPARED_ROWS]) for column in columns], settled, (sums, own_sums), apart)

    def side(self, group: Group) -> Side:
        """What is known of a group."""
        key = tuple(map(id, group.at.values()))
        if group.wish is not None or not key:
            return group.side()
        if key not in self._sides:
            self._sides[key] = group.side()
        return self._sides[key]

    def _role(self, group: Group) -> set[str]:
        return {self._roles[table].get(id(column), "") for table, column in group.at.items()} - {""}

    def _part_forms(self) -> None:
        """Leaves what a form says above a table a field of its own, where a column of the table could be that of the others: the form is of
        who sends it.
        """
        for group in [group for group in self.groups if len({column.made is None for column in group.columns}) > 1]:
            records = Group({table: column for table, column in group.at.items() if column.made is None})
            look = _Beside(self)
            said = {
                table: column
                for table, column in group.at.items()
                if is_of_form(column) and id(column) not in self._said_forms and any(other is not group and look.is_like(other, records) for other in self.row(table))
            }
            if said:
                self.groups.append(Group(said))
                self._forms |= set(map(id, said.values()))
                gone = {simplify(column.header) for column in said.values()} - {simplify(column.header) for table, column in group.at.items() if table not in said}
                group.at = {table: column for table, column in group.at.items() if table not in said}
                group.merges = [one for one in group.merges if simplify(one[1]) not in gone]

    def is_beside_its_like(self, group: Group) -> bool:
        """Whether all that it has stands in forms, above tables that have columns of such values that are known to be nothing else."""
        return bool(group.at) and all(is_of_form(column) for column in group.columns) and any(
            other is not group and other.sense == group.sense and len(other.at) < len(self.tables) and not any(map(is_of_form, other.columns))
            for table in group.at
            for other in self.row(table)
        )

    # What people say.

    def _answered(self, one: tuple[str, str], other: tuple[str, str], is_same: bool) -> None:
        if not is_same:
            self._apart.append((one, other))
            return
        for first in self._groups_of(one):
            for second in self._groups_of(other):
                self._said_forms |= {id(column) for column in (*first.columns, *second.columns) if is_of_form(column)}
                if first is second:
                    # That was found without a word; what a person says is the better reason.
                    said = {simplify(one[1]), simplify(other[1])}
                    first.merges = [(sample, header, YOU_SAID_SO if simplify(header) in said else reason) for sample, header, reason in first.merges]
                elif first in self.groups and second in self.groups and self.can_join(first, second):
                    self.join(first, second, YOU_SAID_SO)

    def can_join(self, one: Group, other: Group) -> bool:
        """Whether no table has a column of both, they are not the earlier and the later one, and nobody has said that they are two."""
        if one is other or one.at.keys() & other.at.keys() or one.wish is not None and other.wish is not None:
            return False
        roles = [self._role(group) for group in (one, other)]
        if all(roles) and not roles[0] & roles[1]:
            return False
        forms = [{id(column) in self._forms - self._said_forms for column in group.columns} for group in (one, other)]
        if True in forms[0] | forms[1] and forms[0] != forms[1]:
            return False
        names = [{(column.sample, column.header) for column in group.columns} for group in (one, other)]
        return not any(a in names[0] and b in names[1] or a in names[1] and b in names[0] for a, b in self._apart)

    def join(self, one: Group, other: Group, reason: str) -> Group:
        """Makes two groups one; returns it."""
        first, second = sorted((one, other), key=lambda group: self.groups.index(group))
        if len(second.at) > len(first.at):
            # The headers that came by a reason are those of the smaller one.
            second.merges, first.merges = first.merges + second.merges, []
            merged = Group(first.at, first.merges)
            second.join(merged, reason)
            first.at, first.merges = second.at, second.merges
        else:
            first.merges += second.merges
            first.join(second, reason)
        first.wish, first.wished_kind = first.wish or second.wish, first.wished_kind or second.wished_kind
        self.groups.remove(second)
        return first

    def group_of(self, name: tuple[str, str]) -> Group | None:
        """The group of a column, by its sample and its header."""
        return next((group for group in self.groups if any((column.sample, column.header) == name for column in group.columns)), None)

    def _groups_of(self, name: tuple[str, str]) -> list[Group]:
        """The groups with a column, or without a sample those with its header."""
        simple = simplify(name[1])
        if name[0]:
            return [group for group in [self.group_of(name)] if group is not None]
        return [group for group in self.groups if any(simplify(header) == simple for header in group.headers)]

    def row(self, table: int) -> list[Group]:
        """The groups of a table's columns, from left to right."""
        of = {id(group.at[table]): group for group in self.groups if table in group.at}
        return [of[id(column)] for column in self._columns[table]]

    def means(self, column: Column) -> tuple[Meaning, ...]:
        """What the header of a column may mean, beside the others of its table."""
        return self._means[id(column)]

    def shape(self, column: Column) -> str:
        """How nearly all values of a column are written, with A for letters and 9 for digits; empty where they have not both."""
        if id(column) not in self._shapes:
            shapes = Counter(re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", text)) for text in column.texts[:_COMPARED_ROWS])
            shape, count = shapes.most_common(1)[0] if shapes else ("", 0)
            is_telling = count >= _NEARLY_ALL * sum(shapes.values()) and "9" in shape and "A" in shape
            self._shapes[id(column)] = shape if is_telling else ""
        return self._shapes[id(column)]

    # What the tables themselves say.

    def _beside_one_another(self) -> bool:
        """Joins groups for which much speaks besides words. Returns whether there were such."""
        found = [one for one in _Beside(self).candidates() if one.reason is not None]
        touched: set[int] = set()
        for one in sorted(found, key=lambda one: -one.likeness):
            # What has changed in this round is looked at again in the next.
            if not {id(one.one), id(one.other)} & touched:
                self.join(one.one, one.other, one.reason or "")
                touched |= {id(one.one), id(one.other)}
        return bool(touched)

    def beside(self, one: Group) -> list[Group]:
        """What has such values as a group of few tables and stands where it does, whatever it is called; the likeliest first."""
        look = _Beside(self)
        found = [(likely.likeness, other) for other in self.groups if len(other.at) > 1 and not left_out(other.columns) and (likely := look.likely_place(one, other)) is not None]
        return [other for _, other in sorted(found, key=lambda pair: -pair[0])]

    def questions(self) -> list[Question]:
        """What a person may know: of a group those that may be it, each where it is likeliest. What most tables have comes first, for own
        columns of a few change little; then the most cells.
        """
        offers: dict[int, list[_Likely]] = {}
        for one in _Beside(self).candidates():
            # What is always filled at one is no remark of another, and a form is not asked about where the table says it itself.
            is_odd = not (one.facts["filled"] or one.facts["related"] == "same") or any(map(self.is_beside_its_like, (one.one, one.other)))
            if one.likeness >= _ASKED and not is_odd and not left_out(one.one.columns) and not left_out(one.other.columns):
                offers.setdefault(id(one.other), []).append(one)
        of: dict[int, list[Group]] = {}
        for some in offers.values():
            some.sort(key=lambda one: -one.likeness)
            for one in some[:2]:
                if one.likeness >= some[0].likeness - _NEARLY:
                    of.setdefault(id(one.one), []).append(one.other)
        found = [Question(group, sorted(of[id(group)], key=lambda other: -other.cells)[:_MOST_OFFERED]) for group in self.groups if id(group) in of]
        half = len(self.tables) / 2
        found.sort(key=lambda one: (sum(len(part.at) for part in (one.one, *one.others)) < half, -one.cells))
        return _implied_last(found)


def _implied_last(questions: Sequence[Question]) -> list[Question]:
    """What two earlier answers of yes say is asked behind all else."""
    first: list[Question] = []
    implied: list[Question] = []
    for one in questions:
        is_implied = all(any({id(one.one), id(other)} <= {id(part) for part in (known.one, *known.others)} for known in first) for other in one.others)
        (implied if is_implied else first).append(one)
    return first + implied


def is_of_form(column: Column) -> bool:
    """Whether it was made of what stands beside a table, and is the same for all its records."""
    return column.made is not None and column.made.keyword == "beside" and column.made.value != "section"


def _says_it_again(column: Column, table: Table, own: Collection[str]) -> bool:
    """Whether a form above a table says what a column has: the form is of the place that sends it, and the column of each record."""
    if column.made is None or column.made.keyword != "beside":
        return False
    others = [other for other in table.columns if not other.made]
    means = meanings([(other.header, other.kind.name) for other in (column, *others)])
    return simplify(column.header) in own or any(relation(means[0], some)[0] == "same" for some in means[1:])


def _sums(columns: Sequence[Column]) -> list[dict[str, Column]]:
    sides = [Side((column.header,), column.kind.name, column.kind.values[:_SUMMED_ROWS]) for column in columns]
    return [{part: columns[at] for part, at in one.items()} for one in sums_of(sides)]


#: From so much likeness on a person is asked.
_ASKED = 0.5
#: So many groups are offered for one, and each for two if they are so nearly as likely.
_MOST_OFFERED = 5
_NEARLY = 0.1
#: Values that are less alike are not of one field.
_ALIKE = 0.4
_VERY_ALIKE = 0.6
_MOST_ALIKE = 0.9
#: So much of the tables has nothing else left.
_NEARLY_ALL = 0.9
_SAME_WORD = 0.7
#: Values that tell by themselves what they are not: an id is no name, and both are no yes or no. A number may be anything.
_TELLING = ("boolean", "code", "text", "time")
#: Where words say different things two other reasons have to speak for a group, and so many tables.
_MANY_TABLES = 3
#: How much the same neighbour and the edge of both tables weigh.
_AT_THE_EDGE = 0.8
_ONE_SIDE = 0.5
#: What each of so many tables has one of is no chance.
_ALL_TABLES = 6
#: What ids are.
_IDS = frozenset(("code", "text", "number"))
#: So much more of the cells of a column may be filled at one sender than at another.
_AS_FULL = 0.5
#: So many values that never repeat are ids of records.
_LEAST_IDS = 10


@dataclass(frozen=True, eq=False)
class _Likely:
    """Two groups, what speaks for them besides words, and the sentence of it if that is enough."""

    one: Group
    other: Group
    likeness: float
    reason: str | None
    facts: dict[str, Any]


class _Beside:
    """What the tables say of each two groups."""

    def __init__(self, grouping: Grouping):
        self.grouping = grouping
        self.groups = grouping.groups
        self.of: list[list[Group]] = []
        by_column = {id(column): group for group in self.groups for column in group.columns}
        for columns in grouping._columns:
            self.of.append([by_column[id(column)] for column in columns])
        self._could: dict[tuple[int, int], bool] = {}
        self._sides = {id(group): grouping.side(group) for group in self.groups}

    def candidates(self) -> list[_Likely]:
        """Each two groups that may be one."""
        found = []
        for at, one in enumerate(self.groups):
            for other in self.groups[at + 1 :]:
                if may_be(one, other) and self.grouping.can_join(one, other):
                    large, small = sorted((one, other), key=lambda group: (-len(group.at), -group.cells))
                    likely = self._likely(large, small)
                    if likely is not None:
                        found.append(likely)
        return found

    def likely_place(self, one: Group, other: Group) -> _Likely | None:
        """What speaks for two groups that words may keep apart."""
        if not may_be(one, other) or not self.grouping.can_join(one, other):
            return None
        found = self._facts(one, other)
        return found if found.facts["alike"] >= _ALIKE and found.facts["neighbours"][0] >= _ONE_SIDE else None

    def _likely(self, one: Group, other: Group) -> _Likely | None:
        found = self._facts(one, other)
        facts = found.facts
        if facts["related"] == "opposed" and facts["neighbours"][0] < (_ONE_SIDE if facts["alone"] or facts["key"] else 1):
            return None
        return found

    def _facts(self, one: Group, other: Group) -> _Likely:
        name = self._related(one, other)
        facts: dict[str, Any] = {"related": name, "alike": alike(self._sides[id(one)], self._sides[id(other)]), "words": _words_alike(one, other)}
        places = [self._neighbours(a, b, one, other) for a in one.at for b in other.at]
        facts["neighbours"] = max(places, key=lambda place: place[0])
        left = [self._left(a, b, one, other) for a in one.at for b in other.at]
        facts["left"] = sum(left) / len(left)
        facts["alone"] = facts["left"] == 1 and all(self._left(a, b, one, other, self._looks_like) == 1 for a in one.at for b in other.at)
        facts["shape"] = self._shape(one) if self._shape(one) == self._shape(other) else ""
        facts["everywhere"] = len(self.of) >= _ALL_TABLES and len(one.at) + len(other.at) == len(self.of)
        facts["key"] = self._is_only_key(one) and self._is_only_key(other)
        facts["filled"] = abs(one.filled - other.filled) < _AS_FULL
        roles = [self.grouping._role(group) for group in (one, other)]
        facts["role"] = None if not all(roles) else bool(roles[0] & roles[1])
        told = {"same": 0.05, "other": -0.08, "opposed": -0.15}.get(name, 0.0)
        likeness = told + 0.5 * facts["alike"] + 0.12 * facts["neighbours"][0] + 0.15 * facts["left"] + 0.12 * (facts["left"] == 1)
        likeness += {None: 0.0, True: 0.1, False: -0.3}[facts["role"]] + 0.1 * (facts["words"] >= _SAME_WORD)
        return _Likely(one, other, likeness, self._reason(one, other, facts), facts)

    def _reason(self, one: Group, other: Group, facts: dict[str, Any]) -> str | None:
        """Why two groups are the same: each is the only one left that could be the other, and something else says so, too."""
        if any(all(len(column.shown) == 1 and column.kind.name != "boolean" for column in group.columns) for group in (one, other)):
            # One value says nothing of a column.
            return None
        is_said = facts["related"] == "same"
        if facts["related"] == "opposed" or one.sense != other.sense and not (is_said or facts["alone"]) or not self._is_left(one, facts) or facts["alike"] < (_ALIKE if is_said or facts["key"] else _VERY_ALIKE) or facts["role"] is False:
            return None
        more = list(self._more(one, other, facts))
        is_many = len(one.at) >= _MANY_TABLES or len(one.at) + len(other.at) > _MANY_TABLES
        # Where words alone say that the others of the table are not it, being left says little.
        needed = 1 if facts["alone"] or facts["related"] in ("same", "open") else 2
        if len(more) < needed or facts["related"] == "other" and not (facts["alone"] and is_many and len(more) > 1):
            return None
        if not facts["filled"] and not is_said:
            # What is always filled at one is no remark of another.
            return None
        said = ", ".join(more[: 2 if facts["related"] == "other" else 1])
        return f"{_quoted(other.headers[0])} is probably {_quoted(one.headers[0])}: {ONLY_ONE_LEFT}, {said}" if more else None

    @staticmethod
    def _is_left(one: Group, facts: dict[str, Any]) -> bool:
        """Whether nothing else is left; or hardly anything, where values and both neighbours say the same in many tables."""
        is_placed = facts["neighbours"][0] >= 1 and facts["alike"] >= _MOST_ALIKE and len(one.at) > _MANY_TABLES
        return facts["left"] == 1 or facts["left"] >= _NEARLY_ALL and is_placed and facts["related"] != "other"

    def _more(self, one: Group, other: Group, facts: dict[str, Any]) -> Iterator[str]:
        """What speaks for two groups besides that nothing else is left."""
        weight, before, behind = facts["neighbours"]
        if facts["related"] == "same":
            yield "and it means the same"
        if facts["related"] == "open" and facts["alone"]:
            yield "and it may mean the same"
        if facts["key"]:
            yield "and each is the id of its table that never repeats"
        if before and behind and weight >= 1:
            yield f"and it stands between {_quoted(before)} and {_quoted(behind)}"
        elif weight >= _AT_THE_EDGE and len(one.at) >= _MANY_TABLES:
            yield f"and it is the last one, behind {_quoted(before)}" if before else f"and it is the first one, before {_quoted(behind)}"
        elif weight >= _ONE_SIDE and facts["alone"] and facts["alike"] >= _MOST_ALIKE and len(one.at) > _MANY_TABLES:
            yield f"and it has such values, and stands {f'behind {_quoted(before)}' if before else f'before {_quoted(behind)}'}"
        if facts["shape"]:
            yield f"and both are written like {facts['shape']}"
        if facts["words"] >= _SAME_WORD:
            yield "and it is nearly the same word"
        if facts["role"]:
            yield f"and both are {min(self.grouping._role(one) & self.grouping._role(other))}"
        # Ids that never repeat are told from no other ids that never repeat.
        if one.sense in _TELLING and (facts["key"] or not self._is_key(one) or not self._is_key(other)):
            yield "and it has such values"
        if facts["everywhere"]:
            yield "and each table has one of the two"

    def is_like(self, one: Group, other: Group) -> bool:
        """Whether a group could be one that is not among these, whatever it is called."""
        if not may_be(one, other) or not self.grouping.can_join(one, other):
            return False
        return alike(self._sides[id(one)], other.side()) >= _ALIKE

    def _related(self, one: Group, other: Group) -> str:
        """The nearest relation of any of their columns; ``other`` where both say things for sure, and not one of them together."""
        names = {self._relation(a, b) for a in one.columns for b in other.columns}
        for name in ("same", "opposed", "open", "narrower", "unknown"):
            if name in names:
                break
        else:
            return "other"
        said = [self._said(group) for group in (one, other)]
        return "other" if name in ("narrower", "unknown") and all(said) and not said[0] & said[1] else name

    def _relation(self, a: Column, b: Column) -> str:
        key, means = (id(a), id(b)), self.grouping._means
        if key not in self.grouping._relations:
            self.grouping._relations[key] = self.grouping._relations[key[::-1]] = relation(means[id(a)], means[id(b)])[0]
        return self.grouping._relations[key]

    def _said(self, group: Group) -> set[frozenset[str]]:
        """Of whom or what its columns are for sure."""
        means = [self.grouping._means[id(column)] for column in group.columns]
        return {some[0].own for some in means if len(some) == 1 and not some[0].unknown and some[0].own}

    def _neighbours(self, a: int, b: int, one: Group, other: Group) -> tuple[float, str, str]:
        """How far the columns that both tables have stand around both in the same way, and the headers of those at both sides."""
        both = {id(group) for group in self.of[a]} & {id(group) for group in self.of[b]}
        if len(both) < 3 or any(group.at[table].made for table, group in ((a, one), (b, other))):
            # What was made of a form or a sheet's name has no place of its own.
            return 0.0, "", ""
        rows = [[group for group in self.of[table] if id(group) in both or group is this] for table, this in ((a, one), (b, other))]
        around = []
        for row, this in zip(rows, (one, other)):
            at = row.index(this)
            around.append((row[at - 1] if at else None, row[at + 1] if at + 1 < len(row) else None))
        same = [x is y for x, y in zip(*around)]
        weight = sum(0.5 * (is_same if x is not None else 0.6 * is_same) for is_same, x in zip(same, around[0]))
        names = [group.at[a].header if group is not None else "" for group in around[0]]
        return weight, names[0], names[1]

    def _left(self, a: int, b: int, one: Group, other: Group, could_be: Callable[[Group, Group], bool] | None = None) -> float:
        """One over the number of columns of the kind that each of two tables has left, without those that both have."""
        there, could_be = [{id(group) for group in self.of[table]} for table in (a, b)], could_be or self._could_be
        role, shape = self.grouping._role(one) & self.grouping._role(other), self._shape(one)
        # What is written otherwise is none of two that are written alike.
        shape = shape if shape == self._shape(other) else ""
        counts = [
            sum(group is that or id(group) not in rest and could_be(group, this) and self._has_role(group, table, role) and (not shape or self._shape(group) == shape) for group in self.of[table])
            for table, rest, this, that in ((a, there[1], other, one), (b, there[0], one, other))
        ]
        return 1 / max(1, max(counts))

    def _shape(self, group: Group) -> str:
        """How the values of all its columns are written, with A for letters and 9 for digits, if both are in them."""
        shapes = {self.grouping.shape(column) for column in group.columns}
        return shapes.pop() if len(shapes) == 1 else ""

    def _has_role(self, group: Group, table: int, role: set[str]) -> bool:
        """Whether a column may have a role: no other one of its table has it."""
        roles = self.grouping._roles[table]
        return not role & set(roles.values()) or roles.get(id(group.at[table])) in role

    def _could_be(self, one: Group, other: Group) -> bool:
        """Whether nothing speaks against two groups."""
        return self._looks_like(one, other) and self._related(one, other) not in ("opposed", "other")

    def _looks_like(self, one: Group, other: Group) -> bool:
        """Whether the values of two groups do not speak against them: what never repeats is nothing that does."""
        key = (id(one), id(other))
        if key not in self._could:
            is_like = may_be(one, other) and alike(self._sides[id(one)], self._sides[id(other)]) >= _ALIKE and self.grouping.can_join(one, other)
            self._could[key] = self._could[key[::-1]] = is_like and not any(self._is_key(a) and len(a.at) > 1 and self._repeats(b) for a, b in ((one, other), (other, one)))
        return self._could[key]

    def _is_key(self, group: Group) -> bool:
        """Whether its values are ids of which none comes twice in any of its tables."""
        return all(column.kind.name == "code" and _never_repeats(column) for column in group.columns)

    def _is_only_key(self, group: Group) -> bool:
        """Whether no other column of its tables never repeats, be it written otherwise."""
        others = [(other, other.at[table]) for table in group.at for other in self.of[table] if other is not group]
        ids = [column for other, column in others if other.sense in _IDS and _are_ids(other)]
        return self._is_key(group) and not any(_never_repeats(column) and _with_digits(column) for column in ids)

    def _repeats(self, group: Group) -> bool:
        return any(max(column.shown.values(), default=0) > 1 for column in group.columns)


def _quoted(header: str) -> str:
    return f'"{header}"'


def may_be(one: Group, other: Group) -> bool:
    """Whether the values of two groups are of one kind, or ids of two."""
    return one.sense == other.sense or {one.sense, other.sense} <= _IDS and _are_ids(one) and _are_ids(other)


def _are_ids(group: Group) -> bool:
    """Whether its values may be ids: no amounts, and never cents."""
    return group.sense != "number" or all(column.kind.name == "number" and _is_whole(column) for column in group.columns)


def _is_whole(column: Column) -> bool:
    return all(float(value).is_integer() and value >= 1000 for value in column.kind.values[:_COMPARED_ROWS] if isinstance(value, (int, float)))


def _never_repeats(column: Column) -> bool:
    return column.filled >= _LEAST_IDS and len(column.shown) == column.filled == column.rows


def _with_digits(column: Column) -> bool:
    return all(any(map(str.isdigit, text)) for text in column.texts)


def _words_alike(one: Group, other: Group) -> float:
    return max(SequenceMatcher(None, simplify(a), simplify(b)).ratio() for a in one.headers for b in other.headers)


def _roles(columns: Sequence[Column]) -> dict[int, str]:
    """Of columns of days, or of times, that which is the earliest in all rows, and that which is the latest."""
    found: dict[int, str] = {}
    for kind in _ORDERED:
        some = [column for column in columns if column.kind.name == kind]
        for name, is_before in (("the earliest", True), ("the latest", False)) if len(some) > 1 else ():
            found |= {id(one): f"{name} {kind}" for one in some if all(_is_before(one, other) is is_before for other in some if other is not one)}
    return found


def _is_before(one: Column, other: Column) -> bool | None:
    """Whether a column is before another in each row, or behind it; ``None``: now and then the one, or nobody can know."""
    rows = [str(x) < str(y) for x, y in zip(one.kind.values, other.kind.values) if x is not None and y is not None and x != y]
    return rows[0] if len(rows) >= 8 and len(set(rows)) == 1 else None
