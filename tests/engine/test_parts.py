"""What a check of a package counts of the setting `detect_rows`. What it does, and fields that are parts of a column, stand in tests/sheets."""

from conftest import declared, plugin

PEOPLE = declared("""
    Field("first_name", headers=["first name"], read=person_name, part_of=FULL_NAME.first),
    Field("last_name", headers=["last name"], read=person_name, part_of=FULL_NAME.last),
    Field("hours", headers=["hours"], read=number),
""", functions="""
FULL_NAME = FullName(["full name", "name"])
""")


def test_detectors_that_a_setting_adds_are_counted(package, ade_engine):
    config = package({"columns/people.py": PEOPLE, "row_detectors/own.py": plugin("row", "return None")}, rows=None)
    done = ade_engine("config", "validate", "--config-package", config, env={"ADE_ENGINE_DETECT_ROWS": "true"})
    assert "- row_detectors: 3\n" in done.stdout
