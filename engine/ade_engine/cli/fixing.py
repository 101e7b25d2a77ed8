"""``fix columns``."""

from __future__ import annotations

import json
from pathlib import Path

from ade_engine.cli.arguments import UsageError
from ade_engine.cli.common import load_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def fix_columns(values: dict[str, Any]) -> int:
    """Say what columns may be, or make the files in which fields have more headers; ``result.json`` has what was found."""
    from ade_engine.cases.runner import write_result
    from ade_engine.inference.suggest import edits, suggest

    folder = Path(values["output_dir"])
    try:
        asked = json.loads(Path(values["list"]).read_text(encoding="utf-8"))
        root = Path(asked["root"])
        accepted = [(str(field), str(header)) for field, header in asked.get("accept") or ()]
        source = Path(asked["input"]) if asked.get("input") else None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(f"--list is no question about columns: {error}") from error
    if source is None:
        write_result(folder / "result.json", edits(root, accepted, folder))
        return 0
    own = [f"{name}={value}" for name, value in (asked.get("settings") or {}).items()]
    # A column that is not written cannot be suggested, and those of the engine are none of the file's.
    assigned = [*values["set"], *own, "remove_unmapped_columns=false", "issue_columns=false", "also_write=parquet"]
    settings, package = load_settings({**values, "set": assigned}, source.name)
    made = folder / "made"
    made.mkdir(parents=True, exist_ok=True)
    write_result(folder / "result.json", suggest(asked, settings, package, made))
    return 0
