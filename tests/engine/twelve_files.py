"""Invoices as twelve companies send them, and what they say.

    python twelve_files.py FOLDER

Each file is declared here cell by cell, and beside each row stands what a careful person reads in it: one value for each
of :data:`FIELDS`, or :class:`Unknown` where the cell is filled and its value cannot be known. ``FILES`` is all there is to
read for a test; the functions at the end write the files.

What is expected:

- a code is text, with its leading zeros and its signs, and without white space around it; in other texts all blanks are plain;
- a date is a :class:`datetime.date`, a number and an amount of money are numbers;
- a currency is its three letters (``€`` is ``EUR``), from the unit in the header where there is no column;
- a percentage is a fraction: ``19 %`` is 0.19, and so is 19 below a header that has the unit;
- ``None`` stands for an empty cell, ``Unknown`` for an empty result with an issue.
"""

import csv
import re
import sys
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

#: Each field's kind.
FIELDS = {
    "invoice_number": "code", "invoice_date": "date", "due_date": "date", "customer": "text", "tax_id": "code",
    "quantity": "number", "net_amount": "money", "currency": "currency", "vat_rate": "percent", "paid": "boolean",
}


@dataclass(frozen=True)
class Unknown:
    """The cell is filled and its value cannot be known: the result is empty, and there is an issue."""

    why: str


@dataclass(frozen=True)
class Styled:
    """A typed value with a number format."""

    value: Any
    number_format: str


@dataclass(frozen=True)
class Formula:
    """A formula, with the value that was saved with it, or none."""

    text: str
    saved: float | None = None
    number_format: str = "General"


@dataclass(frozen=True)
class Invoice:
    """A row with an invoice: its cells from column A on, and what they say, in the order of ``FIELDS``."""

    cells: tuple[Any, ...]
    says: tuple[Any, ...]


@dataclass(frozen=True)
class Other:
    """A row without an invoice: a title, part of the header, a note, a total or a blank line."""

    what: str
    cells: tuple[Any, ...] = ()


@dataclass
class Sheet:
    """A worksheet, or the one table of a text file: its rows from row 1 on."""

    title: str
    rows: list[Invoice | Other]
    #: The column number of each field, from 0 on, or ``None`` where the field has no column.
    columns: dict[str, int | None] = field(default_factory=lambda: dict(zip(FIELDS, range(len(FIELDS)))))
    merged: tuple[str, ...] = ()
    hidden: bool = False

    def invoices(self) -> list[tuple[int, Invoice]]:
        """The invoices with their row numbers, from 1 on, as spreadsheet programs count."""
        return [(number, row) for number, row in enumerate(self.rows, 1) if isinstance(row, Invoice)]

@dataclass
class File:
    """A file that a supplier sends."""

    name: str
    about: str
    sheets: list[Sheet]
    #: Of text files.
    encoding: str = "utf-8"
    delimiter: str = ","
    #: How columns are read, where that takes a look at more than one cell: the order of a date's parts, or the decimal
    #: mark of numbers.
    readings: dict[str, str] = field(default_factory=dict)

def header(*cells: str | None) -> Other:
    """A header row."""
    return Other("header", cells)


def invoices(*rows: tuple[Any, ...]) -> list[Invoice]:
    """Rows with invoices: of each its cells, then what they say."""
    return [Invoice(cells, says) for cells, says in zip(rows[::2], rows[1::2], strict=True)]


def day(text: str) -> datetime:
    """A typed date cell."""
    return datetime.fromisoformat(text)


def on(text: str) -> date:
    """The date that is expected."""
    return date.fromisoformat(text)


BLANK = Other("blank")
NBSP, NARROW, THIN = "\u00a0", "\u202f", "\u2009"

ENGLISH = File(
    "01-english.xlsx",
    "A plain export: ISO dates as text, points as decimal marks.",
    [Sheet("Invoices", [
        header(
            "Invoice No", "Invoice Date", "Due Date", "Customer", "VAT ID",
            "Quantity", "Net Amount", "Currency", "VAT Rate", "Paid",
        ),
        *invoices(
            ("INV-1001", "2025-01-31", "2025-03-02", "Harbour Lights Ltd", "GB123456789", 12, 1309.5, "GBP", "20%", "yes"),
            ("INV-1001", on("2025-01-31"), on("2025-03-02"), "Harbour Lights Ltd", "GB123456789", 12, 1309.5, "GBP", 0.2, True),
            ("INV-1002", "2025-02-03", "2025-03-05", " Copper & Sons ", "GB987654321", 1, 85, "GBP", "20%", "no"),
            ("INV-1002", on("2025-02-03"), on("2025-03-05"), "Copper & Sons", "GB987654321", 1, 85, "GBP", 0.2, False),
            ("INV-1003", "2025-02-30", "2025-03-31", "Brook Lane Dairy", None, 2.5, "410.00", "EUR", "0%", "no"),
            ("INV-1003", Unknown("February has no 30th"), on("2025-03-31"), "Brook Lane Dairy", None, 2.5, 410, "EUR", 0, False),
            ("INV-1004", "2025-02-14", "upon receipt", "Harbour Lights Ltd", "GB123456789", "tbc", "-1309.50", "GBP", "20%", "part"),
            (
                "INV-1004", on("2025-02-14"), Unknown("no date"), "Harbour Lights Ltd", "GB123456789",
                Unknown("no number"), -1309.5, "GBP", 0.2, Unknown("neither yes nor no"),
            ),
            ("0000471", "2025-02-28", "2025-03-30", "Øresund Marine", "DK12345678", "1,250", "12,480.75", "DKK", "25%", "yes"),
            ("0000471", on("2025-02-28"), on("2025-03-30"), "Øresund Marine", "DK12345678", 1250, 12480.75, "DKK", 0.25, True),
        ),
    ])],
    readings={"quantity": ".", "net_amount": "."},
)

GERMAN = File(
    "02-german.csv",
    "Semicolons, Windows-1252, points between thousands and decimal commas. The column tells that 1.200 pieces are many.",
    [Sheet("02-german", [
        header(
            "Rechnungsnr.", "Rechnungsdatum", "Fällig am", "Kunde", "USt-IdNr.",
            "Menge", "Nettobetrag", "Währung", "MwSt.-Satz", "Bezahlt",
        ),
        *invoices(
            ("RE-2025-0007", "31.01.2025", "02.03.2025", "Bäckerei Grünwald GmbH", "DE123456789", "12,5", "1.309,50", "EUR", "19 %", "ja"),
            ("RE-2025-0007", on("2025-01-31"), on("2025-03-02"), "Bäckerei Grünwald GmbH", "DE123456789", 12.5, 1309.5, "EUR", 0.19, True),
            ("RE-2025-0008", "3.2.2025", "5.3.2025", "Schlosserei Weiß", "DE987654321", "1.200", "410", "EUR", "19 %", "nein"),
            ("RE-2025-0008", on("2025-02-03"), on("2025-03-05"), "Schlosserei Weiß", "DE987654321", 1200, 410, "EUR", 0.19, False),
            ("RE-2025-0009", "10.02.25", "12.03.25", "Süd – West Handel", "", "3", "-1.309,50", "€", "7 %", "nein"),
            ("RE-2025-0009", on("2025-02-10"), on("2025-03-12"), "Süd – West Handel", None, 3, -1309.5, "EUR", 0.07, False),
            ("RE-2025-0010", "14.02.2025", "sofort", "Bäckerei Grünwald GmbH", "DE123456789", "4", "12.480,75 €", "EUR", "19 %", "Ja"),
            ("RE-2025-0010", on("2025-02-14"), Unknown("no date"), "Bäckerei Grünwald GmbH", "DE123456789", 4, 12480.75, "EUR", 0.19, True),
            ("RE-2025-0011", "31.02.2025", "30.03.2025", 'Verlag "Die Zeile"; Berlin', "DE555666777", "1", "99,00-", "EUR", "steuerfrei", "ja"),
            (
                "RE-2025-0011", Unknown("February has no 31st"), on("2025-03-30"), 'Verlag "Die Zeile"; Berlin', "DE555666777",
                1, -99, "EUR", Unknown("no number"), True,
            ),
        ),
    ])],
    encoding="cp1252",
    delimiter=";",
    readings={"quantity": ",", "net_amount": ",", "invoice_date": "dmy"},
)

FRENCH = File(
    "03-french.xlsx",
    "No-break and narrow spaces between thousands, decimal commas, the currency behind, months as abbreviated names.",
    [Sheet("Factures", [
        header(
            "N° de facture", "Date de facture", "Date d'échéance", "Client", "N° TVA intracom.",
            "Quantité", "Montant HT", "Devise", "Taux de TVA", "Réglée",
        ),
        *invoices(
            ("FA25/0031", "31 janv. 2025", "2 mars 2025", "Société Éloi", "FR12345678901", "12", f"1{NBSP}309,50{NBSP}€", "€", f"20{NBSP}%", "oui"),
            ("FA25/0031", on("2025-01-31"), on("2025-03-02"), "Société Éloi", "FR12345678901", 12, 1309.5, "EUR", 0.2, True),
            ("FA25/0032", "3 févr. 2025", "5 avr. 2025", "Garage du Pont", "FR98765432109", "1,5", f"85,00{NBSP}€", "€", "5,5 %", "non"),
            ("FA25/0032", on("2025-02-03"), on("2025-04-05"), "Garage du Pont", "FR98765432109", 1.5, 85, "EUR", 0.055, False),
            ("FA25/0033", "1er août 2024", "15 déc. 2024", "Maison Lefèvre", None, f"2{NARROW}400", f"12{NARROW}480,75 €", "EUR", "20 %", "Oui"),
            ("FA25/0033", on("2024-08-01"), on("2024-12-15"), "Maison Lefèvre", None, 2400, 12480.75, "EUR", 0.2, True),
            ("FA25/0034", "14 juil. 2024", "à réception", f"Société{NBSP}Éloi", "FR12345678901", "1", f"- 410,00{NBSP}€", "€", "exonéré", "non"),
            (
                "FA25/0034", on("2024-07-14"), Unknown("no date"), "Société Éloi", "FR12345678901",
                1, -410, "EUR", Unknown("no number"), False,
            ),
        ),
    ])],
    readings={"quantity": ",", "net_amount": ","},
)

AMERICAN = File(
    "04-american.xlsx",
    "All text: dollar signs, months before days, negative amounts in parentheses.",
    [Sheet("Open Invoices", [
        header("Invoice #", "Invoice Date", "Due Date", "Bill To", "EIN", "Qty", "Amount", "Currency", "Sales Tax %", "Paid?"),
        *invoices(
            ("A-20931", "01/31/2025", "03/02/2025", "Lakeview Concrete Inc.", "12-3456789", "12", "$1,309.50", "USD", "8.25%", "Y"),
            ("A-20931", on("2025-01-31"), on("2025-03-02"), "Lakeview Concrete Inc.", "12-3456789", 12, 1309.5, "USD", 0.0825, True),
            ("A-20932", "02/03/2025", "03/05/2025", "Stone & Sons", "98-7654321", "1,200", "$85.00", "US$", "8.25%", "N"),
            ("A-20932", on("2025-02-03"), on("2025-03-05"), "Stone & Sons", "98-7654321", 1200, 85, "USD", 0.0825, False),
            ("A-20933", "2/14/25", "3/16/25", "Stone & Sons", "98-7654321", "1", "($1,309.50)", "$", "0%", "N"),
            ("A-20933", on("2025-02-14"), on("2025-03-16"), "Stone & Sons", "98-7654321", 1, -1309.5, "USD", 0, False),
            ("A-20934", "Feb 28, 2025", "NET 30", "Northside Plumbing", "N/A", "3", "(75.00)", "USD", "8.25%", "Y"),
            ("A-20934", on("2025-02-28"), Unknown("no date"), "Northside Plumbing", "N/A", 3, -75, "USD", 0.0825, True),
            ("A-20935", "02/29/2025", "03/31/2025", "Harbor Electric LLC", "45-6789012", "2 1/2", "$12,480.75", "USD", "8.25%", "?"),
            (
                "A-20935", Unknown("2025 has no 29th of February"), on("2025-03-31"), "Harbor Electric LLC", "45-6789012",
                Unknown("no number"), 12480.75, "USD", 0.0825, Unknown("neither yes nor no"),
            ),
        ),
    ])],
    readings={"invoice_date": "mdy", "due_date": "mdy", "quantity": ".", "net_amount": "."},
)

SWISS = File(
    "05-swiss.csv",
    "Apostrophes of both kinds between thousands, the currency before, percentages as bare numbers below a header with %.",
    [Sheet("05-swiss", [
        header("Rechnung Nr.", "Datum", "Zahlbar bis", "Kunde", "IBAN", "Anzahl", "Betrag netto", "Währung", "MWST %", "Bezahlt"),
        *invoices(
            ("25-00117", "31.01.2025", "02.03.2025", "Käserei Appenzell AG", "CH93 0076 2011 6238 5295 7", "12", "CHF 1'309.50", "CHF", "8.1", "Ja"),
            ("25-00117", on("2025-01-31"), on("2025-03-02"), "Käserei Appenzell AG", "CH93 0076 2011 6238 5295 7", 12, 1309.5, "CHF", 0.081, True),
            ("25-00118", "03.02.2025", "05.03.2025", "Uhren Léman SA", "CH56 0483 5012 3456 7800 9", "1'200", "CHF 12’480.75", "CHF", "2.6", "Nein"),
            ("25-00118", on("2025-02-03"), on("2025-03-05"), "Uhren Léman SA", "CH56 0483 5012 3456 7800 9", 1200, 12480.75, "CHF", 0.026, False),
            ("25-00119", "14.02.2025", "16.03.2025", "Uhren Léman SA", "CH56 0483 5012 3456 7800 9", "2.5", "CHF -85.00", "Fr.", "8.1", "Nein"),
            ("25-00119", on("2025-02-14"), on("2025-03-16"), "Uhren Léman SA", "CH56 0483 5012 3456 7800 9", 2.5, -85, "CHF", 0.081, False),
            ("25-00120", "28.02.2025", "30.03.2025", "Berghotel Säntis", "", "nach Aufwand", "CHF 410.--", "CHF", "8.1", "Ja"),
            ("25-00120", on("2025-02-28"), on("2025-03-30"), "Berghotel Säntis", None, Unknown("no number"), 410, "CHF", 0.081, True),
        ),
    ])],
    encoding="utf-8-sig",
    delimiter=";",
    readings={"quantity": ".", "net_amount": ".", "invoice_date": "dmy"},
)

DAY_FIRST = File(
    "06-day-first.csv",
    "Dates of which one alone, 15/01, tells that days come first; the column of due dates tells nothing by itself.",
    [Sheet("06-day-first", [
        header("Invoice Ref", "Date", "Payment Due", "Account Name", "VAT Reg No", "Qty", "Net", "Ccy", "VAT %", "Settled"),
        *invoices(
            ("SI/0412", "03/02/2025", "05/03/2025", "Mersey Freight", "GB111222333", "4", "1,309.50", "GBP", "20", "Yes"),
            ("SI/0412", on("2025-02-03"), on("2025-03-05"), "Mersey Freight", "GB111222333", 4, 1309.5, "GBP", 0.2, True),
            ("SI/0413", "04/02/2025", "06/03/2025", "Tyne Tools", "GB444555666", "10", "85.00", "GBP", "20", "No"),
            ("SI/0413", on("2025-02-04"), on("2025-03-06"), "Tyne Tools", "GB444555666", 10, 85, "GBP", 0.2, False),
            ("SI/0414", "15/01/2025", "12/02/2025", "Mersey Freight", "GB111222333", "1", "410.00", "GBP", "20", "Yes"),
            ("SI/0414", on("2025-01-15"), on("2025-02-12"), "Mersey Freight", "GB111222333", 1, 410, "GBP", 0.2, True),
            ("SI/0415", "07/02/2025", "09/03/2025", "Clyde & Co", "GB777888999", "2", "£12,480.75", "GBP", "5", "No"),
            ("SI/0415", on("2025-02-07"), on("2025-03-09"), "Clyde & Co", "GB777888999", 2, 12480.75, "GBP", 0.05, False),
            ("SI/0416", "32/01/2025", "11/03/2025", "Tyne Tools", "GB444555666", "6", "99.00", "GBP", "20", "No"),
            ("SI/0416", Unknown("January has no 32nd"), on("2025-03-11"), "Tyne Tools", "GB444555666", 6, 99, "GBP", 0.2, False),
        ),
    ])],
    readings={"invoice_date": "dmy", "due_date": "dmy", "net_amount": "."},
)

WHOLE_THOUSANDS = File(
    "07-whole-thousands.xlsx",
    "Amounts without decimals, as text: each point has exactly three digits behind it, so points separate thousands.",
    [Sheet("Facturas", [
        header("Nº factura", "Fecha", "Vencimiento", "Cliente", "NIF", "Cantidad", "Importe", "Moneda", "IVA", "Pagada"),
        *invoices(
            ("F-2025-14", "31/01/2025", "02/03/2025", "Almazara Núñez", "B12345678", "12", "1.200", "EUR", "21 %", "Sí"),
            ("F-2025-14", on("2025-01-31"), on("2025-03-02"), "Almazara Núñez", "B12345678", 12, 1200, "EUR", 0.21, True),
            ("F-2025-15", "03/02/2025", "05/03/2025", "Cerámicas Peña", "B87654321", "1", "850", "EUR", "21 %", "No"),
            ("F-2025-15", on("2025-02-03"), on("2025-03-05"), "Cerámicas Peña", "B87654321", 1, 850, "EUR", 0.21, False),
            ("F-2025-16", "14/02/2025", "16/03/2025", "Almazara Núñez", "B12345678", "30", "2.450", "EUR", "10 %", "No"),
            ("F-2025-16", on("2025-02-14"), on("2025-03-16"), "Almazara Núñez", "B12345678", 30, 2450, "EUR", 0.1, False),
            ("F-2025-17", "28/02/2025", "al contado", "Talleres Íñigo", "A11223344", "5", "12.700", "EUR", "21 %", "Sí"),
            ("F-2025-17", on("2025-02-28"), Unknown("no date"), "Talleres Íñigo", "A11223344", 5, 12700, "EUR", 0.21, True),
        ),
    ])],
    readings={"invoice_date": "dmy", "due_date": "dmy", "net_amount": ","},
)

STACKED = File(
    "08-stacked-header.xlsx",
    "A report: titles, a header of two rows with units, a note in between, a total, a signature. EUR stands in the header alone.",
    [Sheet(
        "Report",
        [
            Other("title", ("Müller & Sons – outgoing invoices",)),
            Other("title", ("Period: January to March 2025",)),
            BLANK,
            header("Invoice", None, "Payment", "Customer", None, "Order", "Amounts", None, "Payment"),
            header("No.", "Date", "Due date", "Name", "Tax ID", "Qty (pcs)", "Net (EUR)", "VAT (%)", "Paid (Y/N)"),
            *invoices(
                ("2025/017", day("2025-01-31"), day("2025-03-02"), "Delta Pumps BV", "NL123456789B01", 12, 1309.5, 21, "Y"),
                ("2025/017", on("2025-01-31"), on("2025-03-02"), "Delta Pumps BV", "NL123456789B01", 12, 1309.5, "EUR", 0.21, True),
                ("2025/018", day("2025-02-03"), day("2025-03-05"), "Atelier Vos", "NL987654321B01", 1, 85, 9, "N"),
                ("2025/018", on("2025-02-03"), on("2025-03-05"), "Atelier Vos", "NL987654321B01", 1, 85, "EUR", 0.09, False),
            ),
            Other("note", ("* corrected, replaces 2025/011",)),
            *invoices(
                ("2025/019", day("2025-02-14"), None, "Delta Pumps BV", "NL123456789B01", 3, -410, 21, "N"),
                ("2025/019", on("2025-02-14"), None, "Delta Pumps BV", "NL123456789B01", 3, -410, "EUR", 0.21, False),
            ),
            Other("total", ("Total", None, None, None, None, 16, 984.5)),
            BLANK,
            Other("note", ("Prepared by accounting; questions to ext. 214",)),
        ],
        columns={
            **dict(zip(("invoice_number", "invoice_date", "due_date", "customer", "tax_id", "quantity", "net_amount"), range(7))),
            "currency": None,
            "vat_rate": 7,
            "paid": 8,
        },
        merged=("A1:I1", "A4:B4", "D4:E4", "G4:H4"),
    )],
)

TYPED = File(
    "09-typed-and-merged.xlsx",
    "Date cells and numbers with text between them, and customers whose cells are merged over their invoices.",
    [Sheet(
        "2025",
        [
            header("Invoice number", "Invoice date", "Due", "Client", "VAT number", "Units", "Net total", "Currency", "VAT", "Paid"),
            *invoices(
                (90117, day("2025-01-31"), day("2025-03-02"), "Aurora Textiles", "IE1234567T", 12, 1309.5, "EUR", Styled(0.23, "0%"), True),
                ("90117", on("2025-01-31"), on("2025-03-02"), "Aurora Textiles", "IE1234567T", 12, 1309.5, "EUR", 0.23, True),
                ("90118", "2025-02-03", day("2025-03-05"), None, None, "1", "1,250.00", "EUR", "23%", "yes"),
                ("90118", on("2025-02-03"), on("2025-03-05"), "Aurora Textiles", "IE1234567T", 1, 1250, "EUR", 0.23, True),
                ("90119-B", Styled(datetime(2025, 2, 14, 9, 30), "dd/mm/yyyy hh:mm"), "16 March 2025", None, None, 2.5, "410 EUR", "EUR", 0.135, False),
                ("90119-B", on("2025-02-14"), on("2025-03-16"), "Aurora Textiles", "IE1234567T", 2.5, 410, "EUR", 0.135, False),
                (90120, "28 Feb 2025", "see contract", "Burren Foods", "IE7654321W", "a dozen", Styled(99, "#,##0.00"), "EUR", Styled(0.23, "0%"), "no"),
                (
                    "90120", on("2025-02-28"), Unknown("no date"), "Burren Foods", "IE7654321W",
                    Unknown("no number"), 99, "EUR", 0.23, False,
                ),
                (90121, day("2025-03-03"), day("2025-04-02"), None, None, 7, 12480.75, "EUR", Styled(0, "0%"), False),
                ("90121", on("2025-03-03"), on("2025-04-02"), "Burren Foods", "IE7654321W", 7, 12480.75, "EUR", 0, False),
            ),
        ],
        merged=("D2:D4", "E2:E4", "D5:D6", "E5:E6"),
    )],
)

FORMULAS = File(
    "10-formulas.xlsx",
    "Amounts and due dates are formulas. Some were never calculated; what they would yield is not in the file. "
    "A hidden sheet looks like invoices, too.",
    [
        Sheet(
            "Invoices",
            [
                header(
                    "Invoice no.", "Invoice date", "Due date", "Customer name", "Tax number",
                    "Quantity", "Unit price", "Net amount", "Currency", "VAT rate", "Paid",
                ),
                *invoices(
                    (
                        "K-501", day("2025-01-31"), Formula("B2+30", 45718, "yyyy-mm-dd"), "Fjord Optik AS", "NO923456789MVA", 3,
                        436.5, Formula("F2*G2", 1309.5), "NOK", Styled(0.25, "0%"), Formula('IF(H2>0,"yes","no")'),
                    ),
                    ("K-501", on("2025-01-31"), on("2025-03-02"), "Fjord Optik AS", "NO923456789MVA", 3, 1309.5, "NOK", 0.25, Unknown("never calculated")),
                    (
                        "K-502", day("2025-02-03"), Formula("B3+30", 45721, "yyyy-mm-dd"), "Nordlys Bygg", "NO987654321MVA", 10,
                        41, Formula("F3*G3"), "NOK", Styled(0.25, "0%"), "no",
                    ),
                    ("K-502", on("2025-02-03"), on("2025-03-05"), "Nordlys Bygg", "NO987654321MVA", 10, Unknown("never calculated"), "NOK", 0.25, False),
                    (
                        "K-503", day("2025-02-14"), Formula("B4+30", None, "yyyy-mm-dd"), "Fjord Optik AS", "NO923456789MVA", 1,
                        12480.75, Formula("F4*G4", 12480.75), "NOK", Styled(0.15, "0%"), "yes",
                    ),
                    ("K-503", on("2025-02-14"), Unknown("never calculated"), "Fjord Optik AS", "NO923456789MVA", 1, 12480.75, "NOK", 0.15, True),
                ),
            ],
            columns=dict(zip(FIELDS, (0, 1, 2, 3, 4, 5, 7, 8, 9, 10))),
        ),
        Sheet(
            "Archive 2019",
            [
                header("Invoice no.", "Invoice date", "Due date", "Customer name", "Tax number", "Quantity", "Net amount", "Currency", "VAT rate", "Paid"),
                Other("not to be read", ("K-001", day("2019-05-01"), day("2019-05-31"), "Old Customer", "NO1", 1, 1, "NOK", 0.25, "yes")),
            ],
            hidden=True,
        ),
    ],
)

INDIAN = File(
    "11-indian.xlsx",
    "Groups of two digits above the thousands, short English months, rupees in the header and in the cells.",
    [Sheet("Sales Register", [
        header(
            "Inv. No.", "Inv. Date", "Due Dt.", "Party Name", "GSTIN",
            "Qty.", "Taxable Value (₹)", "Curr.", "GST %", "Paid (Y/N)",
        ),
        *invoices(
            ("MH/24-25/0091", "05-Jan-25", "04-Feb-25", "Shree Steel Traders", "27AAPFU0939F1ZV", "1,250", "1,30,950.00", "INR", "18%", "Y"),
            ("MH/24-25/0091", on("2025-01-05"), on("2025-02-04"), "Shree Steel Traders", "27AAPFU0939F1ZV", 1250, 130950, "INR", 0.18, True),
            ("MH/24-25/0092", "31-Jan-25", "02-Mar-25", "Deccan Exports", "36AABCD1234E1Z5", "3", "₹ 12,48,075.50", "₹", "12%", "N"),
            ("MH/24-25/0092", on("2025-01-31"), on("2025-03-02"), "Deccan Exports", "36AABCD1234E1Z5", 3, 1248075.5, "INR", 0.12, False),
            ("MH/24-25/0093", "14-Feb-25", "16-Mar-25", "Kaveri Agro", "29AAGCK5678P1Z2", "10", "Rs. 850.00", "Rs.", "5%", "N"),
            ("MH/24-25/0093", on("2025-02-14"), on("2025-03-16"), "Kaveri Agro", "29AAGCK5678P1Z2", 10, 850, "INR", 0.05, False),
            ("MH/24-25/0094", "30-Feb-25", "immediate", "Shree Steel Traders", "27AAPFU0939F1ZV", "2", "-41,000.00", "INR", "as per act", "Y"),
            (
                "MH/24-25/0094", Unknown("February has no 30th"), Unknown("no date"), "Shree Steel Traders", "27AAPFU0939F1ZV",
                2, -41000, "INR", Unknown("no number"), True,
            ),
        ),
    ])],
    readings={"quantity": ".", "net_amount": "."},
)

POLISH_AND_CZECH = File(
    "12-polish-and-czech.xlsx",
    "A sheet for each country: months as words, quantities with units, typed percentages, codes that begin with zeros, and tax "
    "numbers of which a spreadsheet program has left six digits.",
    [
        Sheet("Faktury PL", [
            header("Numer faktury", "Data wystawienia", "Termin płatności", "Nabywca", "NIP", "Ilość", "Kwota netto", "Waluta", "Stawka VAT", "Zapłacono"),
            *invoices(
                ("000117", "31 stycznia 2025", "2 marca 2025", "Drukarnia Świt", "5261040828", "12 szt.", f"1{NBSP}309,50{NBSP}zł", "PLN", Styled(0.23, "0%"), "tak"),
                ("000117", on("2025-01-31"), on("2025-03-02"), "Drukarnia Świt", "5261040828", 12, 1309.5, "PLN", 0.23, True),
                ("000118", "3 lut 2025", "5 mar 2025", "Hurtownia Łąka", "0123456789", "1 200 kg", "12 480,75 zł", "zł", Styled(0.08, "0%"), "nie"),
                ("000118", on("2025-02-03"), on("2025-03-05"), "Hurtownia Łąka", "0123456789", 1200, 12480.75, "PLN", 0.08, False),
                ("000119", "14 lutego 2025", "16 marca 2025", "Drukarnia Świt", "5,26104E+09", "3,5 h", "-410,00", "PLN", Styled(0.23, "0%"), "nie"),
                (
                    "000119", on("2025-02-14"), on("2025-03-16"), "Drukarnia Świt", Unknown("digits are lost"),
                    3.5, -410, "PLN", 0.23, False,
                ),
            ),
        ]),
        Sheet("Faktury CZ", [
            header("Číslo faktury", "Datum vystavení", "Datum splatnosti", "Odběratel", "DIČ", "Množství", "Částka bez DPH", "Měna", "Sazba DPH", "Uhrazeno"),
            *invoices(
                ("0025001", "31. ledna 2025", "2. března 2025", "Pekárna Žižkov", "CZ12345678", "12 ks", "31 428,00 Kč", "CZK", Styled(0.21, "0%"), "ano"),
                ("0025001", on("2025-01-31"), on("2025-03-02"), "Pekárna Žižkov", "CZ12345678", 12, 31428, "CZK", 0.21, True),
                ("0025002", "3. února 2025", "5. března 2025", "Truhlářství Dvořák", "CZ7,70101E+09", "2,5 m", f"2{THIN}040,50 Kč", "Kč", Styled(0.12, "0%"), "ne"),
                (
                    "0025002", on("2025-02-03"), on("2025-03-05"), "Truhlářství Dvořák", Unknown("digits are lost"),
                    2.5, 2040.5, "CZK", 0.12, False,
                ),
                ("0025003", "31. června 2025", "dobírka", "Pekárna Žižkov", "CZ12345678", "dle dohody", "85,–", "CZK", Styled(0.21, "0%"), "ne"),
                (
                    "0025003", Unknown("June has no 31st"), Unknown("no date"), "Pekárna Žižkov", "CZ12345678",
                    Unknown("no number"), 85, "CZK", 0.21, False,
                ),
            ),
        ]),
    ],
    readings={"quantity": ",", "net_amount": ","},
)

FILES = (ENGLISH, GERMAN, FRENCH, AMERICAN, SWISS, DAY_FIRST, WHOLE_THOUSANDS, STACKED, TYPED, FORMULAS, INDIAN, POLISH_AND_CZECH)


def write(file: File, folder: Path) -> Path:
    """Write a file into a folder, and return its path."""
    path = folder / file.name
    if path.suffix == ".csv":
        _write_text(file, path)
    else:
        _write_workbook(file, path)
    return path


def _write_text(file: File, path: Path) -> None:
    with path.open("w", newline="", encoding=file.encoding) as target:
        csv.writer(target, delimiter=file.delimiter).writerows(row.cells for row in file.sheets[0].rows)


def _write_workbook(file: File, path: Path) -> None:
    book = Workbook()
    book.remove(book.active)
    for declared in file.sheets:
        sheet = book.create_sheet(declared.title)
        sheet.sheet_state = "hidden" if declared.hidden else "visible"
        for number, row in enumerate(declared.rows, 1):
            for column, value in enumerate(row.cells, 1):
                cell = sheet.cell(number, column)
                if isinstance(value, Formula):
                    cell.value, cell.number_format = f"={value.text}", value.number_format
                elif isinstance(value, Styled):
                    cell.value, cell.number_format = value.value, value.number_format
                else:
                    cell.value = value
                    if isinstance(value, datetime):
                        cell.number_format = "yyyy-mm-dd"
        for region in declared.merged:
            sheet.merge_cells(region)
    book.save(path)
    _save_values(file, path)


def _save_values(file: File, path: Path) -> None:
    """Put the values of formulas into a workbook: openpyxl writes formulas without them."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for number, sheet in enumerate(file.sheets, 1):
        part = f"xl/worksheets/sheet{number}.xml"
        xml = parts[part].decode()
        for row, declared in enumerate(sheet.rows, 1):
            for column, value in enumerate(declared.cells, 1):
                if not isinstance(value, Formula):
                    continue
                place = rf'(<c r="{get_column_letter(column)}{row}"[^>]*><f>[^<]*</f>)<v ?(?:/>|></v>)'
                saved = "" if value.saved is None else f"<v>{value.saved!r}</v>"
                xml, found = re.subn(place, rf"\g<1>{saved}", xml)
                assert found == 1, (path.name, sheet.title, row, column)
        parts[part] = xml.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        print(write(file, folder))


if __name__ == "__main__":
    main()
