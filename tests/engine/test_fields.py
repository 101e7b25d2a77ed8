"""Readers on columns that seeds make, each on a sheet of its own, and as expressions without a run.

What becomes of single columns stands in `tests/sheets`. Here columns that a careful person finds hard are counted as right, empty and wrong: a
wrong value has to be flagged, by a column that is ambiguous, or by cells that contradict.
"""

import csv
import datetime as dt
import random
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from conftest import declared

from ade_engine import fields
from ade_engine.fields import scales

ROWS = 40
READERS = "text code person_name email iban phone boolean time duration number money currency date date_time".split()
REPORTS = {"edition": "2026", "output_style": "plain", "issues_sheet": False, "drop_blank_rows": False, "skip_total_rows": False, "group_rows": "keep", "write_diagnostics_columns": True}


@dataclass
class Column:
    values: list
    messages: list
    is_flagged: bool
    wrong: int = 0


@pytest.fixture
def read(succeed):
    """Columns as a run reads them."""

    def call(reader: str, columns: list[list], **settings) -> list[Column]:
        config = {"columns/f.py": declared(f'Field("x", read={reader})')}
        sheets = {f"c{at}": [["x", "row"], *([cell, "r"] for cell in cells)] for at, cells in enumerate(columns)}
        outcome = succeed(config, sheets, settings={**REPORTS, **settings})
        flagged = {one["sheet"] for one in outcome.noticed["readings"] if one["ambiguous"] or one["contradict"]}
        found = []
        for sheet in outcome.book:
            names, *rows = sheet.iter_rows(values_only=True)
            values = [row[0].date() if reader == "date" and row[0] else row[0] for row in rows]
            found.append(Column(values, [dict(zip(names, row)).get("__ade_issue__x") for row in rows], sheet.title in flagged))
        return found

    return call


@pytest.fixture
def tally(read):
    """Returns means per column of the cells of many columns: right, empty, wrong, wrong without a flag, and flagged columns."""

    def call(make, reader="date", seeds=25, **settings):
        made = [make(random.Random(seed)) for seed in range(seeds)]
        call.columns = read(reader, [cells for cells, _ in made], **settings)
        sums = [0] * 5
        for column, (_, meant) in zip(call.columns, made):
            column.wrong = sum(got is not None and got != want for got, want in zip(column.values, meant))
            empty = column.values.count(None)
            counts = len(meant) - empty - column.wrong, empty, column.wrong, 0 if column.is_flagged else column.wrong, column.is_flagged
            sums = [whole + one for whole, one in zip(sums, counts)]
        return [whole / seeds for whole in sums]

    return call


def some_days(chance: random.Random, count: int, latest_day: int = 31) -> list[dt.date]:
    days = (dt.date(2015, 1, 1) + dt.timedelta(chance.randrange(4000)) for _ in range(20 * count))
    return [day for day in days if day.day <= latest_day][:count]


def in_threes(number: float, group: str, decimal: str, places: int = 2) -> str:
    return f"{number:,.{places}f}".translate({ord(","): group, ord("."): decimal})


# ---------------------------------------------------------------- misleading columns


@pytest.mark.parametrize("order, other, form", [("dmy", "mdy", "%d/%m/%Y"), ("mdy", "dmy", "%m/%d/%Y")])
def test_days_up_to_12_are_open_and_always_flagged(tally, order, other, form):
    def column(chance):
        days = some_days(chance, ROWS, latest_day=12)
        return [day.strftime(form) for day in days], days

    assert tally(column, date_order=order) == [ROWS, 0, 0, 0, 1]
    _, empty, _, silent, flagged = tally(column, date_order=other)
    assert (empty, silent, flagged) == (0, 0, 1)


def test_cells_of_another_writer_are_empty_or_nobody_can_see_them(tally):
    for others, right, wrong in ((20, 25, 0), (4, 26.5, 0.5), (2, 33, 0.9), (1, 38.5, 0.5)):

        def column(chance):
            days = some_days(chance, ROWS)
            forms = ["%m/%d/%Y"] * others + ["%d/%m/%Y"] * (ROWS - others)
            chance.shuffle(forms)
            return [day.strftime(form) for form, day in zip(forms, days)], days

        found = tally(column, seeds=60)
        assert found[0] >= right and found[2] <= wrong, (others, found)
        # Dates of the other writer with a day above 12 contradict; without one, there is nothing to see.
        assert all(one.is_flagged or one.wrong <= others for one in tally.columns)


@pytest.mark.parametrize("rows, right", [(40, 39), (5, 1.8)])
def test_short_years_in_front_are_seen_in_long_columns_and_flagged_in_short_ones(tally, rows, right):
    def column(chance):
        days = some_days(chance, rows)
        return [day.strftime("%y-%m-%d") for day in days], days

    found = tally(column, seeds=60)
    assert found[0] >= right and found[1] <= 0.2 and found[3] == 0


#: Texts that are neither a date nor a number, and then texts that may be a number: each `{…}` is a number from a range.
NEITHER = """{1:29}/{1:13}/{2540:2568}|{1:13}/{2015:2026}|{1:29}.{1:13}.|01.{1:13}.25 - 05.{1:13}.25|{1:5}.{0:40}.{0:60}|AB-{1000:10000}
{100000000000000000:1000000000000000000}|+49 30 {100000:1000000}|06{10000000:100000000}|555-{1000:10000}""".replace("\n", "|").split("|")
NUMBERS_ONLY = ["{1950:2030}", "{40000:46000}", "{10000000:100000000}"]


def filled(pattern: str, chance: random.Random) -> str:
    parts = pattern.replace("{", "}").split("}")
    return "".join(part if at % 2 == 0 else f"{chance.randrange(*map(int, part.split(':'))):02}" for at, part in enumerate(parts))


@pytest.mark.parametrize("reader, patterns", [("date", NEITHER + NUMBERS_ONLY), ("number", NEITHER)])
def test_what_is_no_date_and_no_number_stays_empty(read, reader, patterns):
    columns = [[filled(pattern, random.Random(at)) for at in range(ROWS)] for pattern in patterns]
    for pattern, column in zip(patterns, read(reader, columns)):
        assert column.values == [None] * ROWS and all(column.messages), pattern
        assert reader != "date" or all(message.startswith(("not a date: ", "the column was not read as dates: ")) for message in column.messages), pattern


@pytest.mark.parametrize("decimal, group", [".,", ",."])
@pytest.mark.parametrize("places", [0, 3])
def test_three_digits_behind_the_only_mark_are_open_and_always_flagged(tally, places, decimal, group):
    def column(chance):
        numbers = [max(chance.randrange(1000, 999_999) / 10**places, 1.0) for _ in range(ROWS)]
        return [in_threes(number, group, decimal, places) for number in numbers], numbers

    found = tally(column, "number", decimal_mark=decimal)
    assert found[0] == ROWS and found[3] == 0
    if places == 0:
        _, empty, _, silent, flagged = tally(column, "number", decimal_mark=group)
        assert (empty, silent, flagged) == (0, 0, 1)


def test_a_mark_without_a_role_in_its_column_leaves_its_cell_empty(tally):
    for write in (lambda n: in_threes(n, " ", ","), lambda n: f"{n:.1f}".replace(".", ",")):

        def column(chance):
            numbers = [chance.randrange(10_000, 9_999_999) * 10 + 0.5 for _ in range(ROWS)]
            cells = [*map(write, numbers)]
            cells[chance.randrange(ROWS)] = "85.234"
            return cells, numbers

        assert tally(column, "number")[:2] == [ROWS - 1, 1]
        assert all(one.messages[one.values.index(None)] for one in tally.columns)


@pytest.mark.parametrize("commas, whole, right, wrong", [(20, 0.5, 18, 0), (2, 0.1, 36, 0.3)])
def test_of_commas_and_points_what_is_open_is_empty_or_flagged(tally, commas, whole, right, wrong):
    def column(chance):
        numbers = [chance.randrange(100_000, 999_999) / 100 for _ in range(ROWS)]
        numbers = [float(int(number)) if chance.random() < whole else number for number in numbers]
        marks = [",."] * (ROWS - commas) + [".,"] * commas
        chance.shuffle(marks)
        return [in_threes(number, *mark, 0 if number == int(number) else 2) for number, mark in zip(numbers, marks)], numbers

    found = tally(column, "number", seeds=60)
    assert found[0] >= right and found[2] <= wrong and (wrong or found[4] == 1)
    assert all(one.wrong <= (2 if wrong else 0) for one in tally.columns)


def test_numbers_of_one_length_may_be_codes_and_are_flagged(tally):
    for pattern in ("{10000000:100000000}", "{100:1000} {100:1000} {100:1000}"):
        assert tally(lambda chance: ([filled(pattern, chance) for _ in range(ROWS)], [None] * ROWS), "number")[1:4] == [0, ROWS, 0]


# ---------------------------------------------------------------- slow and obvious

MONTHS = [
    "January February March April May June July August September October November December".split(),
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
]
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(), "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()
#: Ways to write a date; each column is written in one of them throughout.
DATES = """{d:02}/{m:02}/{y}|{m}/{d}/{y}|{d}.{m}.{y}|{d}. {m}. {y}|{d:02}-{m:02}-{y}|{m:02}-{d:02}-{y}|{d:02}.{m:02}.{s:02}|{d:02}/{m:02}/{s:02}|{m}/{d}/{s:02}
{y}-{m:02}-{d:02}|{y}/{m}/{d}|{y}.{m:02}.{d:02}|{y}{m:02}{d:02}|{y}年{m}月{d}日|{d} {e} {y}|{d:02}-{e}-{s:02}|{e} {d}, {y}|{E} {d}, {y}|{o} {M[0]} {y}|{W[0]}, {M[0]} {d}, {y}
{w} {d:02}/{m:02}/{y}|{d}. {M[1]} {y}|{W[1]}, {d}. {M[1]} {y}|{d} {M[2]} {y}|{d} de {M[3]} de {y}""".replace("\n", "|").split("|")


def written(day: dt.date, form: str) -> str:
    months, weekdays = ([names[at] for names in lists] for lists, at in ((MONTHS, day.month - 1), (WEEKDAYS, day.weekday())))
    ending = "th" if 10 < day.day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    return form.format(
        d=day.day, m=day.month, y=day.year, s=day.year % 100, M=months, W=weekdays, e=months[0][:3], E=months[0].upper(), w=weekdays[0][:3], o=f"{day.day}{ending}",
    )  # fmt: skip


def noisy(chance: random.Random, texts: list[str], values: list) -> tuple[list, list]:
    """Returns cells with invisible characters around their texts, and with blank cells in between, which come out empty."""
    pairs = []
    for text, value in zip(texts, values):
        while chance.random() < 0.15:
            pairs.append((chance.choice([None, " ", "\u200b", "\u00a0\t"]), None))
        pairs.append((chance.choice(["", " ", "\u00a0", "\u200e", "\ufeff", "\t"]) + text + chance.choice(["", " ", "\u200f", "\n"]), value))
    return [cell for cell, _ in pairs], [value for _, value in pairs]


def check_forms(read, reader: str, made: list[tuple[list, list]], **settings):
    for (cells, meant), column in zip(made, read(reader, [cells for cells, _ in made], **settings)):
        assert column.values == meant and not any(column.messages) and not column.is_flagged, (cells, column)


@pytest.mark.parametrize("order", ["dmy", "mdy"])
def test_dates_of_one_form_come_out_as_meant(read, order):
    made = []
    for form in DATES:
        for seed in range(3):
            chance = random.Random(f"{form} {seed} {order}")
            # One cell that can be read in one way only.
            days = [*some_days(chance, chance.randrange(1, 40)), dt.date(2025, 1, 31)]
            chance.shuffle(days)
            made.append(noisy(chance, [written(day, form) for day in days], days))
    check_forms(read, "date", made, date_order=order)


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y"])
def test_dates_of_one_order_are_those_of_pythons_strptime_or_empty(read, form):
    """Every day of every month, those that do not exist too, among enough cells of one order that the others are slips."""
    cells = [f"{first:02}/{second:02}/2024" for first in range(1, 33) for second in range(1, 33)]
    (column,) = read("date", [cells + [dt.date(2024, 12, 31).strftime(form)] * 5000])
    for cell, value in zip(cells, column.values):
        try:
            assert value == dt.datetime.strptime(cell, form).date(), cell
        except ValueError:
            assert value is None, cell


#: The marks of groups and decimals, and the text around a number.
NUMBERS = [",.{}", ".,{}", " ,{}", " .{}", "'.{}", "’,{}", "\u202f,{}", "\u00a0.{}", "~.{}", "~,{}", ",.€ {}", ".,{} €", ",.${}", "'.CHF {}", ".,{} EUR"]


def test_numbers_of_one_form_come_out_as_meant(read):
    made = []
    for form in NUMBERS:
        for seed in range(4):
            chance = random.Random(f"{form} {seed}")
            sign, texts, meant = chance.choice(["-{}", "−{}", "{}-", "({})"]), [], []
            for _ in range(chance.randrange(1, 40)):
                number = chance.randrange(10 ** chance.randrange(2, 12)) / 100
                text, is_less = form[2:].format(in_threes(number, form[0].replace("~", ""), form[1])), chance.random() < 0.3
                texts.append(sign.format(text) if is_less else text)
                meant.append(-number if is_less else number)
            # One cell that can be read in one way only.
            made.append(noisy(chance, [form[2:].format(f"99{form[1]}25"), *texts], [99.25, *meant]))
    check_forms(read, "number", made)


NAMES = [line.split("|") for line in Path(__file__).with_name("names_of_people.txt").read_text("utf-8").splitlines() if line and not line.startswith("#")]


def test_names_of_many_cultures_are_parted_or_said(succeed):
    parts = [f'Field("{part}", headers=["{part} name"], read=lambda name: person_name("full", part="{part}"))' for part in ("first", "last")]
    config = {"columns/f.py": declared(", ".join([*parts, 'Field("full", headers=["full name"])'])), "/settings.toml": 'edition = "2026"\n'}
    rows = succeed(config, [["Full name", "No"], *([name, at] for at, (name, *_) in enumerate(NAMES))], rows=None).rows()
    at = [rows[0].index(name) for name in ("No", "first", "last", "Issues")]
    right = wrong = 0
    for number, first, last, said in ([row[place] for place in at] for row in rows[1:]):
        name, *wanted = NAMES[number]
        if said:
            # A name that nobody can split stays whole; a name that is no person's has no parts.
            assert first is None and (last is None) == ("no name" in said), name
            right += wanted == ["-"]
        else:
            is_right = [first or "", last or ""] == wanted
            right, wrong = right + is_right, wrong + (not is_right)
    assert len(rows) == len(NAMES) + 1 and right >= 0.9 * len(NAMES) and wrong <= 0.01 * len(NAMES)


# ---------------------------------------------------------------- what holds for all readers

FRAGMENTS = [
    "1", "12", "31", "2025", "00", "E+11", ".", ",", "-", "/", ":", " ", "€", "$", "%", "(", ")", "Jan", "März", "uhr", "pm",
    "@", "b.co", "x", "yes", "😀", "\u200e", "\u202e", "\x00", "\x1b", "\x7f", "٣", "½", "ß", "İ", "a" * 130, "+", "'", "T", "Z",
]  # fmt: skip


def strange_cells(chance: random.Random, count: int) -> list[str | None]:
    return [None if chance.random() < 0.1 else "".join(chance.choices(FRAGMENTS, k=chance.randrange(0, 8))) for _ in range(count)]


def test_every_filled_cell_has_a_value_or_a_message(succeed, tmp_path):
    config = {"columns/f.py": declared(", ".join(f'Field("{name}", headers=["{name}"], read={name})' for name in READERS))}
    cells = strange_cells(random.Random(1), 500)
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*READERS, "row"], *([*[cell] * len(READERS), "r"] for cell in cells)])
    names, *rows = succeed(config, tmp_path / "in.csv", settings=REPORTS).rows()
    assert len(rows) == len(cells)
    for cell, row in zip(cells, [dict(zip(names, row)) for row in rows]):
        # A lone sign says that there is no value.
        said = [letter for letter in cell or "" if unicodedata.category(letter) not in ("Cc", "Cf", "Zs", "Zl", "Zp")]
        is_blank = not said or "".join(said) in ("-", ".", "/")
        # An amount without a currency has none, and that is fine.
        for name in set(READERS) - {"currency"}:
            is_told = row[name] is not None or row.get(f"__ade_issue__{name}") is not None
            assert is_told or is_blank, (name, cell)


def test_a_transform_of_polars_gives_the_cells_of_the_declared_reader(succeed, tmp_path):
    cells = [*strange_cells(random.Random(2), 200), "31/01/2025", "1.309,50", "yes", "14:30", "EUR 5", None]
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*READERS, "row"], *([*[cell] * len(READERS), "r"] for cell in cells)])
    transform = "def by_polars(read):\n    return lambda *, field_name: pl.lit(None).fill_null(read(field_name))"
    declared_fields = ", ".join(f'Field("{name}", headers=["{name}"], read={name})' for name in READERS)
    by_polars = ", ".join(f'Field("{name}", headers=["{name}"], read=by_polars({name}))' for name in READERS)
    natively, otherwise = (
        succeed({"columns/f.py": declared(fields, transform)}, tmp_path / "in.csv", settings=REPORTS).rows()
        for fields in (declared_fields, by_polars)
    )
    # The issue columns are in another order.
    assert [row[: len(READERS)] for row in natively] == [row[: len(READERS)] for row in otherwise]
    assert {*natively[0]} == {*otherwise[0]}


@pytest.mark.parametrize("name", READERS)
def test_readers_as_expressions(name):
    """A cell that speaks for itself is read the same in every column, chunks and slices change nothing, and the type is always the same."""
    reader, cells = getattr(fields, name)("x"), strange_cells(random.Random(1), 200)
    days = [day.strftime("%d/%m/%Y") for day in some_days(random.Random(7), 30)]
    whole = pl.Series("x", [*days, "1.309,50", "yes", "14:30", *cells], dtype=pl.String)
    found = whole.to_frame().select(reader).to_series()
    if name not in ("number", "money", "currency", "date", "date_time"):
        assert all(whole[[at]].to_frame().select(reader).item() == found[at] for at in range(len(whole)))
    longer = pl.concat([pl.Series("x", ["31/12/1999", None]), whole, pl.Series("x", ["n/a"])], rechunk=True)
    for series in (pl.concat([whole[:7], whole[7:8], whole[8:8], whole[8:]], rechunk=False), longer.slice(2, len(whole))):
        assert series.to_frame().select(reader).to_series().equals(found)
    for series in (whole.clear(), pl.Series("x", [None, ""]), pl.Series("x", [None, None]), pl.Series("y", [1, 2, 3])):
        empty = reader.read_from(series.to_frame())
        assert empty.dtype == found.dtype and empty.to_list() == [None] * len(series)


def test_readers_read_every_type_of_polars():
    def read(reader, series):
        return series.alias("x").to_frame().select(reader("x")).to_series().to_list()

    integers = pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Int128
    for dtype in (*integers, pl.Float32, pl.Float64, pl.Decimal(10, 2)):
        assert read(fields.number, pl.Series([7, None, 100], dtype=dtype)) == [7, None, 100], dtype
    noon, days = dt.datetime(2025, 1, 31, 12), ["31/01/2025", None, "01/02/2025"]
    for dtype in (pl.Datetime("ms"), pl.Datetime("us"), pl.Datetime("ns")):
        assert read(fields.date_time, pl.Series([noon], dtype=dtype)) == read(fields.date_time, pl.Series([noon], dtype=dtype).dt.replace_time_zone("Europe/Berlin")) == [noon]
    for dtype in (pl.Categorical, pl.Enum(days[::2])):
        assert read(fields.date, pl.Series(days, dtype=dtype)) == [dt.date(2025, 1, 31), None, dt.date(2025, 2, 1)]
    for reader, values in ((fields.date, [noon.date(), None, dt.date(1999, 1, 2)]), (fields.boolean, [True, None, False]), (fields.number, [None, 1.5, 2.5])):
        assert read(reader, pl.Series(values * 9).slice(5, 11)) == (values * 9)[5:16]
    # Types are named without the values in them.
    for series, said in ((pl.Series([{"a": 1}]), ""), (pl.Series([b"1"]), ""), (pl.Series([["Avery"]], dtype=pl.List(pl.Enum(["Avery"]))), " List$")):
        with pytest.raises(TypeError, match=f"a reader reads text, numbers, dates and booleans, not a column of type{said}"):
            fields.number("x").read_from(pl.DataFrame({"x": series}))


def test_readers_within_other_expressions():
    table = pl.DataFrame({"a": ["31/01/2025", None, "n/a"], "b": [None, "2025-02-01", "2025-02-02"], "n": ["1.309,50", "1.200", None], "l": [["1,5", "2"], [], ["x"]], "": ["1", "x", None]})
    a, b, n = fields.date("a"), fields.date("b"), fields.number("n")
    chosen = pl.when(pl.col("a").is_null()).then(b).otherwise(a)
    read = table.lazy().select(b.dt.year().alias("year"), n * 2, chosen.alias("a"), pl.coalesce(a, b).alias("b"), pl.col("l").list.eval(fields.number("")), fields.number("")).collect()
    first, second, third = dt.date(2025, 1, 31), dt.date(2025, 2, 1), dt.date(2025, 2, 2)
    assert read.rows() == [(None, 2619, first, first, [1.5, 2.0], 1.0), (2025, 2400, second, second, [], None), (2025, None, None, third, [None], None)]
    assert table.filter(n > 1250).height == 1


def test_rows_that_have_a_value_and_those_that_are_blank():
    table = pl.DataFrame({"a": ["x", "", None, " \u00a0", "\u200b"], "b": [None, None, 1.5, None, None], "c": pl.Series([None, None, None, None, "z"], dtype=pl.Categorical)})
    for columns, kept in ((["a", "b", "nowhere"], [0, 2]), (["c"], [4]), (["nowhere"], [])):
        assert fields.filled_rows(table, columns).arg_true().to_list() == kept
        assert fields.without_blank_rows(table, columns).equals(table[kept] if kept else table)
    assert fields.filled_rows(table.clear(), ["a"]).to_list() == []


@pytest.mark.parametrize("seed", range(4))
def test_row_detectors_of_the_engine_find_the_same_tables_natively_and_row_by_row(run, seed):
    chance = random.Random(seed)
    cells = ["Net", "NET (EUR)", "First  name", "première", "x", "", " ", None, 7, 1.5, True, dt.date(2025, 1, 31), "Net [€]", "("]
    rows = [["start"], *([chance.choice(cells) for _ in range(chance.randrange(1, 6))] for _ in range(60))]
    detectors = """
        from ade_engine.fields import DataRows, HeaderRows
        header, data = HeaderRows(["net", "First name", "Premiere"], least=%d), DataRows(least=%d)
        def register(registry):
            registry.register_row_detector(%s, row_kind="header", priority=2)
            registry.register_row_detector(data, row_kind="data", priority=1)
    """
    natively, row_by_row = (run({}, rows, rows=detectors % (1 + seed % 3, 1 + seed, how)) for how in ("header", "lambda row_values: header(row_values)"))
    assert natively.result.error is None and (natively.tables, natively.rows()) == (row_by_row.tables, row_by_row.rows())


def test_words_of_powers_and_currencies_are_in_the_form_that_headers_are_compared_in():
    for word in (*scales._CLEAR, *scales._CURRENCIES):
        assert scales.folded(word) == word
