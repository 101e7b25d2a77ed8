"""The readers, outside of a run: what holds for all of them, what decides, and the checks."""

import datetime as dt
import random
import re
import unicodedata
from collections.abc import Callable

import polars as pl
import pytest
from read_columns import Column, day_first, some_days

from ade_engine import fields
from ade_engine.fields.headers import score, simplify

#: Readers of which each cell speaks for itself.
ALONE = [fields.text, fields.code, fields.person_name, fields.email, fields.iban, fields.phone, fields.boolean, fields.time, fields.duration]
ALL = [*ALONE, fields.number, fields.money, fields.currency, fields.date, fields.date_time]
FRAGMENTS = [
    "1", "12", "31", "2025", "00", "E+11", ".", ",", "-", "/", ":", " ", "€", "$", "%", "(", ")", "Jan", "März", "uhr", "pm",
    "@", "b.co", "x", "yes", "😀", "\u200e", "\u202e", "\x00", "\x1b", "\x7f", "٣", "½", "ß", "İ", "a" * 130, "+", "'", "T", "Z",
]  # fmt: skip


def strange_cells(chance: random.Random, count: int) -> list[str | None]:
    return [None if chance.random() < 0.1 else "".join(chance.choices(FRAGMENTS, k=chance.randrange(0, 8))) for _ in range(count)]


@pytest.mark.parametrize("reader", ALONE)
def test_a_cell_that_speaks_for_itself_is_read_the_same_in_every_column(reader):
    cells = strange_cells(random.Random(1), 400)
    together = Column(cells, reader)
    for cell, value, message in zip(cells, together.values, together.unread):
        alone = Column(pl.Series([cell], dtype=pl.String), reader)
        assert (alone.values, alone.unread) == ([value], [message]), cell


def is_blank(cell: str | None) -> bool:
    invisible = ("Cc", "Cf", "Zs", "Zl", "Zp")
    return cell is None or all(unicodedata.category(c) in invisible for c in cell)


@pytest.mark.parametrize("reader", ALL)
def test_every_filled_cell_has_a_value_or_a_message_and_never_both(reader):
    for seed in range(20):
        cells = strange_cells(random.Random(seed), 60)
        column = Column(pl.Series(cells, dtype=pl.String), reader)
        assert len(column.values) == len(column.unread) == len(cells)
        for cell, value, message in zip(cells, column.values, column.unread):
            if is_blank(cell):
                assert value is None and message is None, repr(cell)
            elif reader is fields.currency:
                # An amount without one has none, and that is fine.
                assert value is None or message is None, repr(cell)
            else:
                assert (value is None) != (message is None), repr(cell)


# ---------------------------------------------------------------- cells that have their type


TYPED = {
    fields.date: [dt.date(2025, 1, 31), None],
    fields.date_time: [dt.datetime(2025, 1, 31, 14, 30, 5, 250_000), None],
    fields.number: [1.234, -0.5, None, 2**53 * 1.0],
    fields.money: [1309.5, None],
    fields.boolean: [True, None, False],
    fields.time: [dt.time(14, 30, 5), None],
    fields.duration: [dt.timedelta(hours=38, minutes=30), None, dt.timedelta(hours=-2)],
    fields.text: ["a", None],
}


@pytest.mark.parametrize("reader", TYPED)
def test_cells_of_the_type_keep_their_values(reader):
    column = Column(TYPED[reader], reader)
    assert column.values == TYPED[reader] and not any(column.unread)


def test_cells_of_other_types():
    assert Column([dt.datetime(2025, 1, 31, 14, 30)], fields.date).values == [dt.date(2025, 1, 31)]
    assert Column([dt.date(2025, 1, 31)], fields.date_time).values == [dt.datetime(2025, 1, 31)]
    assert Column([dt.datetime(2025, 1, 31, 14, 30)], fields.time).values == [dt.time(14, 30)]
    assert Column([dt.time(1, 30)], fields.duration).values == [dt.timedelta(minutes=90)]
    assert Column([20250131, 20250228], fields.date).values == [dt.date(2025, 1, 31), dt.date(2025, 2, 28)]
    assert Column([7, 8], fields.number).values == [7.0, 8.0]
    assert Column([4711.0, 0.5, 1e17, True], lambda name: fields.text(name)).values[:3] == ["4711", "0.5", "100000000000000000"]
    assert Column([True, False], fields.text).values == ["true", "false"]
    assert Column([dt.date(2025, 1, 31)], fields.text).values == ["2025-01-31"]
    for cells, reader, message in (
        ([True], fields.number, 'not a number: "true"'),
        ([1.5], fields.date, 'not a date: "1.5"'),
        ([dt.date(2025, 1, 31)], fields.boolean, 'not yes or no: "2025-01-31"'),
        ([dt.date(1890, 1, 31)], fields.date, 'not a date: "1890-01-31"'),
    ):
        column = Column(cells, reader)
        assert (column.values, column.unread) == ([None], [message])


@pytest.mark.parametrize("dtype", [
    pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32, pl.Float64, pl.Int128, pl.Decimal(10, 2),
])  # fmt: skip
def test_numbers_of_every_type(dtype):
    assert Column(pl.Series([7, None, 100], dtype=dtype), fields.number).values == [7, None, 100]


def test_date_times_of_every_unit_and_with_a_zone():
    noon = dt.datetime(2025, 1, 31, 12)
    for unit in ("ms", "us", "ns"):
        series = pl.Series([noon]).cast(pl.Datetime(unit))
        assert Column(series, fields.date_time).values == [noon]
        zoned = series.dt.replace_time_zone("Europe/Berlin")
        assert Column(zoned, fields.date_time).values == [noon]


def test_categories_are_their_texts():
    for dtype in (pl.Categorical, pl.Enum(["31/01/2025", "01/02/2025"])):
        series = pl.Series(["31/01/2025", None, "01/02/2025"], dtype=dtype)
        assert Column(series).values == [dt.date(2025, 1, 31), None, dt.date(2025, 2, 1)]


@pytest.mark.parametrize("series, said", [
    (pl.Series([[1]]), ""), (pl.Series([{"a": 1}]), ""), (pl.Series([b"1"]), ""),
    # Types are named without the values in them.
    (pl.Series([["Avery"]], dtype=pl.List(pl.Enum(["Avery"]))), " List$"),
])  # fmt: skip
def test_what_no_cell_holds_is_refused_in_words(series, said):
    with pytest.raises(TypeError, match=f"a reader reads text, numbers, dates and booleans, not a column of type{said}"):
        Column(series, fields.number)


# ---------------------------------------------------------------- shapes of columns


@pytest.mark.parametrize("reader", ALL)
def test_empty_and_missing_columns_have_the_type_of_the_reader(reader):
    wanted = Column(["x"], reader).series.dtype
    for series in (pl.Series([], dtype=pl.String), pl.Series([None, None]), pl.Series([None, ""]), pl.Series([], dtype=pl.Null)):
        column = Column(series, reader)
        assert column.values == [None] * len(series) and column.series.dtype == wanted and not any(column.unread)
    outside = pl.DataFrame({"a": pl.Series([], dtype=pl.String)}).with_columns(reader("a"))
    assert outside.schema["a"] == wanted and outside.height == 0
    assert pl.DataFrame().with_columns(reader("a").read_from(pl.DataFrame()).alias("a")).height == 0
    missing = reader("nowhere").read_from(pl.DataFrame({"a": [1, 2, 3]}))
    assert missing.to_list() == [None] * 3 and missing.dtype == wanted


@pytest.mark.parametrize("reader", ALL)
def test_chunks_and_slices_change_nothing(reader):
    chance = random.Random(7)
    cells = [day_first(day) for day in some_days(chance, 30)] + ["1.309,50", "yes", "14:30", *strange_cells(chance, 60)]
    chance.shuffle(cells)
    whole = pl.Series("x", cells, dtype=pl.String)
    wanted = Column(whole, reader)
    chunked = pl.concat([whole[:7], whole[7:8], whole[8:8], whole[8:]], rechunk=False)
    assert chunked.n_chunks() > 1
    longer = pl.concat([pl.Series("x", ["31/12/1999", None]), whole, pl.Series("x", ["n/a"])], rechunk=True)
    for series in (chunked, longer.slice(2, len(whole))):
        column = Column(series, reader)
        assert (column.values, column.unread, column.reading) == (wanted.values, wanted.unread, wanted.reading)


def test_sliced_columns_of_other_types_keep_their_places():
    days = pl.Series([None, *(dt.date(2025, 1, day) for day in range(1, 20))])
    assert Column(days.slice(3, 9)).values == days.slice(3, 9).to_list()
    flags = pl.Series([True, None, False] * 9)
    assert Column(flags.slice(5, 11), fields.boolean).values == flags.slice(5, 11).to_list()
    numbers = pl.Series([None, 1.5, 2.5] * 9)
    assert Column(numbers.slice(4, 11), fields.number).values == numbers.slice(4, 11).to_list()


def test_long_texts_are_kept_or_named_by_their_beginning():
    long = "x" * 100_000
    assert Column([long], fields.text).values == [long]
    for reader in (fields.date, fields.number, fields.phone, fields.time, fields.boolean):
        column = Column([long, "1" * 5000], reader)
        assert column.values == [None, None] and column.unread[0].endswith('x…"') and len(column.unread[0]) < 120


def test_control_characters_become_blanks():
    cells = ["a\x00b", "12\x0b34", "\x1b", "a\tb\nc", "😀\u0301"]
    assert Column(cells, fields.text).values == ["a b", "12 34", None, "a\tb\nc", "😀\u0301"]
    assert Column(cells, fields.code).values == ["a b", "12 34", None, "a\tb\nc", "😀\u0301"]
    assert Column(cells, fields.person_name).values == ["a b", "12 34", None, "a b c", "😀\u0301"]


# ---------------------------------------------------------------- what decides


def test_another_column_of_the_table_decides():
    cells = ["01/02/2025", "03/04/2025"]
    beside = {"other": ["31/01/2025", None]}
    column = Column(cells, beside=beside, date_order="mdy")
    assert column.values == [dt.date(2025, 2, 1), dt.date(2025, 4, 3)] and not column.is_flagged
    assert "as elsewhere in the sheet" in column.why
    american = Column(cells, beside={"other": ["01/31/2025", None]})
    assert american.values == [dt.date(2025, 1, 2), dt.date(2025, 3, 4)] and not american.is_flagged
    undecided = Column(cells, beside={"one": ["31/01/2025", None], "two": ["01/31/2025", None]})
    assert undecided.is_flagged
    amounts = Column(["1.234", "5.678"], fields.number, beside={"other": ["99,25", "1.309,50"]})
    assert amounts.values == [1234, 5678] and not amounts.is_flagged


@pytest.mark.parametrize("header, wanted", [
    ("Date (MM/DD/YYYY)", dt.date(2025, 1, 2)), ("Date (DD/MM/YYYY)", dt.date(2025, 2, 1)),
    ("Datum TT.MM.JJJJ", dt.date(2025, 2, 1)), ("date mdy", dt.date(2025, 1, 2)),
])  # fmt: skip
def test_the_header_decides(header, wanted):
    for order in ("dmy", "mdy", "auto"):
        column = Column(["01/02/2025"], header=header, date_order=order)
        assert column.values == [wanted] and not column.is_flagged


def test_settings_and_arguments_decide_last_and_arguments_before_settings():
    open_days, open_numbers = ["01/02/2025"], ["1.234"]
    assert Column(open_days).values == Column(open_days, date_order="dmy").values == [dt.date(2025, 2, 1)]
    assert Column(open_days, date_order="mdy").values == [dt.date(2025, 1, 2)]
    assert Column(open_days, lambda name: fields.date(name, order="mdy"), date_order="dmy").values == [dt.date(2025, 1, 2)]
    assert Column(open_numbers, fields.number).values == [1.234]
    assert Column(open_numbers, fields.number, decimal_mark=",").values == [1234]
    comma = Column(open_numbers, lambda name: fields.number(name, decimal_mark=","), decimal_mark=".")
    assert comma.values == [1234] and comma.is_flagged
    # What a cell shows is stronger than all of these.
    assert Column(["31/01/2025", "01/02/2025"], lambda name: fields.date(name, order="mdy")).values[1] == dt.date(2025, 2, 1)
    assert Column(["1.234", "9,5"], lambda name: fields.number(name, decimal_mark=".")).values == [1234, 9.5]


def test_an_ambiguous_column_says_why_without_values():
    column = Column(["01/02/2025", "03/04/2025"])
    assert column.reading["ambiguous"] and column.reading["first_open"] == 0
    assert column.why == "dates day-first: every cell can also be month-first, so date_order decided (set it in settings.toml or with --set)"
    assert Column(["31/01/2025"]).why == "dates day-first: each cell can be read in this way only"
    assert Column(["n/a"]).why == "not read as dates: no cell is a date"
    assert Column(["7"], fields.number).why == "whole numbers: no cell has decimals"


D = dt.date


@pytest.mark.parametrize("cells, wanted, why, settings", [
    # What a year of two digits shows about day and month holds for the others, whatever the setting says.
    (["31/1/25", "2/3/2025"], [D(2025, 1, 31), D(2025, 3, 2)], "dates day-first: as in the rest of the column", {"date_order": "mdy"}),
    (["1/31/25", "2/3/2025"], [D(2025, 1, 31), D(2025, 2, 3)], "dates month-first: as in the rest of the column", {}),
    (["2/3/25", "2/3/2025"], [D(2025, 2, 3)] * 2, "dates month-first: every cell can also be day-first, so date_order decided (set it in settings.toml or with --set)", {"date_order": "mdy"}),
    (["2/3/25", "2.3.2025"], [D(2025, 3, 2)] * 2, "dates day-first in 1 cell: as in the rest of the column; day-first in 1 cell: with dots", {"date_order": "mdy"}),
    # One order for whole years and the other for short ones are two writers, and a single one of them is a slip.
    (["2/3/25", "2/3/2025", "13/3/2025", "3/13/25"], [None, None, D(2025, 3, 13), D(2025, 3, 13)], "in two ways", {}),
    (["2/3/25", "3/13/25", *["14/3/2025"] * 20], [D(2025, 3, 2), None, *[D(2025, 3, 14)] * 20], "dates day-first: as in the rest of the column, 1 contradicts", {}),
    # 01-16-25 is no slip of a year in front: that year would have a sixteenth month.
    (["01-05-25", "01-16-25", "02-03-25"], [D(2025, 1, 5), D(2025, 1, 16), D(2025, 2, 3)], "dates month-first: 1 of 3 cells can be read in this way only", {}),
    # Between hyphens years often come first.
    (["25-01-05", "25-01-06", "25-01-31"], [D(2025, 1, 5), D(2025, 1, 6), D(2025, 1, 31)], "read so, all dates are of the last years", {"date_order": "dmy"}),
    (["15-03-27", "20-06-28"], [D(2027, 3, 15), D(2028, 6, 20)], "can also be year-first", {"date_order": "dmy"}),
    # Between hyphens a year of two digits may come first, also beside dates that are day-first with dots.
    (["31.01.2025", "25-01-31"], [D(2025, 1, 31), D(2025, 1, 31)], "read so, days reach the end of a month and no year lies ahead", {}),
    (["31-01-2025", "05-02-25"], [D(2025, 1, 31), D(2025, 2, 5)], "dates day-first: as in the rest of the column", {}),
])  # fmt: skip
def test_one_column_has_one_order(cells, wanted, why, settings):
    column = Column(cells, **settings)
    assert column.values == wanted, column.why
    assert why in column.why


def test_short_years_that_may_come_first_are_flagged():
    for cells in (["25. 1. 28."], ["25. 1. 28.", "25. 3. 15.", "24. 12. 31."], ["25/1/28"], ["25. 1. 28.", "12. 3. 15."]):
        column = Column(cells)
        assert column.reading["ambiguous"], cells
        assert Column(cells, date_order="ymd").values[0] == D(2025, 1, 28)
    for cells in (["19. 4. 30."], ["19.4.30"]):
        assert Column(cells).reading["ambiguous"], cells
    for cells in (["15.03.27", "20.06.28"], ["28.01.25"], ["25.01.24"], ["05.03.24", "12.04.23", "28.05.24"]):
        assert not Column(cells).reading["ambiguous"], cells


@pytest.mark.parametrize("cells, wanted", [
    (["2025年1月31日 下午2:05", "2025/1/31 凌晨12:05"], [(14, 5), (0, 5)]), (["2025. 1. 31. 오후 2:05"], [(14, 5)]),
    (["2025年1月31日金曜日 午後2:05"], [(14, 5)]), (["31/1/2025, 2:05 μ.μ.", "31/1/2025, 12:05 π.μ."], [(14, 5), (0, 5)]),
    (["31.1.2025, 2:05 m.d.", "31.1.2025, 2:05 p.d."], [(14, 5), (2, 5)]), (["31/1/2025 2:05 م"], [(14, 5)]),
    (["2025(e)ko urtarrilaren 31(a) (14:05)"], [(14, 5)]), (["31/1/2025 2:05 x.y."], [None]),
])  # fmt: skip
def test_halves_of_the_day_in_the_words_of_many_languages(cells, wanted):
    column = Column(cells, fields.date_time)
    assert column.values == [at and dt.datetime(2025, 1, 31, *at) for at in wanted]


@pytest.mark.parametrize("cells, reader, why", [
    (["20250102", "01/02/2025"], fields.date, "dates day-first in 1 cell: it can also be month-first, so date_order decided (set it in settings.toml or with --set); year-first in 1 cell: it can be read in this way only"),
    (["2 Mar 2025", "01/02/2025"], fields.date, "dates day-first: 1 of 2 cells can also be month-first, so date_order decided (set it in settings.toml or with --set)"),
    (["02/13/2025", "13/02/2025"], fields.date, "dates day-first: dates are written in two ways, and each cell can be read in one way only"),
    (["5/5/2025"], fields.date, "dates day-first: the order makes no difference"),
    (["31/31/2025"], fields.date, "not read as dates: 1 cell looks like a date, but there is no such day"),
    (["1.200"], fields.number, "numbers with decimal point: every cell can also have a decimal comma, so decimal_mark decided (set it in settings.toml or with --set)"),
    (["1.234.567"], fields.number, "numbers with decimal comma: each cell can be read in this way only"),
    (["£1.200"], fields.number, "numbers with decimal point: as in countries that use the currency"),
    (["1.234"] * 39 + ["2.5"], fields.number, "numbers with decimal point: 1 of 40 cells shows the decimal mark, and in 39 others the mark may separate thousands, 1 of 40 cells can be read in this way only"),
    (["12345678"] * 6, fields.number, "whole numbers: all have 8 digits, so they may be codes or phone numbers"),
    (["19%", "5"], fields.number, "whole numbers: 1 contradicts"),
    (["1.5", "2,5"], fields.number, "numbers with decimal point: some cells have a decimal point and some a comma, and each can be read in one way only"),
    (["A1", "B2", "3"], fields.number, "not read as numbers: only 1 of 3 cells with digits can be numbers"),
])  # fmt: skip
def test_what_is_said_of_a_column_is_true_of_its_cells(cells, reader, why):
    assert Column(cells, reader).why == why


# ---------------------------------------------------------------- as expressions


def test_readers_are_expressions_without_an_engine():
    table = pl.DataFrame({"d": ["31/01/2025", "01/02/2025", ""], "n": ["1.309,50", "1.200", None]})
    read = table.with_columns(fields.date("d"), fields.number("n"))
    assert read.schema == {"d": pl.Date, "n": pl.Float64}
    assert read.rows() == [(dt.date(2025, 1, 31), 1309.5), (dt.date(2025, 2, 1), 1200), (None, None)]
    assert table.select(fields.date("d").dt.year().alias("year"))["year"].to_list() == [2025, 2025, None]
    assert table.lazy().with_columns(twice=fields.number("n") * 2).collect()["twice"].to_list() == [2619, 2400, None]
    assert table.filter(fields.number("n") > 1250).height == 1


def test_readers_within_other_expressions():
    table = pl.DataFrame({"a": ["31/01/2025", None, "n/a"], "b": [None, "2025-02-01", "2025-02-02"]})
    both = table.select(pl.coalesce(fields.date("a"), fields.date("b")).alias("d"))
    assert both["d"].to_list() == [dt.date(2025, 1, 31), dt.date(2025, 2, 1), dt.date(2025, 2, 2)]
    chosen = table.select(pl.when(pl.col("a").is_null()).then(fields.date("b")).otherwise(fields.date("a")).alias("d"))
    assert chosen["d"].to_list() == [dt.date(2025, 1, 31), dt.date(2025, 2, 1), None]


WRONG: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: fields.date(7), TypeError, "the name of a column, not int"),
    (lambda: fields.date(pl.col("a")), TypeError, "the name of a column, not Expr"),
    (lambda: fields.date("a", order="dym"), ValueError, "order should be 'dmy', 'mdy', 'ymd' or 'auto', not 'dym'"),
    (lambda: fields.date_time("a", order="MDY"), ValueError, "order should be"),
    (lambda: fields.number("a", decimal_mark=";"), ValueError, "decimal_mark should be '.', ',' or 'auto', not ';'"),
    (lambda: fields.money("a", decimal_mark="x"), ValueError, "decimal_mark should be"),
    (lambda: fields.person_name("a", part="middle"), ValueError, "part should be 'full', 'first' or 'last', not 'middle'"),
    (lambda: fields.duration("a", unit="weeks"), ValueError, "unit should be 'days', 'hours', 'minutes' or 'seconds', not 'weeks'"),
    (lambda: fields.boolean("a", yes="ja"), TypeError, "yes takes a list of words"),
    (lambda: fields.boolean("a", no=[1]), TypeError, "no takes a list of words"),
    (lambda: fields.number("a", units="kg"), TypeError, "units takes a list of words"),
    (lambda: fields.checksum("a", "isbn"), ValueError, "a checksum is 'iban', 'vat' or 'luhn', not 'isbn'"),
    (lambda: fields.date_range("a", first="31.01.2025"), ValueError, "31.01.2025"),
]


@pytest.mark.parametrize("call, error, message", WRONG)
def test_wrong_arguments_are_refused_where_they_are_written(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


# ---------------------------------------------------------------- checks


def messages(cells, check: Callable[[str], pl.Expr]) -> list[str | None]:
    return pl.DataFrame({"x": cells}).select(check("x").alias("m"))["m"].to_list()


CHECKED: list[tuple[list, Callable[[str], pl.Expr], list]] = [
    (["a", None], fields.required, [None, "empty"]),
    (["a", "b", "a", None, None], fields.unique, ["occurs more than once", None, "occurs more than once", None, None]),
    (["new", "NEW", None], lambda x: fields.one_of(x, ["new", "used"]), [None, "none of new, used", None]),
    (["new", "NEW", None], lambda x: fields.one_of(x, ["New"], case_sensitive=False), [None, None, None]),
    ([1, 3], lambda x: fields.one_of(x, [1, 2]), [None, "none of 1, 2"]),
    (["A-1", "xA-1", None], lambda x: fields.pattern(x, r"A-\d"), [None, r"does not look like A-\d", None]),
    (["A-1x"], lambda x: fields.pattern(x, r"A-\d"), [r"does not look like A-\d"]),
    (["a", "b", "cd"], lambda x: fields.pattern(x, "a|b", "is odd"), [None, None, "is odd"]),
    ([-1, 0, 80, 81, None], lambda x: fields.range(x, 0, 80), ["less than 0", None, None, "more than 80", None]),
    ([D(2019, 12, 31), D(2020, 1, 1), None], lambda x: fields.date_range(x, "2020-01-01"), ["before 2020-01-01", None, None]),
    ([D(2025, 12, 31), D(2026, 1, 1)], lambda x: fields.date_range(x, "2020-01-01", D(2025, 12, 31)), [None, "after 2025-12-31"]),
    (["DE89 3704 0044 0532 0130 00", None], lambda x: fields.checksum(x, "iban"), [None, None]),
    (["DE88 3704 0044 0532 0130 00"], lambda x: fields.checksum(x, "iban"), ["not an IBAN"]),
    (["4111 1111 1111 1111"], lambda x: fields.checksum(x, "luhn"), [None]),
    (["4111 1111 1111 1112"], lambda x: fields.checksum(x, "luhn"), ["not a number with a right check digit"]),
    (["DE136695976", "DE136695977"], lambda x: fields.checksum(x, "vat"), [None, "not a VAT number"]),
]


@pytest.mark.parametrize("cells, check, wanted", CHECKED)
def test_checks(cells, check, wanted):
    assert messages(cells, check) == wanted


def test_checks_of_empty_columns():
    for check in (fields.required, fields.unique, lambda x: fields.checksum(x, "iban"), lambda x: fields.pattern(x, "a")):
        assert messages(pl.Series([], dtype=pl.String), check) == []
    for dtype, check in ((pl.Float64, lambda x: fields.range(x, 0, 1)), (pl.Date, lambda x: fields.date_range(x, "2020-01-01"))):
        assert messages(pl.Series([None, None], dtype=dtype), check) == [None, None]


# ---------------------------------------------------------------- headers


def test_headers_are_compared_without_case_accents_and_marks():
    assert simplify(" E-mail  Adresse: ") == "e mail adresse" and simplify("Prénom") == simplify("PRENOM") == "prenom"
    assert simplify("Ｓｔａｒｔ") == "start"
    assert score("Net (EUR)", ["net"]) == score("NET [€]", ["Net"]) == score("net", ["net"]) == 1.0
    assert score("Overtime Hours", ["hours"]) == 0.4
    assert score("Hours worked", ["hours"]) == score("(EUR)", ["net"]) == score("", ["net"]) == 0.0
    # A header without letters is no other one.
    assert score("%", ["#"]) == score("", ["#"]) == score("*", ["net", "%"]) == 0.0


def test_header_rows_and_data_rows_by_themselves():
    header = fields.HeaderRows(["Net", "First name"])
    assert header(["Net (EUR)", None, "First  name", "x"]) == {"header": 1.0}
    assert header(["Net", None]) is header(["Net", "First name", 5]) is header([]) is None
    assert fields.HeaderRows(["net"], least=1, score=0.3)(["NET [€]"]) == {"header": 0.3}
    data = fields.DataRows()
    assert data([1, "a", None, True]) == {"data": 0.25} and data([1, "", None, 2]) is None


def test_filled_rows_are_those_with_a_value_in_one_of_the_columns():
    table = pl.DataFrame({
        "a": ["x", "", None, " \u00a0", "\u200b"], "b": [None, None, 1.5, None, None], "c": ["y"] * 5,
        "d": pl.Series([None, None, None, None, "z"], dtype=pl.Categorical),
    })  # fmt: skip
    assert fields.filled_rows(table, ["a", "b", "nowhere"]).to_list() == [True, False, True, False, False]
    assert fields.filled_rows(table, ["d"]).to_list() == [False] * 4 + [True]
    assert fields.filled_rows(table, ["nowhere"]).to_list() == [False] * 5
    assert fields.filled_rows(table.clear(), ["a"]).to_list() == []


@pytest.mark.parametrize("cells, kept", [
    (["a", "b"], [0, 1]), (["a", None, "b", " "], [0, 2]), ([None, "a", "b", None, None], [1, 2]), ([None, " "], []), ([], []),
])  # fmt: skip
def test_blank_rows_are_dropped_wherever_they_stand(cells, kept):
    table = pl.DataFrame({"a": pl.Series(cells, dtype=pl.String), "row": list(range(len(cells)))})
    assert fields.without_blank_rows(table, ["a", "nowhere"]).get_column("row").to_list() == kept
    assert fields.without_blank_rows(table, ["nowhere"]) is table


def test_a_field_knows_its_words():
    assert fields.Field("net_amount").headers == ("net amount",)
    assert fields.Field("net", "Net amount").headers == ("Net amount",)
    assert fields.Field("net", headers=["Net (EUR)", "Netto"]).words == {"net eur", "netto"}


def test_a_reader_without_a_name_reads_what_polars_has_at_hand():
    table = pl.DataFrame({"l": [["1,5", "2"], [], ["x"]]})
    assert table.select(pl.col("l").list.eval(fields.number(""))).to_series().to_list() == [[1.5, 2.0], [], [None]]
    assert pl.DataFrame({"": ["1", "x"]}).select(fields.number("")).to_series().to_list() == [1.0, None]
