"""Checking a package. What a check says of what stands there without effect, or cannot be called, stands in `tests/sheets/packages`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_starter_and_the_templates_are_without_a_word(ade_engine_here, tmp_path):
    ade_engine_here("config", "init", tmp_path / "starter")
    for config in (tmp_path / "starter", *(ROOT / "templates").iterdir(), ROOT / "examples" / "roster"):
        done = ade_engine_here("config", "validate", "--config-package", config, "--log-format", "ndjson")
        assert done.status == 0 and not [event for event in done.events if event["level"] == "warning"], done.stderr
