"""Locating a package, compiling and registering. `tests/sheets/packages` has which modules are plugins."""

from functools import partial

import pytest
from conftest import write_files, write_package

from ade_engine import FieldDef, HookName
from ade_engine.extensions.compiled import compile_ahead
from ade_engine.extensions.loader import ConfigImport, import_and_register, resolve_config_import
from ade_engine.extensions.registry import Registry
from ade_engine.models import ConfigError

REGISTERS = "def register(registry):\n    pass\n"


def test_the_folder_itself_is_taken_before_src_and_the_default(tmp_path):
    files = {"__init__.py": "", "ade_config/__init__.py": ""}
    write_files(tmp_path / "orders", {**files, "src/other/__init__.py": ""})
    assert resolve_config_import(tmp_path / "orders") == ConfigImport("orders", tmp_path)
    # A folder with a name that cannot be imported is no package.
    write_files(tmp_path / "my-config", files)
    assert resolve_config_import(tmp_path / "my-config") == ConfigImport("ade_config", tmp_path / "my-config")


def test_src_prefers_ade_config_then_the_alphabet_and_is_found_behind_links(tmp_path, monkeypatch):
    with pytest.raises(ModuleNotFoundError, match="no config package"):
        resolve_config_import(tmp_path)
    write_files(tmp_path / "src", {"beta/__init__.py": "", "alpha/__init__.py": "", "a-b/__init__.py": "", "aa/x.py": ""})
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path.parent))
    for path in (tmp_path, str(tmp_path), tmp_path / "link", f"~/{tmp_path.name}"):
        assert resolve_config_import(path) == ConfigImport(package_name="alpha", import_root=tmp_path / "src")
    write_files(tmp_path, {"src/ade_config/__init__.py": ""})
    assert resolve_config_import(tmp_path) == ConfigImport("ade_config", tmp_path / "src")


def test_what_was_compiled_ahead_is_not_compiled_again_and_the_rest_is_left_to_the_run(tmp_path):
    deep = "x = " + "a + " * 9_000 + "a"
    write_package(tmp_path, {"columns/x.py": REGISTERS, "columns/y.py": f"{REGISTERS}\nX = 1 is 1\n", "other/deep.py": deep}, rows=None)
    package = tmp_path / "ade_config"
    compile_ahead(package)
    with open(package / "columns/x.py", "a") as file:
        file.write("\n1 +\n")
    with pytest.warns(SyntaxWarning):
        assert import_and_register(tmp_path, Registry()) == ["ade_config.columns.x", "ade_config.columns.y"]


def test_fields_and_the_order_of_everything():
    registry = Registry()
    field = FieldDef("a")
    assert registry.register_field(field) is field and (field.label, field.dtype, field.meta) == (None, None, {})
    with pytest.raises(ConfigError):
        registry.register_field(FieldDef(name="a"))

    def named(name, module="m"):
        fn = lambda: None  # noqa: E731
        fn.__qualname__, fn.__module__ = name, module
        return fn

    entries = [(named("b"), 1), (named("a"), 1), (named("z"), 9), (named("a", "l"), 1), (named("a"), 1)]
    for fn, priority in entries:
        registry.register_column_transform(fn, field="a", priority=priority)
    assert [entry.fn for entry in registry.column_transforms] == [fn for fn, _ in entries] and registry.column_transforms_by_field == {}
    registry.finalize()
    for found in (registry.column_transforms, registry.column_transforms_by_field["a"]):
        assert [entry.fn for entry in found] == [entries[i][0] for i in (2, 3, 1, 4, 0)]
    assert registry.column_validators_by_field == {}


def test_entries_tell_what_they_are_for():
    registry = Registry()
    registry.register_field(FieldDef("a"))
    registry.register_row_detector(len, row_kind="header", priority=3)
    registry.register_column_detector(partial(len), field="a", priority=1)
    registry.register_hook(str.upper, hook="on_sheet_end", priority=0)
    row, column, hook = registry.row_detectors[0], registry.column_detectors[0], registry.hooks["on_sheet_end"][0]
    assert (row.fn, row.priority, row.module, row.qualname, row.row_kind) == (len, 3, "builtins", "len", "header")
    assert (column.field, column.qualname) == ("a", "<unknown>") and hook.hook_name is HookName.ON_SHEET_END
    assert set(registry.hooks) == set(HookName)
