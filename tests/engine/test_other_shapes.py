"""The output in other shapes: the same columns for every file, and no sheets without fields."""

import datetime as dt

import polars as pl
import pytest
from conftest import declared, plugin, steps

from ade_engine import Engine, Settings
from ade_engine.io.output.other_shapes import write_frame

PACKAGE = declared("""
    Field("no", headers=["no"], read=text, label="Number"),
    Field("day", headers=["day"], read=date, dtype="date"),
    Field("name", headers=["name"], read=text),
    Field("pay", headers=["pay"], read=number, required=True),
""")
HOOK = plugin("on_table_validated", 'return table.drop("name")', "*, table, **_")
NOTES = [["Dear all"], ["this is the file for May"]]
PEOPLE = [["Name", "Team", "No"], ["Ann", "red", "1"], ["Bo", "blue", "2"]]
OTHERS = [["Pay", "No", "Day"], [12, "3", "2024-05-06"]]


@pytest.fixture
def made(succeed, template):
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)

    def call(sheets, hook=None, request=None, **settings):
        if hook is not None:
            (template / "src/ade_config/columns/hook.py").write_text(hook)
        return succeed(template, sheets, settings={"issues_sheet": False} | settings, **(request or {}))

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
    (template / "manifest.toml").write_text('[[columns]]\nfield = "pay"\nheader = "Salary"\n\n[[columns]]\nfield = "day"\nenabled = false\n')
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


def test_hooks_of_the_end_run_for_written_sheets_only(made, template):
    end = 'state.setdefault("seen", []).append(output_sheet.title)'
    save = 'assert state["seen"] == ["A"] == output_workbook.sheetnames'
    for name, text in steps(on_sheet_end=end, on_workbook_before_save=save).items():
        (template / "src/ade_config" / name).write_text(text)
    made({"Cover": NOTES, "A": PEOPLE}, skip_sheets_without_fields=True)


def test_a_sheet_of_issues_without_a_list_is_named_by_a_check(template):
    log = []

    class Log:
        def __getattr__(self, name):
            return lambda *arguments, **_: log.append(arguments)

    path = template / "settings.toml"
    # As a package of engine 1.9 has it.
    path.write_text("issues_sheet = true\n")
    Engine(Settings.load(config_package_dir=template)).check(config_package=template, logger=Log())
    (said,) = [str(entry) for entry in log if "issues_sheet" in str(entry) and "no effect" in str(entry)]
    assert "issues_sheet has no effect without issue_list = true" in said and "line " in said


ROWS = [
    ["Name", "No", "Day", "Pay", "Remark"],
    ["Ann", "1", "2024-05-06", 12.5, "=1+1"],
    ["Bö, Jr.", "02", "2024-05-07", 7, 'say "hi"\nthere'],
    [None, "3", None, None, None],
]
TOUCHES = {
    "looks": ("sheet['A1'].value", False),
    "makes a header bold": ("setattr(sheet['A1'], 'font', __import__('openpyxl').styles.Font(bold=True))", False),
    "changes a value": ("setattr(sheet['A2'], 'value', 'x')", True),
    "changes a header": ("setattr(sheet['A1'], 'value', 'x')", True),
    "adds a row": ("sheet.append(['x'])", True),
    "removes a row": ("sheet.delete_rows(2)", True),
    "removes a sheet": ("(sheet.parent.create_sheet('Left'), sheet.parent.remove(sheet))", True),
}


def _read(path):
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    if path.suffix == ".jsonl":
        return pl.read_ndjson(path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf") and path.read_bytes().endswith(b"\r\n")
    return pl.read_csv(path, infer_schema=False)


def _files(outcome, shape):
    return sorted(path.name for path in outcome.output.parent.glob(f"*.{shape}"))


@pytest.mark.parametrize("touched", [False, True], ids=["written", "touched"])
@pytest.mark.parametrize("style", ["plain", "table"])
@pytest.mark.parametrize("shape", ["csv", "parquet", "jsonl"])
def test_a_table_is_a_file_with_the_columns_and_values_of_the_workbook(made, shape, style, touched):
    hook = _on_book("sheet['A1'].value") if touched else None
    outcome = made({"A": ROWS}, hook, also_write=shape, output_style=style, escape_formulas=False)
    assert _files(outcome, shape) == [f"input_normalized.{shape}"] and not outcome.notices("shapes_differ")
    frame = _read(outcome.output.with_suffix(f".{shape}"))
    header, *rows = outcome.rows("A")
    assert frame.columns == header

    def text(value):
        return None if value in (None, "") else str(float(value)) if isinstance(value, (int, float)) else str(value).removesuffix(" 00:00:00")

    plain = [[text(float(value) if name in ("pay", "Source row") and value else value) for name, value in zip(header, row)] for row in frame.rows()]
    assert plain == [[text(value) for value in row] for row in rows]
    if shape == "parquet":
        assert str(frame.schema["day"]) == "Date" and str(frame.schema["pay"]) == "Float64"


def test_further_tables_are_files_of_their_own(made):
    two = [*PEOPLE, [None] * 3, [None] * 3, *OTHERS]
    outcome = made({"A": two, "a?b".replace("?", " "): OTHERS, "A 2": PEOPLE}, also_write="csv+parquet")
    assert [name.replace("parquet", "csv") for name in _files(outcome, "parquet")] == _files(outcome, "csv")
    assert _files(outcome, "csv") == ["input_normalized.csv", "input_normalized_A 2_1.csv", "input_normalized_A_2.csv", "input_normalized_a b_1.csv"]
    assert "Ann" in (outcome.output.parent / "input_normalized.csv").read_text("utf-8")
    assert "2024-05-06" in (outcome.output.parent / "input_normalized_A_2.csv").read_text("utf-8")


def test_a_formula_in_text_follows_an_apostrophe_where_formulas_are_escaped(made):
    hook = HOOK.replace('table.drop("name")', 'table.with_columns(pl.lit("=1+1").alias("Remark"))')
    escaped, as_is = (made({"A": ROWS}, hook, also_write="csv", escape_formulas=on).output.with_suffix(".csv").read_text("utf-8-sig") for on in (True, False))
    assert ",'=1+1" in escaped and ",=1+1" in as_is


def test_what_begins_a_formula_is_text_and_numbers_stay(tmp_path):
    texts = ["=1+1", "+cmd|' /C calc'!A0", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "-5", "+49 30 1234", "-1,250.50", "1e-5", "a=b", "-"]
    for shape, sign in (("csv", ","), ("jsonl", "\n")):
        path = tmp_path / f"out.{shape}"
        write_frame(pl.DataFrame({"t": texts, "=n": range(len(texts))}), str(path), shape, escape_formulas=True)
        frame = pl.read_csv(path) if shape == "csv" else pl.read_ndjson(path)
        assert frame.columns == ["t", "'=n"]
        kept = ["-5", "+49 30 1234", "-1,250.50", "1e-5", "a=b"]
        assert frame["t"].to_list() == [text if text in kept else f"'{text}" for text in texts]


def _on_book(body):
    return plugin("on_workbook_before_save", f"sheet = output_workbook.worksheets[0]\n{body}", "*, output_workbook, **_")


@pytest.mark.parametrize("touch", TOUCHES)
def test_a_notice_says_where_a_hook_has_changed_the_workbook(made, touch):
    code, differs = TOUCHES[touch]
    outcome = made({"A": ROWS, "B": OTHERS}, _on_book(code), also_write="csv")
    assert [notice["sheets"] for notice in outcome.notices("shapes_differ")] == ([["A"]] if differs else [])
    assert "Ann" in outcome.output.with_suffix(".csv").read_text("utf-8")


def test_rows_that_are_quarantined_are_not_in_it(made):
    outcome = made({"A": [["No", "Pay"], ["1", 5], ["2", None]]}, also_write="jsonl", quarantine="sheet", issue_columns=False)
    assert [line["Number"] for line in _read(outcome.output.with_suffix(".jsonl")).to_dicts()] == ["1"]


def test_what_no_text_can_hold_is_text(tmp_path):
    moment = dt.datetime(2024, 5, 6, 7, 8, 9)
    frame = pl.DataFrame(
        {"n": [7.0, None], "m": [7.0, 0.5], "h": [dt.time(3, 4), None], "d": [dt.timedelta(hours=30), None], "t": [moment, moment.replace(microsecond=5000)], "l": [[1, 2], None], "b": [b"x", None]}
    ).with_columns(pl.Series("o", [object, None], dtype=pl.Object))
    for shape in ("csv", "jsonl", "parquet"):
        write_frame(frame, str(tmp_path / f"a.{shape}"), shape)
        assert _read(tmp_path / f"a.{shape}").height == 2
    lines = (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()
    assert lines[1] == "7,7.0,03:04:00,30:00:00,2024-05-06 07:08:09,\"[1, 2]\",x,<class 'object'>" and "07:08:09.005" in lines[2]
