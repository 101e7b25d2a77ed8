"""Titles that a workbook can have, and names that a file system takes; see `tests/sheets/output/names_of_files.toml`, too."""

import os

import pytest
from conftest import write_package, write_workbook

from ade_engine import Engine, RunRequest
from ade_engine.io.output.workbook import legal_title

SMILE = "\U0001f600"


@pytest.mark.parametrize("title, taken, wanted", [
    ("Orders", ["orders"], "Orders"), ("it's", [], "it's"), ("a:b?c*d[e]f/g\\h", [], "a_b_c_d_e_f_g_h"), ("'quoted'", [], "_quoted_"),
    ("tab\there", [], "tab_here"), ("", [], "Sheet"), ("x" * 31, [], "x" * 31), ("x" * 32, [], "x" * 31), ("x" * 32, ["X" * 31], "x" * 29 + "_2"),
    ("x" * 40, ["x" * 31, "x" * 29 + "_2"], "x" * 29 + "_3"), ("a?", ["a_"], "a__2"), (SMILE * 16, [], SMILE * 15),
])  # fmt: skip
def test_titles_become_legal_and_stay_apart(title, taken, wanted):
    assert legal_title(title, taken) == wanted


def test_names_that_no_file_system_takes_are_cut_and_stay_apart(tmp_path):
    config, names = write_package(tmp_path / "config", {}), []
    # A name that fits stays whole.
    for stem in ("m" * 239, "n" * 249 + "a", "n" * 249 + "b", "ü" * 124):
        source = write_workbook(tmp_path / f"{stem}.xlsx", {"S": [["a"], [1]]})
        result = Engine().run(RunRequest(config_package=config, input_file=source, logs_dir=tmp_path / "logs"))
        assert result.error is None and result.output_path.is_file()
        names.append(result.output_path.name)
    assert names[0] == f"{'m' * 239}_normalized.xlsx"
    names += [path.name for path in (tmp_path / "logs").iterdir()]
    assert len({*names}) == 8 and all(len(os.fsencode(name)) <= 255 and name.endswith(("_normalized.xlsx", "_engine.log")) for name in names)
