"""Powers of ten that headers name in many languages, since edition 2026: what counts, what is told, and what is a name or a rate."""

import pytest
from conftest import declared
from read_columns import Column

from ade_engine import fields
from ade_engine.fields.header_unit import header_unit
from ade_engine.fields.measures import measure_of

POWERS = {
    -2: "Importe (céntimos)|Betrag in Cent|Сумма, коп.|Tutar (kuruş)|Amount (paise)|Belopp (öre)",
    3: "Revenue '000|Revenue (000s)|Выручка, тыс. руб.|売上(千円)|매출 (천원)|Przychody tys. PLN|Tržby v tis. Kč|Árbevétel (ezer Ft)|Omzet (x 1.000)|Omsætning (t.kr.)|"
    "Omsättning (tkr)|CA en milliers d'euros|Ventas (miles de euros)|Vendas (R$ mil)|Ricavi (€/000)|Venituri (mii lei)|Gelir (bin TL)|Έσοδα (χιλ. €)|Приходи (хил. лв.)|"
    "Doanh thu (nghìn đồng)|Pendapatan (ribu Rp)|รายได้ (พันบาท)|Net T€|Umsatz in Tausend Euro",
    4: "金额(万元)|金额（万元）",
    5: "Sales (₹ in lakhs)|Turnover in lakhs|आय (लाख रुपये)",
    6: "Umsatz Mio. EUR|Umsatz, Mio. €|売上高（百万円）|Tržby (mil. Kč)|Omsättning (mkr)|Omsetning (mill. kr)|Liikevaihto (M€)|Gelir (milyon TL)|Pendapatan (Rp juta)|המכירות (מיליוני ש\"ח)|Revenue £m",
    7: "Revenue (Rs. in Crores)|Revenue Rs Cr",
    8: "营业收入(亿元)|매출(억원)",
    9: "Umsatz (Mrd. €)|Doanh thu (tỷ đồng)",
}


@pytest.mark.parametrize("power", POWERS)
def test_powers_of_ten_count_in_many_languages(power):
    for header in POWERS[power].split("|"):
        measure = measure_of(header, header_unit(header), "money", True)
        assert measure is not None and measure.shift == power and measure.said, header


def test_a_power_is_no_name_and_no_rate():
    headers = (
        "Distance (m)|Weight (t)|Price per thousand|Amount (EUR)|Mil spec|Lakhs of people|Millimetres (mm)|Temp (K)|Cr|Month|Bin no|Million Mile Club|Room 1000|"
        "Amount per 1000 units|Betrag (mit MwSt)|Cents per mile|Article 1000|Sales thousand oaks|Ore (t)|Gram (gr)|Cost/1000 km|Mill"
    )
    for header in headers.split("|"):
        for kind in ("money", "number"):
            measure = measure_of(header, header_unit(header), kind, True)
            assert measure is None or measure.shift == 0, header


@pytest.mark.parametrize("header", ["Amount (minor units)", "Betrag (gr)", "Umsatz (Mio. netto)"])
def test_what_may_be_a_power_is_told(header):
    measure = measure_of(header, header_unit(header), "money", True)
    assert measure is not None and measure.shift == 0 and measure.said is None


def test_numbers_below_a_power_are_shifted_in_edition_2026_alone():
    assert Column(["1,5", "2,25"], fields.money, "Выручка, тыс. руб.", header_units=True, edition="2026").values == [1500, 2250]
    assert Column(["1,5", "2,25"], fields.money, "Выручка, тыс. руб.", header_units=True).values == [1.5, 2.25]


@pytest.mark.parametrize("line, is_told", [("Alle Angaben in Tsd. EUR", True), ("(in thousands)", True), ("単位：千円", True), ("Report of 1000 Oaks", False), ("Amounts in EUR", False)])
def test_a_line_above_the_table_that_names_a_power_is_told(succeed, line, is_told):
    rows = [[line], [], ["Id", "Net"], ["A-1", 5], ["A-2", 7]]
    outcome = succeed({"columns/a.py": declared('Field("id", read=code), Field("net", read=money)'), "/settings.toml": 'edition = "2026"\n'}, rows, rows="")
    told = outcome.notices("power_above")
    assert [one["cells"] for one in told] == ([["A1"]] if is_told else [])
    assert [row[1] for row in outcome.rows()[1:]] == [5, 7]
