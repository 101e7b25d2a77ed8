"""The command ``test cases`` of the engine."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile
from time import perf_counter

from ade_engine.cli.arguments import UsageError
from ade_engine.cli.common import load_settings, read_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def test_cases(values: dict[str, Any]) -> int:
    """Runs each case of a list in this process, and writes its result as ``<number>.json``."""
    from ade_engine.cases.runner import compile_once, run_case, write_result
    from ade_engine.models.errors import SettingsError

    folder = Path(values["output_dir"])
    with read_list(values, "list of cases") as listed:
        cases = [(int(case["number"]), Path(case["input"]), case) for case in listed]
    for number, source, case in cases:
        begun = perf_counter()
        own = [f"{name}={value}" for name, value in (case.get("settings") or {}).items()]
        try:
            # The tables are kept in the format that names the field of each column; it is not written.
            assigned = [*values["set"], *own, "also_write=parquet"]
            settings, package = load_settings({**values, "set": assigned}, case.get("input_name") or source.name)
            made = folder / str(number)
            made.mkdir(parents=True, exist_ok=True)
            if case.get("input_name"):
                case["input"] = str(_under_its_name(source, case["input_name"], made))
            if "changes" in case:
                from ade_engine.cases.fuzz import Fuzz

                result = Fuzz(case, settings, package, made).result(int(case["changes"]), int(case["seed"]))
            else:
                result = run_case(case, settings, package, made)
        except (SettingsError, UsageError) as error:
            result = {"error": {"code": "settings_invalid", "message": str(error)}, "tables": [], "issues": []}
        result["seconds"] = perf_counter() - begun
        write_result(folder / f"{number}.json", result)
        # Not before the first case: the environment's modules have their bytecode there, and would be compiled anew.
        compile_once(folder / "compiled")
    return 0


def _under_its_name(source: Path, name: str, folder: Path) -> Path:
    """Copies an input under the sender's file name, which settings and hooks may depend on. Its folder is named after the case.
    """
    copy = folder / "input" / source.parent.name / name
    copy.parent.mkdir(parents=True)
    copyfile(source, copy)
    return copy
