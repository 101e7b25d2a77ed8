"""What an error says, without cell values.

The text of an exception often quotes the value at fault: ``could not convert string to float: 'abc'``. Events and
records are to say what happened, where and how often, but not which value. So of an exception's text this keeps what
cannot be a value, by where the words come from:

- The engine's own errors hold no values.
- Of an error that a ``raise`` statement makes, the words that stand in that statement; ``…`` is what it puts in.
- Of an error of Python or polars about types, names and columns, the words; what is quoted in them, and numbers, only
  where they stand in the author's own code.
- Of a missing key, the key where it stands in the author's own code.
- Of a failed conversion, from which type to which, in which column and for how many values.
- Of an error of the operating system, its number and its words.

Anything else is left out.
"""

from __future__ import annotations

import linecache
import os
import re

from ade_engine.infrastructure.observability.stack import is_engine_file
from ade_engine.models.errors import AdeEngineError, ExtensionComplaint

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from types import TracebackType

#: What a message ends with where a part of the error's text was left out.
LEFT_OUT = "(its text may quote cells; `ade run --show-values` shows it)"

#: Raised by the interpreter itself, these speak of types and names in code.
_ABOUT_CODE = (TypeError, AttributeError, NameError, ImportError, ArithmeticError, IndexError, RecursionError, MemoryError)
#: The same of polars, by name: polars may not have been imported.
_ABOUT_COLUMNS = {
    "ColumnNotFoundError",
    "DuplicateError",
    "InvalidOperationError",
    "SchemaError",
    "SchemaFieldNotFoundError",
    "ShapeError",
    "StructFieldNotFoundError",
}
#: How failed conversions begin. What follows is the value.
_CONVERSIONS = re.compile(
    r"conversion from `[^`]+` to `[^`]+` failed in column '[^']*' for \d+ out of \d+ values"
    r"|strict \w+ parsing failed for \d+ value\(s\)"
    r"|could not convert string to float"
    r"|could not convert string to complex"
    r"|invalid literal for int\(\) with base \d+"
    r"|cannot convert float (NaN|infinity) to integer"
    r"|Invalid isoformat string"
    r"|(day|month|hour|minute|second|microsecond) (is out of range for month|must be in [\d.]+)"
    r"|year is out of range"
    r"|substring not found"
    r"|(not enough|too many) values to unpack"
    r"|math domain error"
)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,]\d+)*")
#: Types as Python and polars spell them.
_TYPE_NAME = re.compile(
    r"(?:NoneType|bool|bytes|complex|date|datetime|dict|float|function|int|list|method|module|object|set|str|time|timedelta|tuple|type"
    r"|[iuf](?:8|16|32|64|128)|null|Null|Boolean|String|Binary|Date|Time|Datetime|Duration|List|Struct|Object|Categorical|Enum"
    r"|U?Int(?:8|16|32|64|128)|Float(?:32|64)|Decimal|DataFrame|LazyFrame|Series|Expr)"
)


def said_by(error: BaseException, code: str | None = None) -> str:
    """The error's text as far as it cannot hold cell values; it ends with :data:`LEFT_OUT` where that is not all.

    ``code``: the author's file at fault, where the error's own frames do not lead there.
    """
    text = _text(error)
    if not text:
        return ""
    kept = _kept(error, text, code)
    return text if kept == text else f"{kept} {LEFT_OUT}" if kept else LEFT_OUT


def kind_of(error: BaseException) -> str:
    """What the error is called in messages: the name of its class, unless it says otherwise."""
    return getattr(error, "ade_kind", type(error).__name__)


def told(error: BaseException) -> str:
    """The last line of the error's traceback, without cell values."""
    return titled(kind_of(error), said_by(error))


def titled(kind: str, said: str) -> str:
    """The kind of an error and what it says, as messages have both."""
    return kind if not said else f"{kind} {said}" if said.startswith(LEFT_OUT) else f"{kind}: {said}"


def mark_as_free_of_values(error: BaseException) -> None:
    """Let an error and its causes be told whole: they were raised before any cell was read."""
    part: BaseException | None = error
    while part is not None and not hasattr(part, "ade_free_of_values"):
        part.ade_free_of_values = True
        part = part.__cause__ or part.__context__


def stands_in_code(text: str, fn_file: str | None) -> bool:
    """Whether the text is written in a file of code: what the code says itself is no secret of the input."""
    return bool(text) and fn_file is not None and _is_word_of(text, "".join(linecache.getlines(fn_file)))


def stands_in_sources(text: str, trace: TracebackType | None) -> bool:
    """Whether the text is written in one of the author's files that an error came through."""
    return _is_word_of(text, _sources(trace, None))


def _text(error: BaseException) -> str:
    try:
        return str(error).strip()
    except Exception:
        return ""


def _kept(error: BaseException, text: str, code: str | None) -> str:
    if isinstance(error, ExtensionComplaint) or hasattr(error, "ade_location") or hasattr(error, "ade_free_of_values"):
        return text
    innermost = _innermost(error.__traceback__)
    file_name, line = innermost if innermost is not None else ("", 0)
    if isinstance(error, (AdeEngineError, OSError, UnicodeError)) and is_engine_file(file_name):
        return text
    if isinstance(error, OSError) and isinstance(error.errno, int):
        return f"[Errno {error.errno}] {os.strerror(error.errno)}"
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        return text if _is_word_of(error.args[0], _sources(error.__traceback__, code)) else ""
    statement = _raising_statement(file_name, line)
    if statement is not None:
        return _written(statement, type(error).__name__)
    conversion = _CONVERSIONS.match(text)
    if conversion is not None:
        return _words_of_code(conversion.group(), error.__traceback__, code, counts=True)
    about_code = isinstance(error, _ABOUT_CODE) and not _is_library(file_name)
    about_columns = type(error).__name__ in _ABOUT_COLUMNS and type(error).__module__.startswith("polars.")
    if about_code or about_columns:
        return _words_of_code(text, error.__traceback__, code)
    return ""


def _is_library(file_name: str) -> bool:
    """Whether a traceback's file name belongs to Python or to an installed package."""
    import sysconfig

    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    return file_name.startswith(tuple(sysconfig.get_path(kind) + os.sep for kind in kinds))


def _innermost(trace: TracebackType | None) -> tuple[str, int] | None:
    found = None
    while trace is not None:
        found = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return found


def _raising_statement(file_name: str, line: int) -> ast.Raise | ast.Assert | None:
    """The ``raise`` or ``assert`` that stands on the line."""
    import ast

    source = "".join(linecache.getlines(file_name))
    if not source:
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, (ast.Raise, ast.Assert)) and node.lineno <= line <= (node.end_lineno or node.lineno):
            return node
    return None


def written_warning(file_name: str, line: int) -> str:
    """The words that stand in the call of ``warn`` on a line; ``…`` is what it puts in."""
    import ast

    try:
        tree = ast.parse("".join(linecache.getlines(file_name)))
    except (SyntaxError, ValueError, RecursionError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and node.lineno <= line <= (node.end_lineno or node.lineno):
            if getattr(node.func, "attr", getattr(node.func, "id", None)) == "warn":
                return _constant(node.args[0])
    return ""


def _written(statement: ast.Raise | ast.Assert, name: str) -> str:
    """The words of the statement, if it is the one that made an error of this name."""
    import ast

    if isinstance(statement, ast.Assert):
        return _constant(statement.msg) if name == "AssertionError" and statement.msg is not None else ""
    made = statement.exc
    if not isinstance(made, ast.Call) or not made.args:
        return ""
    called = made.func.attr if isinstance(made.func, ast.Attribute) else getattr(made.func, "id", None)
    return _constant(made.args[0]) if called == name else ""


def _constant(node: ast.expr) -> str:
    """The text of an expression with ``…`` for everything that is not written out; empty where nothing is."""
    text = re.sub(r"(?:…\s*)+…|…+", "…", _pieces(node)).strip()
    return text if text.strip("… ,.:;'\"()") else ""


def _pieces(node: ast.expr) -> str:
    import ast

    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else "…"
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_pieces, node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _pieces(node.left) + _pieces(node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return re.sub(r"%(?:\([^)]*\))?[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]", "…", _pieces(node.left))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return re.sub(r"\{[^{}]*\}", "…", _pieces(node.func.value))
    return "…"


def _words_of_code(text: str, trace: TracebackType | None, code: str | None, *, counts: bool = False) -> str:
    """The first line up to a colon, with what is quoted, and numbers unless they are ``counts``, left out where they are
    not of the author's own writing."""
    source = _sources(trace, code)

    line = text.split("\n", 1)[0].split(": ", 1)[0]

    def is_known(part: str) -> bool:
        return _TYPE_NAME.fullmatch(part) is not None or _is_word_of(part, source)

    # A value may hold quotation marks itself: from the first part that is not known, all up to the last mark is left out.
    quoted = [part for mark in "\"'`" if line.count(mark) % 2 for part in re.finditer(mark, line)][:1]
    quoted += [part for part in _QUOTED.finditer(line) if not is_known(part.group()[1:-1])]
    if quoted:
        first = min(part.start() for part in quoted)
        last = max(line.rfind(mark) for mark in "\"'`")
        line = f"{line[: first + 1]}…{line[max(last, first + 1) :]}"
    return line if counts else _NUMBER.sub(lambda part: part.group() if is_known(part.group()) else "…", line)


def _sources(trace: TracebackType | None, code: str | None) -> str:
    """The text of the author's files that an error came through."""
    files: dict[str, None] = {} if code is None else {code: None}
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not is_engine_file(name) and not _is_library(name):
            files[name] = None
        trace = trace.tb_next
    return "\n".join("".join(linecache.getlines(name)) for name in files)


def _is_word_of(text: str, source: str) -> bool:
    return text != "" and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", source) is not None
