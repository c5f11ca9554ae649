"""诚信承诺书 on paper: the text a person accepted, to be signed by hand and uploaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def pledge_form(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The context of templates/pdf/pledge, from the facts of the 评审表."""
    shot = facts["snapshot"]
    header = dict(shot["header"])
    return {
        "title": "诚信承诺书", "clauses": list(facts["pledge"]),
        "about": [
            ["承诺人", header.get("申报人", "")], ["单位", header.get("申报单位", "")],
            ["证件号码", facts["person"]["id_number"]], ["申报计划", shot["title"]],
            ["申报职称", header.get("申报职称", "")], ["申报形式", header.get("申报形式", "")],
        ],
    }
