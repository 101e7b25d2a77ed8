"""Writes header words into the lists of an author's fields, and arguments and fields for reshaping tables, by the positions of
Python's own ``ast``: every other byte stays.

Lists that are computed or shared, and fields made by other functions, cannot be edited like this: :class:`NotEditableError` has
the reason.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from functools import cached_property
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    #: A syntax node with a position in a file.
    Node = ast.expr | ast.keyword


class NotEditableError(Exception):
    """The list of a field cannot be edited; the message contains the reason."""


class _Source:
    """A file of an author. Columns are counted in bytes of UTF-8, as ``ast`` does. ``encode``: encodes a text for the file."""

    def __init__(self, path: Path, text: str, encode: Callable[[str], bytes]):
        self.path = path
        self.text = text
        self.encode = encode
        breaks = list(re.finditer(r"\r\n|\r|\n", text))
        self._starts = [0, *(found.end() for found in breaks)]
        self._newline = breaks[0][0] if breaks else "\n"

    @cached_property
    def tree(self) -> ast.Module:
        """Returns the file's syntax tree."""
        return ast.parse(self.text)

    def calls(self, field: str | None = None) -> list[ast.Call]:
        """Returns the calls of ``Field``: those with this name as a text, or all."""
        found = [node for node in ast.walk(self.tree) if _is_field(node)]
        return [call for call in found if field is None or _constant(_argument(call, 0, "name")) == field]

    @property
    def fields(self) -> ast.List | None:
        """Returns the list that contains the fields, if there is one."""
        lists = [node for node in ast.walk(self.tree) if isinstance(node, ast.List) and any(map(_is_field, node.elts))]
        return lists[0] if len(lists) == 1 else None

    def insert(self, at: int, said: str) -> _Source:
        """Returns the file with more text at a position."""
        return _Source(self.path, self.text[:at] + said + self.text[at:], self.encode)

    def above(self, node: ast.stmt, line: str) -> _Source:
        """Returns the file with a line above a statement."""
        return self.insert(self._starts[node.lineno - 1], line + self._newline)

    def behind(self, value: ast.expr, last: Node, said: str) -> _Source:
        """Returns the file with another element behind the last one of a list."""
        at, end, line_end, lead = self._end(last), self._end(value), self._line_end(last.end_lineno), self._lead(last)
        if lead is None:
            return self.insert(at, f", {said}")
        more = f"{self._newline}{lead}{said}"
        # Text behind the last element on its line, such as a comment, stays with it.
        if end > line_end and self.text[at:line_end].lstrip().startswith(","):
            return self.insert(line_end, f"{more},")
        if end <= line_end or self.text[line_end:end].lstrip().startswith(","):
            return self.insert(at, f",{more}")
        return self.insert(line_end, more).insert(at, ",")

    def with_header(self, call: ast.Call, field: str, header: str) -> _Source:
        """Returns the file with the header in the list of a call, or with a new list for it."""
        if any(keyword.arg is None for keyword in call.keywords) or any(
            isinstance(argument, ast.Starred) for argument in call.args
        ):
            raise NotEditableError("its arguments are given with * or **")
        keyword = _headers(call)
        if keyword is None:
            return self._with_list(call, _default(call, field), header)
        value = keyword.value
        if not isinstance(value, (ast.List, ast.Tuple)) or any(_constant(element) is None for element in value.elts):
            raise NotEditableError("the field's headers are not a plain list of texts")
        if not value.elts:
            return self.insert(self._start(value) + 1, self._quoted('"', _default(call, field), header))
        last = value.elts[-1]
        return self.behind(value, last, self._quoted(self._quote_of(last), header))

    def _with_list(self, call: ast.Call, default: str, header: str) -> _Source:
        """Returns the file with a list of headers behind the name and the label."""
        label = next((keyword for keyword in call.keywords if keyword.arg in ("label", "name")), None)
        ahead = call.args[-1] if call.args else label
        if ahead is None:
            raise NotEditableError("its name is not one of the first arguments")
        quote = self._quote_of(call.args[0] if call.args else label.value)
        lead = self._lead(ahead)
        between = " " if lead is None else self._newline + lead
        return self.insert(self._end(ahead), f",{between}headers=[{self._quoted(quote, default, header)}]")

    def _quoted(self, quote: str, *texts: str) -> str:
        return ", ".join(quoted(text, quote, self.encode) for text in texts)

    def _line_end(self, line: int) -> int:
        """Returns the end of a line, without its line break."""
        stop = self._starts[line] if line < len(self._starts) else len(self.text)
        return self._starts[line - 1] + len(self.text[self._starts[line - 1] : stop].rstrip("\r\n"))

    def _place(self, line: int, column: int) -> int:
        begin = self._starts[line - 1]
        return begin + len(self.text[begin : self._line_end(line)].encode()[:column].decode())

    def _start(self, node: Node) -> int:
        return self._place(node.lineno, node.col_offset)

    def _end(self, node: Node) -> int:
        return self._place(node.end_lineno, node.end_col_offset)

    def _lead(self, node: Node) -> str | None:
        """Returns the blanks before a node that is the first of its line; ``None`` if it is not."""
        ahead = self.text[self._starts[node.lineno - 1] : self._start(node)]
        return ahead if not ahead.strip() else None

    def _quote_of(self, node: ast.expr) -> str:
        written = self.text[self._start(node) :].lstrip("rRuUbBfF")
        return "'" if written.startswith("'") else '"'


def added(sources: Mapping[Path, bytes], field: str, header: str) -> tuple[Path, bytes]:
    """Returns the file that has a field, and its bytes with one more header.

    Raises ``NotEditableError`` if no file has the field, several have it, or its list is not one of plain texts.
    """
    calls = [(file, call) for file in _files(sources) for call in file.calls(field)]
    if not calls:
        raise NotEditableError(f"no file has a call Field({field!r}, …) with this name as a text")
    if len(calls) > 1:
        places = ", ".join(f"{file.path.name}:{call.lineno}" for file, call in calls)
        raise NotEditableError(f"there are several calls Field({field!r}, …): {places}")
    ((file, call),) = calls
    changed = file.with_header(call, field, header)
    _check(file, changed, field, header)
    return file.path, file.encode(changed.text)


def declared(sources: Mapping[Path, bytes], fields: Mapping[str, str], new: Mapping[str, str], constant: tuple[str, str] | None, names: Iterable[str]) -> tuple[Path, bytes]:
    """Returns the file of the fields, and its bytes with the changes. ``fields``: an argument for each field; ``new``: the
    whole calls of new fields; ``constant``: the name and the value of their shared constant; ``names``: the names of
    ``ade_engine.fields`` that they use.

    Raises ``NotEditableError`` if the fields are in several files, or not in a list.
    """
    found = [file for file in _files(sources) if any(map(file.calls, fields)) or not fields and file.fields]
    if len(found) != 1:
        raise NotEditableError("these fields are not all in one file")
    (file,) = found
    for field, argument in fields.items():
        calls = file.calls(field)
        if len(calls) != 1 or not calls[0].args and not calls[0].keywords:
            raise NotEditableError(f"{file.path.name} does not have exactly one call Field({field!r}, …)")
        last = max([*calls[0].args, *calls[0].keywords], key=lambda argument: (argument.end_lineno, argument.end_col_offset))
        file = file.behind(calls[0], last, argument)
    for call in new.values():
        if file.fields is None:
            raise NotEditableError(f"the fields of {file.path.name} are not in a list")
        file = file.behind(file.fields, file.fields.elts[-1], call)
    known = {alias.asname or alias.name for node in file.tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    lacking = sorted(set(names) - known) if "*" not in known else []
    if constant is not None:
        first = next(node for node in file.tree.body if any(map(_is_field, ast.walk(node))))
        file = file.above(first, f"{constant[0]} = {constant[1]}")
    try:
        imports = [node for node in file.tree.body if isinstance(node, ast.ImportFrom) and node.module == "ade_engine.fields"]
        if lacking and not imports:
            raise NotEditableError(f"{file.path.name} imports nothing from ade_engine.fields")
        changed = file.above(imports[0], f"from ade_engine.fields import {', '.join(lacking)}") if lacking else file
        ast.parse(changed.text)
    except SyntaxError as error:
        raise NotEditableError("the fields are written in a way that cannot be extended") from error
    return file.path, file.encode(changed.text)


def readers_of(sources: Mapping[Path, bytes]) -> dict[str, str | None]:
    """Returns the name of each field's reader function; ``None`` if it is not given by a name."""
    calls = [call for file in _files(sources) for call in file.calls()]
    found = {_constant(_argument(call, 0, "name")): next((keyword.value for keyword in call.keywords if keyword.arg == "read"), None) for call in calls}
    return {field: read.id if isinstance(read, ast.Name) else None for field, read in found.items() if field}


def _files(sources: Mapping[Path, bytes]) -> list[_Source]:
    """Returns the readable Python files."""
    return [file for path, source in sources.items() if (file := _file(path, source))]


def _file(path: Path, source: bytes) -> _Source | None:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        mark = b"\xef\xbb\xbf" if source.startswith(b"\xef\xbb\xbf") else b""
        name = "utf-8" if encoding == "utf-8-sig" else encoding
        file = _Source(path, source[len(mark) :].decode(name), lambda changed: mark + changed.encode(name))
        return file if file.encode(file.text) == source and file.tree else None
    except (SyntaxError, ValueError, LookupError):
        return None


def _is_field(node: ast.AST) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
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
    """Returns the header of a field without headers: its label, or its name."""
    label = _argument(call, 1, "label")
    if label is None or isinstance(label, ast.Constant) and label.value is None:
        return field.replace("_", " ")
    text = _constant(label)
    if text is None:
        raise NotEditableError("its label is computed, so its present header is unknown")
    return text or field.replace("_", " ")


def quoted(header: str, quote: str = '"', encode=str.encode) -> str:
    """Returns the text as a literal in the file's encoding."""
    if quote in header and ("'" if quote == '"' else '"') not in header:
        quote = "'" if quote == '"' else '"'
    written = "".join(_letter(letter, quote, encode) for letter in header)
    return f"{quote}{written}{quote}"


def and_(parts: Iterable[str]) -> str:
    """Returns parts with commas, and "and" before the last one."""
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


def _check(before: _Source, after: _Source, field: str, header: str) -> None:
    """Checks that the file is unchanged except for one list that has one more text, or that is new."""
    try:
        (old,), (new,) = before.calls(field), after.calls(field)
        had, has = _headers(old), _headers(new)
        texts = lambda value: [_constant(element) for element in value.elts]  # noqa: E731
        earlier = texts(had.value) if had is not None and had.value.elts else [_default(old, field)]
        if has is None or texts(has.value) != [*earlier, header]:
            raise NotEditableError("the list is written in a way that cannot be extended")
        if had is None:
            new.keywords.remove(has)
        else:
            has.value = had.value
        if ast.dump(before.tree) != ast.dump(after.tree):
            raise NotEditableError("the list is written in a way that cannot be extended")
    except (SyntaxError, ValueError, AttributeError) as error:
        raise NotEditableError("the list is written in a way that cannot be extended") from error


def sources_of(root: Path, skipped: Iterable[str] = (".git", ".venv", "venv", "tests", "__pycache__", "node_modules", "build", "dist")) -> dict[Path, bytes]:
    """Returns the Python files of a configuration's folder."""
    skip = frozenset(skipped)
    found = {}
    for path in sorted(root.rglob("*.py")):
        if not skip & set(path.relative_to(root).parts[:-1]) and path.is_file() and not path.is_symlink():
            found[path] = path.read_bytes()
    return found
