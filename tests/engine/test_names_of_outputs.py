"""What outputs are called: titles of sheets that a workbook can have, and names that a file system takes."""

import os

import openpyxl
import pytest
from conftest import steps, write_package, write_workbook

from ade_engine import Engine, RunRequest
from ade_engine.io.output.workbook import legal_title

TOUCH = steps(on_sheet_end='output_workbook.properties.title = "touched"')


@pytest.mark.parametrize("title, taken, wanted", [
    ("Orders", ["orders"], "Orders"),
    ("it's", [], "it's"),
    ("a:b?c*d[e]f/g\\h", [], "a_b_c_d_e_f_g_h"),
    ("'quoted'", [], "_quoted_"),
    ("tab\there", [], "tab_here"),
    ("", [], "Sheet"),
    ("x" * 31, [], "x" * 31),
    ("x" * 32, [], "x" * 31),
    ("x" * 32, ["X" * 31], "x" * 29 + "_2"),
    ("x" * 40, ["x" * 31, "x" * 29 + "_2"], "x" * 29 + "_3"),
    ("a?", ["a_"], "a__2"),
    ("\U0001f600" * 16, [], "\U0001f600" * 15),
])
def test_titles_become_legal_and_stay_apart(title, taken, wanted):
    assert legal_title(title, taken) == wanted


@pytest.mark.parametrize("files", [{}, TOUCH], ids=["native", "touched"])
@pytest.mark.parametrize(
    "stem, title",
    [("report[1]", "report_1_"), ("10:30", "10_30"), ("what?", "what_"), ("all*", "all_"), ("n" * 50, "n" * 31), ("n" * 245, "n" * 31)],
)
def test_a_file_of_any_name_is_read(run, tmp_path, files, stem, title):
    source = tmp_path / f"{stem}.csv"
    source.write_text("a\n1\n", encoding="utf-8")
    outcome = run(files, source, input_sheets=[stem])
    assert outcome.result.error is None, outcome.result.error
    assert openpyxl.load_workbook(outcome.output).sheetnames == [title] and outcome.rows() == [["a"], ["1"]]
    (sheet,) = outcome.completed["workbooks"][0]["sheets"]
    assert sheet["locator"]["sheet"]["name"] == stem
    assert sheet["tables"][0]["outputs"]["normalized"]["range_a1"] == f"{title}!A1:A2"


def test_hooks_find_such_a_sheet_by_its_files_name(run, tmp_path):
    source = tmp_path / "report[1].csv"
    source.write_text("a\n1\n", encoding="utf-8")
    hook = steps(on_workbook_start='source_workbook["report[1]"]["A2"].value = "2"')
    outcome = run(hook, source)
    assert outcome.result.error is None and outcome.rows() == [["a"], ["2"]]


def test_names_that_no_file_system_takes_are_cut_and_stay_apart(tmp_path):
    config = write_package(tmp_path / "config", {})
    names = []
    for stem in ("n" * 249 + "a", "n" * 249 + "b", "ü" * 124):
        source = write_workbook(tmp_path / f"{stem}.xlsx", {"S": [["a"], [1]]})
        result = Engine().run(RunRequest(config_package=config, input_file=source, logs_dir=tmp_path / "logs"))
        assert result.error is None and result.output_path.is_file()
        names.append(result.output_path.name)
    names += [path.name for path in (tmp_path / "logs").iterdir()]
    assert len(set(names)) == 6 and all(len(os.fsencode(name)) <= 255 for name in names)
    assert all(name.endswith(("_normalized.xlsx", "_engine.log")) for name in names)
    # A name that fits stays whole.
    source = write_workbook(tmp_path / f"{'m' * 239}.xlsx", {"S": [["a"], [1]]})
    result = Engine().run(RunRequest(config_package=config, input_file=source))
    assert result.output_path.name == f"{'m' * 239}_normalized.xlsx"
