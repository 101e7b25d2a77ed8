"""Settings for better behaviour that is off by default."""

import pytest

SIDE_BY_SIDE = [["Name", "Age", None, "City", "Size"], ["Ann", 41, None, "Oslo", 5], ["Bob", 35, None, "Rome", 7], ["Cid", 28]]


def regions(outcome) -> list[str]:
    assert outcome.result.error is None, outcome.result.error
    return [table["structure"]["region"]["a1"] for table in outcome.tables]


def split(run, data, **options):
    return run({}, data, settings={"split_side_by_side_tables": True}, fields=["name", "city"], **options)


def test_tables_beside_one_another_stay_one_table_by_default(run):
    assert regions(run({}, SIDE_BY_SIDE)) == ["A1:E4"]


def test_tables_beside_one_another_can_be_told_apart(run):
    outcome = split(run, SIDE_BY_SIDE, level=10)
    assert regions(outcome) == ["A1:B4", "D1:E3"]
    assert outcome.rows() == [["name", "Age"], ["Ann", 41], ["Bob", 35], ["Cid", 28], [None, None], ["city", "Size"], ["Oslo", 5], ["Rome", 7]]
    first, second = outcome.tables
    assert second["counts"]["rows"] == {"total": 2, "empty": 0}
    assert [column["non_empty_cells"] for column in second["structure"]["columns"]] == [2, 2]
    assert [column["index"] for column in second["structure"]["columns"]] == [0, 1]
    assert outcome.completed["counts"]["cells"] == {"total": 10, "non_empty": 10}
    detected = outcome.named("sheet.tables_detected")[0]["data"]["tables"]
    assert [table["region"]["a1"] for table in detected] == ["A1:B4", "D1:E3"]


@pytest.mark.parametrize("rows, found", [
    # A table that starts to the right.
    ([[None, None, "Name"], [None, None, "Ann"]], ["A1:C2"]),
    ([[None, "Name", None, None, "City"], [None, "Ann", None, None, "Oslo"]], ["B1:B2", "E1:E2"]),
    # A gap with anything in it is no gap.
    ([["Name", None, "City"], ["Ann", None, "Oslo"], ["Bob", "!", "Rome"]], ["A1:C3"]),
    # A block without a header stays with its neighbour.
    ([["Name", "Age", None, None, "City"], ["Ann", 41, None, "remark", None], ["Bob", 35, None, None, "Rome"]], ["A1:B3", "D1:E3"]),
    ([["Name", None, None], ["Ann", None, "remark"]], ["A1:C2"]),
])  # fmt: skip
def test_a_table_starts_at_its_column_and_takes_in_what_has_no_header(run, rows, found):
    assert regions(split(run, rows)) == found


def test_stacked_headers_and_blank_rows_are_split_as_well(run):
    both = """
        def rows(*, row_index, **_):
            return {"header": 1.0} if row_index <= 2 else {"data": 1.0}
        def register(registry):
            registry.register_row_detector(rows, row_kind="header", priority=1)
    """
    rows = [["Full", None, "Home"], ["name", None, "city"], ["Ann", None, "Oslo"], [], [None, None, "Rome"]]
    outcome = split(run, rows, rows=both)
    assert regions(outcome) == ["A1:A3", "C1:C5"]
    assert [table["structure"]["header"]["row_count"] for table in outcome.tables] == [2, 2]
    assert [table["counts"]["rows"] for table in outcome.tables] == [{"total": 1, "empty": 0}, {"total": 3, "empty": 1}]


def test_names_of_columns_without_header_count_within_the_table(run):
    rows = [["Name", None, "City", None], ["Ann", None, "Oslo", 5]]
    assert split(run, rows).rows()[3] == ["city", "col_2"]


def test_tables_that_were_told_apart_can_be_sorted_and_merged(run):
    def split_and(setting):
        return run({}, SIDE_BY_SIDE, fields=["city", "size"], settings={"split_side_by_side_tables": True, setting: True})

    merged = split_and("merge_tables_in_sheet")
    assert regions(merged) == ["A1:E4"] and merged.rows()[0] == ["Name", "Age", "city", "size"]
    assert split_and("sort_tables_by_mapping_ratio").rows()[0] == ["city", "size"]


def csv(run, tmp_path, data: bytes, **settings):
    (tmp_path / "in.csv").write_bytes(data)
    return run({}, tmp_path / "in.csv", settings=settings)


@pytest.mark.parametrize("encoding, found, rows", [
    ("cp1250", "Windows-1250", [["Nazwisko", "Miasto"], ["Wiśniewska", "Łódź"], ["Zając", "Gdańsk"]]),
    ("cp1250", "Windows-1250", [["Příjmení", "Město"], ["Dvořák", "Plzeň"], ["Němcová", "Brno"]]),
    ("cp1250", "Windows-1250", [["Név", "Város"], ["Szűcs Erzsébet", "Győr"], ["Nagy Ferenc", "Pécs"]]),
    ("cp1252", "Windows-1252", [["Nom", "Ville"], ["Lefèvre", "Besançon"], ["Cœur", "Nîmes"]]),
    ("cp1252", "Windows-1252", [["Nome", "Cidade"], ["Simões", "São Paulo"], ["João", "Maceió"]]),
    ("cp1252", "Windows-1252", [["Name", "Amount"], ["Smith", "£12.50"], ["Jones", "5 € – paid"]]),
    ("cp1251", "Windows-1251", [["Имя", "Город"], ["Иванов", "Москва"], ["Петрова", "Киев"]]),
    ("cp1253", "Windows-1253", [["Όνομα", "Πόλη"], ["Γιώργος", "Αθήνα"], ["Μαρία", "Θεσσαλονίκη"]]),
    ("cp932", "Shift_JIS", [["名前", "都市"], ["山田太郎", "東京"], ["鈴木花子", "大阪"]]),
])  # fmt: skip
def test_older_encodings_are_told_by_their_letters(run_by_ade, tmp_path, encoding, found, rows):
    """How each encoding and separator is read is tested in `test_reading_text.py`."""
    lines = [*rows, *[["Smith", "London"]] * 200]
    data = "".join(f"{first};{second}\r\n" for first, second in lines).encode(encoding)
    outcome = csv(run_by_ade, tmp_path, data, csv_encoding="auto", csv_delimiter="auto")
    assert outcome.rows() == lines
    (notice,) = outcome.notices("csv_guessed")
    assert notice["encoding"] == found and notice["message"].startswith(f"read as {found} text")


def test_bytes_that_an_encoding_lacks_do_not_fail_a_run(run, tmp_path):
    data = "名前;都市\r\n山田太郎;東京\r\n".encode("cp932") * 3000 + b"a;\x80\xff\xa0\xfd\r\n"
    outcome = csv(run, tmp_path, data, csv_encoding="auto", csv_delimiter="auto")
    assert outcome.result.error is None and len(outcome.rows()) == 6001
