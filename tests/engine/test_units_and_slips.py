"""Readers of ``ade_engine.fields``: slips among dates, units behind numbers, currencies of signs and headers."""

from datetime import date

import polars as pl
import pytest
from conftest import declared

from ade_engine import fields
from ade_engine.fields.headers import score
from ade_engine.fields.units import is_unit


def read(reader, cells):
    return pl.DataFrame({"x": cells}).select(reader("x")).to_series().to_list()


@pytest.mark.parametrize("form", ["{:02}-{}-{}", "{:02} {} {}"])
def test_a_day_that_its_month_lacks_turns_no_column_round(form):
    cells = [form.format(*parts) for parts in [(5, "Jan", 25), (31, "Jan", 25), (14, "Feb", 25), (30, "Feb", 25)]]
    assert read(fields.date, cells) == [date(2025, 1, 5), date(2025, 1, 31), date(2025, 2, 14), None]


@pytest.mark.parametrize("mark", ["/", "."])
def test_nor_does_it_among_numbers(mark):
    cells = [mark.join(parts) for parts in [("05", "01", "25"), ("31", "01", "25"), ("14", "02", "25"), ("30", "02", "25")]]
    assert read(fields.date, cells) == [date(2025, 1, 5), date(2025, 1, 31), date(2025, 2, 14), None]


def test_a_first_number_that_is_no_day_is_a_year():
    cells = ["98-Jan-05", "99-Jan-31", "01-Feb-14", "02-Mar-30"]
    assert read(fields.date, cells) == [date(1998, 1, 5), date(1999, 1, 31), date(2001, 2, 14), date(2002, 3, 30)]
    cells = ["25-01-31", "25-02-28", "24-12-30", "99-01-31"]
    assert read(fields.date, cells) == [date(2025, 1, 31), date(2025, 2, 28), date(2024, 12, 30), date(1999, 1, 31)]


def test_a_slip_turns_no_column_round_that_begins_with_years():
    cells = ["25-01-31", "25-02-14", "24-12-05", "25-02-30"]
    assert read(fields.date, cells) == [date(2025, 1, 31), date(2025, 2, 14), date(2024, 12, 5), None]
    cells = ["31-01-25", "14-02-25", "05-12-24", "30-02-25"]
    assert read(fields.date, cells) == [date(2025, 1, 31), date(2025, 2, 14), date(2024, 12, 5), None]
    cells = ["31-12-98", "05-01-99", "14-02-25", "01-03-25"]
    assert read(fields.date, cells) == [date(1998, 12, 31), date(1999, 1, 5), date(2025, 2, 14), date(2025, 3, 1)]


def test_many_days_that_no_month_has_are_no_slips():
    """More than half of the cells: they are years after all, unless a named month says that they are none. One of four is a slip."""
    cells = ["30-02-05", "31-04-06", "30-02-07", "05-01-08"]
    assert read(fields.date, cells) == [date(2030, 2, 5), date(2031, 4, 6), date(2030, 2, 7), date(2005, 1, 8)]
    cells = ["30-Feb-05", "31-Apr-06", "30-Feb-07", "05-Jan-08"]
    assert read(fields.date, cells) == [None] * 4
    cells = ["30-Feb-05", "05-Jan-08", "06-Jan-08", "07-Jan-08"]
    assert read(fields.date, cells) == [None, date(2008, 1, 5), date(2008, 1, 6), date(2008, 1, 7)]


def test_units_of_the_author_are_left_out():
    cells = ["12 szt.", "1 200 KG", "3,5kg", "4", "5 m", "6 kg szt"]
    assert read(lambda name: fields.number(name, units=["kg", "szt."]), cells) == [12, 1200, 3.5, 4, None, None]
    assert read(fields.number, [*cells, *"12345"])[:5] == [None, None, None, 4, None]


def test_a_shared_sign_is_the_currency_that_its_column_names():
    assert read(fields.currency, ["USD", "US$", "$"]) == ["USD", "USD", "USD"]
    assert read(fields.currency, ["US$ 5", "$ 6.50"]) == ["USD", "USD"]
    assert read(fields.currency, ["$", "$"]) == [None, None] and read(fields.currency, ["EUR", "$"]) == ["EUR", None]
    assert read(fields.currency, ["USD", "A$", "$"]) == ["USD", "AUD", None]
    assert read(fields.currency, ["USD", "kr"]) == ["USD", None]


def test_signs_of_several_letters_have_points_or_none():
    assert read(fields.currency, ["ج.م.", "12 ج.م.\u200f", "Rs.", "Fr. 5", "K.č"]) == ["EGP", "EGP", "INR", "CHF", "CZK"]
    assert read(fields.number, ["12,5 ج.م.", "1.250,5 ج.م"]) == [12.5, 1250.5]


def test_the_degree_sign_stands_for_a_raised_o():
    for header in ("N° de facture", "Nº de facture", "№ de facture", "No. de facture"):
        assert score(header, ["n° de facture"]) == 1.0


CURRENCY_OF_AMOUNTS = declared("""
    Field("net", headers=["net"], read=money),
    Field("currency", read=lambda field_name: pl.coalesce(currency(field_name), currency("net"))),
    Field("vat", headers=["vat", "vat %"], read=rate),
""", functions="""
def rate(field_name, column_unit):
    return number(field_name) / 100 if column_unit == "%" else number(field_name)
""")


@pytest.mark.parametrize(("header", "expected"), [
    ("Net (EUR)", ["EUR", "GBP", "EUR", None, None]),
    ("Net €", ["EUR", "GBP", "EUR", None, None]),
    ("Net (pcs)", [None, "GBP", None, None, None]),
    ("Net", [None, "GBP", None, None, None]),
])
def test_amounts_have_the_currency_of_their_header(run, header, expected):
    rows = [[12, 19], ["£ 5", 7], ["3.50", 0], ["none", 1], [None, 2]]
    outcome = run({"columns/net.py": CURRENCY_OF_AMOUNTS}, [[header, "VAT %"], *rows])
    names, *found = outcome.rows()
    assert [row[names.index("currency")] for row in found] == expected
    assert [row[names.index("vat")] for row in found] == [0.19, 0.07, 0, 0.01, 0.02]


def test_a_message_about_an_author_s_own_reader_names_it(run):
    broken = "def wrong(field_name, column_unit):\n    return 'no expression'\n"
    code = f"from ade_engine.fields import Field\n{broken}\ndef register(registry):\n    Field('net', read=wrong).register(registry)\n"
    outcome = run({"columns/net.py": code}, [["net"], [1]])
    assert "ade_config.columns.net.wrong" in outcome.result.error.message


@pytest.mark.parametrize(("cells", "message"), [
    (["01/31/2025", "2/14/25", "Feb 28, 2025"], "dates month-first: each cell can be read in this way only"),
    (["03/01/2025", "01/31/2025", "Feb 28, 2025"], "dates month-first: 2 of 3 cells can be read in this way only"),
    (["31/01/2025", "28 Feb 2025"], "dates day-first: each cell can be read in this way only"),
])
def test_several_ways_to_write_dates_are_told_once(run, monkeypatch, cells, message):
    code = ("from ade_engine.fields import Field, date\n\n" "def register(registry):\n    Field('day', read=date).register(registry)\n")
    monkeypatch.setenv("ADE_ENGINE_RUN", "1")
    outcome = run({"columns/day.py": code}, [["day"], *([cell] for cell in cells)])
    assert [reading["message"] for reading in outcome.noticed["readings"]] == [message]


@pytest.mark.parametrize(
    "text",
    ["EUR", "eur", "[kg]", "m²", "(m³)", "in %", "km/h", "kWh", "EUR '000", "('000)", "in TEUR", "Mio. EUR", "$ million", "per day"]
    + ["(h)", "[pcs.]", "EUR/100 kg", "°C", "dd.mm.yyyy", "DD/MM/YYYY", "JJJJ-MM-TT", "(1000)", "min"],
)
def test_units_of_headers(text):
    assert is_unit(text)


@pytest.mark.parametrize(
    "text",
    ["Hours", "Day", "Day 1", "(1)", "1", "2023", "(2023)", "2023/24", "No", "No. 1", "Net", "Total", "M", "Min", "Max", "Units", "(a)", "(c)"]
    + ["ALL", "TOP", "1000", "-", "n/a", "Code", "Type A", "1.5", ""],
)
def test_names_and_numbers_are_no_units(text):
    assert not is_unit(text)
