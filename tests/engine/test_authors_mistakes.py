"""Slips of authors: what `config validate` and a run say of them, and where."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
from conftest import write_package

from ade_engine import Engine, Settings
from ade_engine.fields import Field
from ade_engine.models import ConfigError, FieldDef


@pytest.fixture
def check(tmp_path):
    """What a check of a package with these files says; empty: it is fine."""

    def call(files: dict[str, str], **settings) -> str:
        config = write_package(tmp_path / "config", files)
        try:
            Engine(Settings.load(config_package_dir=config, **settings)).check(config_package=config)
        except (ConfigError, TypeError, ValueError, ModuleNotFoundError) as error:
            return str(error).replace(str(config), "")
        return ""

    return call


def fields(*lines: str, functions: str = "") -> dict[str, str]:
    """A package with one module: line 1 is empty, then two imports, the functions, and a field on each line."""
    listed = "\n".join(f"    {line}.register(registry)" for line in lines)
    return {"columns/z.py": f"\nimport polars as pl\nfrom ade_engine.fields import *\n{functions}\ndef register(registry):\n{listed}\n"}


#: A function for two fields: its parameters, what it returns, and what it is.
ONE_FUNCTION = """
    import polars as pl
    from ade_engine import fields
    from ade_engine.models import FieldDef
    def fn(*, {}):
        return {}
    def register(registry):
        for name in ("a", "b"):
            registry.register_field(FieldDef(name))
            registry.register_column_{}(fn, field=name, priority=1)
"""


def test_an_argument_that_a_field_does_not_take_is_named_with_the_one_that_was_meant(check):
    assert check(fields('Field("day", header=["Date"])')) == "Field 'day' takes no 'header'; did you mean 'headers'?"
    assert "Field 'day' takes no 'formt'; did you mean 'format'?" in check(fields('Field("day", formt="0.0")'))
    assert "Field 'day' takes no 'zzz'; there are label, headers, read" in check(fields('Field("day", zzz=1)'))
    assert check(fields('Field("day", width=12, format="0.0", dtype="date", meta={})')) == ""


def test_arguments_that_the_engines_functions_refuse_are_found_without_a_file(check):
    said = check(fields('Field("iban", checks=[lambda name: checksum(name, "ibann")])'))
    assert "a checksum is 'iban', 'vat' or 'luhn', not 'ibann'; did you mean 'iban'?" in said
    assert "Field('iban').check 1" in said and "field 'iban'" in said and "/ade_config/columns/z.py, line 6" in said
    said = check(fields('Field("active", read=lambda name: boolean(name, yess=["active"]))'))
    assert "unexpected keyword argument 'yess'" in said
    said = check(fields('Field("day", read=lambda name: date(name, order="dmyy"))'))
    assert "not 'dmyy'; did you mean 'dmy'?" in said
    assert "NameError" in check(fields('Field("day", read=lambda name: dat(name))'))
    said = check(fields('Field("net", read=net)', functions="def net(name, colum_unit):\n    return money(name)"))
    assert "missing 1 required positional argument: 'colum_unit'" in said and "line 4" in said


@pytest.mark.parametrize("role, returned, words", [
    ("transform", "'text'", "returned str; it should return pl.Expr or None"),
    ("transform", "table.get_column('a')", "returned Series; it should return"),
    ("validator", "['x']", "returned list; it should return"),
    ("validator", "pl.col('a') == 'x'", "returned an expression of type Boolean; it should give text"),
    ("validator", "fields.date('a') > pl.date(2025, 1, 1)", "returned an expression of type Boolean; it should give text"),
])  # fmt: skip
def test_results_of_a_wrong_type_are_found_without_a_file(check, role, returned, words):
    said = check({"columns/z.py": ONE_FUNCTION.format("table, **_", returned, role)}, strict_validators=True)
    # Once, though it is there for two fields.
    assert said.count(words) == 1 and "/ade_config/columns/z.py, line 5, in fn)" in said, said


@pytest.mark.parametrize("returned", [
    "None", "pl.col('only in files')", "pl.when(pl.col('a') == state['prices']).then(1)", "table['a'][0]", "pl.lit(1 / len(table))",
    "pl.col('a').str.to_date().dt.year()", "pl.col('a').map_elements(int)", "int(metadata['input_file_name'][:4])",
])  # fmt: skip
def test_what_may_be_right_with_a_file_is_not_complained_of(check, returned):
    assert check({"columns/z.py": ONE_FUNCTION.format("table, state, metadata, **_", returned, "transform")}) == ""


@pytest.mark.parametrize("parameters, body", [
    ("field_name, state, **_", "return one_of(field_name, state.get('codes'))"),
    ("field_name, input_file_name", "return date_range(field_name, first=f'{input_file_name[:4]}-01-01')"),
    ("field_name, column_header", "return checksum(field_name, column_header.lower())"),
    ("field_name, state", "return date(field_name, order=state.get('order', ''))"),
    ("field_name, state", "return text(state.get('source'))"),
    ("field_name, column_unit", "return number(field_name, units=[column_unit])"),
    ("field_name, **values", "return one_of(field_name, values['state'].get('codes'))"),
    ("field_name, table", "for last in table[field_name]: value = last\n    return pl.col(field_name).fill_null(value)"),
    ("field_name, table", "for last in table[field_name]: value = last\n    return (lambda: pl.lit(value))()"),
    ("field_name", "return pl.lit(codes)\ndef hook(state):\n    global codes\n    codes = 'x'"),
])  # fmt: skip
def test_a_refusal_that_the_values_of_a_run_may_spare_is_left_to_the_run(check, parameters, body):
    functions = f"def own({parameters}):\n    {body}"
    assert check(fields('Field("day", read=own)', functions=functions)) == ""


def test_a_refusal_that_no_value_of_a_run_spares_is_found_beside_parameters_that_ask_for_nothing(check):
    functions = 'def own(field_name, least=1, **_):\n    return checksum(field_name, "ibann")'
    assert "did you mean 'iban'?" in check(fields('Field("iban", checks=[own])', functions=functions))


def test_a_type_that_a_transform_gives_is_what_the_validator_sees(check):
    lines = 'Field("day", read=date, checks=[lambda name: pl.when(pl.col(name).dt.year() < 2000).then(pl.lit("old"))])'
    assert check(fields(lines), strict_validators=True) == ""
    lines = 'Field("day", read=date, checks=[lambda name: pl.col(name).dt.year() < 2000])'
    assert "type Boolean" in check(fields(lines), strict_validators=True)
    # Packages from before that setting get by with it.
    assert check(fields(lines)) == ""


def test_a_missing_column_is_named_with_the_field_and_the_place(run):
    package = fields('Field("day", headers=["Paid"], read=lambda name: pl.coalesce(date(name), pl.col("Posted")))', 'Field("net")')
    message = run(package, [["Paid", "Net"], ["x", 1]]).result.error.message
    assert "Transform ade_engine.fields.field.Field('day').read" in message or "Field('day').read" in message
    assert "ColumnNotFoundError: the table has no column 'Posted'" in message and "fields.text('Posted')" in message
    assert "field 'day'" in message and "columns/z.py, line 6" in message
    package = fields('Field("day", read=lambda name: pl.col("nett"))', 'Field("net")')
    assert "has no column 'nett'; did you mean 'net'?" in run(package, [["Day", "Net"], ["x", 1]]).result.error.message


@pytest.mark.parametrize("lines, first, second", [
    (['Field("day")', 'Field("net")', 'Field("day", read=date)'], 6, 8),
    (['Field("day")', 'registry.register_field(FieldDef("day")) and Field("x")'], 6, 7),
])  # fmt: skip
def test_a_field_that_is_registered_twice_names_both_places(tmp_path, run, lines, first, second):
    package = fields(*lines, functions="from ade_engine.models import FieldDef")
    outcome = run(package, [["Day"], ["x"]])
    assert outcome.result.error.code == "config_error"
    said = outcome.result.error.message.replace(str(tmp_path / "config"), "")
    file = "/ade_config/columns/z.py"
    assert said == f"field 'day' is registered twice: first in {file}, line {first} ({file}, line {second}, in register)"


def test_a_misspelt_register_in_a_package_that_registers_nothing_is_an_error(tmp_path, run):
    slip = {"columns/z.py": "\ndef regsiter(registry):\n    pass\n"}
    config = write_package(tmp_path / "none", slip, rows=None)
    with pytest.raises(ModuleNotFoundError, match="has no plugin module.*; a module counts if .* `regsiter` is another name"):
        Engine().check(config_package=config)
    message = run(config, [["a"]]).result.error.message
    assert message.endswith(f"({config}/ade_config/columns/z.py, line 2)"), message
    idle = {"hooks/h.py": "def register(registry):\n    pass\n"}
    config = write_package(tmp_path / "nothing", {**slip, **idle}, rows=None)
    error = run(config, [["a"]]).result.error
    assert error.code == "config_error" and "registers nothing; a module counts" in error.message
    # A package that registers something is as it was, and so is one that means to register nothing.
    for name, files, rows in (("some", slip, "\ndef register(registry):\n    registry.register_hook(print, hook='on_sheet_end', priority=1)\n"), ("idle", idle, None)):
        config = write_package(tmp_path / name, files, rows=rows)
        Engine().check(config_package=config)


@pytest.mark.parametrize("helper, is_slip", [
    ("registry()", False), ("registry(registry)", False), ("registers()", False), ("registers(a, b)", False),
    ("registers(*all)", False), ("registers(registry)", True),
])  # fmt: skip
def test_a_helper_that_cannot_stand_for_register_is_no_slip_in_a_package_that_registers_nothing(tmp_path, helper, is_slip):
    files = {
        "columns/helper.py": f"def {helper}:\n    return []\n",
        "hooks/h.py": "from ade_config.columns import helper\ndef register(registry):\n    pass\n",
    }
    config = write_package(tmp_path / "config", files, rows=None)
    refused = pytest.raises(ConfigError, match="`registers` is another name") if is_slip else nullcontext()
    with refused:
        Engine().check(config_package=config)


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
    # What is known besides is no value of the field.
    (field,) = names.fields
    assert FieldDef(**vars(field)) == field == replace(field) and "place" not in repr(field)


def test_a_misspelt_parameter_is_told_of_once_and_for_what_is_left(check):
    for parameter, meant in (
        ("colum_name", "column_name"),
        ("column_header", "column_header_original"),
        ("column_header_original, column_header", "column_header_parts"),
        ("colum_sample", "column_sample"),
    ):
        said = check({"columns/z.py": ONE_FUNCTION.format(f"{parameter}, **_", None, "detector")})
        assert said.count("needs") == 1 and f"did you mean {meant!r}?" in said, said


def test_a_field_is_found_by_values_that_a_function_of_the_authors_reads(run):
    functions = """
def day(name):
    return date(name, order="dmy").dt.offset_by("0d")
def pay(field_name, column_unit, table=None):
    return pl.coalesce(money(field_name), number("Other"))
def year(name):
    return date("other").dt.year()
"""
    package = fields('Field("day", by_values=True, read=day)', 'Field("pay", by_values=True, read=pay)', functions=functions)
    rows = [["", "?"]] + [[f"{number}.01.2025", f"{number}00,50 €"] for number in range(10, 20)]
    found = {field["field"]: field["detected"] for field in run(package, rows).completed["fields"]}
    assert found == {"day": True, "pay": True}


@pytest.mark.parametrize("parameters, order", [
    ("field_name, *, state, **_", 'state.get("o")'), ("field_name, state", 'state["o"]'), ("field_name, metadata", 'metadata.get("o")'),
    ("field_name, column_header", '"dmy" if column_header.lower() == "?" else None'),
    ("field_name, input_file_name", '"mdy" if input_file_name.startswith("us") else None'),
    ("field_name, table", '"dmy" if "other" in table.columns and table.height else None'),
    ("field_name, table", 'None if table[field_name].null_count() else "dmy"'),
])  # fmt: skip
def test_a_function_that_asks_for_values_of_a_run_may_read_a_field_that_is_found_by_values(run, parameters, order):
    functions = f"def day({parameters}):\n    return date(field_name, order={order})"
    package = fields('Field("day", by_values=True, read=day)', functions=functions)
    fill = 'registry.register_hook(fill, hook="on_workbook_start", priority=1)'
    package["hooks/h.py"] = f"def fill(state):\n    state['o'] = 'dmy'\ndef register(registry):\n    {fill}\n"
    outcome = run(package, [["", "?"]] + [[f"{number}.01.2025", "x"] for number in range(10, 20)])
    assert [(field["field"], field["detected"]) for field in outcome.completed["fields"]] == [("day", True)]


@pytest.mark.parametrize("read", ["year", "fails", "text", "None", "print"])
def test_a_function_that_does_not_read_the_field_by_such_a_reader_cannot_go_by_values(check, read):
    functions = 'def year(name):\n    return date("other").dt.year()\ndef fails(name):\n    return date(name) + {}["x"]'
    said = check(fields(f'Field("day", by_values=True, read={read})', functions=functions))
    assert "Field 'day': by_values=True goes with the readers" in said


@pytest.mark.parametrize(("line", "said"), [
    ("registry.register_field('day')", "TypeError: register_field takes a FieldDef, whose name is a text, not 'day'"),
    ("registry.register_field(FieldDef('day', label=5))", "TypeError: field 'day' has the label 5; it should be a text"),
    ("registry.register_field(FieldDef('day', dtype=int))", "field 'day' has the dtype <class 'int'>; it should be bool, int"),
    ("registry.register_hook(None, hook='on_sheet_end', priority=1)", "TypeError: a function has to be registered, not None"),
    ("registry.register_hook(print, hook='on_sheet_end', priority='high')", "TypeError: builtins.print has the priority 'high'; it should be a number"),
    ("registry.register_hook(print, stage='on_sheet_end', priority=1)", "TypeError: Registry.register_hook() got an unexpected keyword argument 'stage'"),
    ("Field('day', headers=None)", "TypeError: Field 'day': headers should be a list of texts, not None"),
    ("Field(['day'])", "TypeError: a field's name should be a text, not ['day']"),
    ("Field('day', header='Date')", "TypeError: Field 'day' takes no 'header'; did you mean 'headers'?"),
    ("1 / 0", "ZeroDivisionError: division by zero"),
])  # fmt: skip
@pytest.mark.parametrize("is_inside", [True, False])
def test_wrong_calls_are_errors_of_the_configuration_with_their_line(run_by_ade, template, line, said, is_inside):
    """Within `register` as at the top of a module."""
    path = template / "src/ade_config/columns/fields.py"
    head = "from ade_engine.fields import *\nfrom ade_engine.models import FieldDef\nfrom ade_engine.extensions.registry import Registry\n"
    body = f"def register(registry):\n    {line}\n" if is_inside else f"registry = Registry()\n{line}\ndef register(registry):\n    pass\n"
    if not is_inside and "dtype" in line:
        body = body.replace("    pass", "    registry.fields.update(globals()['registry'].fields)")
    path.write_text(head + body)
    outcome = run_by_ade(template, [["Name"], ["Ada"]])
    error = outcome.result.error
    assert error.code == "config_error" and error.message.startswith(said), error
    where = outcome.named("log")[-1]["data"]
    assert (where["file"], where["line"]) == (str(path), 5)
