"""Columns in one form each, as people and programs write them: every cell is read as meant, or comes out empty with a message.
None is ever another value.
"""

import datetime as dt

import polars as pl
import pytest
from conftest import declared
from read_columns import Column

from ade_engine import fields

D, DT, T, t = dt.date, dt.datetime, dt.timedelta, dt.time


def R(name, **options):
    return lambda column: getattr(fields, name)(column, **options)


phone, number, dur, boo = R("phone"), R("number"), R("duration"), R("boolean")

#: By what is shown: the reader, the cells, and what they mean; none: the cell says too little, and has a message. Without a list
#: the cells stay as they are.
COLUMNS = {
    "DE national": (R("phone", country="DE"), ["030 123456", "0171 2345678", "(089) 5551234", "+44 20 7946 0958", "0301234567"], ["+4930123456", "+491712345678", "+49895551234", "+442079460958", "+49301234567"]),
    "IT national": (R("phone", country="IT"), ["312 345 9875", "06 6982 1234", "+39 02 1234 5678"], ["+393123459875", "+390669821234", "+390212345678"]),
    "US national": (R("phone", country="US"), ["(212) 555-0123", "2125550199", "1 212 555 0188", "212-555-0123 ext. 8"], ["+12125550123", "+12125550199", "+12125550188", "+12125550123 x8"]),
    "DE no number": (R("phone", country="DE"), ["12345", "0", "2025-0001234", "€ 1.234.567", "999"], [None]*5),
    "Italy without country": (phone, ["312 345 9875", "333 123 4567", "347 987 6543"], ["3123459875", "3331234567", "3479876543"]),
    "ten digits bare": (phone, ["5551234567", "2125550123"], ["5551234567", "2125550123"]),
    "beside American": (phone, ["(212) 555-0123", "(212) 555-0124", "212 555 0125"], ["212-555-0123", "212-555-0124", "212-555-0125"]),
    "float": (phone, ["+49301234567.0", "+4989123456.0"], ["+49301234567", "+4989123456"]),
    "amounts": (phone, ["1,234,567.89", "1.234.567,89", "1234567.50", "1 234 567,89", "-1234567", "1,234,567", "1'234'567.00"], [None]*7),
    "typed amounts": (phone, [1234567.5, 98765432.25], [None]*2),
    "cards": (phone, ["4111 1111 1111 1111", "3782 822463 10005", "3056 930902 5904", "378282246310005"], [None]*4),
    "invoices": (phone, ["2025-0001234", "2024/000123", "2024-03-15-001", "20250131001", "RE-2025-00123", "10/2025-00017"], [None]*6),
    "companies": (R("person_name"), ["Ernst & Young, LLP", "Weber, GmbH & Co. KG", "Acme, S.A.", "Novo, A/S", "Smith & Sons, Limited", "Rossi, S.p.A.", "Kowalski, Sp. z o.o."], None),
    "companies first": (R("person_name", part="first"), ["Ernst & Young, LLP", "Weber, GmbH & Co. KG", "Novo, A/S", "Price, PLC", "Rossi, S.p.A."], [None]*5),
    "companies with commas": (R("person_name"), ["Huber, Franz GmbH", "Stone, Hill & Partners", "Games, Puzzles and More", "Keller, Söhne und Töchter", "Orlo Ltd"], None),
    "companies with commas first": (R("person_name", part="first"), ["Huber, Franz GmbH", "Stone, Hill & Partners", "Games, Puzzles and More", "Orlo Ltd"], [None]*4),
    "companies with commas last": (R("person_name", part="last"), ["Huber, Franz GmbH", "Orlo Ltd", "Marco Sa", "Änne Äg"], ["Huber, Franz GmbH", "Orlo Ltd", "Sa", "Äg"]),
    "juniors": (R("person_name", part="last"), ["Ida Holm, jun.", "Holm, Ida sen."], ["Holm, jun.", "Holm sen."]),
    "degrees": (R("person_name"), ["Smith, Ann PhD", "Ann Lee, MPH", "Ann Lee, Dipl.-Ing.", "Ann Lee, M.Sc.", "Lee, Ann, MPH", "Ann Lee, FRCS"], ["Ann Smith PhD", "Ann Lee, MPH", "Ann Lee, Dipl.-Ing.", "Ann Lee, M.Sc.", "Ann Lee, MPH", "Ann Lee, FRCS"]),
    "degrees last": (R("person_name", part="last"), ["Smith, Ann PhD", "Ann Lee, MPH", "Ann Lee, M.Sc.", "Ann Lee, PhD"], ["Smith PhD", "Lee, MPH", "Lee, M.Sc.", "Lee, PhD"]),
    "particles last": (R("person_name", part="last"), ["Karl von und zu Stein", "Berg, Maria van der", "Anna von der Heide", "Stein, Karl von und zu"], ["von und zu Stein", "van der Berg", "von der Heide", "von und zu Stein"]),
    "particles alone": (R("person_name", part="first"), ["Stein, von und zu", "Berg, van der"], [None, None]),
    "particles full": (R("person_name"), ["Stein, von und zu", "Berg, Maria van der"], ["Stein, von und zu", "Maria van der Berg"]),
    "e-mail limits": (R("email"), ["a"*65+"@b.co", "a@"+"b"*64+".co", "a@b.c0m", "a@b.1x", "a@b.co1"], [None]*5),
    "e-mail good": (R("email"), ["dept/sales@b.co", "a"*64+"@b.co", "a@b.xn--p1ai", "A@B.Info"], ["dept/sales@b.co", "a"*64+"@b.co", "a@b.xn--p1ai", "a@b.info"]),
    "apostrophe code": (R("code"), ["'00421", "'0815", "'12-A"], ["00421", "0815", "12-A"]),
    "apostrophe text": (R("text"), ["'00421", "'+49 30", "'Ndrangheta", "'90s music"], ["00421", "+49 30", "'Ndrangheta", "'90s music"]),
    "nbsp": (R("text"), ["10\u00a0Downing\u202fStreet", "a\u2007b"], ["10 Downing Street", "a b"]),
    "nbsp code": (R("code"), ["AB\u00a012"], ["AB 12"]),
    "ISO durations": (dur, ["PT1H30M", "P1DT2H", "PT90M", "PT45S", "P2W", "PT0.5H", "P1Y", "P2M"], [T(hours=1.5), T(days=1, hours=2), T(minutes=90), T(seconds=45), T(weeks=2), T(hours=.5), None, None]),
    "90m 1h30": (dur, ["90m", "1h30", "2h05", "1h5m", "30 m"], [T(minutes=90), T(hours=1.5), T(hours=2, minutes=5), T(hours=1, minutes=5), None]),
    "days and clock": (dur, ["2 days, 9:07:00", "1 day, 0:30:00", "2 days 09:07:00", "-1 day, 23:59:00"], [T(days=2, hours=9, minutes=7), T(days=1, minutes=30), T(days=2, hours=9, minutes=7), None]),
    "and": (dur, ["1 hour and 30 minutes", "1 Stunde und 30 Minuten", "1 heure et 30 minutes", "2 horas y 5 minutos", "2 ore e 5 minuti"], [T(hours=1.5)]*3 + [T(hours=2, minutes=5)]*2),
    "weeks": (dur, ["3 weeks", "1 week", "2 Wochen", "1 week 2 days", "4 sem."], [T(weeks=3), T(weeks=1), T(weeks=2), T(days=9), T(weeks=4)]),
    "CLDR": (dur, ["2 godziny 15 minut", "3 часа", "1 timme", "2 timer 5 minutter", "4 uur", "5 dakika", "2 tuntia", "3 dní", "2 órák", "2時間", "2時間5分", "2 год"], [T(hours=2, minutes=15), T(hours=3), T(hours=1), T(hours=2, minutes=5), T(hours=4), T(minutes=5), T(hours=2), T(days=3), None, T(hours=2), None, None]),
    "true": (boo, ["VERDADEIRO", "PRAWDA", "ИСТИНА", "SANN", "SANT", "TOSI", "IGAZ", "DOĞRU", "ADEVĂRAT", "PRAVDA", "VERO", "WAAR", "SAND"], [True]*13),
    "false": (boo, ["FALSO", "FAŁSZ", "ЛОЖЬ", "USANN", "FALSKT", "EPÄTOSI", "HAMIS", "YANLIŞ", "FALS", "NEPRAVDA", "FALSCH", "ONWAAR", "FALSK"], [False]*13),
    "initials both": (boo, ["V", "F", "V"], [True, False, True]),
    "initials S/N": (boo, ["S", "N", "S"], [True, False, True]),
    "initials sex": (boo, ["F", "M", "F", "M"], [None]*4),
    "initials winds": (boo, ["N", "S", "E", "W"], [None]*4),
    "initials Y/N": (boo, ["Y", "N", "y"], [True, False, True]),
    "only F": (boo, ["F", "F"], [None]*2),
    "zones": (R("time"), ["14:30 CET", "14:30 MEZ", "2:30 pm EST", "14:30 AEDT", "14:30Z", "14:30:00 +02:00", "14:30 UTC+2"], [t(14, 30)]*7),
    "at": (R("time"), ["at 14:30", "kl. 14.30", "à 14h30", "um 14:30 Uhr", "o 14:30", "às 14:30", "klo 14.30", "om 14:30", "alle 14:30", "a las 14:30"], [t(14, 30)]*10),
    "date at": (R("date_time"), ["31.01.2025 um 14:30", "31.01.2025 kl. 14:30", "31.01.2025 à 14:30", "31.01.2025 at 2:30 pm", "31.01.2025 à 14h30"], [DT(2025, 1, 31, 14, 30)]*5),
    "logs": (R("date_time"), ["20040505213138", "20040531000000", "20250131143000"], [DT(2004, 5, 5, 21, 31, 38), DT(2004, 5, 31), DT(2025, 1, 31, 14, 30)]),
    "logs as dates": (R("date"), ["20040505213138", "20040531000000"], [D(2004, 5, 5), D(2004, 5, 31)]),
    "mails": (R("date_time"), ["31.01.2025 14:30 MEZ", "31 Jan 2025 14:30:00 AEDT", "Fri, 31 Jan 2025 14:30:00 +0100 (MEZ)", "31.01.2025 14:30 MESZ"], [DT(2025, 1, 31, 14, 30)]*4),
    "names": (R("number"), ["530,56 danske kroner", "12,50 Euro", "1.250,00 Schweizer Franken", "99,95 euros", "5,00 złotych polskich", "12,50 US-Dollar"], [530.56, 12.5, 1250, 99.95, 5, 12.5]),
    "names cur": (R("currency"), ["530,56 danske kroner", "1.250,00 Schweizer Franken", "12,50 US-Dollar"], ["DKK", "CHF", "USD"]),
    "CR DR": (R("number"), ["1,250.00 CR", "300.50 DR", "12.00 CR"], [1250, -300.5, 12]),
    "CR beside none": (R("number"), ["1,250.00", "300.50", "12.00 CR"], [1250, 300.5, None]),
    "Soll Haben": (R("number"), ["1.250,00 Haben", "300,50 Soll", "12,00 haben"], [1250, -300.5, 12]),
    "crores": (R("number"), ["1.50 Cr", "2.25 Cr"], [None] * 2),
    "sides beside signs": (R("number"), ["₹ 5.00 CR", "Rs 1.50 CR", "-3.00 DR"], [None] * 3),
    "star": (R("number"), ["12.50*", "13.00", "14.25**"], [12.5, 13, 14.25]),
    "tilde": (R("number"), ["~59.02", "60.10"], [59.02, 60.1]),
    "rupees": (R("number"), ["Rs. 156.04/-", "Rs. 200/-", "₹ 1,00,000/-"], [156.04, 200, 100000]),
    "Vietnamese": (R("date"), ["31 tháng 1, 2025", "ngày 28 tháng 2 năm 2025", "Thứ Sáu, 31 tháng 1, 2025", "Ngày 05 tháng 03 năm 2025"], [D(2025, 1, 31), D(2025, 2, 28), D(2025, 1, 31), D(2025, 3, 5)]),
    "Vietnamese words": (R("date"), ["31 Tháng Một 2025", "5 tháng Mười Hai 2024"], [None] * 2),
    "weekdays agree": (R("date"), ["Thu Jan 31 2025", "Thứ Năm, 31 tháng 1, 2025", "31.I.2025"], [None, None, D(2025, 1, 31)]),
    "roman": (R("date"), ["31.XII.2025", "5 IV 2025", "1-V-2025", "7/x/2024", "15.I.2025"], [D(2025, 12, 31), D(2025, 4, 5), D(2025, 5, 1), D(2024, 10, 7), D(2025, 1, 15)]),
    "iban": (R("iban"), ["DE89 3704 0044 0532 0130 00", "de89370400440532013000", "IBAN: GB82 WEST 1234 5698 7654 32", "DE88 3704 0044 0532 0130 00", "12345"], ["DE89370400440532013000", "DE89370400440532013000", "GB82WEST12345698765432", None, None]),
}  # fmt: skip


def read(cells, reader):
    column = Column(pl.Series(cells), reader)
    return column.values, column.unread, column.reading


#: Where an empty cell needs no message: nobody has a first name there.
WITHOUT_MESSAGES = {"companies first", "companies with commas first", "particles alone"}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_cell_is_what_is_meant_or_empty_and_said(name):
    reader, cells, wanted = COLUMNS[name]
    values, messages, _ = read(cells, reader)
    assert values == (cells if wanted is None else wanted)
    if name not in WITHOUT_MESSAGES:
        assert [value is None for value in values] == [message is not None for message in messages]


def test_sides_of_accounts_are_told():
    _, _, reading = read(["1,250.00 CR", "300.50 DR"], number)
    assert reading["ambiguous"] and "CR and Haben are read as plus, DR and Soll as minus" in reading["message"]
    # One among amounts without: nobody knows whether it is to be added.
    values, messages, _ = read(["1,250.00", "300.50", "12.00 CR"], number)
    assert values == [1250, 300.5, None] and messages[2].startswith("not a number")


def test_a_country_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="country should be two capitals, such as 'DE', not 'de'; did you mean 'DE'"):
        fields.phone("x", country="de")
    with pytest.raises(ValueError, match="not 'XX'"):
        fields.phone("x", country="XX")


ACCOUNTS = declared("""
    Field("customer", headers=["customer"], read=person_name), Field("phone", headers=["phone"], read=german),
    Field("mail", headers=["mail"], read=email), Field("account", headers=["account"], read=iban),
    Field("worked", headers=["worked"], read=duration), Field("paid", headers=["paid"], read=boolean),
    Field("amount", headers=["amount"], read=number),
""", functions="""
def german(field_name):
    return phone(field_name, country="DE")
""")


def test_a_run_reads_them(run):
    outcome = run({"columns/accounts.py": ACCOUNTS}, [
        ["Customer", "Phone", "Mail", "Account", "Worked", "Paid", "Amount"],
        ["Ernst & Young, LLP", "030 123456", "dept/sales@b.co", "DE89 3704 0044 0532 0130 00", "PT1H30M", "V", "530,56 danske kroner"],
        ["Smith, Ann PhD", "2025-0001234", "a@b.c0m", "DE88 3704 0044 0532 0130 00", "30 m", "F", "12,50 Euro"],
    ])  # fmt: skip
    names, first, second = outcome.rows()
    found = [dict(zip(names, row)) for row in (first, second)]
    assert [row["customer"] for row in found] == ["Ernst & Young, LLP", "Ann Smith PhD"]
    assert [row["phone"] for row in found] == ["+4930123456", None]
    assert [row["mail"] for row in found] == ["dept/sales@b.co", None]
    assert [row["account"] for row in found] == ["DE89370400440532013000", None]
    assert [row["worked"] for row in found][1] is None and found[0]["worked"] is not None
    assert [row["paid"] for row in found] == [True, False] and [row["amount"] for row in found] == [530.56, 12.5]
