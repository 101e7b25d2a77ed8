"""The differential cases: the observed results of the older engine, compared with those of this one.

The cases are kept beside the checkout, not in it; without them the tests are skipped. Intended differences are
accepted there, and docs/explanation/engine-1.9.md explains them to users.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import everything

ROOT = Path(__file__).resolve().parent.parent.parent
KIT = Path(os.environ.get("ADE_DIFFERENTIAL") or ROOT.parent / "shared" / "differential")
DOCUMENTED = " ".join((ROOT / "docs" / "explanation" / "engine-1.9.md").read_text(encoding="utf-8").split())

needs_cases = pytest.mark.skipif(not (KIT / "check").is_file(), reason="the differential cases are not here; ADE_DIFFERENTIAL names their folder")


@needs_cases
def test_nothing_differs_but_what_is_meant_to():
    # By day, every twentieth case is tested: a part of each kind, since the names of a kind follow one another.
    cases = [] if everything() else sorted(path.name for path in (KIT / "cases").iterdir())[::20]
    command = [sys.executable, str(KIT / "check"), "--python", sys.executable, *cases]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert re.search(r"^\d+ same, \d+ accepted, 0 different$", done.stdout, re.MULTILINE), done.stdout + done.stderr


@needs_cases
def test_every_accepted_difference_is_documented():
    accepted = json.loads((KIT / "accepted.json").read_text(encoding="utf-8"))
    for why in {entry["why"] for entry in accepted.values()}:
        text = why.replace("The reference", "The older engine").replace("the reference", "the older engine")
        assert text in DOCUMENTED, why
