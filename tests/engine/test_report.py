"""Hooks report issues of their own: of cells, rows, columns, tables, sheets and the workbook."""

import random

import pytest
from conftest import declared, everything

from ade_engine.extensions.invoke import Caller
from ade_engine.extensions.registry import Registry
from ade_engine.models.fields import HookName
from ade_engine.pipeline.hooks import offered_to_hooks
from ade_engine.pipeline.signatures import wrong_signatures

PACKAGE = declared("""
    Field("no", headers=["no"], read=text, key=True, label="Number"),
    Field("hours", headers=["hours"], read=number, checks=[(up_to_80, "error")]),
""", functions="""
def up_to_80(field):
    import polars as pl
    return pl.when(pl.col(field) > 80).then(pl.lit("more than 80"))
""")
ROWS = [["No", "Hours"], ["1", 91], ["2", 10], ["3", 12], ["2", 40]]
KEYS = ("sheet", "cell", "row", "column", "severity", "field", "rule", "message", "key", "output", "table")


@pytest.fixture
def made(run_by_ade, template):
    (template / "src/ade_config/columns/fields.py").write_text(PACKAGE)
    hooks = template / "src/ade_config/hooks"

    def call(sheets=None, settings=None, is_refused=False, **stages):
        """``stages``: for each stage the body of a hook, or several."""
        text = "import polars as pl\n\ndef register(registry):\n"
        for stage, bodies in stages.items():
            named = "table, report" if stage in ("on_table_mapped", "on_table_transformed", "on_table_validated") else "report"
            for number, body in enumerate(bodies if isinstance(bodies, list) else [bodies]):
                lines = body.replace("\n", "\n        ")
                text += f"    def own(*, {named}):\n        {lines}\n"
                text += f'    registry.register_hook(own, hook="{stage}", priority={-number})\n'
        (hooks / "own.py").write_text(text)
        outcome = run_by_ade(template, sheets or {"A": ROWS}, settings={"report_dropped_rows": False, **(settings or {})})
        if not is_refused:
            assert outcome.result.error is None, outcome.result.error
            outcome.lines = outcome.issues
            outcome.found = [tuple(line[key] for key in KEYS) for line in outcome.lines]
        return outcome

    return call


def _counts(outcome):
    """The number of issues, which is the same wherever it is told."""
    payload = outcome.completed["validation"]
    listed = outcome.noticed["issue_list"]
    assert payload["issues_total"] == listed["count"] == len(outcome.lines) == sum(one["count"] for one in outcome.noticed["issues"])
    assert {word: count for word, count in listed["by_severity"].items() if count} == payload["issues_by_severity"]
    return payload["issues_by_severity"]


TWICE = 'report("twice in the file", rule="no.twice", severity="error", rows=pl.col("no").is_duplicated())'
#: Of cells, of rows and of a column.
SAID = f"""report("low", field="hours", rows=pl.col("hours") < 20, severity="info")
{TWICE}
report("no unit", field="hours", rule="hours_unit")
report("one table")"""
EXPECTED = [
    ("A", None, None, None, "warning", None, "own", "one table", None, None, 1),
    ("A", None, None, "B", "warning", "hours", "hours_unit", "no unit", None, None, 1),
    ("A", "B2", 2, "B", "error", "hours", "hours.up_to_80", "more than 80", "1", "B2", 1),
    ("A", None, 3, None, "error", None, "no.twice", "twice in the file", "2", None, 1),
    ("A", "B3", 3, "B", "info", "hours", "own", "low", "2", "B3", 1),
    ("A", "B4", 4, "B", "info", "hours", "own", "low", "3", "B4", 1),
    ("A", None, 5, None, "error", None, "no.twice", "twice in the file", "2", None, 1),
]


@pytest.mark.parametrize("stage", ["on_table_transformed", "on_table_validated"])
def test_what_hooks_report_is_listed_counted_and_shown(made, stage):
    outcome = made(**{stage: SAID})
    assert outcome.found == EXPECTED and _counts(outcome) == {"error": 3, "warning": 2, "info": 2}
    assert outcome.noticed["issue_list"]["rows_with_errors"] == 3
    header, *rows = outcome.rows("A")
    said = [(row[header.index("Severity")], row[header.index("Issues")]) for row in rows]
    assert said == [
        ("error", "hours: more than 80"),
        ("error", "hours: low; Row: twice in the file"),
        ("info", "hours: low"),
        ("error", "Row: twice in the file"),
    ]
    listed = outcome.rows("Issues")[4:]
    assert len(listed) == len(EXPECTED) and [row[-1] for row in listed] == [line[6] for line in EXPECTED]
    # Without values of cells in what is stored.
    told = [(one["rule"], one["count"], one["cells"]) for one in outcome.noticed["issues"]]
    assert ("own", 2, ["B3:B4"]) in told and ("no.twice", 2, []) in told


def test_what_was_reported_before_stays_at_its_rows(made):
    moves = 'return table.filter(pl.col("no") != "3").sort("no", descending=True)'
    for settings in ({}, {"row_provenance": False}):
        early = made(settings=settings, on_table_mapped=TWICE, on_table_validated=moves)
        header, *rows = early.rows("A")
        said = [(row[0], row[header.index("Issues")]) for row in rows]
        assert said == [("2", "Row: twice in the file"), ("2", "Row: twice in the file"), ("1", "hours: more than 80")]
        assert [(line["row"], line["rule"]) for line in early.lines if line["field"] is None] == (
            [(None, "no.twice")] * 2 if settings else [(3, "no.twice"), (5, "no.twice")]
        )


def test_hooks_that_move_rows_take_what_was_reported_along(made):
    outcome = made(on_table_mapped=[TWICE, 'return table.filter(pl.col("no") != "3").reverse()'])
    assert [line[1:3] + line[6:7] for line in outcome.found] == [("B2", 2, "hours.up_to_80"), (None, 3, "no.twice"), (None, 5, "no.twice")]
    # A row that is dropped takes its issues along.
    outcome = made(on_table_mapped=[TWICE, 'return table.unique("no", keep="first", maintain_order=True)'])
    assert [line[2] for line in outcome.found if line[6] == "no.twice"] == [3]


def test_where_rows_are_not_known_any_more_that_is_said(made):
    lost = 'return table.select("no", "hours").filter(pl.col("no") != "1").reverse()'
    for settings in ({}, {"row_provenance": False}):
        outcome = made(settings=settings, on_table_mapped=[TWICE, lost])
        assert [line[1:3] + line[6:7] for line in outcome.found] == [(None, None, "no.twice")] * 2
        assert [notice["count"] for notice in outcome.notices("issues_without_rows")] == [2]
        assert _counts(outcome) == {"error": 2}


def test_a_message_behind_another_leaves_both_apart(made):
    outcome = made(on_table_validated=['report("odd", field="hours", rows=[0, 1])', 'report("very", field="hours", rows=[0], severity="error")'])
    assert [(line[1], line[4], line[6], line[7]) for line in outcome.found] == [
        ("B2", "error", "hours.up_to_80", "more than 80"),
        ("B2", "warning", "own", "odd"),
        ("B2", "error", "own", "very"),
        ("B3", "warning", "own", "odd"),
    ]
    header, *rows = outcome.rows("A")
    assert rows[0][header.index("Issues")] == "hours: more than 80; odd; very"


def test_sheets_and_the_workbook(made):
    outcome = made(
        {"A": ROWS, "B": [["No", "Hours"], ["7", 3]]},
        on_sheet_start='report("start")',
        on_table_written='report("written", severity="info")',
        on_sheet_end='report("end", severity="error", rule="sheet.end")',
        on_workbook_before_save='report("too few sheets", rule="few")',
    )
    whole = [(line["sheet"], line["rule"], line["message"], line["table"]) for line in outcome.lines if line["field"] is None]
    assert whole == [
        ("A", "own", "start", None), ("A", "own", "written", 1), ("A", "sheet.end", "end", None),
        ("B", "own", "start", None), ("B", "own", "written", 1), ("B", "sheet.end", "end", None),
        ("", "few", "too few sheets", None),
    ]
    assert _counts(outcome) == {"error": 3, "warning": 3, "info": 2} and len(outcome.rows("Issues")[4:]) == 8
    sheets = outcome.completed["workbooks"][0]["sheets"]
    assert [sheet["validation"]["issues_total"] for sheet in sheets] == [4, 3]


def test_rows_with_reported_errors_are_quarantined(made):
    outcome = made(settings={"quarantine": "sheet"}, on_table_validated=SAID)
    assert outcome.noticed["issue_list"]["rows_quarantined"] == 3
    header, *rows = outcome.rows("Quarantine")
    assert [row[header.index("Messages")] for row in rows] == ["hours: more than 80", "hours: low; Row: twice in the file", "Row: twice in the file"]
    assert [line[:9] for line in outcome.found] == [line[:9] for line in EXPECTED]
    assert _counts(outcome) == {"error": 3, "warning": 2, "info": 2}


def test_stacked_tables(made):
    two = [*ROWS, [None, None], [None, None], ["No", "Hours"], ["8", 5], ["8", 6]]
    outcome = made({"A": two}, {"merge_tables_in_sheet": True}, on_table_validated=SAID)
    assert [line[2] for line in outcome.found if line[6] == "no.twice"] == [3, 5, 9, 10]
    assert [line[9] for line in outcome.found if line[6] == "own" and line[5]] == ["B3", "B4", "B6", "B7"]
    assert [line[7] for line in outcome.found if line[2] is None] == ["one table", "one table", "no unit", "no unit"]


def test_a_rule_that_stands_in_no_code_is_not_told(made):
    outcome = made(on_table_validated='report("x", rule="of_" + table["no"][0], rows=[0])')
    assert [line[6] for line in outcome.found] == ["of_1", "hours.up_to_80"]
    assert {one["rule"] for one in outcome.noticed["issues"]} == {"<hook>", "hours.up_to_80"}


@pytest.mark.parametrize("call, said", [
    ('report("x", rows=[True])', "report: rows has 1 entries, and the table has 4 rows"),
    ('report("x", rows=[4])', "report: rows should be positions from 0 to 3"),
    ('report("x", rows="no")', "report: rows should be an expression, truth values or a list of positions"),
    ('report("x", rows=pl.col("no"))', "report: rows should be truth values or positions, not String"),
    ('report("x", field="hour")', "report: field 'hour' is not registered; did you mean 'hours'?"),
    ('report("x", severity="eror")', "report: the severity should be 'error', 'warning' or 'info', not 'eror'; did you mean 'error'?"),
    ('report("x", rule="a b")', "report: a rule is made of letters, digits, '_' and '.', 80 at most, not 'a b'"),
    ("report(3)", "report: the message should be a text that says what is wrong"),
])
def test_what_cannot_be_reported(made, monkeypatch, call, said):
    monkeypatch.delenv("ADE_ENGINE_RUN")
    outcome = made(is_refused=True, on_table_validated=call)
    assert outcome.result.error.code.value == "hook_error"
    assert said in outcome.result.error.message, outcome.result.error.message
    assert "own.py, line 5" in outcome.result.error.message


@pytest.mark.parametrize(
    "said, options",
    [
        ("report: the hook has returned", {"on_table_mapped": "table.__class__.later = report", "on_table_validated": 'table.later("x")'}),
        # Of a stage without a table.
        ("it can name neither field nor rows", {"on_sheet_end": 'report("x", field="hours")'}),
        (
            "needs 'report', which is there with the setting issue_list = true",
            {"settings": {"issue_list": False, "issues_sheet": False}, "on_table_validated": 'report("x")'},
        ),
        # Values are not quoted.
        ("report: the severity should be", {"on_table_validated": 'report("x", severity=table["no"][0] + "secret")'}),
    ],
)
def test_where_nothing_can_be_reported(made, said, options):
    message = made(is_refused=True, **options).result.error.message
    assert said in message and "1secret" not in message


def test_a_check_knows_which_stages_can_report():
    registry = Registry()

    def tells(*, report):
        report("x")

    for stage in HookName:
        registry.register_hook(tells, hook=stage, priority=1)
    (wrong,) = wrong_signatures(registry)
    assert wrong.message.startswith("Hook of on_workbook_start") and "needs 'report'" in wrong.message

    # A package of older days that takes everything is not given a value that it does not know.
    def takes_all(**values):
        return values

    assert "report" not in Caller(takes_all, offered_to_hooks(HookName.ON_SHEET_END)).plan.names()


MOVES = [
    'return table.filter(pl.col("hours").cast(pl.Float64) > 20)',
    'return table.sort("hours")',
    "return table.reverse()",
    "return table.sample(fraction=0.7, shuffle=True, seed=3)",
    "return pl.concat([table, table.head(3)])",
    'return table.with_columns(pl.col("hours").cast(pl.Float64) + 1)',
    'return table.select("no", "hours", "^__ade_(issue|has).*$")',
    'return table.with_columns(pl.col("^__ade_row$").shift(1))',
    'return table.group_by("hours", maintain_order=True).first()',
    'return pl.concat([table, pl.DataFrame({"no": ["new"], "hours": [1]}, schema={name: table.schema[name] for name in ("no", "hours")})], how="diagonal")',
]


@pytest.mark.parametrize("settings", [{}, {"row_provenance": False}])
@pytest.mark.parametrize("seed", range(20 if everything() else 8))
def test_no_row_is_named_that_was_not_meant(made, seed, settings):
    chance = random.Random(seed)
    rows = [[f"{n}", chance.randrange(80)] for n in range(1, 31)]
    meant = {f"{chance.randrange(1, 31)}" for _ in range(8)}
    said = f'report("meant", rows=pl.col("no").cast(pl.String).is_in({sorted(meant)}))'
    stages = [[], []]
    for _ in range(3):
        stages[chance.random() < 0.4].append(chance.choice(MOVES))
    stages[chance.random() < 0.4].insert(0, said)
    outcome = made({"A": [["No", "Hours"], *rows]}, settings, on_table_mapped=stages[0], on_table_validated=stages[1])
    found = [line for line in outcome.lines if line["message"] == "meant"]
    named = {rows[line["row"] - 2][0] for line in found if line["row"] is not None}
    assert named <= meant
    if all(line["row"] is not None for line in found):
        # Of each row that was written and that was meant, the list has it.
        header, *written = outcome.rows("A")
        there = {row[header.index("Number")] for row in written}
        assert named == meant & there
    assert _counts(outcome) is not None
