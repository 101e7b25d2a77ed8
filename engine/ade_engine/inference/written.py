"""The module of fields that a person would have written, and what to look at first in it.

Every text of a sender is written as a literal that says the same text again; in comments it stands on one line.
"""

from __future__ import annotations

from ade_engine.fields.headers import simplify
from ade_engine.inference.edit import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ade_engine.inference.inferred import Inferred, InferredField
    from ade_engine.inference.samples import Sample

_WIDTH = 120
#: So many merges are told one by one.
_MOST_SHOWN = 3
_TITLE = "The fields: what each is called, which headers people give it, and how its cells are read and checked."


def fields_module(inferred: Inferred, samples: Sequence[Sample]) -> str:
    """The text of ``columns/fields.py``."""
    fields = inferred.fields
    checks = {check for one in fields for check in one.checks}
    needed = {one.read for one in fields} | ({"one_of"} & checks) | ({"range"} if "not_negative" in checks else set())
    lines = [f'"""{_TITLE}"""', "", *_imports(sorted(needed)), ""]
    lines += [f"# From {_and(f'{in_comment(sample.name)} ({sample.rows} rows)' for sample in samples)}. What nobody could know stands in comments."]
    for one in fields:
        lines += _listed(f"{constant(one)} = ", [text(value) for value in one.known]) if one.known else []
    lines += [""]
    for one in fields:
        if one.known:
            lines += ["", f"def known_{one.name}(field_name):", f"    return one_of(field_name, {constant(one)}, case_sensitive=False)", ""]
    if "not_negative" in checks:
        lines += ["", "def not_negative(field_name):", "    return range(field_name, least=0)", ""]
    lines += ["", "FIELDS = ["]
    for one in fields:
        lines += _field(one)
    lines += ["]", *(f"# No field: {text(header)}, {why}." for header, why in inferred.left_out)]
    lines += [f"# No field is of the sheet {text(title)} of {in_comment(sample.name)}: another table." for sample in samples for title in sample.others]
    lines += ["", "", "def register(registry):", "    for field in FIELDS:", "        field.register(registry)", ""]
    return "\n".join(lines)


def _imports(names: Sequence[str]) -> list[str]:
    line = f"from ade_engine.fields import Field, {', '.join(names)}"
    if len(line) <= _WIDTH:
        return [line]
    return ["from ade_engine.fields import (", *(f"    {name}," for name in ["Field", *names]), ")"]


def constant(one: InferredField) -> str:
    """The name of a field's list of values."""
    name = one.name.upper()
    return f"KNOWN_{name}" if name == "FIELDS" else name


def _listed(lead: str, parts: Sequence[str], behind: str = "") -> list[str]:
    line = f"{lead}[{', '.join(parts)}]{behind}"
    return [line] if len(line) <= _WIDTH else [f"{lead}[", *(f"    {part}," for part in parts), f"]{behind}"]


def _field(one: InferredField) -> list[str]:
    """A field on one line, or on a line for each argument."""
    parts = [(text(one.name), ""), (text(one.label), "")]
    if [simplify(header) for header in one.headers] != [simplify(one.label)]:
        parts.append((f"headers=[{', '.join(map(text, one.headers))}]", "; ".join(in_comment(reason) for _, _, reason in one.group.merges)))
    parts.append((f"read={one.read}", ""))
    if one.by_values:
        parts.append((f"by_values={constant(one) if one.known else True}", ""))
    parts += [(f"{fact}=True", "") for fact in ("required", "unique") if fact in one.checks]
    parts += [("key=True", "")] if one.is_key else []
    functions = [f"known_{one.name}" if check == "one_of" else check for check in one.checks if check in ("one_of", "not_negative")]
    parts += [(f"checks=[{', '.join(functions)}]", "")] if functions else []
    remark = "; ".join(remarks(one))
    line = f"    Field({', '.join(part for part, _ in parts)}),"
    beside = f"  # {remark}" if remark else ""
    if len(line + beside) <= _WIDTH and not any(comment for _, comment in parts):
        return [line + beside]
    shown = [f"        {part},{f'  # {comment}' if comment else ''}" for part, comment in parts]
    return [f"    Field({beside}", *shown, "    ),"]


def remarks(one: InferredField) -> list[str]:
    """What a person should know of a field."""
    found = []
    if not one.group.columns:
        found.append("no column of the samples is known to be it")
    elif one.absent:
        found.append(f"not in {_and(map(in_comment, one.absent))}")
    if one.group.perhaps is not None:
        found.append(f"perhaps the same as {text(one.group.perhaps.headers[0])}")
    return found


def text(value: str) -> str:
    """A literal of Python."""
    return quoted(value, '"', str.encode)


def in_comment(value: str) -> str:
    """A text on one line of a comment."""
    return "".join(letter if letter.isprintable() else " " for letter in value)


def _and(parts: Iterable[str]) -> str:
    *most, last = list(parts) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def to_look_at(inferred: Inferred, samples: Sequence[Sample]) -> list[str]:
    """What a person should look at first, the most important first."""
    fields, found = inferred.fields, []
    for one in fields:
        if one.group.perhaps is not None:
            found.append(f"is {text(one.group.headers[0])} the same as {text(one.group.perhaps.headers[0])}? They are two fields: nothing but their looks says so")
    lacking = [one.name for one in fields if not one.group.columns]
    if lacking:
        found.append(f"no column is known to be {_and(lacking)}")
    merged = [(one.name, reason) for one in fields for _, _, reason in one.group.merges]
    found += [f"{name}: {reason}" for name, reason in merged[:_MOST_SHOWN]]
    if len(merged) > _MOST_SHOWN:
        found.append(f"{len(merged) - _MOST_SHOWN} more columns with other headers are the same; the reasons stand beside them in fields.py")
    for setting, headers in inferred.open.items():
        found.append(f"nothing shows the {setting} of {_and(map(text, headers))}; settings.toml has the default")
    for setting, headers in inferred.mixed.items():
        value, _ = inferred.settings[setting]
        found.append(f"most columns show {setting} = {text(value)}, but not {_and(map(text, headers))}")
    lists = [one.name for one in fields if one.known]
    if lists:
        found.append(f"are the lists of {_and(lists)} complete? Another value is a warning")
    if inferred.left_out:
        whys: dict[str, list[str]] = {}
        for header, why in inferred.left_out:
            whys.setdefault(why, []).append(text(header))
        found.append("no fields: " + "; ".join(f"{_and(headers)} ({why})" for why, headers in whys.items()))
    found += [f"the sheet {text(title)} of {sample.name} holds another table, which has no fields" for sample in samples for title in sample.others]
    found.append("nobody has checked the cases yet: tests/cases")
    return found
