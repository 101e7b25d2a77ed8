"""The output in other shapes: the same columns for every file, and no sheets without fields."""

from __future__ import annotations

import pytest

PACKAGE = """
from ade_engine.fields import Field, date, number, text

FIELDS = [
    Field("no", headers=["no"], read=text, label="Number"),
    Field("day", headers=["day"], read=date, dtype="date"),
    Field("name", headers=["name"], read=text),
    Field("pay", headers=["pay"], read=number, required=True),
]

def register(registry):
    for field in FIELDS:
        field.register(registry)
"""
HOOK = """
def drop(*, table, **_):
    return table.drop("name")

def register(registry):
    registry.register_hook(drop, hook="on_table_validated", priority=1)
"""
NOTES = [["Dear all"], ["this is the file for May"]]
PEOPLE = [["Name", "Team", "No"], ["Ann", "red", "1"], ["Bo", "blue", "2"]]
OTHERS = [["Pay", "No", "Day"], [12, "3", "2024-05-06"]]


@pytest.fixture
def made(run, template, monkeypatch):
    monkeypatch.setenv("ADE_ENGINE_RUN", "1")
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)

    def call(sheets, hook=None, **settings):
        if hook is not None:
            (template / "src/ade_config/columns/hook.py").write_text(hook)
        request = settings.pop("request", {})
        outcome = run(template, sheets, settings={"issues_sheet": False} | settings, **request)
        assert outcome.result.error is None, outcome.result.error
        return outcome

    return call


@pytest.mark.parametrize("style", ["plain", "table"])
@pytest.mark.parametrize("hook", [None, HOOK], ids=["no hook", "hook drops a field"])
def test_each_table_has_all_fields_in_one_order(made, style, hook):
    settings = {"output_style": style, "all_fields": True, "issue_columns": False}
    outcome = made({"A": PEOPLE, "B": OTHERS} if hook is None else {"A": PEOPLE}, hook, **settings)
    fields = ["no", "day", "name", "pay"] if style == "plain" else ["Number", "day", "name", "pay"]
    assert outcome.rows("A")[0] == [*fields, "Team"]
    names = ["Ann", "Bo"] if hook is None else [None, None]
    assert outcome.rows("A")[1:] == [["1", None, names[0], None, "red"], ["2", None, names[1], None, "blue"]]
    if hook is None:
        assert outcome.rows("B")[0] == fields
        assert [cell is None for cell in outcome.rows("B")[1]] == [False, False, True, False]


def test_all_fields_change_no_count_and_no_place_but_those_of_columns(made):
    plain = made({"A": PEOPLE, "B": OTHERS})
    assert plain.rows("A")[0][:3] == ["name", "Team", "Number"]
    full = made({"A": PEOPLE, "B": OTHERS}, all_fields=True)
    assert plain.completed["fields"] == full.completed["fields"]
    assert plain.completed["counts"] == full.completed["counts"]
    assert plain.completed["validation"] == full.completed["validation"]


def test_a_manifest_orders_all_fields(made, template):
    (template / "manifest.toml").write_text(
        '[[columns]]\nfield = "pay"\nheader = "Salary"\n\n[[columns]]\nfield = "day"\nenabled = false\n'
    )
    outcome = made({"A": PEOPLE}, all_fields=True, issue_columns=False)
    assert outcome.rows()[0] == ["Salary", "Number", "name", "Team"]


def test_sheets_without_fields_are_left_out_and_named(made):
    sheets = {"Cover": NOTES, "A": PEOPLE, "Empty": [], "B": OTHERS}
    before = made(sheets)
    assert before.book.sheetnames == list(sheets) and before.notices("sheets_skipped") == []
    outcome = made(sheets, skip_sheets_without_fields=True)
    assert outcome.book.sheetnames == ["A", "B"]
    (notice,) = outcome.notices("sheets_skipped")
    assert (notice["sheets"], notice["count"], notice["level"]) == (["Cover", "Empty"], 2, "info")
    assert "2 sheets have no column for any field and were left out: 'Cover', 'Empty'" == notice["message"]
    assert [len(sheet["tables"]) for sheet in outcome.completed["workbooks"][0]["sheets"]] == [0, 1, 0, 1]


def test_a_sheet_that_is_asked_for_by_name_stays(made):
    request = {"input_sheets": ["Cover", "A"]}
    outcome = made({"Cover": NOTES, "A": PEOPLE}, skip_sheets_without_fields=True, request=request)
    assert outcome.book.sheetnames == ["Cover", "A"] and outcome.notices("sheets_skipped") == []


def test_the_first_sheet_stays_if_none_has_a_field(made):
    whole = made({"One": NOTES, "Two": NOTES}, headerless_tables=True)
    outcome = made({"One": NOTES, "Two": NOTES}, skip_sheets_without_fields=True, headerless_tables=True)
    assert outcome.book.sheetnames == ["One"]
    (notice,) = outcome.notices("sheets_skipped")
    assert notice["sheets"] == ["Two"] and notice["message"].startswith("1 sheet has no column for any field and was left out")
    sheets = [one.completed["workbooks"][0]["sheets"] for one in (whole, outcome)]
    assert sheets[0][0] == sheets[1][0] and sheets[1][1]["tables"] == []


def test_hooks_of_the_end_run_for_written_sheets_only(made):
    hook = """
def end(*, output_sheet, state, **_):
    state.setdefault("seen", []).append(output_sheet.title)

def save(*, output_workbook, state, **_):
    assert state["seen"] == ["A"] == output_workbook.sheetnames

def register(registry):
    registry.register_hook(end, hook="on_sheet_end", priority=1)
    registry.register_hook(save, hook="on_workbook_before_save", priority=1)
"""
    made({"Cover": NOTES, "A": PEOPLE}, hook, skip_sheets_without_fields=True)


def test_a_sheet_of_issues_without_a_list_is_named_by_a_check(template):
    from ade_engine import Engine, Settings

    log = []

    class Log:
        def __getattr__(self, name):
            return lambda *arguments, **_: log.append(arguments)

    path = template / "settings.toml"
    path.write_text(path.read_text().replace("issue_list = true", "issue_list = false"))
    Engine(Settings.load(config_package_dir=template)).check(config_package=template, logger=Log())
    (said,) = [str(entry) for entry in log if "issues_sheet" in str(entry) and "no effect" in str(entry)]
    assert "issues_sheet has no effect without issue_list = true" in said and "line " in said
