"""The fields: what each is called, which headers people give it, and how its cells are read and checked."""

import polars as pl
from ade_engine.fields import (
    Field, FullName, code, date, duration, email, money, number, person_name, phone, range, text
)  # fmt: skip

# A column with one of these headers is split if neither the first nor the last name has its own column.
FULL_NAME = FullName(["full name", "name", "employee name", "member name"])


def hours(field_name):
    """A reader of our own: a polars expression over the column. "38.5", "38,5 h" and "38:30" are all 38.5 hours."""
    clock = duration(field_name).dt.total_minutes() / 60
    return pl.coalesce(number(field_name, units=["h", "hrs", "hours"]), clock)


def up_to_80(field_name):
    """A check of our own: an expression that is null for a good value, and a message for a wrong one."""
    return range(field_name, least=0, most=80)


# With `required`, a missing column or value is an error. The values of fields with `key` identify a row in the list of issues.
# An issue of a check is a warning, unless the check is paired with "error" or "info".
FIELDS = [
    Field("site", "Site", headers=["site", "location"], read=text),
    Field("member_id", "Member ID", headers=["member id", "member no", "employee id", "badge number", "record id"],
          read=code, by_values=True),
    Field("first_name", "First name", headers=["first name", "given name", "forename"],
          read=person_name, part_of=FULL_NAME.first, key=True),
    Field("last_name", "Last name", headers=["last name", "surname", "family name"],
          read=person_name, part_of=FULL_NAME.last, key=True, required=True),
    Field("email", "E-mail", headers=["email", "e mail", "email address", "e mail address", "mail"], read=email, by_values=True),
    Field("phone", "Phone", headers=["phone", "phone number", "mobile", "telephone"], read=phone, by_values=True),
    Field("start_date", "Start date", headers=["hire date", "start date", "date hired", "joined"], read=date, by_values=True),
    Field("hours", "Hours", headers=["hours", "regular hours", "base hours", "hours worked"],
          read=hours, checks=[(up_to_80, "error")], description="Of one week, without overtime"),
    Field("pay", "Gross pay", headers=["gross wages", "gross pay", "wages", "pay"], read=money, by_values=True),
]  # fmt: skip


def register(registry):
    for field in FIELDS:
        field.register(registry)
