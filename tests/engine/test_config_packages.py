"""Locating a package, finding its plugins, registering."""

import builtins
import sys

import pytest
from conftest import plugin, write_files, write_package

from ade_engine import FieldDef, HookName
from ade_engine.extensions.compiled import Compiled, compile_ahead
from ade_engine.extensions.loader import ConfigImport, find_plugins, import_and_register, resolve_config_import
from ade_engine.extensions.registry import Registry
from ade_engine.models import ConfigError

REGISTERS = "def register(registry):\n    pass\n"


def test_the_folder_itself_is_taken_before_src_and_the_default(tmp_path):
    files = {"__init__.py": "", "ade_config/__init__.py": ""}
    write_files(tmp_path / "orders", {**files, "src/other/__init__.py": ""})
    assert resolve_config_import(tmp_path / "orders") == ConfigImport("orders", tmp_path)
    # With a name that cannot be imported it is no package.
    write_files(tmp_path / "my-config", files)
    assert resolve_config_import(tmp_path / "my-config") == ConfigImport("ade_config", tmp_path / "my-config")


def test_src_prefers_ade_config_then_the_alphabet(tmp_path):
    with pytest.raises(ModuleNotFoundError, match="no config package"):
        resolve_config_import(tmp_path)
    write_files(tmp_path / "src", {"beta/__init__.py": "", "alpha/__init__.py": "", "a-b/__init__.py": "", "aa/x.py": ""})
    assert resolve_config_import(tmp_path) == ConfigImport("alpha", tmp_path / "src")
    write_files(tmp_path, {"src/ade_config/__init__.py": ""})
    assert resolve_config_import(tmp_path) == ConfigImport("ade_config", tmp_path / "src")


def loaded(folder, files):
    """The registry of a package with these files, and the names of the modules that registered."""
    write_package(folder, files, rows=None)
    registry = Registry()
    return registry, import_and_register(folder, registry)


def test_plugins_are_found_at_any_depth_in_the_order_of_their_names(tmp_path):
    registering = [
        "columns/__init__", "columns/b", "columns/no_folder_init/c", "columns/_draft", "columns/tests", "columns/tests/t",
        "columns/_private/p", "columns/nested/__init__", "columns/.b", "hooks/h", "row_detectors/r", "row_types/old", "elsewhere/e",
    ]  # fmt: skip
    files = {f"{name}.py": REGISTERS for name in registering}
    files["columns/a/deep/z.py"] = "async def register(registry):\n    pass\n"
    files["columns/helper.py"] = "def other():\n    pass\n"
    write_package(tmp_path, files, rows=None)
    assert find_plugins(tmp_path / "ade_config", "ade_config", Compiled(tmp_path / "ade_config")) == [f"ade_config.{name}" for name in (
        "columns", "columns..b", "columns.a.deep.z", "columns.b", "columns.nested", "columns.no_folder_init.c", "hooks.h", "row_detectors.r",
    )]  # fmt: skip
    # A name that starts with a dot is found like any other, and cannot be imported.
    with pytest.raises(ModuleNotFoundError):
        import_and_register(tmp_path, Registry())


def test_the_older_name_of_row_detectors_is_read_where_there_is_no_newer_one(tmp_path):
    files = {"row_types/old.py": "def register(registry):\n    registry.register_row_detector(lambda row_index: None, row_kind='header', priority=1)\n"}
    registry, found = loaded(tmp_path / "older", files)
    assert found == ["ade_config.row_types.old"] and len(registry.row_detectors) == 1
    registry, found = loaded(tmp_path / "both", files | {"row_detectors/new.py": REGISTERS})
    assert found == ["ade_config.row_detectors.new"] and not registry.row_detectors


def test_what_was_compiled_ahead_is_not_compiled_again_and_the_rest_is_left_to_the_run(tmp_path):
    deep = "x = " + "a + " * 9_000 + "a"
    write_package(tmp_path, {"columns/x.py": REGISTERS, "columns/y.py": f"{REGISTERS}\nX = 1 is 1\n", "other/deep.py": deep}, rows=None)
    package = tmp_path / "ade_config"
    compile_ahead(package)
    with open(package / "columns/x.py", "a") as file:
        file.write("\n1 +\n")
    with pytest.warns(SyntaxWarning):
        assert import_and_register(tmp_path, Registry()) == ["ade_config.columns.x", "ade_config.columns.y"]


@pytest.mark.parametrize("source, found", [
    ("def register(registry): pass", True),
    ("@staticmethod\ndef register(registry): pass", True),
    ("async def register(registry): pass", True),
    ("x = 1\n\n\ndef   register (registry):\n    pass", True),
    ("def register(a): pass\nregister = None", True),
    ("\ufeffdef register(registry): pass", True),
    ("if True:\n    def register(registry): pass", False),
    ("class C:\n    def register(self, registry): pass", False),
    ("class register: pass", False),
    ("register = lambda registry: None", False),
    ("from x import register", False),
    ("text = '''\ndef register(registry): pass\n'''", False),
    ("text = '''\ndef register(registry): pass\n'''\nif 1:\n  def register(r): pass", False),
    ("def registers(registry): pass", False),
])
def test_only_a_top_level_function_statement_makes_a_plugin(tmp_path, source, found):
    write_package(tmp_path, {"columns/x.py": source}, rows=None)
    assert find_plugins(tmp_path / "ade_config", "ade_config", Compiled(tmp_path / "ade_config")) == (["ade_config.columns.x"] if found else [])


def test_modules_are_not_imported_to_find_out_what_they_are(tmp_path):
    files = {"columns/helper.py": "raise RuntimeError('imported')", "columns/a.py": REGISTERS}
    assert loaded(tmp_path, files)[1] == ["ade_config.columns.a"]


def test_modules_load_in_order_and_register_right_after_their_import(tmp_path, monkeypatch):
    def module(name):
        trace = "import builtins\nbuiltins.trace.append('import {0}')\ndef register(registry):\n    builtins.trace.append('register {0}')\n"
        return trace.format(name)

    monkeypatch.setattr(builtins, "trace", [], raising=False)
    package = {"__init__.py": "import builtins\nbuiltins.trace.append('package')"}
    loaded(tmp_path, {"hooks/h.py": module("h"), "row_detectors/a.py": module("r"), "columns/z.py": module("z"), **package})
    assert builtins.trace == ["package", *(f"{what} {name}" for name in "zhr" for what in ("import", "register"))]


def test_the_path_is_extended_while_registering_only(tmp_path):
    before = list(sys.path)
    registry, _ = loaded(tmp_path, {
        "/sibling_of_config.py": "VALUE = 1",
        "columns/a.py": """
            import sys
            import sibling_of_config
            from ade_config.helpers import helper
            def register(registry):
                registry.path_in_front = sys.path[0]
        """,
        "helpers/__init__.py": "",
        "helpers/helper.py": "",
    })  # fmt: skip
    assert registry.path_in_front == str(tmp_path) and sys.path == before
    sys.modules.pop("sibling_of_config")


def test_equal_names_never_mix_between_loads(tmp_path):
    reads = "from ade_config.values import VALUE\ndef register(registry):\n    registry.value = VALUE\n"
    for number in (1, 2, 1):
        registry, _ = loaded(tmp_path / str(number), {"values.py": f"VALUE = {number}", "columns/a.py": reads})
        assert registry.value == number


def test_later_imports_find_submodules_but_not_siblings(run):
    outcome = run({"/beside.py": "", "late.py": "NAME = 'late'", "hooks/h.py": """
        def look(*, state, **_):
            from ade_config.late import NAME
            try:
                import beside
            except ImportError:
                state["found"] = NAME
        def show(*, state, output_sheet, **_):
            output_sheet["H1"] = state["found"]
        def register(registry):
            registry.register_hook(look, hook="on_sheet_start", priority=1)
            registry.register_hook(show, hook="on_sheet_end", priority=1)
    """}, [["a"], [1]])  # fmt: skip
    assert outcome.rows()[0][7] == "late"


def test_fields_and_the_order_of_everything():
    registry = Registry()
    field = FieldDef("a")
    assert registry.register_field(field) is field and (field.label, field.dtype, field.meta) == (None, None, {})
    with pytest.raises(ConfigError):
        registry.register_field(FieldDef(name="a"))

    def named(name, module="m"):
        def fn():
            pass

        fn.__qualname__, fn.__module__ = name, module
        return fn

    entries = [(named("b"), 1), (named("a"), 1), (named("z"), 9), (named("a", "l"), 1), (named("a"), 1)]
    for fn, priority in entries:
        registry.register_column_transform(fn, field="a", priority=priority)
    expected = [entries[i][0] for i in (2, 3, 1, 4, 0)]
    assert [entry.fn for entry in registry.column_transforms] == [fn for fn, _ in entries]
    assert registry.column_transforms_by_field == {}
    registry.finalize()
    assert [entry.fn for entry in registry.column_transforms] == expected
    assert [entry.fn for entry in registry.column_transforms_by_field["a"]] == expected
    assert registry.column_validators_by_field == {}


def test_entries_tell_what_they_are_for():
    from functools import partial

    registry = Registry()
    registry.register_field(FieldDef("a"))
    registry.register_row_detector(len, row_kind="header", priority=3)
    registry.register_column_detector(partial(len), field="a", priority=1)
    registry.register_hook(str.upper, hook="on_sheet_end", priority=0)
    row, column, hook = registry.row_detectors[0], registry.column_detectors[0], registry.hooks["on_sheet_end"][0]
    assert (row.fn, row.priority, row.module, row.qualname, row.row_kind) == (len, 3, "builtins", "len", "header")
    assert (column.field, column.qualname) == ("a", "<unknown>") and hook.hook_name is HookName.ON_SHEET_END
    assert set(registry.hooks) == set(HookName)


def test_an_async_register_is_a_plugin_that_nobody_awaits(run):
    outcome = run({"columns/late.py": """
        from ade_engine.models import FieldDef
        async def register(registry):
            registry.register_field(FieldDef("never"))
    """}, [["a"], [1]], fields=["a"])  # fmt: skip
    assert [field["field"] for field in outcome.completed["fields"]] == ["a"]
    assert "ade_config.columns.late" in outcome.named("config.loaded")[0]["data"]["plugin_modules"]


def test_entries_that_a_package_adds_by_hand_run_in_their_place(run):
    outcome = run({"hooks/h.py": """
        from ade_engine.extensions.registry import RegisteredFn
        from ade_engine.models import HookName
        def first(*, logger, **_):
            logger.info("first")
        def second(*, logger, **_):
            logger.info("second")
        def register(registry):
            registry.register_hook(second, hook="on_sheet_start", priority=1)
            entry = RegisteredFn(fn=first, priority=2, module="m", qualname="q", hook_name=HookName.ON_SHEET_START)
            registry.hooks[HookName.ON_SHEET_START].append(entry)
    """}, [["a"]])  # fmt: skip
    assert [event["message"] for event in outcome.named("log")] == ["first", "second"]


def test_a_priority_that_is_no_number_is_named(run):
    hook = plugin("on_sheet_start", "pass").replace("priority=1", "priority='high'")
    error = run({"hooks/h.py": hook}, [["a"]]).result.error
    assert error.code == "unknown_error" and "ade_config.hooks.h.fn has the priority 'high'" in error.message


MISSING = 'add "{}" to dependencies in pyproject.toml'


@pytest.mark.parametrize("module, dependency", [("pydantic", "pydantic"), ("pydantic.types", "pydantic"), ("dotenv", "python-dotenv"), ("xlrd", "xlrd")])
def test_modules_that_older_engines_brought_along_are_named_with_what_to_do(run, monkeypatch, module, dependency):
    monkeypatch.setitem(sys.modules, module.partition(".")[0], None)
    error = run({"hooks/h.py": f"import {module}\ndef register(registry): pass"}, [["a"]]).result.error
    assert error.code == "unknown_error"
    assert f"older engines brought {dependency} along" in error.message and MISSING.format(dependency) in error.message


def test_the_same_is_said_of_imports_inside_callables(run, monkeypatch):
    for name in ("xlrd", "surprise"):
        monkeypatch.setitem(sys.modules, name, None)
    error, other = (run({"hooks/h.py": plugin("on_sheet_start", f"import {name}")}, [["a"]]).result.error for name in ("xlrd", "surprise"))
    assert error.stage == "on_sheet_start" and MISSING.format("xlrd") in error.message
    assert "older engines" not in other.message
