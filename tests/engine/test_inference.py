"""Meanings of headers, and headers written into fields. `tests/sheets/inferred` has which columns belong together."""

import ast
import random
from pathlib import Path

import pytest
from ade_engine.inference.edit import NotEditableError, added
from ade_engine.inference.kinds import seen
from ade_engine.inference.side import ComparableColumn
from ade_engine.inference.words import meanings, readings, relation

#: Two headers, the kind of their values, and whether they mean the same.
WORDS = """
Rechnungsnummer | Invoice No | code | same
N° facture | N.º factura | code | same
Fällig am | Vencimiento | date | same
Leverantörsnummer | Numer dostawcy | code | same
Nettobetrag | Montant HT | money | same
Geboortedatum | Fødselsdato | date | same
Qty | Anzahl | number | same
Temp (C) | Lufttemperatur | number | same
Kostenstelle | Centro di costo | code | same
orderDate | Bestelldatum | date | same
Length (mins) | Dauer (Min.) | number | same
Zimmer | Room | code | same
Zimmer | No of rooms | number | same
Terminnummer | Booking no | code | other
Invoice date | Order date | date | other
Net | Bruttobetrag | money | opposed
Buchungstag | Date valeur | date | opposed
Vorname | Cognome | name | opposed
Gültig von | Valid to | date | opposed
Order no. | Rechnungsnummer | code | opposed
Cost centre | Artikelnummer | code | opposed
Planned hours | Hours actual | number | opposed
Old price | Precio nuevo | money | opposed
Ürün adı | Product name | text | same
Číslo faktury | Invoice no | code | same
Tuotenumero | Cikkszám | code | same
Дата рождения | Date of birth | date | same
Τιμή καταλόγου | List price | money | same
商品コード | Product code | code | same
Cena netto | Brutto ár | money | opposed
Hours per week | Wochenstunden | number | same
Salary p.a. | Salary | money | other
"""


@pytest.mark.parametrize("line", WORDS.strip().splitlines())
def test_words_of_many_languages_mean_the_same_or_do_not(line: str) -> None:
    one, other, kind, expected = line.split(" | ")
    found = relation(readings(one, kind), readings(other, kind))[0]
    assert found == expected if expected != "other" else found != "same"


def test_abbreviations_are_words_of_the_language_of_their_table() -> None:
    tables = "Uwag. | Nazwa towaru | Cena netto", "Uwag. | Description | Unit price"
    polish, english = (meanings([ComparableColumn((header,), "text") for header in table.split(" | ")])[0] for table in tables)
    note = readings("Remarks", "text")
    assert relation(polish, note)[0] == "same"
    assert relation(english, note)[0] != "same"


def test_words_with_two_meanings_are_those_of_the_language_of_their_table() -> None:
    tables = "Stát | Jméno | Ulice", "Stat | Name | Betrag"
    czech, other = (meanings([ComparableColumn((header,), "text") for header in table.split(" | ")])[0] for table in tables)
    assert relation(czech, readings("Country", "text"))[0] == "same"
    assert relation(other, readings("Country", "text"))[0] != "same"


def test_a_tax_that_repeats_few_values_is_a_rate() -> None:
    _, rates, _ = seen(("IVA",), ["22.00"] * 6)
    _, amounts, _ = seen(("IVA",), [f"{number}.50" for number in range(6)])
    assert (rates, amounts) == ("number", "money")


#: A configuration's text, and what it is with the header "Netto" in the field ``net``; ⏎ is a line break.
WAYS = r"""
Field("net", "Net", headers=["net"])  =>  Field("net", "Net", headers=["net", "Netto"])
Field('net', headers=['net',])  =>  Field('net', headers=['net', 'Netto',])
Field("net", headers=("net",), read=money)  =>  Field("net", headers=("net", "Netto",), read=money)
Field("net", "Net amount", read=money)  =>  Field("net", "Net amount", headers=["Net amount", "Netto"], read=money)
Field("net"),  # ä⏎  =>  Field("net", headers=["net", "Netto"]),  # ä⏎
Field(name="net", label="Né")  =>  Field(name="net", headers=["Né", "Netto"], label="Né")
Field("net", headers=[])  =>  Field("net", headers=["net", "Netto"])
Field("é", "à"), Field("net", headers=["né"]), Field("o")  =>  Field("é", "à"), Field("net", headers=["né", "Netto"]), Field("o")
Field("net", headers=[⏎    "a",⏎    "b",  # why⏎])  =>  Field("net", headers=[⏎    "a",⏎    "b",  # why⏎    "Netto",⏎])
Field("net", headers=[⏎    "a",⏎    "b"  # why⏎])  =>  Field("net", headers=[⏎    "a",⏎    "b",  # why⏎    "Netto"⏎])
Field(⏎    "net",⏎    "N",⏎    read=money,⏎)  =>  Field(⏎    "net",⏎    "N",⏎    headers=["N", "Netto"],⏎    read=money,⏎)
fields.Field("net", headers=["a" "b"])  =>  fields.Field("net", headers=["a" "b", "Netto"])
"""
#: No plain list of headers.
LEFT_ALONE = """
Field("net", headers=HEADERS)
Field("net", headers=["a", *MORE])
Field("net", headers=[f"{a}"])
Field("net", headers=[word for word in WORDS])
Field("net", **MORE)
Field("net", LABEL)
Field(NAME, headers=["net"])
MyField("net", headers=["net"])
Field("net", headers=["a", ("b")])
Field("net"), Field("net")
Field(
"""


@pytest.mark.parametrize("line", WAYS.strip().splitlines())
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("encoding", "head"), [("utf-8", ""), ("utf-8-sig", ""), ("latin-1", "# coding: latin-1\n")])
def test_a_header_is_written_and_each_other_byte_stays(line: str, newline: str, encoding: str, head: str) -> None:
    before, after = ((f"{head}# é\nFIELDS = [{text}]\n").replace("⏎", "\n").replace("\n", newline).encode(encoding) for text in line.split("  =>  "))
    assert added({Path("fields.py"): before}, "net", "Netto")[1] == after


@pytest.mark.parametrize("text", LEFT_ALONE.strip().splitlines())
def test_what_is_no_plain_list_is_left_alone(text: str) -> None:
    with pytest.raises(NotEditableError):
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
        except NotEditableError:
            pytest.fail(source.decode())
        call = next(node for node in ast.walk(ast.parse(changed)) if isinstance(node, ast.Call) and node.args[0].value == "net")
        assert ast.literal_eval(call.keywords[0].value) == [*(words[:-1] or ["Net"]), words[-1]]
        # All former bytes are there in their order, with the new ones between them.
        rest = iter(changed)
        assert all(byte in rest for byte in source)
