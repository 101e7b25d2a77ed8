"""The fields in samples: which columns are one field and why, its name, its reader, and the checks that all its values pass.

Columns of several tables are one field for a reason that can be named (:mod:`ade_engine.inference.pairs`). A pair that only
looks alike stays two fields, and becomes a question. A check is added if the values of all samples pass it and are enough
evidence.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from ade_engine.fields.headers import simplify
from ade_engine.inference.choosing import UserAnswers, Wish, WishedGroups
from ade_engine.inference.edit import quoted
from ade_engine.inference.grouping import SAID_BY_A_COLUMN, YOU_SAID_SO, ColumnGroup, Grouping, Question, may_be
from ade_engine.inference.parts import parts_in
from ade_engine.inference.samples import SettingEvidence, left_out
from ade_engine.inference.senders import SampleSender, find_lacking, senders_of, shared
from ade_engine.inference.words import is_english, meanings, readings, words_apart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ade_engine.inference.samples import Sample, SampleColumn
    from ade_engine.inference.shapes import FieldDeclaration

#: The minimum number of records for conclusions from a column that is always filled, or never repeats.
_MIN_RECORDS = 10
_MIN_NUMBERS = 20
#: The number of senders from which on a column of a single one is no field.
_MANY_SENDERS = 4
#: Limits for a list of values: the numbers of different values, and how often each occurs on average and at least.
_LISTED, _EACH_ON_AVERAGE, _EACH = (2, 5), 6, 2
#: Meanings that are no lists although few values repeat: others exist elsewhere.
_NO_LISTS = frozenset("name note description town address region postcode date phone email period month week year id".split())
_PEOPLE_AND_PLACES = frozenset(
    "customer supplier employee member student teacher tenant landlord contact clerk manager salesperson approver driver party carrier "
    "company product project location station property vehicle brand model course school first last full branch".split()
)
#: Meanings that are no ids of a record, though they may never repeat.
_NO_IDS = frozenset("postcode date phone email year".split())
#: Subjects whose ids may repeat in a list of something else.
_OTHERS_IDS = _PEOPLE_AND_PLACES | frozenset("account costcentre taxno personno iban bic bank department contract policy asset meter batch barcode serial shelf".split())
#: Meanings that may be below zero at another time.
_SIGNED = frozenset("balance temperature margin discount debit credit opening closing depreciation deduction".split())
#: Readers whose values identify the field, if only one column has them.
_TELLING = ("email", "phone", "date", "date_time", "money")
#: The common reader for two readers of one field.
_TOGETHER = (("date_time", {"date"}), ("money", {"number"}), ("code", {"iban", "number"}), ("text", {"person_name", "code", "number", "iban"}))


@dataclass(eq=False)
class InferredField:
    """A field of the new configuration. ``checks``: ``required``, ``unique``, ``one_of``, ``not_negative``."""

    name: str
    label: str
    headers: list[str]
    read: str
    group: ColumnGroup
    checks: list[str] = field(default_factory=list)
    by_values: bool = False
    is_key: bool = False
    known: list[str] = field(default_factory=list)
    #: The samples without a column for it.
    absent: list[str] = field(default_factory=list)
    #: Its declaration as a part of a column.
    declared: FieldDeclaration | None = None

    @property
    def made(self) -> FieldDeclaration | None:
        """Returns its declaration, if tables were reshaped for it or it is a part of a column."""
        return self.declared or next((column.made for column in self.group.columns if column.made), None)


@dataclass(eq=False)
class InferenceResult:
    """The results from samples: ``fields``; ``left_out``: headers with the reason; the senders; and facts for a person."""

    fields: list[InferredField]
    left_out: list[tuple[str, str]]
    senders: list[SampleSender]
    questions: list[Question]

    @property
    def settings(self) -> dict[str, tuple[str, list[str]]]:
        """Returns the settings that no sender contradicts: value, and the headers that show it."""
        found = {}
        for name, value in shared(self.senders).items():
            shown = [header for sender in self.senders if name in sender.settings for header in sender.settings[name].headers]
            found[name] = value, list(dict.fromkeys(shown))
        return found


def infer(samples: Sequence[Sample], wishes: Sequence[Wish] = (), answers: UserAnswers | None = None) -> InferenceResult:
    """Returns the fields and settings that the samples show: all ``wishes``, and behind them the other findings as long as any
    wish has no column.
    """
    answers = answers or UserAnswers()
    grouping = Grouping(samples, answers.same)
    before = (
        WishedGroups(Grouping(samples), wishes, UserAnswers()).groups if wishes and (answers.same or answers.wished) else []
    )
    chosen = WishedGroups(grouping, wishes, answers, before)
    wished, questions = chosen.groups, chosen.questions()
    for question in questions:
        for other in question.others if question.one.columns else ():
            other.perhaps = question.one
    senders = senders_of(samples)
    sender_of = {sample.name: sender for sender in senders for sample in sender.samples}
    out: list[tuple[str, str]] = []
    kept = list(wished)
    for group in grouping.groups:
        if group.wish is not None:
            continue
        why = left_out(group.columns)
        of = {sender_of[column.sample] for column in group.columns}
        # A column that could be a wished one is kept, and so are all columns of several senders if a wish has no column.
        could_be = [
            may_be(wish, group) and grouping.can_join(wish, group) if wish.columns else len(senders) > 1 for wish in wished
        ]
        if why is None and wished and not any(could_be):
            why = "not one of the wanted columns"
        elif why is None and len(of) == 1 and len(senders) >= _MANY_SENDERS and not any(column.made and column.made.constant for column in group.columns):
            why = f"only {group.columns[0].sample} has it" + (f", and it may be the same as {quoted(group.perhaps.headers[0])}" if group.perhaps else "")
        if why is None:
            kept.append(group)
        else:
            out += [(header, why) for header in group.headers]
    named = {simplify(header) for group in grouping.groups for header in group.headers}
    aside = [column for column in grouping.aside if column.is_repeated or simplify(column.header) not in named]
    out += [(column.header or f"column {column.place + 1}", left_out([column]) or SAID_BY_A_COLUMN) for column in aside]
    names = _FieldNames(samples)
    fields = _joined([_parts(_field(group, names, samples)) for group in kept])
    _find_key(fields)
    _find_by_values(fields)
    for sender in senders:
        for name, value in answers.settings.get(sender.samples[0].name, {}).items():
            sender.settings[name] = SettingEvidence(value, YOU_SAID_SO, [])
            sender.open.pop(name, None)
    find_lacking(senders, [(field.name, field.group) for field in fields])
    return InferenceResult(fields, list(dict.fromkeys(out)), senders, questions)


class _FieldNames:
    """The names of fields: the header of the first English sample, or else the meaning of the headers in English."""

    def __init__(self, samples: Sequence[Sample]):
        self._taken: set[str] = set()
        self._english = {sample.name for sample in samples if is_english(column.header for table in sample.tables for column in table.columns)}
        self._said: dict[SampleColumn, str] = {}
        for table in (table for sample in samples for table in sample.tables):
            for column, some in zip(table.columns, meanings(table.columns)):
                # A header without Latin letters is named by one of its meanings, if there are several.
                is_clear = len(some) == 1 or not slug(column.header)
                if is_clear and not some[0].unknown and some[0].said:
                    self._said[column] = some[0].said

    def choose(self, group: ColumnGroup) -> tuple[str, str]:
        """Returns the name and the label of a field."""
        if group.wish is not None:
            wish = group.wish.header
            label = wish.replace("_", " ").capitalize() if re.fullmatch("[a-z][a-z0-9_]*", wish) else wish
            return self._free([slug(wish) or self._meant(group) or "column"]), label
        english = next((column for column in group.columns if column.sample in self._english), None)
        column = english or group.columns[0]
        names = [name for name in (english and slug(english.header), self._meant(group), slug(column.header)) if name]
        return self._free(names or [f"column_{column.place + 1}"]), label_of(column.header)

    def _meant(self, group: ColumnGroup) -> str | None:
        said = next((self._said[column] for column in group.columns if column in self._said), None)
        return slug(said) if said else None

    def _free(self, names: list[str]) -> str:
        """Returns the first of these names that no other field has, and a number behind the first only if all are taken."""
        found, number = next((name for name in names if name not in self._taken), names[0]), 1
        while found in self._taken:
            number += 1
            found = f"{names[0]}_{number}"
        self._taken.add(found)
        return found


def slug(header: str) -> str:
    """Returns a field's name: small letters, digits and underscores, beginning with a letter. Empty if the header has no Latin
    letters.
    """
    bare = header.partition("(")[0].partition("[")[0]
    text = (bare if simplify(bare) else header).replace("#", " no ").replace("%", " percent ")
    words = re.findall("[a-z0-9]+", simplify(words_apart(text)).lower())
    if not words or not any(letter.isascii() and letter.isalnum() for letter in text) and simplify(text).isascii() is False:
        return ""
    name = "_".join(words)
    return name if name[0].isalpha() else f"column_{name}"


def label_of(header: str) -> str:
    """Returns the header as people read it above a column: no colon or question mark behind it, and not in capitals throughout.
    """
    label = header.strip().rstrip(":?*").strip() or header
    return label[:1] + _lower(label[1:]) if label.isupper() and len(label) > 4 else label


def _lower(text: str) -> str:
    """Returns a text in small letters; that of the Turkish İ has no second dot."""
    return text.lower().replace("i\u0307", "i")


def _field(group: ColumnGroup, names: _FieldNames, samples: Sequence[Sample]) -> InferredField:
    name, label = names.choose(group)
    have = {column.sample for column in group.columns}
    absent = [sample.name for sample in samples if sample.name not in have]
    headers = _bare(group.headers)
    if simplify(label) != simplify(headers[0]) and group.wish is not None:
        headers = [label, *headers]
    found = InferredField(name, label, headers, _reader(group), group, absent=absent)
    if group.columns:
        _find_checks(found)
    return found


def _parts(field: InferredField) -> list[InferredField]:
    """Returns the fields of the parts that a field's cells have, or the field alone."""
    columns = field.group.columns
    if field.made or field.read not in ("text", "number") or not columns:
        return [field]
    texts = Counter(" ".join(text.split()) for column in columns for text in column.texts)
    found: list[InferredField] = []
    said = [reading for column in columns for reading in readings(column.header)]
    is_place = any({"town", "postcode"} & {*reading.what.split("+")} or reading.of == {"location"} for reading in said)
    for part, declared in parts_in(texts, field.name.upper(), field.read, is_place=is_place).items():
        required = [check for check in field.checks if check == "required" and part in ("number", "place")]
        one = replace(field, read=declared.reader or "text", checks=required, known=[], declared=declared)
        if part not in ("number", "place"):
            one.name, one.label = f"{field.name}_{part}", f"{field.label} {part}"
        if part not in ("number", "low", "place"):
            # Its column is that of the first part.
            one.headers, one.group = [one.label], replace(field.group, merges=[])
        found.append(one)
    return found or [field]


def _joined(fields: Sequence[list[InferredField]]) -> list[InferredField]:
    """Returns all fields. A field of its own that is called as a part, such as "unit", is that part, too, where it has no column.
    Other parts of a wished field are not wished.
    """
    alone = {parts[0].name: parts[0] for parts in fields if len(parts) == 1 and not parts[0].made}
    found: list[InferredField] = []
    for first, *others in fields:
        found.append(first)
        for one in others:
            part = one.declared.value.partition(".")[2] if one.declared else ""
            own = alone.pop("postcode" if part == "code" else part, None)
            if own is not None:
                own.declared = one.declared
            elif first.group.wish is None:
                found.append(one)
    return found


def _bare(headers: list[str]) -> list[str]:
    """Returns the headers in small letters, as people list them."""
    return list(dict.fromkeys(" ".join(_lower(header).split()) for header in headers))


def _reader(group: ColumnGroup) -> str:
    """Returns the reader for the values of all columns."""
    readers = list(dict.fromkeys(column.reader for column in group.columns))
    if not readers:
        return {"name": "person_name", None: "text"}.get(group.kind, group.kind or "text")
    if readers == ["number"] and _differ_in_percentages(group.columns):
        return "percent"
    if len(readers) == 1:
        return readers[0]
    if set(readers) == {"time", "duration"}:
        return Counter(column.reader for column in group.columns).most_common(1)[0][0]
    for reader, others in _TOGETHER:
        if set(readers) <= {reader, *others}:
            return reader
    return "text"


def _differ_in_percentages(columns: Sequence[SampleColumn]) -> bool:
    """Returns whether some senders write percentages as 0.25 or 25%, and others as 25."""
    if not any("percent" in reading.what for column in columns for reading in readings(column.header, column.kind)):
        return False
    return {max(column.numbers) <= 1 for column in columns if any(column.numbers)} == {True, False}


def _find_checks(field: InferredField) -> None:
    """Finds the checks that the values of all samples pass."""
    columns = field.group.columns
    records, filled = sum(column.rows for column in columns), sum(column.filled for column in columns)
    some = [reading for column in columns for reading in readings(column.header)]
    of = frozenset().union(*(reading.of for reading in some))
    what = {part for reading in some for part in reading.what.split("+")}
    if not field.absent and records >= _MIN_RECORDS and filled == records:
        field.checks.append("required")
    if field.read == "code" and records >= _MIN_RECORDS and filled >= 0.9 * records and not what & _NO_IDS and _never_repeat(columns):
        field.checks.append("unique")
        field.is_key = not of & _OTHERS_IDS
    if field.read == "text" and not what & _NO_LISTS and not of & _PEOPLE_AND_PLACES:
        field.known = _listed(columns)
        field.checks += ["one_of"] if field.known else []
    if field.read in ("money", "number") and not of & _SIGNED:
        numbers = [value for column in columns for value in column.values if isinstance(value, (int, float))]
        if len(numbers) >= _MIN_NUMBERS and min(numbers) >= 0:
            field.checks.append("not_negative")


def _never_repeat(columns: Iterable[SampleColumn]) -> bool:
    return all(count == 1 for column in columns for count in column.shown.values())


def _listed(columns: Sequence[SampleColumn]) -> list[str]:
    """Returns the few values that all samples repeat; empty if there are more, or too little evidence."""
    shown: Counter[str] = sum((column.shown for column in columns), Counter())
    least, most = _LISTED
    if not least <= len(shown) or any(len(column.shown) > most for column in columns):
        return []
    for column in columns:
        if len(column.shown) < least or column.filled < _EACH_ON_AVERAGE * len(column.shown) or min(column.shown.values()) < _EACH:
            return []
    written: dict[str, str] = {}
    for text in (text for column in columns for text in column.texts):
        written.setdefault(simplify(text) or text, text)
    # Three words and more are a remark.
    return [] if any(len(text.split()) > 3 for text in written.values()) else sorted(written.values(), key=str.lower)


def _find_key(fields: Sequence[InferredField]) -> None:
    """Keeps one of the ids that never repeat: the first that is not of somebody or something else, because a customer may order
    twice, or the first of all in a list of customers.
    """
    unique = sorted((field for field in fields if "unique" in field.checks), key=lambda field: min(column.place for column in field.group.columns))
    key = next((field for field in unique if field.is_key), unique[0] if unique else None)
    for field in unique:
        field.is_key = field is key and "required" in field.checks
        if field is not key:
            field.checks.remove("unique")


def _find_by_values(fields: Sequence[InferredField]) -> None:
    """Finds the fields that may be found by their values: lists, ids, and the only one of its kind."""
    alone = Counter(field.read for field in fields)
    for field in fields:
        field.by_values = not field.made and (bool(field.known) or "unique" in field.checks or field.read in _TELLING and alone[field.read] == 1)
