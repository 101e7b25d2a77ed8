"""Writes header words into the lists of an author's fields, and arguments and fields that reshape tables, by the positions of Python's own
``ast``: every other byte stays.

What cannot be edited so (lists that are computed or shared, fields made by other functions) is not: :class:`NotEditable` says why.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class NotEditable(Exception):
    """The list of a field cannot be edited; the message says why."""


def added(sources: Mapping[Path, bytes], field: str, header: str) -> tuple[Path, bytes]:
    """The file that has a field, and its bytes with one more header.

    Raises ``NotEditable`` where no file has the field, several have it, or its list is not one of plain texts.
    """
    found = [(path, *text) for path, source in sources.items() if (text := _text(source)) and (text[2] is not None)]
    calls = [(path, text, encode, tree, call) for path, text, encode, tree in found for call in _calls(tree, field)]
    if not calls:
        raise NotEditable(f"no file has a Field({field!r}, …) of its own")
    if len(calls) > 1:
        places = ", ".join(f"{path.name}:{call.lineno}" for path, _, _, _, call in calls)
        raise NotEditable(f"there are several Field({field!r}, …): {places}")
    path, text, encode, _, call = calls[0]
    changed = _with(text, call, field, header, encode)
    _check(text, changed, field, header)
    return path, encode(changed)


def declared(sources: Mapping[Path, bytes], fields: Mapping[str, str], new: Mapping[str, str], constant: tuple[str, str] | None, names: Iterable[str]) -> tuple[Path, bytes]:
    """The file of the fields, and its bytes with more said of these. ``fields``: an argument for each field; ``new``: of fields that there
    are not yet the whole call; ``constant``: the name and the value of what they share; ``names``: of ``ade_engine.fields``, that they use.

    Raises ``NotEditable`` where the fields are of several files, or do not stand in a list.
    """
    texts = [(path, *text) for path, source in sources.items() if (text := _text(source))]
    found = {path: (text, encode) for path, text, encode, tree in texts if any(_calls(tree, field) for field in fields) or not fields and _field_list(tree)}
    if len(found) != 1:
        raise NotEditable("no file has these fields alone")
    ((path, (text, encode)),) = found.items()
    for field, argument in fields.items():
        calls = _calls(ast.parse(text), field)
        if len(calls) != 1 or not calls[0].args and not calls[0].keywords:
            raise NotEditable(f"{path.name} has not one Field({field!r}, …)")
        last = max([*calls[0].args, *calls[0].keywords], key=lambda one: (one.end_lineno, one.end_col_offset))
        text = _behind(_Lines(text), calls[0], last, argument)
    for call in new.values():
        fields_of = _field_list(ast.parse(text))
        if fields_of is None:
            raise NotEditable(f"the fields of {path.name} stand in no list")
        text = _behind(_Lines(text), fields_of, fields_of.elts[-1], call)
    tree = ast.parse(text)
    known = {alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    lacking = sorted(set(names) - known) if "*" not in known else []
    if constant is not None:
        first = next(node for node in tree.body if any(isinstance(one, ast.Call) and _is_field(one.func) for one in ast.walk(node)))
        text = _above(text, first, f"{constant[0]} = {constant[1]}")
    if lacking:
        imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "ade_engine.fields"]
        if not imports:
            raise NotEditable(f"{path.name} imports nothing from ade_engine.fields")
        text = _above(text, imports[0], f"from ade_engine.fields import {', '.join(lacking)}")
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise NotEditable("the fields are written in a way that cannot be extended") from error
    return path, encode(text)


def _above(text: str, node: ast.stmt, line: str) -> str:
    lines = _Lines(text)
    at = lines.starts[node.lineno - 1]
    return f"{text[:at]}{line}{lines.newline}{text[at:]}"


def _field_list(tree: ast.AST) -> ast.List | None:
    """The list in which fields stand, if they stand in one."""
    lists = [node for node in ast.walk(tree) if isinstance(node, ast.List) and any(isinstance(one, ast.Call) and _is_field(one.func) for one in node.elts)]
    return lists[0] if len(lists) == 1 else None


def readers_of(sources: Mapping[Path, bytes]) -> dict[str, str | None]:
    """By field the name of the function that reads it; ``None`` where that is not said by a name."""
    trees = [text[2] for source in sources.values() if (text := _text(source))]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_field(node.func)]
    found = {_constant(_argument(call, 0, "name")): next((one.value for one in call.keywords if one.arg == "read"), None) for call in calls}
    return {field: read.id if isinstance(read, ast.Name) else None for field, read in found.items() if field}


def _text(source: bytes):
    """A file's text, the function that makes bytes of such a text, and its tree; ``None``: it is not Python that can be read."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        mark = b"\xef\xbb\xbf" if source.startswith(b"\xef\xbb\xbf") else b""
        name = "utf-8" if encoding == "utf-8-sig" else encoding
        text = source[len(mark) :].decode(name)
        if mark + text.encode(name) != source:
            return None
        return text, lambda changed: mark + changed.encode(name), ast.parse(text)
    except (SyntaxError, ValueError, LookupError):
        return None


def _calls(tree: ast.AST, field: str) -> list[ast.Call]:
    """The calls of ``Field`` with this name as a text."""
    named = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_field(node.func)]
    return [call for call in named if _constant(_argument(call, 0, "name")) == field]


def _is_field(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id == "Field" or isinstance(function, ast.Attribute) and function.attr == "Field"


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    if len(call.args) > place:
        return call.args[place]
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _constant(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _headers(call: ast.Call) -> ast.keyword | None:
    return next((keyword for keyword in call.keywords if keyword.arg == "headers"), None)


def _default(call: ast.Call, field: str) -> str:
    """The header of a field that is given none: its label, or its name."""
    label = _argument(call, 1, "label")
    if label is None or isinstance(label, ast.Constant) and label.value is None:
        return field.replace("_", " ")
    text = _constant(label)
    if text is None:
        raise NotEditable("its label is computed, so nobody knows which header it has without a list")
    return text or field.replace("_", " ")


def _with(text: str, call: ast.Call, field: str, header: str, encode) -> str:
    """The text with the header in the list of a call, or with such a list."""
    if any(keyword.arg is None for keyword in call.keywords) or any(isinstance(one, ast.Starred) for one in call.args):
        raise NotEditable("its arguments are unpacked from elsewhere")
    keyword = _headers(call)
    lines = _Lines(text)
    if keyword is None:
        return _with_list(lines, call, _default(call, field), header, encode)
    value = keyword.value
    if not isinstance(value, (ast.List, ast.Tuple)) or any(_constant(one) is None for one in value.elts):
        raise NotEditable("its headers are no plain list of texts")
    if not value.elts:
        start, end = lines.place(value.lineno, value.col_offset), lines.place(value.end_lineno, value.end_col_offset)
        inner = f"{quoted(_default(call, field), encode=encode)}, {quoted(header, encode=encode)}"
        return text[: start + 1] + inner + text[start + 1 : end] + text[end:]
    last = value.elts[-1]
    quote = lines.quote_of(last)
    return _behind(lines, value, last, quoted(header, quote, encode))


def _with_list(lines: _Lines, call: ast.Call, default: str, header: str, encode) -> str:
    """The text with a list of headers behind the name and the label."""
    label = next((keyword for keyword in call.keywords if keyword.arg in ("label", "name")), None)
    ahead = call.args[-1] if call.args else label.value if label else None
    if ahead is None:
        raise NotEditable("its name is not where it is looked for")
    quote = lines.quote_of(call.args[0] if call.args else ahead)
    one = f"headers=[{quoted(default, quote, encode)}, {quoted(header, quote, encode)}]"
    at = lines.place(ahead.end_lineno, ahead.end_col_offset)
    begin = label.lineno if label and not call.args else ahead.lineno
    column = label.col_offset if label and not call.args else ahead.col_offset
    lead = lines.lead(begin, column)
    between = " " if lead is None else lines.newline + lead
    return lines.text[:at] + "," + between + one + lines.text[at:]


def _behind(lines: _Lines, value: ast.expr, last: ast.expr, quoted: str) -> str:
    """The text with one more element behind the last one of a list."""
    text, at = lines.text, lines.place(last.end_lineno, last.end_col_offset)
    end = lines.place(value.end_lineno, value.end_col_offset)
    lead = lines.lead(last.lineno, last.col_offset)
    if lead is None:
        return f"{text[:at]}, {quoted}{text[at:]}"
    line_end = lines.end(last.end_lineno)
    if end <= line_end:
        return f"{text[:at]},{lines.newline}{lead}{quoted}{text[at:]}"
    # What stands behind the last element on its line, such as a comment, stays with it.
    behind = text[at:line_end]
    if behind.lstrip().startswith(","):
        return f"{text[:line_end]}{lines.newline}{lead}{quoted},{text[line_end:]}"
    if text[line_end:end].lstrip().startswith(","):
        return f"{text[:at]},{lines.newline}{lead}{quoted}{text[at:]}"
    return f"{text[:at]},{behind}{lines.newline}{lead}{quoted}{text[line_end:]}"


class _Lines:
    """Where lines of a text begin. Columns are counted in bytes of UTF-8, as ``ast`` does."""

    def __init__(self, text: str):
        self.text = text
        ends = [found.end() for found in re.finditer(r"\r\n|\r|\n", text)]
        self.starts = [0, *ends]
        self.newline = next((found[0] for found in re.finditer(r"\r\n|\r|\n", text)), "\n")

    def end(self, line: int) -> int:
        """Where a line ends, without its line break."""
        stop = self.starts[line] if line < len(self.starts) else len(self.text)
        return self.starts[line - 1] + len(self.text[self.starts[line - 1] : stop].rstrip("\r\n"))

    def place(self, line: int, column: int) -> int:
        begin = self.starts[line - 1]
        return begin + len(self.text[begin : self.end(line)].encode()[:column].decode())

    def lead(self, line: int, column: int) -> str | None:
        """The blanks ahead of a place that is the first of its line; ``None``: it is not."""
        ahead = self.text[self.starts[line - 1] : self.place(line, column)]
        return ahead if not ahead.strip() else None

    def quote_of(self, node: ast.expr) -> str:
        written = self.text[self.place(node.lineno, node.col_offset) :].lstrip("rRuUbBfF")
        return "'" if written.startswith("'") else '"'


def quoted(header: str, quote: str = '"', encode=str.encode) -> str:
    """The text as a literal that the file's encoding has letters for."""
    if quote in header and ("'" if quote == '"' else '"') not in header:
        quote = "'" if quote == '"' else '"'
    written = "".join(_letter(letter, quote, encode) for letter in header)
    return f"{quote}{written}{quote}"


def and_(parts: Iterable[str]) -> str:
    """Parts with commas, and the last one behind "and"."""
    *most, last = list(parts) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _letter(letter: str, quote: str, encode) -> str:
    if letter in ("\\", quote):
        return "\\" + letter
    if not letter.isprintable():
        return repr(letter)[1:-1]
    try:
        encode(letter)
    except UnicodeEncodeError:
        return letter.encode("ascii", "backslashreplace").decode()
    return letter


def _check(before: str, after: str, field: str, header: str) -> None:
    """The text says the same as before but for one list that has one more text, or one that is new."""
    try:
        was, now = ast.parse(before), ast.parse(after)
        (old,), (new,) = _calls(was, field), _calls(now, field)
        had, has = _headers(old), _headers(new)
        texts = lambda value: [_constant(one) for one in value.elts]  # noqa: E731
        earlier = texts(had.value) if had is not None and had.value.elts else [_default(old, field)]
        if has is None or texts(has.value) != [*earlier, header]:
            raise NotEditable("the list is written in a way that cannot be extended")
        if had is None:
            new.keywords.remove(has)
        else:
            has.value = had.value
        if ast.dump(was) != ast.dump(now):
            raise NotEditable("the list is written in a way that cannot be extended")
    except (SyntaxError, ValueError, AttributeError) as error:
        raise NotEditable("the list is written in a way that cannot be extended") from error


def sources_of(root: Path, skipped: Iterable[str] = (".git", ".venv", "venv", "tests", "__pycache__", "node_modules", "build", "dist")) -> dict[Path, bytes]:
    """The Python files of a configuration's folder."""
    skip = frozenset(skipped)
    found = {}
    for path in sorted(root.rglob("*.py")):
        if not skip & set(path.relative_to(root).parts[:-1]) and path.is_file() and not path.is_symlink():
            found[path] = path.read_bytes()
    return found
