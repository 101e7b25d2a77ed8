"""Behaviour of the readers that runs do not show: two at once, and header rows found natively. Changes of hooks to tables are in
`tests/sheets/hooks`.
"""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import polars as pl

from ade_engine import Settings, _native, fields
from ade_engine.fields import HeaderRows, surroundings


def test_tables_of_two_threads_do_not_read_each_others_settings():
    both_are_in = Barrier(2)
    table = pl.DataFrame({"day": ["01/02/2025"] * 50})

    def read(order: str) -> set:
        surroundings.enter(surroundings.ColumnSurroundings(Settings(date_order=order), table, {}))
        try:
            both_are_in.wait(10)
            # Within another expression polars asks for the column, in whichever thread it likes.
            return set(table.select(pl.coalesce(fields.date("day"), None))["day"].to_list())
        finally:
            surroundings.enter(None)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(read, ("dmy", "mdy"))) == [{dt.date(2025, 2, 1)}, {dt.date(2025, 1, 2)}]


def test_whichever_reader_polars_asks_first_the_same_is_said():
    table = pl.DataFrame({"hours": ["7:30", "soon"]})

    def said(order: list[int]) -> tuple[list, str]:
        around = surroundings.ColumnSurroundings(Settings(), table, {})
        around.field = "hours"
        surroundings.enter(around)
        try:
            readers = [fields.number("hours"), fields.duration("hours")]
            for at in order:
                readers[at].read_from(table)
            around.end_transform("hours")
        finally:
            surroundings.enter(None)
        return around.hidden["hours"].to_list(), around.readings["hours", "hours"]["kind"]

    assert said([0, 1]) == said([1, 0]) == ([None, 'not a number: "soon"'], "number")


def test_a_long_cell_is_the_same_header_natively_and_in_python():
    rows = [["Name", "Net (" + "a long note " * 20 + ")"], ["x" * 500, "Net"], ["Name", "年"]]
    detector = HeaderRows(["name", "net"], least=2)
    scan, rules = _native.scan_of_rows("S", rows, None, None, False, []), [detector.rule()]
    scored = [bool(_native.score_row(scan, rules, row)[0]) for row in range(len(rows))]
    assert scored == [detector(row) is not None for row in rows] == [True, False, False]
