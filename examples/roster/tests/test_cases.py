"""Runs every case below ``cases/``: a folder with an ``input.*`` and the ``expected.csv`` that it must become.

    "$(ade env path .)/bin/python" -m unittest discover tests
"""

import csv
import tempfile
import unittest
from pathlib import Path

from ade_engine import Engine, RunRequest
from openpyxl import load_workbook

HERE = Path(__file__).resolve().parent


def rows_of(workbook: Path) -> list[list[str]]:
    rows = []
    for sheet in load_workbook(workbook, read_only=True):
        for row in sheet.iter_rows(values_only=True):
            rows.append(["" if value is None else str(value) for value in row])
    return rows


class Cases(unittest.TestCase):
    maxDiff = None

    def test_every_case(self):
        for expected in sorted(HERE.glob("cases/*/expected.csv")):
            with self.subTest(expected.parent.name), tempfile.TemporaryDirectory() as folder:
                source = next(expected.parent.glob("input.*"))
                output = Path(folder) / "output.xlsx"
                result = Engine().run(RunRequest(config_package=HERE.parent, input_file=source, output_path=output))
                self.assertIsNone(result.error, result.error)
                with expected.open(newline="", encoding="utf-8") as text:
                    self.assertEqual(rows_of(output), list(csv.reader(text)))


if __name__ == "__main__":
    unittest.main()
