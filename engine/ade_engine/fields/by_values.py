"""Finding a field's column by its values, where no header says which column it is.

Values say what a column holds, and seldom what it is for: one column of dates may be the day that people started or the day
that they were born. So they count for less than a header, and for nothing where they leave a choice:

- a column whose header is known, and a field that a header of the table names, are left as they are;
- of several columns that would do, none gets the field, and neither does a column that would do for several fields;
- a header that says what the values are and more ("Birth date", "Supervisor e-mail") names a field of its own;
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

#: Scores of a column whose values are the field's throughout: its header names the kind of value and nothing else ("Date"),
#: it says nothing, it says something unknown, it names another field. With the 0.4 of a header that ends with a known word
#: the last one is enough, without it is not.
_NAMES_KIND, _SAYS_NOTHING, _UNKNOWN, _NAMES_OTHER = 0.65, 0.6, 0.5, 0.3
#: The score where values leave a choice: it shows in reports, and decides nothing together with such a header either.
_HAS_CHOICE = 0.05
#: What a header says of an e-mail address, a date and so on by itself; in a longer word it is a part of it ("Geburtsdatum").
_KIND_WORDS = {
    "email": ("email", "e mail", "mail", "courriel", "correo"),
    "phone": ("phone", "telephone", "tel", "mobile", "cell", "telefon", "mobil", "handy", "telefono", "portable", "fax"),
    "date": ("date", "datum", "day", "tag", "fecha", "jour", "dia", "giorno", "dob", "born", "geboren", "birth"),
    "money": ("amount", "betrag", "montant", "importe", "importo", "sum", "summe", "total", "price", "preis", "cost", "value"),
    "code": ("id", "no", "nr", "number", "code", "key", "nummer", "numero", "ref", "reference"),
    "iban": ("iban", "account", "konto", "compte", "cuenta"),
    "known": (),
}
#: The kinds whose values are unmistakable; those of phones are with a plus.
_UNMISTAKABLE = frozenset(("email", "phone", "iban", "known"))
#: Of those, what is never the field's name by itself.
_OF_OTHERS = frozenset(("fax", "dob", "born", "geboren", "birth", "total", "sum", "summe"))
#: A part of a word has to be as long to be told from other letters.
_LEAST_OF_PART = 4
_PLACEHOLDERS = frozenset(
    ("column", "col", "field", "unnamed", "header", "spalte", "feld", "colonne", "champ", "columna", "campo", "x", "n a")
    + ("na", "none", "null", "unknown", "tbd", "todo", "data", "value")
)
#: A column has to have the field's values in so many of its filled cells.
_LEAST_SHARE = 0.9


class FieldValues:
    """A column detector: the columns whose values look like a field's. See the module for when they count.

    ``kind``: what the values are: ``"email"``, ``"phone"``, ``"iban"``, ``"date"``, ``"money"``, ``"code"``, or ``"known"`` with
    the ``known`` values themselves.
    """

    def __init__(self, field: str, kind: str, known: Sequence[str] = ()):
        self.field = field
        self.kind = kind
        self.known = tuple(known)
        self.__name__ = self.__qualname__ = f"Field({field!r}).values"
        #: The table that was looked at last, and what was found in it.
        self._last: tuple[TableProfile | None, dict[int, float]] = (None, {})

    def __call__(self, column_profile: ColumnProfile) -> dict[str, float] | None:
        score = self.of_table(column_profile.table).get(column_profile.index)
        return {self.field: score} if score else None

    def of_table(self, table: TableProfile) -> dict[int, float]:
        """The scores of a table's columns, by their places."""
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
                if fit >= _LEAST_SHARE:
                    fits[column.index] = fit
        if not fits:
            return {}
        rivals = self.kind != "known" and any(
            kind == self.kind for field, kind in table.kinds.items() if field != self.field and field not in fields
        )
        scores = {}
        for index, fit in fits.items():
            column = table.columns[index]
            # "Net pay" is no gross pay, though its values may be; "Work e-mail" is an e-mail address.
            is_other = self.kind not in ("email", "phone") and self.field in column.by_header
            has_choice = rivals or is_other or len(fits) > 1
            scores[index] = round(fit * (_HAS_CHOICE if has_choice else _trust(column, self.kind)), 2)
        return scores


#: What the values of a kind are called.
_IN_WORDS = {"email": "e-mail addresses", "phone": "phone numbers", "date": "dates", "iban": "IBANs"}


def kind_of_others(values: pl.Series, kind: str | None, missed: set[str]) -> str | None:
    """What all values of a column are, where they are none of their field's ``kind``.

    Text and ids may be anything: there only values count that a field of those ``missed`` in the table would have. Few columns
    are looked at closely: those whose first value does not look like one of the kind.
    """
    if kind not in _suspects and not missed:
        return None
    first = next((value for value in values.head(5).to_list() if value is not None and value != ""), None)
    if not (_suspects[kind] if kind in _suspects else _says_contact)(first if type(first) is str else ""):
        return None
    found = profile(values)
    for other, name in _IN_WORDS.items():
        is_it = found["looked_at"] and found["patterns"][other] >= _LEAST_SHARE * found["looked_at"]
        if is_it and other != kind and (kind in _suspects or other in missed):
            return name
    return None


def _says_contact(text: str) -> bool:
    return "@" in text or text.startswith("+")


#: What makes a first value strange, by the kind of the field.
_suspects = {
    "email": lambda text: "@" not in text,
    "phone": lambda text: "@" in text or not any(letter.isdigit() for letter in text),
    "date": _says_contact,
    "money": _says_contact,
}


def _fit(column: ColumnProfile, kind: str, known: Sequence[str]) -> float:
    """How much of a column is values of a kind; 0.0 where they are of another kind although they look alike."""
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
        # An id is there in each row, once, and always written alike.
        is_id = column.distinct >= 0.98 and column.same_shape >= _LEAST_SHARE and column.filled >= 0.9 * column.rows
        return column["code"] if is_id and column.filled >= 3 else 0.0
    mean = column.mean
    is_money = column.currency >= 0.5 or column.cents >= 0.95 and column.filled >= 3 and mean is not None and mean >= 100
    return column["number"] if is_money else 0.0


def _trust(column: ColumnProfile, kind: str) -> float:
    """The score that a column's header leaves to its values."""
    if _has_year(column.header):
        # The values of some year.
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
    parts = [word for word in _KIND_WORDS[kind] if len(word) >= _LEAST_OF_PART or word in ("tag", "day")]
    if any(word.endswith(part) or len(part) >= _LEAST_OF_PART and part in word for word in words for part in parts):
        return _NAMES_OTHER
    if kind not in ("email", "phone") and len(words) > 2:
        # So many words describe something.
        return _NAMES_OTHER
    if kind != "known":
        # Where the row of headers is missing, the first row of values was taken for it.
        patterns = _native.column_profile(pl.Series([column.header], dtype=pl.String))["patterns"]
        if patterns["number" if kind == "money" else kind]:
            return _SAYS_NOTHING
    is_doubtful = kind not in _UNMISTAKABLE or kind == "phone" and column.with_plus < _LEAST_SHARE
    return _NAMES_OTHER if is_doubtful else _UNKNOWN


def _has_year(header: str) -> bool:
    """Whether a header has a year by itself, and not as a part of a date or an id."""
    words = (word.strip("()[],;:") for word in header.split())
    return any(len(word) == 4 and word.isdigit() and word[:2] in ("19", "20") for word in words)
