"""The senders of samples, and how each sender writes days and numbers: the tables ``[files."…"]`` of the settings.

Samples of one layout have one sender: those with the same headers, or with nearly the same and a similar name, that do not
contradict each other. A setting that most senders show, and none contradicts, is one line for all files. Any other is not set
for all, but in a table of each sender that shows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import PurePath

from ade_engine.fields.header_series import belongs
from ade_engine.inference.edit import NotEditableError, quoted
from ade_engine.inference.samples import SettingEvidence, written_by
from ade_engine.infrastructure.setting_values import lists
from ade_engine.infrastructure.settings import FILES, setting_names
from ade_engine.infrastructure.toml import parse_toml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ade_engine.inference.grouping import ColumnGroup
    from ade_engine.inference.samples import Sample, SampleColumn

_NUMBERS = r"\d+"
_YEAR = re.compile(r"(?:19|20)\d\d")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(eq=False)
class SampleSender:
    """Samples of one layout. ``settings``: the evident values, by name; ``open``: settings without evidence, with the columns
    that depend on them.
    """

    samples: list[Sample]
    settings: dict[str, SettingEvidence] = field(default_factory=dict)
    open: dict[str, list[SampleColumn]] = field(default_factory=dict)
    #: Settings for which its own columns show different values.
    mixed: dict[str, list[SampleColumn]] = field(default_factory=dict)
    pattern: str = ""
    #: The fields that it has no column for.
    lacks: list[str] = field(default_factory=list)

    @property
    def columns(self) -> list[SampleColumn]:
        """Returns the columns of all its tables."""
        return [column for sample in self.samples for table in sample.tables for column in table.columns]


def senders_of(samples: Sequence[Sample]) -> list[SampleSender]:
    """Returns the senders of samples, with the patterns of their files and the evidence of their columns."""
    found: list[SampleSender] = []
    for sample in samples:
        one = SampleSender([sample])
        _find_settings(one)
        headers = {simple for table in sample.tables for simple in table.headers}
        for known in found:
            others = {simple for table in known.samples[0].tables for simple in table.headers}
            # Another month may have a further column.
            is_named_alike = _without(sample.name, _NUMBERS) == _without(known.samples[0].name, _NUMBERS) and len(headers & others) >= 0.6 * len(headers | others)
            if (headers == others or is_named_alike) and all(known.settings.get(name, value).value == value.value for name, value in one.settings.items()):
                known.samples.append(sample)
                _find_settings(known)
                break
        else:
            found.append(one)
    names = {sample.name for sample in samples}
    for one in found:
        one.pattern = pattern_of([sample.name for sample in one.samples], names)
    return found


def _find_settings(sender: SampleSender) -> None:
    sender.settings, sender.open, sender.mixed = written_by(sender.columns)


def shared(senders: Sequence[SampleSender]) -> dict[str, str]:
    """Returns the settings that hold for all: most senders show this value, and no sender another."""
    found = {}
    for name, values in _shown(senders).items():
        if len({*values}) == 1 and 2 * len(values) > len(senders):
            found[name] = values[0]
    return found


def differing(senders: Sequence[SampleSender]) -> list[str]:
    """Returns the settings that some sender shows, and that do not hold for all."""
    of_all = shared(senders)
    return [name for name, values in _shown(senders).items() if values and name not in of_all]


def _shown(senders: Sequence[SampleSender]) -> dict[str, list[str]]:
    """Returns the values of each setting, one for each sender that shows any."""
    return {name: [sender.settings[name].value for sender in senders if name in sender.settings] for name in ("date_order", "decimal_mark")}


def pattern_of(names: Sequence[str], all_names: set[str]) -> str:
    """Returns the pattern of a sender's files: their names without numbers and months, if it matches those names alone."""
    others = [name.lower() for name in all_names - set(names)]
    for taken_out in (_NUMBERS, r"(?:19|20)\d\d(?:\W?[01]\d(?:\W?[0-3]\d)?)?"):
        patterns = {_without(name, taken_out) for name in names}
        pattern = patterns.pop() if len(patterns) == 1 else ""
        letters = sum(letter.isalpha() for letter in PurePath(pattern).stem)
        if letters and letters < 3:
            # "a*" would match every name that begins with it.
            pattern = re.sub(r"(?<=[^\W_])\*|(?<=])\*", "[0-9]*", pattern, count=1)
        if letters and not any(fnmatchcase(name, pattern.lower()) for name in others):
            return pattern
    return names[0].replace("[", "[[]") if len(names) == 1 else ""


def _without(name: str, taken_out: str) -> str:
    stem, ending = PurePath(name).stem.replace("[", "[[]"), PurePath(name).suffix
    bare = _WORD.sub(lambda word: "*" if belongs("months", word[0]) else word[0], _YEAR.sub("*", re.sub(taken_out, "*", stem)))
    return re.sub(r"\*(?:[\W_]*\*)+", "*", bare) + ending


def tables_of(senders: Sequence[SampleSender]) -> str:
    """Returns the tables of ``settings.toml``: the values of each sender that not all of them share."""
    differ = differing(senders)
    settings = {line: f"{sample.name}: {shape.words}" for sender in senders for sample in sender.samples for shape in sample.shapes for line in shape.settings}
    lines = ["", *(f"{line}  # {in_comment(why)}" for line, why in settings.items())] if settings else []
    for sender in senders:
        own = [f"{name} = {quoted(value)}  # {in_comment(why)}" for name, (value, why, _) in sender.settings.items() if name in differ]
        name = in_comment(sender.samples[0].name)
        notes = [f"# {name} has no column of {', '.join(sender.lacks)}."] if sender.lacks else []
        notes += [f"# The sheet {in_comment(title)} of {in_comment(sample.name)} holds another table." for sample in sender.samples for title in sample.others]
        place = f"files.{quoted(sender.pattern)}"
        if sender.lacks and sender.pattern and "values" in setting_names():
            notes += ["# If one of these is the same for all its rows, give the value here. \"\" means that it has none, and runs do not report it as missing:", f"# [{place}.values]", *(f'# {field} = ""' for field in sender.lacks)]
        head = [f"[{place}]"] if own and sender.pattern else []
        lines += ["", *notes, *head, *(own if head else [])] if notes or head else []
    return "\n".join([*lines, ""]) if lines else ""


def with_header(content: bytes, file: str, field: str, header: str) -> bytes:
    """Returns ``settings.toml`` with a header of a field for the sender of a file, in the table of that sender's files.

    Raises ``NotEditableError`` if the headers there are written in another way.
    """
    text = content.decode("utf-8-sig")
    document, newline = parse_toml(text), "\r\n" if "\r\n" in text else "\n"
    tables = document.setdefault(FILES, {})
    patterns = [*chain.from_iterable(lists(document.get("senders", {}), "").values()), *tables]
    pattern = next((one for one in reversed(patterns) if fnmatchcase(file.lower(), one.lower())), "") or pattern_of([file], {file})
    table = tables.setdefault(pattern, {}).setdefault("headers", {})
    table[field] = [*dict.fromkeys((*lists(table, "").get(field, ()), header))]
    lines, head = text.rstrip().splitlines(), f"[{FILES}.{quoted(pattern)}.headers]"
    lines += [] if head in lines else ["", head]
    at = lines.index(head) + 1
    end = next((at + number for number, line in enumerate(lines[at:]) if line.startswith("[")), len(lines))
    said = f"{field} = [{', '.join(map(quoted, table[field]))}]"
    old = next((number for number in range(at, end) if re.match(rf"{re.escape(field)}\s*=", lines[number])), None)
    lines[at if old is None else old : at if old is None else old + 1] = [said]
    new = newline.join([*lines, ""]).lstrip()
    try:
        is_same = parse_toml(new) == document
    except ValueError:
        is_same = False
    if not is_same:
        raise NotEditableError(f"the headers of {head} in settings.toml are not on a line for each field")
    return new.encode()


def in_comment(value: str) -> str:
    """Returns a text on one line, for a comment."""
    return "".join(letter if letter.isprintable() else " " for letter in value)


def find_lacking(senders: Sequence[SampleSender], groups: Sequence[tuple[str, ColumnGroup]]) -> None:
    """Notes for each sender the fields that most others have and it does not."""
    has = {sample.name: at for at, sender in enumerate(senders) for sample in sender.samples}
    groups = [(name, group) for name, group in groups if 2 * len({has[column.sample] for column in group.columns}) >= len(senders)]
    for sender in senders:
        own = {sample.name for sample in sender.samples}
        sender.lacks = [name for name, group in groups if group.columns and not any(column.sample in own for column in group.columns)]
