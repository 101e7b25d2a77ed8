"""Values as people type them: readers for transforms, checks for validators, and whole fields in a few lines.

A reader is a polars expression over a whole column, to be returned by a transform::

    from ade_engine import fields

    def clean(field_name):
        return fields.date(field_name)

The column's own cells decide how it is read: one ``31/01/2025`` makes its dates day-first, one ``1.309,50`` makes ``1.200`` one
thousand two hundred. If no cell decides, the settings ``date_order`` and ``decimal_mark`` do, or the reader's own argument, and
the column gets one issue that says so. A cell that cannot be read comes out empty and gets an issue with its original text.
Cells that have the type already keep their value; empty cells stay empty.

A check is an expression, too: null for a correct value, a message for a wrong one. A :class:`Field` puts headers, reader and
checks together.
"""

from ade_engine.fields.beside import file_name, label, section, sheet_name, title
from ade_engine.fields.checks import checksum, date_range, one_of, pattern, range, required, unique
from ade_engine.fields.codes import choice
from ade_engine.fields.field import Field
from ade_engine.fields.headers import DataRows, HeaderRows, LayoutRows
from ade_engine.fields.made_of import month, percent, quantity, quarter, week, year
from ade_engine.fields.parts import FullName, Interval, Measured, PlaceCode, interval, measured, place_code
from ade_engine.fields.readers import (
    boolean,
    code,
    currency,
    date,
    date_time,
    duration,
    email,
    filled_rows,
    iban,
    money,
    number,
    person_name,
    phone,
    text,
    time,
    without_blank_rows,
)
from ade_engine.fields.stacks import Stack
from ade_engine.fields.sums import difference_of, sum_of

__all__ = [
    "DataRows",
    "Field",
    "FullName",
    "HeaderRows",
    "Interval",
    "LayoutRows",
    "Measured",
    "PlaceCode",
    "Stack",
    "boolean",
    "checksum",
    "choice",
    "code",
    "currency",
    "date",
    "date_range",
    "date_time",
    "difference_of",
    "duration",
    "email",
    "file_name",
    "filled_rows",
    "iban",
    "interval",
    "label",
    "measured",
    "money",
    "month",
    "number",
    "one_of",
    "pattern",
    "percent",
    "person_name",
    "phone",
    "place_code",
    "quantity",
    "quarter",
    "range",
    "required",
    "section",
    "sheet_name",
    "sum_of",
    "text",
    "time",
    "title",
    "unique",
    "week",
    "without_blank_rows",
    "year",
]
