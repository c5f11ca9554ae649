"""Reading the files under `data/`: each row checked, every fault named by file, row and column."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from app.errors import Invalid
from app.refdata import schema as s
from app.rules.check_settings import BY_RULE
from app.rules.field_definitions import RANGES, parse_fields
from app.rules.identity_keys import check_duplicate_keys
from models.plan import ROUTES

DATA = Path(__file__).resolve().parent / "data"
COMMON_FORM = "common"
_PLACE = re.compile(r" - at `\$\.?(?P<column>.*)`$")
R = TypeVar("R", bound=s.Row)


class RefdataError(ValueError):
    """A reference file does not hold. `file`, `row` (line of a csv, entry of a yaml, from 1) and `column` say where."""

    def __init__(self, file: str, row: int | str, column: str, reason: str) -> None:
        super().__init__(f"{file}: row {row}, column {column or '-'}: {reason}")
        self.file, self.row, self.column, self.reason = file, row, column, reason


@dataclass(frozen=True)
class Dataset:
    """All reference data, checked against itself. `codes`: table code -> (row, extra); `forms`: series name or
    COMMON_FORM -> fields; `kinds`: category code -> kinds.
    """

    regions: list[s.RegionRow]
    code_tables: list[s.CodeTableRow]
    codes: dict[str, list[tuple[s.CodeItemRow, dict[str, Any]]]]
    levels: list[s.LevelRow]
    series: list[s.SeriesRow]
    titles: list[s.TitleRow]
    specialties: list[s.SpecialtyRow]
    categories: list[s.CategoryRow]
    kinds: dict[str, list[s.KindRow]]
    forms: dict[str, list[s.Definition]]
    route_forms: list[s.RouteFormRow]
    pledges: list[s.PledgeRow]
    opinions: list[s.OpinionRow]
    settings: list[s.SettingRow]
    route_rules: list[s.RouteRuleRow]


def read_dataset(folder: Path = DATA) -> Dataset:
    """Read and check everything; RefdataError for the first fault."""
    tables = _csv(folder / "code_tables.csv", s.CodeTableRow)
    categories = _csv(folder / "achievement_categories.csv", s.CategoryRow)
    data = Dataset(
        regions=_csv(folder / "regions.csv", s.RegionRow),
        code_tables=tables,
        codes={table.code: _code_items(folder / "codes" / f"{table.code}.csv") for table in tables},
        levels=_csv(folder / "levels.csv", s.LevelRow),
        series=_csv(folder / "series.csv", s.SeriesRow),
        titles=_csv(folder / "titles.csv", s.TitleRow),
        specialties=_csv(folder / "specialties.csv", s.SpecialtyRow),
        categories=categories,
        kinds={c.code: _yaml_rows(folder / "achievements" / f"{c.code}.yaml", s.KindRow) for c in categories},
        forms=_forms(folder / "series_forms.yaml"),
        route_forms=_yaml_rows(folder / "route_forms.yaml", s.RouteFormRow),
        pledges=_yaml_rows(folder / "pledge.yaml", s.PledgeRow),
        opinions=_yaml_rows(folder / "opinions.yaml", s.OpinionRow),
        settings=_yaml_rows(folder / "settings.yaml", s.SettingRow),
        route_rules=_yaml_rows(folder / "route_rules.yaml", s.RouteRuleRow),
    )
    _check(data)
    return data


def _convert(file: str, row: int | str, values: Mapping[str, Any], kind: type[R], *, strict: bool) -> R:
    try:
        return msgspec.convert(values, kind, strict=strict)
    except msgspec.ValidationError as error:
        text = str(error)
        place = _PLACE.search(text)
        named = re.search(r"field `(\w+)`", text)
        column = place["column"] if place else named[1] if named else ""
        raise RefdataError(file, row, column, text[: place.start()] if place else text) from None


def _csv_rows(path: Path) -> Iterable[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle, strict=True)
        for row in reader:
            if None in row or None in row.values():
                raise RefdataError(path.name, reader.line_num, "", "the number of cells differs from the header's")
            yield reader.line_num, row


def _csv(path: Path, kind: type[R]) -> list[R]:
    return [_convert(path.name, number, row, kind, strict=False) for number, row in _csv_rows(path)]


def _code_items(path: Path) -> list[tuple[s.CodeItemRow, dict[str, Any]]]:
    shared = set(s.CodeItemRow.__struct_fields__)
    items = []
    for number, row in _csv_rows(path):
        own = {key: value for key, value in row.items() if key in shared}
        extra = {key: value for key, value in row.items() if key not in shared and value != ""}
        items.append((_convert(f"codes/{path.name}", number, own, s.CodeItemRow, strict=False), extra))
    return items


def _yaml_rows(path: Path, kind: type[R]) -> list[R]:
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(rows, list):
        raise RefdataError(path.name, 1, "", "expected a list of entries")
    return [_convert(path.name, number, row, kind, strict=True) for number, row in enumerate(rows, 1)]


def _forms(path: Path) -> dict[str, list[s.Definition]]:
    forms: dict[str, list[s.Definition]] = {}
    for name, fields in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        if not isinstance(fields, list):
            raise RefdataError(path.name, name, "", "expected a list of fields")
        forms[name] = fields
    return forms


def _unique(file: str, column: str, values: Iterable[Any]) -> set[Any]:
    seen: set[Any] = set()
    for number, value in enumerate(values, 1):
        if value in seen:
            raise RefdataError(file, _row(file, number), column, f"{value!r} occurs twice")
        seen.add(value)
    return seen


def _known(file: str, column: str, values: Iterable[Any], known: set[Any]) -> None:
    for number, value in enumerate(values, 1):
        if value not in known:
            raise RefdataError(file, _row(file, number), column, f"{value!r} is not defined")


def _row(file: str, entry: int) -> int:
    """The line of an entry in a csv, which has a header; the entry itself in a yaml."""
    return entry + 1 if file.endswith(".csv") else entry


def _check(data: Dataset) -> None:
    codes: set[str] = set()
    for number, region in enumerate(data.regions, 1):
        if (region.parent_code == "") != (region.level == "province") or region.parent_code not in codes | {""}:
            raise RefdataError("regions.csv", _row("regions.csv", number), "parent_code", "a parent must stand above its children")
        codes.add(region.code)
    _unique("regions.csv", "code", (r.code for r in data.regions))
    _unique("series.csv", "name", (r.name for r in data.series))
    _unique("series.csv", "number_code", (r.number_code for r in data.series))
    series = _unique("series.csv", "code", (r.code for r in data.series))
    levels = _unique("levels.csv", "code", (r.code for r in data.levels))
    _unique("levels.csv", "rank", (r.rank for r in data.levels))
    _known("titles.csv", "series", (r.series for r in data.titles), series)
    _known("titles.csv", "level", (r.level for r in data.titles), levels)
    _unique("titles.csv", "name", ((r.series, r.track, r.level, r.name) for r in data.titles))
    _known("specialties.csv", "series", (r.series for r in data.specialties), series)
    _unique("specialties.csv", "name", ((r.series, r.name) for r in data.specialties))
    for table, items in data.codes.items():
        own = _unique(f"codes/{table}.csv", "code", (item.code for item, _ in items))
        _known(f"codes/{table}.csv", "parent", (item.parent for item, _ in items), own | {""})
    _unique("achievements", "code", (kind.code for kinds in data.kinds.values() for kind in kinds))
    for category, kinds in data.kinds.items():
        for number, kind in enumerate(kinds, 1):
            check_fields(f"{category}.yaml", number, kind.fields, set(data.codes))
            check_keys(f"{category}.yaml", number, kind)
            _known(f"{category}.yaml", "list_columns", kind.list_columns, {f["key"] for f in kind.fields} | set(RANGES))
    _known("series_forms.yaml", "series", data.forms, {r.name for r in data.series} | {COMMON_FORM})
    for name, fields in data.forms.items():
        check_fields("series_forms.yaml", name, fields, set(data.codes))
    _unique("route_forms.yaml", "route", (r.route for r in data.route_forms))
    _known("route_forms.yaml", "route", (r.route for r in data.route_forms), set(ROUTES))
    for number, form in enumerate(data.route_forms, 1):
        check_fields("route_forms.yaml", number, form.fields, set(data.codes))
        _known("route_forms.yaml", "waives", form.waives, set(BY_RULE))
    _unique("pledge.yaml", "number", (r.number for r in data.pledges))
    _unique("opinions.yaml", "text", ((r.procedure, r.action, r.text) for r in data.opinions))
    _unique("settings.yaml", "key", (r.key for r in data.settings))
    _unique("route_rules.yaml", "name", (r.name for r in data.route_rules))


def check_keys(file: str, row: int, kind: s.KindRow) -> None:
    """What makes two items of a kind the same names fields it has."""
    try:
        check_duplicate_keys(list(kind.duplicate_keys), {field["key"] for field in kind.fields})
    except Invalid as error:
        raise RefdataError(file, row, "duplicate_keys", " ".join(error.fields.values())) from None


def check_fields(file: str, row: int | str, definitions: Sequence[s.Definition], code_tables: set[str]) -> None:
    """One form: what the forms can show, and dictionaries that exist."""
    try:
        fields = parse_fields(definitions)
    except Invalid as error:
        raise RefdataError(file, row, "fields", error.message) from None
    for field in fields:
        if field.type == "code" and field.code_table not in code_tables:
            raise RefdataError(file, row, f"fields.{field.key}", f"{field.code_table!r} is no dictionary")
