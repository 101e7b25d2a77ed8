"""Columns that are found by their values: what detectors are told of a column, and when the template's fields go by it."""

import datetime as dt
import json
import re

import pytest
from conftest import declared

from ade_engine import fields
from ade_engine.pipeline.columns import mapping

FIRST_NAMES = ["Avery", "Jordan", "Casey", "Morgan", "Riley", "Quinn", "Drew", "Parker", "Reese", "Rowan"]
LAST_NAMES = ["Smith", "Lee", "Diaz", "O'Connor", "Brown", "Kim", "Patel", "Moore", "King", "Green", "Hall"]
#: The template's fields that can be found so, with their headers and values of 30 people.
COLUMNS = {
    "member_id": ("Member ID", [f"M-{2019 + n % 5}-{1000 + n}" for n in range(30)]),
    "email": ("E-mail", [f"{FIRST_NAMES[n % 10].lower()}.{n}@example.org" for n in range(30)]),
    "phone": ("Phone", [f"({204 + n}) 555-{1000 + 37 * n}" for n in range(30)]),
    "start_date": ("Hire date", [dt.date(2012, 3, 5) + dt.timedelta(11 * n) for n in range(30)]),
    "pay": ("Gross wages", [1080 + 47.25 * n for n in range(30)]),
}
STRANGE = ["Zugang", "Quux", "Info", "Kol. B", "???"]


@pytest.fixture
def mapped(normalized):
    """The fields of the columns, left to right, that the template finds below some headers; with the whole outcome."""

    def call(columns: list[tuple[str | None, list]]):
        outcome = normalized(sheet(columns))
        found = [column["mapping"] for column in outcome.tables[0]["structure"]["columns"]]
        return [mapping["field"] for mapping in found], [mapping["score"] for mapping in found], outcome

    return call


def sheet(columns: list[tuple[str | None, list]]) -> list[list]:
    headers, values = zip(*columns)
    return [list(headers), *map(list, zip(*values))]


def own(functions: str) -> dict[str, str]:
    """A package with one field, and functions that look for it."""
    names = re.findall(r"^def (\w+)", functions, re.MULTILINE)
    register = "def register(registry):\n    registry.register_field(FieldDef('x'))\n"
    register += "".join(f"    registry.register_column_detector({name}, field='x', priority=1)\n" for name in names)
    return {"columns/a.py": f"from ade_engine.models import FieldDef\n{functions}\n{register}"}


NAMES = [("First name", [FIRST_NAMES[n % 10] for n in range(30)]), ("Last name", [LAST_NAMES[n % 11] for n in range(30)])]


def people(headers: dict[str, str | None]) -> list[tuple[str | None, list]]:
    """A roster of 30, with other headers for some fields."""
    return NAMES + [(headers.get(field, header), values) for field, (header, values) in COLUMNS.items()]


@pytest.mark.parametrize("told", [*([field] for field in COLUMNS), [*COLUMNS]], ids=lambda told: ", ".join(told))
@pytest.mark.parametrize("header", [None, "Column 4", "???"])
def test_a_header_that_says_nothing_leaves_it_to_the_values(mapped, told, header):
    found, scores, _ = mapped(people(dict.fromkeys(told, header)))
    assert found == ["first_name", "last_name", *COLUMNS] and scores == [0.6 if one in told else 1.0 for one in found]


PHONES_WITH_PLUS = [f"+44 20 7946 {1000 + 37 * n}" for n in range(30)]


@pytest.mark.parametrize("header", STRANGE[:4])
def test_a_header_of_unknown_words_leaves_it_to_values_that_are_unmistakable(mapped, header):
    columns = people(dict.fromkeys(COLUMNS, header))
    found, scores, _ = mapped([(name, PHONES_WITH_PLUS if at == 4 else values) for at, (name, values) in enumerate(columns)])
    assert found == ["first_name", "last_name", None, "email", "phone", None, None] and scores[3:5] == [0.5, 0.5]


@pytest.mark.parametrize("header, values", [
    ("Reading", [112.25 + 3.5 * n for n in range(30)]),
    ("Weight", [f"1,{100 + n}.25" for n in range(30)]),
    ("Deposit", [f"{300 + n}.00 €" for n in range(30)]),
    ("Expiry", [dt.date(2026, 5, 1 + n) for n in range(30)]),
    ("Size", [("10/12/14", "12/14/16", "8/10/12")[n % 3] for n in range(30)]),
    ("Ticket", [f"A-{1000 + n}" for n in range(30)]),
    ("Zugang", COLUMNS["phone"][1]),
])
def test_numbers_dates_and_ids_below_unknown_words_stay_as_they_are(mapped, header, values):
    found, _, outcome = mapped([*NAMES, (header, values)])
    assert found == ["first_name", "last_name", None]
    row = dict(zip(*outcome.rows()[:2]))
    shown = row[header].date() if isinstance(row[header], dt.datetime) else row[header]
    assert shown == values[0]


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"E-mail": COLUMNS["phone"][1]}, [("email", "phone numbers")]),
        ({"Phone": COLUMNS["email"][1]}, [("phone", "e-mail addresses")]),
        ({"E-mail": COLUMNS["start_date"][1]}, [("email", "dates")]),
        ({"E-mail": COLUMNS["phone"][1], "Phone": COLUMNS["email"][1]}, [("email", "phone numbers"), ("phone", "e-mail addresses")]),
        ({"E-mail": ["none", *COLUMNS["email"][1][1:]]}, []),
        ({"Phone": ["ask", *COLUMNS["phone"][1][1:]]}, []),
        # Text may be anything; addresses in it are strange only where the field of addresses has no column.
        ({"First name": COLUMNS["email"][1]}, []),
        ({"First name": COLUMNS["email"][1], "E-mail": None}, [("first_name", "e-mail addresses")]),
        ({}, []),
    ],
)
def test_a_header_above_the_values_of_another_field_is_told(mapped, changes, told):
    columns = [(header, changes.get(header, values)) for header, values in people({})]
    _, _, outcome = mapped([column for column in columns if column[1]])
    notices = outcome.notices("values_of_another")
    assert [(one["field"], one["message"].partition("its values are ")[2].partition(".")[0]) for one in notices] == told
    assert all(one["level"] == "warning" for one in notices)


def test_a_table_whose_headers_are_missing_has_its_first_row_for_a_header(mapped):
    columns = people({})
    found, _, _ = mapped([(values[0], values[1:]) for _, values in columns])
    assert found == [None, None, *COLUMNS]


@pytest.mark.parametrize("field, headers", [
    ("start_date", ["Birth date", "Geburtsdatum", "Birthday", "DOB", "First of several days off"]),
    ("member_id", ["Order number"]),
    ("pay", ["Net pay", "Total", "Tax amount", "1990"]),
    ("phone", ["Fax"]),
])  # fmt: skip
def test_a_header_that_names_something_else_is_believed(mapped, field, headers):
    for header in headers:
        found, _, _ = mapped(people({field: header}))
        assert found == ["first_name", "last_name", *(None if one == field else one for one in COLUMNS)], header


@pytest.mark.parametrize("headers", [(None, None), ("Zugang", "Quux"), (None, "Quux"), ("Start", "End")])
@pytest.mark.parametrize("field", COLUMNS)
def test_of_two_columns_that_would_do_none_is_guessed(mapped, field, headers):
    columns = people({field: headers[0]})
    values = COLUMNS[field][1]
    others = [f"B-{value}" for value in values] if field == "member_id" else values[::-1]
    found, _, outcome = mapped([*columns, (headers[1], others)])
    assert found == ["first_name", "last_name", *(None if one == field else one for one in COLUMNS), None]
    second = outcome.tables[0]["structure"]["columns"][-1]["mapping"]
    if field != "member_id" or headers[1]:
        # What was thought of it is told: a little, and not enough.
        assert second["candidates"] in ([], [{"field": field, "score": 0.05}])


def test_a_known_header_beside_it_is_enough(mapped):
    values = COLUMNS["email"][1]
    found, scores, _ = mapped([*people({}), ("Quux", values[::-1])])
    assert found == ["first_name", "last_name", *COLUMNS, None] and scores[3] == 1.0


@pytest.mark.parametrize("values", [
    [1990 + n for n in range(30)],
    [n + 1 for n in range(30)],
    [f"Q{1 + n % 4}-{2018 + n // 4}" for n in range(30)],
    [10_000 + 731 * n for n in range(30)],
    [round(0.1 + 0.013 * n, 3) for n in range(30)],
    [38 + 0.25 * (n % 7) for n in range(30)],
    [f"Local {n}" for n in range(30)],
    [["A1", "B2", "C3"][n % 3] for n in range(30)],
    [f"{18 + n}-{24 + n}" for n in range(30)],
    [f"123-45-{1000 + n}" for n in range(30)],
    [f"1.{n}.0" for n in range(30)],
    [5551000000 + n for n in range(30)],
    [("yes", "no")[n % 2] for n in range(30)],
    [f"Remark number {n}" for n in range(30)],
])
def test_other_values_are_no_fields(mapped, values):
    found, _, _ = mapped([*NAMES, (None, values)])
    assert found == ["first_name", "last_name", None]


def test_the_events_name_the_detector_and_its_scores(run, template):
    outcome = run(template, {"S": sheet(people({"email": "Quux"}))}, level=10)
    (said,) = (
        event["data"]
        for event in outcome.named("detector.column_result")
        if event["data"]["detector"]["name"] == "Field('email').values" and event["data"]["column_index"] == 3
    )
    assert said["detector"]["scores"] == {"email": 0.5}
    (candidate,) = (one["data"] for one in outcome.named("column_detector.candidate") if one["data"]["column_index"] == 3)
    assert candidate["contributions"] == [{"detector": "Field('email').values", "delta": 0.5}]
    assert candidate["best_field"] == "email"


def fields_of(outcome):
    return [column["mapping"]["field"] for column in outcome.tables[0]["structure"]["columns"]]


def test_known_values_of_the_authors_own_find_a_field(run):
    config = {"columns/a.py": declared('Field("state", read=text, by_values=["Nouveau", "Café"])')}
    rows = [["Name", "Quux"], *([f"n{n}", ("NOUVEAU", "cafe ")[n % 2]] for n in range(10))]
    assert fields_of(run(config, rows)) == [None, "state"]
    rows[1:] = [[name, "other" if n % 2 else value] for n, (name, value) in enumerate(rows[1:])]
    assert fields_of(run(config, rows)) == [None, None]


def test_two_fields_of_one_kind_are_not_told_apart(run):
    config = declared('Field("begin", read=date, by_values=True), Field("last", read=date)')
    days = [dt.date(2024, 1, 1 + n) for n in range(20)]
    for headers, wanted in [(("A", None), None), (("Last", None), "begin")]:
        assert fields_of(run({"columns/a.py": config}, [list(headers), *([day, day] for day in days)]))[1] == wanted


def test_what_by_values_goes_with_is_said_where_it_is_written():
    with pytest.raises(TypeError, match="by_values=True goes with the readers code, date, date_time, email, money, phone"):
        fields.Field("note", read=fields.text, by_values=True)
    with pytest.raises(TypeError, match="True or a list of texts"):
        fields.Field("note", read=fields.text, by_values="new")


ASKING = """
    import json
    from ade_engine.models import FieldDef

    def ask(column_profile, state):
        facts = {
            "header": column_profile.header, "rows": column_profile.rows, "filled": column_profile.filled,
            "types": {name: count for name, count in column_profile.types.items() if count},
            "shares": {name: column_profile[name] for name in ("email", "date", "number", "code") if column_profile[name]},
            "distinct": column_profile.distinct, "lengths": column_profile.lengths, "range": column_profile.range,
            "mean": column_profile.mean, "currency": column_profile.currency, "cents": column_profile.cents,
            "like": column_profile.like(["A-1", "b"]), "others": [one.header for one in column_profile.others],
        }
        state.setdefault("seen", []).append(json.dumps(facts))
        return {"x": column_profile["email"]} if column_profile["email"] else None

    def tell(state, output_workbook):
        sheet = output_workbook.create_sheet("seen")
        for facts in state["seen"]:
            sheet.append([facts])

    def register(registry):
        registry.register_field(FieldDef("x"))
        registry.register_column_detector(ask, field="x", priority=1)
        registry.register_hook(tell, hook="on_workbook_before_save", priority=0)
    """


def test_a_detector_that_names_column_profile_is_told_what_the_column_looks_like(run):
    rows = [["Contact", "Code", "Due", "Net", None]]
    rows += [[f"a{n}@b.org", f"A-{n % 3}", dt.date(2024, 1, 1 + n), f"{n},50 €", None] for n in range(9)]
    outcome = run({"columns/a.py": ASKING}, rows + [[None, None, "soon", None, "x"]])
    contact, code, due, net, last = (json.loads(row[0]) for row in outcome.rows("seen"))
    assert (contact["header"], contact["rows"], contact["filled"], contact["types"]) == ("Contact", 10, 9, {"text": 9})
    assert contact["shares"] == {"email": 1.0} and contact["lengths"] == [8, 8, 8.0]
    assert contact["others"] == ["Code", "Due", "Net", ""]
    assert code["shares"] == {"code": 1.0} and code["distinct"] == pytest.approx(1 / 3) and code["like"] == pytest.approx(1 / 3)
    assert due["filled"] == 10 and due["shares"] == {"date": 0.9}
    assert (net["shares"], net["currency"], net["cents"]) == ({"number": 1.0}, 1.0, 1.0)
    assert (net["range"], net["mean"]) == ([0.5, 8.5], 4.5)
    assert (last["header"], last["filled"], last["shares"], last["range"]) == ("", 1, {}, None)
    assert fields_of(outcome)[0] == "x"


@pytest.mark.parametrize("asked, said", [
    ("column_profile['emial']", "KeyError: a column profile has no 'emial'; did you mean 'email'?"),
    ("column_profile['xyzzy']", "KeyError: a column profile has no 'xyzzy'; there are email, phone, date, number, code, boolean"),
    ("column_profile.filed", "AttributeError: a column profile has no attribute 'filed'; did you mean 'filled'?"),
    ("column_profile.email", "AttributeError: a column profile has no attribute 'email': ask for column_profile[\"email\"]"),
    ("column_profile.like('New')", "TypeError: like takes a list of the values that a column may have, such as like(['New', 'Used'])"),
])
@pytest.mark.parametrize("is_ade", [False, True])
def test_what_an_author_misspells_is_said(run, monkeypatch, asked, said, is_ade):
    monkeypatch.setenv("ADE_ENGINE_RUN", "1" if is_ade else "")
    config = own(f"def misspelt(column_profile):\n    return {{'x': {asked}}}")
    assert said in run(config, [["a"], [1]]).result.error.message


def test_a_key_that_may_be_a_cell_is_not_said(run_by_ade):
    config = own("def by_cell(column_profile, column_sample):\n    return {'x': column_profile[column_sample[0]]}")
    message = run_by_ade(config, [["a"], ["secret"]]).result.error.message
    assert "KeyError" in message and "secret" not in message


def test_what_spoke_for_the_field_of_a_column_is_noted(normalized, template):
    (template / "src/ade_config/columns/z_own.py").write_text("""
def ends_it(column_header_original):
    return {"hours": 0.3} if column_header_original == "Overtime hours" else None

def register(registry):
    registry.register_column_detector(ends_it, field="hours", priority=1)
""")
    columns = [*people({"pay": "Amount", "start_date": "Date"}), ("Overtime hours", [n % 7 for n in range(30)])]
    outcome = normalized(sheet(columns))
    # A field that only values name is told.
    assert [notice["cells"] for notice in outcome.notices("found_by_values")] == [["F1"], ["G1"]]
    assert {one["field"]: (one["column"], one["message"]) for one in outcome.noticed["columns"]} == {
        "first_name": ("A", "its header"), "last_name": ("B", "its header"), "member_id": ("C", "its header"),
        "email": ("D", "its header"), "phone": ("E", "its header"), "start_date": ("F", "its values"),
        "pay": ("G", "its values"), "hours": ("H", "the end of its header, other detectors"),
    }  # fmt: skip


def test_packages_that_do_not_name_it_neither_get_it_nor_pay_for_it(succeed, monkeypatch):
    def refused(*_):
        raise AssertionError("nobody has asked")

    monkeypatch.setattr(mapping, "profile", refused)
    succeed(own("""
def all_names(**values):
    assert "column_profile" not in values
    return {"x": 1.0}

def named_and_unused(column_profile):
    return None
"""), [["a"], [1]])  # fmt: skip


def test_the_template_looks_at_no_column_whose_header_is_known(mapped, monkeypatch):
    seen = []
    look = mapping.profile
    monkeypatch.setattr(mapping, "profile", lambda series: (seen.append(series.name), look(series))[1])
    mapped(people({}))
    assert seen == []
    mapped([*people({"email": "Quux"}), ("Remarks", [f"remark {n}" for n in range(30)])])
    assert sorted(set(seen)) == sorted(seen) == ["Quux", "Remarks"]
