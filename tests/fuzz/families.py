"""Five families of made-up tables for `ade test --fuzz` and `ade drift`: three senders each, month by month, with the truth of every cell.

    families.py FOLDER [DRAW]

writes FOLDER/<family>/<sender><month>.csv or .xlsx and FOLDER/truth.json. Everything is drawn from seeds; DRAW is another draw of
layouts and values. The tables have what exports of offices have: titles, totals, notes, headers in two rows, units in headers, codes
with leading zeros, times of day, percentages, negative amounts in three spellings, columns of the sender's own.
"""

import csv
import datetime as dt
import json
import random
import re
import sys
from collections import namedtuple
from dataclasses import asdict, dataclass
from pathlib import Path

from openpyxl import Workbook

#: The language of each sender, then of each column: name | kind | flags (r: always there, u: unique, o: often empty, s: may be negative)
#: | its header for each sender in English | German | Dutch | Italian. A part before ":" stands in a row of its own if headers are stacked.
FAMILIES = {
    "shipments": ("en de en", """
        consignment|code:0####-##/FR######/GB###-####|ru|Consignment;Consignment no.;Tracking no|Sendungsnummer|Zendingnummer|N. spedizione
        dispatched|date:month|r|Dispatched;Dispatch date;Pick-up:Date|Versanddatum|Verzonden op|Data di spedizione
        delivered|date:dispatched+7|o|Delivered;Delivery date;Delivery:Date|Zustelldatum|Bezorgd op|Data di consegna
        arrival|time|o|Arrival;Arrival time;Delivery:Time|Ankunft|Aankomsttijd|Ora di arrivo
        carrier|cat:carrier|r|Carrier;Haulier;Carrier name|Spediteur|Vervoerder|Corriere
        destination|town|r|Destination;Deliver to;Town|Zielort|Bestemming|Destinazione
        pallets|number:1:33:0|r|Pallets;No. of pallets;Pallets|Paletten|Pallets|Bancali
        weight|number:20:9800:1|r|Weight (kg);Gross weight (kg);Weight|Gewicht (kg)|Gewicht (kg)|Peso (kg)
        freight|money:18:900|r|Freight;Freight charge;Charge|Frachtkosten|Vrachtkosten|Nolo"""),
    "attendance": ("en nl en", """
        pupil_no|code:00####/L-####/P#####|ru|Pupil no.;UPN;Pupil ID|Schülernummer|Leerlingnummer|Matricola
        pupil|name|r|Pupil;Name of pupil;Student|Schüler|Leerling|Alunno
        form|cat:form|r|Form;Class;Year group|Klasse|Klas|Classe
        born|date:birth|r|Born;Date of birth;DOB|Geboren am|Geboortedatum|Data di nascita
        enrolled|date:past|r|Enrolled;Admission date;On roll since|Eintritt|Ingeschreven op|Iscritto dal
        present|number:0:60:0|r|Sessions:Present;Present;Sessions attended|Anwesend|Aanwezig|Presenze
        absent|number:0:12:0|r|Sessions:Absent;Absent;Sessions missed|Abwesend|Afwezig|Assenze
        share|percent:60:100|r|Attendance %;Attendance;Rate of attendance|Quote|Aanwezigheid|Frequenza
        meals|bool:.4|r|Free meals;School meals;Meals?|Mittagessen|Overblijven|Mensa"""),
    "claims": ("en en de", """
        claim_no|code:CLM######/##-##-####/S#######|ru|Claim no.;Claim number;Claim ref|Schadennummer|Schadenummer|N. sinistro
        policy|code:P#######/POL-#####/V########|r|Policy;Policy no.;Policy number|Police|Polisnummer|Polizza
        loss_date|date:past|r|Date of loss;Loss date;Incident|Schadentag|Schadedatum|Data sinistro
        reported|date:month|r|Reported;Notified on;Date reported|Gemeldet am|Gemeld op|Denunciato il
        insured|name|r|Insured;Policyholder;Insured person|Versicherter|Verzekerde|Assicurato
        peril|cat:peril|r|Peril;Cause;Type of loss|Ursache|Oorzaak|Causa
        reserve|money:0:25000|r|Reserve;Outstanding reserve;Case reserve|Reserve|Reserve|Riserva
        paid|money:-900:9000|rs|Paid;Paid to date;Payments|Gezahlt|Betaald|Pagato
        excess|money:50:500|o|Excess;Deductible;Own share|Selbstbehalt|Eigen risico|Franchigia
        closed|bool:.5|r|Closed;File closed;Closed?|Erledigt|Gesloten|Chiuso"""),
    "meters": ("de en it", """
        meter|code:1EMH00########/E##Z#####/IT001E########|ru|Meter;Meter serial;Meter no.|Zählernummer|Meternummer|Contatore
        read_on|date:month|r|Read on;Reading date;Date|Ablesedatum|Opnamedatum|Data lettura
        read_at|time|o|Read at;Time;Reading time|Uhrzeit|Tijd|Ora
        previous|number:100:90000:1|r|Reading:Previous;Previous reading;Opening|Stand alt|Vorige stand|Lettura precedente
        current|number:=previous+consumption|r|Reading:Current;Current reading;Closing|Stand neu|Nieuwe stand|Lettura attuale
        consumption|number:5:2900:1|r|Consumption (kWh);Usage (kWh);kWh used|Verbrauch (kWh)|Verbruik (kWh)|Consumo (kWh)
        tariff|cat:tariff|r|Tariff;Rate;Tariff name|Tarif|Tarief|Tariffa
        price|number:.12:.48:4|r|Price per kWh;Unit rate;p. kWh|Arbeitspreis|Prijs per kWh|Prezzo unitario
        amount|money:=consumption*price|r|Amount;Cost;Amount due|Betrag|Bedrag|Importo
        estimated|bool:.2|r|Estimated;Estimated?;Is estimate|Geschätzt|Geschat|Stimata"""),
    "loans": ("en it nl", """
        barcode|code:3#########/BIB######/0########|ru|Barcode;Item barcode;Copy no.|Barcode|Streepjescode|Codice a barre
        title|book|r|Title;Book;Title of work|Titel|Titel|Titolo
        reader|name|r|Reader;Borrower;Patron|Leser|Lener|Lettore
        card|code:L####/T-#####/K######|r|Card;Library card;Card number|Ausweis|Pasnummer|Tessera
        lent|date:month|r|Lent;Issued on;Checked out|Ausgeliehen am|Uitgeleend op|Prestato il
        due|date:lent+28|r|Due;Due back;Return by|Rückgabe bis|Terug vóór|Scadenza
        returned|date:lent+24|o|Returned;Returned on;Back on|Zurück am|Teruggebracht|Restituito il
        renewals|number:0:4:0|r|Renewals;Times renewed;Renewed|Verlängerungen|Verlengingen|Rinnovi
        fine|money:0:12|o|Fine;Overdue charge;Charges|Gebühr|Boete|Multa
        email|email|o|E-mail;Mail address;Email|E-Mail|E-mailadres|Posta elettronica"""),
}
LANGUAGES = ("en", "de", "nl", "it")
READERS = {**dict.fromkeys(("cat", "town", "book"), "text"), "bool": "boolean", "name": "person_name", "percent": "number"}


def _lists(text):
    return [part.split(",") for part in text.split("|")]


CHOICES = {
    "carrier": _lists("Parcel Line,Red Van,Coastal Freight|Nordfracht,Eilbote,Kraft & Sohn|Snelpost,De Koerier|Corriere Blu,Via Mare"),
    "form": _lists("7A,7B,8A,9C|5a,5b,6c|1A,1B,2C|1A,2B,3C"),
    "peril": _lists("Water,Fire,Storm,Theft|Wasser,Feuer,Sturm,Diebstahl|Water,Brand,Storm|Acqua,Incendio,Furto"),
    "tariff": _lists("Standard,Night,Business|Grundversorgung,Nacht,Gewerbe|Enkel,Dal,Zakelijk|Mono,Notte,Affari"),
}
FIRST = _lists("Alice,Owen,Grace,Harry,Nora,Simon,Ruth,Peter,Joan,Colin,Vera,Neil|Jörg,Elke,Bernd,Silke,Rolf,Gisela,Horst,Antje,Dieter|"
               "Sanne,Daan,Femke,Joost,Lotte,Bram,Anouk,Ruben,Maaike|Giulia,Marco,Chiara,Luca,Paola,Niccolò,Elisa,Dario,Irene")  # fmt: skip
LAST = _lists("Marsh,Pike,Ellis,Frost,Barker,Quinn,Lowe,Page,Stone,Nash|Schäfer,Vogt,Hahn,Böhm,Seidel,Kurz,Roth,Ebert|"
              "Visser,Bakker,Mulder,Vos,Dekker,Kuiper,Smit,Bos|Ricci,Greco,Conti,Gallo,Villa,Longo,Serra,Ferri")  # fmt: skip
TOWN = _lists("Dover,Crewe,Luton,Wells,Ely,Truro|Hagen,Celle,Gera,Bad Tölz,Fürth|Breda,Gouda,Den Helder,Assen|Como,Pisa,La Spezia,Asti")
BOOK = _lists("The Long Road,Birds of the Fens,Bread and Salt,Catch 19,Winter Tales,1001 Knots|Das Haus am Fluss,Wolken,Die 7 Tore|"
              "De Brug,Het Stille Water,12 Dagen|Il Mare,La Casa Vuota,100 Ricette")  # fmt: skip
EXTRAS = {
    "running": ("Line", "Pos.", "Nr.", "Riga"), "empty": ("Remarks", "Bemerkung", "Opmerking", "Annotazioni"),
    "constant": ("Branch", "Filiale", "Vestiging", "Filiale"), "initials": ("Entered by", "Erfasst von", "Ingevoerd door", "Inserito da"),
    "sparse": ("Query", "Rückfrage", "Vraag", "Quesito"),
}  # fmt: skip
WORDS = {
    "title": ("Return of {0}", "Meldung {0}", "Overzicht {0}", "Elenco {0}"), "printed": ("As at", "Stand", "Per", "Alla data del"),
    "total": ("Total", "Summe", "Totaal", "Totale"),
    "note": ("Figures subject to audit.", "Angaben ohne Gewähr.", "Cijfers onder voorbehoud.", "Dati provvisori."),
}  # fmt: skip
TRUE = (("Yes", "No"), ("Ja", "Nein"), ("ja", "nee"), ("sì", "no"))
DATES = {"en": ("%d/%m/%Y", "%Y-%m-%d", "%d-%b-%Y", "%m/%d/%y"), "de": ("%d.%m.%Y", "%d.%m.%y"), "nl": ("%d-%m-%Y",), "it": ("%d/%m/%Y",)}
DRAW = sys.argv[2] if len(sys.argv) > 2 else ""


class Col(namedtuple("Col", "name kind arg flags words")):
    """A column of a family, as the truth has it."""

    reader = property(lambda self: READERS.get(self.kind, self.kind))


@dataclass
class Layout:
    """How a sender writes a table."""

    language: int
    sender: int
    order: list
    headers: dict
    kind: str = "xlsx"
    sheet: str = "Sheet1"
    date: str = ""  # empty: typed
    mark: str = "."  # the decimal mark, "" where numbers are typed
    group: str = ""
    sign: str = ""
    negative: str = "-{}"
    titles: int = 0
    totals: str = ""  # "", "below", "above"
    note: bool = False
    delimiter: str = ","
    bool_words: tuple = ("yes", "no")
    stacked: bool = False


def columns_of(family):
    found = []
    for line in FAMILIES[family][1].strip().splitlines():
        name, kind, flags, *words = line.strip().split("|")
        kind, _, arg = kind.partition(":")
        found.append(Col(name, kind, arg, flags, [[word.replace(":", " ") for word in each.split(";")] for each in words]))
    return found


def _labels(family, language):
    """The part of a header that stands above others, by the whole header."""
    lines = [line.strip().split("|")[3 + language] for line in FAMILIES[family][1].strip().splitlines()]
    words = [word for line in lines for word in line.split(";") if ":" in word]
    return {word.replace(":", " "): word.split(":") for word in words}


def layout_of(family, sender):
    """The layout of a family's sender: 0, 1 or 2."""
    rng = random.Random(f"{family}:{sender}:{DRAW}")
    language = LANGUAGES.index(FAMILIES[family][0].split()[sender])
    columns = columns_of(family)
    order = [column.name for column in columns]
    headers = {column.name: column.words[language][sender % len(column.words[language])] for column in columns}
    if sender and rng.random() < 0.6:
        rng.shuffle(order)
    for name in rng.sample(order[2:], rng.randint(0, 2) if sender else 0):
        order.remove(name)
    for extra in rng.sample(sorted(EXTRAS), rng.randint(0, 2)):
        order.insert(0 if extra == "running" else rng.randint(2, len(order)), "+" + extra)
        headers["+" + extra] = EXTRAS[extra][language]
    kind = rng.choice(("csv", "xlsx"))
    typed, english = kind == "xlsx" and rng.random() < 0.7, language == 0
    stacked = sum(headers[name] in _labels(family, language) for name in order) > 1
    return Layout(
        language, sender, order, headers, kind, sheet=rng.choice(("Sheet1", "List", "Blad1", family)),
        date="" if typed else rng.choice(DATES[LANGUAGES[language]]), mark="" if typed else "." if english else ",",
        group=rng.choice(("", ",") if english else ("", ".")), sign=rng.choice(("", "", "" if typed else "£" if english else "€ ")),
        negative=rng.choice(("-{}", "({})", "{}-")), titles=rng.choice((0, 0, 1, 2, 3)), totals=rng.choice(("", "below")),
        note=rng.random() < 0.4, delimiter="," if english else ";", stacked=stacked and rng.random() < 0.7,
        bool_words=rng.choice((TRUE[language], TRUE[language], ("x", ""), ("1", "0"))),
    )  # fmt: skip


def _code(rng, pattern):
    return re.sub("#", lambda _: str(rng.randint(0, 9)), pattern)


def _value(rng, column, row, person, start, day, language, sender, seen):
    arg, kind = column.arg, column.kind
    if kind == "code":
        value = _code(rng, arg.split("/")[sender])
        while "u" in column.flags and value in seen:
            value = _code(rng, arg.split("/")[sender])
        seen.add(value)
        return value
    if kind == "date":
        base, _, plus = arg.partition("+")
        ranges = {"birth": (dt.date(2008, 9, 1), 1400), "past": (dt.date(2021, 1, 1), 1300)}
        if base in ranges:
            return ranges[base][0] + dt.timedelta(days=rng.randrange(ranges[base][1]))
        return start + dt.timedelta(days=day) if base == "month" else row[base] + dt.timedelta(days=rng.randint(1, int(plus)))
    if kind in ("money", "number"):
        if arg.startswith("="):
            return None
        low, high, *decimals = arg.split(":")
        return float(round(rng.uniform(float(low), float(high)), int(decimals[0]) if decimals else 2))
    if kind == "email":
        return ".".join(re.sub("[^a-z]", "", part.lower()) for part in person) + "@example.net"
    return {
        "percent": lambda: rng.randint(*map(int, arg.split(":"))) / 100 if kind == "percent" else None,
        "time": lambda: dt.time(rng.randint(6, 20), rng.randrange(0, 60, 5)), "cat": lambda: rng.choice(CHOICES[arg][language]),
        "bool": lambda: rng.random() < float(arg), "name": lambda: " ".join(person), "town": lambda: rng.choice(TOWN[language]),
        "book": lambda: rng.choice(BOOK[language]),
    }[kind]()  # fmt: skip


def rows_of(family, layout, month):
    """The truth: a dict for each row, with Python values; None where the cell is empty."""
    language, columns = layout.language, columns_of(family)
    rng = random.Random(f"{family}:{layout.sender}:{month}:{DRAW}")
    people = [(first, last) for first in FIRST[language] for last in LAST[language]]
    start, rows, seen = dt.date(2025, 4 + month, 1), [], set()
    for number, day in enumerate(sorted(rng.randint(0, 27) for _ in range(rng.randint(20, 45)))):
        row, person = {}, rng.choice(people)
        for column in columns:
            row[column.name] = _value(rng, column, row, person, start, day, language, layout.sender, seen)
        for column in columns:
            if column.arg.startswith("="):
                decimals = 2 if column.kind == "money" else 1
                row[column.name] = round(eval(column.arg[1:], {}, row), decimals)
        empty = [column.name for column in columns if "o" in column.flags and rng.random() < 0.3]
        row.update(dict.fromkeys(empty))
        own = {"+running": float(number + 1), "+empty": None, "+constant": "North 2", "+initials": rng.choice(("ab", "cd", "ef")),
               "+sparse": "?" if rng.random() < 0.1 else None}  # fmt: skip
        row.update({name: own[name] for name in layout.order if name in own})
        rows.append(row)
    return rows


def _decimals(column):
    if column is None or column.kind == "percent":
        return 0
    return 2 if column.kind == "money" else 1 if column.arg.startswith("=") else int(column.arg.split(":")[2])


def _shown(value, column, layout):
    """The cell as the sender writes it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return layout.bool_words[not value] or None
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day) if not layout.date else value.strftime(layout.date)
    if isinstance(value, dt.time):
        return value.strftime("%H:%M") if layout.date else value
    if not isinstance(value, float):
        return value
    if column is not None and column.kind == "percent" and layout.mark:
        return f"{value * 100:.0f}%" if layout.language == 0 else f"{value * 100:.0f} %"
    if not layout.mark:
        return int(value) if value.is_integer() and not _decimals(column) else value
    text = f"{abs(value):,.{_decimals(column)}f}".replace(",", "\0").replace(".", layout.mark).replace("\0", layout.group)
    text = layout.sign + text if column is not None and column.kind == "money" else text
    return layout.negative.format(text) if value < 0 else text


def header_rows(family, layout):
    """One row, or two where parts of headers stand above."""
    texts = [layout.headers[name] for name in layout.order]
    if not layout.stacked:
        return [texts]
    labels = _labels(family, layout.language)
    upper = [labels[text][0] if text in labels else None for text in texts]
    repeated = [at and label == upper[at - 1] for at, label in enumerate(upper)]
    upper = [None if again else label for again, label in zip(repeated, upper)]
    return [upper, [labels[text][1] if text in labels else text for text in texts]]


def cells_of(family, layout, rows):
    """The sheet's rows of cells."""
    known = {column.name: column for column in columns_of(family)}
    title, printed, word, note = (WORDS[what][layout.language] for what in ("title", "printed", "total", "note"))
    grid = [[title.format(family)], [printed, "30.06.2025"], []][: layout.titles]
    total = [
        _shown(round(sum(row[name] or 0 for row in rows), 2), known[name], layout)
        if name in known and known[name].kind == "money" else None if place else word
        for place, name in enumerate(layout.order)
    ]  # fmt: skip
    if layout.totals == "above":
        grid.append(total)
    grid += header_rows(family, layout)
    grid += [[_shown(row[name], known.get(name), layout) for name in layout.order] for row in rows]
    if layout.totals == "below" and any(total[1:]):
        grid.append(total)
    if layout.note:
        grid += [[], [note]]
    return [cells + [None] * (len(layout.order) - len(cells)) for cells in grid]


def write(path, layout, grid):
    path = Path(path).with_suffix("." + layout.kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    if layout.kind == "csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=layout.delimiter).writerows(grid)
        return path
    book = Workbook()
    book.active.title = layout.sheet
    for row in grid:
        book.active.append(row)
    book.save(path)
    return path


def truth_of(family, layout, rows):
    columns = {column.name: column for column in columns_of(family)}
    return {
        "headers": [[layout.headers[name], name] for name in layout.order],
        "rows": [{name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()} for row in rows],
        "fields": {name: [columns[name].reader, columns[name].flags, columns[name].kind] for name in layout.order if name in columns},
        "layout": asdict(layout), "first_row": layout.titles + (layout.totals == "above") + layout.stacked + 2,
    }  # fmt: skip


def main(folder):
    truth = {}
    for family in FAMILIES:
        for sender in range(3):
            layout = layout_of(family, sender)
            for month in (1, 2):
                rows = rows_of(family, layout, month)
                path = write(Path(folder) / family / f"{'abc'[sender]}{month}", layout, cells_of(family, layout, rows))
                truth[f"{family}/{path.name}"] = truth_of(family, layout, rows)
    (Path(folder) / "truth.json").write_text(json.dumps(truth, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1])
