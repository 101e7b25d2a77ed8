"""Variations of labelled sheets, so that what is learned holds for sheets of businesses as well.

The corpora are statistical tables: stacked headers, titles, notes, figures. People also send lists with one header row and
no title, columns of text, several tables on a sheet, lines of names and values above a table, tables that begin in column
B or C. And they send what looks like these and is something else: a title right above a header without a name for its first
column, a section head right below one, ranges as names, records whose texts recur. Each variation keeps a sheet's shape where it is not changed on purpose. The same seed makes the same variations.
"""

from __future__ import annotations

import random

from corpus import Labelled

_HEADERS = (
    "Name|First Name|Last Name|Full name|ID|Code|Employee ID|Department|Date|Start Date|End Date|Due Date|Status|Type|"
    "Category|Address|Street|City|State|Zip|Postcode|Phone|Mobile|Email|E-Mail|Amount|Qty|Quantity|Unit Price|Net Amount|"
    "Gross|VAT|Total|Region|Country|Customer|Supplier|Vendor|Account|Description|Comments|Notes|Owner|Title|Product|SKU|"
    "Model|Location|Rate|Score|Priority|Project|Invoice No|Order Number|Currency|Paid|Birth date|Hours|Kunde|Datum|"
    "Betrag|Menge|Preis|Artikel|Rechnungsnr.|Währung|Ort|PLZ|Straße|Nombre|Fecha|Importe|Nom|Prix|Montant|#|No."
).split("|")
_SYLLABLES = "an ber cor den el fin gar hol in jun ka lor mar nor ol per quin ros sten tor ul ver win yor zen".split()
#: The number of sheets for each look-alike.
_LOOK_ALIKE_SHARE = 4
_UNITS = "% USD EUR kg hrs No. 000s".split()


class _Maker:
    """Makes words, headers and columns of values."""

    def __init__(self, chance: random.Random):
        self.chance = chance

    def word(self) -> str:
        made = "".join(self.chance.choice(_SYLLABLES) for _ in range(self.chance.randint(1, 3)))
        return made.capitalize() if self.chance.random() < 0.8 else made

    def words(self, least: int, most: int) -> str:
        return " ".join(self.word() for _ in range(self.chance.randint(least, most)))

    def header(self) -> str:
        sort = self.chance.random()
        if sort < 0.5:
            return self.chance.choice(_HEADERS)
        if sort < 0.9:
            return self.words(1, 3)
        return f"{self.word()} ({self.chance.choice(_UNITS)})"

    def day(self) -> str:
        year, month, day = self.chance.randint(1995, 2026), self.chance.randint(1, 12), self.chance.randint(1, 28)
        return self.chance.choice((f"{year}-{month:02}-{day:02}", f"{day:02}.{month:02}.{year}", f"{month}/{day}/{year}"))

    def column(self):
        """A function that makes one value after the other of one kind."""
        chance = self.chance
        few = [self.words(1, 2) for _ in range(chance.randint(1, 9))]
        prefix = chance.choice(("A", "SKU-", "INV-", "EMP", "X", ""))
        share = chance.choice((0.2, 0.5, 0.95))
        counter = [chance.randint(0, 2000)]

        def running() -> str:
            counter[0] += 1
            return f"{prefix}{counter[0]}" if prefix else str(counter[0])

        date_style = chance.randint(0, 2)

        def date() -> str:
            year, month, day = chance.randint(1995, 2026), chance.randint(1, 12), chance.randint(1, 28)
            return (f"{year}-{month:02}-{day:02}", f"{day:02}.{month:02}.{year}", f"{month}/{day}/{year}")[date_style]

        makers = (
            lambda: chance.choice(few),
            lambda: chance.choice(few),
            lambda: chance.choice(few).upper(),
            lambda: self.words(1, 3),
            lambda: self.words(2, 2),
            running,
            lambda: f"{prefix}{chance.randint(1, 99999):05}",
            lambda: f"{self.word().upper()}{chance.randint(1, 999)}",
            date,
            lambda: f"{chance.random() * 1000:.2f}",
            lambda: str(chance.randint(0, 5000)),
            lambda: f"${chance.randint(10, 99999):,}.{chance.randint(0, 99):02}",
            lambda: self.words(4, 14),
            lambda: self.words(1, 4) if chance.random() < share else "",
            lambda: f"{self.word().lower()}.{self.word().lower()}@{self.word().lower()}.com",
            lambda: f"{chance.randint(200, 999)}-{chance.randint(200, 999)}-{chance.randint(0, 9999):04}",
            lambda: chance.choice(("Y", "N", "yes", "no")) if chance.random() < share else "",
            lambda: f"{chance.randint(1, 400)} {self.word()} {chance.choice(('St', 'Road', 'Ave'))}",
            lambda: few[0],
        )
        return chance.choice(makers)


def _is_filled(row: list) -> bool:
    return any(cell.strip() for cell in row)


def _is_figure(text: str) -> bool:
    text = text.strip()
    return bool(text) and sum(c.isdigit() for c in text) * 2 >= len(text)


class _Table:
    """Rows with roles, while they are changed."""

    def __init__(self, sheet: Labelled):
        self.width = max(map(len, sheet.rows))
        self.rows = [list(row) + [""] * (self.width - len(row)) for row in sheet.rows]
        self.roles = [role if _is_filled(row) else None for row, role in zip(self.rows, sheet.roles)]

    def keep(self, wanted) -> None:
        kept = [(row, role) for row, role in zip(self.rows, self.roles) if wanted(row, role)]
        self.rows, self.roles = [row for row, _ in kept], [role for _, role in kept]

    def of(self, *roles: str) -> list[int]:
        return [at for at, role in enumerate(self.roles) if role in roles]

    def insert(self, at: int, rows: list, role: str | None) -> None:
        self.rows[at:at] = rows
        self.roles[at:at] = [role if _is_filled(row) else None for row in rows]


def _vary(sheet: Labelled, chance: random.Random, *, look_alike: bool = False) -> _Table | None:
    table, make, happens = _Table(sheet), _Maker(chance), lambda share: chance.random() < share
    for role, share in (("metadata", 0.3), ("notes", 0.35), ("group", 0.25), ("derived", 0.2)):
        if happens(share):
            table.keep(lambda _, this, role=role: this != role)
    if happens(0.35):
        table.keep(lambda row, _: _is_filled(row))
    elif happens(0.3):
        table.keep(lambda row, _: _is_filled(row) or happens(0.6))
    while table.rows and not _is_filled(table.rows[0]):
        table.rows.pop(0), table.roles.pop(0)
    body = table.of("data", "derived")
    if not body or not table.of("header"):
        return table if table.rows else None
    above = [at for at in table.of("header") if at < body[0]] or table.of("header")[:1]
    is_single = happens(0.45)
    if is_single:
        _one_header(table, above, body, make)
        if happens(0.7):
            _other_columns(table, make, share=1.2 * chance.random())
        if happens(0.15):
            for at in table.of("header"):
                table.rows[at] = [cell.upper() for cell in table.rows[at]]
    if look_alike:
        chance.choice(_LOOK_ALIKES)(table, make)
    elif happens(0.3):
        _header_details(table, make)
    if happens(0.35):
        _shorten(table, chance.randint(1, 12))
    if is_single and happens(0.05):
        _narrow(table, above, chance.randint(1, 3))
    if happens(0.12):
        share = chance.choice((0.05, 0.2))
        for at in reversed(table.of("data")):
            if happens(share):
                table.insert(at + chance.randint(0, 1), [[""] * table.width] * chance.choice((1, 1, 2)), None)
    if happens(0.06):
        for at in reversed(table.of("derived")):
            line = [chance.choice("-_=") * chance.randint(1, 12) if cell.strip() else "" for cell in table.rows[at]]
            table.insert(at, [line], "data")
    if happens(0.12):
        _move_titles(table, chance)
    if happens(0.18):
        _names_and_values(table, make)
    if happens(0.12):
        table.insert(0, [[make.words(6, 16) + "."] + [""] * (table.width - 1)], "metadata")
    if is_single and happens(0.15):
        total = [""] * table.width
        total[0] = chance.choice(("Total", "Grand Total", "Summe", "TOTAL:", "Gesamt"))
        for column in range(1, table.width):
            if any(_is_figure(table.rows[at][column]) for at in table.of("data")[-1:]) and happens(0.7):
                total[column] = str(chance.randint(1000, 999999))
        last = table.of("data", "derived")
        if last and _is_filled(total[1:]):
            table.insert(last[-1] + 1, [total], "derived")
    if happens(0.15):
        lead = [""] * chance.randint(1, 2)
        table.rows = [lead + row for row in table.rows]
        table.width += len(lead)
    return table


def _one_header(table: _Table, above: list[int], body: list[int], make: _Maker) -> None:
    """One full header row in place of a stack of them."""
    used = [
        column
        for column in range(table.width)
        if sum(bool(table.rows[at][column].strip()) for at in body) >= 0.3 * len(body)
    ] or [0]
    last = table.rows[above[-1]]
    for column in used:
        if not last[column].strip() or _is_figure(last[column]) and make.chance.random() < 0.5:
            last[column] = make.header()
    dropped = set(above[:-1])
    kept = [at for at in range(len(table.rows)) if at not in dropped]
    table.rows, table.roles = [table.rows[at] for at in kept], [table.roles[at] for at in kept]


def _other_columns(table: _Table, make: _Maker, share: float) -> None:
    """Columns of other kinds of values: text, codes, dates, addresses."""
    filled = table.of("data", "derived")
    headers = table.of("header")
    for column in range(table.width):
        if not any(table.rows[at][column].strip() for at in headers) or make.chance.random() >= share:
            continue
        value = make.column()
        for at in filled:
            table.rows[at][column] = value()
        for at in headers:
            if _is_figure(table.rows[at][column]) or make.chance.random() < 0.5:
                table.rows[at][column] = make.header()
    for at in filled:
        if not _is_filled(table.rows[at]):
            table.rows[at][0] = make.word()


def _header_details(table: _Table, make: _Maker) -> None:
    """Adds other parts of header blocks: the first column's name in a row of its own, units, lines drawn with signs."""
    chance = make.chance
    first = table.of("header")
    last = first[-1] if len(first) == 1 else next(
        (at for at in first if at + 1 >= len(table.roles) or table.roles[at + 1] != "header"), first[-1]
    )
    names = table.rows[last]
    what = chance.choice(("above", "above", "below", "units", "units", "lines"))
    if what == "units":
        line = [f"({chance.choice(_UNITS)})" if cell.strip() and chance.random() < 0.9 else "" for cell in names]
        line[0] = chance.choice(("", "", "Unit", make.word()))
        if sum(map(bool, line[1:])) >= 2:
            table.insert(last + 1, [line], "header")
    elif what == "lines":
        line = [chance.choice("-_=") * chance.randint(1, 9)] * table.width
        table.insert(last + 1, [line], "header")
        if chance.random() < 0.5:
            table.insert(first[0], [line], "header")
    elif names[0].strip() and sum(bool(cell.strip()) for cell in names) >= 3:
        line = [names[0]] + [""] * (table.width - 1)
        if not _is_figure(names[0]):
            names[0] = ""
            gap = [[""] * table.width] if chance.random() < 0.25 else []
            if what == "above":
                table.insert(first[0], [line], "header")
            else:
                table.insert(last + 1, [*gap, line, *gap], "header")


def _body(table: _Table) -> list[int]:
    return table.of("data", "derived")


def _title_above(table: _Table, make: _Maker) -> None:
    """A title right above a header whose first cell is blank; now and then with a number in a cell before it."""
    headers = table.of("header")
    table.rows[headers[0]][0] = ""
    words = make.words(3, 8) + make.chance.choice(("", "", f" {make.chance.randint(1990, 2026)}", f" in {make.word()}"))
    number = make.chance.choice(("", "", "", str(make.chance.randint(1, 40)), f"{make.chance.choice('ABT')}{make.chance.randint(1, 9)}"))
    line = [number, words] if number and table.width > 1 else [words]
    table.insert(headers[0], [line + [""] * (table.width - len(line))], "metadata")


def _section_below(table: _Table, make: _Maker) -> None:
    """A section head right below the header, and others further down; or a first record with its name alone."""
    chance = make.chance
    headers, body = table.of("header"), _body(table)
    first = body[0]
    if first != headers[-1] + 1 and "header" in table.roles[first:]:
        return
    names = table.rows[[at for at in headers if at < first][-1]] if headers[0] < first else table.rows[headers[0]]
    if not names[0].strip():
        names[0] = make.header()
    heads = [first] + [at for at in body[1:] if chance.random() < chance.choice((0.0, 0.15, 0.3))]
    role = "group" if len(heads) > 1 or chance.random() < 0.7 else "data"
    leaves_first = role == "group" and chance.random() < 0.3
    if leaves_first:
        for at in body:
            if _is_filled(table.rows[at][1:]):
                table.rows[at][0] = ""
    for at in reversed(heads):
        table.insert(at, [[make.words(1, 3)] + [""] * (table.width - 1)], role)


def _ranges(table: _Table, make: _Maker) -> None:
    """Ranges, months or years in brackets name the columns of figures."""
    chance = make.chance
    above = [at for at in table.of("header") if at < _body(table)[0]] or table.of("header")[:1]
    step, least = chance.choice((1, 4, 5, 10, 25)), chance.choice((0, 1, 10, 2001))
    style = chance.choice(("{0}-{1}", "{0} to {1}", "({0})", "<{1}", "> {0}", "{2}{3:02}", "{0}+"))
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    for column in range(1, table.width):
        if table.rows[above[-1]][column].strip():
            low = least + step * column
            table.rows[above[-1]][column] = style.format(low, low + step - 1 if step > 1 else low + 1, months[column % 12], low % 100)


def _texts_that_recur(table: _Table, make: _Maker) -> None:
    """Columns of text in which keys and categories recur, and the first records leave cells empty."""
    chance = make.chance
    columns = [column for column in range(table.width) if any(table.rows[at][column].strip() for at in table.of("header"))]
    few = {column: [make.words(1, 2) for _ in range(chance.randint(2, 6))] for column in columns[:6]}
    key, left = make.word(), 0
    for at in _body(table):
        if left == 0:
            key, left = chance.choice((make.word(), f"{chance.choice('ABKX')}{chance.randint(1, 99)}")), chance.randint(1, 4)
        left -= 1
        table.rows[at] = [""] * table.width
        for column, texts in few.items():
            if chance.random() < 0.85:
                table.rows[at][column] = chance.choice(texts).lower() if chance.random() < 0.3 else chance.choice(texts)
        table.rows[at][columns[0]] = key
    for at in table.of("header"):
        for column in columns:
            if column not in few or _is_figure(table.rows[at][column]):
                table.rows[at][column] = make.header() if column in few else ""


def _filled_merges(table: _Table, make: _Maker) -> None:
    """Repeats labels over several columns in each of them, and the names of single columns in both rows."""
    headers = table.of("header")
    names = table.rows[headers[-1]] if len(headers) == 1 else None
    if names is None or sum(bool(cell.strip()) for cell in names) < 4:
        return
    fixed = make.chance.randint(1, 2)
    below = make.chance.sample(("Net", "Gross", "Units", "Value", "Share", "Plan", "Actual", "Men", "Women"), 2)
    line = names[:fixed] + [below[at % 2] if cell.strip() else "" for at, cell in enumerate(names[fixed:])]
    top = names[:fixed] + [names[fixed + at - at % 2] for at in range(len(names) - fixed)]
    table.rows[headers[-1]] = top
    table.insert(headers[-1] + 1, [line], "header")


def _lone_unit(table: _Table, make: _Maker) -> None:
    """A unit for all columns, in a row of its own below the names."""
    unit = make.chance.choice(("EUR", "1,000 t", "in %", "mio. USD", "(000s)", "kg", "(1,000)", f"in {make.word()}"))
    last = [at for at in table.of("header") if at < _body(table)[0]] or table.of("header")[:1]
    if table.width > 2 and table.rows[last[-1]][0].strip():
        gap = [[""] * table.width] if make.chance.random() < 0.4 else []
        line = [""] * table.width
        line[make.chance.choice((1, 1, 1, table.width // 2))] = unit
        table.insert(last[-1] + 1, [line, *gap], "header")


def _forms_above(table: _Table, make: _Maker) -> None:
    """Lines of names and values beside each other, as full as the header."""
    chance = make.chance
    lines = []
    for _ in range(chance.randint(1, 3)):
        pairs = [(f"{make.words(1, 2)}:", chance.choice((make.words(1, 2), make.day(), str(chance.randint(1, 500)), "")))
                 for _ in range(chance.randint(1, 3))]
        if chance.random() < 0.3:
            line = [f"{name} {value or make.word()}" for name, value in pairs]
        else:
            gap = [""] * chance.choice((0, 0, 1))
            line = [cell for name, value in pairs for cell in (name, value, *gap)]
        lines.append((line + [""] * table.width)[: table.width])
    if chance.random() < 0.6:
        lines.append([""] * table.width)
    table.insert(table.of("header")[0], lines, "metadata")


_LOOK_ALIKES = (
    _title_above, _section_below, _section_below, _ranges, _texts_that_recur, _filled_merges, _lone_unit, _forms_above,
)  # fmt: skip


def _shorten(table: _Table, most: int) -> None:
    """Keeps at most this number of rows of data."""
    seen = 0
    kept = []
    for at, role in enumerate(table.roles):
        if role in ("data", "derived"):
            seen += 1
            if seen > most:
                continue
        elif role == "group" and seen >= most:
            continue
        kept.append(at)
    table.rows, table.roles = [table.rows[at] for at in kept], [table.roles[at] for at in kept]


def _narrow(table: _Table, above: list[int], most: int) -> None:
    """Makes a list of a few columns that each have a value in every row."""
    body = table.of("data", "derived")
    filled = [c for c in range(table.width) if body and all(table.rows[at][c].strip() for at in body)][:most]
    if not filled:
        return
    for at in table.of("header", "data", "derived"):
        table.rows[at] = [table.rows[at][column] for column in filled] + [""] * (table.width - len(filled))
    headers = table.of("header")
    for at in headers:
        for column in range(len(filled)):
            if not table.rows[at][column].strip() or _is_figure(table.rows[at][column]):
                table.rows[at][column] = "Name"


def _move_titles(table: _Table, chance: random.Random) -> None:
    """Titles over the middle of the table."""
    column = min(chance.choice((1, 2, table.width // 2, table.width // 3)), table.width - 1)
    for at in table.of("metadata"):
        filled = [cell for cell in table.rows[at] if cell.strip()]
        if len(filled) == 1 and chance.random() < 0.8:
            table.rows[at] = [""] * table.width
            table.rows[at][column] = filled[0]


def _names_and_values(table: _Table, make: _Maker) -> None:
    """Lines of names with values beside them, above the table or above everything."""
    chance = make.chance
    column = min(chance.choice((0, 0, 0, 1)), max(0, table.width - 2))
    second = chance.randint(3, max(3, table.width - 2)) if table.width > 5 and chance.random() < 0.4 else None
    colon = ":" if chance.random() < 0.75 else ""
    lines = []
    for _ in range(chance.randint(1, 6)):
        line = [""] * table.width
        for at in (column, second):
            if at is not None and at + 1 < table.width and (at == column or chance.random() < 0.8):
                line[at] = make.words(1, 2) + colon
                line[at + 1] = chance.choice((make.words(1, 4), str(chance.randint(1, 99999)), make.day()))
        if not line[column]:
            line[column] = make.words(1, 2) + colon
        lines.append(line)
    if not colon or chance.random() < 0.75:
        lines.append([""] * table.width)
    begins = next((at for at, role in enumerate(table.roles) if role in ("header", "data", "derived", "group")), 0)
    table.insert(chance.choice((0, begins, begins)), lines, "metadata")


def variations(sheets: list[Labelled], seed: int, *, most_rows: int = 140, several: float = 0.5) -> list[Labelled]:
    """Returns one variation per sheet, some of them with two or three tables one below the other; and look-alikes."""
    chance = random.Random(seed)
    made = []

    def add(rows: list, roles: list) -> None:
        rows, roles = rows[:most_rows], roles[:most_rows]
        if any(map(_is_filled, rows)):
            roles = [role if _is_filled(row) else None for row, role in zip(rows, roles)]
            made.append(Labelled(f"variation {seed}.{len(made)}", "", rows, roles))

    for _ in sheets:
        first = chance.choice(sheets)
        count = chance.choice((2, 2, 3)) if chance.random() < several else 1
        rows: list = []
        roles: list = []
        for part in range(count):
            again = part and chance.random() < 0.5
            table = _vary(first if again or not part else chance.choice(sheets), chance)
            if table is None:
                continue
            if rows:
                gap = chance.choice((0, 0, 1, 1, 1, 2, 3))
                rows += [[""]] * gap
                roles += [None] * gap
            rows += table.rows
            roles += table.roles
        add(rows, roles)
    chance = random.Random(seed)
    for _ in range(len(sheets) // _LOOK_ALIKE_SHARE):
        table = _vary(chance.choice(sheets), chance, look_alike=True)
        if table is not None:
            add(table.rows, table.roles)
    return made
