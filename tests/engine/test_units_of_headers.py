"""The unit that a header names: heeded by readers of numbers, money, durations and times, and said."""

import datetime as dt

import openpyxl
import pytest
from conftest import declared, plugin

from ade_engine.fields.measures import measure_of

CONFIG = declared("""
    Field("net", headers=["net", "net eur thousands", "net t€", "net in t€"], read=money),
    Field("currency", read=currency_of_net),
    Field("count", headers=["count"], read=number),
    Field("span", headers=["span", "span minutes"], read=duration),
    Field("rest", headers=["rest"], read=minutes),
    Field("clock", headers=["clock"], read=time),
""", functions="""
def currency_of_net(field_name):
    return currency("net")

def minutes(field_name):
    return duration(field_name, unit="minutes")
""")


@pytest.fixture
def read(succeed):
    """A run on rows or a workbook, its records, and the notice about a unit: its level and its words."""

    def call(data, rows=None, **settings):
        settings = {"header_units": True, "report_unread_cells": True, **settings}
        outcome = succeed({"columns/a.py": CONFIG}, data, settings=settings, **({"rows": rows} if rows else {}))
        names, *found = outcome.rows()
        told = [(notice["level"], notice["message"].partition("says ")[2]) for notice in outcome.notices("header_unit")]
        return outcome, [dict(zip(names, row)) for row in found], told

    return call


def below(header, cells):
    return [[header], *([cell] for cell in cells)]


@pytest.fixture
def column(read):
    """The values of a field below a header, and the notice about its unit."""

    def call(header, cells, field, **settings):
        _, rows, told = read(below(header, cells), **settings)
        return [row[field] for row in rows], told

    return call


@pytest.mark.parametrize("header, values, said", [
    ("Net (cents)", [12.05, 0.07], "'cents': its numbers were divided by 100"),
    ("Net (EUR thousands)", [1_205_000, 7000], "'EUR thousands': its numbers were multiplied by 1,000"),
    ("Net EUR thousands", [1_205_000, 7000], "'EUR thousands': its numbers were multiplied by 1,000"),
    ("Net T€", [1_205_000, 7000], "'T€': its numbers were multiplied by 1,000"),
    ("Net (TEUR)", [1_205_000, 7000], "'TEUR': its numbers were multiplied by 1,000"),
    ("Net [in 1.000 EUR]", [1_205_000, 7000], "'in 1.000 EUR': its numbers were multiplied by 1,000"),
    ("Net in T€", [1_205_000, 7000], "'T€': its numbers were multiplied by 1,000"),
    ("Net ($m)", [1_205_000_000, 7_000_000], "'$m': its numbers were multiplied by 1,000,000"),
    ("Net (Mrd. EUR)", [1_205_000_000_000, 7_000_000_000], "'Mrd. EUR': its numbers were multiplied by 1,000,000,000"),
])
def test_amounts_are_what_their_header_counts(column, header, values, said):
    for cells in ([1205, 7], ["1205", "7"]):
        assert column(header, cells, "net") == (values, [("info", said)])


def test_decimals_stay_exact(column):
    assert column("Net (Mio. EUR)", [2.3, 0.1, 1.000001], "net")[0] == [2_300_000, 100_000, 1_000_001]
    assert column("Net (Mio. EUR)", ["2,3", "0,07"], "net")[0] == [2_300_000, 70_000]
    assert column("Net (cents)", [70, 29, -110], "net")[0] == [0.7, 0.29, -1.1]


def test_the_currency_beside_the_power_counts(column):
    assert column("Net (TEUR)", [5, 6], "currency")[0] == ["EUR", "EUR"]
    assert column("Net (EUR thousands)", [5], "currency")[0] == ["EUR"]


@pytest.mark.parametrize("header", ["Net", "Net (EUR)", "Net €", "Net (US$)", "Net (incl. VAT)", "Net (EUR/kg)", "Count (kg)", "Count (K)"])
def test_other_words_change_nothing(column, header):
    values, told = column(header, [1205, 7], header.split()[0].lower())
    assert values == [1205, 7] and not told


@pytest.mark.parametrize("header", ["Net (EUR per 1000)", "Net (kg)", "Net (m)", "Count (thousands of m²)"])
def test_what_cannot_be_heeded_is_a_warning(column, header):
    values, told = column(header, [1205, 7], header.split()[0].lower())
    assert values == [1205, 7] and [level for level, _ in told] == ["warning"]


@pytest.mark.parametrize("header, cells, values", [
    ("Net (cents)", ["1.35", "4.20", "17.99"], [1.35, 4.2, 17.99]),
    ("Net (cents)", [1.35, 4.2, 18.0], [1.35, 4.2, 18]),
    ("Net (pence)", ["12.00", "5.00"], [12, 5]),
    ("Net (cents)", ["$3", "$7"], [3, 7]),
    ("Net (TEUR)", ["1.350.000,00", "870.000,00"], [1_350_000, 870_000]),
    ("Net (EUR k)", ["13500.00", "8750.40"], [13_500, 8750.4]),
    ("Net (EUR k)", [13500.49, 8750.95, 12.5], [13_500.49, 8750.95, 12.5]),
    ("Net (in thousands)", ["$13,500,000", "$9,000"], [13_500_000, 9000]),
    ("Net (in thousands)", ["$1,350,000.00", "$9,000.00"], [1_350_000, 9000]),
    ("Net (Mio. EUR)", [1_350_000, 7000], [1_350_000, 7000]),
])
def test_values_that_are_right_already_stay(column, header, cells, values):
    found, told = column(header, cells, "net")
    assert found == values
    assert [level for level, _ in told] == ["warning"] and "so the values are as they stand" in told[0][1]


@pytest.mark.parametrize("header, cells, values", [
    ("Net (TEUR)", [1.5, 2.25], [1500, 2250]),
    ("Net (TEUR)", [1205.5, 7.25], [1_205_500, 7250]),
    ("Net ($m)", ["3.45", "12.30"], [3_450_000, 12_300_000]),
    ("Net (in thousands)", ["$1,350,000", "$9,000"], [1_350_000_000, 9_000_000]),
    ("Net (p)", [135, 420], [1.35, 4.2]),
    ("Net (pence)", [135, 420], [1.35, 4.2]),
    ("Net (hundreds)", [3, 42], [300, 4200]),
    ("Count (hundreds)", ["3", "42"], [300, 4200]),
])
def test_values_that_may_be_what_the_header_counts_are(column, header, cells, values):
    found, told = column(header, cells, header.split()[0].lower())
    assert found == values and [level for level, _ in told] == ["info"]


@pytest.mark.parametrize(
    "header, cells, words",
    [
        # Colons below minutes.
        ("Span (min)", ["3:55", "4:20", "13:40"], "they may be minutes and seconds"),
        ("Span (min)", [dt.time(3, 55), dt.time(4, 20)], "they may be minutes and seconds"),
        # Typed cells below minutes and seconds.
        ("Span (mm:ss)", [dt.timedelta(hours=4, minutes=10), dt.timedelta(minutes=3, seconds=5)], "typed cells count hours and minutes"),
    ],
)
def test_times_that_may_be_others_are_doubtful(read, header, cells, words):
    outcome, _, told = read(below(header, cells))
    (reading,) = outcome.noticed["readings"]
    assert reading["ambiguous"] and words in reading["message"]
    assert not told or "mm:ss" in header


@pytest.mark.parametrize("header", ["Net (cents)", "Span (min)", "Span (mm:ss)"])
def test_older_packages_read_values_as_they_stand(column, header):
    field = header.split()[0].lower()
    values, told = column(header, ["4:10"] if field == "span" else [1205], field, header_units=False)
    assert values == [dt.timedelta(hours=4, minutes=10) if "mm" in header or "min" in header else 1205] and not told


@pytest.mark.parametrize(
    "header, unit",
    [("Span (min)", "minutes"), ("Span [h]", "hours"), ("Span (Std.)", "hours"), ("Span (s)", "seconds"), ("Span minutes", "minutes")]
    + [("Span (days)", "days")],
)
def test_plain_numbers_of_durations_are_what_the_header_counts(column, header, unit):
    values, told = column(header, [90, "1,5"], "span")
    assert values == [dt.timedelta(**{unit: 90}), dt.timedelta(**{unit: 1.5})]
    assert [level for level, _ in told] == ["info"]


def test_what_the_author_says_is_stronger(column):
    values, told = column("Rest (h)", [90], "rest")
    assert values == [dt.timedelta(minutes=90)] and not told


def test_two_numbers_with_a_colon_may_be_minutes(column):
    values, told = column("Span (mm:ss)", ["4:10", "59:59", "1:00:00"], "span")
    assert values == [dt.timedelta(minutes=4, seconds=10), dt.timedelta(minutes=59, seconds=59), dt.timedelta(hours=1)]
    assert told == [("info", "'mm:ss': two numbers with a colon were read as minutes and seconds")]
    values, told = column("Span (h:mm)", ["4:10"], "span")
    assert values == [dt.timedelta(hours=4, minutes=10)] and not told


@pytest.mark.parametrize("header, field", [("Span (weeks)", "span"), ("Span (m)", "span"), ("Clock (pm)", "clock"), ("Clock (CET)", "clock")])
def test_units_of_time_that_no_reader_knows_are_told(column, header, field):
    _, told = column(header, ["2:30", "3:15"], field)
    assert [level for level, _ in told] == ["warning"]


def test_a_unit_below_the_header_counts(read):
    settings = {"spread_header_labels": True, "merge_stacked_headers": True}
    two_rows = plugin("row", 'return {"header": 1.0} if row_index < 3 else {"data": 1.0}', "*, row_index, **_")
    _, (row,), _ = read([["Net", "Count"], ["TEUR", "kg"], [5, 6]], two_rows, **settings)
    assert row["net"] == 5000 and row["count"] == 6


@pytest.mark.parametrize("header", ["Team", "Team M", "Cell K", "Stream in m", "Million Dollar Baby", "Percent", "Net (m²)", "Room 1000", ""]
    + ["Price per thousand", "Price EUR per 1000", "Thousands"])
def test_names_are_no_powers(header):
    measure = measure_of(header, None, "number")
    assert measure is None or measure.shift == 0


EURO, DOLLAR, FRANC = '#,##0.00 [$€-407]', '"$"#,##0.00', "[$CHF] #,##0.00"


@pytest.mark.parametrize(
    "header, formats, codes",
    [
        ("Net", [EURO, EURO, EURO], ["EUR", "EUR", "EUR"]),
        ("Net", [DOLLAR, DOLLAR, DOLLAR], ["$", "$", "$"]),
        ("Net", [FRANC, "0.00", FRANC], ["CHF", None, "CHF"]),
        # The cell's own sign comes before the header's.
        ("Net (EUR)", [FRANC, "0.00", '0 "kg"'], ["CHF", "EUR", "EUR"]),
        ("Net", ["0.00", '0 "kg"', "0%"], [None, None, None]),
    ],
)
def test_a_currency_in_a_number_format_is_a_currency(read, book_of, header, formats, codes):
    _, rows, _ = read(book_of(header, formats), header_units=False, row_provenance=True)
    assert [row.get("currency") for row in rows] == codes and [row["net"] for row in rows] == [5.5, 6.5, 7.5]


@pytest.mark.parametrize("formats, row", [([EURO, EURO, FRANC], 2), ([EURO, "0.00", DOLLAR], 2), ([EURO, "0.00", EURO], None)])
def test_formats_of_several_currencies_are_told(read, book_of, formats, row):
    outcome, _, _ = read(book_of("Net", formats), header_units=False, row_provenance=True)
    readings = [reading for reading in outcome.noticed["readings"] if reading["field"] == "net"]
    assert [reading["ambiguous"] for reading in readings] == ([] if row is None else [True])
    assert all("the formats of the numbers show several currencies" in reading["message"] for reading in readings)


@pytest.fixture
def book_of(tmp_path):
    """A workbook of one column whose cells have number formats."""

    def call(header, formats, cells=(5.5, 6.5, 7.5)):
        book = openpyxl.Workbook()
        for row in below(header, cells):
            book.active.append(row)
        for number, code in enumerate(formats, 2):
            book.active.cell(number, 1).number_format = code
        book.save(tmp_path / "formats.xlsx")
        return tmp_path / "formats.xlsx"

    return call


@pytest.mark.parametrize("plain", [8, 7.5])
@pytest.mark.parametrize("typed", [dt.time(1, 30), dt.timedelta(hours=30, minutes=30)])
@pytest.mark.parametrize("is_first", [True, False])
def test_typed_times_beside_numbers_are_durations(column, plain, typed, is_first):
    span = dt.timedelta(hours=typed.hour, minutes=typed.minute) if isinstance(typed, dt.time) else typed
    cells, values = [typed, plain], [span, dt.timedelta(hours=plain)]
    if not is_first:
        cells, values = cells[::-1], values[::-1]
    found, told = column("Span (h)", cells, "span", row_provenance=True, typed_fields=True)
    assert [dt.timedelta(hours=one.hour, minutes=one.minute) if isinstance(one, dt.time) else one for one in found] == values
    assert told == [("info", "'h': plain numbers were read as hours")]


@pytest.fixture
def said(read):
    """The values of the first column, and what is said of each cell."""

    def call(header, *cells):
        settings = {"row_provenance": True, "issue_columns": True, "output_style": "table"}
        _, rows, _ = read(below(header, cells), **settings)
        return [next(iter(row.values())) for row in rows], [row.get("Issues") for row in rows]

    return call


def test_typed_times_beside_minutes_are_told(said):
    _, (of_number, of_time) = said("Span (min)", 45, dt.time(1, 30))
    assert of_number is None and "they may be minutes and seconds" in of_time


def test_typed_times_are_no_numbers(said):
    assert said("Count", 8, dt.time(7, 30)) == ([8, None], [None, 'count: not a number: "07:30"'])
    assert said("Count", dt.timedelta(hours=30, minutes=30), 7.5) == ([None, 7.5], ['count: not a number: "30:30"', None])


@pytest.mark.parametrize("long", [1234567890123456, 1234567890123456.0, 12345678901234567])
def test_numbers_that_may_have_lost_digits_are_told(said, long):
    _, (*others, of_long, last) = said("Count", 7, long, long)
    assert others == [None] and "may have lost their last digits" in of_long and last is None
    assert "may have lost their last digits" in said("Count", long, "7.5")[1][0]


def test_numbers_of_fifteen_digits_are_whole(said):
    assert said("Count", 7, 123456789012345)[1] == [None, None]


@pytest.fixture
def formatted(read, book_of):
    """The values of `net` below a header, where the first of its numbers has a format, and the notice about the unit."""

    def call(header, cells, number_format):
        _, rows, told = read(book_of(header, [number_format], cells), row_provenance=True)
        return [row["net"] for row in rows], told

    return call


@pytest.mark.parametrize("number_format", ['"$"#,##0.00', "#,##0 [$€-407]"])
@pytest.mark.parametrize("cells", [[1205, 350], [1205, "350"]])
def test_amounts_that_are_shown_in_a_currency_are_no_cents(formatted, number_format, cells):
    why = "the formats of numbers show a currency's own sign, so the values are as they stand"
    assert formatted("Net (cents)", cells, number_format) == ([1205, 350], [("warning", f"'cents': {why}")])


@pytest.mark.parametrize("number_format", ["#,##0", '#,##0"¢"'])
def test_other_formats_say_nothing_of_cents(formatted, number_format):
    assert formatted("Net (cents)", [1205, 350], number_format) == ([12.05, 3.5], [("info", "'cents': its numbers were divided by 100")])


def test_a_currency_in_a_format_says_nothing_of_thousands(formatted):
    assert formatted("Net ($k)", [1205, 350], '"$"#,##0')[0] == [1_205_000, 350_000]


@pytest.mark.parametrize("cells", [[12500, 9750.5], ["12500", "9750.5"]])
def test_large_thousands_with_decimals_are_told(column, cells):
    values, ((level, message),) = column("Net (EUR k)", cells, "net")
    assert values == [12_500_000, 9_750_500] and level == "warning" and "some are 10,000 or more" in message
    for others in ([12500, 9750], [125, 97.5]):
        assert column("Net (EUR k)", others, "net")[1] == [("info", "'EUR k': its numbers were multiplied by 1,000")]


@pytest.mark.parametrize(("header", "units", "names"), [
    # A name in the row of units is that of a column without one.
    (["Order", "Weight", "Qty", None], [None, "g", "pcs", "Notes"], ["Order", "Weight", "Qty", "Notes"]),
    # Beside a single unit it may be the second name of a label.
    (["Order", "Day", "Price", None], [None, None, "EUR", "Status"], ["Order", "Day", "Price EUR", "Price Status"]),
    (["Order", "Bonus", None, "Rate"], [None, "Reason", "Share", "EUR"], ["Order", "Bonus Reason", "Bonus Share", "Rate EUR"]),
])  # fmt: skip
def test_a_name_in_a_row_of_units_makes_no_names_of_them(run, template, header, units, names):
    rows = [[f"A{n}", 1.5 + n, 4 + n, "dry" if header[-1] is None else 2.5 * n] for n in range(6)]
    outcome = run(template, {"S": [header, units, *rows]})
    assert outcome.rows("S")[0][:4] == names
