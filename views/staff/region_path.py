"""Regions by their place in the tree: 合肥市 / 庐阳区 says which of several 新城区 is meant."""

from __future__ import annotations

from typing import Any

from flask import g

from app.queries.operations import region_names
from app.transaction import current_session
from models.region import Region


def region_path(region: Region | None) -> str:
    """The names from the city down, joined; the province's own name for the province."""
    if region is None:
        return ""
    if "region_names" not in g:
        g.region_names = region_names(current_session())
    codes = region.path.split("/")
    return " / ".join(g.region_names.get(code, code) for code in (codes[1:] or codes))


class ByRegionPath:
    """For a SafeModelView with a relationship `region`: its choices show the path."""

    def option_text(self, column: str, row: Any) -> str:
        """The path for a region, the name for everything else."""
        return region_path(row) if isinstance(row, Region) else str(row)
