"""Totals and balances: what is left out, what is kept and told, and totals that are not the sums of what is kept."""

import datetime as dt
from collections import Counter

import pytest
from conftest import declared, everything
from random_sheets import BALANCE, RECORD, random_sheet, without_a_record

SHEETS = 60 if everything() else 20

INVOICE = [["Item no", "Item", "Quantity", "Price", "Amount"],
           ["K-1201", "oak shelf", 4, 120.5, 482.0], ["K-0077", "brass hinge", 30, 2.35, 70.5], ["B-4410", "long screw", 250, 0.12, 30.0],
           ["P-2001", "blue lamp", 2, 88.9, 177.8]]  # fmt: skip
AMOUNTS = [["Date", "Text", "Amount"], ["2024-03-04", "Rent March", -850.0], ["2024-03-09", "Sale K-17", 1210.55],
           ["2024-03-17", "Fuel", -64.2], ["2024-03-21", "Sale K-18", 377.1]]  # fmt: skip


def with_rows(rows, *more):
    return [*rows, *map(list, more)]


class Kept:
    """What came of a sheet: source rows that are records, notices by their codes, and issues by source row."""

    def __init__(self, outcome, sheet="S"):
        rows = outcome.rows(sheet)
        header = rows[0]
        place = header.index("Source row")
        records = [row for row in rows[1:] if len(row) > place and isinstance(row[place], int)]
        self.rows = [row[place] for row in records]
        issues = header.index("Issues") if "Issues" in header else None
        self.issues = {row[place]: row[issues] for row in records if issues is not None and row[issues]}
        by_code = outcome.notices_by_code.items()
        self.notices = {code: found for code, all_ in by_code if (found := [one for one in all_ if one.get("sheet") == sheet])}

    def named(self, code):
        return sorted(row for notice in self.notices.get(code, ()) for first, last in notice["rows"] for row in range(first, last + 1))


@pytest.fixture
def take(succeed, template):
    """Runs the template as `ade` runs it on sheets."""

    def call(sheets, **settings):
        return succeed(template, sheets if isinstance(sheets, dict) else {"S": sheets}, settings=settings)

    return call


#: Words at the end of an invoice whose records add up to 760.30, and what they stand for.
@pytest.mark.parametrize(
    "ends",
    [
        [("Net total", 760.3), ("VAT 20%", 152.06), ("Amount due", 912.36)],
        [("Zwischensumme", 760.3), ("Rabatt 5 %", -38.02), ("Versand", 12.5), ("Zu zahlen", 734.78)],
        # A discount without a minus is taken off.
        [("Sous-total", 760.3), ("Remise 5 %", 38.02), ("Net à payer", 722.28)],
        [("Shipping", 20.0), ("Sales tax", 15.2), ("Total", 795.5)],
        [("合計", 760.3)],
        [("ИТОГО", 760.3)],
        [("Összesen", 760.3)],
        # Without a word: nothing but the sum.
        [(None, 760.3)],
        [("Vasto", 760.3)],
    ],
)
def test_totals_and_what_is_added_to_them_are_left_out(take, ends):
    kept = Kept(take(with_rows(INVOICE, *((None, label, None, None, amount) for label, amount in ends))))
    assert kept.rows == [2, 3, 4, 5] and kept.named("rows_left_out") == list(range(6, 6 + len(ends)))
    assert not {"doubtful_rows", "total_differs"} & kept.notices.keys()


@pytest.mark.parametrize(
    "rows, kept, left_out",
    [
        # A total stands above its parts, too.
        (with_rows(INVOICE[:1], ["", "All articles", None, None, 760.3], *INVOICE[1:]), [3, 4, 5, 6], [2]),
        # A total takes the place of its parts.
        (
            [["Name", "Group", "Hours", "Pay"], ["Ada Berg", "North", 160, 3210.4], ["Ben Lund", "North", 152, 2875.15], ["Cleo Toth", "North", 40, 812.3],
             ["Total North", None, 352, 6897.85], ["Dora Rossi", "South", 160, 4021.75], ["Emil Horak", "South", 80, 1502.6],
             ["Total South", None, 240, 5524.35], ["Everybody", None, 592, 12422.2]],
            [2, 3, 4, 6, 7], [5, 8, 9],
        ),
        # The same numbers twice are two records.
        (with_rows(INVOICE, ["P-2001", "blue lamp", 2, 88.9, 177.8], ["", None, 2, 88.9, 177.8], ["X-1", "rail", 1, 9.5, 9.5]), [2, 3, 4, 5, 6, 7, 8], []),
        # Subtotals are named by their section.
        (
            [["Region", "Name", "Amount"], ["North", "Ada", 100.0], ["North", "Bo", 150.0], ["North total", None, 250.0], ["South", "Cy", 60.0],
             ["South", "Di", 40.0], ["South total", None, 100.0], ["Grand total", None, 350.0]],
            [2, 3, 5, 6], [4, 7, 8],
        ),
        # An average is no part of a sum.
        ([["Name", "Score", "Price"], ["Ada", 5, 10.25], ["Bo", 6, 20.35], ["Cy", 7, 30.6], ["Average", 6, 20.4], ["Total", 18, 61.2]], [2, 3, 4], [5, 6]),
        # A last record with a name is no total.
        ([["Name", "Score", None, "Legend"], ["Ada", 5, None, "A = absent"], ["Bo", 6, None, "L = late"], ["Cy", 7, None, None]], [2, 3, 4], []),
    ],
)  # fmt: skip
def test_rows_that_are_sums_of_others_are_left_out_and_no_others(take, rows, kept, left_out):
    found = Kept(take(rows))
    assert found.rows == kept and found.named("rows_left_out") == left_out
    assert not {"doubtful_rows", "total_differs"} & found.notices.keys()


def test_balances_beside_amounts_are_records(take):
    rows = [["Account", "Name", "Debit", "Credit", "Balance"], ["1000", "Balance at bank", 500.0, 120.0, 380.0],
            ["1200", "Balance", 210.0, 40.0, 170.0], ["1400", "Stock", 90.0, 12.0, 78.0], ["1600", "Tools", 61.0, 9.0, 52.0]]  # fmt: skip
    assert Kept(take(rows)).rows == [2, 3, 4, 5]


def test_words_alone_do_not_decide_where_a_table_has_one_key(take):
    """Net, VAT and gross are one witness; an item may be called as it likes."""
    rows = [["Item", "Net", "VAT", "Gross"], ["desk", 100.0, 20.0, 120.0], ["Total cleaner", 30.0, 6.0, 36.0], ["lamp", 55.0, 11.0, 66.0],
            ["chair", 85.0, 17.0, 102.0]]  # fmt: skip
    kept = Kept(take(rows))
    assert kept.rows == [2, 3, 4, 5]
    kept = Kept(take([*rows[:4], ["Total", 900.0, 180.0, 1080.0], rows[4]]))
    assert kept.rows == [2, 3, 4, 5, 6] and kept.named("doubtful_rows") == [5]
    (told,) = kept.notices["doubtful_rows"]
    assert "kept as a record" in told["message"] and "the numbers are not sums of other rows" in told["message"]


@pytest.mark.parametrize(
    "opening, closing",
    [("Opening balance", "Closing balance"), ("Übertrag", "Saldo"), ("Balance brought forward", "Balance carried forward"),
     ("Solde initial", "Solde final"), ("Начальное сальдо", "Конечное сальдо"), ("前月繰越", "次月繰越")],
)  # fmt: skip
def test_balances_are_no_records_and_are_named(take, opening, closing):
    header, *records = AMOUNTS
    rows = [header, [None, opening, 1500.25], *records, [None, closing, 2173.7]]
    kept = Kept(take(rows))
    assert kept.rows == [3, 4, 5, 6] and kept.named("rows_left_out") == [2, 7]
    (told,) = [one for one in kept.notices["rows_left_out"] if "balances" in one["message"]]
    assert told["cells"] == ["C2", "C7"] and "total_differs" not in kept.notices
    assert Kept(take(rows, balance_rows="keep")).rows == [2, 3, 4, 5, 6, 7]


def test_balances_with_a_running_balance_are_left_out(take):
    rows = [["Date", "Text", "Debit", "Credit", "Balance"], ["2024-05-01", "Opening balance", None, None, 400.0],
            ["2024-05-02", "Rent", 250.5, None, 149.5], ["2024-05-04", "Sale", None, 99.25, 248.75], ["2024-05-09", "Fuel", 40.1, None, 208.65],
            ["2024-05-12", "Sale", None, 310.4, 519.05], ["2024-05-31", "Closing balance", None, None, 519.05]]  # fmt: skip
    kept = Kept(take(rows))
    assert kept.rows == [3, 4, 5, 6] and kept.named("rows_left_out") == [2, 7] and "total_differs" not in kept.notices
    del rows[4]
    told = Kept(take(rows)).notices["total_differs"]
    assert [one["cells"] for one in told] == [["E6"]]


def test_a_total_that_is_not_the_sum_of_what_was_kept_is_told(take):
    rows = with_rows(INVOICE, [None, "Total", None, None, 790.3])
    kept = Kept(take(rows))
    assert kept.rows == [2, 3, 4, 5]
    (told,) = kept.notices["total_differs"]
    assert told["level"] == "warning" and told["cells"] == ["E6"] and "790" not in told["message"]
    assert "total_differs" not in Kept(take(rows, check_totals=False)).notices


def test_what_is_said_added_and_missing_is_an_issue_of_the_totals_cell(take):
    rows = [["Member ID", "Last name", "Gross pay"], ["M-1", "Lee", 1200.55], ["M-2", "Ray", 1500.25], ["M-3", "Orr", 1350.1], [None, "Total", 5050.9]]
    outcome = take(rows, issue_list=True)
    kept = Kept(outcome)
    assert kept.rows == [2, 3, 4] and kept.issues == {}
    (line,) = outcome.issues
    assert (line["cell"], line["row"], line["column"], line["rule"], line["value"]) == ("C5", 5, "C", "pay.total_differs", "5050.9")
    assert "it says 5050.90, they add up to 4050.90, the difference is 1000.00" in line["message"]


def test_clean_totals_raise_no_alarm_and_rounded_ones_are_a_line_of_the_record(take):
    rows = [["Region", "Code", "Persons", "Share"], ["North", "N1", 5_120_000, 41.5], ["South", "S1", 3_310_000, 26.8], ["East", "E1", 2_070_000, 16.8],
            ["West", "W1", 1_840_000, 14.9], ["Total", None, 12_340_000, 99.0]]  # fmt: skip
    outcome = take(rows)
    kept = Kept(outcome)
    assert kept.rows == [2, 3, 4, 5] and "total_differs" not in kept.notices
    said = [row["message"] for row in outcome.noticed["rows"] if row["row"] == 6 and "not the sum" in row["message"]]
    assert len(said) == 1 and "D6" in said[0]


@pytest.mark.parametrize("last", ["Balance invoice 13", "Saldo Rechnung 12", "Saldo factura 12", "Saldo 2024", "Saldo Q1", "Saldo"])
def test_payments_of_a_rest_are_records(take, last):
    """The rest of an invoice is called a balance as well; a bare word that does not go on from the amounts is named."""
    rows = [["Date", "Text", "Amount"], ["2025-01-03", "Balance invoice 12", 480.0], ["2025-01-05", "Deposit invoice 13", 250.0],
            ["2025-01-07", "Rent", -700.0], ["2025-01-09", last, 330.0]]  # fmt: skip
    kept = Kept(take(rows))
    assert kept.rows == [2, 3, 4, 5] and kept.named("doubtful_rows") == ([5] if last == "Saldo" else [])


def test_bare_balances_that_the_amounts_add_up_to_are_left_out(take):
    header, *records = AMOUNTS
    rows = [header, ["2024-03-01", "Saldo", 1500.25], *records, ["2024-03-31", "Saldo", 2173.7]]
    assert Kept(take(rows)).rows == [3, 4, 5, 6]
    kept = Kept(take([*rows[:-1], ["2024-03-31", "Saldo", 2100.7]]))
    assert kept.rows == [2, 3, 4, 5, 6, 7] and kept.named("doubtful_rows") == [2, 7]


ENDS = [
    # Net and gross are totals in a table of one key.
    [("Net", 211.15), ("VAT 20%", 42.23), ("Gross", 253.38)],
    [("Netto", 211.15), ("USt 20 %", 42.23), ("Brutto", 253.38)],
    [("Netto", 211.15), ("Versand", 5.9), ("Brutto", 217.05), ("Anzahlung", -100.0), ("Restbetrag", 117.05)],
    # What is added to a total is left out.
    [("Goods total", 211.15), ("Carriage", 9.9), ("Insurance", 3.1), ("Total", 224.15)],
    [("Subtotal", 211.15), ("Withholding tax", -21.12), ("VAT", 42.23), ("Total", 232.26)],
]
#: No word for what is added, which has no quantity where others have one.
PALLETS = [("Subtotal", 211.15), ("Pallets", 9.9), ("Total", 221.05)]


@pytest.mark.parametrize("has_count, ends", [*((has_count, ends) for has_count in (True, False) for ends in ENDS), (True, PALLETS)])
def test_what_is_added_to_a_total_is_left_out(take, ends, has_count):
    rows = [["Item", "Qty", "Price"], ["Lamp", 2, 10.5], ["Desk", 1, 120.25], ["Chair", 4, 80.4], *([label, None, amount] for label, amount in ends)]
    kept = Kept(take(rows if has_count else [[row[0], row[2]] for row in rows]))
    assert kept.rows == [2, 3, 4] and "total_differs" not in kept.notices


def test_random_sheets(take):
    """Totals kept without a word, records left out, doubtful records, and false alarms of the control: none, or few in a thousand."""
    count, alarms = Counter(), []
    sheets = {f"S{seed}": random_sheet(seed) for seed in range(SHEETS)}
    outcome = take({name: sheet.rows for name, sheet in sheets.items()})
    for name, sheet in sheets.items():
        kept = Kept(outcome, name)
        doubtful = kept.named("doubtful_rows")
        for row, role in enumerate(sheet.roles, 2):
            what = "doubtful" if row in doubtful else "kept" if row in kept.rows else "out"
            count["record" if role == RECORD else "balance" if role == BALANCE else "total", what] += 1
        alarms += [name] * ("total_differs" in kept.notices)
    records = sum(number for (role, _), number in count.items() if role == "record")
    others = sum(count.values()) - records
    assert count["total", "kept"] + count["balance", "kept"] <= 0.005 * others, count
    assert count["record", "out"] <= 0.0002 * records, count
    assert count["record", "doubtful"] <= 0.015 * records, count
    assert alarms == []


def test_a_lost_record_is_seen(take):
    """Of invoices, statements, payrolls and aging lists that are not whole most are told; stock may have had none of the article."""
    sheets = {f"S{seed}": without_a_record(seed) for seed in range(20)}
    outcome = take({name: sheet.rows for name, sheet in sheets.items()})
    seen = [name for name in sheets if "total_differs" in Kept(outcome, name).notices]
    assert len(seen) >= 0.75 * len(sheets)


SALES = [["Ticket", "Client", "Fee"], *([f"K-{n:02}", f"Client {n}", fee] for n, fee in enumerate((120.5, 88.25, 99.4, 41.75, 63.1, 12.05), 1))]


@pytest.mark.parametrize("said", [4250.5, 42505.0, 0.0, 14.5, -425.05])
def test_a_total_by_its_word_is_told_however_far_off_it_is(take, said):
    kept = Kept(take(with_rows(SALES, ["Total", None, said])))
    assert kept.rows == [*range(2, 8)]
    (told,) = kept.notices["total_differs"]
    assert told["cells"] == ["C8"] and "(rows 2 to 7)" in told["message"]


@pytest.mark.parametrize(
    "rows",
    [
        # A mean, as prices have one; the largest one; a total that holds subtotals nobody named; one of a single record.
        with_rows(SALES, ["Total", None, 70.84]),
        with_rows(SALES, ["Total", None, 120.5]),
        with_rows(SALES[:2], ["Total", None, 9120.5]),
        # Rates and means beside a sum.
        with_rows(INVOICE, ["Total", None, 286, 52.97, 760.3]),
        with_rows([[*row, rate] for row, rate in zip(INVOICE, ("Margin", 12.25, 8.5, 31.75, 22.1))], ["Total", None, 286, None, 760.3, 14.02]),
        # Sections whose totals stand above them.
        [SALES[0], ["Total", None, 999.99], *SALES[1:4], [None] * 3, ["Total", None, 888.88], *SALES[4:]],
    ],
)
def test_what_need_not_be_a_wrong_sum_raises_no_alarm(take, rows):
    assert "total_differs" not in Kept(take(rows)).notices


@pytest.mark.parametrize(("row", "kept"), [
    (["Total", None, 0], 0),
    (["Grand total", None, 1500.5], 0),
    # A record has more than a name and numbers, and "Total Energies" is a name.
    (["Total", dt.date(2025, 6, 1), 15], 1),
    (["Total Energies", None, 15], 1),
    (["G1", None, 15], 1),
])  # fmt: skip
def test_a_total_without_records_is_none_and_told(run_by_ade, template, row, kept):
    fields = "Field('order_no', read=text), Field('day', headers=['date'], read=date), Field('amount', read=money)"
    (template / "src/ade_config/columns/fields.py").write_text(declared(fields))
    outcome = run_by_ade(template, {"S": [["Order No", "Date", "Amount"], row]})
    assert len(outcome.rows("S")) == 1 + kept
    told = [(notice["level"], notice["message"]) for notice in outcome.notices("rows_left_out")]
    assert told == ([] if kept else [("warning", "sheet 'S': 1 row of totals left out (row 2), and the table has no record")])
