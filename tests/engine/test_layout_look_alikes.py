"""What looks like a header row, a note or a record, and is something else: sheets of a few forms that people send, and beside
each form its counterpart, which has the same looks and is what it looks like.

Every sheet goes through the package that ``ade init`` writes. Cells are parted by ``|``.
"""

from __future__ import annotations

import pytest


def cells(text: str) -> list:
    """The cells of a line: whole numbers and fractions as numbers, blank ones empty."""
    found: list = []
    for cell in map(str.strip, text.split("|")):
        try:
            found.append(float(cell) if "." in cell else int(cell))
        except ValueError:
            found.append(cell or None)
    return found


def sheet(text: str) -> list[list]:
    """The rows of a sheet, one a line; a line with a dot alone is blank."""
    return [[] if line.strip() == "." else cells(line) for line in text.strip().splitlines()]


@pytest.fixture
def read(normalized):
    """Runs the template as `ade` runs it: header rows of each table, source rows that were kept, notices, rows that are told."""

    def call(text: str):
        outcome = normalized(sheet(text))
        found = [table["structure"]["header"] for table in outcome.tables]
        headers = [list(range(header["row_start"], header["row_start"] + header["row_count"])) for header in found]
        return headers, outcome.source_rows(), outcome.noticed["notices"], outcome.noticed.get("rows", [])

    return call


#: By the kind of look-alike: sheets, each with its header rows.
HEADERS = {
    "a section head right below the header": [
        ([1], """
            Article|Kind|Name|Price
            Lamps
            4711|desk|Dune lamp|19
            4712|floor|Elm lamp|49
            Chairs
            4801|office|Fern chair|99
            4802|garden|Oak chair|59
            """),
        ([4], """
            Prices of Birch goods
            As of 12 May 2021
            .
            Month|Team|Kind|Hours
            Grove vale
            X-2161|Sage quartz|Ivel|65881
            X-2162|Sage quartz|Arlen|85210
            X-2163|Sage quartz|Oster|22379
            """),
        ([1], """
            Month|Branch|Owner
            Quartz hill
            Norden|Oak vale|30 Grove Road
            Oster|Oak quartz|71 Quartz Road
            Harth|Quartz|83 Fern Road
            Lund|Dune oak|88 Dune Road
            """),
        ([1], """
            District|Group|Remark|Units
            Elm
            2229|Brook|no|126.31
            2230|Harth|yes|83.56
            2231|Norden|no|554.76
            """),
    ],
    "a title right above the header": [
        ([2], """
            Hours of the team Pine
            |Hours|Units|Stock|South
            Arlen|372|260|36163|471.31
            Delmont|32|136|60205|267.66
            Ivel|291|357|37626|174.81
            """),
        ([2], """
            Hours of the team Sage
            |Fixed|Rooms
            Norden|0.302|62159
            Carden|0.425|23722
            Oster|0.163|4119
            Ivel|0.193|61441
            """),
        ([2], """
            7|Fees by district and year
            |Fixed|Variable|Share
            Arlen|12.5|3.5|0.3
            Brook|11.5|4.5|0.4
            Carden|10.5|5.5|0.5
            """),
        ([2, 3], """
            T4|Visitors of the three halls
            |Old|New|Large
            |North|Fixed|Weight
            Brook|309.87|0.544|335
            Ivel|4.17|0.251|29
            Oster|670.55|0.506|2
            """),
    ],
    "two cells above a full header": [
        ([2], "May|Team Vale\nPerson|Group|Price|Stock\nB2268|no|0.359|214\nB2269|yes|0.938|392\nB2270|open|0.751|16"),
        ([2], "Client|Oak\nSite|Material|Team|Units|Weight\n4249|no|Nettle|633.83|349.39\n4250|yes|Cedar|488.18|686.79\n4251|open|Vale|130.76|248.81"),
        ([2], "May|Team Pine\nMonth|Supplier|Rooms|Net\nMarsh|open|395|568.65\nKelso|open|113|583.94\nBrook|open|67|352.59"),
    ],
    "names that look like values": [
        ([1], """
            Site|<20|20-49|50-249|250+
            Arlen|14|8|5|1
            Brook|12|9|3|2
            Carden|31|7|4|0
            """),
        ([2], """
            Fees by district in 2019
            |(2003)|(2004)|(2005)
            Sage|0.772|0.016|0.15
            Kelp|0.577|0.292|0.952
            Elm hill|0.812|0.804|0.455
            """),
        ([3], """
            Costs per household and year
            .
            Item|0-9|10-19|20-29|30-39|40-49|50-59
            Fern|441.06|677.45|273.81|482.74|735.36|216.14
            Nettle|113.39|733.88|370.01|721.41|424.94|251.63
            Cedar|204.71|126.89|836.13|41.71|697.82|277.71
            """),
        ([1], """
            Part|> 5|> 10|> 15|> 20
            Zinnia|388|297|2|6
            Pine yarrow|101|284|57|22
            Sage fern|15|387|113|78
            """),
        ([1], """
            Item|Jan07|Feb07|Mar07
            Paper|140|180|195
            Ink|120|90|83
            Glue|310|70|44
            """),
        ([2], """
            Grains of three seasons
            Position|6|7|8|15|24
            Oak linden|A|-|C|A|T
            Elm birch|G|T|C|T|C
            Quartz zinnia|T|G|A|T|-
            Jade zinnia|C|T|-|G|G
            """),
    ],
    "names that stand in for values, below a title": [
        ([2], "Costs per household and year\nx|s|(c)\nJade|2776|165\nOak|4242|102\nElm|5151|119"),
        ([2], "Fees by district in 2019\nd|s|b|f\nJade|0.388|525.42|79\nOak|0.038|286.52|54"),
        ([2], "Visitors of the hall\nx|n/a|(c)|u\n203|51148|617.84|50.46\n295|61738|386.64|124.62"),
    ],
    "lines of names and values": [
        ([2], """
            Zone: 2|Block: 2|Street: all
            No|Supplier|Author|Units|Members|Price
            Eston|Brook|Pine maple|0.805|57|21393
            Farrow|Lund|Amber heath|0.603|182|2651
            Ivel|Farrow|Pine maple|0.51|165|43043
            """),
        ([4], """
            Fees by district
            Zone: 1|Block: 2|Street: all
            .
            Person|Remark|Members|Units
            Jorvik|Delmont|889.27|61332
            Kelso|Ivel|792.75|7919
            Lund|Oster|92.5|819
            """),
        ([7], """
            Visitors by month, 2017
            As of 5 May 2021
            .
            Heath:|Fern|||Quartz:|Zinnia
            Oak:|Pine|||Zinnia:|
            .
            Article|Shape|Remark|Units|Cost|Members
            B3992|Oak|32 Pine Road|379.98|0.123|94
            B3993|Oak|81 Thyme Road|866.47|0.126|105
            B3994|Elm|83 Nettle Road|131.27|0.197|32
            """),
    ],
    "records of text whose key recurs": [
        ([1], """
            Ref|Part|Shape|Paint
            K1|Frame|round|
            K1|Lid|flat|red
            K2|Frame|square|
            K2|Lid|flat|blue
            K3|Frame|round|red
            """),
        ([1], """
            Ref|Shelf|Supplier
            K1||
            K1|Jade|yarrow
            K2|Nettle|
            K2|linden|
            K2|Thyme|Kelp
            """),
        ([4], """
            Prices of Oak thyme goods
            As of 7 May 2021
            .
            Article|Contact|Shape
            K1||
            K1|Jade|dune
            K1|Jade|linden
            K1|kelp|Quartz
            K2|reed|dune
            """),
        ([1], """
            Ref|Material|Town|Trade
            Amber|zinnia|linden|Quartz
            Amber|Cedar|kelp|Umber
            Amber||Oak|Umber
            Birch|zinnia|kelp|Quartz
            Birch|dune|kelp|
            """),
    ],
    "a unit alone below the header": [
        ([1, 2], """
            Month|Oil|Gas|Coal
            |1,000 t
            May|3|4|5
            June|5|6|7
            July|7|8|9
            """),
        ([1, 2], """
            No|Weight|Members|Fee
            |1,000 t
            Oak|0.619|780.73|407.59
            Grove|0.067|717.56|449.88
            Cedar|0.765|237.79|256.94
            """),
        ([3, 4], """
            Prices of Iris reed goods
            .
            Item|Rooms|Hours|Net
            |1,000 t
            Elm|27247|81058|278.28
            Heath|49955|26519|413.95
            Sage|73335|4839|803.71
            """),
        ([3, 4], """
            Income of the clubs
            .
            Club|Fees|Gifts|Sales
            |EUR
            Fern|340|41|5.5
            Grove|560|61|7.5
            Heath|780|81|9.5
            """),
    ],
    "labels that were filled into each cell": [
        ([1, 2], """
            Team|Town|Inner|Inner|Outer|Outer
            Team|Town|Net|Gross|Net|Gross
            Amber|Arlen|3.5|4.5|5.5|6.5
            Birch|Brook|5.5|6.5|7.5|8.5
            Cedar|Carden|7.5|8.5|9.5|9.9
            """),
        ([1, 2], """
            Colour|Shelf|Variable|Variable|Inner|Inner
            Colour|Shelf|Net|Gross|Net|Gross
            Vale grove|Jade|82.65|65|751.33|0.833
            Willow amber|Kelp|600.52|124|235.77|0.292
            Willow cedar|Iris|526.47|137|816.47|0.07
            """),
        ([3, 4], """
            Rooms and fees
            .
            House|Kind|Fixed|Fixed|Variable|Variable
            House|Kind|Plan|Actual|Plan|Actual
            Dune|old|300|410|52|66
            Elm|new|500|610|72|86
            Fern|old|700|810|92|99
            """),
    ],
    # ---- what is what it looks like
    "the name of the first column, alone": [
        ([3, 4], "Hours of the week\n.\nDistrict\n|Net|Gross|Rate\nArlen|3|4.5|0.2\nBrook|5|6.5|0.3\nCarden|7|8.5|0.4"),
        ([3, 4], "Members by age\n.\nRegion\n|2019|2020|2021\nArlen|31|45|22\nBrook|51|65|33\nCarden|71|85|44"),
    ],
    "section heads below records": [
        ([1], "No|Name|Price\n1|Lamp|19\n2|Desk|49\nOffice\n3|Chair|99\n4|Shelf|59\nGarden\n5|Bench|89"),
        ([1], "Name|Town|Hours\nAda|Arlen|12\nBob|Brook|14\nNorth\nCid|Carden|9\nDan|Delmont|8\nSouth\nEve|Eston|7"),
    ],
    "years and ranges": [
        ([1], "Site|2015|2016|2017\nArlen|140|180|195\nBrook|120|90|83\nCarden|310|70|44"),
        # Ranges below names are values, and so are numbers in brackets.
        ([1], "Task|Hours|Cost\nPaint|10-20|100-200\nWash|20-30|300-400\nSweep|5-10|50-90"),
        ([1], "Branch|Gain|Change\nArlen|(140)|(12)\nBrook|(95)|(31)\nCarden|(77)|(45)"),
        ([1], "Guest|Room|Floor|Bed\nAda|3|8|21\nBob|5|2|34\nCid|1|9|12"),
    ],
    "names with colons": [([1], "Name:|Town:|Price:\nAda|Arlen|12.5\nBob|Brook|13.5\nCid|Carden|14.5")],
    "a label over the columns at the right": [
        ([1, 2], "Team|Hours\n|Plan|Actual|Total\nAmber|3.5|4.5|5\nBirch|5.5|6.5|7\nCedar|7.5|8.5|9"),
    ],
    "a header of two rows": [
        ([1, 2], "||Inner||Outer|\nTeam|Town|Net|Gross|Net|Gross\nAmber|Arlen|3.5|4.5|5.5|6.5\nBirch|Brook|5.5|6.5|7.5|8.5"),
        ([1, 2], "Team|Hours||Days|\n|Plan|Actual|Plan|Actual\nAmber|3.5|4.5|5|6\nBirch|5.5|6.5|7|8\nCedar|7.5|8.5|9|9"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    "rows, text", [pytest.param(*one, id=f"{kind} {at}") for kind, sheets in HEADERS.items() for at, one in enumerate(sheets, 1)]
)
def test_header_rows_are_told_from_what_looks_like_them(read, rows, text):
    headers, *_ = read(text)
    assert headers[0] == rows and len(headers) == 1


#: Sheets with the header rows of each table, the source rows that are kept, and those that are told of.
KEPT = {
    "records of long text are kept": ([[1]], [2, 3, 4, 5, 6, 7], """
        Room|Task|Who|When
        Cellar|Sweep the floor and carry the boxes to the yard before the painters come||
        |Oil the hinges of both doors and of the small window at the back||
        |Check the lamps, and note each one that has to be replaced this year||
        Attic|Look for wet places below the roof after each night of heavy rain||
        |Count the tiles that are stored there and write the number on the list||
        |Close the hatch
        """),
    "also below others": ([[1]], [2, 3, 4, 5, 6], """
        No|Finding|Owner|Due
        1|Labels are missing|Ann|May
        2|Shelf is broken|Ben|June
        3|Lamp flickers|Cid|July
        |The three findings above were seen again in the second round, see the photos.||
        |A fourth one was seen by the guard in the night and has to be looked at soon.||
        """),
    "and where nothing else would be": ([[1]], [2, 3, 4], """
        Topic|Remark
        Please keep the yard free of cars on every first Monday of the month until noon.
        The gate is closed at ten in the evening; ask the guard for a key in time.
        Bicycles stand below the roof at the left of the house and nowhere else.
        """),
    "notes are left out": ([[1]], [2, 3, 4], """
        Month|Oil|Gas|Coal
        May|3|4|5
        June|5|6|7
        July|7|8|9
        Source: own figures, rounded to whole tons and checked by the office each year.
        The figures of July are not final.
        """),
    "tables of one form": ([[1], [6], [10]], [2, 3, 4, 5, 7, 8, 9, 11], """
        Persons|Town|State
        Ada|Arlen|new
        Bob|Brook|old
        Cid|Carden|new
        .
        Firms|Town|State
        Dune Ltd|Eston|old
        Elm Ltd|Farrow|new
        .
        Clubs|Town|State
        Fern club|Gilden|old
        """),
    "tables of one form with numbers": ([[1], [5]], [2, 3, 4, 6, 7], """
        Teachers|Room|Subject|Days
        Ms Oak|12|Art|Mon
        Mr Elm|14|Music|Tue
        .
        Guests|Room|Subject|Days
        Ms Fern|2|Chess|Wed
        Mr Reed|4|Choir|Fri
        """),
    "a table of one form below its notes": ([[3], [8]], [4, 5, 6, 7, 9, 10], """
        Keys of the house
        .
        Floor|Door|Lock|Held by
        Cellar|oak|old|guard
        Ground|ash|new|office
        Attic|elm|old|nobody
        .
        Shed|Door|Lock|Held by
        Garden|oak|new|gardener
        Yard|ash|old|guard
        """),
    "a name beside the notes": ([[1]], [2, 3], """
        Code|Kind|Hours|Weight|Net
        X-3514|68 Fern Road|149|69|52152
        X-3515|11 Quartz Road|319|104|17703
        .
        .
        |||||Checked
        .
        |||||2021
        """),
    "a name beside the notes of text": ([[2]], [3, 4, 5, 6, 7, 8], """
        List of members
        Item|Owner|Group|Branch|Team
        Sage umber|73 Sage Road|Vale cedar elm|yes|Brook
        Fern sage|29 Iris Road|Cedar pine|open|Marsh
        Oak fern|19 Willow Road|Thyme heath|no|Harth
        Umber heath|39 Linden Road|Jade|open|Brook
        Pine quartz|34 Sage Road|Jade nettle|open|Carden
        Oak amber|75 Nettle Road|Birch iris zinnia|open|Arlen
        .
        .
        |||||Signed
        |||||A. Miller
        """),
    "a name below the notes": ([[1]], [2, 3, 4], """
        Code|Shelf|Hours|Members|Share
        B1209|Pine jade|277.52|82977|0.606
        B1210|Willow reed|768.21|9746|0.041
        B1211|Umber quartz|400.04|47327|0.196
        .
        .
        |||||Prepared
        .
        |||||12 May
        """),
    "a known word twice in a record": ([[1]], [2, 3, 4, 5, 6], """
        Asked for|Web|Paper|Mail
        Form A|yes|yes|no
        Form B|no|yes|no
        Phone|Phone|yes|yes
        Form C|yes|no|no
        Form D|yes|yes|no
        """),
    "a known word twice in a list": ([[1]], [2, 3, 4, 5], """
        Item|Shown|Where|Count
        Door|hall|yes|3
        Phone|Phone|no|both
        Wall|yard|no|some
        Gate|yard|yes|one
        """),
    "a known word in each cell": ([[1]], [2, 3, 4, 5], """
        Topic|Left|Middle|Right
        Door|oak|ash|elm
        Wages|Wages|Wages|open
        Wall|ash|oak|elm
        Gate|elm|oak|ash
        """),
    "a record like another is no header": ([[1]], [2, 3, 4, 5, 6], """
        Person|Town|State
        Ada|Arlen|new
        Bob|Brook|old
        .
        Cid|Arlen|new
        Dan|Brook|old
        """),
    "notes with a mark in a cell of its own": ([[1]], [2, 3, 4], """
        Year|Net|Gross
        2001|12|9
        2002|13|10
        2003|14|11
        Total|39|30
        1|The year ends in June.
        2|Without the branch in Arlen, which was sold.
        """),
    "notes with a star in a cell of its own": ([[1]], [2, 3, 4], """
        Branch|Rooms|Guests
        Arlen|12|900
        Brook|13|1000
        Carden|14|1100
        .
        *|Figures of the first half of the year only.
        **|Estimated by the branch itself.
        """),
    "notes with a number below a blank row": ([[1]], [2, 3, 4], """
        Town|Rooms|Guests
        Arlen|12|900
        Brook|13|1000
        Carden|14|1100
        .
        1)|Rooms that were shut in winter are not in it.
        2)|Counted in the night of the first of May.
        """),
    "notes with a letter in a cell of its own": ([[1]], [2, 3, 4, 5], """
        Line|Stops|Riders|Delay
        Red|12|900|1.5
        Blue|13|1000|2.5
        Green|14|1100|0.5
        Grey|9|400|0.5
        .
        a|Counted by hand at noon on the first day of the month.
        b|Without the night line, which another firm runs.
        """),
    "records with a number and a text": ([[1]], [2, 3, 4], """
        No|Finding|State
        1|Labels are missing|open
        2|Shelf in the hall is broken|
        3|Lamp at the door flickers|
        """),
}  # fmt: skip


@pytest.mark.parametrize("headers, kept, text", KEPT.values(), ids=KEPT)
def test_records_are_told_from_notes(read, headers, kept, text):
    assert read(text)[:2] == (headers, kept)


def told(notices: list, code: str) -> list[tuple]:
    return [(one["rows"], one["level"]) for one in notices if one["code"] == code]


def test_records_that_look_like_notes_are_told(read):
    *_, notices, _ = read(KEPT["also below others"][2])
    assert told(notices, "doubtful_rows") == [([[5, 6]], "info")]


def test_more_rows_left_out_than_kept_are_a_warning(read):
    text = "Month|Oil|Gas|Coal\nMay|3|4|5\n.\nSource: own figures.\nNote: rounded to whole tons.\nNote: the year ends in June."
    *_, kept, notices, _ = read(text)
    assert kept == [2] and told(notices, "rows_left_out") == [([[4, 6]], "warning")]
    text = text.replace(".\n", "June|5|6|7\nJuly|5|8|7\nMay|4|8|7\n.\n", 1)
    *_, notices, _ = read(text)
    assert told(notices, "rows_left_out") == [([[7, 9]], "info")]


@pytest.mark.parametrize(
    "rows, level, text",
    [
        # The first row of the header is weak.
        ([1, 1], "warning", "7|List of members\n|Hours|Members\nEston|193|0.108\nNorden|81|0.139\nGilden|280|0.693\nIvel|267|0.514"),
        # The row below the header may be a part of it.
        ([2, 2], "warning", "Position|16|18|28|30\nJade birch|T|T|G|T\nThyme birch|C|G|T|A\nZinnia hill|G|T|A|T\nFern cedar|C|G|T|T"),
        ([2, 2], "info", "Item|Author|Shape|Town|Cost\nTeam Elm\nK416|Carden|69 Willow Road|41 Amber Road|0.268\nK417|Eston|85 Kelp Road|82 Reed Road|0.593"),
    ],
)  # fmt: skip
def test_what_is_nearly_a_header_row_is_told(read, rows, level, text):
    *_, notices, _ = read(text)
    assert told(notices, "doubtful_header_row") == [([rows], level)]


@pytest.mark.parametrize("text", [text for kind in ("years and ranges", "section heads below records") for _, text in HEADERS[kind]])
def test_a_sure_header_is_not_told(read, text):
    *_, notices, _ = read(text)
    assert not told(notices, "doubtful_header_row")


@pytest.mark.parametrize("count", [10, 400])
def test_a_row_that_words_make_a_header_is_among_the_decisions(read, count):
    """Also far down a long table."""
    records = "\n".join(f"Form {number}|{'no' if number % 2 and count == 10 else 'yes'}|yes|no" for number in range(count))
    headers, _, _, rows = read(f"Asked for|Web|Paper|Mail\n{records}\nE-mail|Phone|yes|yes\n{records}")
    assert headers == [[1], [count + 2]]
    (row,) = [row for row in rows if row["row"] == count + 2]
    assert row["kind"] == "header" and row["message"].startswith(f"row {count + 2}, header (a row detector says so; it looks like data)")
    assert row["likelihoods"]["data"] > 0.5


def test_a_rule_says_why(read):
    *_, rows = read(HEADERS["lines of names and values"][1][1])
    (row,) = [row for row in rows if row["row"] == 2]
    assert row["kind"] == "title" and row["reasons"][0] == "names with values beside them"
    # The looks said otherwise, so it is not sure.
    assert row["likelihoods"]["header"] == row["likelihoods"]["title"] < 0.6
