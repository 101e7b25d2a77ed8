#!/usr/bin/env python3
"""Makes docs/terminal.svg: runs the README's example in a real terminal (tmux) and draws what is on its screen.

    cargo build --release && docs/picture/make.py

Needs tmux. The picture is made from the screen's own characters and colours; nothing is drawn that was not printed.
"""

import html
import re
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs/terminal.svg"
COLUMNS, LINES = 92, 44
CELL_WIDTH, LINE_HEIGHT, MARGIN = 8.4, 19, 18
BACKGROUND, FOREGROUND = "#1b1f27", "#d5dae3"
COLOURS = {31: "#f2777a", 32: "#99cc99", 33: "#ffcc66", 36: "#66cccc", 90: "#7d8590"}
COMMANDS = ["ade run examples/roster examples/messy-roster.xlsx -o /tmp/clean", "ade runs show latest | sed -n '/table 1/,$p' | head -22"]


def screen() -> list[str]:
    """What the terminal shows when the commands have run."""
    with tempfile.TemporaryDirectory() as data:
        name = f"picture-{time.time_ns()}"

        def tmux(*arguments: str) -> str:
            return subprocess.run(["tmux", *arguments], check=True, capture_output=True, text=True).stdout

        tmux("new-session", "-d", "-s", name, "-x", str(COLUMNS), "-y", str(LINES), "bash --norc --noprofile")
        setup = f"cd {ROOT}; PATH={ROOT}/target/release:$PATH ADE_DATA_DIR={data}; export PATH ADE_DATA_DIR CLICOLOR_FORCE=1; PS1='$ '; clear"
        try:
            tmux("send-keys", "-t", name, setup, "Enter")
            time.sleep(0.5)
            for command in COMMANDS:
                tmux("send-keys", "-t", name, command, "Enter")
                time.sleep(0.3)
                while tmux("capture-pane", "-t", name, "-p").rstrip().split("\n")[-1].strip() != "$":
                    time.sleep(0.2)
            text = tmux("capture-pane", "-t", name, "-p", "-e")
        finally:
            tmux("kill-session", "-t", name)
    lines = [line.rstrip() for line in text.rstrip().split("\n")]
    return lines[:-1] if lines[-1].strip() == "$" else lines


def spans(line: str):
    """Pieces of a line with the style that holds for them."""
    bold = dim = False
    colour = None
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        match = re.fullmatch(r"\x1b\[([0-9;]*)m", piece)
        if not match:
            if piece:
                yield piece, bold, dim, colour
            continue
        for code in (int(part or 0) for part in match.group(1).split(";")):
            if code == 0:
                bold, dim, colour = False, False, None
            elif code == 1:
                bold = True
            elif code == 2:
                dim = True
            elif code == 22:
                bold = dim = False
            elif code == 39:
                colour = None
            elif code in COLOURS:
                colour = COLOURS[code]


def draw(lines: list[str]) -> str:
    width = COLUMNS * CELL_WIDTH + 2 * MARGIN
    height = len(lines) * LINE_HEIGHT + 2 * MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="14">',
        "<title>ade run normalizes a messy workbook, and ade runs show lists what it found</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
    ]
    for row, line in enumerate(lines):
        y = MARGIN + (row + 0.75) * LINE_HEIGHT
        column = 0
        for text, bold, dim, colour in spans(line):
            style = f' fill="{colour or FOREGROUND}"' + (' font-weight="bold"' if bold else "") + (' opacity="0.6"' if dim else "")
            if text.strip():
                x = MARGIN + column * CELL_WIDTH
                length = len(text) * CELL_WIDTH
                out.append(f'<text x="{x:.1f}" y="{y:.1f}" textLength="{length:.1f}" xml:space="preserve"{style}>{html.escape(text)}</text>')
            column += len(text)
    return "\n".join([*out, "</svg>", ""])


if __name__ == "__main__":
    TARGET.write_text(draw(screen()), encoding="utf-8")
    print(TARGET.relative_to(ROOT))
