"""What headers mean, which columns belong together, and headers written into fields."""

import ast
import random
from pathlib import Path

import pytest
from ade_engine.inference.edit import NotEditable, added
from ade_engine.inference.pairs import Side, pairs
from ade_engine.inference.words import meanings, readings, relation


def related(one: str, other: str, kind: str | None = None) -> str:
    return relation(readings(one, kind), readings(other, kind))[0]


@pytest.mark.parametrize(("one", "other", "kind"), [
    ("Rechnungsnummer", "Invoice No", "code"),
    ("N° facture", "N.º factura", "code"),
    ("Fällig am", "Vencimiento", "date"),
    ("Leverantörsnummer", "Numer dostawcy", "code"),
    ("Nettobetrag", "Montant HT", "money"),
    ("Geboortedatum", "Fødselsdato", "date"),
    ("Qty", "Anzahl", "number"),
    ("Temp (C)", "Lufttemperatur", "number"),
    ("Kostenstelle", "Centro di costo", "code"),
    ("orderDate", "Bestelldatum", "date"),
])
def test_words_of_many_languages_mean_the_same(one: str, other: str, kind: str) -> None:
    assert related(one, other, kind) == "same"


@pytest.mark.parametrize(("one", "other", "kind"), [
    ("Net", "Bruttobetrag", "money"), ("Buchungstag", "Date valeur", "date"), ("Vorname", "Cognome", "name"),
    ("Gültig von", "Valid to", "date"), ("Order no.", "Rechnungsnummer", "code"),
    ("Cost centre", "Artikelnummer", "code"), ("Planned hours", "Hours actual", "number"),
    ("Old price", "Precio nuevo", "money"),
])
def test_what_contradicts_is_never_the_same(one: str, other: str, kind: str) -> None:
    assert related(one, other, kind) == "opposed"
    values = ["17.00", "12.50", "13.10", "9.99", "8.00"] if kind == "money" else ["A1", "A2", "A3", "A4", "A5"]
    assert pairs([Side((one,), kind, values)], [Side((other,), kind, values)]) == []


def test_a_word_of_several_meanings_is_read_beside_the_others() -> None:
    french = meanings([("Nom", "text"), ("Prénom", "text"), ("Date de naissance", "date")])
    spanish = meanings([("Nombre", "text"), ("Apellidos", "text")])
    assert [some[0].said for some in french[:2]] == ["last name", "first name"]
    assert [some[0].said for some in spanish] == ["first name", "last name"]
    bank = meanings([("Date", "date"), ("Date valeur", "date")])
    assert [some[0].said for some in bank] == ["booking date", "value date"]


def test_a_bare_word_is_a_guess_where_its_table_has_several() -> None:
    known = [Side(("Invoice date",), "date", ["d"]), Side(("Due date",), "date", ["d"])]
    assert [pair.reason for pair in pairs(known, [Side(("Datum",), "date", ["d"])])] == [None]
    (pair,) = pairs(known[:1], [Side(("Datum",), "date", ["d"])])
    assert pair.reason == '"Invoice date" and "Datum": each is the only "date" of its table'


def test_likeness_alone_is_no_reason() -> None:
    values = [1.5, 2.5, 3.5, 4.5, 5.5]
    (pair,) = pairs([Side(("Foobar",), "number", values)], [Side(("Quux",), "number", values)])
    assert pair.reason is None


def test_the_same_part_of_a_sum_is_a_reason() -> None:
    net, tax = [10.0, 20.0, 30.0, 45.0, 50.0, 61.0], [2.0, 4.0, 6.0, 9.0, 10.0, 12.2]
    gross = [x + y for x, y in zip(net, tax)]
    known = [Side((word,), "money", values) for word, values in (("Net", net), ("VAT", tax), ("Gross", gross))]
    new = [Side((word,), "money", values) for word, values in (("Qa", net), ("Qb", tax), ("Qc", gross))]
    found = {(pair.known, pair.new): pair.reason for pair in pairs(known, new)}
    assert found[2, 2] == '"Gross" and "Qc" are both the sum of two others' and found.keys() == {(0, 0), (1, 1), (2, 2)}


def test_two_columns_with_one_claim_are_questions() -> None:
    known = [Side(("Customer",), "text", ["a"])]
    found = pairs(known, [Side(("Kunde",), "text", ["b"]), Side(("Cliente",), "text", ["c"])])
    assert [pair.reason for pair in found] == [None]


#: A configuration's text, and what it is with the header "Netto" in the field ``net``.
WAYS = [
    ('Field("net", "Net", headers=["net"])', 'Field("net", "Net", headers=["net", "Netto"])'),
    ("Field('net', headers=['net',])", "Field('net', headers=['net', 'Netto',])"),
    ('Field("net", headers=("net",), read=money)', 'Field("net", headers=("net", "Netto",), read=money)'),
    ('Field("net", "Net amount", read=money)', 'Field("net", "Net amount", headers=["Net amount", "Netto"], read=money)'),
    ('Field("net"),  # ä\n', 'Field("net", headers=["net", "Netto"]),  # ä\n'),
    ('Field(name="net", label="Né")', 'Field(name="net", headers=["Né", "Netto"], label="Né")'),
    ('Field("net", headers=[])', 'Field("net", headers=["net", "Netto"])'),
    ('Field("é", "à"), Field("net", headers=["né"]), Field("o")', 'Field("é", "à"), Field("net", headers=["né", "Netto"]), Field("o")'),
    ('Field("net", headers=[\n    "a",\n    "b",  # why\n])', 'Field("net", headers=[\n    "a",\n    "b",  # why\n    "Netto",\n])'),
    ('Field("net", headers=[\n    "a",\n    "b"  # why\n])', 'Field("net", headers=[\n    "a",\n    "b",  # why\n    "Netto"\n])'),
    ('Field(\n    "net",\n    "N",\n    read=money,\n)', 'Field(\n    "net",\n    "N",\n    headers=["N", "Netto"],\n    read=money,\n)'),
    ('fields.Field("net", headers=["a" "b"])', 'fields.Field("net", headers=["a" "b", "Netto"])'),
]


@pytest.mark.parametrize(("before", "after"), WAYS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("encoding", "head"), [("utf-8", ""), ("utf-8-sig", ""), ("latin-1", "# coding: latin-1\n")])
def test_a_header_is_written_and_each_other_byte_stays(before: str, after: str, newline: str, encoding: str, head: str) -> None:
    texts = [(f"{head}# é\nFIELDS = [{text}]\n").replace("\n", newline).encode(encoding) for text in (before, after)]
    assert added({Path("fields.py"): texts[0]}, "net", "Netto")[1] == texts[1]


@pytest.mark.parametrize("text", [
    'Field("net", headers=HEADERS)',
    'Field("net", headers=["a", *MORE])',
    'Field("net", headers=[f"{a}"])',
    'Field("net", headers=[word for word in WORDS])',
    'Field("net", **MORE)',
    'Field("net", LABEL)',
    'Field(NAME, headers=["net"])',
    'MyField("net", headers=["net"])',
    'Field("net", headers=["a", ("b")])',
    'Field("net"), Field("net")',
    "Field(",
])
def test_what_is_no_plain_list_is_left_alone(text: str) -> None:
    with pytest.raises(NotEditable):
        added({Path("fields.py"): f"X = [{text}]\n".encode()}, "net", "Netto")


def test_any_header_can_be_written_anywhere() -> None:
    rng = random.Random(7)
    for _ in range(400):
        words = ["".join(rng.choices("aé\"'\\ü€\t#,)]", k=rng.randint(1, 6))) for _ in range(rng.randint(1, 4))]
        quote = rng.choice([repr, lambda word: '"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'])
        gap = rng.choice(["", " ", "\n    ", "  # , ]\n  "])
        comma = rng.choice(["", ",", " ,"])
        listed = "[" + gap + f",{gap or ' '}".join(map(quote, words[:-1])) + comma * bool(words[:-1]) + gap.replace("# , ]", "") + "]"
        source = f'A = "é"; F = [Field("é", "x"), Field("net", "Net", headers={listed}), 1]\n'.encode()
        try:
            changed = added({Path("fields.py"): source}, "net", words[-1])[1]
        except NotEditable:
            pytest.fail(source.decode())
        call = next(node for node in ast.walk(ast.parse(changed)) if isinstance(node, ast.Call) and node.args[0].value == "net")
        assert ast.literal_eval(call.keywords[0].value) == [*(words[:-1] or ["Net"]), words[-1]]
        # All bytes of before are there, in their order: what is new stands between them.
        rest = iter(changed)
        assert all(byte in rest for byte in source)


def test_what_is_left_of_a_sum_of_three_is_the_same_whatever_it_is_called() -> None:
    net, tax, dues = [900.0, 820.5, 1010.0, 700.0, 1500.0, 660.0], [120.0, 99.5, 140.0, 80.0, 210.0, 75.0], [80.0, 75.25, 91.0, 60.0, 130.0, 58.0]
    gross = [sum(row) for row in zip(net, tax, dues)]
    table = lambda *words: [Side((word,), "money", values) for word, values in zip(words, (gross, tax, dues, net))]  # noqa: E731
    reasons = lambda new: {(pair.known, pair.new): pair.reason for pair in pairs(table("Gross pay", "Income tax", "Zzork", "Net pay"), new) if pair.reason}  # noqa: E731
    assert "both the rest of a sum" in (reasons(table("Brutto", "Lohnsteuer", "Grumpf", "Nettolohn"))[2, 2] or "")
    # Two are left: nobody knows which is which.
    assert not {(1, 1), (2, 2)} & reasons(table("Brutto", "Blah", "Grumpf", "Nettolohn")).keys()


@pytest.mark.parametrize(("one", "other", "kind", "is_same"), [
    ("Length (mins)", "Dauer (Min.)", "number", True),
    ("Terminnummer", "Booking no", "code", False),
    ("Zimmer", "Room", "code", True),
    ("Zimmer", "No of rooms", "number", True),
    ("Invoice date", "Order date", "date", False),
])
def test_units_numbers_and_kinds_say_which_meaning_a_word_has(one: str, other: str, kind: str, is_same: bool) -> None:
    assert (relation(readings(one, kind), readings(other, kind))[0] == "same") is is_same
