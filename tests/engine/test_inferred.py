"""Configurations that are inferred from samples whose truth is known: `tests/workshop` has the samples and the judge."""

import ast
import importlib
import sys
from pathlib import Path

import polars as pl
import pytest

from ade_engine.inference.inferred import InferredField, infer, label_of, slug
from ade_engine.inference.kinds import kind_of
from ade_engine.inference.pairs import Side, pairs
from ade_engine.inference.samples import Column, Sample, Table
from ade_engine.inference.choosing import Wish
from ade_engine.inference.shapes import Made, facts_above
from ade_engine.inference.senders import pattern_of, tables_of
from ade_engine.inference.wishes import answers_of
from ade_engine.inference.written import fields_module, questions, to_look_at

WORKSHOP = Path(__file__).resolve().parents[1] / "workshop"


def workshop(name: str):
    sys.path.insert(0, str(WORKSHOP))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(WORKSHOP))


def test_what_is_inferred_reads_later_files_and_no_cell_of_any_sender_is_wrong(tmp_path: Path) -> None:
    workshop("families").main(tmp_path, "tests")
    total = workshop("judge").measure(tmp_path)

    def share(what: str) -> float:
        return total[f"{what}_right"] / sum(total[f"{what}_{key}"] for key in ("right", "wrong", "missing"))

    assert total["fields_right"] == total["fields"] and total["readers_right"] >= 0.95 * total["fields"]
    assert total["checks_wrong"] <= 2 and share("own") >= 0.995 and share("mended") >= 0.65
    assert share("answered") >= 0.85
    assert not sum(total[f"{what}_wrong"] for what in ("own", "as_it_is", "mended", "answered", "own_after"))


def test_eight_senders_with_two_tables_on_a_sheet_are_read_and_no_cell_is_wrong_without_a_word(tmp_path: Path) -> None:
    count = workshop("senders").measure(tmp_path, "tests")
    assert count["right"] >= 0.8 * (count["right"] + count["wrong"] + count["missing"])
    assert not count["silent"] and not count["more_rows"]


def sample(name: str, **columns: list) -> Sample:
    """A sample whose headers are those of a table; "_" stands for a blank."""
    made = []
    for place, (header, values) in enumerate(columns.items()):
        header = header.replace("_", " ")
        filled = sum(value is not None for value in values)
        made.append(Column(name, header, place, kind_of(header, pl.Series(values)), len(values), filled))
    return Sample(name, Path(name), [Table(name, "S", made, len(made[0].kind.values))], [], [])


def fields(*samples: Sample) -> dict[str, InferredField]:
    return {one.name: one for one in infer(samples).fields}


@pytest.mark.parametrize(("header", "values", "reader"), [
    ("Reading", ["41233", "52931", "46120"] * 4, "number"),
    ("Customer no", ["41233", "52931", "46120"] * 4, "code"),
    ("Odd word", ["41,233", "52,931", "46,120"] * 4, "number"),
    ("Odd word", ["4012345678901", "4098765432109", "4011111111111"] * 4, "code"),
    ("Discount", [0.1, 0.25, 0.5] * 4, "number"),
    ("Start", ["08:15", "09:30", "17:05"] * 4, "time"),
    ("Hours", ["08:15", "09:30", "7:05"] * 4, "duration"),
    ("Taken", ["2025-03-01 08:15", "2025-03-02 09:00", "2025-03-02 17:45"] * 4, "date_time"),
    ("Supplier", ["Acme Ltd", "Globex Corp", "Blue Sky"] * 4, "text"),
    ("Driver", ["Ann Lee", "Bo Ek", "Cy Ray"] * 4, "person_name"),
    ("Paid", ["x", None, "x"] * 4, "boolean"),
])
def test_values_and_headers_say_how_a_column_is_read(header: str, values: list, reader: str) -> None:
    assert kind_of(header, pl.Series(values)).reader == reader


def test_checks_are_those_that_all_samples_pass() -> None:
    march = sample("march", Order=[f"A-{n}17" for n in range(20)], Status=["open", "sent"] * 10, Net=[n * 1.25 for n in range(20)])
    april = sample("april", Order=[f"B-{n}17" for n in range(20)], Status=["open", None] * 10, Net=[n - 3.5 for n in range(20)])
    assert fields(march)["order"].checks == ["required", "unique"]
    assert fields(march)["status"].checks == ["required", "one_of"]
    assert fields(march)["net"].checks == ["required", "not_negative"]
    both = fields(march, april)
    assert both["order"].checks == ["required", "unique"] and both["status"].checks == [] and both["net"].checks == ["required"]


def test_only_one_id_names_the_records_and_it_is_not_the_customers() -> None:
    ids = {"Customer_no": [f"C-{n}33" for n in range(20)], "Order_no": [f"O-{n}17" for n in range(20)]}
    found = fields(sample("a", **ids))
    assert "unique" not in found["customer_no"].checks and found["order_no"].is_key


def test_a_part_of_a_sum_is_the_same_if_another_part_is_and_no_part_contradicts() -> None:
    def sides(*headers: str) -> list[Side]:
        small, large = [3.25, 4.5, 9.75, 2.5, 7.0, 8.25], [100.5, 80.25, 95.0, 60.0, 71.5, 99.0]
        values = [large, small, [a + b for a, b in zip(small, large)]]
        return [Side((header,), "money", column) for header, column in zip(headers, values)]

    found = pairs(sides("Kaltmiete", "Nebenkosten", "Warmmiete"), sides("Monthly rent", "Quux", "Zorp"))
    assert {(pair.known, pair.new) for pair in found if pair.reason} == {(0, 0), (1, 1), (2, 2)}
    freight = pairs(sides("Net", "VAT", "Gross"), sides("Net", "Freight", "Zorp"))
    assert {(pair.known, pair.new) for pair in freight if pair.reason} <= {(0, 0), (2, 2)}


def test_names_are_identifiers_and_texts_of_senders_are_literals() -> None:
    assert [slug(header) for header in ("Net (EUR)", "2024", "Größe", "Inv #", "Имя", "orderDate")] == [
        "net", "column_2024", "grosse", "inv_no", "", "order_date",
    ]  # fmt: skip
    assert label_of("INVOICE NO:") == "Invoice no"
    odd = ['say "no"', "back\\slash", "two\nlines"] * 8
    one = sample('a"\n.csv', **{'He said "x"\\': odd, "Имя": ["п", "в"] * 12, "class": odd})
    text = fields_module(infer([one]), [one])
    values = {ast.literal_eval(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert {'say "no"', "back\\slash", "two\nlines", 'He said "x"\\'} <= values


def dates(form: str) -> list[str]:
    return [f"{form.format(day=day, month=3)}" for day in range(11, 29)]


def test_what_senders_write_in_their_own_way_is_a_table_of_each_and_no_line_for_all() -> None:
    rows = 18
    american = sample("us_2025-03.csv", Invoice_no=[f"A{n}70" for n in range(rows)], Date=dates("{month:02}/{day:02}/2025"), Net=["1,204.50"] * rows)
    british = sample("uk_2025-03.csv", Invoice_no=[f"B{n}70" for n in range(rows)], Date=dates("{day:02}/{month:02}/2025"), Net=["1,204.50"] * rows)
    german = sample("köln_märz.csv", Rechnungsnummer=[f"C{n}70" for n in range(rows)], Datum=["03/04/2025"] * rows, Netto=["1.204,50"] * rows)
    found = infer([american, british, german])
    assert [(one.pattern, {name: shown.value for name, shown in one.settings.items()}) for one in found.senders] == [
        ("us_*.csv", {"date_order": "mdy", "decimal_mark": "."}),
        ("uk_*.csv", {"date_order": "dmy", "decimal_mark": "."}),
        ("köln_*.csv", {"date_order": "dmy", "decimal_mark": ","}),
    ]
    assert not found.settings and '[files."us_*.csv"]\ndate_order = "mdy"  # shown by Date' in tables_of(found.senders)
    alike = infer([british, german])
    assert alike.settings["date_order"][0] == "dmy" and "date_order" not in tables_of(alike.senders)


@pytest.mark.parametrize(("names", "all_names", "pattern"), [
    (["acme-2025-03.xlsx", "acme-2025-04.xlsx"], [], "acme-*.xlsx"),
    (["05_nord_jan.csv"], ["06_sued_jan.csv"], "*_nord_*.csv"),
    (["sender01_2025.csv"], ["sender02_2025.csv"], "sender01_*.csv"),
    (["a1.csv"], ["acme.csv"], "a[0-9]*.csv"),
    (["1.csv"], ["2.csv"], "1.csv"),
    (["x[1].csv"], ["y.csv"], "x[[][0-9]*].csv"),
])
def test_a_pattern_has_the_files_of_its_sender_alone(names: list[str], all_names: list[str], pattern: str) -> None:
    assert pattern_of(names, {*names, *all_names}) == pattern


def meters(name: str, first: str, day: str, last: str, used: str) -> Sample:
    columns = {first: [f"M{n}33" for n in range(12)], day: dates("{day}.03.2025")[:12], last: [9000 + n * 31 for n in range(12)], used: [70.5 + n for n in range(12)]}
    return sample(name, **columns)


def test_what_stands_between_the_same_neighbours_is_one_and_told_and_what_is_left_is_asked_with_values() -> None:
    samples = [meters("a.csv", "Meter_no", "Reading_date", "Meter_reading", "Zzork"), meters("b.csv", "Zählernummer", "Ablesedatum", "Zählerstand", "Grumpf")]
    found = infer([*samples, meters("c.csv", "Meter_no", "Qwhen", "Meter_reading", "Zzork")])
    by = {one.name: one for one in found.fields}
    assert by["reading_date"].headers == ["reading date", "ablesedatum", "qwhen"]
    assert any("no other column could be it" in line and "Is that right?" in line for line in to_look_at(found, samples, []))
    (asked,) = questions(found)
    assert asked["header"] == "Zzork" and asked["cells"] == 12
    assert [(offer["header"], offer["values"]) for offer in asked["offers"]] == [("Grumpf", ["70.5", "71.5", "72.5"])]
    yes = answers_of([{**asked["offers"][0]["answer"], "yes": True}])
    assert {"zzork", "grumpf"} in [set(one.headers) for one in infer(samples, (), yes).fields]
    no = infer(samples, (), answers_of([{**asked["offers"][0]["answer"], "yes": False}]))
    assert not questions(no) and ["zzork"] in [one.headers for one in no.fields]


def test_wishes_choose_and_lose_nothing() -> None:
    samples = [meters("a.csv", "Meter_no", "Reading_date", "Meter_reading", "Zzork"), meters("b.csv", "Zählernummer", "Ablesedatum", "Zählerstand", "Zzork")]
    plain = {one.name: len(one.group.columns) for one in infer(samples).fields}
    found = infer(samples, [Wish("Serial of meter", []), Wish("Reading date", []), Wish("Consumption", [])])
    assert [(one.label, len(one.group.columns)) for one in found.fields[:3]] == [("Serial of meter", 0), ("Reading date", 2), ("Consumption", 0)]
    assert sorted(plain.values()) == sorted(len(one.group.columns) for one in found.fields if one.group.columns)
    assert {offer["header"] for one in questions(found) for offer in one["offers"]} >= {"Meter no", "Zzork"}


def test_what_may_be_a_wish_where_that_has_no_column_is_not_lost() -> None:
    samples = [meters("a.csv", "Meter_no", "Start_date", "Meter_reading", "Used"), meters("b.csv", "Zählernummer", "Erfasst_am", "Zählerstand", "Verbrauch")]
    found = infer(samples, [Wish("Start date", []), Wish("Meter no", [])])
    assert ["erfasst am"] in [one.headers for one in found.fields]


def test_the_only_ids_and_the_only_yes_or_no_of_a_table_are_those_of_the_others_and_days_by_their_order() -> None:
    def one(name: str, *headers: str) -> Sample:
        ids, early, late = [f"{name}{n}4417" for n in range(12)], dates("{day}.03.2025")[:12], dates("{day}.05.2025")[:12]
        return sample(name, **dict(zip(headers, [ids, ["yes", "no"] * 6, early, late])))

    found = infer([one("a", "Zzork", "Quux", "Dispatched", "Delivered"), one("b", "Grumpf", "Blah", "Data_nadania", "Wumm")])
    assert sorted(len(each.group.columns) for each in found.fields) == [2, 2, 2, 2]


def sent(name: str, headers: str, month: int = 3, mark: str = "A", **more: list) -> Sample:
    """Loads of a month: a number, a day, a place, a weight and yes or no."""
    values = [[f"{mark}{7000 + 13 * n}" for n in range(14)], dates(f"{{day}}.{month:02}.2025")[:14], [f"{mark}-{1 + n % 5}" for n in range(14)], [3.5 + n % 7 for n in range(14)], ["yes", "no"] * 7]
    return sample(name, **dict(zip(headers.split(), values)), **more)


def test_where_words_differ_two_other_reasons_make_one_field_of_many_tables_and_opposed_words_never_do() -> None:
    same = [sent(f"{n}.csv", "Ticket_no Delivery_date Field Weight Approved", mark="BCD"[n]) for n in range(3)]
    found = {tuple(one.headers): one for one in infer([*same, sent("x.csv", "Ticket_no Delivery_date Shelf Weight Approved", mark="X")]).fields}
    assert ("field", "shelf") in found and "written like A-9" in found["field", "shelf"].group.merges[0][2]
    few = {tuple(one.headers) for one in infer([same[0], sent("x.csv", "Ticket_no Delivery_date Shelf Weight Approved", mark="X")]).fields}
    assert ("field",) in few and ("shelf",) in few
    opposed = {tuple(one.headers) for one in infer([*same, *(sent(f"{name}.csv", "Ticket_no Order_date Field Weight Approved", mark=name) for name in "XYZ")]).fields}
    assert ("delivery date",) in opposed and ("order date",) in opposed


def test_two_columns_that_could_be_one_are_none_of_several_tables() -> None:
    same = [sent(f"{n}.csv", "Ticket_no Delivery_date Field Weight Approved", mark="BCD"[n]) for n in range(3)]
    other = sent("x.csv", "Ticket_no Delivery_date Shelf Weight Approved", mark="X", Stop=[f"X-{1 + n % 4}" for n in range(14)])
    assert ("field",) in {tuple(one.headers) for one in infer([*same, other]).fields}


def stays(*headers: str, **more: list) -> dict[str, list]:
    """Columns of twelve stays: an id, a day, a text and an amount."""
    values = [[f"R{n}4417" for n in range(12)], dates("{day}.03.2025")[:12], [f"Lake {n % 5}" for n in range(12)], [70.5 + n for n in range(12)]]
    return {**dict(zip(headers, values)), **more}


def together(inferred_fields, *headers: str) -> bool:
    return any({*headers} <= {*one.headers} for one in inferred_fields)


def test_what_words_alone_leave_is_no_field_of_others_beside_another_column_that_looks_like_it() -> None:
    others = [sample(f"{n}.csv", **stays("Booking_no", "Grumpf", "Lake", "Amount")) for n in "ab"]
    day = dates("{day}.03.2025")[4:16]
    one = sample("x.csv", **stays("Booking_no", "Checked_zz", "Lake", "Amount", Check_in=day))
    found = infer([*others, one]).fields
    assert not together(found, "grumpf", "checked zz") and not together(found, "grumpf", "check in")
    # Without that column it is the only day, and stands where theirs stands.
    assert together(infer([*others, sample("x.csv", **stays("Booking_no", "Checked_zz", "Lake", "Amount"))]).fields, "grumpf", "checked zz")


def test_an_id_that_never_repeats_says_nothing_beside_another_one() -> None:
    bags, others, units = [f"B{n}931" for n in range(12)], [f"C{n}857" for n in range(12)], [f"K{100 + n} {20 + n}" for n in range(12)]
    days, lakes = dates("{day}.03.2025")[:12], [f"Lake {n % 5}" for n in range(12)]
    one, other = sample("a.csv", Zorkbag=bags, Day=days, Lake=lakes), sample("b.csv", Day=days, Grumpf=others, Lake=lakes)
    assert together(infer([one, other]).fields, "zorkbag", "grumpf")
    other = sample("b.csv", Day=days, Grumpf=others, Lake=lakes, Unit_of_it=units)
    assert not together(infer([one, other]).fields, "zorkbag", "grumpf")


def test_what_is_always_filled_is_no_remark_of_another_sender_and_nobody_is_asked_whether_it_is() -> None:
    names = ["Rosa Weber", "Ivo Lang", "Mara Kern", "Tom Beck"] * 3
    remarks = ["late again today", None, None, None] * 3
    samples = [sample(f"{n}.csv", **stays("Booking_no", "Day", "Lake", "Amount", Zorker=names)) for n in "abc"]
    samples.append(sample("x.csv", **stays("Booking_no", "Day", "Lake", "Amount", Grumpf=remarks)))
    found = infer(samples)
    assert not together(found.fields, "zorker", "grumpf") and not questions(found)


def with_form(one: Sample, label: str, value: str) -> Sample:
    """A sample above whose table stands a form."""
    (table,) = one.tables
    column = Column(one.name, label, len(table.columns), kind_of(label, pl.Series([value] * table.rows)), table.rows, table.rows)
    column.made = Made("beside", f'label("{label}")')
    table.columns.append(column)
    return one


def test_what_a_form_says_is_not_what_a_column_of_its_own_table_may_be() -> None:
    others = [sample(f"{n}.csv", **stays("Booking_no", "Day", "Site", "Amount")) for n in "ab"]
    plain = with_form(sample("x.csv", **{header: values for header, values in stays("Booking_no", "Day", "Lake", "Amount").items() if header != "Lake"}), "Site", "North 7")
    (field,) = [one for one in infer([*others, plain]).fields if "site" in one.headers]
    assert {column.sample for column in field.group.columns} == {"a.csv", "b.csv", "x.csv"}
    doubtful = with_form(sample("x.csv", **stays("Booking_no", "Day", "Zork", "Amount")), "Site", "North 7")
    for wishes in ((), [Wish("Site", [])], [Wish("Location", [])]):
        found = infer([*others, doubtful], wishes)
        assert all(len({column.made is None for column in one.group.columns}) <= 1 for one in found.fields)
        assert not any(one.group.wish and any(column.made for column in one.group.columns) for one in found.fields)


def test_two_columns_of_a_table_that_both_say_a_wish_are_left_to_a_person() -> None:
    samples = [sample(f"{n}.csv", **stays("Booking_no", "Inspection_date", "Lake", "Amount")) for n in "abcd"]
    samples.append(sample("x.csv", **stays("Booking_no", "Inspection_date", "Lake", "Amount", Date_of_inspection=dates("{day}.03.2025")[3:15])))
    (wished, *_) = infer(samples, [Wish("Prüfdatum", [])]).fields
    assert not wished.group.columns


def test_a_full_field_whose_unit_and_kind_fit_a_wish_is_asked_first_and_stays_a_field() -> None:
    loads = [1.5 + n % 4 for n in range(12)]
    more = {"Zork_(t)": loads, "Hours": [30 + 7 * n for n in range(12)]}
    samples = [sample(f"{amount}.csv", **stays("Booking_no", "Day", "Lake", amount, **more)) for amount in ("Amount", "Betrag", "Montant")]
    found = infer(samples, [Wish("Booking no", []), Wish("SWL (t)", []), Wish("Day", [])])
    asked = questions(found)[0]
    assert asked["header"] == "SWL (t)" and asked["offers"][0]["header"] == "Zork (t)" and asked["cells"] >= 36
    assert ["zork (t)"] in [one.headers for one in found.fields]
    yes = answers_of([{**asked["offers"][0]["answer"], "yes": True}])
    named = {one.label: len(one.group.columns) for one in infer(samples, [Wish("Booking no", []), Wish("SWL (t)", []), Wish("Day", [])], yes).fields}
    assert named["SWL (t)"] == 3


def test_records_with_times_above_a_second_table_are_no_form() -> None:
    rows = [["Day", "School", "At", "Cook"], ["1.3.", "Hillside", "11:50", "Rosa Weber"], ["2.3.", "Oak Park", "10:30", "Ivo Lang"], [], ["Date", "Site", "Time", "Chef"]]
    assert facts_above(rows, 4) == [] and facts_above([*rows[:1], ["Clerk:", "Rosa"], *rows[4:]], 2, (), 2) == []
    assert [list(one.made) for one in facts_above([["Clerk:", "Rosa", "At:", "11:50"], *rows[4:]], 1)] == [["At", "Clerk"]]


def test_ids_that_are_written_otherwise_than_those_of_a_wish_are_not_lost() -> None:
    days = dates("{day}.03.2025")[:12]
    samples = [sample(f"{n}.csv", Unit_no=[f"{n}{k}4417" for k in range(12)], Day=days) for n in "AB"]
    samples += [sample(f"{header}.csv", **{"Grumpf": [f"K1{k} {20 + k} {30 + k}" for k in range(12)], header: days}) for header in ("Datum", "Fecha")]
    found = infer(samples, [Wish("Unit no", []), Wish("Day", [])])
    assert ["grumpf"] in [one.headers for one in found.fields]
