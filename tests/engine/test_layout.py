"""What rows are by their looks: what detectors get, what the template makes of it, and what settings leave out."""

import pytest
from conftest import declared, plugin, write_workbook
from openpyxl.utils import range_boundaries
from test_layout_look_alikes import TEXTS
from test_layout_look_alikes import sheet as sheet_of
from twelve_files import FILES, Formula, Other, Styled

from ade_engine import Settings, _native
from ade_engine.io.input.source import open_source
from ade_engine.models import SettingsError
from ade_engine.models.row_layout import STATES, SheetRows
from ade_engine.pipeline.finding.header_rows import joined_headers

REPORT = [
    ["Sales by region, 2024"],
    [],
    ["Region", "Units", "Net (EUR)", "Date"],
    ["Wholesale"],
    ["North", 12, 1309.5, "2024-01-31"],
    ["South", 7, 85.0, "2024-02-03"],
    ["East", 31, 410.25, "2024-02-14"],
    ["Retail"],
    ["West", 3, 99.5, "2024-03-01"],
    ["North", 44, 1280.0, "2024-03-07"],
    ["South", 8, 77.25, "2024-03-09"],
    ["Total", 105, 3261.5],
    [],
    ["Source: own figures; see the annual report for details."],
]

ASKING = """
    def by_looks(*, row_layout, row_index, state):
        state.setdefault("seen", []).append((row_index, row_layout))
        return {row_layout.state: 1.0}

    def tell(*, state, output_workbook):
        sheet = output_workbook.create_sheet("seen")
        for row, layout in state["seen"]:
            sheet.append([row, layout.state, round(sum(layout.likelihoods.values()), 6), " | ".join(layout.reasons)])

    def register(registry):
        registry.register_row_detector(by_looks, row_kind="header", priority=0)
        registry.register_hook(tell, hook="on_workbook_before_save", priority=0)
    """
NATIVE = """
    from ade_engine.fields import LayoutRows

    def register(registry):
        registry.register_row_detector(LayoutRows(), row_kind="header", priority=0)
    """
#: The same beside a detector in Python, so that both are called row by row.
ROW_BY_ROW = NATIVE + """
        registry.register_row_detector(lambda row_values: None, row_kind="data", priority=1)
    """
#: A package that was written before: it takes everything that it is offered.
OLDER = plugin("row", """
    assert "row_layout" not in values
    return {"header" if values["row_index"] == 3 else "data": 1.0}
""", "**values")  # fmt: skip


#: The first rows are headers.
HEADER_ROWS = plugin("row", 'return {"header" if row_index <= %d else "data": 1.0}', "row_index")


#: Says of each column what was taken off its header.
TOLD = plugin("on_sheet_end", """
    sheet = output_workbook.create_sheet("seen")
    for column in tables[0].source_columns:
        sheet.append([column.header_as_written, column.footnote or None, column.unit or None, "."])
""", "*, output_workbook, output_sheet, tables")  # fmt: skip


def layouts(rows):
    """The layout of each row that was looked at, by its number from 0."""
    found = SheetRows(_native.SheetLayout(_native.scan_of_rows("sheet", rows, None, None, False, [])))
    return dict(found.looked_at)


def test_a_report_is_read_as_people_read_it():
    states = {number: layout.state for number, layout in layouts(REPORT).items()}
    assert states == {
        0: "title", 2: "header", 3: "group", 4: "data", 5: "data", 6: "data", 7: "group", 8: "data", 9: "data", 10: "data",
        11: "total", 13: "note",
    }  # fmt: skip


def test_a_title_right_above_labels_that_stand_over_others_is_no_header():
    rows = [["1", "01/05/2025", "Luton", "81.92", "06/05/2025", "11:40"], ["2", "01/05/2025", "Dover", "855.93", "07/05/2025", "18:05"]]
    lines = [["Export for the office"], ["Printed on", "28.03.2025"], []]
    above = [["Return of shipments"], ["", "Pick-up", "", "", "Delivery", ""]]
    found = layouts([*lines, *above, ["Line", "Date", "Town", "Charge", "Date", "Time"], *rows * 6])
    assert [found[number].state for number in range(3, 7)] == ["title", "header", "header", "data"]
    # Without a name of its own below, the text may be that of the first column.
    found = layouts([*lines, *above, ["", "Date", "Town", "Charge", "Date", "Time"], *rows * 6])
    assert found[3].reasons != ["a text alone above labels, and another name for its column below these"]


def test_likelihoods_are_of_all_states_and_reasons_are_words():
    for layout in layouts(REPORT).values():
        assert tuple(layout.likelihoods) == STATES and sum(layout.likelihoods.values()) == pytest.approx(1)
        assert layout[layout.state] == max(layout.likelihoods.values())
        assert 0 < len(layout.reasons) <= 5 and all(layout.reasons)
    with pytest.raises(KeyError):
        layouts(REPORT)[0]["titel"]


def known_values(cell):
    """What a reader finds in a declared cell of the twelve files."""
    return cell.value if isinstance(cell, Styled) else cell.saved if isinstance(cell, Formula) else cell


@pytest.mark.parametrize("sheet", [pytest.param(sheet, id=f"{file.name}-{sheet.title}") for file in FILES for sheet in file.sheets])
def test_headers_of_invoices_are_found_before_a_word_is_taught(sheet):
    rows = [[known_values(cell) for cell in row.cells] for row in sheet.rows]
    merged = [(top, bottom, left, right) for left, top, right, bottom in map(range_boundaries, sheet.merged)]
    scan = _native.scan_of_rows("sheet", rows, None, None, True, merged)
    found = dict(SheetRows(_native.SheetLayout(scan)).looked_at)
    headers = [number for number, layout in found.items() if layout.state == "header"]
    assert headers == [number for number, row in enumerate(sheet.rows) if isinstance(row, Other) and row.what == "header"]
    # Whatever else a row is taken for: an invoice is data.
    assert {found[number - 1].state for number, _ in sheet.invoices()} <= {"data"}


def test_a_merged_title_is_one_text():
    rows = [["Quarterly figures"] * 4, *REPORT[2:3], *REPORT[4:7]]
    scan = _native.scan_of_rows("sheet", rows, None, None, True, [(1, 1, 1, 4)])
    found = dict(SheetRows(_native.SheetLayout(scan)).looked_at)
    assert [found[row].state for row in range(3)] == ["title", "header", "data"]


def header_of(table):
    header = table["structure"]["header"]
    return header["row_start"], header["row_count"]


@pytest.mark.parametrize("source", [ASKING, NATIVE, ROW_BY_ROW], ids=["by name", "natively", "row by row"])
@pytest.mark.parametrize("log_level", [20, 10], ids=["info", "debug"])
def test_detectors_get_it(run, package, source, log_level):
    outcome = run(package(rows=source), {"S": REPORT}, settings={"log_level": log_level})
    assert outcome.result.error is None
    (table,) = outcome.tables
    assert header_of(table) == (3, 1) and outcome.rows("S")[0] == REPORT[2] and len(outcome.rows("S")) == 12


def test_a_detector_gets_states_and_reasons_of_each_row(run, package):
    rows = run(package(rows=ASKING), {"S": REPORT}).rows("seen")
    assert [row for row, *_ in rows] == list(range(1, 15))
    assert [what for _, what, *_ in rows] == [
        "title", "blank", "header", "group", "data", "data", "data", "group", "data", "data", "data", "total", "blank", "note",
    ]  # fmt: skip
    assert all(total == (0 if what == "blank" else 1) for _, what, total, _ in rows)
    assert all((reasons is None) == (what == "blank") for _, what, _, reasons in rows)


def test_packages_that_do_not_name_it_do_not_get_it(run, package):
    outcome = run(package(rows=OLDER), {"S": REPORT})
    assert outcome.result.error is None and header_of(outcome.tables[0]) == (3, 1)


def test_a_blank_row_within_a_header_belongs_to_it(run, package):
    rows = [["", "2023", "2023", "2024", "2024"], [], ["Region", "Units", "Net", "Units", "Net"], *([n, 1, 2.5, 3, 4.5] for n in "abcdef")]
    outcome = run(package(rows=NATIVE), {"S": rows})
    assert header_of(outcome.tables[0]) == (1, 3)
    assert outcome.rows("S")[0] == ["Region", "2023 Units", "2023 Net", "2024 Units", "2024 Net"]


# ---- the audit record


def test_rows_at_borders_are_listed_with_their_reasons(run_by_ade, package):
    outcome = run_by_ade(package(rows=NATIVE), {"S": [*REPORT[:11], *REPORT[8:11] * 10, *REPORT[11:]]})
    rows = outcome.noticed["rows"]
    kinds = {row["row"]: row["kind"] for row in rows}
    assert {1: "title", 3: "header", 42: "total", 44: "note"}.items() <= kinds.items()
    assert {row["sheet"] for row in rows} == {"S"} and not any(20 <= row["row"] <= 30 for row in rows)
    header = next(row for row in rows if row["row"] == 3)
    assert header["message"].startswith("row 3, header (9") and "; ".join(header["reasons"]) in header["message"]
    said = str(rows)
    assert not any(str(cell) in said for row in REPORT for cell in row if isinstance(cell, str) and len(cell) > 5)


def test_a_detector_has_the_last_word_and_the_record_says_so(run_by_ade, package):
    detector = NATIVE + """
        registry.register_row_detector(lambda row_index: {"note": 2.0} if row_index == 12 else None, row_kind="note", priority=0)
    """
    outcome = run_by_ade(package(rows=detector), {"S": REPORT})
    (row,) = [row for row in outcome.noticed["rows"] if row["row"] == 12]
    assert row["kind"] == "note" and row["message"].startswith("row 12, note (a row detector says so; it looks like total)")


def test_nothing_is_listed_where_nobody_asks(run_by_ade, package):
    assert "rows" not in run_by_ade(package(rows=OLDER), {"S": REPORT}).noticed


# ---- settings


def left_out(outcome):
    return {tuple(map(tuple, one["rows"])): one["message"] for one in outcome.noticed["notices"]}


def test_notes_below_a_table_and_totals_are_left_out(run_by_ade, package):
    outcome = run_by_ade(package(rows=NATIVE), {"S": REPORT}, settings={"end_tables_at_notes": True})
    assert outcome.rows("S")[-1][0] == "Total"
    assert left_out(outcome) == {((14, 14),): "sheet 'S': 1 row below the table left out (row 14)"}
    outcome = run_by_ade(package(rows=NATIVE), {"S": REPORT}, settings={"skip_total_rows": True})
    assert "Total" not in [row[0] for row in outcome.rows("S")] and len(outcome.rows("S")) == 11
    assert left_out(outcome) == {((12, 12),): "sheet 'S': 1 row of totals left out (row 12)"}


def test_section_heads_are_left_out_or_a_column(run_by_ade, package):
    settings = {"end_tables_at_notes": True, "skip_total_rows": True}
    outcome = run_by_ade(package(rows=NATIVE), {"S": REPORT}, settings={**settings, "group_rows": "drop"})
    assert [row[0] for row in outcome.rows("S")] == ["Region", "North", "South", "East", "West", "North", "South"]
    outcome = run_by_ade(package(rows=NATIVE), {"S": REPORT}, settings={**settings, "group_rows": "column"})
    names, *rows = outcome.rows("S")
    assert names == [*REPORT[2], "Section"] and [row[-1] for row in rows] == ["Wholesale"] * 3 + ["Retail"] * 3
    assert [one for one in left_out(outcome) if len(one) == 2] == [((4, 4), (8, 8))]


def test_a_remark_between_rows_is_no_section(run, package):
    rows = [*REPORT[:6], ["* corrected, replaces an earlier figure"], *REPORT[6:]]
    outcome = run(package(rows=NATIVE), {"S": rows}, settings={"group_rows": "column", "skip_total_rows": True})
    assert {row[-1] for row in outcome.rows("S")[1:]} <= {"Wholesale", "Retail"}


def test_a_column_named_as_the_one_for_sections_stays(run, package):
    rows = [[*row, "x" if row and row[0] != "Region" else "Section"] if len(row) == 4 else row for row in REPORT]
    outcome = run(package(rows=NATIVE), {"S": rows}, settings={"group_rows": "column"})
    assert outcome.rows("S")[0][-2:] == ["Section", "Section__2"]


def test_tables_end_at_blank_rows(run, package):
    rows = [["Name", "City", "Amount"], ["Ann", "Rome", 1.5], [], ["Bob", "Oslo", 2.5], [], [], ["Cid", "Bern", 3.5]]
    for blank_rows, last in ((0, "Cid"), (1, "Ann"), (2, "Bob"), (3, "Cid")):
        outcome = run(package(), {"S": rows}, settings={"stop_at_blank_rows": blank_rows})
        assert outcome.rows("S")[-1][0] == last


def test_rows_by_number_keep_their_numbers(run, package):
    hook = plugin("on_table_mapped", 'return table.with_columns(at=table["__ade_row"])', "table")
    settings = {"skip_total_rows": True, "group_rows": "drop", "end_tables_at_notes": True, "row_provenance": True}
    outcome = run(package({"hooks/numbers.py": hook}, rows=NATIVE), {"S": REPORT}, settings=settings)
    assert [row[-1] for row in outcome.rows("S")] == ["at", 5, 6, 7, 9, 10, 11]


def test_a_full_row_is_no_note(run, package):
    """Whatever the looks say: what has as many values as the header is not left out."""
    says_notes = plugin("row", 'return {"header" if row_index == 1 else "data" if row_index < 3 else "note": 1.0}', "row_index")
    rows = [["Name", "City", "Amount"], ["Ann", "Rome", 1.5], ["Bob", "Oslo", 2.5], ["as of May"]]
    outcome = run(package(rows=says_notes), {"S": rows}, settings={"end_tables_at_notes": True})
    assert [row[0] for row in outcome.rows("S")] == ["Name", "Ann", "Bob"]


@pytest.mark.parametrize(
    "rows, names",
    [
        ([["", "2024", "", "2023", ""], ["Region", "Net", "Gross", "Net", "Gross"]], ["Region", "2024 Net", "2024 Gross", "2023 Net", "2023 Gross"]),
        # The name of a single column may stand in any row.
        ([["Region", "", "Sales", ""], ["", "Code", "Net", "Gross"]], ["Region", "Code", "Sales Net", "Sales Gross"]),
        ([["Region"], ["", "Net", "Gross"]], ["Region", "Net", "Gross"]),
        # A label ends where one above it does, and at columns without a text below.
        ([["A", "", "B", ""], ["C", "", "", ""], ["x", "y", "z", "t"]], ["A C x", "A C y", "B z", "B t"]),
        ([["A", "", ""], ["x", "", "z"]], ["A x", None, "z"]),
        ([["Name", "", "City"]], ["Name", "", "City"]),
    ],
)  # fmt: skip
def test_labels_stand_over_their_columns(rows, names):
    assert joined_headers(rows, spread=True) == names


@pytest.mark.parametrize(
    "rows, names, marks",
    [
        ([["Region", "Revenue¹", "Net (a)", "Total*"]], ["Region", "Revenue", "Net", "Total"], ["", "¹", "(a)", "*"]),
        ([["Revenue ¹,²", "Net (EUR)³", "Gross†", "Name **"]], ["Revenue", "Net (EUR)", "Gross", "Name"], ["¹,²", "³", "†", "**"]),
        ([["Net (a)", "Gross [b]", "Tax (a)"]], ["Net", "Gross", "Tax"], ["(a)", "[b]", "(a)"]),
        ([["Net 1)", "Gross 2)", "Tax"]], ["Net", "Gross", "Tax"], ["1)", "2)", ""]),
        # A label's mark is the mark of each of its columns.
        ([["", "2024¹", ""], ["Region", "Net", "Gross*"]], ["Region", "2024 Net", "2024 Gross"], ["", "¹", "¹ *"]),
    ],
)  # fmt: skip
def test_footnote_marks_are_taken_off_headers(run, package, rows, names, marks):
    config = package(files={"hooks/tell.py": TOLD}, rows=HEADER_ROWS % len(rows))
    data = [*rows, *([f"n{n}", 1.5, 2.5, 3.5][: len(rows[0])] for n in range(4))]
    outcome = run(config, {"S": data}, settings={"spread_header_labels": True})
    assert outcome.rows("S")[0] == names and [row[1] or "" for row in outcome.rows("seen")] == marks
    raw = [column["header"]["raw"] for column in outcome.tables[0]["structure"]["columns"]]
    for mark, text, name in zip(marks, raw, names):
        assert all(piece in text for piece in (*mark.split(), *name.split()))
    # Without the setting headers are as they stand.
    assert run(config, {"S": data}, settings={"spread_header_labels": False}).rows("S")[0] != names


@pytest.mark.parametrize("headers", [
    ["Area m²", "Volume (m³)", "R²", "10³"],
    ["Lead time (d)", "Weight (g)", "Net (EUR)", "Rate %"],
    ["Phone (1)", "Phone (2)", "Score (a)", "Score (b)"],
    ["Total", "Total*", "Net", "Net¹"],
    ["Column (2)", "Note (3)", "*", "(1)"],
    ["Q1", "1)", "H2O", "CO2"],
])
def test_what_may_be_something_else_stays(run, package, headers):
    config = package(rows=HEADER_ROWS % 1)
    rows = [headers, *([f"n{n}", 1.5, 2.5, 3.5] for n in range(4))]
    assert run(config, {"S": rows}, settings={"spread_header_labels": True}).rows("S")[0] == headers


@pytest.mark.parametrize(
    "rows, names, units",
    [
        # Group, name, unit; with the name of the first column in any row.
        ([["Region", "Revenue", "", "Cost"], ["", "Net", "Gross", "Net"], ["", "EUR", "EUR", "kUSD"]],
         ["Region", "Revenue Net", "Revenue Gross", "Cost Net"], ["", "EUR", "EUR", "kUSD"]),
        ([["", "Revenue", "", "Cost"], ["", "Net", "Gross", "Net"], ["Region", "EUR", "EUR", "%"]],
         ["Region", "Revenue Net", "Revenue Gross", "Cost Net"], ["", "EUR", "EUR", "%"]),
        # A merged name was filled.
        ([["Region", "Weight", "Area", "Share"], ["Region", "[kg]", "m²", "in %"]], ["Region", "Weight", "Area", "Share"], ["", "kg", "m²", "in %"]),
        ([["Day", "Energy", "Speed", "Sales"], ["dd.mm.yyyy", "kWh", "km/h", "(EUR '000)"]],
         ["Day", "Energy", "Speed", "Sales"], ["dd.mm.yyyy", "kWh", "km/h", "EUR '000"]),
        # Units that tell columns apart, and units in the same cells as names, stay.
        ([["Item", "Price", "", "Stock"], ["", "EUR", "USD", "pcs"]], ["Item", "Price EUR", "Price USD", "Stock"], ["", "EUR", "USD", "pcs"]),
        ([["Item", "Net (EUR)", "Gross (EUR)", "Tax"]], ["Item", "Net (EUR)", "Gross (EUR)", "Tax"], ["", "", "", ""]),
        # Names that are also units.
        ([["Name", "Overtime", "", "Base"], ["", "Hours", "Amount", "Hours"]],
         ["Name", "Overtime Hours", "Overtime Amount", "Base Hours"], ["", "", "", ""]),
        ([["Name", "Sex", "", "Age"], ["", "M", "F", "Min"]], ["Name", "Sex M", "Sex F", "Age Min"], ["", "", "", ""]),
    ],
)  # fmt: skip
def test_a_row_of_units_is_taken_off_headers(run, package, rows, names, units):
    config = package(files={"hooks/tell.py": TOLD}, rows=HEADER_ROWS % len(rows))
    data = [*rows, *([f"n{n}", 1.5, 2.5, 3.5] for n in range(4))]
    outcome = run(config, {"S": data}, settings={"spread_header_labels": True})
    assert outcome.rows("S")[0] == names and [row[2] or "" for row in outcome.rows("seen")] == units
    # The record has the header as it was written.
    written = [column["header"]["raw"] for column in outcome.tables[0]["structure"]["columns"]]
    for text, name, unit in zip(written, names, units):
        assert text.startswith(name) and unit in text
    # Without the setting it is the name, too.
    plain = run(config, {"S": data}).rows("S")[0]
    assert not any(unit and unit not in name for name, unit in zip(plain, units))


def test_a_field_is_found_above_its_unit_and_knows_it(run, package):
    field = 'Field("net", headers=["Net"], read=lambda field_name, column_unit: pl.format("{} {}", pl.col(field_name), pl.lit(column_unit)))'
    config = package(files={"columns/a.py": declared(field)}, rows=HEADER_ROWS % 3)
    rows = [["Region", "Revenue"], ["", "Net"], ["", "EUR"], *([f"n{n}", 2 * n] for n in range(3))]
    outcome = run(config, {"S": rows}, settings={"spread_header_labels": True})
    assert [row[1] for row in outcome.rows("S")] == ["net", "0 EUR", "2 EUR", "4 EUR"]
    assert outcome.tables[0]["structure"]["columns"][1]["mapping"]["field"] == "net"


def test_a_field_is_found_below_a_header_with_a_mark(run, package):
    config = package(files={"columns/a.py": declared('Field("net", headers=["Net"], read=money)')}, rows=HEADER_ROWS % 1)
    rows = [["Name", "Net¹"], *([f"n{n}", 1.5 * n] for n in range(4))]
    outcome = run(config, {"S": rows}, settings={"spread_header_labels": True})
    column = outcome.tables[0]["structure"]["columns"][1]
    assert (column["mapping"]["field"], column["header"]["raw"]) == ("net", "Net¹")
    (field,) = outcome.completed["fields"]
    assert field["source_headers"] == ["Net"]


@pytest.mark.parametrize(
    "tail, tables",
    [
        # A table of a few cells between notes, and beside a following table.
        ([[], ["Adjustment", "Amount"], ["Mileage", 412.5], []], [[["Adjustment", "Amount"], ["Mileage", 412.5]]]),
        ([[], ["Kind", "Day"], ["Travel", "2024-01-31"], ["Meals", "2024-02-01"], [], ["As agreed."]],
         [[["Kind", "Day"], ["Travel", "2024-01-31"], ["Meals", "2024-02-01"]]]),
        # Lines of a name and a value, notes in two columns, remarks directly below.
        ([[], ["Date:", "2024-01-31"], ["Amount:", 412.5], []], []),
        ([[], ["Prepared by", "Ann Lee"], ["Checked by", "Bob Ray"], []], []),
        ([["Adjustment", "Amount"], ["Mileage", 412.5]], []),
        ([[], ["Adjustment", "Amount"], ["Mileage", 412.5, "see there"], []], []),
    ],
)  # fmt: skip
def test_a_small_table_among_the_notes_below_is_one(run, package, tail, tables):
    last = 6 + len(tail) + 1
    rows = [["Region", "Units", "Net", "Tax", "Gross", "Date"], *([n, 1, 2, 3, 4, 5] for n in "abcd")]
    rows += [["Note: adjustments below."], *tail, rows[0], *([n, 6, 7, 8, 9, 9] for n in "efgh")]
    kinds = f'return {{"header" if row_index in (1, {last}) else "note" if 5 < row_index < {last} else "data": 1.0}}'
    config = package(rows=plugin("row", kinds, "row_index"))
    outcome = run(config, {"S": rows}, settings={"end_tables_at_notes": True})
    regions = [table["structure"]["region"]["a1"] for table in outcome.tables]
    assert (regions[0], regions[-1], len(regions)) == ("A1:F5", f"A{last}:F{last + 4}", 2 + len(tables))
    written = outcome.rows("S")
    for table in tables:
        at = next(at for at, row in enumerate(written) if row[: len(table[0])] == table[0])
        assert [row[: len(table[0])] for row in written[at : at + len(table)]] == table
    # Without the setting nothing ends above.
    assert len(run(config, {"S": rows}).tables) == 2


def test_labels_spread_by_a_setting(run, package):
    rows = [["", "2024", None, "2023"], ["Region", "Net", "Gross", "Net"], *([n, 1.5, 2.5, 3.5] for n in "abcd")]
    names = {spread: run(package(rows=NATIVE), {"S": rows}, settings={"spread_header_labels": spread}).rows("S")[0] for spread in (False, True)}
    assert names[False] == ["Region", "2024 Net", "Gross", "2023 Net"]
    assert names[True] == ["Region", "2024 Net", "2024 Gross", "2023 Net"]


# ---- single sheets, by hand


def by_hand(text):
    return {"/settings.toml": text}


def test_a_user_says_where_the_header_is(run, package):
    text = '[sheets."S"]\nheader_rows = [4, 5]'
    outcome = run(package(by_hand(text), rows=NATIVE), {"S": REPORT, "T": REPORT})
    assert [header_of(table) for table in outcome.tables] == [(4, 2), (3, 1)]
    assert outcome.rows("S")[0][:2] == ["Wholesale North", "12"] and len(outcome.rows("S")) == 10


def test_a_user_says_where_the_table_lies(run, package):
    rows = [["x", "Name", "City", "y"], ["x", "Ann", "Rome", "y"], ["x", "Bob", "Oslo", "y"], ["x", "Cid", "Bern", "y"]]
    text = '[sheets."S"]\nheader_rows = [2]\nrange = "B2:C3"'
    outcome = run(package(by_hand(text)), {"S": rows})
    assert outcome.rows("S") == [["Ann", "Rome"], ["Bob", "Oslo"]]
    assert outcome.tables[0]["structure"]["region"]["a1"] == "B2:C3"


def test_tables_are_sought_within_a_range_and_end_with_it(run, package):
    rows = [*REPORT[:12], [], *REPORT[2:7]]
    outcome = run(package(by_hand('[sheets.S]\nrange = "A13:D19"'), rows=NATIVE), {"S": rows})
    assert [header_of(table) for table in outcome.tables] == [(14, 1)]
    outcome = run(package(by_hand('[sheets.S]\nrange = "$b$1:$d$7"'), rows=NATIVE), {"S": rows})
    assert [header_of(table) for table in outcome.tables] == [(3, 1)]
    assert outcome.rows("S") == [row[1:] if len(row) > 1 else [None] * 3 for row in REPORT[2:7]]
    text = 'end_tables_at_notes = true\n[sheets.S]\nrange = "A3:D14"'
    outcome = run(package(by_hand(text), rows=NATIVE), {"S": REPORT, "T": REPORT})
    assert outcome.rows("S")[-1][0] == REPORT[13][0] and outcome.rows("T")[-1][0] == "Total"


def test_a_range_beyond_the_sheet_ends_with_it(run, package):
    outcome = run(package(by_hand('[sheets.S]\nheader_rows = [3]\nrange = "A3:Z900"')), {"S": REPORT[:7]})
    assert len(outcome.rows("S")) == 5
    outcome = run(package(by_hand("[sheets.S]\nheader_rows = [90]")), {"S": REPORT[:7]})
    assert outcome.result.error is None and outcome.tables == []


def test_a_user_leaves_a_sheet_out_and_one_that_is_not_there_is_told(run_by_ade, package):
    outcome = run_by_ade(package(by_hand("[sheets.S]\nskip = true")), {"S": REPORT, "T": REPORT})
    assert outcome.book.sheetnames == ["T"] and [one["sheets"] for one in outcome.noticed["notices"]] == [["S"]]
    outcome = run_by_ade(package(by_hand("[sheets.T]\nheader_rows = [3]")), {"S": REPORT})
    (notice,) = outcome.noticed["notices"]
    assert (notice["code"], notice["level"], notice["sheets"]) == ("sheets_unknown", "info", ["T"])


@pytest.mark.parametrize("text", [
    'sheets = "S"', "sheets.S = 5",
    *(f"[sheets.S]\n{line}" for line in ("header_rows = [4, 3]", "header_rows = [0]", "header_rows = [true]", "headerrows = [3]")),
    *(f"[sheets.S]\n{line}" for line in ('range = "B3"', 'range = "3:B"', 'header_rows = [9]\nrange = "A1:B5"', "skip = 1")),
])  # fmt: skip
def test_choices_that_mean_nothing_are_refused(tmp_path, text):
    (tmp_path / "settings.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="^sheets from .*settings.toml should"):
        Settings.load(config_package_dir=tmp_path)


def test_choices_come_from_the_environment_too(monkeypatch):
    monkeypatch.setenv("ADE_ENGINE_SHEETS", '{"S": {"header_rows": [3, 4], "range": "H90:B3"}}')
    settings = Settings.load()
    assert settings.to_dict()["sheets"] == {"S": {"header_rows": [3, 4], "range": "B3:H90"}}
    monkeypatch.setenv("ADE_ENGINE_SHEETS", "{")
    with pytest.raises(SettingsError, match="should be JSON"):
        Settings.load()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", TEXTS)
def test_what_was_learned_from_is_what_runs_see(tmp_path, form, kind):
    """The features of a sheet as texts, from which the weights were learned, are those of its file."""
    rows = sheet_of(TEXTS[kind])
    texts = [["" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    path = tmp_path / f"sheet.{form}"
    if form == "csv":
        path.write_text("\n".join(",".join(f'"{text}"' for text in row) for row in texts) + "\n", encoding="utf-8")
    else:
        write_workbook(path, {"sheet": rows})
    source = open_source(path)
    source.load()
    scan = source.scan(source.sheets[0], max_empty_rows_run=None, max_empty_cols_run=None)
    assert _native.layout_features(scan) == _native.layout_features(_native.scan_of_rows("sheet", texts, None, None, False, []))


def test_records_are_no_totals_and_subtotals_no_records(run_by_ade, package):
    """A row that has the texts of a record is one, whatever its first cell says; a row without them is a total."""
    people = [[name, "Ann", 38 + at, 1500 + at] for at, name in enumerate(("Total Energies", "Smith", "Sum", "Jones", "Lee", "Overall"))]
    sheet = [["Surname", "Given name", "Hours", "Pay"]]
    for section in ("North", "South"):
        sheet += [[section], *people, ["Subtotal", None, 240, 9000]]
    sheet += [["Grand total", None, 480, 18000]]
    outcome = run_by_ade(package(rows=NATIVE), {"S": sheet}, settings={"skip_total_rows": True, "group_rows": "drop"})
    assert [row[0] for row in outcome.rows("S")[1:]] == [person[0] for person in people] * 2
