"""Declarations that make the tables of a file one record a row: columns that are stacked, names that are filled down, cells
that are split, section heads, records in lines, and facts beside a table.

The native half recognizes the shape of a table (``ade shape`` prints it); here it becomes the arguments of fields. Declarations
are tried: the file is read once more with these fields, as a run reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ade_engine import _native
from ade_engine.cases.grids import as_text
from ade_engine.fields.beside import MAX_ROWS_ABOVE
from ade_engine.fields.header_series import SERIES, belongs
from ade_engine.fields.headers import simplify
from ade_engine.inference.edit import and_, quoted
from ade_engine.models.table import ends_with_colon, is_blank

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

#: The minimum likelihood for a question.
_ASKED = 0.5
#: The maximum number of rows of a table that are examined.
_MAX_ROWS = 4_000
#: The label and the reader of the field that a series of headers becomes.
_OF_SERIES = {
    "months": ("Month", "month"), "quarters": ("Quarter", "quarter"), "years": ("Year", "year"), "weeks": ("Week", "week"),
    "dates": ("Date", "date"), "weekdays": ("Day", "text"), "numbers": ("Number", "number"),
}  # fmt: skip
#: The maximum length of a form's label in characters.
_MAX_LABEL_CHARS = 40
_PERIOD = re.compile(r"(?:[^\W\d_]{3,9}\.?\s+)?(?:19|20)\d\d(?:[-/.]\d{1,2}(?:[-/.]\d{1,2})?)?\b|\bQ[1-4]\b")


@dataclass(frozen=True)
class FieldDeclaration:
    """The declaration of a field in a reshaped table: an argument of ``Field`` in source form, and the reason. ``reader``:
    given if the header does not decide it; ``constant``: the name and the value of its stack.
    """

    keyword: str
    value: str
    why: str = ""
    reader: str | None = None
    constant: tuple[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.keyword}={self.value}"


@dataclass(eq=False)
class ReshapePlan:
    """A way to make the tables of a file one record a row. ``key`` names it in answers; ``words``: the look of the file."""

    key: str
    words: str
    why: str
    is_sure: bool
    #: The fields that it makes or changes, by their labels.
    made: dict[str, FieldDeclaration] = field(default_factory=dict)
    #: The simplified headers of columns that are then no fields.
    gone: set[str] = field(default_factory=set)
    #: The simplified headers of adjacent columns that may be their totals.
    totals: set[str] = field(default_factory=set)
    settings: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    #: The first records, for a person to check.
    rows: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """Returns the lines of code to write."""
        constants = dict.fromkeys(f"{name} = {value}" for name, value in filter(None, (declaration.constant for declaration in self.made.values())))
        return [*self.settings, *constants, *(f"Field({quoted(label)}, {made})" for label, made in self.made.items() if made.keyword)]


def shapes_of(headers: Sequence[Any], rows: Sequence[Sequence[Any]]) -> list[ReshapePlan]:
    """Returns the shapes that probably make a table one record a row. ``headers``: the contents of its header cells."""
    texts = [" ".join(as_text(header).split()) for header in headers]
    found = _native.propose_shapes([texts, *([as_text(cell) for cell in row] for row in rows[:_MAX_ROWS])])
    steps, confidence, is_sure, reasons, doubts = next(((shape for shape in found if shape[0])), ([], 0.0, False, [], []))
    if not steps or found[0][0] != steps or not is_sure and confidence < _ASKED:
        return []
    if any(operator in ("transpose", "pivot") for operator, *_ in steps[:-1]):
        # Later steps name columns that the table does not have yet.
        return []
    shape = ReshapePlan("", "", "; ".join(reasons), is_sure)
    words = []
    for step in steps:
        said = _declared(shape, step, headers, texts, rows)
        if said is None:
            return []
        words.append(said)
    shape.key = " ".join(f"{operator} {' '.join(map(str, places))}".strip() for operator, places, _ in steps)
    shape.words = ", and ".join(words)
    shape.doubts = doubts
    return [shape]


def _declared(shape: ReshapePlan, step: tuple[str, list[int], str | None], headers: Sequence[Any], texts: list[str], rows: Sequence[Sequence[Any]]) -> str | None:
    """Declares a step, and returns a description of the table; ``None`` if it cannot be declared."""
    operator, places, mark = step
    why = shape.why
    if operator in ("stack", "wide_to_long"):
        return _stacked(shape, range(places[0], places[1] + 1), headers, texts, rows, is_groups=operator != "stack")
    if operator == "ffill":
        names = texts[: places[0] + 1]
        if not all(names):
            return None
        shape.made.update({name: FieldDeclaration("fill_down", "True", why) for name in names})
        return f"{and_(names)} {'is' if len(names) == 1 else 'are'} written once for several rows"
    if operator == "explode":
        name = texts[places[0]]
        if not name or mark is None:
            return None
        shape.made[name] = FieldDeclaration("split", quoted(mark), why)
        return f"a cell of {name} holds several values"
    if operator == "subtitle":
        shape.made["Section"] = FieldDeclaration("beside", "section", why)
        return "lines between the records name the section of the rows below them"
    if operator == "pivot":
        shape.settings.append("line_records = true")
        labels = dict.fromkeys(texts[0].rstrip(" :") if at < 0 else as_text(rows[at][0]).strip().rstrip(" :") for at in range(-1, min(len(rows), places[0] * 20)))
        shape.made.update({label: FieldDeclaration("", "") for label in labels if label})
        return "each record is a block of lines, each with a label and its value"
    # A run that knows the names turns a table on its side.
    labels = [simplify(texts[0]) and texts[0], *(as_text(row[0]).strip() for row in rows)]
    shape.made.update({label: FieldDeclaration("", "") for label in labels if label})
    return "each record is a column, with the field names on the left"


def _stacked(shape: ReshapePlan, places: range, headers: Sequence[Any], texts: list[str], rows: Sequence[Sequence[Any]], *, is_groups: bool) -> str | None:
    """Declares columns as a stack."""
    cells = [headers[at] for at in places]
    names = [texts[at] for at in places]
    values: dict[str, str] = {}
    if is_groups:
        found = _groups_of(names)
        if found is None:
            return None
        series, values = found
        inside = f'"{series}", values={{{", ".join(f"{quoted(name)}: [{quoted(word)}]" for name, word in values.items())}}}'
    else:
        series = next((series for series in SERIES if all(belongs(series, cell) for cell in cells)), "")
        inside = f'"{series}"' if series else f"[{', '.join(map(quoted, names))}]"
        if not all(names) or not series and len({simplify(name) for name in names}) < len(names):
            return None
    key, reader = _OF_SERIES.get(series, ("Column", "text"))
    constant = series.upper() or "COLUMNS"
    taken = {simplify(text) for at, text in enumerate(texts) if at not in places}
    label = key if simplify(key) not in taken else f"{key} of the column"
    parts = {word: f"{constant}[{quoted(name)}]" for name, word in values.items()} or {"Amount" if "amount" not in taken else "Value": f"{constant}.value"}
    why, stack = shape.why, (constant, f"Stack({inside})")
    shape.made[label] = FieldDeclaration("part_of", f"{constant}.header", why, reader, stack)
    shape.made.update({word: FieldDeclaration("part_of", part, "", None, stack) for word, part in parts.items()})
    shape.gone |= {simplify(name) for name in names}
    for beside in (range(places.start - 1, -1, -1), range(places.stop, len(texts))):
        for at in beside:
            if any(letter.isalpha() for row in rows[:_MAX_ROWS] for letter in as_text(row[at])):
                break
            shape.totals.add(simplify(texts[at]))
    held = and_(list(values.values())) if values else "one value" if series else "values of one field"
    return f"the {len(names)} columns {names[0]} to {names[-1]} have {held}{f' for each {key.lower()}' if series else ''}"


def _groups_of(names: list[str]) -> tuple[str, dict[str, str]] | None:
    """Returns the series of a row of column groups, and its values: words by names. ``None`` if their headers are not made of
    both.
    """
    for series in SERIES:
        for is_first in (True, False):
            parts = [_parted(series, name, is_first) for name in names]
            if all(part is not None for part in parts):
                words = dict.fromkeys(word for _, word in parts)
                keys = dict.fromkeys(key for key, _ in parts)
                if len(words) > 1 and len(keys) > 1 and len(words) * len(keys) >= len(names) > len(keys):
                    return series, {re.sub(r"\W+", "_", simplify(word).lower()).strip("_") or f"value_{at}": word for at, word in enumerate(words)}
    return None


def _parted(series: str, name: str, is_first: bool) -> tuple[str, str] | None:
    """Returns the longest part of a header that belongs to a series, at its beginning or at its end, and the rest."""
    words = re.split(r"([\s:/–-]+)", name)
    for count in range(len(words) - 2, 0, -2):
        parts = words[:count], words[count + 1 :]
        key, rest = map("".join, parts if is_first else (words[-count:], words[: -count - 1]))
        if belongs(series, key):
            return key, rest
    return None


def facts_above(rows: Sequence[Sequence[Any]], header: int, headers: Iterable[Any] = (), start: int = 0) -> list[ReshapePlan]:
    """Returns the labels of a form above a table, each with its value. ``header``: the row of the table's header, from 0;
    ``headers``: its cells; ``start``: the row behind the table above.
    """
    known = {simplify(as_text(header)) for header in headers}
    labels: dict[str, bool] = {}
    for cells in reversed(rows[max(start, header - MAX_ROWS_ABOVE) : header]):
        filled = [cell for cell in cells if not is_blank(cell)]
        if len(filled) > 2 and not any((found := _label(cell, ("",))) and found[1] for cell in filled):
            # A record of the table above; the colon of a time does not end a label.
            break
        pairs = [one for at, cell in enumerate(filled) if (one := _label(cell, filled[at + 1 : at + 2]))]
        for label, is_sure in pairs:
            if simplify(label) not in known:
                labels.setdefault(label, is_sure)
    shapes = []
    for is_sure in (True, False):
        names = [label for label, sure in reversed(labels.items()) if sure is is_sure]
        # A text beside another one may be anything.
        if names and (is_sure or len(names) > 1):
            made = {
                name: FieldDeclaration("beside", f"label({quoted(name)})", "from a form above the table") for name in names
            }
            shapes.append(ReshapePlan(f"label {' '.join(map(simplify, names))}", f"{and_(names)} {'is' if len(names) == 1 else 'are'} in a form above the table", "each label has its value beside it", is_sure, made))
    return shapes


def _label(cell: Any, behind: Sequence[Any]) -> tuple[str, bool] | None:
    """Returns the label in a cell of a form, and whether it surely is one: with a colon."""
    if not isinstance(cell, str) or not cell.strip() or len(cell) > _MAX_LABEL_CHARS + 60:
        return None
    label, colon, own = (" ".join(part.split()) for part in cell.replace("：", ":").partition(":"))
    if not label or not label[0].isalpha() or len(label) > _MAX_LABEL_CHARS or any(letter.isdigit() for letter in label):
        return None
    has_value = bool(own) or bool(behind) and not ends_with_colon(behind[0])
    return (label, bool(colon)) if has_value and (colon or behind) else None


def fact_of_title(rows: Sequence[Sequence[Any]], header: int) -> list[ReshapePlan]:
    """Returns the shapes for a month or a year in a line above a table."""
    for cells in reversed(rows[max(0, header - 6) : header]):
        filled = [cell for cell in cells if not is_blank(cell)]
        line = " ".join(filled[0].split()) if len(filled) == 1 and isinstance(filled[0], str) else ""
        found = _PERIOD.search(line)
        if found and ":" not in line:
            series = next((series for series in ("months", "quarters", "years", "dates") if belongs(series, found[0])), None)
            if series is None:
                continue
            label, reader = _OF_SERIES[series]
            before = re.escape(line[: found.start()].strip()).replace(r"\ ", " ")
            pattern = f"{before} (.+)" if before and found.end() == len(line) else f"({_PERIOD.pattern.partition('|')[0]})"
            made = FieldDeclaration("beside", f"title(r{quoted(pattern)})" if '"' not in pattern else f"title({quoted(pattern)})", "from a line above the table", reader)
            return [ReshapePlan(f"title {series}", f"the line {line!r} above the table gives the {label.lower()} of its records", "it has a date or a period, and the table may have none", False, {label: made})]
    return []


def fact_of_sheets(titles: Sequence[str]) -> list[ReshapePlan]:
    """Returns the shapes for titles of sheets with the same table, if they name something."""
    distinct = list(dict.fromkeys(titles))
    if len(distinct) < 2 or len(distinct) < len(titles):
        return []
    stems = {re.sub(r"[\d()\s]+$", "", title).lower() for title in distinct}
    if len(stems) == 1 and any(title[-1:].isdigit() for title in distinct):
        return []
    first = distinct[0].split()[0] if " " in distinct[0] else ""
    is_named = bool(first) and first.isalpha() and all(title.startswith(f"{first} ") for title in distinct)
    series = next(
        (series for series in ("months", "quarters", "years") if all(belongs(series, title) for title in distinct)), None
    )
    label, reader = _OF_SERIES[series] if series else (first if is_named else "Sheet", None)
    value = f'sheet_name(r"{re.escape(first)} (.+)")' if is_named and not series else "sheet_name"
    made = {label: FieldDeclaration("beside", value, "each sheet has the same table, and the sheet titles tell them apart", reader)}
    return [ReshapePlan("sheet_name", f"{len(distinct)} sheets have the same table: {and_(distinct[:3])}{', …' if len(distinct) > 3 else ''}", "only the sheet titles tell them apart", True, made)]


def lines_of(rows: Iterable[Sequence[Any]]) -> list[ReshapePlan]:
    """Returns the shapes for a sheet that is made of labels with their values below one another."""
    filled = [[cell for cell in cells if not is_blank(cell)] for cells in rows]
    filled = [cells for cells in filled if cells][:_MAX_ROWS]
    pairs = [cells for cells in filled if len(cells) == 2 and isinstance(cells[0], str)]
    labels = [simplify(cells[0].rstrip(" :")) for cells in pairs]
    if len(pairs) < 4 or len(pairs) < 0.9 * len(filled) or len(set(labels)) * 2 > len(labels):
        return []
    found = [shape for shape in shapes_of(pairs[0], pairs[1:]) if shape.settings]
    for shape in found:
        # The same labels again and again, and nothing else, are no coincidence.
        shape.is_sure |= len({labels.count(label) for label in set(labels)}) == 1 and len(labels) >= 3 * len(set(labels))
    return found


def declaring(labels: Iterable[str], shapes: Sequence[ReshapePlan]) -> str:
    """Returns a module of fields without readers for trying a file. ``labels``: the headers of its columns."""
    made = {label: declaration for shape in shapes for label, declaration in shape.made.items()}
    gone = set().union(*(shape.gone | shape.totals for shape in shapes))
    constants = dict(declaration.constant for declaration in made.values() if declaration.constant)
    fields: dict[str, str] = {}
    for label in (*labels, *made):
        simple = simplify(label)
        if simple and simple not in gone:
            argument = str(made[label]) if label in made and made[label].keyword else ""
            headers = f"headers=[{quoted(label)}]"
            fields.setdefault(simple, f"    Field({quoted(f'c{len(fields)}')}, {quoted(label)}, {', '.join(filter(None, (headers, argument)))}),")
    lines = ["from ade_engine.fields import *", *(f"{name} = {value}" for name, value in constants.items()), "FIELDS = [", *fields.values(), "]"]
    return "\n".join([*lines, "def register(registry):", "    for field in FIELDS:", "        field.register(registry)", ""])
