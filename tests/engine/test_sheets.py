"""The sheets of ``tests/sheets``: each file gives cells and settings, and says what a run makes of them.

A file ``<topic>/<case>.toml`` begins with ``about``, the promise in a sentence. Its givens come first, then its results, which
``ADE_UPDATE_GENERATED=1`` writes; a person reads the difference. Tables ``[case.NAME]`` try the same with other givens: each has
those above the first of them, unless it has its own; `files` and `steps` are added.

Given (`GIVEN` has them all):

- ``grid`` is the sheet ``S``, ``sheets.NAME`` another; a line is a row, ``|`` stands between cells, ``more`` are further rows of ``S``.
  ``12.5``, ``TRUE``, ``2024-01-31``, ``14:30``, ``[38:30:00]``, ``=A1`` and ``#N/A`` are what a spreadsheet holds, everything else is text;
  ``"12.5"`` is text too, with the escapes of JSON. ``merged``, ``bold``, ``struck``, ``red``, ``hidden_rows``, ``hidden_columns``, ``formats`` dress ``S``;
  ``hidden_sheets`` are hidden; days count ``from_1904``. ``raw`` are sheets as XML instead, ``parts`` further parts of their package (an empty one is missing), or all of an OpenDocument. A ``name`` that ends in ``.xls`` has a sheet ``Pay``, of values.
- ``csv`` is a file of text instead, in ``encoding``; ``name`` is what the file is called.
- Fields are those that `ade init` writes; or ``fields``, calls of `Field` with what stands in front of them, which ``read`` and ``cells``
  shorten to one column ``x``, or ``cells.NAME`` to several, each on a sheet of its own with a header row; or ``by_name`` and ``files``, a package of engine
  1.9 whose first row is the header unless ``detects_rows`` is false. ``edition = "1.9"`` has ``fields`` in such a package, too, where
  `values` needs edition 2026 and the style of tables.
- ``settings`` are arguments, ``toml`` stands in settings.toml, ``env`` in the environment, ``here`` are files of the working folder, ``assignments`` those of `--set`; ``request`` are further members of the `RunRequest`; ``starter`` is ``""``
  where it is not `ade` that starts the run; ``day`` is the day of the run.
- ``show`` names what is shown: of `SHOWN`, ``notices.CODE`` for those of a kind, or a path into an event, such as
  ``run.completed.counts``, where ``*`` is each of a list and ``a,b`` some members. Without it, those in `USUAL`. `together` infers fields from the sheets as samples of
  their own, with ``wishes``, and answers its questions unless ``answered`` is false; `effective` are settings that are not as by default.
"""

import contextlib
import difflib
import io
import json
import os
import re
import shutil
from pathlib import Path

import openpyxl
import pytest
from conftest import FIRST_ROW_IS_HEADER, declared, steps, write_files, write_package, write_xls
from grids import Text, read_cell, read_grid, write_cell, write_grid
from inferring import inferred, suggested, together
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import column_index_from_string, range_boundaries
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from package_check import check_package
from raw_workbooks import RawWorkbook
from showing import beside, issue_list, issue_places, looks, picked, settings_of

from ade_engine import Engine, Settings
from ade_engine.cli.app import app

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

HOME = Path(__file__).resolve().parents[1] / "sheets"
GIVEN = """wishes answered about grid sheets more merged bold struck red hidden_rows hidden_columns hidden_sheets formats raw parts csv encoding name from_1904 read cells fields edition by_name files steps detects_rows
settings assignments toml env here request day starter show""".split()
#: True if files are rewritten; the environment of a run lacks the variable.
WRITES = bool(os.environ.get("ADE_UPDATE_GENERATED"))
USUAL = ["error", "output", "notices", "issues"]
#: Sheets that repeat the list of issues.
REPEATED = {"Issues"}
LOOKS = {"bold": ("font", Font(bold=True)), "struck": ("font", Font(strike=True)), "red": ("fill", PatternFill("solid", fgColor="FFFF0000"))}


def same(text: str) -> list[str]:
    """Lines without the blanks that only place cells below each other."""
    return [re.sub(r" *\| *", "|", line).rstrip() for line in text.strip().splitlines()]


class Case:
    """A case and the outcome of its run."""

    def __init__(self, given: dict, folder: Path, template: Path, run, monkeypatch):
        self.given, self.folder, self.run = given, folder, run
        if "cells" in given:
            given.setdefault("fields", f'Field("x", headers=["x"], read={given.get("read")})')
            cells = given["cells"] if isinstance(given["cells"], dict) else {"S": given["cells"]}
            given["sheets"] = {title: f"x\n{below.strip()}" for title, below in cells.items()}
            if given.get("edition") != "1.9":
                given["toml"] = given.get("toml", "") + "".join(f"\n[sheets.{title}]\nheader_rows = [1]\n" for title in cells)
        monkeypatch.setenv("ADE_ENGINE_DAY", given.get("day", "2026-03-31"))
        for name, value in given.get("env", {}).items():
            monkeypatch.setenv(name, value)
        if "here" in given:
            monkeypatch.chdir(write_files(folder / "here", given["here"]))
        starter = given.get("starter", "ade")
        monkeypatch.setenv("ADE_ENGINE_RUN", "1") if starter else monkeypatch.delenv("ADE_ENGINE_RUN", raising=False)
        level = 20 if all(name in SHOWN and name != "leaks" or name.startswith(("run.", "notices.")) for name in given.get("show", USUAL)) else 10
        self.config, self.source, request = self.package(template), self.input(), given.get("request", {})
        if given.get("show") == ["effective"]:
            # A run could not have some of these settings.
            self.outcome = None
            return
        self.outcome = run(self.config, self.source, settings=given.get("settings"), level=level, output_dir=folder / "out", **request)
        assert [fault for path in (folder / "out").glob("*.xlsx") for fault in check_package(path)] == []

    def package(self, template: Path) -> Path:
        given, toml = self.given, self.given.get("toml", "")
        self.folder.mkdir(parents=True, exist_ok=True)
        files = {**steps(**given.get("steps", {})), **given.get("files", {})}
        if "fields" in given:
            before, _, fields = given["fields"].partition("Field(")
            at = before.rfind("\n") + 1
            module = declared(before[at:] + "Field(" + fields, before[:at])
            is_old = given.get("edition") == "1.9"
            files = {"columns/fields.py": module, "/settings.toml": toml if is_old else f'edition = "2026"\n{toml}', **files}
            return write_package(self.folder / "config", files, rows=FIRST_ROW_IS_HEADER if is_old else None)
        if "by_name" in given or files:
            rows = {} if given.get("detects_rows", True) else {"rows": None}
            return write_package(self.folder / "config", {**files, "/settings.toml": toml}, fields=given.get("by_name", ()), **rows)
        if toml:
            template = Path(shutil.copytree(template, self.folder / "template"))
            with (template / "settings.toml").open("a", encoding="utf-8") as settings:
                settings.write(f"\n{toml}")
        return template

    def input(self) -> Path:
        given = self.given
        if "csv" in given:
            path = self.folder / given.get("name", "input.csv")
            path.write_bytes(given["csv"].encode(given.get("encoding", "utf-8")))
            return path
        path = self.folder / given.get("name", "input.xlsx")
        if {"raw", "parts"} & given.keys():
            book, own = RawWorkbook(given.get("raw")), {name: text.encode() for name, text in given.get("parts", {}).items()}
            book.parts.update(own)
            book.set_structure()
            book.parts = own if "content.xml" in own else {name: part for name, part in {**book.parts, **own}.items() if part}
            return book.save(path)
        if path.suffix == ".xls":
            rows, merged = read_grid(given["grid"]), {}
            for area in given.get("merged", ()):
                left, top, right, bottom = (at - 1 for at in range_boundaries(area))
                merged[top, bottom, left, right], rows[top][left] = rows[top][left], None
            return write_xls(path, rows, merged=merged, hidden=[column_index_from_string(name) - 1 for name in given.get("hidden_columns", ())])
        book = openpyxl.Workbook()
        book.remove(book.active)
        if given.get("from_1904"):
            book.epoch = CALENDAR_MAC_1904
        grids = dict(given.get("sheets", {}))
        if "grid" in given:
            grids = {"S": given["grid"] + given.get("more", ""), **grids}
        for title, grid in grids.items():
            sheet = book.create_sheet(title)
            for at, row in enumerate(read_grid(grid), 1):
                for column, value in enumerate(row, 1):
                    cell = sheet.cell(at, column, value)
                    if isinstance(value, Text):
                        cell.data_type = "s"
        first = book.worksheets[0]
        for area in given.get("merged", ()):
            first.merge_cells(area)
        for row in given.get("hidden_rows", ()):
            first.row_dimensions[row].hidden = True
        for column in given.get("hidden_columns", ()):
            first.column_dimensions[column].hidden = True
        for title in given.get("hidden_sheets", ()):
            book[title].sheet_state = "hidden"
        looks = [(area, *look) for name, look in LOOKS.items() for area in given.get(name, ())]
        looks += [(area, "number_format", look) for area, look in given.get("formats", {}).items()]
        for area, name, look in looks:
            cells = first[area]
            for cell in [cell for row in cells for cell in row] if isinstance(cells, tuple) else [cells]:
                setattr(cell, name, look)
        book.save(path)
        return path

    def shown(self) -> dict[str, str]:
        """Returns the results of the case by name, without the empty ones."""
        texts, names = {}, self.given.get("show", USUAL)
        if self.outcome and self.outcome.result.error and not {"error", "check"} & {*names}:
            # A failed run shows its error, whatever the case asks for.
            names = ["error", *names]
        for name in names:
            text = SHOWN[name](self) if name in SHOWN else self.fact(name)
            if text := text.replace(f"{self.folder}/", "").strip("\n"):
                texts[name] = text
        return texts

    def error(self) -> str:
        error = self.outcome.result.error
        return error and f"{error.code.value}{f' in {error.stage}' if error.stage else ''}: {error.message}" or ""

    def check(self) -> str:
        """Returns the answer of a check of the package."""
        try:
            Engine(Settings.load(config_package_dir=self.config, **self.given.get("settings", {}))).check(config_package=self.config)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return "fine"

    def validated(self) -> str:
        """Returns the lines that `ade_engine config validate` prints, except counts, and its warnings."""
        printed, said = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
            app(["config", "validate", "--config-package", str(self.config), "--log-format", "ndjson"])
        events = map(json.loads, said.getvalue().splitlines())
        words = [line for line in printed.getvalue().splitlines() if not line.startswith("- ")]
        return "\n".join(words + [event["message"] for event in events if event.get("level") == "warning"])

    def output(self) -> str:
        """Returns the sheets of the output except the list of issues, without columns that have nothing below their header."""
        return "" if self.outcome.output is None else self.of_book(self.outcome.book, REPEATED)

    @staticmethod
    def of_book(book, without=()) -> str:
        sheets = []
        for sheet in book.worksheets:
            if sheet.title in without:
                continue
            rows = [[write_cell(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows()]
            if len(rows) > 1:
                kept = [at for at in range(sheet.max_column) if any(row[at] for row in rows[1:]) or not rows[0][at]]
                rows = [[row[at] for at in kept] for row in rows]
            sheets.append(f"<{sheet.title}>\n{write_grid(rows)}")
        return "\n".join(sheets)

    def notices(self) -> str:
        return "\n".join(self.of_notice(notice) for notice in self.outcome.noticed["notices"])

    @staticmethod
    def of_notice(notice: dict) -> str:
        facts = {key: value for key, value in notice.items() if key not in ("code", "level", "message")}
        facts = " ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in facts.items())
        return f"{notice['level']} {notice['code']}: {notice['message']}\n    {facts}".rstrip()

    def readings(self) -> str:
        return "\n".join(json.dumps(reading, ensure_ascii=False) for reading in self.outcome.noticed["readings"])

    def issues(self) -> str:
        grid = [
            [line["severity"], f"{line['sheet']}!{line['cell']}" if line["cell"] else line["sheet"], line["rule"], write_cell(line["value"]), line["written"] or "", line["message"]]
            for line in issue_list(self)
        ]
        return write_grid(grid)

    def values(self) -> str:
        """Returns each cell of the column with the value that was read from it and its issues."""
        columns = self.given["cells"]
        if isinstance(columns, str):
            return self.values_of(self.outcome.book.worksheets[0], columns)
        return "\n".join(f"<{title}>\n{self.values_of(self.outcome.book[title], cells)}" for title, cells in columns.items())

    @staticmethod
    def values_of(sheet, cells: str) -> str:
        names = [cell.value for cell in sheet[1]]
        said = names.index("Issues") + 1 if "Issues" in names else None
        at = names.index("Source row") + 1 if "Source row" in names else None
        read = {}
        for number in range(2, sheet.max_row + 1):
            cell = sheet.cell(number, 1)
            read[sheet.cell(number, at).value if at else number] = [write_cell(cell.value, cell.data_type), sheet.cell(number, said).value or "" if said else ""]
        lines = [line.strip() for line in cells.strip().splitlines()]
        return write_grid([[line, *read.get(number, ["(left out)"])] for number, line in enumerate(lines, 2)])

    def how(self) -> str:
        """Returns, in words, how each column was read."""
        lines = []
        for one in self.outcome.noticed["readings"]:
            doubt = " [ambiguous]" if one["ambiguous"] else ""
            lines.append(f"{one['sheet']} {one['field']}: {one['message']}{doubt}")
        return "\n".join(lines)

    def columns(self) -> str:
        """Returns each table with its position, its header rows, and the fields of its columns."""
        lines = []
        for sheet in self.outcome.completed["workbooks"][0]["sheets"]:
            for table in sheet["tables"]:
                structure = table["structure"]
                lines.append(f"{sheet['locator']['sheet']['name']} {structure['region']['a1']}, header rows: {structure['header']['row_count']}")
                for column in structure["columns"]:
                    mapping = column["mapping"]
                    lines.append(f"  {write_cell(column['header']['raw'])} -> {mapping['field'] or '-'} {mapping['score'] or ''}".rstrip())
        return "\n".join(lines)

    def tables(self) -> str:
        return "\n".join(line for line in self.columns().splitlines() if not line.startswith("  "))

    def rows(self) -> str:
        """Returns the classification of each row of the input."""
        return "\n".join(row["message"] for row in self.outcome.noticed.get("rows", ()))

    def source_rows(self) -> str:
        return "\n".join(f"{sheet.title}: {self.outcome.source_rows(sheet.title)}" for sheet in self.outcome.book if sheet.title not in REPEATED)

    def events(self) -> str:
        text = "\n".join(f"{event['level']} {event['event']}: {event['message']}" for event in self.outcome.events if event["level"] != "debug")
        return re.sub(r"in \d+\.\d+ s$", "in … s", text, flags=re.MULTILINE)

    def row_map(self) -> str:
        return "\n".join(path.read_text("utf-8") for path in (self.folder / "out").glob("*_rows.json"))

    def leaks(self) -> str:
        """Returns the long cells of the input that an event quotes."""
        rows = [row for grid in (self.given["grid"], *self.given.get("sheets", {}).values()) for row in read_grid(grid)[1:]]
        long = {form for row in rows for cell in row for form in (str(cell), f"{cell:,}" if isinstance(cell, int) else "") if len(form) > 5}
        said = json.dumps(self.outcome.events, ensure_ascii=False).casefold()
        return "\n".join(sorted(cell for cell in long if cell.casefold() in said))

    def fact(self, path: str) -> str:
        """Returns the data of each event of a name, or the values at a longer path in it."""
        if path.startswith("notices."):
            return "\n".join(map(self.of_notice, self.outcome.notices(path[8:])))
        lines = []
        for event in self.outcome.events:
            name = event["event"].removeprefix("engine.")
            if path != name and not path.startswith(f"{name}."):
                continue
            found = picked(event.get("data", {}), path[len(name) + 1 :].split(".") if path != name else [])
            lines += [json.dumps(one, ensure_ascii=False) for one in found]
        return "\n".join(lines)


SHOWN = {
    "error": Case.error, "check": Case.check, "validated": Case.validated, "output": Case.output, "beside": beside, "looks": looks, "issue_places": issue_places, "notices": Case.notices, "readings": Case.readings, "how": Case.how, "issues": Case.issues,
    "values": Case.values, "columns": Case.columns, "tables": Case.tables, "rows": Case.rows, "source_rows": Case.source_rows, "events": Case.events,
    "row_map": Case.row_map, "leaks": Case.leaks, "inferred": inferred, "suggested": suggested, "together": together, "effective": settings_of,
}  # fmt: skip


def written(name: str, text: str) -> str:
    """A member of TOML that holds this text."""
    key = name if re.fullmatch(r"\w+", name) else json.dumps(name)
    odd = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
    is_plain = "'''" not in text and not odd.search(text)
    quotes, text = ("'''", text) if is_plain else ('"""', odd.sub(lambda one: f"\\u{ord(one[0]):04x}", text.replace("\\", "\\\\").replace('"', '\\"')))
    return f"{key} = {quotes}\n{text}\n{quotes}\n"


#: A given, wherever it is.
GIVEN_LAST = re.compile(rf"^({'|'.join(GIVEN)})\b", re.MULTILINE)


def sections(text: str) -> list[str]:
    """The text above the first case, and that of each case."""
    return re.split(r"^(?=\[case\.)", text, flags=re.MULTILINE)


def given_part(section: str) -> str:
    """Returns a section without its results."""
    shown = re.search(rf'^(?!\[|({"|".join(GIVEN)})\b)(?:"[^"\n]+"|[\w.-]+) = ', without_texts(section), re.MULTILINE)
    return section[: shown.start()] if shown else section


def without_texts(section: str) -> str:
    """Returns a section with blanks in place of its long texts, so that positions stay the same."""
    return re.sub(r"'''.*?'''|\"\"\".*?\"\"\"", lambda text: " " * len(text[0]), section, flags=re.DOTALL)


def files() -> list[Path]:
    # Files that use polars come last: until then the engine runs without the Python half of polars, as for most people.
    return sorted(HOME.glob("*/*.toml"), key=lambda path: ("pl." in path.read_text("utf-8"), path))


@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_sheet(path: Path, tmp_path: Path, template: Path, run, monkeypatch):
    text = path.read_text("utf-8")
    whole = tomllib.loads(text)
    cases = whole.pop("case", {})
    shared = {key: value for key, value in whole.items() if key in GIVEN}
    assert shared.get("about"), "a file of sheets says in `about` what it promises"
    above, *parts = sections(text)
    now, differing = [], False
    for number, (part, own) in enumerate(zip(parts or [above], cases.values() or [whole])):
        given = {**shared, **{key: value for key, value in own.items() if key in GIVEN}}
        given.update((key, {**shared[key], **given[key]}) for key in ("files", "steps") if key in shared)
        with monkeypatch.context() as surroundings:
            shown = Case(given, tmp_path / str(number), template, run, surroundings).shown()
        before = {key: value for key, value in own.items() if key not in GIVEN}
        differing |= before.keys() != shown.keys() or any(same(before[name]) != same(shown[name]) for name in shown)
        assert GIVEN_LAST.search(without_texts(part)[len(given_part(part)) :]) is None, "what is given stands above what comes of it"
        now.append(given_part(part).rstrip() + "\n\n" + "".join(written(name, shown[name]) for name in shown))
    now = ("".join(f"{part}\n" for part in now) if not parts else given_part(above).rstrip() + "\n\n" + "\n".join(now)).rstrip() + "\n"
    if WRITES:
        path.write_text(now if differing else text, "utf-8")
    elif differing:
        difference = difflib.unified_diff(text.splitlines(), now.splitlines(), str(path), "what comes of it", lineterm="", n=6)
        pytest.fail("\n".join(difference), pytrace=False)


def test_cells_are_read_as_they_are_written():
    texts = ["", "a", "12", "-1.5", "TRUE", "2024-01-31", "14:30:05", "[38:30:00]", "[-2:00:00]", "24:00", '"12"', '" a"', '"a|b"', '""', "=A1", '"=A1"', "1,5", "007"]
    for text in texts:
        cell = read_cell(text)
        assert write_cell(cell, "f" if text.startswith("=") else "s") == text
    assert read_grid('a | "b|c" |\n\n | 1') == [["a", "b|c", None], [], [None, 1]]


def test_files_name_what_the_runner_knows():
    for path in files():
        for name in re.findall(r"^\[case\.([^\]]+)\]", path.read_text("utf-8"), re.MULTILINE):
            assert re.fullmatch(r"[a-z0-9_]+", name), f"{path}: {name}"

