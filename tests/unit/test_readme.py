"""README's table of demo accounts says what the demo makes."""

from __future__ import annotations

import re
from pathlib import Path

from app.demo.accounts import ACCOUNTS, PASSWORD

README = Path(__file__).resolve().parents[2] / "README.md"


def test_readme_lists_the_accounts_of_the_demo() -> None:
    text = README.read_text(encoding="utf-8")
    rows = [
        tuple(cell.strip().strip("`") for cell in line.strip().strip("|").split("|"))
        for line in text.splitlines() if re.match(r"\|\s*`[a-z0-9]+`\s*\|", line)
    ]
    assert rows == [(entry.login, entry.who, entry.state) for entry in ACCOUNTS]


def test_readme_names_the_password() -> None:
    assert f"`{PASSWORD}`" in README.read_text(encoding="utf-8")
