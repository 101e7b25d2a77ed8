"""Readers of the author's own words, written in the configuration or in a file of words beside it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from ade_engine.fields.made_of import MadeReader, texts_of
from ade_engine.fields.scales import folded
from ade_engine.infrastructure.observability.stack import calling_place
from ade_engine.models import polars as pl
from ade_engine.models.errors import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ade_engine.fields.made_of import CellsReader

#: The marks between the cells of a file of words. A line may have one within a word, so that of most lines counts.
_DELIMITERS = (",", ";", "\t")


class Choice:
    """A reader of words that have meanings: a call with a column's name returns the expression that reads the column."""

    def __init__(self, words: Mapping[str, str] | str):
        #: The file of words, or ``None`` if the configuration has them itself.
        self.file: Path | None = None
        if isinstance(words, str):
            place = calling_place()
            self.file = Path(place[0] if place is not None else "").parent / words
            words = WordsFile.load(self.file).meanings()
        if not isinstance(words, Mapping) or not all(isinstance(word, str) for pair in words.items() for word in pair):
            raise TypeError('choice takes words and their meanings, such as {"Strom": "electricity"}, or the name of a file of words beside it')
        self._known = {_key(meaning): meaning for meaning in words.values()} | {_key(word): meaning for word, meaning in words.items()}
        #: The words without a meaning, as in the cells: for each column, the number of cells of each.
        self.unknown: dict[str, dict[str, int]] = {}

    def __call__(self, column: str) -> pl.Expr:
        return MadeReader(column, "choice", partial(self._read, column))

    def _read(self, column: str, series: pl.Series, read: CellsReader) -> pl.Series:
        texts = texts_of(series).to_list()
        found = {text: self._known.get(_key(text)) for text in dict.fromkeys(texts) if text is not None}
        if None in found.values():
            counts = self.unknown.setdefault(column, {})
            for text in texts:
                if text is not None and found[text] is None:
                    counts[text] = counts.get(text, 0) + 1
        return pl.Series([found.get(text) for text in texts], dtype=pl.String)


def choice(words: Mapping[str, str] | str) -> Choice:
    """Returns a reader of the author's own words: ``read=choice({"Strom": "electricity", "Gas": "gas"})``.

    ``read=choice("analytes.csv")`` takes them from a file beside the module. Each of its lines has a meaning, and then its words:
    ``Sodium,Natrium,Sodio,Na``. ``ade fix`` adds words to it.

    Case, accents and blanks at the ends do not count, and a cell may hold the meaning itself. Any other word comes out empty
    and gets an issue.
    """
    return Choice(words)


def _key(word: str) -> str:
    return " ".join(folded(word).split())


class WordsFile:
    """A CSV file in UTF-8 whose lines have a meaning, and then its words. It has no header."""

    def __init__(self, path: Path, text: str):
        # Few configurations have such files.
        import csv

        self._path = path
        self._text = text
        # A byte order mark stays in the file.
        lines = text.removeprefix("\ufeff").splitlines(keepends=True)
        self._delimiter = max(_DELIMITERS, key=lambda mark: sum(mark in line for line in lines))
        rows = csv.reader(lines, delimiter=self._delimiter)
        #: The filled cells of each line, with the number of its last line in the file.
        self._rows = [([cell.strip() for cell in row if cell.strip()], rows.line_num) for row in rows]

    @classmethod
    def load(cls, path: Path) -> WordsFile:
        """Reads the file. Raises ``ValueError`` if it cannot be read as a file of words."""
        try:
            return cls.parse(path, path.read_bytes())
        except OSError as error:
            raise ValueError(f"choice: the file of words {path.name} cannot be read: {error.strerror}") from None

    @classmethod
    def parse(cls, path: Path, content: bytes) -> WordsFile:
        """Reads the file's content. Raises ``ValueError`` if it is no text in UTF-8."""
        try:
            return cls(path, content.decode())
        except UnicodeDecodeError:
            raise ValueError(f"choice: the file of words {path.name} is not in UTF-8; in Excel, save it as CSV UTF-8") from None

    def meanings(self) -> dict[str, str]:
        """Returns the meaning of each word. Raises ``ValueError`` if a word has two."""
        known: dict[str, tuple[str, int]] = {}
        for row, line in self._rows:
            for word in row:
                meaning, earlier = known.setdefault(_key(word), (row[0], line))
                if meaning != row[0]:
                    raise ValueError(f'choice: {self._path.name}, line {line}: "{word}" stands for {meaning} in line {earlier} and for {row[0]} here')
        return {word: row[0] for row, _ in self._rows for word in row}

    def with_word(self, word: str, meaning: str) -> bytes:
        """Returns the file's bytes with one more word of a meaning. Raises ``ValueError`` if it lacks the meaning."""
        last = next((line for row, line in self._rows if row and _key(row[0]) == _key(meaning)), None)
        if last is None:
            raise ValueError(f'no line of {self._path.name} begins with "{meaning}"{did_you_mean(meaning, [row[0] for row, _ in self._rows if row])}')
        lines = self._text.splitlines(keepends=True)
        line = lines[last - 1]
        written = line.rstrip("\r\n")
        quoted = '"{}"'.format(word.replace('"', '""')) if any(mark in word for mark in (self._delimiter, '"')) else word
        # Excel writes a delimiter for each empty cell at the end.
        lines[last - 1] = written.rstrip(self._delimiter + " ") + self._delimiter + quoted + line[len(written) :]
        return "".join(lines).encode()
