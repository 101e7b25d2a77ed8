"""The fields of suppliers' invoices."""

import polars as pl
from ade_engine.fields import Field, boolean, code, currency, date, money, number, required, text


def currency_or_of_amount(field_name):
    return pl.coalesce(currency(field_name), currency("net_amount"))


def pieces(field_name):
    return number(field_name, units=["szt", "ks", "kg", "h", "m"])


def rate(field_name, column_unit):
    """Below a header with "%", 21 is 0.21; "21%" is 0.21 anyway."""
    rate = number(field_name)
    return pl.when(rate >= 1).then(rate / 100).otherwise(rate) if column_unit == "%" else rate


FIELDS = [
    Field(
        "invoice_number",
        "Invoice number",
        headers=[
            "invoice number", "invoice no", "invoice #", "invoice ref", "inv no", "rechnungsnr", "rechnung nr", "n° de facture",
            "nº factura", "numer faktury", "číslo faktury",
        ],
        read=code,
        checks=[required],
    ),
    Field(
        "invoice_date",
        "Invoice date",
        headers=[
            "invoice date", "inv date", "date", "rechnungsdatum", "datum", "date de facture", "fecha", "data wystawienia",
            "datum vystavení",
        ],
        read=date,
    ),
    Field(
        "due_date",
        "Due date",
        headers=[
            "due date", "due", "due dt", "payment due", "fällig am", "zahlbar bis", "date d'échéance", "vencimiento",
            "termin płatności", "datum splatnosti",
        ],
        read=date,
    ),
    Field(
        "customer",
        "Customer",
        headers=[
            "customer", "customer name", "account name", "bill to", "client", "party name", "kunde", "cliente", "nabywca",
            "odběratel",
        ],
        read=text,
    ),
    Field(
        "tax_id",
        "Tax ID or IBAN",
        headers=[
            "tax id", "tax number", "vat id", "vat number", "vat reg no", "ein", "gstin", "ust idnr", "iban", "n° tva intracom",
            "nif", "nip", "dič",
        ],
        read=code,
    ),
    Field(
        "quantity",
        "Quantity",
        headers=["quantity", "qty", "units", "menge", "anzahl", "quantité", "cantidad", "ilość", "množství"],
        read=pieces,
    ),
    Field(
        "net_amount",
        "Net amount",
        headers=[
            "net amount", "net", "net total", "amount", "taxable value", "nettobetrag", "betrag netto", "montant ht", "importe",
            "kwota netto", "částka bez dph",
        ],
        read=money,
    ),
    Field(
        "currency",
        "Currency",
        headers=["currency", "curr", "ccy", "währung", "devise", "moneda", "waluta", "měna"],
        read=currency_or_of_amount,
    ),
    Field(
        "vat_rate",
        "VAT rate",
        headers=[
            "vat rate", "vat", "vat %", "sales tax %", "gst %", "mwst satz", "mwst %", "taux de tva", "iva", "stawka vat",
            "sazba dph",
        ],
        read=rate,
    ),
    Field(
        "paid",
        "Paid",
        headers=["paid", "settled", "bezahlt", "réglée", "pagada", "zapłacono", "uhrazeno"],
        read=boolean,
    ),
]


def register(registry):
    for field in FIELDS:
        field.register(registry)
