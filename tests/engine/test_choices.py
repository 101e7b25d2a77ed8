"""Bytes that an encoding lacks. The choice of the encoding is in `tests/sheets/csv`."""


def test_bytes_that_an_encoding_lacks_do_not_fail_a_run(run, tmp_path):
    (tmp_path / "in.csv").write_bytes("名前;都市\r\n山田太郎;東京\r\n".encode("cp932") * 3000 + b"a;\x80\xff\xa0\xfd\r\n")
    outcome = run({}, tmp_path / "in.csv", settings={"csv_encoding": "auto", "csv_delimiter": "auto"})
    assert outcome.result.error is None and len(outcome.rows()) == 6001
