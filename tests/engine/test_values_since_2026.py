"""Values as edition 2026 reads them: each kind with what is meant, and with the near miss that must stay as it is."""

import datetime as dt
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from conftest import declared
from read_columns import Column
from test_parts import PEOPLE

from ade_engine import fields

NAMES = [line.split("|") for line in Path(__file__).with_name("names_of_people.txt").read_text("utf-8").splitlines() if line and not line.startswith("#")]


class Since2026(Column):
    """A column of a configuration of edition 2026; ``doubts``: what is said of each cell that was read."""

    def __init__(self, cells, reader, header="x", **settings):
        super().__init__(cells, reader, header, **{"edition": "2026", "header_units": True, **settings})
        doubts = self.reading.get("doubts")
        self.doubts = [None] * len(self.values) if doubts is None else doubts_of(doubts)


def doubts_of(doubts):
    from ade_engine.models.series import series_of

    return series_of(doubts).to_list()


def values(cells, reader, header="x", **settings):
    return Since2026(cells, reader, header, **settings).values


# ---------------------------------------------------------------- names


def test_names_of_many_cultures_are_parted_or_said():
    names = [name for name, *_ in NAMES]
    first, last = (Since2026(names, partial(fields.person_name, part=part)) for part in ("first", "last"))
    right = wrong = 0
    for (name, *wanted), one, other, said in zip(NAMES, first.values, last.values, last.doubts):
        is_whole = wanted == ["-"]
        if said is not None:
            # What nobody can part is left whole; what is no person's has no parts.
            assert one is None and (other is None) == ("no name" in said), name
            right += is_whole
        else:
            is_right = [one or "", other or ""] == wanted
            right, wrong = right + is_right, wrong + (not is_right)
    assert right >= 0.9 * len(NAMES) and wrong <= 0.01 * len(NAMES)


def test_names_in_engine_1_9_stay_as_they_were():
    cells = ["DUPONT Jean", "Acme GmbH", "Madonna", "Avery Smith, Jr."]
    old = Column(cells, partial(fields.person_name, part="last"))
    assert old.values == ["Jean", "Acme GmbH", "Madonna", "Smith, Jr."] and old.reading == {}


def test_a_full_name_that_is_no_person_s_is_kept_and_said():
    column = Since2026(["Avery Smith", "Acme GmbH", "Smith", "IT/Support", None], fields.person_name)
    assert column.values == ["Avery Smith", "Acme GmbH", "Smith", "IT/Support", None]
    assert column.doubts == [None, "no name of a person", None, "no name of a person", None]
    assert column.reading["ambiguous"] and "2 of 4 cells hold no name of a person" in column.why
    assert Since2026(["Avery Smith", "Bo Lee"], fields.person_name).reading == {}


# ---------------------------------------------------------------- percentages, and a minus behind


def test_typed_percentages_among_shares_are_told():
    column = Since2026([0.12, 0.2, 12.0, 0.05, 7.0, 0.19, 0.07], fields.number, "Rate")
    assert [place for place, said in enumerate(column.doubts) if said] == [2, 4] and column.reading["ambiguous"]
    assert not any(Since2026([0.12, 0.2, 12.0, 0.05, 7.0], fields.number, "Weight").doubts)
    assert not any(Since2026([0.12, 0.2, 1.0, 0.05], fields.number, "Rate").doubts)


def test_a_lone_minus_behind_needs_cents_a_currency_or_company():
    assert values(["25-", "30"], fields.number) == [None, 30]
    assert values(["25-", "30", "7-"], fields.number) == [-25, 30, -7]
    assert values(["25.00-", "30.00"], fields.number) == [-25, 30]
    assert Column(["25-", "30"], fields.number).values == [-25, 30]


def test_shares():
    read = partial(values, reader=fields.percent)
    assert read(["19%", "7 %", "0,5 %"]) == [0.19, 0.07, 0.005]
    assert read(["19", "7", "0"]) == read(["0.19", "0.07", "0"]) == [0.19, 0.07, 0]
    assert read(["5", "0.05", "0.07"]) == [None, 0.05, 0.07] and read(["12%", "12", "5%"]) == [0.12, None, 0.05]
    assert read(["1"]) == [None] and read(["1", "0.5"]) == [1, 0.5]
    assert Since2026(["5", "0.05", "0.07", "n/a"], fields.percent).unread == ['not clearly a percentage or a share of one: "5"', None, None, None]


# ---------------------------------------------------------------- further readers


def test_quantities_and_their_units():
    cells = ["12.5 kg", "3 pcs", "1.250,00 m²", "7", "5 to 7 kg", "3x4 cm"]
    assert values(cells, fields.quantity) == [12.5, 3, 1250, 7, None, None]
    assert values(cells, partial(fields.quantity, part="unit"))[:4] == ["kg", "pcs", "m²", None]
    # "1.250" alone is as doubtful as it is without a unit.
    for reader, texts in ((fields.quantity, ["1.250", "1.250 kg", "7"]), (fields.number, ["1.250", "1.250", "7"])):
        assert Since2026(texts, reader).reading["ambiguous"]


def test_months_quarters_weeks_and_years():
    first = dt.date(2025, 1, 1)
    assert values(["Jan 2025", "2025-01", "01/2025", "janvier 2025", "2025年1月", "31.01.2025"], fields.month) == [first] * 6
    assert values(["13/2025", "Jan 25", "soon"], fields.month) == [None] * 3
    assert values(["Q1 2025", "2025-Q1", "1Q25", "1. Quartal 2025", "I кв. 2025"], fields.quarter) == [first] * 5
    assert values(["Q5 2025", "2025"], fields.quarter) == [None] * 2
    assert values(["2025-W05", "KW 5/2025", "Week 5, 2025"], fields.week) == [dt.date(2025, 1, 27)] * 3
    assert values(["2025-W53", "KW5"], fields.week) == [None] * 2
    assert values(["2025", "FY25", "2025年", "31.12.2025"], fields.year) == [2025] * 4
    assert values(["2024/25", "25", "1899"], fields.year) == [None] * 3


def test_words_of_the_author_s_own():
    read = fields.choice({"Strom": "electricity", "Gas": "gas"})
    column = Since2026(["STROM ", "gas", "electricity", "Öl", "k. A.", None], read)
    assert column.values == ["electricity", "gas", "electricity", None, None, None]
    assert column.unread == [None, None, None, 'not one of the known words: "Öl"', None, None]
    with pytest.raises(TypeError, match="words and their meanings"):
        fields.choice(["Strom"])


# ---------------------------------------------------------------- dates


def test_a_named_month_decides_day_and_year():
    assert values(["31-Nov-24"], fields.date) == [None]
    assert values(["30 Feb 25", "31-Jun-23"], fields.date) == [None] * 2
    assert values(["24-Nov-31", "99-Jan-31"], fields.date) == [dt.date(2031, 11, 24), dt.date(1999, 1, 31)]
    assert Column(["31-Nov-24"]).values == [dt.date(2031, 11, 24)]


def test_months_of_thailand_have_years_since_buddha():
    assert values(["31 ม.ค. 2567", "15 กุมภาพันธ์ 2568", "31 ม.ค. 67"], fields.date) == [dt.date(2024, 1, 31), dt.date(2025, 2, 15), dt.date(2024, 1, 31)]
    assert values(["5 มีนาคม 2025", "31 ม.ค. 25"], fields.date) == [dt.date(2025, 3, 5), None]
    assert values(["31/01/2567"], fields.date) == [None]


def test_an_order_in_the_header_holds():
    assert values(["01/02/2025", "31/01/2025"], fields.date, "Date (MM/DD/YYYY)") == [dt.date(2025, 1, 2), None]


def test_times_with_and_without_a_zone_are_told():
    mixed = Since2026(["2025-01-31T14:30:00Z", "2025-01-31 15:30"], fields.date_time)
    assert mixed.reading["ambiguous"] and "zones" in mixed.why
    for cells in (["2025-01-31T14:30:00Z", "2025-02-01T14:30:00Z"], ["2025-01-31 14:30", "2025-02-01 15:30"]):
        assert not Since2026(cells, fields.date_time).reading["ambiguous"]


# ---------------------------------------------------------------- phones, ids and currencies


def test_what_is_no_phone():
    for text in ("0378-5955", "4006381333931", "978-3-16-148410-0", "52.5200, 13.4050", "52.520008", "12/345/67890", "123-45-6789"):
        assert values([text], fields.phone) == [None], text
        assert Column([text], fields.phone).values != [None], text
    assert values(["0378-5956", "+39 (0)6 1234567", "06 1234567", "+49 (0)30 123456"], fields.phone) == ["03785956", "+39061234567", "061234567", "+4930123456"]


def test_vat_numbers_of_all_countries():
    good = ["BG175074752", "CY10259033P", "CZ25123891", "ESB58378431", "FRK7399859412", "IE6433435F", "LV40003521600", "LT119511515", "NL004495445B01", "RO18547290"]
    bad = ["BG175074753", "CY10259033Z", "ESB58378430", "IE6433435E", "RO18547291"]
    said = pl.DataFrame({"x": good + bad}).select(fields.checksum("x", "vat")).to_series().to_list()
    assert said == [None] * len(good) + ["not a VAT number"] * len(bad)


def test_currencies_are_codes_or_empty():
    column = Since2026(["$5", "5 €", "12 kr", "7"], fields.currency)
    assert column.values == [None, "EUR", None, None]
    assert column.unread == ['a sign of several currencies: "$5"', None, 'a sign of several currencies: "12 kr"', None]
    assert values(["$5", "US$ 7"], fields.currency) == ["USD", "USD"]


# ---------------------------------------------------------------- compact amounts, yes and no, no value


def test_compact_amounts():
    for text, wanted in (("$1.2m", 1.2e6), ("2,5 Mio. €", 2.5e6), ("€ 2.5 Mio", 2.5e6), ("$3bn", 3e9), ("5 lakh", 5e5), ("12 тыс. руб.", 12e3), ("3万円", 3e4), ("₹5 Cr", 5e7)):
        assert values([text], fields.money) == [wanted], text
        assert Column([text], fields.money).values == [None], text
    assert values(["2,5 mil. Kč", "1,1 T€"], fields.money) == [2.5e6, 1100]
    for text in ("$1.1T", "4 mil €", "5 m", "1.2k", "1.2 M", "5 Cr", "1,250 Dr", "1.250,00 S", "5 kg"):
        assert values([text], fields.money) == [None], text


def test_booleans_of_more_languages_and_signs():
    assert values(["так", "예", "有", "taip", "●"], fields.boolean) == [True] * 5
    assert values(["ні", "아니오", "無", "không", "לא"], fields.boolean) == [False] * 5
    assert values(["○", "×"], fields.boolean) == [True, False]
    assert values(["○"], fields.boolean) == values(["×"], fields.boolean) == values(["+"], fields.boolean) == [None]


WORDS = ["n/a", "k. A.", "n.d.", "brak", "—", "N.V.T.", "н/д", "нет данных", "なし", "Não disponível", "s/d", "(leer)", "#N/A"]


@pytest.mark.parametrize("reader", [fields.number, fields.date, fields.email, fields.phone, fields.boolean, fields.iban, fields.duration, fields.percent, fields.month])
def test_words_for_no_value_are_empty_and_no_issue(reader):
    column = Since2026([*WORDS, "soon"], reader)
    assert column.values == [None] * (len(WORDS) + 1)
    assert column.unread[:-1] == [None] * len(WORDS) and column.unread[-1].endswith('"soon"')


def test_texts_and_codes_are_what_they_are():
    assert values(["n/a", "NA", "none"], fields.text) == values(["n/a", "NA", "none"], fields.code) == ["n/a", "NA", "none"]
    assert values(["tbd", "A-1"], fields.code, na=("TBD",)) == [None, "A-1"]
    assert Column(["tbd", "5"], fields.number, na=("tbd",)).unread == [None, None]
    assert Column(["n/a", "5"], fields.number).unread == ['not a number: "n/a"', None]


# ---------------------------------------------------------------- in runs

def test_names_that_are_left_whole_are_issues_where_they_are_split(succeed):
    rows = [["Name", "Hours"], ["DUPONT Jean", 5], ["Acme GmbH", "n/a"], ["Hans Peter", 7], ["Avery Smith", 8]]
    outcome = succeed({"columns/people.py": PEOPLE, "/settings.toml": 'edition = "2026"\n'}, rows, rows="")
    header, *records = outcome.rows()
    found = [{name: value for name, value in zip(header, row)} for row in records]
    assert [(row["first_name"], row["last_name"], row["hours"]) for row in found] == [
        ("Jean", "DUPONT", 5), (None, None, None), (None, "Hans Peter", 7), ("Avery", "Smith", 8),
    ]  # fmt: skip
    issues = [row["Issues"] or "" for row in found]
    assert "no name of a person" in issues[1] and "which is the first" in issues[2] and issues[0] == issues[3] == ""
    assert "hours" not in issues[1].lower() and [notice["count"] for notice in outcome.notices("no_value")] == [1]


def test_configurations_of_engine_1_9_read_as_before(succeed):
    rows = [["Name", "Hours"], ["DUPONT Jean", 5], ["Acme GmbH", "n/a"]]
    outcome = succeed({"columns/people.py": PEOPLE}, rows)
    header, *records = outcome.rows()
    found = [dict(zip(header, row)) for row in records]
    assert [(row["first_name"], row["last_name"]) for row in found] == [("DUPONT", "Jean"), (None, "Acme GmbH")]
    assert not outcome.notices("no_value")


@pytest.mark.parametrize(("header", "cells", "doubtful"), [
    ("Maturity", ["01.06.52", "15.03.31", "01.06.1952"], [0]),
    ("Deed date", ["23/11/38", "23/11/25", "23/11/99"], [0]),
    ("Date", ["01.02.44", "01.02.49", "01.02.30", "01.02.77"], [0, 1]),
    ("Date of birth", ["01.02.49", "01.02.77"], []),
    ("Maturity", ["01.06.2052", "2031-03-15"], []),
])  # fmt: skip
def test_two_digit_years_against_the_header_or_near_an_end_are_told(header, cells, doubtful):
    read = Since2026(cells, fields.date, header)
    assert [row for row, said in enumerate(read.doubts) if said] == doubtful and None not in read.values


def test_units_of_other_sizes_are_told():
    read = Since2026(["5 kg", "300 g", "7 kg", "2"], partial(fields.number, units=["kg", "g"]))
    assert [said is not None for said in read.doubts] == [False, True, False, False] and read.values == [5, 300, 7, 2]
    assert not any(Since2026(["5 kg", "3 kilo"], partial(fields.number, units=["kg", "kilo"])).doubts)


def test_letters_of_another_encoding_or_alphabet_are_issues(succeed):
    cells = ["München", "MÃ¼nchen", "Ren√©e", "аnna@example.com", "anna@example.com"]
    outcome = succeed({"columns/f.py": declared('Field("city")'), "/settings.toml": 'edition = "2026"\n'}, [["City", "No"], *([cell, 1] for cell in cells)], rows="")
    assert [bool(row[outcome.rows()[0].index("Issues")]) for row in outcome.rows()[1:]] == [False, True, True, True, False]
