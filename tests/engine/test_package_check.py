"""The check of packages finds each kind of fault: every rule has a file that breaks it, and no other."""

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from operations import NAMES, TABLES, lines
from package_check import check_package
from raw_workbooks import RawWorkbook
from test_sheets import tomllib

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """The parts of a workbook that has something of everything."""
    book = openpyxl.Workbook()
    for step in lines(TABLES["prepared"]["of_package"]):
        exec(step, {**NAMES, "wb": book, "ws": book.active})
    path = tmp_path_factory.mktemp("good") / "book.xlsx"
    book.save(path)
    assert check_package(path) == []
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def save(path, parts, twice=()):
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*parts, *twice):
            archive.writestr(name, parts[name])
    return path


TABLE = tomllib.loads((Path(__file__).parent / "broken_packages.toml").read_text("utf-8"))
BROKEN = [line.split(" ¦ ") for line in TABLE["broken"]["rows"].strip("\n").split("\n")]


def written_out(text: str) -> str:
    return re.sub(r"\{([^{}]+)\*(\d+)\}", lambda place: place[1] * int(place[2]), text).replace("{FFFF}", "\uffff")


@pytest.mark.parametrize("name, pattern, replacement, faults", BROKEN, ids=[row[3][:60] for row in BROKEN])
def test_a_broken_part_is_found(parts, tmp_path, name, pattern, replacement, faults):
    part, broken = TABLE["parts"][name], dict(parts)
    if pattern == "(none)":
        del broken[part]
    else:
        broken[part] = re.sub(written_out(pattern), written_out(replacement), parts[part], flags=re.DOTALL)
        assert broken[part] != parts[part], parts[part]
    found = check_package(save(tmp_path / "book.xlsx", broken))
    for fault in faults.split(" & "):
        assert any(written_out(fault) in text for text in found), found
    # One fault does not produce a long list of messages.
    assert len(found) <= 13, found


def test_a_part_that_is_there_twice(parts, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        save(tmp_path / "book.xlsx", parts, twice=[SHEET])
    assert any("sheet1.xml: is 2 times in the archive" in fault for fault in check_package(tmp_path / "book.xlsx"))


def test_what_is_no_archive(tmp_path):
    (tmp_path / "book.xlsx").write_text("text")
    assert "cannot be unpacked" in check_package(tmp_path / "book.xlsx")[0]


def test_shared_texts(tmp_path):
    body = '<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>{}</v></c></row></sheetData>'
    book = RawWorkbook({"Data": body.format(1)}, strings=["<si><t>a</t></si>", f"<si><r><t>{'b' * 40_000}</t></r></si>"])
    book.set("xl/styles.xml", RawWorkbook.styles(("0",)).replace("<fills>", "<fills><fill><patternFill/></fill>"))
    book.save(tmp_path / "book.xlsx")
    assert check_package(tmp_path / "book.xlsx") == [
        "xl/sharedStrings.xml: text 1: has a text of 40000 characters",
        "xl/worksheets/sheet1.xml: B1: has a text of 40000 characters",
    ]
