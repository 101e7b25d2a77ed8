"""What `ade init --from` and `ade fix` make of the input of a sheet: what they write, and what a run of that gives."""

import sys
from pathlib import Path

from ade_engine.inference.declaring import is_declaration

sys.path.append(str(Path(__file__).resolve().parents[1] / "workshop"))

import judge


def ran(case, config: Path) -> str:
    return case.of_book(case.run(config, case.source, output_dir=case.folder / "again").book, {"Issues"})


def inferred(case) -> str:
    """Fields and settings that are written, before and after the question about a shape is answered with yes, and the output of them."""
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
    """What is suggested, what the declarations make of the module, and the output of that."""
    made = case.folder / "made"
    made.mkdir()
    settings, package = judge.load_settings({**judge.NO_OPTIONS, "set": ["also_write=parquet"], "config_package": str(case.config)}, case.source.name)
    found = judge.suggest({"root": str(case.config), "input": str(case.source)}, settings, package, made)["suggestions"]
    words = [f"{one['field']}: {one['header']}{' with a reason' if one['reason'] else ''}" for one in found]
    (edit,) = judge.edits(case.config, [(one["field"], one["header"]) for one in found if is_declaration(one["header"])], made)["edits"]
    text = (made / edit["new"]).read_text("utf-8")
    Path(edit["file"]).write_text(text, "utf-8")
    return "\n".join([*words, text.rstrip(), ran(case, case.config)])
