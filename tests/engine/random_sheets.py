"""Random sheets with totals, charges and balances, in twelve languages: invoices, statements, payrolls, stock lists, aging lists.

A seed always makes the same sheet. Of each row it is known what it is.
"""

import datetime as dt
import random
from dataclasses import dataclass, field

RECORD, TOTAL, CHARGE, BALANCE, HEAD = "record", "total", "charge", "balance", "head"

#: Of each language: decimal mark, thousands, and the words that its people write.
LANGUAGES = {
    "en": (".", ",", {"total": ["Total", "TOTAL", "Grand total", "Sum"], "due": ["Amount due", "Total due"], "sub": ["Subtotal", "Sub-total", "Net total"],
           "vat": ["VAT 20%", "Sales tax"], "ship": ["Shipping", "Freight"], "disc": ["Discount 2%", "Less deposit"], "avg": ["Average"],
           "open": ["Opening balance", "Balance brought forward"], "close": ["Closing balance", "Balance carried forward"], "cols": "Item Date Text Amount Balance Name Group Hours Quantity Price Customer".split()}),
    "de": (",", ".", {"total": ["Summe", "Gesamt", "Gesamtbetrag", "Gesamtsumme"], "due": ["Rechnungsbetrag", "Zu zahlen"], "sub": ["Zwischensumme", "Nettosumme"],
           "vat": ["MwSt 19 %", "zzgl. USt 19%"], "ship": ["Versandkosten", "Fracht"], "disc": ["Rabatt 3 %", "Skonto 2%"], "avg": ["Durchschnitt"],
           "open": ["Anfangssaldo", "Saldovortrag", "Übertrag"], "close": ["Endsaldo", "Saldo", "Neuer Kontostand"], "cols": "Artikel Datum Text Betrag Saldo Name Gruppe Stunden Menge Preis Kunde".split()}),
    "fr": (",", " ", {"total": ["Total", "Total général", "Somme"], "due": ["Net à payer", "Total TTC"], "sub": ["Sous-total", "Total HT"],
           "vat": ["TVA 20 %"], "ship": ["Frais de port", "Livraison"], "disc": ["Remise 5 %", "Acompte"], "avg": ["Moyenne"],
           "open": ["Solde initial", "Ancien solde", "À nouveau"], "close": ["Solde final", "Nouveau solde"], "cols": "Article Date Libellé Montant Solde Nom Groupe Heures Quantité Prix Client".split()}),
    "es": (",", ".", {"total": ["Total", "Total general", "Suma"], "due": ["Total a pagar", "Importe total"], "sub": ["Subtotal", "Base imponible"],
           "vat": ["IVA 21%"], "ship": ["Gastos de envío", "Portes"], "disc": ["Descuento 5%", "Anticipo"], "avg": ["Promedio"],
           "open": ["Saldo inicial", "Saldo anterior"], "close": ["Saldo final"], "cols": "Artículo Fecha Concepto Importe Saldo Nombre Grupo Horas Cantidad Precio Cliente".split()}),
    "it": (",", ".", {"total": ["Totale", "Totale generale"], "due": ["Totale da pagare", "Totale fattura"], "sub": ["Subtotale", "Imponibile"],
           "vat": ["IVA 22%"], "ship": ["Spedizione", "Trasporto"], "disc": ["Sconto 5%", "Acconto"], "avg": ["Media"],
           "open": ["Saldo iniziale", "Riporto"], "close": ["Saldo finale"], "cols": "Articolo Data Causale Importo Saldo Nome Gruppo Ore Quantità Prezzo Cliente".split()}),
    "nl": (",", ".", {"total": ["Totaal", "Eindtotaal", "Totaalbedrag"], "due": ["Te betalen"], "sub": ["Subtotaal", "Tussentotaal"],
           "vat": ["BTW 21%"], "ship": ["Verzendkosten"], "disc": ["Korting 5%", "Aanbetaling"], "avg": ["Gemiddelde"],
           "open": ["Beginsaldo", "Vorig saldo"], "close": ["Eindsaldo", "Nieuw saldo"], "cols": "Artikel Datum Omschrijving Bedrag Saldo Naam Groep Uren Aantal Prijs Klant".split()}),
    "pl": (",", " ", {"total": ["Razem", "Suma", "Łącznie", "Ogółem"], "due": ["Do zapłaty"], "sub": ["Suma częściowa", "Razem netto"],
           "vat": ["VAT 23%"], "ship": ["Dostawa", "Wysyłka"], "disc": ["Rabat 5%", "Zaliczka"], "avg": ["Średnia"],
           "open": ["Saldo początkowe", "Z przeniesienia"], "close": ["Saldo końcowe"], "cols": "Towar Data Opis Kwota Saldo Nazwisko Dział Godziny Ilość Cena Klient".split()}),
    "cs": (",", " ", {"total": ["Celkem", "Součet"], "due": ["K úhradě", "Celkem k úhradě"], "sub": ["Mezisoučet", "Základ daně"],
           "vat": ["DPH 21 %"], "ship": ["Doprava", "Poštovné"], "disc": ["Sleva 5 %", "Záloha"], "avg": ["Průměr"],
           "open": ["Počáteční zůstatek"], "close": ["Konečný zůstatek"], "cols": "Položka Datum Popis Částka Zůstatek Jméno Skupina Hodiny Množství Cena Zákazník".split()}),
    "sv": (",", " ", {"total": ["Summa", "Totalt", "Totalsumma"], "due": ["Att betala"], "sub": ["Delsumma"],
           "vat": ["Moms 25 %"], "ship": ["Frakt", "Porto"], "disc": ["Rabatt 5%"], "avg": ["Medelvärde"],
           "open": ["Ingående saldo", "Ingående balans"], "close": ["Utgående saldo", "Utgående balans"], "cols": "Artikel Datum Text Belopp Saldo Namn Grupp Timmar Antal Pris Kund".split()}),
    "tr": (",", ".", {"total": ["Toplam", "Genel toplam", "TOPLAM"], "due": ["Ödenecek tutar"], "sub": ["Ara toplam"],
           "vat": ["KDV %20"], "ship": ["Kargo", "Nakliye"], "disc": ["İndirim %5", "İskonto"], "avg": ["Ortalama"],
           "open": ["Açılış bakiyesi", "Devir"], "close": ["Kapanış bakiyesi"], "cols": "Ürün Tarih Açıklama Tutar Bakiye Ad Grup Saat Adet Fiyat Müşteri".split()}),
    "hu": (",", " ", {"total": ["Összesen", "Végösszeg", "Mindösszesen"], "due": ["Fizetendő"], "sub": ["Részösszeg"],
           "vat": ["ÁFA 27%"], "ship": ["Szállítás"], "disc": ["Kedvezmény 5%", "Előleg"], "avg": ["Átlag"],
           "open": ["Nyitó egyenleg"], "close": ["Záró egyenleg"], "cols": "Cikk Dátum Leírás Összeg Egyenleg Név Csoport Óra Mennyiség Ár Vevő".split()}),
    "ru": (",", " ", {"total": ["Итого", "Всего", "ИТОГО", "Сумма"], "due": ["К оплате", "Всего к оплате"], "sub": ["Подытог", "Промежуточный итог"],
           "vat": ["НДС 20%"], "ship": ["Доставка"], "disc": ["Скидка 5%", "Аванс"], "avg": ["Среднее"],
           "open": ["Начальное сальдо", "Остаток на начало"], "close": ["Конечное сальдо", "Остаток на конец"], "cols": "Товар Дата Описание Сумма Остаток Имя Группа Часы Количество Цена Клиент".split()}),
}  # fmt: skip
NAMES = "Adler Berg Cano Duval Ekman Farkas Gruber Horak Ilić Jansen Kowal Lund Moreau Novak Okoye Petrov Quist Rossi Silva Toth Ueda Varga Weber Yilmaz".split()
GIVEN = "Ada Ben Cleo Dora Emil Fay Gus Hana Igor Jana Karl Lea Max Nina Otto Pia".split()
THINGS = "bracket cable chair desk drill filter gauge hinge hose lamp motor nozzle panel pump rail screw shelf sensor valve washer".split()
ADJECTIVES = "blue brass coarse double flat grey heavy inner large light long narrow oak plain round short small steel thin wide".split()
#: Names of records with words that totals have, too.
MISLEADING = ["Total Gas Ltd", "Sumner & Sons", "Balance board", "Discount Tyres", "Summit shelf", "Gesamtverband Holz", "Totalplan AG", "Tax software licence", "Net curtain", "Shipping crate"]  # fmt: skip
GROUPS = ["North", "South", "East", "West", "Retail", "Export"]


@dataclass
class RandomSheet:
    """Rows with their header first, and what each below is."""

    rows: list[list] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)

    def add(self, role: str, row: list) -> None:
        self.rows.append(row)
        self.roles.append(role)


class Maker:
    """Makes one sheet."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.mark, self.thousands, self.words = LANGUAGES[self.random.choice(sorted(LANGUAGES))]
        self.day = dt.date(2024, 1, 1) + dt.timedelta(self.random.randrange(300))

    def word(self, what: str) -> str:
        label = self.random.choice(self.words[what])
        return label + self.random.choice(["", "", "", ":", " (EUR)"]) if what in ("total", "sub", "due") else label

    def price(self, most: float = 900.0) -> float:
        return round(self.random.choice([self.random.uniform(1, most), self.random.randrange(1, 60) - 0.1, float(self.random.randrange(1, 400))]), 2)

    def thing(self) -> str:
        if self.random.random() < 0.08:
            return self.random.choice(MISLEADING)
        return f"{self.random.choice(ADJECTIVES)} {self.random.choice(THINGS)} {self.random.randrange(1, 90)}"

    def person(self) -> str:
        return f"{self.random.choice(NAMES)}, {self.random.choice(GIVEN)}"

    def code(self) -> str:
        return f"{self.random.choice('ABKPX')}-{self.random.randrange(1000, 9999)}"

    def next_day(self) -> str:
        self.day += dt.timedelta(self.random.randrange(0, 4))
        return self.day.isoformat()

    def headers(self, *places: int) -> list[str]:
        return [self.words["cols"][at] for at in places]


def total_of(rows: list[list], column: int) -> float:
    return round(sum(row[column] or 0 for row in rows), 2)


def invoice(make: Maker) -> RandomSheet:
    """Items with quantity, price and amount; subtotal, discount, shipping, VAT, total, amount due."""
    r, sheet = make.random, RandomSheet()
    has_code = r.random() < 0.7
    lead = ["No"] if has_code else []
    sheet.rows.append([*lead, *make.headers(0, 8, 9, 3)])
    blank = [None] * len(lead)
    for _ in range(r.randrange(3, 40)):
        count, price = r.randrange(1, 30), make.price()
        sheet.add(RECORD, [*([make.code()] if has_code else []), make.thing(), count, price, round(count * price, 2)])
    at = len(lead) + 3
    running = total_of(sheet.rows[1:], at)
    ends = r.choice([("total",), ("sub", "vat", "total"), ("sub", "disc", "vat", "total"), ("sub", "ship", "vat", "due"), ("sub", "disc", "ship", "total"), ("total", "disc", "due")])
    place = r.randrange(len(lead) + 1)
    for what in ends:
        amount = running
        if what in ("vat", "ship", "disc"):
            amount = round({"vat": running * 0.2, "ship": make.price(60), "disc": -running * 0.05}[what], 2)
            running = round(running + amount, 2)
            amount = abs(amount) if r.random() < 0.5 else amount
        row = [*blank, None, None, None, amount]
        row[place] = make.word(what)
        sheet.add(CHARGE if what in ("vat", "ship", "disc") else TOTAL, row)
    return sheet


def statement(make: Maker) -> RandomSheet:
    """Days, texts and amounts between an opening and a closing balance, with a running balance or without."""
    r, sheet = make.random, RandomSheet()
    is_split, has_running = r.random() < 0.5, r.random() < 0.6
    amounts = make.headers(3) if not is_split else ["Debit", "Credit"]
    sheet.rows.append([*make.headers(1, 2), *amounts, *(make.headers(4) if has_running or is_split else [])])
    balance = round(r.uniform(100, 9000), 2)
    width = len(sheet.rows[0])

    def balance_row(what: str, value: float) -> list:
        row = [None] * width
        row[0] = make.day.isoformat() if has_running and r.random() < 0.5 else None
        row[1], row[-1] = make.word(what), value
        return row

    sheet.add(BALANCE, balance_row("open", balance))
    for _ in range(r.randrange(5, 45)):
        amount = round(make.price() * r.choice([1, 1, -1]), 2)
        balance = round(balance + amount, 2)
        cells = [amount] if not is_split else [-amount if amount < 0 else None, amount if amount > 0 else None]
        sheet.add(RECORD, [make.next_day(), f"{r.choice(NAMES)} {make.code()}", *cells, *([balance if has_running else None] if has_running or is_split else [])])
    sheet.add(BALANCE, balance_row("close", balance))
    return sheet


def payroll(make: Maker) -> RandomSheet:
    """People with hours, gross, tax and net, by groups or not; totals and sometimes averages."""
    r, sheet = make.random, RandomSheet()
    sheet.rows.append([*make.headers(5, 6, 7), "Gross", "Tax", "Net"])
    groups = r.sample(GROUPS, r.randrange(2, 4)) if r.random() < 0.6 else [r.choice(GROUPS)]
    everybody: list[list] = []
    for group in groups:
        people = []
        for _ in range(r.randrange(3, 15)):
            gross = round(r.uniform(1500, 6000), 2)
            tax = round(gross * r.uniform(0.1, 0.3), 2)
            people.append([make.person(), group, r.choice([160, 152, 38.5, 40, 80]), gross, tax, round(gross - tax, 2)])
            sheet.add(RECORD, people[-1])
        if len(groups) > 1:
            label = make.word("sub") if r.random() < 0.6 else f"{make.words['total'][0]} {group}"
            sheet.add(TOTAL, [label, None, *(total_of(people, column) for column in range(2, 6))])
        everybody += people
    sheet.add(TOTAL, [make.word("total") if r.random() < 0.9 else None, None, *(total_of(everybody, column) for column in range(2, 6))])
    if r.random() < 0.2:
        sheet.add(TOTAL, [make.word("avg"), None, *(round(total_of(everybody, column) / len(everybody), 2) for column in range(2, 6))])
    return sheet


def stock(make: Maker) -> RandomSheet:
    """Articles with codes, places, quantities, costs and values."""
    r, sheet = make.random, RandomSheet()
    sheet.rows.append(["SKU", *make.headers(0, 6, 8, 9, 3)])
    groups = r.sample(GROUPS, r.randrange(2, 4)) if r.random() < 0.5 else [r.choice(GROUPS)]
    everything: list[list] = []
    for group in groups:
        items = []
        for _ in range(r.randrange(4, 25)):
            count, cost = r.choice([0, r.randrange(1, 200), r.randrange(1, 30)]), make.price(120)
            items.append([make.code(), make.thing(), group, count, cost, round(count * cost, 2)])
            sheet.add(RECORD, items[-1])
        if len(groups) > 1:
            sheet.add(TOTAL, [make.word("sub"), None, r.choice([group, None]), total_of(items, 3), None, total_of(items, 5)])
        everything += items
    place = r.randrange(2)
    row = [None, None, None, total_of(everything, 3), None, total_of(everything, 5)]
    row[place] = make.word("total") if r.random() < 0.9 else None
    sheet.add(TOTAL, row)
    return sheet


def aging(make: Maker) -> RandomSheet:
    """Customers with what they owe by age, and all of it; zeros or blanks where they owe nothing."""
    r, sheet = make.random, RandomSheet()
    sheet.rows.append(["No", make.headers(10)[0], "0-30", "31-60", "61-90", "90+", make.words["total"][0]])
    nothing = r.choice([0, None])
    people = []
    for _ in range(r.randrange(4, 40)):
        owed = [make.price() if r.random() < 0.5 else nothing for _ in range(4)]
        people.append([make.code(), make.person() if r.random() < 0.9 else r.choice(MISLEADING), *owed, round(sum(one or 0 for one in owed), 2)])
        sheet.add(RECORD, people[-1])
    sheet.add(TOTAL, [*r.choice([(make.word("total"), None), (None, make.word("total"))]), *(total_of(people, column) for column in range(2, 7))])
    return sheet


MAKERS = (invoice, statement, payroll, stock, aging)


def random_sheet(seed: int) -> RandomSheet:
    """The sheet of a seed: half of them with numbers, half with texts as a .csv file of their language has them."""
    make = Maker(seed)
    sheet = MAKERS[seed % len(MAKERS)](make)
    if make.random.random() < 0.4:
        for row in sheet.rows[1:]:
            row[:] = [written(cell, make) for cell in row]
    return sheet


def written(cell, make: Maker):
    """A number as people of a language write it."""
    if isinstance(cell, float):
        return f"{cell:,.2f}".replace(",", "\0").replace(".", make.mark).replace("\0", make.thousands)
    return str(cell) if isinstance(cell, int) else cell


def without_a_record(seed: int) -> RandomSheet:
    """The sheet of a seed of which a record was lost."""
    sheet = random_sheet(seed)
    at = random.Random(seed + 1_000_000).choice([at for at, role in enumerate(sheet.roles, 1) if role == RECORD])
    del sheet.rows[at], sheet.roles[at - 1]
    return sheet
