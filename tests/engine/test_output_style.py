"""``output_style = "table"``: what the normalized workbook looks like."""

import datetime as dt
import json

import openpyxl
import polars as pl
import pytest
from conftest import declared, plugin, write_package, write_workbook
from package_check import check_package

from ade_engine import Engine, FieldDef, RunRequest, Settings
from ade_engine.io.output.look import FIELD, ISSUES, OTHER, SEVERITY, Issues, LookColumn, TableLook
from ade_engine.io.output.workbook import Output

HEAD, DIM, INK = "FFF3F1EC", "FF6B675F", "FF1C1B19"
WARNING = "FFFCE4AE"

#: Fields with labels and formats; messages for e-mail addresses and days; and provenance, as a run makes it.
FIELDS = declared('''
    Field("name", "First name", headers=["name"]), Field("email", "E-mail", headers=["email"], checks=[check_mail]),
    Field("day", "Start date", headers=["day"]), Field("hours"), Field("pay", "Gross pay", headers=["pay"], format="money"),
    Field("share", format="percent", width=20), Field("member", "Member ID", headers=["member"], read=pl.col),
''', functions='''
def check_mail(field_name):
    return pl.when(~pl.col(field_name).cast(pl.String).str.contains("@")).then(pl.lit("not an e-mail address"))
''')

PROVENANCE = '''
import polars as pl

def mapped(*, table, source_region, **_):
    first = source_region.min_row + 1
    table = table.with_columns(pl.int_range(first, first + table.height, dtype=pl.UInt32).alias("__ade_row"))
    if "day" not in table.columns:
        return table
    text = pl.col("day").cast(pl.String).str.slice(0, 10)
    day = text.str.to_date(strict=False)
    return table.with_columns(
        day, pl.when(pl.col("day").is_not_null() & day.is_null()).then(pl.lit("not a date")).alias("__ade_unread__day")
    )

def register(registry):
    registry.register_hook(mapped, hook="on_table_mapped", priority=1)
'''

TOUCH = plugin("on_table_written", 'output_sheet["A1"].value', "*, output_sheet, **_")

HEADERS = ["name", "email", None, "day", "hours", "Overtime", "pay", "Notes", None, "share"]


def people(count: int = 30, start: int = 0) -> list[list]:
    return [
        [
            f"Name {i}",
            "nobody" if i % 7 == 3 else f"n{i}@example.org",
            None,
            "soon" if i % 10 == 4 else dt.datetime(2014, 1, 1) + dt.timedelta(days=40 * i),
            30 + i,
            1.5 * (i % 3),
            None if i % 5 == 2 else 1000 + 31.25 * i,
            "on leave" if i % 6 == 0 else None,
            None,
            0.125,
        ]
        for i in range(start, start + count)
    ]


class Written:
    def __init__(self, path):
        self.path = path
        self.book = openpyxl.load_workbook(path)
        self.sheet = self.book.worksheets[0]

    def column(self, header: str) -> list:
        """The cells of a column, its header first."""
        return next(list(column) for column in self.sheet.iter_cols() if column[0].value == header)

    @property
    def headers(self) -> list:
        return [cell.value for cell in self.sheet[1]]


@pytest.fixture
def normalize(tmp_path):
    def run(rows=None, files=(), *, sheets=None, provenance=True, name="out", **settings) -> Written:
        package = {"columns/fields.py": FIELDS, **dict(files)}
        if provenance:
            package["hooks/a_provenance.py"] = PROVENANCE
        folder = write_package(tmp_path / f"package-{name}", package)
        source = write_workbook(tmp_path / f"{name}-source.xlsx", sheets or {"North": rows or [HEADERS, *people()]})
        path = tmp_path / f"{name}.xlsx"
        chosen = Settings(**{"output_style": "table", "report_unread_cells": True, **settings})
        result = Engine(chosen).run(RunRequest(config_package=folder, input_file=source, output_path=path))
        assert result.error is None, result.error
        assert check_package(path) == []
        return Written(path)

    return run


def color(color) -> str | None:
    return color.rgb if color is not None and color.type == "rgb" else None


def fill_of(cell) -> str | None:
    return color(cell.fill.fgColor) if cell.fill.patternType == "solid" else None


def look_of(cell) -> tuple:
    return (
        cell.number_format,
        *(cell.font.name, cell.font.scheme, cell.font.sz, cell.font.b, cell.font.i, color(cell.font.color)),
        fill_of(cell),
        *(cell.border.left.style, color(cell.border.left.color)),
        *(cell.border.bottom.style, color(cell.border.bottom.color)),
        *(cell.alignment.horizontal, cell.alignment.vertical, cell.alignment.indent),
    )


def described(path) -> dict:
    """All that is seen of a workbook."""
    sheets = {}
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        sheets[sheet.title] = {
            "cells": {
                cell.coordinate: (cell.value, cell.data_type, look_of(cell))
                for row in sheet.iter_rows()
                for cell in row
                if cell.value is not None or cell.has_style
            },
            "dimension": sheet.calculate_dimension(),
            "frozen": sheet.freeze_panes,
            "filter": sheet.auto_filter.ref,
            "names": {name: value.attr_text for name, value in sheet.defined_names.items()},
            "columns": {
                key: (column.width, column.hidden, column.outlineLevel, column.collapsed, column.min, column.max)
                for key, column in sheet.column_dimensions.items()
            },
            "heights": {row: value.height for row, value in sheet.row_dimensions.items() if value.height},
        }
    return sheets


def test_the_header(normalize):
    written = normalize()
    assert written.headers == [
        *("First name", "E-mail", "Start date", "hours", "Overtime", "Gross pay", "Notes", "share", "Member ID"),
        *("Severity", "Issues", "Source row"),
    ]
    assert written.sheet.row_dimensions[1].height == 20 and written.sheet.freeze_panes == "A2"
    assert written.sheet.auto_filter.ref == "A1:L31"
    for cell in written.sheet[1]:
        assert fill_of(cell) == HEAD
        assert (cell.border.bottom.style, color(cell.border.bottom.color)) == ("medium", "FF88837A")
        # What no field has, and a field that was not found.
        is_quiet = cell.value in ("Overtime", "Notes", "Member ID")
        assert (cell.font.b, cell.font.i, color(cell.font.color)) == (not is_quiet, is_quiet, DIM if is_quiet else INK)
        figures = ("Start date", "hours", "Overtime", "Gross pay", "share", "Source row")
        assert (cell.alignment.horizontal == "right") == (cell.value in figures)
    assert all(cell.font.name == "Calibri" and cell.font.scheme == "minor" for row in written.sheet for cell in row)


def test_text_after_figures_keeps_a_step_away(normalize):
    written = normalize()
    notes = [cell for cell in written.column("Notes") if cell.value]
    assert {(cell.alignment.horizontal, cell.alignment.indent) for cell in notes} == {("left", 1)}
    assert {cell.alignment.indent for cell in written.column("E-mail")} == {0}


#: A value of each type, and its format.
FORMATS = {
    "date": (dt.date(2024, 1, 31), "yyyy-mm-dd"),
    "moment": (dt.datetime(2024, 1, 31, 9, 30), "yyyy-mm-dd hh:mm"),
    "second": (dt.datetime(2024, 1, 31, 9, 30, 5), "yyyy-mm-dd hh:mm:ss"),
    "midnight": (dt.datetime(2024, 1, 31), "yyyy-mm-dd"),
    "time": (dt.time(9, 30), "hh:mm"),
    "span": (dt.timedelta(hours=30), "[h]:mm"),
    "whole": (1234, "#,##0"),
    "float": (1.0, "#,##0"),
    "float1": (1.5, "#,##0.0"),
    "float2": (1.25, "#,##0.00"),
    "float9": (1 / 3, "#,##0.0000"),
    "text": ("0123", "@"),
    # A cell for text would make text of it as soon as a person edits it.
    "formula": ("=1+1", "General"),
    "flag": (True, "General"),
}


def test_number_formats_follow_the_types():
    frame = pl.DataFrame({name: [value] for name, (value, _) in FORMATS.items()})
    assert formats_of(frame, FIELD) == {name: code for name, (_, code) in FORMATS.items()}
    moments = {"date", "moment", "second", "midnight", "time", "span"}
    assert formats_of(frame, OTHER) == {name: code if name in moments else "General" for name, (_, code) in FORMATS.items()}


def appended(frame: pl.DataFrame, columns: list[LookColumn], issues=()):
    """An output with this table, and its sheet."""
    output = Output()
    sheet = output.add_sheet("x")
    output.append_table(sheet, frame, gap=False, look=TableLook(columns, list(issues), True))
    return output, sheet


def formats_of(frame: pl.DataFrame, kind: int) -> dict[str, str]:
    _, sheet = appended(frame, [LookColumn(kind, name, name) for name in frame.columns])
    return {header.value: cell.number_format for header, cell in zip(sheet[1], sheet[2])}


def test_the_most_exact_value_decides_for_its_column():
    frame = pl.DataFrame(
        {
            "number": [1.5, None, -1234.125, 3.0],
            # What calculating leaves behind the last decimal does not count.
            "sum": [0.1 + 0.2, 1069.5000000000002, None, None],
            "moment": [dt.datetime(2024, 1, 1)] * 3 + [dt.datetime(2024, 1, 1, 0, 0, 1)],
        }
    )
    assert formats_of(frame, FIELD) == {"number": "#,##0.000", "sum": "#,##0.0", "moment": "yyyy-mm-dd hh:mm:ss"}
    # Seconds count wherever they are.
    late = pl.DataFrame({"m": [dt.datetime(2024, 1, 1)] * 20_000 + [dt.datetime(2024, 1, 1, 0, 0, 1)]})
    assert formats_of(late, FIELD) == {"m": "yyyy-mm-dd hh:mm:ss"}


def test_formats_and_widths_of_fields_win(normalize):
    written = normalize()
    assert {cell.number_format for cell in written.column("Gross pay")[1:] if cell.value} == {"#,##0.00"}
    assert {cell.number_format for cell in written.column("share")[1:]} == {"0.0%"}
    assert written.sheet.column_dimensions["H"].width == 20


@pytest.mark.parametrize(
    ("values", "header", "width"),
    [
        (["x"], "a", 8),
        (["x"], "a header", 12),
        (["x" * 20] * 20, "a", 22),
        # One of twenty does not count.
        (["x"] * 19 + ["x" * 40], "a", 8),
        (["x" * 300] * 20, "a", 48),
        ([1234567.25], "a", 14),
        ([-1234567], "a", 12),
        ([dt.date(2024, 1, 1)], "a", 12),
        ([None], "a", 8),
    ],
)
def test_widths(values, header, width):
    _, sheet = appended(pl.DataFrame({"v": values}), [LookColumn(FIELD, "v", header)])
    assert sheet.column_dimensions["A"].width == width


def test_issues_stand_in_columns_and_cells(normalize):
    written = normalize()
    rows = {row[0].value: {header: cell for header, cell in zip(written.headers, row)} for row in written.sheet}
    mail, day, both, none = (rows[f"Name {number}"] for number in (3, 14, 24, 1))
    assert (mail["Severity"].value, mail["Issues"].value) == ("warning", "E-mail: not an e-mail address")
    assert fill_of(mail["E-mail"]) == WARNING
    assert (day["Severity"].value, day["Issues"].value) == ("warning", "Start date: not a date")
    # What was not read is empty, and has its fill all the same.
    assert (day["Start date"].value, fill_of(day["Start date"])) == (None, WARNING) and fill_of(day["E-mail"]) is None
    assert both["Severity"].value == "warning"
    assert both["Issues"].value == "E-mail: not an e-mail address; Start date: not a date"
    assert (fill_of(both["E-mail"]), fill_of(both["Start date"])) == (WARNING, WARNING)
    assert (none["Severity"].value, none["Issues"].value) == (None, None)
    assert {cell.border.left.style for cell in written.column("Severity")} == {"medium"}
    assert [cell.value for cell in written.column("Source row")[1:]] == list(range(2, 32))


def test_which_columns_there_are(normalize):
    # Generated ones with a value, and those of issues whether there are some or none.
    rows = [HEADERS, *people(5)]
    rows[2][8] = "found"
    assert [header for header in normalize(rows).headers if header.startswith("col_")] == ["col_9"]
    written = normalize([["name", "email"], ["a", "a@b"]], provenance=False, name="plain")
    assert written.headers == ["First name", "E-mail", "Member ID", "Severity", "Issues"]
    written = normalize(issue_columns=False)
    assert written.headers[-1] == "Member ID"
    # Cells show their issues all the same.
    assert {fill_of(cell) for cell in written.column("E-mail")[1:]} == {None, WARNING}


def test_an_issue_that_a_hook_has_accepted_is_none(normalize):
    body = 'return table.with_columns(pl.lit(None, dtype=pl.String).alias("__ade_issue__day"))'
    written = normalize(files={"hooks/b.py": plugin("on_table_validated", body, "*, table, **_")})
    assert {cell.value for cell in written.column("Severity")[1:]} == {None, "warning"}


@pytest.mark.parametrize("touched", [False, True])
def test_diagnostics_follow_in_a_closed_group(normalize, touched):
    written = normalize(files={"hooks/touch.py": TOUCH} if touched else {}, write_diagnostics_columns=True)
    assert written.headers[11:] == [*("Source row", "__ade_issue__email", "__ade_issue__day", "__ade_has_issues", "__ade_issue_count")]
    columns = written.sheet.column_dimensions
    assert [columns[letter].hidden for letter in "LMNOP"] == [False, True, True, True, True]
    assert [columns[letter].outlineLevel for letter in "LMNOPQ"] == [0, 1, 1, 1, 1, 0] and columns["Q"].collapsed


def test_a_manifest_orders_and_names_the_columns(normalize):
    manifest = {
        "/manifest.toml": """
            [[columns]]
            field = "email"
            header = "Mail"
            [[columns]]
            field = "name"
            [[columns]]
            field = "Notes"
            enabled = false
        """
    }
    written = normalize(files=manifest)
    assert written.headers[:3] == ["Mail", "First name", "Start date"] and "Notes" not in written.headers
    assert "Mail: not an e-mail address" in {cell.value for cell in written.column("Issues")}


def test_headers_stay_apart(normalize):
    written = normalize([["Issues", "E-mail", "email", "Severity"], ["a", "b", "c@d", "e"]], provenance=False)
    assert written.headers[:4] == ["Issues__2", "E-mail__2", "E-mail", "Severity__2"]
    assert written.headers[-2:] == ["Severity", "Issues"]


TWO_TABLES = [["name", "email"], *[[f"A {i}", "x@y" if i % 2 else "z"] for i in range(5)], [None], HEADERS, *people(8)]
TWO_HEADERS = plugin("row", 'return {"header": 1.0} if row_values and row_values[0] == "name" else {"data": 1.0}', "*, row_values, **_")


def test_several_tables_on_a_sheet(normalize):
    written = normalize(TWO_TABLES, {"row_detectors/rows.py": TWO_HEADERS}, write_diagnostics_columns=True)
    assert written.sheet.freeze_panes == "A2" and written.sheet.auto_filter.ref is None
    assert {row: value.height for row, value in written.sheet.row_dimensions.items() if value.height} == {1: 20, 9: 20}
    assert written.sheet["C9"].value == "Start date"
    # The first table's own columns stand where the second one has its data: no reader has to open these.
    assert written.sheet["G1"].value == "__ade_issue__email" and not written.sheet.column_dimensions["G"].hidden
    assert written.sheet.column_dimensions["M"].hidden


def test_provenance_survives_merging(normalize):
    written = normalize(TWO_TABLES, {"row_detectors/rows.py": TWO_HEADERS}, merge_tables_in_sheet=True)
    assert [cell.value for cell in written.column("Source row")[1:]] == [*range(2, 8), *range(9, 17)]
    assert [cell.value for cell in written.column("Severity")[1:]] == [
        *("warning", None, "warning", None, "warning", None),
        *(None, None, None, "warning", "warning", None, None, None),
    ]
    assert written.sheet.auto_filter.ref == "A1:L15"
    assert not [header for header in written.headers if header.startswith("col_")]


@pytest.mark.parametrize("options", [
    {},
    {"write_diagnostics_columns": True},
    {"issue_columns": False, "remove_unmapped_columns": True},
    {"rows": TWO_TABLES, "files": {"row_detectors/rows.py": TWO_HEADERS}, "write_diagnostics_columns": True},
    {"sheets": {"North": [HEADERS, *people(3)], "It's": [HEADERS], "South": [["name"], ["=1+1"], [""], ["#N/A"]]}},
    {"rows": [["name", "email"], ["=1+1", "=2"]], "escape_formulas": True},
])
def test_a_workbook_that_hooks_touch_looks_like_others(normalize, options):
    files = options.get("files", {})
    plain = normalize(**options, name="untouched")
    touched = normalize(**{**options, "files": {**files, "hooks/touch.py": TOUCH}}, name="touched")
    assert described(touched.path) == described(plain.path)


def test_hooks_see_the_look_and_may_change_it(normalize):
    change = plugin("on_table_written", '''
        from openpyxl.styles import PatternFill
        assert output_sheet.freeze_panes == "A2"
        assert output_sheet["A1"].font.b
        assert output_sheet["B5"].fill.fgColor.rgb == "FFFCE4AE"
        assert output_sheet["C3"].number_format == "yyyy-mm-dd"
        output_sheet["B5"].fill = PatternFill("solid", fgColor="FF00FF00")
        output_sheet["D2"].value = 7
        output_sheet.freeze_panes = "B2"
        output_sheet.column_dimensions["A"].width = 33
        [cell.value for row in output_sheet.iter_rows() for cell in row]
    ''', "*, output_sheet, **_")
    written = normalize(files={"hooks/change.py": change})
    assert fill_of(written.sheet["B5"]) == "FF00FF00" and written.sheet["B5"].number_format == "@"
    assert (written.sheet["D2"].value, written.sheet["D2"].number_format) == (7, "#,##0")
    assert written.sheet.freeze_panes == "B2" and written.sheet.column_dimensions["A"].width == 33
    # All else is as it was.
    assert fill_of(written.sheet["C6"]) == WARNING


def test_hooks_get_the_table_that_is_written(normalize, tmp_path):
    note = plugin("on_table_written", f'''
        import json
        with open({str(tmp_path / "noted.json")!r}, "w") as file:
            json.dump([write_table.columns, write_table.rows()[4][-3:], output_region.a1, table_result.table.columns], file)
    ''', "*, write_table, output_region, table_result, **_")
    written = normalize(files={"hooks/note.py": note})
    columns, last, region, table = json.loads((tmp_path / "noted.json").read_text())
    assert columns == written.headers and last == ["warning", "Start date: not a date", 6]
    assert region == "A1:L31" == written.sheet.dimensions and "__ade_unread__day" in table


def test_a_sheet_without_columns(normalize):
    written = normalize(sheets={"Empty": [], "North": [HEADERS, *people(2)]})
    assert written.book["Empty"].freeze_panes is None and written.book["North"]["A1"].value == "First name"


def test_python_objects_are_refused_as_before():
    frame = pl.DataFrame({"a": pl.Series([object()], dtype=pl.Object), "b": [1]})
    with pytest.raises(ValueError, match="Cannot convert"):
        appended(frame, [LookColumn(FIELD, "a", "A"), LookColumn(FIELD, "b", "B")])


def test_unusual_types(tmp_path):
    frame = pl.DataFrame({
        "decimal": pl.Series(["1.25", None], dtype=pl.String).cast(pl.Decimal(10, 2)),
        "category": pl.Series(["a", "b"], dtype=pl.Categorical),
        "infinite": [float("inf"), 1.0],
        "issue": ["very\x01odd", None],
    })
    paths = []
    for touched in (False, True):
        columns = [LookColumn(FIELD, name, name.title()) for name in frame.columns[:3]]
        columns += [LookColumn(SEVERITY, None, "Severity"), LookColumn(ISSUES, None, "Issues")]
        output, sheet = appended(frame, columns, [Issues("Decimal", "decimal", "issue")])
        if touched:
            sheet["A1"].value
        paths.append(tmp_path / f"{touched}.xlsx")
        output.save(str(paths[-1]))
        assert check_package(paths[-1]) == []
    looks = [described(path)["x"] for path in paths]
    assert looks[0] == looks[1] and looks[0]["cells"]["A2"][2][0] == "#,##0.00" and looks[0]["cells"]["B2"][2][0] == "@"
    # A message may quote what no cell can hold.
    assert looks[0]["cells"]["E2"][0] == "Decimal: very\ufffdodd"


def test_text_that_no_cell_can_hold_fails_as_before():
    from openpyxl.utils.exceptions import IllegalCharacterError

    for frame, header in ((pl.DataFrame({"a": ["x\x01"]}), "A"), (pl.DataFrame({"a": ["x"]}), "A\x02")):
        with pytest.raises(IllegalCharacterError):
            appended(frame, [LookColumn(FIELD, "a", header)])
    # What is not written is not looked at.
    appended(pl.DataFrame({"a": ["x"], "b": ["\x01"]}), [LookColumn(FIELD, "a", "A")])


WRONG = [{"width": 0}, {"width": "wide"}, {"width": True}, {"format": ""}, {"format": 2}, {"format": "0\n"}]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_widths_and_formats_that_cannot_be(tmp_path, wrong):
    register = f"""
        from ade_engine.models import FieldDef
        def register(registry):
            registry.register_field(FieldDef("a", **{wrong!r}))
    """
    package = write_package(tmp_path / "package", {"columns/a.py": register})
    source = write_workbook(tmp_path / "in.xlsx", {"S": [["a"], [1]]})
    for style, error in (("plain", None), ("table", "config_error")):
        request = RunRequest(config_package=package, input_file=source, output_path=tmp_path / "out.xlsx")
        result = Engine(Settings(output_style=style)).run(request)
        assert (result.error and result.error.code.value) == error
    assert "field 'a' has the" in result.error.message


def test_width_and_format_are_given_by_name():
    field = FieldDef("a", "A", "float", {"x": 1}, width=12, format="money")
    assert (field.name, field.label, field.dtype, field.meta) == ("a", "A", "float", {"x": 1})
    assert (field.width, field.format) == (12, "money")
    with pytest.raises(TypeError):
        FieldDef("a", "A", "float", {"x": 1}, 12)


def test_libreoffice_reads_it(normalize, libreoffice):
    written = normalize(write_diagnostics_columns=True)
    lines = (libreoffice(written.path, to="csv") / "out.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 31
    assert lines[1].startswith('Name 0,n0@example.org,2014-01-01,30,0,1000,on leave,12.5%,')
