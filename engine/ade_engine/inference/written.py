"""The module of fields that a person would have written, and remarks on what to check first in it.

Every text of a sender is written as a literal that evaluates to the same text; in comments it is on one line.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace

from ade_engine.fields.headers import simplify
from ade_engine.inference.edit import and_, quoted
from ade_engine.inference.grouping import ONLY_ONE_LEFT, YOU_SAID_SO
from ade_engine.inference.senders import differing, in_comment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from ade_engine.inference.grouping import Question
    from ade_engine.inference.inferred import InferenceResult, InferredField
    from ade_engine.inference.samples import Sample, SampleColumn
    from ade_engine.inference.senders import SampleSender
    from ade_engine.inference.shapes import FieldDeclaration, ReshapePlan

_WIDTH = 120
_TWO_HEADERS = re.compile(r'("[^"]*") and ("[^"]*") (.+)')
#: The maximum numbers of merges and headers that are reported one by one, of named fields, and of questions.
_MAX_SHOWN_ENTRIES = 3
_MAX_NAMED_FIELDS = 5
_MAX_QUESTIONS = 10
_SETTINGS = {"date_order": "the order of day and month", "decimal_mark": "the decimal mark"}
#: The remark for a stack whose headers are the values of no field.
_NO_KEY = "No field has the headers of these columns, because the field for such headers belongs to another Stack. Make a separate configuration for these files"
_WHY_OF_SEVERAL = (
    ("counts the rows", "they count the rows"), ("an earlier column has the same header", "earlier columns have the same headers"),
    (" has it", " has them"), ("it may be", "they may be"),
)  # fmt: skip
_TITLE = "The fields: what each is called, which headers people give it, and how its cells are read and checked."


def fields_module(inferred: InferenceResult, samples: Sequence[Sample]) -> str:
    """Returns the text of ``columns/fields.py``."""
    fields = inferred.fields
    checks = {check for field in fields for check in field.checks}
    made = _made(fields)
    stacks = dict(declaration.constant for declaration in made.values() if declaration.constant)
    needed = {field.read for field in fields} | ({"one_of"} & checks) | ({"range"} if "not_negative" in checks else set())
    needed |= {declaration.value.partition("(")[0] for declaration in made.values() if declaration.keyword == "beside"} | {value.partition("(")[0] for value in stacks.values()}
    lines = [f'"""{_TITLE}"""', "", *_imports(sorted(needed)), ""]
    lines += _comment(f"From {and_(f'{in_comment(sample.name)} ({sample.rows} rows)' for sample in samples)}. Comments give reasons, and say what to check.")
    whys = {
        declaration.constant[0]: declaration.why for declaration in made.values() if declaration.constant and declaration.why
    }
    lines += [line for name, value in stacks.items() for line in (f"# {in_comment(whys.get(name, _NO_KEY))}.", f"{name} = {value}")]
    for one in fields:
        lines += _listed(f"{constant(one)} = ", [quoted(value) for value in one.known]) if one.known else []
    lines += [""]
    for one in fields:
        if one.known:
            lines += ["", f"def known_{one.name}(field_name):", f"    return one_of(field_name, {constant(one)}, case_sensitive=False)", ""]
    if "not_negative" in checks:
        lines += ["", "def not_negative(field_name):", "    return range(field_name, least=0)", ""]
    lines += ["", "FIELDS = ["]
    for one in fields:
        lines += _field(one, made.get(one.name))
    lines += ["]", *(f"# No field for {quoted(header)}: {why}." for header, why in inferred.left_out)]
    lines += [f"# No fields for the sheet {quoted(title)} of {in_comment(sample.name)}: it has another table." for sample in samples for title in sample.others]
    for sample in samples:
        for shape in sample.asked:
            lines += [f"# To check in {in_comment(sample.name)}: perhaps {in_comment(shape.words)} ({in_comment('; but '.join([shape.why, *shape.doubts[:1]]))}). If so, write:", *(f"#     {in_comment(line)}" for line in shape.lines)]
    lines += ["", "", "def register(registry):", "    for field in FIELDS:", "        field.register(registry)", ""]
    return "\n".join(lines)


def _made(fields: Sequence[InferredField]) -> dict[str, FieldDeclaration]:
    """Returns the declarations of fields for which tables are reshaped; none if the other part of a stack is missing."""
    made = {field.name: field.made for field in fields if field.made}
    valued = {
        declaration.constant
        for declaration in made.values()
        if declaration.constant and not declaration.value.endswith(".header")
    }
    names: dict[tuple[str, str], str] = {}
    for wanted in dict.fromkeys(declaration.constant for declaration in made.values() if declaration.constant in valued):
        names[wanted] = wanted[0] if wanted[0] not in names.values() else f"{wanted[0]}_{len(names) + 1}"
    found = {
        name: declaration
        for name, declaration in made.items()
        if declaration.constant is None or declaration.constant in valued
    }
    for name, one in found.items():
        if one.constant is not None:
            own = names[one.constant]
            found[name] = replace(one, constant=(own, one.constant[1]), value=own + one.value.removeprefix(one.constant[0]))
    return found


def _imports(names: Sequence[str]) -> list[str]:
    line = f"from ade_engine.fields import Field, {', '.join(names)}"
    if len(line) <= _WIDTH:
        return [line]
    return ["from ade_engine.fields import (", *(f"    {name}," for name in ["Field", *names]), ")"]


def constant(field: InferredField) -> str:
    """Returns the name of a field's list of values."""
    name = field.name.upper()
    return f"KNOWN_{name}" if name == "FIELDS" else name


def _listed(lead: str, parts: Sequence[str], behind: str = "", indent: str = "") -> list[str]:
    line = f"{indent}{lead}[{', '.join(parts)}]{behind}"
    return [line] if len(line) <= _WIDTH else [f"{indent}{lead}[", *(f"{indent}    {part}," for part in parts), f"{indent}]{behind}"]


def _field(field: InferredField, made: FieldDeclaration | None) -> list[str]:
    """Returns a field on one line, or on a line for each argument, below what a person may want to know about it."""
    headers = [*map(quoted, field.headers)]
    named = f"headers=[{', '.join(headers)}]"
    parts = [quoted(field.name), quoted(field.label)]
    if [simplify(header) for header in field.headers] != [simplify(field.label)]:
        parts.append(named)
    parts.append(f"read={field.read}")
    parts += [str(made)] if made else []
    if field.by_values:
        parts.append(f"by_values={constant(field) if field.known else True}")
    parts += [f"{fact}=True" for fact in ("required", "unique") if fact in field.checks]
    parts += ["key=True"] if field.is_key else []
    functions = [f"known_{field.name}" if check == "one_of" else check for check in field.checks if check in ("one_of", "not_negative")]
    parts += [f"checks=[{', '.join(functions)}]"] if functions else []
    why = [in_comment(made.why)] if made and made.why and not made.constant else []
    told = [line for text in [*remarks(field), *why, *_reasons(field)] for line in _comment(text, "    ")]
    line = f"    Field({', '.join(parts)}),"
    if len(line) <= _WIDTH:
        return [*told, line]
    indent = "        "
    own = [_listed("headers=", headers, ",", indent) if part is named else [f"{indent}{part},"] for part in parts]
    return [*told, "    Field(", *(line for lines in own for line in lines), "    ),"]


def _comment(text: str, indent: str = "") -> list[str]:
    """Returns a comment on lines of the width of the module."""
    return textwrap.wrap(f"{text[:1].upper()}{text[1:]}", _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ", break_long_words=False, break_on_hyphens=False)


def _reasons(field: InferredField) -> list[str]:
    """Returns why its columns are one; two headers at a time, or a header and all that are the same for one reason."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for _, _, reason in field.group.merges:
        two = _TWO_HEADERS.fullmatch(reason)
        one, other, why = two.groups() if two else ("", "", reason)
        found.setdefault((one, why), {})[other] = None
    said = []
    for (one, why), others in found.items():
        if len(others) > 1:
            why = f"{one} and each of {and_(others)} {why.removeprefix('both ')}"
        elif one:
            why = f"{one} and {and_(others)} {why}"
        said.append(in_comment(why))
    return said


def remarks(field: InferredField) -> list[str]:
    """Returns the facts about a field for a person."""
    found = []
    if not field.group.columns:
        found.append("no column of the samples was found for it")
    elif field.absent:
        found.append(f"not in {and_(map(in_comment, field.absent))}")
    if field.made and field.made.constant and field.read in ("month", "quarter", "week") and not any(letter.isdigit() for value in field.group.columns[0].texts[:50] for letter in value):
        found.append(f"no year is known; to set it, write {field.made.constant[1][:-1]}, year=2025)")
    if field.group.perhaps is not None:
        found.append(f"perhaps the same as {quoted(field.group.perhaps.headers[0])}")
    return found


def to_look_at(inferred: InferenceResult, samples: Sequence[Sample], asked: Sequence[dict[str, Any]]) -> list[str]:
    """Returns the facts that a person should check first, the most important first. ``asked``: the questions, as returned by
    :func:`questions`.
    """
    fields = inferred.fields
    found = [in_words(question) for question in asked]
    lacking = [field.name for field in fields if not field.group.columns]
    if lacking:
        more = len(lacking) - _MAX_NAMED_FIELDS
        found.append(f"no column was found for {and_(lacking[:_MAX_NAMED_FIELDS])}{_and_more(more, 'field')}")
    merged = [(field.name, reason) for field in fields for _, _, reason in field.group.merges]
    doubtful = sorted(filter(None, map(_doubtful, fields)), key=lambda one: -one[0])
    found += [text for _, text in doubtful[: max(0, _MAX_QUESTIONS - len(asked))]]
    merged = [(name, reason) for name, reason in merged if ONLY_ONE_LEFT not in reason and reason != YOU_SAID_SO]
    found += [f"{name}: {reason}" for name, reason in merged[:_MAX_SHOWN_ENTRIES]]
    if len(merged) > _MAX_SHOWN_ENTRIES:
        more = len(merged) - _MAX_SHOWN_ENTRIES
        columns = "column was matched under another header" if more == 1 else "columns were matched under other headers"
        found.append(f"{more} more {columns}; comments in fields.py give the reasons")
    for setting in differing(inferred.senders):
        found.append(f"the files do not agree on {_SETTINGS[setting]}: each sender has its own settings in settings.toml")
    for sender in inferred.senders:
        name = sender.samples[0].name
        for setting, columns in sender.mixed.items():
            found.append(f"{name}: its own columns differ in {_SETTINGS[setting]}, so check how they are read: {and_(quoted(header) for header in _headers(columns))}")
        if not sender.pattern and sender.settings and differing(inferred.senders):
            found.append(f"{name}: no pattern of file names fits this sender alone, so its settings were not written; add them below [files.\"PATTERN\"] in settings.toml")
    found += [f"{sample.name}: {shape.words}; the fields in fields.py read it that way" for sample in samples for shape in sample.shapes]
    made = _made(fields).values()
    keyed = {one.constant for one in made if one.value.endswith(".header")}
    found += dict.fromkeys(f"{one.constant[0]}: {_NO_KEY[0].lower()}{_NO_KEY[1:]}" for one in made if one.constant and one.constant not in keyed and one.constant[1].startswith("Stack("))
    for one in fields:
        if one.declared and one.declared.why:
            parts = [field.name for field in fields if field.declared and field.declared.constant == one.declared.constant]
            found.append(f"{quoted(one.group.headers[0])}: {one.declared.why[0].lower()}{one.declared.why[1:]}, which become {and_(parts)}")
    lists = [field.name for field in fields if field.known]
    if lists:
        asked = f"is the list of values for {lists[0]}" if len(lists) == 1 else f"are the lists of values for {and_(lists)}"
        found.append(f"{asked} complete? A value that is not in its list gets a warning")
    if inferred.left_out:
        whys: dict[str, list[str]] = {}
        for header, why in inferred.left_out:
            whys.setdefault(why, []).append(quoted(header))
        found.append("no field for " + "; ".join(f"{and_(headers)} ({why if len(headers) == 1 else _of_several(why)})" for why, headers in whys.items()))
    found += [f"the sheet {quoted(title)} of {sample.name} has another table, so there are no fields for it" for sample in samples for title in sample.others]
    found.append("nobody has checked yet whether the results in tests/cases are right")
    return found


def _doubtful(field: InferredField) -> tuple[int, str] | None:
    """Returns the question whether columns are rightly a field because nothing else was left, and the number of their cells;
    ``None`` if there are none.
    """
    left = {(sample, header) for sample, header, reason in field.group.merges if ONLY_ONE_LEFT in reason}
    columns = [column for column in field.group.columns if column.name in left]
    if not columns:
        return None
    others = [column for column in field.group.columns if column not in columns]
    one = _with_values(others) if others else quoted(field.label)
    shown = [_with_values([column for column in columns if column.header == header]) for header in dict.fromkeys(column.header for column in columns)]
    more = _and_more(len(shown) - _MAX_SHOWN_ENTRIES, "header")
    are = "is" if len(shown) == 1 else "are"
    return sum(column.filled for column in columns), f"{and_(shown[:_MAX_SHOWN_ENTRIES])}{more} {are} probably {one}: {ONLY_ONE_LEFT}. Is that right?"


def _with_values(columns: Sequence[SampleColumn]) -> str:
    return f"{quoted(columns[0].header)} ({'; '.join(_three(columns))})"


def _and_more(count: int, noun: str) -> str:
    return "" if count <= 0 else f" and 1 more {noun}" if count == 1 else f" and {count} more {noun}s"


def _of_several(why: str) -> str:
    """Returns the reason why a column is no field, worded for several."""
    for one, several in _WHY_OF_SEVERAL:
        why = why.replace(one, several)
    return why


def questions(inferred: InferenceResult, samples: Sequence[Sample] = ()) -> list[dict[str, Any]]:
    """Returns the questions for a person, at most ten, the most cells first: ``text``, ``cells``, ``values`` of the one side,
    and ``offers``, each with a ``text``, its ``values``, and the ``answer`` that means it. ``several``: whether more than one
    of the offers may be right.
    """
    found = [_same(question) for question in inferred.questions]
    settings = [_setting(sender, name, columns) for sender in inferred.senders for name, columns in sender.open.items()]
    # A crosstab concerns all its cells, other shapes a column or two.
    crosstabs, shapes = ([_shape(sample, shape) for sample in samples for shape in sample.asked if (len(shape.gone) > 2) is is_wide] for is_wide in (True, False))
    found = crosstabs + sorted(settings, key=lambda question: -question["cells"]) + found + shapes
    asked = [question for question in found if question["cells"]][:_MAX_QUESTIONS]
    return [{"id": number, **question} for number, question in enumerate(asked, 1)]


def _same(question: Question) -> dict[str, Any]:
    first = question.one.columns[0] if question.one.columns else None
    known = {"header": question.one.headers[0], "sample": first.sample if first else None, "values": _three(question.one.columns)}
    offers = []
    for other in question.others:
        column = other.columns[0]
        if first is None:
            answer = {"kind": "wished", "wish": known["header"], "column": [*column.name]}
        else:
            answer = {"kind": "same", "columns": [[*first.name], [*column.name]]}
        more = len({simplify(each.header) for each in other.columns}) - 1
        offers.append({
            "text": f"{quoted(column.header)} of {column.sample}{_and_more(more, 'header')}", "header": column.header,
            "sample": column.sample, "values": _three(other.columns), "cells": other.cells, "answer": answer,
        })  # fmt: skip
    of = f" of {first.sample}" if first else ""
    asked = "Is this" if len(offers) == 1 else "Which of these are" if first else "Which of these is"
    return {"kind": "same", "text": f"{asked} the same as {quoted(known['header'])}{of}?", "cells": question.cells, "several": first is not None, **known, "offers": offers}


def _setting(sender: SampleSender, name: str, columns: Sequence[SampleColumn]) -> dict[str, Any]:
    sample = sender.samples[0].name
    values = _three(columns)
    texts = {"date_order": (("dmy", "the day first"), ("mdy", "the month first")), "decimal_mark": ((".", "the point before the cents"), (",", "the comma before the cents"))}
    offers = [{"text": words, "values": [], "cells": 0, "answer": {"kind": "setting", "sample": sample, "name": name, "value": value}} for value, words in texts[name]]
    cells = sum(column.filled for column in sender.columns if any(column is one for one in columns))
    return {
        "kind": name, "text": f"How does {sample} write {and_(quoted(header) for header in _headers(columns))}?", "cells": cells, "several": False,
        "header": columns[0].header, "sample": sample, "values": values, "offers": offers,
    }  # fmt: skip


def _shape(sample: Sample, shape: ReshapePlan) -> dict[str, Any]:
    """Returns the question whether a file's tables have their likely shape; its values are the first resulting records."""
    offer = {"text": "yes, these are its records", "values": [], "cells": 0, "answer": {"kind": "shape", "sample": sample.name, "key": shape.key}}
    return {
        "kind": "shape", "text": f"{sample.name}: {in_comment(shape.words)}. Is that right? Then these are its first records", "cells": sample.rows, "several": False,
        "header": "", "sample": sample.name, "values": [in_comment(row) for row in shape.rows], "offers": [offer],
    }  # fmt: skip


def _three(columns: Sequence[SampleColumn]) -> list[str]:
    """Returns up to three different values."""
    found = dict.fromkeys(_plain(value) for column in columns for value in column.values[:200] if value is not None and value != "")
    return list(found)[:3]


def _plain(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else in_comment(str(value))[:40]


def _headers(columns: Sequence[SampleColumn]) -> list[str]:
    return list(dict.fromkeys(column.header for column in columns))[:_MAX_SHOWN_ENTRIES]


def in_words(one: dict[str, Any]) -> str:
    """Returns a question on one line."""
    values = lambda some: f" ({'; '.join(some)})" if some else ""  # noqa: E731
    if one["kind"] == "shape":
        return f"{one['text']}{values(one['values'])}"
    if one["kind"] != "same":
        return f"{one['text']}{values(one['values'])}: {' or '.join(offer['text'] for offer in one['offers'])}?"
    which = _or(f"{offer['text']}{values(offer['values'])}" for offer in one["offers"])
    return f"is {which} the same as {quoted(one['header'])}{values(one['values'])}?"


def _or(parts: Iterable[str]) -> str:
    *most, last = list(parts)
    return f"{', '.join(most)} or {last}" if most else last
