"""Frames of types that no run makes in other shapes, and a setting that has no effect; all else is in `tests/sheets/output`."""

import datetime as dt
from unittest.mock import Mock

import polars as pl

from ade_engine import Engine, Settings
from ade_engine.io.output.other_shapes import write_frame


def test_a_sheet_of_issues_without_a_list_is_named_by_a_check(template):
    # As a package of engine 1.9 has it.
    (template / "settings.toml").write_text("issues_sheet = true\n")
    log = Mock()
    Engine(Settings.load(config_package_dir=template)).check(config_package=template, logger=log)
    assert "line 1: issues_sheet has no effect before edition 2026" in str(log.mock_calls)


def test_what_no_text_can_hold_is_text(tmp_path):
    moment = dt.datetime(2024, 5, 6, 7, 8, 9)
    values = {"n": [7.0, None], "m": [7.0, 0.5], "h": [dt.time(3, 4), None], "d": [dt.timedelta(hours=30), None], "t": [moment, moment.replace(microsecond=5000)], "l": [[1, 2], None], "b": [b"x", None]}
    frame = pl.DataFrame(values).with_columns(pl.Series("o", [object, None], dtype=pl.Object))
    for shape, read in (("csv", pl.read_csv), ("jsonl", pl.read_ndjson), ("parquet", pl.read_parquet)):
        write_frame(frame, str(tmp_path / f"a.{shape}"), shape)
        assert read(tmp_path / f"a.{shape}").height == 2
    lines = (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()
    assert lines[1] == "7,7.0,03:04:00,30:00:00,2024-05-06 07:08:09,\"[1, 2]\",x,<class 'object'>" and "07:08:09.005" in lines[2]
