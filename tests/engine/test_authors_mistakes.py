"""Mistakes of authors that a package does not show. Their messages, and the positions of these, are in `tests/sheets/mistakes`."""

from dataclasses import replace

from ade_engine.application import ignored
from ade_engine.fields import Field
from ade_engine.models import FieldDef


def test_a_field_registers_with_a_stand_in_for_the_registry_that_takes_nothing_but_the_field():
    class Names:
        def __init__(self):
            self.fields, self.others = [], []

        def register_field(self, field):
            self.fields.append(field)

        def register_column_detector(self, fn, *, field, priority):
            self.others.append(field)

    names = Names()
    Field("day", label="Day", dtype="date").register(names)
    assert names.fields == [FieldDef("day", "Day", "date")] and names.others == ["day"]
    # Other known facts, such as the position, are no values of the field.
    (field,) = names.fields
    assert FieldDef(**vars(field)) == field == replace(field) and "place" not in repr(field)


def test_a_run_does_not_fail_where_it_cannot_look(run_by_ade, monkeypatch):
    def broken(*_):
        raise RecursionError

    monkeypatch.setattr(ignored, "ignored", broken)
    outcome = run_by_ade({"columns/late.py": "def regster(registry):\n    pass\n"}, [["found"], [1]], fields=["found"])
    assert outcome.result.error is None and outcome.noticed["notices"] == []
