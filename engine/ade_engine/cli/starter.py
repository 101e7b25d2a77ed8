"""The package that ``config init`` writes, kept as real files in ``ade_engine/starter/``."""

from __future__ import annotations

from pathlib import Path

_STARTER = Path(__file__).resolve().parent.parent / "starter"


def starter_files(package: str, layout: str) -> dict[str, str]:
    """Relative path to text, for a package of the given name."""
    words = {
        "package": package,
        "distribution": package.replace("_", "-"),
        "where": "src" if layout == "src" else ".",
        "folder": package if layout == "flat" and package != "ade_config" else ".",
    }
    files = {}
    for name in ("pyproject.toml", "settings.toml", "README.md"):
        text = (_STARTER / name).read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(f"{{{word}}}", value)
        files[name] = text
    prefix = f"src/{package}" if layout == "src" else package
    for path in sorted((_STARTER / "package").rglob("*.py")):
        files[f"{prefix}/{path.relative_to(_STARTER / 'package').as_posix()}"] = path.read_text(encoding="utf-8")
    return files
