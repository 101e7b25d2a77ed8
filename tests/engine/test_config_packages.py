"""Locating a package, finding its plugins, registering."""

from __future__ import annotations

import sys

import pytest
from conftest import write_files, write_package

from ade_engine import FieldDef, HookName
from ade_engine.extensions.loader import ConfigImport, find_plugins, import_and_register, resolve_config_import
from ade_engine.extensions.registry import Registry
from ade_engine.models import ConfigError

REGISTERS = "def register(registry):\n    pass\n"


def test_the_folder_itself_is_taken_before_src_and_the_default(tmp_path):
    write_files(tmp_path / "orders", {"__init__.py": "", "src/other/__init__.py": "", "ade_config/__init__.py": ""})
    assert resolve_config_import(tmp_path / "orders") == ConfigImport("orders", tmp_path)


def test_a_folder_with_a_name_that_cannot_be_imported_is_no_package(tmp_path):
    write_files(tmp_path / "my-config", {"__init__.py": "", "ade_config/__init__.py": ""})
    assert resolve_config_import(tmp_path / "my-config") == ConfigImport("ade_config", tmp_path / "my-config")


def test_src_prefers_ade_config_then_the_alphabet(tmp_path):
    write_files(
        tmp_path,
        {"src/beta/__init__.py": "", "src/alpha/__init__.py": "", "src/a-b/__init__.py": "", "src/aa/x.py": ""},
    )
    assert resolve_config_import(tmp_path) == ConfigImport("alpha", tmp_path / "src")
    write_files(tmp_path, {"src/ade_config/__init__.py": ""})
    assert resolve_config_import(tmp_path) == ConfigImport("ade_config", tmp_path / "src")


def test_no_package_is_a_module_not_found_error(tmp_path):
    with pytest.raises(ModuleNotFoundError, match="no config package"):
        resolve_config_import(tmp_path)


def test_plugins_are_found_at_any_depth_in_the_order_of_their_names(tmp_path):
    write_package(
        tmp_path,
        {
            "columns/__init__.py": REGISTERS,
            "columns/b.py": REGISTERS,
            "columns/a/deep/z.py": "async def register(registry):\n    pass\n",
            "columns/no_folder_init/c.py": REGISTERS,
            "columns/helper.py": "def other():\n    pass\n",
            "columns/_draft.py": REGISTERS,
            "columns/tests.py": REGISTERS,
            "columns/tests/t.py": REGISTERS,
            "columns/_private/p.py": REGISTERS,
            "columns/nested/__init__.py": REGISTERS,
            "hooks/h.py": REGISTERS,
            "row_detectors/r.py": REGISTERS,
            "row_types/old.py": REGISTERS,
            "elsewhere/e.py": REGISTERS,
        },
        rows=None,
    )
    assert find_plugins(tmp_path / "ade_config", "ade_config") == [
        "ade_config.columns",
        "ade_config.columns.a.deep.z",
        "ade_config.columns.b",
        "ade_config.columns.nested",
        "ade_config.columns.no_folder_init.c",
        "ade_config.hooks.h",
        "ade_config.row_detectors.r",
    ]


@pytest.mark.parametrize(
    "source, found",
    [
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
    ],
)
def test_only_a_top_level_function_statement_makes_a_plugin(tmp_path, source, found):
    write_package(tmp_path, {}, rows=None)
    folder = tmp_path / "ade_config" / "columns"
    folder.mkdir()
    (folder / "x.py").write_text(source, encoding="utf-8")
    assert find_plugins(tmp_path / "ade_config", "ade_config") == (["ade_config.columns.x"] if found else [])


def test_modules_are_not_imported_to_find_out_what_they_are(tmp_path):
    write_package(
        tmp_path, {"columns/helper.py": "raise RuntimeError('imported')", "columns/a.py": REGISTERS}, rows=None
    )
    assert import_and_register(tmp_path, Registry()) == ["ade_config.columns.a"]


@pytest.mark.parametrize("name", ["columns/plugin.py", "columns/helper.py"])
def test_a_syntax_error_is_a_module_not_found_error(tmp_path, name):
    write_package(tmp_path, {"columns/a.py": REGISTERS, name: "def register(registry:\n"}, rows=None)
    with pytest.raises(ModuleNotFoundError, match="line 1"):
        import_and_register(tmp_path, Registry())


def test_a_package_without_plugins_is_a_module_not_found_error(tmp_path):
    write_package(tmp_path, {"columns/a.py": "x = 1"}, rows=None)
    with pytest.raises(ModuleNotFoundError, match="no plugin module"):
        import_and_register(tmp_path, Registry())


def test_modules_load_in_order_and_register_right_after_their_import(tmp_path):
    def module(name):
        return f"""
            import builtins
            builtins.trace.append("import {name}")
            def register(registry):
                builtins.trace.append("register {name}")
        """

    import builtins

    builtins.trace = []
    try:
        write_package(
            tmp_path,
            {
                "hooks/h.py": module("h"),
                "row_detectors/a.py": module("r"),
                "columns/z.py": module("z"),
                "__init__.py": "import builtins\nbuiltins.trace.append('package')",
            },
            rows=None,
        )
        import_and_register(tmp_path, Registry())
        assert builtins.trace == [
            "package",
            "import z",
            "register z",
            "import h",
            "register h",
            "import r",
            "register r",
        ]
    finally:
        del builtins.trace


def test_the_path_is_extended_while_registering_only(tmp_path):
    write_package(
        tmp_path,
        {
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
        },
        rows=None,
    )
    registry, before = Registry(), list(sys.path)
    import_and_register(tmp_path, registry)
    assert registry.path_in_front == str(tmp_path)
    assert sys.path == before
    sys.modules.pop("sibling_of_config")


def test_equal_names_never_mix_between_loads(tmp_path):
    for number in (1, 2):
        write_package(
            tmp_path / str(number),
            {
                "values.py": f"VALUE = {number}",
                "columns/a.py": """
            from ade_config.values import VALUE
            def register(registry):
                registry.value = VALUE
        """,
            },
            rows=None,
        )
    for number in (1, 2, 1):
        registry = Registry()
        import_and_register(tmp_path / str(number), registry)
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
    assert registry.register_field(field) is field
    assert (field.label, field.dtype, field.meta) == (None, None, {})
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
    assert (column.field, column.qualname) == ("a", "<unknown>")
    assert hook.hook_name is HookName.ON_SHEET_END
    assert set(registry.hooks) == set(HookName)


def test_what_does_not_fit_together_is_a_config_error():
    registry = Registry()
    for register in (
        registry.register_column_detector,
        registry.register_column_transform,
        registry.register_column_validator,
    ):
        with pytest.raises(ConfigError, match="ghost"):
            register(len, field="ghost", priority=1)
    with pytest.raises(ConfigError, match="on_monday"):
        registry.register_hook(len, hook="on_monday", priority=1)
    with pytest.raises(TypeError):
        registry.register_row_detector(len)


def test_an_async_register_is_a_plugin_that_nobody_awaits(run):
    outcome = run({"columns/late.py": """
        from ade_engine.models import FieldDef
        async def register(registry):
            registry.register_field(FieldDef("never"))
    """}, [["a"], [1]], fields=["a"])  # fmt: skip
    assert [field["field"] for field in outcome.completed["fields"]] == ["a"]
    assert "ade_config.columns.late" in outcome.named("config.loaded")[0]["data"]["plugin_modules"]


def test_files_whose_names_start_with_a_dot_are_plugins_like_any_other(tmp_path):
    write_package(tmp_path, {"columns/a.py": REGISTERS, "columns/.b.py": REGISTERS}, rows=None)
    assert find_plugins(tmp_path / "ade_config", "ade_config") == ["ade_config.columns..b", "ade_config.columns.a"]
    with pytest.raises(ModuleNotFoundError):
        import_and_register(tmp_path, Registry())


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
    outcome = run({"hooks/h.py": """
        def hook(**_): pass
        def register(registry):
            registry.register_hook(hook, hook="on_sheet_start", priority="high")
    """}, [["a"]])  # fmt: skip
    assert outcome.result.error.code == "unknown_error"
    assert "ade_config.hooks.h.hook has the priority 'high'" in outcome.result.error.message


MISSING = 'add "{}" to dependencies in pyproject.toml'


@pytest.mark.parametrize(
    "module, dependency",
    [("pydantic", "pydantic"), ("pydantic.types", "pydantic"), ("dotenv", "python-dotenv"), ("xlrd", "xlrd")],
)
def test_modules_that_older_engines_brought_along_are_named_with_what_to_do(run, monkeypatch, module, dependency):
    import sys

    monkeypatch.setitem(sys.modules, module.partition(".")[0], None)
    outcome = run({"hooks/h.py": f"import {module}\ndef register(registry): pass"}, [["a"]])
    assert outcome.result.error.code == "unknown_error"
    assert f"older engines brought {dependency} along" in outcome.result.error.message
    assert MISSING.format(dependency) in outcome.result.error.message


def test_the_same_is_said_of_imports_inside_callables_and_by_validation(run, ade_engine, tmp_path, monkeypatch):
    import sys

    for name in ("xlrd", "surprise"):
        monkeypatch.setitem(sys.modules, name, None)
    source = """
        def late(**_):
            import {}
        def register(registry):
            registry.register_hook(late, hook="on_sheet_start", priority=1)
    """
    error = run({"hooks/h.py": source.format("xlrd")}, [["a"]]).result.error
    assert error.stage == "on_sheet_start" and MISSING.format("xlrd") in error.message
    assert "older engines" not in run({"hooks/h.py": source.format("surprise")}, [["a"]]).result.error.message
    blocked = "import sys\nsys.modules['pydantic'] = None\nimport pydantic\ndef register(registry): pass"
    config = write_package(tmp_path / "other", {"hooks/h.py": blocked})
    done = ade_engine("config", "validate", "--config-package", config)
    assert done.status == 1 and MISSING.format("pydantic") in done.stdout
