"""What looks like a header row, a note or a record, and is something else: sheets of a few forms that people send, and beside
each form its counterpart, which has the same looks and is what it looks like.

They stand in look_alikes.txt. Every sheet goes through the package that ``ade init`` writes. Cells are parted by ``|``.
"""

import re
from pathlib import Path

import pytest


def cells(text: str) -> list:
    """The cells of a line: whole numbers and fractions as numbers, blank ones empty."""
    found: list = []
    for cell in map(str.strip, text.split("|")):
        try:
            found.append(float(cell) if "." in cell else int(cell))
        except ValueError:
            found.append(cell or None)
    return found


def sheet(text: str) -> list[list]:
    """The rows of a sheet, one a line; a line with a dot alone is blank."""
    return [[] if line.strip() == "." else cells(line) for line in text.strip().splitlines() if not line.startswith("# ")]


@pytest.fixture
def read(normalized):
    """Runs the template as `ade` runs it: header rows of each table, source rows that were kept, notices, rows that are told."""

    def call(text: str):
        outcome = normalized(sheet(text))
        found = [table["structure"]["header"] for table in outcome.tables]
        headers = [list(range(header["row_start"], header["row_start"] + header["row_count"])) for header in found]
        return headers, outcome.source_rows(), outcome.noticed["notices"], outcome.noticed.get("rows", [])

    return call


#: The sheets of look_alikes.txt: of each its kind, header rows of each table, the source rows that are kept where these are told, and its text.
LOOK_ALIKES = []
for one in Path(__file__).with_name("look_alikes.txt").read_text("utf-8").split("\n## ")[1:]:
    title, _, text = one.partition("\n")
    kind, rows, *kept = re.split(" [>=] ", title)
    numbers = [[int(number) for number in table.split()] for table in (*rows.split("/"), *kept)]
    LOOK_ALIKES.append((kind, numbers[: -len(kept) or None], numbers[-1] if kept else None, text))
TEXTS = {kind: text for kind, *_, text in LOOK_ALIKES}


@pytest.mark.parametrize("headers, kept, text", [pytest.param(*one, id=kind) for kind, *one in LOOK_ALIKES])
def test_header_rows_and_records_are_told_from_what_looks_like_them(read, headers, kept, text):
    found, rows, *_ = read(text)
    assert found == headers and (kept is None or rows == kept)


def told(notices: list, code: str) -> list[tuple]:
    return [(one["rows"], one["level"]) for one in notices if one["code"] == code]


def test_records_that_look_like_notes_are_told(read):
    *_, notices, _ = read(TEXTS["also below others"])
    assert told(notices, "doubtful_rows") == [([[5, 6]], "info")]


def test_more_rows_left_out_than_kept_are_a_warning(read):
    text = "Month|Oil|Gas|Coal\nMay|3|4|5\n.\nSource: own figures.\nNote: rounded to whole tons.\nNote: the year ends in June."
    *_, kept, notices, _ = read(text)
    assert kept == [2] and told(notices, "rows_left_out") == [([[4, 6]], "warning")]
    text = text.replace(".\n", "June|5|6|7\nJuly|5|8|7\nMay|4|8|7\n.\n", 1)
    *_, notices, _ = read(text)
    assert told(notices, "rows_left_out") == [([[7, 9]], "info")]


@pytest.mark.parametrize(
    "rows, level, text",
    [
        # The first row of the header is weak.
        ([1, 1], "warning", "7|List of members\n|Hours|Members\nEston|193|0.108\nNorden|81|0.139\nGilden|280|0.693\nIvel|267|0.514"),
        # The row below the header may be a part of it.
        ([2, 2], "warning", "Position|16|18|28|30\nJade birch|T|T|G|T\nThyme birch|C|G|T|A\nZinnia hill|G|T|A|T\nFern cedar|C|G|T|T"),
        ([2, 2], "info", "Item|Author|Shape|Town|Cost\nTeam Elm\nK416|Carden|69 Willow Road|41 Amber Road|0.268\nK417|Eston|85 Kelp Road|82 Reed Road|0.593"),
    ],
)  # fmt: skip
def test_what_is_nearly_a_header_row_is_told(read, rows, level, text):
    *_, notices, _ = read(text)
    assert told(notices, "doubtful_header_row") == [([rows], level)]


@pytest.mark.parametrize("text", [text for kind, *_, text in LOOK_ALIKES if kind in ("years and ranges", "section heads below records")])
def test_a_sure_header_is_not_told(read, text):
    *_, notices, _ = read(text)
    assert not told(notices, "doubtful_header_row")


@pytest.mark.parametrize("count", [10, 400])
def test_a_row_that_words_make_a_header_is_among_the_decisions(read, count):
    """Also far down a long table."""
    records = "\n".join(f"Form {number}|{'no' if number % 2 and count == 10 else 'yes'}|yes|no" for number in range(count))
    headers, _, _, rows = read(f"Asked for|Web|Paper|Mail\n{records}\nE-mail|Phone|yes|yes\n{records}")
    assert headers == [[1], [count + 2]]
    (row,) = [row for row in rows if row["row"] == count + 2]
    assert row["kind"] == "header" and row["message"].startswith(f"row {count + 2}, header (says a detector; by its looks data)")
    assert row["likelihoods"]["data"] > 0.5


def test_a_rule_says_why(read):
    *_, rows = read(next(text for *_, text in LOOK_ALIKES if "Zone: 1|" in text))
    (row,) = [row for row in rows if row["row"] == 2]
    assert row["kind"] == "title" and row["reasons"][0] == "names with values beside them"
    # The looks said otherwise, so it is not sure.
    assert row["likelihoods"]["header"] == row["likelihoods"]["title"] < 0.6
