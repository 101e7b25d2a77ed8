"""The limits of the explanations of tables; `tests/sheets/notices/why_tables_were_read_so.toml` has the explanations."""


def test_what_is_told_is_bounded(succeed):
    wide = [[f"Column {number}" for number in range(700)], list(range(700))]
    tables = succeed({}, {title: wide for title in "ABCDE"}).noticed["tables"]
    assert sum(len(table["columns"]) for table in tables) == 2000
