"""What an author may say of a field, and of what its checks find."""

import pytest

from ade_engine import FieldDef
from ade_engine.extensions.registry import Registry
from ade_engine.fields import Field, required
from ade_engine.models.errors import ConfigError


def up_to_80(column):
    return None


@pytest.mark.parametrize(("facts", "said"), [
    ({"required": "yes"}, "field 'pay' has required='yes'; it should be True, False, 'error', 'warning' or 'info'"),
    ({"unique": 1.5}, "field 'pay' has unique=1.5; it should be True, False, 'error', 'warning' or 'info'"),
    ({"key": 1}, "field 'pay' has key=1; it should be True or False"),
    ({"description": 7}, "field 'pay' has a description of type int; it should be text"),
])
def test_what_no_field_is_is_refused_where_it_is_registered(facts, said):
    for register in (lambda registry: registry.register_field(FieldDef("pay", **facts)), Field("pay", **facts).register):
        registry = Registry()
        with pytest.raises(ConfigError) as refused:
            register(registry)
        assert str(refused.value) == said and refused.value.ade_place["file"].endswith("test_field_facts.py")
        assert "pay" not in registry.fields


def test_what_a_field_is_goes_to_its_definition():
    registry = Registry()
    Field("pay", required=True, key=True, unique="warning", description="before tax").register(registry)
    field = registry.fields["pay"]
    assert (field.required, field.key, field.unique, field.description) == (True, True, "warning", "before tax")
    plain = FieldDef("pay")
    assert (plain.required, plain.key, plain.unique, plain.description) == (False, False, False, None)


def test_a_fact_that_is_misspelt_is_named():
    with pytest.raises(TypeError, match="Field 'pay' takes no 'requird'; did you mean 'required'?"):
        Field("pay", requird=True)


def test_checks_have_severities():
    registry = Registry()
    Field("pay", checks=[required, (up_to_80, "error")]).register(registry)
    registry.register_column_validator(up_to_80, field="pay", priority=1, severity="info")
    registry.finalize()
    assert [entry.severity for entry in registry.column_validators] == ["warning", "error", "info"]


def test_a_severity_that_is_none_is_refused():
    registry = Registry()
    registry.register_field(FieldDef("pay"))
    with pytest.raises(ConfigError) as refused:
        registry.register_column_validator(up_to_80, field="pay", priority=1, severity="eror")
    assert str(refused.value).endswith("up_to_80 has the severity 'eror'; it should be 'error', 'warning' or 'info'; did you mean 'error'?")
    with pytest.raises(ConfigError, match="has the severity 'fatal'; it should be 'error', 'warning' or 'info'$"):
        Field("hours", checks=[(up_to_80, "fatal")]).register(registry)


@pytest.mark.parametrize("checks", [required, [(required, "error", 1)], [("error", required)], ["required"]])
def test_checks_that_are_no_functions_are_refused(checks):
    with pytest.raises(TypeError, match="checks should be a list of functions, or of pairs"):
        Field("pay", checks=checks)
