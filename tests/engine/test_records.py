"""The model classes, which behave as dataclasses."""

import copy
import dataclasses
import pickle

import polars as pl
import pytest

from ade_engine import models
from ade_engine.extensions.registry import RegisteredFn
from ade_engine.models import DerivedMapping, FieldDef, HookName, MappedColumn, RunError, RunErrorCode, RunRequest
from ade_engine.models import RunResult, RunStatus, SourceColumn, TableRegion, TableResult

CONTEXTS = [getattr(models, name) for name in models.__all__ if name.endswith("Context") and name != "HookContext"]


def table_result(**changes) -> TableResult:
    values = {"sheet_name": "S", "table": pl.DataFrame({"a": [1]}), "source_region": TableRegion(1, 1, 2, 1)}
    return TableResult(**{**values, "source_columns": [SourceColumn(0, "a", [1])], **changes})


EXAMPLES = [
    FieldDef("a", label="A", meta={"x": [1]}),
    TableRegion(1, 2, 3, 4, 2),
    SourceColumn(0, "a", [1, None]),
    MappedColumn("f", 0, "a", [1], 0.5),
    DerivedMapping("f", "a", 1, 1.0),
    table_result(mapped_columns=[MappedColumn("a", 0, "a", lambda: [1])]),
    RunRequest("config", "in.xlsx", active_sheet_only=True),
    RunError(RunErrorCode.HOOK_ERROR, "on_sheet_start", "why"),
    RunResult(RunStatus.FAILED, RunError(RunErrorCode.HOOK_ERROR, "on_sheet_start", "why")),
    RegisteredFn(len, 1, "m", "q", field="f"),
]


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_the_dataclasses_module_takes_records_for_dataclasses(record):
    cls = type(record)
    names = [field.name for field in dataclasses.fields(cls)]
    assert dataclasses.is_dataclass(cls) and dataclasses.is_dataclass(record)
    by_place = [field.name for field in dataclasses.fields(record) if not field.kw_only]
    assert names == [field.name for field in dataclasses.fields(record)] and by_place == list(cls.__match_args__)
    values = {name: getattr(record, name) for name in names}
    assert list(dataclasses.asdict(record)) == names
    same = cls(*(values[name] for name in by_place), **{name: values[name] for name in names if name not in by_place})
    assert repr(same) == repr(record) and repr(record).startswith(f"{cls.__name__}({names[0]}=")
    first = dataclasses.replace(record, **{names[-1]: values[names[-1]]})
    assert type(first) is cls and repr(first) == repr(record)
    with pytest.raises(TypeError):
        dataclasses.replace(record, no_such_field=1)
    assert repr(copy.copy(record)) == repr(copy.deepcopy(record)) == repr(record)
    assert repr(pickle.loads(pickle.dumps(record))) == repr(record)


@pytest.mark.parametrize("cls", CONTEXTS, ids=lambda cls: cls.__name__)
def test_contexts_are_dataclasses_with_an_optional_logger(cls):
    names = [field.name for field in dataclasses.fields(cls)]
    assert {"settings", "metadata", "state", "input_file_name", "logger"} <= set(names)
    context = cls(**{name: None for name in names if name != "logger"})
    assert context.logger is None and dataclasses.replace(context, state={"x": 1}).state == {"x": 1}
    if len(names) > 5:
        with pytest.raises(TypeError):
            cls(settings=None, metadata={}, state={}, input_file_name="x")


def test_records_are_equal_by_value_and_can_be_changed_unless_frozen():
    assert MappedColumn("f", 0, "h", [1]) == MappedColumn(field_name="f", source_index=0, header="h", values=[1], score=None)
    assert MappedColumn("f", 0, "h", [1]) != MappedColumn("f", 0, "h", [2])
    assert SourceColumn(0, "h", lambda: [1]) == SourceColumn(0, "h", [1]) != MappedColumn("f", 0, "h", [1])
    assert DerivedMapping("f", "h") == DerivedMapping("f", "h", None, None)
    column = SourceColumn(0, "h", [1])
    column.values = []
    assert repr(column) == "SourceColumn(index=0, header='h', values=[])"
    with pytest.raises(TypeError, match="unhashable"):
        hash(column)
    result = table_result()
    assert result == dataclasses.replace(result) and result != dataclasses.replace(result, row_count=5)


def test_a_region_is_frozen_and_hashable():
    region = TableRegion(1, 1, 4, 3)
    assert dataclasses.replace(region, max_row=9).a1 == "A1:C9" and {region: 1}[TableRegion(1, 1, 4, 3)] == 1
    assert region.__dataclass_params__.frozen and not FieldDef("a").__dataclass_params__.frozen
    with pytest.raises(dataclasses.FrozenInstanceError):
        region.max_row = 9
    with pytest.raises(dataclasses.FrozenInstanceError):
        del region.max_row
    with pytest.raises(ValueError, match="one header row"):
        dataclasses.replace(region, header_row_count=0)
    match region:
        case TableRegion(top, left, _, _):
            assert (top, left) == (1, 1)


def test_defaults_are_told_and_are_nobody_elses():
    fields = {field.name: field for field in dataclasses.fields(FieldDef)}
    assert fields["name"].default is dataclasses.MISSING and fields["label"].default is None
    assert fields["meta"].default_factory() == {}
    FieldDef("a").meta["x"] = 1
    assert FieldDef("b").meta == {}


def test_packages_can_derive_classes_of_their_own():
    @dataclasses.dataclass
    class Money(FieldDef):
        currency: str = "EUR"

    class Plain(FieldDef):
        note: str = "not a field"

    @dataclasses.dataclass(frozen=True)
    class Named(TableRegion):
        title: str = ""

    # Fields that came later are given by name, so that those of derived classes keep their place.
    by_place = [field.name for field in dataclasses.fields(Money) if not field.kw_only]
    assert by_place == ["name", "label", "dtype", "meta", "currency"]
    assert Money("a", currency="SEK") == Money("a", None, None, {}, "SEK") != Money("a")
    assert Plain("a").note == "not a field" and "note" not in repr(Plain("a"))
    assert Named(1, 1, 2, 2, title="t").a1 == "A1:B2"
    with pytest.raises(ValueError):
        Named(0, 1, 2, 2)


def test_entries_of_a_registry_can_be_made_by_hand():
    entry = RegisteredFn(fn=len, priority=1, module="m", qualname="q")
    assert (entry.field, entry.row_kind, entry.hook_name) == (None, None, None)
    assert RegisteredFn.from_function(len, 3, hook_name=HookName.ON_SHEET_END) == RegisteredFn(len, 3, "builtins", "len", None, None, HookName.ON_SHEET_END)
