"""Finding a field's column by its values, if no header says which column it is.

Values show what a column holds, and seldom its purpose: a column of dates may hold start dates or birth dates. So they count
for less than a header, and for nothing if they leave a choice:

- a column whose header is known, and a field that a header of the table names, are left as they are;
- if several columns fit, none gets the field, and neither does a column that fits several fields;
- a header that names the kind of value and more ("Birth date", "Supervisor e-mail") names a field of its own;
- below a header of unknown words only unmistakable values count: e-mail addresses, IBANs, phones with a plus, values that the
  author lists. Numbers, dates and ids may be anything there ("Weight", "Expiry", "Ticket").
"""

from __future__ import annotations

from ade_engine import _native
from ade_engine.fields.headers import simplify
from ade_engine.fields.readers import profile
from ade_engine.models import polars as pl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ade_engine.models.column_profile import ColumnProfile, TableProfile

#: The scores of a column whose values all fit the field, by its header: it names only the kind of value ("Date"), it is empty
#: of meaning, it has unknown words, it names another field. The last score is enough together with the 0.4 of a header that
#: ends with a known word, and not without it.
_NAMES_KIND, _SAYS_NOTHING, _UNKNOWN, _NAMES_OTHER = 0.65, 0.6, 0.5, 0.3
#: The score if values leave a choice. It shows in reports and decides nothing, even together with a header that ends with a
#: known word.
_HAS_CHOICE = 0.05
#: The words for an e-mail address, a date and so on in headers. They also count as a part of a longer word ("Geburtsdatum").
_KIND_WORDS = {
    "email": ("email", "e mail", "mail", "courriel", "correo"),
    "phone": ("phone", "telephone", "tel", "mobile", "cell", "telefon", "mobil", "handy", "telefono", "portable", "fax"),
    "date": ("date", "datum", "day", "tag", "fecha", "jour", "dia", "giorno", "dob", "born", "geboren", "birth"),
    "money": ("amount", "betrag", "montant", "importe", "importo", "sum", "summe", "total", "price", "preis", "cost", "value"),
    "code": ("id", "no", "nr", "number", "code", "key", "nummer", "numero", "ref", "reference"),
    "iban": ("iban", "account", "konto", "compte", "cuenta"),
    "known": (),
}
#: The kinds whose values are unmistakable; phones only with a plus.
_UNMISTAKABLE = frozenset(("email", "phone", "iban", "known"))
#: Words among these that are never the field's name by themselves.
_OF_OTHERS = frozenset(("fax", "dob", "born", "geboren", "birth", "total", "sum", "summe"))
#: The minimum length of a word that counts as a part of a longer word.
_MIN_PART_LETTERS = 4
_PLACEHOLDERS = frozenset(
    ("column", "col", "field", "unnamed", "header", "spalte", "feld", "colonne", "champ", "columna", "campo", "x", "n a")
    + ("na", "none", "null", "unknown", "tbd", "todo", "data", "value")
)
#: The minimum share of a column's filled cells that have the field's values.
_MIN_SHARE = 0.9


class FieldValues:
    """A column detector that finds columns whose values look like a field's. The module describes when they count.

    ``kind``: the kind of the values: ``"email"``, ``"phone"``, ``"iban"``, ``"date"``, ``"money"``, ``"code"``, or ``"known"``
    with the ``known`` values themselves.
    """

    def __init__(self, field: str, kind: str, known: Sequence[str] = ()):
        self.field = field
        self.kind = kind
        self.known = tuple(known)
        self.__name__ = self.__qualname__ = f"Field({field!r}).values"
        #: The most recent table and its scores.
        self._last: tuple[TableProfile | None, dict[int, float]] = (None, {})

    def __call__(self, column_profile: ColumnProfile) -> dict[str, float] | None:
        score = self.of_table(column_profile.table).get(column_profile.index)
        return {self.field: score} if score else None

    def of_table(self, table: TableProfile) -> dict[int, float]:
        """Returns the scores of a table's columns by their positions."""
        if self._last[0] is not table:
            self._last = table, self._find(table)
        return self._last[1]

    def _find(self, table: TableProfile) -> dict[int, float]:
        fields, columns = table.known
        if self.field in fields or len(columns) == len(table.columns):
            return {}
        fits = {}
        for column in table.columns:
            if column.index not in columns:
                fit = _fit(column, self.kind, self.known)
                if fit >= _MIN_SHARE:
                    fits[column.index] = fit
        if not fits:
            return {}
        rivals = self.kind != "known" and any(
            kind == self.kind for field, kind in table.kinds.items() if field != self.field and field not in fields
        )
        scores = {}
        for index, fit in fits.items():
            column = table.columns[index]
            # "Net pay" is not gross pay, though its values may fit; "Work e-mail" is an e-mail address.
            is_other = self.kind not in ("email", "phone") and self.field in column.by_header
            has_choice = rivals or is_other or len(fits) > 1
            scores[index] = round(fit * (_HAS_CHOICE if has_choice else _trust(column, self.kind)), 2)
        return scores


#: The plural names of kinds in messages.
_IN_WORDS = {"email": "e-mail addresses", "phone": "phone numbers", "date": "dates", "iban": "IBANs"}


def kind_of_others(values: pl.Series, kind: str | None, missed: set[str]) -> str | None:
    """Returns the kind of all values of a column if it is not their field's ``kind``.

    Text and ids may be anything: for these only the kinds of fields that the table lacks (``missed``) count. Few columns are
    examined closely: those whose first value does not look like the field's kind.
    """
    if kind not in _suspects and not missed:
        return None
    first = next((value for value in values.head(5).to_list() if value is not None and value != ""), None)
    if not (_suspects[kind] if kind in _suspects else _says_contact)(first if type(first) is str else ""):
        return None
    found = profile(values)
    for other, name in _IN_WORDS.items():
        is_it = found["looked_at"] and found["patterns"][other] >= _MIN_SHARE * found["looked_at"]
        if is_it and other != kind and (kind in _suspects or other in missed):
            return name
    return None


def _says_contact(text: str) -> bool:
    return "@" in text or text.startswith("+")


#: Tests for an unusual first value, by the kind of the field.
_suspects = {
    "email": lambda text: "@" not in text,
    "phone": lambda text: "@" in text or not any(letter.isdigit() for letter in text),
    "date": _says_contact,
    "money": _says_contact,
}


def _fit(column: ColumnProfile, kind: str, known: Sequence[str]) -> float:
    """Returns the share of a column's values that are of a kind; 0.0 if they only look alike."""
    if not column.filled:
        return 0.0
    if kind == "known":
        return column.like(known)
    if kind in ("email", "phone", "iban"):
        return column[kind]
    if column.filled < 2:
        return 0.0
    if kind == "date":
        return column["date"]
    if kind == "code":
        # An id is in each row, once, and always has the same shape.
        is_id = column.distinct >= 0.98 and column.same_shape >= _MIN_SHARE and column.filled >= 0.9 * column.rows
        return column["code"] if is_id and column.filled >= 3 else 0.0
    mean = column.mean
    is_money = column.currency >= 0.5 or column.cents >= 0.95 and column.filled >= 3 and mean is not None and mean >= 100
    return column["number"] if is_money else 0.0


def _trust(column: ColumnProfile, kind: str) -> float:
    """Returns the score of a column's values under its header."""
    if _has_year(column.header):
        # The values belong to one year.
        return _NAMES_OTHER
    words = [word for word in simplify(column.header).split() if not word.isdigit()]
    if not any(len(word) > 1 for word in words) or all(word.rstrip("0123456789") in _PLACEHOLDERS for word in words):
        return _SAYS_NOTHING
    text = " ".join(words)
    own = [word for word in _KIND_WORDS[kind] if f" {word} " in f" {text} "]
    if own:
        rest = text
        for word in own:
            rest = f" {rest} ".replace(f" {word} ", " ").strip()
        return _NAMES_OTHER if rest or _OF_OTHERS.intersection(own) else _NAMES_KIND
    parts = [word for word in _KIND_WORDS[kind] if len(word) >= _MIN_PART_LETTERS or word in ("tag", "day")]
    if any(word.endswith(part) or len(part) >= _MIN_PART_LETTERS and part in word for word in words for part in parts):
        return _NAMES_OTHER
    if kind not in ("email", "phone") and len(words) > 2:
        # A header of three or more words describes something specific.
        return _NAMES_OTHER
    if kind != "known":
        # If the header row is missing, the first row of values was taken for it.
        patterns = _native.column_profile(pl.Series([column.header], dtype=pl.String))["patterns"]
        if patterns["number" if kind == "money" else kind]:
            return _SAYS_NOTHING
    is_doubtful = kind not in _UNMISTAKABLE or kind == "phone" and column.with_plus < _MIN_SHARE
    return _NAMES_OTHER if is_doubtful else _UNKNOWN


def _has_year(header: str) -> bool:
    """Returns whether a header has a year by itself, and not as a part of a date or an id."""
    words = (word.strip("()[],;:") for word in header.split())
    return any(len(word) == 4 and word.isdigit() and word[:2] in ("19", "20") for word in words)
