"""A field of each kind that most configurations have."""

from ade_engine.fields import Field, FullName, code, date, email, money, number, person_name, phone, range, text

NAME = FullName(["name"])


def register(registry):
    for field in (
        Field("id", read=code, by_values=True),
        Field("given", headers=["first name"], read=person_name, part_of=NAME.first, key=True),
        Field("family", headers=["last name"], read=person_name, part_of=NAME.last, key=True, required=True),
        Field("mail", headers=["e mail"], read=email, by_values=True),
        Field("phone", read=phone),
        Field("team", read=text),
        Field("day", headers=["date"], read=date, by_values=True),
        Field("hours", read=number, checks=[(lambda name: range(name, least=0, most=80), "error")]),
        Field("pay", read=money, by_values=True),
    ):
        field.register(registry)
