"""What reading a file brings to light: notices, filled merged ranges, and what hooks and transforms may ask for."""

import datetime as dt
from decimal import Decimal

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill
from conftest import FIRST_ROW_IS_HEADER, plugin, write_xls
from raw_workbooks import RawWorkbook

from ade_engine.io.input.source import open_source
from ade_engine.fields.header_unit import header_unit
from ade_engine.pipeline.shared.row_numbers import rows_in_words

#: The first row that says so is the header; rows below have data.
HEADER_BY_WORDS = """
def header(*, row_values, **_):
    return {"header": 1.0} if "region" in row_values else None

def data(*, row_values, **_):
    return {"data": 0.5} if sum(value is not None for value in row_values) > 1 else None

def register(registry):
    registry.register_row_detector(header, row_kind="header", priority=1)
    registry.register_row_detector(data, row_kind="data", priority=1)
"""


@pytest.fixture
def noticed(succeed, tmp_path):
    """Run as `ade` does with rows of `HEADER_BY_WORDS`, and return the notices. A book of openpyxl's is saved before."""

    def execute(data, config=(), rows=HEADER_BY_WORDS, **options):
        if isinstance(data, openpyxl.Workbook):
            data.save(tmp_path / "book.xlsx")
            data = tmp_path / "book.xlsx"
        execute.outcome = succeed(dict(config), data, rows=rows, **options)
        return execute.outcome.noticed["notices"]

    return execute


def book_of(rows, merged=(), hidden=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for area in merged:
        book.active.merge_cells(area)
    for row in hidden:
        book.active.row_dimensions[row].hidden = True
    return book


def cells_of(path, *, touch=None, **options):
    """The cells of the first sheet as tables get them, after a hook has touched it."""
    source = open_source(str(path), scan_ahead=False)
    source.load()
    sheet = source.sheets[0]
    if touch is not None:
        touch(sheet.worksheet)
    scan = source.scan(sheet, **{"max_empty_rows_run": 1000, "max_empty_cols_run": 500, "fill_merged": True, **options})
    rows = scan.rows(0, scan.rows_emitted)
    for column in range(scan.width):
        padded = [row[column] if column < len(row) else None for row in rows]
        assert scan.values(column, 0, scan.rows_emitted) == padded
    return rows


def merged_book(path, rows, ranges, title="Pay"):
    """A workbook whose merged ranges are written as they are given, which openpyxl would not do."""
    cells = "".join(
        f'<row r="{number}">'
        + "".join(f'<c r="{chr(65 + column)}{number}" t="inlineStr"><is><t>{value}</t></is></c>' for column, value in enumerate(row) if value is not None)
        + "</row>"
        for number, row in enumerate(rows, 1)
    )
    merged = "".join(f'<mergeCell ref="{area}"/>' for area in ranges)
    return RawWorkbook({title: f"<sheetData>{cells}</sheetData><mergeCells>{merged}</mergeCells>"}).save(path)


GROUPED = [["Payroll"], ["region", "name"], ["North", "Ann"], [None, "Bob"], [None, "Cid"], ["South", "Dan"]]


# Formulas -----------------------------------------------------------------------------------------------------------


def formulas_book(path, cells):
    rows = "".join(f'<row r="{number}"><c r="B{number}"{cell}</c></row>' for number, cell in enumerate(cells, 3))
    header = '<row r="2"><c r="B2" t="inlineStr"><is><t>region</t></is></c></row>'
    return RawWorkbook({"Pay": f"<sheetData>{header}{rows}</sheetData>"}).save(path)


def test_formulas_without_a_saved_value_are_counted(noticed, tmp_path):
    path = formulas_book(tmp_path / "pay.xlsx", [
        "><f>A1</f><v>5</v>", ' t="str"><f>A1</f><v></v>', "><f>A1</f>", "><f>A1</f><v/>",
        ' t="shared"><f t="shared" si="0"/><v></v>', ' t="str"><f>A1</f>', "><v>7</v>", "/><c>",
    ])
    (notice,) = noticed(path)
    assert notice == {
        "code": "formulas_without_value",
        "level": "warning",
        "message": "sheet 'Pay': 4 formulas have no saved value, the first in B5; their cells are read as empty. "
        "Open the file in a spreadsheet program and save it once.",
        "sheet": "Pay",
        "count": 4,
        "cells": ["B5"],
    }


def test_formulas_that_openpyxl_wrote_have_no_saved_value(noticed):
    book = book_of([["region", "n"], ["a", 1], ["b", "=B2+1"]])
    book.active.title = "Pay"
    other = book.create_sheet("Other")
    other.append(["region"])
    other.append(["=Pay!B2"])
    first, second = noticed(book)
    assert (first["sheet"], first["count"], first["cells"]) == ("Pay", 1, ["B3"])
    assert first["message"].startswith("sheet 'Pay': the formula in B3 has no saved value; its cell is read as empty.")
    assert (second["sheet"], second["cells"]) == ("Other", ["A2"])
    # Only sheets that are processed count.
    (only,) = noticed(book, input_sheets=["Other"])
    assert only["sheet"] == "Other"


def test_where_a_scan_ends_early_formulas_are_counted_up_to_there(noticed, tmp_path):
    path = formulas_book(tmp_path / "pay.xlsx", ["><f>A1</f>"] * 8)
    (notice,) = noticed(path, settings={"max_empty_rows_run": 3})
    assert notice["count"] == 3 and "at least 3 formulas have no saved value, the first in B3" in notice["message"]


# Merged ranges ------------------------------------------------------------------------------------------------------


def test_merged_ranges_in_a_table_are_a_warning(noticed, tmp_path):
    path = merged_book(tmp_path / "pay.xlsx", GROUPED, ["A1:B1", "A3:A5", "A6:A9", "D1:D9"])
    (notice,) = noticed(path)
    assert notice == {
        "code": "merged_cells",
        "level": "warning",
        "message": "sheet 'Pay': 2 merged ranges (first A3:A5) have a value in the first cell only. "
        "`fill_merged = true` in settings.toml gives it to all cells of a range.",
        "sheet": "Pay",
        "count": 2,
        "cells": ["A3:A5"],
    }
    assert [row[0] for row in noticed.outcome.rows()] == ["region", "North", None, None, "South"]


def test_merged_ranges_that_are_filled_are_told(noticed, tmp_path):
    # The table is filled before anything sees it, and a title changes nothing.
    path = merged_book(tmp_path / "title.xlsx", GROUPED, ["A1:B1", "A3:A5"])
    assert [notice["code"] for notice in noticed(path, settings={"fill_merged": True})] == ["merged_cells"]
    assert noticed.outcome.rows() == [["region", "name"], ["North", "Ann"], ["North", "Bob"], ["North", "Cid"], ["South", "Dan"]]
    path = merged_book(tmp_path / "pay.xlsx", GROUPED, ["A3:A5", "A5:B6", "B4:B5", "B5:B6", "A1:A1", "nonsense"])
    filled, left = noticed(path, settings={"fill_merged": True})
    # An empty cell hides nothing, and A5:B6 begins with one. B5:B6 overlaps the range before it.
    assert filled == {
        "code": "merged_cells",
        "level": "info",
        "message": "sheet 'Pay': 2 merged ranges (first A3:A5) were filled with the value of their first cell; "
        "`fill_merged = false` in settings.toml leaves the other cells empty",
        "sheet": "Pay",
        "count": 2,
        "cells": ["A3:A5"],
    }
    assert (left["code"], left["level"], left["count"]) == ("merged_cells_left", "warning", 1)
    assert [row[1] for row in noticed.outcome.rows()] == ["name", "Ann", "Bob", "Bob", "Dan"]


def test_numbers_that_are_filled_over_several_rows_are_told(noticed, tmp_path):
    rows = [["region", "name", "pay"], ["North", "Ann", "1.200,50 €"], [None, "Bob"], ["31.01.2025", "Cid", "40"], [None, "Dan"]]
    path = merged_book(tmp_path / "pay.xlsx", rows, ["A2:A3", "C2:C3", "A4:A5", "C4:D4"])
    _, numbers = noticed(path, settings={"fill_merged": True})
    assert numbers == {
        "code": "merged_numbers",
        "level": "warning",
        "message": "sheet 'Pay': the number in the merged range C2:C3 was repeated in each row. That is right for an id or a "
        "year, but an amount is then counted several times: set fill_merged = false in settings.toml",
        "sheet": "Pay",
        "count": 1,
        "cells": ["C2:C3"],
    }


AMOUNTS = [
    ["Order", "Year", "Line", "Region", "Total", "Share"],
    [1001, 2024, "x", "North", 300, "EUR 12.50"],
    [None, None, "y"],
    [None, None, "z"],
    [1002, 2023, "x", "South", 50, "0049"],
    [None, None, "q", None, 20],
]


def test_an_amount_of_several_records_stands_in_the_first_alone(noticed):
    """Ids in the first column, years and labels are filled; amounts are told."""
    ranges = ["A2:A4", "B2:B4", "D2:D4", "E2:E4", "F2:F4", "A5:A6", "B5:B6", "D5:D6", "F5:F6"]
    settings = {"fill_merged": True, "fill_merged_numbers": False}
    filled, numbers = noticed(book_of(AMOUNTS, ranges), rows=FIRST_ROW_IS_HEADER, settings=settings)
    assert noticed.outcome.rows()[1:] == [
        [1001, 2024, "x", "North", 300, "EUR 12.50"], [1001, 2024, "y", "North", None, None],
        [1001, 2024, "z", "North", None, None], [1002, 2023, "x", "South", 50, "0049"],
        [1002, 2023, "q", "South", 20, "0049"],
    ]
    assert filled["count"] == 7
    assert (numbers["code"], numbers["level"], numbers["count"], numbers["cells"]) == ("merged_numbers", "warning", 2, ["E2:E4"])
    assert "stays in their first cells only" in numbers["message"]


def test_the_year_of_a_header_is_filled(noticed):
    rows = [["Region", 2024, 2025], [], ["North", 30.5, 31.5], ["South", 40.25, None]]
    settings = {"fill_merged": True, "fill_merged_numbers": False}
    book = book_of(rows, ("A1:A2", "B1:B2", "C1:C2", "C3:C4"))
    _, numbers = noticed(book, rows=FIRST_ROW_IS_HEADER, settings=settings)
    assert numbers["cells"] == ["C3:C4"]


def test_hidden_rows_are_read_and_told(noticed):
    book = book_of([["name", "pay"], *([name, 5.5] for name in "abcdef")], hidden=(3, 4, 6, 40))
    (told,) = noticed(book, rows=FIRST_ROW_IS_HEADER)
    assert [row[0] for row in noticed.outcome.rows()] == ["name", *"abcdef"]
    assert (told["code"], told["level"], told["count"], told["rows"]) == ("hidden_rows_read", "info", 3, [[3, 4], [6, 6]])
    assert told["message"] == "sheet 'Sheet': 3 hidden rows were read like the others (rows 3 to 4 and 6)"


def test_what_people_say_by_looks_alone_is_told(noticed):
    book = book_of([["name", "pay"], *([name, 5.5] for name in "abcdef")])
    sheet = book.active
    for cell in (*sheet[3], sheet["A4"]):
        cell.font = Font(strike=True)
    for cell in sheet[6]:
        cell.fill = PatternFill("solid", fgColor="FFFF0000")
    sheet["B7"].number_format, sheet["B2"].number_format = r"\(#,##0.00\)", "#,##0.00_);(#,##0.00)"
    # The header is no record.
    sheet["A1"].font = sheet["B1"].font = Font(strike=True)
    told = noticed(book, rows=FIRST_ROW_IS_HEADER, settings={"edition": "2026"})
    assert [(notice["code"], notice.get("rows"), notice.get("cells")) for notice in told] == [
        ("rows_struck_through", [[3, 3]], None),
        ("rows_filled_red", [[6, 6]], None),
        ("sign_of_format", None, ["B7"]),
    ]
    assert noticed(book, rows=FIRST_ROW_IS_HEADER) == []
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.font = Font(strike=True)
    assert "rows_struck_through" not in [notice["code"] for notice in noticed(book, rows=FIRST_ROW_IS_HEADER, settings={"edition": "2026"})]


def test_a_sheet_that_is_a_copy_is_told(noticed):
    book = book_of([["name", "pay"], *([name, 5.5] for name in "abcdef")])
    book.active.title = "March"
    book.copy_worksheet(book.active).title = "March (2)"
    other = book.create_sheet("March (3)")
    for row in (["name", "pay"], ["a", 5.5], ["x", 1], ["y", 2], ["z", 3]):
        other.append(row)
    (told,) = noticed(book, rows=FIRST_ROW_IS_HEADER)
    assert (told["code"], told["sheet"], told["count"]) == ("sheet_copied", "March (2)", 7)


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_hidden_columns_are_told_and_give_way(run_by_ade, template, tmp_path, kind):
    rows = [["Badge number", "Last name", "Last name"], ["1", "Old", "New"], ["2", "Old", "New"]]
    path = tmp_path / f"crew.{kind}"
    if kind == "xls":
        write_xls(path, rows, hidden=(1,))
    else:
        book = book_of(rows)
        book.active.column_dimensions["B"].hidden = True
        book.save(path)
    outcome = run_by_ade(template, path)
    header, *rows = outcome.rows()
    assert [row[header.index("Last name")] for row in rows] == ["New", "New"]
    (told,) = outcome.notices("hidden_columns_read")
    assert told["message"].endswith("1 hidden column was read like the others (column B)")


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_each_cell_of_a_merged_range_has_the_value_of_the_first(tmp_path, kind):
    path = tmp_path / f"book.{kind}"
    if kind == "xls":
        write_xls(path, [[None, None, "c"], [], [None, None, "3"]], merged={(0, 0, 0, 1): "a", (1, 2, 0, 1): "d"})
    else:
        merged_book(path, [["a", None, "c"], ["d"], [None, None, "3"]], ["A1:B1", "A2:B3"])
    assert cells_of(path) == [["a", "a", "c"], ["d", "d"], ["d", "d", "3"]]
    assert cells_of(path, fill_merged=False) == [["a", None, "c"], ["d"], [None, None, "3"]]


def test_a_sheet_that_a_hook_has_touched_is_filled_alike(tmp_path):
    rows = [[], *([None, f"name {row}"] for row in range(1, 6))]
    path = write_xls(tmp_path / "book.xls", rows, merged={(0, 0, 0, 3): "title", (1, 3, 0, 0): "North", (4, 7, 0, 0): 5})
    plain = cells_of(path)
    assert [row[:1] for row in plain] == [["title"], ["North"], ["North"], ["North"], [5], [5], [5], [5]]
    # The title is cut to the width that the sheet has.
    assert plain[0] == ["title", "title"]

    def look(worksheet):
        assert worksheet["A1"].value == "title"

    def change(worksheet):
        worksheet["B2"].value = "name 1!"

    def add(worksheet):
        worksheet["B2"].value = Decimal("1.10")
        worksheet["A2"].value = Decimal("2.20")

    assert cells_of(path, touch=look) == plain
    plain[1][1] = "name 1!"
    assert cells_of(path, touch=change) == plain
    plain[1][1] = Decimal("1.10")
    for row in (1, 2, 3):
        plain[row][0] = Decimal("2.20")
    assert cells_of(path, touch=add) == plain and all(type(row[0]) is Decimal for row in cells_of(path, touch=add)[1:4])
    unmerged = cells_of(path, touch=lambda worksheet: worksheet.unmerge_cells("A2:A4"))
    assert [row[0] for row in unmerged[1:4]] == ["North", None, None]


def test_merged_ranges_behind_an_early_end_are_filled(tmp_path):
    rows = "".join(f'<row r="{number}" s="1" customFormat="1"><c r="A{number}" s="1"/></row>' for number in range(3, 3000))
    cells = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row><row r="2"><c r="B2"><v>3</v></c></row>'
    body = f"<sheetData>{cells}{rows}</sheetData><mergeCells><mergeCell ref=\"A1:A2\"/></mergeCells>"
    path = RawWorkbook({"Pay": body}).save(tmp_path / "book.xlsx")
    found = cells_of(path, max_empty_rows_run=10)
    assert found[:2] == [[1, 2], [1, 3]] and len(found) == 11
    source = open_source(str(path), scan_ahead=False)
    source.load()
    scan = source.scan(source.sheets[0], max_empty_rows_run=10, max_empty_cols_run=None)
    assert scan.stopped_early and scan.merged_ranges == [(1, 2, 1, 1)]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_records_below_the_end_of_a_sheet_are_told(run_by_ade, tmp_path, suffix):
    def told(gap, last):
        rows = {1: "Name", 2: "Ann", 3 + gap: last}
        path = tmp_path / f"book.{suffix}"
        if suffix == "csv":
            path.write_text("".join(rows.get(number, ",") + "\n" for number in range(1, 4 + gap)))
        else:
            cells = "".join(f'<row r="{number}"><c r="A{number}" t="str"><v>{text}</v></c></row>' for number, text in rows.items())
            path = RawWorkbook({"Pay": f"<sheetData>{cells}</sheetData>"}).save(path)
        return [one["rows"] for one in run_by_ade({}, path).notices("rows_below_left")]

    assert told(1000, "Bo") == [[[1003, 1003]]] and told(999, "Bo") == told(1000, "") == []


def test_damage_behind_an_early_end_stays_without_effect(run, tmp_path):
    rows = '<row r="1"><c r="A1"><v>1</v></c></row>' + "".join(f'<row r="{n}"/>' for n in range(2, 50))
    path = RawWorkbook({"Pay": f"<sheetData>{rows}</sheetData><mergeCells><a></b>"}).save(tmp_path / "book.xlsx")
    assert run({}, path, settings={"max_empty_rows_run": 5, "fill_merged": True}).result.error is None


# What hooks may ask for ---------------------------------------------------------------------------------------------

NOTE = 'state.setdefault("seen", []).append([{!r}, merged_ranges])'
SEEN = plugin("on_workbook_before_save", 'logger.info("seen", data={"seen": state["seen"]})', "state, logger")
ASKING = {
    "hooks/start.py": plugin("on_sheet_start", NOTE.format("start"), "state, merged_ranges"),
    "hooks/mapped.py": plugin("on_table_mapped", NOTE.format("mapped"), "state, merged_ranges"),
    "hooks/transformed.py": plugin("on_table_transformed", NOTE.format("transformed"), "state, merged_ranges=None"),
    "hooks/validated.py": plugin("on_table_validated", NOTE.format("validated"), "state, *, merged_ranges, **rest"),
    "hooks/without.py": plugin("on_table_validated", 'state["seen"].append(["without", "merged_ranges" in rest])', "state, **rest"),
    "hooks/z_report.py": SEEN,
}
STAGES = ("start", "mapped", "transformed", "validated")


@pytest.mark.parametrize("kind", ["xlsx", "xls", "csv"])
@pytest.mark.parametrize("fill", [False, True])
def test_hooks_can_ask_for_the_merged_ranges(succeed, tmp_path, kind, fill):
    path = tmp_path / f"book.{kind}"
    expected = ["A1:B1", "A3:A5"]
    if kind == "xlsx":
        merged_book(path, GROUPED, ["A3:A5", "$A$1:$B$1", "A3:A5"])
    elif kind == "xls":
        write_xls(path, [[], ["region", "name"]], merged={(2, 4, 0, 0): "North", (0, 0, 0, 1): "Payroll"})
    else:
        path.write_text("region,name\nNorth,Ann\n")
        expected = []
    outcome = succeed(ASKING, path, rows=HEADER_BY_WORDS, settings={"fill_merged": fill})
    assert outcome.logged["seen"] == [*([stage, expected] for stage in STAGES), ["without", False]]


def test_hooks_see_the_merged_ranges_that_hooks_have_made(run, tmp_path):
    path = tmp_path / "book.csv"
    path.write_text("region,name\nNorth,Ann\n,Bob\n")
    # It is there before the hook that asks.
    merging = plugin("on_sheet_start", 'source_sheet.merge_cells("A2:A3")', "source_sheet").replace("priority=1", "priority=9")
    files = {**ASKING, "hooks/merge.py": merging}
    outcome = run(files, path, rows=HEADER_BY_WORDS, settings={"fill_merged": True})
    assert outcome.logged["seen"][:4] == [[stage, ["A2:A3"]] for stage in STAGES]
    assert [row[0] for row in outcome.rows()] == ["region", "North", "North"]


def test_the_ranges_are_not_looked_for_where_no_hook_names_them(run, tmp_path, monkeypatch):
    from ade_engine.io.input.source import Source

    def fail(*_):
        raise AssertionError("nobody asked")

    monkeypatch.setattr(Source, "merged_ranges_now", fail)
    path = merged_book(tmp_path / "pay.xlsx", GROUPED, ["A3:A5"])
    stages = ("on_sheet_start", "on_table_mapped", "on_table_transformed", "on_table_validated")
    body = 'assert "merged_ranges" not in values'
    files = {f"hooks/{stage}.py": plugin(stage, body, "**values") for stage in stages}
    assert run(files, path, rows=HEADER_BY_WORDS).result.error is None


def test_transforms_and_validators_can_ask_for_the_header_and_its_unit(run):
    files = {"columns/b.py": """
        import polars as pl
        def remember(field_name, state, column_header, column_unit):
            state.setdefault("seen", []).append([field_name, column_header, column_unit])
        def everything(**values):
            assert not {"column_header", "column_unit"} & set(values)
        def weight(*, column_header_original, **_):
            return {"weight": 1.0} if column_header_original.startswith("Gewicht") else None
        def register(registry):
            registry.register_column_detector(weight, field="weight", priority=1)
            for field in ("weight", "plain", "absent"):
                registry.register_column_transform(remember, field=field, priority=1)
                registry.register_column_transform(everything, field=field, priority=1)
            registry.register_column_validator(remember, field="weight", priority=1)
            registry.register_column_validator(everything, field="weight", priority=1)
    """, "hooks/z_report.py": SEEN}
    outcome = run(files, [["Plain", " Gewicht [kg] "], [1, 2]], fields=["weight", "plain", "absent"])
    assert outcome.result.error is None, outcome.result.error
    assert outcome.logged["seen"] == [["plain", "Plain", None], ["weight", "Gewicht [kg]", "kg"], ["absent", "", None], ["weight", "Gewicht [kg]", "kg"]]


def test_a_check_knows_who_is_offered_the_new_names(package):
    from ade_engine import Engine, Settings
    from ade_engine.models import ConfigError

    unit = {f"columns/{kind}.py": plugin(kind, "return None", "column_header, column_unit") for kind in ("transform", "validator")}
    folder = package({**ASKING, **unit}, fields=["a"])
    assert Engine(Settings()).check(config_package=folder)
    (folder / "ade_config/hooks/late.py").write_text(plugin("on_sheet_end", "pass", "merged_ranges"))
    with pytest.raises(ConfigError, match="needs 'merged_ranges', which this stage does not offer"):
        Engine(Settings()).check(config_package=folder)


def test_the_unit_of_a_header():
    for header, expected in {
        "Net (EUR)": "EUR", "Weight [kg]": "kg", "Net (in EUR)": "EUR", "Area (m²)": "m²", "Area [m2]": "m2",
        "Share (%)": "%", "Temperature [°C]": "°C", "Speed (km/h)": "km/h", "Preis (€)": "€", "Net (US$)": "US$",
        "Net, EUR": "EUR", "Net/EUR": "EUR", "Net EUR": "EUR", "NET EUR": "EUR", " Net  USD ": "USD",
        "Betrag €": "€", "Betrag€": "€", "Price $": "$", "Price US$": "US$", "Price, £": "£", "€": "€",
        "Umsatz\nCHF": "CHF", "Pen TOP": "TOP", "MWST %": "%", "VAT%": "%", "%": "%",
        "Hours in h": None, "Net": None, "": None, "EUR": None, "Net eur": None, "Order QTY": None, "TOTAL ALL": None,
        "Name (first name)": None, "Total (2024)": None, "Rate (EUR) 2024": None, "Net (EUR": None, "Net ()": None,
        "Phone (business or private)": None, "Note (uncommonly-long)": None, "NetEUR": None, "Order no.": None,
        "Amount [kg)": None, "Item (#)": None, "VAT 19%": None, "VAT (7.5%)": None, "MwSt. 19 %": None,
    }.items():  # fmt: skip
        assert header_unit(header) == expected, header


# What a run of ade says about sheets and files ----------------------------------------------------------------------


@pytest.mark.parametrize(("content", "message", "facts"), [
    ("region;name\nNörd;Ann\n".encode("cp1252"), "read as Windows-1252 text with semicolons; the encoding is a guess. If letters such as é come out wrong, set csv_encoding", ("Windows-1252", ";")),
    ("region\tname\nNörd\tAnn\n".encode(), "read as UTF-8 text with tabs", ("UTF-8", "\t")),
    ("region,name\nNörd,Ann\n".encode("utf-16"), "read as UTF-16 text with commas", ("UTF-16", ",")),
    ("sep=:\nregion:name\n".encode(), "read as UTF-8 text with ':' between cells", ("UTF-8", ":")),
    ("region,name\nNörd,Ann\n".encode(), None, None),
    ("\ufeffregion,name\nNörd,Ann\n".encode(), None, None),
])
def test_what_detection_decided_is_told(noticed, tmp_path, content, message, facts):
    path = tmp_path / "pay.csv"
    path.write_bytes(content)
    notices = noticed(path, settings={"csv_encoding": "auto", "csv_delimiter": "auto"})
    told = {"code": "csv_guessed", "level": "info", "message": message}
    assert notices == ([told | dict(zip(("encoding", "delimiter"), facts))] if message else [])


RAGGED = "region,pay,town\nAnn,1,50,Ulm\nBob,20,Ulm\nCid,30,25,Ulm\n"


def test_rows_with_more_or_fewer_cells_than_the_header_are_told(noticed, tmp_path):
    path = tmp_path / "pay.csv"
    path.write_text(RAGGED)
    (told,) = noticed(path, settings={"csv_delimiter": "auto"})
    assert (told["code"], told["level"], told["rows"]) == ("csv_joined", "warning", [[2, 2], [4, 4]])
    assert "the header has 3 cells, and these rows have more or fewer: rows 2 and 4 with 4. A comma inside an amount" in told["message"]
    # Who names the delimiter gets the rows as they are by it.
    (told,) = noticed(path, settings={"csv_delimiter": ","})
    assert (told["code"], told["count"]) == ("csv_ragged", 2)
    path.write_text("region,pay,town\nAnn,1,Ulm\nBob,20\nCid,30,Ulm\n")
    (told,) = noticed(path, settings={"csv_delimiter": "auto"})
    assert (told["code"], told["level"], told["rows"]) == ("csv_ragged", "warning", [[3, 3]])
    # A program that leaves out what is empty, and empty cells behind the last header.
    path.write_text("region,pay,town\nAnn,1\nBob,20\nCid,30,Ulm,,\n")
    (told,) = noticed(path, settings={"csv_delimiter": "auto"})
    assert (told["code"], told["level"], told["rows"]) == ("csv_ragged", "info", [[2, 3]])
    path.write_text("region,pay\nAnn,1,,\nBob,2,,\n")
    assert noticed(path, settings={"csv_delimiter": "auto"}) == []


@pytest.mark.parametrize("text, code, rows", [
    ('a,b,c\n1,"x,2\n3,y,4\n5,z,6\n', "csv_quotes", [[2, 2]]),
    ('a,b,c\n1,"x\ny",2\n3,12" y,4\n', None, None),
    ('"a","b"\n"x \\"y\\", z","1"\n"u","2"\n', "csv_backslashes", None),
    ("a,b,c\n1,x,2\n3,y,4\n5,z", "csv_cut", [[4, 4]]),
    ("a,b,c\n1,x,2\n3,y,4", None, None),
])  # fmt: skip
def test_quotes_and_ends_that_do_not_fit_are_told(noticed, tmp_path, text, code, rows):
    path = tmp_path / "list.csv"
    path.write_text(text)
    told = [notice for notice in noticed(path, settings={"csv_delimiter": "auto"}) if notice["code"] not in ("csv_ragged", "no_table")]
    assert [(notice["code"], notice.get("rows")) for notice in told] == ([(code, rows)] if code else [])


@pytest.mark.parametrize("sign, what", [("~", 'set `csv_delimiter = "~"`'), (";", 'set `csv_delimiter = ";"`'), ("§", "ask for a file with semicolons")])
@pytest.mark.parametrize("title", ["", "Zorb\n"])
def test_a_sign_between_the_cells_of_one_column_is_told(noticed, tmp_path, sign, what, title):
    path = tmp_path / "pay.csv"
    path.write_text(title + "region|pay\nUlm|3.5\nBonn|4.5\n".replace("|", sign), encoding="utf-8")
    found = noticed(path, settings={"csv_delimiter": ","})
    (told,) = [one for one in found if one["code"] == "csv_one_column"]
    assert told["level"] == "warning"
    assert told["message"].endswith(f"the whole file was read as one column, and its rows have {sign!r}. If that separates the cells, {what}")


@pytest.mark.parametrize("text", ["region\nUlm\nBonn\n", "e-mail\na@b.example\nc@d.example\n", "Time:\n10:30\n11:30\n", "region\nUlm~\nBonn\n"])
def test_a_column_alone_is_not(noticed, tmp_path, text):
    (tmp_path / "pay.csv").write_text(text)
    found = noticed(tmp_path / "pay.csv", settings={"csv_delimiter": "auto"})
    assert not [one for one in found if one["code"] == "csv_one_column"]


def test_what_settings_say_is_no_guess(noticed, tmp_path):
    path = tmp_path / "pay.csv"
    path.write_bytes("region;name\nNörd;Ann\n".encode("cp1252"))
    settings = {"csv_encoding": "cp1252", "csv_delimiter": ";"}
    assert noticed(path, settings=settings) == []
    (notice,) = noticed(path, settings={**settings, "csv_delimiter": "auto"})
    assert notice["code"] == "csv_guessed"


def test_hidden_sheets_that_are_left_out_are_told(noticed):
    book = book_of([["region", "name"]])
    book.create_sheet("Empty").sheet_state = "hidden"
    (notice,) = noticed(book)
    assert notice == {"code": "hidden_sheets_skipped", "level": "info", "message": "1 hidden sheet was not read: 'Empty'", "count": 1, "sheets": ["Empty"]}
    old = book.create_sheet("Old")
    old.sheet_state = "veryHidden"
    old["C90"] = 1
    (notice,) = noticed(book)
    assert (notice["level"], notice["sheets"]) == ("warning", ["Empty", "Old"])
    assert notice["message"] == "2 hidden sheets were not read: 'Empty', 'Old'"
    # A sheet that somebody has chosen is all that was wanted.
    assert noticed(book, input_sheets=["Sheet"]) == [] and noticed(book, active_sheet_only=True) == []


def test_a_hidden_sheet_that_cannot_be_read_stops_nothing(noticed, tmp_path):
    book = RawWorkbook({"Pay": '<sheetData><row><c t="str"><v>region</v></c></row></sheetData>', "Broken": "<x></y>"})
    book.set_structure(states={"Broken": "hidden"})
    (notice,) = noticed(book.save(tmp_path / "book.xlsx"))
    assert (notice["code"], notice["level"]) == ("hidden_sheets_skipped", "warning")


def test_sheets_without_a_table_are_told(noticed):
    good, notes = [["region", "name"], ["North", "Ann"]], [[], ["Remember"], ["this"]]
    notices = noticed({"Good": good, "Nothing": [], "Notes": notes, "Late": [[], ["region"]]})
    assert notices == [{"code": "no_table", "level": "info", "message": "sheet 'Nothing' is empty", "sheet": "Nothing"}, {
        "code": "no_table",
        "level": "warning",
        "message": "sheet 'Notes': no header row was recognised, so the first filled row was used as one",
        "sheet": "Notes",
        "rows": [[2, 2]],
    }]


def test_a_row_that_was_nearly_a_header_is_named(noticed):
    rows = plugin("row", 'return {"header": 0.3, "banner": 0.5} if row_index == 3 else {"banner": 1.0}', "*, row_index, **_")
    (notice,) = noticed([["a"], ["b"], ["c"], ["d"]], rows=rows)
    assert notice["message"] == ("sheet 'Sheet': no header row was recognised, so row 3 was used, which looks most like one")
    assert notice["rows"] == [[3, 3]]
    # A package without row detectors has not asked for headers to be recognised.
    assert noticed([["a"], ["b"]], {"row_detectors/rows.py": plugin("on_sheet_end", "pass")}, rows=None) == []


def test_control_characters_in_headers_are_left_out_and_told(noticed, tmp_path):
    path = tmp_path / "pay.csv"
    path.write_text("region,pa\x07y\x00\nUlm,3\n")
    (told,) = [one for one in noticed(path) if one["code"] == "control_characters"]
    assert (told["level"], told["cells"]) == ("warning", ["B1"])
    assert told["message"].endswith("the header in B1 holds control characters, which are left out")
    assert noticed.outcome.rows()[0] == ["region", "pay"]


def test_control_characters_in_cells_and_section_heads_are_left_out_and_told(succeed, template, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("Docket,Blorb,Hours\nNorth\x07 kiln,,\n7101,two\x0bcracked,12\n7102,b\x00,4\nSouth kiln,,\n7103,c,9\n7104,d,30\n")
    outcome = succeed(template, path)
    said = [notice["message"] for notice in outcome.notices("control_characters")]
    assert said == [
        "sheet 'in': the section head in A2 holds control characters, which are left out",
        "sheet 'in': the cells B3, B4 hold control characters, which are left out",
    ]
    header, *records = outcome.rows()
    assert [[row[header.index(name)] for name in ("Blorb", "Section")] for row in records] == [["twocracked", "North kiln"], ["b", "North kiln"], ["c", "South kiln"], ["d", "South kiln"]]


def test_further_places_are_counted_in_words():
    places = [[row, row] for row in range(1, 12, 2)]
    assert rows_in_words(places[:5]) == "rows 1, 3, 5, 7 and 1 more place" and rows_in_words(places) == "rows 1, 3, 5, 7 and 2 more places"
