"""The tables of sample files as a run finds them without fields, the contents of their columns, and samples cut to some rows.

A sample is read like a file in a run: its tables are those that the looks of the sheets give.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

from ade_engine.cases.grids import GridBook, as_text, read_book, write_book
from ade_engine.cases.runner import FoundTable, tables_in
from ade_engine.fields.headers import simplify
from ade_engine.fields.readers import without_blank_rows
from ade_engine.inference.kinds import is_count, kind_of
from ade_engine.inference.pairs import pairs
from ade_engine.inference.shapes import (
    FieldDeclaration,
    ReshapePlan,
    declaring,
    fact_of_sheets,
    fact_of_title,
    facts_above,
    lines_of,
    shapes_of,
)
from ade_engine.inference.side import ComparableColumn
from ade_engine.inference.words import language_of
from ade_engine.models.errors import InputError
from ade_engine.models.notices import some_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from ade_engine.inference.words import Meaning
    from ade_engine.infrastructure.settings import Settings

    #: Loads the settings and the configuration, or another one's, with further settings.
    SettingsLoader = Callable[[Path | None, Sequence[str]], tuple[Settings, Path]]

#: The minimum share of equal columns for a table of a sample to belong to the same list as its largest one.
_SAME_LIST = 0.5
#: The maximum number of rows of a table for comparing columns, and for deciding how a column is written.
COMPARED_ROWS = 400
_NEARLY_ALL = 0.9
#: The maximum number of records of each table in a case.
CASE_ROWS = 20
#: The maximum number of ways to make its tables one record a row that a person is asked about.
_MAX_ASKED_SHAPES = 3
#: The setting, and its value, for a reading.
_MEANS = {"day-first": ("date_order", "dmy"), "month-first": ("date_order", "mdy"), "decimal comma": ("decimal_mark", ","), "decimal point": ("decimal_mark", ".")}


class SampleError(Exception):
    """A sample, or a file of wished columns, that teaches nothing: a ``code`` and a message that names the file."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


@dataclass(eq=False, kw_only=True)
class SampleColumn(ComparableColumn):
    """A column of a sample. ``header``: as it is written, on one line, ``""`` if it has none; ``place``: its position from 0;
    ``reader`` and ``reading``: how its values are read and were.
    """

    sample: str
    place: int
    rows: int
    #: The number of filled cells, unreadable ones included.
    filled: int
    reader: str
    reading: dict[str, Any]
    #: Whether an earlier column of the table has the same header.
    is_repeated: bool = False
    #: The declaration of its field, if the table was reshaped.
    made: FieldDeclaration | None = None
    #: The possible meanings of its header, and whether its days are the earliest or the latest, beside the other columns of its
    #: table.
    means: tuple[Meaning, ...] = ()
    role: str | None = None
    #: Its roles in the arithmetic of its table.
    made_as: set[tuple[str, bool]] = field(default_factory=set)

    def first(self, rows: int) -> ComparableColumn:
        """Returns it with the first rows only."""
        return ComparableColumn(self.headers, self.kind, self.values[:rows], [(self.means, self.header)] if self.means else ())

    @property
    def name(self) -> tuple[str, str]:
        """Returns its name in answers: its sample and its header."""
        return self.sample, self.header

    @property
    def is_of_form(self) -> bool:
        """Returns whether it was made from text beside a table, and is the same for all its records."""
        return self.made is not None and self.made.keyword == "beside" and self.made.value != "section"

    @cached_property
    def shape(self) -> str:
        """Returns the shape of nearly all its values, with A for letters and 9 for digits; empty if they do not have both."""
        shapes = Counter(re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", text)) for text in self.texts[:COMPARED_ROWS])
        shape, count = shapes.most_common(1)[0] if shapes else ("", 0)
        return shape if count >= _NEARLY_ALL * sum(shapes.values()) and "9" in shape and "A" in shape else ""


@dataclass(eq=False)
class SampleTable:
    """A table of a sample file."""

    sample: str
    title: str
    columns: list[SampleColumn]
    rows: int

    @property
    def headers(self) -> set[str]:
        return {simplify(column.header) for column in self.columns} - {""}


@dataclass(eq=False)
class Sample:
    """A sample file: ``name`` for people, the tables of its list, and the titles of sheets that hold other tables."""

    name: str
    path: Path
    tables: list[SampleTable]
    others: list[str]
    found: list[FoundTable]
    #: The reshapes that make its tables one record a row, and those that would if somebody agrees.
    shapes: list[ReshapePlan] = field(default_factory=list)
    asked: list[ReshapePlan] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


def read_sample(
    name: str, path: Path, load: SettingsLoader, scratch: Path, said: Mapping[tuple[str, str], bool] = {}
) -> Sample:
    """Returns the tables of a sample, as records. ``load``: loads the settings and the configuration, or another one's, with
    further settings; ``said``: by sample and key the shapes that a person has agreed to, or not. Raises :class:`SampleError` if
    the sample teaches nothing.
    """
    settings, package = load(None, ())
    found = _tables_in(name, path, settings, package, scratch)
    likely = _shapes_in(found, path, settings)
    chosen = [shape for shape in likely if said.get((name, shape.key), shape.is_sure)]
    asked = [shape for shape in likely if not shape.is_sure and (name, shape.key) not in said]
    tables = [_table(name, one, one.headers) for one in found]
    reshaped = partial(_reshaped, name, path, load, scratch, found)
    while chosen:
        tried, lacking = reshaped(chosen)
        if not lacking:
            tables = tried
            break
        chosen = [shape for shape in chosen if shape is not lacking[0]]
    asked = [shape for shape in asked[:_MAX_ASKED_SHAPES] if _has_example(shape, reshaped([*chosen, shape]))]
    if not any(table.headers and len(table.columns) > 1 for table in tables):
        raise SampleError("input_error", f"{name}: no table with a header row was found")
    full = [table for table in tables if table.rows and table.headers]
    if not full:
        raise SampleError("input_error", f"{name}: the file has headers but no records; ADE needs records to infer fields")
    largest = max(full, key=lambda table: table.rows)
    same = [table for table in full if _common(table, largest) >= _SAME_LIST * max(len(table.headers), len(largest.headers))]
    others = [table.title for table in full if table not in same]
    return Sample(name, path, same, others, found, chosen, asked)


def _common(one: SampleTable, other: SampleTable) -> int:
    """Returns the number of columns of two tables that are the same by their words, or for another reason that can be named."""
    sides = [[column for column in table.columns if column.header] for table in (one, other)]
    return max(len(one.headers & other.headers), sum(pair.reason is not None for pair in pairs(*sides)))


def _tables_in(name: str, path: Path, settings: Settings, package: Path, scratch: Path) -> list[FoundTable]:
    error, found = tables_in(path, settings, package, scratch)
    if error is not None:
        raise SampleError(error["code"], error["message"] if name in error["message"] else f"{name}: {error['message']}")
    return found


def _shapes_in(found: Sequence[FoundTable], path: Path, settings: Settings) -> list[ReshapePlan]:
    """Returns the shapes that would make tables one record a row, each once, certain ones first."""
    try:
        sheets = read_book(path, settings).sheets
    except InputError:
        return []
    gathered = [shape for sheet in sheets if sheet.state == "visible" for shape in lines_of(sheet.rows)]
    if gathered:
        return gathered[:1]
    shapes: dict[str, ReshapePlan] = {}
    for table in found:
        own = shapes_of(table.headers, table.frame.rows()) if len(table.headers) == table.frame.width else []
        if table.header is not None:
            start = max((one.last + 1 for one in found if one.sheet == table.sheet and one.last < table.header), default=0)
            own += facts_above(sheets[table.sheet].rows, table.header, table.headers, start)
            own += [] if any(made.constant for one in own for made in one.made.values()) else fact_of_title(sheets[table.sheet].rows, table.header)
        for one in own:
            shapes.setdefault(one.key, one)
    largest = max(found, key=lambda table: table.frame.height, default=None)
    alike = [one.title for one in found if largest is not None and one.headers == largest.headers]
    for one in fact_of_sheets(alike):
        shapes.setdefault(one.key, one)
    return sorted(shapes.values(), key=lambda shape: not shape.is_sure)


def _reshaped(
    name: str, path: Path, load: SettingsLoader, scratch: Path, found: Sequence[FoundTable], shapes: Sequence[ReshapePlan]
) -> tuple[list[SampleTable], list[ReshapePlan]]:
    """Returns the tables as a run finds them with their shapes declared; and the shapes that it did not find."""
    _, package = load(None, ())
    folder = scratch / "reshaped"
    module = folder / "ade_config" / "columns" / "fields.py"
    module.parent.mkdir(parents=True, exist_ok=True)
    (folder / "ade_config" / "__init__.py").touch()
    if (package / "settings.toml").exists():
        shutil.copy(package / "settings.toml", folder)
    headers = dict.fromkeys(_in_one_line(header) for table in found for header in table.headers)
    module.write_text(declaring(headers, shapes), encoding="utf-8")
    more = ["drop_blank_rows=true", *(line.replace(" = ", "=") for one in shapes for line in one.settings)]
    if any(made.value == "section" for one in shapes for made in one.made.values()):
        more.append("group_rows=column")
    try:
        tables = _tables_in(name, path, *load(folder, more), scratch)
    except SampleError:
        # A shape that cannot be declared does not apply.
        return [], list(shapes)
    made = {label: declaration for shape in shapes for label, declaration in shape.made.items()}
    results = [_table(name, table, table.frame.columns, made) for table in tables]
    there = {column.header for table in results for column in table.columns if column.filled}
    return results, [one for one in shapes if not there.issuperset(one.made)]


def _has_example(shape: ReshapePlan, tried: tuple[list[SampleTable], list[ReshapePlan]]) -> bool:
    """Returns whether a shape makes records; it keeps some as an example."""
    tables, lacking = tried
    if not lacking and tables:
        columns = max(tables, key=lambda table: table.rows).columns
        rows = zip(*(column.values[:3] for column in columns if column.header))
        shape.rows = [" | ".join("" if value is None else as_text(value) for value in row) for row in rows]
    return bool(shape.rows)


def _in_one_line(header: Any) -> str:
    return " ".join(str(header or "").split())


def _table(sample: str, found: FoundTable, headers: Sequence[Any], made: Mapping[str, FieldDeclaration] = {}) -> SampleTable:
    frame = without_blank_rows(found.frame, found.frame.columns)
    columns: list[SampleColumn] = []
    known: set[str] = set()
    own = {simplify(_in_one_line(header)) for header in found.headers}
    for place, (name, written) in enumerate(zip(frame.columns, headers)):
        header = _in_one_line(written)
        one = made.get(header)
        if one is not None and one.keyword == "beside" and simplify(header) in own:
            # Another table has it in a form above.
            one = None
        series = frame.get_column(name)
        kind, reader, values, reading = kind_of(header, series)
        filled = sum(value is not None and str(value).strip() != "" for value in series.to_list())
        simple = simplify(header)
        columns.append(
            SampleColumn(
                (header,), kind, values, sample=sample, place=place, rows=frame.height, filled=filled, reader=one and one.reader or reader, reading=reading,
                is_repeated=bool(simple) and simple in known, made=one if one and one.keyword else None,
            )
        )  # fmt: skip
        known.add(simple)
    marks = {name: shown.value for name, shown in written_by(columns).settings.items()}
    for name, column in zip(frame.columns, columns) if marks else ():
        # A column without evidence is written like the others.
        if column.reading.get("by") in marks and column.reading.get("decided_by") != "evidence":
            column.kind, reader, column.values, _ = kind_of(column.header, frame.get_column(name), marks.get("date_order", "dmy"), marks.get("decimal_mark", "."))
            column.reader = column.reader if column.made else reader
    return SampleTable(sample, found.title, columns, frame.height)


def left_out(columns: list[SampleColumn]) -> str | None:
    """Returns why the columns of one header in all samples are no field, if they are none."""
    filled, rows = sum(column.filled for column in columns), sum(column.rows for column in columns)
    shown: Counter[str] = sum((column.shown for column in columns), Counter())
    if not filled:
        return "empty"
    if any(column.made for column in columns):
        # It was made to be a field.
        return None
    if not simplify(columns[0].header) and not columns[0].header.strip():
        return "without a header"
    if columns[0].is_repeated:
        return "an earlier column has the same header"
    if all(is_count(column.values) for column in columns):
        return "counts the rows"
    # A mark that is never set yet may be set in another month.
    if len(shown) == 1 and rows >= 5 and filled == rows and columns[0].kind != "boolean":
        return "the same in each row"
    if filled < 0.15 * rows and columns[0].kind == "text":
        return "filled in few rows only"
    return None


def cut(sample: Sample, settings: Settings, folder: Path, stem: str) -> tuple[Path, int]:
    """Writes a sample with the first records of each of its tables, as ``folder/stem`` with the extension of its format;
    returns the path, and the number of records that were left out.

    Rows below a table that was cut are left out with the other records: a total would not match the remaining ones.
    """
    try:
        book = read_book(sample.path, settings)
    except InputError as error:
        raise SampleError("input_error", str(error)) from error
    missing = 0
    for number, sheet in enumerate(book.sheets):
        places = sorted((table for table in sample.found if table.sheet == number), key=lambda table: table.first, reverse=True)
        below = len(sheet.rows)
        for place in places:
            gone = place.last + 1 - place.first - CASE_ROWS
            # A few more rows are no reason to cut.
            if gone > CASE_ROWS // 4:
                start = place.first + CASE_ROWS
                stop = below if place is places[0] else place.last + 1
                missing += gone
                del sheet.rows[start:stop]
                sheet.merged = [merged for merged in sheet.merged if merged[1] <= start or merged[0] > stop]
            below = place.first
    return write_book(_without_hidden(book), folder / stem), missing


def _without_hidden(book: GridBook) -> GridBook:
    """Returns the book with the visible sheets only: a case holds no more of a sender than it needs."""
    seen = [sheet for sheet in book.sheets if sheet.state == "visible"]
    return book.__replace__(sheets=seen or book.sheets)


def case_name(name: str, taken: set[str]) -> str:
    """Returns the name of a sample's case: letters and digits of its file's name."""
    stem = re.sub(r"[^a-z0-9]+", "-", simplify(Path(name).stem).lower()).strip("-") or "sample"
    found, number = stem, 1
    while found in taken:
        number += 1
        found = f"{stem}-{number}"
    taken.add(found)
    return found


class SettingEvidence(NamedTuple):
    """The value of a setting, the reason for it, and the headers of the columns that show it."""

    value: str
    why: str
    headers: list[str]


class WritingHabits(NamedTuple):
    """The ways in which columns write days and numbers: evident ones by name, open ones, and contradictory ones."""

    settings: dict[str, SettingEvidence]
    open: dict[str, list[SampleColumn]]
    mixed: dict[str, list[SampleColumn]]


def written_by(all_columns: Sequence[SampleColumn]) -> WritingHabits:
    """Returns the ways that columns show by evidence; open ones by the conventions of people who write such headers."""
    shown: dict[str, dict[str, list[SampleColumn]]] = {"date_order": {}, "decimal_mark": {}}
    unsure: dict[str, list[SampleColumn]] = {}
    for column in all_columns:
        reading = column.reading
        if reading.get("decided_by") == "evidence" and reading.get("read_as") in _MEANS:
            setting, value = _MEANS[reading["read_as"]]
            shown[setting].setdefault(value, []).append(column)
        elif reading.get("by") in shown:
            unsure.setdefault(reading["by"], []).append(column)
    found = WritingHabits({}, {}, {})
    language = language_of(column.header for column in all_columns)
    for setting, values in shown.items():
        if len(values) == 1:
            (value, columns) = next(iter(values.items()))
            headers = list(dict.fromkeys(column.header for column in columns))
            found.settings[setting] = SettingEvidence(value, f"shown by {some_of(headers, 3)}", headers)
        elif values:
            found.mixed[setting] = [column for columns in values.values() for column in columns]
        elif setting in unsure and language is not None and getattr(language, setting):
            found.settings[setting] = SettingEvidence(getattr(language, setting), f"no cell shows it, but the headers are {language.name}", [])
        elif setting in unsure:
            found.open[setting] = unsure[setting]
    return found
