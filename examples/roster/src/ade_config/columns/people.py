"""The fields: what each is called, which headers people give it, and how its cells are read and checked."""

from ade_engine.fields import Field, code, date, email, money, number, person_name, phone, range, required, text


def up_to_80(field_name):
    """A check of our own: an expression that is null for a good value, and a message for a wrong one."""
    return range(field_name, least=0, most=80)


def not_negative(field_name):
    return range(field_name, least=0)


FIELDS = [
    Field("member_id", "Member ID", headers=["member id", "member no", "employee id", "badge number", "record id"], read=code),
    Field("first_name", "First name", headers=["first name", "given name", "forename"], read=person_name),
    Field("last_name", "Last name", headers=["last name", "surname", "family name"], read=person_name, checks=[required]),
    Field("email", "E-mail", headers=["email", "e mail", "email address", "e mail address", "mail"], read=email),
    Field("phone", "Phone", headers=["phone", "phone number", "mobile", "telephone"], read=phone),
    Field("employer", "Employer", headers=["employer", "company", "contractor"], read=text),
    Field("start_date", "Start date", headers=["hire date", "start date", "date hired", "joined"], read=date),
    Field("hours", "Hours", headers=["hours", "regular hours", "base hours", "hours worked"], read=number, checks=[up_to_80]),
    Field("pay", "Gross pay", headers=["gross wages", "gross pay", "wages", "pay"], read=money, checks=[not_negative]),
]


def email_by_values(column_sample_non_empty_values):
    """A detector of our own: up to 0.5 for values that look like addresses, so that a column is found although its header
    says "Contact". The scores of all detectors add up; the field with the highest total gets the column.
    """
    sample = column_sample_non_empty_values
    share = sum("@" in value for value in sample) / len(sample) if sample else 0
    return {"email": round(0.5 * share, 2)} if share else None


def register(registry):
    for field in FIELDS:
        field.register(registry)
    registry.register_column_detector(email_by_values, field="email", priority=10)
