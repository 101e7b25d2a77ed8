"""Columns as polars series: the same type and values as ``polars.Series(name, values, strict=False)`` gives.

Floats among text are the exception: they are as polars 1.36 prints them, whatever version is installed.
"""

import itertools
import random

import polars as pl
import pytest

from ade_engine.io.input.source import open_source
from ade_engine.io.scan.sheet_scan import series_of_values
from raw_workbooks import RawWorkbook, escape

POLARS = tuple(int(number) for number in pl.__version__.split(".")[:2])


#: A few values of each kind, as the XML of a cell.
KINDS = {
    "int": ["<c><v>7</v></c>", "<c><v>-5551234</v></c>", "<c><v>9007199254740993</v></c>"],
    "float": ["<c><v>2.5</v></c>", "<c><v>5551234.0</v></c>", "<c><v>1e20</v></c>", "<c><v>-1.25e-7</v></c>"],
    "text": ['<c t="str"><v>abc</v></c>', '<c t="str"><v>a text beyond twelve bytes é</v></c>'],
    "empty": ['<c t="inlineStr"><is><t></t></is></c>'],
    "bool": ['<c t="b"><v>1</v></c>', '<c t="b"><v>0</v></c>'],
    "datetime": ['<c s="1"><v>45000</v></c>', '<c s="1"><v>45000.2604</v></c>', '<c s="1"><v>61.00000001</v></c>'],
    "time": ['<c s="2"><v>0.25</v></c>', '<c s="2"><v>0.33706018</v></c>'],
    "duration": ['<c s="3"><v>1.25</v></c>', '<c s="3"><v>-0.75</v></c>'],
    "date": ['<c t="d"><v>2024-02-29</v></c>'],
    "big": ["<c><v>12345678901234567890</v></c>"],
    "none": ["<c/>"],
}


def scan_of(path, columns: list[list[str]]):
    """A scan of a sheet with these cells, column by column; a text column at the end keeps every row."""
    height = max(map(len, columns))
    rows = ""
    for number in range(height):
        cells = "".join(column[number] if number < len(column) else "<c/>" for column in columns)
        rows += f'<row r="{number + 1}">{cells}<c t="str"><v>end</v></c></row>'
    source = open_source(str(RawWorkbook({"Data": f"<sheetData>{rows}</sheetData>"}).save(path / "book.xlsx", how="stored")))
    return source.scan(source.sheets[0], max_empty_rows_run=None, max_empty_cols_run=None)


def assert_like_polars(scan, column: int, start: int, stop: int) -> None:
    values = scan.values(column, start, stop)
    found = scan.all_series(["näme"], column, start, stop)[0][0]
    expected = series_of_values("näme", values)
    assert (found.name, found.dtype, len(found)) == (expected.name, expected.dtype, len(expected)), values
    left, right = found.to_list(), expected.to_list()
    if POLARS > (1, 36) and found.dtype == pl.String and left != right:
        # Later versions spell exponents in another way.
        differing = [(one, other) for one, other in zip(left, right) if one != other]
        assert all(float(one) == float(other) and ("e" in one or "e" in other) for one, other in differing), values
        return
    assert left == right, values
    assert [type(value) for value in left] == [type(value) for value in right], values


def test_every_mixture_of_up_to_three_kinds(tmp_path):
    columns = []
    for length in (1, 2, 3):
        for kinds in itertools.permutations(KINDS, length):
            columns.append([cell for kind in kinds for cell in KINDS[kind]])
            columns.append([*KINDS["none"], *columns[-1], *KINDS["none"]])
    for start in range(0, len(columns), 200):
        part = columns[start : start + 200]
        scan = scan_of(tmp_path, part)
        for column in range(len(part)):
            assert_like_polars(scan, column, 0, scan.rows_emitted)


@pytest.mark.parametrize("seed", range(12))
def test_random_columns_and_stretches(tmp_path, seed):
    rnd = random.Random(seed)
    height = rnd.choice((5, 1023, 1024, 1025, 2500))
    columns = []
    for _ in range(12):
        kinds = rnd.sample(list(KINDS), rnd.randrange(1, 4))
        gaps = rnd.choice((0, 0.15, 0.95))
        pool = [cell for kind in kinds for cell in KINDS[kind]]
        pool += [f'<c t="str"><v>{escape("é" * rnd.randrange(20) + str(number))}</v></c>' for number in range(20) if "text" in kinds]
        columns.append([rnd.choice(pool) if rnd.random() >= gaps else "<c/>" for _ in range(height)])
    scan = scan_of(tmp_path, columns)
    for column in range(len(columns)):
        start = rnd.randrange(height)
        for stretch in ((0, height), (1, height), (start, rnd.randrange(start, height)), (height, height)):
            assert_like_polars(scan, column, *stretch)


def test_random_floats_among_text(tmp_path):
    rnd = random.Random(1)
    numbers = [rnd.uniform(-1, 1) * 10 ** rnd.randrange(-30, 30) for _ in range(3000)]
    numbers += [float(10**power) for power in range(25)] + [10.0**-power for power in range(25)]
    numbers += [float(rnd.randrange(10**15, 10**18)) for _ in range(500)]
    scan = scan_of(tmp_path, [['<c t="str"><v>x</v></c>', *(f"<c><v>{float(number)!r}</v></c>" for number in numbers if "." in repr(number) or "e" in repr(number))]])
    assert_like_polars(scan, 0, 0, scan.rows_emitted)
    if POLARS == (1, 36):
        assert scan.all_series(["x"], 0, 0, scan.rows_emitted)[0][0].to_list() == pl.Series(scan.values(0, 0, scan.rows_emitted), strict=False).to_list()


def test_random_floats_behind_a_date(tmp_path):
    rnd = random.Random(2)
    numbers = [rnd.uniform(-1, 1) * 10 ** rnd.randrange(-30, 30) for _ in range(3000)] + [1e16, 1e15, 1e-4, 1e-5, 0.1]
    numbers += [rnd.randrange(10**14, 10**16) + rnd.choice((0.125, 0.25, 0.5, 0.75)) for _ in range(3000)]
    scan = scan_of(tmp_path, [['<c s="1"><v>45000.5</v></c>', *(f"<c><v>{number!r}</v></c>" for number in numbers)]])
    assert scan.all_series(["x"], 0, 0, scan.rows_emitted)[0][0].to_list() == ["2023-03-15T12:00:00", *map(str, numbers)]


def test_series_outlive_the_scan(tmp_path):
    texts = [f"a rather long text number {number}" for number in range(5000)]
    scan = scan_of(tmp_path, [[f'<c t="str"><v>{text}</v></c>' for text in texts]])
    series = scan.all_series(["x"], 0, 0, scan.rows_emitted)[0][0]
    del scan
    assert series.to_list() == texts and series.str.to_uppercase().to_list() == [text.upper() for text in texts]


def test_columns_beyond_the_sheet_are_null(tmp_path):
    scan = scan_of(tmp_path, [KINDS["int"]])
    series = scan.all_series(["x"], 99, 0, 3)[0][0]
    assert (series.dtype, len(series), series.null_count()) == (pl.Null, 3, 3)
