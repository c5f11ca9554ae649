"""Settings of the checks: the usual ones, a plan's own, and what the check makes of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.errors import Invalid
from app.rules import check_settings
from app.rules.check_settings import BLOCK, CONFIGURABLE, OFF, USUAL, WARN, Setting
from app.rules.checks import RULES, examine
from app.rules.checks_items import check_g01
from app.rules.checks_material import Group, Requirement, Section
from tests.unit.test_checks import GOOD


def with_setting(rule: str, level: str, **parameters: int) -> dict[str, Setting]:
    return {**USUAL, rule: Setting(level, {**USUAL[rule].parameters, **parameters})}


def test_the_usual_level_is_the_rules_own() -> None:
    for entry in CONFIGURABLE:
        assert USUAL[entry.rule].level == entry.usual
        if entry.rule in RULES:
            assert RULES[entry.rule].level == entry.usual, entry.rule


def test_rules_every_plan_shares_cannot_be_set() -> None:
    assert {"A01", "A02", "A03", "A04", "A05", "B01", "B02", "C01", "G01", "G02", "H01", "I02"} & check_settings.BY_RULE.keys() == set()


def test_parameters_have_sensible_bounds() -> None:
    for entry in CONFIGURABLE:
        for parameter in entry.parameters:
            assert parameter.low <= parameter.default <= parameter.high
            assert not parameter.options or parameter.name_of(parameter.default)


@pytest.mark.parametrize("level", [BLOCK, WARN, OFF])
def test_a_rule_speaks_at_the_level_the_plan_gives_it(level: str) -> None:
    items = tuple(item for item in GOOD.items if item.page != "continuing_education")
    report = examine(replace(GOOD, items=items, settings=with_setting("F01", level)))
    found = {finding.rule: finding.level for finding in report.findings}
    assert found.get("F01") == (None if level == OFF else level)
    assert report.is_clean == (level != BLOCK)
    assert any(judgement.rule.id == "F01" for judgement in report.judgements) == (level != OFF)


def test_missing_parameters_have_their_usual_value() -> None:
    found = check_settings.settings_of([("F01", "block", {"hours": 72})])
    assert found["F01"].parameters == {**USUAL["F01"].parameters, "hours": 72}
    assert replace(GOOD, settings=found).parameter("F01", "hours") == 72


def test_what_is_typed_is_checked_field_by_field() -> None:
    with pytest.raises(Invalid) as refused:
        check_settings.checked("E02", "sometimes", {"gap_months": "0"})
    assert set(refused.value.fields) == {"E02-level", "E02-gap_months"}
    assert check_settings.checked("E02", "block", {"gap_months": " 12 "}) == Setting("block", {"gap_months": 12})


def test_what_is_chosen_from_a_list_is_one_of_it() -> None:
    given = {"senior": "90", "associate_senior": "60", "intermediate": "50", "junior": "0"}
    assert check_settings.checked("E04", "block", given) == Setting("block", {key: int(value) for key, value in given.items()})
    with pytest.raises(Invalid) as refused:
        check_settings.checked("E04", "block", {**given, "senior": "61", "junior": ""})
    assert set(refused.value.fields) == {"E04-senior", "E04-junior"}


def test_items_of_a_choice_group_are_not_asked_for_alone() -> None:
    group = Group(1, "满足一项", 1)
    needs = (Requirement(21, 2, "论文", 1, 2, "", 1), Requirement(22, 3, "著作", 1, 2, "", 1))
    section = Section(1, "任选", needs, (group,))
    assert section.members(group) == needs
    assert check_g01(replace(GOOD, sections=(section,))) is None
    alone = Section(1, "任选", (replace(needs[0], group_id=None),))
    assert check_g01(replace(GOOD, sections=(alone,))) is not None
