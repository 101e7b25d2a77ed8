"""Five families of made-up tables, three senders each, two months each, with the truth of every cell.

``main`` writes <family>/<sender><month>.csv or .xlsx, and truth.json. Everything is drawn from seeds; another draw gives other layouts and
values. Of each file the truth says: ``headers`` (header and column), ``fields`` (of each column that is one its reader, its flags
and its kind), ``rows``, and ``places`` (sheet and row of each).
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
from pathlib import Path

from openpyxl import Workbook

LANGUAGES = ("en", "de", "fr", "it", "nl", "pt", "pl", "sv")
#: Family, the languages of its senders, and its columns: name, what it holds, flags (r: always filled, u: unique, o: often empty, s: may be
#: below zero), and its headers: for each language, or for each English sender.
FAMILIES = {
    "counts": ("en it en", [
        ("article", "id:ART-#####|#######|K##-####", "ru", "Article no.;Art. code;SKU|Artikelnr.|Réf. article|Codice articolo|Artikelnummer|Cód. artigo|Nr artykułu|Artikelnr"),
        ("barcode", "digits:13", "r", "EAN;Barcode;EAN code|EAN|Code-barres|Codice a barre|EAN|EAN|EAN|EAN"),
        ("description", "goods", "r", "Description;Article;Item description|Bezeichnung|Désignation|Descrizione|Omschrijving|Descrição|Opis|Benämning"),
        ("shelf", "shelf", "r", "Shelf;Bin;Location|Lagerplatz|Emplacement|Ubicazione|Locatie|Localização|Miejsce|Plats"),
        ("counted", "whole:0:600", "r", "Counted;Counted qty;Qty counted|Gezählt|Compté|Quantità contata|Geteld|Contado|Policzone|Räknat"),
        ("booked", "whole:0:600", "r", "Booked;Book qty;System qty|Sollbestand|Stock théorique|Quantità contabile|Boekvoorraad|Registado|Stan|Bokfört"),
        ("difference", "=counted-booked", "rs", "Difference;Diff.;Variance|Differenz|Écart|Differenza|Verschil|Diferença|Różnica|Differens"),
        ("unit_cost", "money:0.5:90", "r", "Unit cost;Cost;Cost each|Einkaufspreis|Prix d'achat|Costo unitario|Kostprijs|Custo|Koszt|Inköpspris"),
        ("count_date", "day:month", "r", "Count date;Counted on;Date|Zähldatum|Date inventaire|Data conteggio|Teldatum|Data contagem|Data|Räknedatum"),
        ("counted_by", "person", "r", "Counted by;Counter;Clerk|Gezählt von|Compté par|Operatore|Geteld door|Contado por|Osoba|Räknat av"),
    ]),
    "rentals": ("de en nl", [
        ("contract", "id:MV-####|R#####|HC###-##", "ru", "Lease no.;Contract no;Agreement|Vertragsnummer|N° bail|N. contratto|Contractnummer|N.º contrato|Nr umowy|Avtalsnr"),
        ("tenant", "person", "r", "Tenant;Tenant name;Lessee|Mieter|Locataire|Inquilino|Huurder|Inquilino|Najemca|Hyresgäst"),
        ("flat", "street", "r", "Address;Property address;Flat|Adresse|Adresse|Indirizzo|Adres|Morada|Adres|Adress"),
        ("rooms", "whole:1:6", "r", "Rooms;No of rooms;Rooms|Zimmer|Pièces|Vani|Kamers|Quartos|Pokoje|Rum"),
        ("area", "decimal:28:140:1", "r", "Area (sqm);Floor area;Sq m|Wohnfläche (m²)|Surface|Superficie|Oppervlakte (m²)|Área|Powierzchnia|Yta"),
        ("rent", "money:380:1900", "r", "Rent;Monthly rent;Net rent|Kaltmiete|Loyer|Canone|Huur|Renda|Czynsz|Hyra"),
        ("charges", "money:60:320", "r", "Service charge;Charges;Service charges|Nebenkosten|Charges|Spese|Servicekosten|Despesas|Opłaty|Avgifter"),
        ("total", "=rent+charges", "r", "Total;Total rent;Total due|Warmmiete|Total|Totale|Totaal|Total|Razem|Totalt"),
        ("moved_in", "day:past", "r", "Start date;Lease start;From|Mietbeginn|Début|Inizio|Ingangsdatum|Início|Początek|Startdatum"),
        ("moved_out", "day:soon", "o", "End date;Lease end;Until|Mietende|Fin|Fine|Einddatum|Fim|Koniec|Slutdatum"),
        ("paid", "flag:0.8", "r", "Paid;Paid?;Settled|Bezahlt|Payé|Pagato|Betaald|Pago|Zapłacono|Betald"),
        ("phone", "phone", "o", "Phone;Tel.;Mobile|Telefon|Téléphone|Telefono|Telefoon|Telefone|Telefon|Telefon"),
    ]),
    "lab": ("en fr sv", [
        ("sample", "id:S##-####|E######|P-#####", "ru", "Sample ID;Sample no;Sample|Probennummer|N° échantillon|Campione|Monsternummer|Amostra|Nr próbki|Provnummer"),
        ("taken", "moment", "r", "Taken at;Sampling time;Sampled|Entnahme|Prélèvement|Prelievo|Monstername|Colheita|Pobranie|Provtagning"),
        ("site", "site", "r", "Site;Station;Well|Messstelle|Station|Stazione|Meetpunt|Estação|Stacja|Station"),
        ("analyte", "pick:analyte", "r", "Analyte;Parameter;Test|Parameter|Paramètre|Parametro|Parameter|Parâmetro|Parametr|Parameter"),
        ("value", "decimal:0.01:9.8:3", "r", "Result;Value;Measured value|Messwert|Valeur|Valore|Waarde|Valor|Wartość|Värde"),
        ("unit", "pick:labunit", "r", "Unit;Units;Unit|Einheit|Unité|Unità|Eenheid|Unidade|Jednostka|Enhet"),
        ("limit", "decimal:5:10:1", "r", "Limit;Max. limit;Threshold|Grenzwert|Limite|Limite|Grenswaarde|Limite|Limit|Gränsvärde"),
        ("passed", "flag:0.85", "r", "Passed;OK;Compliant|Bestanden|Conforme|Conforme|Voldoet|Conforme|Zgodny|Godkänd"),
        ("temperature", "decimal:-4:22:1", "rs", "Temperature (°C);Temp.;Water temp|Temperatur|Température|Temperatura|Temperatuur|Temperatura|Temperatura|Temperatur (°C)"),
        ("analyst", "person", "r", "Analyst;Analysed by;Lab technician|Laborant|Analyste|Analista|Analist|Analista|Analityk|Laborant"),
    ]),
    "donations": ("en pt en", [
        ("donation", "id:D#####|DON-####|######", "ru", "Donation ID;Gift no;Receipt no|Spendennummer|N° don|N. donazione|Giftnummer|N.º donativo|Nr darowizny|Gåvonummer"),
        ("donor", "person", "r", "Donor;Donor name;Name|Spender|Donateur|Donatore|Donateur|Doador|Darczyńca|Givare"),
        ("email", "mail", "o", "Email;E-mail address;Mail|E-Mail|Courriel|E-mail|E-mail|E-mail|E-mail|E-post"),
        ("given_on", "day:month", "r", "Date;Gift date;Received on|Datum|Date|Data|Datum|Data|Data|Datum"),
        ("amount", "money:5:900", "r", "Amount;Gift amount;Donation|Betrag|Montant|Importo|Bedrag|Valor|Kwota|Belopp"),
        ("method", "pick:method", "r", "Payment method;Method;Paid by|Zahlungsart|Mode de paiement|Metodo di pagamento|Betaalwijze|Forma de pagamento|Sposób płatności|Betalsätt"),
        ("campaign", "pick:campaign", "r", "Campaign;Appeal;Project|Aktion|Campagne|Campagna|Campagne|Campanha|Kampania|Kampanj"),
        ("postcode", "digits:5", "r", "Postcode;ZIP;Postal code|PLZ|Code postal|CAP|Postcode|Código postal|Kod pocztowy|Postnummer"),
        ("town", "town", "r", "Town;City;City|Ort|Ville|Città|Plaats|Cidade|Miasto|Ort"),
        ("share", "share", "r", "Tax relief;Relief %;Gift aid rate|Abzug|Déduction|Detrazione|Aftrek|Dedução|Odliczenie|Avdrag"),
        ("receipt", "flag:0.6", "r", "Receipt sent;Thanked;Receipt|Quittung|Reçu envoyé|Ricevuta|Kwitantie|Recibo enviado|Potwierdzenie|Kvitto"),
    ]),
    "trips": ("en pl de", [
        ("trip", "id:T-#####|#####|FB####", "ru", "Trip no;Trip ID;Journey|Fahrt-Nr.|N° trajet|N. viaggio|Ritnummer|N.º viagem|Nr przejazdu|Resenr"),
        ("driver", "person", "r", "Driver;Driver name;Driven by|Fahrer|Conducteur|Autista|Bestuurder|Condutor|Kierowca|Förare"),
        ("vehicle", "plate", "r", "Vehicle;Registration;Car|Kennzeichen|Véhicule|Veicolo|Voertuig|Veículo|Pojazd|Fordon"),
        ("day", "day:month", "r", "Date;Trip date;Day|Datum|Date|Data|Datum|Data|Data|Datum"),
        ("left", "clock:6:11", "r", "Start time;Departure time;Time out|Startzeit|Heure de départ|Ora di partenza|Begintijd|Hora de partida|Godzina wyjazdu|Starttid"),
        ("back", "clock:12:19", "r", "End time;Arrival time;Time in|Endzeit|Heure d'arrivée|Ora di arrivo|Eindtijd|Hora de chegada|Godzina przyjazdu|Sluttid"),
        ("origin", "town", "r", "From;Origin;Start|Abfahrtsort|Départ|Partenza|Vertrekpunt|Origem|Skąd|Från"),
        ("destination", "town", "r", "To;Destination;Destination|Ziel|Destination|Destinazione|Bestemming|Destino|Dokąd|Till"),
        ("odometer", "whole:41000:58000", "r", "Odometer;Mileage;Odometer start|Kilometerstand|Compteur|Contachilometri|Kilometerstand|Quilometragem|Stan licznika|Mätarställning"),
        ("distance", "whole:4:420", "r", "Distance (km);Km;Kilometres|Kilometer|Distance|Distanza|Afstand|Distância|Dystans|Sträcka"),
        ("fuel", "money:6:95", "o", "Fuel cost;Fuel;Fuel (EUR)|Tankkosten|Carburant|Carburante|Brandstof|Combustível|Paliwo|Bränsle"),
        ("private", "flag:0.2", "r", "Private;Private?;Private trip|Privat|Privé|Privato|Privé|Particular|Prywatny|Privat"),
    ]),
}  # fmt: skip
#: Columns that are no fields of a family: what they hold, and their headers by language.
OTHERS = {
    "+line": ("line", "Line|Zeile|Ligne|Riga|Regel|Linha|Lp.|Rad"),
    "+remark": ("remark", "Remarks|Bemerkung|Remarques|Note|Opmerkingen|Observações|Uwagi|Anmärkning"),
    "+branch": ("same", "Branch|Filiale|Agence|Filiale|Filiaal|Filial|Oddział|Filial"),
    "+checked": ("day:month", "Checked on|Geprüft am|Vérifié le|Verificato il|Gecontroleerd op|Verificado em|Sprawdzono dnia|Kontrollerat den"),
    "+fee": ("money:1:20", "Handling fee|Bearbeitungsgebühr|Frais de dossier|Spese di gestione|Administratiekosten|Taxa administrativa|Opłata manipulacyjna|Hanteringsavgift"),
    "+batch": ("id:B-###|L####|C##", "Batch|Charge|Lot|Lotto|Batch|Lote|Partia|Parti"),
}  # fmt: skip
PICKS = {
    "analyte": "Nitrate,Chloride,Lead|Nitrat,Chlorid,Blei|Nitrate,Chlorure,Plomb|Nitrato,Cloruro,Piombo|Nitraat,Chloride,Lood|Nitrato,Cloreto,Chumbo|Azotan,Chlorek,Ołów|Nitrat,Klorid,Bly",
    "labunit": "mg/l,µg/l|mg/l,µg/l|mg/l,µg/l|mg/l,µg/l|mg/l,µg/l|mg/l,µg/l|mg/l,µg/l|mg/l,µg/l",
    "method": "Card,Transfer,Cash|Karte,Überweisung,Bar|Carte,Virement,Espèces|Carta,Bonifico,Contanti|Kaart,Overboeking,Contant|Cartão,Transferência,Dinheiro|Karta,Przelew,Gotówka|Kort,Överföring,Kontant",
    "campaign": "Spring appeal,School roof,General|Frühjahr,Schuldach,Allgemein|Printemps,Toit,Général|Primavera,Tetto,Generale|Voorjaar,Dak,Algemeen|Primavera,Telhado,Geral|Wiosna,Dach,Ogólne|Vår,Tak,Allmänt",
}  # fmt: skip
FIRST = "Alice,Oliver,Grace,Henry,Ruby,George,Freya,Arthur|Katrin,Dieter,Moritz,Silke,Holger,Nadine,Sven,Birgit|Camille,Benoît,Sylvie,Rémi,Agnès,Yves,Nadège,Thierry|Giulia,Marco,Chiara,Paolo,Elisa,Dario,Nicolò,Sara|Sanne,Daan,Femke,Joris,Lotte,Bram,Inge,Ruud|João,Beatriz,Rui,Inês,Tiago,Catarina,Nuno,Marta|Paweł,Agnieszka,Łukasz,Zofia,Marek,Hanna,Piotr,Ewa|Åsa,Björn,Linnea,Göran,Maja,Nils,Ebba,Sture"
LAST = "Barker,Dalton,Mercer,Holt,Fletcher,O'Neill,Whitby,Sharpe|Brandt,Seidel,Lorenz,Pfeiffer,Winkler,Arnold,Krüger,Beyer|Lemaire,Perrin,Chevalier,Renaud,Besson,Colin,Barbier,Noël|Conti,Galli,Marini,Ferri,Longo,Serra,D'Angelo,Bassi|Bakker,Visser,Smit,Mulder,Bos,Kuiper,Dekker,Peeters|Costa,Pinto,Moura,Tavares,Lopes,Brito,Neves,Simões|Nowak,Zając,Krawczyk,Wójcik,Mazur,Pawlak,Król,Duda|Berg,Lind,Ek,Sjöberg,Åström,Dahl,Holm,Nyström"
GOODS = "Copper pipe 15mm,Ball valve,Radiator white,Pump P20,Flange DN50,Elbow joint,Sealing ring,Thermostat T4|Kupferrohr 15mm,Kugelhahn,Heizkörper,Pumpe P20,Flansch DN50,Bogen,Dichtring,Thermostat T4|Tube cuivre 15mm,Vanne,Radiateur,Pompe P20,Bride DN50,Coude,Joint,Thermostat T4|Tubo rame 15mm,Valvola,Radiatore,Pompa P20,Flangia DN50,Gomito,Guarnizione,Termostato T4|Koperen buis 15mm,Kogelkraan,Radiator,Pomp P20,Flens DN50,Bocht,Afdichting,Thermostaat T4|Tubo cobre 15mm,Válvula,Radiador,Bomba P20,Flange DN50,Curva,Vedante,Termóstato T4|Rura 15mm,Zawór,Grzejnik,Pompa P20,Kołnierz DN50,Kolanko,Uszczelka,Termostat T4|Kopparrör 15mm,Kulventil,Element,Pump P20,Fläns DN50,Böj,Packning,Termostat T4"
TOWNS = "Oxford,Ely,Ripon,Stroud,Whitby,Kings Lynn,Truro|Fulda,Soest,Bad Aibling,Goslar,Lindau,Celle|Albi,Le Puy,Vannes,Dole,Sens,Apt|Lecce,Pavia,Imola,La Spezia,Siena,Asti|Delft,Zwolle,Den Bosch,Venlo,Hoorn,Tiel|Braga,Faro,Évora,Vila Real,Tomar,Aveiro|Toruń,Gdynia,Zielona Góra,Lublin,Opole,Sopot|Lund,Falun,Kalmar,Luleå,Visby,Ystad"
STREETS = "Mill Lane,High Street,Park Road,Station Road|Lindenweg,Hauptstraße,Am Markt,Gartenstraße|rue Neuve,rue du Port,place Verte,allée Sud|via Roma,via Dante,corso Milano,via Verdi|Dorpsstraat,Kerkweg,Molenpad,Singel|Rua Nova,Rua do Sol,Largo Velho,Rua Alta|ul. Polna,ul. Leśna,ul. Długa,ul. Krótka|Storgatan,Skolvägen,Ängsgatan,Kyrkogatan"
REMARKS = "see note,second visit,keys at reception|siehe Notiz,zweiter Besuch,Schlüssel am Empfang|voir note,deuxième visite,clés à l'accueil|vedi nota,seconda visita,chiavi in portineria|zie notitie,tweede bezoek,sleutel bij balie|ver nota,segunda visita,chaves na receção|zob. notatka,druga wizyta,klucze w recepcji|se anteckning,andra besöket,nycklar i receptionen"
TITLE = "Monthly list|Monatsliste|Liste du mois|Elenco mensile|Maandlijst|Lista mensal|Lista miesięczna|Månadslista"
SITE_WORDS = "Site office:|Standort:|Site :|Sede:|Vestiging:|Local:|Oddział:|Ort:"
TOTAL = "Total|Summe|Total|Totale|Totaal|Total|Razem|Summa"
NOTE = "Prepared by the office, without warranty.|Erstellt vom Büro, ohne Gewähr.|Établi par le bureau, sans garantie.|Redatto dall'ufficio, senza garanzia.|Opgesteld door het kantoor, zonder garantie.|Elaborado pelos serviços, sem garantia.|Sporządzono w biurze, bez gwarancji.|Upprättad av kontoret, utan garanti."
FLAGS = (("yes", "no"), ("ja", "nein"), ("oui", "non"), ("sì", "no"), ("ja", "nee"), ("sim", "não"), ("tak", "nie"), ("ja", "nej"))
DAYS = ("%d/%m/%Y", "%d.%m.%Y", "%d/%m/%Y", "%d/%m/%Y", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d")
READERS = {
    "id": "code", "digits": "code", "goods": "text", "shelf": "code", "whole": "number", "decimal": "number", "money": "money", "day": "date",
    "person": "person_name", "street": "text", "flag": "boolean", "phone": "phone", "moment": "date_time", "site": "code", "pick": "text",
    "mail": "email", "town": "text", "share": "number", "plate": "text", "clock": "time",
}  # fmt: skip


def of(words: str, language: int) -> list[str]:
    return words.split("|")[language].split(",")


class Sender:
    """A sender of a family, with its way to write tables."""

    def __init__(self, family: str, number: int, draw: str, of: tuple[str, list]):
        self.family, self.number, self.draw = family, number, draw
        rng = random.Random(f"{draw}:{family}:{number}")
        languages, self.columns = of
        self.many = len(languages.split()) > 3
        self.language = LANGUAGES.index(languages.split()[number])
        self.kinds = {name: kind for name, kind, _, _ in self.columns} | {name: kind for name, (kind, _) in OTHERS.items()}
        self.flags = {name: flags for name, _, flags, _ in self.columns}
        self.headers = {}
        for name, _, _, words in self.columns:
            some = words.split("|")[self.language].split(";")
            self.headers[name] = some[number % len(some)]
        self.order = [name for name, _, _, _ in self.columns]
        if number:
            for gone in rng.sample(self.order[1:], rng.randint(0, 2)):
                if not any(kind.startswith("=") and gone in kind for kind in self.kinds.values()):
                    self.order.remove(gone)
            for _ in range(rng.randint(0, 4)):
                self.order.insert(rng.randrange(len(self.order)), self.order.pop(rng.randrange(len(self.order))))
        for name in rng.sample(sorted(OTHERS), rng.randint(1, 3)):
            self.order.insert(0 if name == "+line" else rng.randint(1, len(self.order)), name)
            self.headers[name] = OTHERS[name][1].split("|")[self.language]
        self.is_book = rng.random() < 0.6
        self.is_typed = self.is_book and rng.random() < 0.7
        self.day = rng.choice(("%m/%d/%Y", "%d/%m/%Y", "%d %B %Y", "%Y-%m-%d")) if not self.language else DAYS[self.language]
        self.mark = "." if not self.language else ","
        self.group = rng.choice(("", "," if not self.language else "."))
        self.sign = rng.choice(("", "", "€ ", " EUR") if self.language else ("", "", "£", "$"))
        self.flag = rng.choice((FLAGS[self.language], ("X", ""), ("1", "0") if self.language else ("Y", "N")))
        self.first_column = rng.choice((0, 0, 1, 2)) if self.is_book else 0
        self.above = rng.choice(("", "title", "block"))
        self.below = rng.choice(("", "total", "note", "total note"))
        self.gaps = rng.random() < 0.2
        self.sheets = 2 if self.is_book and self.family == "lab" and number != 1 else 1
        self.lines = rng.random() < 0.2
        self.dirt = rng.random() < 0.5
        #: Names of columns as programs write them, or in capitals; and where a sheet has two tables, the headers and order of the second.
        self.style = rng.choice(("", "", "", "upper", "snake")) if self.many else ""
        self.second, self.second_order = dict(self.headers), list(self.order)
        if family.endswith("+"):
            self.second |= {name: some[(number + 1) % len(some)] for name, _, _, words in self.columns for some in [words.split("|")[self.language].split(";")]}
            self.second_order.insert(rng.randrange(len(self.order)), self.second_order.pop(rng.randrange(len(self.order))))
        self.headers, self.second = self._styled(self.headers), self._styled(self.second)

    def _styled(self, headers: dict) -> dict:
        snake = lambda word: "_".join("".join(letter if letter.isalnum() else " " for letter in word.lower()).split())  # noqa: E731
        return {name: word.upper() if self.style == "upper" else snake(word) if self.style == "snake" else word for name, word in headers.items()}


def drawn(sender: Sender, month: int) -> list[dict]:
    """The records of a month."""
    rng = random.Random(f"{sender.draw}:{sender.family}:{sender.number}:{month}")
    people = random.Random(f"{sender.draw}:{sender.family}:{sender.number}")
    firsts, lasts = of(FIRST, sender.language), of(LAST, sender.language)
    staff = [f"{people.choice(firsts)} {people.choice(lasts)}" for _ in range(14)]
    plates = [digits(people, "LL## LLL") for _ in range(4)]
    start, seen, records = dt.date(2025, 4 + month, 1), set(), []
    for number in range(rng.randint(26, 60)):
        record: dict = {}
        person = rng.choice(staff)
        for name in [name for name, _, _, _ in sender.columns] + [name for name in sender.order if name.startswith("+")]:
            what, _, more = sender.kinds[name].partition(":")
            if what == "id":
                value = None
                while value is None or value in seen:
                    value = digits(rng, more.split("|")[sender.number % len(more.split("|"))])
                seen.update({value} if "u" in sender.flags.get(name, "") else ())
            elif what == "digits":
                value = str(rng.randint(1, 9)) + digits(rng, "#" * (int(more) - 1))
            elif what.startswith("="):
                value = round(eval(what[1:], {}, record), 2)
            elif what in ("whole", "decimal", "money"):
                low, high, *places = more.split(":")
                value = round(rng.uniform(float(low), float(high)), 2 if what == "money" else int(places[0]) if places else 0)
                value = int(value) if what == "whole" else value
            elif what == "day":
                value = {"month": start + dt.timedelta(days=rng.randint(0, 27)), "past": dt.date(rng.randint(2008, 2024), rng.randint(1, 12), rng.randint(1, 28)),
                         "soon": start + dt.timedelta(days=rng.randint(40, 900))}[more]  # fmt: skip
            elif what == "moment":
                value = dt.datetime.combine(start + dt.timedelta(days=rng.randint(0, 27)), dt.time(rng.randint(6, 18), rng.choice((0, 5, 15, 20, 40))))
            elif what == "clock":
                low, high = map(int, more.split(":"))
                value = dt.time(rng.randint(low, high), rng.choice((0, 5, 10, 25, 30, 45, 50)))
            else:
                value = {
                    "person": lambda: person, "goods": lambda: rng.choice(of(GOODS, sender.language)), "shelf": lambda: digits(rng, "L##-##"),
                    "street": lambda: f"{rng.choice(of(STREETS, sender.language))} {rng.randint(1, 90)}", "town": lambda: rng.choice(of(TOWNS, sender.language)),
                    "flag": lambda: rng.random() < float(more), "phone": lambda: f"+{(44, 49, 33, 39, 31, 351, 48, 46)[sender.language]} {digits(rng, '## ### ####')}",
                    "site": lambda: f"{'WQMKTBRD'[sender.number]}-{rng.randint(11, 16)}", "pick": lambda: rng.choice(of(PICKS[more], sender.language)),
                    "mail": lambda: "".join(letter for letter in person.lower().replace(" ", ".") if letter.isascii() and (letter.isalpha() or letter == ".")) + "@example.net",
                    "share": lambda: rng.choice((0.1, 0.25, 0.5)), "plate": lambda: rng.choice(plates), "line": lambda: number + 1,
                    "remark": lambda: rng.choice(of(REMARKS, sender.language)) if rng.random() < 0.3 else None, "same": lambda: "HQ North",
                }[what]()  # fmt: skip
            record[name] = None if "o" in sender.flags.get(name, "") and rng.random() < 0.3 else value
        records.append(record)
    return records


def digits(rng: random.Random, pattern: str) -> str:
    return "".join(rng.choice("123456789") if sign == "#" else rng.choice("ABCDEFGHKMNPRT") if sign == "L" else sign for sign in pattern)


def cell(sender: Sender, name: str, value):
    """A value as the sender writes it."""
    what, _, more = sender.kinds[name].partition(":")
    if value is None:
        return None
    if isinstance(value, bool):
        return value if sender.is_typed and sender.number == 2 else sender.flag[not value] or None
    if isinstance(value, dt.datetime):
        return value if sender.is_typed else value.strftime(f"{sender.day} %H:%M")
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day) if sender.is_typed else value.strftime(sender.day)
    if isinstance(value, dt.time):
        return value if sender.is_typed else value.strftime("%H:%M")
    if what == "share":
        return value if sender.is_typed else f"{value * 100:g} %"
    if isinstance(value, (int, float)):
        if sender.is_typed:
            return value
        is_money = what == "money" or what.startswith("=") and isinstance(value, float)
        places = 2 if is_money else int(more.split(":")[2]) if what == "decimal" else 0
        text = f"{value:,.{places}f}".replace(",", "_").replace(".", sender.mark).replace("_", sender.group)
        if is_money and sender.sign:
            return f"{sender.sign}{text}" if not sender.sign.startswith(" ") else f"{text}{sender.sign}"
        return text
    return value


def sheets_of(sender: Sender, records: list[dict], month: int) -> tuple[list[list[list]], list[tuple[int, int]]]:
    """The cells of each sheet, and the sheet and row (from 1) of each record. What cannot be read is made empty in the records."""
    rng = random.Random(f"{sender.draw}:{sender.family}:{sender.number}:{month}:cells")
    grids: list[list[list]] = []
    places = []
    per_sheet = -(-len(records) // sender.sheets)
    word = lambda words: words.split("|")[sender.language]  # noqa: E731
    lead = [None] * sender.first_column
    for number in range(sender.sheets):
        grid = {"": [], "title": [[*lead, word(TITLE)], []], "block": [[*lead, word(TITLE)], [*lead, word(SITE_WORDS), "North 7"], []]}[sender.above]
        headers = [sender.headers[name] for name in sender.order]
        grid.append([*lead, *(header.replace(" ", "\n", 1) if sender.lines and sender.is_book else header for header in headers)])
        part = records[number * per_sheet : (number + 1) * per_sheet]
        order = sender.order
        for at, record in enumerate(part):
            if sender.family.endswith("+") and at == len(part) // 2:
                order = sender.second_order
                grid += [[], [*lead, *(sender.second[name] for name in order)]]
            elif sender.gaps and at and at % 12 == 0:
                grid.append([])
            row = []
            for name in order:
                can_spoil = sender.dirt and READERS.get(sender.kinds[name].partition(":")[0]) in ("date", "number", "money", "phone", "email")
                if can_spoil and record[name] is not None and rng.random() < 0.01:
                    record[name] = None
                    row.append(rng.choice(("n.a.", "tbd", "??")))
                else:
                    row.append(cell(sender, name, record[name]))
            grid.append([*lead, *row])
            places.append((number, len(grid)))
        if "total" in sender.below and order is sender.order:
            sums = [cell(sender, name, round(sum(record[name] or 0 for record in part), 2)) if _adds_up(sender, name) else None for name in sender.order]
            free = next((at for at, value in enumerate(sums) if value is None), None)
            if free is not None:
                sums[free] = word(TOTAL)
                grid.append([*lead, *sums])
        if "note" in sender.below:
            grid += [[], [*lead, word(NOTE)]]
        grids.append(grid)
    return grids, places


def _adds_up(sender: Sender, name: str) -> bool:
    return sender.kinds[name].startswith(("money", "=")) and not name.startswith("+") and name != "unit_cost"


def write(path: Path, sender: Sender, grids: list[list[list]]) -> Path:
    path = path.with_suffix(".xlsx" if sender.is_book else ".csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    width = max(len(row) for grid in grids for row in grid)
    if not sender.is_book:
        with path.open("w", newline="", encoding="utf-8" if sender.number else "cp1252", errors="replace") as file:
            csv.writer(file, delimiter=";" if sender.language else ",").writerows([*row, *[None] * (width - len(row))] for row in grids[0])
        return path
    book = Workbook()
    for number, grid in enumerate(grids):
        sheet = book.active if number == 0 else book.create_sheet()
        sheet.title = ("North", "South")[number] if len(grids) > 1 else "List"
        for row in grid:
            sheet.append(row)
        for one in (one for row in sheet.iter_rows() for one in row):
            if isinstance(one.value, dt.datetime):
                one.number_format = "yyyy-mm-dd" if one.value.time() == dt.time() else "yyyy-mm-dd hh:mm"
            elif isinstance(one.value, float) and sender.is_typed and one.value in (0.1, 0.25, 0.5):
                one.number_format = "0%"
    book.save(path)
    return path


def plain(value):
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else value


def main(folder: Path, draw: str, families: dict = FAMILIES) -> None:
    truth = {}
    for family, (languages, columns) in families.items():
        for number in range(len(languages.split())):
            sender = Sender(family, number, draw, (languages, columns))
            for month in (1, 2):
                records = drawn(sender, month)
                grids, places = sheets_of(sender, records, month)
                path = write(folder / family / f"{'abcdefgh'[number]}{month}", sender, grids)
                computed = {name: "money" if any(kinds.startswith("money") for kinds in (sender.kinds["rent"] if "rent" in sender.kinds else "",)) else "number" for name, kind in sender.kinds.items() if kind.startswith("=")}
                fields = {}
                for name, kind, flags, _ in columns:
                    if name in sender.order:
                        what = kind.partition(":")[0]
                        reader = computed.get(name) or READERS[what]
                        fields[name] = [reader, flags, "cat" if what == "pick" else what]
                truth[f"{family}/{path.name}"] = {
                    "headers": [[headers[name], name] for headers in (sender.headers, sender.second) for name in sender.order], "fields": fields,
                    "rows": [{name: plain(record[name]) for name in sender.order} for record in records],
                    "places": places, "layout": {"bool_words": list(sender.flag), "date_order": "mdy" if sender.day[:2] == "%m" else "dmy", "decimal_mark": sender.mark},
                }  # fmt: skip
    (folder / "truth.json").write_text(json.dumps(truth, ensure_ascii=False), encoding="utf-8")
