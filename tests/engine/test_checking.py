"""Checks of a package. `tests/sheets/packages` has the messages about code that has no effect or cannot be called."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_starter_and_the_templates_are_without_a_word(ade_engine_here, tmp_path):
    ade_engine_here("config", "init", tmp_path / "starter")
    for config in (tmp_path / "starter", *(ROOT / "templates").iterdir(), ROOT / "examples" / "roster"):
        done = ade_engine_here("config", "validate", "--config-package", config, "--log-format", "ndjson")
        assert done.status == 0 and not [event for event in done.events if event["level"] == "warning"], done.stderr
