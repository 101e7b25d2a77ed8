"""Choosing sheets, finding tables in rows, headers and frames."""

import datetime as dt
import itertools
import zipfile

import pytest
from conftest import plugin, steps

from ade_engine.pipeline.finding.header_rows import DATA, HEADER, OTHER, RowKinds, find_tables

# Letters for kinds of rows: h header, d data, . another kind with values, _ an empty row.
KINDS = {"h": HEADER, "d": DATA, ".": OTHER, "_": OTHER, "D": DATA}


def tables_of(rows: str, *, merge: bool = True, best: int | None = None) -> list[tuple[int, int, int]]:
    """First row, header rows and last row of each table, counted from 1. `D` is an empty row that counts as data."""
    verdict = RowKinds(bytearray(KINDS[kind] for kind in rows), best)
    found = find_tables(verdict, lambda row: rows[row] in "_D", merge_stacked_headers=merge)
    return [(table.start + 1, table.header_rows, table.stop) for table in found]


@pytest.mark.parametrize("rows, expected", [
    ("..hdd._d", [(3, 1, 8)]), ("hhhd", [(1, 3, 4)]), ("h_hd", [(1, 1, 2), (3, 1, 4)]), ("hh.h", [(1, 2, 3), (4, 1, 4)]),
    # Data without a header takes the row above, or itself below an empty row; nothing opens in row 1.
    ("._.d", [(3, 1, 4)]), ("d._d", [(4, 1, 4)]),
    # A real header drops what was only inferred.
    (".d.hdhd", [(4, 1, 5), (6, 1, 7)]),
    # No table at all: the first row with a value.
    ("_..", [(2, 1, 3)]), ("", []),
])  # fmt: skip
def test_tables_are_found_in_the_kinds_of_rows(rows, expected):
    assert tables_of(rows) == expected


def test_the_most_headerlike_row_serves_when_there_is_no_table():
    assert tables_of("....", best=2) == [(3, 1, 4)] and tables_of("d", best=0) == [(1, 1, 1)]


def literally(rows: str, merge: bool) -> list[tuple[int, int, int]]:
    """The search for tables, written as simply as possible."""
    tables, current, inferred, data_seen = [], None, False, False
    for number, kind in enumerate(rows, 1):
        if kind == "h":
            if current is None or inferred:
                current, inferred, data_seen = [number, 1, len(rows)], False, False
            elif not data_seen and merge and number == current[0] + current[1]:
                current[1] += 1
            else:
                current[2] = number - 1
                tables.append(current)
                current, data_seen = [number, 1, len(rows)], False
        elif kind in "dD":
            if current is not None:
                data_seen = True
            elif number > 1:
                above_is_empty = rows[number - 2] in "_D"
                current, inferred, data_seen = [number if above_is_empty else number - 1, 1, len(rows)], True, True
    if current:
        tables.append(current)
    if not tables:
        first = next((number for number, kind in enumerate(rows, 1) if kind not in "_D"), None)
        if first:
            tables.append([first, 1, len(rows)])
    return [tuple(table) for table in tables]


@pytest.mark.parametrize("merge", [True, False])
def test_every_short_sheet_is_walked_as_the_contract_says(merge):
    for length in range(7):
        for rows in map("".join, itertools.product("hd._D", repeat=length)):
            assert tables_of(rows, merge=merge) == literally(rows, merge), rows


VOTES = """
def by_cell(*, row_values, **_):
    if row_values and isinstance(row_values[0], str) and ":" in row_values[0]:
        return {kind: float(score) for kind, score in (pair.split(":") for pair in row_values[0].split())}

def register(registry):
    registry.register_row_detector(by_cell, row_kind="data", priority=1)
"""


@pytest.mark.parametrize(
    "rows, regions",
    [
        # The highest total wins, also when it is zero or negative.
        (["x", "header:0", "data:1"], ["A2:A3"]),
        (["x", "header:-1 data:-2", "data:1"], ["A2:A3"]),
        # A draw goes to the kind that was scored first.
        (["x", "y", "header:1 data:1", "data:1"], ["A3:A4"]),
        (["x", "y", "data:1 header:1", "data:1"], ["A2:A4"]),
        # Other kinds only occupy a row.
        (["header:1", "note:9 data:1", "data:1"], ["A1:A3"]),
        # Without a table: the highest positive header total, the first on a draw.
        (["x", "header:1 note:2", "header:3 note:4", "header:3 note:4"], ["A3:A4"]),
        (["x", "header:-1 note:2", "header:0 note:4"], ["A1:A3"]),
    ],
)
@pytest.mark.parametrize("level", [10, 20])
def test_votes_decide_the_kinds_of_rows(run, rows, regions, level):
    outcome = run({}, [[row] for row in rows], rows=VOTES, level=level)
    assert outcome.result.error is None, outcome.result.error
    assert [table["structure"]["region"]["a1"] for table in outcome.tables] == regions


def test_totals_add_up_over_detectors(run):
    second = "lambda row_index: {scores} if row_index == 2 else {{}}"
    outcome = run({"row_detectors/more.py": f"""
        def register(registry):
            registry.register_row_detector({second.format(scores={"data": 0.75})}, row_kind="data", priority=1)
            registry.register_row_detector({second.format(scores={"data": 0.5, "header": -0.25})}, row_kind="data", priority=1)
    """}, [["a"], ["b"], ["c"]], rows=plugin("row", 'return {"header": 1.0}'))  # fmt: skip
    assert [table["structure"]["region"]["a1"] for table in outcome.tables] == ["A1:A2", "A3"]


def test_detectors_see_raw_cells_cut_after_the_last_value(run):
    moment = dt.datetime(2024, 5, 1, 6, 30)
    hooks = steps(
        row='state.setdefault("rows", []).append([sheet_name, row_index, [repr(v) for v in row_values]])',
        on_sheet_end='logger.info("rows", data={"rows": state["rows"]})',
    )
    outcome = run(hooks, [["a", None, 1.5, None], [], [True, moment, 7, " ", ""]])
    assert outcome.logged["rows"] == [["Sheet", 1, ["'a'", "None", "1.5"]], ["Sheet", 2, []], ["Sheet", 3, ["True", repr(moment), "7", "' '"]]]


def test_a_sheet_without_values_is_not_shown_to_detectors(run):
    outcome = run(steps(row="raise ValueError"), {"Empty": [], "Blank": [[], [None, ""]]})
    assert outcome.result.error is None and outcome.book.sheetnames == ["Empty", "Blank"]
    assert outcome.completed["evaluation"]["outcome"] == "failure"


def test_sheets_are_chosen_by_trimmed_names_in_workbook_order(run):
    sheets = {name: [["x"], [1]] for name in ("One", "Two", "Three")}
    assert run({}, sheets, input_sheets=["Three", " One ", "Three"]).book.sheetnames == ["One", "Three"]
    error = run({}, sheets, input_sheets=["One", "Four", "two"]).result.error
    assert error.code == "input_error" and "'Four'" in error.message and "'two'" in error.message


def test_hidden_sheets_are_left_out_and_cannot_be_asked_for(run, tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "Shown"
    for state in ("hidden", "veryHidden"):
        book.create_sheet(state).sheet_state = state
    book.save(tmp_path / "in.xlsx")
    assert run({}, tmp_path / "in.xlsx").book.sheetnames == ["Shown"]
    assert run({}, tmp_path / "in.xlsx", input_sheets=["hidden"]).result.error.code == "input_error"
    assert run({}, tmp_path / "in.xlsx", active_sheet_only=True).book.sheetnames == ["Shown"]
    # Saving a hidden sheet as the active one takes an editor of files: openpyxl would move on to the next.
    with zipfile.ZipFile(tmp_path / "in.xlsx") as old, zipfile.ZipFile(tmp_path / "odd.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/workbook.xml":
                data = data.replace(b'activeTab="0"', b'activeTab="1"')
            new.writestr(name, data)
    assert run({}, tmp_path / "odd.xlsx", active_sheet_only=True).result.error.code == "input_error"


def test_sheets_are_chosen_after_the_workbook_has_started(run):
    hook = steps(on_workbook_start='logger.info("sheets: " + ",".join(source_workbook.sheetnames))')
    outcome = run(hook, {"A": [["x"]], "B": [["x"]]}, input_sheets=["missing"])
    assert outcome.result.error.code == "input_error" and outcome.named("log")[0]["message"] == "sheets: A,B"


NAMES = steps(on_table_mapped="""
    data = {name: [str(dtype), [None if v is None else str(v) for v in table[name].to_list()]] for name, dtype in table.schema.items()}
    logger.info("table", data={"table": data, "region": source_region.a1})
""")


def frame_of(run, data, **options):
    outcome = run(NAMES, data, **options)
    assert outcome.result.error is None, outcome.result.error
    return outcome.logged


@pytest.mark.parametrize(
    "headers, cells",
    [
        ([" A ", "A", "a", None, "A", "  "], {"A": 1, "A__2": 2, "a": 3, "col_4": 4, "A__3": 5, "col_6": 6, "col_7": 7}),
        # Generated names count like any other.
        ([None, "col_1", "A", "A", "A__2"], {"col_1": 1, "col_1__2": 2, "A": 3, "A__2": 5, "col_6": 6, "col_7": 7}),
        # What is no text is named by `str`.
        ([78.44, dt.datetime(2024, 5, 14), 5, True, "b", "c", "d"], {"78.44": 1, "2024-05-14 00:00:00": 2, "5": 3, "True": 4, "b": 5, "c": 6, "d": 7}),
    ],
)
def test_frame_names_are_trimmed_numbered_and_unique(run, headers, cells):
    data = frame_of(run, [headers, [1, 2, 3, 4, 5, 6, 7]])
    assert [(name, values) for name, (_, values) in data["table"].items()] == [(name, [str(cell)]) for name, cell in cells.items()]
    assert data["region"] == "A1:G2"


TWO_HEADER_ROWS = plugin("row", 'return {"header": 1.0} if row_index <= 2 else {"data": 1.0}', "*, row_index, **_")


def test_stacked_headers_are_joined_by_column(run):
    rows = [["Net ", " unit\n  price", None, "Qty", 2024], ["net", "EUR", " x ", None, dt.datetime(2024, 1, 2), "more"], [1, 2, 3, 4, 5]]
    data = frame_of(run, rows, rows=TWO_HEADER_ROWS)
    assert list(data["table"]) == ["Net", "unit price EUR", "x", "Qty", "2024 2024-01-02 00:00:00", "more"]
    assert data["region"] == "A1:F3"


def test_with_stacking_off_each_header_row_has_its_table(run):
    outcome = run({}, [["a"], ["b"], [1]], rows=TWO_HEADER_ROWS, settings={"merge_stacked_headers": False})
    assert outcome.rows() == [["a"], [None], ["b"], [1]]


def test_a_header_without_data_is_a_table_without_rows(run):
    data = frame_of(run, [["a", None, "c"]])
    assert data["table"] == {"a": ["Null", []], "col_2": ["Null", []], "c": ["Null", []]}
