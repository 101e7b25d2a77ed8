"""Columns that no field has are written as their cells stood, each with its own type, however polars mixes these."""

import datetime as dt
import itertools
from random import Random

import polars as pl
import pytest

from conftest import declared, plugin

KINDS = {
    "whole": [5, 7],
    "number": [2.5, 0.125],
    "text": ["x", "0x1"],
    "time": [dt.time(9, 40), dt.time(11, 0, 30)],
    "day": [dt.datetime(2024, 4, 2), dt.datetime(2024, 4, 2, 13, 5)],
    "duration": [dt.timedelta(hours=30, minutes=5), dt.timedelta(minutes=15)],
    "truth": [True, False],
    "error": ["#N/A", "#REF!"],
}
PAIRS = [*itertools.permutations(KINDS, 2), ("day", "duration", "text"), ("time", "truth", "error"), ("truth", "whole", "duration", "text")]


def columns_of(pairs=PAIRS) -> dict[str, list]:
    return {" ".join(kinds): [KINDS[kind][at] for at in (0, 1) for kind in kinds] + [None] * (8 - 2 * len(kinds)) for kinds in pairs}


def sheet_of(columns: dict[str, list]) -> list[list]:
    """Columns beside one that tells the rows apart; durations get their format."""
    return [["First name", *columns], *([f"P{at}", *row] for at, row in enumerate(zip(*columns.values())))]


def typed(value):
    return type(value), value


def check(rows: list[list], columns: dict[str, list]) -> None:
    """Whether rows under their headers have the values, with their types."""
    header, *rows = rows
    rows = [row for row in rows if row[header.index("First name")] is not None]
    for name, values in columns.items():
        found = [typed(row[header.index(name)]) for row in rows]
        assert found == [*map(typed, values)], name


WAYS = [{}, {"output_style": "plain"}, {"edition": "2026", "issue_columns": False}]


@pytest.mark.parametrize("settings", WAYS)
@pytest.mark.parametrize("is_touched", [False, True])
def test_cells_of_two_types_keep_theirs(succeed, template, settings, is_touched):
    columns = columns_of()
    if is_touched:
        (template / "src/ade_config/hooks/touch.py").write_text(plugin("on_sheet_end", "output_sheet['A1'].value", "*, output_sheet, **_"))
    outcome = succeed(template, {"S": sheet_of(columns)}, settings=settings)
    header = "First name" if settings.get("output_style") != "plain" else "first_name"
    rows = outcome.rows("S")
    rows[0] = ["First name" if text == header else text for text in rows[0]]
    check(rows, columns)
    assert not outcome.notices("times_among_numbers")


def test_each_type_has_its_format(succeed, template):
    columns = {"Mixed": [4, dt.time(9, 40), dt.datetime(2024, 4, 2), "x", dt.timedelta(hours=30), True, dt.time(16, 5)], "Zed": ["a"] * 7}
    sheet = succeed(template, {"S": sheet_of(columns)}).book["S"]
    at = [cell.value for cell in sheet[1]].index("Mixed") + 1
    formats = [sheet.cell(row, at).number_format for row in range(2, 9)]
    assert formats == ["General", "hh:mm", "yyyy-mm-dd", "General", "[h]:mm", "General", "hh:mm"]


def test_further_shapes_have_a_text_for_each_cell(succeed, template):
    columns = {"A": [4, dt.time(9, 40), None], "B": [True, 618, 2.0], "C": ["x", dt.timedelta(hours=30, minutes=5), dt.timedelta(hours=27, seconds=5)], "D": [dt.datetime(2024, 4, 2), 2.5, "y"]}
    outcome = succeed(template, {"S": sheet_of(columns)}, settings={"also_write": "csv+parquet", "output_style": "plain", "issue_columns": False})
    header, *lines = [line.split(",") for line in outcome.output.with_suffix(".csv").read_text("utf-8-sig").splitlines()]
    found = {name: [line[header.index(name)] for line in lines] for name in columns}
    expected = {"A": ["4", "09:40:00", ""], "B": ["true", "618", "2"], "C": ["x", "30:05:00", "27:00:05"], "D": ["2024-04-02 00:00:00", "2.5", "y"]}
    assert found == expected
    frame = pl.read_parquet(outcome.output.with_suffix(".parquet"))
    assert {name: [value or "" for value in frame[name]] for name in columns} == expected


MOVED = "return table.reverse().filter(pl.col('first_name') != 'P1')"
CHANGED = "return table.with_columns(pl.when(pl.col('first_name') == 'P1').then(pl.lit(77)).otherwise(pl.col('Blorb')).alias('Blorb'))"
REPLACED = "return table.select('first_name', 'Blorb').reverse()"
CAST = "return table.with_columns(pl.col('Blorb').cast(pl.String))"


@pytest.mark.parametrize(("body", "expected"), [
    (MOVED, [True, 8, 4]),
    (CHANGED, [4, 77, 8, True]),
    (REPLACED, [1, 8, 34800000000000, 4]),
    (CAST, ["4", "34800000000000", "8", "1"]),
])  # fmt: skip
def test_what_hooks_do_to_such_a_column_stays(succeed, template, body, expected):
    (template / "src/ade_config/hooks/own.py").write_text(plugin("on_table_mapped", body, "*, table, **_"))
    outcome = succeed(template, {"S": sheet_of({"Blorb": [4, dt.time(9, 40), 8, True]})})
    header, *rows = outcome.rows("S")
    assert [row[header.index("Blorb")] for row in rows] == expected
    # What comes out as a count is told.
    assert len(outcome.notices("times_among_numbers")) == (body == REPLACED)


def test_rows_with_errors_keep_types_in_quarantine_and_stacked_tables_too(succeed, template):
    (template / "src/ade_config/columns/fields.py").write_text(declared("Field('first_name', 'First name', read=text), Field('hours', read=number)"))
    columns = {"Hours": ["bad", 2, "bad", 4], "Blorb": [4, dt.time(9, 40), dt.time(11), True]}
    for settings, sheets in (({"quarantine": "sheet"}, ("S", "Quarantine")), ({"quarantine": "sheet", "output_style": "plain"}, ("S", "Quarantine"))):
        outcome = succeed(template, {"S": sheet_of(columns)}, settings=settings)
        found = {}
        for sheet in sheets:
            header, *rows = outcome.rows(sheet)
            found[sheet] = [row[header.index("Blorb")] for row in rows]
        assert found == {"S": [dt.time(9, 40), True], "Quarantine": [4, dt.time(11)]}
    # Two tables that are stacked, of which the column stands elsewhere in the second one.
    rows = [["First name", "Blorb", "Hours"], ["P1", 4, 1], ["P2", dt.time(9, 40), 2], [], ["First name", "Hours", "Blorb"], ["P3", 1, dt.time(8)], ["P4", 2, 6]]
    outcome = succeed(template, {"S": rows}, settings={"merge_tables_in_sheet": True})
    header, *rows = outcome.rows("S")
    assert [row[header.index("Blorb")] for row in rows] == [4, dt.time(9, 40), dt.time(8), 6]


def test_edition_1_9_is_as_it_was(run, package):
    outcome = run(package(fields=["name"]), [["Name", "Blorb"], ["P1", 4], ["P2", dt.time(9, 40)], ["P3", True]])
    assert [row[1] for row in outcome.rows()] == ["Blorb", 4, 34800000000000, 1]


def test_readers_of_text_have_durations_as_sheets_show_them(succeed, template):
    """As polars spells them, durations are known again, whatever their length."""
    random = Random(7)
    spans = [dt.timedelta(seconds=random.randrange(-400_000, 400_000)) for _ in range(300)] + [dt.timedelta(0), dt.timedelta(days=2)]

    def shown(span: dt.timedelta) -> str:
        seconds = abs(round(span.total_seconds()))
        behind = f":{seconds % 60:02}" if seconds % 60 else ""
        return f"{'-' * (span < dt.timedelta(0))}{seconds // 3600}:{seconds // 60 % 60:02}{behind}"

    (template / "src/ade_config/columns/fields.py").write_text(declared("Field('first_name', 'First name', read=text), Field('flex', read=text)"))
    outcome = succeed(template, {"S": sheet_of({"Flex": [*spans, "-2:15"]})})
    header, *rows = outcome.rows("S")
    assert [row[header.index("flex")] for row in rows] == [*map(shown, spans), "-2:15"]


def test_durations_beside_a_day_are_not_lost_to_readers(succeed, template):
    (template / "src/ade_config/columns/fields.py").write_text(declared("Field('first_name', 'First name', read=text), Field('length', read=duration)"))
    spans = [dt.timedelta(hours=3, minutes=20), dt.timedelta(hours=31)]
    outcome = succeed(template, {"S": sheet_of({"Length": [*spans, dt.datetime(2024, 4, 2)], "Zed": [*spans, dt.datetime(2024, 4, 2)]})})
    header, *rows = outcome.rows("S")
    assert [row[header.index("length")] for row in rows][:2] == spans
    assert [row[header.index("Zed")] for row in rows] == [*spans, dt.datetime(2024, 4, 2)]
