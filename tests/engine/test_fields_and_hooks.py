"""The readers within a run, further: what hooks and transforms of authors do to tables, and cells as a sheet shows them."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import openpyxl
import polars as pl
import pytest
from test_fields_in_runs import columns, hook, issues, normalize  # noqa: F401

from ade_engine import Settings, _native, fields
from ade_engine.fields import HeaderRows, surroundings

# ---------------------------------------------------------------- what hooks and transforms of authors do to tables


def test_a_hook_that_drops_nulls_keeps_whole_rows_and_their_issues(normalize):
    config = columns('Field("day", read=date)', 'Field("net", read=money)')
    config["hooks/whole.py"] = hook("on_table_transformed", 'return table.drop_nulls("net")')
    rows = normalize(config, [["Day", "Net"], ["31.01.2025", "1,5"], ["soon", "2,5"], ["01.02.2025", "x"]])
    assert [row["net"] for row in rows] == [1.5, 2.5] and issues(rows, "day") == [None, 'not a date: "soon"']
    config["hooks/whole.py"] = hook("on_table_transformed", "return table.drop_nulls()")
    assert [row["net"] for row in normalize(config, [["Day", "Net"], ["31.01.2025", "1,5"], ["soon", "2,5"]])] == [1.5]


def test_a_hook_that_makes_several_rows_of_one_says_of_each_what_is_said_of_its_cells(normalize):
    config = columns('Field("name")', 'Field("net", read=money)')
    body = 'return table.with_columns(pl.col("name").str.split("/")).explode("name")'
    config["hooks/split.py"] = "import polars as pl\n" + hook("on_table_mapped", body)
    rows = normalize(config, [["Name", "Net"], ["Bell/Ball", "soon"], ["Cole", "2,5"], ["Dunn", "3,5"], ["Eve", "1,25"]])
    assert [(row["name"], row["net"]) for row in rows][:3] == [("Bell", None), ("Ball", None), ("Cole", 2.5)]
    assert issues(rows, "net") == ['not a number: "soon"', 'not a number: "soon"', None, None, None]


def test_a_hook_that_loses_the_rows_numbers_makes_a_notice_of_unread_cells(normalize):
    config = columns('Field("day", read=date)', 'Field("net", read=money)')
    config["hooks/other.py"] = hook("on_table_transformed", 'return table.select("day", "net")')
    rows = normalize(config, [["Day", "Net"], ["31.01.2025", "1,5"], ["soon", "2,5"]])
    assert len(rows) == 2 and "__ade_issue__day" not in rows[0]
    codes = [notice["code"] for notice in normalize.outcome.noticed["notices"]]
    assert "issues_without_rows" in codes


def test_a_field_that_a_hook_takes_out_stays_out(normalize):
    config = columns('Field("day", read=date)', 'Field("net", read=money)')
    config["hooks/out.py"] = hook("on_table_transformed", 'return table.drop("day")')
    assert "day" not in normalize(config, [["Day", "Net"], ["soon", "1,5"]])[0]


def test_a_reader_in_a_hook_goes_by_the_settings(normalize):
    read = 'from ade_engine.fields import date\nreturn table.with_columns(date("Posted").alias("posted_on"))'
    config = {**columns('Field("net", read=money)'), "hooks/day.py": hook("on_table_mapped", read)}
    cells = [["Net", "Posted"], ["1.5", "01/02/2025"]]
    assert normalize(config, cells, settings={"date_order": "mdy"})[0]["posted_on"] == dt.datetime(2025, 1, 2)
    assert normalize(config, cells)[0]["posted_on"] == dt.datetime(2025, 2, 1)


def test_rows_that_hooks_add_and_drop_are_counted_by_their_numbers(normalize):
    total = hook("on_table_mapped", 'return pl.concat([table, pl.DataFrame({"net": ["7"]})], how="diagonal")')
    some = hook("on_table_mapped", 'return table.filter(pl.col("net") != "2")')
    config = {**columns('Field("net", read=money)'), "hooks/a_total.py": total, "hooks/b_some.py": some}
    assert [row["net"] for row in normalize(config, [["Net"], ["1"], ["2"], ["3"]])] == [1, 3, 7]
    (dropped,) = normalize.outcome.notices("rows_dropped")
    assert (dropped["count"], dropped["rows"]) == (1, [[3, 3]])


@pytest.mark.parametrize("type_", ["pl.Decimal(10, 2)", "pl.Categorical", "pl.List(pl.String)"])
def test_a_transform_may_make_columns_of_any_type(normalize, type_):
    functions = f"""
def odd(field_name):
    value = pl.when(pl.col(field_name) != "x").then(pl.lit("1"))
    return value.cast(pl.List(pl.String)) if "List" in "{type_}" else value.cast({type_})
"""
    config = columns('Field("odd", read=odd)', 'Field("net", read=money)', functions=functions)
    config["hooks/back.py"] = hook("on_table_validated", 'return table.with_columns(pl.col("odd").is_null())')
    rows = normalize(config, [["Odd", "Net"], ["a", "1,5"], ["x", "2,5"]])
    assert [row["odd"] for row in rows] == [False, True]
    assert issues(rows, "odd")[0] is None and issues(rows, "odd")[1].startswith("left empty")


def test_headers_that_look_like_patterns_are_written_as_they_are(normalize):
    config = columns('Field("net", read=money)')
    for style in ("plain", "table"):
        rows = normalize(config, [["Net", "*", "^.*$"], ["1,5", "a", "b"]], settings={"output_style": style})
        assert (rows[0]["*"], rows[0]["^.*$"]) == ("a", "b")


def test_tables_of_two_threads_do_not_read_each_others_settings():
    both_are_in = Barrier(2)
    table = pl.DataFrame({"day": ["01/02/2025"] * 50})

    def read(order: str) -> set:
        surroundings.enter(surroundings.Surroundings(Settings(date_order=order), table, {}))
        try:
            both_are_in.wait(10)
            # Within another expression polars asks for the column, in whichever thread it likes.
            return set(table.select(pl.coalesce(fields.date("day"), None))["day"].to_list())
        finally:
            surroundings.enter(None)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(read, ("dmy", "mdy"))) == [{dt.date(2025, 2, 1)}, {dt.date(2025, 1, 2)}]


def test_a_long_cell_is_the_same_header_row_by_row_and_at_once():
    rows = [["Name", "Net (" + "a long note " * 20 + ")"], ["x" * 500, "Net"], ["Name", "年"]]
    detector = HeaderRows(["name", "net"], least=2)
    scan = _native.scan_of_rows("S", rows, None, None, False, [])
    kinds, _ = _native.classify_rows(scan, [detector.rule()])
    assert [bool(kind) for kind in kinds] == [detector(row) is not None for row in rows] == [True, False, False]


#: Cells and their number formats: what people see is in the last column.
SHOWN = [
    (123, "00000", "00123"), (98765, "00000", "98765"), (1234567, "000-00-0000", "001-23-4567"),
    (1067, '"D-"00000', "D-01067"), (42, "General", "42"), ("007", "@", "007"), (7, "0000;-0000", "0007"),
]


def book_of_shown_cells(path, merged: str | None = None):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Plz", "Pieces", "Note", "Phone"])
    for row, (value, look, _) in enumerate(SHOWN, 2):
        for column in (1, 2, 3, 4):
            sheet.cell(row, column, value).number_format = look
    for row in range(2, 5):
        sheet.cell(row, 4, 301234567).number_format = "0000000000"
    if merged:
        sheet.merge_cells(merged)
    book.save(path)
    return path


PADDED_FIELDS = ('Field("plz", read=code)', 'Field("pieces", read=number)', 'Field("note", read=text)', 'Field("phone", read=phone)')


def test_codes_of_numbers_are_what_their_workbook_shows(normalize, tmp_path):
    rows = normalize(columns(*PADDED_FIELDS), book_of_shown_cells(tmp_path / "shown.xlsx"))
    wanted = [shown for _, _, shown in SHOWN]
    assert [row["plz"] for row in rows] == wanted and [row["note"] for row in rows] == wanted
    assert [row["phone"] for row in rows][:3] == ["0301234567"] * 3
    # A quantity is the number that it is.
    assert [row["pieces"] for row in rows][:4] == [123, 98765, 1234567, 1067]


def test_zeros_that_a_workbook_shows_stay_with_their_rows(normalize, tmp_path):
    def changed_by(expression):
        config = {**columns(*PADDED_FIELDS), "hooks/sort.py": hook("on_table_mapped", f"return table.{expression}")}
        return [row["plz"] for row in normalize(config, book_of_shown_cells(tmp_path / "shown.xlsx"))]

    assert changed_by("reverse().filter(pl.col('__ade_row') != 3)") == [shown for _, _, shown in SHOWN if shown != "98765"][::-1]
    one = "with_columns(pl.when(pl.col('plz') == '123').then(pl.lit('9')).otherwise('plz').alias('plz'))"
    assert changed_by(one)[:2] == ["9", "98765"]


def test_merged_cells_that_are_filled_are_shown_as_the_first_one(normalize, tmp_path):
    path = book_of_shown_cells(tmp_path / "shown.xlsx", merged="A2:A3")
    rows = normalize(columns(*PADDED_FIELDS), path, settings={"fill_merged": True})
    assert [row["plz"] for row in rows][:3] == ["00123", "00123", "001-23-4567"]


def test_codes_of_an_old_workbook_keep_their_zeros(normalize, tmp_path):
    xlwt = pytest.importorskip("xlwt")
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet")
    for column, name in enumerate(("Plz", "Pieces")):
        sheet.write(0, column, name)
    for row, (value, look, _) in enumerate(SHOWN, 1):
        for column in (0, 1):
            sheet.write(row, column, value, xlwt.easyxf(num_format_str=look))
    book.save(tmp_path / "shown.xls")
    rows = normalize(columns(*PADDED_FIELDS[:2]), tmp_path / "shown.xls")
    assert [row["plz"] for row in rows] == [shown for _, _, shown in SHOWN] and rows[0]["pieces"] == 123


def test_a_configuration_that_reads_values_itself_gets_the_number(normalize, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Plz"])
    book.active.append([123])
    book.active["A2"].number_format = "00000"
    book.save(tmp_path / "shown.xlsx")
    config = columns('Field("plz", read=lambda field_name: pl.col(field_name))')
    assert normalize(config, tmp_path / "shown.xlsx")[0]["plz"] == 123
