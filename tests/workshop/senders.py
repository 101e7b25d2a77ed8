"""Families of eight senders each, and what one call makes of the first files of all of them: cells of the next month that are right.

    python senders.py FOLDER [DRAW]    writes the families, and measures them
    -v                                 also what was wrong; --only=FAMILY one family alone; --fresh those of ``fresh.py`` in place of these

From the first months of all senders a configuration is made as `ade init --from` does it: plain; after its questions are answered as the
truth has it; with `--fields` and the names of the truth; and both. It is run on the second months of all. Of a column of the truth those cells
are right that come out in the field that has most of its columns. Of these it is told how many stand under another name than the one wished for
(with `--fields`: in a field that does not bear it); what the field that bears the name has is never wrong either, or it is counted as wrong. Lost
is a column that is a field's without `--fields`, and no field's with it; foreign are cells of a field that its sender has no column of.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import families
import fresh
from judge import VERBOSE, Family, cells, configure

#: As in ``families.py``; a family whose name ends with ``+`` has two tables below one another on each sheet, of which the second has headers of its own.
FAMILIES = {
    "payroll": ("en de fr en nl it pl sv", [
        ("employee_no", "id:E####|#####|M-####|PR####", "ru", "Employee No;Staff ID;Payroll number;Emp #|Personalnummer;Pers.-Nr.|Matricule|Matricola|Personeelsnummer|N.º funcionário|Nr pracownika|Anställningsnr"),
        ("employee", "person", "r", "Employee name;Name;Staff member;Employee|Mitarbeiter|Salarié;Nom du salarié|Dipendente|Medewerker;Naam|Funcionário|Pracownik|Anställd"),
        ("department", "pick:department", "r", "Department;Dept;Team;Dept.|Abteilung|Service;Département|Reparto|Afdeling|Departamento|Dział|Avdelning"),
        ("hired", "day:past", "r", "Start date;Hire date;Joined;Date hired|Eintrittsdatum;Eintritt|Date d'entrée;Embauche|Data assunzione|In dienst;Datum in dienst|Admissão|Data zatrudnienia|Anställd sedan"),
        ("hours", "decimal:80:190:1", "r", "Hours;Hours worked;Hrs;Worked hours|Stunden;Arbeitsstunden|Heures;Heures travaillées|Ore lavorate|Uren|Horas|Godziny|Timmar"),
        ("gross", "money:1400:6900", "r", "Gross pay;Gross;Gross salary;Gross wages|Bruttolohn;Brutto|Salaire brut|Lordo;Retribuzione lorda|Brutoloon;Bruto|Vencimento bruto|Wynagrodzenie brutto|Bruttolön"),
        ("income_tax", "money:100:1200", "r", "Income tax;PAYE;Tax;Tax withheld|Lohnsteuer|Impôt;Prélèvement à la source|IRPEF|Loonheffing|IRS|Podatek|Skatt;Preliminärskatt"),
        ("social", "money:90:800", "r", "National insurance;NI;Social security;Social contrib.|Sozialversicherung;SV-Beiträge|Cotisations|Contributi INPS;Contributi|Premies;Sociale premies|Segurança social|Składki ZUS;ZUS|Sociala avgifter"),
        ("net", "=gross-income_tax-social", "rs", "Net pay;Net;Take-home;Net wages|Auszahlungsbetrag;Netto|Net à payer|Netto in busta;Netto|Nettoloon;Netto|Líquido|Do wypłaty|Nettolön;Utbetalt"),
        ("pay_date", "day:month", "r", "Pay date;Payment date;Paid on;Date paid|Zahltag;Auszahlung am|Date de paiement;Payé le|Data pagamento|Betaaldatum|Data de pagamento|Data wypłaty|Utbetalningsdag"),
    ]),
    "parcels": ("de en fr nl en pl sv pt", [
        ("tracking", "id:##########LL|1Z#######|LP########", "ru", "Tracking number;Tracking no.;Parcel ID;Consignment|Sendungsnummer;Paketnummer|N° de suivi;N° colis|Numero di tracking|Track & trace;Zendingsnummer|N.º de envio|Nr przesyłki|Kollinummer;Sändningsnr"),
        ("shipped", "day:month", "r", "Ship date;Dispatched;Collection date;Sent on|Versanddatum;Versand am|Date d'expédition;Expédié le|Data spedizione|Verzenddatum;Verzonden|Data de expedição|Data nadania|Avsändningsdatum;Skickat"),
        ("recipient", "person", "r", "Recipient;Consignee;Addressee;Deliver to|Empfänger|Destinataire|Destinatario|Ontvanger;Geadresseerde|Destinatário|Odbiorca|Mottagare"),
        ("town", "town", "r", "Town;City;Destination;Delivery town|Ort;Zielort|Ville|Città|Plaats;Woonplaats|Localidade|Miejscowość|Postort;Ort"),
        ("postcode", "digits:5", "r", "Postcode;ZIP;Postal code;Zip code|PLZ;Postleitzahl|Code postal;CP|CAP|Postcode|Código postal|Kod pocztowy|Postnr;Postnummer"),
        ("service", "pick:service", "r", "Service;Service level;Product;Service type|Versandart;Produkt|Service;Mode de livraison|Servizio|Dienst;Verzendwijze|Serviço|Usługa|Tjänst"),
        ("weight", "decimal:0.2:31:1", "r", "Weight (kg);Weight;Kg;Billed weight|Gewicht (kg);Gewicht|Poids (kg);Poids|Peso|Gewicht;Gewicht in kg|Peso (kg)|Waga [kg]|Vikt (kg);Vikt"),
        ("pieces", "whole:1:9", "r", "Pieces;Pcs;No. of pieces;Qty|Anzahl Pakete;Stück|Nombre de colis;Nb colis|Colli|Aantal colli;Aantal|Volumes|Liczba paczek|Antal kollin;Antal"),
        ("freight", "money:3:60", "r", "Freight;Base charge;Carriage;Shipping cost|Fracht;Frachtkosten|Frais de port;Port|Nolo|Vracht;Vrachtkosten|Frete;Porte|Koszt przesyłki;Fracht|Frakt"),
        ("surcharge", "money:1:9", "r", "Fuel surcharge;Surcharge;Fuel;Surcharges|Treibstoffzuschlag;Zuschläge|Surcharge carburant;Suppléments|Supplemento carburante|Brandstoftoeslag;Toeslagen|Sobretaxa|Dopłata paliwowa|Drivmedelstillägg;Tillägg"),
        ("total", "=freight+surcharge", "r", "Total;Total charge;Amount due;Total cost|Gesamtbetrag;Summe|Total;Montant total|Totale|Totaal;Totaalbedrag|Total|Razem;Suma|Totalt;Summa"),
        ("delivered", "day:soon", "o", "Delivered;Delivery date;Delivered on;POD date|Zugestellt am;Zustelldatum|Livré le;Date de livraison|Consegnato il|Bezorgd op;Afgeleverd|Data de entrega;Entregue em|Data doręczenia|Levererad;Leveransdatum"),
    ]),
    "fees": ("en fr de en it pl nl en", [
        ("pupil_no", "id:P####|S-####|#####", "ru", "Pupil no;Student ID;Admission no.;UPN|Schülernummer|N° élève|Matricola alunno|Leerlingnummer|N.º aluno|Nr ucznia|Elevnr"),
        ("pupil", "person", "r", "Pupil;Student name;Name of pupil;Student|Schüler|Élève;Nom de l'élève|Alunno|Leerling|Aluno|Uczeń;Imię i nazwisko ucznia|Elev"),
        ("class", "pick:class", "r", "Class;Form;Year group;Grade|Klasse|Classe|Classe|Klas;Groep|Turma|Klasa|Klass"),
        ("parent", "person", "r", "Parent;Guardian;Parent/guardian;Bill payer|Erziehungsberechtigter;Eltern|Parent;Responsable légal|Genitore|Ouder;Ouder/verzorger|Encarregado|Rodzic;Opiekun|Vårdnadshavare"),
        ("email", "mail", "o", "Email;Parent email;E-mail;Contact email|E-Mail|Courriel;E-mail|E-mail|E-mail;E-mailadres|E-mail|E-mail|E-post"),
        ("tuition", "money:300:2400", "r", "Tuition;Tuition fee;School fee;Term fee|Schulgeld|Frais de scolarité;Scolarité|Retta|Schoolgeld|Propina|Czesne|Skolavgift"),
        ("lunch", "money:40:180", "r", "Lunches;Lunch money;Meals;Catering|Mittagessen;Verpflegung|Cantine;Repas|Mensa|Lunch;Overblijfgeld|Almoços|Obiady|Skolmat"),
        ("due_amount", "=tuition+lunch", "r", "Total due;Amount due;Total fees;Invoiced|Gesamtbetrag;Forderung|Total dû;À payer|Totale dovuto|Totaal te betalen;Te betalen|Total a pagar|Do zapłaty;Należność|Att betala"),
        ("due_date", "day:soon", "r", "Due date;Due by;Payable by;Payment due|Fällig am;Fälligkeit|Échéance|Scadenza|Vervaldatum;Uiterste betaaldatum|Vencimento|Termin płatności|Förfallodag"),
        ("paid", "money:0:2500", "r", "Paid;Amount paid;Received;Paid to date|Gezahlt;Bezahlt|Payé;Montant réglé|Pagato|Betaald;Ontvangen|Pago|Wpłacono;Zapłacono|Betalt"),
        ("bursary", "flag:0.3", "r", "Bursary;Scholarship;Discount?;Bursary Y/N|Stipendium|Bourse;Boursier|Borsa di studio|Beurs|Bolsa|Stypendium|Stipendium"),
    ]),
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
    "appointments": ("en de en fr sv nl en it", [
        ("number", "id:A#####|######|T-####", "ru", "Appointment no;Booking ref;Appt ID;Reference|Terminnummer|N° rendez-vous|N. appuntamento|Afspraaknummer|N.º consulta|Nr wizyty|Bokningsnr"),
        ("patient", "person", "r", "Patient;Patient name;Name;Client|Patient;Patientenname|Patient;Nom du patient|Paziente|Patiënt;Naam patiënt|Paciente|Pacjent|Patient"),
        ("born", "day:past", "r", "Date of birth;DOB;Born;Birth date|Geburtsdatum;geb. am|Date de naissance;Né(e) le|Data di nascita|Geboortedatum|Data de nascimento|Data urodzenia|Födelsedatum"),
        ("day", "day:month", "r", "Date;Appointment date;Appt date;Visit date|Datum;Termin am|Date;Date du rendez-vous|Data|Datum;Afspraakdatum|Data|Data wizyty|Datum"),
        ("at", "clock:8:17", "r", "Time;Appointment time;Start;Slot|Uhrzeit;Beginn|Heure|Ora|Tijd;Tijdstip|Hora|Godzina|Tid;Klockslag"),
        ("minutes", "whole:10:90", "r", "Duration (min);Minutes;Length (mins);Duration|Dauer (Min.);Dauer|Durée (min);Durée|Durata (min)|Duur (min);Duur|Duração|Czas (min)|Längd (min)"),
        ("doctor", "person", "r", "Doctor;Clinician;GP;Practitioner|Arzt;Behandler|Médecin;Praticien|Medico|Arts;Behandelaar|Médico|Lekarz|Läkare"),
        ("room", "shelf", "r", "Room;Room no.;Surgery;Room|Raum;Zimmer|Salle;Cabinet|Ambulatorio|Kamer;Spreekkamer|Sala|Gabinet|Rum"),
        ("treatment", "pick:treatment", "r", "Treatment;Reason for visit;Procedure;Type of visit|Behandlung;Leistung|Motif;Acte|Prestazione|Behandeling;Verrichting|Tratamento|Zabieg|Behandling"),
        ("fee", "money:20:280", "r", "Fee;Charge;Price;Fee charged|Honorar;Gebühr|Honoraires;Tarif|Tariffa|Tarief;Kosten|Honorários|Opłata|Avgift"),
        ("came", "flag:0.85", "r", "Attended;Arrived;Showed up;Attended?|Erschienen|Présent;Venu|Presentato|Verschenen|Compareceu|Stawił się|Kom"),
        ("phone", "phone", "o", "Phone;Mobile;Telephone;Contact number|Telefon;Tel.|Téléphone;Tél.|Telefono|Telefoon;Tel.nr|Telefone|Telefon|Telefon;Mobil"),
    ]),
    "timber": ("de sv en pl en fr de en", [
        ("ticket", "id:L#####|TD-####|######", "ru", "Ticket no;Delivery note;Docket;Load no.|Lieferscheinnummer;Lieferschein|N° de bon;Bon de livraison|N. bolla|Leverbonnummer|N.º guia|Nr kwitu;Kwit wywozowy|Följesedelsnr;Mätbesked"),
        ("day", "day:month", "r", "Delivery date;Delivered;Date in;Weighed on|Lieferdatum;Anlieferung|Date de livraison;Livré le|Data consegna|Leverdatum|Data de entrega|Data dostawy|Leveransdatum;Inmätt"),
        ("forest", "site", "r", "Forest;Compartment;Stand;Origin|Revier;Waldort|Forêt;Parcelle|Foresta|Bos|Mata|Leśnictwo;Leśnictwo|Avlägg;Trakt"),
        ("lorry", "plate", "r", "Lorry;Truck;Vehicle reg;Registration|LKW-Kennzeichen;Kennzeichen|Camion;Immatriculation|Targa|Kenteken|Matrícula|Nr rejestracyjny|Fordon;Regnr"),
        ("species", "pick:species", "r", "Species;Timber type;Wood;Species|Holzart;Baumart|Essence|Specie|Houtsoort|Espécie|Gatunek|Trädslag"),
        ("logs", "whole:20:140", "r", "Logs;No. of logs;Pieces;Stems|Stückzahl;Anzahl Stämme|Nb de grumes;Billes|N. tronchi|Aantal stammen|N.º toros|Liczba sztuk|Antal stockar"),
        ("length", "decimal:2.4:6:1", "r", "Length (m);Length;Log length;Len|Länge (m);Länge|Longueur (m);Longueur|Lunghezza|Lengte|Comprimento|Długość [m]|Längd (m)"),
        ("volume", "decimal:8:44:2", "r", "Volume (m3);Cubic metres;m³;Vol.|Festmeter;Volumen (fm)|Volume (m³);Cubage|Volume|Volume|Volume|Miąższość;Masa m3|Volym (m3fub);Volym"),
        ("price", "money:40:120", "r", "Price per m3;Unit price;Rate;Price|Preis je fm;Preis/fm|Prix au m³;Prix unitaire|Prezzo|Prijs|Preço|Cena;Cena za m3|Pris;Pris per m3"),
        ("amount", "=volume*price", "r", "Amount;Value;Total;Payable|Betrag;Erlös|Montant|Importo|Bedrag|Valor|Wartość|Belopp;Värde"),
        ("driver", "person", "r", "Driver;Haulier driver;Driver name;Driven by|Fahrer|Chauffeur|Autista|Chauffeur|Motorista|Kierowca|Förare;Chaufför"),
        ("certified", "flag:0.7", "r", "Certified;FSC;FSC certified;PEFC|Zertifiziert;PEFC|Certifié;PEFC|Certificato|Gecertificeerd|Certificado|Certyfikat|Certifierad"),
    ]),
}  # fmt: skip
#: What the code was not written by.
UNSEEN = ("appointments", "timber")
families.PICKS |= {
    "department": "Sales,Stores,Office|Vertrieb,Lager,Büro|Ventes,Dépôt,Bureau|Vendite,Magazzino,Ufficio|Verkoop,Magazijn,Kantoor|Vendas,Armazém,Escritório|Sprzedaż,Magazyn,Biuro|Försäljning,Lager,Kontor",
    "service": "Express,Standard,Economy|Express,Standard,Sperrgut|Express,Standard,Relais|Express,Standard,Economico|Express,Standaard,Avond|Expresso,Normal,Económico|Ekspres,Standard,Paczkomat|Express,Normal,Ombud",
    "class": "5A,5B,6A,6B|5a,5b,6a|CM1,CM2,6e|5A,5B,6A|5a,5b,6a|5A,5B,6A|5A,5B,6A|5A,5B,6A",
    "energy": "kWh,m3|kWh,m³|kWh,m3|kWh,Smc|kWh,m3|kWh,m3|kWh,m3|kWh,m3",
    "treatment": "Check-up,Vaccination,X-ray|Kontrolle,Impfung,Röntgen|Contrôle,Vaccin,Radio|Controllo,Vaccino,Radiografia|Controle,Vaccinatie,Röntgen|Consulta,Vacina,Raio X|Kontrola,Szczepienie,RTG|Kontroll,Vaccination,Röntgen",
    "species": "Spruce,Pine,Oak|Fichte,Kiefer,Eiche|Épicéa,Pin,Chêne|Abete,Pino,Quercia|Spar,Den,Eik|Abeto,Pinho,Carvalho|Świerk,Sosna,Dąb|Gran,Tall,Ek",
}  # fmt: skip


def wished(family: Family) -> dict[str, str]:
    """The name that somebody gives to each field of the truth."""
    said = {name: words.split(";")[0].split("|")[0] for name, _, _, words in {**families.FAMILIES, **FAMILIES}.get(family.name, ("", ()))[1]}
    names = dict.fromkeys(name for truth in family.truth.values() for name in truth["fields"])
    return {name: said.get(name) or name.replace("_", " ").capitalize() for name in names}


def answered(family: Family, questions: list[dict], names: dict[str, str]) -> list[dict]:
    """The answers of somebody who knows the truth."""
    meant = {path.name: family.meaning(short) for short, path in family.files.items()}
    short = {path.name: short for short, path in family.files.items()}
    found = []
    for question in questions:
        wish = next((name for name, said in names.items() if said == question["header"]), None)
        for offer in question["offers"]:
            if question["kind"] == "same":
                columns = offer["answer"].get("columns") or [offer["answer"]["column"]]
                is_it = len({*([wish] if len(columns) == 1 else []), *(meant[sample].get(header, header) for sample, header in columns)}) == 1
            elif question["kind"] == "shape":
                is_it = False  # what stands above a sender's table is no part of its records
            else:
                layout = family.truth[short[question["sample"]]]["layout"]
                order = layout.get("date_order") or ("mdy" if layout["date"].startswith("%m") else "dmy")
                is_it = offer["answer"]["value"] == {"date_order": order, "decimal_mark": layout.get("decimal_mark") or layout["mark"] or "."}[question["kind"]]
            found.append({**offer["answer"], "yes": is_it})
    return found


def places(family: Family, result: dict, names: dict[str, str] | None) -> tuple[dict[str, str], dict[str, str]]:
    """The field of each column of the truth, that with most of its columns; and the one that bears its name."""
    meant = {path.name: family.meaning(short) for short, path in family.files.items()}
    counts = Counter((meant[sample].get(header, "?"), one["name"]) for one in result["fields"] for sample, header in one["columns"])
    labels = {one["label"]: one["name"] for one in result["fields"]}
    named = {name: labels[said] for name, said in (names or {}).items()}
    found: dict[str, str] = {}
    for (name, field), _ in counts.most_common():
        # What a form says above a table is of no column of the truth.
        if not name.startswith(("+", "?")) and name not in found and field not in found.values():
            found[name] = field
    if VERBOSE:
        for one in result["fields"]:
            mixed = Counter(meant[sample].get(header, "?") for sample, header in one["columns"])
            if len(mixed) > 1:
                print("   mixed", family.name, one["name"], dict(mixed), [merge["reason"] for merge in one["merges"]])
        for name in found:
            if names is None and len(apart := [(field, count) for (of, field), count in counts.items() if of == name]) > 1:
                print("   apart", family.name, name, apart, [one["headers"] for one in result["fields"] if one["name"] in dict(apart)])
    return found, named


#: Whether fields are named, and whether questions are answered.
WAYS = {"plain": (False, False), "plain, asked": (False, True), "--fields": (True, False), "--fields, asked": (True, True)}


def measure(folder: Path, only: str | None, ways: dict[str, tuple[bool, bool]]) -> dict[str, Counter]:
    """The cells of each family, or of one, by the way in which the configuration was made."""
    truth = json.loads((folder / "truth.json").read_text())
    total: dict[str, Counter] = {}
    for name in sorted({key.split("/")[0] for key in truth if only in (None, key.split("/")[0])}):
        family = Family(folder, name, truth)
        names = wished(family)
        shorts = sorted({short[0] for short in family.files})
        known: set[tuple[str, str]] = set()
        for what, (is_named, is_asked) in ways.items():
            fields = {"names": list(names.values())} if is_named else None
            samples = [family.files[f"{short}1"] for short in shorts]
            count = total.setdefault(f"{name}: {what}", Counter())
            with tempfile.TemporaryDirectory() as place:
                result = configure(Path(place) / "plain", samples, fields)
                if is_asked:
                    count["questions"] += len(result["questions"])
                    result = configure(Path(place) / "asked", samples, fields, answered(family, result["questions"], names))
                home = Path(place) / ("asked" if is_asked else "plain")
                found, named = places(family, result, names if is_named else None)
                columns = {name: {tuple(column) for one in result["fields"] if one["name"] == name for column in one["columns"]} for name in (one["name"] for one in result["fields"])}
                known = known if is_named or is_asked else set().union(*(columns[name] for name in found.values()))
                count["lost"] += len(known.difference(*columns.values()))
                for short in shorts:
                    count.update(cells(home, family, f"{short}2", found, named))
    return total


def write(folder: Path, draw: str, names: list[str]) -> None:
    """Writes some of the families."""
    known, families.FAMILIES = families.FAMILIES, {name: FAMILIES[name] for name in names}
    families.main(folder, draw)
    families.FAMILIES = known


def main(folder: Path) -> int:
    if "--fresh" in sys.argv:
        FAMILIES.clear()
        FAMILIES.update(fresh.FAMILIES)
    if not (folder / "truth.json").exists():
        write(folder, sys.argv[2] if len(sys.argv) > 2 and not sys.argv[2].startswith("-") else "", list(FAMILIES))
    total = measure(folder, next((argument[7:] for argument in sys.argv if argument.startswith("--only=")), None), WAYS)
    for what in WAYS:
        total[f"all: {what}"] = sum((count for name, count in total.items() if name.endswith(f": {what}")), Counter())
    for name, count in total.items():
        of = sum(count[key] for key in ("right", "wrong", "missing"))
        print(
            f"{name:32} {100 * count['right'] / of:5.1f} right, {count['wrong']} wrong, {count['silent']} of them silently, of {of}; {count['questions']} questions, "
            f"{count['more_rows']} rows too many, {count['lost']} columns lost, {100 * count['elsewhere'] / of:.1f} under another name, {count['foreign']} foreign"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
