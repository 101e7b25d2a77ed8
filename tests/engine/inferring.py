"""Runs `ade init --from` and `ade fix` on the input of a sheet; returns what they write, and the output of a run with it."""

import sys
from pathlib import Path

import openpyxl
from ade_engine.inference.suggest import is_declaration

sys.path.append(str(Path(__file__).resolve().parents[1] / "workshop"))

import judge


def ran(case, config: Path) -> str:
    return case.of_book(case.run(config, case.source, output_dir=case.folder / "again").book, {"Issues"})


def inferred(case) -> str:
    """Returns the written fields and settings, before and after a yes to the question about a shape, and the output of a run."""
    words, config, answers = [], case.folder / "inferred", []
    usual = (judge.TEMPLATE / "settings.toml").read_text("utf-8").splitlines()
    while True:
        result = judge.configure(config, [case.source], answers)
        module = (config / judge.FIELDS).read_text("utf-8").partition("def register")[0]
        words += [line for line in module.splitlines() if line and not line.startswith(('"""', "from ", "import ", "#     "))]
        words += [line for line in (config / "settings.toml").read_text("utf-8").splitlines() if line not in usual]
        asked = [one for one in result["questions"] if one["kind"] == "shape" and not answers]
        if not asked:
            return "\n".join([*words, ran(case, config)])
        offer = asked[0]["offers"][0]
        words.append(f"{'; '.join(asked[0]['values'])} ? {offer['text']}")
        config, answers = case.folder / "answered", [{**offer["answer"], "yes": True}]


def suggested(case) -> str:
    """Returns the suggestions, the module with their declarations, and the output of a run with it."""
    made = case.folder / "made"
    made.mkdir()
    settings, package = judge.load_settings({**judge.NO_OPTIONS, "set": ["also_write=parquet"], "config_package": str(case.config)}, case.source.name)
    found = judge.suggest({"root": str(case.config), "input": str(case.source)}, settings, package, made)["suggestions"]
    words = [f"{one['field']}: {one['header']}{' with a reason' if one['reason'] else ''}" for one in found]
    (edit,) = judge.edits(case.config, [(one["field"], one["header"]) for one in found if is_declaration(one["header"])], made)["edits"]
    text = (made / edit["new"]).read_text("utf-8")
    Path(edit["file"]).write_text(text, "utf-8")
    return "\n".join([*words, text.rstrip(), ran(case, case.config)])


def together(case) -> str:
    """Returns the result of inference from the sheets, each as a sample file of its own; then that of each answer to a question."""
    paths = []
    for title in (book := openpyxl.load_workbook(case.source)).sheetnames:
        one = openpyxl.load_workbook(case.source)
        for other in book.sheetnames:
            if other != title:
                del one[other]
        paths.append(case.folder / f"{title}.xlsx")
        one.save(paths[-1])
    found = judge.infer(case.folder / "together", paths, case.given.get("wishes"))
    words = [*of_fields(found), *(f"[{one['pattern']}] " + "; ".join(f"{key['name']} = {key['value']}: {key['why']}" for key in one["settings"]) for one in found["senders"] if one["settings"])]
    words += [f"{one['name']} = {one['value']}: {', '.join(one['shown_by'])}" for one in found["settings"]]
    for number, one in enumerate(found["questions"] if case.given.get("answered", True) else ()):
        offers = "; ".join(f"{offer.get('header', offer['text'])} ({', '.join(offer.get('values', one['values']))})" for offer in one["offers"])
        words.append(f"? {one['header']}, {one['cells']} cells: {offers}")
        for yes in (True, False):
            answered = judge.infer(case.folder / f"{number}-{yes}", paths, case.given.get("wishes"), [{**one["offers"][0]["answer"], "yes": yes}])
            words += [f"{'yes' if yes else 'no'}: {line}" for line in of_fields(answered) if line not in words] or [f"{yes}: the same"]
    return "\n".join(words)


def of_fields(result: dict) -> list[str]:
    lines = []
    for one in result["fields"]:
        lines.append(f"{one['name']}, {one['label']}, {one['read']}, {', '.join(one['checks']) or '-'}: {' = '.join(f'{header} of {sample}' for sample, header in one['columns']) or 'no column'}")
        lines += [f"    {merge['header']} of {merge['sample']}: {merge['reason']}" for merge in one["merges"]]
    return lines
