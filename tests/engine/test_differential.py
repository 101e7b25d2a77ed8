"""The differential cases: what the older engine was seen to do, compared with what this one does.

The cases are kept beside the checkout, not in it; without them the tests are skipped. What differs on purpose is
accepted there, or named in ``differential_differences.json`` here; either way docs/engine.md tells users of it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
KIT = Path(os.environ.get("ADE_DIFFERENTIAL") or ROOT.parent / "shared" / "differential")
DIFFERENCES = json.loads(Path(__file__).with_name("differential_differences.json").read_text(encoding="utf-8"))
DOCUMENTED = " ".join((ROOT / "docs" / "engine.md").read_text(encoding="utf-8").split())

needs_cases = pytest.mark.skipif(
    not (KIT / "check").is_file(), reason="the differential cases are not here; ADE_DIFFERENTIAL names their folder"
)


@needs_cases
def test_nothing_differs_but_what_is_meant_to():
    done = subprocess.run(
        [sys.executable, str(KIT / "check"), "--python", sys.executable], capture_output=True, text=True, timeout=1800
    )
    assert re.search(r"^\d+ same, \d+ accepted, \d+ different$", done.stdout, re.MULTILINE), done.stderr
    found = dict(re.findall(r"^DIFF  (\S+): (.*)$", done.stdout, re.MULTILINE))
    unexpected = [f"{case}: {what}" for case, what in found.items() if case not in DIFFERENCES]
    assert not unexpected, "\n".join(unexpected)
    assert not (gone := [case for case in DIFFERENCES if case not in found]), f"no longer different: {gone}"


@pytest.mark.parametrize("case", DIFFERENCES)
def test_every_difference_is_documented(case):
    assert DIFFERENCES[case] in DOCUMENTED


@needs_cases
def test_every_accepted_difference_is_documented():
    accepted = json.loads((KIT / "accepted.json").read_text(encoding="utf-8"))
    for why in {entry["why"] for entry in accepted.values()}:
        text = why.replace("The reference's", "The older engine's").replace("the reference's", "the older engine's")
        assert text in DOCUMENTED, why
