"""Runs every case below ``cases/``: a folder with an ``input.*`` and the ``expected.csv`` that it must become.

The columns of ``expected.csv`` are named after fields, and only these are compared: new fields and other labels change nothing.

    env=$(ade env path CONFIGURATION) && "$env/bin/python" -m unittest discover CONFIGURATION/tests
"""

import csv
import tempfile
import unittest
from pathlib import Path

from ade_engine import Engine, RunRequest, Settings
from openpyxl import load_workbook

HERE = Path(__file__).resolve().parent
CONFIG = HERE.parent


class Cases(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.engine = Engine(Settings.load(config_package_dir=CONFIG))
        fields = self.engine.load_registry(config_package=CONFIG).fields.values()
        self.field_of = {field.label or field.name: field.name for field in fields}

    def rows_of(self, workbook: Path, wanted: list[str]) -> list[list[str]]:
        """The wanted fields of each row of all sheets, as text."""
        found = []
        for sheet in load_workbook(workbook):
            if sheet.title.startswith("Issues"):
                continue  # what is wrong with the input, and no rows of it
            header, *rows = sheet.iter_rows(values_only=True)
            names = [self.field_of.get(name, name) for name in header]
            places = [names.index(name) if name in names else None for name in wanted]
            for row in rows:
                values = [None if place is None else row[place] for place in places]
                found.append(["" if value is None else str(value) for value in values])
        return found

    def test_every_case(self):
        for expected in sorted(HERE.glob("cases/*/expected.csv")):
            with self.subTest(expected.parent.name), tempfile.TemporaryDirectory() as folder:
                source = next(expected.parent.glob("input.*"))
                output = Path(folder) / "output.xlsx"
                result = self.engine.run(RunRequest(config_package=CONFIG, input_file=source, output_path=output))
                self.assertIsNone(result.error, result.error)
                with expected.open(newline="", encoding="utf-8") as text:
                    wanted, *rows = csv.reader(text)
                self.assertEqual(self.rows_of(output, wanted), rows)


if __name__ == "__main__":
    unittest.main()
