"""Everything that openpyxl's objects answer to, asked of the engine's objects and of openpyxl's own.

Hooks meet a workbook, its sheets and their cells in four makes: the output, and sources that were ``.xlsx``, ``.csv``
or ``.xls``. The names come from openpyxl itself. Each is read, set to what it is, and, where it can be called, called
with the arguments in `openpyxl.toml`; a name that this does not have fails, so that nothing stays unknown. The
answers (type and content, or the kind of exception, and what the sheet is like afterwards) must be the same.
"""

import csv
import datetime as dt
import io
import itertools
import re
import warnings
from typing import Any

import openpyxl
import pytest
import xlrd
import xlwt
from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
from openpyxl.descriptors.serialisable import Serialisable
from openpyxl.styles.proxy import StyleProxy
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet.worksheet import Worksheet

from ade_engine.io.input.source import open_source
from conftest import everything
from describing import facts, plain, xml
from operations import NAMES, TABLES, EngineWritten, Written, lines
from raw_workbooks import RawWorkbook
from reading import value_of_xls

# The workbooks, twice -------------------------------------------------------------------------------------------------


class Pair:
    """The engine's workbook and openpyxl's with the same content."""

    def __init__(self, found: Any, expected: Any, sheets: list[Any]):
        self.books = found, expected
        #: Sheets as the engine hands them to hooks, and openpyxl's.
        self.sheets = list(zip(sheets, expected.worksheets))


def made(side: type[Written], folder: Any, *tables: str) -> Written:
    """A workbook after the steps of some entries."""
    written = side(folder, "book")
    for step in (step for table in tables for step in lines(TABLES["prepared"][table])):
        assert written.do((0, step)) == ("seen", None), step
    return written


def make_output(folder: Any, *tables: str) -> Pair:
    found, expected = (made(side, folder, "start", *(tables or ["of_output"])) for side in (EngineWritten, Written))
    return Pair(found.workbook, expected.workbook, found.sheets)


def make_untouched_output(folder: Any) -> Pair:
    return make_output(folder, "nothing")


def make_xlsx(folder: Any) -> Pair:
    path = folder / "book.xlsx"
    if not path.exists():
        made(Written, folder, "start", "of_output", "of_input").save()
    return opened(path, openpyxl.load_workbook(path, read_only=True, data_only=True))


def make_odd_xlsx(folder: Any) -> Pair:
    path = RawWorkbook(TABLES["odd_sheets"]).save(folder / "odd.xlsx")
    return opened(path, openpyxl.load_workbook(path, read_only=True, data_only=True))


def make_csv(folder: Any) -> Pair:
    path = folder / "Data.csv"
    text = 'name,count,when\r\nAnn,1,2024-02-29\r\n\r\n=1+1,#N/A,"2,5",extra\r\n,,\r\nBob,TRUE,\r\n'
    path.write_text(text)
    book = openpyxl.Workbook()
    book.active.title = "Data"
    for row in csv.reader(io.StringIO(text)):
        book.active.append(row)
    return opened(path, book)


def make_xls(folder: Any) -> Pair:
    path = folder / "book.xls"
    if not path.exists():
        write_xls(path)
    with xlrd.open_workbook(str(path), formatting_info=True) as source:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for sheet in source.sheets():
            expected = book.create_sheet(sheet.name)
            expected.sheet_state = ("visible", "hidden", "veryHidden")[sheet.visibility]
            for number in range(sheet.nrows):
                row = [value_of_xls(source, cell) for cell in sheet.row(number)]
                while row and row[-1] is None:
                    row.pop()
                expected.append(row)
            for first_row, last_row, first_column, last_column in sheet.merged_cells:
                expected.merge_cells(None, first_row + 1, first_column + 1, last_row, last_column)
    book.active = 1
    return opened(path, book)


def opened(path: Any, expected: Any) -> Pair:
    source = open_source(str(path))
    return Pair(source.workbook, expected, [sheet.worksheet for sheet in source.sheets])


def write_xls(path: Any) -> None:
    book = xlwt.Workbook()
    sheet, other, _, hidden = map(book.add_sheet, ("Data", "Other", "Empty", "Hidden"))
    cells = {(0, 0): "name", (0, 1): "", (0, 2): "count", (1, 0): "Ann", (1, 2): 1, (3, 0): "Bob", (3, 1): 2.5, (3, 2): True, (3, 3): "last", (5, 0): xlwt.Formula("1/0")}
    for place, value in cells.items():
        sheet.write(*place, value)
    sheet.write(4, 4, dt.datetime(2024, 2, 29, 12), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    sheet.row(6).set_cell_error(1, 42)
    sheet.write_merge(8, 9, 0, 2, "merged")
    other.write(2, 1, "x")
    other.write(4, 2, 7)
    hidden.visibility = 1
    book.set_active_sheet(1)
    book.save(str(path))


MAKES = {
    "output": make_output,
    "xlsx": make_xlsx,
    "csv": make_csv,
    "xls": make_xls,
    # By night: each is much like one above.
    **({"untouched output": make_untouched_output, "odd xlsx": make_odd_xlsx} if everything() else {}),
}
#: Cells that are asked, and the sheet that they are in.
CELLS = {make: [place.split("!") for place in places.split()] for make, places in TABLES["cells"].items()}


# Questions ------------------------------------------------------------------------------------------------------------

METHODS = {name: arguments for arguments, names in TABLES["methods"].items() for name in "".join(names).split()}


def answer(value: Any, depth: int = 0) -> Any:
    """An answer as plain values: the type that openpyxl's user sees, and the content."""
    kind = class_of(value)
    if value is None or isinstance(value, (int, float, str, bytes, dt.date, dt.time, dt.timedelta)):
        # The address of an object does not matter.
        return kind, re.sub(r" at 0x[0-9a-f]+", "", value) if isinstance(value, str) else value
    if isinstance(value, openpyxl.Workbook):
        return kind, value.sheetnames
    if isinstance(value, (Worksheet, ReadOnlyWorksheet)):
        return kind, value.title
    if isinstance(value, ReadOnlyCell):
        return kind, value.coordinate, plain(value.value), value.data_type
    if isinstance(value, EmptyCell):
        return kind
    if kind in ("Cell", "MergedCell"):
        return kind, value.coordinate, plain(value._value), value.data_type
    if isinstance(value, StyleProxy):
        return kind, answer(value._StyleProxy__target, depth)
    if isinstance(value, Serialisable) and value.__class__.__name__ not in ("CellRange", "MergedCellRange"):
        try:
            # The two workbooks may be a second apart.
            return kind, re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "now", xml(value))
        except Exception:
            return kind
    if depth > 4:
        return kind
    if isinstance(value, dict):
        return kind, [(str(key), answer(item, depth + 1)) for key, item in list(value.items())[:40]]
    if isinstance(value, (set, frozenset)):
        return kind, sorted(map(str, value))
    if hasattr(value, "__iter__") and kind not in ("CellRange", "MergedCellRange", "MultiCellRange", "PrintArea"):
        # Iterators are compared by their values, whatever their type.
        kind = "walk" if hasattr(value, "__next__") else kind
        return kind, [answer(item, depth + 1) for item in itertools.islice(value, 400)]
    if callable(value):
        return "callable"
    return kind, str(value) if type(value).__str__ is not object.__str__ and "0x" not in str(value) else None


def class_of(value: Any) -> str:
    """The name of an object's class, or of openpyxl's among those that it derives from."""
    for one in value.__class__.__mro__:
        if not one.__module__.startswith("ade_engine"):
            return one.__name__
    return "object"


def extent(sheet: Any) -> tuple:
    """Returns the facts about a sheet except the number of its cells, since some cells without a value may be missing."""
    return facts(sheet)[:-1]


def asked(code: str, names: dict[str, Any]) -> Any:
    """The result of an access: a value, or the type of the exception."""
    names = {**NAMES, "Worksheet": Worksheet, "ReadOnlyWorksheet": ReadOnlyWorksheet, "extent": extent, **names, "seen": None}
    try:
        exec(code, names)  # noqa: S102
        return answer(names["seen"])
    except Exception as error:
        if type(error) is NameError:
            # A slip in the tables.
            raise
        return "raised", class_of(error)


def owner_of(make: str, kind: str) -> type:
    """openpyxl's class of an object."""
    is_full = "xlsx" not in make
    return {"workbook": openpyxl.Workbook, "sheet": Worksheet if is_full else ReadOnlyWorksheet, "cell": openpyxl.cell.Cell if is_full else ReadOnlyCell}[kind]


def names_of(make: str, kind: str) -> list[str]:
    """The public names of an object of openpyxl's, and those of its class."""
    owner, book = owner_of(make, kind), openpyxl.Workbook()
    objects = {openpyxl.Workbook: book, Worksheet: book.active, ReadOnlyCell: ReadOnlyCell(None, 1, 1, 1), openpyxl.cell.Cell: book.active["A1"]}
    more = ("defined_names", "parent", "sheet_state", "title") if owner is ReadOnlyWorksheet else ()
    return [name for name in (*dir(objects.get(owner, owner)), *more) if not name.startswith("_")]


def questions(make: str, kind: str, name: str) -> list[str]:
    if name == "the protocol":
        return lines(TABLES["protocol"][kind])
    if callable(getattr(owner_of(make, kind), name, None)):
        return lines(TABLES["calls"][kind].get(name, ""))
    return [f"seen = it.{name}", f"it.{name} = it.{name}; seen = it.{name}", f"it.{name} = None; seen = it.{name}", f"seen = hasattr(it, {name!r})"]


SURFACE = [(make, kind, name) for make in MAKES for kind in ("workbook", "sheet", "cell") for name in ("the protocol", *names_of(make, kind))]


def count_of(make: str, kind: str, pair: Pair) -> int:
    """Returns the number of objects of a kind that are compared."""
    return {"workbook": 1, "sheet": len(pair.sheets), "cell": len(CELLS[make])}[kind]


def object_of(make: str, kind: str, pair: Pair, number: int) -> tuple[Any, Any, str]:
    """One object of a kind: the engine's, openpyxl's, and which that is."""
    if kind == "workbook":
        return (*pair.books, "")
    if kind == "sheet":
        return (*pair.sheets[number], f" of {pair.sheets[number][1].title}")
    place, key = CELLS[make][number]
    sheets = pair.sheets[int(place)]
    return (*(sheet[key] for sheet in sheets), f" of {key} in {sheets[1].title}")


def compare(make: str, kind: str, codes: list[str], folder: Any) -> list[str]:
    """Returns the answers of the engine that differ from openpyxl's."""
    lines, pair = [], None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for code in codes:
            changes = not code.startswith("seen = ")
            if changes or pair is None:
                pair = MAKES[make](folder)
            count = count_of(make, kind, pair)
            # Every object is read; a few show what becomes of changes.
            for number in range(min(count, 3) if changes else count):
                if changes and number:
                    pair = MAKES[make](folder)
                found, expected, which = object_of(make, kind, pair, number)
                answers = []
                for side, it in enumerate((found, expected)):
                    wb = pair.books[side]
                    ws = pair.sheets[0][side] if kind == "workbook" else it if kind == "sheet" else getattr(it, "parent", None)
                    path = folder / f"saved-{side}-{number}.xlsx"
                    path.unlink(missing_ok=True)
                    first = asked(code.removeprefix("~"), {"it": it, "wb": wb, "ws": ws, "path": path})
                    # The extents of the sheets show the effect on the rest of the workbook.
                    after = None if code.startswith(("seen = it.", "~")) or make in ("xlsx", "odd xlsx") else [asked(f"seen = extent(wb.worksheets[{n}])", {"wb": wb}) for n in range(2)]
                    answers.append((first, after))
                if answers[0] != answers[1]:
                    (left, left_after), (right, right_after) = answers
                    told = (left, right) if left != right else (left_after, right_after)
                    lines.append(f"{code}{which}: {str(told[0])[:300]} instead of {str(told[1])[:300]}")
    return lines


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("surface")


@pytest.mark.parametrize("make, kind, name", SURFACE, ids=[" ".join(entry) for entry in SURFACE])
def test_answers_are_those_of_openpyxl(folder, make, kind, name):
    codes = questions(make, kind, name)
    assert codes != [""], f"nothing is known of {name}: add a call of it to openpyxl.toml"
    assert compare(make, kind, codes, folder) == []


#: Methods after which there is less to ask.
CHANGING = ("byteswap", "clear", "pop", "popitem", "remove", "reverse")
#: Names of parts that say when they were made, or where they are.
VOLATILE = ("created", "modified", "buffer_info")


def is_callable(target: Any, name: str) -> bool:
    try:
        return callable(getattr(target, name))
    except Exception:
        return False


PART_OF = [(make, kind, part) for make in ("output", "xlsx", "csv", "xls") for kind, parts in TABLES["parts"].items() for part in parts.split()]


@pytest.mark.parametrize("make, kind, part", PART_OF, ids=[" ".join(entry) for entry in PART_OF])
def test_parts_are_those_of_openpyxl(folder, make, kind, part):
    """All objects that can be reached from a workbook, a sheet or a cell have the same names and give the same answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pair = MAKES[make](folder)
        for number in range(min(count_of(make, kind, pair), 6) if kind == "cell" else 1):
            found, expected, which = object_of(make, kind, pair, number)
            owners = asked(f"seen = it.{part}", {"it": found}), asked(f"seen = it.{part}", {"it": expected})
            assert owners[0] == owners[1], which
            if owners[0][0] in ("raised", "NoneType"):
                continue
            names = {"it": expected}
            exec(f"part = it.{part}", names)
            target = getattr(names["part"], "_StyleProxy__target", names["part"])
            for name in (name for name in dir(target) if not name.startswith("_")):
                code = f"part = it.{part}; seen = part.{name}"
                if name in VOLATILE:
                    continue
                if is_callable(target, name):
                    assert name in METHODS, f"nothing is known of {name} of {class_of(target)}: add its arguments to openpyxl.toml"
                    code += METHODS[name]
                    if name in CHANGING:
                        pair = MAKES[make](folder)
                        found, expected, which = object_of(make, kind, pair, number)
                assert asked(code, {"it": found}) == asked(code, {"it": expected}), code + which


@pytest.mark.parametrize("make", MAKES)
def test_the_engine_adds_no_names(folder, make):
    """An object has the public names of openpyxl's object, and names of the engine's own start with `_ade`."""
    pair = MAKES[make](folder)
    for kind in ("workbook", "sheet", "cell"):
        for number in range(count_of(make, kind, pair)):
            found, expected, which = object_of(make, kind, pair, number)
            if kind != "cell" or expected.__class__ is not EmptyCell:
                assert [name for name in set(dir(found)) ^ set(dir(expected)) if not name.startswith("_")] == [], which
