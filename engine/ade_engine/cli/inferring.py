"""The commands ``infer fields`` and ``fix columns``."""

from __future__ import annotations

from pathlib import Path

from ade_engine.cli.common import load_settings, read_list

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ade_engine.infrastructure.settings import Settings

#: The message for an unforeseen error, whose own words may hold values.
_FAULT = "an error in ADE; please report it, with the file if you may share it"
#: A sample's rows count as they are in the file, and its columns have no fields yet.
_AS_THEY_ARE = ("drop_blank_rows=false", "remove_unmapped_columns=false", "issue_columns=false", "group_rows=keep", "also_write=parquet")


def infer_fields(values: dict[str, Any]) -> int:
    """Writes the fields, and the inputs of cases, for samples; ``result.json`` describes them."""
    from ade_engine.cases.runner import write_result
    from ade_engine.inference.samples import SampleError

    folder = Path(values["output_dir"])
    with read_list(values, "list of samples") as asked:
        samples = [(str(sample["name"]), Path(sample["input"])) for sample in asked["samples"]]
        wished = asked.get("fields")
        answers = list(asked.get("answers") or ())
    try:
        result = _infer(values, samples, wished, answers, folder)
    except SampleError as error:
        result = {"error": {"code": error.code, "message": str(error)}}
    except Exception:
        result = {"error": {"code": "unknown_error", "message": f"no fields could be inferred from the samples, because of {_FAULT}"}}
    write_result(folder / "result.json", result)
    return 0


def _infer(values: dict[str, Any], named: list[tuple[str, Path]], wished: Any, answers: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    from ade_engine.inference.choosing import answers_of, wishes_of
    from ade_engine.inference.inferred import infer
    from ade_engine.inference.samples import SampleError, case_name, cut, read_sample
    from ade_engine.inference.senders import differing, tables_of
    from ade_engine.inference.written import fields_module, questions, remarks, to_look_at

    samples, cases, passed_over, taken, said = [], [], [], set(), answers_of(answers)
    scratch = folder / "made"
    scratch.mkdir(parents=True, exist_ok=True)
    for name, path in named:

        def load(folder: Path | None, more: Sequence[str], named: str = path.name) -> tuple[Settings, Path]:
            package = values["config_package"] if folder is None else str(folder)
            return load_settings({**values, "config_package": package, "set": [*values["set"], *_AS_THEY_ARE, *more]}, named)

        settings, _ = load(None, ())
        try:
            sample = read_sample(name, path, load, scratch, said.shapes)
            file, gone = cut(sample, settings, folder / f"case-{len(cases)}", "input")
        except Exception as error:
            why = str(error) if isinstance(error, SampleError) else f"its tables could not be read, because of {_FAULT}"
            why = why.replace(str(path), name).removeprefix(f"{name}: ")
            passed_over.append((name, why, getattr(error, "code", "unknown_error")))
            continue
        samples.append(sample)
        cases.append({"name": case_name(name, taken), "sample": name, "input": str(file.relative_to(folder)), "left_out": gone})
    if not samples:
        each = "; ".join(why if why.startswith(name) else f"{name}: {why}" for name, why, _ in passed_over)
        raise SampleError(passed_over[0][2], each if len(passed_over) == 1 else f"none of the samples can be used: {each}")
    inferred = infer(samples, wishes_of(wished, settings), said)
    asked = questions(inferred, samples)
    (folder / "fields.py").write_text(fields_module(inferred, samples), encoding="utf-8")
    fields = [
        {
            "name": field.name, "label": field.label, "headers": field.headers, "read": field.read, "checks": field.checks, "values": field.known,
            "columns": [[column.sample, column.header] for column in field.group.columns],
            "merges": [{"sample": sample, "header": header, "reason": reason} for sample, header, reason in field.group.merges],
            "perhaps": field.group.perhaps.headers[0] if field.group.perhaps is not None else None,
            "remarks": remarks(field),
        }
        for field in inferred.fields
    ]  # fmt: skip
    return {
        "error": None,
        "samples": [{"name": sample.name, "rows": sample.rows} for sample in samples],
        "passed_over": [{"name": name, "reason": why} for name, why, _ in passed_over],
        "fields": fields,
        "left_out": [{"header": header, "reason": why} for header, why in inferred.left_out],
        "settings": [{"name": name, "value": value, "shown_by": headers} for name, (value, headers) in inferred.settings.items()],
        "differing": differing(inferred.senders),
        "senders": [
            {
                "files": [sample.name for sample in sender.samples], "pattern": sender.pattern, "lacks": sender.lacks,
                "settings": [{"name": name, "value": shown.value, "why": shown.why} for name, shown in sender.settings.items()],
            }
            for sender in inferred.senders
        ],
        "tables": tables_of(inferred.senders),
        "questions": asked,
        "cases": cases,
        "look": [*(f"{name} was passed over: {why}" for name, why, _ in passed_over), *to_look_at(inferred, samples, asked)],
    }


def fix_columns(values: dict[str, Any]) -> int:
    """Suggests fields for columns, or writes the files in which fields have more headers; ``result.json`` has the results."""
    from ade_engine.cases.runner import write_result
    from ade_engine.inference.suggest import edits, suggest

    folder = Path(values["output_dir"])
    with read_list(values, "question about columns") as asked:
        root = Path(asked["root"])
        accepted = [(str(field), str(header)) for field, header in asked.get("accept") or ()]
        words = [{key: str(text) for key, text in word.items()} for word in asked.get("words") or ()]
        source = Path(asked["input"]) if asked.get("input") else None
    if source is None:
        write_result(folder / "result.json", edits(root, accepted, folder, words, asked.get("sender")))
        return 0
    own = [f"{name}={value}" for name, value in (asked.get("settings") or {}).items()]
    # A column that is not written cannot be suggested, and the engine's columns do not belong to the file.
    assigned = [*values["set"], *own, "remove_unmapped_columns=false", "issue_columns=false", "also_write=parquet"]
    settings, package = load_settings({**values, "set": assigned}, source.name)
    made = folder / "made"
    made.mkdir(parents=True, exist_ok=True)
    write_result(folder / "result.json", suggest(asked, settings, package, made))
    return 0
