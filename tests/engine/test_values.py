"""In a run of `ade`, cell values are in the output and nowhere else: the streams and flags that only a process of its own shows.

All else that could quote a cell stands in `tests/sheets/errors/no_cell_is_quoted.toml`.
"""

import json
import zipfile

import pytest
from conftest import write_package, write_workbook

from ade_engine.infrastructure.policy import RUN_MARKER, SHOW_VALUES

#: Each cell of the input is a word or a number of its own.
ROWS = [["name", "amount"], *([f"tok{at:03}en", 70_000_000 + 12_347 * at] for at in range(8))]
WORD = ROWS[1][0]
MODULE = "import polars as pl\n\ndef fn(**values):\n    %s\n\ndef register(registry):\n    registry.register_%s, priority=1)\n"
ROW, HOOK = "row_detector(fn, row_kind='data'", "hook(fn, hook='on_table_mapped'"
CAST = "column_transform(fn, field='name'", "return pl.col('name').cast(pl.Int64)", "cannot be applied: InvalidOperationError"
#: The registration of a function, its failing code, and the message; without a message, the run succeeds.
FAILURES = {
    "raised after the marker is gone": (ROW, "import os; os.environ.clear(); raise ValueError(values['row_values'][0])", "raised ValueError at `import os"),
    "a warning": (HOOK, "import warnings; warnings.warn(f\"odd {values['table']['name'][0]}\")", None),
    "a panic": (HOOK, "raise type('Panic', (BaseException,), {})(values['table']['name'][0])", "Panic at `raise type("),
    "the program's end": (HOOK, "raise SystemExit(values['table']['name'][0])", "raised SystemExit at `raise SystemExit("),
    "a thread": (HOOK, "import threading; t = threading.Thread(target=int, args=(values['table']['name'][0],)); t.start(); t.join()", None),
    "what nobody can raise": (HOOK, "type('Odd', (), {'__del__': lambda self: int(values['table']['name'][0])})()", None),
}  # fmt: skip


@pytest.fixture
def marked(tmp_path, ade_engine):
    """Run the engine as `ade` does."""

    def call(register="", body="", source=None, level="debug", **variables):
        files = {"columns/z.py": MODULE % (body, register)} if register else {}
        source = source or write_workbook(tmp_path / "in.xlsx", {"Sheet": ROWS})
        config = write_package(tmp_path / "config", files, fields=["name", "amount"])
        words = ["--input", source, "--output", tmp_path / "out" / "in.xlsx", "--config-package", config, "--log-format", "ndjson", "--log-level", level]
        return ade_engine("process", "file", *words, env={RUN_MARKER: "1", **variables})

    return call


def quoted(text: str) -> list:
    return [cell for row in ROWS[1:] for cell in row if str(cell) in text or isinstance(cell, int) and f"{cell:,}" in text]


def failure(done) -> str | None:
    found = done.events[-1]["data"]["execution"]["failure"]
    return found and found["message"]


@pytest.mark.parametrize("what", FAILURES)
def test_no_cell_is_quoted_and_what_happened_is_said(marked, what):
    register, body, said = FAILURES[what]
    done = marked(register, body)
    assert not quoted(done.stderr + done.stdout), done.stderr
    message = failure(done)
    assert (done.status, message) == (0, None) if said is None else done.status == 1 and said in message, done.stderr


def test_inputs_that_cannot_be_read_are_not_quoted_either(marked, tmp_path):
    text = "\n".join(",".join(map(str, row)) for row in ROWS).encode()
    whole, damaged = write_workbook(tmp_path / "whole.xlsx", {"Sheet": ROWS}), tmp_path / "damaged.xlsx"
    inline = b'<c r="A2" t="inlineStr"><is><t>%b</t></is></c>' % WORD.encode()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            # A damaged reference to a text.
            target.writestr(name, source.read(name).replace(inline, b'<c r="A2" t="s"><v>%b</v></c>' % WORD.encode()))
    for name, content in {"latin.csv": text + b"\xe9", "no.xlsx": text, "no.xls": b"\0" + text, "damaged.xlsx": damaged.read_bytes()}.items():
        (tmp_path / name).write_bytes(content)
        done = marked(source=tmp_path / name)
        assert done.status == 1 and not quoted(done.stderr), done.stderr
    assert "A2" in failure(done)


@pytest.mark.parametrize("what", [CAST, FAILURES["a thread"], FAILURES["what nobody can raise"]])
def test_values_go_to_the_terminal_that_asks_for_them_and_into_no_other_event(marked, what):
    events = marked(*what[:2], **{SHOW_VALUES: "1"}).events
    assert any(WORD in event["message"] for event in events if event["event"] == "engine.values")
    assert not quoted(json.dumps([event for event in events if event["event"] != "engine.values"]))
    assert not any(event["event"] == "engine.values" for event in marked(*what[:2]).events)


def test_samples_of_a_transform_go_to_the_terminal_that_asks_for_them(marked):
    events = marked(CAST[0], "return pl.col('name').str.to_uppercase()", **{SHOW_VALUES: "1"}).events
    (samples,) = [event["message"] for event in events if event["event"] == "engine.values"]
    (result,) = [event["data"] for event in events if event["event"] == "engine.transform.result"]
    assert WORD in samples and WORD.upper() in samples and (result["sample_before"], result["sample_after"]) == (None, None)


def test_without_ade_the_engine_says_what_the_contract_wants(marked):
    done = marked(*CAST[:2], **{SHOW_VALUES: "1", RUN_MARKER: ""})
    assert WORD in failure(done) and not any(event["event"] == "engine.values" for event in done.events)
