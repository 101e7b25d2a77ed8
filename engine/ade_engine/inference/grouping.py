"""Grouping the columns of many tables into fields by comparing senders.

There are three rounds, each with reasons that can be named. Words, values and sums of two tables
(:mod:`ade_engine.inference.pairs`) come first, table by table; then the same again with all that is known by then, until
nothing more is found; then the evidence of the tables themselves: a column that is the only one left, and has the same
neighbours, is the earliest of the days, is the id that never repeats, is written alike, or has values that fit nothing else. If
words say different things, two of these reasons are needed, and several tables; if they contradict each other, a person's
answer. The rest become questions, if an answer would move cells. Columns of one table are never one field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property
from itertools import combinations

from ade_engine.fields.headers import simplify
from ade_engine.inference.arithmetic import contradict, parts_of_table, roles_of
from ade_engine.inference.pairs import alike, pairs
from ade_engine.inference.samples import COMPARED_ROWS, left_out
from ade_engine.inference.side import ComparableColumn
from ade_engine.inference.words import meanings, relation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from ade_engine.inference.samples import Sample, SampleColumn, SampleTable

#: The number of rows of a table in which sums are sought.
_SUMMED_ROWS = 60
#: Kinds whose values are ordered.
_ORDERED = ("date", "time")
#: The reason for an answer of a person; it also marks an uncertain reason.
YOU_SAID_SO = "you said so"
SAID_BY_A_COLUMN = "a column has the same value for each record"
ONLY_ONE_LEFT = "no other column fits"
_LOOK_ALIKE = "and its values look alike"
_FIELDS = (None, "the same in each row", "filled in few rows only")


@dataclass(eq=False)
class ColumnGroup:
    """Columns of the samples that are one field."""

    #: The columns by the numbers of their tables.
    at: dict[int, SampleColumn] = field(default_factory=dict)
    #: The columns with another header: the sample, the header, and the reason why they are the same.
    merges: list[tuple[str, str, str]] = field(default_factory=list)
    #: The group that it may be the same as.
    perhaps: ColumnGroup | None = None
    #: The wished column that it is for.
    wish: ComparableColumn | None = None

    @property
    def columns(self) -> list[SampleColumn]:
        """Returns its columns, in the order of their tables."""
        return list(self.at.values())

    @property
    def headers(self) -> list[str]:
        """Returns each header once, in its first spelling; the wish is one."""
        found: dict[str, str] = {}
        for header in (column.header for column in ([self.wish] if self.wish else []) + self.columns):
            found.setdefault(simplify(header) or header, header)
        return list(found.values())

    @property
    def kind(self) -> str | None:
        """Returns the kind of its first column; ``None`` if it has none, or the kind is unknown."""
        return next((column.kind for column in [*self.columns, self.wish] if column), None)

    @property
    def sense(self) -> str:
        """Returns the common kind of all its values, where money counts as numbers, and names as texts."""
        senses = {column.sense for column in self.columns}
        return senses.pop() or "text" if len(senses) == 1 else "text"

    @property
    def roles(self) -> set[str]:
        """Returns the roles of its columns of days in their tables."""
        return {column.role for column in self.columns if column.role}

    @property
    def made_as(self) -> set[tuple[str, bool]]:
        """Returns the roles of its columns in the arithmetic of their tables."""
        return set().union(*(column.made_as for column in self.columns))

    @property
    def shape(self) -> str:
        """Returns the common shape of all its values, with A for letters and 9 for digits, if both occur."""
        shapes = {column.shape for column in self.columns}
        return shapes.pop() if len(shapes) == 1 else ""

    @property
    def cells(self) -> int:
        """Returns the number of its filled cells."""
        return sum(column.filled for column in self.columns)

    @property
    def filled(self) -> float:
        """Returns the share of its cells that are filled."""
        return self.cells / max(1, sum(column.rows for column in self.columns))

    def without(self, table: int) -> ColumnGroup:
        """Returns the group without its column of a table."""
        return ColumnGroup({number: column for number, column in self.at.items() if number != table})

    def side(self) -> ComparableColumn:
        """Returns the known facts about the group."""
        values = [value for column in self.columns for value in column.values[:COMPARED_ROWS]]
        means = {(simplify(column.header), column.means): column.header for column in self.columns if column.means}
        return ComparableColumn(tuple(self.headers), self.kind, values, [(some, header) for (_, some), header in means.items()], frozenset(self.at))

    def join(self, other: ColumnGroup, reason: str) -> None:
        """Adds the columns of another group."""
        known = {simplify(header) for header in self.headers}
        for column in other.columns:
            if simplify(column.header) not in known:
                self.merges.append((*column.name, reason))
                known.add(simplify(column.header))
        self.at = dict(sorted({**self.at, **other.at}.items()))


@dataclass(frozen=True, eq=False)
class Question:
    """A question which of some groups are the same field as one. ``cells``: the number of cells that move to another column if
    all are.
    """

    one: ColumnGroup
    others: list[ColumnGroup]

    @property
    def parts(self) -> set[ColumnGroup]:
        """Returns all groups of the question."""
        return {self.one, *self.others}

    @property
    def cells(self) -> int:
        """Returns the number of cells that move to another column if all are the same."""
        return sum(other.cells for other in self.others)


class Grouping:
    """The groups of the columns of all tables."""

    def __init__(self, samples: Sequence[Sample], answers: Sequence[tuple[tuple[str, str], tuple[str, str], bool]] = ()):
        self.tables: list[SampleTable] = [table for sample in samples for table in sample.tables]
        #: The columns that can be no field.
        self.aside: list[SampleColumn] = []
        self.groups: list[ColumnGroup] = []
        self._columns: list[list[SampleColumn]] = []
        for table in self.tables:
            own = {simplify(column.header) for sample in samples if table in sample.tables for other in sample.tables for column in other.columns if not column.made}
            fields = [column for column in table.columns if left_out([column]) in _FIELDS and not _says_it_again(column, table, own)]
            self._columns.append(fields)
            self.aside += [column for column in table.columns if column not in fields]
            _find_roles(fields)
            for column, some in zip(fields, meanings(fields)):
                column.means = some
        self._sums = [_sums(columns) for columns in self._columns]
        for column, roles in (one for sums in self._sums for one in roles_of(sums).items()):
            column.made_as = roles
        self.relations: dict[tuple[SampleColumn, SampleColumn], str] = {}
        self._sides: dict[tuple[SampleColumn, ...], ComparableColumn] = {}
        self._apart: list[tuple[tuple[str, str], tuple[str, str]]] = []
        #: Columns of forms that belong to no group, except those that a person has assigned.
        self._forms: set[SampleColumn] = set()
        self._said_forms: set[SampleColumn] = set()
        self._one_after_another()
        self._look_again()
        self._part_forms()
        # Results from before a person was asked still hold.
        if answers:
            for first, other, is_same in answers:
                self._answered(first, other, is_same)
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
                new = ColumnGroup({number: column})
                if at in same:
                    groups[same[at].known].join(new, same[at].reason or "")
                else:
                    self.groups.append(new)

    def _again(self) -> None:
        """Compares each table once more with all others, until nothing more is found."""
        is_new = True
        while is_new:
            is_new = False
            for number, columns in enumerate(self._columns):
                of = self._by_column(number)
                others = [group for group in self.groups if set(group.at) != {number}]
                known = [group.without(number) for group in others]
                settled = [(others.index(group), at) for at, column in enumerate(columns) if (group := of[column]) in others]
                for pair in self._pairs(known, number, columns, settled):
                    one, other = others[pair.known], of[columns[pair.new]]
                    if pair.reason is not None and one in self.groups and other in self.groups and self.can_join(one, other):
                        self.join(one, other, pair.reason)
                        is_new = True

    def _pairs(self, known: list[ColumnGroup], number: int, columns: list[SampleColumn], settled: Sequence[tuple[int, int]]):
        place = {column: at for at, group in enumerate(known) for column in group.columns}
        sums = [{part: place.get(column) for part, column in one.items()} for table, ones in enumerate(self._sums) if table != number for one in ones]
        sums = [dict(one) for one in dict.fromkeys(tuple(parts.items()) for parts in sums if None not in parts.values())]
        own_sums = [{part: columns.index(column) for part, column in one.items()} for one in self._sums[number]]
        facts = [(group.roles, group.made_as) for group in known]
        apart = {(i, j) for i, one in enumerate(facts) for j, column in enumerate(columns) if _differ(one, ({column.role} - {None}, column.made_as))}
        return pairs([self.side(group) for group in known], [column.first(COMPARED_ROWS) for column in columns], settled, (sums, own_sums), apart)

    def side(self, group: ColumnGroup) -> ComparableColumn:
        """Returns the known facts about a group."""
        key = tuple(group.columns)
        if group.wish is not None or not key:
            return group.side()
        if key not in self._sides:
            self._sides[key] = group.side()
        return self._sides[key]

    def _part_forms(self) -> None:
        """Makes a fact from a form above a table a field of its own, if a column of the table could be that of the others: the
        form describes the sender.
        """
        for group in [group for group in self.groups if len({column.made is None for column in group.columns}) > 1]:
            records = ColumnGroup({table: column for table, column in group.at.items() if column.made is None})
            look = _TableEvidence(self)
            said = {
                table: column
                for table, column in group.at.items()
                if column.is_of_form and column not in self._said_forms and any(other is not group and look.is_like(other, records) for other in self.row(table))
            }
            if said:
                self.groups.append(ColumnGroup(said))
                self._forms |= set(said.values())
                gone = {simplify(column.header) for column in said.values()} - {simplify(column.header) for table, column in group.at.items() if table not in said}
                group.at = {table: column for table, column in group.at.items() if table not in said}
                group.merges = [merge for merge in group.merges if simplify(merge[1]) not in gone]

    def is_beside_its_like(self, group: ColumnGroup) -> bool:
        """Returns whether all its columns come from forms above tables that have columns of such values that are surely nothing
        else.
        """
        return bool(group.at) and all(column.is_of_form for column in group.columns) and any(
            other is not group and other.sense == group.sense and len(other.at) < len(self.tables) and not any(column.is_of_form for column in other.columns)
            for table in group.at
            for other in self.row(table)
        )

    # The answers of people.

    def _answered(self, one: tuple[str, str], other: tuple[str, str], is_same: bool) -> None:
        if not is_same:
            self._apart.append((one, other))
            return
        for first in self._groups_of(one):
            for second in self._groups_of(other):
                self._said_forms |= {column for column in (*first.columns, *second.columns) if column.is_of_form}
                if first is second:
                    # The group was found without the answer; a person's answer is the better reason.
                    said = {simplify(one[1]), simplify(other[1])}
                    first.merges = [(sample, header, YOU_SAID_SO if simplify(header) in said else reason) for sample, header, reason in first.merges]
                elif first in self.groups and second in self.groups and self.can_join(first, second):
                    self.join(first, second, YOU_SAID_SO)

    def can_join(self, one: ColumnGroup, other: ColumnGroup) -> bool:
        """Returns whether no table has a column of both, they are not the earlier and the later one, and nobody has said that
        they differ.
        """
        if one is other or one.at.keys() & other.at.keys() or one.wish is not None and other.wish is not None:
            return False
        if _differ((one.roles, one.made_as), (other.roles, other.made_as)):
            return False
        forms = [{column in self._forms - self._said_forms for column in group.columns} for group in (one, other)]
        if True in forms[0] | forms[1] and forms[0] != forms[1]:
            return False
        names = [{column.name for column in group.columns} for group in (one, other)]
        return not any(a in names[0] and b in names[1] or a in names[1] and b in names[0] for a, b in self._apart)

    def join(self, one: ColumnGroup, other: ColumnGroup, reason: str) -> ColumnGroup:
        """Makes two groups one; returns it."""
        first, second = sorted((one, other), key=lambda group: self.groups.index(group))
        if len(second.at) > len(first.at):
            # The headers with a reason are those of the smaller group.
            second.merges, first.merges = first.merges + second.merges, []
            merged = ColumnGroup(first.at, first.merges)
            second.join(merged, reason)
            first.at, first.merges = second.at, second.merges
        else:
            first.merges += second.merges
            first.join(second, reason)
        first.wish = first.wish or second.wish
        self.groups.remove(second)
        return first

    def group_of(self, name: tuple[str, str]) -> ColumnGroup | None:
        """Returns the group of a column, by its sample and its header."""
        return next((group for group in self.groups if any(column.name == name for column in group.columns)), None)

    def _groups_of(self, name: tuple[str, str]) -> list[ColumnGroup]:
        """Returns the groups with a column, or without a sample those with its header."""
        simple = simplify(name[1])
        if name[0]:
            return [group for group in [self.group_of(name)] if group is not None]
        return [group for group in self.groups if any(simplify(header) == simple for header in group.headers)]

    def row(self, table: int) -> list[ColumnGroup]:
        """Returns the groups of a table's columns, from left to right."""
        of = self._by_column(table)
        return [of[column] for column in self._columns[table]]

    def _by_column(self, table: int) -> dict[SampleColumn, ColumnGroup]:
        return {group.at[table]: group for group in self.groups if table in group.at}

    # The evidence of the tables themselves.

    def _beside_one_another(self) -> bool:
        """Joins groups with much evidence besides words. Returns whether there were any."""
        found = [pair for pair in _TableEvidence(self).candidates() if pair.reason is not None]
        touched: set[ColumnGroup] = set()
        for one in sorted(found, key=lambda pair: -pair.likeness):
            # Groups that changed in this round are examined again in the next.
            if not {one.one, one.other} & touched:
                self.join(one.one, one.other, one.reason or "")
                touched |= {one.one, one.other}
        return bool(touched)

    def beside(self, group: ColumnGroup) -> list[ColumnGroup]:
        """Returns groups with the values and the position of a group of few tables, whatever their names; the likeliest first.
        """
        look = _TableEvidence(self)
        found = [(likely.likeness, other) for other in self.groups if len(other.at) > 1 and not left_out(other.columns) and (likely := look.likely_place(group, other)) is not None]
        return [other for _, other in sorted(found, key=lambda pair: -pair[0])]

    def questions(self) -> list[Question]:
        """Returns the questions for a person: for each group those that may be it, each where it is likeliest. Groups that most
        tables have come first, because the own columns of a few change little; then those with the most cells.
        """
        offers: dict[ColumnGroup, list[_GroupPair]] = {}
        for one in _TableEvidence(self).candidates():
            # A column that is always filled for one sender is no remark of another, and a form is no question if the table
            # itself has the fact.
            is_odd = not (one.is_as_full or one.related == "same") or any(map(self.is_beside_its_like, (one.one, one.other)))
            if one.likeness >= _ASKED and not is_odd and not left_out(one.one.columns) and not left_out(one.other.columns):
                offers.setdefault(one.other, []).append(one)
        of: dict[ColumnGroup, list[ColumnGroup]] = {}
        for some in offers.values():
            some.sort(key=lambda pair: -pair.likeness)
            for one in some[:2]:
                if one.likeness >= some[0].likeness - _NEARLY:
                    of.setdefault(one.one, []).append(one.other)
        found = [Question(group, sorted(of[group], key=lambda other: -other.cells)[:_MAX_OFFERED_GROUPS]) for group in self.groups if group in of]
        half = len(self.tables) / 2
        found.sort(key=lambda question: (sum(len(part.at) for part in question.parts) < half, -question.cells))
        return _implied_last(found)


def _implied_last(questions: Sequence[Question]) -> list[Question]:
    """Puts questions that follow from two earlier answers of yes behind all others."""
    first: list[Question] = []
    implied: list[Question] = []
    for question in questions:
        is_implied = all(any({question.one, other} <= known.parts for known in first) for other in question.others)
        (implied if is_implied else first).append(question)
    return first + implied


def _says_it_again(column: SampleColumn, table: SampleTable, own: Collection[str]) -> bool:
    """Returns whether a form above a table repeats a column's content: the form describes the sender, and the column each
    record.
    """
    if column.made is None or column.made.keyword != "beside":
        return False
    others = [other for other in table.columns if not other.made]
    means = meanings([column, *others])
    return simplify(column.header) in own or any(relation(means[0], some)[0] == "same" for some in means[1:])


def _differ(one: tuple[set[str], set[tuple[str, bool]]], other: tuple[set[str], set[tuple[str, bool]]]) -> bool:
    """Returns whether the roles of days, or those in arithmetic, keep two groups apart."""
    return bool(one[0] and other[0]) and not one[0] & other[0] or contradict(one[1], other[1])


def _sums(columns: Sequence[SampleColumn]) -> list[dict[str, SampleColumn]]:
    return [{part: columns[at] for part, at in parts.items()} for parts in parts_of_table([column.first(_SUMMED_ROWS) for column in columns])]


#: The minimum likeness for a question.
_ASKED = 0.5
#: The maximum number of groups that are offered for one; a group is offered for two if they are nearly as likely.
_MAX_OFFERED_GROUPS = 5
_NEARLY = 0.1
#: The minimum likeness of values of one field.
_MIN_LIKENESS = 0.4
_MIN_CLEAR_LIKENESS = 0.6
_MIN_STRONG_LIKENESS = 0.9
#: The minimum share of the tables that have nothing else left.
_NEARLY_ALL = 0.9
_SAME_WORD = 0.7
#: Kinds whose values exclude others: an id is no name, and both are no yes or no. A number may be anything.
_TELLING = ("boolean", "code", "text", "time")
#: The minimum number of tables with evidence if words say different things; two other reasons are needed, too.
_MANY_TABLES = 3
#: The weight of an equal neighbour at the edge of both tables.
_AT_THE_EDGE = 0.8
_ONE_SIDE = 0.5
#: The minimum number of tables in which a column for each is no coincidence.
_ALL_TABLES = 6
#: The kinds of ids.
_IDS = frozenset(("code", "text", "number"))
#: The maximum difference in the share of filled cells between senders.
_AS_FULL = 0.5
#: The minimum number of values that never repeat in ids of records.
_MIN_IDS = 10


@dataclass(eq=False)
class _GroupPair:
    """Two groups and the evidence for joining them. ``related``: by the words of their headers, which are ``words`` alike."""

    one: ColumnGroup
    other: ColumnGroup
    related: str
    alike: float
    #: How far both have the same neighbours, and the headers of these.
    weight: float
    before: str
    behind: str
    #: One over the number of columns of the kind that their tables have left; and whether there is one by its values alone.
    left: float
    is_alone: bool
    #: Whether each is the only column of its tables that never repeats.
    is_key: bool
    #: Whether each of many tables has one of the two.
    is_everywhere: bool

    @cached_property
    def words(self) -> float:
        """Returns how alike their headers are."""
        return max(SequenceMatcher(None, simplify(a), simplify(b)).ratio() for a in self.one.headers for b in self.other.headers)

    @property
    def is_as_full(self) -> bool:
        """Returns whether both are filled about as often: a column that is always filled for one sender is no remark of
        another.
        """
        return abs(self.one.filled - self.other.filled) < _AS_FULL

    @property
    def roles(self) -> set[str]:
        """Returns the roles that both have."""
        return self.one.roles & self.other.roles

    @property
    def has_other_role(self) -> bool:
        """Returns whether both have roles, and none in common."""
        return bool(self.one.roles and self.other.roles) and not self.roles

    @property
    def likeness(self) -> float:
        """Returns how likely they are one."""
        told = {"same": 0.05, "other": -0.08, "opposed": -0.15}.get(self.related, 0.0)
        likeness = told + 0.5 * self.alike + 0.12 * self.weight + 0.15 * self.left + 0.12 * (self.left == 1)
        return likeness + ((0.1 if self.roles else -0.3 if self.has_other_role else 0.0) + 0.1 * (self.words >= _SAME_WORD))

    @cached_property
    def reason(self) -> str | None:
        """Returns why they are the same: each is the only one left that could be the other, and there is further evidence."""
        one, other = self.one, self.other
        if any(all(len(column.shown) == 1 and column.kind != "boolean" for column in group.columns) for group in (one, other)):
            # A single value is no evidence about a column.
            return None
        is_said = self.related == "same"
        if self.related == "opposed" or one.sense != other.sense and not (is_said or self.is_alone) or not self._is_left or self.alike < (_MIN_LIKENESS if is_said or self.is_key else _MIN_CLEAR_LIKENESS) or self.has_other_role:
            return None
        more = list(self._more())
        if more == [_LOOK_ALIKE]:
            # Without other evidence, one of eight such pairs is wrong.
            return None
        is_many = len(one.at) >= _MANY_TABLES or len(one.at) + len(other.at) > _MANY_TABLES
        # If only words exclude the others of the table, being left is weak evidence.
        needed = 1 if self.is_alone or self.related in ("same", "open") else 2
        if len(more) < needed or self.related == "other" and not (self.is_alone and is_many and len(more) > 1) or not self.is_as_full and not is_said:
            return None
        said = ", ".join(more[: 2 if self.related == "other" else 1])
        return f"{_quoted(other.headers[0])} is probably {_quoted(one.headers[0])}: {ONLY_ONE_LEFT}, {said}"

    @property
    def _is_left(self) -> bool:
        """Returns whether nothing else is left; or hardly anything, if values and both neighbours agree in many tables."""
        is_placed = self.weight >= 1 and self.alike >= _MIN_STRONG_LIKENESS and len(self.one.at) > _MANY_TABLES
        return self.left == 1 or self.left >= _NEARLY_ALL and is_placed and self.related != "other"

    def _more(self) -> Iterator[str]:
        """Yields the further evidence, besides that nothing else is left."""
        weight, before, behind, tables = self.weight, self.before, self.behind, len(self.one.at)
        if self.related == "same":
            yield "and the headers mean the same"
        if self.related == "open" and self.is_alone:
            yield "and the headers may mean the same"
        if self.is_key:
            yield "and each is the only id in its table that never repeats"
        if before and behind and weight >= 1:
            yield f"and it is between {_quoted(before)} and {_quoted(behind)}"
        elif weight >= _AT_THE_EDGE and tables >= _MANY_TABLES:
            yield f"and it is the last one, after {_quoted(before)}" if before else f"and it is the first one, before {_quoted(behind)}"
        elif weight >= _ONE_SIDE and self.is_alone and self.alike >= _MIN_STRONG_LIKENESS and tables > _MANY_TABLES:
            yield f"and its values look alike, and it is {f'after {_quoted(before)}' if before else f'before {_quoted(behind)}'}"
        if self.one.shape and self.one.shape == self.other.shape:
            yield f"and both are written like {self.one.shape}"
        if self.words >= _SAME_WORD:
            yield "and the headers are nearly the same word"
        if self.roles:
            yield f"and in each row, both are {min(self.roles)}"
        # Two ids that never repeat cannot be told apart.
        if self.one.sense in _TELLING and (self.is_key or not _is_key(self.one) or not _is_key(self.other)):
            yield _LOOK_ALIKE
        if self.is_everywhere:
            yield "and each table has one of the two"


class _TableEvidence:
    """The evidence of the tables about each two groups."""

    def __init__(self, grouping: Grouping):
        self.grouping = grouping
        self.groups = grouping.groups
        self.of = [grouping.row(table) for table in range(len(grouping.tables))]
        self._could: dict[tuple[ColumnGroup, ColumnGroup], bool] = {}
        self._sides = {group: grouping.side(group) for group in self.groups}

    def candidates(self) -> Iterator[_GroupPair]:
        """Yields each two groups that may be one."""
        for first, other in combinations(self.groups, 2):
            if self._may_join(first, other):
                found = self._likely(*sorted((first, other), key=lambda group: (-len(group.at), -group.cells)))
                if found.related != "opposed" or found.weight >= (_ONE_SIDE if found.is_alone or found.is_key else 1):
                    yield found

    def likely_place(self, group: ColumnGroup, other: ColumnGroup) -> _GroupPair | None:
        """Returns the evidence for two groups that words may keep apart."""
        if not self._may_join(group, other):
            return None
        found = self._likely(group, other)
        return found if found.alike >= _MIN_LIKENESS and found.weight >= _ONE_SIDE else None

    def is_like(self, group: ColumnGroup, other: ColumnGroup) -> bool:
        """Returns whether a group could be an absent one, whatever its name."""
        return self._may_join(group, other) and alike(self._sides[group], other.side()) >= _MIN_LIKENESS

    def _may_join(self, group: ColumnGroup, other: ColumnGroup) -> bool:
        return may_be(group, other) and self.grouping.can_join(group, other)

    def _likely(self, group: ColumnGroup, other: ColumnGroup) -> _GroupPair:
        tables = [(a, b) for a in group.at for b in other.at]
        left = [self._left(a, b, group, other) for a, b in tables]
        share = sum(left) / len(left)
        return _GroupPair(
            group,
            other,
            self._related(group, other),
            alike(self._sides[group], self._sides[other]),
            *max((self._neighbours(a, b, group, other) for a, b in tables), key=lambda place: place[0]),
            left=share,
            is_alone=share == 1 and all(self._left(a, b, group, other, self._looks_like) == 1 for a, b in tables),
            is_key=self._is_only_key(group) and self._is_only_key(other),
            is_everywhere=len(self.of) >= _ALL_TABLES and len(group.at) + len(other.at) == len(self.of),
        )

    def _related(self, one: ColumnGroup, other: ColumnGroup) -> str:
        """Returns the nearest relation of any of their columns; ``other`` if both have certain meanings, and none in common."""
        names = {self._relation(a, b) for a in one.columns for b in other.columns}
        name = next((name for name in ("same", "opposed", "open", "narrower", "unknown") if name in names), "other")
        said = [_said(group) for group in (one, other)]
        return "other" if name in ("narrower", "unknown") and all(said) and not said[0] & said[1] else name

    def _relation(self, a: SampleColumn, b: SampleColumn) -> str:
        known = self.grouping.relations
        if (a, b) not in known:
            known[a, b] = known[b, a] = relation(a.means, b.means)[0]
        return known[a, b]

    def _neighbours(self, a: int, b: int, one: ColumnGroup, other: ColumnGroup) -> tuple[float, str, str]:
        """Returns how far the columns that both tables have surround both in the same way, and the headers of those at both
        sides.
        """
        both = {*self.of[a]} & {*self.of[b]}
        if len(both) < 3 or one.at[a].made or other.at[b].made:
            # A column made from a form or a sheet's name has no position of its own.
            return 0.0, "", ""
        around = []
        for table, this in ((a, one), (b, other)):
            row = [None, *(group for group in self.of[table] if group in both or group is this), None]
            at = row.index(this)
            around.append((row[at - 1], row[at + 1]))
        weight = sum((0.5 if x is not None else 0.5 * 0.6) * (x is y) for x, y in zip(*around))
        before, behind = (group.at[a].header if group is not None else "" for group in around[0])
        return weight, before, behind

    def _left(
        self,
        a: int,
        b: int,
        one: ColumnGroup,
        other: ColumnGroup,
        could_be: Callable[[ColumnGroup, ColumnGroup], bool] | None = None,
    ) -> float:
        """Returns one over the number of columns of the kind that each of two tables has left, without those that both have."""
        could_be, both, roles = could_be or self._could_be, {*self.of[a]} & {*self.of[b]}, one.roles & other.roles
        # A column with another shape does not compete with two that have the same.
        shape = one.shape if one.shape == other.shape else ""
        counts = [
            sum(group is that or group not in both and could_be(group, this) and self._has_role(group, table, roles) and (not shape or group.shape == shape) for group in self.of[table])
            for table, this, that in ((a, other, one), (b, one, other))
        ]
        return 1 / max(1, *counts)

    def _has_role(self, group: ColumnGroup, table: int, roles: set[str]) -> bool:
        """Returns whether a column may have a role: no other one of its table has it."""
        return group.at[table].role in roles or not any(other.at[table].role in roles for other in self.of[table])

    def _could_be(self, group: ColumnGroup, other: ColumnGroup) -> bool:
        """Returns whether no evidence is against joining two groups."""
        return self._looks_like(group, other) and self._related(group, other) not in ("opposed", "other")

    def _looks_like(self, group: ColumnGroup, other: ColumnGroup) -> bool:
        """Returns whether the values of two groups allow joining them: values that never repeat do not match values that do."""
        if (group, other) not in self._could:
            is_like = self._may_join(group, other) and alike(self._sides[group], self._sides[other]) >= _MIN_LIKENESS
            is_like = is_like and not any(_is_key(a) and len(a.at) > 1 and _repeats(b) for a, b in ((group, other), (other, group)))
            self._could[group, other] = self._could[other, group] = is_like
        return self._could[group, other]

    def _is_only_key(self, group: ColumnGroup) -> bool:
        """Returns whether no other column of its tables never repeats, also with another shape."""
        others = [(other, other.at[table]) for table in group.at for other in self.of[table] if other is not group]
        ids = [column for other, column in others if other.sense in _IDS and _are_ids(other)]
        return _is_key(group) and not any(_never_repeats(column) and _with_digits(column) for column in ids)


def _said(group: ColumnGroup) -> set[frozenset[str]]:
    """Returns the certain subjects of its columns."""
    return {meaning.own for column in group.columns if len(column.means) == 1 for meaning in column.means if not meaning.unknown and meaning.own}


def _is_key(group: ColumnGroup) -> bool:
    """Returns whether its values are ids that never repeat in any of its tables."""
    return all(column.kind == "code" and _never_repeats(column) for column in group.columns)


def _repeats(group: ColumnGroup) -> bool:
    return any(max(column.shown.values(), default=0) > 1 for column in group.columns)


def _quoted(header: str) -> str:
    return f'"{header}"'


def may_be(group: ColumnGroup, other: ColumnGroup) -> bool:
    """Returns whether the values of two groups are of one kind, or ids of two."""
    return group.sense == other.sense or {group.sense, other.sense} <= _IDS and _are_ids(group) and _are_ids(other)


def _are_ids(group: ColumnGroup) -> bool:
    """Returns whether its values may be ids: no amounts, and never cents."""
    return group.sense != "number" or all(column.kind == "number" and _is_whole(column) for column in group.columns)


def _is_whole(column: SampleColumn) -> bool:
    return all(float(value).is_integer() and value >= 1000 for value in column.values[:COMPARED_ROWS] if isinstance(value, (int, float)))


def _never_repeats(column: SampleColumn) -> bool:
    return column.filled >= _MIN_IDS and len(column.shown) == column.filled == column.rows


def _with_digits(column: SampleColumn) -> bool:
    return all(any(map(str.isdigit, text)) for text in column.texts)


def _find_roles(columns: Sequence[SampleColumn]) -> None:
    """Notes among columns of days, or of times, the one that is the earliest in all rows, and the latest one."""
    for kind in _ORDERED:
        some = [column for column in columns if column.kind == kind]
        for name, is_before in (("the earliest", True), ("the latest", False)) if len(some) > 1 else ():
            for one in some:
                if all(_is_before(one, other) is is_before for other in some if other is not one):
                    one.role = f"{name} {kind}"


def _is_before(column: SampleColumn, other: SampleColumn) -> bool | None:
    """Returns whether a column is before another in each row, or behind it; ``None`` if it varies or is unknown."""
    rows = [str(x) < str(y) for x, y in zip(column.values, other.values) if x is not None and y is not None and x != y]
    return rows[0] if len(rows) >= 8 and len(set(rows)) == 1 else None
