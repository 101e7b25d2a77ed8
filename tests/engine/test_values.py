"""In a run of `ade`, cell values are in the output and nowhere else: each cell of the input is a word of its own, every
way to succeed or fail is gone, and the words are looked for in all that the engine says."""

import itertools
import json

import pytest
from conftest import everything, plugin, write_package, write_workbook

from ade_engine.infrastructure.policy import RUN_MARKER, SHOW_VALUES

ROWS, COLUMNS = 8, ("name", "amount", "kind")
#: One more, which no column has.
FIELDS = (*COLUMNS, "made")
#: Numbers too: an error may spell one in another way, but never with other digits.
WORDS = [f"tok{number:03}en" for number in range(ROWS * 2)]
NUMBERS = [70_000_000 + 12_347 * number for number in range(ROWS)]
SECRETS = [*WORDS, *map(str, NUMBERS), *(f"{number:,}" for number in NUMBERS)]


def marked_rows() -> list[list]:
    words = iter(WORDS)
    return [list(COLUMNS), *([next(words), number, next(words)] for number in NUMBERS)]


def failing(register: str, body: str, *, before: str = "") -> dict[str, str]:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    source = f"import polars as pl\n{before}\ndef fn(**values):\n{lines}\n\ndef register(registry):\n    registry.{register}\n"
    return {"columns/z.py": source}


ROW = "register_row_detector(fn, row_kind='data', priority=1)"
COLUMN = "register_column_detector(fn, field='name', priority=1)"
TRANSFORM = "register_column_transform(fn, field='name', priority=1)"
VALIDATOR = "register_column_validator(fn, field='name', priority=1)"
HOOK = "register_hook(fn, hook='on_table_mapped', priority=1)"
WRITTEN = "register_hook(fn, hook='on_table_written', priority=1)"

#: Where the text of an error stands that is left out.
LEFT_OUT = "(`ade run --show-values` shows the message)"
#: A package's own failing code, and what its message still says: the line of source, or the words of the engine.
FAILURES = {
    "float of a cell": (ROW, "if values['row_index'] == 3:\n    float(values['row_values'][0])", "raised ValueError at `float(values['row_values'][0])` " + LEFT_OUT),
    "key error": (ROW, "{}[values['row_values'][0]]", "raised KeyError at `{}[values['row_values'][0]]`"),
    "raised over several lines": (ROW, "raise ValueError(\n    f\"odd {values['row_values'][0]}\"\n)", "at `raise ValueError( f\"odd {values['row_values'][0]}\" )` " + LEFT_OUT),
    "raised without words": (ROW, "assert not values['row_values']", "raised AssertionError at `assert not values['row_values']`; called for"),
    "raised after the marker is gone": (ROW, "import os\nos.environ.clear()\nraise ValueError(values['row_values'][0])", "raised ValueError at `raise ValueError(values['row_values'][0])`"),
    "raised in a library": (ROW, "import re\nre.compile('(' + str(values['row_values'][0]))", "at `re.compile('(' + str(values['row_values'][0]))` " + LEFT_OUT),
    "raised in code of a cell": (ROW, "exec('raise ValueError(' + repr(values['row_values'][0]) + ')')", "raised ValueError at `exec('raise ValueError(' + repr(values['row_values'][0]) + ')')`"),
    "a module that is missing": (ROW, "import shillings", "raised ModuleNotFoundError at `import shillings`"),
    "a module called like a cell": (ROW, "__import__(str(values['row_values'][0]))", "raised ModuleNotFoundError at `__import__(str(values['row_values'][0]))`"),
    "a key of the code's own": (ROW, "{}['march']", "raised KeyError at `{}['march']`"),
    "raised with a value": (ROW, "raise ValueError(f\"no such office: {values['row_values'][0]}, ask\")", "at `raise ValueError(f\"no such office: {values['row_values'][0]}, ask\")` " + LEFT_OUT),
    "raised by percent": (ROW, "raise LookupError('odd %s (%d)' % (values['row_values'][0], 3))", "at `raise LookupError('odd %s (%d)' % (values['row_values'][0], 3))`"),
    "raised by format": (ROW, "raise LookupError('odd {}'.format(values['row_values'][0]))", "at `raise LookupError('odd {}'.format(values['row_values'][0]))`"),
    "raised by plus": (ROW, "raise LookupError('odd ' + str(values['row_values'][0]))", "at `raise LookupError('odd ' + str(values['row_values'][0]))`"),
    "raised as it is": (ROW, "raise LookupError(values['row_values'][0])", "raised LookupError at `raise LookupError(values['row_values'][0])`"),
    "raised from another": (ROW, "try:\n    int(values['row_values'][0])\nexcept ValueError as error:\n    raise RuntimeError('worse') from error", "raised RuntimeError at `raise RuntimeError('worse') from error`"),
    "raised while another": (ROW, "try:\n    int(values['row_values'][0])\nexcept ValueError:\n    raise RuntimeError('worse')", "raised RuntimeError at `raise RuntimeError('worse')`"),
    "a note": (ROW, "error = ValueError('noted')\nif hasattr(error, 'add_note'):\n    error.add_note(str(values['row_values']))\nraise error", "raised ValueError"),
    "a name of code": (ROW, "values['row_values'][0].no_such_thing", "raised AttributeError at `values['row_values'][0].no_such_thing`"),
    "an attribute by a cell": (ROW, "getattr(object, str(values['row_values'][0]))", "raised AttributeError at `getattr(object, str(values['row_values'][0]))`"),
    "an assertion": (ROW, "assert values['row_index'] == 1, f\"row {values['row_values']}\"", "raised AssertionError at `assert values['row_index'] == 1, f\"row {values['row_values']}\"`"),
    "a date": (ROW, "from datetime import date\ndate.fromisoformat(values['row_values'][2])", "raised ValueError at `date.fromisoformat(values['row_values'][2])`"),
    "a time of a library": (ROW, "from datetime import datetime\ndatetime.strptime('2020' + values['row_values'][2], '%Y')", "raised ValueError at `datetime.strptime('2020' + values['row_values'][2], '%Y')`"),
    "a file": (ROW, "open('/nowhere/' + values['row_values'][0])", "[Errno 2] No such file or directory at `open('/nowhere/' + values['row_values'][0])` " + LEFT_OUT),
    "json of a cell": (ROW, "import json\njson.loads(values['row_values'][0])", "raised JSONDecodeError at `json.loads(values['row_values'][0])`"),
    "a cell as a score": (ROW, "return {'data': values['row_values'][0]}", "a score of type str for 'data'"),
    "a score for a cell": (ROW, "return {values['row_values'][0]: 'high'}", "a score of type str;"),
    "a cell as a kind": (ROW, "return {values['row_values'][0]: 1.0, 'data': 0.5}", None),
    "source code of a cell": (ROW, "compile(values['row_values'][0] + ' +', 'cell', 'exec')", "raised SyntaxError at `compile(values['row_values'][0] + ' +', 'cell', 'exec')`"),
    "a cell as a field": (COLUMN, "return {values['column_sample'][0]: 1.0}", "scored a field that is not registered"),
    "a misspelt field": (COLUMN, "return {'nmae': 1.0}", "scored the field 'nmae', which is not registered; did you mean 'name'?"),
    "a group error": (COLUMN, "class Many(Exception): pass\nraise Many([ValueError(text) for text in values['column_sample']])", "raised Many"),
    "a strict cast": (TRANSFORM, "return pl.col('name').cast(pl.Int64)", "cannot be applied: InvalidOperationError " + LEFT_OUT),
    "a strict date": (TRANSFORM, "return pl.col('name').str.to_date('%Y')", "cannot be applied: InvalidOperationError " + LEFT_OUT),
    "a strict number": (VALIDATOR, "return pl.col('name').str.to_integer()", "cannot be applied: ComputeError " + LEFT_OUT),
    "an element": (TRANSFORM, "return pl.col('name').map_elements(lambda text: int(text), return_dtype=pl.Int64)", "cannot be applied: ValueError at `return pl.col('name').map_elements(lambda text: int(text), return_dtype=pl.Int64)`"),
    "a column of a cell's name": (TRANSFORM, "return pl.col(values['table']['name'][0])", "cannot be applied: ColumnNotFoundError " + LEFT_OUT),
    "a column that is missing": (TRANSFORM, "return pl.col('nmae')", "cannot be applied: ColumnNotFoundError: the table has no column 'nmae'; did you mean 'name'?"),
    "a column that a hook misses": (HOOK, "values['table'].select('nmae')", "raised ColumnNotFoundError: there is no column 'nmae' at `values['table'].select('nmae')`"),
    "a column by a cell": (HOOK, "values['table'].select(values['table']['name'][0])", "raised ColumnNotFoundError at `values['table'].select(values['table']['name'][0])`"),
    "a series of cells": (HOOK, "pl.Series('x', [1, values['table']['name'][0]], dtype=pl.Int64)", "raised TypeError at `pl.Series('x', [1, values['table']['name'][0]], dtype=pl.Int64)`"),
    "a pattern of a cell": (VALIDATOR, "return pl.when(pl.col('name').str.contains(pl.col('name') + '(')).then(pl.lit('x'))", "ComputeError"),
    "an attribute with quotation marks": (ROW, "getattr(object, 'fn\"' + str(values['row_values'][0]) + \"' fn 'fn\")", "raised AttributeError at `getattr(object, "),
    "an odd quotation mark": (ROW, "getattr(object, \"fn'\" + str(values['row_values'][0]))", "raised AttributeError at `getattr(object, "),
    "a column called like a cell": (HOOK, "table = values['table']\ntable.rename({'name': table['name'][0]}).select(pl.all().cast(pl.Int64))", "raised InvalidOperationError at `table.rename({'name': table['name'][0]}).select(pl.all().cast(pl.Int64))`"),
    "an error number": (ROW, "raise OSError(2, values['row_values'][0])", "[Errno 2] No such file or directory at `raise OSError(2, values['row_values'][0])`"),
    "a warning": (HOOK, "import warnings\nwarnings.warn(f\"odd {values['table']['name'][0]}\")", None),
    "data of an event": (HOOK, "class Odd:\n    def __str__(self):\n        raise ValueError(values['table']['name'][0])\nvalues['logger'].info('x', data={'odd': Odd()})", None),
    "a hook error": (HOOK, "from ade_engine.models import HookError\nraise HookError(f\"bad {values['table']['name'][0]}\")", "at `raise HookError(f\"bad {values['table']['name'][0]}\")`"),
    "a stage of a cell": (TRANSFORM, "from ade_engine.models import HookError\nraise HookError('bad', stage=values['table']['name'][0])", "raised HookError at `raise HookError('bad', stage=values['table']['name'][0])`"),
    "a derived mapping of a cell": (HOOK, "values['state']['ade_engine'] = {'derived_mappings': {'field_name': 'made', 'source_header': values['table']['name'][0], 'source_index': 0}}\nreturn values['table'].with_columns(pl.lit(1).alias('made'))", None),
    "a panic": (HOOK, "class Panic(BaseException): pass\nraise Panic(values['table']['name'][0])", "Panic at `raise Panic(values['table']['name'][0])`"),
    "the program's end": (HOOK, "raise SystemExit(values['table']['name'][0])", "raised SystemExit at `raise SystemExit(values['table']['name'][0])`"),
    "a cell that is refused": (WRITTEN, "values['output_sheet'].cell(1, 1).value = values['write_table']['name'][0] + chr(1)", "raised IllegalCharacterError at `values['output_sheet'].cell(1, 1).value = values['write_table']['name'][0] + chr(1)`"),
    "an object in a cell": (WRITTEN, "values['output_sheet'].cell(1, 1).value = [values['write_table']['name'][0]]", "raised ValueError at `values['output_sheet'].cell(1, 1).value = [values['write_table']['name'][0]]`"),
    "a wrong type": (HOOK, "return values['table'].to_dicts()", "returned list"),
    "control characters": (TRANSFORM, "return pl.col('name') + chr(1)", "text with a control character cannot be used in worksheets " + LEFT_OUT),
    "a list column": (TRANSFORM, "return pl.concat_list('name')", "Cannot convert a column of type List to Excel " + LEFT_OUT),
    "an exception that is logged": (HOOK, "try:\n    int(values['table']['name'][0])\nexcept ValueError:\n    values['logger'].exception('unlucky')", None),
    "a log line without its place": (HOOK, "values['logger'].info('two %s', values['table']['name'][0], values['table']['name'][1])", None),
    "a thread": (HOOK, "import threading\nt = threading.Thread(target=int, args=(values['table']['name'][0],))\nt.start()\nt.join()", None),
    "what nobody can raise": (HOOK, "class Odd:\n    def __del__(self):\n        int(values['table']['name'][0])\nOdd()", None),
    "success": (TRANSFORM, "return pl.col('name').str.to_uppercase()", None),
}  # fmt: skip


#: What only a process of its own shows: words of the interpreter, and what would change this one.
OF_A_PROCESS = {"a thread", "what nobody can raise", "a warning", "raised after the marker is gone", "the program's end", "a panic"}


@pytest.fixture
def marked(tmp_path, ade_engine, ade_engine_here, monkeypatch):
    """Run the engine as `ade` does, on an input in which each cell is a word of its own; in this process if it is not of a process."""

    def call(files: dict[str, str], level: str, source=None, is_of_a_process=True, **variables):
        config = write_package(tmp_path / "config", files, fields=FIELDS)
        source = source or write_workbook(tmp_path / "in.xlsx", {"Sheet": marked_rows()})
        words = ["process", "file", "--input", source, "--output", tmp_path / "out" / "in.xlsx", "--config-package", config]
        words += ["--log-format", "ndjson", "--log-level", level]
        if is_of_a_process:
            return ade_engine(*words, env={RUN_MARKER: "1", **variables})
        with monkeypatch.context() as changed:
            changed.setenv(RUN_MARKER, "1")
            return ade_engine_here(*words)

    return call


def found_in(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret.lower() in text.lower()]


def test_a_module_that_is_missing_is_named_in_the_hint_where_the_code_names_it(marked):
    hints = []
    for what in ("a module that is missing", "a module called like a cell"):
        (logged,) = [event["data"] for event in marked(failing(*FAILURES[what][:2]), "info").events if event["event"] == "engine.log"]
        hints.append(logged.get("hint"))
    assert hints == ["if shillings is a package, add it to `dependencies` in pyproject.toml; the next run installs it", None]


@pytest.mark.parametrize("level", ["debug", "info"] if everything() else ["debug"])
@pytest.mark.parametrize("what", FAILURES)
def test_no_cell_is_quoted_and_what_happened_is_said(marked, what, level):
    register, body, said = FAILURES[what]
    done = marked(failing(register, body), level, is_of_a_process=what in OF_A_PROCESS)
    assert not found_in(done.stderr + done.stdout), done.stderr
    completed = done.events[-1]
    assert completed["event"] == "engine.run.completed", done.stderr
    failure = completed["data"]["execution"]["failure"]
    if said is None:
        assert (done.status, failure) == (0, None), done.stderr
    else:
        assert done.status == 1 and said in failure["message"], failure
        if "raised" in failure["message"] and what != "a panic":
            assert "z.py, line" in failure["message"] or "fields.py" in failure["message"], failure


def test_inputs_that_cannot_be_read_are_not_quoted_either(marked, tmp_path):
    text = "\n".join(",".join(map(str, row)) for row in marked_rows())
    for name, content in {"latin.csv": text.encode() + b"\xe9", "no.xlsx": text.encode(), "no.xls": b"\0" + text.encode()}.items():
        source = tmp_path / name
        source.write_bytes(content)
        done = marked({}, "debug", source)
        assert done.status == 1 and not found_in(done.stderr), done.stderr


def test_a_damaged_reference_to_a_text_is_not_quoted(marked, tmp_path):
    import zipfile

    whole = write_workbook(tmp_path / "whole.xlsx", {"Sheet": marked_rows()})
    damaged = tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                word = WORDS[0].encode()
                inline = b'<c r="A2" t="inlineStr"><is><t>%b</t></is></c>' % word
                assert inline in content
                content = content.replace(inline, b'<c r="A2" t="s"><v>%b</v></c>' % word)
            target.writestr(name, content)
    done = marked({}, "debug", damaged)
    assert done.status == 1 and "A2" in done.events[-1]["data"]["execution"]["failure"]["message"]
    assert not found_in(done.stderr), done.stderr


@pytest.mark.parametrize("what", ["a strict cast", "a thread", "what nobody can raise"])
def test_values_go_to_the_terminal_that_asks_for_them_and_into_no_other_event(marked, what):
    register, body, said = FAILURES[what]
    done = marked(failing(register, body), "debug", **{SHOW_VALUES: "1"})
    values = [event for event in done.events if event["event"] == "engine.values"]
    assert any(WORDS[0] in event["message"] for event in values)
    others = [event for event in done.events if event["event"] != "engine.values"]
    assert not found_in(json.dumps(others))
    assert not any(event["event"] == "engine.values" for event in marked(failing(register, body), "debug").events)


def test_samples_of_a_transform_go_to_the_terminal_that_asks_for_them(marked):
    register, body, _ = FAILURES["success"]
    done = marked(failing(register, body), "debug", **{SHOW_VALUES: "1"})
    (samples,) = [event["message"] for event in done.events if event["event"] == "engine.values"]
    assert WORDS[0] in samples and WORDS[0].upper() in samples
    (result,) = [event["data"] for event in done.events if event["event"] == "engine.transform.result"]
    assert (result["sample_before"], result["sample_after"]) == (None, None)


def test_without_ade_the_engine_says_what_the_contract_wants(tmp_path, ade_engine):
    config = write_package(tmp_path / "config", failing(TRANSFORM, "return pl.col('name').cast(pl.Int64)"), fields=["name"])
    source = write_workbook(tmp_path / "in.xlsx", {"Sheet": marked_rows()})
    arguments = ["process", "file", "--input", source, "--config-package", config, "--log-format", "ndjson", "--debug"]
    done = ade_engine(*arguments, env={SHOW_VALUES: "1"})
    assert WORDS[0] in done.events[-1]["data"]["execution"]["failure"]["message"]
    assert not any(event["event"] == "engine.values" for event in done.events)


def test_what_was_wrong_before_any_cell_was_read_is_told_whole(marked):
    done = marked({"columns/z.py": "RATES = {}\nRATES['march']\ndef register(registry): pass\n"}, "info")
    assert "KeyError: 'march'" in done.events[-1]["data"]["execution"]["failure"]["message"]


def test_the_words_are_words_of_their_own():
    for one, other in itertools.permutations(SECRETS, 2):
        assert one not in other


def test_tables_that_cannot_be_merged_do_not_name_columns_that_are_called_like_cells(marked, tmp_path):
    body = """table = values['table'].with_columns(pl.lit(1 if values['table_index'] else 'x').alias(SHARED[0] if SHARED else values['table']['name'][0]))
SHARED[:] = [table.columns[-1]]
return table"""
    files = failing(HOOK, body, before="SHARED = []")
    files["/settings.toml"] = "merge_tables_in_sheet = true"
    rows = marked_rows()
    body = 'return {"header": 1.0} if row_values[:1] == ["name"] else {"data": 1.0}'
    files["row_detectors/rows.py"] = plugin("row", body, "*, row_values, **_")
    source = write_workbook(tmp_path / "two.xlsx", {"Sheet": [*rows, [], *rows]})
    done = marked(files, "debug", source)
    assert "a column that a hook has made is" in done.events[-1]["data"]["execution"]["failure"]["message"], done.stderr
    assert not found_in(done.stderr), done.stderr
