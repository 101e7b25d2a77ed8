"""The command ``combine`` of the engine."""

from __future__ import annotations

from pathlib import Path

from ade_engine.cli.arguments import UsageError
from ade_engine.cli.common import load_settings, read_list
from ade_engine.infrastructure.policy import refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def combine_files(values: dict[str, Any]) -> int:
    """Combines the tables of several runs into one, and prints its size."""
    from ade_engine.application.combine import SHAPES, combine
    from ade_engine.models.errors import OutputError

    output = Path(values["output"])
    if output.suffix.lower().removeprefix(".") not in SHAPES:
        raise UsageError(f"--output has to end in {', '.join(f'.{shape}' for shape in SHAPES)}: {output.name!r}")
    with read_list(values, "list of files and their tables") as listed:
        inputs = [(str(entry["file"]), entry["tables"] and [Path(path) for path in entry["tables"]]) for entry in listed]
    settings, _ = load_settings(values)
    try:
        made = combine(inputs, output, names=values["names"], escape_formulas=settings.escape_formulas)
    except (OutputError, OSError) as error:
        refuse("combine_failed", str(error))
        print(f"Not combined: {error}")
        return 1
    print("Combined")
    print(f"- rows: {made.rows}")
    print(f"- tables: {made.tables}")
    for header in made.as_text:
        print(f"- as_text: {header}")
    for told in made.repeated:
        print(f"- repeated: {told}")
    return 0
