"""The shape of every reference file. msgspec checks types and limits; unknown columns and keys are refused.

Fields of achievements and of 专业信息 are data too; their vocabulary is that of app.rules.field_definitions, which
checks them. Conditions are {"field": key, "equals": value} or {"field": key, "in": [values]}; a dotted key
("application.level", 申报级别) comes from the context.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Short = Annotated[str, Meta(min_length=1, max_length=60)]
Key = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
TwoDigits = Annotated[str, Meta(pattern=r"^\d{2}$")]
Definition = dict[str, Any]  # of a field


class Row(Struct, forbid_unknown_fields=True, kw_only=True):
    """The base of all rows: an unknown column is an error, not a surprise."""


class RegionRow(Row):
    """regions.csv, parents before children."""

    code: Annotated[str, Meta(pattern=r"^\d{6}$")]
    name: Short
    level: Literal["province", "city", "county"]
    parent_code: str = ""


class CodeTableRow(Row):
    """code_tables.csv: one dictionary, whose entries stand in codes/<code>.csv."""

    code: Key
    name: Short
    standard: str = ""


class CodeItemRow(Row):
    """The columns that every dictionary shares; further columns go to `extra`."""

    code: Annotated[str, Meta(min_length=1, max_length=20)]
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    parent: str = ""
    enabled: bool = True


class LevelRow(Row):
    """levels.csv. `label` is the level as screens name it: 初级 covers 助理级 and 员级."""

    code: Key
    name: Short
    label: Short
    rank: Annotated[int, Meta(ge=1, le=5)]
    number_code: TwoDigits


class SeriesRow(Row):
    """series.csv, in the order of the national list."""

    code: TwoDigits
    name: Short
    number_code: TwoDigits
    note: Annotated[str, Meta(max_length=255)] = ""


class TitleRow(Row):
    """titles.csv: 资格名称 of a track of a series at a level."""

    series: TwoDigits
    track: Short
    level: Key
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    enabled: bool = True


class SpecialtyRow(Row):
    """specialties.csv."""

    series: TwoDigits
    name: Short


class CategoryRow(Row):
    """achievement_categories.csv; the kinds stand in achievements/<code>.yaml."""

    code: Key
    name: Short


class KindRow(Row):
    """achievements/<category>.yaml: a kind with the fields of one version.

    A loaded version never changes: other fields need the next `version`. `list_columns` names field keys;
    `date_range` stands for start_date, end_date and to_present together.
    """

    code: Key
    name: Short
    version: Annotated[int, Meta(ge=1)]
    list_columns: tuple[str, ...]
    fields: tuple[Definition, ...]
    note: Annotated[str, Meta(max_length=500)] = ""
    duplicate_keys: tuple[dict[str, Any], ...] = ()  # see app.rules.identity_keys


class RouteFormRow(Row):
    """route_forms.yaml: one entry a 申报形式 (a key of models.plan.ROUTES); `waives`: rules that do not apply to it."""

    route: Key
    name: Short
    fields: tuple[Definition, ...]
    note: Annotated[str, Meta(max_length=300)] = ""
    waives: tuple[str, ...] = ()


class PledgeRow(Row):
    """pledge.yaml: 诚信承诺书, one entry a version."""

    number: Annotated[int, Meta(ge=1)]
    title: Short
    clauses: Annotated[tuple[str, ...], Meta(min_length=1)]


class OpinionRow(Row):
    """opinions.yaml: 公共意见 in their order."""

    action: Literal["approve", "return", "terminate"]
    text: Annotated[str, Meta(min_length=1, max_length=500)]
    procedure: str = ""


class SettingRow(Row):
    """settings.yaml."""

    key: Annotated[str, Meta(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=80)]
    label: Annotated[str, Meta(min_length=1, max_length=120)]
    value: str | int | list[Any] | dict[str, Any]
    names: dict[str, Short] = {}  # key of the value -> what screens call it


class RouteStepRow(Row):
    """A step of a rule in route_rules.yaml."""

    node: Key
    place: Key = "nearest"
    is_optional: bool = False


class RouteRuleRow(Row):
    """route_rules.yaml: 审核路径规则 with its steps; conditions left out hold always."""

    name: Short
    position: int
    steps: tuple[RouteStepRow, ...]
    unit_level: str = ""
    is_central: str = ""
    own_committee: str = ""
    plan_level: str = ""
    note: Annotated[str, Meta(max_length=200)] = ""
