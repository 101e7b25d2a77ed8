"""The header of a second table on a sheet, of which no word is known: above values it opens a table; else it stays a record, and is told."""

import pytest

HOURS = [["Name", "Hours"], ["Ada Blom", 35], ["Bo Cohen", 36], ["Cy Dahl", 34], ["Di Eng", 38]]
TEXTS = [["Name", "Employer"], ["Ada Blom", "Pen Co"], ["Bo Cohen", "Ink Co"], ["Cy Dahl", "Pad Co"], ["Di Eng", "Mud Co"]]
PLATES = [["Vehicle", "Plate"], ["Van", "KX-12"], ["Truck", "KX-77"], ["Bike", "none"]]
DRIVERS = [["Vehicle", "Driver"], ["Van", "Ada"], ["Truck", "Bo"], ["Bike", "Cy"]]


@pytest.fixture
def told(normalized):
    """Runs the template as `ade` runs it: the rows that may be the header of another table, by what is told."""

    def call(rows):
        outcome = normalized(rows)
        assert len(outcome.tables) == 1
        found = [one for one in outcome.noticed["notices"] if "may be the header of another table" in one["message"]]
        assert all(one["level"] == "warning" for one in found)
        return [one["rows"] for one in found]

    return call


@pytest.mark.parametrize("below", [PLATES, DRIVERS, DRIVERS[:2]])
@pytest.mark.parametrize("above", [HOURS, TEXTS, [[*cells, 3] for cells in HOURS]])
def test_names_below_a_blank_row_are_told(told, above, below):
    assert told([*above, [], *below]) == [[[7, 7]]]


def test_names_below_a_title_are_told(told):
    assert told([*HOURS, [], ["Fleet"], *DRIVERS]) == [[[8, 8]]]


@pytest.mark.parametrize(
    "rows",
    [
        [*HOURS[:3], [], *HOURS[3:]],
        [*TEXTS[:3], [], *TEXTS[3:]],
        [TEXTS[0], ["North"], *TEXTS[1:3], [], ["South"], *TEXTS[3:]],
        # A text that recurs.
        [*HOURS, [], ["Eve", "on leave"], ["Gus", "on leave"]],
    ],
)
def test_records_below_a_blank_row_are_not(told, rows):
    assert told(rows) == []


def test_names_above_values_open_a_table_and_no_column_above_reads_them(normalized):
    outcome = normalized([["Meter", "Day", "kWh"], *[[f"E-{n}", f"0{n}.03.2025", 70.5 + n] for n in range(1, 6)], [], ["Device", "Used", "Read on"], *[[f"G-{n}", 31.5 + n, f"0{n}.04.2025"] for n in range(1, 6)]])
    assert len(outcome.tables) == 2
    assert any("taken for the header of another table" in one["message"] and one["rows"] == [[8, 8]] for one in outcome.noticed["notices"])
