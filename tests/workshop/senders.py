"""Eight senders of one family, with two tables below one another on each sheet, the second with headers of its own.

The test makes one configuration from the first months of all senders, as `ade init --from` does, runs it on their second months,
and counts the right cells. A cell of a column of the truth is right if it is in the field that has most of the columns.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path

import families
from judge import Family, cells, configure

#: As in ``families.py``.
METERS = {
    "meters+": ("en de nl fr en de pl it", [
        ("site", "street", "r", "Site;Site address;Premises;Location|Standort;Objekt;Abnahmestelle|Site;Adresse du site|Sede;Punto di fornitura|Locatie;Adres|Local|Obiekt;Adres obiektu|Anläggning"),
        ("meter", "id:E#######|########|M-#####", "r", "Meter;Meter no.;MPAN;Meter serial|Zählernummer;Zähler-Nr.|Compteur;N° de compteur|Contatore;Matricola contatore|Meternummer;Meter|Contador|Nr licznika;Licznik|Mätarnummer"),
        ("read_on", "day:month", "r", "Reading date;Read on;Date of reading;Date|Ablesedatum;Abgelesen am|Date de relève;Relevé le|Data lettura|Opnamedatum;Datum opname|Data da leitura|Data odczytu|Avläsningsdatum"),
        ("previous", "whole:11000:52000", "r", "Previous reading;Opening;Last read;Start reading|Zählerstand alt;Anfangsstand|Ancien index;Index de début|Lettura precedente|Vorige stand;Beginstand|Leitura anterior|Stan poprzedni|Föregående avläsning"),
        ("used", "whole:120:9700", "r", "Consumption;Usage;Units used;Used|Verbrauch|Consommation|Consumo|Verbruik|Consumo|Zużycie|Förbrukning"),
        ("current", "=previous+used", "r", "Present reading;Closing;Current read;End reading|Zählerstand neu;Endstand|Nouvel index;Index de fin|Lettura attuale|Nieuwe stand;Eindstand|Leitura atual|Stan bieżący|Aktuell avläsning"),
        ("unit", "pick:energy", "r", "Unit;UoM;Unit;Units|Einheit|Unité|Unità|Eenheid|Unidade|Jednostka;J.m.|Enhet"),
        ("amount", "money:30:2900", "r", "Amount;Cost;Net charge;Charge|Betrag;Kosten|Montant;Coût|Importo|Bedrag;Kosten|Valor|Kwota|Belopp"),
        ("estimated", "flag:0.2", "r", "Estimated;Estimate?;Est.;Estimated Y/N|Geschätzt|Estimé;Estimation|Stimata|Geschat|Estimado|Szacunek|Uppskattad"),
    ]),
}  # fmt: skip
families.PICKS |= {
    "energy": "kWh,m3|kWh,m³|kWh,m3|kWh,Smc|kWh,m3|kWh,m3|kWh,m3|kWh,m3",
}  # fmt: skip


def places(family: Family, result: dict) -> dict[str, str]:
    """The field of each column of the truth: that with most of its columns."""
    meant = {path.name: family.meaning(short) for short, path in family.files.items()}
    counts = Counter((meant[sample].get(header, "?"), one["name"]) for one in result["fields"] for sample, header in one["columns"])
    found: dict[str, str] = {}
    for (name, field), _ in counts.most_common():
        # The facts that a form has above a table belong to no column of the truth.
        if not name.startswith(("+", "?")) and name not in found and field not in found.values():
            found[name] = field
    return found


def measure(folder: Path, draw: str) -> Counter:
    """The cells of the family, which is written into the folder."""
    families.main(folder, draw, METERS)
    ((name, _),) = METERS.items()
    family = Family(folder, name, json.loads((folder / "truth.json").read_text()))
    shorts = sorted({short[0] for short in family.files})
    count: Counter = Counter()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "all"
        result = configure(home, [family.files[f"{short}1"] for short in shorts])
        found = places(family, result)
        for short in shorts:
            count.update(cells(home, family, f"{short}2", found))
    return count
